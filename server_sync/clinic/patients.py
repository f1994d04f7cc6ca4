"""The clinic's patients: their pseudonyms, the clinic's own words about them, and what is sealed under their keys."""

import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

import msgspec
from sqlalchemy import Connection, select, update

from engine.prescription import PSEUDONYM
from server_sync.clinic.keys import KeyMissing, Keys, Shredded, seal, unseal
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Erased, Patient

LOOKUP = "lookup key"
BEGUN = "erasing "
"""How the lookup of a patient begins whose erasure was begun: no pseudonym leads to them any more."""
NO_PSEUDONYM = "cannot be a pseudonym: letters, digits, dots and dashes, at most 64"
BORN_FROM = 1900
"""The earliest year of birth of a patient."""


class Unknown(LookupError):
    """There is nothing of this name here."""


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The clinic's own words about a patient, which devices never learn; only the pseudonym is always there.

    `born` is an ISO date, a month (2017-05) or a year, "" where it is not known. `zone` is where they live, as the IANA
    names time zones. `identifier` is what the clinic's other systems call them. `condition` is what they are treated
    for, and `therapists` are the accounts of those whose patient they are.
    """

    pseudonym: str
    name: str = ""
    about: str = ""
    born: str = ""
    zone: str = ""
    identifier: str = ""
    condition: str = ""
    therapists: tuple[int, ...] = ()


def check(person: Person, today: date) -> None:
    """Raise ValueError for a birth that cannot be, or not of somebody alive, or a time zone that cannot be."""
    try:
        if person.born:
            year, month, day = (*map(int, person.born.split("-")), 1, 1)[:3]
            born = date(year, month, day)
    except ValueError:
        raise ValueError(
            f"born {person.born[:20]!r} must be a year, a month or a day, as 2017, 2017-05, 2017-05-30"
        ) from None
    if person.born and not (born.year >= BORN_FROM and born <= today):
        raise ValueError(f"born {person.born} must be in {BORN_FROM} or later, and not after today ({today})")
    if person.zone and person.zone not in available_timezones():
        raise ValueError(f"zone {person.zone[:40]!r} must be a time zone as IANA names them, such as Europe/Berlin")


class Patients:
    """The patients of one clinic."""

    def __init__(self, store: Store, keys: Keys, now: Callable[[], datetime]) -> None:
        """Use this database, these keys and this clock."""
        self._store, self._keys, self._now = store, keys, now
        self._lookup_key = keys.clinic_key(LOOKUP)
        self._pseudonyms: dict[str, str] = {}

    def lookup(self, pseudonym: str) -> str:
        """How a pseudonym is found without being told: its HMAC-SHA256."""
        return hmac.digest(self._lookup_key, pseudonym.encode(), "sha256").hex()

    def id_of(self, pseudonym: str) -> str:
        """The id of a patient; raises Unknown."""
        found = self._store.look(select(Patient.id).where(Patient.lookup == self.lookup(pseudonym)))
        if not found:
            raise Unknown(f"there is no patient {pseudonym!r} here")
        return str(found[0].id)

    def add(self, person: Person) -> str:
        """The id of a patient, who is made where there is none of this pseudonym.

        Raises Unknown for one erased, and ValueError for what cannot be a pseudonym, or of anybody.
        """
        check(person, self._now().date())
        with self._store.writing() as db:
            if not PSEUDONYM.fullmatch(person.pseudonym) and not self.known(db, [person.pseudonym]):
                raise ValueError(f"{person.pseudonym!r} {NO_PSEUDONYM}")
            found = self.admitted(db, [person.pseudonym])
        if person.pseudonym not in found:
            raise Unknown(f"the person {person.pseudonym!r} was erased here; choose another pseudonym")
        patient_id = found[person.pseudonym]
        if person != Person(pseudonym=person.pseudonym):
            self.write(patient_id, person)
        return patient_id

    def admitted(self, db: Connection, pseudonyms: Iterable[str]) -> dict[str, str]:
        """The ids of pseudonyms, made where there are none; one whose person was erased is left out.

        Nobody of them is erased before the transaction ends.
        """
        wanted = self._lookups(pseudonyms)
        found = self._found(db, wanted)
        if len(found) < len(wanted):
            gone = self._gone(db, wanted)
            for lookup, pseudonym in wanted.items():
                if pseudonym not in found and lookup not in gone:
                    db.execute(self._store.once(Patient), self._new(lookup, pseudonym))
            found = self._found(db, wanted)
        return found

    def known(self, db: Connection, pseudonyms: Iterable[str]) -> dict[str, str]:
        """The ids of pseudonyms that there are; nobody of them is erased before the transaction ends."""
        return self._found(db, self._lookups(pseudonyms))

    def erased(self, db: Connection, pseudonyms: Iterable[str]) -> set[str]:
        """Those of pseudonyms whose persons were erased here."""
        wanted = self._lookups(pseudonyms)
        return {wanted[lookup] for lookup in self._gone(db, wanted)}

    def person(self, patient_id: str) -> Person:
        """The clinic's words about a patient; raises Unknown, also where they were erased."""
        found = self._store.look(select(Patient.sealed).where(Patient.id == patient_id))
        try:
            return self._person(patient_id, found[0].sealed)
        except (IndexError, Shredded):
            raise Unknown("there is no such patient here") from None

    def people(self) -> dict[str, Person]:
        """All patients by their ids, but those whose erasure was begun."""
        kept = self.kept()
        rows = self._store.look(select(Patient.id, Patient.sealed))
        return {row.id: self._person(row.id, row.sealed) for row in rows if row.id in kept}

    def kept(self) -> set[str]:
        """The ids of all who were not erased."""
        return self._keys.patients()

    def pseudonyms(self, patient_ids: Iterable[str]) -> tuple[str, ...]:
        """The pseudonyms of ids, in order; one who was erased is left out."""
        found = []
        for patient_id in patient_ids:
            try:
                if patient_id not in self._pseudonyms:
                    self._pseudonyms[patient_id] = self.person(patient_id).pseudonym
                found.append(self._pseudonyms[patient_id])
            except Unknown:
                continue
        return tuple(found)

    def called(self, patient_ids: Iterable[str]) -> tuple[str, ...]:
        """The same for somebody to read: who has no key here is called by their id."""
        try:
            return self.pseudonyms(patient_ids)
        except KeyMissing:
            return tuple(patient_ids)

    def write(self, patient_id: str, person: Person) -> None:
        """Change the clinic's words; raises Unknown, or ValueError for what cannot be, or is another patient's."""
        check(person, self._now().date())
        known = self.person(patient_id)
        if known.pseudonym != person.pseudonym:
            raise ValueError(f"a patient keeps the pseudonym they have; {person.pseudonym!r} is another one")
        if person.identifier not in ("", known.identifier):
            for other in self.people().values():
                if other.identifier == person.identifier:
                    raise ValueError(
                        f"identifier {person.identifier!r} is of {other.pseudonym}: other systems could not tell them "
                        "apart; take it away there first, or give this one their own"
                    )
        sealed = self.seal(patient_id, msgspec.json.encode(person), f"patient {patient_id}")
        with self._store.writing() as db:
            db.execute(update(Patient).where(Patient.id == patient_id).values(sealed=sealed))

    def seal(self, patient_id: str, content: bytes, bound: str) -> bytes:
        """Seal something of a patient; `bound` names the row it is for. Raises Shredded."""
        return seal(self._keys.of(patient_id), content, bound)

    def unseal(self, patient_id: str, sealed: bytes, bound: str) -> bytes:
        """Open it; raises Shredded, or ValueError where it is not what was sealed."""
        return unseal(self._keys.of(patient_id), sealed, bound)

    def _person(self, patient_id: str, sealed: bytes) -> Person:
        return msgspec.json.decode(self.unseal(patient_id, sealed, f"patient {patient_id}"), type=Person)

    def _lookups(self, pseudonyms: Iterable[str]) -> dict[str, str]:
        return {self.lookup(pseudonym): pseudonym for pseudonym in sorted(set(pseudonyms))}

    def _gone(self, db: Connection, wanted: Mapping[str, str]) -> set[str]:
        if not wanted:
            return set()
        return set(db.execute(select(Erased.lookup).where(Erased.lookup.in_(list(wanted)))).scalars())

    def _found(self, db: Connection, wanted: Mapping[str, str]) -> dict[str, str]:
        if not wanted:
            return {}
        rows = select(Patient.id, Patient.lookup).where(Patient.lookup.in_(list(wanted))).order_by(Patient.id)
        # Held until the transaction ends, where several write at once: an erasure waits.
        return {wanted[row.lookup]: row.id for row in db.execute(rows.with_for_update(read=True))}

    def _new(self, lookup: str, pseudonym: str) -> dict[str, Any]:
        patient_id = self._keys.new_patient()
        sealed = self.seal(patient_id, msgspec.json.encode(Person(pseudonym=pseudonym)), f"patient {patient_id}")
        return {"id": patient_id, "lookup": lookup, "sealed": sealed, "created_at": self._now()}
