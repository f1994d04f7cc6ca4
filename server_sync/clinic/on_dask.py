"""Measures of every recording, made on a Dask cluster that is there already, and written here."""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from engine.sealing import PrivateKeys
from server_sync.clinic.jobs import MOST_ATTEMPTS, Failure
from server_sync.clinic.objects import Objects
from server_sync.clinic.recompute import Found, Measuring, Recompute, Task, Where, measured
from server_sync.clinic.tiers import Kept, RecordingDamaged, kept
from server_sync.clinic.vault import read_with

AT_ONCE_EACH = 4
"""Tasks that wait for each thread of the cluster: enough to keep it busy, few enough to hold their recordings."""


class OtherVersion(ValueError):
    """A worker has another version of the measures; the message says which."""


class _Asked(NamedTuple):
    """What a worker has to know: the task, by which version, and where its recording is, or what it is."""

    measuring: Measuring
    version: str
    task: Task
    keys: PrivateKeys
    where: Where
    sent: Kept | None


def recompute(work: Recompute, address: str, told: Callable[[int, int], None]) -> list[Failure]:
    """Measure what is missing on the cluster at `address`; gives those that could not be measured.

    The workers read recordings where they can, and are sent them where they cannot. What came back is written at
    once, so that whoever is interrupted goes on where it was. `told` is called with how many are done, of how many.
    """
    import distributed

    recordings, failures, done = work.missing(), list[Failure](), 0
    with distributed.Client(address) as client:  # type: ignore[no-untyped-call]
        ahead = iter(recordings)
        room = AT_ONCE_EACH * max(1, sum(client.nthreads().values()))
        waiting = {_submitted(client, work, one): one for one in islice(ahead, room)}
        while waiting:
            ended = distributed.wait(list(waiting), return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
            for future in ended.done:
                recording = waiting.pop(future)
                try:
                    again = _received(client, work, recording, future)
                except Exception as reason:  # noqa: BLE001 - whatever is the matter with one must not stop the others
                    failures.append(Failure(work.kind, recording, MOST_ATTEMPTS, f"{type(reason).__name__}: {reason}"))
                    again = None
                done += again is None
                following = {again: recording} if again else {}
                waiting |= following or {_submitted(client, work, one): one for one in islice(ahead, 1)}
            told(done, len(recordings))
    return sorted(failures)


def measured_there(asked: _Asked) -> Found | None:
    """Measure on another computer; None where the recording was not sent and cannot be read from there.

    Raises OtherVersion.
    """
    version = asked.measuring.version()
    if version != asked.version:
        raise OtherVersion(f"a worker has measures {version}, asked for are {asked.version}: install the same software")
    sent = asked.sent or _read(asked.where, asked.task)
    return None if sent is None else measured(asked.measuring, asked.task, asked.keys, sent)


def _received(client: Any, work: Recompute, recording: str, future: Any) -> Any:
    """Write what came back; gives a new future where the recording has to be sent."""
    found = future.result()
    if found is None:
        return _submitted(client, work, recording, kept(work.vault.read, recording))
    work.keep(found)
    return None


def _submitted(client: Any, work: Recompute, recording: str, sent: Kept | None = None) -> Any:
    asked = _Asked(work.measuring, work.version, work.task(recording), work.keys, work.where, sent)
    # A key of its own: Dask must not take the answer of another time for this one's.
    return client.submit(measured_there, asked, pure=False, retries=MOST_ATTEMPTS - 1)


def _read(where: Where, task: Task) -> Kept | None:
    if not where.url and not where.folder.is_dir():
        return None
    try:
        return kept(partial(read_with, Objects(*where), task.key), task.recording)
    except (OSError, RecordingDamaged):
        return None
