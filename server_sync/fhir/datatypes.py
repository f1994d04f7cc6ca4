"""The data types of FHIR R4 that we write, and how anything of it becomes JSON.

A field that is not here cannot be written, and one that is empty is left out: FHIR knows no null and no empty array.
"""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class Element(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A value of FHIR."""


class Coding(Element, frozen=True, kw_only=True):
    """One code of one system; we give the words only of codes that are our own."""

    system: str = ""
    code: str = ""
    display: str = ""


class CodeableConcept(Element, frozen=True, kw_only=True):
    """What is meant, by codes and in words."""

    coding: tuple[Coding, ...] = ()
    text: str = ""


class Identifier(Element, frozen=True, kw_only=True):
    """What a thing is known by."""

    use: str = ""
    system: str = ""
    value: str = ""


class Reference(Element, frozen=True, kw_only=True):
    """Another resource, as `Type/id`, by what it is known by, or only in words."""

    reference: str = ""
    type: str = ""
    identifier: Identifier | None = None
    display: str = ""


class Period(Element, frozen=True, kw_only=True):
    """From when until when."""

    start: str = ""
    end: str = ""


class Quantity(Element, frozen=True, kw_only=True):
    """A number with its unit, in words and as UCUM has it."""

    value: float
    comparator: str = ""
    unit: str = ""
    system: str = ""
    code: str = ""


class Annotation(Element, frozen=True, kw_only=True):
    """A note, and who made it when."""

    author_string: str = ""
    time: str = ""
    text: str


class Attachment(Element, frozen=True, kw_only=True):
    """What is said of a file, which is never in it."""

    content_type: str = ""
    size: int | None = None
    title: str = ""
    creation: str = ""


class Repeat(Element, frozen=True, kw_only=True):
    """How often something is done, and for how long."""

    bounds_period: Period | None = None
    duration: float | None = None
    duration_unit: str = ""
    frequency: int | None = None
    period: float | None = None
    period_unit: str = ""
    day_of_week: tuple[str, ...] = ()


class Timing(Element, frozen=True, kw_only=True):
    """When something is done."""

    repeat: Repeat


class Meta(Element, frozen=True, kw_only=True):
    """What is said of a resource and not in it."""

    last_updated: str = ""
    tag: tuple[Coding, ...] = ()


def moment(at: str, later_s: float = 0.0) -> str:
    """A moment of a record as FHIR has it: to the day where nobody said in which time zone, "" for none."""
    try:
        then = datetime.fromisoformat(at)
    except ValueError:
        return ""
    if then.tzinfo is None:
        return then.date().isoformat()
    return (then + timedelta(seconds=later_s)).isoformat(timespec="milliseconds")


def to_json(value: Element) -> bytes:
    """A resource as JSON, the same bytes for the same content: sorted, without anything empty.

    Words that people wrote lose the control characters that FHIR forbids. Raises ValueError for a number that is not
    finite, which JSON cannot hold.
    """
    return encoded(plain(value))


def encoded(content: Mapping[str, Any]) -> bytes:
    """What `plain` gives, as JSON."""
    return msgspec.json.encode(content, order="sorted")


def plain(value: Element) -> dict[str, Any]:
    """A resource as `to_json` writes it, before it is bytes."""
    kept: dict[str, Any] = _kept(msgspec.to_builtins(value))
    return kept


def redirected(content: Any, to: Callable[[str], str]) -> Any:
    """What `plain` gives, with each of its references to where `to` says that it is."""
    if isinstance(content, list):
        return [redirected(part, to) for part in content]
    if not isinstance(content, dict):
        return content
    parts = {name: redirected(part, to) for name, part in content.items()}
    return parts | {"reference": to(parts["reference"])} if isinstance(parts.get("reference"), str) else parts


def _kept(value: Any) -> Any:
    """A value without what is empty, None where nothing is left."""
    if isinstance(value, dict):
        parts = {name: kept for name, part in value.items() if (kept := _kept(part)) is not None}
        return parts or None
    if isinstance(value, list | tuple):
        items = [kept for part in value if (kept := _kept(part)) is not None]
        return items or None
    if isinstance(value, str):
        return _CONTROL.sub("", value).strip() or None
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"a resource cannot hold the number {value}")
    return value
