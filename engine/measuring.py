"""What a finished trial is worth: its rows as movement, and the numbers of its task, or why there are none."""

from collections.abc import Mapping, Sequence

import numpy as np

from engine.motion import Motion, clean
from engine.recording import FRAME
from engine.records import Measured
from engine.task import Result, Task, Trial

LEAST_SEEN_PERCENT = 95.0


def measured(task: Task, trial: Trial, rows: list[bytes], pauses: Sequence[tuple[int, int]]) -> tuple[Motion, Result]:
    """The movement and the measures of a trial, from its packed rows.

    `pauses` are pairs of the number of the row after a pause and its length in ns.
    """
    motion = clean(table(rows, pauses))
    return motion, _refused(task, motion, trial) or _of_one_piece(task.measure(trial, motion), pauses)


def table(rows: list[bytes], pauses: Sequence[tuple[int, int]] = ()) -> np.ndarray:
    """Rows as a table whose clock stands still in pauses, as that of the moves does."""
    table = np.frombuffer(bytearray(b"".join(rows)), FRAME)
    for after, pause_ns in pauses:
        table["time_ns"][after:] -= pause_ns - 1  # times have to rise
    return table


def _of_one_piece(result: Result, pauses: Sequence[tuple[int, int]]) -> Result:
    """How far a trial came is true in spite of a pause; times, speeds and ways across it would not be."""
    if not pauses:
        return result
    why = f"interrupted by a pause of {sum(pause_ns for _, pause_ns in pauses) * 1e-9:.0f} s"
    return result._replace(measures={name: Measured(None, m.unit, None, why) for name, m in result.measures.items()})


def _refused(task: Task, motion: Motion, trial: Trial) -> Result | None:
    """No numbers from movement that was not seen: the reason instead."""
    quality = motion.quality
    seen: Mapping[str, float] = {"left": quality.left_seen_percent, "right": quality.right_seen_percent}
    least = min(quality.head_seen_percent, seen.get(trial.side, 100.0))
    if least >= LEAST_SEEN_PERCENT and len(motion.time_s) > 2:
        return None
    why = f"seen in {least:.0f} % of frames, {LEAST_SEEN_PERCENT:.0f} % are needed"
    return Result(None, {name: Measured(None, m.unit, None, why) for name, m in task.measures.items()})
