"""The bench of programmes: somebody of its age lives through each programme to begin with, week by week.

Every day that it plans is played, at home and at the clinic, as a whole visit of its minutes; what is known of the
person is carried from visit to visit, and each week they are able to do a little more.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from engine import programmes
from engine.commands import patients, visits
from engine.commands.assessing import AUTO
from engine.commands.bench.living import FAULTS, PLAYED, Clock
from engine.commands.bench.population import KINDS, Kind, person
from engine.commands.bench.rows import Row, row
from engine.headset import Watched
from engine.patient import PatientRecord
from engine.plan import About
from engine.prescription import Draft, Practice, planned_on
from engine.profile import profile_of
from engine.programmes import Template
from engine.records import Session
from engine.simulated import SimulatedHeadset

SEED, RATE_HZ = 20261123, 30.0
STARTS = date(2026, 1, 5)  # a Monday
BETTER_A_WEEK = 1.01
KIND_OF_PRESET: Mapping[str, str] = {
    "stroke-mild-arm": "hemiparetic",
    "frozen-shoulder": "low reach",
    "shoulder-surgery": "low reach",
    "fall-risk": "frail",
}
KIND_OF_AGE: tuple[tuple[int, str], ...] = ((8, "child of 6"), (13, "child of 10"))


class Day(NamedTuple):
    """What is played on one day, and in which week that is."""

    day: date
    week: int
    practices: tuple[Practice, ...]


@dataclass(frozen=True)
class Course:
    """What came of one programme: how many visits there were and how many of them finished, faults in words.

    `played` counts trials by game; `left_out` says why a game that was planned was not played to its end.
    """

    name: str
    visits: int
    finished: int
    faults: tuple[str, ...]
    played: Mapping[str, int]
    left_out: Mapping[str, str]


def run() -> list[Row]:
    """A row for each programme, in as many processes as there are cores."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        return [told(course) for course in pool.map(lived, programmes.names())]


def days_of(template: Template) -> Iterator[Day]:
    """The days of a programme on which anything is played, in order."""
    draft = programmes.begun(template, STARTS, visits.tasks(), Draft())
    for number in range(7 * template.weeks):
        day = STARTS + timedelta(days=number)
        if practices := planned_on(draft, day):
            yield Day(day, number // 7, practices)


def kind_of(template: Template) -> Kind:
    """Who lives through a programme: somebody of its ages, with what it is for."""
    youngest = template.ages[0]
    usual = next((name for age, name in KIND_OF_AGE if youngest < age), "adult")
    found = KINDS[KIND_OF_PRESET.get(template.preset, usual)]
    return found if found.age_years else replace(found, age_years=max(youngest, 13))


def lived(name: str) -> Course:
    """Live through a programme from its first day to its last."""
    template = programmes.template(name)
    kind, record, found = kind_of(template), PatientRecord(patient="life"), list[Session]()
    for day in days_of(template):
        for practice in day.practices:
            record, done = visited(template, kind, record, day, practice)
            found.append(done)
    return _course(name, found)


def visited(
    template: Template, kind: Kind, record: PatientRecord, day: Day, practice: Practice, most_minutes: float = 60.0
) -> tuple[PatientRecord, Session]:
    """One visit of a programme as a person of a kind lives through it: what is known of them after it, and the visit.

    It lasts as long as the practice says, and `most_minutes` at most.
    """
    profile, holds = profile_of(kind.age_years), visits.resolved(template.preset, (), record)
    chosen = [game for game in practice.games if kind.posture in visits.task_kind(game).postures]
    steps = visits.steps_for(chosen, holds, record=record, measuring=AUTO, posture=kind.posture, today=day.day)
    seed = SEED + day.day.toordinal()
    plan = visits.plan(
        "life", visits.around(steps, holds, profile, kind.posture), holds, seed, record=record, posture=kind.posture,
        today=day.day, profile=profile, play_minutes=min(practice.minutes or most_minutes, most_minutes),
    )  # fmt: skip
    able = person(kind, SEED)
    grown = {movement: limit * BETTER_A_WEEK**day.week for movement, limit in able.limits_deg.items()}
    worn = Watched(SimulatedHeadset(replace(able, limits_deg=grown), seed, RATE_HZ), Clock())
    about = About("life", f"{day.day}T09:00:00+00:00", visits.SOFTWARE)
    with tempfile.TemporaryDirectory() as folder:
        done, _ = visits.play(plan, worn, Path(folder), about)
    return patients.after(record, holds, plan, done), done


def _course(name: str, sessions: list[Session]) -> Course:
    blocks = [block for done in sessions for block in done.blocks if block.kind in PLAYED]
    played = Counter[str]()
    for block in blocks:
        played[block.task] += len(block.trials)
    return Course(
        name,
        len(sessions),
        sum(done.ended_by == "finished" for done in sessions),
        tuple(f"{event.name}: {event.detail}" for done in sessions for event in done.events if event.name in FAULTS),
        played,
        {block.task: "; ".join(block.notes) for block in blocks if block.notes and not block.trials},
    )


def told(course: Course) -> Row:
    """A programme as a row: visits that did not finish, faults, and games that were never played."""
    never = sorted(name for name, trials in course.played.items() if not trials)
    wrong = course.visits - course.finished + len(course.faults) + len(never)
    said = f"of {course.visits} visits, {sum(course.played.values())} trials"
    if wrong:
        said += f"; never played: {', '.join(never) or 'none'}; {'; '.join(course.faults[:2])}"
    return row(course.name, float(wrong), "faults", said, at_most=0.0)
