"""Where a foot went in a step, and which stones were stepped on: by what is worn on the foot, or else by the head."""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from engine.frame import SIDES
from engine.leg import KNEE_OF_EYES
from engine.metrics.definition import known
from engine.motion import Array, Motion
from engine.places import towards
from engine.records import Measured, Stance
from engine.scene import Stone
from engine.stepping import ARRIVES, HEAD_SHARE
from engine.task import Measure, none_of

SETS_OFF_M = 0.05
LEAST_S = 0.15  # on a stone, for it to be stepped on
LEAST_SEEN = 0.95
FOOT_ERROR_M, ONSET_ERROR_S = 0.05, 0.05
OF_FOOT: Mapping[str, Measure] = {
    "foot_reaction_s": Measure("Foot set off after", "s", "From the light until the foot has gone 5 cm."),
    "foot_step_s": Measure("Step time of the foot", "s", "From setting off until the foot is on the stone."),
    "foot_length_m": Measure("Foot stepped by", "m", "Furthest way of the foot from where it stood."),
}
UNSEEN = "nothing worn on the foot was seen"
BY_FOOT = "by what is worn on the foot; how well that follows it nobody has shown"


def foot_track_m(motion: Motion, stance: Stance, device: str) -> Array | None:
    """How far what is worn on a foot was from the middle, ahead and to the right, (n, 2); None where unseen."""
    tracker = motion.trackers.get(device)
    place_m = motion.hand_m(device) if device in SIDES else None if tracker is None else tracker.position_m
    if place_m is None:
        return None
    worn = np.isfinite(place_m).all(axis=1) & (place_m[:, 1] < KNEE_OF_EYES * stance.head_m[1])
    if np.mean(worn) < LEAST_SEEN:
        return None
    x, z = (place_m[:, axis] - stance.head_m[axis] for axis in (0, 2))
    facing = math.radians(stance.facing_deg)
    return np.stack([x * math.sin(facing) - z * math.cos(facing), x * math.cos(facing) + z * math.sin(facing)], axis=1)


def of_the_foot(time_s: Array, foot_m: Array | None, goal: Stone) -> dict[str, Measured]:
    """When a foot set off from where it stood, when it was on the stone, and how far it went; from the light on."""
    if foot_m is None or not len(seen := np.flatnonzero(np.isfinite(foot_m[:, 0]))):
        return none_of(OF_FOOT, UNSEEN)
    gone_m = np.hypot(*(foot_m - foot_m[seen[0]]).T)
    off = np.flatnonzero(gone_m >= SETS_OFF_M)
    there = np.flatnonzero(np.hypot(*(foot_m - _place_m(goal)).T) <= goal.radius_m)
    off_s = float(time_s[off[0]]) if len(off) else math.nan
    landed = there[there >= off[0]] if len(off) else there[:0]
    step_s = float(time_s[landed[0]]) - off_s if len(landed) else None
    return {
        "foot_reaction_s": known(off_s, "s", 3, "the foot did not set off", ONSET_ERROR_S, BY_FOOT),
        "foot_step_s": known(step_s, "s", 3, "the foot did not come onto the stone", ONSET_ERROR_S, BY_FOOT),
        "foot_length_m": Measured(round(float(np.nanmax(gone_m)), 3), "m", FOOT_ERROR_M, BY_FOOT),
    }


def wrong_stones(time_s: Array, foot_m: Array | None, head_m: Array, goal: Stone, lie: Sequence[Stone]) -> int:
    """How many other stones were stepped on before the one that was asked for: stays of 0.15 s.

    `foot_m` (n, 2) is the foot; without it `head_m` (n, 2) says where the weight went. Of two the nearer one counts.
    """
    places_m = np.array([_place_m(each) for each in lie])
    at_m = head_m / HEAD_SHARE if foot_m is None else foot_m
    away_m = np.hypot(*np.moveaxis(at_m[:, None] - places_m, -1, 0))
    if foot_m is None:
        lengths_m = np.array([each.length_m for each in lie])
        on = at_m @ (places_m / lengths_m[:, None]).T >= ARRIVES * lengths_m
    else:
        on = away_m <= np.array([each.radius_m for each in lie])
    nearest = np.argmin(np.where(np.isfinite(away_m), away_m, np.inf), axis=1)
    trodden = np.where(on[np.arange(len(nearest)), nearest], nearest, -1)
    asked = next(number for number, each in enumerate(lie) if each.direction_deg == goal.direction_deg)
    wrong, start = 0, 0
    for number, stay in groupby(trodden.tolist()):
        stop = start + len(list(stay))
        if number >= 0 and time_s[stop - 1] - time_s[start] >= LEAST_S:
            if number == asked:
                break
            wrong += 1
        start = stop
    return wrong


def _place_m(stone: Stone) -> Array:
    """Where a stone lies from the middle: ahead and to the right."""
    right, _, behind = towards(0.0, stone.direction_deg)
    return np.array([-stone.length_m * behind, stone.length_m * right])
