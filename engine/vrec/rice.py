"""Small whole numbers in few bits: the code of Rice and Plaunt (1971), a width for every twelve numbers of a column.

Of each number its lowest bits, as many as the width says, are kept as they are, highest first; what is above them is
kept as so many zeros before a one. Numbers follow one another by groups of twelve rows, their rows, and columns.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.uint64]
GROUP_ROWS = 12
WIDEST = 63
_AT_ONCE = 1 << 14
"""Numbers whose lowest bits are looked at together: each bit takes some forty bytes meanwhile."""


class Coded(NamedTuple):
    """Numbers (rows, columns) as bits, eight to a byte, the highest first.

    `widths` (groups, columns) are the lowest bits of each number plus 1, 0 where all twelve are 0 and have no
    bits at all; `low` are these bits, `high` the zeros and ones.
    """

    widths: NDArray[np.uint8]
    low: bytes
    high: bytes


def groups_of(rows: int) -> int:
    """How many groups so many rows are; the last one is filled with zeros."""
    return -(-rows // GROUP_ROWS)


def coded(numbers: Numbers) -> Coded:
    """Numbers in few bits: each group of a column has the width that makes it shortest."""
    rows, columns = numbers.shape
    grouped = np.zeros((groups_of(rows), GROUP_ROWS, columns), np.uint64)
    grouped.reshape(-1, columns)[:rows] = numbers
    widest = min(int(grouped.max(initial=0)).bit_length(), WIDEST)
    bits = [(grouped >> np.uint64(width)).sum(axis=1, dtype=float) + GROUP_ROWS * width for width in range(widest + 1)]
    widths = np.where(grouped.any(axis=1), np.argmin(bits, axis=0) + 1, 0).astype(np.uint8)
    there, width = _spread(widths)
    values = grouped[there]
    ends = np.cumsum((values >> width.astype(np.uint64)).astype(np.int64) + 1)
    high = np.zeros(ends[-1] if len(ends) else 0, np.uint8)
    high[ends - 1] = 1
    owner, shift = _places(width)
    low = (values[owner] >> shift & np.uint64(1)).astype(np.uint8)
    return Coded(widths, np.packbits(low).tobytes(), np.packbits(high).tobytes())


def decoded(code: Coded, rows: int) -> Numbers:
    """The inverse of `coded`; raises ValueError for what is no such code, before it takes more memory.

    What it takes is bounded by the rows and columns alone: there is a one for each number that has bits, and with the
    width that makes a group shortest its zeros and ones are WIDEST + 2 for each number at most.
    """
    there, width = _spread(code.widths)
    if code.widths.max(initial=0) > WIDEST + 1 or width.sum() > 8 * len(code.low):
        raise ValueError("there are fewer bits than the widths say")
    longest = -(-(WIDEST + 2) * len(width) // 8)
    if len(code.high) > longest or int.from_bytes(code.high).bit_count() != len(width):
        raise ValueError(f"{len(width)} numbers have other zeros and ones")
    ones = np.flatnonzero(np.unpackbits(np.frombuffer(code.high, np.uint8)))
    values = (np.diff(ones, prepend=-1) - 1).astype(np.uint64) << width.astype(np.uint64)
    grouped = np.zeros(there.shape, np.uint64)
    grouped[there] = values | _lowest(np.frombuffer(code.low, np.uint8), width)
    return grouped.reshape(-1, there.shape[2])[:rows]


def _spread(widths: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Where numbers have bits (groups, GROUP_ROWS, columns), and the widths of those that have (n,)."""
    shape = (widths.shape[0], GROUP_ROWS, widths.shape[1])
    there = np.broadcast_to((widths > 0)[:, None], shape)
    return there, np.broadcast_to(widths[:, None], shape)[there].astype(np.int64) - 1


def _lowest(low: NDArray[np.uint8], width: NDArray[np.int64]) -> Numbers:
    """The lowest bits of each number."""
    found = np.zeros(len(width), np.uint64)
    begin = 0
    for first in range(0, len(width), _AT_ONCE):
        some = width[first : first + _AT_ONCE]
        owner, shift = _places(some)
        odd = begin % 8
        bits = np.unpackbits(low[begin // 8 :], count=odd + len(owner))[odd:].astype(np.uint64) << shift
        wide = some > 0
        if wide.any():
            found[first : first + _AT_ONCE][wide] = np.add.reduceat(bits, (np.cumsum(some) - some)[wide])
        begin += len(owner)
    return found


def _places(width: NDArray[np.int64]) -> tuple[NDArray[np.int64], Numbers]:
    """Of all lowest bits: whose they are, and how far up in it."""
    owner = np.repeat(np.arange(len(width)), width)
    return owner, (np.cumsum(width)[owner] - 1 - np.arange(len(owner))).astype(np.uint64)
