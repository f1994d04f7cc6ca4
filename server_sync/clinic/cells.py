"""Cells of a table that a spreadsheet opens."""

from typing import TypeVar

V = TypeVar("V")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell begins with that spreadsheets take for a formula, also in the wide letters of East Asian ones."""


def cell(value: V) -> V | str:
    """A value that no spreadsheet takes for a formula: words that might be one get an apostrophe.

    A carriage return becomes a line feed: the csv module of Python 3.11 leaves it unquoted where lines end otherwise.
    """
    if not isinstance(value, str):
        return value
    words = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{words}" if words.lstrip(" ").startswith(_FORMULA) else words
