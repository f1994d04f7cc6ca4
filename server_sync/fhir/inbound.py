"""An order from another system, read into a draft that a therapist has to look at before anything comes of it.

What is not understood is kept in words and never guessed; what must be understood and is not refuses the order.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec

from engine.prescription import DAYS
from server_sync.fhir import codes
from server_sync.fhir.datatypes import Annotation, Coding, Identifier, Reference
from server_sync.fhir.naming import Naming, identifier, refer
from server_sync.fhir.prescribed import ServiceRequest

LARGEST_BYTES = 256 * 1024
_MOST_CHARACTERS, _MOST_WORDS = 2000, 40
_OPEN = ("draft", "active")
_INTENTS = ("proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order")
_MINUTES = {"s": 1 / 60, "min": 1.0, "h": 60.0}


class OrderRefused(ValueError):
    """An order that cannot become a draft: the message says what is amiss, `code` is FHIR's type of the issue."""

    def __init__(self, code: str, why: str) -> None:
        """Keep both."""
        super().__init__(why)
        self.code = code


WAITING, TAKEN, DECLINED = "waiting", "taken", "declined"
"""What became of an order: nobody has looked yet, it was prescribed, or it was not."""
_STATUS = {WAITING: "draft", TAKEN: "active", DECLINED: "revoked"}


class DraftProgramme(NamedTuple):
    """What somebody asked for, for a therapist to look at.

    `patient` is how the order names the patient: `Patient/ID`, or `SYSTEM|VALUE` of an identifier. `order` is what the
    order is known by, the same when it is sent again. `tasks` are games of ours that it names by our codes; `minutes`
    and `times_a_day` are None where it does not say. `text` is all of it that is only words, `unknown` its codes that
    nobody here knows.
    """

    order: str
    patient: str
    tasks: tuple[str, ...]
    days: tuple[str, ...]
    minutes: float | None
    times_a_day: int | None
    until: str
    requester: str
    reason: str
    text: tuple[str, ...]
    unknown: tuple[str, ...]


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    """A part of an order as it comes: what we do not read of it is left out."""


class _Coding(_Part, frozen=True, rename="camel"):
    system: str = ""
    code: str = ""
    display: str = ""


class _Concept(_Part, frozen=True, rename="camel"):
    coding: tuple[_Coding, ...] = ()
    text: str = ""


class _Identifier(_Part, frozen=True, rename="camel"):
    system: str = ""
    value: str = ""


class _Reference(_Part, frozen=True, rename="camel"):
    reference: str = ""
    display: str = ""
    identifier: _Identifier = _Identifier()


class _Note(_Part, frozen=True, rename="camel"):
    text: str = ""


class _Period(_Part, frozen=True, rename="camel"):
    end: str = ""


class _Repeat(_Part, frozen=True, rename="camel"):
    bounds_period: _Period = _Period()
    duration: float | None = None
    duration_unit: str = ""
    frequency: int | None = None
    period: float | None = None
    period_unit: str = ""
    day_of_week: tuple[str, ...] = ()


class _Timing(_Part, frozen=True, rename="camel"):
    repeat: _Repeat = _Repeat()
    code: _Concept = _Concept()


class _Order(_Part, frozen=True, rename="camel"):
    resource_type: str
    status: str
    intent: str
    subject: _Reference
    id: str = ""
    implicit_rules: str = ""
    modifier_extension: tuple[dict[str, Any], ...] = ()
    do_not_perform: bool = False
    identifier: tuple[_Identifier, ...] = ()
    code: _Concept = _Concept()
    order_detail: tuple[_Concept, ...] = ()
    occurrence_timing: _Timing = _Timing()
    requester: _Reference = _Reference()
    reason_code: tuple[_Concept, ...] = ()
    note: tuple[_Note, ...] = ()
    patient_instruction: str = ""


def draft_of(content: bytes, tasks: Collection[str]) -> DraftProgramme:
    """What a ServiceRequest asks for; `tasks` are all that can be played. Raises OrderRefused."""
    order = _read(content)
    concepts = (order.code, *order.order_detail)
    codings = [coding for concept in concepts for coding in concept.coding]
    games = [(coding, _game(coding)) for coding in codings]
    known = {codes.other("exercise_therapy"), *codes.concept("parts.exercise").coding}
    named = {(coding.system, coding.code) for coding in known}
    repeat = order.occurrence_timing.repeat
    text = [
        *(concept.text or next((coding.display for coding in concept.coding), "") for concept in concepts),
        order.occurrence_timing.code.text,
        _not_daily(repeat),
        order.patient_instruction,
        *(note.text for note in order.note),
    ]
    unknown = [
        f"{coding.system}|{coding.code}"
        for coding, game in games
        if game not in tasks and (coding.system, coding.code) not in named
    ]
    return DraftProgramme(
        order=_known_by(order),
        patient=_patient(order.subject),
        tasks=tuple(dict.fromkeys(game for _, game in games if game in tasks)),
        days=tuple(day for day in DAYS if day in repeat.day_of_week),
        minutes=_minutes(repeat),
        times_a_day=repeat.frequency if _daily(repeat) else None,
        until=_short(repeat.bounds_period.end),
        requester=_short(order.requester.display or order.requester.reference),
        reason=_short("; ".join(filter(None, (_in_words(reason) for reason in order.reason_code)))),
        text=_few(text),
        unknown=_few(unknown),
    )


def of_draft(
    naming: Naming, patient_id: str, draft_id: str, draft: DraftProgramme, state: str, at: str
) -> ServiceRequest:
    """An order as whoever sent it reads it here, with what became of it as its status."""
    own_id = naming.id("draft", patient_id, draft_id)
    system, bar, value = draft.order.rpartition("|")
    theirs = (Identifier(system=system, value=value),) if bar else ()
    return ServiceRequest(
        id=own_id,
        identifier=(identifier(own_id), *theirs),
        status=_STATUS[state],
        code=codes.concept("parts.exercise"),
        order_detail=tuple(codes.concept(f"games.{task}") for task in draft.tasks),
        subject=refer("Patient", naming.patient(patient_id)),
        authored_on=at,
        requester=Reference(type="Practitioner", display=draft.requester) if draft.requester else None,
        note=tuple(Annotation(text=text) for text in draft.text),
    )


def _read(content: bytes) -> _Order:
    if len(content) > LARGEST_BYTES:
        raise OrderRefused("too-long", f"an order of {len(content)} bytes is too long; {LARGEST_BYTES} are the most")
    try:
        order = msgspec.json.decode(content, type=_Order)
    except msgspec.ValidationError as reason:
        raise OrderRefused("structure", f"this is no ServiceRequest: {reason}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise OrderRefused("structure", f"this is not JSON: {reason}") from None
    if order.resource_type != "ServiceRequest":
        raise OrderRefused("not-supported", f"{_short(order.resource_type)!r} cannot be ordered, only ServiceRequest")
    if order.modifier_extension or order.implicit_rules:
        raise OrderRefused(
            "extension", "modifierExtension and implicitRules change what an order means: send it without"
        )
    if order.do_not_perform:
        raise OrderRefused("not-supported", "doNotPerform: what not to do is a precaution, which a therapist writes")
    if order.status not in _OPEN:
        raise OrderRefused("business-rule", f"status {_short(order.status)!r} must be one of {', '.join(_OPEN)}")
    if order.intent not in _INTENTS:
        raise OrderRefused("business-rule", f"intent {_short(order.intent)!r} must be one of {', '.join(_INTENTS)}")
    return order


def _known_by(order: _Order) -> str:
    by = next((one for one in order.identifier if one.value), None)
    if by is None and not order.id:
        raise OrderRefused("required", "an order needs an identifier or an id, so that it is taken once")
    return _short(f"{by.system}|{by.value}" if by else f"ServiceRequest/{order.id}")


def _patient(subject: _Reference) -> str:
    by = subject.identifier
    if not subject.reference.startswith("Patient/") and not by.value:
        raise OrderRefused("required", "subject must name a patient: a reference Patient/ID, or an identifier")
    return _short(subject.reference if subject.reference.startswith("Patient/") else f"{by.system}|{by.value}")


def _game(coding: _Coding) -> str:
    return codes.named(Coding(system=coding.system, code=coding.code), "games")


def _daily(repeat: _Repeat) -> bool:
    """Whether it says how often a day, in numbers that a programme can have."""
    often = repeat.frequency is not None and 1 <= repeat.frequency <= 10
    return often and repeat.period == 1 and repeat.period_unit == "d"


def _minutes(repeat: _Repeat) -> float | None:
    factor = _MINUTES.get(repeat.duration_unit)
    return None if factor is None or repeat.duration is None else repeat.duration * factor


def _not_daily(repeat: _Repeat) -> str:
    """How often, in words, where that is not so many times a day."""
    if repeat.frequency is None or _daily(repeat):
        return ""
    period = "" if repeat.period is None else f"{repeat.period:g} "
    return f"{repeat.frequency} times every {period}{repeat.period_unit}"


def _in_words(concept: _Concept) -> str:
    first = concept.coding[0] if concept.coding else _Coding()
    return concept.text or first.display or "|".join(filter(None, (first.system, first.code)))


def _few(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_short(text) for text in texts if text.strip()))[:_MOST_WORDS]


def _short(text: str) -> str:
    return text.strip()[:_MOST_CHARACTERS]
