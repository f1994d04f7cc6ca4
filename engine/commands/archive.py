"""The commands over a clinic's whole archive: measures made anew, and work that goes on."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from engine.commands.answer import fail, tell
from engine.commands.clinic import KeysUrl, opened

if TYPE_CHECKING:
    from server_sync.clinic.jobs import Failure, Jobs
    from server_sync.clinic.recompute import Recompute
    from server_sync.clinic.service import Service

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""How libraries of linear algebra are told to leave the other cores to the other workers."""
ENDINGS = (".csv", ".parquet")
LOOK_FOR_NEW_S = 60.0
SHORT_PATIENCE_S = 5.0
"""How long a worker waits for another FHIR server that takes nothing: others of its jobs may wait."""
MOST_TOLD = 10

Told = Callable[[int, int], None]

app = typer.Typer()
Folder = Annotated[Path, typer.Option(help="the server's folder: database and recordings")]
Database = Annotated[str, typer.Option(help="another database than SQLite in the folder, as a SQLAlchemy URL")]
Recordings = Annotated[str, typer.Option(help="another place for recordings than the folder, as s3://bucket/prefix")]
Workers = Annotated[int, typer.Option(min=0, help="processes that work; 0 takes as many as there are cores")]
Older = Annotated[int, typer.Option(min=0, help="archive recordings of sessions older than so many days; 0: none")]
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


class Where(NamedTuple):
    """Where a clinic is kept: a folder, and URLs of what is kept elsewhere."""

    folder: Path
    database: str = ""
    recordings: str = ""
    keys: str = ""


class Opened(NamedTuple):
    """A clinic, its jobs, and the measures of its recordings."""

    service: "Service"
    jobs: "Jobs"
    measures: "Recompute"


@app.command()
def recompute(
    folder: Folder,
    database: Database = "",
    recordings: Recordings = "",
    keys: KeysUrl = "",
    workers: Workers = 0,
    dask: Annotated[str, typer.Option(help="the address of a Dask cluster that does it, as tcp://host:8786")] = "",
    out: Annotated[Path | None, typer.Option(help="the table of all measures to write, .csv or .parquet")] = None,
    as_json: Json = False,
) -> None:
    """Measure every recording that these measures have not measured yet, and write the table of all."""
    from server_sync.clinic import lost_recordings

    if out is not None and out.suffix not in ENDINGS:
        fail(f"{out} must end in {' or '.join(ENDINGS)}")
    place = Where(folder, database, recordings, keys)
    with _opened(place) as clinic:
        lost_recordings.note(clinic.service.store, clinic.service.objects)
        version, missing = clinic.measures.version, len(clinic.measures.missing())
        with bar("measured", not as_json) as told:
            failures = _on_dask(clinic, dask, told) if dask else _by_processes(clinic, place, workers, told)
        if out is not None:
            _write(clinic, out)
        measured = missing - len(clinic.measures.missing())
    answer = {"measures": version, "measured": measured, "failed": [each._asdict() for each in failures]}
    tell(answer, as_json, f"{measured} recordings measured with measures {version}" + (f": {out}" if out else ""))
    _fail_of(failures)


@app.command()
def work(
    folder: Folder,
    database: Database = "",
    recordings: Recordings = "",
    keys: KeysUrl = "",
    workers: Workers = 0,
    older_days: Older = 0,
    once: Annotated[bool, typer.Option("--once", help="end when nothing is left to do")] = False,
) -> None:
    """Measure what arrives, archive what is old, bring records to other servers; several machines may do so at once."""
    from server_sync.clinic import lost_recordings
    from server_sync.clinic.pushes import PUSHING, Pushes
    from server_sync.clinic.tiers import ARCHIVING, add_old
    from server_sync.clinic.workers import Crew

    place = Where(folder, database, recordings, keys)
    with _opened(place) as clinic, Pushes(clinic.service) as pushes:
        rounds = lost_recordings.Rounds(clinic.service.store, clinic.service.objects)

        def add() -> None:
            rounds.look()
            clinic.jobs.add(clinic.measures.kind, clinic.measures.missing())
            pushes.add(clinic.jobs)
            if older_days:
                add_old(clinic.service.store, clinic.jobs, timedelta(days=older_days))

        add()
        kinds = (clinic.measures.kind, PUSHING, *([ARCHIVING] if older_days else []))
        with one_thread_each(), Crew(clinic.jobs, _cores(workers), partial(work_off, place, kinds, once)) as crew:
            crew.watch((lambda: None) if once else _now_and_then(add))
        counts = clinic.jobs.counts(kinds)
        typer.echo(", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "nothing to do")
        _fail_of(clinic.jobs.failures(kinds))


def work_off(place: Where, kinds: Sequence[str], until_empty: bool, worker: str) -> None:
    """What a worker process does: jobs of these kinds, one after the other."""
    from server_sync.clinic.jobs import work
    from server_sync.clinic.pushes import PUSHING, Pushes
    from server_sync.clinic.tiers import ARCHIVING, archiving
    from server_sync.clinic.workers import orphaned

    with _opened(place) as clinic, Pushes(clinic.service, SHORT_PATIENCE_S) as pushes:
        ways = {
            clinic.measures.kind: clinic.measures.work(),
            PUSHING: pushes.work(),
            ARCHIVING: archiving(clinic.service.vault, clinic.service.keys()),
        }
        work(clinic.jobs, worker, {kind: ways[kind] for kind in kinds}, until_empty, orphaned)


def _by_processes(clinic: Opened, place: Where, workers: int, told: Told) -> "list[Failure]":
    from server_sync.clinic.workers import Crew

    jobs, kinds = clinic.jobs, (clinic.measures.kind,)
    missing = clinic.measures.missing()
    jobs.add(clinic.measures.kind, missing)
    jobs.again(kinds)
    if missing:
        with one_thread_each(), Crew(jobs, _cores(workers), partial(work_off, place, kinds, True)) as crew:
            crew.watch(lambda: told(len(missing) - jobs.left(kinds), len(missing)))
    return jobs.failures(kinds)


def _on_dask(clinic: Opened, address: str, told: Told) -> "list[Failure]":
    from server_sync.clinic import on_dask

    return on_dask.recompute(clinic.measures, address, told)


def _write(clinic: Opened, out: Path) -> None:
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.measure_table import lines, write_csv, write_parquet

    clinic.service.audit.note(COMMAND, "write a table of measures")
    table = lines(clinic.service.store, clinic.service.patients, clinic.measures.versions)
    (write_csv if out.suffix == ".csv" else write_parquet)(table, out)


@contextmanager
def _opened(place: Where) -> Iterator[Opened]:
    from engine.commands.measured import measured, version
    from server_sync.clinic.jobs import Jobs
    from server_sync.clinic.recompute import Measuring, Recompute
    from server_sync.clinic.service import utc_now

    with closing(opened(*place)) as service:
        measures = Recompute(service, Measuring(version, measured))
        yield Opened(service, Jobs(service.store, utc_now), measures)


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Have the processes that are started meanwhile compute with one thread each.

    Several in one process are slower where each core has a worker, and may add numbers in another order.
    """
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def bar(what: str, shown: bool) -> Iterator[Told]:
    """A bar on a terminal, nothing elsewhere; gives a function that is told how many are done, of how many."""
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not (shown and console.is_terminal)) as progress:
        bar = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _now_and_then(add: Callable[[], None]) -> Callable[[], None]:
    last_s = time.monotonic()

    def perhaps() -> None:
        nonlocal last_s
        if time.monotonic() - last_s > LOOK_FOR_NEW_S:
            last_s = time.monotonic()
            add()

    return perhaps


def _cores(workers: int) -> int:
    return workers or os.cpu_count() or 1


def _fail_of(failures: "Sequence[Failure]") -> None:
    if failures:
        some = "; ".join(f"{failure.key}: {failure.error}" for failure in failures[:MOST_TOLD])
        fail(f"{len(failures)} jobs were given up, run the command again to try again: {some}")
