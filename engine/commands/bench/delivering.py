"""One computer that delivers with `steadyreach sync`: a month at once, and beside a game."""

import math
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from engine.commands.bench.clinics import Clinic
from engine.commands.bench.programs import PROGRAM
from engine.commands.bench.recorded import Live, live, saturated
from engine.keys import FOLDER_VARIABLE
from server_sync.client.home import Home, device_of

_LOOK_EVERY_S = 0.02
_START_S = 60.0
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


class Drained(NamedTuple):
    """A delivery: how long it took, its memory at most (nan where the system does not tell), and its exit status."""

    seconds: float
    peak_mb: float
    status: int


class Beside(NamedTuple):
    """A loop while nothing is recorded or delivered, then one with both; whether the delivery went on all the time."""

    without: Live
    both: Live
    delivering: bool


def drain(home: Home, keys: Path) -> Drained:
    """Deliver all of an outbox, once through."""
    begun_s, peak_mb = time.monotonic(), math.nan
    with _syncing(home, keys, "--once") as process:
        while process.poll() is None:
            peak_mb = _peak_mb(process.pid, peak_mb)
            time.sleep(_LOOK_EVERY_S)
    return Drained(time.monotonic() - begun_s, peak_mb, process.returncode)


def out_of_order(clinic: Clinic, home: Home) -> int:
    """How many sessions of a computer the clinic got after one with a higher number."""
    device = device_of(home).device
    with closing(clinic.service()) as service:
        held = sorted((each.number, each.id) for each in service.archive.held() if each.device == device)
        arrived = [service.archive.arrival(session).received_at for _, session in held]
    return sum(later < earlier for earlier, later in pairwise(arrived))


def beside_play(clinic: Clinic, home: Home, keys: Path, folder: Path) -> Beside:
    """Loops at 90 Hz in this process while another one keeps the disk busy; `folder` is where it writes."""
    with saturated(folder / "other"):
        without = live(None)
        with _syncing(home, keys, "--gently") as process:
            _wait_for_pieces(clinic, process)
            both = live(folder / "beside.vrec")
            delivering = process.poll() is None
            process.kill()
    return Beside(without, both, delivering)


def _wait_for_pieces(clinic: Clinic, process: "subprocess.Popen[bytes]") -> None:
    """Until the first recording is on its way, or the delivery has ended."""
    until_s = time.monotonic() + _START_S
    while not any(clinic.folder.glob("incoming/*/*")) and process.poll() is None and time.monotonic() < until_s:
        time.sleep(_LOOK_EVERY_S)


@contextmanager
def _syncing(home: Home, keys: Path, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [*PROGRAM, "sync", "--folder", str(home.client), "--json", *words]
    known = {**os.environ, FOLDER_VARIABLE: str(keys)}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=known) as process:  # noqa: S603 (this program)
        try:
            yield process
        finally:
            process.kill()


def _peak_mb(process: int, otherwise: float) -> float:
    """The most memory that a process has had so far."""
    with suppress(OSError):
        found = _PEAK.search(Path(f"/proc/{process}/status").read_text(encoding="ascii"))
        return int(found[1]) / 1000 if found else otherwise
    return otherwise
