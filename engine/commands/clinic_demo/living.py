"""One visit of a patient of the demo clinic, on a computer of their own: played as everybody's is, only faster."""

import os
import signal
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from engine.commands import play, visits
from engine.commands.clinic_demo.characters import Moment
from engine.commands.wishes import Wish, completed, known_of, plan_on, visit_of
from engine.frame import Frame
from engine.keys import FOLDER_VARIABLE
from engine.plan import About
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import Patient

RATE_HZ = 30.0
"""As few frames as can be measured: there are some hundred visits to play."""


class Computer(NamedTuple):
    """A patient's computer: where its sessions lie, and beside them what it knows of its patient."""

    folder: Path

    @property
    def sessions(self) -> Path:
        """The finished sessions."""
        return self.folder / "sessions"

    @property
    def records(self) -> Path:
        """The patient's record."""
        return self.folder / "patients"


class Occasion(NamedTuple):
    """A visit that is to be played: whose, how old they are, what is true of them then, what they do, and when."""

    pseudonym: str
    age_years: int
    posture: str
    truth: Patient
    moments: tuple[Moment, ...]
    at: datetime
    seed: int


class Wearer(SimulatedHeadset):
    """A simulated patient who at some moments presses a button, and makes up their mind otherwise."""

    def __init__(self, occasion: Occasion) -> None:
        super().__init__(occasion.truth, occasion.seed, RATE_HZ)
        self._moments = occasion.moments

    def frames(self) -> Iterator[Frame]:
        """The frames, with what is pressed."""
        left = list(self._moments)
        for frame in super().frames():
            if left and frame.time_ns >= left[0].at_s * 1e9:
                now = left.pop(0)
                self.patient = replace(self.patient, picks=now.picks)
                yield frame._replace(buttons=int(now.button))
            else:
                yield frame


def begin(keys: Path) -> None:
    """Be a process of patients' computers, whose keys lie in a folder; Ctrl-C is for who started it."""
    os.environ[FOLDER_VARIABLE] = str(keys)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def live(computer: Computer, occasion: Occasion) -> Path:
    """Play what is prescribed for a day, and bring the patient's record up to date; where the session lies."""
    today, at = occasion.at.date(), occasion.at.isoformat(timespec="seconds")
    ready = known_of(occasion.pseudonym, computer.records, computer.sessions, today, occasion.age_years)
    visit = visit_of(completed(Wish(posture=occasion.posture), ready, today), ready, today)
    headset = Wearer(occasion)
    plan = plan_on(headset, visit, occasion.pseudonym, occasion.seed, at)
    about = About(_name(occasion), at, visits.SOFTWARE)
    return play.lived(visit, plan, headset, computer.sessions, computer.records, about)[1]


def age_on(born: date, day: date) -> int:
    """Whole years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _name(occasion: Occasion) -> str:
    """An id that says nothing, and is the same whenever the same visit is played."""
    told = f"{occasion.seed} {occasion.pseudonym} {occasion.at.date()}"
    return str(uuid.uuid5(uuid.NAMESPACE_OID, told))
