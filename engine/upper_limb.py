"""The upper limb behind a hand: shoulder, elbow and wrist as a trunk carries them, and their angles.

Errors below are those of this code, median and 90th percentile, with arms and shoulders as a calibration knows them:
"Kinect", 73 exercises of a patient (IntelliRehabDS), whose own limbs vary by centimetres; "markers", 290 frames of the
right arm lifting a box (pyomeca's example), with the trunk's markers as a chest tracker or, beside it, without.
"""

import math
from typing import Any, Generic, NamedTuple, TypeVar

from engine.body import ARM_OF_STATURE, FOREARM_OF_STATURE, ORIGIN, PALM_OF_STATURE, UPPER_ARM_OF_STATURE, Body
from engine.frame import Hand, Pose, Quaternion, Vector

STRAIGHT_OF_ARM = 0.92  # from here on the line from shoulder to wrist is near enough to the upper arm
FLEXED_DEG = 60.0  # below, a centimetre of error is worth many degrees
PLANE_SEEN_DEG = (20.0, 160.0)  # a hanging or upright arm lies in every plane
ELBOW_OUT, ELBOW_DOWN, ELBOW_BACK = 0.5, 1.0, 0.3  # where an elbow hangs, beside the line from shoulder to wrist

UPPER_ARM_OF_ARM, FOREARM_OF_ARM, PALM_OF_ARM = (
    part / ARM_OF_STATURE for part in (UPPER_ARM_OF_STATURE, FOREARM_OF_STATURE, PALM_OF_STATURE)
)

_NOTHING_M = 1e-9
_SIGNS = (-1.0, 1.0)  # of what is outward, left and right
_WRIST = 1  # in OpenXR's order of joints

T = TypeVar("T")


class Derived(NamedTuple, Generic[T]):
    """A quantity, None where it cannot be known; how it was obtained; whether it may be measured or only shown."""

    value: T | None
    how: str
    measurable: bool


NOT_TRACKED: Derived[Any] = Derived(None, "not tracked", False)


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


class Trunk(NamedTuple):
    """How the trunk is turned, as far as is known or else as good as can be shown; and the neck as it carries it."""

    neck_m: Vector | None
    right: Vector
    up: Vector
    ahead: Vector
    yaw: float  # radians to the right of the stance
    turned: Quaternion | None  # since neutral, by a tracker on the chest
    how: str


def placed(pose: Pose) -> Derived[Vector]:
    """Where a device is; never at the exact origin, which is where some runtimes put one that they lost."""
    position, _, valid, tracked = pose
    if not valid or position == ORIGIN:
        return NOT_TRACKED
    return Derived(position, "tracked" if tracked else "inferred", tracked)


def arm_of(index: int, hand: Hand, joints_m: tuple[Vector, ...] | None, body: Body, trunk: Trunk) -> Arm:
    """Derive the arm of a side (0 left, 1 right) from its hand, or the joints of one that cameras see."""
    arm_m, side, chest = body.person.arms_m[index], _SIGNS[index], trunk.turned is not None
    neck = trunk.neck_m
    grip = placed(hand.grip)
    wrist = _wrist(grip, hand.grip.orientation, joints_m, arm_m)
    if neck is None:
        return Arm(NOT_TRACKED, NOT_TRACKED, wrist, grip, NOT_TRACKED, NOT_TRACKED, NOT_TRACKED)
    (rx, ry, rz), (ux, uy, uz), (ax, ay, az) = trunk.right, trunk.up, trunk.ahead
    right, up, ahead = body.person.shoulders_m[index]
    x = neck[0] + right * rx + up * ux + ahead * ax
    y = neck[1] + right * ry + up * uy + ahead * ay
    z = neck[2] + right * rz + up * uz + ahead * az
    shoulder = Derived((x, y, z), "chest tracker and proportions" if chest else "head and proportions", False)
    if wrist.value is None:
        return Arm(shoulder, NOT_TRACKED, wrist, grip, NOT_TRACKED, NOT_TRACKED, NOT_TRACKED)
    dx, dy, dz = wrist.value
    dx, dy, dz = dx - x, dy - y, dz - z
    line = (side * (dx * rx + dy * ry + dz * rz), dx * ux + dy * uy + dz * uz, dx * ax + dy * ay + dz * az)
    far_m = math.sqrt(dx * dx + dy * dy + dz * dz) or _NOTHING_M
    upper_m, forearm_m = arm_m * UPPER_ARM_OF_ARM, arm_m * FOREARM_OF_ARM
    (out, rise, on), bent = _elbow(line, far_m, upper_m, forearm_m)
    out *= side
    elbow = (x + out * rx + rise * ux + on * ax, y + out * ry + rise * uy + on * ay, z + out * rz + rise * uz + on * az)
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


def _wrist(
    grip: Derived[Vector], orientation: Quaternion, joints_m: tuple[Vector, ...] | None, arm_m: float
) -> Derived[Vector]:
    if joints_m is not None and math.isfinite(joints_m[_WRIST][0]):
        return Derived(joints_m[_WRIST], "hand joints", True)
    if grip.value is None:
        return NOT_TRACKED
    # The y axis of a grip, (0, 1, 0) turned by its orientation, runs along the palm towards the wrist.
    (hand_x, hand_y, hand_z), (x, y, z, w), double = grip.value, orientation, 2 * PALM_OF_ARM * arm_m
    place = (
        hand_x + double * (x * y - w * z),
        hand_y + double * (0.5 - x * x - z * z),
        hand_z + double * (y * z + w * x),
    )
    return Derived(place, "grip and proportions", False)


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
