"""`steadyreach measure`: what other people's tables and our own recordings say, with reasons for what they do not."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT, Said, entered
from people import standing_rows

from engine.commands import measure as measuring
from engine.commands.files import said
from engine.commands.measure import Aim, Measures, measure
from engine.commands.person import load
from engine.commands.simulating import simulate
from engine.metrics.definition import NotMeasurable
from engine.recording import Writer
from engine.records import Measured
from engine.session_folder import read_session

SWAY_COLUMNS = {
    # ours: Quijoux's, and what a centimetre of theirs is
    "path_m": ("sway_length_ML_AND_AP", 1e-2),
    "mean_velocity_mps": ("mean_velocity_ML_AND_AP", 1e-2),
    "rms_ml_m": ("rms_ML", 1e-2),
    "rms_ap_m": ("rms_AP", 1e-2),
    "range_ml_m": ("range_ML", 1e-2),
    "range_ap_m": ("range_AP", 1e-2),
    "mean_frequency_hz": ("mean_frequency_ML_AND_AP", 1.0),
    "f95_ap_hz": ("power_frequency_95_Power_Spectrum_Density_AP", 1.0),
}


def ran(*arguments: object) -> Said:
    return entered(arguments, ROOT)


def table(path: Path, names: str, columns: np.ndarray) -> Path:
    lines = [names, *(",".join(f"{value:.9g}" for value in row) for row in columns)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def measured(path: Path, *kinds: str, aim: Aim | None = None, **how: object) -> Measures:
    return measure(path, load(path, **how), kinds or measuring.KINDS, aim)


def minimum_jerk(time_s: np.ndarray, start_s: float, lasts_s: float) -> np.ndarray:
    share = np.clip((time_s - start_s) / lasts_s, 0, 1)
    return 10 * share**3 - 15 * share**4 + 6 * share**5


def test_a_force_plates_file_gives_the_published_sway(data: Path) -> None:
    with (data / "reference" / "dev" / "bds_quijoux_native100_raw.csv").open(encoding="utf-8") as file:
        row = next(csv.DictReader(file))
    path = data / "bds_stabilograms" / "trials" / f"{row['Trial']}.csv.gz"
    answer = json.loads(ran("measure", path, "--kind", "sway", "--json").out)
    found = answer["sway"]["sway"]["measures"]
    theirs = {ours: float(row[name]) * scale for ours, (name, scale) in SWAY_COLUMNS.items()}
    assert {name: found[name]["value"] for name in theirs} == pytest.approx(theirs, rel=1e-6)
    assert found["path_m"]["unit"] == "m"
    assert (answer["rom"], answer["reach"]) == ({}, {})


def test_the_error_of_a_headset_is_not_claimed_for_a_plate(data: Path) -> None:
    found = measured(data / "bds_stabilograms" / "trials" / "BDS00001.csv.gz", "sway").sway["sway"]
    assert {one.error for one in found.measures.values()} == {None}


def test_uneven_samples_are_resampled_and_it_is_said(tmp_path: Path) -> None:
    time_s = np.cumsum(np.random.default_rng(1).uniform(0.004, 0.03, 3000))
    circle_m = 0.01 * np.stack([np.cos(time_s), np.sin(time_s)], axis=1)
    found = measured(table(tmp_path / "a.csv", "time_s,ml_m,ap_m", np.column_stack([time_s, circle_m])), "sway")
    part = found.sway["sway"]
    assert part.measures["mean_velocity_mps"].value == pytest.approx(0.01, rel=0.01)
    assert "resampled at 100 Hz" in part.notes[0]


@pytest.mark.parametrize(("hole", "reason"), [(slice(500, 560), "gap of 0.61 s"), (slice(0, 1000), "0 samples")])
def test_a_hole_in_the_sway_is_refused(tmp_path: Path, hole: slice, reason: str) -> None:
    time_s = np.arange(1000) / 100
    columns = np.column_stack([time_s, np.sin(time_s), np.cos(time_s)])
    columns[hole, 1] = np.nan
    with pytest.raises(NotMeasurable, match=reason):
        measured(table(tmp_path / "a.csv", "time_s,ml_m,ap_m", columns), "sway")


def test_orientations_give_the_range_of_a_neck(tmp_path: Path) -> None:
    time_s = np.arange(0, 8, 0.01)
    half = np.radians(40.0 * minimum_jerk(time_s, 2, 1) - 95.0 * minimum_jerk(time_s, 5, 1)) / 2
    columns = np.column_stack([time_s, 0 * half, np.sin(half), 0 * half, np.cos(half)])
    found = measured(table(tmp_path / "a.csv", "time_s,qx,qy,qz,qw", columns), "rom").rom["point"].measures
    assert found["left_rotation_deg"].value == pytest.approx(40, abs=0.01)
    assert found["right_rotation_deg"].value == pytest.approx(55, abs=0.01)
    assert found["lateral_deg"].value == pytest.approx(0, abs=0.01)


def test_a_path_to_a_target_gives_a_reach(tmp_path: Path) -> None:
    time_s = np.arange(0, 3, 0.01)
    place_m = np.array((0.1, 1.0, -0.2)) + np.outer(minimum_jerk(time_s, 1.0, 0.8), (0.3, 0.2, -0.4))
    path = table(tmp_path / "a.csv", "time_s,x_m,y_m,z_m", np.column_stack([time_s, place_m]))
    answer = json.loads(
        ran("measure", path, "--kind", "reach", "--target", "0.4,1.2,-0.6", "--cue", "0.6", "--json").out
    )
    found = answer["reach"]["point"]["measures"]
    assert found["reaction_s"]["value"] == pytest.approx(0.4 + 0.06, abs=0.03)
    assert found["endpoint_error_m"]["value"] == pytest.approx(0, abs=0.002)
    assert found["path_ratio"]["value"] == pytest.approx(1, abs=0.001)
    assert answer["reach"]["point"]["notes"] == []


def test_without_target_and_cue_it_is_said_what_stands_for_them(tmp_path: Path) -> None:
    time_s = np.arange(0, 2, 0.01)
    place_cm = np.outer(minimum_jerk(time_s, 0.5, 0.8), (30, 20, -40))
    found = measured(table(tmp_path / "a.csv", "t,x,y,z", np.column_stack([time_s, place_cm])), "reach", unit="cm")
    notes = found.reach["point"].notes
    assert found.reach["point"].measures["displacement_m"].value == pytest.approx(math.hypot(0.3, 0.2, 0.4), rel=0.01)
    assert [note.split(":")[0] for note in notes] == ["no target was given", "no cue was given"]


def test_a_game_gives_ranges_and_reaches_and_says_why_no_sway(replay_file: Path) -> None:
    found = measured(replay_file)
    assert "no quiet stretch" in found.not_measured["sway"]
    assert {"neck", "trunk", "shoulder_left", "shoulder_right"} <= set(found.rom)
    assert found.reach["reaches_right"].measures["peak_speed_mps"].value > 2
    assert found.quality is not None
    assert found.quality.dropped["head at the origin"] == 1


def test_quiet_standing_is_measured_whole(tmp_path: Path) -> None:
    rows = standing_rows(40.0)
    phase = 2 * np.pi * 0.25 * rows["time_ns"] * 1e-9
    rows["head_x_m"] += 0.006 * np.sin(phase)
    rows["head_z_m"] -= 0.003 * np.cos(phase)
    with Writer(tmp_path / "standing.vrec", {}) as writer:
        for row in rows:
            writer.write(row.tobytes())
    found = measured(tmp_path / "standing.vrec", "sway").sway["sway"]
    assert found.about == "Head sway, 40 s, the whole recording"
    assert found.measures["rms_ml_m"].value == pytest.approx(0.006 / math.sqrt(2), rel=0.02)
    assert found.measures["rms_ml_m"].error > 0


def test_a_session_is_measured_with_its_own_calibration(tmp_path: Path) -> None:
    simulate(1, 0, tmp_path)
    folder = tmp_path / "simulated-0"
    known, source = read_session(folder).calibration, load(folder)
    assert source.stance == known.stance
    assert source.arm_m == {side: arm.value for side, arm in known.arm_m.items()}
    found = measure(folder, source)
    assert found.sway["sway"].about == "Head sway, 20 s, when asked to stand quietly"
    assert found.sway["sway"].measures["mean_velocity_mps"].value < 0.05
    assert found.reach["bimanual"].measures["correlation"].value is not None


@pytest.mark.parametrize(
    ("height_m", "left_out"), [(0.0, {"lean", "trunk", "space"}), (1.15, {"sway", "lean", "trunk"}), (1.65, set())]
)
def test_what_needs_who_stands_over_a_floor_is_left_out_of_others(
    tmp_path: Path, height_m: float, left_out: set[str]
) -> None:
    rows = standing_rows(30.0)
    for device in ("head", "left", "right"):
        rows[f"{device}_y_m"] += height_m - rows["head_y_m"].mean() if device == "head" else 0
    phase = 2 * np.pi * 0.25 * rows["time_ns"] * 1e-9
    rows["head_x_m"] += 0.006 * np.sin(phase)
    rows["head_z_m"] += 0.003 * np.cos(phase)
    with Writer(tmp_path / "r.vrec", {}) as writer:
        for row in rows:
            writer.write(row.tobytes())
    found = measured(tmp_path / "r.vrec")
    parts = {**found.sway, **found.rom, "space": found.reach["space_left"]}
    there = {name for name in ("sway", "lean", "trunk", "space") if name in parts and parts[name].measures}
    assert there == {"sway", "lean", "trunk", "space"} - left_out


@pytest.mark.parametrize(
    ("time_s", "words"),
    [([0.0], "1 samples"), ([1.0] * 50, "1 samples"), (np.arange(50, 0, -1) / 50, "times of the sway fall")],
)
def test_sway_whose_times_do_not_rise_is_refused(tmp_path: Path, time_s: list[float], words: str) -> None:
    columns = np.column_stack([time_s, np.sin(np.arange(len(time_s))), np.cos(np.arange(len(time_s)))])
    with pytest.raises(NotMeasurable, match=words):
        measured(table(tmp_path / "a.csv", "time_s,ml_mm,ap_mm", columns), "sway")


def test_a_wrong_unit_and_a_short_slow_table_are_doubted(tmp_path: Path) -> None:
    time_s = np.arange(0, 3, 0.1)
    columns = np.column_stack([time_s, 5 * np.sin(time_s), 5 * np.cos(time_s)])
    found = measured(table(tmp_path / "a.csv", "time_s,ml,ap", columns), "sway")
    doubts = " ".join(found.sway["sway"].notes)
    assert found.notes == ("no unit is named for ml, ap: taken as m",)
    assert all(words in doubts for words in ("10 samples a second", "30 s are advised", "is the unit right?"))


def test_several_movements_in_what_is_measured_as_one_are_told(tmp_path: Path) -> None:
    time_s = np.arange(0, 6, 0.01)
    there_m = minimum_jerk(time_s, 1, 0.8) - minimum_jerk(time_s, 3, 0.8)
    columns = np.column_stack([time_s, 0.4 * there_m, 0 * there_m, 0 * there_m])
    found = measured(table(tmp_path / "a.csv", "time_s,x_m,y_m,z_m", columns), "reach")
    assert found.reach["point"].notes[-1].startswith("2 movements from rest to rest are in it")


def test_a_recording_refuses_a_target_that_it_would_not_use(replay_file: Path) -> None:
    with pytest.raises(NotMeasurable, match="that of one in a table"):
        measured(replay_file, "reach", aim=Aim((0.0, 1.0, -0.5)))


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (Measured(0.00502, "m", 0.00012), "5.02 ± 0.12 mm"),
        (Measured(1.4321, "m", 0.018), "1.432 ± 0.018 m"),
        (Measured(0.0002015, "m²", 5.6e-6), "201.5 ± 5.6 mm²"),
        (Measured(0.0358, "m³", 0.0057), "35.8 ± 5.7 l"),
        (Measured(118.46, "deg", 18.0), "118 ± 18°"),
        (Measured(55.32, "deg"), "55.3°"),
        (Measured(1318.4, "mm"), "1318 mm"),
        (Measured(4.0, "", None, "median of 12"), "4  median of 12"),
        (Measured(None, "m", None, "too short"), "–  too short"),
    ],
)
def test_people_read_handy_units_and_as_many_digits_as_the_error_allows(one: Measured, words: str) -> None:
    assert said(one) == words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("measure", "nowhere.csv"), "nowhere.csv"),
        (("measure", "README.md"), "no known kind"),
        (("measure", "README.md", "--kind", "gait"), "--kind 'gait' must be one of sway, rom, reach"),
        (("measure", "README.md", "--target", "up"), "--target 'up' must be three numbers"),
        (("measure", "README.md", "--axes", "left"), "axes 'left'"),
        (("plot", "README.md", "--format", "gif"), "--format 'gif' must be one of png, svg, pdf"),
        (("export", "README.md", "out.xyz"), "out.xyz"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(arguments: tuple[str, ...], words: str) -> None:
    answer = ran(*arguments)
    assert (answer.code, answer.out) == (1, "")
    assert words in answer.err
    assert len(answer.err.splitlines()) == 1
