"""The words that people read and hear: keys such as `fruit_ladder.reach` to sentences in one language."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.theme import ASSETS, read_toml

_BLANK = re.compile(r"\{(\d+)\}")
_BRACE = re.compile(r"[{}]")


class WordsError(ValueError):
    """Words that cannot be used; the message names the file and the key."""


class Words:
    """The words of one language."""

    def __init__(self, entries: Mapping[str, str], source: str) -> None:
        """Take key to sentence; `source` is named in errors."""
        self._entries = dict(entries)
        self._source = source

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def say(self, key: str, values: Sequence[str] = ()) -> str:
        """The sentence of a key, blanks {0}, {1} filled; an unknown key or missing value shows as itself."""
        sentence = self._entries.get(key, key)
        return _BLANK.sub(lambda m: values[int(m[1])] if int(m[1]) < len(values) else m[0], sentence)

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
            raise WordsError(f"{path}: {key} has a brace that is not a blank such as {{0}}")
        entries[key] = sentence
    return Words(entries, str(path))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
