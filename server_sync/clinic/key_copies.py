"""A copy of the clinic's keys that only a code on paper opens: it may lie beside a backup, and is useless without it.

The copy is sealed for a public key (HPKE, as recordings are), so that nothing secret is needed to make it every night.
The code is the private key.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from filelock import FileLock

from engine.sealing import Recipient, Unopened, key_id, opened, sealed, write_whole
from server_sync.clinic.codes import ALPHABET, as_typed
from server_sync.clinic.keys import SHREDDED, Keys

FILE = "keys.sealed"
RECOVERY, PLACES = "recovery public key", "backup places"
_LETTERS, _GROUP, _BITS = 52, 4, 5
_PATIENCE_S = 60.0


class WrongCode(ValueError):
    """A recovery code that does not open the copy; the message says what one looks like."""


class NoCode(LookupError):
    """No recovery code was made yet: nobody could open a copy."""


class Copy(msgspec.Struct, frozen=True):
    """Every secret by name, and every person's key by its id (`keys.PersonKey`), empty where it was destroyed."""

    secrets: Mapping[str, str]
    persons: Mapping[str, bytes]


class _Paper:
    """The private key that a code is, for `engine.sealing.opened`."""

    def __init__(self, private: bytes) -> None:
        self._private = private
        self._key = key_id(X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw())

    def private(self, key: str) -> bytes | None:
        return self._private if key == self._key else None

    def where(self) -> str:
        return "the recovery code"


def new_code(keys: Keys) -> str:
    """The recovery code, when there was none yet; it is kept nowhere else, so it is given once, and then ""."""
    private, public = _pair()
    return _code(private) if keys.secret(RECOVERY, lambda: public) == public else ""


def another_code(keys: Keys) -> str:
    """Another recovery code, which opens what is copied from now on; a copy of before needs the one of before."""
    private, public = _pair()
    keys.change(RECOVERY, lambda _: public)
    return _code(private)


def write(keys: Keys, folder: Path) -> Path:
    """Copy the keys into a folder, in place of the copy before, without one that is destroyed meanwhile.

    Raises NoCode, OSError.
    """
    known = keys.known(RECOVERY)
    if known is None:
        raise NoCode("the clinic has no recovery code yet: steadyreach backup makes it and shows it once")
    file, public = folder / FILE, b64decode(known)
    keys.change(PLACES, lambda noted: _with(noted, str(folder.absolute())))
    with FileLock(folder / f".{FILE}.lock", timeout=_PATIENCE_S):
        written = None
        while written is None or keys.shredded() != _shredded(written):  # somebody was erased while the disk wrote
            written = Copy(*keys.all())
            content = sealed(msgspec.msgpack.encode(written), [Recipient(key_id(public), public)])
            write_whole(file, content, folder / f"{FILE}.new", mode=0o600)
    return file


def may_write(keys: Keys, folder: Path) -> bool:
    """Whether no copy lies in a folder but one of these keys; that of another clinic may be its only one."""
    file, public = folder / FILE, b64decode(keys.known(RECOVERY) or "")
    noted = str(folder.absolute()) in places(keys)
    return noted or not file.exists() or key_id(public).encode() in file.read_bytes()


def remove(keys: Keys, folder: Path) -> None:
    """Take the copy out of a folder, and the folder off the list; raises OSError."""
    (folder / FILE).unlink(missing_ok=True)
    here = str(folder.absolute())
    keys.change(PLACES, lambda noted: msgspec.json.encode([each for each in _noted(noted) if each != here]).decode())


def places(keys: Keys) -> list[str]:
    """The folders into which the keys were copied: where a destroyed one has to go from, too."""
    return _noted(keys.known(PLACES))


def write_again(keys: Keys) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Write all copies as the keys are now; gives the folders where that went, and where it did not."""
    rewritten, unreached = list[str](), list[str]()
    for place in places(keys):
        try:
            (Path(place) / FILE).stat()  # what is not mounted may be an empty folder meanwhile
            write(keys, Path(place))
            rewritten.append(place)
        except (OSError, NoCode):
            unreached.append(place)
    return tuple(rewritten), tuple(unreached)


def _pair() -> tuple[bytes, str]:
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), b64encode(private.public_key().public_bytes_raw()).decode()


def _shredded(copy: Copy) -> set[str]:
    return {person_id for person_id, key in copy.persons.items() if key == SHREDDED}


def _noted(noted: str | None) -> list[str]:
    return msgspec.json.decode(noted or "[]", type=list[str])


def _with(noted: str, place: str) -> str:
    known = _noted(noted)
    return msgspec.json.encode([*known, *([] if place in known else [place])]).decode()


def read(file: Path, code: str) -> Copy:
    """Open a copy; raises WrongCode, FileNotFoundError."""
    try:
        content = opened(file.read_bytes(), _Paper(_private(code)))
    except Unopened:
        raise WrongCode(
            f"this recovery code does not open {file}: {_LETTERS} letters and digits, as it was shown once"
        ) from None
    return msgspec.msgpack.decode(content, type=Copy)


def _code(private: bytes) -> str:
    number = int.from_bytes(private, "big")
    letters = "".join(ALPHABET[number >> _BITS * place & 31] for place in reversed(range(_LETTERS)))
    return "-".join(letters[at : at + _GROUP] for at in range(0, _LETTERS, _GROUP))


def _private(code: str) -> bytes:
    letters, number = as_typed(code), 0
    for letter in letters:
        number = number << _BITS | max(0, ALPHABET.find(letter))
    if len(letters) != _LETTERS or not set(letters) <= set(ALPHABET) or number >> 256:
        raise WrongCode(f"a recovery code has {_LETTERS} letters and digits, not {len(letters)}")
    return number.to_bytes(32, "big")
