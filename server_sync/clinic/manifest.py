"""What is in a backup: the hash of every file, and the check against it."""

import hmac
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from server_sync.clinic.objects import KEPT_KEY
from server_sync.wire import file_sha256, sha256

FORMAT = "steadyreach backup 2"
_DATABASE = re.compile(r"database-[0-9a-f]{16}")
MANIFEST = "manifest.json"
_MOST_NAMED = 10

Told = Callable[[int, int], None]
"""Is called with how many files are done, of how many."""


class BackupUnusable(ValueError):
    """A backup that is damaged, incomplete or of a later version; the message names the files, and what to do."""


class Entry(msgspec.Struct, frozen=True):
    """A file of a backup."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What is in a backup: the sealed file of the database, its kind and schema, and all files by name.

    `missing` are the recordings that sessions name and that could not be copied, with the reason. `audit` is the last
    row of the audit, by its number and hash.
    """

    format: str
    made_at: str
    software: str
    kind: str
    schema: str
    database: str
    files: Mapping[str, Entry]
    missing: Mapping[str, str] = {}
    audit: tuple[int, str] = (0, "")


class _Signed(msgspec.Struct, frozen=True):
    """A manifest with its hash, which finds damage, and its HMAC under a key of the clinic, which finds forgery."""

    manifest: msgspec.Raw
    sha256: str
    hmac_sha256: str


def written(manifest: Manifest, key: bytes) -> bytes:
    """The manifest as a file, with its own hash, and its HMAC under the backup key."""
    content = msgspec.json.encode(manifest)
    signed = _Signed(msgspec.Raw(content), sha256(content), _hmac(key, content))
    return msgspec.json.format(msgspec.json.encode(signed), indent=1)


def is_of(folder: Path, key: bytes) -> bool:
    """Whether the manifest, which can be read, was written with this backup key."""
    signed = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=_Signed)
    content = msgspec.json.encode(msgspec.json.decode(signed.manifest))
    return hmac.compare_digest(signed.hmac_sha256, _hmac(key, content))


def read(folder: Path) -> Manifest:
    """The manifest of a backup; raises BackupUnusable."""
    path = folder / MANIFEST
    try:
        signed = msgspec.json.decode(path.read_bytes(), type=_Signed)
        if sha256(msgspec.json.encode(msgspec.json.decode(signed.manifest))) != signed.sha256:
            raise BackupUnusable(f"{path} is damaged: it is not what was written; use an older backup")
        manifest = msgspec.json.decode(signed.manifest, type=Manifest)
    except FileNotFoundError:
        raise BackupUnusable(f"{folder} is no backup, or one that was not finished: there is no {MANIFEST}") from None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise BackupUnusable(f"{path} cannot be read: {reason}; use an older backup") from None
    if manifest.format != FORMAT:
        raise BackupUnusable(f"{path} is {manifest.format!r}, this version reads {FORMAT!r}: install a later one")
    strange = [name for name in manifest.files if name != manifest.database and not KEPT_KEY.fullmatch(name)]
    if strange or not _DATABASE.fullmatch(manifest.database):
        raise BackupUnusable(f"{path} names files that no backup has: {some(strange or [manifest.database])}")
    return manifest


def check(folder: Path, told: Told) -> Manifest:
    """Verify a backup without bringing it back; raises BackupUnusable with every file that is not as it was written."""
    manifest = read(folder)
    amiss = []
    for number, (name, entry) in enumerate(manifest.files.items()):
        told(number, len(manifest.files))
        path = folder / name
        if not path.is_file():
            amiss.append(f"{name} is not there")
        elif path.stat().st_size != entry.bytes:
            amiss.append(f"{name} has {path.stat().st_size} bytes instead of {entry.bytes}")
        elif file_sha256(path) != entry.sha256:
            amiss.append(f"{name} has another content")
    if amiss:
        raise BackupUnusable(f"{folder} is damaged: {some(amiss)}; use an older backup, or make a new one")
    return manifest


def _hmac(key: bytes, content: bytes) -> str:
    return hmac.digest(key, b"manifest " + content, "sha256").hex()


def some(amiss: list[str]) -> str:
    """The first of what is amiss, and how many more there are."""
    more = f"; and {len(amiss) - _MOST_NAMED} more" if len(amiss) > _MOST_NAMED else ""
    return "; ".join(amiss[:_MOST_NAMED]) + more
