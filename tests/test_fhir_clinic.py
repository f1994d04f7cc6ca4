"""A clinic's records reach another FHIR server once, whatever happens on the way, and of nobody who did not agree."""

import json
import shlex
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zipfile import ZipFile

import commands
import httpx
import pytest
from conftest import ROOT
from fhir_fixtures import Between, FhirServer, Said, a_played_block
from fhirclient.models import careplan, observation, patient, servicerequest
from fhirclient.server import FHIRServer as OtherClient
from msgspec.structs import replace
from other_systems import HOSPITAL, an_order, ask_token, deliver, end_sharing, jwks, let_in, proof, share
from prescribed import a_draft
from routes import a_web
from server_fixtures import Clinic, Clock, SignedDevice, a_service
from sqlalchemy import delete, select
from typer.testing import CliRunner

import steadyreach
from engine.prescription import Message
from server_sync.client.patience import Later
from server_sync.clinic.erasure import STAYS
from server_sync.clinic.fhir_ledger import SentLedger
from server_sync.clinic.fhir_records import OWN, FhirRecords
from server_sync.clinic.jobs import DONE, FAILED, POSTPONED, WAITING, Jobs, work
from server_sync.clinic.minutes import Contact
from server_sync.clinic.patients import Person
from server_sync.clinic.pushes import AGAIN_S, PUSHING, Pushes, TargetRefused, target_of
from server_sync.clinic.service import Service, utc_now
from server_sync.clinic.tables import Job, Sent
from server_sync.fhir.datatypes import plain
from server_sync.fhir.pushing import Noted

SYSTEM = "medplum.example"
SMALL = {"calibration": None, "blocks": (a_played_block("harbour_lean", Random(1), 600.0),)}
"""A server in memory searches slowly."""
MODES = pytest.mark.parametrize("mode", ["put", "create"])


class Here(NamedTuple):
    """A clinic of which Ada shares with another system and Nora does not, and the device that brings their visits."""

    service: Service
    clock: Clock
    device: SignedDevice
    ada: str

    def whole(self) -> Counter[str]:
        """What there is to bring of Ada."""
        made = FhirRecords(self.service).whole(self.ada, SYSTEM)
        return Counter(type(one).__name__ for one in made)


@pytest.fixture(params=["sqlite"])
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Here]:
    clock = Clock()
    clock.now = utc_now().replace(hour=12)  # commands ask the computer's
    until = (clock() + timedelta(days=2)).date().isoformat()
    database = str(request.getfixturevalue("clinic_postgres")()) if request.param == "postgres" else ""
    with a_service(tmp_path / "clinic", database, now=clock) as service, a_web(service) as client:
        device = SignedDevice(client).enrol(service)
        for pseudonym in ("p-ada", "p-nora"):
            service.patients.add(Person(pseudonym=pseudonym, born="1980"))
            service.prescriptions.save(pseudonym, a_draft(valid_until=until), "Dr Okafor")
            deliver(device, pseudonym, [0], **SMALL)
        yield Here(service, clock, device, share(service, "p-ada", SYSTEM, name="Ada Byron"))


@pytest.fixture
def between(fhir_server: FhirServer) -> Iterator[Between]:
    with Between(fhir_server.url) as standing:
        yield standing


def counts(fhir_server: FhirServer, base: str, of: Counter[str]) -> Counter[str]:
    return Counter({kind: fhir_server.total(base, f"{kind}?_count=1") for kind in of})


def entered(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(steadyreach.app, [str(word) for word in words])
    return done.exit_code, done.stdout or done.stderr


def push_command(here: Here, url: str, *more: object) -> list[str]:
    at = ["--folder", here.service.folder, "--system", SYSTEM]
    if here.service.place.database:
        at += ["--database", here.service.place.database]
    return [str(word) for word in ("fhir", "push", url, *at, *more)]


# What arrives


@MODES
def test_a_record_arrives_once_however_often_it_is_brought(here: Here, fhir_server: FhirServer, mode: str) -> None:
    base, whole = f"{mode}-clinic", here.whole()
    target = target_of(f"{fhir_server.url}/{base}", SYSTEM)
    assert whole["Observation"] > 5
    for time in range(3):
        with Pushes(here.service) as pushes:
            pushed = pushes.push(target, here.ada)
            assert pushed is not None
            assert (pushed.written, pushed.unchanged) == ((whole.total(), 0) if time != 1 else (0, whole.total()))
            assert (pushed.quarantined, pushed.held, pushed.failed) == ((), (), ())
        assert counts(fhir_server, base, whole) == whole
        if time == 1:
            with here.service.store.writing() as db:
                db.execute(delete(Sent))


@MODES
def test_what_is_new_is_brought_to_what_is_there(here: Here, fhir_server: FhirServer, mode: str) -> None:
    base = f"{mode}-new"
    target = target_of(f"{fhir_server.url}/{base}", SYSTEM)
    with Pushes(here.service) as pushes:
        pushes.push(target, here.ada)
        before = here.whole()
        deliver(here.device, "p-ada", [1], **SMALL)
        here.service.prescriptions.tell("p-ada", Message(text="See you on Thursday."), "Dr Okafor")
        whole, pushed = here.whole(), pushes.push(target, here.ada)
    assert pushed is not None
    assert (whole - before)["Communication"] == 1
    assert (pushed.written, whole["CarePlan"]) == ((whole - before).total(), 1), "a message revokes nothing"
    assert counts(fhir_server, base, whole) == whole
    plans = fhir_server.remote(base).ask("GET", "CarePlan").body["entry"]
    assert [each["resource"]["status"] for each in plans] == ["active"]


@pytest.mark.parametrize(("mode", "after"), [("put", 1), ("create", 3)])
def test_killed_in_the_middle_and_entered_again_everything_is_there_once(
    here: Here, fhir_server: FhirServer, between: Between, mode: str, after: int
) -> None:
    base, writes, reached, go_on = f"{mode}-kill-{after}", [0], threading.Event(), threading.Event()

    def say(method: str, _path: str, _body: bytes) -> Said | None:
        writes[0] += method != "GET"
        if writes[0] == after and method != "GET":
            reached.set()
            go_on.wait(30)  # what was asked for is done after the one who asked is dead
        return None

    between.say = say
    killed = commands.begun(push_command(here, f"{between.url}/{base}", "--once"), ROOT)
    assert reached.wait(60)
    killed.kill()
    killed.said()
    go_on.set()
    code, said = entered(*push_command(here, f"{between.url}/{base}", "--once", "--json"))
    answer = json.loads(said)
    assert (code, answer["quarantined"], answer["held"], answer["failed"]) == (0, [], [], [])
    assert answer["unchanged"] > 0 or after == 1
    assert counts(fhir_server, base, here.whole()) == here.whole()


@pytest.mark.parametrize(("here", "mode"), [("sqlite", "create"), ("postgres", "put")], indirect=["here"])
def test_two_processes_bring_a_record_one_after_the_other(
    here: Here, fhir_server: FhirServer, between: Between, mode: str
) -> None:
    base, writes = f"{mode}-two-{here.service.store.engine.dialect.name}", [0]

    def say(method: str, _path: str, body: bytes) -> Said | None:
        if method != "GET":
            writes[0] += body.count(b'"fullUrl"') or 1
        return None

    between.say = say
    command = push_command(here, f"{between.url}/{base}", "--once", "--json")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(commands.entered, command, ROOT) for _ in range(2)]
    said = [json.loads(each.result().out) for each in both]
    whole = here.whole()
    assert sorted(each["written"] for each in said) == [0, whole.total()]
    assert writes[0] == whole.total()
    assert counts(fhir_server, base, whole) == whole


@pytest.mark.parametrize("here", ["sqlite", "postgres"], indirect=True)
def test_a_ledger_holds_what_it_was_told_and_one_at_a_time_has_it_alone(here: Here) -> None:
    def ledger(target: str = "https://a.example") -> SentLedger:
        return SentLedger(here.service.store, here.service.folder, target, here.ada, here.service.now)

    assert ledger().known("Patient/1") is None
    for noted in (
        Noted("a" * 64, "Patient/9"),
        Noted("b" * 64, "", "it is there 2 times"),
        Noted("c" * 64, "Patient/9"),
    ):
        ledger().note("Patient/1", noted)
        assert ledger().known("Patient/1") == noted
    assert ledger("https://b.example").known("Patient/1") is None
    first, in_turn = ledger(), list[str]()

    def second() -> None:
        with ledger().alone():
            in_turn.append("second")

    with first.alone(), first.alone():  # the same one may again
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        in_turn.append("first")
    waiting.join(10)
    assert in_turn == ["first", "second"]


def test_nothing_is_brought_of_who_did_not_agree_or_does_not_any_more(here: Here, fhir_server: FhirServer) -> None:
    target = target_of(f"{fhir_server.url}/put-nobody", SYSTEM)
    fhir_server.asked()
    with Pushes(here.service) as pushes:
        assert pushes.push(target, here.service.patients.id_of("p-nora")) is None
        assert pushes.push(target._replace(id="somebody.example"), here.ada) is None
        end_sharing(here.service, here.ada, SYSTEM)
        assert pushes.push(target, here.ada) is None
    assert fhir_server.asked() == []
    code, said = entered(*push_command(here, target.url, "--once", "--patient", "p-nora"))
    assert (code, "share with medplum.example" in said) == (1, True)
    assert entered(*push_command(here, target.url, "--once"))[0] == 0
    assert entered(*push_command(here, target.url, "--once", "--patient", "p-nobody"))[0] == 1


def test_each_time_it_is_brought_is_in_the_audit_and_no_name_in_an_address(here: Here, fhir_server: FhirServer) -> None:
    fhir_server.asked()
    with Pushes(here.service) as pushes:
        pushes.push(target_of(f"{fhir_server.url}/create-audit", SYSTEM), here.ada)
    rows = [(each.patient_id, each.thing) for each in here.service.audit.listed() if each.action == "send a record"]
    assert rows == [(here.ada, SYSTEM)]
    asked = " ".join(fhir_server.asked())
    for word in ("Ada", "Byron", "p-ada", here.ada, "1980"):
        assert word not in asked


def consents(fhir_server: FhirServer, base: str) -> list[str]:
    """How the consents to share stand on a server."""
    found = fhir_server.remote(base).ask("GET", "Consent").body.get("entry", [])
    return sorted(each["resource"]["status"] for each in found)


@MODES
def test_the_end_of_a_consent_is_told_once_and_nothing_else_any_more(
    here: Here, fhir_server: FhirServer, mode: str
) -> None:
    base = f"{mode}-ended"
    target = target_of(f"{fhir_server.url}/{base}", SYSTEM)
    with Pushes(here.service) as pushes:
        pushes.push(target, here.ada)
        assert consents(fhir_server, base) == ["active"]
        deliver(here.device, "p-ada", [1], **SMALL)
        here.clock.move(seconds=1)
        end_sharing(here.service, here.ada, SYSTEM)
        assert pushes.whom(target) == [here.ada]
        pushed = pushes.push(target, here.ada)
        assert pushed is not None
        assert (pushed.written, pushed.quarantined, pushed.held) == (1, (), ())
        assert consents(fhir_server, base) == ["inactive"]
        assert fhir_server.total(base, "Procedure?_count=1") == 1
        assert pushes.whom(target) == []
        assert pushes.push(target, here.ada) is None
    rows = [each.action for each in here.service.audit.listed() if each.thing == SYSTEM]
    assert rows[0] == "send the end of a consent"


def test_the_command_and_a_worker_tell_the_end_of_a_consent(here: Here, jobs: Jobs, fhir_server: FhirServer) -> None:
    for way in ("command", "worker"):
        base = f"put-ended-{way}"
        assert entered(*push_command(here, f"{fhir_server.url}/{base}"))[0] == 0
        here.clock.move(seconds=1)
        end_sharing(here.service, here.ada, SYSTEM)
        if way == "worker":
            assert worked_off(here, jobs) == {DONE: 1}
        else:
            code, said = entered(*push_command(here, f"{fhir_server.url}/{base}", "--json"))
            assert (code, json.loads(said)["patients"], json.loads(said)["written"]) == (0, 1, 1)
        assert "active" not in consents(fhir_server, base)
        here.clock.move(seconds=1)
        share(here.service, "p-ada", SYSTEM, name="Ada Byron")


@MODES
@pytest.mark.parametrize("ends", ["withdrawn", "erased"])
def test_who_withdraws_or_is_erased_while_a_record_is_sent_stops_it(
    here: Here, fhir_server: FhirServer, between: Between, mode: str, ends: str
) -> None:
    base, writes, whole = f"{mode}-{ends}-meanwhile", list[str](), here.whole()

    def say(method: str, path: str, _body: bytes) -> Said | None:
        writes.extend([path] if method != "GET" else [])
        if len(writes) == 2 and method != "GET":
            here.clock.move(seconds=1)
            if ends == "withdrawn":
                end_sharing(here.service, here.ada, SYSTEM)
            else:
                here.service.erasing.erase("command", "p-ada")
        return None

    between.say = say
    with Pushes(here.service) as pushes:
        pushed = pushes.push(target_of(f"{between.url}/{base}", SYSTEM), here.ada)
    assert len(writes) == (3 if ends == "withdrawn" else 2)
    assert (pushed is None) == (ends == "erased")
    assert ends == "erased" or consents(fhir_server, base) == ["inactive"]
    assert counts(fhir_server, base, whole).total() < whole.total()
    assert not (ends == "erased" and here.service.store.look(select(Sent.resource)))


# What is not sure


def test_what_is_in_doubt_is_shown_until_somebody_has_looked(here: Here, fhir_server: FhirServer) -> None:
    base = "create-doubt"
    url = f"{fhir_server.url}/{base}"
    goal = next(plain(one) for one in FhirRecords(here.service).whole(here.ada, SYSTEM) if one.path.startswith("Goal/"))
    twice = {name: value for name, value in goal.items() if name not in ("id", "subject")}
    for _ in range(2):
        there = {**twice, "subject": {"display": "of another import"}}
        fhir_server.remote(base).ask("POST", "Goal", json.dumps(there).encode())
    code, said = entered(*push_command(here, url))
    assert (code, "1 quarantined" in said, "CarePlan/" in said) == (0, True, True)
    code, said = entered("fhir", "status", "--folder", here.service.folder, "--json")
    (standing,) = json.loads(said)
    assert (code, standing["url"], standing["system"], standing["agreed"]) == (0, url, SYSTEM, 1)
    assert [(each["patient"], each["resource"]) for each in standing["doubts"]] == [("p-ada", f"Goal/{goal['id']}")]
    assert f"in doubt: Goal/{goal['id']} of p-ada" in entered("fhir", "status", "--folder", here.service.folder)[1]
    found = fhir_server.remote(base).ask("GET", "Goal").body["entry"]
    for each in found:
        fhir_server.remote(base).ask("DELETE", f"Goal/{each['resource']['id']}")
    assert "1 quarantined" in entered(*push_command(here, url))[1]
    code, said = entered(*push_command(here, url, "--retry", "--json"))
    assert (code, json.loads(said)["quarantined"], json.loads(said)["held"]) == (0, [], [])
    assert counts(fhir_server, base, here.whole()) == here.whole()


@MODES
def test_when_somebody_has_looked_who_is_meant_all_of_theirs_moves_to_the_right_patient(
    here: Here, fhir_server: FhirServer, mode: str
) -> None:
    base = f"{mode}-moved"
    target, remote = target_of(f"{fhir_server.url}/{base}", SYSTEM), fhir_server.remote(base)
    person = here.service.patients.person(here.ada)
    for number in "12":
        theirs = {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": number}]}
        there = remote.ask("POST", "Patient", json.dumps(theirs).encode()).body["id"]
        here.service.patients.write(here.ada, replace(person, identifier=f"urn:mrn|{number}"))
        with Pushes(here.service) as pushes:
            pushed = pushes.push(target, here.ada)
            assert pushed is not None
            assert (len(pushed.quarantined), pushed.held) == (number == "2", ())
            assert pushes.look_again(target.url) == (number == "2")
            pushed = pushes.push(target, here.ada)
            assert pushed is not None
            assert (pushed.quarantined, pushed.held, pushed.failed) == ((), (), ())
        for kind in ("Goal", "Observation", "CarePlan"):
            found = remote.ask("GET", f"{kind}?_count=100").body["entry"]
            assert {each["resource"]["subject"]["reference"] for each in found} == {f"Patient/{there}"}


def test_a_person_who_is_erased_leaves_no_row_and_it_is_said_who_has_their_data(
    here: Here, fhir_server: FhirServer
) -> None:
    url = f"{fhir_server.url}/put-erased"
    with Pushes(here.service) as pushes:
        pushes.keep(target_of(url, SYSTEM), b"")
        pushes.add(Jobs(here.service.store, here.clock))
        pushes.push(target_of(url, SYSTEM), here.ada)
    assert here.service.store.look(select(Sent.resource))
    done = here.service.erasing.erase("command", "p-ada")
    assert done.stays[: -len(STAYS)] == (f"what was sent to {url}: ask them to delete it",)
    assert not here.service.store.look(select(Sent.resource))
    assert not [row for row in here.service.store.look(select(Job.key)) if here.ada in row.key]
    with Pushes(here.service) as pushes:
        pushes.add(Jobs(here.service.store, here.clock))
        assert pushes.push(target_of(url, SYSTEM), here.ada) is None


# What goes on by itself


@pytest.fixture
def jobs(here: Here) -> Jobs:
    return Jobs(here.service.store, here.clock)


def worked_off(here: Here, jobs: Jobs) -> dict[str, int]:
    """What comes of all jobs, with no patience for a server that takes nothing."""
    with Pushes(here.service, patience_s=0.0) as pushes:
        pushes.add(jobs)
        work(jobs, "a worker", {PUSHING: pushes.work()}, until_empty=True)
    return dict(jobs.counts([PUSHING]))


def test_what_is_new_is_brought_by_itself_and_no_job_is_left_of_before(
    here: Here, jobs: Jobs, fhir_server: FhirServer
) -> None:
    base = "put-work"
    with Pushes(here.service) as pushes:
        pushes.keep(target_of(f"{fhir_server.url}/{base}", SYSTEM), b"")
    assert worked_off(here, jobs) == {DONE: 1}
    fhir_server.asked()
    assert worked_off(here, jobs) == {DONE: 1}
    assert fhir_server.asked() == []
    for change in (lambda: deliver(here.device, "p-ada", [1], **SMALL), lambda: here.clock.move(days=3)):
        change()
        assert worked_off(here, jobs) == {DONE: 1}
        assert counts(fhir_server, base, here.whole()) == here.whole()
    share(here.service, "p-nora", SYSTEM)
    assert worked_off(here, jobs) == {DONE: 2}
    assert fhir_server.total(base, "Patient?_count=1") == 2


def test_a_server_that_is_down_is_asked_again_later_for_as_long_as_that_lasts(
    here: Here, jobs: Jobs, fhir_server: FhirServer, between: Between
) -> None:
    base, asked = "put-down", list[str]()

    def down(method: str, _path: str, _body: bytes) -> Said | None:
        asked.append(method)
        return 503, {"Content-Type": "application/fhir+json", "Retry-After": "1000"}, b"{}"

    between.say = down
    with Pushes(here.service) as pushes:
        pushes.keep(target_of(f"{between.url}/{base}", SYSTEM), b"")
    for _ in range(7):  # more often than a job may fail
        assert worked_off(here, jobs) == {POSTPONED: 1}
        before = len(asked)
        here.clock.move(seconds=AGAIN_S + 1)
        assert worked_off(here, jobs) == {POSTPONED: 1}
        assert len(asked) == before  # it asked for a longer time
        here.clock.move(seconds=1000)
    with Pushes(here.service) as pushes:
        (standing,) = pushes.standing()
    assert (standing.there, standing.jobs) == (0, {POSTPONED: 1})
    assert "503" in standing.errors[0]
    between.say = lambda *_: None
    assert worked_off(here, jobs) == {DONE: 1}
    assert counts(fhir_server, base, here.whole()) == here.whole()


def test_what_somebody_has_to_change_is_given_up_and_said(here: Here, jobs: Jobs, between: Between) -> None:
    between.say = lambda *_: (403, {"Content-Type": "application/fhir+json"}, b"{}")
    with Pushes(here.service) as pushes:
        pushes.keep(target_of(f"{between.url}/put-forbidden", SYSTEM), b"")
    assert worked_off(here, jobs) == {FAILED: 1}
    with Pushes(here.service) as pushes:
        assert "403" in pushes.standing()[0].errors[0]
        pushes.end(SYSTEM)
        assert pushes.standing() == []
        with pytest.raises(TargetRefused):
            pushes.end(SYSTEM)


def test_what_one_resource_stumbles_over_is_tried_again(
    here: Here, jobs: Jobs, fhir_server: FhirServer, between: Between
) -> None:
    say = {"status": 500}

    def stumble(method: str, path: str, _: bytes) -> Said | None:
        wrong = method == "PUT" and "/Goal/" in path and say["status"]
        return (say["status"], {"Content-Type": "application/fhir+json"}, b"{}") if wrong else None

    between.say = stumble
    with Pushes(here.service, patience_s=0.0) as pushes:
        pushes.keep(target_of(f"{between.url}/put-stumble", SYSTEM), b"")
        pushes.add(jobs)
        job = jobs.claim("a worker", [PUSHING])
        assert job is not None
        with pytest.raises(RuntimeError, match="1 resources did not arrive"):
            pushes.work()(job.key)
        jobs.failed(job, "so")
        say["status"] = 0
    assert dict(jobs.counts([PUSHING])) == {WAITING: 1}
    here.clock.move(seconds=60)
    assert worked_off(here, jobs) == {DONE: 1}
    assert counts(fhir_server, "put-stumble", here.whole()) == here.whole()


def test_work_brings_what_push_was_told_to_keep_with_a_key_of_its_own(
    here: Here, fhir_server: FhirServer, tmp_path: Path
) -> None:
    code, public = entered("fhir", "key", tmp_path / "key.pem")
    fhir_server.register({"clinic-7": json.loads(public)})
    url, tokens = f"{fhir_server.url}/auth-put-clinic", f"{fhir_server.url}/token"
    told = ["--client-id", "clinic-7", "--key", tmp_path / "key.pem", "--token-url", tokens, "--json"]
    assert entered(*push_command(here, url, *told[2:4], "--once"))[0] == 1
    assert entered(*push_command(here, url, "--once"))[0] == 1
    code, said = entered(*push_command(here, url, *told))
    assert (code, json.loads(said)["written"]) == (0, here.whole().total())
    (tmp_path / "key.pem").unlink()
    before = here.whole()
    deliver(here.device, "p-ada", [1], **SMALL)
    code, said = entered("work", "--folder", here.service.folder, "--once", "--workers", "1")
    assert "done" in said
    with Pushes(here.service) as pushes:
        (standing,) = pushes.standing()
    assert (standing.there, standing.jobs) == (here.whole().total(), {DONE: 1}) != (before.total(), {DONE: 1})
    held = here.service.keychain.known(f"fhir key {SYSTEM}") or ""
    assert held.startswith("-----BEGIN PRIVATE KEY")
    assert entered("fhir", "stop", SYSTEM, "--folder", here.service.folder)[0] == 0
    assert here.service.keychain.known(f"fhir key {SYSTEM}") == ""


def test_what_is_no_target_is_refused_in_words(here: Here, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key", encoding="utf-8")
    for url, more, why in (
        ("http://hospital.example/fhir", [], "https"),
        ("nonsense", [], "--system"),
        ("https://x_y.example/fhir", [], "--system"),
        ("http://127.0.0.1:9/fhir", ["--client-id", "a", "--key", tmp_path / "key.pem"], "PEM"),
        ("http://127.0.0.1:9/fhir", ["--client-id", "a", "--key", tmp_path / "none"], "none"),
    ):
        code, said = entered("fhir", "push", url, "--folder", here.service.folder, "--once", *more)
        assert (code, why in said, "Traceback" in said) == (1, True, False), (url, said)
    assert "brought anywhere" in entered("fhir", "status", "--folder", here.service.folder)[1]


def test_a_push_that_cannot_go_on_says_how_far_it_came(here: Here, between: Between, monkeypatch: Any) -> None:
    monkeypatch.setattr("server_sync.clinic.pushes.Pushes.push", _later)
    code, said = entered(*push_command(here, between.url, "--once"))
    assert (code, "0 of 1 patients are brought, enter it again to go on: down" in said) == (1, True)


def _later(*_: object) -> None:
    raise Later("down")


# One record as a file


def test_a_record_is_exported_whole_and_valid_and_handed_over_with_the_rest(
    here: Here, fhir_server: FhirServer, tmp_path: Path
) -> None:
    at = ["--folder", here.service.folder, "--out"]
    code, said = entered("fhir", "export", "p-ada", *at, tmp_path / "ada.json", "--json")
    content = (tmp_path / "ada.json").read_bytes()
    assert (code, json.loads(said)["bytes"]) == (0, len(content))
    assert (tmp_path / "ada.json").stat().st_mode & 0o077 == 0 or sys.platform == "win32"
    bundle = json.loads(content)
    assert not any(fhir_server.issues(bundle).values())
    made = Counter(each["resource"]["resourceType"] for each in bundle["entry"])
    assert made == here.whole() + Counter(["Questionnaire"])
    assert b"Ada Byron" in content
    assert b"p-nora" not in content
    assert here.service.audit.listed()[0].action == "export a record as FHIR"
    assert entered("fhir", "export", "p-ada", *at, tmp_path / "ada.json")[0] == 1
    assert entered("fhir", "export", "p-nobody", *at, tmp_path / "nobody.json")[0] == 1
    assert not (tmp_path / "nobody.json").exists()
    assert entered("hand-over", "p-ada", *at, tmp_path / "ada.zip")[0] == 0
    with ZipFile(tmp_path / "ada.zip") as archive:
        handed = json.loads(archive.read("fhir.json"))
    assert handed["entry"] == bundle["entry"]


def test_a_visit_at_which_a_therapist_was_there_by_video_is_an_encounter(here: Here) -> None:
    here.service.accounts.make("maja", "Maja", "therapist")
    session = here.service.archive.session("p-ada-0")
    began = datetime.fromisoformat(session.started_at)
    here.clock.now = began + timedelta(days=1)
    records = FhirRecords(here.service)
    state = records.state(here.ada)
    assert not [one for one in records.whole(here.ada, OWN) if type(one).__name__ == "Encounter"]
    for kind, live in (("call", 0), ("video", 1)):
        here.service.contacts.add(here.ada, Contact(began, 600.0, kind, True, "maja"), "command")
        found = [one for one in records.whole(here.ada, OWN) if type(one).__name__ == "Encounter"]
        assert len(found) == live
    assert records.state(here.ada) != state


def test_a_consent_that_was_over_when_it_was_withdrawn_ended_before(here: Here) -> None:
    (given,) = (each for each in here.service.consents.of(here.ada) if each.kind.endswith(SYSTEM))
    here.clock.move(days=400)
    end_sharing(here.service, here.ada, SYSTEM)
    (told,) = FhirRecords(here.service).ended(here.ada, SYSTEM)
    assert given.until is not None
    assert plain(told)["provision"]["period"]["end"][:19] == given.until.isoformat()[:19]


def test_the_words_about_a_patient_are_written_and_read(here: Here) -> None:
    at = ["p-ada", "--folder", here.service.folder]
    code, said = entered(
        "person", *at, "--name", "Ada King", "--identifier", "urn:mrn|1", "--zone", "Europe/Berlin", "--json"
    )
    assert (code, json.loads(said)["name"], json.loads(said)["born"]) == (0, "Ada King", "1980-02-28")
    assert here.service.patients.person(here.ada).identifier == "urn:mrn|1"
    assert "Ada King" in entered("person", *at)[1]
    actions = [each.action for each in here.service.audit.listed()[:2]]
    assert actions == ["read about a patient", "write about a patient"]
    for wrong in (
        ["--born", "1980-13"],
        ["--born", "80"],
        ["--born", "1980-02-30"],
        ["--born", "1980-2-1"],
        ["--zone", "Mars"],
    ):
        assert entered("person", *at, *wrong)[0] == 1, wrong
    assert entered("person", "p-nobody", *at[1:])[0] == 1
    assert entered("person", *at, "--born", "", "--zone", "")[0] == 0


def test_the_commands_of_the_page_work_as_they_stand(
    here: Here, fhir_server: FhirServer, between: Between, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / "fhir.md").read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line.strip() for line in page.splitlines() if line.startswith("    steadyreach ")]
    configuration = json.dumps({"token_endpoint": f"{fhir_server.url}/token"}).encode()
    between.say = lambda _method, path, _body: (
        (200, {"Content-Type": "application/json"}, configuration) if ".well-known" in path else None
    )
    (tmp_path / "hospital.json").write_bytes(jwks(HOSPITAL))
    (tmp_path / "new.json").write_bytes(jwks(HOSPITAL))
    monkeypatch.chdir(tmp_path)
    here.service.patients.add(Person(pseudonym="ada"))
    instead = {
        "CLINIC": str(here.service.folder), "https://hospital.example/fhir": f"{between.url}/put-page",
        "HASH": "", "ID": "",
    }  # fmt: skip
    asked = list[str]()
    for line in lines:
        words = [instead.get(word, word) for word in shlex.split(line, comments=True)][1:]
        words, to = (words[:-2], words[-1]) if ">" in words else (words, "")
        words += ["--system", HOSPITAL.client_id] if words[:2] == ["fhir", "push"] else []
        code, said = entered(*words)
        assert code == 0, (line, said)
        asked.append(" ".join(words[:2]))
        if to:
            Path(to).write_text(said, encoding="utf-8")
            fhir_server.register({"clinic-7": json.loads(said)})
        elif words[0] == "consent":
            ada = f"Patient/{here.service.links.naming.patient(here.service.patients.id_of('ada'))}"
            for number in "12":
                instead["ID"] = here.service.drafts.receive(HOSPITAL.client_id, an_order(ada, number))[0].id
        elif "--take" in words:
            instead["ID"] = here.service.drafts.waiting()[0].id
    assert len(asked) == 14
    assert fhir_server.total("put-page", "Patient?_count=1") == 1
    assert here.service.prescriptions.current("ada").prescription.version == 1


# Another's client


def test_a_client_that_others_wrote_reads_and_orders_over_http(clinic: Clinic) -> None:
    """SMART's own client for Python: it takes nothing that is not as the types of R4 have it."""
    with a_service(clinic.folder) as service, httpx.Client(base_url=clinic.url, trust_env=False) as http:
        let_in(service, base=f"{clinic.url}/fhir")
        share(service, "p-ada", name="Ada Byron")
        device = SignedDevice(http).enrol(service)
        deliver(device, "p-ada", range(3))
        service.prescriptions.save("p-ada", a_draft(), "Dr Okafor")
        token = ask_token(http, proof(base=f"{clinic.url}/fhir")).json()["access_token"]
        whole = FhirRecords(service).whole(service.patients.id_of("p-ada"), HOSPITAL.client_id)
        other = OtherClient(None, base_uri=f"{clinic.url}/fhir")
        other.session.trust_env = False
        other.session.headers["Authorization"] = f"Bearer {token}"
        assert other.capabilityStatement.fhirVersion == "4.0.1"
        (ada,) = patient.Patient.where({}).perform_resources_iter(other)
        assert ada.identifier[1].value == "p-ada"
        found = list(observation.Observation.where({"patient": ada.id, "_count": "20"}).perform_resources_iter(other))
        assert len({one.id for one in found}) == len(found) == sum(one.path.startswith("Observation/") for one in whole)
        (plan,) = careplan.CarePlan.where({"patient": ada.id}).perform_resources_iter(other)
        assert careplan.CarePlan.read(plan.id, other).as_json() == plan.as_json()
        order = servicerequest.ServiceRequest(
            {
                "resourceType": "ServiceRequest", "status": "active", "intent": "order",
                "identifier": [{"system": "urn:orders", "value": "1"}], "code": {"text": "Balance"},
                "subject": {"reference": f"Patient/{ada.id}"},
            }
        )  # fmt: skip
        made = order.create(other)
        assert servicerequest.ServiceRequest.read(made["id"], other).status == "draft"
        assert len(service.drafts.waiting()) == 1
