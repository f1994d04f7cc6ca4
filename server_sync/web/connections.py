"""Connections: how long one may keep the server waiting, and how many there may be.

Whoever opens connections and says nothing would otherwise hold them, and at the end the server could accept no other.
"""

import sys
from collections.abc import Iterable
from typing import Any

REQUEST_WITHIN_S, BODY_WITHIN_S = 20.0, 600.0
"""How long a request may take to come: until its headers are here, and all of it. A session of 32 MB needs minutes.

So may an answer to go, which is all handed over while a slow line still takes it.
"""
WANTED_FILES, OTHER_FILES = 16_384, 256
"""Files and connections that may be open, as far as the system lets us; of them, those that are no connections."""


class Waiting:
    """Since when which connections keep the server waiting."""

    def __init__(self, most: int) -> None:
        """Allow so many at once."""
        self._most = most
        self._since: dict[Any, tuple[Any, float]] = {}

    def overdue(self, connections: Iterable[Any], now_s: float) -> list[Any]:
        """Those to close: on which a request takes too long to come, and of too many those that waited longest."""
        there, self._since = self._since, {}
        every = list(connections)
        for each in every:
            if (what := _awaited(each)) is not None:
                before, since = there.get(each, (None, now_s))
                self._since[each] = what, since if before == what else now_s
        longest = sorted(self._since, key=lambda each: self._since[each][1])
        late = [each for each in longest if now_s - self._since[each][1] > self._since[each][0][1]]
        return list(dict.fromkeys([*late, *longest[: max(0, len(every) - self._most)]]))


def may_open() -> int:
    """How many connections there may be at once; raises the system's own limit as far as it allows."""
    if sys.platform == "win32":
        return WANTED_FILES
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(1, wanted - OTHER_FILES)


def _awaited(connection: Any) -> tuple[int, float] | None:
    """Which part of which request a connection waits for, and how long that may take; None while it is answered."""
    request = connection.cycle
    if request is None or request.response_complete:
        return id(request), BODY_WITHIN_S if connection.transport.get_write_buffer_size() else REQUEST_WITHIN_S
    return (id(request), BODY_WITHIN_S) if request.more_body else None
