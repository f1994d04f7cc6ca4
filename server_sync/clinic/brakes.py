"""The brake on guessing: how often a secret may be tried in vain, in all processes of a server together."""

import hmac
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select

from server_sync.clinic.audit import STRANGER, Audit, by_device
from server_sync.clinic.store import Store
from server_sync.clinic.tables import LoginFailure

KEY = "brake key"
"""The secret of the clinic under which names are kept of what was tried."""
LONGEST = timedelta(days=1)
"""The longest time for which tries are counted, and kept."""
REFUSED_ROWS, REFUSED_WITHIN = 10, timedelta(hours=1)
"""Rows of the audit that say of one device that it is about what is another patient's."""


class NotProved(Exception):
    """What somebody showed is not right, or was tried too often; then `wait_s` says how long to wait."""

    def __init__(self, reason: str, wait_s: int = 0) -> None:
        """Keep the time to wait."""
        super().__init__(reason)
        self.wait_s = wait_s


class Limit(NamedTuple):
    """How often something may be tried in vain within a time; `what` names it and who tries it."""

    what: str
    most: int
    within: timedelta


class Brakes:
    """The brakes of one clinic."""

    def __init__(self, store: Store, audit: Audit, key: bytes, now: Callable[[], datetime]) -> None:
        """Use this database, this audit, this secret of the clinic and this clock."""
        self._store, self._audit, self._secret, self._now = store, audit, key, now

    def count(self, *limits: Limit, actor: str = STRANGER, thing: str = "") -> tuple[int, ...]:
        """Count a try before it is made, so that many guesses at once are not one; gives the tries to forgive.

        Raises NotProved where there were too many; that it begins to is a row of the audit, by `actor` about `thing`.
        """
        now, keys = self._now(), {self._key(limit.what): limit for limit in limits}
        with self._store.writing() as db:
            if db.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
                for key in sorted(keys):
                    db.execute(select(func.pg_advisory_xact_lock(int(key[:15], 16))))
            db.execute(delete(LoginFailure).where(LoginFailure.at <= now - LONGEST))
            closed = [(limit, wait_s) for limit in limits if (wait_s := self._wait_s(db, limit)) > 0]
            if not closed:
                rows = [{"key": key, "at": now} for key in keys]
                return tuple(db.execute(insert(LoginFailure).returning(LoginFailure.id), rows).scalars())
            limit, wait_s = closed[0]
            if self.few(db, Limit(f"closed: {limit.what}", 1, limit.within)):
                self._audit.append(db, actor, "try too often", thing=thing)
        raise _too_many(limit, wait_s)

    def refuse(self, db: Connection, device: str, action: str, patient_id: str) -> None:
        """Tell the audit what of another patient a device wanted, so often as is worth reading."""
        if self.few(db, Limit(f"refused: device {device}", REFUSED_ROWS, REFUSED_WITHIN)):
            self._audit.append(db, by_device(device), action, patient_id)

    def few(self, db: Connection, limit: Limit) -> bool:
        """Count something in a transaction; False, and not counted, where it was as often as the limit says already."""
        if self._wait_s(db, limit) > 0:
            return False
        db.execute(insert(LoginFailure).values(key=self._key(limit.what), at=self._now()))
        return True

    def forgive(self, tries: tuple[int, ...], *limits: Limit) -> None:
        """Forget tries that were none, because they were right, and all of some limits."""
        keys = [self._key(limit.what) for limit in limits]
        with self._store.writing() as db:
            db.execute(delete(LoginFailure).where(LoginFailure.id.in_(tries) | LoginFailure.key.in_(keys)))

    def _wait_s(self, db: Connection, limit: Limit) -> float:
        """How long until the next try, 0 where it is now."""
        since, counted = self._now() - limit.within, (func.count(LoginFailure.id), func.min(LoginFailure.at))
        of_key = LoginFailure.key == self._key(limit.what), LoginFailure.at > since
        count, first = db.execute(select(*counted).where(*of_key)).one()
        return (first - since).total_seconds() if count >= limit.most else 0.0

    def _key(self, what: str) -> str:
        """A name as it is kept: what people type may be long, hold any character, or be a password by mistake."""
        return hmac.digest(self._secret, what.encode("utf-8", "replace"), "sha256").hex()


def _too_many(limit: Limit, wait_s: float) -> NotProved:
    minutes = math.ceil(wait_s / 60)
    wait = f"{minutes} min" if minutes < 120 else f"{math.ceil(minutes / 60)} h"
    return NotProved(f"{limit.most} tries did not fit. The next one is possible in {wait}.", math.ceil(wait_s))
