"""What the page of a plan says in words: what a draft changes, what a precaution bars, where the programme stands."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from engine.movements import MOVEMENTS
from engine.precautions import Asking, barred, effect, expired
from engine.prescription import Draft, Practice, due_on, goals_of, hands_on_of, paused, planned_on
from engine.programme import Scheduled, monday, week_number
from engine.records import Precaution
from server_sync.clinic.known_tasks import tasks
from server_sync.page import words
from server_sync.page.language import N_, _, dated, ngettext
from server_sync.page.plan_choices import day_names, preset_titles, takes
from server_sync.page.sheet import precaution_words
from server_sync.page.translated import translated
from server_sync.page.weeks import last_week, minutes_of, titles

AHEAD_DAYS = 366
POSTURES = ("standing", "seated")
_BARS = {"standing": N_("Standing, it bars %(games)s."), "seated": N_("Seated, it bars %(games)s.")}


def consequence(held: Precaution, today: date) -> tuple[str, ...]:
    """What a precaution does to the games that there are, and that its day is over, in words."""
    if held.movement not in MOVEMENTS:
        return ()
    found = tasks()
    lines = []
    for posture, said in _BARS.items():
        if names := [translated(task.title) for task in found.values() if barred(task, posture, [held])]:
            lines.append(_(said, games=", ".join(names)))
    bounded = [translated(task.title) for task in found.values() if _bounds(held, task)]
    if bounded:
        lines.append(_("It bounds %(games)s: no target goes further.", games=", ".join(bounded)))
    if not lines:
        lines.append(_("It changes no game that there is."))
    if expired(held, today):
        day = words.date(held.until)
        lines.append(_("Its last day was %(day)s: it holds until you renew or lift it.", day=day))
    return tuple(lines)


def effects(before: Draft | None, draft: Draft, today: date) -> tuple[str, ...]:
    """What will be another than before, and what is next, in words; nothing where nothing changes."""
    if before == draft:
        return ()
    return (*_next(draft, today), *_pauses(before, draft), *_precautions(before, draft), *_others(before, draft))


def dose(plan: Scheduled, times: int = 1) -> str:
    """When and how long something is done: `Mon, Wed · weeks 1–2 · 10 min · here, 10:30`."""
    names = dict(day_names())
    pieces = [", ".join(names[day] for day in plan.days) or _("every day")]
    if plan.weeks:
        pieces.append(_weeks(*plan.weeks))
    if plan.minutes:
        pieces.append(_("%(minutes)s min", minutes=f"{plan.minutes:g}"))
    if times > 1:
        pieces.append(ngettext("%(num)s time a day", "%(num)s times a day", times))
    if isinstance(plan, Practice) and (tests := takes(plan.games)):
        pieces.append(_("tests %(takes)s", takes=tests))
    pieces.append(_("here") if plan.at_clinic else _("at home"))
    if plan.at:
        pieces.append(plan.at)
    return " · ".join(pieces)


def finding(draft: Draft, today: date) -> str:
    """The heading of a plan: where it stands today."""
    if pause := paused(draft, today):
        if pause.until:
            return _("The programme pauses until %(day)s", day=_day(date.fromisoformat(pause.until)))
        return _("The programme pauses until you go on")
    if not draft.programme:
        return _("No programme yet")
    upcoming = [day for day in _days(today) if planned_on(draft, day)]
    if not upcoming:
        return _("The programme is over")
    if draft.starts_on and draft.starts_on > today.isoformat():
        return _("The programme starts on %(day)s", day=_day(date.fromisoformat(draft.starts_on)))
    days = [day for day in range(7) if due_on(draft, monday(today) + timedelta(days=day))]
    minutes = [minutes_of(due_on(draft, monday(today) + timedelta(days=day))) for day in days]
    if None in minutes or not days:
        return ngettext("%(num)s day at home this week", "%(num)s days at home this week", len(days))
    total = f"{sum(each for each in minutes if each):g}"
    return ngettext(
        "%(num)s day at home this week, %(total)s minutes",
        "%(num)s days at home this week, %(total)s minutes",
        len(days),
        total=total,
    )


def place(draft: Draft, today: date) -> str:
    """Which week of how many it is, "" where the programme has no weeks or none of them now."""
    if not draft.starts_on:
        return ""
    last, number = last_week(draft), week_number(draft.starts_on, today)
    if not 1 <= number <= (last or number):
        return ""
    if not last:
        return _("Week %(number)s", number=number)
    return _("Week %(number)s of %(last)s", number=number, last=last)


def _next(draft: Draft, today: date) -> Iterator[str]:
    day = next((day for day in _days(today) if planned_on(draft, day) or hands_on_of(draft, day)), None)
    if day is None:
        yield _("Nothing is planned from now on.")
        return
    home = due_on(draft, day)
    what = titles(planned_on(draft, day)) or ", ".join(each.technique for each in hands_on_of(draft, day))
    minutes = minutes_of(home)
    when = _day(day)
    if home and minutes:
        yield _("From %(when)s: %(what)s, %(minutes)s minutes at home.", when=when, what=what, minutes=f"{minutes:g}")
    else:
        yield _("From %(when)s: %(what)s.", when=when, what=what)
    days = [day + timedelta(days=ahead) for ahead in range(7)]
    yield ngettext(
        "In the seven days from then: %(num)s day at home, %(here)s here.",
        "In the seven days from then: %(num)s days at home, %(here)s here.",
        sum(bool(due_on(draft, each)) for each in days),
        here=sum(any(practice.at_clinic for practice in planned_on(draft, each)) for each in days),
    )


def _pauses(before: Draft | None, draft: Draft) -> Iterator[str]:
    for pause in draft.pauses or ():
        if before and pause in (before.pauses or ()):
            continue
        since = words.date(pause.since)
        if pause.until:
            until = words.date(pause.until)
            yield _("Nothing is due from %(since)s to %(until)s; precautions hold on.", since=since, until=until)
        else:
            yield _("Nothing is due from %(since)s until you go on; precautions hold on.", since=since)


def _precautions(before: Draft | None, draft: Draft) -> Iterator[str]:
    old = before.precautions if before else ()
    for held in draft.precautions:
        if held not in old:
            yield _("From the next session on: %(bound)s.", bound=precaution_words(held))
    kept = {held.movement for held in draft.precautions}
    for held in old:
        if held not in draft.precautions and held.movement not in kept:
            yield _("Lifted: %(bound)s.", bound=precaution_words(held))


def _others(before: Draft | None, draft: Draft) -> Iterator[str]:
    if before is None:
        return
    if before.preset != draft.preset:
        called = {name: translated(title) for name, title in preset_titles()}
        new, old = (called.get(each.preset, each.preset) for each in (draft, before))
        yield _("The preset is %(new)s, before %(old)s.", new=new, old=old)
    if goals_of(before) != goals_of(draft):
        yield _("The goals are changed.")
    if before.valid_until != draft.valid_until and draft.valid_until:
        yield _("After %(day)s nothing gets harder.", day=words.date(draft.valid_until))


def _bounds(held: Precaution, task: Asking) -> bool:
    return any(
        effect(held, task, posture).act == "bounds" and not barred(task, posture, [held]) for posture in POSTURES
    )


def _weeks(first: int, last: int) -> str:
    if first == last:
        return _("week %(number)s", number=first)
    return _("weeks %(first)s–%(last)s", first=first, last=last)


def _days(today: date) -> Sequence[date]:
    return [today + timedelta(days=ahead) for ahead in range(AHEAD_DAYS)]


def _day(day: date) -> str:
    return dated(day, "EEEE d MMMM")
