"""Sway where the head, or a force plate, was lost for a moment: what is on one side of the gap is measured."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from people import standing_rows

from engine.commands.measure import Part, measure
from engine.commands.person import load, person_of
from engine.metrics.definition import NotMeasurable
from engine.recording import Recorded

SWAY_M = 0.006
RMS_M = SWAY_M / np.sqrt(2)


def stood(*lost_s: tuple[float, float]) -> Part:
    """The sway of somebody who is asked to stand for half a minute, whose head is lost between some times."""
    rows = standing_rows(30.0)
    time_s = rows["time_ns"] * 1e-9
    rows["head_x_m"] += SWAY_M * np.sin(2 * np.pi * 0.5 * time_s)
    kept = np.ones(len(rows), bool)
    for begin_s, end_s in lost_s:
        kept &= (time_s < begin_s) | (time_s >= end_s)
    person = person_of(Recorded({}, rows[kept]), "somebody", None)
    asked = replace(person, quiet=person.motion, quiet_when="when asked to stand quietly")
    return measure(Path("somebody"), asked, ("sway",)).sway["sway"]


def test_standing_with_a_gap_is_measured_on_its_longer_side() -> None:
    part = stood((9.0, 9.5))
    assert part.about == "Head sway, 20 s, when asked to stand quietly"
    assert "the longest stretch without a gap, 20.5 of 30 s" in part.notes
    assert part.measures["rms_ml_m"].value == pytest.approx(RMS_M, rel=0.02)


def test_a_plate_that_was_lost_for_a_moment_is_measured_on_its_longer_side(tmp_path: Path) -> None:
    time_s = np.arange(2000) / 100
    kept = (time_s < 6) | (time_s >= 7)
    lines = [f"{t:.2f},{1000 * SWAY_M * np.sin(np.pi * t):.6f},0" for t in time_s[kept]]
    path = tmp_path / "plate.csv"
    path.write_text("\n".join(["time_s,ml_mm,ap_mm", *lines]), encoding="utf-8")
    part = measure(path, load(path), ("sway",)).sway["sway"]
    assert part.about == "Sway, 13 s"
    assert "the longest stretch without a gap, 13 of 20 s" in part.notes
    assert part.measures["rms_ml_m"].value == pytest.approx(RMS_M, rel=0.05)


def test_standing_with_a_gap_every_few_seconds_is_refused() -> None:
    with pytest.raises(NotMeasurable, match=r"a gap of 0\.5 s in quiet standing"):
        stood(*((at_s, at_s + 0.5) for at_s in np.arange(3.0, 30.0, 3.0)))
