"""Cards as layers behind the eyes: what is on them, the holes they are seen through, and what they cost."""

import gc
import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import xr

from engine import theme, words
from engine.frame import LOST, Frame, Hand, Pose, from_yaw_pitch, rotate
from engine.headset import HeadsetUnavailable
from engine.openxr import cards
from engine.openxr.binding import open_graphics
from engine.openxr.calls import Calls, handle
from engine.openxr.cards import BLEED_M, Cards
from engine.openxr.eyes import Eyes
from engine.openxr.options import Options
from engine.openxr.runtime import Runtime
from engine.openxr.session import Session
from engine.openxr.views import View
from engine.panda.stage import Stage
from engine.scene import Panel, Scene
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHmd, RemotePerson
from tests.openxr.validation import Validation

EYE_PIXELS = 480
PLACE = (-0.1, 1.5, -1.2)
PANEL = Panel("panel", "stand.title", ("stand.text",), 2, 5, place_m=PLACE)
SCENE = Scene("still", (PANEL,))
HEAD = Pose((0.0, 1.6, 0.0))
PLAIN = Options(samples=0, depth=False, mask=False)


class Show:
    """The smallest session that shows a stage with its cards: no controllers, no floor but the runtime's stage."""

    def __init__(self, models: Path, closing: ExitStack, options: Options = PLAIN) -> None:
        runtime, calls = Runtime(closing), Calls()
        runtime.sizes = [(EYE_PIXELS, EYE_PIXELS)] * 2
        self.graphics = open_graphics(runtime)
        closing.callback(self.graphics.close)
        self.stage = Stage(self.graphics, theme.load(), words.load(), models)
        self.graphics.engine.render_frame()
        self.session = Session(runtime, calls, closing)
        request = xr.ReferenceSpaceCreateInfo(xr.ReferenceSpaceType.STAGE, xr.Posef())
        space = xr.create_reference_space(self.session.created, request)
        closing.callback(xr.destroy_space, space)
        self.space = handle(space)
        self._parts = (self.graphics, self.stage.root, self.session, runtime, calls, options)
        self.link = closing.enter_context(ExitStack())
        self.layers: Sequence[int] = ()
        self.shown = 0
        self.open_link()

    def open_link(self) -> None:
        """Make what draws, which `link` gives back."""
        self.eyes, self.cards = Eyes(*self._parts, self.link), Cards(*self._parts, self.link)

    def frames(self, scene: Scene, count: int = 1, right: Pose = LOST) -> None:
        """Show a scene for some images that are really seen, to a person with one hand at most."""
        while count:
            if not self.session.wait():
                continue
            seen, self.layers = self.session.begin(), []
            if seen:
                self.shown += 1
                self.stage.show(scene, Frame(10**9 + self.shown * 11_000_000, HEAD, Hand(LOST), Hand(right)))
                behind = self.cards.draw(self.stage.cards(), self.space)
                self.eyes.holes = bool(behind)
                layer = self.eyes.draw(self.space)
                self.layers = [*behind, layer] if layer else []
                count -= 1
            self.session.end(self.layers)


@pytest.fixture
def show(remote: RemoteHmd, validation: Validation, models: Path) -> Iterator[Show]:
    """A session, at the end of which the validation layer must have had nothing to say."""
    remote.move(**vars(RemotePerson()))
    with ExitStack() as closing:
        shown = Show(models, closing)
        yield shown
        shown.session.leave()
    assert validation.complaints() == []


def card_picture(show: Show, pictures: Pictures) -> np.ndarray:
    """The picture of the panel as a layer."""
    return pictures.of[id(show.cards._layers["panel"].chain)].astype(int)


def eye_picture(show: Show, pictures: Pictures, number: int) -> np.ndarray:
    """What an eye is shown."""
    return pictures.of[id(show.eyes._eyes[number].chain)].astype(int)


def quad(show: Show) -> xr.CompositionLayerQuad:
    """The first layer, as the runtime reads it."""
    return xr.CompositionLayerQuad.from_address(show.layers[0])


def inside_m(show: Show, view: View, size: tuple[int, int]) -> np.ndarray:
    """For each pixel of an eye how far inside the card it looks, by the definitions of a view and of a layer."""
    left, right, up, down = (math.tan(angle) for angle in view[2:])
    across = left + (np.arange(size[0]) + 0.5) / size[0] * (right - left)
    rise = up + (np.arange(size[1]) + 0.5) / size[1] * (down - up)
    rays = np.stack([*np.meshgrid(across, rise), np.full(size[::-1], -1.0)], axis=-1) @ turn(view.orientation).T
    pose, wide_m, high_m = quad(show).pose, quad(show).size.width, quad(show).size.height
    axes = turn(tuple(pose.orientation))
    away = np.array(tuple(pose.position)) - view.position_m
    hit = rays * ((away @ axes[:, 2]) / (rays @ axes[:, 2]))[..., None] - away
    corner_m, half_m = 0.055, np.array([wide_m, high_m]) / 2 - BLEED_M
    beyond = np.abs(hit @ axes[:, :2]) - half_m + corner_m
    return corner_m - np.linalg.norm(np.maximum(beyond, 0), axis=-1) - np.minimum(beyond.max(axis=-1), 0)


def turn(orientation: Sequence[float]) -> np.ndarray:
    """A matrix whose columns are the axes of something turned so."""
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    x, y, z, w = orientation
    return np.array([rotate((x, y, z, w), axis) for axis in axes]).T


def test_the_layer_holds_the_words_the_right_way_up(show: Show, pictures: Pictures) -> None:
    show.frames(SCENE)
    picture = card_picture(show, pictures)[12:-12, 16:-16, :3]  # within its edge
    ink, pips = picture.max(axis=2) < 130, picture[..., 0] - picture[..., 2] > 100
    high, wide = ink.shape
    assert ink[: high // 3].sum() > 100  # the title
    assert not ink[3 * high // 4 :].any()
    assert pips[high // 2 :, : wide // 2].sum() == pips.sum() > 50


@pytest.mark.parametrize("number", [0, 1])
def test_the_eyes_have_a_hole_exactly_where_the_card_is(show: Show, pictures: Pictures, number: int) -> None:
    show.frames(SCENE, 3)
    alpha = eye_picture(show, pictures, number)[..., 3]
    inside = inside_m(show, show.eyes.views[number], alpha.shape[::-1])
    pixel_m = 1.83 * 1.22 / EYE_PIXELS  # 85 degrees wide, from 1.22 m away
    wrong = (alpha < 128) != (inside > 0)
    assert (np.abs(inside[wrong]) < pixel_m).all()
    assert (alpha[inside > 2.5 * pixel_m] == 0).all()
    assert (alpha[inside < -2.5 * pixel_m] == 255).all()


def test_a_hole_keeps_the_colours_of_the_card_so_that_edges_before_it_do_not_darken(
    show: Show, pictures: Pictures
) -> None:
    show.frames(SCENE, 2)
    picture = eye_picture(show, pictures, 0)
    colours = picture[picture[..., 3] == 0][:, :3]
    paper = (colours.min(axis=1) > 215) & (np.ptp(colours, axis=1) < 40)
    assert paper.mean() > 0.75
    assert len(np.unique(picture[..., 3])) > 3  # and its own edge is smooth


def test_a_hand_in_front_covers_the_card(show: Show, pictures: Pictures) -> None:
    show.frames(SCENE, 2)
    hole = eye_picture(show, pictures, 0)[..., 3] == 0
    show.frames(SCENE, 40, right=Pose((-0.05, 1.56, -0.5), from_yaw_pitch(0.0, 1.0)))  # till it has faded in
    picture = eye_picture(show, pictures, 0)
    covered = hole & (picture[..., 3] == 255)
    assert covered.sum() > 500
    assert (hole & (picture[..., 3] == 0)).sum() > 500


def test_a_card_is_drawn_when_it_changes_and_never_else(show: Show, pictures: Pictures) -> None:
    show.frames(SCENE, 2)
    before = card_picture(show, pictures)
    pictures.of.clear()
    show.frames(SCENE, 20)
    assert id(show.cards._layers["panel"].chain) not in pictures.of
    show.frames(Scene("still", (PANEL._replace(done=4),)))
    assert (card_picture(show, pictures) != before).any()


def test_with_every_option_on_the_layers_are_valid(
    remote: RemoteHmd, validation: Validation, models: Path, pictures: Pictures
) -> None:
    remote.move(**vars(RemotePerson()))
    with ExitStack() as closing:
        show = Show(models, closing, Options())
        show.frames(SCENE, 4)
        assert len(np.unique(card_picture(show, pictures)[..., 1])) > 40
        assert show.eyes._gl.errors() == []
        show.session.leave()
    assert validation.complaints() == []


def test_steady_frames_make_no_garbage(show: Show) -> None:
    show.frames(SCENE, 5)
    gc.collect()
    gc.disable()
    try:
        show.frames(SCENE, 50)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_card_that_moves_takes_its_hole_with_it(show: Show, pictures: Pictures) -> None:
    show.frames(SCENE, 2)
    show.frames(Scene("still", (PANEL._replace(place_m=(0.3, 1.7, -1.4)),)), 2)
    alpha = eye_picture(show, pictures, 0)[..., 3]
    inside = inside_m(show, show.eyes.views[0], alpha.shape[::-1])
    assert tuple(quad(show).pose.position) == pytest.approx((0.3, 1.7, -1.4), abs=1e-6)
    assert (alpha[inside > 0.01] == 0).all()
    assert (alpha[inside < -0.01] == 255).all()


def test_a_card_that_goes_leaves_nothing_behind(show: Show, pictures: Pictures) -> None:
    show.frames(Scene("still"), 2)
    windows, nodes = len(show.graphics.engine.get_windows()), show.stage.root.get_num_nodes()
    show.frames(SCENE, 2)
    show.frames(Scene("still"), 2)
    assert (eye_picture(show, pictures, 0)[..., 3] == 255).all()
    assert len(show.layers) == 1
    assert (len(show.graphics.engine.get_windows()), show.stage.root.get_num_nodes()) == (windows, nodes)


def test_all_is_given_back_with_the_runtime(show: Show) -> None:
    show.frames(Scene("still"), 2)
    show.link.close()
    windows, nodes = len(show.graphics.engine.get_windows()), show.stage.root.get_num_nodes()
    show.open_link()
    show.frames(SCENE, 2)
    show.link.close()
    show.stage.show(Scene("still"), Frame(10**9, HEAD, Hand(LOST), Hand(LOST)))
    assert len(show.graphics.engine.get_windows()) == windows
    assert show.stage.root.find("**/hole").is_empty()
    assert show.stage.root.get_num_nodes() == nodes


def in_the_scene(show: Show, pictures: Pictures) -> bool:
    """Whether the words are seen in the eyes' own pictures, through no hole."""
    show.frames(SCENE, 3)
    picture = eye_picture(show, pictures, 0)
    paper = (picture[..., :3].min(axis=2) > 215) & (np.ptp(picture[..., :3], axis=2) < 40)
    return len(show.layers) == 1 and bool((picture[..., 3] == 255).all()) and paper.sum() > 3000


def test_a_refused_layer_leaves_the_words_in_the_scene(
    show: Show, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise HeadsetUnavailable("no images are left")

    monkeypatch.setattr(cards, "Swapchain", refuse)
    assert in_the_scene(show, pictures)
    assert [record.message for record in caplog.records if "no images are left" in record.message] == [
        "words are shown in the scene, not sharper in layers of their own: no images are left"
    ]


def test_more_cards_than_layers_are_in_the_scene(show: Show) -> None:
    show.cards._most = 1
    show.frames(Scene("still", (PANEL, PANEL._replace(key="other", place_m=(0.5, 1.5, -1.2)))), 2)
    assert len(show.layers) == 2


def test_without_cards_the_words_are_in_the_scene(remote: RemoteHmd, models: Path, pictures: Pictures) -> None:
    remote.move(**vars(RemotePerson()))
    with ExitStack() as closing:
        show = Show(models, closing, PLAIN._replace(cards=False))
        assert in_the_scene(show, pictures)
        show.session.leave()
