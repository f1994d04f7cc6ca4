"""Worker processes: started, watched, and started again where one ended in the middle of a job."""

import os
import secrets
import socket
import time
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from types import TracebackType

from server_sync.clinic.jobs import Jobs

LOOK_S = 0.1
MOST_IDLE_ENDS = 4
_TO_END_S = 10.0


class WorkersFail(RuntimeError):
    """Workers end again and again before they have begun a job: what is wrong is with them, not with a job."""


class Crew:
    """Some worker processes; a context manager, after which none is left.

    `entry` is a function of a module that is given the worker's name; it ends without an error when there is nothing
    left to do, and soon after `orphaned` says that the process it was started from is gone.
    """

    def __init__(self, jobs: Jobs, count: int, entry: Callable[[str], None]) -> None:
        """Start them; each begins with a fresh interpreter, as on every system."""
        self._jobs, self._entry, self._idle_ends = jobs, entry, 0
        self._running = dict(self._started() for _ in range(count))

    def watch(self, told: Callable[[], None]) -> None:
        """Wait until all ended well, and call `told` now and then; raises WorkersFail."""
        while self._running:
            told()
            time.sleep(LOOK_S)
            for name, process in list(self._running.items()):
                if not process.is_alive():
                    del self._running[name]
                    self._ended(name, process)
        told()

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._running.values():
            process.terminate()
        for name, process in self._running.items():
            process.join(_TO_END_S)
            process.kill()
            process.join()
            self._jobs.release(name)

    def _started(self) -> tuple[str, BaseProcess]:
        name = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
        process = get_context("spawn").Process(target=self._entry, args=(name,), daemon=True)
        process.start()
        return name, process

    def _ended(self, name: str, process: BaseProcess) -> None:
        released = self._jobs.release(name)
        if process.exitcode == 0:
            return
        # One that was killed at its work may be the victim of its job, which the jobs table counts.
        self._idle_ends += not released
        if self._idle_ends > MOST_IDLE_ENDS:
            raise WorkersFail(f"workers end before they begin a job, the last one with exit code {process.exitcode}")
        self._running |= [self._started()]


def orphaned() -> bool:
    """Whether the process that started this one is gone."""
    parent = parent_process()
    return parent is not None and not parent.is_alive()
