"""Block Ferry: take blocks out of one crate, carry them over a fence and the midline, and put them into the other."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import feedback, ferrying, moves, tabletop
from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.hanging import able_arms
from engine.metrics.definition import NotMeasurable
from engine.motion import Array, Motion
from engine.movements import CROSSES, on_sides
from engine.noted import Noted, timed
from engine.parameters import choice, number
from engine.places import from_shoulder
from engine.raising import ARM_RAISED, raised
from engine.records import Measured, TrialRecord
from engine.scene import Item, Panel, Progress, Prop, Sound, Target
from engine.tabletop import Table
from engine.task import REACHED, Measure, Move, Result, Task, Trial
from engine.turns import first_able

FLOURISH_S = 0.6
ROOM_M, FLOOR_M = 0.18, 0.055  # from the fence to the middle of a crate, and its floor below the hand
PUT_M = 0.10  # how near to its place a block is put, at least
SHOWN_BLOCKS = 8
REACTION_S, HAND_MPS, ARRIVES = 0.35, 0.75, 0.72  # as a simulated patient moves, who is there before it rests
LEAST_FRAMES, FRAME_S = 20, 0.02
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
        panel = Panel(
            "block_ferry",
            "block_ferry.carry",
            (HAND[trial.side], HOW[self.p.grip]),
            trial.values["done"],
            self.p.targets,
        )
        around = (panel, *self._around(trial, panel.done, in_hand=1))
        yield from timed(moves.show((*around, take._replace(state="later")), self.p.pause_s), noted)
        noted.call()
        carried = ferrying.carry(take, over, put, self.p.hold_s, self.p.grip == "squeeze", around)
        called = (Sound(f"{key} called", "appear", take.place_m),)
        outcome = yield from timed(moves.alongside(called, moves.within(self._most_s(), carried)), noted)
        noted.stopped_s = noted.gone_s if outcome == REACHED else math.nan
        yield from moves.show(self._answer(trial, panel, put, outcome == REACHED), FLOURISH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds."""
        p: Parameters = self.p
        if not reached:
            return p.pause_s + self._most_s() + FLOURISH_S
        values, table = trial.values, trial.values["table"]
        facing = values["stance"].facing_deg
        resting_m = from_shoulder(values["shoulder_m"], facing, 0.0, 25.0, 0.85 * values["arm_m"])
        places = (resting_m, table.take_m, table.over_m, table.put_m)
        ways_s = sum(_way_s(math.dist(a, b)) for a, b in itertools.pairwise(places))
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

    def _around(self, trial: Trial, done: int, in_hand: int = 0, more: int = 0) -> tuple[Item, ...]:
        """Both crates, the blocks in them (so many `more` are over now), the fence, and how far the round has come."""
        table, over = trial.values["table"], trial.values["over"] + more
        standing = _standing(table, trial.values["stance"].facing_deg)
        take_m, put_m = _crates_m(table)
        heaps = (*_heap("wait", take_m, self.p.targets - over - in_hand), *_heap("over", put_m, over))
        return (*standing, *heaps, Progress("progress", done / self.p.targets))

    def _answer(self, trial: Trial, panel: Panel, put: Target, reached: bool) -> tuple[Item, ...]:
        around = self._around(trial, panel.done + 1, more=int(reached))
        if not reached:
            waits = panel._replace(title="block_ferry.not_yet", text=())
            return (waits, *around, Sound(f"{put.key} stays", "not_yet"))
        cheer = panel._replace(title="block_ferry.reached", text=(), done=panel.done + 1)
        there = put._replace(state="done", fill=1.0)
        return (
            cheer,
            *around,
            there,
            Sound(f"{put.key} put", "reached", put.place_m),
            feedback.arrival(put.key, put.hand),
        )

    def _times(self, trial: Trial, motion: Motion) -> dict[str, Measured]:
        table, hand, seconds = trial.values["table"], motion.hand_m(trial.side), motion.time_s - motion.time_s[0]
        take, put = _passed(hand, table, self.p.radius_m)
        found: dict[str, Measured] = {}
        found["reach_s"] = _lasted(seconds, 0, take, "the hand did not come to the block")
        found["carry_s"] = _lasted(seconds, take, put, "the block did not come over")
        way = Measured(None, "", None, "the block did not come over")
        if put >= 0:
            way = Measured(round(tabletop.path_m(hand[take : put + 1]) / table.way_m, 3), "")
        noted: Noted = trial.values["noted"]
        block_s, why = noted.stopped_s - noted.called_s, "the block was not put down"
        rate, found["block_s"] = Measured(None, "/min", None, why), Measured(None, "s", None, why)
        if not math.isnan(block_s):
            rate, found["block_s"] = Measured(round(60 / block_s, 1), "/min"), Measured(round(block_s, 3), "s", FRAME_S)
        end = put + 1 if put >= 0 else len(hand)
        crossed = tabletop.crossings(tabletop.across_m(trial.values["stance"], hand[:end]))
        midline = Measured(float(crossed), "", None, table.beside)
        return {"blocks_per_min": rate, **found, "path_ratio": way, "midline_crossings": midline}


def _targets(table: Table, key: str, side: str, radius_m: float) -> tuple[Target, Target, Target]:
    return (
        Target(key, table.take_m, radius_m, side, role="block"),
        Target(f"{key} over", table.over_m, radius_m, side, role=""),
        Target(f"{key} put", table.put_m, max(radius_m, PUT_M), side, role=""),
    )


def _standing(table: Table, facing_deg: float) -> Iterator[Prop]:
    """Both crates on their posts, and the fence between them."""
    floor_m = table.take_m[1] - FLOOR_M
    for name, (x, _, z) in zip(("take", "put"), _crates_m(table), strict=True):
        yield Prop(f"crate {name}", "crate", (x, floor_m, z), facing_deg)
        yield Prop(f"post {name}", "shelf_leg", (x, 0.0, z), tall=floor_m)
    x, y, z = table.over_m
    top_m = y - tabletop.FENCE_M
    yield Prop("post fence", "shelf_leg", (x, 0.0, z), tall=floor_m)
    yield Prop("fence", "barrier", (x, floor_m, z), facing_deg, tall=max(0.02, top_m - floor_m))


def _crates_m(table: Table) -> tuple[Vector, Vector]:
    """The middles of both crates, a little above their floor: around the places, but clear of the fence between."""
    (x, _, z), (ax, y, az), (bx, _, bz) = table.over_m, table.take_m, table.put_m
    a, b = (max(1.0, ROOM_M / math.hypot(px - x, pz - z)) for px, pz in ((ax, az), (bx, bz)))
    return (x + a * (ax - x), y, z + a * (az - z)), (x + b * (bx - x), y, z + b * (bz - z))


def _heap(name: str, place_m: Vector, count: int) -> Iterator[Prop]:
    """Blocks side by side on the floor of a crate, behind and beside the one that is asked for."""
    x, y, z = place_m
    for index in range(min(count, SHOWN_BLOCKS)):
        row, column = divmod(index, 4)
        aside_m, back_m = (column - 1.5) * 0.058, (-0.065, 0.065)[row]
        yield Prop(f"{name} {index}", "block", (x + aside_m, y - FLOOR_M + 0.026, z + back_m), 15.0 * index)


def _passed(hand: Array, table: Table, radius_m: float) -> tuple[int, int]:
    """The samples in which a hand came to the block, and over the fence to the other crate; -1 for never."""
    take = tabletop.arrival(hand, table.take_m, radius_m, 0)
    over = tabletop.arrival(hand, table.over_m, radius_m, take) if take >= 0 else -1
    put = tabletop.arrival(hand, table.put_m, max(radius_m, PUT_M), over) if over >= 0 else -1
    return take, put


def _lasted(seconds: Array, begin: int, end: int, why: str) -> Measured:
    if end < 0:
        return Measured(None, "s", None, why)
    return Measured(round(float(seconds[end] - seconds[begin]), 3), "s", FRAME_S)


def _way_s(way_m: float) -> float:
    """How long a hand takes to come into somewhere with minimum jerk (Flash & Hogan 1985)."""
    return REACTION_S + ARRIVES * (1.875 * way_m / HAND_MPS + 0.15)
