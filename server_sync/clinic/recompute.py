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
from server_sync.clinic.objects import Objects
from server_sync.clinic.packing import unpacked
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, Measurement
from server_sync.clinic.tiers import ARCHIVED, WHOLE, Kept, kept
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
    """One recording to measure: its SHA-256, and the record of its session."""

    recording: str
    record: bytes


class Found(NamedTuple):
    """The measures of one recording, as canonical JSON, and of which tier of it."""

    recording: str
    tier: str
    content: bytes


class Recompute:
    """The measures of one clinic's recordings, by one version of the measures."""

    def __init__(self, store: Store, where: Where, keys: PrivateKeys, measuring: Measuring) -> None:
        """Read and write there; `keys` open what is sealed for the clinic."""
        self._store, self.where, self.keys, self.measuring = store, where, keys, measuring
        self.objects = Objects(*where)
        self.version = measuring.version()
        self.kind = f"measure {self.version}"

    @property
    def versions(self) -> Mapping[str, str]:
        """What its measurements are called in the database, with the tier that each is of, the best first."""
        return {self.version: WHOLE, f"{self.version} {ARCHIVED}": ARCHIVED}

    def missing(self) -> list[str]:
        """The recordings that sessions name and that this version has not measured, in neither tier, in order."""
        known = select(Measurement.recording_sha256).where(Measurement.version.in_(self.versions))
        named = select(Delivered.recording_sha256).distinct().where(Delivered.recording_sha256 != "")
        with self._store.reading() as db:
            return sorted(db.execute(named.where(Delivered.recording_sha256.not_in(known))).scalars())

    def work(self) -> Work:
        """How a worker measures a recording; what it found is written with the end of the job."""

        def measure(recording: str) -> Writing:
            found = measured(self.measuring, self.task(recording), self.keys, kept(self.objects, recording))
            return lambda db: self._write(db, found)

        return measure

    def task(self, recording: str) -> Task:
        """What to measure; where several sessions name one recording, it is that of the first of their ids."""
        first = select(func.min(Delivered.id)).where(Delivered.recording_sha256 == recording).scalar_subquery()
        with self._store.reading() as db:
            row = db.execute(select(Delivered.content, Delivered.packing).where(Delivered.id == first)).one()
        return Task(recording, unpacked(row.content, LARGEST_SESSION_BYTES) if row.packing else row.content)

    def keep(self, found: Found) -> None:
        """Write what was found, once; raises NotPure where something else is there."""
        with self._store.writing() as db:
            self._write(db, found)

    def _write(self, db: Connection, found: Found) -> None:
        version = next(name for name, tier in self.versions.items() if tier == found.tier)
        row = {"recording_sha256": found.recording, "version": version}
        if db.execute(self._store.once(Measurement).values(**row, content=found.content)).rowcount:
            return
        same = (getattr(Measurement, name) == value for name, value in row.items())
        if db.execute(select(Measurement.content).where(*same)).scalar_one() != found.content:
            raise NotPure(f"measures {version} said something else of recording {found.recording} before")


def measured(measuring: Measuring, task: Task, keys: PrivateKeys, of: Kept) -> Found:
    """Measure one recording."""
    return Found(task.recording, of.tier, measuring.measured(of.content, task.record, keys))
