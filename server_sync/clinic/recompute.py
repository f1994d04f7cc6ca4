"""Measures of every recording that is held, made anew where the measures changed, by worker processes.

What is measured is a pure function of a recording and a version of the measures, so that it does not matter who does
it, how often, or in what order.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from engine.sealing import PrivateKeys
from server_sync.clinic.jobs import Work, Writing
from server_sync.clinic.packing import unpacked
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Delivered, Measurement, RecordingKey
from server_sync.clinic.tiers import ARCHIVED, WHOLE, Kept, kept
from server_sync.clinic.vault import LET_GO
from server_sync.wire import LARGEST_SESSION_BYTES


class NotPure(ValueError):
    """The same version of the measures said two things of one recording: it is not the function that it has to be."""


class Measuring(NamedTuple):
    """How recordings are measured: functions of modules, because other processes and computers look them up by name.

    `measured` is given a recording, its session's record (b"" for none) and the keys that open it, and gives canonical
    JSON; `version` is that of all measures on the computer that it is called on.
    """

    version: Callable[[], str]
    measured: Callable[[bytes, bytes, PrivateKeys], bytes]


class Where(NamedTuple):
    """Where recordings lie, for whoever can reach it: a folder, or the URL of a store where there is one."""

    folder: Path
    url: str = ""


class Task(NamedTuple):
    """One recording to measure: its SHA-256, the record of its session, and the key that it is stored under."""

    recording: str
    record: bytes
    key: bytes | None


class Found(NamedTuple):
    """The measures of one recording, as canonical JSON, and of which tier of it."""

    recording: str
    tier: str
    content: bytes


class Recompute:
    """The measures of one clinic's recordings, by one version of the measures."""

    def __init__(self, service: Service, measuring: Measuring) -> None:
        """Read and write there."""
        self._store, self._patients, self.vault = service.store, service.patients, service.vault
        self.where = Where(service.folder.resolve(), service.place.recordings)
        self.keys, self.measuring = service.keys(), measuring
        self.version = measuring.version()
        self.kind = f"measure {self.version}"

    @property
    def versions(self) -> Mapping[str, str]:
        """What its measurements are called in the database, with the tier that each is of, the best first."""
        return {self.version: WHOLE, f"{self.version} {ARCHIVED}": ARCHIVED}

    def missing(self) -> list[str]:
        """The recordings that sessions name and that this version has not measured, in neither tier, in order."""
        known = select(Measurement.recording_sha256).where(Measurement.version.in_(self.versions))
        let_go = select(RecordingKey.sha256).where(RecordingKey.sealed == LET_GO)
        there = Delivered.recording_sha256 != "", Delivered.recording_sha256.not_in(let_go)
        named = select(Delivered.recording_sha256).distinct().where(*there)
        with self._store.reading() as db:
            return sorted(db.execute(named.where(Delivered.recording_sha256.not_in(known))).scalars())

    def work(self) -> Work:
        """How a worker measures a recording; what it found is written with the end of the job."""

        def measure(recording: str) -> Writing:
            found = measured(self.measuring, self.task(recording), self.keys, kept(self.vault.read, recording))
            return lambda db: self._write(db, found)

        return measure

    def task(self, recording: str) -> Task:
        """What to measure; where several sessions name one recording, it is that of the first of their ids."""
        first = select(func.min(Delivered.id)).where(Delivered.recording_sha256 == recording).scalar_subquery()
        with self._store.reading() as db:
            columns = Delivered.id, Delivered.patient_id, Delivered.content
            row = db.execute(select(*columns).where(Delivered.id == first)).one()
        packed = self._patients.unseal(row.patient_id, row.content, f"session {row.id}")
        return Task(recording, unpacked(packed, LARGEST_SESSION_BYTES), self.vault.key(recording))

    def keep(self, found: Found) -> None:
        """Write what was found, once; raises NotPure where something else is there."""
        with self._store.writing() as db:
            self._write(db, found)

    def _write(self, db: Connection, found: Found) -> None:
        version = next(name for name, tier in self.versions.items() if tier == found.tier)
        row = {"recording_sha256": found.recording, "version": version}
        whose = select(Delivered.patient_id).where(Delivered.recording_sha256 == found.recording).limit(1)
        patient_id = db.execute(whose).scalar_one()
        sealed = self._patients.seal(patient_id, found.content, measurement_bound(**row))
        if db.execute(self._store.once(Measurement).values(**row, patient_id=patient_id, content=sealed)).rowcount:
            return
        same = (getattr(Measurement, name) == value for name, value in row.items())
        there = db.execute(select(Measurement.patient_id, Measurement.content).where(*same)).one()
        if self._patients.unseal(there.patient_id, there.content, measurement_bound(**row)) != found.content:
            raise NotPure(f"measures {version} said something else of recording {found.recording} before")


def measurement_bound(recording_sha256: str, version: str) -> str:
    """What a sealed measurement is bound to."""
    return f"measurement {recording_sha256} {version}"


def measured(measuring: Measuring, task: Task, keys: PrivateKeys, of: Kept) -> Found:
    """Measure one recording."""
    return Found(task.recording, of.tier, measuring.measured(of.content, task.record, keys))
