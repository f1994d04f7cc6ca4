"""Consistent copies of a clinic's database while it is written to, and the way back."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import DatabaseError

from server_sync.clinic.database import sqlite_driver
from server_sync.clinic.private import make_file

SQLITE, POSTGRESQL = "sqlite", "postgresql"
_POSTGRES_FOLDERS = Path("/usr/lib/postgresql")  # where Debian keeps programs of each version
_SAID = 500


class DatabaseTrouble(RuntimeError):
    """A database that cannot be copied or brought back; the message says which step, and what its program said."""


def kind_of(url: str) -> str:
    """SQLITE or POSTGRESQL."""
    return make_url(url).get_backend_name()


def dump(url: str, target: Path) -> None:
    """Copy a database as it is at one moment; others go on writing. The file must not exist, or be empty."""
    if kind_of(url) == POSTGRESQL:
        _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        return
    if not file_of(url).is_file():  # to open it would make one
        raise DatabaseTrouble(f"there is no database {file_of(url)}")
    # The incremental interface of SQLite begins anew whenever another connection writes; this reads one snapshot.
    with closing(sqlite_driver().connect(file_of(url))) as database:
        database.execute("VACUUM INTO ?", (str(target),))


def check(dumped: Path, kind: str) -> None:
    """Look through a copy; raises DatabaseTrouble where it is damaged."""
    if kind == POSTGRESQL:
        _run("pg_restore", "", "--list", str(dumped))
        return
    driver = sqlite_driver()
    try:
        with closing(driver.connect(f"{dumped.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check")]
    except driver.DatabaseError as reason:
        found = [str(reason)]
    if found != ["ok"]:
        raise DatabaseTrouble(f"{dumped} is damaged: {'; '.join(found)[:_SAID]}")


def restore(dumped: Path, url: str) -> None:
    """Bring a copy back into a database that is `empty`."""
    if kind_of(url) == POSTGRESQL:
        name = make_url(url).database or ""
        options = ("--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
        _run("pg_restore", url, *options, f"--dbname={name}", str(dumped))
        return
    make_file(file_of(url))
    shutil.copyfile(dumped, file_of(url))


def empty(url: str) -> bool:
    """Whether nothing is in a database yet: no file, or no table."""
    if kind_of(url) == SQLITE:
        return not file_of(url).exists()
    with reading(url) as database:
        tables = text("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
        return not database.execute(tables).scalar_one()


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """A look at a database as it is, which does not bring it to this version's tables; raises DatabaseTrouble."""
    engine = create_engine(url, **({"module": sqlite_driver()} if kind_of(url) == SQLITE else {}))
    try:
        with engine.connect() as database:
            yield database
    except DatabaseError as reason:
        raise DatabaseTrouble(f"the database: {str(reason.orig).splitlines()[0]}") from None
    finally:
        engine.dispose()


def file_of(url: str) -> Path:
    """The file of a SQLite database."""
    return Path(make_url(url).database or "")


def _run(program: str, url: str, *arguments: str) -> None:
    command = [_program(program), *arguments]
    environment = {**os.environ, **(_environment(make_url(url)) if url else {})}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if ended.returncode:
        raise DatabaseTrouble(f"{program} ended with {ended.returncode}: {ended.stderr.strip()[:_SAID]}")


def _program(name: str) -> str:
    """The newest that Debian has, which reads what all older ones wrote, else the one that is found in PATH."""
    here = sorted(_POSTGRES_FOLDERS.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3].partition(".")[0]))
    found = str(here[-1]) if here else shutil.which(name)
    if found is None:
        raise DatabaseTrouble(f"there is no {name} in PATH: install the client programs of PostgreSQL")
    return found


def _environment(url: URL) -> Mapping[str, str]:
    """How PostgreSQL's programs are told where and who: not as arguments, which everybody on a computer can read."""
    said = {
        "PGHOST": url.host or str(url.query.get("host", "")),
        "PGPORT": str(url.port or url.query.get("port", "")),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
        "PGDATABASE": url.database or "",
        "PGSSLMODE": str(url.query.get("sslmode", "")),
    }
    return {name: value for name, value in said.items() if value}
