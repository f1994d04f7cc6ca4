"""All patients at a glance: kept sealed, removed by what makes one untrue, and made again by who needs it."""

import logging
from collections.abc import Iterable, Mapping
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


class Glances:
    """The patients of one clinic at a glance."""

    def __init__(self, store: Store, patients: Patients, gists: Gists, prescriptions: Prescriptions) -> None:
        """Use this database, these patients, their sessions and what is prescribed for them."""
        self._store, self._patients, self._gists, self._prescriptions = store, patients, gists, prescriptions

    def all(self) -> Mapping[str, Glance]:
        """Everybody by their ids, but those whose erasure was begun."""
        kept = self._patients.kept()
        rows = self._store.look(select(Kept.patient_id, Kept.sealed))
        found = {row.patient_id: self._opened(row) for row in rows if row.patient_id in kept}
        whole = dict[str, Glance]()
        for patient_id in self._present(kept):
            try:
                whole[patient_id] = found.get(patient_id) or self._made(patient_id)
            except LookupError:  # they were erased meanwhile
                continue
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
        followed, version = self._gists.of(patient_id), self._prescribed(patient_id)
        made = glance_of(followed, version.prescription if version else None)
        sealed = self._patients.seal(patient_id, glance.packed(made), _bound(patient_id))
        with self._store.writing() as db:
            if _state(db, patient_id) == (len(followed), version.prescription.version if version else 0):
                forget(db, [patient_id])
                db.execute(self._store.once(Kept), {"patient_id": patient_id, "sealed": sealed})
        return made

    def _prescribed(self, patient_id: str) -> Version | None:
        try:
            return self._prescriptions.current(self._patients.person(patient_id).pseudonym)
        except NothingPrescribed:
            return None


def _state(db: Connection, patient_id: str) -> tuple[int, int] | None:
    """How many sessions there are and which version is prescribed, 0 for none; None where somebody is being erased.

    Nobody adds to either before the transaction ends: who does holds the patient's row.
    """
    patient = select(Patient.id).where(Patient.id == patient_id, _IS_KEPT)
    if db.execute(patient.with_for_update()).first() is None:
        return None
    sessions = select(func.count(Delivered.id)).where(Delivered.patient_id == patient_id)
    versions = select(func.max(PrescriptionVersion.version)).where(PrescriptionVersion.patient_id == patient_id)
    return db.execute(sessions).scalar_one(), db.execute(versions).scalar_one() or 0


def _bound(patient_id: str) -> str:
    return f"glance {patient_id}"
