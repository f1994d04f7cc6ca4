"""What the devices said at one predicted display time.

Axes are OpenXR's everywhere but in `engine/panda/axes.py`: x right, y up, -z forward, right-handed;
metres; unit quaternions (x, y, z, w) that turn device axes into space axes; floor at y = 0.
Devices speak 32-bit floats: every number of a Frame survives a round trip through float32, so that
a recording holds exactly what the session saw.
"""

import math
import struct
from enum import IntFlag
from typing import NamedTuple

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]

UPRIGHT: Quaternion = (0.0, 0.0, 0.0, 1.0)
SIDES = ("left", "right")
HAND_JOINTS = 26


class Pose(NamedTuple):
    """Where a device is and how it is turned.

    `valid` is false when the runtime gave no usable pose; `tracked` is false when it was inferred,
    which is good enough to draw and never good enough to measure.
    """

    position_m: Vector
    orientation: Quaternion = UPRIGHT
    valid: bool = True
    tracked: bool = True


class Hand(NamedTuple):
    """One hand: its grip pose, and how far trigger and squeeze are pressed (0 to 1)."""

    grip: Pose
    trigger: float = 0.0
    squeeze: float = 0.0


class Button(IntFlag):
    """What a person pressed or a runtime reported, as bits that can be recorded.

    RECENTRE, in one frame for a press, asks for a new middle of the room; the space that poses are given in never
    moves. RESTARTING says that the headset's software is gone and is being started again, AWAY that nobody wears the
    headset; both are in every frame for as long as it lasts. PAIN, DIZZY and TIRED are what a person says of
    themselves, pressed by them or by whoever stands beside; frames on end that hold one are one press.
    """

    NONE = 0
    MENU = 1
    STOP = 2
    RECENTRE = 4
    RESTARTING = 8
    AWAY = 16
    PAIN = 32
    DIZZY = 64
    TIRED = 128


LOST = Pose((0.0, 0.0, 0.0), UPRIGHT, valid=False, tracked=False)


class Speed(NamedTuple):
    """How fast a device moves and turns, in the axes of the space, as the runtime itself says."""

    linear_mps: Vector
    angular_radps: Vector


class Devices(NamedTuple):
    """What a runtime knows beyond head, grips and triggers; what it does not know is None or LOST.

    A source is `controller`, `hand` for a hand that cameras see, or `emulated` for finger poses that were made up
    from a controller and never count as movement of fingers. The joints of a hand are None unless cameras really see
    it: 26 places in OpenXR's order (palm, wrist, then each finger from its root to its tip, thumb first), nan where
    one is not seen.
    """

    head_speed: Speed | None = None
    left_speed: Speed | None = None
    right_speed: Speed | None = None
    left_aim: Pose = LOST
    right_aim: Pose = LOST
    chest: Pose = LOST
    waist: Pose = LOST
    left_foot: Pose = LOST
    right_foot: Pose = LOST
    left_source: str = "controller"
    right_source: str = "controller"
    left_joints_m: tuple[Vector, ...] | None = None
    right_joints_m: tuple[Vector, ...] | None = None


class Frame(NamedTuple):
    """One image's worth of input. `time_ns` is the predicted display time, never the wall clock.

    `focused` is false while the person cannot see the scene or act on it (headset off, system menu). `devices` is
    None where there is nothing beyond head and hands, as in a desk window.
    """

    time_ns: int
    head: Pose
    left: Hand
    right: Hand
    buttons: int = 0
    focused: bool = True
    devices: Devices | None = None


_FLOATS = struct.Struct("<25f")


def as_float32(values: tuple[float, ...]) -> tuple[float, ...]:
    """Round 25 numbers (three poses of seven, then two of trigger and squeeze) as a device would."""
    return _FLOATS.unpack(_FLOATS.pack(*values))


def rotate(orientation: Quaternion, vector: Vector) -> Vector:
    """Turn a vector by a unit quaternion."""
    x, y, z, w = orientation
    a, b, c = vector
    tx, ty, tz = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return (
        a + w * tx + y * tz - z * ty,
        b + w * ty + z * tx - x * tz,
        c + w * tz + x * ty - y * tx,
    )


def inverse(orientation: Quaternion) -> Quaternion:
    """The turn that undoes a unit quaternion."""
    x, y, z, w = orientation
    return (-x, -y, -z, w)


def times(a: Quaternion, b: Quaternion) -> Quaternion:
    """The turn by `b` and then, in the axes that both are given in, by `a`."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def rotation_deg(orientation: Quaternion) -> Vector:
    """The rotation vector of a unit quaternion: its axis, as long as its angle, which is 180 at most."""
    x, y, z, w = orientation
    sine = math.sqrt(x * x + y * y + z * z)
    if sine == 0:
        return (0.0, 0.0, 0.0)
    share = math.degrees(2 * (math.atan2(sine, w) if w >= 0 else -math.atan2(sine, -w))) / sine
    return (x * share, y * share, z * share)


def forward(orientation: Quaternion) -> Vector:
    """The direction that -z of the device points to, as `rotate` would give it, in fewer steps."""
    x, y, z, w = orientation
    return (-2 * (x * z + w * y), -2 * (y * z - w * x), 2 * (x * x + y * y) - 1)


def yaw_rad(orientation: Quaternion) -> float:
    """Heading about the vertical: 0 looks along -z, positive turns to the right (towards +x)."""
    x, _, z = forward(orientation)
    return math.atan2(x, -z)


def from_yaw_pitch(yaw_right_rad: float, pitch_up_rad: float) -> Quaternion:
    """The orientation of something that turned right by a yaw, then looked up by a pitch."""
    cy, sy = math.cos(yaw_right_rad / 2), math.sin(-yaw_right_rad / 2)
    cp, sp = math.cos(pitch_up_rad / 2), math.sin(pitch_up_rad / 2)
    return (cy * sp, sy * cp, -sy * sp, cy * cp)
