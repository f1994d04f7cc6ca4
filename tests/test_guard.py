"""Safety: what stops, what pauses, what is never shown."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from people import ARM_M, HEAD_M, STANCE, a_body, a_calibration, a_frame, a_limit, standing_rows, visited

from engine.body import NECK_IN_HEAD_M, estimate, shoulder_m, upright
from engine.envelope import ANYBODYS_LEAN_DEG, Envelope
from engine.frame import LOST, SIDES, Button, Frame, Pose, Vector, from_yaw_pitch, rotate
from engine.guard import (
    GUESSED_S,
    HEAD_DROP_M,
    LEAN_OF_LIMIT,
    LEAN_RATE_DPS,
    SETTLED_S,
    Guard,
)
from engine.motion import Motion
from engine.movements import LEANS
from engine.places import from_shoulder
from engine.plan import Step
from engine.recording import BUTTONS_SHIFT, FLAGS
from engine.records import Precaution, Session, Stance, TrialRecord
from engine.replay import ReplayHeadset
from engine.scene import Item, Lean, Panel, Reach, Scene, Target
from engine.task import REACHED, STOPPED, Move, Result, Task, Trial
from engine.visit import FAREWELL_S, PAUSED, STOPPED_PANEL

DT_S = 1 / 90
QUICK = settings(deadline=None, max_examples=80)


def a_guard(*precautions: Precaution, lean_deg: float = 6.0) -> Guard:
    guard = Guard()
    guard.renew(Envelope(a_calibration(lean_deg=lean_deg), precautions))
    return guard


def acts(guard: Guard, frame: Frame, lean_deg: tuple[float, float] = (0.0, 0.0), start_s: float = 5.0) -> str:
    """What a frame leads to for somebody who has stood like that for a while already."""
    guard.watch(a_frame(), a_body(start_s - 1, lean_deg=lean_deg))
    body = a_body(start_s, DT_S, lean_deg=lean_deg)._replace(head_m=frame.head.position_m)
    return guard.watch(frame, body).act


def target(elevation_deg: float, of_arm: float = 0.85, hand: str = "right", side: str = "right") -> Target:
    place = from_shoulder(shoulder_m(STANCE, side), 0.0, 0.0, elevation_deg, of_arm * ARM_M)
    return Target(f"fruit at {elevation_deg}", place, 0.08, hand)


def line(stop_deg: float, start_deg: float = 20.0, hand: str = "right") -> Reach:
    shoulder = shoulder_m(STANCE, "left" if hand == "left" else "right")
    start, stop = (from_shoulder(shoulder, 0.0, 0.0, elevation, 0.5) for elevation in (start_deg, stop_deg))
    return Reach("line", start, stop, hand)


def cast(movement: str, at_most: float) -> Precaution:
    return Precaution(movement, at_most, "deg", "a cast", "Dr Wood")


def test_stop_takes_effect_at_once_even_when_all_else_is_wrong() -> None:
    frame = a_frame()._replace(head=LOST, focused=False, buttons=Button.STOP)
    assert a_guard().watch(frame, a_body()).act == "stop"


def test_other_buttons_do_not_stop() -> None:
    assert a_guard().watch(a_frame()._replace(buttons=Button.MENU | Button.RECENTRE), a_body()).act == "go"


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        (a_frame()._replace(focused=False), "a system menu is open or the headset is asleep"),
        (a_frame()._replace(focused=False, buttons=Button.AWAY), "nobody wears the headset"),
        (a_frame()._replace(buttons=Button.AWAY), "nobody wears the headset"),
        (a_frame()._replace(focused=False, buttons=Button.RESTARTING | Button.AWAY), "software stopped"),
        (a_frame()._replace(head=LOST), "lost"),
        (a_frame()._replace(head=Pose(HEAD_M, valid=False)), "lost"),
        (a_frame(head_m=(0.0, 0.0, 0.0)), "lost"),
        (a_frame(head_m=(0.0, math.nan, 0.0)), "lost"),
        (a_frame(head_m=(math.inf, 1.6, 0.0)), "lost"),
        (a_frame()._replace(head=Pose(HEAD_M, (0.0, math.nan, 0.0, 1.0))), "lost"),
    ],
)
def test_play_pauses_in_the_frame_in_which_the_person_is_gone(frame: Frame, why: str) -> None:
    verdict = a_guard().watch(frame, a_body())
    assert verdict.act == "pause"
    assert why in verdict.why


def test_a_head_that_is_only_guessed_at_pauses_when_it_lasts() -> None:
    guard, guessed = a_guard(), a_frame()._replace(head=Pose(HEAD_M, tracked=False))
    guard.watch(a_frame(), a_body(10.0))
    assert guard.watch(guessed, a_body(10.0 + 0.9 * GUESSED_S)).act == "go"
    assert "only guesses" in guard.watch(guessed, a_body(10.0 + 1.1 * GUESSED_S)).why


def test_only_who_stands_elsewhere_is_helped_by_a_new_middle() -> None:
    low = a_body(10.0)._replace(head_m=(0.0, 1.0, 0.0))
    assert a_guard().watch(a_frame(), low).elsewhere
    assert not a_guard().watch(a_frame()._replace(focused=False), low).elsewhere


@pytest.mark.parametrize("direction", [(1, 0), (0, 1), (-1, 0), (0, -1)])
def test_a_lean_beyond_a_fifth_over_the_limit_pauses(direction: tuple[int, int]) -> None:
    least, most = (tuple(d * LEAN_OF_LIMIT * 6.0 * share for d in direction) for share in (0.99, 1.01))
    assert acts(a_guard(lean_deg=6.0), a_frame(), least) == "go"  # type: ignore[arg-type] # two numbers
    assert acts(a_guard(lean_deg=6.0), a_frame(), most) == "pause"  # type: ignore[arg-type]


def test_the_furthest_lean_that_was_shown_counts_and_not_its_mean() -> None:
    guard, known = Guard(), a_calibration()
    guard.renew(Envelope(replace(known, limits={**known.limits, "lean_right": a_limit(6.0, best=7.0)})))
    assert acts(guard, a_frame(), (0.0, 8.0)) == "go"
    assert acts(guard, a_frame(), (0.0, 8.5)) == "pause"


def test_whose_lean_is_being_found_anew_may_lean_further_than_before() -> None:
    guard = a_guard(lean_deg=4.0)
    assert guard.admit((Lean("open lean_forward 0", 0.0, 8.0, 0.5, open_ended=True),)) == ""
    assert acts(guard, a_frame(), (7.0, 0.0)) == "go"
    assert acts(guard, a_frame(), (LEAN_OF_LIMIT * 8.0 + 0.1, 0.0)) == "pause"
    assert acts(guard, a_frame(), (0.0, 7.0)) == "pause", "to the side nothing was asked"
    guard.renew(Envelope(a_calibration(lean_deg=4.0)))
    assert acts(guard, a_frame(), (7.0, 0.0)) == "pause", "what was found counts afterwards"


def test_a_measurement_that_was_given_up_widens_no_lean_of_a_game_after_it() -> None:
    guard = a_guard(lean_deg=4.0)
    assert guard.admit((Lean("open lean_forward 0", 0.0, 8.0, 0.5, open_ended=True),)) == ""
    assert guard.admit((Lean("buoy", 10.0, 3.0, 0.8),)) == ""
    assert acts(guard, a_frame(), (LEAN_OF_LIMIT * 4.0 + 0.1, 0.0)) == "pause"


def test_a_lean_that_was_never_measured_pauses_at_a_fixed_angle() -> None:
    guard = Guard()
    guard.renew(Envelope(replace(a_calibration(), limits={})))
    assert acts(guard, a_frame(), (ANYBODYS_LEAN_DEG - 0.1, 0.0)) == "go"
    assert acts(guard, a_frame(), (ANYBODYS_LEAN_DEG + 0.1, 0.0)) == "pause"


@pytest.mark.parametrize(("lean", "act"), [((-3.7, 0.0), "pause"), ((-3.1, 0.0), "go"), ((-0.5, 5.9), "go")])
def test_a_lean_that_a_precaution_forbids_pauses_and_one_beside_it_does_not(lean: tuple, act: str) -> None:
    assert acts(a_guard(cast("lean_back", 3.0)), a_frame(), lean) == act


def test_a_ban_on_leaning_back_leaves_sideways_leans_alone() -> None:
    guard = a_guard(cast("lean_back", 0.0))
    assert acts(guard, a_frame(), (-0.4, 6.0)) == "go"
    assert acts(guard, a_frame(), (-3.1, 0.0)) == "pause"


def test_a_ban_on_a_diagonal_leaves_the_leans_beside_it_alone() -> None:
    guard = a_guard(cast("lean_forward_left", 0.0))
    for lean_deg, act in (((6.0, -0.5), "go"), ((0.5, -6.0), "go"), ((3.0, -3.0), "pause")):
        assert acts(guard, a_frame(), lean_deg) == act


def test_between_two_measured_directions_an_ellipse_says_what_a_person_can_hold() -> None:
    guard, most = Guard(), LEAN_OF_LIMIT / math.hypot(math.sqrt(0.5) / 8, math.sqrt(0.5) / 4)
    limits = {"lean_forward": a_limit(8.0), "lean_right": a_limit(4.0)}
    guard.renew(Envelope(replace(a_calibration(), limits=limits)))
    for share, act in ((0.99, "go"), (1.01, "pause")):
        assert acts(guard, a_frame(), (share * most * math.sqrt(0.5),) * 2) == act


def test_a_head_that_comes_down_pauses() -> None:
    low = (HEAD_M[0], HEAD_M[1] - HEAD_DROP_M - 0.01, HEAD_M[2])
    bent = (HEAD_M[0], HEAD_M[1] - HEAD_DROP_M + 0.01, HEAD_M[2])
    assert acts(a_guard(), a_frame(head_m=low)) == "pause"
    assert acts(a_guard(), a_frame(head_m=bent)) == "go"


def test_a_lean_faster_than_a_fall_pauses_and_a_slow_one_does_not() -> None:
    for rate_dps, act in ((2 * LEAN_RATE_DPS, "pause"), (0.5 * LEAN_RATE_DPS, "go")):
        guard = a_guard(lean_deg=60.0)
        bodies = [a_body(1 + i * DT_S, DT_S, lean_deg=(0.0, rate_dps * i * DT_S)) for i in range(40)]
        assert [guard.watch(a_frame(), body).act for body in bodies][-1] == act


def test_a_turned_head_that_hardly_sways_is_no_fall_wherever_it_is() -> None:
    """Halfway between leaning and turning, a lean with and without the neck's share are as large and lie apart."""
    turn = from_yaw_pitch(math.radians(60.0), 0.0)
    eyes_m = (-NECK_IN_HEAD_M[0], -NECK_IN_HEAD_M[1], -NECK_IN_HEAD_M[2])
    moved = [now - then for now, then in zip(rotate(turn, eyes_m), eyes_m, strict=True)]
    guard, person = a_guard(), upright(STANCE)
    for index in range(60):
        share = 0.5 + (0.002 if index % 2 else -0.002)
        x, y, z = (at + share * part for at, part in zip(STANCE.head_m, moved, strict=True))
        frame = a_frame()._replace(head=Pose((x, y, z), turn))
        assert guard.watch(frame, estimate(frame, person, 5.0 + index * DT_S, DT_S)).act == "go"


def test_one_jump_of_the_tracking_is_not_a_fall() -> None:
    guard = a_guard()
    bodies = [a_body(1 + i * DT_S, DT_S, lean_deg=(0.0, 1.0 * (i > 20))) for i in range(40)]
    assert {guard.watch(a_frame(), body).act for body in bodies} == {"go"}


def test_play_goes_on_once_all_was_well_for_a_while() -> None:
    guard = a_guard()
    assert guard.watch(a_frame()._replace(focused=False), a_body(10.0)).act == "pause"
    assert guard.watch(a_frame(), a_body(10.0 + 0.9 * SETTLED_S)).act == "pause"
    assert guard.watch(a_frame(), a_body(10.0 + 1.01 * SETTLED_S)).act == "go"


def test_settling_begins_again_with_every_new_trouble() -> None:
    guard = a_guard()
    for at_s, focused in ((10.0, False), (10.8, True), (10.9, False), (11.5, True), (11.8, True)):
        assert guard.watch(a_frame()._replace(focused=focused), a_body(at_s)).act == "pause"
    assert guard.watch(a_frame(), a_body(12.0)).act == "go"


@pytest.mark.parametrize(
    "item",
    [
        target(111.0),
        target(90.0, of_arm=1.02),
        target(111.0, hand="either"),
        Target("behind", (HEAD_M[0], HEAD_M[1], HEAD_M[2] + 0.5), 0.08, "right"),
        Target("nowhere", (float("nan"), 1.5, -0.4), 0.08, "right"),
        Target("far", (float("inf"), 1.5, -0.4), 0.08, "right"),
        Lean("buoy", 0.0, 6.1, 0.8),
        Lean("nan", 90.0, float("nan"), 0.8),
        Lean("backwards", 0.0, -7.0, 0.8),
        Lean("nowhere", float("nan"), 1.0, 0.8),
        Lean("nowhere, open", float("inf"), 1.0, 0.8, open_ended=True),
        Lean("open", 180.0, 3.1, 0.5, open_ended=True),
        Lean("too far for anybody", 0.0, 20.0, 0.5, open_ended=True),
        Lean("open nan", 0.0, float("nan"), 0.5, open_ended=True),
        Reach("longer than an arm", (0.2, 1.0, -0.4), (0.2, 1.6, -1.2), "right"),
        Reach("reach nan", (0.2, 1.0, -0.4), (0.2, float("nan"), -0.4), "right"),
        line(81.0, hand="left"),
        line(60.0, start_deg=100.0, hand="left"),
        line(81.0, hand="either"),
    ],
    ids=lambda item: item.key,
)
def test_nothing_outside_the_envelope_is_shown(item: Item) -> None:
    guard = a_guard(cast("lean_back", 3.0), cast("shoulder_elevation_left", 80.0))
    assert guard.admit((Panel("words", "title"), item)) != ""


@pytest.mark.parametrize(
    "item",
    [
        target(109.0),
        target(20.0),
        target(90.0, of_arm=0.99),
        target(109.0, hand="either"),
        Lean("buoy", 0.0, 5.9, 0.8),
        Lean("open", 180.0, 2.9, 0.5, open_ended=True),
        Lean("open", 0.0, 11.9, 0.5, open_ended=True),
        line(79.0, hand="left"),
        line(175.0),
    ],
    ids=lambda item: item.key,
)
def test_all_inside_the_envelope_is_shown(item: Item) -> None:
    guard = a_guard(cast("lean_back", 3.0), cast("shoulder_elevation_left", 80.0))
    assert guard.admit((item,)) == ""


def test_a_target_is_refused_whatever_its_state() -> None:
    assert all(a_guard().admit((target(120.0)._replace(state=state),)) for state in ("wanted", "later", "done"))


def test_nothing_is_asked_before_anything_was_measured() -> None:
    assert "nothing was measured" in Guard().admit((target(40.0),))


def test_what_was_admitted_once_is_judged_anew_in_a_new_envelope() -> None:
    guard = a_guard()
    assert guard.admit((target(100.0), Lean("buoy", 0.0, 5.0, 0.8), line(150.0))) == ""
    narrow = [cast("shoulder_elevation_right", 90.0), cast("lean_forward", 4.0)]
    guard.renew(Envelope(a_calibration(), tuple(narrow)))
    for item in (target(100.0), Lean("buoy", 0.0, 5.0, 0.8), line(150.0)):
        assert "a cast" in guard.admit((item,))


def test_what_was_admitted_as_a_reach_is_judged_anew_where_it_goes_on_over_the_feet() -> None:
    guard = a_guard(cast("lean_forward", 2.0))
    assert not guard.admit((line(80.0),))
    assert "leans 8° ahead" in guard.admit((line(80.0)._replace(over_feet=True),))


def test_what_was_admitted_may_not_move_out_under_its_old_name() -> None:
    guard = a_guard()
    assert guard.admit((target(100.0), Lean("buoy", 0.0, 5.0, 0.8))) == ""
    assert guard.admit((target(120.0)._replace(key=target(100.0).key),)) != ""
    assert guard.admit((Lean("buoy", 0.0, 7.0, 0.8),)) != ""


@QUICK
@given(
    st.sampled_from(SIDES),
    st.floats(30, 175),
    st.floats(30, 175),
    st.floats(30, 175),
    st.floats(15, 178),
    st.floats(0.3, 1.3),
    st.floats(-180, 180),
)
def test_a_target_is_shown_when_it_lies_within_every_bound_and_only_then(
    side: str, measured: float, ceiling: float, precaution: float, elevation: float, of_arm: float, facing: float
) -> None:
    stance = Stance((1.0, 1.6, -2.0), facing)
    movement = f"shoulder_elevation_{side}"
    guard = Guard()
    guard.renew(Envelope(a_calibration(measured, stance=stance), (cast(movement, precaution),), {movement: ceiling}))
    place: Vector = from_shoulder(shoulder_m(stance, side), facing, 0.0, elevation, of_arm * ARM_M)
    least = min(measured, ceiling, precaution)
    if abs(elevation - least) > 0.1 and abs(of_arm - 1) > 0.01:
        inside = elevation < least and of_arm < 1
        assert (guard.admit((Target("fruit", place, 0.08, side),)) == "") == inside


@QUICK
@given(st.sampled_from(list(LEANS)), st.floats(1, 9), st.floats(1, 9), st.floats(1, 9), st.floats(0, 12), st.booleans())
def test_a_lean_is_shown_when_it_lies_within_every_bound_and_only_then(
    movement: str, measured: float, ceiling: float, precaution: float, angle: float, open_ended: bool
) -> None:
    guard = Guard()
    envelope = Envelope(a_calibration(lean_deg=measured), (cast(movement, precaution),), {movement: ceiling})
    guard.renew(envelope)
    least = min(ceiling, precaution) if open_ended else min(measured, ceiling, precaution)
    if abs(angle - least) > 0.1:
        item = Lean("buoy", LEANS[movement], angle, 0.8, open_ended=open_ended)
        assert (guard.admit((item,)) == "") == (angle < least)


@dataclass(frozen=True)
class Nothing:
    """No parameters."""


class Shows(Task):
    """A game that shows one thing after the other, each for a frame."""

    title, trains, version, Parameters = "Shows", (), 1, Nothing

    def __init__(self, *items: Item) -> None:
        super().__init__()
        self.items, self.gone_s = items, 0.0

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:  # noqa: ARG002
        yield Trial()

    def play(self, trial: Trial) -> Move:  # noqa: ARG002
        for item in self.items:
            body = yield (item,)
            self.gone_s += body.dt_s
        return REACHED

    def measure(self, trial: Trial, motion: Motion) -> Result:  # noqa: ARG002
        return Result(None, {})


class Wall(ReplayHeadset):
    """A headset that remembers what it was shown."""

    def __init__(self, rows: np.ndarray) -> None:
        super().__init__(rows, "somebody who stands")
        self.scenes: list[Scene] = []

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)


def lived(rows: np.ndarray, folder: Path, *items: Item) -> tuple[Session, list[Scene]]:
    """A visit in which those items are shown, and what was really seen after each frame."""
    wall = Wall(rows)
    return visited(wall, folder, Step("shows", Shows(*items), "play"), calibration=a_calibration()), wall.scenes


def test_a_game_that_asks_for_too_much_is_ended_before_anybody_sees_it(tmp_path: Path) -> None:
    good, bad = target(60.0), target(150.0)._replace(key=target(60.0).key)
    done, scenes = lived(standing_rows(1.0), tmp_path, good, good, bad)
    assert {item for scene in scenes for item in scene.items} == {good}
    assert [event.name for event in done.events] == ["target outside the envelope"]
    assert done.blocks[0].trials[0].outcome == STOPPED


def test_stop_ends_the_visit_with_the_frame_that_brings_it(tmp_path: Path) -> None:
    rows = standing_rows(9.0)
    rows["flags"][90:] |= Button.STOP << BUTTONS_SHIFT
    done, scenes = lived(rows, tmp_path, *[target(60.0)] * 900)
    assert scenes[89].items == (target(60.0),)
    assert scenes[90].items == (STOPPED_PANEL,)
    assert (done.ended_by, done.blocks[0].trials[0].outcome) == ("the person pressed stop", STOPPED)
    assert done.seconds == pytest.approx(1 + FAREWELL_S, abs=0.05)


def test_taking_the_headset_off_pauses_with_that_frame_and_putting_it_on_goes_on(tmp_path: Path) -> None:
    rows = standing_rows(9.0)
    rows["flags"][90:180] &= ~np.uint32(1 << FLAGS.index("focused"))
    done, scenes = lived(rows, tmp_path, *[target(60.0)] * 300)
    assert [scene.items == (PAUSED,) for scene in scenes[88:93]] == [False, False, True, True, True]
    assert [(event.name, round(event.at_s, 1)) for event in done.events] == [("paused", 1.0), ("resumed", 3.0)]
    assert done.ended_by == "finished"
    assert len(scenes) == pytest.approx(300 + 90 + 90 * SETTLED_S, abs=2)


def test_a_pause_adds_nothing_to_the_time_that_is_played(tmp_path: Path) -> None:
    rows, game = standing_rows(9.0), Shows(*[target(60.0)] * 300)
    rows["flags"][90:180] &= ~np.uint32(1 << FLAGS.index("focused"))
    visited(ReplayHeadset(rows, "somebody"), tmp_path, Step("shows", game, "play"), calibration=a_calibration())
    assert game.gone_s == pytest.approx(299 / 90, abs=0.03)


def test_after_a_refusal_the_next_thing_is_judged_as_well(tmp_path: Path) -> None:
    wall, good, bad = Wall(standing_rows(1.0)), target(60.0), target(150.0)
    steps = [Step("shows", Shows(*items), "play") for items in ((good, bad), (bad, good), (good,))]
    visited(wall, tmp_path, *steps, calibration=a_calibration())
    assert {item for scene in wall.scenes for item in scene.items} == {good}
