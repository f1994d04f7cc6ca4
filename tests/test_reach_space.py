"""The space of a hand and the help of the trunk, against bodies whose measures are known."""

import csv
import gzip
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import STANCE, standing_rows
from scipy.spatial.transform import Rotation

from engine.metrics.definition import NotMeasurable, definitions
from engine.metrics.reach_space import (
    ReachSpace,
    TrunkShift,
    clinical,
    neck_track_m,
    reach_points_m,
    reach_space,
    trunk_shift,
    trunk_track_m,
)
from engine.motion import Motion, Track, clean

LEVEL = np.array([0.0, 0.0, 0.0, 1.0])
HAND = np.linspace((0, 0, 0), (0, 0.3, -0.4), 60)


def leaning(way_m: tuple[float, float, float]) -> np.ndarray:
    return np.linspace((0, 1.3, 0), np.add((0, 1.3, 0), way_m), 60)


def a_ball(radius_m: float = 0.6, count: int = 4000) -> np.ndarray:
    """Places all over a ball, as even as can be."""
    n = np.arange(count) + 0.5
    up, around = 1 - 2 * n / count, np.pi * (1 + math.sqrt(5)) * n
    side = np.sqrt(1 - up**2)
    return radius_m * np.stack([side * np.cos(around), up, side * np.sin(around)], axis=1)


@pytest.mark.parametrize(
    ("facing_deg", "way", "right_up_ahead"),
    [
        (0.0, (0, 0, -0.2), (0, 0, 0.2)),
        (90.0, (0.2, 0, 0), (0, 0, 0.2)),
        (90.0, (0, -0.1, 0.2), (0.2, -0.1, 0)),
        (180.0, (-0.2, 0, 0), (0.2, 0, 0)),
    ],
)
def test_a_leaning_trunk_is_measured_in_the_persons_own_axes(
    facing_deg: float, way: tuple[float, float, float], right_up_ahead: tuple[float, float, float]
) -> None:
    found = trunk_shift(leaning(way), HAND, facing_deg)
    assert (found.right_m, found.up_m, found.ahead_m) == pytest.approx(right_up_ahead, abs=1e-12)
    assert found.trunk_shift_m == pytest.approx(np.linalg.norm(way))
    assert found.of_hand_percent == pytest.approx(100 * np.linalg.norm(way) / 0.5)


@pytest.mark.parametrize(
    ("lean_m", "arm_m", "compensates"), [(0.04, None, False), (0.06, None, True), (0.04, 0.3, True), (0.04, 0.5, False)]
)
def test_five_centimetres_or_a_tenth_of_the_arm_is_compensation(
    lean_m: float, arm_m: float | None, compensates: bool
) -> None:
    assert trunk_shift(leaning((0, 0, -lean_m)), HAND, 0.0, arm_m).compensates is compensates


@settings(max_examples=30, deadline=None)
@given(turn=st.tuples(*[st.floats(-1, 1)] * 3), place=st.tuples(*[st.floats(-3, 3)] * 3))
def test_turning_the_head_does_not_move_the_trunk(turn: tuple[float, ...], place: tuple[float, ...]) -> None:
    turning = Rotation.from_rotvec(np.outer(np.linspace(0, 1, 60), turn))
    head = np.array(place) - turning.apply((0, -0.075, 0.08))
    found = trunk_shift(neck_track_m(head, turning.as_quat()), HAND, 0.0)
    assert found.trunk_shift_m == pytest.approx(0, abs=1e-9)


def test_a_chest_tracker_is_believed_before_the_head() -> None:
    motion = clean(standing_rows(1.0))
    chest = motion.head_m - (0, 0.3, 0)
    worn = replace(motion, trackers={"chest": Track(chest, motion.head_q)})
    assert trunk_track_m(worn) == pytest.approx(chest)
    assert trunk_track_m(motion) == pytest.approx(motion.head_m + np.array((0, -0.075, 0.08)), abs=1e-6)


def test_an_unseen_trunk_or_a_resting_hand_is_said() -> None:
    unseen = trunk_shift(np.full((60, 3), np.nan), HAND, 0.0)
    assert set(unseen.why) == set(definitions(TrunkShift))
    resting = trunk_shift(leaning((0, 0, -0.1)), np.zeros((60, 3)), 0.0)
    assert (resting.trunk_shift_m, resting.why) == (pytest.approx(0.1), {"of_hand_percent": "the hand did not move"})


def test_the_head_follows_the_trunk_of_patients_within_the_stated_error(data: Path) -> None:
    apart = []
    for path in sorted((data / "irds_rehab" / "movements").glob("*.csv.gz")):
        with gzip.open(path, "rt") as file:
            rows = list(csv.DictReader(file))
        head, spine, wrist = (
            np.array([[float(row[f"{joint}_{axis}"]) for axis in "xyz"] for row in rows])
            for joint in ("Head", "SpineShoulder", "WristLeft")
        )
        apart.append(trunk_shift(head, wrist, 0.0).trunk_shift_m - trunk_shift(spine, wrist, 0.0).trunk_shift_m)
    assert np.percentile(np.abs(apart), 95) < 0.03


def test_a_ball_has_the_volume_the_extents_and_the_ellipses_of_a_ball() -> None:
    found = reach_space(a_ball(), "right")
    extents = [getattr(found, f"{way}_m") for way in ("up", "down", "ahead", "back", "outward", "across")]
    assert found.volume_m3 == pytest.approx(4 / 3 * np.pi * 0.6**3, rel=0.02)
    assert extents == pytest.approx([0.6] * 6, rel=0.02)
    assert (found.frontal_m2, found.sagittal_m2, found.horizontal_m2) == pytest.approx([np.pi * 0.36] * 3, rel=0.03)


def test_slips_of_tracking_do_not_enlarge_the_space() -> None:
    slips = np.vstack([a_ball(), np.tile([[5.0, 5.0, 5.0]], (15, 1))])
    assert reach_space(slips, "right").volume_m3 == pytest.approx(reach_space(a_ball(), "right").volume_m3, rel=0.01)


def test_left_and_right_are_mirrors_of_each_other() -> None:
    places = a_ball() + np.array((0.2, 0.0, 0.1))
    assert reach_space(places * (-1, 1, 1), "left") == reach_space(places, "right")


def test_a_hand_that_stays_low_has_a_negative_extent_upwards() -> None:
    assert reach_space(a_ball(0.2) - (0, 0.5, 0), "right").up_m == pytest.approx(-0.3, abs=0.01)


@given(times=st.floats(0.1, 5))
def test_the_space_scales_as_its_units_say(times: float) -> None:
    places = a_ball(count=200) * (1, 0.8, 0.5)
    here, there = reach_space(places, "left"), reach_space(times * places, "left")
    for name, definition in definitions(ReachSpace).items():
        power = {"m": 1, "m²": 2, "m³": 3}[definition.unit]
        assert getattr(there, name) == pytest.approx(times**power * getattr(here, name), rel=1e-9)


def test_too_few_places_and_flat_ones_have_no_volume() -> None:
    few, flat = reach_space(a_ball(count=20), "left"), reach_space(a_ball() * (1, 1, 0), "left")
    assert set(few.why) == set(definitions(ReachSpace))
    assert math.isnan(flat.volume_m3)
    assert flat.why == {"volume_m3": "all places lie in one plane"}
    assert flat.up_m == pytest.approx(0.6, rel=0.02)


@pytest.mark.parametrize("places", [np.zeros((60, 2)), np.zeros(60), np.full((60, 3), np.nan)])
def test_nonsense_is_refused(places: np.ndarray) -> None:
    with pytest.raises(NotMeasurable):
        reach_space(places, "left")
    with pytest.raises(NotMeasurable):
        trunk_shift(places, np.full((60, 3), np.inf), 0.0)


def moved(motion: Motion, shift_m: tuple[float, float, float]) -> Motion:
    return replace(motion, head_m=motion.head_m + shift_m, right_m=motion.right_m + shift_m)


def test_places_count_from_the_shoulder_while_the_trunk_is_in_place() -> None:
    motion = clean(standing_rows(1.0))
    points = reach_points_m(motion, STANCE, "right", (0.2, 1.4, 0.1))
    assert points[0] == pytest.approx((0.05, -0.5, 0.3), abs=1e-6)
    assert reach_points_m(moved(motion, (0, 0, -0.03)), STANCE, "right", (0.2, 1.4, 0.1)) == pytest.approx(points)
    assert not len(reach_points_m(moved(motion, (0, 0, -0.1)), STANCE, "right"))


@pytest.mark.parametrize("facing_deg", [0.0, 75.0, -140.0])
def test_clinical_axes_face_as_the_stance(facing_deg: float) -> None:
    ahead = Rotation.from_euler("y", -facing_deg, degrees=True).apply((0, 0, -1))
    assert clinical([ahead, (0, 1, 0)], facing_deg) == pytest.approx(np.array([[0, 0, 1], [0, 1, 0]]), abs=1e-12)
