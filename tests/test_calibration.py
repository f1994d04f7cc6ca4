"""What calibration finds: the truth of simulated people, plausible numbers of a real one, and words where it cannot."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
import pytest
from people import ASSESSMENTS, STANCE, a_frame, rows_of, standing_rows, visited

from calibration import imported
from calibration.leaning import OpenLean
from calibration.reaching import NOT_RAISED, OpenReach, arm_length
from calibration.shoulders import AVERAGED, FITTED
from calibration.standing import Standing, mean_facing_deg
from engine import bsor
from engine.body import EYE_HEIGHT_OF_STATURE, shoulder_by_stature, shoulder_m
from engine.envelope import Envelope
from engine.frame import SIDES, Hand, Pose
from engine.motion import clean
from engine.movements import MAIN_LEANS, THEORETICAL_LEAN_DEG
from engine.places import from_head, from_shoulder
from engine.plan import Step
from engine.recording import FRAME, read
from engine.records import Calibration, Limit, Precaution, Session, Shoulder, TrialRecord
from engine.replay import ReplayHeadset
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import Patient
from engine.task import REACHED, STOPPED, Assessment, Finished, NotMeasured, Trial

SEEDS = range(4)
TODAY = "2026-03-02T09:00:00+00:00"
TRUTH = Patient(
    eye_height_m=1.47,
    arm_m={"left": 0.55, "right": 0.58},
    limits_deg={
        "shoulder_elevation_left": 98.0,
        "shoulder_elevation_right": 131.0,
        "lean_forward": 5.0,
        "lean_right": 4.2,
        "lean_back": 3.0,
        "lean_left": 6.4,
    },
    lapse=0.0,
)
TOLERANCE_DEG = {name: 1.2 * TRUTH.slope_deg if "shoulder" in name else 0.6 for name in TRUTH.limits_deg}
SHORT = (
    Step("standing", Standing(Standing.Parameters(quiet_s=10.0, wait_s=5.0)), "calibrate"),
    Step("open_reach", OpenReach(OpenReach.Parameters(repetitions=1, most_s=4.0)), "calibrate"),
)


@cache
def calibrated(seed: int, *precautions: Precaution) -> Session:
    """Somebody of known truth, calibrated as in a visit."""
    with TemporaryDirectory() as folder:
        return visited(
            SimulatedHeadset(TRUTH, seed, 45.0), Path(folder), *ASSESSMENTS, seed=seed, precautions=precautions
        )


def holds(limit: Limit, truth: float, tolerance: float) -> bool:
    return limit.low - tolerance <= truth <= limit.high + tolerance


@pytest.mark.parametrize("seed", SEEDS)
def test_height_and_arms_are_found(seed: int) -> None:
    known = calibrated(seed).calibration
    assert known is not None
    assert known.stature_m.value == pytest.approx(TRUTH.eye_height_m / EYE_HEIGHT_OF_STATURE, abs=0.005)
    for side in SIDES:
        assert holds(known.arm_m[side], TRUTH.arm_m[side], 0.0)
        assert known.arm_m[side].value == pytest.approx(TRUTH.arm_m[side], abs=0.015)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_limits_of_arms_and_leans_are_found_within_their_intervals(seed: int) -> None:
    known = calibrated(seed).calibration
    assert known is not None
    missed = {name for name, deg in TRUTH.limits_deg.items() if not holds(known.limits[name], deg, TOLERANCE_DEG[name])}
    assert missed == set()
    assert set(known.limits) == set(TRUTH.limits_deg)


@pytest.mark.parametrize("seed", SEEDS)
def test_limits_are_right_on_average_and_know_their_best(seed: int) -> None:
    known = calibrated(seed).calibration
    assert known is not None
    off = [known.limits[name].value - deg for name, deg in TRUTH.limits_deg.items() if "shoulder" in name]
    assert np.mean(off) == pytest.approx(0, abs=8)
    assert all(limit.best is not None and limit.value <= limit.best <= 180 for limit in known.limits.values())


def test_a_visit_without_trouble_has_no_notes_and_no_pauses(tmp_path: Path) -> None:
    steady = replace(TRUTH, slope_deg=1.0, lean_slope_deg=0.1)
    done = visited(SimulatedHeadset(steady, rate_hz=45.0), tmp_path)
    assert [block.task for block in done.blocks] == ["standing", "open_reach", "open_lean"]
    assert (done.ended_by, done.events, [block.notes for block in done.blocks]) == ("finished", (), [(), (), ()])


def test_sway_in_quiet_standing_is_that_of_the_patient() -> None:
    known = calibrated(0).calibration
    assert known is not None
    values = {name: measured.value or 0.0 for name, measured in known.sway.items()}
    assert values["sway_rms_ap"] == pytest.approx(TRUTH.sway_mm, rel=0.4)
    assert values["sway_rms_ml"] == pytest.approx(0.7 * TRUTH.sway_mm, rel=0.4)
    assert known.sway["sway_velocity"].note == "20 s, 30 s are advised"


def test_reach_is_known_where_the_arms_were_and_no_longer_than_they_are() -> None:
    known = calibrated(0).calibration
    assert known is not None
    for side, sign in (("left", -1), ("right", 1)):
        cells = known.reach[side]
        assert max(cell.radius_m for cell in cells) == pytest.approx(TRUTH.arm_m[side], abs=0.02)
        assert max(cell.elevation_deg for cell in cells) <= TRUTH.limits_deg[f"shoulder_elevation_{side}"] + 25
        assert {cell.azimuth_deg for cell in cells if cell.elevation_deg == 75} >= {sign * 30, 0}


def test_whatever_was_measured_can_be_asked_for() -> None:
    known = calibrated(1).calibration
    assert known is not None
    envelope = Envelope(known)
    for side in SIDES:
        assert envelope.refuses_target(envelope.place(side, 0.0, 60.0), side) == ""


OFF_M = {"left": (-0.03, -0.015, 0.025), "right": (0.03, -0.015, 0.025)}
ELSEWHERE = {
    side: tuple(np.add(shoulder_by_stature(TRUTH.eye_height_m / EYE_HEIGHT_OF_STATURE, side), off))
    for side, off in OFF_M.items()
}


@cache
def broad_shouldered(high_deg: float, seed: int) -> Session:
    limits = dict.fromkeys((f"shoulder_elevation_{side}" for side in SIDES), high_deg)
    somebody = replace(TRUTH, shoulders_m=ELSEWHERE, limits_deg={**TRUTH.limits_deg, **limits})
    with TemporaryDirectory() as folder:
        return visited(SimulatedHeadset(somebody, seed, 45.0), Path(folder), *ASSESSMENTS[:2], seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("high_deg", [90.0, 140.0])
def test_shoulders_that_are_not_where_proportions_put_them_are_found(high_deg: float, seed: int) -> None:
    known = broad_shouldered(high_deg, seed).calibration
    assert known is not None
    for side in SIDES:
        by_stature = shoulder_by_stature(known.stature_m.value, side)
        assert math.dist(by_stature, ELSEWHERE[side]) > 0.04
        assert math.dist(known.shoulders[side].centre_m, ELSEWHERE[side]) < 0.02
        assert known.arm_m[side].value == pytest.approx(TRUTH.arm_m[side], abs=0.015)


@pytest.mark.parametrize("seed", SEEDS)
def test_arms_that_go_high_enough_need_no_proportions(seed: int) -> None:
    known = broad_shouldered(140.0, seed).calibration
    assert known is not None
    for found in known.shoulders.values():
        assert (found.accepted, found.method, found.why) == (True, FITTED, ())
        assert found.error_m < 0.03


def test_arms_that_stay_low_say_what_to_do_differently() -> None:
    known = broad_shouldered(70.0, 0).calibration
    assert known is not None
    assert {found.method for found in known.shoulders.values()} == {AVERAGED}
    assert all("to the side as well as to the front" in found.why[0] for found in known.shoulders.values())


def test_the_envelope_counts_from_the_shoulder_that_was_found() -> None:
    known = broad_shouldered(140.0, 0).calibration
    assert known is not None
    envelope = Envelope(known)
    for side in SIDES:
        assert envelope.shoulder(side) == from_head(known.stance, known.shoulders[side].centre_m)
        assert envelope.refuses_target(envelope.place(side, 0.0, 60.0), side) == ""


def test_nobody_is_invited_beyond_a_precaution() -> None:
    rules = (
        Precaution("shoulder_elevation_right", 80.0, "deg", "a cast", "Dr Wood"),
        Precaution("lean_left", 3.0, "deg", "dizzy", "Dr Wood"),
    )
    done = calibrated(0, *rules)
    _, reaches, leans = (block.trials for block in done.blocks)
    assert 75 < max(trial.achieved or 0 for trial in reaches if trial.side == "right") < 82
    assert 2 < max(trial.achieved or 0 for trial in leans[3::4]) < 4
    assert done.events == ()


def test_a_limit_that_a_stop_line_ended_says_that_it_is_at_least_this() -> None:
    cast = Precaution("shoulder_elevation_right", 80.0, "deg", "a cast", "Dr Wood")
    known, _ = calibrated_with({"left": 100.0, "right": 130.0}, cast)
    assert known.limits["shoulder_elevation_right"].note.startswith("4 of 4 efforts ended at the stop line at 80°")
    assert known.limits["shoulder_elevation_left"].note == ""


def test_a_limit_is_written_down_with_its_efforts_and_posture() -> None:
    limit = calibrated(0).calibration.limits["shoulder_elevation_left"]
    assert (len(limit.efforts), limit.best, limit.posture) == (4, max(limit.efforts), "standing")


@pytest.mark.parametrize("assessment", [OpenReach, OpenLean])
def test_an_effort_that_was_stopped_does_not_count(assessment: type[Assessment]) -> None:
    done = calibrated(0)
    asked = list(assessment().trials(Envelope(done.calibration), Random(0), []))
    block = next(block for block in done.blocks if block.title == assessment.title)
    records = [msgspec.structs.replace(record, outcome=STOPPED) for record in block.trials]
    finished = [
        Finished(trial, record, clean(standing_rows(1.0))) for trial, record in zip(asked, records, strict=True)
    ]
    assert not stopped_counted(assessment(), msgspec.structs.replace(done.calibration, limits={}), finished)


def stopped_counted(assessment: Assessment, known: Calibration, finished: list[Finished]) -> Mapping[str, Limit]:
    """The limits that are found all the same."""
    try:
        return assessment.conclude(known, finished).limits
    except NotMeasured:
        return {}


def arms_out(seconds: float, azimuth_deg: float = 0.0) -> np.ndarray:
    """Somebody who stands with both arms held level."""
    rows = standing_rows(seconds)
    for side, sign in (("left", -1), ("right", 1)):
        hand = from_shoulder((sign * 0.19, 1.4, 0.08), 0.0, sign * azimuth_deg, 90.0, 0.6)
        for axis, value in zip("xyz", hand, strict=True):
            rows[f"{side}_{axis}_m"] = value
    return rows


def lost(side: str) -> Callable[[np.ndarray], None]:
    def spoil(rows: np.ndarray) -> None:
        for axis in "xyz":
            rows[f"{side}_{axis}_m"] = 0

    return spoil


def notes(rows: np.ndarray, folder: Path) -> list[str]:
    done = visited(ReplayHeadset(rows, "somebody"), folder, *SHORT)
    return [note for block in done.blocks for note in block.notes]


def test_arms_that_rest_are_not_measured_and_the_visit_goes_on(tmp_path: Path) -> None:
    rested = [f"{side} side: {NOT_RAISED}" for side in SIDES]
    assert notes(standing_rows(40.0), tmp_path) == [
        *rested,
        "no arm was measured: hold the hands in view, and raise an arm that precautions allow to be raised",
    ]


@pytest.mark.parametrize("side", SIDES)
def test_a_hand_that_was_not_tracked_is_named(tmp_path: Path, side: str) -> None:
    rows = arms_out(40.0)
    lost(side)(rows)
    assert f"{side} side: seen in 0 % of frames, 95 % are needed" in notes(rows, tmp_path)


def calibrated_with(elevation_deg: Mapping[str, float], *precautions: Precaution) -> tuple[Calibration, list[str]]:
    limits = {f"shoulder_elevation_{side}": value for side, value in elevation_deg.items()}
    somebody = replace(TRUTH, limits_deg={**TRUTH.limits_deg, **limits}, slope_deg=0.3)
    with TemporaryDirectory() as folder:
        done = visited(
            SimulatedHeadset(somebody, rate_hz=45.0), Path(folder), *ASSESSMENTS[:2], precautions=precautions
        )
    assert done.calibration is not None
    return done.calibration, [note for block in done.blocks for note in block.notes]


def test_an_arm_that_rests_takes_nothing_from_the_other() -> None:
    known, said = calibrated_with({"left": 100.0, "right": 25.0})
    assert known.limits["shoulder_elevation_left"].value == pytest.approx(100, abs=5)
    assert {*known.limits, *known.arm_m, *known.reach} == {"shoulder_elevation_left", "left"}
    assert said == [f"right side: {NOT_RAISED}"]


def test_arms_that_go_no_higher_than_40_degrees_can_be_played_with() -> None:
    known, said = calibrated_with({"left": 40.0, "right": 40.0})
    assert said == []
    for side in SIDES:
        assert known.limits[f"shoulder_elevation_{side}"].value == pytest.approx(40, abs=4)
        assert known.arm_m[side].low < TRUTH.arm_m[side] < known.arm_m[side].high
        assert Envelope(known).place(side, 0.0, 35.0)


def test_an_arm_that_may_hardly_be_raised_is_not_asked() -> None:
    cast = Precaution("shoulder_elevation_right", 15.0, "deg", "a cast", "Dr Wood")
    known, said = calibrated_with({"left": 100.0, "right": 100.0}, cast)
    assert {*known.limits} == {"shoulder_elevation_left"}
    assert said == []


def test_planes_that_a_precaution_shortens_take_nothing_from_the_limit_of_the_others() -> None:
    repaired = Precaution("shoulder_external_rotation_right", 20.0, "deg", "cuff repair", "Dr Wood")
    known, said = calibrated_with({"left": 100.0, "right": 100.0}, repaired)
    limit = known.limits["shoulder_elevation_right"]
    assert limit.value == pytest.approx(100, abs=5)
    assert limit.note == "1 that had to end lower left out"
    assert not any(NOT_RAISED in note for note in said)


def test_a_lean_that_was_given_up_for_a_new_stance_is_asked_again_and_no_other() -> None:
    known, done, asked = calibrated(0).calibration, list[TrialRecord](), list[str]()
    for trial in OpenLean(OpenLean.Parameters(repetitions=1, more=1)).trials(Envelope(known), Random(0), done):
        movement = trial.values["movement"]
        asked.append(movement)
        if len(asked) > 1:
            reached = known.limits[movement].value
            done.append(TrialRecord(len(asked), "", 0.0, 1.0, REACHED, achieved=reached))
    assert asked == [*MAIN_LEANS, "lean_forward"]


def test_a_real_person_is_measured_from_half_a_minute_of_play(replay_file: Path) -> None:
    known = imported.measure(bsor.read(replay_file), TODAY)
    assert 1.8 < known.stature_m.value < 2.05
    assert all(0.65 < known.arm_m[side].value < 0.85 for side in SIDES)
    assert all(60 < known.limits[f"shoulder_elevation_{side}"].value < 180 for side in SIDES)
    assert all("not asked for" in known.limits[f"shoulder_elevation_{side}"].note for side in SIDES)
    assert known.measured_at == TODAY


def test_play_is_no_quiet_standing_and_says_so(replay_file: Path) -> None:
    sway = imported.measure(bsor.read(replay_file), TODAY).sway
    assert {measured.value for measured in sway.values()} == {None}
    assert all(measured.note.startswith("no quiet stretch") for measured in sway.values())


def test_the_quality_of_a_real_recording_is_told(replay_file: Path) -> None:
    quality = imported.measure(bsor.read(replay_file), TODAY).quality
    assert quality is not None
    assert quality.dropped["head at the origin"] == 1
    assert quality.rate_hz == pytest.approx(90.4, abs=0.1)


def test_leans_that_were_not_asked_for_are_half_of_the_theoretical_at_most(replay_file: Path) -> None:
    limits = imported.measure(bsor.read(replay_file), TODAY).limits
    assert all(1.0 <= limits[name].value <= THEORETICAL_LEAN_DEG[name] / 2 for name in MAIN_LEANS)
    assert {limits[name].n for name in MAIN_LEANS} == {0}


def test_the_recording_of_a_visit_measures_like_the_visit(tmp_path: Path) -> None:
    visited(SimulatedHeadset(TRUTH, 5), tmp_path, *ASSESSMENTS)
    known = imported.measure(read(tmp_path / "frames.vrec").rows, TODAY)
    assert known.stature_m.value == pytest.approx(TRUTH.eye_height_m / EYE_HEIGHT_OF_STATURE, abs=0.01)
    assert all(known.arm_m[side].value == pytest.approx(TRUTH.arm_m[side], abs=0.03) for side in SIDES)
    assert (known.sway["sway_velocity"].value or 0) > 0


def sunk(rows: np.ndarray) -> None:
    rows["head_y_m"] -= 1.55


def floating(rows: np.ndarray) -> None:
    rows["head_y_m"] += 1.0


def behind(rows: np.ndarray) -> None:
    rows[:] = arms_out(20.0, 170.0)


def torn(rows: np.ndarray) -> None:
    rows["time_ns"] *= 400
    rows["head_x_m"][::2] = np.nan
    rows["right_x_m"][3:] = np.nan


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (sunk, r"the head is at 0.05 m; it is from 0.6 to 2.3 m for who sits or stands: set the floor"),
        (floating, "the head is at 2.60 m"),
        (lost("left"), "the left hand was never tracked"),
        (behind, "the left arm was never seen stretched"),
        (torn, "the right arm was never seen stretched"),
    ],
)
def test_a_recording_that_cannot_be_measured_is_refused_in_words(
    spoil: Callable[[np.ndarray], None], said: str
) -> None:
    rows = arms_out(20.0)
    spoil(rows)
    with pytest.raises(NotMeasured, match=said):
        imported.measure(rows, TODAY)


@pytest.mark.parametrize("rows", [np.empty(0, FRAME), standing_rows(1 / 90), arms_out(9.0)], ids=len)
def test_too_short_a_recording_is_refused_in_words(rows: np.ndarray) -> None:
    with pytest.raises(NotMeasured, match=r"holds \d\.\d s of movement, 10 s are needed"):
        imported.measure(rows, TODAY)


@pytest.mark.parametrize("gap_s", [1, 9])
def test_a_quiet_stretch_neither_holds_a_gap_nor_hides_in_one(gap_s: int) -> None:
    rows = arms_out(60.0)
    restless = np.abs(rows["time_ns"] * 1e-9 - 30) > 7
    rows["head_x_m"] += (0.05 * np.sin(rows["time_ns"] * 1e-9 * 6) * restless).astype(np.float32)
    rows["time_ns"][2700:] += gap_s * 10**9
    quiet = imported.quietest(clean(rows))
    assert quiet.time_s[-1] - quiet.time_s[0] == pytest.approx(10, abs=0.3)
    assert np.diff(quiet.time_s).max() < 0.02


def test_nobody_begins_with_more_than_half_of_the_theoretical_lean() -> None:
    rows = arms_out(20.0)
    rows["head_x_m"][::4] += 1.6 * math.tan(math.radians(7))
    limits = imported.measure(rows, TODAY).limits
    assert [limits[name].value for name in MAIN_LEANS] == [1.0, 4.0, 1.0, 1.0]


def test_the_quietest_stretch_is_found() -> None:
    rows = arms_out(40.0)
    restless = np.abs(rows["time_ns"] * 1e-9 - 25) > 6
    rows["head_x_m"] += (0.05 * np.sin(rows["time_ns"] * 1e-9 * 6) * restless).astype(np.float32)
    quiet = imported.quietest(clean(rows))
    assert 18.5 < quiet.time_s[0] < quiet.time_s[-1] < 31.5


def test_facing_is_averaged_across_the_seam_behind() -> None:
    rows = rows_of([a_frame(i * 10_000_000, yaw_deg=yaw) for i, yaw in enumerate((170.0, -170.0, 180.0))])
    assert abs(mean_facing_deg(clean(rows).head_q)) == pytest.approx(180, abs=0.01)


def test_an_arm_is_as_long_as_it_was_when_raised() -> None:
    elevation = np.array([10.0] * 50 + [90.0] * 50)
    found = Shoulder((0.19, -0.2, -0.08), 0.62, 0.03, True, FITTED)
    length = arm_length(elevation, np.where(elevation > 45, 0.6, 0.9), found)
    assert length.value == 0.6
    assert length.high - 0.6 == pytest.approx(math.hypot(0.03, 1.96 * 0.0135), abs=1e-3)
    assert arm_length(np.full(9, 30.0), np.full(9, 0.5), found).value == found.radius_m


def test_assessments_without_a_stance_say_what_must_come_first() -> None:
    for assessment in (OpenReach(), OpenLean()):
        with pytest.raises(NotMeasured, match="put Standing before them"):
            assessment.conclude(None, [])


def test_a_hand_beside_the_ear_is_no_reach() -> None:
    """The arm goes up to 80 degrees stretched, then bends until the hand is high up beside the head."""
    shoulder = shoulder_m(STANCE, "right")
    way = [(20 + 60 * i / 90, 0.6) for i in range(91)] + [(80 + 90 * i / 90, 0.6 - 0.4 * i / 90) for i in range(91)]
    grips = [Pose(from_shoulder(shoulder, 0.0, 0.0, elevation, radius_m)) for elevation, radius_m in way]
    rows = rows_of([a_frame(i * 11_111_111)._replace(right=Hand(grip)) for i, grip in enumerate(grips)])
    result = OpenReach().measure(Trial("right", values={"stance": STANCE}), clean(rows))
    assert result.achieved == pytest.approx(100.0, abs=5.0)
    assert result.measures["elevation_deg"].value == result.achieved
