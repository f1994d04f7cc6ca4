"""Pictures: drawn for real, small and without multisampling, and compared in numbers."""

import dataclasses
import math

import numpy as np
import pytest
from msgspec.structs import replace

from engine import theme, words
from engine.frame import LOST, Frame, Hand, Pose, from_yaw_pitch, rotate
from engine.scene import Friend, Gaze, Lean, Middle, Panel, Scene, Stand, Target

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from panda3d.core import LMatrix4, MatrixLens

from engine.panda.pictures import Photographer
from engine.panda.stage import Stage

SIZE = (320, 200)
FOV_DEG = 60.0
GONE = Hand(LOST)
EYE_M = 0.06
HEAD = Pose((0.0, 1.6, 0.0))


@pytest.fixture(scope="module")
def photographer(graphics, models):
    stage = Stage(graphics, theme.load(), words.load(), models)
    return Photographer(graphics, stage, SIZE, FOV_DEG, samples=0)


def frame(head: Pose = HEAD, left: Hand = GONE, right: Hand = GONE) -> Frame:
    return Frame(1_000_000_000, head, left, right)


@pytest.fixture(autouse=True)
def nobody_stays(photographer):
    """Let the hands of one test be gone before the next begins."""
    yield
    for seconds in (1, 2):
        photographer._stage.show(Scene("still"), frame()._replace(time_ns=seconds * 1_000_000_000))


def settled(photographer, scene: Scene, seen: Frame) -> np.ndarray:
    """A picture a second later, when hands have come and gone."""
    photographer.pixels(scene, seen)
    return photographer.pixels(scene, seen._replace(time_ns=2_000_000_000))


def differs(one, other) -> np.ndarray:
    """Where two pictures differ by more than the sky's dither."""
    return np.abs(one.astype(int) - other.astype(int)).max(axis=2) > 12


@pytest.mark.parametrize("place", ["orchard", "harbour", "still"])
def test_a_place_is_not_blank(photographer, place):
    picture = photographer.pixels(Scene(place), frame())
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    assert np.ptp(picture, axis=(0, 1)).max() > 60


def test_places_look_different(photographer):
    orchard, harbour, still = (photographer.pixels(Scene(place), frame()) for place in ("orchard", "harbour", "still"))
    assert differs(orchard, harbour).mean() > 0.4
    assert differs(orchard, still).mean() > 0.4


def projected(head: Pose, point) -> tuple[float, float]:
    """Where a point lands, in pixels from the top left, by the textbook."""
    x, y, z, w = head.orientation
    away = tuple(a - b for a, b in zip(point, head.position_m, strict=True))
    right, up, back = rotate((-x, -y, -z, w), away)
    scale = SIZE[1] / 2 / math.tan(math.radians(FOV_DEG / 2))
    return SIZE[0] / 2 + scale * right / -back, SIZE[1] / 2 - scale * up / -back


@pytest.mark.parametrize(
    ("yaw_deg", "pitch_deg", "place_m"),
    [(0, 0, (0.0, 1.6, -2.0)), (0, 0, (0.5, 1.9, -1.5)), (25, 10, (0.4, 1.7, -1.6)), (170, -8, (0.2, 1.3, 2.0))],
)
def test_a_target_lands_where_it_should(photographer, yaw_deg, pitch_deg, place_m):
    head = Pose((0.1, 1.6, 0.05), from_yaw_pitch(math.radians(yaw_deg), math.radians(pitch_deg)))
    without = photographer.pixels(Scene("still"), frame(head))
    there = photographer.pixels(Scene("still", (Target("t", place_m, 0.06, fill=1.0),)), frame(head))
    rows, columns = np.nonzero(differs(there, without))
    middle = ((columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2)
    assert middle == pytest.approx(projected(head, place_m), abs=2.0)


def test_hands_are_mirror_images_on_the_picture(photographer):
    turn = from_yaw_pitch(-0.3, 0.9)
    mirrored = (turn[0], -turn[1], -turn[2], turn[3])
    nobody = settled(photographer, Scene("still"), frame())
    right = settled(photographer, Scene("still"), frame(right=Hand(Pose((0.15, 1.5, -0.5), turn))))
    left = settled(photographer, Scene("still"), frame(left=Hand(Pose((-0.15, 1.5, -0.5), mirrored))))
    seen, mirror = differs(right, nobody), differs(left, nobody)[:, ::-1]
    assert seen.sum() > 500
    assert (seen & mirror).sum() / (seen | mirror).sum() > 0.93


def test_a_hand_whose_pose_is_inferred_is_seen_through(photographer):
    held = Pose((0.0, 1.55, -0.45))
    nobody, solid, faint = (
        settled(photographer, Scene("still"), frame(right=Hand(pose))).astype(int)
        for pose in (LOST, held, held._replace(tracked=False))
    )
    hand = differs(solid, nobody)
    assert 0.1 < np.abs(faint - nobody)[hand].mean() / np.abs(solid - nobody)[hand].mean() < 0.8


def test_a_panel_shows_its_words(photographer):
    empty = photographer.pixels(Scene("still", (Panel("p", " ", (" ", " ")),)), frame())
    written = photographer.pixels(Scene("still", (Panel("p", "stand.title", ("stand.text",)),)), frame())
    nothing = photographer.pixels(Scene("still"), frame())
    assert differs(empty, nothing).sum() > 1500
    letters, none = (picture.max(axis=2) < 120 for picture in (written, empty))
    assert 100 < (letters & differs(written, nothing)).sum() < 2000
    assert (none & differs(empty, nothing)).sum() == 0


def test_a_dimmed_place_is_dark_and_its_panel_is_not(photographer):
    panel = Panel("pause", "session.pause_title", ("session.pause_text",))
    clear = photographer.pixels(Scene("orchard", (panel,)), frame())
    dark = photographer.pixels(Scene("orchard", (panel,), dim=1.0), frame())
    paper = clear.min(axis=2) > 222
    assert dark[:, SIZE[0] // 2 :].mean() < 0.45 * clear[:, SIZE[0] // 2 :].mean()
    assert (dark.min(axis=2) > 222).sum() > 1500
    assert paper.sum() > 1500


def test_a_target_fills_as_it_is_held(photographer):
    target = Target("t", (0.0, 1.6, -0.8), 0.05)
    begun = photographer.pixels(Scene("still", (target,)), frame())
    half = photographer.pixels(Scene("still", (target._replace(fill=0.5),)), frame())
    _, columns = np.nonzero(differs(begun, half))
    assert (columns >= SIZE[0] // 2).mean() > 0.9


def painted(photographer, **paint) -> Photographer:
    """Another photographer, of a theme that paints these roles in the still place."""
    stage = photographer._stage
    still = replace(stage.theme.places["still"], paint=paint, ground="#202428")
    flat = dataclasses.replace(stage.theme, places={**stage.theme.places, "still": still})
    return Photographer(photographer._graphics, Stage(photographer._graphics, flat, words.load()), SIZE, FOV_DEG, 0)


def test_a_painted_role_has_its_colour_in_two_tones(photographer):
    paint = painted(photographer, companion="#ff00ff", hand_open="#00ffff")
    hand = Hand(Pose((0.2, 1.1, -1.1), from_yaw_pitch(0.0, 1.1)))
    picture = paint.pixels(
        Scene("still", (Friend("friend", "shows"),)), frame(Pose((0, 1.1, -0.6)), right=hand)
    ).astype(int)
    tones = {
        tone: (np.abs(picture - np.array(tone)).max(axis=2) < 4).sum()
        for tone in ((255, 0, 255), (178, 0, 178), (0, 255, 255), (0, 178, 178))
    }
    assert min(tones.values()) > 5
    assert tones[255, 0, 255] > 400


def test_a_hand_in_a_target_that_wants_it_makes_both_brighter_at_once(photographer):
    held = Hand(Pose((0.0, 1.5, -0.6), from_yaw_pitch(0.0, 1.1)))
    wants = {side: Scene("still", (Target("t", held.grip.position_m, 0.08, side),)) for side in ("left", "right")}
    nobody = settled(photographer, wants["left"], frame()).astype(int)
    strange = settled(photographer, wants["left"], frame(right=held)).astype(int)
    settled(photographer, Scene("still"), frame(right=held))
    wanted = photographer.pixels(wants["right"], frame(right=held)._replace(time_ns=2_000_000_000)).astype(int)
    hand = differs(strange, nobody)
    assert wanted[hand].mean() > strange[hand].mean() + 4
    assert differs(wanted, strange)[~hand].sum() > 30


def test_an_owl_that_is_looked_at_fills_its_ring(photographer):
    gaze = Gaze("gaze", 0, 0, 8.0, now_deg=(-20.0, 0.0, 0.0), fill=0.01)
    begun = photographer.pixels(Scene("still", (gaze,)), frame())
    half = photographer.pixels(Scene("still", (gaze._replace(fill=0.5),)), frame())
    _, columns = np.nonzero(differs(begun, half))
    ring = columns[np.abs(columns - SIZE[0] // 2) > 12]  # the owl itself brightens, too
    assert len(ring) > 30
    assert (ring > SIZE[0] // 2).mean() > 0.95


def test_an_eye_in_a_matrix_sees_what_an_eye_beside_the_nose_sees(photographer):
    scene = Scene("harbour", (Target("t", (0.0, 1.6, -0.8), 0.05), Lean("l", 45, 6.0, 1.0)))
    beside = photographer.pixels(scene, frame(), Pose((EYE_M, 1.6, 0.0)))
    middle = photographer.pixels(scene, frame())
    lens = MatrixLens()
    lens.set_user_mat(LMatrix4.translate_mat(-EYE_M, 0, 0) * photographer.lens.get_projection_mat())
    camera = photographer._eye.node()
    camera.set_lens(lens)
    shifted = photographer.pixels(scene, frame())
    camera.set_lens(photographer.lens)
    assert differs(beside, middle).mean() > 0.05
    assert differs(beside, shifted).mean() < 0.005


def test_the_same_scene_and_frame_give_the_same_picture(photographer):
    scene = Scene("harbour", (Stand("s", 0.3),))
    assert np.array_equal(photographer.pixels(scene, frame()), photographer.pixels(scene, frame()))


def test_a_picture_file_appears_whole(photographer, tmp_path):
    photographer.take(Scene("still"), frame(), tmp_path / "new" / "still.png")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["still.png"]
    assert (tmp_path / "new" / "still.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_title_card_leaves_no_words_behind(photographer, tmp_path):
    before = photographer.pixels(Scene("orchard"), frame())
    photographer.take_title(tmp_path / "title.png")
    assert np.array_equal(photographer.pixels(Scene("orchard"), frame()), before)
    assert (tmp_path / "title.png").stat().st_size > 10_000


@pytest.mark.parametrize("place", ["orchard", "harbour"])
def test_a_place_looks_the_same_wherever_its_middle_is(photographer, place):
    middle = Middle(0.4, -0.3, 70.0)
    items = (Lean("lean", 20, 6.0, 1.0), Panel("p", "stand.title", ("stand.text",)))
    before = photographer.pixels(Scene(place, items), frame(Pose((0.1, 1.6, 0.0), from_yaw_pitch(0.3, 0.1))))
    turned = from_yaw_pitch(math.radians(70), 0.0)
    x, y, z = rotate(turned, (0.1, 1.6, 0.0))
    moved = Pose((x + 0.4, y, z - 0.3), from_yaw_pitch(0.3 + math.radians(70), 0.1))
    after = photographer.pixels(Scene(place, items, middle=middle), frame(moved))
    elsewhere = photographer.pixels(Scene(place, items), frame(moved))
    assert differs(before, after).mean() < 0.01
    assert differs(before, elsewhere).mean() > 0.2
