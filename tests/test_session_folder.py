"""A session's folder is whole or invisible, belongs to who writes it, and is numbered without a gap."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from server_fixtures import a_session, write_folder
from test_sealing import enrol

from engine import session, session_folder
from engine.commands.recovery import recover
from engine.keys import FOLDER_VARIABLE, Keys
from engine.plan import About, Plan
from engine.records import Session, read
from engine.sealing import RECIPIENTS, Recipient
from engine.session_folder import (
    BEGUN,
    LOCK,
    NUMBERS,
    RECORD,
    FolderUnusable,
    SessionFolder,
    begin,
    finished,
    number_all,
    numbers,
    read_session,
    take_over,
    unfinished,
)


def record(name: str) -> Session:
    about = About(name, "2026-01-05T09:00:00+00:00", "test")
    return session.begun(Plan("anna", (), lambda _: {}), "simulated", "somebody", about)


def kept(sessions: Path, name: str) -> Path:
    folder = begin(sessions, record(name))
    folder.write(record(name))
    return folder.finish()


def test_a_session_appears_when_it_is_whole_and_holds_nothing_else(tmp_path: Path) -> None:
    folder = begin(tmp_path, record("one"))
    assert finished(tmp_path) == []
    folder.write(record("one"))
    assert finished(tmp_path) == []
    assert [path.name for path in folder.finish().iterdir()] == [RECORD]
    assert read_session(tmp_path / "one") == record("one")


def test_sessions_are_numbered_in_the_order_in_which_they_are_finished(tmp_path: Path) -> None:
    first, second = begin(tmp_path, record("first")), begin(tmp_path, record("second"))
    for folder, name in ((second, "second"), (first, "first")):
        folder.write(record(name))
        folder.finish()
    assert numbers(tmp_path) == {1: "second", 2: "first"}


def test_a_session_that_is_removed_leaves_its_number(tmp_path: Path) -> None:
    for part in kept(tmp_path, "one").iterdir():
        part.unlink()
    (tmp_path / "one").rmdir()
    kept(tmp_path, "two")
    assert numbers(tmp_path) == {1: "one", 2: "two"}


def test_a_number_that_was_claimed_before_the_computer_stopped_is_given_again(tmp_path: Path) -> None:
    begin(tmp_path, record("one")).write(record("one"))
    (tmp_path / NUMBERS / "00000001").write_text("one\n")
    kept(tmp_path, "two")
    folder = take_over(tmp_path, "one")
    assert folder is not None
    folder.finish()
    assert numbers(tmp_path) == {1: "one", 2: "two"}


@pytest.mark.parametrize("torn", ["", "on"])
def test_a_number_that_was_not_written_down_whole_is_given_to_the_next(torn: str, tmp_path: Path) -> None:
    kept(tmp_path, "zero")
    (tmp_path / NUMBERS / "00000002").write_text(torn)
    assert numbers(tmp_path) == {1: "zero"}
    kept(tmp_path, "one")
    assert numbers(tmp_path) == {1: "zero", 2: "one"}


def test_many_programs_at_once_leave_no_gap_and_give_no_number_twice(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from test_session_folder import kept\n"
        "for number in range(8): kept(Path(sys.argv[1]), f'{sys.argv[2]}-{number}')"
    )
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    running = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path, str(n)], env={**os.environ, "PYTHONPATH": path})
        for n in range(2)
    ]
    assert [process.wait() for process in running] == [0, 0]
    assert sorted(numbers(tmp_path)) == list(range(1, 17))
    assert {folder.name for folder in finished(tmp_path)} == set(numbers(tmp_path).values())


def test_nobody_takes_over_what_is_still_written(tmp_path: Path) -> None:
    folder = begin(tmp_path, record("one"))
    assert unfinished(tmp_path) == ["one"]
    assert take_over(tmp_path, "one") is None
    folder.release()
    other = take_over(tmp_path, "one")
    assert isinstance(other, SessionFolder)
    assert other.kept(BEGUN, Session) == record("one")


def test_what_was_finished_meanwhile_is_not_taken_over(tmp_path: Path) -> None:
    kept(tmp_path, "one")
    assert take_over(tmp_path, "one") is None


def test_folders_of_others_are_not_taken_for_unfinished_sessions(tmp_path: Path) -> None:
    for name in (".git", ".clinic", ".empty", ".Trash"):
        (tmp_path / name).mkdir()
    (tmp_path / ".git" / LOCK).touch()
    (tmp_path / ".git" / "config").touch()
    (tmp_path / ".Trash" / "letter.txt").touch()
    (tmp_path / ".clinic" / "ledger.json").touch()
    kept(tmp_path, "one")
    assert unfinished(tmp_path) == []
    assert unfinished(tmp_path / "nowhere") == []


def test_a_session_that_is_finished_while_somebody_looks_is_not_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(tmp_path, record("one"))

    def names(hidden: Path) -> set[str]:
        hidden.rename(tmp_path / "one")
        return {path.name for path in hidden.iterdir()}

    monkeypatch.setattr(session_folder, "_names", names)
    assert unfinished(tmp_path) == []


def test_a_folder_that_windows_does_not_rename_yet_is_said_and_finished_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(*_: object) -> None:
        raise PermissionError(13, "it is used by another process")

    with monkeypatch.context() as disk:
        disk.setattr(Path, "rename", held)
        with pytest.raises(FolderUnusable, match="nothing is lost, it is finished when steadyreach is started again"):
            kept(tmp_path, "one")
    assert [path.name for path in recover(tmp_path)] == ["one"]
    assert read_session(tmp_path / "one") == record("one")


def test_a_session_is_written_once(tmp_path: Path) -> None:
    kept(tmp_path, "one")
    with pytest.raises(FolderUnusable, match="exists already: a session is written once"):
        begin(tmp_path, record("one"))


@pytest.mark.parametrize("name", ["", NUMBERS])
def test_a_folder_that_cannot_hold_sessions_is_refused(name: str, tmp_path: Path) -> None:
    sessions = tmp_path / "sessions"
    (sessions / name).parent.mkdir(exist_ok=True)
    (sessions / name).write_text("in the way")
    with pytest.raises(FolderUnusable, match="cannot hold sessions"):
        begin(sessions, record("one"))


def test_nothing_is_left_of_a_session_that_could_not_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.session_folder.to_json", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(FolderUnusable, match="No space left"):
        begin(tmp_path, record("one"))
    assert unfinished(tmp_path) == []


def test_a_folder_of_a_clinic_is_written_sealed_and_read_as_if_it_were_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "keys"))
    enrol(tmp_path / "sessions", Recipient(*Keys().make()))
    folder = begin(tmp_path / "sessions", record("one"))
    assert b"anna" not in (folder.unfinished / BEGUN).read_bytes()
    folder.write(record("one"))
    where = folder.finish()
    assert b"anna" not in (where / RECORD).read_bytes()
    assert read_session(where) == read(where / RECORD, Session, Keys(tmp_path / "keys")) == record("one")


def test_a_folder_of_a_clinic_whose_keys_are_not_known_is_not_written(tmp_path: Path) -> None:
    (tmp_path / RECIPIENTS).parent.mkdir()
    (tmp_path / RECIPIENTS).write_text("{")
    with pytest.raises(FolderUnusable, match="should say for whom to seal"):
        begin(tmp_path, record("one"))
    assert unfinished(tmp_path) == []


def test_sessions_from_before_there_were_numbers_get_theirs_the_oldest_first(tmp_path: Path) -> None:
    for age_s, name in ((0, "new"), (1000, "old"), (500, "middle")):
        write_folder(tmp_path, a_session(name))
        os.utime(tmp_path / name / RECORD, (1e9 - age_s, 1e9 - age_s))
    assert number_all(tmp_path) == {1: "old", 2: "middle", 3: "new"}
    write_folder(tmp_path, a_session("copied-here"))
    assert number_all(tmp_path) == {1: "old", 2: "middle", 3: "new", 4: "copied-here"}
