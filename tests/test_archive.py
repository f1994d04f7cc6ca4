"""Sessions at the clinic: each is taken once, byte for byte, and every number of a device is accounted for."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from server_fixtures import SignedDevice, a_service, a_session, an_item, name_person
from sqlalchemy import event, select

from engine.records import Prescribed, Recording, to_json
from server_sync import wire
from server_sync.clinic import brakes, database, intake, ledger, lost_recordings
from server_sync.clinic.archive import Unknown
from server_sync.clinic.group_commit import GroupCommit
from server_sync.clinic.objects import recording_key
from server_sync.clinic.packing import NotUnpacked, unpacked
from server_sync.clinic.patients import Person
from server_sync.clinic.service import Service
from server_sync.clinic.tables import LostSession, Refusal


@pytest.fixture(params=["sqlite", "postgres"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A clinic with an empty database, once of each kind."""
    with a_service(
        tmp_path, "" if request.param == "sqlite" else request.getfixturevalue("clinic_postgres")()
    ) as service:
        yield service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path) as opened:
        yield opened


def a_device(service: Service, *patients: str) -> str:
    return SignedDevice(None).enrol(service, patients).id


def take(service: Service, device: str, *items: wire.Item, **others: Any) -> wire.Receipts:
    return service.archive.take(device, wire.Batch(items=items, **others))


def states(taken: wire.Receipts) -> list[str]:
    return [receipt.state for receipt in taken.receipts]


def small(number: int, session_id: str = "", **changes: Any) -> wire.Item:
    """A session that costs little to read."""
    return an_item(a_session(session_id or f"s-{number}", blocks=(), calibration=None, **changes), number)


def test_the_same_bytes_are_welcome_again_and_other_bytes_are_remembered(archive: Service) -> None:
    device, item, other = a_device(archive), an_item(a_session()), an_item(a_session(seed=2))
    assert states(take(archive, device, item)) == [wire.CREATED]
    assert states(take(archive, device, item)) == [wire.HELD]
    for _ in range(2):
        (receipt,) = take(archive, device, other).receipts
        assert (receipt.state, receipt.code) == (wire.REFUSED, "other bytes")
    assert "the first one stays" in receipt.detail
    assert len(archive.archive.arrival("s-1").refused_at) == 1
    assert archive.archive.session("s-1") == a_session()


def test_a_hundred_times_sixty_four_at_once_make_a_hundred_sessions(archive: Service) -> None:
    device = a_device(archive)
    items = [small(number) for number in range(1, 101)]
    with ThreadPoolExecutor(64) as pool:
        for item in items:
            taken = list(pool.map(lambda _, item=item: states(take(archive, device, item)), range(64)))
            assert sorted(taken) == [[wire.CREATED], *[[wire.HELD]] * 63]
    assert archive.archive.count() == 100
    assert archive.archive.state(device).acked_through == 100


def test_two_servers_on_one_database_take_a_session_once(archive: Service) -> None:
    device, items = a_device(archive), [small(number) for number in range(1, 9)]
    url = archive.store.engine.url.render_as_string(hide_password=False)
    with a_service(archive.objects.folder or Path(), url) as second, ThreadPoolExecutor(16) as pool:
        both = [archive, second] * 8
        taken = list(pool.map(lambda each: states(take(each, device, *items)), both))
    assert sorted(state for each in taken for state in each) == [wire.CREATED] * 8 + [wire.HELD] * 120
    assert archive.archive.count() == 8


def test_numbers_are_accounted_for_without_a_gap(archive: Service) -> None:
    device = a_device(archive)
    state = take(archive, device, small(1), small(2), small(5)).state
    assert (state.acked_through, state.missing) == (2, (3, 4))
    lost = wire.Lost(number=3, id="s-3", reason="its folder is gone")
    state = take(archive, device, lost=(lost, lost)).state
    assert (state.acked_through, state.missing) == (3, (4,))
    unreadable = msgspec.structs.replace(small(4), content=b"not packed")
    state = take(archive, device, unreadable).state
    assert (state.acked_through, state.missing) == (5, ())
    assert msgspec.structs.replace(archive.archive.state(device), unheld=()) == state


def test_words_that_a_device_sends_in_place_of_ids_are_not_kept_open(archive: Service) -> None:
    device, words = a_device(archive, "p-rosa"), "Milo Andersen fell"
    refused = msgspec.structs.replace(small(1), id=words, sha256=words)
    taken = take(archive, device, refused, lost=(wire.Lost(number=2, id=words, reason=words),))
    assert states(taken) == [wire.REFUSED]
    assert taken.state.acked_through == 2
    for table in (Refusal, LostSession):
        rows = archive.store.look(select(table.__table__))
        assert rows
        assert words not in str(rows)


def test_a_device_that_was_enrolled_again_accounts_for_what_it_brought_before(archive: Service) -> None:
    before, again = a_device(archive), a_device(archive)
    items = [small(number) for number in (1, 2, 3)]
    take(archive, before, *items)
    taken = take(archive, again, *items)
    assert states(taken) == [wire.HELD] * 3
    assert taken.state.acked_through == 3
    copied = take(archive, again, small(3, "s-copied"))
    assert (states(copied), copied.state.acked_through) == ([wire.CREATED], 3)


def test_a_device_writes_into_nobody_elses_record(archive: Service) -> None:
    device = a_device(archive, "p-rosa")
    taken = take(archive, device, small(1, patient="p-milo"), small(2, patient="p-rosa"))
    assert states(taken) == [wire.REFUSED, wire.CREATED]
    assert "stays on the device" in taken.receipts[0].detail
    assert (taken.state.acked_through, taken.state.patients) == (2, ("p-rosa",))
    with pytest.raises(Unknown):  # and nobody is made a patient by it
        archive.patients.id_of("p-milo")
    assert states(take(archive, a_device(archive, "p-milo"), small(1, patient="p-milo"))) == [wire.CREATED]


def test_the_clock_is_kept_with_the_session_and_the_device(archive: Service) -> None:
    device, clock = a_device(archive), wire.Clock(offset_s=-130.5, within_s=0.2, measured_at="2026-11-20T16:42:00Z")
    take(archive, device, small(1), clock=clock)
    take(archive, device, small(2), clock=msgspec.structs.replace(clock, offset_s=float("nan")))
    first, second = (archive.archive.arrival(name) for name in ("s-1", "s-2"))
    assert (first.clock_offset_s, first.clock_within_s, second.clock_offset_s) == (-130.5, 0.2, None)
    assert first.device == "headset"


def test_all_that_is_held_is_listed_with_its_hash(archive: Service) -> None:
    device, recording = a_device(archive), b"VREC" * 9
    named = Recording(file="frames.vrec", sha256=wire.sha256(recording), bytes=36, frames=1)
    with_recording = small(2, recording=named)
    taken = take(archive, device, small(1), with_recording)
    assert states(taken) == [wire.CREATED, wire.NO_RECORDING]
    assert taken.state.acked_through == 1
    archive.uploads.begin(device, named.sha256, 36)
    archive.uploads.append(device, named.sha256, 0, recording)
    take(archive, device, with_recording)
    first, second = archive.archive.held()
    assert (first.number, first.recording_held, first.sha256) == (1, False, small(1).sha256)
    assert (second.number, second.recording_held, second.recording_sha256) == (2, True, named.sha256)


def test_the_list_speaks_of_patients_by_the_clinics_words(archive: Service) -> None:
    later = {"started_at": "2026-11-21T09:00:00+01:00"}
    items = (small(1), small(2, **later), small(3, patient="p-rosa"))
    take(archive, a_device(archive), *items)
    name_person(archive, "p-milo", "Milo", "9 years")
    first, second = archive.archive.patients()
    assert (first.name, first.sessions, f"{first.last_at:%H:%M}") == ("Milo", 2, "09:00")
    assert (second.name, second.about) == ("p-rosa", "")
    assert [line.id for line in archive.archive.sessions(archive.patients.id_of("p-milo"))] == ["s-2", "s-1"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"started_at": "yesterday"}, "no ISO 8601 time"),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "no ISO 8601 time"),
        ({"started_at": "2026-11-20T16:42:00"}, "must name its zone"),
        ({"patient": "a/b"}, "without a slash"),
        ({"patient": ""}, "without a slash"),
        ({"ended_by": "a\0b"}, "character 0"),
        ({"recording": Recording(file="f", sha256="../../x", bytes=1, frames=1)}, "names recording"),
    ],
)
def test_a_session_that_cannot_be_kept_is_refused_by_name(archive: Service, changes: Any, words: str) -> None:
    (receipt,) = take(archive, a_device(archive), small(1, **changes)).receipts
    assert (receipt.state, receipt.code) == (wire.REFUSED, "not a session")
    assert words in receipt.detail
    assert archive.archive.count() == 0


@pytest.mark.parametrize("name", ["", "../etc", ".hidden", "a b", "x" * 101, "a\0b"])
def test_an_id_that_could_be_a_path_is_refused(archive: Service, name: str) -> None:
    item = msgspec.structs.replace(small(1), id=name)
    assert "letters, digits" in take(archive, a_device(archive), item).receipts[0].detail


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"number": 2**40}, "number"),
        ({"number": -1}, "number"),
        ({"id": "s-other"}, "calls itself 's-1'"),
        ({"sha256": "0" * 64}, "not that of its SHA-256"),
        ({"content": zstandard.compress(bytes(wire.LARGEST_SESSION_BYTES + 1))}, "more than"),
        ({"recording_sha256": "0" * 64}, "came with"),
    ],
)
def test_an_item_that_is_not_what_it_says_is_refused(archive: Service, changes: Any, words: str) -> None:
    device = a_device(archive)
    (receipt,) = take(archive, device, msgspec.structs.replace(small(1), **changes)).receipts
    assert receipt.state == wire.REFUSED
    assert words in receipt.detail


def made_later(schema: int, session_id: str = "s-1") -> wire.Item:
    """A session from software that writes a field which is not known here."""
    record = msgspec.json.decode(to_json(a_session(session_id, blocks=())))
    content = msgspec.json.encode(record | {"schema": schema, "mood": "bright"})
    return msgspec.structs.replace(
        small(1, session_id), content=zstandard.compress(content), sha256=wire.sha256(content)
    )


@pytest.mark.parametrize(("ahead", "state"), [(0, wire.CREATED), (2, wire.CREATED), (3, wire.TOO_NEW)])
def test_what_newer_software_wrote_is_kept_as_it_is(service: Service, ahead: int, state: str) -> None:
    item = made_later(1 + ahead)
    (receipt,) = take(service, a_device(service), item).receipts
    assert receipt.state == state
    if state == wire.CREATED:
        assert service.archive.session("s-1").patient == "p-milo"
        assert next(service.archive.held()).sha256 == item.sha256


def test_a_newer_record_that_reads_otherwise_waits_for_a_newer_server(service: Service) -> None:
    content = msgspec.json.encode({"schema": 2, "id": "s-1", "blocks": "elsewhere"})
    item = wire.Item(id="s-1", number=1, sha256=wire.sha256(content), content=zstandard.compress(content))
    taken = take(service, a_device(service), item)
    assert states(taken) == [wire.TOO_NEW]
    assert taken.state.acked_through == 0


@settings(max_examples=100)
@given(
    content=st.binary(max_size=300)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(msgspec.json.encode)
)
def test_no_content_is_more_than_refused(content: bytes) -> None:
    item = wire.Item(id="s-1", number=1, sha256=wire.sha256(content), content=zstandard.compress(content))
    checked = intake.check(item, lambda _: True, lambda _: False)
    assert checked.receipt
    assert checked.receipt.state == wire.REFUSED


@settings(max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_unpack_or_are_refused(content: bytes) -> None:
    for packed in (content, zstandard.compress(content), zstandard.compress(content)[:-1]):
        with suppress(NotUnpacked):
            assert len(unpacked(packed, 100)) <= 100


@settings(max_examples=300)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_batch_or_a_decoding_error(content: bytes) -> None:
    for kind in (wire.Batch, wire.Enrolment):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            assert isinstance(msgspec.msgpack.decode(content, type=kind), kind)


def test_one_that_cannot_be_written_spoils_it_for_nobody_else(service: Service) -> None:
    def write(_: Any, works: Any) -> list[int]:
        return [10 // work for work in works]

    commits = GroupCommit[int, int](service.store, write)
    answers = [commits.do(work) for work in (1, 0, 2)]
    assert [answers[0].result(), answers[2].result()] == [10, 5]
    with pytest.raises(ZeroDivisionError):
        answers[1].result()
    commits.close()


def test_two_processes_may_open_a_new_folder_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: Service(tmp_path), range(4)))
    keys = {(each.form_key(), each.keys().public) for each in opened}
    for each in opened:
        each.close()
    assert len(keys) == 1


def test_a_new_folder_opens_once_another_process_has_let_go_of_it(tmp_path: Path) -> None:
    other = database.sqlite_driver().connect(tmp_path / "clinic.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    letting_go = threading.Timer(0.3, other.rollback)
    letting_go.start()
    Service(tmp_path).close()
    letting_go.join()
    other.close()


def test_sqlite_is_a_version_without_the_wal_fault() -> None:
    assert database.sqlite_driver().sqlite_version_info >= database.WAL_RESET_FIXED


def test_what_is_not_there_is_unknown(service: Service) -> None:
    with pytest.raises(Unknown):
        service.archive.patient("f" * 16)
    with pytest.raises(Unknown):
        service.archive.session("none")


@pytest.mark.parametrize("changes", [{"seconds": -1.0}, {"seconds": 1e300}, {"schema": -(2**70)}])
def test_a_number_that_no_column_holds_is_refused_in_words(service: Service, changes: dict[str, Any]) -> None:
    (receipt,) = take(service, a_device(service), small(1, **changes)).receipts
    assert (receipt.state, receipt.code) == (wire.REFUSED, intake.NOT_A_SESSION)


@pytest.mark.parametrize("version", [-1, 2**31, 2**70])
def test_a_prescriptions_version_that_no_column_holds_is_refused_in_words(service: Service, version: int) -> None:
    prescribed = Prescribed("p-milo", version, "a" * 64, "", "current")
    (receipt,) = take(service, a_device(service), small(1, prescribed=prescribed)).receipts
    assert receipt.state == wire.REFUSED
    assert "prescribed.version" in receipt.detail


def test_notes_are_written_in_the_order_of_their_keys(service: Service) -> None:
    device, written = a_device(service), list[list[str]]()
    items = [wire.Item(id=f"s-{n}", number=n, sha256="0" * 64, content=b"no zstd") for n in (3, 1, 2)]

    def note(_: Any, __: Any, ___: str, rows: Any, *____: Any) -> None:
        if len(rows) == 3 and isinstance(rows, list):
            written.append([row[0] for row in rows])

    event.listen(service.store.engine, "before_cursor_execute", note)
    take(service, device, *items)
    assert written == [["s-1", "s-2", "s-3"]]


def test_work_that_comes_when_the_writer_has_ended_is_written_all_the_same(service: Service) -> None:
    commits = GroupCommit[int, int](service.store, lambda _, given: given)
    assert commits.do(1).result(10) == 1
    commits.close()
    assert commits.do(2).result(10) == 2
    commits.close()


def test_a_session_whose_recording_was_lost_is_missing_until_it_comes_again(archive: Service) -> None:
    devices, recording = [a_device(archive), a_device(archive)], b"VREC one"
    session = a_session("s-1", recording=Recording("frames.vrec", wire.sha256(recording), len(recording), 1))
    key = recording_key(wire.sha256(recording))
    archive.objects.write(key, [recording])
    for device in devices:
        assert take(archive, device, an_item(session), small(2)).state.acked_through == 2
    archive.objects.remove([key])
    assert lost_recordings.note(archive.store, archive.objects) == 1
    assert [archive.archive.state(device).acked_through for device in devices] == [0, 0]
    assert archive.archive.state(devices[0]).missing == (1,)
    assert states(take(archive, devices[0], an_item(session))) == [wire.NO_RECORDING]
    archive.objects.write(key, [recording])
    for device in devices:
        taken = take(archive, device, an_item(session))
        assert (states(taken), taken.state.acked_through) == ([wire.HELD], 2)


def test_an_id_that_is_another_patients_session_tells_nothing_of_it(archive: Service) -> None:
    ada = a_device(archive, "ada")
    held = small(1, "s-1", patient="bo", seed=7)
    take(archive, a_device(archive), held)
    (receipt,) = take(archive, ada, small(1, "s-1", patient="ada")).receipts
    assert (receipt.state, receipt.code) == (wire.REFUSED, "other patient")
    assert held.sha256[:12] not in receipt.detail
    (row,) = [row for row in archive.audit.listed() if row.action.startswith("offer")]
    assert (row.actor, row.patient_id) == (f"device {ada}", archive.patients.id_of("bo"))


def test_a_device_that_offers_what_is_another_patients_leaves_a_few_rows_an_hour(archive: Service) -> None:
    ada, bo = a_device(archive, "ada"), archive.patients.add(Person(pseudonym="bo"))
    for number in range(1, brakes.REFUSED_ROWS + 5):
        assert states(take(archive, ada, small(number, patient="bo"))) == [wire.REFUSED]
    rows = [(row.actor, row.patient_id) for row in archive.audit.listed() if row.action == ledger.OFFERING]
    assert rows == [(f"device {ada}", bo)] * brakes.REFUSED_ROWS


@pytest.mark.parametrize("name", ["..", "milo\u200b", "\u202eolim", "100%", "Jane Doe", "x" * 65])
def test_what_cannot_be_a_pseudonym_is_nobody_new(service: Service, name: str) -> None:
    device = a_device(service)
    (receipt,) = take(service, device, small(1, patient=name)).receipts
    assert (receipt.state, receipt.code) == (wire.REFUSED, intake.NOT_A_SESSION)
    assert service.patients.people() == {}
    with service.store.writing() as db:  # as a version before this one let them in
        service.patients.admitted(db, [name])
    assert states(take(service, device, small(2, patient=name))) == [wire.CREATED]
    with pytest.raises(ValueError, match="cannot be a pseudonym"):
        service.patients.add(Person(pseudonym=f"{name}!"))
