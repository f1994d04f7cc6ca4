"""What a person can be asked to do, or forbidden: every name that a limit, a ceiling or a precaution may have.

A movement is measured in degrees from the neutral position (neutral zero method), an amount of weight in percent of
the body's, and an activity is either allowed or not. `part` is the part of the body that does it: a task says which
parts it moves, and whatever is forbidden to those parts concerns it.
"""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from engine.frame import SIDES

LEANS: Mapping[str, float] = {
    "lean_forward": 0.0,
    "lean_forward_right": 45.0,
    "lean_right": 90.0,
    "lean_back_right": 135.0,
    "lean_back": 180.0,
    "lean_back_left": 225.0,
    "lean_left": 270.0,
    "lean_forward_left": 315.0,
}
"""The eight directions of the limits of stability test, clockwise from above."""
MAIN_LEANS = ("lean_forward", "lean_right", "lean_back", "lean_left")
THEORETICAL_LEAN_DEG = {"lean_forward": 8.0, "lean_right": 8.0, "lean_back": 4.5, "lean_left": 8.0}
"""Targets of the limits of stability test: 8 degrees forward and sideways, 4.5 back."""

GAZES: Mapping[str, tuple[int, int, int]] = {
    "neck_rotation_right": (1, 0, 0),
    "neck_rotation_left": (-1, 0, 0),
    "neck_extension": (0, 1, 0),
    "neck_flexion": (0, -1, 0),
    "neck_lateral_right": (0, 0, 1),
    "neck_lateral_left": (0, 0, -1),
}
"""The six movements of the neck, by which way a face is turned (right), raised and laid over (right)."""
ANYBODYS_NECK_DEG = {"neck_rotation": 95.0, "neck_extension": 80.0, "neck_flexion": 70.0, "neck_lateral": 55.0}
"""Further than that no neck is asked to go, a tenth beyond the means of young adults (Swinkels & Swinkels-Meewisse
2014, doi 10.1097/BRS.0000000000000158): nobody reaches it."""

LIFTS = tuple(f"{stem}_{side}" for stem in ("knee_extension", "thigh_raise", "ankle_dorsiflexion") for side in SIDES)
"""The movements by which somebody seated lifts a part of a leg: the shank, the thigh, the front of the foot."""
ANYBODYS_LIFT_DEG = {"knee_extension": 90.0, "thigh_raise": 45.0, "ankle_dorsiflexion": 30.0}
"""Further than that no leg is asked to go: a straight knee, a thigh that a trunk need not lean back for, and a foot
half as far again as the 20 degrees that are usual."""
CROSSES = tuple(f"cross_body_adduction_{side}" for side in SIDES)
"""The movements by which an arm comes across the body: how far the line from shoulder to hand points to the other side
of straight ahead."""
UNUSUAL = (*GAZES, *LIFTS, *CROSSES)
"""What is measured only of somebody who will play a game that asks for it; all else is measured of everybody."""

PARTS = ("neck", "trunk", *(f"{side} {limb}" for side in SIDES for limb in ("arm", "leg")))


class Movement(NamedTuple):
    """One name: what it is called, the part of the body, its unit ("" for an activity) and the largest value."""

    title: str
    part: str
    unit: str = "deg"
    largest: float = 180.0


def _both(name: str, title: str, limb: str, largest: float, unit: str = "deg") -> dict[str, Movement]:
    return {f"{name}_{side}": Movement(f"{side} {title}", f"{side} {limb}", unit, largest) for side in SIDES}


MOVEMENTS: Mapping[str, Movement] = {
    **_both("shoulder_elevation", "arm raised", "arm", 180.0),
    **_both("cross_body_adduction", "arm brought across the body", "arm", 90.0),
    **_both("shoulder_external_rotation", "shoulder turned outward", "arm", 120.0),
    **_both("elbow_extension", "elbow straightened, from a right angle", "arm", 90.0),
    "neck_flexion": Movement("head bent forward", "neck", largest=90.0),
    "neck_extension": Movement("head bent back", "neck", largest=90.0),
    "neck_rotation_left": Movement("head turned left", "neck", largest=100.0),
    "neck_rotation_right": Movement("head turned right", "neck", largest=100.0),
    "neck_lateral_left": Movement("head laid over to the left", "neck", largest=70.0),
    "neck_lateral_right": Movement("head laid over to the right", "neck", largest=70.0),
    "trunk_flexion": Movement("bent forward", "trunk", largest=130.0),
    "trunk_rotation": Movement("trunk turned", "trunk", largest=90.0),
    **{name: Movement(name.replace("lean_", "leant ").replace("_", " "), "trunk", largest=20.0) for name in LEANS},
    **_both("hip_flexion", "hip bent", "leg", 140.0),
    **_both("thigh_raise", "thigh raised from the seat", "leg", 60.0),
    **_both("knee_flexion", "knee bent", "leg", 160.0),
    **_both("knee_extension", "knee straightened, from a right angle", "leg", 90.0),
    **_both("ankle_dorsiflexion", "ankle bent up", "leg", 40.0),
    **_both("ankle_plantarflexion", "ankle bent down", "leg", 60.0),
    **_both("weight_on_leg", "leg loaded", "leg", 100.0, "%"),
    **_both("use_of_arm", "arm used", "arm", 0.0, ""),
    "standing": Movement("standing", "trunk", "", 0.0),
    "sitting": Movement("sitting", "trunk", "", 0.0),
    "lying": Movement("lying", "trunk", "", 0.0),
    "visual_conflict": Movement("a world that moves along with the head", "trunk", "", 0.0),
}
"""Every name, with what it is. An activity has no unit and can only be forbidden, which is at most 0."""


class UnknownBound(ValueError):
    """A ceiling or precaution that would bound nothing: it names no movement, or no amount; the message says which."""


def check_bound(movement: str, at_most: float, unit: str, source: str) -> None:
    """Raise UnknownBound for a bound that would silently bound nothing, or that mixes up units."""
    found = MOVEMENTS.get(movement)
    if found is None:
        raise UnknownBound(f"{source}: there is no movement {movement!r}; the movements are {', '.join(MOVEMENTS)}")
    if unit != found.unit:
        raise UnknownBound(f"{source}: {movement} = {at_most} {unit} must be in {found.unit or 'no unit, at most 0'}")
    if not found.unit and at_most != 0:
        raise UnknownBound(f"{source}: {movement} = {at_most} can only be forbidden: at most 0")
    if found.unit and not 0 <= at_most <= found.largest:
        raise UnknownBound(f"{source}: {movement} = {at_most} {unit} must be from 0 to {found.largest:g} {found.unit}")


def lean_movement(direction_deg: float) -> str:
    """The name of the lean nearest to a direction, of the eight."""
    return list(LEANS)[round(direction_deg % 360 / 45) % 8]


def along_ellipse(direction_deg: float, by_main: Mapping[str, float]) -> float:
    """A lean in a direction, from those of the two main directions beside it, by an ellipse through both.

    One that is missing bounds nothing: with 3 degrees to the right and none known ahead it is 4.2 to the front right,
    because 3 of that are to the right; `inf` where both are missing.
    """
    radians = math.radians(direction_deg % 360)
    ahead, right = math.cos(radians), math.sin(radians)
    along = by_main.get("lean_forward" if ahead >= 0 else "lean_back", math.inf)
    across = by_main.get("lean_right" if right >= 0 else "lean_left", math.inf)
    parts = [
        share / bound if bound else math.inf
        for share, bound in ((abs(ahead), along), (abs(right), across))
        if share > 1e-9
    ]
    squared = sum(part * part for part in parts)
    return math.inf if squared == 0 else 1 / math.sqrt(squared)


def gaze_movement(axis: int, value: float) -> str:
    """The movement of the neck that a turn to the right (0), a raise (1) or a tilt to the right (2) by `value` is."""
    sign = 1 if value >= 0 else -1
    return next(name for name, way in GAZES.items() if way[axis] == sign)


ON_SIDES = ("both", "left", "right")


def on_sides(movements: Iterable[str], sides: str) -> tuple[str, ...]:
    """Those of some movements that go to one of ON_SIDES, or to neither side."""
    other = {"left": "_right", "right": "_left"}.get(sides)
    return tuple(name for name in movements if other is None or not name.endswith(other))
