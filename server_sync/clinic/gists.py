"""The gists of delivered sessions: kept beside them when they arrive, and made when read where there is none yet."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, select

from engine.records import Session
from server_sync.clinic import gist
from server_sync.clinic.gist import Gist
from server_sync.clinic.patients import Patients
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, SessionGist

_LOG = logging.getLogger("steadyreach.server")


class Followed(NamedTuple):
    """A session's id and its gist."""

    session_id: str
    gist: Gist


class Gists:
    """The gists of one clinic's sessions."""

    def __init__(self, store: Store, patients: Patients, session: Callable[[str], Session]) -> None:
        """Use this database and these patients; `session` gives a session by its id."""
        self._store, self._patients, self._session = store, patients, session

    def of(self, patient_id: str) -> tuple[Followed, ...]:
        """The gists of a patient's sessions, the earliest first; one that is damaged is left out."""
        mine = select(Delivered.id).where(Delivered.patient_id == patient_id)
        ids = [row.id for row in self._store.look(mine.order_by(Delivered.started_at, Delivered.id))]
        columns = SessionGist.session_id, SessionGist.sealed
        rows = self._store.look(select(*columns).where(SessionGist.patient_id == patient_id))
        found = {row.session_id: self._opened(patient_id, row) for row in rows}
        whole = found | self._make(patient_id, [session_id for session_id in ids if not found.get(session_id)])
        return tuple(Followed(session_id, known) for session_id in ids if (known := whole.get(session_id)))

    def _opened(self, patient_id: str, row: Any) -> Gist | None:
        try:
            return gist.unpacked(self._patients.unseal(patient_id, row.sealed, bound(row.session_id)))
        except ValueError:  # it is damaged, and made again
            return None

    def _make(self, patient_id: str, session_ids: Sequence[str]) -> dict[str, Gist]:
        """Make gists of sessions, and keep them."""
        made = dict[str, Gist]()
        for session_id in session_ids:
            try:
                made[session_id] = gist.gist_of(self._session(session_id))
            except ValueError:
                _LOG.warning("session %s is damaged, and missing from what is followed", session_id)
        if made:
            self._keep(patient_id, made)
        return made

    def _keep(self, patient_id: str, made: Mapping[str, Gist]) -> None:
        """Write gists of sessions that are still here."""
        here = select(Delivered.id).where(Delivered.id.in_(made)).order_by(Delivered.id)
        with self._store.writing() as db:
            ids = db.execute(here.with_for_update(read=True)).scalars().all()
            db.execute(delete(SessionGist).where(SessionGist.session_id.in_(ids), SessionGist.patient_id == patient_id))
            rows = [
                {
                    "patient_id": patient_id,
                    "session_id": session_id,
                    "sealed": self._patients.seal(patient_id, gist.packed(made[session_id]), bound(session_id)),
                }
                for session_id in ids
            ]
            if rows:
                db.execute(self._store.once(SessionGist), rows)


def bound(session_id: str) -> str:
    """What the gist of a session is sealed for."""
    return f"gist {session_id}"
