"""The audit: a chain in which every change is found, by several processes at once, and its commands."""

import csv
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from commands import entered
from conftest import ROOT
from msgspec.structs import replace
from server_fixtures import Clock, a_service, a_session, write_folder
from typer.testing import CliRunner

import steadyreach
from engine.session_folder import finished
from server_sync.clinic.audit import START, Broken, Entry, Head, NotAudited, Which
from server_sync.clinic.manifest import MANIFEST, read, written
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Audited

ROWS = 12
MOMENT = "2020-01-01 00:00:00.000000"
Change = Callable[[sa.Connection], object]


@pytest.fixture(params=["sqlite", "postgres"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A clinic, once on each kind of database."""
    database = "" if request.param == "sqlite" else request.getfixturevalue("clinic_postgres")()
    with a_service(tmp_path / "clinic", database) as opened:
        yield opened


def fill(service: Service, rows: int = ROWS) -> Head:
    """Write rows in several transactions; gives the last."""
    with service.store.writing() as db:
        for number in range(rows - 2):
            service.audit.append(db, f"account {number % 3}", "read a session", "p" * 16, f"s-{number}")
    service.audit.note("device d", "deliver a session", "q" * 16, "s-x")
    service.audit.note("command", "read the audit")
    return service.audit.head()


UNGUARDED = """CREATE OR REPLACE FUNCTION audit_no_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RETURN NULL; END $$"""


def past_the_triggers(service: Service, change: Change) -> None:
    """Change the table as somebody does who has the whole database in their hands."""
    with service.store.engine.connect() as db:
        if db.dialect.name == "postgresql":
            db.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER USER"))
        else:
            for event in ("update", "delete"):
                db.execute(sa.text(f"DROP TRIGGER audit_no_{event}"))
        change(db)
        db.commit()


def run(sql: str) -> Change:
    return lambda db: db.execute(sa.text(sql))


def swap(db: sa.Connection) -> None:
    """Have two rows change places, with their hashes."""
    for old, new in ((5, -1), (6, 5), (-1, 6)):
        db.execute(sa.text(f"UPDATE audit SET number = {new} WHERE number = {old}"))


def put_in(db: sa.Connection) -> None:
    """Make room behind row 5 for another."""
    for number in range(ROWS, 5, -1):
        db.execute(sa.text(f"UPDATE audit SET number = {number + 1} WHERE number = {number}"))
    columns = "number, at, actor, action, patient_id, thing, sha256"
    copied = columns.replace("number", "6").replace("actor", "'account 9'")
    db.execute(sa.text(f"INSERT INTO audit ({columns}) SELECT {copied} FROM audit WHERE number = 5"))


def written_anew(service: Service, from_number: int) -> Change:
    """Change a row and compute the chain from there on, as the code that wrote it does."""

    def change(db: sa.Connection) -> None:
        rows = db.execute(sa.select(Audited).where(Audited.number >= from_number).order_by(Audited.number)).all()
        db.execute(sa.delete(Audited).where(Audited.number >= from_number))
        for row in rows:
            thing = "another" if row.number == from_number else row.thing
            service.audit.append(db, row.actor, row.action, row.patient_id, thing)

    return change


def test_rows_are_numbered_without_a_gap_and_the_chain_holds(service: Service) -> None:
    assert service.audit.verify() == START
    last = fill(service)
    assert last.number == ROWS
    assert service.audit.verify([last]) == last
    assert [entry.number for entry in service.audit.listed()] == list(range(ROWS, 0, -1))


@pytest.mark.parametrize("column", Entry._fields[1:])
def test_a_row_that_was_changed_is_found_whichever_column_it_was(service: Service, column: str) -> None:
    fill(service)
    value = MOMENT if column == "at" else "another"
    past_the_triggers(service, run(f"UPDATE audit SET {column} = '{value}' WHERE number = 4"))
    found = service.audit.verify()
    assert isinstance(found, Broken)
    assert found.number == 4
    assert "not as it was written" in found.why


@pytest.mark.parametrize(
    ("change", "number", "why"),
    [
        (run("DELETE FROM audit WHERE number = 7"), 7, "it is missing"),
        (run("DELETE FROM audit WHERE number < 4"), 1, "it is missing"),
        (run("UPDATE audit SET number = 0 WHERE number = 3"), 0, "it was put in"),
        (run(f"UPDATE audit SET number = {ROWS + 1} WHERE number = 7"), 7, "it is missing"),
        (swap, 5, "not what followed row 4"),
        (put_in, 6, "not what followed row 5"),
    ],
)
def test_rows_taken_out_put_in_or_moved_are_found(service: Service, change: Change, number: int, why: str) -> None:
    fill(service)
    past_the_triggers(service, change)
    found = service.audit.verify()
    assert isinstance(found, Broken)
    assert found.number == number
    assert why in found.why


def test_an_end_that_was_cut_off_is_found_by_a_head_that_was_written_down(service: Service) -> None:
    noted = fill(service)
    past_the_triggers(service, run(f"DELETE FROM audit WHERE number > {ROWS - 3}"))
    assert not isinstance(service.audit.verify(), Broken)
    found = service.audit.verify([noted])
    assert isinstance(found, Broken)
    assert found.number == ROWS - 2
    assert "cut off" in found.why


def test_a_chain_that_was_written_anew_is_found_by_a_head_that_was_written_down(service: Service) -> None:
    noted = fill(service)
    past_the_triggers(service, written_anew(service, 6))
    assert not isinstance(service.audit.verify(), Broken)
    found = service.audit.verify([noted])
    assert isinstance(found, Broken)
    assert found.number == noted.number
    assert "written anew" in found.why


def test_the_database_itself_refuses_to_change_a_row(service: Service) -> None:
    fill(service)
    for sql in ("UPDATE audit SET actor = 'x' WHERE number = 1", "DELETE FROM audit WHERE number = 1"):
        with pytest.raises(sa.exc.DBAPIError, match="only ever added to"), service.store.writing() as db:
            db.execute(sa.text(sql))
    if service.store.engine.dialect.name == "postgresql":
        with pytest.raises(sa.exc.DBAPIError, match="only ever added to"), service.store.writing() as db:
            db.execute(sa.text("TRUNCATE audit"))


@pytest.mark.parametrize("put", [False, True])
def test_triggers_that_somebody_took_away_are_made_again_and_told(
    service: Service, caplog: pytest.LogCaptureFixture, put: bool
) -> None:
    fill(service)
    postgres = service.store.engine.dialect.name == "postgresql"
    with service.store.writing() as db:
        for name in ("audit_no_change",) if postgres else ("audit_no_update", "audit_no_delete"):
            db.execute(sa.text(f"DROP TRIGGER {name}{' ON audit' if postgres else ''}"))
        if put and not postgres:  # one that does nothing
            db.execute(sa.text("CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT 1; END"))
        elif put:
            db.execute(sa.text(UNGUARDED))
    with closing(Service(service.folder, service.place)) as again:
        assert again.audit.listed(most=1)[0].action == "find the audit unguarded"
        assert "did not guard the audit" in caplog.text
        for sql in ("UPDATE audit SET actor = 'x' WHERE number = 1", "DELETE FROM audit WHERE number = 1"):
            with pytest.raises(sa.exc.DBAPIError, match="only ever added to"), again.store.writing() as db:
                db.execute(sa.text(sql))
    with closing(Service(service.folder, service.place)) as third:
        assert not third.store.was_unguarded


SILENT = """CREATE FUNCTION silent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"""


def test_nothing_happens_that_the_database_keeps_no_row_of(service: Service) -> None:
    with service.store.writing() as db:
        if db.dialect.name == "postgresql":
            db.execute(sa.text(SILENT))
            db.execute(sa.text("CREATE TRIGGER silent BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION silent()"))
        else:
            db.execute(sa.text("CREATE TRIGGER silent BEFORE INSERT ON audit BEGIN SELECT RAISE(IGNORE); END"))
    with pytest.raises(NotAudited):
        service.audit.note("command", "read the audit")
    with pytest.raises(NotAudited):
        service.accounts.make("maja", "Maja", "therapist")
    assert service.accounts.listed() == []


def test_a_transaction_that_is_given_up_leaves_no_row_and_no_gap(service: Service) -> None:
    def stopped() -> None:
        with service.store.writing() as db:
            service.audit.append(db, "account 1", "prescribe", "p" * 16)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stopped()
    fill(service)
    assert service.audit.verify() == service.audit.head()


def test_words_that_no_column_holds_are_cut_before_they_are_hashed(service: Service) -> None:
    service.audit.note("account 1", "read", "", "\0long " * 100)
    assert service.audit.verify().number == 1
    assert len(service.audit.listed()[0].thing) == 200


def test_several_who_write_at_once_make_one_chain(service: Service) -> None:
    other = Service(service.folder, service.place)
    writers = [service.audit, other.audit] * 4

    def write(number: int) -> None:
        writers[number % len(writers)].note(f"account {number}", "read a session")

    with closing(other), ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(write, range(80)))
    last = service.audit.verify()
    assert last == service.audit.head()
    assert last.number == 80
    assert len({entry.actor for entry in service.audit.listed()}) == 80


def test_a_note_is_on_the_disk_before_what_it_is_of_may_be_shown(tmp_path: Path) -> None:
    """The process ends at once in the line after the note, and nothing is written at its end."""
    program = (
        "import os, sys; from pathlib import Path; from server_sync.clinic.service import Service;"
        "Service(Path(sys.argv[1])).audit.note('account 1', 'read a session'); os._exit(9)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path / "c")], cwd=ROOT, check=False)
    assert ended.returncode == 9
    with a_service(tmp_path / "c") as service:
        assert [entry.action for entry in service.audit.listed()] == ["read a session"]


def test_rows_are_listed_by_patient_actor_time_and_page(tmp_path: Path) -> None:
    clock = Clock()
    with a_service(tmp_path / "clinic", now=clock) as service:
        fill(service)
        clock.move(days=1)
        service.audit.note("account 1", "read a session", "p" * 16, "later")
        listed = service.audit.listed
        assert [entry.thing for entry in listed(Which(patient_id="q" * 16))] == ["s-x"]
        assert {entry.actor for entry in listed(Which(actor="account 1"))} == {"account 1"}
        assert [entry.thing for entry in listed(Which(since=clock.now))] == ["later"]
        assert [entry.number for entry in listed(Which(until=clock.now), most=2)] == [ROWS, ROWS - 1]
        assert [entry.number for entry in listed(Which(before=3))] == [2, 1]
        assert [entry.at for entry in listed(Which(before=3))] == [clock.now - timedelta(days=1)] * 2


def said(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(steadyreach.app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a clinic with some rows, as commands open it."""
    with a_service(tmp_path / "clinic") as service:
        service.accounts.add("maja", "Maja")
        with service.store.writing() as db:
            found = service.patients.admitted(db, ["p-ada"])
        service.audit.note("account 1", "read a session", found["p-ada"], "=s-1")
    return tmp_path / "clinic"


def test_the_command_says_that_the_chain_holds_or_at_which_row_it_does_not(folder: Path) -> None:
    code, out, _ = said("audit", "verify", "--folder", folder, "--json")
    answer = json.loads(out)
    assert (code, answer["whole"]) == (0, True)
    with a_service(folder) as service:
        past_the_triggers(service, run("UPDATE audit SET actor = 'account 9' WHERE number = 2"))
    code, out, err = said("audit", "verify", "--folder", folder, "--json")
    assert (code, json.loads(out)["number"]) == (1, 2)
    assert "does not hold at row 2" in err


def test_a_head_from_a_backup_or_from_paper_shows_what_was_cut_off(folder: Path, tmp_path: Path) -> None:
    head = said("audit", "head", "--folder", folder)[1].strip()
    assert said("backup", tmp_path / "copy", "--folder", folder)[0] == 0
    known = ("--known", head), ("--backup", tmp_path / "copy")
    assert [said("audit", "verify", "--folder", folder, *each)[0] for each in known] == [0, 0]
    with a_service(folder) as service:
        past_the_triggers(service, run("DELETE FROM audit WHERE number > 1"))
    assert [said("audit", "verify", "--folder", folder, *each)[0] for each in known] == [1, 1]
    assert said("audit", "verify", "--folder", folder)[0] == 0
    forged = replace(read(tmp_path / "copy"), audit=START)  # by somebody who has the backup, and no key
    (tmp_path / "copy" / MANIFEST).write_bytes(written(forged, b"another key"))
    code, _, err = said("audit", "verify", "--folder", folder, "--backup", tmp_path / "copy")
    assert (code, "it proves nothing" in err) == (1, True)


def test_the_list_finds_a_patient_and_a_login_and_writes_a_table_without_formulas(folder: Path, tmp_path: Path) -> None:
    code, out, _ = said("audit", "list", "--folder", folder, "--patient", "p-ada", "--json")
    (row,) = json.loads(out)
    assert (code, row["thing"]) == (0, "=s-1")
    by_id = json.loads(said("audit", "list", "--folder", folder, "--patient", row["patient_id"], "--json")[1])
    assert [each["action"] for each in by_id] == ["read the audit", "read a session"]
    assert "read a session" in said("audit", "list", "--folder", folder, "--actor", "maja")[1]
    said("audit", "list", "--folder", folder, "--csv", tmp_path / "audit.csv")
    with (tmp_path / "audit.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert "'=s-1" in {each["thing"] for each in rows}
    assert sum(each["action"] == "read the audit" for each in rows) == 3
    assert (tmp_path / "audit.csv").stat().st_mode & 0o077 == 0 or sys.platform == "win32"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["verify", "--known", "12"], "must be a number and a hash"),
        (["verify", "--backup", "nowhere"], "is no backup"),
        (["list", "--patient", "p-nobody"], "there is no patient 'p-nobody'"),
        (["list", "--from", "yesterday"], "--from yesterday is no day"),
    ],
)
def test_the_commands_refuse_in_one_sentence(folder: Path, words: list[str], sentence: str) -> None:
    code, _, err = said("audit", *words, "--folder", folder)
    assert code == 1
    assert sentence in err


PAPER = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAPER, re.DOTALL) for line in block.splitlines()]


def test_every_line_of_the_paper_runs_in_its_order(tmp_path: Path) -> None:
    with a_service(tmp_path / "CLINIC") as service:
        service.patients.add(Person(pseudonym="milo", born="1980"))
        service.audit.note("account 1", "read a patient", service.patients.id_of("milo"))
    write_folder(tmp_path / "SESSIONS", a_session(patient="milo"))
    home = {"HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    done = {line: entered(shlex.split(line)[1:], tmp_path, **home) for line in LINES}
    assert not [f"{line}: {said.err}" for line, said in done.items() if said.code]
    assert (tmp_path / "milo.zip").is_file()
    assert (tmp_path / "audit.csv").is_file()
    assert not finished(tmp_path / "SESSIONS")
    with a_service(tmp_path / "CLINIC") as service, pytest.raises(Unknown):
        service.patients.id_of("milo")


@pytest.mark.parametrize("days", range(8))
def test_rows_about_a_thing_are_found_from_any_moment_on(tmp_path: Path, days: int) -> None:
    clock = Clock()
    with a_service(tmp_path / "clinic", now=clock) as service:
        begun = clock()
        for day in range(7):
            service.audit.note("account 9", "reset a password", thing=f"account {day % 2}")
            service.audit.note("account 9", "disable an account", thing="account 0")
            clock.move(days=1)
        found = service.audit.about("account 0", ["reset a password"], begun + timedelta(days=days))
    assert [(entry.at - begun).days for entry in found] == [day for day in (6, 4, 2, 0) if day >= days]
