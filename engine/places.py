"""Where to put things, in terms of a person: directions from a shoulder, leans of a body.

Elevation is 0 with the arm hanging, 90 level and 180 straight up; azimuth is 0 straight ahead of the trunk
and positive to the right. Both are degrees.
"""

import math

from engine.frame import Vector
from engine.records import Stance

HANGING_DEG, HANGING_OF_ARM = 25.0, 0.85  # of an arm at rest: its elevation, and how much of its length


def from_shoulder(
    shoulder_m: Vector, facing_deg: float, azimuth_deg: float, elevation_deg: float, radius_m: float
) -> Vector:
    """The point at a direction and distance from a shoulder."""
    heading, elevation = math.radians(facing_deg + azimuth_deg), math.radians(elevation_deg)
    level = math.sin(elevation) * radius_m
    return (
        shoulder_m[0] + level * math.sin(heading),
        shoulder_m[1] - math.cos(elevation) * radius_m,
        shoulder_m[2] - level * math.cos(heading),
    )


def resting_hand_m(shoulder_m: Vector, facing_deg: float, arm_m: float, out_deg: float = 0.0) -> Vector:
    """Where a hand is that hangs beside the body, the arm a little ahead and bent."""
    return from_shoulder(shoulder_m, facing_deg, out_deg, HANGING_DEG, HANGING_OF_ARM * arm_m)


def seen_from_shoulder(shoulder_m: Vector, facing_deg: float, place_m: Vector) -> tuple[float, float, float]:
    """Azimuth (-180 to 180) and elevation in degrees, and distance in metres: the inverse of `from_shoulder`."""
    x, y, z = (p - s for p, s in zip(place_m, shoulder_m, strict=True))
    radius = math.hypot(x, y, z)
    if radius == 0:
        return 0.0, 0.0, 0.0
    azimuth = math.degrees(math.atan2(x, -z)) - facing_deg
    return (azimuth + 180) % 360 - 180, math.degrees(math.acos(max(-1.0, min(1.0, -y / radius)))), radius


def adduction_deg(shoulder_m: Vector, facing_deg: float, place_m: Vector, side: str) -> float:
    """How far the line from a shoulder to a place points across the body; below 0 where it points outward.

    The angle out of the plane ahead of the shoulder: that of horizontal adduction with a level arm (AAOS 1965), and
    near 0 with the arm hanging or straight up, where a direction around the body means nothing.
    """
    azimuth, elevation, _ = seen_from_shoulder(shoulder_m, facing_deg, place_m)
    rightward = math.sin(math.radians(elevation)) * math.sin(math.radians(azimuth))
    return math.degrees(math.asin(rightward)) * (-1 if side == "right" else 1)


def towards(facing_deg: float, direction_deg: float) -> Vector:
    """The level unit vector of a lean direction: 0 forward, 90 right, 180 back, as seen by the person."""
    heading = math.radians(facing_deg + direction_deg)
    return (math.sin(heading), 0.0, -math.cos(heading))


def lean_along(lean_deg: tuple[float, float], direction_deg: float) -> tuple[float, float]:
    """A lean (forward, right) as the part along a direction and the part across it, in degrees."""
    direction = math.radians(direction_deg)
    ahead, right = lean_deg
    return (
        ahead * math.cos(direction) + right * math.sin(direction),
        right * math.cos(direction) - ahead * math.sin(direction),
    )


def from_head(stance: Stance, place_m: Vector) -> Vector:
    """In space, a place given in metres right, up and ahead of the neutral head."""
    (x, y, z), (right, up, ahead) = stance.head_m, place_m
    facing = math.radians(stance.facing_deg)
    return (
        x + right * math.cos(facing) + ahead * math.sin(facing),
        y + up,
        z + right * math.sin(facing) - ahead * math.cos(facing),
    )
