"""Whether anything is lost: patients' computers and a clinic that are killed, over a network that breaks things.

Real processes throughout: `steadyreach sync` on several computers, whose folders fill with sessions meanwhile, and
`steadyreach serve`. Both are killed at random moments and started again; between them stands a `FaultyProxy`. At the
end the faults stop, everything is delivered, and what the clinic holds is compared with what was played.
"""

import hashlib
import json
import random
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from engine import recording, records
from engine.commands.bench.clinics import Server
from engine.commands.bench.programs import PROGRAM, Program
from engine.commands.bench.proxy import FaultyProxy
from engine.commands.bench.rows import Row, row
from engine.commands.simulating import simulate
from engine.records import Recording
from engine.session_folder import FRAMES, RECORD, begin, finished, numbers, read_session
from server_sync.clinic.sealed_stream import NotOpened
from server_sync.clinic.service import Service

SHARE = 0.4
_START_S, _END_S = 60.0, 300.0
_ROWS = 1800
_CLIENT_LIVES_S, _SERVER_LIVES_S = (0.3, 3.0), (1.0, 5.0)
_RECORDINGS = "recordings/??/*"


@dataclass(frozen=True)
class Size:
    """How much chaos: patients' computers, sessions on each, and kills of each kind at least."""

    computers: int
    sessions: int
    client_kills: int
    server_kills: int
    workers: int = 1


LONG = Size(computers=3, sessions=200, client_kills=500, server_kills=200, workers=2)


@dataclass
class Outcome:
    """What came of it: what was played, killed, and is wrong at the end, by session id."""

    played: int = 0
    trials: int = 0
    client_kills: int = 0
    server_kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> dict[str, list[str]]:
        """What there must be nothing of."""
        return {"lost": self.lost, "doubled": self.doubled, "corrupt": self.corrupt, "gaps": self.gaps}


def run(size: Size = LONG, seed: int = 1, database: str = "") -> list[Row]:
    """Chaos as rows of a bench."""
    with tempfile.TemporaryDirectory(prefix="steadyreach-") as folder:
        came = chaos(Path(folder), size, seed, database)
    about = f"{came.played} sessions, {came.trials} trials, {came.seconds:.0f} s"
    faults = f"{sum(came.faults.values()) - came.faults['none']} of {sum(came.faults.values())} connections"
    return [
        row("clients killed", came.client_kills, "kills", about, at_least=size.client_kills),
        row("servers killed", came.server_kills, "kills", faults, at_least=size.server_kills),
        *(
            row(f"sessions {what}", len(ids), "sessions", " ".join(ids[:3]), at_most=0)
            for what, ids in came.wrong.items()
        ),
    ]


def chaos(folder: Path, size: Size, seed: int, database: str = "") -> Outcome:
    """Live through it in an empty folder; `database` is the clinic's, SQLite in its folder when empty."""
    rng, came, begun_s = random.Random(seed), Outcome(), time.monotonic()
    clinic = Server(folder / "clinic", database, size.workers, stderr=subprocess.DEVNULL)
    with _living(clinic), FaultyProxy(clinic.port, SHARE, seed) as network:
        computers = [_Computer(folder / f"computer-{number}", number) for number in range(size.computers)]
        for computer in computers:
            computer.enrol(_said("enrol", *clinic.where).strip(), network.port)
        _storm(clinic, computers, size, rng, came)
        network.share = 0.0
        _back(clinic)
        for computer in computers:
            computer.finish()
        came.faults = network.met
    _judge(clinic, computers, came)
    came.seconds = time.monotonic() - begun_s
    return came


@contextmanager
def _living(clinic: Server) -> Iterator[None]:
    """Be there from now on, until killed, and not after the end."""
    clinic.start()
    try:
        clinic.ready()
        yield
    finally:
        clinic.kill()


def _back(clinic: Server) -> None:
    """Serve again, and wait until somebody listens."""
    until_s = time.monotonic() + _START_S
    while not _listens(clinic.port) and time.monotonic() < until_s:
        clinic.start()
        time.sleep(0.05)


def _storm(clinic: Server, computers: Sequence["_Computer"], size: Size, rng: random.Random, came: Outcome) -> None:
    """Kill and start again until enough was killed and played."""
    template = _Template(computers[0].folder.parent / "template")
    clinic.dies_at_s = time.monotonic() + rng.uniform(*_SERVER_LIVES_S)
    while came.client_kills < size.client_kills or came.server_kills < size.server_kills or came.played < _all(size):
        due = size.sessions * (came.client_kills + 1) / size.client_kills
        for computer in computers:
            if computer.played < min(due, size.sessions):
                template.play(computer.folder, f"{computer.name}-{computer.played:04d}", rng)
                computer.played += 1
                came.played += 1
                came.trials += template.trials
            came.client_kills += computer.turn(rng)
        came.server_kills += clinic.turn(rng, _SERVER_LIVES_S)
        time.sleep(0.02)


def _all(size: Size) -> int:
    return size.computers * size.sessions


class _Template:
    """A simulated visit, of which others are made: with another id, other trials and another stretch of frames."""

    def __init__(self, folder: Path) -> None:
        simulate(1, 7, folder)
        self._visit = read_session(folder / "simulated-7")
        rows = recording.read(folder / "simulated-7" / FRAMES).rows
        self._rows = [row.tobytes() for row in rows]
        self.trials = sum(len(block.trials) for block in self._visit.blocks)

    def play(self, sessions: Path, id: str, rng: random.Random) -> None:
        """Write a finished session, as the loop does."""
        folder, first = begin(sessions, replace(self._visit, id=id)), rng.randrange(len(self._rows) - _ROWS)
        with folder.writer({"session": id}) as writer:
            for packed in self._rows[first : first + rng.randrange(90, _ROWS)]:
                writer.write(packed)
        made = Recording(FRAMES, writer.sha256, writer.bytes, writer.rows)
        folder.write(replace(self._visit, id=id, seconds=round(rng.uniform(60.0, 900.0), 3), recording=made))
        folder.finish()


class _Computer:
    """A patient's computer: its folder of sessions, and the program that delivers them."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.name, self.played = folder, f"visit-{number}", 0
        self._syncing = Program("sync", "--folder", folder, stderr=subprocess.DEVNULL)

    def enrol(self, code: str, port: int) -> None:
        """Become a device of the clinic behind a port, however often it must be asked."""
        _until_it_works("enrol", code, "--server", f"http://127.0.0.1:{port}", "--folder", self.folder)

    def turn(self, rng: random.Random) -> int:
        """Kill the delivery if its time has come, and start it again; the number of kills."""
        return self._syncing.turn(rng, _CLIENT_LIVES_S)

    def finish(self) -> None:
        """Deliver what is left, undisturbed."""
        self._syncing.kill()
        _until_it_works("sync", "--folder", self.folder, "--once", "--json")


def _judge(clinic: Server, computers: Sequence[_Computer], came: Outcome) -> None:
    """Compare what the clinic holds, byte for byte, with what lies on the computers."""
    held: list[dict[str, Any]] = json.loads(_said("export", "--server-folder", *clinic.where[1:], "--json"))
    by_id = {each["id"]: each for each in held}
    counted = Counter(each["id"] for each in held) + Counter(f"{each['device']} {each['number']}" for each in held)
    came.doubled = [name for name, times in counted.items() if times > 1]
    recordings = _recordings(clinic.folder)
    for computer in computers:
        folders = finished(computer.folder)
        came.lost += [folder.name for folder in folders if folder.name not in by_id]
        came.lost += [f"{computer.name}, {computer.played - len(folders)} of them"] * (len(folders) != computer.played)
        came.corrupt += [folder.name for folder in folders if not _same(folder, by_id.get(folder.name), recordings)]
        there = sorted(by_id[folder.name]["number"] for folder in folders if folder.name in by_id)
        came.gaps += (
            [] if there == sorted(numbers(computer.folder)) == list(range(1, len(there) + 1)) else [computer.name]
        )
    came.corrupt += [name for name, sha256 in recordings.items() if name != sha256]


def _recordings(folder: Path) -> dict[str, str]:
    """The SHA-256 of what each recording of a clinic is opened to, by its name, which should be the same."""
    with closing(Service(folder)) as service:
        keys = [path.relative_to(folder).as_posix() for path in folder.glob(_RECORDINGS)]
        return {key.rpartition("/")[2]: _opened_sha256(service, key) for key in keys}


def _opened_sha256(service: Service, key: str) -> str:
    try:
        return _sha256(b"".join(service.vault.read(key)))
    except NotOpened:
        return "damaged"


def _same(folder: Path, held: dict[str, Any] | None, recordings: dict[str, str]) -> bool:
    if held is None:
        return True  # it is lost, which is told elsewhere
    record = records.plain(folder / RECORD)
    frames_sha256 = _sha256((folder / FRAMES).read_bytes())
    whole = held["recording_sha256"] == frames_sha256 == recordings.get(frames_sha256)
    return bool(whole and held["sha256"] == _sha256(record))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _said(*words: object) -> str:
    command = [*PROGRAM, *map(str, words)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 (this program)


def _until_it_works(*words: object) -> None:
    until_s = time.monotonic() + _END_S
    while True:
        try:
            _said(*words)
            return
        except subprocess.CalledProcessError:
            if time.monotonic() > until_s:
                raise


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True
