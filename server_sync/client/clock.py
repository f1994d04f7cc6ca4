"""How far the clinic's clock is ahead of this computer's, as each exchange of a delivery tells anew.

Four times make an offset and a bound of its error: when a question was sent and its answer came (here), and when it was
received and answered (there). It is Cristian's method (Distributed Computing 3, 1989) as in NTP (RFC 5905, section 8).
"""

import time
import uuid
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from server_sync.wire import Clock

KEPT = 8
SET_S = 1.0  # a clock that was set, or a computer that slept
DRIFT = 50e-6  # of a computer's clock, in seconds a second
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class _Measure(NamedTuple):
    offset_s: float
    within_s: float
    wall_s: float
    monotonic_s: float


class Clocks:
    """The last measures of one delivery, of which the narrowest counts."""

    def __init__(
        self, wall: Callable[[], int] = time.time_ns, monotonic: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """Measure with these clocks, in nanoseconds."""
        self._wall, self._monotonic = wall, monotonic
        self._measures: deque[_Measure] = deque(maxlen=KEPT)

    def now(self) -> tuple[int, int]:
        """The present time by both clocks, to give to `heard`."""
        return self._wall(), self._monotonic()

    def heard(self, sent: tuple[int, int], received_ns: int, replied_ns: int) -> None:
        """Take in an exchange; times of a server that cannot be true are left out."""
        wall_ns, monotonic_ns = self.now()
        took_ns = monotonic_ns - sent[1]
        within_ns = (took_ns - (replied_ns - received_ns)) / 2
        if replied_ns < received_ns or within_ns < 0:
            return
        offset_ns = received_ns - sent[0] - within_ns
        self._measures.append(_Measure(offset_ns * 1e-9, within_ns * 1e-9, wall_ns * 1e-9, monotonic_ns * 1e-9))

    def best(self) -> Clock | None:
        """The narrowest measure since this computer's clock was set last; None before any."""
        wall_ns, monotonic_ns = self.now()
        now_s, since_s = wall_ns * 1e-9, monotonic_ns * 1e-9

        def bound_s(measure: _Measure) -> float:
            return measure.within_s + DRIFT * (since_s - measure.monotonic_s)

        usable = [m for m in self._measures if abs((now_s - since_s) - (m.wall_s - m.monotonic_s)) < SET_S]
        if not usable:
            return None
        found = min(usable, key=bound_s)
        at = datetime.fromtimestamp(found.wall_s, UTC).isoformat(timespec="milliseconds")
        return Clock(
            offset_s=round(found.offset_s, 6),
            within_s=round(bound_s(found), 6),
            measured_at=at,
            boot=boot(),
            monotonic_s=round(found.monotonic_s, 6),
        )


def boot() -> str:
    """What names this run of the computer; where the system does not tell, this run of the program."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return _PROCESS


_PROCESS = str(uuid.uuid4())
