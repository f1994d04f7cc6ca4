"""Accounts: logins that hold and end, passwords, and the brake on guessing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from server_fixtures import Clock, SignedDevice, a_service

from server_sync.clinic import accounts
from server_sync.clinic.accounts import AccountExists, LoginRefused
from server_sync.clinic.codes import as_typed
from server_sync.clinic.service import Service


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    with a_service(tmp_path / "clinic", now=clock) as opened:
        yield opened


def test_a_sixth_try_at_a_password_has_to_wait(service: Service, clock: Clock) -> None:
    password = service.accounts.add("maja", "Maja")
    for _ in range(accounts.FAILURES):
        with pytest.raises(LoginRefused, match="do not fit"):
            service.accounts.log_in("maja", "guess", "10.0.0.1")
    with pytest.raises(LoginRefused, match="15 min"):
        service.accounts.log_in("maja", password, "10.0.0.1")
    clock.move(minutes=15)
    assert service.accounts.log_in("maja", password, "10.0.0.1")


def test_many_guesses_at_once_are_as_many_tries(service: Service) -> None:
    def guess(_: int) -> str:
        with pytest.raises(LoginRefused) as refused:
            service.accounts.log_in("maja", "guess", "10.0.0.1")
        return "wait" if refused.value.wait_s else "wrong"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(guess, range(8))) == ["wait"] * 3 + ["wrong"] * 5


def test_an_unknown_login_is_refused_like_a_wrong_password(service: Service) -> None:
    with pytest.raises(LoginRefused, match="do not fit"):
        service.accounts.log_in("nobody", "guess", "10.0.0.1")


@pytest.mark.parametrize(("minutes", "holds"), [(29, True), (31, False)])
def test_a_login_ends_when_it_is_idle(service: Service, clock: Clock, minutes: int, holds: bool) -> None:
    token = service.accounts.log_in("maja", service.accounts.add("maja", "Maja"), "10.0.0.1")
    clock.move(minutes=minutes)
    assert (service.accounts.who(token) is not None) == holds


def test_a_login_ends_after_twelve_hours_of_use(service: Service, clock: Clock) -> None:
    token = service.accounts.log_in("maja", service.accounts.add("maja", "Maja"), "10.0.0.1")
    for _ in range(24 * 2 - 1):
        clock.move(minutes=15)
        assert service.accounts.who(token)
    clock.move(minutes=15)
    assert service.accounts.who(token) is None


def test_an_account_is_made_once_and_with_a_long_password(service: Service) -> None:
    assert len(service.accounts.add("maja", "Maja")) >= 15
    with pytest.raises(AccountExists):
        service.accounts.add("maja", "Other")
    with pytest.raises(ValueError, match="at least 15"):
        service.accounts.add("jonas", "Jonas", password="short")


def test_a_password_costs_who_guesses_it_64_mib_and_three_rounds() -> None:
    assert accounts._HASHER.hash("guess").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_secrets_are_not_in_the_database(tmp_path: Path, service: Service) -> None:
    code, device = service.devices.new_code(), SignedDevice(None)
    token = service.devices.enrol(device.enrolment(code)).token
    password = service.accounts.add("maja", "Maja")
    secrets = (code, as_typed(code), token, service.devices.rotate(service.devices.listed()[0].id), password)
    visit = service.accounts.log_in("maja", password, "10.0.0.1")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "clinic").glob("clinic.db*"))
    assert b"maja" in kept
    assert not [secret for secret in (*secrets, visit) if secret.encode() in kept]
