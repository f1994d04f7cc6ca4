"""What visits say of a measure: known answers, and simulated truth."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.metrics.course import VISIT_NOISE_DEG, Point, sem, verdict

BEGAN = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)


def visits(values: list[float], half: float = 0.0, every_days: int = 1) -> list[Point]:
    days = (BEGAN + timedelta(days=every_days * number) for number in range(len(values)))
    return [Point(at, value, value - half, value + half) for at, value in zip(days, values, strict=True)]


def test_a_rise_is_named_from_the_day_on_which_it_stayed_beyond_the_noise() -> None:
    found = verdict(visits([74, 75, 90, 78, 84, 86, 88, 98], half=2, every_days=7), "deg", VISIT_NOISE_DEG, better=1)
    assert (found.first, found.latest, found.change) == (74, 98, 24)
    assert found.noise == np.ceil(1.96 * np.sqrt(np.mean(np.diff([74, 75, 90, 78, 84, 86, 88, 98]) ** 2)))
    assert (found.larger, found.worse, found.since) == (True, False, date(2026, 11, 23))


def test_two_visits_show_a_value_and_no_change() -> None:
    found = verdict(visits([60.0, 95.0]), "deg", VISIT_NOISE_DEG)
    assert (found.n, found.latest, found.noise, found.larger, found.since) == (2, 95, None, None, None)


def test_angles_within_a_visits_noise_are_no_change_however_steady_they_are() -> None:
    assert verdict(visits([90.0, 90, 97, 97]), "deg", VISIT_NOISE_DEG).larger is False
    assert verdict(visits([90.0, 91, 93, 94, 96, 98, 99]), "deg", VISIT_NOISE_DEG).larger is True


@pytest.mark.parametrize(("better", "worse"), [(1, True), (-1, False), (0, None)])
def test_whether_less_is_worse_is_the_measures(better: int, worse: bool | None) -> None:
    assert verdict(visits([9.0, 9.1, 8.9, 7.0, 6.9, 7.0]), "deg", better=better).worse is worse


@pytest.mark.parametrize(("ended", "told"), [(0, False), (-1, True)])
def test_what_a_ceiling_ended_is_no_change_to_what_goes_further(ended: int, told: bool) -> None:
    """At least 60° first and 95° now may be the same; 60° first and at least 95° now is more."""
    points = visits([60.0, 66, 72, 78, 84, 90, 95])
    points[ended] = points[ended]._replace(at_least=True)
    found = verdict(points, "deg", VISIT_NOISE_DEG, better=1)
    assert (found.larger, found.at_least) == ((True, False) if told else (None, True))


@pytest.mark.parametrize("first", [56.0, 60.0, 64.0])
def test_that_nothing_changed_is_not_told_of_what_a_ceiling_ended(first: float) -> None:
    """About 60° first and at least 60° now may be no change, or any."""
    points = visits([first, 58, 60, 60])
    assert verdict(points, "deg", VISIT_NOISE_DEG, better=1).larger is False
    ended = [*points[:-1], points[-1]._replace(at_least=True)]
    found = verdict(ended, "deg", VISIT_NOISE_DEG, better=1)
    assert (found.larger, found.at_least) == (None, True)
    few = verdict(ended[-1:], "deg", VISIT_NOISE_DEG, better=1)
    assert (few.larger, few.at_least) == (None, False), "one session is too few, however it ended"


def test_who_may_raise_an_arm_less_has_not_lost_it() -> None:
    points = visits([95.0, 90, 84, 78, 72, 66, 60])
    assert verdict(points, "deg", VISIT_NOISE_DEG, better=1).worse is True
    ended = [*points[:-1], points[-1]._replace(at_least=True)]
    assert verdict(ended, "deg", VISIT_NOISE_DEG, better=1).worse is None


def test_a_fall_is_not_told_since_a_visit_that_a_ceiling_ended() -> None:
    points = visits([120.0, 105, 104, 103, 102, 101, 100])
    assert verdict(points, "deg", VISIT_NOISE_DEG, better=1).since == points[1].at.date()
    points[1] = points[1]._replace(at_least=True)
    assert verdict(points, "deg", VISIT_NOISE_DEG, better=1).since == points[2].at.date()


def test_wide_intervals_make_the_noise_larger_than_the_visits_differ() -> None:
    assert sem(visits([50.0, 51, 50, 51], half=19.6)) == pytest.approx(10)


@given(st.lists(st.floats(0, 180), min_size=3, max_size=12), st.sampled_from(["deg", "m", "s", ""]))
def test_what_is_subtracted_after_rounding_never_disagrees(values: list[float], unit: str) -> None:
    found = verdict(visits(values), unit)
    assert found.change == pytest.approx(found.latest - found.first, abs=1e-9)
    assert found.noise is not None
    assert found.larger is (abs(found.change) > found.noise)


@pytest.mark.parametrize(("number", "at_most"), [(3, 0.14), (8, 0.09), (30, 0.065)])
def test_nothing_but_noise_is_seldom_called_a_change(number: int, at_most: float) -> None:
    people = np.random.default_rng(3).normal(100, 6, (4000, number))
    called = [verdict(visits(list(person)), "deg").larger for person in people]
    assert np.mean(np.array(called, bool)) < at_most


def test_a_true_rise_of_three_times_the_noise_is_nearly_always_seen() -> None:
    noise = np.random.default_rng(4).normal(0, 3, (500, 20))
    seen = [verdict(visits(list(90 + 25 * np.linspace(0, 1, 20) + person)), "deg", VISIT_NOISE_DEG) for person in noise]
    assert np.mean([bool(found.larger) for found in seen]) > 0.97
