"""Tandem stance: how long somebody stands heel to toe, with eyes that see and without."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from calibration import stances
from engine.clinical import RATE, SEEN, ClinicalTest
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.motion import Motion
from engine.parameters import choice, number, switch
from engine.records import Measured, TrialRecord
from engine.task import Finished, Measure, Move, Result, Trial

MOST_S = 30.0
HEEL_TO_TOE = "heel to toe"
WORDS = {"left": "stances.behind_left", "right": "stances.behind_right"}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    behind: str = choice("right", SIDES, "which foot is behind")
    tries: int = number(2, 1, 3, "", "times; the best is told")
    dark: bool = switch(True, "whether it is done in the dark, too")


class Test(ClinicalTest):
    """Heel to toe, 30 s at most; then the same in the dark, as with closed eyes."""

    title = "Tandem stance"
    trains = ("standing heel to toe",)
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("stand", "surround")
    postures = ("standing",)
    version = 1
    place = "meadow"
    Parameters = Parameters
    equipment = (
        "A rail or wall within reach of both hands.",
        "Somebody close beside who could catch, also in the dark.",
    )
    protocol = (
        "Barefoot or in flat shoes, one foot straight before the other, heel to toe, arms crossed or at the side.",
        "Say: when the words come, stand like this as long as you can.",
        "It ends with a step, or when a hand takes the rail: then press the trigger.",
        "With light first, then in the dark; the best of the tries is the result.",
    )
    validity = (*stances.VALIDITY, SEEN, RATE)
    measures: ClassVar[Mapping[str, Measure]] = stances.MEASURES
    results: ClassVar[Mapping[str, Measure]] = {
        "tandem_s": Measure("Heel to toe", "s", "The longest of the tries, 30 s at most."),
        "tandem_dark_s": Measure("Heel to toe, in the dark", "s", "The longest of the tries, 30 s at most."),
    }
    better: ClassVar[Mapping[str, int]] = dict.fromkeys(results, 1)
    not_compared = "Most people stand so for the whole 30 s; who does not is compared with themselves."

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """With light, and then without."""
        for eyes in ("light", "dark") if self.p.dark else ("light",):
            for turn in range(self.p.tries):
                yield stances.trial(HEEL_TO_TOE, self.p.behind, eyes, turn, MOST_S)

    def play(self, trial: Trial) -> Move:
        """Come to stand so, stay, and rest."""
        return stances.play(trial, "tandem.title", WORDS[self.p.behind])

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """Words, the stance and rest."""
        return stances.trial_s(trial, reached)

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """How long it was."""
        return stances.measure(trial, motion)

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The best with light, and in the dark."""
        dark = stances.best(finished, "dark", self.p.behind)
        return {
            "tandem_s": stances.best(finished, "light", self.p.behind),
            "tandem_dark_s": dark if self.p.dark else Measured(None, "s", None, stances.NOT_DARK),
        }
