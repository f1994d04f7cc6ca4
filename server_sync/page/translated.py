"""What others say in English, a session's record, a preset or a refusal, in the language of the page.

Games, measures, movements and presets are known by their names. A sentence is known by those of `recorded` and
`refused`; its blanks are put into the language, too. What is not known stays in English.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache, lru_cache
from typing import NamedTuple

from engine import presets, programmes
from engine.adaptation import Adaptation
from engine.clinical import ClinicalTest, numbers_under
from engine.movements import MOVEMENTS, PARTS
from engine.parameters import describe
from engine.prescription import Draft
from server_sync.clinic.known_tasks import tasks
from server_sync.page.language import ENGLISH, dated, decimal, plain_gettext, spoken
from server_sync.page.recorded import RECORDED
from server_sync.page.refused import REFUSED

_BLANK = re.compile(r"%\((\w+)\)s")
_INSIDE = "(?:(?!; |: ).)+"
_FRACTION = re.compile(r"\d+\.\d+( ?[^\d\s]{1,4})?")
_DAY = re.compile(r"\d{1,2} [A-Z][a-z]+")
_SIDES = ("left", "right")
_SUFFIXES = {"m", "s", "deg", "mps", "hz", "dps", "mm", "mm2", "cm2", "percent"}


class _Sentence(NamedTuple):
    """A sentence of a catalogue, what every text that it could be contains, and how its blanks are found."""

    key: str
    contains: str
    pattern: re.Pattern[str]


def translated(said: str) -> str:
    """A text in the language of the page."""
    return said if not said or spoken() == ENGLISH else _translated(said, spoken())


@lru_cache(maxsize=4096)
def _translated(said: str, _language: str) -> str:
    if said in names():
        return plain_gettext(said)
    for each in _sentences():
        if each.contains in said and (found := each.pattern.fullmatch(said)):
            blanks = {name: translated(value) for name, value in found.groupdict().items()}
            return plain_gettext(each.key) % blanks
    titles = said.split(" and ")
    if all(title in names() for title in titles):
        return ", ".join(map(translated, titles))
    for between in ("; ", ": ", ", "):
        if between in said:
            return between.join(translated(piece) for piece in said.split(between))
    if _FRACTION.fullmatch(said):
        return decimal(said)
    return _day(said) if _DAY.fullmatch(said) else said


def key_words(key: str) -> str:
    """The English words of a key: `shoulder_elevation_left` is "Left shoulder elevation", `hold_s` is "Hold"."""
    parts = key.split("_")
    if len(parts) > 1 and parts[-1] in _SUFFIXES:
        parts.pop()
    if len(parts) > 1 and parts[-1] in _SIDES and parts[0] != "lean":
        parts.insert(0, parts.pop())
    return " ".join(parts).capitalize()


@cache
def names() -> frozenset[str]:
    """What games, movements, presets and programmes are called, and say of themselves; they hold no blanks."""
    return frozenset(filter(None, (*_of_games(), *_of_movements(), *_of_presets(), *_of_plans())))


def _of_games() -> Iterator[str]:
    for game in tasks().values():
        yield from (game.title, *game.trains)
        for measure in numbers_under(game).values():
            yield from (measure.title, measure.help)
        yield from _of_parameters(game.Parameters)
        if issubclass(game, ClinicalTest):
            yield game.not_compared
            for norm in game.norms:
                yield from (norm.says, norm.alike, norm.source)


def _of_parameters(parameters: type) -> Iterator[str]:
    for each in describe(parameters):
        yield from (key_words(each["name"]), each["help"], *each.get("options", ()))
        if " " in each["unit"]:
            yield each["unit"]


def _of_movements() -> Iterator[str]:
    for movement in MOVEMENTS.values():
        yield movement.title
    yield from PARTS


def _of_presets() -> Iterator[str]:
    yield from _of_parameters(Adaptation)
    for name in presets.names():
        preset = presets.resolve(name, {}, others=True).preset
        yield from (preset.title, preset.about, preset.caution.strip())
        yield from (str(said["reason"]) for said in preset.limits.values() if "reason" in said)


def _of_plans() -> Iterator[str]:
    yield from map(key_words, Draft.__struct_fields__)
    for name in programmes.names():
        template = programmes.template(name)
        yield from (template.title, template.about, template.caution)


@cache
def _sentences() -> tuple[_Sentence, ...]:
    """All sentences, those that say most before those that are mostly blanks."""
    found = map(_sentence, (*RECORDED, *REFUSED))
    return tuple(sorted(found, key=lambda each: -len(_BLANK.sub("", each.key))))


def _sentence(key: str) -> _Sentence:
    pieces = [piece.replace("%%", "%") for piece in _BLANK.split(key)]
    said = [re.escape(piece) if number % 2 == 0 else f"(?P<{piece}>{_INSIDE})" for number, piece in enumerate(pieces)]
    return _Sentence(key, max(pieces[::2], key=len), re.compile("".join(said)))


def _day(said: str) -> str:
    try:
        return dated(datetime.strptime(f"{said} 2000", "%d %B %Y"), "d MMMM")
    except ValueError:
        return said
