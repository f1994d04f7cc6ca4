"""Safety in one place: the guard stands in the loop between game and scene, so that no game can forget it.

Each frame it decides whether play goes on, pauses or stops; each item it lets through only when it lies inside
the envelope. Thresholds are design values from the measures' literature, stated beside each constant.
"""

import math
from typing import NamedTuple

from engine.body import Body
from engine.envelope import Envelope, lean_movement
from engine.frame import SIDES, Button, Frame
from engine.places import seen_from_shoulder
from engine.scene import Item, Lean, Reach, Target

LEAN_OF_LIMIT = 1.2  # beyond this share of the measured lean the person may be falling
LEAN_UNMEASURED_DEG = 12.0  # one and a half times the theoretical limit of stability, 8 degrees
LEAN_OF_REACHING_DEG = 3.0  # turning and reaching lean this much by themselves, whatever the limit
LEAN_RATE_DPS = 30.0
HEAD_DROP_M = 0.15
ARM_OF_STATURE_AT_MOST = 0.5  # shoulder to palm is 0.387 on average
SETTLED_S = 1.0  # how long all must be well before play goes on
GUESSED_S = 0.25  # longer than a glitch, and shorter than a fall
_SMOOTHING_S = 0.1

RESTARTING = "the headset's software stopped and is being started again"
AWAY = "nobody wears the headset"
UNHEEDED = "a system menu is open or the headset is asleep"
SETTLING = "settling"


class Verdict(NamedTuple):
    """What happens in this frame: `go`, `pause` or `stop`, and why in words for the record.

    `elsewhere` says that the person is not where they stood, which a new middle may put right.
    """

    act: str
    why: str = ""
    elsewhere: bool = False


GO = Verdict("go")
_ABSENT = ((Button.RESTARTING, RESTARTING), (Button.AWAY, AWAY))


class Guard:
    """Watches frames, bodies and items of one session."""

    def __init__(self) -> None:
        self.envelope: Envelope | None = None
        self._admitted: set[tuple[object, ...]] = set()
        self._well_since_s = 0.0
        self._paused = False
        self._lean_deg = (0.0, 0.0)
        self._rate_dps = 0.0
        self._last_s = 0.0
        self._tracked_s = 0.0

    def renew(self, envelope: Envelope) -> None:
        """Take a new envelope; everything has to be admitted again."""
        self.envelope = envelope
        self._admitted.clear()

    def watch(self, frame: Frame, body: Body) -> Verdict:
        """Judge a frame: stop at once when asked, pause while the person cannot play safely."""
        if frame.buttons and frame.buttons & Button.STOP:
            return Verdict("stop", "the person pressed stop")
        gone = absent(frame) or self._guessed(frame, body)
        why = gone or self._falling(body)
        if why:
            self._paused, self._well_since_s = True, body.time_s
            return Verdict("pause", why, elsewhere=not gone)
        if self._paused and body.time_s - self._well_since_s < SETTLED_S:
            return Verdict("pause", SETTLING)
        self._paused = False
        return GO

    def admit(self, items: tuple[Item, ...]) -> str:
        """Why these items may not be shown; "" when every target, path and lean lies inside the envelope."""
        for item in items:
            if isinstance(item, Target | Reach | Lean):
                bounds = _bounds_of(item)
                if bounds not in self._admitted:
                    refusal = self._refusal(item)
                    if refusal:
                        return refusal
                    self._admitted.add(bounds)
        return ""

    def _refusal(self, item: Target | Reach | Lean) -> str:
        envelope = self.envelope
        if envelope is None:
            return f"{item.key}: nothing was measured yet, so nothing can be asked"
        if isinstance(item, Target):
            return envelope.refuses_target(item.place_m, item.hand)
        if isinstance(item, Reach):
            return _refuses_line(envelope, item)
        if item.open_ended:
            if not 0 <= item.angle_deg <= LEAN_UNMEASURED_DEG:
                return f"an open lean of {item.angle_deg:.1f}° must be from 0 to {LEAN_UNMEASURED_DEG:.0f}° for anybody"
            return envelope.refuses_stop_line(lean_movement(item.direction_deg), item.angle_deg)
        return envelope.refuses_lean(item.direction_deg, item.angle_deg)

    def _guessed(self, frame: Frame, body: Body) -> str:
        """Whether the head was inferred for long: a guess hides a fall."""
        if frame.head.tracked:
            self._tracked_s = body.time_s
        elif body.time_s - self._tracked_s > GUESSED_S:
            return "the headset only guesses where the head is"
        return ""

    def _falling(self, body: Body) -> str:
        step_s = body.time_s - self._last_s
        ahead, right = body.lean_deg
        if step_s > 0:
            rate = math.hypot(ahead - self._lean_deg[0], right - self._lean_deg[1]) / step_s
            share = min(1.0, step_s / _SMOOTHING_S)
            self._rate_dps += share * (rate - self._rate_dps)
        self._lean_deg, self._last_s = body.lean_deg, body.time_s
        if self.envelope is None:
            return ""
        if self._rate_dps > LEAN_RATE_DPS:
            return f"the head moves sideways at {self._rate_dps:.0f}°/s"
        lean = math.hypot(ahead, right)
        if lean > LEAN_OF_REACHING_DEG and lean > self._most_lean_deg(ahead, right):
            return f"a lean of {lean:.0f}° is further than this person can hold"
        if body.head_m[1] < self.envelope.stance.head_m[1] - HEAD_DROP_M:
            return "the head has come down"
        return ""

    def _most_lean_deg(self, ahead: float, right: float) -> float:
        movement = lean_movement(math.degrees(math.atan2(right, ahead)))
        limit = self.envelope.calibration.limits.get(movement) if self.envelope else None
        return (
            LEAN_UNMEASURED_DEG if limit is None or not limit.n else LEAN_OF_LIMIT * max(limit.value, limit.best or 0.0)
        )


def absent(frame: Frame) -> str:
    """Why nobody is there to play, "" when somebody is; a head at the exact origin is how some runtimes lose one."""
    if frame.buttons:
        for button, why in _ABSENT:
            if frame.buttons & button:
                return why
    if not frame.focused:
        return UNHEEDED
    if not frame.head.valid or frame.head.position_m == (0.0, 0.0, 0.0):
        return "head tracking was lost"
    return ""


def seen(frame: Frame) -> bool:
    """Whether somebody is there whose head is tracked, so that a stance may be taken from it."""
    return frame.head.tracked and not absent(frame)


def _refuses_line(envelope: Envelope, line: Reach) -> str:
    longest_m = ARM_OF_STATURE_AT_MOST * envelope.calibration.stature_m.value
    for side in SIDES if line.hand == "either" else (line.hand,):
        for end_m in (line.start_m, line.stop_m):
            _, elevation, far_m = seen_from_shoulder(envelope.shoulder(side), envelope.stance.facing_deg, end_m)
            if not far_m <= longest_m:
                return f"an open reach of {far_m:.2f} m is longer than an arm of this person can be, {longest_m:.2f} m"
            refusal = envelope.refuses_stop_line(f"shoulder_elevation_{side}", elevation)
            if refusal:
                return refusal
    return ""


def _bounds_of(item: Target | Reach | Lean) -> tuple[object, ...]:
    if isinstance(item, Target):
        return (item.place_m, item.hand)
    if isinstance(item, Reach):
        return (item.start_m, item.stop_m, item.hand)
    return (item.direction_deg, item.angle_deg, item.open_ended)
