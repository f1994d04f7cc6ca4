"""What repetitions say: against textbook intervals, and against chance."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.dose import Dose, by_week, dose, share_of_plan, swings_deg, total
from engine.metrics.progress import asymmetry, change, summary

values = st.lists(st.floats(1, 200), min_size=3, max_size=8).filter(lambda x: np.ptp(x) > 0.1)


def test_three_repetitions_are_summed_up_as_a_textbook_does() -> None:
    found = summary([100.0, 106.0, 103.0])
    assert (found.best, found.mean, found.mean_of_three, found.sd, found.n) == (106, 103, 103, 3, 3)
    assert found.sem == pytest.approx(3 / math.sqrt(3))
    assert found.smallest_real_change == pytest.approx(4.302653 * math.sqrt(2) * math.sqrt(3), rel=1e-6)
    assert not found.why


def test_a_known_error_of_measurement_takes_the_normal_quantile() -> None:
    found = summary([100.0], sem=3.0)
    assert (found.sem, found.smallest_real_change) == (3.0, pytest.approx(1.959964 * math.sqrt(2) * 3, rel=1e-6))
    assert set(found.why) == {"sd", "mean_of_three"}


def test_the_best_is_the_least_where_less_is_better_and_three_are_the_first_three() -> None:
    found = summary([9.0, 7.0, 8.0, 12.0], less_is_better=True)
    assert (found.best, found.mean, found.mean_of_three) == (7, 9, 8)


@pytest.mark.parametrize("few", [[], [50.0]])
def test_from_too_few_repetitions_there_is_no_spread_but_a_reason(few: list[float]) -> None:
    found = measured(summary(few))
    missing = [name for name, one in found.items() if one.value is None]
    assert {"sd", "sem", "smallest_real_change", "mean_of_three"} <= set(missing)
    assert all("repetition" in found[name].note for name in missing)


def test_repetitions_that_are_all_alike_show_no_noise_to_compare_with() -> None:
    found = summary([0.1, 0.1, 0.1])
    assert (found.best, found.sd) == (0.1, pytest.approx(0, abs=1e-15))
    assert math.isnan(found.smallest_real_change)
    assert "alike" in found.why["sem"]


@pytest.mark.parametrize("values", [[math.nan], [math.inf, 1.0], [1e200, 1.0], [[1.0, 2.0]]])
def test_repetitions_that_are_no_numbers_are_refused(values: list[float]) -> None:
    with pytest.raises(NotMeasurable):
        summary(values)


@given(before=values, after=values)
@settings(max_examples=100, deadline=None)
def test_a_change_has_the_interval_of_the_two_sample_t_test(before: list[float], after: list[float]) -> None:
    found = change(before, after)
    interval = stats.ttest_ind(after, before).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9, abs=1e-9)
    assert found.larger_than_the_noise is not (interval.low <= 0 <= interval.high)


@given(before=values, after=values, scale=st.floats(0.01, 100), shift=st.floats(-50, 50))
@settings(max_examples=60, deadline=None)
def test_a_change_scales_with_its_unit_and_is_the_same_for_all_shifted(
    before, after, scale: float, shift: float
) -> None:
    plain = change(before, after)
    other = change(scale * np.array(before) + shift, scale * np.array(after) + shift)
    assert other.difference == pytest.approx(scale * plain.difference, rel=1e-6, abs=1e-9)
    assert other.smallest_real_change == pytest.approx(scale * plain.smallest_real_change, rel=1e-6)


def test_noise_alone_is_called_a_change_once_in_twenty_times() -> None:
    visits = np.random.default_rng(7).normal(100, 6, (2000, 2, 3))
    larger = [change(before, after).larger_than_the_noise for before, after in visits]
    assert 0.035 < np.mean(larger) < 0.065


def test_a_known_error_decides_for_single_values() -> None:
    assert change(100.0, 110.0, sem=3.0).larger_than_the_noise is True
    assert change(100.0, 108.0, sem=3.0).larger_than_the_noise is False
    assert change(100.0, 110.0, sem=3.0).smallest_real_change == pytest.approx(8.315, abs=1e-3)


@pytest.mark.parametrize(("before", "after", "reason"), [(100.0, 120.0, "one repetition"), ([5, 5], [6, 6], "alike")])
def test_without_any_spread_nobody_knows_whether_a_change_is_real(before, after, reason: str) -> None:
    found = change(before, after)
    assert found.larger_than_the_noise is None
    assert math.isnan(found.low)
    assert reason in found.why["smallest_real_change"]


def test_the_right_arm_that_goes_twice_as_far_is_a_third_further() -> None:
    found = asymmetry([30.0, 31.0, 29.0], [60.0, 61.0, 59.0])
    assert found.index == pytest.approx(1 / 3)
    assert found.larger_than_the_noise is True
    assert asymmetry([30.0, 35.0, 25.0], [31.0, 36.0, 26.0]).larger_than_the_noise is False


@given(left=values, right=values, scale=st.floats(0.01, 100))
@settings(max_examples=60, deadline=None)
def test_asymmetry_changes_sign_with_the_sides_and_not_with_the_unit(left, right, scale: float) -> None:
    plain, other = asymmetry(left, right), asymmetry(scale * np.array(right), scale * np.array(left))
    assert other.index == pytest.approx(-plain.index, abs=1e-9)
    assert other.interval == pytest.approx(plain.interval, rel=1e-6)
    assert -1 <= plain.index <= 1


def test_the_uncertainty_of_an_asymmetry_is_what_chance_shows() -> None:
    chance = np.random.default_rng(3).normal(0, 3, (4000, 2))
    left, right = 80 + chance[:, 0], 100 + chance[:, 1]
    spread = np.std((right - left) / (right + left))
    assert asymmetry(80.0, 100.0, sem=3.0).interval == pytest.approx(1.96 * spread, rel=0.05)


@pytest.mark.parametrize(("left", "right"), [(-1.0, 2.0), (math.nan, 2.0), ([], 2.0), ([[1.0]], 2.0)])
def test_what_is_no_size_has_no_asymmetry(left, right) -> None:
    with pytest.raises(NotMeasurable):
        asymmetry(left, right)


def test_sides_that_did_next_to_nothing_are_as_alike_as_larger_ones() -> None:
    assert asymmetry([1e-200, 3e-200], [5e-200, 7e-200]).index == pytest.approx(asymmetry([1, 3], [5, 7]).index)


def test_two_sides_that_did_nothing_are_neither_alike_nor_different() -> None:
    found = asymmetry([0.0, 0.0], [0.0, 0.0])
    assert math.isnan(found.index)
    assert found.why["index"] == "neither side did anything"


@pytest.mark.parametrize("sem", [0.0, -1.0, math.nan, math.inf])
def test_an_error_of_measurement_that_is_none_is_refused(sem: float) -> None:
    with pytest.raises(NotMeasurable):
        summary([1.0, 2.0, 3.0], sem)
    with pytest.raises(NotMeasurable):
        change(1.0, 2.0, sem)


# --- dose


def reaching(repetitions: int = 3, rate_hz: float = 90.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A hand that goes 0.4 m up and down again in 2 s and rests for 1 s, shaking by a tenth of a millimetre."""
    time_s = np.arange(round(3 * repetitions * rate_hz)) / rate_hz
    phase = np.minimum(time_s % 3, 2) / 2
    up = (1 - np.cos(2 * np.pi * phase)) / 2
    shaking = np.random.default_rng(1).normal(0, 0.0001, (len(time_s), 3))
    return time_s, np.outer(up, (0.0, 0.4, 0.0)) + shaking, 90 * up


def test_a_dose_is_the_way_the_time_and_the_turning_of_all_repetitions() -> None:
    time_s, position_m, angle_deg = reaching()
    found = dose(3, time_s, position_m, angle_deg)
    assert (found.repetitions, found.path_m) == (3, pytest.approx(6 * 0.4, rel=0.01))
    assert found.active_s == pytest.approx(3 * 1.9, abs=0.15)
    assert found.excursion_deg == pytest.approx(6 * 90, rel=0.001)


def test_resting_is_no_dose_however_long() -> None:
    time_s = np.arange(9000) / 90
    still = np.random.default_rng(2).normal(0, 0.0001, (9000, 3))
    found = dose(0, time_s, still, np.random.default_rng(2).normal(20, 0.5, 9000))
    assert (found.active_s, found.path_m, found.excursion_deg) == (0, 0, 0)


def test_what_was_not_seen_is_not_counted() -> None:
    time_s, position_m, _ = reaching(1)
    position_m[45:90] = np.nan
    assert 0.55 < dose(1, time_s, position_m).path_m < 0.61
    assert math.isnan(dose(1, time_s, position_m).excursion_deg)


def test_swings_are_counted_from_turning_point_to_turning_point() -> None:
    angle = np.concatenate(
        [np.linspace(0, 50, 30), np.linspace(50, 47, 5), np.linspace(47, 80, 20), np.linspace(80, 10, 40)]
    )
    assert swings_deg(angle) == pytest.approx(80 + 70)
    assert swings_deg(np.array([np.nan, 3.0])) == 0


def test_doses_add_up_by_week_and_stand_beside_the_plan() -> None:
    done = [(date(2026, 3, day), Dose(10.0, 60.0, 5.0, math.nan)) for day in (2, 8, 9)]
    weeks = by_week(done)
    assert [(week, one.repetitions) for week, one in weeks.items()] == [(date(2026, 3, 2), 20), (date(2026, 3, 9), 10)]
    assert math.isnan(total(one for _, one in done).excursion_deg)
    plan = Dose(30.0, 240.0, math.nan, math.nan)
    assert share_of_plan(weeks[date(2026, 3, 2)], plan) == pytest.approx({"repetitions": 200 / 3, "active_s": 50})


@pytest.mark.parametrize(
    ("repetitions", "time_s", "position_m"),
    [
        (-1, [0.0, 1.0], None),
        (1, [0.0, math.nan], None),
        (1, [0.0, 1.0], np.zeros((3, 3))),
        (1, [0.0], [[0, math.inf, 0]]),
    ],
)
def test_a_dose_of_nonsense_is_refused(repetitions: int, time_s: list[float], position_m: object) -> None:
    with pytest.raises(NotMeasurable):
        dose(repetitions, time_s, position_m)
