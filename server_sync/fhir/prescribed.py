"""A version of a prescription as resources of FHIR: the plan, an order for each exercise, the goal, the messages."""

from collections.abc import Iterator
from typing import Literal

from engine.movements import MOVEMENTS
from engine.prescription import Message, Practice, Prescription
from engine.records import Precaution
from server_sync.fhir import codes
from server_sync.fhir.datatypes import (
    Annotation,
    CodeableConcept,
    Element,
    Identifier,
    Period,
    Reference,
    Repeat,
    Timing,
    moment,
)
from server_sync.fhir.naming import Naming, identifier, refer
from server_sync.fhir.resources import Resource


class Activity(Element, frozen=True, kw_only=True):
    """One part of a plan."""

    reference: Reference


class CarePlan(Resource, frozen=True, kw_only=True):
    """One version of what is prescribed."""

    identifier: tuple[Identifier, ...]
    replaces: tuple[Reference, ...] = ()
    status: str
    intent: str = "plan"
    category: tuple[CodeableConcept, ...] = ()
    title: str = ""
    subject: Reference
    period: Period | None = None
    created: str = ""
    goal: tuple[Reference, ...] = ()
    activity: tuple[Activity, ...] = ()
    note: tuple[Annotation, ...] = ()


class ServiceRequest(Resource, frozen=True, kw_only=True):
    """One exercise that is prescribed."""

    identifier: tuple[Identifier, ...]
    status: str
    intent: str = "order"
    code: CodeableConcept
    order_detail: tuple[CodeableConcept, ...] = ()
    subject: Reference
    occurrence_timing: Timing | None = None
    authored_on: str = ""
    requester: Reference | None = None
    note: tuple[Annotation, ...] = ()


class Goal(Resource, frozen=True, kw_only=True):
    """What a person wants to be able to do."""

    identifier: tuple[Identifier, ...]
    lifecycle_status: str
    description: CodeableConcept
    subject: Reference
    start_date: str = ""


class Payload(Element, frozen=True, kw_only=True):
    """What a message says."""

    content_string: str


class Communication(Resource, frozen=True, kw_only=True):
    """A message of the clinic to a patient."""

    identifier: tuple[Identifier, ...]
    status: str
    subject: Reference
    sent: str = ""
    recipient: tuple[Reference, ...]
    sender: Reference | None = None
    payload: tuple[Payload, ...]


Status = Literal["active", "completed", "revoked"]
"""What a version is worth: it holds, its last day is over, or another holds now."""
_GOALS = {"active": "active", "completed": "completed", "revoked": "cancelled"}


def plan_id(naming: Naming, patient_id: str, version: int) -> str:
    """The id of the CarePlan of a version."""
    return naming.id("plan", patient_id, version)


def of_prescription(
    naming: Naming,
    prescription: Prescription,
    patient_id: str,
    status: Status = "active",
    replaces: int | None = None,
) -> tuple[Resource, ...]:
    """All of a version, what others refer to first; `replaces` is the version before it, where that was written too."""
    subject = refer("Patient", naming.patient(patient_id))
    named = naming, patient_id, prescription
    goals = _goal(*named, subject, status)
    orders = tuple(_orders(*named, subject, status))
    messages = (_message(naming, patient_id, message, subject) for message in prescription.messages)
    own_id = plan_id(naming, patient_id, prescription.version)
    before = (refer("CarePlan", plan_id(naming, patient_id, replaces)),) if replaces else ()
    plan = CarePlan(
        id=own_id,
        identifier=(identifier(own_id),),
        replaces=before,
        status=status,
        category=(CodeableConcept(coding=(codes.other("physical_activity"),)),),
        title=f"Programme, version {prescription.version}",
        subject=subject,
        period=Period(start=moment(prescription.written_at), end=prescription.valid_until),
        created=moment(prescription.written_at),
        goal=tuple(refer("Goal", str(goal.id)) for goal in goals),
        activity=tuple(Activity(reference=refer("ServiceRequest", str(order.id))) for order in orders),
        note=tuple(Annotation(text=bound(precaution)) for precaution in prescription.precautions),
    )
    return (*goals, *orders, plan, *messages)


def bound(precaution: Precaution) -> str:
    """A precaution in words: what is bounded or forbidden, until when, why and by whom."""
    known = MOVEMENTS.get(precaution.movement)
    title = known.title if known else precaution.movement.replace("_", " ")
    most = f"at most {precaution.at_most:g} {precaution.unit}" if precaution.unit else "not allowed"
    until = f" until {precaution.until}" if precaution.until else ""
    said = ", ".join(filter(None, (precaution.reason, precaution.by)))
    return f"{title}: {most}{until}" + (f" ({said})" if said else "")


def _goal(
    naming: Naming, patient_id: str, prescription: Prescription, subject: Reference, status: Status
) -> tuple[Goal, ...]:
    if not prescription.goal:
        return ()
    own_id = naming.id("goal", patient_id, prescription.version)
    goal = Goal(
        id=own_id,
        identifier=(identifier(own_id),),
        lifecycle_status=_GOALS[status],
        description=CodeableConcept(text=prescription.goal),
        subject=subject,
        start_date=prescription.written_at[:10],
    )
    return (goal,)


def _orders(
    naming: Naming, patient_id: str, prescription: Prescription, subject: Reference, status: Status
) -> Iterator[ServiceRequest]:
    for number, practice in enumerate(prescription.programme):
        for place, game in enumerate(practice.games):
            own_id = naming.id("order", patient_id, prescription.version, number, place)
            yield ServiceRequest(
                id=own_id,
                identifier=(identifier(own_id),),
                status=status,
                code=codes.concept("parts.exercise"),
                order_detail=(codes.concept(f"games.{game}"),),
                subject=subject,
                occurrence_timing=_timing(practice, prescription.valid_until),
                authored_on=moment(prescription.written_at),
                requester=Reference(type="Practitioner", display=prescription.author),
                note=(Annotation(text=f"preset {prescription.preset}"),),
            )


def _timing(practice: Practice, valid_until: str) -> Timing:
    """When a practice is due; its minutes are those of all its games together, so they are said of a single one."""
    alone = practice.minutes if len(practice.games) == 1 else None
    repeat = Repeat(
        bounds_period=Period(end=valid_until) if valid_until else None,
        duration=alone,
        duration_unit="min" if alone else "",
        frequency=practice.times_a_day,
        period=1,
        period_unit="d",
        day_of_week=practice.days,
    )
    return Timing(repeat=repeat)


def _message(naming: Naming, patient_id: str, message: Message, subject: Reference) -> Communication:
    own_id = naming.id("message", patient_id, message.id or message.text)
    return Communication(
        id=own_id,
        identifier=(identifier(own_id),),
        status="completed",
        subject=subject,
        sent=moment(message.at),
        recipient=(subject,),
        sender=Reference(type="Practitioner", display=message.by) if message.by else None,
        payload=(Payload(content_string=message.text),),
    )
