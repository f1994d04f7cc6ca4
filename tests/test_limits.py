"""The arithmetic of limits: honest intervals of few efforts, and the reach in each direction."""

import math

import numpy as np
import pytest
from scipy import stats

from calibration.limits import Effort, at_stop_line, from_efforts, from_one, from_repetitions, reach_cells
from engine.records import Limit, ReachCell


def test_repeated_efforts_give_their_mean_their_best_and_an_interval_that_narrows() -> None:
    two, eight = (from_repetitions([90.0, 100.0] * n, "deg", "open", 4.0) for n in (1, 4))
    assert (two.value, two.best, two.n, two.unit) == (95, 100, 2, "deg")
    pooled = math.sqrt((5 * 4.0**2 + 50) / 6)
    assert two.high - two.low == pytest.approx(2 * stats.t.ppf(0.975, 6) * pooled / math.sqrt(2), abs=1e-3)
    assert eight.high - eight.low < 0.6 * (two.high - two.low)


def test_efforts_are_kept_in_their_order() -> None:
    assert from_repetitions([90.12345, 80.0, 100.0], "deg", "open", 4.0).efforts == (90.1235, 80.0, 100.0)


def test_a_limit_that_a_stop_line_ended_is_at_least_that() -> None:
    assert at_stop_line([80.0, 79.6], 3) == "2 of 3 efforts ended at the stop line at 80°: it is at least this far"
    assert at_stop_line([], 3) == ""


def test_what_a_stop_line_ended_lower_than_the_others_came_is_left_out() -> None:
    limit = from_efforts([Effort(89.0, 90.0), Effort(60.0, 60.0), Effort(88.0), Effort(60.2, 60.0)], "open", 6.0)
    assert (limit.value, limit.n, limit.efforts) == (88.5, 2, (89.0, 88.0))
    assert limit.note == (
        "1 of 2 efforts ended at the stop line at 90°: it is at least this far; 2 that had to end lower left out"
    )


def test_what_one_stop_line_ended_counts_with_what_came_as_far() -> None:
    limit = from_efforts([Effort(60.0, 60.0), Effort(62.0, 60.0), Effort(55.0)], "open", 6.0)
    assert (limit.value, limit.n) == (59.0, 3)


def test_equal_efforts_are_not_taken_for_certainty() -> None:
    limit = from_repetitions([90.0, 90.0, 90.0], "deg", "open", 4.0)
    assert limit.high - limit.value == pytest.approx(4.615, abs=1e-3)


def test_few_efforts_leave_more_open_than_many_of_the_same_scatter() -> None:
    one, three, many = (from_repetitions([90.0] * n, "deg", "open", 4.0) for n in (1, 3, 100))
    halves = [(limit.high - limit.value) * math.sqrt(limit.n) for limit in (one, three, many)]
    assert halves == sorted(halves, reverse=True)
    assert one.high - one.value == pytest.approx(stats.t.ppf(0.975, 5) * 4, abs=1e-3)


def test_the_interval_of_a_limit_holds_the_truth_as_often_as_it_says() -> None:
    """People whose scatter is lognormal about what most people have: 19 in 20, give or take."""
    random = np.random.default_rng(0)
    for n in (1, 2, 3, 8):
        scatter = 6.0 * np.exp(random.normal(0, 0.35, 1000))
        limits = [from_repetitions(random.normal(90, sd, n).tolist(), "deg", "open", 6.0) for sd in scatter]
        assert 0.92 < np.mean([limit.low <= 90 <= limit.high for limit in limits]) < 0.98


def test_one_measurement_has_the_error_that_is_known_of_it() -> None:
    assert from_one(1.7, "m", "told", 0.01) == Limit(1.7, 1.6804, 1.7196, "m", 1, "told", best=1.7)


def test_reach_cells_hold_the_95th_percentile_of_their_bin() -> None:
    radius = np.linspace(0.4, 0.6, 101)
    (cell,) = reach_cells(np.full(101, 32.0), np.full(101, 86.0), radius)
    assert cell == ReachCell(30.0, 90.0, 0.59, 101)


def test_cells_with_few_samples_and_unseen_hands_are_left_out() -> None:
    azimuth = np.array([0.0] * 5 + [45.0] * 4 + [-45.0] * 9)
    radius = np.array([0.5] * 9 + [np.nan] * 9)
    assert [cell.azimuth_deg for cell in reach_cells(azimuth, azimuth + 90, radius)] == [0]
    assert reach_cells(np.empty(0), np.empty(0), np.empty(0)) == ()


def test_an_effort_beyond_its_own_stop_line_is_at_least_so_far() -> None:
    limit = from_efforts([Effort(96.0, 90.0)], "open reaches", 6.0)
    assert (limit.value, limit.n) == (96.0, 1)
    assert "at least this far" in limit.note
