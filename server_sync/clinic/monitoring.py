"""The two clocks of remote therapeutic monitoring, with the rows that they count and what they do not establish.

Which range of a code a count falls in is a fact about the count, by the Medicare physician fee schedule of 2026.
Nothing here says that anybody may bill anything.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple, TextIO
from zoneinfo import ZoneInfo

import msgspec

from server_sync.clinic.cells import cell
from server_sync.clinic.data_days import DataDays, Played, SessionRow, data_days
from server_sync.clinic.minutes import Contact, ContactRow, Month, minutes

DATA_DAYS, MINUTES = "data days", "minutes"
DOES_NOT_ESTABLISH = (
    "These counts do not establish that anything may be billed. The codes ask for a medical device as the FDA defines "
    "one, and this software as shipped is none. An order, the patient's consent, medical necessity and the rules of "
    "the payer are not looked at here. This is not billing advice."
)


class Monitoring(msgspec.Struct, frozen=True):
    """Both clocks of one patient; months are those of the clinic's `zone`."""

    days: DataDays
    zone: str
    months: tuple[Month, ...]
    does_not_establish: str = DOES_NOT_ESTABLISH


class Line(NamedTuple):
    """A line of the table: a session, a contact, the sum of a window or a month, or what the counts do not establish.

    `counted` is yes, no or part; `counted_s` are the seconds that count.
    """

    clock: str
    period: str
    row: str
    id: str
    day: str
    began_at: str
    seconds: float | None
    counted: str
    counted_s: float | None
    who: str
    kind: str
    realtime: str
    says: str
    note: str


def monitoring(
    sessions: Iterable[Played],
    contacts: Iterable[Contact],
    zone: ZoneInfo,
    now: datetime,
    start: date | None = None,
    month: str = "",
) -> Monitoring:
    """Both clocks as of `now`. Windows follow each other from `start`, or from the first day with data.

    A `month` (as 2026-11) leaves out the other months, and the windows without a day in it.
    """
    days = data_days(sessions, zone, now, start)
    if month:
        windows = tuple(each for each in days.windows if f"{each.first:%Y-%m}" <= month <= f"{each.last:%Y-%m}")
        outside = tuple(each for each in days.outside if f"{each.day:%Y-%m}" == month)
        days = msgspec.structs.replace(days, windows=windows, outside=outside)
    return Monitoring(days, zone.key, minutes(contacts, zone, month))


def rows(found: Monitoring) -> Iterator[Line]:
    """The table: what the counts do not establish, then each window and each month with its sum before its rows."""
    yield _sum("", "", None, found.does_not_establish)
    yield _sum(DATA_DAYS, "", None, found.days.says)
    for window in found.days.windows:
        period = f"{window.first} to {window.last}"
        yield _sum(DATA_DAYS, period, sum(row.seconds for row in window.sessions if row.counted), window.says)
        yield from (_session(row, period) for row in window.sessions)
    yield from (_session(row, "in no window") for row in found.days.outside)
    for month in found.months:
        yield _sum(MINUTES, month.month, month.seconds, month.says)
        yield from (_contact(row, month.month) for row in month.contacts)


def write_csv(found: Monitoring, file: TextIO) -> None:
    """Write the table as CSV, its lines ended by a line feed."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(Line._fields)
    writer.writerows(map(cell, line) for line in rows(found))


def _sum(clock: str, period: str, counted_s: float | None, says: str) -> Line:
    return Line(clock, period, "sum" if period else "about", "", "", "", None, "", counted_s, "", "", "", says, "")


def _session(row: SessionRow, period: str) -> Line:
    counted, counted_s = ("yes", row.seconds) if row.counted else ("no", 0.0)
    return Line(
        *(DATA_DAYS, period, "session", row.session, str(row.day), row.began_at, row.seconds, counted, counted_s),
        *("", "", "", row.why, ""),
    )


def _contact(row: ContactRow, period: str) -> Line:
    counted = "no" if not row.counted_s else "yes" if row.counted_s == row.seconds else "part"
    return Line(
        *(MINUTES, period, "contact", row.contact, row.began_at[:10], row.began_at, row.seconds, counted),
        *(row.counted_s, row.who, row.kind, "yes" if row.realtime else "no", row.why, row.note),
    )
