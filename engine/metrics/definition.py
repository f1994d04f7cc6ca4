"""What a measure is, beside its number: unit, meaning, formula, source, error, and when to doubt it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from engine.records import Measured


class NotMeasurable(ValueError):
    """What was given cannot be measured (wrong shape, not finite, no rate); the message says what and why."""


@dataclass(frozen=True)
class Definition:
    """One measure in words that a clinician, a programmer and a reviewer can check.

    `meaning` is one sentence for a clinician; `error` says how true the number is and how that is known;
    `doubt` says when not to trust it. `plus_minus` (in the unit) and `share` (of the value) are the half width
    of a 95 % interval of the error of measurement, as far as there is a number for it.
    """

    title: str
    unit: str
    meaning: str
    formula: str
    source: str
    error: str
    doubt: str
    plus_minus: float | None = None
    share: float | None = None

    def half_width(self, value: float) -> float | None:
        """The half width of the 95 % interval around a value, in its unit; None where nobody knows it."""
        if self.plus_minus is None and self.share is None:
            return None
        return math.hypot(self.plus_minus or 0.0, (self.share or 0.0) * value)


def defined(
    title: str,
    unit: str,
    meaning: str,
    *,
    formula: str,
    source: str,
    error: str,
    doubt: str,
    plus_minus: float | None = None,
    share: float | None = None,
) -> Any:
    """A field of a result's dataclass, with the definition of what it holds."""
    definition = Definition(title, unit, meaning, formula, source, error, doubt, plus_minus, share)
    return field(metadata={"definition": definition})


def definitions(kind: type) -> Mapping[str, Definition]:
    """The definitions of a result's dataclass, by field, in order; fields without one hold no measure."""
    found = ((f.name, f.metadata.get("definition")) for f in fields(kind))
    return {name: definition for name, definition in found if definition is not None}


def measured(result: Any, *names: str) -> dict[str, Measured]:
    """A result as records, to 12 significant digits: each measure with unit and error, None where it is nan.

    The reason is `result.why[name]`, where the result has a mapping `why`. With names it is of these alone.
    """
    why: Mapping[str, str] = getattr(result, "why", {})
    defined = definitions(type(result))
    return {
        name: _measured(float(getattr(result, name)), defined[name], why.get(name, "")) for name in names or defined
    }


def known(
    value: float | None, unit: str, digits: int, why: str, error: float | None = None, note: str = ""
) -> Measured:
    """A number to so many digits after the point, with a note; or, where it is None or nan, none and why."""
    if value is None or math.isnan(value):
        return Measured(None, unit, None, why)
    return Measured(round(value, digits), unit, error, note)


def _measured(value: float, definition: Definition, why: str) -> Measured:
    if not math.isfinite(value):
        return Measured(None, definition.unit, None, why or "could not be measured")
    error = definition.half_width(value)
    return Measured(float(f"{value:.12g}"), definition.unit, None if error is None else float(f"{error:.3g}"), why)
