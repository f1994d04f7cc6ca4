"""The gists of delivered sessions: kept beside them when they arrive, and made when read where there is none yet."""

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, update

from engine.records import Session
from server_sync.clinic import gist
from server_sync.clinic.gist import Gist
from server_sync.clinic.patients import Patients
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered

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
        query = select(Delivered.id, Delivered.gist).where(Delivered.patient_id == patient_id)
        rows = self._store.look(query.order_by(Delivered.started_at, Delivered.id))
        found = {row.id: self._opened(patient_id, row) for row in rows}
        lacking = [session_id for session_id, known in found.items() if known is None]
        made = self._make(patient_id, lacking)
        whole = {session_id: known or made.get(session_id) for session_id, known in found.items()}
        return tuple(Followed(session_id, known) for session_id, known in whole.items() if known)

    def _opened(self, patient_id: str, row: Any) -> Gist | None:
        if row.gist is None:
            return None
        try:
            return gist.unpacked(self._patients.unseal(patient_id, row.gist, bound(row.id)))
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
            with self._store.writing() as db:
                for session_id, new in made.items():
                    sealed = self._patients.seal(patient_id, gist.packed(new), bound(session_id))
                    db.execute(update(Delivered).where(Delivered.id == session_id).values(gist=sealed))
        return made


def bound(session_id: str) -> str:
    """What the gist of a session is sealed for."""
    return f"gist {session_id}"
