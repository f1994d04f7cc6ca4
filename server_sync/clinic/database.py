"""A database: connections that are safe under concurrency, the same on SQLite and PostgreSQL."""

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, Executable, Row, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from server_sync.clinic.private import make_file

WAL_RESET_FIXED = (3, 51, 3)
POOL = 5
"""Connections that a process keeps to PostgreSQL, which has 100 for all; as many again for a while."""
_PATIENCE_S = 30
_LOOK_AGAIN_S = 0.02


class Database:
    """One database, opened."""

    def __init__(self, url: str) -> None:
        """Open by SQLAlchemy URL; raises sqlalchemy.exc.OperationalError when there is none."""
        self.engine = engine_of(url)
        self._reading = self.engine.execution_options(reading=True)
        self._looking = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only looks."""
        with self._reading.begin() as connection:
            yield connection

    def look(self, query: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """The answer to one question, without the time that a transaction takes."""
        with self._looking.connect() as connection:
            return connection.execute(query, values).all()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may change things: one at a time on SQLite."""
        with self.engine.begin() as connection:
            yield connection

    def once(self, table: type[DeclarativeBase]) -> Any:
        """An insert that leaves alone what is there already, by its key."""
        insert = postgresql.insert if self.engine.dialect.name == "postgresql" else sqlite.insert
        return insert(table).on_conflict_do_nothing()

    def tidy(self, *tables: str) -> bool:
        """Have nothing be left of what was removed from tables, or written over; False while somebody reads it long.

        SQLite has it in the log that is written ahead, PostgreSQL in pages, where only a whole new table is without it.
        """
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            if self.engine.dialect.name != "sqlite":
                db.execute(text(f"VACUUM FULL {', '.join(tables)}"))
                return True
            # It waits for readers as the connection does, and fails at once beside another one.
            end_s = time.monotonic() + _PATIENCE_S
            while busy := db.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one():
                if time.monotonic() > end_s:
                    break
                time.sleep(_LOOK_AGAIN_S)
            return not busy

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def sqlite_driver() -> ModuleType:
    """The standard library's SQLite where it is sound, else a newer one.

    Versions before 3.51.3 can corrupt a WAL database that several connections share
    (https://sqlite.org/wal.html, "The WAL-Reset Bug").
    """
    if sqlite3.sqlite_version_info >= WAL_RESET_FIXED:
        return sqlite3
    version = tuple(int(number) for number in re.findall(r"\d+", pysqlite3.sqlite_version))
    if version < WAL_RESET_FIXED:
        raise RuntimeError(
            f"SQLite {pysqlite3.sqlite_version} can damage a shared database; install pysqlite3 0.6.1 or later"
        )
    return pysqlite3  # type: ignore[no-any-return]  # it ships no types


def engine_of(url: str) -> Engine:
    """Connections to a database, each prepared."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=POOL, max_overflow=POOL)
    driver, file = sqlite_driver(), make_url(url).database or ""
    if file not in ("", ":memory:") and not file.startswith("file:"):
        make_file(Path(file))
    engine = create_engine(url, module=driver, connect_args={"timeout": _PATIENCE_S})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # The driver's own transactions begin too late to be safe under concurrency; ours are explicit.
        connection.isolation_level = None
        _turn_to_wal(connection, driver.OperationalError)
        for pragma in ("synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql("BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")

    return engine


def _turn_to_wal(connection: Any, busy: type[Exception]) -> None:
    # Here SQLite does not wait for a writer: it fails at once, whatever the connection's timeout says.
    end_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except busy:
            if time.monotonic() > end_s:
                raise
            time.sleep(_LOOK_AGAIN_S)
