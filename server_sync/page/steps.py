"""One step of difficulty, easier or harder, of what the next session asks of one movement."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from msgspec.structs import replace

from engine.parameters import ParameterError
from engine.prescription import EXPIRED, Draft, held_on, state_on
from engine.preset_words import share_of_limit
from engine.presets import Resolved
from engine.previewed import Course
from server_sync.page import words
from server_sync.page.asking import CUT, usual
from server_sync.page.language import _
from server_sync.page.tune_form import barred_words, resolved, wished
from server_sync.page.tune_sheet import for_today, tuned

STEP_IN_100, LEAST_IN_100, MOST_IN_100 = 5, 60, 90
STEP_OF_BOUND, SMALLEST_STEP_DEG, SMALL_BOUND_DEG = 0.05, 1.0, 20.0
HELD_BACK = 0.25
"""The share of requests that a ceiling cuts from which on it, and not the share of hits, says how far they go."""


class Step(NamedTuple):
    """A draft a step further (None where `why_not` says what holds it), and about where targets then are, if known."""

    draft: Draft | None
    next: str = ""
    why_not: str = ""


def step(saved: Draft, today: date, course: Course | None, harder: bool) -> Step:
    """What holds today, a step easier or harder; where today alone something else holds, that is what changes."""
    if harder and state_on(saved, today) == EXPIRED:
        return Step(None, why_not=_("The plan has ended: nothing gets harder until it is renewed."))
    preset, plan = held_on(saved, today)
    now = replace(saved, preset=preset, plan=plan)
    try:
        holds = resolved(preset, plan)
    except ParameterError:
        return Step(None, why_not=_("This software does not know all that is prescribed: write the plan anew."))
    form, factor, why_not = _moved(holds, now, course, harder)
    if why_not:
        return Step(None, why_not=why_not)
    wish = wished(form, now)
    if wish.problems:
        return Step(None, why_not=next(iter(wish.problems.values())))
    once = saved.for_a_day and saved.for_a_day.day == today.isoformat()
    draft = for_today(saved, wish, today) if once else tuned(saved, wish, today)
    return Step(draft, words.quantity(factor * usual(course), course.unit) if course else "")


def _moved(holds: Resolved, now: Draft, course: Course | None, harder: bool) -> tuple[Mapping[str, str], float, str]:
    """What a form of Tune would say, by how much targets move with it, and why nothing can, "" where it can."""
    if course is not None and (bound := _bound(holds, now, course)) is not None:
        return _ceiling(now, course, bound, harder)
    return _hits(holds, harder)


def _bound(holds: Resolved, now: Draft, course: Course) -> float | None:
    """The ceiling or precaution that holds targets back, None where neither does."""
    said = [each.at_most for each in now.precautions if each.movement == course.movement]
    said += [holds.ceilings[course.movement]] if course.movement in holds.ceilings else []
    lowest = min(said, default=None)
    cut = course.codes.get(CUT, 0.0) >= HELD_BACK and lowest is not None and lowest <= course.at_most
    return lowest if cut else None


def _ceiling(now: Draft, course: Course, bound: float, harder: bool) -> tuple[Mapping[str, str], float, str]:
    smallest = SMALLEST_STEP_DEG if bound >= SMALL_BOUND_DEG else SMALLEST_STEP_DEG / 2
    by = max(smallest, smallest * round(STEP_OF_BOUND * bound / smallest))
    held = [each for each in now.precautions if each.movement == course.movement]
    lowest = min(held, key=lambda each: each.at_most, default=None)
    value = bound + by if harder else bound - by
    if harder and lowest is not None:
        if lowest.at_most <= bound:
            return {}, 1.0, barred_words(value, lowest)
        value = min(value, lowest.at_most)
    return {f"limits.{course.movement}.ceiling": f"{value:g}"}, value / bound, ""


def _hits(holds: Resolved, harder: bool) -> tuple[Mapping[str, str], float, str]:
    """Fewer or more hits in 100, with the bounds of what was too hard and too easy on either side of them."""
    a = holds.adaptation
    aimed, low, high = (round(100 * share) for share in (a.target_success, a.success_low, a.success_high))
    to = max(LEAST_IN_100, aimed - STEP_IN_100) if harder else min(MOST_IN_100, aimed + STEP_IN_100)
    if harder and to >= aimed:
        return {}, 1.0, _("At %(share)s hits in 100 it is the limit itself that holds targets.", share=aimed)
    if not harder and to <= aimed:
        return {}, 1.0, _("It aims at %(share)s hits in 100, the most that there is.", share=aimed)
    form = {
        "target_success": to,
        "success_low": min(low, to - STEP_IN_100),
        "success_high": max(high, to + STEP_IN_100),
    }
    was, now = share_of_limit(a), share_of_limit(dataclasses.replace(a, target_success=to / 100))
    return {f"adaptation.{name}": str(value) for name, value in form.items()}, now / was, ""
