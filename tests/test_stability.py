"""Limits of stability and time to boundary against closed forms, and against nonsense."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.metrics.boundary import base_of_support_m, stability_boundary_m, time_to_boundary
from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.stability import (
    DIRECTIONS_DEG,
    StabilityLimit,
    limits_of_stability,
    stability_area,
    theoretical_limit_deg,
)

CUE_S = 1.0
RATE_HZ = 100.0
SQUARE_M = np.array([[0.1, 0.1], [0.1, -0.1], [-0.1, -0.1], [-0.1, 0.1]])


def lean(
    degrees: float, direction_deg: float = 0.0, reaction_s: float = 0.5, lasts_s: float = 1.5, rate_hz: float = 90.0
) -> tuple[np.ndarray, np.ndarray]:
    """Times, and forward and right lean, of somebody who leans smoothly out at the cue and stays there."""
    time_s = np.arange(0, CUE_S + reaction_s + lasts_s + 2, 1 / rate_hz)
    share = np.clip((time_s - CUE_S - reaction_s) / lasts_s, 0, 1)
    way = degrees * share**3 * (10 + share * (6 * share - 15))
    angle = math.radians(direction_deg)
    return time_s, np.stack([way * math.cos(angle), way * math.sin(angle)], axis=1)


def of(time_s: np.ndarray, lean_deg: np.ndarray, direction_deg: float = 0.0) -> StabilityLimit:
    return limits_of_stability(time_s, lean_deg, direction_deg, CUE_S, 8.0)


@pytest.mark.parametrize("direction", DIRECTIONS_DEG)
def test_a_straight_lean_is_measured_alike_in_every_direction(direction: float) -> None:
    found = of(*lean(6.0, direction), direction)
    assert (found.maximum_excursion_percent, found.endpoint_excursion_percent) == pytest.approx((75, 75), abs=0.3)
    assert found.directional_control_percent == pytest.approx(100, abs=0.1)
    assert found.reaction_s == pytest.approx(0.5 + 0.0594 * 1.5, abs=0.02)  # 5 % of peak velocity comes at 5.94 %


def test_movement_velocity_is_that_of_the_middle_of_the_lean() -> None:
    middle = 0.9 * 6.0 / (1.5 * (0.81070 - 0.18930))  # shares of time at which 5 and 95 % of the way are done
    assert of(*lean(6.0)).movement_velocity_dps == pytest.approx(middle, rel=0.01)


def test_the_first_of_two_movements_is_the_endpoint_and_the_second_the_maximum() -> None:
    time_s, first = lean(4.0, lasts_s=0.8)
    _, second = lean(2.0, reaction_s=2.0, lasts_s=1.0)
    both = first + second[: len(first)]
    found = of(time_s, both)
    assert found.endpoint_excursion_percent == pytest.approx(50, abs=0.5)
    assert found.maximum_excursion_percent == pytest.approx(75, abs=0.5)


def test_going_astray_costs_directional_control() -> None:
    time_s, straight = lean(6.0)
    oblique = straight + np.stack([0 * time_s, straight[:, 0] / 4], axis=1)
    assert of(time_s, oblique).directional_control_percent == pytest.approx(75, abs=0.1)


def test_quiet_sway_before_the_lean_is_not_its_beginning() -> None:
    time_s, way = lean(6.0, reaction_s=1.0)
    swaying = way + 0.2 * np.sin(2 * np.pi * 0.4 * time_s)[:, None]
    assert of(time_s, swaying).reaction_s == pytest.approx(of(time_s, way).reaction_s, abs=0.35)


def test_no_lean_has_an_excursion_and_reasons_for_the_rest() -> None:
    found = measured(of(*lean(0.4)))
    assert found["maximum_excursion_percent"].value == pytest.approx(5, abs=0.1)
    assert {(m.value, m.note) for name, m in found.items() if name != "maximum_excursion_percent"} == {
        (None, "no lean to speak of")
    }


def test_who_leans_before_the_cue_has_no_reaction_time() -> None:
    found = measured(of(*lean(6.0, reaction_s=-0.5)))
    assert found["reaction_s"].note == "was leaning already when the signal came"
    assert found["movement_velocity_dps"].value


@given(st.floats(-1e4, 1e4), st.floats(2, 8), st.floats(0.5, 3))
@settings(max_examples=25, deadline=None)
def test_when_a_recording_began_changes_nothing(begin_s: float, degrees: float, lasts_s: float) -> None:
    time_s, way = lean(degrees, lasts_s=lasts_s)
    then = limits_of_stability(time_s + begin_s, way, 0.0, CUE_S + begin_s, 8.0)
    now = of(time_s, way)
    assert then.reaction_s == pytest.approx(now.reaction_s, abs=0.011)
    assert then.movement_velocity_dps == pytest.approx(now.movement_velocity_dps, rel=0.02)


@given(st.floats(0, 360), st.floats(2, 8))
@settings(max_examples=25, deadline=None)
def test_a_limit_twice_as_far_halves_the_share_of_it(direction: float, degrees: float) -> None:
    time_s, way = lean(degrees, direction)
    near, far = (limits_of_stability(time_s, way, direction, CUE_S, limit) for limit in (5.0, 10.0))
    assert near.maximum_excursion_percent == pytest.approx(2 * far.maximum_excursion_percent)
    assert near.movement_velocity_dps == pytest.approx(far.movement_velocity_dps)


TIME_S, WAY = lean(6.0)


@pytest.mark.parametrize(
    ("time_s", "lean_deg", "cue_s", "limit_deg", "why"),
    [
        (TIME_S, WAY[:-1], CUE_S, 8.0, "need a time each"),
        (TIME_S, WAY[:, 0], CUE_S, 8.0, "not forward and right"),
        (TIME_S[::-1], WAY, CUE_S, 8.0, "to rise"),
        (TIME_S, np.where(WAY > 3, np.nan, WAY), CUE_S, 8.0, "finite"),
        (TIME_S, WAY, CUE_S, 0.0, "a limit of 0.0 degrees"),
        (TIME_S, WAY, TIME_S[-1], 8.0, "the cue at"),
        (TIME_S, WAY, math.nan, 8.0, "the cue at nan"),
        (TIME_S[:0], WAY[:0], CUE_S, 8.0, "need a time each"),
    ],
)
def test_a_lean_that_cannot_be_is_refused(
    time_s: np.ndarray, lean_deg: np.ndarray, cue_s: float, limit_deg: float, why: str
) -> None:
    with pytest.raises(NotMeasurable, match=why):
        limits_of_stability(time_s, lean_deg, 0.0, cue_s, limit_deg)


def test_theoretical_limits_are_those_of_the_test_and_ellipses_between() -> None:
    assert [theoretical_limit_deg(direction) for direction in (0, 90, 180, 270)] == pytest.approx([8, 8, 4.5, 8])
    assert theoretical_limit_deg(45) == pytest.approx(8)
    assert theoretical_limit_deg(135) == pytest.approx(theoretical_limit_deg(225)) == pytest.approx(5.546, abs=1e-3)


def test_the_area_of_four_equal_leans_is_that_of_a_square() -> None:
    found = stability_area([0, 90, 180, 270], [6, 6, 6, 6])
    assert (found.area_deg2, found.left_right_asymmetry_percent, found.front_back_asymmetry_percent) == pytest.approx(
        (72, 0, 0), abs=1e-9
    )


def test_the_order_of_the_directions_does_not_matter() -> None:
    reach = [theoretical_limit_deg(direction) for direction in DIRECTIONS_DEG]
    sorted_, shuffled = stability_area(DIRECTIONS_DEG, reach), stability_area(DIRECTIONS_DEG[::-1], reach[::-1])
    assert sorted_ == shuffled


def test_leaning_further_to_the_right_and_ahead_is_positive() -> None:
    found = stability_area([0, 90, 180, 270], [6, 6, 2, 4])
    assert found.left_right_asymmetry_percent == pytest.approx(20)
    assert found.front_back_asymmetry_percent == pytest.approx(50)


def test_directions_that_do_not_go_round_have_no_area() -> None:
    found = measured(stability_area([0, 45, 90], [6, 6, 6]))
    assert {m.value for m in found.values()} == {None}
    assert found["area_deg2"].note == "the directions do not go round"


@pytest.mark.parametrize(
    ("direction", "excursion"), [([0, 90], [6]), ([0, 90, 200], [6, -1, 6]), ([0, 9], [6, np.nan])]
)
def test_leans_that_cannot_be_have_no_area(direction: list[float], excursion: list[float]) -> None:
    with pytest.raises(NotMeasurable):
        stability_area(direction, excursion)


@given(st.floats(-0.09, 0.0), st.floats(0.01, 0.15))
@settings(deadline=None)
def test_just_before_it_turns_a_point_has_the_time_that_the_rest_of_the_way_takes(
    begin_m: float, velocity_mps: float
) -> None:
    way = begin_m + velocity_mps * np.arange(50) / RATE_HZ
    there_and_back = np.concatenate([way, way[-2::-1]])
    found = time_to_boundary(there_and_back, np.zeros(99), RATE_HZ, SQUARE_M)
    assert (found.minima, found.least_s) == pytest.approx((1, (0.1 - way[48]) / velocity_mps), rel=1e-6)


def test_a_circle_in_a_circle_has_its_closed_form() -> None:
    radius_m, small_m, hz = 0.1, 0.04, 0.5
    corner = np.linspace(0, 2 * np.pi, 721)[:-1]
    boundary = radius_m * np.stack([np.cos(corner), np.sin(corner)], axis=1)
    angle = 2 * np.pi * hz * np.arange(2000) / RATE_HZ
    expected = math.sqrt(radius_m**2 - small_m**2) / (2 * np.pi * hz * small_m)
    found = time_to_boundary(small_m * np.cos(angle), small_m * np.sin(angle), RATE_HZ, boundary)
    assert (found.mean_s, found.least_s) == pytest.approx((expected, expected), rel=1e-3)
    assert found.outside_percent == 0


def test_urgent_moments_of_a_pendulum_come_twice_a_swing() -> None:
    way = 0.05 * np.sin(2 * np.pi * 0.5 * np.arange(2001) / RATE_HZ)
    found = time_to_boundary(way, np.zeros(2001), RATE_HZ, SQUARE_M)
    phase = np.linspace(0, np.pi / 2, 10000)[:-1]
    expected = ((0.1 - 0.05 * np.sin(phase)) / (0.05 * np.pi * np.cos(phase))).min()
    assert found.minima == 20
    assert found.mean_s == pytest.approx(expected, rel=1e-3)


def test_what_is_outside_has_no_time_but_is_counted() -> None:
    way = 0.2 * np.sin(2 * np.pi * 0.5 * np.arange(2001) / RATE_HZ)
    assert time_to_boundary(way, np.zeros(2001), RATE_HZ, SQUARE_M).outside_percent == pytest.approx(200 / 3, abs=0.5)


def test_a_point_at_rest_never_reaches_the_boundary() -> None:
    found = measured(time_to_boundary(np.zeros(500), np.zeros(500), RATE_HZ, SQUARE_M))
    assert (found["mean_s"].value, found["minima"].value) == (None, 0)
    assert found["mean_s"].note == "the point hardly moved, or was outside"


@given(st.integers(0, 99), st.floats(0, 360), st.floats(-3, 3))
@settings(max_examples=20, deadline=None)
def test_time_to_boundary_depends_on_no_frame_of_reference(seed: int, turn_deg: float, moved_m: float) -> None:
    track = np.random.default_rng(seed).normal(0, 0.0005, (800, 2)).cumsum(axis=0)
    angle = math.radians(turn_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    here = time_to_boundary(*track.T, RATE_HZ, SQUARE_M, 5.0)
    there = time_to_boundary(*(track @ turn + moved_m).T, RATE_HZ, SQUARE_M @ turn + moved_m, 5.0)
    assert (there.mean_s, there.least_s) == pytest.approx((here.mean_s, here.least_s), rel=1e-6, nan_ok=True)


@pytest.mark.parametrize("boundary", [SQUARE_M[:2], SQUARE_M[:, 0], np.full((4, 2), np.nan)])
def test_a_boundary_that_is_none_is_refused(boundary: np.ndarray) -> None:
    with pytest.raises(NotMeasurable, match="a boundary has at least 3 corners"):
        time_to_boundary(np.zeros(100), np.zeros(100), RATE_HZ, boundary)


def test_boundaries_are_where_the_feet_are_and_where_the_head_can_go() -> None:
    assert np.ptp(base_of_support_m(0.3, 0.25), axis=0) == pytest.approx((0.3, 0.25))
    limits = stability_boundary_m([0, 90, 180, 270], [8, 8, 4.5, 8], 1.6)
    assert limits[1] == pytest.approx((1.6 * math.tan(math.radians(8)), 0), abs=1e-9)
    assert limits[2] == pytest.approx((0, -1.6 * math.tan(math.radians(4.5))), abs=1e-9)


def test_nobody_leans_further_than_lying() -> None:
    with pytest.raises(NotMeasurable, match="nobody leans by 120 deg"):
        of(TIME_S, 20 * WAY)
