"""A person, what they agreed to, and what was done with their data, as resources of FHIR."""

from typing import Literal, NamedTuple
from uuid import UUID

from server_sync.fhir import codes
from server_sync.fhir.datatypes import CodeableConcept, Coding, Element, Identifier, Period, Reference, moment
from server_sync.fhir.naming import Naming, identifier, refer, tagged
from server_sync.fhir.resources import Resource


class HumanName(Element, frozen=True, kw_only=True):
    """A name as the clinic writes it."""

    text: str


class Patient(Resource, frozen=True, kw_only=True):
    """A person, whose name is there only where the clinic links it."""

    identifier: tuple[Identifier, ...]
    active: bool = True
    name: tuple[HumanName, ...] = ()
    birth_date: str = ""


class Actor(Element, frozen=True, kw_only=True):
    """Who a consent is about, and as what."""

    role: CodeableConcept
    reference: Reference


class Provision(Element, frozen=True, kw_only=True):
    """What is allowed or not, from when on, for how long, and to whom."""

    type: str
    period: Period | None = None
    actor: tuple[Actor, ...] = ()
    code: tuple[CodeableConcept, ...]


class Consent(Resource, frozen=True, kw_only=True):
    """What a person agreed to, refused or took back."""

    identifier: tuple[Identifier, ...]
    status: str
    scope: CodeableConcept
    category: tuple[CodeableConcept, ...]
    patient: Reference
    date_time: str
    performer: tuple[Reference, ...]
    policy_rule: CodeableConcept
    provision: Provision


class AuditAgent(Element, frozen=True, kw_only=True):
    """Who did something."""

    who: Reference
    requestor: bool


class AuditSource(Element, frozen=True, kw_only=True):
    """Who wrote it down."""

    observer: Reference


class AuditEntity(Element, frozen=True, kw_only=True):
    """What it was done with."""

    what: Reference


class AuditEvent(Resource, frozen=True, kw_only=True):
    """That somebody read or wrote something."""

    type: Coding
    subtype: tuple[Coding, ...]
    action: str
    recorded: str
    outcome: str
    agent: tuple[AuditAgent, ...]
    source: AuditSource
    entity: tuple[AuditEntity, ...]


class Person(NamedTuple):
    """A patient as the clinic has them: `id` is its random one, `born` a date (ISO 8601) or "".

    Only where the clinic links it (`link_name`) do their name and their date of birth leave it. `known_as` is what
    another system calls them, as `SYSTEM|VALUE`, or a value alone.
    """

    id: str
    pseudonym: str
    name: str = ""
    born: str = ""
    link_name: bool = False
    known_as: str = ""


class ConsentRecord(NamedTuple):
    """What a person, or a guardian for them, said to one thing (`consents` of codes.toml), and when (ISO 8601).

    `until` is when it ends, "" for no end; `withdrawn_at` is when it was taken back, "" for not. `recipient` is the
    other system that is told, "" for none.
    """

    id: str
    patient_id: str
    to: str
    given: bool
    at: str
    by: Literal["patient", "guardian"] = "patient"
    until: str = ""
    withdrawn_at: str = ""
    recipient: str = ""


class Audited(NamedTuple):
    """A row of the audit: who did what with which thing, and whether they were let."""

    id: str
    at: str
    actor: str
    action: str
    doing: Literal["create", "read", "update", "delete", "execute"]
    patient_id: str = ""
    thing: str = ""
    allowed: bool = True


_ACTIONS = {"create": "C", "read": "R", "update": "U", "delete": "D", "execute": "E"}
_DONE, _REFUSED = "0", "4"


def of_person(naming: Naming, person: Person) -> Patient:
    """A patient by what they are known by, named only where the clinic links the name."""
    own_id = naming.patient(person.id)
    called = Identifier(use="secondary", system=pseudonyms(naming.clinic), value=person.pseudonym)
    system, _, value = person.known_as.rpartition("|")
    theirs = (Identifier(system=system, value=value),) if value else ()
    return Patient(
        id=own_id,
        identifier=(identifier(own_id), called, *theirs),
        name=(HumanName(text=person.name),) if person.link_name and person.name else (),
        birth_date=person.born if person.link_name else "",
    )


def pseudonyms(clinic: UUID) -> str:
    """The system of what a clinic calls its patients by."""
    return f"urn:uuid:{Naming(clinic).id('pseudonyms')}"


def of_consent(naming: Naming, said: ConsentRecord) -> Consent:
    """What was said: one that was taken back is inactive, and held until then; one that was refused has no end."""
    own_id, subject = naming.id("consent", said.patient_id, said.id), refer("Patient", naming.patient(said.patient_id))
    to = codes.concept(f"consents.{said.to}")
    scope = to.coding[:-1] or (codes.other("of_privacy"),)
    guardian = Reference(type="RelatedPerson", display="guardian")
    given = "inactive" if said.withdrawn_at else "active"
    end = (moment(said.withdrawn_at) or said.until) if said.given else ""
    ours = codes.only_ours(f"consents.{said.to}")
    told = Actor(
        role=CodeableConcept(coding=(codes.other("recipient"),)),
        reference=Reference(type="Organization", display=said.recipient),
    )
    return Consent(
        id=own_id,
        identifier=(identifier(own_id),),
        status=given if said.given else "rejected",
        scope=CodeableConcept(coding=scope),
        category=(CodeableConcept(coding=(codes.other("consent"),)), ours),
        patient=subject,
        date_time=moment(said.at),
        performer=(guardian if said.by == "guardian" else subject,),
        policy_rule=codes.concept("parts.policy"),
        provision=Provision(
            type="permit" if said.given else "deny",
            period=Period(start=moment(said.at), end=end),
            actor=(told,) if said.recipient else (),
            code=(ours,),
        ),
    )


def of_audit(naming: Naming, row: Audited) -> AuditEvent:
    """A row of the audit by its ids; an audit names nobody, and neither does this."""
    system = f"urn:uuid:{naming.id('audit')}"
    things: list[Reference] = []
    if row.patient_id:
        things.append(refer("Patient", naming.patient(row.patient_id)))
    if row.thing:
        things.append(Reference(identifier=Identifier(system=system, value=row.thing)))
    own_id = naming.id("audit", row.patient_id, row.id)
    return AuditEvent(
        id=own_id,
        meta=tagged(own_id),
        type=codes.other("over_http"),
        subtype=(Coding(system=system, code=row.action.replace(" ", "-")),),
        action=_ACTIONS[row.doing],
        recorded=moment(row.at),
        outcome=_DONE if row.allowed else _REFUSED,
        agent=(AuditAgent(who=Reference(identifier=Identifier(system=system, value=row.actor)), requestor=True),),
        source=AuditSource(observer=Reference(display="Steadyreach clinic server")),
        entity=tuple(AuditEntity(what=thing) for thing in things),
    )
