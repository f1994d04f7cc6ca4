"""The last two weeks of a patient, day by day: played, in part, missed, or nothing was planned."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from markupsafe import Markup, escape

from server_sync.clinic.glance import Played
from server_sync.page.known import Known, is_of_plan, planned
from server_sync.page.language import ngettext

PLAYED, PART, MISSED, FREE = "played", "part", "missed", "free"
FORTNIGHT = 14


def fortnight(known: Known, today: date) -> tuple[tuple[date, str], ...]:
    """The last 14 days up to today: played, in part, missed, or nothing was planned."""
    lived = dict[date, list[Played]]()
    for each in known.glance.played:
        lived.setdefault(each.day, []).append(each)
    days = [today - timedelta(days=back) for back in reversed(range(FORTNIGHT))]
    return tuple((day, _state(known, lived, day, today)) for day in days)


def strip(days: Sequence[tuple[date, str]]) -> Markup:
    """The days as a small drawing, told in words."""
    count = sum(state != FREE for _day, state in days)
    played = sum(state in (PLAYED, PART) for _day, state in days)
    said = ngettext("%(played)s of %(num)s planned day", "%(played)s of %(num)s planned days", count, played=played)
    marks = "".join(_mark(number, state) for number, (_day, state) in enumerate(days))
    return Markup(  # noqa: S704 - words are escaped
        f'<svg class="fortnight" viewBox="0 0 154 14" role="img" aria-label="{escape(said)}">'
        f"<title>{escape(said)}</title>{marks}</svg>"
    )


def _state(known: Known, lived: Mapping[date, Sequence[Played]], day: date, today: date) -> str:
    """What a day was; `lived` are the sessions by their days, the earliest first."""
    played = [each for each in lived.get(day, ()) if each.minutes]
    if played:
        return PART if all(each.ended_early for each in played) else PLAYED
    silent = known.seen_at is not None and known.seen_at.date() < day
    begun = next(iter(lived), today) <= day < today and is_of_plan(known, day)
    return MISSED if begun and not silent and planned(known, day) else FREE


def _mark(number: int, state: str) -> str:
    x = 11 * number + 1
    shapes: Mapping[str, Callable[[], str]] = {
        PLAYED: lambda: f'<rect class="{PLAYED}" x="{x}" y="1" width="8" height="12" rx="2"/>',
        PART: lambda: (
            f'<rect class="{PART}" x="{x}.75" y="1.75" width="6.5" height="10.5" rx="2"/>'
            f'<rect class="{PLAYED}" x="{x}" y="7" width="8" height="6" rx="2"/>'
        ),
        MISSED: lambda: f'<rect class="{MISSED}" x="{x}.75" y="1.75" width="6.5" height="10.5" rx="2"/>',
        FREE: lambda: f'<circle class="{FREE}" cx="{x + 4}" cy="11" r="1.2"/>',
    }
    return shapes[state]()
