"""Signals before they are measured: what is steady stays, what is noise goes, and what is nonsense is refused."""

import csv
import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal
from scipy.spatial.transform import Rotation

from engine.metrics import signals
from engine.metrics.definition import NotMeasurable
from engine.metrics.signals import Array

SEED = st.integers(0, 2**32 - 1)
RATE_HZ = 100.0


def steps_of_people(seed: int, n: int = 60) -> tuple[Array, Array]:
    """Uneven times as headsets have them, 6 to 39 ms apart, and two columns of a random walk."""
    random = np.random.default_rng(seed)
    return np.cumsum(random.uniform(0.006, 0.039, n)), np.cumsum(random.normal(size=(n, 2)), axis=0)


def turns(seed: int, n: int = 60) -> Array:
    """Orientations of somebody who looks around, far and fast."""
    random = np.random.default_rng(seed)
    return Rotation.from_rotvec(np.cumsum(random.normal(scale=0.2, size=(n, 3)), axis=0)).as_quat()


def about_the_vertical(angle_deg: Array) -> Array:
    return Rotation.from_rotvec(np.outer(np.radians(angle_deg), [0, 1, 0])).as_quat()


def angle_deg(one: Array, other: Array) -> Array:
    return np.degrees((Rotation.from_quat(one).inv() * Rotation.from_quat(other)).magnitude())


def windows_by_hand(time_s: Array, values: Array, at_s: Array, window_s: float) -> Array:
    """The definition of SWARII, one window and one sample after the other."""
    means = []
    for at in at_s:
        inside = [i for i, t in enumerate(time_s) if abs(t - at) < window_s / 2]
        halfway = [(time_s[i] + time_s[i + 1]) / 2 for i in inside[:-1]]
        begin, end = max(at - window_s / 2, time_s[0]), min(at + window_s / 2, time_s[-1])
        means.append(np.average(values[inside], axis=0, weights=np.diff([begin, *halfway, end])))
    return np.array(means)


def references(data: Path) -> dict[str, dict[str, str]]:
    with (data / "reference" / "dev" / "bds_quijoux_swarii25_lp10.csv").open() as file:
        return {row["Trial"]: row for row in csv.DictReader(file)}


def stabilogram(path: Path) -> tuple[Array, Array]:
    """Times from 0, and mediolateral and anteroposterior centre of pressure less its mean, in centimetres."""
    with gzip.open(path) as file:
        pressure = np.loadtxt(file, delimiter=",", skiprows=1, usecols=(3, 2))
    return np.arange(len(pressure)) / RATE_HZ, pressure - pressure.mean(axis=0)


def test_windows_of_weighted_means_are_those_of_the_authors_program(data: Path) -> None:
    # The program leaves out the first 0.1 s and the last sample, and filters without a correction for two passes.
    known = references(data)
    for path in sorted((data / "bds_stabilograms" / "trials").iterdir()):
        time_s, pressure = stabilogram(path)
        _, even = signals.swarii(time_s[10:-1], pressure[10:-1])
        sway = signal.filtfilt(*signal.butter(4, 10, fs=25), even, axis=0)
        steps = np.diff(sway, axis=0)
        ours = {
            "n": len(sway),
            "rms_ML": math.sqrt(np.mean(sway[:, 0] ** 2)),
            "range_AP": np.ptp(sway[:, 1]),
            "sway_length_ML": np.abs(steps[:, 0]).sum(),
            "sway_length_ML_AND_AP": np.hypot(*steps.T).sum(),
        }
        assert ours == pytest.approx({name: float(known[path.name.split(".")[0]][name]) for name in ours}, rel=1e-10)


@settings(deadline=None, max_examples=50)
@given(SEED)
def test_windows_of_weighted_means_are_what_their_definition_says(seed: int) -> None:
    time_s, values = steps_of_people(seed)
    at_s, means = signals.swarii(time_s, values)
    assert means == pytest.approx(windows_by_hand(time_s, values, at_s, 0.08 - 1e-6), abs=1e-9)


def test_an_empty_window_is_bridged_by_a_straight_line() -> None:
    time_s = np.array([0.0, 0.01, 0.5, 0.51])
    at_s, means = signals.swarii(time_s, np.stack([time_s, np.ones(4)], axis=1))
    inside = (at_s > 0.06) & (at_s < 0.44)
    assert np.ptp(np.diff(means[inside, 0])) == pytest.approx(0, abs=1e-12)
    assert means[:, 1] == pytest.approx(1)


def test_resampling_is_steady_and_straight() -> None:
    time_s = np.array([0.0, 0.1, 0.4, 1.0])
    steady, values = signals.uniform(time_s, np.stack([time_s, 2 * time_s], axis=1), 20.0)
    assert np.diff(steady) == pytest.approx(0.05)
    assert (steady[0], steady[-1]) == pytest.approx((0, 1))
    assert values == pytest.approx(np.stack([steady, 2 * steady], axis=1))


@given(SEED, st.sampled_from([25.0, 72.0, 90.0, 100.0, 120.0]), st.floats(0, 1e5), st.integers(2, 300))
def test_resampling_a_steady_signal_at_its_own_rate_changes_nothing(
    seed: int, rate_hz: float, start_s: float, n: int
) -> None:
    time_s = start_s + np.round(np.arange(n) / rate_hz, 9)  # as nanoseconds have it
    values, q = np.random.default_rng(seed).uniform(-1, 1, (n, 2)), signals.sign_continuous(turns(seed, n))
    assert signals.uniform(time_s, values, rate_hz)[1] == pytest.approx(values, abs=1e-6)
    assert signals.uniform_rotations(time_s, q, rate_hz)[1] == pytest.approx(q, abs=1e-6)


def test_what_was_not_seen_is_nan_after_resampling_and_nothing_else_is() -> None:
    time_s, values = np.arange(20) / 10, np.ones((20, 3))
    values[8:11] = np.nan
    steady, resampled = signals.uniform(time_s, values, 100.0)
    assert np.array_equal(np.isnan(resampled[:, 0]), (steady > 0.7 + 1e-9) & (steady < 1.1 - 1e-9))


@given(st.floats(1, 170), st.floats(20, 200))
def test_a_steady_turn_stays_steady(turn_deg: float, rate_hz: float) -> None:
    time_s = np.array([0.0, 0.3, 0.4, 1.0])
    q = about_the_vertical(turn_deg * time_s) * np.array([[1], [-1], [1], [-1]])
    steady, turned = signals.uniform_rotations(time_s, q, rate_hz)
    assert angle_deg(turned, about_the_vertical(turn_deg * np.minimum(steady, 1.0))).max() < 1e-5
    assert np.all(np.sum(turned[1:] * turned[:-1], axis=1) > 0)


def test_turning_past_the_back_is_one_arc() -> None:
    q = about_the_vertical(np.array([170.0, -170.0]))
    half = signals.rotations_at(np.array([0.0, 1.0]), q, np.array([0.5]))
    assert angle_deg(half, about_the_vertical(np.array([180.0])))[0] < 1e-6


def test_a_room_turned_by_half_a_turn_and_spoilt_signs_change_no_angle_of_a_real_headset(data: Path) -> None:
    with gzip.open(data / "vr_headset_robot" / "quest2_traj1_unity.csv.gz") as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1)[2000:4000]
    behind = Rotation.from_quat(about_the_vertical(np.array([180.0]))[0])
    turned = (behind * Rotation.from_quat(table[:, 4:])).as_quat()
    turned *= np.random.default_rng(1).choice([-1, 1], (len(turned), 1))
    _, here = signals.uniform_rotations(table[:, 0], table[:, 4:], RATE_HZ)
    _, there = signals.uniform_rotations(table[:, 0], turned, RATE_HZ)
    assert angle_deg((behind * Rotation.from_quat(here)).as_quat(), there).max() < 1e-5
    assert np.all(np.sum(there[1:] * there[:-1], axis=1) > 0.99)


def test_before_the_first_orientation_and_after_the_last_they_hold() -> None:
    time_s, q = np.arange(60) / 60, turns(1)
    assert angle_deg(signals.rotations_at(time_s, q, np.array([-5.0, 9.0])), q[[0, -1]]).max() < 1e-6


@given(SEED)
def test_the_mean_orientation_does_not_depend_on_signs(seed: int) -> None:
    random = np.random.default_rng(seed)
    around = turns(seed, 1)
    q = (Rotation.from_quat(around) * Rotation.from_rotvec(random.normal(scale=0.3, size=(20, 3)))).as_quat()
    mean = signals.mean_rotation(q * random.choice([-1, 1], (20, 1)))
    assert angle_deg(mean, Rotation.from_quat(q).mean().as_quat()) < 1e-5
    assert np.linalg.norm(mean) == pytest.approx(1)


@given(SEED)
def test_the_mean_orientation_turns_with_the_room(seed: int) -> None:
    room, q = Rotation.from_quat(turns(seed, 1)[0]), turns(seed + 1, 5)
    turned = signals.mean_rotation((room * Rotation.from_quat(q)).as_quat())
    assert angle_deg(turned, (room * Rotation.from_quat(signals.mean_rotation(q))).as_quat()) < 1e-4


def test_of_opposite_yaws_the_mean_is_behind_and_not_in_front() -> None:
    mean = signals.mean_rotation(about_the_vertical(np.array([179.0, -179.0])))
    assert angle_deg(mean, about_the_vertical(np.array([180.0]))) < 1e-6


@given(SEED)
def test_signs_are_turned_and_never_the_orientation(seed: int) -> None:
    q = turns(seed)
    spoilt = q * np.random.default_rng(seed).choice([-1, 1], (len(q), 1))
    mended = signals.sign_continuous(spoilt)
    assert np.all(np.sum(mended[1:] * mended[:-1], axis=1) >= 0)
    assert np.array_equal(np.abs(mended), np.abs(q))


def test_signs_go_on_behind_what_was_not_seen() -> None:
    q = np.tile([0.0, 0.0, 0.0, 1.0], (6, 1))
    q[2:4], q[4:] = np.nan, -q[4:]
    mended = signals.sign_continuous(q)
    assert np.isnan(mended[2:4]).all()
    assert np.array_equal(mended[4:], q[:2])


def share_left(rate_hz: float, cut_off_hz: float) -> float:
    """How much of the amplitude of a tone at the cut-off is left, far from the ends."""
    tone = np.sin(2 * np.pi * cut_off_hz * np.arange(0, 40, 1 / rate_hz))
    middle = slice(len(tone) // 4, -len(tone) // 4)
    return float(signals.low_passed(tone, rate_hz, cut_off_hz)[middle].std() / tone[middle].std())


@pytest.mark.parametrize(("rate_hz", "within"), [(1000.0, 1e-4), (100.0, 0.006), (50.0, 0.025)])
def test_at_the_cut_off_the_power_is_halved(rate_hz: float, within: float) -> None:
    assert share_left(rate_hz, 5.0) == pytest.approx(math.sqrt(0.5), rel=within)


@pytest.mark.parametrize("n", [1, 2, 30, 500])
def test_the_low_pass_is_that_of_scipy_at_any_length(n: int) -> None:
    values = np.random.default_rng(n).normal(size=(n, 3)).cumsum(axis=0)
    sections = signal.butter(2, 5 / (math.sqrt(2) - 1) ** 0.25, fs=RATE_HZ, output="sos")
    known = signal.sosfiltfilt(sections, values, axis=0, padlen=min(n - 1, 60))
    assert signals.low_passed(values, RATE_HZ, 5.0) == pytest.approx(known, abs=1e-12)


def still_mm_s(path: Path, cut_off_hz: float) -> float:
    """The horizontal path per second of a headset in the hand of a robot, in its stillest 5 s, low-passed."""
    with gzip.open(path) as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1)
    stretches = [table[(table[:, 0] >= s) & (table[:, 0] < s + 5)] for s in np.arange(0, table[-1, 0] - 5, 0.5)]
    still = min(stretches, key=lambda stretch: stretch[:, 1:4].std(axis=0).max())
    _, even = signals.uniform(still[:, 0], 1000 * still[:, [1, 3]], RATE_HZ)
    return float(signals.speed(signals.low_passed(even, RATE_HZ, cut_off_hz), RATE_HZ).mean())


def test_a_still_headset_sways_at_six_tenths_of_a_millimetre_a_second(data: Path) -> None:
    files = sorted((data / "vr_headset_robot").glob("quest*_unity.csv.gz"))
    noise_mm_s = [still_mm_s(path, 5.0) for path in files]
    assert np.mean(noise_mm_s) == pytest.approx(0.6, abs=0.1)
    assert all(0.4 < noise < 0.9 for noise in noise_mm_s)
    assert np.mean([still_mm_s(path, 10.0) for path in files]) > 1.5 * np.mean(noise_mm_s)


NOISE = np.random.default_rng(0).normal(size=(50, 2))
TIME_S = np.arange(50) / RATE_HZ
NONSENSE: list[Callable[[], object]] = [
    lambda: signals.uniform(TIME_S, NOISE, 0.0),
    lambda: signals.uniform(TIME_S, NOISE, math.nan),
    lambda: signals.uniform(TIME_S[::-1], NOISE, RATE_HZ),
    lambda: signals.uniform(np.zeros(50), NOISE, RATE_HZ),
    lambda: signals.uniform(np.full(50, np.nan), NOISE, RATE_HZ),
    lambda: signals.uniform(1e9 * TIME_S, NOISE, RATE_HZ),
    lambda: signals.uniform(TIME_S[:1], NOISE[:1], RATE_HZ),
    lambda: signals.uniform(TIME_S, NOISE[:, 0], RATE_HZ),
    lambda: signals.swarii(TIME_S[1:], NOISE),
    lambda: signals.swarii(TIME_S, NOISE * np.nan),
    lambda: signals.swarii(TIME_S, NOISE, window_s=0.0),
    lambda: signals.low_passed(NOISE * np.inf, RATE_HZ, 5.0),
    lambda: signals.low_passed(NOISE[:0], RATE_HZ, 5.0),
    lambda: signals.low_passed(NOISE, 12.0, 5.0),
    lambda: signals.low_passed(NOISE, -1.0, 5.0),
    lambda: signals.low_passed(NOISE, RATE_HZ, 0.0),
    lambda: signals.low_passed(NOISE, math.nan, 5.0),
    lambda: signals.speed(NOISE, 0.0),
    lambda: signals.speed(NOISE[:1], RATE_HZ),
    lambda: signals.mean_rotation(np.zeros((3, 4))),
    lambda: signals.mean_rotation(np.empty((0, 4))),
    lambda: signals.mean_rotation(np.full((3, 4), np.nan)),
    lambda: signals.mean_rotation(np.full((3, 4), 1e200)),
    lambda: signals.uniform_rotations(TIME_S, NOISE, RATE_HZ),
    lambda: signals.rotations_at(TIME_S, np.ones((50, 4)), TIME_S),
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_refused_in_a_sentence(nonsense: Callable[[], object]) -> None:
    with pytest.raises(NotMeasurable, match=r" .* "):
        nonsense()


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 1.0), min_size=1, max_size=9))
def test_the_median_rate_is_one_over_the_median_step(steps_s: list[float]) -> None:
    time_s = np.cumsum([0.0, *steps_s])
    assert signals.median_rate_hz(time_s) == pytest.approx(1 / float(np.median(np.diff(time_s))))
