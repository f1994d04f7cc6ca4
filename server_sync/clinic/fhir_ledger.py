"""What was brought of one patient to one FHIR server, and that nobody else brings it there meanwhile."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from server_sync.clinic.private import make_folder
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Sent
from server_sync.fhir.pushing import Noted, Withdrawn

_LOCK, _LOCKS = 7_340_004, 64


class SentLedger:
    """The ledger of one patient and one server, whose address is `target` (`fhir.pushing.Ledger`)."""

    def __init__(self, store: Store, folder: Path, target: str, patient_id: str, now: Callable[[], datetime]) -> None:
        """Use this database and this clock; on SQLite, whose processes share a computer, locks lie in the folder."""
        self._store, self._folder, self._now = store, folder / "pushing", now
        self._target, self._patient_id, self._alone = target, patient_id, False

    def known(self, path: str) -> Noted | None:
        """What is known of a resource; None for nothing."""
        of = Sent.target == self._target, Sent.resource == path
        found = self._store.look(select(Sent.sha256, Sent.remote, Sent.doubt, Sent.etag, Sent.theirs).where(*of))
        return Noted(*found[0]) if found else None

    def note(self, path: str, noted: Noted) -> None:
        """Write it down; raises Withdrawn where the patient was erased meanwhile."""
        values = {"sha256": noted.sha256, "remote": noted.remote, "doubt": noted.quarantined, "at": self._now()}
        values |= {"etag": noted.etag, "theirs": noted.theirs}
        key = {"target": self._target, "resource": path, "patient_id": self._patient_id}
        try:
            with self._store.writing() as db:
                there = update(Sent).where(Sent.target == self._target, Sent.resource == path).values(values)
                if not db.execute(there).rowcount:
                    db.execute(insert(Sent).values(**key, **values))
        except IntegrityError:
            raise Withdrawn from None

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else, in no process of any machine, brings this patient's resources there; the same one may again."""
        if self._alone:
            yield
            return
        # A few locks for all: two patients may have the same one, and then wait for each other.
        number = int(hashlib.sha256(f"{self._target} {self._patient_id}".encode()).hexdigest(), 16) % _LOCKS
        with self._postgresql(number) if self._on_postgresql() else self._file(number):
            self._alone = True
            try:
                yield
            finally:
                self._alone = False

    def _on_postgresql(self) -> bool:
        return self._store.engine.dialect.name == "postgresql"

    @contextmanager
    def _postgresql(self, number: int) -> Iterator[None]:
        """A lock of a connection: it ends with the process that holds it, however that ends."""
        values = {"kind": _LOCK, "number": number}
        with self._store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.execute(text("SELECT pg_advisory_lock(:kind, :number)"), values)
            try:
                yield
            finally:
                db.execute(text("SELECT pg_advisory_unlock(:kind, :number)"), values)

    @contextmanager
    def _file(self, number: int) -> Iterator[None]:
        make_folder(self._folder)
        with FileLock(self._folder / f"{number}.lock"):
            yield
