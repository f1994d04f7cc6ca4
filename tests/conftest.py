"""What tests share: the recordings of real people, and what may be missing on a user's machine but not in CI."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from engine.panda.graphics import Graphics

KNOWN = {"openxr", "data", "browser", "postgres", "gl", "desk"}
REQUIRED = set(filter(None, os.environ.get("STEADYREACH_REQUIRE", "").split(",")))
ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("STEADYREACH_DATA") or ROOT.parent / "shared" / "data")

INNER_SUITE = "test_openxr.py::test_a_session_reaches_a_person_through_a_real_runtime"


class Beside(NamedTuple):
    """A process that runs beside the tests, and the file that it writes to."""

    process: subprocess.Popen[bytes]
    said: IO[bytes]


BESIDE = pytest.StashKey[Beside]()

if REQUIRED - KNOWN:
    raise pytest.UsageError(f"STEADYREACH_REQUIRE names {sorted(REQUIRED - KNOWN)}; known are {sorted(KNOWN)}")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real recordings and reference results; skipped without it, a failure where it is required."""
    if not DATA.is_dir():
        reason = f"there are no recordings in {DATA} (STEADYREACH_DATA says where)"
        pytest.fail(reason) if "data" in REQUIRED else pytest.skip(reason)
    return DATA


@pytest.fixture(scope="session")
def replay_file(data: Path) -> Path:
    """A person's recording of half a minute."""
    return data / "vr_beatsaber" / "simsaber_motion.bsor"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The suite inside the OpenXR root takes minutes of one core: it runs beside all others and is asked last."""
    items.sort(key=_is_inner_suite)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what is asked last, where it is asked at all."""
    if any(map(_is_inner_suite, session.items)) and not session.config.option.collectonly:
        said = tempfile.TemporaryFile()  # noqa: SIM115  # closed when all tests are done
        command = [sys.executable, str(ROOT / "tests" / "openxr" / "inside.py"), "-q"]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
        session.config.stash[BESIDE] = Beside(process, said)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing running when the tests end early."""
    beside = config.stash.get(BESIDE, None)
    if beside is not None:
        if beside.process.poll() is None and hasattr(os, "killpg"):
            os.killpg(beside.process.pid, signal.SIGKILL)  # and with its first process the whole root
        beside.process.wait()
        beside.said.close()


@pytest.fixture
def inner_suite(request: pytest.FixtureRequest) -> tuple[int, str]:
    """The exit code of the suite inside the OpenXR root, and all that it said."""
    beside = request.config.stash[BESIDE]
    code = beside.process.wait()
    beside.said.seek(0)
    return code, beside.said.read().decode(errors="replace")


def _is_inner_suite(item: pytest.Item) -> bool:
    return item.nodeid.endswith(INNER_SUITE)


@pytest.fixture(scope="module")
def graphics() -> Iterator["Graphics"]:
    """OpenGL without a window; skipped where there is none, a failure where it is required."""
    pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")
    from engine.panda.graphics import Graphics, NoGraphics

    try:
        opened = Graphics.offscreen()
    except NoGraphics as reason:
        pytest.fail(str(reason)) if "gl" in REQUIRED else pytest.skip(str(reason))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where models are kept as Panda3D reads them fastest: they are made once for all tests."""
    return tmp_path_factory.mktemp("models")
