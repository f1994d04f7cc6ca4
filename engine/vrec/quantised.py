"""Tables in few bits, within a stated bound: what nobody's tracking can tell apart is not kept.

Numbers become whole steps, these how far they are from the line through the two before, as in `columns`, and these bits
by `rice`. What has no step near enough (nan, infinite, far away, an orientation that is not of length 1) is kept as it
is beside them; times, numbers of frames and flags are whole numbers and stay exact.
"""

import struct
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import zstandard
from numpy.typing import NDArray

from engine.vrec import rice
from engine.vrec.columns import Layout, Words, expanded, joined, layout_of, off_line, on_line, parts, unzigzag, zigzag
from engine.vrec.rice import Coded, Numbers

TURN_STEPS = 33_000  # of a quaternion's numbers in 1, for less than 0.0035 degrees
STEPS = {"m": 1e-4, "mps": 1e-3, "radps": 1e-3, "trigger": 1 / 255, "squeeze": 1 / 255, "turn": 1 / TURN_STEPS}
"""How large a step is: of places in metres, of speeds, of what is pressed (0 to 1), of the numbers of a quaternion."""
LARGEST = {"m": 100.0, "mps": 100.0, "radps": 100.0, "trigger": 1.0, "squeeze": 1.0, "turn": 1.0}
"""What is farther from 0 is kept as it is."""
LOSS = {"m": 6e-5, "mps": 6e-4, "radps": 6e-4, "trigger": 0.002, "squeeze": 0.002, "orientation_deg": 0.0035}
"""The bound of the loss: half a step, and what 32-bit floats round."""
LENGTH_ERROR = 1e-5
LEVEL = 19
_CHANGE = np.uint64(1 << 18)  # set where the sign of w changes; how far w is off lies below it
_HEAD = struct.Struct("<4I")


class _Steps(NamedTuple):
    """A table in steps (n, columns), and the numbers that are kept as they are: where in it, and their bits."""

    numbers: Numbers
    places: NDArray[np.intp]
    bits: Words


def packed(table: np.ndarray) -> bytes:
    """A table in few bits."""
    layout = layout_of(table.dtype)
    wide, words = parts(table, layout)
    steps = _quantised(table.dtype, words, layout)
    numbers = zigzag(off_line(np.concatenate([wide, steps.numbers], axis=1)))
    for column in layout.ws:
        numbers[:, layout.wide + column] = _off_length(steps.numbers[:, column - 3 : column + 1].view(np.int64))
    code = rice.coded(numbers)
    kept = zstandard.ZstdCompressor(level=LEVEL).compress(
        np.ascontiguousarray(code.widths.T).tobytes()
        + np.diff(steps.places, prepend=0).astype("<u4").tobytes()
        + steps.bits.tobytes()
    )
    return _HEAD.pack(len(kept), len(code.low), len(code.high), len(steps.places)) + kept + code.low + code.high


def unpacked(content: bytes, kind: "np.dtype[np.void]", rows: int) -> tuple[np.ndarray, int]:
    """A table from where it begins in `content`, and how many bytes it took; raises ValueError where there is none."""
    layout = layout_of(kind)
    wide, columns, groups = layout.wide, layout.wide + len(layout.floats), rice.groups_of(rows)
    if len(content) < _HEAD.size:
        raise ValueError("it ends in the head of a table")
    *sizes, count = _HEAD.unpack_from(content)
    ends = np.cumsum([_HEAD.size, *sizes]).tolist()
    kept, low, high = (content[start:end] for start, end in pairwise(ends))
    if count > rows * len(layout.floats) or ends[-1] > len(content):
        raise ValueError("there is less than it says")
    kept = expanded(kept, groups * columns + 8 * count)
    widths = np.frombuffer(kept, np.uint8, groups * columns).reshape(columns, groups).T
    between, bits = np.frombuffer(kept, "<u4", offset=groups * columns).reshape(2, count)
    numbers = rice.decoded(Coded(widths, low, high), rows)
    steps = np.ascontiguousarray(on_line(unzigzag(numbers.T), [rows]).T)
    for column in (wide + column for column in layout.ws):
        steps[:, column] = _on_length(steps[:, column - 3 : column].view(np.int64), numbers[:, column])
    words = _restored(_Steps(steps[:, wide:], np.cumsum(between, dtype=np.intp), bits), kind, layout)
    return joined(steps[:, :wide], words, kind), ends[-1]


def _quantised(kind: "np.dtype[np.void]", words: Words, layout: Layout) -> _Steps:
    step, largest = _scales(kind)
    with np.errstate(invalid="ignore"):
        values = np.where(layout.floats, words.view("<f4").astype(float), 0.0)
    near = np.abs(values) <= largest  # false for what is not a number
    rest = np.zeros(len(layout.floats))
    rest[list(layout.ws)] = 1.0
    for column in layout.ws:
        turn = slice(column - 3, column + 1)
        length = np.sqrt((values[:, turn] ** 2).sum(axis=1))
        near[:, turn] = (np.abs(length - 1) <= LENGTH_ERROR)[:, None]
    rounded = np.rint(np.where(near, values, rest) / step).astype(np.int64)
    numbers = np.where(layout.floats, _carried(rounded, near), words)
    places = np.flatnonzero(~near)
    return _Steps(numbers.view(np.uint64), places, words.reshape(-1)[places])


def _carried(numbers: NDArray[np.int64], near: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Each number that is not near as the last one that was, so that it costs nothing."""
    rows = np.arange(len(numbers))[:, None]
    latest = np.maximum.accumulate(np.where(near, rows, 0), axis=0)
    return np.asarray(np.take_along_axis(numbers, latest, axis=0))


def _restored(steps: _Steps, kind: "np.dtype[np.void]", layout: Layout) -> Words:
    step, _ = _scales(kind)
    with np.errstate(all="ignore"):
        values = steps.numbers.view(np.int64) * step
        for column in layout.ws:
            turn = values[:, column - 3 : column + 1]
            turn /= np.sqrt((turn**2).sum(axis=1, keepdims=True))
        words = values.astype("<f4").view(np.uint32)
        whole = steps.numbers.astype(np.uint32)
    words = np.where(layout.floats, words, whole)
    if len(steps.places) and steps.places.max() >= words.size:
        raise ValueError("a number is kept for a place that is not there")
    words.reshape(-1)[steps.places] = steps.bits
    return words


@cache
def _scales(kind: "np.dtype[np.void]") -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The step and the largest number of each column of 32 bits; 1 and none for whole numbers."""
    step, largest = [], []
    for name in kind.names or ():
        if kind[name].base.itemsize == 4:
            unit = "turn" if name.endswith(("_qx", "_qy", "_qz", "_qw")) else name.rpartition("_")[2]
            count = kind[name].itemsize // 4
            step += [STEPS.get(unit, 1.0)] * count
            largest += [LARGEST.get(unit, 0.0)] * count
    return np.array(step), np.array(largest)


def _off_length(orientation: NDArray[np.int64]) -> Numbers:
    """Of x y z w in steps (n, 4): how far w is off what x, y and z leave, and where its sign changes."""
    w = orientation[:, 3]
    changes = np.diff(w < 0, prepend=False)
    off = zigzag((np.abs(w) - _left(orientation[:, :3])).view(np.uint64))
    return np.asarray(off | np.where(changes, _CHANGE, 0), np.uint64)


def _on_length(xyz: NDArray[np.int64], found: Numbers) -> Numbers:
    """The inverse of `_off_length`: w (n,) from x y z (n, 3)."""
    size = _left(xyz) + unzigzag(found & ~_CHANGE).view(np.int64)
    signs = np.bitwise_xor.accumulate((found & _CHANGE) != 0)
    w: NDArray[np.int64] = np.where(signs, -size, size)
    return w.view(np.uint64)


def _left(xyz: NDArray[np.int64]) -> NDArray[np.int64]:
    left = TURN_STEPS**2 - (xyz.astype(float) ** 2).sum(axis=1)
    return np.asarray(np.rint(np.sqrt(np.maximum(left, 0.0))), np.int64)
