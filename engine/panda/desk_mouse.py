"""What a mouse moves by itself at a desk where no hand is asked for: it leans the body, turns the face, rises.

So one hand on a mouse, without any button, is enough for every game. Keys and sticks go before it: a mouse counts from
when it is moved. What else leads a hand, such as a stick, turns the face there without a button, too.
"""

import math
from collections.abc import Sequence

from engine.inputs import NOTHING, RISE, Held, Pair
from engine.panda.puppet import NECK_DEG
from engine.scene import Bend, Follow, Gaze, Item, Lean, Lift, Option, Reach, Recall, Rise, Stone, Target

MOVED = 0.04  # of half a window: a hand laid on a mouse moves it less
MIDDLE, FULL = 0.12, 0.55  # of half a window: nothing is meant nearer than the one, all of it from the other
UP = 0.3  # above is standing, and as far below sitting
WITHIN_DEG = 1.5


class MouseBody:
    """The body that a mouse moves; says what a device says that is held."""

    def __init__(self) -> None:
        """Nothing is asked for."""
        self._asks: Lean | Gaze | Rise | Lift | Stone | None = None
        self._from: Pair | None = None
        self._leads = False

    def see(self, items: Sequence[Item]) -> None:
        """Take in what is asked now; what a hand is asked for leaves the rest of the body alone."""
        asked = (item for item in items if isinstance(item, Lean | Gaze | Rise | Lift | Recall | Stone))
        asks = next((_as_gaze(item) for item in asked if not isinstance(item, Stone) or item.state == "wanted"), None)
        if any(isinstance(item, Target | Reach | Follow | Bend | Option) for item in items):
            asks = None
        if type(asks) is not type(self._asks):
            self._leads, self._from = False, None
        self._asks = asks

    def add(self, held: Held, mouse: Pair | None, tilt_deg: float, sits: bool) -> tuple[Held, tuple[str, ...]]:
        """What is held, with what the mouse does; and what it presses. `tilt_deg` and `sits` are how the body is."""
        if isinstance(self._asks, Gaze) and held.point != NOTHING.point and held.face is None:
            held = held._replace(face=held.point, point=NOTHING.point)
        asks, plain = self._asks, held._replace(lean_deg=None, point=(0.0, 0.0), trigger=0.0, squeeze=0.0)
        on_board = held.lean_deg is not None and not isinstance(asks, Gaze)
        if asks is None or mouse is None or plain != Held() or on_board:
            self._leads, self._from = False, mouse
            return held, ()
        if self._from is None:
            self._from = mouse
        self._leads = self._leads or math.dist(mouse, self._from) > MOVED
        if not self._leads:
            return held, ()
        if isinstance(asks, Rise) and asks.high_m > asks.low_m:
            rises = (mouse[1] > UP and sits) or (mouse[1] < -UP and not sits)
            return held, (RISE,) if rises else ()
        if isinstance(asks, Gaze):
            return _turned(held, asks, mouse, tilt_deg), ()
        right, up = _shares(mouse)
        return held._replace(lean=(up, right)), ()


def _as_gaze(item: Lean | Gaze | Rise | Lift | Recall | Stone) -> Lean | Gaze | Rise | Lift | Stone:
    """What is asked of the body; a face that shall find its place again is turned as one that shall look there."""
    return Gaze(item.key, 0.0, 0.0, 1.0) if isinstance(item, Recall) else item


def _turned(held: Held, asks: Gaze, mouse: Pair, tilt_deg: float) -> Held:
    """The face goes to where the mouse is; where it shall be tilted alone, it is laid over to that side."""
    only_tilts = asks.tilt_deg and not asks.yaw_deg and not asks.pitch_deg
    away_deg = (_shares(mouse)[0] * NECK_DEG[2] if only_tilts else asks.tilt_deg) - tilt_deg
    tilt = math.copysign(1.0, away_deg) if abs(away_deg) > WITHIN_DEG else 0.0
    return held._replace(face=None if only_tilts else mouse, tilt=tilt)


def _shares(mouse: Pair) -> Pair:
    """How far (right, up) a mouse away from the middle moves what it moves, 1 at most."""
    far = math.hypot(*mouse)
    if far <= MIDDLE:
        return (0.0, 0.0)
    share = min(1.0, (far - MIDDLE) / (FULL - MIDDLE)) / far
    return (mouse[0] * share, mouse[1] * share)
