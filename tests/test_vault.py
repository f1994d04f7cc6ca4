"""Recordings at rest: sealed under keys of their own, which are sealed under their patients'."""

import hmac
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server_fixtures import SignedDevice, a_service, a_session, an_item
from sqlalchemy import delete, select, update

from engine.records import Recording, Session
from server_sync import wire
from server_sync.clinic.keys import Shredded
from server_sync.clinic.objects import TIERS, archived_key, recording_key
from server_sync.clinic.place import Place
from server_sync.clinic.sealed_stream import HEAD_BYTES, PART_BYTES, TAG_BYTES, NotOpened, opened, plain_bytes, sealed
from server_sync.clinic.service import CannotOpen, Service
from server_sync.clinic.tables import Account, RecordingKey, Setting
from server_sync.clinic.uploads import UploadUnknown
from server_sync.clinic.vault import NoKey
from server_sync.web import serving

KEY, OTHER = bytes(range(32)), bytes(32)
FRAMES = b"VREC how somebody moves" * 100
NAME = wire.sha256(FRAMES)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path) as service:
        yield service


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES])
@pytest.mark.parametrize("piece", [1 << 16, PART_BYTES, 3 * PART_BYTES])
def test_a_file_of_any_size_is_opened_as_it_was_and_says_its_size(size: int, piece: int) -> None:
    content = random.Random(size).randbytes(size)
    pieces = [content[at : at + piece] for at in range(0, size, piece)]
    stored = b"".join(sealed(KEY, pieces))
    assert b"".join(opened(KEY, [stored[at : at + piece] for at in range(0, len(stored), piece)])) == content
    assert plain_bytes(len(stored)) == size


@given(at=st.integers(0, HEAD_BYTES + 200 + TAG_BYTES - 1), bit=st.integers(0, 7))
def test_a_bit_that_turned_over_anywhere_is_noticed(at: int, bit: int) -> None:
    stored = bytearray(b"".join(sealed(KEY, [bytes(200)])))
    stored[at] ^= 1 << bit
    with pytest.raises(NotOpened):
        b"".join(opened(KEY, [bytes(stored)]))


def test_a_file_that_was_cut_at_a_part_or_is_of_another_key_is_not_opened() -> None:
    stored = b"".join(sealed(KEY, [bytes(2 * PART_BYTES)]))
    part = HEAD_BYTES + PART_BYTES + TAG_BYTES
    for wrong, key in (
        (stored[:part], KEY),
        (stored[:HEAD_BYTES], KEY),
        (stored[:4], KEY),
        (b"", KEY),
        (stored, OTHER),
    ):
        with pytest.raises(NotOpened):
            b"".join(opened(key, [wrong]))


def test_the_same_content_is_never_sealed_to_the_same_bytes() -> None:
    assert b"".join(sealed(KEY, [FRAMES])) != b"".join(sealed(KEY, [FRAMES]))


def test_a_recording_lies_sealed_and_its_key_goes_with_its_patients(service: Service, tmp_path: Path) -> None:
    _delivered(service)
    stored = (tmp_path / recording_key(NAME)).read_bytes()
    assert b"somebody moves" not in stored
    assert b"".join(service.vault.read(recording_key(NAME))) == FRAMES
    assert service.vault.size(NAME) == len(FRAMES)
    service.keychain.shred(service.patients.id_of("p-milo"))
    with pytest.raises(Shredded):
        service.vault.read(recording_key(NAME))


def test_a_recording_of_one_patient_is_not_taken_for_another(service: Service) -> None:
    _delivered(service)
    receipt = _offered(service, _named("s-2", "p-rosa"), 2)
    assert (receipt.state, receipt.code) == (wire.REFUSED, "other patient")


def test_a_recording_whose_key_was_lost_with_a_database_set_back_is_asked_for_again(service: Service) -> None:
    service.vault.write(recording_key(NAME), [FRAMES])
    with service.store.writing() as db:
        db.execute(delete(RecordingKey))
    assert service.vault.size(NAME) is None
    assert _offered(service, _named(), 1).state == wire.NO_RECORDING
    _delivered(service)
    assert b"".join(service.vault.read(recording_key(NAME))) == FRAMES


def test_recordings_of_before_are_read_as_they_lie_and_sealed_later(service: Service, tmp_path: Path) -> None:
    service.objects.write(recording_key(NAME), [FRAMES])
    assert service.vault.size(NAME) == len(FRAMES)
    assert _offered(service, _named(), 1).state == wire.CREATED
    assert b"".join(service.vault.read(recording_key(NAME))) == FRAMES
    assert [service.vault.adopt(), service.vault.adopt()] == [1, 0]
    assert b"somebody moves" not in (tmp_path / recording_key(NAME)).read_bytes()
    assert b"".join(service.vault.read(recording_key(NAME))) == FRAMES


def test_one_that_was_let_go_is_gone_and_nobody_brings_it_again(service: Service) -> None:
    _delivered(service)
    service.vault.let_go(NAME)
    assert service.objects.size(recording_key(NAME)) is service.objects.size(archived_key(NAME)) is None
    assert service.vault.size(NAME) == 0
    device = next(service.archive.held()).device
    assert service.archive.state(device).missing == ()


def test_a_row_moved_to_another_place_is_not_opened(service: Service) -> None:
    patient = service.patients.id_of("p-milo") if _delivered(service) else ""
    sealed_there = service.patients.seal(patient, b"words", "letter 1")
    with pytest.raises(ValueError, match="letter 2"):
        service.patients.unseal(patient, sealed_there, "letter 2")


def test_a_server_without_its_own_keys_touches_nothing(tmp_path: Path) -> None:
    with closing(Service(tmp_path / "clinic")) as service:
        before = service.patients.lookup("p-milo")
    with closing(Service(tmp_path / "other")):
        pass
    elsewhere = Place(keys=f"sqlite:///{(tmp_path / 'other' / 'keys.db').as_posix()}")
    with pytest.raises(CannotOpen, match="not those of this clinic"):
        Service(tmp_path / "clinic", elsewhere)
    with closing(Service(tmp_path / "clinic")) as service:
        assert service.patients.lookup("p-milo") == before


def test_the_data_hold_no_secret_of_the_clinic(service: Service) -> None:
    service.keys()
    assert {row.name for row in service.store.look(Setting.__table__.select())} == {"keys"}


def test_the_data_hold_no_login_and_no_name_of_an_account(service: Service, tmp_path: Path) -> None:
    account_id = service.accounts.make("okafor", "Adaeze Okafor", "therapist")
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    key = service.keychain.of(service.names.row("okafor").key_id)
    assert key in kept, "the search finds what is not sealed"
    assert not [words for words in (b"okafor", b"Adaeze") if words in kept]
    assert service.accounts.of(account_id)[1:3] == ("okafor", "Adaeze Okafor")


def test_a_name_moved_to_another_account_is_not_opened(service: Service) -> None:
    ada, ben = (service.accounts.make(login, login, "therapist") for login in ("ada", "ben"))
    with service.store.writing() as db:
        of_ada = select(Account.sealed).where(Account.id == ada).scalar_subquery()
        db.execute(update(Account).where(Account.id == ben).values(sealed=of_ada))
    with pytest.raises(ValueError, match="sealed under another key"):
        service.accounts.of(ben)


def test_no_login_is_guessed_from_the_database_alone(service: Service) -> None:
    service.accounts.make("okafor", "Adaeze Okafor", "therapist")
    (row,) = service.store.look(select(Account.lookup))
    assert row.lookup != wire.sha256(b"okafor")
    assert row.lookup == hmac.digest(service.keychain.clinic_key("login key"), b"okafor", "sha256").hex()


def _named(session_id: str = "s-1", patient: str = "p-milo") -> Session:
    named = Recording(file="frames.vrec", sha256=NAME, bytes=len(FRAMES), frames=1)
    return a_session(session_id, patient, recording=named)


def _offered(service: Service, session: Session, number: int) -> wire.Receipt:
    device = SignedDevice(None).enrol(service).id
    return service.archive.take(device, wire.Batch(items=(an_item(session, number),))).receipts[0]


def _delivered(service: Service) -> bool:
    service.vault.write(recording_key(NAME), [FRAMES])
    return _offered(service, _named(), 1).state == wire.CREATED


def test_a_server_seals_what_it_finds_unsealed(service: Service, tmp_path: Path) -> None:
    service.objects.write(recording_key(NAME), [FRAMES])
    assert _offered(service, _named(), 1).state == wire.CREATED
    serving._tidy(service, Once())
    assert b"somebody moves" not in (tmp_path / recording_key(NAME)).read_bytes()


class Once(Event):
    """Something that ends after one round."""

    def __init__(self) -> None:
        super().__init__()
        self._rounds = iter((False, True))

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - the hour is not waited for
        return next(self._rounds)


def _pieces_then(piece: bytes, then: Callable[[], object]) -> Iterator[bytes]:
    yield piece
    then()


@pytest.mark.parametrize("key", [recording_key, archived_key])
def test_who_is_erased_while_a_recording_is_written_leaves_nothing_of_it(
    service: Service, key: Callable[[str], str]
) -> None:
    assert _delivered(service)
    with closing(Service(service.folder)) as other, pytest.raises(NoKey, match=NAME):
        service.vault.write(key(NAME), _pieces_then(FRAMES, lambda: other.erasing.erase("command", "p-milo")))
    with pytest.raises(NoKey):
        service.vault.write(archived_key(NAME), [FRAMES])
    assert not _lie(service)


def test_an_archive_of_what_has_no_key_is_not_written(service: Service) -> None:
    with pytest.raises(NoKey, match="has no key"):
        service.vault.write(archived_key(NAME), [FRAMES])
    assert not _lie(service)
    assert not service.store.look(select(RecordingKey.sha256))


def test_what_is_let_go_while_its_archive_is_written_is_gone(service: Service) -> None:
    assert _delivered(service)
    with pytest.raises(NoKey, match="let go meanwhile"):
        service.vault.write(archived_key(NAME), _pieces_then(FRAMES, lambda: service.vault.let_go(NAME)))
    assert not _lie(service)


def test_a_piece_that_comes_during_an_erasure_is_answered_in_words(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _delivered(service)
    device = service.devices.listed()[0].id
    service.objects.remove([recording_key(NAME)])  # lost, so that it is asked for again
    service.uploads.begin(device, NAME, len(FRAMES))
    write = service.objects.write

    def erased_first(key: str, pieces: Iterable[bytes]) -> None:
        service.erasing.erase("command", "p-milo")
        write(key, pieces)

    monkeypatch.setattr(service.objects, "write", erased_first)
    with pytest.raises(UploadUnknown):
        service.uploads.append(device, NAME, 0, FRAMES)
    assert not _lie(service)


def _lie(service: Service) -> list[str]:
    return [each.key for tier in TIERS for each in service.objects.listed(tier)]
