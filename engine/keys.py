"""Private keys of this computer by the id of their public parts, in the system's keyring or in their owner's files.

The keyring is that of the `keyring` library (DPAPI, Keychain, Secret Service). A computer without one, such as Linux
without a desktop, keeps files beside the settings of its user: never in a folder that is sealed for them.
"""

import os
import sys
from base64 import b64decode, b64encode
from pathlib import Path
from typing import NamedTuple, Protocol

from engine.sealing import KEY_BYTES, key_id, settle

SERVICE = "steadyreach"
FOLDER_VARIABLE = "STEADYREACH_KEYS"
SEALING, SIGNING = "sealing", "signing"


class KeyMissing(ValueError):
    """A key that is not on this computer; the message names it, and where it was looked for."""


class KeysUnkept(OSError):
    """No place on this computer takes a key; the message says which were tried, and what to do."""


class MadeKey(NamedTuple):
    """A key that was made and is kept: its id, and its public part (32 bytes)."""

    key: str
    public: bytes


class _Store(Protocol):
    @property
    def says(self) -> str: ...

    def get(self, name: str) -> bytes | None: ...

    def keep(self, name: str, private: bytes) -> bool: ...


class Keys:
    """The private keys of this computer's user."""

    def __init__(self, folder: Path | None = None) -> None:
        """Keys in files of `folder`; without one, wherever this computer keeps them.

        The environment variable STEADYREACH_KEYS names another folder, and files are then used whatever there is.
        """
        forced = folder or (Path(os.environ[FOLDER_VARIABLE]) if os.environ.get(FOLDER_VARIABLE) else None)
        self._folder = _Folder(forced or settings_folder() / "keys")
        self._stores: tuple[_Store, ...] = (self._folder,) if forced else (_Keyring(), self._folder)

    def make(self, outside: Path | None = None) -> MadeKey:
        """Make and keep a key that opens what is sealed for it (X25519).

        Raises KeysUnkept, also where it would be a file in the folder `outside`, which a thief would take with it.
        """
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        private = X25519PrivateKey.generate()
        return self._kept(SEALING, private.private_bytes_raw(), private.public_key().public_bytes_raw(), outside)

    def make_signing(self, outside: Path | None = None) -> MadeKey:
        """Make and keep a key that signs (Ed25519); raises KeysUnkept as `make` does."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = Ed25519PrivateKey.generate()
        return self._kept(SIGNING, private.private_bytes_raw(), private.public_key().public_bytes_raw(), outside)

    def private(self, key: str) -> bytes | None:
        """The key of an id that opens what is sealed for it, 32 bytes; None where it is not on this computer."""
        return self._found(SEALING, key)

    def sign(self, key: str, content: bytes) -> bytes:
        """The signature, 64 bytes, of a key that `make_signing` made; raises KeyMissing."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        private = self._found(SIGNING, key)
        if private is None:
            raise KeyMissing(f"the key {key} of this device is not in {self.where()}: enrol this computer once more")
        return Ed25519PrivateKey.from_private_bytes(private).sign(content)

    def where(self) -> str:
        """In words, where keys are kept: for whom enrols a computer, and asks how it stands."""
        return next(store.says for store in self._stores if store.says)

    def _found(self, kind: str, key: str) -> bytes | None:
        if not key.isalnum():  # ids come from the headers of files, and are parts of names
            return None
        found = (store.get(_name(kind, key)) for store in self._stores)
        return next((private for private in found if private is not None), None)

    def _kept(self, kind: str, private: bytes, public: bytes, outside: Path | None) -> MadeKey:
        key = key_id(public)
        for store in self._stores:
            if store is self._folder and outside is not None and self._folder.lies_in(outside):
                raise KeysUnkept(f"{self._folder.path} lies in {outside}, which it opens: choose another folder for it")
            if store.keep(_name(kind, key), private):
                return MadeKey(key, public)
        raise KeysUnkept(
            f"{self._folder.path} cannot keep a key, nor can a keyring: make it writable, or name another folder with "
            f"{FOLDER_VARIABLE}"
        )


class _Keyring:
    """The operating system's keyring, as far as there is one."""

    @property
    def says(self) -> str:
        """Its name in words, "" where there is none."""
        try:
            import keyring
            from keyring.backends import fail
        except ImportError:
            return ""
        backend = keyring.get_keyring()
        return "" if isinstance(backend, fail.Keyring) else f"the keyring of this computer ({backend.name})"

    def get(self, name: str) -> bytes | None:
        """A key, None where there is none or the keyring stays locked."""
        if not self.says:
            return None
        import keyring
        from keyring.errors import KeyringError

        try:
            return _bytes(keyring.get_password(SERVICE, name))
        except KeyringError:
            return None

    def keep(self, name: str, private: bytes) -> bool:
        """Keep a key; False where the keyring did not take it, or does not give it back."""
        if not self.says:
            return False
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.set_password(SERVICE, name, b64encode(private).decode())
        except KeyringError:
            return False
        return self.get(name) == private


class _Folder:
    """Files that their owner alone may read; on Windows those of the user's profile are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.says = f"files in {path}, which whoever uses this account can read"

    def lies_in(self, folder: Path) -> bool:
        """Whether who takes a folder takes the keys, too."""
        return self.path.resolve().is_relative_to(folder.resolve())

    def get(self, name: str) -> bytes | None:
        """A key, None where there is none."""
        try:
            return _bytes((self.path / name).read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError):
            return None

    def keep(self, name: str, private: bytes) -> bool:
        """Keep a key on the disk; False where the folder does not take it."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(opened, "w", encoding="ascii") as file:
                file.write(b64encode(private).decode())
                file.flush()
                os.fsync(file.fileno())
            settle(self.path)
        except OSError:
            return False
        return True


def settings_folder() -> Path:
    """Where programs of this user keep their settings, as typer.get_app_dir has it."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home()) / SERVICE
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / SERVICE
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / SERVICE


def _name(kind: str, key: str) -> str:
    return f"{kind}-{key}.key"


def _bytes(text: str | None) -> bytes | None:
    """A key from what was kept of it, None where that is no key."""
    try:
        private = b64decode(text or "", validate=True)
    except ValueError:
        return None
    return private if len(private) == KEY_BYTES else None
