"""What a patient, or whose child they are, reads of their own record: programme, messages, sessions and letters."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import games
from engine.prescription import EXPIRED, Practice, Prescription, goals_of, planned_in_week, state_on
from server_sync.clinic.archive import SessionLine
from server_sync.clinic.letters import Letter
from server_sync.page import words
from server_sync.page.sheet import precaution_words

SESSIONS_SHOWN = 20
WEEK = timedelta(days=7)
_DAYS = {
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday",
    "sun": "Sunday",
}  # fmt: skip


class Told(NamedTuple):
    """Something that was written, by whom and when; `read` says when the clinic read a letter, "" for not yet."""

    text: str
    by: str
    when: str
    read: str = ""


class Plan(NamedTuple):
    """What is prescribed, in words: exercises with how often, what to mind, and what the clinic wrote."""

    goals: tuple[str, ...]
    practices: tuple[tuple[str, str], ...]
    precautions: tuple[str, ...]
    until: str
    expired: bool
    messages: tuple[Told, ...]


class Own(NamedTuple):
    """The whole page of one patient; `week` says how much was played in the last seven days."""

    patient_id: str
    name: str
    plan: Plan | None
    week: str
    sessions: tuple[SessionLine, ...]
    more_sessions: int
    letters: tuple[Told, ...]


def plan_of(prescription: Prescription, today: date) -> Plan:
    """A prescription in words; the latest message is the first."""
    return Plan(
        goals=tuple(goal.words for goal in goals_of(prescription)),
        practices=tuple((_titles(practice), _dose(practice)) for practice in planned_in_week(prescription, today)),
        precautions=tuple(map(precaution_words, prescription.precautions)),
        until=words.date(prescription.valid_until) if prescription.valid_until else "",
        expired=state_on(prescription, today) == EXPIRED,
        messages=tuple(
            Told(message.text, message.by, words.date(message.at)) for message in reversed(prescription.messages)
        ),
    )


def letters_of(letters: Sequence[Letter], writers: Mapping[int, str]) -> tuple[Told, ...]:
    """Letters in words; `writers` are the names of the accounts that wrote them."""
    return tuple(
        Told(letter.text, writers.get(letter.account_id, ""), _day(letter.at), _day(letter.read_at))
        for letter in letters
    )


def week_of(sessions: Sequence[SessionLine], now: datetime) -> str:
    """How much was played in the last seven days."""
    lately = [session for session in sessions if session.trials and now - WEEK < session.started_at <= now]
    days = len({session.started_at.date() for session in lately})
    if not lately:
        return "No session in the last 7 days"
    times = words.count(len(lately), "session")
    return f"{times} on {words.count(days, 'day')} of the last 7"


def _titles(practice: Practice) -> str:
    known = games.names()
    return ", ".join(games.load(game).title if game in known else words.name(game) for game in practice.games)


def _dose(practice: Practice) -> str:
    days = [_DAYS[day] for day in practice.days]
    on = f"on {' and '.join(filter(None, (', '.join(days[:-1]), days[-1])))}" if days else "every day"
    times = "once" if practice.times_a_day == 1 else f"{practice.times_a_day} times"
    long = f", about {practice.minutes:g} minutes" if practice.minutes else ""
    return words.sentence(f"{times} {on}{long}")


def _day(moment: datetime | None) -> str:
    return words.short_day(moment) if moment else ""
