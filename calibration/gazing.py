"""Open gazes: turn, raise, lower and lay over the head as far as is comfortable, shoulders still."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import msgspec

from calibration import story
from calibration.checks import in_doubt, poor_quality, taken_in
from calibration.limits import NECK_SD_DEG, effort_note, ended_by_line, from_efforts
from engine import looking, moves
from engine.envelope import Envelope
from engine.metrics.range_of_motion import NECK_ERROR_DEG
from engine.motion import Motion
from engine.movements import ANYBODYS_NECK_DEG
from engine.parameters import choice, number, switch
from engine.precautions import LEAST_TURN_DEG
from engine.records import Calibration, Limit, Measured, TrialRecord
from engine.scene import Gaze, Panel
from engine.task import STOPPED, Assessment, Finished, Measure, Move, NotMeasured, Result, Trial

AHEAD_S = 1.0
RING_DEG = 6.0
GAZE_S = 4.5
METHOD = "open gazes, shoulders still"
WORDS: Mapping[str, str] = {
    "neck_rotation_left": "neck.text_left",
    "neck_rotation_right": "neck.text_right",
    "neck_extension": "neck.text_up",
    "neck_flexion": "neck.text_down",
    "neck_lateral_left": "neck.text_tilt_left",
    "neck_lateral_right": "neck.text_tilt_right",
}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    ways: str = choice("all six", tuple(looking.WAYS), "which movements of the neck are measured")
    repetitions: int = number(2, 1, 5, "", "turns of the head each way")
    practice: int = number(0, 0, 2, "", "turns each way before them, not counted")
    more: int = number(0, 0, 3, "", "further turns in a way whose turns would leave its limit in doubt")
    most_s: float = number(8.0, 4.0, 20.0, "s", "the longest time for one turn")
    check: bool = switch(False, "whether this checks what is known of a neck, rather than measure it anew")
    story: str = choice("plain", story.STORIES, "what is told around it")


class OpenGaze(Assessment):
    """Turn the head as far as is comfortable in up to six ways, to a stop line that nobody reaches.

    Actively, at the person's own pace, and back at once: nothing is held at the end of the range. The trunk is in it
    where it turns along; that of 30 adults gave 5 of 138 degrees of rotation.
    """

    title = "Open gaze"
    trains = ("neck range of motion",)
    moves_parts = ("neck",)
    asks = ("gaze",)
    version = 1
    place = "wood"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "turned_deg": Measure(
            "Head turned to",
            "deg",
            "Furthest angle of the head along the movement, from how it is held when nothing is asked.",
            "rotation vector; validity of headsets in Sensors 2023, 23:9864",
        ),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each way in turn: practice, then what counts, then again where it is in doubt.

        A turn that may hardly be made is not asked for.
        """
        asked: list[Trial] = []
        ways = looking.WAYS[self.p.ways]
        rounds = ["practice"] * self.p.practice + ["open"] * self.p.repetitions + ["again"] * self.p.more
        for turn, name in enumerate(rounds):
            if name == "again":
                played = list(zip(asked, done, strict=False))
                taken = {movement: _limit(played, movement) for movement in ways}
                ways = tuple(in_doubt(envelope.calibration, taken, self.p.check))
            for movement in ways:
                trial = _turn(envelope, movement, turn, name)
                if trial.values["stop_deg"] < LEAST_TURN_DEG:
                    continue
                yield trial
                if len(done) > len(asked):  # else it was given up for a new stance
                    asked.append(trial)

    def play(self, trial: Trial) -> Move:
        """Look ahead, then turn the head out and back."""
        goal, words = trial.values["goal"], WORDS[trial.values["neck"]]
        back = Panel("neck", "neck.title", ("neck.ahead", "neck.shoulders"))
        ahead = looking.ahead(looking.AHEAD_DEG, AHEAD_S, trial.values["noted"])
        yield from moves.alongside((back,), moves.within(self.p.most_s, ahead))
        turn = moves.gaze_out(goal, self.p.most_s)
        if self.p.story == story.DRAGON:
            yield from story.waking(goal.key, Panel("dragon", "dragon.look_title", (words, "dragon.comfortable")), turn)
            return (yield from moves.show(story.awake(goal.key, "dragon.awake_title"), story.AWAKE_S))
        comfortable = "neck.comfortable" if trial.values["counts"] else "neck.practice"
        return (yield from moves.alongside((Panel("neck", "neck.title", (words, comfortable)),), turn))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """A turn and most of its way back, as simulated people need who turn by 50 degrees."""
        return GAZE_S + (story.AWAKE_S if self.p.story == story.DRAGON else 0.0)

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The furthest turn along the way since the face looked ahead."""
        goal, noted = trial.values["goal"], trial.values["noted"]
        along = looking.turned_deg(motion, noted, (goal.yaw_deg, goal.pitch_deg, goal.tilt_deg))
        since = motion.time_s >= motion.time_s[0] + noted.ahead_s
        furthest = max(0.0, round(float(along[since].max(initial=0.0)), 2))
        note = effort_note(ended_by_line(furthest, trial.values["stop_deg"]), trial.values["counts"])
        return Result(furthest, {"turned_deg": Measured(furthest, "deg", NECK_ERROR_DEG, note)})

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """The limit of each movement of the neck that was asked for."""
        if calibration is None:
            raise NotMeasured("open gazes need a stance: put Standing before them")
        played = [(f.trial, f.record) for f in finished]
        taken = {movement: _limit(played, movement) for movement in looking.WAYS[self.p.ways]}
        fresh = {movement: limit for movement, limit in taken.items() if limit is not None}
        poor = {
            movement: poor_quality([f.motion.quality for f in finished if _asks(f.trial, movement)])
            for movement in fresh
        }
        return msgspec.structs.replace(calibration, limits=taken_in(calibration, fresh, self.p.check, poor))


def _turn(envelope: Envelope, movement: str, turn: int, name: str) -> Trial:
    """One turn of the head; `name` says what for: practice, open, or again."""
    furthest_deg = next(most for stem, most in ANYBODYS_NECK_DEG.items() if movement.startswith(stem))
    stop_deg = envelope.stop_line(movement, furthest_deg)
    yaw, pitch, tilt = looking.goal_deg(movement, stop_deg)
    values = {
        "goal": Gaze(f"{name} {movement} {turn}", yaw, pitch, RING_DEG, tilt, open_ended=True),
        "neck": movement,
        "stop_deg": stop_deg,
        "noted": looking.Noted(),
        "counts": name != "practice",
    }
    return Trial("", values=values)


def _asks(trial: Trial, movement: str) -> bool:
    return bool(trial.values["neck"] == movement and trial.values["counts"])


def _limit(played: Sequence[tuple[Trial, TrialRecord]], movement: str) -> Limit | None:
    """The limit that the turns in a way show; None where there was none."""
    whole = [(trial, record) for trial, record in played if record.outcome != STOPPED]
    mine = [(trial.values["stop_deg"], record.achieved) for trial, record in whole if _asks(trial, movement)]
    known = [(achieved, stop_deg) for stop_deg, achieved in mine if achieved is not None and achieved > 0]
    efforts = [ended_by_line(deg, stop_deg) for deg, stop_deg in known]
    return from_efforts(efforts, METHOD, NECK_SD_DEG) if efforts else None
