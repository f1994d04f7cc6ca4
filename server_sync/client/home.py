"""Where a patient's computer keeps its sessions, and, hidden beside them, what it has from its clinic."""

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.sealing import RECIPIENTS, RecipientsUnreadable, recipients_in, write_whole
from engine.session_folder import NUMBERS, RECORD, finished

CLINIC, SESSIONS = RECIPIENTS.parent, "sessions"
DEVICE, LEDGER, STATUS = "device.json", "ledger.jsonl", "status.json"
ENROLLING, AGAIN = "enrolling.json", "again"
ROUND_LOCK, RUNNING_LOCK = "sync.lock", "running.lock"
BUDGET_GB = 20.0


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
    """The home that a folder belongs to, by whichever of its names it is called.

    A folder may be the one that was enrolled, or `sessions` in it, or one around an enrolled `sessions`. Sessions lie
    in `sessions` where there is such a folder, and else in the enrolled folder itself.
    """
    around, inside = folder.absolute().parent, folder / SESSIONS
    if folder.name == SESSIONS and _is_enrolled(around) and not _is_enrolled(folder):
        return Home(around, folder if folder.is_dir() or not _holds_sessions(around) else around)
    if _is_enrolled(inside) and not _is_enrolled(folder):
        return Home(inside, inside)
    return Home(folder, inside if inside.is_dir() and not (inside / RECORD).exists() else folder)


def misplaced(home: Home) -> list[Path]:
    """Finished sessions that lie beside the folder of sessions."""
    return [] if home.sessions == home.client else finished(home.client)


def gather(home: Home) -> list[str]:
    """Move sessions that lie beside the folder of sessions into it; the names of those that had to stay there."""
    return [folder.name for folder in misplaced(home) if not _moved(folder, home.sessions / folder.name)]


def unsealable(home: Home) -> str:
    """Why it is not known for whom to seal what is kept here, and what to do; "" where it is."""
    try:
        for folder in (home.client, home.sessions):
            recipients_in(folder)
    except RecipientsUnreadable as reason:
        return str(reason)
    return ""


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
    write_whole(path, content, path.with_name(f".{path.name}.{os.getpid()}"), mode=0o600)


def _is_enrolled(folder: Path) -> bool:
    return (folder / CLINIC / DEVICE).exists()


def _holds_sessions(folder: Path) -> bool:
    return (folder / NUMBERS).exists() or bool(finished(folder))


def _moved(folder: Path, place: Path) -> bool:
    """Whether a folder lies at a place now; never over another."""
    try:
        if place.exists():
            return False
        folder.rename(place)
    except OSError:
        return False
    return True
