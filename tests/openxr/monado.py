"""A Monado service of a test's own: no screen, no headset, moved by remote control."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import IO

RUNTIME = Path("/usr/share/openxr/1/openxr_monado.json")


def free_port() -> int:
    """A port of the loopback interface that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Monado:
    """A running service. `environment` is what an application needs to find it, `port` where it is moved."""

    def __init__(self, folder: Path) -> None:
        """Start it with everything it writes in a folder."""
        self.port, self._folder = free_port(), folder
        settings = folder / "monado" / "config_v0.json"
        settings.parent.mkdir(parents=True)
        remote = {"version": 0, "port": self.port, "view_count": 2}
        settings.write_text(json.dumps({"active": "remote", "remote": remote}), "utf-8")
        folder.chmod(0o700)
        self.environment = {
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "XR_RUNTIME_JSON": str(RUNTIME),
            "OXR_NO_PRINTING_STDERR": "1",
        }
        quiet = {"XRT_NO_STDIN": "1", "XRT_COMPOSITOR_NULL": "1", "XRT_LOG": "warn"}
        self.log = folder / "service.log"
        with self.log.open("wb") as log:
            self._service = self._start(os.environ | self.environment | quiet, log)
        self._await(folder / "monado_comp_ipc")

    def _start(self, environment: dict[str, str], log: IO[bytes]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["monado-service"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    def recentre(self) -> None:
        """Do what a person's long press on the system button does."""
        subprocess.run(["monado-ctl", "-c"], env=os.environ | self.environment, stdout=subprocess.DEVNULL, check=True)

    def _await(self, door: Path, seconds: float = 30.0) -> None:
        latest = time.monotonic() + seconds
        while not door.exists():
            assert time.monotonic() < latest, self.log.read_text("utf-8", "replace")
            time.sleep(0.05)

    def kill(self) -> None:
        """Let it die at once, as in a crash."""
        self._service.kill()
        self._service.wait(timeout=20)

    def close(self) -> None:
        """Stop the service."""
        self._service.terminate()
        self._service.wait(timeout=20)
