"""Cleaning: every trap that real recordings hold, with what was dropped counted."""

import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from people import LEFT_M, RIGHT_M, a_frame, rows_of, standing_rows

from engine import bsor
from engine.frame import LOST, Button, Frame, Hand
from engine.motion import INTERPOLATE_S, NOT_IN_USE, clean, uniform
from engine.recording import BUTTONS_SHIFT, FLAGS, FRAME

POSE = ("x_m", "y_m", "z_m", "qx", "qy", "qz", "qw")
DAY_NS = 86_400 * 10**9
LOST_FRAME = Frame(0, LOST, Hand(LOST), Hand(LOST), focused=False)


def moving_rows(seconds: float = 2.0, rate_hz: float = 100.0) -> np.ndarray:
    """Somebody whose hands move steadily to the right at 1 m/s."""
    rows = standing_rows(seconds, rate_hz)
    for side in ("left", "right"):
        rows[f"{side}_x_m"] += (rows["time_ns"] * 1e-9).astype(np.float32)
    return rows


def put(rows: np.ndarray, device: str, which: slice, values: float) -> None:
    for part in POSE:
        rows[f"{device}_{part}"][which] = values


def unflag(rows: np.ndarray, name: str, which: slice) -> None:
    rows["flags"][which] &= ~np.uint32(1 << FLAGS.index(name))


def test_clean_movement_comes_through_as_it_is() -> None:
    motion = clean(standing_rows(2.0))
    assert (len(motion.time_s), motion.quality.dropped, motion.quality.notes) == (180, {}, ())
    assert motion.hand_m("left")[-1] == pytest.approx(LEFT_M)
    assert motion.hand_m("right")[-1] == pytest.approx(RIGHT_M)
    assert motion.quality.rate_hz == pytest.approx(90, abs=0.01)


def head_at_the_origin(rows: np.ndarray) -> None:
    for axis in "xyz":
        rows[f"head_{axis}_m"][:1] = 0


def head_not_valid(rows: np.ndarray) -> None:
    unflag(rows, "head_valid", slice(3, 8))


def head_inferred(rows: np.ndarray) -> None:
    unflag(rows, "head_tracked", slice(3, 8))


def a_menu_open(rows: np.ndarray) -> None:
    unflag(rows, "focused", slice(20, 60))


def taken_off(rows: np.ndarray) -> None:
    rows["flags"][20:60] |= Button.AWAY << BUTTONS_SHIFT


def not_finite(rows: np.ndarray) -> None:
    rows["head_x_m"][5], rows["head_qw"][9] = np.nan, np.inf


def not_of_unit_length(rows: np.ndarray) -> None:
    rows["head_qw"][5:7] = 1.01


def twice_the_same_time(rows: np.ndarray) -> None:
    rows["time_ns"][50] = rows["time_ns"][49]


def time_runs_back(rows: np.ndarray) -> None:
    rows["time_ns"][50:53] -= 200_000_000


@pytest.mark.parametrize(
    ("spoil", "reason", "count"),
    [
        (head_at_the_origin, "head at the origin", 1),
        (head_not_valid, "head not tracked", 5),
        (head_inferred, "head not tracked", 5),
        (a_menu_open, NOT_IN_USE, 40),
        (taken_off, NOT_IN_USE, 40),
        (not_finite, "not finite", 2),
        (not_of_unit_length, "orientation not of unit length", 2),
        (twice_the_same_time, "time did not rise", 1),
        (time_runs_back, "time did not rise", 3),
    ],
)
def test_each_trap_is_dropped_and_counted(spoil: Callable[[np.ndarray], None], reason: str, count: int) -> None:
    rows = standing_rows(2.0)
    spoil(rows)
    motion = clean(rows)
    assert motion.quality.dropped == {reason: count}
    assert len(motion.time_s) == motion.quality.frames - count == 180 - count
    assert np.all(np.diff(motion.time_s) > 0)


def test_a_frame_with_two_faults_is_counted_once() -> None:
    rows = standing_rows(2.0)
    put(rows, "head", slice(0, 1), 0.0)
    unflag(rows, "head_valid", slice(0, 1))
    assert clean(rows).quality.dropped == {"head not tracked": 1}


def test_of_two_frames_at_one_time_the_first_is_kept() -> None:
    rows = standing_rows(1.0)
    rows["time_ns"][50], rows["head_x_m"][50] = rows["time_ns"][49], 9.0
    assert clean(rows).head_m[:, 0].max() == 0


def test_a_dropped_frame_does_not_hold_time_back() -> None:
    rows = standing_rows(1.0)
    rows["time_ns"][10] += DAY_NS
    unflag(rows, "head_valid", slice(10, 11))
    assert clean(rows).quality.dropped == {"head not tracked": 1}


def test_time_begins_with_the_first_frame_that_is_kept() -> None:
    rows = standing_rows(1.0)
    rows["time_ns"] += 7 * DAY_NS
    put(rows, "head", slice(0, 2), 0.0)
    assert clean(rows).time_s[:2] == pytest.approx([0, 1 / 90], abs=1e-6)


def test_orientations_keep_their_sign() -> None:
    rows = rows_of([a_frame(i * 10_000_000, yaw_deg=i) for i in range(200)])
    for part in POSE[3:]:
        rows[f"head_{part}"][::3] *= -1
    head_q = clean(rows).head_q
    assert np.all(np.sum(head_q[1:] * head_q[:-1], axis=1) > 0.99)


@pytest.mark.parametrize("lost", ["origin", "valid", "tracked", "nan"])
def test_a_lost_hand_is_no_place(lost: str) -> None:
    rows, away = moving_rows(), slice(50, 150)
    if lost in ("valid", "tracked"):
        unflag(rows, f"left_{lost}", away)
    else:
        put(rows, "left", away, 0.0 if lost == "origin" else np.nan)
    motion = clean(rows)
    assert np.isnan(motion.left_m[away]).all()
    assert np.isfinite(motion.right_m).all()
    assert motion.quality.left_seen_percent == 50
    assert motion.quality.notes == ("left hand seen in only 50 % of frames",)


def test_short_gaps_of_a_hand_are_bridged_by_straight_lines_and_still_counted() -> None:
    rows, whole = moving_rows(), clean(moving_rows())
    put(rows, "right", slice(100, 108), 0.0)
    motion = clean(rows)
    assert motion.right_m == pytest.approx(whole.right_m, abs=1e-6)
    assert motion.quality.right_seen_percent == 96


@pytest.mark.parametrize(("missing", "bridged"), [(1, True), (8, True), (10, False), (30, False)])
def test_a_gap_is_bridged_up_to_a_tenth_of_a_second(missing: int, bridged: bool) -> None:
    rows = moving_rows(rate_hz=100.0)
    put(rows, "left", slice(50, 50 + missing), 0.0)
    left = clean(rows).left_m
    assert (0.01 * (missing + 1) < INTERPOLATE_S) == bridged
    assert np.isfinite(left[50 : 50 + missing]).all() == bridged
    assert np.isfinite(left[:50]).all()
    assert np.isfinite(left[50 + missing :]).all()


def test_nothing_is_made_up_before_a_hand_was_seen_or_after() -> None:
    rows = moving_rows()
    put(rows, "left", slice(0, 3), 0.0)
    put(rows, "left", slice(197, 200), 0.0)
    seen = np.isfinite(clean(rows).left_m[:, 0])
    assert np.flatnonzero(~seen).tolist() == [0, 1, 2, 197, 198, 199]


def test_a_gap_in_the_frames_is_told() -> None:
    rows = standing_rows(2.0)
    rows["time_ns"][90:] += 2_700_000_000
    quality = clean(rows).quality
    assert quality.longest_gap_s == pytest.approx(2.711, abs=0.001)
    assert quality.notes == ("1 gap in the frames, the longest 2.7 s",)


def test_minutes_with_the_headset_off_spoil_no_quality() -> None:
    whole, off = standing_rows(2.0), rows_of([LOST_FRAME] * 6000)
    off["time_ns"] = 1_000_000_000 + np.arange(6000) * 50_000_000
    later = whole[90:].copy()
    later["time_ns"] += 300_000_000_000
    quality = clean(np.concatenate([whole[:90], off, later])).quality
    assert (quality.frames, quality.dropped) == (6180, {NOT_IN_USE: 6000})
    assert (quality.head_seen_percent, quality.longest_gap_s, quality.notes) == (100, 0.011, ())
    assert quality.seconds == pytest.approx(2.0, abs=0.03)


def test_a_head_lost_in_use_counts_against_the_time_in_use() -> None:
    rows = standing_rows(2.0)
    unflag(rows, "focused", slice(0, 90))
    unflag(rows, "head_tracked", slice(90, 135))
    assert clean(rows).quality.head_seen_percent == 50


def test_no_frames_at_all_are_no_movement() -> None:
    motion = clean(np.empty(0, FRAME))
    assert (motion.head_m.shape, motion.left_m.shape, motion.quality.frames) == ((0, 3), (0, 3), 0)
    assert motion.quality.longest_gap_s == 0


def test_a_recording_without_one_good_frame_is_no_movement() -> None:
    rows = standing_rows(1.0)
    put(rows, "head", slice(None), 0.0)
    motion = clean(rows)
    assert len(motion.time_s) == 0
    assert motion.quality.head_seen_percent == 0


@pytest.mark.parametrize(("name", "dropped"), [("motion", 4), ("bang", 4)])
def test_a_real_recording_loses_its_first_frame_and_its_duplicates(data: Path, name: str, dropped: int) -> None:
    motion = clean(bsor.read(data / "vr_beatsaber" / f"simsaber_{name}.bsor"))
    assert motion.quality.dropped["head at the origin"] == 1
    assert sum(motion.quality.dropped.values()) <= dropped
    assert motion.quality.rate_hz == pytest.approx(90.4, abs=0.5)
    assert np.percentile(motion.head_m[:, 1], 50) == pytest.approx(1.8, abs=0.02)


def test_a_real_gap_of_nine_seconds_is_told(data: Path) -> None:
    with gzip.open(data / "vr_beatsaber" / "simsaber_gen06.csv.gz") as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1)
    rows = np.resize(standing_rows(1.0), len(table))
    rows["time_ns"] = np.round(table[:, 0] * 1e9)
    for first, device in ((2, "head"), (9, "left"), (16, "right")):
        for column, part in enumerate(POSE, first):
            rows[f"{device}_{part}"] = table[:, column]
    quality = clean(rows).quality
    assert quality.longest_gap_s == pytest.approx(9.198, abs=0.001)
    assert quality.dropped["head at the origin"] == 1
    assert any("the longest 9.2 s" in note for note in quality.notes)


NUMBER = st.one_of(st.floats(-3, 3, width=32), st.sampled_from([0.0, math.nan, math.inf, 1.0, 3e38]))
ROW = st.tuples(st.integers(-DAY_NS, DAY_NS), *[NUMBER] * 25, st.integers(0, 2**16 - 1).map(lambda flags: flags | 3))


@settings(deadline=None, max_examples=60)
@given(arrays.arrays(FRAME, st.integers(0, 12), elements=ROW))
def test_whatever_rows_there_are_time_rises_and_the_head_is_real(rows: np.ndarray) -> None:
    for row in rows[::2]:
        row["head_qx"] = row["head_qy"] = row["head_qz"] = 0
        row["head_qw"] = 1
    motion = clean(rows)
    assert np.all(np.diff(motion.time_s) > 0)
    assert np.isfinite(motion.head_m).all()
    assert len(motion.time_s) + sum(motion.quality.dropped.values()) == motion.quality.frames == len(rows)


def test_resampling_is_steady_and_straight() -> None:
    time_s = np.array([0.0, 0.1, 0.4, 1.0])
    steady, values = uniform(time_s, np.stack([time_s, 2 * time_s], axis=1), 20.0)
    assert np.diff(steady) == pytest.approx(0.05)
    assert values == pytest.approx(np.stack([steady, 2 * steady], axis=1))


def test_one_stamp_from_the_far_future_costs_one_frame() -> None:
    rows = standing_rows(1.0)
    rows["time_ns"][40] += 10**15
    assert clean(rows).quality.dropped == {"time did not rise": 1}
