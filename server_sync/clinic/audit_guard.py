"""The triggers with which the database itself refuses to change rows of the audit, made again where they lack.

Who may write into the database can take them off; that they were missing is then told, and the chain of hashes and
every backup show what became of the rows meanwhile.
"""

from sqlalchemy import Connection, text

NO_CHANGE = "the audit is only ever added to"
_EVENTS = ("update", "delete")
_FUNCTION = (
    f"CREATE OR REPLACE FUNCTION audit_no_change() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{NO_CHANGE}'; END $$"
)
_TRIGGER = (
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_no_change()"
)


def guard(db: Connection) -> bool:
    """Make the triggers where they are not as they were made; gives whether one was not."""
    return _guard_sqlite(db) if db.dialect.name == "sqlite" else _guard_postgresql(db)


def _guard_sqlite(db: Connection) -> bool:
    of_audit = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
    found = {row.name: row.sql for row in db.execute(of_audit)}
    lacking = [event for event in _EVENTS if found.get(f"audit_no_{event}") != _of_sqlite(event)]
    for event in lacking:
        db.exec_driver_sql(f"DROP TRIGGER IF EXISTS audit_no_{event}")
        db.exec_driver_sql(_of_sqlite(event))
    return bool(lacking)


def _of_sqlite(event: str) -> str:
    return (
        f"CREATE TRIGGER audit_no_{event} BEFORE {event.upper()} ON audit BEGIN SELECT RAISE(ABORT, '{NO_CHANGE}'); END"
    )


def _guard_postgresql(db: Connection) -> bool:
    whole = text(
        "SELECT count(*) FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid WHERE tgrelid = 'audit'::regclass "
        "AND tgname = 'audit_no_change' AND tgenabled = 'O' AND prosrc LIKE :says"
    )
    if db.execute(whole, {"says": f"%RAISE EXCEPTION '{NO_CHANGE}'%"}).scalar_one():
        return False
    db.execute(text("DROP TRIGGER IF EXISTS audit_no_change ON audit"))
    db.execute(text(_FUNCTION))
    db.execute(text(_TRIGGER))
    return True
