"""Dragon Rowing: both hands go forward and pull back to the chest, no faster than a drum; the long boat glides on."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import ClassVar

import numpy as np

from engine import feedback, moves, pace, rowing
from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.hanging import able_arms
from engine.metrics.bimanual import Bimanual, bimanual
from engine.metrics.definition import NotMeasurable, measured
from engine.motion import Array, Mask, Motion
from engine.parameters import choice, number
from engine.places import from_shoulder
from engine.raising import ARM_RAISED, STRETCHED, raised
from engine.records import Measured, TrialRecord
from engine.scene import Held, Item, Panel, Progress, Sound, Target
from engine.task import REACHED, Measure, Move, Result, Task, Trial, as_defined
from engine.turns import first_able, in_turn

FLOURISH_S = 0.5
MINUTE_S = 60.0
ARRIVES = 0.72  # of the time of a way: a simulated patient is there before it rests
LEAST_FRAMES, FRAME_S, SETTLES_S = 20, 0.02, 0.4
PLACE_ERROR_M = 0.027  # 95 %, of a Quest 2 controller (Carnevale 2022, Sensors 22:5511)
HOW = {
    "both": "dragon_rowing.both_arms",
    "left": "dragon_rowing.left_arm",
    "right": "dragon_rowing.right_arm",
}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(20, 1, 120, "", "strokes in a round")
    arms: str = choice("both", ("both", "left", "right"), "which arms row")
    stretch: float = number(0.9, 0.6, 1.0, "of reach", "how far forward the hands go; under 0.92 no angle is measured")
    height: float = number(
        0.8, 0.4, 1.0, "of limit", "how high the hands go, of what is asked for now; shoulders at most"
    )
    turn_deg: float = number(0.0, 0.0, 40.0, "deg", "how far to the left and to the right strokes go in turn; 0: ahead")
    rate_per_min: float = number(14.0, 4.0, 30.0, "/min", "how often the drum calls, at most")
    radius_m: float = number(0.09, 0.05, 0.2, "m", "how near each hand must come", "size", -0.02)
    hold_s: float = number(0.2, 0.0, 5.0, "s", "time to wait in front before pulling", "hold", 0.5)
    limit_s: float = number(8.0, 4.0, 60.0, "s", "time for a stroke, before waiting", "time", -1.0)


class Game(Task):
    """Strokes with both arms, each about one of them in turn; the drum waits for whoever is slower than it."""

    title = "Dragon Rowing"
    trains = ("pulling with both arms", "shoulder blades", "turning the trunk", "endurance")
    moves_parts = ("neck", "trunk", "left arm", "right arm")
    asks = ("hand", "turn")
    version = 1
    place = "lake"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        **{
            f"stroke_{side}_m": Measure(
                f"{side.capitalize()} stroke",
                "m",
                "How far the hand went from its furthest place in front to where the stroke ended, along the stroke.",
            )
            for side in SIDES
        },
        "reach_percent": Measure(
            "Reach used",
            "%",
            "Furthest that a hand was from its shoulder, of the length of the arm; of the better arm.",
        ),
        "strokes_per_min": Measure("Strokes a minute", "/min", "One over the time of this stroke, waiting included."),
        "drive_s": Measure("Time to pull", "s", "From the hands in front until both were at the chest."),
        "hands_aside_deg": Measure(
            "Hands turned to the right",
            "deg",
            "Where the middle between the hands was in front, seen from the head, negative to the left. Arms alone can "
            "do that: it is no angle of the trunk.",
        ),
        "elevation_deg": ARM_RAISED,
        **as_defined(Bimanual, "lag_s", "path_symmetry"),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One stroke after another, about each arm in turn; to the left and to the right in turn where they turn."""
        p: Parameters = self.p
        sides = able_arms(envelope, SIDES if p.arms == "both" else (p.arms,))
        first = random.randrange(len(sides))
        for number_ in range(p.targets):
            way = 1 if (number_ // len(sides)) % 2 else -1
            order = in_turn(sides, first + number_)
            lead, laid = first_able(order, partial(_lay, envelope, p, order, way * p.turn_deg))
            yield Trial(lead, laid.request, {
                "strokes": laid.strokes,
                "turn_deg": laid.turn_deg,
                "rowlocks_m": {side: rowing.rowlock_m(envelope, side) for side in laid.strokes},
                "number": number_,
                "stance": envelope.stance,
                "shoulder_m": {side: envelope.shoulder(side) for side in laid.strokes},
                "arm_m": {side: envelope.arm_m(side) for side in laid.strokes},
            })  # fmt: skip

    def play(self, trial: Trial) -> Move:
        """Bring the hands forward with the drum, pull to the chest, and glide until it calls again."""
        p: Parameters = self.p
        count, key = trial.values["number"], f"stroke {trial.values['number']}"
        catch, finish = (_targets(trial, key, part, p.radius_m) for part in ("catch_m", "finish_m"))
        rows = "both" if len(catch) > 1 else catch[0].hand
        panel = Panel("dragon_rowing", "dragon_rowing.row", (HOW[rows], "dragon_rowing.drum"), count, p.targets)
        around: tuple[Item, ...] = (panel, *_oars(trial), Progress("progress", count / p.targets))
        called = (*around, Sound(f"{key} drum", "call"))
        stroke = moves.within(p.limit_s + p.hold_s, _stroke(catch, finish, p.hold_s))
        glides = (*around, *(target._replace(state="later") for target in catch))
        period_s = MINUTE_S / p.rate_per_min - FLOURISH_S
        outcome = yield from moves.no_sooner(period_s, moves.alongside(called, stroke), glides)
        yield from moves.show((*_oars(trial), *self._answer(panel, finish, outcome == REACHED)), FLOURISH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds: as the drum calls, or longer where that is too fast."""
        p: Parameters = self.p
        if not reached:
            return max(MINUTE_S / p.rate_per_min, p.limit_s + p.hold_s + FLOURISH_S)
        values, facing = trial.values, trial.values["stance"].facing_deg
        ways_s = 0.0
        for side, stroke in values["strokes"].items():
            rests_m = from_shoulder(values["shoulder_m"][side], facing, 0.0, 25.0, 0.85 * values["arm_m"][side])
            to_m, back_m = math.dist(rests_m, stroke.catch_m), math.dist(stroke.catch_m, stroke.finish_m)
            ways_s = max(ways_s, _way_s(to_m) + _way_s(back_m))
        return max(MINUTE_S / p.rate_per_min, ways_s + p.hold_s + FLOURISH_S)

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the stroke, from the call of the drum to the next."""
        if len(motion.time_s) < LEAST_FRAMES:
            raise NotMeasurable("ended at once")
        seconds = motion.time_s - motion.time_s[0]
        lead, values = trial.side, trial.values
        arm = raised(motion, values["stance"], lead, values["shoulder_m"][lead])
        forward_m = STRETCHED * math.dist(values["shoulder_m"][lead], values["strokes"][lead].catch_m)
        angle = arm.angle(arm.top(forward_m), values["arm_m"][lead], "the arm was not stretched forward")
        measures = {
            **{f"stroke_{side}_m": _stroke_m(motion, trial, side, self.p.radius_m) for side in SIDES},
            "reach_percent": _reach_used(motion, trial),
            "strokes_per_min": Measured(round(MINUTE_S / float(seconds[-1]), 1), "/min"),
            "drive_s": _drive_s(motion, trial, self.p.radius_m),
            "hands_aside_deg": _aside_deg(motion, trial),
            "elevation_deg": angle,
            **_together(motion, trial),
        }
        return Result(angle.value, measures, (arm.trace,))

    def _answer(self, panel: Panel, finish: Sequence[Target], reached: bool) -> tuple[Item, ...]:
        progress = Progress("progress", (panel.done + 1) / self.p.targets)
        if not reached:
            return (
                panel._replace(title="dragon_rowing.not_yet", text=()),
                Sound(f"{panel.done} waits", "not_yet"),
                progress,
            )
        done = (target._replace(state="done", fill=1.0) for target in finish)
        pulses = (feedback.arrival(target.key, target.hand) for target in finish)
        heard = Sound(f"{panel.done} pulled", "reached", finish[0].place_m)
        return (panel._replace(done=panel.done + 1), *done, *pulses, heard, progress)


def _stroke(catch: Sequence[Target], finish: Sequence[Target], hold_s: float) -> Move:
    """Bring every hand to its place in front, and then to its end at the chest."""
    yield from feedback.followed(feedback.felt(moves.hold_all(catch, hold_s)), feedback.nearness(catch))
    return (yield from feedback.followed(feedback.felt(moves.hold_all(finish, 0.0)), feedback.nearness(finish)))


def _targets(trial: Trial, key: str, part: str, radius_m: float) -> tuple[Target, ...]:
    strokes: Mapping[str, rowing.Stroke] = trial.values["strokes"]
    return tuple(
        Target(f"{key} {part} {side}", getattr(strokes[side], part), radius_m, side, role="")
        for side in SIDES
        if side in strokes
    )


def _oars(trial: Trial) -> tuple[Held, ...]:
    """An oar in every hand that rows, out over the rim of the boat."""
    rowlocks_m: Mapping[str, Vector] = trial.values["rowlocks_m"]
    return tuple(Held(f"oar {side}", "oar", side, place_m) for side, place_m in rowlocks_m.items())


def _lay(envelope: Envelope, p: Parameters, sides: Sequence[str], turn_deg: float, side: str) -> rowing.Laid:
    """The stroke of an arm, with those of the others; raises OutsideEnvelope where it cannot row."""
    others = [other for other in sides if other != side]
    return rowing.lay(envelope, side, others, p.height, p.stretch, turn_deg, p.radius_m)


def _along_m(motion: Motion, trial: Trial, side: str) -> Array:
    """How far a hand was from the end of its stroke along it, (n,); nan where it was not seen."""
    stroke = trial.values["strokes"][side]
    way = np.subtract(stroke.catch_m, stroke.finish_m)
    along: Array = (motion.hand_m(side) - np.asarray(stroke.finish_m)) @ (way / np.linalg.norm(way))
    return along


def _stroke_m(motion: Motion, trial: Trial, side: str, radius_m: float) -> Measured:
    if side not in trial.values["strokes"]:
        return Measured(None, "m", None, "this arm did not row")
    along = _along_m(motion, trial, side)
    if np.isnan(along).all():
        return Measured(None, "m", None, f"the {side} hand was not seen")
    caught, ended = (_inside(motion, trial, (side,), part, moves.HELD * radius_m) for part in ("catch_m", "finish_m"))
    if not caught.any():
        return Measured(None, "m", None, f"the {side} hand was not in front")
    furthest = int(np.argmax(np.where(caught, along, -math.inf)))
    until = len(along)
    if ended[furthest:].any():
        end_s = motion.time_s[furthest + int(ended[furthest:].argmax())] + SETTLES_S
        until = int(np.searchsorted(motion.time_s, end_s))
    length_m = float(along[furthest]) - float(np.nanmin(along[furthest:until]))
    return Measured(round(length_m, 3), "m", PLACE_ERROR_M)


def _reach_used(motion: Motion, trial: Trial) -> Measured:
    used = [0.0]
    for side, shoulder_m in trial.values["shoulder_m"].items():
        away_m = np.linalg.norm(motion.hand_m(side) - np.asarray(shoulder_m), axis=1)
        used.append(float(np.nanmax(away_m, initial=0.0)) / trial.values["arm_m"][side])
    return Measured(round(100 * max(used), 1), "%")


def _drive_s(motion: Motion, trial: Trial, radius_m: float) -> Measured:
    """From when every hand was in front until every hand was at the chest."""
    sides = tuple(trial.values["strokes"])
    inside = {part: _inside(motion, trial, sides, part, moves.HELD * radius_m) for part in ("catch_m", "finish_m")}
    if not inside["catch_m"].any():
        return Measured(None, "s", None, "the hands were not in front together")
    caught = int(inside["catch_m"].argmax())
    if not inside["finish_m"][caught:].any():
        return Measured(None, "s", None, "the hands did not come back to the chest together")
    ended = caught + int(inside["finish_m"][caught:].argmax())
    return Measured(round(float(motion.time_s[ended] - motion.time_s[caught]), 3), "s", FRAME_S)


def _inside(motion: Motion, trial: Trial, sides: Sequence[str], part: str, near_m: float) -> Mask:
    """Whether all hands of some sides are where their strokes begin or end, (n,)."""
    away_m = [
        np.linalg.norm(motion.hand_m(side) - np.asarray(getattr(trial.values["strokes"][side], part)), axis=1)
        for side in sides
    ]
    inside: Mask = np.all(np.stack(away_m, axis=1) < near_m, axis=1)
    return inside


def _aside_deg(motion: Motion, trial: Trial) -> Measured:
    """Where the middle between the hands was when they were furthest in front."""
    strokes, stance = trial.values["strokes"], trial.values["stance"]
    if len(strokes) < 2:
        return Measured(None, "deg", None, "one arm rowed")
    along = sum(_along_m(motion, trial, side) for side in strokes)
    if np.isnan(along).all():
        return Measured(None, "deg", None, "the hands were not seen together")
    middle = (motion.left_m + motion.right_m)[int(np.nanargmax(along))] / 2 - np.asarray(stance.head_m)
    aside_deg = math.degrees(math.atan2(middle[0], -middle[2])) - stance.facing_deg
    return Measured(round((aside_deg + 180) % 360 - 180, 1), "deg")


def _together(motion: Motion, trial: Trial) -> dict[str, Measured]:
    if len(trial.values["strokes"]) < 2:
        why = "one arm rowed"
        return {"lag_s": Measured(None, "s", None, why), "path_symmetry": Measured(None, "", None, why)}
    found = measured(bimanual(motion.left_m, motion.right_m, motion.time_s))
    return {name: found[name] for name in ("lag_s", "path_symmetry")}


def _way_s(way_m: float) -> float:
    """How long a hand takes to come into somewhere with minimum jerk (Flash & Hogan 1985)."""
    return pace.REACTION_S + ARRIVES * pace.way_s(way_m, pace.HAND_MPS)
