"""What an account wishes of its pages, kept with it: language, look and size of letters."""

from typing import NamedTuple

from sqlalchemy import update

from server_sync.clinic.audit import Audit, by_account
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Account

LOOKS, LETTERS = ("", "light", "dark"), ("", "large", "largest")


class Preferred(NamedTuple):
    """A language, one of LOOKS and one of LETTERS; "" is as the browser has it, and letters of ordinary size."""

    language: str = ""
    look: str = ""
    letters: str = ""


class Preferences:
    """The preferences of the accounts of one clinic."""

    def __init__(self, store: Store, audit: Audit) -> None:
        """Use this database and this audit."""
        self._store, self._audit = store, audit

    def keep(self, account_id: int, wished: Preferred) -> None:
        """Keep what an account wishes; raises ValueError for a look or letters that there are not."""
        if wished.look not in LOOKS or wished.letters not in LETTERS:
            raise ValueError(f"there is no look {wished.look!r} or letters {wished.letters!r}")
        with self._store.writing() as db:
            db.execute(update(Account).where(Account.id == account_id).values(**wished._asdict()))
            self._audit.append(db, by_account(account_id), "change preferences")
