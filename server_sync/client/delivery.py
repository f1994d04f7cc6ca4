"""Delivery of finished sessions from a device to its clinic server, and the device's enrolment there.

Nothing is deleted and nothing is marked as sent before the server's receipt for the very same bytes was read.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from engine.session_folder import RECORD, finished
from server_sync import wire
from server_sync.client import outbox

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 300.0
DAMAGED, RECORDING_MISSING = 400, 424
TRANSIENT = {DAMAGED, 408, 425, RECORDING_MISSING, 429}

T = TypeVar("T")


class Refused(Exception):
    """The server will not do this, however often it is asked; the message is its reason."""

    def __init__(self, status: int, reason: str) -> None:
        """Keep the HTTP status, which says whether one session or the whole device is meant."""
        super().__init__(reason)
        self.status = status


class Later(Exception):
    """The server could not be reached or asks for patience; `wait_s` is how long it asks to wait."""

    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        """Keep the server's wish."""
        super().__init__(reason)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Delivery:
    """What became of each finished session, by id.

    `set_aside` gives the reason for each session that needs a person (its files are untouched); `problem` is
    one sentence when the delivery could not go on, and then the rest is in `waiting`.
    """

    delivered: tuple[str, ...] = ()
    already_there: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    set_aside: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def complete(self) -> bool:
        """Whether the server holds every finished session."""
        return not self.waiting and not self.set_aside


@dataclass
class Patience:
    """How long to keep trying, and how to wait: exponential steps with full jitter, never past the bound."""

    seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float, float], float] = random.uniform

    def keep_trying(self, attempt: Callable[[], T]) -> T:
        """Attempt until it works; raises the last Later when the next pause would end past the bound."""
        end = self.clock() + self.seconds
        longest_s = FIRST_PAUSE_S
        while True:
            try:
                return attempt()
            except Later as failure:
                wait_s = failure.wait_s + self.jitter(0.0, longest_s)
                if self.clock() + wait_s > end:
                    raise
            self.sleep(wait_s)
            longest_s = min(LONGEST_PAUSE_S, longest_s * 2)


def deliver(
    sessions: Path,
    server: str,
    token: str,
    patience: Patience | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Delivery:
    """Bring every finished session in a folder to the server, in order; never raises for what a network does."""
    ledger = outbox.Ledger(sessions, server.rstrip("/"))
    folders = finished(sessions)
    delivered: list[str] = []
    already_there: list[str] = []
    set_aside: dict[str, str] = {}
    problem = ""
    with _Server(server, token, patience or Patience(), transport) as clinic:
        for folder in folders:
            try:
                created = _deliver_one(folder, ledger, clinic)
                (delivered if created else already_there).append(folder.name)
            except outbox.Unsendable as reason:
                set_aside[folder.name] = str(reason)
            except (Later, Refused) as reason:
                problem = str(reason)
                break
    known = {*delivered, *already_there, *set_aside}
    waiting = tuple(folder.name for folder in folders if folder.name not in known)
    return Delivery(tuple(delivered), tuple(already_there), waiting, set_aside, problem)


def enrol(
    server: str,
    code: str,
    device: str,
    patience: Patience | None = None,
    transport: httpx.BaseTransport | None = None,
) -> str:
    """Exchange a one-time code for this device's token; raises Refused or Later with one sentence."""
    with _Server(server, "", patience or Patience(), transport) as clinic:
        body = msgspec.json.encode(wire.Enrolment(code, device))
        return clinic.ask("POST", wire.ENROL, body, wire.Token).token


def _deliver_one(folder: Path, ledger: outbox.Ledger, clinic: "_Server") -> bool:
    content_sha256 = wire.file_sha256(folder / RECORD)
    known = ledger.find(folder.name, content_sha256)
    if known and known.state == outbox.DELIVERED:
        return False
    if known:
        raise outbox.Unsendable(known.reason)
    outgoing = outbox.load(folder)
    try:
        created = clinic.put(outgoing)
    except Refused as reason:
        if reason.status in (401, 403):
            raise
        ledger.write(outgoing.id, outgoing.sha256, outbox.SET_ASIDE, str(reason))
        raise outbox.Unsendable(str(reason)) from None
    ledger.write(outgoing.id, outgoing.sha256, outbox.DELIVERED)
    return created


class _Server:
    """The clinic server as seen from a device: every question is asked until answered or out of patience."""

    def __init__(self, url: str, token: str, patience: Patience, transport: httpx.BaseTransport | None) -> None:
        self._url = url.rstrip("/")
        self._patience = patience
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(headers=headers, timeout=20.0, transport=transport, trust_env=False)

    def __enter__(self) -> "_Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def put(self, outgoing: outbox.Outgoing) -> bool:
        """Bring one session, its recording first; True when the server did not hold it before."""
        return self._patience.keep_trying(lambda: self._put_once(outgoing))

    def ask(self, method: str, path: str, body: bytes, reply: type[T]) -> T:
        """One question, asked again while the server is away."""
        return self._patience.keep_trying(lambda: self._once(method, path, body, reply))

    def _put_once(self, outgoing: outbox.Outgoing) -> bool:
        if outgoing.recording is not None:
            self._send_recording(outgoing.recording, outgoing.recording_sha256)
        receipt = self._once("PUT", f"{wire.SESSIONS}/{quote(outgoing.id)}", outgoing.content, wire.Receipt)
        if (receipt.id, receipt.sha256) != (outgoing.id, outgoing.sha256):
            raise Later(f"{self._url} gave a receipt for something else than session {outgoing.id}")
        return receipt.created

    def _send_recording(self, recording: Path, sha256: str) -> None:
        path = f"{wire.RECORDINGS}/{sha256}"
        progress = self._once("GET", path, b"", wire.Progress)
        length = recording.stat().st_size
        with recording.open("rb") as file:
            while not progress.complete:
                file.seek(progress.offset)
                headers = {"Upload-Offset": str(progress.offset), "Upload-Length": str(length)}
                piece = file.read(wire.PIECE_BYTES)
                progress = self._once("PATCH", path, piece, wire.Progress, headers)

    def _once(self, method: str, path: str, body: bytes, reply: type[T], headers: Mapping[str, str] | None = None) -> T:
        checked = {**(headers or {}), "Content-Digest": wire.content_digest(body)}
        try:
            response = self._http.request(method, self._url + path, content=body, headers=checked)
        except (httpx.HTTPError, httpx.InvalidURL) as reason:
            raise Later(f"{self._url} cannot be reached ({reason}); nothing is lost, try again later") from None
        if response.status_code in TRANSIENT or response.status_code >= 500:
            said = f"{self._url} cannot take it now (status {response.status_code}: {_detail(response)})"
            raise Later(said, _retry_after_s(response))
        if response.status_code >= 400:
            raise Refused(response.status_code, _detail(response))
        try:
            return msgspec.json.decode(response.content, type=reply)
        except msgspec.DecodeError:
            raise Later(f"{self._url} does not answer like a Steadyreach server; check the address") from None


def _detail(response: httpx.Response) -> str:
    try:
        return msgspec.json.decode(response.content, type=wire.Problem).detail
    except msgspec.DecodeError:
        return response.reason_phrase


def _retry_after_s(response: httpx.Response) -> float:
    value = response.headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    try:
        wait_s = parsedate_to_datetime(value).timestamp() - time.time()
    except ValueError:
        return 0.0
    return max(0.0, wait_s)
