"""One exchange with a clinic's server: signed, and believed only where the answer is the one that its digest names.

Everything that a network or a server does is `Later`: it was not done, or it is not known whether it was, and asking
once more is safe. Nothing is sent to where a redirect points.
"""

import base64
import socket
import ssl
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from threading import Timer
from typing import Any, NamedTuple, TypeVar

import httpx
import msgspec

from server_sync import wire
from server_sync.client.clock import Clocks
from server_sync.client.patience import Later, Patience, Refused, wish_s

SILENCE_S, EXCHANGE_S = 20.0, 60.0
SLOWEST_BYTES_PER_S = 4000.0
LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
FEW_TRIES = 3
UNKNOWN_DEVICE, TOO_FAR_APART = 401, 426
DONE = frozenset({200, 201, 204})
Expected = Collection[int | str]
"""Statuses, and codes of problems, that are answers."""
CODE_REFUSED = "code refused"

T = TypeVar("T")


class Credentials(NamedTuple):
    """What a device shows: its tokens, the one that it prefers first, and what signs with its key."""

    tokens: tuple[str, ...]
    sign: Callable[[bytes], bytes]


class Answer(NamedTuple):
    """What a server answered, its body being the one that its digest names."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def problem(self) -> wire.Problem:
        """Why it refused, as far as it says so."""
        try:
            return msgspec.msgpack.decode(self.body, type=wire.Problem)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return wire.Problem(code="", detail=httpx.codes.get_reason_phrase(self.status) or "it does not say why")


class Exchange:
    """A clinic's server as a device sees it; every question is asked until it is answered, or patience ends."""

    def __init__(
        self,
        server: str,
        patience: Patience,
        credentials: Credentials | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Talk to `server`; without credentials nothing is signed, as before there is a key."""
        self.server, self.patience, self.clocks = server.rstrip("/"), patience, Clocks()
        self._credentials, self._shown = credentials, 0
        self._stream: Any = None
        # The system's certificates are also those that a clinic installed for itself.
        verify = ssl.create_default_context() if self.server.startswith("https:") else False
        self._http = httpx.Client(transport=transport, trust_env=False, timeout=SILENCE_S, verify=verify)

    def __enter__(self) -> "Exchange":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @property
    def token(self) -> str:
        """The token that is shown now."""
        return self._credentials.tokens[self._shown] if self._credentials else ""

    def renew(self, credentials: Credentials) -> None:
        """Show others from now on."""
        self._credentials, self._shown = credentials, 0

    def ask(self, method: str, address: str, kind: type[T], body: bytes = b"", **headers: str) -> T:
        """A question with a message for an answer, which is read as `kind`; raises Later or Refused."""

        def attempt() -> T:
            return self._read(self.once(method, address, body, headers), kind)

        return self.patience.keep_trying(attempt)

    def send(
        self,
        method: str,
        address: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        expected: Expected = DONE,
    ) -> Answer:
        """A question whose answer's status and headers count, if it is one of `expected`; raises Later or Refused."""
        return self.patience.keep_trying(lambda: self.once(method, address, body, headers or {}, expected))

    def once(
        self, method: str, address: str, body: bytes, headers: Mapping[str, str], expected: Expected = DONE
    ) -> Answer:
        """One attempt; raises Later or Refused where the answer is none of `expected`."""
        sent = self.clocks.now()
        answer = self._believed(*self._exchanged(method, address, body, self._signed(method, address, body, headers)))
        self._hear(sent, answer.headers)
        if answer.status in expected or (answer.status >= 400 and answer.problem.code in expected):
            return answer
        raise self._failure(answer)

    def _signed(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> dict[str, str]:
        said = {**headers, wire.DIGEST: wire.content_digest(body), wire.VERSION: str(wire.PROTOCOL)}
        if body and "Content-Type" not in said:
            said["Content-Type"] = wire.MSGPACK
        if self._credentials is not None:
            signature = self._credentials.sign(wire.to_sign(method, address, said))
            said[wire.SIGNATURE] = base64.b64encode(signature).decode()
            said["Authorization"] = f"Bearer {self.token}"
        return said

    def _exchanged(
        self, method: str, address: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        """The answer and its body, whole within a time: a server that trickles is one that does not answer."""
        ending = Timer(EXCHANGE_S + len(body) / SLOWEST_BYTES_PER_S, self._hang_up)
        ending.daemon = True
        ending.start()
        try:
            known = {"trace": self._keep_stream}
            with self._http.stream(
                method, self.server + address, content=body, headers=headers, extensions=known
            ) as said:
                parts, size = [], 0
                for part in said.iter_raw():
                    parts.append(part)
                    size += len(part)
                    if size > LARGEST_ANSWER_BYTES:
                        raise Later(f"{self.server} answers without an end; check the address")
                return said, b"".join(parts)
        except (httpx.HTTPError, httpx.InvalidURL) as reason:
            raise Later(self._unreachable(reason)) from None
        finally:
            ending.cancel()

    def _believed(self, said: httpx.Response, body: bytes) -> Answer:
        status, digest = said.status_code, said.headers.get(wire.DIGEST)
        if 300 <= status < 400:
            raise Later(f"{self.server} points elsewhere, where nothing is sent to; check the address", 0.0, status)
        if digest == wire.content_digest(body):
            return Answer(status, said.headers, body)
        wait_s = wish_s(said.headers) if status >= 400 else 0.0
        if digest is None:  # a portal, or what stands before a server that is down
            why = f"{self.server} does not answer like a Steadyreach server (status {status}); check the address"
            raise Later(why, wait_s)
        raise Later(f"the answer of {self.server} was damaged on its way", wait_s)

    def _hear(self, sent: tuple[int, int], headers: httpx.Headers) -> None:
        with suppress(KeyError, ValueError):
            self.clocks.heard(sent, int(headers[wire.RECEIVED]), int(headers[wire.REPLIED]))

    def _failure(self, answer: Answer) -> Later | Refused:
        problem, status = answer.problem, answer.status
        if problem.code == CODE_REFUSED:
            return Refused(problem.detail)
        why = f"{self.server} cannot take it now (status {status}: {problem.detail})"
        if status == UNKNOWN_DEVICE:  # a token that was hurt on its way looks the same
            self._shown = (self._shown + 1) % max(1, len(self._credentials.tokens if self._credentials else ()))
            return Later(
                f"{self.server} does not know this computer ({problem.detail}): nothing is lost; if the clinic took it "
                "off its list, enrol it once more", status=status, tries=FEW_TRIES
            )  # fmt: skip
        if status == TOO_FAR_APART:
            return Later(f"{self.server}: {problem.detail}", status=status, tries=FEW_TRIES)
        return Later(why, wish_s(answer.headers), status)

    def _read(self, answer: Answer, kind: type[T]) -> T:
        try:
            message = msgspec.msgpack.decode(answer.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Later(f"{self.server} does not answer like a Steadyreach server; check the address") from None
        version = getattr(message, "v", wire.PROTOCOL)
        if not wire.understood(version):
            older = "this computer's software" if version > wire.PROTOCOL else "the clinic's software"
            raise Later(
                f"{self.server} speaks version {version} of the protocol and this computer {wire.PROTOCOL}: {older} "
                "must be updated; nothing is lost", status=TOO_FAR_APART, tries=FEW_TRIES
            )  # fmt: skip
        return message

    def _keep_stream(self, event: str, info: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._stream = info["return_value"]

    def _hang_up(self) -> None:
        """End the exchange that goes on: its time is over."""
        with suppress(OSError, AttributeError):
            self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def _unreachable(self, reason: Exception) -> str:
        if "CERTIFICATE_VERIFY_FAILED" in str(reason):
            return (
                f"{self.server} cannot prove that it is the clinic's server (its certificate does not hold): nothing "
                "was sent; tell the clinic"
            )
        return f"{self.server} cannot be reached ({reason or type(reason).__name__}); nothing is lost, try again later"
