"""What device and clinic server say to each other over HTTP: paths, replies and the digest of a body.

A recording goes first, in pieces, to `RECORDINGS/<sha256>`; then the session itself to `SESSIONS/<id>`, which
is accepted only when its recording is there, so that a session appears whole or not at all.
"""

import base64
import hashlib
import re
from pathlib import Path

import msgspec

from engine.records import Session

SESSIONS = "/device/sessions"
RECORDINGS = "/device/recordings"
ENROL = "/device/enrol"
PIECE_BYTES = 256 * 1024
LARGEST_SESSION_BYTES = 32 * 1024 * 1024
LARGEST_RECORDING_BYTES = 2 * 1024**3

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What a session's id looks like: it names a folder on the device and a page on the server."""


class Receipt(msgspec.Struct, frozen=True):
    """The server holds this session; `created` is false when it already did. `sha256` is of the bytes it holds."""

    id: str
    sha256: str
    created: bool


class Progress(msgspec.Struct, frozen=True):
    """How many bytes of a recording the server holds, and whether that is all of it, checked by its hash."""

    sha256: str
    offset: int
    complete: bool


class Enrolment(msgspec.Struct, frozen=True):
    """A device's one-time code, and what the clinic shall call the device."""

    code: str
    device: str


class Token(msgspec.Struct, frozen=True):
    """The secret that a device shows from now on; the server keeps only its SHA-256."""

    token: str


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused: a code for programs and a sentence for people."""

    code: str
    detail: str


def meet(*kinds: type) -> None:
    """Have msgspec look at types while there is one thread.

    Version 0.22 can crash when several threads decode a type for the first time at once.
    """
    for kind in kinds:
        msgspec.json.Decoder(kind)


meet(Session, Receipt, Progress, Enrolment, Token, Problem)


def sha256(content: bytes) -> str:
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_digest(content: bytes) -> str:
    """The value of a Content-Digest header (RFC 9530) for a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"
