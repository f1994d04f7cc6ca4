"""Smoothness against the code of those who defined it, on the speeds of real people."""

import csv
import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.metrics.definition import NotMeasurable
from engine.metrics.smoothness import dimensionless_jerk, ldlj, sparc

Smoothness = Callable[[np.ndarray, float], float]
MEASURES: tuple[Smoothness, ...] = (sparc, dimensionless_jerk, ldlj)
EXAMPLE = np.exp(-5 * np.arange(-1, 1, 0.01) ** 2)
SPEEDS = arrays(float, st.integers(20, 300), elements=st.floats(0, 5))
TABLES = [
    ("irds_smoothness_siva82kb.csv", "irds_smoothness_input_profiles.csv.gz", "side"),
    ("beatsaber_smoothness_siva82kb.csv", "beatsaber_smoothness_input_profiles.csv.gz", "window"),
]


def table(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return list(csv.DictReader(text.decode().splitlines()))


def minimum_jerk(samples: int) -> np.ndarray:
    """Speed of a reach of length 1 in a time of 1."""
    t = np.linspace(0, 1, samples)
    return 30 * t**2 * (1 - t) ** 2


@pytest.mark.parametrize(("results", "profiles", "key"), TABLES, ids=["rehabilitation", "play"])
def test_every_movement_is_as_smooth_as_in_the_authors_own_code(
    data: Path, results: str, profiles: str, key: str
) -> None:
    speeds: dict[tuple[str, str], list[float]] = {}
    for row in table(data / "reference" / "dev" / profiles):
        speeds.setdefault((row["file"], row[key]), []).append(float(row["speed_m_s"]))
    expected = table(data / "reference" / "dev" / results)
    assert len(expected) >= 20
    for row in expected:
        speed, rate_hz = np.array(speeds[row["file"], row[key]]), float(row["fs"])
        for measure in MEASURES:
            if measure.__name__ in row:
                assert measure(speed, rate_hz) == pytest.approx(float(row[measure.__name__]), rel=1e-9)


def test_smoothness_has_the_values_of_its_published_example() -> None:
    assert sparc(EXAMPLE, 100.0) == pytest.approx(-1.41403, abs=5e-6)
    assert dimensionless_jerk(EXAMPLE, 100.0) == pytest.approx(-335.74684, abs=5e-6)
    assert ldlj(EXAMPLE, 100.0) == pytest.approx(-5.81636, abs=5e-6)


def test_a_minimum_jerk_reach_has_the_jerk_that_theory_gives_it() -> None:
    assert dimensionless_jerk(minimum_jerk(4001), 100.0) == pytest.approx(-720 / 1.875**2, rel=1e-3)


def test_every_stop_makes_a_movement_less_smooth() -> None:
    for measure in MEASURES:
        once, twice, thrice = (measure(np.tile(minimum_jerk(80), n), 100.0) for n in (1, 2, 3))
        assert thrice < twice < once


@pytest.mark.parametrize("measure", MEASURES)
@given(speed=SPEEDS, times=st.floats(1e-6, 1e6))
def test_how_fast_a_movement_is_does_not_change_its_smoothness(
    measure: Smoothness, speed: np.ndarray, times: float
) -> None:
    speed = np.round(speed, 6)
    assert measure(times * speed, 100.0) == pytest.approx(measure(speed, 100.0), rel=1e-6, nan_ok=True)


@given(speed=SPEEDS, rate_hz=st.floats(30, 1000))
def test_jerk_without_dimension_knows_no_rate(speed: np.ndarray, rate_hz: float) -> None:
    assert ldlj(speed, rate_hz) == pytest.approx(ldlj(speed, 100.0), nan_ok=True)


@pytest.mark.parametrize("rate_hz", [60.0, 200.0])
def test_resampling_changes_the_smoothness_of_a_reach_by_less_than_two_percent(rate_hz: float) -> None:
    at_100_hz, other = minimum_jerk(101), minimum_jerk(round(rate_hz) + 1)
    assert sparc(other, rate_hz) == pytest.approx(sparc(at_100_hz, 100.0), rel=0.02)
    assert ldlj(other, rate_hz) == pytest.approx(ldlj(at_100_hz, 100.0), rel=0.02)


def test_above_half_the_rate_there_is_no_spectrum() -> None:
    speed = minimum_jerk(40)
    assert sparc(speed, 15.0) == sparc(speed, 15.0, highest_hz=7.5)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("speed", [np.zeros(50), np.ones(1), np.empty(0)])
def test_where_nothing_moves_there_is_no_smoothness(measure: Smoothness, speed: np.ndarray) -> None:
    assert math.isnan(measure(speed, 90.0))


def test_a_steady_hand_has_no_jerk_to_take_the_logarithm_of() -> None:
    assert dimensionless_jerk(np.full(50, 0.3), 90.0) == 0
    assert math.isnan(ldlj(np.full(50, 0.3), 90.0))


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("speed", "rate_hz"),
    [
        (np.append(EXAMPLE, np.nan), 100.0),
        (np.append(EXAMPLE, np.inf), 100.0),
        (EXAMPLE[:, None], 100.0),
        (EXAMPLE, 0.0),
        (EXAMPLE, -90.0),
        (EXAMPLE, math.nan),
    ],
)
def test_nonsense_is_refused(measure: Smoothness, speed: np.ndarray, rate_hz: float) -> None:
    with pytest.raises(NotMeasurable):
        measure(speed, rate_hz)
