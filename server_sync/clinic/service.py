"""The clinic's server without a web: one folder, its database, its recordings, and who may do what."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert, select

from server_sync.clinic.accounts import Accounts
from server_sync.clinic.archive import Archive
from server_sync.clinic.devices import Devices
from server_sync.clinic.recordings import Recordings
from server_sync.clinic.store import Setting, Store, sqlite_url


def utc_now() -> datetime:
    """The moment, with its zone."""
    return datetime.now(UTC)


class Service:
    """All that a clinic server can do; several processes may open the same folder and database."""

    def __init__(self, folder: Path, database_url: str = "", now: Callable[[], datetime] = utc_now) -> None:
        """Open, and make what is missing; the database lies in the folder unless a URL names another."""
        folder.mkdir(parents=True, exist_ok=True)
        self._store = Store(database_url or sqlite_url(folder))
        self.recordings = Recordings(folder)
        self.accounts = Accounts(self._store, now)
        self.devices = Devices(self._store, now)
        self.archive = Archive(self._store, self.recordings, now)

    def form_key(self) -> str:
        """The secret that signs forms, the same for every process of this server."""
        with self._store.writing() as db:
            key = db.execute(select(Setting.value).where(Setting.name == "form key")).scalar()
            if key is None:
                key = secrets.token_hex(32)
                db.execute(insert(Setting).values(name="form key", value=key))
        return key

    def healthy(self) -> bool:
        """Whether the database answers."""
        return self.archive.count() >= 0

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()
