"""Dragon Rowing: both hands go forward and pull back to the chest, no faster than a drum; the long boat glides on."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import ClassVar

from engine import feedback, moves, pace, rowing
from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.hanging import able_arms
from engine.metrics.bimanual import Bimanual, bimanual
from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.strokes import Rowed
from engine.motion import Motion
from engine.parameters import choice, number
from engine.places import resting_hand_m
from engine.raising import ARM_RAISED, STRETCHED, raised
from engine.records import Measured, TrialRecord
from engine.scene import Held, Item, Panel, Progress, Sound, Target
from engine.task import REACHED, Measure, Move, Result, Task, Trial, as_defined, none_of
from engine.turns import first_able, in_turn

FLOURISH_S = 0.5
MINUTE_S = 60.0
LEAST_FRAMES = 20
TOGETHER = as_defined(Bimanual, "lag_s", "path_symmetry")
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
        **TOGETHER,
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
            rests_m = resting_hand_m(values["shoulder_m"][side], facing, values["arm_m"][side])
            to_m, back_m = math.dist(rests_m, stroke.catch_m), math.dist(stroke.catch_m, stroke.finish_m)
            ways_s = max(ways_s, pace.comes_s(to_m) + pace.comes_s(back_m))
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
        rowed = Rowed(motion, values["strokes"], moves.HELD * self.p.radius_m)
        measures = {
            **{f"stroke_{side}_m": rowed.length(side) for side in SIDES},
            "reach_percent": rowed.reach_used(values["shoulder_m"], values["arm_m"]),
            "strokes_per_min": Measured(round(MINUTE_S / float(seconds[-1]), 1), "/min"),
            "drive_s": rowed.drive(),
            "hands_aside_deg": rowed.aside(values["stance"]),
            "elevation_deg": angle,
            **_together(motion, values["strokes"]),
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


def _together(motion: Motion, strokes: Mapping[str, rowing.Stroke]) -> dict[str, Measured]:
    if len(strokes) < 2:
        return none_of(TOGETHER, "one arm rowed")
    return measured(bimanual(motion.left_m, motion.right_m, motion.time_s), *TOGETHER)
