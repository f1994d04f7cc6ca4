"""The clinic server as processes: one address, and any number of workers behind it that keep nothing of their own."""

import errno
import gc
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import uvicorn
from litestar import Litestar

from server_sync.clinic.export_choice import NO_FORMATS, Writing
from server_sync.clinic.place import Place, note, place_of
from server_sync.clinic.previewing import Previewing, no_preview
from server_sync.clinic.service import NOTED, CannotOpen, Service
from server_sync.page import meanings
from server_sync.web import watching
from server_sync.web.app import make_app
from server_sync.web.connections import Waiting, may_open
from server_sync.web.reach import LOOPBACK, UNPROTECTED, CannotServe, Reach
from server_sync.web.workers import Workers

MAY_SHARE = sys.platform != "win32"
"""Whether several processes may accept connections of one socket."""
DRAIN_S = 20
TICKS_PER_S = 10
"""How often uvicorn looks after itself."""
_TIDY_EVERY_S, _LOOK_EVERY_S = 3600.0, 0.2


@dataclass(frozen=True)
class Settings:
    """What a server is started with: where its data lies, where it listens, how much it says, how it writes exports.

    `previewing` is what tells what a plan will ask.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8765
    place: Place = NOTED
    workers: int = 1
    log_level: str = "warning"
    reach: Reach = UNPROTECTED
    writing: Writing = NO_FORMATS
    previewing: Previewing = no_preview

    def service(self) -> Service:
        """Open the service."""
        return Service(self.folder, self.place)


def serve(settings: Settings, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until interrupted; `ready` is told the address when requests are answered. Port 0 takes a free one.

    Raises CannotServe when the port is taken, the database is not to be had, or passwords would pass in the clear.
    """
    settings.reach.check(settings.host)
    if settings.workers > 1 and not MAY_SHARE:
        raise CannotServe("--workers must be 1 on Windows, where processes cannot share a port")
    watching.log_to_stderr(settings.log_level)
    listening = _listen(settings.host, settings.port)
    try:
        settings.service().close()  # brings the tables up to date, before several do so at once
        if settings.place != NOTED:
            note(settings.folder, place_of(settings.folder, settings.place))
        url = f"{settings.reach.scheme}://{LOOPBACK.get(settings.host, settings.host)}:{listening.getsockname()[1]}"
        if settings.workers == 1:
            work(settings, listening, lambda: ready(url))
            return
        with tempfile.TemporaryDirectory(prefix="steadyreach-") as counted:
            os.environ[watching.COUNTED_TOGETHER] = counted
            Workers(settings.workers, work, (settings, listening), DRAIN_S).run(lambda: ready(url))
    except CannotOpen as reason:
        raise CannotServe(str(reason)) from None
    finally:
        listening.close()


def work(settings: Settings, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Answer what comes in, in this process, until it is told to end; what has begun is finished first."""
    watching.log_to_stderr(settings.log_level)
    service = settings.service()
    reach = settings.reach
    # A page of another site may point its own name at this computer; on loopback only these names are ours.
    elsewhere = reach.from_elsewhere(settings.host)
    names = () if elsewhere else tuple(LOOPBACK.values())
    config = uvicorn.Config(
        make_app(
            service,
            names,
            https=reach.https,
            second_factor_required=elsewhere,
            writing=settings.writing,
            previewing=settings.previewing,
        ),
        ssl_certfile=reach.certificate,
        ssl_keyfile=reach.private_key,
        proxy_headers=reach.behind_proxy,
        forwarded_allow_ips=list(reach.proxies),
        log_config=None,
        access_log=False,
        lifespan="on",
        server_header=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=DRAIN_S,
    )
    ended = Event()
    for beside_it in (_tidy, _renew):
        Thread(target=beside_it, args=(service, ended), daemon=True).start()
    try:
        _Server(config, ready).run(sockets=[listening])
    except KeyboardInterrupt:
        return
    finally:
        ended.set()
        service.close()


@contextmanager
def beside(app: Litestar) -> Iterator[str]:
    """Answer for an app beside whatever else this process does, to this computer alone; gives the address."""
    listening, answering = _listen("127.0.0.1", 0), Event()
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", server_header=False)
    server = _Server(config, answering.set)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not answering.wait(_LOOK_EVERY_S):
            if not thread.is_alive():
                raise CannotServe("the server ended at its start")
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


class _Server(uvicorn.Server):
    """Uvicorn, telling when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._waiting = Waiting(may_open())

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            _look_for_waste_seldom()
            Thread(target=meanings.load_all, daemon=True).start()
            self._ready()

    async def on_tick(self, counter: int) -> bool:
        """Each second, close what keeps us waiting."""
        if counter % TICKS_PER_S == 0:
            for connection in self._waiting.overdue(self.server_state.connections, time.monotonic()):
                connection.transport.abort()  # who does not read, either, would not let it be closed
        return await super().on_tick(counter)


def _look_for_waste_seldom() -> None:
    """Have Python look for circles of objects after every 50,000 new ones, and not in what is there from the start.

    After every 700, as usual, that is a quarter of the time of reading a session, which makes thousands and no circle.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _tidy(service: Service, ended: Event) -> None:
    """Remove what is due, now and every hour, go on with stopped erasures, seal what is not sealed yet."""
    wait_s = 0.0
    while not ended.wait(wait_s):
        wait_s = _TIDY_EVERY_S
        try:
            service.vault.adopt()
            service.uploads.tidy(datetime.now(UTC))
            ran = service.retention.hourly()
            if ran is not None and ran.waits:
                watching.note_waiting()
        except Exception as reason:  # noqa: BLE001 - whatever it is, it is tried again in an hour
            watching.note_trouble({"method": "", "path_template": "tidy"}, reason)


def _renew(service: Service, ended: Event) -> None:
    """Make patients at a glance where they lack, as after an update: no page waits for it."""
    try:
        service.glances.renew_all(ended.is_set)
    except Exception as reason:  # noqa: BLE001 - whatever it is, pages make what they need
        watching.note_trouble({"method": "", "path_template": "renew"}, reason)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off, 40 ms a reply, only where the protocol is named.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Elsewhere this lets a restarted server have its port back at once; on Windows it would let two share it.
    if sys.platform != "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(1024)
    except (OSError, OverflowError) as reason:
        listening.close()
        raise CannotServe(_why_not(host, port, reason)) from None
    return listening


def _why_not(host: str, port: int, reason: Exception) -> str:
    if isinstance(reason, OverflowError):
        return f"--port {port} must be 0 to 65535, where 0 takes a free one"
    if isinstance(reason, OSError) and reason.errno == errno.EADDRINUSE:
        return f"another program listens on {host} port {port} already; stop it or choose another with --port"
    another = "--port" if isinstance(reason, OSError) and reason.errno == errno.EACCES else "--host"
    return f"the server cannot listen on {host} port {port}: {_first_line(reason)}; choose another with {another}"


def _first_line(reason: Exception) -> str:
    return str(getattr(reason, "strerror", None) or reason).splitlines()[0]
