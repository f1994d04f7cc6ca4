"""Exports of a clinic: what is in them, in which order, and what becomes of them where something goes wrong."""

import csv
import io
import json
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from exported import (
    COMMAND,
    EVERYBODY,
    MOTION_KINDS,
    SESSIONS,
    a_visit,
    contents,
    exports,
    manifest,
    table,
    written,
)
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from recordings import SETTINGS
from server_fixtures import a_session, an_item
from test_bids import errors, validated

from engine.commands import export as alone
from engine.commands.exporting import words
from engine.records import BlockRecord, Limit, Measured, Request, Session, TrialRecord, to_json
from server_sync import wire
from server_sync.clinic import trial_table
from server_sync.clinic.cells import cell
from server_sync.clinic.export_choice import KINDS, Which
from server_sync.clinic.objects import recording_key
from server_sync.clinic.service import Service

NUMBERS = st.floats(allow_nan=False) | st.integers(-(2**70), 2**70)
NAMES = st.sampled_from(["hold_s", "ways", "a.unit", "=x", "ä b\r\n"])
MEASURED = st.builds(Measured, st.none() | NUMBERS.map(float), st.text(max_size=3), st.none() | st.floats(0, 9))


def test_each_trial_is_a_row_with_what_its_record_says(kept: Service, tmp_path: Path) -> None:
    rows = table(written(kept, tmp_path / "out"))
    assert len(rows) == 6 * len(SESSIONS)
    session = kept.archive.session("s-3")
    row = next(row for row in rows if row["session"] == "s-3" and row["game"] == "harbour_lean")
    trial = session.blocks[3].trials[0]
    assert trial.request is not None
    assert trial.limit_after is not None
    assert {name: row[name] for name in ("participant", "date", "time", "block", "version", "trial", "preset")} == {
        "participant": "p-nora", "date": "2026-10-13", "time": "23:30:00+01:00", "block": "4", "version": "3",
        "trial": "1", "preset": "balance",
    }  # fmt: skip
    numbers = {
        "requested": trial.request.amplitude, "achieved": trial.achieved, "limit_after": trial.limit_after.value,
        "limit_after_low": trial.limit_after.low, "start_s": trial.start_s, "measure.excursion_deg": 71.25,
        "measure.excursion_deg.error": 0.5, "parameter.hold_s": 1.5, "parameter.targets": 3,
    }  # fmt: skip
    assert {name: float(row[name]) for name in numbers} == numbers
    assert (row["requested_unit"], row["request_code"], row["outcome"]) == ("deg", "TARGET", trial.outcome)
    assert (row["measure.reaction_s"], row["measure.reaction_s.unit"]) == ("", "s")
    assert (row["parameter.ways"], row["parameter.arms"], row["measure.elevation_deg"]) == ("all four", "", "")


def test_the_dictionary_explains_every_column_in_the_words_of_the_game(kept: Service, tmp_path: Path) -> None:
    out = written(kept, tmp_path / "out")
    told = json.loads((out / "columns.json").read_text(encoding="utf-8"))
    assert list(dict.fromkeys(each["column"] for each in told)) == list(table(out)[0])
    lean = next(each for each in told if each["column"] == "measure.excursion_deg")
    assert (lean["game"], lean["unit"]) == ("harbour_lean", "deg")
    assert "lean" in lean["meaning"].lower()
    assert lean["source"]
    holds = {each["game"]: each["meaning"] for each in told if each["column"] == "parameter.hold_s"}
    assert holds == {"fruit_ladder": "time to keep the hand on a fruit", "harbour_lean": "time to stay at the buoy"}
    note = next(each for each in told if each["column"] == "parameter.note")
    assert note["meaning"] == "not known here in version 3 of fruit_ladder"
    with (out / "columns.csv").open(encoding="utf-8", newline="") as file:
        assert [list(row.values()) for row in csv.DictReader(file)] == [list(each.values()) for each in told]


def test_a_version_of_a_game_that_is_not_known_here_is_not_explained_by_another() -> None:
    assert words("fruit_ladder", 3)
    assert words("fruit_ladder", 2) == {}
    assert words("a game of tomorrow", 1) is None


def as_csv(value: Any) -> str:
    """How a value of the Parquet stands in the CSV."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(cell(value))


def same_in_both(out: Path) -> None:
    packed = parquet.read_table(out / "trials.parquet")
    with (out / "trials.csv").open(encoding="utf-8", newline="") as file:
        names, *lines = csv.reader(file)
    assert names == [as_csv(name) for name in packed.column_names]
    assert lines == [[as_csv(value) for value in row] for row in zip(*packed.to_pydict().values(), strict=True)]


def test_csv_and_parquet_hold_the_same(kept: Service, tmp_path: Path) -> None:
    out = written(kept, tmp_path / "out")
    same_in_both(out)
    kinds = {field.name: str(field.type) for field in parquet.read_schema(out / "trials.parquet")}
    assert (kinds["parameter.targets"], kinds["requested"], kinds["side"]) == ("int64", "double", "string")


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Sessions with any names, numbers and words that a record can hold."""
    word, seconds = st.text(max_size=3), st.floats(0, 9)
    request = st.none() | st.builds(Request, word, seconds, word, word, word)
    limit = st.none() | st.builds(Limit, seconds, seconds, seconds, word, st.just(1), word)
    measures = st.dictionaries(NAMES, MEASURED, max_size=3)
    about = (st.integers(-(2**70), 2**70), word, seconds, seconds, word, request, st.none() | seconds, limit)
    trials = st.lists(st.builds(TrialRecord, *about, measures), max_size=3).map(tuple)
    parameters = st.dictionaries(NAMES, NUMBERS | st.booleans() | word, max_size=4)
    task, version = st.sampled_from(["fruit_ladder", "made up"]), st.sampled_from([3, 2**80])
    block = st.builds(BlockRecord, task, word, version, word, seconds, seconds, parameters, word, trials)
    return a_session(preset="", blocks=tuple(draw(st.lists(block, max_size=3))))


@SETTINGS
@given(found=st.lists(sessions(), max_size=3))
def test_any_record_makes_a_table_that_is_the_same_in_both(
    tmp_path_factory: pytest.TempPathFactory, found: list[Session]
) -> None:
    out, layout = tmp_path_factory.mktemp("out"), trial_table.Layout(words)
    for session in found:
        layout.look(session)
    rows = [row for session in found for row in trial_table.rows(session, "")]
    assert trial_table.write(out, layout, rows) == sum(len(block.trials) for one in found for block in one.blocks)
    same_in_both(out)


@pytest.mark.parametrize("kind", MOTION_KINDS)
def test_a_recording_of_a_cohort_is_byte_for_byte_that_of_its_session_alone(
    kept: Service, tmp_path: Path, kind: str
) -> None:
    out = written(kept, tmp_path / "out", kind)
    session = kept.archive.session("s-3")
    assert session.recording is not None
    folder = tmp_path / "s-3"
    folder.mkdir()
    (folder / "session.json").write_bytes(to_json(session))
    (folder / "frames.vrec").write_bytes(b"".join(kept.vault.read(recording_key(session.recording.sha256))))
    made = alone.export(folder, tmp_path / ("set" if kind == "motion-bids" else f"one.{kind}"), kind)
    mine = [content for path, content in contents(out).items() if "ses-s3" in path]
    assert sorted(path.read_bytes() for path in made) == sorted(mine)


def test_a_cohort_is_one_motion_bids_dataset_without_errors(kept: Service, tmp_path: Path) -> None:
    out = written(kept, tmp_path / "out", "motion-bids")
    found = validated(out)["summary"]
    assert errors(out) == []
    assert (len(found["subjects"]), len(found["sessions"])) == (5, 6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_choice_makes_the_same_bytes(kept: Service, tmp_path: Path, kind: str) -> None:
    taken = exports(kept)
    first, second = (contents(written(kept, tmp_path / name, kind)) for name in ("a", "b"))
    assert first == second
    with taken.zipped(taken.choose(EVERYBODY, kind), COMMAND) as one:
        content = one.read()
    with taken.zipped(taken.choose(EVERYBODY, kind), COMMAND) as other:
        assert other.read() == content
    with ZipFile(io.BytesIO(content)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == first


def test_the_manifest_holds_the_hash_of_every_other_file(kept: Service, tmp_path: Path) -> None:
    out = written(kept, tmp_path / "out", "mcap")
    hashes = {name: wire.sha256(content) for name, content in contents(out).items() if name != "manifest.json"}
    assert manifest(out)["files"] == hashes
    assert (manifest(out)["participants"], manifest(out)["rows"], manifest(out)["left_out"]) == (5, 6, [])


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (EVERYBODY, list(SESSIONS)),
        (Which(sessions=("s-5", "s-2")), ["s-2", "s-5"]),
        (Which(since=date(2026, 10, 13), until=date(2026, 10, 14)), ["s-3", "s-4"]),
        (Which(least_sessions=2), ["s-1", "s-2"]),
        (Which(games=("fruit_ladder",)), list(SESSIONS)),
        (Which(games=("owl_watch",)), []),
    ],
)
def test_some_sessions_are_chosen(kept: Service, which: Which, expected: list[str]) -> None:
    choice = exports(kept).choose(which, "trials")
    assert sorted(each for person in choice.persons for each in person.sessions) == expected


def test_those_of_one_patient_are_chosen(kept: Service) -> None:
    milo = kept.patients.id_of("p-milo")
    (person,) = exports(kept).choose(Which(patient=milo), "trials").persons
    assert sorted(person.sessions) == ["s-1", "s-2"]
    assert exports(kept).choose(Which(patient=milo, sessions=("s-3",)), "trials").persons == ()


def test_a_day_is_that_of_where_the_patient_was(copied: Service) -> None:
    device = copied.devices.listed()[0].id
    late = a_visit("s-9", "p-far", 9, "2026-03-01T23:30:00-08:00")  # it was March the 2nd in Greenwich
    copied.archive.take(device, wire.Batch(items=(an_item(late, 9),)))
    chosen = exports(copied).choose(Which(since=date(2026, 3, 1), until=date(2026, 3, 1)), "trials")
    assert [list(person.sessions) for person in chosen.persons] == [["s-9"]]
