"""What hands do through OpenXR: one action set for every kind of controller, joints where there are none."""

import logging
import math
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import xr

from engine.frame import SIDES, Button, Devices, Hand, Speed, Vector
from engine.openxr import bindings
from engine.openxr.bindings import HAND_PROFILE, PROFILES, Profile
from engine.openxr.calls import SESSION_NOT_FOCUSED, Calls, address, handle
from engine.openxr.hands import seen_hands
from engine.openxr.runtime import Runtime
from engine.openxr.spaces import Place, given_back
from engine.openxr.trackers import Trackers
from engine.scene import Buzz

_KIND = xr.ActionType
_ACTIONS = {
    "grip": (_KIND.POSE_INPUT, "Where a hand is"),
    "aim": (_KIND.POSE_INPUT, "Where a hand points"),
    "confirm": (_KIND.FLOAT_INPUT, "Confirm"),
    "grab": (_KIND.FLOAT_INPUT, "Grab"),
    "menu": (_KIND.BOOLEAN_INPUT, "Menu, or hold: make here the middle"),
    "recentre": (_KIND.BOOLEAN_INPUT, "Make here the middle"),
    "stop": (_KIND.BOOLEAN_INPUT, "Stop"),
    "buzz": (_KIND.VIBRATION_OUTPUT, "A pulse in the hand"),
}
_BITS = {"menu": Button.MENU, "recentre": Button.RECENTRE, "stop": Button.STOP}
_PROFILE = "/interaction_profiles/"
_BY_NAME = {profile.name: profile for profile in PROFILES}

_log = logging.getLogger("steadyreach.openxr")


class Actions:
    """The actions of a session, attached and ready: `sync` once a frame, then `hand`, `buttons` and `devices`.

    `controllers` names the kind of controller in each hand, empty where there is none; `refused` names the kinds
    that the runtime does not know.
    """

    def __init__(self, runtime: Runtime, session: Any, calls: Calls, closing: ExitStack) -> None:
        self._calls, self._session, self._instance = calls, session, runtime.instance
        self._path = {side: xr.string_to_path(self._instance, f"/user/hand/{side}") for side in SIDES}
        self._set = xr.create_action_set(self._instance, xr.ActionSetCreateInfo("exercise", "Exercise", priority=0))
        closing.callback(given_back, xr.destroy_action_set, self._set)
        self.refused: list[str] = []
        self._action = {name: self._create(name) for name in _ACTIONS}
        for profile in PROFILES:
            if bindings.offered(profile, runtime.extensions, runtime.new):
                self._suggest(profile)
        self._trackers = Trackers(runtime, self._set)
        xr.attach_session_action_sets(session, xr.SessionActionSetsAttachInfo(action_sets=[self._set]))
        self._trackers.start(session, calls, closing)
        self._grip = {side: self._place("grip", side, closing) for side in SIDES}
        self._aim = {side: self._place("aim", side, closing) for side in SIDES}
        self._seen = seen_hands(runtime, session, calls, closing)
        self._prepare()
        self._heeded = False
        self.controllers = dict.fromkeys(SIDES, "")
        self.profile_changed()

    def sync(self) -> bool:
        """Ask for the present state, once a frame; false when another application has the input."""
        heeded = self._calls.sync_actions(self._handle, self._sync_at) != SESSION_NOT_FOCUSED
        if heeded and not self._heeded:
            self.profile_changed()  # now, because fingers must not count as bare until the runtime's message comes
        self._heeded = heeded
        return heeded

    def hand(self, side: str, base: int, time_ns: int) -> Hand:
        """One hand in a base space at a time: its controller, or without one the hand itself where it is seen."""
        grip = self._grip[side].pose(base, time_ns)
        seen = self._seen.get(side)
        if seen is not None:
            seen.look(base, time_ns, self.controllers[side])
            if not grip.valid and self._heeded and seen.active and self.source(side) == "hand":
                return seen.hand()
        return Hand(grip, self._number(self._confirm_at[side]), self._number(self._grab_at[side]))

    def buttons(self) -> int:
        """The buttons that are down, as bits of Button."""
        down, ask = 0, self._calls.boolean_state
        for bit, get_at in self._buttons_at:
            ask(self._handle, get_at, self._boolean_at)
            if self._boolean.current_state:
                down |= bit
        return down

    def devices(self, base: int, time_ns: int, head_speed: Speed | None = None) -> Devices:
        """All else that is known in a base space at a time; `hand` must have been asked for both sides before."""
        return Devices(
            head_speed,
            self._grip["left"].speed(),
            self._grip["right"].speed(),
            self._aim["left"].pose(base, time_ns),
            self._aim["right"].pose(base, time_ns),
            *self._trackers.poses(base, time_ns),
            self.source("left"),
            self.source("right"),
            self._joints_m("left"),
            self._joints_m("right"),
        )

    def source(self, side: str) -> str:
        """What a hand's pose and fingers come from, as in Devices."""
        controller, seen = self.controllers[side], self._seen.get(side)
        if seen is not None and self._heeded:
            return seen.source(controller)
        return "hand" if controller == HAND_PROFILE else "controller"

    def buzz(self, item: Buzz) -> None:
        """Start a pulse; a runtime whose focus is elsewhere lets it pass."""
        self._pulse.duration = max(1, round(item.seconds * 1e9))
        self._pulse.amplitude = _unit(item.strength)
        for side in SIDES if item.hand == "either" else (item.hand,):
            self._calls.apply_haptics(self._handle, self._buzz_at[side], self._pulse_at)

    def profile_changed(self) -> None:
        """Ask again what is in each hand."""
        for side in SIDES:
            path = xr.get_current_interaction_profile(self._session, self._path[side]).interaction_profile
            name = xr.path_to_string(self._instance, path).removeprefix(_PROFILE) if path else ""
            if name != self.controllers[side]:
                _log.info("the %s hand has %s", side, name or "no controller")
                self.controllers[side] = name

    def controls(self) -> Mapping[str, str]:
        """How to confirm, and to ask for menu, recentre and stop, with what is in hand now: keys of words.

        Empty while nothing is in either hand.
        """
        for side in reversed(SIDES):
            name = HAND_PROFILE if self.source(side) == "hand" else self.controllers[side]
            if name in _BY_NAME:
                return bindings.controls(_BY_NAME[name], side)
        return {}

    def _joints_m(self, side: str) -> tuple[Vector, ...] | None:
        """The joints of a hand that is really seen, as `hand` last found them."""
        seen = self._seen.get(side)
        return seen.joints_m() if seen is not None and seen.active and self.source(side) == "hand" else None

    def _create(self, name: str) -> Any:
        kind, title = _ACTIONS[name]
        request = xr.ActionCreateInfo(
            name, kind, subaction_paths=list(self._path.values()), localized_action_name=title
        )
        return xr.create_action(self._set, request)

    def _suggest(self, profile: Profile) -> None:
        suggested = [
            xr.ActionSuggestedBinding(self._action[name], xr.string_to_path(self._instance, path))
            for name, path in bindings.paths(profile)
        ]
        name = xr.string_to_path(self._instance, _PROFILE + profile.name)
        try:
            xr.suggest_interaction_profile_bindings(
                self._instance, xr.InteractionProfileSuggestedBinding(name, suggested_bindings=suggested)
            )
        except xr.PathUnsupportedError:  # an old runtime need not know every controller
            self.refused.append(profile.name)

    def _place(self, action: str, side: str, closing: ExitStack) -> Place:
        space = xr.create_action_space(self._session, xr.ActionSpaceCreateInfo(self._action[action], self._path[side]))
        closing.callback(given_back, xr.destroy_space, space)
        return Place(self._calls, space, f"the {side} hand's {action}", moving=action == "grip")

    def _prepare(self) -> None:
        """Make every structure of a frame once, keep it, and know where it is."""
        self._handle = handle(self._session)
        self._active = (xr.ActiveActionSet * 1)(xr.ActiveActionSet(self._set, xr.NULL_PATH))
        self._sync = xr.ActionsSyncInfo(active_action_sets=self._active)
        self._float, self._boolean, self._pulse = xr.ActionStateFloat(), xr.ActionStateBoolean(), xr.HapticVibration()
        self._pulse.frequency = xr.FREQUENCY_UNSPECIFIED
        self._kept: list[Any] = []
        self._confirm_at = {side: self._get("confirm", self._path[side]) for side in SIDES}
        self._grab_at = {side: self._get("grab", self._path[side]) for side in SIDES}
        self._buttons_at = [(int(bit), self._get(name, xr.NULL_PATH)) for name, bit in _BITS.items()]
        self._buzz_at = {
            side: self._keep(xr.HapticActionInfo(self._action["buzz"], self._path[side])) for side in SIDES
        }
        self._sync_at, self._pulse_at = address(self._sync), address(self._pulse)
        self._float_at, self._boolean_at = address(self._float), address(self._boolean)

    def _get(self, action: str, path: int) -> int:
        return self._keep(xr.ActionStateGetInfo(self._action[action], path))

    def _keep(self, structure: Any) -> int:
        self._kept.append(structure)
        return address(structure)

    def _number(self, get_at: int) -> float:
        self._calls.float_state(self._handle, get_at, self._float_at)
        return _unit(self._float.current_state)


def _unit(value: float) -> float:
    """A number from 0 to 1, whatever a runtime says."""
    if 0.0 <= value <= 1.0:
        return value
    return 0.0 if math.isnan(value) or value < 0.0 else 1.0
