"""What the columns of other people's files are: names and units to time, places, orientations and quantities."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from engine.formats.tables import DEVICES_OF_FRAME, POSE, Array, Table
from engine.recording import FLAGS, FRAME, Recorded

LENGTHS = {"m": 1.0, "cm": 0.01, "mm": 0.001}
_TIMES = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_ANGLES = {"deg": 1.0, "°": 1.0, "rad": 180 / np.pi}
_SI = {
    **{unit: (factor, "m") for unit, factor in LENGTHS.items()},
    **{unit: (factor, "s") for unit, factor in _TIMES.items()},
    **{unit: (factor, "deg") for unit, factor in _ANGLES.items()},
}
AXES: Mapping[str, Array] = {
    "openxr": np.eye(3),
    "unity": np.diag([1.0, 1.0, -1.0]),
    "z-up": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
}
"""What turns a file's axes into OpenXR's; Unity's are left-handed, and orientations are mirrored with them."""
STABILOGRAM = ("t_s", "Fz_N", "cop_x_cm", "cop_y_cm")
"""The columns of Santos & Duarte (2016), PeerJ 4:e2648, where x is antero-posterior and y medio-lateral."""

_UNIT = re.compile(r"(.*?)\s*(?:\[([^\]]*)\]|\(([^)]*)\)|_(cm|mm|m|s|ms|us|ns|deg|rad))", re.IGNORECASE)
_TIME = re.compile(r"(?:.*[_. ])?(?:t|time|times|timestamp|elapsed|seconds)|.*[a-z]Time", re.IGNORECASE)
_PLACE = re.compile(r"(?:(.+?)[_. :])?(?:p|t|pos[_.]?|position[_.]?)?([xyz])", re.IGNORECASE)
_TURN = re.compile(r"(?:(.+?)[_. :])?(?:q|quat|quaternion|rot|rotation|orientation)[_.]?([xyzw])", re.IGNORECASE)
_NO_PLACE = re.compile(
    r"(?:.*[_. :])?(?:rot|rotation|angle|euler|vel|velocity|acc|gyro|mag|force|moment)", re.IGNORECASE
)
_SWAY = {"ml": "ml", "mediolateral": "ml", "ap": "ap", "anteroposterior": "ap"}
_WHO = {
    **dict.fromkeys(("hmd", "headset", "head"), "head"),
    **{f"{side}{hand}": side for side in ("left", "right") for hand in ("", "_hand", "hand", "_controller")},
}
_LONGEST_STEP_S = 2.0
_LATEST_S = 9e9  # in nanoseconds it must go into 64 bits


class Unclear(ValueError):
    """The columns cannot be told apart; the message says what is missing and what to do."""


def table_of(
    names: Sequence[str], values: Array, axes: str = "openxr", unit: str = "m", rate_hz: float | None = None
) -> Table:
    """The columns (n, names) of a file as what they are.

    `unit` is that of places whose names say none, `rate_hz` serves where there is no column of time. Raises Unclear.
    """
    meant = ("t_s", "Fz_N", "ap_cm", "ml_cm") if tuple(names) == STABILOGRAM else names
    columns = dict(zip(meant, values.T, strict=True))
    parts = {name: _parts(name) for name in columns}
    time_name, time_s = _time(columns, parts, rate_hz)
    rest = {name: parts[name] for name in columns if name != time_name}
    turns = _groups(rest, _TURN, "xyzw")
    used = {name for group in turns.values() for name in group}
    places = _groups({name: part for name, part in rest.items() if name not in used and _may_be_place(part)}, _PLACE)
    used |= {name for group in places.values() for name in group}
    turn = AXES[axes]
    points_m = {who: _metres(columns, parts, group, unit) @ turn.T for who, group in places.items()}
    rotations = {who: _turned(np.stack([columns[name] for name in group], 1), turn) for who, group in turns.items()}
    single = dict(_single(name, parts[name], columns[name], unit) for name in rest if name not in used)
    bare = [name for group in places.values() for name in group if not parts[name][1]]
    bare += [name for name in rest if name not in used and _sway(parts[name][0]) and not parts[name][1]]
    note = f"no unit is named for {', '.join(bare[:3])}: taken as {unit}" if bare else ""
    return Table(time_s, single, points_m, rotations, note)


def recorded_of(table: Table) -> Recorded | None:
    """Rows of a recording, where a table has the poses of a head and maybe of hands; None where it has none.

    A hand that the file does not have is not valid; one without an orientation has nan there.
    """
    if "head" not in table.points_m or "head" not in table.rotations:
        return None
    rows = np.zeros(len(table.time_s), FRAME)
    rows["time_ns"] = np.round(table.time_s * 1e9)
    flags = _flag("focused")
    for device in DEVICES_OF_FRAME:
        rows[f"{device}_qw"] = 1.0
        if device in table.points_m:
            flags |= _flag(f"{device}_valid") | _flag(f"{device}_tracked")
            turns = table.rotations.get(device, np.full((len(rows), 4), np.nan))
            with np.errstate(over="ignore"):  # what is too large for a device is infinite, and dropped in cleaning
                for part, column in zip(POSE, np.hstack([table.points_m[device], turns]).T, strict=True):
                    rows[f"{device}_{part}"] = column
    rows["flags"] = flags
    return Recorded({}, rows, note=table.note)


def _turned(quaternions: Array, turn: Array) -> Array:
    return np.hstack([np.linalg.det(turn) * quaternions[:, :3] @ turn.T, quaternions[:, 3:]])


def _parts(name: str) -> tuple[str, str]:
    """A name without its unit, and the unit as far as it is known."""
    found = _UNIT.fullmatch(name)
    if found is None:
        return name, ""
    unit = next(part for part in found.groups()[1:] if part is not None).strip().lower()
    return (found[1], unit) if unit in _SI else (name, "")


def _time(
    columns: Mapping[str, Array], parts: Mapping[str, tuple[str, str]], rate_hz: float | None
) -> tuple[str, Array]:
    found = [name for name, (base, unit) in parts.items() if _TIME.fullmatch(base) and unit in {"", *_TIMES}]
    if not found:
        if rate_hz is None:
            raise Unclear("there is no column of time: name one time_s, or say the rate")
        return "", np.arange(len(next(iter(columns.values())))) / rate_hz
    name = min(found, key=len)
    unit = parts[name][1]
    time_s = columns[name] * _TIMES[unit or "s"]
    if not np.all(np.abs(time_s) < _LATEST_S):
        raise Unclear(f"{name} has no time in sample {int(np.argmin(np.abs(time_s) < _LATEST_S)) + 1}")
    step = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    if not unit and step > _LONGEST_STEP_S:
        raise Unclear(f"{name} goes by steps of {step:g} and names no unit: name it {name}_s, {name}_ms or {name}_ns")
    return name, time_s


def _groups(
    parts: Mapping[str, tuple[str, str]], pattern: re.Pattern[str], axes: str = "xyz"
) -> dict[str, tuple[str, ...]]:
    """Complete groups of columns by whose they are, each in the order of the axes."""
    found: dict[str, dict[str, str]] = {}
    for name, (base, _) in parts.items():
        if match := pattern.fullmatch(base):
            who = match[1] or "point"
            found.setdefault(_WHO.get(who.lower(), who), {})[match[2].lower()] = name
    return {who: tuple(group[axis] for axis in axes) for who, group in found.items() if len(group) == len(axes)}


def _may_be_place(part: tuple[str, str]) -> bool:
    match = _PLACE.fullmatch(part[0])
    return match is not None and part[1] in {"", *LENGTHS} and not _NO_PLACE.fullmatch(match[1] or "")


def _metres(
    columns: Mapping[str, Array], parts: Mapping[str, tuple[str, str]], group: Sequence[str], unit: str
) -> Array:
    return np.stack([columns[name] * LENGTHS[parts[name][1] or unit] for name in group], axis=1)


def _single(name: str, part: tuple[str, str], values: Array, unit: str) -> tuple[str, Array]:
    base, known = part
    sway = _sway(base)
    if sway and known in {"", *LENGTHS}:
        return f"{sway}_m", values * LENGTHS[known or unit]
    if not known:
        return name, values
    factor, si = _SI[known]
    return f"{base}_{si}", values * factor


def _sway(base: str) -> str:
    """Which axis of sway a column is, "" if of none."""
    return _SWAY.get(re.sub("cop|head|[^a-z]", "", base.lower()), "")


def _flag(name: str) -> int:
    return 1 << FLAGS.index(name)
