"""Erasing a patient on their own computer: all of theirs goes, all of others' stays, and delivery goes on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from client_fixtures import Computer, a_computer
from server_fixtures import Clinic, a_service, a_session
from typer.testing import CliRunner

import steadyreach
from engine.commands import patients
from engine.patient import PatientRecord
from engine.prescription import Draft
from engine.records import to_json
from engine.sealing import recipients_in, write
from engine.session_folder import RECORD, begin, finished, unfinished
from server_sync.client.home import ROUND_LOCK, STATUS
from server_sync.client.prescriptions import Shelf
from server_sync.client.turns import _locked

WHO, OTHER = "p-zebrafinch", "p-stays"


@pytest.fixture
def home(clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Computer]:
    """A computer of two patients that is enrolled, sealed, and has delivered something of both."""
    with a_service(clinic.folder) as service:
        for patient in (WHO, OTHER):
            if not service.prescriptions.history(patient):
                service.prescriptions.save(patient, Draft(), "Maja")
    monkeypatch.setenv("STEADYREACH_KEYS", str(tmp_path / "keys"))
    computer = a_computer(tmp_path, clinic, [WHO, OTHER])
    for patient in (WHO, OTHER):
        computer.plays(f"{tmp_path.name}-{patient}", patient=patient)
        path = computer.sessions / f"{tmp_path.name}-{patient}" / RECORD
        write(path, path.read_bytes(), recipients_in(computer.home.client))
        patients.save(PatientRecord(patient=patient), tmp_path / "patients", computer.sessions)
    assert computer.sync().complete
    return computer


def erased(computer: Computer, tmp_path: Path, patient: str = WHO) -> tuple[int, str, str]:
    where = ["--client", str(computer.home.client), "--records", str(tmp_path / "patients")]
    result = CliRunner().invoke(steadyreach.app, ["erase", patient, *where, "--yes", "--json"])
    return result.exit_code, result.stdout, result.stderr


def test_all_that_is_theirs_goes_and_all_of_others_stays(home: Computer, tmp_path: Path) -> None:
    begin(home.sessions, a_session("begun", patient=WHO)).release()
    begin(home.sessions, a_session("others", patient=OTHER)).release()
    shelf = Shelf(home.home, home.keys)
    assert shelf.expected() == [OTHER, WHO]
    code, out, err = erased(home, tmp_path)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["sessions"] == [f"{tmp_path.name}-{WHO}", ".begun"]
    assert [folder.name for folder in finished(home.sessions)] == [f"{tmp_path.name}-{OTHER}"]
    assert unfinished(home.sessions) == ["others"]
    assert [path.name for path in (tmp_path / "patients").iterdir()] == [f"{OTHER}.json"]
    assert shelf.expected() == [OTHER]
    assert shelf.version(OTHER) == 1
    assert not (home.home.clinic / STATUS).exists()
    names = [path.name for path in home.home.client.rglob("*")]
    assert not [name for name in names if WHO in name]


def test_delivery_goes_on_and_tells_the_clinic_what_it_will_never_get(
    home: Computer, tmp_path: Path, clinic: Clinic
) -> None:
    (waiting,) = home.plays(f"{tmp_path.name}-waits", patient=WHO)
    (after,) = home.plays(f"{tmp_path.name}-after", patient=OTHER)
    assert erased(home, tmp_path)[0] == 0
    done = home.sync()
    assert done.complete
    assert done.delivered == (after,)
    assert list(done.lost) == [waiting]
    with a_service(clinic.folder) as service:
        state = service.archive.state(home.device.device)
        assert (state.acked_through, state.missing) == (4, ())


def test_one_that_was_half_removed_is_found_again(home: Computer, tmp_path: Path) -> None:
    folder = home.sessions / f"{tmp_path.name}-{WHO}"
    next(path for path in folder.iterdir() if path.name != RECORD).unlink()
    assert erased(home, tmp_path)[0] == 0
    assert not folder.exists()
    assert erased(home, tmp_path)[0] == 0


def test_what_cannot_be_read_stays_and_is_said(home: Computer, tmp_path: Path) -> None:
    folder = home.sessions / f"{tmp_path.name}-{WHO}"
    (folder / RECORD).write_bytes((folder / RECORD).read_bytes()[:-40])
    code, out, err = erased(home, tmp_path)
    assert code == 0
    assert json.loads(out)["unread"] == [folder.name]
    assert folder.name in err
    assert folder.is_dir()


def test_nothing_goes_while_they_play(home: Computer, tmp_path: Path) -> None:
    played = begin(home.sessions, a_session("a-begun", patient=WHO))
    code, _, err = erased(home, tmp_path)
    played.release()
    assert code == 1
    assert "session a-begun is being played" in err
    assert (home.sessions / f"{tmp_path.name}-{WHO}").is_dir()


def test_it_waits_for_a_delivery_that_goes_on(home: Computer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.commands import persons

    monkeypatch.setattr(persons, "PATIENCE_S", 0.0)
    lock = _locked(home.home, ROUND_LOCK, 0.0)
    code, _, err = erased(home, tmp_path)
    lock.release()
    assert code == 1
    assert "another delivery of this folder is going on" in err


def test_a_computer_of_no_clinic_is_cleared_as_well(tmp_path: Path) -> None:
    for patient in (WHO, OTHER):
        folder = tmp_path / "sessions" / patient
        folder.mkdir(parents=True)
        (folder / RECORD).write_bytes(to_json(a_session(patient, patient=patient)))
    words = ["erase", WHO, "--client", str(tmp_path / "sessions"), "--records", str(tmp_path), "--yes"]
    result = CliRunner().invoke(steadyreach.app, words)
    assert result.exit_code == 0, result.stderr
    assert [folder.name for folder in finished(tmp_path / "sessions")] == [OTHER]
