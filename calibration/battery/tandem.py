"""Tandem stance: how long somebody stands heel to toe, with eyes that see and without."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from calibration import stances
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.parameters import choice, number, switch
from engine.records import Measured, TrialRecord
from engine.task import Finished, Measure, Trial

HEEL_TO_TOE = "heel to toe"


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    behind: str = choice("right", SIDES, "which foot is behind")
    tries: int = number(2, 1, 3, "", "times; the best is told")
    dark: bool = switch(True, "whether it is done in the dark, too")


class Test(stances.Stance):
    """Heel to toe, 30 s at most; then the same in the dark, as with closed eyes."""

    title = "Tandem stance"
    trains = ("standing heel to toe",)
    version = 1
    most_s = 30.0
    said = "tandem.title"
    words: ClassVar[Mapping[str, str]] = {"left": "stances.behind_left", "right": "stances.behind_right"}
    Parameters = Parameters
    protocol = (
        "Barefoot or in flat shoes, one foot straight before the other, heel to toe, arms crossed or at the side.",
        "Say: when the words come, stand like this as long as you can.",
        "It ends with a step, or when a hand takes the rail: then press the trigger.",
        "With light first, then in the dark; the best of the tries is the result.",
    )
    results: ClassVar[Mapping[str, Measure]] = {
        "tandem_s": Measure("Heel to toe", "s", "The longest of the tries, 30 s at most."),
        "tandem_dark_s": Measure("Heel to toe, in the dark", "s", "The longest of the tries, 30 s at most."),
    }
    better: ClassVar[Mapping[str, int]] = dict.fromkeys(results, 1)
    not_compared = "Most people stand so for the whole 30 s; who does not is compared with themselves."

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """With light, and then without."""
        for eyes in self.eyes:
            for turn in range(self.p.tries):
                yield self.trial(HEEL_TO_TOE, self.p.behind, eyes, turn)

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The best with light, and in the dark."""
        return {
            "tandem_s": stances.best(finished, "light", self.p.behind),
            "tandem_dark_s": self.in_the_dark(stances.best(finished, "dark", self.p.behind)),
        }
