"""A backup that is brought back gives nobody back what was taken from them since, before somebody confirms it."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from other_systems import ALL, BASE, HOSPITAL, jwks
from server_fixtures import Clock, SignedDevice, a_service, a_session, an_item, recorded
from sqlalchemy import insert, select
from typer.testing import CliRunner

import steadyreach
from server_sync import wire
from server_sync.clinic import key_copies
from server_sync.clinic.backup import BACKUP_KEY, Clinic, backup
from server_sync.clinic.brakes import NotProved
from server_sync.clinic.consents import MEASURES, MOTION, RECORDINGS, SHARE, Given, kind_of
from server_sync.clinic.devices import CodeRefused
from server_sync.clinic.keys import Keys
from server_sync.clinic.manifest import BackupUnusable
from server_sync.clinic.objects import recording_key
from server_sync.clinic.patients import Person
from server_sync.clinic.place import Place, sqlite_url
from server_sync.clinic.restore import restore
from server_sync.clinic.service import CannotOpen, Service
from server_sync.clinic.suspended import NotWaiting, Suspended
from server_sync.clinic.tables import RecoveryCode, SystemToken, Visit

WORDS = "a long sentence about rain"
AGREED = RECORDINGS, MEASURES, MOTION, f"{SHARE}hospital"


class Before(NamedTuple):
    """A clinic whose backup holds rights, and the codes and tokens that were good when it was made."""

    copy: Path
    code: str
    made_at: str
    patient_id: str
    invitation: str
    enrolment: str
    device: SignedDevice
    guardian: int
    recording: str


@pytest.fixture
def before(tmp_path: Path) -> Before:
    with a_service(tmp_path / "clinic") as service:
        patient_id = service.patients.add(Person(pseudonym="p-zoe", born="1980"))
        for kind in AGREED:
            service.consents.give("command", patient_id, kind, Given("Zoe", "self", kind_of(kind).version))
        service.accounts.add("maja", "Maja", password=WORDS)
        service.accounts.log_in("maja", WORDS, "127.0.0.1")
        guardian = service.accounts.make("ida", "Ida", "guardian", wards={patient_id: "parent"})
        _, invitation = service.invitations.new("new", "New", "therapist")
        service.systems.add("hospital", BASE, jwks(HOSPITAL), ALL)
        with service.store.writing() as db:
            soon = datetime.now(UTC) + timedelta(minutes=5)
            db.execute(insert(SystemToken).values(sha256="t", system_id="hospital", scopes="x", expires_at=soon))
            db.execute(insert(RecoveryCode).values(account_id=guardian, sha256="r"))
        device, enrolment = SignedDevice(None).enrol(service, ["p-zoe"]), service.devices.new_code()
        session = recorded(a_session("s-1", patient="p-zoe"), b"motion")
        item = an_item(session)
        service.vault.write(recording_key(item.recording_sha256), [b"motion"])
        service.archive.take(device.id, wire.Batch(items=(item,)))
        service.retention.hourly()
        code = key_copies.new_code(service.keychain)
        made = backup(Clinic(service.folder), tmp_path / "copy", "tests", _quietly)
    codes = invitation, enrolment
    return Before(tmp_path / "copy", code, made.made_at, patient_id, *codes, device, guardian, item.recording_sha256)


@pytest.fixture
def back(before: Before, tmp_path: Path) -> Iterator[Service]:
    found = restore(before.copy, Clinic(tmp_path / "back"), before.code, _quietly)
    with closing(Service(tmp_path / "back", now=lambda: datetime.now(UTC) + timedelta(hours=1))) as service:
        assert found.suspended == len(service.suspended.waiting())
        yield service


def test_nothing_that_gave_a_right_gives_it_before_it_is_confirmed(back: Service, before: Before) -> None:
    assert back.devices.who(before.device.token) is None
    with pytest.raises(NotProved):
        back.accounts.log_in("maja", WORDS, "127.0.0.1")
    assert not [kind for kind in AGREED if back.consents.holds(before.patient_id, kind)]
    assert [line.id for line in back.systems.listed() if line.revoked_at is None] == []


def test_a_restore_that_is_stopped_before_all_is_suspended_leaves_no_clinic(
    before: Before, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Suspended, "begin", stopped)
    with pytest.raises(KeyboardInterrupt):
        restore(before.copy, Clinic(tmp_path / "back"), before.code, _quietly)
    with pytest.raises(CannotOpen, match="restore once more"):
        Service(tmp_path / "back")


def test_what_was_good_once_is_void_for_good(back: Service, before: Before) -> None:
    confirm_all(back)
    with pytest.raises(NotProved, match="not valid"):
        back.invitations.accept(before.invitation, WORDS, "127.0.0.1")
    with pytest.raises(CodeRefused):
        back.devices.enrol(before.device.enrolment(before.enrolment))
    assert not back.store.look(select(SystemToken.sha256))
    assert not back.store.look(select(Visit.token_sha256))
    assert [row.used_at is None for row in back.store.look(select(RecoveryCode.used_at))] == [False]


def test_what_is_confirmed_is_as_it_was(back: Service, before: Before) -> None:
    confirm_all(back)
    assert back.devices.who(before.device.token)
    assert back.accounts.log_in("maja", WORDS, "127.0.0.1")
    assert all(back.consents.holds(before.patient_id, kind) for kind in AGREED)
    assert [line.revoked_at for line in back.systems.listed()] == [None]
    assert back.suspended.waiting() == []


def test_the_list_says_whom_a_person_would_know(back: Service, before: Before) -> None:
    said = {each.name: each.says for each in back.suspended.waiting()}
    assert said[f"device {before.device.id}"] == "headset, for p-zoe"
    assert said[f"account {before.guardian}"] == "ida (Ida), guardian, parent of p-zoe"
    assert said["system hospital"] == BASE
    assert sorted(words for name, words in said.items() if name.startswith("consent")) == [
        "research measures, of p-zoe", "research motion, of p-zoe", "share with hospital, of p-zoe",
        "treatment recordings, of p-zoe",
    ]  # fmt: skip


def test_one_is_confirmed_alone_and_what_is_revoked_meanwhile_stays_so(back: Service, before: Before) -> None:
    back.suspended.confirm([f"account {before.guardian}"])
    assert back.accounts.of(before.guardian).disabled_at is None
    back.devices.revoke(before.device.id)
    with pytest.raises(NotWaiting, match="no 'device"):
        back.suspended.confirm(["system hospital", f"device {before.device.id}"])
    assert back.systems.listed()[0].revoked_at, "none is confirmed where one cannot be"
    confirm_all(back)
    assert back.devices.who(before.device.token) is None


def test_who_withdraws_while_their_consent_waits_is_not_confirmed(back: Service, before: Before) -> None:
    another = back.patients.add(Person(pseudonym="p-new", born="1980"))
    back.consents.give("command", another, MEASURES, Given("New", "self", kind_of(MEASURES).version))
    back.consents.withdraw("command", before.patient_id, MOTION, Given("Zoe", "self", ""))
    confirm_all(back)
    assert not back.consents.holds(before.patient_id, MOTION)
    assert back.consents.holds(before.patient_id, MEASURES)
    assert back.retention.waits() == ""


def test_what_waits_goes_on_waiting_after_a_second_restore_and_what_was_withdrawn_stays_so(
    back: Service, before: Before, tmp_path: Path
) -> None:
    with closing(Service(back.folder)) as now:
        now.consents.withdraw("command", before.patient_id, MOTION, Given("Zoe", "self", ""))
    waited = back.suspended.waiting()
    back.suspended.confirm(["system hospital"])
    backup(Clinic(back.folder), tmp_path / "second", "tests", _quietly)
    restore(tmp_path / "second", Clinic(tmp_path / "again"), before.code, _quietly)
    with closing(Service(tmp_path / "again")) as service:
        assert service.suspended.waiting() == waited


def test_the_restore_and_the_confirmations_are_rows_of_the_audit(back: Service, before: Before) -> None:
    back.suspended.confirm(["system hospital"])
    confirmed, restored = back.audit.listed(most=2)
    assert (restored.actor, restored.action, restored.thing) == ("command", "restore a backup", before.made_at)
    assert (confirmed.action, confirmed.thing) == ("confirm after a restore", "system hospital")


def test_with_a_copy_of_the_keys_from_before_the_rest_of_the_clinic_comes_back(before: Before, tmp_path: Path) -> None:
    with closing(Service(tmp_path / "clinic")) as service:
        key_copies.write(service.keychain, tmp_path / "of before")
        new = service.patients.add(Person(pseudonym="p-new"))
        account = service.accounts.make("later", "Later", "guardian", wards={new: "parent"})
        device = SignedDevice(None).enrol(service, ["p-new"]).id
        backup(Clinic(service.folder), before.copy, "tests", _quietly)
    where, back = ("--keys-folder", str(tmp_path / "of before")), str(tmp_path / "back")
    code, told = said("restore", str(before.copy), "--folder", back, "--code", before.code, *where)
    assert code == 0
    assert "2 patients and accounts have no key" in told
    code, told = said("restored", "--folder", back)
    assert f"account {account}  unknown {account} (), guardian, parent of {new}\n" in told
    assert f"device {device}  headset, for {new}\n" in told
    assert said("restored", "--folder", back, "--all")[0] == 0
    assert f"{device}  headset, for {new}, " in said("devices", "--folder", back)[1]
    with closing(Service(tmp_path / "back")) as service:
        assert {"Maja", "Ida", ""} <= {line.name for line in service.accounts.listed()}
        assert [line.pseudonym for line in service.archive.patients()] == ["p-zoe"]


@pytest.mark.parametrize("kind", [RECORDINGS, MOTION])
def test_no_recording_goes_while_a_consent_to_keep_it_waits(back: Service, before: Before, kind: str) -> None:
    back.suspended.confirm([each.name for each in back.suspended.waiting() if not each.says.startswith(kind)])
    ran = back.retention.hourly()
    assert ran
    assert ran.recordings == 0
    assert "waits to be confirmed" in ran.waits
    assert "waits to be confirmed" in back.retention.due().waits
    back.consents.withdraw("command", before.patient_id, kind, Given("Zoe", "self", ""))
    assert back.retention.waits() == ""
    assert (before.recording in back.retention.due().recordings) == (kind == RECORDINGS)


def test_after_the_backup_of_long_ago_retention_waits_for_a_person(before: Before, tmp_path: Path) -> None:
    restore(before.copy, Clinic(tmp_path / "back"), before.code, _quietly)
    clock = Clock()
    clock.move(days=365 * 11)
    with closing(Service(tmp_path / "back", now=clock)) as service:
        confirm_all(service)
        assert "retention --what" in service.retention.waits()


def test_the_commands_say_what_waits_and_confirm_it(before: Before, tmp_path: Path) -> None:
    folder = str(tmp_path / "back")
    code, told = said("restore", str(before.copy), "--folder", folder, "--code", before.code)
    assert code == 0
    assert f"steadyreach restored --folder {folder}" in told
    assert f"device {before.device.id}  headset, for p-zoe" in said("restored", "--folder", folder)[1]
    assert said("restored", "--folder", folder, "--confirm", "device x") == (
        1, "steadyreach: no 'device x' waits since a restore; steadyreach restored lists what does\n",
    )  # fmt: skip
    one = json.loads(said("restored", "--folder", folder, "--confirm", "system hospital", "--json")[1])
    assert "system" not in {each["kind"] for each in one}
    assert said("restored", "--folder", folder, "--all") == (0, "Nothing waits since a restore.\n")


def test_the_keys_of_one_clinic_never_come_among_those_of_another(before: Before, tmp_path: Path) -> None:
    other = Place(keys=sqlite_url(tmp_path / "keys of another.db"))
    with closing(Keys(other.keys)) as keys:
        keys.clinic_key(BACKUP_KEY)
        with pytest.raises(BackupUnusable, match="not the keys of the clinic"):
            restore(before.copy, Clinic(tmp_path / "back", other), before.code, _quietly)
        assert keys.patients() == set()


def confirm_all(service: Service) -> None:
    service.suspended.confirm([each.name for each in service.suspended.waiting()])


def said(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(steadyreach.app, list(words))
    return result.exit_code, result.stdout + result.stderr


def _quietly(done: int, of: int) -> None:
    pass
