"""Programmes to begin with, lived through: every game of each is played by whom it is for; and what the bench tells."""

from pathlib import Path

import pytest
from visits import ABOUT

from engine import programmes
from engine.commands import visits
from engine.commands.bench import programmes as bench
from engine.commands.bench.living import FAULTS
from engine.commands.bench.population import person
from engine.patient import PatientRecord
from engine.profile import profile_of
from engine.simulated import SimulatedHeadset

CHILD = programmes.template("child")


@pytest.mark.long_table
@pytest.mark.parametrize("name", programmes.names())
def test_who_it_is_for_can_play_every_game_of_a_programme(name: str, tmp_path: Path) -> None:
    template = programmes.template(name)
    kind = bench.kind_of(template)
    chosen = list(dict.fromkeys(game for practice in template.programme for game in practice.games))
    few = [f"{name}.targets=1" for name in chosen if hasattr(visits.task_kind(name).Parameters, "targets")]
    holds = visits.resolved(template.preset, few)
    steps = visits.steps_for(chosen, holds, posture=kind.posture)
    plan = visits.plan("life", steps, holds, 1, posture=kind.posture, profile=profile_of(kind.age_years))
    done, _ = visits.play(plan, SimulatedHeadset(person(kind, 1), 1, bench.RATE_HZ), tmp_path, ABOUT)
    assert done.ended_by == "finished"
    assert not [event for event in done.events if event.name in FAULTS]
    assert {block.task: block.notes for block in done.blocks if block.task in chosen and not block.trials} == {}


def test_its_days_are_played_in_order_and_what_is_known_is_carried_on() -> None:
    kind, record = bench.kind_of(CHILD), PatientRecord(patient="life")
    days = list(bench.days_of(CHILD))
    assert [day.week for day in days] == sorted(day.week for day in days)
    assert sum(any(not each.at_clinic for each in day.practices) for day in days) == 3 * CHILD.weeks
    first, _ = bench.visited(CHILD, kind, record, days[0], days[0].practices[0], most_minutes=1.0)
    again, done = bench.visited(CHILD, kind, first, days[1], days[1].practices[0], most_minutes=1.0)
    assert (again.sessions, done.ended_by) == (2, "finished")
    assert done.followed == first.followed != ()


def test_a_row_tells_what_was_never_played_and_what_did_not_finish() -> None:
    good = bench.Course("child", 3, 3, (), {"fruit_ladder": 9}, {})
    bad = bench.Course("child", 3, 2, ("error: x",), {"fruit_ladder": 9, "owl_watch": 0}, {"owl_watch": "why"})
    assert bench.told(good)["holds"]
    assert (bench.told(bad)["value"], bench.told(bad)["holds"]) == (3.0, False)
    assert "never played: owl_watch" in bench.told(bad)["peer"]


def test_everybody_is_of_an_age_of_their_programme() -> None:
    for name in programmes.names():
        youngest, oldest = programmes.template(name).ages
        age = bench.kind_of(programmes.template(name)).age_years
        assert age is not None
        assert youngest <= age <= oldest
