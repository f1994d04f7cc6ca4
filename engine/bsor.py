"""Recordings of other people's headsets: Beat Saber replays (BSOR version 1) as rows of our own.

Format: BeatLeader Open Replay, https://github.com/BeatLeader/BS-Open-Replay. Unity is left-handed with +z
forward, OpenXR right-handed with -z forward: a position (x, y, z) becomes (x, y, -z), an orientation
(x, y, z, w) becomes (-x, -y, z, w). Hands are the sabers' poses, which sit a little off the palms.
"""

import struct
from pathlib import Path

import numpy as np

from engine.recording import FRAME, RecordingUnreadable

MAGIC = 0x442D3D69
INFO, FRAMES = 0, 1
_TEXTS_BEFORE_SCORE, _TEXTS_AFTER_SCORE, _REST_OF_INFO_BYTES = 13, 3, 21
_FRAME = np.dtype([("time_s", "<f4"), ("fps", "<i4")] + [(device, "<f4", 7) for device in ("head", "left", "right")])
_ALL_SEEN = 0b1111111
_LONGEST_S = 86_400.0


def read(path: Path) -> np.ndarray:
    """The frames of a replay as rows (dtype `engine.recording.FRAME`), in our axes; nothing is cleaned.

    Raises RecordingUnreadable, naming file and reason, when it is not a replay or is cut short.
    """
    try:
        content = path.read_bytes()
    except OSError as reason:
        raise RecordingUnreadable(f"{path} cannot be read: {reason.strerror}") from None
    try:
        return _rows(_frames(content))
    except _Foreign as reason:
        raise RecordingUnreadable(f"{path} is not a Beat Saber replay: {reason}") from None
    except (struct.error, ValueError):
        raise RecordingUnreadable(f"{path} is a Beat Saber replay that is cut short") from None


class _Foreign(Exception):
    pass


def _frames(content: bytes) -> np.ndarray:
    if len(content) < 6:
        raise _Foreign(f"it holds {len(content)} bytes")
    magic, version, section = struct.unpack_from("<iBB", content)
    if magic != MAGIC or version != 1 or section != INFO:
        raise _Foreign(f"it begins with {content[:6].hex(' ')}")
    at = _after_texts(content, 6, _TEXTS_BEFORE_SCORE) + 4
    at = _after_texts(content, at, _TEXTS_AFTER_SCORE) + _REST_OF_INFO_BYTES
    section, count = struct.unpack_from("<Bi", content, at)
    if section != FRAMES or count < 0:
        raise _Foreign(f"section {section} stands where the frames should")
    found = np.frombuffer(content, _FRAME, count, at + 5)
    with np.errstate(invalid="ignore"):
        if not np.all(np.abs(found["time_s"]) < _LONGEST_S):
            raise _Foreign("a frame's time is not a time of song")
    return found


def _after_texts(content: bytes, at: int, texts: int) -> int:
    for _ in range(texts):
        (length,) = struct.unpack_from("<i", content, at)
        if not 0 <= length <= len(content):
            raise _Foreign(f"a text of {length} bytes at byte {at}")
        at += 4 + length
    return at


def _rows(found: np.ndarray) -> np.ndarray:
    rows = np.zeros(len(found), FRAME)
    rows["time_ns"] = np.round(found["time_s"].astype(float) * 1e9).astype(np.int64)
    for device in ("head", "left", "right"):
        with np.errstate(invalid="ignore"):  # what is not a number stays so, and is dropped where rows are cleaned
            poses = found[device] * np.array([1, 1, -1, -1, -1, 1, 1], np.float32)
        for column, values in zip(("x_m", "y_m", "z_m", "qx", "qy", "qz", "qw"), poses.T, strict=True):
            rows[f"{device}_{column}"] = values
    rows["flags"] = _ALL_SEEN
    return rows
