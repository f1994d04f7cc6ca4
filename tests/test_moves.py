"""The moves that trials are built from: when they end, what they show meanwhile, and whose time they count."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import a_body, never, played

from engine import choosing, moves
from engine.body import Body
from engine.frame import LOST, Frame, Hand, Pose, Vector
from engine.scene import Gaze, Lean, Panel, Reach, Stand, Target
from engine.task import NOT_YET, REACHED, Move

PLACE = (0.3, 1.5, -0.5)
TARGET = Target("apple", PLACE, 0.08, "right")
THERE, AWAY, UNSEEN = a_body(right_m=PLACE), a_body(), a_body(right_m=None)
BUOY = Lean("buoy", 90.0, 5.0, 0.8)
LINE = Reach("line", (0.3, 1.0, -0.3), (0.3, 1.8, -0.3), "right")


def leaning(ahead: float, right: float) -> Body:
    return a_body(lean_deg=(ahead, right))


def up(metres: float) -> Body:
    return a_body(right_m=(0.3, 1.0 + metres, -0.3))


def every_move() -> list[Move]:
    """Each move with nothing left to wait for."""
    return [
        moves.hold(TARGET, 0.0),
        moves.lean(BUOY, 0.0),
        moves.upright("middle", 2.0, 0.05),
        moves.stand("stand", 0.05),
        moves.reach_out(LINE, 0.05),
        moves.lean_out(BUOY, 0.05),
        choosing.confirm((), 0.05),
        moves.show((), 0.0),
        moves.within(0.05, moves.show((), 9.0)),
    ]


@pytest.mark.parametrize("which", range(9))
def test_a_move_shows_something_before_it_ends(which: int) -> None:
    assert isinstance(next(every_move()[which]), tuple)
    out, there, back = a_body(right_m=PLACE, lean_deg=(0.0, 0.1)), leaning(0.0, 5.0), leaning(0.0, 0.0)
    assert played(every_move()[which], [out, there, back])[0] in (REACHED, NOT_YET)


def test_a_target_is_reached_when_the_hand_stayed_long_enough() -> None:
    assert played(moves.hold(TARGET, 0.5), [AWAY, *[THERE] * 9]) == (REACHED, 6)


def test_a_target_without_hold_is_reached_by_touch() -> None:
    assert played(moves.hold(TARGET, 0.0), [AWAY, AWAY, THERE]) == (REACHED, 3)


def test_a_hand_that_leaves_begins_its_hold_again() -> None:
    assert played(moves.hold(TARGET, 0.5), [*[THERE] * 4, AWAY, *[THERE] * 4]) == ("", 9)


def test_a_hand_that_is_lost_for_a_moment_goes_on_with_its_hold() -> None:
    assert played(moves.hold(TARGET, 0.5), [*[THERE] * 4, UNSEEN, THERE]) == (REACHED, 6)
    assert played(moves.hold(TARGET, 0.5), [*[THERE] * 4, UNSEEN, UNSEEN, THERE]) == ("", 7)


def test_an_unseen_hand_never_holds() -> None:
    lost_inside = UNSEEN._replace(right_m=PLACE)
    assert played(moves.hold(TARGET, 0.0), [lost_inside] * 20) == ("", 20)
    lost_left = a_body(left_m=None)._replace(left_m=PLACE)
    assert played(moves.hold(TARGET._replace(hand="either"), 0.0), [lost_left] * 20) == ("", 20)


def test_the_other_hand_does_not_hold() -> None:
    other = a_body(left_m=PLACE)
    assert played(moves.hold(TARGET, 0.0), [other] * 5) == ("", 5)
    assert played(moves.hold(TARGET._replace(hand="either"), 0.0), [other]) == (REACHED, 1)


def test_time_stands_still_while_no_time_is_played() -> None:
    frozen = THERE._replace(dt_s=0.0, time_s=100.0)
    assert played(moves.hold(TARGET, 0.5), [frozen] * 100) == ("", 100)


def test_a_target_fills_as_it_is_held() -> None:
    move = moves.hold(TARGET, 0.4)
    fills = [next(move)[0], *(move.send(body)[0] for body in (THERE, THERE, AWAY))]
    assert [item.fill for item in fills if isinstance(item, Target)] == pytest.approx([0, 0.25, 0.5, 0])


def test_a_lean_counts_near_its_goal_and_not_beside_it() -> None:
    short, there, beside = leaning(0.0, 4.1), leaning(0.0, 4.3), leaning(2.0, 5.0)
    assert played(moves.lean(BUOY, 0.0), [short, beside, there]) == (REACHED, 3)


def test_a_lean_that_is_lost_is_held_anew() -> None:
    there, short = leaning(0.0, 5.0), leaning(0.0, 1.0)
    assert played(moves.lean(BUOY, 0.25), [there, there, short, there, there, there]) == (REACHED, 6)


def test_the_guide_follows_the_lean() -> None:
    move = moves.lean(BUOY, 1.0)
    next(move)
    (item,) = move.send(leaning(1.0, 2.0))
    assert isinstance(item, Lean)
    assert item.now_deg == (1.0, 2.0)


def test_upright_waits_until_the_middle_was_kept() -> None:
    middle, out = leaning(0.5, 0.5), leaning(0.0, 3.0)
    assert played(moves.upright("middle", 1.5, 0.25), [middle, middle, out, *[middle] * 3]) == (REACHED, 6)


def test_standing_takes_its_time_whatever_happens() -> None:
    assert played(moves.stand("stand", 0.95), [AWAY, leaning(9.0, 9.0)] * 9) == (REACHED, 10)


def test_standing_tells_how_much_of_it_is_over() -> None:
    move = moves.stand("stand", 0.4)
    next(move)
    assert move.send(AWAY) == (Stand("stand", 0.25),)


def test_an_open_reach_ends_when_the_arm_rests_at_its_highest() -> None:
    rising, resting = [up(0.05 * i) for i in range(9)], [up(0.38)] * 20
    outcome, taken = played(moves.reach_out(LINE, 30.0), rising + resting)
    assert outcome == REACHED
    assert taken == pytest.approx(9 + 10 * moves.STILL_FOR_S, abs=1)


def test_an_open_reach_ends_at_the_stop_line() -> None:
    assert played(moves.reach_out(LINE, 30.0), [up(0.3), up(0.6), up(0.81), up(0.9)]) == (REACHED, 3)


def test_an_open_reach_waits_for_an_arm_that_has_not_risen() -> None:
    assert played(moves.reach_out(LINE, 2.95), [up(0.0)] * 50) == (REACHED, 30)


def test_an_open_reach_with_an_unseen_hand_still_ends_in_time() -> None:
    assert played(moves.reach_out(LINE, 0.95), [UNSEEN] * 50) == (REACHED, 10)


def test_an_open_lean_ends_half_way_back() -> None:
    way = [leaning(0.0, angle) for angle in (1.0, 2.0, 4.0, 3.0, 2.1, 1.9, 1.0)]
    assert played(moves.lean_out(BUOY._replace(open_ended=True), 30.0), way) == (REACHED, 6)


def test_an_open_lean_ends_at_the_stop_line() -> None:
    assert played(moves.lean_out(BUOY, 30.0), [leaning(0.0, 3.0), leaning(0.0, 5.1)]) == (REACHED, 2)


def test_a_trigger_that_was_held_all_along_confirms_nothing() -> None:
    pressed, free = a_body(confirm=True), a_body()
    assert played(choosing.confirm((), 9.0), [pressed] * 20) == ("", 20)
    assert played(choosing.confirm((), 9.0), [pressed, free, pressed]) == (REACHED, 3)


def test_a_panel_does_not_wait_for_ever() -> None:
    assert played(choosing.confirm((), 0.95), [a_body()] * 20) == (NOT_YET, 10)


def test_within_gives_up_in_time() -> None:
    assert played(moves.within(0.95, never()), [AWAY] * 50) == (NOT_YET, 10)


def test_within_leaves_a_move_that_ends_in_time_alone() -> None:
    assert played(moves.within(5.0, moves.hold(TARGET, 0.0)), [AWAY, THERE]) == (REACHED, 2)


def test_alongside_shows_both_and_ends_with_the_move() -> None:
    panel = Panel("panel", "title")
    assert next(moves.alongside((panel,), moves.hold(TARGET, 0.0))) == (TARGET, panel)
    assert played(moves.alongside((panel,), moves.hold(TARGET, 0.0)), [AWAY, THERE]) == (REACHED, 2)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.floats(0.0, 0.1), max_size=200), st.floats(0.1, 3.0))
def test_no_move_outlives_its_limit_by_more_than_a_frame(steps_s: list[float], limit_s: float) -> None:
    bodies = [a_body(dt_s=step) for step in steps_s]
    outcome, taken = played(moves.within(limit_s, never()), bodies)
    assert (outcome == NOT_YET) == (sum(steps_s) >= limit_s)
    assert sum(steps_s[: taken - 1]) < limit_s or not taken


@pytest.mark.parametrize(("look", "outcome"), [((0.0, 0.0, -1.0), REACHED), ((0.5, 0.0, -0.8), "")])
def test_to_look_ahead_is_asked_of_a_face_that_looks_ahead(look: Vector, outcome: str) -> None:
    sine = math.sin(math.atan2(look[0], -look[2]) / 2)
    head = Pose((0.0, 1.6, 0.0), (0.0, -sine, 0.0, math.sqrt(1 - sine**2)))
    body = a_body()._replace(frame=Frame(0, head, Hand(LOST), Hand(LOST)))
    assert played(moves.gaze(Gaze("ahead", 0.0, 0.0, 8.0), 0.2), [body] * 5)[0] == outcome


@pytest.mark.parametrize("other_s", [0.5, 3.0])
def test_a_move_beside_another_lasts_no_longer_than_that(other_s: float) -> None:
    both = moves.beside(moves.stand("stand", 1.0), moves.show((Panel("panel", "stand.title"),), other_s))
    shown: list[int] = []

    def counted() -> Move:
        items = next(both)
        while True:
            shown.append(len(items))
            body = yield items
            try:
                items = both.send(body)
            except StopIteration as end:
                return str(end.value)

    outcome, taken = played(counted(), [a_body(dt_s=0.1)] * 30)
    assert outcome == REACHED
    assert taken == pytest.approx(10, abs=1)
    assert shown.count(2) == pytest.approx(10 * min(1.0, other_s), abs=1)
