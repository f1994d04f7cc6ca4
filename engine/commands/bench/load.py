"""Sessions that come in as fast as a clinic takes them, and the same one many times at the same moment.

All requests are made and signed before the first goes, and sent by hand: what patients' computers do is no load on a
clinic, and what makes the load shall take little of the computer that both are on.
"""

import base64
import math
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
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
from server_sync.client.home import Home, device_of
from server_sync.client.outbox import LEVEL

THREADS = 4
"""In each process that makes load: so many of its devices wait for an answer at the same time."""
_ID = "the-session"
_PATIENCE_S, _PIECE_BYTES = 60.0, 65536

Address = tuple[str, int]


class Load(NamedTuple):
    """What was delivered: sessions that were new to the clinic, in how long, and the seconds of each request."""

    sessions: int
    seconds: float
    requests_s: tuple[float, ...]

    @property
    def per_s(self) -> float:
        """Sessions a second."""
        return self.sessions / self.seconds

    @property
    def p99_ms(self) -> float:
        """What 99 in 100 requests took at most."""
        return percentile_ms(self.requests_s, 99)


def percentile_ms(times_s: Sequence[float], percent: float) -> float:
    """The time in milliseconds that so many in a hundred took at most, by nearest rank."""
    return 1e3 * sorted(times_s)[math.ceil(len(times_s) * percent / 100) - 1]


def deliver(homes: Sequence[Home], keys: Path, visit: Session, batch: int, most: int, lasting_s: float) -> Load:
    """Devices that each bring `batch` sessions a request, one after the other, for a while or until there were `most`.

    Raises RuntimeError where the server does not take them.
    """
    requests = -(-most // (batch * len(homes)))
    shares = [(homes[n::PROCESSES], keys, visit, batch, requests, lasting_s) for n in range(PROCESSES)]
    with at_once(_deliver, shares) as coming:
        came = [each.result() for each in coming]
    times_s = tuple(time_s for load in came for time_s in load.requests_s)
    return Load(sum(load.sessions for load in came), max(load.seconds for load in came), times_s)


def _deliver(
    homes: Sequence[Home], keys: Path, visit: Session, batch: int, requests: int, lasting_s: float, ready: Barrier
) -> Load:
    """One process's share."""
    made = [list(requests_of(home, Keys(keys), visit, batch, requests)) for home in homes]
    addresses = [address_of(home) for home in homes]
    ready.wait()
    begun_s = time.monotonic()

    def thread(number: int) -> list[tuple[float, int]]:
        came = list[tuple[float, int]]()
        for turn, device in product(range(requests), range(number, len(homes), THREADS)):
            if time.monotonic() - begun_s > lasting_s:
                break
            sent_s = time.monotonic()
            states = sent(addresses[device], made[device][turn])
            came.append((time.monotonic() - sent_s, states.count(wire.CREATED)))
        return came

    with ThreadPoolExecutor(THREADS) as threads:
        came = [each for some in threads.map(thread, range(THREADS)) for each in some]
    return Load(sum(new for _, new in came), time.monotonic() - begun_s, tuple(time_s for time_s, _ in came))


def collide(homes: Sequence[Home], keys: Path, visit: Session, times: int) -> Counter[str]:
    """Each device's session that many times at the same moment, to the bit; how often each state was answered."""
    states = Counter[str]()
    for home in homes:
        (same,) = requests_of(home, Keys(keys), visit, 1, 1)
        with ExitStack() as stack:
            open_to = partial(socket.create_connection, address_of(home), _PATIENCE_S)
            connections = [stack.enter_context(open_to()) for _ in range(times)]
            for each in connections:
                each.sendall(same)
            for each in connections:
                states.update(answered(each))
    return states


def address_of(home: Home) -> Address:
    """Where the clinic of a computer listens."""
    parts = urlsplit(device_of(home).server)
    return parts.hostname or "", parts.port or 80


def requests_of(home: Home, keys: Keys, visit: Session, batch: int, requests: int) -> Iterator[bytes]:
    """A computer's requests, in order, each with `batch` sessions: all are the visit, without its recording."""
    content, device = to_json(replace(visit, id=_ID, recording=None)), home.client.name
    credentials, host = credentials_of(home, device_of(home), keys), urlsplit(device_of(home).server).netloc
    for first in range(1, requests * batch + 1, batch):
        items = tuple(_item(content, f"{device}-{number}", number) for number in range(first, first + batch))
        body = msgspec.msgpack.encode(wire.Batch(items=items))
        said = {wire.DIGEST: wire.content_digest(body), wire.VERSION: str(wire.PROTOCOL), "Content-Type": wire.MSGPACK}
        signature = base64.b64encode(credentials.sign(wire.to_sign("POST", wire.SESSIONS, said))).decode()
        shown = {wire.SIGNATURE: signature, "Authorization": f"Bearer {credentials.tokens[0]}"}
        sent = {"Host": host, "Connection": "close", "Content-Length": str(len(body)), **said, **shown}
        lines = [f"POST {wire.SESSIONS} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items()), "", ""]
        yield "\r\n".join(lines).encode() + body


def _item(content: bytes, id: str, number: int) -> wire.Item:
    named = content.replace(_ID.encode(), id.encode())
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(named)
    return wire.Item(id=id, number=number, sha256=wire.sha256(named), content=packed)


def sent(address: Address, request: bytes) -> list[str]:
    """Send a request by a connection of its own; what became of each session, as `answered`."""
    with socket.create_connection(address, _PATIENCE_S) as connection:
        connection.sendall(request)
        return answered(connection)


def answered(connection: socket.socket) -> list[str]:
    """What became of each session; raises RuntimeError where the server did not take the request."""
    said = bytearray()
    while piece := connection.recv(_PIECE_BYTES):
        said += piece
    head, _, content = bytes(said).partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"the server answered {head[:100]!r}: {content[:300]!r}")
    return [receipt.state for receipt in msgspec.msgpack.decode(content, type=wire.Receipts).receipts]
