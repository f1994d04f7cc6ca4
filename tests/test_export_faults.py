"""Exports where something is wrong: what is left out is said, the rest goes on, and nothing half is ever there."""

import errno
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from exported import (
    COMMAND,
    EVERYBODY,
    a_visit,
    contents,
    deliver,
    exports,
    manifest,
    recorded,
    table,
    written,
)
from msgspec.structs import replace
from server_fixtures import SignedDevice
from sqlalchemy import update

from engine.commands.exporting import WRITING
from server_sync.clinic import tables
from server_sync.clinic.audit import Which as Rows
from server_sync.clinic.export_choice import LET_GO, LOST, NO_FORMATS, NO_RECORDING, UNREAD, NotExported, Which
from server_sync.clinic.export_folder import DAMAGED, NOT_WRITTEN
from server_sync.clinic.exports import Exports
from server_sync.clinic.objects import recording_key
from server_sync.clinic.patients import Unknown
from server_sync.clinic.service import Service
from server_sync.wire import sha256


def recording_of(service: Service, session_id: str) -> str:
    named = service.archive.session(session_id).recording
    assert named is not None
    return named.sha256


def damage(service: Service, session_id: str) -> None:
    path = next(service.folder.rglob(recording_of(service, session_id)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lose(service: Service, session_id: str) -> None:
    next(service.folder.rglob(recording_of(service, session_id))).unlink()


def let_go(service: Service, session_id: str) -> None:
    service.vault.let_go(recording_of(service, session_id))


@pytest.mark.parametrize(("spoil", "why"), [(damage, DAMAGED), (lose, LOST), (let_go, LET_GO)])
def test_a_recording_that_cannot_be_read_is_said_and_the_rest_goes_on(
    copied: Service, tmp_path: Path, spoil: Callable[[Service, str], None], why: str
) -> None:
    spoil(copied, "s-2")
    out = written(copied, tmp_path / "out", "mcap")
    (left,) = manifest(out)["left_out"]
    assert (left["participant"], left["session"], left["why"]) == ("p-milo", "s-2", why)
    assert (manifest(out)["sessions"], manifest(out)["participants"]) == (5, 5)
    assert len([name for name in contents(out) if name.endswith(".mcap")]) == 5


def test_what_never_was_a_recording_or_has_no_rate_is_said(copied: Service, tmp_path: Path) -> None:
    device = SignedDevice(None).enrol(copied)
    copied.vault.write(recording_key(sha256(b"no recording")), [b"no recording"])
    deliver(copied, device, a_visit("s-7", "p-none"), 1, b"no recording")
    deliver(copied, device, a_visit("s-8", "p-none"), 2)
    deliver(copied, device, a_visit("s-9", "p-none"), 3, recorded(copied, 9, frames=1))
    out = written(copied, tmp_path / "out", "c3d")
    why = {left["session"]: left["why"] for left in manifest(out)["left_out"]}
    assert why == {"s-7": DAMAGED, "s-8": NO_RECORDING, "s-9": NOT_WRITTEN}
    assert manifest(out)["rows"] == 6


def test_a_sealed_recording_is_opened_with_the_clinics_key(copied: Service, tmp_path: Path) -> None:
    deliver(copied, SignedDevice(None).enrol(copied), a_visit("s-7", "p-none"), 1, recorded(copied, 7, sealed=True))
    out = written(copied, tmp_path / "out", "csv", Which(sessions=("s-7",)))
    (frames,) = (content for name, content in contents(out).items() if name.endswith(".csv") and "ses-s7" in name)
    assert frames.count(b"\n") == 201


@pytest.mark.parametrize("kind", ["trials", "mcap"])
def test_a_record_that_is_damaged_is_left_out_of_either_kind(copied: Service, tmp_path: Path, kind: str) -> None:
    with copied.store.writing() as db:
        db.execute(update(tables.Delivered).where(tables.Delivered.id == "s-2").values(content=b"spoilt"))
    out = written(copied, tmp_path / "out", kind)
    (left,) = manifest(out)["left_out"]
    assert (left["session"], left["why"]) == ("s-2", UNREAD)
    assert manifest(out)["sessions"] == 5


def test_a_summary_that_is_damaged_leaves_nothing_out(copied: Service, tmp_path: Path) -> None:
    with copied.store.writing() as db:
        db.execute(update(tables.Delivered).where(tables.Delivered.id == "s-2").values(summary=b"spoilt"))
    out = written(copied, tmp_path / "out")
    assert (manifest(out)["left_out"], manifest(out)["sessions"]) == ([], 6)


@pytest.mark.parametrize("kind", ["trials", "mcap"])
def test_who_is_erased_between_choice_and_writing_is_not_in_it(copied: Service, tmp_path: Path, kind: str) -> None:
    taken = exports(copied)
    choice = taken.choose(EVERYBODY, kind)
    copied.erasing.erase(COMMAND, "p-milo")
    taken.write(choice, tmp_path / "out", COMMAND)
    assert {left["session"] for left in manifest(tmp_path / "out")["left_out"]} == {"s-1", "s-2"}
    assert manifest(tmp_path / "out")["sessions"] == 4


def test_nobody_is_found_by_the_name_of_who_was_erased(copied: Service) -> None:
    milo = copied.patients.id_of("p-milo")
    copied.erasing.erase(COMMAND, "p-milo")
    whose = Which(patient=milo), Which(patient="f" * 16), Which(sessions=("s-1",)), Which(sessions=("s-3", "s-99"))
    for which in whose:
        with pytest.raises(Unknown, match="there is no"):
            exports(copied).choose(which, "trials")


def nothing_beside(folder: Path) -> bool:
    return [path.name for path in folder.iterdir()] == ["clinic"]


def test_an_export_of_nothing_is_refused(copied: Service, tmp_path: Path) -> None:
    for which in (Which(games=("owl_watch",)), Which(least_sessions=9)):
        with pytest.raises(NotExported, match="nothing to export"):
            written(copied, tmp_path / "out", "trials", which)
    damage(copied, "s-3")
    with pytest.raises(NotExported, match=f"nothing to export: 1 × {DAMAGED}"):
        written(copied, tmp_path / "out", "mcap", Which(patient=copied.patients.id_of("p-nora")))
    assert nothing_beside(tmp_path)


def test_nothing_that_is_there_is_written_into(copied: Service, tmp_path: Path) -> None:
    written(copied, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(NotExported, match="exists already"):
        written(copied, tmp_path / "out", "mcap")
    with pytest.raises(NotExported, match="is no folder"):
        written(copied, tmp_path / "nowhere" / "out")
    with pytest.raises(NotExported, match="there is no kind 'xlsx': there are trials, motion-bids"):
        written(copied, tmp_path / "new", "xlsx")
    assert contents(tmp_path / "out") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clinic", "out"]


def test_of_two_exports_into_one_folder_one_is_whole_and_one_is_refused(copied: Service, tmp_path: Path) -> None:
    together, refused = threading.Barrier(2, timeout=60), list[str]()

    def write(kind: str) -> None:
        taken, met = exports(copied), list[int]()

        def told(done: int, _: int) -> None:
            if not met:  # both have looked, and nothing was there
                together.wait()
            met.append(done)

        try:
            taken.write(taken.choose(EVERYBODY, kind), tmp_path / "out", COMMAND, told)
        except NotExported as reason:
            refused.append(str(reason))

    threads = [threading.Thread(target=write, args=(kind,)) for kind in ("trials", "parquet")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert "exists already" in refused[0]
    files = contents(tmp_path / "out")
    assert {name: sha256(files[name]) for name in files if name != "manifest.json"} == manifest(tmp_path / "out")[
        "files"
    ]


@pytest.mark.parametrize("kind", ["trials", "mcap"])
def test_an_export_that_is_interrupted_leaves_nothing(copied: Service, tmp_path: Path, kind: str) -> None:
    def told(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    taken = exports(copied)
    with pytest.raises(KeyboardInterrupt):
        taken.write(taken.choose(EVERYBODY, kind), tmp_path / "out", COMMAND, told)
    assert nothing_beside(tmp_path)


def test_a_full_disk_is_said_and_leaves_nothing(copied: Service, tmp_path: Path) -> None:
    calls = list[Path]()

    def full(folder: Path, *given: Any) -> list[Path]:
        calls.append(folder)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return WRITING.recording(folder, *given)

    taken = Exports(copied, WRITING._replace(recording=full))
    with pytest.raises(NotExported, match="No space left"):
        taken.write(taken.choose(EVERYBODY, "mcap"), tmp_path / "out", COMMAND)
    assert nothing_beside(tmp_path)
    assert not calls[0].exists()


def test_a_server_without_formats_says_so(copied: Service, tmp_path: Path) -> None:
    taken = Exports(copied, NO_FORMATS)
    with pytest.raises(NotExported, match=NOT_WRITTEN):
        taken.write(taken.choose(EVERYBODY, "mcap"), tmp_path / "out", COMMAND)


def test_a_folder_of_an_export_is_for_its_owner_alone(copied: Service, tmp_path: Path) -> None:
    if os.name == "posix":
        assert written(copied, tmp_path / "out").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["motion-bids", "csv"])
def test_no_name_leads_out_of_the_folder_or_is_a_formula(copied: Service, tmp_path: Path, kind: str) -> None:
    device = SignedDevice(None).enrol(copied)
    names = ("..", "CON", "a\\b", "=1+1", "C:x", "ü\nü", "x" * 90)
    with copied.store.writing() as db:  # of before there was a rule for pseudonyms
        copied.patients.admitted(db, names)
    for number, name in enumerate(names, 1):
        deliver(copied, device, a_visit(f"n..{number}-", name), number, recorded(copied, 20 + number))
    out = written(copied, tmp_path / "out", kind)
    assert manifest(out)["sessions"] == 13
    taken = exports(copied)
    with taken.zipped(taken.choose(EVERYBODY, kind), COMMAND) as file, ZipFile(file) as archive:
        held = archive.namelist()
    assert held == sorted(contents(out))
    for name in held:
        parts = name.split("/")
        assert all(part.replace("-", "").replace("_", "").replace(".", "").isalnum() for part in parts), name
        assert not any(part.startswith("=") or part in ("..", "CON") for part in parts)


def test_no_cell_is_a_formula_in_any_table(copied: Service, tmp_path: Path) -> None:
    rows = table(written(copied, tmp_path / "out"))
    assert "'=p\\..\\up" in {row["participant"] for row in rows}
    assert {row["preset"] for row in rows} == {"'=SUM(1)", "balance"}
    assert {row["measure.reaction_s.note"] for row in rows} == {"'=the hand was not seen"}
    text = contents(written(copied, tmp_path / "more", "mcap"))["recordings.csv"].decode()
    assert ",'=p\\..\\up," in text
    session = a_visit("s-7", "p-none")
    odd = replace(session, blocks=tuple(replace(each, parameters={"=cmd": 1, ";=cmd": 1}) for each in session.blocks))
    deliver(copied, SignedDevice(None).enrol(copied), odd, 1)
    out = written(copied, tmp_path / "odd", "trials", Which(sessions=("s-7",)))
    for name in ("trials.csv", "columns.csv"):
        cells = re.split("[,;\n]", contents(out)[name].decode())
        assert not [cell for cell in cells if cell.startswith(("=", "@"))]


def test_each_person_of_an_export_is_a_row_of_the_audit(copied: Service, tmp_path: Path) -> None:
    before = copied.audit.head().number
    written(copied, tmp_path / "out", "trials", Which(games=("fruit_ladder",)))
    rows = [row for row in copied.audit.listed(Rows()) if row.number > before]
    assert {row.patient_id for row in rows} == {copied.patients.id_of(name) for name in _players(copied)}
    assert {(row.actor, row.action) for row in rows} == {(COMMAND, "export")}
    assert {row.thing for row in rows} == {"trials: 2 sessions", *(f"trials: s-{number}" for number in (3, 4, 5, 6))}


def _players(service: Service) -> list[str]:
    return [line.pseudonym for line in service.archive.patients()]
