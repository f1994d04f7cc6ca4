"""Choosing at a desk by mouse, keys or stick; nobody who does nothing gives an answer."""

import pytest

from engine import talking
from engine.body import estimate, upright
from engine.first_sight import stance_in
from engine.inputs import NOTHING, Heard, Held
from engine.questions import question_of
from engine.scene import Option, Scene
from engine.task import NOT_YET

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from engine.panda.desk_choosing import Chooser
from engine.panda.pointer import ray
from engine.panda.seat import Seat

ASPECT, STEP_S = 1.6, 1 / 30
PRESSED = Held(trigger=1.0)
RIGHT, DOWN = Held(lean=(0.0, 1.0)), Held(lean=(-1.0, 0.0))


class Asked:
    """Somebody at a desk who is asked something; `reply` is the number of what they chose, as a word."""

    def __init__(self, kind: str = "pain") -> None:
        self.seat, self.chooser, self.reply, self.now_s = Seat(), Chooser(), "", 0.0
        self.known = upright(stance_in(self.seat.frame(0, Heard(), focused=True)))
        self.ask(kind)

    def ask(self, kind: str) -> None:
        self.reply = ""
        self._move = talking.ask(question_of(kind, "words"))
        self.items = next(self._move)

    def live(self, seconds: float, mouse=None, held: Held = NOTHING, steps: int = 0) -> str:
        for _ in range(max(1, round(seconds / STEP_S))):
            if self.reply:
                return self.reply
            self.chooser.see(self.items)
            self.chooser.follow(mouse, held, steps, self.seat.puppet.head(), ASPECT, STEP_S)
            steps = 0
            self.seat.puppet.aside_deg = self.chooser.face_deg
            frame = self.seat.frame(round(self.now_s * 1e9), Heard(held), focused=True)
            self.now_s += STEP_S
            try:
                self.items = self._move.send(estimate(frame, self.known, self.now_s, STEP_S))
            except StopIteration as end:
                self.reply = end.value
        return self.reply

    def at(self, number: int) -> tuple[float, float]:
        """Where an option is in the window."""
        option = [item for item in self.items if isinstance(item, Option)][number]
        eye = self.seat.puppet.head().position_m
        x, y, z = (a - b for a, b in zip(option.place_m, eye, strict=True))
        corner = ray((1.0, 1.0), ASPECT)
        return (x / -z / (corner[0] / -corner[2]), y / -z / (corner[1] / -corner[2]))


def asked() -> Asked:
    person = Asked()
    person.live(0.1)
    return person


def test_who_does_nothing_answers_nothing():
    assert asked().live(19.0) == ""
    assert asked().live(25.0) == NOT_YET


@pytest.mark.parametrize("mouse", [(-0.9, -0.9), (0.0, 0.5), (0.6, 0.0)])
def test_a_mouse_beside_the_options_answers_nothing(mouse):
    person = asked()
    person.live(0.5, (0.0, 0.0))
    assert person.live(15.0, mouse) == ""


@pytest.mark.parametrize("number", range(6))
def test_an_option_that_the_mouse_comes_to_is_chosen_in_a_while(number: int):
    person = asked()
    person.live(0.1, (-0.9, 0.9))
    assert person.live(1.0, person.at(number)) == ""
    assert person.live(1.5, person.at(number)) == str(number)


def test_a_click_chooses_at_once_where_the_mouse_is_even_if_it_has_not_moved():
    person = asked()
    person.live(0.2, person.at(4))
    assert person.live(0.1, person.at(4), PRESSED) == "4"


def test_a_mouse_left_on_an_option_does_not_answer_the_next_question():
    person = asked()
    person.live(0.1, (-0.9, 0.9))
    lies = person.at(0)
    assert person.live(3.0, lies) == "0"
    person.ask("dizziness")
    assert person.live(15.0, lies) == ""


def test_keys_go_from_option_to_option_and_enter_chooses():
    person = asked()
    for held in (RIGHT, NOTHING, RIGHT, NOTHING, DOWN, NOTHING):
        person.live(0.2, (0.9, 0.9), held)
    assert person.live(0.1, (0.9, 0.9), PRESSED) == "4"


def test_a_key_that_is_held_goes_one_option_further_and_no_more():
    person = asked()
    person.live(0.2, None, RIGHT)
    person.live(0.2)
    assert person.live(3.0, None, RIGHT) == "1"


def test_steps_go_through_the_options_in_their_order():
    person = asked()
    for _ in range(3):
        person.live(0.2, steps=1)
    assert person.live(2.0) == "2"


def test_a_stick_leads_the_pointer():
    person = asked()
    goal = person.at(0)
    person.live(abs(goal[0]) / 1.3, held=Held(point=(-1.0, 0.0)))
    assert person.chooser.place == pytest.approx((goal[0], 0.0), abs=0.05)
    assert person.live(2.0) == "0"


def test_the_face_is_no_further_to_the_side_than_the_options_are():
    person = asked()
    person.live(0.1, (0.0, 0.9))
    person.live(2.0, (1.0, 0.0))
    assert person.chooser.face_deg[0] == 0.0
    person.chooser.see(Scene("lobby").items)
    person.chooser.relax(1.0)
    assert person.chooser.face_deg == (0.0, 0.0)
