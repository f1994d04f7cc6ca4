"""Motion-BIDS: a dataset without errors in the eyes of the validator, which grows by sessions and names nobody."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from recordings import SETTINGS, moving, recordings
from test_c3d import SESSION

from engine.formats import motion_bids
from engine.formats.files import read
from engine.recording import Recorded, RecordingUnreadable
from engine.records import Session

ROWS = moving(10_000_000 * np.arange(300))


def validated(folder: Path) -> dict[str, Any]:
    """What the official validator says; it brings its own schema and asks nobody."""
    code = "import sys; from bids_validator_deno import cli; sys.argv[0] = 'bids-validator'; cli()"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), "--format", "json", "--max-rows", "-1"],
        capture_output=True,
        check=False,
        timeout=120,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def errors(folder: Path) -> list[str]:
    issues = validated(folder)["issues"]["issues"]
    return [f"{issue['code']} {issue.get('location')}" for issue in issues if issue["severity"] == "error"]


def test_a_dataset_of_two_people_and_three_visits_has_no_errors(tmp_path: Path) -> None:
    for session in (SESSION, replace(SESSION, id="visit-2"), replace(SESSION, patient="q8")):
        motion_bids.write(tmp_path, Recorded({}, ROWS), session)
    motion_bids.write(tmp_path, Recorded({}, ROWS))
    found = validated(tmp_path)
    assert errors(tmp_path) == []
    assert (len(found["summary"]["subjects"]), found["summary"]["modalities"]) == (3, ["motion"])


def test_the_validator_finds_what_is_wrong(tmp_path: Path) -> None:
    files = motion_bids.write(tmp_path, Recorded({}, ROWS), SESSION)
    channels = next(file for file in files if file.name.endswith("channels.tsv"))
    channels.write_text(channels.read_text(encoding="utf-8").replace("LATENCY", "LATE"), encoding="utf-8")
    assert any("channels.tsv" in error for error in errors(tmp_path))


@pytest.mark.parametrize("seed", range(3))
def test_any_recording_makes_a_dataset_without_errors(tmp_path: Path, seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = ROWS[:40].copy()
    rows["flags"] = generator.integers(0, 1 << 12, len(rows))
    rows["time_ns"] = generator.integers(0, 10**10, len(rows))
    rows["left_x_m"][generator.integers(0, 40, 9)] = np.nan
    motion_bids.write(tmp_path, Recorded({}, rows), SESSION)
    assert errors(tmp_path) == []


def test_each_channel_is_a_column_in_order(tmp_path: Path) -> None:
    files = {file.name.rsplit("_", 1)[1]: file for file in motion_bids.write(tmp_path, Recorded({}, ROWS), SESSION)}
    channels = [line.split("\t") for line in files["channels.tsv"].read_text(encoding="utf-8").splitlines()]
    lines = files["motion.tsv"].read_text(encoding="utf-8").splitlines()
    about = json.loads(files["motion.json"].read_text(encoding="utf-8"))
    assert channels[0] == ["name", "component", "type", "tracked_point", "units", "reference_frame"]
    assert channels[1:3] == [
        ["latency", "n/a", "LATENCY", "n/a", "s", "n/a"],
        ["head_x_m", "x", "POS", "head", "m", "space"],
    ]
    assert {len(line.split("\t")) for line in lines} == {len(channels) - 1} == {about["MotionChannelCount"]}
    assert (lines[1].split("\t")[0], about["SamplingFrequency"]) == ("0.010000000", 100.0)


def test_trials_and_events_are_rows_with_onset_and_duration(tmp_path: Path) -> None:
    files = motion_bids.write(tmp_path, Recorded({}, ROWS), SESSION)
    events = next(file for file in files if file.name.endswith("events.tsv")).read_text(encoding="utf-8").splitlines()
    assert events[0].split("\t")[:6] == ["onset", "duration", "trial_type", "trial", "side", "outcome"]
    assert events[1].split("\t")[:6] == ["1", "1.5", "fruit_ladder", "1", "left", "reached"]
    assert events[1].split("\t")[6] == "n/a"
    assert events[2].split("\t") == ["3", "0", "paused", *["n/a"] * 7, "the headset was taken off"]


@SETTINGS
@given(found=recordings())
def test_times_come_back_to_the_nanosecond_in_whatever_order(
    tmp_path_factory: pytest.TempPathFactory, found: Recorded
) -> None:
    folder = tmp_path_factory.mktemp("out")
    motion_bids.write(folder, found, SESSION)
    back = read(folder)
    assert isinstance(back, Recorded)
    assert back.header == found.header
    assert back.rows["time_ns"].tolist() == found.rows["time_ns"].tolist()


@SETTINGS
@given(st.sets(st.text(max_size=8), max_size=8))
def test_labels_of_different_people_differ_and_hold_letters_and_digits_alone(names: set[str]) -> None:
    labels = {motion_bids.label(name) for name in names}
    assert len(labels) == len(names)
    assert all(label.isascii() and label.isalnum() for label in labels)


def test_files_of_people_and_visits_with_long_names_have_names_that_every_system_takes(tmp_path: Path) -> None:
    long = replace(SESSION, patient="p" * 120, id="visit-" * 20)
    files = [path for each in (long, replace(long, id=long.id + "2")) for path in _written(tmp_path, each)]
    assert len(set(files)) == len(files)
    assert max(len(path.name) for path in files) < 200


def _written(folder: Path, session: Session) -> list[Path]:
    return [*motion_bids.write(folder, Recorded({}, ROWS), session)]


def test_a_table_of_participants_that_somebody_filled_in_is_kept(tmp_path: Path) -> None:
    motion_bids.write(tmp_path, Recorded({}, ROWS), SESSION)
    participants = tmp_path / "participants.tsv"
    first = participants.read_text(encoding="utf-8").splitlines()[1]
    participants.write_text(f"participant_id\tage\n{first}\t71\n", encoding="utf-8")
    motion_bids.write(tmp_path, Recorded({}, ROWS), replace(SESSION, patient="q8"))
    assert participants.read_text(encoding="utf-8") == f"participant_id\tage\n{first}\t71\nsub-q8\tn/a\n"


def test_a_dataset_of_two_recordings_asks_which(tmp_path: Path) -> None:
    files = motion_bids.write(tmp_path, Recorded({}, ROWS), SESSION)
    motion_bids.write(tmp_path, Recorded({}, ROWS), replace(SESSION, id="visit-2"))
    with pytest.raises(RecordingUnreadable, match="holds 2 recordings: name one"):
        read(tmp_path)
    found = read(next(file for file in files if file.name.endswith("_motion.tsv")))
    assert isinstance(found, Recorded)
    assert len(found.rows) == len(ROWS)


def test_the_date_of_a_visit_is_nowhere_in_it(tmp_path: Path) -> None:
    motion_bids.write(tmp_path, Recorded({}, ROWS), SESSION)
    assert all(b"2026" not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
