"""What the state of an OpenXR session asks of an application, as a table; it needs no runtime."""

from typing import NamedTuple

IDLE, READY, SYNCHRONIZED, VISIBLE, FOCUSED, STOPPING, LOSS_PENDING, EXITING = range(1, 9)


class Life(NamedTuple):
    """What to do in a state.

    Begin or end the session on entering it, run its frames, heed its input, leave for good (`over`), or start all
    anew because the runtime is going away (`lost`).
    """

    begin: bool = False
    end: bool = False
    running: bool = False
    focused: bool = False
    over: bool = False
    lost: bool = False


_LIFE = {
    IDLE: Life(),
    READY: Life(begin=True, running=True),  # runtimes need frames before they go on to SYNCHRONIZED
    SYNCHRONIZED: Life(running=True),
    VISIBLE: Life(running=True),
    FOCUSED: Life(running=True, focused=True),
    STOPPING: Life(end=True),
    LOSS_PENDING: Life(lost=True),
    EXITING: Life(over=True),
}


def life(state: int) -> Life:
    """What an XrSessionState asks; a state that is not known asks for patience."""
    return _LIFE.get(state, Life())
