"""Other people's text files: read as they were meant, repaired where there is one way only, or refused in words."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import SETTINGS

from engine import bsor
from engine.commands.export import export
from engine.formats import text
from engine.formats.files import read
from engine.formats.tables import Table
from engine.recording import FLAGS, Recorded, RecordingUnreadable

SWAY = "time_s,ml_mm,ap_mm\n0.00,1.5,-2.25\n0.01,1.25,-2\n0.02,1,-1.5\n"
ML_M = [0.0015, 0.00125, 0.001]
SAME = {
    "comma": SWAY,
    "semicolon": SWAY.replace(",", ";"),
    "tab": SWAY.replace(",", "\t"),
    "blanks": SWAY.replace(",", " "),
    "decimal comma after semicolons": SWAY.replace(",", ";").replace(".", ","),
    "decimal comma after tabs": SWAY.replace(",", "\t").replace(".", ","),
    "decimal comma in quotes": 'time_s,ml_mm,ap_mm\n0,"1,5","-2,25"\n"0,01","1,25",-2\n"0,02",1,"-1,5"\n',
    "comments": "# subject 3\n" + SWAY,
    "comments all over": SWAY.replace("0.01", "# a, pause, here\n0.01") + "# the, end, of, it\n",
    "preamble": "Device,Plate 2\nSubject,3\n\n" + SWAY,
    "names in a comment": "# " + SWAY,
    "byte order mark": "\ufeff" + SWAY,
    "carriage returns": SWAY.replace("\n", "\r\n"),
    "comma at the end": SWAY.replace("\n", ",\n"),
    "brackets": SWAY.replace("ml_mm", "ML [mm]").replace("ap_mm", "AP (mm)").replace("time_s", "Time (s)"),
    "centimetres": "t_ms,cop_ml_cm,cop_ap_cm\n0,.15,-.225\n10,.125,-.2\n20,.1,-.15\n",
    "metres": "timestamp_ns,ml_m,ap_m\n0,1.5e-3,-2.25e-3\n10000000,1.25E-3,-2e-3\n20000000,1e-3,-1.5e-3\n",
}
REFUSED = {
    "no names": ("0,1,2\n0.1,1,2\n", "does not say what its columns are"),
    "nothing": ("", "no line of numbers"),
    "words": ("time_s,ml_mm\n0,left\n", "line 2, column 'ml_mm': 'left' is not a number"),
    "a word among numbers": ("time_s,ml_mm\n0,1\n1,2\n2,lost\n", "line 4, column 'ml_mm': 'lost' is not a number"),
    "no time": ("ml_mm,ap_mm\n1,2\n2,3\n", "no column of time"),
    "missing time": ("time_s,ml_mm\n0,1\n,2\n", "time_s has no time in sample 2"),
    "endless time": ("time_s,ml_mm\n0,1\n1e30,2\n", "time_s has no time in sample 2"),
    "time without unit": ("time,ml_mm\n0,1\n11,2\n22,3\n", "steps of 11 and names no unit"),
    "twice the same name": ("time_s,ml,ml\n0,1,2\n", "the name 'ml' twice"),
    "a column without a name": ("time_s,,ml\n0,1,2\n", "no name for column 2"),
    "a short line": ("time_s,ml_mm\n0,1\n1\n2,3\n", "line 3: 1 fields under 2 names"),
    "thousands dots": (
        "time_s,neck\n0.1,343.5523\n0.2,3.435.523\n",
        r"line 3, column 'neck': '3.435.523' has dots that group thousands, and where its decimal point was is lost",
    ),
    "commas or thousands": ("time_s;force\n1;1,234\n2;5,678\n", "'1,234' has a comma that may be"),
    "points and commas": ("time_s;force\n1.5;1,25\n2.5;3,5\n", "'1,25' has a comma that may be"),
    "split in two ways": ("time_s,force,n\n1,25,3,4\n2,35,4,5\n", "4 fields under 3 names"),
    "a quote that never closes": (f'time_s,ml\n0,1\n"{"1,2" * 50_000}\n3,4\n', "quotation marks that do not close"),
    "bytes": ("\0\1\2", "is not text"),
}


def written(folder: Path, content: str, name: str = "other.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode())
    return path


def table_in(path: Path, **how: str) -> Table:
    found = read(path, **how)  # type: ignore[arg-type] # axes and unit
    assert isinstance(found, Table)
    return found


@pytest.mark.parametrize("content", SAME.values(), ids=SAME)
def test_the_same_sway_reads_the_same_however_it_is_written(tmp_path: Path, content: str) -> None:
    found = table_in(written(tmp_path, content))
    assert found.columns["ml_m"] == pytest.approx(ML_M)
    assert found.columns["ap_m"] == pytest.approx([-0.00225, -0.002, -0.0015])
    assert (found.rate_hz, found.time_s[0]) == (pytest.approx(100), 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_encodings_of_old_spreadsheets_are_known(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(SWAY.replace("time_s", "Zeit µ,time_s").replace("\n0", "\n1,0").encode(encoding))
    assert table_in(tmp_path / "a.csv").columns["ml_m"] == pytest.approx(ML_M)


def test_a_compressed_file_reads_as_itself(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(SWAY.encode()))
    assert table_in(tmp_path / "a.csv.gz").columns["ml_m"] == pytest.approx(ML_M)


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED)
def test_what_can_be_read_in_two_ways_or_in_none_is_refused_with_the_place(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(RecordingUnreadable, match=f"other.csv.*{said}"):
        read(written(tmp_path, content))


@pytest.mark.parametrize("cell", ["", "nan", "NaN", "NA", "n/a", "-", "inf"])
def test_a_missing_value_is_nan(tmp_path: Path, cell: str) -> None:
    found = table_in(written(tmp_path, f"time_s,ml_mm,ap_mm\n0,1,2\n0.01,{cell},3\n"))
    assert np.isnan(found.columns["ml_m"]).tolist() == [False, True]


def test_thirteen_columns_in_twenty_three_fields_are_joined_where_there_is_one_way(tmp_path: Path) -> None:
    angles = [f"-{i},0{i}5" for i in range(1, 11)]  # a fraction that begins with 0 and a sign tell where numbers begin
    lines = [",".join(["-1", "-2", *angles, "-3"]), ",".join(["-4", "-5", *angles, "-6"])]
    names = ["a", "b", *(f"angle_{i}" for i in range(10)), "c"]
    found = text.read(written(tmp_path, "\n".join([",".join(names), *lines])))
    assert found.values[1, :4].tolist() == [-4, -5, -1.015, -2.025]
    assert (found.values.shape, found.values[0, 12]) == ((2, 13), -3)
    assert "23 fields to 13 columns" in found.note


@SETTINGS
@given(st.lists(st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3), min_size=1, max_size=6))
def test_numbers_that_decimal_commas_split_come_back_or_are_refused_and_are_never_others(
    tmp_path: Path, rows: list[list[float]]
) -> None:
    lines = [",".join(f"{value:.3f}".replace(".", ",") for value in row) for row in rows]
    try:
        found = text.read(written(tmp_path, "\n".join(["time_s,a,b", *lines])))
    except RecordingUnreadable:
        pytest.fail("every number was split, so there is one way to join them")
    assert found.values == pytest.approx(np.array([[float(f"{value:.3f}") for value in row] for row in rows]))


@SETTINGS
@given(st.lists(st.tuples(st.integers(0, 999), st.integers(-99, 99)), min_size=1, max_size=6))
def test_numbers_of_which_commas_split_some_are_joined_right_or_refused(
    tmp_path: Path, rows: list[tuple[int, int]]
) -> None:
    lines = [f"{a},{a},{b}" for a, b in rows]
    try:
        found = text.read(written(tmp_path, "\n".join(["time_s,b", *lines])))
    except RecordingUnreadable:
        return
    assert found.values == pytest.approx(np.array([[float(f"{a}.{a}"), b] for a, b in rows]))


def test_commas_that_group_thousands_before_a_point_are_taken_out(tmp_path: Path) -> None:
    found = table_in(written(tmp_path, 'time_s,Fz_N\n0,"1,234.5"\n0.01,"12,345.25"\n'))
    assert found.columns["Fz_N"].tolist() == [1234.5, 12345.25]
    assert "commas group thousands" in found.note


def test_a_published_stabilogram_knows_which_of_its_axes_is_which(data: Path) -> None:
    found = table_in(data / "bds_stabilograms" / "trials" / "BDS00001.csv.gz")
    raw = np.loadtxt(data / "bds_stabilograms" / "trials" / "BDS00001.csv.gz", delimiter=",", skiprows=1)
    assert found.columns["ap_m"] == pytest.approx(raw[:, 2] * 0.01)
    assert found.columns["ml_m"] == pytest.approx(raw[:, 3] * 0.01)
    assert found.rate_hz == pytest.approx(100)


def test_a_centre_of_pressure_whose_axes_nobody_names_is_neither_ml_nor_ap(tmp_path: Path) -> None:
    found = table_in(written(tmp_path, "time_s,cop_x_cm,cop_y_cm\n0,1,2\n0.01,1,2\n"))
    assert {name: values[0] for name, values in found.columns.items()} == {"cop_x_m": 0.01, "cop_y_m": 0.02}


def test_a_force_plate_export_is_found_below_its_thirty_lines_of_preamble(data: Path) -> None:
    found = table_in(data / "balance_misc" / "jythen_forceplate_optitrack_raw.csv.gz")
    assert list(found.columns)[2:] == ["Fx", "Fy", "Fz", "Mx", "My", "Mz", "Cx", "Cy", "Cz"]
    assert (len(found.time_s), found.rate_hz) == (15605, pytest.approx(100))


def test_a_beat_saber_table_in_unity_axes_is_the_recording_it_was_made_from(data: Path) -> None:
    rows = bsor.read(data / "vr_beatsaber" / "simsaber_motion.bsor")
    found = read(data / "vr_beatsaber" / "simsaber_motion.csv.gz", axes="unity")
    assert isinstance(found, Recorded)
    assert np.abs(found.rows["time_ns"] - rows["time_ns"]).max() < 1_000
    assert all(np.allclose(found.rows[name], rows[name], atol=1e-6) for name in rows.dtype.names[1:])


def test_a_trajectory_of_one_point_has_places_and_orientations(data: Path) -> None:
    found = table_in(data / "vr_headset_robot" / "aligned_traj1_tool1_gt_cut.csv.gz")
    assert found.points_m["point"].shape == (len(found.time_s), 3)
    assert np.linalg.norm(found.rotations["point"], axis=1) == pytest.approx(1, abs=1e-6)
    assert "taken as m" in found.note


def test_a_trajectory_as_its_tools_write_it_has_its_names_in_a_comment(tmp_path: Path) -> None:
    lines = "# timestamp tx ty tz qx qy qz qw\n1706706430.5 1 2 3 0 0 0 1\n1706706430.6 1 2 3 0 0 0 1\n"
    found = table_in(written(tmp_path, lines, "trajectory.txt"))
    assert found.points_m["point"][0].tolist() == [1, 2, 3]
    assert found.rotations["point"][0].tolist() == [0, 0, 0, 1]


def test_joints_of_a_camera_are_places_by_name(data: Path) -> None:
    path = next((data / "irds_rehab" / "movements").iterdir())
    found = table_in(path)
    assert len(found.points_m) == 25
    assert found.points_m["WristLeft"].shape == (len(found.time_s), 3)


def test_places_without_a_unit_take_the_one_that_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "time_s,Wrist_x,Wrist_y,Wrist_z\n0,10,20,30\n0.1,10,20,30\n")
    assert table_in(path, unit="mm").points_m["Wrist"][0] == pytest.approx([0.01, 0.02, 0.03])


def test_angles_about_axes_are_no_places(tmp_path: Path) -> None:
    found = table_in(written(tmp_path, "time_s,thorax_rot_x,thorax_rot_y,thorax_rot_z\n0,1,2,3\n1,1,2,3\n"))
    assert (list(found.points_m), len(found.columns)) == ([], 3)


@pytest.mark.parametrize(
    ("axes", "place", "turn"),
    [
        ("openxr", [1, 2, 3], [0.1, 0.2, 0.3, 0.9]),
        ("unity", [1, 2, -3], [-0.1, -0.2, 0.3, 0.9]),
        ("z-up", [1, 3, -2], [0.1, 0.3, -0.2, 0.9]),
    ],
)
def test_axes_are_turned_only_when_they_are_said(
    tmp_path: Path, axes: str, place: list[float], turn: list[float]
) -> None:
    path = written(tmp_path, "time_s,px,py,pz,qx,qy,qz,qw\n0,1,2,3,0.1,0.2,0.3,0.9\n")
    found = table_in(path, axes=axes)
    assert found.points_m["point"][0] == pytest.approx(place)
    assert found.rotations["point"][0] == pytest.approx(turn)


def test_unknown_axes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match="known are openxr, unity, z-up"):
        read(written(tmp_path, SWAY), axes="unreal")


def test_a_hand_that_a_file_has_not_is_not_valid(tmp_path: Path) -> None:
    names = [f"{who}_{part}" for who in ("hmd", "right_hand") for part in ("x", "y", "z", "qx", "qy", "qz", "qw")]
    path = written(tmp_path, f"time_s,{','.join(names)}\n0,{','.join('1' * 14)}\n")
    found = read(path)
    assert isinstance(found, Recorded)
    told = {name for bit, name in enumerate(FLAGS) if found.rows["flags"][0] >> bit & 1}
    assert told == set(FLAGS) - {"left_valid", "left_tracked"}


def test_our_own_export_after_a_spreadsheet_still_is_a_recording(tmp_path: Path, replay_file: Path) -> None:
    export(replay_file, tmp_path / "a.csv")
    spoilt = (tmp_path / "a.csv").read_text(encoding="utf-8").replace(",", ";").replace(".", ",")
    found = read(written(tmp_path, spoilt, "b.csv"))
    assert isinstance(found, Recorded)
    rows = bsor.read(replay_file)
    assert all(np.array_equal(found.rows[name], rows[name]) for name in rows.dtype.names)


@SETTINGS
@given(st.text(max_size=200) | st.text('0123456789,;.-\n\t ex"#', max_size=200))
def test_no_text_raises_anything_else(tmp_path: Path, content: str) -> None:
    path = tmp_path / "noise.csv"
    path.write_text(content, encoding="utf-8", newline="")
    try:
        found = read(path)
    except RecordingUnreadable:
        return
    assert np.isfinite(found.rows["time_ns"] if isinstance(found, Recorded) else found.time_s).all()


@pytest.mark.parametrize("names", ["TIME_S,ML_MM,AP_MM", "Time [S],ML [MM],AP [Mm]", "time_s,ml_mm,ap_mm"])
def test_capitals_of_names_and_units_mean_the_same(tmp_path: Path, names: str) -> None:
    found = read(written(tmp_path, f"{names}\n0,1,2\n0.01,3,4\n"))
    assert isinstance(found, Table)
    assert found.columns["ml_m"].tolist() == pytest.approx([0.001, 0.003])


def test_sway_without_a_unit_is_taken_as_told_and_it_is_said(tmp_path: Path) -> None:
    found = read(written(tmp_path, "time_s,ml,ap\n0,1,2\n0.01,3,4\n"), unit="cm")
    assert isinstance(found, Table)
    assert found.columns["ap_m"].tolist() == pytest.approx([0.02, 0.04])
    assert found.note == "no unit is named for ml, ap: taken as cm"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no line of numbers under a line of names"),
        ("time,ml_m\n2024-01-01T00:00:00,1\n", "column 'time': '2024-01"),
    ],
)
def test_a_file_without_numbers_is_told_what_is_there_instead(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(RecordingUnreadable, match=words):
        read(written(tmp_path, content))
