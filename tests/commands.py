"""Commands as somebody enters them, each in a process of its own, which need not import everything anew."""

import multiprocessing
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WAY = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
IMPORTED = (
    "alembic.command", "argon2", "httpx", "jinja2", "keyring", "litestar", "matplotlib.figure", "msgpack", "numpy",
    "obstore", "pyarrow", "pydantic", "rich.markdown", "rich.progress", "scipy.fft", "scipy.signal", "scipy.spatial",
    "scipy.special", "sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "typer.rich_utils", "zstandard",
    "calibration.preview", "engine.machine", "engine.script", "games", "server_sync.clinic.service",
    "server_sync.page.report",
)  # fmt: skip
"""What many commands need: it is imported once, in the process from which the others are forked.

None of it looks at the environment or the folder when it is imported; the command line itself is imported anew.
"""


class Said(NamedTuple):
    """What came of a command: its exit code, and what it wrote."""

    code: int | None
    out: str
    err: str


class Begun:
    """A command that runs beside a test."""

    def __init__(self, program: str, words: Sequence[object], folder: Path, environment: Mapping[str, str]) -> None:
        """Begin a program of Python with these words in a folder, where more is in the environment."""
        context = multiprocessing.get_context(WAY)
        if WAY == "forkserver":
            context.set_forkserver_preload(list(IMPORTED))
        self._own = TemporaryDirectory(prefix="steadyreach-")
        self._wrote = Path(self._own.name) / "out", Path(self._own.name) / "err"
        given = [str(word) for word in words], folder, os.environ | environment
        self._process = context.Process(target=_run, args=(program, *given, *self._wrote))
        self._process.start()
        self.pid = self._process.pid

    def line(self, beginning: str) -> str:
        """The first line it writes that begins so; waits for it, and raises AssertionError where it ends without."""
        while True:
            said = self.so_far()
            for line in said.out.splitlines(keepends=True):
                if line.startswith(beginning) and line.endswith("\n"):
                    return line.strip()
            assert said.code is None, said.err
            time.sleep(0.01)

    def terminate(self) -> None:
        """Ask it to end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it as a power cut does."""
        self._process.kill()

    def said(self, timeout_s: float | None = None) -> Said:
        """Wait for its end; raises AssertionError where that takes longer."""
        self._process.join(timeout_s)
        said = self.so_far()
        assert said.code is not None, f"it has not ended within {timeout_s} s"
        self._own.cleanup()
        return said

    def so_far(self) -> Said:
        """What it has written, with no exit code while it runs."""
        code = self._process.exitcode
        return Said(code, *(path.read_text(encoding="utf-8") if path.exists() else "" for path in self._wrote))


def begun(words: Sequence[object], folder: Path, **environment: str) -> Begun:
    """Enter `steadyreach` with these words in a folder, where more is in the environment."""
    return Begun("import steadyreach; steadyreach.main()", ["steadyreach", *words], folder, environment)


def entered(words: Sequence[object], folder: Path, **environment: str) -> Said:
    """Enter it, and wait for its end."""
    return begun(words, folder, **environment).said()


def begun_program(program: str, *words: object) -> Begun:
    """Run a program of Python with these words in the folder of the project, as `python -c` does."""
    return Begun(program, ["-c", *words], ROOT, {})


def programmed(program: str, *words: object) -> Said:
    """Run it, and wait for its end."""
    return begun_program(program, *words).said()


def _run(program: str, words: list[str], folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for path, stream in ((out, 1), (err, 2)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream)
    sys.argv = words
    exec(program, {"__name__": "__main__"})
