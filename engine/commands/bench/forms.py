"""The form of a page, as a browser would send it back, with one of its numbers changed."""

from html.parser import HTMLParser
from typing import NamedTuple

_NUMBERS = ("number", "range")
_CHECKED = ("checkbox", "radio")


class Number(NamedTuple):
    """A field for a number: its name, and how far it may go."""

    name: str
    low: float
    high: float


class Filled(NamedTuple):
    """The fields of a form with what is in them, and the first number that may be changed, None without any."""

    fields: dict[str, str]
    number: Number | None

    def moved(self, step: int) -> dict[str, str]:
        """The fields after the number was changed, to another value for each of ten steps."""
        if self.number is None:
            return self.fields
        name, low, high = self.number
        return {**self.fields, name: f"{low + (high - low) * (step % 10) / 10:.0f}"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.number: Number | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "input" and has.get("name") and (has.get("type") not in _CHECKED or "checked" in has):
            self.fields[has["name"]] = has.get("value", "")
            if has.get("type") in _NUMBERS and self.number is None and "min" in has and "max" in has:
                self.number = Number(has["name"], float(has["min"]), float(has["max"]))
        elif tag == "select":
            self._select = has.get("name", "")
        elif tag == "option" and self._select and ("selected" in has or self._select not in self.fields):
            self.fields[self._select] = has.get("value", "")


def filled(page: str) -> Filled:
    """All fields of a page, as if they were one form."""
    reader = _Reader()
    reader.feed(page)
    return Filled(reader.fields, reader.number)
