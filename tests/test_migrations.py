"""The database of every released version becomes this one's, with all that is in it, and goes back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import zstandard
from alembic import command
from alembic.config import Config
from on_disk import tables_on_disk
from server_fixtures import ROOT, SignedDevice, a_service, a_session, an_item

from engine.prescription import Prescription, content_of
from engine.records import to_json
from server_sync import wire
from server_sync.clinic import tables
from server_sync.clinic.account_rules import AccountExists
from server_sync.clinic.database import engine_of
from server_sync.clinic.keys import Keys
from server_sync.clinic.patients import Person
from server_sync.clinic.place import DATABASE, KEYS, Place, sqlite_url
from server_sync.clinic.recompute import measurement_bound
from server_sync.clinic.service import CannotOpen, Service

NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
OLD_TOKEN = "device_of-version-one"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / DATABASE)
    return str(request.getfixturevalue("new_postgres")())


def migrate(folder: Path, database: str, revision: str) -> None:
    """Bring a database to a revision, up or down, as alembic does."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "server_sync" / "clinic" / "migrations"))
    engine, keys = engine_of(database), Keys(sqlite_url(folder / KEYS))
    with engine.begin() as connection:
        config.attributes |= {"connection": connection, "keys": keys}
        empty = not sa.inspect(connection).has_table("session")
        (command.upgrade if empty else command.downgrade)(config, revision)
    engine.dispose()
    keys.close()


def fill(database: str) -> None:
    """Put a row into each table of version 0001."""
    session, content = a_session(), to_json(a_session())
    rows = {
        "setting": {"name": "form key", "value": "k"},
        "account": {"id": 1, "login": "maja", "name": "Maja", "role": "therapist", "password_hash": "h"},
        "visit": {"token_sha256": "v", "account_id": 1, "began_at": NOW, "seen_at": NOW},
        "login_failure": {"id": 1, "key": "k", "at": NOW},
        "enrolment_code": {"selector": "ABCDE", "secret_sha256": "s", "expires_at": NOW, "tries": 1, "used_at": NOW},
        "device": {"id": "d1", "name": "headset", "token_sha256": wire.sha256(OLD_TOKEN.encode()), "enrolled_at": NOW},
        "person": {"pseudonym": "p-milo", "name": "Milo", "about": "9 years"},
        "session": {
            "id": "s-1", "pseudonym": session.patient, "started_at": NOW, "zone_offset_s": 3600, "seconds": 560.0,
            "titles": "Fruit Ladder", "trials": 34, "reached": 20, "ended_by": "finished", "device_id": "d1",
            "received_at": NOW, "sha256": wire.sha256(content), "recording_sha256": "", "content": content,
        },
        "refusal": {"session_id": "s-1", "sha256": "other", "device_id": "d1", "at": NOW},
    }  # fmt: skip
    _insert(database, rows)


def test_a_clinic_of_the_first_version_comes_up_with_all_that_it_has(tmp_path: Path, database: str) -> None:
    migrate(tmp_path, database, "0001")
    fill(database)
    with a_service(tmp_path, database) as service:
        assert service.archive.session("s-1") == a_session()
        assert service.archive.patients()[0].name == "Milo"
        assert service.archive.arrival("s-1").refused_at == (NOW,)
        assert [line.name for line in service.devices.listed()] == ["headset"]
        old = service.devices.who(OLD_TOKEN)
        assert old
        assert old.signing_key == b""


def test_it_goes_down_and_up_again_and_keeps_what_both_versions_know(tmp_path: Path, database: str) -> None:
    migrate(tmp_path, database, "0001")
    fill(database)
    with a_service(tmp_path, database) as service:
        device = SignedDevice(None).enrol(service)
        service.archive.take(device.id, wire.Batch(items=(an_item(a_session("s-2")),)))
    migrate(tmp_path, database, "0001")
    assert _kept(database) == {"s-1": to_json(a_session()), "s-2": to_json(a_session("s-2"))}
    with a_service(tmp_path, database) as service:
        assert service.archive.session("s-2") == a_session("s-2")
        assert len(service.archive.arrival("s-1").refused_at) == 1


def test_what_is_prescribed_measured_and_enrolled_goes_under_the_patients_and_back(
    tmp_path: Path, database: str
) -> None:
    migrate(tmp_path, database, "0002")
    prescribed = content_of(Prescription(patient="p-milo", version=1, author="Maja", written_at=NOW.isoformat()))
    rows = {
        "device": {
            "id": "d1", "name": "headset", "token_sha256": "t", "enrolled_at": NOW, "patients": "p-milo p-rosa",
        },
        "prescription": {
            "pseudonym": "p-milo", "version": 1, "sha256": wire.sha256(prescribed), "author": "Maja", "created_at": NOW,
            "content": prescribed,
        },
        "session": _row_of_version_two(),
        "measurement": {"recording_sha256": "a" * 64, "version": "v", "content": b"{}"},
        "setting": {"name": "metrics token", "value": "shown once"},
    }  # fmt: skip
    _insert(database, rows)
    with a_service(tmp_path, database) as service:
        assert service.prescriptions.current("p-milo").content == prescribed
        assert service.devices.listed()[0].patients == ("p-milo", "p-rosa")
        assert service.archive.session("s-2") == a_session("s-2")
        assert service.metrics_token() == "shown once"
        (kept,) = service.store.look(sa.select(tables.Measurement.patient_id, tables.Measurement.content))
        bound = measurement_bound("a" * 64, "v")
        assert service.patients.unseal(kept.patient_id, kept.content, bound) == b"{}"
        assert not [value for value in _dumped(service) if b"p-milo" in value or b"shown once" in value]
        for path in (
            *tmp_path.glob("clinic.db*"),
            *(each for at in tables_on_disk(service.store) for each in at.glob("*")),
        ):
            assert b"p-milo" not in path.read_bytes()
    migrate(tmp_path, database, "0002")
    found = _rows(database, "prescription", "device", "session", "setting")
    assert bytes(found["prescription"].content) == prescribed
    assert found["device"].patients == "p-milo p-rosa"
    assert found["session"].titles == "Fruit Ladder"
    assert found["setting"].value


def test_accounts_keep_their_numbers_logins_and_names_up_and_down(tmp_path: Path, database: str) -> None:
    migrate(tmp_path, database, "0001")
    logins = {1: "maja", 2: "Maja", 3: "Ben", 4: "zoë"}
    for login in logins.values():
        row = {"login": login, "name": f"{login} Quince", "role": "therapist", "password_hash": "h"}
        _insert(database, {"account": row})
    with a_service(tmp_path, database) as service:
        assert {line.id: (line.login, line.name) for line in service.accounts.listed()} == {
            number: (login, f"{login} Quince") for number, login in logins.items()
        }
        typed = {"maja": 1, "Maja": 2, "MAJA": 1, "ben": 3, "Ben": 3, "ZOË": 4}
        assert {login: service.accounts.named(login).id for login in typed} == typed
        with pytest.raises(AccountExists):
            service.accounts.make("ben", "Another", "therapist")
        assert not [value for value in _dumped(service) if b"Quince" in value or value in (b"maja", b"Ben")]
        patient_id = service.patients.add(Person(pseudonym="p-milo"))
        erased = service.accounts.make("milo", "Milo", "patient", wards={patient_id: "self"})
        service.erasing.erase("command", "p-milo")
        for path in tmp_path.glob("clinic.db*"):
            assert b"Quince" not in path.read_bytes()
    migrate(tmp_path, database, "0002")
    engine = engine_of(database)
    with engine.begin() as connection:
        rows = connection.execute(sa.text("SELECT id, login, name, password_hash FROM account ORDER BY id")).all()
    engine.dispose()
    before = [(number, login, f"{login} Quince", "h") for number, login in logins.items()]
    assert [tuple(row) for row in rows] == [*before, (erased, f"erased {erased}", "", "")]
    with a_service(tmp_path, database) as service:
        assert service.accounts.named("maja").name == "maja Quince"
        assert service.accounts.make("new", "New", "therapist") == erased + 1


def test_the_tables_go_down_to_nothing_and_up_again(tmp_path: Path, database: str) -> None:
    Service(tmp_path, Place(database)).close()
    migrate(tmp_path, database, "base")
    assert _tables(database) == {"alembic_version"}
    migrate(tmp_path, database, "head")
    assert _tables(database) == {"alembic_version", *tables.Table.metadata.tables}


def test_the_migrations_make_the_tables_that_the_code_means(tmp_path: Path, database: str) -> None:
    with a_service(tmp_path, database) as service, service.store.reading() as connection:
        for name, table in tables.Table.metadata.tables.items():
            made = {(column["name"], column["nullable"]) for column in sa.inspect(connection).get_columns(name)}
            assert made == {(column.name, column.nullable) for column in table.columns}, name


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Service(tmp_path).close()
    engine = engine_of(sqlite_url(tmp_path / DATABASE))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(CannotOpen, match="newer version of Steadyreach"):
        Service(tmp_path)


def _row_of_version_two() -> dict[str, object]:
    content = to_json(a_session("s-2"))
    return {
        "id": "s-2", "pseudonym": "p-milo", "started_at": NOW, "zone_offset_s": 3600, "seconds": 560.0, "number": 1,
        "titles": "Fruit Ladder", "trials": 34, "reached": 20, "ended_by": "finished", "device_id": "d1",
        "received_at": NOW, "sha256": wire.sha256(content), "recording_sha256": "a" * 64,
        "content": zstandard.compress(content), "packing": "zstd",
    }  # fmt: skip


def _insert(database: str, rows: Mapping[str, Mapping[str, object]]) -> None:
    engine = engine_of(database)
    with engine.begin() as connection:
        for name, row in rows.items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            connection.execute(table.insert().values(row))
    engine.dispose()


def _rows(database: str, *names: str) -> dict[str, Any]:
    """The first row of each of some tables."""
    engine = engine_of(database)
    with engine.begin() as connection:
        found = {name: connection.execute(sa.text(f"SELECT * FROM {name}")).first() for name in names}
    engine.dispose()
    return found


def _dumped(service: Service) -> list[bytes]:
    """Every value of every table, as bytes."""
    with service.store.reading() as db:
        rows = [row for table in tables.Table.metadata.tables.values() for row in db.execute(table.select())]
    return [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]


def _kept(database: str) -> dict[str, bytes]:
    engine = engine_of(database)
    with engine.begin() as connection:
        rows = connection.execute(sa.text("SELECT id, content FROM session")).all()
    engine.dispose()
    return {row.id: bytes(row.content) for row in rows}


def _tables(database: str) -> set[str]:
    engine = engine_of(database)
    with engine.begin() as connection:
        names = set(sa.inspect(connection).get_table_names())
    engine.dispose()
    return names
