"""The page of a plan: weeks × days, a form that changes it, programmes to begin with, conflicts, paper."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from browsers import a_browser
from msgspec import UNSET
from msgspec.structs import replace
from routes import Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import Clock, SignedDevice, a_clinic, a_service, a_session, an_item

from engine import programmes
from engine.prescription import Draft, Message, Practice, draft_for, goals_of
from engine.programme import Goal, HandsOn, Pause
from engine.records import Precaution
from server_sync import wire
from server_sync.clinic.archive import SessionLine
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service
from server_sync.clinic.stopping import stop
from server_sync.page import plan, plan_choices, plan_form
from server_sync.page.plan_sheet import family_sheet, note_sheet
from server_sync.page.weeks import Week, weeks_of

TODAY = date(2026, 11, 20)  # a Friday
CUFF = Precaution("shoulder_elevation_left", 90.0, "deg", "cuff repair", "Dr Okafor", "2026-11-01")
WASHING = Goal(words="Hang the washing without a stool", movement="shoulder_elevation_left", needs=120)
FULL = Draft(
    precautions=(CUFF,),
    plan={"limits": {"lean_back": {"ceiling": 2.0}}, "adaptation": {"full_after_days": 28}},
    programme=(
        Practice(games=("fruit_ladder",), days=("mon", "fri"), minutes=10, weeks=(1, 2)),
        Practice(
            games=("fruit_ladder", "owl_watch"), days=("mon", "wed", "fri"), minutes=15, weeks=(3, 4), times_a_day=2
        ),
        Practice(games=("harbour_lean",), days=("tue",), minutes=20, weeks=(1, 4), place="clinic", at="10:30"),
    ),
    goals=(WASHING, Goal(words="Sleep on my left side")),
    starts_on="2026-11-09",
    pauses=(Pause(since="2026-11-25", until="2026-11-26", reason="a feast"),),
    hands_on=(HandsOn(technique="Posterior glide, grade III", days=("tue",), minutes=15, place="clinic"),),
)  # fmt: skip


def form_of(draft: Draft, base: int = 0, **more: str) -> dict[str, str]:
    """What a browser sends that shows a draft."""
    typed = plan_form.typed_of(draft, base)
    rows = {
        f"{kind}-{n}-{key}": v for kind, of in typed.rows.items() for n, row in enumerate(of) for key, v in row.items()
    }
    return {"base": str(base), **typed.fields, **rows, **more}


# The table


def grid(draft: Draft, *played: tuple[int, float], since: int = 60) -> tuple[Week, ...]:
    """The weeks of a draft that was prescribed so many days ago; `played` are days ago with minutes."""
    sessions = [
        SessionLine(
            f"s-{ago}",
            datetime(2026, 11, 20, 17, tzinfo=UTC) - timedelta(days=ago),
            minutes * 60,
            "Tandem stance",
            0,
            0,
            "",
        )
        for ago, minutes in played
    ]
    begun = TODAY - timedelta(days=since)
    return weeks_of(draft, lambda day: draft if day >= begun else None, sessions, TODAY, measured_on=TODAY)


def test_each_day_of_each_week_says_what_is_planned_and_what_was_played() -> None:
    rows = grid(FULL, (11, 10.0), (7, 4.0), (4, 9.0))
    assert [(row.title, row.now) for row in rows] == [(f"Week {n}", n == 2) for n in (1, 2, 3, 4)]
    marks = [[cell.mark for cell in row.cells] for row in rows]
    assert marks[0] == ["10", "here", "·", "·", "4", "·", "·"]
    assert marks[2] == ["30", "here", "pause", "pause", "30", "·", "·"]
    states = [[cell.state for cell in row.cells] for row in rows]
    assert states[0] == ["played", "here", "none", "none", "part", "none", "none"]
    assert states[1] == ["played", "here", "none", "none", "planned", "none", "none"]
    assert [cell.said for cell in rows[1].cells if cell.today] == [
        "Friday 20 November: Fruit Ladder, 10 minutes at home"
    ]
    assert rows[0].cells[1].said == "Tuesday 10 November: here at 10:30. Harbour Lean"
    assert rows[0].cells[4].said == "Friday 13 November: played 4 of 10 minutes"


def test_days_on_which_all_is_measured_anew_are_marked() -> None:
    def marked(draft: Draft, measured_on: date | None) -> list[str]:
        rows = weeks_of(draft, lambda _day: draft, [], TODAY, measured_on)
        return [f"{cell.day:%d %b}" for row in rows for cell in row.cells if cell.measures]

    daily = Draft(programme=(Practice(games=("fruit_ladder",)),))
    weekly = replace(daily, plan={"adaptation": {"full_after_days": 7}})
    assert marked(daily, None) == ["20 Nov"]  # nothing was measured yet
    assert marked(daily, TODAY - timedelta(days=27)) == ["22 Nov"]  # more than 28 days after it
    assert marked(weekly, TODAY - timedelta(days=1)) == ["27 Nov", "05 Dec"]
    assert marked(Draft(), None) == []


def test_a_day_that_was_missed_is_so_by_the_version_of_that_day_alone() -> None:
    assert grid(FULL)[0].cells[0].state == "missed"
    assert grid(FULL, since=7)[0].cells[0].state == "none"


def test_without_weeks_four_of_the_calendar_are_shown_and_a_long_programme_is_cut_around_now() -> None:
    daily = Draft(programme=(Practice(games=("owl_watch",)),))
    assert [row.now for row in grid(daily)] == [False, True, False, False]
    assert grid(daily)[2].cells[0].mark == "play"
    long = Draft(programme=(Practice(games=("owl_watch",), weeks=(1, 52)),), starts_on="2026-06-01")
    rows = grid(long)
    assert len(rows) == 14
    assert [row.now for row in rows].index(True) == 2


# The form


def test_a_draft_comes_back_from_its_form_as_it_was() -> None:
    assert plan_form.draft_of(plan_form.read(form_of(FULL)), Draft(plan=FULL.plan)) == FULL
    one = Draft(goal="to walk", plan={"games": {"fruit_ladder": {"targets": 8}}})
    assert plan_form.draft_of(plan_form.read(form_of(one)), one) == one


@pytest.mark.parametrize("name", programmes.names())
def test_a_programme_to_begin_with_comes_back_from_its_form(name: str) -> None:
    draft = plan_choices.proposed(name, TODAY, Draft())
    assert plan_form.draft_of(plan_form.read(form_of(draft)), Draft()) == draft


@pytest.mark.parametrize(
    ("typed", "where", "why"),
    [
        ({"practice-0-minutes": "ten"}, "practice-0", "ten is no number"),
        ({"practice-0-minutes": "99"}, "practice-0", "60"),
        ({"practice-0-from": "2.5"}, "practice-0", "no whole number"),
        ({"practice-7-times": "1"}, "practice-3", "Choose a game"),
        ({"starts_on": ""}, "starts_on", "on which day"),
        ({"starts_on": "soon"}, "starts_on", "no day"),
        ({"goal-0-words": " "}, "goal-0", "own words"),
        ({"precaution-0-movement": "wings"}, "precaution-0", "Choose what"),
        ({"precaution-0-most": ""}, "precaution-0", "how far"),
        ({"pause-0-reason": ""}, "pause-0", "why"),
        ({"hands-0-technique": ""}, "hands-0", "by hand"),
        ({"measure_weeks": "often"}, "measure_weeks", "no number"),
        ({"goal_weeks": "4, soon"}, "goal_weeks", "no whole number"),
        ({"goal_weeks": "4, 400"}, "goal_weeks", "from 1 to 104"),
    ],
)
def test_what_is_no_plan_is_refused_at_its_place(typed: Mapping[str, str], where: str, why: str) -> None:
    with pytest.raises(plan_form.NotWritten, match=why) as refused:
        plan_form.draft_of(plan_form.read({**form_of(FULL), **typed}), Draft())
    assert refused.value.where == where


def test_who_changes_the_goals_when_a_new_one_is_due_has_done_it_for_the_weeks_at_hand() -> None:
    due = replace(FULL, goal_weeks=(2, 3, 7))  # in week 2
    other = replace(due, goals=(WASHING,))
    assert plan_form.agreed(due, other, TODAY).goal_weeks == (7,)
    assert plan_form.agreed(due, due, TODAY) == due
    assert plan_form.agreed(due, replace(other, goal_weeks=(3,)), TODAY).goal_weeks is UNSET


def test_the_weeks_follow_while_a_row_is_not_whole_yet() -> None:
    typed = plan_form.read({**form_of(FULL), "practice-0-minutes": "ten", "starts_on": "2026-11-16"})
    assert len(plan_form.shown_of(typed, Draft()).programme) == 2
    assert plan_form.shown_of(typed, Draft()).starts_on == "2026-11-16"


def test_rows_are_added_moved_taken_away_and_a_pause_ends() -> None:
    typed = plan_form.typed_of(FULL, 1)
    assert plan_form.done(typed, "add-precaution", "Maja", TODAY).rows["precaution"][1] == {"by": "Maja"}
    assert len(plan_form.done(typed, "remove-practice-1", "", TODAY).rows["practice"]) == 2
    moved = plan_form.done(typed, "up-goal-1", "", TODAY).rows["goal"]
    assert [row["words"] for row in moved] == ["Sleep on my left side", WASHING.words]
    assert plan_form.done(typed, "on-pause-0", "", TODAY).rows["pause"] == ()
    (ended,) = plan_form.done(typed, "on-pause-0", "", date(2026, 11, 26)).rows["pause"]
    assert ended["until"] == "2026-11-25"
    for nonsense in ("remove-practice-9", "fly-practice-0", "add-everything", "up-goal-x", ""):
        assert plan_form.done(typed, nonsense, "", TODAY) == typed


def test_what_somebody_else_saved_stays_where_i_left_it_as_it_was() -> None:
    theirs = replace(FULL, preset="push", goals=(WASHING,))
    yours = replace(FULL, programme=FULL.programme[:1], goals=(Goal(words="Walk"),))
    both = plan_form.merged(FULL, theirs, yours)
    assert (both.preset, both.programme, both.goals) == ("push", yours.programme, yours.goals)


def test_a_stop_or_pause_of_somebody_else_stays_though_i_changed_another() -> None:
    ill = Pause(since="2026-11-21", reason="ill")
    theirs = replace(FULL, precautions=(CUFF, *stop("dizzy", "Olu")), pauses=(*(FULL.pauses or ()), ill))
    lower, away = replace(CUFF, at_most=80.0), Pause(since="2026-12-24", reason="away")
    both = plan_form.merged(FULL, theirs, replace(FULL, precautions=(lower,), pauses=(away,)))
    assert both.precautions == (*stop("dizzy", "Olu"), lower)
    assert both.pauses == (ill, away)
    assert plan_form.merged(FULL, theirs, replace(FULL, pauses=UNSET)).pauses == (ill,)
    assert plan_form.merged(FULL, replace(FULL, precautions=()), FULL).precautions == ()


# In words


def test_what_saving_does_is_said() -> None:
    assert plan.effects(FULL, FULL, TODAY) == ()
    lifted = replace(FULL, precautions=(), pauses=(Pause(since="2026-12-01", reason="away"),), preset="push")
    assert plan.effects(FULL, lifted, TODAY) == (
        "From Friday 20 November: Fruit Ladder, 10 minutes at home.",
        "In the seven days from then: 3 days at home, 1 here.",
        "Nothing is due from 1 Dec 2026 until you go on; precautions hold on.",
        "Lifted: Left arm raised at most 90° until 1 Nov 2026 (cuff repair, Dr Okafor).",
        "The preset is Push, before Adult standard.",
    )
    assert plan.effects(None, Draft(), TODAY) == ("Nothing is planned from now on.",)


def test_what_a_precaution_bars_is_said_and_that_its_day_is_over() -> None:
    bounded, over = plan.consequence(CUFF, TODAY)
    assert "Fruit Ladder" in bounded
    assert "Harbour Lean" not in bounded
    assert over == "Its last day was 1 Nov 2026: it holds until you renew or lift it."
    (barred,) = plan.consequence(Precaution("weight_on_leg_left", 0.0, "%", "fracture", "Dr Okafor"), TODAY)
    assert barred.startswith("Standing, it bars ")


def test_the_heading_says_where_the_programme_stands() -> None:
    assert plan.finding(FULL, TODAY) == "2 days at home this week, 20 minutes"
    assert plan.place(FULL, TODAY) == "Week 2 of 4"
    assert plan.finding(FULL, date(2026, 11, 25)) == "The programme pauses until Thursday 26 November"
    assert plan.finding(FULL, date(2026, 12, 20)) == "The programme is over"
    assert plan.finding(FULL, date(2026, 11, 1)) == "The programme starts on Monday 9 November"
    assert plan.finding(Draft(), TODAY) == "No programme yet"


def test_the_family_s_sheet_has_the_week_without_degrees_and_the_note_s_the_whole_dose() -> None:
    family = family_sheet(FULL, TODAY)
    assert [line.much for _, lines in family.parts for line in lines] == [
        "Fruit Ladder, 10 minutes", "Come to us at 10:30", "Free", "Free", "Fruit Ladder, 10 minutes", "Free", "Free",
    ]  # fmt: skip
    assert "°" not in repr(family)
    note = note_sheet(FULL, TODAY)
    assert ("Fruit Ladder, Owl Watch", "Mon, Wed, Fri · weeks 3–4 · 15 min · 2 times a day · at home") in note.parts[0][
        1
    ]
    assert note.mind == ("Left arm raised at most 90° until 1 Nov 2026 (cuff repair, Dr Okafor)",)
    assert note.sub == "Week 2 of 4"


# Over the web


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path / "clinic", now=Clock()) as opened:
        yield opened


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with a_web(service) as opened:
        show_cookie(opened, begin_visit(service, service.accounts.make("maja", "Maja B.", "therapist")))
        yield opened


def send(client: Client, patient_id: str, form: Mapping[str, str], do: str = "save") -> Any:
    data = {**form, "do": do, "_csrf_token": form_token(client)}
    return client.post(f"/patients/{patient_id}/plan", data=data, follow_redirects=False)


def now(service: Service) -> Draft:
    return draft_for("rosa", service.prescriptions.current("rosa").prescription)


def test_a_plan_is_proposed_changed_saved_and_shown(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa", name="Rosa"))
    assert "No programme yet" in client.get(f"/patients/{patient_id}/plan").text
    shown = client.get(f"/patients/{patient_id}/plan?template=fall-risk").text
    assert "Never alone: a person within reach" in shown
    assert service.prescriptions.history("rosa") == []
    form = form_of(plan_choices.proposed("fall-risk", TODAY, Draft())) | {
        "practice-0-minutes": "9",
        "why": "first visit",
    }
    saved = send(client, patient_id, form)
    assert (saved.status_code, saved.headers["location"]) == (303, f"/patients/{patient_id}/plan?saved=1")
    assert (now(service).preset, now(service).programme[0].minutes) == ("fall-risk", 9)
    written = service.prescriptions.current("rosa").prescription
    assert (written.author, written.why) == ("Maja B.", "first visit")
    after = client.get(saved.headers["location"]).text
    assert "Saved." in after
    assert "From Friday 20 November: Chair Rocket, Calm Tide, 9 minutes at home." in after


def test_a_day_is_that_of_where_the_patient_lives(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa", zone="Pacific/Kiritimati"))  # 14 hours ahead: 23:00
    at = f"/patients/{patient_id}/plan?template=balance"
    assert 'name="starts_on" type="date" value="2026-11-20"' in client.get(at).text
    service.patients.write(patient_id, Person(pseudonym="rosa", zone="Pacific/Pago_Pago"))  # 11 hours behind
    assert 'name="starts_on" type="date" value="2026-11-19"' in client.get(at).text


def test_what_the_page_does_not_show_stays_as_it_is(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa"))
    service.prescriptions.save("rosa", FULL, "Maja")
    service.prescriptions.tell("rosa", Message(text="Well done!"), "Maja")
    before = now(service)
    assert send(client, patient_id, form_of(before, 2, valid_until="2026-12-31")).status_code == 303
    assert now(service) == replace(before, valid_until="2026-12-31")


def test_what_is_as_before_makes_no_version(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa"))
    service.prescriptions.save("rosa", FULL, "Maja")
    assert "Nothing is changed, so nothing is saved." in send(client, patient_id, form_of(FULL, 1)).text
    assert len(service.prescriptions.history("rosa")) == 1


def test_a_precaution_is_lifted_with_a_reason_alone(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa"))
    service.prescriptions.save("rosa", FULL, "Maja")
    form = form_of(replace(FULL, precautions=()), 1)
    refused = send(client, patient_id, form)
    assert refused.status_code == 422
    assert "Say why a precaution is lifted or changed." in refused.text
    assert now(service).precautions == (CUFF,)
    assert send(client, patient_id, {**form, "why": "healed, says Dr Okafor"}).status_code == 303
    assert now(service).precautions == ()


def test_who_saves_on_top_of_what_they_did_not_see_reads_what_differs_first(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa"))
    first = service.prescriptions.save("rosa", FULL, "Maja")
    form = form_of(FULL, 1, valid_until="2026-12-31")
    service.prescriptions.save("rosa", replace(FULL, goals=(Goal(words="Dance"),)), "Olu", first.sha256)
    conflict = send(client, patient_id, form)
    assert conflict.status_code == 409
    assert "Olu saved another version meanwhile" in conflict.text
    assert "Theirs, which holds" in conflict.text
    assert conflict.text.count("The goals are changed.") == 1
    assert 'name="base" value="2"' in conflict.text
    assert 'value="Dance"' in conflict.text
    assert 'value="2026-12-31"' in conflict.text
    assert send(client, patient_id, form_of(replace(now(service), valid_until="2026-12-31"), 2)).status_code == 303
    assert goals_of(now(service)) == (Goal(words="Dance"),)


def test_what_was_typed_is_not_lost_when_it_is_refused(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa"))
    refused = send(client, patient_id, {**form_of(FULL), "practice-0-minutes": "ten <b>", "why": "because"})
    assert refused.status_code == 422
    assert 'value="ten &lt;b&gt;"' in refused.text
    assert 'value="because"' in refused.text
    assert service.prescriptions.history("rosa") == []


def test_the_programme_of_another_is_copied_and_nothing_else_of_theirs(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa"))
    other = service.patients.add(Person(pseudonym="milo", name="Milo"))
    service.prescriptions.save("milo", FULL, "Maja")
    assert "Milo" in send(client, patient_id, form_of(Draft()), "choose").text
    copied = send(client, patient_id, form_of(Draft(goal="to walk"), other=other), "copy").text
    assert "Harbour Lean" in copied
    assert "to walk" in copied
    assert "Sleep on my left side" not in copied
    assert "cuff repair" not in copied
    assert (other, "version 1") in {(row.patient_id, row.thing) for row in service.audit.listed()}
    for wrong in ("", "nobody", patient_id):
        assert send(client, patient_id, form_of(Draft(), other=wrong), "copy").status_code == 422


def test_an_earlier_version_is_taken_up_again(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa"))
    first = service.prescriptions.save("rosa", FULL, "Maja")
    service.prescriptions.save("rosa", Draft(), "Maja", first.sha256)
    again = send(client, patient_id, form_of(Draft(), 2, version="1"), "earlier").text
    assert WASHING.words in again
    assert 'name="base" value="2"' in again
    assert send(client, patient_id, form_of(Draft(), 2, version="7"), "earlier").status_code == 422


# Somebody new


def test_somebody_new_gets_a_plan_and_a_code_for_their_headset(service: Service, client: Client) -> None:
    form = {"name": "Ada Lovelace", "born": "1958", "condition": "frozen shoulder", "template": "frozen-shoulder"}
    token = {"_csrf_token": form_token(client)}
    added = client.post("/patients/new", data={**form, "place": "clinic", **token}, follow_redirects=False)
    assert added.status_code == 303
    ((patient_id, person),) = service.patients.people().items()
    assert (person.name, person.born, person.condition) == ("Ada Lovelace", "1958", "frozen shoulder")
    assert person.therapists == (service.accounts.named("maja").id,)
    assert "Ada" not in person.pseudonym
    assert "Ada" not in added.headers["location"]
    proposed = client.get(added.headers["location"]).text
    assert proposed.count('<option value="clinic" selected>') == 9
    assert service.prescriptions.history(person.pseudonym) == []
    code = client.post("/clinic/codes", data={"patient": patient_id, **token})
    assert "steadyreach enrol" in code.text


def test_who_cannot_be_is_refused_and_what_was_typed_stays(service: Service, client: Client) -> None:
    token = {"_csrf_token": form_token(client)}
    for form, why in (
        ({"name": " ", "born": "1958"}, "Write the patient"),
        ({"name": "Ada", "born": "2099"}, "not after today"),
        ({"name": "A" * 201, "condition": "frozen shoulder"}, "at most 200"),
    ):
        refused = client.post("/patients/new", data={**form, **token})
        assert refused.status_code == 422
        assert why in refused.text
        assert all(f'value="{value}"' in refused.text for value in form.values())
    assert service.patients.people() == {}


def test_details_are_changed_and_whose_patient_somebody_is(service: Service, client: Client) -> None:
    patient_id = service.patients.add(Person(pseudonym="rosa", name="Rosa", zone="Europe/Berlin"))
    olu = service.accounts.make("olu", "Olu", "therapist")
    form = {"name": "Rosa Lindqvist", "born": "1968", f"therapist-{olu}": "on", "_csrf_token": form_token(client)}
    answer = client.post(f"/patients/{patient_id}/details", data=form)
    assert "The details are saved." in answer.text
    assert 'value="Rosa Lindqvist"' in answer.text
    known = service.patients.person(patient_id)
    assert known == Person(
        pseudonym="rosa", name="Rosa Lindqvist", born="1968", zone="Europe/Berlin", therapists=(olu,)
    )
    assert client.post(f"/patients/{patient_id}/details", data={**form, "born": "soon"}).status_code == 422


def test_by_hand_and_without_a_script_a_plan_is_made(tmp_path: Path) -> None:
    with a_clinic(tmp_path / "clinic") as clinic:
        with a_service(clinic.folder) as service:
            patient_id = service.patients.add(Person(pseudonym="rosa", name="Rosa Lindqvist"))
            password = service.accounts.add("maja", "Maja B.", "therapist")
            device = SignedDevice(None).enrol(service)
            session = a_session(patient="rosa", started_at=datetime.now(UTC).isoformat())
            service.archive.take(device.id, wire.Batch(items=(an_item(session),)))
        with a_browser() as browser:
            for scripts in (False, True):
                small = {"width": 320, "height": 800}
                page = browser.new_context(java_script_enabled=scripts, viewport=small).new_page()
                page.goto(f"{clinic.url}/login")
                page.fill("#login", "maja")
                page.fill("#password", password)
                page.click(".button.first")
                page.goto(f"{clinic.url}/patients/{patient_id}/plan")
                _plan_by_hand(page, scripts)
            for sheet in ("family", "note"):
                page.goto(f"{clinic.url}/patients/{patient_id}/plan/print?sheet={sheet}")
                assert len(re.findall(rb"/Type /Page\b(?!s)", page.pdf(prefer_css_page_size=True))) == 1, sheet
        with a_service(clinic.folder) as service:
            written = [each.prescription for each in service.prescriptions.history("rosa")]
    assert [len(version.programme) for version in written] == [9, 10]
    assert written[1].programme[-1] == Practice(games=("owl_watch",), days=("sun",), minutes=7)
    assert written[1].programme[0].games == ("chair_rocket", "calm_tide"), "in the order in which they are played"
    assert [goal.words for goal in goals_of(written[1])] == ["Walk to the shop"]


def _plan_by_hand(page: Any, scripts: bool) -> None:
    if not scripts:
        page.select_option("#template", "fall-risk")
        page.click("text=Propose it")
        page.click("text=Add a goal")
        page.fill('[name="goal-0-words"]', "Walk to the shop")
    else:
        page.click("text=Add a practice")
        page.check('[name="practice-9-game.owl_watch"]')
        page.check('[name="practice-9-day.sun"]')
        page.fill('[name="practice-9-minutes"]', "7")
        page.wait_for_selector("#weeks td:has-text('Owl Watch')", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if scripts else True
    page.fill("#why", "by hand")
    page.click("text=Save for next session")
    page.wait_for_selector("text=Saved.")
    assert re.search(r"saved=[12]$", page.url)
