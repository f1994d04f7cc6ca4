"""What the moves of a trial saw that its recording does not tell: how long it has lasted, and when somebody was called.

A recording tells of frames alone; what was shown with which of them, only the moves know.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from engine.body import Body
from engine.motion import Array, Motion
from engine.scene import Item

T = TypeVar("T")


@dataclass
class Noted:
    """Seconds from the first frame of a trial until now, and until somebody was called (nan before that).

    `seat_m` is the height of the head on a chair, where one was looked for, `stopped_s` when a hand stopped the clock.
    """

    gone_s: float = 0.0
    called_s: float = math.nan
    seat_m: float = math.nan
    stopped_s: float = math.nan
    begun: bool = False

    def call(self) -> None:
        """Somebody is called now."""
        self.called_s = self.gone_s


def timed(move: Generator[tuple[Item, ...], Body, T], noted: Noted) -> Generator[tuple[Item, ...], Body, T]:
    """Play a move and note how long the trial has lasted by now."""
    items = next(move)
    while True:
        body = yield items
        noted.gone_s += body.dt_s if noted.begun else 0.0
        noted.begun = True
        try:
            items = move.send(body)
        except StopIteration as end:
            value: T = end.value
            return value


def since_call_s(motion: Motion, noted: Noted) -> Array:
    """The time of each frame of a trial in seconds from the call, (n,); nan where nobody was called."""
    since: Array = motion.time_s - motion.time_s[0] - noted.called_s
    return since
