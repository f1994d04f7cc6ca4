"""Open reaches: raise each arm as far as is comfortable, and learn how far it goes and how long it is."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar, NamedTuple

import msgspec
import numpy as np

from calibration import story
from calibration.checks import in_doubt, poor_quality, taken_in
from calibration.crossing import across
from calibration.limits import (
    ELEVATION_SD_DEG,
    Effort,
    effort_note,
    ended_by_line,
    from_efforts,
    from_one,
    reach_cells,
)
from calibration.shoulders import arm_sd_m, shoulder
from engine import moves
from engine.body import ARM_OF_STATURE
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, STRAIGHT_ARM, arm_directions
from engine.motion import Array, Motion
from engine.parameters import choice, number, switch
from engine.places import from_head, from_shoulder
from engine.records import Calibration, Limit, Measured, ReachCell, Shoulder, TrialRecord
from engine.scene import Panel, Reach
from engine.task import STOPPED, Assessment, Finished, Measure, Move, NotMeasured, Result, Trial

FURTHEST_DEG = 175.0
LOWEST_DEG = 20.0
RAISED_DEG = 45.0
LEAST_STOP_DEG = 35.0  # a hand that hangs is at about 20, and there has to be some way up
LEAST_RAISE_DEG = 5.0  # sway and tremor turn an arm that rests by 1 or 2
LINE_M = 0.005
REACH_S = 5.0
NEAR_DEG = 3.0
METHOD = "open reaches"
NOT_RAISED = "the arm rested, so nothing is known of it: raise it as far as is comfortable, or play with the other arm"
STRETCHED = 0.85  # of this reach's own 95th percentile: a hand beside the ear is high up, and no reach
AZIMUTHS_DEG = (0.0, 90.0, 30.0, 60.0)  # the first two say where the shoulder is, all four leave no hole in the reach
WORDS = {0.0: "reach.text_ahead", 90.0: "reach.text_sideways"}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    repetitions: int = number(4, 1, 24, "", "open reaches with each arm, over directions in turn")
    practice: int = number(0, 0, 4, "", "reaches with each arm before them, over directions in turn, not counted")
    more: int = number(0, 0, 3, "", "further reaches with an arm whose reaches would leave its limit in doubt")
    most_s: float = number(10.0, 4.0, 30.0, "s", "the longest time for one reach")
    check: bool = switch(False, "whether this checks what is known of an arm, rather than measure it anew")
    story: str = choice("plain", story.STORIES, "what is told around it")


class OpenReach(Assessment):
    """Raise one straight arm after the other, as far as is comfortable, to the stop line at most.

    Ahead, to the side and between: what the arm can do there, and the centre about which it turns.
    """

    title = "Open reach"
    trains = ("shoulder elevation",)
    postures = ("standing", "seated", "lying")
    moves_parts = ("left arm", "right arm")
    asks = ("hand",)
    version = 2
    place = "orchard"
    azimuths_deg: ClassVar[tuple[float, ...]] = AZIMUTHS_DEG
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "elevation_deg": Measure(
            "Arm raised to", "deg", "Highest angle of the line from shoulder to hand, 0 hanging, 180 up."
        ),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Left and right in turn, ahead, to the side, and twice between; not where an arm may hardly be raised."""
        sides = list(SIDES)
        asked: list[Trial] = []
        for name, rounds in (("practice", self.p.practice), ("open", self.p.repetitions), ("again", self.p.more)):
            for turn in range(rounds):
                if name == "again":
                    played = list(zip(asked, done, strict=False))
                    taken = {f"shoulder_elevation_{side}": _roughly(played, side) for side in sides}
                    doubted = in_doubt(envelope.calibration, taken, self.p.check)
                    sides = [side for side in sides if f"shoulder_elevation_{side}" in doubted]
                for side in sides:
                    outward_deg = self.azimuths_deg[turn % len(self.azimuths_deg)]
                    trial = _reach(envelope, side, outward_deg, f"{name} reach {side} {turn}")
                    if trial.values["stop_deg"] >= LEAST_STOP_DEG:
                        yield trial
                        if len(done) > len(asked):  # else it was given up for a new stance
                            asked.append(trial)

    def play(self, trial: Trial) -> Move:
        """Follow the arm up, then let it come down."""
        line = trial.values["line"]
        comfortable = "reach.comfortable" if trial.values["counts"] else "reach.practice"
        panel = Panel("reach", "reach.title", (trial.values["words"], comfortable))
        reach = moves.reach_out(line, self.p.most_s)
        if self.p.story == story.DRAGON:
            dragon = Panel("dragon", "dragon.wake_title", (trial.values["words"], "dragon.comfortable"))
            yield from story.waking(line.key, dragon, reach)
            return (yield from moves.show(story.awake(line.key, "dragon.awake_title"), story.AWAKE_S))
        yield from moves.alongside((panel,), reach)
        return (yield from moves.show((Panel("reach", "reach.title", ("reach.comfortable",)),), 1.5))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """A reach and its way down, as simulated people need who raise their arms to 112 degrees."""
        return REACH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The highest elevation of this reach with the arm as stretched as it came to be."""
        values = trial.values
        _, elevation, radius = arm_directions(motion, values["stance"], trial.side, values.get("shoulder_m"))
        best, began = _highest_deg(elevation, radius), float(elevation[np.isfinite(elevation)][0])
        if best - began < LEAST_RAISE_DEG:
            return Result(None, {"elevation_deg": Measured(None, "deg", None, NOT_RAISED)})
        note = effort_note(ended_by_line(best, values.get("stop_deg", math.inf), NEAR_DEG), values.get("counts", True))
        return Result(best, {"elevation_deg": Measured(best, "deg", ELEVATION_ERROR_DEG, note)})

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """Shoulder, arm length, elevation limit and reach of each side, all from the shoulder that was found.

        An arm that was not seen or not raised keeps what was known of it, and takes nothing from the other one. Of an
        arm that is only checked, the limit alone is looked at.
        """
        if calibration is None:
            raise NotMeasured("open reaches need a stance: put Standing before them")
        by_side = {side: _measured(finished, side) for side in SIDES}
        if not any(by_side.values()):
            raise NotMeasured(
                "no arm was measured: hold the hands in view, and raise an arm that precautions allow to be raised"
            )
        arms = {side: self._arm(calibration, side, mine) for side, mine in by_side.items() if mine}
        fresh = {f"shoulder_elevation_{side}": arm.limit for side, arm in arms.items()}
        poor = {f"shoulder_elevation_{side}": arm.poor for side, arm in arms.items()}
        new = {side: arm for side, arm in arms.items() if not self._checks(calibration, side)}
        return msgspec.structs.replace(
            calibration,
            limits=taken_in(calibration, fresh, self.p.check, poor),
            arm_m={**calibration.arm_m, **{side: arm.length_m for side, arm in new.items()}},
            reach={
                **calibration.reach,
                **{side: _with_across(calibration, side, arm.reach) for side, arm in new.items()},
            },
            shoulders={**calibration.shoulders, **{side: arm.shoulder for side, arm in new.items()}},
        )

    def _checks(self, calibration: Calibration, side: str) -> bool:
        return bool(self.p.check and side in calibration.shoulders)

    def _arm(self, calibration: Calibration, side: str, mine: Sequence[Finished]) -> "_Arm":
        """One arm from its reaches, of which at least one gave a number."""
        ways = [(f.motion, f.trial.values["stance"]) for f in mine]
        known = self._checks(calibration, side)
        found = calibration.shoulders[side] if known else shoulder(ways, side, calibration.stature_m.value, raised=True)
        placed = [arm_directions(m, stance, side, from_head(stance, found.centre_m)) for m, stance in ways]
        counted = [(f, way) for f, way in zip(mine, placed, strict=True) if f.trial.values["counts"]]
        efforts = [Effort(_highest_deg(*way[1:]), _stopped_by_line_deg(f)) for f, way in counted]
        seen = np.concatenate(placed, axis=1)
        return _Arm(
            from_efforts(efforts, METHOD, ELEVATION_SD_DEG),
            found,
            arm_length(seen[1], seen[2], found),
            reach_cells(*seen),
            poor_quality([f.motion.quality for f in mine]),
        )


def _with_across(calibration: Calibration, side: str, seen: tuple[ReachCell, ...]) -> tuple[ReachCell, ...]:
    """The reach that was seen, with what other reaches say of what is across the body."""
    fresh = {(cell.azimuth_deg, cell.elevation_deg) for cell in seen}
    known = (cell for cell in calibration.reach.get(side, ()) if across(side, cell))
    return (*seen, *(cell for cell in known if (cell.azimuth_deg, cell.elevation_deg) not in fresh))


def _reach(envelope: Envelope, side: str, outward: float, key: str) -> Trial:
    """One reach, so many degrees outward of ahead; its key says what for: practice, open, or again."""
    radius_m = STRAIGHT_ARM * envelope.calibration.stature_m.value * ARM_OF_STATURE
    azimuth = outward if side == "right" else -outward
    shoulder_m, facing = envelope.shoulder(side), envelope.stance.facing_deg
    stop_deg = envelope.stop_elevation(side, azimuth, radius_m, LOWEST_DEG, FURTHEST_DEG)
    start_m, stop_m = (
        from_shoulder(shoulder_m, facing, azimuth, elevation, radius_m) for elevation in (LOWEST_DEG, stop_deg)
    )
    values = {
        "line": Reach(key, start_m, stop_m, side),
        "words": WORDS.get(outward, "reach.text_between"),
        "stance": envelope.stance,
        "shoulder_m": shoulder_m,
        "stop_deg": stop_deg,
        "outward_deg": outward,
        "counts": not key.startswith("practice"),
    }
    return Trial(side, values=values)


def _roughly(played: Sequence[tuple[Trial, TrialRecord]], side: str) -> Limit | None:
    """The limit of an arm so far, before its shoulder is known well; None where no reach gave a number."""
    whole = [(trial, record.achieved) for trial, record in played if record.outcome != STOPPED]
    mine = [(trial, achieved) for trial, achieved in whole if trial.side == side and trial.values["counts"]]
    known = [(achieved, trial.values["stop_deg"]) for trial, achieved in mine if achieved is not None]
    efforts = [ended_by_line(deg, stop_deg, NEAR_DEG) for deg, stop_deg in known]
    return from_efforts(efforts, METHOD, ELEVATION_SD_DEG) if efforts else None


class _Arm(NamedTuple):
    """What the reaches of one arm say; `poor` is why the recording of them is ("" when it is not)."""

    limit: Limit
    shoulder: Shoulder
    length_m: Limit
    reach: tuple[ReachCell, ...]
    poor: str


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


def _measured(finished: Sequence[Finished], side: str) -> list[Finished]:
    """The reaches of a side that were done and gave a number; none where only practice did."""
    done = [f for f in finished if f.record.achieved is not None and f.record.outcome != STOPPED]
    mine = [f for f in done if f.trial.side == side]
    return mine if any(f.trial.values["counts"] for f in mine) else []


def _stopped_by_line_deg(finished: Finished) -> float:
    """Where the stop line ended a reach, `inf` where the hand did not come as far."""
    line = finished.trial.values["line"]
    way = np.subtract(line.stop_m, line.start_m)
    far_m = float(np.linalg.norm(way))
    along_m = (finished.motion.hand_m(line.hand) - np.array(line.start_m)) @ way / far_m
    stop_deg: float = finished.trial.values["stop_deg"]
    return stop_deg if np.nanmax(along_m) >= far_m - LINE_M else math.inf


def _highest_deg(elevation_deg: Array, radius_m: Array) -> float:
    stretched = radius_m >= STRETCHED * np.nanpercentile(radius_m, 95)
    return round(float(elevation_deg[stretched].max()), 2)
