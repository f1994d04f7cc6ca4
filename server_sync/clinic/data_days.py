"""The first clock of remote therapeutic monitoring: days with data, in windows of 30 days, and why each counts."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from engine.headset import why_not_worn

WINDOW_DAYS = 30
FINISHED = "finished"
MOST_CLOCK_ERROR_S = 86_400.0
SUPPLY = (("98985", 2, 15), ("98977", 16, 30))
"""The codes of supply: each names a range of data days in 30 days."""
_DAY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Played(NamedTuple):
    """A session as it was delivered.

    `started_at` has the patient's own offset at that time. `prescription` is the version it was played by, 0 for none.
    `sha256` is that of its recording ("" without one). `clock_offset_s` is the clinic's clock less the device's at
    delivery, None where nobody measured it; `headset` is the kind in the session's record, and `trials` are those of
    its games and clinical tests.
    """

    session_id: str
    started_at: datetime
    seconds: float
    ended_by: str
    prescription: int
    sha256: str
    clock_offset_s: float | None
    headset: str
    trials: int


class SessionRow(msgspec.Struct, frozen=True):
    """A session as evidence: its day and time where the patient was, and why it counts or does not."""

    session: str
    day: date
    began_at: str
    seconds: float
    counted: bool
    why: str


class Window(msgspec.Struct, frozen=True):
    """30 days from `first` to `last`: the days with data, the code whose range their number falls in ("" for none)."""

    first: date
    last: date
    over: bool
    days: tuple[date, ...]
    code: str
    says: str
    sessions: tuple[SessionRow, ...]


class DataDays(msgspec.Struct, frozen=True):
    """The first clock: windows from `begins` on (None without any), and the sessions that are in no window."""

    begins: date | None
    windows: tuple[Window, ...]
    outside: tuple[SessionRow, ...]
    says: str


def data_days(sessions: Iterable[Played], zone: ZoneInfo, now: datetime, start: date | None = None) -> DataDays:
    """The first clock. A day has data where a session began on it that was prescribed and played to its end.

    The day is that of the session's own clock and offset, and all of a session counts on the day on which it began.
    """
    rows = sorted(_rows(sessions, now), key=lambda row: (row.day, row.began_at, row.session, not row.counted, row.why))
    with_data = [row.day for row in rows if row.counted]
    begins = start or min(with_data, default=None)
    if begins is None:
        return DataDays(None, (), tuple(rows), _set_up(0))
    today = now.astimezone(zone).date()
    end, windows, first = max([today, *with_data]), list[Window](), begins
    while first <= end:
        windows.append(_window(first, today, rows))
        first += WINDOW_DAYS * _DAY
    outside = tuple(_before(row, begins) for row in rows if not begins <= row.day < first)
    return DataDays(begins, tuple(windows), outside, _set_up(sum(len(window.days) for window in windows)))


def _rows(sessions: Iterable[Played], now: datetime) -> Iterator[SessionRow]:
    """Every session as evidence, of those that are the same one at most one that counts."""
    for same in _same({str(each): each for each in sessions}.values()):
        whys = {str(each): _why_not(each, now) for each in same}
        first, *others = sorted(same, key=lambda each: (bool(whys[str(each)]), _instant(each), str(each)))
        yield _row(first, whys[str(first)])
        for each in others:
            yield _row(each, whys[str(each)] or f"the same as session {first.session_id}, which counts")


def _same(sessions: Iterable[Played]) -> list[list[Played]]:
    """Sessions that are one and the same: of one id, of one recording, or begun at one moment."""
    found = dict[object, list[Played]]()
    for session in sessions:
        group = [session]
        for known in {id(found[key]): found[key] for key in _keys(session) if key in found}.values():
            group += known
        found |= {key: group for each in group for key in _keys(each)}
    return list({id(group): group for group in found.values()}.values())


def _keys(session: Played) -> tuple[object, ...]:
    recording = (("recording", session.sha256),) if session.sha256 else ()
    return ("id", session.session_id), ("at", _instant(session)), *recording


def _instant(session: Played) -> timedelta:
    return session.started_at - _EPOCH


def _why_not(session: Played, now: datetime) -> str:
    """Why a session does not count, "" where it does."""
    error_s = session.clock_offset_s or 0.0
    if not_worn := why_not_worn(session.headset):
        return not_worn
    if session.ended_by != FINISHED:
        return f"it was not played to its end: {session.ended_by or 'nobody knows why'}"
    if not session.trials:
        return "no game was played and no clinical test taken in it"
    if session.prescription < 1:
        return "nothing that it was played by was prescribed"
    if abs(error_s) > MOST_CLOCK_ERROR_S:
        wrong = f"{abs(error_s) / 86_400:.1f} days {'behind' if error_s > 0 else 'ahead'}"
        return f"the clock of its computer was {wrong} when it was delivered, so that nobody knows its day"
    if _instant(session) > now - _EPOCH + _DAY:
        return "its clock says that it has not begun yet, so that nobody knows its day"
    return ""


def _row(session: Played, why_not: str) -> SessionRow:
    at = session.started_at
    why = why_not or "; ".join([f"finished, by version {session.prescription} of the prescription", *_doubts(session)])
    return SessionRow(
        session.session_id, at.date(), at.isoformat(timespec="seconds"), session.seconds, not why_not, why
    )


def _doubts(session: Played) -> Iterator[str]:
    """What to know of a session that counts."""
    at = session.started_at
    second_s = (at.hour * 60 + at.minute) * 60 + at.second
    if second_s + session.seconds > 86_400:
        yield "it went on after midnight, and counts on the day on which it began"
    ahead_days = (second_s + (session.clock_offset_s or 0.0)) // 86_400
    if ahead_days:
        yield f"by the clinic's clock it began on the day {'after' if ahead_days > 0 else 'before'}"


def _window(first: date, today: date, rows: Sequence[SessionRow]) -> Window:
    last = first + (WINDOW_DAYS - 1) * _DAY
    inside = tuple(row for row in rows if first <= row.day <= last)
    days = tuple(sorted({row.day for row in inside if row.counted}))
    number, over = len(days), last < today
    code, least, most = next((each for each in SUPPLY if each[1] <= number <= each[2]), ("", 0, 0))
    count = f"{number} data day{'' if number == 1 else 's'}"
    says = f"{count}, in the range {least}-{most} of code {code}" if code else f"{count}, below 2: in the range of none"
    return Window(first, last, over, days, code, says if over else f"{says}; the window is not over", inside)


def _before(row: SessionRow, begins: date) -> SessionRow:
    if not row.counted:
        return row
    return msgspec.structs.replace(row, counted=False, why=f"before {begins}, from which on windows are counted")


def _set_up(days: int) -> str:
    named = "code 98975, set-up and education, is named once an episode of care"
    return f"{named}, with at least 2 data days; there {'is' if days == 1 else 'are'} {days}"
