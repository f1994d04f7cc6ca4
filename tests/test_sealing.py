"""What is personal opens for those it was sealed for, and for nobody else; no byte of it changes unnoticed."""

import json
import os
import sys
from base64 import b64decode, b64encode
from pathlib import Path

import keyring
import msgspec
import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from engine import sealing
from engine.keys import FOLDER_VARIABLE, KeyMissing, Keys, KeysUnkept, settings_folder
from engine.sealing import Recipient, RecipientsUnreadable, Unopened, cipher_of, new_cipher, recipients_in
from server_sync.client.home import DEVICE, Device

CONTENT = b'{"patient": "anna"}\n' * 20


class InMemory(KeyringBackend):
    """A keyring that lasts as long as a test."""

    priority = 1
    name = "in memory"

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Locked(InMemory):
    """A keyring that nobody unlocks."""

    def get_password(self, *_: str) -> str | None:
        raise KeyringLocked("locked")

    def set_password(self, *_: str) -> None:
        raise KeyringLocked("locked")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


@pytest.fixture
def recipient(keys: Keys) -> Recipient:
    return Recipient(*keys.make())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of somebody who has none yet."""
    for variable in ("XDG_CONFIG_HOME", "APPDATA", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    return settings_folder()


def use(backend: KeyringBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    for name in ("get_password", "set_password"):
        monkeypatch.setattr(keyring, name, getattr(backend, name))


def enrol(folder: Path, *recipients: Recipient) -> Path:
    """What the sync client writes when a computer is enrolled."""
    listed = [{"key": each.key, "public": b64encode(each.public).decode()} for each in recipients]
    path = folder / sealing.RECIPIENTS
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"recipients": listed}))
    return path


def test_parts_come_back_for_whoever_they_are_sealed_for(keys: Keys, recipient: Recipient, tmp_path: Path) -> None:
    clinic = Keys(tmp_path / "clinic")
    cipher = new_cipher((recipient, Recipient(*clinic.make())))
    parts = [cipher.seal(number, CONTENT, b"header") for number in range(3)]
    for who in (keys, clinic):
        again = cipher_of(json.loads(json.dumps(cipher.about)), who)
        assert [again.open(number, part, b"header") for number, part in enumerate(parts)] == [CONTENT] * 3
    assert len(set(parts)) == 3


@pytest.mark.parametrize(("number", "bound", "flipped"), [(1, b"header", None), (0, b"other", None), (0, b"header", 5)])
def test_a_part_in_another_place_or_changed_is_refused(
    number: int, bound: bytes, flipped: int | None, recipient: Recipient
) -> None:
    cipher = new_cipher((recipient,))
    part = bytearray(cipher.seal(0, CONTENT, b"header"))
    if flipped is not None:
        part[flipped] ^= 1
    with pytest.raises(Unopened, match="damaged"):
        cipher.open(number, bytes(part), bound)


@pytest.mark.parametrize("part", [b"", b"short", bytes(16)])
def test_what_is_too_short_to_be_a_part_is_refused(part: bytes, recipient: Recipient) -> None:
    with pytest.raises(Unopened):
        new_cipher((recipient,)).open(0, part, b"")


def test_no_two_files_share_a_key(recipient: Recipient) -> None:
    one, other = new_cipher((recipient,)), new_cipher((recipient,))
    with pytest.raises(Unopened):
        other.open(0, one.seal(0, CONTENT, b""), b"")


def test_who_has_no_key_is_told_which_ones_could_open_it(recipient: Recipient, tmp_path: Path) -> None:
    stranger = Keys(tmp_path / "stranger")
    with pytest.raises(Unopened, match=f"sealed for {recipient.key}, and no such key is in files in .*stranger"):
        cipher_of(new_cipher((recipient,)).about, stranger)


@pytest.mark.parametrize(
    "change",
    [{"cipher": "ROT13"}, {"salt": ""}, {"recipients": []}, {"recipients": [{"key": "../../x", "wrapped": ""}]}],
)
def test_a_header_that_nobody_wrote_is_refused(change: dict[str, object], keys: Keys, recipient: Recipient) -> None:
    with pytest.raises(Unopened):
        cipher_of({**new_cipher((recipient,)).about, **change}, keys)


def test_a_key_that_was_wrapped_for_another_file_opens_nothing(keys: Keys, recipient: Recipient) -> None:
    one, other = new_cipher((recipient,)).about, new_cipher((recipient,)).about
    with pytest.raises(Unopened, match="does not open its header"):
        cipher_of({**one, "recipients": other["recipients"]}, keys)


def test_a_sealed_document_opens_and_shows_nothing_of_what_it_holds(keys: Keys, recipient: Recipient) -> None:
    document = sealing.sealed(CONTENT, (recipient,))
    assert sealing.opened(document, keys) == CONTENT
    assert json.loads(document)["format"] == sealing.FORMAT
    assert b"anna" not in document + b64decode(json.loads(document)["content"])


def test_every_byte_of_a_sealed_document_counts(keys: Keys, recipient: Recipient) -> None:
    document = sealing.sealed(CONTENT, (recipient,))
    for place in range(len(document)):
        for other in (document[place] ^ 1, document[place] ^ 32, 32):
            changed = document[:place] + bytes([other]) + document[place + 1 :]
            if changed != document:
                with pytest.raises(Unopened):
                    sealing.opened(changed, keys)
    for kept in range(len(document)):
        with pytest.raises(Unopened):
            sealing.opened(document[:kept], keys)


def test_a_document_that_unpacks_to_more_than_any_record_is_refused(keys: Keys, recipient: Recipient) -> None:
    bomb = sealing.sealed(bytes(sealing.LARGEST_RECORD_BYTES + 1), (recipient,))
    assert len(bomb) < 100_000
    with pytest.raises(Unopened, match="more than the 128 MiB"):
        sealing.opened(bomb, keys)


def test_a_folder_is_sealed_for_those_it_names(recipient: Recipient, tmp_path: Path) -> None:
    assert recipients_in(tmp_path) == ()
    enrol(tmp_path, recipient)
    assert recipients_in(tmp_path) == (recipient,)
    assert recipients_in(tmp_path / "sessions") == (recipient,)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b'{"recipients": []}', b'{"recipients": [{"key": "0123456789abcdef", "public": ""}]}', b"\xff"],
)
def test_a_list_of_recipients_that_is_damaged_is_not_taken_for_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / sealing.RECIPIENTS
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(RecipientsUnreadable, match="enrol this computer once more"):
        recipients_in(tmp_path)


def known(folder: Path, *keys: str) -> None:
    device = Device("https://clinic", "d", "headset", "", *keys)
    (folder / sealing.ENROLLED).write_bytes(msgspec.json.encode(device))


@pytest.mark.parametrize("inside", ["", "sessions"])
def test_an_enrolled_computer_without_its_list_of_recipients_is_refused(inside: str, tmp_path: Path) -> None:
    assert sealing.RECIPIENTS.parent / DEVICE == sealing.ENROLLED
    (tmp_path / sealing.ENROLLED).parent.mkdir()
    known(tmp_path, "a" * 16, "b" * 16)
    with pytest.raises(RecipientsUnreadable, match="it is gone, and a clinic enrolled this computer"):
        recipients_in(tmp_path / inside)


@pytest.mark.parametrize("inside", ["", "sessions"])
def test_a_recipient_that_is_neither_the_computer_nor_its_clinic_is_refused(
    inside: str, recipient: Recipient, tmp_path: Path
) -> None:
    enrol(tmp_path, recipient)
    known(tmp_path, "a" * 16, recipient.key)
    assert recipients_in(tmp_path / inside) == (recipient,)
    known(tmp_path, "a" * 16, "b" * 16)
    with pytest.raises(RecipientsUnreadable, match=f"{recipient.key} is neither this computer's key nor its clinic's"):
        recipients_in(tmp_path / inside)


def test_a_recipient_whose_key_is_another_is_refused(recipient: Recipient, tmp_path: Path) -> None:
    enrol(tmp_path, recipient._replace(public=bytes(32)))
    with pytest.raises(RecipientsUnreadable, match=f"{recipient.key} is not the id of its key"):
        recipients_in(tmp_path)


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "anna.json" / "in the way").mkdir(parents=True)
    with pytest.raises(OSError, match=r"anna\.json"):
        sealing.write(tmp_path / "anna.json", CONTENT, ())
    assert [path.name for path in tmp_path.iterdir()] == ["anna.json"]


def test_keys_are_kept_in_the_keyring_where_there_is_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(backend := InMemory(), monkeypatch)
    made = Keys().make()
    assert Keys().private(made.key) is not None
    assert Keys().where() == "the keyring of this computer (in memory)"
    assert [name for _, name in backend.kept] == [f"sealing-{made.key}.key"]
    assert not home.exists()


@pytest.mark.parametrize("backend", [fail.Keyring(), Locked(), null.Keyring()])
def test_keys_are_kept_in_files_where_no_keyring_takes_them(
    backend: KeyringBackend, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(backend, monkeypatch)
    made = Keys().make()
    assert Keys().private(made.key) is not None
    assert [path.name for path in (home / "keys").iterdir()] == [f"sealing-{made.key}.key"]


def test_a_key_from_before_there_was_a_keyring_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(fail.Keyring(), monkeypatch)
    made = Keys().make()
    assert str(home) in Keys().where()
    use(InMemory(), monkeypatch)
    assert Keys().private(made.key) is not None


def test_keys_are_kept_in_files_without_the_keyring_library(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert Keys().private(Keys().make().key) is not None
    assert str(home) in Keys().where()


@pytest.mark.skipif(os.name != "posix", reason="on Windows the profile of a user is theirs")
def test_a_file_with_a_key_is_read_by_its_owner_alone(keys: Keys, tmp_path: Path) -> None:
    keys.make()
    (path,) = (tmp_path / "keys").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_variable_names_another_folder_and_leaves_the_keyring_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(backend := InMemory(), monkeypatch)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "image"))
    made = Keys().make()
    assert (tmp_path / "image" / f"sealing-{made.key}.key").is_file()
    assert not backend.kept


def test_keys_are_never_kept_in_the_folder_that_they_open(keys: Keys, tmp_path: Path) -> None:
    for make in (keys.make, keys.make_signing):
        with pytest.raises(KeysUnkept, match="choose another folder"):
            make(outside=tmp_path)
    assert not (tmp_path / "keys").exists()


def test_a_place_that_takes_no_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(KeysUnkept, match="make it writable, or name another folder with STEADYREACH_KEYS"):
        Keys(tmp_path / "keys").make()


def test_a_damaged_key_is_no_key(keys: Keys, recipient: Recipient, tmp_path: Path) -> None:
    (path,) = (tmp_path / "keys").iterdir()
    path.write_text("not a key")
    assert keys.private(recipient.key) is None
    assert keys.private("../keys/" + recipient.key) is None


def test_a_device_signs_what_it_sends(keys: Keys) -> None:
    made = keys.make_signing()
    Ed25519PublicKey.from_public_bytes(made.public).verify(keys.sign(made.key, CONTENT), CONTENT)
    with pytest.raises(KeyMissing, match="enrol this computer once more"):
        keys.sign("0123456789abcdef", CONTENT)


def test_settings_lie_where_the_command_line_has_them() -> None:
    assert settings_folder() == Path(typer.get_app_dir("steadyreach"))
