"""The table of trials, a line for each, as CSV and as Parquet, and a dictionary that says what its columns mean."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from engine.plan import ASSESS
from engine.records import BlockRecord, Limit, Measured, Session, TrialRecord
from server_sync.clinic.cells import cell
from server_sync.clinic.known_tasks import side_of_results

Value = float | int | str | bool | None
Row = dict[str, Value]
TEXT, WHOLE, NUMBER, YES_NO = "text", "whole number", "number", "true or false"
PARAMETER, MEASURE = "parameter.", "measure."
_ROWS_AT_ONCE = 5_000
_LARGEST = 2**63 - 1


class Word(NamedTuple):
    """What a parameter or a measure of a game is: unit, meaning, source, and the words it may be, if it is one."""

    unit: str
    meaning: str
    source: str
    options: tuple[str, ...] = ()


Words = Callable[[str, int], Mapping[str, Word] | None]
"""Gives the words for the parameters and measures of a task in a version, by PARAMETER or MEASURE and the name.

They are empty for a version that is not known here, and None for a task that is not.
"""


class Column(NamedTuple):
    """A column, and what it holds."""

    name: str
    holds: str
    unit: str
    meaning: str
    source: str


class Meaning(NamedTuple):
    """A line of the dictionary: what a column means, in a version of a game or, where both are "", in all."""

    column: str
    game: str
    version: str
    holds: str
    unit: str
    meaning: str
    source: str


COLUMNS = (
    Column("participant", TEXT, "", "who played", "session.patient"),
    Column("age_band", TEXT, "years", "their age at the first session of this table", "the clinic's date of birth"),
    Column("session", TEXT, "", "the visit", "session.id"),
    Column("date", TEXT, "", "its day where they were, ISO 8601", "session.started_at"),
    Column("time", TEXT, "", "when it began on that day, with what was added to UTC", "session.started_at"),
    Column("headset", TEXT, "", "the kind of headset: simulated is nobody", "session.headset"),
    Column("posture", TEXT, "", "that of the visit: standing, seated or lying", "session.posture"),
    Column("block", WHOLE, "", "the number of the game or assessment in the session, from 1", "session.blocks"),
    Column("kind", TEXT, "", "what the block was for: calibrate, assess, warm up, play, rest or end", "block.kind"),
    Column("game", TEXT, "", "the game or assessment", "block.task"),
    Column("version", WHOLE, "", "its version: results of different versions are not compared", "block.version"),
    Column("preset", TEXT, "", "the preset that its parameters began with", "block.preset, or session.preset"),
    Column("trial", WHOLE, "", "the number of the trial in its block; empty for the results of a test", "trial.number"),
    Column("side", TEXT, "", "the side that was asked for", "trial.side"),
    Column("start_s", NUMBER, "s", "when it began, from the first frame of the session", "trial.start_s"),
    Column("end_s", NUMBER, "s", "when it ended, from the first frame of the session", "trial.end_s"),
    Column("outcome", TEXT, "", "what came of it: reached, not yet or stopped", "trial.outcome"),
    Column("practice", YES_NO, "", "true where a test was only tried out: no result counts it", "trial.practice"),
    Column("movement", TEXT, "", "the movement that was asked for", "trial.request.movement"),
    Column("requested", NUMBER, "see requested_unit", "how far the trial asked to go", "trial.request.amplitude"),
    Column("requested_unit", TEXT, "", "the unit of requested and achieved", "trial.request.unit"),
    Column("request_code", TEXT, "", "why so far, as a code", "trial.request.code"),
    Column("achieved", NUMBER, "see requested_unit", "how far they went", "trial.achieved"),
    Column("limit_after", NUMBER, "see limit_after_unit", "the limit believed afterwards", "trial.limit_after.value"),
    Column("limit_after_low", NUMBER, "see limit_after_unit", "low end of its 95 % interval", "trial.limit_after.low"),
    Column("limit_after_high", NUMBER, "see limit_after_unit", "high end of it", "trial.limit_after.high"),
    Column("limit_after_unit", TEXT, "", "the unit of the limit", "trial.limit_after.unit"),
)
_PARTS = {
    "": (NUMBER, ""),
    ".unit": (TEXT, "the unit of {}"),
    ".error": (NUMBER, "the half width of a 95 % interval of {}, in its unit; empty where nobody knows it"),
    ".note": (TEXT, "what to keep in mind of {}, or why it was not measured"),
}


def rows(session: Session, age_band: str) -> Iterator[Row]:
    """A line for each trial of a session, and one for the results of a clinical test, which is no trial's.

    A name that a line lacks has no value there.
    """
    day, _, time = session.started_at.partition("T")
    whose: Row = {"participant": session.patient, "age_band": age_band, "session": session.id, "date": day}
    whose |= {"time": time, "headset": session.headset, "posture": session.posture}
    for number, block in enumerate(session.blocks, 1):
        about: Row = {"block": number, "kind": block.kind, "game": block.task, "version": _whole(block.version)}
        about |= {"preset": block.preset or session.preset, **_parameters(block)}
        for trial in block.trials:
            yield {**whose, **about, **_asked(trial), **_measures(trial.measures)}
        if block.kind == ASSESS and block.measures:
            about |= {"side": side_of_results(block), "start_s": block.start_s, "end_s": block.end_s}
            yield {**whose, **about, **_measures(block.measures)}


class Layout:
    """Which columns a table needs, and what is said of them: look at all of its sessions, then write it."""

    def __init__(self, words: Words) -> None:
        """Explain columns in these words."""
        self._words = words
        self._parameters, self._measures = dict[str, str](), set[str]()
        self._games = dict[str, set[tuple[str, int]]]()

    def look(self, session: Session) -> None:
        """Take in what a session needs."""
        for block in (block for block in session.blocks if block.trials):
            results = block.measures if block.kind == ASSESS else {}
            numbers = (results, *(trial.measures for trial in block.trials))
            measured = {_text(f"{MEASURE}{name}") for of in numbers for name in of}
            parameters = _parameters(block)
            self._measures |= measured
            for name, value in parameters.items():
                self._parameters[name] = _both(self._parameters.get(name, ""), _kind(value))
            for name in (*parameters, *measured):
                self._games.setdefault(name, set()).add((block.task, block.version))

    def columns(self) -> dict[str, str]:
        """What each column holds, by name: those of every table, then parameters, then measures."""
        measures = {f"{name}{end}": holds for name in sorted(self._measures) for end, (holds, _) in _PARTS.items()}
        return {column.name: column.holds for column in COLUMNS} | dict(sorted(self._parameters.items())) | measures

    def dictionary(self) -> Iterator[Meaning]:
        """What each column means, in their order; a line for each version of a game where it may differ."""
        for column in COLUMNS:
            yield Meaning(column.name, "", "", *column[1:])
        for name, holds in sorted(self._parameters.items()):
            yield from self._explained(name, holds)
        for name in sorted(self._measures):
            yield from self._explained(name, NUMBER)
            for end, (holds, meaning) in list(_PARTS.items())[1:]:
                yield Meaning(f"{name}{end}", "", "", holds, "", meaning.format(name), "trial.measures")

    def _explained(self, name: str, holds: str) -> Iterator[Meaning]:
        for game, version in sorted(self._games[name]):
            unknown = Word("", f"not known here in version {version} of {game}", "")
            word = (self._words(game, version) or {}).get(name, unknown)
            yield Meaning(name, game, str(version), holds, *word[:3])


def write(folder: Path, layout: Layout, table: Iterable[Row]) -> int:
    """Write trials.csv and trials.parquet, which hold the same, and columns.csv and columns.json; gives the lines.

    In CSV, words that a spreadsheet would take for a formula begin with an apostrophe.
    """
    import pyarrow as pa
    from pyarrow import parquet

    columns = layout.columns()
    _write_dictionary(folder, list(layout.dictionary()))
    kinds = {TEXT: pa.string(), WHOLE: pa.int64(), NUMBER: pa.float64(), YES_NO: pa.bool_()}
    schema = pa.schema([(name, kinds[holds]) for name, holds in columns.items()])
    ahead, count = iter(table), 0
    with (
        (folder / "trials.csv").open("w", encoding="utf-8", newline="") as file,
        parquet.ParquetWriter(folder / "trials.parquet", schema, compression="zstd") as packed,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(_written, columns))
        while some := list(islice(ahead, _ROWS_AT_ONCE)):
            lines = [[_as(row.get(name), holds) for name, holds in columns.items()] for row in some]
            writer.writerows(map(_written, line) for line in lines)
            arrays = [
                pa.array(values, field.type) for field, values in zip(schema, zip(*lines, strict=True), strict=True)
            ]
            packed.write_table(pa.table(arrays, schema=schema))
            count += len(lines)
    return count


def write_csv(path: Path, names: Iterable[str], lines: Iterable[Iterable[Value]]) -> None:
    """Write a small table as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_text(_written(value)) for value in line] for line in lines)


def _asked(trial: TrialRecord) -> Row:
    """What a trial asked, and what came of it."""
    request, limit = trial.request, trial.limit_after
    found: Row = {"trial": _whole(trial.number), "side": trial.side, "start_s": trial.start_s, "end_s": trial.end_s}
    found |= {"outcome": trial.outcome, "practice": trial.practice is True or None, "achieved": trial.achieved}
    if request is not None:
        found |= {"movement": request.movement, "requested": request.amplitude}
        found |= {"requested_unit": request.unit, "request_code": request.code}
    return found | (_limit(limit) if limit else {})


def _limit(limit: Limit) -> Row:
    interval: Row = {"limit_after": limit.value, "limit_after_low": limit.low, "limit_after_high": limit.high}
    return interval | {"limit_after_unit": limit.unit}


def _parameters(block: BlockRecord) -> Row:
    given: Mapping[str, Any] = block.parameters
    return {
        _text(f"{PARAMETER}{name}"): ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
        for name, value in given.items()
    }


def _measures(measures: Mapping[str, Measured]) -> Row:
    found: Row = {}
    for name, one in measures.items():
        values = (one.value, one.unit, one.error, one.note)
        found |= dict(zip((_text(f"{MEASURE}{name}{end}") for end in _PARTS), values, strict=True))
    return found


def _kind(value: Value) -> str:
    if isinstance(value, bool):
        return YES_NO
    if isinstance(value, int | float):
        return WHOLE if isinstance(value, int) and abs(value) <= _LARGEST else NUMBER
    return TEXT


def _both(one: str, other: str) -> str:
    """What a column holds that has to hold both."""
    if not one or one == other:
        return other
    return NUMBER if {one, other} == {WHOLE, NUMBER} else TEXT


def _as(value: Value, holds: str) -> Value:
    """A value as its column holds it; nothing is nothing, also where it is no words."""
    if value is None or value == "":
        return None
    if holds == TEXT:
        return _text(value if isinstance(value, str) else _written(value))
    return float(value) if holds == NUMBER else value


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(cell(value))


def _text(value: str) -> str:
    """Words without what ends a line elsewhere: the csv module of Python 3.11 puts that in without quotes."""
    return value.replace("\r", " ")


def _whole(value: int) -> int | None:
    """A number that a column can hold."""
    return value if abs(value) <= _LARGEST else None


def _write_dictionary(folder: Path, meanings: list[Meaning]) -> None:
    told = [meaning._asdict() for meaning in meanings]
    (folder / "columns.json").write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    write_csv(folder / "columns.csv", Meaning._fields, meanings)
