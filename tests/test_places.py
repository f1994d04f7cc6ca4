"""Places in terms of a person: directions from a shoulder, leans along a way."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.places import from_shoulder, lean_along, seen_from_shoulder, towards

SHOULDER = (0.2, 1.4, 0.1)
QUICK = settings(deadline=None, max_examples=60)


@QUICK
@given(st.floats(-180, 180), st.floats(-179, 179), st.floats(1, 179), st.floats(0.1, 1.5))
def test_a_place_is_seen_where_it_was_put(facing: float, azimuth: float, elevation: float, radius: float) -> None:
    place = from_shoulder(SHOULDER, facing, azimuth, elevation, radius)
    assert seen_from_shoulder(SHOULDER, facing, place) == pytest.approx((azimuth, elevation, radius), abs=1e-5)


def test_elevation_runs_from_hanging_over_level_to_straight_up() -> None:
    places = [from_shoulder(SHOULDER, 0.0, 0.0, elevation, 0.5) for elevation in (0, 90, 180)]
    assert places[0] == pytest.approx((0.2, 0.9, 0.1))
    assert places[1] == pytest.approx((0.2, 1.4, -0.4))
    assert places[2] == pytest.approx((0.2, 1.9, 0.1))


def test_azimuth_is_positive_to_the_right_of_whoever_looks() -> None:
    assert from_shoulder(SHOULDER, 0.0, 90.0, 90.0, 0.5) == pytest.approx((0.7, 1.4, 0.1))
    assert from_shoulder(SHOULDER, 180.0, 90.0, 90.0, 0.5) == pytest.approx((-0.3, 1.4, 0.1))


def test_azimuth_does_not_jump_behind_a_person_who_faces_back() -> None:
    place = from_shoulder(SHOULDER, 170.0, 20.0, 90.0, 0.5)
    assert seen_from_shoulder(SHOULDER, 170.0, place)[0] == pytest.approx(20)
    assert seen_from_shoulder(SHOULDER, -190.0, place)[0] == pytest.approx(20)


def test_the_shoulder_itself_lies_in_no_direction() -> None:
    assert seen_from_shoulder(SHOULDER, 30.0, SHOULDER) == (0, 0, 0)


@pytest.mark.parametrize(
    ("direction", "ahead_right"), [(0, (1, 0)), (90, (0, 1)), (180, (-1, 0)), (270, (0, -1)), (45, (0.7071, 0.7071))]
)
def test_a_lean_splits_into_along_and_across(direction: float, ahead_right: tuple[float, float]) -> None:
    lean = (4 * ahead_right[0], 4 * ahead_right[1])
    assert lean_along(lean, direction) == pytest.approx((4, 0), abs=1e-3)
    assert lean_along(lean, direction - 90) == pytest.approx((0, 4), abs=1e-3)


def test_lean_directions_run_clockwise_from_above() -> None:
    assert towards(0.0, 90.0) == pytest.approx((1, 0, 0))
    assert towards(90.0, 90.0) == pytest.approx((0, 0, 1))
    assert towards(0.0, 0.0) == pytest.approx((0, 0, -1))
