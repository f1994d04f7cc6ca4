"""A table before a person, about as high as the elbow: two places beside the midline, and a fence between them."""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

from engine.body import HALF_SHOULDER_WIDTH_OF_STATURE, UPPER_ARM_OF_STATURE
from engine.envelope import SHARE_OF_REACH, Envelope
from engine.frame import Vector
from engine.hanging import shared
from engine.limits import OutsideEnvelope
from engine.metrics.signals import lengths
from engine.motion import Array
from engine.places import adduction_deg, from_head, seen_from_shoulder
from engine.records import Request, Stance

LOWER_M = (-0.05, 0.0, 0.05, 0.1, 0.15, 0.2, 0.25)  # than the elbow: a hand over a table is above it
AHEAD_OF_REACH = (0.7, 0.6, 0.5, 0.4, 0.3)
ASIDE = (1.0, 0.75, 0.5, 0.35, 0.25)
LEAST_LIFT_M = 0.06
FENCE_M = 0.09  # below the middle of the way over it
EASED, EASED_SHARE = ("AFTER_MISSES", "FLOOR"), 0.75
ASKS_MORE = "a table in front asks for more of the arm than is asked for now"
PUT_M = 0.10  # how near to its place something is put, at least
HIGHEST_DEG = 105.0
CROSSED_M = 0.03  # beyond the midline: a hand that trembles there crosses it once


class Table(NamedTuple):
    """Where a hand takes something, over what it carries it, and where it puts it; and the request of the lift.

    `beside` says why the table is on the hand's own side and not in front; "" where it is in front.
    """

    take_m: Vector
    over_m: Vector
    put_m: Vector
    request: Request
    beside: str = ""

    @property
    def way_m(self) -> float:
        """How long the straight ways over the fence are."""
        return math.dist(self.take_m, self.over_m) + math.dist(self.over_m, self.put_m)


def lay(envelope: Envelope, side: str, lift: float, aside_m: float, radius_m: float) -> Table:
    """A table for a hand, which takes on its own side and puts on the other.

    `lift` is how high it is lifted over the fence, as a share of what is asked for now; `aside_m` how far from the
    midline the places are. The fence is on the midline, and the hand puts as far across it as is sure, SHARE_OF_REACH
    of what was measured at most, and after misses less far. Both places are on its own side, as near to the front as
    they can be, only where nothing of that was measured or is left, or a table in front asks for more than is asked for
    now. A table that asks for more than the share is lower, or nearer, as far as it can be.
    Raises OutsideEnvelope, saying why, where no table fits.
    """
    wish = envelope.request(f"shoulder_elevation_{side}")
    most_deg, easiest, why, beside = lift * wish.amplitude, None, "", ""
    for spot in _spots(envelope, side, aside_m):
        if spot.middle_m and easiest and not easiest.beside and easiest.request.amplitude <= wish.amplitude:
            break
        places_m = _places(envelope, side, spot, most_deg)
        why = next((found for place in places_m if (found := envelope.refuses_target(place, side))), "")
        if not spot.middle_m:
            why = _refuses_across(envelope, side, places_m[-1], wish.code in EASED) or why
            beside = ASKS_MORE if beside == ASKS_MORE or not why else why
        if why:
            continue
        aside = f"the table is on the hand's own side: {beside}" if spot.middle_m else ""
        table = Table(*places_m, _request(envelope, side, wish, places_m, radius_m), aside)
        if table.request.amplitude <= most_deg:
            return table
        if easiest is None or table.request.amplitude < easiest.request.amplitude:
            easiest = table
    if easiest is None:
        raise OutsideEnvelope(f"no table fits before the {side} hand: {why}")
    return easiest


def below_shoulder_m(envelope: Envelope) -> float:
    """How far below a shoulder a hand is over a table that is as high as the elbow."""
    return UPPER_ARM_OF_STATURE * envelope.calibration.stature_m.value + LOWER_M[0]


class _Spot(NamedTuple):
    """Where a fence may stand: up and ahead of the head, and on the hand's side of the midline by `middle_m`.

    A hand takes so far to its own side of the fence, and puts so far beyond it.
    """

    up_m: float
    ahead_m: float
    middle_m: float
    take_m: float
    put_m: float


def _places(envelope: Envelope, side: str, spot: _Spot, most_deg: float) -> tuple[Vector, Vector, Vector]:
    """Where the hand takes, the place over the fence, as high as `most_deg` allows, and where it puts."""
    own = 1 if side == "right" else -1
    ends_m = (own * (spot.middle_m + spot.take_m), own * (spot.middle_m - spot.put_m))
    take_m, put_m = (from_head(envelope.stance, (x, spot.up_m, spot.ahead_m)) for x in ends_m)
    return take_m, _over(envelope, side, most_deg, (own * spot.middle_m, spot.up_m, spot.ahead_m)), put_m


def _spots(envelope: Envelope, side: str, aside_m: float) -> Iterator[_Spot]:
    """As high as the elbow, far across and far ahead first, and close to the body last.

    With the fence aside only where nothing else is, and then far ahead first: so that it is nearly in front.
    """
    shoulder_up_m, arm_m = envelope.shoulder(side)[1] - envelope.stance.head_m[1], envelope.arm_m(side)
    elbow_m = shoulder_up_m - UPPER_ARM_OF_STATURE * envelope.calibration.stature_m.value
    for aheads in (AHEAD_OF_REACH[:-1], AHEAD_OF_REACH[-1:]):
        for lower_m, share, ahead in product(LOWER_M, ASIDE, aheads):
            yield _Spot(elbow_m - lower_m, ahead * arm_m, 0.0, aside_m, share * aside_m)
    half_m = HALF_SHOULDER_WIDTH_OF_STATURE * envelope.calibration.stature_m.value
    for middle, lower_m, ahead, share in product((0.0, 0.5, 1.0), LOWER_M, AHEAD_OF_REACH, ASIDE):
        out_m = min(share * aside_m, 0.9 * half_m)
        yield _Spot(elbow_m - lower_m, ahead * arm_m, half_m + middle * out_m, out_m, out_m)


def _refuses_across(envelope: Envelope, side: str, place_m: Vector, eased: bool) -> str:
    """Why a hand may not be asked to put something across the midline; "" when it may.

    It may not where that is no more sure than the limit itself, and after misses less far.
    """
    movement = f"cross_body_adduction_{side}"
    try:
        most = envelope.at_most(movement)
    except OutsideEnvelope as reason:
        return str(reason)
    across_deg = adduction_deg(envelope.shoulder(side), envelope.stance.facing_deg, place_m, side)
    sure_deg = max(0.0, min(SHARE_OF_REACH * most.value, envelope.calibration.limits[movement].low))
    asked_deg = EASED_SHARE * sure_deg if eased else sure_deg
    if across_deg <= asked_deg:
        return ""
    beyond = f"beyond {asked_deg:.0f}°, the most that is asked of {most.value:.0f}°"
    return f"{across_deg:.0f}° across the body is {beyond}, {most.why}"


def _over(envelope: Envelope, side: str, elevation_deg: float, fence_m: Vector) -> Vector:
    """The place above the fence that a hand has to pass: as high as an elevation from the shoulder says."""
    middle_m, table_up_m, ahead_m = fence_m
    x, y, z = from_head(envelope.stance, (middle_m, 0.0, ahead_m))
    shoulder = envelope.shoulder(side)
    level_m = math.hypot(x - shoulder[0], z - shoulder[2])
    up_m = shoulder[1] - level_m / math.tan(math.radians(min(max(elevation_deg, 5.0), HIGHEST_DEG)))
    return (x, max(up_m, y + table_up_m + LEAST_LIFT_M), z)


def _request(envelope: Envelope, side: str, wish: Request, places_m: Sequence[Vector], radius_m: float) -> Request:
    """The request of the highest of these places, each from where a hand begins to count there."""
    near_m = (radius_m, radius_m, max(radius_m, PUT_M))
    seen = [seen_from_shoulder(envelope.shoulder(side), envelope.stance.facing_deg, place_m) for place_m in places_m]
    begins_deg = [raised - math.degrees(near / away) for (_, raised, away), near in zip(seen, near_m, strict=True)]
    return shared(wish, max(0.0, *begins_deg), "over the table")


def across_m(stance: Stance, places_m: Array) -> Array:
    """How far to the right of the midline places (n, 3) are, (n,)."""
    facing = math.radians(stance.facing_deg)
    aside: Array = (places_m[:, 0] - stance.head_m[0]) * math.cos(facing)
    return aside + (places_m[:, 2] - stance.head_m[2]) * math.sin(facing)


def crossings(aside_m: Array) -> int:
    """How often a hand crossed the midline, by how far to the right of it it was (n,), nan where it was not seen."""
    side, crossed = 0, 0
    for value in aside_m.tolist():
        if abs(value) > CROSSED_M:  # not where it is nan
            now = 1 if value > 0 else -1
            crossed += side not in (0, now)
            side = now
    return crossed


def arrival(hand_m: Array, place_m: Vector, radius_m: float, begin: int) -> int:
    """The first sample from `begin` on in which a hand (n, 3) is at a place; -1 for none."""
    away_m = lengths(hand_m[begin:] - place_m)
    there = away_m < radius_m
    return begin + int(there.argmax()) if there.any() else -1


def path_m(hand_m: Array) -> float:
    """The length of the way of a hand (n, 3); what was not seen of it is bridged."""
    seen = hand_m[~(hand_m != hand_m).any(axis=1)]
    return float(lengths(seen[1:] - seen[:-1]).sum())
