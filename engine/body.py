"""What the person is doing at one frame: head, hands, lean, seen from how they stand.

Three tracked points show the head and both hands. Lean is the head's horizontal displacement over its
height (`atan2`, one per axis): a rigid body over the ankles would lean by exactly that; bending at the
hips looks the same from here, so it is called head lean and never centre of pressure. What else can be
derived, and how far it can be trusted, is in `engine.figure`.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from engine.frame import LOST, SIDES, Devices, Frame, Hand, Quaternion, Vector, forward, from_yaw_pitch, rotate
from engine.records import Stance

PRESSED = 0.5

EYE_HEIGHT_OF_STATURE = 0.936  # Drillis & Contini 1966, as in Winter 2009; 0.934 ± 0.005 in ANSUR II 2012
SEATED_EYES_OF_STATURE = 0.71  # eyes over a seat at the hollow of the knee, in shoes: 0.25 + 0.46 (ANSUR II 2012)
SEATED_EYES_AT_MOST_M = 1.4
STATURE_SD_M = 0.02  # what body proportions leave open
SEATED_STATURE_SD_M = 0.10  # seats are from 0.40 to 0.55 m high, whoever sits on them
SHOULDER_HEIGHT_OF_STATURE = 0.818
HALF_SHOULDER_WIDTH_OF_STATURE = 0.11  # between the acromia it is 0.237 of men and 0.224 of women (ANSUR II 2012)
UPPER_ARM_OF_STATURE, FOREARM_OF_STATURE, PALM_OF_STATURE = 0.186, 0.146, 0.055  # the last from wrist to grip
ARM_OF_STATURE = UPPER_ARM_OF_STATURE + FOREARM_OF_STATURE + PALM_OF_STATURE
SHOULDER_BEHIND_EYES_M = 0.08
NECK_IN_HEAD_M = (0.0, -0.075, SHOULDER_BEHIND_EYES_M)  # from the headset, in its axes, to where the head turns

ORIGIN = (0.0, 0.0, 0.0)  # where some runtimes put a device that they lost, and call it valid
_NOWHERE = (math.nan, math.nan, math.nan)


class Upright(NamedTuple):
    """A person and their stance, ready for arithmetic.

    `head_m` is the neutral head and (`ahead_x`, `ahead_z`) the unit vector ahead on the floor; `head_q` is how the
    neutral headset is turned, `posed` whether that was seen or is only level; `neck_m` is the pivot of the neck.
    `shoulders_m` are the left and the right one, from there: to the right, up and ahead; `arms_m` reach from shoulder
    to palm; `trackers` are those that were worn in this stance.
    """

    head_m: Vector
    ahead_x: float
    ahead_z: float
    head_q: Quaternion
    posed: bool
    neck_m: Vector
    shoulders_m: tuple[Vector, Vector]
    arms_m: tuple[float, float]
    trackers: Devices


def upright(
    stance: Stance,
    arm_m: Mapping[str, float] | None = None,
    shoulder: Mapping[str, Vector] | None = None,
    neutral: Frame | None = None,
) -> Upright:
    """Prepare a stance for `estimate`.

    `arm_m` and `shoulder` map a side to what was measured, in the neutral stance, and body proportions fill in.
    `neutral` is a frame of somebody who stands as in the stance: without one the neutral head is taken as level,
    and trackers on the body say where they are but not how the body has turned.
    """
    facing = math.radians(stance.facing_deg)
    proportioned_m = ARM_OF_STATURE * stance.head_m[1] / EYE_HEIGHT_OF_STATURE
    left_arm_m, right_arm_m = ((arm_m or {}).get(side, proportioned_m) for side in SIDES)
    posed = neutral is not None and neutral.head.valid and neutral.head.tracked
    head_q = neutral.head.orientation if neutral and posed else from_yaw_pitch(facing, 0.0)
    neck = neck_m(stance.head_m, head_q)
    ahead_x, ahead_z = math.sin(facing), -math.cos(facing)
    from_neck = []
    for side in SIDES:
        x, y, z = (b - a for a, b in zip(neck, (shoulder or {}).get(side) or shoulder_m(stance, side), strict=True))
        from_neck.append((z * ahead_x - x * ahead_z, y, x * ahead_x + z * ahead_z))
    return Upright(
        stance.head_m,
        ahead_x,
        ahead_z,
        head_q,
        posed,
        neck,
        (from_neck[0], from_neck[1]),
        (left_arm_m, right_arm_m),
        neutral.devices if neutral and neutral.devices else Devices(),
    )


def neck_m(head_m: Vector, orientation: Quaternion) -> Vector:
    """The pivot of the neck below and behind a headset."""
    x, y, z = rotate(orientation, NECK_IN_HEAD_M)
    return (head_m[0] + x, head_m[1] + y, head_m[2] + z)


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


_NOBODY = Frame(0, LOST, Hand(LOST), Hand(LOST))
_ANYBODY = upright(Stance((0.0, 1.6, 0.0), 0.0))


class Body(NamedTuple):
    """The person at one frame. Positions are in the axes of `engine.frame`.

    `dt_s` is the time since the last frame that was played: a pause adds nothing to it. `lean_deg` is
    (forward, right); `head_m` and `lean_deg` are nan where there is no head. `left_seen` and `right_seen` say
    whether a hand is tracked: where it was only inferred, or is lost, its position is no place that a person
    reached. `frame` and `person` are what `engine.figure` derives the rest from.
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
    frame: Frame = _NOBODY
    person: Upright = _ANYBODY


def estimate(frame: Frame, person: Upright, time_s: float, dt_s: float) -> Body:
    """Derive the body from a frame, relative to how the person stands when nothing is asked."""
    left, right = frame.left, frame.right
    position, orientation, valid, _ = frame.head
    left_m, _, left_valid, left_tracked = left.grip
    right_m, _, right_valid, right_tracked = right.grip
    if not valid or position == ORIGIN:
        position = _NOWHERE
    x, height, z = position
    neutral, ahead_x, ahead_z = person.head_m, person.ahead_x, person.ahead_z
    dx, dz = x - neutral[0], z - neutral[2]
    lean = (
        math.degrees(math.atan2(dx * ahead_x + dz * ahead_z, height)),
        math.degrees(math.atan2(dz * ahead_x - dx * ahead_z, height)),
    )
    return Body(
        time_s,
        dt_s,
        position,
        forward(orientation),
        left_m,
        right_m,
        lean,
        left_valid and left_tracked and left_m != ORIGIN,
        right_valid and right_tracked and right_m != ORIGIN,
        left.trigger > PRESSED or right.trigger > PRESSED,
        frame,
        person,
    )


def shoulder_by_stature(stature_m: float, side: str) -> Vector:
    """The centre of a shoulder by body proportions (Drillis & Contini 1966): metres right, up and ahead of the head."""
    sideways = HALF_SHOULDER_WIDTH_OF_STATURE * stature_m * (1 if side == "right" else -1)
    return (sideways, (SHOULDER_HEIGHT_OF_STATURE - EYE_HEIGHT_OF_STATURE) * stature_m, -SHOULDER_BEHIND_EYES_M)
