"""The brake on guessing: how often a secret may be tried in vain, in all processes of a server together."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, insert, select

from server_sync.clinic.store import Store
from server_sync.clinic.tables import LoginFailure
from server_sync.wire import sha256

LONGEST = timedelta(days=1)
"""The longest time for which tries are counted, and kept."""


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

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Use this database and this clock."""
        self._store, self._now = store, now

    def count(self, *limits: Limit) -> tuple[int, ...]:
        """Count a try before it is made, so that many guesses at once are not one; gives the tries to forgive.

        Raises NotProved where there were too many.
        """
        now, keys = self._now(), {_key(limit.what): limit for limit in limits}
        with self._store.writing() as db:
            if db.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
                for key in sorted(keys):
                    db.execute(select(func.pg_advisory_xact_lock(int(key[:15], 16))))
            db.execute(delete(LoginFailure).where(LoginFailure.at <= now - LONGEST))
            for key, limit in keys.items():
                since, counted = now - limit.within, (func.count(LoginFailure.id), func.min(LoginFailure.at))
                tried = select(*counted).where(LoginFailure.key == key, LoginFailure.at > since)
                count, first = db.execute(tried).one()
                if count >= limit.most:
                    raise _too_many(limit, (first - since).total_seconds())
            rows = [{"key": key, "at": now} for key in keys]
            return tuple(db.execute(insert(LoginFailure).returning(LoginFailure.id), rows).scalars())

    def forgive(self, tries: tuple[int, ...], *limits: Limit) -> None:
        """Forget tries that were none, because they were right, and all of some limits."""
        keys = [_key(limit.what) for limit in limits]
        with self._store.writing() as db:
            db.execute(delete(LoginFailure).where(LoginFailure.id.in_(tries) | LoginFailure.key.in_(keys)))


def _key(what: str) -> str:
    """A name as it is kept: what people type may be long, hold any character, or be a password by mistake."""
    return sha256(what.encode("utf-8", "replace"))


def _too_many(limit: Limit, wait_s: float) -> NotProved:
    minutes = math.ceil(wait_s / 60)
    wait = f"{minutes} min" if minutes < 120 else f"{math.ceil(minutes / 60)} h"
    return NotProved(f"{limit.most} tries did not fit. The next one is possible in {wait}.", math.ceil(wait_s))
