"""How delivery stands, for whoever looks: a file that is written after every step, and what it says in words."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec

from engine.keys import Keys
from engine.sealing import RecipientsUnreadable, Unopened, opened, recipients_in, sealed
from server_sync import wire
from server_sync.client.home import (
    DEVICE,
    LEDGER,
    STATUS,
    Device,
    Home,
    NotEnrolled,
    device_of,
    keep,
    misplaced,
    unsealable,
)
from server_sync.client.outbox import DELIVERED, SET_ASIDE, Ledger, hashes, survey
from server_sync.client.outcome import Delivery

FAR_OFF_S = 120.0


class Status(msgspec.Struct, frozen=True):
    """How it stood after the last step: `problem` is why not all is delivered, `next_try_at` when it is tried again.

    Moments are ISO 8601 by this computer's clock; "" where there is none. `reached_at` is when the clinic answered
    last.
    """

    at: str
    problem: str = ""
    reached_at: str = ""
    next_try_at: str = ""
    set_aside: Mapping[str, str] = {}
    lost: Mapping[str, str] = {}
    clock: wire.Clock | None = None
    prescriptions: Mapping[str, int] = {}
    notes: tuple[str, ...] = ()


wire.meet(Status)


def write(home: Home, done: Delivery) -> None:
    """Keep how it stands after a step; a disk that does not take it stops no delivery."""
    now, before = datetime.now(UTC), read(home)
    at = now.isoformat(timespec="seconds")
    waits = done.waiting and done.wait_s
    here = {*done.delivered, *done.already_there, *done.waiting, *done.set_aside}
    status = Status(
        at=at,
        problem=done.problem,
        reached_at=at if done.clock else before.reached_at,
        next_try_at=(now + timedelta(seconds=done.wait_s)).isoformat(timespec="seconds") if waits else "",
        set_aside=done.set_aside,
        lost={name: why for name, why in {**before.lost, **done.lost}.items() if name not in here},
        clock=done.clock or before.clock,
        prescriptions=done.prescriptions or before.prescriptions,
        notes=done.notes,
    )
    _keep(home, status)


def write_problem(home: Home, problem: str) -> None:
    """Keep why no delivery can begin, beside how it stood last; nothing on a computer of no clinic."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    if (home.clinic / DEVICE).exists():
        _keep(home, msgspec.structs.replace(read(home), at=at, problem=problem, next_try_at=""))


def read(home: Home) -> Status:
    """How it stood last; nothing is known where that cannot be read."""
    with suppress(OSError, Unopened, msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(opened((home.clinic / STATUS).read_bytes(), Keys()), type=Status)
    return Status(at="")


def standing(home: Home, problem: str = "") -> Delivery:
    """How it stands, from the folder and what was known last; nobody is asked. `problem` is what holds it up now."""
    last = read(home)
    try:
        device: Device | None = device_of(home)
    except NotEnrolled as reason:
        device, problem = None, problem or str(reason)
    there, waiting, set_aside = _sorted_out(home, device, last)
    return Delivery(
        already_there=there,
        waiting=waiting,
        set_aside=set_aside,
        lost=last.lost,
        problem=problem or unsealable(home) or last.problem,
        clock=last.clock,
        prescriptions=last.prescriptions,
        notes=last.notes,
    )


def hashed(home: Home, done: Delivery, keys: Keys) -> Delivery:
    """The same with the SHA-256 of each record, where it can be read."""
    device: Device | None = None
    with suppress(NotEnrolled):
        device = device_of(home)
    return replace(done, sha256=hashes(home, _ledger(home, device), keys))


def in_words(home: Home, keys: Keys) -> str:
    """How delivery stands, and what to do about what does not."""
    now, last = standing(home), read(home)
    try:
        device = device_of(home)
    except NotEnrolled as reason:
        return str(reason)
    reached = f", which answered last at {last.reached_at}" if last.reached_at else ""
    lines = [f"Enrolled at {device.server}{reached}; the keys are in {keys.where()}."]
    if not (now.waiting or now.set_aside):
        lines.append(f"All {len(now.already_there)} sessions are delivered.")
    if now.waiting:
        again = f", tried again at {last.next_try_at}" if last.next_try_at else ""
        lines.append(f"{len(now.waiting)} waiting since {_since(home, now.waiting)}{again}. Nothing is lost.")
    lines += [f"What is the matter: {now.problem}."] if now.problem else []
    lines += [f"{name} was set aside: {reason}" for name, reason in now.set_aside.items()]
    if now.set_aside:
        lines.append("Their files are untouched: tell the clinic, and run steadyreach sync --retry when it says so.")
    lines += [f"{name} is lost: {reason}; the clinic knows" for name, reason in now.lost.items()]
    lines += [_clock_in_words(now.clock)] if now.clock else []
    lines += [f"The plan of {patient} is version {version}." for patient, version in now.prescriptions.items()]
    return "\n".join([*lines, *now.notes])


def _keep(home: Home, status: Status) -> None:
    with suppress(OSError, RecipientsUnreadable):
        keep(home.clinic / STATUS, sealed(msgspec.json.encode(status), recipients_in(home.client)))


def _sorted_out(
    home: Home, device: Device | None, last: Status
) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """The sessions that are delivered, those that wait, and those that are set aside with the reason of each."""
    ledger = _ledger(home, device)
    there, waiting, set_aside = list[str](), list[str](), dict[str, str]()
    for each in survey(home)[0]:
        entry = ledger.known(each.id, each.stamp) if ledger else None
        if entry and entry.state == DELIVERED:
            there.append(each.id)
        elif entry and entry.state == SET_ASIDE:
            set_aside[each.id] = entry.reason
        elif each.id in last.set_aside:
            set_aside[each.id] = last.set_aside[each.id]
        else:
            waiting.append(each.id)
    waiting += [folder.name for folder in misplaced(home) if folder.name not in last.set_aside]
    return tuple(there), tuple(waiting), set_aside


def _ledger(home: Home, device: Device | None) -> Ledger | None:
    return Ledger(home.clinic / LEDGER, device.server, device.device) if device else None


def _since(home: Home, waiting: Sequence[str]) -> str:
    """When the first of some sessions was finished, by this computer's clock."""
    with suppress(OSError):
        folders = (folder / name for name in waiting for folder in (home.sessions, home.client))
        finished_s = min(folder.stat().st_mtime for folder in folders if folder.is_dir())
        return datetime.fromtimestamp(finished_s).astimezone().isoformat(timespec="minutes")
    return "some time"


def _clock_in_words(clock: wire.Clock) -> str:
    ahead = "behind" if clock.offset_s > 0 else "ahead of"
    off = f"This computer's clock is {abs(clock.offset_s):.1f} s (± {clock.within_s:.1f} s) {ahead} the clinic's"
    return f"{off}: set it." if abs(clock.offset_s) > FAR_OFF_S else f"{off}."
