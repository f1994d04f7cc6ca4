"""Gamepads and balance boards: what they mean, and that they are heard through SDL while they come and go."""

import math
import signal
import subprocess
import sys
from collections.abc import Iterator
from subprocess import PIPE

import pytest

from engine.frame import Button
from engine.inputs import AHEAD, BOTH, NOTHING, RISE, SWAP, Heard, Held, together

pytest.importorskip("pygame", reason="gamepads need the extra 'sound', which has pygame")

from joysticks import GAMEPAD, Socket, sockets

from engine.pads.board import GONE_S, LEAST_KG, TARE_S, Balance, Loads, lean_of, pressure_m, two_axes
from engine.pads.gamepad import Pad, beyond_dead_zone, said
from engine.pads.pads import KG_OF_AXIS, Pads

STEP_S = 1 / 60
EVEN = Loads(17.5, 17.5, 17.5, 17.5)
TOES = Loads(25.0, 10.0, 25.0, 10.0)
RIGHT = Loads(25.0, 25.0, 10.0, 10.0)
NOBODY = Loads(0.2, 0.1, 0.0, 0.3)


def stood(balance: Balance, loads: Loads, seconds: float) -> Heard:
    for _ in range(round(seconds / STEP_S)):
        heard = balance.weigh(loads, STEP_S)
    return heard


def test_pushes_of_several_devices_add_up_to_one_at_most() -> None:
    both = together([Heard(Held(lean=(0.7, 0.1))), Heard(Held(lean=(0.6, 0.1), trigger=1.0), Button.MENU, (SWAP,))])
    assert both == Heard(Held(lean=(1.0, 0.2), trigger=1.0), Button.MENU, (SWAP,))
    assert together([]) == Heard()


def test_a_worn_stick_that_rests_off_its_middle_says_nothing() -> None:
    assert beyond_dead_zone((0.12, -0.15)) == (0.0, 0.0)
    assert beyond_dead_zone((0.21, 0.0))[0] == pytest.approx(0.013, abs=0.001)


def test_a_stick_keeps_its_direction_and_comes_to_its_end() -> None:
    right, up = beyond_dead_zone((0.5, 0.25))
    assert right / up == pytest.approx(2.0)
    assert beyond_dead_zone((-0.96, 0.0)) == (-1.0, 0.0)


@pytest.mark.parametrize(
    ("name", "heard"),
    [
        ("b", Heard(buttons=Button.STOP)),
        ("y", Heard(buttons=Button.RECENTRE)),
        ("start", Heard(buttons=Button.MENU)),
        ("x", Heard(acts=(RISE,))),
        ("right shoulder", Heard(acts=(SWAP,))),
        ("right stick", Heard(acts=(BOTH,))),
        ("left stick", Heard(acts=(AHEAD,))),
    ],
)
def test_a_button_counts_once_however_long_it_is_held(name: str, heard: Heard) -> None:
    down = Pad(down=frozenset({name}))
    assert said(Pad(), down) == heard
    assert said(down, down).idle


def test_the_right_stick_moves_the_hand_or_looks_around() -> None:
    pad = Pad(right=(1.0, 0.0))
    assert said(Pad(), pad).held.point == (1.0, 0.0)
    looking = said(Pad(), pad._replace(down=frozenset({"left shoulder"}))).held
    assert (looking.face, looking.point) == ((1.0, 0.0), (0.0, 0.0))


def test_the_left_stick_leans_and_the_cross_tilts_the_head() -> None:
    held = said(Pad(), Pad(left=(0.0, 1.0), down=frozenset({"right", "a"}))).held
    assert (held.lean, held.tilt, held.trigger) == ((1.0, 0.0), 1.0, 1.0)


@pytest.mark.parametrize(
    ("loads", "ahead_m", "right_m"),
    [
        (EVEN, 0.0, 0.0),
        (TOES, 0.119 * 30 / 70, 0.0),
        (RIGHT, 0.0, 0.2165 * 30 / 70),
        (Loads(70, 0, 0, 0), 0.119, 0.2165),
    ],
)
def test_the_centre_of_pressure_is_that_of_the_loads(loads: Loads, ahead_m: float, right_m: float) -> None:
    assert pressure_m(loads) == pytest.approx((ahead_m, right_m))


def test_a_shift_is_the_lean_of_a_pendulum_as_high_as_the_centre_of_mass() -> None:
    ahead, right = lean_of((0.08, -0.05), 1.70)
    assert math.tan(math.radians(ahead)) * 0.55 * 1.70 == pytest.approx(0.08)
    assert right == pytest.approx(-math.degrees(math.atan(0.05 / 0.935)))
    assert lean_of((2.0, 0.0), 1.70)[0] == 15.0


def test_a_taller_person_leans_less_for_the_same_shift() -> None:
    assert lean_of((0.05, 0.0), 1.90)[0] < lean_of((0.05, 0.0), 1.20)[0]


def test_who_stands_crooked_at_first_is_upright_there() -> None:
    balance = Balance(1.70)
    stood(balance, RIGHT, TARE_S + 0.1)
    assert stood(balance, RIGHT, 1.0).held.lean_deg == pytest.approx((0.0, 0.0))
    shift_m = pressure_m(EVEN)[1] - pressure_m(RIGHT)[1]
    assert stood(balance, EVEN, 4.0).held.lean_deg == pytest.approx(lean_of((0.0, shift_m), 1.70), abs=0.01)


def test_a_lean_is_followed_softly() -> None:
    balance = Balance(1.70)
    stood(balance, EVEN, TARE_S + 0.1)
    leans = [stood(balance, TOES, 0.1).held.lean_deg[0] for _ in range(20)]
    assert leans == sorted(leans)
    assert leans[0] < 0.4 * leans[-1]


def test_a_new_middle_is_where_somebody_stands_when_they_ask() -> None:
    balance = Balance(1.70)
    stood(balance, EVEN, 2.0)
    stood(balance, TOES, 2.0)
    balance.recentre()
    assert stood(balance, TOES, TARE_S + 0.5).held.lean_deg == pytest.approx((0.0, 0.0), abs=1e-9)


def test_a_board_that_nobody_stood_on_is_as_if_it_were_not_there() -> None:
    assert stood(Balance(1.70), NOBODY, 5.0) == Heard()
    assert sum(NOBODY) < LEAST_KG


def test_who_leaves_the_board_is_gone_until_they_are_back() -> None:
    balance = Balance(1.70)
    stood(balance, EVEN, 2.0)
    assert stood(balance, NOBODY, 0.5 * GONE_S).here
    assert not stood(balance, NOBODY, GONE_S).here
    assert stood(balance, EVEN, 0.1).here


def test_a_board_with_two_axes_leans_ten_degrees_at_their_ends() -> None:
    assert lean_of(two_axes((0.0, -1.0), 1.6), 1.6) == pytest.approx((10.0, 0.0))
    assert lean_of(two_axes((0.5, 0.0), 1.6), 1.6)[1] == pytest.approx(5.0, abs=0.1)


@pytest.fixture
def pads(request: pytest.FixtureRequest) -> Iterator[Pads]:
    listening = Pads(getattr(request, "param", ""))
    yield listening
    listening.close()


@pytest.fixture
def socket(pads: Pads) -> Iterator[Socket]:  # noqa: ARG001 (SDL has to be open)
    yield from sockets()


def heard(pads: Pads) -> Heard:
    """What is heard when SDL has taken in what was pushed."""
    pads.hear(STEP_S)
    return pads.hear(STEP_S)


def test_a_gamepad_is_heard_while_it_is_plugged_in(pads: Pads, socket: Socket) -> None:
    assert pads.kinds == frozenset()
    index = socket.plug_in("Some Gamepad", 6, 15, GAMEPAD)
    assert heard(pads).idle
    socket.push(0, 0.0, -1.0, 1.0, 0.0)
    held = heard(pads).held
    assert (held.lean, held.point) == (pytest.approx((1.0, 0.0), abs=0.01), pytest.approx((1.0, 0.0), abs=0.01))
    assert pads.kinds == {"pad"}
    socket.unplug(index)
    assert heard(pads) == Heard()
    assert pads.kinds == frozenset()


def test_buttons_of_a_gamepad_go_by_their_names(pads: Pads, socket: Socket) -> None:
    socket.plug_in("Some Gamepad", 6, 15, GAMEPAD)
    heard(pads)
    socket.press(0, 0)
    socket.press(0, 1)
    now = pads.hear(STEP_S)
    assert (now.held.trigger, now.buttons) == (1.0, Button.STOP)
    assert pads.hear(STEP_S).buttons == Button.NONE


def test_a_joystick_that_sdl_does_not_know_has_its_buttons_in_the_usual_order(pads: Pads, socket: Socket) -> None:
    socket.plug_in("No Name Pad", 4, 10)
    socket.push(0, 0.0, 1.0, 0.0, -1.0)
    socket.press(0, 5)
    first = pads.hear(STEP_S)
    assert first.acts == (SWAP,)
    assert (first.held.lean[0], first.held.point[1]) == (pytest.approx(-1.0, abs=0.01), pytest.approx(1.0, abs=0.01))


def test_what_only_calls_itself_a_joystick_is_left_alone(pads: Pads, socket: Socket) -> None:
    socket.plug_in("Nintendo Wii Remote Accelerometer", 3, 0)
    socket.push(0, 0.9, 0.9, 0.9)
    assert heard(pads) == Heard()
    assert pads.kinds == frozenset()


def weigh(socket: Socket, loads: Loads) -> None:
    socket.push(0, *(load / KG_OF_AXIS - 1 for load in loads))


def test_a_balance_board_says_how_somebody_leans(pads: Pads, socket: Socket) -> None:
    socket.plug_in("Nintendo Wii Remote Balance Board", 4, 1)
    weigh(socket, EVEN)
    for _ in range(round(1.5 / STEP_S)):
        pads.hear(STEP_S)
    weigh(socket, TOES)
    for _ in range(round(3.0 / STEP_S)):
        now = pads.hear(STEP_S)
    assert pads.kinds == {"board"}
    assert now.held.lean_deg == pytest.approx(lean_of(pressure_m(TOES), 1.70), abs=0.05)
    weigh(socket, NOBODY)
    for _ in range(round(2 * GONE_S / STEP_S)):
        now = pads.hear(STEP_S)
    assert not now.here


@pytest.mark.parametrize("pads", ["wobble"], indirect=True)
def test_a_board_of_another_maker_is_told_by_its_name(pads: Pads, socket: Socket) -> None:
    socket.plug_in("Wobble 2000", 2, 0)
    for _ in range(round(1.5 / STEP_S)):
        pads.hear(STEP_S)
    socket.push(0, 0.5, 0.0)
    for _ in range(round(3.0 / STEP_S)):
        now = pads.hear(STEP_S)
    assert now.held.lean_deg == pytest.approx((0.0, 5.0), abs=0.1)
    assert now.held._replace(lean_deg=None) == NOTHING


@pytest.mark.parametrize("pads", ["wobble"], indirect=True)
def test_of_several_boards_the_one_that_is_named_is_heard(pads: Pads, socket: Socket) -> None:
    socket.plug_in("Nintendo Wii Remote Balance Board", 4, 1)
    heard(pads)
    assert pads.kinds == frozenset()
    socket.plug_in("Wobble 2000", 4, 0)
    heard(pads)
    assert pads.kinds == {"board"}
    assert [name.split()[0] for name in pads.found] == ["Nintendo", "Wobble"]


def test_of_several_boards_that_nobody_named_the_first_is_heard(pads: Pads, socket: Socket) -> None:
    for number in (1, 2):
        socket.plug_in(f"Balance Board {number}", 4, 1)
    weigh(socket, EVEN)
    for _ in range(round(1.5 / STEP_S)):
        now = pads.hear(STEP_S)
    assert len(pads.found) == 2
    assert now.here
    assert now.held.lean_deg == pytest.approx((0.0, 0.0))


@pytest.mark.parametrize("pads", ["balance"], indirect=True)
def test_whoever_shall_stand_on_a_named_board_is_waited_for(pads: Pads, socket: Socket) -> None:
    socket.plug_in("Nintendo Wii Remote Balance Board", 4, 1)
    weigh(socket, NOBODY)
    assert not heard(pads).here
    weigh(socket, EVEN)
    heard(pads)
    assert heard(pads).here


@pytest.mark.parametrize(
    ("name", "labels"),
    [("PS5 Controller", {"A": "×", "LB": "L1"}), ("Nintendo Switch Pro Controller", {"Start": "+", "RB": "R"})],
)
def test_a_pad_of_another_maker_has_its_own_names_for_buttons(pads: Pads, socket: Socket, name: str, labels) -> None:
    assert pads.labels == {}
    socket.plug_in(name, 6, 15, GAMEPAD)
    heard(pads)
    assert labels.items() <= pads.labels.items()
    assert set(pads.labels) <= {"A", "B", "X", "Y", "LB", "RB", "L3", "R3", "Start"}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_listening_to_gamepads_leaves_the_program_to_be_ended_as_before() -> None:
    program = "from engine.pads.pads import Pads; Pads().hear(0.1); print('on', flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", program], stdin=PIPE, stdout=PIPE, text=True)
    assert process.stdout.readline() == "on\n"
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM
