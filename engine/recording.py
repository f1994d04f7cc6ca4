"""The recording: frames and what happened between them, in blocks of a second that survive what becomes of the file.

A file is written by a thread of its own, sealed where it is on a patient's computer, and without loss; `archive` makes
a third of it, with a stated loss. Its header describes the tables, and docs/recording.md how to read it without this
software. Files of versions 2 and 3 are read too.
"""

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from engine.sealing import Cipher, PrivateKeys, Unopened, cipher_of
from engine.vrec import contents, earlier, gathering
from engine.vrec.blocks import MAGIC, BlockFile, BlockReader, Closing, Kind, RecordingUnwritten, Tagging
from engine.vrec.contents import ARCHIVE, LOSSLESS, BlockDamaged, RecordedEvent, Tables, Totals
from engine.vrec.rows import (
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
from engine.vrec.writing import ROWS_PER_BLOCK, Writer

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
READABLE = (MAGIC, *earlier.MAGICS)
ARCHIVE_ROWS = 900


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
        header, (rows, devices, joints), note = earlier.read(content)
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

    Places, turns, speeds and triggers lose less than engine.vrec.quantised.LOSS, which the header says, and nothing
    else is lost. What was amiss is told by the archive, too. Raises NotArchived and RecordingUnwritten.
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


def _read(content: bytes, keys: PrivateKeys | None) -> Recorded:
    reader = BlockReader(content)
    if reader.header is None:
        raise BlockDamaged("none of its copies came back whole")
    header, closing = _opened(contents.unpacked(reader.header, dict[str, Any]), keys)
    _same_tables(header)
    found = reader.found(closing)
    gathered = gathering.gathered(found.blocks, header["tier"])
    rows, devices, joints = (
        _on_end([tables[1:][index] for tables in gathered.tables], kind) for index, kind in enumerate(TABLES.values())
    )
    told = ["the header is damaged and was read from its copy"] if reader.copied else []
    told += gathering.told(found, gathered, rows["time_ns"])
    told += [str(header["amiss"])] if "amiss" in header else []
    return Recorded(header, rows, devices, joints, "; ".join(told), tuple(gathered.events))


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


def _cut(found: Recorded, first: int) -> Tables:
    """Some frames of a recording, with all that belongs to them."""
    tables = [found.rows[first : first + ARCHIVE_ROWS]]
    for table in (found.devices, found.joints):
        some = table[(table["frame"] >= first) & (table["frame"] < first + ARCHIVE_ROWS)].copy()
        some["frame"] -= first
        tables.append(some)
    return Tables(first, *tables)
