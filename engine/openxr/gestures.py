"""Buttons for hands that hold none, as gestures, and what holding a button means; on frames, with no runtime.

STOP is wrists crossed with both hands closed. Both hands together, closed, still and raised is a menu button in the
air: long is RECENTRE, short is MENU. Only hands that cameras see, and see now, can make a gesture.
"""

import math

from engine.frame import Button, Frame, Hand, Vector, rotate

STOP_S = 1.0
MENU_LONG_S = 1.0
TOGETHER_SHORT_S, TOGETHER_LONG_S = 0.5, 1.5
CLOSED = 0.5  # of squeeze
TOGETHER_M, STILL_M = 0.18, 0.05
CROSSED_M, APART_M = 0.05, 0.28  # folded arms hold the hands further apart
BELOW_EYES_M = 0.45  # hands that rest in a lap ask for nothing
GAP_NS = 250_000_000  # who was not seen for so long begins again


class Gestures:
    """The buttons of one session; `buttons` is asked once for each of its frames."""

    def __init__(self) -> None:
        self._menu = _Press(0.0, MENU_LONG_S)
        self._together = _Press(TOGETHER_SHORT_S, TOGETHER_LONG_S)
        self._crossed_ns: int | None = None
        self._together_at: tuple[Vector, Vector] | None = None
        self._before, self._last_ns = 0, 0

    def buttons(self, frame: Frame) -> int:
        """The buttons of a frame, with `frame.buttons` as they are held down.

        A held menu is RECENTRE once, after a second; a short one is MENU once, on its release. RECENTRE comes once for
        a press. The rest passes as it is.
        """
        now_ns, down = frame.time_ns, frame.buttons
        if not frame.focused or now_ns - self._last_ns > GAP_NS:
            self._forget()
        self._last_ns = now_ns
        passed = down & ~(Button.MENU | Button.RECENTRE) | (down & ~self._before & Button.RECENTRE)
        self._before = down
        if not frame.focused:
            return int(passed)
        return int(passed | self._menu.step(bool(down & Button.MENU), now_ns) | self._gestures(frame))

    def _gestures(self, frame: Frame) -> int:
        """What the hands say; nothing unless both are bare, seen and closed."""
        if not _closed_hands(frame):
            self._crossed_ns = self._together_at = None
            return self._together.step(False, frame.time_ns)
        left, right = frame.left.grip.position_m, frame.right.grip.position_m
        return self._stop(frame, left, right) | self._together.step(self._join(frame, left, right), frame.time_ns)

    def _stop(self, frame: Frame, left: Vector, right: Vector) -> int:
        if not _crossed(frame, left, right):
            self._crossed_ns = None
        elif self._crossed_ns is None:
            self._crossed_ns = frame.time_ns
        elif frame.time_ns - self._crossed_ns >= STOP_S * 1e9:
            return Button.STOP
        return 0

    def _join(self, frame: Frame, left: Vector, right: Vector) -> bool:
        """Whether the hands are together, and where they came together."""
        if math.dist(left, right) > TOGETHER_M or _crossed(frame, left, right):
            self._together_at = None
            return False
        began = self._together_at
        if began is None or math.dist(began[0], left) > STILL_M or math.dist(began[1], right) > STILL_M:
            moved = began is not None
            self._together_at = left, right
            if moved:
                self._together.forget()
        return True

    def _forget(self) -> None:
        self._menu.forget()
        self._together.forget()
        self._crossed_ns = self._together_at = None
        self._before = 0


class _Press:
    """A button with two meanings: held it is RECENTRE while still down, released earlier MENU."""

    def __init__(self, short_s: float, long_s: float) -> None:
        self._short_ns, self._long_ns = short_s * 1e9, long_s * 1e9
        self._since_ns: int | None = None
        self._spent = False

    def step(self, down: bool, now_ns: int) -> int:
        since_ns = self._since_ns
        if not down:
            meant = since_ns is not None and not self._spent and now_ns - since_ns >= self._short_ns
            self.forget()
            return Button.MENU if meant else 0
        if since_ns is None:
            self._since_ns = now_ns
        elif not self._spent and now_ns - since_ns >= self._long_ns:
            self._spent = True
            return Button.RECENTRE
        return 0

    def forget(self) -> None:
        self._since_ns, self._spent = None, False


def _closed_hands(frame: Frame) -> bool:
    devices = frame.devices
    if devices is None or devices.left_source != "hand" or devices.right_source != "hand":
        return False
    lowest_m = frame.head.position_m[1] - BELOW_EYES_M
    return frame.head.tracked and _closed(frame.left, lowest_m) and _closed(frame.right, lowest_m)


def _closed(hand: Hand, lowest_m: float) -> bool:
    grip = hand.grip
    return grip.valid and grip.tracked and hand.squeeze >= CLOSED and grip.position_m[1] >= lowest_m


def _crossed(frame: Frame, left: Vector, right: Vector) -> bool:
    """Whether the left hand is on the right of the right one, as the head is turned, and not far from it."""
    across = rotate(frame.head.orientation, (1.0, 0.0, 0.0))
    further_m = sum(axis * (a - b) for axis, a, b in zip(across, left, right, strict=True))
    return further_m >= CROSSED_M and math.dist(left, right) <= APART_M
