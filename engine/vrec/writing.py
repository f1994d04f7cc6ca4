"""A recording that is written while a session runs: taken in microseconds, stored by a thread of its own.

Whoever gives frames only hands them over. The thread packs, compresses, seals, hashes and writes them in slices of
less than a millisecond and rests between these, because Python runs one thread at a time.
"""

import errno
import math
import threading
import time
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import msgspec
import numpy as np

from engine.frame import Devices
from engine.sealing import Cipher
from engine.vrec import columns, contents
from engine.vrec.blocks import BlockFile, Kind, RecordingUnwritten, Tagging
from engine.vrec.contents import RecordedEvent, Totals
from engine.vrec.rows import TABLES, pack_devices, pack_joints

ROWS_PER_BLOCK = 90
MOST_WAITING = 128
"""Blocks that wait for the disk: more than a minute of frames. Whoever gives them faster than time passes waits."""
PATIENCE_S = 60.0
"""A disk that takes nothing for longer ends the recording."""
SETTLE_S = 5.0
_LOOK_S, _REST_S, _ROOM_S = 0.05, 0.0005, 0.002
_SLICE_ROWS = 15
_HURRY = 3  # blocks that wait before the thread stops resting


class _Second(NamedTuple):
    """What is handed over at once: frames with their devices, from a number on, and the events among them."""

    first: int
    frames: list[tuple[bytes, Devices | None]]
    events: list[RecordedEvent]
    since_s: float


class Writer:
    """Writes a recording row by row; a context manager. After `close`, `sha256` and `bytes` describe the file.

    `rows` is how many frames are in it so far. The same frames and events make the same file, unless it is sealed.
    After a disk that hung for too long they stay what they were: what it takes later is cut off when the thread ends,
    and else, where the program ended before, by `engine.session_folder.cut`.
    """

    def __init__(self, path: Path, about: dict[str, Any], cipher: Cipher | None = None) -> None:
        """Begin a file at `path`; `about` goes into the header, sealed where there is a cipher, as all blocks then are.

        Raises OSError, RecordingUnwritten when the disk takes not even the header.
        """
        self.path, self.rows = path, 0
        self._file = BlockFile(path, contents.header(about, contents.LOSSLESS, cipher), cipher or Tagging())
        self._frames: list[tuple[bytes, Devices | None]] = []
        self._events: list[RecordedEvent] = []
        self._given, self._noted = 0, 0  # frames that were handed over, events in the file
        self._waiting: deque[_Second] = deque()
        self._failure: OSError | None = None
        self._describing = threading.Lock()
        self._describe()
        self._full = ROWS_PER_BLOCK
        self._told, self._closing = False, threading.Event()
        self._settled_s, self._ending_s = time.monotonic(), math.inf
        self._thread = threading.Thread(target=self._work, name=f"recording {path.name}", daemon=True)
        self._thread.start()

    def write(self, row: bytes, devices: Devices | None = None) -> None:
        """Add one packed row, and its devices; it is stored later.

        Raises RecordingUnwritten where the disk refused what was given before, and the file ends with a whole block.
        """
        frames = self._frames
        frames.append((row, devices))
        if len(frames) >= self._full:
            self._hand_over()

    def event(self, at_s: float, name: str, detail: str = "") -> None:
        """Note what happened after the frame that was written last, at a moment of the session."""
        self._events.append(RecordedEvent(self._given + len(self._frames), at_s, name, detail))

    def close(self) -> None:
        """Store what is left, wait until the disk has it, and close the file; may be called twice.

        Raises RecordingUnwritten, unless `write` did.
        """
        if self._closing.is_set():
            return
        try:
            if (self._frames or self._events) and self._failure is None:
                self._hand_over()
        finally:
            self._closing.set()
            while self._thread.is_alive() and self._failure is None:
                self._thread.join(_LOOK_S)
                self._lose_patience()
        if not self._told:
            self._refuse()

    def __enter__(self) -> "Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hand_over(self) -> None:
        self._lose_patience()
        self._refuse()
        while len(self._waiting) >= MOST_WAITING:
            time.sleep(_ROOM_S)
            self._lose_patience()
            self._refuse()
        self._waiting.append(_Second(self._given, self._frames, self._events, time.monotonic()))
        self._given += len(self._frames)
        self._frames, self._events = [], []

    def _lose_patience(self) -> None:
        try:
            since_s = self._waiting[0].since_s
        except IndexError:  # nothing waits but the end
            since_s = self._ending_s
        if time.monotonic() - since_s > PATIENCE_S and self._failure is None:
            why = f"the disk took nothing for {PATIENCE_S:g} s"
            self._fail(RecordingUnwritten(errno.ETIMEDOUT, why, str(self.path)))

    def _fail(self, reason: OSError) -> None:
        with self._describing:
            if self._failure is None:
                self._failure, self._full = reason, 1  # the next frame is handed over at once, and refused

    def _describe(self, frames: int = 0) -> None:
        """Say what is in the file, with so many frames more; after a failure that is what was said before."""
        with self._describing:
            if self._failure is None:
                self.bytes, self.sha256, self.rows = self._file.bytes, self._file.sha256, self.rows + frames

    def _refuse(self) -> None:
        if self._failure is not None:
            self._told = True
            raise RecordingUnwritten(self._failure.errno, self._failure.strerror, str(self.path))

    def _work(self) -> None:
        try:
            while self._failure is None:
                closing = self._closing.is_set()  # before looking what waits, for that is then all
                if self._waiting:
                    self._store(self._waiting[0])
                    self._waiting.popleft()
                elif closing:
                    self._ending_s = time.monotonic()
                    self._file.end(msgspec.msgpack.encode(Totals(self.rows, self._noted)))
                    self._describe()
                    self._file.settle()
                    break
                else:
                    self._closing.wait(_LOOK_S)
        except RecordingUnwritten as reason:
            self._fail(reason)
        except BaseException:
            self._fail(RecordingUnwritten(errno.EIO, "its thread ended", str(self.path)))
            raise
        finally:
            self._file.close(self.bytes)

    def _store(self, second: _Second) -> None:
        if second.frames:
            tables = [b"".join(row for row, _ in second.frames), *self._beside(second.frames)]
            packed, counts = [], []
            for content, kind in zip(tables, TABLES.values(), strict=True):
                rows = np.frombuffer(content, kind)
                packed.append(columns.packed(rows))
                counts.append(len(rows))
                self._rest()
            self._file.append(Kind.FRAMES, contents.lossless(second.first, counts, packed))
            self._describe(len(second.frames))
        if second.events:
            self._file.append(Kind.EVENTS, msgspec.msgpack.encode(second.events))
            self._noted += len(second.events)
            self._describe()
        if time.monotonic() - self._settled_s >= SETTLE_S:
            self._file.settle()
            self._settled_s = time.monotonic()

    def _beside(self, frames: list[tuple[bytes, Devices | None]]) -> tuple[bytes, bytes]:
        """The rows of devices and of joints."""
        known = [(number, devices) for number, (_, devices) in enumerate(frames) if devices is not None]
        devices_rows: list[bytes] = []
        joints_rows: list[bytes] = []
        for start in range(0, len(known), _SLICE_ROWS):
            for number, devices in known[start : start + _SLICE_ROWS]:
                devices_rows.append(pack_devices(number, devices))
                joints_rows += pack_joints(number, devices)
            self._rest()
        return b"".join(devices_rows), b"".join(joints_rows)

    def _rest(self) -> None:
        """Let whoever gives frames run, unless they wait for this."""
        if len(self._waiting) < _HURRY and not self._closing.is_set():
            time.sleep(_REST_S)
