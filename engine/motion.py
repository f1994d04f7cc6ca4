"""A stretch of movement as arrays, time first; and its cleaning, with counts of all that was left out."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.frame import Button
from engine.recording import BUTTONS_SHIFT
from engine.records import Quality

Array = NDArray[np.float64]

INTERPOLATE_S = 0.1
SPLIT_S = 0.25
QUATERNION_TOLERANCE = 1e-3
NOT_IN_USE = "headset not in use"


@dataclass(frozen=True)
class Motion:
    """Clean movement of `n` frames.

    `time_s` (n,) rises strictly; `head_m`, `left_m`, `right_m` (n, 3) are metres in OpenXR axes and nan where
    a hand was not seen; `head_q` (n, 4) is sign-continuous (x, y, z, w). `quality` says what was dropped.
    """

    time_s: Array
    head_m: Array
    head_q: Array
    left_m: Array
    right_m: Array
    quality: Quality

    def hand_m(self, side: str) -> Array:
        """The positions of one hand, (n, 3)."""
        return self.left_m if side == "left" else self.right_m

    def cut(self, start: int, stop: int) -> "Motion":
        """The frames from `start` up to `stop`, with the quality of the whole."""
        part = slice(start, stop)
        return Motion(
            self.time_s[part],
            self.head_m[part],
            self.head_q[part],
            self.left_m[part],
            self.right_m[part],
            self.quality,
        )


def clean(rows: np.ndarray) -> Motion:
    """Clean recorded rows (dtype `engine.recording.FRAME`) once, counting what is dropped and why.

    In this order: frames in which nobody could see or act (headset off, system menu, software gone); head poses that
    are invalid, not tracked, at the exact origin, not finite or not of unit length; then times that do not rise.
    Hands at the exact origin (how lost hands are written), invalid or not tracked become nan; gaps of theirs up to
    0.1 s are bridged by straight lines. The quality is that of the time in use: what was dropped as not in use
    counts neither in percentages nor in seconds nor as a gap.
    """
    head, head_q = _positions(rows, "head"), _orientations(rows, "head")
    length = np.linalg.norm(head_q, axis=1)
    dropped: dict[str, int] = {}
    keep = np.ones(len(rows), bool)
    used = _flag(rows, 6) & (rows["flags"] >> BUTTONS_SHIFT & (Button.AWAY | Button.RESTARTING) == 0)
    for reason, bad in (
        (NOT_IN_USE, ~used),
        ("head not tracked", ~_flag(rows, 0) | ~_flag(rows, 1)),
        ("head at the origin", np.all(head == 0, axis=1)),
        ("not finite", ~np.isfinite(head).all(axis=1) | ~np.isfinite(head_q).all(axis=1)),
        ("orientation not of unit length", np.abs(length - 1) > QUATERNION_TOLERANCE),
    ):
        dropped[reason] = int(np.count_nonzero(bad & keep))
        keep &= ~bad
    time_ns = rows["time_ns"]
    rising = _rising(time_ns, keep)
    dropped["time did not rise"] = int(np.count_nonzero(keep & ~rising))
    keep &= rising
    kept = rows[keep]
    time_s = (kept["time_ns"] - (kept["time_ns"][0] if len(kept) else 0)) * 1e-9
    hands = {side: _hand(kept, side, index) for side, index in (("left", 2), ("right", 4))}
    in_one_go = np.diff(np.cumsum(~used)[keep]) == 0
    quality = _quality(len(rows), np.diff(time_s)[in_one_go], hands, {k: v for k, v in dropped.items() if v})
    left, right = (_bridged(time_s, hands[side]) for side in ("left", "right"))
    return Motion(time_s, head[keep], _continuous(head_q[keep]), left, right, quality)


def uniform(time_s: Array, values: Array, rate_hz: float) -> tuple[Array, Array]:
    """Resample columns at a steady rate by straight lines: times (m,) and values (m, k)."""
    steady = np.arange(time_s[0], time_s[-1], 1 / rate_hz)
    columns = [np.interp(steady, time_s, column) for column in values.T]
    return steady, np.stack(columns, axis=1)


def _positions(rows: np.ndarray, device: str) -> Array:
    return np.stack([rows[f"{device}_{axis}_m"] for axis in "xyz"], axis=1).astype(float)


def _orientations(rows: np.ndarray, device: str) -> Array:
    return np.stack([rows[f"{device}_q{axis}"] for axis in "xyzw"], axis=1).astype(float)


def _flag(rows: np.ndarray, bit: int) -> NDArray[np.bool_]:
    return (rows["flags"] >> bit & 1).astype(bool)


def _rising(time_ns: np.ndarray, keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rising = np.ones(len(time_ns), bool)
    kept = np.flatnonzero(keep)
    if len(kept):
        times = time_ns[kept]
        after_all_before = np.append(True, times[1:] > np.maximum.accumulate(times)[:-1])
        before_all_after = np.append(times[:-1] < np.minimum.accumulate(times[::-1])[::-1][1:], True)
        # One stamp from the far future would drop all that follow, one from the past all that came before.
        rising[kept] = max(after_all_before, before_all_after, key=np.count_nonzero)
    return rising


def _hand(rows: np.ndarray, side: str, bit: int) -> Array:
    position = _positions(rows, side)
    lost = ~_flag(rows, bit) | ~_flag(rows, bit + 1) | np.all(position == 0, axis=1)
    position[lost | ~np.isfinite(position).all(axis=1)] = np.nan
    return position


def _bridged(time_s: Array, position: Array) -> Array:
    seen = np.flatnonzero(np.isfinite(position[:, 0]))
    if len(seen) < 2 or len(seen) == len(time_s):
        return position
    filled = np.stack([np.interp(time_s, time_s[seen], position[seen, axis]) for axis in range(3)], axis=1)
    after = np.clip(np.searchsorted(seen, np.arange(len(time_s))), 1, len(seen) - 1)
    gap_s = time_s[seen[after]] - time_s[seen[after - 1]]
    outside = (np.arange(len(time_s)) < seen[0]) | (np.arange(len(time_s)) > seen[-1])
    filled[(gap_s > INTERPOLATE_S) | outside] = np.nan
    filled[seen] = position[seen]
    return filled


def _continuous(quaternions: Array) -> Array:
    if len(quaternions) < 2:
        return quaternions
    flips = np.sum(quaternions[1:] * quaternions[:-1], axis=1) < 0
    signs = np.concatenate(([1.0], np.where(np.cumsum(flips) % 2, -1.0, 1.0)))
    return quaternions * signs[:, None]


def _quality(frames: int, steps_s: Array, hands: Mapping[str, Array], dropped: Mapping[str, int]) -> Quality:
    used = frames - dropped.get(NOT_IN_USE, 0)
    kept = frames - sum(dropped.values())
    gap_s = float(steps_s.max()) if len(steps_s) else 0.0
    seen = {
        side: 100 * float(np.isfinite(values[:, 0]).mean()) if len(values) else 0.0 for side, values in hands.items()
    }
    notes = [f"{side} hand seen in only {percent:.0f} % of frames" for side, percent in seen.items() if percent < 95]
    gaps = int(np.count_nonzero(steps_s > SPLIT_S))
    if gaps:
        notes.append(f"{gaps} gap{'s' * (gaps > 1)} in the frames, the longest {gap_s:.1f} s")
    return Quality(
        frames=frames,
        seconds=round(float(steps_s.sum()), 3),
        rate_hz=round(1 / float(np.median(steps_s)), 2) if len(steps_s) else 0.0,
        head_seen_percent=round(100 * kept / used, 2) if used else 0.0,
        left_seen_percent=round(seen["left"], 2),
        right_seen_percent=round(seen["right"], 2),
        longest_gap_s=round(gap_s, 3),
        dropped=dropped,
        notes=tuple(notes),
    )
