"""The pages on which a therapist watches a patient: what became of them, their sessions, and two side by side."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from routes import Client
from server_fixtures import SignedDevice, a_service, a_session, an_item
from test_glances import BEGAN, a_visit

from engine.metrics.course import Point
from engine.prescription import Draft, Message, Practice
from engine.programme import Goal, HandsOn, Pause
from engine.records import Session
from server_sync import wire
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service
from server_sync.page.language import dated
from server_sync.page.progress_charts import Asked, Drawn, left_out, progress_chart
from server_sync.page.sessions import AT_ONCE


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path) as opened:
        yield opened


def played(service: Service, *sessions: Session) -> str:
    """The address of a patient who played."""
    device = SignedDevice(None).enrol(service)
    items = tuple(an_item(session, number) for number, session in enumerate(sessions, 1))
    service.archive.take(device.id, wire.Batch(items=items))
    return f"/patients/{service.patients.id_of('p-milo')}"


def shown(client: Client, address: str, status: int = 200) -> str:
    """What somebody reads on a page."""
    answer = client.get(address)
    assert answer.status_code == status
    text = re.sub(r"<(style|title)\b.*?</\1>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
    return " ".join(text.split())


def test_the_finding_is_the_heading_with_value_interval_change_and_noise(service: Service, client: Client) -> None:
    limits = [74, 75, 77, 80, 84, 88, 92, 95, 97, 98]
    address = played(service, *(a_visit(number, limit) for number, limit in enumerate(limits)))
    text = shown(client, address)
    assert "98° (95–101), up 24° since 5 Oct. Larger than the noise (7°)." in text
    assert "larger than the noise since 13 Oct" in text
    assert "asked 90–90°" in text


def test_of_two_years_of_days_visits_are_drawn_two_weeks_apart_as_they_were_measured_and_years_are_named() -> None:
    points = [Point(BEGAN + timedelta(days=day), 60 + day / 20, 55 + day / 20, 65 + day / 20) for day in range(700)]
    asked = [Asked(point.at, point.value - 9, point.value - 3) for point in points]
    since = (205, "larger than the noise since 28 Apr 2027")
    drawing = progress_chart("Left arm", "up", Drawn(points, range(200, 700), asked, (), (), None, since), "deg")
    assert (drawing.count("<circle"), drawing.count("asked-bar")) == (52, 51)
    assert drawing.count('class="visit"') == 15
    assert since[1] in drawing
    assert ">Oct 2026</text>" in drawing
    assert left_out(points) == ("The last visit of every 2 weeks is drawn; the table has all 700.",)
    assert left_out(points[:80]) == ()


def test_from_two_sessions_there_is_a_value_and_no_change(service: Service, client: Client) -> None:
    text = shown(client, played(service, a_visit(0, 70), a_visit(1, 95)))
    assert "95° (92–98). Too few sessions to say: 2 of 3." in text


def test_sessions_are_listed_a_page_at_a_time_with_what_each_left(service: Service, client: Client) -> None:
    address = played(service, *(a_visit(number, 80 + number) for number in range(AT_ONCE + 1)))
    text = shown(client, f"{address}/sessions")
    assert f"{AT_ONCE + 1} sessions" in text
    assert f"Left arm raised {80 + AT_ONCE}° (" in text
    assert "Left arm raised 80° (" not in text
    assert "Left arm raised 80° (" in shown(client, f"{address}/sessions?after={AT_ONCE}")


def test_who_never_played_is_told_what_will_fill_the_page(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="p-new"))
    assert "No session yet" in shown(client, f"/patients/{patient_id}")
    assert "No session yet" in shown(client, f"/patients/{patient_id}/sessions")


def test_sessions_of_another_version_and_hidden_hands_are_said_and_not_drawn(service: Service, client: Client) -> None:
    quality = a_session().quality
    assert quality is not None
    hidden = a_visit(9, 140, quality=msgspec.structs.replace(quality, left_seen_percent=89.0))
    early = [a_visit(number, 60, version=2) for number in range(2)]
    text = shown(client, played(service, *early, *(a_visit(number, 90 + number) for number in range(2, 8)), hidden))
    assert "2 sessions were played with Fruit Ladder 2. They are not compared with version 3" in text
    assert "No value for 1 session, last on 23 Oct: 11 in 100 frames were hidden, and 5 is the most we accept." in text
    assert "97° (94–100), no change we can see since 9 Oct. The noise is 7°." in text


def test_another_measure_is_chosen_by_its_link_and_one_that_is_not_there_changes_nothing(
    service: Service, client: Client
) -> None:
    address = played(service, *(a_visit(number, 90) for number in range(4)))
    ratio = shown(client, f"{address}?of=path_ratio.left")
    assert "Path ratio, left · from Fruit Ladder, version 3" in ratio
    assert "No norm for this measure: it is of this game" in ratio
    arm = shown(client, f"{address}?of=nothing")
    assert "Left arm raised · from Fruit Ladder, version 3" in arm
    assert "No norm for this measure" in arm
    assert "Everyday tasks of adults need about 121°." in arm


def test_leans_are_a_star_with_a_row_for_each_direction(service: Service, client: Client) -> None:
    address = played(service, *(a_session(f"s-{number}", seed=number, quality=None) for number in range(3)))
    text = shown(client, address)
    assert "by more than its noise" in text
    assert "Too few sessions" not in text
    assert all(direction in text for direction in ("Forward", "Right", "Back", "Left"))


def test_one_session_does_not_say_that_no_lean_changed(service: Service, client: Client) -> None:
    text = shown(client, played(service, a_session(quality=None)))
    assert "Too few sessions to say whether a lean changed" in text


def test_planned_days_and_versions_of_the_plan_are_told(service: Service, client: Client) -> None:
    address = played(service, a_visit(0, 80, started_at=service.now().isoformat()))
    every_day = Practice(games=("fruit_ladder",), minutes=15.0)
    service.prescriptions.save("p-milo", Draft(programme=(every_day,), goal="Hang the washing"), "Maja B.")
    service.prescriptions.tell("p-milo", Message(text="Well done"), "Maja B.")
    text = shown(client, address)
    assert "1 of 1 planned days, 10 min in four weeks." in text
    assert "The first plan Maja B." in text
    assert "Version 2 of the plan" not in text
    assert "Hang the washing" in text


def test_a_version_of_the_plan_says_what_it_changed_and_why(service: Service, client: Client) -> None:
    address, day = played(service, a_visit(0, 80)), service.now().date().isoformat()
    first = service.prescriptions.save("p-milo", Draft(goal="Dance"), "Maja B.")
    other = Draft(
        goals=(Goal(words="Walk"),),
        pauses=(Pause(since=day, reason="holiday"),),
        hands_on=(HandsOn(technique="Posterior glide III"),),
    )
    second = service.prescriptions.save("p-milo", other, "Maja B.", first.sha256, why="She asked for it")
    service.prescriptions.save("p-milo", msgspec.structs.replace(other, starts_on=day), "Maja B.", second.sha256)
    text = shown(client, address)
    assert "Version 2 of the plan: hands-on work, pauses, goals She asked for it Maja B." in text
    assert "Version 3 of the plan: programme Maja B." in text


def test_two_sessions_stand_side_by_side_and_fewer_are_asked_for(service: Service, client: Client) -> None:
    address = played(service, a_visit(0, 80, version=2), a_visit(1, 95))
    text = shown(client, f"{address}/compare?s=s-000&s=s-001")
    assert "Left arm raised: limit 80° (77–83) 95° (92–98)" in text
    assert "Fruit Ladder was played in another version" in text
    assert "Choose two sessions to look at them side by side." in shown(client, f"{address}/compare?s=s-000", 422)
    assert f"{address}/compare?s=s-000&amp;s=s-001" in client.get("/sessions/s-001").text


@pytest.mark.parametrize("place", ["Pacific/Kiritimati", "Pacific/Midway"])  # never the same day
def test_what_the_clinic_did_is_told_by_its_own_clock(service: Service, client: Client, place: str) -> None:
    address = played(service, a_visit(0, 80))
    service.contacts.set_zone(place, "test")
    service.prescriptions.save("p-milo", Draft(goal="Dance"), "Maja B.")
    service.prescriptions.tell("p-milo", Message(text="Well done"), "Maja B.")
    now = service.now().astimezone(ZoneInfo(place))
    day = dated(now, "EEE d MMM")
    assert f"{day} The first plan" in shown(client, address)
    assert f"Maja B. · {day}" in shown(client, f"{address}/messages")
    assert f" on {dated(now, 'd MMM')}, {now:%H:}" in shown(client, "/sessions/s-000")
