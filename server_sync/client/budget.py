"""How much room recordings take on a patient's computer: those that the clinic has go, oldest first, never others.

A session's record stays, and so do its numbers for the therapist; what is not delivered is never removed.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from engine.session_folder import FRAMES
from server_sync import wire
from server_sync.client.home import LEDGER, Device, Home, NotEnrolled, device_of
from server_sync.client.outbox import DELIVERED, Entry, Ledger, survey

KEPT = timedelta(days=7)


class _Kept(NamedTuple):
    path: Path
    bytes: int
    entry: Entry | None


def make_room(
    home: Home, device: Device, held: Collection[str], now: datetime, at_clinic: Callable[[Path, str], bool]
) -> list[Path]:
    """Remove recordings that were delivered a week ago or longer while they take more than the budget; which went.

    `held` are the sessions that the clinic says it has, `now` is the time by its clock. Before a recording goes, it is
    read once more: it is the very file that the clinic gave its receipt for; and `at_clinic` makes sure, for a file and
    its hash, that the clinic has it whole at this moment. Where it cannot, the rest stays, too.
    """
    kept = list(_recordings(home, device))
    taken, removed = sum(each.bytes for each in kept), []
    for each in kept:
        if taken <= device.budget_gb * 1e9:
            break
        if each.entry and each.entry.id in held and _long_ago(each.entry, now) and _is(each, each.entry):
            if not at_clinic(each.path, each.entry.recording):
                break
            with suppress(OSError):
                each.path.unlink()
                taken -= each.bytes
                removed.append(each.path)
    return removed


def no_room(home: Home) -> str:
    """Why no recording can be begun, in a sentence; "" where one can, and on a computer of no clinic."""
    try:
        device = device_of(home)
    except NotEnrolled:
        return ""
    waiting = sum(each.bytes for each in _recordings(home, device) if each.entry is None)
    if waiting <= device.budget_gb * 1e9:
        return ""
    return (
        f"{home.sessions} holds {waiting / 1e9:.1f} GB of recordings that have not reached the clinic, and the budget "
        f"is {device.budget_gb:g} GB: connect this computer and run steadyreach sync, or allow more with --budget-gb"
    )


def _recordings(home: Home, device: Device) -> Iterator[_Kept]:
    """All recordings, the oldest first, each with its receipt if there is one."""
    ledger = Ledger(home.clinic / LEDGER, device.server, device.device)
    for each in survey(home)[0]:
        with suppress(OSError):
            entry = ledger.known(each.id, each.stamp)
            delivered = entry if entry and entry.state == DELIVERED and entry.recording else None
            path = each.folder / FRAMES
            yield _Kept(path, path.lstat().st_size, delivered)


def _long_ago(entry: Entry, now: datetime) -> bool:
    with suppress(ValueError, TypeError):
        return now - datetime.fromisoformat(entry.at) >= KEPT
    return False


def _is(kept: _Kept, entry: Entry) -> bool:
    with suppress(OSError):
        return wire.file_sha256(kept.path) == entry.recording
    return False
