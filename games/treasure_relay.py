"""Treasure Relay: an adult leads the hand up and hides a treasure where it rests; then the hand finds it alone."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import ClassVar

from engine import feedback, moves, pace, relaying, rounds
from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.hanging import able_arms
from engine.limits import OutsideEnvelope
from engine.metrics.definition import known
from engine.motion import Motion
from engine.parameters import choice, number
from engine.places import seen_from_shoulder
from engine.raising import SOURCE, STRETCHED, raised
from engine.records import Measured, Request, TrialRecord
from engine.relaying import Hidden
from engine.scene import Item, Panel, Prop, Reach, Sound
from engine.task import NOT_YET, REACHED, STOPPED, Measure, Move, Result, Task, Trial
from engine.turns import first_able, in_turn

FLOURISH_S = 1.4
CHEST, CHEST_BELOW_M, AJAR = 0.55, 0.08, 0.05  # how large it is, how far below the hand, and how far a little open is
LEAST_FRAMES, FRAME_S = 20, 0.05
ARRIVES, RESTS = 0.70, 0.72  # as a simulated patient moves
WAYS = ("the hand", "a controller")
OTHER = {"left": "right", "right": "left"}
ADULT = {"the hand": "treasure_relay.guide", "a controller": "treasure_relay.hide"}
HAND = {"left": "treasure_relay.hand_left", "right": "treasure_relay.hand_right"}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(6, 1, 30, "", "treasures in a round")
    arms: str = choice("both", ("both", "left", "right"), "which arm plays; both take turns")
    leads: str = choice("the hand", WAYS, "what the adult leads: the person's hand, or a controller of their own")
    outward_deg: float = number(20.0, 0.0, 60.0, "deg", "how far to the side the way up may be")
    beyond_deg: float = number(10.0, 0.0, 60.0, "deg", "how much further than is asked for now the adult may lead")
    freeze_s: float = number(1.0, 1.0, 5.0, "s", "time to keep still, to hide")
    adult_s: float = number(20.0, 8.0, 90.0, "s", "time for the adult's turn")
    radius_m: float = number(0.1, 0.05, 0.2, "m", "how near the hand must come", "size", -0.01)
    hold_s: float = number(0.5, 0.0, 5.0, "s", "time to keep the hand at the treasure", "hold", 0.5)
    limit_s: float = number(12.0, 4.0, 60.0, "s", "time to find it, before keeping", "time", -1.0)
    pause_s: float = number(2.4, 0.5, 10.0, "s", "time to lower the arm, before each turn")


class Game(Task):
    """Two turns for every treasure: passive, with the hand of another; and active, alone."""

    title = "Treasure Relay"
    trains = ("from passive to active movement", "shoulder elevation", "playing together")
    postures = ("standing", "seated", "lying")
    moves_parts = ("neck", "left arm", "right arm")
    asks = ("hand", "helper")
    version = 1
    place = "shore"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "passive_deg": Measure(
            "Arm led to",
            "deg",
            "Angle of the line from shoulder to hand where the adult kept it still, 0 hanging, 90 level.",
            SOURCE,
        ),
        "active_deg": Measure(
            "Arm raised alone to",
            "deg",
            "Highest angle of that line while the hand looked for the treasure alone; true with a straight arm.",
            SOURCE,
        ),
        "gap_deg": Measure(
            "Passive beyond active",
            "deg",
            "How much further the arm was led than it came alone; both share what is wrong with the shoulder's place, "
            "and each repetition differs from the next by some degrees.",
        ),
        "guide_s": Measure("Time of the adult's turn", "s", "Until the treasure was hidden, keeping still included."),
        "freeze_s": Measure("Kept still", "s", "How long the hand was kept still to hide the treasure."),
        "find_s": Measure("Time to find", "s", "From the beginning of the person's turn until it was found and kept."),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One treasure after another, arms in turn, up to a little further than is asked of them."""
        p: Parameters = self.p
        sides = able_arms(envelope, SIDES if p.arms == "both" else (p.arms,))
        for number_ in range(p.targets):
            outward_deg = random.uniform(0.0, p.outward_deg)
            line_up = partial(_line_up, envelope, p, outward_deg, f"way {number_}")
            side, (request, line) = first_able(in_turn(sides, number_), line_up)
            yield Trial(side, request, {
                "line": line._replace(helper=side if p.leads == WAYS[0] else OTHER[side]),
                "number": number_,
                "hidden": Hidden(),
                "envelope": envelope,
                "stance": envelope.stance,
                "shoulder_m": envelope.shoulder(side),
                "arm_m": envelope.arm_m(side),
            })  # fmt: skip

    def play(self, trial: Trial) -> Move:
        """The adult's turn, then the person's own; what was hidden nearer than was asked for is found all the same.

        An adult who hid nothing says nothing of the person: that is no miss of theirs.
        """
        p: Parameters = self.p
        count, hidden, line = trial.values["number"], trial.values["hidden"], trial.values["line"]
        panel = Panel("treasure_relay", "treasure_relay.adult", (ADULT[p.leads], HAND[trial.side]), count, p.targets)
        around = rounds.around(count / p.targets, companion=False)
        yield from moves.show((panel._replace(text=()), *around), p.pause_s)
        guided = relaying.guide(line, trial.values["shoulder_m"], p.freeze_s, may_hide(trial, p.leads), hidden)
        outcome = yield from moves.alongside((panel, *around), moves.within(p.adult_s, guided))
        if outcome == NOT_YET:
            yield from moves.show(self._waits(panel, trial), FLOURISH_S)
            return STOPPED
        return (yield from self._seek(trial, panel))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds: both turns, and lowering the arm before each."""
        p: Parameters = self.p
        values, line = trial.values, trial.values["line"]
        up_deg = seen_from_shoulder(values["shoulder_m"], 0.0, line.stop_m)[1] - 25.0
        way_s = pace.way_s(math.radians(max(0.0, up_deg)) * values["arm_m"], pace.HAND_MPS)
        led_s: float = pace.REACTION_S + RESTS * way_s + p.freeze_s
        found_s: float = pace.REACTION_S + ARRIVES * way_s + p.hold_s if reached else p.limit_s + p.hold_s
        return 2 * p.pause_s + led_s + found_s + FLOURISH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure both ends: where the hand was led to, and how far it came alone.

        What was not hidden as far up as was asked for says nothing of how far the arm would have come.
        """
        hidden: Hidden = trial.values["hidden"]
        shoulder_m, arm_m = trial.values["shoulder_m"], trial.values["arm_m"]
        arm = raised(motion, trial.values["stance"], trial.side, shoulder_m)
        passive = relaying.led_to(hidden, shoulder_m, arm_m)
        if self.p.leads != WAYS[0]:
            passive = Measured(None, "deg", None, "a controller hid the treasure, and not the arm")
        active = arm.angle(arm.top(STRETCHED * arm_m, hidden.seek_s), arm_m, "the arm was not raised alone")
        measures = {
            "passive_deg": passive,
            "active_deg": active,
            "gap_deg": relaying.passive_beyond(passive, active),
            "guide_s": known(hidden.guided_s if hidden.place_m else None, "s", 2, relaying.NOT_HIDDEN, FRAME_S),
            "freeze_s": known(hidden.still_s if hidden.place_m else None, "s", 2, relaying.NOT_HIDDEN, FRAME_S),
            "find_s": known(hidden.found_s - hidden.seek_s, "s", 2, "it was not found yet", FRAME_S),
        }
        return Result(active.value if _as_far(trial, hidden) else None, measures, (arm.trace,))

    def _seek(self, trial: Trial, panel: Panel) -> Move:
        p: Parameters = self.p
        hidden, line, count = trial.values["hidden"], trial.values["line"], trial.values["number"]
        mine = panel._replace(title="treasure_relay.seek", text=(HAND[trial.side], "treasure_relay.warm"))
        key = f"treasure {count}"
        hid = (Sound(f"{key} hidden", "appear", hidden.place_m), feedback.arrival(f"{key} hidden", line.helper))
        around = rounds.around(count / p.targets, companion=False)
        yield from moves.show((mine._replace(text=()), *hid, *around), p.pause_s)
        hidden.seek_s = 2 * p.pause_s + hidden.guided_s
        sought = relaying.seek(line._replace(key=f"{line.key} alone", helper=""), p.radius_m, p.hold_s, hidden)
        outcome = yield from moves.alongside((mine, *around), moves.within(p.limit_s + p.hold_s, sought))
        if outcome == NOT_YET:
            yield from moves.show(self._waits(panel, trial), FLOURISH_S)
            return NOT_YET
        answer = rounds.answer(panel, key, True, place_m=hidden.place_m, hand=trial.side, companion=False)
        yield from moves.show((_chest(trial, 1.0), *answer), FLOURISH_S)
        return REACHED

    def _waits(self, panel: Panel, trial: Trial) -> tuple[Item, ...]:
        """What is shown of a treasure that was not hidden, or not found yet: where it was, a little open."""
        chest = (_chest(trial, AJAR),) if trial.values["hidden"].place_m else ()
        return (*rounds.answer(panel, f"treasure {trial.values['number']}", False, companion=False), *chest)


def _line_up(envelope: Envelope, p: Parameters, outward_deg: float, key: str, side: str) -> tuple[Request, Reach]:
    """What is asked of an arm, and its way up, a little further; raises OutsideEnvelope where there is none."""
    wish = envelope.request(f"shoulder_elevation_{side}")
    azimuth_deg = outward_deg if side == "right" else -outward_deg
    line = relaying.way_up(envelope, side, azimuth_deg, wish.amplitude + p.beyond_deg, key)
    if seen_from_shoulder(envelope.shoulder(side), 0.0, line.stop_m)[1] <= relaying.LEAST_DEG:
        raise OutsideEnvelope(f"the {side} arm may not be led as far up as hides anything")
    return wish, line


def may_hide(trial: Trial, leads: str) -> relaying.Allowed:
    """Where something may be hidden: wherever a hand is led, else only where the person's hand may be asked to go."""
    if leads == WAYS[0]:
        return lambda _: True
    envelope: Envelope = trial.values["envelope"]
    return lambda place_m: not envelope.refuses_target(place_m, trial.side)


def _as_far(trial: Trial, hidden: Hidden) -> bool:
    """Whether something was hidden as far up as was asked for."""
    place_m: Vector = hidden.place_m or trial.values["line"].start_m
    up_deg = seen_from_shoulder(trial.values["shoulder_m"], 0.0, place_m)[1]
    return trial.request is not None and up_deg >= trial.request.amplitude


def _chest(trial: Trial, opened: float) -> Prop:
    x, y, z = trial.values["hidden"].place_m
    return Prop(
        "treasure", "treasure", (x, y - CHEST_BELOW_M, z), trial.values["stance"].facing_deg, CHEST, open=opened
    )
