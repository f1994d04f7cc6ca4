"""The `sync` bench: what delivery and the clinic's server hold, with real processes and full durability.

Whoever makes the load runs on the same computer, and takes its share of it.
"""

import math
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import zstandard
from msgspec.structs import replace

from engine.commands.bench import delivering, load, returning
from engine.commands.bench.clinics import PROCESSES, Clinic, enrolled, postgres, serving
from engine.commands.bench.load import Load, percentile_ms
from engine.commands.bench.returning import Played
from engine.commands.bench.rows import Row, row
from engine.commands.simulating import simulate
from engine.records import Session, to_json
from engine.session_folder import FRAMES, read_session
from server_sync import wire
from server_sync.client.home import Home, device_of
from server_sync.client.outbox import LEVEL
from server_sync.clinic.database import sqlite_driver

SQLITE, POSTGRES = "SQLite", "PostgreSQL"
AT_LEAST_PER_S = {SQLITE: 300.0, POSTGRES: 500.0}
_AT_ONCE = PROCESSES * load.THREADS
_WITH_ROOM = 1.6
"""Sessions that are made ready for each that must be taken."""
_BARE = 500


@dataclass(frozen=True)
class Size:
    """How much of each: without changes, what the bounds are for."""

    lasting_s: float = 60.0
    devices: int = 100
    batch: int = 5
    identical: int = 64
    returning: int = 200
    each: int = 5
    small_mb: float = 1.0
    month: int = 60
    large_mb: float = 5.0
    beside: int = 120


def run(size: Size = Size()) -> list[Row]:
    """All of it; what a system does not tell is left out, and PostgreSQL's rows where there is none."""
    with tempfile.TemporaryDirectory(prefix="steadyreach-") as name, postgres() as url:
        folder = Path(name)
        simulate(1, 7, folder / "played")
        found = folder / "played" / "simulated-7"
        played = Played(read_session(found), (found / FRAMES).read_bytes())
        kinds = {SQLITE: "", POSTGRES: url} if url else {SQLITE: ""}
        rows = []
        for kind, database in kinds.items():
            with serving(folder / kind, database) as clinic:
                rows += taking(kind, clinic, folder, played.visit, size)
        with serving(folder / "clinic") as clinic:
            rows += many_computers(clinic, folder, played, size)
            rows += one_computer(clinic, folder, played, size)
    return [row for row in rows if math.isfinite(row["value"])]


def taking(kind: str, clinic: Clinic, folder: Path, visit: Session, size: Size) -> list[Row]:
    """What one kind of database takes in: the same at the same moment, a day's sessions together, and one by one."""
    keys, groups = folder / "keys", ("same", "day", "one")
    names = [f"{kind.lower()}-{group}-{number}" for group in groups for number in range(size.devices)]
    homes = enrolled(clinic, [folder / name for name in names], keys)
    same, day, one = (homes[start : start + size.devices] for start in range(0, len(homes), size.devices))
    bound_per_s = AT_LEAST_PER_S[kind]
    most = int(_WITH_ROOM * bound_per_s * size.lasting_s)
    rows = _identical(kind, clinic, same, keys, visit, size.identical)
    before_s = clinic.work_s()
    came = load.deliver(day, keys, visit, size.batch, most, size.lasting_s)
    work_ms = 1e3 * (clinic.work_s() - before_s) / came.sessions
    rows += _sustained(kind, came, size, bound_per_s)
    rows.append(row(f"the server's own work, {kind}", work_ms, "ms/session", "of a core; PostgreSQL's is not in it"))
    rows += _singly(kind, load.deliver(one, keys, visit, 1, most // 2, size.lasting_s / 2))
    return [*rows, _beside_bare(kind, folder, visit)] if kind == SQLITE else rows


def _identical(kind: str, clinic: Clinic, homes: Sequence[Home], keys: Path, visit: Session, times: int) -> list[Row]:
    answered, held = load.collide(homes, keys, visit, times), len(clinic.held())
    others = answered.total() - answered[wire.CREATED] - answered[wire.HELD]
    about = f"{times} posts of each of {len(homes)} sessions at the same moment"
    first = answered[wire.CREATED]
    return [
        row(f"same posts, not one row each, {kind}", abs(held - len(homes)), "sessions", about, at_most=0),
        row(f"same posts, not one first, {kind}", abs(first - len(homes)), "answers", about, at_most=0),
        row(f"same posts, else not held, {kind}", others, "answers", about, at_most=0),
    ]


def _sustained(kind: str, came: Load, size: Size, bound_per_s: float) -> list[Row]:
    about = f"{size.devices} devices, {_AT_ONCE} at once, {size.batch} sessions a request, {came.seconds:.0f} s"
    day = f"1,000 patients' day, {1000 * size.batch:,} sessions, in {1000 * size.batch / came.per_s:.0f} s"
    return [
        row(f"sessions taken, {kind}", came.per_s, "sessions/s", about, at_least=bound_per_s),
        row(f"a request, p99, {kind}", came.p99_ms, "ms", day, at_most=500.0),
    ]


def _singly(kind: str, came: Load) -> list[Row]:
    about = "the same, one session a request"
    return [
        row(f"sessions taken singly, {kind}", came.per_s, "sessions/s", about),
        row(f"a single session, p99, {kind}", came.p99_ms, "ms", about),
    ]


def _beside_bare(kind: str, folder: Path, visit: Session) -> Row:
    """What a script would do that keeps what it is sent: no check, no signature, one transaction each."""
    content = to_json(replace(visit, recording=None))
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(content)
    with closing(sqlite_driver().connect(folder / "bare.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE session (id TEXT PRIMARY KEY, content BLOB)")
        begun_s = time.monotonic()
        for number in range(_BARE):
            database.execute("INSERT INTO session VALUES (?, ?)", (str(number), packed))
        per_s = _BARE / (time.monotonic() - begun_s)
    return row(f"bare inserts, {kind}", per_s, "sessions/s", "a commit each on this disk, no network, nothing checked")


def many_computers(clinic: Clinic, folder: Path, played: Played, size: Size) -> list[Row]:
    """Many computers deliver at once, and a therapist looks at pages meanwhile."""
    keys = folder / "keys"
    first, *homes = enrolled(clinic, [folder / f"back-{number}" for number in range(size.returning + 1)], keys)
    recording_bytes = round(1e6 * size.small_mb)
    returning.fill(first, played, 1, recording_bytes)
    returning.deliver(first, keys)
    came = returning.storm(clinic, homes, keys, played, size.each, recording_bytes)
    theirs = {device_of(home).device for home in homes}
    held = sum(each.recording_held and each.device in theirs for each in clinic.held())
    about = f"{size.returning} computers, {size.each} sessions each, recordings of {size.small_mb:g} MB"
    pages = f"{len(came.pages_s)} pages, one a second; 1 s keeps a train of thought (Nielsen 1993)"
    return [
        row("back at once, all acknowledged", came.seconds, "s", about, at_most=300.0),
        row("back at once, held with recordings", held, "sessions", about, at_least=size.returning * size.each),
        row("a page meanwhile, p95", percentile_ms(came.pages_s, 95), "ms", pages, at_most=500.0),
    ]


def one_computer(clinic: Clinic, folder: Path, played: Played, size: Size) -> list[Row]:
    """One computer delivers a month, and another one while somebody plays on it."""
    keys, large_bytes = folder / "keys", round(1e6 * size.large_mb)
    away, busy = enrolled(clinic, [folder / "away", folder / "busy"], keys)
    returning.fill(away, played, size.month, large_bytes)
    drained = delivering.drain(away, keys)
    late = delivering.out_of_order(clinic, away)
    returning.fill(busy, played, size.beside, large_bytes)
    beside = delivering.beside_play(clinic, busy, keys, folder)
    about = f"{size.month} sessions, recordings of {size.large_mb:g} MB, status {drained.status}"
    without = beside.without
    return [
        row("a month, delivered", drained.seconds, "s", about, at_most=120.0),
        row("a month, most memory", drained.peak_mb, "MB", about, at_most=200.0),
        row("a month, out of order", late, "sessions", "the order in which they were finished", at_most=0),
        row("a month, not delivered", drained.status, "exit", about, at_most=0),
        row("longest frame, of its own", float(beside.both.work_us.max()), "µs", _BUSY, at_most=1000.0),
        row("longest frame, of all", float(beside.both.over_us.max()), "µs", f"{without.over_us.max():.0f} of nothing"),
        row(
            "frames that began 1 ms late", beside.both.late, "frames", f"{without.late} without recording and delivery"
        ),
        row("delivery went on all the time", beside.delivering, "of 1", _BUSY, at_least=1),
    ]


_BUSY = "another process writes and syncs all the time, steadyreach sync delivers"
