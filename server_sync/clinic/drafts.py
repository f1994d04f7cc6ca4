"""Orders of other systems: each is kept as a draft until a therapist takes it up in a version of their own, or not.

Its sender may change or end it. One that waits is another one then; of one that was taken up a therapist is told, and
what is prescribed stays as it is until they change it.
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select, update

from engine.prescription import EXPIRED, Draft, Practice, Prescription, draft_for, state_on
from server_sync.clinic import tables
from server_sync.clinic.audit import COMMAND, Audit
from server_sync.clinic.keys import Shredded
from server_sync.clinic.known_tasks import tasks
from server_sync.clinic.links import Links
from server_sync.clinic.ordered import (
    AFTER_CHANGE,
    AFTER_END,
    DECLINED,
    SEEN,
    TAKEN,
    WAITING,
    Arrival,
    Kept,
    Ordered,
    Taken,
    parts_of,
)
from server_sync.clinic.patients import Patients, Unknown
from server_sync.clinic.prescriptions import NothingPrescribed, Prescriptions, Version
from server_sync.clinic.store import Store
from server_sync.clinic.systems import by_system
from server_sync.fhir.datatypes import Identifier, Reference
from server_sync.fhir.inbound import DraftProgramme, OrderRefused, draft_of, draft_path
from server_sync.fhir.naming import IDS
from server_sync.fhir.prescribed import BasedOn
from server_sync.wire import sha256

MOST_VERSIONS = 20
"""So often an order may come again changed; all of them are kept."""
_COLUMNS = (
    *(tables.DraftProgramme.id, tables.DraftProgramme.patient_id, tables.DraftProgramme.system_id),
    *(tables.DraftProgramme.at, tables.DraftProgramme.state, tables.DraftProgramme.sealed),
)


AT_THIS_MOMENT = "somebody took this order up, turned it down or changed it at this moment"


class NotTaken(ValueError):
    """A draft that cannot be taken up, turned down or changed; the message says why."""


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

    def receive(self, system_id: str, content: bytes, base: str = "") -> tuple[Ordered, bool]:
        """Keep a ServiceRequest as a draft, once; says whether it is a new one. Raises OrderRefused, NotTaken.

        The same order again, or an older version of it, is the one that is here; another one under its identifier
        changes it, or ends it. What it replaces ends, also where that comes after it. `base` is where the system
        reaches us.
        """
        asked = draft_of(content, list(tasks()), base)
        patient_id, *others = {self._links.patient(system_id, name) for name in asked.patient}
        if patient_id is None or others:
            raise OrderRefused("not-found", "subject: this system may know of no such patient here")
        draft, new = self._kept(system_id, patient_id, asked)
        if draft.asked.is_open:
            self._replace(draft, new)
        return self._there(system_id, asked.order), new

    def known(self, system_id: str, order: str) -> Ordered | None:
        """The draft of what a system calls an order (`SYSTEM|VALUE`), of a patient that it may know of."""
        found = self._called(system_id, order)
        return found if found and self._links.holds(found.patient_id, system_id) else None

    def of(self, patient_id: str, system_id: str) -> list[Ordered]:
        """The drafts of a patient that a system sent, or any system ("")."""
        table = tables.DraftProgramme
        return self._rows(table.patient_id == patient_id, *([table.system_id == system_id] if system_id else []))

    def waiting(self) -> list[Ordered]:
        """The drafts that nobody took up or turned down, the first one first."""
        return self._rows(tables.DraftProgramme.state == WAITING)

    def news(self) -> list[Ordered]:
        """The drafts that their sender changed after they were taken up, or ended, which nobody has seen yet."""
        return self._rows(tables.DraftProgramme.state.in_(tuple(SEEN)))

    def one(self, name: str) -> Ordered:
        """A draft, by its id or the name of one of its versions; raises Unknown."""
        found = self._rows(tables.DraftProgramme.id == name.partition(".")[0])
        if not found:
            raise Unknown(f"there is no order {name[:40]!r} here")
        return found[0]

    def take(self, name: str, practice: Practice, author: str, if_match: str, by: str = COMMAND) -> Version:
        """Prescribe a practice for what was ordered, on top of the version that the author saw ("" for none).

        `name` is of the version of the order that they saw. Raises Unknown, NotTaken, and what `Prescriptions.save`
        raises; the draft waits on then.
        """
        draft = self._open(name)
        pseudonym = self._patients.person(draft.patient_id).pseudonym
        last = self.current(pseudonym)
        before = draft_for(pseudonym, last.prescription) if last else Draft()
        new = replace(before, programme=(*before.programme, practice))

        def taken(db: Connection, written: Version) -> None:
            kept = replace(draft.kept, taken=Taken(draft.number, written.prescription.version, practice))
            if not self._put(db, draft, TAKEN, kept, by, "take an order up"):
                raise NotTaken(AT_THIS_MOMENT)

        return self._prescriptions.save(pseudonym, new, author, if_match, by, taken)

    def decline(self, name: str, by: str = COMMAND) -> None:
        """Turn an order down in the version that somebody saw; raises Unknown and NotTaken."""
        draft = self._open(name)
        if not self._write(draft, DECLINED, draft.kept, by, "turn an order down"):
            raise NotTaken(AT_THIS_MOMENT)

    def seen(self, name: str, by: str = COMMAND) -> None:
        """Note that somebody has seen what a sender changed or ended; raises Unknown and NotTaken."""
        draft = self._as_seen(name)
        if draft.state not in SEEN:
            raise NotTaken(f"nothing is new about this order: it is {draft.state}")
        if not self._write(draft, SEEN[draft.state], draft.kept, by, "see the change of an order"):
            raise NotTaken("this order was changed again at this moment")

    def current(self, pseudonym: str) -> Version | None:
        """What is prescribed now, None for nothing."""
        with suppress(NothingPrescribed):
            return self._prescriptions.current(pseudonym)
        return None

    def status(self, draft: Ordered) -> str:
        """What became of an order, as FHIR says it: its sender's word for its end, else what is prescribed of it."""
        if draft.state == WAITING:
            return "draft"
        if draft.state == DECLINED:
            return "revoked"
        if not draft.asked.is_open:
            return draft.asked.status
        now = self.current(self._patients.person(draft.patient_id).pseudonym)
        if draft.kept.replaced or not (draft.kept.taken and now):
            return "revoked"
        if not parts_of(draft.kept.taken.practice, now.prescription):
            return "revoked"
        return "completed" if state_on(now.prescription, self._now().date()) == EXPIRED else "active"

    def based_on(self, patient_id: str, system_id: str, prescription: Prescription) -> BasedOn:
        """The orders of a system, or any system (""), that parts of a version came from, as it calls them."""
        found = dict[Practice, tuple[Reference, ...]]()
        for draft in self.of(patient_id, system_id):
            taken = draft.kept.taken
            if taken and taken.version <= prescription.version:
                for practice in parts_of(taken.practice, prescription):
                    found[practice] = (*found.get(practice, ()), self._reference(draft))
        return found

    def _kept(self, system_id: str, patient_id: str, asked: DraftProgramme) -> tuple[Ordered, bool]:
        """The draft of an order as it is from now on, and whether it is a new one."""
        while True:
            there = self._called(system_id, asked.order)
            if there is None:
                if not asked.is_open:
                    why = f"status {asked.status!r}: no order is here under this identifier that this could end"
                    raise OrderRefused("business-rule", why)
                if self._insert(system_id, patient_id, asked):
                    return self._there(system_id, asked.order), True
                continue  # it came twice at this moment
            if there.patient_id != patient_id:
                raise NotTaken("an order for somebody else is here under this identifier: give this one its own")
            if there.asked.said == asked.said or there.asked.is_after(asked) or self._change(there, asked):
                return self._there(system_id, asked.order), False

    def _insert(self, system_id: str, patient_id: str, asked: DraftProgramme) -> bool:
        draft_id, now = secrets.token_hex(8), self._now()
        sealed = self._sealed(patient_id, draft_id, Kept((Arrival(now, asked),)))
        row = {"id": draft_id, "patient_id": patient_id, "system_id": system_id, "at": now, "sealed": sealed}
        with self._store.writing() as db:
            values = row | {"request_id": _request(asked.order)}
            new = bool(db.execute(self._store.once(tables.DraftProgramme), values).rowcount == 1)
            if new:
                self._audit.append(db, by_system(system_id), "order a programme", patient_id, draft_id)
        return new

    def _change(self, draft: Ordered, asked: DraftProgramme) -> bool:
        """Have the sender's next version hold; False where another one came at this moment."""
        if draft.number >= MOST_VERSIONS and (asked.is_open or not draft.asked.is_open):  # it can always be ended
            raise OrderRefused("too-costly", f"this order came {MOST_VERSIONS} times changed: send it as a new one")
        state = (AFTER_CHANGE if asked.is_open else AFTER_END)[draft.state]
        arrivals = (*draft.kept.arrivals, Arrival(self._now(), asked))
        kept = replace(draft.kept, arrivals=arrivals, replaced=draft.kept.replaced and not asked.is_open)
        action = "change an order" if asked.is_open else "end an order"
        return self._write(draft, state, kept, by_system(draft.system_id), action)

    def _replace(self, draft: Ordered, new: bool) -> None:
        """End what an order says that it stands for, and a `new` one where another is here that stands for it."""
        for other in self.of(draft.patient_id, draft.system_id):
            if other.id != draft.id and self._stands_for(draft, other):
                self._end(other)
            elif new and other.id != draft.id and other.asked.is_open and self._stands_for(other, draft):
                self._end(draft)

    def _stands_for(self, draft: Ordered, other: Ordered) -> bool:
        path = draft_path(self._links.naming, other.patient_id, other.id)
        return bool({path, other.asked.order} & set(draft.asked.replaces))

    def _end(self, draft: Ordered) -> None:
        """Note that another order stands for this one now."""
        while not draft.kept.replaced:
            kept, by = replace(draft.kept, replaced=True), by_system(draft.system_id)
            self._write(draft, AFTER_END[draft.state], kept, by, "replace an order")
            draft = self.one(draft.id)

    def _open(self, name: str) -> Ordered:
        draft = self._as_seen(name)
        if draft.state != WAITING:
            raise NotTaken(f"this order is {draft.state} already")
        return draft

    def _as_seen(self, name: str) -> Ordered:
        draft = self.one(name)
        if draft.name != name:
            raise NotTaken(f"this order is not what you saw: its sender changed it; it is {draft.name} now")
        return draft

    def _write(self, draft: Ordered, state: str, kept: Kept, by: str, action: str) -> bool:
        """Write what is another one now about a draft; False where somebody else did at this moment."""
        with self._store.writing() as db:
            return self._put(db, draft, state, kept, by, action)

    def _put(self, db: Connection, draft: Ordered, state: str, kept: Kept, by: str, action: str) -> bool:
        table, sealed = tables.DraftProgramme, self._sealed(draft.patient_id, draft.id, kept)
        held = table.id == draft.id, table.state == draft.state, table.sealed == draft.sealed
        if not db.execute(update(table).where(*held).values(state=state, sealed=sealed)).rowcount:
            return False
        self._audit.append(db, by, action, draft.patient_id, draft.id)
        return True

    def _reference(self, draft: Ordered) -> Reference:
        """An order as its sender calls it: it may not be where this is read."""
        system, _, value = draft.asked.order.rpartition("|")
        if not system:
            system, value = IDS, draft_path(self._links.naming, draft.patient_id, draft.id).partition("/")[2]
        return Reference(type="ServiceRequest", identifier=Identifier(system=system, value=value))

    def _called(self, system_id: str, order: str) -> Ordered | None:
        table = tables.DraftProgramme
        return next(iter(self._rows(table.system_id == system_id, table.request_id == _request(order))), None)

    def _there(self, system_id: str, order: str) -> Ordered:
        found = self._called(system_id, order)
        if found is None:
            raise OrderRefused("not-found", "subject: this system may know of no such patient here")  # erased just now
        return found

    def _sealed(self, patient_id: str, draft_id: str, kept: Kept) -> bytes:
        return self._patients.seal(patient_id, msgspec.json.encode(kept), _bound(draft_id))

    def _rows(self, *which: Any) -> list[Ordered]:
        query = select(*_COLUMNS).where(*which).order_by(tables.DraftProgramme.at, tables.DraftProgramme.id)
        found = []
        for row in self._store.look(query):
            with suppress(Shredded):
                opened = self._patients.unseal(row.patient_id, row.sealed, _bound(row.id))
                kept = msgspec.json.decode(opened, type=Kept)
                found.append(Ordered(row.id, row.patient_id, row.system_id, row.at, row.state, kept, row.sealed))
        return found


def _bound(draft_id: str) -> str:
    return f"draft {draft_id}"


def _request(order: str) -> str:
    return sha256(order.encode())
