"""Reaches across the body: how far they are found to go, what bounds them, and who is asked for them."""

from pathlib import Path
from random import Random

import pytest
from beginner import Beginner
from msgspec.structs import replace
from test_gazing import assessed
from visits import calibration, game, patient, play

from calibration import reaching
from calibration.adaptation import Followers
from calibration.crossing import OpenCross, Parameters, across
from calibration.limits import ELEVATION_SD_DEG
from calibration.reaching import OpenReach
from engine import tabletop
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.places import adduction_deg
from engine.records import Calibration, Precaution
from engine.simulated import SimulatedHeadset

LEFT, RIGHT = (f"cross_body_adduction_{side}" for side in SIDES)
STIFF = Precaution(RIGHT, 20.0, "deg", "posterior capsule repaired", "Dr Wood")


def unknown(known: Calibration) -> Calibration:
    """Somebody of whom nothing is known across the body."""
    limits = {name: limit for name, limit in known.limits.items() if name not in (LEFT, RIGHT)}
    reach = {side: tuple(cell for cell in cells if not across(side, cell)) for side, cells in known.reach.items()}
    return replace(known, limits=limits, reach=reach)


def crossed(folder: Path, left_deg: float, right_deg: float, *rules: Precaution, **values: object) -> Calibration:
    known = calibration()
    limits = {name: limit.value for name, limit in known.limits.items()} | {LEFT: left_deg, RIGHT: right_deg}
    person = replace_limits(known, limits)
    task = OpenCross(Parameters(**values))  # type: ignore[arg-type] # values of a test
    session, _ = play(task, folder, unknown(known), person, precautions=rules)
    assert session.calibration is not None
    return session.calibration


def replace_limits(known: Calibration, limits: dict[str, float]) -> SimulatedHeadset:
    person = patient(known, lapse=0.0)
    person = type(person)(person.eye_height_m, person.arm_m, limits_deg=limits, lapse=0.0)
    return SimulatedHeadset(person, 3, 45.0)


def table(known: Calibration, side: str, *rules: Precaution) -> tabletop.Table:
    return tabletop.lay(Envelope(known, rules, difficulties=Followers()(known.limits)), side, 0.9, 0.2, 0.07)


def test_each_arm_is_found_to_come_as_far_across_as_it_does_and_a_table_stays_within_that(tmp_path: Path) -> None:
    known = crossed(tmp_path, 65.0, 42.0, repetitions=4)
    assert known.limits[LEFT].at_least
    assert known.limits[RIGHT].value == pytest.approx(42.0, abs=ELEVATION_SD_DEG)
    for side, own in zip(SIDES, (-1, 1), strict=True):
        laid, most = table(known, side), known.limits[f"cross_body_adduction_{side}"].best
        assert laid.beside == ""
        assert own * laid.put_m[0] < -tabletop.CROSSED_M
        assert laid.over_m[0] == pytest.approx(0.0, abs=0.01)  # they sway
        shoulder_m = Envelope(known).shoulder(side)
        assert most is not None
        assert adduction_deg(shoulder_m, 0.0, laid.put_m, side) <= 0.9 * most + 0.01
    far, near = (abs(table(known, side).put_m[0]) for side in SIDES)
    assert far > near


def test_who_cannot_come_across_has_the_table_on_the_own_side_and_words_say_why(tmp_path: Path) -> None:
    known = crossed(tmp_path, 10.0, 10.0)
    for side, own in zip(SIDES, (-1, 1), strict=True):
        laid = table(known, side)
        assert "across the body" in laid.beside
        assert 0 < own * laid.over_m[0] < own * laid.take_m[0]
    assert "was not measured" in table(unknown(calibration()), "left").beside


def test_a_precaution_ends_the_reach_and_moves_the_table(tmp_path: Path) -> None:
    known = crossed(tmp_path, 60.0, 60.0, STIFF)
    assert known.limits[RIGHT].value <= STIFF.at_most + 1.0 < known.limits[LEFT].value
    shoulder_m = Envelope(known).shoulder("right")
    bounds = Envelope(calibration(), (STIFF,), difficulties=Followers()(known.limits))
    laid = table(calibration(), "right", STIFF)
    assert adduction_deg(shoulder_m, 0.0, laid.put_m, "right") <= STIFF.at_most
    across_m = (shoulder_m[0] - 0.35, shoulder_m[1] - 0.2, shoulder_m[2] - 0.3)
    assert "cross-body adduction" in bounds.refuses_target(across_m, "right")
    barred = Precaution(RIGHT, 5.0, "deg", "posterior capsule repaired", "Dr Wood")
    trials = OpenCross().trials(Envelope(calibration(), (barred,)), Random(1), [])
    assert {trial.side for _, trial in zip(range(2), trials, strict=False)} == {"left"}


def test_at_a_desk_both_hands_are_brought_across_and_the_blocks_after_them(tmp_path: Path) -> None:
    found, _ = play(OpenCross(), tmp_path, unknown(calibration()), Beginner())
    assert found.calibration is not None
    assert all(1.0 < trial.end_s - trial.start_s < 8.0 for trial in found.blocks[0].trials)
    carried, _ = play(game("block_ferry", {"targets": 2}), tmp_path, found.calibration, Beginner())
    assert [trial.measures["midline_crossings"].value for trial in carried.blocks[0].trials] == [1.0, 1.0]


def test_raising_an_arm_anew_keeps_what_is_known_across_the_body(tmp_path: Path) -> None:
    known = calibration()
    session, _ = play(OpenReach(reaching.Parameters()), tmp_path, known)
    assert session.calibration is not None
    for side in SIDES:
        kept = {(cell.azimuth_deg, cell.elevation_deg) for cell in session.calibration.reach[side]}
        assert kept > {(c.azimuth_deg, c.elevation_deg) for c in known.reach[side] if across(side, c)}


def test_only_who_carries_blocks_is_asked_to_reach_across() -> None:
    assert "open_cross" not in assessed("fruit_ladder", "kite_painter")
    assert "open_cross" in assessed("block_ferry")
