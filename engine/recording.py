"""The recording: frames as a compressed stream of blocks that survives a crash up to its last whole block.

A file is the magic `VREC`, a version byte, then records of `length, tag, payload` (little-endian u32 length,
8-byte BLAKE2b tag of the payload). The first record is the header, a msgpack map that describes the tables well
enough to read the file without this software; each further one is a block: so many frames, and beside them what
their devices knew beyond head and hands, and the joints of the hands that were seen, for the frames that had any. A
table's rows are stored byte plane by byte plane (all first bytes, then all second bytes, ...), which groups what
changes slowly, and a block is compressed with zstd. Nothing is lost: rows come back bit for bit, and a frame never
without its devices. Files of version 2 are the same without the table of joints, and are read too.
"""

import errno
import hashlib
import os
import struct
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import msgpack
import numpy as np
import zstandard

from engine.frame import HAND_JOINTS, SIDES, Button, Devices, Frame, Hand, Pose, Speed, Vector

MAGIC = b"VREC\x03"
READABLE = (MAGIC, b"VREC\x02")
ROWS_PER_BLOCK = 90
LEVEL = 3

_ROW = struct.Struct("<q25fI")
_DEVICES_ROW = struct.Struct("<2I60f")
_JOINTS_ROW = struct.Struct(f"<2I{3 * HAND_JOINTS}f")
_HEAD = struct.Struct("<I8s")
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
_LARGEST_RECORD = 1 << 26
_COUNT = np.dtype("<u4")


class RecordingUnreadable(ValueError):
    """A file that is not a recording, or not one of a known version; the message names it and the reason."""


class RecordingUnwritten(OSError):
    """The disk refused a block; the file ends with the block before it."""


class Recorded(NamedTuple):
    """A recording as read: header, tables (dtypes FRAME, DEVICES, JOINTS), what was amiss ("" for nothing)."""

    header: dict[str, Any]
    rows: np.ndarray
    devices: np.ndarray = NO_DEVICES
    joints: np.ndarray = NO_JOINTS
    note: str = ""


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


class Writer:
    """Writes a recording row by row; a context manager. After `close`, `sha256` and `bytes` describe the file."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        """Begin a file at `path`; `about` goes into the header beside the description of the tables."""
        self.path = path
        self.rows = 0  # rows that are in the file
        self._pending: list[bytes] = []
        self._beside: list[bytes] = []
        self._joints: list[bytes] = []
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._hash = hashlib.sha256()
        self.bytes = 0
        self._file = path.open("wb", buffering=0)
        self._put(MAGIC)
        self._record(msgpack.packb(_header(about)))

    def write(self, row: bytes, devices: Devices | None = None) -> None:
        """Add one packed row, and its devices; raises RecordingUnwritten, and the file ends with a whole block."""
        if devices is not None:
            number = self.rows + len(self._pending)
            self._beside.append(pack_devices(number, devices))
            self._joints += pack_joints(number, devices)
        self._pending.append(row)
        if len(self._pending) == ROWS_PER_BLOCK:
            self._flush()

    def close(self) -> None:
        """Write what is pending and close the file; may be called twice."""
        if not self._file.closed:
            try:
                self._flush()
            finally:
                self._file.close()

    @property
    def sha256(self) -> str:
        """The hash of all bytes written so far, in hexadecimal."""
        return self._hash.hexdigest()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _flush(self) -> None:
        if self._pending:
            tables = self._pending, self._beside, self._joints
            self._pending, self._beside, self._joints = [], [], []
            block = [np.array([len(rows) for rows in tables], _COUNT).tobytes(), *map(_planes, tables)]
            self._record(self._compressor.compress(b"".join(block)))
            self.rows += len(tables[0])

    def _record(self, payload: bytes) -> None:
        self._put(_HEAD.pack(len(payload), _tag(payload)) + payload)

    def _put(self, content: bytes) -> None:
        try:
            if self._file.write(content) != len(content):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as reason:
            self._file.truncate(self.bytes)
            raise RecordingUnwritten(reason.errno, reason.strerror, str(self.path)) from None
        self._hash.update(content)
        self.bytes += len(content)


def read(path: Path) -> Recorded:
    """Read a recording, also one that was cut or damaged: whole blocks come back, and `note` says what is missing.

    Raises RecordingUnreadable when the file is missing, is something else, or its header is gone.
    """
    try:
        content = path.read_bytes()
    except OSError as reason:
        raise RecordingUnreadable(f"{path} cannot be read: {reason.strerror}") from None
    if not content.startswith(READABLE):
        raise RecordingUnreadable(f"{path} is not a recording: it does not begin with {MAGIC!r}")
    payloads, note = _payloads(content)
    if not payloads:
        raise RecordingUnreadable(f"{path} is a recording whose header is damaged or cut off: {note}")
    header: dict[str, Any] = msgpack.unpackb(payloads[0])
    described = {name: table["row_bytes"] for name, table in header.get("tables", {}).items()}
    known = {name: kind.itemsize for name, kind in TABLES.items()}
    if described not in (known, {name: known[name] for name in ("frames", "devices")}):
        raise RecordingUnreadable(f"{path} has rows of {described} bytes, this version reads {known}")
    kinds = [TABLES[name] for name in described]
    decompress = zstandard.ZstdDecompressor().decompress
    blocks = [_tables(decompress(payload), kinds) for payload in payloads[1:]]
    frames_, devices, joints = (
        np.concatenate([np.empty(0, kind), *(block[index] for block in blocks if index < len(block))])
        for index, kind in enumerate(TABLES.values())
    )
    return Recorded(header, frames_, devices, joints, note)


def _payloads(content: bytes) -> tuple[list[bytes], str]:
    found: list[bytes] = []
    at = len(MAGIC)
    while at < len(content):
        if at + _HEAD.size > len(content):
            return found, f"cut off after {len(found)} records"
        length, tag = _HEAD.unpack_from(content, at)
        payload = content[at + _HEAD.size : at + _HEAD.size + length]
        if length > _LARGEST_RECORD or len(payload) < length:
            return found, f"cut off after {len(found)} records"
        if _tag(payload) != tag:
            return found, f"damaged after {len(found)} records"
        found.append(payload)
        at += _HEAD.size + length
    return found, ""


def _planes(rows: Sequence[bytes]) -> bytes:
    table = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1 if rows else 0)
    return np.ascontiguousarray(table.T).tobytes()


def _tables(block: bytes, kinds: Sequence["np.dtype[np.void]"]) -> list[np.ndarray]:
    counts = np.frombuffer(block, _COUNT, len(kinds)).tolist()
    at, tables = len(kinds) * _COUNT.itemsize, []
    for kind, count in zip(kinds, counts, strict=True):
        planes = np.frombuffer(block, np.uint8, count * kind.itemsize, at).reshape(kind.itemsize, count)
        tables.append(np.ascontiguousarray(planes.T).reshape(-1).view(kind))
        at += planes.size
    return tables


def _tag(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=8).digest()


def _header(about: dict[str, Any]) -> dict[str, Any]:
    buttons = {"first_bit": BUTTONS_SHIFT, "names": [str(button.name).lower() for button in Button]}
    sources = {"first_bits": SOURCES_SHIFT, "bits": 2, "names": list(SOURCES)}
    return {
        "format": "steadyreach recording 3",
        "axes": "OpenXR: x right, y up, -z forward, right-handed; quaternions x y z w, device to space",
        "units": "metres and seconds; time_ns is the predicted display time; trigger and squeeze from 0 to 1",
        "tables": {
            "frames": {**_described(FRAME), "flags": list(FLAGS), "buttons": buttons},
            "devices": {**_described(DEVICES), "flags": list(DEVICES_FLAGS), "sources": sources},
            "joints": {**_described(JOINTS), "sides": list(SIDES), "order": "XrHandJointEXT"},
        },
        "block": "zstd of: a u32 for each table, how many rows of it follow, then the transposed bytes of each table's"
        " rows; the frame of a row of devices or joints is the number of its row of frames in the file, from 0",
        **about,
    }


def _described(kind: "np.dtype[np.void]") -> dict[str, Any]:
    return {"columns": kind.descr, "row_bytes": kind.itemsize}
