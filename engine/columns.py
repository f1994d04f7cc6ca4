"""Tables as bytes that compress well, without loss: what a steady movement would not have told, byte plane by plane.

Bits of floats are put in the order of their values, so that all columns are whole numbers without sign. Each but the
first two of a column then stands for how far it is from the line through the two before; that is small for whoever
moves smoothly. The w of an orientation stands for how far it is from what x, y and z leave of a length of 1. Small
differences of either sign become small numbers, and all first bytes of a table come before all second ones.
"""

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


def unpacked(content: bytes, kind: "np.dtype[np.void]", rows: int) -> np.ndarray:
    """The table of which `content` are the planes; raises ValueError when there are too few bytes."""
    if not rows:
        return np.empty(0, kind)
    layout = layout_of(kind)
    columns = len(layout.floats)
    wide = on_line(unzigzag(_unplaned(content, np.dtype("<u8"), rows, layout.wide)))
    found = _unplaned(content[8 * rows * layout.wide :], np.dtype("<u4"), rows, columns)
    words = _disordered(on_line(unzigzag(found)), layout.floats)
    for column in layout.ws:
        words[:, column] = _on_length(words[:, column - 3 : column], found[:, column])
    return joined(wide, words, kind)


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
    content = table.view(np.uint8).reshape(len(words), kind.itemsize)
    content[:, : 8 * wide.shape[1]] = wide.view(np.uint8)
    content[:, 8 * wide.shape[1] :] = words.view(np.uint8)
    return table


def off_line(values: NDArray[Whole]) -> NDArray[Whole]:
    """How far each row is from the line through the two before, modulo 2^bits."""
    found = values.copy()
    found[1:] -= values[:-1]
    found[2:] -= found[1:-1].copy()
    return found


def on_line(found: NDArray[Whole]) -> NDArray[Whole]:
    """The inverse of `off_line`."""
    steps = found.copy()
    steps[1:] = np.cumsum(found[1:], axis=0, dtype=found.dtype)
    return np.cumsum(steps, axis=0, dtype=found.dtype)


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
    return np.asarray(words ^ np.where(words >= _SIGN, _SIGN, _ALL) * floats, np.uint32)


def _off_length(orientation: Words) -> Words:
    """Of x y z w (n, 4): the highest bit where the sign of w changes, below it how far w is off, modulo 2^31."""
    w = orientation[:, 3]
    off = ((w - _left(orientation[:, :3])) << np.uint32(1)).view("<i4") >> 1
    changes = w & _SIGN
    changes[1:] ^= w[:-1] & _SIGN
    found: Words = zigzag(off.view("<u4")) | changes
    return found


def _on_length(xyz: Words, found: Words) -> Words:
    """The inverse of `_off_length`: w (n,) from x y z (n, 3)."""
    size = (_left(xyz) + unzigzag(found & ~_SIGN)) & ~_SIGN
    return size | np.bitwise_xor.accumulate(found & _SIGN)


def _left(xyz: Words) -> Words:
    """The bits of sqrt(1 - x² - y² - z²), each step in 64 bits and rounded; 0 where that is no number."""
    with np.errstate(all="ignore"):
        x, y, z = np.ascontiguousarray(xyz.T).view("<f4").astype(float)
        left = 1.0 - (x * x + y * y + z * z)
        length: NDArray[np.float64] = np.sqrt(np.where(left > 0, left, 0.0))
        return length.astype("<f4").view(np.uint32)


def _planes(values: NDArray[Whole]) -> bytes:
    content = np.ascontiguousarray(values).view(np.uint8).reshape(*values.shape, values.itemsize)
    return content.transpose(2, 1, 0).tobytes()


def _unplaned(content: bytes, kind: "np.dtype[Whole]", rows: int, columns: int) -> NDArray[Whole]:
    found = np.frombuffer(content, np.uint8, kind.itemsize * columns * rows).reshape(kind.itemsize, columns, rows)
    return np.ascontiguousarray(found.transpose(2, 1, 0)).view(kind).reshape(rows, columns)
