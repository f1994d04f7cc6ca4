"""The time of frames: the runtime's own, and one that goes on when the runtime is gone or has begun anew."""

import time


class Clock:
    """Turns predicted display times into times that only rise, whatever becomes of the runtime.

    With the first runtime they are its own times. Another one may count from elsewhere: then its first time is put
    where the computer's clock says that it belongs.
    """

    def __init__(self) -> None:
        self._offset_ns: int | None = 0
        self._last_ns = 0
        self._last_at_ns = time.monotonic_ns()

    def forget(self) -> None:
        """The runtime is gone; the next one counts in its own way."""
        self._offset_ns = None if self._last_ns else 0

    def frame_ns(self, display_ns: int) -> int:
        """The time of a frame that will be seen at a runtime's time."""
        if self._offset_ns is None:
            self._offset_ns = self._now_ns() - display_ns
        return self._rise(display_ns + self._offset_ns)

    def idle_ns(self) -> int:
        """The time of a frame that nobody sees."""
        return self._rise(self._now_ns())

    def _now_ns(self) -> int:
        return self._last_ns + time.monotonic_ns() - self._last_at_ns

    def _rise(self, time_ns: int) -> int:
        self._last_ns, self._last_at_ns = max(time_ns, self._last_ns + 1), time.monotonic_ns()
        return self._last_ns
