"""Reach envelope: how far each hand comes around its shoulder, from open reaches in four planes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from calibration.asked_as import BOUNDED, NOT_ASKED, AskedAs, counting, stops_deg
from calibration.limits import at_stop_line
from calibration.reaching import AZIMUTHS_DEG, FURTHEST_DEG, OpenReach
from engine.clinical import RATE, SEEN
from engine.frame import SIDES
from engine.metrics.definition import measured
from engine.metrics.reach_space import reach_points_m, reach_space
from engine.parameters import number
from engine.records import Measured
from engine.task import Finished, Measure

EXTENTS = {"up": "above", "ahead": "ahead of", "outward": "outward of"}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    rounds: int = number(3, 1, 5, "", "times that each arm is raised in each of four planes")
    practice: int = number(1, 0, 1, "", "rounds before them, not counted")
    most_s: float = number(10.0, 4.0, 30.0, "s", "the longest time for one reach")


class Test(AskedAs):
    """Raise each straight arm in four planes between ahead and the side; targets of games then lie inside."""

    title = "Reach envelope"
    trains = ("reach",)
    moves_parts = ("left arm", "right arm")
    asks = ("hand",)
    version = 1
    place = "orchard"
    Parameters = Parameters
    equipment = ("Room to both sides and ahead; a controller in each hand, or hands that cameras see.",)
    protocol = (
        "The person stands or sits upright, the trunk stays where it is.",
        "Raise a straight arm along the line that is shown, as far as is comfortable, and let it come down.",
        "Only what the hand did while the neck was within 5 cm of its place counts.",
        "Games put targets within 90 % of the reach that is found here.",
    )
    practice = "one round"
    validity = ("Fewer than 50 frames of a hand with the trunk in place: no result of that side.", BOUNDED, SEEN, RATE)
    measures: ClassVar[Mapping[str, Measure]] = OpenReach.measures
    results: ClassVar[Mapping[str, Measure]] = {
        f"reach_{way}_{side}_m": Measure(
            f"Reach {way}, {side}", "m", f"How far {where} its shoulder the hand came, the trunk in place."
        )
        for way, where in EXTENTS.items()
        for side in SIDES
    }
    better: ClassVar[Mapping[str, int]] = dict.fromkeys(results, 1)
    not_compared = "Nobody has measured it alike: how far a hand comes depends on the length of the arm."

    def assessment(self) -> OpenReach:
        """Reaches as an open reach asks for them."""
        p, planes = self.p, len(AZIMUTHS_DEG)
        return OpenReach(
            OpenReach.Parameters(repetitions=planes * p.rounds, practice=planes * p.practice, most_s=p.most_s)
        )

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """How far each hand came up, ahead and outward."""
        results: dict[str, Measured] = {}
        for side in SIDES:
            mine = [one for one in counting(finished) if one.trial.side == side and one.record.achieved is not None]
            points = [reach_points_m(one.motion, one.trial.values["stance"], side) for one in mine]
            found = measured(reach_space(np.concatenate([np.empty((0, 3)), *points]), side))
            if not any(one.trial.side == side for one in finished):
                found = dict.fromkeys(found, Measured(None, "m", None, NOT_ASKED))
            elif bounded := stops_deg(mine, FURTHEST_DEG):
                found = dict.fromkeys(found, Measured(None, "m", None, at_stop_line(bounded, len(mine))))
            results |= {f"reach_{way}_{side}_m": _rounded(found[f"{way}_m"]) for way in EXTENTS}
        return {name: results[name] for name in self.results}


def _rounded(found: Measured) -> Measured:
    value, error = found.value, found.error
    return Measured(value and round(value, 3), found.unit, error and round(error, 3), found.note)
