"""Recordings as objects named by their SHA-256, in a folder or in an S3-compatible store; whole or absent.

An object is never changed: who writes one of the same name writes the same content, so that order does not matter.
"""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, from_url

from server_sync.clinic.private import make_folder

# Nothing else names a folder, so a sync of it is skipped where the system cannot open one.
_CAN_SYNC_FOLDERS = hasattr(os, "O_DIRECTORY")
_READ_BYTES = 1024 * 1024
RESERVE_BYTES = 200_000_000
"""What has to be free on each disk that the server writes on."""
TIERS = ("recordings", "archive")
"""Where recordings lie; in this order: what is archived meanwhile is there before its original goes."""
KEPT_KEY = re.compile(r"(?:recordings|archive)/([0-9a-f]{2})/\1[0-9a-f]{62}")
"""What the key of an object looks like that is kept for good."""


class StoreTrouble(OSError):
    """The store of recordings cannot be used now: disk full, not reachable, not allowed."""


class Stored(NamedTuple):
    """One object: its key, its size and when it was written."""

    key: str
    bytes: int
    at: datetime


class Objects:
    """A flat store of bytes by key, such as `recordings/ab/<sha256>`; all calls raise StoreTrouble."""

    def __init__(self, folder: Path, url: str = "") -> None:
        """Use `folder`, which is made when missing, or the store of a URL such as s3://bucket/prefix.

        Who may use it, and where an S3-compatible store answers, is read from the environment (AWS_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL).
        """
        self.folder = None if url else folder
        if self.folder is None:
            plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
            with _trouble():
                self._store: Any = from_url(url, client_options={"allow_http": plain})
        else:
            make_folder(self.folder)
            self._store = LocalStore(self.folder, mkdir=True)

    def look(self) -> None:
        """See whether the store can be used at all."""
        if self.folder is None:
            self.size("health")
        elif not os.access(self.folder, os.W_OK | os.X_OK):
            raise StoreTrouble(0, "the folder of recordings cannot be written")

    def leave_room(self) -> None:
        """Raise StoreTrouble where nothing more should be written on this computer's disk; what is left is for rows."""
        if self.folder is not None and is_full(self.folder):
            raise StoreTrouble(errno.ENOSPC, f"less than {RESERVE_BYTES // 1_000_000} MB are free on its disk")

    def size(self, key: str) -> int | None:
        """How many bytes an object has; None when it is not here."""
        if self.folder is not None:  # a third of the time that the store takes for it, and asked with every session
            path = self.folder / key
            return path.stat().st_size if path.is_file() else None
        with _trouble():
            try:
                return int(obstore.head(self._store, key)["size"])
            except FileNotFoundError:
                return None

    def create(self, key: str, content: bytes) -> bool:
        """Write a small object, on the disk for good; False where one of this name is here, which stays as it is."""
        with _trouble():
            try:
                obstore.put(self._store, key, content, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        if self.folder is not None:
            with (self.folder / key).open("rb+") as file:
                os.fsync(file.fileno())
            _sync_folders((self.folder / key).parent, self.folder)
        return True

    def write(self, key: str, pieces: Iterable[bytes]) -> None:
        """Write an object of any size, on the disk for good when this returns; readers see it whole or not at all.

        Raises ValueError for a key that is none of `KEPT_KEY`.
        """
        if not KEPT_KEY.fullmatch(key):
            raise ValueError(f"{key[:100]!r} names no recording and no archive")
        if self.folder is None:
            with _trouble():
                writer = obstore.open_writer(self._store, key)
                for piece in pieces:
                    writer.write(piece)
                writer.close()
            return
        whole = self.folder / key
        whole.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.folder / "incoming" / "whole" / secrets.token_hex(8) / "content"
        unfinished.parent.mkdir(parents=True)
        with unfinished.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(whole)
        unfinished.parent.rmdir()
        _sync_folders(whole.parent, self.folder)

    def read(self, key: str) -> Iterator[bytes]:
        """The content of an object, in pieces; raises FileNotFoundError."""
        with _trouble():
            for piece in obstore.get(self._store, key).stream(min_chunk_size=_READ_BYTES):
                yield bytes(piece)

    def listed(self, prefix: str) -> list[Stored]:
        """All objects below a prefix, in order of their names."""
        with _trouble():
            found = obstore.list(self._store, prefix).collect()
        return sorted(Stored(each["path"], each["size"], each["last_modified"]) for each in found)

    def remove(self, keys: list[str]) -> None:
        """Remove objects; one that is not there is fine."""
        with _trouble():
            for key in keys:
                try:
                    obstore.delete(self._store, key)
                except FileNotFoundError:
                    continue


def is_full(folder: Path) -> bool:
    """Whether less is free on the disk of a folder than has to be."""
    try:
        return shutil.disk_usage(folder).free < RESERVE_BYTES
    except OSError:
        return True


def recording_key(sha256: str) -> str:
    """Where the recording of a hash lies."""
    return f"recordings/{sha256[:2]}/{sha256}"


def archived_key(sha256: str) -> str:
    """Where what is kept of an old recording lies, once the original was thinned out; named by the original's hash."""
    return f"archive/{sha256[:2]}/{sha256}"


@contextmanager
def _trouble() -> Iterator[None]:
    try:
        yield
    except BaseError as reason:
        # The message of the library goes on for many lines, and names paths.
        raise StoreTrouble(0, f"the store of recordings: {str(reason).splitlines()[0]}") from None


def _sync_folders(folder: Path, top: Path) -> None:
    if not _CAN_SYNC_FOLDERS:
        return
    for each in (folder, *folder.parents):
        opened = os.open(each, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
        if each == top:
            return
