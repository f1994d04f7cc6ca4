"""Several processes that do the same: one that ends is started again, until all are told to end."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from threading import Thread
from types import FrameType
from typing import Any

_LOOK_EVERY_S = 0.5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 10.0
_LIVED_S = 5.0
_SPAWN = multiprocessing.get_context("spawn")


class Workers:
    """A number of processes that each call `work(*arguments, ready)`; they end with this process, however it ends."""

    def __init__(self, number: int, work: Callable[..., None], arguments: tuple[Any, ...], drain_s: float) -> None:
        """`drain_s` is how long they may take to finish what they have begun."""
        self._number, self._work, self._arguments, self._drain_s = number, work, arguments, drain_s
        self._ready = _SPAWN.Event()
        self._told_to_end = False
        self._running = list[SpawnProcess]()

    def run(self, ready: Callable[[], None]) -> None:
        """Start them and keep them running until this process is told to end; `ready` is told when the first works."""
        for name in ("SIGTERM", "SIGINT"):
            signal.signal(getattr(signal, name), self._end)
        told, pause_s = False, _FIRST_PAUSE_S
        started = time.monotonic()
        self._running = [self._start() for _ in range(self._number)]
        while not self._told_to_end:
            if not told and self._ready.is_set():
                told = True
                ready()
            wait([each.sentinel for each in self._running], _LOOK_EVERY_S if told else 0.05)
            if not self._told_to_end and not all(each.is_alive() for each in self._running):
                # One that ends again and again as it starts shall not take the whole machine.
                pause_s = (
                    _FIRST_PAUSE_S if time.monotonic() - started > _LIVED_S else min(2 * pause_s, _LONGEST_PAUSE_S)
                )
                time.sleep(pause_s)
                started = time.monotonic()
                self._running = [each if each.is_alive() else self._start() for each in self._running]
        self._stop()

    def _start(self) -> SpawnProcess:
        process = _SPAWN.Process(target=_run, args=(self._work, self._arguments, self._ready), daemon=True)
        process.start()
        return process

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_end = True

    def _stop(self) -> None:
        for each in self._running:
            each.terminate()
        end_s = time.monotonic() + self._drain_s
        for each in self._running:
            each.join(max(0.0, end_s - time.monotonic()))
            each.kill()


def _run(work: Callable[..., None], arguments: tuple[Any, ...], ready: Any) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    work(*arguments, ready.set)


def _end_with_parent() -> None:
    """A worker without its parent would hold the port, and nobody would know of it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
