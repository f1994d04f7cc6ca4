"""Several limits at once: what one shows is told to those that resemble it, and a loss in one place stays there."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.asking import BadReading
from calibration.directions import DirectionsTracker, around, both_sides, spread_out
from calibration.limit import LimitSpec
from engine.adaptation import Adaptation
from engine.commands.bench import adaptation as bench
from engine.records import Followed, from_json, to_json

SPEC = LimitSpec(0.75, 20.0, 180.0, 90.0, 25.0)
LOG = st.lists(st.tuples(st.integers(0, 3), st.floats(1, 170), st.floats(0, 179), st.booleans()), max_size=25)


def trials_to_ten_percent(lost: bool) -> tuple[float, np.ndarray]:
    """After how many trials the median person's median direction is known to 10 %, and the errors."""
    errors = bench.directions_course(partial(DirectionsTracker, SPEC, 8), bench.envelopes(40, 3, lost))
    within = np.median(np.median(errors, axis=2), axis=0) <= 0.1
    return float(np.argmax(within) + 1), errors


def test_eight_directions_that_resemble_each_other_are_soon_known() -> None:
    needed, errors = trials_to_ten_percent(lost=False)
    assert needed <= 6
    assert np.median(errors[:, -1]) < 0.08


def test_a_local_loss_costs_little_and_is_found() -> None:
    needed, errors = trials_to_ten_percent(lost=True)
    assert needed <= 10
    assert np.median(errors[:, -1].max(axis=1)) < 0.30


def after_efforts(efforts: Sequence[float], how: Adaptation = Adaptation()) -> DirectionsTracker:  # noqa: B008
    tracker = DirectionsTracker(SPEC, len(efforts), how)
    for direction, effort in enumerate(efforts):
        tracker.learn_efforts(direction, (effort,))
    return tracker


def test_what_one_direction_shows_is_believed_of_those_beside_it_and_less_of_the_opposite() -> None:
    tracker = DirectionsTracker(SPEC, 8)
    tracker.learn_efforts(0, (60.0, 61.0, 59.0))
    near, far = tracker.limit_estimates()[1], tracker.limit_estimates()[4]
    assert near < far < 90
    assert near < 75


def test_one_lost_direction_does_not_pull_its_neighbours_down() -> None:
    lost = after_efforts([90.0, 90.0, 90.0, 40.0, 90.0, 90.0, 90.0, 90.0]).limit_estimates()
    assert lost[3] < 66
    assert lost[2] > 82
    assert lost[4] > 82


def test_sides_share_as_much_as_the_preset_says() -> None:
    tied, apart = (DirectionsTracker(SPEC, 2, resemblance=both_sides(share)) for share in (0.9, 0.0))
    for tracker in (tied, apart):
        tracker.learn_efforts(0, (60.0, 61.0, 59.0))
    assert tied.limit_estimates()[1] < 70
    assert apart.limit_estimates()[1] == pytest.approx(90, abs=1.5)


def test_each_direction_is_first_asked_openly_far_from_the_last_one() -> None:
    tracker, asked = DirectionsTracker(SPEC, 8), []
    for _ in range(8):
        direction, amplitude = tracker.next_trial()
        assert math.isinf(amplitude)
        tracker.update_dir(direction, amplitude, 90.0, True)
        asked.append(direction)
    assert asked == [0, 4, 2, 6, 1, 5, 3, 7] == spread_out(8)


def test_a_direction_that_surprised_is_asked_openly_once_more_then_targets_go_round() -> None:
    tracker, openly, targets = DirectionsTracker(SPEC, 4), [], []
    for _ in range(16):
        direction, amplitude = tracker.next_trial()
        (openly if math.isinf(amplitude) else targets).append(direction)
        able = 40.0 if direction == 3 else 90.0
        tracker.update_dir(direction, amplitude, min(able, amplitude), able >= amplitude)
    assert openly.count(3) == 2
    assert {targets.count(direction) for direction in range(4)} <= {2, 3}


@settings(deadline=None, max_examples=20)
@given(LOG, LOG)
def test_what_is_kept_as_json_goes_on_exactly_where_it_was(before: list, after: list) -> None:
    first, second = DirectionsTracker(SPEC, 4), DirectionsTracker(SPEC, 4)
    for step in before:
        first.update_dir(*step)
    second.restore(from_json(to_json(first.state(("a", "b", "c", "d"), "2026-11-22")), Followed))
    for step in after:
        assert first.next_trial() == second.next_trial()
        assert first.reason == second.reason
        first.update_dir(*step)
        second.update_dir(*step)
    assert first.state() == second.state()


@settings(deadline=None, max_examples=20)
@given(LOG, st.floats(0, 150))
def test_no_direction_is_asked_beyond_its_own_ceiling(log: list, ceiling: float) -> None:
    capped = replace(SPEC, ceiling=ceiling, floor=min(20.0, ceiling))
    tracker = DirectionsTracker([SPEC, capped, SPEC, SPEC], 4)
    for step in log:
        tracker.update_dir(*step)
        amplitude = tracker.next_amplitude(1)
        assert math.isinf(amplitude) or amplitude <= ceiling


def test_warming_up_is_over_for_all_directions_at_once() -> None:
    tracker = after_efforts([90.0] * 4)
    codes = []
    for direction in range(4):
        tracker.next_amplitude(direction)
        codes.append(tracker.code)
        tracker.update_dir(direction, 70.0, 70.0, True)
    assert codes[:3] == ["WARM_UP"] * 3
    assert codes[3] != "WARM_UP"


def test_uncertainty_is_never_negative_however_long_it_goes_on() -> None:
    tracker, random = DirectionsTracker(SPEC, 8), np.random.default_rng(1)
    for _ in range(400):
        direction, amplitude = tracker.next_trial()
        able = random.normal(80, 6)
        tracker.update_dir(direction, amplitude, min(able, amplitude), able >= amplitude)
    covariance = np.array(tracker.state().numbers["covariance"]).reshape(-1, 8, 8)
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert np.abs(tracker.limit_estimates() - 80).max() < 8


def test_directions_that_there_are_not_and_specs_that_are_missing_are_refused() -> None:
    with pytest.raises(BadReading, match="no direction 8: they are 0 to 7"):
        DirectionsTracker(SPEC, 8).update_dir(8, 80.0, 80.0, True)
    with pytest.raises(ValueError, match="1 specs for 2 directions"):
        DirectionsTracker([SPEC], 2)


def test_what_was_believed_of_fewer_directions_is_refused() -> None:
    with pytest.raises(ValueError, match="of a, b does not fit: measure it again"):
        DirectionsTracker(SPEC, 3).restore(DirectionsTracker(SPEC, 2).state(("a", "b")))


def test_neighbours_resemble_each_other_most_and_nothing_wholly() -> None:
    alike = around(8, 0.9)
    assert list(alike[0]) == pytest.approx(list(np.roll(alike[3], -3)))
    assert alike[0, 0] == 1 > alike[0, 1] > alike[0, 2] > alike[0, 4] > 0.5
