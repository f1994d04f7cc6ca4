"""Sway as a process, against other people's implementations on real stabilograms and against closed forms."""

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from engine.metrics.definition import NotMeasurable, definitions, measured
from engine.metrics.signals import low_passed
from engine.metrics.sway_dynamics import (
    AxisDynamics,
    axis_dynamics,
    mean_squared_displacement,
    plane_dynamics,
    sample_entropy,
)

RATE_HZ = 100.0
M_OF_CM = 0.01
AXIS = {
    "short_diffusion_m2": ("short_time_diffusion_Diffusion", M_OF_CM**2),
    "long_diffusion_m2": ("long_time_diffusion_Diffusion", M_OF_CM**2),
    "short_scaling": ("short_time_scaling_Diffusion", 1.0),
    "long_scaling": ("long_time_scaling_Diffusion", 1.0),
    "critical_time_s": ("critical_time_Diffusion", 1.0),
    "critical_displacement_m2": ("critical_displacement_Diffusion", M_OF_CM**2),
    "turns": ("zero_crossing_SPD", 1.0),
    "peak_velocity_mps": ("peak_velocity_all_SPD", M_OF_CM),
    "phase_plane_m": ("phase_plane_parameter", M_OF_CM),
}
PLANE = {
    "pause_s": ("mean_peak_Sway_Density", 1.0),
    "pause_distance_m": ("mean_distance_peak_Sway_Density", M_OF_CM),
    "length_over_area_pm": ("LFS_ML_AND_AP", 1 / M_OF_CM),
    "fractal_dimension": ("fractal_dimension_ML_AND_AP", 1.0),
}


@pytest.fixture(scope="module", params=["raw", "lp10"])
def trials(request: pytest.FixtureRequest, data: Path) -> list[tuple[np.ndarray, dict[str, str]]]:
    """Tracks in metres, to the right and ahead, and the row of each in a table of the code of Quijoux 2021."""
    table = data / "reference" / "dev" / f"bds_quijoux_native100_{request.param}.csv"
    found = []
    for row in csv.DictReader(table.read_text().splitlines()):
        file = data / "bds_stabilograms" / "trials" / f"{row['Trial']}.csv.gz"
        if file.exists():
            with gzip.open(file) as content:
                track = M_OF_CM * np.loadtxt(content, delimiter=",", skiprows=1, usecols=(3, 2))
            if request.param == "lp10":
                b, a = signal.butter(4, 10 / (RATE_HZ / 2))
                track = signal.filtfilt(b, a, track - track.mean(axis=0), axis=0)
            found.append((track, row))
    assert len(found) >= 12
    return found


@pytest.mark.parametrize(("column", "name"), [(0, "ML"), (1, "AP")])
def test_each_axis_agrees_with_the_authors_of_the_measures(trials: list, column: int, name: str) -> None:
    for track, row in trials:
        found = axis_dynamics(track[:, column], RATE_HZ)
        for ours, (theirs, scale) in AXIS.items():
            assert getattr(found, ours) == pytest.approx(scale * float(row[f"{theirs}_{name}"]), rel=1e-9), ours


def test_the_plane_agrees_with_the_authors_of_the_measures(trials: list) -> None:
    for track, row in trials:
        found = plane_dynamics(*track.T, RATE_HZ)
        for ours, (theirs, scale) in PLANE.items():
            assert getattr(found, ours) == pytest.approx(scale * float(row[theirs]), rel=1e-9), ours


def entropy_by_definition(values: np.ndarray) -> float:
    """Richman & Moorman 2000, pair by pair."""
    begins, radius = len(values) - 2, 0.2 * values.std()
    alike = {2: 0, 3: 0}
    for i in range(begins):
        for j in range(i + 1, begins):
            for length in alike:
                alike[length] += bool(np.max(np.abs(values[i : i + length] - values[j : j + length])) <= radius)
    return -math.log(alike[3] / alike[2])


@pytest.mark.parametrize("seed", [0, 1])
def test_sample_entropy_is_that_of_its_definition(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=150).cumsum()
    assert sample_entropy(values) == pytest.approx(entropy_by_definition(values), rel=1e-12)


def test_what_is_hard_to_foresee_has_more_entropy() -> None:
    noise = np.random.default_rng(0).normal(size=1500)
    wave = np.sin(np.arange(1500) / 10)
    assert sample_entropy(noise) > 1.8 > 0.4 > sample_entropy(wave)


@pytest.mark.parametrize("values", [np.zeros(100), np.arange(3.0), np.empty(0)])
def test_what_does_not_change_or_is_too_short_has_no_entropy(values: np.ndarray) -> None:
    assert math.isnan(sample_entropy(values))


def test_the_diffusion_curve_is_that_of_its_definition() -> None:
    values = np.random.default_rng(0).normal(size=500).cumsum()
    directly = [np.mean((values[lag:] - values[:-lag]) ** 2) for lag in range(1, 167)]
    assert mean_squared_displacement(values, 166) == pytest.approx(directly, rel=1e-10)


def test_a_random_walk_scales_like_one() -> None:
    scaling = [
        axis_dynamics(np.random.default_rng(seed).normal(size=6000).cumsum(), RATE_HZ).short_scaling
        for seed in range(10)
    ]
    assert np.mean(scaling) == pytest.approx(0.5, abs=0.02)


def test_a_point_that_does_not_move_has_no_dynamics_and_says_why() -> None:
    axis, plane = axis_dynamics(np.full(6000, 0.1), RATE_HZ), plane_dynamics(*np.full((2, 6000), 0.1), RATE_HZ)
    assert measured(axis)["critical_time_s"].note == "nothing moved, or it repeats itself exactly"
    assert all(math.isnan(getattr(axis, name)) for name in definitions(AxisDynamics))
    assert measured(plane)["fractal_dimension"].note == "too short, or no area was covered"


def test_a_short_trial_has_no_diffusion() -> None:
    found = measured(axis_dynamics(np.random.default_rng(0).normal(size=700).cumsum(), RATE_HZ))
    assert (found["critical_time_s"].value, found["critical_time_s"].note) == (
        None,
        "too short: diffusion needs 8 s and more",
    )
    assert found["turns"].value


@pytest.mark.parametrize("values", [np.array([0.0]), np.full(900, np.nan), np.zeros((900, 2))])
def test_dynamics_of_nonsense_are_refused(values: np.ndarray) -> None:
    with pytest.raises(NotMeasurable):
        axis_dynamics(values, RATE_HZ)
    with pytest.raises(NotMeasurable):
        plane_dynamics(values, values, RATE_HZ)


@given(st.integers(0, 999), st.floats(0.1, 10), st.floats(-5, 5))
@settings(max_examples=15, deadline=None)
def test_dynamics_scale_as_their_units_say_wherever_a_person_stands(seed: int, scale: float, moved_m: float) -> None:
    values = low_passed(np.random.default_rng(seed).normal(0, 0.0005, (1500, 1)).cumsum(axis=0), RATE_HZ, 5.0)[:, 0]
    before, after = axis_dynamics(values, RATE_HZ), axis_dynamics(scale * values + moved_m, RATE_HZ)
    for name, definition in definitions(AxisDynamics).items():
        factor = scale ** {"m": 1, "m/s": 1, "m²": 2}.get(definition.unit, 0)
        assert getattr(after, name) == pytest.approx(factor * getattr(before, name), rel=1e-6), name
