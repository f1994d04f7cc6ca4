"""The stage: axes, which node a key keeps, hands, places, and what a scene may ask for."""

import math
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import theme, words
from engine.frame import LOST, UPRIGHT, Frame, Hand, Pose, from_yaw_pitch, rotate
from engine.scene import Buzz, Item, Lean, Middle, Panel, Reach, Scene, Sound, Stand, Target

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from engine.panda.axes import from_panda, to_panda, turn_from_panda, turn_to_panda
from engine.panda.fruit import FAREWELL_S
from engine.panda.graphics import Graphics, NoGraphics
from engine.panda.stage import Stage

REQUIRED = "gl" in os.environ.get("STEADYREACH_REQUIRE", "").split(",")
GONE = Hand(LOST)
PANEL = Panel("panel", "stand.title", ("stand.text",), 1, 5)
HEAD = Pose((0.0, 1.6, 0.0))
FRUIT = Target("fruit", (0.2, 1.5, -0.6), 0.05)
ONE_OF_EACH: tuple[Item, ...] = (
    FRUIT,
    Reach("reach", (0.2, 1.2, -0.2), (0.2, 1.4, -0.7), "right", 0.4),
    Lean("lean", 0, 6.0, 1.0),
    Lean("open lean", 90, 6.0, 1.0, open_ended=True),
    Stand("stand", 0.5),
    PANEL,
    Sound("sound", "appear"),
    Buzz("buzz", "right", 0.5),
)

metres = st.floats(-5, 5)
angles = st.floats(-math.pi, math.pi)


def frame(seconds: float = 1.0, left: Hand = GONE, right: Hand = GONE) -> Frame:
    return Frame(int(seconds * 1e9), HEAD, left, right)


@pytest.fixture(scope="module")
def graphics():
    try:
        opened = Graphics.offscreen()
    except NoGraphics as reason:
        if REQUIRED:
            raise
        pytest.skip(str(reason))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def stage(graphics, models) -> Stage:
    return Stage(graphics, theme.load(), words.load(), models)


@given(metres, metres, metres)
def test_a_place_comes_back_from_panda_axes(x, y, z):
    assert from_panda(to_panda((x, y, z))) == pytest.approx((x, y, z), abs=1e-5)


@given(angles, angles)
def test_an_orientation_comes_back_from_panda_axes(yaw, pitch):
    turn = from_yaw_pitch(yaw, pitch)
    assert turn_from_panda(turn_to_panda(turn)) == pytest.approx(turn, abs=1e-6)


@given(angles, angles, metres, metres, metres)
def test_turning_a_vector_is_the_same_in_both_axes(yaw, pitch, x, y, z):
    turn = from_yaw_pitch(yaw, pitch)
    turned = from_panda(turn_to_panda(turn).xform(to_panda((x, y, z))))
    assert turned == pytest.approx(rotate(turn, (x, y, z)), abs=1e-4)


def test_up_is_up_and_ahead_is_ahead():
    assert tuple(to_panda((0, 1, 0))) == (0, 0, 1)
    assert tuple(to_panda((0, 0, -1))) == (0, 1, 0)


def test_the_same_key_keeps_its_node_and_moves_it(stage):
    stage.show(Scene("orchard", (FRUIT,)), frame())
    before = stage.node("fruit")
    stage.show(Scene("orchard", (FRUIT._replace(place_m=(0.0, 1.8, -0.5)),)), frame())
    assert stage.node("fruit") == before
    assert tuple(stage.node("fruit").get_pos()) == pytest.approx((0.0, 0.5, 1.8))


def test_a_gone_key_loses_its_node(stage):
    stage.show(Scene("orchard", (FRUIT,)), frame())
    stage.show(Scene("orchard"), frame())
    assert stage.root.find("**/fruit").is_empty()
    with pytest.raises(KeyError):
        stage.node("fruit")


def test_a_key_that_becomes_another_kind_of_thing_gets_a_new_node(stage):
    stage.show(Scene("orchard", (FRUIT,)), frame())
    before = stage.node("fruit")
    stage.show(Scene("orchard", (Stand("fruit"),)), frame())
    assert stage.node("fruit") != before


@pytest.mark.parametrize("place", ["orchard", "harbour", "still"])
def test_every_kind_of_item_can_be_shown_in_every_place(stage, place):
    stage.show(Scene(place, ONE_OF_EACH), frame())
    shown = [item.key for item in ONE_OF_EACH if not isinstance(item, Sound | Buzz)]
    assert all(stage.node(key).get_num_children() for key in shown)


def test_a_place_that_the_theme_lacks_is_named(stage):
    with pytest.raises(theme.ThemeError, match=r"no place 'moon'.*orchard"):
        stage.show(Scene("moon"), frame())


def test_a_finished_fruit_is_seen_for_a_moment_and_then_gone(stage):
    scene = Scene("orchard", (FRUIT._replace(state="done"),))
    stage.show(Scene("orchard", (FRUIT,)), frame(1.0))
    stage.show(scene, frame(1.0))
    stage.show(scene, frame(1.0 + FAREWELL_S / 2))
    fruit = stage.node("fruit").find("fruit")
    assert not fruit.is_hidden()
    stage.show(scene, frame(1.0 + FAREWELL_S))
    assert fruit.is_hidden()


def test_an_unchanged_scene_touches_no_item(stage, monkeypatch):
    stage.show(Scene("orchard", ONE_OF_EACH), frame())
    drawings = [type(drawing) for _, drawing in stage._shown.values()]
    for drawing in drawings:
        monkeypatch.setattr(drawing, "update", lambda *_: pytest.fail("updated without a change"))
    stage.show(Scene("orchard", tuple(item._replace() for item in ONE_OF_EACH)), frame(2.0))
    assert len(drawings) == 6


def test_a_hand_is_where_its_controller_is(stage):
    turn = from_yaw_pitch(0.4, 0.7)
    stage.show(Scene("still"), frame(right=Hand(Pose((0.3, 1.2, -0.4), turn))))
    hand = stage.root.find("**/hand right")
    assert from_panda(hand.get_pos()) == pytest.approx((0.3, 1.2, -0.4))
    assert from_panda(hand.get_quat().xform(to_panda((0, 0, -1)))) == pytest.approx(rotate(turn, (0, 0, -1)), abs=1e-5)


def test_the_left_hand_is_the_mirror_image_of_the_right(stage):
    both = Hand(Pose((0.0, 1.2, -0.4), UPRIGHT))
    stage.show(Scene("still"), frame(left=both, right=both))
    low, high = stage.root.find("**/hand right").get_tight_bounds()
    mirror_low, mirror_high = stage.root.find("**/hand left").get_tight_bounds()
    assert (mirror_low.x, mirror_high.x) == pytest.approx((-high.x, -low.x), abs=1e-5)
    assert (mirror_low.z, mirror_high.z) == pytest.approx((low.z, high.z), abs=1e-5)


def test_a_hand_without_a_pose_is_hidden(stage):
    stage.show(Scene("still"), frame(left=Hand(Pose((0, 1, 0)))))
    assert not stage.root.find("**/hand left").is_hidden()
    assert stage.root.find("**/hand right").is_hidden()


@pytest.mark.parametrize(("trigger", "squeeze"), [(0.6, 0.0), (0.0, 0.6)])
def test_a_hand_closes_when_trigger_or_squeeze_is_pressed(stage, trigger, squeeze):
    stage.show(Scene("still"), frame(right=Hand(Pose((0, 1, 0)), trigger, squeeze)))
    hand = stage.root.find("**/hand right")
    assert hand.find("**/hand_open*").is_hidden()
    assert not hand.find("**/hand_grab*").is_hidden()


def test_models_come_out_of_the_cache_as_they_went_in(graphics, models):
    first = Stage(graphics, theme.load(), words.load(), models)
    first.prepare(("harbour",))
    kept = {path.name: path.stat().st_mtime_ns for path in models.iterdir()}
    second = Stage(graphics, theme.load(), words.load(), models)
    second.prepare(("harbour",))
    assert any(name.startswith("harbour-") for name in kept)
    assert {path.name: path.stat().st_mtime_ns for path in models.iterdir()} == kept


def in_the_world(stage, path) -> tuple[float, float, float]:
    return from_panda(stage.root.find(path).get_pos(stage.root))


def test_the_place_stands_at_the_middle_and_is_turned_with_it(stage):
    stage.show(Scene("orchard", middle=Middle(0.5, -1.0, 90.0)), frame())
    room = stage.root.find("room")
    assert from_panda(room.get_pos()) == pytest.approx((0.5, 0.0, -1.0))
    ahead = from_panda(stage.root.get_relative_vector(room, to_panda((0, 0, -1))))
    assert ahead == pytest.approx((1, 0, 0), abs=1e-6)
    assert not room.find("scenery/flyer").is_empty()


def test_what_has_a_place_of_its_own_stays_where_it_is_when_the_middle_moves(stage):
    items = (FRUIT, PANEL._replace(place_m=(-0.5, 1.4, -1.0)))
    stage.show(Scene("orchard", items), frame())
    stage.show(Scene("orchard", items, middle=Middle(0.5, -1.0, 90.0)), frame(right=Hand(Pose((0.3, 1.2, -0.4)))))
    assert in_the_world(stage, "**/fruit") == pytest.approx(FRUIT.place_m)
    assert in_the_world(stage, "**/panel") == pytest.approx((-0.5, 1.4, -1.0))
    assert in_the_world(stage, "**/hand right") == pytest.approx((0.3, 1.2, -0.4))


def test_what_has_no_place_of_its_own_stands_where_the_front_of_the_room_is(stage):
    items = (Stand("stand"), PANEL)
    stage.show(Scene("still", items), frame())
    before = in_the_world(stage, "**/panel")
    stage.show(Scene("still", items, middle=Middle(0.0, 0.0, 90.0)), frame())
    x, y, z = before
    assert in_the_world(stage, "**/panel") == pytest.approx((-z, y, x), abs=1e-5)
    assert in_the_world(stage, "**/stand/ring")[0] == pytest.approx(2.2)


def test_a_panel_is_a_card_that_changes_with_what_stands_on_it(stage):
    stage.show(Scene("still", (PANEL, FRUIT)), frame())
    (before,) = stage.cards()
    stage.show(Scene("still", (PANEL, FRUIT)), frame(2.0))
    assert stage.cards() == [before]
    assert (before.key, before.node) == ("panel", stage.node("panel"))
    stage.show(Scene("still", (PANEL._replace(done=2),)), frame(2.0))
    (after,) = stage.cards()
    assert after.stamp != before.stamp
    assert after.size_m == before.size_m


def test_a_panel_of_another_place_is_another_card(stage):
    stage.show(Scene("still", (PANEL,)), frame())
    stamps = [stage.cards()[0].stamp]
    stage.show(Scene("orchard", (PANEL,)), frame())
    stamps.append(stage.cards()[0].stamp)
    stage.show(Scene("orchard"), frame())
    assert stamps[0] != stamps[1]
    assert stage.cards() == []


def test_other_names_for_the_controls_lay_the_panels_anew(stage):
    stage.show(Scene("still", (PANEL,)), frame())
    (before,) = stage.cards()
    stage.controls = dict(stage.controls)
    assert stage.cards() == [before]
    stage.controls = {"confirm": "controls.pinch"}
    assert stage.cards()[0].stamp != before.stamp


def test_refused_graphics_say_what_to_install(monkeypatch):
    def refuse(*_):
        raise NoGraphics("no display")

    monkeypatch.setattr(Graphics, "__init__", refuse)
    with pytest.raises(NoGraphics, match=r"no display.*libegl1"):
        Graphics.offscreen()
