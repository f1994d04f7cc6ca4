"""Block Ferry: take blocks out of one crate, carry them over a fence and the midline, and put them into the other."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import crates, ferrying, moves, pace, rounds, tabletop
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.hanging import able_arms
from engine.metrics.carrying import FRAME_S, carried
from engine.metrics.definition import NotMeasurable, known
from engine.motion import Motion
from engine.movements import CROSSES, on_sides
from engine.noted import Noted, timed
from engine.parameters import choice, number
from engine.places import resting_hand_m
from engine.raising import ARM_RAISED, raised
from engine.records import Measured, TrialRecord
from engine.scene import Panel, Prop, Sound, Target
from engine.tabletop import Table
from engine.task import REACHED, Measure, Move, Result, Task, Trial
from engine.turns import first_able

FLOURISH_S = 0.6
LEAST_FRAMES = 20
HAND = {"left": "block_ferry.hand_left", "right": "block_ferry.hand_right"}
GRIPS = ("no button", "squeeze")
HOW = {"no button": "block_ferry.stay", "squeeze": "block_ferry.squeeze"}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(12, 1, 60, "", "blocks in a round; of two arms each carries half of them")
    arms: str = choice("both", ("both", "left", "right"), "which arm carries; first the one, then the other")
    grip: str = choice(
        "no button", GRIPS, "how to take and put a block: by staying there, or by closing and opening the hand"
    )
    round_s: float = number(0.0, 0.0, 180.0, "s", "time for each arm, if all blocks are not over before; 0 for none")
    lift: float = number(0.9, 0.5, 1.0, "of limit", "how high to lift over the fence, of what is asked for now")
    aside_m: float = number(0.2, 0.12, 0.35, "m", "how far from the midline the crates are, within the reach")
    radius_m: float = number(0.07, 0.04, 0.12, "m", "how near a hand must come to a block", "size", -0.01)
    hold_s: float = number(0.3, 0.1, 5.0, "s", "time to stay to take or to put a block, without a button")
    limit_s: float = number(12.0, 4.0, 60.0, "s", "time for a block, before staying", "time", -1.0)
    pause_s: float = number(0.8, 0.3, 10.0, "s", "time between blocks")


class Game(Task):
    """Blocks go from the crate on the hand's own side over the fence to the other side."""

    title = "Block Ferry"
    trains = ("gross dexterity", "crossing the midline", "reaching at a table", "pace")
    moves_parts = ("neck", "left arm", "right arm")
    asks = ("hand",)
    version = 2
    place = "lake"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "blocks_per_min": Measure(
            "Blocks a minute",
            "/min",
            "Compare only with this person's own rounds at the same values: in virtual reality people carry 30 to 40 % "
            "fewer blocks than in the Box and Block Test, whose norms do not hold here.",
            "ours, after Mathiowetz 1985, Am J Occup Ther 39:386; Everard 2022, doi 10.1186/s12984-022-00981-0",
        ),
        "block_s": Measure("Time for a block", "s", "From the call until it was put down."),
        "reach_s": Measure("Time to the block", "s", "From the call until the hand was at the block."),
        "carry_s": Measure("Time to carry", "s", "From there until the hand was at the other crate."),
        "path_ratio": Measure(
            "Way over straight way",
            "",
            "Way of the hand from crate to crate over the straight ways up to the fence and down: 1 is straight.",
            "Schwarz 2019, Stroke 50:718, of two straight parts",
        ),
        "midline_crossings": Measure(
            "Midline crossings",
            "",
            "How often the hand crossed the midline until the block was put down.",
        ),
        "elevation_deg": ARM_RAISED,
    }

    @property
    def limits(self) -> tuple[str, ...]:
        """The movements that it may ask for beside those that are measured of everybody."""
        return on_sides(CROSSES, self.p.arms)

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One block after another, first all of one arm, until there are no more or its time is over."""
        sides = list(able_arms(envelope, SIDES if self.p.arms == "both" else (self.p.arms,)))
        random.shuffle(sides)
        for turn, side in enumerate(sides):
            begun = len(done)
            for number_ in range(turn, self.p.targets, len(sides)):
                if self._over(done[begun:]):
                    break
                yield self._trial(envelope, (side, *(other for other in sides if other != side)), done, number_)

    def play(self, trial: Trial) -> Move:
        """Take the block, carry it over the fence, put it down."""
        table, key, noted = trial.values["table"], f"block {trial.values['number']}", trial.values["noted"]
        take, over, put = _targets(table, key, trial.side, self.p.radius_m)
        text, done = (HAND[trial.side], HOW[self.p.grip]), trial.values["done"]
        panel = Panel("block_ferry", "block_ferry.carry", text, done, self.p.targets)
        around = (panel, *self._crates(trial, in_hand=1), *rounds.around(panel.done / panel.total, companion=False))
        yield from timed(moves.show((*around, take._replace(state="later")), self.p.pause_s), noted)
        noted.call()
        carry = ferrying.carry(take, over, put, self.p.hold_s, self.p.grip == "squeeze", around)
        called = (Sound(f"{key} called", "appear", take.place_m),)
        outcome = yield from timed(moves.alongside(called, moves.within(self._most_s(), carry)), noted)
        noted.stopped_s = noted.gone_s if outcome == REACHED else math.nan
        reached = outcome == REACHED
        answer = rounds.answer(panel, put.key, reached, place_m=put.place_m, hand=put.hand, companion=False)
        there = (put._replace(state="done", fill=1.0),) if reached else ()
        yield from moves.show((*answer, *self._crates(trial, more=int(reached)), *there), FLOURISH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds."""
        p: Parameters = self.p
        if not reached:
            return p.pause_s + self._most_s() + FLOURISH_S
        values, table = trial.values, trial.values["table"]
        facing = values["stance"].facing_deg
        resting_m = resting_hand_m(values["shoulder_m"], facing, values["arm_m"])
        places = (resting_m, table.take_m, table.over_m, table.put_m)
        ways_s = sum(pace.comes_s(math.dist(a, b)) for a, b in itertools.pairwise(places))
        stays_s = 2 * p.hold_s if p.grip == "no button" else 0.0
        return p.pause_s + ways_s + stays_s + FLOURISH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the way of the block, from the call on."""
        time_s = motion.time_s - motion.time_s[0]
        cut = motion.cut(int(np.searchsorted(time_s, trial.values["noted"].called_s)), len(time_s))
        if len(cut.time_s) < LEAST_FRAMES:
            raise NotMeasurable("ended at once")
        arm = raised(cut, trial.values["stance"], trial.side, trial.values["shoulder_m"])
        angle = arm.angle(arm.top(), trial.values["arm_m"], "the hand was not seen")
        return Result(angle.value, {**self._times(trial, cut), "elevation_deg": angle}, (arm.trace,))

    def _trial(self, envelope: Envelope, sides: Sequence[str], done: Sequence[TrialRecord], number_: int) -> Trial:
        p: Parameters = self.p
        side, table = first_able(sides, lambda arm: tabletop.lay(envelope, arm, p.lift, p.aside_m, p.radius_m))
        return Trial(side, table.request, {
            "table": table,
            "number": number_,
            "done": len(done),
            "over": sum(record.outcome == REACHED for record in done),
            "noted": Noted(),
            "stance": envelope.stance,
            "shoulder_m": envelope.shoulder(side),
            "arm_m": envelope.arm_m(side),
        })  # fmt: skip

    def _over(self, done: Sequence[TrialRecord]) -> bool:
        """Whether the time of an arm, whose trials these are, is over; rests between them take nothing of it."""
        return bool(self.p.round_s) and sum(record.end_s - record.start_s for record in done) >= self.p.round_s

    def _most_s(self) -> float:
        p: Parameters = self.p
        return p.limit_s + 2 * p.hold_s

    def _crates(self, trial: Trial, in_hand: int = 0, more: int = 0) -> tuple[Prop, ...]:
        """Both crates, the blocks in them (so many `more` are over now), and the fence."""
        over = trial.values["over"] + more
        facing_deg = trial.values["stance"].facing_deg
        return crates.filled(trial.values["table"], facing_deg, self.p.targets - over - in_hand, over)

    def _times(self, trial: Trial, motion: Motion) -> dict[str, Measured]:
        """The time of a block until it was put, as `play` saw it, and the way of the hand."""
        noted, near_m = trial.values["noted"], self.p.radius_m
        block_s, why = noted.stopped_s - noted.called_s, "the block was not put down"
        hand_m, stance, put_near_m = motion.hand_m(trial.side), trial.values["stance"], max(near_m, tabletop.PUT_M)
        return {
            "blocks_per_min": known(60 / block_s, "/min", 1, why),
            "block_s": known(block_s, "s", 3, why, FRAME_S),
            **carried(motion.time_s, hand_m, stance, trial.values["table"], near_m, put_near_m),
        }


def _targets(table: Table, key: str, side: str, radius_m: float) -> tuple[Target, Target, Target]:
    return (
        Target(key, table.take_m, radius_m, side, role="block"),
        Target(f"{key} over", table.over_m, radius_m, side, role=""),
        Target(f"{key} put", table.put_m, max(radius_m, tabletop.PUT_M), side, role=""),
    )
