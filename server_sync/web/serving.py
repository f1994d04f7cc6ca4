"""The clinic server as a process: one folder, one address, until it is told to stop."""

import errno
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import uvicorn
from sqlalchemy.exc import OperationalError

from server_sync.clinic.service import Service
from server_sync.page import meanings
from server_sync.web.app import make_app

LOOPBACK = {"127.0.0.1": "127.0.0.1", "::1": "[::1]", "localhost": "localhost"}


class CannotServe(Exception):
    """The server cannot start; the message says why and what to do about it."""


def serve(
    folder: Path,
    host: str = "127.0.0.1",
    port: int = 8765,
    database_url: str = "",
    ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until interrupted; `ready` is told the address when requests are answered. Port 0 takes a free one.

    Raises CannotServe when the port is taken or the database is not to be had.
    """
    listening = _listen(host, port)
    try:
        service = Service(folder, database_url)
    except (OperationalError, OSError) as reason:
        listening.close()
        raise CannotServe(f"the server cannot use its folder {folder}: {_first_line(reason)}") from None
    port = listening.getsockname()[1]
    url = f"http://{LOOPBACK.get(host, host)}:{port}"
    # A page of another site may point its own name at this computer; on loopback only these names are ours.
    names = tuple(f"{name}:{port}" for name in LOOPBACK.values()) if host in LOOPBACK else ()
    app = make_app(service, names)
    config = uvicorn.Config(app, log_level="warning", lifespan="on", server_header=False, timeout_keep_alive=5)
    try:
        _Server(config, lambda: ready(url)).run(sockets=[listening])
    except KeyboardInterrupt:
        return
    finally:
        listening.close()
        service.close()


class _Server(uvicorn.Server):
    """Uvicorn, telling when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            Thread(target=meanings.load_all, daemon=True).start()
            self._ready()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off, 40 ms a reply, only where the protocol is named.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Elsewhere this lets a restarted server have its port back at once; on Windows it would let two share it.
    if sys.platform != "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as reason:
        listening.close()
        raise CannotServe(_why_not(host, port, reason)) from None
    return listening


def _why_not(host: str, port: int, reason: Exception) -> str:
    if isinstance(reason, OverflowError):
        return f"--port {port} must be 0 to 65535, where 0 takes a free one"
    if isinstance(reason, OSError) and reason.errno == errno.EADDRINUSE:
        return f"another program listens on {host} port {port} already; stop it or choose another with --port"
    return f"the server cannot listen on {host} port {port}: {_first_line(reason)}; choose another with --port"


def _first_line(reason: Exception) -> str:
    return str(getattr(reason, "strerror", None) or getattr(reason, "orig", None) or reason).splitlines()[0]
