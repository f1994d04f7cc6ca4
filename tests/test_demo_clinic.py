"""The demo clinic: what its pages show was played, delivered and written as everybody's is, and tells its stories."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from commands import begun, entered
from demo_clinics import PASSWORD, VISITS
from msgspec.structs import replace
from server_fixtures import ROOT, a_service, answering

from engine.commands.clinic_demo.cast import cast
from engine.commands.clinic_demo.characters import Character
from engine.commands.clinic_demo.making import STAFF, make
from engine.prescription import CURRENT
from engine.records import Session
from server_sync.clinic.audit import Head
from server_sync.clinic.service import Service

TODAY = date(2026, 11, 23)
CAST = cast(date.today())[: len(VISITS)]


@pytest.fixture(scope="module")
def service(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = shutil.copytree(demo, tmp_path_factory.mktemp("demo"), dirs_exist_ok=True)
    with a_service(folder / "clinic") as opened:
        yield opened


def sessions_of(service: Service, pseudonym: str) -> list[Session]:
    """Those of a patient, the latest first."""
    lines = service.archive.sessions(service.patients.id_of(pseudonym))
    return [service.archive.session(line.id) for line in lines]


@pytest.mark.parametrize(("person", "visits"), list(zip(CAST, VISITS, strict=True)), ids=[p.name for p in CAST])
def test_every_visit_was_played_by_what_was_prescribed_then(service: Service, person: Character, visits: int) -> None:
    known = sessions_of(service, person.pseudonym)
    days = sorted(person.since(date.today(), visits).visits(date.today()), reverse=True)
    assert [date.fromisoformat(session.started_at[:10]) for session in known] == days
    assert {session.prescribed.state for session in known if session.prescribed} == {CURRENT}
    patient_id = service.patients.id_of(person.pseudonym)
    arrivals = [service.archive.arrival(line.id) for line in service.archive.sessions(patient_id)]
    assert all(arrival.received_at.date() == day for arrival, day in zip(arrivals, days, strict=True))


def test_there_are_problems_to_find(service: Service) -> None:
    rosa, milo, henrik = (sessions_of(service, person.pseudonym) for person in CAST)
    assert max(answer.value for answer in rosa[0].told if answer.kind == "pain") == 6
    assert rosa[0].ended_by == "the person said that it hurts"
    assert [session.ended_by for session in milo[:2]] == ["the person chose to stop"] * 2
    assert {session.ended_by for session in (*rosa[1:], *milo[2:], *henrik)} == {"finished"}
    assert len(service.letters.unread()) == 2
    assert {account.login for account in service.accounts.listed()} >= {*STAFF, "rosa", "funmi"}


def test_the_past_is_in_order(service: Service) -> None:
    assert isinstance(service.audit.verify(), Head)
    moments = [entry.at for entry in service.audit.listed()]
    assert moments == sorted(moments, reverse=True)
    assert moments[0].date() < date.today()


def test_the_same_seed_and_day_give_the_same_sessions(tmp_path: Path) -> None:
    jun = next(person for person in cast(TODAY) if person.name == "Jun Park")
    known = []
    for name in ("once", "again"):
        make(tmp_path / name, [jun], PASSWORD, TODAY)
        with a_service(tmp_path / name / "clinic") as opened:
            known.append([replace(session, recording=None) for session in sessions_of(opened, jun.pseudonym)])
    assert len(known[0]) == 2
    assert known[0] == known[1]


def test_what_somebody_does_is_told_from_the_last_day_that_was_planned() -> None:
    for day in (TODAY, TODAY + timedelta(days=3)):
        henrik = next(person for person in cast(day) if person.name == "Henrik Sørås")
        planned = henrik.planned(day)
        played = [planned[-number] in henrik.visits(day) for number in (1, 2, 3, 4, 5)]
        assert played == [True, False, False, False, True]


def test_it_is_served_again_as_it_is(demo: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(demo, tmp_path / "demo")
    with answering(begun(["serve", "--demo", "--folder", folder, "--port", 0], ROOT), folder) as clinic:
        said = clinic.process.so_far().out
    assert f"Log in as maja with password {PASSWORD}" in said
    assert "are being played now" not in said
    with a_service(folder / "clinic") as service:
        assert service.archive.count() == sum(len(sessions_of(service, p.pseudonym)) for p in CAST)


def test_one_that_was_stopped_while_it_was_made_is_not_taken_for_whole(tmp_path: Path) -> None:
    folder, words = tmp_path / "demo", ["serve", "--demo", "--folder", tmp_path / "demo", "--port", 0]
    with answering(begun(words, ROOT), folder) as clinic:
        assert "are being played now" in clinic.process.so_far().out
    ended = entered(words, ROOT)
    assert ended.code == 1
    assert "was not made to its end: remove the folder" in ended.err


def test_it_is_made_in_no_folder_of_another_clinic(tmp_path: Path) -> None:
    with a_service(tmp_path):
        ended = entered(["serve", "--demo", "--folder", tmp_path, "--port", 0], ROOT)
    assert (ended.code, ended.out) == (1, "")
    assert "is not empty and holds no demo clinic" in ended.err
    elsewhere = entered(["serve", "--demo", "--folder", tmp_path, "--database", "sqlite:///other.db"], ROOT)
    assert "in its folder alone" in elsewhere.err
