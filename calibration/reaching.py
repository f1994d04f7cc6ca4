"""Open reaches: raise each arm as far as is comfortable, and learn how far it goes and how long it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import msgspec
import numpy as np

from calibration.limits import from_one, from_repetitions, reach_cells
from calibration.shoulders import arm_sd_m, shoulder
from engine import moves
from engine.body import ARM_OF_STATURE
from engine.envelope import Envelope, from_head
from engine.frame import SIDES
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, STRAIGHT_ARM, arm_directions
from engine.motion import Array, Motion
from engine.parameters import number
from engine.places import from_shoulder
from engine.records import Calibration, Limit, Measured, Shoulder, TrialRecord
from engine.scene import Panel, Reach
from engine.task import Assessment, Finished, Measure, Move, NotMeasured, Result, Trial

FURTHEST_DEG = 175.0
LOWEST_DEG = 20.0
ELEVATION_SD_DEG = 6.0  # within a session: 5 to 7.5 in repeated neck movements of 30 adults
RAISED_DEG = 45.0
LEAST_RAISE_DEG = 5.0  # sway and tremor turn an arm that rests by 1 or 2
NOT_RAISED = "the arm rested, so nothing is known of it: raise it as far as is comfortable, or play with the other arm"
STRETCHED = 0.85  # of this reach's own 95th percentile: a hand beside the ear is high up, and no reach
AZIMUTHS_DEG = (0.0, 90.0, 30.0, 60.0)  # the first two say where the shoulder is, all four leave no hole in the reach
WORDS = {0.0: "reach.text_ahead", 90.0: "reach.text_sideways"}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    repetitions: int = number(4, 1, 9, "", "open reaches with each arm, over directions in turn")
    most_s: float = number(10.0, 4.0, 30.0, "s", "the longest time for one reach")


class OpenReach(Assessment):
    """Raise one straight arm after the other, as far as is comfortable, to the stop line at most.

    Ahead, to the side and between: what the arm can do there, and the centre about which it turns.
    """

    title = "Open reach"
    trains = ("shoulder elevation",)
    postures = ("standing", "seated", "lying")
    version = 2
    place = "orchard"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "elevation_deg": Measure(
            "Arm raised to", "deg", "Highest angle of the line from shoulder to hand, 0 hanging, 180 up."
        ),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Left and right in turn, ahead, to the side, and twice between; not an arm that may hardly be raised."""
        arm_m = envelope.calibration.stature_m.value * ARM_OF_STATURE
        for repetition in range(self.p.repetitions):
            for side in SIDES:
                stop = envelope.stop_line(f"shoulder_elevation_{side}", FURTHEST_DEG)
                if stop < LOWEST_DEG + LEAST_RAISE_DEG:
                    continue
                outward = AZIMUTHS_DEG[repetition % len(AZIMUTHS_DEG)]
                azimuth = outward if side == "right" else -outward
                shoulder_m, facing = envelope.shoulder(side), envelope.stance.facing_deg
                start_m, stop_m = (
                    from_shoulder(shoulder_m, facing, azimuth, elevation, STRAIGHT_ARM * arm_m)
                    for elevation in (LOWEST_DEG, stop)
                )
                line = Reach(f"open reach {side} {repetition}", start_m, stop_m, side)
                words = WORDS.get(outward, "reach.text_between")
                values = {"line": line, "words": words, "stance": envelope.stance, "shoulder_m": shoulder_m}
                yield Trial(side, values=values)

    def play(self, trial: Trial) -> Move:
        """Follow the arm up, then let it come down."""
        panel = Panel("reach", "reach.title", (trial.values["words"], "reach.comfortable"))
        yield from moves.alongside((panel,), moves.reach_out(trial.values["line"], self.p.most_s))
        return (yield from moves.show((Panel("reach", "reach.title", ("reach.comfortable",)),), 1.5))

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The highest elevation of this reach with the arm as stretched as it came to be."""
        values = trial.values
        _, elevation, radius = arm_directions(motion, values["stance"], trial.side, values.get("shoulder_m"))
        best, began = _highest_deg(elevation, radius), float(elevation[np.isfinite(elevation)][0])
        if best - began < LEAST_RAISE_DEG:
            return Result(None, {"elevation_deg": Measured(None, "deg", None, NOT_RAISED)})
        return Result(best, {"elevation_deg": Measured(best, "deg", ELEVATION_ERROR_DEG)})

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """Shoulder, arm length, elevation limit and reach of each side, all from the shoulder that was found.

        An arm that was not seen or not raised keeps what was known of it, and takes nothing from the other one.
        """
        if calibration is None:
            raise NotMeasured("open reaches need a stance: put Standing before them")
        limits, arms = dict(calibration.limits), dict(calibration.arm_m)
        reach, shoulders = dict(calibration.reach), dict(calibration.shoulders)
        for side in SIDES:
            mine = [f for f in finished if f.trial.side == side and f.record.achieved is not None]
            if not mine:
                continue
            ways = [(f.motion, f.trial.values["stance"]) for f in mine]
            found = shoulders[side] = shoulder(ways, side, calibration.stature_m.value, raised=True)
            placed = [arm_directions(m, stance, side, from_head(stance, found.centre_m)) for m, stance in ways]
            efforts = [_highest_deg(*way[1:]) for way in placed]
            limits[f"shoulder_elevation_{side}"] = from_repetitions(efforts, "deg", "open reaches", ELEVATION_SD_DEG)
            seen = np.concatenate(placed, axis=1)
            arms[side] = arm_length(seen[1], seen[2], found)
            reach[side] = reach_cells(*seen)
        if all(f.record.achieved is None for f in finished):
            raise NotMeasured(
                "no arm was measured: hold the hands in view, and raise an arm that precautions allow to be raised"
            )
        return msgspec.structs.replace(calibration, limits=limits, arm_m=arms, reach=reach, shoulders=shoulders)


def arm_length(elevation_deg: Array, radius_m: Array, found: Shoulder) -> Limit:
    """Shoulder to palm: the 95th percentile of the distance while the arm is raised above 45 degrees.

    Takes arrays (n,), nan where the hand was not seen, and the shoulder they were measured from, whose error is also
    that of the length, and whose radius is all that is known of an arm that was never raised so high.
    """
    raised = radius_m[np.isfinite(radius_m) & (elevation_deg > RAISED_DEG)]
    if not len(raised):
        return from_one(found.radius_m, "m", f"radius of the shoulder by {found.method}", arm_sd_m(found))
    method = f"95th percentile of shoulder to hand, arm raised; shoulder by {found.method}"
    return from_one(float(np.percentile(raised, 95)), "m", method, arm_sd_m(found))


def _highest_deg(elevation_deg: Array, radius_m: Array) -> float:
    stretched = radius_m >= STRETCHED * np.nanpercentile(radius_m, 95)
    return round(float(elevation_deg[stretched].max()), 2)
