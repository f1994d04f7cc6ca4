"""Sway against other people's implementations on real stabilograms, against closed forms, and against nonsense."""

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from engine.metrics import balance
from engine.metrics.balance import romberg, sway
from engine.metrics.definition import NotMeasurable, definitions, measured
from engine.metrics.signals import low_passed, swarii
from engine.metrics.sway_measures import Sway
from engine.metrics.sway_spectrum import band_power, power_density

RATE_HZ = 100.0
M_OF_CM = 0.01
AXES = {"ml": "ML", "ap": "AP"}

QUIJOUX_CLOSED = {
    "path": ("sway_length", "_m", M_OF_CM),
    "mean_velocity": ("mean_velocity", "_mps", M_OF_CM),
    "mean_distance": ("mean_distance", "_m", M_OF_CM),
    "rms": ("rms", "_m", M_OF_CM),
    "range": ("range", "_m", M_OF_CM),
    "mean_frequency": ("mean_frequency", "_hz", 1.0),
}
QUIJOUX_PLANE = {
    "path_m": ("sway_length_ML_AND_AP", M_OF_CM),
    "mean_velocity_mps": ("mean_velocity_ML_AND_AP", M_OF_CM),
    "mean_distance_m": ("mean_distance_Radius", M_OF_CM),
    "rms_m": ("rms_Radius", M_OF_CM),
    "range_m": ("range_ML_AND_AP", M_OF_CM),
    "mean_frequency_hz": ("mean_frequency_ML_AND_AP", 1.0),
    "area_rate_m2ps": ("sway_area_per_second_ML_AND_AP", M_OF_CM**2),
}
QUIJOUX_SPECTRAL = {
    "f50_{}_hz": "power_frequency_50",
    "f95_{}_hz": "power_frequency_95",
    "centroid_frequency_{}_hz": "centroid_frequency",
    "frequency_dispersion_{}": "frequency_dispersion",
}


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def stabilogram_m(data: Path, trial: str) -> np.ndarray:
    """Centre of pressure to the right and ahead in metres; the file has centimetres, and ahead first."""
    with gzip.open(data / "bds_stabilograms" / "trials" / f"{trial}.csv.gz") as file:
        return M_OF_CM * np.loadtxt(file, delimiter=",", skiprows=1, usecols=(3, 2))


def as_its_authors_filtered(track: np.ndarray) -> np.ndarray:
    """The 10 Hz low-pass of the table: 4th order, both ways, not corrected for the second pass."""
    b, a = signal.butter(4, 10 / (RATE_HZ / 2))
    return signal.filtfilt(b, a, track - track.mean(axis=0), axis=0)


@pytest.fixture(scope="module", params=["raw", "lp10"])
def quijoux(request: pytest.FixtureRequest, data: Path) -> list[tuple[np.ndarray, Sway, dict[str, str], float]]:
    """Track, our measures, theirs, and how near they have to be, for each trial of a table that is here.

    What was low-passed there was not centred again afterwards, which moves their mean distance by up to 2e-6.
    """
    near = 1e-5 if request.param == "lp10" else 1e-9
    here = {path.name.split(".")[0] for path in (data / "bds_stabilograms" / "trials").iterdir()}
    found = []
    for row in table(data / "reference" / "dev" / f"bds_quijoux_native100_{request.param}.csv"):
        if row["Trial"] in here:
            track = stabilogram_m(data, row["Trial"])
            track = as_its_authors_filtered(track) if request.param == "lp10" else track
            found.append((track, sway(*track.T, RATE_HZ), row, near))
    assert len(found) >= 12
    return found


def test_area_velocity_and_rhythm_are_those_the_authors_of_the_data_published(data: Path) -> None:
    for row in table(data / "reference" / "dev" / "bds_bmclab_reference.csv"):
        found = sway(*stabilogram_m(data, row["Trial"]).T, RATE_HZ)
        theirs = (
            M_OF_CM**2 * float(row["area_cm2"]),
            M_OF_CM * float(row["semi_axis_major_cm"]),
            M_OF_CM * float(row["semi_axis_minor_cm"]),
            M_OF_CM * float(row["velocity_cm_s"]),
            *(float(row[name]) for name in ("mean_freq_res_Hz", "mpf_ML_Hz", "mpf_AP_Hz")),
        )
        assert (
            found.ellipse_area_m2,
            found.ellipse_major_m,
            found.ellipse_minor_m,
            found.mean_velocity_mps,
            found.mean_power_frequency_hz,
            found.mean_power_frequency_ml_hz,
            found.mean_power_frequency_ap_hz,
        ) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("axis", AXES)
def test_each_axis_agrees_with_a_second_implementation(quijoux: list, axis: str) -> None:
    for _, found, row, near in quijoux:
        for ours, (theirs, unit, scale) in QUIJOUX_CLOSED.items():
            expected = scale * float(row[f"{theirs}_{AXES[axis]}"])
            assert getattr(found, f"{ours}_{axis}{unit}") == pytest.approx(expected, rel=near), ours


def test_the_plane_agrees_with_a_second_implementation(quijoux: list) -> None:
    for _, found, row, near in quijoux:
        for ours, (theirs, scale) in QUIJOUX_PLANE.items():
            assert getattr(found, ours) == pytest.approx(scale * float(row[theirs]), rel=near), ours
        direction = float(row["principal_sway_direction_ML_AND_AP"])
        assert abs(found.principal_direction_deg) == pytest.approx(direction, rel=1e-6)


def test_the_ellipse_of_the_second_implementation_is_smaller_by_its_ddof(quijoux: list) -> None:
    for track, found, row, near in quijoux:
        theirs = M_OF_CM**2 * float(row["confidence_ellipse_area_ML_AND_AP"])
        assert found.ellipse_area_m2 * (len(track) - 1) / len(track) == pytest.approx(theirs, rel=near)


@pytest.mark.parametrize("axis", AXES)
def test_the_spectrum_agrees_with_a_second_implementation(quijoux: list, axis: str) -> None:
    for track, found, row, near in quijoux:
        for ours, theirs in QUIJOUX_SPECTRAL.items():
            expected = float(row[f"{theirs}_Power_Spectrum_Density_{AXES[axis]}"])
            assert getattr(found, ours.format(axis)) == pytest.approx(expected, rel=near), ours
        densities = M_OF_CM**2 * float(row[f"total_power_Power_Spectrum_Density_{AXES[axis]}"])
        assert getattr(found, f"power_{axis}_m2") == pytest.approx(densities * RATE_HZ / len(track), rel=near)


def test_velocity_depends_on_the_filter_even_where_data_were_filtered_before(data: Path) -> None:
    track = stabilogram_m(data, "BDS00001")
    raw, again = sway(*track.T, RATE_HZ), sway(*track.T, RATE_HZ, cut_off_hz=10.0)
    assert 0.002 < 1 - again.mean_velocity_mps / raw.mean_velocity_mps < 0.05
    assert again.ellipse_area_m2 == pytest.approx(raw.ellipse_area_m2, rel=2e-3)


def test_published_stabilograms_have_no_noise_left_that_a_filter_could_take_away(data: Path) -> None:
    for path in sorted((data / "bds_stabilograms" / "trials").iterdir()):
        track = stabilogram_m(data, path.name.split(".")[0])
        frequency_hz, density = power_density(track, RATE_HZ, 1000, 1000, trend=1)
        assert np.all(density[frequency_hz == 20] < 1e-6 * density[frequency_hz == 1])


def test_nothing_is_filtered_unless_asked_for(data: Path) -> None:
    track = stabilogram_m(data, "BDS00001")
    asked = sway(*track.T, RATE_HZ, cut_off_hz=5.0)
    assert measured(asked) == measured(sway(*low_passed(track, RATE_HZ, 5.0).T, RATE_HZ))


def test_the_densities_are_those_of_scipy_at_any_rate_and_length() -> None:
    for rate_hz, n in ((72.0, 4321), (90.0, 5400), (25.0, 750)):
        track = np.random.default_rng(n).normal(size=(n, 2)).cumsum(axis=0)
        segment = round(10 * rate_hz)
        frequency_hz, density = signal.welch(
            track, rate_hz, nperseg=segment, noverlap=segment // 2, nfft=n, detrend="linear", axis=0
        )
        inside = (frequency_hz >= 0.15) & (frequency_hz <= 5)
        assert band_power(track, rate_hz)[1] == pytest.approx(density[inside], rel=1e-9)


def circle(radius_m: float, hz: float, seconds: float) -> np.ndarray:
    angle = np.arange(round(seconds * RATE_HZ)) * 2 * np.pi * hz / RATE_HZ
    return radius_m * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def test_a_circle_has_the_measures_of_a_circle() -> None:
    found = sway(*circle(0.003, 0.5, 40.0).T, RATE_HZ)
    assert found.mean_velocity_mps == pytest.approx(0.003 * np.pi, rel=1e-3)
    assert (found.rms_ml_m, found.rms_m, found.mean_distance_m) == pytest.approx((0.003 / 2**0.5, 0.003, 0.003))
    assert (found.range_ml_m, found.range_m) == pytest.approx((0.006, 0.006))
    assert (found.hull_area_m2, found.circle_area_m2) == pytest.approx((np.pi * 0.003**2,) * 2, rel=1e-3)
    assert found.ellipse_area_m2 == pytest.approx(np.pi * 5.9915 * 0.003**2 / 2, rel=2e-3)


def test_the_rhythms_of_a_circle_are_all_that_of_its_turns() -> None:
    found = sway(*circle(0.003, 0.5, 40.0).T, RATE_HZ)
    assert (found.mean_frequency_hz, found.f50_hz) == pytest.approx((0.5, 0.5), rel=0.01)
    assert (found.mean_power_frequency_hz, found.centroid_frequency_hz) == pytest.approx((0.5, 0.5), rel=0.02)
    assert found.frequency_dispersion < 0.15
    assert found.power_ml_m2 == pytest.approx(0.003**2 / 2, rel=0.01)


@pytest.mark.parametrize("direction_deg", [-80.0, -45.0, 0.0, 10.0, 90.0])
def test_sway_along_a_line_has_its_direction_and_no_area(direction_deg: float) -> None:
    way = np.sin(np.arange(1500) / 20)
    angle = math.radians(direction_deg)
    found = sway(way * math.sin(angle), way * math.cos(angle), RATE_HZ)
    assert found.principal_direction_deg == pytest.approx(direction_deg, abs=1e-6)
    assert (found.ellipse_area_m2, found.hull_area_m2) == pytest.approx((0, 0), abs=1e-6)
    assert found.range_m == pytest.approx(np.ptp(way))


def test_a_point_that_does_not_move_has_no_rhythm_and_says_why() -> None:
    found = sway(np.full(3000, 0.1), np.full(3000, -7.3), RATE_HZ)
    assert (found.path_m, found.rms_m, found.ellipse_area_m2, found.hull_area_m2) == (0, 0, 0, 0)
    rhythms = [name for name in definitions(Sway) if "frequency" in name or name[:2] in ("f5", "f9")]
    assert all(math.isnan(getattr(found, name)) for name in rhythms)
    assert {found.why[name] for name in rhythms} == {"nothing moved"}


def test_a_short_trial_has_sizes_but_no_spectrum() -> None:
    found = sway(*circle(0.003, 0.5, 9.9).T, RATE_HZ)
    assert math.isfinite(found.mean_velocity_mps)
    assert math.isnan(found.f95_hz)
    assert measured(found)["f95_hz"].note == "9.9 s are too short for a spectrum; 10 s are needed"


GOOD = np.sin(np.arange(100.0))


@pytest.mark.parametrize(
    ("ml", "ap", "rate_hz", "cut_off_hz", "why"),
    [
        (GOOD, GOOD[:-1], 100.0, None, r"not shapes \(100,\) and \(99,\)"),
        (GOOD[:, None], GOOD[:, None], 100.0, None, "one length each"),
        (GOOD[:1], GOOD[:1], 100.0, None, "1 samples hold no sway"),
        (GOOD[:0], GOOD[:0], 100.0, None, "0 samples hold no sway"),
        (GOOD, np.append(GOOD[1:], np.nan), 100.0, None, "not finite"),
        (GOOD, np.append(GOOD[1:], np.inf), 100.0, None, "not finite"),
        (GOOD, GOOD, 0.0, None, "a rate of 0.0 Hz cannot be"),
        (GOOD, GOOD, -100.0, None, "a rate of -100.0 Hz cannot be"),
        (GOOD, GOOD, math.nan, None, "a rate of nan Hz cannot be"),
        (GOOD, GOOD, 100.0, 60.0, "a low-pass at 60.0 Hz"),
        (GOOD, GOOD, 100.0, 0.0, "a low-pass at 0.0 Hz"),
    ],
)
def test_nonsense_is_refused_with_its_reason(
    ml: np.ndarray, ap: np.ndarray, rate_hz: float, cut_off_hz: float | None, why: str
) -> None:
    with pytest.raises(NotMeasurable, match=why):
        sway(ml, ap, rate_hz, cut_off_hz)


def wandering(seed: int, n: int = 1200) -> np.ndarray:
    """A low-passed random walk of a few millimetres."""
    return low_passed(np.random.default_rng(seed).normal(0, 0.0005, (n, 2)).cumsum(axis=0), RATE_HZ, 5.0)


def numbers(found: Sway) -> dict[str, float]:
    return {name: getattr(found, name) for name in definitions(Sway)}


@given(st.integers(0, 999), st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=25, deadline=None)
def test_where_a_person_stands_changes_nothing(seed: int, right_m: float, ahead_m: float) -> None:
    track = wandering(seed)
    moved = numbers(sway(*np.add(track, (right_m, ahead_m)).T, RATE_HZ))
    assert moved == pytest.approx(numbers(sway(*track.T, RATE_HZ)), rel=1e-7, abs=1e-12)


@given(st.integers(0, 999), st.floats(0, 360))
@settings(max_examples=25, deadline=None)
def test_which_way_a_person_faces_changes_nothing_in_the_plane(seed: int, turn_deg: float) -> None:
    track, angle = wandering(seed), math.radians(turn_deg)
    turned = track @ np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    before, after = (numbers(sway(*one.T, RATE_HZ)) for one in (track, turned))
    in_the_plane = [n for n in before if "_ml" not in n and "_ap" not in n and n != "principal_direction_deg"]
    in_the_plane.remove("mean_power_frequency_hz")  # weighted by the axes one by one, by its authors' definition
    assert {n: after[n] for n in in_the_plane} == pytest.approx({n: before[n] for n in in_the_plane}, rel=1e-7)


@given(st.integers(0, 999), st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_measures_scale_as_their_units_say(seed: int, scale: float) -> None:
    track = wandering(seed)
    before, after = (numbers(sway(*one.T, RATE_HZ)) for one in (track, scale * track))
    for name, definition in definitions(Sway).items():
        power = {"m": 1, "m/s": 1, "m²": 2, "m²/s": 2}.get(definition.unit, 0)
        assert after[name] == pytest.approx(scale**power * before[name], rel=1e-7), name


@given(st.integers(0, 999))
@settings(max_examples=15, deadline=None)
def test_twice_the_rate_by_straight_lines_changes_little(seed: int) -> None:
    track = wandering(seed)
    n = len(track)
    twice = np.stack([np.interp(np.arange(2 * n - 1) / 2, np.arange(n), axis) for axis in track.T], axis=1)
    before, after = numbers(sway(*track.T, RATE_HZ)), numbers(sway(*twice.T, 2 * RATE_HZ))
    for name in ("path_m", "mean_velocity_mps", "rms_ml_m", "range_m", "hull_area_m2", "mean_frequency_hz"):
        assert after[name] == pytest.approx(before[name], rel=3 / n), name
    assert after["ellipse_area_m2"] == pytest.approx(before["ellipse_area_m2"], rel=10 / n)
    assert after["f95_hz"] == pytest.approx(before["f95_hz"], abs=2 * RATE_HZ / n)


def test_every_measure_of_sway_defines_itself() -> None:
    for name, definition in definitions(Sway).items():
        assert definition.meaning.endswith("."), name
        assert definition.half_width(1.0), name


def test_the_romberg_quotient_is_closed_eyes_over_open_ones() -> None:
    track = wandering(1)
    found = romberg(sway(*track.T, RATE_HZ), sway(*(2 * track).T, RATE_HZ))
    assert (found.velocity_quotient, found.area_quotient) == pytest.approx((2, 4))


def test_there_is_no_romberg_quotient_of_somebody_who_did_not_move() -> None:
    still, moving = sway(np.zeros(900), np.zeros(900), RATE_HZ), sway(*wandering(1).T, RATE_HZ)
    found = romberg(still, moving)
    assert math.isnan(found.velocity_quotient)
    assert set(found.why.values()) == {"nothing moved with the eyes open"}


def test_foam_and_closed_eyes_make_people_sway_more(data: Path) -> None:
    rows = table(data / "bds_stabilograms" / "trials_published_dev.csv")
    velocity = {
        where: np.median(
            [
                sway(*stabilogram_m(data, row["Trial"]).T, RATE_HZ).mean_velocity_mps
                for row in rows
                if (row["Surface"], row["Vision"]) == where
            ]
        )
        for where in (("Firm", "Open"), ("Firm", "Closed"), ("Foam", "Open"), ("Foam", "Closed"))
    }
    assert sorted(velocity, key=velocity.__getitem__) == list(velocity)


@pytest.mark.parametrize("rate_hz", [60.0, 90.0, 120.0])
def test_the_low_pass_halves_the_power_at_its_cut_off(rate_hz: float) -> None:
    time_s = np.arange(round(20 * rate_hz)) / rate_hz
    found = sway(*(np.sin(2 * np.pi * hz * time_s) for hz in (5.0, 0.3)), rate_hz, balance.HEAD_SWAY_CUT_OFF_HZ)
    assert found.rms_ml_m == pytest.approx(0.5, rel=0.03)
    assert found.rms_ap_m == pytest.approx(math.sqrt(0.5), rel=0.03)


def test_the_example_of_the_authors_of_the_measures_has_their_values(data: Path) -> None:
    # Their program leaves out the first 0.1 s and the last sample, and does not centre again after filtering.
    raw = np.loadtxt(data / "reference" / "dev" / "jythen_example_input.csv", delimiter=",", skiprows=1)[10:-1]
    theirs = dict(csv.reader((data / "reference" / "dev" / "jythen_example_features.csv").read_text().splitlines()))
    _, even = swarii(raw[:, 0], M_OF_CM * raw[:, 1:])
    found = sway(*signal.filtfilt(*signal.butter(4, 10, fs=25), even, axis=0).T, 25.0)
    ours = {
        "mean_velocity_ML_AND_AP": found.mean_velocity_mps / M_OF_CM,
        "range_ML_AND_AP": found.range_m / M_OF_CM,
        "principal_sway_direction_ML_AND_AP": abs(found.principal_direction_deg),
        "power_frequency_95_Power_Spectrum_Density_AP": found.f95_ap_hz,
        "centroid_frequency_Power_Spectrum_Density_ML": found.centroid_frequency_ml_hz,
    }
    assert ours == pytest.approx({name: float(theirs[name]) for name in ours}, rel=1e-9)
    assert found.rms_ml_m / M_OF_CM == pytest.approx(float(theirs["rms_ML"]), rel=1e-6)


@given(
    st.integers(3, 2500),
    st.floats(0.01, 1e4),
    st.sampled_from([0.0, 1e-320, 1e-160, 1e-12, 1e-3, 1e7]),
    st.sampled_from([None, 5.0]),
    st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_whatever_comes_in_there_is_a_number_or_a_reason(
    n: int, rate_hz: float, size_m: float, cut_off_hz: float | None, seed: int
) -> None:
    steps = np.random.default_rng(seed).integers(-1, 2, (n, 2))
    try:
        found = sway(*(size_m * steps.cumsum(axis=0) + 0.1).T, rate_hz, cut_off_hz)
    except NotMeasurable:
        return
    values = numbers(found)
    assert not any(math.isinf(value) for value in values.values())
    assert {name for name, value in values.items() if math.isnan(value)} == set(found.why)
