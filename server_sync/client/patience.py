"""How long a device keeps asking, and how it waits between: exponential pauses with full jitter.

The bounds are those of Couchbase Lite and CouchDB (pauses from 0.25 s to 300 s); full jitter is after Brooker,
"Exponential Backoff And Jitter", AWS Architecture Blog 2015. Time is monotonic: a clock that is set changes nothing.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 300.0
LONGEST_WISH_S = 3600.0

T = TypeVar("T")


class Later(Exception):
    """It did not work now and may later; the message says why.

    `wait_s` is how long the server asks to wait, `status` what it answered, 0 where no answer came that can be
    believed. `tries` bounds how often it is worth asking again soon, 0 for no bound.
    """

    def __init__(self, reason: str, wait_s: float = 0.0, status: int = 0, tries: int = 0) -> None:
        """Keep what the server said."""
        super().__init__(reason)
        self.wait_s, self.status, self.tries = min(wait_s, LONGEST_WISH_S), status, tries


class Refused(Exception):
    """The server will not do this, however often it is asked; the message is its reason."""


@dataclass
class Patience:
    """How long to go on trying one thing, in seconds, and what time is."""

    seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float, float], float] = random.uniform

    def keep_trying(self, attempt: Callable[[], T]) -> T:
        """Attempt until it works; raises the last Later when the next pause would end past the bound."""
        end, tried, pauses = self.clock() + self.seconds, 0, Pauses(self.jitter)
        while True:
            try:
                return attempt()
            except Later as failure:
                tried += 1
                wait_s = pauses.next(failure.wait_s)
                if self.clock() + wait_s > end or (failure.tries and tried >= failure.tries):
                    raise
            self.sleep(wait_s)


class Pauses:
    """How long to wait next, while nothing works."""

    def __init__(self, jitter: Callable[[float, float], float] = random.uniform) -> None:
        """Begin with the shortest."""
        self._jitter, self._longest_s = jitter, FIRST_PAUSE_S

    def next(self, wish_s: float = 0.0) -> float:
        """The next pause in seconds, after the time that the server asked for."""
        wait_s = wish_s + self._jitter(0.0, self._longest_s)
        self._longest_s = min(LONGEST_PAUSE_S, self._longest_s * 2)
        return wait_s


def wish_s(headers: Mapping[str, str]) -> float:
    """How long a server asks to wait, in seconds from now by its own clock: seconds, or a date (RFC 9110, 10.2.3)."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    then_s = _moment_s(value)
    if then_s is None:
        return 0.0
    return max(0.0, then_s - (_moment_s(headers.get("Date", "")) or time.time()))


def _moment_s(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
