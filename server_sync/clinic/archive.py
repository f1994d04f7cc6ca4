"""Sessions as they were delivered: taken in once, kept byte for byte, listed and read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from engine.records import SCHEMA, RecordUnreadable, Session, from_json
from server_sync.clinic.recordings import Recordings
from server_sync.clinic.store import Delivered, Device, Person, Refusal, Store
from server_sync.wire import NAME, Receipt, sha256


class NotASession(ValueError):
    """What arrived is no session that this server can read; the message names the place and the reason."""


class OtherBytes(Exception):
    """The server holds this session already, with other bytes."""


class RecordingMissing(Exception):
    """The recording that a session names has not arrived yet."""


class Unknown(LookupError):
    """There is nothing of this name here."""


class PatientLine(NamedTuple):
    """One line of the list of patients; `name` is the pseudonym until the clinic gives another."""

    pseudonym: str
    name: str
    about: str
    sessions: int
    last_at: datetime


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
    """How a session came: from which device and when, and when other bytes were offered for it."""

    device: str
    received_at: datetime
    refused_at: tuple[datetime, ...]


class Archive:
    """The sessions of one clinic."""

    def __init__(self, store: Store, recordings: Recordings, now: Callable[[], datetime]) -> None:
        """Use this database, these recordings and this clock."""
        self._store, self._recordings, self._now = store, recordings, now

    def take(self, device_id: str, session_id: str, content: bytes) -> Receipt:
        """Take a session in, once; the same bytes again are welcome.

        Raises NotASession, RecordingMissing, or OtherBytes, which is remembered for the page.
        """
        session = _readable(session_id, content)
        if session.recording and not self._recordings.holds(session.recording.sha256):
            raise RecordingMissing(f"send recording {session.recording.sha256} first, then session {session_id}")
        digest = sha256(content)
        row = _row(session) | {"device_id": device_id, "received_at": self._now(), "sha256": digest}
        try:
            with self._store.writing() as db:
                db.execute(insert(Delivered).values(content=content, **row))
        except IntegrityError:
            self._compare(device_id, session_id, digest)
            return Receipt(session_id, digest, created=False)
        return Receipt(session_id, digest, created=True)

    def count(self) -> int:
        """How many sessions there are."""
        with self._store.reading() as db:
            return db.execute(select(func.count()).select_from(Delivered)).scalar_one()

    def name_person(self, pseudonym: str, name: str, about: str = "") -> None:
        """Give a pseudonym the clinic's own words: a name, and one line such as age and condition."""
        with self._store.writing() as db:
            db.execute(Person.__table__.delete().where(Person.pseudonym == pseudonym))  # type: ignore[attr-defined]
            db.execute(insert(Person).values(pseudonym=pseudonym, name=name, about=about))

    def patients(self) -> list[PatientLine]:
        """Everyone with a session, the latest first."""
        last = func.max(Delivered.started_at).label("last_at")
        zone = func.max(Delivered.zone_offset_s).label("zone_offset_s")
        columns = (Delivered.pseudonym, Person.name, Person.about, func.count(Delivered.id).label("sessions"))
        joined = select(*columns, last, zone).outerjoin(Person, Person.pseudonym == Delivered.pseudonym)
        query = joined.group_by(Delivered.pseudonym, Person.name, Person.about).order_by(last.desc())
        with self._store.reading() as db:
            return [
                PatientLine(
                    row.pseudonym,
                    row.name or row.pseudonym,
                    row.about or "",
                    row.sessions,
                    _local(row, "last_at"),
                )
                for row in db.execute(query)
            ]

    def patient(self, pseudonym: str) -> PatientLine:
        """One patient; raises Unknown."""
        for line in self.patients():
            if line.pseudonym == pseudonym:
                return line
        raise Unknown(f"there is no patient {pseudonym!r} here")

    def sessions(self, pseudonym: str) -> list[SessionLine]:
        """A patient's sessions, the latest first."""
        columns = [getattr(Delivered, name) for name in SessionLine._fields]
        query = select(*columns, Delivered.zone_offset_s).where(Delivered.pseudonym == pseudonym)
        with self._store.reading() as db:
            rows = db.execute(query.order_by(Delivered.started_at.desc(), Delivered.id)).all()
        return [
            SessionLine(**{name: getattr(row, name) for name in SessionLine._fields})._replace(
                started_at=_local(row, "started_at")
            )
            for row in rows
        ]

    def session(self, session_id: str) -> Session:
        """A session as a record; raises Unknown."""
        with self._store.reading() as db:
            content = db.execute(select(Delivered.content).where(Delivered.id == session_id)).scalar()
        if content is None:
            raise Unknown(f"there is no session {session_id!r} here")
        return from_json(content, Session, f"session {session_id}")

    def arrival(self, session_id: str) -> Arrival:
        """How a session that is here came."""
        came = select(Device.name, Delivered.received_at).join(Device, Device.id == Delivered.device_id)
        refused = select(Refusal.at).where(Refusal.session_id == session_id).order_by(Refusal.at)
        with self._store.reading() as db:
            device, received_at = db.execute(came.where(Delivered.id == session_id)).one()
            return Arrival(device, received_at, tuple(db.execute(refused).scalars()))

    def _compare(self, device_id: str, session_id: str, digest: str) -> None:
        refusal = {"session_id": session_id, "sha256": digest, "device_id": device_id, "at": self._now()}
        with self._store.writing() as db:
            held = db.execute(select(Delivered.sha256).where(Delivered.id == session_id)).scalar_one()
            if held == digest:
                return
            same = Refusal.session_id == session_id, Refusal.sha256 == digest
            if db.execute(select(Refusal.at).where(*same)).first() is None:
                db.execute(insert(Refusal).values(refusal))
        raise OtherBytes(
            f"the clinic holds session {session_id} with other content (SHA-256 {held[:12]}, not {digest[:12]}); "
            "the first one stays, this one is set aside for a person to look at"
        )


def _readable(session_id: str, content: bytes) -> Session:
    if not NAME.fullmatch(session_id):
        raise NotASession(f"session id {session_id[:40]!r} must be 1 to 100 letters, digits, dots, dashes")
    try:
        session = from_json(content, Session, f"session {session_id}")
    except RecordUnreadable as reason:
        raise NotASession(str(reason)) from None
    if session.schema != SCHEMA:
        raise NotASession(f"session {session_id} has schema {session.schema}; this server reads {SCHEMA}")
    if session.id != session_id:
        raise NotASession(f"session {session_id} calls itself {session.id!r}")
    if not session.patient or len(session.patient) > 100 or "/" in session.patient:
        raise NotASession(f"session {session_id}: patient must be 1 to 100 characters without a slash")
    return session


def _row(session: Session) -> dict[str, Any]:
    try:
        started_at = datetime.fromisoformat(session.started_at)
    except ValueError:
        raise NotASession(f"session {session.id}: started_at {session.started_at!r} is no ISO 8601 time") from None
    zone = started_at.utcoffset()
    if zone is None:
        raise NotASession(f"session {session.id}: started_at {session.started_at!r} must name its zone, as +01:00")
    played = [block for block in session.blocks if block.kind == "play"]
    trials = [trial for block in played for trial in block.trials]
    return {
        "id": session.id,
        "pseudonym": session.patient,
        "started_at": started_at,
        "zone_offset_s": int(zone.total_seconds()),
        "seconds": session.seconds,
        "titles": " and ".join(dict.fromkeys(block.title for block in played if block.trials)),
        "trials": len(trials),
        "reached": sum(trial.outcome == "reached" for trial in trials),
        "ended_by": session.ended_by,
        "recording_sha256": session.recording.sha256 if session.recording else "",
    }


def _local(row: Any, name: str) -> datetime:
    moment = getattr(row, name)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    local: datetime = moment.astimezone(timezone(timedelta(seconds=row.zone_offset_s)))
    return local
