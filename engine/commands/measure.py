"""What a file says of a person: sway, range of motion and reaches, from a recording or from a table of numbers."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from calibration import imported
from calibration.height import SEATED, STANDING
from calibration.standing import SEATED_SWAY
from calibration.sway import across_and_ahead_m, bent
from engine.body import ARM_OF_STATURE, UPPER_ARM_OF_STATURE
from engine.commands.person import Person, head_mm_s
from engine.formats.tables import Table
from engine.frame import SIDES, Vector
from engine.measuring import ADVISED_SWAY_S, LEAST_RATE_HZ, advice, refusal
from engine.metrics import arm_angles, bimanual, hand_joints, reach_space, signals
from engine.metrics.arm_angles import shoulder
from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ, head_lean_sway, sway
from engine.metrics.definition import NotMeasurable, definitions, measured
from engine.metrics.range_of_motion import head_lean, lean_track_deg, neck, shoulder_track_m, trunk
from engine.metrics.reach_measures import Reach
from engine.metrics.reaching import reach
from engine.motion import SPLIT_S, Array, Motion, pieces
from engine.records import Measured, Quality, Record

KINDS = ("sway", "rom", "reach")
"""What can be measured, in the order it is told."""
REST_MPS = 0.05  # hands in play are never as still as in a test
LEAST_WAY_M, LEAST_S, MARGIN_S = 0.10, 0.2, 0.15
LEAST_SAMPLES, WIDEST_M = 3, 1.0  # of sway
STEADY = 0.05  # of a step: a table whose steps differ by no more is evenly sampled
NEUTRAL_S = 1.0
AS_GIVEN = "not filtered; the error of what measured it is not known"
REACH_CUT_OFF_HZ = 10.0
WITHOUT_TARGET = (
    *("movement_s", "peak_speed_mps", "time_to_peak_percent", "movement_units", "displacement_m"),
    *("path_ratio", "deviation_share", "smoothness_sparc", "smoothness_ldlj"),
)


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
class Track:
    """Sway, evenly sampled, and what it is the sway of."""

    ml_m: Array
    ap_m: Array
    rate_hz: float
    about: str
    notes: tuple[str, ...] = ()


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


def sway_track(source: Person | Table) -> Track:
    """The sway in a file: the two axes of a force plate's table, or the head in its quiet stretch, low-passed at 5 Hz.

    Raises NotMeasurable when there is none, or it is too short or full of gaps.
    """
    if isinstance(source, Table):
        return _track_of_table(source)
    if source.height.posture == SEATED:
        raise NotMeasurable("; ".join(filter(None, (SEATED_SWAY, source.height.why))))
    refused = refusal(source.quiet, "sway")
    if refused:
        raise NotMeasurable(refused)
    went_mm_s = head_mm_s(source.quiet)
    if source.quiet is not source.motion and went_mm_s > imported.QUIET_MM_S:
        raise NotMeasurable(
            f"no quiet stretch: in the quietest the head moved at {went_mm_s:.0f} mm/s,"
            f" quiet is under {imported.QUIET_MM_S:.0f} mm/s"
        )
    _, steady = signals.uniform(source.quiet.time_s, across_and_ahead_m(source.quiet.head_m, source.stance), RATE_HZ)
    ml_m, ap_m = signals.low_passed(steady, RATE_HZ, HEAD_SWAY_CUT_OFF_HZ).T
    about = f"Head sway, {len(ml_m) / RATE_HZ:.0f} s, {source.quiet_when}"
    notes = (f"low-passed at {HEAD_SWAY_CUT_OFF_HZ:g} Hz; the head, not the centre of pressure",)
    more = tuple(filter(None, (advice(source.quiet, "sway"), bent(source.quiet, source.stance))))
    return Track(ml_m, ap_m, RATE_HZ, about, notes + more)


def _track_of_table(table: Table) -> Track:
    if not {"ml_m", "ap_m"} <= table.columns.keys():
        raise NotMeasurable("there is no sway: name the columns of sway ml and ap (sideways and ahead), as ml_mm")
    both = np.stack([table.columns["ml_m"], table.columns["ap_m"]], axis=1)
    seen = np.flatnonzero(np.isfinite(both).all(axis=1))
    steps_s = np.diff(table.time_s[seen])
    if np.any(steps_s < 0):
        raise NotMeasurable("the times of the sway fall: put its lines in the order of time")
    rising = seen[np.append(True, steps_s > 0)[: len(seen)]]
    if len(rising) < LEAST_SAMPLES:
        raise NotMeasurable(f"{len(rising)} samples of sway are too few: {LEAST_SAMPLES} at different times are needed")
    time_s, places_m = table.time_s[rising], both[rising]
    seconds, longest_s = float(time_s[-1] - time_s[0]), float(np.diff(time_s).max())
    rate_hz, note = (len(rising) - 1) / seconds, AS_GIVEN
    even = np.all(np.abs(np.diff(time_s) * rate_hz - 1) < STEADY)
    if not even and longest_s > SPLIT_S:
        raise NotMeasurable(f"the sway has a gap of {longest_s:.2f} s: {SPLIT_S} s are the most")
    if not even:
        places_m, rate_hz = signals.uniform(time_s, places_m, RATE_HZ)[1], RATE_HZ
        note = f"resampled at {RATE_HZ:.0f} Hz by straight lines, because it was not even in time; {AS_GIVEN}"
    doubts = _doubts((len(rising) - 1) / seconds, seconds, float(np.ptp(places_m, axis=0).max()))
    about = f"Sway, {len(places_m) / rate_hz:.3g} s"
    return Track(places_m[:, 0], places_m[:, 1], rate_hz, about, (note, *doubts))


def _doubts(rate_hz: float, seconds: float, range_m: float) -> Iterator[str]:
    """What speaks against a table of sway, as far as its numbers show it."""
    if rate_hz < LEAST_RATE_HZ:
        yield f"{rate_hz:.3g} samples a second, {LEAST_RATE_HZ:.0f} are needed for way and velocity"
    if seconds < ADVISED_SWAY_S - 1 / rate_hz:
        yield f"{seconds:.3g} s, {ADVISED_SWAY_S:.0f} s are advised"
    if range_m > WIDEST_M:
        yield f"it goes over {range_m:.3g} m, and nobody sways so far: is the unit right?"


def _sway(source: Person | Table, _: Aim) -> Mapping[str, Part]:
    track = sway_track(source)
    found = measured(sway(track.ml_m, track.ap_m, track.rate_hz))
    if isinstance(source, Table):
        unknown = {name: msgspec.structs.replace(one, error=None) for name, one in found.items()}
        return {"sway": Part(track.about, unknown, track.notes)}
    if source.height.posture != STANDING:
        return {"sway": Part(track.about, found, (*track.notes, source.height.why))}
    lean = measured(head_lean_sway(source.quiet, source.stance))
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
    count = sum(1 for _ in _moving(time_s[seen], place_m[seen]))
    if count > 1:
        yield f"{count} movements from rest to rest are in it: give the cue of one, or cut the file"


def _reaches(person: Person) -> Iterator[tuple[str, Part]]:
    motion = person.motion
    for side in SIDES:
        if side not in person.shoulders_m and person.height.posture != STANDING:
            yield f"space_{side}", Part(f"Where the {side} hand came", notes=("the shoulder is not known",))
        else:
            yield f"space_{side}", _space(person, side)
        found = reaches(motion, side)
        yield f"reaches_{side}", Part(f"{len(found)} movements of the {side} hand, medians", medians(found))
    both = bimanual.bimanual(motion.left_m, motion.right_m, motion.time_s)
    yield "bimanual", Part("Both hands together", measured(both))


def _space(person: Person, side: str) -> Part:
    points = reach_space.reach_points_m(person.motion, person.stance, side, person.shoulders_m.get(side))
    notes = () if side in person.shoulders_m else ("the shoulder is placed by body proportions",)
    return Part(f"Where the {side} hand came", measured(reach_space.reach_space(points, side)), notes)


def reaches(motion: Motion, side: str) -> list[tuple[Motion, Reach]]:
    """The discrete movements of a hand, from rest to rest, 10 cm or more: the frames of each, and its measures."""
    found = []
    for piece in pieces(motion):
        seen = np.isfinite(piece.hand_m(side)[:, 0])
        if seen.mean() < 0.95 or len(seen) < 20 or piece.time_s[-1] - piece.time_s[0] < 1:
            continue
        for start_s, stop_s in _moving(piece.time_s[seen], piece.hand_m(side)[seen]):
            first, last = np.searchsorted(piece.time_s, (start_s - MARGIN_S, stop_s + MARGIN_S))
            part = piece.cut(int(first), int(last))
            one = reach(part.hand_m(side), part.time_s, part.hand_m(side)[-1], float(part.time_s[0]))
            if math.isfinite(one.movement_s):
                found.append((part, one))
    return found


def medians(found: list[tuple[Motion, Reach]]) -> Mapping[str, Measured]:
    """The median of each measure that a movement without a target has."""
    kinds, values = definitions(Reach), {}
    for name in WITHOUT_TARGET:
        each = [value for _, one in found if math.isfinite(value := getattr(one, name))]
        note = f"median of {len(each)}"
        unit = kinds[name].unit
        values[name] = Measured(round(float(np.median(each)), 6) if each else None, unit, None, note)
    return values


def _moving(time_s: Array, place_m: Array) -> Iterator[tuple[float, float]]:
    """When a hand moved, from rest to rest: beginnings and ends."""
    steady_s, steady_m = signals.uniform(time_s, place_m, RATE_HZ)
    smooth_m = signals.low_passed(steady_m, RATE_HZ, REACH_CUT_OFF_HZ)
    moves = np.concatenate(([False], signals.speed(smooth_m, RATE_HZ) > REST_MPS, [False]))
    starts, stops = np.flatnonzero(np.diff(moves.astype(int)) == 1), np.flatnonzero(np.diff(moves.astype(int)) == -1)
    for start, stop in zip(starts, stops, strict=True):
        way_m = float(np.linalg.norm(smooth_m[stop - 1] - smooth_m[start]))
        if stop - start >= LEAST_S * RATE_HZ and way_m >= LEAST_WAY_M:
            yield float(steady_s[start]), float(steady_s[stop - 1])


_MEASURED: Mapping[str, Callable[[Person | Table, Aim], Mapping[str, Part]]] = {
    "sway": _sway,
    "rom": _rom,
    "reach": _reach,
}
