"""Thirty seconds chair stand: how often somebody stands up from a chair in half a minute, arms crossed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from calibration import rising
from engine.clinical import RATE, SEEN, UNCHECKED, Band, ClinicalTest, Norm, counted
from engine.envelope import Envelope
from engine.motion import Motion
from engine.parameters import number
from engine.records import Measured, TrialRecord
from engine.task import Finished, Measure, Move, Result, Trial

SECONDS = 30.0
HALF = 0.5
_MEN = {60: 14, 65: 12, 70: 12, 75: 11, 80: 10, 85: 8, 90: 7}
_WOMEN = {60: 12, 65: 11, 70: 10, 75: 10, 80: 9, 85: 8, 90: 4}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    practice: int = number(1, 0, 2, "", "stands before it, not counted")


class Test(ClinicalTest):
    """One stand to try, then as many as there are in half a minute."""

    title = "Thirty seconds chair stand"
    trains = ("leg strength", "endurance of the legs")
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("rise",)
    postures = ("standing",)
    version = 1
    place = "launch"
    Parameters = Parameters
    equipment = ("A firm chair without arms, seat 43 cm high, its back against a wall.", "Somebody who stands by.")
    protocol = (
        "The person sits in the middle of the seat, feet flat, arms crossed on the chest, controllers in the hands.",
        "Say: when it calls, stand all the way up and sit down again, as often as you can, until it says that it is "
        "over.",
        "Who is more than half way up when the time is over has done that stand, too.",
        "Where arms push off, stop: the result is then 0 by the rules of the test, which nobody here can see.",
    )
    practice = "one stand"
    validity = (*rising.VALIDITY, "Stopped before the half minute was over: no result.", SEEN, RATE)
    measures: ClassVar[Mapping[str, Measure]] = rising.MEASURES
    results: ClassVar[Mapping[str, Measure]] = {
        "stands_in_30_s": Measure(
            "Stands in 30 s", "", "How often they stood up in half a minute.", "Jones 1999, Res Q Exerc Sport 70:113"
        ),
    }
    better: ClassVar[Mapping[str, int]] = {"stands_in_30_s": 1}
    norms = (
        Norm(
            "stands_in_30_s",
            "fewer than this is below average",
            tuple(
                Band(years, years + 4, stands, sex)
                for sex, of in (("men", _MEN), ("women", _WOMEN))
                for years, stands in of.items()
            ),
            f"Centers for Disease Control and Prevention, STEADI, 30-second chair stand; {UNCHECKED}",
        ),
    )

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """To sit down and try it, then the half minute."""
        for _ in range(min(1, self.p.practice)):
            yield rising.trial(envelope, rising.PRACTICE, self.p.practice, SECONDS)
        yield rising.trial(envelope, rising.TEST, math.inf, SECONDS)

    def play(self, trial: Trial) -> Move:
        """Sit, hear the call, stand up and sit down."""
        practice = trial.values["kind"] == rising.PRACTICE
        return rising.play(trial, "thirty_second_stands.title", "rising.try_it" if practice else "rising.as_often")

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """Sitting down, the countdown, and the stands."""
        most = trial.values["most"]
        return rising.trial_s(SECONDS / rising.STAND_S if math.isinf(most) else most)

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Each trial's stands and their heights."""
        return rising.measure(trial, motion)

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """Stands within the half minute, and one more for who is half way up at its end."""
        found, why = rising.stands_in(counted(finished, rising.TEST))
        if found is None:
            return self.none(why)
        if found.time_s[-1] < SECONDS:
            return self.none(f"ended after {found.time_s[-1]:.0f} s")
        stands = int(np.count_nonzero(found.up_s <= SECONDS))
        seated = np.count_nonzero(found.seated_s <= SECONDS)
        rising_now = seated == stands and np.interp(SECONDS, found.time_s, found.share) > HALF
        note = "more than half way up at the end counts" if rising_now else ""
        return {"stands_in_30_s": Measured(float(stands + rising_now), "", None, note)}
