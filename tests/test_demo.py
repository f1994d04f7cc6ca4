"""The demo, as its user runs it: a whole session from a person's movement to the therapist's page."""

import json
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest
from conftest import ROOT

from engine.commands import demo
from engine.panda.graphics import Graphics, NoGraphics
from engine.session_folder import finished, read_session


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "out"


@pytest.fixture(scope="module")
def running(out: Path) -> Iterator["subprocess.Popen[str]"]:
    """The demo, whose server is kept where it can be told to end."""
    keep = [] if sys.platform == "win32" else ["--keep"]  # Ctrl-C cannot be sent to one process there
    process = subprocess.Popen(_command(out, *keep), stdout=subprocess.PIPE, text=True, cwd=ROOT)
    patience = threading.Timer(300, process.kill)
    patience.start()
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate()
    patience.cancel()


@pytest.fixture(scope="module")
def answer(running: "subprocess.Popen[str]") -> dict:
    assert running.stdout
    return json.loads("".join(takewhile(lambda line: line != "}\n", running.stdout)) + "}")


def _command(out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "steadyreach", "demo", "--folder", str(out), "--json", *more]


def test_it_leaves_report_pictures_and_session(answer: dict, out: Path) -> None:
    assert Path(answer["report"]) == out / "report.html"
    assert finished(out / "sessions") == [Path(answer["folder"])]
    assert "Harbour Lean" in (out / "report.html").read_text(encoding="utf-8")


def test_its_pictures_are_there(answer: dict, out: Path) -> None:
    try:
        Graphics.offscreen().close()
    except NoGraphics as reason:
        pytest.skip(str(reason))
    names = [path.name for path in sorted((out / "pictures").glob("*.png"))]
    assert names == ["1-title.png", "2-fruit-ladder.png", "3-harbour-lean.png", "4-the-end.png"]
    assert [Path(path).name for path in answer["pictures"]] == names


def test_it_says_what_was_measured(answer: dict) -> None:
    measured = answer["measured"]
    assert 1.0 < measured["stature_m"] < 2.3
    assert set(measured["arm_m"]) == {"left", "right"}
    assert measured["quality"]["frames"] > 0
    assert all(sway["value"] is not None or sway["note"] for sway in measured["sway"].values())


def test_the_session_is_whole(answer: dict) -> None:
    session = read_session(Path(answer["folder"]))
    kinds = [block.kind for block in session.blocks]
    assert session.ended_by == "finished"
    assert kinds == ["welcome", "calibrate", "calibrate", "calibrate", "warm up", "play", "rest", "play", "end"]
    assert 0.5 < answer["success_rate"] <= 1.0


def test_the_server_was_down_and_holds_the_session_once(answer: dict) -> None:
    assert answer["delivery"]["while_down"]["waiting"] == 1
    assert answer["delivery"]["delivered"] == 1
    assert answer["delivery"]["again_without_ledger"] == {"delivered": 0, "already_there": 1}
    assert answer["server_sessions"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_it_keeps_the_server_when_asked(running: "subprocess.Popen[str]", answer: dict) -> None:
    with urllib.request.urlopen(answer["page"]) as page:
        assert "Log in" in page.read().decode()
    running.send_signal(signal.SIGINT)
    assert running.wait(30) == 0


def test_without_a_persons_recording_it_makes_one_and_plays_with_what_it_measures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEADYREACH_DATA", str(tmp_path))
    source, known = demo._measured(tmp_path, None, demo.Progressing(quiet=True))
    session, _ = demo._session(tmp_path, known, ())
    assert source == "a simulated patient's recording, made on the spot"
    assert session.ended_by == "finished"


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    done = subprocess.run(_command(tmp_path), capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "is not empty and not from a demo" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
