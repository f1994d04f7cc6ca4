"""The desk headset: a pretended body by itself, and a real window with real X events under Xvfb."""

import gc
import math
import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

from engine import theme, words
from engine.frame import Button, Frame, yaw_rad
from engine.headset import HeadsetUnavailable
from engine.scene import Scene, Target

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from engine.panda.desk import Desk
from engine.panda.puppet import EYE_M, MOST_LEAN_DEG, Held, Puppet

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
def desk(display, tmp_path_factory):  # noqa: ARG001  (the window opens on it)
    opened = Desk(theme.load(), words.load(), tmp_path_factory.mktemp("models"), (640, 400))
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
