"""Consents: what a patient, or whoever speaks for them, agreed to, in which words, until when, and what was withdrawn.

Treatment needs none; each kind here is asked for apart from it, and can be withdrawn at any time, with effect at once.
"""

import secrets
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from server_sync.clinic import tables
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.audit import Audit
from server_sync.clinic.patients import Patients, Person
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Setting

RECORDINGS, MEASURES, MOTION = "treatment recordings", "research measures", "research motion"
TELEHEALTH, SHARE = "telehealth", "share with "
AGE = "age of consent"
USUAL_AGE, AGES = 16, range(13, 22)
"""Until which age somebody else consents: 16 as in GDPR Art. 8 where no country says otherwise; the clinic's to set."""
LONGEST = 200
_YEAR = timedelta(days=365)
_MOMENT = timedelta(microseconds=1)
NEVER = datetime.max.replace(tzinfo=UTC)


class Kind(NamedTuple):
    """Something to agree to: the words shown, with a version of their own, and how long it holds if nobody says.

    A `personal` one is given by nobody but the patient, once they are of age.
    """

    words: str
    version: str
    holds_for: timedelta | None = None
    personal: bool = False


KINDS: Mapping[str, Kind] = {
    RECORDINGS: Kind(
        "The clinic may keep the recordings of my movements in full until the date given here, for my treatment. "
        "Without a date it keeps them as long as its own rules say. If I withdraw this, the recordings are deleted, "
        "none is kept any more, and the measures that were made of them stay in my record.",
        "treatment recordings 1",
    ),
    MEASURES: Kind(
        "The clinic may hand numbers that were measured in my exercises to research, under another name than mine. "
        "The numbers are still about me. If I withdraw this, none are handed out any more.",
        "research measures 1",
        _YEAR,
        personal=True,
    ),
    MOTION: Kind(
        "The clinic may hand the recordings of my movements themselves to research. How a person moves can show who "
        "they are, like a fingerprint: such a recording cannot be made anonymous. If I withdraw this, none are handed "
        "out any more.",
        "research motion 1",
        _YEAR,
        personal=True,
    ),
    TELEHEALTH: Kind(
        "My therapist may be with me over the internet while I exercise, see how I move, and talk with me. Pictures "
        "and voices are not recorded.",
        "telehealth 1",
    ),
}
SHARING = Kind(
    "The clinic may send my record to the other system named here, and receive from it what is asked for me.",
    "share 1",
    _YEAR,
)
"""Each other system is a kind of its own: `share with` and its id."""


class ConsentRefused(ValueError):
    """A consent that cannot be given; the message says why, and who can."""


class Given(msgspec.Struct, frozen=True):
    """Who agreed, what they are to the patient (`self`, or such as mother), and to which version of the words."""

    by: str
    relation: str
    words: str
    note: str = ""


class Consent(NamedTuple):
    """A consent as it was given; `withdrawn_at` is when it ended before its time."""

    id: str
    patient_id: str
    kind: str
    given_at: datetime
    until: datetime | None
    withdrawn_at: datetime | None
    given: Given


class Consents:
    """The consents of one clinic's patients."""

    def __init__(self, store: Store, patients: Patients, audit: Audit, now: Callable[[], datetime]) -> None:
        """Use this database, these patients, this audit and this clock."""
        self._store, self._patients, self._audit, self._now = store, patients, audit, now

    def give(self, actor: str, patient_id: str, kind: str, given: Given, until: datetime | None = None) -> Consent:
        """Write down that somebody agreed; without `until` it holds as long as its kind does.

        Raises ConsentRefused where they cannot, or not in these words, and what `Patients.person` raises.
        """
        about, now = kind_of(kind), self._now()
        self._check(patient_id, about, given)
        until = until or (now + about.holds_for if about.holds_for else None)
        if until is not None and until <= now:
            raise ConsentRefused(f"until: {until - _MOMENT:%Y-%m-%d} is over already")
        with self._store.writing() as db:
            written = self._write(db, Consent(secrets.token_hex(8), patient_id, kind, now, until, None, given))
            self._audit.append(db, actor, "give a consent", patient_id, kind)
        return written

    def withdraw(self, actor: str, patient_id: str, kind: str, given: Given) -> None:
        """End what was agreed to, at once; raises ConsentRefused where it never was."""
        kind_of(kind)
        said = select(tables.Consent.id).where(tables.Consent.patient_id == patient_id, tables.Consent.kind == kind)
        with self._store.writing() as db:
            if not db.execute(said.limit(1)).first():
                raise ConsentRefused(f"{kind} was never given: there is nothing to withdraw")
            self._end(db, patient_id, kind, given)
            self._audit.append(db, actor, "withdraw a consent", patient_id, kind)

    def refuse(self, actor: str, patient_id: str, kind: str, given: Given) -> None:
        """Write down that they do not want it, whether they agreed before or not."""
        kind_of(kind)
        with self._store.writing() as db:
            self._end(db, patient_id, kind, given)
            self._audit.append(db, actor, "refuse a consent", patient_id, kind)

    def holds(self, patient_id: str, kind: str) -> bool:
        """Whether somebody agreed who could, and it neither ended nor was withdrawn."""
        return self.until(patient_id, kind) is not None

    def until(self, patient_id: str, kind: str) -> datetime | None:
        """Until when a consent holds, far in the future where it has no end; None where there is none."""
        now = self._now()
        ends = [
            each.until or datetime.max.replace(tzinfo=UTC) for each in self.of(patient_id) if self._in_force(each, kind)
        ]
        return max((end for end in ends if end > now), default=None)

    def refused(self, patient_id: str, kind: str) -> bool:
        """Whether it was withdrawn, and not given since."""
        told = [each for each in self.of(patient_id) if each.kind == kind]
        return bool(told) and all(each.withdrawn_at is not None for each in told)

    def who(self, kind: str) -> frozenset[str]:
        """The ids of all of whom it holds: nobody else may be in an export of this kind."""
        rows = self._store.look(select(tables.Consent.patient_id).distinct().where(tables.Consent.kind == kind))
        kept = self._patients.people()
        return frozenset(row.patient_id for row in rows if row.patient_id in kept and self.holds(row.patient_id, kind))

    def of(self, patient_id: str) -> list[Consent]:
        """All that a patient's row says, the latest first; raises Shredded."""
        table = tables.Consent
        columns = table.id, table.kind, table.given_at, table.until, table.withdrawn_at, table.sealed
        query = select(*columns).where(table.patient_id == patient_id)
        return [
            self._opened(patient_id, row) for row in self._store.look(query.order_by(table.given_at.desc(), table.id))
        ]

    def age(self) -> int:
        """Until which age somebody else consents at this clinic."""
        found = self._store.look(select(Setting.value).where(Setting.name == AGE))
        return int(found[0].value) if found else USUAL_AGE

    def set_age(self, actor: str, years: int) -> None:
        """Say until which age somebody else consents; raises ConsentRefused."""
        if years not in AGES:
            raise ConsentRefused(f"the age of consent must be {AGES[0]} to {AGES[-1]}, and not {years}")
        with self._store.writing() as db:
            db.execute(delete(Setting).where(Setting.name == AGE))
            db.execute(insert(Setting).values(name=AGE, value=str(years)))
            self._audit.append(db, actor, "set the age of consent", thing=str(years))

    def is_child(self, person: Person) -> bool:
        """Whether somebody else consents for a person; of a year or a month of birth, as long as that may be."""
        born = last_birthday(person)
        return born is not None and self._now().date() < _birthday(born, self.age())

    def is_of_age(self, person: Person) -> bool:
        """Whether nobody else consents for a person, as far as it is known when they were born."""
        return last_birthday(person) is not None and not self.is_child(person)

    def _end(self, db: Connection, patient_id: str, kind: str, given: Given) -> None:
        """End what is in force; where nothing is, it is written down that they do not want it."""
        now, table = self._now(), tables.Consent
        held = table.patient_id == patient_id, table.kind == kind, table.withdrawn_at.is_(None)
        if not db.execute(update(table).where(*held).values(withdrawn_at=now)).rowcount:
            self._write(db, Consent(secrets.token_hex(8), patient_id, kind, now, None, now, given))

    def _check(self, patient_id: str, kind: Kind, given: Given) -> None:
        person = self._patients.person(patient_id)
        for name, text in (("by", given.by), ("relation", given.relation)):
            if not 0 < len(text) <= LONGEST:
                raise ConsentRefused(f"{name}: who consents is named in 1 to {LONGEST} characters, not {len(text)}")
        if given.words != kind.version:
            raise ConsentRefused(f"words: they were shown {given.words!r}, and {kind.version!r} are the words now")
        if kind.personal and last_birthday(person) is None:
            raise ConsentRefused("it is not known when they were born, so neither who may consent: write it down first")
        if self.is_child(person) and given.relation == SELF:
            raise ConsentRefused(f"under {self.age()} years a parent or guardian consents")
        if kind.personal and not self.is_child(person) and given.relation != SELF:
            raise ConsentRefused("to research nobody consents for somebody who is of age: ask the patient")

    def _in_force(self, consent: Consent, kind: str) -> bool:
        """Whether it was not withdrawn; what others agreed to for a child's research ends when the child is of age."""
        if consent.kind != kind or consent.withdrawn_at is not None:
            return False
        by_other = kind_of(kind).personal and consent.given.relation != SELF
        return not by_other or self.is_child(self._patients.person(consent.patient_id))

    def _write(self, db: Connection, consent: Consent) -> Consent:
        *columns, given = consent
        sealed = self._patients.seal(consent.patient_id, msgspec.json.encode(given), _bound(consent.id))
        row = dict(zip(consent._fields, columns, strict=False))
        db.execute(insert(tables.Consent).values(**row, sealed=sealed))
        return consent

    def _opened(self, patient_id: str, row: Any) -> Consent:
        given = msgspec.json.decode(self._patients.unseal(patient_id, row.sealed, _bound(row.id)), type=Given)
        return Consent(row.id, patient_id, row.kind, row.given_at, row.until, row.withdrawn_at, given)


def kind_of(kind: str) -> Kind:
    """What there is to agree to; raises ConsentRefused for what there is not."""
    if kind.startswith(SHARE) and len(SHARE) < len(kind) <= LONGEST:
        return SHARING
    if kind not in KINDS:
        raise ConsentRefused(f"there is no consent {kind[:LONGEST]!r}: there are {', '.join(KINDS)} and {SHARE}SYSTEM")
    return KINDS[kind]


def last_birthday(person: Person) -> date | None:
    """The last day on which somebody may have been born whose day, month or year of birth is known; None for others."""
    try:
        year, *rest = (int(part) for part in person.born.split("-"))
        month, *day = rest or [12]
        return date(year, month, *(day or [monthrange(year, month)[1]]))
    except (TypeError, ValueError):
        return None


def _birthday(born: date, years: int) -> date:
    """The day on which somebody becomes so many years old; of 29 February it is 1 March in other years."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def _bound(consent_id: str) -> str:
    return f"consent {consent_id}"
