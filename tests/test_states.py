"""Pages when there is nothing, when something is damaged, and when something is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from routes import Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import SignedDevice, a_service, a_session, an_item
from sqlalchemy import text, update

from server_sync import wire
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Delivered

LONG = "Wilhelmina-Konstantina Papadopoulou-Featherstonehaugh van der Meulen"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path / "clinic") as opened:
        yield opened


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with a_web(service, raises=False) as opened:
        show_cookie(opened, begin_visit(service, service.accounts.make("maja", "Maja Bergström", "therapist")))
        yield opened


def deliver(service: Service, *sessions: str) -> str:
    """Milo's sessions, as a device brings them; gives his id."""
    device = SignedDevice(None).enrol(service, ["p-milo"])
    items = [an_item(a_session(name), number) for number, name in enumerate(sessions, 1)]
    service.archive.take(device.id, wire.Batch(items=tuple(items)))
    return service.patients.id_of("p-milo")


def test_a_clinic_in_its_first_minutes_is_told_three_steps_each_ticked_when_it_is_done(
    client: Client, service: Service
) -> None:
    def done() -> int:
        page = client.get("/today").text
        assert "hree steps to the first session" in page
        assert page.count('class="card next"') == 1
        return page.count(">: done<")

    assert done() == 0
    service.patients.add(Person(pseudonym="p-milo", name=LONG))
    assert done() == 1
    assert "steadyreach play --patient p-milo" in client.get("/today").text
    SignedDevice(None).enrol(service, ["p-milo"])
    assert done() == 2
    deliver(service, "s-1")
    assert "hree steps" not in client.get("/today").text


def test_the_code_of_the_second_step_is_for_the_one_patient_that_there_is(client: Client, service: Service) -> None:
    service.patients.add(Person(pseudonym="p-milo", name=LONG))
    only = client.get("/today").text.split('name="patient" value="')[1].split('"')[0]
    answer = client.post("/clinic/codes", data={"patient": only, "_csrf_token": form_token(client)})
    assert f"A code for a device of {LONG}" in answer.text


@pytest.mark.parametrize("tab", ["", "/tune", "/plan", "/sessions", "/messages", "/report", "/beside", "/details"])
def test_of_who_has_nothing_yet_every_page_says_so(client: Client, service: Service, tab: str) -> None:
    service.patients.add(Person(pseudonym="p-milo", name=LONG))
    answer = client.get(f"/patients/{service.patients.id_of('p-milo')}{tab}")
    assert answer.status_code == 200
    assert LONG in answer.text


@pytest.mark.parametrize("tab", ["", "/tune", "/plan", "/sessions", "/messages", "/report", "/beside"])
def test_a_damaged_session_leaves_every_page_but_its_own(client: Client, service: Service, tab: str) -> None:
    patient_id = deliver(service, "s-1", "s-2")
    with service.store.writing() as db:
        db.execute(update(Delivered).where(Delivered.id == "s-2").values(content=b"rubbish"))
    assert client.get(f"/patients/{patient_id}{tab}").status_code == 200
    own = client.get("/sessions/s-2")
    assert own.status_code == 500
    assert "The session s-2 is damaged where this server keeps it; all others are as they were." in own.text
    assert client.get("/sessions/s-1").status_code == 200


def test_what_is_refused_is_a_page_of_ours_that_leads_on(client: Client, service: Service) -> None:
    patient_id = deliver(service, "s-1")
    token = form_token(client)
    with service.store.writing() as db:
        db.execute(text("ALTER TABLE letter RENAME TO elsewhere"))
    answers = {
        403: client.get("/audit"),
        404: client.get("/patients/nobody"),
        413: client.post("/account/password", data={"old": "x" * 100_000, "_csrf_token": token}),
        422: client.post(f"/patients/{patient_id}/beside", data={"do": "dance", "_csrf_token": token}),
        503: client.get("/messages"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert "<main" in answer.text
        assert "/static/style.css" in answer.text
    for status in (403, 404, 413, 503):
        assert "To the first page" in answers[status].text
