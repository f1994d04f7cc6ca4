"""Codes that people read aloud and type: Crockford's base 32, which has no I, L, O or U."""

import hmac
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KEY = "code key"
"""The secret of the clinic under which codes are kept."""
_MISREAD = str.maketrans("OIL", "011", " -\t")


def new_code(groups: int, letters: int = 4) -> str:
    """A random code of some groups of letters with dashes between, five bits a letter."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(letters)) for _ in range(groups))


def as_typed(code: str) -> str:
    """What a person meant: capitals, no dashes or spaces, O read as 0, I and L as 1."""
    return code.upper().translate(_MISREAD)


def digest(key: bytes, code: str) -> str:
    """How a code is kept: its HMAC-SHA256 under a secret of the clinic; who has the database alone guesses none."""
    return hmac.digest(key, as_typed(code).encode("utf-8", "replace"), "sha256").hex()
