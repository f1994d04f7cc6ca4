"""Running the clinic from its pages: devices, rules, roles, and what a person may ask for."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from routes import ADDRESS, Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import SignedDevice, a_service, a_session, an_item

from server_sync.clinic import backup_state
from server_sync.clinic.consents import MEASURES, TELEHEALTH
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.roles import ADMIN, AUDITOR, THERAPIST
from server_sync.clinic.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path / "clinic") as service:
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with a_web(service) as client:
        yield client


def as_(client: Client, service: Service, role: str) -> int:
    account_id = service.accounts.make(role, f"A {role}", role)
    show_cookie(client, begin_visit(service, account_id))
    return account_id


def send(client: Client, path: str, **form: str) -> tuple[int, str]:
    answer = client.post(path, data={**form, "_csrf_token": form_token(client)}, follow_redirects=False)
    return answer.status_code, answer.text


def delivered(client: Client, service: Service) -> str:
    """The id of a patient who has played."""
    SignedDevice(client).enrol(service).deliver(an_item(a_session("s-1")))
    service.patients.add(Person(pseudonym="p-milo", name="Milo", born="2017-05"))
    return service.patients.id_of("p-milo")


def test_a_code_for_a_patient_enrols_a_device_for_them_alone(client: Client, service: Service) -> None:
    patient_id = delivered(client, service)
    as_(client, service, THERAPIST)
    status, shown = send(client, "/clinic/codes", patient=patient_id)
    code = shown.split('<p class="code large">')[1].partition("<")[0]
    assert (status, "for a device of Milo" in shown) == (200, True)
    assert f"steadyreach enrol {code} --server {ADDRESS}" in shown
    assert shown.count("<svg") > 3  # the picture beside the signs of the rail
    service.devices.enrol(SignedDevice(client).enrolment(code))
    assert service.devices.listed()[-1].patients == ("p-milo",)


def test_a_device_that_is_taken_off_the_list_delivers_no_more(client: Client, service: Service) -> None:
    delivered(client, service)
    device = service.devices.listed()[0]
    as_(client, service, THERAPIST)
    assert "1 device may deliver" in client.get("/clinic").text
    assert send(client, f"/clinic/devices/{device.id}/revoked")[0] == 303
    assert "0 devices may deliver" in client.get("/clinic").text
    assert service.devices.listed()[0].revoked_at is not None
    assert send(client, "/clinic/devices/none/revoked")[0] == 404


def test_a_backup_is_told_with_what_is_missing_of_it(client: Client, service: Service) -> None:
    as_(client, service, ADMIN)
    assert "No backup is noted yet" in client.get("/clinic").text
    backup_state.note(service.store, backup_state.Made(datetime(2025, 11, 20, 2, tzinfo=UTC), 12, 1))
    page = client.get("/clinic").text
    assert "Copied on 20 Nov 2025, 02:00: 12 files." in page
    assert "1 recording could not be copied." in page


def test_how_long_things_are_kept_is_changed_by_whoever_answers_for_it(client: Client, service: Service) -> None:
    as_(client, service, ADMIN)
    form = {"recordings_days": "30", "child_recordings_days": "14", "records_years": "10", "age": "18"}
    assert send(client, "/clinic/retention", **form)[0] == 303
    assert (service.retention.rules().recordings_days, service.consents.age()) == (30, 18)
    status, page = send(client, "/clinic/retention", **{**form, "records_years": "ten"})
    assert (status, "must be a whole number" in page) == (422, True)
    assert send(client, "/clinic/retention", **{**form, "recordings_days": "0", "age": "16"})[0] == 422
    assert (service.retention.rules().recordings_days, service.consents.age()) == (30, 18)


def test_a_role_is_changed_by_somebody_else_and_ends_the_logins(client: Client, service: Service) -> None:
    olga = service.accounts.make("olga", "Olga", THERAPIST)
    visit = begin_visit(service, olga)
    own = as_(client, service, ADMIN)
    assert send(client, f"/accounts/{olga}/role", role=AUDITOR)[0] == 303
    assert service.accounts.of(olga).role == AUDITOR
    assert service.visits.who(visit) is None
    assert "your own role" in send(client, f"/accounts/{own}/role", role=THERAPIST)[1]
    assert send(client, f"/accounts/{olga}/role", role="patient")[0] == 422


def test_a_consent_is_given_and_taken_back_and_a_child_gives_none(client: Client, service: Service) -> None:
    patient_id = delivered(client, service)
    as_(client, service, THERAPIST)
    path, mother = f"/patients/{patient_id}/consents", {"by": "Funmi", "relation": "mother"}
    assert send(client, path, kind=TELEHEALTH, act="give", **mother)[0] == 303
    assert service.consents.holds(patient_id, TELEHEALTH)
    assert "Funmi, mother" in client.get(path).text
    assert send(client, path, kind=TELEHEALTH, act="withdraw", **mother)[0] == 303
    assert not service.consents.holds(patient_id, TELEHEALTH)
    status, page = send(client, path, kind=MEASURES, act="give", by="Milo", relation="self")
    assert (status, "a parent or guardian consents" in page) == (422, True)
    assert 'value="Milo"' in page
    assert send(client, path, kind=MEASURES, by="Funmi", relation="mother")[0] == 303
    assert service.consents.refused(patient_id, MEASURES), "what is not said to be agreed is not agreed"


def test_a_person_s_data_is_handed_over_whole(client: Client, service: Service) -> None:
    patient_id = delivered(client, service)
    as_(client, service, ADMIN)
    assert "Something is kept of 1 person" in client.get("/people").text
    answer = client.post(f"/people/{patient_id}/hand-over", data={"_csrf_token": form_token(client)})
    with ZipFile(BytesIO(answer.content)) as archive:
        assert "sessions/s-1.json" in archive.namelist()


def test_nobody_is_erased_by_a_slip(client: Client, service: Service) -> None:
    patient_id = delivered(client, service)
    as_(client, service, ADMIN)
    status, page = send(client, f"/people/{patient_id}/erased", pseudonym="p-mila")
    assert (status, "nothing was erased" in page) == (422, True)
    assert service.patients.person(patient_id).name == "Milo"
    status, page = send(client, f"/people/{patient_id}/erased", pseudonym="p-milo")
    assert (status, "Milo is erased" in page) == (200, True)
    with pytest.raises(Unknown):
        service.patients.person(patient_id)
