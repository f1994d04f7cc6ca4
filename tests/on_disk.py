"""Where a clinic's database lies, to look for what must not be there."""

from pathlib import Path

import sqlalchemy as sa

from server_sync.clinic.database import Database


def tables_on_disk(clinic: Database) -> list[Path]:
    """The folders of a PostgreSQL's tables, written out; what it wrote ahead is apart. None for SQLite."""
    if clinic.engine.dialect.name == "sqlite":
        return []
    with clinic.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(sa.text("CHECKPOINT"))
        its = db.execute(sa.text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
        data = Path(db.execute(sa.text("SHOW data_directory")).scalar_one())
    return [data / "base" / str(its), data / "base" / "pgsql_tmp"]
