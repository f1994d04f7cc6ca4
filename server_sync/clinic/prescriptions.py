"""Prescriptions at the clinic: every version is kept for good, and only who saw the last one writes the next."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from msgspec.structs import asdict, replace
from sqlalchemy import ColumnElement, Connection, and_, func, insert, select
from sqlalchemy.exc import IntegrityError

import games
from engine.prescription import (
    MOST_MESSAGES,
    PSEUDONYM,
    Draft,
    Message,
    Prescription,
    check,
    content_of,
    difference,
    draft_for,
)
from engine.records import RecordUnreadable, from_json
from engine.task import Task
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, PrescriptionVersion
from server_sync.wire import sha256


class NothingPrescribed(LookupError):
    """There is no such version, or none at all; the message says for whom."""


class Version(NamedTuple):
    """One version as it is kept: its hash is its identity, and the ETag that the next author has to show."""

    prescription: Prescription
    sha256: str
    content: bytes


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


class Prescriptions:
    """What is prescribed for the patients of one clinic."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Use this database and this clock."""
        self._store, self._now = store, now

    def current(self, pseudonym: str) -> Version:
        """The version that holds now; raises NothingPrescribed."""
        with self._store.reading() as db:
            return self._found(_last(db, pseudonym), pseudonym)

    def version(self, pseudonym: str, number: int) -> Version:
        """One version; raises NothingPrescribed."""
        with self._store.reading() as db:
            return self._found(_one(db, pseudonym, PrescriptionVersion.version == number), pseudonym)

    def history(self, pseudonym: str) -> list[Version]:
        """Every version, the first one first."""
        rows = select(PrescriptionVersion.content).where(PrescriptionVersion.pseudonym == pseudonym)
        with self._store.reading() as db:
            return [_read(content) for content in db.scalars(rows.order_by(PrescriptionVersion.version))]

    def save(self, pseudonym: str, draft: Draft, author: str, if_match: str = "") -> Version:
        """Write the next version on top of the one that the author saw, whose hash is `if_match` ("" for none).

        Raises Changed where that is not the current one, also where somebody else is a moment faster, and
        RecordUnreadable for what cannot be prescribed.
        """
        if not PSEUDONYM.fullmatch(pseudonym):
            raise RecordUnreadable(f"{pseudonym!r} cannot be a pseudonym: letters, digits, dots and dashes, at most 64")
        check(draft, _tasks())
        try:
            with self._store.writing() as db:
                last = _last(db, pseudonym)
                if (last.sha256 if last else "") != if_match:
                    raise self._changed(db, pseudonym, draft, if_match)
                return self._write(db, pseudonym, draft, author, last)
        except IntegrityError:  # another process wrote this version between our look and our write
            with self._store.reading() as db:
                raise self._changed(db, pseudonym, draft, if_match) from None

    def tell(self, pseudonym: str, text: str, author: str) -> Version:
        """Add a message to whatever is prescribed now, as a version of its own; raises NothingPrescribed.

        The oldest makes room where there are MOST_MESSAGES; versions before keep it.
        """
        while True:
            last = self.current(pseudonym)
            draft = draft_for(pseudonym, last.prescription)
            try:
                more = replace(draft, messages=(*draft.messages, Message(text=text))[-MOST_MESSAGES:])
                return self.save(pseudonym, more, author, last.sha256)
            except Changed:
                continue  # the message says nothing of what others wrote meanwhile

    def of_device(self, device_id: str, patients: Sequence[str]) -> Mapping[str, tuple[int, str]]:
        """Number and hash of what holds now for a device's patients: those it is for, and those it delivered of."""
        numbers = select(PrescriptionVersion.pseudonym, func.max(PrescriptionVersion.version).label("version"))
        last = numbers.group_by(PrescriptionVersion.pseudonym).subquery()
        rows = select(PrescriptionVersion.pseudonym, PrescriptionVersion.version, PrescriptionVersion.sha256).join(
            last,
            and_(PrescriptionVersion.pseudonym == last.c.pseudonym, PrescriptionVersion.version == last.c.version),
        )
        delivered = select(Delivered.pseudonym).where(Delivered.device_id == device_id)
        theirs = PrescriptionVersion.pseudonym.in_(patients) | PrescriptionVersion.pseudonym.in_(delivered)
        with self._store.reading() as db:
            return {row.pseudonym: (row.version, row.sha256) for row in db.execute(rows.where(theirs))}

    def for_device(self, device_id: str, patients: Sequence[str], pseudonym: str) -> Version:
        """What holds now for one patient of a device; one that is for nobody in particular may ask for anybody.

        Raises NothingPrescribed, also for somebody else's patient.
        """
        delivered = select(Delivered.id).where(Delivered.device_id == device_id, Delivered.pseudonym == pseudonym)
        with self._store.reading() as db:
            theirs = not patients or pseudonym in patients or db.execute(delivered.limit(1)).first() is not None
            return self._found(_last(db, pseudonym) if theirs else None, pseudonym)

    def _write(self, db: Connection, pseudonym: str, draft: Draft, author: str, last: Version | None) -> Version:
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
            messages.append(
                message if message.id else Message(text=message.text, id=f"{number}-{place}", at=at, by=author)
            )
        fields = {**asdict(draft), "messages": tuple(messages)}
        content = content_of(Prescription(**fields, patient=pseudonym, version=number, author=author, written_at=at))
        written = _read(content)
        values = {"pseudonym": pseudonym, "version": number, "sha256": written.sha256, "author": author}
        db.execute(insert(PrescriptionVersion).values(**values, created_at=now, content=content))
        return written

    def _changed(self, db: Connection, pseudonym: str, draft: Draft, if_match: str) -> Changed:
        seen, now = _one(db, pseudonym, PrescriptionVersion.sha256 == if_match), _last(db, pseudonym)
        theirs = now.prescription if now else None
        return Changed(pseudonym, now, difference(seen.prescription if seen else None, theirs, draft))

    def _found(self, version: Version | None, pseudonym: str) -> Version:
        if version is None:
            raise NothingPrescribed(f"there is no such prescription for {pseudonym}")
        return version


@cache
def _tasks() -> Mapping[str, type[Task]]:
    """The games, whose parameters are checked here; assessments and games of other versions are, on the device."""
    return {name: games.load(name) for name in games.names()}


def _last(db: Connection, pseudonym: str) -> Version | None:
    return _one(db, pseudonym)


def _one(db: Connection, pseudonym: str, *which: ColumnElement[bool]) -> Version | None:
    rows = select(PrescriptionVersion.content).where(PrescriptionVersion.pseudonym == pseudonym, *which)
    content = db.scalar(rows.order_by(PrescriptionVersion.version.desc()).limit(1))
    return None if content is None else _read(content)


def _read(content: bytes) -> Version:
    return Version(from_json(content, Prescription), sha256(content), content)
