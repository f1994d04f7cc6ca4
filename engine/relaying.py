"""Hiding and finding on an arm's way up: an adult leads the hand to an end and keeps it there, and it finds it alone.

The other way, the adult hides with a controller of their own, wherever the person's hand may be asked to go.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from engine.envelope import Envelope
from engine.frame import Vector
from engine.metrics.course import VISIT_NOISE_DEG
from engine.metrics.range_of_motion import STRAIGHT_ARM
from engine.moves import HELD, hand_m
from engine.places import from_shoulder, seen_from_shoulder
from engine.raising import angle
from engine.records import Measured
from engine.scene import Reach, Tone
from engine.task import REACHED, Move

LOWEST_DEG, LEAST_DEG = 20.0, 35.0  # where a way up begins, and from where on a hand that rests hides something
STILL_M = 0.03
FAR_M = 0.6  # from there on a note begins to be warmer
WARMTH = "warmth"
NOT_HIDDEN = "the adult's turn ended before anything was hidden"
Allowed = Callable[[Vector], bool]


@dataclass
class Hidden:
    """What the moves of a trial saw that its recording does not tell.

    `place_m` is where something was hidden, None before; `guided_s` how long that took and `still_s` how long the hand
    was kept still there; `seek_s` when the finding began and `found_s` when it was found, in seconds from the trial's
    first frame, nan for never.
    """

    place_m: Vector | None = None
    guided_s: float = 0.0
    still_s: float = 0.0
    seek_s: float = math.nan
    found_s: float = math.nan


def way_up(envelope: Envelope, side: str, azimuth_deg: float, furthest_deg: float, key: str) -> Reach:
    """A way up for an arm in a direction, to a stop line as high as precautions and the preset allow.

    It ends at `furthest_deg` at most; where it may not begin, it goes nowhere.
    """
    shoulder_m, facing, arm_m = envelope.shoulder(side), envelope.stance.facing_deg, envelope.arm_m(side)
    stop_deg = envelope.stop_elevation(side, azimuth_deg, arm_m, LOWEST_DEG, furthest_deg)
    start_m, stop_m = (
        from_shoulder(shoulder_m, facing, azimuth_deg, up_deg, arm_m) for up_deg in (LOWEST_DEG, stop_deg)
    )
    return Reach(key, start_m, stop_m, side)


def guide(line: Reach, shoulder_m: Vector, freeze_s: float, allowed: Allowed, hidden: Hidden) -> Move:
    """Let another person lead a hand up along a line, or their own controller; where it rests, something is hidden.

    Nothing is hidden where that is not `allowed`.
    """
    lowest_deg, stop_deg = (_up_deg(shoulder_m, place_m) for place_m in (line.start_m, line.stop_m))
    anchor_m, made = line.start_m, 0.0
    while hidden.still_s < freeze_s:
        body = yield (line._replace(reached=made), Tone("way", made))
        hidden.guided_s += body.dt_s
        hand = hand_m(body, line.helper, line.stop_m)
        if hand is None:
            hidden.still_s = 0.0
            continue
        up_deg = _up_deg(shoulder_m, hand)
        made = min(1.0, max(0.0, (up_deg - lowest_deg) / max(1.0, stop_deg - lowest_deg)))
        rests = math.dist(hand, anchor_m) < STILL_M
        hidden.still_s = hidden.still_s + body.dt_s if rests and up_deg > LEAST_DEG and allowed(anchor_m) else 0.0
        anchor_m = anchor_m if rests else hand
    hidden.place_m = anchor_m
    return REACHED


def seek(line: Reach, radius_m: float, hold_s: float, hidden: Hidden) -> Move:
    """Find what is hidden, by a note that gets warmer, and keep the hand there."""
    place_m = hidden.place_m or line.stop_m
    held_s, gone_s, inside, warmth = 0.0, 0.0, False, 0.0
    while not (inside and held_s >= hold_s):
        body = yield (line._replace(reached=warmth), Tone(WARMTH, warmth))
        gone_s += body.dt_s
        hand = hand_m(body, line.hand, place_m)
        away_m = math.inf if hand is None else math.dist(hand, place_m)
        inside = away_m < radius_m * (HELD if inside else 1.0)
        held_s = held_s + body.dt_s if inside else 0.0
        warmth = 1.0 if inside else max(0.0, 1 - away_m / FAR_M) * 0.9
    hidden.found_s = hidden.seek_s + gone_s
    return REACHED


def led_to(hidden: Hidden, shoulder_m: Vector, arm_m: float) -> Measured:
    """How far up the arm was led to where something was hidden."""
    if hidden.place_m is None:
        return Measured(None, "deg", None, NOT_HIDDEN)
    _, up_deg, away_m = seen_from_shoulder(shoulder_m, 0.0, hidden.place_m)
    return angle(up_deg, away_m >= STRAIGHT_ARM * arm_m)


def passive_beyond(passive: Measured, active: Measured) -> Measured:
    """How much further an arm was led than it came alone, as sure as repetitions are alike, where it was straight."""
    if passive.value is None or active.value is None:
        return Measured(None, "deg", None, passive.note if passive.value is None else active.note)
    straight = passive.error is not None and active.error is not None
    return Measured(round(passive.value - active.value, 1), "deg", VISIT_NOISE_DEG if straight else None)


def _up_deg(shoulder_m: Vector, place_m: Vector) -> float:
    return seen_from_shoulder(shoulder_m, 0.0, place_m)[1]
