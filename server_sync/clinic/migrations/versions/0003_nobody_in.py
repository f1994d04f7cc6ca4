"""Patients under ids that say nothing, what is personal sealed under their keys; roles, audit, consents, systems."""

import hmac
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
import zstandard
from alembic import context, op

from server_sync.clinic.keys import Keys, seal, unseal

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)
LOOKUP, LOGIN = "lookup key", "login key"
FORM, SEALING, METRICS = "form key", "sealing key", "metrics token"
SUMMARY = ("zone_offset_s", "seconds", "titles", "trials", "reached", "ended_by")
KEPT = (
    *("id", "started_at", "device_id", "received_at", "sha256", "recording_sha256", "number", "clock_offset_s"),
    *("clock_within_s", "prescription", "schema", "recording_lost"),
)
OPEN_NAMES = "login", "name"
NAMES: dict[str, type[Any]] = {"lookup": sa.String, "key_id": sa.String, "sealed": sa.LargeBinary}
"""Columns of accounts that took the place of those."""
NEW = (
    *("sent", "target", "used_assertion", "system_token", "system", "draft", "letter", "contact", "consent", "audit"),
    *("recording", "erased", "invitation", "recovery_code", "ward"),
)
WORDS = {"refusal": "detail", "lost_session": "reason"}
"""Columns in which words of devices lay open."""
NO_CHANGE = "the audit is only ever added to"


def upgrade() -> None:
    """Make the tables, and move into them, sealed, what the ones before kept open."""
    keys: Keys = context.config.attributes["keys"]
    db = op.get_bind()
    if db.dialect.name == "sqlite":  # what was open must not stay in pages that are free
        db.exec_driver_sql("PRAGMA secure_delete = ON")
    op.add_column("visit", sa.Column("password_alone", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("DELETE FROM visit")
    for column in _of_account():
        op.add_column("account", column)
    _names(db, keys)
    _patient()
    ids = _patients(db, keys)
    for table in ("device", "enrolment_code"):
        _rename(db, table, ids)
    _sessions(db, keys, ids)
    _prescriptions(db, keys, ids)
    _measurements(db, keys)
    op.drop_table("person")
    for table, words in WORDS.items():
        op.drop_column(table, words)
    _accounts()
    _kept_of_patients()
    _systems()
    _audit(db)
    _secrets(db, keys)


def downgrade() -> None:
    """Move back what version 2 knows, opened; the rest is gone."""
    keys: Keys = context.config.attributes["keys"]
    db = op.get_bind()
    op.create_table(
        "person",
        sa.Column("pseudonym", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("about", sa.String, nullable=False),
    )
    names = _people(db, keys)
    _sessions_back(db, keys, names)
    _prescriptions_back(db, keys, names)
    _measurements_back()
    for table in ("device", "enrolment_code"):
        _rename(db, table, names)
    _no_triggers(db)
    for table, words in WORDS.items():
        op.add_column(table, sa.Column(words, sa.String, nullable=False, server_default=""))
    for table in NEW:
        op.drop_table(table)
    op.drop_table("patient")
    op.execute("DELETE FROM visit")
    op.drop_column("visit", "password_alone")
    _names_back(db, keys)
    for column in _of_account():
        op.drop_column("account", column.name)
    setting = _table(db, "setting")
    for name in (FORM, SEALING, METRICS):
        db.execute(setting.insert(), {"name": name, "value": keys.secret(name)})


def _of_account() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("second_factor", sa.LargeBinary),
        sa.Column("last_step", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", MOMENT),
        sa.Column("disabled_at", MOMENT),
    )


def _names(db: sa.Connection, keys: Keys) -> None:
    """Seal logins and names, each under a key of its account. One of two that differ in case alone stays as written."""
    for name, kind in NAMES.items():
        op.add_column("account", sa.Column(name, kind))
    lookup_key, taken = keys.clinic_key(LOGIN), set[str]()
    rows = db.execute(sa.text("SELECT id, login, name FROM account")).all()
    change = sa.text("UPDATE account SET lookup = :lookup, key_id = :key_id, sealed = :sealed WHERE id = :id")
    for row in sorted(rows, key=lambda row: (row.login != row.login.casefold(), row.id)):
        login = row.login if row.login.casefold() in taken else row.login.casefold()
        taken.add(login)
        key_id = keys.new_account()
        values = {
            "id": row.id,
            "lookup": hmac.digest(lookup_key, login.encode(), "sha256").hex(),
            "key_id": key_id,
            "sealed": seal(keys.of(key_id), msgspec.msgpack.encode([row.login, row.name]), key_id),
        }
        db.execute(change, values)
    with op.batch_alter_table("account") as account:
        for name, kind in NAMES.items():
            account.alter_column(name, existing_type=kind, nullable=False)
        for name in ("lookup", "key_id"):
            account.create_unique_constraint(f"account_{name}_key", [name])
        for name in OPEN_NAMES:
            account.drop_column(name)


def _names_back(db: sa.Connection, keys: Keys) -> None:
    for name in OPEN_NAMES:
        op.add_column("account", sa.Column(name, sa.String))
    shredded = keys.shredded()
    change = sa.text("UPDATE account SET login = :login, name = :name WHERE id = :id")
    for row in db.execute(sa.text("SELECT id, key_id, sealed FROM account")).all():
        login, name = f"erased {row.id}", ""
        if row.sealed and row.key_id not in shredded:
            login, name = msgspec.msgpack.decode(unseal(keys.of(row.key_id), bytes(row.sealed), row.key_id))
        db.execute(change, {"id": row.id, "login": login, "name": name})
    with op.batch_alter_table("account") as account:
        for name in OPEN_NAMES:
            account.alter_column(name, existing_type=sa.String, nullable=False)
        account.create_unique_constraint("account_login_key", ["login"])
        for name in NAMES:
            account.drop_column(name)


def _of_patient(nullable: bool = False) -> sa.Column[Any]:
    return sa.Column("patient_id", sa.String, sa.ForeignKey("patient.id"), nullable=nullable)


def _patient() -> None:
    op.create_table(
        "patient",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("lookup", sa.String, nullable=False, unique=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )


def _patients(db: sa.Connection, keys: Keys) -> dict[str, str]:
    """Give everybody whom a table names an id and a key; gives the ids by pseudonym."""
    words = {row.pseudonym: row for row in db.execute(sa.text("SELECT * FROM person"))}
    named = set(words)
    for table in ("session", "prescription"):
        named |= set(db.execute(sa.text(f"SELECT DISTINCT pseudonym FROM {table}")).scalars())  # noqa: S608 - fixed
    for table in ("device", "enrolment_code"):
        lists = db.execute(sa.text(f"SELECT patients FROM {table}")).scalars()  # noqa: S608 - fixed names
        named |= {pseudonym for listed in lists for pseudonym in listed.split()}
    lookup_key, ids, patient = keys.clinic_key(LOOKUP), dict[str, str](), _table(db, "patient")
    for pseudonym in sorted(named):
        ids[pseudonym] = patient_id = keys.new_patient()
        known = {"pseudonym": pseudonym}
        if pseudonym in words:
            known |= {"name": words[pseudonym].name, "about": words[pseudonym].about}
        row = {
            "id": patient_id,
            "lookup": hmac.digest(lookup_key, pseudonym.encode(), "sha256").hex(),
            "sealed": seal(keys.of(patient_id), msgspec.json.encode(known), f"patient {patient_id}"),
            "created_at": datetime.now(UTC),
        }
        db.execute(patient.insert(), row)
    return ids


def _sessions(db: sa.Connection, keys: Keys, ids: dict[str, str]) -> None:
    for index in ("ix_session_pseudonym", "ix_session_recording_sha256", "ix_session_device_number"):
        op.drop_index(index, "session")
    op.rename_table("session", "session_before")
    kept = (sa.Column("summary", sa.LargeBinary, nullable=False), *_of_session())
    op.create_table("session", *kept, _of_patient(), sa.PrimaryKeyConstraint("id", name="session_key"))
    session = _table(db, "session")
    for row in _rows(db, "session_before"):
        patient_id, key = ids[row.pseudonym], keys.of(ids[row.pseudonym])
        content = bytes(row.content) if row.packing else zstandard.compress(bytes(row.content))
        summary = msgspec.msgpack.encode([getattr(row, name) for name in SUMMARY])
        new = {name: getattr(row, name) for name in KEPT} | {
            "patient_id": patient_id,
            "summary": seal(key, summary, f"summary {row.id}"),
            "content": seal(key, content, f"session {row.id}"),
        }
        db.execute(session.insert(), new)
    op.drop_table("session_before")
    op.create_index("ix_session_patient_id", "session", ["patient_id"])
    _index_sessions()


def _sessions_back(db: sa.Connection, keys: Keys, names: dict[str, str]) -> None:
    for index in ("ix_session_patient_id", "ix_session_recording_sha256", "ix_session_device_number"):
        op.drop_index(index, "session")
    op.rename_table("session", "session_before")
    summary: tuple[sa.Column[Any], ...] = (
        sa.Column("pseudonym", sa.String, nullable=False),
        sa.Column("packing", sa.String, nullable=False, server_default=""),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("zone_offset_s", "trials", "reached")),
        *(sa.Column(name, sa.String, nullable=False) for name in ("titles", "ended_by")),
        sa.Column("seconds", sa.Float, nullable=False),
    )
    op.create_table("session", *summary, *_of_session(), sa.PrimaryKeyConstraint("id", name="session_pkey"))
    session = _table(db, "session")
    for row in _rows(db, "session_before"):
        if row.patient_id not in names:
            continue
        key = keys.of(row.patient_id)
        known = msgspec.msgpack.decode(unseal(key, bytes(row.summary), f"summary {row.id}"))
        old = {name: getattr(row, name) for name in KEPT} | dict(zip(SUMMARY, known, strict=True))
        content = unseal(key, bytes(row.content), f"session {row.id}")
        old |= {"pseudonym": names[row.patient_id], "content": content, "packing": "zstd"}
        db.execute(session.insert(), old)
    op.drop_table("session_before")
    op.create_index("ix_session_pseudonym", "session", ["pseudonym"])
    _index_sessions()


def _of_session() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.String),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("device_id", sa.String, sa.ForeignKey("device.id"), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("recording_sha256", sa.String, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("number", sa.Integer, nullable=False, server_default="0"),
        sa.Column("clock_offset_s", sa.Float),
        sa.Column("clock_within_s", sa.Float),
        sa.Column("prescription", sa.Integer, nullable=False, server_default="0"),
        sa.Column("schema", sa.Integer, nullable=False, server_default="1"),
        sa.Column("recording_lost", sa.Boolean, nullable=False, server_default=sa.false()),
    )


def _index_sessions() -> None:
    op.create_index("ix_session_recording_sha256", "session", ["recording_sha256"])
    op.create_index("ix_session_device_number", "session", ["device_id", "number"])


def _prescriptions(db: sa.Connection, keys: Keys, ids: dict[str, str]) -> None:
    op.rename_table("prescription", "prescription_before")
    _prescription("patient_id", "prescription_key")
    prescription = _table(db, "prescription")
    for row in _rows(db, "prescription_before"):
        patient_id = ids[row.pseudonym]
        sealed = seal(keys.of(patient_id), bytes(row.content), f"prescription {patient_id} {row.version}")
        db.execute(prescription.insert(), _copied(row, {"patient_id": patient_id, "content": sealed}))
    op.drop_table("prescription_before")


def _prescriptions_back(db: sa.Connection, keys: Keys, names: dict[str, str]) -> None:
    op.rename_table("prescription", "prescription_before")
    _prescription("pseudonym", "prescription_pkey")
    prescription = _table(db, "prescription")
    for row in _rows(db, "prescription_before"):
        if row.patient_id in names:
            bound = f"prescription {row.patient_id} {row.version}"
            content = unseal(keys.of(row.patient_id), bytes(row.content), bound)
            db.execute(prescription.insert(), _copied(row, {"pseudonym": names[row.patient_id], "content": content}))
    op.drop_table("prescription_before")


def _prescription(whose: str, key: str) -> None:
    patient = [sa.ForeignKey("patient.id")] if whose == "patient_id" else []
    op.create_table(
        "prescription",
        sa.Column(whose, sa.String, *patient),
        sa.Column("version", sa.Integer, autoincrement=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint(whose, "version", name=key),
    )


def _copied(row: Any, other: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("version", "sha256", "author", "created_at")} | other


def _measurements(db: sa.Connection, keys: Keys) -> None:
    """Measures whose sessions are gone are of nobody, and are left out: they are measured again when needed."""
    op.rename_table("measurement", "measurement_before")
    _measurement("measurement_key", sealed=True)
    measurement = _table(db, "measurement")
    whose = "SELECT patient_id FROM session WHERE recording_sha256 = :recording ORDER BY id LIMIT 1"
    for row in _rows(db, "measurement_before"):
        patient_id = db.execute(sa.text(whose), {"recording": row.recording_sha256}).scalar()
        if patient_id is None:
            continue
        bound = f"measurement {row.recording_sha256} {row.version}"
        values = {"recording_sha256": row.recording_sha256, "version": row.version, "patient_id": patient_id}
        values["content"] = seal(keys.of(patient_id), bytes(row.content), bound)
        db.execute(measurement.insert(), values)
    op.drop_table("measurement_before")
    op.create_index("ix_measurement_patient_id", "measurement", ["patient_id"])


def _measurements_back() -> None:
    """They are measured again."""
    op.drop_table("measurement")
    _measurement("measurement_pkey", sealed=False)


def _measurement(key: str, sealed: bool) -> None:
    op.create_table(
        "measurement",
        sa.Column("recording_sha256", sa.String),
        sa.Column("version", sa.String),
        *([_of_patient()] if sealed else []),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("recording_sha256", "version", name=key),
    )


def _people(db: sa.Connection, keys: Keys) -> dict[str, str]:
    """Fill the table of people again; gives the pseudonyms by id."""
    kept, names, person = keys.patients(), dict[str, str](), _table(db, "person")
    for row in db.execute(sa.text("SELECT id, sealed FROM patient")).all():
        if row.id not in kept:
            continue
        known = msgspec.json.decode(unseal(keys.of(row.id), bytes(row.sealed), f"patient {row.id}"))
        names[row.id] = known["pseudonym"]
        words = {"pseudonym": known["pseudonym"], "name": known.get("name", ""), "about": known.get("about", "")}
        if words["name"] or words["about"]:
            db.execute(person.insert(), words)
    return names


def _rename(db: sa.Connection, table: str, names: dict[str, str]) -> None:
    """Change the names in a column of several, each to its other name."""
    key = "id" if table == "device" else "selector"
    rows = db.execute(sa.text(f"SELECT {key} AS key, patients FROM {table} WHERE patients <> ''")).all()  # noqa: S608
    change = sa.text(f"UPDATE {table} SET patients = :patients WHERE {key} = :key")  # noqa: S608 - fixed names
    for row in rows:
        renamed = " ".join(names[each] for each in row.patients.split() if each in names)
        db.execute(change, {"key": row.key, "patients": renamed})


def _accounts() -> None:
    op.create_table(
        "ward",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("patient_id", sa.String, sa.ForeignKey("patient.id"), primary_key=True),
        sa.Column("relation", sa.String, nullable=False),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("sha256", sa.String, primary_key=True),
        sa.Column("used_at", MOMENT),
    )
    op.create_table(
        "invitation",
        sa.Column("sha256", sa.String, primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )


def _kept_of_patients() -> None:
    op.create_table(
        "erased",
        sa.Column("lookup", sa.String, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
    )
    sealed = ("sealed", sa.LargeBinary)
    op.create_table(
        "recording",
        sa.Column("sha256", sa.String, primary_key=True),
        _of_patient(nullable=True),
        sa.Column(*sealed, nullable=False),
        sa.Column("device_id", sa.String, nullable=False, server_default=""),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.String, primary_key=True),
        _of_patient(),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column(*sealed, nullable=False),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.String, primary_key=True),
        _of_patient(),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id")),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("replaces", sa.String, nullable=False, server_default=""),
        sa.Column(*sealed, nullable=False),
    )
    op.create_table(
        "letter",
        sa.Column("id", sa.String, primary_key=True),
        _of_patient(),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("read_at", MOMENT),
        sa.Column(*sealed, nullable=False),
    )
    op.create_table(
        "draft",
        sa.Column("id", sa.String, primary_key=True),
        _of_patient(),
        sa.Column("system_id", sa.String, nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.String, nullable=False, server_default="waiting"),
        sa.Column(*sealed, nullable=False),
        sa.UniqueConstraint("system_id", "request_id"),
    )
    for table in ("recording", "consent", "contact", "letter", "draft"):
        op.create_index(f"ix_{table}_patient_id", table, ["patient_id"])


def _systems() -> None:
    op.create_table(
        "system",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("base", "jwks", "scopes")),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
    )
    op.create_table(
        "system_token",
        sa.Column("sha256", sa.String, primary_key=True),
        sa.Column("system_id", sa.String, sa.ForeignKey("system.id"), nullable=False),
        sa.Column("scopes", sa.String, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_table(
        "used_assertion",
        sa.Column("jti", sa.String, primary_key=True),
        sa.Column("expires_at", MOMENT, nullable=False),
    )
    op.create_table(
        "target",
        sa.Column("id", sa.String, primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in ("url", "client_id", "token_url", "scope")),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "sent",
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("resource", sa.String, primary_key=True),
        _of_patient(),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        *(sa.Column(name, sa.String, nullable=False, server_default="") for name in ("remote", "doubt", "etag")),
        sa.Column("theirs", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_index("ix_sent_patient_id", "sent", ["patient_id"])


def _audit(db: sa.Connection) -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        *(sa.Column(name, sa.String, nullable=False) for name in ("actor", "action", "patient_id", "thing", "sha256")),
    )
    op.create_index("ix_audit_patient_id", "audit", ["patient_id"])
    if db.dialect.name == "sqlite":
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{event.lower()} BEFORE {event} ON audit "
                f"BEGIN SELECT RAISE(ABORT, '{NO_CHANGE}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION audit_no_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{NO_CHANGE}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_no_change()"
    )


def _no_triggers(db: sa.Connection) -> None:
    if db.dialect.name == "sqlite":
        for event in ("update", "delete"):
            op.execute(f"DROP TRIGGER audit_no_{event}")
        return
    op.execute("DROP TRIGGER audit_no_change ON audit")
    op.execute("DROP FUNCTION audit_no_change()")


def _secrets(db: sa.Connection, keys: Keys) -> None:
    """Secrets go to the keys; the tables that are copied keep none."""
    found = db.execute(sa.text("SELECT name, value FROM setting")).all()
    keys.bring_back({row.name: row.value for row in found if row.name in (FORM, SEALING, METRICS)}, {})
    op.execute(f"DELETE FROM setting WHERE name IN ('{FORM}', '{SEALING}', '{METRICS}')")  # noqa: S608 - fixed names


def _rows(db: sa.Connection, name: str) -> Iterator[Any]:
    """The rows of a table, a few at a time: a clinic's records may not fit into memory at once."""
    table = _table(db, name)
    key, last = list(table.primary_key.columns), None
    while True:
        query = sa.select(table).order_by(*key).limit(100)
        if last is not None:
            query = query.where(sa.tuple_(*key) > sa.tuple_(*(sa.literal(getattr(last, each.name)) for each in key)))
        rows = db.execute(query).all()
        yield from rows
        if not rows:
            return
        last = rows[-1]


def _table(db: sa.Connection, name: str) -> sa.Table:
    return sa.Table(name, sa.MetaData(), autoload_with=db)
