"""What the blocks of a recording hold: the header that describes the tables, frames, events, and the end."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import zstandard

from engine.frame import SIDES, Button
from engine.sealing import Cipher
from engine.vrec import columns, quantised, rice
from engine.vrec.rows import BUTTONS_SHIFT, DEVICES, DEVICES_FLAGS, FLAGS, FRAME, JOINTS, SOURCES, SOURCES_SHIFT, TABLES

FORMAT = "steadyreach recording 4"
Kind = TypeVar("Kind")
LOSSLESS, ARCHIVE = "lossless", "archive"
LEVEL = 3
MOST_ROWS = 4096
"""More rows of a table are in no block."""
_COUNTS = struct.Struct(f"<{1 + len(TABLES)}I")


class BlockDamaged(ValueError):
    """Content that no writer of this format made; the message says what is wrong with it."""


class RecordedEvent(NamedTuple):
    """Something that happened when so many frames were recorded, at a moment of the session (engine.records.Event).

    A block of events is a list of such lists.
    """

    frame: int
    at_s: float
    name: str
    detail: str = ""


class Totals(msgspec.Struct, frozen=True):
    """The content of the last block: what a whole file holds."""

    frames: Annotated[int, msgspec.Meta(ge=0)]
    events: Annotated[int, msgspec.Meta(ge=0)]


class Tables(NamedTuple):
    """Rows on end (dtypes of engine.vrec.rows.TABLES), the first of which has the number `first`, from 0, in the file.

    The `frame` of devices and joints is the number of their frame among these rows.
    """

    first: int
    frames: np.ndarray
    devices: np.ndarray
    joints: np.ndarray


def header(about: dict[str, Any], tier: str, cipher: Cipher | None = None) -> bytes:
    """The header of a file; with a cipher, what it is about is sealed, and the description of the tables is not."""
    described = {"format": FORMAT, "tier": tier, **_AXES, "tables": _TABLES, **_CODES[tier]}
    if cipher is not None:
        about = {"sealed": cipher.about, "about": cipher.seal(0, msgspec.msgpack.encode(about), b"")}
    return msgspec.msgpack.encode({**described, **about})


def about_in(header: dict[str, Any]) -> dict[str, Any]:
    """What a header says of its recording, and not of the format."""
    return {name: value for name, value in header.items() if name not in _OF_FORMAT}


def lossless(first: int, counts: Sequence[int], packed: Iterable[bytes]) -> bytes:
    """The content of a block of frames, of tables that `engine.vrec.columns` packed."""
    content = zstandard.ZstdCompressor(level=LEVEL).compress(b"".join(packed))
    return _COUNTS.pack(first, *counts) + content


def archived(tables: Tables) -> bytes:
    """The content of a block of frames in the archive tier."""
    counts = _COUNTS.pack(tables.first, *map(len, tables[1:]))
    return counts + b"".join(quantised.packed(table) for table in tables[1:])


def tables_in(blocks: Sequence[bytes], tier: str) -> list[Tables | None]:
    """The rows in the contents of blocks of frames, None for what no writer made; many at once are faster than each."""
    found: list[Tables | None] = [None] * len(blocks)
    coded: dict[int, _Coded] = {}
    for number, content in enumerate(blocks):
        with suppress(ValueError, struct.error):
            if tier == LOSSLESS:
                coded[number] = _expanded(_coded(content))
            else:
                found[number] = _archived_tables(_coded(content))
    for number, tables in zip(coded, _lossless_tables(list(coded.values())), strict=True):
        found[number] = tables
    return [tables if tables and fits(*tables[1:]) else None for tables in found]


def fits(rows: np.ndarray, devices: np.ndarray, joints: np.ndarray) -> bool:
    """Whether devices and joints belong to frames that are there, and name sides and sources that there are."""
    if not len(devices) and not len(joints):
        return True
    sources = [devices["flags"] >> shift & 3 for shift in SOURCES_SHIFT.values()]
    return bool(
        all((table["frame"] < len(rows)).all() for table in (devices, joints))
        and (joints["side"] < len(SIDES)).all()
        and all((source < len(SOURCES)).all() for source in sources)
    )


def unpacked(content: bytes, kind: type[Kind]) -> Kind:
    """What was packed as msgpack, of the kind that it has to be; raises BlockDamaged."""
    try:
        return msgspec.msgpack.decode(content, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as reason:
        raise BlockDamaged(str(reason)) from None


class _Coded(NamedTuple):
    """The content of a block of frames: the number of the first, how many rows each table has, and the tables."""

    first: int
    rows: Sequence[int]
    tables: bytes


def _coded(content: bytes) -> _Coded:
    first, *rows = _COUNTS.unpack_from(content)
    if not 0 < rows[0] <= MOST_ROWS or rows[1] > rows[0] or rows[2] > len(SIDES) * rows[1]:
        raise BlockDamaged(f"{rows} rows are in no block")
    return _Coded(first, rows, content[_COUNTS.size :])


def _expanded(block: _Coded) -> _Coded:
    size = sum(rows * kind.itemsize for rows, kind in zip(block.rows, TABLES.values(), strict=True))
    planes = columns.expanded(block.tables, size)
    if len(planes) != size:
        raise BlockDamaged(f"{len(planes)} bytes are not {block.rows} rows")
    return block._replace(tables=planes)


def _lossless_tables(blocks: Sequence[_Coded]) -> Iterator[Tables]:
    rest, tables = [block.tables for block in blocks], []
    for index, kind in enumerate(TABLES.values()):
        rows = [block.rows[index] for block in blocks]
        table, ends = columns.unpacked(rest, kind, rows), accumulate(rows)
        tables.append([table[end - count : end] for count, end in zip(rows, ends, strict=True)])
        rest = [planes[kind.itemsize * count :] for planes, count in zip(rest, rows, strict=True)]
    return (Tables(block.first, *found) for block, *found in zip(blocks, *tables, strict=True))


def _archived_tables(block: _Coded) -> Tables:
    found, rest = [], block.tables
    for rows, kind in zip(block.rows, TABLES.values(), strict=True):
        table, taken = quantised.unpacked(rest, kind, rows)
        found.append(table)
        rest = rest[taken:]
    if rest:
        raise BlockDamaged(f"{len(rest)} bytes follow the last table")
    return Tables(block.first, *found)


def _described(kind: "np.dtype[np.void]") -> dict[str, Any]:
    return {"columns": kind.descr, "row_bytes": kind.itemsize}


_TABLES = {
    "frames": {
        **_described(FRAME),
        "flags": list(FLAGS),
        "buttons": {"first_bit": BUTTONS_SHIFT, "names": [str(button.name).lower() for button in Button]},
    },
    "devices": {
        **_described(DEVICES),
        "flags": list(DEVICES_FLAGS),
        "sources": {"first_bits": SOURCES_SHIFT, "bits": 2, "names": list(SOURCES)},
    },
    "joints": {**_described(JOINTS), "sides": list(SIDES), "order": "XrHandJointEXT"},
}
_AXES = {
    "axes": "OpenXR: x right, y up, -z forward, right-handed; quaternions x y z w, device to space",
    "units": "metres and seconds; time_ns is the predicted display time; trigger and squeeze from 0 to 1",
}
_CODES: dict[str, dict[str, Any]] = {
    LOSSLESS: {
        "block": "u32 number of the first frame, u32 rows of each table, then zstd of the byte planes of each table's"
        " columns: off the line through the two before, zigzag; the frame of devices and joints counts from the block's"
        " first"
    },
    ARCHIVE: {
        "block": "u32 number of the first frame, u32 rows of each table, then each table in steps: off the line"
        " through the two before, zigzag, Rice code; the frame of devices and joints counts from the block's first",
        "rows_per_width": rice.GROUP_ROWS,
        "steps": quantised.STEPS,
        "exact_beyond": quantised.LARGEST,
        "loss_at_most": quantised.LOSS,
    },
}
_OF_FORMAT = {
    "format",
    "tier",
    "tables",
    "sealed",
    "about",
    *_AXES,
    *(name for code in _CODES.values() for name in code),
}
