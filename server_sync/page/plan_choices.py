"""What may be chosen for a plan, in words: games and clinical tests, programmes to begin with, days, movements."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from msgspec import UNSET
from msgspec.structs import replace

from calibration.battery import usual_minutes
from engine import presets, programmes
from engine.clinical import ClinicalTest
from engine.movements import MOVEMENTS, PARTS
from engine.prescription import Draft
from engine.programme import CLINIC, DAYS, monday
from engine.task import Task
from server_sync.clinic.known_tasks import tasks
from server_sync.page import words
from server_sync.page.language import _, dated
from server_sync.page.translated import translated

OLDEST = 99  # programmes that end later end with nobody's age


class Game(NamedTuple):
    """A game or a clinical test to choose: its name, its title, what it trains, and of a test how long it takes."""

    name: str
    title: str
    trains: str


class Shelf(NamedTuple):
    """Games to choose from under one heading."""

    title: str
    games: tuple[Game, ...]
    chosen: bool = False


class Proposal(NamedTuple):
    """A programme to begin with."""

    name: str
    title: str
    about: str
    caution: str
    source: str
    ages: tuple[int, int]


def choice_of_games(row: Mapping[str, str]) -> tuple[Shelf, ...]:
    """The games of a practice as it is typed, in the order in which they are played, then all others by their kind."""
    known = tasks()
    named = [key.removeprefix("game.") for key in row if key.startswith("game.")]
    shelves = [Shelf(_("Chosen, in this order"), tuple(map(_game, named)), chosen=True)]
    for title, test, seated in (
        (_("Games, standing or seated"), False, True),
        (_("Games, standing"), False, False),
        (_("Clinical tests, standing or seated"), True, True),
        (_("Clinical tests, standing"), True, False),
    ):
        of = [name for name, task in known.items() if (issubclass(task, ClinicalTest), _seated(task)) == (test, seated)]
        shelves.append(Shelf(title, tuple(_game(name) for name in of if name not in named)))
    return tuple(shelf for shelf in shelves if shelf.games)


def _seated(task: type[Task]) -> bool:
    return "seated" in task.postures


def _game(name: str) -> Game:
    """One in the language of the page."""
    if name not in tasks():
        return Game(name, words.name(name), _("not known here"))
    task = tasks()[name]
    trains = translated(", ".join(task.trains))
    return Game(name, translated(task.title), f"{trains} · {takes([name])}" if takes([name]) else trains)


def takes(names: Sequence[str]) -> str:
    """How long the clinical tests among some games take, about; "" where there are none."""
    minutes = [usual_minutes(name) for name in names if issubclass(tasks().get(name, Task), ClinicalTest)]
    return _("about %(minutes)s min", minutes=max(1, round(sum(minutes)))) if minutes else ""


@cache
def proposals() -> tuple[Proposal, ...]:
    """The programmes to begin with, by their titles."""
    found = [(name, programmes.template(name)) for name in programmes.names()]
    all_ = [Proposal(name, each.title, each.about, each.caution, each.source, each.ages) for name, each in found]
    return tuple(sorted(all_, key=lambda each: each.title))


def proposal(name: str) -> Proposal | None:
    """The programme to begin with of a name, None where there is none."""
    return next((each for each in proposals() if each.name == name), None)


def ages_words(ages: tuple[int, int]) -> str:
    """For whom a programme was written, by their years."""
    youngest, oldest = ages
    if oldest > OLDEST:
        return _("Written for people from %(youngest)s years on.", youngest=youngest)
    return _("Written for people of %(youngest)s to %(oldest)s years.", youngest=youngest, oldest=oldest)


def proposed(name: str, today: date, before: Draft, here: bool = False) -> Draft:
    """A draft with a programme to begin with, from today on, all of it `here` for who does not play at home.

    Raises engine.programmes.ProgrammeError.
    """
    draft = programmes.begun(programmes.template(name), today, list(tasks()), before)
    return replace(draft, programme=tuple(replace(each, place=CLINIC) for each in draft.programme)) if here else draft


def copied(theirs: Draft, today: date, before: Draft) -> Draft:
    """A draft with the programme of another patient, from today on: not their precautions, goals or values."""
    return replace(
        before,
        preset=theirs.preset,
        programme=theirs.programme,
        hands_on=theirs.hands_on,
        starts_on=today.isoformat() if theirs.starts_on else UNSET,
        goal_weeks=theirs.goal_weeks,
    )


@cache
def preset_titles() -> tuple[tuple[str, str], ...]:
    """The presets, and what they are called."""
    return tuple((name, presets.resolve(name, {}, others=True).title) for name in presets.names())


def usual_weeks(preset: str) -> str:
    """After how many weeks a preset has everything measured anew."""
    return f"{presets.resolve(preset, {}, others=True).adaptation.full_after_days / 7:g}"


def day_names() -> tuple[tuple[str, str], ...]:
    """The days of a week, short as the language has them."""
    begins = monday(date(2026, 1, 5))
    return tuple((day, dated(begins + timedelta(days=place), "EEE")) for place, day in enumerate(DAYS))


def movements() -> tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]:
    """What may be bounded, by the part of the body: name, title and unit."""
    return tuple(
        (
            words.sentence(translated(part)),
            tuple(
                (name, words.movement(name), words.suffix(each.unit).strip())
                for name, each in MOVEMENTS.items()
                if each.part == part
            ),
        )
        for part in PARTS
    )
