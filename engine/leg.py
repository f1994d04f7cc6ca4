"""A leg that is seen: what is worn on it, how it rests, how far a part of it is lifted, and the moves for that.

A controller that is strapped to the shank, the thigh or the foot turns with that part, and so does a tracker on the
foot. How far the part is lifted is the rotation vector from how it rested, about the axis from the person's left to
their right: it is the same however the device was mounted. How well a strapped controller follows a leg nobody has
shown, and every measure of it says so.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.body import ORIGIN, Body
from engine.envelope import Envelope
from engine.frame import SIDES, Devices, Pose, Quaternion, Vector, inverse, rotate, rotation_deg, times
from engine.limits import OutsideEnvelope
from engine.metrics import turning
from engine.metrics.definition import NotMeasurable
from engine.motion import Array, Motion
from engine.records import Stance
from engine.scene import Footing, Item, Lift, Panel, Stone
from engine.task import REACHED, Move, Task

EACH, NONE = "each", "none"
STRAPPED = (EACH, *SIDES, NONE)
"""Which controller is strapped to the leg: each to its own, one of them to whichever leg is asked for, or none where
trackers are worn on the feet."""
LIFTED: Mapping[str, str] = {"kick": "knee_extension", "toe tap": "ankle_dorsiflexion", "march": "thigh_raise"}
"""The movement of each exercise, without its side."""
_SPOKEN: Mapping[str, str] = {"kick": "kick", "toe tap": "tap", "march": "march"}
SHOWN_BY_FOOT = ("kick", "toe tap")  # a thigh is raised with the shank upright, of which a foot shows nothing
STILL_DEG, BACK_DEG = 3.0, 8.0  # a leg that rests turns less, and comes back so near to how it rested
ANEW_S = 4.0  # a leg that rests elsewhere for so long has been strapped anew, or sat down otherwise
SINKS, LEAST_SINK_DEG = 0.1, 1.0  # of the way up: a leg that is held may sink as far
UNSEEN_S = 0.15
LEAST_SEEN = 0.95
KNEE_OF_EYES = 0.30  # the height of a knee, of that of the eyes: what rests above it is on no shin (Winter 2009)
TAKE_OFF = Panel("take off", "leg.off_title", ("leg.off_text", "session.confirm"), confirm=True)
"""What is asked after a task for which controllers were strapped on, before one that wants them in the hands."""
UNPROVEN = "worn on a leg: how well it follows the leg nobody has shown"
_NO_DEVICES = Devices()


@dataclass
class Worn:
    """What is worn on a leg, for as long as it is asked for: the moves find out how it rests, None before they have.

    `controller` is the side of the one strapped to it, "" for none; `side` is the leg's. `device` is what is measured.
    """

    side: str
    controller: str
    by_foot: bool
    neutral: Quaternion | None = None
    device: str = ""

    def __post_init__(self) -> None:
        """Take the controller until a tracker is seen."""
        self.device = self.controller or f"{self.side}_foot"

    def look(self, body: Body) -> None:
        """Choose the tracker of the foot where there is one that shows the movement."""
        tracker = f"{self.side}_foot"
        if self.neutral is None and self.by_foot and seen(body, tracker) is not None:
            self.device = tracker


@dataclass
class Noted:
    """When a leg was called after it had rested, in seconds from the first frame of the trial."""

    called_s: float = 0.0


def worn(side: str, strapped: str, exercise: str) -> Worn:
    """What is worn on a leg by one of STRAPPED; raises OutsideEnvelope where that does not show the exercise."""
    by_foot = exercise in SHOWN_BY_FOOT
    if strapped == NONE and not by_foot:
        raise OutsideEnvelope(f"a {exercise} is not seen by trackers on the feet: strap a controller to the thigh")
    return Worn(side, "" if strapped == NONE else side if strapped == EACH else strapped, by_foot)


def seen(body: Body, device: str) -> Pose | None:
    """Where a controller or a tracker is, None while it is not tracked."""
    frame = body.frame
    if device in SIDES:
        pose = (frame.left if device == "left" else frame.right).grip
    else:
        pose = getattr(frame.devices or _NO_DEVICES, device)
    return pose if pose.valid and pose.tracked and pose.position_m != ORIGIN else None


def lifted_deg(body: Body, of: Worn) -> float:
    """How far a leg is lifted from how it rested, in degrees; nan while it is not seen, or has not rested yet."""
    pose = seen(body, of.device)
    if pose is None or of.neutral is None:
        return math.nan
    x, _, z = rotation_deg(times(pose.orientation, inverse(of.neutral)))
    return z * body.person.ahead_x - x * body.person.ahead_z


def lifted_track_deg(motion: Motion, of: Worn, stance: Stance) -> Array:
    """How far a leg was lifted over time, (n,) degrees, nan where it was not seen.

    Raises NotMeasurable where it never rested, or was never seen.
    """
    if of.neutral is None:
        raise NotMeasurable("the leg was not seen to rest")
    tracker = motion.trackers.get(of.device)
    if of.device not in SIDES and tracker is None:
        raise NotMeasurable("no tracker was seen on the foot")
    q = tracker.q if tracker is not None else motion.hand_q(of.device)
    known = np.isfinite(q).all(axis=1)
    facing = math.radians(stance.facing_deg)
    right = rotate(inverse(of.neutral), (math.cos(facing), 0.0, math.sin(facing)))
    lifted = np.full(len(q), np.nan)
    lifted[known] = turning.turned_deg(turning.mean_rotation(of.neutral, "the leg at rest"), q[known]) @ np.array(right)
    return lifted


def rest(goal: Lift, of: Worn, noted: Noted, for_s: float) -> Move:
    """Let the leg rest until it is still; how it rests the first time is what it is lifted from."""
    still_s, held_s, from_q, now_q, begun = 0.0, 0.0, None, None, False
    while held_s < for_s:
        now_deg, fill = 0.0, held_s / for_s
        body = yield (goal._replace(device=of.device, state="rest", now_deg=now_deg, fill=fill),)
        noted.called_s, begun = noted.called_s + (body.dt_s if begun else 0.0), True
        of.look(body)
        pose = seen(body, of.device)
        if pose is None:
            still_s = held_s = 0.0
            continue
        now_q = pose.orientation
        if from_q is None or _apart_deg(now_q, from_q) > STILL_DEG:
            from_q, still_s = now_q, 0.0
        still_s += body.dt_s
        if still_s >= ANEW_S:
            of.neutral = now_q
        back = of.neutral is None or abs(lifted_deg(body, of)) < BACK_DEG
        held_s = still_s if back else 0.0
    of.neutral = of.neutral or now_q
    return REACHED


def lift(goal: Lift, of: Worn, hold_s: float) -> Move:
    """Lift the leg to a goal or beyond, and hold it there; with `hold_s` 0, touch it."""
    held_s, now_deg, there, unseen_s = 0.0, 0.0, False, 0.0
    while not (there and held_s >= hold_s):
        fill = min(1.0, held_s / hold_s) if hold_s else 0.0
        body = yield (goal._replace(device=of.device, now_deg=now_deg, fill=fill),)
        lifted = lifted_deg(body, of)
        if math.isnan(lifted):
            unseen_s += body.dt_s
            there = there and unseen_s <= UNSEEN_S
            held_s = held_s if there else 0.0
            continue
        now_deg, unseen_s = lifted, 0.0
        there = now_deg >= goal.angle_deg - (sink_deg(goal.angle_deg) if there else 0.0)
        held_s = held_s + body.dt_s if there else 0.0
    return REACHED


def lift_out(goal: Lift, of: Worn, most_s: float) -> Move:
    """Follow a leg as far as is comfortable: ends when it came half way back, or at the stop line."""
    best_deg, now_deg, gone_s = 0.0, 0.0, 0.0
    least_deg = min(5.0, goal.angle_deg / 4)
    while gone_s < most_s and best_deg < goal.angle_deg and not (best_deg > least_deg and now_deg < best_deg / 2):
        body = yield (goal._replace(device=of.device, now_deg=now_deg, fill=best_deg / goal.angle_deg),)
        gone_s += body.dt_s
        lifted = lifted_deg(body, of)
        now_deg = now_deg if math.isnan(lifted) else lifted
        best_deg = max(best_deg, now_deg)
    return REACHED


def sink_deg(angle_deg: float) -> float:
    """How far a leg that is held may sink, so that a tremble undoes no hold."""
    return max(LEAST_SINK_DEG, SINKS * angle_deg)


def refuses(envelope: Envelope, movement: str) -> str:
    """Why a leg cannot be asked for a movement; "" when it can."""
    try:
        cap = envelope.at_most(movement)
    except OutsideEnvelope as reason:
        return str(reason)
    if envelope.may_ask(movement):
        return ""
    return f"{movement} may be {cap.value:.0f}° at most, {cap.why}: too little to ask for"


def words(exercise: str, side: str) -> str:
    """What to do with a leg, as a key of words."""
    return f"leg.{_SPOKEN[exercise]}_{side}"


def words_of_strap(exercise: str, side: str, strapped: str) -> str:
    """What to put on before, as a key of words."""
    return f"leg.tracker_{side}" if strapped == NONE else f"leg.strap_{_SPOKEN[exercise]}_{side}"


def straps(task: Task) -> bool:
    """Whether controllers are strapped to the legs for a task."""
    return str(getattr(task.p, "strapped", NONE)) != NONE


def taken_off(items: tuple[Item, ...]) -> bool:
    """Whether what is worn on legs is asked to be taken off."""
    return any(isinstance(item, Panel) and item.key == TAKE_OFF.key for item in items)


def devices_of(items: tuple[Item, ...]) -> frozenset[str]:
    """What is worn on legs by these items."""
    return frozenset(item.device for item in items if isinstance(item, Lift | Footing | Stone) and item.device)


def _apart_deg(a: Quaternion, b: Quaternion) -> float:
    turned: Vector = rotation_deg(times(a, inverse(b)))
    return math.hypot(*turned)
