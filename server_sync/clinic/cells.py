"""Cells of a table that a spreadsheet opens."""

import re
from typing import TypeVar

V = TypeVar("V")
_FORMULA = re.compile(r"(^|[;|\t\n])(?= *[=+\-@\t\n＝＋－＠])")
"""Before what spreadsheets take for a formula, also in the wide letters of East Asian ones: where a cell begins, or
would begin for one that takes semicolons, bars or tabs for the ends of cells."""


def cell(value: V) -> V | str:
    """A value that no spreadsheet takes for a formula: words that might be one get an apostrophe.

    A carriage return becomes a line feed: the csv module of Python 3.11 leaves it unquoted where lines end otherwise.
    """
    if not isinstance(value, str):
        return value
    words = value.replace("\r\n", "\n").replace("\r", "\n")
    return _FORMULA.sub(r"\1'", words)
