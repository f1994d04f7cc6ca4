"""Markers of a motion laboratory: as places by name, or as head and hands where somebody says which ones they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.formats.quantities import AXES, LENGTHS
from engine.formats.quantities import recorded_of as recorded_of_table
from engine.formats.tables import DEVICES_OF_FRAME, Array, Table
from engine.recording import Recorded, RecordingUnreadable

Markers = Mapping[str, Sequence[str]]
"""The names of the markers on `head`, `left` and `right`."""
FRAMES_PER_FILE = 32_767
"""More than this not every reader of C3D counts: its counts are words of 16 bits, which many take as signed."""
_COUNTED_TO = (32_767, 65_535)
_LEAST_SPAN = 1e-3


def table_of(path: Path, content: Any, axes: str) -> Table:
    """The markers of a C3D file in metres, nan where one was not seen; raises RecordingUnreadable."""
    point = content["parameters"]["POINT"]
    unit = "".join(point["UNITS"]["value"][:1]).strip() if "UNITS" in point else ""
    rate_hz = float(point["RATE"]["value"][0])
    if unit not in LENGTHS:
        raise RecordingUnreadable(f"{path} gives places in {unit!r}: known are {', '.join(LENGTHS)}")
    if not rate_hz > 0:
        raise RecordingUnreadable(f"{path} has a rate of {rate_hz:g} Hz: set POINT:RATE to what it was")
    places_m = np.moveaxis(content["data"]["points"][:3], 0, -1) * LENGTHS[unit] @ AXES[axes].T
    frames = places_m.shape[1]
    time_s = (content["header"]["points"]["first_frame"] + np.arange(frames)) / rate_hz
    labels = [label for name in sorted(point) if name.startswith("LABELS") for label in point[name]["value"]]
    note = f"{frames} frames are as many as C3D counts: the movement may go on" if frames in _COUNTED_TO else ""
    return Table(time_s, {}, dict(zip(labels, places_m, strict=False)), {}, note)


def recorded_of(path: Path, table: Table, named: Markers) -> Recorded:
    """Head and hands as rows: the middle of their markers, and how far they turned since all were first seen.

    A frame counts where all markers of a device were seen. Raises RecordingUnreadable when a marker is not there, or
    when fewer than three that lie in no line are on the head; a hand may have fewer, and nan as orientation.
    """
    unknown = [marker for device in named for marker in named[device] if marker not in table.points_m]
    if unknown or not set(named) <= set(DEVICES_OF_FRAME):
        said = f"has no marker {unknown[0]!r}" if unknown else "has markers for head, left and right alone"
        raise RecordingUnreadable(f"{path} {said}; its markers are {', '.join(table.points_m)}")
    clusters = {device: np.stack([table.points_m[marker] for marker in named[device]]) for device in named}
    places = {device: cluster.mean(axis=0) for device, cluster in clusters.items()}
    turns = {device: turned for device, cluster in clusters.items() if (turned := _turned(cluster)) is not None}
    found = recorded_of_table(Table(table.time_s, {}, places, turns))
    if found is None:
        raise RecordingUnreadable(f"{path}: the head needs three markers that lie in no line and were seen together")
    said = "orientations are turns since the markers were first seen"
    return found._replace(note="; ".join(filter(None, (said, table.note))))


def _turned(cluster: Array) -> Array | None:
    """Quaternions (n, 4) by which the first three markers (3, n, 3) turned; None if they never span a plane."""
    if len(cluster) < 3:
        return None
    along, across = cluster[1] - cluster[0], cluster[2] - cluster[0]
    normal = np.cross(along, across)
    spans = np.linalg.norm(normal, axis=1) > _LEAST_SPAN * np.sum(along**2, axis=1)
    if not spans.any():
        return None
    axes = np.stack([along, np.cross(normal, along), normal], axis=2)[spans]
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    turns = np.full((cluster.shape[1], 4), np.nan)
    turns[spans] = _quaternions(axes @ axes[0].T)
    return turns


def _quaternions(matrices: Array) -> Array:
    """Unit quaternions x y z w of rotation matrices (n, 3, 3): the eigenvector of Bar-Itzhack (2000), JGCD 23:1085."""
    m = matrices.transpose(1, 2, 0)
    k = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], m[1, 0] + m[0, 1], m[2, 0] + m[0, 2], m[2, 1] - m[1, 2]],
            [m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], m[2, 1] + m[1, 2], m[0, 2] - m[2, 0]],
            [m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m[0, 0] + m[1, 1] + m[2, 2]],
        ]
    )
    found = np.linalg.eigh(k.transpose(2, 0, 1)).eigenvectors[:, :, -1]
    return np.asarray(found * np.where(found[:, 3:] < 0, -1.0, 1.0))
