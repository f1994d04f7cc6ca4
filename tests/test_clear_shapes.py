"""What matters is told from what stands around a person: in the theme of clear shapes, and by light in the others."""

import math

import numpy as np
import pytest

from engine import theme, words
from engine.frame import LOST, Frame, Hand, Pose, from_yaw_pitch

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from panda3d.core import Point2, Point3

from engine.panda.lamps import stands_m
from engine.panda.pictures import Photographer
from engine.panda.stage import Stage
from engine.scene import Lean, Scene, Stone

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # WCAG 2.2
NOTHING_TO_AIM_AT = ("lobby", "still", "orchard", "wood", "meadow", "shore", "hill", "pond", "cafe")
"""In the other places a lamp, a vehicle or a boat is there whatever is played."""
FRAME = Frame(1_000_000_000, Pose((0.0, 1.6, 0.0)), Hand(LOST), Hand(LOST))


def luminance(shown: np.ndarray) -> np.ndarray:
    """The relative luminance of colours (..., 3) as a screen shows them, from 0 to 1."""
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    return linear @ LUMINANCE


@pytest.fixture(scope="module")
def camera(graphics, models):
    stage = Stage(graphics, theme.load("contrast"), words.load(), models)
    return Photographer(graphics, stage, (320, 200), samples=0)


@pytest.mark.parametrize("place", NOTHING_TO_AIM_AT)
def test_nothing_that_only_stands_around_is_nearly_as_light_as_what_is_wanted(camera, place):
    read = theme.load("contrast").places[place]
    wanted = luminance(np.array([int(read.paint["wanted"][i : i + 2], 16) for i in (1, 3, 5)]) / 255)
    lightest = luminance(camera.pixels(Scene(place), FRAME) / 255).max()
    assert (wanted + 0.05) / (lightest + 0.05) > 3  # WCAG 2.2, 1.4.11


def test_the_stone_that_is_wanted_is_told_from_those_that_lie_there(camera):
    frame = FRAME._replace(head=Pose((0.0, 1.6, 0.0), from_yaw_pitch(0.0, math.radians(-60))))
    lies = Stone("lies", 0.0, 0.8, 0.12, "", state="idle")
    idle, lit = (
        luminance(camera.pixels(Scene("pond", items), frame) / 255).max()
        for items in ((lies,), (lies, Stone("stone 0", 0.0, 0.8, 0.12, "left")))
    )
    assert (lit + 0.05) / (idle + 0.05) > 3  # WCAG 2.2, 1.4.11


def test_the_floor_is_told_from_the_sky(camera):
    seen = luminance(camera.pixels(Scene("still"), FRAME) / 255)
    assert seen[-20:].mean() > 2 * seen[:20].mean()


@pytest.fixture(params=["day", "dragon"])
def by_light(request, graphics, models):
    stage = Stage(graphics, theme.load(request.param), words.load(), models)
    return Photographer(graphics, stage, (320, 200), samples=0)


def light_at(camera, place_m, scene, frame) -> float:
    """The mean luminance around a place of a scene that has come to rest."""
    for later_s in (0, 1, 2):
        pixels = camera.pixels(scene, frame._replace(time_ns=frame.time_ns + later_s * 1_000_000_000))
    x, y, z = place_m
    at = Point2()
    assert camera.lens.project(camera._eye.get_relative_point(camera._stage.root, Point3(x, -z, y)), at)
    column, row = round(160 * (1 + at.x)), round(100 * (1 - at.y))
    return luminance(pixels[row - 2 : row + 3, column - 2 : column + 3] / 255).mean()


def test_a_stone_and_a_lamp_that_are_lit_are_told_from_others_by_day(by_light):
    down = FRAME._replace(head=Pose((0.0, 1.6, 0.0), from_yaw_pitch(0.0, math.radians(-60))))
    lies, lit = Stone("lies", 0.0, 0.8, 0.12, "", state="idle"), Stone("stone 0", 0.0, 0.8, 0.12, "")
    stones = [light_at(by_light, (0.04, 0.03, -0.8), Scene("pond", items), down) for items in ((lies,), (lies, lit))]
    harbour = by_light._stage.theme.places["harbour"]
    x, y, z = stands_m(harbour, 45.0)
    glass_m, lean = (x, y + harbour.lamp_scale, z), Lean("lean", 45.0, 6.0, 0.8, (4.0, 4.0), fill=0.5)
    lamps = [light_at(by_light, glass_m, Scene("harbour", items), FRAME) for items in ((), (lean,))]
    for dark, light in (stones, lamps):
        assert (light + 0.05) / (dark + 0.05) > 1.35
