"""Bell Tower: from a chair, lift one leg until the bell swings far enough to ring, hold it there, and let it rest."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import feedback, leg, moves, pace, rounds
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.metrics.definition import NotMeasurable, known
from engine.metrics.signals import low_passed, uniform
from engine.metrics.smoothness import sparc
from engine.motion import Array, Motion
from engine.movements import ON_SIDES
from engine.parameters import choice, number
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Item, Lift, Panel, Sound
from engine.task import NOT_YET, REACHED, Measure, Move, Result, Task, Trial
from engine.trace import thinned
from engine.turns import open_of

FLOURISH_S = 1.2
STRAP_S, STRAP_LIMIT_S = 3.0, 60.0  # to strap a controller on, after which the leg is still for a while
LEAST_FRAMES = 20
RATE_HZ, CUT_OFF_HZ = 100.0, 6.0
NOT_THERE = "the leg did not come to the goal"
SETS_OFF = 0.1  # of the way up: from there on a leg is lifted, and until then it rested
LEG_DPS, ARRIVES = 110.0, 0.8  # as a simulated patient lifts a leg that nobody says otherwise of


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(8, 1, 40, "", "bells in a round")
    exercise: str = choice("kick", tuple(leg.LIFTED), "what is lifted: the shank, the front of the foot, or the thigh")
    sides: str = choice("both", ON_SIDES, "which leg is lifted")
    strapped: str = choice(leg.EACH, leg.STRAPPED, "which controller is strapped on; none with trackers on the feet")
    hold_s: float = number(1.0, 0.0, 5.0, "s", "time to hold the leg up", "hold", 0.5)
    limit_s: float = number(5.0, 2.0, 30.0, "s", "time to lift the leg, before holding it", "time", -0.5)
    rest_s: float = number(1.5, 0.5, 15.0, "s", "least time for the leg to rest before the next bell")


class Game(Task):
    """Bells that a leg rings: straightening the knee, raising the toes, or raising the thigh, one leg at a time."""

    title = "Bell Tower"
    trains = ("knee extension", "strength of the legs", "range of motion of ankle and hip")
    moves_parts = ("left leg", "right leg")
    asks = ("lift",)
    on_chair = True
    version = 1
    place = "hill"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "lifted_deg": Measure(
            "Leg lifted to",
            "deg",
            "Furthest inclination of what was lifted, from how it rested; of a kick, how far the knee came from there.",
            "rotation vector about the side-to-side axis; controllers in Carnevale 2022, not on a leg",
        ),
        "held_s": Measure("Held up", "s", "Longest time at the goal, of which the leg may sink a tenth."),
        "sank_deg": Measure(
            "Sank while held", "deg", "How far the leg was lower at the end of its longest hold than at its highest."
        ),
        "movement_s": Measure("Movement time", "s", "From a tenth of the way up until the leg is at the goal."),
        "peak_velocity_dps": Measure(
            "Peak velocity", "deg/s", "Fastest on the way up, after a low-pass at 6 Hz.", "as of a turn of the head"
        ),
        "smoothness_sparc": Measure(
            "Smoothness (SPARC)",
            "",
            "Spectral arc length of the velocity on the way up; about -1.5 is smooth, less is less so.",
            "Balasubramanian 2015, J NeuroEng Rehabil 12:112, of the angular velocity",
        ),
    }

    @property
    def limits(self) -> tuple[str, ...]:
        """The movements that it may ask for."""
        stem = leg.LIFTED[self.p.exercise]
        return tuple(f"{stem}_{side}" for side in SIDES if self.p.sides in ("both", side))

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One leg and the other, in turn; where one controller is for both, first all bells of one leg.

        A leg that was not seen at its first bell is left out from then on, where the other one is there.
        """
        sides = random.sample(sides := self._open_sides(envelope), len(sides))
        each = {side: leg.worn(side, self.p.strapped, self.p.exercise) for side in sides}
        changes_over, begun = self.p.strapped in SIDES, set[str]()
        for count in range(self.p.targets):
            unseen = {side for side in begun if done and each[side].neutral is None}
            order = [side for side in sides if side not in unseen] or sides
            turn = count * len(sides) // self.p.targets if changes_over else count % len(order)
            side = order[min(turn, len(order) - 1)]
            request = envelope.request(f"{leg.LIFTED[self.p.exercise]}_{side}")
            worn = each[side]
            goal = Lift(f"bell {count}", request.movement, request.amplitude, worn.device)
            values = {"goal": goal, "worn": worn, "number": count, "noted": leg.Noted(), "stance": envelope.stance}
            yield Trial("", request, {**values, "first": side not in begun})
            begun.add(side)

    def play(self, trial: Trial) -> Move:
        """Let the leg rest, lift it until the bell rings, hold it there, and let it down."""
        goal, worn, count = trial.values["goal"], trial.values["worn"], trial.values["number"]
        around, panel = self._around(count), Panel("bell_tower", "leg.rest", (), count, self.p.targets)
        rested = yield from moves.alongside((panel._replace(text=self._prepare(trial)), *around), self._rest(trial))
        outcome = NOT_YET
        if rested == REACHED:
            lift = leg.lift(goal, worn, self.p.hold_s)
            felt = moves.within(self.p.limit_s + self.p.hold_s, feedback.felt(lift))
            text = (leg.words(self.p.exercise, worn.side), "bell_tower.hold")
            ring = panel._replace(title="bell_tower.ring", text=text)
            heard = feedback.followed(felt, lambda body: leg.lifted_deg(body, worn) / goal.angle_deg)
            outcome = yield from moves.alongside((ring, Sound(f"{goal.key} calls", "appear"), *around), heard)
        reached = outcome == REACHED
        still = goal._replace(device=worn.device, state="done" if reached else "rest", fill=float(reached))
        answer = rounds.answer(panel, goal.key, reached, text=("bell_tower.down",))
        yield from moves.show((still, *answer), FLOURISH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds: resting, lifting, holding."""
        p: Parameters = self.p
        way_s = pace.way_s(trial.values["goal"].angle_deg, LEG_DPS)
        rest_s = STRAP_S if trial.values["first"] else p.rest_s + max(0.0, way_s - FLOURISH_S)
        return rest_s + (pace.REACTION_S + ARRIVES * way_s if reached else p.limit_s) + p.hold_s + FLOURISH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the leg from when it was called."""
        goal, worn, noted = trial.values["goal"], trial.values["worn"], trial.values["noted"]
        lifted = leg.lifted_track_deg(motion, worn, trial.values["stance"])
        called = int(np.searchsorted(motion.time_s, motion.time_s[0] + noted.called_s))
        time_s, lifted = motion.time_s[called:] - motion.time_s[0] - noted.called_s, lifted[called:]
        known = np.isfinite(lifted)
        if len(lifted) < LEAST_FRAMES:
            raise NotMeasurable("ended before the leg could be lifted")
        if known.mean() < leg.LEAST_SEEN:
            raise NotMeasurable("the leg was seen for too little of the time")
        time_s, lifted = time_s[known], lifted[known]
        achieved = max(0.0, round(float(lifted.max()), 2))
        measures = {
            "lifted_deg": Measured(achieved, "deg", None, leg.UNPROVEN),
            **_of_the_hold(time_s, lifted, goal.angle_deg, self.p.hold_s),
            **_of_the_way(time_s, lifted, goal.angle_deg),
        }
        return Result(achieved, measures, (Trace("Leg lifted", "deg", *thinned(time_s, lifted)),))

    def _open_sides(self, envelope: Envelope) -> list[str]:
        """The legs that may be asked for; raises OutsideEnvelope, saying why not, where there is none."""
        able = open_of({movement: leg.refuses(envelope, movement) for movement in self.limits})
        return [movement.rpartition("_")[2] for movement in able]

    def _rest(self, trial: Trial) -> Move:
        """Let the leg rest; before its first bell there is time to strap a controller on."""
        goal, worn, noted = trial.values["goal"], trial.values["worn"], trial.values["noted"]
        for_s, most_s = (STRAP_S, STRAP_LIMIT_S) if trial.values["first"] else (self.p.rest_s, self.p.limit_s)
        return (yield from moves.within(most_s + for_s, leg.rest(goal, worn, noted, for_s)))

    def _prepare(self, trial: Trial) -> tuple[str, ...]:
        """What to do before a bell: put on what shows the leg, and let it rest."""
        if not trial.values["first"]:
            return ("leg.still",)
        return (leg.words_of_strap(self.p.exercise, trial.values["worn"].side, self.p.strapped), "leg.still")

    def _around(self, tried: int) -> tuple[Item, ...]:
        return rounds.around(tried / self.p.targets)


def _of_the_hold(time_s: Array, lifted_deg: Array, goal_deg: float, asked_s: float) -> dict[str, Measured]:
    """The longest time at the goal, as `leg.lift` counts it, to what was asked, and how far it sank."""
    longest_s, sank_deg, since = 0.0, 0.0 if (lifted_deg >= goal_deg).any() else None, -1
    for index, deg in enumerate(lifted_deg.tolist()):
        if since < 0 and deg >= goal_deg:
            since = index
        if since < 0 or deg < goal_deg - leg.sink_deg(goal_deg):
            since = -1
        elif time_s[index] - time_s[since] >= longest_s:
            longest_s = float(time_s[index] - time_s[since])
            sank_deg = float(lifted_deg[since : index + 1].max()) - deg
        if longest_s >= asked_s > 0:
            break
    return {
        "held_s": Measured(round(longest_s, 2), "s", None, leg.UNPROVEN),
        "sank_deg": known(sank_deg, "deg", 2, NOT_THERE, note=leg.UNPROVEN),
    }


def _of_the_way(time_s: Array, lifted_deg: Array, goal_deg: float) -> dict[str, Measured]:
    """How long the way up took, how fast and how smooth it was."""
    steady_s, steady = uniform(time_s, lifted_deg[:, None], RATE_HZ)
    track = low_passed(steady, RATE_HZ, CUT_OFF_HZ)[:, 0]
    there = np.flatnonzero(track >= goal_deg)
    top = int(there[0]) if len(there) else int(np.argmax(track))
    start = int(np.flatnonzero(track[: top + 1] <= SETS_OFF * track[top]).max(initial=0))
    speed = np.maximum(0.0, np.gradient(track, 1 / RATE_HZ))[start : top + 1]
    smooth = sparc(speed, RATE_HZ) if len(speed) >= LEAST_FRAMES else math.nan
    lasted_s = float(steady_s[top] - steady_s[start]) if len(there) else None
    return {
        "movement_s": known(lasted_s, "s", 3, NOT_THERE, note=leg.UNPROVEN),
        "peak_velocity_dps": Measured(round(float(speed.max()), 1), "deg/s", None, leg.UNPROVEN),
        "smoothness_sparc": known(smooth, "", 3, "the way up was too short", note=leg.UNPROVEN),
    }
