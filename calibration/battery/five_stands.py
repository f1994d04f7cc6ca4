"""Five times sit to stand: how long five stands from a chair take, arms crossed, as fast as is safe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from calibration import rising
from engine.clinical import RATE, SEEN, Band, Noise, Norm, counted
from engine.parameters import number
from engine.records import Measured
from engine.task import Finished, Measure

STANDS = 5
ERROR_S = 0.15  # 95 % of 500 simulated series, with the frame in which the call is seen


@dataclass(frozen=True)
class Parameters(rising.Practised):
    """What a therapist may tune."""

    most_s: float = number(60.0, 15.0, 120.0, "s", "the longest time for five stands")


class Test(rising.ChairStands):
    """One stand to try, then five in a row from a call."""

    title = "Five times sit to stand"
    trains = ("leg strength", "sit to stand")
    version = 1
    says = ("five_stands.title", "rising.five")
    most = STANDS
    Parameters = Parameters
    protocol = (
        "The person sits in the middle of the seat, feet flat, arms crossed on the chest, controllers in the hands.",
        "Say: when it calls, stand up and sit down five times, as fast as you safely can.",
        "Do not help. Where arms push off, stop, and write it down: it is another test then.",
        "The clock runs from the call until the fifth stand; the time until the person sits again stands beside it.",
    )
    validity = (
        *rising.VALIDITY,
        "Fewer than five stands, or any that came less than 70 % of the way up: no result.",
        SEEN,
        RATE,
    )
    results: ClassVar[Mapping[str, Measure]] = {
        "five_times_s": Measure(
            "Five stands",
            "s",
            "From the call until up for the fifth time: weak or unsteady people take longer.",
            "Guralnik 1994, J Gerontol 49:M85, timed until the fifth stand",
        ),
        "five_times_seated_s": Measure(
            "Five stands, until seated", "s", "From the call until seated again after the fifth stand."
        ),
    }
    better: ClassVar[Mapping[str, int]] = {"five_times_s": -1}
    norms = (
        Norm(
            "five_times_s",
            "slower than this is slower than average",
            (Band(60, 69, 11.4), Band(70, 79, 12.6), Band(80, 89, 14.8)),
            "Bohannon 2006, Percept Mot Skills 103:215 (meta-analysis)",
            "The studies differ in chair, and in whether the clock stops standing or seated.",
        ),
    )
    noise = (Noise("five_times_s", 2.5, "Goldberg 2012, Aging Clin Exp Res 24:339, older women, by stopwatch"),)

    @property
    def most_s(self) -> float:
        """As long as a therapist says."""
        return float(self.p.most_s)

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The time of five stands."""
        found, why = rising.stands_in(counted(finished, rising.TEST))
        if found is None or len(found.up_s) < STANDS:
            return self.none(why or f"{0 if found is None else len(found.up_s)} of {STANDS} stands came up far enough")
        up_s = rising.straight_s(found, STANDS - 1)
        after = found.seated_s[found.seated_s > up_s]
        seated = Measured(None, "s", None, "did not sit down again")
        if len(after):
            seated = Measured(round(float(after[0]), 2), "s", ERROR_S)
        return {"five_times_s": Measured(round(up_s, 2), "s", ERROR_S), "five_times_seated_s": seated}
