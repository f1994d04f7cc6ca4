"""What a finished trial is worth: its rows as movement, and the numbers of its task, or why there are none."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Literal

import numpy as np

from engine.frame import SIDES, UPRIGHT, Button, Devices
from engine.metrics.definition import NotMeasurable
from engine.motion import INTERPOLATE_S, SPLIT_S, Array, Motion, clean, steps_s
from engine.recording import BUTTONS_SHIFT, DEVICES, FLAGS, FRAME, JOINTS, pack_devices, pack_joints
from engine.task import Result, Task, Trial, none_of

Kind = Literal["sway", "rom", "reach"]

LEAST_SEEN_PERCENT = 95.0
LEAST_COVERAGE_PERCENT = 98.0
LEAST_RATE_HZ = 25.0
LEAST_SWAY_S, ADVISED_SWAY_S = 5.0, 30.0
ADVISED_REACH_HZ = 60.0
ON_A_TABLE_M = (0.0, 0.75, 0.0)
HEAD = (*(f"head_{axis}_m" for axis in "xyz"), *(f"head_q{axis}" for axis in "xyzw"))


def measured(
    task: Task,
    trial: Trial,
    rows: list[bytes],
    pauses: Sequence[tuple[int, int]],
    beside: Sequence[tuple[int, Devices]] = (),
) -> tuple[Motion, Result]:
    """The movement and the measures of a trial, from its packed rows and what devices knew beside them.

    `pauses` are pairs of the number of the row after a pause and its length in ns, `beside` pairs of the number of a
    row and its devices.
    """
    of_trial = table(rows, pauses)
    motion = clean(of_trial if task.worn else laid_down(of_trial), *_tables(beside))
    side = _hand(motion, trial)
    why = _unseen(motion, side) or refusal(motion, "reach" if side else "rom", side)
    if why:
        return motion, Result(None, none_of(task.measures, why))
    try:
        result = task.measure(trial, motion)
    except NotMeasurable as reason:
        return motion, Result(None, none_of(task.measures, str(reason)))
    broken = _broken(motion, pauses)
    return motion, result._replace(measures=none_of(result.measures, broken)) if broken else result


def table(rows: list[bytes], pauses: Sequence[tuple[int, int]] = ()) -> np.ndarray:
    """Rows as a table whose clock stands still in pauses, as that of the moves does."""
    table = np.frombuffer(bytearray(b"".join(rows)), FRAME)
    for after, pause_ns in pauses:
        table["time_ns"][after:] -= pause_ns - 1  # times have to rise
    return table


def laid_down(rows: np.ndarray) -> np.ndarray:
    """Rows of a trial in which nobody wears the headset, as if it were in use: its pose, which says nothing, is one."""
    rows = rows.copy()
    bits = sum(1 << FLAGS.index(name) for name in ("focused", "head_valid", "head_tracked"))
    rows["flags"] = (rows["flags"] | bits) & ~np.uint32(Button.AWAY << BUTTONS_SHIFT)
    for name, value in zip(HEAD, (*ON_A_TABLE_M, *UPRIGHT), strict=True):
        rows[name] = value
    return rows


def refusal(motion: Motion, kind: Kind, side: str = "") -> str:
    """Why a stretch of movement cannot be measured, as words for a therapist; "" when it can.

    Each kind needs 25 frames a second and, with a `side`, that hand in 95 % of them. Sway needs 5 s without a gap of
    more than 0.25 s, and good frames at most 0.1 s apart for 98 % of the time. Range of motion and reaches with such
    gaps are measured in the `pieces` between them.
    """
    steps = steps_s(motion.time_s)
    if len(steps) < 2:
        return "too few frames to measure"
    rate_hz = _rate_hz(steps)
    if rate_hz < LEAST_RATE_HZ:
        return f"recorded at {rate_hz:g} Hz, {LEAST_RATE_HZ:.0f} Hz are needed"
    seen_percent = 100 * float(np.isfinite(motion.hand_m(side)[:, 0]).mean()) if side else 100.0
    if seen_percent < LEAST_SEEN_PERCENT:
        return f"{side} hand {_too_little(seen_percent)}"
    return _sway_refusal(steps) if kind == "sway" else ""


def advice(motion: Motion, kind: Kind) -> str:
    """What a stretch of movement lacks that is advised but not needed, as words for a therapist; "" for nothing."""
    steps = steps_s(motion.time_s)
    seconds = float(steps.sum())
    if kind == "sway" and seconds < ADVISED_SWAY_S:
        return f"{seconds:.0f} s, {ADVISED_SWAY_S:.0f} s are advised"
    if kind == "reach" and len(steps) and _rate_hz(steps) < ADVISED_REACH_HZ:
        return f"{_rate_hz(steps):.0f} Hz, {ADVISED_REACH_HZ:.0f} Hz are advised for smoothness"
    return ""


def _rate_hz(steps: Array) -> float:
    return round(1 / float(np.median(steps)), 1)


def _sway_refusal(steps: Array) -> str:
    seconds, longest_s = float(steps.sum()), float(steps.max())
    if longest_s > SPLIT_S:
        return f"a gap of {longest_s:.1f} s in quiet standing, {SPLIT_S} s are the most"
    coverage_percent = round(100 * float(steps[steps <= INTERPOLATE_S].sum()) / seconds, 2)
    if coverage_percent < LEAST_COVERAGE_PERCENT:
        return f"well seen for {coverage_percent:g} % of the time, {LEAST_COVERAGE_PERCENT:.0f} % are needed"
    if seconds < LEAST_SWAY_S:
        return f"quiet for {seconds:.1f} s, {LEAST_SWAY_S:.0f} s are needed"
    return ""


def _tables(beside: Sequence[tuple[int, Devices]]) -> tuple[np.ndarray, np.ndarray]:
    devices = b"".join(pack_devices(number, known) for number, known in beside)
    joints = b"".join(chain.from_iterable(pack_joints(number, known) for number, known in beside))
    return np.frombuffer(devices, DEVICES), np.frombuffer(joints, JOINTS)


def _hand(motion: Motion, trial: Trial) -> str:
    """The hand that has to be seen in a trial, "" for none: of clasped ones that which was seen more."""
    return max((trial.side, *SIDES), key=_seen_percent(motion).__getitem__) if trial.clasped else trial.side


def _seen_percent(motion: Motion) -> Mapping[str, float]:
    return {"left": motion.quality.left_seen_percent, "right": motion.quality.right_seen_percent}


def _unseen(motion: Motion, side: str) -> str:
    """Why a trial was not seen well enough, counting all its frames, also those at its ends and those bridged."""
    least = min(motion.quality.head_seen_percent, _seen_percent(motion).get(side, 100.0))
    return _too_little(least) if least < LEAST_SEEN_PERCENT else ""


def _too_little(seen_percent: float) -> str:
    return f"seen in {round(seen_percent, 2):g} % of frames, {LEAST_SEEN_PERCENT:.0f} % are needed"


def _broken(motion: Motion, pauses: Sequence[tuple[int, int]]) -> str:
    """How far a trial came is true in spite of a break; times, speeds and ways across it would not be."""
    if pauses:
        return f"interrupted by a pause of {sum(pause_ns for _, pause_ns in pauses) * 1e-9:.0f} s"
    longest_s = float(steps_s(motion.time_s).max(initial=0))
    return f"interrupted by a gap of {longest_s:.1f} s in the frames" if longest_s > SPLIT_S else ""
