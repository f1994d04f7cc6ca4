"""Tables as bytes that compress well, without loss: what a steady movement would not have told, byte plane by plane.

Bits of floats are put in the order of their values, so that all columns are whole numbers without sign. Each but the
first two of a column then stands for how far it is from the line through the two before; that is small for whoever
moves smoothly. The w of an orientation stands for how far it is from what x, y and z leave of a length of 1. Small
differences of either sign become small numbers, and all first bytes of a table come before all second ones.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, TypeVar

import numpy as np
import zstandard
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Whole = TypeVar("Whole", np.uint32, np.uint64)
_SIGN, _ALL = np.uint32(1 << 31), np.uint32((1 << 32) - 1)


class Layout(NamedTuple):
    """The columns of a table: first those of 64 bits, of which there are `wide`, then those of 32.

    `floats` (columns of 32 bits) says which are floats, `ws` which of them are the w of an orientation, whose x, y and
    z are the three columns before.
    """

    wide: int
    floats: NDArray[np.bool_]
    ws: tuple[int, ...]


@cache
def layout_of(kind: "np.dtype[np.void]") -> Layout:
    """The layout of a table of a dtype."""
    floats: list[bool] = []
    ws, wide = [], 0
    for name in kind.names or ():
        base = kind[name].base
        wide += base.itemsize == 8
        if name.endswith("_qw"):
            ws.append(len(floats))
        if base.itemsize == 4:
            floats += [base.kind == "f"] * (kind[name].itemsize // 4)
    return Layout(wide, np.array(floats, bool), tuple(ws))


def packed(table: np.ndarray) -> bytes:
    """The planes of a table; as many bytes as it has."""
    if not len(table):
        return b""
    layout = layout_of(table.dtype)
    wide, words = parts(table, layout)
    found = zigzag(off_line(_ordered(words, layout.floats)))
    for column in layout.ws:
        found[:, column] = _off_length(words[:, column - 3 : column + 1])
    return _planes(zigzag(off_line(wide))) + _planes(found)


def unpacked(blocks: Sequence[bytes], kind: "np.dtype[np.void]", rows: Sequence[int]) -> np.ndarray:
    """The tables of so many rows of which `blocks` are the planes, one after the other, as one table.

    Raises ValueError when there are too few bytes.
    """
    if not sum(rows):
        return np.empty(0, kind)
    layout = layout_of(kind)
    wide = on_line(unzigzag(_unplaned(blocks, 0, layout.wide, np.dtype("<u8"), rows)), rows)
    found = _unplaned(blocks, 8 * layout.wide, len(layout.floats), np.dtype("<u4"), rows)
    words = _disordered(on_line(unzigzag(found), rows), layout.floats)
    if layout.ws:
        w = np.array(layout.ws)
        words[w] = _on_length(words[[w - 3, w - 2, w - 1]], found[w], rows)
    return joined(wide.T, words.T, kind)


def expanded(content: bytes, most_bytes: int) -> bytes:
    """What zstd made smaller; raises ValueError when it says that it was larger than it may be, before it is made."""
    try:
        if not 0 <= zstandard.frame_content_size(content) <= most_bytes:
            raise ValueError(f"it does not say that it holds {most_bytes} bytes or less")
        return zstandard.ZstdDecompressor().decompress(content)
    except zstandard.ZstdError as reason:
        raise ValueError(str(reason)) from None


def parts(table: np.ndarray, layout: Layout) -> tuple[NDArray[np.uint64], Words]:
    """The columns of 64 bits (n, wide) and those of 32 (n, columns), as whole numbers without sign."""
    content = np.ascontiguousarray(table).view(np.uint8).reshape(len(table), table.dtype.itemsize)
    wide = np.ascontiguousarray(content[:, : 8 * layout.wide]).view("<u8")
    return wide, np.ascontiguousarray(content[:, 8 * layout.wide :]).view("<u4")


def joined(wide: NDArray[np.uint64], words: Words, kind: "np.dtype[np.void]") -> np.ndarray:
    """The inverse of `parts`."""
    table = np.empty(len(words), kind)
    content = table.view("<u4").reshape(len(words), kind.itemsize // 4)
    content[:, : 2 * wide.shape[1]] = np.ascontiguousarray(wide).view("<u4")
    content[:, 2 * wide.shape[1] :] = words
    return table


def off_line(values: NDArray[Whole]) -> NDArray[Whole]:
    """How far each row is from the line through the two before, modulo 2^bits."""
    found = values.copy()
    found[1:] -= values[:-1]
    found[2:] -= found[1:-1].copy()
    return found


def on_line(found: NDArray[Whole], rows: Sequence[int]) -> NDArray[Whole]:
    """The inverse of `off_line`, of the columns (k, n) of blocks that have so many rows."""
    firsts = _firsts(rows)
    steps = found.copy()
    steps[:, firsts] = 0
    steps = _summed(steps, rows)
    steps[:, firsts] = found[:, firsts]
    return _summed(steps, rows)


def zigzag(values: NDArray[Whole]) -> NDArray[Whole]:
    """Differences of either sign as 0, -1, 1, -2, 2, ... are counted."""
    signed = values.view(f"<i{values.itemsize}")
    return ((signed << 1) ^ (signed >> 8 * values.itemsize - 1)).view(values.dtype)


def unzigzag(values: NDArray[Whole]) -> NDArray[Whole]:
    """The inverse of `zigzag`."""
    one = values.dtype.type(1)
    return (values >> one) ^ (~(values & one) + one)


def _ordered(words: Words, floats: NDArray[np.bool_]) -> Words:
    return np.asarray(words ^ np.where(words >= _SIGN, _ALL, _SIGN) * floats, np.uint32)


def _disordered(words: Words, floats: NDArray[np.bool_]) -> Words:
    """The inverse of `_ordered`, of columns (k, n)."""
    below_zero = ~(words.view("<i4") >> 31).view("<u4")
    return np.asarray(words ^ (below_zero | _SIGN) * floats[:, None], np.uint32)


def _firsts(rows: Sequence[int]) -> NDArray[np.intp]:
    """Where blocks with so many rows begin, those that have any."""
    return np.cumsum([0, *filter(None, rows)])[:-1]


def _summed(values: NDArray[Whole], rows: Sequence[int]) -> NDArray[Whole]:
    """Columns (k, n) added up from the first row of each block."""
    sums = np.cumsum(values, axis=1, dtype=values.dtype)
    firsts = _firsts(rows)
    before = sums[:, firsts] - values[:, firsts]
    return np.asarray(sums - np.repeat(before, list(filter(None, rows)), axis=1))


def _off_length(orientation: Words) -> Words:
    """Of x y z w (n, 4): the highest bit where the sign of w changes, below it how far w is off, modulo 2^31."""
    w = orientation[:, 3]
    off = ((w - _left(np.ascontiguousarray(orientation[:, :3].T))) << np.uint32(1)).view("<i4") >> 1
    changes = w & _SIGN
    changes[1:] ^= w[:-1] & _SIGN
    found: Words = zigzag(off.view("<u4")) | changes
    return found


def _on_length(xyz: Words, found: Words, rows: Sequence[int]) -> Words:
    """The inverse of `_off_length`: columns of w (k, n) from those of x, y and z (3, k, n)."""
    size = (_left(xyz) + unzigzag(found & ~_SIGN)) & ~_SIGN
    return size | _summed(found & _SIGN, rows)  # of the highest bit a sum keeps whether it is odd


def _left(xyz: Words) -> Words:
    """The bits of sqrt(1 - x² - y² - z²), each step in 64 bits and rounded; 0 where that is no number."""
    with np.errstate(all="ignore"):
        x, y, z = xyz.view("<f4").astype(float)
        left = 1.0 - (x * x + y * y + z * z)
        length: NDArray[np.float64] = np.sqrt(np.where(left > 0, left, 0.0))
        return length.astype("<f4").view(np.uint32)


def _planes(values: NDArray[Whole]) -> bytes:
    content = np.ascontiguousarray(values).view(np.uint8).reshape(*values.shape, values.itemsize)
    return content.transpose(2, 1, 0).tobytes()


def _unplaned(
    blocks: Sequence[bytes], first: int, columns: int, kind: "np.dtype[Whole]", rows: Sequence[int]
) -> NDArray[Whole]:
    """The columns (columns, n) of which blocks hold the planes, from their plane of number `first` on."""
    planes = kind.itemsize * columns
    each = [
        np.frombuffer(content, np.uint8, planes * count, first * count).reshape(planes, count)
        for content, count in zip(blocks, rows, strict=True)
    ]
    found = np.empty((columns, sum(rows), kind.itemsize), np.uint8)
    for place, plane in enumerate(np.concatenate(each, axis=1).reshape(kind.itemsize, columns, sum(rows))):
        found[:, :, place] = plane
    return found.view(kind)[:, :, 0]
