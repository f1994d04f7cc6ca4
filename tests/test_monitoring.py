"""The two clocks of remote therapeutic monitoring: what counts, on which day and in which month, and what is said."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server_sync.clinic.cells import cell
from server_sync.clinic.data_days import DataDays, Played, SessionRow, data_days
from server_sync.clinic.minutes import Contact, Month, minutes
from server_sync.clinic.monitoring import DOES_NOT_ESTABLISH, Monitoring, monitoring, rows, write_csv

BERLIN, NEW_YORK, APIA = (ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Pacific/Apia"))
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def played(began_at: datetime | str, session_id: str = "", **changes: object) -> Played:
    """A session that counts; its offset is that of the zone at that moment, as a computer writes it down."""
    at = datetime.fromisoformat(began_at) if isinstance(began_at, str) else began_at
    at = at.replace(tzinfo=timezone(at.utcoffset() or timedelta()))
    return Played(session_id or f"s-{at.isoformat()}", at, 600.0, "finished", 3, "", None, "openxr", 12)._replace(
        **changes
    )


def on(day: date, **changes: object) -> Played:
    return played(datetime(day.year, day.month, day.day, 16, 0, tzinfo=BERLIN), **changes)


def counted(*sessions: Played, now: datetime = NOW, start: date | None = None) -> DataDays:
    return data_days(sessions, BERLIN, now, start)


def dates(found: DataDays) -> list[str]:
    return [str(day) for window in found.windows for day in window.days]


def evidence(found: DataDays) -> list[SessionRow]:
    return [*(row for window in found.windows for row in window.sessions), *found.outside]


def why(session: Played) -> str:
    (row,) = evidence(counted(session))
    return row.why


def test_a_finished_prescribed_session_makes_its_day_a_data_day_and_is_its_evidence() -> None:
    (window,) = counted(played("2026-11-20T08:30:00+01:00", "s-1")).windows
    assert window.days == (date(2026, 11, 20),)
    assert window.sessions == (
        SessionRow("s-1", date(2026, 11, 20), "2026-11-20T08:30:00+01:00", 600.0, True,
                   "finished, by version 3 of the prescription"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ended_by": "the person chose to stop"}, "not played to its end: the person chose to stop"),
        ({"ended_by": ""}, "nobody knows why"),
        ({"trials": 0}, "no game was played"),
        ({"prescription": 0}, "nothing that it was played by was prescribed"),
        ({"headset": "simulated"}, "simulated"),
        ({"headset": "replay"}, "played again from a recording"),
        ({"headset": "desk"}, "mouse and keys"),
        ({"headset": "hologram"}, "nobody knows whether a person wears a headset 'hologram'"),
        ({"clock_offset_s": 86_401.0}, "1.0 days behind"),
        ({"clock_offset_s": -3 * 86_400.0}, "3.0 days ahead"),
        ({"started_at": NOW + timedelta(days=1, seconds=1)}, "has not begun yet"),
    ],
)
def test_what_does_not_count_is_shown_with_the_reason(changes: dict[str, object], reason: str) -> None:
    good = played("2026-11-19T10:00:00+01:00", "good")
    found = counted(good, played("2026-11-18T10:00:00+01:00", "bad", **changes))
    assert dates(found) == ["2026-11-19"]
    (bad,) = [row for row in evidence(found) if row.session == "bad"]
    assert not bad.counted
    assert reason in bad.why


def test_a_patient_may_be_most_of_a_day_ahead_of_the_clinic() -> None:
    assert dates(counted(played(NOW + timedelta(hours=14)))) == ["2026-11-21"]


def test_parts_of_a_session_do_not_add_up_to_one() -> None:
    halves = [played(f"2026-11-19T{hour}:00:00+01:00", ended_by="the headset closed") for hour in (10, 11)]
    assert dates(counted(*halves)) == []
    assert len(evidence(counted(*halves))) == 2


def test_a_day_with_several_sessions_is_one_day_and_all_are_its_evidence() -> None:
    found = counted(*(played(f"2026-11-19T{hour}:00:00+01:00") for hour in (10, 12, 18)))
    assert dates(found) == ["2026-11-19"]
    assert [row.counted for row in evidence(found)] == [True] * 3


def test_a_session_that_goes_on_after_midnight_counts_on_the_day_it_began() -> None:
    late = played(datetime(2026, 11, 18, 23, 50, tzinfo=NEW_YORK), seconds=1200.0)
    assert dates(counted(late)) == ["2026-11-18"]
    assert "after midnight" in why(late)
    assert "after midnight" not in why(late._replace(seconds=600.0))


def test_a_clock_less_than_a_day_wrong_counts_and_another_day_by_the_clinics_clock_is_said() -> None:
    late = played("2026-11-18T23:00:00+01:00", clock_offset_s=7200.0)
    early = played("2026-11-18T01:00:00+01:00", clock_offset_s=-7200.0)
    assert dates(counted(late)) == dates(counted(early)) == ["2026-11-18"]
    assert "the day after" in why(late)
    assert "the day before" in why(early)
    assert "clinic's clock" not in why(late._replace(clock_offset_s=3599.0))
    assert counted(late._replace(clock_offset_s=86_400.0)).windows[0].days, "no more than a day"


def test_the_hour_that_comes_twice_holds_two_sessions_of_one_day() -> None:
    twice = [played(datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold)) for fold in (0, 1)]
    assert [str(each.started_at.utcoffset()) for each in twice] == ["2:00:00", "1:00:00"]
    found = counted(*twice)
    assert dates(found) == ["2026-10-25"]
    assert [row.counted for row in evidence(found)] == [True, True]


@pytest.mark.parametrize(("zone", "sunday"), [(BERLIN, (2026, 3, 29)), (BERLIN, (2026, 10, 25)),
                                              (NEW_YORK, (2026, 3, 8)), (NEW_YORK, (2026, 11, 1))])  # fmt: skip
def test_days_of_23_and_25_hours_are_days_as_any_other(zone: ZoneInfo, sunday: tuple[int, int, int]) -> None:
    first = datetime(*sunday, 0, 5, tzinfo=zone)
    assert (first + timedelta(days=1)).utcoffset() != first.utcoffset()
    ends = [datetime(*sunday, 23, 40, tzinfo=zone) - timedelta(days=1), first, datetime(*sunday, 23, 55, tzinfo=zone)]
    days = sorted({str(at.date()) for at in ends})
    assert dates(counted(*map(played, ends))) == days
    assert len(days) == 2


def test_a_day_that_a_place_left_out_is_no_data_day() -> None:
    around = [datetime(2011, 12, 29, 23, 50, tzinfo=APIA), datetime(2011, 12, 31, 0, 10, tzinfo=APIA)]
    assert (around[1].astimezone(UTC) - around[0].astimezone(UTC)) == timedelta(minutes=20)
    found = counted(*(played(at, seconds=300.0) for at in around), now=datetime(2012, 1, 1, tzinfo=UTC))
    assert dates(found) == ["2011-12-29", "2011-12-31"]


def test_who_travels_over_the_date_line_plays_on_the_days_of_where_they_are() -> None:
    there = played(datetime(2026, 11, 12, 8, 0, tzinfo=APIA))
    later = datetime(2026, 11, 11, 14, 0, tzinfo=ZoneInfo("Pacific/Pago_Pago"))
    assert later.astimezone(UTC) > there.started_at
    assert dates(counted(there, played(later))) == ["2026-11-11", "2026-11-12"]
    again = datetime(2026, 11, 12, 9, 0, tzinfo=ZoneInfo("Pacific/Pago_Pago"))
    assert dates(counted(there, played(again))) == ["2026-11-12"], "a day that comes twice is one day"


def test_the_day_is_the_patients_and_not_that_of_utc() -> None:
    at = datetime(2026, 11, 18, 0, 10, tzinfo=ZoneInfo("Asia/Kathmandu"))
    assert at.astimezone(UTC).date() == date(2026, 11, 17)
    (row,) = evidence(counted(played(at)))
    assert (row.day, row.began_at) == (date(2026, 11, 18), "2026-11-18T00:10:00+05:45")


@pytest.mark.parametrize(
    "changes",
    [
        {"session_id": "s-2", "sha256": "ab" * 32, "started_at": datetime(2026, 11, 18, 9, 0, tzinfo=UTC)},
        {"session_id": "s-2"},
        {"started_at": datetime(2026, 11, 18, 9, 0, tzinfo=UTC)},
    ],
    ids=["of one recording", "of one moment", "of one id"],
)
def test_the_same_session_twice_counts_once(changes: dict[str, object]) -> None:
    first = played("2026-11-17T10:00:00+01:00", "s-1", sha256="ab" * 32)
    again = first._replace(**{"sha256": "cd" * 32, **changes})
    for found in (counted(first, again), counted(again, first)):
        assert dates(found) == ["2026-11-17"]
        assert [row.why for row in evidence(found) if not row.counted] == ["the same as session s-1, which counts"]


def test_of_the_same_session_the_copy_that_may_count_does() -> None:
    whole = played("2026-11-17T10:00:00+01:00", "s-2")
    found = counted(whole._replace(session_id="s-1", ended_by="the headset closed"), whole)
    assert [(row.session, row.counted) for row in evidence(found)] == [("s-1", False), ("s-2", True)]


@pytest.mark.parametrize(
    ("days", "code", "says"),
    [
        (1, "", "1 data day, below 2"),
        (2, "98985", "2 data days, in the range 2-15 of code 98985"),
        (15, "98985", "15 data days, in the range 2-15 of code 98985"),
        (16, "98977", "16 data days, in the range 16-30 of code 98977"),
        (30, "98977", "30 data days, in the range 16-30 of code 98977"),
    ],
)
def test_a_window_says_in_which_range_of_a_code_its_days_fall(days: int, code: str, says: str) -> None:
    first = date(2026, 10, 1)
    (window, _) = counted(*(on(first + timedelta(days=each)) for each in range(days))).windows
    assert (len(window.days), window.code, window.first, window.last) == (days, code, first, date(2026, 10, 30))
    assert window.says.startswith(says)


def test_windows_follow_each_other_from_the_first_day_with_data_until_today() -> None:
    found = counted(on(date(2026, 8, 1), ended_by="error"), on(date(2026, 8, 5)), on(date(2026, 9, 4)))
    assert [str(window.first) for window in found.windows] == ["2026-08-05", "2026-09-04", "2026-10-04", "2026-11-03"]
    assert [len(window.days) for window in found.windows] == [1, 1, 0, 0]
    assert [window.over for window in found.windows] == [True, True, True, False]
    assert "not over" in found.windows[-1].says
    assert [row.why for row in found.outside] == ["it was not played to its end: error"]
    assert "98975" in found.says
    assert "there are 2" in found.says


def test_a_window_is_over_when_its_last_day_is_by_the_clinics_time() -> None:
    first = on(date(2026, 10, 22))
    for minutes_later, over in ((0, [False]), (59, [False]), (60, [True, False])):
        now = datetime(2026, 11, 20, 22, 0, tzinfo=UTC) + timedelta(minutes=minutes_later)
        assert [window.over for window in counted(first, now=now).windows] == over


def test_a_therapist_may_say_from_when_windows_are_counted() -> None:
    found = counted(on(date(2026, 10, 1)), on(date(2026, 11, 2)), start=date(2026, 11, 1))
    assert [str(window.first) for window in found.windows] == ["2026-11-01"]
    assert dates(found) == ["2026-11-02"]
    assert [(row.counted, row.why) for row in found.outside] == [
        (False, "before 2026-11-01, from which on windows are counted")
    ]
    assert counted(start=date(2026, 12, 1)).windows == (), "nothing is over that has not begun"


def test_nobody_who_never_played_has_a_window() -> None:
    assert counted() == DataDays(None, (), (), counted().says)


OFFSETS = st.sampled_from([-11.0, -5.0, 0.0, 1.0, 2.0, 5.75, 13.0])
MOMENTS = st.integers(0, 120 * 24 * 4).map(lambda quarter: timedelta(minutes=15 * quarter))


@st.composite
def sessions(draw: st.DrawFn) -> Played:
    zone = timezone(timedelta(hours=draw(OFFSETS)))
    at = datetime(2026, 7, 20, tzinfo=UTC).astimezone(zone) + draw(MOMENTS)
    return Played(
        f"s-{draw(st.integers(0, 40))}", at, draw(st.sampled_from([60.0, 3600.0])),
        draw(st.sampled_from(["finished", "finished", "error"])), draw(st.sampled_from([0, 1, 2])),
        draw(st.sampled_from(["", "", "ab", "cd"])), draw(st.sampled_from([None, 0.5, -7200.0, 1e6])), "openxr", 12,
    )  # fmt: skip


@st.composite
def shuffled(draw: st.DrawFn, one: st.SearchStrategy[tuple[object, ...]]) -> tuple[list[object], list[object]]:
    """Some rows, and the same in another order, some of them more than once."""
    some = draw(st.lists(one, max_size=20))
    more = draw(st.lists(st.sampled_from(some), max_size=5)) if some else []
    return some, draw(st.permutations([*some, *more]))


@given(shuffled(sessions()))
def test_neither_the_order_nor_a_second_copy_of_sessions_changes_anything(two: tuple[list[Played], ...]) -> None:
    some, other = two
    assert counted(*some) == counted(*other)


@given(st.lists(sessions(), max_size=20), st.one_of(st.none(), st.dates(date(2026, 7, 1), date(2026, 12, 1))))
def test_every_data_day_has_evidence_and_every_session_is_in_one_place(some: list[Played], start: date | None) -> None:
    found = counted(*some, start=start)
    for window in found.windows:
        assert set(window.days) == {row.day for row in window.sessions if row.counted}
        assert all(window.first <= row.day <= window.last for row in window.sessions)
        assert window.last - window.first == timedelta(days=29)
    assert all(after.first - before.last == timedelta(days=1) for before, after in pairwise(found.windows))
    assert len(evidence(found)) == len({str(each) for each in some})
    assert not any(row.counted for row in found.outside)


@given(st.lists(sessions(), max_size=20), st.dates(date(2026, 7, 1), date(2026, 12, 1)))
def test_wherever_windows_are_split_no_day_is_lost(some: list[Played], start: date) -> None:
    whole = dates(counted(*some))
    assert dates(counted(*some, start=start)) == [day for day in whole if day >= str(start)]
    assert len(set(whole)) == len(whole)


def spent(at: str, of_s: float = 600.0, who: str = "ada", **changes: object) -> Contact:
    return Contact(datetime.fromisoformat(at), of_s, "call", True, who)._replace(**changes)


def of(*contacts: Contact, zone: ZoneInfo = BERLIN) -> dict[str, Month]:
    return {month.month: month for month in minutes(contacts, zone)}


@pytest.mark.parametrize(
    ("whole", "times"),
    [(9, (0, 0, 0)), (10, (1, 0, 0)), (19, (1, 0, 0)), (20, (0, 1, 0)), (39, (0, 1, 0)), (40, (0, 1, 1)),
     (79, (0, 1, 2)), (80, (0, 1, 3))],
)  # fmt: skip
def test_minutes_reach_what_codes_name(whole: int, times: tuple[int, ...]) -> None:
    month = of(spent("2026-11-02T10:00:00+01:00", whole * 60 + 59.0))["2026-11"]
    assert (month.minutes, month.seconds) == (whole, whole * 60 + 59.0)
    assert [(each.code, each.times) for each in month.codes] == list(
        zip(("98979", "98980", "98981"), times, strict=True)
    )


def test_whether_anybody_talked_in_real_time_is_said_for_each_month() -> None:
    talked = spent("2026-10-30T10:00:00+01:00")
    months = of(talked, spent("2026-11-02T10:00:00+01:00", kind="review", realtime=False))
    assert [month.realtime for month in months.values()] == [True, False]
    assert "a real-time two-way contact is documented" in months["2026-10"].says
    assert "no real-time two-way contact is documented" in months["2026-11"].says


def test_time_that_is_noted_twice_for_one_person_counts_once_and_is_said() -> None:
    found = of(spent("2026-11-02T10:00:00+01:00"), spent("2026-11-02T10:05:00+01:00", kind="review"))["2026-11"]
    assert found.seconds == 900
    assert [row.counted_s for row in found.contacts] == [600, 300]
    assert "300 s of it are noted twice for ada" in found.contacts[1].why
    assert "of one person" in found.says


def test_time_of_several_people_counts_for_each_and_what_they_spent_at_once_is_said() -> None:
    found = of(spent("2026-11-02T10:00:00+01:00"), spent("2026-11-02T10:05:00+01:00", who="ben"))["2026-11"]
    assert (found.seconds, found.people, found.at_once_s) == (1200, ("ada", "ben"), 300)
    assert "of 2 people" in found.says
    assert "300 s count for several people" in found.says


@pytest.mark.parametrize(
    ("zone", "at", "of_s", "parts"),
    [
        ("Europe/Berlin", "2026-10-31T23:50:00+01:00", 1800, {"2026-10": 600, "2026-11": 1200}),
        ("Europe/Berlin", "2026-10-31T22:50:00+00:00", 1800, {"2026-10": 600, "2026-11": 1200}),
        ("America/New_York", "2026-10-31T22:50:00+00:00", 1800, {"2026-10": 1800}),
        ("Asia/Kathmandu", "2026-10-31T18:05:00+00:00", 1800, {"2026-10": 600, "2026-11": 1200}),
        # The first hour of this month does not exist; that of the next one comes twice.
        ("America/Asuncion", "2023-09-30T23:50:00-04:00", 1800, {"2023-09": 600, "2023-10": 1200}),
        ("America/Havana", "2026-10-31T23:50:00-04:00", 9000, {"2026-10": 600, "2026-11": 8400}),
        # A minute after midnight this clock was put back to 23:01: the month has begun for good.
        ("America/St_Johns", "2009-10-31T23:50:00-02:30", 7200, {"2009-10": 600, "2009-11": 6600}),
        ("America/St_Johns", "2009-10-31T23:05:00-03:30", 600, {"2009-11": 600}),
        ("Europe/Berlin", "2026-10-25T01:00:00+02:00", 10_800, {"2026-10": 10_800}),
        ("Europe/Berlin", "2026-12-31T23:59:59+01:00", 2, {"2026-12": 1, "2027-01": 1}),
    ],
)
def test_a_contact_over_the_end_of_a_month_is_split_by_the_clinics_time(
    zone: str, at: str, of_s: float, parts: dict[str, float]
) -> None:
    months = of(spent(at, of_s), zone=ZoneInfo(zone))
    assert {name: month.seconds for name, month in months.items()} == parts
    if len(parts) > 1:
        assert all("those that lie in this month" in month.contacts[0].why for month in months.values())
        assert months[max(parts)].contacts[0].began_at[8:19] == "01T00:00:00" or zone == "America/Asuncion"


def test_a_month_that_is_asked_for_is_there_without_a_contact_and_alone() -> None:
    contact, session = spent("2026-11-02T10:00:00+01:00"), on(date(2026, 7, 3))
    found = monitoring([session], [contact], BERLIN, NOW, month="2026-09")
    assert [(month.month, month.minutes, month.codes[0].times) for month in found.months] == [("2026-09", 0, 0)]
    assert "0 whole minutes reach no code" in found.months[0].says
    assert [str(window.first) for window in found.days.windows] == ["2026-09-01"], "a window with a day in the month"


@st.composite
def contacts(draw: st.DrawFn) -> Contact:
    at = datetime(2026, 10, 20, tzinfo=UTC) + draw(MOMENTS) / 6
    of_s = draw(st.sampled_from([60.0, 600.0, 630.0, 86_400.0]))
    return Contact(at, of_s, "call", draw(st.booleans()), draw(st.sampled_from(["ada", "ben"])))


@given(shuffled(contacts()))
def test_neither_the_order_nor_a_second_copy_of_contacts_changes_a_number(two: tuple[list[Contact], ...]) -> None:
    numbers: list[Sequence[object]] = [
        [(m.month, m.seconds, m.minutes, m.realtime, m.people, m.at_once_s, m.codes) for m in of(*some).values()]
        for some in two
    ]
    assert numbers[0] == numbers[1]


@given(st.lists(contacts(), max_size=8))
def test_months_share_out_all_the_time_that_anybody_spent(some: list[Contact]) -> None:
    seconds = {
        (contact.who, contact.at + timedelta(seconds=second))
        for contact in some
        for second in range(0, int(contact.seconds), 30)
    }
    months = of(*some, zone=NEW_YORK).values()
    assert sum(month.seconds for month in months) == 30 * len(seconds)
    assert all(sum(row.counted_s for row in month.contacts) == month.seconds for month in months)


@pytest.fixture
def both() -> Monitoring:
    some = [on(date(2026, 11, 2), session_id="s-1"), on(date(2026, 11, 3), session_id="=s-2", ended_by="error")]
    talked = spent("2026-11-02T10:00:00+01:00", note='=HYPERLINK("x")', id="c-1")
    return monitoring(some, [talked], BERLIN, NOW)


def test_the_table_has_every_row_and_what_the_counts_do_not_establish(both: Monitoring) -> None:
    file = io.StringIO()
    write_csv(both, file)
    table = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert table[0]["says"] == DOES_NOT_ESTABLISH
    assert [(line["row"], line["id"], line["counted"]) for line in table[2:]] == [
        ("sum", "", ""), ("session", "s-1", "yes"), ("session", "'=s-2", "no"),
        ("sum", "", ""), ("contact", "c-1", "yes"),
    ]  # fmt: skip
    assert table[-1]["note"] == '\'=HYPERLINK("x")'
    assert len(table) == len(list(rows(both)))


@pytest.mark.parametrize("words", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1"])
def test_no_words_in_a_table_are_a_formula(words: str) -> None:
    assert cell(words)[0] == "'"
    assert cell(words).replace("'", "") == words.replace("\r", "\n")


@pytest.mark.parametrize("words", ["a;=1+1;b", "a; =1", "a\t@SUM(A1)", "a|-1", "a\n+1"])
def test_nor_where_semicolons_or_tabs_end_a_cell(words: str) -> None:
    for part in re.split(r"[;|\t\n]", cell(words)):
        assert part.lstrip(" ")[:1] not in ("=", "+", "-", "@")


@pytest.mark.parametrize("value", ["", "a=1", "a; b", "2026-11-20", "'", -1.5, None, True])
def test_what_cannot_be_a_formula_stays_as_it_is(value: object) -> None:
    assert cell(value) is value


def test_it_goes_to_json_and_back(both: Monitoring) -> None:
    assert msgspec.json.decode(msgspec.json.encode(both), type=Monitoring) == both
    assert both.does_not_establish == DOES_NOT_ESTABLISH


@pytest.mark.parametrize("said", ["medical device as the FDA", "shipped is none", "order", "consent", "necessity",
                                  "payer", "not billing advice"])  # fmt: skip
def test_what_the_counts_do_not_establish_names_each_thing(said: str) -> None:
    assert said in DOES_NOT_ESTABLISH
