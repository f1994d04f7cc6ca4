"""Recordings to test with: any rows that devices could write, people who move smoothly, and files of both."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from engine.frame import HAND_JOINTS, SIDES, Devices, Frame, Vector
from engine.recording import (
    DEVICES,
    DEVICES_FLAGS,
    FLAGS,
    FRAME,
    JOINTS,
    SOURCES,
    SOURCES_SHIFT,
    Recorded,
    Writer,
    pack,
)
from engine.sealing import Cipher
from engine.simulated import SimulatedHeadset

SETTINGS = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
HEADER = {"format": "steadyreach recording 4", "session": "visit-1", "software": "tests ü"}
POSE = ("x_m", "y_m", "z_m", "qx", "qy", "qz", "qw")
BUTTONS = 5
STEADY_NS = 8_000_000
LATEST_NS = 10**15


def a_table(draw: st.DrawFn, kind: np.dtype, count: int) -> np.ndarray:
    """Rows of any bytes whatever: numbers too large, too small, infinite and not numbers at all."""
    size = count * kind.itemsize
    return np.frombuffer(draw(st.binary(min_size=size, max_size=size)), kind).copy()


@st.composite
def recordings(draw: st.DrawFn) -> Recorded:
    """Up to a dozen frames with times in any order, some of them with devices and joints."""
    count = draw(st.integers(1, 12))
    rows = a_table(draw, FRAME, count)
    rows["time_ns"] = draw(st.lists(st.integers(-LATEST_NS, LATEST_NS), min_size=count, max_size=count))
    rows["flags"] &= (1 << len(FLAGS) + BUTTONS) - 1
    frames = sorted(draw(st.sets(st.integers(0, count - 1))))
    devices = a_table(draw, DEVICES, len(frames))
    devices["frame"] = frames
    devices["flags"] &= (1 << len(DEVICES_FLAGS)) - 1
    for shift in SOURCES_SHIFT.values():
        devices["flags"] |= draw(st.integers(0, len(SOURCES) - 1)) << shift
    joints = a_table(draw, JOINTS, len(frames))
    joints["frame"], joints["side"] = frames, draw(st.integers(0, len(SIDES) - 1))
    return Recorded(HEADER, rows, devices, joints)


def steady(rows: np.ndarray) -> np.ndarray:
    """The same rows 8 ms apart, with numbers that a room holds."""
    rows["time_ns"] = STEADY_NS * np.arange(len(rows))
    for name in rows.dtype.names[1:-1]:
        with np.errstate(invalid="ignore"):
            rows[name] = np.clip(np.nan_to_num(rows[name], posinf=5.0, neginf=-5.0), -5.0, 5.0)
    return rows


def moving(time_ns: np.ndarray) -> np.ndarray:
    """Somebody whose head and hands go to and fro by 0.3 m at 1.5 Hz, and who looks about by 60 degrees."""
    rows = np.zeros(len(time_ns), FRAME)
    rows["time_ns"] = time_ns
    phase = 3 * np.pi * time_ns * 1e-9
    for device in ("head", "left", "right"):
        rows[f"{device}_x_m"] = 0.3 * np.sin(phase)
        rows[f"{device}_qy"], rows[f"{device}_qw"] = np.sin(np.sin(phase) / 2), np.cos(np.sin(phase) / 2)
    rows["flags"] = (1 << len(FLAGS)) - 1
    return rows


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether rows are the same bit for bit, one nan being as good as another."""
    if one.dtype != other.dtype or len(one) != len(other):
        return False
    return all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f")
        and np.array_equal(
            np.signbit(one[name]) & ~np.isnan(one[name]), np.signbit(other[name]) & ~np.isnan(other[name])
        )
        for name in one.dtype.names
    )


def poses(rows: np.ndarray, device: str) -> np.ndarray:
    """The poses (n, 7) of a device."""
    return np.stack([rows[f"{device}_{part}"] for part in POSE], axis=1)


def valid(rows: np.ndarray, device: str, names: tuple[str, ...] = FLAGS) -> np.ndarray:
    """Where a device has a pose that is valid and finite."""
    told = (rows["flags"] >> names.index(f"{device}_valid") & 1).astype(bool)
    return told & np.isfinite(poses(rows, device)).all(axis=1)


def walked() -> Iterator[Frame]:
    """Frames of which two in three know more than head and hands; each hand is seen in some of these."""
    for number, frame in enumerate(SimulatedHeadset().frames()):
        devices = Devices(
            waist=frame.head,
            left_source="emulated",
            left_joints_m=_seen(frame) if number % 2 else None,
            right_joints_m=_seen(frame) if number % 5 else None,
        )
        yield frame._replace(devices=devices) if number % 3 else frame


def _seen(frame: Frame) -> tuple[Vector, ...]:
    """The joints of a hand, all different."""
    return tuple((joint / 32, frame.head.position_m[1], -joint / 64) for joint in range(HAND_JOINTS))


def written(path: Path, frames: Iterable[Frame], cipher: Cipher | None = None) -> Path:
    """A file of frames, with an event after the fiftieth."""
    with Writer(path, {"session": "a"}, cipher) as writer:
        for number, frame in enumerate(frames, 1):
            writer.write(pack(frame), frame.devices)
            if number == 50:
                writer.event(0.5, "paused", "tracking lost")
    return path
