"""What a server accounts for without having it: devices offer again what was delivered and is not there any more."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from client_fixtures import Computer, Network, a_computer, held, saying, telling
from server_fixtures import Clinic, SignedDevice, a_service, a_session, an_item, write_folder

from engine.session_folder import NUMBERS
from server_sync import wire
from server_sync.client import outbox
from server_sync.client.accounted import holds
from server_sync.client.outbox import forget_set_aside
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service


@pytest.fixture(params=["sqlite", "postgres"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    url = "" if request.param == "sqlite" else str(request.getfixturevalue("clinic_postgres")())
    with a_service(tmp_path, url) as opened:
        yield opened


def set_back(clinic: Clinic, *statements: str) -> None:
    """Have a clinic's database as it was in a backup."""
    with closing(sqlite3.connect(clinic.folder / "clinic.db")) as db, db:
        for statement in statements:
            db.execute(statement)


def told_lost(computer: Computer, name: str) -> None:
    """Have a session told to be lost, because its recording is damaged, and mended afterwards."""
    recording = computer.sessions / name / "frames.vrec"
    whole = recording.read_bytes()
    recording.write_bytes(b"VREC something else")
    computer.sync()
    recording.write_bytes(whole)


def small(number: int, session: str = "", **changes: object) -> wire.Item:
    """A session that costs little to read."""
    return an_item(a_session(session or f"s-{number}", blocks=(), calibration=None, **changes), number)


def test_a_session_that_was_told_lost_and_delivered_later_is_offered_to_a_server_that_was_set_back(
    clinic: Clinic, computer: Computer, name: str
) -> None:
    mended, after = computer.plays(f"{name}-1", f"{name}-2")
    told_lost(computer, mended)
    assert computer.sync().delivered == (mended,)
    set_back(clinic, f"delete from session where id = '{mended}'")
    again = computer.sync()
    assert (again.delivered, again.already_there) == ((mended,), (after,))
    assert set(computer.sync().already_there) == {mended, after}


def test_a_session_that_was_refused_and_taken_later_is_offered_to_a_server_that_was_set_back(
    clinic: Clinic, tmp_path: Path, name: str
) -> None:
    computer = a_computer(tmp_path, clinic, ["ada"])
    computer.plays(name, patient="bo")
    assert list(computer.sync().set_aside) == [name]
    with a_service(clinic.folder) as service:
        whom = " ".join(service.patients.add(Person(pseudonym=pseudonym)) for pseudonym in ("ada", "bo"))
    set_back(clinic, f"update device set patients = '{whom}' where id = '{computer.device.device}'")
    forget_set_aside(computer.home)
    assert computer.sync().delivered == (name,)
    set_back(clinic, f"delete from session where id = '{name}'")
    assert computer.sync().delivered == (name,)


def test_a_refusal_that_a_server_forgot_leaves_no_hole_in_its_numbers(
    clinic: Clinic, tmp_path: Path, name: str
) -> None:
    computer = a_computer(tmp_path, clinic, ["ada"])
    computer.plays(name, patient="bo")
    computer.sync()
    set_back(clinic, f"delete from refusal where session_id = '{name}'", "update device set acked_through = 0")
    assert list(computer.sync().set_aside) == [name]
    with a_service(clinic.folder) as service:
        assert service.archive.state(computer.device.device).acked_through == 1


def test_a_server_that_does_not_say_what_it_only_accounts_for_is_believed(computer: Computer, name: str) -> None:
    computer.plays(name)
    told_lost(computer, name)
    computer.sync()

    def older(answer: object) -> object:
        told = msgspec.msgpack.decode(answer.content)  # type: ignore[attr-defined]
        return saying({field: value for field, value in told.items() if field != "unheld"})

    assert computer.sync(transport=telling(wire.STATE, older)).already_there == (name,)  # type: ignore[arg-type]


def test_the_state_names_what_was_refused_or_lost_until_it_comes(service: Service) -> None:
    device = SignedDevice(None).enrol(service, ["p-milo"]).id
    lost = tuple(wire.Lost(number=number, id=f"s-{number}", reason="gone") for number in (2, 3, 7))
    batch = wire.Batch(items=(small(1), small(4, patient="bo")), lost=lost)
    assert service.archive.take(device, batch).state.acked_through == 4
    assert service.archive.state(device).unheld == (2, 3, 4, 7)
    service.archive.take(device, wire.Batch(items=(small(2), small(3, "s-1"))))
    assert service.archive.state(device).unheld == (4, 7)


def test_what_comes_after_as_many_numbers_as_are_named_is_not_sure() -> None:
    state = wire.State(device="d", acked_through=5000, unheld=(1, 3, 3000))
    assert [holds(state, number) for number in (0, 1, 2, 4000, 6000)] == [False, False, True, True, False]
    full = wire.State(device="d", acked_through=5000, unheld=tuple(range(2, 2 + wire.MOST_UNHELD)))
    assert [holds(full, number) for number in (1, 2, 4000)] == [True, False, False]


def test_a_session_without_a_number_is_offered_again_where_the_server_lost_it(
    clinic: Clinic, computer: Computer, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> dict[int, str]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outbox, "number_all", full)
    write_folder(computer.sessions, a_session(name))
    assert computer.sync().delivered == (name,)
    assert not (computer.sessions / NUMBERS).exists()
    before, network = held(clinic), Network()
    assert computer.sync(transport=network).already_there == (name,)
    assert (held(clinic), network.asked("PATCH")) == (before, [])
    set_back(clinic, f"delete from session where id = '{name}'")
    assert computer.sync().delivered == (name,)
