"""Mirror Friends: a companion shows a pose, and whoever stands before it copies it as in a mirror."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import ClassVar

import numpy as np

from engine import feedback, moves, pace, posing
from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.hanging import Hung, able_arms, along, hang
from engine.limits import OutsideEnvelope
from engine.metrics.bimanual import Bimanual, bimanual
from engine.metrics.definition import NotMeasurable, measured
from engine.motion import Array, Motion
from engine.movements import LEANS
from engine.parameters import choice, number
from engine.places import from_shoulder
from engine.raising import ARM_RAISED, STRETCHED, Raised, raised
from engine.records import Measured, Request, TrialRecord
from engine.scene import Arms, Friend, Gaze, Item, Lean, Panel, Progress, Sound, Target
from engine.task import REACHED, Measure, Move, Result, Task, Trial, as_defined
from engine.turns import first_able, in_turn, shuffled

FLOURISH_S = 1.2
STRETCH = 0.95  # of the reach: an arm that is bent more than that shows no angle
COMFORTABLE = 0.85  # of its limit: the most for the arm that a trial is not about
FURTHEST_OUT_DEG = (60.0, 40.0, 20.0, 0.0)  # where to hang a target that cannot be as far out as the pose wants
MOST_LEAN_DEG, LEAN_OF_LIMIT, LEAN_TOLERANCE_DEG = 4.0, 0.7, 1.2
TILT_OF_LIMIT, TILT_TOLERANCE_DEG = 0.6, 7.0
LEAST_FRAMES = 20
LEAST_WINDOW_S = 0.5
FRAME_S = 0.02
REST_ELEVATION_DEG, REST_OF_ARM = 25.0, 0.85
REACTION_S = 0.4  # to a pose, which takes a moment more to read
ARRIVES = 0.66  # of the time of a minimum jerk movement: then a hand is within such a target


@dataclass(frozen=True)
class Pose:
    """What a companion shows: how far out each arm points, and how high the other arm, as a share of its limit.

    The arm that a trial is about is raised as far as the difficulty asks. `lean` and `tilt` are to the other side (-1),
    to its own (1) or none; `words` tell the pose.
    """

    name: str
    lead_out_deg: float
    other_out_deg: float
    other_share: float
    words: str
    lean: int = 0
    tilt: int = 0


POSES = (
    Pose("bird", 60.0, 60.0, COMFORTABLE, "arms_side"),
    Pose("tall tree", 10.0, 10.0, COMFORTABLE, "arms_up"),
    Pose("star", 40.0, 40.0, COMFORTABLE, "arms_up", tilt=-1),
    Pose("aeroplane", 60.0, 60.0, 0.7, "arms_side", lean=-1),
    Pose("archer", 0.0, 60.0, 0.7, "both_arms"),
    Pose("sleepy cat", 20.0, 20.0, 0.6, "arms_ahead", tilt=1),
    Pose("penguin", 40.0, 40.0, 0.4, "one_up", lean=1),
    Pose("giraffe", 0.0, 20.0, 0.35, "one_up"),
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
        **as_defined(Bimanual, "lag_s", "path_symmetry"),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each pose once in a shuffled order, then again; about one arm after the other."""
        sides = able_arms(envelope, SIDES if self.p.arms == "both" else (self.p.arms,))
        first, poses = random.randrange(len(sides)), shuffled(random, POSES)
        for number_ in range(self.p.targets):
            pose, order = next(poses), in_turn(sides, first + number_)
            side, hung = first_able(order, partial(_hang_all, envelope, order, pose, self.p.radius_m, done))
            lean, hung = _leaning(envelope, pose, side, hung) if "lean" in JOINTS[self.p.joints] else (None, hung)
            tilt = _tilting(envelope, pose, side) if "tilt" in JOINTS[self.p.joints] else None
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
        friend = _shown(trial)
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
        values = trial.values
        ways_m = [
            math.dist(_resting(values["shoulder_m"][side], values["arm_m"][side], trial, side), hung.place_m)
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
        inside = _inside(copying, trial, self.p.radius_m)
        arms = {
            side: raised(copying, trial.values["stance"], side, at) for side, at in trial.values["shoulder_m"].items()
        }
        angles = {side: _angle(arm, trial, side) for side, arm in arms.items()}
        measures = {
            **_matched(copying, inside, self.p.hold_s),
            **{f"elevation_{side}_deg": angles.get(side, _unasked("deg")) for side in SIDES},
            "asymmetry_deg": _asymmetry(arms, trial, self.p.hold_s),
            **_together(copying, inside, trial),
        }
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


def _hang_all(
    envelope: Envelope, sides: Sequence[str], pose: Pose, radius_m: float, done: Sequence[TrialRecord], side: str
) -> dict[str, Hung]:
    """Where each of some arms goes in a pose that is about a side; another that cannot do its part is left out.

    Raises OutsideEnvelope when that of the side cannot.
    """
    wish = envelope.request(f"shoulder_elevation_{side}")
    hung = {side: _hang(envelope, side, wish, pose.lead_out_deg, radius_m)}
    for other in (arm for arm in sides if arm != side):
        movement = f"shoulder_elevation_{other}"
        share_deg = round(pose.other_share * _comfortable_deg(envelope, movement, done), 3)
        wish = Request(movement, share_deg, "deg", "POSE", f"{share_deg:.0f}°: comfortable for the other arm")
        with suppress(OutsideEnvelope):  # then the pose is one of one arm
            hung[other] = _hang(envelope, other, wish, pose.other_out_deg, radius_m)
    return hung


def _hang(envelope: Envelope, side: str, wish: Request, out_deg: float, radius_m: float) -> Hung:
    outward = (out_deg, *(less for less in FURTHEST_OUT_DEG if less < out_deg))
    azimuths_deg = [azimuth if side == "right" else -azimuth for azimuth in outward]
    return hang(envelope, side, wish, azimuths_deg, radius_m, STRETCH)


def _comfortable_deg(envelope: Envelope, movement: str, done: Sequence[TrialRecord]) -> float:
    """What surely is within the limit of a movement, as it is believed now, and never more than may be asked."""
    known = [
        record.limit_after.low
        for record in done
        if record.limit_after is not None and record.request is not None and record.request.movement == movement
    ]
    believed = known[-1] if known else envelope.calibration.limits[movement].low
    return min(envelope.at_most(movement).value, believed)


def _leaning(envelope: Envelope, pose: Pose, side: str, hung: dict[str, Hung]) -> tuple[Lean | None, dict[str, Hung]]:
    """The lean of a pose, and the hands' places moved along with the trunk; none where it may not be asked for."""
    movement = f"lean_{side if pose.lean > 0 else _other(side)}"
    if not pose.lean or envelope.posture != "standing" or not envelope.may_ask(movement):
        return None, hung
    angle_deg = min(MOST_LEAN_DEG, LEAN_OF_LIMIT * envelope.at_most(movement).value)
    lean = Lean("pose lean", LEANS[movement], angle_deg, LEAN_TOLERANCE_DEG)
    moved = along(envelope, hung, lean)
    return (lean, moved) if moved else (None, hung)


def _tilting(envelope: Envelope, pose: Pose, side: str) -> Gaze | None:
    """The tilt of a pose's head; none where it may not be asked for."""
    to = side if pose.tilt > 0 else _other(side)
    if not pose.tilt or not envelope.may_ask(f"neck_lateral_{to}"):
        return None
    most_deg = TILT_OF_LIMIT * envelope.at_most(f"neck_lateral_{to}").value
    return Gaze("pose tilt", 0.0, 0.0, TILT_TOLERANCE_DEG, most_deg if to == "right" else -most_deg)


def _other(side: str) -> str:
    return "left" if side == "right" else "right"


def _word(item: Item) -> str:
    return "lean" if isinstance(item, Lean) else "tilt"


def _shown(trial: Trial) -> Friend:
    """The friend in the pose, as the person shall be."""
    arms = {
        side: (hung.azimuth_deg if side == "right" else -hung.azimuth_deg, hung.elevation_deg)
        for side, hung in trial.values["hung"].items()
    }
    hanging = (0.0, 0.0)
    tilt = sum(item.tilt_deg for item in trial.values["more"] if isinstance(item, Gaze))
    lean = sum(
        item.angle_deg * math.sin(math.radians(item.direction_deg))
        for item in trial.values["more"]
        if isinstance(item, Lean)
    )
    return Friend("friend", "shows", Arms(arms.get("left", hanging), arms.get("right", hanging)), tilt, lean)


def _resting(shoulder_m: Vector, arm_m: float, trial: Trial, side: str) -> Vector:
    out_deg = 8.0 if side == "right" else -8.0
    facing = trial.values["stance"].facing_deg
    return from_shoulder(shoulder_m, facing, out_deg, REST_ELEVATION_DEG, REST_OF_ARM * arm_m)


def _inside(motion: Motion, trial: Trial, radius_m: float) -> Array:
    """Whether each hand of the pose is where it should be, (n, k), 1 for there; with the slack of a hold."""
    away_m = [
        np.linalg.norm(motion.hand_m(side) - np.asarray(hung.place_m), axis=1)
        for side, hung in trial.values["hung"].items()
    ]
    inside: Array = (np.stack(away_m, axis=1) < moves.HELD * radius_m).astype(float)
    return inside


def _matched(motion: Motion, inside: Array, hold_s: float) -> dict[str, Measured]:
    time_s = motion.time_s - motion.time_s[0]
    last = time_s >= time_s[-1] - max(LEAST_WINDOW_S, hold_s)
    together = inside.all(axis=1)
    match_s = Measured(None, "s", None, "the pose was not matched")
    if together.any():
        match_s = Measured(round(float(time_s[int(np.argmax(together))]), 3), "s", FRAME_S)
    since_s = time_s - np.maximum.accumulate(np.where(together, 0.0, time_s))
    return {
        "match_percent": Measured(round(100 * float(inside[last].mean()), 1), "%"),
        "match_s": match_s,
        "held_s": Measured(round(float(since_s[together].max(initial=0.0)), 3), "s", FRAME_S),
    }


def _angle(arm: Raised, trial: Trial, side: str) -> Measured:
    """How high an arm was raised while it was stretched out."""
    out_m = STRETCHED * math.dist(trial.values["shoulder_m"][side], trial.values["hung"][side].place_m)
    return arm.angle(arm.top(out_m), trial.values["arm_m"][side], "the arm was not stretched out")


def _asymmetry(arms: Mapping[str, Raised], trial: Trial, hold_s: float) -> Measured:
    """How much more the right arm did of what was asked of it than the left, in the last moments."""
    if len(trial.values["hung"]) < 2:
        return _unasked("deg")
    more_deg = {}
    for side, arm in arms.items():
        last = arm.elevation_deg[arm.time_s >= arm.time_s[-1] - max(LEAST_WINDOW_S, hold_s)]
        if np.isnan(last).all():
            return Measured(None, "deg", None, f"the {side} hand was not seen")
        more_deg[side] = float(np.nanmean(last)) - trial.values["hung"][side].elevation_deg
    return Measured(round(more_deg["right"] - more_deg["left"], 1), "deg")


def _together(motion: Motion, inside: Array, trial: Trial) -> dict[str, Measured]:
    """Which hand went first, and how alike they moved, until the pose was matched."""
    names = ("lag_s", "path_symmetry")
    if len(trial.values["hung"]) < 2:
        return {"lag_s": _unasked("s"), "path_symmetry": _unasked("")}
    together = inside.all(axis=1)
    until = int(np.argmax(together)) + 1 if together.any() else len(inside)
    found = measured(bimanual(motion.left_m[:until], motion.right_m[:until], motion.time_s[:until]))
    return {name: found[name] for name in names}


def _unasked(unit: str) -> Measured:
    return Measured(None, unit, None, "the pose was one of one arm")
