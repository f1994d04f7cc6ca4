"""What the two eyes are shown, read back from the runtime's own images."""

import math
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.frame import Vector, from_yaw_pitch, rotate
from engine.openxr import binding, runtime
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.views import View
from engine.scene import Scene
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHmd
from tests.openxr.world import BOARD, COLOUR, World


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Pictures:
    """What the eyes are shown from now on."""
    return Pictures(monkeypatch)


def look(headset: OpenXRHeadset, frames: int = 12) -> None:
    """Let a few frames go by, so that the person has arrived where they were moved."""
    for _, _ in zip(headset.frames(), range(frames), strict=False):
        headset.show(Scene("still"))


def board_pixels(picture: np.ndarray) -> np.ndarray:
    """Where the board is fully seen, as a mask."""
    mask: np.ndarray = (np.abs(picture[..., :3].astype(int) - COLOUR) <= 1).all(axis=2)
    return mask


def middle(picture: np.ndarray) -> tuple[float, float]:
    """The middle of the board in a picture, in pixels from its upper left corner."""
    rows, columns = np.nonzero(board_pixels(picture))
    return float(columns.mean()) + 0.5, float(rows.mean()) + 0.5


def expected(view: View, place: Vector, size: tuple[int, int]) -> tuple[float, float]:
    """Where a place has to be in an eye's picture, by the definition of a view."""
    x, y, z, w = view.orientation
    away = tuple(a - b for a, b in zip(place, view.position_m, strict=True))
    right, up, back = rotate((-x, -y, -z, w), away)
    edges = [math.tan(angle) for angle in view[2:]]
    across = (right / -back - edges[0]) / (edges[1] - edges[0])
    down = (edges[2] - up / -back) / (edges[2] - edges[3])
    return across * size[0], down * size[1]


def test_colours_reach_the_runtime_byte_for_byte(headset: OpenXRHeadset, pictures: Pictures) -> None:
    look(headset)
    assert all(board_pixels(picture).sum() > 100 for picture in pictures.both())


def test_the_eyes_see_the_board_from_two_sides(headset: OpenXRHeadset, pictures: Pictures) -> None:
    look(headset)
    left, right = pictures.both()
    assert middle(left)[0] > middle(right)[0] + 2


def test_slanted_edges_are_smooth(headset: OpenXRHeadset, remote: RemoteHmd, pictures: Pictures) -> None:
    remote.move(head_turn=(0.0, 0.0, math.sin(0.1), math.cos(0.1)))
    look(headset)
    greens = np.unique(pictures.both()[0][..., 1])
    assert len(greens) >= 4


@pytest.mark.parametrize(
    ("head_m", "yaw_deg", "pitch_deg"),
    [((0.0, 1.6, 0.0), 0, 0), ((0.2, 1.3, -0.1), -15, 20), ((-0.4, 1.8, 0.3), 25, -10)],
)
def test_the_board_is_where_geometry_puts_it(
    headset: OpenXRHeadset, remote: RemoteHmd, pictures: Pictures, head_m: Vector, yaw_deg: int, pitch_deg: int
) -> None:
    remote.move(head_m=head_m, head_turn=from_yaw_pitch(math.radians(yaw_deg), math.radians(pitch_deg)))
    look(headset)
    for view, picture in zip(headset.views, pictures.both(), strict=True):
        size = picture.shape[1], picture.shape[0]
        assert math.dist(middle(picture), expected(view, BOARD, size)) < 1.0


@pytest.fixture
def screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An X server, and a runtime that takes nothing but GLX, as SteamVR does."""
    number = tmp_path / "number"
    with number.open("w") as file:
        server = subprocess.Popen(["Xvfb", "-displayfd", str(file.fileno())], pass_fds=[file.fileno()])
    while not number.read_text().endswith("\n"):
        assert server.poll() is None
        time.sleep(0.05)
    monkeypatch.setenv("DISPLAY", f":{number.read_text().strip()}")
    offered = runtime._offered
    monkeypatch.setattr(runtime, "_offered", lambda: offered() - {runtime.EGL})
    monkeypatch.delattr(binding, "_egl")
    yield
    server.terminate()
    server.wait()


@pytest.mark.usefixtures("screen")
def test_glx_shows_the_same_as_egl(headset: OpenXRHeadset, pictures: Pictures) -> None:
    look(headset)
    assert all(board_pixels(picture).sum() > 100 for picture in pictures.both())


def test_a_scene_that_cannot_be_drawn_is_an_error_not_a_hang(
    headset: OpenXRHeadset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(World, "show", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        look(headset)
