"""Cleaning: every trap that real recordings hold, with what was dropped counted."""

import csv
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
from scipy.spatial.transform import Rotation

from engine import bsor
from engine.frame import LOST, SIDES, Button, Devices, Frame, Hand, Pose
from engine.motion import NOT_IN_USE, Motion, clean, pieces
from engine.recording import (
    BUTTONS_SHIFT,
    DEVICES,
    FLAGS,
    FRAME,
    JOINTS,
    pack_devices,
    pack_joints,
)

POSE = ("x_m", "y_m", "z_m", "qx", "qy", "qz", "qw")
DAY_NS = 86_400 * 10**9
LOST_FRAME = Frame(0, LOST, Hand(LOST), Hand(LOST), focused=False)


def moving_rows(seconds: float = 2.0, rate_hz: float = 100.0) -> np.ndarray:
    """Somebody whose hands move steadily to the right at 1 m/s."""
    rows = standing_rows(seconds, rate_hz)
    for side in ("left", "right"):
        rows[f"{side}_x_m"] += (rows["time_ns"] * 1e-9).astype(np.float32)
    return rows


def turning_rows(seconds: float = 2.0, rate_hz: float = 100.0) -> np.ndarray:
    """Somebody whose hands turn about the vertical by 90 degrees a second."""
    rows = standing_rows(seconds, rate_hz)
    for side in SIDES:
        for part, values in zip(POSE[3:], about_the_vertical(90e-9 * rows["time_ns"]).T, strict=True):
            rows[f"{side}_{part}"] = values
    return rows


def about_the_vertical(angle_deg: np.ndarray) -> np.ndarray:
    return Rotation.from_rotvec(np.outer(np.radians(angle_deg), [0, 1, 0])).as_quat()


def devices_of(known: dict[int, Devices]) -> tuple[np.ndarray, np.ndarray]:
    """The tables of what devices knew, by number of the frame."""
    rows = b"".join(pack_devices(number, devices) for number, devices in known.items())
    joints = b"".join(row for number, devices in known.items() for row in pack_joints(number, devices))
    return np.frombuffer(rows, DEVICES).copy(), np.frombuffer(joints, JOINTS).copy()


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
        (not_finite, "head not finite", 2),
        (not_of_unit_length, "head not of unit length", 2),
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


@pytest.mark.parametrize(
    ("missing", "bridged", "noted"),
    [(1, True, False), (9, True, False), (10, True, True), (24, True, True), (25, False, False), (40, False, False)],
)
def test_a_gap_is_bridged_up_to_a_quarter_of_a_second_and_noted_from_a_tenth(
    missing: int, bridged: bool, noted: bool
) -> None:
    rows = moving_rows(10.0, rate_hz=100.0)
    put(rows, "left", slice(50, 50 + missing), 0.0)
    motion = clean(rows)
    assert np.isfinite(motion.left_m[50 : 50 + missing]).all() == bridged
    assert np.isfinite(motion.left_m[:50]).all()
    assert motion.quality.mended == ({"left hand bridged": missing} if bridged else {})
    assert motion.quality.bridged_gaps == ({"left hand": 1} if noted else {})
    assert motion.quality.split_gaps == ({} if bridged else {"left hand": 1})
    assert motion.quality.notes == noted * ("left hand not seen for 0.1 to 0.25 s and bridged by straight lines, once",)


def test_turns_of_a_hand_are_bridged_by_arcs() -> None:
    rows, whole = turning_rows(), clean(turning_rows())
    put(rows, "right", slice(100, 120), 0.0)
    turned = Rotation.from_quat(clean(rows).hand_q("right")) * Rotation.from_quat(whole.hand_q("right")).inv()
    assert np.degrees(turned.magnitude()).max() < 0.01


@pytest.mark.parametrize(
    ("part", "value", "reason"),
    [
        ("x_m", math.inf, "left hand not finite"),
        ("qw", math.nan, "left hand not finite"),
        ("qw", 0.5, "left hand not of unit length"),
    ],
)
def test_a_hand_that_makes_no_sense_is_lost_and_counted(part: str, value: float, reason: str) -> None:
    rows = standing_rows(4.0)
    rows[f"left_{part}"][100:200] = value
    motion = clean(rows)
    assert motion.quality.lost == {reason: 100}
    assert np.isnan(motion.left_m[100:200]).all()
    assert np.isnan(motion.left_q[100:200]).all()


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


def saber_rows(path: Path) -> np.ndarray:
    """A recording of other people's as it is, in Unity's axes."""
    with gzip.open(path) as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1)
    rows = np.resize(standing_rows(1.0), len(table))
    rows["time_ns"] = np.round(table[:, 0] * 1e9)
    for first, device in ((2, "head"), (9, "left"), (16, "right")):
        for column, part in enumerate(POSE, first):
            rows[f"{device}_{part}"] = table[:, column]
    return rows


def test_faults_of_real_recordings_are_counted_as_their_index_has_them(data: Path) -> None:
    with (data / "vr_beatsaber" / "index.csv").open() as file:
        index = list(csv.DictReader(file))
    for known in index:
        rows = saber_rows(data / "vr_beatsaber" / known["file"])
        motion = clean(rows)
        quality, nowhere = motion.quality, int(known["n_head_at_origin"])
        # The index counts stamps of frames at the origin too; they are dropped before.
        twice = int(known["n_zero_dt"]) + int(known["n_backward"]) - int(nowhere and rows["time_ns"][1] == 0)
        counts = {"head at the origin": nowhere, "time did not rise": twice}
        assert quality.dropped == {reason: count for reason, count in counts.items() if count}
        assert quality.frames == int(known["frames"]) == len(motion.time_s) + nowhere + twice
        gaps = {**quality.bridged_gaps, **quality.split_gaps}
        assert gaps == ({"head": int(known["n_gap_gt_100ms"])} if int(known["n_gap_gt_100ms"]) else {})
        assert quality.longest_gap_s == pytest.approx(float(known["dt_max_ms"]) / 1000, abs=1e-3)
        assert quality.rate_hz == pytest.approx(float(known["median_hz"]), abs=0.5)


@pytest.mark.parametrize("name", ["motion", "bang"])
def test_a_replay_and_its_table_are_cleaned_alike(data: Path, name: str) -> None:
    replay = clean(bsor.read(data / "vr_beatsaber" / f"simsaber_{name}.bsor"))
    table = clean(saber_rows(data / "vr_beatsaber" / f"simsaber_{name}.csv.gz"))
    assert replay.quality == table.quality
    assert replay.head_m * [1, 1, -1] == pytest.approx(table.head_m, abs=1e-6)


def test_a_real_head_looks_where_it_did_in_the_other_hands_axes(data: Path) -> None:
    replay = clean(bsor.read(data / "vr_beatsaber" / "simsaber_motion.bsor"))
    table = clean(saber_rows(data / "vr_beatsaber" / "simsaber_motion.csv.gz"))
    ours = Rotation.from_quat(replay.head_q).apply([0, 0, -1])
    unity = Rotation.from_quat(table.head_q).apply([0, 0, 1])
    assert ours == pytest.approx(unity * [1, 1, -1], abs=1e-6)
    assert ours[:, 2].mean() < -0.9


def test_a_floor_that_was_not_set_is_no_head_at_the_origin(data: Path) -> None:
    rows = bsor.read(data / "vr_beatsaber" / "simsaber_motion.bsor")
    height_m = float(np.median(rows["head_y_m"]))
    rows["head_y_m"][1:] -= np.float32(height_m)
    motion = clean(rows)
    assert height_m == pytest.approx(1.8, abs=0.02)
    assert motion.quality.dropped["head at the origin"] == 1
    assert motion.head_m[:, 1] == pytest.approx(
        clean(saber_rows(data / "vr_beatsaber" / "simsaber_motion.csv.gz")).head_m[:, 1] - height_m, abs=1e-6
    )


def test_a_real_gap_of_nine_seconds_is_told_and_cut_at(data: Path) -> None:
    motion = clean(saber_rows(data / "vr_beatsaber" / "simsaber_gen06.csv.gz"))
    assert motion.quality.longest_gap_s == pytest.approx(9.198, abs=0.001)
    assert motion.quality.notes == ("1 gap in the frames, the longest 9.2 s",)
    assert motion.quality.coverage_percent == pytest.approx(100 * (1 - 9.198 / 125.92), abs=0.01)
    before, after = pieces(motion)
    assert len(before.time_s) + len(after.time_s) == len(motion.time_s)
    assert after.time_s[0] - before.time_s[-1] == pytest.approx(9.198, abs=0.001)


def test_pieces_of_an_unbroken_motion_are_itself_and_of_none_none() -> None:
    motion = clean(standing_rows(1.0))
    assert [len(piece.time_s) for piece in pieces(motion)] == [90]
    assert pieces(motion.cut(0, 0)) == ()


@pytest.mark.parametrize(("silent_ms", "stretches", "noted"), [(100, 1, 0), (101, 1, 1), (250, 1, 1), (251, 2, 0)])
def test_frames_are_split_at_gaps_of_more_than_a_quarter_of_a_second(
    silent_ms: int, stretches: int, noted: int
) -> None:
    rows = standing_rows(2.0, 100.0)
    rows["time_ns"][100:] += (silent_ms - 10) * 1_000_000
    motion = clean(rows)
    assert len(pieces(motion)) == stretches
    assert motion.quality.bridged_gaps.get("head", 0) == noted


def test_coverage_is_the_time_between_good_frames_also_at_the_ends() -> None:
    rows = standing_rows(10.0, 100.0)
    unflag(rows, "head_tracked", slice(0, 100))
    unflag(rows, "head_tracked", slice(500, 550))
    unflag(rows, "head_tracked", slice(700, 705))
    assert clean(rows).quality.coverage_percent == pytest.approx(100 * (9.99 - 1.0 - 0.51) / 9.99, abs=0.01)


def test_jitter_is_that_of_the_steps() -> None:
    rows = standing_rows(10.0, 100.0)
    assert clean(rows).quality.jitter_s == pytest.approx(0, abs=1e-6)
    rows["time_ns"][::2] += 3_000_000
    assert clean(rows).quality.jitter_s == pytest.approx(0.006, abs=1e-6)


def test_signs_that_were_turned_are_counted() -> None:
    rows = standing_rows(1.0)
    rows["head_qw"][10:15] *= -1
    rows["left_qw"][50:] *= -1
    assert clean(rows).quality.mended == {"head sign turned": 5, "left hand sign turned": 40}


def a_pose(x_m: float, valid: bool = True, tracked: bool = True) -> Pose:
    return Pose((x_m, 1.0, 0.0), valid=valid, tracked=tracked)


def test_trackers_are_there_where_they_were_seen() -> None:
    known = {number: Devices(chest=a_pose(number / 100), waist=a_pose(1.0, tracked=False)) for number in range(50, 150)}
    motion = clean(standing_rows(2.0, 100.0), *devices_of(known))
    assert set(motion.trackers) == {"chest"}
    chest = motion.trackers["chest"]
    assert np.flatnonzero(np.isfinite(chest.position_m[:, 0])).tolist() == list(known)
    assert chest.position_m[50:150, 0] == pytest.approx(np.arange(50, 150) / 100, abs=1e-6)
    assert motion.quality.lost == {"chest not tracked": 100}


def test_trackers_and_joints_follow_the_frames_that_are_kept() -> None:
    places = tuple((0.01 * joint, 1.0, 0.0) for joint in range(26))
    known = {n: Devices(left_foot=a_pose(n + 1.0), left_joints_m=((float(n), 1.0, 0.0), *places[1:])) for n in range(9)}
    rows = standing_rows(1.0)
    unflag(rows, "head_valid", slice(2, 4))
    motion = clean(rows, *devices_of(known)).cut(1, 4)
    assert motion.trackers["left_foot"].position_m[:, 0].tolist() == [2.0, 5.0, 6.0]
    assert motion.joints_m["left"][:, 0, 0].tolist() == [1.0, 4.0, 5.0]
    assert set(motion.joints_m) == {"left"}


def test_a_joint_that_was_not_seen_is_no_place() -> None:
    places = ((0.0, 0.0, 0.0), (math.nan, 1.0, 1.0), *[(0.1, 1.0, 0.0)] * 24)
    motion = clean(standing_rows(1.0), *devices_of({3: Devices(right_joints_m=places)}))
    hand = motion.joints_m["right"]
    assert hand.shape == (90, 26, 3)
    assert np.isnan(hand[3, :2]).all()
    assert np.isfinite(hand[3, 2:]).all()
    assert np.isnan(hand[4]).all()


def test_devices_of_frames_that_are_not_there_are_left_out() -> None:
    motion = clean(standing_rows(1.0), *devices_of({500: Devices(chest=a_pose(1.0))}))
    assert motion.trackers == {}


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


def same(one: Motion, other: Motion) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
        for name in ("time_s", "head_m", "head_q", "left_m", "left_q", "right_m", "right_q")
    )


@settings(deadline=None, max_examples=60)
@given(arrays.arrays(FRAME, st.integers(0, 12), elements=ROW))
def test_of_each_hand_every_frame_is_seen_or_lost_for_one_reason(rows: np.ndarray) -> None:
    motion = clean(rows)
    for side in SIDES:
        lost = sum(count for reason, count in motion.quality.lost.items() if reason.startswith(side))
        bridged = motion.quality.mended.get(f"{side} hand bridged", 0)
        unseen = np.isnan(motion.hand_m(side)[:, 0])
        assert np.count_nonzero(unseen) == lost - bridged
        assert np.array_equal(unseen, np.isnan(motion.hand_q(side)[:, 0]))


@settings(deadline=None, max_examples=30)
@given(arrays.arrays(FRAME, st.integers(1, 12), elements=ROW))
def test_what_is_clean_comes_through_cleaning_as_it_is(rows: np.ndarray) -> None:
    once = clean(rows)
    kept = np.zeros(len(once.time_s), FRAME)
    kept["time_ns"], kept["flags"] = np.round(once.time_s * 1e9), 0b1111111
    tracks = {"head": (once.head_m, once.head_q), "left": (once.left_m, once.left_q)}
    for device, (position_m, q) in tracks.items():
        for part, values in zip(POSE, np.hstack([position_m, q]).T, strict=True):
            kept[f"{device}_{part}"] = values
    again = clean(kept)
    assert again.quality.dropped == {}
    assert np.array_equal(again.head_m, once.head_m)
    assert again.head_q == pytest.approx(once.head_q, abs=1e-6)
    assert np.array_equal(np.isnan(again.left_m), np.isnan(once.left_m))


FAULTS = (head_not_valid, not_finite, not_of_unit_length, twice_the_same_time, a_menu_open, head_at_the_origin)


@settings(deadline=None)
@given(st.permutations(FAULTS))
def test_the_order_in_which_faults_came_does_not_matter(faults: list[Callable[[np.ndarray], None]]) -> None:
    rows, other = standing_rows(2.0), standing_rows(2.0)
    for spoil in FAULTS:
        spoil(rows)
    for spoil in faults:
        spoil(other)
    one, two = clean(rows), clean(other)
    assert one.quality == two.quality
    assert same(one, two)
    assert sum(one.quality.dropped.values()) + len(one.time_s) == 180


def test_one_stamp_from_the_far_future_costs_one_frame() -> None:
    rows = standing_rows(1.0)
    rows["time_ns"][40] += 10**15
    assert clean(rows).quality.dropped == {"time did not rise": 1}
