"""Programmes to begin with, by condition: files that propose a preset, games, work of hands and when to measure anew.

They are data, as presets are, and only propose: whoever prescribes changes what they like before anything holds.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

import msgspec

from engine.prescription import Draft, Practice
from engine.programme import HandsOn, Week
from engine.records import Record
from engine.theme import ASSETS, read_toml

PROGRAMMES = ASSETS / "programmes"
DAYS_OF_A_WEEK = 7


class ProgrammeError(ValueError):
    """A programme to begin with is missing or does not fit; the message says which and why."""


class Template(Record, frozen=True, kw_only=True):
    """What a file says. `measure_every_weeks` is when all is measured anew, `source` where doses are from.

    `ages` are the youngest and the oldest that it was written for, in years; `goal_weeks` those for which a new goal is
    agreed upon, in which the scene changes, too: a little before people lose heart.
    """

    title: str
    about: str
    source: str
    caution: str
    preset: str
    measure_every_weeks: Week
    ages: tuple[int, int]
    goal_weeks: tuple[Week, ...]
    programme: tuple[Practice, ...]
    hands_on: tuple[HandsOn, ...] = ()

    @property
    def weeks(self) -> int:
        """How many weeks it has."""
        return max(each.weeks[1] for each in self.programme if each.weeks)


def names() -> list[str]:
    """The programmes that come with the program."""
    return sorted(path.stem for path in PROGRAMMES.glob("*.toml"))


def template(name: str) -> Template:
    """One of them; raises ProgrammeError."""
    if name not in names():
        raise ProgrammeError(f"there is no programme {name!r}; there are {', '.join(names())}")
    return read_toml(PROGRAMMES / f"{name}.toml", Template, ProgrammeError)


def begun(found: Template, starts_on: date, known: Collection[str], before: Draft) -> Draft:
    """A draft with a programme from a day on, of the games that are `known`; precautions and goals stay as before."""
    practices = [
        msgspec.structs.replace(each, games=tuple(game for game in each.games if game in known))
        for each in found.programme
    ]
    plan: dict[str, Any] = dict(before.plan)
    plan["adaptation"] = {**plan.get("adaptation", {}), "full_after_days": found.measure_every_weeks * DAYS_OF_A_WEEK}
    return msgspec.structs.replace(
        before,
        preset=found.preset,
        plan=plan,
        starts_on=starts_on.isoformat(),
        goal_weeks=found.goal_weeks or msgspec.UNSET,
        programme=tuple(each for each in practices if each.games),
        hands_on=found.hands_on or msgspec.UNSET,
    )
