"""Both eyes drawn by the same calls: that it is so, and that nobody can see it."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from panda3d.core import GraphicsOutput, Shader

from engine import theme, words
from engine.frame import Frame, Hand, Pose
from engine.openxr.options import Options
from engine.panda.pictures import Photographer
from engine.panda.stage import Stage
from engine.scene import Lean, Panel, Reach, Scene, Stand, Target
from tests.openxr.pixels import Pictures
from tests.openxr.world import WAYS, Sight

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "openxr.md"
WHITE = "#version 150\nout vec4 colour;\nvoid main() { colour = vec4(1.0); }"
HELD = Frame(10**9, Pose((0.0, 1.6, 0.0)), Hand(Pose((-0.2, 1.3, -0.4))), Hand(Pose((0.2, 1.3, -0.4))))
REACH = Reach("reach", (0.3, 1.3, -0.3), (0.5, 1.5, -0.6), "right", 0.4)
PANEL = Panel("panel", "stand.title", ("stand.text",), 2, 5)
ITEMS = (Target("fruit", (0.0, 1.5, -0.6), 0.05, fill=0.5), Lean("lean", 0.0, 5.0, 1.0), REACH, Stand("stand"), PANEL)


def buffers(sight: Sight) -> list[GraphicsOutput]:
    """What the eyes are drawn in."""
    return [output for output in sight.graphics.engine.get_windows() if output.name == "eyes"]


@pytest.mark.parametrize(("way", "times"), [("one draw", 1), ("one cull", 2), ("two culls", 2)])
def test_a_node_is_drawn_once_for_both_eyes(sight: Sight, way: str, times: int) -> None:
    sight.open_eyes(WAYS[way])
    sight.look(2)
    assert sight.times("draw") == times
    assert len(buffers(sight)) == times


def test_the_shader_in_the_manual_draws_both_eyes(sight: Sight, pictures: Pictures) -> None:
    sight.look()
    before = pictures.both()
    (told,) = re.findall("```glsl\n(.*?)```", MANUAL.read_text("utf-8"), re.DOTALL)
    sight.world.root.set_shader(Shader.make(Shader.SL_GLSL, f"#version 150\n{told}", WHITE))
    sight.look()
    assert len(buffers(sight)) == 1
    for white, coloured in zip(pictures.both(), before, strict=True):
        assert ((white[..., 0] == 255) == (coloured[..., 2] == 255)).mean() > 0.999
        assert (white[..., 0] == 255).any()


def apart(first: Sequence[NDArray[np.generic]], second: Sequence[NDArray[np.generic]]) -> list[float]:
    """The share of pixels of each eye that differ by more than the grain of the light, in steps of 255."""
    pairs = zip(first, second, strict=True)
    return [float((np.abs(one.astype(int) - two) > 3).any(axis=2).mean()) for one, two in pairs]


@pytest.mark.parametrize("samples", [0, 4])
@pytest.mark.parametrize("place", ["orchard", "harbour"])
def test_nobody_can_see_that_both_eyes_are_drawn_by_the_same_calls(
    sight: Sight, pictures: Pictures, models: Path, place: str, samples: int
) -> None:
    stage = Stage(sight.graphics, theme.load(), words.load(), models)
    stage.show(Scene(place, ITEMS), HELD)
    shown = []
    for one_draw in (True, False):
        sight.open_eyes(Options(samples=samples, one_draw=one_draw), stage.root)
        sight.look(2)
        shown.append((*pictures.both(), *pictures.depths()))
        assert len(buffers(sight)) == (1 if one_draw else 2)
    together, alone = shown
    assert max(apart(together[:2], alone[:2])) < 0.002
    assert max(float((np.abs(a - b) > 1e-4).mean()) for a, b in zip(together[2:], alone[2:], strict=True)) < 0.002
    assert min(apart(together[:1], together[1:2])) > 0.05  # two eyes see two pictures
    assert all(len(np.unique(picture.reshape(-1, 4), axis=0)) > 1000 for picture in together[:2])


def test_what_one_eye_sees_ends_at_the_edge_of_its_picture(sight: Sight, pictures: Pictures) -> None:
    wide = sight.world.add(40.0, 0.1, (255, 255, 255))
    wide.set_pos(19.9, 1, 1.6)  # from a little to the left of the middle far past the right edges
    sight.look()
    left, right = (picture[..., 0] == 255 for picture in pictures.both())
    for seen in (left, right):
        assert not seen[:, 0].any()
        assert seen[:, -1].any()
    assert not np.array_equal(left, right)


def test_shaders_that_know_one_eye_are_drawn_for_each(sight: Sight, pictures: Pictures) -> None:
    for name in ("eyes", "beside"):
        sight.world.root.clear_shader_input(name)
    sight.world.root.clear_shader()
    sight.open_eyes(Options())
    sight.look()
    assert len(buffers(sight)) == 2
    left, right = (np.nonzero(picture[..., 2] == 255)[1].mean() for picture in pictures.both())
    assert left > right + 2


def test_eyes_of_two_sizes_are_drawn_one_by_one(sight: Sight, pictures: Pictures) -> None:
    sight.runtime.sizes = [(320, 240), (300, 240)]
    sight.open_eyes(Options())
    sight.look()
    assert [output.get_x_size() for output in buffers(sight)] == [320, 300]
    assert [picture.shape[1] for picture in pictures.both()] == [320, 300]


def test_a_driver_that_has_no_picture_so_wide_draws_one_by_one(
    sight: Sight, pictures: Pictures, caplog: pytest.LogCaptureFixture
) -> None:
    wide = 3 * sight.graphics.gsg.max_texture_dimension // 4
    sight.runtime.sizes = sight.runtime.largest = [(wide, 16)] * 2
    sight.open_eyes(Options())
    sight.look(2)
    assert len(buffers(sight)) == 2
    assert "each eye is drawn by calls of its own" in caplog.text
    assert f"refused a buffer of {2 * wide} x 16 pixels" in caplog.text
    assert all((picture[..., 2] > 100).any() for picture in pictures.both())


def test_other_cameras_see_one_picture(sight: Sight, models: Path) -> None:
    stage = Stage(sight.graphics, theme.load(), words.load(), models)
    camera = Photographer(sight.graphics, stage, (160, 100))
    before = camera.pixels(Scene("orchard", ITEMS), HELD)
    sight.open_eyes(Options(), stage.root)
    sight.look(2)
    assert len(buffers(sight)) == 1
    assert np.array_equal(camera.pixels(Scene("orchard", ITEMS), HELD), before)
