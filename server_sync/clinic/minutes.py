"""The second clock of remote therapeutic monitoring: minutes that the clinic spent on a patient in a calendar month."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


class Kind(StrEnum):
    """What a contact was."""

    CALL = "call"
    VIDEO = "video"
    MESSAGE = "message"
    REVIEW = "review"
    OTHER = "other"


TALKING = (Kind.CALL, Kind.VIDEO)
"""In which two people may talk both ways at once."""


class Contact(NamedTuple):
    """Time that somebody of the clinic (`who` is their login) spent on a patient, from `at` on.

    `kind` is a Kind; `realtime` says that both talked with each other at once.
    """

    at: datetime
    seconds: float
    kind: str
    realtime: bool
    who: str
    note: str = ""
    id: str = ""


class ContactRow(msgspec.Struct, frozen=True):
    """The part of a contact that lies in one month, by the clinic's time, and the seconds of it that count."""

    contact: str
    began_at: str
    seconds: float
    counted_s: float
    kind: str
    realtime: bool
    who: str
    note: str
    why: str


class Reached(msgspec.Struct, frozen=True):
    """How many times the minutes of a month reach what a code names."""

    code: str
    names: str
    times: int


class Month(msgspec.Struct, frozen=True):
    """The second clock in one calendar month.

    Time in which one person is noted twice counts once; `at_once_s` counts more than once, because several people are
    noted for it.
    """

    month: str
    seconds: float
    minutes: int
    realtime: bool
    people: tuple[str, ...]
    at_once_s: float
    codes: tuple[Reached, ...]
    says: str
    contacts: tuple[ContactRow, ...]


def minutes(contacts: Iterable[Contact], zone: ZoneInfo, only: str = "") -> tuple[Month, ...]:
    """The second clock: every month of the clinic's time with a contact, or `only` one (as 2026-11), also without any.

    A contact over the end of a month is split there.
    """
    months: dict[str, list[_Piece]] = {only: []} if only else {}
    for contact in contacts:
        for month, piece in _pieces(contact, zone):
            months.setdefault(month, []).append(piece)
    return tuple(_month(month, pieces, zone) for month, pieces in sorted(months.items()) if only in ("", month))


class _Piece(NamedTuple):
    """The part of a contact that lies in one month."""

    began_at: datetime
    ended_at: datetime
    contact: Contact


def _pieces(contact: Contact, zone: ZoneInfo) -> Iterator[tuple[str, _Piece]]:
    at = contact.at.astimezone(UTC)
    end = at + timedelta(seconds=contact.seconds)
    while at < end:
        month = at.astimezone(zone).date().replace(day=1)
        if at >= _begins(_next(month), zone):  # a clock that was put back over midnight shows the old month once more
            month = _next(month)
        until = min(end, _begins(_next(month), zone))
        yield f"{month:%Y-%m}", _Piece(at, until, contact)
        at = until


def _next(month: date) -> date:
    return (month + 31 * _DAY).replace(day=1)


def _begins(month: date, zone: ZoneInfo) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=zone).astimezone(UTC)


def _month(month: str, pieces: Sequence[_Piece], zone: ZoneInfo) -> Month:
    people = tuple(sorted({piece.contact.who for piece in pieces}))
    rows = [row for who in people for row in _counted([each for each in pieces if each.contact.who == who])]
    total = sum((counted for _, counted in rows), timedelta())
    # Of everybody as if they were one person: what is missing then was counted for several.
    at_once = total - sum((counted for _, counted in _counted(pieces)), timedelta())
    whole, realtime = total // _MINUTE, any(piece.contact.realtime for piece in pieces)
    codes = (
        Reached("98979", "10 to 19 minutes", int(10 <= whole < 20)),
        Reached("98980", "the first 20 minutes", int(whole >= 20)),
        Reached("98981", "each further 20 minutes", max(0, whole // 20 - 1)),
    )
    told = tuple(_contact_row(piece, counted, zone) for piece, counted in sorted(rows, key=lambda row: _order(row[0])))
    says = _month_says(whole, codes, realtime, people, at_once)
    return Month(month, total.total_seconds(), whole, realtime, people, at_once.total_seconds(), codes, says, told)


def _order(piece: _Piece) -> tuple[datetime, datetime, str]:
    return piece.began_at, piece.ended_at, str(piece.contact)


def _counted(pieces: Iterable[_Piece]) -> Iterator[tuple[_Piece, timedelta]]:
    """Each piece with the time of it that no earlier one has."""
    until = datetime.min.replace(tzinfo=UTC)
    for piece in sorted(pieces, key=_order):
        yield piece, max(timedelta(), piece.ended_at - max(until, piece.began_at))
        until = max(until, piece.ended_at)


def _contact_row(piece: _Piece, counted: timedelta, zone: ZoneInfo) -> ContactRow:
    contact, whole = piece.contact, piece.ended_at - piece.began_at
    began_at = piece.began_at.astimezone(zone).isoformat(timespec="seconds")
    twice = (whole - counted).total_seconds()
    whys = [f"{twice:g} s of it are noted twice for {contact.who} and count once"] if twice else []
    if whole < timedelta(seconds=contact.seconds):
        whys.append(f"of {contact.seconds:g} s, those that lie in this month")
    return ContactRow(
        *(contact.id, began_at, whole.total_seconds(), counted.total_seconds(), contact.kind, contact.realtime),
        *(contact.who, contact.note, "; ".join(whys) or "all of it counts"),
    )


def _month_says(whole: int, codes: Sequence[Reached], realtime: bool, people: Sequence[str], at_once: timedelta) -> str:
    reached = [f"reach {each.code} ({each.names}) {_times(each.times)}" for each in codes if each.times]
    by = f" of {len(people)} people" if len(people) > 1 else " of one person" if people else ""
    said = [f"{whole} whole minute{'' if whole == 1 else 's'}{by} {' and '.join(reached) or 'reach no code'}"]
    if at_once:
        said.append(f"{at_once.total_seconds():g} s count for several people who are noted for them at once")
    contact = "a real-time two-way contact is" if realtime else "no real-time two-way contact is"
    return "; ".join([*said, f"{contact} documented in the month, and each of these codes asks for one"])


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")
