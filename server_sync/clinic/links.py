"""Which patients another system may know of, and by which ids: those of whom somebody agreed to just that."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select

from server_sync.clinic.consents import SHARE, Consents
from server_sync.clinic.keys import Keys, Shredded
from server_sync.clinic.patients import Patients, Person, Unknown
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Consent, Delivered
from server_sync.fhir.naming import IDS, Naming
from server_sync.fhir.people import pseudonyms


class Place(NamedTuple):
    """Some of a patient's record: all that is of one session, or of none ("")."""

    patient_id: str
    session_id: str = ""


class Links:
    """What links the patients of one clinic to other systems."""

    def __init__(self, store: Store, keys: Keys, patients: Patients, consents: Consents) -> None:
        """Use this database, these patients and their consents; the clinic's name for all is among its keys."""
        self._store, self._patients, self._consents = store, patients, consents
        self.naming = Naming(UUID(keys.secret("fhir naming", lambda: str(uuid4()))))

    def holds(self, patient_id: str, system_id: str) -> bool:
        """Whether a system may know of a patient now."""
        try:
            return self._consents.holds(patient_id, f"{SHARE}{system_id}")
        except (Shredded, Unknown):
            return False

    def of(self, system_id: str, begin: str = "") -> Iterator[str]:
        """The ids of the patients that a system may know of, in the order of their places, from a place on."""
        asked = sorted(self._asked(system_id), key=self.naming.place)
        later = (patient_id for patient_id in asked if self.naming.place(patient_id) >= begin)
        return (patient_id for patient_id in later if self.holds(patient_id, system_id))

    def find(self, system_id: str, resource_id: str) -> Place | None:
        """Where a resource is found by its id; None where it is of nobody whom a system may know of."""
        begins = resource_id[: len(self.naming.place(""))]
        for place in self._places(system_id):
            if self.naming.place(*place) == begins:
                return place if self.holds(place.patient_id, system_id) else None
        return None

    def patient(self, system_id: str, reference: str) -> str | None:
        """Whom a reference (`Patient/ID`) or an identifier (`SYSTEM|VALUE`) means; None for nobody, and for several."""
        named, own = reference.removeprefix("Patient/"), f"{IDS}|"
        if named != reference or reference.startswith(own):
            place = self.find(system_id, named.removeprefix(own))
            known = place is not None and self.naming.patient(place.patient_id) == named.removeprefix(own)
            return place.patient_id if place and known else None
        by_clinic, _, pseudonym = reference.rpartition("|")
        if by_clinic == pseudonyms(self.naming.clinic):
            return self._by_pseudonym(system_id, pseudonym)
        found = [each for each in self.of(system_id) if known_as(self._patients.person(each)) == reference]
        return found[0] if len(found) == 1 else None

    def sessions(self, patient_id: str) -> list[str]:
        """The sessions of a patient, the first one first."""
        query = select(Delivered.id).where(Delivered.patient_id == patient_id)
        return [row.id for row in self._store.look(query.order_by(Delivered.started_at, Delivered.id))]

    def _asked(self, system_id: str) -> list[str]:
        """Of whom somebody ever agreed."""
        asked = select(Consent.patient_id).distinct().where(Consent.kind == f"{SHARE}{system_id}")
        return [row.patient_id for row in self._store.look(asked.order_by(Consent.patient_id))]

    def _places(self, system_id: str) -> Iterator[Place]:
        asked = self._asked(system_id)
        yield from map(Place, asked)
        query = select(Delivered.patient_id, Delivered.id).where(Delivered.patient_id.in_(asked))
        yield from (Place(row.patient_id, row.id) for row in self._store.look(query))

    def _by_pseudonym(self, system_id: str, pseudonym: str) -> str | None:
        try:
            patient_id = self._patients.id_of(pseudonym)
        except Unknown:
            return None
        return patient_id if self.holds(patient_id, system_id) else None


def known_as(person: Person) -> str:
    """What other systems call a person, as an identifier is searched for: `SYSTEM|VALUE`; "" for nothing."""
    return f"|{person.identifier}" if person.identifier and "|" not in person.identifier else person.identifier
