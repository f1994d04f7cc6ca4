"""The second factor: set up by a first code, shown at each login, each code once; and codes for who lost the app."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pyotp
import pytest
from server_fixtures import Clock

from server_sync.clinic import second_factor
from server_sync.clinic.brakes import NotProved
from server_sync.clinic.codes import as_typed
from server_sync.clinic.passwords import WeakPassword
from server_sync.clinic.second_factor import HasSecondFactor
from server_sync.clinic.service import Service

HERE = "10.0.0.1"
USED = "does not fit, or was used already"


class Phone(NamedTuple):
    """Who has a second factor: their account, password, app, recovery codes, and the login that set it up."""

    account: int
    password: str
    app: pyotp.TOTP
    recovery: tuple[str, ...]
    token: str


@pytest.fixture
def phone(service: Service, clock: Clock) -> Phone:
    """Somebody who has set it up, a minute ago."""
    password = service.accounts.add("maja", "Maja")
    account = service.accounts.named("maja").id
    service.second_factors.begin(account, HERE)
    app = pyotp.parse_uri(service.second_factors.uri(account, HERE))
    assert isinstance(app, pyotp.TOTP)
    token, recovery = service.second_factors.confirm(account, HERE, password, app.at(clock()))
    clock.move(minutes=1)
    return Phone(account, password, app, recovery, token)


def log_in(service: Service, phone: Phone) -> str:
    """The login after the password alone."""
    return service.accounts.log_in("maja", phone.password, HERE)


def test_a_password_alone_opens_nothing_but_the_page_for_the_code(service: Service, phone: Phone, clock: Clock) -> None:
    half = log_in(service, phone)
    who = service.visits.who(half)
    assert who is not None
    assert who.password_alone
    whole = service.second_factors.show(half, phone.app.at(clock()))
    who = service.visits.who(whole)
    assert who is not None
    assert (who.login, who.password_alone, who.second_factor) == ("maja", False, True)
    assert service.visits.who(half) is None


def test_the_app_is_told_what_apps_know(service: Service, phone: Phone) -> None:
    assert (phone.app.interval, phone.app.digits, phone.app.issuer, phone.app.name) == (30, 6, "Steadyreach", "maja")
    assert len(phone.app.secret) >= 32  # 160 bits, as RFC 4226 has it
    assert (service.second_factors.uri(phone.account, HERE), service.second_factors.begun(phone.account, HERE)) == (
        "",
        "",
    )


@pytest.mark.parametrize(("seconds", "good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_wrong_by_one_code(
    service: Service, phone: Phone, clock: Clock, seconds: int, good: bool
) -> None:
    clock.move(minutes=5)
    code, half = phone.app.at(clock(), counter_offset=seconds // 30), log_in(service, phone)
    if good:
        assert service.second_factors.show(half, code)
        return
    with pytest.raises(NotProved, match=USED):
        service.second_factors.show(half, code)


def test_a_code_is_good_once_and_so_are_those_before_it(service: Service, phone: Phone, clock: Clock) -> None:
    before, code = phone.app.at(clock(), counter_offset=-1), phone.app.at(clock())
    first, second = (log_in(service, phone) for _ in range(2))
    assert service.second_factors.show(first, code)
    for used in (code, before):
        with pytest.raises(NotProved, match=USED):
            service.second_factors.show(second, used)


def test_the_first_code_is_used_up_by_the_set_up(service: Service, clock: Clock) -> None:
    password = service.accounts.add("maja", "Maja")
    service.second_factors.begin(1, HERE)
    code = pyotp.TOTP(service.second_factors.begun(1, HERE)).at(clock())
    service.second_factors.confirm(1, HERE, password, code)
    with pytest.raises(NotProved, match=USED):
        service.second_factors.show(service.accounts.log_in("maja", password, HERE), code)


def test_a_code_that_is_shown_twice_at_the_same_moment_lets_one_in(
    service: Service, phone: Phone, clock: Clock
) -> None:
    code, halves = phone.app.at(clock()), [log_in(service, phone) for _ in range(4)]

    def show(half: str) -> bool:
        try:
            return bool(service.second_factors.show(half, code))
        except NotProved:
            return False

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(show, halves)) == 1


def test_guessing_codes_has_to_wait_whoever_shows_them(service: Service, phone: Phone, clock: Clock) -> None:
    halves = [log_in(service, phone) for _ in range(second_factor.FAILURES + 1)]
    for half in halves[:-1]:
        with pytest.raises(NotProved, match=USED):
            service.second_factors.show(half, "00000-00000")
    with pytest.raises(NotProved, match="15 min"):
        service.second_factors.show(halves[-1], phone.app.at(clock()))
    clock.move(minutes=14)
    service.visits.who(halves[-1])
    clock.move(minutes=1)
    assert service.second_factors.show(halves[-1], phone.app.at(clock()))


@pytest.mark.parametrize("code", ["", "1", "0" * 6 + "\0", "٣" * 6, "x" * 100_000, "%", "'", "\ud800"])
def test_what_is_no_code_is_refused(service: Service, phone: Phone, code: str) -> None:
    with pytest.raises(NotProved, match=USED):
        service.second_factors.show(log_in(service, phone), code)


def test_a_recovery_code_stands_in_once(service: Service, phone: Phone) -> None:
    assert len(set(phone.recovery)) == service.second_factors.codes_left(phone.account) == 10
    first = phone.recovery[0].lower().replace("-", " ")
    assert service.second_factors.show(log_in(service, phone), first)
    assert service.second_factors.codes_left(phone.account) == 9
    with pytest.raises(NotProved, match=USED):
        service.second_factors.show(log_in(service, phone), first)


def test_recovery_codes_of_somebody_else_are_none(service: Service, phone: Phone, clock: Clock) -> None:
    password = service.accounts.add("jonas", "Jonas")
    jonas = service.accounts.named("jonas").id
    service.second_factors.begin(jonas, HERE)
    app = pyotp.TOTP(service.second_factors.begun(jonas, HERE))
    service.second_factors.confirm(jonas, HERE, password, app.at(clock()))
    half = service.accounts.log_in("jonas", password, HERE)
    for code in (phone.recovery[0], phone.app.at(clock())):
        with pytest.raises(NotProved, match=USED):
            service.second_factors.show(half, code)


def test_nothing_is_in_force_before_its_first_code_which_ends_all_other_logins(service: Service, clock: Clock) -> None:
    password = service.accounts.add("maja", "Maja")
    service.second_factors.begin(1, HERE)
    service.second_factors.begin(1, HERE)
    first = service.second_factors.begun(1, HERE)
    for shown in (("guess", pyotp.TOTP(first).at(clock())), (password, "000000x")):
        with pytest.raises(NotProved):
            service.second_factors.confirm(1, HERE, *shown)
    token = service.accounts.log_in("maja", password, HERE)
    who = service.visits.who(token)
    assert who is not None
    assert not who.password_alone
    assert service.second_factors.begun(1, HERE) == first
    service.second_factors.confirm(1, HERE, password, pyotp.TOTP(first).at(clock()))
    assert service.visits.who(token) is None


def test_it_is_not_replaced_by_who_found_the_screen_open(service: Service, phone: Phone, clock: Clock) -> None:
    with pytest.raises(HasSecondFactor, match="remove it before"):
        service.second_factors.begin(phone.account, HERE)
    with pytest.raises(NotProved, match="begin it again"):
        service.second_factors.confirm(phone.account, HERE, phone.password, phone.app.at(clock()))
    with pytest.raises(NotProved, match="not your password"):
        service.second_factors.remove(phone.account, "guess", phone.app.at(clock()))
    with pytest.raises(NotProved, match=USED):
        service.second_factors.remove(phone.account, phone.password, "000000x")


def test_setting_it_up_and_removing_it_end_other_logins(service: Service, phone: Phone, clock: Clock) -> None:
    other = service.second_factors.show(log_in(service, phone), phone.app.at(clock()))
    clock.move(minutes=1)
    token = service.second_factors.remove(phone.account, phone.password, phone.app.at(clock()))
    assert [service.visits.who(each) is not None for each in (phone.token, other, token)] == [False, False, True]
    assert service.second_factors.codes_left(phone.account) == 0
    who = service.visits.who(log_in(service, phone))
    assert who is not None
    assert not who.password_alone


def test_a_short_password_never_stands_alone(service: Service, phone: Phone, clock: Clock) -> None:
    token = service.accounts.change_password(phone.account, phone.password, "vkx bqm!")
    assert service.visits.who(token)
    with pytest.raises(WeakPassword, match="at least 15"):
        service.second_factors.remove(phone.account, "vkx bqm!", phone.app.at(clock()))
    code = service.second_factors.reset(phone.account)
    with pytest.raises(WeakPassword, match="at least 15"):
        service.invitations.accept(code, "vkx bqm!", HERE)


def test_a_reset_takes_the_password_too_and_gives_an_invitation(service: Service, phone: Phone) -> None:
    code = service.second_factors.reset(phone.account, by="account 9")
    assert service.visits.who(phone.token) is None
    with pytest.raises(NotProved, match="do not fit"):
        log_in(service, phone)
    assert not service.invitations.accept(code, "seven rivers run uphill", HERE).second_factor
    told = [(entry.actor, entry.action, entry.thing) for entry in service.audit.listed()]
    assert ("account 9", "reset a second factor", f"account {phone.account}") in told


def test_a_login_that_waits_for_its_code_ends_like_any_other(service: Service, phone: Phone, clock: Clock) -> None:
    half, disabled = log_in(service, phone), log_in(service, phone)
    clock.move(minutes=16)
    with pytest.raises(NotProved, match="took too long"):
        service.second_factors.show(half, phone.app.at(clock()))
    disabled = log_in(service, phone)
    service.accounts.disable(phone.account)
    with pytest.raises(NotProved, match="took too long"):
        service.second_factors.show(disabled, phone.app.at(clock()))


def test_a_whole_login_is_not_shown_a_code_again(service: Service, phone: Phone, clock: Clock) -> None:
    with pytest.raises(NotProved, match="took too long"):
        service.second_factors.show(phone.token, phone.app.at(clock()))


def test_its_secrets_are_in_no_file_of_the_database(tmp_path: Path, phone: Phone) -> None:
    kept = b"".join(path.read_bytes() for path in (tmp_path / "clinic").glob("*.db*"))
    secrets = (phone.app.secret, *phone.recovery, *map(as_typed, phone.recovery))
    assert not [secret for secret in secrets if secret.encode() in kept]


def test_what_is_begun_is_shown_to_the_login_that_began_it_and_ends_after_a_quarter_of_an_hour(
    service: Service, clock: Clock
) -> None:
    password = service.accounts.add("maja", "Maja")
    theirs, other = (service.accounts.log_in("maja", password, HERE) for _ in range(2))
    service.second_factors.begin(1, other)
    secret = service.second_factors.begun(1, other)
    assert (service.second_factors.begun(1, theirs), service.second_factors.uri(1, theirs)) == ("", "")
    with pytest.raises(NotProved, match="begin it again"):
        service.second_factors.confirm(1, theirs, password, pyotp.TOTP(secret).at(clock()))
    clock.move(minutes=15)
    assert service.second_factors.begun(1, other) == ""
    with pytest.raises(NotProved, match="begin it again"):
        service.second_factors.confirm(1, other, password, pyotp.TOTP(secret).at(clock()))
    assert "begin to set up a second factor" in {entry.action for entry in service.audit.listed()}


def test_codes_that_are_guessed_slowly_are_a_hundred_a_day_whoever_gets_in_meanwhile(
    service: Service, phone: Phone, clock: Clock
) -> None:
    tried = 0
    while tried < second_factor.FAILURES_OF_DAY:
        half = log_in(service, phone)
        for _ in range(second_factor.FAILURES - 1):
            with pytest.raises(NotProved, match=USED):
                service.second_factors.show(half, "00000-00000")
        tried += second_factor.FAILURES - 1
        clock.move(minutes=16)
        if tried < second_factor.FAILURES_OF_DAY:  # whose it is gets in, which forgives the brake of minutes alone
            assert service.second_factors.show(log_in(service, phone), phone.app.at(clock()))
    with pytest.raises(NotProved, match="100 tries"):
        service.second_factors.show(log_in(service, phone), phone.app.at(clock()))
    closed = [entry for entry in service.audit.listed() if entry.action == "try too often"]
    assert [entry.actor for entry in closed] == [f"account {phone.account}"]
    code = service.second_factors.reset(phone.account)
    service.invitations.accept(code, "seven rivers run uphill", HERE)
    service.second_factors.begin(phone.account, HERE)
    app = pyotp.TOTP(service.second_factors.begun(phone.account, HERE))
    assert service.second_factors.confirm(phone.account, HERE, "seven rivers run uphill", app.at(clock()))
