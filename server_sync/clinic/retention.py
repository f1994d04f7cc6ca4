"""How long things are kept: rules of the clinic, and what goes by them, hourly.

Times are counted from when the clinic got a thing, by its own clock: a device whose clock is wrong loses nothing. The
audit is never cut: a chain without its beginning would prove less, and its rows hold nothing but ids.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, delete, func, insert, or_, select, union_all, update

from server_sync.clinic.audit import RETENTION, Audit, Note
from server_sync.clinic.brakes import LONGEST
from server_sync.clinic.consents import MOTION, NEVER, RECORDINGS, Consents
from server_sync.clinic.erasure import Done, Erasing
from server_sync.clinic.objects import TIERS, archived_key, recording_key
from server_sync.clinic.patients import BEGUN, Patients
from server_sync.clinic.store import Store
from server_sync.clinic.suspended import consent_waits
from server_sync.clinic.tables import (
    Consent,
    Contact,
    Delivered,
    DraftProgramme,
    EnrolmentCode,
    Invitation,
    Letter,
    LoginFailure,
    Patient,
    PrescriptionVersion,
    RecordingKey,
    Setting,
    SystemToken,
    UsedAssertion,
)
from server_sync.clinic.uploads import ABANDONED
from server_sync.clinic.vault import LET_GO, Vault

RULES, RAN, CLOCK = "retention", "retention ran", "retention clock"
EVERY = timedelta(minutes=55)
"""How soon after another one a run of any process of any machine may follow."""
LONGEST_PAUSE = timedelta(days=30)
"""How long after the last run the clock is believed: who sets it wrong by years must not have everybody erased."""
_YEAR = timedelta(days=365.25)
Days = Annotated[int, Meta(ge=1, le=36_525)]
Years = Annotated[int, Meta(ge=1, le=100)]


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long recordings of motion are kept after they came, those of children, and the record of who comes no more.

    `records_years` count from the last that happened; the law of the clinic's country says how many they must be.
    """

    recordings_days: Days = 90
    child_recordings_days: Days = 30
    records_years: Years = 10


class Due(NamedTuple):
    """What goes in the next run: recordings by their SHA-256, with whose they are; strays; and persons, who are erased.

    A stray is a recording that no session named for days. `waits` says why nothing goes by its time before a person has
    it run; "" where nothing waits.
    """

    recordings: Mapping[str, str]
    strays: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    waits: str = ""


class Ran(NamedTuple):
    """What came of a run, and why it left what goes by its time, "" where it did not."""

    recordings: int
    strays: int
    erased: tuple[Done, ...]
    waits: str = ""


class Retention:
    """What one clinic keeps for how long."""

    def __init__(
        self,
        store: Store,
        patients: Patients,
        consents: Consents,
        vault: Vault,
        erasing: Erasing,
        audit: Audit,
        now: Callable[[], datetime],
    ) -> None:
        """Use these."""
        self._store, self._patients, self._consents, self._vault = store, patients, consents, vault
        self._erasing, self._audit, self._now = erasing, audit, now

    def rules(self) -> Rules:
        """The clinic's rules."""
        found = self._store.look(select(Setting.value).where(Setting.name == RULES))
        return msgspec.json.decode(found[0].value, type=Rules) if found else Rules()

    def set_rules(self, actor: str, rules: Rules) -> None:
        """Change the rules, from the next run on; raises msgspec.ValidationError for what cannot be."""
        content = msgspec.json.encode(rules)
        msgspec.json.decode(content, type=Rules)
        with self._store.writing() as db:
            db.execute(delete(Setting).where(Setting.name == RULES))
            db.execute(insert(Setting).values(name=RULES, value=content.decode()))
            self._audit.append(db, actor, "change retention", thing=content.decode())

    def waits(self) -> str:
        """Why nothing goes by its time before somebody has it run; "" where nothing waits."""
        return self._since_restore() or self._since_clock()

    def _since_restore(self) -> str:
        """What somebody agreed to that recordings are kept longer may wait to be confirmed."""
        waits = "what a restore suspended waits to be confirmed: steadyreach restored"
        return waits if any(consent_waits(self._store, kind) for kind in (RECORDINGS, MOTION)) else ""

    def _since_clock(self) -> str:
        now, seen = self._now(), self._seen()
        if seen is None or now - seen <= LONGEST_PAUSE:
            return ""
        return (
            f"the clock says {now:%Y-%m-%d} and retention ran last on {seen:%Y-%m-%d}: if the clock is right, look "
            "what is due (steadyreach retention --what), and have it removed (--run)"
        )

    def due(self) -> Due:
        """What would go now if somebody had it run."""
        if waits := self._since_restore():
            return Due(dict(self._recordings(by_time=False)), waits=waits)
        return Due(dict(self._recordings()), tuple(self._strays()), tuple(self._persons()), self._since_clock())

    def run(self) -> Ran:
        """Remove what is due, and what is of no use any more; who asks for it says that the clock is right."""
        with self._store.writing() as db:
            self._see(db, self._now())
        return self._removed(self.due())

    def hourly(self) -> Ran | None:
        """The same, unless another process did so a moment ago; nothing by its time where the clock has jumped."""
        now = self._now().astimezone(UTC)
        before, at, after = (_text(moment) for moment in (now - EVERY, now, now + EVERY))
        with self._store.writing() as db:
            first = db.execute(self._store.once(Setting), {"name": RAN, "value": at}).rowcount
            late = Setting.name == RAN, or_(Setting.value < before, Setting.value > after)  # later than now is no run
            if not first and not db.execute(update(Setting).where(*late).values(value=at)).rowcount:
                return None
        waits = self.waits()
        if waits:
            return self._removed(Due(dict(self._recordings(by_time=False)), waits=waits))
        with self._store.writing() as db:
            self._see(db, max(now, self._seen() or now))
        return self._removed(self.due())

    def _removed(self, due: Due) -> Ran:
        """Remove it; goes on with erasures that were stopped, whose persons are not due by their time."""
        resumed = self._erasing.resume(RETENTION)
        if due.recordings:
            went = [Note(RETENTION, "let a recording go", whose, name) for name, whose in due.recordings.items()]
            with self._store.writing() as db:
                self._audit.extend(db, went)
        for name in due.recordings:
            self._vault.let_go(name)
        for name in due.strays:
            self._remove_stray(name)
        erased = [self._erasing.erase_id(RETENTION, patient_id) for patient_id in due.persons]
        if not due.waits:
            self._remove_expired()
        return Ran(len(due.recordings), len(due.strays), (*resumed, *erased), due.waits)

    def _seen(self) -> datetime | None:
        """The latest moment that is believed: of the last run, else of the last row of the audit; None before both."""
        found = self._store.look(select(Setting.value).where(Setting.name == CLOCK))
        if found:
            return datetime.fromisoformat(found[0].value)
        rows = self._audit.listed(most=1)
        return rows[0].at if rows else None

    def _see(self, db: Connection, now: datetime) -> None:
        db.execute(delete(Setting).where(Setting.name == CLOCK))
        db.execute(insert(Setting).values(name=CLOCK, value=_text(now)))

    def _recordings(self, by_time: bool = True) -> Iterator[tuple[str, str]]:
        """The recordings that may not be kept longer, and whose they are; else only those that nobody wants kept."""
        rules, now, untils = self.rules(), self._now(), dict[str, tuple[timedelta, datetime]]()
        people = self._patients.people()
        last = func.max(Delivered.received_at).label("last")
        named = select(RecordingKey.sha256, RecordingKey.patient_id, last).join(
            Delivered, Delivered.recording_sha256 == RecordingKey.sha256
        )
        kept = named.where(RecordingKey.sealed != LET_GO).group_by(RecordingKey.sha256, RecordingKey.patient_id)
        for row in self._store.look(kept):
            if row.patient_id not in people:
                continue
            if row.patient_id not in untils:
                child = self._consents.is_child(people[row.patient_id])
                usual = timedelta(days=rules.child_recordings_days if child else rules.recordings_days)
                untils[row.patient_id] = usual, self._agreed_until(row.patient_id)
            usual, agreed = untils[row.patient_id]
            if now > agreed and (agreed == _AT_ONCE or (by_time and now > _moment(row.last) + usual)):
                yield row.sha256, row.patient_id

    def _agreed_until(self, patient_id: str) -> datetime:
        """Until when somebody agreed that recordings are kept; a consent without a date leaves it to the rules."""
        if self._consents.refused(patient_id, RECORDINGS) and not consent_waits(self._store, RECORDINGS, patient_id):
            return _AT_ONCE
        ends = (self._consents.until(patient_id, kind) for kind in (RECORDINGS, MOTION))
        return max((end for end in ends if end is not None and end != NEVER), default=_AS_USUAL)

    def _strays(self) -> Iterator[str]:
        """Recordings that no session named for days: what a device brought and never completed."""
        named = select(Delivered.recording_sha256)
        query = select(RecordingKey.sha256).where(RecordingKey.patient_id.is_(None), RecordingKey.sha256.not_in(named))
        for row in self._store.look(query):
            keys = {recording_key(row.sha256), archived_key(row.sha256)}
            shares = (f"{tier}/{row.sha256[:2]}" for tier in TIERS)
            stored = [each.at for share in shares for each in self._vault.objects.listed(share) if each.key in keys]
            if stored and self._now() - max(stored) > ABANDONED:
                yield row.sha256

    def _remove_stray(self, name: str) -> None:
        self._vault.objects.remove([recording_key(name), archived_key(name)])
        with self._store.writing() as db:
            db.execute(delete(RecordingKey).where(RecordingKey.sha256 == name, RecordingKey.patient_id.is_(None)))

    def _persons(self) -> Iterator[str]:
        """Who did not come for years, nor was anything written about them."""
        before = self._now() - _YEAR * self.rules().records_years
        happened = (
            (Patient.id, Patient.created_at), (Delivered.patient_id, Delivered.received_at),
            (PrescriptionVersion.patient_id, PrescriptionVersion.created_at), (Contact.patient_id, Contact.at),
            (Letter.patient_id, Letter.at), (Consent.patient_id, Consent.given_at),
            (DraftProgramme.patient_id, DraftProgramme.at),
        )  # fmt: skip
        all_of = union_all(*(select(whose.label("id"), at.label("at")) for whose, at in happened)).subquery()
        last = select(all_of.c.id).group_by(all_of.c.id).having(func.max(all_of.c.at) < before)
        begun = select(Patient.id).where(Patient.lookup.startswith(BEGUN))
        yield from (row.id for row in self._store.look(last.where(all_of.c.id.not_in(begun)).order_by(all_of.c.id)))

    def _remove_expired(self) -> None:
        now = self._now()
        old = (
            LoginFailure.at <= now - LONGEST,
            UsedAssertion.expires_at <= now,
            SystemToken.expires_at <= now,
            Invitation.expires_at <= now,
            EnrolmentCode.expires_at <= now - LONGEST,
        )
        with self._store.writing() as db:
            for condition in old:
                db.execute(delete(condition.left.table).where(condition))


_AT_ONCE = datetime.min.replace(tzinfo=UTC)
_AS_USUAL = _AT_ONCE + timedelta(days=1)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _moment(found: datetime) -> datetime:
    """A moment that a database computed: SQLite gives it without its zone, which is UTC."""
    return found if found.tzinfo else found.replace(tzinfo=UTC)
