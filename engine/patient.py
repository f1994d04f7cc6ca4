"""What is kept of one patient from visit to visit: limits, beliefs, plan and precautions, on their own computer."""

from collections.abc import Mapping
from typing import Any

from engine.records import Answer, Calibration, Followed, KnobState, Precaution, Record
from engine.settings import Settings


class PatientRecord(Record, frozen=True, kw_only=True):
    """One patient: `patient` is a pseudonym, `preset` the clinical profile, `plan` what was changed of it for them.

    `plan` has the tables of a preset file (`limits`, `adaptation`, `games`), holding only what differs. `followed`
    are the beliefs of the trackers, `knobs` the progress by game; `furthest` is the furthest request of the session
    before by movement; `answers` are the last session's, `settings` how they want to see and hear. `age_years` says
    how a visit is led (engine.profile); `stickers` are all those that a child has chosen. Of what a clinic prescribed,
    `given` are those of `precautions` that it gave, `read` the messages that were shown; `times_on_day` counts the
    visits of the day of `last_at` that were finished.
    """

    patient: str
    preset: str = "standard"
    plan: Mapping[str, Any] = {}
    precautions: tuple[Precaution, ...] = ()
    calibration: Calibration | None = None
    followed: tuple[Followed, ...] = ()
    knobs: Mapping[str, KnobState] = {}
    furthest: Mapping[str, float] = {}
    answers: tuple[Answer, ...] = ()
    sessions: int = 0
    last_at: str = ""
    ended_by: str = ""
    settings: Settings = Settings()
    age_years: int | None = None
    stickers: tuple[str, ...] = ()
    given: tuple[Precaution, ...] = ()
    read: tuple[str, ...] = ()
    times_on_day: int = 0
