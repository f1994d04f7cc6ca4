"""Recordings of versions 2 and 3: records of `length, tag, payload`, the first the header, each further one a block.

A length is 32 bits, little-endian, a tag 8 bytes of BLAKE2b of the payload. A block is zstd of how many rows of each
table follow (32 bits each), and of the transposed bytes of each table's rows. Version 2 has no table of joints.
"""

import hashlib
import struct
from typing import Any, NamedTuple

import numpy as np

from engine.vrec import columns, contents
from engine.vrec.contents import BlockDamaged
from engine.vrec.rows import TABLES

MAGICS = (b"VREC\x02", b"VREC\x03")
_HEAD = struct.Struct("<I8s")
_COUNT = np.dtype("<u4")
_LARGEST_BYTES = 1 << 20  # a second with all devices and both hands is a tenth of it


class Earlier(NamedTuple):
    """A recording of before: header, one table of each kind, and what was amiss with it."""

    header: dict[str, Any]
    tables: list[np.ndarray]
    note: str


def read(content: bytes) -> Earlier:
    """The recording in the content of a file, up to its last whole block; raises BlockDamaged without a header."""
    records, note = _records(content)
    if not records:
        raise BlockDamaged(note)
    kinds = list(TABLES.values())[: 2 if content.startswith(MAGICS[0]) else 3]
    blocks: list[list[np.ndarray]] = []
    try:
        for record in records[1:]:
            blocks.append(_tables(record, kinds))  # noqa: PERF401 # what comes before the damage stays
    except ValueError as reason:
        note = f"damaged after {1 + len(blocks)} records: {reason}"
    tables = [
        np.concatenate([np.empty(0, kind), *(block[index] for block in blocks if index < len(kinds))])
        for index, kind in enumerate(TABLES.values())
    ]
    if not contents.fits(*tables):
        raise BlockDamaged("its devices belong to no frame, or say what there is not")
    return Earlier(contents.unpacked(records[0], dict[str, Any]), tables, note)


def _records(content: bytes) -> tuple[list[bytes], str]:
    found: list[bytes] = []
    at = len(MAGICS[0])
    while at < len(content):
        head = content[at : at + _HEAD.size]
        length, tag = _HEAD.unpack(head) if len(head) == _HEAD.size else (_LARGEST_BYTES, b"")
        record = content[at + _HEAD.size : at + _HEAD.size + length]
        if len(record) < length or length > _LARGEST_BYTES:
            return found, f"cut off after {len(found)} records"
        if hashlib.blake2b(record, digest_size=len(tag)).digest() != tag:
            return found, f"damaged after {len(found)} records"
        found.append(record)
        at += _HEAD.size + length
    return found, ""


def _tables(record: bytes, kinds: list["np.dtype[np.void]"]) -> list[np.ndarray]:
    block = columns.expanded(record, _LARGEST_BYTES)
    counts = np.frombuffer(block, _COUNT, len(kinds)).tolist()
    at, tables = len(kinds) * _COUNT.itemsize, []
    for kind, count in zip(kinds, counts, strict=True):
        planes = np.frombuffer(block, np.uint8, count * kind.itemsize, at).reshape(kind.itemsize, count)
        tables.append(np.ascontiguousarray(planes.T).reshape(-1).view(kind))
        at += planes.size
    return tables
