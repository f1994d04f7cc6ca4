"""The benches' rows, and the refusal of the one that needs a runtime."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from engine.commands.bench import adaptation, benches
from engine.commands.bench.rows import line, row
from engine.frame import LOST, Frame, Hand, Pose
from engine.headset import HeadsetUnavailable
from engine.openxr.bench import monado
from engine.parameters import ParameterError
from engine.scene import Panel, Progress, Scene


@pytest.mark.parametrize(("value", "bound", "holds"), [(1.0, 1.0, True), (1.1, 1.0, False)])
def test_a_row_holds_up_to_its_bound(value: float, bound: float, holds: bool) -> None:
    found = row("a cost", value, "s", "a peer", at_most=bound)
    assert found["holds"] is holds
    assert ("holds" if holds else "DOES NOT HOLD") in line(found)


def test_a_row_of_speed_holds_from_its_bound_on() -> None:
    assert row("a speed", 2.0, "1/s", "a peer", at_least=2.0)["holds"]


def test_a_row_is_json() -> None:
    found = row("a cost", 1 / 3, "s", "a peer", at_most=1.0)
    assert json.loads(json.dumps(found)) == found


def test_without_names_only_benches_run_that_run_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    for name in benches.BENCHES:
        monkeypatch.setitem(benches.BENCHES, name, lambda name=name: ran.append(name) or [])
    benches.run([])
    assert ran == ["loop", "recording", "body", "measures", "adaptation", "preview"]


def test_a_length_of_play_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYREACH_SOAK_S", "ten minutes")
    with pytest.raises(ParameterError, match="STEADYREACH_SOAK_S=ten minutes must be a number of seconds"):
        benches.run(["xr"])


def test_without_monado_the_bench_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(HeadsetUnavailable, match=r"needs Monado .*: install monado-service"):
        benches.run(["xr"])


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for the service is a shell script")
def test_a_service_that_dies_at_its_start_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "monado-service"
    program.write_text("#!/bin/sh\necho no graphics card\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("XR_RUNTIME_JSON", str(program))
    with pytest.raises(HeadsetUnavailable, match="no graphics card"):
        monado.Monado(tmp_path)


def test_the_bench_of_adaptation_has_a_bound_for_nearly_every_row_and_asks_for_nothing_above_the_ceiling() -> None:
    rows = adaptation.run(count=12, seed=4, sessions=20)
    bounded = [row for row in rows if "at_most" in row or "at_least" in row]
    assert len(bounded) == len(rows) - 1
    assert (rows[-1]["name"], rows[-1]["value"]) == ("requests above the ceiling", 0)


@pytest.fixture
def pictures():
    """The bench of pictures; skipped where there is no OpenGL, a failure where it is required."""
    pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")
    from engine.commands.bench import games
    from engine.panda.graphics import Graphics, NoGraphics

    try:
        Graphics.offscreen().close()
    except NoGraphics as reason:
        if "gl" in os.environ.get("STEADYREACH_REQUIRE", "").split(","):
            raise
        pytest.skip(str(reason))
    return games


def test_the_bench_of_pictures_counts_a_game_and_finds_nothing_left_to_load(pictures) -> None:
    rows = pictures.run(["harbour_lean"], ["contrast"], drawing=False)
    found = {row["name"]: row for row in rows}
    counted = [row for name, row in found.items() if name.startswith(("draw calls", "triangles", "reads"))]
    assert all(row["holds"] for row in counted)
    assert found["triangles, harbour_lean, contrast"]["value"] > found["triangles, lobby, contrast"]["value"] > 1000
    assert found["main thread, harbour_lean, contrast"]["value"] > 0


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts what a process reads")
def test_a_file_that_is_read_is_counted(pictures, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    before, counted = pictures._reads(), pictures._reads()
    (tmp_path / "file").read_text()
    assert pictures._reads() - counted > counted - before


def test_the_middle_of_a_round_begins_when_it_is_nearly_half_done(pictures) -> None:
    film, frame = pictures.Film(), Frame(0, Pose((0.0, 1.6, 0.0)), Hand(LOST), Hand(LOST))
    for share in (0.0, 0.3, 0.5, 0.7):
        film.see(frame, Scene("orchard", (Panel("p", "x"), Progress("progress", share))))
    assert [scene.items[1].share for scene, _ in film.mid_play()] == [0.5, 0.7]
    assert film.within("harbour") == []
