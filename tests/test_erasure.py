"""Erasing a person: planted words are found nowhere afterwards, and nothing of the person can be opened."""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from threading import Event, Thread, current_thread
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from commands import programmed
from on_disk import tables_on_disk
from routes import Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import SignedDevice, a_service, a_session, an_item, recorded
from sqlalchemy import LargeBinary, select
from typer.testing import CliRunner

import steadyreach
from engine.prescription import Draft, Message
from engine.records import BlockRecord
from server_sync import wire
from server_sync.clinic import database, key_copies
from server_sync.clinic.account_rules import SELF, AccountRefused
from server_sync.clinic.audit import Broken
from server_sync.clinic.backup import BACKUP_KEY, Clinic
from server_sync.clinic.consents import KINDS, RECORDINGS, Given
from server_sync.clinic.erasure import HELD, OF_POSTGRESQL, STAYS
from server_sync.clinic.hand_over import of_patient
from server_sync.clinic.keys import KEY_BYTES, Keys, PersonKey, Shredded, StillRead, unseal
from server_sync.clinic.ledger import ERASED
from server_sync.clinic.objects import recording_key
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.place import KEYS, Place, sqlite_url
from server_sync.clinic.restore import restore
from server_sync.clinic.sealed_stream import NotOpened, opened
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Account, Patient, SameSession, Setting, Table, Ward

WHO = "p-zebrafinch"
CANARIES = {
    "pseudonym": WHO,
    "name": "Quillon Zebrafinch",
    "about": "left hemiplegia after a fall from the barn",
    "message": "Remember the quince by the window",
    "session": "the marmalade shelf is out of reach",
    "letter": "My sister Perpetua says it hurts",
    "answer": "As the quince said",
    "contact": "phoned about the zither",
    "consent": "Philomena Zebrafinch",
    "login": "quillonz",
    "account": "Q. Zebrafinch at home",
    "guardian login": "philomenaz",
    "guardian": "P. Zebrafinch the elder",
    "device": "headset of the zebrafinches",
    "recording": "VREC movement of the marmoset",
}
"""Words about a person that are planted wherever the clinic takes words."""
BOUND = {
    ("session", "content"): "session {id}",
    ("session", "summary"): "summary {id}",
    ("gist", "sealed"): "gist {session_id}",
    ("glance", "sealed"): "glance {patient_id}",
    ("prescription", "content"): "prescription {patient_id} {version}",
    ("patient", "sealed"): "patient {id}",
    ("account", "sealed"): "{key_id}",
    ("recording", "sealed"): "recording {sha256}",
    ("consent", "sealed"): "consent {id}",
    ("contact", "sealed"): "contact {id}",
    ("letter", "sealed"): "letter {id}",
    ("news", "sealed"): "news {session_id}",
}


class Planted(NamedTuple):
    """A clinic with a person who is to be erased and one who stays, and where its data lies."""

    service: Service
    folder: Path
    database: str
    patient_id: str
    device: SignedDevice
    account_id: int
    guardian_id: int


class Sealed(NamedTuple):
    """A sealed value of a person, and what it is bound to."""

    table: str
    content: bytes
    bound: str


def recording_of(session_id: str) -> bytes:
    return f"{CANARIES['recording']} {session_id}".encode() * 500


def delivered(device: SignedDevice, session_id: str, patient: str, number: int = 1) -> wire.Receipt:
    """Have a device bring a session whose words are planted, after its recording."""
    device.upload(recording_of(session_id))
    answered = BlockRecord("message", "", 1, "message", 1.0, 2.0, {"id": "1-1", "answer": CANARIES["answer"]})
    words = {"headset_description": CANARIES["session"], "blocks": (answered,)}
    session = a_session(session_id, patient=patient, **words)
    return device.deliver(an_item(recorded(session, recording_of(session_id)), number)).receipts[0]


def plant(service: Service, folder: Path, database: str, client: Client) -> Planted:
    """Bring the words in through every door: devices, the web, and commands."""
    service.accounts.add("maja", "Maja")
    patient_id = service.patients.add(Person(pseudonym=WHO, name=CANARIES["name"], about=CANARIES["about"]))
    device, other = SignedDevice(client), SignedDevice(client).enrol(service)
    enrolled = service.devices.enrol(device.enrolment(service.devices.new_code([WHO]), CANARIES["device"]))
    device.token, device.id = enrolled.token, enrolled.device
    assert delivered(device, "s-z", WHO).state == wire.CREATED
    assert delivered(other, "s-y", "p-stays").state == wire.CREATED
    service.prescriptions.save(WHO, Draft(messages=(Message(text=CANARIES["message"]),)), "Maja")
    given = Given(CANARIES["consent"], "self", KINDS[RECORDINGS].version)
    service.consents.give("command", patient_id, RECORDINGS, given)
    account_id = service.accounts.make(CANARIES["login"], CANARIES["account"], "patient", wards={patient_id: SELF})
    guardian = CANARIES["guardian login"], CANARIES["guardian"], "guardian"
    guardian_id = service.accounts.make(*guardian, wards={patient_id: "mother"})
    show_cookie(client, begin_visit(service, account_id))
    form = {"text": CANARIES["letter"], "_csrf_token": form_token(client)}
    assert client.post(f"/me/{patient_id}/letters", data=form).status_code == 200
    where = ["--folder", folder, "--database", database]
    contact = ["--minutes", 10, "--who", "maja", "--note", CANARIES["contact"]]
    assert said("contact", WHO, *where, *contact)[0] == 0
    service.devices.new_code([WHO])
    service.glances.all()
    return Planted(service, folder, database, patient_id, device, account_id, guardian_id)


def said(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(steadyreach.app, [str(word) for word in words])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(params=["sqlite", "postgres"])
def planted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Planted]:
    """A clinic, once on each kind of database."""
    database = "" if request.param == "sqlite" else request.getfixturevalue("clinic_postgres")()
    folder = tmp_path / "clinic"
    with a_service(folder, database) as service, a_web(service) as web:
        yield plant(service, folder, database, web)


def back_up(planted: Planted, out: Path) -> str:
    """Make a backup by the command; gives what it says."""
    code, told, err = said("backup", out, "--folder", planted.folder, "--database", planted.database)
    assert code == 0, err
    return told


def holding(words: bytes, *folders: Path) -> list[str]:
    """The files that hold some bytes."""
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file())
    return [str(path) for path in files if words in path.read_bytes()]


def test_planted_words_and_the_key_are_nowhere_after_an_erasure(planted: Planted, tmp_path: Path) -> None:
    code = back_up(planted, tmp_path / "copy").split("shown once: ")[1].split()[0]
    persons = planted.patient_id, *accounts_of(planted)
    keys, places = [planted.service.keychain.of(person) for person in persons], (planted.folder, tmp_path / "copy")
    for key in keys:
        assert holding(key, *places), "the key was never where it is looked for"
    done = planted.service.erasing.erase("command", WHO)
    accounts = planted.account_id, planted.guardian_id
    assert (done.sessions, done.recordings, done.accounts_closed) == (1, 1, accounts)
    assert (done.copies_rewritten, done.copies_unreached) == ((str(tmp_path / "copy"),), ())
    assert done.stays == (STAYS if not planted.database else (*STAYS, OF_POSTGRESQL))
    back_up(planted, tmp_path / "copy")
    assert not [key for key in keys if holding(key, *places)]
    for kind, words in CANARIES.items():
        assert not holding(words.encode(), *places, *tables_on_disk(planted.service.store)), kind
    copied = key_copies.read(tmp_path / "copy" / key_copies.FILE, code).persons
    assert [copied[person] for person in persons] == [b"", b"", b""]


def accounts_of(planted: Planted) -> list[str]:
    """The ids of the keys of the person's and the guardian's accounts."""
    theirs = select(Account.key_id).where(Account.id.in_([planted.account_id, planted.guardian_id]))
    return [row.key_id for row in planted.service.store.look(theirs)]


def test_the_search_finds_what_is_not_sealed(planted: Planted) -> None:
    with planted.service.store.writing() as db:
        db.execute(sa.insert(Setting).values(name="x", value=CANARIES["letter"]))
    assert holding(CANARIES["letter"].encode(), planted.folder, *tables_on_disk(planted.service.store))


def sealed_of(planted: Planted) -> list[Sealed]:
    """Every sealed value of the person, and of the accounts for them."""
    whose = {table: table.columns["patient_id"] == planted.patient_id for table in of_patient()}
    whose[Patient.__table__] = Patient.id == planted.patient_id
    whose[Account.__table__] = Account.id.in_([planted.account_id, planted.guardian_id])
    found = []
    for table, theirs in whose.items():
        for row in planted.service.store.look(select(table).where(theirs)):
            for column in table.columns:
                if (table.name, column.name) in BOUND:
                    bound = BOUND[table.name, column.name].format(**row._asdict())
                    found.append(Sealed(table.name, bytes(row._asdict()[column.name]), bound))
    return found


def test_every_sealed_column_of_a_person_is_looked_at() -> None:
    columns = {(each.table.name, each.name) for table in of_patient() for each in table.columns if is_sealed(each)}
    assert columns - set(BOUND) == {("draft", "sealed"), ("measurement", "content")}, "of which none is planted"


def is_sealed(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, LargeBinary)


def opens(keys: list[bytes], sealed: Sealed) -> bool:
    for key in keys:
        with suppress(ValueError):
            unseal(key, sealed.content, sealed.bound)
            return True
    return False


def test_nothing_of_them_opens_with_the_data_of_before_and_every_key_that_there_is(planted: Planted) -> None:
    keychain, blobs = planted.service.keychain, sealed_of(planted)
    assert {blob.table for blob in blobs} == {table for table, _ in BOUND}
    before = [keychain.of(person) for person in (planted.patient_id, *accounts_of(planted))]
    assert all(opens(before, blob) for blob in blobs)
    name = recording_key(wire.sha256(recording_of("s-z")))
    recording, its_key = (planted.folder / name).read_bytes(), planted.service.vault.key(name.rpartition("/")[2])
    assert its_key
    assert b"".join(opened(its_key, [recording])) == recording_of("s-z")
    planted.service.erasing.erase("command", WHO)
    keys = every_key(*keychain.all())
    assert not [blob.table for blob in blobs if opens(keys, blob)]
    for key in keys:
        with pytest.raises(NotOpened):
            b"".join(opened(key, [recording]))
    assert not (planted.folder / name).exists()
    with pytest.raises(Shredded):
        keychain.of(planted.patient_id)


def every_key(secrets: Mapping[str, str], persons: Mapping[str, bytes]) -> list[bytes]:
    keys = [key for key in persons.values() if key]
    for value in secrets.values():
        with suppress(ValueError):
            keys.append(b64decode(value, validate=True))
    keys = [key for key in keys if len(key) == KEY_BYTES]
    assert len(keys) > 3
    return keys


def test_an_old_backup_and_its_code_tell_nobody_whose_accounts_they_were(
    planted: Planted, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    code = back_up(planted, tmp_path / "copy").split("shown once: ")[1].split()[0]
    blobs = [blob for blob in sealed_of(planted) if blob.table == "account"]
    copied = key_copies.read(tmp_path / "copy" / key_copies.FILE, code)
    assert len([blob for blob in blobs if opens(every_key(copied.secrets, copied.persons), blob)]) == 2
    planted.service.erasing.erase("command", WHO)
    copied = key_copies.read(tmp_path / "copy" / key_copies.FILE, code)
    assert not [blob for blob in blobs if opens(every_key(copied.secrets, copied.persons), blob)]
    (database,) = (tmp_path / "copy").glob("database-*")
    data = b"".join(opened(b64decode(copied.secrets[BACKUP_KEY]), [database.read_bytes()]))
    if not planted.database:  # PostgreSQL packs it
        assert [blob for blob in blobs if blob.content in data] == blobs, "it is the database of before"
        known = [kind for kind, words in CANARIES.items() if words.encode() in data]
        assert known == ["device"], "names of devices lie open in a database, and so in the backups of before"
    back, url = tmp_path / "back", request.getfixturevalue("new_postgres")() if planted.database else ""
    restore(tmp_path / "copy", Clinic(back, Place(url)), code, lambda *_: None)
    with closing(Service(back, Place(url))) as service:
        for account_id in (planted.account_id, planted.guardian_id):
            line = service.accounts.of(account_id)
            assert (line.login, line.name, line.disabled_at is None) == (f"erased {account_id}", "", False)
        assert [each.says for each in service.suspended.waiting() if each.kind == "account"] == [
            "maja (Maja), therapist"
        ]


def test_an_account_whose_key_was_destroyed_is_closed_also_where_it_was_for_somebody_else_then(
    planted: Planted, tmp_path: Path
) -> None:
    service, stays = planted.service, planted.service.patients.id_of("p-stays")
    service.accounts.add_ward(planted.guardian_id, stays, "mother", "command")
    back_up(planted, tmp_path / "copy")
    service.accounts.end_ward(planted.guardian_id, stays, "command")
    service.erasing.erase("command", WHO)
    with service.store.writing() as db:  # as the backup of before would have it
        row = {"sealed": b"of before", "lookup": "of before", "disabled_at": None, "password_hash": "of before"}
        db.execute(sa.update(Account).where(Account.id == planted.guardian_id).values(row))
        db.execute(sa.insert(Ward).values(account_id=planted.guardian_id, patient_id=stays, relation="mother"))
    assert service.accounts.of(planted.guardian_id).name == ""
    assert service.erasing.resume("command") == []
    line = service.accounts.of(planted.guardian_id)
    assert (line.login, line.name, line.invited) == (f"erased {planted.guardian_id}", "", True)
    assert line.disabled_at
    last = service.audit.listed(most=1)[0]
    assert (last.action, last.thing) == ("disable an account", f"account {planted.guardian_id}")


@pytest.mark.parametrize("planted", ["sqlite"], indirect=True)
def test_a_key_that_somebody_reads_meanwhile_is_not_said_to_be_destroyed(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PATIENCE_S", 0.1)
    key, url = planted.service.keychain.of(planted.patient_id), sqlite_url(planted.folder / KEYS)
    with closing(database.Database(url)) as another, another.reading() as db:
        db.execute(select(PersonKey.key)).all()
        with closing(Service(planted.folder)) as service, pytest.raises(StillRead):
            service.erasing.erase("command", WHO)
        assert holding(key, planted.folder)
    with closing(Service(planted.folder)) as service, planted.service.store.reading() as db:
        db.execute(select(Patient.id)).all()
        (done,) = service.erasing.resume("command")
    assert (done.patient_id, done.stays) == (planted.patient_id, (*STAYS, HELD))
    assert not holding(key, planted.folder)


@pytest.mark.parametrize("planted", ["sqlite"], indirect=True)
def test_no_account_is_made_for_somebody_who_is_being_erased(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would stay with their name: the accounts for them are closed already."""
    write_again, refused = key_copies.write_again, list[AccountRefused]()

    def meanwhile(keys: Keys) -> tuple[tuple[str, ...], tuple[str, ...]]:
        with pytest.raises(AccountRefused, match="was erased") as reason:
            planted.service.accounts.make("late", CANARIES["name"], "patient", wards={planted.patient_id: SELF})
        refused.append(reason.value)
        return write_again(keys)

    monkeypatch.setattr(key_copies, "write_again", meanwhile)
    planted.service.erasing.erase("command", WHO)
    assert len(refused) == 1


def test_who_has_a_disabled_account_keeps_their_name(planted: Planted) -> None:
    maja = planted.service.accounts.named("maja").id
    planted.service.accounts.disable(maja)
    planted.service.erasing.erase("command", WHO)
    assert planted.service.erasing.resume("command") == []
    assert planted.service.accounts.of(maja).name == "Maja"


def test_keys_of_closed_accounts_are_destroyed_also_when_that_was_stopped_in_between(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    shred, theirs = Keys.shred, accounts_of(planted)

    def stopped(keys: Keys, person_id: str) -> None:
        if person_id in theirs:
            raise KeyboardInterrupt
        shred(keys, person_id)

    monkeypatch.setattr(Keys, "shred", stopped)
    with pytest.raises(KeyboardInterrupt):
        planted.service.erasing.erase("command", WHO)
    monkeypatch.undo()
    assert planted.service.accounts.of(planted.account_id).name == ""
    assert not set(theirs) & planted.service.keychain.shredded()
    (done,) = planted.service.erasing.resume("command")
    assert done.accounts_closed == (planted.account_id, planted.guardian_id)
    assert set(theirs) <= planted.service.keychain.shredded()
    assert planted.service.keychain.patients() == {planted.service.patients.id_of("p-stays")}


def test_no_table_has_a_row_of_them_and_the_other_person_has_all(planted: Planted) -> None:
    planted.service.erasing.erase("command", WHO)
    for table in (*of_patient(), Patient.__table__):
        whose = table.columns["id" if table.name == "patient" else "patient_id"]
        assert not planted.service.store.look(select(table).where(whose == planted.patient_id)), table.name
    assert [line.pseudonym for line in planted.service.archive.patients()] == ["p-stays"]
    assert planted.service.archive.session("s-y").headset_description == CANARIES["session"]
    assert next(planted.service.archive.held()).recording_held
    assert not isinstance(planted.service.audit.verify(), Broken)


def test_no_column_of_any_table_names_their_session(planted: Planted) -> None:
    """The audit apart: it keeps ids for good."""
    planted.service.erasing.erase("command", WHO)
    for table in Table.metadata.sorted_tables:
        rows = planted.service.store.look(select(table)) if table.name != "audit" else []
        assert not [row for row in rows if "s-z" in row], table.name


def test_their_numbers_stay_accounted_for_and_nothing_of_theirs_is_taken_any_more(planted: Planted) -> None:
    service = planted.service
    with a_web(service) as client:
        device = SignedDevice(client).enrol(service)
        delivered(device, "s-4", WHO, 4)  # numbers 1 to 3 are on their way
        service.erasing.erase("command", WHO)
        assert service.archive.state(device.id).missing == (1, 2, 3)
        assert 4 not in service.archive.state(device.id).unheld
        again = delivered(device, "s-4", WHO, 4)
        assert (again.state, again.code) == (wire.REFUSED, ERASED)
        assert service.archive.count() == 1
        with pytest.raises(Unknown, match="was erased here"):
            service.patients.add(Person(pseudonym=WHO))
        with pytest.raises(ValueError, match="was erased here"):
            service.devices.new_code([WHO])
    with service.store.reading() as db:
        same = db.execute(select(SameSession.session_id).where(SameSession.device_id == device.id)).scalars().all()
    assert same == [""]


def test_what_their_own_device_brought_and_no_session_names_goes_too(planted: Planted) -> None:
    service, device = planted.service, planted.device.id
    unnamed, begun = recording_of("s-never"), recording_of("s-half")
    service.uploads.begin(device, wire.sha256(unnamed), len(unnamed))
    service.uploads.append(device, wire.sha256(unnamed), 0, unnamed)
    service.uploads.begin(device, wire.sha256(begun), len(begun))
    service.uploads.append(device, wire.sha256(begun), 0, begun[:100])
    other = SignedDevice(None).enrol(service, ["p-stays"]).id
    service.uploads.begin(other, wire.sha256(begun), len(begun))
    service.uploads.append(other, wire.sha256(begun), 0, begun[:200])
    lost = wire.Lost(number=7, id="s-lost", reason="the zebrafinch ate it")
    strange = an_item(a_session("s-strange", patient="p-stays"), 8)
    service.archive.take(device, wire.Batch(items=(strange,), lost=(lost,)))
    done = service.erasing.erase("command", WHO)
    assert done.recordings == 2
    assert service.vault.size(wire.sha256(unnamed)) is None
    assert not holding(begun[:100], planted.folder / "incoming" / device)
    assert service.uploads.progress(other, wire.sha256(begun)).offset == 200
    for table in Table.metadata.sorted_tables:
        rows = service.store.look(select(table)) if table.name != "audit" else []
        assert not [row for row in rows if {"s-lost", "s-strange"} & set(map(str, row))], table.name
    assert [line.name for line in service.devices.listed() if line.id == device] == [""]


def test_a_device_for_them_alone_is_revoked_and_one_for_others_too_stays(planted: Planted) -> None:
    shared = SignedDevice(None).enrol(planted.service, [WHO, "p-stays"])
    done = planted.service.erasing.erase("command", WHO)
    assert done.devices_revoked == (planted.device.id,)
    assert planted.service.devices.who(planted.device.token) is None
    known = planted.service.devices.who(shared.token)
    assert known
    assert planted.service.patients.pseudonyms(known.patients) == ("p-stays",)


def test_a_guardian_of_another_child_keeps_their_account(planted: Planted) -> None:
    stays = planted.service.patients.id_of("p-stays")
    wards = {planted.patient_id: "mother", stays: "mother"}
    guardian = planted.service.accounts.make("mother", "Mother", "guardian", wards=wards)
    done = planted.service.erasing.erase("command", WHO)
    assert guardian not in done.accounts_closed
    assert planted.service.accounts.wards(guardian) == {stays: "mother"}
    assert planted.service.accounts.of(planted.account_id).disabled_at


def test_a_backup_that_copies_the_keys_during_an_erasure_is_without_the_destroyed_one(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = back_up(planted, tmp_path / "copy").split("shown once: ")[1].split()[0]
    writes, shred, read, shredded = key_copies.write_whole, Keys.shred, Event(), Event()

    def slow_write(*words: Any, **named: Any) -> None:
        if current_thread() is nightly:
            read.set()
            assert shredded.wait(60)
        writes(*words, **named)

    def told_shred(keys: Keys, patient_id: str) -> None:
        shred(keys, patient_id)
        shredded.set()

    monkeypatch.setattr(key_copies, "write_whole", slow_write)
    monkeypatch.setattr(Keys, "shred", told_shred)
    with closing(Keys(sqlite_url(planted.folder / KEYS))) as keys:
        nightly = Thread(target=key_copies.write, args=(keys, tmp_path / "copy"))
        nightly.start()
        assert read.wait(60)
        done = planted.service.erasing.erase("command", WHO)
        nightly.join()
    assert done.copies_rewritten == (str(tmp_path / "copy"),)
    assert key_copies.read(tmp_path / "copy" / key_copies.FILE, code).persons[planted.patient_id] == b""


def test_a_key_that_is_destroyed_while_a_copy_is_written_is_not_in_it_where_drives_know_no_locks(
    planted: Planted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = back_up(planted, tmp_path / "copy").split("shown once: ")[1].split()[0]
    writes = key_copies.write_whole

    def shred_first(*words: Any, **named: Any) -> None:
        planted.service.keychain.shred(planted.patient_id)
        writes(*words, **named)

    monkeypatch.setattr(key_copies, "write_whole", shred_first)
    key_copies.write(planted.service.keychain, tmp_path / "copy")
    assert key_copies.read(tmp_path / "copy" / key_copies.FILE, code).persons[planted.patient_id] == b""


def test_two_copies_noted_at_once_are_both_known(planted: Planted, tmp_path: Path) -> None:
    key_copies.new_code(planted.service.keychain)
    folders = [tmp_path / f"copy {number}" for number in range(4)]
    for folder in folders:
        folder.mkdir()
    both = [Thread(target=key_copies.write, args=(planted.service.keychain, folder)) for folder in folders]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(key_copies.places(planted.service.keychain)) == sorted(map(str, folders))


def test_a_copy_that_is_not_mounted_is_said_and_nothing_is_written_in_its_place(
    planted: Planted, tmp_path: Path
) -> None:
    back_up(planted, tmp_path / "copy")
    (tmp_path / "copy").rename(tmp_path / "elsewhere")
    (tmp_path / "copy").mkdir()
    done = planted.service.erasing.erase("command", WHO)
    assert (done.copies_rewritten, done.copies_unreached) == ((), (str(tmp_path / "copy"),))
    assert not list((tmp_path / "copy").iterdir())


def test_an_old_backup_with_the_keys_of_today_comes_back_without_them(
    planted: Planted, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    back_up(planted, tmp_path / "copy")
    planted.service.erasing.erase("command", WHO)
    back, keys = tmp_path / "back", sqlite_url(planted.folder / KEYS)
    database = request.getfixturevalue("new_postgres")() if planted.database else ""
    to = ["--folder", back, "--database", database, "--keys", keys]
    code, _, err = said("restore", tmp_path / "copy", *to)
    assert code == 0, err
    service = Service(back, Place(database, "", keys))
    assert [line.pseudonym for line in service.archive.patients()] == ["p-stays"]
    assert not service.store.look(select(Patient.id).where(Patient.id == planted.patient_id))
    assert not (back / recording_key(wire.sha256(recording_of("s-z")))).exists()
    with pytest.raises(Unknown, match="was erased here"):
        service.patients.add(Person(pseudonym=WHO))
    service.close()


STEPS = (
    "keys.Keys.shred", "erasure.key_copies.write_again", "objects.Objects.remove", "erasure._forget_sessions",
    "erasure._empty_account", "store.Store.tidy",
)  # fmt: skip
PROGRAM = """
import os, sys
from pathlib import Path
from server_sync.clinic import erasure, keys, objects, store
from server_sync.clinic.place import Place
from server_sync.clinic.service import Service
module, *names = sys.argv[3].split(".")
of = {"erasure": erasure, "keys": keys, "objects": objects, "store": store}[module]
for name in names[:-1]:
    of = getattr(of, name)
setattr(of, names[-1], lambda *_: os._exit(9))
Service(Path(sys.argv[1]), Place(sys.argv[2])).erasing.erase("command", sys.argv[4])
"""


@pytest.mark.parametrize(
    ("planted", "step"),
    [*(("sqlite", step) for step in STEPS), *(("postgres", step) for step in (STEPS[0], STEPS[3]))],
    indirect=["planted"],
)
def test_an_erasure_that_was_killed_at_any_step_goes_on(planted: Planted, step: str) -> None:
    assert programmed(PROGRAM, planted.folder, planted.database, step, WHO).code == 9
    service = Service(planted.folder, Place(planted.database))
    with pytest.raises(Unknown):  # from its first step on nobody gets in
        service.patients.id_of(WHO)
    resumed = service.erasing.resume("retention")
    assert [done.patient_id for done in resumed] == ([] if step.endswith("tidy") else [planted.patient_id])
    assert service.erasing.resume("retention") == []
    with pytest.raises(Shredded):
        service.keychain.of(planted.patient_id)
    for table in of_patient():
        assert not service.store.look(select(table).where(table.columns["patient_id"] == planted.patient_id))
    assert not (planted.folder / recording_key(wire.sha256(recording_of("s-z")))).exists()
    assert not isinstance(service.audit.verify(), Broken)
    service.close()


def test_the_command_asks_whether_it_is_meant_and_says_what_stays(planted: Planted) -> None:
    where = ["--folder", planted.folder, "--database", planted.database]
    code, _, err = said("erase", WHO, *where)
    assert code == 1
    assert "--yes" in err
    assert planted.service.patients.id_of(WHO)
    code, out, _ = said("erase", WHO, *where, "--yes", "--json")
    assert (code, json.loads(out)["sessions"]) == (0, 1)
    code, _, err = said("erase", WHO, *where, "--yes")
    assert code == 1
    assert f"there is no patient '{WHO}' here" in err
    assert "What is not erased by this" in said("erase", "p-stays", *where, "--yes")[1]


def test_the_command_says_where_it_may_be_used() -> None:
    for words in ([], ["--folder", "a", "--client", "b"]):
        code, _, err = said("erase", WHO, "--yes", *words)
        assert code == 1
        assert "--folder CLINIC at the clinic, or --client FOLDER" in err
