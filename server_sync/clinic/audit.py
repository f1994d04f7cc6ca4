"""The audit: each read and write of personal data in a chain of hashes, in which no row can be changed unnoticed.

A row's hash is over all that it says and the hash of the row before. Who rewrites the chain from some row on has to
have every head that was written down elsewhere, as in a backup, rewritten as well.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select, text

from server_sync.clinic.group_commit import GroupCommit
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Audited

COMMAND = "command"
"""The actor where somebody enters a command beside the server."""
RETENTION = "retention"
"""The actor where the clinic's own rules of how long things are kept remove something."""
STRANGER = "stranger"
"""The actor of what somebody tries who has not proved who they are."""
MOST_LISTED = 1000
_LOCK = 7_340_003
_ROWS_AT_ONCE = 5000
_LONGEST = 200
_COLUMNS = (
    *(Audited.number, Audited.at, Audited.actor, Audited.action, Audited.patient_id, Audited.thing, Audited.sha256),
)
_INSERT = insert(Audited).execution_options(preserve_rowcount=True)


class Note(NamedTuple):
    """Who did what, with whose data (an id, or "" for nobody in particular) and with which thing of theirs."""

    actor: str
    action: str
    patient_id: str = ""
    thing: str = ""


class Head(NamedTuple):
    """A row of the audit by its number, from 1 without a gap, and its hash; all rows before it are held by that."""

    number: int
    sha256: str


START = Head(0, "")
"""Where no row is yet."""


class Entry(NamedTuple):
    """One row of the audit."""

    number: int
    at: datetime
    actor: str
    action: str
    patient_id: str
    thing: str
    sha256: str


class Broken(NamedTuple):
    """The first row at which the chain does not hold, and why."""

    number: int
    why: str


class Which(NamedTuple):
    """Which rows to list, the latest first: of whom, by whom, in which time, and before which number."""

    patient_id: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


class NotAudited(RuntimeError):
    """The database took a row of the audit and did not keep it; what the row is about does not happen."""


class Audit:
    """The audit of one clinic."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Use this database and this clock."""
        self._store, self._now = store, now
        self._notes = GroupCommit[Note, None](store, self._noted)

    def append(self, db: Connection, actor: str, action: str, patient_id: str = "", thing: str = "") -> None:
        """Write a row with a transaction that changes something; see `extend`."""
        self.extend(db, [Note(actor, action, patient_id, thing)])

    def extend(self, db: Connection, notes: Sequence[Note]) -> None:
        """Write rows with a transaction that changes something, as the last that it does.

        From here to its end nobody else can write a row: who waited for something after this would hold up all. Raises
        NotAudited.
        """
        if not notes:
            return
        if db.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
            db.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        head, now, rows = _last(db), self._now(), []
        for note in notes:
            said = Note(*map(_words, note))
            entry = Entry(head.number + 1, now, *said, sha256="")
            head = Head(entry.number, _sha256(head, entry))
            rows.append({**entry._asdict(), "sha256": head.sha256})
        if db.execute(_INSERT, rows).rowcount != len(rows):
            raise NotAudited("the database keeps no rows of the audit: look which triggers and rules it has for it")

    def note(self, actor: str, action: str, patient_id: str = "", thing: str = "") -> None:
        """Write a row about what is read; it is on the disk for good when this returns, and only then may be shown."""
        self.note_all([Note(actor, action, patient_id, thing)])

    def note_all(self, notes: Iterable[Note]) -> None:
        """The same of several things that are read at once."""
        for written in [self._notes.do(note) for note in notes]:
            written.result()

    def head(self) -> Head:
        """The last row; written down elsewhere, it shows whether any row before it was changed or cut off."""
        with self._store.reading() as db:
            return _last(db)

    def verify(self, known: Sequence[Head] = ()) -> Head | Broken:
        """Go through the whole chain; gives its last row, or the first at which it does not hold.

        `known` are rows that were written down elsewhere: what is written anew as a whole, or cut off at its end, is
        only found by them.
        """
        expected, last = {head.number: head.sha256 for head in known if head.number}, START
        for entry in self._all():
            if entry.number < 1:
                return Broken(entry.number, "it was put in: the first row has number 1")
            if entry.number != last.number + 1:
                return Broken(last.number + 1, "it is missing")
            if entry.sha256 != _sha256(last, entry):
                return Broken(entry.number, f"it is not as it was written, or not what followed row {last.number}")
            if entry.sha256 != expected.pop(entry.number, entry.sha256):
                return Broken(entry.number, "another row was there when it was noted: the chain was written anew")
            last = Head(entry.number, entry.sha256)
        if expected:
            return Broken(last.number + 1, f"it is missing, and all up to row {max(expected)}: the end was cut off")
        return last

    def listed(self, which: Which = Which(), most: int = MOST_LISTED) -> list[Entry]:  # noqa: B008 - never changed
        """Rows, the latest first."""
        query = select(*_COLUMNS).order_by(Audited.number.desc()).limit(most)
        for column, value in ((Audited.patient_id, which.patient_id), (Audited.actor, which.actor)):
            query = query if value is None else query.where(column == value)
        query = query if which.since is None else query.where(Audited.at >= which.since)
        query = query if which.until is None else query.where(Audited.at < which.until)
        query = query if which.before is None else query.where(Audited.number < which.before)
        found: Sequence[Any] = self._store.look(query)
        return [Entry(*row) for row in found]

    def about(self, thing: str, actions: Sequence[str], since: datetime) -> list[Entry]:
        """Rows about a thing since a moment, the latest first; those before it are not gone through."""
        with self._store.reading() as db:
            first, last = 1, _last(db).number
            while first < last:  # rows are in the order of time, which has no index
                middle = (first + last) // 2
                at = db.execute(select(Audited.at).where(Audited.number == middle)).scalar()
                first, last = (middle + 1, last) if at is not None and at < since else (first, middle)
            these = Audited.number >= first, Audited.at >= since, Audited.thing == thing, Audited.action.in_(actions)
            found = db.execute(select(*_COLUMNS).where(*these).order_by(Audited.number.desc())).all()
        return [Entry(*row) for row in found]

    def close(self) -> None:
        """Write what waits."""
        self._notes.close()

    def _noted(self, db: Connection, notes: Sequence[Note]) -> list[None]:
        self.extend(db, notes)
        return [None] * len(notes)

    def _all(self) -> Iterator[Entry]:
        """All rows in order; what is written meanwhile comes, too."""
        query, after = select(*_COLUMNS).order_by(Audited.number).limit(_ROWS_AT_ONCE), None
        while True:
            rows: Sequence[Any] = self._store.look(query if after is None else query.where(Audited.number > after))
            yield from (Entry(*row) for row in rows)
            if len(rows) < _ROWS_AT_ONCE:
                return
            after = rows[-1].number


def by_account(account_id: int) -> str:
    """The actor who is logged in with an account."""
    return f"account {account_id}"


def by_device(device_id: str) -> str:
    """The actor that is a patient's computer."""
    return f"device {device_id}"


def _last(db: Connection) -> Head:
    row: Any = db.execute(select(Audited.number, Audited.sha256).order_by(Audited.number.desc()).limit(1)).first()
    return Head(row.number, row.sha256) if row else START


def _sha256(before: Head, entry: Entry) -> str:
    """The hash of a row: of a JSON array of its columns and the hash of the row before, the moment in UTC."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    said = (entry.number, at, entry.actor, entry.action, entry.patient_id, entry.thing, before.sha256)
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def _words(text: str) -> str:
    """What a column can hold."""
    return text.replace("\0", "")[:_LONGEST]
