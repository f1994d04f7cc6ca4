"""The clinic's database, brought to this version's tables."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from server_sync.clinic.audit_guard import guard
from server_sync.clinic.database import Database
from server_sync.clinic.keys import Keys
from server_sync.clinic.tables import Account, Device, EnrolmentCode, LostSession, Refusal, Setting

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_340_001
_LAY_OPEN = Setting, Account, Device, EnrolmentCode, Refusal, LostSession
"""Tables of which a migration removed something that lay open."""


class SchemaUnknown(ValueError):
    """The tables are those of a newer version of this software."""


class Store(Database):
    """The database of a clinic."""

    def __init__(self, url: str, keys: Keys) -> None:
        """Open by SQLAlchemy URL; `keys` seal what an older version kept open.

        `was_unguarded` says that the database did not refuse to change rows of the audit any more; now it does.

        Raises SchemaUnknown, or sqlalchemy.exc.OperationalError when there is none.
        """
        super().__init__(url)
        self._migrate(keys)

    def _migrate(self, keys: Keys) -> None:
        self.schema = _newest()
        with self.writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            before = MigrationContext.configure(connection).get_current_revision()
            if before != self.schema:
                _upgrade(connection, keys)
            self.was_unguarded = guard(connection)
        if before not in (None, self.schema):
            self.tidy(*(table.__tablename__ for table in _LAY_OPEN))


@cache
def _newest() -> str:
    """The revision of this version's tables, which are read from many files."""
    return str(ScriptDirectory(str(_MIGRATIONS)).get_current_head())


def _upgrade(connection: Connection, keys: Keys) -> None:
    config = Config(attributes={"connection": connection, "keys": keys})
    config.set_main_option("script_location", str(_MIGRATIONS))
    try:
        command.upgrade(config, "head")
    except CommandError as reason:
        raise SchemaUnknown(f"its tables are of a newer version of Steadyreach ({reason}); update it") from None
