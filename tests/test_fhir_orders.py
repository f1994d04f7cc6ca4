"""What another system orders is a draft, taken once, and nothing is played of it before a therapist prescribes it."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fhir_fixtures import FhirServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from other_systems import HOSPITAL, MRN, SystemClient, an_order, end_sharing, let_in, share
from prescribed import a_draft
from routes import Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import Clock, a_service
from typer.testing import CliRunner

import steadyreach
from engine.prescription import Practice
from server_sync.clinic.drafts import MOST_VERSIONS, NotTaken
from server_sync.clinic.fhir_records import FhirRecords
from server_sync.clinic.ordered import practice_of
from server_sync.clinic.patients import Person
from server_sync.clinic.prescriptions import NothingPrescribed
from server_sync.clinic.service import Service
from server_sync.fhir.inbound import LARGEST_BYTES
from server_sync.fhir.naming import IDS
from server_sync.web.rates import Rates

INSURER = HOSPITAL._replace(client_id="insurer.example")
SCRIPT = "<script>alert('canary')</script>"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    with a_service(tmp_path / "clinic", now=clock) as opened:
        for system in (HOSPITAL, INSURER):
            let_in(opened, system)
        share(opened, "p-ada", name="Ada Byron", identifier=f"{MRN}|4711")
        share(opened, "p-nora", INSURER.client_id, identifier=f"{MRN}|4712")
        yield opened


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with a_web(service) as opened:
        opened.app.state.rates["systems"] = Rates(1e9, 1.0)
        yield opened


@pytest.fixture
def system(client: Client, service: Service) -> SystemClient:
    return SystemClient(client, now=service.now())


@pytest.fixture
def send(client: Client, service: Service) -> Callable[..., Any]:
    """Somebody who is logged in as a therapist sends a form."""
    cookie = begin_visit(service, service.accounts.make("maja", "Maja Bergström", "therapist"))

    def post(path: str, **form: str) -> Any:
        show_cookie(client, cookie)
        return client.post(path, data={**form, "_csrf_token": form_token(client)}, follow_redirects=False)

    show_cookie(client, cookie)
    return post


def ada(service: Service) -> str:
    return service.patients.id_of("p-ada")


def form_of(page: str) -> dict[str, str]:
    """The form of the first order on a page, as a browser fills it in."""
    form = page.split("/take")[1].split("</form>")[0]
    found = re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', form)
    return {name: value for name, value in found if name != "_csrf_token"}


# What comes in


def test_an_order_is_a_draft_that_its_sender_reads_back(
    system: SystemClient, service: Service, fhir_server: FhirServer
) -> None:
    said = system.order(an_order(note=[{"text": "not above the shoulder"}]))
    assert (said.status_code, said.headers["content-type"]) == (201, "application/fhir+json")
    there = system.get(said.headers["location"])
    assert there.json() == said.json()
    assert there.json()["status"] == "draft"
    assert there.json()["identifier"][1] == {"system": "urn:example:orders", "value": "7"}
    assert not any(fhir_server.issues(said.json()).values())
    (found,) = system.all(
        f"ServiceRequest?patient={service.links.naming.patient(ada(service))}&code=games.fruit_ladder"
    )
    assert found == said.json()
    with pytest.raises(NothingPrescribed):
        service.prescriptions.current("p-ada")


def test_the_same_order_is_taken_once_however_often_it_comes(system: SystemClient, service: Service) -> None:
    said = [system.order(an_order()) for _ in range(3)]
    said += [system.order(an_order(), If_None_Exist="identifier=urn:example:orders|7") for _ in range(2)]
    said.append(system.order(an_order(), If_None_Exist="ServiceRequest?identifier=urn%3Aexample%3Aorders%7C7"))
    assert [each.status_code for each in said] == [201, 200, 200, 200, 200, 200]
    assert len({each.headers["location"] for each in said}) == 1
    assert len(service.drafts.waiting()) == 1
    assert system.order(an_order(number="8")).status_code == 201
    refused = system.order(an_order(), If_None_Exist="patient=1")
    assert (refused.status_code, refused.json()["issue"][0]["code"]) == (400, "not-supported")


def test_another_systems_order_of_the_same_number_is_another_one(
    system: SystemClient, client: Client, service: Service
) -> None:
    share(service, "p-ada", INSURER.client_id, name="Ada Byron", identifier=f"{MRN}|4711")
    mine = system.order(an_order()).headers["location"]
    insurer = SystemClient(client, INSURER, now=service.now())
    theirs = insurer.order(an_order()).headers["location"]
    assert mine != theirs
    assert system.get(theirs).status_code == insurer.get(mine).status_code == 404


def test_an_order_is_for_a_patient_whom_the_system_may_know_of(system: SystemClient, service: Service) -> None:
    naming = service.links.naming
    nora = service.patients.id_of("p-nora")
    for subject in (f"Patient/{naming.patient(ada(service))}", f"{IDS}|{naming.patient(ada(service))}"):
        assert system.order(an_order(subject, number=subject)).status_code == 201, subject
    said = {
        (answer.status_code, answer.content)
        for subject in (
            f"{MRN}|4712", f"{MRN}|9999", "urn:other|4711", "|4711", "|p-ada", f"{MRN}|%",
            f"Patient/{naming.patient(nora)}", f"{IDS}|{naming.patient(nora)}", "Patient/1",
            f"Patient/{ada(service)}",
        )
        for answer in [system.order(an_order(subject, number=subject))]
    }  # fmt: skip
    ((status, content),) = said
    assert (status, json.loads(content)["issue"][0]["code"]) == (422, "not-found")


def test_an_identifier_is_of_one_patient_alone_also_where_the_other_shares_nothing(service: Service) -> None:
    with pytest.raises(ValueError, match="is of p-ada"):
        service.patients.add(Person(pseudonym="p-twin", identifier=f"{MRN}|4711"))
    assert service.patients.person(service.patients.id_of("p-twin")).identifier == ""
    service.patients.write(ada(service), Person(pseudonym="p-ada", name="Ada B.", identifier=f"{MRN}|4711"))


def test_after_the_consent_ended_nothing_comes_in_and_nothing_is_read_back(
    system: SystemClient, service: Service
) -> None:
    there = system.order(an_order()).headers["location"]
    end_sharing(service, ada(service))
    assert system.get(there).status_code == 404
    assert system.order(an_order(number="9")).status_code == 422
    assert system.order(an_order(), If_None_Exist="identifier=urn:example:orders|7").status_code == 422


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "structure"),
        (b"<ServiceRequest/>", 400, "structure"),
        (b"\xff\xfe", 400, "structure"),
        (b"[" * 200_000, 400, "structure"),
        (b'{"resourceType":' * 10_000, 400, "structure"),
        (b'{"resourceType":"ServiceRequest","subject":{},"extension":' + b"[" * 200_000, 400, "structure"),
        (b'{"modifierExtension":[' + b'{"extension":[' * 15_000, 400, "structure"),
        (b" " * (LARGEST_BYTES + 1), 413, "too-long"),
        (an_order(resourceType="Patient"), 422, "not-supported"),
        (an_order(status="completed"), 422, "business-rule"),
        (an_order(status="so-so"), 422, "business-rule"),
        (an_order(doNotPerform=True), 422, "not-supported"),
        (an_order(modifierExtension=[{"url": "x"}]), 422, "extension"),
        (an_order(identifier=None), 422, "required"),
        (an_order(subject={"display": "Ada"}), 422, "required"),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_what_is_no_order_is_refused_with_the_reason(
    system: SystemClient, service: Service, content: bytes, status: int, code: str
) -> None:
    said = system.order(content)
    assert (said.status_code, said.json()["issue"][0]["code"]) == (status, code)
    assert not service.drafts.waiting()
    (row, *_) = service.audit.listed()
    assert status == 413 or (row.actor, row.action, row.patient_id) == (
        "system hospital.example", "be refused an order", "",
    )  # fmt: skip


LEAF = st.none() | st.booleans() | st.integers(-(2**40), 2**60) | st.floats(allow_nan=False) | st.text(max_size=20)
VALUES = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(json.loads(an_order()))), value=VALUES)
def test_whatever_an_order_says_it_is_never_the_server_that_fails(
    system: SystemClient, name: str, value: object
) -> None:
    said = system.order(json.dumps({**json.loads(an_order()), name: value}).encode())
    assert said.status_code in (200, 201, 400, 409, 422), said.text


def test_what_was_ordered_is_answered_as_it_was_said(system: SystemClient, fhir_server: FhirServer) -> None:
    told: dict[str, Any] = {
        "intent": "plan", "priority": "urgent", "authoredOn": "2026-11-20",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "229065009"}], "text": "Exercises"},
        "occurrenceTiming": {
            "repeat": {"boundsPeriod": {"start": "2026-12-01"}, "count": 12, "frequency": 3, "period": 1,
                       "periodUnit": "wk"}
        },
        "reasonCode": [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "M75.0"}], "text": "stiff"}],
        "requester": {"reference": "Practitioner/12", "display": "Dr Okafor"},
        "bodySite": [{"text": "left shoulder"}], "asNeededBoolean": True,
        "note": [{"authorString": "Dr Berg", "text": "slowly"}], "patientInstruction": "stop when it hurts",
    }  # fmt: skip
    said = system.order(an_order(**told)).json()
    assert {name: said[name] for name in told} == told
    assert not any(fhir_server.issues(said).values())
    assert system.get(f"/fhir/ServiceRequest/{said['id']}").json() == said


def test_a_known_order_that_is_read_by_sending_it_again_is_in_the_audit(system: SystemClient, service: Service) -> None:
    there = system.order(an_order()).headers["location"].partition("/fhir/")[2]
    for more in ({}, {"If_None_Exist": "identifier=urn:example:orders|7"}):
        system.order(an_order(), **more)
        (row, *_) = service.audit.listed()
        assert (row.actor, row.action, row.patient_id, row.thing) == (
            "system hospital.example", "read over FHIR", ada(service), there,
        )  # fmt: skip


def test_an_order_may_name_the_patient_by_our_own_address(system: SystemClient, service: Service) -> None:
    named = f"Patient/{service.links.naming.patient(ada(service))}"
    assert system.order(an_order(subject={"reference": f"http://127.0.0.1/fhir/{named}"})).status_code == 201
    elsewhere = {"reference": f"https://elsewhere.example/fhir/{named}"}
    assert system.order(an_order(number="8", subject=elsewhere)).status_code == 422


@pytest.mark.parametrize("other", ["4713", "9999"], ids=["another patient's", "nobody's"])
def test_an_order_whose_reference_and_identifier_mean_two_is_refused(
    system: SystemClient, service: Service, other: str
) -> None:
    share(service, "p-leo", identifier=f"{MRN}|4713")
    named = f"Patient/{service.links.naming.patient(ada(service))}"
    for value, status in ((other, 422), ("4711", 201)):
        subject = {"reference": named, "identifier": {"system": MRN, "value": value}}
        assert system.order(an_order(subject=subject)).status_code == status


# What its sender changes


def test_an_order_that_is_changed_waits_as_it_is_now_and_nobody_takes_up_what_it_was(
    system: SystemClient, service: Service, client: Client, send: Callable[..., Any]
) -> None:
    there = system.order(an_order()).headers["location"]
    (before,) = service.drafts.waiting()
    form = form_of(client.get("/drafts").text)
    said = system.order(an_order(patientInstruction="only the left arm"))
    assert (said.status_code, said.headers["location"]) == (200, there)
    assert system.get(there).json()["patientInstruction"] == "only the left arm"
    (now,) = service.drafts.waiting()
    assert (now.id, now.name, now.number) == (before.id, f"{before.id}.2", 2)
    page = client.get("/drafts").text
    assert "this is version 2" in page
    assert "new: only the left arm" in page
    for decide in ("take", "decline"):
        refused = send(f"/drafts/{before.name}/{decide}", **form)
        assert (refused.status_code, "not what you saw" in refused.text) == (409, True)
    assert send(f"/drafts/{now.name}/take", **form_of(page)).status_code == 303
    assert system.get(there).json()["status"] == "active"


@pytest.mark.parametrize("status", ["revoked", "entered-in-error", "completed", "on-hold"])
def test_an_order_that_its_sender_ends_waits_no_more_and_a_therapist_is_told(
    system: SystemClient, service: Service, client: Client, send: Callable[..., Any], status: str
) -> None:
    there = system.order(an_order()).headers["location"]
    said = system.order(an_order(status=status))
    assert (said.status_code, said.json()["status"]) == (200, status)
    assert not service.drafts.waiting()
    (draft,) = service.drafts.news()
    page = client.get("/drafts").text
    assert "nobody took it up" in page
    assert f"new: status: {status}" in page
    assert "/take" not in page
    assert send(f"/drafts/{draft.name}/take", games="fruit_ladder").status_code == 409
    assert send(f"/drafts/{draft.name}/seen").status_code == 303
    assert "No order waits" in client.get("/drafts").text
    assert system.get(there).json()["status"] == status
    assert [each.action for each in service.audit.listed() if each.thing == draft.id][::-1] == [
        "order a programme", "end an order", *["read an order"] * 2, "see the change of an order",
    ]  # fmt: skip
    assert system.order(an_order()).json()["status"] == "draft"
    assert [each.number for each in service.drafts.waiting()] == [3]


@pytest.mark.parametrize("change", [{"status": "revoked"}, {"patientInstruction": "never lift"}], ids=["end", "change"])
def test_a_change_of_what_was_taken_up_is_shown_and_changes_no_programme(
    system: SystemClient, service: Service, client: Client, send: Callable[..., Any], change: dict[str, str]
) -> None:
    there = system.order(an_order()).headers["location"]
    (draft,) = service.drafts.waiting()
    send(f"/drafts/{draft.id}/take", **form_of(client.get("/drafts").text))
    before = service.prescriptions.current("p-ada")
    assert system.order(an_order(**change)).status_code == 200
    page = client.get("/drafts").text
    assert "after it was taken up" in page
    assert "What is prescribed has not changed" in page
    assert any(f"new: {line}" in page for line in ("status: revoked", "never lift"))
    assert service.prescriptions.current("p-ada") == before
    assert system.get(there).json()["status"] == change.get("status", "active")
    assert send(f"/drafts/{draft.id}/seen").status_code == 409  # of a version before
    assert send(f"/drafts/{draft.id}.2/seen").status_code == 303
    assert send(f"/drafts/{draft.id}.2/seen").status_code == 409
    assert not service.drafts.news()


def test_an_order_that_was_turned_down_waits_again_when_it_is_another_one(
    system: SystemClient, service: Service
) -> None:
    system.order(an_order())
    service.drafts.decline(service.drafts.waiting()[0].name)
    assert system.order(an_order(status="revoked")).json()["status"] == "revoked"
    assert not service.drafts.news()
    assert system.order(an_order(patientInstruction="seated")).json()["status"] == "draft"
    assert len(service.drafts.waiting()) == 1


@pytest.mark.parametrize("by", ["identifier", "reference", "address"])
def test_an_order_ends_those_that_it_replaces(system: SystemClient, service: Service, by: str) -> None:
    there = [system.order(an_order(number=number)).headers["location"] for number in "12"]
    first, second = service.drafts.waiting()
    service.drafts.take(second.name, practice_of(second.asked), "Dr Okafor", "")
    named: list[dict[str, Any]] = [
        {"identifier": {"system": "urn:example:orders", "value": number}} if by == "identifier"
        else {"reference": place if by == "address" else place.partition("/fhir/")[2]}
        for number, place in zip("12", there, strict=True)
    ]  # fmt: skip
    for _ in range(2):
        assert system.order(an_order(number="3", replaces=named)).status_code in (200, 201)
    assert sorted(each.state for each in service.drafts.news()) == ["changed", "withdrawn"]
    assert all("another order" in each.changes[0] for each in service.drafts.news())
    assert [each.asked.order for each in service.drafts.waiting()] == ["urn:example:orders|3"]
    assert [system.get(place).json()["status"] for place in there] == ["revoked", "revoked"]
    assert len(service.prescriptions.current("p-ada").prescription.programme) == 1
    assert first.id not in {each.id for each in service.drafts.waiting()}


def test_an_order_that_comes_after_the_one_that_replaces_it_waits_no_more(
    system: SystemClient, service: Service
) -> None:
    replaced = [{"identifier": {"system": "urn:example:orders", "value": number}} for number in "79"]
    system.order(an_order(number="8", replaces=replaced))
    said = system.order(an_order())
    assert (said.status_code, said.json()["status"]) == (201, "revoked")
    assert [each.asked.order for each in service.drafts.waiting()] == ["urn:example:orders|8"]
    assert "another order" in service.drafts.news()[0].changes[0]
    system.order(an_order(number="8", replaces=replaced, status="revoked"))
    for number in "79":  # one that its sender asks for again, and one that comes when nothing stands for it any more
        assert system.order(an_order(number=number, patientInstruction="seated")).json()["status"] == "draft"
    assert "another order" not in str([each.changes for each in service.drafts.waiting()])


def test_an_older_version_that_comes_late_changes_nothing(system: SystemClient, service: Service) -> None:
    first, later = ({"lastUpdated": f"2026-11-20T{at}"} for at in ("12:00:00.5+02:00", "11:00:00Z"))
    system.order(an_order(meta=first))
    system.order(an_order(meta=later, status="revoked"))
    assert system.order(an_order(meta=first)).json()["status"] == "revoked"
    assert not service.drafts.waiting()
    for meta in ({}, {"lastUpdated": "soon"}, {"lastUpdated": "2026-11-20"}):  # not said, or no instant
        assert system.order(an_order(meta=meta, patientInstruction=f"{meta}")).json()["status"] == "draft"


def test_what_its_sender_reads_here_and_sends_back_is_the_same_order(system: SystemClient, service: Service) -> None:
    said = system.order(an_order()).json()
    for status in ("active", "revoked"):
        answer = system.order(json.dumps(said | {"status": status}).encode())
        assert (answer.status_code, answer.json()["id"]) == (200, said["id"])
        assert len(service.drafts.waiting()) == (status == "active")


def test_an_order_for_somebody_else_under_the_same_identifier_is_refused(
    system: SystemClient, service: Service
) -> None:
    share(service, "p-leo", identifier=f"{MRN}|4713")
    system.order(an_order())
    refused = system.order(an_order(f"{MRN}|4713"))
    assert (refused.status_code, refused.json()["issue"][0]["code"]) == (409, "duplicate")


def test_an_order_that_changes_without_an_end_is_refused_at_last(system: SystemClient, service: Service) -> None:
    for number in range(MOST_VERSIONS):
        assert system.order(an_order(patientInstruction=f"{number}")).status_code in (200, 201)
    assert system.order(an_order(patientInstruction="more")).status_code == 422
    assert service.drafts.waiting()[0].number == MOST_VERSIONS
    assert system.order(an_order(status="revoked")).json()["status"] == "revoked"
    assert not service.drafts.waiting()
    for more in ({}, {"status": "on-hold"}):
        assert system.order(an_order(**more)).status_code == 422


@pytest.mark.parametrize("by", ["its sender", "another therapist", "a fault"])
def test_an_order_and_what_is_prescribed_of_it_are_written_together_or_not_at_all(
    system: SystemClient, service: Service, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    system.order(an_order())
    (draft,) = service.drafts.waiting()
    save = service.prescriptions.save

    def slowly(*given: Any) -> Any:
        if by == "its sender":
            system.order(an_order(patientInstruction="seated"))
        else:
            service.drafts.decline(draft.name)
        return save(*given)

    if by == "a fault":
        monkeypatch.setattr(service.patients, "seal", failing_at(service.patients.seal, f"draft {draft.id}"))
    else:
        monkeypatch.setattr(service.prescriptions, "save", slowly)
    with pytest.raises((NotTaken, OSError), match=r"at this moment|no space"):
        service.drafts.take(draft.name, practice_of(draft.asked), "Dr Okafor", "")
    with pytest.raises(NothingPrescribed):
        service.prescriptions.current("p-ada")
    assert len(service.drafts.waiting()) == (by != "another therapist")


def failing_at(seal: Callable[[str, bytes, str], bytes], bound: str) -> Callable[[str, bytes, str], bytes]:
    """`seal`, but for what is bound so."""

    def sealed(patient_id: str, content: bytes, bound_to: str) -> bytes:
        if bound_to == bound:
            raise OSError("no space")
        return seal(patient_id, content, bound_to)

    return sealed


def test_what_is_prescribed_says_which_order_it_came_from_and_the_order_how_it_stands(
    system: SystemClient, service: Service, clock: Clock
) -> None:
    there = system.order(an_order()).headers["location"]
    own = a_draft()
    service.prescriptions.save("p-ada", own, "Dr Okafor")
    (draft,) = service.drafts.waiting()
    written = service.drafts.take(
        draft.name,
        practice_of(draft.asked, games=["owl_watch"]),
        "Dr Okafor",
        service.prescriptions.current("p-ada").sha256,
    )

    def based() -> list[str]:
        patient = service.links.naming.patient(ada(service))
        found = system.all(f"ServiceRequest?patient={patient}")
        return [
            one["orderDetail"][0]["coding"][0]["code"]
            for one in found
            if one["status"] == "active" and one.get("basedOn") == [
                {"type": "ServiceRequest", "identifier": {"system": "urn:example:orders", "value": "7"}}
            ]
        ]  # fmt: skip

    assert based() == ["games.owl_watch"]
    assert b'"basedOn":[{"identifier":{"system":"urn:example:orders"' in FhirRecords(service).exported(ada(service))
    fewer = msgspec.structs.replace(own, valid_until="2026-12-31", programme=written.prescription.programme[-1:])
    last = service.prescriptions.save("p-ada", fewer, "Dr Okafor", written.sha256)
    assert system.get(there).json()["status"] == "active"
    clock.now = datetime(2027, 1, 2, tzinfo=UTC)
    later = SystemClient(system.client, now=clock.now)
    assert later.get(there).json()["status"] == "completed"
    service.prescriptions.save("p-ada", own, "Dr Okafor", last.sha256)
    assert later.get(there).json()["status"] == "revoked"


# What comes of it


def test_a_therapist_sees_all_of_it_as_text_and_prescribes_it(
    system: SystemClient, service: Service, client: Client, send: Callable[..., Any]
) -> None:
    before = service.prescriptions.save("p-ada", a_draft(), "Dr Okafor")
    there = system.order(an_order(note=[{"text": SCRIPT}], requester={"display": SCRIPT})).headers["location"]
    page = client.get("/drafts").text
    assert SCRIPT not in page
    assert page.count("&lt;script&gt;") == 2
    assert "Ada Byron" in page
    form = form_of(page)
    assert form == {
        "if_match": before.sha256,
        "games": "fruit_ladder",
        "days": "mon",
        "minutes": "15",
        "times_a_day": "2",
    }
    (draft,) = service.drafts.waiting()
    assert send(f"/drafts/{draft.id}/take", **form).headers["location"] == "/drafts"
    now = service.prescriptions.current("p-ada").prescription
    assert (now.version, now.author) == (2, "Maja Bergström")
    assert now.programme[:-1] == before.prescription.programme
    added = now.programme[-1]
    assert (added.games, added.days, added.minutes, added.times_a_day) == (("fruit_ladder",), ("mon",), 15.0, 2)
    assert now.precautions == before.prescription.precautions
    assert "No order waits" in client.get("/drafts").text
    assert system.get(there).json()["status"] == "active"
    said = send(f"/drafts/{draft.id}/take", **form)
    assert (said.status_code, "is taken already" in said.text) == (409, True)
    assert service.prescriptions.current("p-ada").prescription.version == 2


def test_what_a_therapist_takes_out_of_an_order_is_not_prescribed(
    system: SystemClient, service: Service, client: Client, send: Callable[..., Any]
) -> None:
    system.order(an_order())
    form = form_of(client.get("/drafts").text) | {"minutes": "", "days": "", "times_a_day": ""}
    assert send(f"/drafts/{service.drafts.waiting()[0].id}/take", **form).status_code == 303
    (practice,) = service.prescriptions.current("p-ada").prescription.programme
    assert practice == Practice(games=("fruit_ladder",))


def test_the_first_prescription_of_somebody_may_be_an_order(
    system: SystemClient, service: Service, client: Client, send: Callable[..., Any]
) -> None:
    system.order(an_order())
    form = form_of(client.get("/drafts").text)
    assert form["if_match"] == ""
    (draft,) = service.drafts.waiting()
    send(f"/drafts/{draft.id}/take", **form)
    assert service.prescriptions.current("p-ada").prescription.version == 1


def test_who_did_not_see_what_holds_now_is_told_and_the_order_waits(
    system: SystemClient, service: Service, client: Client, send: Callable[..., Any]
) -> None:
    system.order(an_order())
    form = form_of(client.get("/drafts").text)
    service.prescriptions.save("p-ada", a_draft(), "Dr Okafor")
    (draft,) = service.drafts.waiting()
    said = send(f"/drafts/{draft.id}/take", **form)
    assert (said.status_code, "not what you saw" in said.text) == (409, True)
    assert service.drafts.one(draft.id).state == "waiting"
    assert send(f"/drafts/{draft.id}/take", **form_of(said.text)).status_code == 303


def test_an_order_without_a_game_that_is_known_waits_for_the_therapists_own_choice(
    system: SystemClient, service: Service, client: Client, send: Callable[..., Any]
) -> None:
    system.order(an_order(code={"text": "Balance training"}, occurrenceTiming=None))
    (draft,) = service.drafts.waiting()
    form = form_of(client.get("/drafts").text)
    assert (form["games"], form["minutes"]) == ("", "")
    for wrong in ({"games": ""}, {"minutes": "long"}, {"minutes": "600"}, {"days": "x"}, {"times_a_day": "x"}):
        refused = send(f"/drafts/{draft.id}/take", **(form | {"games": "fruit_ladder"} | wrong))
        assert refused.status_code == 422, wrong
    assert send(f"/drafts/{draft.id}/take", **(form | {"games": "harbour_lean", "minutes": "10"})).status_code == 303
    (added,) = service.prescriptions.current("p-ada").prescription.programme
    assert (added.games, added.minutes, added.times_a_day) == (("harbour_lean",), 10.0, 1)


def test_what_is_turned_down_is_over_and_its_sender_reads_that(
    system: SystemClient, service: Service, send: Callable[..., Any]
) -> None:
    there = system.order(an_order()).headers["location"]
    (draft,) = service.drafts.waiting()
    assert send(f"/drafts/{draft.id}/decline").status_code == 303
    assert system.get(there).json()["status"] == "revoked"
    assert send(f"/drafts/{draft.id}/decline").status_code == 409
    assert send("/drafts/none/decline").status_code == 404
    assert system.order(an_order()).json()["status"] == "revoked"
    with pytest.raises(NothingPrescribed):
        service.prescriptions.current("p-ada")


def test_every_step_is_in_the_audit(
    system: SystemClient, service: Service, client: Client, send: Callable[..., Any]
) -> None:
    system.order(an_order())
    (draft,) = service.drafts.waiting()
    send(f"/drafts/{draft.id}/take", **form_of(client.get("/drafts").text))
    rows = [(each.actor, each.action) for each in service.audit.listed() if each.thing == draft.id][::-1]
    assert rows == [
        ("system hospital.example", "order a programme"),
        ("account 1", "read an order"),
        ("account 1", "take an order up"),
    ]


def test_of_the_audit_no_other_system_reads_what_became_of_an_order(
    system: SystemClient, client: Client, service: Service
) -> None:
    share(service, "p-ada", INSURER.client_id, name="Ada Byron", identifier=f"{MRN}|4711")
    system.order(an_order())
    service.drafts.decline(service.drafts.waiting()[0].name, "account-1")
    for each, sees in ((system, True), (SystemClient(client, INSURER, now=service.now()), False)):
        said = each.all(f"AuditEvent?patient={service.links.naming.patient(ada(service))}")
        assert any(one["subtype"][0]["code"] == "turn-an-order-down" for one in said) == sees


def test_what_was_ordered_is_sealed_and_goes_with_the_person(system: SystemClient, service: Service) -> None:
    system.order(an_order(note=[{"text": "canary of the order"}], number="canary-number"))
    content = (service.folder / "clinic.db").read_bytes() + (service.folder / "clinic.db-wal").read_bytes()
    for word in (b"canary of the order", b"canary-number", b"Okafor"):
        assert word not in content
    done = service.erasing.erase("command", "p-ada")
    assert any("hospital.example" in each for each in done.stays)
    assert not service.drafts.waiting()
    assert system.order(an_order()).status_code == 422


def test_the_command_lists_prescribes_and_turns_down(system: SystemClient, service: Service) -> None:
    def entered(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(steadyreach.app, ["drafts", "--folder", str(service.folder), *words])
        return done.exit_code, done.stdout + done.stderr

    assert entered() == (0, "No order waits.\n")
    for number in ("1", "2"):
        system.order(an_order(number=number))
    first, second = json.loads(entered("--json")[1])
    assert (first["patient"], first["if_match"], first["tasks"]) == ("p-ada", "", ["fruit_ladder"])
    code, said = entered("--take", first["id"], "--by", "Dr Okafor", "--game", "owl_watch", "--json")
    assert (code, json.loads(said)["prescription"]["programme"][0]["games"]) == (0, ["owl_watch"])
    code, said = entered("--take", second["id"], "--by", "Dr Okafor")
    assert (code, "not what you saw" in said) == (1, True)
    assert service.prescriptions.current("p-ada").sha256 in entered()[1]
    assert entered("--decline", second["id"])[0] == 0
    assert entered("--decline", second["id"])[0] == 1
    assert "--by says who prescribes" in entered("--take", second["id"])[1]
    assert entered("--take", "none", "--by", "Dr Okafor")[0] == 1
    assert entered("--take", "a", "--decline", "b")[0] == 1
    system.order(an_order(number="3"))
    for number in (first["order"].rpartition("|")[2], "3"):
        system.order(an_order(number=number, status="revoked"))
    code, said = entered()
    assert (code, "was ended" in said, "was taken up, and its sender changed or ended it" in said) == (0, True, True)
    listed = json.loads(entered("--json")[1])
    assert sorted((each["state"], each["changes"]) for each in listed) == [
        ("changed", ["new: status: revoked"]),
        ("withdrawn", ["new: status: revoked"]),
    ]
    for each in listed:
        assert entered("--take", each["id"])[0] == 1
        assert entered("--seen", each["id"].partition(".")[0])[0] == 1
        assert entered("--seen", each["id"])[0] == 0
    assert entered() == (0, "No order waits.\n")
