"""What the doctor finds, in the good and in the bad state of each thing."""

import itertools
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine import machine

NOW = datetime(2027, 3, 1, 9, 30, tzinfo=UTC)
MANIFEST = '{"file_format_version": "1.0.0", "runtime": {"library_path": "./nowhere.so"}}'


@pytest.fixture
def no_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration folder without a runtime, for this process and those that it starts."""
    monkeypatch.delenv("XR_RUNTIME_JSON", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "shared"))
    return tmp_path


def test_this_python_is_new_enough() -> None:
    assert machine.python().ok


def test_an_old_python_is_told_which_to_install() -> None:
    finding = machine.python((3, 10, 4))
    assert not finding.ok
    assert finding.do == "Install Python 3.11 or later."


def test_packages_that_are_here_are_found() -> None:
    assert machine.packages({"core": ("numpy", "msgspec")}).ok


def test_a_missing_package_is_named_with_its_extra() -> None:
    finding = machine.packages({"core": ("numpy",), "sound": ("pygame_of_nobody",)})
    assert finding.says == "sound lacks pygame_of_nobody."
    assert finding.do == 'Run: pip install "steadyreach[sound]"'


def test_graphics_either_draw_or_say_what_to_install() -> None:
    finding = machine.graphics()
    assert finding.says.startswith("OpenGL draws with" if finding.ok else "OpenGL does not draw: ")
    assert finding.ok or "graphics driver" in finding.do


def test_a_driver_that_crashes_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "GRAPHICS", "import os; os.abort()")
    finding = machine.graphics()
    assert not finding.ok
    assert "crashed" in finding.says


def test_a_driver_that_hangs_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "GRAPHICS", "import time; time.sleep(60)")
    monkeypatch.setattr(machine, "PATIENCE_S", 0.5)
    assert "did not answer" in machine.graphics().says


def test_an_exception_is_told_as_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "GRAPHICS", "raise ValueError('no display: none at all.')")
    assert machine.graphics().says == "OpenGL does not draw: no display: none at all."


@pytest.mark.skipif(sys.platform == "win32", reason="Windows names the runtime in its registry")
def test_without_a_runtime_the_way_to_one_is_told(no_runtime: Path) -> None:  # noqa: ARG001
    finding = machine.openxr()
    assert finding.says == "No OpenXR runtime is set up."
    assert "--headset desk" in finding.do


@pytest.mark.skipif(sys.platform == "win32", reason="Windows names the runtime in its registry")
@pytest.mark.parametrize("folder", ["", "shared"])
def test_the_runtime_of_a_person_or_a_system_is_found(no_runtime: Path, folder: str) -> None:
    path = no_runtime / folder / "openxr" / "1" / "active_runtime.json"
    path.parent.mkdir(parents=True)
    path.write_text(MANIFEST)
    environment = {"XDG_CONFIG_HOME": str(no_runtime), "XDG_CONFIG_DIRS": str(no_runtime / "shared")}
    assert machine.active_runtime(environment) == path


def test_a_runtime_that_moved_away_is_named(no_runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XR_RUNTIME_JSON", str(no_runtime / "gone.json"))
    finding = machine.openxr()
    assert not finding.ok
    assert "gone.json is not there" in finding.says


@pytest.mark.skipif(find_spec("xr") is None, reason="needs the extra 'openxr'")
def test_a_runtime_that_does_not_load_is_a_finding(no_runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (no_runtime / "broken.json").write_text(MANIFEST)
    monkeypatch.setenv("XR_RUNTIME_JSON", str(no_runtime / "broken.json"))
    finding = machine.openxr()
    assert not finding.ok
    assert "broken.json is not ready: " in finding.says
    assert "OpenXR runtime" in finding.says


def test_a_runtime_that_answers_is_named_with_its_version(no_runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (no_runtime / "good.json").write_text(MANIFEST)
    monkeypatch.setenv("XR_RUNTIME_JSON", str(no_runtime / "good.json"))
    monkeypatch.setattr(machine, "OPENXR", "print('a note'); print('Test headset on Test runtime 1.2.3')")
    finding = machine.openxr()
    assert finding.ok
    assert finding.says.startswith("Test headset on Test runtime 1.2.3 (from ")


@pytest.mark.skipif(find_spec("pygame") is None, reason="needs the extra 'sound'")
@pytest.mark.parametrize(
    ("driver", "says"), [("no such driver", "No sound device was found"), ("dummy", "plays to nobody")]
)
def test_silence_is_told(driver: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", driver)
    finding = machine.sound()
    assert not finding.ok
    assert says in finding.says


def test_a_device_that_plays_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "SOUND", "print('wasapi')")
    assert machine.sound() == machine.Finding("Sound", True, "Sound plays through wasapi.")


def test_a_folder_that_does_not_exist_yet_is_judged_by_the_one_above(tmp_path: Path) -> None:
    finding = machine.disk(tmp_path / "not" / "yet", least_free_bytes=1)
    assert finding.ok
    assert f"free in {tmp_path}, written at " in finding.says
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_what_is_needed(tmp_path: Path) -> None:
    finding = machine.disk(tmp_path, least_free_bytes=10**18)
    assert not finding.ok
    assert finding.do.startswith("Free 1000000000.0 GB")


def test_a_slow_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "LEAST_WRITE_BYTES_PER_S", 10**15)
    assert "faster disk" in machine.disk(tmp_path, least_free_bytes=1).do


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody can write in")
def test_a_folder_that_nobody_may_write_in_is_told() -> None:
    finding = machine.disk(Path("/proc"))
    assert finding.says.startswith("Nothing can be written in /proc: ")
    assert "--folder" in finding.do


def test_a_fine_clock_with_a_likely_date_is_good() -> None:
    assert machine.clock(NOW, itertools.count(0, 1000).__next__).ok


@pytest.mark.parametrize("year", [1970, 2080])
def test_a_date_that_cannot_be_true_is_told(year: int) -> None:
    finding = machine.clock(NOW.replace(year=year))
    assert not finding.ok
    assert "Set the date" in finding.do


def test_a_coarse_clock_is_told() -> None:
    finding = machine.clock(NOW, itertools.count(0, 15_625_000).__next__)
    assert "steps by 15625 microseconds" in finding.says
    assert not finding.ok


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = {"/health": b'{"status":"ok"}', "/ill/health": b'{"status":"ill"}'}
        self.send_response(200 if self.path in known else 404)
        self.end_headers()
        self.wfile.write(known.get(self.path, b""))

    def log_message(self, *_: object) -> None:
        """Keep the test quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_that_answers_is_good(url: str) -> None:
    assert machine.server(url) == machine.Finding("Server", True, f"The clinic server at {url} answers.")


def test_another_server_at_the_address_is_told(url: str) -> None:
    assert "Not Found" in machine.server(f"{url}/elsewhere").says


def test_a_server_that_is_not_well_is_told(url: str) -> None:
    assert "not well" in machine.server(f"{url}/ill").says


def test_a_server_that_is_down_loses_nothing() -> None:
    with HTTPServer(("127.0.0.1", 0), _Healthy) as server:
        port = server.server_port
    finding = machine.server(f"http://127.0.0.1:{port}")
    assert not finding.ok
    assert "delivered later" in finding.do


def test_no_server_is_no_fault_and_a_strange_address_is() -> None:
    assert machine.server("").ok
    assert machine.server("clinic.example").do == "Begin it with https://"


def test_the_whole_examination_says_what_to_do_about_each_fault(tmp_path: Path) -> None:
    findings = machine.examine(tmp_path)
    names = [finding.name for finding in findings]
    assert names == ["Python", "Packages", "Graphics", "OpenXR", "Sound", "Disk", "Clock", "Server"]
    assert all(finding.ok or finding.do for finding in findings)
