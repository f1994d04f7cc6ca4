"""Where panels stand: nothing that is asked for is ever behind one, and none moves without need."""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from panda3d.core import NodePath
from test_panels import DAY, EYE_M, SPOKEN, box_deg, kit_with, seen_from
from visits import calibration, game, patient, play

import games
from engine import choosing, theme
from engine.panda import berth, board
from engine.panda.berth import BERTHS, Spot, Wanted, Watch, choose, covered_deg, way_deg
from engine.panda.board import Board
from engine.panda.lamps import DIRECTIONS_DEG, stands_m
from engine.panda.option import OptionCard
from engine.panda.props import DrawnProp
from engine.panda.seat import BOWED_DEG
from engine.questions import before
from engine.scene import Follow, Gaze, Lean, Lift, Middle, Option, Panel, Prop, Reach, Scene, Sound, Target
from engine.simulated import SimulatedHeadset

SIZES = ((0.29, 0.19), (0.475, 0.33))  # half of how wide and tall a usual and the largest panel are, in m
PLACES = [(name, theme.load(name).places) for name in theme.names()]
ORCHARD = theme.load().places["orchard"]
LEFT = Target("fruit", (-0.35, 1.7, -0.5), 0.06, "left")
NOTHING = Wanted()
LOOKED_DOWN = ("block_ferry", "low_shelf_cafe", "stepping_stones")  # games of a table, a shelf and the feet
HEADSET_DEG, WINDOW_DEG = 48.0, 31.0  # half of what they show from top to bottom
SAYS = Panel("a", "fruit_ladder.reach", ("fruit_ladder.hand_left", "fruit_ladder.hold"), 2, 5)


def half(size_m: tuple[float, float]) -> tuple[float, float]:
    return (size_m[0] / berth.DISTANCE_M, size_m[1] / berth.DISTANCE_M)


def covered(found: berth.Berth, size_m: tuple[float, float], spots: tuple[Spot, ...]) -> float:
    return float(covered_deg((way_deg(found, half(size_m)[0], 0.0),), half(size_m), spots, EYE_M)[0])


def wanted(scenes: list[Scene], places) -> Iterator[Wanted]:
    """What is asked for in some scenes, one after the other."""
    watch, last = Watch(), None
    for scene in scenes:
        found = watch.see(scene, places[scene.place], EYE_M)
        if found is not last:
            yield found
        last = found


@pytest.mark.long_table
@pytest.mark.parametrize(
    ("elevation_deg", "lean_deg", "of_neck", "posture"),
    [
        (40.0, 3.0, 0.3, "seated"),
        (110.0, 5.0, 1.0, "standing"),
        (175.0, 9.0, 1.2, "seated"),
        (175.0, 9.0, 1.2, "standing"),
    ],
)
@pytest.mark.parametrize("name", games.names())
def test_no_panel_ever_covers_what_is_asked_for(
    name: str, elevation_deg: float, lean_deg: float, of_neck: float, posture: str, tmp_path: Path
) -> None:
    known = calibration(elevation_deg, lean_deg, of_neck=of_neck)
    person = SimulatedHeadset(patient(known), 1, rate_hz=20.0)
    session, kept = play(game(name), tmp_path, known, person, seed=1, posture=posture)
    assert session.ended_by == "finished"
    for size_m in SIZES:
        for look, places in PLACES:
            now = None
            for asked in wanted(kept.scenes, places):
                now = choose(half(size_m), 0.0, EYE_M, asked, now)
                assert covered(now, size_m, asked.spots) == 0, (look, now, asked)
                half_deg = math.degrees(math.atan(half(size_m)[1]))
                if name in LOOKED_DOWN:
                    assert now.up_deg + half_deg - asked.low_deg < HEADSET_DEG, (look, now, asked)
                if name == "stepping_stones":
                    assert now.up_deg + half_deg < WINDOW_DEG - BOWED_DEG, (look, now, asked)


def test_where_nothing_is_in_the_way_a_panel_stands_to_the_left() -> None:
    assert choose(half(SIZES[0]), 0.0, EYE_M, Wanted(), None) == BERTHS[0] == (-berth.FRONT_DEG, berth.ABOVE_DEG)


@pytest.mark.parametrize("low_m", [(0.2, 1.1, -0.3), (0.0, 0.55, -0.7), (-0.1, 0.1, -0.4)])
@pytest.mark.parametrize("led", [False, True])
def test_a_panel_comes_down_to_who_looks_down_and_stays_there(low_m: tuple[float, float, float], led: bool) -> None:
    low, watch = Target("block", low_m, 0.07, "right"), Watch()
    circle = Follow("circle", (low_m, (low_m[0] + 0.05, *low_m[1:])), 0.1, "right")
    if led:
        watch.see(Scene("orchard", (circle,)), ORCHARD, EYE_M)
    asked = watch.see(Scene("orchard", () if led else (low,)), ORCHARD, EYE_M)
    found = choose(half(SIZES[0]), 0.0, EYE_M, asked, BERTHS[0])
    assert found.up_deg + math.degrees(math.atan(half(SIZES[0])[1])) - asked.low_deg < HEADSET_DEG
    bottom_m = EYE_M[1] + berth.DISTANCE_M * math.sin(math.radians(found.up_deg)) - SIZES[0][1]
    assert bottom_m > 0
    higher = watch.see(Scene("orchard", (low._replace(key="over", place_m=(0.0, 1.6, -0.5)),)), ORCHARD, EYE_M)
    assert choose(half(SIZES[0]), 0.0, EYE_M, higher, found) == found


def test_a_panel_makes_room_for_a_hand_that_reaches_to_its_side() -> None:
    asked = Watch().see(Scene("orchard", (LEFT,)), ORCHARD, EYE_M)
    found = choose(half(SIZES[0]), 0.0, EYE_M, asked, BERTHS[0])
    assert found != BERTHS[0]
    assert covered(found, SIZES[0], (*asked.spots, *asked.ways)) == 0


def test_no_stem_that_a_fruit_hangs_from_is_drawn_across_a_panel() -> None:
    low = LEFT._replace(place_m=(-0.35, 1.35, -0.6))
    asked = Watch().see(Scene("orchard", (low,)), ORCHARD, EYE_M)
    found = choose(half(SIZES[0]), 0.0, EYE_M, asked, BERTHS[0])
    stem = tuple(Spot((-0.35, 1.35 + up_m / 10, -0.6), 0.02) for up_m in range(9))
    assert covered(found, SIZES[0], stem) == 0
    assert covered(BERTHS[0], SIZES[0], stem) > 0


def test_a_panel_that_is_in_nobodys_way_stays() -> None:
    aside = Wanted((Spot((0.8, 1.6, -0.8), 0.1),))
    for found in (BERTHS[7], BERTHS[0]):
        assert choose(half(SIZES[0]), 0.0, EYE_M, aside, found) == found


def test_a_panel_that_has_to_move_keeps_clear_of_what_was_asked_for_before() -> None:
    left, right = ((math.sin(math.radians(deg)), 1.65, -math.cos(math.radians(deg))) for deg in (-25.0, 25.0))
    asked = Wanted((Spot(left, 0.08),), before=(Spot(right, 0.08),))
    found = choose(half(SIZES[0]), 0.0, EYE_M, asked, BERTHS[0])
    assert covered(found, SIZES[0], (*asked.spots, *asked.before)) == 0


def test_where_no_berth_is_clear_the_one_with_least_behind_it_is_taken() -> None:
    wall = Wanted(tuple(Spot((x / 4, 1.6 + y / 4, -1.0), 0.13) for x in range(-4, 5) for y in range(-5, 3)))
    found = choose(half(SIZES[0]), 0.0, EYE_M, wall, None)
    assert covered(found, SIZES[0], wall.spots) == min(covered(b, SIZES[0], wall.spots) for b in BERTHS) > 0


def test_what_a_panel_covers_is_reckoned_as_the_eyes_see_it() -> None:
    middle = before((0.0, 0.0, 0.0), *way_deg(BERTHS[0], half(SIZES[0])[0], 0.0), 1.0)
    behind = tuple(EYE_M[axis] - middle[axis] for axis in range(3))
    at = tuple(EYE_M[axis] + 4 * middle[axis] for axis in range(3))
    assert covered(BERTHS[0], SIZES[0], (Spot(at, 4 * math.tan(math.radians(5.0))),)) == pytest.approx(6.5)
    assert covered(BERTHS[0], SIZES[0], (Spot(behind, 0.1),)) == 0


def test_what_is_asked_for_is_the_same_until_something_else_is() -> None:
    watch = Watch()
    lean = Lean("buoy", 315.0, 5.0, 1.0)
    first = watch.see(Scene("harbour", (lean,)), ORCHARD, EYE_M)
    moved = lean._replace(now_deg=(1.0, 2.0), fill=0.5)
    assert watch.see(Scene("harbour", (moved, Sound("s", "hold"))), ORCHARD, EYE_M) is first
    other = watch.see(Scene("harbour", (lean._replace(direction_deg=45.0),)), ORCHARD, EYE_M)
    assert other is not first
    assert other.before == first.spots
    assert watch.see(Scene("wood"), ORCHARD, EYE_M).before == ()  # in another place nothing is remembered


def test_a_panel_stands_where_no_lamp_makes_it_move() -> None:
    for _, places in PLACES:
        watch, harbour = Watch(), places["harbour"]
        first = choose(half(SIZES[0]), 0.0, EYE_M, watch.see(Scene("harbour"), harbour, EYE_M), None)
        for direction_deg in DIRECTIONS_DEG:
            asked = watch.see(Scene("harbour", (Lean("buoy", direction_deg, 5.0, 1.0),)), harbour, EYE_M)
            assert choose(half(SIZES[0]), 0.0, EYE_M, asked, first) == first


def test_the_lamp_of_a_lean_is_kept_in_sight_wherever_the_middle_is() -> None:
    place, lean = theme.load().places["harbour"], Lean("buoy", 0.0, 5.0, 1.0)
    _, _, ahead_m = stands_m(place, 0.0)
    turned = Scene("harbour", (lean,), middle=Middle(1.0, 2.0, 90.0))
    (spot,) = Watch().see(turned, place, EYE_M).spots
    assert spot.place_m[0::2] == pytest.approx((1.0 - ahead_m, 2.0))


@pytest.mark.parametrize(
    ("item", "count"),
    [
        (LEFT, 1),
        (LEFT._replace(state="done"), 0),
        (Reach("r", (0.2, 1.0, -0.3), (0.3, 1.5, -0.6), "right"), 3),
        (Gaze("g", 30.0, 0.0, 5.0), 1),
        (Gaze("g", 30.0, 0.0, 5.0, open_ended=True), 3),
        (Option("o", (0.0, 1.6, -1.5), 0.14, "menu.rest"), 1),
        (Lift("l", "knee_extension_left", 40.0, "left"), 3),
        (Prop("p", "treasure", (0.0, 1.0, -0.5)), 1),
        (Prop("p", "crate", (0.0, 0.8, -0.4)), 0),
    ],
)
def test_each_kind_of_item_is_seen_or_not(item, count: int) -> None:
    assert len(Watch().see(Scene("orchard", (item,)), ORCHARD, EYE_M).spots) == count


def stood(asked: Wanted = NOTHING) -> Board:
    drawn = Board(kit_with(SPOKEN["en"]), SAYS, seen_from())
    drawn.clear(asked)
    return drawn


def heading_deg(node: NodePath) -> float:
    return math.degrees(math.atan2(node.get_x(), node.get_y()))


def test_a_panel_glides_and_never_jumps_when_something_new_is_asked_for() -> None:
    drawn = stood()
    x, y, z = drawn.node.get_pos()
    in_the_way = Wanted((Spot((x, z, -y), 0.1),))
    drawn.clear(in_the_way)
    places = [heading_deg(drawn.node)]
    for step in range(90):
        drawn.pass_time(1.0 + step / 90)
        places.append(heading_deg(drawn.node))
    steps = [abs(b - a) for a, b in itertools.pairwise(places)]
    assert 0 < max(steps) < 2.0
    assert steps[-5:] == [0.0] * 5


def test_a_panel_that_comes_while_something_is_asked_for_stands_right_at_once() -> None:
    asked = Watch().see(Scene("orchard", (LEFT,)), ORCHARD, EYE_M)
    drawn = stood(asked)
    before = heading_deg(drawn.node)
    drawn.pass_time(5.0)
    assert heading_deg(drawn.node) == before != pytest.approx(heading_deg(stood().node))


def test_a_panel_with_a_place_of_its_own_stays_there_unless_answers_hang_below_it() -> None:
    drawn = Board(kit_with(SPOKEN["en"]), SAYS._replace(place_m=(0.0, 2.0, -1.4)), seen_from())
    drawn.clear(Wanted((Spot((0.9, 1.6, -1.4), 0.2),)))
    assert tuple(drawn.node.get_pos()) == pytest.approx((0.0, 1.4, 2.0), abs=1e-5)
    drawn.clear(Wanted((Spot((0.0, 1.8, -1.4), 0.1),)))
    assert drawn.node.get_x() == pytest.approx(0.0, abs=1e-5)
    assert 2.05 < drawn.node.get_z() < 2.3


def test_what_is_said_between_games_stands_in_front_and_above_what_goes_on() -> None:
    drawn = Board(kit_with(SPOKEN["en"]), SAYS, seen_from())
    onward = Option("go on", before(EYE_M, 0.0, -choosing.GO_ON_BELOW_DEG), choosing.GO_ON_RADIUS_M, "lobby.go_on")
    drawn.clear(Watch().see(Scene("orchard", (onward,)), ORCHARD, EYE_M), aside=False)
    assert heading_deg(drawn.node) == pytest.approx(0.0)
    low, _ = drawn.node.get_tight_bounds(drawn.node.get_parent())
    assert math.degrees(math.atan2(low.z + board.SHADOW_M - EYE_M[1], 1.5)) > -choosing.GO_ON_BELOW_DEG + 4.0


@pytest.mark.parametrize("place_m", [(0.0, 2.1, -1.4), (-1.0, 1.2, -1.0), (0.6, 1.6, 0.9)])
def test_a_panel_is_square_to_the_eyes(place_m) -> None:
    node = NodePath("panel")
    board.face(node, place_m, EYE_M)
    eye = node.get_relative_point(NodePath("world"), (EYE_M[0], -EYE_M[2], EYE_M[1]))
    assert (eye.x, eye.z) == pytest.approx((0.0, 0.0), abs=1e-5)
    assert eye.y < 0


@pytest.mark.parametrize("elevation_deg", [60.0, 75.0, 110.0])
@pytest.mark.parametrize("name", ["block_ferry", "treasure_relay"])
def test_no_thing_is_drawn_before_the_spot_that_opens_the_menu(name: str, elevation_deg: float, tmp_path: Path) -> None:
    known = calibration(elevation_deg)
    _, kept = play(game(name), tmp_path, known, SimulatedHeadset(patient(known), 1, rate_hz=20.0), seed=1)
    kit = kit_with(SPOKEN["en"])._replace(place=DAY.places[game(name).place])
    shown = [(scene.menu, item) for scene in kept.scenes if scene.menu for item in scene.items]
    pairs = {(menu, item) for menu, item in shown if isinstance(item, Prop)}
    assert pairs
    for menu, thing in pairs:
        left, right, low, high = box_deg(OptionCard(kit, menu, seen_from()).node)
        first, last, bottom, top = round_deg(DrawnProp(kit, thing, seen_from()).node)
        assert last < left or first > right or top < low or bottom > high, thing


def round_deg(thing: NodePath) -> tuple[float, float, float, float]:
    """The left, right, low and high end of a box around a thing, as the eyes see it."""
    corners = itertools.product(*zip(*thing.get_tight_bounds(thing.get_parent()), strict=True))
    ways = [(math.atan2(x, y), math.atan2(z - EYE_M[1], math.hypot(x, y))) for x, y, z in corners]
    rights, ups = ([math.degrees(angle) for angle in angles] for angles in zip(*ways, strict=True))
    return min(rights), max(rights), min(ups), max(ups)
