"""What device and clinic server say to each other over HTTP: addresses, headers, messages and their limits.

Every request of a device is signed with its own key and names the digest of its body; every answer names the digest
of its own, so that a bit that turned over on the way is noticed on both sides. A recording goes first, in pieces
(`UPLOADS`, with the semantics of draft-ietf-httpbis-resumable-upload), then the sessions in batches (`SESSIONS`), of
which one is taken only when its recording is there: a session appears whole or not at all. Messages are msgpack maps;
a reader ignores what it does not know, and the two sides may be `NEIGHBOURS` versions apart.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from engine.session_folder import ID

PROTOCOL = 2
NEIGHBOURS = 2
"""Versions of this protocol that the other side may be older or newer and is still understood."""

ENROL = "/device/enrol"
TOKEN = "/device/token"  # noqa: S105 - an address
STATE = "/device/state"
UPLOADS = "/device/uploads"
SESSIONS = "/device/sessions"
PRESCRIPTIONS = "/device/prescriptions"

MSGPACK = "application/vnd.msgpack"
PARTIAL_UPLOAD = "application/partial-upload"
DIGEST = "Content-Digest"
SIGNATURE = "Steadyreach-Signature"
VERSION = "Steadyreach-Protocol"
RECEIVED = "Steadyreach-Received"
REPLIED = "Steadyreach-Replied"
UPLOAD_COMPLETE, UPLOAD_OFFSET, UPLOAD_LENGTH = "Upload-Complete", "Upload-Offset", "Upload-Length"
REPR_DIGEST = "Repr-Digest"
SIGNED = (
    *(DIGEST, "Content-Type", "Content-Encoding", VERSION, UPLOAD_COMPLETE, UPLOAD_OFFSET, UPLOAD_LENGTH),
    REPR_DIGEST,
)
"""The headers that a signature is over, besides method and address; one that is missing counts as empty."""

SMALLEST_PIECE_BYTES, LARGEST_PIECE_BYTES = 64 * 1024, 1024 * 1024
LARGEST_BATCH_BYTES = 8 * 1024 * 1024
LARGEST_SESSION_BYTES = 32 * 1024 * 1024
LARGEST_RECORDING_BYTES = 2 * 1024**3
MOST_ITEMS = 50
"""Sessions in one batch, at most; a batch of one may hold a session of any allowed size, packed."""
MOST_UNHELD = 1000

NAME = ID  # of a session
SHA256 = re.compile(r"[0-9a-f]{64}")

CREATED, HELD, REFUSED, NO_RECORDING, TOO_NEW = "created", "held", "refused", "recording missing", "too new"
"""What became of an offered session. Only REFUSED is for ever: its receipt says why, and a person must look."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What all messages share: the version of the protocol of who wrote them."""

    v: int = PROTOCOL


class Enrolment(Message, frozen=True):
    """A device's one-time code, what the clinic shall call it, and its public keys.

    `signing_key` (Ed25519) checks its requests, `sealing_key` (X25519) is one that its recordings are sealed for.
    """

    code: str
    device: str
    software: str
    signing_key: bytes
    sealing_key: bytes


class Enrolled(Message, frozen=True):
    """The device's id, the secret that it shows from now on, and the clinic's public key (X25519) to seal for."""

    device: str
    token: str
    sealing_key: bytes


class Token(Message, frozen=True):
    """A new secret; the one before works until this one is shown for the first time."""

    token: str


class Clock(Message, frozen=True):
    """How far the clinic's clock is ahead of the device's: a bound as well as a number, because the way takes time.

    `offset_s` is within ± `within_s` (half of the round trip). `boot` names the run of the computer in which
    `monotonic_s` counts.
    """

    offset_s: float
    within_s: float
    measured_at: str
    boot: str = ""
    monotonic_s: float = 0.0


class Item(Message, frozen=True):
    """One finished session. `number` counts a device's sessions without a gap from 1, in the order they ended.

    `content` is the record as JSON, packed with zstd; `sha256` is of the JSON. `recording_sha256` is "" without one.
    """

    id: str
    number: int
    sha256: str
    content: bytes
    recording_sha256: str = ""


class Lost(Message, frozen=True):
    """A session that was finished and is not on the device any more: its number, its id, and what is known of why."""

    number: int
    id: str
    reason: str


class Batch(Message, frozen=True):
    """Sessions to deliver, in order, with the clock as it was measured last, and what was lost."""

    items: tuple[Item, ...] = ()
    lost: tuple[Lost, ...] = ()
    clock: Clock | None = None


class Receipt(Message, frozen=True):
    """What became of one item: the server holds these bytes (CREATED, HELD), or why not."""

    id: str
    sha256: str
    state: str
    code: str = ""
    detail: str = ""


class State(Message, frozen=True):
    """Where the server stands with a device.

    All numbers up to `acked_through` are accounted for; `missing` are those after it that are not, below the highest
    that came. `unheld` are the first MOST_UNHELD that are accounted for by a refusal or a loss alone, in order; an
    answer to a batch leaves them out. `patients` are those that the device is for. `token_until` is when its token
    should be changed.
    """

    device: str
    acked_through: int = 0
    missing: tuple[int, ...] = ()
    unheld: tuple[int, ...] = ()
    patients: tuple[str, ...] = ()
    token_until: str = ""
    oldest: int = PROTOCOL - NEIGHBOURS
    newest: int = PROTOCOL + NEIGHBOURS
    software: str = ""


class Receipts(Message, frozen=True):
    """The answer to a batch: a receipt for each item, in order, and the state afterwards."""

    receipts: tuple[Receipt, ...]
    state: State


class Prescriptions(Message, frozen=True):
    """What is prescribed now for each patient of a device: the version and the hash (also the ETag) of each."""

    current: Mapping[str, tuple[int, str]] = {}


class Whose(Message, frozen=True):
    """For whom a device asks what is prescribed."""

    patient: str = ""


class Problem(Message, frozen=True):
    """Why a request was refused: a code for programs and a sentence for people."""

    code: str
    detail: str


def meet(*kinds: type) -> None:
    """Have msgspec look at types while there is one thread.

    Version 0.22 can crash when several threads decode a type for the first time at once.
    """
    for kind in kinds:
        msgspec.msgpack.Decoder(kind)


meet(Enrolment, Enrolled, Token, Batch, Receipts, State, Prescriptions, Whose, Problem)


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


def to_sign(method: str, address: str, headers: Mapping[str, str]) -> bytes:
    """What a device signs of a request: method, path with query, and the headers of SIGNED, a line each."""
    return "\n".join([method.upper(), address, *(headers.get(name, "") for name in SIGNED)]).encode()


def understood(version: int) -> bool:
    """Whether the other side's version of the protocol is near enough."""
    return abs(version - PROTOCOL) <= NEIGHBOURS
