"""Low-Shelf Café: cups are brought up from shelves that get lower, by bending, hinging or squatting as one likes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import bending, feedback, moves, pace, rounds, so_far
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.metrics.definition import NotMeasurable, known
from engine.metrics.range_of_motion import lean_track_deg
from engine.metrics.signals import low_passed, uniform
from engine.motion import Array, Motion
from engine.noted import Noted, since_call_s, timed
from engine.parameters import choice, number
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Bend, Panel, Sound
from engine.task import REACHED, Measure, Move, Result, Task, Trial
from engine.trace import thinned
from engine.turns import open_of

EITHER = "either"
FLOURISH_S = 0.9
LEAST_FRAMES = 20
FINE, LOWEST = 0.01, 0.2  # of the height of the shoulder: how near to a wished height a shelf is looked for
RATE_HZ, CUT_OFF_HZ = 60.0, 3.0
HASTY_MPS = 0.9  # faster than sitting down, slower than a fall
PLACE_ERROR_M = 0.01
PROXY = "from the head alone: knees, hips and back are not told apart"
BEND_DPS, ARRIVES, UP = 70.0, 0.75, 0.6  # as a simulated patient moves
REST, AHEAD_M, NO_DROP_M = (0.0, 0.62), 0.45, 0.05


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(6, 1, 30, "", "cups in a round")
    first_percent: float = number(100.0, 20.0, 100.0, "%", "height of the first shelf, of that of the shoulder")
    lowest_percent: float = number(52.0, 20.0, 100.0, "%", "height of the lowest shelf, of that of the shoulder")
    steps: int = number(6, 1, 10, "", "steps from the first shelf to the lowest")
    hand: str = choice(EITHER, (EITHER, *SIDES), "which hand takes the cups")
    radius_m: float = number(0.09, 0.05, 0.15, "m", "how near a hand must come", "size", -0.01)
    hold_s: float = number(0.5, 0.0, 5.0, "s", "time to stay at the shelf", "hold", 0.5)
    limit_s: float = number(12.0, 4.0, 40.0, "s", "time to get down to a cup, before staying there", "time", -1.0)
    pause_s: float = number(1.0, 0.5, 15.0, "s", "least time upright between cups")


class Game(Task):
    """Shelves go down step by step as planned, and not by how it feels: graded exposure to bending."""

    title = "Low-Shelf Café"
    trains = ("bending forward", "hip hinge and squat", "trust in the back")
    moves_parts = ("trunk", "left leg", "right leg", "left arm", "right arm")
    asks = ("bend",)
    asks_around = ("expected_harm", "felt_harm")
    version = 1
    place = "cafe"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "reach_m": Measure("Hand came down to", "m", "Height of the hand above the floor, nearest to the cup."),
        "reach_percent": Measure("Hand came down to, of stature", "%", "The same as a share of the stature."),
        "shelf_percent": Measure(
            "Shelf at", "%", "Height of what stood on the shelf, of that of the shoulder of who stands or sits upright."
        ),
        "head_drop_m": Measure("Head came down by", "m", "From upright to the lowest place of the head."),
        "bend_deg": Measure(
            "Bend, from the head",
            "deg",
            "Furthest angle of the line from where the hips are upright to the head: a proxy, less in a squat.",
            "ours; the head alone, as in graded reach after Thomas 2016",
        ),
        "down_s": Measure("Time down", "s", "From the call until the hand is at the shelf."),
        "up_s": Measure("Time up", "s", "From when the head leaves its lowest place until four fifths of the way up."),
        "peak_down_mps": Measure("Fastest on the way down", "m/s", "Peak downward speed of the head."),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Shelf by shelf from the first to the lowest, as low as precautions and the preset allow."""
        heights = _allowed(envelope, self.p.hand)
        steps = min(self.p.steps, self.p.targets)
        for count in range(self.p.targets):
            step = count * steps // self.p.targets
            lowest = min(self.p.lowest_percent, self.p.first_percent)
            wish = self.p.first_percent - (self.p.first_percent - lowest) * step / max(1, steps - 1)
            share = min(heights, key=lambda height: abs(height - wish / 100))
            place_m = bending.place_of(envelope, share, self.p.hand)
            low_m = bending.lowest_head_m(envelope, place_m)
            yield Trial("", None, {
                "goal": Bend(f"cup {count}", place_m, self.p.radius_m, low_m, hand=self.p.hand),
                "number": count,
                "shelf_percent": 100 * share,
                "bounded": "" if abs(share - wish / 100) <= FINE else bending.refuses(
                    envelope, bending.place_of(envelope, wish / 100, self.p.hand), self.p.hand),
                "hasty": (so_far.last(done[-1:], "peak_down_mps") or 0.0) > HASTY_MPS,
                "standing_m": envelope.stance.head_m[1],
                "stance": envelope.stance,
                "stature_m": envelope.calibration.stature_m.value,
                "hips_m": bending.hips_m(envelope),
                "noted": Noted(),
            })  # fmt: skip

    def play(self, trial: Trial) -> Move:
        """Be upright, bring a hand down to the cup, and come up with it."""
        return timed(self._played(trial), trial.values["noted"])

    def _played(self, trial: Trial) -> Move:
        goal, count, standing_m = (trial.values[name] for name in ("goal", "number", "standing_m"))
        panel = Panel("low_shelf_cafe", "low_shelf_cafe.upright", (), count, self.p.targets)
        up = bending.come_up(goal._replace(state="later"), self.p.pause_s, standing_m)
        around = rounds.around(count / self.p.targets)
        yield from moves.alongside((panel, *around), moves.within(self.p.limit_s + self.p.pause_s, up))
        trial.values["noted"].call()
        how = "low_shelf_cafe.gently" if trial.values["hasty"] else "low_shelf_cafe.as_you_like"
        ask = panel._replace(title="low_shelf_cafe.take", text=(self._hand_words(), how))
        down = moves.within(
            self.p.limit_s + self.p.hold_s, feedback.felt(bending.bend(goal, self.p.hold_s, standing_m))
        )
        heard = feedback.followed(down, lambda body: _nearness(goal, moves.hand_m(body, goal.hand, goal.place_m)))
        outcome = yield from moves.alongside((ask, Sound(f"{goal.key} call", "appear"), *around), heard)
        reached = outcome == REACHED
        answer = rounds.answer(panel, goal.key, reached, text=("low_shelf_cafe.up",))
        gone = goal._replace(state="done" if reached else "later")
        back = moves.within(self.p.limit_s, bending.come_up(gone, FLOURISH_S, standing_m))
        yield from moves.alongside(answer, back)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds."""
        p: Parameters = self.p
        dropped_m = trial.values["standing_m"] - trial.values["goal"].low_m
        drop = dropped_m / (bending.HEAD_OF_STATURE * trial.values["stature_m"])
        bend_s = pace.way_s(math.degrees(math.acos(max(-1.0, min(1.0, 1 - drop)))), BEND_DPS)
        hand_s = pace.way_s(math.dist(REST, (AHEAD_M, trial.values["shelf_percent"] / 100)), pace.HAND_MPS)
        down_s = pace.REACTION_S + ARRIVES * max(bend_s, hand_s) if reached else p.limit_s
        up_s = UP * bend_s if dropped_m > NO_DROP_M else 0.0
        return p.pause_s + down_s + p.hold_s + FLOURISH_S + up_s

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the way down and up, from the call on."""
        values, goal = trial.values, trial.values["goal"]
        since_s = since_call_s(motion, values["noted"])
        called = np.flatnonzero(since_s >= 0)
        if len(called) < LEAST_FRAMES:
            raise NotMeasurable("ended before anybody could bend")
        motion, time_s = motion.cut(int(called[0]), len(since_s)), since_s[called]
        head_m = motion.head_m
        hand_m = _hand_m(motion, goal)
        if hand_m is None:
            raise NotMeasurable("the hand was not seen")
        at_cup_m = round(float(hand_m[int(np.nanargmin(_away_m(hand_m, goal))), 1]), 3)
        drop_m = round(max(0.0, values["standing_m"] - float(head_m[:, 1].min())), 3)
        measures = {
            "reach_m": Measured(at_cup_m, "m", PLACE_ERROR_M),
            "reach_percent": Measured(round(100 * at_cup_m / values["stature_m"], 1), "%", 1.0),
            "shelf_percent": Measured(round(values["shelf_percent"], 1), "%", None, values["bounded"]),
            "head_drop_m": Measured(drop_m, "m", PLACE_ERROR_M),
            "bend_deg": Measured(_bend_deg(motion, trial), "deg", None, PROXY),
            **_times(time_s, head_m[:, 1], _away_m(hand_m, goal), trial),
        }
        return Result(None, measures, (Trace("Height of the head", "m", *thinned(time_s, head_m[:, 1])),))

    def _hand_words(self) -> str:
        return "low_shelf_cafe.any_hand" if self.p.hand == EITHER else f"low_shelf_cafe.hand_{self.p.hand}"


def _allowed(envelope: Envelope, hand: str) -> list[float]:
    """The heights at which a shelf may stand, as shares of the shoulder's; raises OutsideEnvelope for none."""
    heights = [share / 100 for share in range(100, round(100 * LOWEST) - 1, -1)]
    whys = {share: bending.refuses(envelope, bending.place_of(envelope, share, hand), hand) for share in heights}
    able = [share for share in heights if not whys[share]]
    return able or open_of({share: whys[share] for share in (heights[0], heights[-1])})  # between them it is the same


def _nearness(goal: Bend, hand_m: tuple[float, float, float] | None) -> float:
    return math.nan if hand_m is None else 1 - math.dist(hand_m, goal.place_m) / feedback.FAR_M


def _hand_m(motion: Motion, goal: Bend) -> Array | None:
    """The track of the hand that came nearest to the cup, (n, 3); None where none was seen."""
    tracks = [motion.hand_m(side) for side in SIDES if goal.hand in (EITHER, side)]
    seen = [track for track in tracks if np.isfinite(track).any()]
    return min(seen, key=lambda track: float(np.nanmin(_away_m(track, goal))), default=None)


def _away_m(track: Array, goal: Bend) -> Array:
    away: Array = np.linalg.norm(track - np.array(goal.place_m), axis=1)
    return away


def _bend_deg(motion: Motion, trial: Trial) -> float:
    """The furthest angle to the vertical of the line from the upright hips to the head."""
    ahead_m = np.tan(np.radians(lean_track_deg(motion, trial.values["stance"])[:, 0])) * motion.head_m[:, 1]
    bent = np.degrees(np.arctan2(ahead_m, motion.head_m[:, 1] - trial.values["hips_m"]))
    return round(float(bent.max()), 1)


def _times(time_s: Array, height_m: Array, away_m: Array, trial: Trial) -> dict[str, Measured]:
    """How long the way down and up took, and how fast the head came down."""
    goal = trial.values["goal"]
    there = np.flatnonzero(away_m < goal.radius_m)
    low = int(np.flatnonzero(height_m < height_m.min() + PLACE_ERROR_M)[-1])
    least_m = min(goal.low_m, trial.values["standing_m"] - bending.LEAST_DROP_M)
    up = np.flatnonzero(height_m[low:] > least_m + bending.UPRIGHT * (trial.values["standing_m"] - least_m))
    smooth = low_passed(uniform(time_s, height_m[:, None], RATE_HZ)[1], RATE_HZ, CUT_OFF_HZ)[:, 0]
    down_s = float(time_s[there[0]]) if len(there) else None
    up_s = float(time_s[low + up[0]] - time_s[low]) if len(up) else None
    peak_mps = float(-np.gradient(smooth, 1 / RATE_HZ).min())
    return {
        "down_s": known(down_s, "s", 2, "the hand did not come to the shelf", 0.1),
        "up_s": known(up_s, "s", 2, "nobody came up again", 0.1),
        "peak_down_mps": Measured(round(peak_mps, 3), "m/s", 0.05),
    }
