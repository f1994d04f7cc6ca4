"""How long `steadyreach play` takes to its first picture; run as a program, it is the command line that tells."""

import os
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from engine.headset import HeadsetUnavailable
from engine.openxr.bench.monado import running

_REPOSITORY = Path(__file__).resolve().parents[3]


def start_s(tries: int) -> float:
    """Seconds from starting the program to its first frame with a picture, while the service is there.

    The best of some tries: the first fills the caches of models and of compiled Python, as an installation has them.
    Raises HeadsetUnavailable.
    """
    with running(), tempfile.TemporaryDirectory() as folder:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = folder  # this repository may be one that cannot be written
        return min(_once_s() for _ in range(1 + tries))


def _once_s() -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "engine.openxr.bench.start", "play", "fruit_ladder", "--headset", "openxr"]
        started = time.monotonic()
        with subprocess.Popen(  # noqa: S603 (our own program)
            [*command, "--folder", folder],
            cwd=_REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as program:
            said = program.stdout.readline() if program.stdout else ""
            program.kill()
            if not said:
                last = program.stderr.read().strip().rpartition("\n")[2] if program.stderr else ""
                raise HeadsetUnavailable(f"steadyreach play showed nothing: {last}")
            return float(said) - started


def _tell_first_picture() -> None:
    """From now on, say when the first frame with a picture was handed over."""
    import xr

    from engine.openxr.calls import Calls

    prepare = Calls.__init__

    def hear(result: int, function: Any, arguments: tuple[int, int]) -> int:
        if xr.FrameEndInfo.from_address(arguments[1]).layer_count:
            del function.errcheck
            sys.stdout.write(f"{time.monotonic()}\n")
            sys.stdout.flush()
        return result

    def prepare_and_hear(calls: Calls) -> None:
        prepare(calls)
        calls.end_frame.errcheck = hear  # type: ignore[attr-defined]  # a function of ctypes

    Calls.__init__ = prepare_and_hear  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    os.environ.setdefault("XR_LOADER_DEBUG", "none")
    _tell_first_picture()
    runpy.run_module("steadyreach", run_name="__main__")
