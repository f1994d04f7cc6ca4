"""What a clinic and a family say to each other about one patient: messages, letters, and what sessions bring."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select, union_all, update

from engine.prescription import Message
from server_sync.clinic.audit import Audit, Note, by_account
from server_sync.clinic.keys import Shredded
from server_sync.clinic.letters import Letter, Letters
from server_sync.clinic.news import UNKNOWN, Alert, News, unpacked
from server_sync.clinic.patients import Patients
from server_sync.clinic.prescriptions import Prescriptions
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Letter as LetterRow
from server_sync.clinic.tables import MessageRead, SessionNews

_LOG = logging.getLogger("steadyreach.server")
_NEWS = SessionNews.session_id, SessionNews.at, SessionNews.read_at, SessionNews.sealed


class Brought(NamedTuple):
    """What a session brought, when the session began, and when somebody at the clinic saw it."""

    session_id: str
    at: datetime
    read_at: datetime | None
    news: News


class Conversation(NamedTuple):
    """All that was said about a patient, each in order of time.

    `shown` says in which sessions a message was shown in the headset, and `reads` when accounts had it on their page,
    both by its id.
    """

    messages: tuple[Message, ...]
    letters: tuple[Letter, ...]
    brought: tuple[Brought, ...]
    shown: Mapping[str, datetime]
    reads: Mapping[str, Mapping[int, datetime]]


class Thread(NamedTuple):
    """How the conversation about one patient stands: what nobody at the clinic has read, and when they wrote last."""

    patient_id: str
    waiting: int
    last_at: datetime


class Conversations:
    """The conversations of one clinic."""

    def __init__(
        self,
        store: Store,
        patients: Patients,
        prescriptions: Prescriptions,
        letters: Letters,
        audit: Audit,
        now: Callable[[], datetime],
    ) -> None:
        """Use this database, these patients, prescriptions and letters, this audit and this clock."""
        self._store, self._patients, self._audit, self._now = store, patients, audit, now
        self._prescriptions, self._letters = prescriptions, letters

    def of(self, patient_id: str) -> Conversation:
        """The conversation about a patient; raises Unknown, Shredded."""
        pseudonym = self._patients.person(patient_id).pseudonym
        versions = self._prescriptions.history(pseudonym)
        messages = {each.id: each for version in versions for each in version.prescription.messages}
        brought = self._brought(patient_id)
        shown = {said.message_id: each.at for each in reversed(brought) for said in each.news.shown}
        return Conversation(
            messages=tuple(sorted(messages.values(), key=lambda message: message.at)),
            letters=tuple(reversed(self._letters.of(patient_id))),
            brought=brought,
            shown=shown,
            reads=self._reads(patient_id),
        )

    def unread(self) -> Mapping[str, Conversation]:
        """What nobody at the clinic has read, by patient, without what the clinic wrote."""
        letters, brought = defaultdict[str, list[Letter]](list), defaultdict[str, list[Brought]](list)
        for letter in reversed(self._letters.unread()):
            letters[letter.patient_id].append(letter)
        for patient_id, each in self._waiting():
            brought[patient_id].append(each)
        return {
            each: Conversation((), tuple(letters[each]), tuple(brought[each]), {}, {}) for each in {*letters, *brought}
        }

    def threads(self) -> list[Thread]:
        """All in which a family wrote or a session brought something: first what waits, then who wrote last."""
        both = union_all(
            select(LetterRow.patient_id, LetterRow.at, LetterRow.read_at),
            select(SessionNews.patient_id, SessionNews.at, SessionNews.read_at),
        ).subquery()
        waiting, last = func.count() - func.count(both.c.read_at), func.max(both.c.at)
        columns = both.c.patient_id, waiting.label("waiting"), last.label("last_at")
        rows = self._store.look(select(*columns).group_by(both.c.patient_id))
        kept = self._patients.kept()
        found = [Thread(row.patient_id, row.waiting, row.last_at) for row in rows if row.patient_id in kept]
        return sorted(found, key=lambda thread: (thread.waiting > 0, thread.last_at), reverse=True)

    def alerts(self) -> Mapping[str, Sequence[Brought]]:
        """What should be looked at soon and nobody at the clinic has seen, by patient, the first session first."""
        found = defaultdict[str, list[Brought]](list)
        for patient_id, brought in self._waiting():
            if brought.news.alerts:
                found[patient_id].append(brought)
        return found

    def count_waiting(self) -> int:
        """How many letters and sessions have something that nobody at the clinic has read."""
        found = 0
        with self._store.reading() as db:
            for table in (LetterRow, SessionNews):
                waits = select(func.count()).select_from(table).where(table.read_at.is_(None))
                found += db.execute(waits).scalar_one()
        return found

    def read(self, patient_id: str, things: Sequence[str], account_id: int) -> None:
        """Note that somebody of the clinic has read letters and what sessions brought, by their ids."""
        notes = []
        with self._store.writing() as db:
            for table, named in ((LetterRow, LetterRow.id), (SessionNews, SessionNews.session_id)):
                waits = table.patient_id == patient_id, table.read_at.is_(None), named.in_(things)
                found = sorted(db.execute(select(named).where(*waits)).scalars())
                db.execute(update(table).where(*waits).values(read_at=self._now()))
                action = "read a letter" if table is LetterRow else "see what a session brought"
                notes += [Note(by_account(account_id), action, patient_id, thing) for thing in found]
            self._audit.extend(db, notes)

    def had(self, patient_id: str, account_id: int, message_ids: Sequence[str]) -> None:
        """Note that messages are on the page of a patient's or guardian's account; the first time counts."""
        mine = MessageRead.patient_id == patient_id, MessageRead.account_id == account_id
        known = {row.message_id for row in self._store.look(select(MessageRead.message_id).where(*mine))}
        new = sorted(set(message_ids) - known)
        if not new:
            return
        whose = {"patient_id": patient_id, "account_id": account_id, "at": self._now()}
        with self._store.writing() as db:
            db.execute(self._store.once(MessageRead), [{"message_id": each, **whose} for each in new])
            who = by_account(account_id)
            self._audit.extend(db, [Note(who, "read a message", patient_id, f"message {each}") for each in new])

    def _waiting(self) -> Iterator[tuple[str, Brought]]:
        """What sessions brought and nobody at the clinic has seen, with the id of its patient, the first one first."""
        query = select(SessionNews.patient_id, *_NEWS).where(SessionNews.read_at.is_(None)).order_by(SessionNews.at)
        for row in self._store.look(query):
            with suppress(Shredded):  # erased at this moment
                yield row.patient_id, self._opened(row.patient_id, row)

    def _brought(self, patient_id: str) -> tuple[Brought, ...]:
        """What sessions of a patient brought, the first one first."""
        query = select(*_NEWS).where(SessionNews.patient_id == patient_id).order_by(SessionNews.at)
        return tuple(self._opened(patient_id, row) for row in self._store.look(query))

    def _opened(self, patient_id: str, row: Any) -> Brought:
        try:
            news = unpacked(self._patients.unseal(patient_id, row.sealed, f"news {row.session_id}"))
        except ValueError:
            _LOG.warning("what session %s brought is damaged, and has to be looked for in the session", row.session_id)
            news = News(alerts=(Alert(UNKNOWN, 1.0),))
        return Brought(row.session_id, row.at, row.read_at, news)

    def _reads(self, patient_id: str) -> Mapping[str, Mapping[int, datetime]]:
        columns = MessageRead.message_id, MessageRead.account_id, MessageRead.at
        found = dict[str, dict[int, datetime]]()
        for row in self._store.look(select(*columns).where(MessageRead.patient_id == patient_id)):
            found.setdefault(row.message_id, {})[row.account_id] = row.at
        return found
