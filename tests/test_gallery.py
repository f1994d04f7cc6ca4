"""The gallery: every game and state has its moment, and pictures and their sheet are whole files."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import games
from engine import theme, words
from engine.commands import gallery, moments, visits
from engine.frame import LOST, Frame, Hand, Pose
from engine.scene import Lean, Panel, Progress, Scene

if TYPE_CHECKING:
    from engine.panda.graphics import Graphics
    from engine.panda.pictures import Photographer

REQUIRED = "gl" in os.environ.get("STEADYREACH_REQUIRE", "").split(",")
FRAME = Frame(0, Pose((0.0, 1.6, 0.0)), Hand(LOST), Hand(LOST))
EDGE = 0.98  # of half a picture: what is further out touches its edge
UNSEEN = ("owl_watch", "stepping_stones")  # who looks up, or at the feet, does not see the spot for the menu
Played = Callable[[str], moments.Moment]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return cache(lambda name: gallery._played(name, tmp_path_factory.mktemp(name))[moments.PLAY])


@pytest.mark.parametrize("name", [*games.names(), "limits_of_stability", "timed_up_and_go"])
def test_every_game_has_a_moment_worth_a_picture(name: str, played: Played) -> None:
    scene, _ = played(name)
    assert scene.trial
    assert scene.place == visits.task_kind(name).place


@pytest.mark.long_table
@pytest.mark.parametrize("language", words.languages())
@pytest.mark.parametrize("look", theme.names())
def test_no_picture_of_a_game_cuts_off_words(look: str, language: str, played: Played, graphics: "Graphics") -> None:
    photographer = gallery._photographer(graphics, look, language, (48, 30))
    for name in games.names():
        gallery._photograph(photographer, played(name))
        menu = played(name)[0].menu
        shown = [name] if menu is None or name in UNSEEN else [name, menu.key]
        assert max(np.abs(edges(photographer, key)).max() for key in shown) < EDGE, name


def edges(photographer: "Photographer", key: str) -> np.ndarray:
    """Where the corners of something with words are in a picture: right and up, -1 to 1, (4, 2)."""
    from panda3d.core import Point3, VBase4

    from engine.panda.board import SHADOW_M

    card, lens = photographer._stage.node(key), photographer.lens.get_projection_mat()
    low, high = card.find("**/board").get_tight_bounds(card)
    corners = [(x, z) for x in (low.x + SHADOW_M, high.x - SHADOW_M) for z in (low.z + SHADOW_M, high.z - SHADOW_M)]
    seen = [photographer._eye.get_relative_point(card, Point3(x, 0, z)) for x, z in corners]
    return np.array([(at.x / at.w, at.y / at.w) for at in (lens.xform(VBase4(*each, 1)) for each in seen)])


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
