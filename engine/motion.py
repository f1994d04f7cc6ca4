"""A stretch of movement as arrays, time first; and its cleaning, with counts of all that was left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.frame import SIDES, Button
from engine.metrics.signals import UNIT_TOLERANCE, lengths, rotations_at, sign_continuous
from engine.recording import BUTTONS_SHIFT, DEVICES, DEVICES_FLAGS, FLAGS, JOINTS, NO_DEVICES, NO_JOINTS
from engine.records import Quality

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

INTERPOLATE_S = 0.1
SPLIT_S = 0.25
NOTED_SEEN_PERCENT = 95.0
NOT_IN_USE = "headset not in use"
TRACKERS = ("chest", "waist", "left_foot", "right_foot")


class Track(NamedTuple):
    """Where a device was and how it was turned: `position_m` (n, 3), `q` (n, 4); nan where it was not seen."""

    position_m: Array
    q: Array


@dataclass(frozen=True)
class Motion:
    """Clean movement of `n` frames.

    `time_s` (n,) rises strictly; positions (n, 3) are metres in OpenXR axes, orientations (n, 4) sign-continuous
    (x, y, z, w); those of hands are nan where they were not seen. `trackers` has those of TRACKERS that were ever
    seen, `joints_m` the joints of the sides that cameras ever saw, (n, 26, 3) in OpenXR's order, nan where unseen.
    `quality` says what was dropped.
    """

    time_s: Array
    head_m: Array
    head_q: Array
    left_m: Array
    left_q: Array
    right_m: Array
    right_q: Array
    quality: Quality
    trackers: Mapping[str, Track] = field(default_factory=dict)
    joints_m: Mapping[str, Array] = field(default_factory=dict)

    def hand_m(self, side: str) -> Array:
        """The positions of one hand, (n, 3)."""
        return self.left_m if side == "left" else self.right_m

    def hand_q(self, side: str) -> Array:
        """The orientations of one hand, (n, 4)."""
        return self.left_q if side == "left" else self.right_q

    def cut(self, start: int, stop: int) -> "Motion":
        """The frames from `start` up to `stop`, with the quality of the whole."""
        part = slice(start, stop)
        return Motion(
            self.time_s[part],
            self.head_m[part],
            self.head_q[part],
            self.left_m[part],
            self.left_q[part],
            self.right_m[part],
            self.right_q[part],
            self.quality,
            {name: Track(track.position_m[part], track.q[part]) for name, track in self.trackers.items()},
            {side: places_m[part] for side, places_m in self.joints_m.items()},
        )


def pieces(motion: Motion) -> tuple[Motion, ...]:
    """The stretches of a motion between gaps of more than 0.25 s, each of one frame or more."""
    cuts = np.flatnonzero(steps_s(motion.time_s) > SPLIT_S) + 1
    ends = [0, *cuts.tolist(), len(motion.time_s)]
    return tuple(motion.cut(start, stop) for start, stop in pairwise(ends) if stop > start)


def steps_s(time_s: Array) -> Array:
    """The seconds from each time to the next, to the nanosecond, so that a gap of just 0.25 s is one everywhere."""
    steps: Array = np.round(np.diff(time_s), 9)
    return steps


def clean(rows: np.ndarray, devices: np.ndarray = NO_DEVICES, joints: np.ndarray = NO_JOINTS) -> Motion:
    """Clean the tables of a recording (dtypes of `engine.recording`) once, counting what is dropped, lost and mended.

    Frames are dropped in this order: those in which nobody could see or act (headset off, system menu, software
    gone); head poses that are not valid or not tracked, at the exact origin, not finite or not of unit length; then
    times that do not rise. A hand or tracker with such a fault becomes nan (lost hands are written at the exact
    origin), and its gaps up to 0.25 s are bridged by straight lines and shortest arcs. The quality is that of the
    time in use: what was dropped as not in use counts neither in percentages nor in seconds nor as a gap.
    """
    used = _flagged(rows["flags"], FLAGS, "focused")
    used &= rows["flags"] >> BUTTONS_SHIFT & (Button.AWAY | Button.RESTARTING) == 0
    faults = _faults(_recorded(rows, "head"), rows["flags"], "head", FLAGS)
    keep, dropped = _sorted_out([(NOT_IN_USE, ~used), *faults], len(rows))
    rising = _rising(rows["time_ns"], keep)
    dropped |= _counted({"time did not rise": keep & ~rising})
    keep &= rising
    kept = rows if keep.all() else rows[keep]
    line = _Line(_since_first_s(kept["time_ns"]), np.cumsum(~used, dtype=np.int64)[keep])
    head = _head(line, _recorded(kept, "head"))
    left, right = (_device(line, kept, side, FLAGS) for side in SIDES)
    trackers = _trackers(line, devices, keep) if len(devices) else {}
    known = {"head": head, "left": left, "right": right, **trackers}
    return Motion(
        line.time_s,
        *head.track,
        *left.track,
        *right.track,
        _quality(len(rows), dropped, _lasting_s(rows["time_ns"], used), known),
        {name: tracker.track for name, tracker in trackers.items()},
        _joints(joints, keep),
    )


class _Line(NamedTuple):
    """The times of the frames that were kept, and a number for each that changes where the headset was not in use."""

    time_s: Array
    run: Numbers


class _Cleaned(NamedTuple):
    """One device: where it was, in how many frames, why not in the others, and its gaps in seconds."""

    track: Track
    seen: int
    gaps_s: Array
    lost: Mapping[str, int]
    mended: Mapping[str, int]


def _head(line: _Line, recorded: Track) -> _Cleaned:
    q, turned = _turned("head", recorded.q)
    gaps_s = steps_s(line.time_s)[np.diff(line.run) == 0]
    return _Cleaned(Track(recorded.position_m, q), len(q), gaps_s, {}, turned)


def _trackers(line: _Line, devices: np.ndarray, keep: Mask) -> dict[str, _Cleaned]:
    beside = _beside(devices, len(keep))[keep]
    trackers = {name: _device(line, beside, name, DEVICES_FLAGS) for name in TRACKERS}
    return {name: tracker for name, tracker in trackers.items() if tracker.seen}


def _device(line: _Line, table: np.ndarray, device: str, flags: Sequence[str]) -> _Cleaned:
    position_m, recorded_q = recorded = _recorded(table, device)
    good, lost = _sorted_out(_faults(recorded, table["flags"], device, flags), len(table))
    position_m[~good] = recorded_q[~good] = np.nan
    q, mended = _turned(_spoken(device), recorded_q)
    seen = np.flatnonzero(good)
    unbroken = np.diff(line.run[seen]) == 0
    gaps_s = steps_s(line.time_s[seen])[unbroken & (np.diff(seen) > 1)]
    missing = _bridgeable(line.time_s, seen, np.flatnonzero(~good))
    if len(missing):
        known_s, at_s = line.time_s[seen], line.time_s[missing]
        position_m[missing] = np.stack([np.interp(at_s, known_s, axis) for axis in position_m[seen].T], axis=1)
        q[missing] = rotations_at(known_s, q[seen], at_s)
        q = sign_continuous(q)
        mended[f"{_spoken(device)} bridged"] = len(missing)
    return _Cleaned(Track(position_m, q), len(seen), gaps_s, lost, mended)


def _turned(name: str, recorded: Array) -> tuple[Array, dict[str, int]]:
    q = sign_continuous(recorded)
    return q, _counted({f"{name} sign turned": np.einsum("ij,ij->i", q, recorded) < 0})


def _bridgeable(time_s: Array, seen: Numbers, missing: Numbers) -> Numbers:
    """The frames without a device that lie in gaps of it up to 0.25 s."""
    after = np.searchsorted(seen, missing)
    inside = (after > 0) & (after < len(seen))
    missing, after = missing[inside], after[inside]
    return missing[steps_s(time_s[seen])[after - 1] <= SPLIT_S]


def _beside(devices: np.ndarray, frames: int) -> np.ndarray:
    """A row of devices for each frame; where there was none, all its flags are down."""
    beside = np.zeros(frames, DEVICES)
    known = devices[devices["frame"] < frames]
    beside[known["frame"]] = known
    return beside


def _joints(joints: np.ndarray, keep: Mask) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for index in np.unique(joints["side"]):
        mine = joints[(joints["side"] == index) & (joints["frame"] < len(keep))]
        places = np.full((len(keep), *JOINTS["place_m"].shape), np.nan)
        places[mine["frame"]] = mine["place_m"]
        places[~np.isfinite(places).all(axis=2) | np.all(places == 0, axis=2)] = np.nan
        if np.isfinite(places[keep]).any():
            found[SIDES[index]] = places[keep]
    return found


def _faults(recorded: Track, told: NDArray[np.uint32], device: str, flags: Sequence[str]) -> Iterator[tuple[str, Mask]]:
    (position, q), name = recorded, _spoken(device)
    finite = np.isfinite(position).all(axis=1) & np.isfinite(q).all(axis=1)
    yield f"{name} not tracked", ~_flagged(told, flags, f"{device}_valid", f"{device}_tracked")
    yield f"{name} at the origin", np.asarray((position == 0).all(axis=1))
    yield f"{name} not finite", np.asarray(~finite)
    yield f"{name} not of unit length", ~(np.abs(lengths(q) - 1) <= UNIT_TOLERANCE)


def _sorted_out(faults: Iterable[tuple[str, Mask]], frames: int) -> tuple[Mask, dict[str, int]]:
    """The frames without a fault, and how many had each; a frame counts for its first fault only."""
    good: Mask = np.ones(frames, bool)
    found: dict[str, Mask] = {}
    for reason, bad in faults:
        found[reason] = good & bad
        good = good & ~bad
    return good, _counted(found)


def _counted(found: Mapping[str, Mask]) -> dict[str, int]:
    return {reason: int(np.count_nonzero(mask)) for reason, mask in found.items() if mask.any()}


def _spoken(device: str) -> str:
    return f"{device} hand" if device in SIDES else device.replace("_", " ")


def _recorded(table: np.ndarray, device: str) -> Track:
    places, turns = [f"{device}_{axis}_m" for axis in "xyz"], [f"{device}_q{axis}" for axis in "xyzw"]
    return Track(_columns(table, places), _columns(table, turns))


def _columns(table: np.ndarray, names: Sequence[str]) -> Array:
    """Columns of a table side by side, (n, k); each lies in one piece, so that what adds them up is fast."""
    return np.array([table[name] for name in names], float).T


def _flagged(told: NDArray[np.uint32], flags: Sequence[str], *names: str) -> Mask:
    bits = sum(1 << flags.index(name) for name in names)
    return np.asarray(told & bits == bits)


def _since_first_s(time_ns: np.ndarray) -> Array:
    return (time_ns - (time_ns[0] if len(time_ns) else 0)) * 1e-9


def _lasting_s(time_ns: np.ndarray, used: Mask) -> float:
    """How long the headset was in use, also while the head was not seen."""
    timed = used & _rising(time_ns, used)
    unbroken = np.diff(np.cumsum(~used)[timed]) == 0
    return float(np.diff(time_ns[timed])[unbroken].sum() * 1e-9)


def _rising(time_ns: np.ndarray, keep: Mask) -> Mask:
    rising = np.ones(len(time_ns), bool)
    kept = np.flatnonzero(keep)
    if len(kept):
        times = time_ns[kept]
        after_all_before = np.append(True, times[1:] > np.maximum.accumulate(times)[:-1])
        before_all_after = np.append(times[:-1] < np.minimum.accumulate(times[::-1])[::-1][1:], True)
        # One stamp from the far future would drop all that follow, one from the past all that came before.
        rising[kept] = max(after_all_before, before_all_after, key=np.count_nonzero)
    return rising


def _quality(frames: int, dropped: Mapping[str, int], lasting_s: float, known: Mapping[str, _Cleaned]) -> Quality:
    frames_s = known["head"].gaps_s
    used = frames - dropped.get(NOT_IN_USE, 0)
    seen = {name: _percent(device.seen, known["head"].seen) for name, device in known.items()}
    median_s = float(np.median(frames_s)) if len(frames_s) else 0.0
    longest_s = float(frames_s.max(initial=0))
    bridged = {_spoken(name): _between(device.gaps_s, INTERPOLATE_S, SPLIT_S) for name, device in known.items()}
    split = {_spoken(name): _between(device.gaps_s, SPLIT_S, np.inf) for name, device in known.items()}
    return Quality(
        frames=frames,
        seconds=round(float(frames_s.sum()), 3),
        rate_hz=round(1 / median_s, 2) if median_s else 0.0,
        head_seen_percent=_percent(known["head"].seen, used),
        left_seen_percent=seen["left"],
        right_seen_percent=seen["right"],
        longest_gap_s=round(longest_s, 3),
        dropped=dropped,
        notes=tuple(_notes(seen, bridged, split["head"], longest_s)),
        coverage_percent=_percent(float(frames_s[frames_s <= INTERPOLATE_S].sum()), lasting_s),
        jitter_s=round(float(np.percentile(np.abs(frames_s - median_s), 95)), 6) if len(frames_s) else 0.0,
        lost={reason: count for device in known.values() for reason, count in device.lost.items()},
        mended={what: count for device in known.values() for what, count in device.mended.items()},
        bridged_gaps={name: count for name, count in bridged.items() if count},
        split_gaps={name: count for name, count in split.items() if count},
    )


def _notes(seen: Mapping[str, float], bridged: Mapping[str, int], gaps: int, longest_s: float) -> Iterator[str]:
    for side in SIDES:
        if seen[side] < NOTED_SEEN_PERCENT:
            yield f"{side} hand seen in only {seen[side]:.0f} % of frames"
    if gaps:
        yield f"{gaps} gap{'s' * (gaps > 1)} in the frames, the longest {longest_s:.1f} s"
    for name, count in bridged.items():
        if count:
            times = "once" if count == 1 else f"{count} times"
            yield f"{name} not seen for {INTERPOLATE_S} to {SPLIT_S} s and bridged by straight lines, {times}"


def _between(gaps_s: Array, over_s: float, up_to_s: float) -> int:
    return int(np.count_nonzero((gaps_s > over_s) & (gaps_s <= up_to_s)))


def _percent(part: float, whole: float) -> float:
    return round(min(100.0, 100 * part / whole), 2) if whole > 0 else 0.0
