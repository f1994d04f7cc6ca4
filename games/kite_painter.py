"""Kite Painter: lead a kite along a ribbon in the air, which takes the colour of the sky behind it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import ClassVar

import numpy as np

from engine import feedback, moves, pace, rounds, tracing
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.hanging import able_arms
from engine.limits import OutsideEnvelope
from engine.measuring import LEAST_SEEN_PERCENT
from engine.metrics.definition import NotMeasurable, known
from engine.metrics.range_of_motion import STRAIGHT_ARM
from engine.metrics.reaching import LEAST_RATE_HZ
from engine.metrics.signals import median_rate_hz
from engine.motion import Array, Motion
from engine.parameters import choice, number
from engine.places import resting_hand_m
from engine.raising import ARM_RAISED, STRETCHED, angle, raised
from engine.records import Measured, TrialRecord
from engine.scene import Follow, Panel, Sound
from engine.task import REACHED, Measure, Move, Result, Task, Trial
from engine.tracing import FIGURES, Laid
from engine.turns import first_able, in_turn

FLOURISH_S = 1.2
CIRCLE_M, HANGS = 0.07, 0.9  # of a pendulum: how large, and how much of the reach an arm that hangs has
SPAN_TO_WIDE, OUTWARD_DEG = 1.3, 10.0
ENDS = 0.92  # of the time of the light: a simulated patient is at the end a little before it
LEAST_FRAMES = 20
PLACE_ERROR_M = 0.027  # 95 %, of a Quest 2 controller (Carnevale 2022, Sensors 22:5511)
HAND = {"left": "kite_painter.hand_left", "right": "kite_painter.hand_right"}
HELPED = "the arm was bent or helped: where the hand was, not the shoulder's angle"
BY_ONE = "by one of two hands that hold each other: the other one was hardly seen"
MODES = ("one hand", "two hands", "pendulum")


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(6, 1, 40, "", "ribbons in a round")
    arms: str = choice("both", ("both", "left", "right"), "which arm leads; both take turns with mirrored ribbons")
    mode: str = choice("one hand", MODES, "one hand, two that hold each other, or small circles of an arm that hangs")
    figure: str = choice("in turn", ("in turn", *FIGURES), "what the ribbons look like")
    span_deg: float = number(45.0, 15.0, 90.0, "deg", "how far down from its top a ribbon goes; a third more across")
    stretch: float = number(0.95, 0.6, 1.0, "of reach", "how far out it hangs; under 0.92 no angle can be measured")
    radius_m: float = number(0.1, 0.05, 0.15, "m", "how near the hand must keep to it", "size", -0.01)
    speed_mps: float = number(0.2, 0.05, 0.6, "m/s", "how fast the light goes ahead", "speed", 0.03)
    hold_s: float = number(0.5, 0.0, 5.0, "s", "time to rest the kite at the end", "hold", 0.5)
    limit_s: float = number(8.0, 4.0, 60.0, "s", "time beyond that of the light, before resting", "time", -1.0)
    pause_s: float = number(2.4, 0.5, 10.0, "s", "time to lower the arm between ribbons")


class Game(Task):
    """Ribbons in front of each arm in turn; the highest place of each follows what the arm reached before."""

    title = "Kite Painter"
    trains = ("shoulder elevation", "control of the arm", "smooth movement", "both arms in turn")
    postures = ("standing", "seated", "lying")
    moves_parts = ("neck", "left arm", "right arm")
    asks = ("hand",)
    version = 1
    place = "hill"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "elevation_deg": ARM_RAISED,
        "elevation_span_deg": Measure(
            "Range used", "deg", "From the lowest to the highest angle of the arm while it led the kite."
        ),
        "path_error_m": Measure(
            "Path error",
            "m",
            "Mean distance of the hand from the middle of the ribbon, from its beginning to its end.",
            "the mean distance from an ideal path, as reviewed in Schwarz 2019, Stroke 50:718",
        ),
        "inside_percent": Measure("On the ribbon", "%", "Share of that time in which the hand was on the ribbon."),
        "path_s": Measure("Time for the ribbon", "s", "From the beginning of the ribbon to its end."),
        "tempo_percent": Measure(
            "Tempo", "%", "Time of the light over time of the hand: 100 as fast as the light, less for slower."
        ),
        "smoothness_sparc": Measure(
            "Smoothness (SPARC)",
            "",
            "Of the hand's speed along the ribbon: nearer to 0 is smoother; compare only the same figure and tempo.",
            "Balasubramanian 2015, J NeuroEng Rehabil 12:112",
        ),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One ribbon after another, arms in turn: the second arm has the mirror image of what the first had."""
        p: Parameters = self.p
        sides = able_arms(envelope, SIDES if p.arms == "both" or p.mode == "two hands" else (p.arms,))
        if p.mode == "two hands" and len(sides) < len(SIDES):
            raise OutsideEnvelope("two hands were asked for, and only one may be used: choose one hand")
        if p.arms != "both":
            sides = (p.arms,)
        order = random.sample(tuple(FIGURES), len(FIGURES)) if p.figure == "in turn" else [p.figure]
        for number_ in range(p.targets):
            figure = order[number_ // len(sides) % len(order)]
            side, laid = first_able(in_turn(sides, number_), partial(_lay, envelope, p, figure))
            yield Trial(side, laid.request, {
                "points_m": laid.points_m,
                "long_m": laid.long_m,
                "figure": figure,
                "number": number_,
                "stance": envelope.stance,
                "shoulder_m": envelope.shoulder(side),
                "arm_m": envelope.arm_m(side),
            }, clasped=p.mode == "two hands")  # fmt: skip

    def play(self, trial: Trial) -> Move:
        """Lower the arm, then lead the kite along the ribbon and rest at its end."""
        count, path = trial.values["number"], self._path(trial)
        how = _told(self.p.mode, trial.side)
        panel = Panel("kite_painter", "kite_painter.lead", (*how, "kite_painter.follow"), count, self.p.targets)
        soon = panel._replace(title="kite_painter.next", text=how)
        around = rounds.around(count / self.p.targets, companion=False)
        yield from moves.show((soon, path._replace(state="later"), *around), self.p.pause_s)
        most_s = path.seconds + self.p.limit_s + self.p.hold_s
        led = moves.within(most_s, feedback.felt(tracing.trace(path, self.p.hold_s)))
        shown = (panel, Sound(f"{path.key} appears", "appear", path.points_m[0]), *around)
        outcome = yield from moves.alongside(shown, led)
        reached, end_m = outcome == REACHED, path.points_m[-1]
        painted = (path._replace(state="done", reached=1.0, pace=1.0, fill=1.0),) if reached else ()
        answer = rounds.answer(panel, path.key, reached, place_m=end_m, hand=path.hand, companion=False)
        yield from moves.show((*answer, *painted), FLOURISH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds."""
        values = trial.values
        p: Parameters = self.p
        seconds: float = values["long_m"] / p.speed_mps
        if not reached:
            return p.pause_s + p.limit_s + seconds + p.hold_s + FLOURISH_S
        resting_m = resting_hand_m(values["shoulder_m"], values["stance"].facing_deg, values["arm_m"])
        comes_s = pace.REACTION_S + pace.way_s(math.dist(resting_m, values["points_m"][0]), pace.HAND_MPS, 0.0)
        return p.pause_s + comes_s + ENDS * seconds + p.hold_s + FLOURISH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the leading, from the moment that the ribbon could be begun."""
        time_s = motion.time_s - motion.time_s[0]
        led = motion.cut(int(np.searchsorted(time_s, self.p.pause_s)), len(time_s))
        if len(led.time_s) < LEAST_FRAMES:
            raise NotMeasurable("ended before a ribbon could be led along")
        hand = _nearer(led, trial, self.p.mode)
        arm = raised(led, trial.values["stance"], hand, trial.values["shoulder_m"])
        found = tracing.traced(trial.values["points_m"], self.p.radius_m, led.hand_m(hand), led.time_s)
        out_m = STRETCHED * _far_m(trial)
        top = arm.top(out_m)
        if top is None or math.isnan(found.error_m):
            raise NotMeasurable("the hand did not come to the ribbon")
        straight = bool(arm.away_m[top] >= STRAIGHT_ARM * trial.values["arm_m"]) and self.p.mode != "two hands"
        high, low = float(arm.elevation_deg[top]), float(arm.elevation_deg[arm.away_m >= out_m].min())
        measures = {
            "elevation_deg": angle(high, straight, HELPED),
            "elevation_span_deg": angle(high - low, straight, HELPED),
            **self._of_the_way(trial, found, led.time_s),
        }
        if trial.clasped and not all(_well_seen(led, side) for side in SIDES):
            measures = {name: _by_one(number) for name, number in measures.items()}
        achieved = measures["elevation_deg"].value
        return Result(achieved if trial.request else None, measures, (arm.trace,))

    def _path(self, trial: Trial) -> Follow:
        values, hand = trial.values, "either" if self.p.mode == "two hands" else trial.side
        seconds = values["long_m"] / self.p.speed_mps
        return Follow(f"ribbon {values['number']}", values["points_m"], self.p.radius_m, hand, seconds)

    def _of_the_way(self, trial: Trial, found: tracing.Traced, time_s: Array) -> dict[str, Measured]:
        seconds, why = trial.values["long_m"] / self.p.speed_mps, "the end of the ribbon was not reached"
        tempo = 100 * seconds / found.seconds if found.seconds else math.nan
        rate_hz = median_rate_hz(time_s)
        unsmooth = f"{rate_hz:.0f} frames a second; {LEAST_RATE_HZ:.0f} are needed" if rate_hz < LEAST_RATE_HZ else ""
        return {
            "path_error_m": Measured(round(found.error_m, 4), "m", PLACE_ERROR_M),
            "inside_percent": Measured(round(found.inside_percent, 1), "%"),
            "path_s": known(found.seconds, "s", 3, why, 0.02),
            "tempo_percent": known(tempo, "%", 3, why),
            "smoothness_sparc": known(math.nan if unsmooth else found.smoothness, "", 3, unsmooth or why, 0.12),
        }


def _told(mode: str, side: str) -> tuple[str, ...]:
    """Which hand leads, and how an arm that hangs does."""
    if mode == "two hands":
        return ("kite_painter.both",)
    return (HAND[side], "kite_painter.hang") if mode == "pendulum" else (HAND[side],)


def _lay(envelope: Envelope, p: Parameters, figure: str, side: str) -> Laid:
    """The ribbon in front of an arm; raises OutsideEnvelope where there can be none."""
    if p.mode == "pendulum":
        return tracing.lay_hanging(envelope, side, CIRCLE_M, HANGS)
    mirror = 1 if side == "right" else -1
    span_deg = (mirror * SPAN_TO_WIDE * p.span_deg, p.span_deg)
    return tracing.lay(envelope, side, FIGURES[figure], span_deg, mirror * OUTWARD_DEG, p.radius_m, p.stretch)


def _nearer(motion: Motion, trial: Trial, mode: str) -> str:
    """The hand that led: of two that hold each other the one that was nearer to the ribbon, where both were seen."""
    if mode != "two hands":
        return trial.side
    points_m = np.asarray(trial.values["points_m"])

    def away_m(side: str) -> tuple[bool, float]:
        places = motion.hand_m(side)
        seen = places[~np.isnan(places).any(axis=1)]
        if not len(seen):
            return True, math.inf
        away = np.linalg.norm(seen[:, None, :] - points_m[None, :, :], axis=2).min(axis=1)
        return not _well_seen(motion, side), float(away.mean())

    return min((trial.side, *SIDES), key=away_m)


def _well_seen(motion: Motion, side: str) -> bool:
    return 100 * float(np.isfinite(motion.hand_m(side)[:, 0]).mean()) >= LEAST_SEEN_PERCENT


def _by_one(number: Measured) -> Measured:
    """A measure that says that one of two hands was hardly seen."""
    note = "; ".join(filter(None, (number.note, BY_ONE)))
    return Measured(number.value, number.unit, number.error, note)


def _far_m(trial: Trial) -> float:
    return min(math.dist(trial.values["shoulder_m"], place_m) for place_m in trial.values["points_m"])
