"""Reads what Monado notes of every frame: its metrics file, of protobuf records each behind its length."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

# Monado 25, src/external/nanopb/monado_metrics.proto: the numbers of the fields that are read here.
_SESSION_FRAME, _USED = 2, 3
_FRAME_ID, _DISPLAY, _WOKE, _BEGUN, _DELIVERED, _DISCARDED = 2, 6, 10, 11, 12, 14
_USED_FRAME_ID = 2


class MadeFrame(NamedTuple):
    """A frame of an application as the runtime saw it, with times of its monotonic clock."""

    number: int
    display_ns: int
    woke_ns: int
    begun_ns: int
    delivered_ns: int
    discarded: bool
    used: int  # how many images of the compositor showed it


def read_metrics(path: Path) -> list[MadeFrame]:
    """The frames of an application, in the order in which they were made."""
    made: list[dict[int, int]] = []
    used: dict[int, int] = {}
    for record in _records(path.read_bytes()):
        for kind, content in _fields(record):
            if kind == _SESSION_FRAME and isinstance(content, bytes):
                made.append(_numbers(content))
            elif kind == _USED and isinstance(content, bytes):
                number = _numbers(content).get(_USED_FRAME_ID, 0)
                used[number] = used.get(number, 0) + 1
    return [_made(frame, used) for frame in made]


def _made(frame: dict[int, int], used: dict[int, int]) -> MadeFrame:
    number = frame.get(_FRAME_ID, 0)
    display_ns, woke_ns, begun_ns, delivered_ns = (frame.get(key, 0) for key in (_DISPLAY, _WOKE, _BEGUN, _DELIVERED))
    discarded = bool(frame.get(_DISCARDED, 0))
    return MadeFrame(number, display_ns, woke_ns, begun_ns, delivered_ns, discarded, used.get(number, 0))


def _numbers(content: bytes) -> dict[int, int]:
    return {field: value for field, value in _fields(content) if isinstance(value, int)}


def _records(data: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(data):
        size, place = _varint(data, place)
        if place + size > len(data):
            return  # the last one is still being written
        yield data[place : place + size]
        place += size


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        if key & 7 == 0:
            value, place = _varint(data, place)
            yield key >> 3, value
            continue
        size, place = _varint(data, place) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], place)
        yield key >> 3, data[place : place + size]
        place += size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        value |= (data[place] & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if data[place - 1] < 0x80:
            return value, place
