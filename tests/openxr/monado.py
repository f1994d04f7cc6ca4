"""A Monado service of a test's own, with the devices and the screen that the test asks for."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

from engine.openxr.bench.monado import listens

RUNTIME = Path("/usr/share/openxr/1/openxr_monado.json")
_QUIET = {"XRT_NO_STDIN": "1", "XRT_LOG": "warn"}
_SIMULATED = {"SIMULATED_ENABLE": "1", "SIMULATED_LEFT": "simple", "SIMULATED_RIGHT": "simple"}


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Screen:
    """An X server without a monitor; `display` is its name."""

    def __init__(self, folder: Path) -> None:
        """Start one, and wait until it has chosen its number."""
        told = folder / "display"
        with told.open("w") as file:
            command = ["Xvfb", "-noreset", "-displayfd", str(file.fileno())]
            self._server = subprocess.Popen(command, pass_fds=[file.fileno()])
        latest = time.monotonic() + 30.0
        while not told.read_text().endswith("\n"):
            assert self._server.poll() is None
            assert time.monotonic() < latest
            time.sleep(0.05)
        self.display = f":{told.read_text().strip()}"

    def close(self) -> None:
        """Stop the server."""
        self._server.terminate()
        self._server.wait(timeout=20)


class Monado:
    """A running service. `environment` is what an application needs to find it, `port` where it is moved.

    The `remote` driver is moved over `port`; the `simulated` one moves by itself, as a function of time alone. It
    composes nothing 20 times a second, or on a `screen` (the name of a display) as fast as it can up to 60. `metrics`
    is a file that it tells of every frame.
    """

    def __init__(
        self, folder: Path, driver: str = "remote", screen: str | None = None, metrics: Path | None = None
    ) -> None:
        """Start it with everything it writes in a folder."""
        self.port, self._folder, self.log = free_port(), folder, folder / "service.log"
        settings = folder / "monado" / "config_v0.json"
        settings.parent.mkdir(parents=True)
        remote = {"version": 0, "port": self.port, "view_count": 2}
        settings.write_text(json.dumps({"active": "remote", "remote": remote} if driver == "remote" else {}), "utf-8")
        folder.chmod(0o700)
        self.environment = {
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "XR_RUNTIME_JSON": str(RUNTIME),
            "OXR_NO_PRINTING_STDERR": "1",
        }
        self._own = self.environment | _QUIET | _compositor(screen)
        if driver == "simulated":
            self._own |= _SIMULATED
        if metrics is not None:
            self._own |= {"XRT_METRICS_FILE": str(metrics), "XRT_METRICS_EARLY_FLUSH": "1"}
        self._start()

    def recentre(self) -> None:
        """Do what a person's long press on the system button does."""
        self._control("-c")

    def clients(self) -> list[int]:
        """The numbers of the applications that are connected, in the order in which they came."""
        lines = self._control().partition("Devices:")[0].splitlines()
        return [int(line.split()[1]) for line in lines if "id:" in line and not line.endswith("monado-ctl")]

    def focus(self, client: int) -> None:
        """Give the focus to an application, by its number."""
        self._control("-f", str(client))

    def kill(self) -> None:
        """Let it die at once, as in a crash."""
        self._service.kill()
        self._service.wait(timeout=20)

    def revive(self) -> None:
        """Start it again in the same place, after it was killed."""
        (self._folder / "monado_comp_ipc").unlink(missing_ok=True)  # what was killed could not remove it
        self._start()

    def close(self) -> None:
        """Stop the service."""
        self._service.terminate()
        self._service.wait(timeout=20)

    def _start(self) -> None:
        door, latest = self._folder / "monado_comp_ipc", time.monotonic() + 30.0
        with self.log.open("ab") as log:
            self._service = subprocess.Popen(
                ["monado-service"],
                env=os.environ | self._own,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        while not listens(door):
            assert time.monotonic() < latest, self.log.read_text("utf-8", "replace")
            time.sleep(0.05)

    def _control(self, *arguments: str) -> str:
        command, environment = ["monado-ctl", *arguments], os.environ | self.environment
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def _compositor(screen: str | None) -> dict[str, str]:
    if screen is None:
        return {"XRT_COMPOSITOR_NULL": "1"}
    return {"XRT_COMPOSITOR_FORCE_XCB": "1", "DISPLAY": screen, "XRT_COMPOSITOR_SCALE_PERCENTAGE": "60"}
