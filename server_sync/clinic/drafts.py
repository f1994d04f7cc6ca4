"""Orders of other systems: each is kept as a draft until a therapist takes it up in a version of their own, or not."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import select, update

import games
from engine.prescription import Draft, Practice, draft_for
from server_sync.clinic import tables
from server_sync.clinic.audit import COMMAND, Audit
from server_sync.clinic.keys import Shredded
from server_sync.clinic.links import Links
from server_sync.clinic.patients import Patients, Unknown
from server_sync.clinic.prescriptions import NothingPrescribed, Prescriptions, Version
from server_sync.clinic.store import Store
from server_sync.clinic.systems import by_system
from server_sync.fhir.inbound import DECLINED, TAKEN, WAITING, DraftProgramme, OrderRefused, draft_of
from server_sync.wire import sha256

_COLUMNS = (
    *(tables.DraftProgramme.id, tables.DraftProgramme.patient_id, tables.DraftProgramme.system_id),
    *(tables.DraftProgramme.at, tables.DraftProgramme.state, tables.DraftProgramme.sealed),
)


class NotTaken(ValueError):
    """A draft that cannot be taken up, or turned down; the message says why."""


class Ordered(NamedTuple):
    """A draft: whose, from which system, since when, what became of it, and what was asked for."""

    id: str
    patient_id: str
    system_id: str
    at: datetime
    state: str
    asked: DraftProgramme


class Drafts:
    """The drafts of one clinic."""

    def __init__(
        self,
        store: Store,
        patients: Patients,
        links: Links,
        prescriptions: Prescriptions,
        audit: Audit,
        now: Callable[[], datetime],
    ) -> None:
        """Use this database, these patients and what links them, these prescriptions, this audit and this clock."""
        self._store, self._patients, self._links = store, patients, links
        self._prescriptions, self._audit, self._now = prescriptions, audit, now

    def receive(self, system_id: str, content: bytes) -> tuple[Ordered, bool]:
        """Keep a ServiceRequest as a draft, once; says whether it is a new one. Raises OrderRefused, NotTaken.

        The same order again is the one that is here; another one under its identifier is refused.
        """
        asked = draft_of(content, games.names())
        patient_id = self._links.patient(system_id, asked.patient)
        if patient_id is None:
            raise OrderRefused("not-found", "subject: this system may know of no such patient here")
        draft = Ordered(secrets.token_hex(8), patient_id, system_id, self._now(), WAITING, asked)
        sealed = self._patients.seal(patient_id, msgspec.json.encode(asked), _bound(draft.id))
        row = {"id": draft.id, "patient_id": patient_id, "system_id": system_id, "at": draft.at, "sealed": sealed}
        with self._store.writing() as db:
            values = row | {"request_id": _request(asked.order)}
            new = db.execute(self._store.once(tables.DraftProgramme), values).rowcount == 1
            if new:
                self._audit.append(db, by_system(system_id), "order a programme", patient_id, draft.id)
        if new:
            return draft, True
        there = self.known(system_id, asked.order)
        if there is None or there.asked != asked:
            raise NotTaken("another order is here under this identifier: send this one under an identifier of its own")
        return there, False

    def known(self, system_id: str, order: str) -> Ordered | None:
        """The draft of what a system calls an order (`SYSTEM|VALUE`), of a patient that it may know of."""
        table = tables.DraftProgramme
        found = self._rows(table.system_id == system_id, table.request_id == _request(order))
        return next((each for each in found if self._links.holds(each.patient_id, system_id)), None)

    def of(self, patient_id: str, system_id: str) -> list[Ordered]:
        """The drafts of a patient that a system sent."""
        table = tables.DraftProgramme
        return self._rows(table.patient_id == patient_id, table.system_id == system_id)

    def waiting(self) -> list[Ordered]:
        """The drafts that nobody took up or turned down, the first one first."""
        return self._rows(tables.DraftProgramme.state == WAITING)

    def one(self, draft_id: str) -> Ordered:
        """A draft; raises Unknown."""
        found = self._rows(tables.DraftProgramme.id == draft_id)
        if not found:
            raise Unknown(f"there is no order {draft_id[:40]!r} here")
        return found[0]

    def take(self, draft_id: str, practice: Practice, author: str, if_match: str, by: str = COMMAND) -> Version:
        """Prescribe a practice for what was ordered, on top of the version that the author saw ("" for none).

        Raises Unknown, NotTaken, and what `Prescriptions.save` raises; the draft waits on then.
        """
        draft = self._open(draft_id)
        pseudonym = self._patients.person(draft.patient_id).pseudonym
        last = self.current(pseudonym)
        before = draft_for(pseudonym, last.prescription) if last else Draft()
        new = replace(before, programme=(*before.programme, practice))
        written = self._prescriptions.save(pseudonym, new, author, if_match, by)
        self._close(draft, TAKEN, by)
        return written

    def decline(self, draft_id: str, by: str = COMMAND) -> None:
        """Turn an order down; raises Unknown and NotTaken."""
        self._close(self._open(draft_id), DECLINED, by)

    def current(self, pseudonym: str) -> Version | None:
        """What is prescribed now, None for nothing."""
        with suppress(NothingPrescribed):
            return self._prescriptions.current(pseudonym)
        return None

    def _open(self, draft_id: str) -> Ordered:
        draft = self.one(draft_id)
        if draft.state != WAITING:
            raise NotTaken(f"this order is {draft.state} already")
        return draft

    def _close(self, draft: Ordered, state: str, by: str) -> None:
        table = tables.DraftProgramme
        with self._store.writing() as db:
            open_ = table.id == draft.id, table.state == WAITING
            if not db.execute(update(table).where(*open_).values(state=state)).rowcount:
                raise NotTaken("somebody else took this order up or turned it down at this moment")
            action = "take an order up" if state == TAKEN else "turn an order down"
            self._audit.append(db, by, action, draft.patient_id, draft.id)

    def _rows(self, *which: Any) -> list[Ordered]:
        query = select(*_COLUMNS).where(*which).order_by(tables.DraftProgramme.at, tables.DraftProgramme.id)
        found = []
        for row in self._store.look(query):
            with suppress(Shredded):
                opened = self._patients.unseal(row.patient_id, row.sealed, _bound(row.id))
                asked = msgspec.json.decode(opened, type=DraftProgramme)
                found.append(Ordered(row.id, row.patient_id, row.system_id, row.at, row.state, asked))
        return found


def practice_of(asked: DraftProgramme, **instead: Any) -> Practice:
    """What would be added to the programme: as the order says, but for what somebody says `instead` (None: nothing).

    Raises msgspec.ValidationError for what cannot be prescribed, such as no game that is known here.
    """
    ordered = {"games": asked.tasks, "days": asked.days, "minutes": asked.minutes, "times_a_day": asked.times_a_day}
    said = ordered | {name: value for name, value in instead.items() if value is not None}
    return msgspec.convert({name: value for name, value in said.items() if value is not None}, Practice)


def _bound(draft_id: str) -> str:
    return f"draft {draft_id}"


def _request(order: str) -> str:
    return sha256(order.encode())
