"""The programs of README and manual on a real runtime, each in a process of its own, as a reader would run them."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.recording import read
from tests.openxr.monado import Monado, Screen
from tests.openxr.remote import RemoteHand, RemoteHmd, RemotePerson

ROOT = Path(__file__).resolve().parents[2]
README, MANUAL = (ROOT / name for name in ("README.md", "docs/openxr.md"))
COMMANDS = [
    line
    for block in re.findall(r"```headset\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line
]
LEFT_M = (-0.2, 1.3, -0.5)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A home folder, with what is made of models as all tests have it."""
    made = tmp_path_factory.mktemp("home")
    (made / "steadyreach").mkdir()
    (made / "steadyreach" / "cache").symlink_to(models)
    return made


@pytest.fixture
def person(own: Monado) -> Iterator[RemoteHmd]:
    """Somebody with a headset on a runtime that nobody else uses."""
    with closing(RemoteHmd(own.port)) as remote:
        remote.move(**vars(RemotePerson()))
        yield remote


def run(command: list[str], folder: Path, home: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    """A program that runs beside this one."""
    everything = os.environ | environment | {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=everything,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def press_until_it_ends(program: "subprocess.Popen[str]", remote: RemoteHmd, hand: RemoteHand) -> tuple[str, str]:
    """Press and let go again for as long as a program runs; what it printed, on both outputs."""
    latest = time.monotonic() + 90.0
    while program.poll() is None and time.monotonic() < latest:
        remote.move(left=hand)
        time.sleep(0.3)
        remote.move(left=RemoteHand(LEFT_M))
        time.sleep(0.3)
    program.kill()
    return program.communicate()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_plays_until_the_person_stops(
    command: str, own: Monado, person: RemoteHmd, screen: Screen, home: Path, tmp_path: Path
) -> None:
    words = ["-m", "steadyreach", *shlex.split(command)[1:], "--folder", str(tmp_path / "sessions"), "--json"]
    program = run(words, tmp_path, home, own.environment | {"DISPLAY": screen.display})
    answer, said = press_until_it_ends(program, person, RemoteHand(LEFT_M, b=True))
    assert program.returncode == 0, said
    assert json.loads(answer)["ended_by"] == "the person pressed stop"
    assert len(read(next((tmp_path / "sessions").glob("*/frames.vrec"))).devices) > 0


def test_the_program_of_the_manual_shows_a_model_until_the_trigger_is_pulled(
    own: Monado, person: RemoteHmd, home: Path, tmp_path: Path
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", MANUAL.read_text("utf-8"), re.DOTALL)
    (tmp_path / "room.py").write_text(program, "utf-8")
    model = next((ROOT / "assets" / "models").glob("*.glb"))
    shown = run([str(tmp_path / "room.py"), str(model)], tmp_path, home, own.environment)
    _, said = press_until_it_ends(shown, person, RemoteHand(LEFT_M, trigger=1.0))
    assert shown.returncode == 0, said
