"""What the clinic and a family say to each other: one thread, read by both sides, with what sessions bring."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from prescribed import a_draft
from routes import Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import Clock, SignedDevice, a_service, a_session, an_item, name_person

from engine.answers import HURTS
from engine.guard import FALLING
from engine.prescription import Message, Moment, Practice
from engine.programme import HandsOn
from engine.records import Answer, BlockRecord, Event
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.archive import SessionLine
from server_sync.clinic.glance import Trend
from server_sync.clinic.news import DIZZINESS, NEAR_FALL, PAIN, STOPPED, Alert, News, Shown, news_of
from server_sync.clinic.roles import GUARDIAN, PATIENT, THERAPIST
from server_sync.clinic.service import Service
from server_sync.clinic.stopping import stop
from server_sync.page.own import change_of, today_of
from server_sync.web import app

ASKED = Message(text="How was Friday?", answers=("All fine", "Still tired"), moment=Moment(session="s-1", block=1))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    with a_service(tmp_path / "clinic", now=clock) as opened:
        name_person(opened, "p-milo", "Milo")
        yield opened


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with a_web(service) as opened:
        yield opened


@pytest.fixture
def milo(service: Service) -> str:
    return service.patients.id_of("p-milo")


def be(client: Client, service: Service, role: str, patient_id: str = "", relation: str = SELF) -> int:
    wards = {patient_id: relation} if patient_id else {}
    number = len(service.accounts.listed())
    account_id = service.accounts.make(f"{role}-{number}", f"A {role}", role, wards=wards)
    show_cookie(client, begin_visit(service, account_id))
    return account_id


def again(client: Client, service: Service, account_id: int) -> None:
    show_cookie(client, begin_visit(service, account_id))


def send(client: Client, path: str, **fields: str) -> Any:
    data = {**fields, "_csrf_token": form_token(client)}
    return client.post(path, data=data, follow_redirects=False)


def shown(**parameters: str) -> BlockRecord:
    """A block in which a message was shown in the headset."""
    return BlockRecord("message", "From the clinic", 1, "message", 1.0, 3.0, {"seconds": 45.0, **parameters})


def play(service: Service, number: int = 1, **changes: Any) -> None:
    device = SignedDevice(None).enrol(service)
    service.archive.take(device.id, app.wire.Batch(items=(an_item(a_session(f"s-{number}", **changes), number),)))


@pytest.mark.parametrize(
    ("changes", "alerts"),
    [
        ({}, ()),
        ({"told": (Answer("pain", 5.0), Answer("pain", 6.0, 9.0))}, (Alert(PAIN, 6.0),)),
        ({"told": (Answer("pain", 4.0),), "adaptation": {"pain_stop_nrs": 4}}, (Alert(PAIN, 4.0),)),
        ({"told": (Answer("dizziness", 8.0, 9.0),)}, (Alert(DIZZINESS, 8.0),)),
        ({"told": (), "ended_by": HURTS}, (Alert(STOPPED, 1.0),)),
        ({"told": (), "events": (Event(9.0, "paused", FALLING),) * 2}, (Alert(NEAR_FALL, 2.0),)),
        ({"told": (), "ended_by": "the person pressed stop"}, ()),
    ],
)
def test_what_a_therapist_has_to_see_soon_is_found_in_a_session(changes: dict[str, Any], alerts: tuple[Alert]) -> None:
    assert news_of(a_session(**changes)).alerts == alerts


def test_a_message_that_was_shown_is_known_by_its_id_and_one_of_before_is_not() -> None:
    blocks = (shown(said="Hello", id="1-1"), shown(said="Hi", id="2-1", answer="Yes"), shown(said="of old"))
    assert news_of(a_session(blocks=blocks)) == News((Shown("1-1"), Shown("2-1", "Yes")))


def test_pain_waits_on_every_page_until_somebody_has_seen_it_and_comes_once(
    client: Client, service: Service, milo: str
) -> None:
    for _ in range(2):  # the same bytes again bring nothing new
        play(service, told=(Answer("pain", 7.0),))
    be(client, service, THERAPIST)
    assert '<b class="waits">1</b>' in client.get("/patients").text
    listed = client.get("/messages").text
    assert "Pain 7 of 10" in listed
    assert f"/patients/{milo}/messages#write" in listed
    assert "/sessions/s-1" in client.get(f"/patients/{milo}/messages").text
    assert send(client, f"/patients/{milo}/messages/read", seen="s-1").status_code == 303
    assert "waits</b>" not in client.get("/patients").text
    assert "All is read" in client.get("/messages").text


def test_an_answer_from_the_headset_comes_with_the_session_and_says_what_it_answers(
    client: Client, service: Service, milo: str
) -> None:
    service.prescriptions.save("p-milo", a_draft(messages=(ASKED,)), "Maja")
    play(service, 2, blocks=(shown(said=ASKED.text, id="1-1", answer="Still tired"),))
    be(client, service, THERAPIST)
    page = client.get(f"/patients/{milo}/messages").text
    assert "shown in the headset on Fri 20 Nov" in page
    assert page.index("Still tired") < page.index('class="small state">not read yet')
    assert service.conversations.count_waiting() == 1
    be(client, service, GUARDIAN, milo, "mum")
    assert 'name="answer"' not in client.get(f"/me/{milo}/messages").text  # it was answered


def test_both_sides_read_write_and_see_that_the_other_has_read(
    client: Client, service: Service, milo: str, clock: Clock
) -> None:
    therapist = be(client, service, THERAPIST)
    assert "the plan comes first" in client.get(f"/patients/{milo}/messages").text
    service.prescriptions.save("p-milo", a_draft(), "Maja")
    play(service)
    form = {"text": " How was\n Friday? ", "answers": "well", "session": "s-1", "block": "1", "trial": "5"}
    assert send(client, f"/patients/{milo}/messages", **form).status_code == 303
    (message,) = service.prescriptions.current("p-milo").prescription.messages
    assert (message.text, message.answers) == ("How was Friday?", ("All fine", "Still tired"))
    assert message.moment == Moment(session="s-1", block=1, trial=5)
    clock.move(hours=1)
    be(client, service, GUARDIAN, milo, "mum")
    day = client.get(f"/me/{milo}").text
    assert "How was Friday?" in day
    assert "Fruit Ladder, Friday 20 November, 50 s after the start" in day
    assert "/sessions/" not in day
    answered = send(client, f"/me/{milo}/messages/{message.id}", answer="Still tired")
    assert "Your letter is at the clinic." in client.get(answered.headers["location"]).text
    again(client, service, therapist)
    page = client.get(f"/patients/{milo}/messages").text
    assert "read by A guardian, mum on Fri 20 Nov" in page
    (letter,) = service.letters.of(milo)
    assert (letter.text, letter.answers) == ("Still tired", message.id)
    assert send(client, f"/patients/{milo}/messages", text="Rest.", seen=letter.id).status_code == 303
    assert service.conversations.count_waiting() == 0


def test_what_came_while_somebody_wrote_still_waits(client: Client, service: Service, milo: str) -> None:
    service.prescriptions.save("p-milo", a_draft(), "Maja")
    writer = be(client, service, PATIENT, milo)
    seen, later = (service.letters.write(milo, writer, text) for text in ("It hurts", "Very much"))
    be(client, service, THERAPIST)
    send(client, f"/patients/{milo}/messages", text="Stop for today.", seen=seen.id)
    assert {letter.id: letter.read_at is None for letter in service.letters.of(milo)} == {
        seen.id: False,
        later.id: True,
    }


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"text": " "}, "A message has 1 to 240 characters, not 0"),
        ({"text": "x" * 241}, "A message has 1 to 240 characters, not 241"),
        ({"text": "Well?", "answers": "own"}, "Write at least one quick answer"),
        ({"text": "Well?", "answers": "own", "answer1": "unbelievable!"}, "it has to fit a card"),
    ],
)
def test_a_message_that_cannot_be_sent_is_on_the_page_again(
    client: Client, service: Service, milo: str, form: dict[str, str], problem: str
) -> None:
    service.prescriptions.save("p-milo", a_draft(), "Maja")
    be(client, service, THERAPIST)
    refused = send(client, f"/patients/{milo}/messages", **form)
    assert (refused.status_code, problem in refused.text) == (422, True)
    assert form["text"] in refused.text
    assert service.prescriptions.current("p-milo").prescription.version == 1


def test_a_moment_of_a_trial_is_chosen_in_its_replay_and_opens_there_again(
    client: Client, service: Service, milo: str
) -> None:
    service.prescriptions.save("p-milo", a_draft(), "Maja")
    play(service)
    be(client, service, THERAPIST)
    form = re.search(r'<button class="button attach".*?formaction="([^"]+)"', client.get("/sessions/s-1").text)
    assert form
    assert form[1] == f"/patients/{milo}/messages#write"
    chosen = {"session": "s-1", "block": "1", "trial": "5", "t": "1.25"}
    page = client.get(f"/patients/{milo}/messages", params=chosen).text
    assert all(f'name="{name}" value="{value}"' in page for name, value in chosen.items())
    send(client, f"/patients/{milo}/messages", text="Look at your elbow here.", **chosen)
    there = "/sessions/s-1?block=1&amp;trial=5&amp;t=1.25#trial-1"
    assert f'<a href="{there}">Fruit Ladder, Friday 20 November, 51 s after the start</a>' in client.get(
        f"/patients/{milo}/messages"
    ).text  # fmt: skip
    be(client, service, GUARDIAN, milo, "mum")
    assert "Fruit Ladder, Friday 20 November, 51 s after the start" in client.get(f"/me/{milo}/messages").text


def test_own_answers_count_only_where_they_are_chosen(client: Client, service: Service, milo: str) -> None:
    service.prescriptions.save("p-milo", a_draft(), "Maja")
    be(client, service, THERAPIST)
    send(client, f"/patients/{milo}/messages", text="Well?", answers="", answer1="Fine")
    assert not service.prescriptions.current("p-milo").prescription.messages[-1].answers


def test_a_moment_of_somebody_else_s_session_is_not_attached(client: Client, service: Service, milo: str) -> None:
    name_person(service, "p-nora", "Nora")
    service.prescriptions.save("p-milo", a_draft(), "Maja")
    play(service, 3, patient="p-nora")
    be(client, service, THERAPIST)
    assert "Fruit Ladder" not in client.get(f"/patients/{milo}/messages?session=s-3&block=1").text
    send(client, f"/patients/{milo}/messages", text="Look", session="s-3")
    assert not service.prescriptions.current("p-milo").prescription.messages[-1].moment


@pytest.mark.parametrize("number", ["9" * 5000, "²", "-1", "nan"])
def test_a_moment_that_cannot_be_is_none(client: Client, service: Service, milo: str, number: str) -> None:
    play(service)
    be(client, service, THERAPIST)
    page = client.get(f"/patients/{milo}/messages?session=s-1&block={number}&trial={number}&t={number}")
    assert page.status_code == 200


def test_an_answer_is_one_that_is_offered(client: Client, service: Service, milo: str) -> None:
    service.prescriptions.save("p-milo", a_draft(messages=(ASKED,)), "Maja")
    be(client, service, PATIENT, milo)
    assert send(client, f"/me/{milo}/messages/1-1", answer="Call me").status_code == 422
    assert send(client, f"/me/{milo}/messages/9-9", answer="All fine").status_code == 404
    assert service.letters.of(milo) == []


def a_line(day: int) -> SessionLine:
    return SessionLine(f"s-{day}", datetime(2026, 11, day, 16, tzinfo=UTC), 600.0, "Fruit Ladder", 20, 15, "finished")


@pytest.mark.parametrize(
    ("played", "heading", "lead"),
    [
        ((), "Today: 10 minutes", "Last week 0 of 2 days."),
        ((9, 12), "Today: 10 minutes", "Last week 2 of 2 days. Well done."),
        ((9, 16), "Done for today", "Last week 1 of 2 days."),
    ],
)
def test_a_day_says_what_is_done_and_how_last_week_was(
    service: Service, played: tuple[int, ...], heading: str, lead: str
) -> None:
    twice = (Practice(games=("fruit_ladder",), days=("mon", "thu"), minutes=10),)
    service.prescriptions.save("p-milo", a_draft(), "Maja")
    seen = service.prescriptions.current("p-milo").sha256
    plan = service.prescriptions.save("p-milo", a_draft(programme=twice), "Maja", seen).prescription
    today = today_of(plan, [a_line(day) for day in played], datetime(2026, 11, 16, 9, tzinfo=UTC))
    assert (today.heading, today.lead) == (heading, lead)
    assert [day.state for day in today.days if day.today] == ["played" if 16 in played else "planned"]
    assert [each.title for each in today.exercises] == ([] if 16 in played else ["Fruit Ladder"])


def test_work_of_hands_stands_beside_the_games_of_its_day(service: Service) -> None:
    work = (
        HandsOn(technique="Scar massage", minutes=5, days=("mon",)),
        HandsOn(technique="Joint glides", place="clinic", at="10:30"),
    )
    plan = service.prescriptions.save("p-milo", a_draft(hands_on=work), "Maja").prescription
    monday, friday = (today_of(plan, [], datetime(2026, 11, day, 9, tzinfo=UTC)) for day in (16, 20))
    assert monday.by_hand == (("Scar massage", "about 5 minutes"), ("Joint glides", "at the clinic, 10:30"))
    assert [each.what for each in friday.by_hand] == ["Joint glides"]


def test_a_family_is_told_that_play_is_stopped_and_by_no_number(service: Service) -> None:
    held = a_draft().precautions
    plan = service.prescriptions.save("p-milo", a_draft(precautions=(*held, *stop("Dizzy", "Maja"))), "Maja")
    today = today_of(plan.prescription, [], datetime(2026, 11, 16, 9, tzinfo=UTC))
    assert (today.heading, today.stopped, today.exercises) == ("Stopped for now", True, ())
    assert len(today.precautions) == len(held)


def test_a_day_off_is_free_and_a_new_plan_has_missed_nothing(service: Service) -> None:
    plan = service.prescriptions.save("p-milo", a_draft(), "Maja").prescription
    today = today_of(plan, [], datetime(2026, 11, 20, 9, tzinfo=UTC), "2026-11-10T09:00:00+00:00")
    assert (today.heading, today.lead) == ("Today is free", "No session in the last 7 days.")


@pytest.mark.parametrize(
    ("larger", "worse", "says"),
    [
        (True, False, "Left arm raised: further than at the beginning. A real change, not a good day."),
        (False, None, "No change yet that is more than the difference between two days."),
        (True, True, ""),
        (None, None, ""),
    ],
)
def test_a_family_reads_of_a_change_only_where_it_is_real_and_never_a_number(
    larger: bool | None, worse: bool | None, says: str
) -> None:
    since = date(2026, 10, 5)
    trend = Trend("shoulder_elevation_left", "deg", 98.0, 93.0, 103.0, 24.0, 10.0, 1.0, larger, worse, 6, since)
    assert change_of(trend) == says
