"""The one door to files: whatever holds movement comes in as a recording, or as a table of what it measured."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine import bsor, recording
from engine.formats import c3d, foxglove, motion_bids, own_csv, parquet, quantities, text
from engine.formats.tables import Table
from engine.recording import Recorded, RecordingUnreadable
from engine.session_folder import FRAMES

TEXTS = (".csv", ".tsv", ".txt", ".tum", ".mot", ".gz")
KINDS = (".vrec", ".bsor", *TEXTS, ".c3d", ".parquet", ".mcap")


def read(
    path: Path,
    *,
    axes: str = "openxr",
    unit: str = "m",
    rate_hz: float | None = None,
    markers: Mapping[str, Sequence[str]] | None = None,
) -> Recorded | Table:
    """Read a file of any known kind, a session's folder or a Motion-BIDS dataset; nothing is cleaned.

    Poses of a head, and maybe of hands, are a recording; anything else is a table. For other people's text and C3D
    files, which do not say so themselves: `axes` is openxr, unity or z-up, `unit` that of places whose column names
    none, `rate_hz` serves where no column is time, and `markers` names those on head, left and right. Raises
    RecordingUnreadable with the file, the place in it, the reason and what to do.
    """
    if axes not in quantities.AXES or unit not in quantities.LENGTHS:
        known = f"{', '.join(quantities.AXES)} and {', '.join(quantities.LENGTHS)}"
        raise RecordingUnreadable(f"axes {axes!r} and unit {unit!r} of {path}: known are {known}")
    suffix = path.suffix.lower()
    if path.is_dir():
        return _folder(path)
    if suffix == ".bsor":
        return Recorded({}, bsor.read(path))
    if suffix == ".vrec":
        return recording.read(path)
    if suffix == ".c3d":
        return c3d.read(path, axes, markers)
    if suffix == ".parquet":
        return parquet.read(path)
    if suffix == ".mcap":
        return foxglove.read(path)
    if suffix in TEXTS:
        return _text(path, axes, unit, rate_hz)
    if not path.exists():
        raise RecordingUnreadable(f"{path} is not there")
    raise RecordingUnreadable(f"{path} is of no known kind: known are {', '.join(KINDS)} and folders")


def _folder(path: Path) -> Recorded:
    if (path / FRAMES).is_file():
        return recording.read(path / FRAMES)
    if (path / motion_bids.DESCRIPTION).is_file():
        return motion_bids.read(path)
    raise RecordingUnreadable(f"{path} is neither a finished session ({FRAMES}) nor a Motion-BIDS dataset")


def _text(path: Path, axes: str, unit: str, rate_hz: float | None) -> Recorded | Table:
    if path.name.endswith("_motion.tsv"):
        return motion_bids.read(path)
    if own_csv.is_ours(path):
        return own_csv.read(path)
    found = text.read(path)
    try:
        table = quantities.table_of(found.names, found.values, axes, unit, rate_hz or found.rate_hz)
    except quantities.Unclear as reason:
        raise RecordingUnreadable(f"{path}: {reason}") from None
    table = replace(table, note="; ".join(filter(None, (found.note, table.note))))
    return quantities.recorded_of(table) or table
