"""What the finished trials of an assessment add to what is known of a person, and how that is dated."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from engine.movements import MOVEMENTS
from engine.records import Calibration, Limit, Precaution
from engine.task import STOPPED, Assessment, Finished, NotMeasured


class Conclusion(NamedTuple):
    """What is known after an assessment (None where it measured nothing), which limits are new, and notes in words."""

    calibration: Calibration | None
    changed: frozenset[str]
    notes: tuple[str, ...]


def conclude(task: Assessment, known: Calibration, finished: Sequence[Finished], posture: str) -> Conclusion:
    """What an assessment that was done in a posture says."""
    notes = _unmeasured(finished)
    try:
        found = task.conclude(known, finished)
    except NotMeasured as reason:
        return Conclusion(None, frozenset(), (*notes, str(reason)))
    changed = frozenset(name for name, limit in found.limits.items() if known.limits.get(name) != limit)
    if posture != "standing":  # who was asked to stand is known by the height of the headset
        here = {name: replace(found.limits[name], posture=posture) for name in changed}
        found = replace(found, limits={**found.limits, **here})
    doubts = (f"{MOVEMENTS[m].title}: {doubt}" for m in sorted(changed) for doubt in found.limits[m].doubts)
    return Conclusion(found, changed, (*notes, *doubts))


def stamped(
    calibration: Calibration, before: Mapping[str, Limit], under: tuple[Precaution, ...], at: str
) -> Calibration:
    """A calibration with the time of a visit, and so each limit that differs from those before it.

    `under` are the precautions that held.
    """
    limits = {
        name: limit if before.get(name) == limit else replace(limit, measured_at=limit.measured_at or at, checked_at=at)
        for name, limit in calibration.limits.items()
    }
    return replace(calibration, measured_at=at, limits=limits, measured_under=under)


def _unmeasured(finished: Sequence[Finished]) -> tuple[str, ...]:
    """Why trials of an assessment gave no number, each reason once."""
    records = [f.record for f in finished if f.record.achieved is None and f.record.outcome != STOPPED]
    whys = (f"{r.side} side: {number.note}".lstrip() for r in records for number in r.measures.values() if number.note)
    return tuple(dict.fromkeys(whys))
