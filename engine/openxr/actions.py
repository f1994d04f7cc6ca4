"""What hands can do through OpenXR: one action set, and its bindings for each kind of controller."""

from contextlib import ExitStack
from typing import Any, NamedTuple

import xr

from engine.frame import SIDES, Button, Hand
from engine.openxr.calls import SESSION_NOT_FOCUSED, Calls, address, handle
from engine.openxr.runtime import Runtime
from engine.openxr.spaces import Place
from engine.scene import Buzz


class Profile(NamedTuple):
    """The inputs of a kind of controller.

    `extension` brings it to OpenXR 1.0: None was there from the start, an empty one exists in 1.1 alone.
    """

    name: str
    trigger: str
    squeeze: str
    menus: tuple[str, ...] = SIDES
    menu: str = "menu/click"
    extension: str | None = None


_TOUCH = ("trigger/value", "squeeze/value", ("left",))
_PICO, _HP = "XR_BD_controller_interaction", "XR_EXT_hp_mixed_reality_controller"
PROFILES = (
    Profile("khr/simple_controller", "select/click", ""),
    Profile("oculus/touch_controller", *_TOUCH),
    Profile("meta/touch_plus_controller", *_TOUCH, extension=""),
    Profile("meta/touch_pro_controller", *_TOUCH, extension=""),
    Profile("meta/touch_controller_plus", *_TOUCH, extension="XR_META_touch_controller_plus"),
    Profile("facebook/touch_controller_pro", *_TOUCH, extension="XR_FB_touch_controller_pro"),
    Profile("valve/index_controller", "trigger/value", "squeeze/value", ("left",), "b/click"),
    Profile("htc/vive_controller", "trigger/value", "squeeze/click"),
    Profile("microsoft/motion_controller", "trigger/value", "squeeze/click"),
    Profile("hp/mixed_reality_controller", "trigger/value", "squeeze/value", extension=_HP),
    Profile("bytedance/pico4_controller", *_TOUCH, extension=_PICO),
    Profile("bytedance/pico_neo3_controller", "trigger/value", "squeeze/value", extension=_PICO),
    Profile(
        "htc/vive_cosmos_controller",
        "trigger/value",
        "squeeze/click",
        ("left",),
        extension="XR_HTC_vive_cosmos_controller_interaction",
    ),
    Profile("htc/vive_focus3_controller", *_TOUCH, extension="XR_HTC_vive_focus3_controller_interaction"),
)
# The 1.0 names that OpenXR 1.1 renamed when it took them in.
_RENAMED = ("meta/touch_controller_plus", "facebook/touch_controller_pro")
_ACTIONS = {
    "hand": (xr.ActionType.POSE_INPUT, "Where a hand is"),
    "confirm": (xr.ActionType.FLOAT_INPUT, "Confirm"),
    "grab": (xr.ActionType.FLOAT_INPUT, "Grab"),
    "menu": (xr.ActionType.BOOLEAN_INPUT, "Menu"),
    "buzz": (xr.ActionType.VIBRATION_OUTPUT, "A pulse in the hand"),
}


def paths(profile: Profile) -> list[tuple[str, str]]:
    """What to bind for a profile: (action, path of an input or output)."""
    bound = [("menu", f"/user/hand/{side}/input/{profile.menu}") for side in profile.menus]
    for side in SIDES:
        hand = f"/user/hand/{side}"
        bound += [("hand", f"{hand}/input/grip/pose"), ("buzz", f"{hand}/output/haptic")]
        bound.append(("confirm", f"{hand}/input/{profile.trigger}"))
        if profile.squeeze:
            bound.append(("grab", f"{hand}/input/{profile.squeeze}"))
    return bound


def offered(profile: Profile, extensions: set[str], new: bool) -> bool:
    """Whether an instance knows a profile; `new` says that it speaks OpenXR 1.1."""
    if profile.extension is None:
        return True
    return profile.name not in _RENAMED if new else profile.extension in extensions


class Actions:
    """The actions of a session, attached and ready: `hand` and `buttons` read them, `buzz` answers.

    `refused` names the kinds of controller that the runtime does not know.
    """

    def __init__(self, runtime: Runtime, session: Any, calls: Calls, closing: ExitStack) -> None:
        self._calls, self._session, self._instance = calls, session, runtime.instance
        self._path = {side: xr.string_to_path(self._instance, f"/user/hand/{side}") for side in SIDES}
        self._set = xr.create_action_set(self._instance, xr.ActionSetCreateInfo("exercise", "Exercise", priority=0))
        closing.callback(xr.destroy_action_set, self._set)
        self.refused: list[str] = []
        self._action = {name: self._create(name) for name in _ACTIONS}
        for profile in PROFILES:
            if offered(profile, runtime.extensions, runtime.new):
                self._suggest(profile)
        xr.attach_session_action_sets(session, xr.SessionActionSetsAttachInfo(action_sets=[self._set]))
        self._place = {}
        for side in SIDES:
            request = xr.ActionSpaceCreateInfo(self._action["hand"], self._path[side])
            space = xr.create_action_space(session, request)
            closing.callback(xr.destroy_space, space)
            self._place[side] = Place(calls, space)
        self._prepare()

    def sync(self) -> bool:
        """Ask for the present state, once a frame; false when another application has the input."""
        return self._calls.sync_actions(self._handle, address(self._sync)) != SESSION_NOT_FOCUSED

    def hand(self, side: str, base: int, time_ns: int) -> Hand:
        """One hand in a base space at a time."""
        pose = self._place[side].pose(base, time_ns)
        return Hand(pose, self._float("confirm", side), self._float("grab", side))

    def buttons(self) -> int:
        """The buttons that are down, as bits of Button."""
        state, get = self._boolean, self._get["menu", ""]
        self._calls.boolean_state(self._handle, address(get), address(state))
        return int(Button.MENU) if state.current_state else 0

    def buzz(self, item: Buzz) -> None:
        """Start a pulse; a runtime whose focus is elsewhere lets it pass."""
        for side in SIDES if item.hand == "either" else (item.hand,):
            where = xr.HapticActionInfo(self._action["buzz"], self._path[side])
            pulse = xr.HapticVibration(round(item.seconds * 1e9), xr.FREQUENCY_UNSPECIFIED, item.strength)
            self._calls.apply_haptics(self._handle, address(where), address(pulse))

    def _create(self, name: str) -> Any:
        kind, title = _ACTIONS[name]
        request = xr.ActionCreateInfo(
            name, kind, subaction_paths=list(self._path.values()), localized_action_name=title
        )
        return xr.create_action(self._set, request)

    def _suggest(self, profile: Profile) -> None:
        bindings = [
            xr.ActionSuggestedBinding(self._action[name], xr.string_to_path(self._instance, path))
            for name, path in paths(profile)
        ]
        name = xr.string_to_path(self._instance, f"/interaction_profiles/{profile.name}")
        try:
            xr.suggest_interaction_profile_bindings(
                self._instance, xr.InteractionProfileSuggestedBinding(name, suggested_bindings=bindings)
            )
        except xr.PathUnsupportedError:  # an old runtime need not know every controller
            self.refused.append(profile.name)

    def _prepare(self) -> None:
        """Make every structure of a frame once."""
        self._handle = handle(self._session)
        self._active = (xr.ActiveActionSet * 1)(xr.ActiveActionSet(self._set, xr.NULL_PATH))
        self._sync = xr.ActionsSyncInfo(active_action_sets=self._active)
        self._number, self._boolean = xr.ActionStateFloat(), xr.ActionStateBoolean()
        self._get = {("menu", ""): xr.ActionStateGetInfo(self._action["menu"], xr.NULL_PATH)}
        for side in SIDES:
            for name in ("confirm", "grab"):
                self._get[name, side] = xr.ActionStateGetInfo(self._action[name], self._path[side])

    def _float(self, name: str, side: str) -> float:
        self._calls.float_state(self._handle, address(self._get[name, side]), address(self._number))
        value: float = self._number.current_state
        return value
