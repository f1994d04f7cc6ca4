"""What this computer can do for a session, in plain words, and what to do about what it cannot.

Graphics, OpenXR and sound are tried in processes of their own, with the very code that a session would use,
so that a driver that crashes is a finding and not the end.
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from engine.records import Record

LEAST_PYTHON = (3, 11)
LEAST_FREE_BYTES = 1_000_000_000  # hundreds of sessions
LEAST_WRITE_BYTES_PER_S = 5_000_000  # a hundred times what a recording needs
LARGEST_CLOCK_STEP_NS = 2_000_000  # a fifth of a frame at 90 Hz
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)  # no session was recorded before; a clock that says so has stopped
OLD = datetime(2046, 1, 1, tzinfo=UTC)
PATIENCE_S = 60.0

GRAPHICS = "from engine.panda.graphics import Graphics; print(Graphics.offscreen().describe())"
OPENXR = """
from contextlib import ExitStack
from engine.openxr.runtime import Runtime
with ExitStack() as closing:
    print(Runtime(closing).description)
"""
SOUND = """
from engine.sound.speaker import Speaker, driver
speaker = Speaker({}, {})
if speaker.note:
    raise SystemExit(speaker.note)
print(driver())
"""
EXTRAS: Mapping[str, Sequence[str]] = {
    "panda": ("panda3d", "gltf", "font_fredoka_one", "fontpkg_lexend"),
    "openxr": ("xr",),
    "sound": ("pygame",),
    "formats": ("ezc3d", "mcap", "pyarrow"),
    "plot": ("matplotlib",),
    "server": ("litestar", "sqlalchemy", "httpx", "argon2", "jinja2", "fontpkg_atkinson_hyperlegible"),
}


class Finding(Record, frozen=True):
    """One thing this computer can do or not: what was found, and what to do about it ("" for nothing)."""

    name: str
    ok: bool
    says: str
    do: str = ""


def examine(folder: Path, server_url: str = "") -> list[Finding]:
    """Look at everything a session may need; `folder` is where sessions are kept. Takes some seconds."""
    return [
        python(),
        packages(),
        graphics(),
        openxr(),
        sound(),
        disk(folder),
        clock(),
        server(server_url),
    ]


def python(version: tuple[int, int, int] = sys.version_info[:3]) -> Finding:
    """Whether this Python is new enough."""
    says = f"Python {version[0]}.{version[1]}.{version[2]} on {sys.platform}."
    least = ".".join(map(str, LEAST_PYTHON))
    do = "" if version[:2] >= LEAST_PYTHON else f"Install Python {least} or later."
    return Finding("Python", not do, says, do)


def packages(extras: Mapping[str, Sequence[str]] = EXTRAS) -> Finding:
    """Whether the packages and fonts of every extra are installed; finds them without importing them."""
    missing = {
        extra: [module for module in modules if importlib.util.find_spec(module) is None]
        for extra, modules in extras.items()
    }
    lacking = {extra: modules for extra, modules in missing.items() if modules}
    if not lacking:
        return Finding("Packages", True, f"All packages and fonts are here ({', '.join(extras)}).")
    says = "; ".join(f"{extra} lacks {', '.join(modules)}" for extra, modules in lacking.items()) + "."
    return Finding("Packages", False, says, f'Run: pip install "steadyreach[{",".join(lacking)}]"')


def graphics() -> Finding:
    """Whether OpenGL draws, and with what."""
    works, answer = _try(GRAPHICS)
    if works:
        return Finding("Graphics", True, f"OpenGL draws with {answer}.")
    do = (
        "Install or update the graphics driver, and libegl1 and libgl1-mesa-dri on Debian or Ubuntu; "
        "without it games can only be simulated."
    )
    return Finding("Graphics", False, f"OpenGL does not draw: {answer}.", do)


def openxr(environment: Mapping[str, str] = os.environ) -> Finding:
    """Which OpenXR runtime is active, and whether it answers with a headset."""
    manifest = active_runtime(environment)
    if manifest is None:
        do = (
            "To use a headset, install SteamVR, the headset's own software or Monado and make it the active "
            "OpenXR runtime; until then play with --headset desk."
        )
        return Finding("OpenXR", False, "No OpenXR runtime is set up.", do)
    if not manifest.is_file():
        do = "Set XR_RUNTIME_JSON to a runtime's file, or choose the runtime again in its own settings."
        return Finding("OpenXR", False, f"The active runtime's file {manifest} is not there.", do)
    works, answer = _try(OPENXR, environment)
    if works:
        return Finding("OpenXR", True, f"{answer} (from {manifest}).")
    do = "Connect the headset, switch it on, start its software, and run this again."
    return Finding("OpenXR", False, f"The runtime from {manifest} is not ready: {answer}.", do)


def active_runtime(environment: Mapping[str, str]) -> Path | None:
    """The file that names the active runtime, looked for as the OpenXR loader does, or None."""
    if named := environment.get("XR_RUNTIME_JSON"):
        return Path(named)
    if sys.platform == "win32":
        return _from_registry()
    home = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    shared = environment.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    for folder in (home, *shared.split(":"), "/usr/local/etc", "/etc"):
        for name in (f"active_runtime.{platform.machine()}.json", "active_runtime.json"):
            path = Path(folder, "openxr", "1", name)
            if path.exists():
                return path
    return None


def sound(environment: Mapping[str, str] = os.environ) -> Finding:
    """Whether there is a device to hear with."""
    works, answer = _try(SOUND, environment)
    if works and answer not in ("dummy", "disk"):
        return Finding("Sound", True, f"Sound plays through {answer}.")
    do = "Connect headphones or speakers and choose them in the sound settings; games also run without."
    if works:
        return Finding("Sound", False, f"SDL_AUDIODRIVER={answer} plays to nobody.", "Unset SDL_AUDIODRIVER.")
    return Finding("Sound", False, f"Nothing can be heard: {answer}.", do)


def disk(folder: Path, least_free_bytes: int = LEAST_FREE_BYTES) -> Finding:
    """Whether sessions can be written in a folder, how fast, and how much room there is."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    try:
        bytes_per_s = _write_speed(there)
        free_bytes = shutil.disk_usage(there).free
    except OSError as reason:
        do = "Choose another place with --folder, or give this account the right to write there."
        return Finding("Disk", False, f"Nothing can be written in {there}: {reason.strerror}.", do)
    says = f"{free_bytes / 1e9:.1f} GB free in {there}, written at {bytes_per_s / 1e6:.0f} MB/s."
    if free_bytes < least_free_bytes:
        return Finding("Disk", False, says, f"Free {least_free_bytes / 1e9:.1f} GB, or choose another --folder.")
    if bytes_per_s < LEAST_WRITE_BYTES_PER_S:
        do = f"Choose a --folder on a faster disk: {LEAST_WRITE_BYTES_PER_S / 1e6:.0f} MB/s is the least."
        return Finding("Disk", False, says, do)
    return Finding("Disk", True, says)


def clock(now: datetime | None = None, steps: Callable[[], int] = time.monotonic_ns) -> Finding:
    """Whether time passes in steps finer than frames, and whether the date can be true."""
    now = now or datetime.now(UTC)
    step_ns = _step_ns(steps)
    says = f"It is {now:%Y-%m-%d %H:%M} UTC; the clock steps by {step_ns / 1000:g} microseconds."
    if not WRITTEN <= now < OLD:
        return Finding("Clock", False, says, "Set the date and time in the system's settings.")
    if step_ns > LARGEST_CLOCK_STEP_NS:
        return Finding("Clock", False, says, "Use Python 3.13 or later, where the clock of Windows is finer.")
    return Finding("Clock", True, says)


def server(url: str) -> Finding:
    """Whether the clinic server answers; without a URL sessions just stay here."""
    if not url:
        do = "To bring sessions to a therapist's page, run: steadyreach enrol"
        return Finding("Server", True, "No clinic server is set; sessions stay on this computer.", do)
    if not url.startswith(("http://", "https://")):
        return Finding("Server", False, f"{url} is not the address of a server.", "Begin it with https://")
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=5) as reply:  # noqa: S310 - checked above
            if b'"status":"ok"' in reply.read(1000):
                return Finding("Server", True, f"The clinic server at {url} answers.")
            why = "it answers that it is not well"
    except (OSError, ValueError) as reason:  # what urllib raises is an OSError
        why = str(getattr(reason, "reason", reason))
    do = "Check the address and the network; sessions wait here and are delivered later."
    return Finding("Server", False, f"The clinic server at {url} cannot be used: {why}.", do)


def _try(program: str, environment: Mapping[str, str] = os.environ) -> tuple[bool, str]:
    """Run a program in a new process: whether it worked, and its last line or why it ended."""
    try:
        done = subprocess.run(  # noqa: S603 - the programs above
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            cwd=Path(__file__).parents[1],
            env=dict(environment),
        )
    except subprocess.TimeoutExpired:
        return False, f"it did not answer within {PATIENCE_S:.0f} s"
    if done.returncode == 0:
        return True, _last_line(done.stdout)
    if done.returncode != 1:  # 1 is an exception, anything else a signal or a Windows status
        return False, f"its driver crashed (exit code {done.returncode})"
    # An exception's last line is its type, then its sentence.
    before, colon, sentence = _last_line(done.stderr).partition(": ")
    return False, (sentence if colon and " " not in before else f"{before}{colon}{sentence}").rstrip(".")


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1].strip()


def _from_registry() -> Path | None:
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Khronos\OpenXR\1") as key:
            return Path(winreg.QueryValueEx(key, "ActiveRuntime")[0])
    except OSError:
        return None


def _write_speed(folder: Path, size: int = 16_000_000) -> float:
    """Bytes a second that reach the disk, not its cache."""
    block = os.urandom(size)
    with tempfile.TemporaryFile(dir=folder) as file:
        begun_s = time.perf_counter()
        file.write(block)
        file.flush()
        os.fsync(file.fileno())
        return size / (time.perf_counter() - begun_s)


def _step_ns(read: Callable[[], int]) -> int:
    """The smallest step of a clock among a hundred."""
    steps: list[int] = []
    last = read()
    while len(steps) < 100:
        now = read()
        if now != last:
            steps.append(now - last)
            last = now
    return min(steps)
