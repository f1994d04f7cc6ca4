"""What a session brings that the clinic should read soon: answers to its messages, pain, dizziness and near falls."""

from collections.abc import Iterator

import msgspec

from engine.adaptation import Adaptation
from engine.answers import DIZZY_STOP, HURTS, IS_DIZZY
from engine.guard import NEAR_FALLS
from engine.records import Session

PAIN, DIZZINESS, STOPPED, NEAR_FALL = "pain", "dizziness", "stopped", "near fall"
UNKNOWN = "unknown"
"""What stands for alerts that cannot be read any more."""
_LONGEST = 100


class Shown(msgspec.Struct, frozen=True):
    """A message that was shown in the headset, by its id, and what was answered ("" for nothing)."""

    message_id: str
    answer: str = ""


class Alert(msgspec.Struct, frozen=True):
    """Something to look at soon: the worst pain or dizziness (0 to 10), a stop because of it, or near falls (how many).

    `kind` is PAIN, DIZZINESS, STOPPED or NEAR_FALL, or UNKNOWN.
    """

    kind: str
    value: float


class News(msgspec.Struct, frozen=True):
    """What one session brought."""

    shown: tuple[Shown, ...] = ()
    alerts: tuple[Alert, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether somebody of the clinic has something to read in it."""
        return bool(self.alerts) or any(each.answer for each in self.shown)


def news_of(session: Session) -> News:
    """What a session as it was delivered brings."""
    said = [block.parameters for block in session.blocks if block.task == "message" and "id" in block.parameters]
    words = [(str(told["id"]), str(told.get("answer", ""))) for told in said]
    return News(tuple(Shown(name[:_LONGEST], answer[:_LONGEST]) for name, answer in words), tuple(_alerts(session)))


def packed(news: News) -> bytes:
    """News as they are sealed."""
    return msgspec.json.encode(news)


def unpacked(content: bytes) -> News:
    """News as they were sealed."""
    return msgspec.json.decode(content, type=News)


def _alerts(session: Session) -> Iterator[Alert]:
    pain_stop = session.adaptation.get("pain_stop_nrs", Adaptation().pain_stop_nrs)
    stops = {PAIN: pain_stop if isinstance(pain_stop, int | float) else 0.0, DIZZINESS: DIZZY_STOP}
    for kind, stop in stops.items():
        worst = max((answer.value for answer in session.told if answer.kind == kind), default=0.0)
        if worst >= stop:
            yield Alert(kind, worst)
    if session.ended_by.startswith((HURTS, IS_DIZZY)):
        yield Alert(STOPPED, 1.0)
    falls = sum(event.name == "paused" and event.detail.startswith(NEAR_FALLS) for event in session.events)
    if falls:
        yield Alert(NEAR_FALL, float(falls))
