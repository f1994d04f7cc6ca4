"""Commands as somebody enters them, each in a process of its own, which need not import everything anew."""

import multiprocessing
import os
import sys
from collections.abc import Sequence
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


def entered(words: Sequence[object], folder: Path, **environment: str) -> Said:
    """Enter `steadyreach` with these words in a folder, where more is in the environment, and wait for its end."""
    return _done("import steadyreach; steadyreach.main()", ["steadyreach", *words], folder, environment)


def programmed(program: str, *words: object) -> Said:
    """Run a program of Python with these words in the folder of the project, as `python -c` does, and wait for it."""
    return _done(program, ["-c", *words], ROOT, {})


def _done(program: str, words: Sequence[object], folder: Path, environment: dict[str, str]) -> Said:
    context = multiprocessing.get_context(WAY)
    if WAY == "forkserver":
        context.set_forkserver_preload(list(IMPORTED))
    with TemporaryDirectory(prefix="steadyreach-") as name:
        wrote = Path(name) / "out", Path(name) / "err"
        given = [str(word) for word in words], folder, os.environ | environment
        process = context.Process(target=_run, args=(program, *given, *wrote))
        process.start()
        process.join()
        out, err = (path.read_text(encoding="utf-8") for path in wrote)
        return Said(process.exitcode, out, err)


def _run(program: str, words: list[str], folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for path, stream in ((out, 1), (err, 2)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream)
    sys.argv = words
    exec(program, {"__name__": "__main__"})
