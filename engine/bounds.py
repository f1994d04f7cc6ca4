"""The least and the most that may be asked of a movement, as presets and plans say it, and who may change that."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from engine.frame import SIDES
from engine.movements import LEANS, MOVEMENTS
from engine.parameters import ParameterError, within

PAIRS = [name.removesuffix("_left") for name in MOVEMENTS if name.endswith("_left") and name not in LEANS]
SHORT_FORMS: Mapping[str, tuple[str, ...]] = {
    "lean": tuple(LEANS),
    **{pair: tuple(f"{pair}_{side}" for side in SIDES) for pair in PAIRS},
}
"""Names that stand for several movements: `lean` for all eight directions, the others for both sides."""

HELP = {
    "floor": "the least that is asked, however little was measured",
    "ceiling": "the most that is ever asked or shown; 0 forbids",
    "reason": "why, for whoever reads it later",
    "locked": "whether the patient's plan and the therapist may lower the ceiling, but never raise it",
}


class Said(NamedTuple):
    """What one layer says of one movement: the values of its table, the layer's name, and where it is written."""

    table: Mapping[str, Any]
    source: str
    place: str


@dataclass(frozen=True)
class Bounds:
    """What holds for one movement, in its unit.

    `floor_by` and `ceiling_by` are the layers that the values come from, "" where there is none. `locked_at` is what
    no later layer exceeds, and `locked_by` where that is written, and why.
    """

    movement: str
    floor: float = 0.0
    ceiling: float = math.inf
    reason: str = ""
    locked_at: float = math.inf
    locked_by: str = ""
    floor_by: str = ""
    ceiling_by: str = ""


def describe_bounds(movement: str) -> list[dict[str, Any]]:
    """What a form needs for the bounds of one movement, as `engine.parameters.describe` gives it for parameters."""
    about = MOVEMENTS[movement]
    kinds = {"floor": float, "ceiling": float, "reason": str, "locked": bool}
    defaults = {"floor": 0.0, "ceiling": about.largest, "reason": "", "locked": False}
    span = {"low": 0.0, "high": about.largest, "unit": about.unit}
    return [
        {"name": name, "type": kind.__name__, "default": defaults[name], "help": HELP[name]}
        | (span if kind is float else {"unit": ""})
        for name, kind in kinds.items()
    ]


def tables_by_movement(limits: Mapping[str, Any], place: str) -> Mapping[str, Mapping[str, Any]]:
    """The `[limits]` of one layer by movement: short forms spread out, and what names one movement wins over them.

    Raises ParameterError for a name, key or value that cannot be.
    """
    spread: dict[str, dict[str, Any]] = {}
    for name, table in sorted(limits.items(), key=lambda entry: entry[0] in MOVEMENTS):
        movements = SHORT_FORMS.get(name, (name,))
        where = f"{place}: [limits.{name}]"
        if movements[0] not in MOVEMENTS:
            known = ", ".join([*SHORT_FORMS, *MOVEMENTS])
            raise ParameterError(f"{where}: there is no movement {name!r}; known are {known}")
        for movement in movements:
            _check_table(movement, table_of(table, where), where)
            spread[movement] = {**spread.get(movement, {}), **table}
    return spread


def table_of(value: object, where: str) -> dict[str, Any]:
    """A table of a file or of a plan as a new mapping; raises ParameterError where it is none."""
    if not isinstance(value, Mapping):
        raise ParameterError(f"{where} = {value!r} must be a table")
    return dict(value)


def cascaded(movement: str, layers: Iterable[Said]) -> Bounds:
    """What holds in the end; raises ParameterError where a lock is broken or the floor lies above the ceiling."""
    bounds, place = Bounds(movement), ""
    for said in layers:
        bounds, place = _after(bounds, said), said.place
    if bounds.floor > bounds.ceiling:
        unit = MOVEMENTS[movement].unit
        raise ParameterError(
            f"{place}: [limits.{movement}]: the floor, {bounds.floor:g} {unit} ({bounds.floor_by}), is above the "
            f"ceiling, {bounds.ceiling:g} {unit} ({bounds.ceiling_by}): lower the floor"
        )
    return bounds


def _check_table(movement: str, table: Mapping[str, Any], where: str) -> None:
    about = MOVEMENTS[movement]
    for key, value in table.items():
        if key not in HELP:
            raise ParameterError(f"{where}: there is no {key!r}; known are {', '.join(HELP)}")
        if key == "reason" and not isinstance(value, str):
            raise ParameterError(f"{where}: reason = {value!r} must be words")
        if key == "locked" and not isinstance(value, bool):
            raise ParameterError(f"{where}: locked = {value!r} must be true or false")
        if key in ("floor", "ceiling") and not within(value, 0.0, about.largest):
            span = f"from 0 to {about.largest:g} {about.unit}" if about.unit else "0, which forbids it"
            raise ParameterError(f"{where}: {key} = {value!r} must be a number, {span} ({movement})")
    if table.get("locked") and not table.get("reason"):
        raise ParameterError(f"{where}: locked = true needs a reason, for whoever wants to raise it")


def _after(before: Bounds, said: Said) -> Bounds:
    """The bounds once a layer was heard."""
    table, where = said.table, f"{said.place}: [limits.{before.movement}]"
    bounds = before
    if "floor" in table:
        bounds = replace(bounds, floor=float(table["floor"]), floor_by=said.source)
    if "ceiling" in table:
        ceiling = float(table["ceiling"])
        if ceiling > before.locked_at:
            raise ParameterError(f"{where}: ceiling = {ceiling:g} is above {_lock(before)}; it can only be lowered")
        bounds = replace(bounds, ceiling=ceiling, ceiling_by=said.source, reason=said.source)
    if table.get("reason"):
        bounds = replace(bounds, reason=table["reason"])
    if table.get("locked") is False and before.locked_by:
        raise ParameterError(f"{where}: locked = false would undo {_lock(before)}")
    if table.get("locked"):
        if bounds.ceiling == math.inf:
            raise ParameterError(f"{where}: locked = true needs a ceiling to lock")
        bounds = replace(bounds, locked_at=bounds.ceiling, locked_by=f"{said.place} ({bounds.reason})")
    return bounds


def _lock(bounds: Bounds) -> str:
    unit = MOVEMENTS[bounds.movement].unit
    return f"{bounds.locked_at:g} {unit}, locked in {bounds.locked_by}"
