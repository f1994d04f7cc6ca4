"""Accounts: logins that hold and end, passwords, invitations, wards, and the brake on guessing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from argon2 import PasswordHasher
from routes import begin_visit
from server_fixtures import Clock, SignedDevice, a_service

from server_sync.clinic import accounts, invitations, passwords
from server_sync.clinic.account_rules import SELF, AccountExists, AccountRefused, related
from server_sync.clinic.accounts import UnknownAccount
from server_sync.clinic.brakes import Brakes, Limit, NotProved
from server_sync.clinic.codes import as_typed
from server_sync.clinic.passwords import WeakPassword
from server_sync.clinic.patients import Person
from server_sync.clinic.roles import GUARDIAN, PATIENT
from server_sync.clinic.service import Service
from server_sync.wire import sha256

GOOD = "seven rivers run uphill"
HERE = "10.0.0.1"


def actions(service: Service) -> list[str]:
    """What the audit tells, the first row first."""
    return [entry.action for entry in reversed(service.audit.listed())]


def test_a_sixth_try_at_a_password_has_to_wait(service: Service, clock: Clock) -> None:
    password = service.accounts.add("maja", "Maja")
    for _ in range(accounts.FAILURES):
        with pytest.raises(NotProved, match="do not fit"):
            service.accounts.log_in("maja", "guess", HERE)
    with pytest.raises(NotProved, match="15 min"):
        service.accounts.log_in("maja", password, HERE)
    assert service.accounts.log_in("maja", password, "10.0.0.2")
    clock.move(minutes=15)
    assert service.accounts.log_in("maja", password, HERE)


def test_an_address_that_tries_many_logins_has_to_wait_whichever_it_tries(service: Service) -> None:
    password = service.accounts.add("maja", "Maja")
    for number in range(accounts.FAILURES_OF_ADDRESS):
        with pytest.raises(NotProved, match="do not fit"):
            service.accounts.log_in(f"login-{number}", "guess", HERE)
    with pytest.raises(NotProved, match="15 min"):
        service.accounts.log_in("maja", password, HERE)


def test_who_gets_in_does_not_give_an_address_its_tries_back(service: Service) -> None:
    password = service.accounts.add("maja", "Maja")
    for number in range(accounts.FAILURES_OF_ADDRESS):
        service.accounts.log_in("maja", password, HERE)
        with pytest.raises(NotProved, match="do not fit"):
            service.accounts.log_in(f"login-{number}", "guess", HERE)
    with pytest.raises(NotProved, match="15 min"):
        service.accounts.log_in("maja", password, HERE)


def test_a_login_that_is_tried_from_everywhere_has_to_wait_and_an_invitation_ends_that(service: Service) -> None:
    account_id, code = service.invitations.new("maja", "Maja", "therapist")
    password = service.invitations.accept(code, GOOD, HERE) and GOOD
    for number in range(accounts.FAILURES_OF_LOGIN):
        with pytest.raises(NotProved, match="do not fit"):
            service.accounts.log_in("maja", "guess", f"10.1.0.{number}")
    with pytest.raises(NotProved, match="24 h"):
        service.accounts.log_in("maja", password, HERE)
    service.invitations.accept(service.invitations.invite(account_id), GOOD, HERE)
    assert service.accounts.log_in("maja", GOOD, HERE)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_many_guesses_at_once_are_as_many_tries(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    database = request.getfixturevalue("clinic_postgres")() if kind == "postgres" else ""

    def guess(_: int) -> str:
        with pytest.raises(NotProved) as refused:
            service.accounts.log_in("maja", "guess", HERE)
        return "wait" if refused.value.wait_s else "wrong"

    with a_service(tmp_path / "clinic", database, now=Clock()) as service, ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(guess, range(8))) == ["wait"] * 3 + ["wrong"] * 5


@pytest.mark.parametrize("login", ["nobody", "", "maja\0", "ma%", "_aja", "m" * 100_000, "maja' OR 1=1 --", "\ud800"])
def test_an_unknown_login_is_refused_like_a_wrong_password(service: Service, login: str) -> None:
    password = service.accounts.add("maja", "Maja")
    with pytest.raises(NotProved, match="do not fit"):
        service.accounts.log_in(login, password, HERE)


@pytest.mark.parametrize("password", ["", "x" * 100_000, "guess\0"])
def test_a_strange_password_is_a_wrong_one(service: Service, password: str) -> None:
    service.accounts.add("maja", "Maja")
    with pytest.raises(NotProved, match="do not fit"):
        service.accounts.log_in("maja", password, HERE)


def test_every_refused_login_costs_the_same_hash(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    class Counting:
        """The real hasher, which notes what it verifies against."""

        def __init__(self, real: PasswordHasher) -> None:
            self.real, self.verified = real, list[str]()

        def hash(self, password: str) -> str:
            return self.real.hash(password)

        def verify(self, password_hash: str, password: str) -> bool:
            self.verified.append(password_hash.rpartition("$")[0].rpartition("$")[0])
            return self.real.verify(password_hash, password)

    passwords._nobody.cache_clear()  # of the cost that other tests hash with
    counting = Counting(passwords._HASHER)
    monkeypatch.setattr(passwords, "_HASHER", counting)
    service.accounts.add("maja", "Maja")
    service.invitations.new("new", "Invited", "therapist")
    off = service.accounts.add("off", "Disabled")
    service.accounts.disable(service.accounts.named("off").id)
    for login, password in (("maja", "guess"), ("nobody", "guess"), ("new", ""), ("off", off), ("x\0", "guess")):
        with pytest.raises(NotProved, match="do not fit"):
            service.accounts.log_in(login, password, HERE)
    assert len(counting.verified) == 5
    assert len(set(counting.verified)) == 1


def test_a_password_that_is_voided_while_it_is_checked_lets_nobody_in(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    password, fits = service.accounts.add("maja", "Maja"), passwords.fits

    def voided(*words: str) -> bool:
        service.invitations.invite(1)
        return fits(*words)

    monkeypatch.setattr(passwords, "fits", voided)
    with pytest.raises(NotProved):
        service.accounts.log_in("maja", password, HERE)


@pytest.mark.parametrize(("minutes", "holds"), [(14, True), (16, False)])
def test_a_login_ends_when_it_is_idle(service: Service, clock: Clock, minutes: int, holds: bool) -> None:
    token = service.accounts.log_in("maja", service.accounts.add("maja", "Maja"), HERE)
    clock.move(minutes=minutes)
    assert (service.visits.who(token) is not None) == holds


def test_a_login_ends_after_twelve_hours_of_use(service: Service, clock: Clock) -> None:
    token = service.accounts.log_in("maja", service.accounts.add("maja", "Maja"), HERE)
    for _ in range(12 * 6 - 1):
        clock.move(minutes=10)
        assert service.visits.who(token)
    clock.move(minutes=10)
    assert service.visits.who(token) is None


def test_an_account_is_made_once_and_with_a_long_password(service: Service) -> None:
    assert len(service.accounts.add("maja", "Maja")) >= 15
    with pytest.raises(AccountExists):
        service.accounts.add("maja", "Other")
    with pytest.raises(WeakPassword, match="at least 15"):
        service.accounts.add("jonas", "Jonas", password="short")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"login": ""}, "login '' must be"),
        ({"login": "_maja"}, "login '_maja' must be"),
        ({"login": "ma ja"}, "login 'ma ja' must be"),
        ({"login": "m" * 65}, "must be 1 to 64"),
        ({"name": ""}, "name '' must be"),
        ({"name": "Maja\n"}, "name 'Maja\\\\n' must be"),
        ({"name": "M" * 101}, "must be 1 to 100"),
        ({"role": "boss"}, "role 'boss' must be one of therapist, admin,"),
        ({"role": PATIENT}, "one patient: themselves"),
        ({"role": PATIENT, "wards": {"p": "parent"}}, "one patient: themselves"),
        ({"role": GUARDIAN}, "at least one patient"),
        ({"role": GUARDIAN, "wards": {"p": ""}}, "relation '' must be"),
        ({"wards": {"p": "parent"}}, "a therapist has no patients of their own"),
    ],
)
def test_an_account_that_cannot_be_is_refused_in_words(service: Service, change: dict[str, Any], words: str) -> None:
    with pytest.raises(AccountRefused, match=words):
        service.accounts.make(**{"login": "maja", "name": "Maja", "role": "therapist", **change})
    assert service.accounts.listed() == []


def test_a_login_is_one_persons_in_whichever_case_it_is_typed(service: Service) -> None:
    maja = service.accounts.make("Maja", "Maja B.", "therapist")
    for login in ("maja", "MAJA"):
        with pytest.raises(AccountExists, match="'maja' already"):
            service.accounts.make(login, "Another", "admin")
        assert service.accounts.named(login).id == maja
    assert [(line.login, line.name) for line in service.accounts.listed()] == [("maja", "Maja B.")]


def test_accounts_are_listed_in_the_order_of_their_names(service: Service) -> None:
    for login, name in (("a", "Zoë"), ("b", "ben"), ("c", "Ada"), ("d", "Ben")):
        service.accounts.make(login, name, "therapist")
    assert [line.name for line in service.accounts.listed()] == ["Ada", "ben", "Ben", "Zoë"]


def test_a_password_costs_who_guesses_it_64_mib_and_three_rounds() -> None:
    assert passwords._HASHER.hash("guess").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


@pytest.mark.parametrize(
    "password",
    [
        *("password1234567", "Maja-Maja-Maja-2026", "Steadyreach-2026!", "abcdefghijklmnop", "aaaaaaaaaaaaaaaaaa"),
        *("P@ssw0rd P@ssw0rd", "qwertyuiop123456", "physiotherapy clinic 2026", "839201748392017", "xy" * 10),
        *(
            "bergstroem bergstroem bergstroem",
            "MAJA.B 20.11.2026",
            "iuytrewqiuytrewq",
            "ｐａｓｓｗｏｒｄ１２３４５６７８",
        ),
    ],
)
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    with pytest.raises(WeakPassword, match="guessed soon"):
        passwords.check(password, second_factor=False, about=("maja.b", "Maja Bergstroem"))


@pytest.mark.parametrize(
    "password",
    [GOOD, "correct horse battery staple", "Tr0ub4dor&3 exact", "пятнадцать букв и больше", "7kq4-2xd9-pm3v-81zc"],
)
def test_any_other_long_password_will_do(password: str) -> None:
    passwords.check(password, second_factor=False, about=("maja", "Maja Bergström"))


LETTERS = "vkxjbqmjzfw" * 20


@pytest.mark.parametrize(("length", "second_factor"), [(15, False), (8, True), (200, False)])
def test_a_password_may_be_shorter_with_a_second_factor(length: int, second_factor: bool) -> None:
    passwords.check(LETTERS[:length], second_factor, about=())


@pytest.mark.parametrize(("length", "second_factor"), [(14, False), (7, True), (201, False)])
def test_a_password_that_is_too_short_or_too_long_is_refused(length: int, second_factor: bool) -> None:
    with pytest.raises(WeakPassword, match=f"of {length} characters is too (short|long): at (least|most)"):
        passwords.check(LETTERS[:length], second_factor, about=())


def test_a_password_is_the_same_however_a_keyboard_makes_its_letters(service: Service) -> None:
    service.accounts.add("maja", "Maja", password="fünf größere Flüsse")
    assert service.accounts.log_in("maja", "fu\u0308nf gro\u0308ßere Flu\u0308sse", HERE)


def test_one_changes_ones_own_password_and_other_logins_end(service: Service) -> None:
    old = service.accounts.add("maja", "Maja")
    here, there = (service.accounts.log_in("maja", old, HERE) for _ in range(2))
    me = service.visits.who(here)
    assert me is not None
    with pytest.raises(NotProved, match="not your password"):
        service.accounts.change_password(me.id, "guess", GOOD)
    with pytest.raises(WeakPassword):
        service.accounts.change_password(me.id, old, "short")
    fresh = service.accounts.change_password(me.id, old, GOOD)
    assert [service.visits.who(token) is not None for token in (here, there, fresh)] == [False, False, True]
    with pytest.raises(NotProved):
        service.accounts.log_in("maja", old, HERE)
    assert service.accounts.log_in("maja", GOOD, HERE)


def test_ones_own_password_is_not_guessed_by_who_found_the_screen_open(service: Service) -> None:
    password = service.accounts.add("maja", "Maja")
    for _ in range(accounts.FAILURES):
        with pytest.raises(NotProved, match="not your password"):
            service.accounts.prove(1, "guess")
    with pytest.raises(NotProved, match="15 min"):
        service.accounts.change_password(1, password, GOOD)


def test_a_disabled_account_is_out_at_once_and_comes_back(service: Service) -> None:
    password = service.accounts.add("maja", "Maja")
    token = service.accounts.log_in("maja", password, HERE)
    service.accounts.disable(1)
    assert service.visits.who(token) is None
    assert service.visits.who(begin_visit(service, 1)) is None  # of a login that went on at that moment
    with pytest.raises(NotProved, match="do not fit"):
        service.accounts.log_in("maja", password, HERE)
    service.accounts.enable(1)
    assert service.visits.who(token) is None
    assert service.accounts.log_in("maja", password, HERE)


@pytest.mark.parametrize("what", ["disable", "invite"])
def test_a_password_opens_nothing_that_is_voided_while_it_is_checked(
    service: Service, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    service.accounts.add("maja", "Maja")
    do = service.accounts.disable if what == "disable" else service.invitations.invite
    monkeypatch.setattr(passwords, "fits", lambda *_: bool(do(1) or True))
    with pytest.raises(NotProved, match="do not fit"):
        service.accounts.log_in("maja", "right until now", HERE)


@pytest.mark.parametrize("account_id", [0, -1, 2, 1 << 40, 1 << 70])
def test_there_is_no_other_account(service: Service, account_id: int) -> None:
    service.accounts.add("maja", "Maja")
    changes: tuple[Callable[[int], object], ...] = (
        *(service.accounts.of, service.accounts.disable, service.accounts.enable),
        *(service.invitations.invite, service.second_factors.reset),
    )
    for change in changes:
        with pytest.raises(UnknownAccount, match="there is no account"):
            change(account_id)
    with pytest.raises(UnknownAccount, match="no account 'nobody' here"):
        service.accounts.named("nobody")


# Invitations


def test_an_invitation_is_good_once_and_sets_a_password(service: Service) -> None:
    _, code = service.invitations.new("maja", "Maja", "therapist")
    with pytest.raises(NotProved, match="do not fit"):
        service.accounts.log_in("maja", "", HERE)
    with pytest.raises(WeakPassword):
        service.invitations.accept(code, "short", HERE)
    assert service.invitations.accept(code.lower().replace("-", " "), GOOD, HERE).login == "maja"
    assert service.accounts.log_in("maja", GOOD, HERE)
    with pytest.raises(NotProved, match="not valid"):
        service.invitations.accept(code, "another good sentence", HERE)
    assert service.accounts.log_in("maja", GOOD, HERE)


def test_an_invitation_is_over_after_seven_days_or_with_the_next(service: Service, clock: Clock) -> None:
    account_id, first = service.invitations.new("maja", "Maja", "therapist")
    second = service.invitations.invite(account_id)
    with pytest.raises(NotProved, match="not valid"):
        service.invitations.accept(first, GOOD, HERE)
    clock.move(days=7)
    with pytest.raises(NotProved, match="not valid"):
        service.invitations.accept(second, GOOD, HERE)


def test_a_reset_password_is_none_at_once(service: Service) -> None:
    password = service.accounts.add("maja", "Maja")
    token = service.accounts.log_in("maja", password, HERE)
    service.invitations.invite(1)
    assert service.visits.who(token) is None
    with pytest.raises(NotProved, match="do not fit"):
        service.accounts.log_in("maja", password, HERE)


def test_guessing_invitations_has_to_wait_and_two_of_one_code_are_one(service: Service) -> None:
    _, code = service.invitations.new("maja", "Maja", "therapist")
    for _ in range(invitations.WRONG_CODES):
        with pytest.raises(NotProved, match="not valid"):
            service.invitations.accept("00000-00000", GOOD, HERE)
    with pytest.raises(NotProved, match="60 min"):
        service.invitations.accept(code, GOOD, HERE)

    def accept(number: int) -> bool:
        try:
            service.invitations.accept(code, f"{GOOD} {number}", "10.0.0.2")
        except NotProved:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(accept, range(4))) == 1


def test_a_login_is_the_same_in_every_form_of_unicode(service: Service) -> None:
    password = service.accounts.add("zoë.한", "Zoë")
    assert service.accounts.log_in(normalize("NFD", "ZOË.한"), password, HERE)
    for form in ("NFD", "NFKD"):
        with pytest.raises(AccountExists):
            service.accounts.make(normalize(form, "zoë.한"), "Another", "therapist")


# Wards


def test_a_patient_sees_their_own_record_and_a_guardian_those_of_their_children(service: Service) -> None:
    milo, nora = (service.patients.add(Person(pseudonym=name)) for name in ("milo", "nora"))
    service.accounts.add("milo", "Milo", PATIENT, wards={milo: SELF})
    service.accounts.add("ida", "Ida", GUARDIAN, wards=related(service.patients, ["milo"], GUARDIAN, "parent"))
    child, parent = service.accounts.named("milo").id, service.accounts.named("ida").id
    assert (service.accounts.wards(child), service.accounts.wards(parent)) == ({milo: "self"}, {milo: "parent"})
    service.accounts.add_ward(parent, nora, "aunt", by="account 9")
    with pytest.raises(AccountRefused, match="one patient: themselves"):
        service.accounts.add_ward(child, nora, "sister", by="account 9")
    with pytest.raises(AccountRefused, match="disable it instead"):
        service.accounts.end_ward(child, milo, by="account 9")
    service.accounts.end_ward(parent, milo, by="account 9")
    assert service.accounts.wards(parent) == {nora: "aunt"}
    with pytest.raises(UnknownAccount, match="no such patient"):
        service.accounts.end_ward(parent, milo, by="account 9")


def test_every_change_of_an_account_is_in_the_audit_and_names_nobody(service: Service) -> None:
    account_id, code = service.invitations.new("maja", "Maja Bergström", "therapist", by="account 9")
    service.invitations.accept(code, GOOD, HERE)
    with pytest.raises(NotProved):
        service.accounts.log_in("maja", "guess-canary", HERE)
    with pytest.raises(NotProved):
        service.accounts.log_in("login-canary", "guess", HERE)
    token = service.accounts.log_in("maja", GOOD, HERE)
    service.accounts.log_out(token)
    service.accounts.change_password(account_id, GOOD, GOOD + "!")
    service.accounts.log_out_elsewhere(account_id)
    service.accounts.disable(account_id, by="account 9")
    service.accounts.enable(account_id, by="account 9")
    assert actions(service) == [
        *("make an account", "invite", "choose a password", "fail to log in", "fail to log in", "log in", "log out"),
        *("change a password", "end other logins", "disable an account", "enable an account"),
    ]
    told = repr(service.audit.listed())
    assert not [canary for canary in ("maja", "Maja", "canary", HERE, code, GOOD) if canary in told]


def test_tries_are_kept_for_a_day_and_name_nobody(tmp_path: Path, service: Service, clock: Clock) -> None:
    brakes = Brakes(service.store, service.audit, b"key", clock)
    limit = Limit("canary", 5, accounts.WITHIN)
    brakes.count(limit)
    assert b"canary" not in b"".join(path.read_bytes() for path in (tmp_path / "clinic").glob("clinic.db*"))
    clock.move(days=1)
    brakes.count(Limit("another", 5, accounts.WITHIN))
    with service.store.reading() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM login_failure").scalar_one() == 1


def test_secrets_are_not_in_the_database(tmp_path: Path, service: Service) -> None:
    code, device = service.devices.new_code(), SignedDevice(None)
    token = service.devices.enrol(device.enrolment(code)).token
    password = service.accounts.add("maja", "Maja")
    secrets = (code, as_typed(code), token, service.devices.rotate(service.devices.listed()[0].id), password)
    visit = service.accounts.log_in("maja", password, HERE)
    _, invitation = service.invitations.new("jonas", "Jonas", "admin")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "clinic").glob("clinic.db*"))
    assert b"therapist" in kept, "the search finds what is not sealed"
    assert not [each for each in (*secrets, visit, invitation, as_typed(invitation)) if each.encode() in kept]


def test_a_brake_that_closes_is_one_row_of_the_audit(service: Service, clock: Clock) -> None:
    service.accounts.add("maja", "Maja")
    for _ in range(2):
        for _ in range(accounts.FAILURES + 5):
            with pytest.raises(NotProved):
                service.accounts.log_in("maja", "wrong", HERE)
        clock.move(minutes=16)
    closed = [entry for entry in service.audit.listed() if entry.action == "try too often"]
    assert [(entry.actor, entry.thing) for entry in closed] == [("stranger", "account 1")] * 2


def test_a_wrong_invitation_is_a_row_of_the_audit(service: Service) -> None:
    for _ in range(invitations.WRONG_CODES + 3):
        with pytest.raises(NotProved):
            service.invitations.accept("00000-00000", GOOD, HERE)
    assert actions(service) == [*["fail to accept an invitation"] * invitations.WRONG_CODES, "try too often"]


def test_codes_and_tries_are_not_guessed_from_the_database(service: Service) -> None:
    _, code = service.invitations.new("maja", "Maja", "therapist")
    with pytest.raises(NotProved):
        service.accounts.log_in("maja", "wrong", HERE)
    with service.store.reading() as db:
        invited = db.exec_driver_sql("SELECT sha256 FROM invitation").scalars().all()
        tried = db.exec_driver_sql("SELECT key FROM login_failure").scalars().all()
    assert sha256(as_typed(code).encode()) not in invited
    guesses = {f"login maja from {HERE}", "login maja", f"login from {HERE}"}
    assert len(tried) == len(guesses)
    assert not {sha256(guess.encode()) for guess in guesses} & set(tried)


def test_somebody_learns_that_another_took_their_password_or_second_factor(service: Service, clock: Clock) -> None:
    account_id, code = service.invitations.new("maja", "Maja", "therapist", by="account 9")
    service.invitations.accept(code, GOOD, HERE)
    assert service.accounts.resets(account_id) == []
    service.second_factors.reset(account_id, by="account 9")
    service.invitations.accept(service.invitations.invite(account_id, by="account 9"), GOOD, HERE)
    service.invitations.invite(account_id, by="account 8")
    assert [(entry.action, entry.actor) for entry in service.accounts.resets(account_id)] == [
        ("reset a password", "account 8"),
        ("reset a second factor", "account 9"),
    ]
    clock.move(days=15)
    assert service.accounts.resets(account_id) == []
