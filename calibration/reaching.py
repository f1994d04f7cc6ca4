"""Open reaches: raise each arm as far as is comfortable, and learn how far it goes and how long it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import msgspec
import numpy as np

from calibration.limits import from_repetitions, reach_cells
from engine import moves
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, STRAIGHT_ARM, arm_directions
from engine.motion import Array, Motion
from engine.parameters import number
from engine.places import from_shoulder
from engine.records import Calibration, Limit, Measured, TrialRecord
from engine.scene import Panel, Reach
from engine.task import Assessment, Finished, Measure, Move, NotMeasured, Result, Trial

ARM_OF_STATURE = 0.186 + 0.146 + 0.055  # upper arm, forearm, wrist to grip: Drillis & Contini 1966
FURTHEST_DEG = 175.0
LOWEST_DEG = 20.0
ELEVATION_SD_DEG = 4.0
ARM_SD_M = 0.015
RAISED_DEG = 45.0
STRETCHED = 0.85  # of this reach's own 95th percentile: a hand beside the ear is high up, and no reach
AZIMUTHS_DEG = (0.0, 30.0, 60.0)


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    repetitions: int = number(3, 1, 9, "", "open reaches with each arm, over directions in turn")
    most_s: float = number(10.0, 4.0, 30.0, "s", "the longest time for one reach")


class OpenReach(Assessment):
    """Raise one arm after the other, as far as is comfortable, to the stop line at most."""

    title = "Open reach"
    trains = ("shoulder elevation",)
    postures = ("standing", "seated", "lying")
    version = 1
    place = "orchard"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "elevation_deg": Measure(
            "Arm raised to", "deg", "Highest angle of the line from shoulder to hand, 0 hanging, 180 up."
        ),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Left and right in turn, ahead, outward and to the side."""
        arm_m = envelope.calibration.stature_m.value * ARM_OF_STATURE
        for repetition in range(self.p.repetitions):
            for side in SIDES:
                outward = AZIMUTHS_DEG[repetition % len(AZIMUTHS_DEG)]
                azimuth = outward if side == "right" else -outward
                stop = envelope.stop_line(f"shoulder_elevation_{side}", FURTHEST_DEG)
                shoulder, facing = envelope.shoulder(side), envelope.stance.facing_deg
                start_m, stop_m = (
                    from_shoulder(shoulder, facing, azimuth, elevation, STRAIGHT_ARM * arm_m)
                    for elevation in (LOWEST_DEG, stop)
                )
                line = Reach(f"open reach {side} {repetition}", start_m, stop_m, side)
                yield Trial(side, values={"line": line, "stance": envelope.stance})

    def play(self, trial: Trial) -> Move:
        """Follow the arm up, then let it come down."""
        panel = Panel("reach", "reach.title", ("reach.text_up", "reach.comfortable"))
        yield from moves.alongside((panel,), moves.reach_out(trial.values["line"], self.p.most_s))
        return (yield from moves.show((Panel("reach", "reach.title", ("reach.comfortable",)),), 1.5))

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The highest elevation of this reach with the arm as stretched as it came to be."""
        _, elevation, radius = arm_directions(motion, trial.values["stance"], trial.side)
        stretched = radius >= STRETCHED * np.nanpercentile(radius, 95)
        best = round(float(elevation[stretched].max()), 2)
        return Result(best, {"elevation_deg": Measured(best, "deg", ELEVATION_ERROR_DEG)})

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """Elevation limit, arm length and reach of each side."""
        if calibration is None:
            raise NotMeasured("open reaches need a stance: put Standing before them")
        limits, arms, reach = dict(calibration.limits), dict(calibration.arm_m), dict(calibration.reach)
        for side in SIDES:
            mine = [f for f in finished if f.trial.side == side and f.record.achieved is not None]
            if not mine:
                raise NotMeasured(f"the {side} arm was not measured: the hand was not tracked; hold it in view")
            limits[f"shoulder_elevation_{side}"] = from_repetitions(
                [f.record.achieved or 0.0 for f in mine],
                "deg",
                "open reaches",
                ELEVATION_SD_DEG,
            )
            seen = np.concatenate([arm_directions(f.motion, f.trial.values["stance"], side) for f in mine], axis=1)
            arms[side] = arm_length(seen[1], seen[2])
            reach[side] = reach_cells(*seen)
        return msgspec.structs.replace(calibration, limits=limits, arm_m=arms, reach=reach)


def arm_length(elevation_deg: Array, radius_m: Array) -> Limit:
    """Shoulder to palm: the 95th percentile of the distance while the arm is raised above 45 degrees.

    Takes arrays (n,), nan where the hand was not seen. Raises NotMeasured when it was never raised.
    """
    raised = radius_m[np.isfinite(radius_m) & (elevation_deg > RAISED_DEG)]
    if not len(raised):
        raise NotMeasured(f"arm length was not measured: the arm was never raised above {RAISED_DEG:.0f}°")
    length_m = float(np.percentile(raised, 95))
    return from_repetitions([length_m], "m", "95th percentile of shoulder to hand, arm raised", ARM_SD_M)
