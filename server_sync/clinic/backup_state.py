"""When a clinic was copied last, as its pages say it: written down where a backup ends well."""

from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import delete, insert, select

from server_sync.clinic.store import Store
from server_sync.clinic.tables import Setting

MADE = "backup made"


class Made(NamedTuple):
    """A backup: when, how many files it has, and how many recordings could not be copied."""

    at: datetime
    files: int
    missing: int


def note(store: Store, made: Made) -> None:
    """Write down that a backup is made."""
    with store.writing() as db:
        db.execute(delete(Setting).where(Setting.name == MADE))
        db.execute(insert(Setting).values(name=MADE, value=msgspec.json.encode(made).decode()))


def last(store: Store) -> Made | None:
    """The last one, None for none since this software writes it down."""
    found = store.look(select(Setting.value).where(Setting.name == MADE))
    return msgspec.json.decode(found[0].value, type=Made) if found else None
