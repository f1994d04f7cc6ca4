"""Two hands at once, against hands whose lag and share are known."""

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.metrics.bimanual import Bimanual, bimanual, symmetry_index
from engine.metrics.definition import NotMeasurable, definitions

TIME_S = np.arange(0, 3, 1 / 90)


def a_hand(start_s: float = 1.0, way_m: float = 0.4, time_s: np.ndarray = TIME_S) -> np.ndarray:
    """A minimum-jerk reach of 0.8 s, (n, 3)."""
    u = np.clip((time_s - start_s) / 0.8, 0, 1)
    return np.outer(10 * u**3 - 15 * u**4 + 6 * u**5, (0.0, 0.6 * way_m, -0.8 * way_m))


def numbers(found: Bimanual) -> list[float]:
    return [getattr(found, name) for name in definitions(Bimanual)]


@settings(max_examples=40, deadline=None)
@given(lag_s=st.floats(-0.3, 0.3), more=st.floats(0.3, 3.0))
def test_lag_and_symmetry_are_those_of_the_hands(lag_s: float, more: float) -> None:
    found = bimanual(a_hand(), a_hand(1.0 + lag_s, 0.4 * more), TIME_S)
    assert found.lag_s == pytest.approx(lag_s, abs=0.001)
    assert found.correlation == pytest.approx(1, abs=0.002)
    assert found.path_symmetry == pytest.approx((more - 1) / (more + 1), abs=0.002)
    assert found.speed_symmetry == pytest.approx((more - 1) / (more + 1), abs=0.002)


def test_noise_leaves_all_within_the_stated_error() -> None:
    random = np.random.default_rng(4)
    left, right = (hand + random.normal(0, 7e-5, hand.shape) for hand in (a_hand(), a_hand(1.1)))
    wide = [definition.plus_minus for definition in definitions(Bimanual).values()]
    for found, truth, plus_minus in zip(numbers(bimanual(left, right, TIME_S)), (0.1, 1, 0, 0), wide, strict=True):
        assert abs(found - truth) < (plus_minus or 0)


def test_which_hand_is_called_left_only_turns_the_signs() -> None:
    one, other = bimanual(a_hand(), a_hand(1.1, 0.5), TIME_S), bimanual(a_hand(1.1, 0.5), a_hand(), TIME_S)
    assert numbers(other) == pytest.approx([-one.lag_s, one.correlation, -one.path_symmetry, -one.speed_symmetry])


@settings(max_examples=20, deadline=None)
@given(turn=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.tuples(*[st.floats(-5, 5)] * 3), later_s=st.floats(-100, 100))
def test_room_and_clock_change_nothing(turn: tuple[float, ...], shift: tuple[float, ...], later_s: float) -> None:
    rotation = Rotation.from_rotvec(turn)
    here = bimanual(a_hand(), a_hand(1.1, 0.5), TIME_S)
    there = bimanual(rotation.apply(a_hand()) + shift, rotation.apply(a_hand(1.1, 0.5)) - shift, TIME_S + later_s)
    assert numbers(there) == pytest.approx(numbers(here), rel=1e-6, abs=1e-8)


def test_one_hand_alone_has_symmetry_but_no_lag() -> None:
    found = bimanual(np.zeros((len(TIME_S), 3)), a_hand(), TIME_S)
    assert math.isnan(found.lag_s)
    assert found.path_symmetry == pytest.approx(1)
    assert found.why == {"lag_s": "one hand did not move", "correlation": "one hand did not move"}


def test_hands_further_apart_than_half_a_second_have_no_lag() -> None:
    found = bimanual(a_hand(0.2), a_hand(1.6), TIME_S)
    assert math.isnan(found.lag_s)
    assert found.why["lag_s"] == "the hands are not alike at any lag within 0.5 s"


def test_what_cannot_be_compared_says_why() -> None:
    still, hidden = np.zeros((len(TIME_S), 3)), a_hand()
    hidden[100:140] = np.nan
    assert set(bimanual(still, still, TIME_S).why.values()) == {"neither hand moved"}
    assert set(bimanual(a_hand(), hidden, TIME_S).why.values()) == {"a hand was not seen for 0.46 s"}
    assert set(bimanual(a_hand()[:30], a_hand()[:30], TIME_S[:30]).why.values()) == {"both hands were not seen for 1 s"}


@pytest.mark.parametrize(
    ("left", "right", "time_s"),
    [
        (a_hand()[:, :2], a_hand()[:, :2], TIME_S),
        (a_hand(), a_hand()[1:], TIME_S),
        (a_hand(), np.full((len(TIME_S), 3), np.inf), TIME_S),
        (a_hand(), a_hand(), TIME_S[::-1]),
        (a_hand(), a_hand(), np.where(TIME_S > 2, np.nan, TIME_S)),
    ],
)
def test_nonsense_is_refused(left: np.ndarray, right: np.ndarray, time_s: np.ndarray) -> None:
    with pytest.raises(NotMeasurable):
        bimanual(left, right, time_s)


@pytest.mark.parametrize(("left", "right", "index"), [(1, 1, 0), (0, 2, 1), (2, 0, -1), (1, 3, 0.5), (0, 0, math.nan)])
def test_the_symmetry_index_is_the_difference_over_the_sum(left: float, right: float, index: float) -> None:
    assert symmetry_index(left, right) == pytest.approx(index, nan_ok=True)


def test_a_person_at_play_uses_both_hands(data: Path) -> None:
    with gzip.open(data / "vr_beatsaber" / "simsaber_sample.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))[1000:2800]
    time_s = np.array([float(row["song_t_s"]) for row in rows])
    rising = np.append(True, np.diff(time_s) > 0)
    left, right = (
        np.array([[float(row[f"{side}_p{c}"]) for c in "xyz"] for row in rows]) for side in ("left", "right")
    )
    found = bimanual(left[rising], right[rising], time_s[rising])
    assert abs(found.path_symmetry) < 0.3
    assert 0 < found.correlation < 1


def test_hands_that_move_one_after_the_other_and_rest_otherwise_are_alike_by_no_more_than_1() -> None:
    time_s = np.arange(0, 1.3, 0.01)
    left, right = (np.outer(0.3 * np.clip((time_s - at_s) / 0.2, 0, 1), (1, 0, 0)) for at_s in (0.0, 1.1))
    found = bimanual(left, right, time_s)
    assert abs(found.correlation) <= 1
