"""What a person gets of their clinic: all of theirs, nothing of others', opened, whole or not at all."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from other_systems import HOSPITAL, an_order, let_in, share
from recordings import walked, written
from server_fixtures import SignedDevice, a_service, a_session, an_item
from sqlalchemy import insert
from typer.testing import CliRunner

import steadyreach
from engine import recording
from engine.frame import Frame
from engine.keys import Keys
from engine.prescription import Draft, Message
from engine.records import BlockRecord, Recording
from engine.sealing import Recipient, Unopened, key_id, new_cipher
from engine.vrec.contents import BlockDamaged
from engine.vrec.unsealing import write_unsealed
from server_sync import wire
from server_sync.clinic import hand_over, tables
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.consents import KINDS, RECORDINGS, Given
from server_sync.clinic.hand_over import NothingHandedOver, of_patient
from server_sync.clinic.minutes import Contact
from server_sync.clinic.objects import recording_key
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.service import Service

WHO, OTHER = "p-ada", "p-stays"


@cache
def some_frames() -> tuple[Frame, ...]:
    """Three seconds of somebody."""
    return tuple(islice(walked(), 200))


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """A recording as a person made it, open."""
    return written(tmp_path / "plain.vrec", some_frames())


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A clinic in which every table has a row of two people."""
    with a_service(tmp_path / "clinic") as opened:
        let_in(opened)
        for number, who in enumerate((WHO, OTHER), 1):
            fill(opened, tmp_path, who, number)
        opened.glances.all()
        yield opened


def fill(service: Service, folder: Path, who: str, number: int) -> None:
    patient_id = service.patients.add(Person(pseudonym=who, name=f"name of {who}"))
    public = service.keys().public
    cipher = new_cipher([Recipient(*Keys(folder / "keys").make()), Recipient(key_id(public), public)])
    path = written(folder / f"{who}.vrec", some_frames(), cipher)
    content = path.read_bytes()
    service.vault.write(recording_key(wire.sha256(content)), [content])
    named = Recording(file="frames.vrec", sha256=wire.sha256(content), bytes=len(content), frames=1)
    shown = BlockRecord("message", "", 1, "message", 1.0, 2.0, {"id": "1-1", "answer": f"answer of {who}"})
    session = a_session(f"s-{who}", patient=who, recording=named, blocks=(shown,))
    device = SignedDevice(None).enrol(service)
    service.archive.take(device.id, wire.Batch(items=(an_item(session),)))
    service.prescriptions.save(who, Draft(messages=(Message(text=f"message to {who}"),)), "Maja")
    account = service.accounts.make(f"login{number}", f"account of {who}", "patient", wards={patient_id: SELF})
    given = Given(f"consent of {who}", SELF, KINDS[RECORDINGS].version)
    service.consents.give("command", patient_id, RECORDINGS, given)
    service.letters.write(patient_id, account, f"letter of {who}")
    service.conversations.had(patient_id, account, ["1-1"])
    now, seal = service.patients._now(), service.patients.seal
    staff = f"staff{number}"
    service.accounts.make(staff, f"Staff {number}", "therapist")
    spent = Contact(now - timedelta(hours=1), 600.0, "call", True, staff, f"contact of {who}")
    service.contacts.add(patient_id, spent, "command")
    share(service, who, name=f"name of {who}", identifier=who)
    service.drafts.receive(HOSPITAL.client_id, an_order(f"|{who}", who, note=[{"text": f"draft of {who}"}]))
    values: Sequence[tuple[Any, dict[str, Any]]] = (
        (tables.Sent, {"target": "t", "resource": who, "sha256": "", "at": now}),
        (tables.Measurement, {"recording_sha256": named.sha256, "version": "1", "content": seal(
            patient_id, f'{{"of": "measures of {who}"}}'.encode(), f"measurement {named.sha256} 1")}),
    )  # fmt: skip
    with service.store.writing() as db:
        for table, row in values:
            db.execute(insert(table).values(patient_id=patient_id, **row))


def handed(service: Service, out: Path, **more: Any) -> dict[str, bytes]:
    hand_over.hand_over(service, "account 1", WHO, out, **more)
    with ZipFile(out) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_table_that_has_rows_of_a_patient_is_in_it(service: Service, tmp_path: Path) -> None:
    files = handed(service, tmp_path / "ada.zip")
    for table in of_patient():
        rows = json.loads(files[f"{table.name}.json"])
        assert rows, f"the fixture has no row of table {table.name}: add one, and what it is bound to in hand_over"
        assert {row["patient_id"] for row in rows} == {service.patients.id_of(WHO)}


def test_all_that_was_sealed_is_opened_and_nothing_is_of_anybody_else(service: Service, tmp_path: Path) -> None:
    files = handed(service, tmp_path / "ada.zip")
    everything = b"\n".join(files.values()).decode(errors="replace")
    for kind in ("name", "message to", "account", "consent", "letter", "answer", "draft", "contact", "measures"):
        of = kind if kind.endswith("to") else f"{kind} of"
        assert f"{of} {WHO}" in everything, kind
        assert f"{of} {OTHER}" not in everything, kind
    assert OTHER not in everything
    assert service.patients.id_of(OTHER) not in everything


def test_a_session_is_byte_for_byte_what_was_delivered(service: Service, tmp_path: Path) -> None:
    files = handed(service, tmp_path / "ada.zip")
    (row,) = json.loads(files["session.json"])
    assert wire.sha256(files[row["file"]]) == row["sha256"]
    assert json.loads(files[json.loads(files["prescription.json"])[0]["file"]])["patient"] == WHO


def test_a_recording_is_open_and_the_same_frame_for_frame(service: Service, tmp_path: Path, frames: Path) -> None:
    files = handed(service, tmp_path / "ada.zip")
    (name,) = (name for name in files if name.startswith("recordings/"))
    (tmp_path / "got.vrec").write_bytes(files[name])
    got = recording.read(tmp_path / "got.vrec", _NoKeys())
    assert got.note == ""
    before = recording.read(frames)
    assert got.rows.tobytes() == before.rows.tobytes()
    assert got.devices.tobytes() == before.devices.tobytes()
    assert got.joints.tobytes() == before.joints.tobytes()
    assert got.events == before.events
    assert got.header == before.header


def test_the_audit_says_who_read_their_data_and_this_as_well(service: Service, tmp_path: Path) -> None:
    rows = json.loads(handed(service, tmp_path / "ada.zip")["audit.json"])
    told = [(row["actor"], row["action"]) for row in rows]
    assert told[-1] == ("account 1", "hand over a person's data")
    assert "deliver a session" in {action for _, action in told}
    assert {row["patient_id"] for row in rows} == {service.patients.id_of(WHO)}


def test_the_record_for_another_system_is_in_it_where_it_can_be_made(service: Service, tmp_path: Path) -> None:
    files = handed(service, tmp_path / "ada.zip", fhir=lambda patient_id: f'{{"of": "{patient_id}"}}'.encode())
    assert json.loads(files["fhir.json"]) == {"of": service.patients.id_of(WHO)}
    assert "fhir.json" not in handed(service, tmp_path / "again.zip")


def test_the_file_explains_itself_and_names_every_part(service: Service, tmp_path: Path) -> None:
    files = handed(service, tmp_path / "ada.zip", fhir=lambda _: b"{}")
    about = files.pop("README.txt").decode()
    for name in files:
        folder, _, rest = name.partition("/")
        if name not in ("recording.json", "ward.json", "glance.json", "gist.json"):
            assert (f"{folder}/" if rest else name) in about, name
    assert max(map(len, about.splitlines())) <= 100


def test_it_is_whole_or_not_there(service: Service, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()

    def fails(_: str) -> bytes:
        raise OSError(28, "no space left")

    with pytest.raises(NothingHandedOver, match="no space left"):
        handed(service, tmp_path / "out" / "ada.zip", fhir=fails)
    with pytest.raises(ZeroDivisionError):
        handed(service, tmp_path / "out" / "ada.zip", fhir=lambda _: 1 // 0)  # type: ignore[arg-type,return-value]
    assert not list((tmp_path / "out").iterdir())
    with pytest.raises(NothingHandedOver, match="cannot be written"):
        handed(service, tmp_path / "nowhere" / "ada.zip")


def test_nothing_is_written_over_and_nobody_unknown_is_handed_over(service: Service, tmp_path: Path) -> None:
    (tmp_path / "there.zip").write_text("mine", encoding="utf-8")
    with pytest.raises(NothingHandedOver, match="exists already"):
        handed(service, tmp_path / "there.zip")
    assert (tmp_path / "there.zip").read_text(encoding="utf-8") == "mine"
    with pytest.raises(Unknown):
        hand_over.hand_over(service, "command", "p-nobody", tmp_path / "nobody.zip")
    assert not (tmp_path / "nobody.zip").exists()


def test_a_damaged_recording_is_said_and_the_rest_is_handed_over(service: Service, tmp_path: Path) -> None:
    (session,) = (each for each in service.archive.held() if each.id == f"s-{WHO}")
    path = service.folder / recording_key(session.recording_sha256)
    path.write_bytes(path.read_bytes()[:-50])
    done = hand_over.hand_over(service, "command", WHO, tmp_path / "ada.zip")
    assert list(done.unopened) == [session.recording_sha256]
    with ZipFile(tmp_path / "ada.zip") as archive:
        assert f"sessions/s-{WHO}.json" in archive.namelist()


def test_a_recording_that_was_let_go_is_not_missed(service: Service, tmp_path: Path) -> None:
    for session in service.archive.held():
        service.vault.let_go(session.recording_sha256)
    files = handed(service, tmp_path / "ada.zip")
    assert not [name for name in files if name.startswith("recordings/")]


def test_the_command_writes_the_file_for_its_owner_alone(service: Service, tmp_path: Path) -> None:
    out = tmp_path / "ada.zip"
    words = ["hand-over", WHO, "--folder", str(service.folder), "--out", str(out)]
    done = CliRunner().invoke(steadyreach.app, [*words, "--json"])
    assert (done.exit_code, json.loads(done.stdout)["unopened"]) == (0, {})
    assert out.stat().st_mode & 0o077 == 0 or steadyreach.sys.platform == "win32"
    again = CliRunner().invoke(steadyreach.app, words)
    assert again.exit_code == 1
    assert "exists already" in again.stderr


class _NoKeys:
    """The keys of somebody who has none."""

    def private(self, key: str) -> bytes | None:  # noqa: ARG002 - it has none, whichever is asked for
        return None

    def where(self) -> str:
        return "nowhere"


@pytest.mark.usefixtures("service")
def test_a_sealed_recording_is_not_opened_without_a_key(tmp_path: Path) -> None:
    content = (tmp_path / f"{WHO}.vrec").read_bytes()
    with pytest.raises(Unopened):
        write_unsealed(tmp_path / "x.vrec", content, _NoKeys())


def test_whatever_became_of_a_file_unsealing_says_no_more_than_it_holds(tmp_path: Path, frames: Path) -> None:
    """Cut and damaged files: what comes out are rows of the recording, or a clear refusal."""
    keys, rows = Keys(tmp_path / "keys"), {row.tobytes() for row in recording.read(frames).rows}
    whole, opened = written(tmp_path / "s.vrec", some_frames(), new_cipher([Recipient(*keys.make())])).read_bytes(), 0
    for seed in range(60):
        rng, content = random.Random(seed), bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        try:
            write_unsealed(tmp_path / "x.vrec", bytes(content[: rng.randrange(len(content) // 2, len(content))]), keys)
            got = recording.read(tmp_path / "x.vrec", _NoKeys())
        except (Unopened, BlockDamaged, recording.RecordingUnreadable):
            continue
        opened += 1
        assert all(row.tobytes() in rows for row in got.rows), seed
        assert len(got.rows) == len(rows) or got.note, seed
    assert opened > 10
