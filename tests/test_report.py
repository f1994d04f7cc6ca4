"""The report of one session as a file, its charts, and numbers in words."""

import re
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from server_fixtures import a_limit, a_session

from engine.records import (
    Answer,
    BlockRecord,
    Calibration,
    Event,
    Limit,
    Measured,
    Precaution,
    Request,
    Session,
    TrialRecord,
    from_json,
    to_json,
)
from server_sync.page import charts, words
from server_sync.page.meanings import sway
from server_sync.page.report import report, write_report
from server_sync.page.sheet import sheet

PNG = b"\x89PNG\r\n\x1a\n made up"


def bare(**changes: object) -> Session:
    """A session of which nothing is known but that it was."""
    nothing: dict[str, object] = {
        "calibration": None,
        "blocks": (),
        "events": (),
        "told": (),
        "quality": None,
        "precautions": (),
    }
    return a_session(**nothing | changes)  # type: ignore[arg-type]


def test_a_report_needs_nothing_but_itself(tmp_path: Path) -> None:
    picture = tmp_path / "2-in_the_orchard.png"
    picture.write_bytes(PNG)
    write_report(a_session(), tmp_path / "report.html", [picture])
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    addresses = re.findall(r'(?:src|href)="([^"]*)"|url\("([^"]*)"\)', text)
    assert len(addresses) == 4
    assert all("".join(address).startswith("data:") for address in addresses)
    assert 'alt="In the orchard"' in text
    assert not list(tmp_path.glob(".*"))


def test_a_report_says_what_the_page_says() -> None:
    text = report(a_session())
    found = sheet(a_session())
    assert found.parts[0].finding in text
    assert "93.4 % of 72 Hz frames" in text
    assert "Not a medical device" in text


def test_a_session_off_ones_feet_says_so_at_the_top() -> None:
    assert "lying" in sheet(a_session(posture="lying")).sub
    assert "standing" not in sheet(a_session()).sub


def test_the_same_session_gives_the_same_report() -> None:
    assert report(a_session()) == report(a_session())


def test_a_session_without_anything_is_a_report_in_words() -> None:
    text = report(bare())
    assert "No game was played" in text
    assert "Finished" not in text
    assert "Nothing is known about the quality of this recording" in text


def test_what_a_record_says_is_never_taken_for_html() -> None:
    text = report(bare(patient="<script>alert(1)</script>", ended_by="<b>x</b>"))
    assert "<script" not in text
    assert "&lt;b&gt;x&lt;/b&gt;" in text


def test_names_and_units_in_a_chart_are_never_taken_for_html() -> None:
    point = charts.Point(1, 50.0, 52.0, reached=True, limit=a_limit(60, 5))
    assert "<b>" not in charts.limit_chart("<b>", [point], [charts.Line(70.0, "<b>", "barred")], "<b>")
    assert "<b>" not in charts.trace_chart("<b>", (0.0, 1.0), (1.0, 2.0), "<b>", None)


@pytest.mark.parametrize(("block", "trial", "shown"), [(1, 4, [4, 11]), (1, 99, [18, 11]), (99, 1, [18, 11])])
def test_the_trial_to_look_at_can_be_chosen(block: int, trial: int, shown: list[int]) -> None:
    details = [part.detail for part in sheet(a_session(), block, trial).parts]
    assert [detail.row.number for detail in details if detail] == shown


def test_a_session_that_ended_early_says_who_or_what_ended_it() -> None:
    assert ("", "Ended early:", "the person pressed stop") in sheet(bare(ended_by="the person pressed stop")).facts
    assert sheet(bare()).facts == ()


def test_a_limit_that_moved_less_than_its_interval_is_within_the_noise() -> None:
    assert sheet(a_session()).parts[0].charts[0].finding == "Limit 90° → 84°: within the noise."


def test_ceilings_are_drawn_where_they_are_near_and_said_where_they_are_far() -> None:
    fruit, lean = sheet(a_session()).parts
    assert fruit.key[-2:] == ("allowed", "barred")
    assert "ceiling 95°" in fruit.charts[0].drawing
    forward = next(chart for chart in lean.charts if chart.title == "Leant forward")
    assert forward.finding.endswith("Above the chart: ceiling 20°.")
    assert "ceiling" not in forward.drawing


def test_measures_are_read_over_the_trials_with_their_error() -> None:
    found = {spread.name: spread for spread in sheet(a_session()).parts[0].spreads}
    speed = found["Peak hand speed"]
    assert (speed.middle, speed.error, speed.trials) == ("0.86 m/s", "0.03 m/s", "22 of 22")
    assert found["Smoothness (SPARC)"].error == ""


def test_a_note_that_several_numbers_share_is_said_once() -> None:
    found = sheet(a_session()).measurements
    assert found
    lengths = dict(found.groups)["Lengths"]
    assert [len(group.numbers) for group in lengths] == [3]


def test_a_hidden_hand_is_something_to_keep_in_mind() -> None:
    fine = {finding.words: finding.fine for finding in sheet(a_session()).trust}
    assert fine["Left hand seen"]
    assert not fine["Right hand seen"]


def test_what_could_not_be_measured_before_play_is_something_to_keep_in_mind() -> None:
    block = BlockRecord("open_reach", "Open reach", 2, "calibrate", 0.0, 1.0, notes=("left side: the arm rested",))
    findings = sheet(bare(blocks=(block,))).trust
    assert (False, "Open reach, left side: the arm rested", "") in findings


def test_head_sway_begins_with_what_a_therapist_reads_first() -> None:
    found = {name: Measured(1.0, measure.unit or "mm", 0.1) for name, measure in sway().measures.items()}
    known = a_session().calibration
    assert known is not None
    measured = sheet(bare(calibration=msgspec.structs.replace(known, sway=found))).measurements
    assert measured is not None
    titles = {title: [number.name for group in found for number in group.numbers] for title, found in measured.groups}
    assert titles["Head sway in quiet standing"] == ["Mean speed", "Area (95 %)", "RMS sideways", "RMS ahead and back"]
    assert len(titles["More of the head sway"]) == len(found) - 4


def test_one_trial_makes_a_chart() -> None:
    point = charts.Point(3, 50.0, None, reached=False, limit=None)
    chart = charts.limit_chart("Reach", [point], [], "deg")
    assert 'cx="50.0%"' in chart
    assert "0 of 1 reached" in chart


def test_a_trace_without_values_is_no_chart() -> None:
    assert charts.trace_chart("Lean", (0.0, 1.0), (None, None), "deg", None) == ""


def test_a_gap_in_a_trace_is_a_gap_in_the_line() -> None:
    chart = charts.trace_chart("Lean", (0.0, 1.0, 2.0, 3.0), (1.0, 2.0, None, 3.0), "deg", None)
    assert chart.count('class="limit-line"') == 2


@pytest.mark.parametrize("values", [[5.0], [3.0, 3.0], [0.0], [-2.0, 97.3], [0.001, 0.002], [1e6, 3e6]])
def test_a_scale_holds_its_values_between_round_numbers(values: list[float]) -> None:
    found = charts.scale(values, 100)
    assert found.low <= min(values) <= max(values) <= found.high
    assert found.low < found.high
    assert 2 <= len(found.ticks) <= 7


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Limit(value=98.2, low=93.1, high=103.4, unit="deg", n=6, method=""), "98° (93–103)"),
        (Limit(value=7.12, low=5.9, high=8.3, unit="deg", n=6, method=""), "7.1° (5.9–8.3)"),
        (Limit(value=1.704, low=1.69, high=1.72, unit="m", n=6, method=""), "170 cm (169–172)"),
        (Limit(50.0, 45.0, 55.0, "deg", 3, "", "3 of 3 efforts ended at the stop line at 50°"), "at least 50°"),
        (Limit(value=3.0, low=-2.0, high=8.0, unit="deg", n=6, method=""), "3.0° (−2.0 to 8.0)"),
    ],
)
def test_a_limit_is_a_value_with_its_interval(limit: Limit, text: str) -> None:
    assert str(words.limit(limit)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Measured(value=1.3123, unit="", error=0.04), "1.31 (1.27–1.35)"),
        (Measured(value=212.4, unit="mm", error=14.0), "212 mm (198–226)"),
        (Measured(value=-1.724, unit=""), "−1.72"),
        (Measured(value=None, unit="mm", note="too short"), "not measured"),
        (Measured(value=float("nan"), unit="mm"), "not measured"),
        (Measured(value=0.861, unit="m/s"), "0.86 m/s"),
        (Measured(value=3.0, unit="furlong"), "3.00 furlong"),
    ],
)
def test_a_measure_shows_no_digit_smaller_than_its_error(number: Measured, text: str) -> None:
    assert str(words.measured(number)) == text


def test_names_and_times_are_words() -> None:
    assert words.name("shoulder_elevation_left") == "Left shoulder elevation"
    assert (words.name("lean_left"), words.name("hold_s")) == ("Lean left", "Hold")
    assert (words.duration(560), words.duration(41.6), words.duration(120)) == ("9 min 20 s", "42 s", "2 min")
    assert words.day(datetime(2026, 11, 9)) == "Monday 9 November 2026"
    assert words.initials("Milo Adeyemi-Brandt") == "MA"


def test_what_a_person_said_of_themselves_stands_at_the_top() -> None:
    told = (Answer("pain", 3), Answer("dizziness", 4.5, 131.0), Answer("stop", 1, 140.0))
    assert sheet(bare(told=told)).facts == (
        ("Pain before", "3 of 10", ""),
        ("Dizziness at 2:11", "4.5 of 10", ""),
    )


def test_a_precaution_says_what_until_when_why_and_by_whom() -> None:
    arm = Precaution("use_of_arm_left", 0, "", "in a cast", "Dr Okafor")
    leg = Precaution("weight_on_leg_right", 50, "%", "stress fracture", "Dr Okafor", "2027-01-30")
    assert sheet(bare(precautions=(arm, leg))).precautions == (
        "Left arm used: not allowed (in a cast, Dr Okafor)",
        "Right leg loaded at most 50 % until 30 Jan 2027 (stress fracture, Dr Okafor)",
    )


def test_a_change_of_difficulty_says_why_beside_its_game() -> None:
    fruit, lean = sheet(a_session()).parts
    assert fruit.change == ""
    assert lean.change.startswith("Hold: time to stay at the buoy, 1.5 s")
    assert lean.change in report(a_session())


def test_a_game_that_was_barred_says_so_instead_of_none_reached() -> None:
    why = "Fruit Ladder loads the right leg, which the precaution of Dr Okafor forbids (fracture)"
    barred = BlockRecord("fruit_ladder", "Fruit Ladder", 3, "play", 1.0, 1.0, notes=(why,))
    found = sheet(bare(blocks=(barred,)))
    assert (found.title, found.parts[0].finding, found.parts[0].notes) == ("No game was played", "not played", (why,))
    assert found.course[0][1] == "Left out: Fruit Ladder"
    assert "trials-0" not in report(bare(blocks=(barred,)))


def leaning(movement: str, reason: str, **changes: object) -> Session:
    request = Request(movement, 2.0, "deg", "CEILING", reason)
    trial = TrialRecord(1, "", 1.0, 2.0, "reached", request, 2.0, a_limit(3.0, 0.5))
    block = BlockRecord("harbour_lean", "Harbour Lean", 3, "play", 0.0, 3.0, trials=(trial,))
    return bare(blocks=(block,), **changes)


def test_a_diagonal_lean_has_a_name_and_the_ceiling_that_follows_from_those_beside_it() -> None:
    bound = Precaution("lean_right", 2.0, "deg", "hip", "Dr Okafor")
    (part,) = sheet(leaning("lean_back_right", "2.0°: warming up; ...", precautions=(bound,), caps={})).parts
    assert (part.charts[0].title, part.rows[0].movement) == ("Leant back right", "Leant back right")
    assert "precaution 2.8°" in part.charts[0].drawing


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("2.0°: aims at 3 hits in 4; your limit today is about 3.0°", "aims at 3 hits in 4"),
        ("2.8 deg: no further than the precaution of Dr O: hip", "no further than the precaution of Dr O: hip"),
        ("as far as is comfortable, to learn where the limit is",) * 2,
    ],
)
def test_the_reason_of_a_request_stands_without_its_number(reason: str, why: str) -> None:
    assert sheet(leaning("lean_right", reason)).parts[0].rows[0].why == why


def test_a_limit_says_its_efforts_its_doubts_and_its_own_day_and_posture() -> None:
    changed = {"efforts": (60.0, 90.0), "doubts": ("only so-so",), "posture": "seated", "measured_at": "2026-03-02"}
    limit = msgspec.structs.replace(a_limit(90.0, 5.0), **changed)
    found = msgspec.structs.replace(calibration(), limits={"shoulder_elevation_left": limit})
    shown = sheet(bare(calibration=found))
    (group,) = dict(shown.measurements.groups)["Limits"] if shown.measurements else ()
    assert (group.numbers[0].efforts, group.numbers[0].doubts) == ("efforts: 60°, 90°", ("only so-so",))
    assert group.note.endswith("seated, measured on 2 Mar 2026")
    assert "In doubt since before, left arm raised: only so-so" in [finding.words for finding in shown.trust]


def calibration() -> Calibration:
    found = a_session().calibration
    assert found is not None
    return found


def test_what_went_past_a_precaution_or_taught_nothing_is_to_be_known() -> None:
    late = Event(0.0, "precaution expired", "that of Dr Okafor ended on 1 November 2026: it holds until it is renewed")
    twice = Event(9.0, "target outside the envelope", "3 m is beyond")
    findings = {finding.words: finding.value for finding in sheet(bare(events=(late, twice, twice))).trust}
    assert findings[f"Precaution expired: {late.detail}"] == ""
    assert findings["Target outside the envelope: 3 m is beyond"] == "2 times"


def test_a_session_from_before_difficulty_was_followed_is_read_and_shown() -> None:
    record = msgspec.json.decode(to_json(a_session()))
    for name in ("told", "adaptation", "floors", "rises", "followed"):
        del record[name]
    for block in record["blocks"]:
        del block["change"]
    del record["calibration"]["measured_under"]
    for limit in record["calibration"]["limits"].values():
        for name in ("efforts", "posture", "measured_at", "doubts", "checked_at"):
            del limit[name]
    before = from_json(msgspec.json.encode(record), Session)
    assert (before.told, before.adaptation, before.blocks[1].change) == ((), {}, "")
    assert "Fruit Ladder" in report(before)


def test_a_movement_of_another_version_is_shown_by_the_words_of_its_name() -> None:
    unknown = Precaution("tail_wagging_left", 3, "deg", "sore", "Dr Okafor")
    assert sheet(bare(precautions=(unknown,), caps={"tail_lift": 3.0})).precautions[0].startswith("Left tail wagging")


def test_the_course_says_why_something_was_measured() -> None:
    due = BlockRecord("standing", "Standing", 1, "calibrate", 1.0, 2.0, change="nothing was measured yet")
    assert sheet(bare(blocks=(due,))).course[0] == ("0:01", "Left out: Standing", "Nothing was measured yet")
