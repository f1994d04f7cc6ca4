"""Patients' computers that are enrolled with a clinic, and networks that break, for the tests of delivery."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
from server_fixtures import Clinic, a_service, a_session, write_folder

from engine.keys import Keys
from engine.session_folder import NUMBERS
from server_sync import wire
from server_sync.client.delivery import deliver
from server_sync.client.enrolment import enrol
from server_sync.client.home import Device, Home, home_of
from server_sync.client.outcome import Delivery
from server_sync.client.patience import Patience

ONCE = Patience(seconds=0)
FEW_FRAMES = b"VREC few frames of "


def patient_clock(slept: list[float], seconds: float = 30.0) -> Patience:
    """Patience on a clock that only sleeping moves, with the longest jitter."""
    return Patience(seconds, clock=lambda: sum(slept), sleep=slept.append, jitter=lambda _, longest: longest)


@dataclass(frozen=True)
class Computer:
    """A patient's computer, enrolled: its folder of sessions, and its keys beside it."""

    home: Home
    device: Device
    keys: Keys

    @property
    def sessions(self) -> Path:
        """Where finished sessions lie."""
        return self.home.sessions

    def plays(self, *ids: str, frames: bytes = b"", **changes: Any) -> tuple[str, ...]:
        """Finish sessions, numbered in this order; each has a recording of its own."""
        for name in ids:
            write_folder(self.sessions, a_session(name, **changes), frames or FEW_FRAMES + name.encode())
            numbers = self.sessions / NUMBERS
            numbers.mkdir(exist_ok=True)
            taken = [path for path in numbers.iterdir() if path.name.isdecimal()]
            (numbers / f"{len(taken) + 1:08d}").write_text(f"{name}\n", encoding="utf-8")
        return ids

    def sync(self, patience: Patience = ONCE, transport: httpx.BaseTransport | None = None) -> Delivery:
        """Deliver, once through."""
        return deliver(self.home, self.device, self.keys, patience, transport)


def a_computer(folder: Path, clinic: Clinic, patients: Sequence[str] = ()) -> Computer:
    """A computer whose sessions lie in a new folder, enrolled at a running clinic."""
    with a_service(clinic.folder) as service:
        code = service.devices.new_code(patients)
    home, keys = home_of(folder / "played"), Keys(folder / "keys")
    home.client.mkdir(parents=True)
    device = enrol(home, clinic.url, code, "headset", "steadyreach 0.1.0", keys, Patience(10.0))
    return Computer(home, device, keys)


def held(clinic: Clinic) -> int:
    """How many sessions the clinic has."""
    with a_service(clinic.folder) as service:
        return int(service.archive.count())


class Network(httpx.HTTPTransport):
    """The real network, which notes each request; `spoil` may change an answer, or raise."""

    def __init__(self, spoil: Callable[[int, httpx.Request, httpx.Response], httpx.Response] | None = None) -> None:
        super().__init__()
        self.requests: list[httpx.Request] = []
        self._spoil = spoil

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on."""
        self.requests.append(request)
        answer = super().handle_request(request)
        if self._spoil is None:
            return answer
        answer.read()
        return fresh(self._spoil(len(self.requests), request, answer))

    def asked(self, method: str) -> list[str]:
        """The paths that were asked for with a method."""
        return [request.url.path for request in self.requests if request.method == method]


def losing(*which: int) -> Network:
    """A network that loses some answers, the first being 1, after the server acted."""

    def spoil(number: int, _: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if number in which:
            raise httpx.ReadError("the answer was lost")
        return answer

    return Network(spoil)


def saying(message: Any, status: int = 200, **headers: str) -> httpx.Response:
    """An answer as a clinic's server gives it."""
    body = message if isinstance(message, bytes) else msgspec.msgpack.encode(message)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, content=body, headers={wire.DIGEST: wire.content_digest(body), **named})


def fresh(answer: httpx.Response) -> httpx.Response:
    """An answer that was not read yet."""
    return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content))


def always(answer: httpx.Response) -> httpx.MockTransport:
    """A network in which everything gets one answer."""
    return httpx.MockTransport(lambda _: fresh(answer))


def telling(address: str, change: Callable[[httpx.Response], httpx.Response]) -> Network:
    """A network in which the answers of one address are others."""
    return Network(lambda _, request, answer: change(answer) if request.url.path == address else answer)
