"""Runs the OpenXR tests, or the bench, where there is a Monado: on this machine, or inside the Debian root.

`python tests/openxr/inside.py [PYTEST ARGUMENTS]` exits with pytest's code, or with 69 and one sentence where
there is no Monado and no root can be built. With `--bench [ARGUMENTS]` it runs `steadyreach bench xr` instead.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.openxr import root  # noqa: E402  # a script finds its own folder, not the repository

UNAVAILABLE = 69  # EX_UNAVAILABLE: a service that the command needs cannot be had
OLDEST_MONADO = 24
LONGEST_S = 1800
INSIDE = {"STEADYREACH_INSIDE_OPENXR": "1", "PYTHONDONTWRITEBYTECODE": "1"}
PYTEST, TESTS = ("-m", "pytest", "-p", "no:cacheprovider"), "tests/openxr"
BENCH = ("steadyreach.py", "bench", "xr")


def own_monado() -> bool:
    """Whether this machine has a Monado that is recent enough, and pyopenxr to speak to it."""
    if shutil.which("monado-service") is None or importlib.util.find_spec("xr") is None:
        return False
    told = subprocess.run(["monado-cli", "info"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"git-tag: '(\d+)", told)
    return version is not None and int(version[1]) >= OLDEST_MONADO


def command(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """The command line of the tests or, after `--bench`, of the bench, and its environment.

    Raises NoRoot.
    """
    if arguments[:1] == ["--bench"]:
        program = [*BENCH, *arguments[1:]]
    else:
        named = any(argument.startswith(TESTS) for argument in arguments)
        program = [*PYTEST, *arguments, *(() if named else (TESTS,))]
    if own_monado():
        return [sys.executable, *program], os.environ | INSIDE
    path = {"PATH": "/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}
    start = ["sh", "-c", 'ip link set lo up && cd /repository && exec "$@"', "start"]
    binds = {REPOSITORY: "/repository"}
    inside = [*start, "/venv/bin/python", *program]
    chosen = {name: value for name, value in os.environ.items() if name.startswith("STEADYREACH_")}
    return root.in_root(root.ensure(), inside, binds, network=False), chosen | path | INSIDE


def run(arguments: list[str]) -> int:
    """Run the tests or the bench and give its exit code; what hangs is ended."""
    try:
        line, environment = command(arguments)
        return subprocess.run(
            line, env=environment, cwd=REPOSITORY, stdin=subprocess.DEVNULL, check=False, timeout=LONGEST_S
        ).returncode
    except root.NoRoot as reason:
        sys.stderr.write(f"the OpenXR tests cannot run: {reason}\n")
        return UNAVAILABLE
    except subprocess.TimeoutExpired:
        sys.stderr.write(f"the OpenXR tests hung for {LONGEST_S} s and were ended\n")
        return 1


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
