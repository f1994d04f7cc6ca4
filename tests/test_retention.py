"""What goes when: recordings after days, sooner for children, longer where somebody agreed; persons after years."""

import json
from contextlib import closing
from datetime import datetime, timedelta

import msgspec
import pytest
from server_fixtures import Clock, SignedDevice, a_session, an_item, recorded
from sqlalchemy import insert, select
from typer.testing import CliRunner

import steadyreach
from engine.prescription import Draft
from server_sync import wire
from server_sync.clinic import lost_recordings, tables
from server_sync.clinic.audit import RETENTION
from server_sync.clinic.consents import MOTION, RECORDINGS, Given, kind_of
from server_sync.clinic.erasure import Done
from server_sync.clinic.objects import archived_key, recording_key
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.retention import Rules
from server_sync.clinic.service import Service
from server_sync.clinic.uploads import ABANDONED

CHILD, ADULT = "2016-05-01", "1980"


@pytest.fixture
def device(service: Service) -> str:
    return SignedDevice(None).enrol(service).id


def somebody(service: Service, pseudonym: str, born: str = ADULT) -> str:
    return service.patients.add(Person(pseudonym=pseudonym, born=born))


def play(service: Service, device: str, patient: str, number: int = 1) -> str:
    """Deliver a session with its recording; gives the recording's name."""
    content = f"VREC {patient} {number}".encode() * 100
    name = wire.sha256(content)
    if not service.uploads.begin(device, name, len(content)).complete:
        service.uploads.append(device, name, 0, content)
    session = recorded(a_session(f"{patient}-{number}", patient=patient), content)
    receipt = service.archive.take(device, wire.Batch(items=(an_item(session, number),))).receipts[0]
    assert receipt.state in (wire.CREATED, wire.HELD), receipt
    return name


def agree(service: Service, patient_id: str, kind: str, until: datetime | None = None, relation: str = "self") -> None:
    service.consents.give("command", patient_id, kind, Given("Ada", relation, kind_of(kind).version), until)


def is_kept(service: Service, name: str) -> bool:
    return any((service.folder / key(name)).exists() for key in (recording_key, archived_key))


@pytest.mark.parametrize(("born", "days"), [(ADULT, 90), (CHILD, 30), ("", 90)])
def test_a_recording_goes_after_its_days(service: Service, device: str, clock: Clock, born: str, days: int) -> None:
    patient_id = somebody(service, "p-ada", born)
    name = play(service, device, "p-ada")
    clock.move(days=days)
    assert service.retention.run().recordings == 0
    assert is_kept(service, name)
    clock.move(seconds=1)
    assert dict(service.retention.due().recordings) == {name: patient_id}
    assert service.retention.run().recordings == 1
    assert not is_kept(service, name)
    assert service.retention.run().recordings == 0
    assert service.archive.session("p-ada-1").patient == "p-ada"
    (row,) = [row for row in service.audit.listed() if row.actor == RETENTION]
    assert (row.action, row.patient_id, row.thing) == ("let a recording go", patient_id, name)


def test_the_archive_of_a_recording_goes_with_it(service: Service, device: str, clock: Clock) -> None:
    somebody(service, "p-ada")
    name = play(service, device, "p-ada")
    service.vault.write(archived_key(name), [b"a third of it"])
    service.objects.remove([recording_key(name)])
    clock.move(days=91)
    assert service.retention.run().recordings == 1
    assert not is_kept(service, name)


def test_what_was_let_go_is_no_lost_recording_and_nobody_brings_it_again(
    service: Service, device: str, clock: Clock
) -> None:
    somebody(service, "p-ada")
    name = play(service, device, "p-ada")
    clock.move(days=91)
    service.retention.run()
    assert lost_recordings.note(service.store, service.objects) == 0
    assert service.archive.state(device).missing == ()
    assert service.uploads.progress(device, name).complete
    assert play(service, device, "p-ada") == name
    assert not is_kept(service, name)


def test_a_recording_of_two_sessions_stays_as_long_as_the_later_one(
    service: Service, device: str, clock: Clock
) -> None:
    somebody(service, "p-ada")
    content = b"VREC of both" * 100
    service.vault.write(recording_key(wire.sha256(content)), [content])
    for number in (1, 2):
        session = recorded(a_session(f"s-{number}", patient="p-ada"), content)
        service.archive.take(device, wire.Batch(items=(an_item(session, number),)))
        clock.move(days=60)
    assert not service.retention.due().recordings  # 120 days after the first, 60 after the second
    clock.move(days=31)
    assert len(service.retention.due().recordings) == 1


@pytest.mark.parametrize("kind", [RECORDINGS, MOTION])
def test_a_recording_stays_as_long_as_somebody_agreed(service: Service, device: str, clock: Clock, kind: str) -> None:
    patient_id = somebody(service, "p-ada")
    name = play(service, device, "p-ada")
    agree(service, patient_id, kind, clock.now + timedelta(days=200))
    clock.move(days=199)
    assert not service.retention.due().recordings
    clock.move(days=1, seconds=1)
    assert list(service.retention.due().recordings) == [name]


def test_a_consent_without_a_date_leaves_it_to_the_rules(service: Service, device: str, clock: Clock) -> None:
    patient_id = somebody(service, "p-ada")
    play(service, device, "p-ada")
    agree(service, patient_id, RECORDINGS)
    clock.move(days=91)
    assert len(service.retention.due().recordings) == 1


def test_after_a_refusal_recordings_go_at_the_next_run_and_none_is_kept_any_more(service: Service, device: str) -> None:
    patient_id = somebody(service, "p-ada")
    first = play(service, device, "p-ada")
    agree(service, patient_id, MOTION)
    service.consents.refuse("command", patient_id, RECORDINGS, Given("Ada", "self", ""))
    assert service.retention.run().recordings == 1
    assert not is_kept(service, first)
    second = play(service, device, "p-ada", 2)  # the session is taken, so that the device does not offer it for ever
    assert service.archive.session("p-ada-2")
    assert service.retention.run().recordings == 1
    assert not is_kept(service, second)
    assert lost_recordings.note(service.store, service.objects) == 0
    agree(service, patient_id, RECORDINGS)
    third = play(service, device, "p-ada", 3)
    assert service.retention.run().recordings == 0
    assert is_kept(service, third)


def test_a_device_whose_clock_is_wrong_loses_nothing(service: Service, device: str, clock: Clock) -> None:
    somebody(service, "p-ada")
    content = b"VREC of 1970" * 100
    service.vault.write(recording_key(wire.sha256(content)), [content])
    session = recorded(a_session("s-old", patient="p-ada", started_at="1970-01-01T00:00:00+00:00"), content)
    service.archive.take(device, wire.Batch(items=(an_item(session),)))
    clock.move(days=89)
    due = service.retention.due()
    assert (due.recordings, due.persons) == ({}, ())


def test_the_rules_are_the_clinic_s_to_change(service: Service, device: str, clock: Clock) -> None:
    somebody(service, "p-ada")
    name = play(service, device, "p-ada")
    service.retention.set_rules("command", Rules(recordings_days=7))
    assert service.retention.rules() == Rules(recordings_days=7)
    clock.move(days=8)
    assert list(service.retention.due().recordings) == [name]
    for wrong in ({"recordings_days": 0}, {"child_recordings_days": -1}, {"records_years": 101}):
        with pytest.raises(msgspec.ValidationError):
            service.retention.set_rules("command", msgspec.structs.replace(Rules(), **wrong))


def test_who_does_not_come_for_ten_years_is_erased_and_who_was_written_about_is_not(
    service: Service, device: str, clock: Clock
) -> None:
    for pseudonym in ("p-gone", "p-prescribed"):
        somebody(service, pseudonym)
        play(service, device, pseudonym, 1 if pseudonym == "p-gone" else 2)
    clock.move(days=365 * 5)
    service.prescriptions.save("p-prescribed", Draft(), "Maja")
    clock.move(days=365 * 5)
    assert service.retention.due().persons == ()
    clock.move(days=4)
    gone = service.patients.id_of("p-gone")
    assert service.retention.due().persons == (gone,)
    (done,) = service.retention.run().erased
    assert isinstance(done, Done)
    assert done.patient_id == gone
    with pytest.raises(Unknown):
        service.patients.id_of("p-gone")
    assert service.patients.id_of("p-prescribed")


def test_a_recording_that_no_session_ever_named_goes_after_a_week(service: Service, clock: Clock, device: str) -> None:
    clock.now = datetime.now().astimezone()  # the store has a clock of its own
    content = b"VREC of nobody" * 100
    name = wire.sha256(content)
    service.vault.write(recording_key(name), [content])
    named = play(service, device, "p-ada")
    clock.move(days=ABANDONED.days - 1)
    assert service.retention.due().strays == ()
    clock.move(days=2)
    assert service.retention.run().strays == 1
    assert not is_kept(service, name)
    assert is_kept(service, named)
    assert service.vault.size(name) is None, "it may be brought again"


def test_an_archive_that_is_nobodys_goes_after_a_week_too(service: Service, clock: Clock) -> None:
    clock.now = datetime.now().astimezone()
    name = wire.sha256(b"VREC")
    service.vault.write(recording_key(name), [b"VREC"])
    service.vault.write(archived_key(name), [b"its archive"])
    service.objects.remove([recording_key(name)])
    clock.move(days=ABANDONED.days + 1)
    assert service.retention.run().strays == 1
    assert not is_kept(service, name)


def test_what_is_of_no_use_any_more_goes(service: Service, clock: Clock) -> None:
    rows = (
        (tables.LoginFailure, {"key": "k", "at": clock.now}),
        (tables.UsedAssertion, {"jti": "j", "expires_at": clock.now + timedelta(minutes=5)}),
    )
    with service.store.writing() as db:
        for table, values in rows:
            db.execute(insert(table).values(values))
    service.retention.run()
    assert all(service.store.look(select(table)) for table, _ in rows)
    clock.move(days=1)
    service.retention.run()
    assert not any(service.store.look(select(table)) for table, _ in rows)


def test_of_several_processes_one_does_it_each_hour(service: Service, clock: Clock) -> None:
    with closing(Service(service.folder, service.place, clock)) as other:
        assert [each.retention.hourly() is None for each in (service, other, service)] == [False, True, True]
        clock.move(minutes=56)
        assert [each.retention.hourly() is None for each in (other, service)] == [False, True]


def test_a_clock_that_jumps_by_years_erases_nobody_before_somebody_says_that_it_is_right(
    service: Service, device: str, clock: Clock
) -> None:
    name = play(service, device, "p-ada")
    assert service.retention.hourly()
    clock.move(days=365 * 11)
    for _ in range(3):  # what the wrong hour itself writes down makes it no righter
        ran = service.retention.hourly()
        assert ran
        assert (ran.recordings, ran.strays, ran.erased) == (0, 0, ())
        assert "the clock says 2037" in ran.waits
        service.audit.note("command", "read the audit")
        clock.move(hours=1)
    assert len(service.retention.due().persons) == 1
    assert len(service.retention.run().erased) == 1
    assert not is_kept(service, name)
    clock.move(hours=1)
    assert service.retention.waits() == ""


def test_a_run_in_the_future_is_none_and_the_hours_go_on_once_the_clock_is_right(
    service: Service, device: str, clock: Clock
) -> None:
    name = play(service, device, "p-ada")
    service.retention.hourly()
    clock.move(days=365 * 11)
    service.retention.hourly()
    clock.move(days=-365 * 11, hours=1)
    ran = service.retention.hourly()
    assert ran
    assert ran.waits == ""
    for _ in range(4):
        clock.move(days=25)
        ran = service.retention.hourly()
    assert ran
    assert (ran.recordings, ran.waits) == (1, "")
    assert not is_kept(service, name)


def test_a_server_that_first_runs_years_after_its_last_row_of_the_audit_waits(
    service: Service, device: str, clock: Clock
) -> None:
    play(service, device, "p-ada")
    clock.move(days=365 * 11)
    ran = service.retention.hourly()
    assert ran
    assert (ran.erased, ran.waits != "") == ((), True)


def test_what_nobody_wants_kept_goes_also_while_the_rest_waits(service: Service, device: str, clock: Clock) -> None:
    patient_id = somebody(service, "p-ada")
    withdrawn, other = play(service, device, "p-ada"), play(service, device, "p-bo", 2)
    service.retention.hourly()
    service.consents.refuse("command", patient_id, RECORDINGS, Given("Ada", "self", ""))
    clock.move(days=365 * 11)
    assert service.retention.hourly()
    assert (is_kept(service, withdrawn), is_kept(service, other)) == (False, True)


def test_a_run_goes_on_with_an_erasure_that_was_stopped(service: Service, device: str) -> None:
    play(service, device, "p-ada")
    patient_id = service.patients.id_of("p-ada")
    service.keychain.shred(patient_id)
    assert [done.patient_id for done in service.retention.run().erased] == [patient_id]


def test_the_command_says_changes_and_runs(service: Service, device: str, clock: Clock) -> None:
    somebody(service, "p-ada")
    play(service, device, "p-ada")
    with service.store.writing() as db:
        db.execute(tables.Delivered.__table__.update().values(received_at=clock.now - timedelta(days=3650)))

    def say(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(steadyreach.app, ["retention", "--folder", str(service.folder), *words])
        return done.exit_code, done.stdout + done.stderr

    assert "kept for 90 days, those of children for 30" in say()[1]
    assert json.loads(say("--recordings-days", "60", "--json")[1])["recordings_days"] == 60
    assert json.loads(say("--json")[1]) == {"recordings_days": 60, "child_recordings_days": 30, "records_years": 10}
    assert say("--recordings-days", "0")[0] == 2
    assert "1 recordings, 0 of no session, and 0 persons are due" in say("--what")[1]
    assert "1 recordings, 0 of no session, and 0 persons were removed" in say("--run")[1]
    assert "0 recordings" in say("--what")[1]
    assert say("--run", "--what")[0] == 1


def test_the_command_says_and_sets_the_age_of_consent(service: Service) -> None:
    def say(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(steadyreach.app, ["age-of-consent", *words, "--folder", str(service.folder)])
        return done.exit_code, done.stdout + done.stderr

    assert "Who is under 16" in say()[1]
    assert json.loads(say("14", "--json")[1]) == {"years": 14}
    assert service.consents.age() == 14
    code, words = say("7")
    assert (code, "must be 13 to" in words) == (1, True)
    assert service.audit.listed()[0].action == "set the age of consent"
