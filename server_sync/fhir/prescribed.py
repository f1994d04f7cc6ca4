"""What is prescribed as resources of FHIR: plans, an order for each exercise, goals, messages."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from msgspec.structs import replace

from engine.movements import MOVEMENTS
from engine.prescription import Draft, Practice, Prescription, draft_for, goals_of
from engine.programme import span_of
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
    to_json,
)
from server_sync.fhir.naming import Naming, identifier, refer
from server_sync.fhir.resources import Resource


class Activity(Element, frozen=True, kw_only=True):
    """One part of a plan."""

    reference: Reference


class CarePlan(Resource, frozen=True, kw_only=True):
    """What is prescribed, in versions that differ in no more than messages."""

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
    based_on: tuple[Reference, ...] = ()
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


BasedOn = Mapping[Practice, tuple[Reference, ...]]
"""Orders of others, by the part of a programme that came from them."""
NO_ORDER: BasedOn = {}
Status = Literal["active", "completed", "revoked"]
"""What a part of a programme is worth: it holds, its last day is over, or it is prescribed no more."""
_GOALS = {"active": "active", "completed": "completed", "revoked": "cancelled"}


def plan_id(naming: Naming, patient_id: str, version: int) -> str:
    """The id of the CarePlan of a version that `plans` names."""
    return naming.id("plan", patient_id, version)


def plans(versions: Sequence[Prescription]) -> Mapping[int, int]:
    """For each version the one that its CarePlan is of: one with other messages alone goes on with the plan before."""
    found = {version.version: version.version for version in versions}
    for before, version in pairwise(versions):
        if _programme(before) == _programme(version):
            found[version.version] = found[before.version]
    return found


def of_prescriptions(
    naming: Naming,
    patient_id: str,
    versions: Sequence[Prescription],
    over: bool = False,
    based_on: BasedOn = NO_ORDER,
) -> tuple[Resource, ...]:
    """All that was prescribed for a patient, the first version first, and before what refers to it.

    Only the last version holds, or is `over`. What says the same in several versions is one resource, as the first of
    them wrote it: an exercise or a goal that stays is no other because something beside it changed. `based_on` are the
    orders of others that parts of it came from.
    """
    now: Status = "completed" if over else "active"
    plan_of, made, before = plans(versions), dict[str, Resource](), list[str]()
    kept = {one.path for version in versions[-1:] for one in _parts(naming, patient_id, version, now, based_on)}
    for version in versions:
        if plan_of[version.version] == version.version:
            holds = plan_of[versions[-1].version] == version.version
            parts = _parts(naming, patient_id, version, now, based_on)
            for one in parts:
                made.setdefault(one.path, one if one.path in kept else _ended(one))
            plan = _plan(naming, patient_id, version, parts, now if holds else "revoked", before)
            made[plan.path], before = plan, [plan.path]
        made |= {one.path: one for one in _messages(naming, patient_id, version)}
    return tuple(made.values())


def bound(precaution: Precaution) -> str:
    """A precaution in words: what is bounded or forbidden, until when, why and by whom."""
    known = MOVEMENTS.get(precaution.movement)
    title = known.title if known else precaution.movement.replace("_", " ")
    most = f"at most {precaution.at_most:g} {precaution.unit}" if precaution.unit else "not allowed"
    until = f" until {precaution.until}" if precaution.until else ""
    said = ", ".join(filter(None, (precaution.reason, precaution.by)))
    return f"{title}: {most}{until}" + (f" ({said})" if said else "")


def _programme(prescription: Prescription) -> Draft:
    """What a version says without its messages, and without who wrote it when."""
    return replace(draft_for(prescription.patient, prescription), messages=())


def _parts(
    naming: Naming, patient_id: str, prescription: Prescription, status: Status, based_on: BasedOn
) -> tuple[Goal | ServiceRequest, ...]:
    subject = refer("Patient", naming.patient(patient_id))
    goal = _goal(naming, patient_id, prescription, subject, status)
    return (*goal, *_orders(naming, patient_id, prescription, subject, status, based_on))


def _ended(one: Goal | ServiceRequest) -> Goal | ServiceRequest:
    if isinstance(one, Goal):
        return replace(one, lifecycle_status=_GOALS["revoked"])
    return replace(one, status="revoked")


def _plan(
    naming: Naming,
    patient_id: str,
    prescription: Prescription,
    parts: Sequence[Resource],
    status: Status,
    before: Sequence[str],
) -> CarePlan:
    own_id = plan_id(naming, patient_id, prescription.version)
    return CarePlan(
        id=own_id,
        identifier=(identifier(own_id),),
        replaces=tuple(Reference(reference=path) for path in before),
        status=status,
        category=(CodeableConcept(coding=(codes.other("physical_activity"),)),),
        title=f"Programme, version {prescription.version}",
        subject=refer("Patient", naming.patient(patient_id)),
        period=Period(start=moment(prescription.written_at), end=prescription.valid_until),
        created=moment(prescription.written_at),
        goal=tuple(Reference(reference=one.path) for one in parts if isinstance(one, Goal)),
        activity=tuple(
            Activity(reference=Reference(reference=one.path)) for one in parts if isinstance(one, ServiceRequest)
        ),
        note=tuple(Annotation(text=bound(precaution)) for precaution in prescription.precautions),
    )


def _goal(
    naming: Naming, patient_id: str, prescription: Prescription, subject: Reference, status: Status
) -> tuple[Goal, ...]:
    said = dict.fromkeys(goal.words for goal in goals_of(prescription))
    ids = {words: naming.id("goal", patient_id, words) for words in said}
    return tuple(
        Goal(
            id=own_id,
            identifier=(identifier(own_id),),
            lifecycle_status=_GOALS[status],
            description=CodeableConcept(text=words),
            subject=subject,
            start_date=prescription.written_at[:10],
        )
        for words, own_id in ids.items()
    )


def _orders(
    naming: Naming,
    patient_id: str,
    prescription: Prescription,
    subject: Reference,
    status: Status,
    based_on: BasedOn,
) -> Iterator[ServiceRequest]:
    """An order for each exercise, called by what it says; of two that say the same, also by which of them it is."""
    times = Counter[tuple[str, ...]]()
    for practice in prescription.programme:
        for game in practice.games:
            timing = _timing(practice, prescription)
            content = game, prescription.preset, to_json(timing).decode()
            times[content] += 1
            own_id = naming.id("order", patient_id, *content, times[content])
            what, which = codes.task(game)
            yield ServiceRequest(
                id=own_id,
                identifier=(identifier(own_id),),
                based_on=based_on.get(practice, ()),
                status=status,
                code=what,
                order_detail=(which,),
                subject=subject,
                occurrence_timing=timing,
                authored_on=moment(prescription.written_at),
                requester=Reference(type="Practitioner", display=prescription.author),
                note=(Annotation(text=f"preset {prescription.preset}"),),
            )


def _timing(practice: Practice, prescription: Prescription) -> Timing:
    """When a practice is due; its minutes are those of all its games together, so they are said of a single one."""
    alone = practice.minutes if len(practice.games) == 1 else None
    first, last = span_of(practice, prescription.starts_on, prescription.valid_until)
    repeat = Repeat(
        bounds_period=Period(start=first, end=last) if first or last else None,
        duration=alone,
        duration_unit="min" if alone else "",
        frequency=practice.times_a_day,
        period=1,
        period_unit="d",
        day_of_week=practice.days,
    )
    return Timing(repeat=repeat)


def _messages(naming: Naming, patient_id: str, prescription: Prescription) -> Iterator[Communication]:
    subject = refer("Patient", naming.patient(patient_id))
    for message in prescription.messages:
        own_id = naming.id("message", patient_id, message.id or message.text)
        yield Communication(
            id=own_id,
            identifier=(identifier(own_id),),
            status="completed",
            subject=subject,
            sent=moment(message.at),
            recipient=(subject,),
            sender=Reference(type="Practitioner", display=message.by) if message.by else None,
            payload=(Payload(content_string=message.text),),
        )
