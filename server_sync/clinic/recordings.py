"""Recordings on the server: files named by their SHA-256, whole or absent, gathered piece by piece.

Pieces of an unfinished recording wait in `incoming`, apart for each device, so that nobody can spoil what
another one sends.
"""

import os
from pathlib import Path
from threading import Lock

from server_sync.wire import Progress, file_sha256

# Nothing else names a folder, so a sync of it is skipped where the system cannot open one.
_CAN_SYNC_FOLDERS = hasattr(os, "O_DIRECTORY")


class RecordingDamaged(Exception):
    """All bytes of a recording arrived and they are not those of its hash; they were dropped."""


class Recordings:
    """A folder of recordings by content hash."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is made when missing."""
        self._whole = folder / "recordings"
        self._incoming = folder / "incoming"
        self._whole.mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()

    def path(self, sha256: str) -> Path:
        """Where the recording of this hash is or will be."""
        return self._whole / sha256[:2] / sha256

    def holds(self, sha256: str) -> bool:
        """Whether the recording of this hash is here, whole."""
        return self.path(sha256).is_file()

    def progress(self, device: str, sha256: str) -> Progress:
        """How much of it this device has brought."""
        if self.holds(sha256):
            return Progress(sha256, self.path(sha256).stat().st_size, complete=True)
        part = self._part(device, sha256)
        return Progress(sha256, part.stat().st_size if part.exists() else 0, complete=False)

    def append(self, device: str, sha256: str, offset: int, length: int, piece: bytes) -> Progress:
        """Add a piece where it belongs and say how far it got; a piece for another place changes nothing.

        Raises RecordingDamaged when the last piece completes something that is not the recording of this hash.
        """
        with self._lock:
            known = self.progress(device, sha256)
            if known.complete or known.offset != offset:
                return known
            part = self._part(device, sha256)
            with part.open("ab") as file:
                file.write(piece)
            if offset + len(piece) < length:
                return Progress(sha256, offset + len(piece), complete=False)
            self._finish(part, sha256)
        return self.progress(device, sha256)

    def _part(self, device: str, sha256: str) -> Path:
        return self._incoming / f"{device}-{sha256}"

    def _finish(self, part: Path, sha256: str) -> None:
        if file_sha256(part) != sha256:
            part.unlink()
            raise RecordingDamaged(
                f"what arrived as recording {sha256} has another SHA-256 and was dropped; send it again"
            )
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        whole = self.path(sha256)
        whole.parent.mkdir(exist_ok=True)
        part.replace(whole)
        if _CAN_SYNC_FOLDERS:
            folder = os.open(whole.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
