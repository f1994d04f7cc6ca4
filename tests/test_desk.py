"""The desk headset: a pretended body by itself, and a real window with real X events under Xvfb."""

import gc
import itertools
import math
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import games
from engine import choosing, inputs, theme, words
from engine.body import estimate, neck_m, upright
from engine.facing import face_deg
from engine.first_sight import stance_in
from engine.frame import SIDES, UPRIGHT, Button, Frame, yaw_rad
from engine.guard import FALL_MPS
from engine.headset import HeadsetUnavailable
from engine.inputs import BOTH, FURTHER, NOTHING, RISE, SWAP, Heard
from engine.scene import Gaze, Lean, Option, Panel, Reach, Rise, Scene, Target
from engine.settings import Settings

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from beginner import Beginner
from visits import calibration, game, play

from engine.panda import hints, overlay
from engine.panda.desk import Desk
from engine.panda.fonts import Fonts
from engine.panda.mannequin import THIGH_M, bent
from engine.panda.pointer import EDGE, along, ray
from engine.panda.puppet import EYE_M, MOST_LEAN_DEG, NECK_DEG, RISE_S, SEATED_EYE_M, Held, Puppet
from engine.panda.seat import Seat

REQUIRED = "desk" in os.environ.get("STEADYREACH_REQUIRE", "").split(",")
AHEAD = (0.0, 0.0, -1.0)
SCENE = Scene("still", (Target("t", (0.2, 1.5, -0.6), 0.05),))


def after(puppet: Puppet, seconds: float, held: Held, ray=None) -> Frame:
    for _ in range(int(seconds * 60)):
        puppet.advance(held, ray, 1 / 60)
    return puppet.frame(1, held, Button.NONE, focused=True)


def test_a_body_at_rest_stands_upright():
    head = after(Puppet(), 1.0, Held()).head
    assert head.position_m == pytest.approx((0.0, EYE_M, 0.0), abs=1e-6)


@pytest.mark.parametrize(("lean", "axis", "sign"), [((1, 0), 2, -1), ((-1, 0), 2, 1), ((0, 1), 0, 1), ((0, -1), 0, -1)])
def test_leaning_moves_the_head_as_a_pendulum_about_the_feet(lean, axis, sign):
    head = after(Puppet(), 5.0, Held(lean=lean)).head
    assert math.hypot(*head.position_m) == pytest.approx(EYE_M, abs=1e-6)
    assert head.position_m[axis] * sign == pytest.approx(EYE_M * math.sin(math.radians(MOST_LEAN_DEG)))


def test_letting_go_brings_the_body_back():
    puppet = Puppet()
    after(puppet, 5.0, Held(lean=(1, 1)))
    assert after(puppet, 5.0, Held()).head.position_m == pytest.approx((0.0, EYE_M, 0.0), abs=1e-6)


def test_the_hand_goes_where_the_mouse_points_and_no_further_than_an_arm():
    frame = after(Puppet(), 0.1, Held(), AHEAD)
    x, y, z = frame.right.grip.position_m
    assert (x, y) == pytest.approx((0.0, EYE_M), abs=1e-6)
    assert -0.60 < z < -0.40
    far = after(Puppet(depth_m=2.0), 0.1, Held(), (-0.8, 0.0, -0.6)).right.grip.position_m
    assert math.dist(far, (0.19, EYE_M - 0.22, 0.02)) == pytest.approx(0.66, abs=1e-6)


def test_the_wheel_moves_the_hand_away_within_bounds():
    puppet = Puppet()
    near = after(puppet, 0.1, Held(), AHEAD).right.grip.position_m[2]
    puppet.deepen(-2)
    assert after(puppet, 0.1, Held(), AHEAD).right.grip.position_m[2] == pytest.approx(near + 0.06)
    puppet.deepen(100)
    assert puppet.depth_m == pytest.approx(0.72)


def test_tab_gives_the_mouse_to_the_other_hand():
    puppet = Puppet()
    right = after(puppet, 0.1, Held(), AHEAD).right
    puppet.swap()
    frame = after(puppet, 0.1, Held(trigger=True), (0.0, 0.6, -0.8))
    assert frame.right.grip == right.grip
    assert (frame.left.trigger, frame.right.trigger) == (1.0, 0.0)
    assert frame.left.grip.position_m[1] > EYE_M


def test_turning_turns_head_and_hands_together():
    frame = after(Puppet(), 1.0, Held(turn=1.0), AHEAD)
    assert yaw_rad(frame.head.orientation) == pytest.approx(math.radians(60))
    assert frame.right.grip.position_m[0] > 0.3


@pytest.mark.parametrize(
    ("held", "face"),
    [
        (Held(turn=-1.0), (-60.0, 0.0, 0.0)),
        (Held(nod=1.0), (0.0, 40.0, 0.0)),
        (Held(tilt=1.0), (0.0, 0.0, 30.0)),
        (Held(turn=1.0, nod=-1.0), (60.0, -40.0, 0.0)),
    ],
)
def test_a_head_turns_is_raised_and_laid_over_about_the_neck(held: Held, face):
    head = after(Puppet(), 1.0, held).head
    assert face_deg(head.orientation, UPRIGHT) == pytest.approx(face, abs=0.01)
    assert neck_m(*head[:2]) == pytest.approx(neck_m((0.0, EYE_M, 0.0), UPRIGHT), abs=1e-6)


def test_a_head_stays_where_a_key_left_it_until_it_shall_look_ahead():
    puppet = Puppet()
    turned = after(puppet, 1.0, Held(turn=1.0, tilt=-1.0)).head
    assert after(puppet, 1.0, NOTHING).head == turned
    puppet.look_ahead()
    assert after(puppet, 1.0, NOTHING).head.orientation == pytest.approx(UPRIGHT)


def test_no_head_turns_further_than_a_neck_can():
    puppet = Puppet()
    head = after(puppet, 5.0, Held(turn=1.0, face=(1.0, 0.0))).head
    assert face_deg(head.orientation, UPRIGHT)[0] == pytest.approx(NECK_DEG[0], abs=0.01)


def test_a_look_around_ends_when_it_is_let_go():
    puppet = Puppet()
    looking = after(puppet, 1.5, Held(face=(0.5, -0.5))).head.orientation
    assert face_deg(looking, UPRIGHT)[:2] == pytest.approx((0.5 * NECK_DEG[0], -0.5 * NECK_DEG[1]), abs=0.2)
    assert face_deg(after(puppet, 1.5, NOTHING).head.orientation, UPRIGHT)[:2] == pytest.approx((0, 0), abs=0.2)


def test_a_new_middle_turns_the_trunk_to_where_the_head_was_turned():
    puppet = Puppet()
    before = after(puppet, 1.0, Held(turn=1.0)).head
    puppet.square_up()
    assert after(puppet, 0.1, NOTHING).head.orientation == pytest.approx(before.orientation, abs=1e-6)
    puppet.look_ahead()
    assert yaw_rad(after(puppet, 1.0, NOTHING).head.orientation) == pytest.approx(math.radians(60), abs=1e-6)


def test_sitting_down_is_as_long_and_as_soft_as_people_do_it():
    puppet = Puppet()
    puppet.stand_or_sit()
    heads = [after(puppet, 1 / 60, NOTHING).head.position_m for _ in range(round(RISE_S * 60))]
    sinks_mps = [60 * (a[1] - b[1]) for a, b in itertools.pairwise(heads)]
    assert heads[-1] == pytest.approx((0.0, SEATED_EYE_M, 0.0), abs=1e-3)
    assert 0.5 < max(sinks_mps) < 0.6 * FALL_MPS
    assert min(z for _, _, z in heads) == pytest.approx(-0.2, abs=0.01)


def test_hands_that_hang_come_along_to_the_chair():
    puppet = Puppet()
    standing = puppet.hand("left").position_m
    puppet.stand_or_sit()
    after(puppet, 2.0, NOTHING)
    assert standing[1] - puppet.hand("left").position_m[1] == pytest.approx(EYE_M - SEATED_EYE_M, abs=1e-3)


def test_who_changes_their_mind_half_way_does_not_jump():
    puppet = Puppet()
    puppet.stand_or_sit()
    height = after(puppet, RISE_S / 2, NOTHING).head.position_m[1]
    puppet.stand_or_sit()
    assert after(puppet, 1 / 60, NOTHING).head.position_m[1] == pytest.approx(height, abs=0.001)
    assert after(puppet, 2.0, NOTHING).head.position_m[1] == pytest.approx(EYE_M)


def test_both_hands_move_as_in_a_mirror():
    puppet = Puppet()
    puppet.mirror()
    frame = after(puppet, 0.5, NOTHING, (0.4, 0.5, -0.75))
    (x, y, z), other = frame.right.grip.position_m, frame.left.grip.position_m
    assert other == pytest.approx((-x, y, z), abs=1e-5)


def test_a_board_says_how_the_body_leans_and_a_key_goes_before():
    puppet = Puppet()
    after(puppet, 2.0, Held(lean_deg=(3.0, -2.0)))
    assert puppet.lean_deg == pytest.approx((3.0, -2.0))
    after(puppet, 2.0, Held(lean=(0.0, 1.0), lean_deg=(3.0, -2.0)))
    assert puppet.lean_deg == pytest.approx((0.0, MOST_LEAN_DEG))


def test_a_ray_goes_to_where_the_mouse_is_in_a_wide_and_in_a_tall_window():
    assert ray((0.0, 0.0), 1.6) == (0.0, 0.0, -1.0)
    wide, tall = ray((1.0, 1.0), 1.6), ray((1.0, 1.0), 0.5)
    assert math.degrees(math.atan2(wide[1], -wide[2])) == pytest.approx(31.0)
    assert wide[0] / wide[1] == pytest.approx(1.6)
    assert math.degrees(math.atan2(tall[0], -tall[2])) == pytest.approx(31.0)


def test_the_face_goes_along_with_a_mouse_at_the_edge_and_not_before():
    assert along((EDGE, -EDGE)) == (0.0, 0.0)
    assert along((1.0, 0.0))[0] * NECK_DEG[0] == pytest.approx(50.0)
    assert along((0.0, -1.0))[1] < 0


SILENCE, HIGH = Heard(), Target("high", (0.1, 1.95, -0.35), 0.05)
WORDS_ALONE = Panel("p", "lean.title")


def sit_down_to(*items, seconds: float = 0.0, mouse=None, heard: Heard = SILENCE) -> Seat:
    seat = Seat()
    live(seat, seconds, *items, mouse=mouse, heard=heard)
    return seat


def live(seat: Seat, seconds: float, *items, mouse=None, heard: Heard = SILENCE, menu=None) -> None:
    for _ in range(round(seconds * 60)):
        seat.see(Scene("still", items, menu=menu))
        seat.live(heard, mouse, 1.6, 1 / 60)


def place_of(place_m, aspect: float = 1.6) -> tuple[float, float]:
    """Where something is in the window of somebody who stands and looks ahead."""
    x, y, z = (a - b for a, b in zip(place_m, (0.0, EYE_M, 0.0), strict=True))
    half = -z * math.tan(math.radians(31.0))
    return (x / half / aspect, y / half)


NEAR, FAR = (0.1, 1.5, -0.35), (0.1, 1.4, -0.6)


@pytest.mark.parametrize("place_m", [NEAR, FAR])
def test_the_hand_comes_as_far_as_what_the_mouse_is_on(place_m):
    seat = sit_down_to(Target("t", place_m, 0.05), seconds=1.0, mouse=place_of(place_m))
    assert math.dist(seat.puppet.hand("right").position_m, place_m) < 0.01


def test_the_hand_that_is_asked_for_comes():
    left = Target("t", (-0.2, 1.5, -0.4), 0.05, "left")
    seat = sit_down_to(left, seconds=1.0, mouse=place_of(left.place_m))
    assert seat.puppet.active == "left"
    assert math.dist(seat.puppet.hand("left").position_m, left.place_m) < 0.01


def test_the_only_hand_that_is_asked_for_comes_wherever_the_pointer_is():
    seat = sit_down_to(Target("t", (-0.2, 1.5, -0.4), 0.05, "left"), seconds=1.0, mouse=(0.5, 0.5))
    assert seat.puppet.active == "left"


def test_a_hand_stays_with_its_own_while_the_mouse_goes_to_the_others():
    pair = [Target(side, (x, 1.45, -0.45), 0.1, side) for side, x in (("left", -0.25), ("right", 0.25))]
    seat = sit_down_to(*pair, seconds=1.0, mouse=place_of(pair[0].place_m))
    live(seat, 0.3, *pair, mouse=(0.0, 0.0))
    live(seat, 1.0, *pair, mouse=place_of(pair[1].place_m))
    assert all(math.dist(seat.puppet.hand(target.hand).position_m, target.place_m) < 0.02 for target in pair)


def test_a_pointer_left_high_up_turns_no_face_away_from_what_comes_then():
    seat = sit_down_to(HIGH, seconds=1.0, heard=Heard(Held(point=(0.0, 1.0))))
    assert seat.puppet.glance_deg[1] > 10
    live(seat, 1.5, WORDS_ALONE)
    assert seat.puppet.glance_deg[1] == pytest.approx(0.0, abs=0.1)


def test_a_hand_hangs_until_its_target_is_wanted():
    mouse = place_of(HIGH.place_m)
    seat = sit_down_to(HIGH, seconds=1.0, mouse=mouse)
    live(seat, 1.0, HIGH._replace(state="later"), mouse=mouse)
    assert seat.puppet.hand("right").position_m[1] < 1.2


def test_a_mouse_at_the_edge_leans_a_body_whose_face_stays():
    seat = sit_down_to(Lean("l", 0.0, 5.0, 1.0), seconds=1.0, mouse=(0.0, 0.95))
    assert seat.puppet.glance_deg == (0.0, 0.0)


def test_a_mouse_that_lies_still_reaches_for_nothing_new():
    line, mouse = Reach("r", (0.2, 1.0, -0.3), (0.2, 1.9, -0.3), "right"), place_of(HIGH.place_m)
    seat = sit_down_to(HIGH, seconds=1.0, mouse=mouse)
    live(seat, 1.0, WORDS_ALONE, mouse=mouse)
    live(seat, 1.0, line, mouse=mouse)
    assert seat.puppet.hand("right").position_m[1] < 1.2
    live(seat, 1.0, line, mouse=(mouse[0], mouse[1] - 0.05))
    assert seat.puppet.hand("right").position_m[1] > 1.5


def test_a_hand_follows_a_line_that_is_reached_along():
    line = Reach("r", (0.25, 1.0, -0.35), (0.25, 1.9, -0.5), "right")
    seat = sit_down_to(line, seconds=1.0, mouse=place_of((0.25, 1.45, -0.425)))
    x, y, z = seat.puppet.hand("right").position_m
    assert (x, z) == pytest.approx((0.25, -0.35 - 0.15 * (y - 1.0) / 0.9), abs=0.02)


def test_hands_hang_where_nothing_asks_for_them():
    seat = sit_down_to(Target("t", NEAR, 0.05), seconds=1.0, mouse=place_of(NEAR))
    live(seat, 1.0, Gaze("g", 30.0, 0.0, 7.0), mouse=place_of(NEAR))
    assert seat.puppet.hand("right").position_m[1] == pytest.approx(0.98, abs=0.01)


def test_a_hand_comes_up_to_the_menu_even_so():
    spot = Option("menu", (-0.4, 1.25, -1.2), 0.06, "menu.title")
    seat = Seat()
    live(seat, 1.0, Lean("l", 0.0, 4.0, 1.0), mouse=place_of(spot.place_m), menu=spot)
    assert pointed(seat, (spot,)) == "menu"


@pytest.mark.parametrize(
    ("item", "most_deg"),
    [
        (Lean("l", 0.0, 4.0, 1.0), 4.5),
        (Lean("l", 0.0, 12.0, 0.0, open_ended=True), 12.0),
        (Rise("r", 1.6, 1.6, "up", lean_deg=9.0), 9.0),
        (Target("t", NEAR, 0.05), MOST_LEAN_DEG),
    ],
)
def test_a_key_leans_as_far_as_is_asked(item, most_deg: float):
    seat = sit_down_to(item, seconds=3.0, heard=Heard(Held(lean=(1.0, 0.0))))
    assert seat.puppet.lean_deg == pytest.approx((most_deg, 0.0))


def test_a_diagonal_lean_is_no_further_than_a_straight_one():
    seat = sit_down_to(Lean("l", 45.0, 4.0, 1.0), seconds=3.0, heard=Heard(Held(lean=(1.0, 1.0))))
    assert math.hypot(*seat.puppet.lean_deg) == pytest.approx(4.5)


def test_what_is_pressed_is_done_once():
    seat = Seat()
    seat.live(Heard(acts=(SWAP, BOTH, RISE)), None, 1.6, 1 / 60)
    puppet = seat.puppet
    assert (puppet.active, puppet.both, puppet.sits) == ("left", True, True)
    seat.live(Heard(acts=(FURTHER,)), None, 1.6, 1 / 60)
    assert puppet.depth_m == pytest.approx(0.55)


def test_the_wheel_tilts_the_head_of_who_looks_around():
    seat = Seat()
    seat.live(Heard(Held(face=(0.0, 0.0)), acts=(FURTHER, FURTHER)), (0.0, 0.0), 1.6, 1 / 60)
    assert seat.puppet.face_deg[2] == pytest.approx(8.0)
    live(seat, 1.0, heard=Heard(acts=(inputs.AHEAD,)))
    assert seat.puppet.face_deg[2] == pytest.approx(0.0)


def test_a_stick_leads_the_hand_and_it_stays_where_it_was_led():
    seat = sit_down_to(Target("t", FAR, 0.05), seconds=0.5, heard=Heard(Held(point=(0.5, 0.0))))
    right = seat.pointer.place[0]
    live(seat, 0.5, Target("t", FAR, 0.05))
    assert seat.pointer.place[0] == right == pytest.approx(0.325, abs=0.01)


def pointed(seat: Seat, options) -> str:
    frame = seat.frame(0, Heard(), focused=True)
    person = upright(stance_in(Seat().frame(0, Heard(), focused=True)))
    return choosing.pointed_at(estimate(frame, person, 0.0, 0.0), options)


CARDS = tuple(
    Option(str(n), (1.5 * math.sin(n / 6), 1.4, -1.5 * math.cos(n / 6)), 0.11, "menu.rest") for n in (-2, 0, 2)
)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.key)
def test_the_mouse_points_at_options(card: Option):
    seat = sit_down_to(*CARDS, seconds=0.5, mouse=place_of(card.place_m))
    assert pointed(seat, CARDS) == card.key


@pytest.mark.parametrize(("by", "longest_s"), [("hover", 3.0), ("click", 1.6)])
def test_options_are_chosen_by_hovering_alone_and_sooner_by_a_click(by: str, longest_s: float):
    person, choice = Beginner(by, picks="2"), choosing.choose(CARDS, 10.0)
    frames, items, chosen, seconds = person.frames(), next(choice), "", 0.0
    known = upright(stance_in(Seat().frame(0, Heard(), focused=True)))
    while not chosen:
        frame = next(frames)
        person.show(Scene("lobby", items))
        seconds += 1 / 30
        try:
            items = choice.send(estimate(frame, known, seconds, 1 / 30))
        except StopIteration as end:
            chosen = end.value
    assert chosen == "2"
    assert seconds < longest_s


@pytest.mark.parametrize("name", games.names())
def test_somebody_who_never_sat_there_finishes_every_game(name: str, tmp_path: Path):
    everything = {"mirror_friends": {"joints": "all"}, "owl_watch": {"ways": "all with diagonals"}, "calm_tide": {
        "stretch": "all", "hold_s": 5.0}}.get(name, {})  # fmt: skip
    session, _ = play(game(name, {"targets": 6, **everything}), tmp_path, headset=Beginner())
    assert session.ended_by == "finished"
    assert {trial.outcome for trial in session.blocks[0].trials} == {"reached"}
    assert not session.events


@pytest.mark.parametrize("arms", SIDES)
def test_two_take_turns_at_a_desk_the_other_hand_hides_and_the_persons_own_finds(arms: str, tmp_path: Path):
    values = {"targets": 2, "arms": arms, "leads": "a controller"}
    session, kept = play(game("treasure_relay", values), tmp_path, headset=Beginner())
    trials = session.blocks[0].trials
    assert {trial.outcome for trial in trials} == {"reached"}
    assert all(trial.measures[name].value for trial in trials for name in ("guide_s", "active_deg", "find_s"))
    assert not any(trial.measures["passive_deg"].value for trial in trials)
    assert {item.hand for scene in kept.scenes for item in scene.items if isinstance(item, Reach)} == {arms}
    hides = [any(isinstance(i, Reach) and i.helper for i in scene.items) for scene in kept.scenes]
    lowest_m = min(frame.head.position_m[1] for frame in kept.frames_given) - 0.35  # no hand that hangs is as high
    lone = "left" if arms == "right" else "right"
    raised = [getattr(frame, lone).grip.position_m[1] > lowest_m for frame in kept.frames_given]
    assert any(up for up, hidden in zip(raised, hides, strict=False) if hidden)


@pytest.mark.parametrize("name", ["chair_rocket", "mirror_friends", "fruit_ladder"])
def test_a_session_for_somebody_seated_is_finished_too(name: str, tmp_path: Path):
    session, _ = play(game(name, {"targets": 3}), tmp_path, calibration(), Beginner(), posture="seated")
    assert {trial.outcome for trial in session.blocks[0].trials} == {"reached"}


def test_help_tells_what_the_place_has_asked_for_and_forgets_the_place_before():
    asked = hints.Asked()
    asked.see("orchard", (Target("t", NEAR, 0.05, "left"),))
    assert asked.see("orchard", ()) == {hints.HAND}
    assert asked.see("wood", (Gaze("g", 30.0, 0.0, 7.0),)) == {hints.LOOK}
    assert asked.see("wood", (Gaze("g", 0.0, 0.0, 7.0, 20.0), Rise("r", 1.2, 1.6, "up"))) == {
        hints.LOOK, hints.TILT, hints.RISE,
    }  # fmt: skip


def test_help_tells_of_both_hands_only_where_both_are_asked_for():
    pair = [Target(side, NEAR, 0.05, side) for side in ("left", "right")]
    assert hints.OTHER_HAND in hints.Asked().see("meadow", pair)
    assert hints.OTHER_HAND not in hints.Asked().see("meadow", pair[:1])
    assert hints.Asked().see("lobby", (Panel("p", "a", confirm=True), *CARDS)) == {hints.CHOOSE}


EVERYTHING = (hints.HAND, hints.CHOOSE, hints.OTHER_HAND, hints.LEAN, hints.LOOK, hints.TILT, hints.RISE, hints.LIFT)
IN_HAND = [set(), {"pad"}, {"board"}, {"pad", "board"}]


@pytest.mark.parametrize("language", words.languages())
def test_there_are_words_for_every_hint(language: str):
    keys = [
        key
        for by in IN_HAND
        for some in hints.hints(EVERYTHING, by)
        for hint in some
        for key in (*hint.press, hint.does)
    ]
    words.load(language).require(key for key in keys if key.startswith("desk."))
    assert {key for key in words.load(language) if key.startswith("desk.")} == {
        k for k in keys if k.startswith("desk.")
    }


FONTS = Fonts()


@pytest.mark.parametrize("size", [(1280, 800), (800, 600)])
@pytest.mark.parametrize("language", words.languages())
def test_help_for_a_game_keeps_to_the_top_of_a_window(language: str, size: tuple[int, int]):
    ink = theme.load().places["meadow"].ink
    for moves, by in itertools.product([{hints.HAND, hints.OTHER_HAND}, {hints.LOOK, hints.TILT}], IN_HAND):
        laid = overlay.lay(FONTS, ink, words.load(language), hints.hints(moves, by), size, 1.0)
        assert laid.wide <= 2 * size[0] / size[1] - 2 * overlay.MARGIN
        assert len(laid.rows) <= 3
        assert laid.tall < 0.32
        assert laid.em * size[1] / 2 >= overlay.LEAST_EM_PIXELS - 1e-9


def test_an_elbow_is_as_far_from_both_ends_as_the_limbs_are_long():
    knee, foot = bent((0.0, 0.9, 0.0), (0.0, 0.1, -0.2), THIGH_M, THIGH_M, (0.0, 0.0, -1.0))
    assert math.dist((0.0, 0.9, 0.0), knee) == pytest.approx(math.dist(knee, foot)) == pytest.approx(THIGH_M)
    assert knee[2] < -0.1
    assert bent((0.0, 0.0, 0.0), (0.0, 0.0, -9.0), 0.3, 0.3, (0.0, 1.0, 0.0))[1][2] == pytest.approx(-0.5994)


def test_without_a_screen_the_desk_says_so(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(HeadsetUnavailable, match=r"needs a screen.*DISPLAY"):
        Desk(theme.load(), words.load())


@pytest.fixture
def display(monkeypatch):
    missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    if missing:
        if REQUIRED:
            pytest.fail(f"{' and '.join(missing)} must be installed")
        pytest.skip(f"{' and '.join(missing)} not installed")
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "640x400x24", "-nolisten", "tcp", "-terminate"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    monkeypatch.setenv("DISPLAY", ":" + server.stdout.readline().strip())
    yield
    gc.collect()
    # The server ends with its last client: ending it earlier would end a client that is still connected.
    subprocess.run(["xdotool", "getmouselocation"], capture_output=True, check=False)
    server.stdout.close()
    server.wait(20)


@pytest.fixture
def desk(display, models):  # noqa: ARG001  (the window opens on it)
    opened = Desk(theme.load(), words.load(), models, (640, 400))
    yield opened
    opened.close()


def x(*arguments: str) -> None:
    subprocess.run(["xdotool", *arguments], check=True)


def until(desk: Desk, frames, wanted: Callable[[Frame], bool]) -> Frame:
    """The first frame that is as wanted, of the next 300."""
    for _ in range(300):
        frame = next(frames)
        desk.show(SCENE)
        if wanted(frame):
            return frame
    return pytest.fail("nothing came of it within 300 frames")


def test_what_is_drawn_comes_to_the_screen(desk):
    # Drawn into a front buffer nothing is ever swapped, the window stays black, and memory grows with each frame.
    assert desk._window.get_fb_properties().back_buffers == 1


def test_the_words_on_the_desk_are_those_of_a_mouse(desk):
    assert desk.stage.controls["confirm"] == "controls.click"
    assert words.load().say("controls.click") == "Click"


def test_a_window_answers_to_a_real_mouse_and_keyboard(desk):
    frames = desk.frames()
    until(desk, frames, lambda frame: frame.time_ns > 0)
    x("mousemove", "480", "100", "mousedown", "1", "keydown", "w")
    frame = until(desk, frames, lambda f: f.right.trigger == 1.0 and f.head.position_m[2] < -0.05)
    assert frame.right.grip.position_m[0] > 0.1
    assert frame.right.grip.position_m[1] > EYE_M
    x("mouseup", "1", "keyup", "w", "key", "m")
    until(desk, frames, lambda f: f.buttons == Button.MENU)
    x("key", "r")
    assert until(desk, frames, lambda f: bool(f.buttons & Button.RECENTRE)).right.trigger == 0.0


def test_what_a_person_says_of_themselves_has_keys(desk):
    frames = desk.frames()
    until(desk, frames, lambda frame: frame.time_ns > 0)
    x("mousemove", "320", "200")
    for key, button in (("p", Button.PAIN), ("z", Button.DIZZY), ("t", Button.TIRED)):
        x("key", key)
        assert until(desk, frames, lambda f: bool(f.buttons)).buttons == button


def test_esc_stops_and_a_second_esc_leaves(desk):
    frames = desk.frames()
    until(desk, frames, lambda frame: frame.time_ns > 0)
    x("mousemove", "320", "200", "key", "Escape")
    assert until(desk, frames, lambda f: bool(f.buttons)).buttons == Button.STOP
    x("key", "Escape")
    with pytest.raises(StopIteration):
        until(desk, frames, lambda _: False)


def test_frames_are_in_order_and_hold_single_precision(desk):
    frames = desk.frames()
    taken = [until(desk, frames, lambda _: True) for _ in range(5)]
    times = [frame.time_ns for frame in taken]
    assert times == sorted(set(times))
    assert all(float.fromhex(v.hex()) == v for v in taken[0].head.position_m)
    assert "OpenGL" in desk.description


def test_a_mouse_with_its_right_button_looks_around_and_keys_tilt_sit_and_look_ahead(desk):
    frames = desk.frames()
    until(desk, frames, lambda frame: frame.time_ns > 0)
    x("mousemove", "600", "200", "mousedown", "3")
    until(desk, frames, lambda f: face_deg(f.head.orientation, UPRIGHT)[0] > 60)
    x("mouseup", "3", "mousemove", "320", "200", "keydown", "period")
    until(desk, frames, lambda f: face_deg(f.head.orientation, UPRIGHT)[2] > 10)
    x("keyup", "period", "key", "Home", "key", "c")
    until(desk, frames, lambda f: f.head.position_m[1] < SEATED_EYE_M + 0.01 and abs(f.head.orientation[2]) < 1e-3)


class Stepped:
    """A device that says one thing, and nothing more than its middle was asked for."""

    kinds = frozenset({"board"})
    labels = {"A": "×", "LB": "L1"}  # noqa: RUF012 (nobody changes it)

    def __init__(self) -> None:
        self.said, self.middles, self.closed = Heard(), 0, False

    def hear(self, dt_s: float) -> Heard:  # noqa: ARG002 (what every device is given)
        return self.said

    def recentre(self) -> None:
        self.middles += 1

    def close(self) -> None:
        self.closed = True


def test_who_steps_off_a_board_is_not_there(display, tmp_path):  # noqa: ARG001  (the window opens on it)
    device = Stepped()
    desk = Desk(theme.load(), words.load(), tmp_path, (640, 400), inputs=(device,))
    frames = desk.frames()
    until(desk, frames, lambda frame: frame.focused)
    device.said = Heard(Held(lean_deg=(4.0, 0.0)), Button.RECENTRE, here=False)
    assert until(desk, frames, lambda f: not f.focused).head.position_m[2] < 0
    assert not desk.stage.node("off the board").is_empty()
    desk.close()
    assert device.middles > 0
    assert device.closed


def test_what_is_written_names_the_buttons_of_the_pad_in_hand(display, tmp_path):  # noqa: ARG001  (the window opens on it)
    device = Stepped()
    device.kinds = frozenset({"pad"})
    desk = Desk(theme.load(), words.load(), tmp_path, (640, 400), inputs=(device,))
    frames = desk.frames()
    device.said = Heard(Held(trigger=1.0))
    until(desk, frames, lambda f: f.right.trigger == 1.0)
    assert desk.stage.controls["confirm"] == "×"
    told = [key for some in desk._lines(Scene("lobby", CARDS)) for hint in some for key in hint.press]
    assert "×" in told
    assert "A" not in told
    desk.close()


def test_a_tap_of_a_key_chooses_and_the_picture_stays(desk):
    frames, offered = desk.frames(), Scene("lobby", CARDS)
    x("mousemove", "320", "390")
    for _ in range(5):
        frame = next(frames)
        desk.show(offered)
    x("key", "Tab", "key", "Return")
    heard = []
    for _ in range(14):
        heard.append(next(frames))
        desk.show(offered)
    known = upright(stance_in(Seat().frame(0, Heard(), focused=True)))
    assert {choosing.pointed_at(estimate(f, known, 0.0, 0.0), CARDS) for f in heard[-5:]} == {CARDS[0].key}
    assert max(f.right.trigger for f in heard) == 1.0
    assert desk._seat.puppet.head().orientation == UPRIGHT
    assert heard[-1].head.position_m == pytest.approx(frame.head.position_m, abs=1e-6)


def test_a_pointer_that_reached_points_at_nothing_when_a_choice_is_offered(desk):
    frames = desk.frames()
    next(frames)
    desk.show(Scene("lobby", (Target("t", (0.0, 1.6, -0.5), 0.05),)))
    desk._seat.pointer.follow(None, (0.0, 1.0), 0.5)
    desk.show(Scene("lobby", CARDS))
    assert desk._seat.pointer.place is None


@pytest.mark.parametrize("text_scale", [1.0, 1.6])
def test_help_in_large_letters_leaves_out_what_the_menu_has(display, tmp_path, text_scale: float):  # noqa: ARG001  (as above)
    settings = Settings(text_scale=text_scale)
    desk = Desk(theme.load(), words.load("fr"), tmp_path, (800, 500), settings)
    wanted = hints.hints({hints.CHOOSE}, ())
    (needed, always), share = desk._fitted(wanted, "lobby", (800, 500))
    assert share < 0.22
    assert needed == wanted[0]
    assert {hint.press[0] for hint in always} >= {"M", "Esc", "H"}
    desk.close()


def test_a_gamepad_is_heard_beside_the_window(display, tmp_path):  # noqa: ARG001  (the window opens on it)
    pytest.importorskip("pygame", reason="gamepads need the extra 'sound', which has pygame")
    from joysticks import GAMEPAD, sockets

    from engine.pads.pads import Pads

    desk = Desk(theme.load(), words.load(), tmp_path, (640, 400), inputs=(Pads(),))
    frames, socket = desk.frames(), next(sockets())
    until(desk, frames, lambda frame: frame.time_ns > 0)
    socket.plug_in("Some Gamepad", 6, 15, GAMEPAD)
    until(desk, frames, lambda frame: frame.time_ns > 0)
    socket.push(0, 0.0, -1.0, 0.9, 0.0)
    socket.press(0, 0)
    frame = until(desk, frames, lambda f: f.right.trigger == 1.0 and f.head.position_m[2] < -0.05)
    assert desk.stage.controls["confirm"] == "controls.a_button"
    assert frame.right.grip.position_m[1] > 1.2
    desk.close()


def pixels(desk, left: float, right: float, top: float, bottom: float):
    """Part of what is on the screen, in shares of the window."""
    shot = desk._window.get_screenshot()
    raw = np.frombuffer(shot.get_ram_image_as("RGB").get_data(), np.uint8)
    whole = raw.reshape(shot.get_y_size(), shot.get_x_size(), 3)[::-1]
    tall, wide = whole.shape[:2]
    return whole[int(top * tall) : int(bottom * tall), int(left * wide) : int(right * wide)].astype(int)


def test_help_and_figure_are_seen_and_h_hides_the_help(desk):
    frames = desk.frames()
    until(desk, frames, lambda frame: frame.time_ns > 0)
    help_, figure = (0.05, 0.4, 0.03, 0.1), (0.88, 0.98, 0.76, 0.96)
    before, stands = pixels(desk, *help_), pixels(desk, *figure)
    x("mousemove", "320", "200", "key", "h", "key", "c")
    until(desk, frames, lambda f: f.head.position_m[1] < SEATED_EYE_M + 0.01)
    assert np.abs(pixels(desk, *help_) - before).mean() > 20
    assert np.abs(pixels(desk, *figure) - stands).mean() > 2
