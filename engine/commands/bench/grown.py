"""A clinic of thousands: the sessions of the demo's patients again and again, of other people on other days.

They are taken in as those of devices are, by the same code, in as large batches as it takes.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import zstandard
from msgspec.structs import replace

from engine.commands.clinic_demo.making import STAFF
from engine.prescription import Draft, draft_for
from engine.records import to_json
from server_sync import wire
from server_sync.client.outbox import LEVEL
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service

SESSIONS, DAYS_APART = 416, 1.75
"""Two years with four sessions a week."""
_ID, _WHO, _AT = "the-session", "the-patient", "2001-01-01T00:00:00+00:00"


class Share(NamedTuple):
    """What one process makes: of which demo clinic, in which folder, up to which day, and which patients."""

    demo: Path
    folder: Path
    today: date
    numbers: Sequence[int]


class Grown(NamedTuple):
    """A clinic that was made: how many are in it, and how long it took."""

    patients: int
    sessions: int
    seconds: float


class _Story(NamedTuple):
    """Somebody of the demo: what is prescribed for them, and their sessions with marks for what differs."""

    draft: Draft
    sessions: Sequence[bytes]


def grow(share: Share) -> int:
    """Make a share of a large clinic; how many sessions that is."""
    with closing(Service(share.demo)) as demo:
        stories = list(_stories(demo))
    taken = 0
    with closing(Service(share.folder)) as service:
        keys = share.numbers[0].to_bytes(32)
        code = service.devices.new_code()
        asked = wire.Enrolment(code=code, device="bench", software="bench", signing_key=keys, sealing_key=keys)
        device = service.devices.enrol(asked).device
        for number, story in zip(share.numbers, cycle(stories), strict=False):
            who = f"b-{number:05}"
            service.patients.add(Person(pseudonym=who, name=f"Patient {number}", about="somebody of the demo again"))
            service.prescriptions.save(who, story.draft, next(iter(STAFF.values()))[0])
            items = _items(story, who, share.today, taken)
            while some := tuple(islice(items, wire.MOST_ITEMS)):
                service.archive.take(device, wire.Batch(items=some))
                taken += len(some)
    return taken


def _stories(demo: Service) -> Iterator[_Story]:
    for line in demo.archive.patients():
        prescription = demo.prescriptions.current(line.pseudonym).prescription
        found = [demo.archive.session(each.id) for each in reversed(demo.archive.sessions(line.id))]
        marked = [replace(each, id=_ID, patient=_WHO, started_at=_AT, recording=None) for each in found]
        draft = replace(draft_for(line.pseudonym, prescription), messages=())
        yield _Story(draft, [to_json(each) for each in marked])


def _items(story: _Story, who: str, today: date, taken: int) -> Iterator[wire.Item]:
    """Their sessions, the earliest first, by a device that has brought so many already."""
    packer = zstandard.ZstdCompressor(level=LEVEL)
    for number, content in enumerate(islice(cycle(story.sessions), SESSIONS)):
        day = today - timedelta(days=1 + int((SESSIONS - 1 - number) * DAYS_APART))
        name, at = f"{who}-{number}", datetime.combine(day, time(10)).astimezone().isoformat()
        named = content.replace(_ID.encode(), name.encode()).replace(_WHO.encode(), who.encode())
        dated = named.replace(_AT.encode(), at.encode())
        packed = packer.compress(dated)
        yield wire.Item(id=name, number=taken + number + 1, sha256=wire.sha256(dated), content=packed)
