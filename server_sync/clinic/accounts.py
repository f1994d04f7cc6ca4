"""People who may log in: who they are, in which role, whose records are their own, and the way in by password."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from server_sync.clinic import passwords
from server_sync.clinic.account_rules import AccountExists, AccountRefused, check, check_wards
from server_sync.clinic.audit import COMMAND, STRANGER, Audit, Entry, by_account
from server_sync.clinic.brakes import Brakes, Limit, NotProved
from server_sync.clinic.codes import new_code
from server_sync.clinic.names import Names, folded
from server_sync.clinic.patients import BEGUN
from server_sync.clinic.roles import PATIENT, STAFF, THERAPIST
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Account, Patient, Ward
from server_sync.clinic.visits import Visits

FAILURES, FAILURES_OF_ADDRESS, WITHIN = 5, 30, timedelta(minutes=15)
FAILURES_OF_LOGIN, OF_LOGIN_WITHIN = 100, timedelta(days=1)
"""Passwords that may be wrong: for a login from an address, from an address, and for a login from all of them."""
RESETS, TOLD_FOR = ("reset a password", "reset a second factor"), timedelta(days=14)
"""What others do with an account that whose it is shall learn, and how long they are told."""
WRONG = "This name and password do not fit together."


class UnknownAccount(LookupError):
    """There is no such account."""


class AccountLine(NamedTuple):
    """An account as it is listed; `invited` says that nobody has chosen its password yet."""

    id: int
    login: str
    name: str
    role: str
    invited: bool
    second_factor: bool
    disabled_at: datetime | None


class Entrance(NamedTuple):
    """What the ways in share: database, names, logins that hold, brake on guessing, audit, clock, and key of codes."""

    store: Store
    names: Names
    visits: Visits
    brakes: Brakes
    audit: Audit
    now: Callable[[], datetime]
    code_key: bytes


class Accounts:
    """The accounts of one clinic."""

    def __init__(self, entrance: Entrance) -> None:
        """Use these."""
        self._store, self._names, self._visits, self._brakes, self._audit, self._now, _ = entrance

    def any(self) -> bool:
        """Whether there is an account at all."""
        return bool(self._store.look(select(Account.id).limit(1)))

    def add(
        self,
        login: str,
        name: str,
        role: str = THERAPIST,
        password: str = "",
        wards: Mapping[str, str] | None = None,
        by: str = COMMAND,
    ) -> str:
        """Make an account; gives its password: 80 random bits, or `password`.

        Raises AccountRefused, or passwords.WeakPassword.
        """
        if password:
            passwords.check(password, second_factor=False, about=(login, name))
        password = password or new_code(groups=4).lower()
        self.make(login, name, role, passwords.hashed(password), wards, by)
        return password

    def make(
        self,
        login: str,
        name: str,
        role: str,
        password_hash: str = "",
        wards: Mapping[str, str] | None = None,
        by: str = COMMAND,
    ) -> int:
        """Make an account, with which nobody can log in while it has no password; gives its id.

        The login is kept in small letters: in which case somebody types it says nothing. `wards` are the ids of
        patients and how they are related: a patient has themselves, a guardian at least one, and who works at the
        clinic none. Raises AccountRefused.
        """
        login, wards = folded(login), wards or {}
        check(login, name, role, wards)
        values = {"role": role, "password_hash": password_hash, "created_at": self._now()}
        values |= self._names.new(login, name)
        try:
            with self._store.writing() as db:
                _hold(db, wards)
                account_id = int(db.execute(insert(Account).values(values).returning(Account.id)).scalar_one())
                for patient_id, relation in wards.items():
                    db.execute(insert(Ward).values(account_id=account_id, patient_id=patient_id, relation=relation))
                self._audit.append(db, by, "make an account", thing=by_account(account_id))
        except IntegrityError:
            raise AccountExists(f"there is an account {login!r} already; choose another login") from None
        return account_id

    def listed(self) -> list[AccountLine]:
        """All accounts, in order of their names."""
        return sorted(
            map(self._line, self._store.look(select(Account))), key=lambda line: (line.name.casefold(), line.id)
        )

    def of(self, account_id: int) -> AccountLine:
        """One account; raises UnknownAccount."""
        known = 0 < account_id < 1 << 31  # a database takes no other
        found = self._store.look(select(Account).where(Account.id == account_id)) if known else []
        if not found:
            raise UnknownAccount(f"there is no account {account_id} here")
        return self._line(found[0])

    def named(self, login: str) -> AccountLine:
        """The account of a login; raises UnknownAccount."""
        row = self._names.row(login)
        if row is None:
            raise UnknownAccount(
                f"there is no account {login!r} here; steadyreach account --list shows those there are"
            )
        return self._line(row)

    def resets(self, account_id: int) -> list[Entry]:
        """What somebody else took of an account lately, the latest first."""
        since = self._now() - TOLD_FOR
        found = self._audit.about(by_account(account_id), RESETS, since)
        return [entry for entry in found if entry.actor != by_account(account_id)]

    def wards(self, account_id: int) -> dict[str, str]:
        """The ids of the patients whose records are an account's own, and how they are related."""
        rows = self._store.look(select(Ward.patient_id, Ward.relation).where(Ward.account_id == account_id))
        return {row.patient_id: row.relation for row in rows}

    def add_ward(self, account_id: int, patient_id: str, relation: str, by: str) -> None:
        """Let a guardian see one more patient's record; raises AccountRefused."""
        check_wards(self.of(account_id).role, {**self.wards(account_id), patient_id: relation})
        with self._store.writing() as db:
            db.execute(
                self._store.once(Ward), {"account_id": account_id, "patient_id": patient_id, "relation": relation}
            )
            self._audit.append(db, by, "add a ward", patient_id, by_account(account_id))

    def end_ward(self, account_id: int, patient_id: str, by: str) -> None:
        """Let a guardian see a patient's record no more, at once; raises UnknownAccount, also where they never did.

        A patient's own account would be nobody's, and stay when they are erased: raises AccountRefused.
        """
        if patient_id not in self.wards(account_id):
            raise UnknownAccount(f"account {account_id} has no such patient")
        if self.of(account_id).role == PATIENT:
            raise AccountRefused("a patient's account is for themselves as long as it is there: disable it instead")
        with self._store.writing() as db:
            db.execute(delete(Ward).where(Ward.account_id == account_id, Ward.patient_id == patient_id))
            self._audit.append(db, by, "end a ward", patient_id, by_account(account_id))

    def change_role(self, account_id: int, role: str, by: str) -> None:
        """Give who works at the clinic another role there, and end their logins; raises UnknownAccount, AccountRefused.

        Patients and guardians keep theirs: whose record they see hangs on it.
        """
        for each in (self.of(account_id).role, role):
            if each not in STAFF:
                raise AccountRefused(f"role: {each[:40]!r} is none of who works at the clinic, {', '.join(STAFF)}")
        with self._store.writing() as db:
            _change(db, account_id, role=role)
            self._visits.end_all(db, account_id)
            self._audit.append(db, by, f"make somebody {role}", thing=by_account(account_id))

    def disable(self, account_id: int, by: str = COMMAND) -> None:
        """Let an account in no more, and end its logins at once; raises UnknownAccount."""
        self.of(account_id)
        with self._store.writing() as db:
            _change(db, account_id, disabled_at=self._now())
            self._visits.end_all(db, account_id)
            self._audit.append(db, by, "disable an account", thing=by_account(account_id))

    def enable(self, account_id: int, by: str = COMMAND) -> None:
        """Let an account in again; raises UnknownAccount."""
        self.of(account_id)
        with self._store.writing() as db:
            _change(db, account_id, disabled_at=None)
            self._audit.append(db, by, "enable an account", thing=by_account(account_id))

    def log_in(self, login: str, password: str, address: str) -> str:
        """Check a password and give back the secret that the browser shows from now on; raises NotProved.

        For an account with a second factor it is good for nothing but to show that.
        """
        of_login = limits_of(login, address)
        from_address = Limit(f"login from {address}", FAILURES_OF_ADDRESS, WITHIN)
        row = self._names.row(login)
        thing = by_account(row.id) if row else ""
        tries = self._brakes.count(*of_login, from_address, thing=thing)
        if not passwords.fits(row.password_hash if row else "", password) or row is None or row.disabled_at:
            self._audit.note(STRANGER, "fail to log in", thing=thing)
            raise NotProved(WRONG)
        self._brakes.forgive(tries, *of_login)
        # Looked at once more: meanwhile a second factor may have been set up, or all logins been ended.
        same = Account.id == row.id, Account.password_hash == row.password_hash, Account.disabled_at.is_(None)
        with self._store.writing() as db:
            last_step = db.execute(select(Account.last_step).where(*same).with_for_update(read=True)).scalar()
            if last_step is None:
                raise NotProved(WRONG)
            token = self._visits.begin(db, row.id, password_alone=last_step > 0)
            self._audit.append(db, by_account(row.id), "show a password" if last_step else "log in")
        return token

    def log_out(self, token: str) -> None:
        """End a login; an unknown one is fine."""
        who = self._visits.who(token)
        with self._store.writing() as db:
            self._visits.end(db, token)
            if who:
                self._audit.append(db, who.actor, "log out")

    def log_out_elsewhere(self, account_id: int) -> str:
        """End all logins of an account, and begin another; gives its secret."""
        with self._store.writing() as db:
            self._visits.end_all(db, account_id)
            token = self._visits.begin(db, account_id)
            self._audit.append(db, by_account(account_id), "end other logins")
        return token

    def prove(self, account_id: int, password: str) -> None:
        """Raise NotProved where this is not the account's password, or too many were tried."""
        limit = Limit(f"own password of {account_id}", FAILURES, WITHIN)
        tries = self._brakes.count(limit, actor=by_account(account_id))
        (row,) = self._store.look(select(Account.password_hash).where(Account.id == account_id))
        if not passwords.fits(row.password_hash, password):
            raise NotProved("This is not your password.")
        self._brakes.forgive(tries, limit)

    def change_password(self, account_id: int, old: str, new: str) -> str:
        """Change one's own password, and end the other logins; gives the secret of a fresh one.

        Raises NotProved, or passwords.WeakPassword.
        """
        account = self.of(account_id)
        self.prove(account_id, old)
        passwords.check(new, account.second_factor, (account.login, account.name))
        new_hash = passwords.hashed(new)
        with self._store.writing() as db:
            _change(db, account_id, password_hash=new_hash)
            self._visits.end_all(db, account_id)
            token = self._visits.begin(db, account_id)
            self._audit.append(db, by_account(account_id), "change a password")
        return token

    def _line(self, row: Any) -> AccountLine:
        who = self._names.of(row)
        return AccountLine(
            *(row.id, who.login, who.name, row.role, not row.password_hash, row.last_step > 0, row.disabled_at)
        )


def limits_of(login: str, address: str) -> tuple[Limit, Limit]:
    """How often a login may be tried: from one address, and from everywhere."""
    return (
        Limit(f"login {folded(login)} from {address}", FAILURES, WITHIN),
        Limit(f"login {folded(login)}", FAILURES_OF_LOGIN, OF_LOGIN_WITHIN),
    )


def _hold(db: Connection, patient_ids: Iterable[str]) -> None:
    """Have no erasure of these patients begin before the transaction ends; raises AccountRefused where one has."""
    wanted = set(patient_ids)
    rows = select(Patient.id).where(Patient.id.in_(wanted), ~Patient.lookup.startswith(BEGUN)).order_by(Patient.id)
    if wanted - set(db.execute(rows.with_for_update(read=True)).scalars()):
        raise AccountRefused("a patient whom this account would be for was erased")


def _change(db: Connection, account_id: int, **values: object) -> None:
    db.execute(update(Account).where(Account.id == account_id).values(**values))
