"""Keeps Python's own housekeeping out of frames."""

import gc
import sys

_YOUNG, _MIDDLE = 2000, 20  # objects made since the last collection; collections since those were looked at
_SWITCH_S = 0.0002


class Housekeeping:
    """While it is on, garbage is collected only when `rest` or `idle` is called.

    What was loaded before `begin` is never looked at again: with a game loaded a full collection takes 35 to 400 ms.
    Other threads give the interpreter back within a fifth of a millisecond.
    """

    def __init__(self) -> None:
        self._on = False

    def begin(self) -> None:
        """Set aside all that is loaded, and stop collecting by itself; may be called twice."""
        if not self._on:
            self._on, self._collected, self._switch_s = True, gc.isenabled(), sys.getswitchinterval()
            gc.collect()
            gc.freeze()
            gc.disable()
            sys.setswitchinterval(min(_SWITCH_S, self._switch_s))

    def rest(self) -> None:
        """Between two frames: look at young objects when there are many."""
        young, middle, _ = gc.get_count()
        if young > _YOUNG:
            gc.collect(1 if middle > _MIDDLE else 0)

    def idle(self) -> None:
        """While nobody looks: look at everything that is not set aside."""
        gc.collect()

    def end(self) -> None:
        """Put everything back as it was."""
        if self._on:
            self._on = False
            sys.setswitchinterval(self._switch_s)
            gc.unfreeze()
            if self._collected:
                gc.enable()
