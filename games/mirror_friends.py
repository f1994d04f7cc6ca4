"""Mirror Friends: a companion shows a pose, and whoever stands before it copies it as in a mirror."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import ClassVar

import numpy as np

from engine import feedback, moves, pace, poses, posing
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.hanging import able_arms
from engine.metrics.bimanual import Bimanual, bimanual
from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.matching import asymmetry, hands_near, matched
from engine.motion import Mask, Motion
from engine.parameters import choice, number
from engine.places import resting_hand_m
from engine.poses import COMFORTABLE, ArmPose
from engine.raising import ARM_RAISED, STRETCHED, Raised, raised
from engine.records import Measured, TrialRecord
from engine.scene import Friend, Gaze, Item, Lean, Panel, Progress, Sound, Target
from engine.task import REACHED, Measure, Move, Result, Task, Trial, as_defined, none_of
from engine.turns import first_able, in_turn, shuffled

FLOURISH_S = 1.2
LEAST_FRAMES = 20
LEAST_WINDOW_S = 0.5
OUT_DEG: Mapping[str, float] = {"left": -8.0, "right": 8.0}  # of arms that hang
ONE_ARM = "the pose was one of one arm"
TOGETHER = as_defined(Bimanual, "lag_s", "path_symmetry")
REACTION_S = 0.4  # to a pose, which takes a moment more to read
ARRIVES = 0.66  # of the time of a minimum jerk movement: then a hand is within such a target

POSES = (
    ArmPose("bird", 60.0, 60.0, COMFORTABLE, "arms_side"),
    ArmPose("tall tree", 10.0, 10.0, COMFORTABLE, "arms_up"),
    ArmPose("star", 40.0, 40.0, COMFORTABLE, "arms_up", tilt=-1),
    ArmPose("aeroplane", 60.0, 60.0, 0.7, "arms_side", lean=-1),
    ArmPose("archer", 0.0, 60.0, 0.7, "both_arms"),
    ArmPose("sleepy cat", 20.0, 20.0, 0.6, "arms_ahead", tilt=1),
    ArmPose("penguin", 40.0, 40.0, 0.4, "one_up", lean=1),
    ArmPose("giraffe", 0.0, 20.0, 0.35, "one_up"),
)
JOINTS: Mapping[str, tuple[str, ...]] = {
    "arms": (),
    "arms and trunk": ("lean",),
    "arms and head": ("tilt",),
    "all": ("lean", "tilt"),
}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(8, 1, 40, "", "poses in a round")
    arms: str = choice("both", ("both", "left", "right"), "which arms copy")
    joints: str = choice("arms", tuple(JOINTS), "what has to fit; trunk only standing, each only where it was measured")
    radius_m: float = number(0.14, 0.06, 0.22, "m", "how near each hand must come", "size", -0.02)
    hold_s: float = number(1.0, 0.0, 8.0, "s", "time to hold a pose", "hold", 0.5)
    limit_s: float = number(10.0, 4.0, 60.0, "s", "time to get into a pose, before holding it", "time", -1.0)
    watch_s: float = number(2.5, 1.0, 10.0, "s", "time to look at a pose before it is copied")


class Game(Task):
    """Poses with both arms, each trial about one of them: the other goes no further than is comfortable."""

    title = "Mirror Friends"
    trains = ("shoulder elevation", "both arms together", "imitation", "posture")
    moves_parts = ("neck", "trunk", "left arm", "right arm")
    asks = ("hand",)
    version = 1
    place = "meadow"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "match_percent": Measure(
            "Match",
            "%",
            "Share of the last moments of copying in which a joint was where it should be, over all joints.",
        ),
        "match_s": Measure(
            "Time to match", "s", "From the invitation until both hands were first where they should be."
        ),
        "held_s": Measure("Held", "s", "Longest time for which both hands stayed there."),
        **{f"elevation_{side}_deg": replace(ARM_RAISED, title=f"{side.capitalize()} arm raised to") for side in SIDES},
        "asymmetry_deg": Measure(
            "Right arm higher than left",
            "deg",
            "How much more of what was asked of it the right arm did than the left, held; what is wrong with both "
            "shoulders' places cancels.",
        ),
        **TOGETHER,
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each pose once in a shuffled order, then again; about one arm after the other."""
        sides = able_arms(envelope, SIDES if self.p.arms == "both" else (self.p.arms,))
        first, drawn = random.randrange(len(sides)), shuffled(random, POSES)
        for number_ in range(self.p.targets):
            pose, order = next(drawn), in_turn(sides, first + number_)
            side, hung = first_able(order, partial(poses.hang_all, envelope, order, pose, self.p.radius_m, done))
            lean, hung = poses.leaning(envelope, pose, side, hung) if "lean" in JOINTS[self.p.joints] else (None, hung)
            tilt = poses.tilting(envelope, pose, side) if "tilt" in JOINTS[self.p.joints] else None
            yield Trial(side, hung[side].request, {
                "pose": pose,
                "hung": hung,
                "more": tuple(item for item in (lean, tilt) if item is not None),
                "number": number_,
                "stance": envelope.stance,
                "shoulder_m": {side: envelope.shoulder(side) for side in hung},
                "arm_m": {side: envelope.arm_m(side) for side in hung},
            })  # fmt: skip

    def play(self, trial: Trial) -> Move:
        """Look at the pose, copy it, hold it."""
        pose, number_, hung = trial.values["pose"], trial.values["number"], trial.values["hung"]
        targets = tuple(
            Target(f"{side} hand {number_}", hung[side].place_m, self.p.radius_m, side)
            for side in SIDES
            if side in hung
        )
        about = f"mirror_friends.{pose.words if len(hung) > 1 else f'{trial.side}_arm'}"
        panel = Panel("mirror_friends", "mirror_friends.watch", (about,), number_, self.p.targets)
        friend = poses.shown(hung, trial.values["more"])
        later = tuple(target._replace(state="later") for target in targets)
        yield from moves.show((panel, friend, *later, self._progress(number_)), self.p.watch_s)
        text = (about, *(f"mirror_friends.{_word(item)}" for item in trial.values["more"]), "mirror_friends.hold")
        asked = panel._replace(title="mirror_friends.copy", text=text)
        around = (asked, friend, Sound(f"pose {number_}", "appear"), self._progress(number_))
        outcome = yield from moves.alongside(around, self._copy(trial, targets))
        yield from moves.show(self._answer(trial, panel, targets, outcome == REACHED), FLOURISH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds: looking, copying, holding and the cheer after it."""
        p: Parameters = self.p
        values, facing_deg = trial.values, trial.values["stance"].facing_deg
        ways_m = [
            math.dist(
                resting_hand_m(values["shoulder_m"][side], facing_deg, values["arm_m"][side], OUT_DEG[side]),
                hung.place_m,
            )
            for side, hung in values["hung"].items()
        ]
        way_s = REACTION_S + ARRIVES * pace.way_s(max(ways_m), pace.HAND_MPS) if reached else p.limit_s
        return p.watch_s + way_s + p.hold_s + FLOURISH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the copying, from the invitation to the answer."""
        time_s = motion.time_s - motion.time_s[0]
        first, last = np.searchsorted(time_s, (self.p.watch_s, float(time_s[-1]) - FLOURISH_S))
        if last - first < LEAST_FRAMES:
            raise NotMeasurable("ended before a pose could be copied")
        copying = motion.cut(int(first), int(last))
        hung, last_s = trial.values["hung"], max(LEAST_WINDOW_S, self.p.hold_s)
        places_m = {side: at.place_m for side, at in hung.items()}
        inside = hands_near(copying, places_m, moves.HELD * self.p.radius_m)
        arms = {
            side: raised(copying, trial.values["stance"], side, at) for side, at in trial.values["shoulder_m"].items()
        }
        angles = {side: _angle(arm, trial, side) for side, arm in arms.items()}
        measures = {
            **none_of(self.measures, ONE_ARM),
            **matched(copying.time_s - copying.time_s[0], inside, last_s),
            **{f"elevation_{side}_deg": angle for side, angle in angles.items()},
        }
        if len(hung) == len(SIDES):
            asked_deg = {side: at.elevation_deg for side, at in hung.items()}
            measures |= {"asymmetry_deg": asymmetry(arms, asked_deg, last_s), **_together(copying, inside)}
        return Result(angles[trial.side].value, measures, (arms[trial.side].trace,))

    def _copy(self, trial: Trial, targets: tuple[Target, ...]) -> Move:
        """Bring every joint of the pose where it should be, all at once, and keep it there."""
        held = feedback.felt(moves.hold_all(targets, self.p.hold_s))
        posed = posing.posed(held, trial.values["more"])
        return feedback.followed(moves.within(self.p.limit_s + self.p.hold_s, posed), feedback.nearness(targets))

    def _answer(self, trial: Trial, panel: Panel, targets: tuple[Target, ...], reached: bool) -> tuple[Item, ...]:
        """What is shown after a pose: the friend cheers, or waves."""
        key, count = f"pose {trial.values['number']}", trial.values["number"]
        if not reached:
            waits = panel._replace(title="mirror_friends.not_yet", text=())
            return (waits, Friend("friend", "waves"), Sound(f"{key} not yet", "not_yet"), self._progress(count))
        cheer = panel._replace(title="mirror_friends.reached", text=(), done=count + 1)
        done = (target._replace(state="done", fill=1.0) for target in targets)
        pulses = (feedback.arrival(target.key, target.hand) for target in targets)
        heard = (Sound(f"{key} reached", "cheer"), self._progress(count + 1))
        return (cheer, Friend("friend", "cheers"), *done, *pulses, *heard)

    def _progress(self, tried: int) -> Progress:
        return Progress("progress", tried / self.p.targets)


def _word(item: Lean | Gaze) -> str:
    return "lean" if isinstance(item, Lean) else "tilt"


def _angle(arm: Raised, trial: Trial, side: str) -> Measured:
    """How high an arm was raised while it was stretched out."""
    out_m = STRETCHED * math.dist(trial.values["shoulder_m"][side], trial.values["hung"][side].place_m)
    return arm.angle(arm.top(out_m), trial.values["arm_m"][side], "the arm was not stretched out")


def _together(motion: Motion, inside: Mask) -> dict[str, Measured]:
    """Which hand went first, and how alike they moved, until the pose was matched."""
    together = inside.all(axis=1)
    until = int(np.argmax(together)) + 1 if together.any() else len(inside)
    hands = bimanual(motion.left_m[:until], motion.right_m[:until], motion.time_s[:until])
    return measured(hands, *TOGETHER)
