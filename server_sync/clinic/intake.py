"""A session that is offered, judged by itself: whether it is one, and what a list needs of it."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from engine.plan import ASSESS
from engine.records import SCHEMA, RecordUnreadable, Session, from_json
from engine.task import STOPPED
from server_sync import wire
from server_sync.clinic.gist import Gist, gist_of
from server_sync.clinic.news import News, news_of
from server_sync.clinic.packing import NotUnpacked, unpacked

NEWER_SCHEMAS = 2
"""Schemas that a record may be ahead of this software's and is taken: what is not known here is kept, unread."""
NOT_A_SESSION = "not a session"
MOST_NUMBER = 2**31 - 1
"""What fits into a column of either database."""
_LONGEST_NAME = 100
_MOST_SECONDS = 1e9


class Summary(NamedTuple):
    """What a list shows of a session; `zone_offset_s` is what the patient's own clock adds to UTC."""

    zone_offset_s: int
    seconds: float
    titles: str
    trials: int
    reached: int
    ended_by: str


class Taken(NamedTuple):
    """A session to be kept: whose it is, what a list shows, what is followed and to be read, and other columns."""

    pseudonym: str
    summary: Summary
    gist: Gist
    news: News
    row: dict[str, Any]


class NotASession(ValueError):
    """What arrived is no session that this server can read; the message names the place and the reason."""


class Checked(NamedTuple):
    """An item as far as it can be judged by itself: what is taken, or a receipt that says why not."""

    item: wire.Item
    taken: Taken | None
    receipt: wire.Receipt | None = None


class _TooNew(Exception):
    """A record of a later version than this server can take; it must be updated."""

    def __init__(self, item: wire.Item, schema: int) -> None:
        super().__init__(
            f"session {item.id} has schema {schema}, and this server reads up to {SCHEMA + NEWER_SCHEMAS}: "
            "the clinic's server must be updated; nothing is lost"
        )


class _Peek(msgspec.Struct, frozen=True):
    schema: int = 0


wire.meet(_Peek)


def check(item: wire.Item, holds: Callable[[str], bool], erased: Callable[[str], bool]) -> Checked:
    """Judge an item; `holds` says whether a recording is here, `erased` whether the person of a pseudonym was.

    Of those no recording is asked for; the ledger refuses them.
    """
    try:
        taken = _taken(item, _session(item, _content(item)))
    except (NotASession, NotUnpacked) as reason:
        return Checked(item, None, receipt(item, wire.REFUSED, NOT_A_SESSION, str(reason)))
    except _TooNew as reason:
        return Checked(item, None, receipt(item, wire.TOO_NEW, wire.TOO_NEW, str(reason)))
    if item.recording_sha256 and not holds(item.recording_sha256) and not erased(taken.pseudonym):
        detail = f"send recording {item.recording_sha256} first, then session {item.id}"
        return Checked(item, None, receipt(item, wire.NO_RECORDING, wire.NO_RECORDING, detail))
    return Checked(item, taken)


def receipt(item: wire.Item, state: str, code: str = "", detail: str = "") -> wire.Receipt:
    """What became of an item."""
    return wire.Receipt(id=item.id, sha256=item.sha256, state=state, code=code, detail=detail)


def _content(item: wire.Item) -> bytes:
    if not wire.NAME.fullmatch(item.id):
        raise NotASession(f"session id {item.id[:40]!r} must be 1 to 100 letters, digits, dots, dashes")
    if not 0 <= item.number <= MOST_NUMBER:
        raise NotASession(f"session {item.id}: number {item.number} must be 0 to {MOST_NUMBER}")
    content = unpacked(item.content, wire.LARGEST_SESSION_BYTES)
    if wire.sha256(content) != item.sha256:
        raise NotASession(f"session {item.id}: the content is not that of its SHA-256")
    return content


def _session(item: wire.Item, content: bytes) -> Session:
    try:
        session = from_json(content, Session, f"session {item.id}", newer=True)
    except RecordUnreadable as reason:
        if (schema := _schema(content)) > SCHEMA:
            raise _TooNew(item, schema) from None
        raise NotASession(str(reason)) from None
    if session.schema > SCHEMA + NEWER_SCHEMAS:
        raise _TooNew(item, session.schema)
    if session.id != item.id:
        raise NotASession(f"session {item.id} calls itself {session.id!r}")
    if not 0 < len(session.patient) <= _LONGEST_NAME or "/" in session.patient or "\0" in session.patient:
        raise NotASession(f"session {item.id}: patient must be 1 to 100 characters without a slash")
    prescription = session.prescribed.version if session.prescribed else 0
    if not 0 <= prescription <= MOST_NUMBER or session.schema < 0:
        raise NotASession(f"session {item.id}: prescribed.version and schema must be 0 to {MOST_NUMBER}")
    if not (math.isfinite(session.seconds) and 0 <= session.seconds <= _MOST_SECONDS):
        raise NotASession(f"session {item.id}: seconds {session.seconds:g} must be 0 to {_MOST_SECONDS:g}")
    named = session.recording.sha256 if session.recording else ""
    if named != item.recording_sha256 or (named and not wire.SHA256.fullmatch(named)):
        raise NotASession(f"session {item.id} names recording {named[:64]!r}, and came with {item.recording_sha256!r}")
    return session


def _schema(content: bytes) -> int:
    """The schema that a record says it has, which cannot be read otherwise; 0 where it does not say."""
    try:
        return msgspec.json.decode(content, type=_Peek).schema
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return 0


def summary_of(session: Session) -> Summary:
    """What a list shows of a session; raises NotASession where it does not say when it began."""
    done = [block for block in session.blocks if block.kind in ("play", ASSESS)]
    played = [block for block in done if block.kind == "play"]
    trials = [trial for block in played for trial in block.trials if trial.outcome != STOPPED]
    return Summary(
        zone_offset_s=_started(session)[1],
        seconds=session.seconds,
        titles=", ".join(dict.fromkeys(block.title for block in done if block.trials)),
        trials=len(trials),
        reached=sum(trial.outcome == "reached" for trial in trials),
        ended_by=session.ended_by,
    )


def _taken(item: wire.Item, session: Session) -> Taken:
    started_at, _zone = _started(session)
    summary = summary_of(session)
    if "\0" in summary.titles + summary.ended_by:
        raise NotASession(f"session {session.id} has a character 0 in its words, which no text may hold")
    row = {
        "id": session.id,
        "started_at": started_at,
        "sha256": item.sha256,
        "recording_sha256": item.recording_sha256,
        "number": item.number,
        "prescription": session.prescribed.version if session.prescribed else 0,
        "schema": session.schema,
    }
    return Taken(session.patient, summary, gist_of(session), news_of(session), row)


def _started(session: Session) -> tuple[datetime, int]:
    """When a session began, in UTC, and what its own clock added to that."""
    try:
        started_at = datetime.fromisoformat(session.started_at)
        zone = started_at.utcoffset()
        if zone is not None:
            return started_at.astimezone(UTC), int(zone.total_seconds())
    except (ValueError, OverflowError):
        raise NotASession(f"session {session.id}: started_at {session.started_at[:40]!r} is no ISO 8601 time") from None
    raise NotASession(f"session {session.id}: started_at {session.started_at!r} must name its zone, as +01:00")
