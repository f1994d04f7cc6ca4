"""An order from another system, read into a draft that a therapist has to look at before anything comes of it.

What is not understood is kept in words and never guessed; what must be understood and is not refuses the order.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from engine.prescription import MOST_TIMES_A_DAY
from engine.programme import DAYS, LEAST_MINUTES, MOST_MINUTES
from server_sync.fhir import codes
from server_sync.fhir.datatypes import Coding
from server_sync.fhir.naming import IDS, Naming, identifier, refer
from server_sync.fhir.order_words import before_all, in_words, named, notes, rest
from server_sync.fhir.prescribed import ServiceRequest

LARGEST_BYTES = 256 * 1024
DEEPEST = 40
"""An order is no deeper than this, which none that people wrote comes near."""
OPEN, ENDED = ("draft", "active"), ("on-hold", "revoked", "completed", "entered-in-error", "unknown")
"""What whoever sends an order says of it: it asks for something, or not any more."""
_INTENTS = ("proposal", "plan", "order", "original-order", "reflex-order", "filler-order", "instance-order")
_MINUTES = {"s": 1 / 60, "min": 1.0, "h": 60.0}


class OrderRefused(ValueError):
    """An order that cannot become a draft: the message says what is amiss, `code` is FHIR's type of the issue."""

    def __init__(self, code: str, why: str) -> None:
        """Keep both."""
        super().__init__(why)
        self.code = code


class DraftProgramme(NamedTuple):
    """What somebody asked for, for a therapist to look at.

    `patient` is how the order names the patient: `Patient/ID`, `SYSTEM|VALUE` of an identifier, or both. `order` is
    what the order is known by, the same when it is sent again. `tasks` are games of ours that it names by our codes;
    `minutes` and `times_a_day` are None where it does not say. `text` is all of it that is only words, `unknown` its
    codes that nobody here knows. `status` is what the sender says of the order; `replaces` is what the orders are known
    by that it stands for from now on. `said` is all of it, as it came, and `updated` when its sender changed it last,
    "" where that is not said.
    """

    order: str
    patient: tuple[str, ...]
    tasks: tuple[str, ...]
    days: tuple[str, ...]
    minutes: float | None
    times_a_day: int | None
    until: str
    requester: str
    reason: str
    text: tuple[str, ...]
    unknown: tuple[str, ...]
    status: str
    replaces: tuple[str, ...]
    said: Mapping[str, Any]
    updated: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it still asks for something."""
        return self.status in OPEN

    def is_after(self, other: "DraftProgramme") -> bool:
        """Whether both say when they were changed last, and the other one was before."""
        mine, theirs = _at(self.updated), _at(other.updated)
        return mine is not None and theirs is not None and theirs < mine


class Sent(ServiceRequest, frozen=True, kw_only=True, tag="ServiceRequest"):
    """An order of another system as it reads it here: what it said, as it said it."""

    code: Any = None
    order_detail: Any = None
    occurrence_timing: Any = None
    requester: Any = None
    note: Any = None
    replaces: Any = None
    instantiates_canonical: Any = None
    instantiates_uri: Any = None
    requisition: Any = None
    category: Any = None
    priority: Any = None
    quantity_quantity: Any = None
    quantity_ratio: Any = None
    quantity_range: Any = None
    encounter: Any = None
    occurrence_date_time: Any = None
    occurrence_period: Any = None
    as_needed_boolean: Any = None
    as_needed_codeable_concept: Any = None
    performer_type: Any = None
    performer: Any = None
    location_code: Any = None
    location_reference: Any = None
    reason_code: Any = None
    reason_reference: Any = None
    insurance: Any = None
    supporting_info: Any = None
    specimen: Any = None
    body_site: Any = None
    patient_instruction: Any = None
    relevant_history: Any = None
    extension: Any = None
    contained: Any = None

    @property
    def path(self) -> str:
        """Where it is."""
        return f"ServiceRequest/{self.id}"


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


class _Meta(_Part, frozen=True, rename="camel"):
    last_updated: str = ""


class _Order(_Part, frozen=True, rename="camel"):
    resource_type: str
    status: str
    intent: str
    subject: _Reference
    id: str = ""
    meta: _Meta = _Meta()
    implicit_rules: str = ""
    do_not_perform: bool = False
    identifier: tuple[_Identifier, ...] = ()
    code: _Concept = _Concept()
    order_detail: tuple[_Concept, ...] = ()
    occurrence_timing: _Timing = _Timing()
    requester: _Reference = _Reference()
    replaces: tuple[_Reference, ...] = ()
    reason_code: tuple[_Concept, ...] = ()
    note: tuple[_Note, ...] = ()
    patient_instruction: str = ""


def draft_of(content: bytes, tasks: Collection[str], base: str = "") -> DraftProgramme:
    """What a ServiceRequest asks for; `tasks` are all that can be played, `base` is where its sender reaches us.

    Raises OrderRefused.
    """
    said = _decoded(content)
    order = _read(said)
    codings = [coding for concept in (order.code, *order.order_detail) for coding in concept.coding]
    games = [(coding, _game(coding)) for coding in codings]
    known = {codes.other("exercise_therapy"), *codes.concept("parts.exercise").coding}
    known_here = {(coding.system, coding.code) for coding in known}
    repeat = order.occurrence_timing.repeat
    unknown = [coding for coding, game in games if game not in tasks and (coding.system, coding.code) not in known_here]
    return DraftProgramme(
        order=_known_by(order),
        patient=_patient(order.subject, base),
        tasks=tuple(dict.fromkeys(game for _, game in games if game in tasks)),
        days=tuple(day for day in DAYS if day in repeat.day_of_week),
        minutes=_minutes(repeat),
        times_a_day=repeat.frequency if _daily(repeat) else None,
        until=repeat.bounds_period.end.strip(),
        requester=_named(order.requester),
        reason="; ".join(filter(None, map(in_words, said.get("reasonCode") or ()))),
        text=_once(_text(order, said)),
        unknown=_once(f"{coding.system}|{coding.code}" for coding in unknown),
        status=order.status,
        replaces=_once(_other(one, base) for one in order.replaces),
        said={name: value for name, value in said.items() if name not in ("meta", "text")},
        updated=order.meta.last_updated,
    )


def of_draft(naming: Naming, patient_id: str, draft_id: str, draft: DraftProgramme, status: str, at: str) -> Sent:
    """An order as whoever sent it reads it here: as it came, with what became of it as its status."""
    own_id = draft_path(naming, patient_id, draft_id).rpartition("/")[2]
    fields = {field.encode_name: field.name for field in msgspec.structs.fields(Sent)}
    said = {fields[name]: value for name, value in draft.said.items() if name in fields}
    theirs = [one for one in said.get("identifier") or () if one.get("system") != IDS]
    ours: dict[str, Any] = {
        "id": own_id, "identifier": (identifier(own_id), *theirs), "status": status,
        "subject": refer("Patient", naming.patient(patient_id)), "authored_on": said.get("authored_on", at),
    }  # fmt: skip
    return Sent(**said | ours)


def draft_path(naming: Naming, patient_id: str, draft_id: str) -> str:
    """Where an order is, for whoever sent it."""
    return f"ServiceRequest/{naming.id('draft', patient_id, draft_id)}"


def _decoded(content: bytes) -> Mapping[str, Any]:
    if len(content) > LARGEST_BYTES:
        raise OrderRefused("too-long", f"an order of {len(content)} bytes is too long; {LARGEST_BYTES} are the most")
    try:
        said = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise OrderRefused("structure", f"this is not JSON: {reason}") from None
    if not isinstance(said, dict):
        raise OrderRefused("structure", "this is no ServiceRequest")
    if _deeper(said, DEEPEST):
        raise OrderRefused("structure", f"this is more than {DEEPEST} parts deep")
    if _modified(said):
        raise OrderRefused("extension", "modifierExtension changes what an order means: send it without")
    return said


def _deeper(value: Any, most: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(parts) and (most == 0 or any(_deeper(part, most - 1) for part in parts))


def _modified(value: Any) -> bool:
    """Whether anything in it means something else than it says."""
    if isinstance(value, dict):
        return bool(value.get("modifierExtension")) or any(map(_modified, value.values()))
    return isinstance(value, list) and any(map(_modified, value))


def _read(said: Mapping[str, Any]) -> _Order:
    try:
        order = msgspec.convert(said, _Order)
    except msgspec.ValidationError as reason:
        raise OrderRefused("structure", f"this is no ServiceRequest: {reason}") from None
    if order.resource_type != "ServiceRequest":
        raise OrderRefused("not-supported", f"{_short(order.resource_type)!r} cannot be ordered, only ServiceRequest")
    if order.implicit_rules:
        raise OrderRefused("extension", "implicitRules change what an order means: send it without")
    if order.do_not_perform:
        raise OrderRefused("not-supported", "doNotPerform: what not to do is a precaution, which a therapist writes")
    if order.status not in (*OPEN, *ENDED):
        known = ", ".join((*OPEN, *ENDED))
        raise OrderRefused("business-rule", f"status {_short(order.status)!r} must be one of {known}")
    if order.intent not in _INTENTS:
        raise OrderRefused("business-rule", f"intent {_short(order.intent)!r} must be one of {', '.join(_INTENTS)}")
    return order


def _known_by(order: _Order) -> str:
    by = next((one for one in order.identifier if one.value and one.system != IDS), None)  # ours is in what we answer
    if by is None and not order.id:
        raise OrderRefused("required", "an order needs an identifier or an id, so that it is taken once")
    return f"{by.system}|{by.value}" if by else f"ServiceRequest/{order.id}"


def _patient(subject: _Reference, base: str) -> tuple[str, ...]:
    reference, by = _ours(subject.reference, base), subject.identifier
    named = (reference if reference.startswith("Patient/") else "", f"{by.system}|{by.value}" if by.value else "")
    if not any(named):
        raise OrderRefused("required", "subject must name a patient: a reference Patient/ID, or an identifier")
    return tuple(filter(None, named))


def _other(order: _Reference, base: str) -> str:
    """What an order is known by that another one refers to."""
    by = order.identifier
    return _ours(order.reference, base) or (f"{by.system}|{by.value}" if by.value else "")


def _ours(reference: str, base: str) -> str:
    """A reference without our own address."""
    return reference.removeprefix(f"{base}/") if base else reference


def _named(who: _Reference) -> str:
    by = who.identifier
    return (who.display or who.reference or "|".join(filter(None, (by.system, by.value)))).strip()


def _text(order: _Order, said: Mapping[str, Any]) -> list[str]:
    """All of an order that is only words, or that is no number of ours."""
    timing = said.get("occurrenceTiming") or {}
    return [
        *before_all(said),
        *map(_shown, (said.get("code"), *(said.get("orderDetail") or ()))),
        in_words(timing.get("code")),
        _not_daily(order.occurrence_timing.repeat),
        *named(_unread(order.occurrence_timing.repeat, timing)),
        order.patient_instruction,
        *notes(said),
        *rest(said),
    ]


def _shown(concept: Mapping[str, Any] | None) -> str:
    """A concept in words; its codes are games of ours, or are told apart."""
    codings = [coding for coding in (concept or {}).get("coding") or () if coding.get("display")]
    return in_words({**(concept or {}), "coding": codings})


def _unread(repeat: _Repeat, timing: Mapping[str, Any]) -> dict[str, Any]:
    """What of a timing is no number of ours, and not in the words for how often."""
    told = dict(timing.get("repeat") or {})
    read = {"dayOfWeek"} if set(repeat.day_of_week) <= set(DAYS) else set()
    read |= {"frequency", "period", "periodUnit"} if repeat.frequency is not None else set()
    read |= {"duration", "durationUnit"} if _minutes(repeat) is not None else set()
    bounds = told.pop("boundsPeriod", None) or {}
    others = {name: value for name, value in bounds.items() if name != "end"}
    told = {name: value for name, value in told.items() if name not in read}
    beside = {name: value for name, value in timing.items() if name not in ("repeat", "code")}
    return {**({"bounds": others} if others else {}), **told, **beside}


def _game(coding: _Coding) -> str:
    ours = Coding(system=coding.system, code=coding.code)
    return codes.named(ours, "games") or codes.named(ours, "tests")


def _daily(repeat: _Repeat) -> bool:
    """Whether it says how often a day, in numbers that a programme can have."""
    often = repeat.frequency is not None and 1 <= repeat.frequency <= MOST_TIMES_A_DAY
    return often and repeat.period == 1 and repeat.period_unit == "d"


def _minutes(repeat: _Repeat) -> float | None:
    """How long, in minutes that a programme can have."""
    minutes = _MINUTES.get(repeat.duration_unit, 0) * (repeat.duration or 0)
    return minutes if LEAST_MINUTES <= minutes <= MOST_MINUTES else None


def _not_daily(repeat: _Repeat) -> str:
    """How often, in words, where that is not so many times a day."""
    if repeat.frequency is None or _daily(repeat):
        return ""
    period = "" if repeat.period is None else f"{repeat.period:g} "
    return f"{repeat.frequency} times every {period}{repeat.period_unit}"


def _at(text: str) -> datetime | None:
    """An instant of FHIR; None for what is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _short(text: str) -> str:
    """Something of theirs in a message of ours."""
    return text.strip()[:100]
