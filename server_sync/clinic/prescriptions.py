"""Prescriptions at the clinic: every version is kept for good, and only who saw the last one writes the next."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from msgspec import UNSET
from msgspec.structs import asdict, replace
from sqlalchemy import ColumnElement, Connection, and_, func, insert, select
from sqlalchemy.exc import IntegrityError

from engine.prescription import (
    MOST_MESSAGES,
    PSEUDONYM,
    Draft,
    Message,
    Prescription,
    check,
    check_programme,
    content_of,
    difference,
    draft_for,
    without_reason,
)
from engine.records import RecordUnreadable, from_json
from server_sync.clinic.audit import COMMAND, Audit
from server_sync.clinic.brakes import Brakes
from server_sync.clinic.glance import forget
from server_sync.clinic.known_tasks import tasks
from server_sync.clinic.patients import Patients, Unknown
from server_sync.clinic.stopping import stop, stops
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, PrescriptionVersion
from server_sync.wire import sha256

Whose = tuple[str, str]
"""A patient's pseudonym and id."""
_ROWS = select(PrescriptionVersion.patient_id, PrescriptionVersion.version, PrescriptionVersion.content)

LOOKED_BACK = timedelta(days=15)
"""A fortnight is told day by day; whether anything was planned before nobody asks."""


class NothingPrescribed(LookupError):
    """There is no such version, or none at all; the message says for whom."""


class Version(NamedTuple):
    """One version as it is kept: its hash is its identity, and the ETag that the next author has to show.

    `shared` is what devices get, of which the hash is: the content without its author's reason.
    """

    prescription: Prescription
    sha256: str
    content: bytes
    shared: bytes


def written_in(zone: tzinfo, versions: Iterable[Version]) -> list[Version]:
    """Versions with the moment at which they were written as a clock of that zone shows it, to be told and not kept."""
    told = []
    for version in versions:
        at = datetime.fromisoformat(version.prescription.written_at).astimezone(zone)
        told.append(version._replace(prescription=replace(version.prescription, written_at=at.isoformat())))
    return told


class Changed(Exception):
    """Somebody wrote a version since: the one that is current (None for none), and what differs, in words."""

    def __init__(self, patient: str, current: Version | None, differences: tuple[str, ...]) -> None:
        """Say what the author should read before they write again."""
        self.current, self.differences = current, differences
        now = f"version {current.prescription.version} by {current.prescription.author}" if current else "nothing"
        super().__init__(
            f"what is prescribed for {patient} is not what you saw: it is {now} now; look at the differences, and save "
            "again on top of it"
        )


class Signed(NamedTuple):
    """Who writes a version, and their reason ("" for none)."""

    author: str
    why: str = ""


Also = Callable[[Connection, Version], None]
"""What is written in one transaction with a version."""


def _nothing(_db: Connection, _version: Version) -> None:
    """Write nothing else."""


class Prescriptions:
    """What is prescribed for the patients of one clinic."""

    def __init__(
        self, store: Store, patients: Patients, audit: Audit, brakes: Brakes, now: Callable[[], datetime]
    ) -> None:
        """Use this database, these patients, this audit, these brakes and this clock."""
        self._store, self._patients, self._audit, self._brakes, self._now = store, patients, audit, brakes, now

    def current(self, pseudonym: str) -> Version:
        """The version that holds now; raises NothingPrescribed."""
        patient_id = self._patient_id(pseudonym)
        with self._store.reading() as db:
            return self._found(self._one(db, patient_id), pseudonym)

    def version(self, pseudonym: str, number: int) -> Version:
        """One version; raises NothingPrescribed."""
        patient_id, known = self._patient_id(pseudonym), 0 < number < 1 << 31  # a database takes no other
        with self._store.reading() as db:
            this = self._one(db, patient_id, PrescriptionVersion.version == number) if known else None
            return self._found(this, pseudonym)

    def planned_since(self, now: Prescription) -> str:
        """When what is to be played on which day was first prescribed as it is now (ISO 8601), or some weeks ago.

        A message or another bound makes another version, and misses no day.
        """
        earliest, longest_ago = now, self._now() - LOOKED_BACK
        while earliest.version > 1 and datetime.fromisoformat(earliest.written_at) > longest_ago:
            before = self.version(now.patient, earliest.version - 1).prescription
            if (before.programme, before.starts_on) != (now.programme, now.starts_on):
                break
            earliest = before
        return earliest.written_at

    def history(self, pseudonym: str) -> list[Version]:
        """Every version, the first one first."""
        try:
            patient_id = self._patients.id_of(pseudonym)
        except Unknown:
            return []
        rows = _ROWS.where(PrescriptionVersion.patient_id == patient_id).order_by(PrescriptionVersion.version)
        return [self._read(row) for row in self._store.look(rows)]

    def save(
        self,
        pseudonym: str,
        draft: Draft,
        author: str,
        if_match: str = "",
        by: str = COMMAND,
        also: Also = _nothing,
        why: str = "",
    ) -> Version:
        """Write the next version on top of the one that the author saw, whose hash is `if_match` ("" for none).

        `why` is their reason; `also` is written with it, or neither. Raises what that raises, Changed where `if_match`
        is not the current one, also where somebody else is a moment faster, and RecordUnreadable for what cannot be
        prescribed, such as a programme without a game that there is.
        """
        check_programme(draft, tasks())
        check(draft, tasks())
        return self._save(pseudonym, draft, Signed(author, why), if_match, by, also)

    def tell(self, pseudonym: str, message: Message, author: str, by: str = COMMAND) -> Version:
        """Add a message to whatever is prescribed now, as a version of its own; raises NothingPrescribed.

        The oldest makes room where there are MOST_MESSAGES; versions before keep it.
        """
        message = replace(message, id="")
        while True:
            last = self.current(pseudonym)
            draft = draft_for(pseudonym, last.prescription)
            try:
                more = replace(draft, messages=(*draft.messages, message)[-MOST_MESSAGES:])
                check(more, tasks())
                return self._save(pseudonym, more, Signed(author), last.sha256, by)
            except Changed:
                continue  # the message says nothing of what others wrote meanwhile

    def stop(self, pseudonym: str, author: str, by: str, why: str) -> Version:
        """Forbid all play on top of whatever is prescribed now, or of nothing; who is stopped stays so.

        A stop holds also where, as after an update, what is prescribed could not be prescribed any more.
        """
        while True:
            last = next(reversed(self.history(pseudonym)), None)
            draft = draft_for(pseudonym, last.prescription) if last else Draft()
            if last and stops(draft.precautions):
                return last
            halted = replace(draft, precautions=(*draft.precautions, *stop(why, author)))
            try:
                return self._save(pseudonym, halted, Signed(author, why), last.sha256 if last else "", by)
            except Changed:
                continue

    def of_device(self, device_id: str, patients: Sequence[str]) -> Mapping[str, tuple[int, str]]:
        """Number and hash of what holds now for a device's patients: those it is for, and those it delivered of."""
        whose = PrescriptionVersion.patient_id
        numbers = select(whose, func.max(PrescriptionVersion.version).label("version"))
        last = numbers.group_by(whose).subquery()
        rows = select(whose, PrescriptionVersion.version, PrescriptionVersion.sha256).join(
            last,
            and_(whose == last.c.patient_id, PrescriptionVersion.version == last.c.version),
        )
        delivered = select(Delivered.patient_id).where(Delivered.device_id == device_id)
        found = self._store.look(rows.where(whose.in_(patients) | whose.in_(delivered)))
        named = {row.patient_id: self._patients.pseudonyms([row.patient_id]) for row in found}
        return {name: (row.version, row.sha256) for row in found for name in named[row.patient_id]}

    def for_device(self, device_id: str, patients: Sequence[str], pseudonym: str) -> Version:
        """What holds now for one patient of a device; one that is for nobody in particular may ask for anybody.

        Raises NothingPrescribed, also for somebody else's patient.
        """
        patient_id = self._patient_id(pseudonym)
        delivered = select(Delivered.id).where(Delivered.device_id == device_id, Delivered.patient_id == patient_id)
        with self._store.reading() as db:
            theirs = not patients or patient_id in patients or db.execute(delivered.limit(1)).first() is not None
            found = self._one(db, patient_id) if theirs else None
        if not theirs:
            with self._store.writing() as db:
                self._brakes.refuse(db, device_id, "ask for what is another patient's", patient_id)
        return self._found(found, pseudonym)

    def _save(
        self, pseudonym: str, draft: Draft, signed: Signed, if_match: str, by: str, also: Also = _nothing
    ) -> Version:
        if not PSEUDONYM.fullmatch(pseudonym):
            raise RecordUnreadable(f"{pseudonym!r} cannot be a pseudonym: letters, digits, dots and dashes, at most 64")
        try:
            with self._store.writing() as db:
                whose = pseudonym, self._admitted(db, pseudonym)
                last = self._one(db, whose[1])
                if (last.sha256 if last else "") != if_match:
                    raise self._changed(db, whose, draft, if_match)
                written = self._write(db, whose, draft, signed, last)
                also(db, written)
                self._audit.append(db, by, "prescribe", whose[1], f"version {written.prescription.version}")
                return written
        except IntegrityError:  # another process wrote this version between our look and our write
            with self._store.reading() as db:
                raise self._changed(db, (pseudonym, self._patient_id(pseudonym)), draft, if_match) from None

    def _write(self, db: Connection, whose: Whose, draft: Draft, signed: Signed, last: Version | None) -> Version:
        (pseudonym, patient_id), author = whose, signed.author
        number, now = (last.prescription.version if last else 0) + 1, self._now()
        at = now.isoformat(timespec="seconds")
        sent = {message.id: message for message in last.prescription.messages} if last else {}
        messages = list[Message]()
        for place, message in enumerate(draft.messages, 1):
            if message.id and sent.get(message.id) != message:
                raise RecordUnreadable(
                    f"messages: {message.id} {'was sent and stays as it is' if message.id in sent else 'is unknown'}; "
                    "leave its id out to send another"
                )
            messages.append(message if message.id else replace(message, id=f"{number}-{place}", at=at, by=author))
        fields = {**asdict(draft), "messages": tuple(messages), "why": signed.why or UNSET}
        content = content_of(Prescription(**fields, patient=pseudonym, version=number, author=author, written_at=at))
        written = _version(content)
        sealed = self._patients.seal(patient_id, content, _bound(patient_id, number))
        values = {"patient_id": patient_id, "version": number, "sha256": written.sha256, "author": author}
        db.execute(insert(PrescriptionVersion).values(**values, created_at=now, content=sealed))
        forget(db, [patient_id])
        return written

    def _changed(self, db: Connection, whose: Whose, draft: Draft, if_match: str) -> Changed:
        pseudonym, patient_id = whose
        seen, now = self._one(db, patient_id, PrescriptionVersion.sha256 == if_match), self._one(db, patient_id)
        theirs = now.prescription if now else None
        return Changed(pseudonym, now, difference(seen.prescription if seen else None, theirs, draft))

    def _found(self, version: Version | None, pseudonym: str) -> Version:
        if version is None:
            raise NothingPrescribed(f"there is no such prescription for {pseudonym}")
        return version

    def _patient_id(self, pseudonym: str) -> str:
        try:
            return self._patients.id_of(pseudonym)
        except Unknown:
            raise NothingPrescribed(f"there is no such prescription for {pseudonym}") from None

    def _admitted(self, db: Connection, pseudonym: str) -> str:
        patient_id = self._patients.admitted(db, [pseudonym]).get(pseudonym)
        if patient_id is None:
            raise RecordUnreadable(f"the person {pseudonym!r} was erased here; choose another pseudonym")
        return patient_id

    def _one(self, db: Connection, patient_id: str, *which: ColumnElement[bool]) -> Version | None:
        """The last version of those that are meant."""
        rows = _ROWS.where(PrescriptionVersion.patient_id == patient_id, *which)
        row = db.execute(rows.order_by(PrescriptionVersion.version.desc()).limit(1)).first()
        return None if row is None else self._read(row)

    def _read(self, row: Any) -> Version:
        return _version(self._patients.unseal(row.patient_id, row.content, _bound(row.patient_id, row.version)))


def _version(content: bytes) -> Version:
    prescription = from_json(content, Prescription)
    shared = without_reason(content, prescription)
    return Version(prescription, sha256(shared), content, shared)


def _bound(patient_id: str, number: int) -> str:
    return f"prescription {patient_id} {number}"
