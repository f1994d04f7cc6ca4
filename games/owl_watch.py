"""Owl Watch: turn the head to the owl that calls, keep looking until it has seen you, and look ahead again."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import ClassVar

import numpy as np

from engine import feedback, looking, moves, pace, rounds
from engine.envelope import Envelope
from engine.frame import Vector
from engine.metrics.definition import NotMeasurable
from engine.metrics.head_turn import of_the_turn
from engine.metrics.range_of_motion import NECK_ERROR_DEG
from engine.motion import Motion
from engine.movements import ON_SIDES, on_sides
from engine.parameters import choice, number
from engine.records import Measured, Request, Trace, TrialRecord
from engine.scene import Gaze, Panel, Sound
from engine.task import REACHED, Measure, Move, Result, Task, Trial
from engine.trace import thinned
from engine.turns import open_of, shuffled

FLOURISH_S = 0.7
CALLS_FROM_M = 4.0
UPWARD_HOLD_S = 2.0  # a head that is held back longer may make dizzy, and presses on the joints of the neck
FOREPERIOD = 0.5  # of the time ahead, the most that is added by chance, so that nobody sets off before the call
DIAGONAL, EASIER, LEAST_DIAGONAL = 0.9, 0.85, 0.5  # of the ellipse through what is asked of both movements
LEAST_FRAMES = 20
DIAGONALS = "all with diagonals"
Way = tuple[str, ...]
SINGLE: Mapping[str, tuple[Way, ...]] = {name: tuple((m,) for m in ways) for name, ways in looking.WAYS.items()}
WAYS: Mapping[str, tuple[Way, ...]] = {
    "turns": SINGLE["turns"],
    "turns and nods": SINGLE["turns and nods"],
    "all six": SINGLE["all six"],
    DIAGONALS: (*SINGLE["all six"], *product(looking.TURNS, looking.NODS)),
}
WORDS: Mapping[Way, tuple[str, str]] = {
    ("neck_rotation_left",): ("owl_watch.look_left", "owl_watch.shoulders"),
    ("neck_rotation_right",): ("owl_watch.look_right", "owl_watch.shoulders"),
    ("neck_extension",): ("owl_watch.look_up", "owl_watch.comfortable"),
    ("neck_flexion",): ("owl_watch.look_down", "owl_watch.shoulders"),
    ("neck_lateral_left",): ("owl_watch.tilt_left", "owl_watch.like_the_owl"),
    ("neck_lateral_right",): ("owl_watch.tilt_right", "owl_watch.like_the_owl"),
    ("neck_rotation_left", "neck_extension"): ("owl_watch.look_left_up", "owl_watch.comfortable"),
    ("neck_rotation_right", "neck_extension"): ("owl_watch.look_right_up", "owl_watch.comfortable"),
    ("neck_rotation_left", "neck_flexion"): ("owl_watch.look_left_down", "owl_watch.shoulders"),
    ("neck_rotation_right", "neck_flexion"): ("owl_watch.look_right_down", "owl_watch.shoulders"),
}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(8, 1, 40, "", "owls in a round")
    ways: str = choice("turns and nods", tuple(WAYS), "which ways to turn the head")
    sides: str = choice("both", ON_SIDES, "to which side; up and down belong to both")
    radius_deg: float = number(7.0, 4.0, 12.0, "deg", "how near to the owl counts", "size", -1.0)
    hold_s: float = number(1.0, 0.0, 5.0, "s", "time to look at an owl; upward 2 s at most", "hold", 0.5)
    limit_s: float = number(6.0, 3.0, 30.0, "s", "time to find an owl, before looking at it", "time", -0.5)
    ahead_s: float = number(1.0, 0.5, 5.0, "s", "least time to look ahead before an owl calls")


class Game(Task):
    """Owls call from all around; how far the head turns for each follows what was reached before."""

    title = "Owl Watch"
    trains = ("neck range of motion", "speed of turning the head", "head control")
    moves_parts = ("neck",)
    asks = ("gaze",)
    version = 1
    place = "wood"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "turned_deg": Measure(
            "Head turned to",
            "deg",
            "Furthest angle of the head along the way to the owl, from how it is held when nothing is asked.",
            "rotation vector; validity of headsets in Sensors 2023, 23:9864",
        ),
        "reaction_s": Measure(
            "Reaction time", "s", "From the call until the head sets off, by a share of the peak velocity."
        ),
        "movement_s": Measure(
            "Movement time", "s", "From setting off until the face is at the owl.", "as in the DidRen laser test"
        ),
        "peak_velocity_dps": Measure(
            "Peak velocity",
            "deg/s",
            "Fastest turn on the way to the owl, after a low-pass at 6 Hz.",
            "validity of headsets in Sensors 2023, 23:9864",
        ),
        "overshoot_deg": Measure("Overshoot", "deg", "How far the head went beyond the middle of the owl."),
        "smoothness_sparc": Measure(
            "Smoothness (SPARC)",
            "",
            "Spectral arc length of the velocity until the head rests; about -1.5 is smooth, less is less so.",
            "Balasubramanian 2015, J NeuroEng Rehabil 12:112, of the angular velocity",
        ),
    }

    @property
    def limits(self) -> tuple[str, ...]:
        """The movements of the neck that it may ask for."""
        return tuple(dict.fromkeys(name for way in self._ways for name in way))

    @property
    def _ways(self) -> list[Way]:
        return [way for way in WAYS[self.p.ways] if on_sides(way, self.p.sides) == way]

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each way that may be turned once in a shuffled order, then again.

        A diagonal has no limit of its own: it lies on the ellipse through what is asked of its two movements, nearer
        after each diagonal owl that was not found, and further again after each that was.
        """
        refusals = {name: looking.refuses(envelope, name, self.p.radius_deg) for name in self.limits}
        first_why = {way: next((refusals[name] for name in way if refusals[name]), "") for way in self._ways}
        ways, share = shuffled(random, open_of(first_why)), DIAGONAL
        for number_ in range(self.p.targets):
            way, before = next(ways), len(done)
            request, (yaw, pitch, tilt) = _goal(envelope, way, self.p.radius_deg, share)
            values = {
                "goal": Gaze(f"owl {number_}", yaw, pitch, self.p.radius_deg, tilt),
                "words": WORDS[way],
                "number": number_,
                "ahead_s": self.p.ahead_s * (1 + random.uniform(0.0, FOREPERIOD)),
                "call_m": looking.place_m(envelope.stance, yaw, pitch, CALLS_FROM_M),
                "noted": looking.Noted(),
            }
            yield Trial("", request, values)
            if len(way) > 1 and len(done) > before:
                found = done[-1].outcome == REACHED
                share = min(1.0, share / EASIER) if found else max(LEAST_DIAGONAL, share * EASIER)

    def play(self, trial: Trial) -> Move:
        """Look ahead until an owl calls, turn to it, and look at it."""
        goal, count, ahead_s = trial.values["goal"], trial.values["number"], trial.values["ahead_s"]
        panel = Panel("owl_watch", "owl_watch.find", trial.values["words"], count, self.p.targets)
        back = panel._replace(title="owl_watch.back", text=("owl_watch.ahead",))
        ahead = looking.ahead(looking.AHEAD_DEG, ahead_s, trial.values["noted"])
        beside = self.p.ways != DIAGONALS  # a companion would stand in front of owls that sit low and aside
        around = rounds.around(count / self.p.targets, companion=beside)
        yield from moves.alongside((back, *around), moves.within(self.p.limit_s + ahead_s, ahead))
        hold_s = self._hold_s(goal)
        look = moves.within(self.p.limit_s + hold_s, feedback.felt(moves.gaze(goal, hold_s)))
        heard = feedback.followed(look, looking.share_of_way(goal))
        call = Sound(f"{goal.key} calls", "call", trial.values["call_m"])
        outcome = yield from moves.alongside((panel, call, *around), heard)
        found = outcome == REACHED
        pleased = (goal._replace(state="done", fill=1.0),) if found else ()
        answer = rounds.answer(panel, goal.key, found, place_m=trial.values["call_m"], companion=beside)
        yield from moves.show((*answer, *pleased), FLOURISH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds: looking ahead again, finding the owl, looking at it."""
        p: Parameters = self.p
        goal: Gaze = trial.values["goal"]
        far_deg = math.hypot(goal.yaw_deg, goal.pitch_deg, goal.tilt_deg)
        way_s = pace.way_s(far_deg, pace.HEAD_DPS)
        back_s = max(0.0, pace.ARRIVES * way_s + 0.15 - FLOURISH_S)
        find_s = pace.REACTION_S + pace.ARRIVES * way_s if reached else p.limit_s
        return back_s + float(trial.values["ahead_s"]) + find_s + self._hold_s(goal) + FLOURISH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the turn from the call on."""
        goal, noted = trial.values["goal"], trial.values["noted"]
        way = (goal.yaw_deg, goal.pitch_deg, goal.tilt_deg)
        along = looking.turned_deg(motion, noted, way)
        called = int(np.searchsorted(motion.time_s, motion.time_s[0] + noted.ahead_s))
        time_s, along = motion.time_s[called:] - motion.time_s[0] - noted.ahead_s, along[called:]
        if len(along) < LEAST_FRAMES:
            raise NotMeasurable("ended before the head could turn")
        achieved = max(0.0, round(float(along.max()), 2))
        far_deg = math.hypot(*way)
        measures = {
            "turned_deg": Measured(achieved, "deg", NECK_ERROR_DEG),
            **of_the_turn(time_s, along, far_deg - goal.radius_deg, "the face did not come to the owl"),
            "overshoot_deg": Measured(round(max(0.0, achieved - far_deg), 2), "deg", NECK_ERROR_DEG),
        }
        return Result(achieved, measures, (Trace("Head turned", "deg", *thinned(time_s, along)),))

    def _hold_s(self, goal: Gaze) -> float:
        held_s: float = self.p.hold_s
        return min(held_s, UPWARD_HOLD_S) if goal.pitch_deg > 0 else held_s


def _goal(envelope: Envelope, way: Way, radius_deg: float, share: float) -> tuple[Request | None, Vector]:
    """Where the middle of an owl is: what is requested of one movement, or a `share` of the ellipse between two."""
    asked = [envelope.centred(envelope.request(name), radius_deg) for name in way]
    goals = [looking.goal_deg(name, centre) for name, (_, centre) in zip(way, asked, strict=True)]
    if len(way) == 1:
        return asked[0][0], goals[0]
    yaw, pitch, tilt = (round(share * math.sqrt(0.5) * sum(parts), 3) for parts in zip(*goals, strict=True))
    return None, (yaw, pitch, tilt)
