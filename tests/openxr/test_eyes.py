"""What the two eyes are shown, read back from the runtime's own images."""

import gc
import math
import random
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xr

from engine import theme, words
from engine.frame import Frame, Hand, Pose, Quaternion, Vector, from_yaw_pitch, rotate
from engine.openxr import binding, runtime
from engine.openxr.gl import Gl
from engine.openxr.options import Options
from engine.openxr.swapchain import RGBA8, RGBA16F, SRGB8_ALPHA8
from engine.openxr.views import FAR_M, NEAR_M, View
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.stage import Stage
from engine.scene import Lean, Reach, Scene, Target
from tests.openxr.monado import Screen
from tests.openxr.pixels import Pictures, names
from tests.openxr.remote import RemoteHmd, RemotePerson, RemoteView
from tests.openxr.validation import Validation
from tests.openxr.world import BOARD, COLOUR, WAYS, Sight

CORNERS = ((-0.1, -0.1), (0.1, -0.1), (0.1, 0.1), (-0.1, 0.1))
PLAIN = Options(samples=0, depth=False, mask=False)


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


def test_colours_reach_the_runtime_byte_for_byte(sight: Sight, pictures: Pictures) -> None:
    sight.look()
    assert all(board_pixels(picture).sum() > 100 for picture in pictures.both())


def test_the_eyes_see_the_board_from_two_sides(sight: Sight, pictures: Pictures) -> None:
    sight.look()
    left, right = pictures.both()
    assert middle(left)[0] > middle(right)[0] + 2


def test_slanted_edges_are_smooth(sight: Sight, remote: RemoteHmd, pictures: Pictures) -> None:
    remote.move(head_turn=(0.0, 0.0, math.sin(0.1), math.cos(0.1)))
    sight.look()
    greens = np.unique(pictures.both()[0][..., 1])
    assert len(greens) >= 4


def test_more_samples_than_the_driver_has_are_as_many_as_it_has(sight: Sight, pictures: Pictures) -> None:
    sight.open_eyes(Options(samples=1000))
    sight.look()
    assert all(board_pixels(picture).sum() > 100 for picture in pictures.both())


def test_images_are_opaque_where_nothing_is_drawn_too(sight: Sight, pictures: Pictures) -> None:
    sight.look()
    assert all((picture[..., 3] == 255).all() for picture in pictures.both())


def test_what_is_translucent_leaves_the_image_opaque(sight: Sight, pictures: Pictures, models: Path) -> None:
    stage = Stage(sight.graphics, theme.load(), words.load(), models)
    frame = Frame(10**9, Pose((0.0, 1.6, 0.0)), Hand(Pose((-0.2, 1.3, -0.4))), Hand(Pose((0.2, 1.3, -0.4))))
    reach = Reach("reach", (0.3, 1.3, -0.3), (0.5, 1.5, -0.6), "right", 0.4)
    items = (Target("fruit", (0.0, 1.5, -0.6), 0.05, fill=0.5), Lean("lean", 0.0, 5.0, 1.0), reach)
    stage.show(Scene("orchard", items), frame)
    sight.open_eyes(Options(), stage.root)
    sight.look(2)
    assert all((picture[..., 3] == 255).all() for picture in pictures.both())
    assert all(len(np.unique(picture.reshape(-1, 4), axis=0)) > 1000 for picture in pictures.both())


@pytest.mark.parametrize(("scale", "size"), [(0.5, (160, 120)), (1.5, (480, 360))])
def test_the_scale_makes_smaller_or_larger_images(
    sight: Sight, pictures: Pictures, scale: float, size: tuple[int, int]
) -> None:
    sight.open_eyes(Options(scale=scale))
    sight.look(2)
    assert [picture.shape[1::-1] for picture in pictures.both()] == [size, size]


def test_no_image_is_larger_than_the_runtime_takes(sight: Sight, pictures: Pictures) -> None:
    sight.runtime.largest = [(400, 260), (0, 0)]  # the second makes no sense: what is recommended counts
    sight.open_eyes(Options(scale=4.0))
    sight.look(2)
    assert [picture.shape[1::-1] for picture in pictures.both()] == [(400, 260), (320, 240)]


@pytest.mark.parametrize("samples", [0, 4])
def test_depth_arrives_as_the_distance_from_the_eye(sight: Sight, pictures: Pictures, samples: int) -> None:
    sight.open_eyes(Options(samples=samples))
    sight.look(2)
    for view, picture, depth in zip(sight.eyes.views, pictures.both(), pictures.depths(), strict=True):
        away_m = NEAR_M * FAR_M / (FAR_M - depth * (FAR_M - NEAR_M))
        assert away_m[board_pixels(picture)] == pytest.approx(view.position_m[2] - BOARD[2], abs=1e-3)
        assert away_m[0, 0] == pytest.approx(FAR_M, rel=1e-3)


def test_the_layer_says_where_the_near_and_far_planes_are(sight: Sight) -> None:
    shown = xr.CompositionLayerProjection.from_address(sight.frame())
    for number in (0, 1):
        told = xr.CompositionLayerDepthInfoKHR.from_address(shown._views[number]._next)
        assert (told.min_depth, told.max_depth) == (0.0, 1.0)
        assert (told.near_z, told.far_z) == pytest.approx((NEAR_M, FAR_M))


@pytest.mark.parametrize("holes", [False, True])
def test_the_layer_lets_what_is_behind_show_only_when_it_has_holes(sight: Sight, holes: bool) -> None:
    sight.eyes.holes = holes
    shown = xr.CompositionLayerProjection.from_address(sight.frame())
    flags = xr.CompositionLayerFlags
    straight = flags.BLEND_TEXTURE_SOURCE_ALPHA_BIT | flags.UNPREMULTIPLIED_ALPHA_BIT
    assert shown.layer_flags == (straight if holes else 0)


def test_a_depth_format_that_is_refused_leaves_only_depth_out(
    sight: Sight, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = xr.create_swapchain
    refused: list[int] = []

    def without_depth(session: Any, request: xr.SwapchainCreateInfo) -> Any:
        if request.usage_flags & xr.SwapchainUsageFlags.DEPTH_STENCIL_ATTACHMENT_BIT:
            refused.append(request.format)
            raise xr.SwapchainFormatUnsupportedError("no")
        return create(session, request)

    monkeypatch.setattr(xr, "create_swapchain", without_depth)
    sight.open_eyes(Options())
    sight.look(2)
    assert refused == [0x88F0]
    assert not pictures.depth_of
    assert all(board_pixels(picture).sum() > 100 for picture in pictures.both())


def turned(chance: random.Random, most_rad: float) -> Quaternion:
    """A turn by at most so much about any axis."""
    axis = [chance.gauss(0, 1) for _ in range(3)]
    half = chance.uniform(-most_rad, most_rad) / 2
    x, y, z = (part / math.hypot(*axis) * math.sin(half) for part in axis)
    return x, y, z, math.cos(half)


def eye(chance: random.Random, side: int) -> RemoteView:
    """An eye somewhere beside the middle, canted, with edges that differ on all sides."""
    angles = [chance.uniform(0.55, 0.95) for _ in range(4)]
    place = (side * chance.uniform(0.025, 0.036), chance.uniform(-0.004, 0.004), chance.uniform(-0.01, 0.01))
    return RemoteView((-angles[0], angles[1], angles[2], -angles[3]), place, turned(chance, 0.15))


def arrived(sight: Sight, person: RemotePerson, frames: int = 40) -> None:
    """Look until the left eye is where a person has it."""
    place, turn = person.views[0].position_m, person.head_turn
    left_m = tuple(a + b for a, b in zip(person.head_m, rotate(turn, place), strict=True))
    for _ in range(frames):
        sight.look(1)
        if math.dist(sight.eyes.views[0].position_m, left_m) < 1e-4:
            return
    raise AssertionError(f"the left eye is at {sight.eyes.views[0].position_m}, not at {left_m}")


def centre(corners: list[tuple[float, float]]) -> tuple[float, float]:
    """The middle of the area of a polygon."""
    area = across = down = 0.0
    for (x, y), (to_x, to_y) in zip(corners, [*corners[1:], corners[0]], strict=True):
        part = x * to_y - to_x * y
        area, across, down = area + part, across + (x + to_x) * part, down + (y + to_y) * part
    return across / area / 3, down / area / 3


def seen_centre(picture: np.ndarray) -> tuple[float, float]:
    """The middle of what is bright, in pixels from the upper left corner."""
    share = picture[..., 2] / 255
    rows, columns = np.indices(share.shape)
    return float((columns * share).sum() / share.sum()) + 0.5, float((rows * share).sum() / share.sum()) + 0.5


@pytest.mark.parametrize("way", ["one draw", "one cull"])
def test_known_points_are_where_geometry_puts_them(
    sight: Sight, remote: RemoteHmd, pictures: Pictures, way: str
) -> None:
    sight.open_eyes(WAYS[way])
    chance, errors = random.Random(7), []
    for _ in range(50):
        head_m = (chance.uniform(-2, 2), chance.uniform(0.4, 2), chance.uniform(-2, 2))
        turn = from_yaw_pitch(chance.uniform(-3, 3), chance.uniform(-0.8, 0.8))
        remote.move(head_m=head_m, head_turn=turn, views=(eye(chance, -1), eye(chance, 1)))
        middle_m = (chance.uniform(-0.2, 0.2), chance.uniform(-0.2, 0.2), -1.0)
        offsets = [rotate(turn, (middle_m[0] + x, middle_m[1] + z, -1.0)) for x, z in CORNERS]
        sight.world.board.set_pos_quat(to_panda(_plus(head_m, rotate(turn, middle_m))), turn_to_panda(turn))
        arrived(sight, remote.person)
        for view, picture in zip(sight.eyes.views, pictures.both(), strict=True):
            size = picture.shape[1], picture.shape[0]
            corners = [expected(view, _plus(head_m, offset), size) for offset in offsets]
            errors.append(math.dist(seen_centre(picture), centre(corners)))
    assert len(errors) == 100
    assert max(errors) <= 0.5, sorted(errors)[-5:]


def _plus(first: Vector, second: Vector) -> Vector:
    return first[0] + second[0], first[1] + second[1], first[2] + second[2]


def encoded(light: float) -> float:
    """The standard curve of sRGB, from an amount of light to what a screen is told."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


@pytest.mark.parametrize("form", [SRGB8_ALPHA8, RGBA16F, RGBA8])
def test_light_is_right_in_every_format(
    sight: Sight, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, form: int
) -> None:
    monkeypatch.setattr(xr, "enumerate_swapchain_formats", lambda _: [form])
    sight.open_eyes(PLAIN)
    wanted, found = [0.0, 0.05, 0.2140, 0.5, 1.0], []
    for light in wanted:
        sight.world.board.set_color_scale(*[encoded(light)] * 3, 1.0)
        sight.look(1)
        height, width = pictures.both()[0].shape[:2]
        found.append(float(pictures.both()[0][height // 2, width // 2, 1]))
    bytes_of = {
        SRGB8_ALPHA8: [255 * encoded(light) for light in wanted],
        RGBA16F: wanted,
        RGBA8: [255 * light for light in wanted],
    }
    assert found == pytest.approx(bytes_of[form], abs=0.005 if form == RGBA16F else 1)


def test_a_steady_frame_leaves_no_cyclic_garbage(sight: Sight) -> None:
    sight.look()
    gc.collect()
    gc.disable()
    sight.look(20)
    gc.enable()
    assert gc.collect() == 0


def test_eyes_that_are_made_anew_leave_nothing_behind(sight: Sight) -> None:
    def held() -> tuple[int, int, dict[str, int]]:
        sight.open_eyes(Options())
        sight.look(1)
        return sight.graphics.engine.get_num_windows(), len(sight.world.root.get_children()), names()

    first = held()
    for _ in range(19):
        sight.open_eyes(Options())
        sight.look(1)
    assert held() == first


@pytest.fixture
def glx(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """A desktop, and a runtime that takes nothing but GLX, as SteamVR does."""
    monkeypatch.setenv("DISPLAY", screen.display)
    offered = runtime._offered
    monkeypatch.setattr(runtime, "_offered", lambda: offered() - {runtime.EGL})
    monkeypatch.delattr(binding, "_egl")


@pytest.mark.usefixtures("glx")
def test_glx_shows_the_same_as_egl(remote: RemoteHmd, pictures: Pictures, validation: Validation) -> None:
    remote.move(**vars(RemotePerson()))
    with closing(Sight()) as sight:
        sight.look()
    assert all(board_pixels(picture).sum() > 100 for picture in pictures.both())
    assert validation.complaints() == []


def test_what_goes_wrong_while_drawing_is_raised_and_no_image_is_kept(
    sight: Sight, monkeypatch: pytest.MonkeyPatch
) -> None:
    sight.look(2)
    with monkeypatch.context() as patch:
        patch.setattr(Gl, "resolve", lambda *_: 1 / 0)
        sight.session.wait()
        sight.session.begin()
        with pytest.raises(ZeroDivisionError):
            sight.eyes.draw(sight.space)
    sight.session.end(())
    sight.look(2)
