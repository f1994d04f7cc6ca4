"""Neck position sense: how truly a head comes back to the middle without eyes, six times each way."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from calibration.gazing import RING_DEG, WORDS
from engine import looking, moves, recall
from engine.clinical import PRACTICE, RATE, SEEN, Band, ClinicalTest, Norm, counted, numbers_of
from engine.envelope import Envelope
from engine.metrics.definition import NotMeasurable
from engine.metrics.position_sense import position_sense
from engine.metrics.range_of_motion import NECK_ERROR_DEG
from engine.motion import Motion
from engine.movements import ANYBODYS_NECK_DEG
from engine.parameters import number
from engine.precautions import LEAST_TURN_DEG
from engine.recall import STILL_DPS, Recalled
from engine.records import Measured, TrialRecord
from engine.scene import Gaze, Panel
from engine.steadiness import DARK
from engine.task import NOT_YET, REACHED, Finished, Measure, Move, Result, Trial

AHEAD_S, READS_S, FINDS_S, TRIAL_S = 1.5, 2.5, 12.0, 10.5
TEST = "test"
LEAST = 4  # of six
WAYS = ("neck_rotation_left", "neck_rotation_right", "neck_extension", "neck_flexion")
FROM = {"neck_rotation_left": "left", "neck_rotation_right": "right", "neck_extension": "up", "neck_flexion": "down"}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    tries: int = number(6, 4, 10, "", "times each way: six are usual")
    practice: int = number(1, 0, 2, "", "times each way before them, not counted")
    most_s: float = number(10.0, 5.0, 20.0, "s", "the longest time to turn the head")


class Test(ClinicalTest):
    """Turn the head away in the dark, as far as is comfortable, and find the middle again."""

    title = "Neck position sense"
    trains = ("position sense of the neck",)
    moves_parts = ("neck",)
    asks = ("gaze", "surround")
    on_chair = True
    version = 2
    place = "wood"
    Parameters = Parameters
    equipment = ("A chair with a back; the headset sits firmly and does not slip.",)
    protocol = (
        "The person sits upright, back against the chair, and looks straight ahead: that is the place to find.",
        "It gets dark. Say: turn your head as far as is comfortable, come back to where it was, and stay there.",
        "Where it comes to rest on the way back, or with a press of the trigger, the place is taken. Nobody says how "
        "near it was.",
        "To the left, to the right, up and down in turn, six times each.",
    )
    practice = "once each way"
    validity = (
        f"Fewer than {LEAST} tries of a direction that were found: no result of it.",
        "A turn that a precaution leaves less than 8° of is not asked for.",
        SEEN,
        RATE,
    )
    measures: ClassVar[Mapping[str, Measure]] = {
        "error_deg": Measure(
            "Beyond the middle", "deg", "How far beyond the place the head ended, negative short of it."
        ),
        "away_deg": Measure("Off the middle", "deg", "How far the face ended from where it pointed, whichever way."),
    }
    results: ClassVar[Mapping[str, Measure]] = {
        **{
            f"neck_position_{way}_deg": Measure(
                f"Off the middle, from {way}", "deg", "Mean of the tries, whichever way they missed."
            )
            for way in FROM.values()
        },
        "neck_position_beyond_deg": Measure("Beyond the middle", "deg", "Mean of all tries: negative is short of it."),
        "neck_position_variable_deg": Measure("Tries differ by", "deg", "Standard deviation of all tries."),
    }
    better: ClassVar[Mapping[str, int]] = {f"neck_position_{way}_deg": -1 for way in FROM.values()}
    norms = tuple(
        Norm(
            f"neck_position_{way}_deg",
            "more than this is more than healthy necks miss by",
            (Band(18, 99, 4.5),),
            "Revel 1991, Arch Phys Med Rehabil 72:288, by a light on the head",
            "It is reliable in some directions only: take it as a hint.",
        )
        for way in FROM.values()
    )

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each way in turn, for practice first."""
        rounds = [PRACTICE] * self.p.practice + [TEST] * self.p.tries
        for turn, kind in enumerate(rounds):
            for movement in WAYS:
                furthest_deg = next(most for stem, most in ANYBODYS_NECK_DEG.items() if movement.startswith(stem))
                stop_deg = envelope.stop_line(movement, furthest_deg)
                if stop_deg < LEAST_TURN_DEG:
                    continue
                yaw, pitch, tilt = looking.goal_deg(movement, stop_deg)
                goal = Gaze(f"{kind} {movement} {turn}", yaw, pitch, RING_DEG, tilt, open_ended=True)
                values = {"kind": kind, "neck": movement, "goal": goal}
                yield Trial(values={**values, "recalled": Recalled()})

    def play(self, trial: Trial) -> Move:
        """Look ahead, read where to turn, turn away in the dark, and come back."""
        values, title = trial.values, "neck_position.title"
        ahead = moves.gaze(Gaze(f"{values['goal'].key} home", 0.0, 0.0, looking.AHEAD_DEG), AHEAD_S)
        home = moves.within(self.p.most_s, recall.remembered(ahead, recall.face_deg, STILL_DPS, values["recalled"]))
        looked = moves.alongside((Panel("neck", title, ("neck.ahead", "neck_position.remember")),), home)
        if (yield from looked) != REACHED:
            return NOT_YET
        practice = ("neck.practice",) if values["kind"] == PRACTICE else ()
        away = Panel("neck", title, (WORDS[values["neck"]], "neck_position.back", *practice))
        yield from moves.show((away,), READS_S)
        turn = moves.gaze_out(values["goal"], self.p.most_s)
        if (yield from moves.alongside((away, *DARK.surround), turn)) != REACHED:
            return NOT_YET
        find = recall.find_again(
            f"{values['goal'].key} back", "", recall.face_deg, STILL_DPS, FINDS_S, values["recalled"]
        )
        return (yield from moves.alongside((away, *DARK.surround), find))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """Looking ahead, a turn and the way back, as simulated people need."""
        return TRIAL_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """How far from the middle; raises NotMeasurable where it was not found."""
        goal = trial.values["goal"]
        beyond, away = recall.face_error_deg(trial.values["recalled"], (goal.yaw_deg, goal.pitch_deg, goal.tilt_deg))
        if math.isnan(beyond):
            raise NotMeasurable("the middle was not left, or not found again")
        values = {"error_deg": beyond, "away_deg": away}
        return Result(None, {key: Measured(round(value, 2), "deg", NECK_ERROR_DEG) for key, value in values.items()})

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The mean of each direction, whichever way it missed; and how all tries lie."""
        test, results = counted(finished, TEST), dict[str, Measured]()
        for movement, way in FROM.items():
            mine = [one for one in test if one.trial.values["neck"] == movement]
            found, why = numbers_of(mine, "away_deg")
            note = f"{len(found)} of {self.p.tries} tries were found: {why}"
            results[f"neck_position_{way}_deg"] = Measured(None, "deg", None, note)
            if len(found) >= LEAST:
                mean_deg = sum(one.value or 0.0 for one in found) / len(found)
                results[f"neck_position_{way}_deg"] = Measured(
                    round(mean_deg, 2), "deg", NECK_ERROR_DEG, f"mean of {len(found)}"
                )
        return results | _all(numbers_of(test, "error_deg")[0])


def _all(found: Sequence[Measured]) -> dict[str, Measured]:
    if len(found) < LEAST:
        none = Measured(None, "deg", None, f"{len(found)} tries were found")
        return {"neck_position_beyond_deg": none, "neck_position_variable_deg": none}
    sense = position_sense([one.value or 0.0 for one in found])
    return {
        "neck_position_beyond_deg": Measured(round(sense.constant_deg, 2), "deg", NECK_ERROR_DEG),
        "neck_position_variable_deg": Measured(round(sense.variable_deg, 2), "deg"),
    }
