"""The stage: axes, which node a key keeps, hands, places, and what a scene may ask for."""

import dataclasses
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import theme, words
from engine.frame import LOST, UPRIGHT, Frame, Hand, Pose, from_yaw_pitch, rotate
from engine.scene import (
    Arms,
    Breath,
    Buzz,
    Follow,
    Footing,
    Friend,
    Gaze,
    Held,
    Item,
    Lean,
    Middle,
    Option,
    Panel,
    Progress,
    Prop,
    Reach,
    Recall,
    Rise,
    Scene,
    Sound,
    Stand,
    Steady,
    Surround,
    Target,
    Tone,
)
from engine.theme import Roles, Shown

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from panda3d.core import Camera, PerspectiveLens, RenderState

from engine.panda.axes import from_panda, to_panda, turn_from_panda, turn_to_panda
from engine.panda.budget import MOST_DRAW_CALLS, MOST_TRIANGLES, load_of
from engine.panda.ease import STAYS_S
from engine.panda.fruit import FAREWELL_S
from engine.panda.graphics import Graphics, NoGraphics
from engine.panda.models import Models
from engine.panda.progress import POP_S
from engine.panda.stage import Stage

GONE = Hand(LOST)
PANEL = Panel("panel", "stand.title", ("stand.text",), 1, 5)
HEAD = Pose((0.0, 1.6, 0.0))
FRUIT = Target("fruit", (0.2, 1.5, -0.6), 0.05)
ONE_OF_EACH: tuple[Item, ...] = (
    FRUIT,
    Reach("reach", (0.2, 1.2, -0.2), (0.2, 1.4, -0.7), "right", 0.4),
    Follow("follow", tuple((0.02 * k, 1.3 + 0.01 * k, -0.5) for k in range(30)), 0.1, "right", 4.0, 0.4, 0.5),
    Prop("prop", "crate", (0.2, 1.0, -0.5)),
    Prop("chest", "treasure", (-0.3, 1.0, -0.5), open=0.5),
    Held("held", "oar", "right", (0.7, 0.8, -0.1)),
    Lean("lean", 0, 6.0, 1.0),
    Lean("open lean", 90, 6.0, 1.0, open_ended=True),
    Stand("stand", 0.5),
    Gaze("gaze", 20, 5, 8.0),
    Gaze("asleep", -30, 0, 8.0, state="later"),
    Gaze("tilted", 0, 0, 8.0, tilt_deg=20.0),
    Gaze("open gaze", 60, 0, 8.0, now_deg=(20.0, 2.0, 0.0), open_ended=True),
    Gaze("open tilt", 0, 0, 8.0, tilt_deg=-30.0, open_ended=True),
    Rise("rise", 1.2, 1.6, "up", 0.4),
    *(Friend(mood, mood) for mood in ("calm", "waves", "cheers", "sleeps")),
    Breath("breath", 0.5, True),
    Option("option", (0.3, 1.5, -1.4), 0.15, "stand.title", picture="face 2"),
    PANEL,
    Sound("sound", "appear"),
    Progress("progress", 0.5),
    Steady("steady", 0.5, 0.5),
    Footing("footing", "one leg", "left", 0.5),
    Surround("surround", 0.5),
    Recall("recall"),
    Tone("tone", 0.5),
    Buzz("buzz", "right", 0.5),
)
SHOWS = Friend("shows", "shows")
"""Apart from the others, because a guide that would cover it is not drawn then."""
UNSEEN = Sound | Buzz | Tone | Progress | Steady | Surround | Recall

metres = st.floats(-5, 5)
angles = st.floats(-math.pi, math.pi)


def frame(seconds: float = 1.0, left: Hand = GONE, right: Hand = GONE) -> Frame:
    return Frame(int(seconds * 1e9), HEAD, left, right)


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


@pytest.mark.parametrize("name", theme.names())
def test_every_kind_of_item_can_be_shown_in_every_place(graphics, models, name):
    stage = Stage(graphics, theme.load(name), words.load(), models)
    for place in theme.PLACES:
        stage.show(Scene(place, ONE_OF_EACH), frame())
        shown = [item.key for item in ONE_OF_EACH if not isinstance(item, UNSEEN)]
        assert all(stage.node(key).get_num_children() for key in shown)
        stage.show(Scene(place, (SHOWS,)), frame())
        assert stage.node("shows").get_num_children()


def test_a_role_without_a_model_is_drawn_all_the_same(graphics, models):
    day = theme.load()
    bare = {
        name: replace(place, roles=Roles(wanted="", later="", hand_open="", hand_grab=""))
        for name, place in day.places.items()
    }
    stage = Stage(graphics, dataclasses.replace(day, places=bare), words.load(), models)
    stage.show(Scene("still", ONE_OF_EACH), frame(right=Hand(Pose((0.2, 1.2, -0.4)))))
    for path in ("gaze", "breath", "fruit/fruit", "hand right"):
        assert stage.root.find(f"**/{path}").get_tight_bounds() is not None
    stage.show(Scene("still", (SHOWS,)), frame())
    assert stage.node("shows").get_tight_bounds() is not None


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
    drawings = {type(drawing) for _, drawing in stage._shown.values()}
    for drawing in drawings:
        monkeypatch.setattr(drawing, "update", lambda *_: pytest.fail("updated without a change"))
    stage.show(Scene("orchard", tuple(item._replace() for item in ONE_OF_EACH)), frame(2.0))
    assert len(drawings) == 14


def moved(item: Item, share: float) -> Item:
    """The same item a little later: fuller, further, risen."""
    new = {"fill": share, "share": share, "reached": share, "full": share, "now_deg": (9 * share, 3 * share, share)}
    if isinstance(item, Lean):
        new["now_deg"] = (9 * share, 3 * share)
    return item._replace(**{name: value for name, value in new.items() if name in item._fields})


@pytest.mark.parametrize("place", ["orchard", "harbour", "launch"])
def test_a_frame_makes_no_node_and_no_state(stage, place):
    hands = (Hand(Pose((0.2, 1.5, -0.6))), Hand(Pose((0.2, 1.1, -0.6))))
    scenes = [Scene(place, tuple(moved(item, 0.1 + 0.01 * step) for item in ONE_OF_EACH)) for step in range(40)]
    for step in range(20):
        stage.show(scenes[step], frame(1 + step / 10, right=hands[step % 2]))
    nodes, states = stage.root.get_num_nodes(), RenderState.get_num_states()
    for step in range(20, 40):
        stage.show(scenes[step], frame(1 + step / 10, right=hands[step % 2]))
    assert stage.root.get_num_nodes() == nodes
    assert RenderState.get_num_states() == states


def test_no_frame_reads_from_disk_after_preparing(graphics, models, monkeypatch):
    stage = Stage(graphics, theme.load(), words.load(), models)
    stage.prepare(theme.PLACES)
    monkeypatch.setattr("engine.panda.models._load_node", lambda file: pytest.fail(f"{file} was read"))
    monkeypatch.setattr("engine.panda.models._from_gltf", lambda file: pytest.fail(f"{file} was read"))
    for place in theme.PLACES:
        stage.show(Scene(place, ONE_OF_EACH), frame())
    assert stage.node("gaze").get_num_children()


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


def test_a_hand_that_is_lost_stays_for_a_moment_and_is_gone_soon(stage):
    def is_gone(seconds, left=GONE):
        stage.show(Scene("still"), frame(seconds, left))
        return stage.root.find("**/hand left").is_hidden()

    seen = [is_gone(1.0, Hand(Pose((0, 1, 0)))), *(is_gone(1 + step / 20) for step in range(1, 20))]
    assert [seen[0], seen[round(20 * STAYS_S)], seen[-1]] == [False, False, True]


def test_a_hand_that_comes_back_is_where_it_is_at_once(stage):
    for seconds, hand in ((1.0, Hand(Pose((0, 1, 0)))), (2.0, GONE), (3.0, GONE), (3.1, Hand(Pose((0, 1.2, 0))))):
        stage.show(Scene("still"), frame(seconds, hand))
    hand = stage.root.find("**/hand left")
    assert not hand.is_hidden()
    assert from_panda(hand.get_pos()) == pytest.approx((0, 1.2, 0))


@pytest.mark.parametrize(("trigger", "squeeze"), [(0.6, 0.0), (0.0, 0.6)])
def test_a_hand_closes_when_trigger_or_squeeze_is_pressed(stage, trigger, squeeze):
    stage.show(Scene("still"), frame(right=Hand(Pose((0, 1, 0)), trigger, squeeze)))
    hand = stage.root.find("**/hand right")
    assert hand.find("**/hand_open*").is_hidden()
    assert not hand.find("**/hand_grab*").is_hidden()


def test_models_come_out_of_the_cache_as_they_went_in(graphics, models):
    first = Stage(graphics, theme.load(), words.load(), models)
    first.prepare(("harbour",))
    kept = {path: path.stat().st_mtime_ns for path in models.glob("*.bam")}
    second = Stage(graphics, theme.load(), words.load(), models)
    second.prepare(("harbour",))
    assert any(path.name.startswith("harbour-") for path in kept)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


@pytest.mark.usefixtures("graphics")
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_model_that_was_cut_short_in_the_cache_is_made_again(tmp_path, share):
    Models(theme.ASSETS / "models", tmp_path).read("apple.glb")
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[: int(share * len(whole))])
    again = Models(theme.ASSETS / "models", tmp_path).read("apple.glb")
    assert again.find("**/+GeomNode").node().get_num_geoms()
    assert list(tmp_path.iterdir()) == [kept]
    assert len(kept.read_bytes()) == pytest.approx(len(whole), rel=0.01)


def in_the_world(stage, path) -> tuple[float, float, float]:
    return from_panda(stage.root.find(path).get_pos(stage.root))


def test_the_place_stands_at_the_middle_and_is_turned_with_it(stage):
    stage.show(Scene("orchard", middle=Middle(0.5, -1.0, 90.0)), frame())
    room = stage.root.find("**/room")
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


def test_an_owl_sits_in_its_direction_from_the_eyes_and_a_light_where_the_face_points(stage):
    away_m = stage.theme.places["still"].look_m
    stage.show(Scene("still", (Gaze("gaze", 90, 0, 8.0, now_deg=(0.0, 30.0, 0.0)),)), frame())
    ring, light = (in_the_world(stage, f"**/gaze/{path}") for path in ("perched/middle", "face"))
    assert ring == pytest.approx((away_m, 1.6, 0), abs=1e-4)
    assert light == pytest.approx((0, 1.6 + away_m / 2, -away_m * 0.866), abs=1e-3)


def test_the_light_where_the_face_points_never_lags(stage):
    for step in range(3):
        stage.show(Scene("still", (Gaze("gaze", 20, 0, 8.0, now_deg=(10.0 * step, 0.0, 0.0)),)), frame(1 + step / 90))
        x, _, z = in_the_world(stage, "**/gaze/face")
        assert math.degrees(math.atan2(x, -z)) == pytest.approx(10 * step, abs=1e-3)


def arm(stage, name) -> tuple[float, float, float]:
    """Where an arm of the companion points to, in the axes of frames."""
    node = stage.root.find(f"**/friend/figure/**/{name}")
    pointing = stage.root.get_relative_vector(node, to_panda((0, -1, 0)))
    pointing.normalize()  # it breathes
    return from_panda(pointing)


@pytest.mark.parametrize(
    ("pointing_deg", "to"), [((0, 0), (0, -1, 0)), ((90, 90), (-1, 0, 0)), ((0, 90), (0, 0, 1)), ((90, 180), (0, 1, 0))]
)
def test_the_companion_shows_an_arm_as_a_mirror_does(stage, pointing_deg, to):
    friend = Friend("friend", "shows", Arms(left_deg=pointing_deg))
    stage.show(Scene("still", (friend,)), frame(1.0))
    stage.show(Scene("still", (friend,)), frame(3.0))
    assert arm(stage, "arm_right") == pytest.approx(to, abs=1e-5)
    assert arm(stage, "arm_left") == pytest.approx((0, -1, 0), abs=1e-5)


def test_the_companion_moves_to_a_new_pose_with_ease(stage):
    up = Friend("friend", "shows", Arms((90, 90), (90, 90)))
    turned = []
    for seconds in (1.0, 3.0, 3.06, 3.3, 3.54, 3.7):
        pose = up if seconds > 2 else Friend("friend", "shows")
        stage.show(Scene("still", (pose,)), frame(seconds))
        turned.append(math.degrees(math.acos(max(-1, min(1, -arm(stage, "arm_right")[1])))))
    steps = [b - a for a, b in itertools.pairwise(turned)]
    assert turned[-1] == pytest.approx(90, abs=0.01)
    assert 0 < steps[1] < steps[2] > steps[4] > 0


def test_the_vehicle_lifts_with_the_person_and_climbs_with_the_round(stage):
    def height_m(share, risen, seconds):
        items = (Rise("rise", 1.2, 1.6, "up", risen), Progress("progress", share))
        stage.show(Scene("launch", items), frame(seconds))
        return stage.root.find("**/vehicle").get_z()

    place = stage.theme.places["launch"]
    resting_m, lifted_m = height_m(0.0, 0.0, 1.0), height_m(0.0, 1.0, 1.1)
    assert resting_m == pytest.approx(place.vehicle_m[1])
    assert resting_m < lifted_m < resting_m + 0.5
    assert height_m(0.5, 0.0, 1.2) < resting_m + 0.2 * place.vehicle_up_m
    assert height_m(0.5, 0.0, 9.0) == pytest.approx(resting_m + 0.5 * place.vehicle_up_m, abs=0.01)


@pytest.mark.parametrize(("place", "there"), [("launch", True), ("hill", False)])
def test_there_is_a_vehicle_only_in_a_place_that_has_one(stage, place, there):
    stage.show(Scene(place, (Rise("rise", 1.2, 1.6, "up"),)), frame(1.0))
    assert stage.root.find("**/vehicle").is_empty() != there
    assert not stage.node("rise").is_empty()


def test_the_room_around_a_ribbon_is_as_wide_as_said_on_the_outer_side_of_a_turn(stage):
    turns = [2 * math.pi * k / 60 for k in range(61)]
    around = tuple((0.1 * math.cos(turn), 1.6 + 0.1 * math.sin(turn), -2.0) for turn in turns)
    stage.show(Scene("hill", (Follow("ring", around, 0.15, "right", 4.0),)), frame(1.0))
    low, high = stage.root.find("**/tunnel").get_tight_bounds()
    assert high.x - low.x == pytest.approx(2 * (0.1 + 0.15), rel=0.03)


def shown_in(stage, seconds, share) -> list[float]:
    """How large each thing is that shows how far a round has come."""
    stage.show(Scene("still", (Progress("progress", share),)), frame(seconds))
    return [node.get_sx() for node in stage.root.find_all_matches("**/progress") if not node.is_hidden()]


def with_progress(graphics, models, **shown) -> Stage:
    day = theme.load()
    still = replace(day.places["still"], progress=Shown(model="apple.glb", **shown))
    return Stage(graphics, dataclasses.replace(day, places={**day.places, "still": still}), words.load(), models)


def test_progress_appears_one_by_one_each_with_a_small_pop(graphics, models):
    stage = with_progress(graphics, models, places_m=((0, 1, -2), (1, 1, -2), (2, 1, -2), (3, 1, -2)), scale=2.0)
    assert shown_in(stage, 1.0, 0.25) == [2]
    popping = shown_in(stage, 2.0, 0.75), shown_in(stage, 2.1, 0.75)
    assert [len(sizes) for sizes in popping] == [3, 3]
    assert popping[0][1] < popping[1][1]
    assert shown_in(stage, 2.0 + POP_S, 0.75) == pytest.approx([2, 2, 2])


def test_progress_that_travels_goes_along_its_path(graphics, models):
    stage = with_progress(graphics, models, places_m=((0, 1, -2), (1, 1, -2), (1, 1, -6)), travels=True)
    shown_in(stage, 1.0, 0.5)
    assert in_the_world(stage, "**/progress") == pytest.approx((1, 1, -2))
    shown_in(stage, 1.1, 1.0)
    assert -3 < in_the_world(stage, "**/progress")[2] < -2
    shown_in(stage, 20.0, 1.0)
    assert in_the_world(stage, "**/progress") == pytest.approx((1, 1, -6), abs=1e-3)


def test_a_breath_swells_and_rises_as_the_lungs_fill(stage):
    sizes = []
    for full in (0.0, 0.5, 1.0):
        stage.show(Scene("still", (Breath("breath", full, True),)), frame())
        thing = stage.root.find("**/breath/breath")
        sizes.append((thing.get_sx(), thing.get_z()))
    assert sizes == sorted(sizes)
    assert (sizes[0][0], sizes[2][0]) == pytest.approx((0.8, 1.25))


def test_the_lamp_that_is_leant_to_ripples_when_it_is_reached(stage):
    def ripples(fill, seconds):
        stage.show(Scene("harbour", (Lean("lean", 0, 6.0, 1.0, (6.0, 0.0), fill),)), frame(seconds))
        return [node for node in stage.root.find_all_matches("**/lamp post/**/ripple") if not node.is_hidden()]

    assert (len(ripples(0.0, 1.0)), len(ripples(0.1, 1.1)), len(ripples(0.2, 2.0))) == (0, 1, 0)


def test_a_hand_that_trembles_at_the_edge_of_a_target_does_not_flash(stage):
    begun, before = 0, True
    for step in range(180):
        away_m = 0.05 + 0.02 * math.sin(2 * math.pi * 5 * step / 90)
        stage.show(Scene("still", (FRUIT,)), frame(1 + step / 90, right=Hand(Pose((0.2, 1.5, -0.6 + away_m)))))
        hidden = stage.root.find("**/fruit/ripple").is_hidden()
        begun, before = begun + (before and not hidden), hidden
    assert 1 <= begun <= 2 * 3


def test_what_a_camera_would_draw_is_counted(stage):
    eye = stage.root.attach_new_node(Camera("eye", PerspectiveLens()))
    stage.show(Scene("orchard"), frame())
    ahead = load_of(eye)
    eye.set_pos(0, 0, 500)
    eye.set_p(80)
    assert ahead.triangles > 20_000
    assert load_of(eye).draw_calls < ahead.draw_calls


@pytest.mark.parametrize("name", theme.names())
def test_every_place_of_every_theme_keeps_to_the_budget(graphics, models, name):
    stage = Stage(graphics, theme.load(name), words.load(), models)
    eye = stage.root.attach_new_node(Camera("eye", PerspectiveLens()))
    eye.node().get_lens().set_fov(110)
    eye.set_z(1.6)
    for place in theme.PLACES:
        stage.show(Scene(place, (FRUIT, PANEL, Progress("progress", 1.0))), frame())
        load = load_of(eye)
        assert load.draw_calls <= MOST_DRAW_CALLS
        assert load.triangles <= MOST_TRIANGLES


def test_refused_graphics_say_what_to_install(monkeypatch):
    def refuse(*_):
        raise NoGraphics("no display")

    monkeypatch.setattr(Graphics, "__init__", refuse)
    with pytest.raises(NoGraphics, match=r"no display.*libegl1"):
        Graphics.offscreen()


def test_a_panel_stands_aside_while_something_is_played_and_else_in_front(stage):
    stage.show(Scene("orchard", (PANEL,), trial=True), frame())
    assert stage.node("panel").get_x() < -0.5
    stage.show(Scene("orchard", (PANEL._replace(key="said"),)), frame(2.0))
    assert stage.node("said").get_x() == pytest.approx(0.0, abs=1e-4)


def test_a_panel_makes_room_for_a_fruit_that_comes_behind_it(stage):
    stage.show(Scene("orchard", (PANEL,), trial=True), frame())
    before = stage.node("panel").get_pos()
    behind = Target("fruit", (0.5 * before.x, 1.6 + 0.5 * (before.z - 1.6), -0.5 * before.y), 0.05)
    for step in range(11):
        stage.show(Scene("orchard", (PANEL, behind), trial=True), frame(2.0 + 0.1 * step))
    assert (stage.node("panel").get_pos() - before).length() > 0.2


def test_cards_that_are_shown_together_are_of_one_size(stage):
    options = tuple(
        Option(key, (x, 1.5, -1.4), 0.15, said)
        for key, x, said in (("a", -0.3, "menu.rest"), ("b", 0.3, "menu.recentre"))
    )
    stage.show(Scene("lobby", options), frame())
    papers = [stage.node(option.key).find("**/board") for option in options]
    low_a, low_b = (paper.get_tight_bounds(paper.get_parent())[0] for paper in papers)
    assert tuple(low_a) == pytest.approx(tuple(low_b))
