"""Range of the neck: six movements, three of each, as far as is comfortable, shoulders still."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from calibration.asked_as import BOUNDED, AskedAs, counting, range_of
from calibration.gazing import OpenGaze
from engine.clinical import RATE, SEEN, Noise
from engine.looking import NODS, TILTS, TURNS
from engine.metrics.range_of_motion import NECK_ERROR_DEG
from engine.movements import ANYBODYS_NECK_DEG, MOVEMENTS
from engine.parameters import number
from engine.records import Measured
from engine.task import Finished, Measure

DAYS = "Christensen 1998, J Manipulative Physiol Ther 21:383: what 40 healthy necks differed by within three weeks"
LEAST = 2  # of three
PLANES: Mapping[str, tuple[str, str]] = {
    "neck_flexion_extension_deg": ("Flexion and extension", "neck_flexion neck_extension"),
    "neck_lateral_deg": ("To both sides", "neck_lateral_left neck_lateral_right"),
    "neck_rotation_deg": ("Rotation to both sides", "neck_rotation_left neck_rotation_right"),
}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    repetitions: int = number(3, 3, 5, "", "turns of the head each way")
    practice: int = number(1, 0, 2, "", "turns each way before them, not counted")
    most_s: float = number(8.0, 4.0, 20.0, "s", "the longest time for one turn")


class Test(AskedAs):
    """Turn, raise, lower and lay over the head, actively; what it shows is the neck's range in what is played, too."""

    title = "Neck range of motion"
    trains = ("neck range of motion",)
    moves_parts = ("neck",)
    asks = ("gaze",)
    version = 1
    place = "wood"
    Parameters = Parameters
    equipment = ("A chair with a back, or standing; the headset sits firmly and does not slip.",)
    protocol = (
        "The person sits or stands upright and looks ahead; the shoulders stay against the back of the chair.",
        "Each movement in turn: as far as is comfortable and back at once, at the person's own pace.",
        "Where the shoulders turn along, say so and let it be done again: the trunk counts as neck here.",
        "The mean of the repetitions is the result; their best is kept as the limit for games.",
    )
    practice = "one turn each way"
    validity = (f"Fewer than {LEAST} repetitions of a movement that were seen: no result of it.", BOUNDED, SEEN, RATE)
    measures: ClassVar[Mapping[str, Measure]] = OpenGaze.measures
    results: ClassVar[Mapping[str, Measure]] = {
        **{
            f"{movement}_deg": Measure(
                f"Head: {MOVEMENTS[movement].title.removeprefix('head ')}",
                "deg",
                "Mean of the repetitions, each its furthest angle from how the head is held when nothing is asked.",
                "rotation vector; validity of headsets in Sensors 2023, 23:9864",
            )
            for movement in (*NODS, *TILTS, *TURNS)
        },
        **{key: Measure(title, "deg", "Sum of the means of both ways.") for key, (title, _) in PLANES.items()},
    }
    better: ClassVar[Mapping[str, int]] = dict.fromkeys(PLANES, 1)
    noise = (
        Noise("neck_flexion_extension_deg", 20.0, DAYS),
        Noise("neck_lateral_deg", 12.0, DAYS),
        Noise("neck_rotation_deg", 14.0, DAYS),
    )
    not_compared = "Norms are of goniometers on the neck alone; here a trunk that turns along is in it."

    def assessment(self) -> OpenGaze:
        """Turns as an open gaze asks for them."""
        p = self.p
        return OpenGaze(
            OpenGaze.Parameters(repetitions=p.repetitions, practice=p.practice, most_s=p.most_s, ways="all six")
        )

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The mean of each movement, and of each plane the sum of both ways."""
        found: dict[str, Measured] = {}
        for movement in (*NODS, *TILTS, *TURNS):
            mine = [one for one in counting(finished) if one.trial.values["neck"] == movement]
            furthest_deg = next(most for stem, most in ANYBODYS_NECK_DEG.items() if movement.startswith(stem))
            found[movement] = range_of(mine, "turned_deg", LEAST, furthest_deg)
        ways = {f"{movement}_deg": mean for movement, mean in found.items()}
        return ways | {key: _sum([found[one] for one in both.split()]) for key, (_, both) in PLANES.items()}


def _sum(ways: Sequence[Measured]) -> Measured:
    values = [way.value for way in ways if way.value is not None]
    if len(values) < len(ways):
        return Measured(None, "deg", None, next(way.note for way in ways if way.value is None))
    return Measured(round(sum(values), 2), "deg", NECK_ERROR_DEG * len(ways))
