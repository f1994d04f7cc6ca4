"""Trackers strapped to the body, in the roles that a person has given them in the runtime's settings."""

import logging
from contextlib import ExitStack
from typing import Any

import xr

from engine.frame import LOST, Pose
from engine.openxr.calls import Calls
from engine.openxr.runtime import TRACKERS, Runtime
from engine.openxr.spaces import Place, given_back

ROLES = ("chest", "waist", "left_foot", "right_foot")
_ROLE = "/user/vive_tracker_htcx/role/{}".format
_PROFILE = "/interaction_profiles/htc/vive_tracker_htcx"
_NOWHERE = (LOST, LOST, LOST, LOST)

_log = logging.getLogger("steadyreach.openxr")


class Trackers:
    """The trackers of a session: made before its action sets are attached, `start`ed after, then read every frame."""

    def __init__(self, runtime: Runtime, actions: Any) -> None:
        """Add an action for all roles to an action set, where the runtime knows trackers."""
        self._places: list[Place] = []
        self._role: dict[str, int] = {}
        if TRACKERS not in runtime.extensions:
            return
        instance = runtime.instance
        roles = {role: xr.string_to_path(instance, _ROLE(role)) for role in ROLES}
        request = xr.ActionCreateInfo(
            "tracker",
            xr.ActionType.POSE_INPUT,
            subaction_paths=list(roles.values()),
            localized_action_name="A tracker on the body",
        )
        self._action = xr.create_action(actions, request)
        bindings = [
            xr.ActionSuggestedBinding(self._action, xr.string_to_path(instance, f"{_ROLE(role)}/input/grip/pose"))
            for role in ROLES
        ]
        suggested = xr.InteractionProfileSuggestedBinding(
            xr.string_to_path(instance, _PROFILE), suggested_bindings=bindings
        )
        try:
            xr.suggest_interaction_profile_bindings(instance, suggested)
            self._role = roles
        except xr.PathUnsupportedError:
            _log.warning("the OpenXR runtime lists %s and refuses its paths; going on without trackers", TRACKERS)

    def start(self, session: Any, calls: Calls, closing: ExitStack) -> None:
        """Make the trackers' places, once their action belongs to the session."""
        for role, path in self._role.items():
            space = xr.create_action_space(session, xr.ActionSpaceCreateInfo(self._action, path))
            closing.callback(given_back, xr.destroy_space, space)
            self._places.append(Place(calls, space, f"the tracker of the {role.replace('_', ' ')}"))

    def poses(self, base: int, time_ns: int) -> tuple[Pose, Pose, Pose, Pose]:
        """Where chest, waist, left and right foot are in a space at a time; LOST for a role that nobody wears."""
        if not self._places:
            return _NOWHERE
        chest, waist, left, right = self._places
        return (
            chest.pose(base, time_ns),
            waist.pose(base, time_ns),
            left.pose(base, time_ns),
            right.pose(base, time_ns),
        )
