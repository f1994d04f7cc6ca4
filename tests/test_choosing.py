"""Choosing: by a look, by a hand or with a trigger, never by what was held before, and never by a glance."""

import math

import pytest
from people import a_body, played

from engine import choosing
from engine.body import Body
from engine.frame import Vector
from engine.questions import LEVELS, Reply, before, gate, hung, pain, question_of
from engine.scene import Option
from engine.task import NOT_YET, REACHED

EYE: Vector = (0.0, 1.6, 0.0)
LEFT = Option("left", before(EYE, -12.0, -5.0), 0.1, "menu.rest")
RIGHT = Option("right", before(EYE, 12.0, -5.0), 0.1, "menu.stop")


def looking(heading_deg: float, up_deg: float = -5.0, confirm: bool = False) -> Body:
    way = tuple(there - here for there, here in zip(before(EYE, heading_deg, up_deg), EYE, strict=True))
    look = tuple(value / math.hypot(*way) for value in way)
    unseen = a_body(left_m=None, right_m=None, confirm=confirm)
    return unseen._replace(head_m=EYE, look=look)


AT_LEFT, AT_RIGHT, AWAY = looking(-12.0), looking(12.0), looking(0.0, 30.0)


def test_what_is_looked_at_for_a_while_is_chosen() -> None:
    outcome, frames = played(choosing.choose((LEFT, RIGHT), 20.0), [AWAY, *[AT_RIGHT] * 40])
    assert outcome == "right"
    assert frames * 0.1 == pytest.approx(choosing.DWELL_S, abs=0.35)


@pytest.mark.parametrize("up_deg", range(-30, 16, 3))
def test_who_does_nothing_answers_nothing(up_deg: int) -> None:
    named = [(str(i), Reply("menu.rest", 0.0)) for i in range(6)]
    still = [looking(0.0, float(up_deg))] * 100
    assert played(choosing.choose(hung(named, EYE, 0.0), 20.0), still)[0] == ""
    assert played(choosing.confirm((), 20.0), still)[0] == ""


def test_an_option_that_was_looked_at_when_it_came_counts_once_it_was_left() -> None:
    looks = [*[AT_RIGHT] * 20, AWAY, *[AT_RIGHT] * 20]
    outcome, frames = played(choosing.choose((LEFT, RIGHT), 20.0), looks)
    assert (outcome, frames > 21) == ("right", True)


def test_a_glance_chooses_nothing_and_a_look_elsewhere_begins_again() -> None:
    looks = [AWAY, *[AT_RIGHT] * 12, AWAY, *[AT_RIGHT] * 12, *[AT_LEFT] * 12]
    assert played(choosing.choose((LEFT, RIGHT), 20.0), looks)[0] == ""


def test_a_trigger_chooses_at_once_what_is_looked_at_but_not_one_that_was_held_before() -> None:
    pressed = looking(-12.0, confirm=True)
    assert played(choosing.choose((LEFT, RIGHT), 20.0), [AT_LEFT, pressed]) == ("left", 2)
    assert played(choosing.choose((LEFT, RIGHT), 20.0), [pressed] * 5) == ("", 5)


def test_a_trigger_that_points_at_nothing_chooses_nothing() -> None:
    assert played(choosing.choose((LEFT, RIGHT), 20.0), [AWAY, looking(0.0, 30.0, confirm=True)])[0] == ""


def test_a_raised_hand_points_and_is_heeded_before_the_face() -> None:
    way = before(EYE, 12.0, -5.0, 0.5)
    body = looking(-12.0)._replace(right_m=way, right_seen=True)
    assert choosing.pointed_at(body, (LEFT, RIGHT)) == "right"


def test_a_hand_that_hangs_points_at_nothing() -> None:
    body = looking(-12.0)._replace(right_m=(0.2, 0.9, -0.1), right_seen=True)
    assert choosing.pointed_at(body, (LEFT, RIGHT)) == "left"


def test_who_chooses_nothing_is_not_asked_for_ever() -> None:
    assert played(choosing.choose((LEFT,), 0.95), [AWAY] * 20) == (NOT_YET, 10)


def test_to_go_on_nobody_needs_a_button() -> None:
    heading = looking(0.0, -choosing.GO_ON_BELOW_DEG)
    outcome, frames = played(choosing.confirm((), 20.0), [AWAY, *[heading] * 40])
    assert outcome == REACHED
    assert frames * 0.1 == pytest.approx(choosing.DWELL_S, abs=0.35)


def test_a_head_that_is_not_seen_chooses_nothing() -> None:
    lost = AWAY._replace(head_m=(math.nan,) * 3, look=(math.nan,) * 3)
    assert choosing.pointed_at(lost, (LEFT, RIGHT)) == ""


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_options_hang_apart_and_in_view(count: int) -> None:
    options = hung([(str(i), Reply("menu.rest", 0.0)) for i in range(count)], EYE, 40.0)
    places = [option.place_m for option in options]
    assert all(math.dist(a, b) > 1.9 * options[0].radius_m for i, a in enumerate(places) for b in places[:i])
    for x, y, z in places:
        assert abs(math.degrees(math.atan2(x, -z)) - 40.0) < 30
        assert -30 < math.degrees(math.atan2(y - EYE[1], math.hypot(x, z))) < 5


def test_a_rating_has_six_steps_from_none_to_all_and_a_face_for_each_where_faces_are_asked_for() -> None:
    assert [reply.value for reply in pain().replies] == list(LEVELS)
    assert [reply.picture for reply in pain("faces").replies] == [f"face {level}" for level in LEVELS]
    assert question_of("adult", "words") == gate("adult")
