"""The bench of pages, on clinics that are small: what it times is there, and what it copies is like what was played."""

from datetime import date
from pathlib import Path

import pytest
from demo_clinics import PASSWORD, a_demo
from server_fixtures import a_service

from engine.commands.bench import grown, page
from engine.commands.bench.forms import filled
from engine.commands.bench.grown import Share, grow

DAYS = 8


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_demo(tmp_path_factory.mktemp("demo"), visits=[2])


@pytest.fixture
def large(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(grown, "SESSIONS", DAYS)
    with a_service(tmp_path / "large") as service:
        service.accounts.add(page.LOGIN, "Bench", password=PASSWORD)
    assert grow(Share(demo, tmp_path / "large", date.today(), range(0, 4, 2))) == 2 * DAYS
    return tmp_path / "large"


def test_a_large_clinic_holds_the_same_sessions_of_others(demo: Path, large: Path) -> None:
    with a_service(demo) as few, a_service(large) as many:
        (rosa,) = few.archive.patients()
        played = [few.archive.session(line.id) for line in few.archive.sessions(rosa.id)]
        people = sorted(many.archive.patients(), key=lambda line: line.name)
        copied = [many.archive.session(line.id) for line in many.archive.sessions(people[0].id)]
    assert [(line.name, line.sessions) for line in people] == [("Patient b-00000", DAYS), ("Patient b-00002", DAYS)]
    assert [each.blocks for each in copied] == [each.blocks for each in played] * (DAYS // 2)
    days = [date.fromisoformat(each.started_at[:10]) for each in copied]
    assert [(days[0] - day).days for day in days] == [int(number * grown.DAYS_APART) for number in range(DAYS)]
    assert {each.patient for each in copied} == {"b-00000"}


def test_every_page_that_there_is_is_timed(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "ROUNDS", 4)
    monkeypatch.setattr(page, "PAGES", {**page.PAGES, "nothing": "/patients/{patient}/nothing"})
    rows = {row["name"]: row for row in page._rows(large, PASSWORD, "large", 0.0)}
    assert {"all patients, large", "a patient, large", "a session, large"} <= set(rows)
    assert "nothing, large" not in rows
    assert all(row["value"] > 0 and not row["holds"] for name, row in rows.items() if name != "preview, large")
    assert all(" ms where " in row["peer"] for row in rows.values())


def test_a_form_is_sent_back_with_one_number_moved() -> None:
    form = filled(
        '<input name="token" value="t"><input type="checkbox" name="off">'
        '<input type="radio" name="way" value="a" checked><input type="radio" name="way" value="b">'
        '<select name="preset"><option value="x"></option><option value="y" selected></option></select>'
        '<input type="number" name="cap" value="90" min="20" max="180">'
    )
    assert form.fields == {"token": "t", "way": "a", "preset": "y", "cap": "90"}
    assert form.moved(5)["cap"] == "100"
    assert {**form.moved(5), "cap": "90"} == form.fields
