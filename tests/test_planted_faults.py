"""Whether the promise of delivery would be seen broken: faults are planted in the protocol, and each must be caught.

Everything is real but the network and the clock: a client, a server, their folders and a database, in one process. The
network loses, cuts and damages what goes through it, and the client dies in the middle; then all is calm until either
everything was delivered or nothing moves any more. What the server holds is compared with what was played.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import ANY, Mock

import httpx
import pytest
import zstandard
from msgspec.structs import replace
from routes import a_web
from server_fixtures import a_session
from sqlalchemy import select

from engine.keys import Keys
from engine.records import Recording, Session, plain
from engine.session_folder import FRAMES, RECORD, begin, finished
from server_sync import wire
from server_sync.client import delivery, enrolment
from server_sync.client import uploads as client_uploads
from server_sync.client.home import Home, home_of
from server_sync.client.outbox import DELIVERED, SET_ASIDE, load
from server_sync.client.patience import Patience
from server_sync.clinic import archive, audit, intake, ledger, uploads
from server_sync.clinic.objects import recording_key
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Delivered
from server_sync.web import access

SESSIONS, SEEDS = 5, (2, 8, 0, 3)  # the storms that uncover most come first
STORMY, CALM = 12, 4
SHARE = 0.35
URL = "http://127.0.0.1"


class Killed(BaseException):
    """The client's computer stops here."""


class Weather(httpx.BaseTransport):
    """A network to the server: of all requests some are refused, cut, damaged, answered into nothing, or the last."""

    def __init__(self, server: httpx.BaseTransport, rng: random.Random) -> None:
        self.share, self._server, self._rng = 0.0, server, rng

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self._rng.choice(FAULTS) if self._rng.random() < self.share else None
        if fault == "refused":
            raise httpx.ConnectError("refused")
        if fault == "killed before":
            raise Killed
        request.read()
        if fault == "request damaged":
            request = httpx.Request(request.method, request.url, headers=request.headers, content=self._flip(request))
        answer = self._server.handle_request(request)
        body = answer.read()
        if fault == "answer lost":
            raise httpx.ReadError("the answer was lost")
        if fault == "killed after":
            raise Killed
        body = self._spoil(body) if fault == "answer damaged" else body
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))

    def _flip(self, request: httpx.Request) -> bytes:
        return self._spoil(request.content)

    def _spoil(self, content: bytes) -> bytes:
        if not content:
            return content
        at = int(self._rng.random() * len(content))  # as much luck for every length, which differs a little each time
        return content[:at] + bytes([content[at] ^ 1 << self._rng.randrange(8)]) + content[at + 1 :]


FAULTS = ("refused", "request damaged", "answer damaged", "answer lost", "killed before", "killed after")


class World(NamedTuple):
    """A clinic, the way to it, and the folder of a computer with its keys."""

    service: Service
    server: httpx.BaseTransport
    home: Home
    keys: Keys


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Callable[[int], World]]:
    """A new world for each seed."""
    with ExitStack() as opened:

        def make(seed: int) -> World:
            folder = tmp_path / str(seed)
            service = Service(folder / "clinic")
            opened.callback(service.close)
            client = opened.enter_context(a_web(service))
            return World(service, client._transport, home_of(folder / "computer"), Keys(folder / "keys"))

        yield make


def broken_in(world: World, seed: int) -> list[str]:
    """Play, deliver through a storm, then in calm; what of the promise is broken, in words."""
    rng = random.Random(seed)
    home, keys, code = world.home, world.keys, world.service.devices.new_code()
    weather = Weather(world.server, rng)
    device = enrolment.enrol(home, URL, code, "headset", "test", keys, Patience(0.0), weather)
    for number in range(SESSIONS):
        played(home.sessions, f"visit-{number}", rng)
    for turn in range(STORMY + CALM):
        weather.share = SHARE if turn < STORMY else 0.0
        with suppress(Killed):
            delivery.deliver(home, device, keys, Patience(0.0), weather)
    return list(_wrong(world))


def played(sessions: Path, id: str, rng: random.Random) -> None:
    """A finished session with a recording of its own."""
    session = a_session(id)
    folder = begin(sessions, session)
    (folder.unfinished / FRAMES).write_bytes(content := rng.randbytes(150_000))
    made = Recording(FRAMES, wire.sha256(content), len(content), 1)
    folder.write(replace(session, recording=made))
    folder.finish()


def _wrong(world: World) -> Iterator[str]:
    folders = finished(world.home.sessions)
    held = list(world.service.archive.held())
    by_id = {each.id: each for each in held}
    yield from (f"{folder.name} is lost" for folder in folders if folder.name not in by_id)
    if len(folders) < SESSIONS:
        yield "a session left the computer"
    if len(held) > len(by_id) or len(held) > SESSIONS:
        yield "a session is there twice"
    if sorted(each.number for each in held) != list(range(1, len(held) + 1)):
        yield "the numbers have gaps"
    for folder in (folder for folder in folders if folder.name in by_id):
        there = by_id[folder.name]
        if there.sha256 != wire.sha256(plain(folder / RECORD, world.keys)):
            yield f"{folder.name} is another"
        if wire.sha256(_content(world.service, folder.name)) != there.sha256:
            yield f"{folder.name} is not what its hash says"
        if not there.recording_held:
            yield f"the recording of {folder.name} is missing"
        elif wire.sha256(_recording(world.service, there.recording_sha256)) != there.recording_sha256:
            yield f"the recording of {folder.name} is damaged"


def _recording(service: Service, sha256: str) -> bytes:
    return b"".join(service.vault.read(recording_key(sha256)))


def _content(service: Service, session: str) -> bytes:
    with service.store.reading() as db:
        row = db.execute(select(Delivered.patient_id, Delivered.content).where(Delivered.id == session)).one()
    return zstandard.decompress(service.patients.unseal(row.patient_id, row.content, f"session {session}"))


def test_through_every_storm_everything_arrives_once_and_whole(world: Callable[[int], World]) -> None:
    assert [wrong for seed in SEEDS for wrong in broken_in(world(seed), seed)] == []


def the_ledger_is_believed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery._Round, "_counted", lambda *_: True)


def marked_before_the_answer(patch: pytest.MonkeyPatch) -> None:
    post = delivery._Round._post

    def marked(self: Any, group: Any) -> Any:
        for each in group:
            self._ledger.write(DELIVERED, self._finished(each.item))
        return post(self, group)

    patch.setattr(delivery._Round, "_post", marked)
    the_ledger_is_believed(patch)


def answered_before_it_is_written(patch: pytest.MonkeyPatch) -> None:
    extend, coin = audit.Audit.extend, random.Random(1)

    def lost_at_the_end(self: audit.Audit, db: Any, notes: Any) -> None:
        extend(self, db, notes)
        if notes and notes[0].action == "deliver a session" and coin.random() < 0.3:
            db.rollback()

    patch.setattr(audit.Audit, "extend", lost_at_the_end)  # the last that the transaction does
    the_ledger_is_believed(patch)


def every_arrival_is_another_session(patch: pytest.MonkeyPatch) -> None:
    real, arrivals = intake._taken, count()

    def taken(item: wire.Item, session: Session) -> intake.Taken:
        found = real(item, session)
        return found._replace(row=found.row | {"id": f"{session.id}-{next(arrivals)}"})

    patch.setattr(intake, "_taken", taken)
    patch.setattr(ledger._Taking, "settle", lambda _, each, __: intake.receipt(each.item, wire.CREATED))


def nobody_checks_what_arrives(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(access, "_check_signature", lambda *_: None)
    patch.setattr(access, "wire", SimpleNamespace(**vars(wire) | {"content_digest": lambda _: ANY}))
    patch.setattr(uploads, "hashlib", Mock(**{"sha256.return_value.hexdigest.return_value": ANY}))


def sessions_go_before_their_recordings(patch: pytest.MonkeyPatch) -> None:
    check = intake.check
    patch.setattr(delivery._Round, "_ready", lambda self, each: load(each, self._keys))
    patch.setattr(archive, "check", lambda item, _: check(item, lambda _: True))


def numbers_are_given_twice(patch: pytest.MonkeyPatch) -> None:
    survey = delivery.survey

    def numbered(home: Home) -> Any:
        found, gone = survey(home)
        return [each._replace(number=(each.number + 1) // 2) for each in found], gone

    patch.setattr(delivery, "survey", numbered)


def an_upload_goes_on_a_byte_too_far(patch: pytest.MonkeyPatch) -> None:
    place = client_uploads.Uploads._place

    def too_far(self: Any, answer: Any, length: int, otherwise: int = 0) -> int | None:
        said = place(self, answer, length, otherwise)
        return min(said + 1, length) if said else said

    patch.setattr(client_uploads.Uploads, "_place", too_far)


def room_is_made_before_the_receipt(patch: pytest.MonkeyPatch) -> None:
    def make_room(home: Home, *_: object) -> list[str]:
        for folder in finished(home.sessions)[:2]:
            (folder / FRAMES).unlink(missing_ok=True)
        return []

    patch.setattr(delivery, "make_room", make_room)


def the_first_trouble_is_for_ever(patch: pytest.MonkeyPatch) -> None:
    post = delivery._Round._post

    def final(self: Any, group: Any) -> Any:
        try:
            return post(self, group)
        finally:
            for each in group:
                if self._ledger.known(each.item.id, self._finished(each.item).stamp) is None:
                    self._ledger.write(SET_ASIDE, self._finished(each.item), reason="it did not work")

    patch.setattr(delivery._Round, "_post", final)
    patch.setattr(delivery._Round, "_still_refused", lambda *_: True)


PLANTED = (
    marked_before_the_answer,
    answered_before_it_is_written,
    every_arrival_is_another_session,
    nobody_checks_what_arrives,
    sessions_go_before_their_recordings,
    numbers_are_given_twice,
    an_upload_goes_on_a_byte_too_far,
    room_is_made_before_the_receipt,
    the_first_trouble_is_for_ever,
)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_fault_that_is_planted_is_caught(
    world: Callable[[int], World], monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    plant(monkeypatch)
    assert any(broken_in(world(seed), seed) for seed in SEEDS)
