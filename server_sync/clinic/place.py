"""Where a clinic's data lies: in its folder, or where its server was told to, which is noted there for its commands."""

from contextlib import suppress
from pathlib import Path

import msgspec

from engine.sealing import write_whole

DATABASE, NOTE = "clinic.db", "place.json"


class Place(msgspec.Struct, frozen=True):
    """The URLs of database and recordings, "" for the folder itself; a password may be in them."""

    database: str = ""
    recordings: str = ""


def place_of(folder: Path, database: str = "", recordings: str = "") -> Place:
    """What is said now, and else what was noted; raises ValueError where the note cannot be read."""
    noted, path = Place(), folder / NOTE
    with suppress(FileNotFoundError):
        try:
            noted = msgspec.json.decode(path.read_bytes(), type=Place)
        except (msgspec.DecodeError, UnicodeDecodeError) as reason:
            raise ValueError(f"{path} does not say where the clinic's data lies: {reason}") from None
    return Place(database or noted.database, recordings or noted.recordings)


def note(folder: Path, place: Place) -> None:
    """Keep where the data lies, for the commands beside the server; for the folder's owner alone."""
    write_whole(folder / NOTE, msgspec.json.encode(place), folder / f"{NOTE}.new", mode=0o600)


def is_clinic(folder: Path) -> bool:
    """Whether a folder is that of a clinic, wherever its database is."""
    return (folder / DATABASE).is_file() or (folder / NOTE).is_file()
