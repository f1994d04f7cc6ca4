"""What moves in a place: the owl's eyes, fireflies, sparks, and a companion who is painted by part or is in the way."""

import itertools

import pytest
from msgspec.structs import replace

from engine import theme, words
from engine.frame import LOST, Frame, Hand, Pose
from engine.scene import Breath, Friend, Gaze, Item, Lean, Panel, Rise, Scene, Target

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from panda3d.core import ShaderAttrib

from engine.panda.companion import uncovered
from engine.panda.firelight import PERIOD_S
from engine.panda.flourish import SPARKS_S
from engine.panda.pictures import Photographer
from engine.panda.stage import Stage

GAZE = Gaze("owl", 10, 5, 8.0)
SHOWS = Friend("friend", "shows")


def frame(seconds: float) -> Frame:
    return Frame(int(seconds * 1e9), Pose((0.0, 1.6, 0.0)), Hand(LOST), Hand(LOST))


@pytest.fixture
def stage(graphics, models) -> Stage:
    return Stage(graphics, theme.load(), words.load(), models)


def has_eyes_closed(stage, place, state, seconds) -> bool:
    stage.show(Scene(place, (GAZE._replace(state=state),)), frame(seconds))
    return not stage.root.find("**/owl/**/owl_lids").is_hidden()


@pytest.mark.parametrize("place", ["wood", "still"])
def test_an_owl_sleeps_with_closed_eyes_and_looks_at_whoever_found_it(stage, place):
    assert has_eyes_closed(stage, place, "later", 1.0)
    assert has_eyes_closed(stage, place, "later", 8.0)
    has_eyes_closed(stage, place, "done", 8.1)
    assert not has_eyes_closed(stage, place, "done", 9.0)


def test_an_owl_that_calls_blinks_now_and_then(stage):
    closed = [has_eyes_closed(stage, "wood", "wanted", 1 + step / 30) for step in range(300)]
    begun = sum(now and not before for before, now in itertools.pairwise(closed))
    assert 2 <= begun <= 3
    assert sum(closed) < 15


def test_fireflies_glow_and_none_pulses_as_fast_as_a_flash(graphics, models):
    stage = Stage(graphics, theme.load("dragon"), words.load(), models)
    stage.show(Scene("wood"), frame(1.0))
    assert len(stage.root.find_all_matches("**/flyer/**/halo")) == 4
    assert 1 / PERIOD_S < 3  # WCAG 2.2, 2.3.1


def test_a_lantern_is_alight_while_it_is_to_be_looked_at(graphics, stage):
    camera = Photographer(graphics, stage, (320, 200), fov_deg=20.0, samples=0)

    def warmth(state: str) -> float:
        for seconds in (1.0, 3.0):
            seen = camera.pixels(
                Scene("lighthouse", (Gaze(state, 0, 0, 8.0, now_deg=(25, 0, 0), state=state),)), frame(seconds)
            )
        middle = seen[90:110, 150:170].astype(float)
        return middle[..., 0].mean() + middle[..., 1].mean() - middle[..., 2].mean()

    assert warmth("wanted") > warmth("later") + 60


@pytest.mark.parametrize(
    ("place", "before", "after"),
    [
        ("launch", Rise("rise", 1.2, 1.6, "up", 1.0, 1.0), Rise("rise", 1.2, 1.6, "down", 1.0)),
        ("harbour", Lean("lean", 0, 6.0, 1.0, (6.0, 0.0), 1.0), Lean("other", 90, 6.0, 1.0)),
        ("wood", GAZE._replace(fill=0.9), GAZE._replace(state="done", fill=1.0)),
        ("orchard", Target("fruit", (0.2, 1.5, -0.6), 0.05), Target("fruit", (0.2, 1.5, -0.6), 0.05, state="done")),
    ],
)
def test_sparks_fly_in_the_very_image_in_which_something_is_done(stage, place, before: Item, after: Item):
    def sparks(item, seconds):
        stage.show(Scene(place, (item,)), frame(seconds))
        return sum(not node.is_hidden() for node in stage.root.find_all_matches("**/sparks"))

    assert (sparks(before, 1.0), sparks(after, 1.01)) == (0, 1)
    assert sparks(after, 1.1 + SPARKS_S) == 0


def test_a_ripple_runs_when_the_lungs_are_full_and_not_when_they_are_empty(stage):
    def ripples(rising, seconds):
        stage.show(Scene("shore", (Breath("breath", 0.5, rising),)), frame(seconds))
        return not stage.root.find("**/breath/**/ripple").is_hidden()

    assert not ripples(True, 1.0)
    assert [ripples(False, 2.0), ripples(False, 3.0), ripples(True, 4.0)] == [True, False, False]


def test_a_part_may_be_painted_in_a_colour_of_its_own(graphics, models):
    stage = Stage(graphics, theme.load("contrast"), words.load(), models)
    stage.show(Scene("meadow", (SHOWS,)), frame(1.0))
    parts = [stage.root.find(f"**/friend/**/{part}").children[0] for part in ("body", "head", "arm_left")]
    worn = [part.get_net_state().get_attrib(ShaderAttrib) for part in parts]
    assert len({tuple(attrib.get_shader_input_vector("paint")) for attrib in worn}) == 3


def test_a_companion_who_shows_a_pose_is_not_covered_by_a_guide():
    ahead = theme.load().places["meadow"]
    guides: tuple[Item, ...] = (GAZE, Lean("lean", 90, 6.0, 1.0), Panel("panel", "stand.title"))
    assert uncovered((SHOWS, *guides), ahead) == (SHOWS, guides[2])
    assert uncovered((Friend("friend", "cheers"), *guides), ahead)[1:] == guides


def test_a_companion_aside_leaves_the_guide_where_it_is():
    items = (SHOWS, GAZE)
    shore = theme.load().places["shore"]
    assert uncovered(items, shore) == items
    assert uncovered(items, replace(shore, companion_m=(0.1, 0.0, -3.0))) == (SHOWS,)
