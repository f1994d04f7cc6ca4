"""The figure of real people: how far what is shown and what is measured are from what cameras saw."""

import csv
import gzip
import itertools
import math
from pathlib import Path
from typing import NamedTuple

import ezc3d
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from engine.body import ARM_OF_STATURE, FOREARM_OF_STATURE, UPPER_ARM_OF_STATURE, Upright, estimate, upright
from engine.figure import Figure, figure
from engine.frame import HAND_JOINTS, LOST, SIDES, Devices, Frame, Hand, Pose, Quaternion, Vector, from_yaw_pitch
from engine.records import Stance
from engine.upper_limb import Arm

Array = NDArray[np.float64]

UNKNOWN = (math.nan,) * 3
UP = np.array([0.0, 1.0, 0.0])
WHOLE_OF_BONES = ARM_OF_STATURE / (UPPER_ARM_OF_STATURE + FOREARM_OF_STATURE)


class Seen(NamedTuple):
    """One arm of one frame: what was derived, and where its joints and the trunk's up direction were."""

    arm: Arm
    shoulder_m: Array
    elbow_m: Array
    wrist_m: Array
    up: Array


class Errors(NamedTuple):
    """Of what is shown, in cm; and of the angles that may be measured, in degrees."""

    shoulder_cm: list[float]
    elbow_cm: list[float]
    elevation_deg: list[float]
    flexion_deg: list[float]


def errors(seen: list[Seen]) -> Errors:
    found = Errors([], [], [], [])
    for arm, shoulder, elbow, wrist, up in seen:
        assert arm.shoulder_m.value is not None
        assert arm.elbow_m.value is not None
        assert arm.elevation_deg.value is not None
        found.shoulder_cm.append(100 * math.dist(arm.shoulder_m.value, shoulder))
        found.elbow_cm.append(100 * math.dist(arm.elbow_m.value, elbow))
        if arm.elevation_deg.measurable:
            found.elevation_deg.append(abs(arm.elevation_deg.value - between_deg(wrist - shoulder, -up)))
        if arm.elbow_deg.measurable and arm.elbow_deg.value is not None:
            found.flexion_deg.append(abs(arm.elbow_deg.value - between_deg(elbow - shoulder, wrist - elbow)))
    return found


def between_deg(a: Array, b: Array) -> float:
    return math.degrees(math.acos(np.clip(a @ b / np.linalg.norm(a) / np.linalg.norm(b), -1, 1)))


def vector(place: Array) -> Vector:
    x, y, z = place.tolist()
    return (x, y, z)


def turn(rotation: Rotation) -> Quaternion:
    x, y, z, w = rotation.as_quat().tolist()
    return (x, y, z, w)


def joints(wrist: Array) -> tuple[Vector, ...]:
    return (UNKNOWN, vector(wrist), *(UNKNOWN,) * (HAND_JOINTS - 2))


def arm_m(*places: Array) -> float:
    """The length of an arm to its palm, from its shoulders, elbows and wrists."""
    bones = [np.nanmedian(np.linalg.norm(b - a, axis=1)) for a, b in itertools.pairwise(places)]
    return WHOLE_OF_BONES * float(sum(bones))


def exercise(path: Path) -> dict[str, Array]:
    """The joints that a Kinect saw, (n, 3) by name, in OpenXR's axes for somebody who faces it."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        names, *rows = csv.reader(file)
    values = np.array(rows, float)
    return {name[:-2]: values[:, i : i + 3] for i, name in enumerate(names) if name.endswith("_x")}


def patient(body: dict[str, Array]) -> Upright:
    """What a calibration would know: the arms, and the shoulders of the first three frames."""
    first = {name: np.median(places[:3], axis=0) for name, places in body.items()}
    across = first["ShoulderRight"] - first["ShoulderLeft"]
    stance = Stance(vector(first["Head"]), math.degrees(math.atan2(across[2], across[0])))
    arms_m = {side: arm_m(*arm(body, side)) for side in SIDES}
    return upright(stance, arms_m, {side: vector(first[f"Shoulder{side.title()}"]) for side in SIDES})


def arm(body: dict[str, Array], side: str) -> tuple[Array, Array, Array]:
    return body[f"Shoulder{side.title()}"], body[f"Elbow{side.title()}"], body[f"Wrist{side.title()}"]


def figures(body: dict[str, Array]) -> list[Figure]:
    """With the Kinect's head and wrists in the place of devices."""
    person = patient(body)
    found = []
    for head, left, right in zip(body["Head"], body["WristLeft"], body["WristRight"], strict=True):
        devices = Devices(left_joints_m=joints(left), right_joints_m=joints(right))
        hands = Hand(Pose(vector(left))), Hand(Pose(vector(right)))
        frame = Frame(0, Pose(vector(head), person.head_q), hands[0], hands[1], devices=devices)
        found.append(figure(estimate(frame, person, 0.0, 0.0)))
    return found


def exercised(path: Path) -> list[Seen]:
    body = exercise(path)
    return [
        Seen(seen, shoulder, elbow, wrist, UP)
        for index, side in enumerate(SIDES)
        for found, shoulder, elbow, wrist in zip(figures(body), *arm(body, side), strict=True)
        for seen in [(found.left, found.right)[index]]
    ]


def test_arms_of_a_patient_are_as_far_off_as_is_stated(data: Path) -> None:
    paths = sorted((data / "irds_rehab" / "movements").glob("*.csv.gz"))
    found = errors([seen for path in paths for seen in exercised(path)])
    stated = [(1.4, 7.2), (3.8, 8.9), (1.0, 6.3), (5.0, 33.5)]
    for values, (median, most) in zip(found, stated, strict=True):
        assert np.percentile(values, 50) < median
        assert np.percentile(values, 90) < most


def test_flexion_in_exercises_of_the_elbow_is_known_to_eight_degrees(data: Path) -> None:
    paths = sorted((data / "irds_rehab" / "movements").glob("*_18_[01]_*.csv.gz"))
    found = errors([seen for path in paths for seen in exercised(path)]).flexion_deg
    assert len(found) > 400
    assert np.percentile(found, 90) < 8


def test_highest_elevations_are_those_of_a_separate_program(data: Path) -> None:
    with (data / "reference" / "dev" / "irds_threepoint_error_evidence.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        found = figures(exercise(data / "irds_rehab" / "movements" / row["file"]))
        arms = [body.left if row["side"] == "Left" else body.right for body in found]
        highest = max(arm.elevation_deg.value or 0.0 for arm in arms)
        assert highest == pytest.approx(float(row["est_peak_elev"]), abs=2.5)


def lifted(path: Path, *, chest: bool) -> list[Seen]:
    """The right arm of somebody who lifts a box: a headset that is fixed to the trunk, and a tracker on it or not."""
    points = ezc3d.c3d(str(path))
    labels = [label.split(":")[1] for label in points["parameters"]["POINT"]["LABELS"]["value"]]
    places = np.moveaxis(points["data"]["points"][:3] / 1000, 0, 2)[..., [1, 2, 0]] + 0.8 * UP
    marker = dict(zip(labels, places, strict=True))
    up = _unit(marker["STER"] + marker["T1"] - marker["XIPH"] - marker["T10"])
    right = _unit(np.cross(marker["STER"] + marker["XIPH"] - marker["T1"] - marker["T10"], up))
    trunk, at = Rotation.from_matrix(np.stack([right, up, np.cross(right, up)], axis=2)), marker["STER"]
    shoulder = marker["ACRO_tip"] - 0.04 * up  # a shoulder's centre is some 4 cm below the acromion
    elbow, wrist = (marker["EPICl"] + marker["EPICm"]) / 2, (marker["STYLr"] + marker["STYLu"]) / 2
    facing = math.atan2(right[0, 2], right[0, 0])
    level = Rotation.from_quat(from_yaw_pitch(facing, 0.0))
    moved = trunk * trunk[0].inv()
    head = moved.apply(marker["T1"][0] + 0.14 * UP + level.apply([0, 0, -0.15]) - at[0]) + at

    def frame(i: int) -> Frame:
        worn = Pose(vector(at[i]), turn(trunk[i])) if chest else LOST
        devices = Devices(chest=worn, right_joints_m=joints(wrist[i]))
        headset = Pose(vector(head[i]), turn(moved[i] * level))
        return Frame(0, headset, Hand(LOST), Hand(Pose(vector(wrist[i]))), devices=devices)

    stance = Stance(vector(head[0]), math.degrees(facing))
    length_m = arm_m(shoulder, elbow, wrist)
    person = upright(stance, {"right": length_m}, {"right": vector(shoulder[0])}, frame(0))
    known = np.flatnonzero(np.isfinite(elbow + wrist).all(axis=1))[::2]
    return [
        Seen(
            figure(estimate(frame(i), person, 0.0, 0.0)).right, shoulder[i], elbow[i], wrist[i], up[i] if chest else UP
        )
        for i in known
    ]


def _unit(vectors: Array) -> Array:
    unit: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


@pytest.mark.parametrize(
    ("chest", "stated"),
    [
        (True, [(2.9, 6.9), (5.5, 8.9), (5.7, 7.9), (3.4, 5.5)]),
        (False, [(3.2, 6.8), (5.1, 9.2), (2.5, 5.0), (3.6, 5.7)]),
    ],
    ids=["chest tracker", "three points"],
)
def test_an_arm_that_lifts_a_box_is_as_far_off_as_is_stated(
    data: Path, chest: bool, stated: list[tuple[float, float]]
) -> None:
    found = errors(lifted(data / "mocap" / "pyomeca_markers_analogs.c3d", chest=chest))
    for values, (median, most) in zip(found, stated, strict=True):
        assert np.percentile(values, 50) < median
        assert np.percentile(values, 90) < most
