"""A note about a patient says the same as a page, as a text to paste and as a PDF."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from routes import Client, form_token
from server_fixtures import a_service
from test_glances import a_visit
from test_watch import played, shown

from engine.prescription import Draft, Practice
from engine.records import Precaution
from server_sync.clinic.patients import Person
from server_sync.clinic.roles import PATIENT
from server_sync.clinic.service import Service
from server_sync.page import pdf
from server_sync.page.charts import trace_chart
from server_sync.page.language import dated

CEILING = Precaution("shoulder_elevation_left", 120.0, "deg", "repaired cuff", "Dr Okafor", "2027-12-04")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path) as opened:
        yield opened


@pytest.fixture
def address(service: Service) -> str:
    """A patient whose shoulder gained 24 degrees, with a plan."""
    limits = [74, 75, 77, 80, 84, 88, 92, 95, 97, 98]
    found = played(service, *(a_visit(number, limit) for number, limit in enumerate(limits)))
    service.patients.add(Person(pseudonym="p-milo", name="Milo Adeyemi", born="2017", condition="left hemiplegia"))
    practice = Practice(games=("fruit_ladder",), days=("mon", "thu"), minutes=10)
    draft = Draft(goal="Reach the shelf", programme=(practice,), precautions=(CEILING,))
    service.prescriptions.save("p-milo", draft, "Maja")
    return found


def sent(client: Client, address: str, **form: str) -> bytes:
    answer = client.post(address, data={**form, "_csrf_token": form_token(client)})
    assert answer.status_code == 200, answer.text
    return bytes(answer.content)


def test_page_and_text_say_the_same(client: Client, address: str) -> None:
    page = shown(client, f"{address}/report?days=0")
    text = sent(client, f"{address}/report/text", days="0", own="The shoulder gains.\r\nGo on.").decode()
    said = ("+24°, larger than the noise (7°)", "98° (95–101)", "10 sessions", "Goal: “Reach the shelf”")
    for words in (*said, "Precaution: Left arm raised at most 120° until 4 Dec 2027", "Mon, Thu · 10 min · at home"):
        assert words in page
        assert words in text
    assert "What it means\nThe shoulder gains.\nGo on.\n" in text
    assert text.startswith("Milo Adeyemi (")


def test_a_pdf_is_whole_and_named_after_its_patient(client: Client, address: str) -> None:
    content = sent(client, f"{address}/report/pdf", days="0", own="The shoulder gains.")
    assert content.startswith(b"%PDF-1.7")
    assert b"Milo Adeyemi" in content
    assert content.count(b"/StructElem") > 20, "it is tagged, for who has it read out"
    empty = sent(client, f"{address}/report/pdf", days="28")
    assert len(empty) < len(content), "the weeks without a session have no chart"


def test_who_never_played_has_a_note_all_the_same(service: Service, client: Client) -> None:
    address = f"/patients/{service.patients.add(Person(pseudonym='p-new'))}"
    assert "Nothing was measured in this time" in shown(client, f"{address}/report")
    assert sent(client, f"{address}/report/pdf").startswith(b"%PDF")


def test_a_chart_in_a_pdf_needs_no_style_sheet() -> None:
    drawing = trace_chart("Lean", [0.0, 1.0, 2.0], [1.0, None, 3.0], "deg", 2.0)
    picture = pdf.standing_alone(drawing)
    ElementTree.fromstring(picture)
    assert "var(" not in picture
    assert "#1b5ba6" in picture


def test_time_that_was_spent_is_noted_and_refused_in_words(client: Client, address: str) -> None:
    token = form_token(client)
    form = {"kind": "call", "realtime": "1", "note": "how it went", "_csrf_token": token}
    answer = client.post(f"{address}/contacts", data={**form, "minutes": "12,5"}, follow_redirects=False)
    assert answer.status_code == 303
    assert "12 whole minutes of one person" in shown(client, f"{address}/report")
    answer = client.post(f"{address}/contacts", data={**form, "minutes": "a while"})
    assert (answer.status_code, "is no number" in answer.text, 'value="how it went"' in answer.text) == (
        422,
        True,
        True,
    )


@pytest.mark.parametrize("minutes", ["nan", "inf", "-inf", "1e300"])
def test_minutes_that_are_no_time_are_refused(client: Client, address: str, minutes: str) -> None:
    form = {"kind": "call", "minutes": minutes, "_csrf_token": form_token(client)}
    assert client.post(f"{address}/contacts", data=form).status_code == 422


def test_a_time_that_is_not_offered_gives_the_last_four_weeks(client: Client, address: str) -> None:
    usual = sent(client, f"{address}/report/text", days="28")
    assert sent(client, f"{address}/report/text", days="99999") == usual
    assert usual.decode().splitlines()[1] in shown(client, f"{address}/report?days=999999999")


def test_words_of_the_greatest_length_are_whole_whatever_ends_their_lines(client: Client, address: str) -> None:
    own = "\r\n".join([*("line" for _ in range(799)), "ends"])  # as a browser sends 3999 characters
    assert "\nends\n" in sent(client, f"{address}/report/text", own=own).decode()


@pytest.mark.parametrize("place", ["Pacific/Kiritimati", "Pacific/Midway"])  # never the same day
def test_a_letter_is_of_the_clinic_s_day(service: Service, client: Client, address: str, place: str) -> None:
    service.contacts.set_zone(place, "test")
    patient_id = address.rpartition("/")[2]
    writer = service.accounts.make("milo", "Milo", PATIENT, wards={patient_id: "self"})
    service.letters.write(patient_id, writer, "It went well")
    day = dated(service.now().astimezone(ZoneInfo(place)), "d MMM")
    assert f"{day}, wrote: “It went well”" in sent(client, f"{address}/report/text").decode()


def test_a_patient_s_record_goes_out_as_fhir(client: Client, address: str) -> None:
    answer = client.get(f"{address}/fhir")
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.json()["resourceType"] == "Bundle"
