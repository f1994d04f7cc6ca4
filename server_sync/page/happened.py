"""What happened about a trial beside what was asked: what was said, near falls, pauses, and being set anew."""

from collections.abc import Iterator
from typing import NamedTuple

from engine.guard import NEAR_FALLS
from engine.records import Answer, Event, Session, TrialRecord
from server_sync.page import words
from server_sync.page.language import _, decimal
from server_sync.page.translated import translated


class Happened(NamedTuple):
    """One thing that happened: the moment of the trial to look at, in seconds, when it was, and what, in words."""

    t_s: float
    when: str
    words: str


def happened(session: Session, block: int, number: int | None) -> tuple[Happened, ...]:
    """What happened in a trial of a block, since the one before it, and after the last one of the block."""
    trials = session.blocks[block].trials
    trial = next((each for each in trials if each.number == number), None)
    if trial is None:
        return ()
    before = [each.end_s for other in session.blocks for each in other.trials if each.end_s <= trial.start_s]
    since, until = max(before, default=0.0), trial.end_s
    if trial is trials[-1]:
        after = [each.start_s for other in session.blocks for each in other.trials if each.start_s > trial.start_s]
        until = min(after, default=session.seconds)
    found = sorted((at_s, said) for at_s, said in _all(session) if since < at_s <= until)
    return tuple(_happened(at_s, said, trial) for at_s, said in found)


def _happened(at_s: float, said: str, trial: TrialRecord) -> Happened:
    within_s = round(min(max(at_s, trial.start_s), trial.end_s) - trial.start_s, 1)
    if at_s < trial.start_s:
        return Happened(within_s, _("before it"), said)
    return Happened(within_s, _("after it") if at_s > trial.end_s else decimal(f"{within_s:.1f} s"), said)


def _all(session: Session) -> Iterator[tuple[float, str]]:
    for answer in session.told:
        if answer.at_s is not None and (said := _told(answer)):
            yield answer.at_s, said
    for event in session.events:
        if said := _event(event):
            yield event.at_s, said


def _told(answer: Answer) -> str:
    value = f"{answer.value:g}"
    if answer.kind == "pain":
        return _("Pain %(value)s of 10", value=value)
    if answer.kind == "dizziness":
        return _("Dizziness %(value)s of 10", value=value)
    if answer.kind in ("expected_harm", "felt_harm"):
        felt = answer.kind == "felt_harm"
        return _("Felt harm %(value)s of 10", value=value) if felt else _("Expected harm %(value)s of 10", value=value)
    return _("Fatigue %(value)s of 10", value=value) if answer.kind == "fatigue" else ""


def _event(event: Event) -> str:
    """What an event is called; "" for what happened to the software and not to the person."""
    why = translated(event.detail)
    if event.name == "paused" and event.detail.startswith(NEAR_FALLS):
        return _("Near fall: %(what)s", what=why)
    if event.name == "recentred" and why:
        return words.sentence(why)
    told = {
        "paused": _("Paused: %(why)s", why=why),
        "resumed": _("Went on"),
        "recentre asked": _("Asked to be set straight again"),
        "recentred": _("Set straight again"),
        "rest": _("Rested"),
        "stopped": _("Stopped: %(why)s", why=why),
    }
    return told.get(event.name, "")
