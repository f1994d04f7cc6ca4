"""One order of another system: all that came of it, what became of it, and what it asks for in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from engine.prescription import Practice, Prescription
from server_sync.fhir.inbound import DraftProgramme

WAITING, TAKEN, DECLINED = "waiting", "taken", "declined"
"""What became of an order: nobody has decided yet, it was prescribed, or it was not."""
CHANGED, WITHDRAWN, OVER = "changed", "withdrawn", "over"
"""Its sender changed or ended it after it was taken up; ended it before; and a therapist has seen that."""
AFTER_CHANGE = {
    WAITING: WAITING,
    DECLINED: WAITING,
    WITHDRAWN: WAITING,
    OVER: WAITING,
    TAKEN: CHANGED,
    CHANGED: CHANGED,
}
AFTER_END = {
    WAITING: WITHDRAWN,
    DECLINED: DECLINED,
    WITHDRAWN: WITHDRAWN,
    OVER: OVER,
    TAKEN: CHANGED,
    CHANGED: CHANGED,
}
SEEN = {CHANGED: TAKEN, WITHDRAWN: OVER}
"""What is next when its sender changes it, when they end it, and when a therapist has seen that."""


class Arrival(msgspec.Struct, frozen=True):
    """One version of an order: when it came, and what it asks for."""

    at: datetime
    asked: DraftProgramme


class Taken(msgspec.Struct, frozen=True):
    """What became of an order: from which of its versions on, in which version of the prescription, which part."""

    arrivals: int
    version: int
    practice: Practice


class Kept(msgspec.Struct, frozen=True):
    """All that is kept of an order; `replaced` where another order of the same sender stands for it."""

    arrivals: tuple[Arrival, ...]
    taken: Taken | None = None
    replaced: bool = False


class Ordered(NamedTuple):
    """A draft: whose, from which system, since when, what became of it, and all that came."""

    id: str
    patient_id: str
    system_id: str
    at: datetime
    state: str
    kept: Kept
    sealed: bytes

    @property
    def asked(self) -> DraftProgramme:
        """What is asked for now."""
        return self.kept.arrivals[-1].asked

    @property
    def number(self) -> int:
        """Which version of the order that is, from 1."""
        return len(self.kept.arrivals)

    @property
    def name(self) -> str:
        """What is to be named by who decides about just this version: the id, and the number of a later one."""
        return self.id if self.number == 1 else f"{self.id}.{self.number}"

    @property
    def changes(self) -> tuple[str, ...]:
        """What is another than it was when it was taken up, or in the version before, in words."""
        before = self.kept.taken.arrivals if self.kept.taken else max(self.number - 1, 1)
        old, new = lines(self.kept.arrivals[before - 1].asked), lines(self.asked)
        were, are = set(old), set(new)  # an order may have thousands of lines
        replaced = ("another order of theirs stands for it now",) if self.kept.replaced else ()
        return (
            *replaced,
            *(f"new: {line}" for line in new if line not in were),
            *(f"no more: {line}" for line in old if line not in are),
        )


def practice_of(asked: DraftProgramme, **instead: Any) -> Practice:
    """What would be added to the programme: as the order says, but for what somebody says `instead` (None: nothing).

    Raises msgspec.ValidationError for what cannot be prescribed, such as no game that is known here.
    """
    ordered = {"games": asked.tasks, "days": asked.days, "minutes": asked.minutes, "times_a_day": asked.times_a_day}
    said = ordered | {name: value for name, value in instead.items() if value is not None}
    return msgspec.convert({name: value for name, value in said.items() if value is not None}, Practice)


def lines(asked: DraftProgramme) -> tuple[str, ...]:
    """All that an order asks for, a line for each part."""
    said: Mapping[str, str] = {
        "from": asked.requester,
        "because of": asked.reason,
        "games": " ".join(asked.tasks),
        "days": " ".join(asked.days),
        "minutes": "" if asked.minutes is None else f"{asked.minutes:g}",
        "times a day": "" if asked.times_a_day is None else str(asked.times_a_day),
        "until": asked.until,
    }
    told = (f"{name}: {value}" for name, value in said.items() if value)
    return (*asked.text, *told, *(f"a code that is not known here: {code}" for code in asked.unknown))


def parts_of(practice: Practice, prescription: Prescription) -> list[Practice]:
    """The parts of a programme that an order became: as it was taken up, or else with the same games."""
    same = [part for part in prescription.programme if part == practice]
    return same or [part for part in prescription.programme if part.games == practice.games]
