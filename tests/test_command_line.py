"""The command line: what it answers, and how it refuses."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import entered
from conftest import ROOT
from server_fixtures import a_service

import steadyreach
from engine.commands import visits
from engine.session_folder import finished

Answer = tuple[int, str, str]
Run = Callable[..., Answer]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command in this process: exit code, standard output, standard error."""
    monkeypatch.setattr(steadyreach, "HOME", tmp_path)

    def call(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["steadyreach", *map(str, words)])
        code = 0
        try:
            steadyreach.main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two simulated sessions of the seed 9, for all who read one."""
    home = tmp_path_factory.mktemp("home")
    words = ["simulate", "--sessions", "2", "--seed", "9", "--folder", home / "s"]
    done = entered(words, ROOT, HOME=str(home), APPDATA=str(home))
    assert done.code == 0, done.err
    return finished(home / "s")


SHORT = ["--set", "fruit_ladder.targets=2", "--set", "standing.quiet_s=10"]


def test_games_lists_parameters_with_bounds_and_measures_with_units(run: Run) -> None:
    _, out, _ = run("games", "--json")
    ladder = next(game for game in json.loads(out) if game["name"] == "fruit_ladder")
    assert {"name", "default", "low", "high", "unit", "help"} <= set(ladder["parameters"][0])
    assert ladder["measures"]["elevation_deg"]["unit"] == "deg"
    assert {"title", "trains", "version"} <= set(ladder)


def test_play_keeps_a_session_and_says_what_came_of_it(run: Run, tmp_path: Path) -> None:
    code, out, err = run("play", "fruit_ladder", "--headset", "simulated", "--folder", tmp_path, "--json", *SHORT)
    answer = json.loads(out)
    assert (code, answer["ended_by"]) == (0, "finished")
    assert finished(tmp_path) == [Path(answer["folder"])]
    assert "playing on simulated patient" in err


@pytest.mark.parametrize("name", ["fruit_ladder", "harbour_lean"])
def test_play_takes_a_persons_recording_and_then_our_own(
    name: str, run: Run, replay_file: Path, tmp_path: Path
) -> None:
    code, out, _ = run("play", name, "--headset", f"replay:{replay_file}", "--folder", tmp_path, "--json")
    assert code == 0
    ours = json.loads(out)["recording"]
    code, out, _ = run("play", name, "--headset", f"replay:{ours}", "--folder", tmp_path, "--json")
    assert code == 0
    assert json.loads(out)["frames"] == 2682


def test_auto_takes_the_first_headset_that_starts_and_says_why_the_others_did_not(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setenv("XR_RUNTIME_JSON", str(tmp_path / "none.json"))
    code, _, err = run("play", "fruit_ladder", "--folder", tmp_path / "s", *SHORT)
    assert code == 0
    assert "not openxr:" in err
    assert "not desk:" in err
    assert "playing on simulated patient" in err


def test_calibrate_measures_a_recording(run: Run, replay_file: Path) -> None:
    code, out, _ = run("calibrate", "--recording", replay_file, "--json")
    measured = json.loads(out)
    assert code == 0
    assert 1.8 < measured["stature_m"]["value"] < 2.05
    assert measured["quality"]["dropped"] == {"head at the origin": 1, "time did not rise": 2}


def test_presets_say_what_they_do_from_where_and_what_a_form_needs(run: Run) -> None:
    code, out, _ = run("presets", "child", "--set", "adaptation.target_success=0.85", "--json")
    answer = json.loads(out)
    assert (code, answer["sources"]["adaptation.target_success"]) == (0, "the therapist now")
    assert set(answer["form"]["first"]) <= {about["name"] for about in answer["form"]["adaptation"]}
    assert {about["name"] for about in answer["form"]["limits"]["lean_back"]} >= {"floor", "ceiling"}


def test_simulate_gives_finished_sessions_fixed_by_the_seed(run: Run, simulated: list[Path], tmp_path: Path) -> None:
    _, out, _ = run("simulate", "--sessions", 1, "--seed", 9, "--folder", tmp_path, "--json")
    (again,) = finished(tmp_path)
    assert json.loads(out)["frames_per_second"] > 0
    assert len(simulated) == 2
    assert (simulated[0].parent / again.name / "frames.vrec").read_bytes() == (again / "frames.vrec").read_bytes()


def test_replay_and_report_take_a_session_folder(run: Run, simulated: list[Path], tmp_path: Path) -> None:
    folder = simulated[0]
    code, out, _ = run("replay", folder, "--folder", tmp_path / "again", "--json")
    assert (code, json.loads(out)["same"]) == (0, True)
    code, _, _ = run("report", folder, "--out", tmp_path / "report.html")
    assert code == 0
    assert "Fruit Ladder" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_bench_answers_with_rows(run: Run) -> None:
    _, out, _ = run("bench", "body", "--json")
    (row,) = json.loads(out)
    assert {"name", "value", "unit", "at_most", "peer", "holds"} == set(row)


def test_doctor_says_what_this_computer_can_do(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("doctor", "--folder", tmp_path, "--json")
    findings = {finding["name"]: finding for finding in json.loads(out)}
    assert code == 0
    assert {"Python", "Graphics", "OpenXR", "Sound", "Disk", "Clock", "Server"} <= set(findings)
    assert all(finding["do"] for finding in findings.values() if not finding["ok"])


REFUSED = [
    (["play", "fruit_ladder", "--age", "3"], "an age of 3 years is too young: people play from 4 years on"),
    (["play", "fruit_ladder", "--theme", "night"], "there are day, contrast, dragon"),
    (["play", "fruit_ladder", "--language", "xx"], "there are no words in 'xx'; there are en, de, es, fr"),
    (["play", "golf"], "there is no game 'golf'; the games are bell_tower, block_ferry, calm_tide"),
    (["play", "fruit_ladder", "--preset", "strong"], "there is no preset 'strong'"),
    (
        ["play", "fruit_ladder", "--headset", "crt"],
        "--headset 'crt' must be auto, openxr, desk, simulated or replay:FILE",
    ),
    (["play", "fruit_ladder", "--headset", "replay:none.vrec"], "none.vrec cannot be read: No such file or directory"),
    (
        ["play", "fruit_ladder", "--set", "fruit_ladder.targets=900"],
        "targets = 900 must be a whole number from 1 to 60",
    ),
    (["play", "fruit_ladder", "--set", "fruit_ladder.hold_s=long"], "hold_s = 'long' must be a number from 0 to 5 s"),
    (["play", "fruit_ladder", "--set", "fruit_ladder.colour=red"], "there is no parameter 'colour'; known are targets"),
    (["play", "fruit_ladder", "--set", "targets=3"], "--set 'targets=3' must look like fruit_ladder.targets=5"),
    (["play", "fruit_ladder", "--set", "harbour_lean.targets=3"], "harbour_lean is not part of this visit"),
    (
        ["play", "fruit_ladder", "--measure", "some"],
        "no form 'some' of measuring; there are usual, auto, nothing, check",
    ),
    (
        ["play", "fruit_ladder", "--answer", "pian=3"],
        "no answer 'pian'; the answers are stop, pain, dizziness, fatigue",
    ),
    (["presets", "strong"], "there is no preset 'strong'"),
    (["preview", "push", "--patient", "nobody.json"], "nobody.json cannot be read: No such file or directory"),
    (["calibrate", "--recording", __file__], "test_command_line.py is not a recording"),
    (["replay", "nowhere"], "cannot be read: No such file or directory"),
    (["report", "nowhere"], "cannot be read: No such file or directory"),
    (["bench", "golf"], "there is no bench 'golf'; the benches are"),
    (["sync"], "this computer is not enrolled with a clinic"),
    (["enrol"], "enrol needs CODE and --server"),
    (["enrol", "X", "--server", "http://127.0.0.1:9", "--patience", "0"], "cannot be reached"),
]


@pytest.mark.parametrize(("words", "sentence"), REFUSED, ids=[" ".join(words[:5]) for words, _ in REFUSED])
def test_bad_input_is_refused_in_one_sentence_and_leaves_nothing(
    words: list[str], sentence: str, run: Run, tmp_path: Path
) -> None:
    plays = words[0] in ("play", "sync") or words[:2] == ["enrol", "X"]
    sessions = ["--folder", str(tmp_path / "sessions")] if plays else []
    headset = ["--headset", "simulated"] if words[0] == "play" and "--headset" not in words else []
    code, out, err = run(*words, *sessions, *headset)
    assert code != 0
    assert sentence in err
    assert err.count("\n") <= 2
    assert out == ""
    assert not finished(tmp_path / "sessions")


def test_a_truncated_recording_plays_what_is_left(run: Run, simulated: list[Path], tmp_path: Path) -> None:
    whole = (simulated[0] / "frames.vrec").read_bytes()
    (tmp_path / "cut.vrec").write_bytes(whole[: len(whole) // 2])
    code, _, err = run(
        "play", "fruit_ladder", "--headset", f"replay:{tmp_path / 'cut.vrec'}", "--folder", tmp_path / "b"
    )
    assert code == 0
    assert "cut off after" in err


def test_a_folder_that_cannot_be_written_is_refused_before_anything_begins(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, _, err = run("play", "fruit_ladder", "--headset", "simulated", "--folder", tmp_path / "file")
    assert code != 0
    assert "cannot hold sessions" in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a file")
def test_a_disk_that_fills_up_ends_the_session_and_keeps_it(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys, steadyreach; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from engine import session_folder; session_folder.RESERVE_BYTES = 1000;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        f"sys.argv = ['steadyreach', 'play', 'fruit_ladder', '--headset', 'simulated', '--folder', {str(tmp_path)!r}];"
        "steadyreach.main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    (folder,) = finished(tmp_path)
    assert done.returncode != 0
    assert "the recording could not be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert {path.name for path in folder.iterdir()} == {"frames.vrec", "session.json"}


def test_an_account_is_made_once(run: Run, tmp_path: Path) -> None:
    with a_service(tmp_path):
        pass
    first = run("account", "maja", "Maja B.", "--folder", tmp_path)
    second = run("account", "MAJA", "Maja B.", "--folder", tmp_path)
    assert (first[0], len(first[1].strip()) >= 15) == (0, True)
    assert second[0] == 1
    assert "there is an account 'maja' already" in second[2]


@pytest.mark.parametrize("words", [["serve", "--folder", "clinic"], ["demo", "--folder", "out"], ["report", "nowhere"]])
def test_a_part_that_is_not_installed_is_named_with_what_to_do(words: list[str], tmp_path: Path) -> None:
    missing = "import sys; sys.modules.update(dict.fromkeys(['sqlalchemy', 'fontpkg_atkinson_hyperlegible']));"
    program = f"{missing} sys.argv = ['steadyreach', *{words}]; sys.path.insert(0, {str(ROOT)!r});"
    program += "import steadyreach; steadyreach.main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "which is not installed: run pip install steadyreach[all]" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_version_is_said_once_and_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == visits.VERSION


def test_it_runs_as_a_module_and_prints_help() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "steadyreach", "--help"], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    for command in (
        "demo",
        "play",
        "calibrate",
        "simulate",
        "replay",
        "report",
        "serve",
        "account",
        "enrol",
        "sync",
        "games",
        "doctor",
        "bench",
    ):
        assert command in done.stdout
