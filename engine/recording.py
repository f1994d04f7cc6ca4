"""The recording: frames as a compressed stream of blocks that survives a crash up to its last whole block.

A file is the magic `VREC`, a version byte, then records of `length, tag, payload` (little-endian u32 length,
8-byte BLAKE2b tag of the payload). The first record is the header, a msgpack map that describes the columns
well enough to read the file without this software; each further one is a block of rows. A block's rows are
stored byte plane by byte plane (all first bytes, then all second bytes, ...), which groups what changes
slowly, and compressed with zstd. Nothing is lost: rows come back bit for bit.
"""

import errno
import hashlib
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import msgpack
import numpy as np
import zstandard

from engine.frame import Frame, Hand, Pose

MAGIC = b"VREC\x01"
ROWS_PER_BLOCK = 90
LEVEL = 3

_ROW = struct.Struct("<q25fI")
_HEAD = struct.Struct("<I8s")
_POSE = ("x_m", "y_m", "z_m", "qx", "qy", "qz", "qw")
FRAME = np.dtype(
    [("time_ns", "<i8")]
    + [(f"{device}_{part}", "<f4") for device in ("head", "left", "right") for part in _POSE]
    + [(f"{side}_{part}", "<f4") for side in ("left", "right") for part in ("trigger", "squeeze")]
    + [("flags", "<u4")]
)
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
_LARGEST_RECORD = 1 << 26


class RecordingUnreadable(ValueError):
    """A file that is not a recording, or not one of a known version; the message names it and the reason."""


class RecordingUnwritten(OSError):
    """The disk refused a block; the file ends with the block before it."""


class Recorded(NamedTuple):
    """A recording as read: its header, its rows (dtype FRAME), and what was amiss ("" when nothing was)."""

    header: dict[str, Any]
    rows: np.ndarray
    note: str


def pack(frame: Frame) -> bytes:
    """One frame as one row of bytes."""
    time_ns, head, left, right, buttons, focused = frame
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


def frames(rows: np.ndarray) -> Iterator[Frame]:
    """The frames that rows were packed from."""
    for values in _ROW.iter_unpack(rows.tobytes()):
        flags = values[26]
        poses = [
            Pose(values[i : i + 3], values[i + 3 : i + 7], bool(flags & valid), bool(flags & valid << 1))
            for i, valid in ((1, 1), (8, 4), (15, 16))
        ]
        left, right = Hand(poses[1], values[22], values[23]), Hand(poses[2], values[24], values[25])
        yield Frame(values[0], poses[0], left, right, flags >> BUTTONS_SHIFT, bool(flags & 64))


class Writer:
    """Writes a recording row by row; a context manager. After `close`, `sha256` and `bytes` describe the file."""

    def __init__(self, path: Path, about: dict[str, Any]) -> None:
        """Begin a file at `path`; `about` goes into the header beside the description of the columns."""
        self.path = path
        self.rows = 0  # rows that are in the file
        self._pending: list[bytes] = []
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._hash = hashlib.sha256()
        self.bytes = 0
        self._file = path.open("wb", buffering=0)
        self._put(MAGIC)
        self._record(msgpack.packb(_header(about)))

    def write(self, row: bytes) -> None:
        """Add one packed row; raises RecordingUnwritten, and the file ends with its last whole block."""
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
            rows = np.frombuffer(b"".join(self._pending), np.uint8).reshape(len(self._pending), -1)
            self._pending = []
            self._record(self._compressor.compress(np.ascontiguousarray(rows.T).tobytes()))
            self.rows += len(rows)

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
    if not content.startswith(MAGIC):
        raise RecordingUnreadable(f"{path} is not a recording: it does not begin with {MAGIC!r}")
    payloads, note = _payloads(content)
    if not payloads:
        raise RecordingUnreadable(f"{path} is a recording whose header is damaged or cut off: {note}")
    header: dict[str, Any] = msgpack.unpackb(payloads[0])
    if header.get("row_bytes") != FRAME.itemsize:
        raise RecordingUnreadable(
            f"{path} has rows of {header.get('row_bytes')} bytes, this version reads {FRAME.itemsize}"
        )
    decompress = zstandard.ZstdDecompressor().decompress
    blocks = [_rows(decompress(payload)) for payload in payloads[1:]]
    return Recorded(header, np.concatenate(blocks) if blocks else np.empty(0, FRAME), note)


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


def _rows(planes: bytes) -> np.ndarray:
    table = np.frombuffer(planes, np.uint8).reshape(FRAME.itemsize, -1)
    return np.ascontiguousarray(table.T).reshape(-1).view(FRAME)


def _tag(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=8).digest()


def _header(about: dict[str, Any]) -> dict[str, Any]:
    columns = [[name, np.dtype(FRAME[name]).str] for name in FRAME.names or ()]
    return {
        "format": "steadyreach recording 1",
        "axes": "OpenXR: x right, y up, -z forward, right-handed; quaternions x y z w, device to space",
        "units": "metres; time_ns is the predicted display time; trigger and squeeze from 0 to 1",
        "columns": columns,
        "row_bytes": FRAME.itemsize,
        "flags": list(FLAGS),
        "buttons": {"first_bit": BUTTONS_SHIFT, "names": ["menu", "stop", "recentre"]},
        "block": "zstd of the transposed bytes of its rows",
        **about,
    }
