"""Which day it is where a computer's clock is wrong."""

import time
from datetime import UTC, date, datetime

from server_sync.client.clock import boot
from server_sync.client.day import day_by
from server_sync.wire import Clock

TODAY = date(2026, 3, 9)
NOON = "2026-03-10T12:00:00+00:00"
YEAR_S = 365 * 86_400.0


def test_a_clock_that_was_set_back_is_known_by_what_was_written_down() -> None:
    assert day_by(None, TODAY, ["2026-03-01T12:00:00+00:00", ""], [NOON]) == date(2026, 3, 10)


def test_what_is_far_ahead_of_all_else_counts_no_more() -> None:
    assert day_by(None, TODAY, [], ["2099-01-01T12:00:00+00:00", "no moment", NOON]) == date(2026, 3, 10)


def test_the_clinics_clock_counts_as_far_as_it_was_measured() -> None:
    ahead = Clock(offset_s=YEAR_S, within_s=0.1, measured_at=NOON, boot="another start")
    assert day_by(ahead, TODAY, [], []) == date(2027, 3, 10)
    behind = ahead.__class__(offset_s=-YEAR_S, within_s=0.1, measured_at=NOON, boot="another start")
    assert day_by(behind, TODAY, [], []) == TODAY


def test_since_this_computer_started_the_clinics_clock_alone_counts() -> None:
    at_2099 = datetime(2099, 1, 1, 12, tzinfo=UTC)
    off_s = (datetime(2026, 3, 10, 12, tzinfo=UTC) - at_2099).total_seconds()
    measured = Clock(off_s, 0.1, at_2099.isoformat(), boot(), time.monotonic())
    assert day_by(measured, at_2099.date(), ["2026-03-01T12:00:00+00:00"], ["2026-06-01"]) == date(2026, 3, 10)


def test_a_measure_that_says_nothing_is_none() -> None:
    assert day_by(Clock(1e300, 0.1, NOON), TODAY, [], []) == TODAY
    assert day_by(Clock(0.0, 0.1, "no moment"), TODAY, [], []) == TODAY
