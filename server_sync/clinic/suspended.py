"""What a backup that was brought back lets people, computers, systems and research do: it waits until it is confirmed.

What was taken from somebody after the backup was made is not known any more. So all that gives rights is suspended: it
is disabled, revoked or withdrawn at the very moment of the restore, by which it is known as what waits.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, false, insert, or_, select, update
from sqlalchemy.orm import aliased

from server_sync.clinic.audit import COMMAND, Audit
from server_sync.clinic.names import Names
from server_sync.clinic.patients import Patients
from server_sync.clinic.store import Store
from server_sync.clinic.tables import (
    Account,
    Consent,
    Device,
    EnrolmentCode,
    Invitation,
    RecoveryCode,
    Setting,
    System,
    SystemToken,
    Visit,
    Ward,
)

RESTORED = "restored at"
ACCOUNT, DEVICE, SYSTEM, CONSENT = "account", "device", "system", "consent"
_ENDED: Mapping[str, tuple[Any, Any]] = {
    ACCOUNT: (Account.id, Account.disabled_at),
    DEVICE: (Device.id, Device.revoked_at),
    SYSTEM: (System.id, System.revoked_at),
    CONSENT: (Consent.id, Consent.withdrawn_at),
}
"""Of each kind its id, and the moment at which it ended."""
_AT_ONCE = Visit, Invitation, EnrolmentCode, SystemToken
"""What is given out anew rather than confirmed."""


class NotWaiting(LookupError):
    """Nothing of this name waits; the message says what does."""


class Waiting(NamedTuple):
    """Something that a restore suspended: its kind, its id, and what a person knows it by."""

    kind: str
    id: str
    says: str

    @property
    def name(self) -> str:
        """How it is confirmed."""
        return f"{self.kind} {self.id}"


class Suspended:
    """What waits at one clinic since it was restored."""

    def __init__(self, store: Store, patients: Patients, names: Names, audit: Audit) -> None:
        """Use these."""
        self._store, self._patients, self._names, self._audit = store, patients, names, audit

    def begin(self, made_at: str, now: datetime) -> None:
        """Suspend all that gives rights, after a backup of that moment was brought back."""
        before = restored_at(self._store)
        with self._store.writing() as db:
            for table in _AT_ONCE:
                db.execute(delete(table))
            db.execute(update(RecoveryCode).where(RecoveryCode.used_at.is_(None)).values(used_at=now))
            for kind, (_, ended) in _ENDED.items():
                waited = false() if before is None else _waits(kind, before)
                db.execute(update(ended.class_).where(or_(ended.is_(None), waited)).values({ended.key: now}))
            db.execute(delete(Setting).where(Setting.name == RESTORED))
            db.execute(insert(Setting).values(name=RESTORED, value=now.isoformat()))
            self._audit.append(db, COMMAND, "restore a backup", thing=made_at)

    def waiting(self) -> list[Waiting]:
        """All that waits, by kind and id."""
        at = restored_at(self._store)
        if at is None:
            return []
        found = [Waiting(DEVICE, row.id, self._device(row)) for row in self._rows(DEVICE, at)]
        found += [Waiting(ACCOUNT, str(row.id), self._account(row)) for row in self._rows(ACCOUNT, at)]
        found += [Waiting(SYSTEM, row.id, row.base) for row in self._rows(SYSTEM, at)]
        of_whom = ((row, self._patients.called([row.patient_id])) for row in self._rows(CONSENT, at))
        found += [Waiting(CONSENT, row.id, f"{row.kind}, of {' '.join(whom)}") for row, whom in of_whom]
        return sorted(found)

    def confirm(self, names: list[str], by: str = COMMAND) -> None:
        """Let what waits be as it was when the backup was made; raises NotWaiting, and then confirms none."""
        waiting, at = {each.name: each for each in self.waiting()}, restored_at(self._store)
        lacking = [name for name in names if name not in waiting]
        if lacking:
            raise NotWaiting(f"no {lacking[0]!r} waits since a restore; steadyreach restored lists what does")
        with self._store.writing() as db:
            for each in (waiting[name] for name in names):
                key, ended = _ENDED[each.kind]
                this = key == (int(each.id) if each.kind == ACCOUNT else each.id), ended == at
                db.execute(update(ended.class_).where(*this).values({ended.key: None}))
            for name in names:
                self._audit.append(db, by, "confirm after a restore", thing=name)

    def _rows(self, kind: str, at: datetime) -> Iterator[Any]:
        _, ended = _ENDED[kind]
        yield from self._store.look(select(*ended.class_.__table__.columns).where(_waits(kind, at)))

    def _device(self, row: Any) -> str:
        return f"{row.name}, for {' '.join(self._patients.called(row.patients.split())) or 'anybody'}"

    def _account(self, row: Any) -> str:
        wards = self._store.look(select(Ward.patient_id, Ward.relation).where(Ward.account_id == row.id))
        whom = [f"{each.relation} of {' '.join(self._patients.called([each.patient_id]))}" for each in wards]
        who = self._names.of(row)
        return ", ".join((f"{who.login} ({who.name})", row.role, *whom))


def _waits(kind: str, at: datetime) -> ColumnElement[bool]:
    """What the restore of that moment suspended and nobody spoke of since, as by withdrawing the same consent."""
    _, ended = _ENDED[kind]
    if kind != CONSENT:
        return and_(ended == at)
    later = aliased(Consent)
    same = later.patient_id == Consent.patient_id, later.kind == Consent.kind, later.given_at > at
    return and_(ended == at, ~select(later.id).where(*same).exists())


def restored_at(store: Store) -> datetime | None:
    """When a backup was brought back here last; None where none ever was."""
    found = store.look(select(Setting.value).where(Setting.name == RESTORED))
    return datetime.fromisoformat(found[0].value) if found else None


def consent_waits(store: Store, kind: str, patient_id: str | None = None) -> bool:
    """Whether a consent of this kind waits, of anybody or of one patient: so it is neither in force nor withdrawn."""
    at = restored_at(store)
    if at is None:
        return False
    waits = select(Consent.id).where(Consent.kind == kind, _waits(CONSENT, at))
    theirs = waits if patient_id is None else waits.where(Consent.patient_id == patient_id)
    return bool(store.look(theirs.limit(1)))
