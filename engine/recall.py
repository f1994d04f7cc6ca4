"""Coming back without eyes: a place of head or hand is remembered, left in the dark, and found again."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.body import Body
from engine.facing import apart_deg, facing_deg
from engine.frame import Vector
from engine.places import seen_from_shoulder
from engine.scene import Recall
from engine.task import NOT_YET, REACHED, Move

Where = Callable[[Body], Vector | None]
"""Where something is now, None while it is not seen: a face in degrees, or a hand in metres."""
SMOOTH_S = 0.3
STILL_S = 1.0
STILL_DPS, STILL_MPS = 4.0, 0.06
"""A head and a hand that have come to rest move more slowly."""


@dataclass
class Recalled:
    """What was remembered and what was found, as `Where` says it; None before that. `seconds` is how long it took."""

    home: Vector | None = None
    found: Vector | None = None
    seconds: float = 0.0


def face_deg(body: Body) -> Vector | None:
    """Where a face points, in degrees to the right, up and tilted."""
    return facing_deg(body) if math.isfinite(body.head_m[0]) else None


def hand_m(side: str) -> Where:
    """Where a hand is."""

    def where(body: Body) -> Vector | None:
        seen, place_m = (body.left_seen, body.left_m) if side == "left" else (body.right_seen, body.right_m)
        return place_m if seen else None

    return where


def remembered(move: Move, where: Where, still_per_s: float, recalled: Recalled) -> Move:
    """Play a move that comes to a place; where it comes to rest then is to be found again."""
    own, outcome = next(move), ""
    while True:
        body = yield own
        before, recalled.home = recalled.home, _smooth(recalled.home, where(body), body.dt_s)
        try:
            own = own if outcome else move.send(body)
        except StopIteration as end:
            outcome = str(end.value)
        if outcome and before and recalled.home and math.dist(before, recalled.home) < still_per_s * body.dt_s:
            return outcome


def find_again(key: str, side: str, where: Where, still_per_s: float, most_s: float, recalled: Recalled) -> Move:
    """Find the place again: what ends it is a press of the trigger, or coming to rest; `side` is "" for a head.

    Who rests before they came nearer, however long, has not found it; nor has who is on the way when the time is over.
    A tremor about a place is rest: it goes to and fro faster than the place, which is smoothed once more, can follow.
    """
    begun_away, still_s, released, came, behind = math.nan, 0.0, False, False, recalled.found
    while recalled.seconds < most_s:
        body = yield (Recall(key, side),)
        recalled.seconds += body.dt_s
        recalled.found = _smooth(recalled.found, where(body), body.dt_s)
        behind = _smooth(behind, recalled.found, body.dt_s)
        if behind is None or recalled.found is None or recalled.home is None:
            continue
        moved, away = math.dist(behind, recalled.found) / SMOOTH_S, math.dist(recalled.found, recalled.home)
        begun_away = away if math.isnan(begun_away) else begun_away
        came = came or away < max(begun_away - still_per_s, still_per_s)
        still_s = still_s + body.dt_s if came and moved < still_per_s else 0.0
        if still_s >= STILL_S or (body.confirm and released):
            return REACHED
        released = released or not body.confirm
    recalled.found = None
    return NOT_YET


def face_error_deg(recalled: Recalled, way: Vector) -> tuple[float, float]:
    """How far a face that came back along a way (to the right, up, tilted) ended beyond home, and from it in all.

    Both in degrees; nan where it was not found.
    """
    if recalled.home is None or recalled.found is None:
        return math.nan, math.nan
    (yaw, pitch, tilt), (home_yaw, home_pitch, home_tilt) = recalled.found, recalled.home
    less = (yaw - home_yaw, pitch - home_pitch, tilt - home_tilt)
    beyond = -sum(a * b for a, b in zip(less, way, strict=True)) / math.hypot(*way)
    return beyond, apart_deg((yaw, pitch), (home_yaw, home_pitch))


def hand_error_deg(recalled: Recalled, shoulder_m: Vector) -> tuple[float, float]:
    """How much further up than home the arm of a hand came back, seen from its shoulder, and how far from it.

    Both in degrees; nan where it was not found.
    """
    if recalled.home is None or recalled.found is None:
        return math.nan, math.nan
    found_deg, home_deg = (seen_from_shoulder(shoulder_m, 0.0, at)[1] for at in (recalled.found, recalled.home))
    return found_deg - home_deg, abs(found_deg - home_deg)


def lower(where: Where, shoulder_m: Vector, low_deg: float) -> Move:
    """Lower an arm until the line to its hand is as low as an elevation."""
    at_deg = math.inf
    while at_deg > low_deg:
        body = yield ()
        place_m = where(body)
        at_deg = at_deg if place_m is None else seen_from_shoulder(shoulder_m, 0.0, place_m)[1]
    return REACHED


def _smooth(before: Vector | None, now: Vector | None, dt_s: float) -> Vector | None:
    if before is None or now is None:
        return now if before is None else before
    share = 1 - math.exp(-dt_s / SMOOTH_S)
    x, y, z = (b + share * (n - b) for b, n in zip(before, now, strict=True))
    return (x, y, z)
