"""Stepping on a stone beside the feet and coming back: how a step is seen, the moves for it, and who may.

A tracker on the foot shows where the foot is, and so does a controller on the shin above it. Without one the head shows
the step: it comes as far as weight on a foot that has stepped takes it, so that a foot which only points there does not
count, and a trunk that leans there does.
"""

import math
from collections.abc import Collection
from itertools import combinations

import numpy as np

from engine import leg
from engine.body import NECK_IN_HEAD_M, Body, neck_m
from engine.envelope import Envelope
from engine.frame import Pose, Vector, from_yaw_pitch
from engine.metrics import turning
from engine.motion import Array, Motion
from engine.places import towards
from engine.precautions import HIPS_OF_STATURE
from engine.records import Stance
from engine.room import MARGIN_M, inside_m
from engine.scene import Stone
from engine.task import REACHED, Move

LEG_OF_STATURE = HIPS_OF_STATURE
MOST_OF_LEG = 0.6
BEHIND = 0.6  # of a step ahead or aside: nobody sees where they step back to
HEAD_SHARE, ARRIVES = 0.6, 0.85  # of the way to a stone the head goes, and of that way, from where on it is there
BACK_M = 0.10
GAP_M = 0.02  # between the rims of two stones, and from a rim to the middle of a foot that stands
FOOT_OF_STATURE = 0.05  # how far to the side a foot stands: half the distance between the hips


def leg_m(envelope: Envelope) -> float:
    """How long somebody's legs are, by their stature."""
    return LEG_OF_STATURE * envelope.calibration.stature_m.value


def radius_m(lie: Collection[tuple[float, float]], most_m: float, stature_m: float) -> float:
    """How large stones may be that lie in these directions (degrees) and so far (metres) from the middle.

    At most `most_m`; less where two would overlap, or where one would lie under a foot that stands in the middle.
    """
    places = [(length_m * towards(0.0, way)[0], -length_m * towards(0.0, way)[2]) for way, length_m in lie]
    feet = [(side * FOOT_OF_STATURE * stature_m, 0.0) for side in (-1, 1)]
    between = [(math.dist(a, b) - GAP_M) / 2 for a, b in combinations(places, 2)]
    return min([most_m, *between, *(math.dist(place, foot) - GAP_M for place in places for foot in feet)])


def refuses(envelope: Envelope, stone: Stone) -> str:
    """Why nobody may be asked to step on a stone; "" when they may."""
    most_m = MOST_OF_LEG * leg_m(envelope)
    if envelope.posture != "standing":
        return f"nobody steps on stones {envelope.posture}"
    if not 0 < stone.length_m <= most_m + 1e-6:
        return f"a step of {stone.length_m:.2f} m is longer than {most_m:.2f} m, {MOST_OF_LEG:.0%} of a leg"
    if inside_m(envelope.room, *place_m(envelope.stance, stone)) < stone.radius_m + MARGIN_M:
        return "a stone would lie beyond the play space or at its edge: stand nearer to its middle"
    return ""


def place_m(stance: Stance, stone: Stone) -> tuple[float, float]:
    """Where on the floor a stone lies for somebody who stands so, (x, z)."""
    x, _, z = towards(stance.facing_deg, stone.direction_deg)
    return (stance.head_m[0] + stone.length_m * x, stance.head_m[2] + stone.length_m * z)


def worn_on(stone: Stone) -> str:
    """What shows the foot that steps on a stone, where it is worn: a controller on the shin, or a tracker."""
    return stone.device or f"{stone.foot}_foot"


def share(stone: Stone, body: Body) -> float:
    """How much of the way to a stone somebody has come, 1 on it; nan while nothing shows it."""
    pose = _foot(body, worn_on(stone))
    if pose is not None:
        return max(0.0, 1 - max(0.0, _away_m(stone, body, pose.position_m) - stone.radius_m) / stone.length_m)
    ahead, right = _over_m(body)
    turn = math.radians(stone.direction_deg)
    return (ahead * math.cos(turn) + right * math.sin(turn)) / (HEAD_SHARE * ARRIVES * stone.length_m)


def out(stone: Stone, hold_s: float) -> Move:
    """Step on a stone and stay there for a while; with `hold_s` 0, touch it."""
    held_s, now, there = 0.0, 0.0, False
    while not (there and held_s >= hold_s):
        fill = min(1.0, held_s / hold_s) if hold_s else 0.0
        body = yield (stone._replace(share=now, fill=fill),)
        come = share(stone, body)
        now = now if math.isnan(come) else min(1.0, max(0.0, come))
        there = now >= (0.9 if there else 1.0)
        held_s = held_s + body.dt_s if there else 0.0
    return REACHED


def back(stone: Stone, for_s: float) -> Move:
    """Come back to the middle and stand there for a while."""
    held_s = 0.0
    while held_s < for_s:
        body = yield (stone._replace(goal="back", share=0.0, fill=held_s / for_s),)
        ahead, right = _over_m(body)
        held_s = held_s + body.dt_s if math.hypot(ahead, right) < BACK_M else 0.0
    return REACHED


def head_deg(stone: Stone, eye_m: float) -> float:
    """How far a head is over from the middle on a stone, as a lean."""
    return math.degrees(math.atan2(HEAD_SHARE * stone.length_m, eye_m))


def over_track_m(motion: Motion, stance: Stance) -> Array:
    """How far the neck went from the middle, ahead and to the right, (n, 2): who looks down moves the eyes, too."""
    facing = math.radians(stance.facing_deg)
    upright = np.array(neck_m(stance.head_m, from_yaw_pitch(facing, 0.0)))
    moved = motion.head_m + turning.turned(motion.head_q, NECK_IN_HEAD_M) - upright
    ahead = moved[:, 0] * math.sin(facing) - moved[:, 2] * math.cos(facing)
    right = moved[:, 0] * math.cos(facing) + moved[:, 2] * math.sin(facing)
    return np.stack([ahead, right], axis=1)


def _foot(body: Body, device: str) -> Pose | None:
    """Where a foot is by what is worn on it or on its shin; None where that is not seen, or is somewhere else."""
    pose = leg.seen(body, device)
    return pose if pose is not None and pose.position_m[1] < leg.KNEE_OF_EYES * body.person.head_m[1] else None


def _over_m(body: Body) -> tuple[float, float]:
    """How far the neck of somebody is over from the middle, ahead and to the right."""
    return _from(body, neck_m(body.head_m, body.frame.head.orientation), body.person.neck_m)


def _away_m(stone: Stone, body: Body, place_m: Vector) -> float:
    right, _, behind = towards(0.0, stone.direction_deg)
    ahead_m, right_m = _from(body, place_m, body.person.head_m)
    return math.hypot(ahead_m + stone.length_m * behind, right_m - stone.length_m * right)


def _from(body: Body, place_m: Vector, middle_m: Vector) -> tuple[float, float]:
    person = body.person
    x, z = place_m[0] - middle_m[0], place_m[2] - middle_m[2]
    return (x * person.ahead_x + z * person.ahead_z, z * person.ahead_x - x * person.ahead_z)
