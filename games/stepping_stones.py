"""Stepping Stones: a stone beside the feet lights up; step on it with the foot of its side, and come back."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import dual_task, feedback, leg, moves, pace, rounds, stepping, treading
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.limits import OutsideEnvelope
from engine.metrics.definition import NotMeasurable, known
from engine.motion import Array, Motion
from engine.movements import ON_SIDES
from engine.noted import Noted, since_call_s, timed
from engine.parameters import choice, number
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Panel, Sound, Stone
from engine.task import NOT_YET, REACHED, Measure, Move, Result, Task, Trial
from engine.trace import thinned

FLOURISH_S = 0.8
LEAST_FRAMES = 20
FOREPERIOD = 0.5  # of the time in the middle, the most that is added by chance
PLACE_ERROR_M = 0.01
EFFECTS: Mapping[str, str] = {
    "reaction_s": "Dual-task effect on reaction time",
    "step_s": "Dual-task effect on step time",
}
BY_HEAD = "seen by the head, not by the foot"
STEP_MPS, STEADIES, HOMES = 0.6, 0.75, 0.6  # as a simulated patient steps
ROUND: Mapping[str, tuple[float, ...]] = {
    "four": (0.0, 90.0, 180.0, 270.0),
    "eight": tuple(45.0 * each for each in range(8)),
    "ahead and aside": (0.0, 45.0, 90.0, 270.0, 315.0),
}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(8, 1, 40, "", "steps in a round")
    stones: str = choice("ahead and aside", tuple(ROUND), "which stones lie around the feet")
    sides: str = choice("both", ON_SIDES, "which foot steps; the other one stands")
    length_percent: float = number(30.0, 20.0, 60.0, "%", "length of a step, of that of the leg")
    radius_m: float = number(0.12, 0.08, 0.20, "m", "how near to the stone counts", "size", -0.01)
    strapped: str = choice("none", ("none", leg.EACH), "controllers strapped to the shins: each to its own, or none")
    hold_s: float = number(0.3, 0.0, 3.0, "s", "time to stay on a stone", "hold", 0.3)
    limit_s: float = number(3.0, 1.0, 10.0, "s", "time to get to a stone, before staying there", "time", -0.25)
    pause_s: float = number(1.0, 0.5, 10.0, "s", "least time in the middle between stones")
    count_by: int = number(0, 0, 7, "", "count backwards aloud by so many; 0 for not at all", "dual task", 1.0)


class Game(Task):
    """Steps to stones in a shuffled order, each called by its light, and back to the middle."""

    title = "Stepping Stones"
    trains = ("dynamic balance", "starting a step", "reaction")
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("step",)
    postures = ("standing",)
    version = 2
    place = "pond"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "reaction_s": Measure("Reaction time", "s", "From the light until the head has gone 5 cm towards the stone."),
        "step_s": Measure("Step time", "s", "From setting off until the head is over a foot on the stone."),
        "length_m": Measure("Head went over by", "m", "Furthest way of the head to the stone; a foot goes further."),
        "asked_m": Measure("Stone at", "m", "From the middle of the feet to the stone that was asked for."),
        "back_s": Measure("Time back", "s", "From the furthest point until the head is back over the feet."),
        "wrong_stones": Measure("Other stones stepped on", "", "Stays of 0.15 s on others before the lit one."),
        **treading.OF_FOOT,
        **dual_task.measures(EFFECTS),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each stone once in a shuffled order, then again; ahead and behind both feet take turns."""
        order: list[Stone] = []
        for count in range(self.p.targets):
            stones = self._stones(envelope)
            order = [stone for stone in order if stone in stones] or random.sample(stones, len(stones))
            goal = order.pop(0)._replace(key=f"stone {count}", state="wanted")
            pause_s = self.p.pause_s * (1 + random.uniform(0.0, FOREPERIOD))
            yield Trial("", None, {
                "goal": goal,
                "number": count,
                "pause_s": pause_s,
                "eye_m": envelope.stance.head_m[1],
                "stance": envelope.stance,
                "noted": Noted(),
                "before": dual_task.kept(done, tuple(EFFECTS), self.p.count_by),
                "idle": tuple({stone.direction_deg: stone._replace(foot="", device="") for stone in stones}.values()),
            })  # fmt: skip

    def play(self, trial: Trial) -> Move:
        """Stand in the middle until a stone lights up, step on it, and come back."""
        return timed(self._played(trial), trial.values["noted"])

    def _played(self, trial: Trial) -> Move:
        goal, count, idle = trial.values["goal"], trial.values["number"], trial.values["idle"]
        panel = Panel("stepping_stones", "stepping_stones.middle", self._said(count), count, self.p.targets)
        panel = panel._replace(values=(str(self.p.count_by),))
        resting, around = goal._replace(state="later"), rounds.around(count / self.p.targets)
        wait = moves.within(self.p.limit_s + trial.values["pause_s"], stepping.back(resting, trial.values["pause_s"]))
        yield from moves.alongside((panel, *idle, *around), wait)
        trial.values["noted"].call()
        step = moves.within(self.p.limit_s + self.p.hold_s, feedback.felt(stepping.out(goal, self.p.hold_s)))
        ask = panel._replace(title="stepping_stones.step", text=(f"stepping_stones.foot_{goal.foot}",))
        heard = feedback.followed(step, lambda body: stepping.share(goal, body))
        shown = (ask, Sound(f"{goal.key} lit", "appear"), *idle, *around)
        reached = (yield from moves.alongside(shown, heard)) == REACHED
        answer = rounds.answer(panel, goal.key, reached, text=("stepping_stones.back",), sound="step")
        gone = goal._replace(state="done" if reached else "later")
        home = moves.within(self.p.limit_s, stepping.back(gone, FLOURISH_S))
        yield from moves.alongside((*answer, *idle), home)
        return REACHED if reached else NOT_YET

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds: standing, stepping, coming back."""
        way_s = pace.way_s(stepping.HEAD_SHARE * trial.values["goal"].length_m, STEP_MPS)
        p: Parameters = self.p
        out_s = pace.REACTION_S + STEADIES * way_s if reached else p.limit_s
        return float(trial.values["pause_s"]) + float(out_s) + p.hold_s + 0.15 + float(HOMES * way_s) + FLOURISH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the step from its light on, by the head."""
        goal: Stone = trial.values["goal"]
        if len(motion.time_s) < LEAST_FRAMES:
            raise NotMeasurable("ended before anybody could step")
        time_s = since_call_s(motion, trial.values["noted"])
        turn, lit = math.radians(goal.direction_deg), time_s >= 0
        since_s, head_m = time_s[lit], stepping.over_track_m(motion, trial.values["stance"])[lit]
        if len(since_s) < LEAST_FRAMES:
            raise NotMeasurable("ended before anybody could step")
        along_m = head_m @ np.array([math.cos(turn), math.sin(turn)])
        seen_m = treading.foot_track_m(motion, trial.values["stance"], stepping.worn_on(goal))
        foot_m = None if seen_m is None else seen_m[lit]
        wrong = treading.wrong_stones(since_s, foot_m, head_m, goal, trial.values["idle"])
        step = _of_the_step(since_s, along_m, goal)
        counted = dual_task.counts(trial.values["number"], self.p.count_by)
        measures = {
            **step,
            "asked_m": Measured(round(goal.length_m, 3), "m"),
            "wrong_stones": Measured(wrong, "", None, BY_HEAD if foot_m is None else treading.BY_FOOT),
            **treading.of_the_foot(since_s, foot_m, goal),
            **dual_task.effects(step, trial.values["before"], counted=counted),
        }
        trace = Trace("Head towards the stone", "m", *thinned(since_s, along_m))
        return Result(None, measures, (trace,))

    def _said(self, count: int) -> tuple[str, ...]:
        """What is said in the middle before a stone."""
        if count == 0:
            return ("stepping_stones.clear",)
        if count % dual_task.RUN or not self.p.count_by:
            return ()
        return ("night_lighthouse.count" if dual_task.counts(count, self.p.count_by) else "stepping_stones.quiet",)

    def _stones(self, envelope: Envelope) -> list[Stone]:
        """Every stone that may be stepped on from here, unlit, once for each foot that may."""
        length_m = self.p.length_percent / 100 * stepping.leg_m(envelope)
        ways = {way: length_m * _share(way) for way in ROUND[self.p.stones] if self._feet(way)}
        radius_m = stepping.radius_m(ways.items(), self.p.radius_m, envelope.calibration.stature_m.value)
        strapped = self.p.strapped == leg.EACH
        stones = [
            Stone(f"lies {way:g}", way, away_m, radius_m, foot, state="idle", device=foot if strapped else "")
            for way, away_m in ways.items()
            for foot in self._feet(way)
        ]
        refused = [stepping.refuses(envelope, stone) for stone in stones]
        if all(refused):
            raise OutsideEnvelope(refused[0])
        return [stone for stone, why in zip(stones, refused, strict=True) if not why]

    def _feet(self, way_deg: float) -> tuple[str, ...]:
        """The feet that may step in a direction: that of its side, and either ahead and behind."""
        feet = SIDES if way_deg in (0.0, 180.0) else ("right",) if way_deg < 180.0 else ("left",)
        return tuple(foot for foot in feet if self.p.sides in ("both", foot))


def _share(way_deg: float) -> float:
    """How much of a step is asked for in a direction."""
    return stepping.BEHIND if way_deg == 180.0 else 1.0


def _of_the_step(time_s: Array, along_m: Array, goal: Stone) -> dict[str, Measured]:
    """When the head set off, when it was over a foot on the stone, how far it went, and when it was back."""
    asked_m = stepping.HEAD_SHARE * stepping.ARRIVES * goal.length_m
    off = np.flatnonzero(along_m - along_m[0] >= treading.SETS_OFF_M)
    off_s = float(time_s[off[0]]) if len(off) else math.nan
    there = np.flatnonzero((along_m >= asked_m) & (time_s >= off_s))
    top = int(np.argmax(along_m))
    home = np.flatnonzero(along_m[top:] < stepping.BACK_M)
    step_s = float(time_s[there[0]]) - off_s if len(there) else None
    back_s = float(time_s[top + home[0]] - time_s[top]) if len(home) and top else None
    error_s = treading.ONSET_ERROR_S
    return {
        "reaction_s": known(off_s, "s", 3, "the head did not set off towards the stone", error_s, BY_HEAD),
        "step_s": known(step_s, "s", 3, "the head did not come over the stone", error_s, BY_HEAD),
        "length_m": Measured(round(max(0.0, float(along_m.max())), 3), "m", PLACE_ERROR_M, BY_HEAD),
        "back_s": known(back_s, "s", 3, "nobody came back to the middle", error_s, BY_HEAD),
    }
