"""What a clinic keeps of a patient, as resources of FHIR: made from the records when somebody asks, and never kept.

Of sessions only those leave that a person played who wore a headset (`engine.headset.why_not_worn`).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import func, select

from engine.headset import why_not_worn
from engine.prescription import EXPIRED, state_on
from engine.records import Session
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.audit import MOST_LISTED, Entry, Which
from server_sync.clinic.consents import SHARE, Consent
from server_sync.clinic.contacts import Noted
from server_sync.clinic.keys import Shredded
from server_sync.clinic.links import Place
from server_sync.clinic.minutes import Contact, Kind
from server_sync.clinic.patients import Unknown
from server_sync.clinic.service import Service
from server_sync.clinic.systems import by_system
from server_sync.clinic.tables import Delivered, Patient
from server_sync.clinic.version import SOFTWARE
from server_sync.fhir.bundles import collection
from server_sync.fhir.datatypes import Meta, moment, to_json
from server_sync.fhir.inbound import of_draft
from server_sync.fhir.people import Audited, ConsentRecord, Person, of_audit, of_consent, of_person
from server_sync.fhir.prescribed import of_prescriptions, plan_id, plans
from server_sync.fhir.resources import Device, Resource
from server_sync.fhir.scopes import APART
from server_sync.fhir.visits import devices, of_session, questionnaire

OWN = ""
"""Instead of a system: the person themselves, who gets all."""
QUESTIONNAIRE, DEVICE, CONSENT = "Questionnaire", "Device", "Consent"
OF_NO_SESSION = frozenset(
    {"Patient", DEVICE, "CarePlan", "Communication", CONSENT, "Goal", "ServiceRequest", APART, QUESTIONNAIRE}
)
"""Types of resources that are not of one session, and are found without looking into any but a device's."""
SENDING, TELLING_THE_END = "send a record", "send the end of a consent"
"""What the audit calls it that a record was brought to another system, which is the thing of that row."""
_LONGEST_NUMBER = 15
_Doing = Literal["create", "read", "update", "delete", "execute"]
_DOING: Mapping[str, _Doing] = {
    **dict.fromkeys(("read", "list", "count", "save", "search"), "read"),
    **dict.fromkeys(("add", "deliver", "give", "note", "prescribe", "write"), "create"),
    **dict.fromkeys(("change", "correct", "withdraw"), "update"),
    **dict.fromkeys(("erase", "let"), "delete"),
}
"""What FHIR calls what the first word of an action in the audit says; any other is `execute`."""


class Chunk(NamedTuple):
    """Resources of one patient that stand at one place of the record; a page may begin there."""

    place: str
    patient_id: str
    resources: tuple[Resource, ...]


class _Around(NamedTuple):
    """What a visit is told with: when a therapist was there live, and which version's plan a version is of, by hash.

    `noted` is all that was ever noted of contacts.
    """

    talks: tuple[Contact, ...]
    versions: Mapping[str, int]
    noted: tuple[Noted, ...]


class FhirRecords:
    """The records of one clinic's patients as resources; `system_id` is who is told, or OWN."""

    def __init__(self, service: Service) -> None:
        """Read there."""
        self._service, self._links, self._naming = service, service.links, service.links.naming

    def chunks(self, kind: str, patients: Iterable[str], system_id: str, after: str = "") -> Iterator[Chunk]:
        """All resources of a kind, from a place on; each chunk is made when it is its turn.

        Patients come in the order of their places. Whoever is not there any more is passed over; where a session is
        not, its patient's begin again: something may be told twice, and nothing is left out.
        """
        length = len(self._naming.place(""))
        for patient_id in patients:
            mine = self._naming.place(patient_id)
            if mine >= after[:length]:
                since = after[length + 1 :] if mine == after[:length] else ""
                made = self._events if kind == APART else partial(self._standing, kind)
                yield from made(patient_id, system_id, since)

    def one(self, kind: str, resource_id: str, system_id: str) -> tuple[str, Resource] | None:
        """Whose a resource is, and itself; None for one that a system may not know of."""
        if kind == QUESTIONNAIRE:
            only = questionnaire()
            return ("", only) if only.id == resource_id else None
        place = self._links.find(system_id, resource_id)
        if place is None:
            return None
        if kind == APART:
            found = [one for chunk in self._events(place.patient_id, system_id) for one in chunk.resources]
        else:
            found = list(self._of(kind, place, system_id, self._around(place.patient_id)))
        return next(((place.patient_id, one) for one in found if one.id == resource_id), None)

    def whole(self, patient_id: str, system_id: str) -> tuple[Resource, ...]:
        """All that is of a patient and leaves, but the audit and what others ordered."""
        around = self._around(patient_id)
        visits = [self._visit(Place(patient_id, each), around) for each in self._links.sessions(patient_id)]
        made = (*self._of_patient(patient_id, system_id), *(one for visit in visits for one in visit))
        return tuple({one.path: one for one in made}.values())

    def ended(self, patient_id: str, system_id: str) -> tuple[Resource, ...]:
        """What a patient said of sharing with a system that they have taken back since."""
        said, kind = self._service.consents.of(patient_id), f"{SHARE}{system_id}"
        over = {self._naming.id("consent", patient_id, each.id) for each in said if each.kind == kind and _ended(each)}
        return tuple(one for one in self._of_patient(patient_id, system_id) if one.id in over)

    def exported(self, patient_id: str) -> bytes:
        """The whole record of a patient for themselves, as one Bundle."""
        resources = (*self.whole(patient_id, OWN), questionnaire())
        return to_json(collection(resources, self._service.now().isoformat(timespec="seconds")))

    def state(self, patient_id: str) -> str:
        """A word that is another one whenever `whole` would be."""
        service, whose = self._service, Delivered.patient_id == patient_id
        sessions = service.store.look(select(func.count(), func.max(Delivered.received_at)).where(whose))
        words = service.store.look(select(Patient.sealed).where(Patient.id == patient_id))
        said = [(each.id, each.withdrawn_at) for each in service.consents.of(patient_id)]
        versions = service.prescriptions.history(service.patients.person(patient_id).pseudonym)
        ends = [state_on(each.prescription, service.now().date()) for each in versions[-1:]]
        told = [str(each) for each in (sessions, words, said, ends, self._around(patient_id)[:2], SOFTWARE)]
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]

    def _places(self, kind: str, patient_id: str) -> list[Place]:
        if kind in OF_NO_SESSION:
            return [Place(patient_id)]
        return [Place(patient_id, each) for each in self._links.sessions(patient_id)]

    def _standing(self, kind: str, patient_id: str, system_id: str, since: str) -> Iterator[Chunk]:
        """All resources of a kind of one patient, from one of their sessions on."""
        mine = self._naming.place(patient_id)
        try:
            around = self._around(patient_id)
        except (Shredded, Unknown):
            return
        named = {self._naming.place(*place): place for place in self._places(kind, patient_id)}
        begin = list(named).index(since) if since in named else 0
        for name, place in list(named.items())[begin:]:
            at = f"{mine}-{name}" if place.session_id else mine
            yield Chunk(at, patient_id, self._of(kind, place, system_id, around))

    def _of(self, kind: str, place: Place, system_id: str, around: _Around) -> tuple[Resource, ...]:
        """All of a kind at one place; nothing of who was erased meanwhile."""
        made: Iterable[Resource]
        try:
            if kind == DEVICE:
                made = {} if place.session_id else self._devices(place.patient_id)
            elif place.session_id:
                made = self._visit(place, around)
            else:
                made = (*self._of_patient(place.patient_id, system_id), *self._drafts(place.patient_id, system_id))
        except (Shredded, Unknown):
            return ()
        found = tuple(one for one in made if one.path.startswith(f"{kind}/"))
        if kind == CONSENT:
            return self._said_at(found, place.patient_id)
        return _stamped(found, self._changed(place, around)) if place.session_id and found else found

    def _said_at(self, found: Iterable[Resource], patient_id: str) -> tuple[Resource, ...]:
        """Consents with when each was given, or withdrawn."""
        said = self._service.consents.of(patient_id)
        at = {self._naming.id("consent", patient_id, each.id): each.withdrawn_at or each.given_at for each in said}
        return tuple(stamped for one in found for stamped in _stamped((one,), at[str(one.id)]))

    def _changed(self, place: Place, around: _Around) -> datetime:
        """When what is told of a session changed last: it arrived, or somebody noted that they were there, or not."""
        arrived = select(Delivered.received_at).where(Delivered.id == place.session_id)
        session = self._service.archive.session(place.session_id)
        there = {each.contact.id for each in around.noted if _was_live(each.contact, session)}
        noted = (each.noted_at for each in around.noted if there & {each.contact.id, each.replaces})
        received: datetime = self._service.store.look(arrived)[0].received_at
        return max((received, *noted))

    def _of_patient(self, patient_id: str, system_id: str) -> tuple[Resource, ...]:
        """The person, what is prescribed, and what was agreed to, without what concerns other systems."""
        service, naming = self._service, self._naming
        known = service.patients.person(patient_id)
        linked = bool(known.identifier) or system_id == OWN
        person = Person(patient_id, known.pseudonym, known.name, known.born, linked, known.identifier)
        made: list[Resource] = [of_person(naming, person)]
        versions = [each.prescription for each in service.prescriptions.history(known.pseudonym)]
        over = any(state_on(last, service.now().date()) == EXPIRED for last in versions[-1:])
        orders = {
            practice: theirs
            for version in versions
            for practice, theirs in service.drafts.based_on(patient_id, system_id, version).items()
        }
        made += of_prescriptions(naming, patient_id, versions, over, orders)
        said = service.consents.of(patient_id)
        made += [of_consent(naming, _consent(each)) for each in said if _concerns(each, system_id)]
        return tuple({one.path: one for one in made}.values())

    def _drafts(self, patient_id: str, system_id: str) -> Iterator[Resource]:
        for draft in self._service.drafts.of(patient_id, system_id):
            status = self._service.drafts.status(draft)
            yield of_draft(self._naming, patient_id, draft.id, draft.asked, status, draft.at.isoformat())

    def _devices(self, patient_id: str) -> Iterable[Device]:
        sessions = map(self._service.archive.session, self._links.sessions(patient_id))
        worn = [each for each in sessions if not why_not_worn(each.headset)]
        return {one.path: one for each in worn for one in devices(self._naming, each, patient_id)}.values()

    def _visit(self, place: Place, around: _Around) -> tuple[Resource, ...]:
        session = self._service.archive.session(place.session_id)
        if why_not_worn(session.headset):
            return ()
        version = around.versions.get(session.prescribed.sha256, 0) if session.prescribed else 0
        plan = plan_id(self._naming, place.patient_id, version) if version else ""
        live = any(_was_live(talk, session) for talk in around.talks)
        return of_session(self._naming, session, place.patient_id, live=live, care_plan=plan)

    def _around(self, patient_id: str) -> _Around:
        service = self._service
        versions = service.prescriptions.history(service.patients.person(patient_id).pseudonym)
        noted = service.contacts.history(patient_id)
        held = (each.contact for each in noted if not each.replaced)
        talks = [each for each in held if each.seconds and each.kind == Kind.VIDEO and each.realtime]
        plan_of = plans([each.prescription for each in versions])
        return _Around(
            tuple(talks), {each.sha256: plan_of[each.prescription.version] for each in versions}, tuple(noted)
        )

    def _events(self, patient_id: str, system_id: str, since: str = "") -> Iterator[Chunk]:
        """The audit of a patient as it was when somebody began to read it, the latest first, without other systems."""
        audit, mine = self._service.audit, self._naming.place(patient_id)
        others = {each.id for each in self._service.drafts.of(patient_id, OWN) if each.system_id != system_id}
        number = int(since) if since.isdigit() and len(since) <= _LONGEST_NUMBER else audit.head().number + 1
        while True:
            rows = audit.listed(Which(patient_id=patient_id, before=number))
            told = (row for row in rows if row.thing not in others and not _of_another(row, system_id))
            events = tuple(one for row in told for one in _stamped((of_audit(self._naming, _audited(row)),), row.at))
            yield Chunk(f"{mine}-{number}", patient_id, events)
            if len(rows) < MOST_LISTED:
                return
            number = rows[-1].number


def _stamped(resources: Iterable[Resource], at: datetime) -> tuple[Resource, ...]:
    """Resources with when they changed last."""
    said = moment(at.isoformat())
    return tuple(replace(one, meta=replace(one.meta or Meta(), last_updated=said)) for one in resources)


def _consent(said: Consent) -> ConsentRecord:
    ended = min(said.withdrawn_at, said.until or said.withdrawn_at) if said.withdrawn_at else None
    return ConsentRecord(
        id=said.id,
        patient_id=said.patient_id,
        to="share" if said.kind.startswith(SHARE) else said.kind.replace(" ", "_"),
        given=said.withdrawn_at != said.given_at,  # what was never agreed to is written down as withdrawn at once
        at=said.given_at.isoformat(),
        by="patient" if said.given.relation == SELF else "guardian",
        until=said.until.isoformat() if said.until else "",
        withdrawn_at=ended.isoformat() if ended else "",
        recipient=said.kind.removeprefix(SHARE) if said.kind.startswith(SHARE) else "",
    )


def _ended(said: Consent) -> bool:
    """Whether something was agreed to and taken back; what was never agreed to is written down as withdrawn at once."""
    return said.withdrawn_at not in (None, said.given_at)


def _concerns(said: Consent, system_id: str) -> bool:
    """Whether a system may know of a consent: not of those that are about other systems."""
    return system_id == OWN or not said.kind.startswith(SHARE) or said.kind == f"{SHARE}{system_id}"


def _of_another(row: Entry, system_id: str) -> bool:
    """Whether a row tells of another system than the one that is told: that it did something, or got something."""
    did = row.actor.startswith(by_system("")) and row.actor != by_system(system_id)
    shared = row.thing.startswith(SHARE) and row.thing != f"{SHARE}{system_id}"
    return did or shared or (row.action in (SENDING, TELLING_THE_END) and row.thing != system_id)


def _audited(row: Entry) -> Audited:
    doing = _DOING.get(row.action.partition(" ")[0], "execute")
    at = row.at.isoformat(timespec="milliseconds")
    return Audited(str(row.number), at, row.actor, row.action, doing, row.patient_id, row.thing)


def _was_live(talk: Contact, session: Session) -> bool:
    """Whether somebody of the clinic was there by video during a session, as far as its clock said in which zone."""
    begin = datetime.fromisoformat(session.started_at)
    end = begin + timedelta(seconds=session.seconds)
    return begin.tzinfo is not None and talk.at < end and begin < talk.at + timedelta(seconds=talk.seconds)
