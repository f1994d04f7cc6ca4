"""The table of all measures of a clinic's recordings, a line for each number: equal measures are equal bytes."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select

from server_sync.clinic.cells import cell
from server_sync.clinic.patients import Patients
from server_sync.clinic.private import make_file
from server_sync.clinic.recompute import measurement_bound
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, Measurement

QUALITIES: Mapping[str, str] = {
    "coverage_percent": "%",
    "head_seen_percent": "%",
    "left_seen_percent": "%",
    "rate_hz": "Hz",
    "right_seen_percent": "%",
    "seconds": "s",
}
KINDS = ("sway", "rom", "reach")
_ROWS_AT_ONCE = 50_000


class Line(NamedTuple):
    """One number of one recording, or why there is none: a column for each field.

    `tier` is "" where the recording was measured as it was recorded, and "archive" where only that is left of it.
    """

    session: str
    patient: str
    started_at: str
    recording: str
    tier: str
    kind: str
    part: str
    measure: str
    value: float | None
    unit: str
    error: float | None
    note: str


def lines(store: Store, patients: Patients, versions: Mapping[str, str]) -> Iterator[Line]:
    """The table, in order of sessions, kinds, parts and measures; `versions` has the tier of each, the best first.

    A session whose recording was measured by several of them has the lines of the best.
    """
    rank = {version: number for number, version in enumerate(versions)}
    columns = Delivered.id, Delivered.patient_id, Delivered.started_at, Delivered.recording_sha256
    measured = Measurement.recording_sha256 == Delivered.recording_sha256
    joined = select(*columns, Measurement.version, Measurement.content).join_from(Delivered, Measurement, measured)
    with store.reading() as db:
        # By their bytes: a database has its own idea of the order of letters.
        by_id = Delivered.id.collate("C" if db.dialect.name == "postgresql" else "BINARY")
        found = db.execute(joined.where(Measurement.version.in_(rank)).order_by(by_id, Measurement.version))
        last = None
        for row in found:
            if last is not None and row.id != last.id:
                yield from _of(last, patients, versions)
            if last is None or row.id != last.id or rank[row.version] < rank[last.version]:
                last = row
        if last is not None:
            yield from _of(last, patients, versions)


def write_csv(table: Iterable[Line], path: Path) -> None:
    """Write it as CSV in UTF-8, its lines ended by a line feed; for its owner alone."""
    make_file(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Line._fields)
        writer.writerows(map(cell, line) for line in table)


def write_parquet(table: Iterable[Line], path: Path) -> None:
    """Write it as Parquet, for its owner alone; bytes are equal where the same version of the library writes them."""
    import pyarrow as pa
    from pyarrow import parquet

    numbers = {"value", "error"}
    schema = pa.schema([(name, pa.float64() if name in numbers else pa.string()) for name in Line._fields])
    ahead = iter(table)
    make_file(path)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while some := list(islice(ahead, _ROWS_AT_ONCE)):
            columns = zip(schema, zip(*some, strict=True), strict=True)
            writer.write_table(pa.table([pa.array(values, field.type) for field, values in columns], schema=schema))


def _of(row: Any, patients: Patients, versions: Mapping[str, str]) -> Iterator[Line]:
    (pseudonym,) = patients.pseudonyms([row.patient_id]) or ("",)
    if not pseudonym:  # they were erased meanwhile
        return
    about = row.id, pseudonym, row.started_at.isoformat(), row.recording_sha256, versions[row.version]
    bound = measurement_bound(row.recording_sha256, row.version)
    found = json.loads(patients.unseal(row.patient_id, row.content, bound))
    quality = found.get("quality") or {}
    for kind, why in sorted(found["not_measured"].items()):
        yield Line(*about, kind, "", "", None, "", None, why)
    for name, unit in QUALITIES.items():
        if name in quality:
            yield Line(*about, "quality", "", name, quality[name], unit, None, "")
    for kind in KINDS:
        for part, whole in sorted(found[kind].items()):
            for name, one in sorted(whole["measures"].items()):
                yield Line(*about, kind, part, name, one["value"], one["unit"], one["error"], one["note"])
