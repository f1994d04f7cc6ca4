"""Files sealed in parts, so that one of any size is written and read without holding all of it.

A head of its own for each, then parts of PART_BYTES with 16 bytes of proof each; the last one says that it is the last,
so that what was cut is noticed.
"""

import secrets
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"STRCHSD1"
SALT_BYTES, TAG_BYTES = 16, 16
HEAD_BYTES = len(MAGIC) + SALT_BYTES
PART_BYTES = 1 << 20
_MORE, _LAST = b"more", b"last"


class NotOpened(ValueError):
    """What is read is not what was sealed under this key: damaged, cut, or of another."""


def sealed(key: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The parts of a sealed file, from pieces of any size."""
    salt = secrets.token_bytes(SALT_BYTES)
    aead, number = _aead(key, salt), 0
    yield MAGIC + salt
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) > PART_BYTES:
            yield aead.encrypt(_nonce(number), bytes(waiting[:PART_BYTES]), _MORE)
            del waiting[:PART_BYTES]
            number += 1
    yield aead.encrypt(_nonce(number), bytes(waiting), _LAST)


def opened(key: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """What was sealed, part by part; raises NotOpened."""
    waiting, aead, number = bytearray(), None, 0
    for piece in pieces:
        waiting += piece
        if aead is None and len(waiting) >= HEAD_BYTES:
            if not waiting.startswith(MAGIC):
                raise NotOpened("it is no sealed file")
            aead = _aead(key, bytes(waiting[len(MAGIC) : HEAD_BYTES]))
            del waiting[:HEAD_BYTES]
        while aead is not None and len(waiting) > PART_BYTES + TAG_BYTES:
            yield _part(aead, number, bytes(waiting[: PART_BYTES + TAG_BYTES]), _MORE)
            del waiting[: PART_BYTES + TAG_BYTES]
            number += 1
    if aead is None:
        raise NotOpened("it ends within its head")
    yield _part(aead, number, bytes(waiting), _LAST)


def plain_bytes(size: int) -> int:
    """How many bytes were sealed into a file of this size."""
    parts = -(-(size - HEAD_BYTES) // (PART_BYTES + TAG_BYTES))
    return size - HEAD_BYTES - parts * TAG_BYTES


def _aead(key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, MAGIC).derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _part(aead: AESGCM, number: int, part: bytes, place: bytes) -> bytes:
    try:
        return aead.decrypt(_nonce(number), part, place)
    except (InvalidTag, ValueError):
        raise NotOpened(f"its part {number} is damaged, or the file was cut there") from None
