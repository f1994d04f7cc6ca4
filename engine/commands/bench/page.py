"""The `page` bench: how long pages take on the demo clinic, and on one of 2,000 patients who played for two years.

A page is timed from its request to its last byte, over HTTP on this computer, with all that the server does for it: its
rows of the audit on the disk, too. Beside it stands a page of as many bytes that a server has ready. Patients take
turns, so that no answer is the last one once more. All of it takes some half an hour of two cores and 30 GB; for less,
$STEADYREACH_PAGE_PATIENTS says how many patients the large clinic has.
"""

import http.client
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import date
from itertools import cycle, islice
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from litestar import Litestar, get

from engine.commands.bench.clinics import PROCESSES
from engine.commands.bench.forms import Filled, filled
from engine.commands.bench.grown import Share, grow
from engine.commands.bench.load import percentile_ms
from engine.commands.bench.rows import Row, row
from engine.commands.clinic_demo import CLINIC
from engine.commands.clinic_demo.cast import cast
from engine.commands.clinic_demo.making import LOGIN, make
from engine.commands.previewing import of_drafts
from server_sync.clinic.codes import new_code
from server_sync.clinic.service import Service
from server_sync.web.access import COOKIE
from server_sync.web.app import make_app
from server_sync.web.serving import beside

PATIENTS = int(os.environ.get("STEADYREACH_PAGE_PATIENTS", "2000"))
ROUNDS, WARM = 60, 3
AT_MOST_MS, AT_MOST_LARGE_MS, PREVIEW_AT_MOST_MS = 300.0, 1000.0, 150.0
PAGES: Mapping[str, str] = {
    "today": "/today",
    "all patients": "/patients",
    "a patient": "/patients/{patient}",
    "a patient's sessions": "/patients/{patient}/sessions",
    "a patient's plan": "/patients/{patient}/plan",
    "tuning": "/patients/{patient}/tune",
    "a session": "/sessions/{session}",
    "messages": "/messages",
    "a patient's messages": "/patients/{patient}/messages",
}
"""What is timed, where there is such a page."""
TUNE, PREVIEW = PAGES["tuning"], "/patients/{patient}/tune/preview"
_FOUND = 200


class Asked(NamedTuple):
    """How long each of some requests took, and how many bytes the last answer had."""

    times_s: Sequence[float]
    bytes: int

    @property
    def p95_ms(self) -> float:
        """What 95 in 100 took at most."""
        return percentile_ms(self.times_s, 95)


def run() -> list[Row]:
    """Every page on both clinics, and how fast sessions came into the large one."""
    password = new_code(groups=4).lower()
    with tempfile.TemporaryDirectory(prefix="steadyreach-") as name:
        demo, large, today = Path(name) / "demo", Path(name) / "large", date.today()
        make(demo, cast(today), password, today)
        rows = _rows(demo / CLINIC, password, "demo", AT_MOST_MS)
        sessions = _grown(demo / CLINIC, large, password, today)
        return [
            *rows,
            row("the large clinic", sessions, "sessions", f"{PATIENTS} patients, {_size_gb(large):.1f} GB"),
            *_rows(large, password, "large", AT_MOST_LARGE_MS),
        ]


def _grown(demo: Path, large: Path, password: str, today: date) -> int:
    """Make the large clinic, in several processes; how many sessions it has."""
    with closing(Service(large)) as service:
        service.accounts.add(LOGIN, "Bench", password=password)
    shares = [Share(demo, large, today, range(first, PATIENTS, PROCESSES)) for first in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as workers:
        return sum(workers.map(grow, shares))


def _size_gb(clinic: Path) -> float:
    return (clinic / "clinic.db").stat().st_size / 1e9


def _rows(clinic: Path, password: str, which: str, at_most_ms: float) -> list[Row]:
    with closing(Service(clinic)) as service:
        token = service.accounts.log_in(LOGIN, password, "bench")
        with beside(make_app(service, previewing=of_drafts)) as url, closing(_Browser(url, token)) as browser:
            return list(_timed(browser, service, which, at_most_ms))


def _timed(browser: "_Browser", service: Service, which: str, at_most_ms: float) -> Iterator[Row]:
    places = list(_places(service))
    for title, address in PAGES.items():
        asked = browser.ask([address.format(**place) for place in places])
        if asked is not None:
            yield _row(f"{title}, {which}", asked, at_most_ms)
    forms = [(PREVIEW.format(**place), browser.form(TUNE.format(**place))) for place in places[:WARM]]
    moved = [(address, form.moved(step)) for step in range(ROUNDS) for address, form in forms if form is not None]
    if moved:
        asked = browser.ask([address for address, _ in moved], [urlencode(fields) for _, fields in moved])
        if asked is not None:
            yield _row(f"preview, {which}", asked, PREVIEW_AT_MOST_MS)


def _row(name: str, asked: Asked, at_most_ms: float) -> Row:
    bare = _bare(asked.bytes)
    peer = f"{bare.p95_ms:.1f} ms where {asked.bytes / 1000:.0f} kB are ready"
    return row(name, asked.p95_ms, "ms, p95", peer, at_most=at_most_ms)


def _places(service: Service) -> Iterator[dict[str, str]]:
    """Patients with the last of their sessions."""
    for line in islice(service.archive.patients(), ROUNDS):
        sessions = service.archive.sessions(line.id)
        if sessions:
            yield {"patient": line.id, "session": sessions[0].id}


def _bare(size: int) -> Asked:
    """A page of so many bytes that is ready."""
    content = b"x" * size

    @get("/", sync_to_thread=False)
    def ready() -> bytes:
        return content

    with beside(Litestar([ready], logging_config=None)) as url, closing(_Browser(url, "")) as browser:
        asked = browser.ask(["/"])
    if asked is None:
        raise RuntimeError("a page that is ready was not found")
    return asked


class _Browser:
    """Somebody who is logged in, and asks for one page after the other by one connection."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._cookies = {COOKIE: token} if token else {}

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def ask(self, addresses: Sequence[str], bodies: Sequence[str] = ()) -> Asked | None:
        """Ask ROUNDS times, with each address in turn, and time it; None where the first is not found."""
        times_s, size = list[float](), 0
        for number, address in enumerate(islice(cycle(addresses), WARM + ROUNDS)):
            body = bodies[number % len(bodies)] if bodies else None
            began_s = time.perf_counter()
            status, content = self._once(address, body)
            times_s.append(time.perf_counter() - began_s)
            if status == http.client.NOT_FOUND and not number:
                return None
            if status != _FOUND:
                raise RuntimeError(f"{address} answered {status}: {content[:300]!r}")
            size = len(content)
        return Asked(times_s[WARM:], size)

    def form(self, address: str) -> Filled | None:
        """The form of a page as it comes; None where it is not found."""
        status, content = self._once(address, None)
        return filled(content.decode()) if status == _FOUND else None

    def _once(self, address: str, body: str | None) -> tuple[int, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request("GET" if body is None else "POST", address, body, headers)
        said = self._connection.getresponse()
        for cookie in said.msg.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return said.status, said.read()
