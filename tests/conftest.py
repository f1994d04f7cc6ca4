"""What tests share: the recordings of real people, and what may be missing on a user's machine but not in CI."""

import contextlib
import gc
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

with contextlib.suppress(ModuleNotFoundError):  # the OpenXR root has none
    from hypothesis import HealthCheck, settings

    settings.register_profile("without a clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("without a clock")

if TYPE_CHECKING:
    from client_fixtures import Computer
    from fhir_fixtures import FhirServer
    from routes import Client
    from server_fixtures import Clinic, Clock, Postgres

    from engine.panda.graphics import Graphics
    from server_sync.clinic.service import Service

KNOWN = {"openxr", "data", "browser", "postgres", "gl", "desk", "s3", "fhir", "tables"}
REQUIRED = set(filter(None, os.environ.get("STEADYREACH_REQUIRE", "").split(",")))
ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("STEADYREACH_DATA") or ROOT.parent / "shared" / "data")

gc.set_threshold(10_000, 20, 20)  # thousands of tests stay: to look through them often costs a tenth of all

OF_A_TABLE = 5
INNER_SUITE = "test_openxr_inside.py::test_a_session_reaches_a_person_through_a_real_runtime"


class Beside(NamedTuple):
    """A process that runs beside the tests, and the thread that writes down how it ended."""

    process: subprocess.Popen[bytes]
    watch: threading.Thread


BESIDE, FOLDER = pytest.StashKey[Beside](), pytest.StashKey[Path]()

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


def pytest_configure(config: pytest.Config) -> None:
    """Agree where the result of the suite inside the OpenXR root goes: a worker asks for what its controller runs."""
    given = _given(config)
    config.stash[FOLDER] = Path(given["inner_suite"] if given else tempfile.mkdtemp(prefix="steadyreach-"))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where that is."""
    node.workerinput["inner_suite"] = str(node.config.stash[FOLDER])


@pytest.hookimpl(trylast=True)  # what is tried of a table is told from the rows that somebody chose
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The suite inside the OpenXR root takes minutes of one core: it runs beside all others and is asked last.

    Of a long table every fifth row is tried where nobody requires them all.
    """
    items.sort(key=lambda item: _is_inner_suite(item.nodeid))
    if "tables" not in REQUIRED:
        rows: Counter[str] = Counter()
        for item in filter(_is_of_a_long_table, items):
            table = item.nodeid.partition("[")[0]
            if rows[table] % OF_A_TABLE:
                item.add_marker(
                    pytest.mark.skip(f"every {OF_A_TABLE}th row of a long table is tried: CI tries them all")
                )
            rows[table] += 1


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected stays: nobody looks there for what is over. Start what is asked last, where it is asked."""
    gc.freeze()
    if not _given(session.config) and not session.config.option.collectonly:
        _start_inner_suite(session.config, [item.nodeid for item in session.items])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """The same where workers collect: the controller starts it once, for all of them."""
    _start_inner_suite(node.config, ids)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell how many tests passed where only one stands in the list, and what a newcomer's tasks took."""
    if _file(config, "code").exists() and _file(config, "code").read_text() == "0":
        terminalreporter.write_line(f"inside the OpenXR root: {_said(config).strip().splitlines()[-1]}")
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing running when the tests end early."""
    beside = config.stash.get(BESIDE, None)
    if beside is not None:
        if beside.process.poll() is None and hasattr(os, "killpg"):
            os.killpg(beside.process.pid, signal.SIGKILL)  # and with its first process the whole root
        beside.watch.join()
    if not _given(config):
        shutil.rmtree(config.stash[FOLDER])


@pytest.fixture
def inner_suite(pytestconfig: pytest.Config) -> tuple[int, str]:
    """The exit code of the suite inside the OpenXR root, and all that it said."""
    code = _file(pytestconfig, "code")
    assert _file(pytestconfig, "said").exists(), f"nobody has started it: is {INNER_SUITE} the test that asks for it?"
    while not code.exists():
        time.sleep(0.1)
    return int(code.read_text()), _said(pytestconfig)


def _given(config: pytest.Config) -> dict[str, str]:
    """What a worker of pytest-xdist got from its controller; empty in every other process."""
    return getattr(config, "workerinput", {})


def _file(config: pytest.Config, name: str) -> Path:
    return config.stash[FOLDER] / name


def _said(config: pytest.Config) -> str:
    return _file(config, "said").read_text(encoding="utf-8", errors="replace")


def _is_of_a_long_table(item: pytest.Item) -> bool:
    return item.get_closest_marker("long_table") is not None


def _is_inner_suite(nodeid: str) -> bool:
    return nodeid.endswith(INNER_SUITE)


def _start_inner_suite(config: pytest.Config, nodeids: Sequence[str]) -> None:
    """Start it once, if one of the tests asks for it."""
    if BESIDE in config.stash or not any(map(_is_inner_suite, nodeids)):
        return
    command = [sys.executable, str(ROOT / "tests" / "openxr" / "inside.py"), "-q"]
    with _file(config, "said").open("wb") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
        )
    watch = threading.Thread(target=_write_its_code, args=(process, _file(config, "code")), daemon=True)
    watch.start()
    config.stash[BESIDE] = Beside(process, watch)


def _write_its_code(process: subprocess.Popen[bytes], file: Path) -> None:
    """Wait for the end of a process; its code stands in the file whole or not at all."""
    part = file.with_suffix(".part")
    part.write_text(str(process.wait()))
    part.replace(file)


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
def postgres() -> Iterator["Postgres"]:
    """One PostgreSQL for all tests of a process."""
    from server_fixtures import a_postgres

    with a_postgres() as running:
        yield running


@pytest.fixture(scope="session")
def new_postgres(postgres: "Postgres") -> Callable[[], str]:
    """Each call gives the URL of a new database, in which nothing is."""
    return postgres.new_database


@pytest.fixture(scope="session")
def clinic_postgres(postgres: "Postgres") -> Callable[[], str]:
    """Each call gives the URL of a new database with the tables of a clinic, which are there sooner than made."""
    return postgres.new_clinic


@pytest.fixture
def clock() -> "Clock":
    """A clock that stands until a test moves it."""
    from server_fixtures import Clock

    return Clock()


@pytest.fixture
def service(tmp_path: Path, clock: "Clock") -> Iterator["Service"]:
    """A clinic of a test's own, in which nothing happened yet."""
    from server_fixtures import a_service

    with a_service(tmp_path / "clinic", now=clock) as opened:
        yield opened


@pytest.fixture
def client(service: "Service") -> Iterator["Client"]:
    """The pages of that clinic, as a therapist who is logged in asks for them."""
    from routes import a_web, log_in

    with a_web(service) as opened:
        log_in(opened, service)
        yield opened


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a clinic with sessions to export, which no test changes."""
    from exported import a_filled_clinic

    return a_filled_clinic(tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="module")
def kept(filled: Path) -> Iterator["Service"]:
    """That clinic, for tests that change nothing."""
    from server_fixtures import a_service

    with a_service(filled) as opened:
        yield opened


@pytest.fixture
def copied(filled: Path, tmp_path: Path) -> Iterator["Service"]:
    """A copy of it, which a test may change."""
    from server_fixtures import a_service

    shutil.copytree(filled, tmp_path / "clinic")
    with a_service(tmp_path / "clinic") as opened:
        yield opened


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Clinic"]:
    """A clinic's server that runs for all tests of a process; each brings sessions and computers of its own."""
    from server_fixtures import a_clinic

    with a_clinic(tmp_path_factory.mktemp("clinic")) as running:
        yield running


@pytest.fixture(scope="module")
def fhir_server() -> Iterator["FhirServer"]:
    """An R4 server and its validators, for all tests of a file; skipped where it cannot be had, a failure in CI."""
    from fhir_fixtures import NoFhirServer, a_fhir_server

    try:
        with a_fhir_server() as running:
            yield running
    except NoFhirServer as reason:
        pytest.fail(str(reason)) if "fhir" in REQUIRED else pytest.skip(str(reason))


@pytest.fixture
def computer(clinic: "Clinic", tmp_path: Path) -> "Computer":
    """A patient's computer that is enrolled with it."""
    from client_fixtures import a_computer

    return a_computer(tmp_path, clinic)


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A session's id of its own for each test."""
    return re.sub(r"[^a-z0-9]+", "-", request.node.name)[:90].strip("-")


@pytest.fixture(scope="session", autouse=True)
def keys_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys that tests make are not kept among those of whoever runs them."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("STEADYREACH_KEYS", str(tmp_path_factory.mktemp("keys")))
        yield


@pytest.fixture(autouse=True)
def buffers_end_with_their_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close what a test opened to draw into: every picture of the tests after it would draw that too."""
    if "graphics" not in request.fixturenames:
        yield
        return
    engine = request.getfixturevalue("graphics").engine
    before = engine.get_windows()
    yield
    for output in engine.get_windows():
        if output not in before:
            engine.remove_window(output)


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the whole run: what costs much is made in it once, for all workers."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def models(of_all_workers: Path) -> Path:
    """Where models are kept as Panda3D reads them fastest: they are made once for all tests, in all workers."""
    folder = of_all_workers / "models"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def demo(of_all_workers: Path) -> Path:
    """The folder of a small demo clinic, made once for all tests, in all workers: tests take a copy of it."""
    from demo_clinics import a_demo
    from filelock import FileLock

    folder = of_all_workers / "demo"
    with FileLock(of_all_workers / "demo.lock"):
        if not folder.exists():
            a_demo(of_all_workers / "demo.part")
            (of_all_workers / "demo.part").rename(folder)
    return folder
