"""A clinic of thousands: the sessions of the demo's patients again and again, of other people on other days.

What intake makes of each of them is made once: the rest of it, which is the ledger, writes every copy as it writes what
devices bring. Days follow one another, with everybody's sessions in each, so that a patient's rows lie as far apart as
they do in a clinic that has grown. What sessions brought to be read was read, but of the last week.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, cycle, islice
from pathlib import Path
from typing import NamedTuple

import zstandard
from msgspec.structs import replace

from engine.commands.clinic_demo.making import LOGIN, STAFF
from engine.prescription import Draft, draft_for
from engine.records import Session, to_json
from server_sync import wire
from server_sync.client.outbox import LEVEL
from server_sync.clinic import ledger
from server_sync.clinic.intake import Checked, Taken, check
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service

SESSIONS, DAYS_APART = 416, 1.75
"""Two years with four sessions a week."""
WEEK = timedelta(days=7)
"""For how long nobody has read what sessions brought."""
_AT_ONCE = 500
_ID, _WHO, _AT = "the-session", "the-patient", "2001-01-01T00:00:00+00:00"
_MARKS = re.compile(f"({'|'.join(map(re.escape, (_ID, _WHO, _AT)))})".encode())
_PACKER = zstandard.ZstdCompressor(level=LEVEL)


class Share(NamedTuple):
    """What one process makes: of which demo clinic, in which folder, up to which day, and which patients."""

    demo: Path
    folder: Path
    today: date
    numbers: Sequence[int]


class _Pattern(NamedTuple):
    """A session of the demo with marks for what differs: its record, cut at the marks, and what intake makes of it."""

    pieces: Sequence[bytes]
    taken: Taken


class _Visit(NamedTuple):
    """One session of the large clinic: whose, its id, when, and after which pattern."""

    who: str
    id: str
    at: datetime
    pattern: _Pattern


class _Story(NamedTuple):
    """Somebody of the demo: what is prescribed for them, and their sessions."""

    draft: Draft
    sessions: Sequence[_Pattern]


def grow(share: Share) -> int:
    """Make a share of a large clinic; how many sessions that is."""
    with closing(Service(share.demo)) as demo:
        stories = list(_stories(demo))
    with closing(Service(share.folder)) as service:
        people = {f"b-{number:05}": story for number, story in zip(share.numbers, cycle(stories), strict=False)}
        for who, story in people.items():
            service.patients.add(Person(pseudonym=who, name=f"Patient {who}", about="somebody of the demo again"))
            service.prescriptions.save(who, story.draft, next(iter(STAFF.values()))[0])
        taken = _take(service, _device(service, share.numbers[0]), _visits(people, share.today))
        _read(service, people, share.today - WEEK)
        return taken


def _device(service: Service, number: int) -> str:
    """A device for anybody."""
    key, code = number.to_bytes(32), service.devices.new_code()
    asked = wire.Enrolment(code=code, device="bench", software="bench", signing_key=key, sealing_key=key)
    return service.devices.enrol(asked).device


def _take(service: Service, device: str, visits: Iterator[_Visit]) -> int:
    place = ledger.Place(service.store, service.patients, service.vault, service.audit, service.brakes)
    numbers = count(1)
    while some := tuple(_checked(visit, next(numbers)) for visit in islice(visits, _AT_ONCE)):
        with service.store.writing() as db:
            ledger.take(place, db, [ledger.Offer(device, some, (), None)], service.now())
    return next(numbers) - 1


def _read(service: Service, people: Iterable[str], before: date) -> None:
    """Have somebody read what sessions brought before a day."""
    account_id = service.accounts.named(LOGIN).id
    for who in people:
        patient_id = service.patients.id_of(who)
        brought = service.conversations.of(patient_id).brought
        service.conversations.read(patient_id, [e.session_id for e in brought if e.at.date() < before], account_id)


def _visits(people: Mapping[str, _Story], today: date) -> Iterator[_Visit]:
    """Everybody's sessions, day by day."""
    for number in range(SESSIONS):
        day = today - timedelta(days=1 + int((SESSIONS - 1 - number) * DAYS_APART))
        at = datetime.combine(day, time(10)).astimezone()
        for who, story in people.items():
            yield _Visit(who, f"{who}-{number}", at, story.sessions[number % len(story.sessions)])


def _checked(visit: _Visit, number: int) -> Checked:
    """A visit as intake would have judged it."""
    taken, at = visit.pattern.taken, visit.at.isoformat()
    written = {_ID.encode(): visit.id.encode(), _WHO.encode(): visit.who.encode(), _AT.encode(): at.encode()}
    content = b"".join(written.get(piece, piece) for piece in visit.pattern.pieces)
    sha256 = wire.sha256(content)
    item = wire.Item(id=visit.id, number=number, sha256=sha256, content=_PACKER.compress(content))
    row = taken.row | {"id": visit.id, "number": number, "sha256": sha256, "started_at": visit.at.astimezone(UTC)}
    zone = visit.at.utcoffset() or timedelta()
    summary = taken.summary._replace(zone_offset_s=int(zone.total_seconds()))
    return Checked(item, Taken(visit.who, summary, replace(taken.gist, started_at=at), taken.news, row))


def _stories(demo: Service) -> Iterator[_Story]:
    for line in demo.archive.patients():
        prescription = demo.prescriptions.current(line.pseudonym).prescription
        found = [demo.archive.session(each.id) for each in reversed(demo.archive.sessions(line.id))]
        draft = replace(draft_for(line.pseudonym, prescription), messages=())
        yield _Story(draft, [_pattern(each) for each in found])


def _pattern(session: Session) -> _Pattern:
    content = to_json(replace(session, id=_ID, patient=_WHO, started_at=_AT, recording=None))
    item = wire.Item(id=_ID, number=1, sha256=wire.sha256(content), content=_PACKER.compress(content))
    taken = check(item, lambda _: True, lambda _: False).taken
    if taken is None:
        raise RuntimeError(f"session {session.id} of the demo would not be taken")
    return _Pattern(_MARKS.split(content), taken)
