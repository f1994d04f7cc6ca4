"""Looking: which ways a head can be asked to turn, how it comes back to the middle, stays, and how far it went.

A turn is measured from the neutral head that the moves saw (`Noted`), which the recording of a trial does not tell.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.body import Body
from engine.envelope import Envelope
from engine.facing import apart_deg, facing_deg
from engine.frame import Quaternion, Vector
from engine.limits import OutsideEnvelope
from engine.metrics.definition import NotMeasurable
from engine.metrics.range_of_motion import neck_track_deg
from engine.motion import Array, Motion
from engine.movements import GAZES
from engine.records import Stance
from engine.scene import Gaze, Stand
from engine.task import REACHED, Move

AHEAD_DEG = 8.0  # a head that nothing is asked of wanders by a few degrees, and looks a little down
STRAIGHT = 2.0  # bands that a face may stray to the sides while the head is laid over
TURNS = ("neck_rotation_left", "neck_rotation_right")
NODS = ("neck_extension", "neck_flexion")
TILTS = ("neck_lateral_left", "neck_lateral_right")
WAYS: Mapping[str, tuple[str, ...]] = {
    "turns": TURNS,
    "tilts": TILTS,
    "turns and nods": TURNS + NODS,
    "all six": TURNS + NODS + TILTS,
}
"""The movements of the neck by what a therapist calls them together, few first."""


@dataclass
class Noted:
    """What the moves of a trial saw that its recording does not tell.

    `neutral` is the orientation of the neutral head, None before the first frame; `ahead_s` is when the face had come
    back to the middle, in seconds from the first frame of the trial.
    """

    neutral: Quaternion | None = None
    ahead_s: float = 0.0


def ahead(within_deg: float, for_s: float, noted: Noted) -> Move:
    """Look ahead, head upright, for a while."""
    held_s = 0.0
    while held_s < for_s:
        body = yield (Stand("ahead", held_s / for_s),)
        noted.ahead_s += body.dt_s if noted.neutral is not None else 0.0
        noted.neutral = body.person.head_q
        yaw, pitch, tilt = facing_deg(body)
        back = apart_deg((0.0, 0.0), (yaw, pitch)) < within_deg and abs(tilt) < within_deg
        held_s = held_s + body.dt_s if back else 0.0
    return REACHED


def gather(goal: Gaze, seconds: float) -> Move:
    """Spend a time with the head laid over, all at once or bit by bit: only time in the band counts, none is lost."""
    held_s, now_deg = 0.0, (0.0, 0.0, 0.0)
    while held_s < seconds:
        body = yield (goal._replace(now_deg=now_deg, fill=held_s / seconds),)
        now_deg = facing_deg(body)
        yaw, pitch, tilt = now_deg
        straight = apart_deg((0.0, 0.0), (yaw, pitch)) < STRAIGHT * goal.radius_deg
        held_s += body.dt_s if straight and abs(tilt - goal.tilt_deg) < goal.radius_deg else 0.0
    return REACHED


def share_of_way(goal: Gaze) -> Callable[[Body], float]:
    """How much of the way to a goal the face of a body has come."""
    squared = goal.yaw_deg**2 + goal.pitch_deg**2 + goal.tilt_deg**2

    def share(body: Body) -> float:
        yaw, pitch, tilt = facing_deg(body)
        return (yaw * goal.yaw_deg + pitch * goal.pitch_deg + tilt * goal.tilt_deg) / squared

    return share


def turned_deg(motion: Motion, noted: Noted, way: Vector) -> Array:
    """How far the head had turned along a way (to the right, up, tilted to the right), in degrees (n,), from neutral.

    Raises NotMeasurable where no frame of the trial was played.
    """
    if noted.neutral is None:
        raise NotMeasurable("ended before the head could turn")
    yaw, pitch, tilt = way
    _, turned = neck_track_deg(motion.head_q, motion.time_s, noted.neutral)
    along: Array = turned @ np.array((pitch, -yaw, -tilt)) / math.hypot(*way)
    return along


def refuses(envelope: Envelope, movement: str, band_deg: float) -> str:
    """Why a turn of the head cannot be asked for with a goal so wide to either side; "" when it can."""
    try:
        cap = envelope.at_most(movement)
    except OutsideEnvelope as reason:
        return str(reason)
    if envelope.may_ask(movement) and cap.value > band_deg:
        return ""
    return f"{movement} may be {cap.value:.0f}° at most, {cap.why}: too little for a goal {band_deg:g}° wide"


def goal_deg(movement: str, amount_deg: float) -> Vector:
    """A movement by an amount, as turn to the right, raise and tilt to the right."""
    yaw, pitch, tilt = GAZES[movement]
    return (yaw * amount_deg, pitch * amount_deg, tilt * amount_deg)


def place_m(stance: Stance, yaw_deg: float, pitch_deg: float, away_m: float) -> Vector:
    """The place in space that is looked at from the neutral head: where a sound comes from."""
    x, y, z = stance.head_m
    heading, pitch = math.radians(stance.facing_deg + yaw_deg), math.radians(pitch_deg)
    level_m = away_m * math.cos(pitch)
    return (x + level_m * math.sin(heading), y + away_m * math.sin(pitch), z - level_m * math.cos(heading))
