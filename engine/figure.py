"""The figure behind three tracked points, or more: neck, trunk, shoulders, elbows, hands, feet and their angles.

Head and hands are measured, and trackers on the body where somebody wears them; all else follows from body
proportions. So each quantity says how it was obtained, and whether it may be measured or is only good enough to be
shown: three points see no elbow, no humeral rotation and no turn of the trunk, and nothing here pretends to.

The errors below are those of `engine.upper_limb`.
"""

import math
from typing import NamedTuple

from engine.body import ORIGIN, Body, Upright, neck_m
from engine.frame import Devices, Pose, Quaternion, Vector, inverse, rotate, rotation_deg, times
from engine.upper_limb import NOT_TRACKED, Arm, Derived, Trunk, arm_of, placed

HEAD_ON_TRUNK = math.radians(80)  # how far a head turns on its trunk
AHEAD_OF_ARM = 0.7  # hands so far ahead say where the trunk faces

_NO_DEVICES = Devices()
_UP = (0.0, 1.0, 0.0)


class Figure(NamedTuple):
    """A whole person at one frame. Positions are metres in the space of the frames, angles degrees.

    `neck_deg` is how the head is turned from neutral on the chest, as a rotation vector: flexion, tilted to the right,
    turned to the right. Without a chest tracker the trunk's movement is in it, which in 52 sessions of healthy adults
    made 5, 9 and 5 degrees of whole ranges of 105, 87 and 138; without a neutral frame it is only shown. `lean_deg` is
    the lean of the head, as in Body; `trunk_lean_deg` that of the trunk, both forward and to the right.
    `trunk_yaw_deg` is how far the trunk has turned to the right of the stance.
    """

    head_m: Derived[Vector]
    neck_m: Derived[Vector]
    neck_deg: Derived[Vector]
    lean_deg: Derived[tuple[float, float]]
    trunk_lean_deg: Derived[tuple[float, float]]
    trunk_yaw_deg: Derived[float]
    left: Arm
    right: Arm
    left_foot_m: Derived[Vector]
    right_foot_m: Derived[Vector]


def figure(body: Body) -> Figure:
    """Derive all that can be known about a body, from whatever was tracked in its frame."""
    frame = body.frame
    devices = frame.devices or _NO_DEVICES
    head = placed(frame.head)
    neck = None if head.value is None else neck_m(head.value, frame.head.orientation)
    trunk = _trunk(body, devices, neck)
    return Figure(
        head,
        NOT_TRACKED if neck is None else Derived(neck, "head and proportions", False),
        _neck_deg(frame.head, head, body.person, trunk),
        _lean_deg(body, devices, head),
        _trunk_lean_deg(body, devices, trunk, neck),
        _trunk_yaw_deg(trunk),
        arm_of(0, frame.left, devices.left_joints_m, body, trunk),
        arm_of(1, frame.right, devices.right_joints_m, body, trunk),
        placed(devices.left_foot),
        placed(devices.right_foot),
    )


def _trunk(body: Body, devices: Devices, neck: Vector | None) -> Trunk:
    """From the chest where it is tracked, then the waist, then hands and stance."""
    person = body.person
    x, z = person.ahead_x, person.ahead_z
    turned = _turned(devices.chest, person.trackers.chest)
    if turned is not None:
        carried = rotate(turned, _less(person.neck_m, person.trackers.chest.position_m))
        right, up, ahead = rotate(turned, (-z, 0.0, x)), rotate(turned, _UP), rotate(turned, (x, 0.0, z))
        yaw = _bearing(person, ahead[0], ahead[2])
        return Trunk(_plus(devices.chest.position_m, carried), right, up, ahead, yaw, turned, "chest tracker")
    below = _turned(devices.waist, person.trackers.waist)
    if below is not None:
        ahead = rotate(below, (x, 0.0, z))
        yaw, how = _bearing(person, ahead[0], ahead[2]), "waist tracker"
    elif neck is None:
        yaw, how = 0.0, "stance"
    else:
        yaw, how = _yaw_of_hands(body, neck)
    sine, cosine = math.sin(yaw), math.cos(yaw)
    x, z = cosine * x - sine * z, sine * x + cosine * z
    return Trunk(neck, (-z, 0.0, x), _UP, (x, 0.0, z), yaw, None, how)


def _bearing(person: Upright, x: float, z: float) -> float:
    """How far to the right of the stance something points, in radians."""
    ahead_x, ahead_z = person.ahead_x, person.ahead_z
    return math.atan2(z * ahead_x - x * ahead_z, x * ahead_x + z * ahead_z)


def _seen(pose: Pose) -> bool:
    return pose.valid and pose.tracked


def _turned(now: Pose, then: Pose) -> Quaternion | None:
    """How a tracker has turned in the room since neutral; None unless it was tracked then and is now."""
    return times(now.orientation, inverse(then.orientation)) if _seen(now) and _seen(then) else None


def _yaw_of_hands(body: Body, neck: Vector) -> tuple[float, str]:
    """Where the trunk faces, in radians to the right of the stance, as far as head and hands tell.

    A trunk faces as in the stance unless the head could not be turned so far on it; hands that are both ahead of the
    face draw it to their middle. Its error is 2.8 degrees rms (Kinect); the middle of the hands alone, which means
    nothing while an arm hangs, was off by 55.
    """
    look_x, _, look_z = body.look
    head = _bearing(body.person, look_x, look_z)
    stance = _on_neck(-head)
    neck_x, _, neck_z = neck
    hands, nearest = 0.0, math.inf
    for hand, arm_m in zip((body.frame.left, body.frame.right), body.person.arms_m, strict=True):
        place, _, valid, _ = hand.grip
        x, z = place[0] - neck_x, place[2] - neck_z
        ahead = x * look_x + z * look_z
        if not valid or place == ORIGIN or ahead <= 0:
            return head + stance, "stance"
        hands += math.atan2(z * look_x - x * look_z, ahead) / 2
        nearest = min(nearest, ahead / arm_m)
    share = min(1.0, nearest / (AHEAD_OF_ARM * math.hypot(look_x, look_z)))
    return head + stance + share * (_on_neck(hands) - stance), "hands"


def _on_neck(turn: float) -> float:
    return max(-HEAD_ON_TRUNK, min(HEAD_ON_TRUNK, turn))


def _neck_deg(pose: Pose, head: Derived[Vector], person: Upright, trunk: Trunk) -> Derived[Vector]:
    """The rotation vector of the head on the trunk, q0^-1 dT^-1 q, or in the room where no chest is tracked."""
    if head.value is None:
        return NOT_TRACKED
    now, how = pose.orientation, "head, with the trunk's movement in it"
    if trunk.turned is not None:
        now, how = times(inverse(trunk.turned), now), "head and chest tracker"
    x, y, z = rotation_deg(times(inverse(person.head_q), now))
    return Derived((-x, -z, -y), how, head.measurable and person.posed)


def _lean_deg(body: Body, devices: Devices, head: Derived[Vector]) -> Derived[tuple[float, float]]:
    """The lean of Body; where both feet are tracked and have stepped, from where they are now."""
    if head.value is None:
        return NOT_TRACKED
    worn, left, right = body.person.trackers, devices.left_foot, devices.right_foot
    if not (_seen(left) and _seen(right) and _seen(worn.left_foot) and _seen(worn.right_foot)):
        return Derived(body.lean_deg, "head", head.measurable)
    left_x, _, left_z = _less(left.position_m, worn.left_foot.position_m)
    right_x, _, right_z = _less(right.position_m, worn.right_foot.position_m)
    x, y, z = _less(head.value, body.person.head_m)
    out = (x - (left_x + right_x) / 2, y, z - (left_z + right_z) / 2)
    return Derived(_lean_of(out, head.value[1], body.person), "head over feet", head.measurable)


def _lean_of(out: Vector, height: float, person: Upright) -> tuple[float, float]:
    x, _, z = out
    return (
        math.degrees(math.atan2(x * person.ahead_x + z * person.ahead_z, height)),
        math.degrees(math.atan2(z * person.ahead_x - x * person.ahead_z, height)),
    )


def _trunk_lean_deg(body: Body, devices: Devices, trunk: Trunk, neck: Vector | None) -> Derived[tuple[float, float]]:
    """Of the chest where it is tracked, then of the line from waist to neck, else no more than the head's lean.

    The line from waist to neck is within 1.1 degrees forward and 1.8 sideways of the trunk's in 95 % of frames, the
    head's lean within 2.2 and 3.3 (Kinect; leans of up to 9 degrees).
    """
    person = body.person
    if trunk.turned is not None:
        return Derived(_lean_of(trunk.up, trunk.up[1], person), "chest tracker", True)
    if neck is None:
        return NOT_TRACKED
    waist, worn = devices.waist, person.trackers.waist
    if not (_seen(waist) and _seen(worn)):
        return Derived(body.lean_deg, "head", False)
    line, neutral = _less(neck, waist.position_m), _less(person.neck_m, worn.position_m)
    now, then = _lean_of(line, line[1], person), _lean_of(neutral, neutral[1], person)
    return Derived((now[0] - then[0], now[1] - then[1]), "waist tracker and head", body.frame.head.tracked)


def _trunk_yaw_deg(trunk: Trunk) -> Derived[float]:
    if trunk.neck_m is None and trunk.how == "stance":
        return NOT_TRACKED
    return Derived(math.degrees(math.remainder(trunk.yaw, math.tau)), trunk.how, trunk.turned is not None)


def _plus(a: Vector, b: Vector) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _less(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])
