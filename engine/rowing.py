"""Rowing with both arms: where each hand catches the water and where the stroke ends, to the front or to a side."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from engine.envelope import Envelope
from engine.frame import Vector
from engine.hanging import shared
from engine.limits import OutsideEnvelope
from engine.places import from_head
from engine.records import Request

HIGHEST_DEG, LEAST_DEG, STEP_DEG = 85.0, 20.0, 5.0  # hands go no higher than the shoulders
INWARD_DEG = (0.0, 10.0, -10.0)
CHEST_M = ((0.22, 0.12, 0.16), (0.20, 0.22, 0.14), (0.19, 0.32, 0.10), (0.19, 0.40, 0.07), (0.19, 0.46, 0.03))
"""Where a stroke may end: aside from the midline, below the shoulder and ahead of the eyes; before the chest first."""
TURNS = (1.0, 0.75, 0.5, 0.25, 0.0)
ROWLOCK_M = (0.62, -0.80, 0.10)  # aside, up and ahead of the head: the rim of the boat


class Stroke(NamedTuple):
    """Where a hand catches the water, and where its stroke ends."""

    catch_m: Vector
    finish_m: Vector


class Laid(NamedTuple):
    """The strokes of the hands that row, by side; what is asked of the leading one; how far they are turned."""

    strokes: dict[str, Stroke]
    request: Request
    turn_deg: float


def lay(
    envelope: Envelope,
    lead: str,
    others: Sequence[str],
    height: float,
    stretch: float,
    turn_deg: float,
    radius_m: float,
) -> Laid:
    """A stroke of the leading hand, and of the others as far as they can.

    `height` is how high hands go, as a share of what is asked for; `stretch` how far ahead, as a share of the reach;
    `turn_deg` how far to the right both go together, less where a precaution or the reach says so. Raises
    OutsideEnvelope, saying why, where the leading hand can make no stroke.
    """
    wish = envelope.request(f"shoulder_elevation_{lead}")
    most_deg = math.copysign(envelope.stop_line("trunk_rotation", abs(turn_deg)), turn_deg)
    why = ""
    for share in TURNS if most_deg else (0.0,):
        turned = share * most_deg
        found, elevation, why = _stroke(envelope, lead, height * wish.amplitude, stretch, turned)
        if found is None:
            continue
        strokes = {lead: found}
        for side in others:
            other, _, _ = _stroke(envelope, side, elevation, stretch, turned)
            strokes |= {} if other is None else {side: other}
        away_m = math.dist(envelope.shoulder(lead), found.catch_m)
        begins_deg = max(0.0, elevation - math.degrees(radius_m / away_m))
        return Laid(strokes, shared(wish, begins_deg, "as high as rowing goes"), turned)
    raise OutsideEnvelope(f"no stroke fits before the {lead} hand: {why}")


def rowlock_m(envelope: Envelope, side: str) -> Vector:
    """Where an oar lies on the rim of the boat."""
    aside_m, up_m, ahead_m = ROWLOCK_M
    return from_head(envelope.stance, (aside_m if side == "right" else -aside_m, up_m, ahead_m))


def _stroke(
    envelope: Envelope, side: str, wish_deg: float, stretch: float, turn_deg: float
) -> tuple[Stroke | None, float, str]:
    """A stroke as high as is wished, else lower, and how high it is; or None, and why there is none.

    Rowing goes no lower than LEAST_DEG, where less is wished, too.
    """
    elevation, why = min(HIGHEST_DEG, max(LEAST_DEG, wish_deg)), ""
    while elevation >= LEAST_DEG:
        for inward_deg in INWARD_DEG:
            azimuth_deg = (-inward_deg if side == "right" else inward_deg) + turn_deg
            why = envelope.refuses_way(side, azimuth_deg, elevation)
            if why:
                continue
            catch_m = envelope.place(side, azimuth_deg, elevation, stretch)
            why = envelope.refuses_target(catch_m, side)
            finish_m = None if why else _finish(envelope, side, turn_deg)
            if finish_m is not None:
                return Stroke(catch_m, finish_m), elevation, ""
            why = why or "the end of the stroke is out of reach"
        elevation -= STEP_DEG
    return None, 0.0, why


def _finish(envelope: Envelope, side: str, turn_deg: float) -> Vector | None:
    """Where a stroke ends at the chest, turned along with the trunk; None where that may be nowhere."""
    drop_m = envelope.stance.head_m[1] - envelope.shoulder(side)[1]
    turn = math.radians(turn_deg)
    for aside_m, below_m, ahead_m in CHEST_M:
        out_m = aside_m if side == "right" else -aside_m
        right_m = out_m * math.cos(turn) + ahead_m * math.sin(turn)
        forth_m = ahead_m * math.cos(turn) - out_m * math.sin(turn)
        place_m = from_head(envelope.stance, (right_m, -drop_m - below_m, forth_m))
        if not envelope.refuses_target(place_m, side):
            return place_m
    return None
