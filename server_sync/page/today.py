"""What a therapist looks at first: which patients need it, and why; everybody else as a list."""

from collections.abc import Sequence
from datetime import date
from operator import itemgetter
from typing import NamedTuple

from markupsafe import Markup

from engine.metrics.course import LEAST_VISITS
from server_sync.clinic.glance import Trend
from server_sync.page import words
from server_sync.page.fortnight import fortnight, strip
from server_sync.page.known import Known, about, name_of, place_words
from server_sync.page.language import _
from server_sync.page.reasons import BAR, Reason, reasons_of, size_words

SHOWN = 2
"""How many reasons of a patient are shown at once."""
MOST_ROWS, MOST_LINES = 40, 100
"""How many patients are shown at once: who needs a look, and everybody else."""


class Row(NamedTuple):
    """A patient who needs a look: the first reasons, how many more there are, and how pressing the first one is."""

    patient_id: str
    name: str
    about: str
    kind: str
    reasons: tuple[Reason, ...]
    more: int


class Line(NamedTuple):
    """A patient of the list below: their last days, the minutes of a week, pain, and what the main measure says."""

    patient_id: str
    name: str
    about: str
    when: str
    days: Markup
    minutes: str
    pain: str
    verdict: str
    change: str


class Board(NamedTuple):
    """Who needs a look, and everybody else: what is shown, and how many there are of each in all.

    `first` is the number of the first of `rows`, from 0.
    """

    rows: tuple[Row, ...]
    lines: tuple[Line, ...]
    looks: int
    others: int
    first: int

    @property
    def after(self) -> int:
        """The number of the first row that comes after those that are shown; 0 where none does."""
        return self.first + MOST_ROWS if self.first + MOST_ROWS < self.looks else 0


def board(everybody: Sequence[Known], today: date, first: int = 0) -> Board:
    """Who needs a look, most pressing first, from `first` on, a number from 0."""
    found = [(known, tuple(reasons_of(known, today))) for known in everybody]
    looks = sorted(filter(itemgetter(1), found), key=_urgency)
    others = sorted((known for known, reasons in found if not reasons), key=lambda known: _order(known, today))
    first = first if 0 < first < len(looks) else 0
    return Board(
        rows=tuple(_row(known, reasons, today) for known, reasons in looks[first : first + MOST_ROWS]),
        lines=tuple(_line(known, today) for known in others[:MOST_LINES]),
        looks=len(looks),
        others=len(others),
        first=first,
    )


def trend_words(trend: Trend | None) -> tuple[str, str]:
    """What the main measure says: the kind of its chip, and words."""
    if trend is None:
        return "", ""
    if trend.larger is None:
        few = trend.visits < LEAST_VISITS
        return "noise", _("too few sessions to say") if few else _("not all of it was measured")
    if not trend.larger:
        return "noise", _("no change we can see")
    blanks = {"movement": words.movement(trend.movement), "change": size_words(trend, trend.change)}
    said = _("%(movement)s up %(change)s, larger than the noise", **blanks)
    if trend.change < 0:
        said = _("%(movement)s down %(change)s, larger than the noise", **blanks)
    return ("warn" if trend.worse else "real"), said


def _urgency(looked: tuple[Known, Sequence[Reason]]) -> tuple[bool, int, str]:
    known, reasons = looked
    return reasons[0].kind != BAR, -len(reasons), name_of(known).casefold()


def _order(known: Known, today: date) -> tuple[bool, str, str]:
    when = place_words(known, today)
    return not when, when, name_of(known).casefold()


def _row(known: Known, reasons: Sequence[Reason], today: date) -> Row:
    shown = tuple(reasons[:SHOWN])
    return Row(known.patient_id, name_of(known), about(known, today), reasons[0].kind, shown, len(reasons) - len(shown))


def _line(known: Known, today: date) -> Line:
    glance = known.glance
    last = next((each for each in reversed(glance.played) if each.pain is not None), None)
    verdict, change = trend_words(glance.main)
    age = words.age(known.person.born, today)
    condition = known.person.condition or known.person.about
    return Line(
        patient_id=known.patient_id,
        name=name_of(known),
        about=" · ".join(filter(None, (age, condition))),
        when=place_words(known, today),
        days=strip(fortnight(known, today)),
        minutes=_("%(minutes)s min", minutes=round(glance.minutes(today))) if glance.sessions else "",
        pain=f"{last.pain:g}" if last and last.pain is not None else "–",
        verdict=verdict,
        change=change,
    )
