"""Fruit Ladder: reach for fruit that hangs higher as the arm allows, and hold it until it comes off."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import ClassVar

import numpy as np

from engine import feedback, moves, pace, rounds
from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.hanging import Hung, able_arms, hang, outward
from engine.limits import OutsideEnvelope
from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.reach_measures import Reach
from engine.metrics.reach_space import TrunkShift, trunk_shift, trunk_track_m
from engine.metrics.reaching import reach
from engine.motion import Array, Motion
from engine.parameters import choice, number
from engine.raising import ARM_RAISED, STRETCHED, raised, share_of_way
from engine.records import Measured, TrialRecord
from engine.scene import Item, Panel, Sound, Target
from engine.task import REACHED, Measure, Move, Result, Task, Trial, as_defined
from engine.turns import first_able, in_turn

FLOURISH_S = 0.7
BONUS_S = 4.0
BONUS_FROM_DEG = 5.0  # nearer than this a golden fruit would hang where the hand is already
LEAST_FRAMES = 20
OF_A_REACH = (
    *("reaction_s", "movement_s", "peak_speed_mps", "movement_units", "path_ratio"),
    *("smoothness_sparc", "smoothness_ldlj"),
)


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(10, 1, 60, "", "fruits in a round")
    arms: str = choice("both", ("both", "left", "right"), "which arm reaches")
    outward_deg: float = number(20.0, 0.0, 60.0, "deg", "how far to the side fruit may hang")
    stretch: float = number(0.95, 0.6, 1.0, "of reach", "how far out fruit hangs; under 0.92 no angle can be measured")
    radius_m: float = number(0.08, 0.04, 0.2, "m", "how near a hand must come", "size", -0.01)
    hold_s: float = number(1.0, 0.0, 5.0, "s", "time to keep the hand on a fruit", "hold", 0.5)
    limit_s: float = number(8.0, 4.0, 60.0, "s", "time to get to a fruit, before holding it", "time", -1.0)
    pause_s: float = number(2.4, 0.5, 10.0, "s", "time to lower the arm between fruits")
    bonus_percent: float = number(0.0, 0.0, 40.0, "%", "how far beyond a fruit a golden one may invite; 0 for none")


class Game(Task):
    """Fruit hangs along the arc of each arm; how high follows what the arm reached before."""

    title = "Fruit Ladder"
    trains = ("shoulder elevation", "reaching", "holding against gravity")
    postures = ("standing", "seated", "lying")
    moves_parts = ("neck", "left arm", "right arm")
    asks = ("hand",)
    version = 3
    place = "orchard"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "elevation_deg": ARM_RAISED,
        **as_defined(Reach, *OF_A_REACH),
        **as_defined(TrunkShift, "trunk_shift_m"),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One fruit after another, arms in turn, each as high as the difficulty asks."""
        sides = able_arms(envelope, SIDES if self.p.arms == "both" else (self.p.arms,))
        for number_ in range(self.p.targets):
            side, hung = first_able(in_turn(sides, number_), partial(_hang, envelope, self.p, random))
            values = {
                "place_m": hung.place_m,
                "golden_m": _golden(envelope, hung, side, self.p),
                "number": number_,
                "stance": envelope.stance,
                "shoulder_m": envelope.shoulder(side),
                "arm_m": envelope.arm_m(side),
                "distance_m": math.dist(envelope.shoulder(side), hung.place_m),
            }
            yield Trial(side, hung.request, values)

    def play(self, trial: Trial) -> Move:
        """Lower the arm, then reach for the fruit and hold it."""
        key, count = f"fruit {trial.values['number']}", trial.values["number"]
        hand = f"fruit_ladder.hand_{trial.side}"
        fruit = Target(key, trial.values["place_m"], self.p.radius_m, trial.side)
        panel = Panel("fruit_ladder", "fruit_ladder.reach", (hand, "fruit_ladder.hold"), count, self.p.targets)
        soon = Panel("fruit_ladder", "fruit_ladder.next", (hand,), count, self.p.targets)
        around = rounds.around(count / self.p.targets)
        yield from moves.show((soon, fruit._replace(state="later"), *around), self.p.pause_s)
        reach = moves.within(self.p.limit_s + self.p.hold_s, feedback.felt(moves.hold(fruit, self.p.hold_s)))
        asked_deg = trial.request.amplitude if trial.request else 0.0
        heard = feedback.followed(reach, share_of_way(trial.side, trial.values["shoulder_m"], asked_deg))
        shown = (panel, Sound(f"{key} appears", "appear", fruit.place_m), *around)
        outcome = yield from moves.alongside(shown, heard)
        if outcome != REACHED:
            yield from moves.show(rounds.answer(panel, key, False, text=(hand,)), FLOURISH_S)
            return outcome
        yield from moves.show(_came_off(panel, fruit), FLOURISH_S)
        yield from self._bonus(trial, panel)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds, the golden fruit included."""
        p: Parameters = self.p
        if not reached:
            return p.pause_s + p.limit_s + p.hold_s + FLOURISH_S
        elevation = trial.request.amplitude if trial.request else 0.0
        golden_m, bonus_s = trial.values["golden_m"], 0.0
        if golden_m:  # every other one is picked
            way_s = pace.way_s(math.dist(golden_m, trial.values["place_m"]), pace.HAND_MPS, 0.0)
            bonus_s = (pace.REACTION_S + way_s + FLOURISH_S + BONUS_S) / 2
        return p.pause_s + pace.raise_s(trial.values["distance_m"], elevation) + p.hold_s + FLOURISH_S + bonus_s

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the reach from the fruit's appearance on."""
        values, unstretched = trial.values, "the arm was not stretched out towards the fruit"
        shown = int(np.searchsorted(motion.time_s, motion.time_s[0] + self.p.pause_s))
        if len(motion.time_s) - shown < LEAST_FRAMES:
            raise NotMeasurable(unstretched)
        arm = raised(motion.cut(shown, len(motion.time_s)), values["stance"], trial.side, values["shoulder_m"])
        top = arm.top(STRETCHED * values["distance_m"])
        if top is None:
            raise NotMeasurable(unstretched)
        angle = arm.angle(top, values["arm_m"], unstretched)
        of_the_reach = _of_the_reach(motion, trial, float(motion.time_s[shown]), self.p, shown + top)
        return Result(angle.value, {"elevation_deg": angle, **of_the_reach}, (arm.trace,))

    def _bonus(self, trial: Trial, panel: Panel) -> Move:
        """Let a golden fruit hang further up for a while; to leave it there is no miss."""
        golden_m, key = trial.values["golden_m"], f"golden {trial.values['number']}"
        if golden_m is None:
            return REACHED
        golden = Target(key, golden_m, self.p.radius_m, trial.side)
        cheer = panel._replace(title="fruit_ladder.reached", text=(), done=panel.done + 1)
        around = rounds.around((panel.done + 1) / self.p.targets, "cheers")
        inviting = (cheer, *around, Sound(f"{key} appears", "appear", golden_m))
        try:
            outcome = yield from moves.alongside(inviting, moves.within(BONUS_S, moves.hold(golden, 0.0)))
            if outcome == REACHED:
                yield from moves.show(_came_off(panel, golden), FLOURISH_S)
        except OutsideEnvelope:  # the bounds were tightened since: the fruit was picked all the same
            return REACHED
        return REACHED


def _came_off(panel: Panel, fruit: Target) -> tuple[Item, ...]:
    """What is shown, heard and felt of a fruit that was picked."""
    answer = rounds.answer(panel, fruit.key, True, place_m=fruit.place_m, hand=fruit.hand)
    return (fruit._replace(state="done", fill=1.0), *answer)


def _hang(envelope: Envelope, p: Parameters, random: Random, side: str) -> Hung:
    """Where a fruit hangs for an arm; raises OutsideEnvelope when it can nowhere."""
    wish = envelope.request(f"shoulder_elevation_{side}")
    out_deg = [0.0, p.outward_deg, random.uniform(0.0, p.outward_deg)]
    random.shuffle(out_deg)
    return hang(envelope, side, wish, outward(side, out_deg), p.radius_m, p.stretch)


def _golden(envelope: Envelope, hung: Hung, side: str, parameters: Parameters) -> Vector | None:
    """Where a golden fruit hangs on the same arc, as much further as every bound allows; None for hardly any further.

    A hit says nothing of how much higher the arm would go; how far it goes for the golden one does.
    """
    beyond_deg = hung.request.amplitude * parameters.bonus_percent / 100
    elevation = min(hung.elevation_deg + beyond_deg, envelope.at_most(hung.request.movement).value)
    if elevation < hung.elevation_deg + BONUS_FROM_DEG or envelope.refuses_way(side, hung.azimuth_deg, elevation):
        return None
    place_m = envelope.place(side, hung.azimuth_deg, elevation, parameters.stretch)
    return None if envelope.refuses_target(place_m, side) else place_m


def _of_the_reach(motion: Motion, trial: Trial, cue_s: float, p: Parameters, top: int) -> dict[str, Measured]:
    """What can be said of the discrete movement to the fruit, or to the highest point where it was not reached."""
    place_m, hand_m, time_s = trial.values["place_m"], motion.hand_m(trial.side), motion.time_s
    end = len(time_s) if trial.values["golden_m"] is None else _until_golden(time_s, hand_m, place_m, p)
    found = reach(hand_m[:end], time_s[:end], place_m, cue_s, radius_m=p.radius_m)
    if math.isnan(found.arrival_s):
        found = reach(hand_m[: top + 1], time_s[: top + 1], place_m, cue_s)
    moving = (time_s >= cue_s) & (time_s <= np.fmin(found.offset_s, time_s[end - 1]))
    trunk = trunk_shift(
        trunk_track_m(motion)[moving], hand_m[moving], trial.values["stance"].facing_deg, trial.values["arm_m"]
    )
    return measured(found, *OF_A_REACH) | measured(trunk, "trunk_shift_m")


def _until_golden(time_s: Array, hand_m: Array, place_m: Vector, p: Parameters) -> int:
    """How many samples there are until a golden fruit is shown: after a fruit was held, as `play` asks."""
    near = np.linalg.norm(hand_m - np.asarray(place_m), axis=1) <= moves.HELD * p.radius_m
    away_s = np.maximum.accumulate(np.where(near, -math.inf, time_s))
    held = np.flatnonzero(near & (time_s - away_s >= p.hold_s))
    return int(np.searchsorted(time_s, time_s[held[0]] + FLOURISH_S)) if len(held) else len(time_s)
