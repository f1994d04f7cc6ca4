"""The recording: frames and what happened between them, in blocks of a second that survive what becomes of the file.

A file is written by a thread of its own, sealed where it is on a patient's computer, and without loss; `archive` makes
a third of it, with a stated loss. Its header describes the tables, and docs/recording.md how to read it without this
software. Files of versions 2 and 3 are read too.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from engine import contents, earlier_recordings
from engine.blocks import MAGIC, Block, BlockFile, BlockReader, Closing, Found, Kind, RecordingUnwritten, Tagging
from engine.contents import ARCHIVE, LOSSLESS, BlockDamaged, RecordedEvent, Tables, Totals
from engine.rows import (
    BUTTONS_SHIFT,
    DEVICES,
    DEVICES_FLAGS,
    FLAGS,
    FRAME,
    JOINTS,
    NO_DEVICES,
    NO_JOINTS,
    SOURCES,
    SOURCES_SHIFT,
    TABLES,
    frames,
    pack,
    pack_devices,
    pack_joints,
)
from engine.sealing import Cipher, PrivateKeys, Unopened, cipher_of
from engine.writing import ROWS_PER_BLOCK, Writer

__all__ = [
    "BUTTONS_SHIFT",
    "DEVICES",
    "DEVICES_FLAGS",
    "FLAGS",
    "FRAME",
    "JOINTS",
    "MAGIC",
    "NO_DEVICES",
    "NO_JOINTS",
    "ROWS_PER_BLOCK",
    "SOURCES",
    "SOURCES_SHIFT",
    "TABLES",
    "NotArchived",
    "Recorded",
    "RecordedEvent",
    "RecordingUnreadable",
    "RecordingUnwritten",
    "Writer",
    "archive",
    "frames",
    "pack",
    "pack_devices",
    "pack_joints",
    "read",
    "recorded",
    "write_archive",
]
READABLE = (MAGIC, *earlier_recordings.MAGICS)
ARCHIVE_ROWS = 900
LARGEST_TABLES_BYTES = 1 << 30
"""What is read of a file at most: three hours with all devices and both hands."""
BLOCKS_AT_ONCE = 32  # that are decoded together: their tables stay in the processor's cache
_MOST_NAMED = 8


class RecordingUnreadable(ValueError):
    """A file that is not a recording, or cannot be opened here; the message names it and the reason."""


class NotArchived(ValueError):
    """A recording of which no archive is made; the message says why."""


class Recorded(NamedTuple):
    """A recording as read: header, tables (dtypes FRAME, DEVICES, JOINTS), what was amiss ("" for nothing), and events.

    `frame` of devices, joints and events counts the rows that came back.
    """

    header: dict[str, Any]
    rows: np.ndarray
    devices: np.ndarray = NO_DEVICES
    joints: np.ndarray = NO_JOINTS
    note: str = ""
    events: tuple[RecordedEvent, ...] = ()


def read(path: Path, keys: PrivateKeys | None = None) -> Recorded:
    """Read a recording of either tier, also one that was cut or damaged: `note` says what is missing.

    `keys` open one that is sealed, without any those of this computer do. Raises RecordingUnreadable when the file is
    missing, is something else, its header is gone, or no key opens it.
    """
    try:
        content = path.read_bytes()
    except OSError as reason:
        raise RecordingUnreadable(f"{path} cannot be read: {reason.strerror}") from None
    return recorded(content, str(path), keys)


def recorded(content: bytes, name: str, keys: PrivateKeys | None = None) -> Recorded:
    """What `read` gives of a file with such content, which errors call by a name."""
    if not content.startswith(READABLE):
        raise RecordingUnreadable(f"{name} is not a recording: it does not begin with {MAGIC!r}")
    try:
        if content.startswith(MAGIC):
            return _read(content, keys)
        header, (rows, devices, joints), note = earlier_recordings.read(content)
        _same_tables(header)
    except BlockDamaged as reason:
        raise RecordingUnreadable(f"{name} is a recording whose header is damaged or cut off: {reason}") from None
    except _OtherTables as reason:
        raise RecordingUnreadable(f"{name} {reason}") from None
    except Unopened as reason:
        raise RecordingUnreadable(f"{name} cannot be opened: {reason}") from None
    return Recorded(header, rows, devices, joints, note)


def archive(source: Path, target: Path, keys: PrivateKeys | None = None, cipher: Cipher | None = None) -> None:
    """Write a recording once more, in a third of the room: `write_archive` of what `read` gives.

    Raises RecordingUnreadable, also where not all of it came back: its archive would be all that is left.
    """
    found = read(source, keys)
    if found.note:
        raise RecordingUnreadable(f"{source} was not read whole: {found.note}")
    try:
        write_archive(target, found, cipher)
    except NotArchived as reason:
        raise RecordingUnreadable(f"{source} {reason}") from None


def write_archive(path: Path, found: Recorded, cipher: Cipher | None = None) -> None:
    """Write what was read as an archive, sealed where there is a cipher.

    Places, turns, speeds and triggers lose less than engine.quantised.LOSS, which the header says, and nothing else is
    lost. What was amiss is told by the archive, too. Raises NotArchived and RecordingUnwritten.
    """
    if found.header.get("tier") == ARCHIVE:
        raise NotArchived("is an archive already, and would lose twice")
    if not len(found.rows):
        raise NotArchived("holds no whole block of frames")
    about = contents.about_in(found.header) | ({"amiss": found.note} if found.note else {})
    file = BlockFile(path, contents.header(about, ARCHIVE, cipher), cipher or Tagging())
    try:
        for first in range(0, len(found.rows), ARCHIVE_ROWS):
            file.append(Kind.FRAMES, contents.archived(_cut(found, first)))
            events = [event for event in found.events if first <= max(event.frame - 1, 0) < first + ARCHIVE_ROWS]
            if events:
                file.append(Kind.EVENTS, msgspec.msgpack.encode(events))
        file.end(msgspec.msgpack.encode(Totals(len(found.rows), len(found.events))))
        file.settle()
    finally:
        file.close()


class _OtherTables(Exception):
    """A file of a version that holds other tables than this one reads."""


class _Gathered:
    """What the blocks of a file gave: `lost` says how many frames are missing behind how many that came back."""

    def __init__(self) -> None:
        self.tables: list[Tables] = []
        self.events: list[RecordedEvent] = []
        self.totals: Totals | None = None
        self.lost: list[tuple[int, int]] = []
        self.broken: set[int] = set()
        self.rows = 0  # that came back
        self._next, self._bytes = 0, 0  # the number of the next frame in the file

    @property
    def full(self) -> bool:
        """Whether as much came back as is read of a file."""
        return self._bytes > LARGEST_TABLES_BYTES

    def take(self, block: Block, tables: Tables | None) -> None:
        """Take what a whole block holds, of frames their tables, or its number where that is nothing known."""
        try:
            if block.kind == Kind.FRAMES:
                self._take_frames(tables)
            elif block.kind == Kind.EVENTS:
                self._take_events(contents.unpacked(block.content, list[RecordedEvent]))
            else:
                self.totals = contents.unpacked(block.content, Totals)
                self._miss(self.totals.frames)
        except BlockDamaged:
            self.broken.add(block.number)

    def _take_frames(self, found: Tables | None) -> None:
        if found is None or found.first < self._next:
            raise BlockDamaged(f"there are no frames behind frame {self._next} in it")
        self._miss(found.first)
        for table in (found.devices, found.joints):
            table["frame"] += self.rows
        self.tables.append(found)
        self.rows += len(found.frames)
        self._next = found.first + len(found.frames)
        self._bytes += sum(table.nbytes for table in found[1:])

    def _take_events(self, found: list[RecordedEvent]) -> None:
        missing = self._next - self.rows
        self.events += (event._replace(frame=min(max(event.frame - missing, 0), self.rows)) for event in found)

    def _miss(self, first: int) -> None:
        if first > self._next:
            self.lost.append((self.rows, first - self._next))


def _read(content: bytes, keys: PrivateKeys | None) -> Recorded:
    reader = BlockReader(content)
    if reader.header is None:
        raise BlockDamaged("none of its copies came back whole")
    header, closing = _opened(contents.unpacked(reader.header, dict[str, Any]), keys)
    _same_tables(header)
    found = reader.found(closing)
    gathered = _gathered(found.blocks, header["tier"])
    rows, devices, joints = (
        _on_end([tables[1:][index] for tables in gathered.tables], kind) for index, kind in enumerate(TABLES.values())
    )
    told = ["the header is damaged and was read from its copy"] if reader.copied else []
    told += _told(found, gathered, rows["time_ns"])
    told += [str(header["amiss"])] if "amiss" in header else []
    return Recorded(header, rows, devices, joints, "; ".join(told), tuple(gathered.events))


def _gathered(blocks: Sequence[Block], tier: str) -> _Gathered:
    gathered = _Gathered()
    for first in range(0, len(blocks), BLOCKS_AT_ONCE):
        some = blocks[first : first + BLOCKS_AT_ONCE]
        tables = iter(contents.tables_in([block.content for block in some if block.kind == Kind.FRAMES], tier))
        for block in some:
            gathered.take(block, next(tables) if block.kind == Kind.FRAMES else None)
            if gathered.full:
                return gathered
    return gathered


def _on_end(tables: list[np.ndarray], kind: "np.dtype[np.void]") -> np.ndarray:
    """Tables as one, whose rows are put together as bytes: numpy would do so field by field, in ten times the time."""
    plain = f"V{kind.itemsize}"
    return np.concatenate([np.empty(0, plain), *(table.view(plain) for table in tables if len(table))]).view(kind)


def _opened(header: dict[str, Any], keys: PrivateKeys | None) -> tuple[dict[str, Any], Closing]:
    """The header with what was sealed in it, and how the blocks are closed; raises Unopened and BlockDamaged."""
    if "sealed" not in header:
        return header, Tagging()
    if keys is None:
        from engine.keys import Keys  # a plain file needs none, and to look for them takes a while

        keys = Keys()
    cipher = cipher_of(header["sealed"], keys)
    about = contents.unpacked(cipher.open(0, header["about"], b""), dict[str, Any])
    return {name: value for name, value in header.items() if name not in ("sealed", "about")} | about, cipher


def _same_tables(header: dict[str, Any]) -> None:
    described = {name: table["row_bytes"] for name, table in header.get("tables", {}).items()}
    known = {name: kind.itemsize for name, kind in TABLES.items()}
    if described not in (known, {name: known[name] for name in ("frames", "devices")}):
        raise _OtherTables(f"has rows of {described} bytes, this version reads {known}")
    if header.get("tier", LOSSLESS) not in (LOSSLESS, ARCHIVE):
        raise _OtherTables(f"is of tier {header['tier']!r}, this version reads {LOSSLESS} and {ARCHIVE}")


def _told(found: Found, gathered: _Gathered, time_ns: np.ndarray) -> list[str]:
    """What is missing, in words."""
    if gathered.full:
        return [f"it is read as far as {LARGEST_TABLES_BYTES >> 20} MiB go, {gathered.rows} frames"]
    last = found.blocks[-1].number if found.blocks else 0
    whole = [block.number for block in found.blocks if block.number not in gathered.broken]
    damaged = [(one + 1, other - 1) for one, other in pairwise([0, *whole, last + 1]) if other - one > 1]
    told = []
    if damaged:
        told.append(f"blocks {_ranges(damaged)} of {last} are damaged{_lost(gathered.lost, time_ns)}")
    if gathered.totals is None:
        told.append(f"cut off after {last} blocks, {len(time_ns)} frames{_seconds(time_ns, len(time_ns))}")
    if found.disordered:
        told.append(f"{found.disordered} blocks stand twice, or out of their order, and were put in it")
    if found.stray_bytes:
        told.append(f"{found.stray_bytes} bytes belong to no whole block")
    return told


def _lost(lost: list[tuple[int, int]], time_ns: np.ndarray) -> str:
    count = sum(frames for _, frames in lost)
    if not count:
        return ""
    return f": {count} frames{_seconds(time_ns, count)} are missing, the first of them after {lost[0][0]} frames"


def _seconds(time_ns: np.ndarray, count: int) -> str:
    """About how long so many frames are."""
    steps_ns = np.diff(time_ns)
    return f" (about {count * float(np.median(steps_ns)) * 1e-9:.1f} s)" if len(steps_ns) else ""


def _ranges(found: list[tuple[int, int]]) -> str:
    named = [f"{first}" if first == last else f"{first} to {last}" for first, last in found]
    return ", ".join(named[:_MOST_NAMED]) + (" and more" if len(named) > _MOST_NAMED else "")


def _cut(found: Recorded, first: int) -> Tables:
    """Some frames of a recording, with all that belongs to them."""
    tables = [found.rows[first : first + ARCHIVE_ROWS]]
    for table in (found.devices, found.joints):
        some = table[(table["frame"] >= first) & (table["frame"] < first + ARCHIVE_ROWS)].copy()
        some["frame"] -= first
        tables.append(some)
    return Tables(first, *tables)
