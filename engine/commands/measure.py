"""What a file says of a person: sway, range of motion and reaches, from a recording or from a table of numbers."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from calibration.height import STANDING
from engine.body import ARM_OF_STATURE, UPPER_ARM_OF_STATURE
from engine.commands.person import Person
from engine.commands.sway_track import quiet_part, sway_track
from engine.formats.tables import Table
from engine.frame import SIDES, Vector
from engine.metrics import arm_angles, bimanual, hand_joints, reach_space
from engine.metrics.arm_angles import shoulder
from engine.metrics.balance import head_lean_sway, sway
from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.range_of_motion import head_lean, lean_track_deg, neck, shoulder_track_m, trunk
from engine.metrics.reaches import Found, medians, moving, reaches
from engine.metrics.reaching import reach
from engine.metrics.stretches import longest, seconds
from engine.motion import Array, Motion
from engine.records import Measured, Quality, Record

KINDS = ("sway", "rom", "reach")
"""What can be measured, in the order it is told."""
NEUTRAL_S = 1.0
LEAST_SAMPLES = 3


class Part(Record, frozen=True):
    """The measures of one thing, what it is, and what to keep in mind."""

    about: str
    measures: Mapping[str, Measured] = {}
    notes: tuple[str, ...] = ()


class Measures(Record, frozen=True):
    """All that was measured of a file, by kind and part; a kind that was not asked for is empty.

    `not_measured` has the reason for each kind that was asked for and is not in the file.
    """

    file: str
    quality: Quality | None = None
    notes: tuple[str, ...] = ()
    not_measured: Mapping[str, str] = {}
    sway: Mapping[str, Part] = {}
    rom: Mapping[str, Part] = {}
    reach: Mapping[str, Part] = {}


@dataclass(frozen=True)
class Aim:
    """What a reach in a table was for: a place and the time it was shown; where it ended and its beginning without."""

    target_m: Vector | None = None
    cue_s: float | None = None


def measure(path: Path, source: Person | Table, kinds: tuple[str, ...] = KINDS, aim: Aim | None = None) -> Measures:
    """All measures of the kinds asked for.

    Raises NotMeasurable, with the reasons, when the file holds none of them.
    """
    if aim is not None and not isinstance(source, Table):
        raise NotMeasurable(f"{path} is a recording with reaches of its own: a target or cue is that of one in a table")
    found: dict[str, Mapping[str, Part]] = {}
    reasons: dict[str, str] = {}
    for kind in kinds:
        try:
            found[kind] = _MEASURED[kind](source, aim or Aim())
        except NotMeasurable as reason:
            reasons[kind] = str(reason)
    if not found:
        raise NotMeasurable(f"{path}: {'; '.join(reasons.values())}")
    if isinstance(source, Table):
        return Measures(str(path), None, (source.note,) if source.note else (), reasons, **found)
    return Measures(str(path), source.motion.quality, source.notes, reasons, **found)


def _sway(source: Person | Table, _: Aim) -> Mapping[str, Part]:
    track = sway_track(source)
    found = measured(sway(track.ml_m, track.ap_m, track.rate_hz))
    if isinstance(source, Table):
        unknown = {name: msgspec.structs.replace(one, error=None) for name, one in found.items()}
        return {"sway": Part(track.about, unknown, track.notes)}
    if source.height.posture != STANDING:
        return {"sway": Part(track.about, found, (*track.notes, source.height.why))}
    lean = measured(head_lean_sway(quiet_part(source)[0], source.stance))
    return {
        "sway": Part(track.about, found, track.notes),
        "lean": Part("The same as angles of lean", lean, track.notes),
    }


def _rom(source: Person | Table, _: Aim) -> Mapping[str, Part]:
    if isinstance(source, Person):
        return dict(_ranges(source))
    if not source.rotations:
        raise NotMeasurable("there are no orientations: name their columns qx, qy, qz, qw, or head_qx and so on")
    return {name: _turned(name, source.time_s, quaternions) for name, quaternions in source.rotations.items()}


def _turned(name: str, time_s: Array, quaternions: Array) -> Part:
    seen = np.isfinite(quaternions).all(axis=1)
    time_s, quaternions = time_s[seen], quaternions[seen]
    if len(time_s) < 2:
        return Part(f"Turning of {name}", notes=("it was not seen",))
    neutral = quaternions[time_s <= time_s[0] + NEUTRAL_S]
    note = f"neutral is the mean of the first {NEUTRAL_S:g} s"
    return Part(f"Turning of {name}", measured(neck(quaternions, time_s, neutral)), (note,))


def _ranges(person: Person) -> Iterator[tuple[str, Part]]:
    motion, chest = person.motion, person.motion.trackers.get("chest")
    seen = "in the recording, asked for or not"
    turned = neck(
        motion.head_q,
        motion.time_s,
        person.quiet.head_q,
        None if chest is None else chest.q,
        trunk_neutral_xyzw=_chest_at_rest(person),
    )
    trunk_in_it = () if chest is not None else ("without a chest tracker the trunk's movement is in it",)
    yield "neck", Part(f"Neck, the furthest {seen}", measured(turned), trunk_in_it)
    if chest is not None:
        leant = trunk(chest.q, person.stance.facing_deg, _chest_at_rest(person))
        yield "trunk", Part(f"Trunk, the furthest {seen}, seen by the {leant.seen_by}", measured(leant))
    elif person.height.posture == STANDING:
        leant = head_lean(lean_track_deg(motion, person.stance))
        yield "trunk", Part(f"Trunk, the furthest {seen}, seen by the {leant.seen_by}", measured(leant))
    else:
        yield "trunk", Part("Trunk", notes=(f"a head shows the lean of who stands alone; {person.height.why}",))
    for side in SIDES:
        if side in person.arm_m:
            yield from _arm(person, side)
        if side in motion.joints_m:
            yield from _fingers(motion.joints_m[side], side)


def _chest_at_rest(person: Person) -> Array | None:
    """How the chest tracker sat while the person was quiet, None where it was not seen then."""
    chest = person.quiet.trackers.get("chest")
    seen = None if chest is None else chest.q[np.isfinite(chest.q[:, 0])]
    return seen if seen is not None and len(seen) else None


def _arm(person: Person, side: str) -> Iterator[tuple[str, Part]]:
    motion, arm_m = person.motion, person.arm_m[side]
    line = motion.hand_m(side) - shoulder_track_m(motion, person.stance, side, person.shoulders_m[side])
    chest = motion.trackers.get("chest")
    raised = shoulder(
        line,
        side,
        person.stance.facing_deg,
        arm_m,
        trunk_xyzw=None if chest is None else chest.q,
        trunk_neutral_xyzw=_chest_at_rest(person),
    )
    yield f"shoulder_{side}", Part(f"The {side} shoulder, {raised.movement or 'not raised straight'}", measured(raised))
    upper_m = UPPER_ARM_OF_STATURE / ARM_OF_STATURE * arm_m
    bent_ = arm_angles.elbow(np.linalg.norm(line, axis=1), upper_m, arm_m - upper_m)
    yield f"elbow_{side}", Part(f"The {side} elbow", measured(bent_))


def _fingers(joints_m: Array, side: str) -> Iterator[tuple[str, Part]]:
    for name in hand_joints.FIRST_JOINT:
        found = hand_joints.finger(joints_m, side, name)
        yield f"{name}_{side}", Part(f"The {side} {name} finger", measured(found))
    yield f"thumb_{side}", Part(f"The {side} thumb", measured(hand_joints.thumb(joints_m)))


def _reach(source: Person | Table, aim: Aim) -> Mapping[str, Part]:
    if isinstance(source, Person):
        return dict(_reaches(source))
    if not source.points_m:
        raise NotMeasurable("there are no places: name their columns x_m, y_m, z_m, or right_x_m and so on")
    return {name: _one_reach(name, source.time_s, point, aim) for name, point in source.points_m.items()}


def _one_reach(name: str, time_s: Array, place_m: Array, aim: Aim) -> Part:
    seen = np.flatnonzero(np.isfinite(place_m).all(axis=1))
    if not len(seen):
        return Part(f"One reach of {name}", notes=("it was not seen",))
    target_m = aim.target_m or tuple(float(v) for v in place_m[seen[-1]])
    cue_s = float(time_s[seen[0]]) if aim.cue_s is None else aim.cue_s
    notes = [] if aim.target_m else ["no target was given: it is where the hand was last seen"]
    notes += [] if aim.cue_s is not None else ["no cue was given: it is the beginning", *_many(time_s, place_m)]
    return Part(f"One reach of {name}", measured(reach(place_m, time_s, target_m, cue_s)), tuple(notes))


def _many(time_s: Array, place_m: Array) -> Iterator[str]:
    """That there is more than one movement in what is measured as one."""
    seen = np.isfinite(place_m).all(axis=1)
    steps_s = np.diff(time_s[seen])
    if len(steps_s) < LEAST_SAMPLES or np.any(steps_s <= 0):
        return
    count = sum(1 for _ in moving(time_s[seen], place_m[seen]))
    if count > 1:
        yield f"{count} movements from rest to rest are in it: give the cue of one, or cut the file"


def _reaches(person: Person) -> Iterator[tuple[str, Part]]:
    motion = person.motion
    for side in SIDES:
        if side not in person.shoulders_m and person.height.posture != STANDING:
            yield f"space_{side}", Part(f"Where the {side} hand came", notes=("the shoulder is not known",))
        else:
            yield f"space_{side}", _space(person, side)
        yield f"reaches_{side}", _movements(reaches(motion, side), side)
    yield "bimanual", _both_hands(motion)


def _both_hands(motion: Motion) -> Part:
    together = longest(motion, *SIDES)
    both = bimanual.bimanual(together.left_m, together.right_m, together.time_s)
    part = f"the longest stretch without a gap, {seconds(together):.3g} of {seconds(motion):.3g} s"
    notes = (part,) if len(together.time_s) < len(motion.time_s) else ()
    return Part("Both hands together", measured(both), notes)


def _movements(found: list[Found], side: str) -> Part:
    whole = [one for one in found if one.whole]
    reasons = Counter(one.reach.why["movement_s"] for one in found if not one.whole)
    notes = tuple(f"{count} more left out: {why}" for why, count in sorted(reasons.items()))
    return Part(f"{len(whole)} movements of the {side} hand, medians", medians(whole), notes)


def _space(person: Person, side: str) -> Part:
    points = reach_space.reach_points_m(person.motion, person.stance, side, person.shoulders_m.get(side))
    notes = () if side in person.shoulders_m else ("the shoulder is placed by body proportions",)
    return Part(f"Where the {side} hand came", measured(reach_space.reach_space(points, side)), notes)


_MEASURED: Mapping[str, Callable[[Person | Table, Aim], Mapping[str, Part]]] = {
    "sway": _sway,
    "rom": _rom,
    "reach": _reach,
}
