"""Sessions as they were delivered: taken in once, kept byte for byte, listed and read."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from engine.records import Session, from_json
from server_sync import wire
from server_sync.clinic import ledger
from server_sync.clinic.audit import Audit
from server_sync.clinic.brakes import Brakes
from server_sync.clinic.group_commit import GroupCommit
from server_sync.clinic.intake import Summary, check, summary_of
from server_sync.clinic.packing import unpacked
from server_sync.clinic.patients import Patients, Person, Unknown
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, Device, Patient, Refusal
from server_sync.clinic.vault import Vault

_LOG = logging.getLogger("steadyreach.server")
_PAGE, LOOKED_BACK = 500, 5
_THEIRS = aliased(Delivered)
_NEWEST = select(_THEIRS.id).where(_THEIRS.patient_id == Patient.id).order_by(_THEIRS.started_at.desc()).limit(1)
_LAST = (
    select(Delivered.id, Delivered.patient_id, Delivered.started_at, Delivered.summary)
    .select_from(Patient)
    .join(Delivered, Delivered.id == _NEWEST.correlate(Patient).scalar_subquery())
)
"""The last session of each patient, found by an index."""


class PatientLine(NamedTuple):
    """One line of the list of patients; `name` is the pseudonym until the clinic gives another.

    `last_at` is when their last session began, None before the first.
    """

    id: str
    pseudonym: str
    name: str
    about: str
    condition: str
    born: str
    sessions: int
    last_at: datetime | None


class SessionLine(NamedTuple):
    """One line of a patient's list of sessions; times are the patient's own."""

    id: str
    started_at: datetime
    seconds: float
    titles: str
    trials: int
    reached: int
    ended_by: str


class Arrival(NamedTuple):
    """How a session came: from which device and when, and when other bytes were offered for it.

    The clock is the clinic's less the device's at that time, as far as it was measured.
    """

    device: str
    received_at: datetime
    refused_at: tuple[datetime, ...]
    clock_offset_s: float | None = None
    clock_within_s: float | None = None


class Held(NamedTuple):
    """One session that is here: whose number it has on which device, its hash, and whether its recording is here."""

    id: str
    number: int
    device: str
    sha256: str
    recording_sha256: str
    recording_held: bool


class SessionDamaged(ValueError):
    """What is kept of a session cannot be read any more; the message says which."""


class Archive:
    """The sessions of one clinic."""

    def __init__(
        self,
        store: Store,
        patients: Patients,
        vault: Vault,
        audit: Audit,
        brakes: Brakes,
        now: Callable[[], datetime],
    ) -> None:
        """Use this database, these patients, their recordings, this audit, these brakes and this clock."""
        self._store, self._patients, self._vault, self._now = store, patients, vault, now
        place = ledger.Place(store, patients, vault, audit, brakes)
        self._commits = GroupCommit[ledger.Offer, wire.Receipts](
            store, lambda db, offers: ledger.take(place, db, offers, self._now())
        )

    def take(self, device: str, batch: wire.Batch) -> wire.Receipts:
        """Take sessions in, each once; the same bytes again are welcome. Answers when it is on the disk for good."""
        checked = tuple(check(item, self._holds, self._erased) for item in batch.items)
        return self._commits.do(ledger.Offer(device, checked, batch.lost, batch.clock)).result()

    def state(self, device: str) -> wire.State:
        """Where this server stands with a device."""
        with self._store.reading() as db:
            return ledger.state(db, self._patients, device)

    def held(self) -> Iterator[Held]:
        """All sessions that are here, in order of their ids; what comes while it is read may be missing."""
        columns = (Delivered.id, Delivered.number, Delivered.device_id, Delivered.sha256, Delivered.recording_sha256)
        after = ""
        while True:
            query = select(*columns).where(Delivered.id > after).order_by(Delivered.id).limit(_PAGE)
            with self._store.reading() as db:
                rows = db.execute(query).all()
            for row in rows:
                recording = row.recording_sha256
                yield Held(*row, recording_held=bool(recording) and self._holds(recording))
            if len(rows) < _PAGE:
                return
            after = rows[-1].id

    def close(self) -> None:
        """Write what waits."""
        self._commits.close()

    def count(self) -> int:
        """How many sessions there are."""
        with self._store.reading() as db:
            return db.execute(select(func.count()).select_from(Delivered)).scalar_one()

    def patients(self) -> list[PatientLine]:
        """Everyone: who played last is the first, then who never did, by their names."""
        people, found = self._patients.people(), list[PatientLine]()
        with self._store.reading() as db:
            counts = select(Delivered.patient_id, func.count().label("sessions")).group_by(Delivered.patient_id)
            sessions = {row.patient_id: row.sessions for row in db.execute(counts)}
            rows = db.execute(_LAST).all()
        for row in sorted(rows, key=lambda row: row.started_at, reverse=True):
            if row.patient_id in people:
                last_at = _local(row.started_at, self._summary(row.patient_id, row).zone_offset_s)
                found.append(
                    _line(row.patient_id, people.pop(row.patient_id), sessions.get(row.patient_id, 1), last_at)
                )
        never = [_line(patient_id, person, 0, None) for patient_id, person in people.items()]
        return found + sorted(never, key=lambda line: (line.name.casefold(), line.pseudonym))

    def patient(self, patient_id: str) -> PatientLine:
        """One patient; raises Unknown."""
        person, sessions = self._patients.person(patient_id), self.sessions(patient_id)
        return _line(patient_id, person, len(sessions), sessions[0].started_at if sessions else None)

    def sessions(self, patient_id: str) -> list[SessionLine]:
        """A patient's sessions, the latest first; of somebody unknown there are none."""
        query = select(Delivered.id, Delivered.started_at, Delivered.summary).where(Delivered.patient_id == patient_id)
        with self._store.reading() as db:
            rows = db.execute(query.order_by(Delivered.started_at.desc(), Delivered.id)).all()
        lines = []
        for row in rows:
            summary = self._summary(patient_id, row)
            lines.append(SessionLine(row.id, _local(row.started_at, summary.zone_offset_s), *summary[1:]))
        return lines

    def last_measured(self, patient_id: str) -> Session | None:
        """The last session that measured somebody, of the last few: one before them is too old to go by."""
        for line in self.sessions(patient_id)[:LOOKED_BACK]:
            with suppress(SessionDamaged):
                if (session := self.session(line.id)).calibration:
                    return session
        return None

    def session(self, session_id: str) -> Session:
        """A session as a record; raises Unknown or SessionDamaged."""
        with self._store.reading() as db:
            row = db.execute(select(Delivered.patient_id, Delivered.content).where(Delivered.id == session_id)).first()
        if row is None:
            raise Unknown(f"there is no session {session_id!r} here")
        try:
            sealed = self._patients.unseal(row.patient_id, row.content, f"session {session_id}")
            content = unpacked(sealed, wire.LARGEST_SESSION_BYTES)
            return from_json(content, Session, f"session {session_id}", newer=True)
        except ValueError as reason:
            said = f"the session {session_id} is damaged where this server keeps it; all others are as they were"
            raise SessionDamaged(said) from reason

    def arrival(self, session_id: str) -> Arrival:
        """How a session that is here came."""
        columns = Device.name, Delivered.received_at, Delivered.clock_offset_s, Delivered.clock_within_s
        came = select(*columns).join(Device, Device.id == Delivered.device_id).where(Delivered.id == session_id)
        other = Refusal.session_id == session_id, Refusal.code == ledger.OTHER_BYTES
        refused = select(Refusal.at).where(*other).order_by(Refusal.at)
        with self._store.reading() as db:
            device, received_at, *clock = db.execute(came).one()
            return Arrival(device, received_at, tuple(db.execute(refused).scalars()), *clock)

    def _erased(self, pseudonym: str) -> bool:
        with self._store.reading() as db:
            return bool(self._patients.erased(db, [pseudonym]))

    def _holds(self, recording: str) -> bool:
        return self._vault.size(recording) is not None

    def _summary(self, patient_id: str, row: Any) -> Summary:
        """What a list shows of a session; where that is damaged, made again of the session as far as it can be."""
        try:
            opened = self._patients.unseal(patient_id, row.summary, f"summary {row.id}")
            return msgspec.msgpack.decode(opened, type=Summary)
        except ValueError:
            _LOG.warning("the summary of session %s is damaged", row.id)
            with suppress(SessionDamaged):
                return summary_of(self.session(row.id))
            return Summary(0, 0.0, "", 0, 0, "")


def _line(patient_id: str, person: Person, sessions: int, last_at: datetime | None) -> PatientLine:
    name = person.name or person.pseudonym
    about = person.about, person.condition, person.born
    return PatientLine(patient_id, person.pseudonym, name, *about, sessions, last_at)


def _local(moment: datetime, zone_offset_s: int) -> datetime:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(timezone(timedelta(seconds=zone_offset_s)))
