"""Jobs are done once each, whatever becomes of the workers; on both databases, by several processes."""

import multiprocessing
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from at_work import double_all, doubling, end
from sqlalchemy import Connection, select

from server_sync.clinic import workers
from server_sync.clinic.jobs import (
    DONE,
    FAILED,
    MOST_ATTEMPTS,
    POSTPONED,
    RUNNING,
    WAITING,
    Hopeless,
    Jobs,
    Postponed,
    Writing,
    work,
)
from server_sync.clinic.keys import Keys
from server_sync.clinic.place import DATABASE, KEYS, sqlite_url
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Setting
from server_sync.clinic.workers import Crew, WorkersFail

KIND = ("double",)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def go(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path_factory.mktemp("clinic") / DATABASE)
    return str(request.getfixturevalue("new_postgres")())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Iterator[Store]:
    keys = Keys(sqlite_url(tmp_path / KEYS))
    store = Store(url, keys)
    with store.writing() as db:
        for table in ("job", "setting"):
            db.exec_driver_sql(f"DELETE FROM {table}")
    yield store
    store.close()
    keys.close()


@pytest.fixture
def jobs(store: Store, clock: Clock) -> Jobs:
    return Jobs(store, clock, lease_s=60)


def test_a_job_is_added_once(jobs: Jobs) -> None:
    assert jobs.add("double", ["a", "b", "a"]) == 2
    assert jobs.add("double", ["b", "c"]) == 1
    assert jobs.counts(KIND) == {WAITING: 3}


def test_more_jobs_are_added_at_once_than_a_statement_takes(jobs: Jobs) -> None:
    assert jobs.add("double", (str(number) for number in range(1203))) == 1203


def test_two_workers_never_hold_the_same_job(jobs: Jobs) -> None:
    jobs.add("double", ["a", "b"])
    held = [jobs.claim(worker, KIND) for worker in ("one", "two", "three")]
    assert [job and job.key for job in held] == ["a", "b", None]


def test_a_worker_claims_only_the_kinds_it_knows(jobs: Jobs) -> None:
    jobs.add("halve", ["a"])
    assert jobs.claim("one", KIND) is None


def test_a_job_whose_worker_fell_silent_is_claimed_again_and_the_first_worker_writes_nothing(
    jobs: Jobs, clock: Clock
) -> None:
    jobs.add("double", ["a"])
    first = jobs.claim("one", KIND)
    clock.go(61)
    second = jobs.claim("one", KIND)
    assert first
    assert second
    assert second.attempt == 2
    assert (jobs.done(first, _refuse), jobs.beat(first), jobs.done(second)) == (False, False, True)


def test_a_beat_keeps_a_job(jobs: Jobs, clock: Clock) -> None:
    jobs.add("double", ["a"])
    job = jobs.claim("one", KIND)
    clock.go(50)
    assert job
    assert jobs.beat(job)
    clock.go(50)
    assert jobs.claim("two", KIND) is None


def test_what_cannot_be_written_is_not_done(jobs: Jobs) -> None:
    jobs.add("double", ["a"])
    job = jobs.claim("one", KIND)
    assert job
    with pytest.raises(ZeroDivisionError):
        jobs.done(job, lambda _: 1 / 0)
    assert jobs.counts(KIND) == {RUNNING: 1}


def test_a_failed_job_waits_longer_each_time_then_it_is_given_up_and_listed(jobs: Jobs, clock: Clock) -> None:
    jobs.add("double", ["poison"])
    pauses_s = []
    for _ in range(MOST_ATTEMPTS):
        began = clock()
        while (job := jobs.claim("one", KIND)) is None:
            clock.go(1)
        pauses_s.append((clock() - began).total_seconds())
        jobs.failed(job, "it is poison")
    assert pauses_s == [0, 1, 2, 4, 8]
    assert jobs.failures(KIND) == [("double", "poison", MOST_ATTEMPTS, "it is poison")]


def test_hopeless_work_is_given_up_at_once(store: Store) -> None:
    jobs = Jobs(store, Clock())
    jobs.add("double", ["a"])

    def hopeless(key: str) -> Writing:
        raise Hopeless(f"{key} will never be a number")

    work(jobs, "one", {"double": hopeless}, until_empty=True)
    assert jobs.failures(KIND) == [("double", "a", 1, "Hopeless: a will never be a number")]


def test_work_that_is_postponed_is_tried_for_ever_and_nobody_waits_for_it(jobs: Jobs, clock: Clock) -> None:
    jobs.add("double", ["a"])
    tried = []

    def later(key: str) -> Writing:
        tried.append(key)
        raise Postponed("the other side is away", 100.0)

    for number in range(1, MOST_ATTEMPTS + 3):
        work(jobs, "one", {"double": later}, until_empty=True)
        assert (len(tried), jobs.counts(KIND), jobs.left(KIND)) == (number, {POSTPONED: 1}, 0)
        clock.go(99)
        assert jobs.claim("one", KIND) is None
        clock.go(2)
    job = jobs.claim("one", KIND)
    assert job
    assert job.attempt == 1
    assert jobs.done(job)


def test_a_job_that_ends_each_of_its_workers_is_given_up(jobs: Jobs, clock: Clock) -> None:
    jobs.add("double", ["poison", "good"])
    for _ in range(MOST_ATTEMPTS):
        job = jobs.claim("one", KIND)
        assert job
        assert job.key == "poison"
        clock.go(61)
    job = jobs.claim("one", KIND)
    assert job
    assert job.key == "good"
    assert jobs.counts(KIND) == {FAILED: 1, RUNNING: 1}


def test_what_was_given_up_is_tried_again_when_asked_for(jobs: Jobs, clock: Clock) -> None:
    test_a_failed_job_waits_longer_each_time_then_it_is_given_up_and_listed(jobs, clock)
    assert jobs.again(KIND) == 1
    assert (jobs.claim("one", KIND) or KIND)[4] == 1


def test_what_an_ended_worker_held_is_free_at_once(jobs: Jobs) -> None:
    jobs.add("double", ["a"])
    jobs.claim("one", KIND)
    assert jobs.release("one") == 1
    assert jobs.claim("two", KIND)


def test_a_worker_goes_on_after_a_job_that_fails(store: Store) -> None:
    jobs = Jobs(store, lambda: datetime.now(UTC))
    jobs.add("double", ["x", "2"])
    over = iter([False, False, True])
    work(jobs, "one", {"double": doubling}, until_empty=True, stopped=lambda: next(over))
    assert _results(store) == {"2": "22"}
    assert jobs.counts(KIND) == {DONE: 1, WAITING: 1}


def test_a_worker_that_takes_longer_than_its_lease_keeps_its_job_by_beating(store: Store) -> None:
    jobs = Jobs(store, lambda: datetime.now(UTC), lease_s=0.3)
    jobs.add("double", ["2"])

    def slowly(key: str) -> Writing:
        time.sleep(0.6)
        assert jobs.claim("another", KIND) is None
        return doubling(key)

    work(jobs, "one", {"double": slowly}, until_empty=True)
    assert jobs.counts(KIND) == {DONE: 1}


def test_workers_that_are_killed_in_the_middle_leave_each_result_there_once(url: str, store: Store) -> None:
    jobs = Jobs(store, lambda: datetime.now(UTC))
    keys = [f"{number:02}" for number in range(40)]
    jobs.add("double", keys)
    before, killed = multiprocessing.active_children(), set()  # servers that tests share run beside

    def kill_one() -> None:
        workers = [process for process in multiprocessing.active_children() if process not in before]
        running = [process for process in workers if process.pid not in killed]
        if len(killed) < 2 and jobs.counts(KIND).get(DONE, 0) > 5 * len(killed) and running:
            running[0].kill()
            killed.add(running[0].pid)

    with Crew(jobs, 2, partial(double_all, url)) as crew:
        crew.watch(kill_one)
    assert len(killed) == 2
    assert _results(store) == {key: f"{key}{key}" for key in keys}
    assert jobs.counts(KIND) == {DONE: 40}


def test_workers_that_end_before_they_begin_are_not_started_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MOST_IDLE_ENDS", 1)
    keys = Keys(sqlite_url(tmp_path / KEYS))
    store = Store(sqlite_url(tmp_path / DATABASE), keys)
    before = multiprocessing.active_children()
    with pytest.raises(WorkersFail, match="exit code 3"), Crew(Jobs(store, Clock()), 1, end) as crew:
        crew.watch(lambda: None)
    assert multiprocessing.active_children() == before
    store.close()
    keys.close()


def _refuse(_: Connection) -> None:
    raise AssertionError("a job that was lost must not write")


def _results(store: Store) -> dict[str, str]:
    with store.reading() as db:
        return {row.name: row.value for row in db.execute(select(Setting.name, Setting.value))}
