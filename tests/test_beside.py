"""Beside the patient: what four buttons write, what the engine then does, and a page that is read at arm's length."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from browsers import a_browser
from msgspec.structs import replace
from routes import Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import SignedDevice, a_clinic, a_service, a_session, an_item
from sqlalchemy import insert
from visits import calibration

from engine.commands import visits
from engine.commands.following import laid_over, today_of
from engine.commands.previewing import of_drafts
from engine.patient import PatientRecord
from engine.plan import POSTURES, PostureRefused
from engine.prescription import Draft, ForADay, Practice, Prescription, content_of, held_on
from engine.records import Precaution
from server_sync import wire
from server_sync.client.prescriptions import Kept
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service
from server_sync.clinic.stopping import stop, stops
from server_sync.clinic.tables import PrescriptionVersion
from server_sync.page.asking import course_of, usual
from server_sync.page.skeleton import Aim
from server_sync.page.standing import standing
from server_sync.page.steps import step
from server_sync.page.tune_form import leaves
from server_sync.web import access

ARM = "shoulder_elevation_left"
CEILING, SUCCESS = f"limits.{ARM}.ceiling", "adaptation.target_success"
SPICA = Precaution(ARM, 75.0, "deg", "spica", "hip surgeon", "2027-01-15")
SAVED = Draft(preset="child-8-12", programme=(Practice(games=("fruit_ladder",), minutes=8.0),))
DAY = date(2026, 11, 21)
PLAYED = replace(a_session(), calibration=replace(calibration(87.0), measured_at="2026-11-20"), precautions=())


def course(draft: Draft) -> Any:
    """What a draft asks of the arm, rehearsed."""
    return course_of(of_drafts(PLAYED, draft, None, DAY).new, ARM)


# One step


@pytest.mark.parametrize("harder", [False, True])
def test_a_step_moves_targets_about_as_far_as_the_button_says(harder: bool) -> None:
    before = course(SAVED)
    found = step(SAVED, DAY, before, harder)
    assert found.draft is not None
    after = usual(course(found.draft))
    assert (after > usual(before)) is harder
    assert float(found.next.rstrip("°")) == pytest.approx(after, abs=2.0)


def test_where_the_ceiling_cuts_a_step_moves_the_ceiling() -> None:
    low = replace(SAVED, plan={"limits": {ARM: {"ceiling": 60.0}}})
    for harder, ceiling in ((False, 57.0), (True, 63.0)):
        found = step(low, DAY, course(low), harder)
        assert found.draft is not None
        assert leaves(found.draft.plan) == {CEILING: ceiling}


def test_nothing_goes_beyond_what_a_precaution_bars() -> None:
    barred = replace(SAVED, precautions=(replace(SPICA, at_most=60.0),))
    found = step(barred, DAY, course(barred), harder=True)
    assert found.draft is None
    assert "barred until 15 Jan 2027 (hip surgeon, spica)" in found.why_not
    near = replace(barred, plan={"limits": {ARM: {"ceiling": 59.0}}})
    capped = step(near, DAY, course(near), harder=True).draft
    assert capped is not None
    assert leaves(capped.plan) == {CEILING: 60.0}


def test_there_is_an_end_in_both_directions_and_a_plan_that_ended_gets_no_harder() -> None:
    for harder, end in ((False, 0.90), (True, 0.60)):
        draft, share = SAVED, 0.0
        while (found := step(draft, DAY, None, harder)).draft is not None:
            draft = found.draft
            share = leaves(draft.plan)[SUCCESS]
        assert share == end
        assert found.why_not
    over = replace(SAVED, valid_until="2026-11-20")
    assert step(over, DAY, None, harder=True).draft is None
    assert step(over, DAY, None, harder=False).draft is not None


def test_where_today_alone_something_else_holds_that_is_what_changes() -> None:
    once = replace(SAVED, for_a_day=ForADay(day=DAY.isoformat(), preset="standard"))
    found = step(once, DAY, None, harder=False).draft
    assert found is not None
    assert (found.preset, found.plan) == (SAVED.preset, SAVED.plan)
    assert leaves(held_on(found, DAY)[1])[SUCCESS] == 0.80


# The buttons


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path / "clinic") as service:
        fill(service)
        yield service


def fill(service: Service) -> None:
    """Milo, who played and has a prescription, and Nora, of whom nothing is known."""
    device = SignedDevice(None).enrol(service, ["p-milo"])
    service.archive.take(device.id, wire.Batch(items=(an_item(PLAYED, 1),)))
    service.prescriptions.save("p-milo", SAVED, "Jonas")
    service.prescriptions.save("p-nora", Draft(), "Jonas")


def keep(service: Service, old: Prescription) -> None:
    """Keep a version as a server kept it whose software knew all of it."""
    patient_id, content = service.patients.id_of(old.patient), content_of(old)
    sealed = service.patients.seal(patient_id, content, f"prescription {patient_id} {old.version}")
    values = {"version": old.version, "sha256": wire.sha256(content), "author": old.author, "created_at": service.now()}
    with service.store.writing() as db:
        db.execute(insert(PrescriptionVersion).values(patient_id=patient_id, content=sealed, **values))


@pytest.fixture
def client(clinic: Service) -> Iterator[Client]:
    with a_web(clinic, previewing=of_drafts) as opened:
        show_cookie(opened, begin_visit(clinic, clinic.accounts.make("maja", "Maja Bergström", "therapist")))
        yield opened


class Page:
    """The page of one patient."""

    def __init__(self, client: Client, service: Service, patient: str = "p-milo") -> None:
        self.client, self.service, self.patient = client, service, patient
        self.address = f"/patients/{service.patients.id_of(patient)}/beside"

    @property
    def holds(self) -> Any:
        """The version that holds."""
        return self.service.prescriptions.current(self.patient)

    def press(self, button: str, seen: str = "") -> Any:
        form = {"_csrf_token": form_token(self.client), "if_match": seen or self.holds.sha256, "do": button}
        return self.client.post(self.address, data=form, follow_redirects=False)

    def text(self, done: int = 0) -> str:
        return str(self.client.get(self.address, params={"done": done}).text)

    def prepared(self, day: date) -> Any:
        """What the patient's own computer makes of it."""
        version = self.holds
        return laid_over(
            PatientRecord(patient=self.patient), Kept(version.prescription, version.sha256, (), False), day
        )

    def plays(self, day: date, posture: str) -> Any:
        """The visit that a headset would begin."""
        record = self.prepared(day).record
        holds = visits.resolved(record.preset, (), record)
        steps = visits.steps_for(["fruit_ladder"], holds, record=record, posture=posture, today=day)
        return visits.plan(self.patient, steps, holds, 0, record=record, posture=posture, today=day)


@pytest.fixture
def page(client: Client, clinic: Service) -> Page:
    return Page(client, clinic)


def test_the_page_says_how_far_the_arm_goes_and_what_comes_next(page: Page) -> None:
    text = page.text()
    for said in ("limit today", "next session asks", "reached", "Easier", "Harder", "Rest", "Stop", "Leave"):
        assert said in text
    assert "Fruit Ladder, left arm" in text
    assert 'class="rail' not in text


def test_easier_is_a_version_with_its_reason_that_undo_takes_back(page: Page) -> None:
    assert page.press("easier").headers["location"] == f"{page.address}?done=2"
    now = page.holds.prescription
    assert (now.author, now.why) == ("Maja Bergström", "Easier, beside the patient")
    assert leaves(now.plan)[SUCCESS] == 0.85
    text = page.text(done=2)
    assert "Easier, beside the patient." in text
    assert "takes it at the next start" in text
    assert page.press("undo").status_code == 303
    assert page.holds.prescription.plan == SAVED.plan


def test_rest_leaves_nothing_to_play_today_and_tomorrow_goes_on(page: Page) -> None:
    today = page.service.now().date()
    assert today_of(page.prepared(today), today).games == ("fruit_ladder",)
    page.press("rest")
    assert today_of(page.prepared(today), today).games == ()
    tomorrow = today + timedelta(days=1)
    assert today_of(page.prepared(tomorrow), tomorrow).games == ("fruit_ladder",)
    page.press("rest")
    assert page.holds.prescription.version == 2


def test_after_a_stop_no_visit_begins_in_any_posture_until_it_is_lifted(page: Page) -> None:
    today = page.service.now().date()
    far = today + timedelta(days=400)
    assert page.plays(today, "standing").patient == "p-milo"
    page.press("stop")
    for day in (today, far):
        for posture in POSTURES:
            with pytest.raises(PostureRefused, match=f"played {posture}|cannot be done"):
                page.plays(day, posture)
    with pytest.raises(PostureRefused, match="Stopped beside the patient"):
        page.plays(today, "standing")
    assert "Stopped: nothing is played until somebody lifts it" in page.text()
    assert page.press("lift").status_code == 303
    assert page.holds.prescription.precautions == ()
    assert page.plays(today, "standing").patient == "p-milo"


def test_a_stop_stops_whatever_somebody_else_wrote_and_all_else_is_shown_first(page: Page, clinic: Service) -> None:
    seen = page.holds.sha256
    clinic.prescriptions.save("p-milo", replace(SAVED, precautions=(SPICA,)), "Jonas", seen)
    answer = page.press("harder", seen)
    assert answer.status_code == 409
    assert "Somebody else changed the plan meanwhile" in answer.text
    assert page.press("stop", seen).status_code == 303
    assert page.holds.prescription.precautions == (SPICA, *stop("Stopped beside the patient", "Maja Bergström"))
    assert page.press("stop", seen).status_code == 303
    assert page.holds.prescription.version == 3


@pytest.mark.parametrize(
    "kept",
    [Draft(preset="of-before"), Draft(plan={"adaptation": {"gone": 1}}), Draft(programme=(Practice(games=("x",)),))],
)
def test_a_stop_holds_though_this_software_does_not_know_all_that_is_prescribed(page: Page, kept: Draft) -> None:
    before = page.holds.prescription
    old = replace(before, version=2, preset=kept.preset, plan=kept.plan, programme=kept.programme)
    keep(page.service, old)
    assert page.press("stop").status_code == 303
    assert stops(page.holds.prescription.precautions)
    assert (page.holds.prescription.preset, page.holds.prescription.plan) == (kept.preset, kept.plan)
    assert "Lift the stop" in page.text(done=3)


@pytest.mark.parametrize("kept", [Draft(preset="of-before"), Draft(plan={"adaptation": {"gone": 1}})])
def test_tune_says_what_of_a_prescription_this_software_does_not_know_and_what_to_do(page: Page, kept: Draft) -> None:
    keep(page.service, replace(page.holds.prescription, version=2, preset=kept.preset, plan=kept.plan))
    answer = page.client.get(page.address.replace("beside", "tune"))
    assert answer.status_code == 409
    assert "of-before" in answer.text or "gone" in answer.text
    assert "prescribe anew at the server: steadyreach prescribe" in answer.text


def test_a_stop_is_told_from_a_precaution_that_forbids_one_posture() -> None:
    seated = Precaution("standing", 0.0, "", "dizzy", "Dr Okafor")
    held = (seated, *stop("Stopped", "Maja"))
    assert stops(held) == held[1:]
    assert stops((seated, Precaution("sitting", 0.0, "", "hip", "Dr Okafor"))) == ()


def test_who_lifts_reads_every_stop_that_goes_with_it(page: Page, clinic: Service) -> None:
    held = (*stop("fracture", "Dr Okafor"), *stop("dizzy", "Jonas"))
    clinic.prescriptions.save("p-milo", replace(SAVED, precautions=held), "Jonas", page.holds.sha256)
    assert "Dr Okafor: fracture; Jonas: dizzy." in page.text()
    page.press("lift")
    assert page.holds.prescription.precautions == ()


def test_a_button_that_does_nothing_says_why(page: Page, clinic: Service) -> None:
    clinic.prescriptions.save("p-milo", replace(SAVED, valid_until="2026-01-31"), "Jonas", page.holds.sha256)
    assert "The plan has ended: nothing gets harder until it is renewed." in page.text()
    assert "as far as it goes" not in page.text()


def test_who_has_no_plan_has_a_page_whatever_its_address_says_was_done(client: Client, clinic: Service) -> None:
    clinic.patients.add(Person(pseudonym="p-zoe"))
    page = Page(client, clinic, "p-zoe")
    assert client.get(page.address, params={"done": 1}).status_code == 200
    assert page.press("stop", "-").status_code == 303
    assert stops(page.holds.prescription.precautions)


def test_who_was_never_measured_has_a_page_that_says_so(client: Client, clinic: Service) -> None:
    page = Page(client, clinic, "p-nora")
    assert "Nothing was measured yet" in page.text()
    assert page.press("easier").status_code == 303
    assert page.press("dance").status_code == 422


# In a browser


def test_it_is_read_at_arms_length_and_worked_by_keys(tmp_path: Path) -> None:
    with a_clinic(tmp_path) as running, a_browser() as browser, a_service(running.folder) as service:
        fill(service)
        account_id = service.accounts.make("maja", "Maja Bergström", "therapist")
        context = browser.new_context(reduced_motion="reduce")
        context.add_cookies([{"name": access.COOKIE, "value": begin_visit(service, account_id), "url": running.url}])
        page = context.new_page()
        patient_id = service.patients.id_of("p-milo")
        page.goto(f"{running.url}/patients/{patient_id}")
        page.get_by_role("link", name="Beside the patient").click()
        for width, height in ((1280, 800), (1366, 768)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollHeight") <= height
        page.set_viewport_size({"width": 320, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.evaluate(SMALLEST_PX) >= 20
        assert min(box["height"] for box in (each.bounding_box() for each in page.locator(".big").all())) >= 148
        page.get_by_role("button", name="Stop").focus()
        page.keyboard.press("Enter")
        page.get_by_text("Stopped: nothing is played until somebody lifts it.").wait_for()
        page.get_by_role("button", name="Undo").focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Stop").wait_for()
        assert service.prescriptions.current("p-milo").prescription.precautions == ()
        page.get_by_role("link", name="Leave").click()
        assert page.url.endswith(f"/patients/{patient_id}")


SMALLEST_PX = """Math.min(...[...document.querySelectorAll('main *')]
  .filter(each => [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
  .filter(each => !each.closest('svg'))
  .map(each => parseFloat(getComputedStyle(each).fontSize)))"""


@pytest.mark.parametrize(("seated", "hip_cm", "knee_ahead_cm"), [(False, 87, 0), (True, 48, 40)])
def test_who_plays_seated_is_drawn_on_a_seat(seated: bool, hip_cm: float, knee_ahead_cm: float) -> None:
    drawn = str(standing("shoulder_elevation_right", 90.0, Aim("right", None, None), None, seated))
    side = drawn.partition('class="figure skeleton side"')[2]
    hip, knee, foot = (
        tuple(map(float, point.split(","))) for point in side.split('class="leg" points="')[1].split('"')[0].split()
    )
    assert -hip[1] == pytest.approx(hip_cm, abs=4)
    assert knee[0] - hip[0] == pytest.approx(knee_ahead_cm, abs=6)
    assert foot[1] == 0.0
