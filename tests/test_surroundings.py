"""A Surround as it is drawn: dark is dark, a held world goes where the head goes, and both are gone within 0.3 s."""

import math

import numpy as np
import pytest

from engine import theme, words
from engine.frame import LOST, Frame, Hand, Pose, from_yaw_pitch
from engine.scene import Panel, Scene, Surround, Target

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from engine.panda.axes import from_panda
from engine.panda.pictures import Photographer
from engine.panda.stage import Stage
from engine.panda.surroundings import DARKENS_S, LETS_GO_S, LIGHTENS_S

DARK, STUCK = Surround("dark", light=0.0), Surround("stuck", held="head")
ITEMS = (Target("fruit", (0.0, 1.5, -0.8), 0.05), Panel("panel", "stand.title", ("stand.text",)))
DT_S = 1 / 90
HERE = Pose((0.0, 1.6, 0.0))
THERE = Pose((0.03, 1.58, -0.05), from_yaw_pitch(math.radians(4.0), math.radians(-3.0)))


@pytest.fixture
def stage(graphics, models) -> Stage:
    return Stage(graphics, theme.load(), words.load(), models)


def frame(seconds: float, head: Pose = HERE) -> Frame:
    return Frame(int(seconds * 1e9), head, Hand(LOST), Hand(Pose((0.3, 1.2, -0.4))))


def live(stage, items, since: float, seconds: float, head: Pose = HERE) -> float:
    """Show something for a while; the time when it is over."""
    for step in range(round(seconds / DT_S)):
        stage.show(Scene("orchard", items), frame(since + step * DT_S, head))
    return since + seconds


def fruit_m(stage) -> tuple[float, float, float]:
    return from_panda(stage.node("fruit").get_pos(stage.root))


def test_in_the_dark_nothing_at_all_is_seen(graphics, stage):
    photographer = Photographer(graphics, stage, (160, 100))
    assert photographer.pixels(Scene("orchard", ITEMS), frame(0.0)).mean() > 50
    until = live(stage, (*ITEMS, DARK), 0.0, DARKENS_S + 0.05)
    assert photographer.pixels(Scene("orchard", (*ITEMS, DARK)), frame(until)).max() == 0
    assert stage.cards() == []


def test_it_gets_dark_gently_and_light_within_a_third_of_a_second(graphics, stage):
    photographer = Photographer(graphics, stage, (160, 100))
    bright = photographer.pixels(Scene("orchard", ITEMS), frame(0.0)).mean()
    until = live(stage, (*ITEMS, DARK), 0.0, DARKENS_S / 2)
    assert 0.3 * bright < photographer.pixels(Scene("orchard", (*ITEMS, DARK)), frame(until)).mean() < 0.7 * bright
    until = live(stage, ITEMS, live(stage, (*ITEMS, DARK), until, 2.0), 0.3)
    assert photographer.pixels(Scene("orchard", ITEMS), frame(until)).mean() == pytest.approx(bright, rel=0.02)


def test_a_held_world_looks_the_same_wherever_the_head_goes(graphics, stage):
    photographer = Photographer(graphics, stage, (160, 100))
    items = (ITEMS[0], STUCK)
    before = photographer.pixels(Scene("orchard", items), frame(0.0)).astype(int)
    after = photographer.pixels(Scene("orchard", items), frame(DT_S, THERE)).astype(int)
    moved = photographer.pixels(Scene("orchard", items[:1]), frame(9.0, THERE)).astype(int)
    assert np.abs(after - before).mean() < 1.5
    assert np.abs(moved - before).mean() > 10


def test_the_world_does_not_jump_when_it_is_held(stage):
    live(stage, ITEMS, 0.0, 0.2, THERE)
    before = fruit_m(stage)
    stage.show(Scene("orchard", (*ITEMS, STUCK)), frame(0.3, THERE))
    assert fruit_m(stage) == pytest.approx(before, abs=1e-6)
    stage.show(Scene("orchard", (*ITEMS, STUCK)), frame(0.31, Pose((0.05, 1.6, 0.0), THERE.orientation)))
    assert fruit_m(stage) == pytest.approx((before[0] + 0.02, before[1] + 0.02, before[2] + 0.05), abs=1e-4)


def test_a_world_that_is_let_go_jumps_only_in_the_dark_and_is_light_within_a_third_of_a_second(stage):
    until = live(stage, (*ITEMS, STUCK), 0.0, 0.2)
    until = live(stage, (*ITEMS, STUCK), until, 0.2, THERE)
    assert LETS_GO_S + LIGHTENS_S < 0.3
    held, dark, steps = fruit_m(stage), [], round(0.3 / DT_S)
    for step in range(steps):
        stage.show(Scene("orchard", ITEMS), frame(until + step * DT_S, THERE))
        dark.append(stage.surroundings.dark)
        if fruit_m(stage) != pytest.approx(held, abs=1e-6):
            assert max(dark) == 1.0
    assert fruit_m(stage) == pytest.approx(ITEMS[0].place_m)
    assert dark[-1] == pytest.approx(0.0, abs=0.05)


def test_hands_would_tell_of_sway_and_are_hidden_with_a_held_world(stage):
    hands = stage.root.find("hands")
    live(stage, (*ITEMS, STUCK), 0.0, 0.2)
    assert hands.is_hidden()
    live(stage, ITEMS, 0.2, 0.4)
    assert not hands.is_hidden()


def test_a_world_is_held_where_it_was_while_the_head_is_lost(stage):
    live(stage, (*ITEMS, STUCK), 0.0, 0.1)
    live(stage, (*ITEMS, STUCK), 0.1, 0.1, THERE)
    held = fruit_m(stage)
    stage.show(Scene("orchard", (*ITEMS, STUCK)), frame(0.3, LOST))
    assert fruit_m(stage) == held
