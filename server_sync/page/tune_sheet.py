"""The page of Tune put together: what is saved, what somebody wishes, what that asks, and what was changed before."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from markupsafe import Markup
from msgspec.structs import replace

from engine.movements import LEANS
from engine.prescription import Draft, ForADay, draft_for
from engine.presets import Resolved
from engine.previewed import Preview, SessionPreview
from engine.records import Limit, Session
from server_sync.clinic.prescriptions import Version
from server_sync.clinic.previewing import NotPreviewed
from server_sync.page import words
from server_sync.page.arc import Bounded, Dots, arc
from server_sync.page.asking import Asks, asks, course_of, targets_of, usual
from server_sync.page.language import _
from server_sync.page.lean_plot import Way, lean_plot
from server_sync.page.translated import translated
from server_sync.page.tune_form import Wish, as_plan, leaves, plain, preset_names, resolved, wished
from server_sync.page.tuning import (
    SUCCESS,
    Control,
    Fields,
    Group,
    Past,
    adaptation_keys,
    changes,
    movements_of,
    past,
    price,
)

Ask = Callable[[Draft, Draft | None], Preview]
"""What a draft will ask beside another; raises NotPreviewed."""


class Case(NamedTuple):
    """What is known of a patient: every version, the last session with a calibration (None for none), their day."""

    versions: Sequence[Version]
    done: Session | None
    today: date

    @property
    def saved(self) -> Draft:
        """What holds now; a draft of nothing before the first version."""
        return draft_of(self.versions[-1]) if self.versions else Draft()

    @property
    def if_match(self) -> str:
        """The hash of what holds now."""
        return self.versions[-1].sha256 if self.versions else ""


class Side(NamedTuple):
    """A movement that can be chosen, and whether it is."""

    movement: str
    title: str
    chosen: bool


class Tune(NamedTuple):
    """All of the page; `asked` is None where `not_asked` says why there is no preview."""

    if_match: str
    preset: str
    presets: tuple[tuple[str, str], ...]
    about: str
    success: Control
    price: str
    bounds: tuple[Control, ...]
    controls: tuple[Control, ...]
    more: tuple[Group, ...]
    movement: str
    sides: tuple[Side, ...]
    limit: Limit | None
    figure: Markup
    asked: Asks | None
    not_asked: str
    changes: tuple[str, ...]
    problem: str
    problems: int
    past: tuple[Past, ...]
    only_today: tuple[str, ...]
    why: str

    @property
    def hidden(self) -> int:
        """How many fields are under "more"."""
        return sum(len(group.controls) for group in self.more)

    @property
    def leans(self) -> bool:
        """Whether the figure is the lean plot."""
        return self.movement in LEANS


def draft_of(version: Version) -> Draft:
    """What a version says, for the next one to begin with."""
    return draft_for(version.prescription.patient, version.prescription)


def tuned(saved: Draft, wish: Wish, today: date) -> Draft:
    """A draft as somebody wishes it; all but the preset and its plan stays.

    What holds today alone stays as well, but for ceilings: one that is lowered is lower today, too.
    """
    draft, once = replace(saved, preset=wish.preset, plan=wish.plan), saved.for_a_day
    if not once or once.day != today.isoformat():
        return draft
    was, now, holds = (resolved(each.preset, each.plan) for each in (saved, draft, once))
    said = leaves(once.plan)
    for movement, most in now.ceilings.items():
        if most < min(of.ceilings.get(movement, math.inf) for of in (was, holds)):
            said[f"limits.{movement}.ceiling"] = most
            if movement in holds.floors:
                said[f"limits.{movement}.floor"] = min(most, holds.floors[movement])
    return replace(draft, for_a_day=replace(once, plan=as_plan(said)))


def for_today(saved: Draft, wish: Wish, today: date) -> Draft:
    """The same for one day alone."""
    return replace(saved, for_a_day=ForADay(day=today.isoformat(), preset=wish.preset, plan=wish.plan))


def tune(case: Case, data: Mapping[str, str], ask: Ask) -> Tune:
    """Put the page together from what somebody typed so far, or from what is saved."""
    saved, wish = case.saved, wished(data, case.saved)
    old = resolved(saved.preset, saved.plan)
    new = old if wish.problems else resolved(wish.preset, wish.plan)
    limits = case.done.calibration.limits if case.done and case.done.calibration else {}
    movements = movements_of(limits, new, saved)
    found, not_asked = _asked(ask, tuned(saved, wish, case.today) if not wish.problems else saved, saved)
    movement = data.get("look_at") or data.get("movement", "")
    if movement not in movements:
        movement = next((name for name in movements if found and course_of(found.new, name)), movements[0])
    fields = Fields(new, old, data, wish.problems)
    shown = tuple(LEANS) if movement in LEANS else (movement,)
    bounds = [
        f"limits.{name}.{end}" for name in shown for end in (("ceiling",) if len(shown) > 1 else ("ceiling", "floor"))
    ]
    said = (SUCCESS, *bounds, *adaptation_keys())
    return Tune(
        if_match=case.if_match,
        preset=wish.preset,
        presets=tuple((name, translated(plain(name).title)) for name in preset_names()),
        about=translated(new.preset.about),
        success=fields.control(SUCCESS),
        price=price(old, new),
        bounds=fields.controls(bounds),
        controls=fields.controls(adaptation_keys()),
        more=fields.more(movements, said),
        movement=movement,
        sides=tuple(Side(name, _title(name), name == movement) for name in movements),
        limit=_limit(found, limits, movement),
        figure=_figure(movement, new, old, saved, limits, found),
        asked=asks(found, movement, new, old, saved.precautions) if found else None,
        not_asked=not_asked,
        changes=changes(old, new),
        problem=wish.problems.get("", ""),
        problems=len(wish.problems),
        past=past(case.versions),
        only_today=_only_today(saved, case.today),
        why=data.get("why", ""),
    )


def follows(case: Case, ask: Ask) -> tuple[str, ...]:
    """What the last change does to the next session, in sentences."""
    if len(case.versions) < 2:
        return ()
    try:
        return ask(case.saved, draft_of(case.versions[-2])).differences
    except NotPreviewed:
        return ()


def _asked(ask: Ask, wish: Draft, saved: Draft) -> tuple[Preview | None, str]:
    """A preview beside what is saved; what did not change stands alone, rehearsed as often all the same."""
    try:
        found = ask(wish, saved)
        return (found if wish != saved else replace(found, old=None)), ""
    except NotPreviewed as reason:
        return None, words.sentence(translated(str(reason)))


def _title(movement: str) -> str:
    return words.movement(movement) if movement not in LEANS else _("Leaning")


def _limit(found: Preview | None, limits: Mapping[str, Limit], movement: str) -> Limit | None:
    course = course_of(found.new, movement) if found else None
    if course is not None and course.movement == movement:
        return course.limit
    return limits.get(movement)


def _only_today(saved: Draft, today: date) -> tuple[str, ...]:
    once = saved.for_a_day
    if not once or once.day != today.isoformat():
        return ()
    return changes(resolved(saved.preset, saved.plan), resolved(once.preset, once.plan))


def _figure(
    movement: str, new: Resolved, old: Resolved, saved: Draft, limits: Mapping[str, Limit], found: Preview | None
) -> Markup:
    if movement in LEANS:
        return lean_plot({name: _way(name, new, old, limits, found) for name in LEANS})
    held = [each.at_most for each in saved.precautions if each.movement == movement]
    was, now = old.ceilings.get(movement), new.ceilings.get(movement)
    before, after = (course_of(each, movement) if each else None for each in _both(found))
    bounds = Bounded(new.floors.get(movement), now, was if was != now else None, min(held, default=None))
    dots = Dots(targets_of(after), targets_of(before), usual(after) if after else None)
    return arc(movement, _limit(found, limits, movement), bounds, dots)


def _way(name: str, new: Resolved, old: Resolved, limits: Mapping[str, Limit], found: Preview | None) -> Way:
    was, now = old.ceilings.get(name), new.ceilings.get(name)
    courses = [each.movements if each else () for each in _both(found)]
    before, after = (next((course for course in of if course.movement == name), None) for of in courses)
    limit = after.limit if after else limits.get(name)
    furthest = (course.highest.median if course else None for course in (after, before))
    return Way(limit, now, was if was != now else None, *furthest)


def _both(found: Preview | None) -> tuple[SessionPreview | None, SessionPreview | None]:
    """What is asked before, where it is another, and next."""
    return (found.old, found.new) if found else (None, None)
