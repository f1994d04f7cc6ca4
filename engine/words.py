"""The words that people read and hear: keys such as `fruit_ladder.reach` to sentences in one language."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from engine.records import Record
from engine.theme import ASSETS, read_toml

CONTROLS: Mapping[str, str] = {
    "confirm": "controls.trigger",
    "menu": "controls.menu_button",
    "stop": "controls.b_button",
    "recentre": "controls.thumbstick",
}
"""What a person can do without knowing with what, and the words for it with the controllers that most people have."""

THEMES = "themes."
"""What a theme says otherwise stands under `themes.NAME`."""

_BLANK = re.compile(rf"\{{(\d+|{'|'.join(CONTROLS)})\}}")
_BRACE = re.compile(r"[{}]")


class WordsError(ValueError):
    """Words that cannot be used; the message names the file and the key."""


class Language(Record, frozen=True, kw_only=True):
    """What a file of words says of itself under [language]: its language's own name, and which way that is read."""

    name: str = ""
    direction: Literal["left to right", "right to left"] = "left to right"


class Words:
    """The words of one language.

    `controls` maps what can be done, such as `confirm`, to the words for doing it with what is in hand now; what it
    leaves out is said as in CONTROLS. `code` is the language's (ISO 639), `name` what its speakers call it.
    """

    def __init__(
        self, entries: Mapping[str, str], source: str, code: str = "en", language: Language | None = None
    ) -> None:
        """Take key to sentence; `source` is named in errors."""
        language = language or Language()
        self._entries = dict(entries)
        self._source = source
        self.controls: Mapping[str, str] = CONTROLS
        self.code, self.name = code, language.name or code
        self.right_to_left = language.direction == "right to left"

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def say(self, key: str, values: Sequence[str] = ()) -> str:
        """The sentence of a key, blanks {0} and {confirm} filled; an unknown key or missing value shows as itself.

        A value that is a key itself is said in words.
        """

        def fill(blank: re.Match[str]) -> str:
            name = blank[1]
            if name in CONTROLS:
                control = self.controls.get(name, CONTROLS[name])
                return self._entries.get(control, control)
            if int(name) >= len(values):
                return blank[0]
            value = values[int(name)]
            return self._entries.get(value, value)

        return _BLANK.sub(fill, self._entries.get(key, key))

    def require(self, keys: Iterable[str]) -> None:
        """Raise WordsError naming every key that has no sentence, so that it is found before a session."""
        missing = sorted(set(keys) - set(self._entries))
        if missing:
            raise WordsError(f"{self._source} has no words for {', '.join(missing)}")


def load(language: str = "en", assets: Path = ASSETS, theme: str = "") -> Words:
    """Read the words of a language from `assets/words`, as a theme says them; raises WordsError.

    What a theme says otherwise stands in the same file under [themes.NAME], because other things are seen in it.
    """
    if language not in languages(assets):
        raise WordsError(f"there are no words in {language!r}; there are {', '.join(languages(assets))}")
    path = assets / "words" / f"{language}.toml"
    tables = read_toml(path, dict[str, Any], WordsError)
    try:
        about = msgspec.convert(tables.pop("language", {}), Language)
    except msgspec.ValidationError as reason:
        raise WordsError(f"{path}: [language] does not fit: {reason}") from None
    return Words(_in_theme(_sentences(tables, path), theme, path), str(path), language, about)


def languages(assets: Path = ASSETS) -> list[str]:
    """The code of every language that there are words in, English first."""
    found = {file.stem for file in (assets / "words").glob("*.toml")}
    return sorted(found, key=lambda code: (code != "en", code))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _in_theme(said: Mapping[str, str], theme: str, path: Path) -> dict[str, str]:
    """The sentences that hold in every theme, but for those that this one says otherwise."""
    otherwise = {key.removeprefix(THEMES): sentence for key, sentence in said.items() if key.startswith(THEMES)}
    entries = {key: sentence for key, sentence in said.items() if not key.startswith(THEMES)}
    for key, sentence in otherwise.items():
        name, _, of = key.partition(".")
        if of not in entries:
            raise WordsError(f"{path}: {THEMES}{key} says otherwise what is said nowhere: there is no {of}")
        if name == theme:
            entries[of] = sentence
    return entries


def _sentences(table: Mapping[str, Any], path: Path) -> dict[str, str]:
    entries: dict[str, str] = {}
    for key, sentence in _flat(table, ""):
        if not isinstance(sentence, str):
            raise WordsError(f"{path}: {key} = {sentence!r} must be a sentence in quotes")
        if _BRACE.search(_BLANK.sub("", sentence)):
            raise WordsError(f"{path}: {key} has a brace that is not a blank such as {{0}} or {{confirm}}")
        entries[key] = sentence
    return entries
