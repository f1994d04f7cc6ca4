"""Our own recordings as CSV, without loss: a file for each table, and the header beside them as JSON.

`visit.csv` holds the frames, `visit.devices.csv` and `visit.joints.csv` what else was known, `visit.json` the header.
Nine significant digits give back every 32-bit float bit for bit; all that is not a number comes back as one nan.
"""

import json
from pathlib import Path

import numpy as np

from engine.formats.tables import FLAT, beside
from engine.recording import TABLES, Recorded, RecordingUnreadable

_FORMATS = {"i": "%d", "u": "%d", "f": "%.9g"}


def write(path: Path, recorded: Recorded) -> list[Path]:
    """Write the tables that have rows, and the header; returns the files."""
    about = path.with_suffix(".json")
    about.write_text(json.dumps(recorded.header, indent=1) + "\n", encoding="utf-8", newline="\n")
    files = [about]
    for name, table in (("frames", recorded.rows), ("devices", recorded.devices), ("joints", recorded.joints)):
        if name == "frames" or len(table):
            files.append(path if name == "frames" else beside(path, name))
            _write(files[-1], np.ascontiguousarray(table).view(FLAT[name]))
    return files


def read(path: Path) -> Recorded:
    """Read what `write` wrote; a table or header that is not there any more is empty, and `note` says so.

    Raises RecordingUnreadable.
    """
    rows = _read(path, "frames")
    devices, joints = (_read(beside(path, name), name) for name in ("devices", "joints"))
    about = path.with_suffix(".json")
    if not about.is_file():
        return Recorded({}, rows, devices, joints, note=f"{about.name}, which says more of the recording, is not there")
    try:
        return Recorded(json.loads(about.read_text(encoding="utf-8")), rows, devices, joints)
    except ValueError as reason:
        raise RecordingUnreadable(f"{about} is not the header of a recording: {reason}") from None


def is_ours(path: Path) -> bool:
    """Whether a file begins with the columns of a recording's frames, as `write` writes them."""
    first = _first_line("frames").encode()
    try:
        with path.open("rb") as file:
            return file.read(len(first) + 1).rstrip() == first
    except OSError:
        return False  # whoever reads it next says why it cannot be read


def _first_line(name: str) -> str:
    return ",".join(FLAT[name].names or ())


def _write(path: Path, table: np.ndarray) -> None:
    names = table.dtype.names or ()
    formats = [_FORMATS[table.dtype[name].kind] for name in names]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        np.savetxt(file, table, fmt=formats, delimiter=",", header=",".join(names), comments="")


def _read(path: Path, name: str) -> np.ndarray:
    kind = FLAT[name]
    if name != "frames" and not path.is_file():
        return np.empty(0, TABLES[name])
    with path.open(encoding="ascii", errors="replace") as file:
        first = file.readline().rstrip("\n")
        lines = file.readlines()
    if first != _first_line(name):
        raise RecordingUnreadable(f"{path} does not begin with the columns of a recording's {name}")
    if lines and not lines[-1].endswith("\n"):
        raise RecordingUnreadable(f"{path} is cut short: its last line has no end")
    try:
        table = np.loadtxt(lines, kind, delimiter=",", ndmin=1) if lines else np.empty(0, kind)
    except (ValueError, OverflowError) as reason:
        raise RecordingUnreadable(f"{path} cannot be read as a recording's {name}: {reason}") from None
    return table.view(TABLES[name])
