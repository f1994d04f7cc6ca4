"""Recordings on their way: gathered piece by piece, checked by their hash, then kept whole.

A piece is an object named by its place, made once, so that any process of the server may take the next one. Pieces
wait apart for each device, so that nobody can spoil what another one sends.
"""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from server_sync.clinic.keys import Shredded
from server_sync.clinic.objects import Objects, Stored, recording_key
from server_sync.clinic.vault import LetGo, NoKey, Vault
from server_sync.wire import LARGEST_RECORDING_BYTES

ABANDONED = timedelta(days=7)
INCOMING = "incoming"
MOST_OPEN = 20
"""Uploads that one device may have begun; it brings one after the other."""
_LENGTH = "length-"


class RecordingDamaged(Exception):
    """All bytes of a recording arrived and they are not those of its hash; they were dropped."""


class UploadUnknown(LookupError):
    """Nothing was announced under this hash, or it was cancelled or abandoned."""


class LengthDiffers(ValueError):
    """A recording was announced with another length, or a piece ends beyond it."""


class TooManyUploads(Exception):
    """A device has begun more uploads than it may; it finishes or cancels one, or waits until one is abandoned."""


class WrongOffset(Exception):
    """A piece begins elsewhere than the last one ended; `progress` says where that is."""

    def __init__(self, progress: "Progress") -> None:
        """Keep the true place."""
        super().__init__(f"the next piece begins at byte {progress.offset}")
        self.progress = progress


class UploadComplete(Exception):
    """The recording is here, whole; nothing can be added."""

    def __init__(self, progress: "Progress") -> None:
        """Keep its length."""
        super().__init__("this recording is here already")
        self.progress = progress


class Progress(NamedTuple):
    """How far an upload got: the next byte that is wanted, how many there will be, and whether it is here whole."""

    offset: int
    length: int
    complete: bool


class Uploads:
    """What devices are bringing."""

    def __init__(self, vault: Vault) -> None:
        """Keep what is whole in this vault, and gather where it lies."""
        self._objects, self._vault = vault.objects, vault

    def holds(self, sha256: str) -> bool:
        """Whether the recording of this hash is here, or what is kept of it after years."""
        return self._vault.size(sha256) is not None

    def begin(self, device: str, sha256: str, length: int) -> Progress:
        """Announce a recording, as often as wanted; raises LengthDiffers, TooManyUploads, StoreTrouble."""
        if not 0 < length <= LARGEST_RECORDING_BYTES:
            raise LengthDiffers(f"a recording has 1 to {LARGEST_RECORDING_BYTES} bytes, not {length}")
        try:
            progress = self.progress(device, sha256)
        except UploadUnknown:
            self._leave_room(device)
            self._objects.create(f"{_folder(device, sha256)}/{_LENGTH}{length}", b"")
            return Progress(0, length, complete=False)
        if not progress.complete and progress.length != length:
            raise LengthDiffers(f"this recording was announced with {progress.length} bytes, not {length}")
        return progress

    def progress(self, device: str, sha256: str) -> Progress:
        """How much of it this device has brought; raises UploadUnknown.

        One whose last piece came when the server was killed is completed now; that may raise RecordingDamaged.
        """
        size = self._vault.size(sha256)
        if size is not None:
            return Progress(size, size, complete=True)
        try:
            length, pieces = self._gathered(device, sha256)
        except UploadUnknown:
            return self._completed_elsewhere(sha256)
        offset = sum(piece.bytes for piece in pieces)
        return Progress(offset, length, complete=False) if offset < length else self._finish(device, sha256)

    def append(self, device: str, sha256: str, offset: int, piece: bytes) -> Progress:
        """Add a piece where the last one ended; the one that completes it is taken when the recording is safe.

        Raises UploadUnknown, UploadComplete, WrongOffset, LengthDiffers, or RecordingDamaged: then all is dropped.
        """
        known = self.progress(device, sha256)
        if known.complete:
            raise UploadComplete(known)
        if offset != known.offset:
            raise WrongOffset(known)
        if offset + len(piece) > known.length:
            raise LengthDiffers(f"{len(piece)} bytes at {offset} do not fit into {known.length}")
        self._objects.leave_room()
        # An empty one would take the place of the next.
        if piece and not self._objects.create(f"{_folder(device, sha256)}/{offset:012}", piece):
            raise WrongOffset(self.progress(device, sha256))
        if offset + len(piece) < known.length:
            return known._replace(offset=offset + len(piece))
        return self._finish(device, sha256)

    def cancel(self, device: str, sha256: str) -> None:
        """Drop what this device brought of a recording that is not whole; raises UploadUnknown."""
        self._gathered(device, sha256)
        self._drop(device, sha256)

    def tidy(self, now: datetime) -> int:
        """Remove uploads to which nothing was added for 7 days; gives back how many pieces went."""
        newest: dict[str, datetime] = {}
        found = self._objects.listed(INCOMING)
        for each in found:
            folder = each.key.rpartition("/")[0]
            newest[folder] = max(each.at, newest.get(folder, each.at))
        old = [each.key for each in found if now - newest[each.key.rpartition("/")[0]] > ABANDONED]
        self._objects.remove(old)
        return len(old)

    def _leave_room(self, device: str) -> None:
        self._objects.leave_room()
        begun = {each.key.rpartition("/")[0] for each in self._objects.listed(f"{INCOMING}/{device}")}
        if len(begun) >= MOST_OPEN:
            raise TooManyUploads(
                f"{MOST_OPEN} recordings of this device have begun; finish or cancel one of them first"
            )

    def _gathered(self, device: str, sha256: str) -> tuple[int, list[Stored]]:
        """The length that was announced, and the pieces that follow one another from the beginning.

        A piece of no bytes, as a disk may leave it behind that lost its power, is removed: it is in the way of another.
        """
        found = self._objects.listed(_folder(device, sha256))
        lengths = [name.removeprefix(_LENGTH) for name in map(_name, found) if name.startswith(_LENGTH)]
        if not lengths:
            raise UploadUnknown("nothing was announced under this hash, or it waited too long; begin it once more")
        pieces, offset = list[Stored](), 0
        at = {_name(each): each for each in found}
        while (piece := at.get(f"{offset:012}")) and piece.bytes:
            pieces.append(piece)
            offset += piece.bytes
        if piece:
            self._objects.remove([piece.key])
        return int(lengths[0]), pieces

    def _finish(self, device: str, sha256: str) -> Progress:
        try:
            length, pieces = self._gathered(device, sha256)
            digest = hashlib.sha256()
            for content in self._contents(pieces):
                digest.update(content)
            whole = digest.hexdigest() == sha256
            if whole:
                self._vault.write(recording_key(sha256), self._contents(pieces), device)
        except (FileNotFoundError, UploadUnknown, LetGo, NoKey, Shredded):
            return self._completed_elsewhere(sha256)
        if not whole and not self.holds(sha256):
            self._drop(device, sha256)
            raise RecordingDamaged("what arrived has another SHA-256 than announced and was dropped; send it again")
        self._drop(device, sha256)
        return Progress(length, length, complete=True) if whole else self._completed_elsewhere(sha256)

    def _completed_elsewhere(self, sha256: str) -> Progress:
        """What there is to say when pieces went away: another process was faster; raises UploadUnknown if none was."""
        size = self._vault.size(sha256)
        if size is None:
            raise UploadUnknown("nothing was announced under this hash, or it waited too long; begin it once more")
        return Progress(size, size, complete=True)

    def _contents(self, pieces: list[Stored]) -> Iterator[bytes]:
        for piece in pieces:
            yield from self._objects.read(piece.key)

    def _drop(self, device: str, sha256: str) -> None:
        self._objects.remove([each.key for each in self._objects.listed(_folder(device, sha256))])


def pieces_of(objects: Objects, device: str) -> list[str]:
    """The keys of all pieces that a device has brought of recordings that are not whole."""
    return [each.key for each in objects.listed(f"{INCOMING}/{device}")]


def _folder(device: str, sha256: str) -> str:
    return f"{INCOMING}/{device}/{sha256}"


def _name(each: Stored) -> str:
    return each.key.rpartition("/")[2]
