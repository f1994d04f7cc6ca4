"""Devices that may deliver: enrolment by a one-time code, and the token that a device shows afterwards."""

import hmac
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from server_sync.clinic.codes import as_typed, new_code
from server_sync.clinic.store import Device, EnrolmentCode, Store
from server_sync.wire import sha256

VALID, TRIES = timedelta(minutes=15), 5
# Five letters find the code, five are its secret: a guess at the secret counts against one code, not against all.
_SELECTOR_LETTERS = 5


class CodeRefused(Exception):
    """A code that is unknown, used, too old or was tried too often; the message does not say which."""


class KnownDevice(NamedTuple):
    """A device that may deliver."""

    id: str
    name: str


class Devices:
    """The devices of one clinic."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Use this database and this clock."""
        self._store, self._now = store, now

    def new_code(self) -> str:
        """A one-time code for one device, such as 7KQ4M-2XD9P: ten letters, good for 15 minutes and 5 tries."""
        code = new_code(groups=2, letters=_SELECTOR_LETTERS)
        selector, secret = _parts(code)
        values = {"secret_sha256": sha256(secret.encode()), "expires_at": self._now() + VALID, "tries": 0}
        with self._store.writing() as db:
            db.execute(insert(EnrolmentCode).values(selector=selector, **values))
        return code

    def enrol(self, code: str, name: str) -> str:
        """Exchange a code for a token; raises CodeRefused."""
        token = f"device_{secrets.token_urlsafe(32)}"
        with self._store.writing() as db:
            used = self._use(db, code)
            if used:
                values = {
                    "id": secrets.token_hex(8),
                    "name": name[:100],
                    "token_sha256": sha256(token.encode()),
                }
                db.execute(insert(Device).values(enrolled_at=self._now(), **values))
        if not used:
            raise CodeRefused(
                "this code is not valid (any more): a code is good for one device, 15 minutes and 5 tries; "
                "ask the clinic for a new one (steadyreach enrol)"
            )
        return token

    def who(self, token: str) -> KnownDevice | None:
        """The device that shows this token; None when there is none or it was revoked."""
        with self._store.reading() as db:
            found = Device.token_sha256 == sha256(token.encode()), Device.revoked_at.is_(None)
            row = db.execute(select(Device.id, Device.name).where(*found)).first()
        return KnownDevice(row.id, row.name) if row else None

    def revoke(self, device_id: str) -> None:
        """Take a device's token away at once; what it delivered stays."""
        with self._store.writing() as db:
            db.execute(update(Device).where(Device.id == device_id).values(revoked_at=self._now()))

    def _use(self, db: Connection, code: str) -> bool:
        selector, secret = _parts(code)
        open_code = (
            EnrolmentCode.selector == selector,
            EnrolmentCode.tries < TRIES,
            EnrolmentCode.used_at.is_(None),
            EnrolmentCode.expires_at > self._now(),
        )
        tried = update(EnrolmentCode).where(*open_code).values(tries=EnrolmentCode.tries + 1)
        expected = db.execute(tried.returning(EnrolmentCode.secret_sha256)).scalar()
        if expected is None or not hmac.compare_digest(expected, sha256(secret.encode())):
            return False
        db.execute(update(EnrolmentCode).where(EnrolmentCode.selector == selector).values(used_at=self._now()))
        return True


def _parts(code: str) -> tuple[str, str]:
    letters = as_typed(code)
    return letters[:_SELECTOR_LETTERS], letters[_SELECTOR_LETTERS:]
