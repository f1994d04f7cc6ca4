"""One request and its answer as they pass: when they did, and a digest of what a device hears."""

import secrets
import time
from typing import Any

from litestar.types import Message, Send

from server_sync import wire


class Exchange:
    """Stands between the web and the network: what a device hears is held back until its digest is known."""

    def __init__(self, scope: Any, send: Send) -> None:
        """Begin now, with an id for the log."""
        self.id, self.status = secrets.token_hex(8), 0
        self._send, self._head = send, scope["method"] == "HEAD"
        self._device = scope["path"].startswith("/device/")
        self._received_ns, self._begun_s = time.time_ns(), time.perf_counter()
        self._start: Any = None
        self._body = b""

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.perf_counter() - self._begun_s

    async def send(self, message: Message) -> None:
        """Pass on what the web says."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        if not self._device:
            await self._send(message)
        elif message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                self._start["headers"] = [*self._start["headers"], *self._headers()]
                await self._send(self._start)
                await self._send({"type": "http.response.body", "body": self._body, "more_body": False})

    def _headers(self) -> list[tuple[bytes, bytes]]:
        told = {
            wire.DIGEST: wire.content_digest(b"" if self._head else self._body),
            wire.VERSION: str(wire.PROTOCOL),
            wire.RECEIVED: str(self._received_ns),
            wire.REPLIED: str(time.time_ns()),
        }
        return [(name.lower().encode(), value.encode()) for name, value in told.items()]
