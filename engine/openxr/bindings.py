"""Which input does what on each kind of controller, and what its buttons are called: data that needs no runtime."""

from collections.abc import Mapping
from typing import NamedTuple

from engine.frame import SIDES

HAND_PROFILE = "ext/hand_interaction_ext"
BUTTONS = ("menu", "recentre", "stop")
Input = str | tuple[str, str]  # of both hands, or of the left and of the right; an empty one is not there


class Profile(NamedTuple):
    """The inputs of a kind of controller, each by its component path below `/user/hand/<side>/input`.

    What has no input of its own is reached by holding menu or by a gesture (`engine.openxr.gestures`). `old` and
    `new` say what brings the profile to OpenXR 1.0 and 1.1: an extension, nothing (""), or None where it is unknown.
    """

    name: str
    confirm: Input
    grab: Input
    stop: Input = ""
    menu: Input = ""
    recentre: Input = ""
    pulses: bool = True
    old: str | None = ""
    new: str | None = ""


_SIMPLE = ("select/click", "select/click", ("", "menu/click"), ("menu/click", ""))
_FACE, _LEFT_MENU, _RIGHT_MENU = ("y/click", "b/click"), ("menu/click", ""), ("", "menu/click")
_TOUCH = ("trigger/value", "squeeze/value", _FACE, _LEFT_MENU, "thumbstick/click")
_TWO_MENUS = ("trigger/value", "squeeze/value", _FACE, "menu/click", "thumbstick/click")
_INDEX = ("trigger/value", "squeeze/value", "b/click", "a/click", "thumbstick/click")
_WAND = ("trigger/value", "squeeze/click", _RIGHT_MENU, _LEFT_MENU)
_COSMOS = ("trigger/value", "squeeze/click", _FACE, _LEFT_MENU, "thumbstick/click")
_ONE_TRIGGER = ("trigger/value", "trigger/value", _RIGHT_MENU, _LEFT_MENU, "thumbstick/click")
_GENERIC = ("trigger/value", "squeeze/value", "secondary/click", "primary/click", "thumbstick/click")

_PLUS, _PRO = "XR_META_touch_controller_plus", "XR_FB_touch_controller_pro"
_PICO, _HP = "XR_BD_controller_interaction", "XR_EXT_hp_mixed_reality_controller"
_HTC = "XR_HTC_vive_{}_controller_interaction".format
_HANDS, _ANY = "XR_EXT_hand_interaction", "XR_KHR_generic_controller"
PROFILES = (
    Profile("khr/simple_controller", *_SIMPLE),
    Profile("oculus/touch_controller", *_TOUCH),
    Profile("meta/touch_plus_controller", *_TOUCH, old=None),
    Profile("meta/touch_pro_controller", *_TOUCH, old=None),
    Profile("meta/touch_controller_plus", *_TOUCH, old=_PLUS, new=None),
    Profile("facebook/touch_controller_pro", *_TOUCH, old=_PRO, new=None),
    Profile("valve/index_controller", *_INDEX),
    Profile("htc/vive_controller", *_WAND, "trackpad/click"),
    Profile("microsoft/motion_controller", *_WAND, "thumbstick/click"),
    Profile("hp/mixed_reality_controller", *_TWO_MENUS, old=_HP),
    Profile("bytedance/pico_neo3_controller", *_TWO_MENUS, old=_PICO),
    Profile("bytedance/pico4_controller", *_TOUCH, old=_PICO),
    Profile("bytedance/pico_g3_controller", *_ONE_TRIGGER, pulses=False, old=_PICO),
    Profile("htc/vive_cosmos_controller", *_COSMOS, old=_HTC("cosmos")),
    Profile("htc/vive_focus3_controller", *_TOUCH, old=_HTC("focus3")),
    Profile(HAND_PROFILE, "pinch_ext/value", "grasp_ext/value", pulses=False, old=_HANDS, new=_HANDS),
    Profile("khr/generic_controller", *_GENERIC, old=_ANY, new=_ANY),
)
EXTENSIONS = frozenset(name for profile in PROFILES for name in (profile.old, profile.new) if name)

# What people are told to press; the two sides of a controller may differ, and then the right one is told.
_CALLED = {
    "trigger/value": "controls.trigger",
    "select/click": "controls.select",
    "pinch_ext/value": "controls.pinch",
    "menu/click": "controls.menu_button",
    "a/click": "controls.a_button",
    "primary/click": "controls.a_button",
    "b/click": "controls.b_button",
    "secondary/click": "controls.b_button",
    "y/click": "controls.y_button",
    "thumbstick/click": "controls.thumbstick",
    "trackpad/click": "controls.trackpad",
}
_GESTURES = {name: f"controls.gesture_{name}" for name in BUTTONS}


def offered(profile: Profile, extensions: set[str], new: bool) -> bool:
    """Whether an instance with these extensions knows a profile; `new` says that it speaks OpenXR 1.1."""
    bringer = profile.new if new else profile.old
    return bringer == "" or bringer in extensions


def paths(profile: Profile) -> list[tuple[str, str]]:
    """What to bind for a profile: (action, path of an input or output)."""
    bound = []
    for side in SIDES:
        hand = f"/user/hand/{side}"
        bound += [("grip", f"{hand}/input/grip/pose"), ("aim", f"{hand}/input/aim/pose")]
        if profile.pulses:
            bound.append(("buzz", f"{hand}/output/haptic"))
        for action in ("confirm", "grab", *BUTTONS):
            component = _of(profile, action, side)
            if component:
                bound.append((action, f"{hand}/input/{component}"))
    return bound


def controls(profile: Profile, side: str = "right") -> Mapping[str, str]:
    """What a person who holds this does to confirm, and for menu, recentre and stop: keys of words.

    Where the two hands differ it is told for one side, and for the other one what only that has.
    """
    other = SIDES[side == "left"]
    called = {}
    for action in ("confirm", *BUTTONS):
        component = _of(profile, action, side) or _of(profile, action, other)
        if component:
            called[action] = _CALLED[component]
        elif action == "recentre" and profile.menu:
            called[action] = "controls.hold_menu"
        else:
            called[action] = _GESTURES[action]
    return called


def _of(profile: Profile, action: str, side: str) -> str:
    component: Input = getattr(profile, action)
    return component if isinstance(component, str) else component[SIDES.index(side)]
