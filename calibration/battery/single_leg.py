"""Single leg stance: how long somebody stands on each leg, with eyes that see and without, three times each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from calibration import stances
from engine import leg
from engine.clinical import RETOLD, Band, Norm, mean_of
from engine.envelope import Envelope
from engine.footing import ONE_LEG
from engine.frame import SIDES
from engine.parameters import choice, number, switch
from engine.records import Measured, TrialRecord
from engine.task import Finished, Measure, Trial

TRIES = 3
_AGES = ((18, 39), (40, 49), (50, 59), (60, 69), (70, 79), (80, 99))
_LIGHT = tuple(Band(*ages, mean_s) for ages, mean_s in zip(_AGES, (43, 40, 37, 27, 15, 6), strict=True))
_SPRINGER = f"Springer 2007, J Geriatr Phys Ther 30:8 (549 people, 45 s at most); {RETOLD}"
_HEADSET = (
    "There barefoot, arms crossed; here with a headset on. In the dark nothing is known: norms are of closed eyes."
)


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    tries: int = number(TRIES, 1, TRIES, "", "times on each leg; norms are of the mean of three")
    dark: bool = switch(True, "whether it is done in the dark, too")
    strapped: str = choice(
        leg.NONE, (leg.NONE, leg.EACH), "controllers strapped to the shins: each to its own, or none"
    )


class Test(stances.Stance):
    """On each leg in turn, 45 s at most; then the same in the dark, as with closed eyes."""

    title = "Single leg stance"
    trains = ("standing on one leg",)
    version = 1
    most_s = 45.0
    said = "single_leg.title"
    words: ClassVar[Mapping[str, str]] = {"left": "stances.on_left", "right": "stances.on_right"}
    Parameters = Parameters
    protocol = (
        "Barefoot, arms crossed or at the side, the lifted foot not against the other leg.",
        "Say: when the words come, lift one foot and stand on the other as long as you can.",
        "It ends when the foot comes down, the standing foot moves, or a hand takes the rail: then press the trigger, "
        "where nothing is worn on the leg.",
        "Controllers go onto the shins before, sitting; one that rests above the knee counts as none.",
        "Three times on each leg, resting between; the best and the mean are told.",
    )
    results: ClassVar[Mapping[str, Measure]] = {
        **{f"one_leg_best_{on}_s": Measure(f"On the {on} leg, best", "s", "The longest of the tries.") for on in SIDES},
        **{f"one_leg_{on}_s": Measure(f"On the {on} leg", "s", "Mean of the tries.") for on in SIDES},
        **{f"one_leg_dark_{on}_s": Measure(f"On the {on} leg, in the dark", "s", "Mean of the tries.") for on in SIDES},
    }
    better: ClassVar[Mapping[str, int]] = dict.fromkeys((f"one_leg_{on}_s" for on in SIDES), 1)
    norms = tuple(Norm(f"one_leg_{on}_s", "mean of healthy people", _LIGHT, _SPRINGER, _HEADSET) for on in SIDES)

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Both legs in turn with light, and then without."""
        for eyes in self.eyes:
            for turn in range(self.p.tries):
                for on in SIDES:
                    yield self.trial(ONE_LEG, on, eyes, turn, self.p.strapped)

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """Best and mean of each leg, and the mean in the dark."""
        results: dict[str, Measured] = {}
        for on in SIDES:
            light, dark = (stances.of(finished, eyes, on) for eyes in ("light", "dark"))
            results[f"one_leg_best_{on}_s"] = stances.best(finished, "light", on)
            results[f"one_leg_{on}_s"] = mean_of(light, "held_s", "s", self.p.tries)
            results[f"one_leg_dark_{on}_s"] = self.in_the_dark(mean_of(dark, "held_s", "s", self.p.tries))
        return {name: results[name] for name in self.results}
