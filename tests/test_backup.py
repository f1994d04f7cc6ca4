"""A backup made while the clinic is at work brings everything back; one that is damaged says so."""

import json
import threading
from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from client_fixtures import a_computer
from msgspec.structs import replace
from server_fixtures import SignedDevice, a_clinic, a_session, an_item
from sqlalchemy import select
from typer.testing import CliRunner

from engine.commands import backup as command
from engine.records import Recording
from server_sync import wire
from server_sync.clinic import dumps, key_copies, restore
from server_sync.clinic.backup import BACKUP_KEY, AuditCut, Clinic, NotTheSame, backup
from server_sync.clinic.keys import Keys
from server_sync.clinic.manifest import MANIFEST, BackupUnusable, Entry, Manifest, Told, check, read, written
from server_sync.clinic.objects import archived_key, recording_key
from server_sync.clinic.place import Place, sqlite_url
from server_sync.clinic.restore import NotEmpty
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Delivered

BEFORE, WRITERS = 4, 2


class Places(NamedTuple):
    """Where clinics of one kind of database are made."""

    folder: Path
    database: Callable[[], str]

    def clinic(self, name: str) -> Clinic:
        """Where a new clinic may be."""
        return Clinic(self.folder / name, Place(self.database()))


@pytest.fixture(params=["sqlite", "postgresql"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Places:
    return Places(tmp_path, str if request.param == "sqlite" else request.getfixturevalue("new_postgres"))


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    """A clinic with two sessions."""
    clinic = Clinic(tmp_path / "clinic")
    with closing(Service(*clinic)) as service:
        device = SignedDevice(None).enrol(service).id
        for number in (1, 2):
            _deliver(service, device, number)
    return clinic


@pytest.fixture
def copy(clinic: Clinic, tmp_path: Path) -> Path:
    """A backup of it."""
    _backed_up(clinic, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_backup_under_load_brings_back_every_session_that_was_acknowledged_before(places: Places) -> None:
    clinic = places.clinic("clinic")
    with closing(Service(*clinic)) as service:
        devices = [SignedDevice(None).enrol(service).id for _ in range(WRITERS)]
        before = {name for device in devices for n in range(1, BEFORE + 1) for name in [_deliver(service, device, n)]}
        kept = {name: content for name, content in _contents(service).items() if name in before}
        with _busy(service, devices):
            made = _backed_up(clinic, places.folder / "copy")
    assert not made.missing
    back = places.clinic("back")
    found = _restored(places.folder / "copy", back)
    with closing(Service(*back)) as service:
        restored = _contents(service)
        assert kept.items() <= restored.items()
        assert found.sessions == len(restored)
        assert all(held.recording_held for held in service.archive.held())


def test_a_device_sends_what_an_old_backup_lacks_and_nothing_is_doubled(places: Places) -> None:
    clinic, back = places.clinic("clinic"), places.clinic("back")
    with closing(Service(*clinic)) as service:
        device = SignedDevice(None).enrol(service).id
        _deliver(service, device, 1)
        _backed_up(clinic, places.folder / "copy")
        _deliver(service, device, 2)
    _restored(places.folder / "copy", back)
    with closing(Service(*back)) as service:
        assert service.archive.state(device).acked_through == 1
        _deliver(service, device, 1)
        _deliver(service, device, 2)
        assert service.archive.state(device).acked_through == 2
        assert len(_contents(service)) == 2


def test_a_computer_that_synced_since_the_backup_was_made_brings_what_it_lacks(tmp_path: Path) -> None:
    with a_clinic(tmp_path / "clinic") as running:
        computer = a_computer(tmp_path, running)
        computer.plays("first", "second")
        computer.sync()
        _backed_up(Clinic(running.folder), tmp_path / "copy")
        computer.plays("third")
        assert computer.sync().delivered == ("third",)
    _restored(tmp_path / "copy", Clinic(tmp_path / "back"))
    with closing(Service(tmp_path / "back")) as service:
        service.suspended.confirm([each.name for each in service.suspended.waiting()])
    with a_clinic(tmp_path / "back", int(running.url.rpartition(":")[2])):
        again = computer.sync()
    with closing(Service(tmp_path / "back")) as service:
        found = {held.id: held.recording_held for held in service.archive.held()}
    assert again.complete
    assert found == {"first": True, "second": True, "third": True}


def test_what_an_earlier_backup_copied_is_not_copied_again(clinic: Clinic, copy: Path) -> None:
    first = {path: path.stat().st_mtime_ns for path in copy.rglob("recordings/*/*")}
    with closing(Service(*clinic)) as service:
        _deliver(service, _device(service), 3)
    _backed_up(clinic, copy)
    second = {path: path.stat().st_mtime_ns for path in copy.rglob("recordings/*/*")}
    assert first.items() < second.items()
    assert len(second) == 3
    assert len(list(copy.glob("database-*"))) == 1
    assert check(copy, _quietly) == read(copy)


def test_an_archived_recording_is_in_the_backup_and_comes_back(clinic: Clinic, tmp_path: Path) -> None:
    with closing(Service(*clinic)) as service:
        name = next(service.archive.held()).recording_sha256
        service.vault.write(archived_key(name), [b"the archive of it"])
        service.objects.remove([recording_key(name)])
    made = _backed_up(clinic, tmp_path / "copy")
    assert archived_key(name) in made.files
    _restored(tmp_path / "copy", Clinic(tmp_path / "back"))
    with closing(Service(tmp_path / "back")) as service:
        assert b"".join(service.vault.read(archived_key(name))) == b"the archive of it"


def test_a_recording_that_is_archived_while_it_is_copied_is_in_the_backup(clinic: Clinic, tmp_path: Path) -> None:
    with closing(Service(*clinic)) as service:
        names = [held.recording_sha256 for held in service.archive.held()]

        def archive_all(done: int, of: int) -> None:  # noqa: ARG001
            for name in names:
                service.vault.write(archived_key(name), [b"archive"])
            service.objects.remove([recording_key(name) for name in names])

        made = _backed_up(clinic, tmp_path / "copy", archive_all)
    assert not made.missing
    assert {archived_key(name) for name in names} <= made.files.keys()


def test_a_recording_that_the_clinic_has_lost_is_told_and_a_damaged_one_never_replaces_a_whole_one(
    clinic: Clinic, copy: Path
) -> None:
    lost, damaged = (key for key in read(copy).files if key.startswith("recordings/"))
    (clinic.folder / lost).unlink()
    whole = (clinic.folder / damaged).read_bytes()
    (clinic.folder / damaged).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elsewhere = _backed_up(clinic, copy.parent / "another")
    assert sorted(elsewhere.missing.values()) == ["damaged in the clinic's store", "not in the clinic's store"]
    _backed_up(clinic, copy)
    assert (copy / damaged).read_bytes() == whole


@pytest.mark.parametrize("change", ["flip", "cut", "remove"])
@pytest.mark.parametrize("which", ["database-*", "recordings/*/*", MANIFEST])
def test_a_backup_that_is_damaged_names_the_file_and_is_not_brought_back(copy: Path, change: str, which: str) -> None:
    path = next(copy.glob(which))
    content = path.read_bytes()
    if change == "remove":
        path.unlink()
    else:
        middle = len(content) // 2
        path.write_bytes(
            content[:middle] + (b"" if change == "cut" else bytes([content[middle] ^ 1]) + content[middle + 1 :])
        )
    with pytest.raises(BackupUnusable, match=path.name):
        _restored(copy, Clinic(copy.parent / "back"))
    assert not (copy.parent / "back").exists()


def test_a_backup_that_was_not_finished_leaves_the_one_before_whole(
    clinic: Clinic, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read(copy)
    monkeypatch.setattr(dumps, "check", _fail)
    with pytest.raises(dumps.DatabaseTrouble):
        _backed_up(clinic, copy)
    monkeypatch.undo()
    assert check(copy, _quietly) == before


def test_the_recovery_code_is_shown_also_where_the_backup_is_not_made(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is shown once: who saw none would have backups that nobody opens."""
    asked = ["backup", str(tmp_path / "copy"), "--folder", str(clinic.folder)]
    monkeypatch.setattr(dumps, "check", _fail)
    refused = CliRunner().invoke(command.app, asked)
    monkeypatch.undo()
    code = _shown(refused.stdout)
    assert (refused.exit_code, refused.stderr) == (1, "steadyreach: no room\n")
    made = CliRunner().invoke(command.app, [*asked, "--keys-folder", str(tmp_path / "copy" / ".." / "copy")])
    assert (made.exit_code, _shown(made.stdout)) == (0, "")
    assert key_copies.read(tmp_path / "copy" / key_copies.FILE, code).secrets, "beside the backup, where it was asked"


def test_another_code_says_which_copies_the_one_before_still_opens(clinic: Clinic, copy: Path, tmp_path: Path) -> None:
    copy.rename(tmp_path / "taken away")
    again = CliRunner().invoke(
        command.app, ["backup", str(tmp_path / "new"), "--folder", str(clinic.folder), "--new-code"]
    )
    assert key_copies.read(tmp_path / "new" / key_copies.FILE, _shown(again.stdout))
    assert f"not reached, the code of before opens the copy of the keys in {copy}: destroy it\n" == again.stderr


def test_nothing_is_written_over(copy: Path, clinic: Clinic, places: Places) -> None:
    with pytest.raises(NotEmpty, match="clinic is not empty"):
        _restored(copy, clinic)
    if places.database is not str:
        filled = Clinic(copy.parent / "new", Place(places.database()))
        Service(*filled).close()
        _backed_up(filled, copy.parent / "of postgres")
        with pytest.raises(NotEmpty, match="database is not empty"):
            _restored(copy.parent / "of postgres", Clinic(copy.parent / "newer", filled.place))


def test_a_backup_of_a_later_schema_is_refused_in_words(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = {name: getattr(read(copy), name) for name in Manifest.__struct_fields__} | {"schema": "0999"}
    monkeypatch.setattr(restore, "check", lambda *_: Manifest(**later))
    with pytest.raises(BackupUnusable, match="schema 0999, this version knows 00"):
        _restored(copy, Clinic(copy.parent / "back"))


def test_the_commands_copy_check_and_bring_back(clinic: Clinic, tmp_path: Path) -> None:
    copy, back = str(tmp_path / "copy"), str(tmp_path / "back")
    said = [
        CliRunner().invoke(command.app, [*arguments, "--json"])
        for arguments in (
            ["backup", copy, "--folder", str(clinic.folder)],
            ["backup", "--check", copy],
        )
    ]
    code = said[0].stderr.split()[4]
    said.append(CliRunner().invoke(command.app, ["restore", copy, "--folder", back, "--code", code, "--json"]))
    assert [result.exit_code for result in said] == [0, 0, 0]
    assert json.loads(said[0].stdout) == json.loads(said[1].stdout)
    assert json.loads(said[2].stdout)["sessions"] == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["backup"], "say where the copy goes"),
        (["backup", "OUT", "--folder", "nowhere"], "nowhere is not the folder of a clinic"),
        (["backup", "--check", "nowhere"], "is no backup"),
        (["restore", "nowhere", "--folder", "back", "--code", "x"], "is no backup"),
    ],
)
def test_the_commands_refuse_in_one_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(command.app, arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert not Path("nowhere").exists()


class _busy:  # noqa: N801 - a `with` reads better in small letters
    """Devices that deliver as fast as they can meanwhile."""

    def __init__(self, service: Service, devices: list[str]) -> None:
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._deliver, args=(service, device)) for device in devices]
        self._first = threading.Barrier(len(devices) + 1)

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()
        self._first.wait()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _deliver(self, service: Service, device: str) -> None:
        number = BEFORE + 1
        _deliver(service, device, number)
        self._first.wait()
        while not self._over.is_set():
            number += 1
            _deliver(service, device, number)


def _deliver(service: Service, device: str, number: int) -> str:
    """Bring a session with its recording; gives its id when it is acknowledged."""
    content = f"recording {number} of {device}".encode() * 100
    name = wire.sha256(content)
    service.vault.write(recording_key(name), [content])
    file = Recording(file="frames.vrec", sha256=name, bytes=len(content), frames=1)
    session = a_session(f"{device}-{number}", seed=number, recording=file)
    receipt = service.archive.take(device, wire.Batch(items=(an_item(session, number),))).receipts[0]
    assert receipt.state in (wire.CREATED, wire.HELD), receipt
    return session.id


def _device(service: Service) -> str:
    return next(service.archive.held()).device


def _contents(service: Service) -> dict[str, tuple[str, bytes]]:
    with service.store.reading() as db:
        rows = db.execute(select(Delivered.id, Delivered.sha256, Delivered.content))
        return {row.id: (row.sha256, row.content) for row in rows}


def _quietly(done: int, of: int) -> None:
    pass


_CODES: dict[str, str] = {}
"""The recovery codes of clinics, by the place of their keys, and of their backups."""


def _backed_up(clinic: Clinic, out: Path, told: Told = _quietly) -> Manifest:
    with closing(Keys(clinic.keys_url)) as keys:
        code = key_copies.new_code(keys)
    _CODES[str(out)] = _CODES.setdefault(clinic.keys_url, code)
    return backup(clinic, out, "tests", told)


def _restored(copy: Path, to: Clinic) -> restore.Restored:
    return restore.restore(copy, to, _CODES[str(copy)], _quietly)


def _backup_key(copy: Path) -> bytes:
    return b64decode(key_copies.read(copy / key_copies.FILE, _CODES[str(copy)]).secrets[BACKUP_KEY])


def _shown(said: str) -> str:
    return said.partition("shown once: ")[2].partition("\n")[0]


def _fail(*_: object) -> None:
    raise dumps.DatabaseTrouble("no room")


@pytest.mark.parametrize("name", ["../../evil", "recordings/ab/evil", "clinic.db"])
def test_a_backup_that_names_a_file_elsewhere_is_not_brought_back(copy: Path, tmp_path: Path, name: str) -> None:
    made = read(copy)
    (tmp_path / "evil").write_bytes(b"x")
    files = {**made.files, name: Entry(1, wire.sha256(b"x"))}
    (copy / MANIFEST).write_bytes(written(replace(made, files=files), _backup_key(copy)))
    with pytest.raises(BackupUnusable, match="names files that no backup has"):
        _restored(copy, Clinic(tmp_path / "back"))


def test_a_recording_that_the_backup_lacks_is_asked_for_again(clinic: Clinic, tmp_path: Path) -> None:
    with closing(Service(*clinic)) as service:
        lost = next(service.archive.held())
        service.objects.remove([recording_key(lost.recording_sha256)])
    _backed_up(clinic, tmp_path / "copy")
    _restored(tmp_path / "copy", Clinic(tmp_path / "back"))
    with closing(Service(tmp_path / "back")) as service:
        assert lost.number in service.archive.state(lost.device).missing


def test_without_the_code_a_backup_tells_nothing_and_is_not_brought_back(copy: Path, tmp_path: Path) -> None:
    whole = b"".join(path.read_bytes() for path in copy.rglob("*") if path.is_file())
    assert not [
        word for word in (b"p-milo", b"Fruit", b"headset", b"recording 1 of", b"SQLite format") if word in whole
    ]
    for code in ("", "0000-" * 12 + "0000", _CODES[str(copy)][:-1], "ZZZZ" * 13):
        with pytest.raises((BackupUnusable, key_copies.WrongCode)):
            restore.restore(copy, Clinic(tmp_path / "back"), code, _quietly)
    assert not (tmp_path / "back").exists()


def test_the_code_is_shown_once_and_read_as_people_write_it(clinic: Clinic, tmp_path: Path) -> None:
    _backed_up(clinic, tmp_path / "copy")
    with closing(Keys(clinic.keys_url)) as keys:
        assert key_copies.new_code(keys) == ""
    written = _CODES[clinic.keys_url].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert restore.restore(tmp_path / "copy", Clinic(tmp_path / "back"), written, _quietly).sessions == 2


def test_the_copy_of_the_keys_may_lie_apart(clinic: Clinic, tmp_path: Path) -> None:
    copy, apart = tmp_path / "copy", tmp_path / "apart"
    _backed_up(clinic, copy)
    backup(clinic, copy, "tests", _quietly, apart)
    assert not (copy / key_copies.FILE).exists()
    with closing(Keys(clinic.keys_url)) as keys:
        assert key_copies.write_again(keys) == ((str(apart),), ())
    with pytest.raises(BackupUnusable, match="--keys-folder"):
        _restored(copy, Clinic(tmp_path / "back"))
    assert restore.restore(copy, Clinic(tmp_path / "back"), _CODES[str(copy)], _quietly, apart).sessions == 2


def test_the_copy_of_the_keys_of_another_clinic_is_not_written_over(clinic: Clinic, tmp_path: Path) -> None:
    stick, other = tmp_path / "stick", Clinic(tmp_path / "other")
    Service(*other).close()
    for each in (clinic, other):
        _backed_up(each, tmp_path / f"copy of {each.folder.name}")
    backup(clinic, tmp_path / "copy", "tests", _quietly, stick)
    before = (stick / key_copies.FILE).read_bytes()
    with pytest.raises(NotTheSame, match="another clinic's keys"):
        backup(other, tmp_path / "copy of other", "tests", _quietly, stick)
    assert (stick / key_copies.FILE).read_bytes() == before
    backup(clinic, tmp_path / "copy", "tests", _quietly, stick.rename(tmp_path / "elsewhere"))


def test_another_recovery_code_opens_the_copies_from_then_on_and_the_one_before_does_not(
    clinic: Clinic, tmp_path: Path
) -> None:
    _backed_up(clinic, tmp_path / "copy")
    with closing(Keys(clinic.keys_url)) as keys:
        another = key_copies.another_code(keys)
        assert key_copies.write_again(keys) == ((str(tmp_path / "copy"),), ())
    with pytest.raises(key_copies.WrongCode):
        _restored(tmp_path / "copy", Clinic(tmp_path / "back"))
    assert restore.restore(tmp_path / "copy", Clinic(tmp_path / "back"), another, _quietly).sessions == 2


def test_where_the_keys_of_a_restored_clinic_lie_is_noted_for_its_server(clinic: Clinic, tmp_path: Path) -> None:
    _backed_up(clinic, tmp_path / "copy")
    elsewhere = Place(keys=sqlite_url(tmp_path / "elsewhere.db"))
    restore.restore(tmp_path / "copy", Clinic(tmp_path / "back", elsewhere), _CODES[str(tmp_path / "copy")], _quietly)
    with closing(Service(tmp_path / "back")) as service:
        assert service.archive.count() == 2


def test_an_old_backup_brings_nobody_back_whom_these_keys_know_as_erased(clinic: Clinic, tmp_path: Path) -> None:
    _backed_up(clinic, tmp_path / "old")
    with closing(Service(*clinic)) as service:
        service.erasing.erase("command", "p-milo")
    back = Clinic(tmp_path / "back", Place(keys=clinic.keys_url))
    assert restore.restore(tmp_path / "old", back, "", _quietly).sessions == 0
    with closing(Service(*back)) as service:
        assert service.patients.people() == {}
        assert not [each for tier in ("recordings", "archive") for each in service.objects.listed(tier)]


def test_what_the_clinic_let_go_goes_from_the_backup_too(clinic: Clinic, copy: Path) -> None:
    with closing(Service(*clinic)) as service:
        name = next(service.archive.held()).recording_sha256
        service.vault.let_go(name)
    made = _backed_up(clinic, copy)
    assert (made.missing, recording_key(name) in made.files, (copy / recording_key(name)).exists()) == (
        {},
        False,
        False,
    )


def test_a_manifest_that_was_changed_with_its_hash_is_not_brought_back(copy: Path, tmp_path: Path) -> None:
    forged = replace(read(copy), made_at="2020-01-01T00:00:00+00:00")
    (copy / MANIFEST).write_bytes(written(forged, b"not the key of the clinic's backups"))
    assert check(copy, _quietly) == forged  # which needs no key, and finds damage alone
    with pytest.raises(BackupUnusable, match="was changed since"):
        _restored(copy, Clinic(tmp_path / "back"))
    with closing(Keys(sqlite_url(tmp_path / "others.db"))), pytest.raises(BackupUnusable, match="not the keys"):
        restore.restore(copy, Clinic(tmp_path / "back", Place(keys=sqlite_url(tmp_path / "others.db"))), "", _quietly)
    assert not (tmp_path / "back").exists()


def test_a_backup_of_another_clinic_is_not_replaced(copy: Path, tmp_path: Path) -> None:
    other, before = Clinic(tmp_path / "other"), (copy / MANIFEST).read_bytes()
    Service(*other).close()
    with pytest.raises(NotTheSame, match="was not written by this clinic"):
        backup(other, copy, "tests", _quietly)
    assert (copy / MANIFEST).read_bytes() == before


@pytest.mark.parametrize("change", ["DELETE FROM audit WHERE number > 2", "UPDATE audit SET sha256 = 'x'"])
def test_a_backup_that_proves_that_the_audit_was_cut_is_not_replaced(
    clinic: Clinic, tmp_path: Path, change: str
) -> None:
    with closing(Service(*clinic)) as service:
        for _ in range(3):
            service.audit.note("command", "read the audit")
    made = _backed_up(clinic, tmp_path / "copy")
    with closing(Service(*clinic)) as service:
        with service.store.writing() as db:
            for event in ("update", "delete"):
                db.exec_driver_sql(f"DROP TRIGGER audit_no_{event}")
            db.exec_driver_sql(change)
        service.audit.note("command", "read the audit")
    with pytest.raises(AuditCut, match=f"lacks row {made.audit[0]}"):
        _backed_up(clinic, tmp_path / "copy")
    assert read(tmp_path / "copy") == made
    said = CliRunner().invoke(command.app, ["backup", str(tmp_path / "copy"), "--folder", str(clinic.folder)])
    assert (said.exit_code, "was cut or written anew" in said.stderr) == (1, True)
    assert _backed_up(clinic, tmp_path / "another")
