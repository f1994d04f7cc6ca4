"""What happened in a session, as other programs mark it beside the frames: trials, and events between them."""

from typing import NamedTuple

from engine.clinical import PRACTICE
from engine.records import Session


class Mark(NamedTuple):
    """One trial or event: seconds from the first frame, seconds it lasted, what and where in words.

    `practice` is PRACTICE for a trial of a clinical test that does not count, "" for any other.
    """

    at_s: float
    seconds: float
    kind: str
    trial: int | None = None
    side: str = ""
    outcome: str = ""
    practice: str = ""
    asked: float | None = None
    achieved: float | None = None
    unit: str = ""
    detail: str = ""


def marks(session: Session | None) -> list[Mark]:
    """The trials and events of a session in the order of time; none without a session."""
    if session is None:
        return []
    found = [Mark(event.at_s, 0.0, event.name, detail=event.detail) for event in session.events]
    for block in session.blocks:
        for trial in block.trials:
            asked, unit = (trial.request.amplitude, trial.request.unit) if trial.request else (None, "")
            seconds = max(0.0, trial.end_s - trial.start_s)
            found.append(
                Mark(
                    trial.start_s,
                    seconds,
                    block.task,
                    trial.number,
                    trial.side,
                    trial.outcome,
                    PRACTICE if trial.practice is True else "",
                    asked,
                    trial.achieved,
                    unit,
                )
            )
    return sorted(found, key=lambda mark: (mark.at_s, mark.kind))
