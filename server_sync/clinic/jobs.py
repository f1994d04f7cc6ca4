"""The jobs table: work that is done once, by any number of workers in any number of processes and machines.

A worker leases a job and says now and then that it is alive; the job of one that fell silent is leased again. What
comes of a job is written in the transaction that ends it, so that it is there once even where two worked on it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, or_, select, update
from sqlalchemy.exc import OperationalError

from server_sync.clinic.store import Store
from server_sync.clinic.tables import Job

WAITING, RUNNING, DONE, FAILED, POSTPONED = "waiting", "running", "done", "failed", "postponed"
MOST_ATTEMPTS = 5
LEASE_S = 60.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 300.0
LOOK_AGAIN_S = 0.25
BEATS_PER_LEASE = 4
_ROWS_AT_ONCE = 500
_LONGEST_ERROR = 1000

Writing = Callable[[Connection], None]
Work = Callable[[str], Writing]
"""Does the work on a key and gives what shall be written when the job ends; an exception is a failed attempt."""


class Hopeless(Exception):
    """Work that would fail every time: its job is given up at once; the message says why."""


class Postponed(Exception):
    """Work that cannot be done now, through no fault of its own: it is to be tried again in some time, in seconds."""

    def __init__(self, reason: str, wait_s: float) -> None:
        """Keep how long to wait."""
        super().__init__(reason)
        self.wait_s = wait_s


class Claimed(NamedTuple):
    """A job that a worker holds; `attempt` counts from 1 and tells this lease from those before."""

    id: int
    kind: str
    key: str
    worker: str
    attempt: int


class Failure(NamedTuple):
    """A job that is given up, until somebody asks for it again: what it was, and how its last attempt ended."""

    kind: str
    key: str
    attempts: int
    error: str


class Jobs:
    """The jobs of one clinic.

    Leases are measured with the clock `now` of each worker: where clocks differ by more than a lease, work is done
    twice, and its result is still written once.
    """

    def __init__(self, store: Store, now: Callable[[], datetime], lease_s: float = LEASE_S) -> None:
        """Use this database and this clock; a worker that is silent for `lease_s` has lost its job."""
        self._store, self.now, self.lease_s = store, now, lease_s

    def add(self, kind: str, keys: Iterable[str]) -> int:
        """Have work done on each key, once: what was added before stays as it is. Gives the number of new jobs."""
        rows = [{"kind": kind, "key": key, "created_at": self.now()} for key in keys]
        with self._store.writing() as db:
            some = (rows[start : start + _ROWS_AT_ONCE] for start in range(0, len(rows), _ROWS_AT_ONCE))
            return sum(len(db.execute(self._store.once(Job).values(each).returning(Job.id)).all()) for each in some)

    def again(self, kinds: Sequence[str]) -> int:
        """Have jobs that were given up tried again from the beginning; gives their number."""
        given_up = Job.kind.in_(kinds), Job.state == FAILED
        with self._store.writing() as db:
            return db.execute(update(Job).where(*given_up).values(state=WAITING, attempts=0, lease_until=None)).rowcount

    def claim(self, worker: str, kinds: Sequence[str]) -> Claimed | None:
        """Lease the oldest job of these kinds that nobody holds and that is not paused; None when there is none.

        A job whose workers fell silent as often as a job may fail is given up.
        """
        while True:
            now = self.now()
            nobody = or_(Job.lease_until.is_(None), Job.lease_until <= now)
            free = Job.kind.in_(kinds), Job.state.in_((WAITING, RUNNING, POSTPONED)), nobody
            columns = Job.id, Job.kind, Job.key, Job.attempts
            oldest = select(*columns).where(*free).order_by(Job.id).limit(1).with_for_update(skip_locked=True)
            with self._store.writing() as db:
                found = db.execute(oldest).first()
                if found is None:
                    return None
                job = Claimed(found.id, found.kind, found.key, worker, found.attempts + 1)
                if found.attempts < MOST_ATTEMPTS:
                    until = now + timedelta(seconds=self.lease_s)
                    mine = {"state": RUNNING, "worker": worker, "attempts": job.attempt, "lease_until": until}
                    db.execute(update(Job).where(Job.id == job.id).values(mine))
                    return job
                silent = f"its worker fell silent {found.attempts} times"
                db.execute(update(Job).where(Job.id == job.id).values(state=FAILED, error=silent, lease_until=None))

    def beat(self, job: Claimed) -> bool:
        """Say that its worker is alive; False when another one has the job by now."""
        until = self.now() + timedelta(seconds=self.lease_s)
        with self._store.writing() as db:
            return db.execute(update(Job).where(*_held(job)).values(lease_until=until)).rowcount == 1

    def done(self, job: Claimed, write: Writing = lambda _: None) -> bool:
        """End a job and write what came of it, both or neither; False, and nothing written, when it was lost."""
        ended = {"state": DONE, "error": "", "lease_until": None, "done_at": self.now()}
        with self._store.writing() as db:
            if db.execute(update(Job).where(*_held(job)).values(ended)).rowcount != 1:
                return False
            write(db)
            return True

    def failed(self, job: Claimed, error: str, hopeless: bool = False) -> None:
        """Put a job back for later, after a pause that grows; after the last attempt, or a hopeless one, give it up."""
        pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** (job.attempt - 1))
        later = {"state": WAITING, "lease_until": self.now() + timedelta(seconds=pause_s)}
        again = job.attempt < MOST_ATTEMPTS and not hopeless
        after = later if again else {"state": FAILED, "lease_until": None}
        with self._store.writing() as db:
            db.execute(update(Job).where(*_held(job)).values(error=error[:_LONGEST_ERROR], **after))

    def postpone(self, job: Claimed, reason: Postponed) -> None:
        """Put a job back for later, as if nobody had tried; nobody waits for it who waits for the others to end."""
        later = {"state": POSTPONED, "attempts": 0, "lease_until": self.now() + timedelta(seconds=reason.wait_s)}
        with self._store.writing() as db:
            db.execute(update(Job).where(*_held(job)).values(error=str(reason)[:_LONGEST_ERROR], **later))

    def release(self, worker: str) -> int:
        """Give back what a worker holds that is known to have ended: nobody has to wait for its lease."""
        with self._store.writing() as db:
            mine = Job.worker == worker, Job.state == RUNNING
            return db.execute(update(Job).where(*mine).values(state=WAITING, lease_until=None)).rowcount

    def counts(self, kinds: Sequence[str]) -> Mapping[str, int]:
        """How many jobs of these kinds are in each state; a state without any is not in it."""
        query = select(Job.state, func.count().label("jobs")).where(Job.kind.in_(kinds)).group_by(Job.state)
        with self._store.reading() as db:
            return {row.state: row.jobs for row in db.execute(query)}

    def left(self, kinds: Sequence[str]) -> int:
        """How many jobs of these kinds are neither done, nor given up, nor postponed."""
        counts = self.counts(kinds)
        return counts.get(WAITING, 0) + counts.get(RUNNING, 0)

    def failures(self, kinds: Sequence[str]) -> list[Failure]:
        """The jobs that were given up, the oldest first."""
        columns = Job.kind, Job.key, Job.attempts, Job.error
        query = select(*columns).where(Job.kind.in_(kinds), Job.state == FAILED).order_by(Job.id)
        with self._store.reading() as db:
            return [Failure(*row) for row in db.execute(query)]


def work(
    jobs: Jobs, worker: str, works: Mapping[str, Work], until_empty: bool, stopped: Callable[[], bool] = lambda: False
) -> None:
    """Work jobs off, each kind in its own way, until there are none left, or for ever, or until it is `stopped`."""
    kinds = tuple(works)
    while not stopped():
        job = jobs.claim(worker, kinds)
        if job is not None:
            _do(jobs, job, works[job.kind])
        elif until_empty and not jobs.left(kinds):
            return
        else:
            time.sleep(LOOK_AGAIN_S)


def _do(jobs: Jobs, job: Claimed, how: Work) -> None:
    try:
        with _beating(jobs, job):
            write = how(job.key)
        jobs.done(job, write)
    except Postponed as reason:
        jobs.postpone(job, reason)
    except Exception as reason:  # noqa: BLE001 - whatever is the matter with one job must not stop its worker
        jobs.failed(job, f"{type(reason).__name__}: {reason}", isinstance(reason, Hopeless))


@contextmanager
def _beating(jobs: Jobs, job: Claimed) -> Iterator[None]:
    ended = Event()

    def beat() -> None:
        while not ended.wait(jobs.lease_s / BEATS_PER_LEASE):
            with suppress(OperationalError):  # a database that is away may be back before the lease is over
                jobs.beat(job)

    heart = Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield
    finally:
        ended.set()
        heart.join()


def _held(job: Claimed) -> tuple[Any, ...]:
    return Job.id == job.id, Job.worker == job.worker, Job.attempts == job.attempt, Job.state == RUNNING
