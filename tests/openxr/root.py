"""The Debian 13 root, with Monado and software graphics, in which the OpenXR tests run: built once, kept.

What this file says decides what a root holds: when it changes, or a pinned version does, a new one is built.
"""

import ast
import configparser
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RELEASE = "trixie"
PACKAGES = (
    *("ca-certificates", "iproute2", "libx11-6", "python3", "python3-venv", "xvfb"),
    *("libegl1", "libegl-mesa0", "libgl1", "libgl1-mesa-dri", "libglx-mesa0", "mesa-vulkan-drivers"),
    *("libopenxr1-monado", "monado-cli", "monado-service"),
    *("gcc", "libc6-dev"),  # the bench holds calls against a loop in C
)
HOST_FILES = ("etc/apt/apt.conf", "etc/apt/apt.conf.d", "etc/apt/auth.conf.d", "etc/resolv.conf")
UNUSED_DAYS = 3
ENTER = """
set -e
mount --make-rprivate /
root=$1; shift
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")"; touch "$root$2"; fi
    mount --rbind "$1" "$root$2"
    mount -o remount,bind,ro "$root$2"
    shift 2
done
shift
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
exec chroot "$root" "$@"
"""


class NoRoot(Exception):
    """The tests cannot run here; the message says why and what would help, in one sentence."""


def cache_folder() -> Path:
    """Where roots are kept: under $STEADYREACH_CACHE, or the user's cache folder."""
    cache = os.environ.get("STEADYREACH_CACHE") or Path.home() / ".cache" / "steadyreach"
    return Path(cache) / "openxr-root"


def requirements() -> list[str]:
    """What tests and bench install: the core and the panda, openxr and bench extras, then pytest."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    tests = [name for name in extras["dev"] if name.startswith("pytest")]
    wanted = [*project["dependencies"], *extras["panda"], *extras["openxr"], *extras["bench"], *tests]
    return [name for name in wanted if not name.startswith("steadyreach")]


def pins() -> list[str]:
    """The versions that the repository locks, as pip constraints."""
    locked = REPOSITORY / "requirements.txt"
    text = locked.read_text("utf-8") if locked.exists() else ""
    return re.findall(r"^[\w.-]+==[\w.!+]+", text, re.MULTILINE)


def content_key() -> str:
    """What a root is made of, as sixteen hexadecimal digits; another key is another root."""
    parts = [Path(__file__).read_text("utf-8"), *requirements(), *pins()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def ensure() -> Path:
    """Give the root's folder, building it first where it is missing.

    Raises NoRoot.
    """
    root = cache_folder() / content_key()
    if root.exists():
        os.utime(root)
        return root
    for tool in ("debootstrap", "unshare", "chroot", "apt-get"):
        if shutil.which(tool) is None:
            raise NoRoot(f"{tool} is not on this machine: install it with your package manager")
    if os.geteuid() != 0:
        raise NoRoot("building a Debian root for Monado needs root's rights: run this as root")
    root.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=".building-", dir=root.parent))
    try:
        build(building)
        building.rename(root)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    forget_old(root.parent)
    return root


def forget_old(folder: Path) -> None:
    """Delete the roots that nothing has used for some days; each is more than a gigabyte."""
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > UNUSED_DAYS * 86400:
            shutil.rmtree(old, ignore_errors=True)


def build(root: Path) -> None:
    """Fill a folder with Debian, Monado, Mesa and a virtual environment.

    Raises NoRoot when a step fails, which mostly means that a mirror or index cannot be reached.
    """
    root.chmod(0o755)
    step("Debian", [*proxy(), "debootstrap", "--variant=minbase", RELEASE, str(root), mirror()])
    carry_configuration(root)
    inside = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-q"]
    step("package lists", in_root(root, [*inside, "update"]))
    step("Monado and Mesa", in_root(root, [*inside, "install", "--no-install-recommends", *PACKAGES]))
    step("virtual environment", in_root(root, ["python3", "-m", "venv", "/venv"]))
    (root / "wanted.txt").write_text("\n".join(requirements()) + "\n", "utf-8")
    (root / "pins.txt").write_text("\n".join(pins()) + "\n", "utf-8")
    install = ["/venv/bin/python", "-m", "pip", "install", "-q", "-r", "/wanted.txt", "-c", "/pins.txt"]
    step("Python packages", in_root(root, install, {place: str(place) for place in pip_places()}))
    step("clean up", in_root(root, ["apt-get", "clean"]))


def step(name: str, command: list[str]) -> None:
    """Run one step of the build, telling its name.

    Raises NoRoot with the last lines of what it said.
    """
    sys.stderr.write(f"OpenXR test root: {name}\n")
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode:
        said = " | ".join(done.stdout.decode("utf-8", "replace").split("\n")[-6:])
        raise NoRoot(f"the step '{name}' of the OpenXR test root failed, is the network there? {said}")


def mirror() -> str:
    """The Debian mirror that this machine's apt is set to.

    Raises NoRoot when it has none.
    """
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    for source in (line.rstrip("/") for line in listed):
        if source.endswith("/debian"):
            return source
    raise NoRoot("apt on this machine names no Debian mirror to build from: add one to its sources")


def proxy() -> list[str]:
    """Puts apt's proxy, if it has one, before a command that does not read apt's settings."""
    command = ["apt-config", "dump", "--format", "%v", "Acquire::http::Proxy"]
    setting = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return ["env", f"http_proxy={setting}"] if setting else []


def carry_configuration(root: Path) -> None:
    """Give the root this machine's apt, pip and name server settings; variables come along anyway."""
    for name in HOST_FILES:
        source, target = Path("/", name), root / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.exists():
            shutil.copyfile(source, target)
    settings = configparser.ConfigParser(interpolation=None)
    for name, value in pip_settings().items():
        section, _, key = name.rpartition(".")
        if not section.startswith(":"):
            settings.read_dict({section: {key: value}})
    with (root / "etc/pip.conf").open("w", encoding="utf-8") as file:
        settings.write(file)
    quick = root / "etc/dpkg/dpkg.cfg.d/unsafe-io"
    quick.write_text("force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n")


def pip_settings() -> dict[str, str]:
    """What pip is set to on this machine, in any of its files or variables, such as `global.index-url`."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    pairs = (line.partition("=") for line in listed)
    return {name: ast.literal_eval(value) for name, found, value in pairs if found}


def pip_places() -> Iterator[Path]:
    """Folders and files of this machine that its pip settings name, such as local indexes."""
    words = {word.removeprefix("file://") for value in pip_settings().values() for word in value.split()}
    for word in sorted(words):
        place = Path(word)
        if place.is_absolute() and place.exists():
            yield place.parent if place.name == "simple" else place  # an index links to its neighbours


def in_root(root: Path, command: list[str], binds: dict[Path, str] | None = None, *, network: bool = True) -> list[str]:
    """The command line that runs a command inside the root, in namespaces of its own.

    `binds` are folders or files of this machine and where they appear inside, to be read only. Nothing
    stays mounted or running afterwards; without `network` there is a loopback interface and nothing else.
    """
    alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child"] + ([] if network else ["--net"])
    pairs = [str(end) for bind in (binds or {}).items() for end in bind]
    return [*alone, "sh", "-c", ENTER, "enter", str(root), *pairs, "--", *command]
