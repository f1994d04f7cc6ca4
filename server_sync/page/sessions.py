"""The sessions of a patient in a list: how long was played, how much was reached, what hurt, what limit was left."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from server_sync.clinic.archive import SessionLine
from server_sync.clinic.gist import Gist, Told
from server_sync.page import words
from server_sync.page.language import _

AT_ONCE = 60
"""How many sessions a page holds."""
_LIMITS = 2


class Row(NamedTuple):
    """A session; `pain` is what was said before and at most ("" for nothing), `limits` those of what was played."""

    line: SessionLine
    minutes: str
    pain: str = ""
    limits: tuple[str, ...] = ()


def rows(sessions: Iterable[SessionLine], gists: Mapping[str, Gist]) -> tuple[Row, ...]:
    """The sessions in their order; of one whose gist is missing only what its summary says."""
    return tuple(_row(line, gists.get(line.id)) for line in sessions)


def _row(line: SessionLine, gist: Gist | None) -> Row:
    if gist is None:
        return Row(line, words.duration(line.seconds))
    return Row(line, words.duration(gist.play_s), _pain(gist.told.get("pain")), tuple(_limits(gist)))


def _pain(told: Told | None) -> str:
    if told is None:
        return ""
    if told.before is None or told.before == told.highest:
        return f"{told.highest:g}"
    return _("%(before)s, then %(most)s", before=f"{told.before:g}", most=f"{told.highest:g}")


def _limits(gist: Gist) -> Iterable[str]:
    played = sorted(gist.aims, key=lambda movement: -gist.aims[movement].trials)[:_LIMITS]
    for movement in played:
        left = next((each for each in gist.limits if each.task and each.movement == movement), None)
        if left:
            yield f"{words.movement(movement)} {words.limit(left)}"
