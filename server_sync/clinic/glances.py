"""All patients at a glance: kept sealed, removed by what makes one untrue, and made again by who needs it."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from server_sync.clinic import glance
from server_sync.clinic.gists import Gists
from server_sync.clinic.glance import Glance, forget, glance_of
from server_sync.clinic.patients import BEGUN, Patients
from server_sync.clinic.prescriptions import NothingPrescribed, Prescriptions, Version
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, Patient, PrescriptionVersion
from server_sync.clinic.tables import Glance as Kept

_LOG = logging.getLogger("steadyreach.server")
_IS_KEPT = ~Patient.lookup.startswith(BEGUN)
_MOST_AT_ONCE = 50
_PATIENCE_S = 0.5


class Glances:
    """The patients of one clinic at a glance."""

    def __init__(
        self,
        store: Store,
        patients: Patients,
        gists: Gists,
        prescriptions: Prescriptions,
        now: Callable[[], datetime],
    ) -> None:
        """Use this database, these patients, their sessions, what is prescribed for them, and this clock."""
        self._store, self._patients, self._gists, self._prescriptions = store, patients, gists, prescriptions
        self._now = now

    def all(self) -> Mapping[str, Glance]:
        """Everybody by their ids, but those whose erasure was begun.

        Where so many have to be made that somebody would wait for them, the rest is left out: `renew_all` makes them.
        """
        kept = self._patients.kept()
        rows = self._store.look(select(Kept.patient_id, Kept.sealed))
        found = {row.patient_id: self._opened(row) for row in rows if row.patient_id in kept}
        whole, until_s = dict[str, Glance](), time.monotonic() + _PATIENCE_S
        for patient_id in self._present(kept):
            known = found.get(patient_id)
            if known or time.monotonic() < until_s:
                with suppress(LookupError):  # they were erased meanwhile
                    whole[patient_id] = known or self._made(patient_id)
        return whole

    def of(self, patient_id: str) -> Glance:
        """One patient; raises Unknown."""
        self._patients.person(patient_id)
        rows = self._store.look(select(Kept.patient_id, Kept.sealed).where(Kept.patient_id == patient_id))
        return (self._opened(rows[0]) if rows else None) or self._made(patient_id)

    def renew(self) -> None:
        """Make some of those that lack, before somebody waits for them; what cannot be made now is made then."""
        lacking = select(Patient.id).outerjoin(Kept, Kept.patient_id == Patient.id).where(Kept.patient_id.is_(None))
        try:
            for row in self._store.look(lacking.where(_IS_KEPT).limit(_MOST_AT_ONCE)):
                self._made(row.id)
        except (SQLAlchemyError, LookupError) as reason:
            _LOG.warning("patients at a glance are not made before they are needed: %s", type(reason).__name__)

    def renew_all(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Make all that lack, or that another version made; where several do so at once, each makes some.

        Raises sqlalchemy.exc.SQLAlchemyError.
        """
        for row in self._store.look(select(Patient.id).where(_IS_KEPT).order_by(func.random())):
            if stopped():
                return
            with suppress(LookupError):  # they were erased meanwhile
                self.of(row.id)

    def _present(self, kept: Iterable[str]) -> list[str]:
        rows = self._store.look(select(Patient.id).where(_IS_KEPT))
        return [row.id for row in rows if row.id in kept]

    def _opened(self, row: Any) -> Glance | None:
        try:
            return glance.unpacked(self._patients.unseal(row.patient_id, row.sealed, _bound(row.patient_id)))
        except ValueError:  # it is damaged, and made again
            return None

    def _made(self, patient_id: str) -> Glance:
        """Make one, and keep it unless something came meanwhile."""
        with self._store.reading() as db:
            before = _state(db, patient_id)
        version = self._prescribed(patient_id)
        since = self._prescriptions.planned_since(version.prescription) if version else ""
        made = glance_of(self._gists.of(patient_id), version.prescription if version else None, self._now(), since)
        sealed = self._patients.seal(patient_id, glance.packed(made), _bound(patient_id))
        with self._store.writing() as db:
            if _is_held(db, patient_id) and _state(db, patient_id) == before:
                forget(db, [patient_id])
                db.execute(self._store.once(Kept), {"patient_id": patient_id, "sealed": sealed})
        return made

    def _prescribed(self, patient_id: str) -> Version | None:
        try:
            return self._prescriptions.current(self._patients.person(patient_id).pseudonym)
        except NothingPrescribed:
            return None


def _is_held(db: Connection, patient_id: str) -> bool:
    """Whether somebody is here and not being erased; nothing of theirs is added before the transaction ends."""
    patient = select(Patient.id).where(Patient.id == patient_id, _IS_KEPT)
    return db.execute(patient.with_for_update()).first() is not None


def _state(db: Connection, patient_id: str) -> tuple[int, int]:
    """How many sessions there are and which version is prescribed, 0 for none."""
    sessions = select(func.count(Delivered.id)).where(Delivered.patient_id == patient_id)
    versions = select(func.max(PrescriptionVersion.version)).where(PrescriptionVersion.patient_id == patient_id)
    return db.execute(sessions).scalar_one(), db.execute(versions).scalar_one() or 0


def _bound(patient_id: str) -> str:
    return f"glance {patient_id}"
