"""Compass Home: look at home, be led away in the dark, and find home again without seeing it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, ClassVar

from engine import feedback, looking, moves, pace, recall, rounds, so_far
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.hanging import able_arms, hang, outward
from engine.metrics.definition import NotMeasurable, known
from engine.metrics.position_sense import PositionSense, position_sense
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, NECK_ERROR_DEG
from engine.motion import Motion
from engine.movements import ON_SIDES, on_sides
from engine.parameters import choice, number
from engine.recall import STILL_DPS, STILL_MPS, Recalled
from engine.records import Measured, Request, TrialRecord
from engine.scene import Gaze, Item, Panel, Sound, Surround, Target
from engine.task import NOT_YET, REACHED, Measure, Move, Result, Task, Trial, as_defined
from engine.turns import open_of, shuffled

HOME_S, THERE_S, DONE_S = 3.0, 0.3, 2.5
LOWERED = 0.55  # of the way up: so far an arm is lowered, and hardly at rest
VARIES = 0.15  # of the way, by chance, so that nobody learns how far it is
NEARLY = 0.25  # of the way may be left for who is led away: home never counts as away
RADIUS_M, STRETCH = 0.09, 0.95
AZIMUTHS_DEG = (15.0, 0.0, 30.0, 45.0)
DARK = (Surround("dark", light=0.0),)
ARM = "arm"
WAYS: Mapping[str, tuple[str, ...]] = {
    "turns": looking.TURNS,
    "turns and nods": looking.TURNS + looking.NODS,
    ARM: tuple(f"shoulder_elevation_{side}" for side in SIDES),
}
WORDS: Mapping[str, str] = {
    "neck_rotation_left": "compass_home.turn_left",
    "neck_rotation_right": "compass_home.turn_right",
    "neck_extension": "compass_home.look_up",
    "neck_flexion": "compass_home.look_down",
    "shoulder_elevation_left": "compass_home.lower_left",
    "shoulder_elevation_right": "compass_home.lower_right",
}
NOT_FOUND = "home was not left, or not found again"
NO_HAND = "a head was asked for, and no hand"


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(6, 1, 24, "", "times to find home in a round; six of each way are advised")
    ways: str = choice("turns", tuple(WAYS), "what finds home: the head by these ways, or a raised arm")
    sides: str = choice("both", ON_SIDES, "to which side, or which arm; up and down belong to both")
    share: float = number(0.5, 0.25, 0.8, "of limit", "how far it leads away, or how high the arm's home is")
    within_deg: float = number(5.0, 2.0, 12.0, "deg", "how near to home counts", "size", -0.5)
    hold_s: float = number(1.0, 0.0, 10.0, "s", "time to wait away from home", "hold", 1.0)
    limit_s: float = number(10.0, 4.0, 30.0, "s", "time to find home", "time", -1.0)
    count_by: int = number(0, 0, 7, "", "count backwards aloud by so many; 0 for not at all", "dual task", 1.0)


class Game(Task):
    """A head or an arm leaves home in the dark and finds it again, to each side in turn."""

    title = "Compass Home"
    trains = ("position sense", "control of the head", "control of the arm without eyes")
    moves_parts: ClassVar[tuple[str, ...]] = ("neck", "left arm", "right arm")
    asks: ClassVar[tuple[str, ...]] = ("gaze", "hand", "surround")
    version = 1
    place = "lighthouse"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "beyond_deg": Measure(
            "Beyond home", "deg", "How far the try ended beyond home, or short of it (negative), along the way.",
            "joint position error; in headsets Sensors 2024, 24:5811",
        ),
        "away_deg": Measure(
            "Away from home",
            "deg",
            "Angle from home, whichever way. With a laser on the head more than 4.5 is called impaired: "
            "another test, and one try says little.",
            "joint position error, as with a laser 90 cm from a target",
        ),
        "away_m": Measure("Hand away from home", "m", "Distance of the hand from where home was."),
        "found_s": Measure("Time to find home", "s", "From the word to find home until the try ended."),
        **as_defined(PositionSense, "constant_deg", "variable_deg"),
    }  # fmt: skip

    def __init__(self, parameters: Any = None) -> None:
        """Ask for no more than is led away, so that what is forbidden to an arm bars no head."""
        super().__init__(parameters)
        of_arm = self.p.ways == ARM
        self.asks = ("hand", "surround") if of_arm else ("gaze", "surround")  # type: ignore[misc] # of this one
        self.moves_parts = ("left arm", "right arm") if of_arm else ("neck",)  # type: ignore[misc]

    @property
    def limits(self) -> tuple[str, ...]:
        """The movements of the neck that it may ask for."""
        return () if self.p.ways == ARM else on_sides(WAYS[self.p.ways], self.p.sides)

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each way that there is once in a shuffled order, then again; how far it leads differs a little."""
        ways, told = shuffled(random, self._able(envelope)), list[str]()
        for number_ in range(self.p.targets):
            movement = next(ways)
            amount = envelope.at_most(movement).value * self.p.share * (1 + random.uniform(-VARIES, VARIES))
            mine = [record for was, record in zip(told, done, strict=False) if was == movement]
            values = {
                "number": number_,
                "movement": movement,
                "recalled": Recalled(),
                "before": so_far.values(mine, "beyond_deg"),
            }
            told.append(movement)
            yield (
                self._of_arm(envelope, movement, amount, values)
                if self.p.ways == ARM
                else self._of_head(movement, amount, values)
            )

    def play(self, trial: Trial) -> Move:
        """Look at home, leave it in the dark, and find it again."""
        count, key, recalled = trial.values["number"], trial.values["home"].key, trial.values["recalled"]
        away = (WORDS[trial.values["movement"]], *(("compass_home.count",) if self.p.count_by else ()))
        panel = Panel("compass_home", "compass_home.home", away, count, self.p.targets, values=(str(self.p.count_by),))
        around, where = rounds.around(count / self.p.targets), trial.values["where"]
        still = STILL_MPS if trial.side else STILL_DPS
        home = recall.remembered(feedback.felt(_come(trial.values["home"], HOME_S)), where, still, recalled)
        outcome = yield from moves.alongside((panel, *around), moves.within(self.p.limit_s + HOME_S, home))
        if outcome == REACHED:
            outcome = yield from moves.alongside((panel, *DARK, *around), self._led_away(trial))
        if outcome == REACHED:
            back = panel._replace(title="compass_home.back", text=("compass_home.still",))
            find = recall.find_again(f"{key} again", trial.side, where, still, self.p.limit_s, recalled)
            outcome = yield from moves.alongside((back, Sound(f"{key} called", "call"), *DARK, *around), find)
        found = outcome == REACHED and trial.values["error"](recalled)[1] <= self.p.within_deg
        seen = moves.within(DONE_S, _come(trial.values["home"], math.inf))
        yield from moves.alongside(rounds.answer(panel, key, found, sound="home"), seen)
        return REACHED if found else NOT_YET

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds: home, away, waiting, back, and seeing home."""
        p: Parameters = self.p
        way_s: float = pace.way_s(trial.values["far"], pace.HAND_MPS if trial.side else pace.HEAD_DPS)
        first_s = way_s if trial.side else 0.0
        led_s = first_s + pace.REACTION_S + 0.7 * way_s + THERE_S + p.hold_s
        return HOME_S + led_s + pace.REACTION_S + way_s + 1.0 + DONE_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """How far from home the try ended, and what the tries of this way so far have in common."""
        recalled, before = trial.values["recalled"], trial.values["before"]
        beyond, away = trial.values["error"](recalled)
        if math.isnan(beyond):
            raise NotMeasurable(NOT_FOUND)
        error = ELEVATION_ERROR_DEG if trial.side else NECK_ERROR_DEG
        sense = position_sense([*before, beyond])
        note = f"of {len(before) + 1} this way"
        away_m = math.dist(recalled.home, recalled.found) if trial.side else None
        measures = {
            "beyond_deg": Measured(round(beyond, 2), "deg", error),
            "away_deg": Measured(round(away, 2), "deg", error),
            "away_m": known(away_m, "m", 3, NO_HAND),
            "found_s": Measured(round(recalled.seconds, 2), "s"),
            "constant_deg": Measured(round(sense.constant_deg, 2), "deg", None, note),
            "variable_deg": known(sense.variable_deg, "deg", 2, sense.why.get("variable_deg", ""), note=note),
        }
        return Result(None, measures)

    def _able(self, envelope: Envelope) -> list[str]:
        """The ways of which enough is left; raises OutsideEnvelope, saying why not, where there is none."""
        wished = on_sides(WAYS[self.p.ways], self.p.sides)
        if self.p.ways == ARM:
            sides = able_arms(envelope, [name.rpartition("_")[2] for name in wished])
            return [f"shoulder_elevation_{side}" for side in sides]
        return open_of({name: looking.refuses(envelope, name, self.p.within_deg) for name in wished})

    def _of_head(self, movement: str, amount_deg: float, values: dict[str, Any]) -> Trial:
        yaw, pitch, tilt = looking.goal_deg(movement, round(amount_deg, 2))
        key = f"home {values['number']}"
        home = Gaze(key, 0.0, 0.0, self.p.within_deg)
        away = Gaze(f"{key} away", yaw, pitch, min(self.p.within_deg, NEARLY * amount_deg), tilt)
        error = partial(recall.face_error_deg, way=(yaw, pitch, tilt))
        more = {"home": home, "away": away, "where": recall.face_deg, "error": error, "far": amount_deg}
        return Trial("", None, {**values, **more})

    def _of_arm(self, envelope: Envelope, movement: str, amount_deg: float, values: dict[str, Any]) -> Trial:
        side = movement.rpartition("_")[2]
        wish = Request(movement, round(amount_deg, 2), "deg", "CEILING", f"{100 * self.p.share:.0f} % of the limit")
        hung = hang(envelope, side, wish, outward(side, AZIMUTHS_DEG), RADIUS_M, STRETCH)
        shoulder_m = envelope.shoulder(side)
        more = {
            "home": Target(f"home {values['number']}", hung.place_m, RADIUS_M, side),
            "where": recall.hand_m(side),
            "error": partial(recall.hand_error_deg, shoulder_m=shoulder_m),
            "shoulder_m": shoulder_m,
            "far": envelope.arm_m(side) * math.radians(max(0.0, hung.elevation_deg - 25.0)),
            "home_deg": hung.elevation_deg,
        }
        return Trial(side, None, {**values, **more})

    def _led_away(self, trial: Trial) -> Move:
        """Be led away by a note that rises, wait there, and hear a chime; `not yet` for who does not leave home."""
        key = trial.values["home"].key
        there: tuple[Item, ...] = (Sound(f"{key} there", "appear"),)
        if trial.side:
            values, waits_s = trial.values, THERE_S + self.p.hold_s
            led = recall.lower(values["where"], values["shoulder_m"], LOWERED * values["home_deg"])
        else:
            away: Gaze = trial.values["away"]
            led, waits_s = feedback.followed(moves.gaze(away, THERE_S), looking.share_of_way(away)), self.p.hold_s
            there = (away, *there)
        if (yield from moves.within(self.p.limit_s, led)) != REACHED:
            return NOT_YET
        return (yield from moves.show(there, waits_s))


def _come(home: Gaze | Target, hold_s: float) -> Move:
    return moves.hold(home, hold_s) if isinstance(home, Target) else moves.gaze(home, hold_s)
