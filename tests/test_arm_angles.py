"""Arms against cameras that see the elbow, against motion capture, and closed forms."""

import csv
import gzip
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.metrics.arm_angles import (
    Elbow,
    bend_deg,
    elbow,
    elbow_flexion_deg,
    movement_in,
    shoulder,
    shoulder_repetitions,
)
from engine.metrics.definition import NotMeasurable, definitions
from engine.metrics.norms import NORMS
from engine.metrics.range_of_motion import NECK_MOVEMENTS, STRAIGHT_ARM, elevation_deg

UP = np.array((0.0, 1.0, 0.0))
IDENTITY = (0.0, 0.0, 0.0, 1.0)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def columns(path: Path) -> dict[str, np.ndarray]:
    with gzip.open(path, "rt") as file:
        names = file.readline().strip().split(",")
        return dict(zip(names, np.loadtxt(file, delimiter=",").T, strict=True))


class Patient:
    """One recorded movement by the camera's names of joints; its left and right are those of a mirror."""

    def __init__(self, data: Path, row: dict[str, str]) -> None:
        self._columns = columns(data / "irds_rehab" / "movements" / row["file"])
        self.side = row["side"]

    def __getitem__(self, joint: str) -> np.ndarray:
        return np.stack([self._columns[f"{joint}_{axis}"] for axis in "xyz"], axis=1)

    @property
    def arm(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Shoulder, elbow and wrist of the arm that moved."""
        return self[f"Shoulder{self.side}"], self[f"Elbow{self.side}"], self[f"Wrist{self.side}"]

    def shoulder_from_head(self) -> np.ndarray:
        """The shoulder as three points have it: fixed to the head, as it was in the first three frames."""
        return self["Head"] + (self.arm[0] - self["Head"])[:3].mean(axis=0)

    def lengths(self) -> tuple[float, float]:
        shoulder_m, elbow_m, wrist_m = self.arm
        upper, lower = (np.linalg.norm(line, axis=1) for line in (elbow_m - shoulder_m, wrist_m - elbow_m))
        return float(np.median(upper)), float(np.median(lower))


def patients(data: Path, name: str) -> Iterator[tuple[dict[str, str], Patient]]:
    for row in table(data / "reference" / "dev" / name):
        yield row, Patient(data, row)


def test_arm_and_trunk_angles_are_those_of_a_second_implementation(data: Path) -> None:
    for row, person in patients(data, "irds_arm_angles_recomputed.csv"):
        (shoulder_m, elbow_m, wrist_m), spine = person.arm, person["SpineShoulder"] - person["SpineBase"]
        raised, bent = elevation_deg(elbow_m - shoulder_m, spine), bend_deg(elbow_m - shoulder_m, wrist_m - elbow_m)
        leaned = 180 - elevation_deg(spine, UP)
        found = {
            "elev_thorax_max": raised.max(),
            "elev_thorax_min": raised.min(),
            "elev_gravity_max": elevation_deg(elbow_m - shoulder_m, UP).max(),
            "armline_elev_thorax_max": elevation_deg(wrist_m - shoulder_m, spine).max(),
            "elbow_flex_max": bent.max(),
            "elbow_flex_min": bent.min(),
            "trunk_incl_max": leaned.max(),
            "trunk_incl_range": np.ptp(leaned),
        }
        assert found == pytest.approx({name: float(row[name]) for name in found}, rel=1e-6)


def test_three_points_err_on_patients_as_a_second_implementation_found(data: Path) -> None:
    for row, person in patients(data, "irds_threepoint_error_evidence.csv"):
        (shoulder_m, elbow_m, wrist_m), shoulder_from_head_m = person.arm, person.shoulder_from_head()
        line = wrist_m - shoulder_from_head_m
        seen, true = elevation_deg(line, UP), elevation_deg(elbow_m - shoulder_m, UP)
        found = (true.max(), seen.max(), np.sqrt(np.mean((seen - true) ** 2)))
        expected = [float(row[name]) for name in ("true_peak_elev", "est_peak_elev", "elev_rmse")]
        assert found == pytest.approx(expected, rel=1e-5)
        bent = elbow(np.linalg.norm(line, axis=1), *person.lengths())
        peak = float(row["est_peak_elbow"])
        assert bent == Elbow(pytest.approx(peak, rel=1e-5)) if peak >= 60 else math.isnan(bent.flexion_deg)


def test_the_error_of_a_straight_arm_on_patients_is_the_one_that_is_stated(data: Path) -> None:
    errors = []
    for row, person in patients(data, "irds_threepoint_error_evidence.csv"):
        if not row["gesture"].startswith("shoulder"):
            continue
        line = person.arm[2] - person.shoulder_from_head()
        found = shoulder(line, "left", 0.0, sum(person.lengths()))
        errors.append(found.elevation_deg - float(row["true_peak_elev"]))
    assert len(errors) > 30
    assert min(errors) > 0
    assert np.median(errors) < 11
    assert np.percentile(errors, 90) < 15


def test_a_bent_elbow_gives_no_elevation(data: Path) -> None:
    bent = [
        shoulder(person.arm[2] - person.shoulder_from_head(), "left", 0.0, sum(person.lengths()))
        for row, person in patients(data, "irds_threepoint_error_evidence.csv")
        if row["gesture"].startswith("elbow_flexion")
    ]
    assert len(bent) >= 5
    unknown = [found for found in bent if math.isnan(found.elevation_deg)]
    assert len(unknown) >= len(bent) - 1
    assert {found.why["elevation_deg"] for found in unknown} == {"the arm was never seen nearly straight"}


def test_the_camera_names_the_other_side_and_raises_what_the_gesture_says(data: Path) -> None:
    rows = [
        row
        for row in table(data / "reference" / "dev" / "irds_arm_angles_recomputed.csv")
        if "abduction" in row["gesture"]
    ]
    assert rows
    for row in rows:
        assert row["side"].lower() != row["gesture"].split("_")[-1]
        person = Patient(data, row)
        moved = {
            side: np.ptp(elevation_deg(person[f"Wrist{side}"] - person[f"Shoulder{side}"], UP))
            for side in ("Left", "Right")
        }
        assert max(moved, key=moved.__getitem__) == row["side"]


OPENSIM = Rotation.from_matrix(np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]))  # X ahead, Y up, Z right


def arm_lines(angles: dict[str, np.ndarray]) -> np.ndarray:
    """An arm in an upright thorax, from the humerus's angles Y-X-Y."""
    names = ("plane_elv", "shoulder_elv", "axial_rot")
    turns = np.stack([angles[name] for name in names], axis=1) * (1, -1, 1)
    return OPENSIM.apply(Rotation.from_euler("YXY", turns, degrees=True).apply((0.0, -0.3, 0.0)))


def thorax(angles: dict[str, np.ndarray]) -> Rotation:
    """How the thorax turned in the room."""
    turns = np.stack([angles[f"ground_thorax_rot_{axis}"] for axis in "xyz"], axis=1)
    return OPENSIM * Rotation.from_euler("XYZ", turns, degrees=True) * OPENSIM.inv()


def test_elevation_and_plane_are_those_of_motion_capture(data: Path) -> None:
    files = sorted((data / "shoulder_ik").glob("[AF]*.csv.gz"))
    assert files
    for file in files:
        angles = columns(file)
        lines = arm_lines(angles)
        assert elevation_deg(lines, UP) == pytest.approx(angles["shoulder_elv"], abs=1e-9)
        found = shoulder(lines, "right", 0.0)
        high = angles["shoulder_elv"] > 20
        assert found.elevation_deg == pytest.approx(angles["shoulder_elv"].max())
        assert angles["plane_elv"][high].min() < found.plane_deg < angles["plane_elv"][high].max()


def test_what_the_thorax_did_in_motion_capture_is_taken_off(data: Path) -> None:
    for file in sorted((data / "shoulder_ik").glob("[AF]*.csv.gz")):
        angles = columns(file)
        moved = thorax(angles)
        lines, true = moved.apply(arm_lines(angles)), angles["shoulder_elv"].max()
        found = shoulder(lines, "right", 0.0, trunk_xyzw=moved.as_quat(), trunk_neutral_xyzw=IDENTITY)
        assert found.trunk_elevation_deg == pytest.approx(true, abs=1e-6)
        assert abs(found.elevation_deg - true) > 0.5


def raised_to(plane_deg: float, elevation: float, side: str, facing_deg: float, n: int = 60) -> np.ndarray:
    """Lines of an arm of 0.6 m that goes up from hanging, seen by somebody who faces away from ahead."""
    up, plane = np.radians(np.linspace(0, elevation, n)), math.radians(plane_deg)
    outward = 1 if side == "right" else -1
    lines = np.stack([outward * np.sin(up) * math.cos(plane), -np.cos(up), -np.sin(up) * math.sin(plane)], axis=1)
    return 0.6 * Rotation.from_euler("y", -facing_deg, degrees=True).apply(lines)


@given(
    plane=st.floats(-110, 170),
    up=st.floats(40, 175),
    side=st.sampled_from(["left", "right"]),
    facing=st.floats(-180, 180),
)
@settings(max_examples=100, deadline=None)
def test_an_arm_raised_in_a_plane_is_found_in_it_however_the_person_faces(plane, up, side, facing) -> None:
    found = shoulder(raised_to(plane, up, side, facing), side, facing, 0.6)
    assert (found.elevation_deg, found.plane_deg) == pytest.approx((up, plane), abs=1e-6)
    assert found.movement == movement_in(found.plane_deg)


@given(lean=st.floats(-40, 40), worn=st.tuples(*[st.floats(-170, 170)] * 3), facing=st.floats(-180, 180))
@settings(max_examples=60, deadline=None)
def test_a_tracker_on_the_trunk_takes_the_lean_off_however_it_is_worn(lean, worn, facing) -> None:
    lines = raised_to(0.0, 120.0, "right", facing)
    axis = Rotation.from_euler("y", -facing, degrees=True).apply((0.0, 0.0, 1.0))
    leaning = Rotation.from_rotvec(np.outer(np.linspace(0, lean, len(lines)), axis), degrees=True)
    tracker = leaning * Rotation.from_rotvec(worn, degrees=True)
    found = shoulder(leaning.apply(lines), "right", facing, 0.6, trunk_xyzw=tracker.as_quat())
    assert (found.trunk_elevation_deg, found.plane_deg) == pytest.approx((120, 0), abs=1e-6)
    assert found.trunk_percent == pytest.approx(100 * lean / (120 + lean), abs=1e-6)


@pytest.mark.parametrize("up", [10.0, 175.0])
def test_there_is_no_plane_near_hanging_or_overhead(up: float) -> None:
    lines = np.tile(raised_to(45.0, up, "left", 0.0)[-1], (5, 1))
    found = shoulder(lines, "left", 0.0)
    assert math.isnan(found.plane_deg)
    assert (found.movement, "20 and 160" in found.why["plane_deg"]) == ("", True)


def raises(*planes_and_heights_deg: tuple[float, float]) -> np.ndarray:
    """Lines of a right arm that is raised and lowered again in several planes, one after the other."""
    up = [raised_to(plane, height, "right", 0.0) for plane, height in planes_and_heights_deg]
    return np.concatenate([part for one in up for part in (one, one[::-1])])


def test_the_plane_is_that_of_the_highest_raise_and_not_of_the_others() -> None:
    found = shoulder(raises((90, 100), (0, 130), (-90, 50)), "right", 0.0, 0.6)
    assert (found.elevation_deg, found.plane_deg) == pytest.approx((130, 0), abs=1e-6)
    assert found.movement == "abduction"


def test_raises_are_counted_and_summed_up_and_bent_ones_left_out() -> None:
    lines = raises((90, 100), (90, 110), (90, 90), (90, 105))
    lines[240:360] *= 0.7
    found, peaks = shoulder_repetitions(lines, np.arange(len(lines)) / 90, 0.6)
    assert [peak.peak_deg for peak in peaks] == pytest.approx([100, 110, 105])
    assert (found.best, found.mean_of_three, found.n) == (pytest.approx(110), pytest.approx(105), 3)


def test_an_unseen_hand_a_bent_arm_and_a_lost_tracker_are_left_out() -> None:
    lines = raised_to(90.0, 120.0, "right", 0.0)
    lines[50:] = np.nan
    lines[40:50] *= 0.9
    still = np.tile(IDENTITY, (len(lines), 1))
    still[30:] = np.nan
    found = shoulder(lines, "right", 0.0, 0.6, trunk_xyzw=still)
    step = 120 / 59
    assert (found.elevation_deg, found.trunk_elevation_deg) == pytest.approx((39 * step, 29 * step), abs=1e-6)
    assert found.seen_percent == pytest.approx(100 * 40 / 60)
    assert found.why == {"trunk_percent": "no tracker on the trunk was seen at the highest elevation"}


@pytest.mark.parametrize(
    ("plane", "name"),
    [(0, "abduction"), (-19, "abduction"), (37, "scaption"), (88, "flexion"), (-92, "extension"), (58, "elevation")],
)
def test_planes_have_the_names_that_clinicians_use(plane: float, name: str) -> None:
    assert movement_in(plane) == name


@pytest.mark.parametrize(
    "lines", [np.zeros((4, 2)), np.zeros((0, 3)), np.full((4, 3), np.inf), np.full((4, 3), 1e200), np.zeros(3)]
)
def test_what_is_no_line_is_refused(lines: np.ndarray) -> None:
    with pytest.raises(NotMeasurable, match="lines"):
        shoulder(lines, "left", 0.0)
    with pytest.raises(NotMeasurable, match="length"):
        shoulder(np.ones((4, 3)), "left", 0.0, arm_m=-0.6)


def test_the_bones_that_a_camera_sees_change_length_so_it_proves_nothing_below_five_degrees(data: Path) -> None:
    changes_m = []
    for _, person in patients(data, "irds_arm_angles_recomputed.csv"):
        shoulder_m, elbow_m, _ = person.arm
        changes_m.append(np.ptp(np.linalg.norm(elbow_m - shoulder_m, axis=1)))
    assert np.median(changes_m) > 0.03


def test_an_arm_that_is_never_seen_gives_reasons_and_no_numbers() -> None:
    found = shoulder(np.full((4, 3), np.nan), "left", 0.0, 0.6)
    assert found.seen_percent == 0
    assert set(found.why) == set(definitions(type(found))) - {"seen_percent"}


# --- elbow


@given(upper=st.floats(0.15, 0.45), lower=st.floats(0.15, 0.45), bend=st.floats(61, 179))
@settings(max_examples=100, deadline=None)
def test_an_elbow_is_bent_by_as_much_as_its_two_bones_say(upper: float, lower: float, bend: float) -> None:
    bones = (
        np.array((upper, 0.0, 0.0)),
        lower * np.array((math.cos(math.radians(bend)), math.sin(math.radians(bend)), 0)),
    )
    distance = np.linalg.norm(bones[0] + bones[1])
    assert elbow_flexion_deg([distance], upper, lower) == pytest.approx([bend], abs=1e-6)
    assert bend_deg([bones[0]], [bones[1]]) == pytest.approx([bend], abs=1e-6)


def test_below_sixty_degrees_an_elbow_is_nearly_straight_and_no_number() -> None:
    found = elbow([0.55, 0.52, np.nan], 0.28, 0.27)
    assert math.isnan(found.flexion_deg)
    assert found.why["flexion_deg"].startswith("nearly straight")
    assert elbow([np.nan], 0.28, 0.27).why["flexion_deg"] == "the hand was never seen"


@pytest.mark.parametrize("distance", [[math.inf], [-0.1], [], [[0.4]]])
def test_what_is_no_distance_is_refused(distance: list[float]) -> None:
    with pytest.raises(NotMeasurable):
        elbow(distance, 0.28, 0.27)
    with pytest.raises(NotMeasurable):
        elbow([0.4], 0.0, 0.27)


def test_normal_ranges_are_named_as_the_measures_are() -> None:
    necks = {f"neck_{name}" for pair in NECK_MOVEMENTS for name in pair}
    assert not necks & set(NORMS)
    assert all(0 <= norm.normal_deg <= 180 and norm.source for norm in NORMS.values())
    assert STRAIGHT_ARM == 0.92
