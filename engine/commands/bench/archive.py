"""The `archive` bench: how many hours of patients a core measures in a second, and how many jobs a worker ends."""

import os
import time
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from calibration import imported
from engine import bsor, recording
from engine.commands.archive import one_thread_each
from engine.commands.bench.rows import Row, row
from engine.commands.measured import measured
from engine.commands.simulating import simulate
from engine.records import Session, to_json
from engine.session_folder import FRAMES, RECORD
from server_sync.clinic.jobs import Jobs, work
from server_sync.clinic.service import ClinicKeys, Service

LASTING_S = 1200.0
STEP_NS = 11_111_111
CALIBRATED_FRAMES = 9000
JOBS, ROUNDS = 300, 3


class _Visit(NamedTuple):
    """A recording, its session, how long it is, and whose it is in words."""

    frames: bytes
    record: bytes
    seconds: float
    whose: str


def run() -> list[Row]:
    """Patient-hours a second on one core, of both tiers, and jobs a second on SQLite."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        visit = _played(folder) or _simulated(folder)
        archived = visit._replace(frames=_archive(visit.frames, folder))
        with one_thread_each(), get_context("spawn").Pool(1) as worker:
            rates = [visit.seconds / 3600 / worker.apply(_seconds, (each,)) for each in (visit, archived)]
        jobs_per_s = _jobs_per_s(folder)
    unit = "hours/s/core"
    return [
        row("measuring recordings again", rates[0], unit, visit.whose, at_least=1.0),
        row("measuring archived recordings again", rates[1], unit, visit.whose),
        row("jobs that do nothing", jobs_per_s, "jobs/s", "one worker, SQLite, on the disk each time", at_least=20.0),
    ]


def _seconds(visit: _Visit) -> float:
    keys = ClinicKeys(bytes(32))
    times = []
    for _ in range(ROUNDS):
        began_s = time.process_time()
        measured(visit.frames, visit.record, keys)
        times.append(time.process_time() - began_s)
    return min(times)


def _played(folder: Path) -> _Visit | None:
    """Twenty minutes of a person who plays, at 90 Hz, where their recording is at hand."""
    path = Path(os.environ.get("STEADYREACH_DATA", "")) / "vr_beatsaber" / "simsaber_bang.bsor"
    if not path.is_file():
        return None
    once = bsor.read(path)
    parts, lasting_ns = [], 0
    while lasting_ns < LASTING_S * 1e9:
        part = once.copy()
        part["time_ns"] += lasting_ns - once["time_ns"][0]
        parts.append(part)
        lasting_ns = int(part["time_ns"][-1]) + STEP_NS
    known = imported.measure(once[:CALIBRATED_FRAMES], "2026-01-05T09:00:00+00:00")
    about = ("bench", "nobody", known.measured_at, LASTING_S, "bsor", "", "", 0, "", "finished")
    frames = folder / "played.vrec"
    with recording.Writer(frames, {}) as writer:
        for each in np.concatenate(parts):
            writer.write(each.tobytes())
    record = to_json(Session(*about, calibration=known))
    return _Visit(frames.read_bytes(), record, lasting_ns * 1e-9, "20 min of a person who plays at 90 Hz")


def _simulated(folder: Path) -> _Visit:
    simulate(1, 0, folder)
    session = folder / "simulated-0"
    frames = (session / FRAMES).read_bytes()
    time_ns = recording.read(session / FRAMES).rows["time_ns"]
    seconds = float(time_ns[-1] - time_ns[0]) * 1e-9
    return _Visit(frames, (session / RECORD).read_bytes(), seconds, f"{seconds:.0f} s of a simulated patient")


def _archive(frames: bytes, folder: Path) -> bytes:
    original, archive = folder / "original.vrec", folder / "archive.vrec"
    original.write_bytes(frames)
    recording.archive(original, archive)
    return archive.read_bytes()


def _jobs_per_s(folder: Path) -> float:
    with closing(Service(folder / "clinic")) as service:
        jobs = Jobs(service.store, lambda: datetime.now(UTC))
        jobs.add("nothing", map(str, range(JOBS)))
        began_s = time.perf_counter()
        work(jobs, "bench", {"nothing": lambda _: lambda _: None}, until_empty=True)
        return JOBS / (time.perf_counter() - began_s)
