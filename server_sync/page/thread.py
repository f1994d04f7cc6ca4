"""A conversation in words: who wrote what when, who has read it, and which moment of a session it is about."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.plan import ASSESS
from engine.prescription import Message, Moment
from engine.records import Session
from server_sync.clinic.conversation import Brought, Conversation
from server_sync.clinic.letters import Letter
from server_sync.clinic.news import DIZZINESS, NEAR_FALL, PAIN, UNKNOWN, Alert
from server_sync.page import words
from server_sync.page.language import N_, _, dated, ngettext
from server_sync.page.translated import translated

READY: Mapping[str, tuple[str, ...]] = {
    "well": (N_("All fine"), N_("Still tired")),
    "yes": (N_("Yes"), N_("No")),
    "change": (N_("Better"), N_("The same"), N_("Worse")),
}
"""Sets of quick answers that are often offered."""


class Link(NamedTuple):
    """A moment of a session in words, and where it is on the clinic's pages."""

    words: str
    address: str


class Bubble(NamedTuple):
    """One thing that was said; `ours` says that the clinic did, `state` who has read it.

    `id` is that of the message, letter or session, `when` the day. `waits` says that nobody of the clinic has read it
    yet, `answers_to` what it answers, `offers` what may be answered, and `alerts` what a session brought beside words.
    """

    id: str
    at: datetime
    when: str
    ours: bool
    text: str
    by: str
    state: str
    waits: bool = False
    answers_to: str = ""
    offers: tuple[str, ...] = ()
    about: Link | None = None
    alerts: tuple[str, ...] = ()


class People(NamedTuple):
    """Names for a conversation: that of the patient, and those of accounts ("" for one that is closed).

    `zone` is where it is read.
    """

    patient: str
    accounts: Mapping[int, str]
    zone: ZoneInfo

    def name(self, account_id: int) -> str:
        """Who an account is."""
        return self.accounts.get(account_id) or _("an account that is closed")

    def day(self, moment: datetime) -> str:
        """A day where it is read, `Fri 20 Nov`."""
        return dated(moment.astimezone(self.zone), "EEE d MMM")


def bubbles(said: Conversation, people: People, about: Callable[[Moment], Link | None]) -> tuple[Bubble, ...]:
    """All that was said, the earliest first, as the clinic sees it."""
    texts = {message.id: message.text for message in said.messages}
    found = [_of_clinic(each, people, _who_read(said, people, each.id), about) for each in said.messages]
    found += [_of_family(each, people, texts) for each in said.letters]
    found += [bubble for each in said.brought for bubble in _of_session(each, people, texts)]
    return tuple(sorted(found, key=lambda bubble: bubble.at))


def own_bubbles(
    said: Conversation, people: People, account_id: int, about: Callable[[Moment], Link | None]
) -> tuple[Bubble, ...]:
    """The same as one account of the family sees it: with its own letters alone, and what is still to be answered."""
    mine = [letter for letter in said.letters if letter.account_id == account_id]
    answered = {letter.answers for letter in mine} | {
        shown.message_id for each in said.brought for shown in each.news.shown if shown.answer
    }
    texts = {message.id: message.text for message in said.messages}
    found = [_of_clinic(each, people, "", about) for each in said.messages]
    found = [each._replace(offers=()) if each.id in answered else each for each in found]
    theirs = [_of_family(each, people, texts) for each in mine]
    theirs += [bubble for each in said.brought for bubble in _of_session(each, people, texts) if bubble.text]
    return tuple(sorted((*found, *(each._replace(waits=False) for each in theirs)), key=lambda bubble: bubble.at))


def moment_link(session: Session, moment: Moment) -> Link:
    """A moment in words, `Fruit Ladder, Friday 20 November, 50 s after the start`, and where the clinic finds it."""
    address = f"/sessions/{session.id}"
    started, blocks = datetime.fromisoformat(session.started_at), session.blocks
    said = {"day": dated(started, "EEEE d MMMM")}
    if moment.block is None or moment.block >= len(blocks):
        titles = " · ".join(
            dict.fromkeys(translated(block.title) for block in blocks if block.kind in ("play", ASSESS))
        )
        return Link(_("%(titles)s, %(day)s", titles=titles or _("No game was played"), **said), address)
    block = blocks[moment.block]
    trial = next((trial for trial in block.trials if trial.number == moment.trial), None)
    at_s, query = block.start_s, f"?block={moment.block}"
    if trial:
        at_s = min(trial.start_s + (moment.t_s or 0.0), trial.end_s)
        query += f"&trial={trial.number}" + (f"&t={moment.t_s:g}" if moment.t_s else "") + f"#trial-{moment.block}"
    said |= {"title": translated(block.title), "after": words.duration(at_s)}
    return Link(_("%(title)s, %(day)s, %(after)s after the start", **said), address + query)


def alert_words(alert: Alert) -> str:
    """What a session brought that should be looked at soon."""
    value = f"{alert.value:g}"
    if alert.kind == PAIN:
        return _("Pain %(value)s of 10", value=value)
    if alert.kind == DIZZINESS:
        return _("Dizziness %(value)s of 10", value=value)
    if alert.kind == NEAR_FALL:
        return ngettext("%(num)s near fall", "%(num)s near falls", int(alert.value))
    if alert.kind == UNKNOWN:
        return _("Something to look at soon, which cannot be read any more")
    return _("Stopped because of pain or dizziness")


def _of_clinic(message: Message, people: People, state: str, about: Callable[[Moment], Link | None]) -> Bubble:
    at = datetime.fromisoformat(message.at)
    return Bubble(
        id=message.id,
        at=at,
        when=people.day(at),
        ours=True,
        text=message.text,
        by=message.by,
        state=state,
        offers=message.answers or (),
        about=about(message.moment) if message.moment else None,
    )


def _of_family(letter: Letter, people: People, texts: Mapping[str, str]) -> Bubble:
    return Bubble(
        id=letter.id,
        at=letter.at,
        when=people.day(letter.at),
        ours=False,
        text=letter.text,
        by=people.name(letter.account_id),
        state=_read(letter.read_at, people),
        waits=letter.read_at is None,
        answers_to=texts.get(letter.answers, ""),
    )


def _of_session(brought: Brought, people: People, texts: Mapping[str, str]) -> Iterator[Bubble]:
    """What a session said: each answer in the headset, and what should be looked at soon."""
    address = f"/sessions/{brought.session_id}"
    waits, link = brought.read_at is None, Link(_("the session of %(day)s", day=people.day(brought.at)), address)
    said = {
        "id": brought.session_id,
        "at": brought.at,
        "when": people.day(brought.at),
        "ours": False,
        "by": people.patient,
        "state": _read(brought.read_at, people),
    }
    for shown in brought.news.shown:
        if shown.answer:
            answers_to = texts.get(shown.message_id, "")
            yield Bubble(text=shown.answer, waits=waits, answers_to=answers_to, about=link, **said)  # type: ignore[arg-type]
    if brought.news.alerts:
        alerts = tuple(map(alert_words, brought.news.alerts))
        yield Bubble(text="", waits=waits, alerts=alerts, about=link, **said)  # type: ignore[arg-type]


def _read(moment: datetime | None, people: People) -> str:
    return _("read on %(day)s", day=people.day(moment)) if moment else _("not read yet")


def _who_read(said: Conversation, people: People, message_id: str) -> str:
    """Where and when a message was read, by whom."""
    found = []
    if message_id in said.shown:
        found.append(_("shown in the headset on %(day)s", day=people.day(said.shown[message_id])))
    for account_id, at in sorted(said.reads.get(message_id, {}).items()):
        found.append(_("read by %(name)s on %(day)s", name=people.name(account_id), day=people.day(at)))
    return " · ".join(found) or _("not read yet")
