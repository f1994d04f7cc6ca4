"""Safety in one place: the guard stands in the loop between game and scene, so that no game can forget it.

Each frame it decides whether play goes on, pauses or stops; each item it lets through only when it lies inside
the envelope. Thresholds are design values from the measures' literature, stated beside each constant.
"""

import math
from typing import NamedTuple

from engine import bending, stepping
from engine.body import NECK_IN_HEAD_M, Body
from engine.envelope import ANYBODYS_LEAN_DEG, Envelope
from engine.frame import Button, Frame, rotate
from engine.movements import lean_movement
from engine.scene import Bend, Follow, Gaze, Item, Lean, Lift, Reach, Rise, Stone, Surround, Target, Walk
from engine.tracing import refuses

LEAN_OF_LIMIT = 1.2  # beyond this share of the measured lean the person may be falling
LEAN_OF_REACHING_DEG = 3.0  # turning and reaching lean this much by themselves, whatever the limit
LEAN_RATE_DPS = 30.0
HEAD_DROP_M = 0.15
SETTLED_S = 1.0  # how long all must be well before play goes on
FALL_MPS = 1.3  # no head comes down faster in daily life, sitting down included (Bourke 2008, Med Eng Phys 30:937)
RISING_LEAN_DEG = 40.0  # who stands up brings the head over the feet, and somebody seated leans over the toes
BENDING_LEAN_DEG = 60.0  # who bends to a low shelf has the head low and far ahead of the feet
STEP_RATE_DPS, STEP_BEYOND_M, STEP_DROP_M = 60.0, 0.15, 0.25  # of who steps, which is not yet to stumble
SEATED_BACK_DEG = 25.0  # who sits down on a chair behind has the head some 0.4 m behind where they stood
STRETCHED_LEAN_DEG, STRETCHED_DROP_M = 20.0, 0.35  # who reaches ahead over the feet bends at the hips
GUESSED_S = 0.25  # longer than a glitch, and shorter than a fall
_SMOOTHING_S = 0.1
_EYES_FROM_NECK_M = (-NECK_IN_HEAD_M[0], -NECK_IN_HEAD_M[1], -NECK_IN_HEAD_M[2])

Asked = Target | Reach | Follow | Lean | Gaze | Lift | Stone | Bend | Surround
_LOWERS = Rise | Bend  # unions are made here, since every frame asks for them

RESTARTING = "the headset's software stopped and is being started again"
AWAY = "nobody wears the headset"
UNHEEDED = "a system menu is open or the headset is asleep"
SETTLING = "settling"
TOO_FAST, TOO_FAR, TOO_LOW = "the head moves sideways", "a lean", "the head has come down"
FALLING, TILTED = "the head falls", "the body tilts"
NEAR_FALLS = (TOO_FAST, TOO_LOW, FALLING, TILTED)
"""How the reason of a pause begins that may have been a fall."""
UNSTEADY = (*NEAR_FALLS, TOO_FAR)
"""The same, or a lean that the person may not be able to hold."""


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
    """Watches frames, bodies and items of one session.

    Who is `at_ease`, because nothing is asked of them, may lean, step and sit down; only a fall is watched for.
    """

    def __init__(self) -> None:
        self.envelope: Envelope | None = None
        self._admitted: set[tuple[object, ...]] = set()
        self._open_lean_deg: dict[str, float] = {}  # whose limit is being found may lean further than before
        self._well_since_s = 0.0
        self._paused = False
        self.at_ease = False
        self._step_m = 0.0  # how far who is asked to step may go
        self._leans_deg = ((0.0, 0.0), (0.0, 0.0))
        self._rate_dps = 0.0
        self._rise: Rise | Bend | None = None  # who is asked to stand up, sit down or bend moves as nobody else may
        self._stretches = self._walks = False  # so does who reaches over the feet; and who walks wears no headset
        self._height_m, self._sink_mps = math.nan, 0.0
        self._last_s = 0.0
        self._tracked_s = 0.0

    def renew(self, envelope: Envelope) -> None:
        """Take a new envelope; everything has to be admitted again.

        Its stance may be another one, from which a head that stays where it is leans otherwise at once.
        """
        self.envelope = envelope
        self._last_s = math.inf
        self._admitted.clear()
        self._open_lean_deg.clear()

    def watch(self, frame: Frame, body: Body) -> Verdict:
        """Judge a frame: stop at once when asked, pause while the person cannot play safely."""
        if frame.buttons and frame.buttons & Button.STOP:
            return Verdict("stop", "the person pressed stop")
        if self._walks and not frame.buttons & Button.RESTARTING:
            return GO
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
        """Why these items may not be shown; "" when all that is asked for and shown lies inside the envelope."""
        self._rise, self._stretches, self._walks = None, False, False
        self._step_m = max((item.length_m for item in items if isinstance(item, Stone)), default=0.0)
        for item in items:
            self._walks |= isinstance(item, Walk)
            self._stretches |= isinstance(item, Reach) and item.over_feet
            if isinstance(item, _LOWERS):
                self._rise = item
            if isinstance(item, Asked):
                bounds = _bounds_of(item)
                if bounds not in self._admitted:
                    refusal = self._refusal(item)
                    if refusal:
                        return refusal
                    self._admitted.add(bounds)
                if isinstance(item, Lean):
                    way = lean_movement(item.direction_deg)
                    self._open_lean_deg[way] = item.angle_deg if item.open_ended else 0.0
        return ""

    def _refusal(self, item: Asked) -> str:
        envelope = self.envelope
        if envelope is None:
            return f"{item.key}: nothing was measured yet, so nothing can be asked"
        if isinstance(item, Target):
            return envelope.refuses_target(item.place_m, item.hand)
        if isinstance(item, Reach) and item.over_feet:
            return envelope.refuses_stretch(item.hand)
        if isinstance(item, Reach):
            return envelope.refuses_path(item.start_m, item.stop_m, item.hand)
        if isinstance(item, Follow):
            return refuses(envelope, item.points_m, item.hand)
        if isinstance(item, Gaze):
            return envelope.refuses_gaze((item.yaw_deg, item.pitch_deg, item.tilt_deg), item.open_ended)
        if isinstance(item, Surround):
            return "" if item.held == "room" else envelope.refuses_conflict
        if isinstance(item, Stone | Bend | Lift):
            return _refuses_legs(envelope, item)
        return envelope.refuses_lean(item.direction_deg, item.angle_deg, item.open_ended)

    def _guessed(self, frame: Frame, body: Body) -> str:
        """Whether the head was inferred for long: a guess hides a fall."""
        if frame.head.tracked:
            self._tracked_s = body.time_s
        elif body.time_s - self._tracked_s > GUESSED_S:
            return "the headset only guesses where the head is"
        return ""

    def _falling(self, body: Body) -> str:
        step_s = body.time_s - self._last_s
        leans_deg = (body.lean_deg, _without_neck(body))
        if step_s > 0:  # each is held against itself: between the two a head that stands still would jump
            rate = min(map(math.dist, leans_deg, self._leans_deg)) / step_s
            share = min(1.0, step_s / _SMOOTHING_S)
            self._rate_dps += share * (rate - self._rate_dps)
            sink_mps = 0.0 if math.isnan(self._height_m) else (self._height_m - body.head_m[1]) / step_s
            self._sink_mps += share * (sink_mps - self._sink_mps)
        self._leans_deg, self._last_s, self._height_m = leans_deg, body.time_s, body.head_m[1]
        if self.envelope is None:
            return ""
        if self.at_ease:
            return f"{FALLING} at {self._sink_mps:.1f} m/s" if self._sink_mps > FALL_MPS else ""
        if self._rise is not None or self._stretches or self._step_m:
            return self._falls_moving(body, self.envelope)
        if self._rate_dps > LEAN_RATE_DPS:
            return f"{TOO_FAST} at {self._rate_dps:.0f}°/s"
        ahead, right = min(leans_deg, key=lambda lean_deg: math.hypot(*lean_deg))
        lean = math.hypot(ahead, right)
        if lean > LEAN_OF_REACHING_DEG:
            direction_deg = math.degrees(math.atan2(right, ahead))
            open_deg = self._open_lean_deg.get(lean_movement(direction_deg), 0.0)
            why = _leans_too_far(self.envelope, lean, direction_deg, open_deg)
            if why:
                return why
        if body.head_m[1] < self.envelope.stance.head_m[1] - HEAD_DROP_M:
            return TOO_LOW
        return ""

    def _falls_moving(self, body: Body, envelope: Envelope) -> str:
        """Why somebody may be falling who is asked for what looks like a fall otherwise."""
        if self._rise is not None:
            return _falls(self._rise, body, self._sink_mps)
        if self._stretches:
            return _overbalances(body, self._sink_mps, envelope.stance.head_m[1])
        return _stumbles(self._step_m, body, self._rate_dps, self._sink_mps)


def absent(frame: Frame) -> str:
    """Why nobody is there to play, "" when somebody is; a head at the exact origin is how some runtimes lose one.

    One that is no number would blind the guard and stay in every stance that is taken from it.
    """
    if frame.buttons:
        for button, why in _ABSENT:
            if frame.buttons & button:
                return why
    if not frame.focused:
        return UNHEEDED
    (x, y, z), (qx, qy, qz, qw), valid, _ = frame.head
    if not valid or x == y == z == 0.0 or not math.isfinite(x + y + z + qx + qy + qz + qw):
        return "head tracking was lost"
    return ""


def seen(frame: Frame) -> bool:
    """Whether somebody is there whose head is tracked, so that a stance may be taken from it."""
    return frame.head.tracked and not absent(frame)


def _without_neck(body: Body) -> tuple[float, float]:
    """The lean (forward, right) without what turning the head about the neck does to it.

    A head that is bent back by 60 degrees has gone back by 11 cm, which is no lean of the body.
    """
    person, (ahead, right), height_m = body.person, body.lean_deg, body.head_m[1]
    now_x, _, now_z = rotate(body.frame.head.orientation, _EYES_FROM_NECK_M)
    then_x, _, then_z = rotate(person.head_q, _EYES_FROM_NECK_M)
    x, z = now_x - then_x, now_z - then_z
    along, across = x * person.ahead_x + z * person.ahead_z, z * person.ahead_x - x * person.ahead_z
    return (ahead - math.degrees(math.atan2(along, height_m)), right - math.degrees(math.atan2(across, height_m)))


def _falls(rise: Rise | Bend, body: Body, sink_mps: float) -> str:
    """Why somebody who stands up, sits down or bends may be falling."""
    if sink_mps > FALL_MPS:
        return f"{FALLING} at {sink_mps:.1f} m/s"
    ahead, right = body.lean_deg
    most_deg, what = (BENDING_LEAN_DEG, "bending") if isinstance(rise, Bend) else (RISING_LEAN_DEG, "standing up")
    if abs(right) > ANYBODYS_LEAN_DEG or not -SEATED_BACK_DEG <= ahead <= most_deg:
        return f"{TILTED} by {math.hypot(ahead, right):.0f}° while {what}"
    return TOO_LOW if body.head_m[1] < rise.low_m - HEAD_DROP_M else ""


def _overbalances(body: Body, sink_mps: float, height_m: float) -> str:
    """Why somebody who reaches ahead over the feet may be falling."""
    ahead, right = body.lean_deg
    if sink_mps > FALL_MPS:
        return f"{FALLING} at {sink_mps:.1f} m/s"
    if abs(right) > ANYBODYS_LEAN_DEG or not -ANYBODYS_LEAN_DEG <= ahead <= STRETCHED_LEAN_DEG:
        return f"{TILTED} by {math.hypot(ahead, right):.0f}° while reaching"
    return TOO_LOW if body.head_m[1] < height_m - STRETCHED_DROP_M else ""


def _refuses_legs(envelope: Envelope, item: Stone | Bend | Lift) -> str:
    if isinstance(item, Stone):
        return stepping.refuses(envelope, item)
    if isinstance(item, Bend):
        return bending.refuses(envelope, item.place_m, item.hand)
    return envelope.refuses_lift(item.movement, item.angle_deg, item.open_ended)


def _stumbles(step_m: float, body: Body, rate_dps: float, sink_mps: float) -> str:
    """Why somebody who steps out and back may be falling."""
    x, _, z = (now - then for now, then in zip(body.head_m, body.person.head_m, strict=True))
    if sink_mps > FALL_MPS:
        return f"{FALLING} at {sink_mps:.1f} m/s"
    if rate_dps > STEP_RATE_DPS:
        return f"{TOO_FAST} at {rate_dps:.0f}°/s"
    if math.hypot(x, z) > step_m + STEP_BEYOND_M:
        return f"{TOO_FAR} or a step of {math.hypot(x, z):.1f} m goes beyond the stones"
    return TOO_LOW if body.head_m[1] < body.person.head_m[1] - STEP_DROP_M else ""


def _leans_too_far(envelope: Envelope, lean_deg: float, direction_deg: float, open_deg: float) -> str:
    shown = envelope.shown_lean_deg(direction_deg)
    if lean_deg > (ANYBODYS_LEAN_DEG if shown is None else LEAN_OF_LIMIT * max(shown, open_deg)):
        return f"{TOO_FAR} of {lean_deg:.0f}° is further than this person can hold"
    for at_deg, most_deg, within_deg in envelope.forbidden_leans:
        apart_deg = abs((direction_deg - at_deg + 180) % 360 - 180)
        along_deg = lean_deg * math.cos(math.radians(apart_deg))
        if apart_deg < within_deg and along_deg > max(LEAN_OF_REACHING_DEG, LEAN_OF_LIMIT * most_deg):
            return f"a lean of {lean_deg:.0f}° is further than a precaution allows"
    return ""


def _bounds_of(item: Asked) -> tuple[object, ...]:
    if isinstance(item, Target):
        return (item.place_m, item.hand)
    if isinstance(item, Reach):
        return (item.start_m, item.stop_m, item.hand, item.over_feet)
    if isinstance(item, Follow):
        return (item.points_m, item.hand)
    if isinstance(item, Gaze):
        return (item.yaw_deg, item.pitch_deg, item.tilt_deg, item.open_ended)
    if isinstance(item, Surround):
        return (item.held,)
    if isinstance(item, Stone):
        return (item.direction_deg, item.length_m)
    if isinstance(item, Bend):
        return (item.place_m, item.hand, item.low_m)
    if isinstance(item, Lift):
        return (item.movement, item.angle_deg, item.open_ended)
    return (item.direction_deg, item.angle_deg, item.open_ended)
