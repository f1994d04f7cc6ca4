"""Many computers that come back at once after a time without their clinic, while a therapist looks at pages."""

import re
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.cookiejar import CookieJar
from pathlib import Path
from threading import Barrier, Event
from typing import NamedTuple

from msgspec.structs import replace

from engine.commands.bench.clinics import PROCESSES, Clinic, at_once, leave, tiled
from engine.keys import Keys
from engine.records import Session
from server_sync.client.delivery import deliver as once_through
from server_sync.client.home import Home, device_of
from server_sync.client.patience import Patience
from server_sync.client.turns import until_delivered

_PAGE_EVERY_S = 1.0


class Played(NamedTuple):
    """A visit and its recording, of which all others are made."""

    visit: Session
    frames: bytes


class Returned(NamedTuple):
    """Computers that came back: how long until all was delivered, and the seconds that each page took meanwhile."""

    seconds: float
    pages_s: tuple[float, ...]


def storm(
    clinic: Clinic, homes: Sequence[Home], keys: Path, played: Played, sessions: int, size_bytes: int
) -> Returned:
    """All computers deliver at once, from threads of a few processes; a session to look at must be there before."""
    shares = [(homes[n::PROCESSES], keys, played, sessions, size_bytes) for n in range(PROCESSES)]
    therapist = _Therapist(clinic)
    with at_once(_return, shares) as coming, therapist.looking() as pages_s:
        seconds = max(each.result() for each in coming)
    return Returned(seconds, tuple(pages_s))


def _return(homes: Sequence[Home], keys: Path, played: Played, sessions: int, size_bytes: int, ready: Barrier) -> float:
    """Fill these computers' outboxes, then deliver them; the seconds that this took."""
    for home in homes:
        fill(home, played, sessions, size_bytes)

    with ThreadPoolExecutor(len(homes)) as computers:
        ready.wait()
        begun_s = time.monotonic()
        list(computers.map(partial(deliver, keys=keys), homes))
    return time.monotonic() - begun_s


def deliver(home: Home, keys: Path) -> None:
    """What `steadyreach sync` does, in this process: deliver until nothing waits."""
    until_delivered(
        home, Patience(), lambda: once_through(home, device_of(home), Keys(keys), Patience()), lambda _: None
    )


def fill(home: Home, played: Played, sessions: int, size_bytes: int) -> None:
    """Leave sessions of one patient, with recordings of a size."""
    name = home.client.name
    visit = replace(played.visit, patient=f"patient-{name}")
    for number in range(1, sessions + 1):
        session = f"{name}-{number:03}"
        leave(home, visit, session, tiled(played.frames, size_bytes, session))


class _Therapist:
    """Somebody who is logged in, and looks at the list, at a patient and at a session, again and again."""

    def __init__(self, clinic: Clinic) -> None:
        self._url, self._browser = (
            clinic.url,
            urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())),
        )
        token = re.search(r'_csrf_token" value="([^"]+)"', self._page("/login"))
        form = {"_csrf_token": token[1] if token else "", "login": "therapist", "password": clinic.password}
        self._page("/login", urllib.parse.urlencode(form).encode())
        listed = self._links("/patients", "patients")
        self._pages = ("/patients", listed[0], self._links(listed[0], "sessions")[0])

    @contextmanager
    def looking(self) -> Iterator[list[float]]:
        """A page each second; the list fills with how long each took from when it was wanted."""
        ended, seconds = Event(), list[float]()
        with ThreadPoolExecutor(1) as person:
            looking = person.submit(self._look, ended, seconds)
            try:
                yield seconds
            finally:
                ended.set()
            looking.result()

    def _look(self, ended: Event, seconds: list[float]) -> None:
        due_s = begun_s = time.monotonic()
        while not (seconds and ended.wait(max(0.0, due_s - time.monotonic()))):
            self._page(self._pages[len(seconds) % len(self._pages)])
            seconds.append(time.monotonic() - due_s)
            due_s = begun_s + len(seconds) * _PAGE_EVERY_S

    def _links(self, page: str, kind: str) -> list[str]:
        return re.findall(rf'href="(/{kind}/(?!new")[^"/]+)"', self._page(page))

    def _page(self, address: str, form: bytes | None = None) -> str:
        with self._browser.open(self._url + address, form, timeout=60) as answer:
            content: str = answer.read().decode()
        return content
