"""C3D: a recording at a steady rate and back within its bound, and the markers of other laboratories."""

import struct
from pathlib import Path

import ezc3d
import numpy as np
import pytest
from hypothesis import given
from msgspec.structs import replace
from recordings import SETTINGS, STEADY_NS, moving, poses, recordings, steady, valid

from engine.formats import c3d
from engine.formats.files import read
from engine.formats.steady import Unsteady, rate_hz, resampled
from engine.formats.tables import Table, poses_of, recorded_of
from engine.recording import FLAGS, Recorded, RecordingUnreadable
from engine.records import BlockRecord, Event, Session, TrialRecord

BOUND_M, BOUND_Q = 1e-6, 1e-6
HEAD = {"head": ("Head1", "Head2", "Head3"), "left": ("GloveL1", "GloveL2", "GloveL3"), "right": ("GloveR1",)}
TRIALS = (TrialRecord(1, "left", 1.0, 2.5, "reached"), TrialRecord(2, "right", 70.25, 72.0, "not yet"))
SESSION = Session(
    id="visit-1",
    patient="p-7",
    started_at="2026-03-02T09:00:00+00:00",
    seconds=80.0,
    headset="simulated",
    headset_description="simulated patient",
    software="tests",
    seed=0,
    preset="",
    ended_by="plan",
    calibration=None,
    blocks=(BlockRecord("fruit_ladder", "Fruit ladder", 1, "play", 0.0, 80.0, trials=TRIALS),),
    events=(Event(3.0, "paused", "the headset was taken off"),),
)


def back_from(path: Path, rows: np.ndarray) -> np.ndarray:
    c3d.write(path, Recorded({}, rows))
    found = read(path)
    assert isinstance(found, Recorded)
    return found.rows


@SETTINGS
@given(found=recordings().filter(lambda found: len(found.rows) > 1))
def test_steady_frames_come_back_within_a_micrometre_and_lost_ones_stay_lost(tmp_path: Path, found: Recorded) -> None:
    rows = steady(found.rows)
    back = back_from(tmp_path / "r.c3d", rows)
    assert back["flags"].tolist() == rows["flags"].tolist()
    for device in ("head", "left", "right"):
        there = valid(rows, device)
        difference = np.abs(poses(back, device) - poses(rows, device))[there]
        assert np.all(difference[:, :3] <= BOUND_M)
        assert np.all(difference[:, 3:] <= BOUND_Q)


@SETTINGS
@given(found=recordings().filter(lambda found: len(found.rows) > 1 and len(found.devices) > 0))
def test_trackers_come_back_in_their_frames(tmp_path: Path, found: Recorded) -> None:
    steady(found.rows)
    names = found.devices.dtype.names[2:]
    for name in names:
        found.devices[name] = np.clip(np.nan_to_num(found.devices[name]), -5, 5)
    c3d.write(tmp_path / "r.c3d", found)
    back = read(tmp_path / "r.c3d")
    assert isinstance(back, Recorded)
    assert np.array_equal(back.devices["frame"], found.devices["frame"])
    there = (found.devices["flags"] >> 4 & 1).astype(bool)
    assert np.allclose(poses(back.devices, "chest")[there], poses(found.devices, "chest")[there], atol=BOUND_M)


def test_uneven_frames_are_off_by_no_more_than_a_straight_line_can_be() -> None:
    time_ns = np.cumsum(np.random.default_rng(0).integers(8_000_000, 20_000_000, 2_000))
    steady_, truth = resampled_and_truth(time_ns)
    acceleration = 0.3 * (3 * np.pi) ** 2
    assert np.abs(steady_["left_x_m"] - truth["left_x_m"]).max() <= acceleration * 0.02**2 / 8 + BOUND_M
    turned = 2 * np.arccos(
        np.clip(np.abs(np.sum(poses(steady_, "head")[:, 3:] * poses(truth, "head")[:, 3:], 1)), 0, 1)
    )
    assert np.degrees(turned).max() <= np.degrees((3 * np.pi) ** 2 * 0.02**2 / 8) + 0.05


def resampled_and_truth(time_ns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found = poses_of(Recorded({}, moving(time_ns)))
    rows = recorded_of(resampled(found, rate_hz(found)), {}).rows
    return rows, moving(rows["time_ns"])


def test_nothing_goes_across_a_gap_and_nothing_in_it_is_valid(tmp_path: Path) -> None:
    rows = moving(STEADY_NS * np.delete(np.arange(500), slice(200, 300)))
    back = back_from(tmp_path / "r.c3d", rows)
    lost = ~valid(back, "head")
    assert (len(back), np.flatnonzero(lost).tolist()) == (500, list(range(200, 300)))
    assert not (back["flags"][lost] >> FLAGS.index("left_valid") & 1).any()


def test_a_second_frame_of_one_time_is_left_out(tmp_path: Path) -> None:
    rows = moving(STEADY_NS * np.arange(100))
    back = back_from(tmp_path / "r.c3d", np.insert(rows, 50, rows[10]))
    assert np.abs(poses(back, "left") - poses(rows, "left")).max() <= BOUND_M


def test_a_stamp_from_the_far_future_is_refused_and_does_not_fill_the_disk(tmp_path: Path) -> None:
    rows = moving(STEADY_NS * np.arange(100))
    rows["time_ns"][99] = 10**15
    with pytest.raises(Unsteady, match="100 frames lie over 1000000 s"):
        c3d.write(tmp_path / "r.c3d", Recorded({}, rows))


def test_a_recording_longer_than_c3d_can_count_becomes_several_files(tmp_path: Path) -> None:
    rows = moving(STEADY_NS * np.arange(70_000))
    files = c3d.write(tmp_path / "r.c3d", Recorded({}, rows))
    parts = [read(file) for file in files]
    assert [file.name for file in files] == ["r.c3d", "r-2.c3d", "r-3.c3d"]
    for file, frames in zip(files, (32_767, 32_767, 4_466), strict=True):
        first, last = struct.unpack_from("<2h", file.read_bytes(), 6)  # as a reader sees them that knows no unsigned
        assert (first, last) == (1, frames)
        found = ezc3d.c3d(str(file))["parameters"]["TRIAL"]
        fields = [found[f"ACTUAL_{end}_FIELD"] for end in ("START", "END")]
        assert [(each["value"].tolist(), each["type"]) for each in fields] == [([1, 0], 2), ([frames, 0], 2)]
    joined = np.concatenate([part.rows for part in parts if isinstance(part, Recorded)])
    assert np.abs(joined["time_ns"] - rows["time_ns"]).max() <= 1
    assert np.abs(poses(joined, "head") - poses(rows, "head")).max() <= BOUND_M


def test_trials_and_events_are_c3d_events_in_minutes_and_seconds(tmp_path: Path) -> None:
    c3d.write(tmp_path / "r.c3d", Recorded({}, moving(STEADY_NS * np.arange(10_000))), SESSION)
    event = ezc3d.c3d(str(tmp_path / "r.c3d"))["parameters"]["EVENT"]
    assert event["LABELS"]["value"] == ["fruit_ladder reached", "paused", "fruit_ladder not yet"]
    assert event["TIMES"]["value"].T.tolist() == [[0, 1], [0, 3], [1, 10.25]]
    assert event["CONTEXTS"]["value"] == ["Left", "General", "Right"]


def test_more_events_than_c3d_can_count_leave_a_file_that_reads(tmp_path: Path) -> None:
    many = replace(SESSION, events=tuple(Event(0.01 * i, f"event {i} {'x' * 300}") for i in range(400)))
    c3d.write(tmp_path / "r.c3d", Recorded({}, moving(STEADY_NS * np.arange(1_000))), many)
    assert isinstance(read(tmp_path / "r.c3d"), Recorded)
    assert len(ezc3d.c3d(str(tmp_path / "r.c3d"))["parameters"]["EVENT"]["LABELS"]["value"]) == 255


def test_another_reader_finds_millimetres_at_a_steady_rate(tmp_path: Path) -> None:
    rows = moving(STEADY_NS * np.arange(100))
    c3d.write(tmp_path / "r.c3d", Recorded({}, rows))
    found = ezc3d.c3d(str(tmp_path / "r.c3d"))
    assert found["parameters"]["POINT"]["LABELS"]["value"] == ["head", "left", "right"]
    assert found["parameters"]["POINT"]["UNITS"]["value"] == ["mm"]
    assert found["data"]["points"][0, 1] == pytest.approx(1000 * rows["left_x_m"].astype(float), abs=1e-3)


def test_markers_are_metres_whatever_the_file_says_them_in(data: Path) -> None:
    metres, millimetres = (
        read(data / "mocap" / f"{name}.c3d") for name in ("ktk_sample_static", "pyomeca_markers_analogs")
    )
    assert isinstance(metres, Table)
    assert isinstance(millimetres, Table)
    assert (len(metres.points_m), metres.rate_hz) == (41, pytest.approx(69.9, abs=0.1))
    raw = ezc3d.c3d(str(data / "mocap" / "pyomeca_markers_analogs.c3d"))["data"]["points"]
    assert next(iter(millimetres.points_m.values())) == pytest.approx(raw[:3, 0].T / 1000, nan_ok=True)


def test_named_markers_are_a_recording_of_head_and_hands(data: Path) -> None:
    path = data / "mocap" / "ktk_sample_static.c3d"
    found, table = read(path, markers=HEAD), read(path)
    assert isinstance(found, Recorded)
    assert isinstance(table, Table)
    middle = np.mean([table.points_m[name] for name in HEAD["head"]], axis=0)
    assert poses(found.rows, "head")[:, :3] == pytest.approx(middle, abs=1e-6, nan_ok=True)
    turned = found.rows["head_qw"][np.isfinite(found.rows["head_qw"])]
    assert turned[0] == pytest.approx(1)
    assert np.degrees(2 * np.arccos(np.clip(turned.min(), -1, 1))) < 10  # somebody who sits still


def test_a_cluster_turns_as_it_was_turned(tmp_path: Path) -> None:
    angle = np.radians(np.arange(0, 200, 5.0))
    cluster = np.array([[0.1, 0, 0], [0, 0, 0.1], [-0.1, 0.05, 0]])
    about_y = np.array(
        [
            [np.cos(angle), 0 * angle, np.sin(angle)],
            [0 * angle, 0 * angle + 1, 0 * angle],
            [-np.sin(angle), 0 * angle, np.cos(angle)],
        ]
    )
    places = np.einsum("ijn,mj->imn", about_y, cluster)
    found = read(laboratory(tmp_path / "a.c3d", places), markers={"head": ("m0", "m1", "m2")})
    assert isinstance(found, Recorded)
    turned = poses(found.rows, "head")[:, 3:]
    truth = np.stack([0 * angle, np.sin(angle / 2), 0 * angle, np.cos(angle / 2)], axis=1)
    assert np.abs(np.sum(turned * truth, axis=1)) == pytest.approx(np.ones(len(angle)), abs=1e-6)


@pytest.mark.parametrize(
    ("markers", "said"),
    [
        ({"head": ("m0", "m1", "nose")}, "no marker 'nose'; its markers are m0, m1, m2"),
        ({"head": ("m0", "m1")}, "needs three markers"),
        ({"left": ("m0", "m1", "m2")}, "needs three markers"),
        ({"tail": ("m0",)}, "markers for head, left and right alone"),
    ],
)
def test_markers_that_make_no_head_are_refused(tmp_path: Path, markers: dict[str, tuple[str, ...]], said: str) -> None:
    path = laboratory(tmp_path / "a.c3d", np.random.default_rng(0).normal(size=(3, 3, 20)))
    with pytest.raises(RecordingUnreadable, match=f"a.c3d.*{said}"):
        read(path, markers=markers)


def test_a_unit_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = laboratory(tmp_path / "a.c3d", np.ones((3, 1, 5)), "inch")
    with pytest.raises(RecordingUnreadable, match="gives places in 'inch'"):
        read(path)


def laboratory(path: Path, places: np.ndarray, unit: str = "m") -> Path:
    """A file of markers m0, m1, ... at 50 Hz; places (3, markers, n)."""
    content = ezc3d.c3d()
    content["parameters"]["POINT"]["UNITS"]["value"] = [unit]
    content["parameters"]["POINT"]["RATE"]["value"] = [50.0]
    content["parameters"]["POINT"]["LABELS"]["value"] = [f"m{i}" for i in range(places.shape[1])]
    content["data"]["points"] = np.concatenate([places, np.ones_like(places[:1])])
    content.write(str(path))
    return path
