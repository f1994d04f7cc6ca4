"""Two sessions side by side, fact by fact."""

from collections.abc import Sequence
from typing import NamedTuple

from server_sync.clinic.gist import ENDED, Gist
from server_sync.clinic.gists import Followed
from server_sync.page import words
from server_sync.page.language import _
from server_sync.page.translated import translated


class Column(NamedTuple):
    """One of the two: its id and when it was."""

    session_id: str
    when: str


class Fact(NamedTuple):
    """One fact of both, "–" where one of them has none."""

    name: str
    first: str
    second: str


class Compared(NamedTuple):
    """Both sessions, what they have in common, and why limits may not be compared ("" where they may)."""

    columns: tuple[Column, Column]
    facts: tuple[Fact, ...]
    caution: str


def side_by_side(first: Followed, second: Followed) -> Compared:
    """Both sessions, fact by fact."""
    gists = (first.gist, second.gist)
    facts = [_fact(_("Minutes of play"), [f"{gist.play_s / 60:.0f}" for gist in gists])]
    facts.append(_fact(_("Reached"), [_reached(gist) for gist in gists]))
    for movement in dict.fromkeys([*gists[0].aims, *gists[1].aims]):
        title = words.movement(movement)
        facts.append(_fact(_("%(movement)s: limit", movement=title), [_limit(gist, movement) for gist in gists]))
        facts.append(_fact(_("%(movement)s: asked", movement=title), [_asked(gist, movement) for gist in gists]))
        facts.append(_fact(_("%(movement)s: ceiling", movement=title), [_ceiling(gist, movement) for gist in gists]))
    facts += [
        _fact(_("%(kind)s, highest", kind=words.sentence(translated(kind))), [_told(gist, kind) for gist in gists])
        for kind in dict.fromkeys([*gists[0].told, *gists[1].told])
    ]
    facts.append(
        _fact(_("Ended"), [_("as planned") if gist.ended_by == ENDED else translated(gist.ended_by) for gist in gists])
    )
    columns = tuple(Column(each.session_id, _when(each.gist)) for each in (first, second))
    shown = tuple(fact for fact in facts if (fact.first, fact.second) != ("–", "–"))
    return Compared((columns[0], columns[1]), shown, _caution(gists))


def _fact(name: str, values: Sequence[str]) -> Fact:
    return Fact(name, values[0], values[1])


def _when(gist: Gist) -> str:
    return f"{words.short_day(gist.at)}, {gist.at:%H:%M}"


def _reached(gist: Gist) -> str:
    return _("%(reached)s of %(trials)s", reached=gist.reached, trials=gist.trials) if gist.trials else "–"


def _limit(gist: Gist, movement: str) -> str:
    left = next((each for each in gist.limits if each.movement == movement), None)
    if left is None:
        return "–"
    return str(words.limit(left))


def _asked(gist: Gist, movement: str) -> str:
    aim = gist.aims.get(movement)
    if aim is None:
        return "–"
    return f"{words.quantity(aim.lowest, aim.unit)}–{words.quantity(aim.highest, aim.unit)}"


def _ceiling(gist: Gist, movement: str) -> str:
    most = [each.at_most for each in gist.ceilings if each.movement == movement]
    unit = gist.aims[movement].unit if movement in gist.aims else ""
    return words.quantity(min(most), unit) if most and unit else "–"


def _told(gist: Gist, kind: str) -> str:
    return _("%(value)s of 10", value=f"{gist.told[kind].highest:g}") if kind in gist.told else "–"


def _caution(gists: Sequence[Gist]) -> str:
    """Where both played a game in different versions."""
    versions = [{translated(left.title): left.version for left in gist.limits if left.task} for gist in gists]
    other = [title for title in versions[0] if title in versions[1] and versions[0][title] != versions[1][title]]
    if not other:
        return ""
    games = ", ".join(other)
    return _("%(games)s was played in another version: its limits and measures are not compared.", games=games)
