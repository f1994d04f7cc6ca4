"""The facade: another system reads what it may of who agreed, as valid FHIR, and nothing else of anybody."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import Any, NamedTuple

import pytest
from fhir_fixtures import FhirServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from other_systems import BASE, HOSPITAL, MRN, SystemClient, deliver, end_sharing, let_in, share
from prescribed import a_draft
from routes import Client, a_web
from server_fixtures import Clock, SignedDevice, a_service

from engine.prescription import Message, Practice, draft_for
from engine.records import Prescribed
from server_sync.clinic.audit import Which
from server_sync.clinic.consents import MOTION, SELF, Given, kind_of
from server_sync.clinic.fhir_pages import MOST_CHUNKS
from server_sync.clinic.minutes import Contact
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service
from server_sync.fhir.naming import IDS
from server_sync.fhir.pushing import references
from server_sync.fhir.scopes import OFFERED
from server_sync.fhir.search import SEARCHES
from server_sync.fhir.visits import of_session
from server_sync.web import app
from server_sync.web.rates import Rates

INSURER = HOSPITAL._replace(client_id="insurer.example")
NOT_WORN = ("simulated", "desk", "replay")
OF_PATIENTS = sorted(SEARCHES.keys() - {"Patient", "Questionnaire"})
COUNTS = {
    "CarePlan": 2, "Communication": 2, "Consent": 2, "Device": 2, "DiagnosticReport": 3, "DocumentReference": 3,
    "Encounter": 0, "Goal": 1, "Procedure": 3, "Provenance": 3, "QuestionnaireResponse": 3, "ServiceRequest": 2,
}  # fmt: skip


class World(NamedTuple):
    """A clinic: Ada shares with the hospital, Nora with the insurer and Sven with nobody; and another with an Ada."""

    service: Service
    client: Client
    clock: Clock
    system: SystemClient
    ada: str
    nora: str
    sven: str
    other: Service

    def id(self, patient_id: str) -> str:
        """What a patient's resource is called."""
        return self.service.links.naming.patient(patient_id)

    def ids(self, patient_id: str, service: Service | None = None) -> dict[str, str]:
        """One id of each type, whoever may see it, and of a clinic that may be another one."""
        at = service or self.service
        made = app.fhir_routes.FhirRecords(at).whole(patient_id, HOSPITAL.client_id)
        return {type(one).__name__: str(one.id) for one in made}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, clock = tmp_path_factory.mktemp("clinics"), Clock()
    with ExitStack() as opened:
        service, other = (opened.enter_context(a_service(folder / name, now=clock)) for name in ("this", "other"))
        client, elsewhere = (opened.enter_context(a_web(each)) for each in (service, other))
        client.app.state.rates["systems"] = Rates(1e9, 1.0)
        let_in(service)
        let_in(service, INSURER)
        ada = share(service, "p-ada", name="Ada Byron", identifier=f"{MRN}|4711", about="frozen shoulder")
        nora = share(service, "p-nora", INSURER.client_id, name="Nora Lind")
        sven = service.patients.add(Person(pseudonym="p-sven", name="Sven Falk", born="1990"))
        share(other, "p-ada", name="Ada Byron", identifier=f"{MRN}|4711")
        for at, web in ((service, client), (other, elsewhere)):
            device = SignedDevice(web).enrol(at)
            for pseudonym in ("p-ada", "p-nora", "p-sven"):
                record(at, device, pseudonym)
        yield World(service, client, clock, SystemClient(client, now=clock()), ada, nora, sven, other)


def record(service: Service, device: SignedDevice, pseudonym: str) -> None:
    """Two programmes with a message each, a consent to research, and three visits, the first of them by the first."""
    service.patients.add(Person(pseudonym=pseudonym))
    first = service.prescriptions.save(pseudonym, a_draft(messages=(Message(text="Well done!"),)), "Dr Okafor")
    told = service.prescriptions.tell(pseudonym, Message(text="See you on Thursday."), "Dr Okafor")
    more = replace(
        draft_for(pseudonym, told.prescription), programme=(*a_draft().programme, Practice(games=("owl_watch",)))
    )
    service.prescriptions.save(pseudonym, more, "Dr Okafor", told.sha256)
    used = Prescribed(pseudonym, 1, first.sha256, "", "current")
    deliver(device, pseudonym, [0], prescribed=used)
    deliver(device, pseudonym, [1, 2])
    for seed, headset in enumerate(NOT_WORN, 3):
        deliver(device, pseudonym, [seed], headset=headset, headset_description=f"a {headset}")
    patient_id, person = service.patients.id_of(pseudonym), Person(pseudonym=pseudonym, born="1980")
    if not service.patients.person(patient_id).born:
        service.patients.write(patient_id, person)
    service.consents.give("command", patient_id, MOTION, Given("Ada", SELF, kind_of(MOTION).version))


@pytest.fixture
def valid(fhir_server: FhirServer) -> Callable[[Any], Any]:
    """What an answer says, after three validators looked at it."""

    def look(said: Any) -> Any:
        assert said.headers["content-type"] == "application/fhir+json"
        body = said.json()
        found = fhir_server.issues(body)
        assert not any(found.values()), (found, body)
        return body

    return look


def matches(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one["resource"] for one in body.get("entry", ()) if one["search"]["mode"] == "match"]


def rows(world: World, patient_id: str | None = None) -> list[tuple[str, str, str]]:
    """What the audit says of the hospital, the latest first."""
    which = Which(patient_id=patient_id, actor="system hospital.example")
    return [(each.action, each.patient_id, each.thing) for each in world.service.audit.listed(which)]


# What is there


def test_all_that_is_answered_is_valid(world: World, valid: Callable[[Any], Any]) -> None:
    for kind in sorted(SEARCHES):
        named = "" if kind in ("Patient", "Questionnaire") else f"?patient={world.id(world.ada)}"
        found = matches(valid(world.system.get(f"/fhir/{kind}{named}")))
        assert len(found) == COUNTS.get(kind, len(found)), kind
        for one in found[:2]:
            assert valid(world.system.get(f"/fhir/{kind}/{one['id']}")) == one
    for path in ("metadata", "Patient/no", "Patient?a=b", "Patient?_count=x", "Patient?_after=x.1", "Nothing", "a/b/c"):
        valid(world.system.get(f"/fhir/{path}"))


def test_what_is_read_is_the_record_and_all_that_it_refers_to_is_there(world: World) -> None:
    ada = f"?patient={world.id(world.ada)}"
    of = {kind: world.system.all(f"{kind}{ada}") for kind in OF_PATIENTS if kind != "AuditEvent"}
    made = [*world.system.all("Patient"), *(one for kind in of.values() for one in kind)]
    whole = app.fhir_routes.FhirRecords(world.service).whole(world.ada, HOSPITAL.client_id)
    assert {f"{one['resourceType']}/{one['id']}" for one in made} == {one.path for one in whole}
    assert set().union(*map(references, made)) <= {one.path for one in whole}
    assert sorted(plan["status"] for plan in of["CarePlan"]) == ["active", "revoked"]
    assert sorted(order["status"] for order in of["ServiceRequest"]) == ["active", "active"]
    played_by = [one["basedOn"][0]["reference"] for one in of["Procedure"] if "basedOn" in one]
    assert played_by == [f"CarePlan/{plan['id']}" for plan in of["CarePlan"] if plan["status"] == "revoked"]


def test_what_nobody_played_who_wore_a_headset_is_nowhere(world: World) -> None:
    """Three such visits of Ada were delivered: neither a search nor an id nor her own copy has anything of them."""
    records, naming = app.fhir_routes.FhirRecords(world.service), world.service.links.naming
    sessions = [world.service.archive.session(each) for each in world.service.links.sessions(world.ada)]
    assert sorted(each.headset for each in sessions) == sorted([*NOT_WORN, *["openxr"] * 3])
    own = records.exported(world.ada).decode()
    for session in (each for each in sessions if each.headset in NOT_WORN):
        made = of_session(naming, session, world.ada)
        assert len(made) > 10
        for one in made:
            kind = type(one).__name__
            shared = kind == "Device" and session.headset not in str(one)  # the software is that of real visits, too
            assert (world.system.get(f"/fhir/{one.path}").status_code == 404) is not shared, one.path
            assert (str(one.id) not in own) is not shared
    for word in NOT_WORN:
        assert word not in own
        assert word not in str(world.system.all(f"Device?patient={world.id(world.ada)}"))


def test_pages_together_are_the_whole_and_nothing_twice(world: World) -> None:
    search = f"Observation?patient={world.id(world.ada)}"
    at_once = world.system.all(f"{search}&_count=200")
    by_few = world.system.all(f"{search}&_count=7")
    assert by_few == at_once
    assert len({one["id"] for one in at_once}) == len(at_once) > 100
    (said,) = (world.system.get(f"/fhir/{search}&_count=7").json(),)
    assert [link["relation"] for link in said["link"]] == ["self", "next"]
    assert said["link"][1]["url"].startswith(f"{BASE}/Observation?patient=")
    assert len(said["entry"]) == 7


def test_ids_that_do_not_fit_on_one_page_go_on_on_the_next(world: World) -> None:
    ada = world.id(world.ada)
    ids = [one["id"] for one in world.system.all(f"Observation?patient={ada}&_count=5")][:5]
    asked = ",".join([*ids[:2], "0" * 36, ids[2], ids[2], *ids[3:]])
    for most in (1, 2, 5):
        assert [one["id"] for one in world.system.all(f"Observation?_id={asked}&_count={most}")] == ids
    first = world.system.get(f"/fhir/Observation?_id={asked}&_count=1").json()
    assert [len(first["entry"]), [link["relation"] for link in first["link"]]] == [1, ["self", "next"]]


def test_who_takes_back_what_they_agreed_to_between_two_pages_takes_nobody_else_along(world: World) -> None:
    """Patients stand in the order of their places: the next page begins at the first who is still there."""
    ids = {world.id(each): each for each in (share(world.service, f"p-paged-{number}") for number in range(4))}
    everybody = [one["id"] for one in world.system.all("Patient?_count=1")]
    assert set(everybody) == {world.id(world.ada), *ids}
    at = next(number for number, each in enumerate(everybody) if number and each in ids)
    first = world.system.get(f"/fhir/Patient?_count={at}").json()
    end_sharing(world.service, ids[everybody[at]])
    (path,) = [link["url"].removeprefix(f"{BASE}/") for link in first["link"] if link["relation"] == "next"]
    assert [one["id"] for one in [*matches(first), *world.system.all(path)]] == [
        each for each in everybody if each != everybody[at]
    ]
    for each in ids.values():
        end_sharing(world.service, each)


def test_the_audit_of_several_patients_is_read_whole_page_by_page(world: World) -> None:
    other = share(world.service, "p-audited")
    whole = [
        {one["id"] for one in world.system.all(f"AuditEvent?patient={world.id(each)}&_count=200")}
        for each in (world.ada, other)
    ]
    paged = [
        one["id"] for one in world.system.all(f"AuditEvent?patient={world.id(world.ada)},{world.id(other)}&_count=3")
    ]
    assert len(paged) == len(set(paged))
    assert whole[0] | whole[1] <= set(paged)
    end_sharing(world.service, other)


def test_of_a_session_that_went_between_two_pages_nothing_else_is_left_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = f"Observation?patient={world.id(world.ada)}"
    whole, links = world.system.all(f"{search}&_count=200"), world.service.links
    page = world.system.get(f"/fhir/{search}&_count=150").json()
    sessions = links.sessions(world.ada)
    at = next(link["url"] for link in page["link"] if link["relation"] == "next").rpartition("_after=")[2]
    (gone,) = [each for each in sessions if links.naming.place(world.ada, each) in at]
    monkeypatch.setattr(links, "sessions", lambda _: [each for each in sessions if each != gone])
    after = {one["id"] for one in world.system.all(f"{search}&_count=150&_after={at}")}
    of_gone = {one["id"] for one in whole if one["id"].startswith(links.naming.place(world.ada, gone))}
    seen = {one["id"] for one in matches(page)}
    assert of_gone
    assert seen | after >= {one["id"] for one in whole} - of_gone


def test_several_patients_of_one_parameter_are_any_and_of_several_parameters_all(world: World) -> None:
    ada, other = world.id(world.ada), share(world.service, "p-second")
    second = world.id(other)
    assert len(world.system.all(f"Consent?patient={ada},{second}")) == len(
        [*world.system.all(f"Consent?patient={ada}"), *world.system.all(f"Consent?patient={second}")]
    )
    assert world.system.all(f"Consent?patient={ada}&patient={second}") == []
    both = world.system.all(f"Consent?patient={ada},{second}&patient={second}")
    assert both == world.system.all(f"Consent?patient={second}") != []
    end_sharing(world.service, other)


def test_a_patient_is_named_by_an_address_of_ours_and_by_nobody_elses(world: World) -> None:
    there = world.system.all(f"Goal?patient={BASE}/Patient/{world.id(world.ada)}")
    assert there == world.system.all(f"Goal?patient={world.id(world.ada)}") != []
    assert world.system.all(f"Goal?patient=https://other.example/Patient/{world.id(world.ada)}") == []


def test_how_many_there_are_is_said_to_who_asks_for_that(world: World, valid: Callable[[Any], Any]) -> None:
    search = f"Observation?patient={world.id(world.ada)}"
    many = len(world.system.all(f"{search}&_count=200"))
    for how in ("_count=0", "_summary=count"):
        said = valid(world.system.get(f"/fhir/{search}&{how}"))
        assert (said["total"], "entry" in said) == (many, False)
        assert [link["url"] for link in said["link"]] == [f"{BASE}/{search}&_summary=count"]
    assert valid(world.system.get(f"/fhir/{search}&_count=0&code=nothing"))["total"] == 0
    ids = ",".join(one["id"] for one in world.system.all(search)[:3])
    assert valid(world.system.get(f"/fhir/Observation?_id={ids}&_count=0"))["total"] == 3
    assert valid(world.system.get("/fhir/Patient?_summary=count"))["total"] == 1


def test_what_would_be_too_much_to_count_is_refused(
    world: World, valid: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server_sync.clinic.fhir_pages.MOST_COUNTED", 2)
    said = world.system.get(f"/fhir/Procedure?patient={world.id(world.ada)}&_count=0")
    assert (said.status_code, valid(said)["issue"][0]["code"]) == (400, "too-costly")


def test_what_says_when_it_changed_last_is_found_by_that(world: World, valid: Callable[[Any], Any]) -> None:
    """A session's resources change when it arrives, and when somebody notes that they were there or takes that back."""
    kept = world.service
    patient_id = share(kept, "p-changed")
    device = SignedDevice(world.client).enrol(kept)
    began = "2026-11-20T08:00:00+00:00"
    deliver(device, "p-changed", [6, 7], started_at=began)
    arrived = world.clock()

    def since(moment: datetime, kind: str = "Procedure") -> list[str]:
        wanted = f"{kind}?patient={world.id(patient_id)}&_lastUpdated=ge{moment:%Y-%m-%dT%H:%M:%SZ}"
        return [one["id"] for one in world.system.all(wanted)]

    assert len(since(arrived)) == 2
    world.clock.move(minutes=1)
    assert since(world.clock()) == []
    assert len(since(arrived, "Consent")) == 1
    kept.accounts.make("okafor", "O", "therapist")
    call = Contact(datetime.fromisoformat(began), 60.0, "video", True, "okafor")
    noted = kept.contacts.add(patient_id, call, "command")
    assert len(since(world.clock())) == 2, "both sessions began at that moment"
    world.clock.move(minutes=1)
    kept.contacts.add(patient_id, call._replace(seconds=0.0), "command", noted.id)
    assert len(since(world.clock())) == 2
    world.clock.move(minutes=1)
    found = valid(
        world.system.get(f"/fhir/Procedure?patient={world.id(patient_id)}&_lastUpdated=lt2026-11-20T09:02:00Z")
    )
    assert matches(found) == []
    for one in world.system.all(f"AuditEvent?patient={world.id(patient_id)}&_lastUpdated=le2030"):
        assert one["meta"]["lastUpdated"] == one["recorded"]
    made = app.fhir_routes.FhirRecords(kept).whole(patient_id, HOSPITAL.client_id)
    assert not any(one.meta and one.meta.last_updated for one in made), "what is brought has the other server's own"
    end_sharing(kept, patient_id)
    world.clock.move(minutes=-3)


def test_a_head_is_a_get_without_its_content(world: World) -> None:
    for path in ("/fhir/metadata", "/fhir/Patient", f"/fhir/Patient/{world.id(world.ada)}", "/fhir/Patient/1"):
        got, head = (world.client.request(how, path, headers=world.system.headers) for how in ("GET", "HEAD"))
        assert head.status_code == got.status_code
        assert head.headers["content-type"] == got.headers["content-type"] == "application/fhir+json"


def test_a_page_ends_after_so_many_sessions_even_where_it_found_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server_sync.clinic.fhir_pages.MOST_CHUNKS", 2)
    assert MOST_CHUNKS > 2
    search = f"Procedure?patient={world.id(world.ada)}&code=nothing"
    said = world.system.get(f"/fhir/{search}").json()
    assert "entry" not in said
    assert [link["relation"] for link in said["link"]] == ["self", "next"]
    assert world.system.all(search) == []
    assert len(world.system.all(f"Procedure?patient={world.id(world.ada)}")) == 3


def test_it_is_searched_by_code_date_and_identifier(world: World) -> None:
    ada = world.id(world.ada)
    pains = world.system.all(f"Observation?patient={ada}&code=http://loinc.org|72514-3")
    assert pains
    assert {coding["code"] for one in pains for coding in one["code"]["coding"]} >= {"72514-3"}
    assert world.system.all(f"Observation?patient={ada}&date=2026-11-20&category=survey")
    assert not world.system.all(f"Observation?patient={ada}&date=lt2026-11-20")
    (one,) = world.system.all(f"Observation?identifier={IDS}|{pains[0]['id']}")
    assert one == pains[0]
    assert world.system.all(f"Observation?_id={pains[0]['id']},{pains[1]['id']}&patient=Patient/{ada}") == pains[:2]
    assert [found["id"] for found in world.system.all(f"Patient?identifier={MRN}|4711")] == [ada]
    assert [found["id"] for found in world.system.all("Patient?identifier=4711")] == [ada]


def test_a_search_may_be_a_form_so_that_no_address_names_anybody(world: World) -> None:
    form = {"identifier": f"{MRN}|4711"}
    said = world.client.post("/fhir/Patient/_search", data=form, headers=world.system.headers)
    assert [one["id"] for one in matches(said.json())] == [world.id(world.ada)]
    assert "4711" not in str(said.json()["link"]), "nor does a link"
    few = {**form, "_count": "1"}
    said = world.client.post("/fhir/Patient/_search", data=few, headers=world.system.headers).json()
    assert [link["relation"] for link in said["link"]] == ["self"]
    assert "4711" in str(world.system.get(f"/fhir/Patient?identifier={MRN}|4711").json()["link"])
    assert world.client.post("/fhir/Patient/_search", json=form, headers=world.system.headers).status_code == 415


def test_the_capability_statement_says_what_is_true(world: World) -> None:
    said = world.client.get("/fhir/metadata").json()
    served = {each["type"]: each for each in said["rest"][0]["resource"]}
    letters = {"read": "r", "search-type": "s", "create": "c"}
    offered = {(kind, letters[each["code"]]) for kind, one in served.items() for each in one["interaction"]}
    assert offered == OFFERED
    values = {"token": "x|y", "date": "2026", "reference": world.id(world.ada), "uri": "urn:x"}
    for kind, one in served.items():
        known = {each["name"]: values[each["type"]] for each in one["searchParam"]}
        for name, value in known.items():
            more = {"patient": world.id(world.ada)} if "patient" in known else {}
            query = "&".join(f"{key}={each}" for key, each in (more | {name: value}).items())
            assert world.system.get(f"/fhir/{kind}?{query}", Prefer="handling=strict").status_code == 200, (kind, name)
    configuration = world.client.get("/fhir/.well-known/smart-configuration").json()
    assert configuration["token_endpoint"] == f"{BASE}/token"


def test_what_is_not_known_is_left_out_with_a_note_or_refused(world: World, valid: Callable[[Any], Any]) -> None:
    path = f"/fhir/Goal?patient={world.id(world.ada)}&_sort=start-date&lifecycle-status=active"
    said = valid(world.system.get(path))
    assert len(matches(said)) == 1
    (note,) = (one["resource"] for one in said["entry"] if one["search"]["mode"] == "outcome")
    assert "_sort, lifecycle-status" in note["issue"][0]["diagnostics"]
    strict = world.system.get(path, Prefer="handling=strict")
    assert (strict.status_code, valid(strict)["issue"][0]["code"]) == (400, "not-supported")


def test_a_name_is_there_only_where_the_clinic_links_it(world: World) -> None:
    (ada,) = world.system.all("Patient")
    assert (ada["name"], ada["birthDate"]) == ([{"text": "Ada Byron"}], "1980-02-28")
    assert ada["identifier"][2] == {"system": MRN, "value": "4711"}
    insurer = SystemClient(world.client, INSURER, now=world.clock())
    (nora,) = insurer.all("Patient")
    assert not {"name", "birthDate"} & nora.keys()
    assert len(nora["identifier"]) == 2
    assert "shoulder" not in str(ada) + str(nora)


def test_of_consents_it_sees_none_that_is_about_another_system(world: World) -> None:
    kind = "share with somebody.example"
    world.service.consents.give("command", world.ada, kind, Given("Ada", SELF, kind_of(kind).version))
    said = world.system.all(f"Consent?patient={world.id(world.ada)}")
    assert sorted(one["category"][1]["coding"][-1]["code"] for one in said) == [
        "consents.research_motion",
        "consents.share",
    ]
    assert "somebody" not in str(said)
    told = [one["provision"]["actor"][0]["reference"]["display"] for one in said if "actor" in one["provision"]]
    assert told == ["hospital.example"]


def test_of_the_audit_it_sees_nothing_that_another_system_did_or_got(world: World) -> None:
    kind, audit = "share with another.example", world.service.audit
    world.service.consents.give("command", world.ada, kind, Given("Ada", SELF, kind_of(kind).version))
    for actor, thing in (("command", "another.example"), ("command", "hospital.example"), ("account-1", "s-1")):
        audit.note(actor, "send a record" if actor == "command" else "read a session", world.ada, thing)
    audit.note("system another.example", "read over FHIR", world.ada, "Observation/1")
    said = world.system.all(f"AuditEvent?patient={world.id(world.ada)}&_count=200")
    assert "another.example" not in str(said)
    things = [one["entity"][-1]["what"].get("identifier", {}).get("value") for one in said[:8]]
    assert {"hospital.example", "s-1"} <= set(things)
    assert "share with hospital.example" in str(said)
    (row,) = [each for each in audit.listed(Which(patient_id=world.ada)) if each.actor == "system another.example"]
    hidden = world.service.links.naming.id("audit", world.ada, str(row.number))
    assert world.system.get(f"/fhir/AuditEvent/{hidden}").status_code == 404


def test_the_audit_is_read_by_who_may_and_every_look_is_in_it(world: World) -> None:
    search = f"AuditEvent?patient={world.id(world.ada)}"
    before = world.system.all(f"{search}&_count=200")
    assert {one["resourceType"] for one in before} == {"AuditEvent"}
    more = world.system.all(f"{search}&_count=3")
    assert [one["id"] for one in more[-len(before) :]] == [one["id"] for one in before]
    assert "Ada" not in str(more)
    one = world.system.get(f"/fhir/AuditEvent/{before[0]['id']}")
    assert one.json() == before[0]


# What is not there


def test_of_nobody_who_did_not_agree_there_is_anything(world: World) -> None:
    for patient_id in (world.nora, world.sven):
        for kind, resource_id in world.ids(patient_id).items():
            said, never = (world.system.get(f"/fhir/{kind}/{each}") for each in (resource_id, "0" * 36))
            assert (said.status_code, said.content) == (404, never.content), kind
            for name, value in (("_id", resource_id), ("identifier", f"{IDS}|{resource_id}")):
                assert name not in SEARCHES[kind] or not world.system.all(f"{kind}?{name}={value}"), kind
        for kind in OF_PATIENTS:
            assert not world.system.all(f"{kind}?patient={world.id(patient_id)}"), kind
    assert [one["id"] for one in world.system.all("Patient")] == [world.id(world.ada)]


def test_ids_of_another_clinic_and_internal_ones_lead_nowhere(world: World) -> None:
    theirs = world.ids(world.other.patients.id_of("p-ada"), world.other)
    assert not set(theirs.values()) & set(world.ids(world.ada).values())
    for kind, resource_id in theirs.items():
        assert world.system.get(f"/fhir/{kind}/{resource_id}").status_code == 404
    for each in (world.ada, "p-ada", "p-ada-0", "1", "%", "_", "*", "..", "' OR '1'='1"):
        assert world.system.get(f"/fhir/Observation/{each}").status_code == 404
        assert not world.system.all(f"Observation?patient={each}")
        assert not world.system.all(f"Patient?_id={each}")
        assert each == "p-ada" or not world.system.all(f"Patient?identifier={each}")


def test_a_resource_is_found_under_its_own_type_alone(world: World) -> None:
    ids = world.ids(world.ada)
    assert world.system.get(f"/fhir/Observation/{ids['Procedure']}").status_code == 404
    assert world.system.get(f"/fhir/Patient/{ids['CarePlan']}").status_code == 404


def test_nobody_searches_among_all_patients_at_once(world: World, valid: Callable[[Any], Any]) -> None:
    for kind in OF_PATIENTS:
        said = world.system.get(f"/fhir/{kind}?date=2026")
        assert (said.status_code, valid(said)["issue"][0]["code"]) == (400, "too-costly")


def test_what_was_agreed_to_ends_at_once_and_begins_again(world: World) -> None:
    def there() -> list[int]:
        paths = (f"Patient/{world.id(world.ada)}", f"Observation?patient={world.id(world.ada)}", "Patient")
        said = [world.system.get(f"/fhir/{path}") for path in paths]
        return [said[0].status_code, *(len(matches(each.json())) for each in said[1:])]

    assert there() == [200, 50, 1]
    end_sharing(world.service, world.ada)
    assert there() == [404, 0, 0]
    share(world.service, "p-ada", name="Ada Byron", identifier=f"{MRN}|4711")
    assert there() == [200, 50, 1]


def test_what_was_agreed_to_holds_for_a_year(world: World) -> None:
    world.clock.move(days=364)
    assert SystemClient(world.client, now=world.clock()).all("Patient")
    world.clock.move(days=2)
    assert not SystemClient(world.client, now=world.clock()).all("Patient")
    world.clock.move(days=-366)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("GET", "/fhir", {}, 404, "not-found"),
        ("GET", "/fhir/Patient/1/_history/1", {}, 404, "not-found"),
        ("PUT", "/fhir/Patient/1", {}, 405, "not-supported"),
        ("DELETE", "/fhir/Patient/1", {}, 405, "not-supported"),
        ("POST", "/fhir/metadata", {}, 405, "not-supported"),
        ("GET", "/fhir/token", {}, 405, "not-supported"),
        ("POST", "/fhir/Patient", {}, 403, "forbidden"),
        ("POST", "/fhir/Medication", {}, 404, "not-found"),
        ("GET", "/fhir/Patient", {"Accept": "application/fhir+xml"}, 406, "not-supported"),
        ("GET", "/fhir/Patient?_format=xml", {}, 406, "not-supported"),
        ("GET", "/fhir/Patient/1?_format=application/fhir%2Bxml", {}, 406, "not-supported"),
        ("GET", "/fhir/metadata?_format=xml", {}, 406, "not-supported"),
        ("GET", "/fhir/metadata", {"Accept": "application/fhir+xml"}, 406, "not-supported"),
        ("GET", "/fhir/Patient", {"Authorization": "Bearer x"}, 401, "login"),
        ("GET", "/fhir/Patient", {"Authorization": ""}, 401, "login"),
        ("POST", "/fhir/ServiceRequest", {"Content-Type": "application/xml"}, 415, "not-supported"),
        ("POST", "/fhir/Patient/_search", {"Content-Type": "text/plain"}, 415, "not-supported"),
    ],
)
def test_every_refusal_is_one_that_fhir_knows(
    world: World, valid: Callable[[Any], Any], method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    said = world.client.request(method, path, headers=world.system.headers | headers)
    assert (said.status_code, valid(said)["issue"][0]["code"]) == (status, code)
    assert said.headers["x-content-type-options"] == "nosniff"


def test_formats_that_are_meant_as_json_are_json(world: World) -> None:
    xml = world.system.get("/fhir/Patient?_format=json", Accept="application/fhir+xml")
    assert xml.status_code == 200, "a parameter stands above the header"
    for accept in ("application/fhir+json;charset=utf-8", "application/json", "*/*", "text/html, application/*;q=0.8"):
        assert world.system.get("/fhir/Patient?_format=application/fhir%2Bjson", Accept=accept).status_code == 200


# What is left behind


def test_each_look_is_in_the_audit_of_the_patient_that_it_was_about(world: World) -> None:
    before = len(rows(world))
    ada, reading = world.id(world.ada), "read over FHIR"
    observation = world.system.all(f"Observation?patient={ada}&_count=200")[0]["id"]
    world.system.get(f"/fhir/Observation/{observation}")
    world.system.get(f"/fhir/Observation/{world.ids(world.nora)['Observation']}")
    world.system.get("/fhir/Patient")
    world.system.get(f"/fhir/Goal?patient={ada}&start-date=1999")
    found = rows(world)[: len(rows(world)) - before][::-1]
    assert found == [
        ("search over FHIR", world.ada, "Observation"),
        (reading, world.ada, f"Observation/{observation}"),
        (reading, "", "Observation"),
        ("search over FHIR", world.ada, "Patient"),
        ("search over FHIR", world.ada, "Goal"),
    ]
    assert not rows(world, world.nora)


VALUES = st.sampled_from(["2026", "ge2026-11-20T10:00:00Z", "a|b", "|", ",", "%", "_", "*", "\\", "' OR 1=1 --", "\0"])
NAMES = sorted(
    {name for known in SEARCHES.values() for name in known} | {"_count", "_after", "_format", "_sort", "x:y"}
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from([*sorted(SEARCHES), "Nothing"]),
    given=st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=8), VALUES | st.text(max_size=30)), max_size=5),
    mine=st.booleans(),
    strict=st.booleans(),
)
def test_whatever_is_searched_for_it_is_never_the_server_that_fails(
    world: World, kind: str, given: list[tuple[str, str]], mine: bool, strict: bool
) -> None:
    params = [*given, *([("patient", world.id(world.ada))] if mine else [])]
    headers = world.system.headers | ({"Prefer": "handling=strict"} if strict else {})
    encoded = [
        (name.encode("utf-8", "replace").decode(), value.encode("utf-8", "replace").decode()) for name, value in params
    ]
    said = world.client.get(f"/fhir/{kind}", params=encoded, headers=headers)
    assert said.status_code in (200, 400, 404, 406), said.text
    assert said.json()["resourceType"] in ("Bundle", "OperationOutcome")
    if not mine and said.status_code == 200 and kind not in ("Patient", "Questionnaire"):
        assert not matches(said.json())


def test_an_address_of_nonsense_is_refused(world: World) -> None:
    for query in (b"%ff=%fe", b"a=" + b"x" * 20_000, b"&" * 5000, b"a=1&" * 500, b"_count=%00", b"date=%"):
        said = world.client.get(b"/fhir/Patient?".decode() + query.decode(), headers=world.system.headers)
        assert said.status_code in (200, 400), query


def test_the_same_things_have_the_same_ids_and_bytes_whenever_they_are_read(world: World) -> None:
    path = f"/fhir/Observation?patient={world.id(world.ada)}&_count=200"
    assert world.system.get(path).content == world.system.get(path).content
