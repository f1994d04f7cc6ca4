"""Enrolment: a one-time code for a place at a clinic, whole or not at all, and nothing secret in the folder."""

import json
from pathlib import Path

import httpx
import pytest
from client_fixtures import ONCE, a_computer, always, held, losing
from commands import ROOT, entered
from server_fixtures import Clinic, a_service, a_session, write_folder

from engine.keys import FOLDER_VARIABLE, Keys, KeysUnkept
from engine.sealing import recipients_in, sealed
from server_sync.client import enrolment
from server_sync.client.delivery import deliver
from server_sync.client.enrolment import credentials_of, enrol
from server_sync.client.home import CLINIC, Device, Home, NotEnrolled, device_of, home_of
from server_sync.client.patience import Later, Refused


@pytest.fixture
def code(clinic: Clinic) -> str:
    with a_service(clinic.folder) as service:
        return str(service.devices.new_code())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return home_of(tmp_path / "played")


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


def enrolled(home: Home, clinic: Clinic, code: str, keys: Keys, **others: object) -> Device:
    return enrol(home, clinic.url, code, "headset", "steadyreach 0.1.0", keys, ONCE, **others)  # type: ignore[arg-type]


def test_a_device_enrols_with_a_code_as_people_type_it_and_delivers(
    clinic: Clinic, code: str, home: Home, keys: Keys
) -> None:
    device = enrolled(home, clinic, code.lower(), keys)
    write_folder(home.sessions, a_session("enrolled-and-played"))
    assert device_of(home) == device
    assert deliver(home, device, keys, ONCE).delivered == ("enrolled-and-played",)


def test_a_code_is_for_one_device(clinic: Clinic, code: str, home: Home, keys: Keys, tmp_path: Path) -> None:
    enrolled(home, clinic, code, keys)
    with pytest.raises(Refused, match="not valid"):
        enrolled(home_of(tmp_path / "another"), clinic, code, keys)
    assert not (tmp_path / "another" / CLINIC).exists()
    assert device_of(home)


def test_after_a_lost_answer_the_same_code_works_again(clinic: Clinic, code: str, home: Home, keys: Keys) -> None:
    with pytest.raises(Later):
        enrolled(home, clinic, code, keys, transport=losing(1))
    with pytest.raises(NotEnrolled):
        device_of(home)
    device = enrolled(home, clinic, code, keys)
    assert deliver(home, device, keys, ONCE).problem == ""


def test_nothing_in_the_folder_is_secret(clinic: Clinic, code: str, home: Home, keys: Keys, tmp_path: Path) -> None:
    device = enrolled(home, clinic, code, keys)
    (token,) = credentials_of(home, device, keys).tokens
    kept = b"".join(path.read_bytes() for path in home.client.rglob("*") if path.is_file())
    assert token.encode() not in kept
    for path in (tmp_path / "keys").iterdir():
        assert path.read_bytes() not in kept


def test_what_is_played_afterwards_is_sealed_for_the_clinic_and_the_device(
    clinic: Clinic, code: str, home: Home, keys: Keys
) -> None:
    device = enrolled(home, clinic, code, keys)
    assert [each.key for each in recipients_in(home.sessions)] == [device.sealing_key, device.clinic_key]


def test_sessions_in_a_folder_of_their_own_are_sealed_and_sent_too(
    clinic: Clinic, code: str, keys: Keys, tmp_path: Path
) -> None:
    inside = tmp_path / "client" / "sessions"
    inside.mkdir(parents=True)
    enrolled(home_of(inside.parent), clinic, code, keys)
    assert recipients_in(inside) == recipients_in(inside.parent)
    assert home_of(inside) == home_of(inside.parent)


def test_enrolling_again_keeps_what_was_sealed_before_readable(clinic: Clinic, tmp_path: Path) -> None:
    computer = a_computer(tmp_path, clinic)
    with a_service(clinic.folder) as service:
        code = service.devices.new_code()
    again = enrolled(computer.home, clinic, code, computer.keys)
    assert again.device != computer.device.device
    assert computer.keys.private(computer.device.sealing_key) is not None


def test_what_the_clinic_has_is_not_doubled_by_enrolling_again(clinic: Clinic, tmp_path: Path) -> None:
    computer = a_computer(tmp_path, clinic)
    computer.plays("again-1", "again-2")
    computer.sync()
    before = held(clinic)
    with a_service(clinic.folder) as service:
        code = service.devices.new_code()
    device = enrolled(computer.home, clinic, code, computer.keys)
    assert deliver(computer.home, device, computer.keys, ONCE).already_there == ("again-1", "again-2")
    assert held(clinic) == before


@pytest.mark.parametrize("step", ["_keep_tokens", "_keep_recipients", "keep_device"])
def test_a_disk_that_fails_leaves_the_enrolment_before(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    computer = a_computer(tmp_path, clinic)
    with a_service(clinic.folder) as service:
        code = service.devices.new_code()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(enrolment, step, full)
        with pytest.raises(OSError, match="No space left"):
            enrolled(computer.home, clinic, code, computer.keys)
    assert device_of(computer.home) == computer.device
    assert computer.sync().problem == ""


def test_keys_are_never_kept_in_the_folder_that_they_open(clinic: Clinic, code: str, home: Home) -> None:
    with pytest.raises(KeysUnkept, match="which it opens"):
        enrolled(home, clinic, code, Keys(home.client / "keys"))
    with pytest.raises(NotEnrolled):
        device_of(home)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"server": 7}', b"[]"])
def test_a_damaged_enrolment_is_one_sentence(home: Home, content: bytes) -> None:
    home.clinic.mkdir(parents=True)
    (home.clinic / "device.json").write_bytes(content)
    with pytest.raises(NotEnrolled, match="nothing is lost") as refused:
        device_of(home)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"{", b"device_token", sealed(b"[]", [])])
def test_a_damaged_token_is_one_sentence(clinic: Clinic, tmp_path: Path, content: bytes) -> None:
    computer = a_computer(tmp_path, clinic)
    (tokens,) = computer.home.clinic.glob("tokens-*")
    tokens.write_bytes(content)
    with pytest.raises(NotEnrolled, match="enrol it once more"):
        computer.sync()


def test_keys_that_are_gone_are_one_sentence(clinic: Clinic, tmp_path: Path) -> None:
    computer = a_computer(tmp_path, clinic)
    for path in (tmp_path / "keys").iterdir():
        path.unlink()
    with pytest.raises(NotEnrolled, match="once more"):
        computer.sync()


def test_a_computer_is_enrolled_and_delivers_by_two_commands(clinic: Clinic, code: str, tmp_path: Path) -> None:
    write_folder(tmp_path / "played", a_session("by-commands"))

    def run(*words: str) -> str:
        words = (*words, "--folder", str(tmp_path / "played"))
        done = entered(words, ROOT, **{FOLDER_VARIABLE: str(tmp_path / "keys")})
        assert done.code == 0, done.err
        return done.out

    assert str(tmp_path / "keys") in run("enrol", code, "--server", clinic.url)
    assert json.loads(run("sync", "--once", "--json"))["delivered"] == ["by-commands"]
    assert "All 1 sessions are delivered" in run("sync", "--status")


@pytest.mark.parametrize("server", ["http://clinic.example", "http://192.168.1.5:8765", "http://127.0.0.1.example"])
def test_an_address_without_tls_is_refused_in_words_unless_it_is_allowed(home: Home, keys: Keys, server: str) -> None:
    given = server, "CODE", "headset", "steadyreach 0.1.0", keys, ONCE
    nobody = always(httpx.Response(503))
    with pytest.raises(Refused, match="--insecure-http"):
        enrol(home, *given, nobody)
    assert not home.clinic.exists()
    with pytest.raises(Later):
        enrol(home, *given, nobody, insecure_http=True)


@pytest.mark.parametrize(
    ("server", "why"),
    [
        ("ftp://clinic.example", "begins with ftp://"),
        ("clinic.example", "does not begin with https://"),
        ("clinic.example:8765", "does not begin with https://"),
        ("https://clinic example", "holds a blank"),
        (" https://clinic.example", "holds a blank"),
        ("https://clinic.example\n", "holds a blank"),
        ("https://ada:secret@clinic.example", "holds a name or a password"),
        ("https://clinic.example/?code=1", "holds ? or #"),
        ("https://clinic.example#page", "holds ? or #"),
        ("https://", "names no computer"),
        ("https://clinic.example:port", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("", "does not begin with https://"),
    ],
)
def test_what_is_no_address_is_refused_with_what_is_expected(home: Home, keys: Keys, server: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        enrol(home, server, "CODE", "headset", "steadyreach 0.1.0", keys, ONCE, insecure_http=True)
    assert why in str(refused.value)
    assert "https://clinic.example" in str(refused.value)
    assert "secret" not in str(refused.value)
    assert not home.clinic.exists()
