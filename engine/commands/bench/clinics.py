"""A clinic's server as a user starts it, a PostgreSQL for it, and patients' computers that are enrolled there."""

import math
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any, TypeVar

from msgspec.structs import replace

from engine.commands import visits
from engine.commands.bench.programs import Program
from engine.keys import Keys
from engine.records import Recording, Session
from engine.session_folder import FRAMES, begin
from server_sync import wire
from server_sync.client import enrolment
from server_sync.client.home import Home, home_of
from server_sync.client.patience import Patience
from server_sync.clinic.archive import Held
from server_sync.clinic.place import Place
from server_sync.clinic.service import Service
from server_sync.web.serving import MAY_SHARE

PROCESSES = 2
"""That make load; with one each, Python's own lock would bound it."""
_SPAWN = get_context("spawn")
_POSTGRES = Path("/usr/lib/postgresql")

R = TypeVar("R")


@dataclass(frozen=True)
class Clinic:
    """A server that runs: its folder, its database (SQLite in it when empty), address, password and process."""

    folder: Path
    database: str
    url: str
    password: str
    process: int

    def service(self) -> Service:
        """Its data, as a command beside the server opens them."""
        return Service(self.folder, Place(self.database))

    def held(self) -> list[Held]:
        """Every session that it holds."""
        with closing(self.service()) as service:
            return list(service.archive.held())

    def work_s(self) -> float:
        """What its processes have computed so far, in seconds of a core; nan where the system does not tell."""
        try:
            tree = [self.process, *map(int, _proc(self.process, f"task/{self.process}/children").split())]
            return sum(_ticks(_proc(each, "stat")) for each in tree) / os.sysconf("SC_CLK_TCK")
        except OSError:
            return math.nan


class Server(Program):
    """`steadyreach serve` on a free port, which stays the same when it is killed and started again."""

    def __init__(self, folder: Path, database: str = "", workers: int = 2, stderr: int | None = None) -> None:
        """Serve a folder, with its data in a database, SQLite in the folder when that is empty."""
        self.folder, self.database, self.port = folder, database, 0
        self.where = ("--folder", str(folder), *(("--database", database) if database else ()))
        shared = ("--workers", workers if MAY_SHARE else 1, "--port", self.port)
        super().__init__("serve", *self.where, *shared, stdout=subprocess.PIPE, stderr=stderr)

    def ready(self) -> Clinic:
        """Wait until it serves for the first time; raises RuntimeError where it ends instead."""
        said, process = "", self.process
        while process and process.stdout and "Serving at" not in said and (line := process.stdout.readline()):
            said += line
        found = re.search(r"password (\S+).*Serving at (\S+:(\d+))", said, re.DOTALL)
        if process is None or found is None:
            raise RuntimeError(f"the server ended at its start, and said {said!r}")
        self.port = int(found[3])
        self.words[-1] = found[3]
        return Clinic(self.folder, self.database, found[2], found[1], process.pid)


@contextmanager
def serving(folder: Path, database: str = "", workers: int = 2) -> Iterator[Clinic]:
    """`steadyreach serve` on a free port, ended at the end."""
    server = Server(folder, database, workers)
    server.start()
    try:
        yield server.ready()
    finally:
        server.end()


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database in a PostgreSQL of our own, with fsync as by default; "" where there is none."""
    binaries = sorted(_POSTGRES.glob("*/bin/initdb"))
    if not binaries or find_spec("psycopg") is None:
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix="steadyreach-") as name:
        folder, here, user = Path(name), binaries[-1].parent, list[str]()
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(folder, "postgres")

        def run(program: str, *words: object) -> None:
            command = [*user, str(here / program), *map(str, words)]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (found above)

        run("initdb", "-D", folder / "data", "-A", "trust", "-U", "clinic")
        options = f"-c listen_addresses= -c unix_socket_directories={folder}"
        control = ("-D", folder / "data", "-w", "-l", folder / "log")
        run("pg_ctl", *control, "-o", options, "start")
        try:
            run("createdb", "-h", folder, "-U", "clinic", "clinic")
            yield f"postgresql+psycopg://clinic@/clinic?host={folder}"
        finally:
            run("pg_ctl", *control, "-m", "immediate", "stop")


def enrolled(clinic: Clinic, folders: Sequence[Path], keys: Path) -> list[Home]:
    """Computers with these folders, enrolled over the network; their keys are kept in the folder `keys`."""
    homes = [home_of(folder) for folder in folders]
    with closing(clinic.service()) as service:
        codes = [service.devices.new_code() for _ in homes]
    for home, code in zip(homes, codes, strict=True):
        enrolment.enrol(home, clinic.url, code, home.client.name, visits.SOFTWARE, Keys(keys), Patience())
    return homes


def leave(home: Home, visit: Session, id: str, frames: bytes) -> None:
    """Leave a finished session in a computer's outbox, as playing does; `frames` are its recording."""
    folder = begin(home.sessions, replace(visit, id=id))
    (folder.unfinished / FRAMES).write_bytes(frames)
    recorded = Recording(FRAMES, wire.sha256(frames), len(frames), round(visit.seconds * 90))
    folder.write(replace(visit, id=id, recording=recorded))
    folder.finish()


def tiled(frames: bytes, size_bytes: int, id: str) -> bytes:
    """A recording again and again until it has a size, and the id, so that no two are the same."""
    name = id.encode()
    return (frames * (size_bytes // len(frames) + 1))[: size_bytes - len(name)] + name


@contextmanager
def at_once(work: Callable[..., R], shares: Sequence[tuple[Any, ...]]) -> Iterator[list["Future[R]"]]:
    """Have processes of their own do it, each with its share; it goes on from the moment when all are ready.

    `work` gets its share and a barrier, at which it waits when it is ready.
    """
    with _SPAWN.Manager() as manager, ProcessPoolExecutor(len(shares), mp_context=_SPAWN) as pool:
        ready = manager.Barrier(len(shares) + 1)
        working = [pool.submit(work, *share, ready) for share in shares]
        for each in working:
            each.add_done_callback(lambda _: ready.abort())  # nobody waits for one that has failed
        with suppress(BrokenBarrierError):
            ready.wait()
        yield working


def _proc(process: int, name: str) -> str:
    return Path(f"/proc/{process}/{name}").read_text(encoding="ascii")


def _ticks(stat: str) -> int:
    """User's and system's time of a process, the 14th and 15th of what Linux says about it (proc(5))."""
    user, system = stat.rpartition(")")[2].split()[11:13]
    return int(user) + int(system)
