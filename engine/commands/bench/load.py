"""Sessions that come in as fast as a clinic takes them, and the same one many times at the same moment."""

import base64
import http.client
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from threading import Barrier
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
import zstandard
from msgspec.structs import replace

from engine.commands.bench.clinics import PROCESSES, at_once
from engine.keys import Keys
from engine.records import Session, to_json
from server_sync import wire
from server_sync.client.enrolment import credentials_of
from server_sync.client.exchange import Credentials, Exchange
from server_sync.client.home import Home, device_of
from server_sync.client.outbox import LEVEL
from server_sync.client.patience import Patience

THREADS = 4
"""In each process that makes load: so many of its devices wait for an answer at the same time."""
_ID = "the-session"


class Load(NamedTuple):
    """What was delivered: sessions that were new to the clinic, in how long, and the seconds of each request."""

    sessions: int
    seconds: float
    requests_s: tuple[float, ...]

    @property
    def per_s(self) -> float:
        """Sessions a second."""
        return self.sessions / self.seconds

    def percentile_ms(self, percent: float) -> float:
        """What so many of the requests took at most."""
        return percentile_ms(self.requests_s, percent)


def percentile_ms(times_s: Sequence[float], percent: float) -> float:
    """The time in milliseconds that so many in a hundred took at most, by nearest rank."""
    return 1e3 * sorted(times_s)[math.ceil(len(times_s) * percent / 100) - 1]


def deliver(homes: Sequence[Home], keys: Path, visit: Session, batch: int, most: int, lasting_s: float) -> Load:
    """Devices that each bring `batch` sessions a request, one after the other, for a while or until there were `most`.

    All messages are made before the first goes: what patients' computers do is no load on a clinic.
    """
    requests = -(-most // (batch * len(homes)))
    shares = [(homes[n::PROCESSES], keys, visit, batch, requests, lasting_s) for n in range(PROCESSES)]
    with at_once(_deliver, shares) as coming:
        came: list[Load] = coming.get()
    times_s = tuple(time_s for load in came for time_s in load.requests_s)
    return Load(sum(load.sessions for load in came), max(load.seconds for load in came), times_s)


def _deliver(
    homes: Sequence[Home], keys: Path, visit: Session, batch: int, requests: int, lasting_s: float, ready: Barrier
) -> Load:
    """One process's share."""
    content = to_json(replace(visit, id=_ID, recording=None))
    bodies = {home: list(_bodies(content, home.client.name, batch, requests)) for home in homes}
    ready.wait()
    begun_s = time.monotonic()

    def thread(mine: Sequence[Home]) -> list[tuple[float, int]]:
        came = list[tuple[float, int]]()
        with ExitStack() as stack:
            exchanges = {home: stack.enter_context(_exchange(home, Keys(keys))) for home in mine}
            for turn, home in product(range(requests), mine):
                if time.monotonic() - begun_s > lasting_s:
                    break
                came.append(_sent(exchanges[home], bodies[home][turn]))
        return came

    with ThreadPoolExecutor(THREADS) as threads:
        came = [each for some in threads.map(thread, (homes[n::THREADS] for n in range(THREADS))) for each in some]
    return Load(sum(new for _, new in came), time.monotonic() - begun_s, tuple(time_s for time_s, _ in came))


def _exchange(home: Home, keys: Keys) -> Exchange:
    device = device_of(home)
    return Exchange(device.server, Patience(), credentials_of(home, device, keys))


def _bodies(content: bytes, device: str, batch: int, requests: int) -> Iterator[bytes]:
    """The messages of a device, in order."""
    for first in range(1, requests * batch + 1, batch):
        items = tuple(_item(content, f"{device}-{number}", number) for number in range(first, first + batch))
        yield msgspec.msgpack.encode(wire.Batch(items=items))


def _item(content: bytes, id: str, number: int) -> wire.Item:
    named = content.replace(_ID.encode(), id.encode())
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(named)
    return wire.Item(id=id, number=number, sha256=wire.sha256(named), content=packed)


def _sent(exchange: Exchange, body: bytes) -> tuple[float, int]:
    """How long a request took, also one that had to be repeated, and how many sessions were new."""
    begun_s = time.monotonic()
    answer = exchange.ask("POST", wire.SESSIONS, wire.Receipts, body)
    new = sum(receipt.state == wire.CREATED for receipt in answer.receipts)
    return time.monotonic() - begun_s, new


def collide(homes: Sequence[Home], keys: Path, visit: Session, times: int) -> Counter[str]:
    """Each device's session that many times at the same moment, to the bit; how often each state was answered."""
    server = urlsplit(device_of(homes[0]).server)
    connections = [http.client.HTTPConnection(server.netloc, timeout=60) for _ in range(times)]
    content, answered = to_json(replace(visit, id=_ID, recording=None)), Counter[str]()
    for home in homes:
        (body,) = _bodies(content, f"{home.client.name}-same", 1, 1)
        headers = _signed(body, credentials_of(home, device_of(home), Keys(keys)))
        for connection in connections:
            connection.request("POST", wire.SESSIONS, body, headers)
        answered.update(_state(connection.getresponse()) for connection in connections)
    for connection in connections:
        connection.close()
    return answered


def _signed(body: bytes, credentials: Credentials) -> dict[str, str]:
    said = {wire.DIGEST: wire.content_digest(body), wire.VERSION: str(wire.PROTOCOL), "Content-Type": wire.MSGPACK}
    signature = credentials.sign(wire.to_sign("POST", wire.SESSIONS, said))
    shown = f"Bearer {credentials.tokens[0]}"
    return {**said, wire.SIGNATURE: base64.b64encode(signature).decode(), "Authorization": shown}


def _state(answer: http.client.HTTPResponse) -> str:
    """What a session's receipt says, or else what happened instead."""
    content = answer.read()
    if answer.status != http.HTTPStatus.OK:
        return f"status {answer.status}"
    return msgspec.msgpack.decode(content, type=wire.Receipts).receipts[0].state
