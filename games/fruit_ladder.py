"""Fruit Ladder: reach for fruit that hangs higher as the arm allows, and hold it until it comes off."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import moves
from engine.envelope import Envelope, OutsideEnvelope
from engine.frame import SIDES, Vector
from engine.metrics.definition import measured
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, STRAIGHT_ARM, arm_directions
from engine.metrics.reach_measures import Reach
from engine.metrics.reach_space import TrunkShift, trunk_shift, trunk_track_m
from engine.metrics.reaching import reach
from engine.motion import Motion
from engine.parameters import choice, number
from engine.records import Measured, Request, Trace, TrialRecord
from engine.scene import Panel, Sound, Target
from engine.task import REACHED, Measure, Move, Result, Task, Trial, as_defined
from engine.trace import thinned

FLOURISH_S = 0.7
LOWER_STEP_DEG = 5.0
LEAST_DEG = 15.0
LEAST_FRAMES = 20
STRETCHED = 0.75  # of the way to the fruit: a hand beside the ear is high up, and no reach
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
    radius_m: float = number(0.08, 0.04, 0.2, "m", "how near a hand must come")
    hold_s: float = number(1.0, 0.0, 5.0, "s", "time to keep the hand on a fruit")
    limit_s: float = number(8.0, 4.0, 60.0, "s", "time before the next fruit")
    pause_s: float = number(2.4, 0.5, 10.0, "s", "time to lower the arm between fruits")


class Game(Task):
    """Fruit hangs along the arc of each arm; how high follows what the arm reached before."""

    title = "Fruit Ladder"
    trains = ("shoulder elevation", "reaching", "holding against gravity")
    postures = ("standing", "seated", "lying")
    version = 2
    place = "orchard"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "elevation_deg": Measure(
            "Arm raised to",
            "deg",
            "Highest angle of the line from shoulder to hand, 0 hanging, 90 level; true with a straight arm.",
            "Wu 2005, doi 10.1016/j.jbiomech.2004.05.042, gravity for the thorax",
        ),
        **as_defined(Reach, *OF_A_REACH),
        **as_defined(TrunkShift, "trunk_shift_m"),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One fruit after another, arms in turn, each as high as the difficulty asks."""
        sides = _arms(envelope) if self.p.arms == "both" else (self.p.arms,)
        for number_ in range(self.p.targets):
            side = sides[number_ % len(sides)]
            wish = envelope.request(f"shoulder_elevation_{side}")
            request, place_m = _hang(envelope, side, wish, self.p, random)
            values = {
                "place_m": place_m,
                "number": number_,
                "stance": envelope.stance,
                "shoulder_m": envelope.shoulder(side),
                "arm_m": envelope.arm_m(side),
                "distance_m": math.dist(envelope.shoulder(side), place_m),
            }
            yield Trial(side, request, values)

    def play(self, trial: Trial) -> Move:
        """Lower the arm, then reach for the fruit and hold it."""
        key, count = f"fruit {trial.values['number']}", trial.values["number"]
        hand = f"fruit_ladder.hand_{trial.side}"
        fruit = Target(key, trial.values["place_m"], self.p.radius_m, trial.side)
        panel = Panel("fruit_ladder", "fruit_ladder.reach", (hand, "fruit_ladder.hold"), count, self.p.targets)
        soon = Panel("fruit_ladder", "fruit_ladder.next", (hand,), count, self.p.targets)
        yield from moves.show((soon, fruit._replace(state="later")), self.p.pause_s)
        reach = moves.within(self.p.limit_s, moves.hold(fruit, self.p.hold_s))
        outcome = yield from moves.alongside((panel, Sound(f"{key} appears", "appear", fruit.place_m)), reach)
        if outcome == REACHED:
            cheer = panel._replace(title="fruit_ladder.reached", text=(), done=count + 1)
            came_off = fruit._replace(state="done", fill=1.0)
            yield from moves.show((cheer, came_off, Sound(f"{key} reached", "reached", fruit.place_m)), FLOURISH_S)
        else:
            yield from moves.show(
                (soon._replace(title="fruit_ladder.not_yet"), Sound(f"{key} stays", "not_yet")), FLOURISH_S
            )
        return outcome

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the reach from the fruit's appearance on."""
        _, elevation, radius = arm_directions(motion, trial.values["stance"], trial.side, trial.values["shoulder_m"])
        shown = int(np.searchsorted(motion.time_s, motion.time_s[0] + self.p.pause_s))
        elevation, radius = elevation[shown:], radius[shown:]
        stretched = np.flatnonzero(radius >= STRETCHED * trial.values["distance_m"])
        if len(elevation) < LEAST_FRAMES or not len(stretched):
            return self._unmeasured("the arm was not stretched out towards the fruit")
        top = int(stretched[np.argmax(elevation[stretched])])
        achieved = round(float(elevation[top]), 2)
        straight = radius[top] >= STRAIGHT_ARM * trial.values["arm_m"]
        note = "" if straight else "the arm was bent: where the hand was, not the shoulder's angle"
        measures = {"elevation_deg": Measured(achieved, "deg", ELEVATION_ERROR_DEG if straight else None, note)}
        cue_s = float(motion.time_s[shown])
        measures |= _of_the_reach(motion, trial, cue_s, self.p.radius_m, shown + top)
        trace = Trace("Arm raised", "deg", *thinned(motion.time_s[shown:] - motion.time_s[shown], elevation))
        return Result(achieved, measures, (trace,))

    def _unmeasured(self, why: str) -> Result:
        return Result(None, {name: Measured(None, m.unit, None, why) for name, m in self.measures.items()})


def _arms(envelope: Envelope) -> tuple[str, ...]:
    """Both arms, or the one that was measured where the other one was not."""
    measured_ = tuple(side for side in SIDES if f"shoulder_elevation_{side}" in envelope.calibration.limits)
    return measured_ or SIDES


def _hang(
    envelope: Envelope, side: str, wish: Request, parameters: Parameters, random: Random
) -> tuple[Request, Vector]:
    """A fruit whose lower edge is at the elevation asked for, where the hand was seen to reach; lower where it was not.

    Raises OutsideEnvelope when the hand was never seen to reach anywhere in front.
    """
    outward = [0.0, parameters.outward_deg, random.uniform(0.0, parameters.outward_deg)]
    random.shuffle(outward)
    azimuths = [azimuth if side == "right" else -azimuth for azimuth in outward]
    elevation = wish.amplitude
    while elevation >= LEAST_DEG:
        for azimuth in azimuths:
            reach_m = envelope.reach_m(side, azimuth, elevation)
            if reach_m > 0:
                edge_deg = math.degrees(parameters.radius_m / (parameters.stretch * reach_m))
                request, centre = envelope.centred(_lowered(wish, elevation), edge_deg)
                if envelope.reach_m(side, azimuth, centre) > 0:
                    return request, envelope.place(side, azimuth, centre, parameters.stretch)
        elevation -= LOWER_STEP_DEG
    raise OutsideEnvelope(f"the {side} hand was never seen to reach in front: calibrate its reach")


def _lowered(wish: Request, elevation: float) -> Request:
    if elevation == wish.amplitude:
        return wish
    reason = f"{elevation:.0f}°: no reach was measured above it"
    return Request(wish.movement, round(elevation, 3), wish.unit, "ENVELOPE", reason)


def _of_the_reach(motion: Motion, trial: Trial, cue_s: float, radius_m: float, top: int) -> dict[str, Measured]:
    """What can be said of the discrete movement to the fruit, or to the highest point where it was not reached."""
    place_m, hand_m = trial.values["place_m"], motion.hand_m(trial.side)
    found = reach(hand_m, motion.time_s, place_m, cue_s, radius_m=radius_m)
    if math.isnan(found.arrival_s):
        found = reach(hand_m[: top + 1], motion.time_s[: top + 1], place_m, cue_s)
    of_reach = measured(found)
    moving = (motion.time_s >= cue_s) & ~(motion.time_s > found.offset_s)
    trunk = trunk_shift(
        trunk_track_m(motion)[moving], hand_m[moving], trial.values["stance"].facing_deg, trial.values["arm_m"]
    )
    return {name: of_reach[name] for name in OF_A_REACH} | {"trunk_shift_m": measured(trunk)["trunk_shift_m"]}
