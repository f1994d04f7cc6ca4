"""How often somebody may ask: a bucket of tokens for each, in the memory of one process."""

import math
import time
from collections.abc import Callable

_MOST_KNOWN = 10_000


class TooMany(Exception):
    """Somebody asks too often; `wait_s` is when they may again, in whole seconds."""

    def __init__(self, wait_s: float) -> None:
        """Keep how long to wait."""
        self.wait_s = math.ceil(wait_s)
        super().__init__(f"too many requests; the next one is possible in {self.wait_s} s")


class Rates:
    """So many requests in so many seconds of each key; `most` of them at once."""

    def __init__(self, most: float, within_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with full buckets."""
        self._most, self._per_s, self._clock = most, most / within_s, clock
        self._left = dict[str, tuple[float, float]]()

    def check(self, key: str) -> None:
        """Raise TooMany where nothing is left."""
        left, _ = self._now(key)
        if left < 1:
            raise TooMany((1 - left) / self._per_s)

    def spend(self, key: str) -> None:
        """Count one; raises TooMany."""
        self.check(key)
        left, now = self._now(key)
        if len(self._left) >= _MOST_KNOWN:
            self._left = {known: value for known, value in self._left.items() if self._now(known)[0] < self._most}
        self._left[key] = left - 1, now

    def _now(self, key: str) -> tuple[float, float]:
        now = self._clock()
        left, at = self._left.get(key, (self._most, now))
        return min(self._most, left + (now - at) * self._per_s), now
