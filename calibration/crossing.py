"""Reaches across the body: bring each hand to the other side, at the height of a table and with a level arm."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import msgspec
import numpy as np

from calibration.checks import in_doubt, poor_quality, taken_in
from calibration.limits import ELEVATION_SD_DEG, effort_note, ended_by_line, from_efforts, reach_cells
from engine import moves, tabletop
from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.limits import OutsideEnvelope
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, arm_directions
from engine.motion import Array, Motion
from engine.movements import ON_SIDES
from engine.parameters import choice, number, switch
from engine.places import from_shoulder
from engine.records import Calibration, Limit, Measured, ReachCell, TrialRecord
from engine.scene import Panel, Reach
from engine.task import STOPPED, Assessment, Finished, Measure, Move, NotMeasured, Result, Trial

FROM_DEG, FURTHEST_DEG, STEP_DEG, LEAST_STOP_DEG = -6.0, 50.0, 4.0, 10.0
START_OF_ARM, STOP_OF_ARM = 0.96, 0.97  # how far from its shoulder a hand is where a reach begins and ends
LEVEL_DEG, OF_RAISE = 86.0, 0.9  # how high the arm is in every other reach, and of what it can be raised
NEAR_DEG, NOT_ACROSS_DEG = 3.0, 1.0
REACH_S, BEGINS_M = 5.5, 0.10
ACROSS_DEG = 22.5
"""What is nearer to straight ahead belongs to the open reaches: so that each replaces its own part of the reach."""
METHOD = "reaches across the body"
HEIGHTS = ("table", "level")
WORDS = {"table": "cross.table", "level": "cross.level"}
HAND = {"left": "block_ferry.hand_left", "right": "block_ferry.hand_right"}
NOT_MOVED = "the hand did not come across, so nothing is known of it"


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    sides: str = choice("both", ON_SIDES, "which arm is brought across")
    repetitions: int = number(2, 2, 6, "", "reaches with each arm, at the height of a table and level in turn")
    more: int = number(0, 0, 3, "", "further reaches with an arm whose reaches would leave its limit in doubt")
    most_s: float = number(10.0, 4.0, 30.0, "s", "the longest time for one reach")
    check: bool = switch(False, "whether this checks what is known of an arm, rather than measure it anew")


class OpenCross(Assessment):
    """Bring one hand after the other across the body as far as is comfortable, to the stop line at most.

    The trunk stays where it is. What is measured is the way from straight ahead to the other side, as horizontal
    adduction is, and where the hand comes to there.
    """

    title = "Reach across"
    trains = ("cross-body adduction",)
    moves_parts = ("left arm", "right arm")
    asks = ("hand",)
    version = 1
    place = "orchard"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "adduction_deg": Measure(
            "Arm brought across to",
            "deg",
            "Furthest angle of the line from shoulder to hand to the other side of straight ahead.",
            "horizontal adduction after AAOS 1965; at the height of a table the elbow may be bent",
        ),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Left and right in turn, at the height of a table and level; not where an arm may hardly come across."""
        sides = [side for side in SIDES if self.p.sides in ("both", side)]
        asked: list[Trial] = []
        for turn in range(self.p.repetitions + self.p.more):
            if turn >= self.p.repetitions:
                played = list(zip(asked, done, strict=False))
                taken = {_movement(side): _limit(played, side) for side in sides}
                doubted = in_doubt(envelope.calibration, taken, self.p.check)
                sides = [side for side in sides if _movement(side) in doubted]
            for side in sides:
                trial = _cross(envelope, side, HEIGHTS[turn % len(HEIGHTS)], turn)
                if trial is not None:
                    yield trial
                    if len(done) > len(asked):  # else it was given up for a new stance
                        asked.append(trial)

    def play(self, trial: Trial) -> Move:
        """Follow the hand across, then let it come back."""
        words = (HAND[trial.side], trial.values["words"])
        yield from moves.alongside(
            (Panel("cross", "cross.title", (*words, "reach.comfortable")),),
            _slide(trial.values["line"], self.p.most_s),
        )
        return (yield from moves.show((Panel("cross", "cross.title", ("reach.comfortable",)),), 1.5))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """A reach and its way back."""
        return REACH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The furthest that the hand came across."""
        best = round(float(np.nanmax(_track_deg(motion, trial))), 2)
        if best < NOT_ACROSS_DEG:
            return Result(None, {"adduction_deg": Measured(None, "deg", None, NOT_MOVED)})
        note = effort_note(ended_by_line(best, trial.values["stop_deg"], NEAR_DEG))
        return Result(best, {"adduction_deg": Measured(best, "deg", ELEVATION_ERROR_DEG, note)})

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """The limit of each arm that came across, and where its hand came to; of one that is checked the limit alone.

        An arm that was not seen or not brought across keeps what was known of it.
        """
        if calibration is None:
            raise NotMeasured("reaches across need a stance: put Standing before them")
        played = [(f.trial, f.record) for f in finished]
        found = {side: _limit(played, side) for side in SIDES}
        fresh = {_movement(side): limit for side, limit in found.items() if limit is not None}
        if not fresh:
            raise NotMeasured("no arm was measured: hold the hands in view, and bring one across")
        mine = {side: [f for f in finished if f.trial.side == side] for side in SIDES}
        poor = {_movement(side): poor_quality([f.motion.quality for f in each]) for side, each in mine.items() if each}
        new = {
            side: _reach(calibration, side, mine[side])
            for side, limit in found.items()
            if limit is not None and not (self.p.check and _movement(side) in calibration.limits)
        }
        return msgspec.structs.replace(
            calibration,
            limits=taken_in(calibration, fresh, self.p.check, poor),
            reach={**calibration.reach, **new},
        )


def across(side: str, cell: ReachCell) -> bool:
    """Whether a direction is one that only reaches across the body say something of."""
    return cell.azimuth_deg * (-1 if side == "right" else 1) > ACROSS_DEG


def _slide(line: Reach, most_s: float) -> Move:
    """Come to a line, or nearly, and then as far along it as is comfortable: a hand that hangs is not yet there."""
    gone_s, hand = 0.0, None
    while gone_s < most_s and (hand is None or _off_m(line, hand) > BEGINS_M):
        body = yield (line,)
        gone_s, hand = gone_s + body.dt_s, moves.hand_m(body, line.hand, line.start_m)
    return (yield from moves.reach_out(line, most_s))


def _off_m(line: Reach, place_m: Vector) -> float:
    """How far a place is from a line."""
    way_m, away_m = (tuple(b - a for a, b in zip(line.start_m, end, strict=True)) for end in (line.stop_m, place_m))
    share = sum(w * a for w, a in zip(way_m, away_m, strict=True)) / sum(w * w for w in way_m)
    share = min(1.0, max(0.0, share))
    return math.hypot(*(a - share * w for w, a in zip(way_m, away_m, strict=True)))


def _movement(side: str) -> str:
    return f"cross_body_adduction_{side}"


def _cross(envelope: Envelope, side: str, height: str, turn: int) -> Trial | None:
    """One reach; None where the arm may hardly come across, or was not measured."""
    try:
        raised_deg = min(LEVEL_DEG, OF_RAISE * envelope.at_most(f"shoulder_elevation_{side}").value)
        arm_m = envelope.arm_m(side)
    except OutsideEnvelope:
        return None
    table_deg = math.degrees(math.acos(min(1.0, tabletop.below_shoulder_m(envelope) / (START_OF_ARM * arm_m))))
    start_deg = raised_deg if height == "level" else min(table_deg, raised_deg)
    start_m = _place(envelope, side, FROM_DEG, start_deg, START_OF_ARM * arm_m)
    drop_m = envelope.shoulder(side)[1] - start_m[1]
    stop_deg = envelope.stop_line(_movement(side), FURTHEST_DEG)
    while stop_deg >= LEAST_STOP_DEG:
        far_m = STOP_OF_ARM * arm_m
        stop_m = _place(envelope, side, stop_deg, math.degrees(math.acos(min(1.0, drop_m / far_m))), far_m)
        if not envelope.refuses_path(start_m, stop_m, side):
            line = Reach(f"cross {side} {turn}", start_m, stop_m, side)
            values = {"line": line, "words": WORDS[height], "stance": envelope.stance, "stop_deg": stop_deg}
            return Trial(side, values={**values, "shoulder_m": envelope.shoulder(side)})
        stop_deg -= STEP_DEG
    return None


def _place(envelope: Envelope, side: str, adduction_deg: float, elevation_deg: float, radius_m: float) -> Vector:
    """Where a hand is so far across and so high, so far from its shoulder."""
    sine = math.sin(math.radians(adduction_deg)) / math.sin(math.radians(elevation_deg))
    azimuth_deg = math.degrees(math.asin(max(-1.0, min(1.0, sine)))) * (-1 if side == "right" else 1)
    return from_shoulder(envelope.shoulder(side), envelope.stance.facing_deg, azimuth_deg, elevation_deg, radius_m)


def _track_deg(motion: Motion, trial: Trial) -> Array:
    """How far across the hand was, (n,), nan unseen: as `engine.places.adduction_deg`."""
    values = trial.values
    azimuth, elevation, _ = arm_directions(motion, values["stance"], trial.side, values["shoulder_m"])
    rightward: Array = np.degrees(np.arcsin(np.sin(np.radians(elevation)) * np.sin(np.radians(azimuth))))
    return -rightward if trial.side == "right" else rightward


def _limit(played: Sequence[tuple[Trial, TrialRecord]], side: str) -> Limit | None:
    """The limit that the reaches of an arm show; None where there was none."""
    whole = [(trial.values["stop_deg"], record) for trial, record in played if trial.side == side]
    known = [(stop, r.achieved) for stop, r in whole if r.outcome != STOPPED and r.achieved is not None]
    efforts = [ended_by_line(deg, stop, NEAR_DEG) for stop, deg in known]
    return from_efforts(efforts, METHOD, ELEVATION_SD_DEG) if efforts else None


def _reach(calibration: Calibration, side: str, mine: Sequence[Finished]) -> tuple[ReachCell, ...]:
    """The reach of a hand, with what these reaches say in place of what was known across the body."""
    ways = [arm_directions(f.motion, f.trial.values["stance"], side, f.trial.values["shoulder_m"]) for f in mine]
    known = (cell for cell in calibration.reach.get(side, ()) if not across(side, cell))
    return (*known, *(cell for cell in reach_cells(*np.concatenate(ways, axis=1)) if across(side, cell)))
