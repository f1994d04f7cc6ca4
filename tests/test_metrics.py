"""Clinical measures against other people's implementations, and against closed forms."""

import csv
import gzip
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from people import STANCE, a_frame, rows_of, standing_rows

from calibration.sway import head_sway
from engine.body import shoulder_m
from engine.metrics import balance, reaching
from engine.metrics.range_of_motion import arm_directions, lean_track_deg
from engine.motion import clean
from engine.places import from_shoulder, lean_along, towards
from engine.records import Stance

RATE_HZ = 100.0


def table(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a table of comma-separated values, packed or not."""
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    yield from csv.DictReader(text.decode().splitlines())


def stabilogram(data: Path, trial: str) -> np.ndarray:
    """Mediolateral and anteroposterior centre of pressure in centimetres; the file has them the other way round."""
    with gzip.open(data / "bds_stabilograms" / "trials" / f"{trial}.csv.gz") as file:
        return np.loadtxt(file, delimiter=",", skiprows=1, usecols=(3, 2))


def references(data: Path, name: str) -> list[dict[str, str]]:
    """The reference values of the trials that are here."""
    here = {path.name.split(".")[0] for path in (data / "bds_stabilograms" / "trials").iterdir()}
    rows = [row for row in table(data / "reference" / "dev" / name) if row["Trial"] in here]
    assert len(rows) >= 12
    return rows


def circle(radius: float, turns: int, n: int) -> np.ndarray:
    angle = np.arange(n) * 2 * np.pi * turns / n
    return radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)


def minimum_jerk(seconds: float, metres: float, rate_hz: float, rest_s: float = 1.0) -> np.ndarray:
    """Speed of a straight reach between two rests."""
    t = np.linspace(0, 1, round(seconds * rate_hz))
    moving = 30 * metres / seconds * t**2 * (1 - t) ** 2
    rest = np.zeros(round(rest_s * rate_hz))
    return np.concatenate([rest, moving, rest])


def test_area_and_velocity_are_those_the_authors_of_the_data_published(data: Path) -> None:
    for row in references(data, "bds_bmclab_reference.csv"):
        sway = stabilogram(data, row["Trial"])
        assert balance.prediction_ellipse_area(sway) == pytest.approx(float(row["area_cm2"]), rel=1e-9)
        assert balance.mean_velocity(sway, RATE_HZ) == pytest.approx(float(row["velocity_cm_s"]), rel=1e-9)


def test_path_rms_and_extent_are_those_of_a_second_implementation(data: Path) -> None:
    for row in references(data, "bds_quijoux_native100_raw.csv"):
        sway = stabilogram(data, row["Trial"])
        axes = (*balance.rms(sway), *balance.extent(sway))
        theirs = [float(row[name]) for name in ("rms_ML", "rms_AP", "range_ML", "range_AP")]
        assert axes == pytest.approx(theirs, rel=1e-6)
        assert balance.path_length(sway) == pytest.approx(float(row["sway_length_ML_AND_AP"]), rel=1e-6)
        assert balance.mean_velocity(sway, RATE_HZ) == pytest.approx(float(row["mean_velocity_ML_AND_AP"]), rel=1e-6)


def test_smoothness_is_that_of_the_authors_own_code(data: Path) -> None:
    profiles: dict[tuple[str, str], list[float]] = {}
    for row in table(data / "reference" / "dev" / "beatsaber_smoothness_input_profiles.csv.gz"):
        profiles.setdefault((row["file"], row["window"]), []).append(float(row["speed_m_s"]))
    expected = list(table(data / "reference" / "dev" / "beatsaber_smoothness_siva82kb.csv"))
    assert len(expected) >= 20
    for row in expected:
        speed = np.array(profiles[row["file"], row["window"]])
        ours = reaching.spectral_arc_length(speed, float(row["fs"]))
        assert ours == pytest.approx(float(row["sparc"]), rel=1e-6)


def test_smoothness_has_the_value_of_its_published_example() -> None:
    speed = np.exp(-5 * np.arange(-1, 1, 0.01) ** 2)
    assert reaching.spectral_arc_length(speed, 100.0) == pytest.approx(-1.41403, abs=5e-6)


def test_smoothness_does_not_depend_on_how_far_and_gets_worse_with_every_stop() -> None:
    one = minimum_jerk(0.8, 0.4, RATE_HZ)
    smooth = reaching.spectral_arc_length(one, RATE_HZ)
    assert reaching.spectral_arc_length(3 * one, RATE_HZ) == pytest.approx(smooth)
    twice, thrice = (reaching.spectral_arc_length(np.tile(one, n), RATE_HZ) for n in (2, 3))
    assert smooth > -1.65
    assert thrice < twice < smooth


@pytest.mark.parametrize("speed", [np.zeros(50), np.ones(1), np.empty(0)])
def test_where_nothing_moves_there_is_no_smoothness(speed: np.ndarray) -> None:
    assert math.isnan(reaching.spectral_arc_length(speed, 90.0))


def test_a_circle_has_the_path_rms_extent_and_area_of_a_circle() -> None:
    n, radius = 4000, 3.0
    sway = circle(radius, 4, n)
    assert balance.path_length(sway) == pytest.approx(4 * 2 * np.pi * radius, rel=1e-3)
    assert balance.rms(sway) == pytest.approx((radius / math.sqrt(2),) * 2)
    assert balance.extent(sway) == pytest.approx((2 * radius,) * 2)
    assert balance.prediction_ellipse_area(sway) == pytest.approx(np.pi * 5.9915 * radius**2 / 2, rel=2e-3)


def test_where_a_person_stands_changes_no_sway() -> None:
    sway = circle(3.0, 4, 1000) * (1, 2)
    for measure in (balance.rms, balance.extent, balance.prediction_ellipse_area, balance.path_length):
        assert measure(sway + np.array([700, -900])) == pytest.approx(measure(sway))


def test_sway_along_one_line_covers_no_area() -> None:
    line = np.outer(np.sin(np.arange(500) / 20), (1.0, 2.0))
    assert balance.prediction_ellipse_area(line) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("rate_hz", [60.0, 90.0, 120.0])
def test_the_low_pass_halves_the_power_at_its_cut_off(rate_hz: float) -> None:
    time_s = np.arange(round(20 * rate_hz)) / rate_hz
    wave = np.stack([np.sin(2 * np.pi * 5.0 * time_s), np.sin(2 * np.pi * 0.3 * time_s)], axis=1)
    at_cut_off, far_below = balance.rms(balance.low_passed(wave, rate_hz)[100:-100])
    assert at_cut_off == pytest.approx(0.5, rel=0.03)
    assert far_below == pytest.approx(math.sqrt(0.5), rel=0.03)


def test_a_straight_reach_has_a_path_ratio_of_one_and_a_half_circle_more() -> None:
    straight = np.linspace((0, 0, 0), (0.1, 0.3, -0.4), 50)
    angle = np.linspace(0, np.pi, 500)
    half = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    assert reaching.path_ratio(straight) == pytest.approx(1)
    assert reaching.path_ratio(half) == pytest.approx(np.pi / 2, rel=1e-4)
    assert math.isnan(reaching.path_ratio(np.zeros((5, 3))))


@pytest.mark.parametrize(("seconds", "metres"), [(0.6, 0.4), (1.2, 0.5), (2.0, 0.3)])
def test_a_reach_begins_where_its_speed_leaves_five_percent_of_its_peak(seconds: float, metres: float) -> None:
    speed = minimum_jerk(seconds, metres, RATE_HZ)
    peak = 1.875 * metres / seconds
    least = max(0.05 * peak, 0.02)
    onset = reaching.onset_index(speed)
    assert speed.max() == pytest.approx(peak, rel=0.01)
    assert speed[onset] < least <= speed[onset + 1]
    assert 100 <= onset < 100 + 0.2 * seconds * RATE_HZ


def test_a_twitch_before_the_reach_is_not_its_beginning() -> None:
    speed = minimum_jerk(1.0, 0.4, RATE_HZ)
    twitching = speed + 0.06 * np.exp(-(((np.arange(len(speed)) - 30) / 5) ** 2))
    assert reaching.onset_index(twitching) == reaching.onset_index(speed)


def test_a_hand_that_never_rested_has_no_onset() -> None:
    assert reaching.onset_index(np.full(100, 0.5)) == 0


def test_speed_is_that_of_a_steady_hand() -> None:
    position = np.outer(np.arange(200) / 90.0, (0.3, 0.0, 0.4))
    assert reaching.speed_mps(position, 90.0)[20:-20] == pytest.approx(0.5, rel=1e-6)


def test_speed_follows_a_reach_and_not_its_noise() -> None:
    speed = minimum_jerk(1.0, 0.4, RATE_HZ)
    way = np.outer(np.cumsum(speed) / RATE_HZ, (1.0, 0.0, 0.0))
    shaking = way + 0.0005 * np.sin(2 * np.pi * 35 * np.arange(len(way)) / RATE_HZ)[:, None]
    assert reaching.speed_mps(shaking, RATE_HZ)[10:-10] == pytest.approx(speed[10:-10], abs=0.02)


@pytest.mark.parametrize("facing", [0.0, 90.0, -135.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_an_arm_is_seen_in_the_direction_it_points_to(facing: float, side: str) -> None:
    stance = Stance((0.5, 1.6, -1.0), facing)
    hand = from_shoulder(shoulder_m(stance, side), facing, 20.0, 100.0, 0.6)
    rows = rows_of([a_frame(i * 10_000_000, head_m=stance.head_m) for i in range(5)])
    for axis, value in zip("xyz", hand, strict=True):
        rows[f"{side}_{axis}_m"] = value
    azimuth, elevation, radius = arm_directions(clean(rows), stance, side)
    assert (azimuth[0], elevation[0], radius[0]) == pytest.approx((20, 100, 0.6), abs=1e-3)


def test_a_leaning_trunk_takes_the_arm_along_without_raising_it() -> None:
    rows = standing_rows(1.0)
    for device in ("head", "left", "right"):
        rows[f"{device}_z_m"] -= np.linspace(0, 0.3, len(rows), dtype=np.float32)
    elevation = arm_directions(clean(rows), STANCE, "left")[1]
    assert np.ptp(elevation) < 1e-3


def test_an_unseen_arm_has_no_direction() -> None:
    rows = standing_rows(1.0)
    for axis in "xyz":
        rows[f"left_{axis}_m"] = 0
    assert all(np.isnan(values).all() for values in arm_directions(clean(rows), STANCE, "left"))


@pytest.mark.parametrize("direction", [0.0, 90.0, 180.0, 270.0])
def test_the_lean_of_a_pendulum_is_its_angle(direction: float) -> None:
    stance = Stance((0.5, 1.6, -1.0), 30.0)
    x, _, z = towards(stance.facing_deg, direction)
    way = 1.6 * math.sin(math.radians(5))
    head = (0.5 + way * x, 1.6 * math.cos(math.radians(5)), -1.0 + way * z)
    ahead, right = lean_track_deg(clean(rows_of([a_frame(head_m=head)])), stance)[0]
    assert lean_along((ahead, right), direction) == pytest.approx((5, 0), abs=1e-4)


def swaying(seconds: float, facing_deg: float) -> dict[str, float | None]:
    """Head sway of somebody who sways 6 mm to the sides and 3 mm ahead at 0.25 Hz."""
    rows = standing_rows(seconds)
    phase = 2 * np.pi * 0.25 * rows["time_ns"] * 1e-9
    ml, ap, facing = 0.006 * np.sin(phase), 0.003 * np.cos(phase), math.radians(facing_deg)
    rows["head_x_m"] += ml * math.cos(facing) + ap * math.sin(facing)
    rows["head_z_m"] += ml * math.sin(facing) - ap * math.cos(facing)
    sway = head_sway(clean(rows), Stance((0.0, 1.6, 0.0), facing_deg))
    assert {name: measured.unit for name, measured in sway.items()}["sway_area"] == "mm²"
    return {name: measured.value for name, measured in sway.items()}


@pytest.mark.parametrize("facing", [0.0, 120.0])
def test_head_sway_is_measured_in_the_persons_own_axes(facing: float) -> None:
    sway = swaying(40.0, facing)
    assert sway["sway_rms_ml"] == pytest.approx(6 / math.sqrt(2), rel=0.02)
    assert sway["sway_rms_ap"] == pytest.approx(3 / math.sqrt(2), rel=0.02)
    assert sway["sway_velocity"] == pytest.approx(29.07 * 0.25, rel=0.02)


def test_too_short_a_stretch_gives_no_sway_but_its_reason() -> None:
    sway = head_sway(clean(standing_rows(3.0)), STANCE)
    assert {measured.value for measured in sway.values()} == {None}
    assert {measured.note for measured in sway.values()} == {"quiet for 3.0 s, 5 s are needed"}
