"""What the formats share: a table of anybody's measurements, and a recording as flat columns or as poses by frame."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.recording import DEVICES, DEVICES_FLAGS, FLAGS, FRAME, TABLES, Recorded

Array = NDArray[np.float64]

DEVICES_OF_FRAME = ("head", "left", "right")
PLACES = tuple(flag.removesuffix("_valid") for flag in DEVICES_FLAGS if flag.endswith("_valid"))
POSE = ("x_m", "y_m", "z_m", "qx", "qy", "qz", "qw")
INPUTS = ("left_trigger", "left_squeeze", "right_trigger", "right_squeeze")
_LOST = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
_SPEEDS = sum(1 << bit for bit, flag in enumerate(DEVICES_FLAGS) if flag.endswith("_speed_known"))
_PHALANGES = ("metacarpal", "proximal", "intermediate", "distal", "tip")
_FINGERS = ("index", "middle", "ring", "little")
HAND_JOINTS = (
    *("palm", "wrist", "thumb_metacarpal", "thumb_proximal", "thumb_distal", "thumb_tip"),
    *(f"{finger}_{phalanx}" for finger in _FINGERS for phalanx in _PHALANGES),
)
"""The joints of a hand in OpenXR's order."""
FLAT = {
    **TABLES,
    "joints": np.dtype(
        [("frame", "<u4"), ("side", "<u4")] + [(f"{joint}_{axis}_m", "<f4") for joint in HAND_JOINTS for axis in "xyz"]
    ),
}
"""The tables of a recording with one number in a column; a table of TABLES is the same bytes."""


@dataclass(frozen=True)
class Table:
    """What a file of numbers held, n samples: SI units and degrees, nan where a value is missing.

    `time_s` (n,); `columns` one quantity each (n,), named with its unit where the file says one (`ml_m`, `ap_m`);
    `points_m` places (n, 3) by name, `rotations` quaternions (n, 4), x y z w, by name: `head`, `left`, `right`, a
    marker's own name, or `point` where the file has one point without a name. `note` says what was assumed or repaired.
    """

    time_s: Array
    columns: Mapping[str, Array]
    points_m: Mapping[str, Array]
    rotations: Mapping[str, Array]
    note: str = ""

    @property
    def rate_hz(self) -> float:
        """The inverse of the median step of time; nan for less than two samples."""
        steps_s = np.diff(self.time_s)
        steps_s = steps_s[steps_s > 0]
        return float(1 / np.median(steps_s)) if len(steps_s) else float("nan")


@dataclass(frozen=True)
class Poses:
    """A recording as other programs know it: frame by frame, one pose for each device, without speeds and joints.

    `poses` holds (n, 7) float32 by device, metres then x y z w, and nan where a pose was not valid or not finite:
    head and hands, and each place of DEVICES that was ever valid. `devices_flags` is -1 for a frame without devices.
    """

    time_ns: NDArray[np.int64]
    flags: NDArray[np.uint32]
    inputs: NDArray[np.float32]
    devices_flags: NDArray[np.int64]
    poses: Mapping[str, NDArray[np.float32]]


def poses_of(recorded: Recorded) -> Poses:
    """The poses of a recording, those of trackers spread over the frames they belong to."""
    rows, devices = recorded.rows, recorded.devices
    flags = np.full(len(rows), -1, np.int64)
    flags[devices["frame"]] = devices["flags"]
    found = {name: _stacked(rows, name, _valid(rows["flags"], FLAGS, name)) for name in DEVICES_OF_FRAME}
    for name in PLACES:
        valid = _valid(devices["flags"], DEVICES_FLAGS, name)
        if valid.any():
            found[name] = np.full((len(rows), len(POSE)), np.nan, np.float32)
            found[name][devices["frame"]] = _stacked(devices, name, valid)
    inputs = np.stack([rows[name] for name in INPUTS], axis=1)
    return Poses(rows["time_ns"].astype(np.int64), rows["flags"].astype(np.uint32), inputs, flags, found)


def recorded_of(found: Poses, header: dict[str, Any], note: str = "") -> Recorded:
    """The inverse of `poses_of`: a pose that was not valid comes back as one at the origin, upright."""
    rows = np.zeros(len(found.time_ns), FRAME)
    rows["time_ns"], rows["flags"] = found.time_ns, found.flags
    for name, values in zip(INPUTS, found.inputs.T, strict=True):
        rows[name] = values
    frames = np.flatnonzero(found.devices_flags >= 0)
    devices = np.zeros(len(frames), DEVICES)
    devices["frame"], devices["flags"] = frames, found.devices_flags[frames] & ~_SPEEDS
    for name in DEVICES_OF_FRAME:
        _fill(rows, name, found.poses.get(name), _valid(rows["flags"], FLAGS, name))
    for name in PLACES:
        poses = found.poses.get(name)
        _fill(devices, name, None if poses is None else poses[frames], _valid(devices["flags"], DEVICES_FLAGS, name))
    return Recorded(header, rows, devices, note=note)


def beside(path: Path, table: str) -> Path:
    """Where another table of a recording lies when one file holds one table: `visit.csv`, `visit.devices.csv`."""
    return path.with_name(f"{path.stem}.{table}{path.suffix}")


def _valid(flags: np.ndarray, names: tuple[str, ...], device: str) -> NDArray[np.bool_]:
    return (flags >> names.index(f"{device}_valid") & 1).astype(bool)


def _stacked(table: np.ndarray, device: str, valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    values = np.stack([table[f"{device}_{part}"] for part in POSE], axis=1)
    values[~valid | ~np.isfinite(values).all(axis=1)] = np.nan
    return values


def _fill(table: np.ndarray, device: str, poses: NDArray[np.float32] | None, valid: NDArray[np.bool_]) -> None:
    values = np.full((len(table), len(POSE)), np.nan, np.float32) if poses is None else poses.copy()
    values[np.isnan(values).any(axis=1) & ~valid] = _LOST
    for part, column in zip(POSE, values.T, strict=True):
        table[f"{device}_{part}"] = column
