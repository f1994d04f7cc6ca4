"""The theme of clear shapes: what stands around a person stays darker than what matters."""

import math

import numpy as np
import pytest

from engine import theme, words
from engine.frame import LOST, Frame, Hand, Pose, from_yaw_pitch

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from engine.panda.pictures import Photographer
from engine.panda.stage import Stage
from engine.scene import Scene, Stone

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
