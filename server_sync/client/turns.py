"""Deliveries of one folder, one after the other: whoever else delivers it, on this computer or another, has to wait."""

import hashlib
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from engine.session_folder import finished
from server_sync.client.home import AGAIN, ROUND_LOCK, RUNNING_LOCK, Home
from server_sync.client.outcome import Delivery
from server_sync.client.patience import Patience, Pauses

LOOK_S, REST_S = 5.0, 900.0
POLL_S = 0.05
HANDED_OVER_S = 1.0
FOR_EVER = -1.0

Round = Callable[[], Delivery]
Told = Callable[[Delivery], None]


class Busy(Exception):
    """Another program delivers the folder, and did not end in time."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("another delivery of this folder is going on; nothing is lost")


def one(home: Home, patience_s: float, deliver: Round) -> Delivery:
    """One delivery, as soon as no other goes on; raises Busy when patience ends."""
    lock = _locked(home, ROUND_LOCK, patience_s)
    try:
        return deliver()
    finally:
        lock.release()


def until_delivered(home: Home, patience: Patience, deliver: Round, tell: Told, keep: bool = False) -> Delivery:
    """Deliver until nothing waits any more, however long it takes; with `keep`, go on watching for what is finished.

    `tell` is told of each round, with the seconds until the next. Where another program does the same already, it is
    asked to look once more, and Busy is raised: it delivers what this one would have.
    """
    while True:
        lock = _running(home)
        try:
            with suppress(OSError):
                (home.clinic / AGAIN).unlink(missing_ok=True)
            done = _rounds(home, patience, deliver, tell)
            while keep:
                _rest(home, patience)
                done = _rounds(home, patience, deliver, tell)
        finally:
            lock.release()
        if not (home.clinic / AGAIN).exists():
            return done


def _rounds(home: Home, patience: Patience, deliver: Round, tell: Told) -> Delivery:
    """Rounds, with longer and longer pauses while nothing goes, until nothing waits."""
    pauses, before = Pauses(patience.jitter), -1
    while True:
        done = one(home, FOR_EVER, deliver)
        if len(done.waiting) != before:
            pauses, before = Pauses(patience.jitter), len(done.waiting)
        wait_s = pauses.next(done.wait_s) if done.waiting else 0.0
        tell(replace(done, wait_s=wait_s))
        if not done.waiting:
            return done
        patience.sleep(wait_s)


def _rest(home: Home, patience: Patience) -> None:
    """Wait for another session, or until it is time to ask what the clinic prescribes."""
    seen, end = _names(home), patience.clock() + REST_S
    while patience.clock() < end and _names(home) == seen:
        patience.sleep(LOOK_S)


def _names(home: Home) -> frozenset[str]:
    return frozenset(folder.name for folder in finished(home.sessions))


def _running(home: Home) -> FileLock:
    """Be the one that goes on until all is delivered; raises Busy where there is one, which looks once more then."""
    try:
        return _locked(home, RUNNING_LOCK, 0.0)
    except Busy:
        with suppress(OSError):
            (home.clinic / AGAIN).touch()
    return _locked(home, RUNNING_LOCK, HANDED_OVER_S)  # the other one may have looked for the last time just before


def _locked(home: Home, name: str, patience_s: float) -> FileLock:
    """A lock that ends with this process; where the folder cannot be written, it lies among temporary files."""
    try:
        home.clinic.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _acquired(home.clinic / name, patience_s)
    except OSError:
        of = hashlib.sha256(str(home.client.resolve()).encode()).hexdigest()[:16]
        return _acquired(Path(tempfile.gettempdir()) / f"steadyreach-{of}-{name}", patience_s)


def _acquired(path: Path, patience_s: float) -> FileLock:
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=patience_s, poll_interval=POLL_S)
    except Timeout:
        raise Busy from None
    return lock
