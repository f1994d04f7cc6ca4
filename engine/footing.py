"""Standing on narrow feet or on one leg: how long until a foot comes down, and how that was seen."""

import math
from dataclasses import dataclass

from engine.body import Body
from engine.frame import SIDES, Vector
from engine.leg import KNEE_OF_EYES, seen
from engine.scene import Footing
from engine.task import NOT_YET, REACHED, Move

FEET = ("together", "half a step", "heel to toe", "one leg")
"""From wide to narrow: side by side, the one half a step ahead, heel to toe, and one leg."""
ONE_LEG = FEET[-1]
LIFTED_M, DOWN_M = 0.05, 0.025  # above how it rested: a foot is up, and has come down again
SETTLES_S = 1.0  # to know the middle of somebody whose feet nobody sees
STEP_M, DROP_M = 0.12, 0.04  # of the head from there: a step, or a foot that was put down
PAUSED_S = 0.5
TIME, FOOT, HEAD, PRESS, PAUSE, NEVER = "time", "foot", "head", "press", "pause", "never"
ENDED_BY = {
    TIME: "the whole time",
    FOOT: "until the foot came down, seen by what is worn on it",
    HEAD: "until the head dropped or stepped aside; no foot was seen",
    PRESS: "until somebody pressed the trigger",
    PAUSE: "until a pause",
    NEVER: "the foot was not lifted",
}
"""How a trial ended, for the record."""


@dataclass
class Held:
    """How long feet stood as they should, in seconds of play from the first frame of the trial, and what ended it.

    `rest_m` is how high what is worn on the foot that is lifted rests, nan where nothing is seen of it.
    """

    rest_m: float = math.nan
    seconds: float = 0.0
    ended_by: str = ""


def lifted_side(on: str) -> str:
    """The leg that is not stood on; the left one where both are."""
    return SIDES[on == SIDES[0]]


def get_ready(goal: Footing, seconds: float, held: Held) -> Move:
    """Come to stand so for a time, both feet down; how high a foot rests meanwhile is known then.

    What rests above the knee is worn on no leg.
    """
    gone_s, lowest_m, knee_m = 0.0, math.inf, 0.0
    while gone_s < seconds:
        body = yield (goal._replace(state="ready", fill=gone_s / seconds),)
        gone_s += body.dt_s
        height_m, knee_m = _foot_m(body, goal), KNEE_OF_EYES * body.person.head_m[1]
        lowest_m = lowest_m if math.isnan(height_m) else min(lowest_m, height_m)
    held.rest_m = lowest_m if lowest_m < knee_m else math.nan
    return REACHED


def lifted(goal: Footing, most_s: float, seconds: float, held: Held) -> Move:
    """Wait until a foot that is seen is up, for `most_s`; one that is not seen has `seconds` to come up."""
    gone_s, up = 0.0, False
    watched = goal.feet == ONE_LEG and math.isfinite(held.rest_m)
    while gone_s < (most_s if watched else seconds) and not up:
        body = yield (goal._replace(state="ready", fill=0.0),)
        gone_s += body.dt_s
        up = watched and _foot_m(body, goal) > held.rest_m + LIFTED_M
    return REACHED if up or not watched else NOT_YET


def stay(goal: Footing, seconds: float, held: Held) -> Move:
    """Stay so for a time, or until a foot comes down; `held` says how long it was, and what ended it."""
    middle: Vector | None = None
    before_s = math.nan
    released = False
    while held.seconds < seconds:
        body = yield (goal._replace(fill=held.seconds / seconds),)
        if body.time_s - before_s > body.dt_s + PAUSED_S:
            held.ended_by = PAUSE
            return NOT_YET
        before_s = body.time_s
        middle = _middle(middle, body, held.seconds)
        held.ended_by = _down(body, goal, held, middle) or (PRESS if body.confirm and released else "")
        if held.ended_by:
            return NOT_YET
        released = released or not body.confirm
        held.seconds += body.dt_s
    held.ended_by = TIME
    return REACHED


def _down(body: Body, goal: Footing, held: Held, middle: Vector | None) -> str:
    """What shows that a foot came down, "" where nothing does."""
    foot_m = _foot_m(body, goal)
    if goal.feet == ONE_LEG and math.isfinite(held.rest_m) and math.isfinite(foot_m):
        return FOOT if foot_m < held.rest_m + DOWN_M else ""
    if middle is None or held.seconds < SETTLES_S:
        return ""
    x, y, z = body.head_m
    aside_m = math.hypot(x - middle[0], z - middle[2])
    return HEAD if middle[1] - y > DROP_M or aside_m > STEP_M else ""


def _middle(middle: Vector | None, body: Body, gone_s: float) -> Vector | None:
    """Where a head is at first; what comes later says whether it has left."""
    if not math.isfinite(sum(body.head_m)) or (middle is not None and gone_s > SETTLES_S):
        return middle
    if middle is None:
        return body.head_m
    x, y, z = (m + min(1.0, body.dt_s / (gone_s + body.dt_s + 1e-9)) * (h - m)
               for m, h in zip(middle, body.head_m, strict=True))  # fmt: skip
    return (x, y, z)


def _foot_m(body: Body, goal: Footing) -> float:
    """How high what is worn on the lifted foot is, nan where nothing is seen of it."""
    pose = seen(body, goal.device or f"{lifted_side(goal.on)}_foot")
    return math.nan if pose is None else pose.position_m[1]
