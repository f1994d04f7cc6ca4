"""Where a patient's computer keeps its sessions, by whichever name it is called, and how files are written there."""

import errno
import os
import stat
from pathlib import Path

import pytest
from client_fixtures import Computer
from server_fixtures import Clinic, a_service, a_session, write_folder

from engine import sealing
from engine.commands import outgoing
from engine.sealing import RECIPIENTS
from server_sync.client import status
from server_sync.client.enrolment import enrol
from server_sync.client.home import DEVICE, Home, gather, home_of, keep
from server_sync.client.patience import Patience


def enrolled(folder: Path) -> Path:
    """A folder that was enrolled, as far as its name goes."""
    (folder / DEVICE).parent.mkdir(parents=True, exist_ok=True)
    keep(folder / ".clinic" / DEVICE, b"{}")
    return folder


def ways_in(folder: Path) -> list[Home]:
    return [home_of(folder), home_of(folder / "sessions")]


def test_sessions_lie_in_the_folder_of_that_name_where_there_is_one(tmp_path: Path) -> None:
    enrolled(tmp_path)
    (tmp_path / "sessions").mkdir()
    assert ways_in(tmp_path) == [Home(tmp_path, tmp_path / "sessions")] * 2


def test_sessions_stay_in_an_enrolled_folder_that_holds_some_already(tmp_path: Path) -> None:
    write_folder(enrolled(tmp_path), a_session("s-1"))
    assert ways_in(tmp_path) == [Home(tmp_path, tmp_path)] * 2


def test_a_folder_that_is_yet_to_be_made_may_be_named(tmp_path: Path) -> None:
    enrolled(tmp_path)
    assert home_of(tmp_path / "sessions") == Home(tmp_path, tmp_path / "sessions")


def test_an_enrolled_folder_of_sessions_is_found_from_around_it(tmp_path: Path) -> None:
    inside = enrolled(tmp_path / "sessions")
    assert ways_in(tmp_path) == [Home(inside, inside)] * 2


def test_play_keeps_sessions_where_sync_looks_for_them(tmp_path: Path) -> None:
    (enrolled(tmp_path) / "sessions").mkdir()
    assert outgoing.sessions_of(tmp_path) == outgoing.sessions_of(tmp_path / "sessions") == tmp_path / "sessions"


def test_sessions_beside_their_folder_are_brought_in_and_delivered(computer: Computer) -> None:
    write_folder(computer.home.client, a_session("beside"))
    inside = computer.home.client / "sessions"
    write_folder(inside, a_session("inside"))
    moved = Computer(home_of(computer.home.client), computer.device, computer.keys)
    assert status.standing(moved.home).waiting == ("inside", "beside")
    assert "2 waiting since 20" in status.in_words(moved.home, moved.keys)
    assert sorted(moved.sync().delivered) == ["beside", "inside"]
    assert (inside / "beside" / "session.json").is_file()


def test_two_sessions_of_one_name_both_stay_where_they_are(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "sessions"):
        write_folder(folder, a_session("twice"))
    assert gather(home_of(tmp_path)) == ["twice"]
    assert (tmp_path / "twice" / "session.json").is_file()


@pytest.mark.parametrize("content", [b"", b"{", b'{"recipients": []}'])
def test_a_damaged_list_of_recipients_is_said_by_sync_until_the_computer_is_enrolled_again(
    clinic: Clinic, computer: Computer, content: bytes
) -> None:
    computer.plays(name := f"unsealed-{len(content)}")
    (computer.home.client / RECIPIENTS).write_bytes(content)
    done = computer.sync()
    assert (done.delivered, done.complete) == ((name,), False)
    assert "enrol this computer once more" in done.problem
    assert "enrol this computer once more" in status.in_words(computer.home, computer.keys)
    with a_service(clinic.folder) as service:
        code = service.devices.new_code()
    given = enrol(computer.home, clinic.url, code, "headset", "steadyreach 0.1.0", computer.keys, Patience(10.0))
    assert Computer(computer.home, given, computer.keys).sync().complete


@pytest.mark.skipif(os.name != "posix", reason="the system has no modes")
def test_what_is_the_clinics_is_for_its_owner_alone_and_other_files_as_usual(tmp_path: Path) -> None:
    before = os.umask(0o022)
    keep(tmp_path / "hidden" / "device.json", b"{}")
    sealing.write(tmp_path / "anna.json", b"{}", ())
    os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("hidden/device.json", "anna.json")]
    assert modes == [0o600, 0o644]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere folders are not asked")
@pytest.mark.parametrize(("number", "fails"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_drive_that_keeps_names_by_itself_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, fails: bool
) -> None:
    def refuse(file: int) -> None:
        if stat.S_ISDIR(os.fstat(file).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    try:
        keep(tmp_path / "device.json", b"{}")
    except OSError:
        assert fails
    assert (tmp_path / "device.json").read_bytes() == b"{}"
