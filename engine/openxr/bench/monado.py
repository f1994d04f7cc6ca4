"""A Monado of the bench's own, without a screen, that can be killed and started again in the same place."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.headset import HeadsetUnavailable

_PATIENCE_S = 30.0
_QUIET = {"XRT_NO_STDIN": "1", "XRT_COMPOSITOR_NULL": "1", "XRT_LOG": "warn"}
_SWAYING = {"SIMULATED_ENABLE": "1", "SIMULATED_LEFT": "simple", "SIMULATED_RIGHT": "simple"}
_MANIFESTS = ("/usr/share/openxr/1/openxr_monado.json", "/usr/local/share/openxr/1/openxr_monado.json")


def find() -> Path:
    """The manifest by which programs find Monado.

    Raises HeadsetUnavailable when it is not installed.
    """
    known = [Path(name) for name in (os.environ.get("XR_RUNTIME_JSON", ""), *_MANIFESTS) if name]
    manifest = next((path for path in known if path.is_file()), None)
    if manifest is None or shutil.which("monado-service") is None:
        raise HeadsetUnavailable(
            "this bench needs Monado 24 or later: install monado-service and libopenxr1-monado, "
            "or run python tests/openxr/inside.py --bench"
        )
    return manifest


class Monado:
    """A running service. `environment` is what a program needs to find it.

    Its headset stands still, with a hand and a controller on each side; or it sways, and so do its controllers.
    """

    def __init__(self, folder: Path, *, swaying: bool = False) -> None:
        """Start it with everything it writes in a folder; raises HeadsetUnavailable."""
        self.environment = {
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "XR_RUNTIME_JSON": str(find()),
            "OXR_NO_PRINTING_STDERR": "1",
            "IPC_LOG": "raw",  # nothing of what is said when a service is gone
        }
        folder.chmod(0o700)
        settings = folder / "monado" / "config_v0.json"
        settings.parent.mkdir(parents=True)
        remote = {"version": 0, "port": _free_port(), "view_count": 2}
        settings.write_text(json.dumps({} if swaying else {"active": "remote", "remote": remote}), "utf-8")
        self._own = self.environment | _QUIET | (_SWAYING if swaying else {})
        self._log, self._door = folder / "service.log", folder / "monado_comp_ipc"
        self.start()

    def start(self) -> None:
        """Start the service and wait until it answers; raises HeadsetUnavailable."""
        self._door.unlink(missing_ok=True)  # a killed service leaves it behind
        with self._log.open("ab") as log:
            self._service = subprocess.Popen(
                ["monado-service"],  # noqa: S607 (found on the path before)
                env=os.environ | self._own,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        latest = time.monotonic() + _PATIENCE_S
        while not listens(self._door):
            if self._service.poll() is not None or time.monotonic() > latest:
                self.close()
                raise HeadsetUnavailable(f"monado-service does not start: {self._log.read_text('utf-8', 'replace')}")
            time.sleep(0.01)

    def kill(self) -> None:
        """Let it die at once, as in a crash."""
        self._service.kill()
        self._service.wait()

    def close(self) -> None:
        """Stop the service; may be called twice."""
        self._service.terminate()
        self._service.wait()


def listens(door: Path) -> bool:
    """Whether somebody answers at a service's socket, which is there a moment before anybody does."""
    with socket.socket(socket.AF_UNIX) as caller:
        try:
            caller.connect(str(door))
        except OSError:
            return False
    return True


@contextmanager
def running(*, swaying: bool = False) -> Iterator[Monado]:
    """A service for as long as this lasts, which programs of this process find; raises HeadsetUnavailable."""
    with tempfile.TemporaryDirectory() as folder:
        service = Monado(Path(folder), swaying=swaying)
        os.environ.update(service.environment)
        try:
            yield service
        finally:
            service.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
