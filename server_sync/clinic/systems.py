"""Other systems that may use the FHIR facade: their keys, what they may do, and tokens for minutes (SMART)."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from server_sync.clinic.audit import COMMAND, Audit
from server_sync.clinic.store import Store
from server_sync.clinic.tables import System, SystemToken, UsedAssertion
from server_sync.fhir.remote import checked
from server_sync.fhir.scopes import Scopes, asked, parse, written
from server_sync.fhir.smart import AssertionRefused, Client, Jwks, check_assertion, jwks_of
from server_sync.wire import sha256

TOKEN_HOLDS = timedelta(minutes=5)
TOKEN = "token"  # noqa: S105 - the last word of an address
"""What follows the address of the facade where tokens are given out."""
NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")


class SystemRefused(ValueError):
    """A system that cannot be known like that; the message says what is amiss."""


class UnknownSystem(LookupError):
    """There is no system of this name here."""


class NoScope(ValueError):
    """A system asks for nothing that it may do; the message says what it may."""


class KnownSystem(NamedTuple):
    """A system that showed a token: what it may do with it, and the address at which it reaches the facade."""

    id: str
    scopes: Scopes
    base: str

    @property
    def actor(self) -> str:
        """How the audit names it."""
        return by_system(self.id)


class SystemLine(NamedTuple):
    """One line of the list of systems."""

    id: str
    base: str
    scopes: str
    keys: tuple[str, ...]
    created_at: datetime
    revoked_at: datetime | None


class Token(NamedTuple):
    """What a system shows from now on, and what it may do with it."""

    token: str
    scopes: str
    seconds: int


class Systems:
    """The other systems of one clinic."""

    def __init__(self, store: Store, audit: Audit, now: Callable[[], datetime]) -> None:
        """Use this database, this audit and this clock."""
        self._store, self._audit, self._now = store, audit, now

    def add(self, system_id: str, base: str, jwks: bytes, scopes: str, by: str = COMMAND) -> None:
        """Let a system in that reaches the facade at `base`; raises SystemRefused, UnknownScope, Refused or ValueError.

        Its name stays its own when it was revoked: consents and the audit name it.
        """
        if not NAME.fullmatch(system_id):
            raise SystemRefused(f"{system_id[:60]!r} must be small letters, digits, dots and dashes, at most 100")
        kept = {"base": checked(base), "jwks": _text(jwks_of(jwks)), "scopes": written(parse(scopes))}
        try:
            with self._store.writing() as db:
                db.execute(insert(System).values(id=system_id, created_at=self._now(), **kept))
                self._audit.append(db, by, "add a system", thing=system_id)
        except IntegrityError:
            raise SystemRefused(
                f"there is, or was, a system {system_id!r}: change it, or choose another name"
            ) from None

    def change(self, system_id: str, base: str = "", jwks: bytes = b"", scopes: str = "", by: str = COMMAND) -> None:
        """Change what is given; what it was let do before ends at once. Raises UnknownSystem, or as `add` does."""
        kept = {"base": checked(base)} if base else {}
        kept |= {"jwks": _text(jwks_of(jwks))} if jwks else {}
        kept |= {"scopes": written(parse(scopes))} if scopes else {}
        with self._store.writing() as db:
            held = System.id == system_id, System.revoked_at.is_(None)
            if not db.execute(select(System.id).where(*held).with_for_update()).first():
                raise UnknownSystem(f"there is no system {system_id!r} here that was not revoked")
            if not kept:
                raise SystemRefused(f"nothing to change of {system_id!r} is said: name its keys, scopes or address")
            db.execute(update(System).where(*held).values(**kept))
            db.execute(delete(SystemToken).where(SystemToken.system_id == system_id))
            self._audit.append(db, by, "change a system", thing=system_id)

    def revoke(self, system_id: str, by: str = COMMAND) -> None:
        """Let a system in no more, at once; raises UnknownSystem."""
        with self._store.writing() as db:
            held = System.id == system_id, System.revoked_at.is_(None)
            if not db.execute(update(System).where(*held).values(revoked_at=self._now())).rowcount:
                raise UnknownSystem(f"there is no system {system_id!r} here that was not revoked")
            db.execute(delete(SystemToken).where(SystemToken.system_id == system_id))
            self._audit.append(db, by, "revoke a system", thing=system_id)

    def listed(self) -> list[SystemLine]:
        """All systems, those that were revoked as well, by name."""
        lines = []
        for row in self._store.look(select(*System.__table__.columns).order_by(System.id)):
            keys = tuple(str(key["kid"]) for key in msgspec.json.decode(row.jwks)["keys"])
            lines.append(SystemLine(row.id, row.base, row.scopes, keys, row.created_at, row.revoked_at))
        return lines

    def token(self, assertion: str, scope: str) -> Token:
        """A token for who signed an assertion; raises AssertionRefused or NoScope."""
        rows = self._store.look(select(*System.__table__.columns).where(System.revoked_at.is_(None)))
        clients = {row.id: Client(msgspec.json.decode(row.jwks), f"{row.base}/{TOKEN}") for row in rows}
        now, token = self._now(), secrets.token_urlsafe(32)
        system_id = check_assertion(assertion, clients, now, self._seen)
        with self._store.writing() as db:
            # Held until the transaction ends, where several write at once: a revocation waits, and removes the token.
            held = select(System.scopes).where(System.id == system_id, System.revoked_at.is_(None))
            row = db.execute(held.with_for_update(read=True)).first()
            if row is None:
                raise AssertionRefused("no such client, or no such key of it")
            if not (granted := asked(scope) & asked(row.scopes)):
                raise NoScope(f"of {scope[:200]!r} nothing is granted; what can be is {row.scopes}")
            values = {"system_id": system_id, "scopes": written(granted), "expires_at": now + TOKEN_HOLDS}
            db.execute(insert(SystemToken).values(sha256=_digest(token), **values))
            self._audit.append(db, by_system(system_id), "get a token")
        return Token(token, written(granted), int(TOKEN_HOLDS.total_seconds()))

    def who(self, token: str) -> KnownSystem | None:
        """Which system shows a token; None for none, for one that is too old, and for a system that was revoked."""
        columns = System.id, SystemToken.scopes, System.base
        held = SystemToken.sha256 == _digest(token), SystemToken.expires_at > self._now(), System.revoked_at.is_(None)
        query = select(*columns).join(System, System.id == SystemToken.system_id).where(*held)
        found = self._store.look(query)
        return KnownSystem(found[0].id, asked(found[0].scopes), found[0].base) if found else None

    def _seen(self, client: str, jti: str, until: datetime) -> bool:
        """Whether a proof was used before; from now on it was."""
        used = {"jti": sha256(msgspec.json.encode((client, jti))), "expires_at": until}
        with self._store.writing() as db:
            return not db.execute(self._store.once(UsedAssertion), used).rowcount


def by_system(system_id: str) -> str:
    """The actor that is another system."""
    return f"system {system_id}"


def _text(jwks: Jwks) -> str:
    return msgspec.json.encode(jwks).decode()


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace"))
