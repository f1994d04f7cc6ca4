"""What the page of Tune shows of values: fields with bounds, unit, help and origin, and what changed, in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from engine.movements import LEANS, MOVEMENTS
from engine.parameters import ParameterError
from engine.prescription import Draft
from engine.preset_words import share_of_limit
from engine.presets import DEFAULT, PLAN, Resolved
from server_sync.clinic.known_tasks import tasks
from server_sync.clinic.prescriptions import Version
from server_sync.page import words
from server_sync.page.language import _, ngettext
from server_sync.page.translated import translated
from server_sync.page.tune_form import changed_keys, described, is_share, resolved, value_of, written
from server_sync.page.tune_words import moment

SUCCESS = "adaptation.target_success"
SHOWN = ("misses_before_easier", "speed", "warm_up_trials", "rest_after_trials", "pain_stop_nrs")
"""What is shown beside the slider and the two bounds of a movement: eight in all, before "more"."""
MOST_CHANGES = 6
_OWN = ("preset", "plan", "for_a_day", "messages")


class Control(NamedTuple):
    """One field: `key` is its name in the form, `was` its value before where it changed, `source` who says it.

    `low`, `high` and `step` are as the field has them, "" for one that is no number; `options` are a choice's words.
    """

    key: str
    title: str
    help: str
    unit: str
    value: str
    low: str
    high: str
    step: str
    options: tuple[tuple[str, str], ...]
    was: str | None
    source: str
    problem: str


class Group(NamedTuple):
    """Fields under one heading."""

    title: str
    controls: tuple[Control, ...]


class Past(NamedTuple):
    """A version as it is remembered: what changed with it, by whom, when and why."""

    number: int
    author: str
    at: str
    why: str
    changes: tuple[str, ...]


class Fields:
    """Fields of a form that was filled with what somebody wishes, beside what is saved."""

    def __init__(self, new: Resolved, saved: Resolved, data: Mapping[str, str], problems: Mapping[str, str]) -> None:
        """Values are what was typed (`data`), else what the wish comes to."""
        self._new, self._saved, self._data, self._problems = new, saved, data, problems
        self._about = described()

    def control(self, key: str) -> Control:
        """One field."""
        about, new = self._about[key], value_of(self._new, key)
        now = self._data[key].strip() if key in self._problems else written(new, about)
        was = written(value_of(self._saved, key), about)
        low, high, step = _bounds(about)
        return Control(
            key, self._title(key), help_of(about), unit_of(about), now, low, high, step, _options(about),
            None if now == was else was, source_of(self._new, key), self._problems.get(key, ""),
        )  # fmt: skip

    def _title(self, key: str) -> str:
        """Directions of leans are told apart by their fields alone."""
        return words.movement(key.split(".")[1]) if key.split(".")[1] in LEANS else title(key)

    def controls(self, keys: Iterable[str]) -> tuple[Control, ...]:
        """Several fields."""
        return tuple(map(self.control, keys))

    def more(self, movements: Sequence[str], shown: Iterable[str]) -> tuple[Group, ...]:
        """All others in groups: how difficulty follows, the bounds of other movements, each game and test."""
        left, held = {*self._about} - {*shown}, {*movements, *self._new.limits}
        follows = [key for key in self._about if key.startswith("adaptation.")]
        bounds = [f"limits.{name}.{end}" for name in MOVEMENTS if name in held for end in ("ceiling", "floor")]
        keys = {_("How difficulty follows"): follows, _("Other movements"): bounds}
        for game, task in tasks().items():
            keys[translated(task.title)] = [key for key in self._about if key.startswith(f"games.{game}.")]
        found = (Group(heading, self.controls(key for key in of if key in left)) for heading, of in keys.items())
        return tuple(group for group in found if group.controls)


def title(key: str) -> str:
    """What a value is called in its field."""
    table, name, *rest = key.split(".")
    if table == "limits":
        return _("Ceiling") if rest == ["ceiling"] else _("Floor")
    known = {
        "target_success": _("Hits aimed at"),
        "speed": _("Progress"),
        "misses_before_easier": _("Easier after"),
        "warm_up_trials": _("Warm-up"),
        "rest_after_trials": _("Rest after"),
        "pain_stop_nrs": _("Pain that ends it"),
    }
    return known.get(name) or words.name(rest[0] if rest else name)


def full_title(key: str) -> str:
    """What a value is called where its field is not around it."""
    table, name, *_rest = key.split(".")
    if table == "limits":
        return _("%(movement)s, %(bound)s", movement=words.movement(name), bound=words.inside(title(key)))
    if table == "games":
        return _("%(game)s, %(value)s", game=translated(tasks()[name].title), value=words.inside(title(key)))
    return title(key)


def help_of(about: Mapping[str, Any]) -> str:
    """The bounds of a value and what it does."""
    known = {
        "ceiling": _("no target above"),
        "floor": _("no target below"),
        "misses_before_easier": _("misses in a row"),
        "warm_up_trials": _("easier targets at the beginning"),
        "rest_after_trials": _("targets; 0 for no rest"),
        "pain_stop_nrs": _("of 10, from which the session ends"),
    }
    said = known.get(about["name"]) or translated(about["help"])
    if "low" not in about:
        return said
    low, high, _step = _bounds(about)
    return _("%(low)s–%(high)s%(unit)s, %(help)s", low=low, high=high, unit=unit_of(about), help=said)


def unit_of(about: Mapping[str, Any]) -> str:
    """What follows the value in its field, which stands there as it is kept: metres are not told in centimetres."""
    unit = about["unit"]
    if is_share(about):
        return " %"
    return words.suffix(unit) if words.shown(1.0, unit) == 1.0 else f" {unit}"


def source_of(holds: Resolved, key: str) -> str:
    """Who says a value: nobody in particular, a preset, or somebody for this patient."""
    source = holds.sources.get(key, DEFAULT)
    if source == PLAN:
        return _("set for this patient")
    return _("from the preset") if source != DEFAULT else ""


def shown_value(holds: Resolved, key: str) -> str:
    """One value of what holds, with its unit, for a sentence."""
    about, value = described()[key], value_of(holds, key)
    return with_unit(written(value, about), about)


def changes(old: Resolved, new: Resolved) -> tuple[str, ...]:
    """What differs between two, a line for each value: `Ceiling: 100° → 90°`."""
    lines, about = [], described()
    if old.name != new.name:
        lines.append(_("Preset: %(old)s → %(new)s", old=translated(old.title), new=translated(new.title)))
    for key in changed_keys(old, new):
        was, now = (with_unit(written(value_of(each, key), about[key]), about[key]) for each in (old, new))
        lines.append(_("%(value)s: %(old)s → %(new)s", value=full_title(key), old=was, new=now))
    return tuple(lines)


def price(old: Resolved, new: Resolved) -> str:
    """What a share of hits costs, in words."""
    was, now = (round(100 * share_of_limit(each.adaptation)) for each in (old, new))
    before, after = (round(100 * each.adaptation.target_success) for each in (old, new))
    if before == after:
        return _("Most targets are at %(share)s %% of the limit.", share=now)
    if was == now:
        return _("was %(before)s. Targets stay at %(share)s %% of the limit.", before=before, share=now)
    return _(
        "was %(before)s. Targets move from %(was)s %% to %(now)s %% of the limit.", before=before, was=was, now=now
    )


def past(versions: Sequence[Version], most: int = 12) -> tuple[Past, ...]:
    """The last versions, the latest first, each with what it changed."""
    told = []
    for before, version in list(zip([None, *versions], versions, strict=False))[-most:]:
        now = version.prescription
        lines = [_("The first version")] if before is None else _version_changes(before.prescription, now)
        cut = lines[:MOST_CHANGES]
        if more := len(lines) - len(cut):
            cut.append(ngettext("and %(num)s more", "and %(num)s more", more))
        told.append(Past(now.version, now.author, moment(now.written_at), now.why or "", tuple(cut)))
    return tuple(reversed(told))


def _version_changes(before: Draft, now: Draft) -> list[str]:
    try:
        lines = _tuned(before, now)
    except ParameterError:
        lines = [_("Values that this software does not know any more")]
    known = {message.id for message in before.messages}
    lines += [_("Told: “%(text)s”", text=each.text) for each in now.messages if each.id not in known]
    names = [
        name for name in Draft.__struct_fields__ if name not in _OWN and getattr(before, name) != getattr(now, name)
    ]
    if names:
        planned = ", ".join(words.inside(words.name(name)) for name in names)
        lines.append(_("Changed on the plan: %(what)s", what=planned))
    return lines or [_("The same again")]


def _tuned(before: Draft, now: Draft) -> list[str]:
    """What was tuned; raises ParameterError for values that there are not any more."""
    lines = list[str]()
    if (before.preset, before.plan) != (now.preset, now.plan):
        lines += changes(resolved(before.preset, before.plan), resolved(now.preset, now.plan))
    if now.for_a_day and now.for_a_day != before.for_a_day:
        lines.append(_("For %(day)s alone:", day=words.date(now.for_a_day.day)))
        lines += changes(resolved(now.preset, now.plan), resolved(now.for_a_day.preset, now.for_a_day.plan))
    return lines


def movements_of(limits: Iterable[str], new: Resolved, saved: Draft) -> tuple[str, ...]:
    """The movements whose bounds can be tuned on the figure; the eight leans are one, by the name of the first."""
    barred = (held.movement for held in saved.precautions)
    known = {*limits, *barred} or {*new.limits} or {"shoulder_elevation_left", "shoulder_elevation_right"}
    named = [name for name in MOVEMENTS if name in known and MOVEMENTS[name].unit and name not in LEANS]
    return (*named, *(["lean_forward"] if {*LEANS} & known else []))


def with_unit(text: str, about: Mapping[str, Any]) -> str:
    """A value as it stands in its field, with its unit, for a sentence."""
    return f"{translated(text)}{unit_of(about)}" if text else _("none")


def _bounds(about: Mapping[str, Any]) -> tuple[str, str, str]:
    if "low" not in about:
        return "", "", ""
    low, high = (written(about[end], about) for end in ("low", "high"))
    if about["type"] == "int" or is_share(about) or about["unit"] in ("deg", "%"):
        return low, high, "1"
    return low, high, "0.1" if about["high"] <= 20 else "1"


def _options(about: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if about["type"] == "bool":
        return ("yes", _("yes")), ("no", _("no"))
    return tuple((each, translated(each)) for each in about.get("options", ()))


def adaptation_keys() -> tuple[str, ...]:
    """The fields beside the slider, in order."""
    return tuple(f"adaptation.{name}" for name in SHOWN)
