"""Several threads' work in one transaction: what waits while one is committed goes into the next, together.

A transaction on the disk for good takes milliseconds, however much is in it.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Generic, TypeVar

from sqlalchemy import Connection

from server_sync.clinic.store import Store

MOST_AT_ONCE = 64
GATHER_S = 0.004
"""How long the first of a group waits for others; a transaction costs as much for one as for several."""

W = TypeVar("W")
R = TypeVar("R")


class GroupCommit(Generic[W, R]):
    """A thread that writes; `write` gets a connection and what came, and gives back an answer for each."""

    def __init__(self, store: Store, write: Callable[[Connection, Sequence[W]], Sequence[R]]) -> None:
        """Write into this database. The thread starts with the first work."""
        self._store, self._write = store, write
        self._waiting: SimpleQueue[tuple[W, Future[R]] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._starting = Lock()

    def do(self, work: W) -> "Future[R]":
        """Have it written; the answer comes once it is committed, or the reason why it is not."""
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="group commit", daemon=True)
                self._thread.start()
            answer: Future[R] = Future()
            self._waiting.put((work, answer))  # within, so that `close` is told to the thread after it
        return answer

    def close(self) -> None:
        """Write what waits, then end."""
        with self._starting:
            if self._thread is not None:
                self._waiting.put(None)
                self._thread.join()
                self._thread = None

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            time.sleep(GATHER_S)
            group, last = [first], False
            while len(group) < MOST_AT_ONCE and not last:
                try:
                    following = self._waiting.get_nowait()
                except Empty:
                    break
                if following is None:
                    last = True
                else:
                    group.append(following)
            self._commit(group)
            if last:
                return

    def _commit(self, group: "list[tuple[W, Future[R]]]") -> None:
        try:
            with self._store.writing() as db:
                answers = self._write(db, [work for work, _ in group])
        except Exception as reason:  # noqa: BLE001 - whatever it is, who waits must hear of it
            if len(group) == 1:
                group[0][1].set_exception(reason)
                return
            for each in group:  # one that cannot be written spoils it for nobody else
                self._commit([each])
            return
        for (_, future), answer in zip(group, answers, strict=True):
            future.set_result(answer)
