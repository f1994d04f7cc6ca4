"""What a patient of the demo clinic is: who they are said to be, what is true of them on each day, and what happens.

Days count back from the day the clinic is made on (0), so that a story ends now whenever that is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

import numpy as np

from engine.frame import Button
from engine.prescription import Draft, due_on
from engine.questions import LEVELS
from engine.simulated_patient import Patient

DAY_TO_DAY = 0.02  # the standard deviation of a limit from one day to the next, as a share
Course = tuple[tuple[float, float], ...]
"""A number over time: days ago and value, straight between, the earliest first."""


class Version(NamedTuple):
    """A prescription that a therapist (a login) writes in the morning of a day, and why."""

    days_ago: int
    by: str
    draft: Draft
    why: str = ""


class Told(NamedTuple):
    """A message that a therapist (a login) writes to the patient in the morning of a day."""

    days_ago: int
    by: str
    text: str


class Wrote(NamedTuple):
    """A letter that somebody (a login) writes to the clinic in the evening of a day; `read_by` is who reads it then."""

    days_ago: int
    by: str
    text: str
    read_by: str = ""


class Spent(NamedTuple):
    """Time that a therapist (a login) spent on the patient in the evening of a day; `kind` is one of minutes' kinds."""

    days_ago: int
    by: str
    minutes: float
    kind: str
    note: str = ""


class Moment(NamedTuple):
    """Something that somebody does in a visit, so many seconds after it began: a button, and what they choose then."""

    at_s: float
    button: Button
    picks: frozenset[str]


class Relative(NamedTuple):
    """An account of the patient themselves (`relation` self) or of who cares for them."""

    login: str
    name: str
    relation: str = "self"


@dataclass(frozen=True)
class Character:
    """One patient: `courses` are numbers of their `Patient` or limits in degrees, by name, over time.

    `pain` and `effort` are what they answer, 0 to 10, over time. `missed` and `moments` count visits from the last one
    that was planned (1) back. What was played on the last `silent_days` did not reach the clinic.
    """

    pseudonym: str
    name: str
    condition: str
    born: date
    hour: int
    versions: tuple[Version, ...]
    patient: Patient = field(default_factory=Patient)
    courses: Mapping[str, Course] = field(default_factory=dict)
    pain: Course = ((0, 0.0),)
    effort: Course = ((0, 4.0),)
    posture: str = "standing"
    missed: frozenset[int] = frozenset()
    moments: Mapping[int, tuple[Moment, ...]] = field(default_factory=dict)
    told: tuple[Told, ...] = ()
    letters: tuple[Wrote, ...] = ()
    spent: tuple[Spent, ...] = ()
    relatives: tuple[Relative, ...] = ()
    silent_days: int = 0

    @property
    def begins(self) -> int:
        """How many days ago they came to the clinic."""
        return self.versions[0].days_ago

    def planned(self, today: date) -> list[date]:
        """Every day before today on which something was prescribed for them."""
        days = [today - timedelta(days=ago) for ago in range(self.begins, 0, -1)]
        return [day for day in days if due_on(self._draft_on((today - day).days), day)]

    def visits(self, today: date) -> Mapping[date, tuple[Moment, ...]]:
        """The days on which they play, and what they do then."""
        numbered = enumerate(reversed(self.planned(today)), 1)
        return {day: self.moments.get(number, ()) for number, day in numbered if number not in self.missed}

    def truth(self, days_ago: int, random: Random) -> Patient:
        """What is true of them on a day."""
        values = {name: _at(course, days_ago) for name, course in self.courses.items()}
        own = {each.name for each in fields(Patient)} & set(values)
        limits = {**self.patient.limits_deg, **{name: value for name, value in values.items() if name not in own}}
        varied = {name: limit * random.gauss(1.0, DAY_TO_DAY) for name, limit in limits.items()}
        says = {"pain": _at(self.pain, days_ago), "fatigue": _at(self.effort, days_ago) + random.gauss(0.0, 0.8)}
        picks = frozenset(f"{kind} {_nearest(value)}" for kind, value in says.items())
        return replace(self.patient, limits_deg=varied, picks=picks, **{name: values[name] for name in own})  # type: ignore[arg-type]

    def since(self, today: date, visits: int) -> "Character":
        """The same person with the last of their visits alone, and what happened since the first of those."""
        begins = (today - self.planned(today)[-visits:][0]).days
        before = [version for version in self.versions if version.days_ago >= begins]
        later = [version for version in self.versions if version.days_ago < begins]
        return replace(
            self,
            versions=(before[-1]._replace(days_ago=begins), *later),
            told=tuple(each for each in self.told if each.days_ago < begins),
            letters=tuple(each for each in self.letters if each.days_ago < begins),
            spent=tuple(each for each in self.spent if each.days_ago < begins),
        )

    def _draft_on(self, days_ago: int) -> Draft:
        return [version.draft for version in self.versions if version.days_ago >= days_ago][-1]


def _at(course: Course, days_ago: float) -> float:
    ago, values = zip(*course, strict=True)
    return float(np.interp(-days_ago, [-each for each in ago], values))


def _nearest(value: float, levels: Sequence[int] = LEVELS) -> int:
    """The number of the reply that is worth most nearly this."""
    return min(range(len(levels)), key=lambda index: abs(levels[index] - value))
