"""Our recordings as C3D, the format of marker laboratories.

Devices are points in millimetres; their orientations, flags, triggers and squeezes are analogue channels of the same
rate; trials and events are C3D events. C3D knows one steady rate, so a recording is resampled. Format: https://www.c3d.org.
"""

import errno
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.formats import markers
from engine.formats.events import Mark, marks
from engine.formats.steady import cut, rate_hz, resampled
from engine.formats.tables import INPUTS, POSE, Poses, Table, poses_of, recorded_of
from engine.recording import Recorded, RecordingUnreadable
from engine.records import Session

_MM = 1000.0
_EVENTS, _LABEL = 255, 60  # a parameter counts to 255, and has room for 32 kB
_HEADER = struct.Struct("<5HfH")
_MAGIC, _INTEL = 0x50, 84
_GROUP = "STEADYREACH"


def write(path: Path, recorded: Recorded, session: Session | None = None) -> list[Path]:
    """Write a recording at its median rate; returns the files, `visit-2.c3d` and so on after 32767 frames.

    Raises engine.formats.steady.Unsteady, and OSError where there is no room for it.
    """
    poses = poses_of(recorded)
    rate = rate_hz(poses)
    steady = resampled(poses, rate)
    files = []
    for number, start in enumerate(range(0, len(steady.time_ns), markers.FRAMES_PER_FILE), 1):
        stop = start + markers.FRAMES_PER_FILE
        inside = [mark for mark in marks(session) if start <= mark.at_s * rate < stop]
        files.append(path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}"))
        content = _content(cut(steady, slice(start, stop)), rate)
        _add_events(content, [mark._replace(at_s=mark.at_s - start / rate) for mark in inside[:_EVENTS]])
        content.write(str(files[-1]))
        _check_written(files[-1])
    return files


def read(path: Path, axes: str = "openxr", named: markers.Markers | None = None) -> Recorded | Table:
    """Read a recording that `write` wrote, or other people's markers (see engine.formats.markers).

    Raises RecordingUnreadable.
    """
    import ezc3d

    _check(path)
    try:
        content = ezc3d.c3d(str(path))
        if _GROUP in content["parameters"]:
            return _ours(content)
    except (OSError, LookupError, ValueError, RuntimeError, MemoryError) as reason:
        raise RecordingUnreadable(f"{path} cannot be read as C3D: {reason}") from None
    table = markers.table_of(path, content, axes)
    return table if named is None else markers.recorded_of(path, table, named)


def _check(path: Path) -> None:
    """Refuse what is not C3D or is shorter than its own header says, which the library would fill with anything."""
    try:
        content = path.read_bytes()
        (blocks, magic), processor = content[:2], content[512 * (content[0] - 1) + 3]
        points, analogs, first, last, _, scale, start = _HEADER.unpack_from(content, 2)
    except OSError as reason:
        raise RecordingUnreadable(f"{path} cannot be read: {reason.strerror}") from None
    except (IndexError, ValueError, struct.error):
        raise RecordingUnreadable(f"{path} is not C3D: it holds {path.stat().st_size} bytes") from None
    if not blocks or magic != _MAGIC:
        raise RecordingUnreadable(f"{path} is not C3D: it begins with {content[:2].hex(' ')}")
    number_bytes = 4 if scale < 0 else 2
    needed = 512 * (start - 1) + (last - first + 1) * (4 * points + analogs) * number_bytes
    if processor == _INTEL and len(content) < needed:
        raise RecordingUnreadable(f"{path} is C3D that is cut short: {len(content)} of {needed} bytes")


def _check_written(path: Path) -> None:
    """Refuse what the library wrote to a full disk without a word."""
    try:
        _check(path)
    except RecordingUnreadable:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from None


def _content(poses: Poses, rate: float) -> Any:
    import ezc3d

    content = ezc3d.c3d()
    places = np.stack([values[:, :3].T for values in poses.poses.values()], axis=1).astype(float) * _MM
    channels: dict[str, np.ndarray] = {
        f"{name}_{part}": np.nan_to_num(values[:, column])
        for name, values in poses.poses.items()
        for column, part in enumerate(POSE[3:], 3)
    }
    channels |= dict(zip(INPUTS, poses.inputs.T, strict=True))
    channels |= {"flags": poses.flags, "devices_flags": poses.devices_flags}
    for group, labels, unit in (("POINT", list(poses.poses), "mm"), ("ANALOG", list(channels), "")):
        content["parameters"][group]["LABELS"]["value"] = labels
        content["parameters"][group]["RATE"]["value"] = [rate]
        content["parameters"][group]["UNITS"]["value"] = [unit] * (1 if unit else len(labels))
    content.add_parameter("POINT", "X_SCREEN", "+X")
    content.add_parameter("POINT", "Y_SCREEN", "+Y")
    # The frames of this file alone, as its header counts them: some readers miscount numbers of two words.
    for name, frame in (("ACTUAL_START_FIELD", 1), ("ACTUAL_END_FIELD", len(poses.time_ns))):
        content.add_parameter("TRIAL", name, [frame, 0])
        content["parameters"]["TRIAL"][name]["type"] = ezc3d.ezc3d.INT  # else they are written as fractions
    content.add_parameter(_GROUP, "FIRST_NS", [str(int(poses.time_ns[0]))])
    content["data"]["points"] = np.concatenate([places, np.ones_like(places[:1])])
    content["data"]["meta_points"]["residuals"] = np.where(np.isnan(places[:1]), -1.0, 0.0)
    content["data"]["analogs"] = np.stack(list(channels.values()))[None].astype(float)
    return content


def _add_events(content: Any, found: Sequence[Mark]) -> None:
    if found:
        times = np.array([divmod(mark.at_s, 60.0) for mark in found]).T
        content.add_parameter("EVENT", "USED", [len(found)])
        content.add_parameter("EVENT", "TIMES", times)
        content.add_parameter("EVENT", "LABELS", [_label(mark) for mark in found])
        content.add_parameter("EVENT", "CONTEXTS", [mark.side.capitalize() or "General" for mark in found])


def _label(mark: Mark) -> str:
    return " ".join(filter(None, (mark.kind, mark.outcome, mark.practice)))[:_LABEL]


def _ours(content: Any) -> Recorded:
    parameters = content["parameters"]
    rate = float(parameters["POINT"]["RATE"]["value"][0])
    channels = dict(zip(parameters["ANALOG"]["LABELS"]["value"], content["data"]["analogs"][0], strict=True))
    poses = {}
    for label, place in zip(
        parameters["POINT"]["LABELS"]["value"], content["data"]["points"].swapaxes(0, 1), strict=True
    ):
        turns = [channels[f"{label}_{part}"] for part in POSE[3:]]
        poses[label] = np.stack([*(place[:3] / _MM), *turns], axis=1).astype(np.float32)
        poses[label][np.isnan(poses[label][:, 0])] = np.nan
    frames = content["data"]["points"].shape[2]
    first_ns = int(parameters[_GROUP]["FIRST_NS"]["value"][0])
    time_ns = first_ns + np.round(np.arange(frames) / rate * 1e9).astype(np.int64)
    inputs = np.stack([channels[name] for name in INPUTS], axis=1).astype(np.float32)
    flags, devices_flags = (channels[name].astype(np.int64) for name in ("flags", "devices_flags"))
    note = "resampled at a steady rate when it was written as C3D"
    return recorded_of(Poses(time_ns, flags.astype(np.uint32), inputs, devices_flags, poses), {}, note)
