"""Functional reach: how far somebody reaches ahead over their feet, one arm level, without a step."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from calibration.leaning import MIDDLE_DEG, MIDDLE_S
from engine import moves, stretching
from engine.body import ARM_OF_STATURE
from engine.clinical import PRACTICE, RATE, RETOLD, SEEN, Band, ClinicalTest, Norm, counted, mean_of
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.limits import OutsideEnvelope
from engine.metrics.definition import NotMeasurable
from engine.metrics.head_sway import across_and_ahead_m
from engine.metrics.range_of_motion import STRAIGHT_ARM
from engine.motion import Motion
from engine.noted import Noted, since_call_s, timed
from engine.parameters import choice, number
from engine.places import from_shoulder
from engine.poses import OTHER
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Panel, Reach, Sound
from engine.task import NOT_YET, Finished, Measure, Move, Result, Trial
from engine.trace import thinned

Mask = NDArray[np.bool_]
TEST = "test"
HANGING_DEG, LEVEL_DEG = 20.0, 90.0
LEAST, TESTS = 2, 3
LOWER_M = 0.15  # a hand that sinks by more is not level any more
STEP_M, FOOT_M, HEELS_M = 0.10, 0.05, 0.02
ERROR_M = 0.03  # 13.5 mm with a spread of 6.6 for each of two places (Carnevale 2022), 95 %
HEAD_ERROR_M = 0.01
LEAST_FRAMES = 25
TRIAL_S = 11.0  # of simulated people
LEVEL = {"left": "functional_reach.level_left", "right": "functional_reach.level_right"}
FEET = "without trackers on the feet only a step that stays, or a head that rises, is seen"


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    arm: str = choice("right", SIDES, "which arm reaches, where it may")
    practice: int = number(2, 0, 3, "", "reaches before them, not counted")
    most_s: float = number(10.0, 5.0, 20.0, "s", "the longest time for one reach")


class Test(ClinicalTest):
    """Two reaches to try and three that count, beside a wall, the feet where they are."""

    title = "Functional reach"
    trains = ("reach over the feet", "limits of stability")
    moves_parts = ("trunk", "left leg", "right leg", "left arm", "right arm")
    asks = ("hand", "lean", "stand")
    postures = ("standing",)
    one_sided = True
    version = 1
    place = "orchard"
    Parameters = Parameters
    equipment = ("A wall beside the reaching arm, not touched; something firm ahead within reach of the other hand.",)
    protocol = (
        "Feet apart as the hips, where they are until the end; a fist around the controller.",
        "Raise the arm level ahead and hold it; a sound says when its place is taken.",
        "Say: reach as far ahead as you can, without a step and without touching the wall, and come back.",
        "Heels stay down. A step, a lifted heel or a touch: the reach does not count; do it again.",
        "The result is the mean of the three that count, from the path of the hand; each arm is followed by itself.",
    )
    practice = "two reaches"
    validity = (
        f"A step ({100 * STEP_M:.0f} cm that stay), lifted heels (the head {100 * HEELS_M:.0f} cm higher), a hand "
        f"{100 * LOWER_M:.0f} cm below a level arm at the call, or one that sank by as much: that reach does not "
        f"count. {FEET[0].upper()}{FEET[1:]}.",
        f"Fewer than {LEAST} reaches that count: no result.",
        "Where a precaution or ceiling leaves less than a straight, level arm, the other one reaches, and the result "
        "says so. Where it leaves that of neither, or less than 8° of leaning forward: not done.",
        SEEN,
        RATE,
    )
    measures: ClassVar[Mapping[str, Measure]] = {
        "reach_m": Measure("Reached", "m", "How far ahead the hand came of where it was, the arm level."),
        "head_m": Measure("Head went along", "m", "How far ahead the head came meanwhile: the trunk's part."),
    }
    results: ClassVar[Mapping[str, Measure]] = {
        "functional_reach_m": Measure(
            "Functional reach", "m", "Mean of the reaches that count.", "Duncan 1990, J Gerontol 45:M192"
        ),
    }
    better: ClassVar[Mapping[str, int]] = {"functional_reach_m": 1}
    norms = (
        Norm(
            "functional_reach_m",
            "mean of healthy adults",
            (
                Band(20, 40, 0.42, "men"),
                Band(41, 69, 0.38, "men"),
                Band(70, 87, 0.33, "men"),
                Band(20, 40, 0.37, "women"),
                Band(41, 69, 0.35, "women"),
                Band(70, 87, 0.27, "women"),
            ),
            f"Duncan 1990, J Gerontol 45:M192 (128 people, by a yardstick at the wall); {RETOLD}",
            "Here the path of the controller is measured, and not the knuckles along a stick.",
        ),
        Norm(
            "functional_reach_m",
            "mean of small children",
            (Band(3, 3, 0.114), Band(4, 4, 0.136), Band(5, 5, 0.157)),
            "Norris 2008, Pediatr Phys Ther 20:20 (121 children)",
            "With caution at 3 years. School children have no table here: their means differ from place to place, "
            "20 cm at 6 to 11 years (Alotaibi 2024, Front Pediatr 11:1240659), 23 to 37 cm at 6 to 12 years "
            "(Deshmukh 2011, Pediatr Phys Ther 23; Yuksel 2017, Phys Occup Ther Pediatr 37:389).",
        ),
    )

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """For practice, then three that count, by the other arm where the one that is wished for may not.

        Raises OutsideEnvelope, saying why of each, where neither may reach so far.
        """
        refusals = {arm: _refuses(envelope, arm) for arm in (self.p.arm, OTHER[self.p.arm])}
        if all(refusals.values()):
            raise OutsideEnvelope("; ".join(dict.fromkeys(refusals.values())))
        arm = next(arm for arm, why in refusals.items() if not why)
        kinds = [PRACTICE] * self.p.practice + [TEST] * TESTS
        for turn, kind in enumerate(kinds):
            line = _level(envelope, arm)._replace(key=f"{kind} {turn} level")
            yield Trial(arm, values={"kind": kind, "line": line, "stance": envelope.stance, "noted": Noted()})

    def play(self, trial: Trial) -> Move:
        """Raise the arm, keep it level, reach over the feet, and come back."""
        values, noted, line = trial.values, trial.values["noted"], trial.values["line"]
        title = "functional_reach.title"
        level = Panel("reach", title, (LEVEL[trial.side], "functional_reach.hold"))
        yield from timed(moves.alongside((level,), moves.reach_out(line, self.p.most_s)), noted)
        start_m = yield from timed(stretching.level(line, (level,)), noted)
        if start_m is None:
            return NOT_YET
        noted.call()
        over = stretching.ahead(line, start_m, values["stance"].facing_deg)
        text = "functional_reach.practice" if values["kind"] == PRACTICE else "functional_reach.feet"
        shown = (Panel("reach", title, ("functional_reach.reach", text)), Sound(f"{over.key} call", "call"))
        outcome = yield from moves.alongside(shown, stretching.stretch(over, self.p.most_s))
        back = Panel("reach", title, ("functional_reach.back",))
        middle = moves.within(self.p.most_s, moves.upright("middle", MIDDLE_DEG, MIDDLE_S))
        yield from moves.alongside((back,), middle)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """Raising the arm, the reach, and the way back."""
        return TRIAL_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """How far the hand came after the call; raises NotMeasurable for a reach that does not count."""
        values = trial.values
        since_s = since_call_s(motion, values["noted"])
        seen = np.isfinite(motion.hand_m(trial.side)[:, 0])
        before, after = (since_s <= 0) & (since_s > -stretching.LEVEL_S / 2) & seen, (since_s > 0) & seen
        if not before.any() or np.count_nonzero(after) < LEAST_FRAMES:
            raise NotMeasurable("ended before anybody could reach")
        hand_m, head_m = motion.hand_m(trial.side), motion.head_m
        hand_ahead = across_and_ahead_m(hand_m, values["stance"])[:, 1]
        head_ahead = across_and_ahead_m(head_m, values["stance"])[:, 1]
        start_m, head_at = np.median(hand_m[before], axis=0), float(np.median(head_ahead[before]))
        if start_m[1] < values["line"].stop_m[1] - LOWER_M:
            raise NotMeasurable("the arm was not level at the call")
        level = after & (hand_m[:, 1] > start_m[1] - LOWER_M)
        ahead_m = hand_ahead - float(np.median(hand_ahead[before]))
        furthest = int(np.flatnonzero(level)[np.argmax(ahead_m[level])]) if level.any() else 0
        _check(motion, before, after, furthest)
        reach = Measured(round(float(ahead_m[furthest]), 3), "m", ERROR_M, FEET if not motion.trackers else "")
        head = Measured(round(float(head_ahead[furthest]) - head_at, 3), "m", HEAD_ERROR_M)
        trace = Trace("Hand ahead", "m", *thinned(motion.time_s - motion.time_s[0], ahead_m))
        return Result(None, {"reach_m": reach, "head_m": head}, (trace,))

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The mean of those that count, and with which arm."""
        mean = mean_of(counted(finished, TEST), "reach_m", "m", LEAST)
        if mean.value is not None:
            arm = finished[0].trial.side
            why = "" if arm == self.p.arm else ", because the other one may not"
            mean = msgspec.structs.replace(mean, note=f"{mean.note}; with the {arm} arm{why}")
        return {"functional_reach_m": mean}


def _level(envelope: Envelope, arm: str) -> Reach:
    """The line of a straight arm from where it hangs to where it is level."""
    radius_m = STRAIGHT_ARM * envelope.calibration.stature_m.value * ARM_OF_STATURE
    start_m, stop_m = (
        from_shoulder(envelope.shoulder(arm), envelope.stance.facing_deg, 0.0, elevation_deg, radius_m)
        for elevation_deg in (HANGING_DEG, LEVEL_DEG)
    )
    return Reach("level", start_m, stop_m, arm)


def _refuses(envelope: Envelope, arm: str) -> str:
    """Why an arm may not be raised level, straight, and be reached with; "" when it may."""
    line = _level(envelope, arm)
    return envelope.refuses_stretch(arm) or envelope.refuses_path(line.start_m, line.stop_m, arm)


def _check(motion: Motion, before: Mask, after: Mask, furthest: int) -> None:
    """Raise NotMeasurable for a step, or heels that were lifted."""
    head = np.median(motion.head_m[before], axis=0)
    on_the_way = motion.head_m[int(np.argmax(after)) : furthest + 1, 1]
    if len(on_the_way) and float(on_the_way.max()) > head[1] + HEELS_M:
        raise NotMeasurable("the head rose: the heels were lifted")
    stays_m = math.dist(motion.head_m[-1, [0, 2]], head[[0, 2]])
    if stays_m > STEP_M:
        raise NotMeasurable(f"a step: the head stayed {100 * stays_m:.0f} cm away")
    for name, track in motion.trackers.items():
        if "foot" in name:
            moved = np.linalg.norm(track.position_m[after] - np.median(track.position_m[before], axis=0), axis=1)
            if np.nanmax(moved) > FOOT_M:
                raise NotMeasurable(f"the {name.replace('_', ' ')} moved")
