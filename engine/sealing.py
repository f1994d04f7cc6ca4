"""What is personal, sealed for those who may read it: AES-256-GCM under a key of its own for each file.

That key is wrapped by HPKE (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM) for each recipient, so that nothing secret is
needed to write. A folder is sealed once it holds the public keys of the device and of its clinic.
"""

import errno
import hashlib
import os
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

import msgspec
import zstandard

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

RECIPIENTS = Path(".clinic") / "recipients.json"
ENROLLED = RECIPIENTS.with_name("device.json")
"""What a computer is at its clinic, with the ids of its own key and the clinic's; in the folder of all sessions."""
CIPHER = "AES-256-GCM, its key by HPKE X25519 HKDF-SHA256 AES-256-GCM"
FORMAT = "steadyreach sealed 1"
KEY_BYTES, SALT_BYTES, NUMBER_BYTES = 32, 4, 8
MOST_RECIPIENTS = 16
LARGEST_RECORD_BYTES = 1 << 27
LEVEL = 3
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)  # Windows would change line ends
_NOT_FOR_FOLDERS = (errno.EINVAL, errno.ENOTSUP)
_SEALED = b'{"format":'  # no record begins so: none has a field of this name


class Unopened(ValueError):
    """Something sealed that cannot be opened here, or is not what was sealed; the message says why."""


class RecipientsUnreadable(ValueError):
    """A folder belongs to a clinic, but it is not known for whom to seal; the message says what to do."""


class Recipient(NamedTuple):
    """Somebody who can open what is sealed for them: the id of their key, and its public part (X25519)."""

    key: str
    public: bytes


class PrivateKeys(Protocol):
    """Where private keys are found (engine.keys.Keys)."""

    def private(self, key: str) -> bytes | None:
        """The private key of an id, raw; None where it is not on this computer."""
        ...

    def where(self) -> str:
        """Where they are looked for, in words."""
        ...


_KeyId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
_Salt = Annotated[bytes, msgspec.Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
_Public = Annotated[bytes, msgspec.Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]


class _Listed(msgspec.Struct, frozen=True):
    key: _KeyId
    public: _Public


class _List(msgspec.Struct, frozen=True):
    recipients: Annotated[tuple[_Listed, ...], msgspec.Meta(min_length=1, max_length=MOST_RECIPIENTS)]


class _Enrolled(msgspec.Struct, frozen=True):
    sealing_key: str
    clinic_key: str


class _Wrapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: _KeyId
    wrapped: bytes


class _About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cipher: str
    salt: _Salt
    recipients: Annotated[tuple[_Wrapped, ...], msgspec.Meta(min_length=1, max_length=MOST_RECIPIENTS)]


class _Document(_About, frozen=True, forbid_unknown_fields=True):
    format: str
    content: bytes


class Cipher:
    """Seals and opens the numbered parts of one file; `about`, in the file's header, says who can make it again."""

    def __init__(self, key: bytes, salt: bytes, about: dict[str, Any]) -> None:
        """`key` is the file's own, 32 random bytes; a nonce is `salt` and the number of a part."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.about = about
        self._aead, self._salt = AESGCM(key), salt

    def seal(self, number: int, content: bytes, bound: bytes) -> bytes:
        """Seal one part, 16 bytes longer; a number is used once in a file.

        `bound` is not kept, and has to be the same to open.
        """
        return self._aead.encrypt(self._nonce(number), content, bound)

    def open(self, number: int, content: bytes, bound: bytes) -> bytes:
        """Open one part; raises Unopened where a bit of it, its number or `bound` is other than when it was sealed."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._aead.decrypt(self._nonce(number), content, bound)
        except (InvalidTag, ValueError):
            raise Unopened("it is damaged: it is not what was sealed") from None

    def _nonce(self, number: int) -> bytes:
        return self._salt + number.to_bytes(NUMBER_BYTES, "big")


def key_id(public: bytes) -> str:
    """What a key is called: the first 16 hexadecimal digits of the SHA-256 of its public part."""
    return hashlib.sha256(public).hexdigest()[:16]


def recipients_in(folder: Path) -> tuple[Recipient, ...]:
    """Those for whom a folder is sealed, itself or with the one around it; none where it belongs to no clinic.

    Raises RecipientsUnreadable: what cannot be read, or is gone from a computer that a clinic enrolled, is never taken
    for a folder that is not sealed, and nobody can open it but that clinic and the computer itself.
    """
    around = folder.absolute().parent
    found = _listed(folder / RECIPIENTS) or _listed(around / RECIPIENTS)
    known = _known(folder / ENROLLED) or _known(around / ENROLLED)
    for each in found if known else ():
        if each.key not in known:
            raise _unreadable(folder / RECIPIENTS, f"{each.key} is neither this computer's key nor its clinic's")
    return found


def _known(path: Path) -> tuple[str, ...]:
    """The ids of the keys of a computer and of its clinic, none where it is not said."""
    try:
        return msgspec.structs.astuple(msgspec.json.decode(path.read_bytes(), type=_Enrolled))
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return ()


def _listed(path: Path) -> tuple[Recipient, ...]:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_List).recipients
    except FileNotFoundError:
        if (path.parent / ENROLLED.name).exists():
            raise _unreadable(path, "it is gone, and a clinic enrolled this computer") from None
        return ()
    except (OSError, msgspec.DecodeError) as reason:
        raise _unreadable(path, str(reason)) from None
    for listed in found:
        if listed.key != key_id(listed.public):
            raise _unreadable(path, f"{listed.key} is not the id of its key")
    return tuple(Recipient(listed.key, listed.public) for listed in found)


def new_cipher(recipients: Sequence[Recipient]) -> Cipher:
    """A cipher for a new file, which each of the recipients can make again from its header."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    key, salt, suite = secrets.token_bytes(KEY_BYTES), secrets.token_bytes(SALT_BYTES), _suite()
    wrapped = [
        {"key": each.key, "wrapped": _text(suite.encrypt(key, X25519PublicKey.from_public_bytes(each.public), salt))}
        for each in recipients
    ]
    return Cipher(key, salt, {"cipher": CIPHER, "salt": _text(salt), "recipients": wrapped})


def cipher_of(about: Mapping[str, Any], keys: PrivateKeys) -> Cipher:
    """The cipher of a file from its header; raises Unopened, in words, where none of `keys` can open it."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        header = msgspec.convert(about, _About)
    except msgspec.ValidationError as reason:
        raise Unopened(f"its header does not say how it was sealed: {reason}") from None
    if header.cipher != CIPHER:
        raise Unopened(f"it was sealed with {header.cipher!r}, this version opens {CIPHER!r}")
    for each in header.recipients:
        private = keys.private(each.key)
        if private is not None:
            try:
                opener = X25519PrivateKey.from_private_bytes(private)
                return Cipher(_suite().decrypt(each.wrapped, opener, header.salt), header.salt, dict(about))
            except (InvalidTag, ValueError):
                raise Unopened(f"it is damaged: the key {each.key} does not open its header") from None
    needed = " or ".join(each.key for each in header.recipients)
    raise Unopened(f"it is sealed for {needed}, and no such key is in {keys.where()}")


def sealed(content: bytes, recipients: Sequence[Recipient]) -> bytes:
    """A document (compact JSON) that holds `content` sealed, for these who can open it."""
    cipher = new_cipher(recipients)
    header = {"format": FORMAT, **cipher.about}
    part = cipher.seal(0, zstandard.ZstdCompressor(level=LEVEL).compress(content), msgspec.json.encode(header))
    return msgspec.json.encode({**header, "content": _text(part)}) + b"\n"


def is_sealed(content: bytes) -> bool:
    """Whether the content of a file is that of `sealed`, and not a record."""
    return content.startswith(_SEALED)


def opened(document: bytes, keys: PrivateKeys) -> bytes:
    """What was sealed in a document; raises Unopened where any byte of it is not as it was written."""
    try:
        found = msgspec.json.decode(document, type=_Document)
    except (msgspec.DecodeError, ValueError) as reason:
        raise Unopened(f"it is damaged: {reason}") from None
    if found.format != FORMAT:
        raise Unopened(f"it is {found.format!r}, this version opens {FORMAT!r}")
    wrapped = [{"key": each.key, "wrapped": _text(each.wrapped)} for each in found.recipients]
    about = {"cipher": found.cipher, "salt": _text(found.salt), "recipients": wrapped}
    header = {"format": FORMAT, **about}
    if msgspec.json.encode({**header, "content": _text(found.content)}) + b"\n" != document:
        raise Unopened("it is damaged: it is not written as what is sealed is")
    return _unpacked(cipher_of(about, keys).open(0, found.content, msgspec.json.encode(header)))


def write(path: Path, content: bytes, recipients: Sequence[Recipient]) -> None:
    """Write a file whole or not at all, sealed where there is anybody to seal it for; it is on the disk afterwards.

    One program at a time writes it. Raises OSError, and what was there before stays.
    """
    write_whole(path, sealed(content, recipients) if recipients else content, path.with_name(f"{path.name}.new"))


def write_whole(path: Path, content: bytes, new: Path, mode: int = 0o666) -> None:
    """Write a file whole or not at all, for those whom `mode` and the umask allow; it is on the disk afterwards.

    It is written as `new` first, which lies beside it and which nobody else writes meanwhile. Raises OSError, and what
    was there before stays.
    """
    try:
        with os.fdopen(os.open(new, _WRITE, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    settle(path.parent)


def settle(folder: Path) -> None:
    """Have the disk keep the names in a folder, too; Windows and some network drives do so by themselves."""
    if os.name == "posix":
        opened_folder = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened_folder)
        except OSError as reason:
            if reason.errno not in _NOT_FOR_FOLDERS:
                raise
        finally:
            os.close(opened_folder)


def _unpacked(compressed: bytes) -> bytes:
    """What was compressed; anybody can seal for a public key, so it may say that it is of any size."""
    try:
        if zstandard.frame_content_size(compressed) > LARGEST_RECORD_BYTES:
            raise Unopened(f"it holds more than the {LARGEST_RECORD_BYTES >> 20} MiB of the largest record")
        return zstandard.ZstdDecompressor().decompress(compressed, max_output_size=LARGEST_RECORD_BYTES)
    except zstandard.ZstdError as reason:
        raise Unopened(f"it was sealed by something else: {reason}") from None


def _suite() -> "Suite":
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _unreadable(path: Path, why: str) -> RecipientsUnreadable:
    return RecipientsUnreadable(
        f"{path} should say for whom to seal what is kept here, and does not ({why}): enrol this computer once more, or"
        " take the file from a backup"
    )


def _text(content: bytes) -> str:
    return b64encode(content).decode()
