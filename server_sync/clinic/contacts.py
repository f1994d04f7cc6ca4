"""Time that the clinic spent on its patients, as it was noted: a row is never changed, only replaced by a later one."""

import logging
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, delete, insert, select

from server_sync.clinic import tables
from server_sync.clinic.audit import Audit
from server_sync.clinic.keys import Shredded
from server_sync.clinic.minutes import TALKING, Contact, Kind
from server_sync.clinic.names import Names
from server_sync.clinic.patients import Patients
from server_sync.clinic.roles import STAFF
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Account, Setting

_LOG = logging.getLogger("steadyreach.server")
LONGEST_S = 86_400.0
LONGEST_NOTE = 1000
ZONE, UNTOLD_ZONE = "zone", "UTC"
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(minutes=1)
# Control characters, ends of lines, those that turn the direction of text, and halves of others.
_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class ContactRefused(ValueError):
    """What cannot be noted; the message names the value and what is allowed."""


class Noted(NamedTuple):
    """A contact as it was noted: when, which one it replaces ("" for none), and whether a later one replaces it."""

    contact: Contact
    noted_at: datetime
    replaces: str
    replaced: bool


class _Sealed(msgspec.Struct, frozen=True):
    at: datetime
    seconds: float
    kind: str
    realtime: bool
    note: str


class Contacts:
    """The contacts of one clinic with its patients."""

    def __init__(
        self, store: Store, patients: Patients, names: Names, audit: Audit, now: Callable[[], datetime]
    ) -> None:
        """Use this database, these patients and names, this audit and this clock."""
        self._store, self._patients, self._names, self._audit, self._now = store, patients, names, audit, now

    def add(self, patient_id: str, contact: Contact, by: str, replaces: str = "") -> Contact:
        """Note a contact, given back with its id, or what replaces one; a replacement of 0 s takes it back.

        `by` is who notes it, as the audit names them. Raises ContactRefused, or Shredded for somebody erased.
        """
        self._check(contact, replaces)
        noted = contact._replace(id=secrets.token_hex(8))
        content = _Sealed(contact.at.astimezone(UTC), contact.seconds, contact.kind, contact.realtime, contact.note)
        sealed = self._patients.seal(patient_id, msgspec.json.encode(content), _bound(noted.id))
        account = self._names.row(contact.who)
        if account is None or account.role not in STAFF:
            raise ContactRefused(
                f"who: {contact.who!r} is the login of nobody who works at the clinic"
                if contact.who
                else "who: it is not said who spent the time; name the login of somebody who works at the clinic"
            )
        with self._store.writing() as db:
            if replaces:
                _check_replaced(db, patient_id, replaces)
            values = {"id": noted.id, "patient_id": patient_id, "account_id": account.id, "at": self._now()}
            db.execute(insert(tables.Contact).values(**values, replaces=replaces, sealed=sealed))
            self._audit.append(db, by, "correct a contact" if replaces else "note a contact", patient_id, noted.id)
        return noted

    def listed(self, patient_id: str) -> list[Contact]:
        """What holds of a patient's contacts, in the order they began; raises Shredded."""
        held = (noted.contact for noted in self.history(patient_id) if not noted.replaced)
        return [contact for contact in held if contact.seconds]

    def history(self, patient_id: str) -> list[Noted]:
        """Every row of a patient, in the order of what they tell; raises Shredded."""
        table = tables.Contact
        columns = table.id, table.account_id, table.at, table.replaces, table.sealed
        rows = self._store.look(select(*columns).where(table.patient_id == patient_id))
        ids = {row.account_id for row in rows}
        accounts = select(Account.id, Account.key_id, Account.sealed).where(Account.id.in_(ids))
        who = {row.id: self._names.of(row).login for row in self._store.look(accounts)}
        replaced = {row.replaces for row in rows}
        found = []
        for row in rows:
            content = msgspec.json.decode(self._patients.unseal(patient_id, row.sealed, _bound(row.id)), type=_Sealed)
            told = content.at, content.seconds, content.kind, content.realtime
            contact = Contact(*told, who[row.account_id], content.note, row.id)
            found.append(Noted(contact, row.at, row.replaces, row.id in replaced))
        return sorted(found, key=lambda noted: (noted.contact.at, noted.noted_at, noted.contact.id))

    def spent(self, account_id: int, since: datetime) -> Mapping[str, float]:
        """What an account noted for each patient since a moment, in seconds by the patient's id."""
        table, kept = tables.Contact, self._patients.kept()
        mine = table.account_id == account_id, table.at >= since
        rows = self._store.look(select(table.id, table.patient_id, table.sealed).where(*mine))
        replacing = select(table.replaces).where(table.replaces.in_([row.id for row in rows]))
        replaced = {row.replaces for row in self._store.look(replacing)}
        found = dict[str, float]()
        for row in rows:
            if row.patient_id in kept and row.id not in replaced:
                told = self._opened(row)
                seconds = told.seconds if told and told.at >= since else 0.0
                found[row.patient_id] = found.get(row.patient_id, 0.0) + seconds
        return {patient_id: seconds for patient_id, seconds in found.items() if seconds}

    def _opened(self, row: Any) -> _Sealed | None:
        """What a row tells; None where it is damaged, or its patient erased at this moment."""
        try:
            content = self._patients.unseal(row.patient_id, row.sealed, _bound(row.id))
            return msgspec.json.decode(content, type=_Sealed)
        except (ValueError, Shredded):
            _LOG.warning("contact %s cannot be read, and is missing from what was spent", row.id)
            return None

    def zone(self) -> ZoneInfo:
        """The clinic's time zone, whose months count; UTC until somebody says which."""
        found = self._store.look(select(Setting.value).where(Setting.name == ZONE))
        return ZoneInfo(found[0].value if found else UNTOLD_ZONE)

    def set_zone(self, name: str, by: str) -> None:
        """Say in which time zone the clinic is; raises ContactRefused."""
        try:
            zone = ZoneInfo(name)
        except (KeyError, OSError, ValueError):
            raise ContactRefused(f"there is no time zone {name!r}; the IANA names them as Europe/Berlin") from None
        with self._store.writing() as db:
            db.execute(delete(Setting).where(Setting.name == ZONE))
            db.execute(insert(Setting).values(name=ZONE, value=zone.key))
            self._audit.append(db, by, "set the time zone", thing=zone.key)

    def _check(self, contact: Contact, replaces: str) -> None:
        least, now = 0.0 if replaces else 1.0, self._now()
        if contact.kind not in list(Kind):
            raise ContactRefused(f"kind: {contact.kind!r} is none of {', '.join(Kind)}")
        if contact.realtime and contact.kind not in TALKING:
            raise ContactRefused(f"realtime: only {' and '.join(TALKING)} can be, and not {contact.kind}")
        if not least <= contact.seconds <= LONGEST_S:
            raise ContactRefused(
                f"minutes: {contact.seconds / 60:g} must be {'0' if replaces else 'a second'} to {LONGEST_S / 60:g}"
            )
        if contact.at.tzinfo is None or contact.at < _EARLIEST:
            raise ContactRefused(f"at: {contact.at.isoformat()} must be after 2000, with its zone")
        if contact.at > now + _AHEAD - timedelta(seconds=contact.seconds):
            raise ContactRefused(
                f"at: {contact.seconds / 60:g} minutes from {contact.at.isoformat()} on are not over yet"
            )
        if len(contact.note) > LONGEST_NOTE or _HIDDEN.search(contact.note):
            raise ContactRefused(f"note: one line of at most {LONGEST_NOTE} characters, not {len(contact.note)}")


def _check_replaced(db: Connection, patient_id: str, replaces: str) -> None:
    table = tables.Contact
    # Held until the transaction ends, where several write at once: only one replaces it.
    row = select(table.id).where(table.id == replaces, table.patient_id == patient_id).with_for_update()
    if db.execute(row).first() is None:
        raise ContactRefused(f"replaces: this patient has no contact {replaces!r}")
    later = db.execute(select(table.id).where(table.replaces == replaces)).scalar()
    if later is not None:
        raise ContactRefused(f"replaces: contact {replaces} was replaced by {later}; replace that one")


def _bound(contact_id: str) -> str:
    return f"contact {contact_id}"
