"""Text files of numbers as other people write them: separators, decimal commas, titles above, missing values.

What can be read in one way only is read, and a note says what was repaired. What can be read in two ways is refused.
"""

import csv
import gzip
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.recording import RecordingUnreadable

MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "--", "inf", "-inf", "infinity", "-infinity"})
_COMMENTS = ("#", "%", "//")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_PLAIN = re.compile(r"[-+.0-9eE]*")
_NUMBER_LIKE = re.compile(r"[-+]?[\d.,]*\d[\d.,]*([eE][-+]?\d+)?")
_DECIMAL_COMMA = re.compile(r"[-+]?(\d*|\d{1,3}(\.\d{3})+),\d+([eE][-+]?\d+)?")
_COMMA_MAY_GROUP = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+")
_COMMA_GROUPS_POINT = re.compile(r"[-+]?\d{1,3}(,\d{3})+\.\d+([eE][-+]?\d+)?")
_DOTS_GROUP = re.compile(r"[-+]?\d{1,3}(\.\d{3}){2,}")
_WHOLE = re.compile(r"[-+]?(0|[1-9]\d*)")
_FRACTION = re.compile(r"\d+([eE][-+]?\d+)?")
_RATE = re.compile(r"(?:frame|sampling|sample|capture).*rate\D*?(\d+(?:\.\d+)?)", re.IGNORECASE)


class Text(NamedTuple):
    """Names as the file has them, numbers (n, names) with nan where one is missing, a rate if one is written above."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    rate_hz: float | None
    note: str


class _Row(NamedTuple):
    line: int
    cells: list[str]


def read(path: Path) -> Text:
    """Read a file of numbers under a line of names, also when it is compressed (.gz).

    Raises RecordingUnreadable with the line, the column, what is wrong with it and what to do.
    """
    rows, comments = _rows(path)
    start = next((i for i, row in enumerate(rows) if _is_data(row.cells)), None)
    if start is None:
        raise RecordingUnreadable(f"{path}{_without_numbers(rows)}")
    titles = [row for row in rows[:start] if any(row.cells)]
    remarks = [row for row in comments if row.line < rows[start].line]
    if not titles and not remarks:
        raise RecordingUnreadable(
            f"{path} does not say what its columns are: put a line of names first, as time_s,ml_mm"
        )
    data = [row for row in rows[start:] if any(cell.lower() not in MISSING for cell in row.cells)]
    names = _names(path, (titles or remarks)[-1])
    data, split = _as_wide_as(path, names, data)
    values, grouped = _plain(data), ""
    if values is None:
        data, grouped = _with_points(path, names, data)
        values = np.array([[_value(cell) for cell in row.cells] for row in data])
    rate = next((found[1] for row in (*titles, *remarks) if (found := _RATE.search(" ".join(row.cells)))), None)
    return Text(names, values, float(rate) if rate else None, "; ".join(filter(None, (split, grouped))))


def _rows(path: Path) -> tuple[list[_Row], list[_Row]]:
    numbered = [(number, line.strip("\r\n ")) for number, line in enumerate(_decoded(path).splitlines(), 1)]
    lines = [(number, line) for number, line in numbered if line and not line.startswith(_COMMENTS)]
    comments = [(number, line.lstrip("#%/ ")) for number, line in numbered if line.startswith(_COMMENTS)]
    separator = _separator([line for _, line in lines])
    try:
        return _split(lines, separator), _split(comments, separator)
    except csv.Error as reason:
        raise RecordingUnreadable(f"{path} has quotation marks that do not close: {reason}") from None


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
    except (OSError, EOFError) as reason:
        raise RecordingUnreadable(f"{path} cannot be read: {getattr(reason, 'strerror', None) or reason}") from None
    for encoding in ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise RecordingUnreadable(f"{path} is not text: save it as CSV")


def _separator(lines: Sequence[str]) -> str:
    tail = lines[len(lines) // 2 :][:50]
    return next((sign for sign in "\t;," if 2 * sum(sign in line for line in tail) >= len(tail)), " ")


def _split(lines: Sequence[tuple[int, str]], separator: str) -> list[_Row]:
    if separator == " ":
        return [_Row(number, line.split()) for number, line in lines]
    cells = csv.reader((line for _, line in lines), delimiter=separator)
    return [_Row(number, [cell.strip() for cell in row]) for (number, _), row in zip(lines, cells, strict=False)]


def _is_data(cells: Sequence[str]) -> bool:
    told = [cell for cell in cells if cell.lower() not in MISSING]
    return len(cells) > 1 and bool(told) and all(_NUMBER_LIKE.fullmatch(cell) for cell in told)


def _without_numbers(rows: Sequence[_Row]) -> str:
    """What is the matter with a file that has no line of numbers, by the first line under its names."""
    if len(rows) < 2:
        return " holds no line of numbers under a line of names"
    names, row = rows[0].cells, rows[1]
    words = [number for number, cell in enumerate(row.cells) if cell and not _NUMBER_LIKE.fullmatch(cell)]
    if not words or len(names) != len(row.cells):
        return " holds no line of numbers alone: take out what are words"
    word, column = row.cells[words[0]], names[words[0]]
    return f", line {row.line}, column {column!r}: {word!r} is not a number: take its column out, or give seconds"


def _names(path: Path, row: _Row) -> tuple[str, ...]:
    names = list(row.cells)
    while names and not names[-1]:
        names.pop()
    for number, name in enumerate(names, 1):
        if not name or names.index(name) != number - 1:
            problem = f"the name {name!r} twice" if name else f"no name for column {number}"
            raise RecordingUnreadable(f"{path}, line {row.line}: it has {problem}; give every column a name of its own")
    return tuple(names)


def _as_wide_as(path: Path, names: Sequence[str], data: list[_Row]) -> tuple[list[_Row], str]:
    """Rows as wide as the names, after taking off what is empty at the end and joining what a decimal comma split."""
    wide = len(names)
    data = [_Row(line, cells[:wide] if not any(cells[wide:]) else cells) for line, cells in data]
    widths = {len(row.cells) for row in data}
    if widths == {wide}:
        return data, ""
    found = min(widths - {wide})
    line = next(row.line for row in data if len(row.cells) == found)
    said = f"{path}, line {line}: {found} fields under {wide} names"
    if len(widths) > 1 or found < wide:
        raise RecordingUnreadable(f"{said}; write every line with the same separators, or export the file again")
    starts = _split_columns([row.cells for row in data], wide)
    if starts is None:
        raise RecordingUnreadable(
            f"{said}, as from decimal commas between separating commas, and they can be joined in more than one way"
            " or in none: export the file again with decimal points or with semicolons between the columns"
        )
    edges = [*starts, found]
    joined = [_Row(line, [".".join(cells[a:b]) for a, b in pairwise(edges)]) for line, cells in data]
    return joined, f"decimal commas between separating commas were joined: {found} fields to {wide} columns"


def _split_columns(rows: Sequence[Sequence[str]], wide: int) -> list[int] | None:
    """The fields at which columns start, when decimal commas split some of them; None unless there is one way only."""
    whole = [all(_WHOLE.fullmatch(cell) for cell in column) for column in zip(*rows, strict=True)]
    fraction = [all(_FRACTION.fullmatch(cell) for cell in column) for column in zip(*rows, strict=True)]
    ways: list[list[int]] = [[]]
    at = [0]
    for column in range(wide):
        further = []
        for starts, field in zip(ways, at, strict=True):
            left, columns = len(whole) - field, wide - column
            if not columns <= left <= 2 * columns or not whole[field]:
                continue
            further.append(([*starts, field], field + 1))
            if left > columns and fraction[field + 1]:
                further.append(([*starts, field], field + 2))
        ways, at = [starts for starts, _ in further], [field for _, field in further]
        if len(ways) > 10_000:
            return None
    complete = [starts for starts, field in zip(ways, at, strict=True) if field == len(whole)]
    return complete[0] if len(complete) == 1 else None


def _plain(data: list[_Row]) -> NDArray[np.float64] | None:
    """The numbers, where every cell is one with a decimal point; None where some have to be looked at."""
    if not all(_PLAIN.fullmatch("".join(row.cells)) for row in data):
        return None
    try:
        return np.array([row.cells for row in data], dtype=float)
    except ValueError:
        return None


def _with_points(path: Path, names: Sequence[str], data: list[_Row]) -> tuple[list[_Row], str]:
    """Cells with decimal points, repaired where commas can mean one thing only."""
    cells = [cell for row in data for cell in row.cells]
    odd = {cell for cell in cells if cell.lower() not in MISSING and not _NUMBER.fullmatch(cell)}
    if not odd:
        return data, ""
    points = any("." in cell for cell in cells if cell not in odd and cell.lower() not in MISSING)
    if all(_DECIMAL_COMMA.fullmatch(cell) for cell in odd) and not points:
        if not all(_COMMA_MAY_GROUP.fullmatch(cell) for cell in odd):
            repaired = [_Row(row.line, [c.replace(".", "").replace(",", ".") for c in row.cells]) for row in data]
            return repaired, "decimal commas were read as decimal points"
    elif all(_COMMA_GROUPS_POINT.fullmatch(cell) for cell in odd):
        return [_Row(row.line, [c.replace(",", "") for c in row.cells]) for row in data], "commas group thousands"
    row = next(row for row in data if not odd.isdisjoint(row.cells))
    number = next(number for number, cell in enumerate(row.cells) if cell in odd)
    problem = _problem(row.cells[number])
    raise RecordingUnreadable(f"{path}, line {row.line}, column {names[number]!r}: {row.cells[number]!r} {problem}")


def _problem(cell: str) -> str:
    if _DOTS_GROUP.fullmatch(cell):
        return "has dots that group thousands, and where its decimal point was is lost: export again, unformatted"
    if "," in cell and _NUMBER_LIKE.fullmatch(cell):
        return "has a comma that may be a decimal comma or group thousands: export the file with decimal points"
    return "is not a number: correct it, or leave the cell empty where nothing was measured"


def _value(cell: str) -> float:
    return float("nan") if cell.lower() in MISSING else float(cell)
