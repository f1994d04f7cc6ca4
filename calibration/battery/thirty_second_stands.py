"""Thirty seconds chair stand: how often somebody stands up from a chair in half a minute, arms crossed."""

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from calibration import rising
from engine.clinical import RATE, SEEN, Band, Norm, counted
from engine.records import Measured
from engine.task import Finished, Measure

SECONDS = 30.0
HALF = 0.5
_MEN = {60: 14, 65: 12, 70: 12, 75: 11, 80: 10, 85: 8, 90: 7}
_WOMEN = {60: 12, 65: 11, 70: 10, 75: 10, 80: 9, 85: 8, 90: 4}


class Test(rising.ChairStands):
    """One stand to try, then as many as there are in half a minute."""

    title = "Thirty seconds chair stand"
    trains = ("leg strength", "endurance of the legs")
    version = 1
    says = ("thirty_second_stands.title", "rising.as_often")
    most = math.inf
    most_s = SECONDS
    Parameters = rising.Practised
    protocol = (
        "The person sits in the middle of the seat, feet flat, arms crossed on the chest, controllers in the hands.",
        "Say: when it calls, stand all the way up and sit down again, as often as you can, until it says that it is "
        "over.",
        "Who is more than half way up when the time is over has done that stand, too.",
        "Where arms push off, stop: the result is then 0 by the rules of the test, which nobody here can see.",
    )
    validity = (*rising.VALIDITY, "Stopped before the half minute was over: no result.", SEEN, RATE)
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
            "Centers for Disease Control and Prevention, STEADI, 30-second chair stand: who does fewer is in "
            "the lowest quarter of the 7183 of Rikli & Jones 1999, J Aging Phys Act 7:162",
        ),
    )

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
