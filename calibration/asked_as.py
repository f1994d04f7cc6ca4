"""Clinical tests whose trials are those of an assessment, of which they sum up more than a limit."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from calibration.limits import at_stop_line
from engine.clinical import ClinicalTest, mean_of
from engine.envelope import Envelope
from engine.motion import Motion
from engine.records import Calibration, Measured, TrialRecord
from engine.task import STOPPED, Assessment, Finished, Move, Result, Trial

NEAR_DEG = 3.0  # of the stop line: who came so near may well have stopped for it
BOUNDED = "Where precautions or ceilings ended an effort, the range goes at least as far: no result of it."
NOT_ASKED = "it was not asked for: a precaution or ceiling leaves too little room, or the test ended before"


class AskedAs(ClinicalTest, Assessment):
    """A test that asks as an assessment does, and adds to the calibration what that does."""

    def __init__(self, parameters: Any = None) -> None:
        """Take a therapist's values, or the defaults."""
        super().__init__(parameters)
        self._open = self.assessment()

    def assessment(self) -> Assessment:
        """The assessment with the parameters of the test."""
        raise NotImplementedError

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Those of the assessment."""
        return self._open.trials(envelope, random, done)

    def play(self, trial: Trial) -> Move:
        """As the assessment does."""
        return self._open.play(trial)

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """As long as one of the assessment takes."""
        return self._open.trial_s(trial, reached)

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """What the assessment measures of a trial."""
        return self._open.measure(trial, motion)

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """The calibration with the assessment's part in it."""
        return self._open.conclude(calibration, finished)


def counting(finished: Sequence[Finished]) -> list[Finished]:
    """The trials of an assessment that were not for practice, and that nobody stopped."""
    return [one for one in finished if one.trial.values["counts"] and one.record.outcome != STOPPED]


def range_of(finished: Sequence[Finished], measure: str, least: int, furthest_deg: float) -> Measured:
    """The mean of what trials of one movement measured; none where precautions or ceilings ended any of them.

    Their stop lines lie below `furthest_deg`, which ends nobody's movement.
    """
    if not finished:
        return Measured(None, "deg", None, NOT_ASKED)
    bounded = stops_deg(finished, furthest_deg)
    if bounded:
        return Measured(None, "deg", None, at_stop_line(bounded, len(finished)))
    return mean_of(finished, measure, "deg", least)


def stops_deg(finished: Sequence[Finished], furthest_deg: float) -> list[float]:
    """The stop lines of precautions and ceilings that ended trials."""
    ended = [(one.record.achieved, float(one.trial.values["stop_deg"])) for one in finished]
    return [stop for deg, stop in ended if stop < furthest_deg and deg is not None and deg > stop - NEAR_DEG]
