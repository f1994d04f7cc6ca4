"""Range of the shoulders: each straight arm raised ahead and to the side, three times, as far as is comfortable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from calibration.asked_as import BOUNDED, AskedAs, counting, range_of
from calibration.reaching import FURTHEST_DEG, OpenReach
from engine.clinical import RATE, SEEN, Noise
from engine.frame import SIDES
from engine.metrics.norms import NORMS
from engine.parameters import number
from engine.records import Measured
from engine.task import Finished, Measure

LEAST = 2  # of three
PLANES = {"flexion": 0.0, "abduction": 90.0}
RETEST = "Tveitå 2008, BMC Musculoskelet Disord 9:49: smaller changes in frozen shoulders, a week apart, may be error"


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    repetitions: int = number(3, 3, 5, "", "times that each arm is raised in each plane")
    practice: int = number(1, 0, 2, "", "times that each arm is raised in each plane before them, not counted")
    most_s: float = number(10.0, 4.0, 30.0, "s", "the longest time for one")


class _TwoPlanes(OpenReach):
    """Open reaches in the planes of the test alone."""

    azimuths_deg = tuple(PLANES.values())


class Test(AskedAs):
    """Flexion and abduction, actively; what it shows is the limit of the arms in what is played, too."""

    title = "Shoulder range of motion"
    trains = ("shoulder flexion", "shoulder abduction")
    moves_parts = ("left arm", "right arm")
    asks = ("hand",)
    version = 1
    place = "orchard"
    Parameters = Parameters
    equipment = ("Room to both sides and ahead; a controller in each hand, or hands that cameras see.",)
    protocol = (
        "The person stands or sits upright, arms hanging, thumbs ahead.",
        "Raise a straight arm ahead, or to the side, palm down, as far as is comfortable, and let it come down.",
        "Where the trunk leans along or the elbow bends, say so: only a straight arm is measured.",
        "The mean of the repetitions is the result. Everyday tasks of adults need about "
        f"{NORMS['shoulder_flexion'].daily_deg:g}° of flexion and {NORMS['shoulder_abduction'].daily_deg:g}° of "
        "abduction (Namdari 2012, J Shoulder Elbow Surg 21:1177).",
    )
    practice = "once in each plane"
    validity = (f"Fewer than {LEAST} repetitions that were seen and raised: no result.", BOUNDED, SEEN, RATE)
    measures: ClassVar[Mapping[str, Measure]] = OpenReach.measures
    results: ClassVar[Mapping[str, Measure]] = {
        f"shoulder_{plane}_{side}_deg": Measure(
            f"Shoulder {plane}, {side}", "deg", "Mean of the repetitions: 0 is an arm that hangs, 180 one straight up."
        )
        for plane in PLANES
        for side in SIDES
    }
    better: ClassVar[Mapping[str, int]] = dict.fromkeys(results, 1)
    noise = tuple(Noise(f"shoulder_{plane}_{side}_deg", 15.0, RETEST) for plane in PLANES for side in SIDES)
    not_compared = (
        "Norms of shoulders are of a goniometer on the upper arm; this is the line from the shoulder to the hand, "
        "off by 7° in half of patients' raises, and a trunk that leans along is in it."
    )

    def assessment(self) -> OpenReach:
        """Reaches as an open reach asks for them, in these planes."""
        p, planes = self.p, len(PLANES)
        return _TwoPlanes(
            OpenReach.Parameters(repetitions=planes * p.repetitions, practice=planes * p.practice, most_s=p.most_s)
        )

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The mean of each arm in each plane."""
        whole = counting(finished)
        return {
            f"shoulder_{plane}_{side}_deg": range_of(
                [one for one in whole if (one.trial.side, one.trial.values["outward_deg"]) == (side, outward_deg)],
                "elevation_deg",
                LEAST,
                FURTHEST_DEG,
            )
            for plane, outward_deg in PLANES.items()
            for side in SIDES
        }
