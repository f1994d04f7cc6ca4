"""Which day it is on a computer whose own clock may be wrong, so that what ends on a day ends on it, and not sooner."""

import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta

from server_sync.client.clock import boot
from server_sync.wire import Clock

FAR = timedelta(days=90)
"""Nobody plays so long without the clinic's word: what is said of a day further ahead came of a wrong clock."""


def day_by(clock: Clock | None, today: date, sure: Iterable[str], said: Iterable[str]) -> date:
    """The day, of which `today` is what this computer's clock says.

    Where the clinic's clock was measured since the computer started (`clock`), it is that clock's day. Else it is no
    earlier than the last measure, than moments that came from the clinic (`sure`), nor than those that this computer
    wrote down (`said`), unless they are FAR ahead of all others. Moments are ISO 8601, "" for none.
    """
    known = [*_days(sure)]
    with suppress(ValueError, OverflowError):
        if clock is not None:
            there, runs = _there(clock)
            known.append(there)
            if runs:
                return max(known)
    known.append(today)
    latest = max(known)
    return max([latest, *(day for day in _days(said) if day - latest <= FAR)])


def _there(clock: Clock) -> tuple[date, bool]:
    """The day at the clinic, at least, and whether its clock was followed until now, whatever became of ours."""
    moment = datetime.fromisoformat(clock.measured_at) + timedelta(seconds=clock.offset_s)
    passed_s = time.monotonic() - clock.monotonic_s
    runs = clock.boot == boot() and passed_s >= 0
    return (moment + timedelta(seconds=passed_s if runs else 0.0)).astimezone().date(), runs


def _days(moments: Iterable[str]) -> list[date]:
    days = []
    for moment in moments:
        with suppress(ValueError, OverflowError):
            days.append(datetime.fromisoformat(moment).astimezone().date())
    return days
