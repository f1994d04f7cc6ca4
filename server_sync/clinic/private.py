"""Folders and files that only their owner may read, where the system knows modes: the database holds a private key."""

from contextlib import suppress
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, or take from others what they may do with it; one of another owner stays as it is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(PermissionError):
        folder.chmod(0o700)


def make_file(path: Path) -> None:
    """Make an empty file, or take from others what they may do with it; whoever opens it says what is in the way."""
    with suppress(OSError):
        path.touch(mode=0o600)
        path.chmod(0o600)
