"""Commands of our own in processes of their own: started, killed as by a power cut, and started again."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

PROGRAM = (sys.executable, "-P", "-m", "steadyreach")


class Program:
    """A command that is started, and killed when its time has come."""

    def __init__(self, *words: object, stdout: int | None = subprocess.DEVNULL, stderr: int | None = None) -> None:
        """Take the command and its options, and where goes what it says."""
        self.words = [*PROGRAM, *map(str, words)]
        self.process: subprocess.Popen[str] | None = None
        self.dies_at_s = 0.0
        self._stdout, self._stderr = stdout, stderr

    def start(self) -> None:
        """Start it, unless it runs."""
        if self.process is None or self.process.poll() is not None:
            self._forget()
            self.process = subprocess.Popen(  # noqa: S603 (this program)
                self.words,
                stdin=subprocess.DEVNULL,
                stdout=self._stdout,
                stderr=self._stderr,
                encoding="utf-8",
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it, and what it started, as a power cut does."""
        if self.process is not None and hasattr(os, "killpg"):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        elif self.process is not None:
            self.process.kill()
        self._forget()

    def end(self) -> None:
        """Have it end by itself."""
        if self.process is not None:
            self.process.terminate()
        self._forget()

    def turn(self, rng: random.Random, lives_s: tuple[float, float]) -> int:
        """Kill it if its time has come, and start it again; the number of kills."""
        if time.monotonic() < self.dies_at_s:
            self.start()
            return 0
        killed = self.process is not None and self.process.poll() is None
        self.kill()
        self.dies_at_s = time.monotonic() + rng.uniform(*lives_s)
        self.start()
        return killed

    def _forget(self) -> None:
        if self.process is not None:
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()
        self.process = None
