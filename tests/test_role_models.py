"""What drawings rely on in the models that stand for roles: their nodes, where those turn, how large they are."""

import pytest

from engine import theme

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from panda3d.core import NodePath

from engine.panda.models import Models

THEMES = [theme.load(name) for name in theme.names()]


def role(name: str, place: str, of: theme.Theme, models: Models) -> NodePath:
    """The model that stands for a role in a place, in Panda3D's axes."""
    return models.read(getattr(of.places[place].roles, name))


@pytest.fixture(params=THEMES, ids=lambda each: each.name)
def each(request):
    return request.param


@pytest.fixture
def read(each, models):
    return Models(each.models, models)


def test_the_companion_at_the_pond_stands_on_legs_that_turn_at_the_hip(each, read):
    bird = role("companion", "pond", each, read)
    for side, name in ((1, "leg_left"), (-1, "leg_right")):
        leg = bird.find(f"**/{name}")
        low, high = leg.get_tight_bounds(bird)
        hip = leg.get_pos(bird)
        assert side * hip.x > 0.03
        assert low.z == pytest.approx(0.0, abs=0.02)  # it reaches the floor
        assert hip.z - 0.02 <= high.z <= hip.z + 0.06  # and hangs from where it turns
    assert all(not bird.find(f"**/{name}").is_empty() for name in ("body", "head", "arm_left", "arm_right"))


def test_a_beacon_has_a_lamp_about_its_origin_and_beams_to_both_sides(each, read):
    beacon = role("beacon", "lighthouse", each, read)
    low, high = beacon.find("**/lamp").get_tight_bounds(beacon)
    assert (low + high).length() / 2 < 0.01
    low, high = beacon.find("**/beam").get_tight_bounds(beacon)
    assert high.x == pytest.approx(-low.x)
    assert high.x > 5 * high.z


def test_what_is_looked_at_by_the_lighthouse_hangs_from_a_balloon(each, read):
    lantern = role("look", "lighthouse", each, read)
    low, high = lantern.find("**/vines").get_tight_bounds(lantern)
    assert 0.8 < high.z < 1.5
    assert lantern.find("**/owl").get_tight_bounds(lantern)[1].z < low.z


def test_a_stone_is_stepped_on_at_the_height_of_the_floor(each, read):
    low, high = role("stone", "pond", each, read).get_tight_bounds()
    assert high.z == pytest.approx(0.0, abs=0.005)
    assert 0.16 < (high.x - low.x) / 2 < 0.185
