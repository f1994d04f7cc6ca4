"""The README is true: its commands run, its game plays, its tables hold what the code declares."""

import re
import shlex
import shutil
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from commands import Said, begun, entered
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
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Said]:
    """What came of each command: first of those that play, in the order of their block, and then of all that read."""
    folder = tmp_path_factory.mktemp("reader")

    def run(commands: list[str]) -> dict[str, Said]:
        return {command: entered(command.split()[1:], folder) for command in commands}

    found: dict[str, Said] = {}
    all_of = [[line for line in block.splitlines() if line.startswith("steadyreach")] for block in blocks("sh")]
    playing = [[line for line in commands if line.split()[1] in ("play", "simulate")] for commands in all_of]
    reading = [[line] for commands in all_of for line in commands if line.split()[1] not in ("play", "simulate")]
    with ThreadPoolExecutor(2) as readers:
        for part in (playing, reading):
            for ran in readers.map(run, part):
                found |= ran
    return found


@pytest.mark.parametrize("command", [line for line in lines("sh") if line.startswith("steadyreach")])
def test_a_command_runs(command: str, done: dict[str, Said]) -> None:
    assert done[command].code == 0, done[command].err


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
    (tmp_path / "ada.toml").write_text(blocks("toml")[0], encoding="utf-8")
    serve, account, enrol, prescribe = lines("clinic")
    with Commands(tmp_path, serve) as commands:
        assert len(commands.say(account).strip()) >= 15
        code = commands.say(enrol).strip()
        commands.say(prescribe)
        said = [commands.say(line.replace("CODE", code)) for line in lines("patient")]
        kept = [commands.say(line) for line in lines("keeping")]
        out = [commands.say(line) for line in lines("privacy")]
    assert " reached, finished, by prescription version 1 (current)" in said[2]
    assert not said[2].startswith("0 of 0")
    assert "delivered" in said[-1]
    assert len(kept[0].splitlines()) == 1
    assert (tmp_path / "measures.csv").read_text(encoding="utf-8").count("\n") > 1
    assert (tmp_path / "clinic-again" / "clinic.db").is_file()
    assert "device" in out[1]
    assert zipfile.is_zipfile(tmp_path / "ada.zip")
    assert not any((tmp_path / "sessions").glob("*/session.json"))


class Commands:
    """A home folder in which the README's commands are entered, while its server runs."""

    def __init__(self, folder: Path, serve: str) -> None:
        environment = {"HOME": str(folder), "APPDATA": str(folder), "PATH": "", "PYTHONPATH": str(ROOT)}
        environment["STEADYREACH_KEYS"] = str(folder / "keys")
        self._folder, self._environment = folder, environment
        self._serve = [*shlex.split(serve)[1:], "--port", "0"]

    def __enter__(self) -> "Commands":
        self._server = begun(self._serve, self._folder, **self._environment)
        self._url = self._server.line("Serving at").split()[-1]
        return self

    def __exit__(self, *_: object) -> None:
        self._server.terminate()
        self._server.said(timeout_s=30)

    def say(self, line: str) -> str:
        """Enter a command, and read what it says."""
        _, *words = shlex.split(line.replace("http://127.0.0.1:8765", self._url))
        done = entered(words, self._folder, **self._environment)
        assert done.code == 0, f"{line}: {done.err}"
        if "Recovery code, shown once: " in done.out:
            self._environment["STEADYREACH_RECOVERY_CODE"] = done.out.partition("once: ")[2].split()[0]
        return done.out


def test_its_game_is_a_whole_game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks("python")
    (tmp_path / "still_hand.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(games, "__path__", [*games.__path__, str(tmp_path)])
    assert "still_hand" in games.names()
    holds = visits.resolved(assignments=["still_hand.targets=3"])
    plan = visits.plan("reader", visits.steps_for(["still_hand"], holds), holds, 1)
    about = visits.About("reader", "2026-01-05T09:00:00+00:00", visits.SOFTWARE)
    done, _ = visits.play(plan, SimulatedHeadset(seed=1, rate_hz=45.0), tmp_path / "sessions", about)
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
