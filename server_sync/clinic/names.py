"""Logins and names of accounts, each sealed under its account's own key: once that is destroyed, nobody knows them."""

import hmac
from typing import Any
from unicodedata import normalize

import msgspec
from sqlalchemy import select

from server_sync.clinic.keys import KeyMissing, Keys, Shredded, seal, unseal
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Account

LOOKUP = "login key"
CLOSED = b""
"""What is sealed of an account that an erasure closed."""


class Named(msgspec.Struct, frozen=True, array_like=True):
    """Who an account is."""

    login: str
    name: str


class Names:
    """The logins and names of one clinic's accounts."""

    def __init__(self, store: Store, keys: Keys) -> None:
        """Use this database and these keys."""
        self._store, self._keys = store, keys
        self._lookup_key = keys.clinic_key(LOOKUP)

    def new(self, login: str, name: str) -> dict[str, Any]:
        """What the row of a new account holds of its login and name."""
        key_id = self._keys.new_account()
        sealed = seal(self._keys.of(key_id), msgspec.msgpack.encode(Named(login, name)), key_id)
        return {"lookup": self._lookup(login), "key_id": key_id, "sealed": sealed}

    def row(self, login: str) -> Any:
        """The row of the account with a login, in whichever case it is typed; None where there is none."""
        # One from before logins were kept in small letters may be found as it was written alone.
        lookups = self._lookup(login), self._lookup(folded(login))
        found = {row.lookup: row for row in self._store.look(select(Account).where(Account.lookup.in_(lookups)))}
        return found.get(lookups[0]) or found.get(lookups[1])

    def of(self, row: Any) -> Named:
        """Who an account is, by `id`, `key_id` and `sealed` of its row; one that an erasure closed has no name.

        Neither has one whose key is not here, so that whoever brought back keys of before it still sees all others.
        """
        try:
            if row.sealed != CLOSED:
                return msgspec.msgpack.decode(unseal(self._keys.of(row.key_id), row.sealed, row.key_id), type=Named)
        except KeyMissing:
            return Named(f"unknown {row.id}", "")
        except Shredded:
            pass
        return Named(closed(row.id), "")

    def _lookup(self, login: str) -> str:
        return hmac.digest(self._lookup_key, login.encode("utf-8", "replace"), "sha256").hex()


def folded(login: str) -> str:
    """A login as it is kept, however it is typed: in small letters, and in one form of Unicode."""
    return normalize("NFKC", normalize("NFKC", login).casefold())


def closed(account_id: int) -> str:
    """What stands for the login of an account that an erasure closed; nobody can have it for a login."""
    return f"erased {account_id}"
