"""A register test in the manner of Jepsen: therapists edit at random, devices fetch through a way that fails.

Every version that a device saw was published, none goes back, no edit is lost without being told, and every session
was played by a published version. The checker is checked with a clinic that writes over what nobody saw.
"""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from prescribed import Web, a_draft, a_home, an_exchange
from routes import a_web
from server_fixtures import SignedDevice, a_service

from engine.commands.following import prepared
from engine.patient import PatientRecord
from server_sync.client.patience import Later
from server_sync.client.prescriptions import pull
from server_sync.clinic.prescriptions import Changed, Prescriptions
from server_sync.clinic.service import Service

AUTHORS, EDITS, DEVICES, PULLS = 3, 8, 2, 8


class Edit(NamedTuple):
    """What an author did: the hash that they saw, the goal that they wrote, and whether they were told of another."""

    seen: str
    goal: str
    told: bool


class Sight(NamedTuple):
    """What a device held after it asked, and what a session there was played by."""

    version: int
    sha256: str


class Failing(Web):
    """A way on which a third of what goes either way is lost, cut or hurt."""

    def __init__(self, client: Any, seed: int) -> None:
        super().__init__(client)
        self._random = random.Random(seed)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self._random.random()
        if fault < 0.12:
            raise httpx.ConnectError("lost on the way there", request=request)
        said = super().handle_request(request)
        body = said.read()
        if fault < 0.20:
            raise httpx.ReadError("lost on the way back", request=request)
        if fault < 0.35 and body:
            at = self._random.randrange(len(body))
            hurt = bytes([body[at] ^ 1 << self._random.randrange(8)]) + body[at + 1 :]
            body = body[:at] + (b"" if fault < 0.27 else hurt)
        return httpx.Response(said.status_code, headers=said.headers, stream=httpx.ByteStream(body))


def edits(clinic: Prescriptions, author: int) -> list[Edit]:
    """Edits at random, of the version that is current or of an old one."""
    dice, made = random.Random(author), list[Edit]()
    for number in range(EDITS):
        there = clinic.history("ada")
        seen = dice.choice(there) if dice.random() < 0.3 else there[-1]
        edit = Edit(seen.sha256, f"goal {author}-{number}", False)
        try:
            clinic.save("ada", a_draft(goal=edit.goal), f"author {author}", edit.seen)
        except Changed:
            edit = edit._replace(told=True)
        made.append(edit)
    return made


def sights(device: SignedDevice, client: Any, folder: Path, seed: int, done: threading.Event) -> list[Sight]:
    """What a device holds time after time: over a way that fails, and, after the last edit, over one that does not."""
    home, failing, seen = a_home(folder), Failing(client, seed), list[Sight]()
    for way in [*[failing] * PULLS, Web(client)]:
        if way is not failing:
            done.wait()
        with an_exchange(device, way) as exchange, suppress(Later):
            pull(exchange, home, ("ada",))
        ready = prepared(PatientRecord(patient="ada"), True, home.sessions, date(2026, 3, 2))
        if ready.prescription is not None and ready.used is not None:
            seen.append(Sight(ready.used.version, ready.used.sha256))
    return seen


def wrong(clinic: Prescriptions, made: list[Edit], seen: list[list[Sight]]) -> list[str]:
    """What contradicts the promise, in words."""
    history = clinic.history("ada")
    published = [Sight(version.prescription.version, version.sha256) for version in history]
    by_goal = {version.prescription.goal: at for at, version in enumerate(history)}
    found = ["versions do not count on"] * ([each.version for each in published] != list(range(1, len(published) + 1)))
    for edit in made:
        at = by_goal.get(edit.goal)
        if (at is None) != edit.told:
            found.append(f"{edit.goal} was {'told to be stopped and published' if edit.told else 'lost untold'}")
        elif at is not None and history[at - 1].sha256 != edit.seen:
            found.append(f"{edit.goal} went over version {at}, which its author never saw")
    for device in seen:
        found += [f"{each} was never published" for each in device if each not in published]
        found += ["versions went back"] * (sorted(each.version for each in device) != [each.version for each in device])
        found += ["the last version did not come"] * (device[-1:] != published[-1:])
    return found


def lived(clinics: list[Service], folder: Path) -> list[str]:
    """Authors and devices at once, and what came of it that may not be."""
    clinics[0].prescriptions.save("ada", a_draft(), "Maja")
    done = threading.Event()
    with a_web(clinics[0]) as client, ThreadPoolExecutor(AUTHORS + DEVICES) as people:
        devices = [SignedDevice(client).enrol(clinics[0], ["ada"]) for _ in range(DEVICES)]
        saw = [people.submit(sights, d, client, folder / str(n), n, done) for n, d in enumerate(devices)]
        wrote = [people.submit(edits, clinics[n % len(clinics)].prescriptions, n) for n in range(AUTHORS)]
        try:
            made = [edit for author in wrote for edit in author.result()]
        finally:
            done.set()
        return wrong(clinics[0].prescriptions, made, [device.result() for device in saw])


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_whatever_fails_on_the_way_the_history_is_one_that_may_be(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database = "" if kind == "sqlite" else str(request.getfixturevalue("clinic_postgres")())
    with a_service(tmp_path / "clinic", database) as one, a_service(tmp_path / "clinic", database) as other:
        assert lived([one, other], tmp_path) == []


def test_the_checker_finds_a_clinic_that_writes_over_what_nobody_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = Prescriptions.save

    def carelessly(self: Prescriptions, pseudonym: str, draft: Any, author: str, *_: str) -> Any:
        while True:
            with suppress(Changed):
                there = self.history(pseudonym)
                return save(self, pseudonym, draft, author, there[-1].sha256 if there else "")

    monkeypatch.setattr(Prescriptions, "save", carelessly)
    with a_service(tmp_path / "clinic") as clinic:
        assert any("never saw" in each for each in lived([clinic], tmp_path))


def test_the_checker_finds_versions_that_go_back_and_those_that_nobody_published(tmp_path: Path) -> None:
    with a_service(tmp_path / "clinic") as clinic:
        first = clinic.prescriptions.save("ada", a_draft(), "Maja")
        second = clinic.prescriptions.save("ada", a_draft(goal="to walk"), "Maja", first.sha256)
        back = [Sight(2, second.sha256), Sight(1, first.sha256)]
        found = wrong(clinic.prescriptions, [Edit(first.sha256, "to dance", False)], [back, [Sight(2, "0" * 64)]])
    assert any("went back" in each for each in found)
    assert any("never published" in each for each in found)
    assert "to dance was lost untold" in found
