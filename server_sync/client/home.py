"""Where a patient's computer keeps its sessions, and, hidden beside them, what it has from its clinic."""

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.sealing import RECIPIENTS, settle
from engine.session_folder import RECORD, finished

CLINIC, SESSIONS = RECIPIENTS.parent, "sessions"
DEVICE, LEDGER, STATUS = "device.json", "ledger.jsonl", "status.json"
ENROLLING, AGAIN = "enrolling.json", "again"
ROUND_LOCK, RUNNING_LOCK = "sync.lock", "running.lock"
BUDGET_GB = 20.0
_OWNERS = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)  # Windows would change line ends


class NotEnrolled(ValueError):
    """A computer that belongs to no clinic, or does not know any more to which; the message says what to do."""


class Home(NamedTuple):
    """The folder that a computer was enrolled with, and the one in it that holds the finished sessions."""

    client: Path
    sessions: Path

    @property
    def clinic(self) -> Path:
        """The hidden folder of everything that is the clinic's."""
        return self.client / CLINIC


class Device(msgspec.Struct, frozen=True):
    """What this computer is at its clinic: the server's address, its own id there, and the ids of keys.

    `signing_key` signs its requests, `sealing_key` opens what is sealed on it, `clinic_key` is the clinic's.
    `budget_gb` is how much room recordings may take here.
    """

    server: str
    device: str
    name: str
    signing_key: str
    sealing_key: str
    clinic_key: str
    enrolled_at: str = ""
    budget_gb: float = BUDGET_GB


def home_of(folder: Path) -> Home:
    """The home that a folder belongs to: that of all sessions, the `sessions` folder in it, or one around that."""
    around = folder.absolute().parent
    if folder.name == SESSIONS and not (folder / CLINIC / DEVICE).exists() and (around / CLINIC / DEVICE).exists():
        return Home(around, folder)
    inside = folder / SESSIONS
    return Home(folder, inside if inside.is_dir() and not (inside / RECORD).exists() else folder)


def misplaced(home: Home) -> list[str]:
    """Finished sessions that lie beside the folder of sessions, where nobody sends them."""
    return [] if home.sessions == home.client else [folder.name for folder in finished(home.client)]


def device_of(home: Home) -> Device:
    """What this computer is at its clinic; raises NotEnrolled."""
    path = home.clinic / DEVICE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Device)
    except FileNotFoundError:
        raise NotEnrolled(
            "this computer is not enrolled with a clinic: ask the clinic for a code, and run "
            "steadyreach enrol CODE --server URL"
        ) from None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise NotEnrolled(
            f"{path} does not say any more to which clinic this computer belongs ({reason}): nothing is lost; ask the "
            "clinic for a code, and enrol it once more"
        ) from None


def keep(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all; raises OSError, and what was there before stays."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(new, _OWNERS, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
    settle(path.parent)
