"""Named numbers in words: one by one, over the trials of a block, and limits under the method that found them."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import NamedTuple

from engine.plan import POSTURES
from engine.records import Limit, Measured, TrialRecord
from server_sync.page import words
from server_sync.page.language import _
from server_sync.page.meanings import Meanings
from server_sync.page.translated import translated
from server_sync.page.words import Reading


class Number(NamedTuple):
    """A named number in words, with what to keep in mind, the efforts that it is of, and why to measure it again."""

    name: str
    reading: Reading
    note: str = ""
    efforts: str = ""
    doubts: tuple[str, ...] = ()


class Group(NamedTuple):
    """Numbers that share a note, such as the method that found them."""

    numbers: tuple[Number, ...]
    note: str


class Spread(NamedTuple):
    """A measure over the trials of a block: the middle value, the lowest and highest, and the error of one value."""

    name: str
    help: str
    middle: str
    lowest: str
    highest: str
    error: str
    trials: str


def numbers(measures: Mapping[str, Measured], meanings: Meanings) -> tuple[Number, ...]:
    """Measures by their titles."""
    return tuple(
        Number(meanings.measure(key).title, words.measured(number), translated(number.note))
        for key, number in measures.items()
    )


def limits(found: Mapping[str, Limit], measured_at: str) -> tuple[Group, ...]:
    """Limits by their names, grouped by method; one of another day than the rest says which."""
    return grouped(
        Number(name, words.limit(limit), _how(limit, measured_at), _efforts(limit), _all(limit.doubts))
        for name, limit in found.items()
    )


def _how(limit: Limit, measured_at: str) -> str:
    day = words.date(limit.measured_at)
    other_day = _("measured on %(day)s", day=day) if day not in ("", words.date(measured_at)) else ""
    posture = limit.posture if limit.posture != POSTURES[0] else ""
    return ", ".join(part for part in (*_all((limit.method, limit.note, posture)), other_day) if part)


def _all(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(translated(each) for each in said)


def _efforts(limit: Limit) -> str:
    efforts = ", ".join(words.quantity(effort, limit.unit) for effort in limit.efforts)
    return _("efforts: %(values)s", values=efforts) if len(limit.efforts) > 1 else ""


def grouped(found: Iterable[Number]) -> tuple[Group, ...]:
    """Numbers under their notes, so that a note that several share is read once."""
    by_note: dict[str, list[Number]] = {}
    for number in found:
        by_note.setdefault(number.note, []).append(number)
    return tuple(
        Group(tuple(number._replace(note="") for number in members), note) for note, members in by_note.items()
    )


def spreads(trials: Sequence[TrialRecord], meanings: Meanings) -> tuple[Spread, ...]:
    """Each measure over all trials, in the order in which the game declares them."""
    names = dict.fromkeys([*meanings.measures, *(name for trial in trials for name in trial.measures)])
    asked = [(name, [trial.measures[name] for trial in trials if name in trial.measures]) for name in names]
    return tuple(_spread(meanings, name, found) for name, found in asked if found)


def _spread(meanings: Meanings, name: str, found: Sequence[Measured]) -> Spread:
    values = [number.value for number in found if number.value is not None]
    errors = [number.error for number in found if number.error is not None]
    unit, error = found[0].unit, max(errors, default=None)
    middle, lowest, highest = [words.quantity(value, unit, error) for value in _middle_low_high(values)] or (
        _("not measured"),
        "",
        "",
    )
    return Spread(
        name=meanings.measure(name).title,
        help=meanings.measure(name).help,
        middle=middle,
        lowest=lowest,
        highest=highest,
        error="" if error is None else words.quantity(error, unit, error),
        trials=_("%(n)s of %(all)s", n=len(values), all=len(found)),
    )


def _middle_low_high(values: Sequence[float]) -> list[float]:
    return [median(values), min(values), max(values)] if values else []
