"""Sway of the head in quiet standing: in the person's own axes, with its error, or with the reason why not."""

import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from people import STANCE, standing_rows
from scipy.spatial.transform import Rotation

from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, head_lean_sway, sway
from engine.metrics.definition import NotMeasurable, definitions
from engine.metrics.head_sway import head_sway
from engine.metrics.sway_measures import Sway
from engine.motion import clean
from engine.records import Stance


def swaying(seconds: float, facing_deg: float) -> np.ndarray:
    """Rows of somebody who sways 6 mm to the sides and 3 mm ahead at 0.25 Hz."""
    rows = standing_rows(seconds)
    phase = 2 * np.pi * 0.25 * rows["time_ns"] * 1e-9
    ml, ap, facing = 0.006 * np.sin(phase), 0.003 * np.cos(phase), math.radians(facing_deg)
    rows["head_x_m"] += ml * math.cos(facing) + ap * math.sin(facing)
    rows["head_z_m"] += ml * math.sin(facing) - ap * math.cos(facing)
    return rows


@pytest.mark.parametrize("facing", [0.0, 120.0])
def test_head_sway_is_measured_in_the_persons_own_axes(facing: float) -> None:
    found = head_sway(clean(swaying(40.0, facing)), Stance((0.0, 1.6, 0.0), facing))
    values = {name: value.value for name, value in found.items()}
    assert values["sway_rms_ml"] == pytest.approx(6 / math.sqrt(2), rel=0.02)
    assert values["sway_rms_ap"] == pytest.approx(3 / math.sqrt(2), rel=0.02)
    assert values["sway_velocity"] == pytest.approx(29.07 * 0.25, rel=0.02)


@pytest.mark.parametrize("facing", [0.0, 120.0])
def test_lean_sway_is_head_sway_over_the_height_of_the_head(facing: float) -> None:
    found = head_lean_sway(clean(swaying(40.0, facing)), Stance((0.0, 1.6, 0.0), facing))
    assert found.rms_ml_deg == pytest.approx(math.degrees(0.006 / 1.6) / math.sqrt(2), rel=0.02)
    assert found.mean_velocity_dps == pytest.approx(math.degrees(0.02907 / 1.6) * 0.25, rel=0.02)


def test_a_lean_of_nobody_is_refused() -> None:
    with pytest.raises(NotMeasurable, match="0 frames hold no sway"):
        head_lean_sway(clean(standing_rows(1.0)[:0]), Stance((0.0, 1.6, 0.0), 0.0))


def test_each_value_of_head_sway_has_its_unit_and_error() -> None:
    found = head_sway(clean(swaying(40.0, 0.0)), Stance((0.0, 1.6, 0.0), 0.0))
    assert {name: value.unit for name, value in found.items()}["sway_area"] == "mm²"
    assert all(value.error and value.error < 0.15 * (value.value or 0) for value in found.values())


def test_too_short_a_stretch_gives_no_sway_but_its_reason() -> None:
    found = head_sway(clean(standing_rows(3.0)), STANCE)
    assert {value.value for value in found.values()} == {None}
    assert {value.note for value in found.values()} == {"quiet for 3.0 s, 5 s are needed"}


def test_a_gap_gives_no_sway_but_its_reason() -> None:
    rows = swaying(40.0, 0.0)
    found = head_sway(clean(np.delete(rows, slice(900, 1000))), STANCE)
    assert {value.value for value in found.values()} == {None}
    assert {value.note for value in found.values()} == {"the head was lost for 1.1 s: stand again"}


def test_a_nod_and_bent_knees_are_told_from_ankle_sway() -> None:
    rows = swaying(40.0, 0.0)
    nodding = rows.copy()
    half = np.radians(12) / 2
    nodding["head_qx"][1000:1200], nodding["head_qw"][1000:1200] = -np.sin(half), np.cos(half)
    rows["head_y_m"][1000:1200] -= 0.02
    notes = [head_sway(clean(r), STANCE)["sway_velocity"].note for r in (nodding, rows, swaying(40.0, 0.0))]
    assert notes == [
        "40 s; the head nodded by 12 deg: hips or neck moved too",
        "40 s; the head sank by 20 mm: hips or knees bent",
        "40 s",
    ]


def poses(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times from the epoch or the start, and places, in the file's axes; without its repeated times."""
    with gzip.open(path) as file:
        rows = np.loadtxt(file, delimiter=",", skiprows=1)
    rows = rows[np.append(True, np.diff(rows[:, 0]) > 0)]
    return rows[:, 0], rows[:, 1:4]


def at_100_hz(path: Path, begin_s: float, end_s: float) -> np.ndarray:
    time_s, place = poses(path)
    steady_s = np.arange(begin_s, end_s, 0.01)
    return np.stack([np.interp(steady_s, time_s, axis) for axis in place.T], axis=1)


@pytest.mark.parametrize(
    ("name", "begin_s", "end_s"),
    [("quest2_calib", 223.5, 233.5), ("quest2_traj1", 126.1, 136.3), ("quest_pro_traj1", 124.8, 130.1)],
)
def test_a_headset_at_rest_sways_no_more_than_is_stated(data: Path, name: str, begin_s: float, end_s: float) -> None:
    still = at_100_hz(data / "vr_headset_robot" / f"{name}_unity.csv.gz", begin_s, end_s)
    raw, found = (sway(still[:, 0], still[:, 2], 100.0, cut_off_hz) for cut_off_hz in (None, HEAD_SWAY_CUT_OFF_HZ))
    assert 0.0015 < raw.mean_velocity_mps < 0.0045
    assert found.mean_velocity_mps < 0.00125
    assert max(found.rms_ml_m, found.rms_ap_m) < 0.0002


@pytest.mark.parametrize("headset", ["quest2", "quest_pro"])
def test_sway_of_a_headset_on_a_robot_is_the_robots_within_what_is_stated(data: Path, headset: str) -> None:
    folder = data / "vr_headset_robot"
    paths = (folder / f"aligned_traj1_{headset}_to_tool1_cut.csv.gz", folder / "aligned_traj1_tool1_gt_cut.csv.gz")
    begin_s, end_s = (pick(poses(path)[0][i] for path in paths) for pick, i in ((max, 0), (min, -1)))
    seen, truth = (track - track.mean(axis=0) for track in (at_100_hz(path, begin_s, end_s) for path in paths))
    seen = Rotation.align_vectors(truth, seen)[0].apply(seen)
    for start in range(0, len(truth) - 2000, 1000):
        ours, theirs = (
            sway(*track[start : start + 2000, :2].T, 100.0, HEAD_SWAY_CUT_OFF_HZ) for track in (seen, truth)
        )
        for name in ("mean_velocity_mps", "rms_ml_m", "rms_ap_m", "range_ml_m", "range_ap_m", "ellipse_area_m2"):
            value = getattr(theirs, name)
            assert abs(getattr(ours, name) - value) <= (definitions(Sway)[name].half_width(value) or 0), name
