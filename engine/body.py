"""What the person is doing at one frame: head, hands, lean, seen from how they stand.

Three tracked points show the head and both hands. Lean is the head's horizontal displacement over its
height (`atan2`, one per axis): a rigid body over the ankles would lean by exactly that; bending at the
hips looks the same from here, so it is called head lean and never centre of pressure.
"""

import math
from typing import NamedTuple

from engine.frame import Frame, Vector, forward
from engine.records import Stance

PRESSED = 0.5

EYE_HEIGHT_OF_STATURE = 0.936  # Drillis & Contini 1966, as in Winter 2009
SHOULDER_HEIGHT_OF_STATURE = 0.818
HALF_SHOULDER_WIDTH_OF_STATURE = 0.11
SHOULDER_BEHIND_EYES_M = 0.08  # headset to neck pivot


class Body(NamedTuple):
    """The person at one frame. Positions are in the axes of `engine.frame`.

    `dt_s` is the time since the last frame that was played: a pause adds nothing to it. `lean_deg` is
    (forward, right). `left_seen` and `right_seen` say whether a hand is tracked: where it was only inferred, or is
    lost, its position is no place that a person reached.
    """

    time_s: float
    dt_s: float
    head_m: Vector
    look: Vector
    left_m: Vector
    right_m: Vector
    lean_deg: tuple[float, float]
    left_seen: bool
    right_seen: bool
    confirm: bool


class Upright(NamedTuple):
    """A stance, ready for arithmetic: neutral head, and the unit vector ahead on the floor (x, z)."""

    head_m: Vector
    ahead_x: float
    ahead_z: float


def upright(stance: Stance) -> Upright:
    """Prepare a stance for `estimate`."""
    facing = math.radians(stance.facing_deg)
    return Upright(stance.head_m, math.sin(facing), -math.cos(facing))


def estimate(frame: Frame, reference: Upright, time_s: float, dt_s: float) -> Body:
    """Derive the body from a frame, relative to how the person stands when nothing is asked."""
    _, head, left, right, *_ = frame
    position = head.position_m
    x, height, z = position
    neutral, ahead_x, ahead_z = reference
    dx, dz = x - neutral[0], z - neutral[2]
    lean = (
        math.degrees(math.atan2(dx * ahead_x + dz * ahead_z, height)),
        math.degrees(math.atan2(dz * ahead_x - dx * ahead_z, height)),
    )
    return Body(
        time_s,
        dt_s,
        position,
        forward(head.orientation),
        left.grip.position_m,
        right.grip.position_m,
        lean,
        left.grip.valid and left.grip.tracked,
        right.grip.valid and right.grip.tracked,
        left.trigger > PRESSED or right.trigger > PRESSED,
    )


def shoulder_m(stance: Stance, side: str, head_m: Vector | None = None) -> Vector:
    """The centre of a shoulder by body proportions, for a trunk that faces as in the stance.

    With `head_m` the shoulder moves along with the head, as it does when the trunk leans.
    """
    neutral = stance.head_m
    stature = neutral[1] / EYE_HEIGHT_OF_STATURE
    facing = math.radians(stance.facing_deg)
    ahead_x, ahead_z = math.sin(facing), -math.cos(facing)
    sideways = HALF_SHOULDER_WIDTH_OF_STATURE * stature * (1 if side == "right" else -1)
    x, y, z = head_m if head_m is not None else neutral
    drop = neutral[1] - SHOULDER_HEIGHT_OF_STATURE * stature
    return (
        x - SHOULDER_BEHIND_EYES_M * ahead_x - sideways * ahead_z,
        y - drop,
        z - SHOULDER_BEHIND_EYES_M * ahead_z + sideways * ahead_x,
    )
