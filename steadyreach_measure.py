"""What a file says of a person: sway, range of motion and reaches, from a recording or from a table of numbers."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from calibration import imported
from calibration.standing import stance_of
from calibration.sway import across_and_ahead_m, bent
from engine.body import ARM_OF_STATURE, UPPER_ARM_OF_STATURE
from engine.envelope import Envelope
from engine.formats.files import read
from engine.formats.tables import Table
from engine.frame import SIDES, Vector
from engine.measuring import advice, refusal
from engine.metrics import arm_angles, bimanual, hand_joints, reach_space, signals
from engine.metrics.arm_angles import shoulder
from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ, head_lean_sway, sway
from engine.metrics.definition import NotMeasurable, definitions, measured
from engine.metrics.range_of_motion import head_lean, lean_track_deg, neck, shoulder_track_m, trunk
from engine.metrics.reach_measures import Reach
from engine.metrics.reaching import reach
from engine.motion import SPLIT_S, Array, Motion, clean, pieces
from engine.recording import Recorded
from engine.records import Measured, Quality, Record, Session, Stance
from engine.session_folder import RECORD, read_session
from engine.task import NotMeasured

KINDS = ("sway", "rom", "reach")
"""What can be measured, in the order it is told."""
STANDING_S, STAYED_M, AHEAD_DEG, BUSY_MM_S = 180.0, 0.15, 20.0, 60.0  # who stands stays, however unsteadily
REST_MPS = 0.05  # hands in play are never as still as in a test
LEAST_WAY_M, LEAST_S, MARGIN_S = 0.10, 0.2, 0.15
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
    """All that was measured of a file, by kind and part; a kind that was not asked for is empty."""

    file: str
    quality: Quality | None = None
    notes: tuple[str, ...] = ()
    sway: Mapping[str, Part] = {}
    rom: Mapping[str, Part] = {}
    reach: Mapping[str, Part] = {}


@dataclass(frozen=True)
class Person:
    """A recording, cleaned: how the person stood, where they were quiet, and their shoulders and arms if known."""

    motion: Motion
    stance: Stance
    quiet: Motion
    quiet_when: str
    shoulders_m: Mapping[str, Vector]
    arm_m: Mapping[str, float]
    notes: tuple[str, ...] = ()


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


def load(path: Path, stature_m: float | None = None, **how: Any) -> Person | Table:
    """Open a file of any known kind, with the person's stature if known and options of `engine.formats.files.read`.

    Raises RecordingUnreadable, and NotMeasurable where nobody's head was ever seen.
    """
    found = read(path, **how)
    if isinstance(found, Table):
        return found
    return _person(found, read_session(path) if (path / RECORD).is_file() else None, stature_m)


def measure(path: Path, source: Person | Table, kinds: tuple[str, ...] = KINDS, aim: Aim | None = None) -> Measures:
    """All measures of the kinds asked for.

    What the file cannot tell is left out, unless it is the only kind asked for: then NotMeasurable says why.
    """
    found: dict[str, Mapping[str, Part]] = {}
    for kind in kinds:
        try:
            found[kind] = _MEASURED[kind](source, aim or Aim())
        except NotMeasurable as reason:
            if len(kinds) == 1:
                raise NotMeasurable(f"{path}: {reason}") from None
            found[kind] = {kind: Part(f"not measured: {reason}")}
    if isinstance(source, Table):
        return Measures(str(path), None, (source.note,) if source.note else (), **found)
    return Measures(str(path), source.motion.quality, source.notes, **found)


def lines(found: Measures) -> Iterator[str]:
    """Measures for people to read, a line each."""
    if found.quality:
        q = found.quality
        yield f"{q.frames} frames, {q.seconds:.0f} s at {q.rate_hz:.0f} Hz, head seen in {q.head_seen_percent:.1f} %"
    yield from (f"note: {note}" for note in (*found.notes, *(found.quality.notes if found.quality else ())))
    for part in (*found.sway.values(), *found.rom.values(), *found.reach.values()):
        yield f"\n{part.about}" + (f" ({'; '.join(part.notes)})" if part.notes else "")
        for name, one in part.measures.items():
            error = "" if one.error is None else f" ± {one.error:.2g}"
            said = "–" if one.value is None else f"{one.value:.4g}{error} {one.unit}"
            yield f"  {name:28} {said}" + (f"  {one.note}" if one.note else "")


def _person(recorded: Recorded, visit: Session | None, stature_m: float | None) -> Person:
    motion = clean(recorded.rows, recorded.devices, recorded.joints)
    if len(motion.time_s) < 2:
        raise NotMeasurable("the head was never tracked")
    known = visit.calibration if visit else None
    notes = [recorded.note] if recorded.note else []
    if known is None:
        try:
            known = imported.measure(recorded.rows, "", stature_m)
        except NotMeasured as reason:
            notes.append(str(reason))
    quiet, when = _quiet(motion, visit)
    if known is None:
        return Person(motion, stance_of(quiet), quiet, when, {}, {}, tuple(notes))
    arms = {side: arm.value for side, arm in known.arm_m.items()}
    envelope = Envelope(known)
    return Person(
        motion, known.stance, quiet, when, {side: envelope.shoulder(side) for side in SIDES}, arms, tuple(notes)
    )


def _quiet(motion: Motion, visit: Session | None) -> tuple[Motion, str]:
    """When the person stood quietly, and in words when that was.

    In a session it is when they were asked to; a recording of somebody who stood and looked ahead is that as a whole;
    of any other it is the stretch in which the head moved least.
    """
    asked = [block for block in visit.blocks if block.task == "standing" and block.trials] if visit else []
    if asked:
        trial = asked[-1].trials[-1]
        start, stop = np.searchsorted(motion.time_s, (trial.start_s, trial.end_s))
        return motion.cut(int(start), int(stop)), "when asked to stand quietly"
    if _stood(motion):
        return motion, "the whole recording"
    quiet = imported.quietest(motion)
    return quiet if len(quiet.time_s) else motion.cut(0, 2), "the quietest of the recording"


def _stood(motion: Motion) -> bool:
    """Whether somebody did nothing but stand and look ahead, however unsteadily."""
    if motion.time_s[-1] > STANDING_S or refusal(motion, "sway"):
        return False
    level_m = motion.head_m[:, (0, 2)]
    away_m = np.linalg.norm(level_m - np.median(level_m, axis=0), axis=1).max()
    turned = np.abs(motion.head_q @ signals.mean_rotation(motion.head_q)).min()
    return bool(
        away_m <= STAYED_M and 2 * math.degrees(math.acos(min(1.0, turned))) <= AHEAD_DEG and _mm_s(motion) <= BUSY_MM_S
    )


def _mm_s(motion: Motion) -> float:
    _, steady = signals.uniform(motion.time_s, motion.head_m[:, (0, 2)], RATE_HZ)
    return 1000 * float(signals.speed(signals.low_passed(steady, RATE_HZ, HEAD_SWAY_CUT_OFF_HZ), RATE_HZ).mean())


def sway_track(source: Person | Table) -> Track:
    """The sway in a file: the two axes of a force plate's table, or the head in its quiet stretch, low-passed at 5 Hz.

    Raises NotMeasurable when there is none, or it is too short or full of gaps.
    """
    if isinstance(source, Table):
        return _track_of_table(source)
    refused = refusal(source.quiet, "sway")
    if refused:
        raise NotMeasurable(refused)
    if source.quiet is not source.motion and _mm_s(source.quiet) > imported.QUIET_MM_S:
        most = f"quiet is under {imported.QUIET_MM_S:.0f} mm/s"
        raise NotMeasurable(
            f"no quiet stretch: in the quietest the head moved at {_mm_s(source.quiet):.0f} mm/s, {most}"
        )
    _, steady = signals.uniform(source.quiet.time_s, across_and_ahead_m(source.quiet.head_m, source.stance), RATE_HZ)
    ml_m, ap_m = signals.low_passed(steady, RATE_HZ, HEAD_SWAY_CUT_OFF_HZ).T
    seconds = len(ml_m) / RATE_HZ
    about = f"Head sway, {seconds:.0f} s, {source.quiet_when}"
    notes = (f"low-passed at {HEAD_SWAY_CUT_OFF_HZ:g} Hz; the head, not the centre of pressure",)
    more = tuple(filter(None, (advice(source.quiet, "sway"), bent(source.quiet, source.stance))))
    return Track(ml_m, ap_m, RATE_HZ, about, notes + more)


def _track_of_table(table: Table) -> Track:
    missing = [name for name in ("ml_m", "ap_m") if name not in table.columns]
    if missing:
        raise NotMeasurable(f"there is no sway: columns {' and '.join(missing)} are missing, sideways and ahead")
    both = np.stack([table.columns["ml_m"], table.columns["ap_m"]], axis=1)
    steps_s, rate_hz = np.diff(table.time_s), table.rate_hz
    if np.isfinite(both).all() and np.all(np.abs(steps_s * rate_hz - 1) < STEADY):
        rate_hz = (len(both) - 1) / float(table.time_s[-1] - table.time_s[0])
        return Track(both[:, 0], both[:, 1], rate_hz, f"Sway, {len(both) / rate_hz:.0f} s", (AS_GIVEN,))
    seen = np.flatnonzero(np.isfinite(both).all(axis=1))
    seen = seen[np.append(True, np.diff(table.time_s[seen]) > 0)] if len(seen) else seen
    time_s = table.time_s[seen]
    if len(seen) < 3 or float(np.diff(time_s).max()) > SPLIT_S:
        raise NotMeasurable(f"the signal has a gap of more than {SPLIT_S} s, or no values")
    steady = signals.uniform(time_s, both[seen], RATE_HZ)[1]
    note = f"resampled at {RATE_HZ:.0f} Hz by straight lines, because it was not even in time; {AS_GIVEN}"
    return Track(steady[:, 0], steady[:, 1], RATE_HZ, f"Sway, {len(steady) / RATE_HZ:.0f} s", (note,))


def _sway(source: Person | Table, _: Aim) -> Mapping[str, Part]:
    track = sway_track(source)
    found = measured(sway(track.ml_m, track.ap_m, track.rate_hz))
    if isinstance(source, Table):
        unknown = {name: msgspec.structs.replace(one, error=None) for name, one in found.items()}
        return {"sway": Part(track.about, unknown, track.notes)}
    lean = measured(head_lean_sway(source.quiet, source.stance))
    return {
        "sway": Part(track.about, found, track.notes),
        "lean": Part("The same as angles of lean", lean, track.notes),
    }


def _rom(source: Person | Table, _: Aim) -> Mapping[str, Part]:
    if isinstance(source, Person):
        return dict(_ranges(source))
    if not source.rotations:
        raise NotMeasurable("there are no orientations: columns such as qx, qy, qz, qw are missing")
    return {name: _turned(name, source.time_s, quaternions) for name, quaternions in source.rotations.items()}


def _turned(name: str, time_s: Array, quaternions: Array) -> Part:
    seen = np.isfinite(quaternions).all(axis=1)
    time_s, quaternions = time_s[seen], quaternions[seen]
    if len(time_s) < 2:
        return Part(f"not measured: {name} was not seen")
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
    if chest is None:
        leant = head_lean(lean_track_deg(motion, person.stance))
    else:
        leant = trunk(chest.q, person.stance.facing_deg, _chest_at_rest(person))
    yield "trunk", Part(f"Trunk, the furthest {seen}, seen by the {leant.seen_by}", measured(leant))
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
        raise NotMeasurable("there is no hand: columns such as x_m, y_m, z_m are missing")
    return {name: _one_reach(name, source.time_s, point, aim) for name, point in source.points_m.items()}


def _one_reach(name: str, time_s: Array, place_m: Array, aim: Aim) -> Part:
    seen = np.flatnonzero(np.isfinite(place_m).all(axis=1))
    if not len(seen):
        return Part(f"not measured: {name} was not seen")
    target_m = aim.target_m or tuple(float(v) for v in place_m[seen[-1]])
    cue_s = float(time_s[seen[0]]) if aim.cue_s is None else aim.cue_s
    notes = [] if aim.target_m else ["no target was given: it is where the hand was last seen"]
    notes += [] if aim.cue_s is not None else ["no cue was given: it is the beginning"]
    return Part(f"One reach of {name}", measured(reach(place_m, time_s, target_m, cue_s)), tuple(notes))


def _reaches(person: Person) -> Iterator[tuple[str, Part]]:
    motion = person.motion
    for side in SIDES:
        points = reach_space.reach_points_m(motion, person.stance, side, person.shoulders_m.get(side))
        notes = () if side in person.shoulders_m else ("the shoulder is placed by body proportions",)
        yield (
            f"space_{side}",
            Part(f"Where the {side} hand came", measured(reach_space.reach_space(points, side)), notes),
        )
        found = reaches(motion, side)
        yield f"reaches_{side}", Part(f"{len(found)} movements of the {side} hand, medians", medians(found))
    both = bimanual.bimanual(motion.left_m, motion.right_m, motion.time_s)
    yield "bimanual", Part("Both hands together", measured(both))


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
