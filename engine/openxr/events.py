"""What a runtime says has happened, read from its buffer into plain data."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import xr

from engine.frame import Pose
from engine.openxr.calls import handle

KIND = xr.StructureType


class StateChanged(NamedTuple):
    """The session has entered an XrSessionState."""

    state: int


class SpaceMoved(NamedTuple):
    """A reference space (an XrReferenceSpaceType) is somewhere else from a time on.

    `pose_in_previous` is where its new origin lies in the old space, or None where the runtime does not say.
    """

    space: int
    time_ns: int
    pose_in_previous: Pose | None


class ControllersChanged(NamedTuple):
    """Another kind of controller may be in a hand, or a tracker was connected."""


class MaskChanged(NamedTuple):
    """The hidden corners of an eye (0 left, 1 right) have another shape."""

    eye: int


class PresenceChanged(NamedTuple):
    """Somebody put the headset on or took it off."""

    present: bool


class RateChanged(NamedTuple):
    """The display now shows this many images a second."""

    refresh_hz: float


class InstanceLeaving(NamedTuple):
    """The runtime is about to go away."""


class EventsLost(NamedTuple):
    """The runtime had more to say than it could keep."""

    lost: int


Event = (
    StateChanged
    | SpaceMoved
    | ControllersChanged
    | MaskChanged
    | PresenceChanged
    | RateChanged
    | InstanceLeaving
    | EventsLost
)


def read(buffer: Any, session: int) -> Event | None:
    """The event in an xr.EventDataBuffer, or None when it is unknown or another session's.

    Some runtimes name no session when they speak of presence; it can only be this one.
    """
    known = _READERS.get(buffer._type)
    if known is None:
        return None
    structure, make = known
    event = structure.from_buffer(buffer)
    whose = handle(event.session) if hasattr(event, "session") else session
    if whose != session and not (whose == 0 and structure is xr.EventDataUserPresenceChangedEXT):
        return None
    return make(event)


def _space_moved(event: Any) -> SpaceMoved:
    pose = None
    if event.pose_valid:
        turn, place = event.pose_in_previous_space.orientation, event.pose_in_previous_space.position
        pose = Pose((place.x, place.y, place.z), (turn.x, turn.y, turn.z, turn.w))
    return SpaceMoved(event._reference_space_type, event.change_time, pose)


_READERS: Mapping[int, tuple[Any, Callable[[Any], Event]]] = {
    KIND.EVENT_DATA_SESSION_STATE_CHANGED.value: (
        xr.EventDataSessionStateChanged,
        lambda event: StateChanged(event._state),
    ),
    KIND.EVENT_DATA_REFERENCE_SPACE_CHANGE_PENDING.value: (xr.EventDataReferenceSpaceChangePending, _space_moved),
    KIND.EVENT_DATA_INTERACTION_PROFILE_CHANGED.value: (
        xr.EventDataInteractionProfileChanged,
        lambda _: ControllersChanged(),
    ),
    KIND.EVENT_DATA_VIVE_TRACKER_CONNECTED_HTCX.value: (
        xr.EventDataViveTrackerConnectedHTCX,
        lambda _: ControllersChanged(),
    ),
    KIND.EVENT_DATA_VISIBILITY_MASK_CHANGED_KHR.value: (
        xr.EventDataVisibilityMaskChangedKHR,
        lambda event: MaskChanged(event.view_index),
    ),
    KIND.EVENT_DATA_USER_PRESENCE_CHANGED_EXT.value: (
        xr.EventDataUserPresenceChangedEXT,
        lambda event: PresenceChanged(bool(event.is_user_present)),
    ),
    KIND.EVENT_DATA_DISPLAY_REFRESH_RATE_CHANGED_FB.value: (
        xr.EventDataDisplayRefreshRateChangedFB,
        lambda event: RateChanged(float(event.to_display_refresh_rate)),
    ),
    KIND.EVENT_DATA_INSTANCE_LOSS_PENDING.value: (xr.EventDataInstanceLossPending, lambda _: InstanceLeaving()),
    KIND.EVENT_DATA_EVENTS_LOST.value: (xr.EventDataEventsLost, lambda event: EventsLost(event.lost_event_count)),
}
