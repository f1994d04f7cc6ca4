"""Open leans: lean forward, right, back and left as far as is comfortable, feet still."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import msgspec

from calibration.limits import from_repetitions
from engine import moves
from engine.envelope import LEANS, Envelope
from engine.metrics.range_of_motion import LEAN_ERROR_DEG, lean_track_deg
from engine.motion import Motion
from engine.parameters import number
from engine.places import lean_along
from engine.records import Calibration, Measured, TrialRecord
from engine.scene import Lean, Panel
from engine.task import Assessment, Finished, Measure, Move, NotMeasured, Result, Trial

THEORETICAL_DEG = {"lean_forward": 8.0, "lean_right": 8.0, "lean_back": 4.5, "lean_left": 8.0}
LEAN_SD_DEG = 0.4  # an assumption: no repeated leans of real people were at hand to measure it
MIDDLE_DEG = 1.5
MIDDLE_S = 0.7


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    repetitions: int = number(2, 1, 5, "", "leans in each direction")
    most_s: float = number(8.0, 4.0, 20.0, "s", "the longest time for one lean")


class OpenLean(Assessment):
    """Lean as far as is comfortable in four directions, to the theoretical limit of stability at most.

    Targets of the limits of stability test: 8 degrees forward and sideways, 4.5 degrees back.
    """

    title = "Open lean"
    trains = ("limits of stability", "weight shift")
    version = 1
    place = "harbour"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "excursion_deg": Measure("Leant to", "deg", "Furthest head lean along the direction."),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Forward, right, back and left in turn."""
        for repetition in range(self.p.repetitions):
            for movement, direction in LEANS.items():
                stop = envelope.stop_line(movement, THEORETICAL_DEG[movement])
                goal = Lean(f"open {movement} {repetition}", direction, stop, 0.5, open_ended=True)
                yield Trial("", values={"goal": goal, "movement": movement, "stance": envelope.stance})

    def play(self, trial: Trial) -> Move:
        """Come to the middle, then lean out and back."""
        words = trial.values["movement"].replace("lean_", "lean.text_")
        middle = moves.upright("middle", MIDDLE_DEG, MIDDLE_S)
        back = Panel("lean", "lean.title", ("lean.come_back",))
        yield from moves.alongside((back,), moves.within(self.p.most_s, middle))
        panel = Panel("lean", "lean.title", (words, "reach.comfortable"))
        return (yield from moves.alongside((panel,), moves.lean_out(trial.values["goal"], self.p.most_s)))

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The furthest lean along the direction."""
        direction = trial.values["goal"].direction_deg
        leans = lean_track_deg(motion, trial.values["stance"])
        furthest = round(max(lean_along((ahead, right), direction)[0] for ahead, right in leans.tolist()), 2)
        return Result(furthest, {"excursion_deg": Measured(furthest, "deg", LEAN_ERROR_DEG)})

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """The lean limit of each direction."""
        if calibration is None:
            raise NotMeasured("open leans need a stance: put Standing before them")
        limits = dict(calibration.limits)
        for movement in LEANS:
            mine = [f for f in finished if f.trial.values["movement"] == movement]
            values = [f.record.achieved for f in mine if f.record.achieved is not None and f.record.achieved > 0]
            if values:
                limits[movement] = from_repetitions(values, "deg", "open leans, feet still", LEAN_SD_DEG)
        return msgspec.structs.replace(calibration, limits=limits)
