"""Open leans: lean in four or eight directions as far as is comfortable, feet still."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import msgspec

from calibration import story
from calibration.checks import in_doubt, poor_quality, taken_in
from calibration.limits import LEAN_SD_DEG, effort_note, ended_by_line, from_efforts
from engine import moves
from engine.envelope import Envelope
from engine.metrics.range_of_motion import LEAN_ERROR_DEG, lean_track_deg
from engine.metrics.stability import LEAST_LEAN_DEG
from engine.motion import Motion
from engine.movements import LEANS, MAIN_LEANS, THEORETICAL_LEAN_DEG, along_ellipse
from engine.parameters import choice, number, switch
from engine.places import lean_along
from engine.records import Calibration, Limit, Measured, TrialRecord
from engine.scene import Lean, Panel
from engine.task import STOPPED, Assessment, Finished, Measure, Move, NotMeasured, Result, Trial

WAYS: Mapping[str, tuple[str, ...]] = {"four": MAIN_LEANS, "eight": tuple(LEANS)}
MIDDLE_DEG = 1.5
MIDDLE_S = 0.7
LEAN_S = 7.0


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    ways: str = choice("four", tuple(WAYS), "how many directions: the main ones, or the diagonals too")
    repetitions: int = number(2, 1, 5, "", "leans in each direction")
    practice: int = number(0, 0, 3, "", "leans in each direction before them, not counted: people learn for three")
    more: int = number(0, 0, 3, "", "further leans in a direction whose leans would leave its limit in doubt")
    most_s: float = number(8.0, 4.0, 20.0, "s", "the longest time for one lean")
    check: bool = switch(False, "whether this checks what is known of a lean, rather than measure it anew")
    story: str = choice("plain", story.STORIES, "what is told around it")


class OpenLean(Assessment):
    """Lean as far as is comfortable in four or eight directions, to the theoretical limit of stability at most.

    Targets of the limits of stability test: 8 degrees forward and sideways, 4.5 degrees back, ellipses between them.
    Older adults learn for three trials (Jbabdi, Boissy & Hamel 2008, BMC Geriatrics 8:8), so practice can be apart.
    """

    title = "Open lean"
    trains = ("limits of stability", "weight shift")
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("lean", "stand")
    version = 1
    place = "harbour"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "excursion_deg": Measure("Leant to", "deg", "Furthest head lean along the direction."),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each direction in turn, clockwise from ahead: practice, then what counts, then again where it is in doubt.

        A lean that may hardly be done is not asked for.
        """
        asked: list[Trial] = []
        ways = WAYS[self.p.ways]
        rounds = ["practice"] * self.p.practice + ["open"] * self.p.repetitions + ["again"] * self.p.more
        for turn, name in enumerate(rounds):
            if name == "again":
                played = list(zip(asked, done, strict=False))
                taken = {movement: _limit(played, movement) for movement in ways}
                ways = tuple(in_doubt(envelope.calibration, taken, self.p.check))
            for movement in ways:
                stop = envelope.stop_line(movement, along_ellipse(LEANS[movement], THEORETICAL_LEAN_DEG))
                if stop < LEAST_LEAN_DEG:
                    continue
                goal = Lean(f"{name} {movement} {turn}", LEANS[movement], stop, 0.5, open_ended=True)
                values = {"goal": goal, "movement": movement, "stance": envelope.stance}
                trial = Trial("", values={**values, "counts": name != "practice"})
                yield trial
                if len(done) > len(asked):  # else it was given up for a new stance
                    asked.append(trial)

    def play(self, trial: Trial) -> Move:
        """Come to the middle, then lean out and back."""
        words = trial.values["movement"].replace("lean_", "lean.text_")
        middle = moves.upright("middle", MIDDLE_DEG, MIDDLE_S)
        back = Panel("lean", "lean.title", ("lean.come_back",))
        yield from moves.alongside((back,), moves.within(self.p.most_s, middle))
        goal = trial.values["goal"]
        lean = moves.lean_out(goal, self.p.most_s)
        if self.p.story == story.DRAGON:
            yield from story.waking(goal.key, Panel("dragon", "dragon.fly_title", (words, "dragon.comfortable")), lean)
            return (yield from moves.show(story.awake(goal.key, "dragon.flown_title"), story.AWAKE_S))
        comfortable = "reach.comfortable" if trial.values["counts"] else "reach.practice"
        return (yield from moves.alongside((Panel("lean", "lean.title", (words, comfortable)),), lean))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """A lean and its way back, as simulated people need who lean by 5 degrees."""
        return LEAN_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The furthest lean along the direction."""
        direction = trial.values["goal"].direction_deg
        leans = lean_track_deg(motion, trial.values["stance"])
        furthest = round(max(lean_along((ahead, right), direction)[0] for ahead, right in leans.tolist()), 2)
        note = effort_note(ended_by_line(furthest, trial.values["goal"].angle_deg), trial.values["counts"])
        return Result(furthest, {"excursion_deg": Measured(furthest, "deg", LEAN_ERROR_DEG, note)})

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """The lean limit of each direction."""
        if calibration is None:
            raise NotMeasured("open leans need a stance: put Standing before them")
        played = [(f.trial, f.record) for f in finished]
        taken = {movement: _limit(played, movement) for movement in WAYS[self.p.ways]}
        fresh = {movement: limit for movement, limit in taken.items() if limit is not None}
        poor = {
            movement: poor_quality([f.motion.quality for f in finished if _asks(f.trial, movement)])
            for movement in fresh
        }
        return msgspec.structs.replace(calibration, limits=taken_in(calibration, fresh, self.p.check, poor))


def _asks(trial: Trial, movement: str) -> bool:
    return bool(trial.values["movement"] == movement and trial.values["counts"])


def _limit(played: Sequence[tuple[Trial, TrialRecord]], movement: str) -> Limit | None:
    """The limit that the leans in a direction show; None where there was none."""
    whole = [(trial, record) for trial, record in played if record.outcome != STOPPED]
    mine = [(trial, record.achieved) for trial, record in whole if _asks(trial, movement)]
    known = [(achieved, trial.values["goal"].angle_deg) for trial, achieved in mine if achieved and achieved > 0]
    efforts = [ended_by_line(deg, stop_deg) for deg, stop_deg in known]
    return from_efforts(efforts, "open leans, feet still", LEAN_SD_DEG) if efforts else None
