"""Contacts as the clinic notes them, sessions as it holds them, and the commands that count both."""

import csv
import json
import re
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from conftest import ROOT
from msgspec import UNSET
from msgspec.structs import replace
from server_fixtures import Clock, SignedDevice, a_service, a_session, an_item, recorded
from sqlalchemy import select
from typer.testing import CliRunner

from engine.commands import monitoring
from engine.records import BlockRecord, Prescribed, Session, TrialRecord
from server_sync import wire
from server_sync.clinic import tables
from server_sync.clinic.audit import COMMAND, Which
from server_sync.clinic.contacts import LONGEST_NOTE, ContactRefused, Contacts
from server_sync.clinic.data_days import Played
from server_sync.clinic.keys import Shredded
from server_sync.clinic.minutes import Contact
from server_sync.clinic.monitoring import DOES_NOT_ESTABLISH
from server_sync.clinic.patients import Person
from server_sync.clinic.played import played
from server_sync.clinic.service import Service, utc_now

CALL = Contact(datetime(2026, 11, 20, 8, 0, tzinfo=UTC), 720.0, "call", True, "ada", "she climbs stairs again")
PRESCRIBED = Prescribed("p-milo", 3, "0" * 64, "", "current")
DOCS = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")


def staffed(service: Service) -> Contacts:
    """Contacts of a clinic with two therapists and a guardian."""
    people = (("ada", "therapist"), ("ben", "therapist"), ("mother", "guardian"))
    child = service.patients.add(Person(pseudonym="p-child"))
    for login, role in people:
        service.accounts.make(login, login, role, wards={child: "mother"} if role == "guardian" else None)
    return service.contacts


@pytest.fixture
def contacts(service: Service) -> Contacts:
    return staffed(service)


@pytest.fixture
def milo(service: Service) -> str:
    return service.patients.add(Person(pseudonym="p-milo"))


def test_a_contact_is_listed_as_it_was_noted_for_its_patient_alone(
    contacts: Contacts, service: Service, milo: str
) -> None:
    noted = contacts.add(milo, CALL, COMMAND)
    assert noted == CALL._replace(id=noted.id)
    assert contacts.listed(milo) == [noted]
    assert contacts.listed(service.patients.add(Person(pseudonym="p-other"))) == []


def test_what_an_account_spent_since_a_day_is_summed_by_patient_as_it_was_corrected(
    contacts: Contacts, service: Service, milo: str
) -> None:
    other, ada = service.patients.add(Person(pseudonym="p-other")), service.accounts.named("ada").id
    contacts.add(milo, CALL, COMMAND)
    first = contacts.add(milo, CALL._replace(seconds=60.0), COMMAND)
    contacts.add(milo, CALL._replace(seconds=300.0), COMMAND, replaces=first.id)
    contacts.add(milo, CALL._replace(who="ben"), COMMAND)
    contacts.add(milo, CALL._replace(at=CALL.at - timedelta(days=30)), COMMAND)
    taken = contacts.add(other, CALL, COMMAND)
    since = CALL.at - timedelta(days=1)
    assert contacts.spent(ada, since) == {milo: 1020.0, other: 720.0}
    contacts.add(other, CALL._replace(seconds=0.0), COMMAND, replaces=taken.id)
    assert contacts.spent(ada, since) == {milo: 1020.0}


def test_what_a_contact_says_is_nowhere_in_the_clear(contacts: Contacts, service: Service, milo: str) -> None:
    contacts.add(milo, CALL, COMMAND)
    files = [path for path in service.folder.rglob("*") if path.is_file()]
    assert any(path.name.startswith("clinic.db") for path in files)
    assert not [path for path in files for word in (b"climbs", b"realtime") if word in path.read_bytes()]


def test_a_correction_replaces_a_contact_and_changes_nothing_of_it(
    contacts: Contacts, service: Service, milo: str, clock: Clock
) -> None:
    first = contacts.add(milo, CALL, COMMAND)
    query = select(tables.Contact.sealed).where(tables.Contact.id == first.id)
    before = service.store.look(query)
    clock.move(hours=1)
    second = contacts.add(milo, CALL._replace(seconds=600.0, who="ben"), COMMAND, replaces=first.id)
    assert contacts.listed(milo) == [second]
    assert [(noted.contact, noted.replaces, noted.replaced) for noted in contacts.history(milo)] == [
        (first, "", True), (second, first.id, False),
    ]  # fmt: skip
    assert service.store.look(query) == before


def test_the_audit_says_who_noted_and_corrected_a_contact_and_nothing_of_what_it_says(
    contacts: Contacts, service: Service, milo: str
) -> None:
    first = contacts.add(milo, CALL, "account 7")
    second = contacts.add(milo, CALL, COMMAND, replaces=first.id)
    with pytest.raises(ContactRefused):
        contacts.add(milo, CALL, COMMAND, replaces=first.id)
    entries = service.audit.listed(Which(patient_id=milo))
    assert [(entry.actor, entry.action, entry.thing) for entry in entries] == [
        (COMMAND, "correct a contact", second.id), ("account 7", "note a contact", first.id),
    ]  # fmt: skip


def test_a_contact_that_did_not_take_place_is_taken_back_and_stays_in_the_history(
    contacts: Contacts, milo: str
) -> None:
    first = contacts.add(milo, CALL, COMMAND)
    contacts.add(milo, CALL._replace(seconds=0.0), COMMAND, replaces=first.id)
    assert contacts.listed(milo) == []
    assert len(contacts.history(milo)) == 2


def test_what_was_replaced_is_not_replaced_again(contacts: Contacts, service: Service, milo: str) -> None:
    first = contacts.add(milo, CALL, COMMAND)
    second = contacts.add(milo, CALL, COMMAND, replaces=first.id)
    with pytest.raises(ContactRefused, match=f"was replaced by {second.id}"):
        contacts.add(milo, CALL, COMMAND, replaces=first.id)
    other = service.patients.add(Person(pseudonym="p-other"))
    for unknown in (second.id, "%", "0" * 16):
        with pytest.raises(ContactRefused, match="this patient has no contact"):
            contacts.add(other, CALL, COMMAND, replaces=unknown)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_of_corrections_at_the_same_moment_one_is_taken(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest, clock: Clock
) -> None:
    database = "" if kind == "sqlite" else str(request.getfixturevalue("clinic_postgres")())
    with a_service(tmp_path / "clinic", database, now=clock) as service:
        contacts, milo = staffed(service), service.patients.add(Person(pseudonym="p-milo"))
        first, together = contacts.add(milo, CALL, COMMAND), Barrier(4)

        def correct(minute: int) -> bool:
            together.wait()
            try:
                contacts.add(milo, CALL._replace(seconds=minute * 60.0), COMMAND, replaces=first.id)
            except ContactRefused:
                return False
            return True

        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(correct, range(1, 5))) == [False, False, False, True]
        assert len(contacts.listed(milo)) == 1


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"kind": "=visit"}, "kind: '=visit' is none of call, video, message, review, other"),
        ({"kind": "review"}, "realtime: only call and video can be, and not review"),
        ({"seconds": 0.5}, "minutes: 0.00833333 must be a second to 1440"),
        ({"seconds": 86_401.0}, "must be a second to 1440"),
        ({"seconds": float("nan")}, "must be a second to 1440"),
        ({"at": datetime(2026, 11, 20, 8, 0)}, "with its zone"),
        ({"at": datetime(1999, 12, 31, tzinfo=UTC)}, "after 2000"),
        ({"at": datetime(2026, 11, 20, 8, 50, tzinfo=UTC)}, "are not over yet"),
        ({"at": datetime.max.replace(tzinfo=UTC)}, "are not over yet"),
        ({"who": "nobody"}, "'nobody' is the login of nobody who works at the clinic"),
        ({"who": "mother"}, "'mother' is the login of nobody who works at the clinic"),
        ({"note": "two\nlines"}, "one line"),
        ({"note": "turned \u202e round"}, "one line"),
        ({"note": "x" * (LONGEST_NOTE + 1)}, f"at most {LONGEST_NOTE} characters"),
    ],
)
def test_what_cannot_be_is_refused_in_words(contacts: Contacts, milo: str, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ContactRefused) as refused:
        contacts.add(milo, CALL._replace(**changes), COMMAND)
    assert why in str(refused.value)
    assert contacts.history(milo) == []


def test_nothing_is_left_to_read_of_somebody_whose_key_is_gone(contacts: Contacts, service: Service, milo: str) -> None:
    contacts.add(milo, CALL, COMMAND)
    service.keychain.shred(milo)
    for attempt in (lambda: contacts.listed(milo), lambda: contacts.add(milo, CALL, COMMAND)):
        with pytest.raises(Shredded):
            attempt()


def test_the_clinic_says_once_in_which_time_zone_it_is(contacts: Contacts) -> None:
    assert contacts.zone().key == "UTC"
    for name in ("Europe/Berlin", "Asia/Kathmandu"):
        contacts.set_zone(name, COMMAND)
        assert contacts.zone().key == name
    for strange in ("Europe/Berli", "", "../../etc/passwd", "/etc/passwd", "Europe"):
        with pytest.raises(ContactRefused, match="there is no time zone"):
            contacts.set_zone(strange, COMMAND)
    assert contacts.zone().key == "Asia/Kathmandu"


def deliver(service: Service, *sessions: Session, clock: wire.Clock | None = None) -> None:
    """Bring sessions as a device does, their recordings first."""
    device = SignedDevice(None).enrol(service)
    for number, session in enumerate(sessions, 1):
        frames = f"VREC {session.id}".encode()
        if session.recording:
            service.uploads.begin(device.id, wire.sha256(frames), len(frames))
            service.uploads.append(device.id, wire.sha256(frames), 0, frames)
        taken = service.archive.take(device.id, wire.Batch(items=(an_item(session, number),), clock=clock))
        assert [each.state for each in taken.receipts] == [wire.CREATED], taken


TRIAL = TrialRecord(1, "", 4.0, 38.0, "reached")
MEASURED = BlockRecord("stance", "Stand tall", 1, "calibrate", 4.0, 38.0, trials=(TRIAL,))
TEST = BlockRecord("five_stands", "Five times sit to stand", 1, "assess", 40.0, 50.0, trials=(TRIAL,))
GAME = BlockRecord("fruit_ladder", "Fruit Ladder", 3, "play", 40.0, 50.0, trials=(TRIAL, TRIAL))


def small(session_id: str, **changes: Any) -> Session:
    """A prescribed session that costs little to read."""
    told = {"blocks": (MEASURED, GAME), "calibration": None, "headset": "openxr", "prescribed": PRESCRIBED, **changes}
    return a_session(session_id, **told)


def test_sessions_are_counted_as_they_were_delivered(service: Service) -> None:
    whole = recorded(small("s-2", started_at="2026-11-19T00:10:00+05:45"), b"VREC s-2")
    clock = wire.Clock(offset_s=-90.5, within_s=0.1, measured_at="2026-11-20T09:00:00+00:00")
    bare = small("s-1", ended_by="the headset closed", prescribed=UNSET, blocks=(MEASURED,))
    tests = small("s-3", started_at="2026-11-21T09:00:00+00:00", blocks=(MEASURED, TEST))
    deliver(service, bare, whole, tests, clock=clock)
    at, kathmandu = datetime(2026, 11, 20, 15, 42, tzinfo=UTC), timezone(timedelta(hours=5, minutes=45))
    second = datetime(2026, 11, 19, 0, 10, tzinfo=kathmandu)
    assert played(service.store, service.patients, service.patients.id_of("p-milo")) == [
        Played("s-2", second, 560.0, "finished", 3, wire.sha256(b"VREC s-2"), -90.5, "openxr", 2),
        Played("s-1", at, 560.0, "the headset closed", 0, "", -90.5, "openxr", 0),
        Played("s-3", datetime(2026, 11, 21, 9, tzinfo=UTC), 560.0, "finished", 3, "", -90.5, "openxr", 1),
    ]


# The commands


def run(*arguments: object) -> Any:
    return CliRunner().invoke(monitoring.app, [str(each) for each in arguments])


def said(*arguments: object) -> str:
    done = run(*arguments)
    assert done.exit_code == 0, done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic in Berlin to which Milo's sessions of three days came, of which two count, and that called once."""
    folder = tmp_path_factory.mktemp("clinic")
    midday = utc_now().replace(hour=12, minute=0, second=0, microsecond=0)
    at = [(midday - timedelta(days=days)).isoformat() for days in (3, 2, 1)]
    with a_service(folder) as service:
        staffed(service)
        sessions = [small("s-0", started_at=at[0]), small("s-1", started_at=at[1]), small("s-2", started_at=at[2])]
        deliver(service, sessions[0], replace(sessions[1], ended_by="the headset closed"), sessions[2])
    said("zone", "Europe/Berlin", "--folder", folder)
    said("contact", "p-milo", "--minutes", 12, "--realtime", "--who", "ada", "--note", "=1+1", "--folder", folder)
    return folder


def test_the_command_counts_days_and_minutes_and_says_what_they_do_not_establish(clinic: Path) -> None:
    lines = said("monitoring", "p-milo", "--folder", clinic).splitlines()
    assert lines[:2] == ["p-milo, months by Europe/Berlin", DOES_NOT_ESTABLISH]
    assert any("2 data days, in the range 2-15 of code 98985; the window is not over" in line for line in lines)
    assert any("s-1: it was not played to its end: the headset closed" in line for line in lines)
    assert any("12 whole minutes of one person reach 98979" in line for line in lines)


def test_the_command_writes_what_it_counts_for_programs_and_for_spreadsheets(clinic: Path, tmp_path: Path) -> None:
    table = tmp_path / "milo.csv"
    found = json.loads(said("monitoring", "p-milo", "--folder", clinic, "--out", table, "--json"))
    assert found["does_not_establish"] == DOES_NOT_ESTABLISH
    assert [row["session"] for row in found["days"]["windows"][0]["sessions"] if row["counted"]] == ["s-0", "s-2"]
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows if row["counted"] == "yes" and row["row"] == "session"] == ["s-0", "s-2"]
    assert [row["note"] for row in rows if row["row"] == "contact"] == ["'=1+1"]
    assert rows[0]["says"] == DOES_NOT_ESTABLISH
    assert sys.platform == "win32" or table.stat().st_mode & 0o777 == 0o600


def test_what_is_read_is_in_the_audit(clinic: Path) -> None:
    with a_service(clinic) as service:
        which = Which(patient_id=service.patients.id_of("p-milo"), actor=COMMAND)
        before = service.audit.head().number
        said("monitoring", "p-milo", "--folder", clinic)
        said("contact", "p-milo", "--folder", clinic)
        entries = [entry.action for entry in service.audit.listed(which) if entry.number > before]
    assert entries == ["read contacts", "read monitoring"]


def test_a_month_and_a_first_day_may_be_chosen(clinic: Path) -> None:
    found = json.loads(said("monitoring", "p-milo", "--folder", clinic, "--month", "2020-02", "--json"))
    assert (found["days"]["windows"], [month["month"] for month in found["months"]]) == ([], ["2020-02"])
    today = utc_now().date()
    found = json.loads(said("monitoring", "p-milo", "--folder", clinic, "--from", today, "--json"))
    assert [window["first"] for window in found["days"]["windows"]] == [str(today)]
    assert len(found["days"]["outside"]) == 3


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["monitoring", "p-nobody"], "there is no patient 'p-nobody' here"),
        (["monitoring", "p-milo", "--month", "2026-13"], "--month 2026-13 is no month"),
        (["monitoring", "p-milo", "--from", "yesterday"], "--from yesterday is no day"),
        (["monitoring", "p-milo", "--out", "milo.xlsx"], "milo.xlsx must end in .csv"),
        (["monitoring", "p-milo", "--out", "nowhere/milo.csv"], "cannot be written: No such file or directory"),
        (["contact", "p-nobody", "--minutes", "5"], "there is no patient 'p-nobody' here"),
        (["contact", "p-milo", "--minutes", "5"], "who: it is not said who spent the time"),
        (["contact", "p-milo", "--minutes", "0", "--who", "ada"], "minutes: 0 must be a second to 1440"),
        (["contact", "p-milo", "--minutes", "5", "--who", "ada", "--at", "noon"], "--at noon is no time"),
        (["zone", "Europe/Berli"], "there is no time zone 'Europe/Berli'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(clinic: Path, words: list[str], why: str) -> None:
    refused = run(*words, "--folder", clinic)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert why in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_every_command_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with a_service(tmp_path / "CLINIC") as service:
        service.patients.add(Person(pseudonym="milo"))
        staffed(service)
    block = re.search(r"```sh\n(.*?)```", DOCS, re.DOTALL)
    assert block
    last = ""
    for line in block[1].splitlines():
        last = said(*shlex.split(line.replace("ID", last[:16]), comments=True)[1:])
    assert (tmp_path / "milo.csv").is_file()


def test_the_page_says_every_word_of_what_the_counts_do_not_establish() -> None:
    assert DOES_NOT_ESTABLISH in " ".join(DOCS.replace("\n>", "\n").split())
