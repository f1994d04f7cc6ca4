"""The report of one session as a file, its charts, and numbers in words."""

import re
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from server_fixtures import a_limit, a_session

from engine.records import BlockRecord, Limit, Measured, Session
from server_sync import charts, words
from server_sync.meanings import SWAY
from server_sync.report import report, write_report
from server_sync.sheet import sheet

PNG = b"\x89PNG\r\n\x1a\n made up"


def bare(**changes: object) -> Session:
    """A session of which nothing is known but that it was."""
    nothing: dict[str, object] = {
        "calibration": None,
        "blocks": (),
        "events": (),
        "answers": {},
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
    forward = next(chart for chart in lean.charts if chart.title == "Lean forward")
    assert forward.finding.endswith("Ceiling 20°, above the chart.")
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
    sway = {name: Measured(1.0, measure.unit or "mm", 0.1) for name, measure in SWAY.measures.items()}
    known = a_session().calibration
    assert known is not None
    measured = sheet(bare(calibration=msgspec.structs.replace(known, sway=sway))).measurements
    assert measured is not None
    titles = {title: [number.name for group in found for number in group.numbers] for title, found in measured.groups}
    assert titles["Head sway in quiet standing"] == ["Mean speed", "Area (95 %)", "RMS sideways", "RMS ahead and back"]
    assert len(titles["More of the head sway"]) == len(SWAY.measures) - 4


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
    assert words.initials("Milo Adeyemi-Brandt") == "MB"
