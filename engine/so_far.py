"""What a round has come to so far, by the trials that are done: what the next one follows from."""

from collections.abc import Sequence

from engine.records import TrialRecord
from engine.task import NOT_YET, REACHED


def values(done: Sequence[TrialRecord], name: str) -> list[float]:
    """The numbers of a measure, in order, of the trials that have one."""
    known = (record.measures.get(name) for record in done)
    return [found.value for found in known if found is not None and found.value is not None]


def last(done: Sequence[TrialRecord], name: str) -> float | None:
    """The last number of a measure; None where there is none."""
    return next(reversed(values(done, name)), None)


def twice_missed(done: Sequence[TrialRecord]) -> int:
    """How often two trials in a row were not reached, of which none counts twice."""
    found = misses = 0
    for record in done:
        misses = misses + 1 if record.outcome == NOT_YET else 0
        if misses == 2:
            found, misses = found + 1, 0
    return found


def unbroken_s(done: Sequence[TrialRecord], rest_s: float) -> float | None:
    """From the first to the last moment of trials that were all reached; None where one was not, or somebody rested."""
    if not done or any(record.outcome != REACHED for record in done):
        return None
    seconds = done[-1].end_s - done[0].start_s
    rested_s = seconds - sum(record.end_s - record.start_s for record in done)
    return seconds if rested_s < rest_s else None
