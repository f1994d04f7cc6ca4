"""The README is true: its commands run, its game plays, its tables hold what the code declares."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT

import games
from engine.commands import visits
from engine.simulated import SimulatedHeadset

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def lines(language: str) -> list[str]:
    return [line for block in blocks(language) for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, subprocess.CompletedProcess[str]]:
    """What came of each command: first of those that play, in the order of their block, and then of all that read."""
    folder = tmp_path_factory.mktemp("reader")

    def run(commands: list[str]) -> dict[str, subprocess.CompletedProcess[str]]:
        program = [sys.executable, "-m", "steadyreach"]
        each = [[*program, *command.split()[1:]] for command in commands]
        ran = [subprocess.run(words, cwd=folder, capture_output=True, text=True) for words in each]
        return dict(zip(commands, ran, strict=True))

    found: dict[str, subprocess.CompletedProcess[str]] = {}
    all_of = [[line for line in block.splitlines() if line.startswith("steadyreach")] for block in blocks("sh")]
    playing = [[line for line in commands if line.split()[1] in ("play", "simulate")] for commands in all_of]
    reading = [[line] for commands in all_of for line in commands if line.split()[1] not in ("play", "simulate")]
    with ThreadPoolExecutor(2) as readers:
        for part in (playing, reading):
            for ran in readers.map(run, part):
                found |= ran
    return found


@pytest.mark.parametrize("command", [line for line in lines("sh") if line.startswith("steadyreach")])
def test_a_command_runs(command: str, done: dict[str, subprocess.CompletedProcess[str]]) -> None:
    assert done[command].returncode == 0, done[command].stderr


@pytest.mark.parametrize("command", [line for line in lines("sh") if line.startswith("make")])
def test_a_make_target_exists(command: str) -> None:
    subprocess.run([*command.split(), "--dry-run"], cwd=ROOT, check=True, capture_output=True)


def test_make_is_the_only_other_command() -> None:
    assert all(line.startswith(("steadyreach", "make")) for line in lines("sh"))


@pytest.mark.parametrize("language", ["uv", "powershell"])
def test_the_other_ways_install_the_same(language: str) -> None:
    setup = (ROOT / "setup.sh").read_text(encoding="utf-8")
    said = " ".join(lines(language))
    for words in ("--requirement requirements.txt", "--no-deps --editable ."):
        assert words in setup
        assert words in said
    assert "steadyreach demo" in said
    assert "pytest" in said


def test_the_uv_commands_resolve(tmp_path: Path) -> None:
    if not shutil.which("uv"):
        pytest.skip("uv is not installed here")
    subprocess.run(["uv", "venv", str(tmp_path / "v")], check=True, capture_output=True)
    install = [
        "uv",
        "pip",
        "install",
        "--python",
        str(tmp_path / "v"),
        "--dry-run",
        "--requirement",
        "requirements.txt",
    ]
    subprocess.run(install, check=True, capture_output=True, cwd=ROOT)


def test_the_clinics_and_the_patients_commands_work_together(tmp_path: Path) -> None:
    clinic, patient = (lines(name) for name in ("clinic", "patient"))
    program = [sys.executable, "-m", "steadyreach"]
    environment = {"HOME": str(tmp_path), "APPDATA": str(tmp_path), "PATH": "", "PYTHONPATH": str(ROOT)}
    run = {"cwd": tmp_path, "text": True, "env": environment}
    subprocess.run([*program, *["simulate", "--folder", "sessions"]], check=True, capture_output=True, **run)
    server = subprocess.Popen([*program, *clinic[0].split()[1:], "--port", "0"], stdout=subprocess.PIPE, **run)
    try:
        url = next(line.split()[-1] for line in server.stdout if line.startswith("Serving at"))
        code = subprocess.run([*program, *clinic[1].split()[1:]], capture_output=True, **run).stdout.strip()
        account = subprocess.run([*program, *shlex.split(clinic[2])[1:]], capture_output=True, **run)
        assert len(account.stdout.strip()) >= 15
        enrol = patient[0].replace("http://127.0.0.1:8765", url).replace("CODE", code)
        subprocess.run([*program, *enrol.split()[1:]], check=True, capture_output=True, **run)
        sync = [*program, *patient[1].split()[1:], "--json"]
        sent = subprocess.run(sync, check=True, capture_output=True, **run).stdout
        assert json.loads(sent)["delivered"] == ["simulated-0"]
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()


def test_its_game_is_a_whole_game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks("python")
    (tmp_path / "still_hand.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(games, "__path__", [*games.__path__, str(tmp_path)])
    assert "still_hand" in games.names()
    holds = visits.resolved(assignments=["still_hand.targets=3"])
    plan = visits.plan("reader", visits.steps_for(["still_hand"], holds), holds, 1)
    about = visits.About("reader", "2026-01-05T09:00:00+00:00", visits.SOFTWARE)
    done, _ = visits.play(plan, SimulatedHeadset(seed=1), tmp_path / "sessions", about)
    assert done.ended_by == "finished", done.events
    assert [trial.outcome for trial in done.blocks[-2].trials].count("reached") >= 2


@pytest.mark.parametrize("name", games.names())
def test_its_tables_hold_every_game_and_every_measure(name: str) -> None:
    game = games.load(name)
    assert f"| {game.title} | {', '.join(game.trains)} |" in README
    for measure in game.measures.values():
        assert f"| {measure.title} | {measure.unit} |".replace("|  |", "| |") in README


def test_its_links_and_pictures_are_there() -> None:
    for target in re.findall(r"\]\((?!http)([^)]+)\)", README):
        assert (ROOT / target).is_file(), target
