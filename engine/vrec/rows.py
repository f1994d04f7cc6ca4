"""Frames as rows of bytes, and rows as frames: the tables that a recording holds, and what is in their columns.

A row of `frames` is one frame but for its devices. What these knew beyond head and hands is a row of `devices`, and
each hand that was seen is a row of `joints`, for the frames that had any. Rows come back as frames bit for bit.
"""

import struct
from collections.abc import Iterator
from itertools import chain

import numpy as np

from engine.frame import HAND_JOINTS, SIDES, Devices, Frame, Hand, Pose, Speed, Vector

_ROW = struct.Struct("<q25fI")
_DEVICES_ROW = struct.Struct("<2I60f")
_JOINTS_ROW = struct.Struct(f"<2I{3 * HAND_JOINTS}f")
_POSE = ("x_m", "y_m", "z_m", "qx", "qy", "qz", "qw")
_SPEED = ("vx_mps", "vy_mps", "vz_mps", "wx_radps", "wy_radps", "wz_radps")
_SPEEDS = ("head", "left", "right")
_PLACES = ("left_aim", "right_aim", "chest", "waist", "left_foot", "right_foot")
FRAME = np.dtype(
    [("time_ns", "<i8")]
    + [(f"{device}_{part}", "<f4") for device in ("head", "left", "right") for part in _POSE]
    + [(f"{side}_{part}", "<f4") for side in ("left", "right") for part in ("trigger", "squeeze")]
    + [("flags", "<u4")]
)
DEVICES = np.dtype(
    [("frame", "<u4"), ("flags", "<u4")]
    + [(f"{device}_{part}", "<f4") for device in _SPEEDS for part in _SPEED]
    + [(f"{device}_{part}", "<f4") for device in _PLACES for part in _POSE]
)
"""What devices knew beyond head and hands in one frame; `frame` is its number in the file, from 0."""
JOINTS = np.dtype([("frame", "<u4"), ("side", "<u4"), ("place_m", "<f4", (HAND_JOINTS, 3))])
"""The joints of one hand in one frame that has devices; `side` is its place in `engine.frame.SIDES`."""
TABLES = {"frames": FRAME, "devices": DEVICES, "joints": JOINTS}
FLAGS = (
    "head_valid",
    "head_tracked",
    "left_valid",
    "left_tracked",
    "right_valid",
    "right_tracked",
    "focused",
)
BUTTONS_SHIFT = 8
DEVICES_FLAGS = (
    *(f"{device}_{what}" for device in _PLACES for what in ("valid", "tracked")),
    *(f"{device}_speed_known" for device in _SPEEDS),
)
SOURCES = ("controller", "hand", "emulated")
SOURCES_SHIFT = {"left": 16, "right": 18}
NO_DEVICES = np.empty(0, DEVICES)
NO_JOINTS = np.empty(0, JOINTS)
_SPEEDS_SHIFT = 2 * len(_PLACES)
_UNKNOWN_SPEED = (0.0,) * 6


def pack(frame: Frame) -> bytes:
    """One frame as one row of bytes, all but its devices."""
    time_ns, head, left, right, buttons, focused, _ = frame
    left_grip, right_grip = left.grip, right.grip
    flags = (
        head.valid
        | head.tracked << 1
        | left_grip.valid << 2
        | left_grip.tracked << 3
        | right_grip.valid << 4
        | right_grip.tracked << 5
        | focused << 6
        | buttons << BUTTONS_SHIFT
    )
    return _ROW.pack(
        time_ns,
        *head.position_m,
        *head.orientation,
        *left_grip.position_m,
        *left_grip.orientation,
        *right_grip.position_m,
        *right_grip.orientation,
        left.trigger,
        left.squeeze,
        right.trigger,
        right.squeeze,
        flags,
    )


def pack_devices(number: int, devices: Devices) -> bytes:
    """What devices knew in the frame of a number, all but the joints of hands, as one row of bytes."""
    flags = SOURCES.index(devices.left_source) << SOURCES_SHIFT["left"]
    flags |= SOURCES.index(devices.right_source) << SOURCES_SHIFT["right"]
    values: list[float] = []
    for bit, speed in enumerate(devices[:3], _SPEEDS_SHIFT):
        if speed is None:
            values += _UNKNOWN_SPEED
        else:
            flags |= 1 << bit
            values += speed.linear_mps
            values += speed.angular_radps
    for index, (position, orientation, valid, tracked) in enumerate(devices[3:9]):
        flags |= (valid | tracked << 1) << 2 * index
        values += position
        values += orientation
    return _DEVICES_ROW.pack(number, flags, *values)


def pack_joints(number: int, devices: Devices) -> list[bytes]:
    """The joints of the hands that were seen in the frame of a number, one row of bytes for each hand."""
    return [
        _JOINTS_ROW.pack(number, side, *chain.from_iterable(places))
        for side, places in enumerate((devices.left_joints_m, devices.right_joints_m))
        if places is not None
    ]


def frames(rows: np.ndarray, devices: np.ndarray = NO_DEVICES, joints: np.ndarray = NO_JOINTS) -> Iterator[Frame]:
    """The frames that rows were packed from, each with the devices and joints that were packed beside it."""
    beside = _unpacked(devices, joints)
    known_in, known = next(beside, (-1, None))
    for number, values in enumerate(_ROW.iter_unpack(rows.tobytes())):
        flags = values[26]
        poses = [
            Pose(values[i : i + 3], values[i + 3 : i + 7], bool(flags & valid), bool(flags & valid << 1))
            for i, valid in ((1, 1), (8, 4), (15, 16))
        ]
        left, right = Hand(poses[1], values[22], values[23]), Hand(poses[2], values[24], values[25])
        frame = Frame(values[0], poses[0], left, right, flags >> BUTTONS_SHIFT, bool(flags & 64))
        if number == known_in:
            yield frame._replace(devices=known)
            known_in, known = next(beside, (-1, None))
        else:
            yield frame


def _unpacked(devices: np.ndarray, joints: np.ndarray) -> Iterator[tuple[int, Devices]]:
    content = joints.tobytes()
    starts = range(0, len(content), _JOINTS_ROW.size)
    start_of = dict(zip(zip(joints["frame"].tolist(), joints["side"].tolist(), strict=True), starts, strict=True))
    for values in _DEVICES_ROW.iter_unpack(devices.tobytes()):
        number, flags, *_ = values
        speeds = [
            Speed(values[i : i + 3], values[i + 3 : i + 6]) if flags >> bit & 1 else None
            for bit, i in enumerate(range(2, 20, 6), _SPEEDS_SHIFT)
        ]
        poses = [
            Pose(values[i : i + 3], values[i + 3 : i + 7], bool(flags & 1 << bit), bool(flags & 2 << bit))
            for bit, i in zip(range(0, 12, 2), range(20, 62, 7), strict=True)
        ]
        sources = (SOURCES[flags >> shift & 3] for shift in SOURCES_SHIFT.values())
        hands = (_places_m(content, start_of.get((number, side))) for side in range(len(SIDES)))
        yield number, Devices._make((*speeds, *poses, *sources, *hands))


def _places_m(content: bytes, start: int | None) -> tuple[Vector, ...] | None:
    if start is None:
        return None
    _, _, *values = _JOINTS_ROW.unpack_from(content, start)
    return tuple(zip(values[::3], values[1::3], values[2::3], strict=True))
