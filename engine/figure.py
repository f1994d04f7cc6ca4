"""The figure behind three tracked points, or more: neck, trunk, shoulders, elbows, hands, feet and their angles.

Head and hands are measured, and trackers on the body where somebody wears them; all else follows from body
proportions. So each quantity says how it was obtained, and whether it may be measured or is only good enough to be
shown: three points see no elbow, no humeral rotation and no turn of the trunk, and nothing here pretends to.

Errors below are those of this code, median and 90th percentile, with arms and shoulders as a calibration knows them:
"Kinect", 73 exercises of a patient (IntelliRehabDS), whose own limbs vary by centimetres; "markers", 290 frames of the
right arm lifting a box (pyomeca's example), with the trunk's markers as a chest tracker or, beside it, without.
"""

import math
from typing import Any, Generic, NamedTuple, TypeVar

from engine.body import (
    ARM_OF_STATURE,
    FOREARM_OF_STATURE,
    PALM_OF_STATURE,
    UPPER_ARM_OF_STATURE,
    Body,
    Upright,
    neck_m,
)
from engine.frame import Devices, Hand, Pose, Quaternion, Vector, inverse, rotate, rotation_deg, times

STRAIGHT_OF_ARM = 0.92  # from here on the line from shoulder to wrist is near enough to the upper arm
FLEXED_DEG = 60.0  # below, a centimetre of error is worth many degrees
PLANE_SEEN_DEG = (20.0, 160.0)  # a hanging or upright arm lies in every plane
HEAD_ON_TRUNK = math.radians(80)  # how far a head turns on its trunk
AHEAD_OF_ARM = 0.7  # hands so far ahead say where the trunk faces
ELBOW_OUT, ELBOW_DOWN, ELBOW_BACK = 0.5, 1.0, 0.3  # where an elbow hangs, beside the line from shoulder to wrist

UPPER_ARM_OF_ARM, FOREARM_OF_ARM, PALM_OF_ARM = (
    part / ARM_OF_STATURE for part in (UPPER_ARM_OF_STATURE, FOREARM_OF_STATURE, PALM_OF_STATURE)
)

_NOTHING_M = 1e-9
_SIGNS = (-1.0, 1.0)  # of what is outward, left and right
_WRIST = 1  # in OpenXR's order of joints
_NO_DEVICES = Devices()
_UP = (0.0, 1.0, 0.0)
_ORIGIN = (0.0, 0.0, 0.0)

T = TypeVar("T")


class Derived(NamedTuple, Generic[T]):
    """A quantity, None where it cannot be known; how it was obtained; whether it may be measured or only shown."""

    value: T | None
    how: str
    measurable: bool


class Arm(NamedTuple):
    """One arm. Positions are metres in the space of the frames, angles degrees.

    `shoulder_m` and `elbow_m` are only ever shown. Shoulder: Kinect 1.3 and 7.1 cm, most of it because a shoulder rises
    with its arm; markers 2.8 and 6.8 (3.1 and 6.7). Elbow: Kinect 3.7 and 8.8 cm; markers 5.4 and 8.8 (5.0 and 9.1).

    `elevation_deg` is that of the line from shoulder to wrist: 0 along the trunk, 180 straight up. It counts while that
    line is at least 0.92 of its length in a straight arm: Kinect 0.9 and 6.2 degrees, markers 5.6 and 7.8 (2.4 and
    4.9). The upper arm itself is lower by 10 and 16 (Kinect, raised above 60), by 17 and 20 in markers, because an
    elbow is seldom straight. `plane_deg` is the plane of elevation, 0 to the side and 90 ahead, where elevation is from
    20 to 160: 12 and 31 degrees from the upper arm's (Kinect). Without a chest tracker both are against gravity and the
    stance, so that what the trunk did is in them.

    `elbow_deg` is flexion, 0 straight, and counts above 60: 3.2 and 7.9 degrees in exercises of the elbow (Kinect),
    3.3 and 5.4 in markers (3.5 and 5.6); but 33 at the 90th percentile of all exercises, where arms are raised high.
    """

    shoulder_m: Derived[Vector]
    elbow_m: Derived[Vector]
    wrist_m: Derived[Vector]
    hand_m: Derived[Vector]
    elevation_deg: Derived[float]
    plane_deg: Derived[float]
    elbow_deg: Derived[float]


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


class _Trunk(NamedTuple):
    """How the trunk is turned, as far as is known or else as good as can be shown; and the neck as it carries it."""

    neck_m: Vector | None
    right: Vector
    up: Vector
    ahead: Vector
    yaw: float  # radians to the right of the stance
    turned: Quaternion | None  # since neutral, by a tracker on the chest
    how: str


_NOT_TRACKED: Derived[Any] = Derived(None, "not tracked", False)


def figure(body: Body) -> Figure:
    """Derive all that can be known about a body, from whatever was tracked in its frame."""
    frame = body.frame
    devices = frame.devices or _NO_DEVICES
    head = _place(frame.head)
    neck = None if head.value is None else neck_m(head.value, frame.head.orientation)
    trunk = _trunk(body, devices, neck)
    return Figure(
        head,
        _NOT_TRACKED if neck is None else Derived(neck, "head and proportions", False),
        _neck_deg(frame.head, head, body.person, trunk),
        _lean_deg(body, devices, head),
        _trunk_lean_deg(body, devices, trunk, neck),
        _trunk_yaw_deg(trunk),
        _arm(0, frame.left, devices.left_joints_m, body, trunk),
        _arm(1, frame.right, devices.right_joints_m, body, trunk),
        _place(devices.left_foot),
        _place(devices.right_foot),
    )


def _place(pose: Pose) -> Derived[Vector]:
    position, _, valid, tracked = pose
    if not valid or position == _ORIGIN:
        return _NOT_TRACKED
    return Derived(position, "tracked" if tracked else "inferred", tracked)


def _trunk(body: Body, devices: Devices, neck: Vector | None) -> _Trunk:
    """From the chest where it is tracked, then the waist, then hands and stance."""
    person = body.person
    x, z = person.ahead_x, person.ahead_z
    turned = _turned(devices.chest, person.trackers.chest)
    if turned is not None:
        carried = rotate(turned, _less(person.neck_m, person.trackers.chest.position_m))
        right, up, ahead = rotate(turned, (-z, 0.0, x)), rotate(turned, _UP), rotate(turned, (x, 0.0, z))
        yaw = _bearing(person, ahead[0], ahead[2])
        return _Trunk(_plus(devices.chest.position_m, carried), right, up, ahead, yaw, turned, "chest tracker")
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
    return _Trunk(neck, (-z, 0.0, x), _UP, (x, 0.0, z), yaw, None, how)


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
    level = math.hypot(look_x, look_z)
    hands, share = 0.0, 1.0
    for hand, arm_m in ((body.frame.left, body.person.arms_m[0]), (body.frame.right, body.person.arms_m[1])):
        place, _, valid, _ = hand.grip
        x, z = place[0] - neck[0], place[2] - neck[2]
        ahead = x * look_x + z * look_z
        if not valid or place == _ORIGIN or ahead <= 0:
            return head + stance, "stance"
        hands += math.atan2(z * look_x - x * look_z, ahead) / 2
        share = min(share, ahead / (level * AHEAD_OF_ARM * arm_m))
    return head + stance + share * (_on_neck(hands) - stance), "hands"


def _on_neck(turn: float) -> float:
    return max(-HEAD_ON_TRUNK, min(HEAD_ON_TRUNK, turn))


def _neck_deg(pose: Pose, head: Derived[Vector], person: Upright, trunk: _Trunk) -> Derived[Vector]:
    """The rotation vector of the head on the trunk, q0^-1 dT^-1 q, or in the room where no chest is tracked."""
    if head.value is None:
        return _NOT_TRACKED
    now, how = pose.orientation, "head, with the trunk's movement in it"
    if trunk.turned is not None:
        now, how = times(inverse(trunk.turned), now), "head and chest tracker"
    x, y, z = rotation_deg(times(inverse(person.head_q), now))
    return Derived((-x, -z, -y), how, head.measurable and person.posed)


def _lean_deg(body: Body, devices: Devices, head: Derived[Vector]) -> Derived[tuple[float, float]]:
    """The lean of Body; where both feet are tracked and have stepped, from where they are now."""
    if head.value is None:
        return _NOT_TRACKED
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


def _trunk_lean_deg(body: Body, devices: Devices, trunk: _Trunk, neck: Vector | None) -> Derived[tuple[float, float]]:
    """Of the chest where it is tracked, then of the line from waist to neck, else no more than the head's lean.

    The line from waist to neck is within 1.1 degrees forward and 1.8 sideways of the trunk's in 95 % of frames, the
    head's lean within 2.2 and 3.3 (Kinect; leans of up to 9 degrees).
    """
    person = body.person
    if trunk.turned is not None:
        return Derived(_lean_of(trunk.up, trunk.up[1], person), "chest tracker", True)
    if neck is None:
        return _NOT_TRACKED
    waist, worn = devices.waist, person.trackers.waist
    if not (_seen(waist) and _seen(worn)):
        return Derived(body.lean_deg, "head", False)
    line, neutral = _less(neck, waist.position_m), _less(person.neck_m, worn.position_m)
    now, then = _lean_of(line, line[1], person), _lean_of(neutral, neutral[1], person)
    return Derived((now[0] - then[0], now[1] - then[1]), "waist tracker and head", body.frame.head.tracked)


def _trunk_yaw_deg(trunk: _Trunk) -> Derived[float]:
    if trunk.neck_m is None and trunk.how == "stance":
        return _NOT_TRACKED
    return Derived(math.degrees(math.remainder(trunk.yaw, math.tau)), trunk.how, trunk.turned is not None)


def _arm(index: int, hand: Hand, joints_m: tuple[Vector, ...] | None, body: Body, trunk: _Trunk) -> Arm:
    arm_m, side, chest = body.person.arms_m[index], _SIGNS[index], trunk.turned is not None
    neck = trunk.neck_m
    grip = _place(hand.grip)
    wrist = _wrist(grip, hand.grip.orientation, joints_m, arm_m)
    if neck is None:
        return Arm(_NOT_TRACKED, _NOT_TRACKED, wrist, grip, _NOT_TRACKED, _NOT_TRACKED, _NOT_TRACKED)
    right, up, ahead = body.person.shoulders_m[index]
    centre = _carried(trunk, neck, right, up, ahead)
    shoulder = Derived(centre, "chest tracker and proportions" if chest else "head and proportions", False)
    if wrist.value is None:
        return Arm(shoulder, _NOT_TRACKED, wrist, grip, _NOT_TRACKED, _NOT_TRACKED, _NOT_TRACKED)
    line = _less(wrist.value, centre)
    line = (side * _dot(line, trunk.right), _dot(line, trunk.up), _dot(line, trunk.ahead))
    far_m = math.sqrt(_dot(line, line)) or _NOTHING_M
    upper_m, forearm_m = arm_m * UPPER_ARM_OF_ARM, arm_m * FOREARM_OF_ARM
    (out, rise, on), bent = _elbow(line, far_m, upper_m, forearm_m)
    elbow = _carried(trunk, neck, right + side * out, up + rise, ahead + on)
    known = (chest or body.frame.head.tracked) and (grip.measurable or wrist.measurable)
    straight = known and far_m >= STRAIGHT_OF_ARM * (upper_m + forearm_m)
    how = "line of the arm and chest tracker" if chest else "line of the arm"
    elevation, plane = _direction(line, 0.0 if chest else side * trunk.yaw)
    return Arm(
        shoulder,
        Derived(elbow, "natural swivel", False),
        wrist,
        grip,
        Derived(elevation, how, straight),
        Derived(plane, how, straight and plane is not None),
        Derived(bent, "law of cosines", known and FLEXED_DEG < bent < 180),
    )


def _carried(trunk: _Trunk, neck: Vector, right: float, up: float, ahead: float) -> Vector:
    """A place that the trunk carries, given from the neck."""
    (rx, ry, rz), (ux, uy, uz), (ax, ay, az) = trunk.right, trunk.up, trunk.ahead
    x, y, z = neck
    return (
        x + right * rx + up * ux + ahead * ax,
        y + right * ry + up * uy + ahead * ay,
        z + right * rz + up * uz + ahead * az,
    )


def _wrist(
    grip: Derived[Vector], orientation: Quaternion, joints_m: tuple[Vector, ...] | None, arm_m: float
) -> Derived[Vector]:
    if joints_m is not None and math.isfinite(joints_m[_WRIST][0]):
        return Derived(joints_m[_WRIST], "hand joints", True)
    if grip.value is None:
        return _NOT_TRACKED
    # The y axis of a grip runs along the palm towards the wrist.
    back = rotate(orientation, (0.0, arm_m * PALM_OF_ARM, 0.0))
    return Derived(_plus(grip.value, back), "grip and proportions", False)


def _direction(line: Vector, yaw: float) -> tuple[float, float | None]:
    """Elevation and plane of a line (outward, up, ahead) from a shoulder that is turned outward by a yaw."""
    out, up, ahead = line
    elevation = math.degrees(math.atan2(math.hypot(out, ahead), -up))
    if not PLANE_SEEN_DEG[0] < elevation < PLANE_SEEN_DEG[1]:
        return elevation, None
    return elevation, math.degrees(math.remainder(math.atan2(ahead, out) - yaw, math.tau))


def _elbow(line: Vector, far_m: float, upper_m: float, forearm_m: float) -> tuple[Vector, float]:
    """Where the elbow hangs, from the shoulder as the line to the wrist (outward, up, ahead); and its flexion.

    It lies on a circle about that line, the tip of a triangle whose sides are known: its height and its angle follow
    from Heron's formula, which stays exact for an arm that is almost straight.
    """
    out, up, ahead = line
    square = far_m * far_m
    bent = math.sqrt(max(0.0, (upper_m + forearm_m) ** 2 - square))
    open_ = math.sqrt(max(0.0, square - (upper_m - forearm_m) ** 2))
    along = min(upper_m, (upper_m * upper_m - forearm_m * forearm_m + square) / (2 * far_m)) / far_m
    hang = (ELBOW_OUT * out - ELBOW_DOWN * up - ELBOW_BACK * ahead) / square
    x, y, z = ELBOW_OUT - hang * out, -ELBOW_DOWN - hang * up, -ELBOW_BACK - hang * ahead
    bow = bent * open_ / (2 * far_m * (math.sqrt(x * x + y * y + z * z) or math.inf))
    place = (along * out + bow * x, along * up + bow * y, along * ahead + bow * z)
    return place, math.degrees(2 * math.atan2(bent, open_))


def _plus(a: Vector, b: Vector) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _less(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
