"""What may wait until there is time: who delivered nothing lately, and whose calibration is old."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from server_sync.page.known import Known, Link, address_of, name_of
from server_sync.page.language import _, dated, ngettext

SILENT_DAYS, CALIBRATION_DAYS = 3, 28
TOGETHER, NAMED, MOST_NAMED = 3, 8, 100
"""How many patients who wait for the same are told in one line, how many of their names stand in it, and behind it."""


class Later(NamedTuple):
    """What may wait: its sign, the patients whom it is about, in two parts, and what it is.

    `named` stand in the line, and `others` behind it, `more` in all: as many as somebody may read. A line about several
    says what they share before their names.
    """

    icon: str
    named: tuple[Link, ...]
    others: tuple[Link, ...]
    said: str
    more: int = 0

    @property
    def is_shared(self) -> bool:
        """Whether it is about several patients."""
        return len(self.named) > 1


class Wait(NamedTuple):
    """What may wait of one patient: for how many days already, who it is, and what it is."""

    days: int
    who: Link
    said: str


def waiting(everybody: Sequence[Known], today: date) -> Iterator[Later]:
    """What may wait: a line for each patient, or one for all of them where it is the same of several."""
    for icon, find, shared in (("cloud", _silent, _silent_together), ("measure", _calibration, _old_together)):
        waits = [wait for known in everybody if (wait := find(known, today))]
        waits.sort(key=lambda wait: (-wait.days, wait.who.title.casefold()))
        if len(waits) < TOGETHER:
            yield from (Later(icon, (wait.who,), (), wait.said) for wait in waits)
        else:
            people = tuple(wait.who for wait in waits)
            said = shared(len(waits), waits[-1].days, waits[0].days)
            yield Later(icon, people[:NAMED], people[NAMED:MOST_NAMED], said, len(people[NAMED:]))


def _silent(known: Known, today: date) -> Wait | None:
    if known.seen_at is None or today - known.seen_at.date() <= timedelta(days=SILENT_DAYS):
        return None
    said = _("nothing delivered since %(day)s", day=dated(known.seen_at, "EEEE d MMM"))
    return Wait((today - known.seen_at.date()).days, Link(name_of(known), f"{address_of(known)}/messages"), said)


def _silent_together(count: int, least: int, most: int) -> str:
    if least == most:
        return _("%(count)s patients, nothing delivered for %(days)s days:", count=count, days=most)
    blanks = {"count": count, "least": least, "most": most}
    return _("%(count)s patients, nothing delivered for %(least)s to %(most)s days:", **blanks)


def _calibration(known: Known, today: date) -> Wait | None:
    if not known.glance.calibrated_at:
        return None
    days = (today - datetime.fromisoformat(known.glance.calibrated_at).date()).days
    if days < CALIBRATION_DAYS:
        return None
    said = ngettext("calibration %(num)s day old", "calibration %(num)s days old", days)
    return Wait(days, Link(name_of(known), f"{address_of(known)}/plan"), said)


def _old_together(count: int, least: int, most: int) -> str:
    if least == most:
        return _("%(count)s patients, calibration %(days)s days old:", count=count, days=most)
    blanks = {"count": count, "least": least, "most": most}
    return _("%(count)s patients, calibration %(least)s to %(most)s days old:", **blanks)
