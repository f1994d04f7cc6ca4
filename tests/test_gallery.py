"""The gallery: every game and state has its moment, and pictures and their sheet are whole files."""

import os
from pathlib import Path

import numpy as np
import pytest

import games
from engine.commands import gallery, moments, visits
from engine.frame import LOST, Frame, Hand, Pose
from engine.scene import Lean, Panel, Progress, Scene

REQUIRED = "gl" in os.environ.get("STEADYREACH_REQUIRE", "").split(",")
FRAME = Frame(0, Pose((0.0, 1.6, 0.0)), Hand(LOST), Hand(LOST))


@pytest.mark.parametrize("name", [*games.names(), "limits_of_stability", "timed_up_and_go"])
def test_every_game_has_a_moment_worth_a_picture(name: str, tmp_path: Path) -> None:
    scene, _ = gallery._played(name, tmp_path)[moments.PLAY]
    assert scene.trial
    assert scene.place == visits.task_kind(name).place


def test_every_state_of_a_session_is_lived_through(tmp_path: Path) -> None:
    assert set(gallery._states(tmp_path)) == set(moments.STATES)


def test_the_best_moment_is_kept() -> None:
    seen = moments.Moments()
    leans = [Lean("lean", 45, 6.0, 1.0, fill=fill) for fill in (0.1, 0.5, 0.9)]
    for lean in leans:
        seen.see(FRAME, Scene("harbour", (lean, Progress("p", 0.4), Panel("p", "x")), trial=True))
    assert seen.kept[moments.PLAY][0].items[0] == leans[1]


def test_a_picture_comes_back_as_it_went_into_its_file(tmp_path: Path) -> None:
    core = pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")
    pixels = np.random.default_rng(1).integers(0, 256, (5, 7, 3), np.uint8)
    image = core.PNMImage(core.Filename.from_os_specific(str(gallery._write_png(tmp_path / "new" / "a.png", pixels))))
    again = [[tuple(image.get_xel_val(x, y)) for x in range(7)] for y in range(5)]
    assert np.array_equal(again, pixels)


def test_a_gallery_has_a_picture_of_each_and_a_sheet_of_all(tmp_path: Path) -> None:
    pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")
    from engine.panda.graphics import Graphics, NoGraphics

    try:
        Graphics.offscreen().close()
    except NoGraphics as reason:
        if REQUIRED:
            raise
        pytest.skip(str(reason))
    taken = gallery.gallery(tmp_path, ["day"], ["en"], ["fruit_ladder"], size=(240, 150))
    states = {f"{state}-en.png" for state in moments.STATES}
    assert {path.name for path in taken} == {"fruit_ladder-day.png", "title.png", "contact.png", *states}
    assert all(path.stat().st_size > 1000 for path in taken)
