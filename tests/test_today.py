"""Today: who is shown first and why, from what a clinic really holds of them; and who is in which list."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from routes import Client
from server_fixtures import SignedDevice, a_service, a_session, an_item
from sqlalchemy import update
from test_watch import shown

from engine.guard import FALLING
from engine.metrics.course import VISIT_NOISE_DEG
from engine.prescription import Draft, Message, Practice
from engine.records import Answer, Event, Precaution
from server_sync.clinic import glances
from server_sync.clinic.audit import Which
from server_sync.clinic.conversation import Brought
from server_sync.clinic.glance import Glance, Ordered, Played, Trend
from server_sync.clinic.letters import Letter
from server_sync.clinic.minutes import Contact
from server_sync.clinic.news import NEAR_FALL, PAIN, Alert, News
from server_sync.clinic.patients import Person
from server_sync.clinic.roles import PATIENT
from server_sync.clinic.service import Service
from server_sync.clinic.stopping import stop
from server_sync.clinic.tables import Contact as ContactRow
from server_sync.clinic.tables import Delivered, Device, SessionNews, Table
from server_sync.clinic.tables import Letter as LetterRow
from server_sync.page.fortnight import FREE, MISSED, PART, PLAYED, fortnight
from server_sync.page.known import Known, place_of
from server_sync.page.language import PSEUDO, dated, speaking
from server_sync.page.reasons import BAR, WARN, reasons_of
from server_sync.page.today import MOST_LINES, MOST_ROWS, board
from server_sync.page.waiting import Later, waiting
from server_sync.wire import Batch

TODAY = date(2026, 11, 23)  # a Monday
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
DAILY = (Practice(games=("fruit_ladder",)),)


def a_day(back: int, **told: object) -> Played:
    """A session so many days ago."""
    values = {"ended_early": "", "pain": 1.0, "dizziness": None, "fatigue": None, "trials": 20, "reached": 15, **told}
    at = NOW - timedelta(days=back)
    return Played(session_id=f"s-{back}", started_at=at.isoformat(), minutes=10.0, **values)  # type: ignore[arg-type]


def known(*played: Played, name: str = "Milo", **more: object) -> Known:
    """A patient who played on these days, the earliest first, with a plan for each day."""
    plan = {"programme": DAILY, "precautions": more.pop("precautions", ())}
    ordered = Ordered(1, "Maja", NOW.isoformat(), Draft(**plan))  # type: ignore[arg-type]
    letter, seen_at = more.pop("letter", None), more.pop("seen_at", NOW)
    glance = Glance(played=played, sessions=len(played), ordered=ordered, **more)  # type: ignore[arg-type]
    return Known("p1", Person(pseudonym="p-1", name=name, born="2017"), glance, letter, seen_at)  # type: ignore[arg-type]


def every_day(**last: object) -> tuple[Played, ...]:
    return (*(a_day(back) for back in range(20, 1, -1)), a_day(1, **last))


def said(known: Known) -> list[tuple[str, str]]:
    return [(each.kind, each.lead) for each in reasons_of(known, TODAY)]


def test_who_does_well_needs_no_look() -> None:
    assert said(known(*every_day())) == []
    assert board([known(*every_day())], TODAY).lines[0].minutes == "60 min"


def test_pain_is_told_with_its_day_how_it_ended_and_what_is_usual() -> None:
    (reason,) = reasons_of(known(*every_day(pain=6.0, ended_early="the person said that it hurts")), TODAY)
    assert (reason.kind, reason.lead) == (BAR, "Pain 6 of 10 on Sunday.")
    assert reason.rest == "The session ended there. Usually 1."
    assert reason.see is not None
    assert reason.see.address == "/sessions/s-1"


def test_pain_of_a_week_ago_is_not_today_s() -> None:
    days = [a_day(back, pain=6.0 if back == 8 else 1.0) for back in range(20, 0, -1)]
    assert said(known(*days)) == []


def test_a_day_whose_name_is_today_s_is_told_with_its_date() -> None:
    days = [a_day(back, pain=6.0 if back == 7 else 1.0) for back in range(20, 0, -1)]
    assert said(known(*days)) == [(BAR, "Pain 6 of 10 on Monday 16 Nov.")]
    letter = Letter("l", "p1", 1, NOW - timedelta(days=17), None, "Can I skip Friday?")
    assert said(known(*every_day(), letter=letter)) == [(WARN, "Wrote on Friday 6 Nov:")]


def test_who_lives_where_it_is_tomorrow_already_is_told_today() -> None:
    tomorrow = replace(a_day(0, pain=6.0), started_at="2026-11-24T07:00:00+13:00")
    assert said(known(*every_day(), tomorrow)) == [(BAR, "Pain 6 of 10 on Tuesday.")]


def test_nobody_missed_a_day_or_is_at_home_to_play_while_play_is_stopped() -> None:
    held = known(*(a_day(back) for back in range(20, 5, -1)), precautions=stop("Dizzy", "Maja"))
    assert said(held) == []
    assert place_of(held, TODAY) == ""


def test_what_nobody_has_seen_is_told_where_the_week_does_not_tell_it() -> None:
    def unseen(back: int, *alerts: Alert) -> list[tuple[str, str]]:
        return said(
            known(*every_day())._replace(alerts=(Brought("s", NOW - timedelta(days=back), None, News((), alerts)),))
        )

    assert unseen(2, Alert(NEAR_FALL, 2.0), Alert(PAIN, 7.0)) == [(BAR, "2 near falls on Saturday.")]
    assert unseen(2, Alert(PAIN, 7.0)) == [], "that is told of the week's sessions"
    assert unseen(12, Alert(PAIN, 7.0)) == [(BAR, "Pain 7 of 10 on Wednesday 11 Nov.")]
    assert unseen(-7, Alert(PAIN, 7.0)) == [(BAR, "Pain 7 of 10 on Monday 30 Nov.")], "a clock was ahead"


def test_a_near_fall_is_on_today_until_somebody_has_read_of_it(service: Service, client: Client) -> None:
    device = SignedDevice(None).enrol(service)
    session = a_session("s-1", told=(), events=(Event(9.0, "paused", FALLING),), started_at=service.now().isoformat())
    service.archive.take(device.id, Batch(items=(an_item(session),)))
    assert "1 near fall on" in shown(client, "/today")
    service.conversations.read(service.patients.id_of("p-milo"), ["s-1"], service.accounts.named("maja").id)
    assert "near fall on" not in shown(client, "/today")


def test_dizziness_is_told_like_pain() -> None:
    assert said(known(*every_day(dizziness=4.0))) == [(BAR, "Dizzy, 4 of 10, on Sunday.")]


def test_stopping_early_twice_in_a_row_counts_and_once_does_not() -> None:
    assert said(known(*every_day(ended_early="stopped"))) == []
    days = [a_day(back, ended_early="stopped" if back < 3 else "", fatigue=8.0) for back in range(20, 0, -1)]
    assert said(known(*days)) == [(WARN, "Tired, stopped early")]


def test_a_limit_that_fell_is_told_with_its_noise() -> None:
    noise = {"noise": VISIT_NOISE_DEG, "step": 1.0, "larger": True, "worse": True, "visits": 9, "since": None}
    drop = Trend("shoulder_elevation_left", "deg", 80.0, 75.0, 85.0, -12.0, **noise)  # type: ignore[arg-type]
    (reason,) = reasons_of(known(*every_day(), dropped=(drop,)), TODAY)
    assert (reason.lead, reason.rest) == ("Left arm raised fell 12°", "in four weeks; the noise is 7°.")
    assert reason.see is not None
    assert reason.see.address == "/patients/p1?of=shoulder_elevation_left#course"


def test_missed_days_count_only_where_something_was_planned_and_could_have_come() -> None:
    missed = known(*(a_day(back) for back in range(20, 3, -1)))
    assert said(missed) == [(WARN, "Missed 3 of the last 5 planned days")]
    silent = missed._replace(seen_at=NOW - timedelta(days=4))
    assert said(silent) == []
    (waits,) = waiting([silent], TODAY)
    assert (waits.named[0].title, waits.said) == ("Milo", "nothing delivered since Thursday 19 Nov")


def test_days_of_before_a_plan_are_not_missed_by_it_and_a_message_makes_no_new_plan(tmp_path: Path) -> None:
    clock = [NOW - timedelta(days=10)]
    with a_service(tmp_path / "clinic", now=lambda: clock[0]) as service:
        service.prescriptions.save("p-milo", Draft(programme=DAILY), "Maja")
        clock[0] = NOW - timedelta(days=3)
        service.prescriptions.tell("p-milo", Message(text="Well done"), "Maja")
        told = service.prescriptions.current("p-milo")
        assert service.prescriptions.planned_since(told.prescription) == (NOW - timedelta(days=10)).isoformat()
        weekly = (Practice(games=("fruit_ladder",), days=("mon",)),)
        changed = service.prescriptions.save("p-milo", Draft(programme=weekly), "Maja", told.sha256)
        assert service.prescriptions.planned_since(changed.prescription) == clock[0].isoformat()
    missed = known(*(a_day(back) for back in range(20, 6, -1)))
    assert said(missed) == [(WARN, "Missed 5 of the last 5 planned days")]
    assert missed.glance.ordered is not None
    since = replace(missed.glance.ordered, since=(NOW - timedelta(days=3)).isoformat())
    assert said(missed._replace(glance=replace(missed.glance, ordered=since))) == []


def test_a_precaution_is_told_before_and_after_its_last_day() -> None:
    def bound(until: str) -> list[tuple[str, str]]:
        held = Precaution("standing", 0, "", "hip fracture", "Dr Okafor", until)
        return said(known(*every_day(), precautions=(held,)))

    assert bound("2026-11-26") == []
    assert bound("2026-11-25") == [(WARN, "A precaution ends on 25 Nov 2026:")]
    assert bound("2026-11-24") == [(WARN, "A precaution ends tomorrow:")]
    assert bound("2026-11-23") == [(WARN, "A precaution ends today:")]
    assert bound("2026-11-20") == [(WARN, "A precaution ended on 20 Nov 2026:")]


@pytest.mark.parametrize(
    ("started_weeks_ago", "due"), [(1, ""), (2, "for week 4"), (4, "for week 4"), (5, "for week 4"), (-1, "")]
)
def test_a_new_goal_is_due_from_the_week_before_until_it_is_agreed(started_weeks_ago: int, due: str) -> None:
    starts_on = (TODAY - timedelta(weeks=started_weeks_ago)).isoformat()
    patient = known(*every_day())
    ordered = patient.glance.ordered
    assert ordered is not None
    plan = replace(ordered.plan, starts_on=starts_on, goal_weeks=(4, 7))
    told = said(patient._replace(glance=replace(patient.glance, ordered=replace(ordered, plan=plan))))
    assert told == ([(WARN, f"A new goal is due {due}.")] if due else [])


def test_an_old_calibration_may_wait() -> None:
    old = known(*every_day(), calibrated_at="2026-10-20T09:00:00+00:00")
    assert [each.said for each in waiting([old], TODAY)] == ["calibration 34 days old"]
    found = board([old], TODAY)
    assert found.rows == ()
    assert [line.name for line in found.lines] == ["Milo"]  # who may wait is one of all, as on the picture


def test_what_several_wait_for_is_one_line() -> None:
    def waits(count: int) -> list[Later]:
        silent = [
            known(*every_day(), name=f"P{number}", seen_at=NOW - timedelta(days=4 + number)) for number in range(count)
        ]
        return list(waiting(silent, TODAY))

    assert [each.named[0].title for each in waits(2)] == ["P1", "P0"]
    (three,) = waits(3)
    assert three.said == "3 patients, nothing delivered for 4 to 6 days:"
    assert [who.title for who in three.named] == ["P2", "P1", "P0"]
    (many,) = waits(40)
    assert (len(many.named), len(many.others), many.more) == (8, 32, 32)
    (hundreds,) = waits(300)
    assert (len(hundreds.others), hundreds.more) == (92, 292)


def test_what_was_felt_comes_before_what_was_written() -> None:
    letter = Letter("l", "p1", 1, NOW, None, "He asks for the dragon again, but was so tired on both days. " * 3)
    hurts = known(*every_day(pain=5.0), name="Rosa", letter=letter)
    writes = known(*every_day(), name="Milo", letter=letter)
    found = board([writes, hurts], TODAY)
    assert [(row.name, row.kind) for row in found.rows] == [("Rosa", BAR), ("Milo", WARN)]
    assert found.rows[1].reasons[0].rest.endswith("…”")


def test_of_a_large_clinic_the_most_pressing_are_shown_and_the_others_come_next() -> None:
    hurts = [known(*every_day(pain=6.0), name=f"{number:03}") for number in range(MOST_ROWS + 5)]
    everybody = [*hurts, *(known(*every_day(), name=f"z{number:03}") for number in range(MOST_LINES + 7))]
    found = board(everybody, TODAY)
    assert (len(found.rows), found.looks, found.after) == (MOST_ROWS, MOST_ROWS + 5, MOST_ROWS)
    assert (len(found.lines), found.others) == (MOST_LINES, MOST_LINES + 7)
    last = board(everybody, TODAY, found.after)
    assert [row.name for row in last.rows] == [f"{number:03}" for number in range(MOST_ROWS, MOST_ROWS + 5)]
    assert last.after == 0
    assert board(everybody, TODAY, 10_000).first == 0


def test_two_weeks_tell_played_in_part_missed_and_free() -> None:
    days = dict(fortnight(known(a_day(20), a_day(5), a_day(4, ended_early="stopped")), TODAY))
    states = [days[TODAY - timedelta(days=back)] for back in (5, 4, 3, 0)]
    assert states == [PLAYED, PART, MISSED, FREE]


def test_every_reason_is_in_the_catalogue() -> None:
    with speaking(PSEUDO):
        plain = [lead for _kind, lead in said(known(*every_day(pain=6.0, dizziness=5.0))) if lead.isascii()]
    assert plain == []


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path) as opened:
        yield opened


def test_a_clinic_without_anybody_says_what_fills_the_page(client: Client) -> None:
    text = shown(client, "/today")
    assert "No patient yet" in text
    assert "Make a code" in text


def test_the_first_page_with_all_that_it_needs_is_small_on_its_way(client: Client) -> None:
    page = client.get("/today")
    needed = re.findall(r'(?:href|src)="(/static/[^"#]+)"', page.text)
    style = client.get("/static/style.css")
    needed += re.findall(r'url\("?(/static/[^")]+)', style.text)
    assert {"/static/style.css", "/static/regular.ttf"} <= set(needed)
    answers = [page, *(client.get(address) for address in dict.fromkeys(needed))]
    assert sum(int(answer.headers["Content-Length"]) for answer in answers) < 150_000
    unpacked = client.get("/static/style.css", headers={"Accept-Encoding": "identity"})
    assert unpacked.content == style.content
    assert "Content-Encoding" not in unpacked.headers
    assert "Content-Encoding" not in page.headers  # its size would tell of what is secret in it


def test_mine_come_first_where_there_are_any_and_a_letter_leads_to_its_patient(
    service: Service, client: Client
) -> None:
    whose = service.accounts.named("maja").id
    mine = service.patients.add(Person(pseudonym="p-1", name="Milo", therapists=(whose,)))
    service.patients.add(Person(pseudonym="p-2", name="Rosa"))
    writer = service.accounts.make("milo", "Milo", PATIENT, wards={mine: "self"})
    service.letters.write(mine, writer, "Can I skip Friday?")
    text = shown(client, "/today")
    assert "The one patient in this list needs a look first" in text
    assert "“Can I skip Friday?”" in text
    assert "Rosa" not in text
    rows = service.audit.listed(Which(patient_id=mine))
    assert [each.action for each in rows].count("look at a letter") == 1
    assert "Rosa" in shown(client, "/today?show=all")
    assert "Nobody is in this list" in shown(client, "/today?show=here")


def test_nobody_waits_for_an_old_clinic_to_be_read_and_the_page_says_who_is_missing(
    service: Service, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.patients.add(Person(pseudonym="p-1", name="Milo"))
    service.patients.add(Person(pseudonym="p-2", name="Rosa"))
    monkeypatch.setattr(glances, "_PATIENCE_S", 0.0)
    assert "2 patients are not in this list yet" in shown(client, "/today")
    service.glances.renew_all()
    text = shown(client, "/today")
    assert "not in this list yet" not in text
    assert "Rosa" in text


def test_who_comes_here_today_is_in_that_list(service: Service, client: Client) -> None:
    service.patients.add(Person(pseudonym="p-1", name="Milo"))
    here = Practice(games=("fruit_ladder",), place="clinic", at="10:30")
    service.prescriptions.save("p-1", Draft(programme=(here,)), "Maja")
    assert "here at 10:30" in shown(client, "/today?show=here")
    assert "Nobody is in this list" in shown(client, "/today?show=home")


@pytest.mark.parametrize("place", ["Pacific/Kiritimati", "Pacific/Midway"])  # never the same day
def test_days_are_those_of_the_clinic(service: Service, client: Client, place: str) -> None:
    service.contacts.set_zone(place, "test")
    milo = service.patients.add(Person(pseudonym="p-1", name="Milo"))
    writer = service.accounts.make("milo", "Milo", PATIENT, wards={milo: "self"})
    service.letters.write(milo, writer, "Can I skip Friday?")
    day = dated(service.now().astimezone(ZoneInfo(place)), "EEEE")
    assert f"Wrote on {day}:" in shown(client, "/today?show=all")


@pytest.mark.parametrize(("minutes", "heard"), [(-30, 0), (30, 1)])
def test_a_device_is_heard_of_today_from_the_clinic_s_midnight_on(
    service: Service, client: Client, minutes: int, heard: int
) -> None:
    service.contacts.set_zone("Pacific/Kiritimati", "test")
    midnight = service.now().astimezone(ZoneInfo("Pacific/Kiritimati")).replace(hour=0, minute=0, second=0)
    SignedDevice(None).enrol(service)
    with service.store.writing() as db:
        db.execute(update(Device).values(seen_at=midnight.astimezone(UTC) + timedelta(minutes=minutes)))
    service.patients.add(Person(pseudonym="p-1", name="Milo"))
    assert f"{heard} of 1 heard of today" in shown(client, "/today")


def test_what_is_damaged_of_one_patient_leaves_the_lists_of_all(service: Service, client: Client) -> None:
    milo = service.patients.add(Person(pseudonym="p-milo", name="Milo"))
    writer = service.accounts.make("milo", "Milo", PATIENT, wards={milo: "self"})
    service.letters.write(milo, writer, "Can I skip Friday?")
    device = SignedDevice(None).enrol(service)
    service.archive.take(device.id, Batch(items=(an_item(a_session("s-1", told=(Answer("pain", 7.0),))),)))
    contact = Contact(service.now() - timedelta(minutes=5), 60.0, "call", False, "maja", "")
    service.contacts.add(milo, contact, "test")
    tables: tuple[type[Table], ...] = (LetterRow, SessionNews, ContactRow)
    with service.store.writing() as db:
        for table in tables:
            db.execute(update(table).values(sealed=b"damaged"))
        db.execute(update(Delivered).values(summary=b"damaged"))
    for path in ("/today", "/patients", "/messages", f"/patients/{milo}", f"/patients/{milo}/messages"):
        assert client.get(path).status_code == 200, path
    assert "Something to look at soon, which cannot be read any more" in shown(client, "/today")
