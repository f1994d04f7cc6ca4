"""Erasing a person: their key first, which shreds every copy of what is kept of them, then the rows and the recordings.

It may be stopped at any step, and goes on with `resume`. What it cannot reach, it says.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, select, update

from server_sync.clinic import key_copies
from server_sync.clinic.audit import Audit, by_account
from server_sync.clinic.keys import Keys
from server_sync.clinic.names import CLOSED, closed
from server_sync.clinic.objects import Objects, archived_key, recording_key
from server_sync.clinic.patients import BEGUN, Patients
from server_sync.clinic.preferences import Preferred
from server_sync.clinic.store import Store
from server_sync.clinic.tables import (
    Account,
    Audited,
    Delivered,
    Device,
    EnrolmentCode,
    Erased,
    Invitation,
    Job,
    LostSession,
    Patient,
    RecordingKey,
    RecoveryCode,
    Refusal,
    SameSession,
    Sent,
    Table,
    Visit,
    Ward,
)
from server_sync.clinic.uploads import pieces_of

_OPEN = Account, Device, Sent
"""Tables with something of a person that is not sealed: hashes of passwords, names of devices, ids at other systems."""
STAYS = (
    "reports that were printed or saved, and exports that were handed over",
    "the rows of the audit: who did what when, with an id that says nothing any more",
    "what a computer that is for others, too, brought and no session names yet: it goes after 7 days",
    "ids, hashes and times of sessions that were refused from such a computer, and that computer's name",
    "what the server's memory holds of the person: the keys for a minute, the pseudonym until it is started again",
    "what lies on the patient's own computer: steadyreach erase PATIENT --client FOLDER removes it there",
)
"""What is not erased here, for whoever has to tell the person."""
HELD = (
    "hashes of the passwords of closed accounts and names of devices in the log of the database (clinic.db-wal), which "
    "a program reads at this moment, such as a backup: until it ends"
)
OF_POSTGRESQL = (
    "what PostgreSQL wrote ahead (pg_wal), and archives of it, until it writes over that: hashes of the passwords of "
    "closed accounts, names of devices, and the keys themselves where the keys are in PostgreSQL, too; some of it in "
    "its statistics, until it makes them anew"
)


class Done(NamedTuple):
    """What became of an erasure: what was removed, which copies of the keys are without theirs, and which are not."""

    patient_id: str
    sessions: int
    recordings: int
    devices_revoked: tuple[str, ...]
    accounts_closed: tuple[int, ...]
    copies_rewritten: tuple[str, ...]
    copies_unreached: tuple[str, ...]
    stays: tuple[str, ...]


class Erasing:
    """What erases the persons of one clinic."""

    def __init__(
        self, store: Store, patients: Patients, keys: Keys, objects: Objects, audit: Audit, now: Callable[[], datetime]
    ) -> None:
        """Use this database, these patients, keys and recordings, this audit and this clock."""
        self._store, self._patients, self._keys, self._objects = store, patients, keys, objects
        self._audit, self._now = audit, now

    def erase(self, actor: str, pseudonym: str) -> Done:
        """Erase a person for good; raises Unknown."""
        return self.erase_id(actor, self._patients.id_of(pseudonym))

    def erase_id(self, actor: str, patient_id: str) -> Done:
        """The same by the person's id; one who is gone already is fine. Raises keys.StillRead, and goes on later."""
        self._begin(actor, patient_id)
        return self._go_on(actor, patient_id)

    def resume(self, actor: str) -> list[Done]:
        """Go on with what was begun, also on another copy of the data: whose key was destroyed is erased."""
        shredded = self._keys.shredded()
        accounts = self._store.look(select(Account.id, Account.key_id).where(Account.sealed != CLOSED))
        self._close(actor, Account.id.in_([row.id for row in accounts if row.key_id in shredded]))
        rows = self._store.look(select(Patient.id, Patient.lookup))
        found = [row.id for row in rows if row.id in shredded or row.lookup.startswith(BEGUN)]
        return [self.erase_id(actor, patient_id) for patient_id in found]

    def _begin(self, actor: str, patient_id: str) -> None:
        """Let nobody in under the pseudonym any more; who writes for the patient at this moment ends first."""
        with self._store.writing() as db:
            lookup = db.execute(select(Patient.lookup).where(Patient.id == patient_id).with_for_update()).scalar()
            if lookup is None or lookup.startswith(BEGUN):
                return
            db.execute(self._store.once(Erased), {"lookup": lookup, "at": self._now()})
            db.execute(update(Patient).where(Patient.id == patient_id).values(lookup=f"{BEGUN}{patient_id}"))
            self._audit.append(db, actor, "erase a person", patient_id)

    def _go_on(self, actor: str, patient_id: str) -> Done:
        self._keys.shred(patient_id)
        accounts = self._close(actor, _sees_alone(patient_id))
        elsewhere, copies = self._elsewhere(patient_id), key_copies.write_again(self._keys)
        alone = self._devices(patient_id)
        recordings = self._recordings(patient_id, alone)
        self._objects.remove([key(name) for name in recordings for key in (recording_key, archived_key)])
        self._objects.remove([piece for device in alone for piece in pieces_of(self._objects, device)])
        with self._store.writing() as db:
            self._overwrite(db)
            db.execute(select(Patient.id).where(Patient.id == patient_id).with_for_update())
            sessions = _forget_sessions(self._store, db, patient_id, self._now())
            devices = _leave_devices(db, patient_id, self._now())
            _forget_devices(db, alone)
            for table in reversed(Table.metadata.sorted_tables):
                if "patient_id" in table.columns and table.name != Audited.__tablename__:
                    db.execute(delete(table).where(table.columns["patient_id"] == patient_id))
            db.execute(delete(Patient).where(Patient.id == patient_id))
            self._audit.append(db, actor, "a person is erased", patient_id)
        held = () if self._store.tidy(*(table.__tablename__ for table in _OPEN)) else (HELD,)
        stays = (*elsewhere, *STAYS, *held, *(() if self._on_sqlite() else (OF_POSTGRESQL,)))
        return Done(patient_id, sessions, len(recordings), devices, accounts, *copies, stays)

    def _close(self, actor: str, which: ColumnElement[bool]) -> tuple[int, ...]:
        """Close accounts, and destroy the keys of their names; the rows stay, because the audit names them."""
        with self._store.writing() as db:
            self._overwrite(db)
            closing = db.execute(select(Account.id, Account.key_id).where(which).order_by(Account.id)).all()
            for row in closing:
                _empty_account(db, row.id, self._now())
                self._audit.append(db, actor, "disable an account", thing=by_account(row.id))
        for row in closing:
            self._keys.shred(row.key_id)
        return tuple(row.id for row in closing)

    def _overwrite(self, db: Connection) -> None:
        if self._on_sqlite():
            db.exec_driver_sql("PRAGMA secure_delete = ON")

    def _elsewhere(self, patient_id: str) -> list[str]:
        """Which other systems have something of a patient: it was sent there, or they read it here."""
        sent = select(Sent.target).distinct().where(Sent.patient_id == patient_id).order_by(Sent.target)
        read = select(Audited.actor).distinct().where(Audited.patient_id == patient_id).order_by(Audited.actor)
        systems = [row.actor for row in self._store.look(read.where(Audited.actor.startswith("system ")))]
        told = [f"what was sent to {row.target}: ask them to delete it" for row in self._store.look(sent)]
        return [*told, *(f"what the {each} read over FHIR: ask them to delete it" for each in systems)]

    def _devices(self, patient_id: str) -> tuple[str, ...]:
        """The devices that are for a patient alone: what they brought and is nobody's yet is theirs."""
        rows = self._store.look(select(Device.id).where(Device.patients == patient_id).order_by(Device.id))
        return tuple(row.id for row in rows)

    def _recordings(self, patient_id: str, alone: tuple[str, ...]) -> list[str]:
        """The recordings of a patient, those let go as well, and what their devices brought that no session names."""
        named = select(Delivered.recording_sha256).where(Delivered.patient_id == patient_id)
        of_device = RecordingKey.patient_id.is_(None) & RecordingKey.device_id.in_(alone)
        keyed = select(RecordingKey.sha256).where((RecordingKey.patient_id == patient_id) | of_device)
        names = {row[0] for query in (named, keyed) for row in self._store.look(query)}
        return sorted(names - {""})

    def _on_sqlite(self) -> bool:
        return self._store.engine.dialect.name == "sqlite"


def _forget_sessions(store: Store, db: Connection, patient_id: str, now: datetime) -> int:
    """Remove what names a patient's sessions; their numbers stay accounted for, so that nobody brings them again."""
    mine = select(Delivered.id).where(Delivered.patient_id == patient_id)
    columns = Delivered.id, Delivered.device_id, Delivered.number, Delivered.recording_sha256
    sessions = db.execute(select(*columns).where(Delivered.patient_id == patient_id)).all()
    refused = db.execute(select(Refusal.device_id, Refusal.number).where(Refusal.session_id.in_(mine))).all()
    numbers = {(row.device_id, row.number) for row in (*sessions, *refused) if row.number}
    db.execute(update(SameSession).where(SameSession.session_id.in_(mine)).values(session_id=""))
    for device_id, number in sorted(numbers):
        values = {"device_id": device_id, "number": number, "session_id": "", "at": now}
        db.execute(store.once(SameSession), values)
    db.execute(delete(Refusal).where(Refusal.session_id.in_(mine)))
    recordings = {row.recording_sha256 for row in sessions if row.recording_sha256}
    db.execute(delete(Job).where(Job.key.in_(recordings) | Job.key.contains(f" {patient_id} ")))
    return len(sessions)


def _leave_devices(db: Connection, patient_id: str, now: datetime) -> tuple[str, ...]:
    """Take a patient off the lists; a device that was for nobody else is revoked: an empty list would be anybody's."""
    revoked = []
    for device in db.execute(select(Device.id, Device.patients).where(Device.patients.contains(patient_id))).all():
        others = _without(device.patients, patient_id)
        values: dict[str, Any] = {"patients": others} if others else {"revoked_at": now}
        db.execute(update(Device).where(Device.id == device.id).values(values))
        revoked += [] if others else [device.id]
    listed = select(EnrolmentCode.selector, EnrolmentCode.patients).where(EnrolmentCode.patients.contains(patient_id))
    for code in db.execute(listed).all():
        others, this = _without(code.patients, patient_id), EnrolmentCode.selector == code.selector
        left = update(EnrolmentCode).where(this).values(patients=others)
        db.execute(left if others else delete(EnrolmentCode).where(this))
    return tuple(revoked)


def _forget_devices(db: Connection, devices: tuple[str, ...]) -> None:
    """Remove what devices of one person alone leave that may say something: their names, and what they told of."""
    unnamed = RecordingKey.patient_id.is_(None), RecordingKey.device_id.in_(devices)
    db.execute(delete(RecordingKey).where(*unnamed))
    db.execute(delete(Refusal).where(Refusal.device_id.in_(devices)))
    db.execute(update(LostSession).where(LostSession.device_id.in_(devices)).values(session_id=""))
    db.execute(update(Device).where(Device.id.in_(devices)).values(name=""))


def _without(patients: str, patient_id: str) -> str:
    return " ".join(each for each in patients.split() if each != patient_id)


def _sees_alone(patient_id: str) -> ColumnElement[bool]:
    """Which accounts are for this patient, and for nobody else."""
    theirs = select(Ward.account_id).where(Ward.patient_id == patient_id)
    others = select(Ward.account_id).where(Ward.patient_id != patient_id)
    return Account.id.in_(theirs) & Account.id.not_in(others)


def _empty_account(db: Connection, account_id: int, now: datetime) -> None:
    """Let nobody in, and take from an account all that says whose it was."""
    for table in (Visit, Invitation, RecoveryCode):
        db.execute(delete(table).where(table.account_id == account_id))
    nothing = {
        "lookup": closed(account_id),
        "sealed": CLOSED,
        "password_hash": "",
        "second_factor": None,
        "last_step": 0,
        **Preferred()._asdict(),
    }
    db.execute(update(Account).where(Account.id == account_id).values(**nothing, disabled_at=now))
