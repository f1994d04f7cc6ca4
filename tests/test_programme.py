"""A programme in weeks: what is due on which day, what pauses, and that versions of before keep their bytes."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fhir_fixtures import NAMING
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prescribed import KNEE, a_draft, a_home, a_version, folder_of, put_away
from visits import calibration

from calibration import battery
from engine import presets, programmes
from engine.commands import following, visits
from engine.commands.following import prepared, today_of
from engine.patient import PatientRecord
from engine.prescription import (
    Draft,
    Practice,
    Prescription,
    content_of,
    difference,
    due_on,
    goals_of,
    hands_on_of,
    load,
    next_day,
    planned_in_week,
)
from engine.programme import Goal, HandsOn, Pause, span_of, week_number
from engine.records import RecordUnreadable, from_json, to_json
from server_sync.client.prescriptions import Shelf
from server_sync.fhir import prescribed as fhir
from server_sync.fhir.datatypes import Period
from server_sync.fhir.prescribed import ServiceRequest, of_prescriptions
from server_sync.wire import sha256

WEDNESDAY = date(2026, 3, 4)
STARTS = WEDNESDAY.isoformat()
EASY = Practice(games=("fruit_ladder",), days=("mon", "thu"), minutes=10, weeks=(1, 2))
LONGER = Practice(games=("fruit_ladder",), days=("mon", "thu"), minutes=15, weeks=(3, 4))
HERE = Practice(games=("harbour_lean",), days=("tue",), minutes=20, place="clinic", at="10:30")
AWAY = Pause(since="2026-03-09", until="2026-03-12", reason="a cold")
TASKS = visits.tasks()


def in_weeks(**changes: Any) -> Draft:
    return a_draft(**{"programme": (EASY, LONGER, HERE), "starts_on": STARTS, **changes})


def due(draft: Draft, ahead: int) -> list[float | None]:
    return [each.minutes for each in due_on(draft, WEDNESDAY + timedelta(days=ahead))]


# Which day is in which week


def test_minutes_rise_from_week_to_week_and_the_programme_ends() -> None:
    draft = in_weeks()
    assert [ahead for ahead in range(-7, 60) if due(draft, ahead) == [10]] == [1, 5, 8]
    assert [ahead for ahead in range(-7, 60) if due(draft, ahead) == [15]] == [12, 15, 19, 22]
    assert next_day(draft, WEDNESDAY + timedelta(days=22)) is None


def test_nothing_is_due_before_its_first_day_though_the_week_has_begun() -> None:
    draft = in_weeks(programme=(Practice(games=("fruit_ladder",)),))
    assert not due_on(draft, WEDNESDAY - timedelta(days=1))
    assert next_day(draft, WEDNESDAY - timedelta(days=40)) == WEDNESDAY


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(0, 700))
def test_weeks_go_from_monday_to_sunday(first: date, ahead: int) -> None:
    day = first + timedelta(days=ahead)
    number = week_number(first.isoformat(), day)
    assert week_number(first.isoformat(), first) == 1
    assert week_number(first.isoformat(), day + timedelta(days=1)) - number == (day.weekday() == 6)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.tuples(st.integers(1, 9), st.integers(0, 9)))
def test_the_span_of_a_practice_is_where_it_is_due(first: date, weeks: tuple[int, int]) -> None:
    daily = Practice(games=("owl_watch",), weeks=(weeks[0], weeks[0] + weeks[1]))
    draft = Draft(programme=(daily,), starts_on=first.isoformat())
    days = [day for ahead in range(150) if due_on(draft, day := first + timedelta(days=ahead))]
    assert span_of(daily, draft.starts_on, "") == (days[0].isoformat(), days[-1].isoformat())


def test_what_is_at_the_clinic_is_planned_and_not_due_at_home() -> None:
    tuesday = WEDNESDAY + timedelta(days=6)
    assert not due_on(in_weeks(), tuesday)
    assert HERE in planned_in_week(in_weeks(), tuesday)
    assert LONGER not in planned_in_week(in_weeks(), WEDNESDAY)


def test_work_of_hands_is_shown_on_its_days_and_never_due() -> None:
    glide = HandsOn(technique="Posterior glide, grade III", days=("tue",), place="clinic")
    draft = in_weeks(programme=(), hands_on=(glide,))
    tuesday = WEDNESDAY + timedelta(days=6)
    assert hands_on_of(draft, tuesday) == (glide,)
    assert not hands_on_of(draft, WEDNESDAY)
    assert not due_on(draft, tuesday)


# A pause


def test_in_a_pause_nothing_is_due_and_what_is_next_is_after_it() -> None:
    draft = in_weeks(pauses=(AWAY,))
    assert [ahead for ahead in range(12) if due(draft, ahead)] == [1]
    assert next_day(draft, WEDNESDAY + timedelta(days=1)) == date(2026, 3, 16)
    assert next_day(in_weeks(pauses=(replace(AWAY, until=""),)), date(2026, 3, 9)) is None


def test_the_device_plays_by_the_weeks_and_says_why_nothing_is_due(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    version = a_version(programme=(EASY, LONGER, HERE), starts_on=STARTS, pauses=(replace(AWAY, since="2026-03-11"),))
    put_away(home, version)
    known = PatientRecord(patient="ada", calibration=calibration(), sessions=2)
    said = {}
    for day in (date(2026, 3, 5), date(2026, 3, 10), date(2026, 3, 12), date(2026, 3, 16)):
        ready = prepared(known, True, tmp_path, day)
        said[day.day] = (today_of(ready, day).minutes, following.free(ready, day))
        assert KNEE in ready.record.precautions
    assert (said[5][0], said[16][0]) == (10, 15)
    assert said[10][1] == "today is a day at the clinic, at 10:30; next on 16 March: fruit_ladder"
    assert said[12][1] == "the programme of ada pauses until 12 March (a cold); next on 16 March: fruit_ladder"


# What may be written, and what stays as it was


def test_a_version_of_before_keeps_its_bytes() -> None:
    for name in (b"starts_on", b"goals", b"pauses", b"hands_on", b"weeks", b"place", b'"at"'):
        assert name not in content_of(a_version())
    assert sha256(content_of(a_version())) == "a914d093fa09f6dac1628c245662230c6b011a640b99ce2465ad991f287ba4c4"


def test_a_version_in_weeks_is_read_as_it_was_written() -> None:
    version = a_version(
        programme=(EASY, HERE), starts_on=STARTS, pauses=(AWAY,), goals=(Goal(words="To walk"),), goal=""
    )
    assert load(content_of(version), TASKS) == version


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"starts_on": "4.3.2026"}, "no day"),
        ({"starts_on": None}, "on which day the programme starts"),
        ({"programme": (replace(EASY, weeks=(3, 2)),)}, "must not be after"),
        ({"programme": (replace(EASY, at="25:00"),)}, "at"),
        ({"pauses": (replace(AWAY, until="2026-03-01"),)}, "ends before it begins"),
        ({"pauses": (replace(AWAY, since=""),)}, "no day"),
        ({"pauses": (replace(AWAY, reason=""),)}, "reason"),
        ({"goals": (Goal(words="To walk"),)}, "one or the other"),
        ({"goal": "", "goals": (Goal(words="Fly", movement="wings"),)}, "no movement 'wings'"),
        ({"goal": "", "goals": (Goal(words="Reach", needs=120),)}, "which movement"),
        ({"goal": "", "goals": (Goal(words="Reach", movement="shoulder_elevation_left", needs=190),)}, "at most 180"),
    ],
)
def test_what_cannot_be_in_a_programme_is_refused(changes: dict[str, Any], why: str) -> None:
    given_ = {"programme": (EASY,), "starts_on": STARTS, **changes}
    version = a_version(**{name: value for name, value in given_.items() if value is not None})
    with pytest.raises(RecordUnreadable, match=why):
        load(to_json(version), TASKS)


def test_one_goal_and_several_are_read_alike() -> None:
    assert goals_of(a_draft()) == (Goal(words="to stand at the sink"),)
    assert goals_of(a_draft(goal="", goals=(Goal(words="a"), Goal(words="b")))) == (Goal(words="a"), Goal(words="b"))
    assert goals_of(Draft()) == ()


def test_what_differs_in_weeks_is_said() -> None:
    changed = in_weeks(starts_on="2026-03-11", pauses=(AWAY,))
    assert difference(None, in_weeks(), changed) == (
        "pause: was nothing, you wrote from 2026-03-09 until 2026-03-12 (a cold)",
        "starts_on: was nothing, is now 2026-03-04, you wrote 2026-03-11",
    )


def test_a_device_that_does_not_know_a_field_keeps_the_version_before(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    put_away(home, a_version())
    newer = to_json(a_version(2)).replace(b'"starts_on"', b"").replace(b'"author"', b'"moons": 3, "author"')
    with pytest.raises(RecordUnreadable, match="moons"):
        Shelf(home).add("ada", newer)
    Shelf(home).take_note({"ada": (2, sha256(newer))}, ("ada",))
    ready = prepared(PatientRecord(patient="ada", calibration=calibration()), True, tmp_path, WEDNESDAY)
    assert ready.used is not None
    assert (ready.used.version, ready.used.state) == (1, "older")
    assert KNEE in ready.record.precautions
    assert len(list(folder_of(home).glob("0*.json"))) == 1
    assert from_json(content_of(a_version()), Prescription) == a_version()


# To other systems


def test_weeks_are_the_bounds_of_an_order_and_every_goal_is_one() -> None:
    version = a_version(
        programme=(EASY, LONGER), starts_on=STARTS, goal="", goals=(Goal(words="To walk"), Goal(words="To sleep"))
    )
    found = of_prescriptions(NAMING, "patient", [version])
    orders = [each for each in found if isinstance(each, ServiceRequest)]
    bounds = [each.occurrence_timing.repeat.bounds_period for each in orders]
    assert bounds == [Period(start="2026-03-04", end="2026-03-15"), Period(start="2026-03-16", end="2026-03-29")]
    assert [each.description.text for each in found if isinstance(each, fhir.Goal)] == ["To walk", "To sleep"]


# Programmes to begin with


@pytest.mark.parametrize("name", programmes.names())
def test_a_programme_to_begin_with_is_what_can_be_prescribed(name: str) -> None:
    found = programmes.template(name)
    goal = a_draft(goal="To walk", precautions=(KNEE,), plan={"limits": {"lean_back": {"ceiling": 2.0}}})
    draft = programmes.begun(found, WEDNESDAY, TASKS, goal)
    assert load(to_json(a_version(**{field: getattr(draft, field) for field in Draft.__struct_fields__})), TASKS)
    assert {game for practice in found.programme for game in practice.games} <= set(TASKS)
    assert all(practice.weeks and practice.minutes for practice in found.programme)
    assert found.about, found.caution
    assert found.source.endswith(".")
    assert (draft.goal, draft.precautions) == ("To walk", (KNEE,))
    assert draft.plan["limits"] == {"lean_back": {"ceiling": 2.0}}
    assert draft.plan["adaptation"]["full_after_days"] == 7 * found.measure_every_weeks
    weeks = [week_number(STARTS, day) for ahead in range(200) if due_on(draft, day := WEDNESDAY + timedelta(ahead))]
    assert set(weeks) == set(range(1, found.weeks + 1)), "no week is empty"


def scenes(found: programmes.Template, week: int) -> set[str]:
    """Where people are in a week at home."""
    at_home = [each for each in found.programme if not each.at_clinic and each.weeks]
    return {TASKS[game].place for each in at_home if each.weeks[0] <= week <= each.weeks[1] for game in each.games}


@pytest.mark.parametrize("name", programmes.names())
def test_a_new_goal_and_another_scene_come_before_people_lose_heart(name: str) -> None:
    found = programmes.template(name)
    assert found.goal_weeks == (4, 7)
    for week in found.goal_weeks:
        assert scenes(found, week) - scenes(found, week - 1)
    assert programmes.begun(found, WEDNESDAY, TASKS, Draft()).goal_weeks == found.goal_weeks


@pytest.mark.parametrize("name", programmes.names())
def test_no_week_at_home_has_one_game_alone(name: str) -> None:
    found = programmes.template(name)
    at_home = [each for each in found.programme if not each.at_clinic and each.weeks]
    for week in range(1, found.weeks + 1):
        here = {game for each in at_home if each.weeks[0] <= week <= each.weeks[1] for game in each.games}
        assert len(here) != 1, f"week {week}: {here}"


@pytest.mark.parametrize("name", programmes.names())
def test_its_clinical_tests_come_as_often_as_all_is_measured_anew(name: str) -> None:
    found = programmes.template(name)
    tested = sorted(
        each.weeks[0] for each in found.programme if each.weeks and not set(each.games).isdisjoint(battery.names())
    )
    last = max(each.weeks[1] for each in found.programme if each.weeks)
    assert (tested[0], tested[-1]) == (1, last)
    assert all(later - earlier <= found.measure_every_weeks + 1 for earlier, later in pairwise(tested))


FRAIL_OR_DIZZY = ("fall-risk", "vestibular")


@pytest.mark.parametrize("name", programmes.names())
def test_a_programme_asks_for_no_more_minutes_and_days_than_its_age_and_condition(name: str) -> None:
    found = programmes.template(name)
    most = 10 if found.ages[1] < 13 else 20
    played = [each for each in found.programme if not set(each.games) <= set(battery.names())]
    assert all((each.minutes or 0) <= most for each in found.programme)
    assert all((each.minutes or 0) <= 12 for each in played if name in FRAIL_OR_DIZZY)
    for week in range(1, found.weeks + 1):
        days = {day for each in played if each.weeks and each.weeks[0] <= week <= each.weeks[1] for day in each.days}
        assert 3 <= len(days) <= 5


@pytest.mark.parametrize("name", ["hip-replacement", "ankle-sprain"])
def test_nobody_stands_on_one_leg_at_once_that_was_hurt_or_operated_on(name: str) -> None:
    alone = {"flamingo_garden", "single_leg"}
    first = [each.weeks[0] for each in programmes.template(name).programme if each.weeks and alone & set(each.games)]
    assert min(first) >= 4


@pytest.mark.parametrize("name", FRAIL_OR_DIZZY)
def test_who_is_frail_or_dizzy_is_shown_no_world_that_goes_with_the_head(name: str) -> None:
    holds = presets.resolve(programmes.template(name).preset, TASKS, others=True)
    assert holds.ceilings["visual_conflict"] == 0


def test_programmes_are_for_the_ages_of_their_presets() -> None:
    for name in programmes.names():
        found = programmes.template(name)
        youngest, oldest = found.ages
        assert youngest < oldest
        assert ("child" in found.title.lower()) == (oldest < 13)
        holds = presets.resolve(found.preset, TASKS, others=True)
        assert (youngest < 18) or holds.preset.base != "child"


def test_every_preset_of_a_condition_has_a_programme_to_begin_with() -> None:
    conditions = {path.stem for path in presets.PRESETS.glob("*.toml") if 'kind = "condition"' in path.read_text()}
    assert conditions <= {programmes.template(name).preset for name in programmes.names()}


def test_a_programme_that_there_is_not_is_refused() -> None:
    with pytest.raises(programmes.ProgrammeError, match="there is no programme"):
        programmes.template("../presets/push")
