"""A therapist's values for a game: code owns names, bounds, units and help; data owns the values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, cast

Value = float | int | str | bool | tuple[str, ...]
P = TypeVar("P")


class ParameterError(ValueError):
    """A value that cannot be used; the message names the parameter, the value, the range and the place."""


@dataclass(frozen=True)
class Layer:
    """Values from one place; `source` is where a person would go to change them."""

    source: str
    values: Mapping[str, object]


def number(default: float, low: float, high: float, unit: str, help: str, knob: str = "", harder: float = 0.0) -> Any:
    """Declare a number of a Parameters class: its default, its bounds (inclusive), its unit, and what it does.

    An int default keeps it whole; `unit` is "" for a count. A parameter that makes the game harder names the `knob` of
    `engine.adaptation.KNOBS` that it is, and by how much one step of it changes the value (`harder`, with its sign).
    """
    more = {"knob": knob, "harder": harder} if knob else {}
    return field(default=default, metadata={"low": low, "high": high, "unit": unit, "help": help, **more})


def choice(default: str, options: tuple[str, ...], help: str) -> Any:
    """Declare a choice between words."""
    return field(default=default, metadata={"options": options, "unit": "", "help": help})


def order(default: tuple[str, ...], options: tuple[str, ...], help: str) -> Any:
    """Declare some of several words, each at most once, in an order that matters; "one, two" is taken, too."""
    return field(default=default, metadata={"several": options, "unit": "", "help": help})


def switch(default: bool, help: str) -> Any:
    """Declare a yes or no."""
    return field(default=default, metadata={"unit": "", "help": help})


def describe(kind: type) -> list[dict[str, Any]]:
    """All that a form needs: name, default, bounds or options, unit and help of each parameter."""
    return [
        {"name": f.name, "type": type(f.default).__name__, "default": f.default, **f.metadata} for f in fields(kind)
    ]


def fill(kind: type[P], *layers: Layer) -> P:
    """Make parameters from layers, each overriding the one before.

    Raises ParameterError for an unknown name, a wrong type or a value out of bounds.
    """
    known = {f.name: f for f in fields(cast(Any, kind))}
    values: dict[str, object] = {}
    for layer in layers:
        for name, value in layer.values.items():
            if name not in known:
                raise ParameterError(f"{layer.source}: there is no parameter {name!r}; known are {', '.join(known)}")
            values[name] = _checked(name, value, known[name], layer.source)
    return kind(**values)


def within(value: object, low: float, high: float) -> bool:
    """Whether a value from a file is a number of a range, bounds included; NaN is none, nor are true and false."""
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _checked(name: str, value: object, declared: Any, source: str) -> object:
    meta = declared.metadata
    if "options" in meta:
        if value not in meta["options"]:
            raise ParameterError(f"{source}: {name} = {value!r} must be one of {', '.join(meta['options'])}")
        return value
    if "several" in meta:
        return _several(name, value, meta["several"], source)
    if isinstance(declared.default, bool):
        if not isinstance(value, bool):
            raise ParameterError(f"{source}: {name} = {value!r} must be true or false")
        return value
    return _number(name, value, declared, source)


def _several(name: str, value: object, options: tuple[str, ...], source: str) -> tuple[str, ...]:
    given = [word.strip() for word in value.split(",")] if isinstance(value, str) else value
    words = tuple(given) if isinstance(given, list | tuple) else ()
    if not words or any(word not in options or words.count(word) > 1 for word in words):
        raise ParameterError(f"{source}: {name} = {value!r} must be some of {', '.join(options)}, each once")
    return words


def _number(name: str, value: object, declared: Any, source: str) -> float | int:
    low, high, unit = (declared.metadata[key] for key in ("low", "high", "unit"))
    whole = isinstance(declared.default, int)
    if within(value, low, high) and (not whole or value == int(cast(float, value))):
        return int(cast(float, value)) if whole else float(cast(float, value))
    what = "a whole number" if whole else "a number"
    raise ParameterError(f"{source}: {name} = {value!r} must be {what} from {low:g} to {high:g} {unit}".rstrip())
