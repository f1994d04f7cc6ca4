"""What patients and guardians write to their clinic."""

import logging
import secrets
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select

from server_sync.clinic import tables
from server_sync.clinic.audit import Audit, by_account
from server_sync.clinic.keys import Shredded
from server_sync.clinic.patients import Patients
from server_sync.clinic.store import Store

_LOG = logging.getLogger("steadyreach.server")
LONGEST = 2000
MOST_A_DAY = 20
"""Letters of one account in 24 hours."""
_HIDDEN = ("Cc", "Cf", "Cs")
"""Control characters, those that turn the direction of text, and halves: words with them are shown as other words."""
_ALLOWED = "\n\u200c\u200d\u200e\u200f"
"""Of these a text needs its ends of lines, and some scripts and emoji the joiners and marks."""
_COLUMNS = (
    *(tables.Letter.id, tables.Letter.patient_id, tables.Letter.account_id, tables.Letter.at),
    *(tables.Letter.read_at, tables.Letter.sealed, tables.Letter.message_id),
)


class LetterRefused(ValueError):
    """What cannot be sent; the message says what is allowed."""


class Letter(NamedTuple):
    """A letter: of which patient, by whose account, when it was written, and when somebody at the clinic read it.

    `answers` is the id of the message of the clinic that it answers, "" for none. Of one that is damaged `text` is "".
    """

    id: str
    patient_id: str
    account_id: int
    at: datetime
    read_at: datetime | None
    text: str
    answers: str = ""


class Letters:
    """The letters of one clinic."""

    def __init__(self, store: Store, patients: Patients, audit: Audit, now: Callable[[], datetime]) -> None:
        """Use this database, these patients, this audit and this clock."""
        self._store, self._patients, self._audit, self._now = store, patients, audit, now

    def write(self, patient_id: str, account_id: int, text: str, answers: str = "") -> Letter:
        """Send a letter about a patient, who is the writer or their ward; raises LetterRefused, Shredded.

        `answers` is the id of the message that it answers, which the caller has looked up.
        """
        text = _checked(text)
        letter = Letter(secrets.token_hex(8), patient_id, account_id, self._now(), None, text, answers)
        sealed = self._patients.seal(patient_id, text.encode(), _bound(letter.id))
        values = {"id": letter.id, "patient_id": patient_id, "account_id": account_id, "at": letter.at}
        values["message_id"] = answers
        today = tables.Letter.account_id == account_id, tables.Letter.at > letter.at - timedelta(days=1)
        with self._store.writing() as db:
            if db.execute(select(func.count()).select_from(tables.Letter).where(*today)).scalar_one() >= MOST_A_DAY:
                raise LetterRefused(f"{MOST_A_DAY} letters a day are the most; in an emergency call the clinic")
            db.execute(insert(tables.Letter).values(**values, sealed=sealed))
            self._audit.append(db, by_account(account_id), "write a letter", patient_id, letter.id)
        return letter

    def of(self, patient_id: str) -> list[Letter]:
        """The letters of a patient, the latest first; raises Shredded."""
        return [self._opened(row) for row in self._rows(tables.Letter.patient_id == patient_id)]

    def by(self, patient_id: str, account_id: int) -> list[Letter]:
        """What one account wrote about a patient, the latest first; raises Shredded."""
        theirs = tables.Letter.patient_id == patient_id, tables.Letter.account_id == account_id
        return [self._opened(row) for row in self._rows(*theirs)]

    def unread(self) -> list[Letter]:
        """The letters that nobody at the clinic has read, the latest first; none of who was erased meanwhile."""
        found = []
        for row in self._rows(tables.Letter.read_at.is_(None)):
            with suppress(Shredded):
                found.append(self._opened(row))
        return found

    def _rows(self, *which: Any) -> Any:
        query = select(*_COLUMNS).where(*which).order_by(tables.Letter.at.desc(), tables.Letter.id)
        return self._store.look(query)

    def _opened(self, row: Any) -> Letter:
        try:
            text = self._patients.unseal(row.patient_id, row.sealed, _bound(row.id)).decode()
        except ValueError:
            _LOG.warning("letter %s is damaged, and shown without its words", row.id)
            text = ""
        return Letter(row.id, row.patient_id, row.account_id, row.at, row.read_at, text, row.message_id)


def _checked(text: str) -> str:
    """The text, its lines ended as everywhere else; raises LetterRefused."""
    text = text.replace("\r\n", "\n").strip()
    if not 0 < len(text) <= LONGEST:
        raise LetterRefused(f"a letter has 1 to {LONGEST} characters, not {len(text)}")
    hidden = [each for each in text if unicodedata.category(each) in _HIDDEN and each not in _ALLOWED]
    if hidden:
        raise LetterRefused(f"a letter is plain text: it holds the character U+{ord(hidden[0]):04X}, which is not seen")
    return text


def _bound(letter_id: str) -> str:
    return f"letter {letter_id}"
