"""The words that people read and hear: keys such as `fruit_ladder.reach` to sentences in one language."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.theme import ASSETS, read_toml

CONTROLS: Mapping[str, str] = {
    "confirm": "controls.trigger",
    "menu": "controls.menu_button",
    "stop": "controls.b_button",
    "recentre": "controls.thumbstick",
}
"""What a person can do without knowing with what, and the words for it with the controllers that most people have."""

_BLANK = re.compile(rf"\{{(\d+|{'|'.join(CONTROLS)})\}}")
_BRACE = re.compile(r"[{}]")


class WordsError(ValueError):
    """Words that cannot be used; the message names the file and the key."""


class Words:
    """The words of one language.

    `controls` maps what can be done, such as `confirm`, to the words for doing it with what is in hand now; what it
    leaves out is said as in CONTROLS.
    """

    def __init__(self, entries: Mapping[str, str], source: str) -> None:
        """Take key to sentence; `source` is named in errors."""
        self._entries = dict(entries)
        self._source = source
        self.controls: Mapping[str, str] = CONTROLS

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def say(self, key: str, values: Sequence[str] = ()) -> str:
        """The sentence of a key, blanks {0} and {confirm} filled; an unknown key or missing value shows as itself."""

        def fill(blank: re.Match[str]) -> str:
            name = blank[1]
            if name in CONTROLS:
                control = self.controls.get(name, CONTROLS[name])
                return self._entries.get(control, control)
            return values[int(name)] if int(name) < len(values) else blank[0]

        return _BLANK.sub(fill, self._entries.get(key, key))

    def require(self, keys: Iterable[str]) -> None:
        """Raise WordsError naming every key that has no sentence, so that it is found before a session."""
        missing = sorted(set(keys) - set(self._entries))
        if missing:
            raise WordsError(f"{self._source} has no words for {', '.join(missing)}")


def load(language: str = "en", assets: Path = ASSETS) -> Words:
    """Read the words of a language from `assets/words`; raises WordsError."""
    path = assets / "words" / f"{language}.toml"
    entries: dict[str, str] = {}
    for key, sentence in _flat(read_toml(path, dict[str, Any], WordsError), ""):
        if not isinstance(sentence, str):
            raise WordsError(f"{path}: {key} = {sentence!r} must be a sentence in quotes")
        if _BRACE.search(_BLANK.sub("", sentence)):
            raise WordsError(f"{path}: {key} has a brace that is not a blank such as {{0}} or {{confirm}}")
        entries[key] = sentence
    return Words(entries, str(path))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
