"""What worker processes do in tests; apart from these, because each process imports it anew."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, insert

from server_sync.clinic.database import Database
from server_sync.clinic.jobs import Jobs, Writing, work
from server_sync.clinic.tables import Setting

MARKER = "STEADYREACH_TEST_MARKER"


def double_all(url: str, worker: str) -> None:
    """Work off all jobs of the kind double."""
    store = Database(url)
    work(Jobs(store, lambda: datetime.now(UTC)), worker, {"double": doubling}, until_empty=True)
    store.close()


def doubling(key: str) -> Writing:
    """A key twice, when it is a number; a second row of it would not be taken."""
    int(key)
    time.sleep(0.02)
    row = {"name": key, "value": f"{key}{key}"}

    def write(db: Connection) -> None:
        db.execute(insert(Setting).values(row))

    return write


def end(_: str) -> None:
    """End as one does that cannot begin."""
    raise SystemExit(3)


def measured_unless_killed(content: bytes, record: bytes, keys: object) -> bytes:
    """What a worker measures with that is killed in the middle: the first that comes here."""
    from engine.commands import measured

    try:
        os.close(os.open(os.environ[MARKER], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return measured.measured(content, record, keys)
    os._exit(9)


def work_off_unless_killed(place: tuple[Path], kinds: tuple[str, ...], marker: Path, worker: str) -> None:
    """The work of `engine.commands.archive`, by workers of which one is killed."""
    from engine.commands import archive, measured

    os.environ[MARKER] = str(marker)
    real = measured.measured

    def unless_killed(content: bytes, record: bytes, keys: object) -> bytes:
        measured.measured = real
        return measured_unless_killed(content, record, keys)

    measured.measured = unless_killed  # this is a process of its own
    archive.work_off(archive.Where(*place), kinds, True, worker)
