"""A recording is read without our software: by a reader in plain Python that was written from docs/recording.md."""

import hashlib
import math
import struct
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import zstandard
from recordings import walked, written

from engine import recording

Column = list[int]


def blocks(content: bytes) -> Iterator[tuple[int, bytes]]:
    """The kind and content of each block."""
    at, header_hash = 5, bytes(32)
    while at < len(content):
        marker, kind, number, length, check = struct.unpack_from("<4sBIII", content, at)
        head, body = content[at : at + 17], content[at + 17 : at + 17 + length]
        bound = (header_hash if kind else bytes(32)) + head + number.to_bytes(8, "big")
        assert (marker, check) == (b"\xb5REC", zlib.crc32(head[:13]))
        assert body[-16:] == hashlib.blake2b(bound + body[:-16], digest_size=16).digest()
        if not kind:
            header_hash = hashlib.sha256(body[:-16]).digest()
        yield kind, body[:-16]
        at += 17 + length


def signed(number: int) -> int:
    return -(number + 1) // 2 if number & 1 else number // 2


def on_line(numbers: Column, bits: int) -> Column:
    found: Column = []
    for row, number in enumerate(numbers):
        line = (0, *found)[-1] if row < 2 else 2 * found[-1] - found[-2]
        found.append((line + signed(number)) % (1 << bits))
    return found


def as_float(bits: int) -> float:
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def root(left: float) -> float:
    return math.sqrt(left) if left > 0 else 0.0


def w(numbers: Column, xyz: list[list[float]]) -> list[float]:
    found, negative = [], False
    for number, x, y, z in zip(numbers, *xyz, strict=True):
        (left,) = struct.unpack("<I", struct.pack("<f", root(1 - (x * x + y * y + z * z))))
        negative ^= bool(number >> 31)
        size = (left + signed(number & 0x7FFFFFFF)) % (1 << 31)
        found.append(as_float(size | negative << 31))
    return found


def named(described: dict[str, Any], bits: int) -> list[tuple[str, str]]:
    """The columns of 64 or of 32 bits, and their kinds."""
    columns = [(name, kind, math.prod(shape[0]) if shape else 1) for name, kind, *shape in described["columns"]]
    return [(name, kind) for name, kind, count in columns for _ in range(count) if kind.endswith(str(bits // 8))]


def lossless(planes: bytes, rows: int, described: dict[str, Any]) -> list[list[float]]:
    """The columns of a table, those of 64 bits first."""
    found: list[list[float]] = []
    for bits in (64, 32):
        names, size = named(described, bits), bits // 8
        for column, (name, kind) in enumerate(names):
            places = [[(byte * len(names) + column) * rows + row for byte in range(size)] for row in range(rows)]
            numbers = [sum(planes[place] << 8 * byte for byte, place in enumerate(row)) for row in places]
            if name.endswith("_qw"):
                found.append(w(numbers, found[-3:]))
            elif kind == "<f4":
                ordered = on_line(numbers, 32)
                found.append([as_float(n ^ 1 << 31 if n >> 31 else n ^ 0xFFFFFFFF) for n in ordered])
            else:
                found.append(on_line(numbers, bits))
        planes = planes[size * len(names) * rows :]
    return found


def rice(widths: bytes, low: bytes, high: bytes, rows: int, columns: int) -> list[Column]:
    groups, lows, highs = -(-rows // 12), _bits(low), _bits(high)
    found: list[Column] = [[] for _ in range(columns)]
    for group in range(groups):
        for _ in range(12):
            for column in range(columns):
                width, number = widths[column * groups + group], 0
                if width:
                    while not next(highs):
                        number += 1
                    for _ in range(width - 1):
                        number = number << 1 | next(lows)
                found[column].append(number)
    return [column[:rows] for column in found]


def _bits(content: bytes) -> Iterator[int]:
    return (byte >> 7 - bit & 1 for byte in content for bit in range(8))


def archived(content: bytes, rows: int, described: dict[str, Any]) -> tuple[list[list[int]], bytes]:
    """The columns of a table in steps, those of 64 bits first, and what follows the table."""
    kept, low, high, exact = struct.unpack_from("<4I", content)
    names = [*named(described, 64), *named(described, 32)]
    parts = content[16 : 16 + kept], content[16 + kept : 16 + kept + low], content[16 + kept + low :][:high]
    widths = zstandard.ZstdDecompressor().decompress(parts[0])
    assert len(widths) == len(names) * -(-rows // 12) + 8 * exact
    found: list[list[int]] = []
    for (name, _), numbers in zip(names, rice(widths, *parts[1:], rows, len(names)), strict=True):
        found.append(_w_in_steps(numbers, found[-3:]) if name.endswith("_qw") else on_line(numbers, 64))
        found[-1] = [number - (1 << 64) if number >> 63 else number for number in found[-1]]
    return found, content[16 + kept + low + high :]


def _w_in_steps(numbers: Column, xyz: list[Column]) -> Column:
    found, negative = [], False
    for number, x, y, z in zip(numbers, *xyz, strict=True):
        negative ^= bool(number >> 18 & 1)
        size = round(root(33_000**2 - (x * x + y * y + z * z))) + signed(number & ~(1 << 18))
        found.append(-size if negative else size)
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("written") / "a.vrec", list(islice(walked(), 200)))


def test_a_stranger_reads_header_frames_events_and_end(path: Path) -> None:
    found = list(blocks(path.read_bytes()))
    assert [kind for kind, _ in found] == [0, 1, 2, 1, 1, 0, 3]
    assert msgpack.unpackb(found[2][1]) == [[50, 0.5, "paused", "tracking lost"]]
    assert msgpack.unpackb(found[-1][1]) == {"frames": 200, "events": 1}


def test_a_stranger_reads_every_number_of_a_recording(path: Path) -> None:
    (_, header), (_, block), *_ = blocks(path.read_bytes())
    planes, ours = zstandard.ZstdDecompressor().decompress(block[16:]), recording.read(path)
    first, *counts = struct.unpack_from("<4I", block)
    assert first == 0
    for rows, described, table in zip(counts, msgpack.unpackb(header)["tables"].values(), ours[1:4], strict=True):
        columns = lossless(planes, rows, described)
        planes = planes[rows * described["row_bytes"] :]
        assert _told(columns, described).tobytes() == table[:rows].tobytes()


def _told(columns: list[list[float]], described: dict[str, Any]) -> np.ndarray:
    kind = np.dtype([tuple(column) for column in described["columns"]])
    table, at = np.zeros(len(columns[0]), kind), 0
    for name in kind.names:
        shape = table[name].shape
        table[name] = np.array(columns[at : at + math.prod(shape[1:])]).T.reshape(shape)
        at += math.prod(shape[1:])
    return table


def test_a_stranger_reads_every_step_of_an_archive(path: Path, tmp_path: Path) -> None:
    recording.archive(path, tmp_path / "archive.vrec")
    (_, packed), (_, block), *_ = blocks((tmp_path / "archive.vrec").read_bytes())
    header, ours = msgpack.unpackb(packed), recording.read(tmp_path / "archive.vrec")
    columns, _ = archived(block[16:], 200, header["tables"]["frames"])
    assert columns[0] == ours.rows["time_ns"].tolist()
    assert columns[1] == np.rint(ours.rows["head_x_m"] / header["steps"]["m"]).tolist()
    turns = np.array(columns[4:8]) / np.linalg.norm(columns[4:8], axis=0)
    assert np.allclose(turns, [ours.rows[f"head_{name}"] for name in ("qx", "qy", "qz", "qw")], atol=1e-7)
