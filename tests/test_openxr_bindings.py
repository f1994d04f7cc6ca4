"""The bindings of every kind of controller, as data: nothing that a person needs is out of reach on any."""

import pytest

from engine import words
from engine.frame import SIDES
from engine.openxr.bindings import BUTTONS, EXTENSIONS, PROFILES, Profile, controls, offered, paths

every_profile = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)


def bound(profile: Profile, action: str) -> list[str]:
    return [path for name, path in paths(profile) if name == action]


@every_profile
def test_each_hand_has_its_place_and_can_confirm_and_grab(profile: Profile) -> None:
    for action in ("grip", "aim", "confirm", "grab"):
        assert [path.split("/")[3] for path in bound(profile, action)] == list(SIDES)


@every_profile
def test_every_button_is_within_reach_and_has_a_name(profile: Profile) -> None:
    for side in SIDES:
        told = controls(profile, side)
        assert told.keys() == {"confirm", *BUTTONS}
        for action in BUTTONS:
            held = told[action] == "controls.hold_menu" and bound(profile, "menu")
            assert held or bool(bound(profile, action)) != told[action].startswith("controls.gesture")


@every_profile
def test_menu_stop_and_recentre_are_different_inputs(profile: Profile) -> None:
    used = [path for action in BUTTONS for path in bound(profile, action)]
    assert len(used) == len(set(used))


@every_profile
def test_what_people_are_told_is_a_phrase_that_exists(profile: Profile) -> None:
    phrases = words.load()
    for side in SIDES:
        assert all(key in phrases for key in controls(profile, side).values())


@pytest.mark.parametrize("new", [False, True])
def test_no_kind_of_controller_is_offered_twice_to_an_instance(new: bool) -> None:
    names = [profile.name for profile in PROFILES if offered(profile, set(EXTENSIONS), new)]
    assert len(names) == len(set(names)) == 15


def test_an_old_instance_without_extensions_is_offered_what_it_was_born_with() -> None:
    names = [profile.name for profile in PROFILES if offered(profile, set(), new=False)]
    assert names == [
        "khr/simple_controller",
        "oculus/touch_controller",
        "valve/index_controller",
        "htc/vive_controller",
        "microsoft/motion_controller",
    ]


def test_the_name_told_is_that_of_the_hand_that_has_it() -> None:
    touch = next(profile for profile in PROFILES if profile.name == "oculus/touch_controller")
    assert controls(touch, "right")["stop"] == "controls.b_button"
    assert controls(touch, "left")["stop"] == "controls.y_button"
    assert controls(touch, "right")["menu"] == "controls.menu_button"
