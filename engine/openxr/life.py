"""What the state of an OpenXR session asks of an application, as a table; it needs no runtime."""

from typing import NamedTuple

IDLE, READY, SYNCHRONIZED, VISIBLE, FOCUSED, STOPPING, LOSS_PENDING, EXITING = range(1, 9)


class Life(NamedTuple):
    """What to do in a state: begin or end the session now, run its frames, heed its input, or leave it."""

    begin: bool = False
    end: bool = False
    running: bool = False
    focused: bool = False
    over: bool = False


_LIFE = {
    IDLE: Life(),
    READY: Life(begin=True, running=True),  # runtimes need frames before they go on to SYNCHRONIZED
    SYNCHRONIZED: Life(running=True),
    VISIBLE: Life(running=True),
    FOCUSED: Life(running=True, focused=True),
    STOPPING: Life(end=True),
    LOSS_PENDING: Life(over=True),
    EXITING: Life(over=True),
}


def life(state: int) -> Life:
    """What an XrSessionState asks; a state that is not known asks for patience."""
    return _LIFE.get(state, Life())
