"""What comes back of a recording's blocks, one after the other, and what does not, in words."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engine.vrec import contents
from engine.vrec.blocks import Block, Found, Kind
from engine.vrec.contents import BlockDamaged, RecordedEvent, Tables, Totals

LARGEST_TABLES_BYTES = 1 << 30
"""What is read of a file at most: three hours with all devices and both hands."""
BLOCKS_AT_ONCE = 32  # that are decoded together: their tables stay in the processor's cache
_MOST_NAMED = 8


class Gathered:
    """What the blocks of a file gave: `lost` says how many frames are missing behind how many that came back."""

    def __init__(self) -> None:
        """Have nothing so far."""
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


def gathered(blocks: Sequence[Block], tier: str) -> Gathered:
    """What whole blocks of a tier hold, decoded some at a time."""
    gathering = Gathered()
    for first in range(0, len(blocks), BLOCKS_AT_ONCE):
        some = blocks[first : first + BLOCKS_AT_ONCE]
        tables = iter(contents.tables_in([block.content for block in some if block.kind == Kind.FRAMES], tier))
        for block in some:
            gathering.take(block, next(tables) if block.kind == Kind.FRAMES else None)
            if gathering.full:
                return gathering
    return gathering


def told(found: Found, gathered: Gathered, time_ns: np.ndarray) -> list[str]:
    """What is missing, in words."""
    if gathered.full:
        return [f"it is read as far as {LARGEST_TABLES_BYTES >> 20} MiB go, {gathered.rows} frames"]
    last = found.blocks[-1].number if found.blocks else 0
    whole = [block.number for block in found.blocks if block.number not in gathered.broken]
    damaged = [(one + 1, other - 1) for one, other in pairwise([0, *whole, last + 1]) if other - one > 1]
    words = []
    if damaged:
        words.append(f"blocks {_ranges(damaged)} of {last} are damaged{_lost(gathered.lost, time_ns)}")
    if gathered.totals is None:
        words.append(f"cut off after {last} blocks, {len(time_ns)} frames{_seconds(time_ns, len(time_ns))}")
    if found.disordered:
        words.append(f"{found.disordered} blocks stand twice, or out of their order, and were put in it")
    if found.stray_bytes:
        words.append(f"{found.stray_bytes} bytes belong to no whole block")
    return words


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
