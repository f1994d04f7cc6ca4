"""People who may log in: accounts, logins that hold, and a brake on guessing."""

import math
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from threading import BoundedSemaphore
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from server_sync.clinic.codes import new_code
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Account, LoginFailure, Visit
from server_sync.wire import sha256

IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
FAILURES, FAILURES_WITHIN = 5, timedelta(minutes=15)
_TOUCH_EVERY = timedelta(minutes=1)

# One check takes 64 MiB and both cores' time: a crowd of guesses waits its turn instead of taking the server down.
_AT_ONCE = BoundedSemaphore(2)
_HASHER = PasswordHasher()


class AccountExists(ValueError):
    """There is an account with this login already."""


class LoginRefused(Exception):
    """Login and password do not fit, or there were too many tries; then `wait_s` says how long to wait."""

    def __init__(self, reason: str, wait_s: int = 0) -> None:
        """Keep the time to wait."""
        super().__init__(reason)
        self.wait_s = wait_s


class Who(NamedTuple):
    """Who is logged in."""

    id: int
    login: str
    name: str
    role: str


class Accounts:
    """The accounts of one clinic."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Use this database and this clock."""
        self._store, self._now = store, now

    def any(self) -> bool:
        """Whether there is an account at all."""
        with self._store.reading() as db:
            return db.execute(select(Account.id).limit(1)).first() is not None

    def add(self, login: str, name: str, role: str = "therapist", password: str = "") -> str:
        """Make an account and give back its password: 80 random bits, or `password`, at least 15 characters."""
        password = password or new_code(groups=4).lower()
        if len(password) < 15:
            raise ValueError(f"a password of {len(password)} characters is too short: at least 15")
        values = {"login": login, "name": name, "role": role, "password_hash": _HASHER.hash(password)}
        try:
            with self._store.writing() as db:
                db.execute(insert(Account).values(values))
        except IntegrityError:
            raise AccountExists(f"there is an account {login!r} already; choose another login") from None
        return password

    def log_in(self, login: str, password: str, address: str) -> str:
        """Check a password and give back the secret that the browser shows from now on; raises LoginRefused."""
        key = f"{login.casefold()} {address}"
        with self._store.writing() as db:
            self._brake(db, key)
            # Counted before it is checked, so that many guesses at once are not one.
            db.execute(insert(LoginFailure).values(key=key, at=self._now()))
            account = db.execute(select(Account.id, Account.password_hash).where(Account.login == login)).first()
        if not _fits(account.password_hash if account else _nobody(), password) or account is None:
            raise LoginRefused("This name and password do not fit together.")
        token, now = secrets.token_urlsafe(32), self._now()
        with self._store.writing() as db:
            db.execute(delete(LoginFailure).where(LoginFailure.key == key))
            db.execute(delete(Visit).where(Visit.began_at < now - ABSOLUTE))
            visit = {
                "token_sha256": sha256(token.encode()),
                "account_id": account.id,
                "began_at": now,
                "seen_at": now,
            }
            db.execute(insert(Visit).values(visit))
        return token

    def who(self, token: str) -> Who | None:
        """Who shows this secret; None when nobody, or when the login was idle or open for too long."""
        digest, now = sha256(token.encode()), self._now()
        columns = (Account.id, Account.login, Account.name, Account.role, Visit.seen_at)
        held = (Visit.token_sha256 == digest, Visit.seen_at > now - IDLE, Visit.began_at > now - ABSOLUTE)
        with self._store.reading() as db:
            row = db.execute(select(*columns).join(Visit, Visit.account_id == Account.id).where(*held)).first()
        if row is None:
            return None
        if now - row.seen_at > _TOUCH_EVERY:
            with self._store.writing() as db:
                db.execute(update(Visit).where(Visit.token_sha256 == digest).values(seen_at=now))
        return Who(row.id, row.login, row.name, row.role)

    def log_out(self, token: str) -> None:
        """End a login; an unknown one is fine."""
        with self._store.writing() as db:
            db.execute(delete(Visit).where(Visit.token_sha256 == sha256(token.encode())))

    def _brake(self, db: Connection, key: str) -> None:
        since = self._now() - FAILURES_WITHIN
        db.execute(delete(LoginFailure).where(LoginFailure.at <= since))
        failures = func.count(LoginFailure.id), func.min(LoginFailure.at)
        count, first = db.execute(select(*failures).where(LoginFailure.key == key)).one()
        if count >= FAILURES:
            wait_s = math.ceil((first - since).total_seconds())
            raise LoginRefused(
                f"{FAILURES} tries did not fit. The next one is possible in {math.ceil(wait_s / 60)} min.",
                wait_s,
            )


@cache
def _nobody() -> str:
    """The hash of a password that nobody has: an unknown login takes as long as a wrong password and tells nothing."""
    return _HASHER.hash(secrets.token_hex(16))


def _fits(password_hash: str, password: str) -> bool:
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash, password)
        except Argon2Error:
            return False
