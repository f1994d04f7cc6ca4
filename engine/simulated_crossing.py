"""How a simulated person brings a hand across the body: no further than their arm goes, and along what is shown."""

from engine.frame import Vector
from engine.places import adduction_deg, from_shoulder, seen_from_shoulder

CROSSING_DEG = 15.0  # nearer to straight ahead is the business of raising an arm
SLIDES_S = 1.6  # the time along a line
_STEPS = 40


def crosses(shoulder_m: Vector, place_m: Vector, side: str) -> bool:
    """Whether a hand has to come across the body to be at a place."""
    return adduction_deg(shoulder_m, 0.0, place_m, side) > CROSSING_DEG


def along(shoulder_m: Vector, start_m: Vector, stop_m: Vector, side: str, able_deg: float) -> list[Vector]:
    """The places of a line up to where the arm comes no further across."""
    points = [start_m]
    for step in range(1, _STEPS + 1):
        x, y, z = (a + step / _STEPS * (b - a) for a, b in zip(start_m, stop_m, strict=True))
        if adduction_deg(shoulder_m, 0.0, (x, y, z), side) > able_deg:
            break
        points.append((x, y, z))
    return points


def towards(shoulder_m: Vector, place_m: Vector, side: str, able_deg: float) -> Vector:
    """A place, or as near to it across the body as the arm comes."""
    _, elevation, radius_m = seen_from_shoulder(shoulder_m, 0.0, place_m)
    return along(shoulder_m, from_shoulder(shoulder_m, 0.0, 0.0, elevation, radius_m), place_m, side, able_deg)[-1]
