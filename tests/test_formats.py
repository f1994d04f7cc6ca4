"""Files of every kind: what goes out comes back within the bound of docs/formats.md, or is refused in words."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

import ezc3d
import numpy as np
import people
import pytest
from hypothesis import given
from recordings import HEADER, SETTINGS, moving, poses, recordings, same, valid

from engine import recording
from engine.commands import export as export_module
from engine.commands.export import NotExported, export
from engine.formats import c3d, foxglove, motion_bids, own_csv, parquet
from engine.formats.files import read
from engine.formats.tables import FLAT, PLACES, Table
from engine.motion import clean
from engine.recording import DEVICES_FLAGS, FLAGS, TABLES, Recorded, RecordingUnreadable
from engine.records import Session, to_json
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import Patient

TARGETS = ("visit.csv", "visit.parquet", "visit.c3d", "visit.mcap", "dataset")
WRITERS: dict[str, Callable[[Path, Recorded], object]] = {"r.mcap": foxglove.write, "bids": motion_bids.write}
FILE_WRITERS: dict[str, Callable[[Path, Recorded], object]] = {
    "r.csv": own_csv.write,
    "r.parquet": parquet.write,
    "r.mcap": foxglove.write,
    "r.c3d": c3d.write,
}


@pytest.mark.parametrize("name", ["r.csv", "r.parquet"])
@SETTINGS
@given(found=recordings())
def test_csv_and_parquet_lose_nothing_of_any_recording(
    tmp_path_factory: pytest.TempPathFactory, name: str, found: Recorded
) -> None:
    path = tmp_path_factory.mktemp("out") / name
    (own_csv if name == "r.csv" else parquet).write(path, found)
    back = read(path)
    assert isinstance(back, Recorded)
    assert back.header == HEADER
    assert all(same(one, other) for one, other in zip(back[1:4], found[1:4], strict=True))


@SETTINGS
@given(found=recordings())
def test_parquet_keeps_even_the_bits_of_what_is_not_a_number(
    tmp_path_factory: pytest.TempPathFactory, found: Recorded
) -> None:
    path = tmp_path_factory.mktemp("out") / "r.parquet"
    parquet.write(path, found)
    assert [table.tobytes() for table in parquet.read(path)[1:4]] == [table.tobytes() for table in found[1:4]]


@pytest.mark.parametrize("name", WRITERS)
@SETTINGS
@given(found=recordings())
def test_mcap_and_motion_bids_give_back_times_flags_and_each_finite_pose_exactly(
    tmp_path_factory: pytest.TempPathFactory, name: str, found: Recorded
) -> None:
    path = tmp_path_factory.mktemp("out") / name
    WRITERS[name](path, found)
    back = read(path)
    assert isinstance(back, Recorded)
    assert (back.rows["time_ns"].tolist(), back.rows["flags"].tolist()) == (
        found.rows["time_ns"].tolist(),
        found.rows["flags"].tolist(),
    )
    for device in ("head", "left", "right"):
        there = valid(found.rows, device)
        assert np.array_equal(there, valid(back.rows, device))
        assert np.array_equal(poses(back.rows, device)[there], poses(found.rows, device)[there])


@pytest.mark.parametrize("name", WRITERS)
@SETTINGS
@given(found=recordings())
def test_mcap_and_motion_bids_give_back_trackers_in_their_frames(
    tmp_path_factory: pytest.TempPathFactory, name: str, found: Recorded
) -> None:
    path = tmp_path_factory.mktemp("out") / name
    WRITERS[name](path, found)
    back = read(path)
    assert isinstance(back, Recorded)
    assert np.array_equal(back.devices["frame"], found.devices["frame"])
    for place in PLACES:
        there = valid(found.devices, place, DEVICES_FLAGS)
        assert np.array_equal(poses(back.devices, place)[there], poses(found.devices, place)[there])


def test_a_flag_says_valid_for_no_pose_that_came_back_at_the_origin(tmp_path: Path) -> None:
    rows = people.standing_rows(0.1)
    rows["flags"][3] &= ~np.uint32(1 << FLAGS.index("left_valid"))
    foxglove.write(tmp_path / "r.mcap", Recorded({}, rows))
    back = foxglove.read(tmp_path / "r.mcap").rows
    assert poses(back, "left")[3].tolist() == [0, 0, 0, 0, 0, 0, 1]
    assert np.flatnonzero(~valid(back, "left")).tolist() == [3]


@pytest.mark.parametrize("target", TARGETS)
def test_a_real_recording_measures_the_same_after_a_round_trip(replay_file: Path, tmp_path: Path, target: str) -> None:
    export(replay_file, tmp_path / target)
    before, after = (clean(found.rows) for found in (read(replay_file), read(tmp_path / target)))
    bound_m = 0.002 if target.endswith("c3d") else 0.0
    assert np.abs(np.ptp(after.head_m, axis=0) - np.ptp(before.head_m, axis=0)).max() <= bound_m
    assert np.abs(np.nanmean(after.left_m, axis=0) - np.nanmean(before.left_m, axis=0)).max() <= bound_m


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished session's folder, of somebody simulated."""
    folder = tmp_path_factory.mktemp("sessions") / "visit"
    folder.mkdir()
    session = people.visited(SimulatedHeadset(Patient(), 1), folder, people.ASSESSMENTS[0])
    (folder / "session.json").write_bytes(to_json(session))
    return folder


@pytest.mark.parametrize("target", TARGETS)
def test_a_session_folder_is_exported_with_every_frame(visit: Path, tmp_path: Path, target: str) -> None:
    files = export(visit, tmp_path / target)
    back, whole = read(tmp_path / target), read(visit)
    assert isinstance(back, Recorded)
    assert isinstance(whole, Recorded)
    assert len(back.rows) == pytest.approx(len(whole.rows), rel=0.02)
    assert all(file.is_file() for file in files)


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_overwritten(visit: Path, tmp_path: Path, target: str) -> None:
    files = export(visit, tmp_path / target)
    content = [file.read_bytes() for file in files]
    with pytest.raises(NotExported, match="exists already"):
        export(visit, tmp_path / target)
    assert [file.read_bytes() for file in files] == content


def test_a_forgotten_table_beside_a_new_export_is_not_taken_for_its_own(visit: Path, tmp_path: Path) -> None:
    (tmp_path / "visit.devices.csv").write_text("of another visit")
    with pytest.raises(NotExported, match=r"visit\.devices\.csv exists already"):
        export(visit, tmp_path / "visit.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["visit.devices.csv"]


@pytest.mark.parametrize("target", TARGETS)
def test_an_export_holds_the_pseudonym_at_most(visit: Path, tmp_path: Path, target: str) -> None:
    session = json.loads((visit / "session.json").read_text(encoding="utf-8"))
    day = session["started_at"][:10].encode()
    assert all(day not in file.read_bytes() for file in export(visit, tmp_path / target))


def test_a_table_is_not_exported(tmp_path: Path) -> None:
    path = tmp_path / "sway.csv"
    path.write_text("time_s,ml_mm,ap_mm\n0,1,2\n0.01,1,2\n")
    with pytest.raises(NotExported, match="holds no poses of a head"):
        export(path, tmp_path / "sway.mcap")


@pytest.mark.parametrize("target", ["visit.c3d", "visit.csv"])
def test_a_file_for_which_there_is_no_room_is_refused_and_not_there(
    visit: Path, tmp_path: Path, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "_WRITERS", {target[6:]: partial(written_in_part, target[6:])})
    with pytest.raises(NotExported, match=r"cannot be written: No space left on device"):
        export(visit, tmp_path / target)
    assert list(tmp_path.iterdir()) == []


def written_in_part(kind: str, path: Path, recorded: Recorded, session: Session | None) -> list[Path]:
    """What a full disk leaves: the library for C3D stops without a word, others raise."""
    if kind == "csv":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    whole = ezc3d.c3d.write
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ezc3d.c3d, "write", lambda content, name: (whole(content, name), os.truncate(name, 5000)))
        return c3d.write(path, recorded, session)


def test_a_dataset_is_whole_or_as_it_was_when_there_is_no_room(
    visit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(visit, tmp_path / "set")
    known = sorted(path for path in (tmp_path / "set").rglob("*") if path.is_file())
    again = tmp_path / "other"
    shutil.copytree(visit, again)
    record = (again / "session.json").read_text(encoding="utf-8")
    identity = json.loads(record)["id"]
    (again / "session.json").write_text(record.replace(identity, f"{identity}2"), encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: full())
        with pytest.raises(NotExported, match="No space left"):
            export(again, tmp_path / "set")
    assert sorted(path for path in (tmp_path / "set").rglob("*") if path.is_file()) == known
    assert len(export(again, tmp_path / "set")) == 6


def full() -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_an_interrupted_export_left_in_a_dataset_is_no_recording(visit: Path, tmp_path: Path) -> None:
    motion = next(file for file in export(visit, tmp_path / "set") if file.name.endswith("_motion.tsv"))
    left = motion.parent.parent / ".export-x" / "motion"
    left.mkdir(parents=True)
    (left / motion.name).write_text("0.0\t1", encoding="utf-8")
    assert len(rows_in(tmp_path / "set")) == len(rows_in(visit))


def test_a_folder_of_other_things_does_not_become_a_dataset(visit: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("dear")
    with pytest.raises(NotExported, match="holds other things and is no dataset"):
        export(visit, tmp_path / "letters")


def test_a_target_in_no_folder_is_refused(visit: Path, tmp_path: Path) -> None:
    with pytest.raises(NotExported, match="nowhere is no folder"):
        export(visit, tmp_path / "nowhere" / "visit.csv")


def test_an_unknown_target_is_refused_with_those_that_are_known(visit: Path, tmp_path: Path) -> None:
    with pytest.raises(NotExported, match=r"\.csv, \.parquet, \.c3d, \.mcap"):
        export(visit, tmp_path / "visit.xlsx")


@pytest.mark.parametrize(
    "name", ["a.vrec", "a.bsor", "a.csv", "a.csv.gz", "a.c3d", "a.parquet", "a.mcap", "a_motion.tsv"]
)
@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 no such thing"], ids=["missing", "empty", "foreign"])
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(RecordingUnreadable, match=name.replace(".", r"\.")):
        read(tmp_path / name)


@pytest.mark.parametrize("name", ["r.parquet", "r.mcap"])
def test_a_flipped_bit_is_refused_or_changes_nothing(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    found = Recorded(HEADER, moving(10_000_000 * np.arange(200)))
    FILE_WRITERS[name](path, found)
    whole = path.read_bytes()
    for at in range(0, len(whole), len(whole) // 150):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with suppress(RecordingUnreadable):
            assert same(rows_in(path), found.rows)


@pytest.mark.parametrize("name", ["r.csv", "r.parquet", "r.mcap", "r.c3d"])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    FILE_WRITERS[name](path, Recorded(HEADER, moving(10_000_000 * np.arange(200))))
    whole = path.read_bytes().rstrip(b"\0")
    for share in (0.001, 0.1, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(RecordingUnreadable, match=name):
            read(path)


def rows_in(path: Path) -> np.ndarray:
    found = read(path)
    assert isinstance(found, Recorded)
    return found.rows


def test_a_folder_of_nothing_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match="neither a finished session"):
        read(tmp_path)


def test_a_recording_and_its_folder_read_alike(visit: Path) -> None:
    folder, file = read(visit), read(visit / "frames.vrec")
    assert not isinstance(folder, Table)
    assert not isinstance(file, Table)
    assert folder.rows.tobytes() == file.rows.tobytes() == recording.read(visit / "frames.vrec").rows.tobytes()


def test_the_tables_of_a_recording_are_flat_columns_of_the_same_bytes() -> None:
    assert {name: kind.itemsize for name, kind in FLAT.items()} == {
        name: kind.itemsize for name, kind in TABLES.items()
    }
    assert FLAT["joints"].names[2:5] == ("palm_x_m", "palm_y_m", "palm_z_m")
