"""Where a clinic's data lies: in its folder, or where its server was told to, which is noted there for its commands."""

from contextlib import suppress
from pathlib import Path

import msgspec

from engine.sealing import write_whole

DATABASE, KEYS, NOTE = "clinic.db", "keys.db", "place.json"
RESTORING = "restoring"
"""Lies in the folder of a clinic while a backup is brought back: what it lets people do is not suspended yet."""


class Place(msgspec.Struct, frozen=True):
    """The URLs of database, recordings and keys, "" for the folder itself; a password may be in them."""

    database: str = ""
    recordings: str = ""
    keys: str = ""


def place_of(folder: Path, said: Place) -> Place:
    """What is said now, and else what was noted; raises ValueError where it cannot be read or all is not there."""
    if (folder / RESTORING).exists():
        raise ValueError(
            "a backup is being brought back, or that was stopped: then remove the folder and what is in the database, "
            "and restore once more"
        )
    noted, path = Place(), folder / NOTE
    with suppress(FileNotFoundError):
        try:
            noted = msgspec.json.decode(path.read_bytes(), type=Place)
        except (msgspec.DecodeError, UnicodeDecodeError) as reason:
            raise ValueError(f"{path} does not say where the clinic's data lies: {reason}") from None
    return Place(said.database or noted.database, said.recordings or noted.recordings, said.keys or noted.keys)


def note(folder: Path, place: Place) -> None:
    """Keep where the data lies, for the commands beside the server; for the folder's owner alone."""
    write_whole(folder / NOTE, msgspec.json.encode(place), folder / f"{NOTE}.new", mode=0o600)


def is_clinic(folder: Path) -> bool:
    """Whether a folder is that of a clinic, wherever its database is."""
    return (folder / DATABASE).is_file() or (folder / NOTE).is_file()


def sqlite_url(file: Path) -> str:
    """The URL of a database that is a file."""
    return f"sqlite:///{file.resolve().as_posix()}"


def database_url(folder: Path, place: Place) -> str:
    """The URL of a clinic's database."""
    return place.database or sqlite_url(folder / DATABASE)


def keys_url(folder: Path, place: Place) -> str:
    """The URL of the database of its keys."""
    return place.keys or sqlite_url(folder / KEYS)
