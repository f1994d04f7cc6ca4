"""The clinic's database: tables, connections and migrations, the same on SQLite and PostgreSQL."""

import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pysqlite3
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    Executable,
    ForeignKey,
    Index,
    LargeBinary,
    Row,
    UniqueConstraint,
    create_engine,
    event,
    false,
    make_url,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from server_sync.clinic.place import DATABASE
from server_sync.clinic.private import make_file

WAL_RESET_FIXED = (3, 51, 3)
POOL = 5
"""Connections that a process keeps to PostgreSQL, which has 100 for all; as many again for a while."""
_MIGRATION_LOCK = 7_340_001
_PATIENCE_S = 30
_LOOK_AGAIN_S = 0.02


class Moment(TypeDecorator[datetime]):
    """A moment with its zone; SQLite, which keeps no zone, holds it as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn into UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """What all tables share."""

    type_annotation_map = {datetime: Moment, bytes: LargeBinary}  # noqa: RUF012 - SQLAlchemy's own name and type


class Setting(Table):
    """A value that all processes of one server share, such as the key that signs forms."""

    __tablename__ = "setting"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class Account(Table):
    """A person who may log in; `role` is therapist, for now."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]


class Visit(Table):
    """A login that holds: the SHA-256 of the cookie, when it began and when it was last used."""

    __tablename__ = "visit"
    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class LoginFailure(Table):
    """A login that did not work; `key` is the login and the address it came from."""

    __tablename__ = "login_failure"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime]


class EnrolmentCode(Table):
    """A one-time code: its first characters in the clear to find it by, the SHA-256 of the rest.

    `patients` are the pseudonyms that its device will be for, separated by spaces; `device_id` is who used it.
    """

    __tablename__ = "enrolment_code"
    selector: Mapped[str] = mapped_column(primary_key=True)
    secret_sha256: Mapped[str]
    expires_at: Mapped[datetime]
    tries: Mapped[int]
    used_at: Mapped[datetime | None]
    patients: Mapped[str] = mapped_column(server_default="")
    device_id: Mapped[str | None]


class Device(Table):
    """A headset or computer that may deliver; only the SHA-256 of its token is kept.

    `next_token_sha256` is that of a token it was given and has not shown yet; `signing_key` (base64, Ed25519) checks
    its requests. `patients` are the pseudonyms it is for, separated by spaces. `acked_through` counts its sessions
    that are here, or told to be lost, without a gap. The clock is the clinic's less the device's, as last measured.
    """

    __tablename__ = "device"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_sha256: Mapped[str] = mapped_column(unique=True)
    enrolled_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    next_token_sha256: Mapped[str | None] = mapped_column(unique=True)
    token_at: Mapped[datetime | None]
    signing_key: Mapped[str] = mapped_column(server_default="")
    sealing_key: Mapped[str] = mapped_column(server_default="")
    patients: Mapped[str] = mapped_column(server_default="")
    software: Mapped[str] = mapped_column(server_default="")
    seen_at: Mapped[datetime | None]
    acked_through: Mapped[int] = mapped_column(server_default="0")
    clock_offset_s: Mapped[float | None]
    clock_within_s: Mapped[float | None]


class Person(Table):
    """The clinic's own words for a pseudonym; devices never learn them."""

    __tablename__ = "person"
    pseudonym: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    about: Mapped[str]


class Delivered(Table):
    """A session as it was delivered, byte for byte, and what a list needs of it.

    `content` is the record's JSON, packed as `packing` says ("" or "zstd"); `sha256` is of the JSON. `number` is the
    device's own, 0 for sessions from before there were numbers. The clock is the clinic's less the device's at
    delivery. `prescription` is the version that was used, 0 for none. `schema` is the record's. `recording_lost` says
    that the recording was here and is not any more: the session is to be offered once more.
    """

    __tablename__ = "session"
    id: Mapped[str] = mapped_column(primary_key=True)
    pseudonym: Mapped[str] = mapped_column(index=True)
    started_at: Mapped[datetime]
    zone_offset_s: Mapped[int]
    seconds: Mapped[float]
    titles: Mapped[str]
    trials: Mapped[int]
    reached: Mapped[int]
    ended_by: Mapped[str]
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"))
    received_at: Mapped[datetime]
    sha256: Mapped[str]
    recording_sha256: Mapped[str] = mapped_column(index=True)
    content: Mapped[bytes]
    packing: Mapped[str] = mapped_column(server_default="")
    number: Mapped[int] = mapped_column(server_default="0")
    clock_offset_s: Mapped[float | None]
    clock_within_s: Mapped[float | None]
    prescription: Mapped[int] = mapped_column(server_default="0")
    schema: Mapped[int] = mapped_column(server_default="1")
    recording_lost: Mapped[bool] = mapped_column(server_default=false())
    __table_args__ = (Index("ix_session_device_number", "device_id", "number"),)


class Refusal(Table):
    """A session that was offered and not taken: which bytes, by whom, when and why; a person must look.

    `code` is that of the receipt, such as `other bytes` for a session that is here with another content.
    """

    __tablename__ = "refusal"
    session_id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"))
    at: Mapped[datetime]
    number: Mapped[int] = mapped_column(server_default="0")
    code: Mapped[str] = mapped_column(server_default="other bytes")
    detail: Mapped[str] = mapped_column(server_default="")


class SameSession(Table):
    """A session that is here already, with the same bytes, from another device or under another number.

    It accounts for the number: a computer that was enrolled again offers again what it delivered under its former id.
    """

    __tablename__ = "same_session"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    session_id: Mapped[str]
    at: Mapped[datetime]


class LostSession(Table):
    """A session that was finished on a device and is gone, as the device tells it."""

    __tablename__ = "lost_session"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    session_id: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]


class PrescriptionVersion(Table):
    """One version of what is prescribed for a patient; it is never changed, only followed by the next.

    `content` is an `engine.prescription.Prescription` as JSON, `sha256` its hash and ETag.
    """

    __tablename__ = "prescription"
    pseudonym: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sha256: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime]
    content: Mapped[bytes]


class Job(Table):
    """Work to be done once: what kind, on what (`key`, one job of a kind each), and who holds it until when.

    `state` is waiting, running, done or failed; a running job whose lease is over is waiting again.
    """

    __tablename__ = "job"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    worker: Mapped[str] = mapped_column(server_default="")
    lease_until: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("kind", "key"), Index("ix_job_state", "state", "kind", "id"))


class Measurement(Table):
    """What one version of the measures says of one recording: a pure function of both, kept as canonical JSON."""

    __tablename__ = "measurement"
    recording_sha256: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes]


class SchemaUnknown(ValueError):
    """The tables are those of a newer version of this software."""


class Store:
    """One database, opened and brought to this version's tables."""

    def __init__(self, url: str) -> None:
        """Open by SQLAlchemy URL; raises SchemaUnknown, or sqlalchemy.exc.OperationalError when there is none."""
        self.engine = _engine(url)
        self._reading = self.engine.execution_options(reading=True)
        self._looking = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._migrate()

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

    def once(self, table: type[Table]) -> Any:
        """An insert that leaves alone what is there already, by its key."""
        insert = postgresql.insert if self.engine.dialect.name == "postgresql" else sqlite.insert
        return insert(table).on_conflict_do_nothing()

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as reason:
                raise SchemaUnknown(f"its tables are of a newer version of Steadyreach ({reason}); update it") from None
            self.schema = str(ScriptDirectory.from_config(config).get_current_head())


def sqlite_url(folder: Path) -> str:
    """The URL of the database that an embedded server keeps in its folder."""
    return f"sqlite:///{(folder / DATABASE).resolve().as_posix()}"


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


def _engine(url: str) -> Engine:
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
