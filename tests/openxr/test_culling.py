"""What is left out of the images: what neither eye sees, found once for both, and what the lenses never show."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
import pytest
import xr

from engine.openxr.mask import Masks
from engine.openxr.options import Options
from engine.openxr.views import View
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHmd, RemotePerson
from tests.openxr.validation import Validation
from tests.openxr.world import WAYS, Sight


@pytest.mark.parametrize(("way", "times"), [("one draw", 1), ("one cull", 1), ("two culls", 2)])
def test_both_eyes_share_one_cull(remote: RemoteHmd, way: str, times: int) -> None:
    remote.move(**vars(RemotePerson()))
    with closing(Sight(WAYS[way])) as sight:
        assert sight.times("cull") == times


def test_one_cull_shows_what_two_culls_show(remote: RemoteHmd, monkeypatch: pytest.MonkeyPatch) -> None:
    remote.move(**vars(RemotePerson(head_m=(0.1, 1.5, -0.2))))
    pictures = Pictures(monkeypatch)
    with closing(Sight(WAYS["one cull"])) as sight:
        sight.look()
        one = pictures.both()
        sight.open_eyes(WAYS["two culls"])
        sight.look()
        two = pictures.both()
    for first, second in zip(one, two, strict=True):
        assert np.array_equal(first, second)
        assert len(np.unique(first[..., 0])) > 1


@pytest.fixture
def bright(remote: RemoteHmd, validation: Validation) -> Iterator[Sight]:
    """A session in a world that is white wherever one looks, whatever hides it."""
    remote.move(**vars(RemotePerson()))
    sight = Sight(Options(samples=0))
    wall = sight.world.add(100.0, 100.0, (255, 255, 255))
    wall.set_pos(0, 1, 0)
    wall.set_depth_test(False)
    wall.set_bin("fixed", 0)  # after everything else
    yield sight
    sight.close()
    assert validation.complaints() == []


def hidden(view: View, size: tuple[int, int], corners: Sequence[float]) -> np.ndarray:
    """Which pixels of an image lie in triangles of the plane z = -1, by the definition of a view."""
    width, height = size
    left, right, up, down = (math.tan(angle) for angle in view[2:])
    x = left + (np.arange(width) + 0.5) / width * (right - left)
    y = up + (np.arange(height)[:, None] + 0.5) / height * (down - up)
    inside = np.zeros((height, width), bool)
    for ax, ay, bx, by, cx, cy in np.reshape(corners, (-1, 6)):
        sides = [
            (x - from_x) * (to_y - from_y) - (y - from_y) * (to_x - from_x)
            for from_x, from_y, to_x, to_y in ((ax, ay, bx, by), (bx, by, cx, cy), (cx, cy, ax, ay))
        ]
        inside |= np.all([side > 0 for side in sides], axis=0) | np.all([side < 0 for side in sides], axis=0)
    return inside


@pytest.mark.parametrize("samples", [0, 4])
def test_the_hidden_corners_of_a_real_runtime_are_not_drawn(bright: Sight, pictures: Pictures, samples: int) -> None:
    bright.open_eyes(Options(samples=samples))
    bright.look(2)
    for number, (view, picture) in enumerate(zip(bright.eyes.views, pictures.both(), strict=True)):
        corners = Masks(bright.session.created, bright.runtime, bright.calls).of(number)
        dark = hidden(view, picture.shape[1::-1], corners)
        assert dark.mean() > 0.01
        assert ((picture[..., 0] == 0) != dark).mean() < 0.01
        assert np.isin(picture[..., 0], (0, 255)).mean() > 0.98


def test_hidden_corners_that_change_are_followed_in_that_eye_alone(
    bright: Sight, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    middle = [-0.3, -0.3, 0.3, -0.3, 0.0, 0.4]
    monkeypatch.setattr(Masks, "of", lambda *_: middle)
    bright.look(2)
    before = pictures.both()
    bright.eyes.remask(1)
    bright.look(1)
    left, right = pictures.both()
    assert np.array_equal(left, before[0])
    assert ((right[..., 0] == 0) == hidden(bright.eyes.views[1], right.shape[1::-1], middle)).all()


@pytest.mark.parametrize("triangles", [[0, 1], [0, 1, 99]])
def test_hidden_corners_that_make_no_sense_hide_nothing(
    bright: Sight, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, triangles: list[int]
) -> None:
    monkeypatch.setattr(Masks, "_told", lambda *_: ([0.0, 0.0, 1.0, 0.0, 1.0, 1.0], triangles))
    bright.open_eyes(Options())
    bright.look(1)
    assert all((picture[..., 0] == 255).all() for picture in pictures.both())


def test_a_runtime_that_refuses_to_tell_hidden_corners_hides_nothing(
    bright: Sight, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise xr.RuntimeFailureError("no")

    monkeypatch.setattr(Masks, "_told", refuse)
    bright.open_eyes(Options())
    bright.look(1)
    assert all((picture[..., 0] == 255).all() for picture in pictures.both())


def test_without_the_option_all_of_an_image_is_drawn(bright: Sight, pictures: Pictures) -> None:
    bright.open_eyes(Options(mask=False))
    bright.look(1)
    assert all((picture[..., 0] == 255).all() for picture in pictures.both())
