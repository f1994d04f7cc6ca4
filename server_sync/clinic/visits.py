"""Logins that hold: who shows which secret, and when that ends."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from server_sync.clinic.audit import by_account
from server_sync.clinic.names import Names
from server_sync.clinic.preferences import Preferred
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Account, Visit
from server_sync.wire import sha256

IDLE, ABSOLUTE = timedelta(minutes=15), timedelta(hours=12)
_TOUCH_EVERY = timedelta(minutes=1)


class Who(NamedTuple):
    """Who is logged in.

    `password_alone` says that they have a second factor and did not show it yet, `second_factor` that they have one.
    """

    id: int
    login: str
    name: str
    role: str
    password_alone: bool = False
    second_factor: bool = False
    preferred: Preferred = Preferred()

    @property
    def actor(self) -> str:
        """How the audit names them."""
        return by_account(self.id)


class Visits:
    """The logins of one clinic that hold."""

    def __init__(self, store: Store, names: Names, now: Callable[[], datetime]) -> None:
        """Use this database, these names and this clock."""
        self._store, self._names, self._now = store, names, now

    def begin(self, db: Connection, account_id: int, password_alone: bool = False) -> str:
        """Begin one; gives the secret that the browser shows from now on, of which only the SHA-256 is kept."""
        token, now = secrets.token_urlsafe(32), self._now()
        db.execute(delete(Visit).where(Visit.began_at < now - ABSOLUTE))
        values = {"account_id": account_id, "began_at": now, "seen_at": now, "password_alone": password_alone}
        db.execute(insert(Visit).values(token_sha256=_digest(token), **values))
        return token

    def who(self, token: str) -> Who | None:
        """Who shows this secret; None when nobody, when it was idle or open for too long, or they may not any more."""
        digest, now = _digest(token), self._now()
        columns = (
            *(Account.id, Account.key_id, Account.sealed, Account.role),
            *(Visit.password_alone, Account.last_step, Visit.seen_at),
            *(Account.language, Account.look, Account.letters),
        )
        held = (Visit.token_sha256 == digest, Visit.seen_at > now - IDLE, Visit.began_at > now - ABSOLUTE)
        query = select(*columns).join(Visit, Visit.account_id == Account.id).where(*held, Account.disabled_at.is_(None))
        found = self._store.look(query)
        if not found:
            return None
        row = found[0]
        if now - row.seen_at > _TOUCH_EVERY:
            with self._store.writing() as db:
                db.execute(update(Visit).where(Visit.token_sha256 == digest).values(seen_at=now))
        named = self._names.of(row)
        preferred = Preferred(row.language, row.look, row.letters)
        return Who(row.id, named.login, named.name, row.role, row.password_alone, row.last_step > 0, preferred)

    def end(self, db: Connection, token: str) -> None:
        """End one; an unknown one is fine."""
        db.execute(delete(Visit).where(Visit.token_sha256 == _digest(token)))

    def end_all(self, db: Connection, account_id: int) -> None:
        """End all of an account."""
        db.execute(delete(Visit).where(Visit.account_id == account_id))


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace"))
