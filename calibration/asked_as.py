"""Clinical tests whose trials are those of an assessment, of which they sum up more than a limit."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from engine.clinical import ClinicalTest
from engine.envelope import Envelope
from engine.motion import Motion
from engine.records import Calibration, TrialRecord
from engine.task import STOPPED, Assessment, Finished, Move, Result, Trial


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
