"""The form of a plan: what a draft of a prescription looks like typed, and a draft from what was typed."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, NamedTuple

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from engine.movements import MOVEMENTS
from engine.prescription import Draft, Practice, goals_of
from engine.programme import DAYS, MOST_WEEKS, Goal, HandsOn, Pause, Scheduled, is_day, new_goal_week
from engine.records import Precaution
from server_sync.page import words
from server_sync.page.language import _

Row = Mapping[str, str]
PRACTICE, HANDS, GOAL, PRECAUTION, PAUSE = "practice", "hands", "goal", "precaution", "pause"
KINDS = (PRACTICE, HANDS, GOAL, PRECAUTION, PAUSE)
FIELDS = ("starts_on", "valid_until", "preset", "measure_weeks", "goal_weeks", "why")
CADENCE = "full_after_days"
_ROW = re.compile(rf"({'|'.join(KINDS)})-(\d{{1,3}})-([a-z_.0-9-]+)")


class NotWritten(ValueError):
    """What was typed is no plan; `where` is the row (`practice-0`) or the field that it is about."""

    def __init__(self, where: str, why: str) -> None:
        """Keep where."""
        super().__init__(why)
        self.where = where


class Typed(NamedTuple):
    """The form as it is typed: its fields, and the rows of each kind in order. `base` is the version it changes."""

    base: int
    fields: Mapping[str, str]
    rows: Mapping[str, tuple[Row, ...]]


def typed_of(draft: Draft, base: int) -> Typed:
    """How a draft looks in the form."""
    days = draft.plan.get("adaptation", {}).get(CADENCE)
    fields = {
        "starts_on": draft.starts_on or "",
        "valid_until": draft.valid_until,
        "preset": draft.preset,
        "measure_weeks": f"{days / 7:g}" if days else "",
        "goal_weeks": ", ".join(map(str, draft.goal_weeks or ())),
        "why": "",
    }
    rows = {
        PRACTICE: tuple(_practice_row(each) for each in draft.programme),
        HANDS: tuple({"technique": each.technique, **_when_row(each)} for each in draft.hands_on or ()),
        GOAL: tuple(_goal_row(each) for each in goals_of(draft)),
        PRECAUTION: tuple(_precaution_row(each) for each in draft.precautions),
        PAUSE: tuple({"since": e.since, "until": e.until, "reason": e.reason} for e in draft.pauses or ()),
    }
    return Typed(base, fields, rows)


def read(data: Mapping[str, str]) -> Typed:
    """What somebody sent."""
    found: dict[str, dict[int, dict[str, str]]] = {kind: {} for kind in KINDS}
    for name, value in data.items():
        if row := _ROW.fullmatch(name):
            found[row[1]].setdefault(int(row[2]), {})[row[3]] = value
    base = data.get("base", "0")
    rows = {kind: tuple(of[number] for number in sorted(of)) for kind, of in found.items()}
    fields = {name: data.get(name, "").strip() for name in FIELDS}
    return Typed(int(base) if base.isascii() and base.isdigit() and len(base) < 9 else 0, fields, rows)


def shown_of(typed: Typed, before: Draft) -> Draft:
    """The same to look at while it is typed: without the rows that are not whole yet, or as before."""
    found = parts_of(typed)
    whole = {k: tuple(row for row, of in zip(rows, found[k], strict=True) if of) for k, rows in typed.rows.items()}
    try:
        return draft_of(typed._replace(rows=whole), before)
    except NotWritten:
        return before


def parts_of(typed: Typed) -> Mapping[str, tuple[Any, ...]]:
    """What each row is, None for one that is not whole yet."""
    return {kind: tuple(_whole_or_none(kind, row) for row in rows) for kind, rows in typed.rows.items()}


def draft_of(typed: Typed, before: Draft) -> Draft:
    """What was typed, on top of the version that was seen; raises NotWritten."""
    rows, fields = typed.rows, typed.fields
    practices = tuple(_each(rows, PRACTICE))
    if not fields["starts_on"] and any(each.weeks for each in practices):
        raise NotWritten("starts_on", _("Say on which day the programme starts: its weeks are counted from there."))
    if fields["starts_on"] and not is_day(fields["starts_on"]):
        raise NotWritten("starts_on", _("%(text)s is no day.", text=fields["starts_on"][:20]))
    goals = tuple(_each(rows, GOAL))
    same = goals == goals_of(before)
    return replace(
        before,
        valid_until=fields["valid_until"],
        preset=fields["preset"] or before.preset,
        plan=_with_cadence(before.plan, fields["measure_weeks"]),
        precautions=tuple(_each(rows, PRECAUTION)),
        programme=practices,
        goal=before.goal if same else "",
        goals=before.goals if same else goals or UNSET,
        goal_weeks=_goal_weeks(fields["goal_weeks"], fields["starts_on"]) or UNSET,
        starts_on=fields["starts_on"] or UNSET,
        pauses=tuple(_each(rows, PAUSE)) or UNSET,
        hands_on=tuple(_each(rows, HANDS)) or UNSET,
    )


def agreed(before: Draft, draft: Draft, today: date) -> Draft:
    """A draft whose goals are changed when new ones are due: for the weeks at hand none is due any more."""
    if goals_of(before) == goals_of(draft):
        return draft
    weeks = draft.goal_weeks or ()
    return replace(
        draft, goal_weeks=tuple(w for w in weeks if not new_goal_week((w,), draft.starts_on, today)) or UNSET
    )


def done(typed: Typed, act: str, author: str, today: date) -> Typed:
    """The form after one of its buttons: `add-goal`, `remove-practice-1`, `up-practice-1` or `on-pause-0`."""
    verb, _dash, rest = act.partition("-")
    kind, _dash, number = rest.partition("-")
    if kind not in KINDS:
        return typed
    rows, place = list(typed.rows[kind]), int(number) if number.isdigit() else 0
    if verb == "add":
        rows.append(_new_row(kind, author, today))
    elif place >= len(rows):
        return typed
    elif verb == "remove":
        del rows[place]
    elif verb == "up" and place:
        rows[place - 1 : place + 1] = rows[place], rows[place - 1]
    elif verb == "on":
        rows[place : place + 1] = _ended(rows[place], today)
    return typed._replace(rows={**typed.rows, kind: tuple(rows)})


def merged(before: Draft, theirs: Draft, yours: Draft) -> Draft:
    """Yours on top of what somebody else saved meanwhile: what you left as it was is theirs.

    Precautions and pauses of both hold: no stop of somebody else goes because you changed another precaution.
    """
    kept = {name: getattr(yours, name) for name in Draft.__struct_fields__}
    both = replace(theirs, **{name: value for name, value in kept.items() if value != getattr(before, name)})
    pauses = _of_both(before.pauses or (), theirs.pauses or (), yours.pauses or ())
    precautions = _of_both(before.precautions, theirs.precautions, yours.precautions)
    return replace(both, precautions=precautions, pauses=pauses or UNSET)


def _of_both(before: tuple[Any, ...], theirs: tuple[Any, ...], yours: tuple[Any, ...]) -> tuple[Any, ...]:
    """Theirs without what you took away, and what you added."""
    added = tuple(each for each in yours if each not in before and each not in theirs)
    return (*(each for each in theirs if each in yours or each not in before), *added)


def _new_row(kind: str, author: str, today: date) -> Row:
    if kind == PRECAUTION:
        return {"by": author}
    return {"since": today.isoformat()} if kind == PAUSE else {"times": "1"} if kind == PRACTICE else {"words": ""}


def _ended(row: Row, today: date) -> list[Row]:
    """A pause that ends yesterday, so that the programme goes on; none where it had not begun."""
    yesterday = (today - timedelta(days=1)).isoformat()
    return [{**row, "until": yesterday}] if row.get("since", "") <= yesterday else []


def _when_row(plan: Scheduled) -> dict[str, str]:
    first, last = plan.weeks or ("", "")
    return {
        **{f"day.{day}": "on" for day in plan.days},
        "from": str(first),
        "to": "" if last == MOST_WEEKS else str(last),
        "minutes": f"{plan.minutes:g}" if plan.minutes else "",
        "place": plan.place or "",
        "at": plan.at or "",
    }


def _practice_row(practice: Practice) -> Row:
    return {
        **{f"game.{game}": "on" for game in practice.games},
        "times": str(practice.times_a_day),
        **_when_row(practice),
    }


def _goal_row(goal: Goal) -> Row:
    needs = "" if goal.needs is None else f"{goal.needs:g}"
    return {"words": goal.words, "movement": goal.movement, "needs": needs}


def _precaution_row(held: Precaution) -> Row:
    most = f"{held.at_most:g}" if held.unit else ""
    return {"movement": held.movement, "most": most, "reason": held.reason, "by": held.by, "until": held.until}


def _whole_or_none(kind: str, row: Row) -> Any:
    with suppress(NotWritten):
        return next(_each({kind: (row,)}, kind))
    return None


def _each(rows: Mapping[str, Sequence[Row]], kind: str) -> Iterator[Any]:
    """Each row of a kind as what it is; raises NotWritten, which says where."""
    for number, row in enumerate(rows[kind]):
        try:
            yield _READERS[kind]({name: value.strip() for name, value in row.items()})
        except (ValueError, msgspec.ValidationError) as reason:
            raise NotWritten(f"{kind}-{number}", str(reason)) from None


def _when(row: Row) -> dict[str, Any]:
    weeks = None
    if row.get("from") or row.get("to"):
        weeks = (_whole(row.get("from") or "1"), _whole(row.get("to") or str(MOST_WEEKS)))
    said = {
        "minutes": _number(row["minutes"]) if row.get("minutes") else None,
        "weeks": weeks,
        "place": row.get("place") or None,
        "at": row.get("at") or None,
    }
    return {"days": [day for day in DAYS if f"day.{day}" in row], **{k: v for k, v in said.items() if v is not None}}


def _practice(row: Row) -> Practice:
    named = [name.removeprefix("game.") for name in row if name.startswith("game.")]
    if not named:
        raise ValueError(_("Choose a game, or remove this practice."))
    times = _whole(row.get("times") or "1")
    return msgspec.convert({"games": named, "times_a_day": times, **_when(row)}, Practice)


def _hands_on(row: Row) -> HandsOn:
    if not row.get("technique"):
        raise ValueError(_("Say what is done by hand, or remove it."))
    return msgspec.convert({"technique": row["technique"], **_when(row)}, HandsOn)


def _goal(row: Row) -> Goal:
    if not row.get("words"):
        raise ValueError(_("Write the goal in the patient's own words, or remove it."))
    needs = _number(row["needs"]) if row.get("needs") else None
    return msgspec.convert({"words": row["words"], "movement": row.get("movement", ""), "needs": needs}, Goal)


def _goal_weeks(text: str, starts_on: str) -> tuple[int, ...]:
    try:
        weeks = tuple(sorted({_whole(part) for part in text.replace(",", " ").split()}))
    except ValueError as reason:
        raise NotWritten("goal_weeks", str(reason)) from None
    if weeks and not starts_on:
        raise NotWritten("starts_on", _("Say on which day the programme starts: its weeks are counted from there."))
    if any(not 1 <= week <= MOST_WEEKS for week in weeks):
        raise NotWritten("goal_weeks", _("Weeks are from 1 to %(last)s.", last=MOST_WEEKS))
    return weeks


def _precaution(row: Row) -> Precaution:
    movement = MOVEMENTS.get(row.get("movement", ""))
    if movement is None:
        raise ValueError(_("Choose what the precaution is about."))
    if movement.unit and not row.get("most"):
        raise ValueError(_("Say how far it may go at most."))
    most = _number(row["most"]) if movement.unit else 0.0
    if not 0 <= most <= movement.largest:
        largest = words.setting(movement.largest, movement.unit)
        raise ValueError(_("For this movement it may be from 0 to %(largest)s.", largest=largest))
    said = {name: row.get(name, "") for name in ("movement", "reason", "by", "until")}
    return Precaution(at_most=most, unit=movement.unit, **said)


def _pause(row: Row) -> Pause:
    if not row.get("since") or not row.get("reason"):
        raise ValueError(_("Say from which day the programme pauses, and why."))
    return Pause(since=row["since"], until=row.get("until", ""), reason=row["reason"])


_READERS: Mapping[str, Callable[[Row], Any]] = {
    PRACTICE: _practice,
    HANDS: _hands_on,
    GOAL: _goal,
    PRECAUTION: _precaution,
    PAUSE: _pause,
}


def _with_cadence(plan: Mapping[str, Mapping[str, Any]], weeks: str) -> Mapping[str, Mapping[str, Any]]:
    """The tables of a plan in which everything is measured anew after so many weeks, "" for as the preset says."""
    others = {name: value for name, value in plan.get("adaptation", {}).items() if name != CADENCE}
    try:
        said = {CADENCE: round(7 * _number(weeks))} if weeks else {}
    except ValueError as reason:
        raise NotWritten("measure_weeks", str(reason)) from None
    adaptation = {**others, **said}
    rest = {name: table for name, table in plan.items() if name != "adaptation"}
    return {**rest, "adaptation": adaptation} if adaptation else rest


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise ValueError(_("%(text)s is no number.", text=text[:20])) from None


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise ValueError(_("%(text)s is no whole number.", text=text[:20]))
    return int(text)
