"""Leading something along a way through the air: where the way goes, how far a hand has led it, and how well.

A way is laid on a sphere about the shoulder, so that an arm that is stretched out can go all of it; one that hangs goes
in a level circle.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.envelope import Envelope
from engine.frame import Vector
from engine.hanging import LEAST_DEG, LOWER_STEP_DEG, TOO_LITTLE, Hung, hang, lowered
from engine.limits import OutsideEnvelope
from engine.metrics.signals import lengths, low_passed, median_rate_hz, speed, uniform
from engine.metrics.smoothness import sparc
from engine.motion import Array
from engine.moves import HELD, UNSEEN_S, hand_m
from engine.places import from_shoulder
from engine.records import Request
from engine.scene import Follow
from engine.task import REACHED, Move

POINTS = 60
LOWEST_DEG = 25.0  # an arm that hangs: nothing goes below it but a pendulum
AHEAD, BEHIND = 8, 4  # points of a way in which the hand is looked for: where it crosses itself, it is not cut short
SIZES = (1.0, 0.75, 0.5, 0.25)
HANGING_DEG = (20.0, 30.0, 40.0)
SMALLER_M = 0.02
SPARC_RATE_HZ, SPARC_CUT_OFF_HZ, LEAST_S = 100.0, 10.0, 0.5

Figure = Callable[[float], tuple[float, float]]
"""Where a way is after a share of it: to the right and up, each from -1 to 1."""


def _circle(share: float) -> tuple[float, float]:
    return math.sin(2 * math.pi * share), -math.cos(2 * math.pi * share)


def _spiral(share: float) -> tuple[float, float]:
    out = 0.3 + 0.7 * share
    return out * math.sin(3 * math.pi * share), -out * math.cos(3 * math.pi * share)


FIGURES: Mapping[str, Figure] = {
    "arc": lambda share: (-math.cos(math.pi * share), 2 * math.sin(math.pi * share) - 1),
    "wave": lambda share: (2 * share - 1, math.sin(3 * math.pi * share)),
    "circle": _circle,
    "eight": lambda share: (math.sin(2 * math.pi * share), math.sin(4 * math.pi * share)),
    "spiral": _spiral,
}
"""Ways to lead something along, easy ones first; each comes up to 1."""


class Laid(NamedTuple):
    """A way that one person can go: its points, evenly apart, and the request of its highest place, None for none."""

    points_m: tuple[Vector, ...]
    request: Request | None

    @property
    def long_m(self) -> float:
        """How long the way is."""
        return length_m(self.points_m)


def lay(
    envelope: Envelope,
    side: str,
    figure: Figure,
    span_deg: tuple[float, float],
    azimuth_deg: float,
    radius_m: float,
    stretch: float,
) -> Laid:
    """Lay a figure about a direction from the shoulder, its top as high as is asked for.

    Where it has to be, it is smaller, then right ahead, and then lower. `span_deg` is how wide and how tall it is,
    `stretch` the share of the reach. Raises OutsideEnvelope, saying why, where none of it may be.
    """
    wish, why = envelope.request(f"shoulder_elevation_{side}"), TOO_LITTLE
    lower = wish
    while lower.amplitude >= LEAST_DEG:
        for azimuths_deg in ((azimuth_deg, 0.0), (0.0, azimuth_deg)):
            hung = hang(envelope, side, lower, azimuths_deg, radius_m, stretch)
            for size in SIZES:
                sized_deg = (size * span_deg[0], size * span_deg[1])
                points_m, why = _points(envelope, side, figure, sized_deg, hung, stretch)
                if not why:
                    return Laid(points_m, hung.request)
        lower = lowered(wish, hung.request.amplitude - LOWER_STEP_DEG, why)
    raise OutsideEnvelope(f"no way can be led along in front of the {side} hand: {why}")


def _points(
    envelope: Envelope, side: str, figure: Figure, span_deg: tuple[float, float], hung: Hung, stretch: float
) -> tuple[tuple[Vector, ...], str]:
    """The points of a figure whose top is where something hangs, and why it may not be there ("" when it may)."""
    wide, tall = span_deg
    low_deg = min(hung.elevation_deg, max(LOWEST_DEG, hung.elevation_deg - tall))
    ways = [
        (hung.azimuth_deg + wide / 2 * right, low_deg + (up + 1) / 2 * (hung.elevation_deg - low_deg))
        for right, up in (figure(step / POINTS) for step in range(POINTS + 1))
    ]
    if why := next((found for way in ways if (found := envelope.refuses_way(side, *way))), ""):
        return (), why
    reach_m = stretch * min(envelope.reach_m(side, *way) for way in ways)
    places_m = [from_shoulder(envelope.shoulder(side), envelope.stance.facing_deg, *way, reach_m) for way in ways]
    points_m = evenly(places_m)
    return points_m, refuses(envelope, points_m, side)


def lay_hanging(envelope: Envelope, side: str, circle_m: float, stretch: float) -> Laid:
    """A level circle about the hand of an arm that hangs.

    Raises OutsideEnvelope, saying why, where even a small one may not be.
    """
    why = ""
    shoulder_m, facing_deg = envelope.shoulder(side), envelope.stance.facing_deg
    for elevation_deg in HANGING_DEG:
        reach_m = stretch * envelope.reach_m(side, 0.0, elevation_deg)
        x, y, z = from_shoulder(shoulder_m, facing_deg, 0.0, elevation_deg, reach_m)
        for out_m in (circle_m, circle_m - SMALLER_M):
            turns = [2 * math.pi * step / POINTS for step in range(POINTS + 1)]
            points_m = tuple((x + out_m * math.sin(turn), y, z - out_m * math.cos(turn)) for turn in turns)
            why = refuses(envelope, points_m, side)
            if not why:
                return Laid(points_m, None)
    raise OutsideEnvelope(f"no circle fits about the {side} hand as it hangs: {why}")


def refuses(envelope: Envelope, points_m: Sequence[Vector], hand: str) -> str:
    """Why a way may not be led along ("" when it may): every point of it has to be allowed."""
    return next((why for place_m in points_m if (why := envelope.refuses_target(place_m, hand))), "")


def evenly(points_m: Sequence[Vector], count: int = POINTS) -> tuple[Vector, ...]:
    """The same way with `count` + 1 points that are equally far apart along it."""
    places = np.asarray(points_m)
    along = np.concatenate([[0.0], np.cumsum(lengths(np.diff(places, axis=0)))])
    at = np.linspace(0.0, along[-1], count + 1)
    x, y, z = (np.interp(at, along, places[:, axis]).tolist() for axis in range(3))
    return tuple(zip(x, y, z, strict=True))


def length_m(points_m: Sequence[Vector]) -> float:
    """How long a way is."""
    return float(lengths(np.diff(np.asarray(points_m), axis=0)).sum())


class Tracer:
    """Follows a hand along a way: `at` is the furthest point that it came to, `inside` whether it is on the way now."""

    def __init__(self, points_m: Sequence[Vector], radius_m: float) -> None:
        self._points_m, self._radius_m = points_m, radius_m
        self.at, self.inside, self.begun = 0, False, False

    @property
    def reached(self) -> float:
        """How much of the way was made."""
        return self.at / (len(self._points_m) - 1)

    def step(self, hand: Vector | None) -> None:
        """Take in where the hand is; what it made of the way is never lost."""
        if hand is None:
            self.inside = False
            return
        ahead = range(max(0, self.at - BEHIND), min(len(self._points_m), self.at + AHEAD + 1) if self.begun else 1)
        nearest = min(ahead, key=lambda index: math.dist(hand, self._points_m[index]))
        near_m = self._radius_m * (HELD if self.inside else 1.0)
        self.inside = math.dist(hand, self._points_m[nearest]) < near_m
        self.begun = self.begun or self.inside
        if self.inside:
            self.at = max(self.at, nearest)


def trace(path: Follow, hold_s: float) -> Move:
    """Lead a hand along all of a path, and rest at its end; who leaves it goes on where they left it."""
    tracer, held_s, unseen_s, gone_s = Tracer(path.points_m, path.radius_m), 0.0, 0.0, 0.0
    while not (tracer.reached == 1 and tracer.inside and held_s >= hold_s):
        pace = min(1.0, gone_s / path.seconds) if path.seconds else 0.0
        fill = max(0.01, min(1.0, held_s / hold_s) if hold_s else 0.0) if tracer.inside else 0.0
        body = yield (path._replace(reached=tracer.reached, pace=pace, fill=fill),)
        hand = hand_m(body, path.hand, path.points_m[tracer.at])
        unseen_s = unseen_s + body.dt_s if hand is None else 0.0
        if not 0 < unseen_s <= UNSEEN_S:
            tracer.step(hand)
        gone_s += body.dt_s if tracer.begun else 0.0
        held_s = held_s + body.dt_s if tracer.inside and tracer.reached == 1 else 0.0
    return REACHED


class Traced(NamedTuple):
    """What is measured of a hand that was led along a way; nan where it could not be.

    `error_m` is its mean distance from the way, `inside_percent` the share of the time that it was on it, `seconds` how
    long it took from the first point to the last, `smoothness` its SPARC.
    """

    error_m: float
    inside_percent: float
    seconds: float
    smoothness: float


NOTHING = Traced(math.nan, math.nan, math.nan, math.nan)


def traced(points_m: Sequence[Vector], radius_m: float, hand: Array, time_s: Array) -> Traced:
    """Measure a hand (n, 3), nan where it was not seen, at times (n,), from the first point of a way to the last.

    One that never came to the last is measured up to its last sample, and has no time.
    """
    tracer, begin, end, inside = Tracer(points_m, radius_m), -1, -1, []
    for index, place in enumerate(hand.tolist()):
        tracer.step(None if math.isnan(place[0]) else (place[0], place[1], place[2]))
        begin = index if begin < 0 and tracer.begun else begin
        inside.append(tracer.inside)
        if tracer.reached == 1:
            end = index
            break
    if begin < 0 or len(inside) - begin < 2:
        return NOTHING
    led, when = hand[begin : len(inside)], time_s[begin : len(inside)]
    away_m = np.linalg.norm(led[:, None, :] - np.asarray(points_m)[None, :, :], axis=2).min(axis=1)
    took_s = float(when[-1] - when[0]) if end >= 0 else math.nan
    return Traced(float(np.nanmean(away_m)), 100 * float(np.mean(inside[begin:])), took_s, _sparc(led, when))


def _sparc(hand: Array, time_s: Array) -> float:
    seen = ~np.isnan(hand).any(axis=1)
    if seen.sum() < 2 or time_s[seen][-1] - time_s[seen][0] < LEAST_S:
        return math.nan
    if median_rate_hz(time_s[seen]) <= 2 * SPARC_CUT_OFF_HZ:
        return math.nan
    _, steady = uniform(time_s[seen], hand[seen], SPARC_RATE_HZ)
    return sparc(speed(low_passed(steady, SPARC_RATE_HZ, SPARC_CUT_OFF_HZ), SPARC_RATE_HZ), SPARC_RATE_HZ)
