"""The list of patients: found by a few letters, a page at a time."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from routes import ADDRESS, Client, form_token
from server_fixtures import a_service

from server_sync.clinic.archive import PatientLine
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service
from server_sync.page.finding import found
from server_sync.web.page_routes import AT_ONCE

NAMES = ("Tomasz Wiśniewski", "Henrik Sørås", "Milo Adeyemi-Brandt", "Łucja Żak", "Ana-Sofía Groß")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("wisn", ["Tomasz Wiśniewski"]),
        ("sor hen", ["Henrik Sørås"]),
        ("SØRÅS", ["Henrik Sørås"]),
        ("brandt", ["Milo Adeyemi-Brandt"]),
        ("lucja zak", ["Łucja Żak"]),
        ("sofia gross", ["Ana-Sofía Groß"]),
        ("p-2", ["Milo Adeyemi-Brandt"]),
        ("hip", list(NAMES)),
        ("randt", []),
    ],
)
def test_the_first_letters_of_words_find_somebody(wanted: str, names: list[str]) -> None:
    lines = [PatientLine(f"{n}", f"p-{n}", name, "", "hip fracture", "", 0, None) for n, name in enumerate(NAMES)]
    assert [line.name for line in found(lines, wanted)] == names


def test_a_name_is_found_and_stays_out_of_the_address(service: Service, client: Client) -> None:
    for number, name in enumerate(NAMES):
        service.patients.add(Person(pseudonym=f"p-{number}", name=name))
    answer = client.post("/patients", data={"wanted": " soras ", "_csrf_token": form_token(client)})
    assert "1 patient found" in answer.text
    assert "Henrik Sørås" in answer.text
    assert "Milo" not in answer.text
    assert str(answer.url) == f"{ADDRESS}/patients"
    nobody = client.post("/patients", data={"wanted": "nobody", "_csrf_token": form_token(client)})
    assert "Nobody is known by that." in nobody.text
    everybody = client.post("/patients", data={"wanted": " ", "_csrf_token": form_token(client)})
    assert f"{len(NAMES)} patients" in everybody.text


def test_many_patients_come_a_page_at_a_time(service: Service, client: Client) -> None:
    for number in range(AT_ONCE + 1):
        service.patients.add(Person(pseudonym=f"p-{number:03}"))
    first, second = client.get("/patients").text, client.get(f"/patients?after={AT_ONCE}").text
    assert f"{AT_ONCE + 1} patients" in first
    assert f"p-{AT_ONCE - 1:03}" in first
    assert f"p-{AT_ONCE:03}" not in first
    assert f"p-{AT_ONCE:03}" in second
    assert "Further patients" not in second
