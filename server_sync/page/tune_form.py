"""The form of Tune: one name for every value that can be tuned, how it is written in a field, and what a form says."""

import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, cast

from engine.adaptation import Adaptation
from engine.bounds import describe_bounds, tables_by_movement
from engine.movements import MOVEMENTS
from engine.parameters import ParameterError, Value, describe
from engine.prescription import Draft
from engine.presets import Resolved, names, resolve
from engine.records import Precaution
from server_sync.clinic.known_tasks import tasks
from server_sync.page import words
from server_sync.page.language import _
from server_sync.page.translated import translated

Plan = Mapping[str, Mapping[str, Any]]
Leaves = dict[str, Any]
"""A plan by the names of its values: `adaptation.speed`, `limits.lean_back.ceiling`, `games.fruit_ladder.hold_s`."""
_NEAR = 1e-9


class Wish(NamedTuple):
    """What a form says: a preset, what differs from it, and by its name what cannot be, "" for no one field."""

    preset: str
    plan: Plan
    problems: Mapping[str, str]


class _NotTaken(ValueError):
    """A value cannot be; the message says why, in the language of the page."""


def resolved(preset: str, plan: Plan) -> Resolved:
    """What holds by a preset and a plan; raises ParameterError."""
    return resolve(preset, tasks(), plan, others=True)


@cache
def plain(preset: str) -> Resolved:
    """What holds by a preset alone."""
    return resolved(preset, {})


@cache
def preset_names() -> tuple[str, ...]:
    """The presets that there are; reading them all takes a while."""
    return tuple(names())


@cache
def described() -> Mapping[str, Mapping[str, Any]]:
    """Every value that can be tuned, by its name, with its type, bounds or options, unit and help."""
    found = {f"adaptation.{each['name']}": each for each in describe(Adaptation)}
    for movement, about in MOVEMENTS.items():
        if about.unit:
            found |= {f"limits.{movement}.{each['name']}": each for each in describe_bounds(movement)[:2]}
    for game, task in tasks().items():
        found |= {f"games.{game}.{each['name']}": each for each in describe(task.Parameters)}
    return found


def value_of(holds: Resolved, key: str) -> Value | None:
    """One value of what holds; None for a bound that nobody says."""
    table, name, *rest = key.split(".")
    if table == "adaptation":
        return cast(Value, getattr(holds.adaptation, name))
    if table == "games":
        return holds.games[name][rest[0]]
    return (holds.floors if rest == ["floor"] else holds.ceilings).get(name)


def is_share(about: Mapping[str, Any]) -> bool:
    """Whether a number is a share that people read in percent."""
    share = about["type"] == "float" and about.get("high", 2) <= 1 and not about["unit"]
    return share and not about["name"].startswith("share_")


def written(value: Value | None, about: Mapping[str, Any]) -> str:
    """A value as it stands in its field."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    return f"{round(100 * value, 6) if is_share(about) else value:g}"


def wished(data: Mapping[str, str], saved: Draft) -> Wish:
    """What a form says that was filled from a saved draft: a field that was not touched follows the preset.

    A field that the form lacks stays as it is.
    """
    preset = data.get("preset", saved.preset)
    if preset not in preset_names():
        preset = saved.preset
    was, alone = resolved(saved.preset, saved.plan), plain(preset)
    said, problems = leaves(saved.plan), dict[str, str]()
    for key, about in described().items():
        if key not in data or data[key].strip() == written(value_of(was, key), about):
            continue
        try:
            value = _read(data[key].strip(), about)
            _check_bound(key, value, alone, saved.precautions)
        except _NotTaken as reason:
            problems[key] = str(reason)
            continue
        if value is None or _same(value, value_of(alone, key)):
            said.pop(key, None)
        else:
            said[key] = value
    plan = as_plan(said)
    return Wish(preset, plan, problems or dict(_contradictions(preset, plan, data)))


def leaves(plan: Plan) -> Leaves:
    """A plan by the names of its values, short names of limits spread out."""
    limits = tables_by_movement(plan.get("limits", {}), "plan")
    flat = {f"adaptation.{name}": value for name, value in plan.get("adaptation", {}).items()}
    for table, of in (("limits", limits), ("games", plan.get("games", {}))):
        flat |= {f"{table}.{name}.{key}": value for name, values in of.items() for key, value in values.items()}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in flat.items()}


def as_plan(flat: Leaves) -> Plan:
    """The plan of values by their names."""
    plan: dict[str, dict[str, Any]] = {}
    for key, value in flat.items():
        table, name, *rest = key.split(".")
        if rest:
            plan.setdefault(table, {}).setdefault(name, {})[rest[0]] = value
        else:
            plan.setdefault(table, {})[name] = value
    return plan


def merged(base: Draft, theirs: Draft, mine: Wish) -> tuple[str, Plan]:
    """A preset and a plan as somebody else saved them meanwhile, with what I changed of `base` laid over."""
    was, wish, now = leaves(base.plan), leaves(mine.plan), leaves(theirs.plan)
    for key in {*was, *wish}:
        if wish.get(key) != was.get(key):
            if key in wish:
                now[key] = wish[key]
            else:
                now.pop(key, None)
    return (mine.preset if mine.preset != base.preset else theirs.preset), as_plan(now)


def changed_keys(old: Resolved, new: Resolved) -> list[str]:
    """The names of the values that differ, those that are tuned first in front."""
    return [key for key in described() if not _same(value_of(old, key), value_of(new, key))]


def _same(one: Value | None, other: Value | None) -> bool:
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, abs_tol=_NEAR)
    return one == other


def _read(text: str, about: Mapping[str, Any]) -> Value | None:
    """A value from its field; None for a bound that is left empty. Raises _NotTaken."""
    if "options" in about:
        return _one_of(text, about["options"])
    if "several" in about:
        return _some_of(text, about["several"])
    if about["type"] == "bool":
        return _one_of(text, ("yes", "no")) == "yes"
    if not text and about["name"] in ("floor", "ceiling"):
        return None
    return _number(text, about)


def _number(text: str, about: Mapping[str, Any]) -> float | int:
    factor = 100.0 if is_share(about) else 1.0
    low, high = factor * about["low"], factor * about["high"]
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise _NotTaken(_("“%(text)s” is not a number.", text=text)) from None
    if not low - _NEAR <= value <= high + _NEAR:
        raise _NotTaken(
            _(
                "%(text)s is outside %(low)s to %(high)s: set it between.",
                text=text, low=f"{low:g}", high=f"{high:g}",
            )
        )  # fmt: skip
    if about["type"] == "int":
        if value != int(value):
            raise _NotTaken(_("%(text)s has to be a whole number.", text=text))
        return int(value)
    return round(value / factor, 6)


def _one_of(text: str, options: tuple[str, ...]) -> str:
    if text not in options:
        raise _NotTaken(_("“%(text)s” has to be one of %(options)s.", text=text, options=", ".join(options)))
    return text


def _some_of(text: str, options: tuple[str, ...]) -> tuple[str, ...]:
    said = tuple(word.strip() for word in text.split(","))
    if any(word not in options or said.count(word) > 1 for word in said):
        raise _NotTaken(
            _("“%(text)s” has to be some of %(options)s, each once.", text=text, options=", ".join(options))
        )
    return said


def _check_bound(key: str, value: Value | None, alone: Resolved, precautions: tuple[Precaution, ...]) -> None:
    """Raise _NotTaken for a ceiling beyond what a preset has locked, or what a precaution bars."""
    table, movement, *which = key.split(".")
    if table != "limits" or which != ["ceiling"] or not isinstance(value, float | int):
        return
    unit, locked = MOVEMENTS[movement].unit, alone.limits.get(movement)
    if locked is not None and value > locked.locked_at:
        raise _NotTaken(
            _(
                "%(value)s is above %(most)s, locked by the preset “%(preset)s” (%(reason)s). "
                "Set %(most)s or less, or choose another preset.",
                value=words.quantity(value, unit), most=words.quantity(locked.locked_at, unit),
                preset=translated(alone.title), reason=translated(locked.reason),
            )
        )  # fmt: skip
    for held in precautions:
        if held.movement == movement and value > held.at_most:
            raise _NotTaken(barred_words(value, held))


def barred_words(value: float, held: Precaution) -> str:
    """Why a value cannot be that a precaution bars, and the ways out."""
    amount, most = words.quantity(value, held.unit), words.quantity(held.at_most, held.unit)
    said = {"value": amount, "most": most, "by": held.by, "reason": held.reason}
    if not held.until:
        return _(
            "%(value)s is above %(most)s, barred until it is lifted (%(by)s, %(reason)s). "
            "Set %(most)s or less, or lift the precaution first.",
            **said,
        )
    return _(
        "%(value)s is above %(most)s, barred until %(until)s (%(by)s, %(reason)s). "
        "Set %(most)s or less, or lift the precaution first.",
        until=words.date(held.until),
        **said,
    )


def _contradictions(preset: str, plan: Plan, data: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What each field allows and all together do not."""
    try:
        resolved(preset, plan)
    except ParameterError as reason:
        said = leaves(plan)
        floors = [key for key in said if key.endswith("floor") and said[key] > said.get(_ceiling_of(key), math.inf)]
        if where := next((key for key in floors if key in data), ""):
            yield where, _("The floor is above the ceiling: lower it, or raise the ceiling.")
            return
        why = str(reason).partition("] ")[2] or str(reason)
        yield "", _("These values contradict each other: %(reason)s.", reason=why)


def _ceiling_of(floor: str) -> str:
    return f"{floor.removesuffix('floor')}ceiling"
