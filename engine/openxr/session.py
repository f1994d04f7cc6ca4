"""An OpenXR session: its states and events, and the strict order of a frame's calls."""

import ctypes
import time
from contextlib import ExitStack
from typing import Any

import xr

from engine.headset import HeadsetUnavailable
from engine.openxr.binding import binding
from engine.openxr.calls import EVENT_UNAVAILABLE, Calls, address, handle
from engine.openxr.eyes import Swapchain
from engine.openxr.life import IDLE, life
from engine.openxr.runtime import STEREO, Runtime
from engine.openxr.views import View, read_view

GONE, FAILED = (xr.SessionLostError, xr.InstanceLostError), xr.ErrorResult
_IDLE_S, _EXIT_S = 0.02, 5.0
_POSE_AND_FOV = 44
_VALID = 0b0011  # orientation and position of XrViewStateFlags


class Session:
    """A running session. `begin`, perhaps `views`, `end`: once each for every `wait`, in this order."""

    def __init__(self, runtime: Runtime, calls: Calls, closing: ExitStack) -> None:
        """Create the session on the current OpenGL context.

        Raises HeadsetUnavailable when the runtime refuses it.
        """
        self._calls, self._instance = calls, handle(runtime.instance)
        request = xr.SessionCreateInfo(system_id=runtime.system, next=binding(runtime))
        try:
            self.created = xr.create_session(runtime.instance, request)
        except xr.ErrorResult as reason:
            raise HeadsetUnavailable(f"the OpenXR runtime refused this graphics driver: {reason}") from None
        closing.callback(xr.destroy_session, self.created)
        self._handle = handle(self.created)
        self.life = life(IDLE)
        self._moves_ns: int | None = None
        self.chains = [Swapchain(self.created, calls, size, closing) for size in runtime.sizes]
        self._event, self._frame, self._ended = xr.EventDataBuffer(), xr.FrameState(), xr.FrameEndInfo()
        self._prepare_views()

    def poll(self) -> None:
        """Take in what happened to the session, beginning and ending it as its states ask."""
        while True:
            self._event.type = xr.StructureType.EVENT_DATA_BUFFER
            if self._calls.poll_event(self._instance, address(self._event)) == EVENT_UNAVAILABLE:
                return
            kind = self._event.type
            if kind == xr.StructureType.EVENT_DATA_SESSION_STATE_CHANGED:
                changed = xr.EventDataSessionStateChanged.from_buffer(self._event)
                if handle(changed.session) == self._handle:
                    self._enter(changed.state.value)
            elif kind == xr.StructureType.EVENT_DATA_REFERENCE_SPACE_CHANGE_PENDING:
                self._moves_ns = xr.EventDataReferenceSpaceChangePending.from_buffer(self._event).change_time
            elif kind == xr.StructureType.EVENT_DATA_INSTANCE_LOSS_PENDING:
                self.life = self.life._replace(over=True)

    def recentred(self, time_ns: int) -> bool:
        """Whether the person has moved the middle of the room since this was last asked; counts from this time."""
        if self._moves_ns is None or time_ns < self._moves_ns:
            return False
        self._moves_ns = None
        return True

    def wait(self) -> int:
        """Wait until the next frame should be made; gives its predicted display time in nanoseconds.

        Events are heard before and after the wait. 0 says that the session has no frames now.
        """
        self.poll()
        if not self.life.running:
            time.sleep(_IDLE_S)
            return 0
        self._calls.wait_frame(self._handle, None, address(self._frame))
        self.poll()
        moment: int = self._frame.predicted_display_time
        return moment if self.life.running else 0

    def begin(self) -> bool:
        """Begin the frame that was waited for; says whether anything of it would be seen."""
        self._calls.begin_frame(self._handle, None)
        return bool(self._frame.should_render)

    def views(self, space: int) -> tuple[View, View] | None:
        """The two eyes in a space at the frame's display time, or None while the runtime does not know."""
        self._locate.display_time = self._frame.predicted_display_time
        self._locate_space.value = space
        self._calls.locate_views(
            self._handle, address(self._locate), address(self._view_state), 2,
            address(self._count), address(self._views),
        )  # fmt: skip
        if self._view_state._view_state_flags & _VALID != _VALID:
            return None
        start, size = xr.View.pose.offset, ctypes.sizeof(xr.View)
        return read_view(self._buffer, start), read_view(self._buffer, start + size)

    def end(self, space: int) -> None:
        """End the frame, showing both eyes as `views` last located them, or nothing where the space is 0."""
        self._ended.display_time = self._frame.predicted_display_time
        self._ended.layer_count = 1 if space else 0
        if space:
            self._layer_space.value = space
            for number in (0, 1):
                source = ctypes.addressof(self._views[number]) + xr.View.pose.offset
                target = ctypes.addressof(self._shown[number]) + xr.CompositionLayerProjectionView.pose.offset
                ctypes.memmove(target, source, _POSE_AND_FOV)
        self._calls.end_frame(self._handle, address(self._ended))

    def leave(self) -> None:
        """Walk out as the specification asks: request the exit, make frames until it is granted."""
        if self.life.over or not self.life.running:
            return
        xr.request_exit_session(self.created)
        latest = time.monotonic() + _EXIT_S
        while not self.life.over and time.monotonic() < latest:
            if self.wait():
                self.begin()
                self.end(0)

    def _enter(self, state: int) -> None:
        self.life = life(state)
        if self.life.begin:
            xr.begin_session(self.created, xr.SessionBeginInfo(STEREO))
        if self.life.end:
            xr.end_session(self.created)

    def _prepare_views(self) -> None:
        """Make every structure of a frame once, and keep what they point to."""
        self._locate, self._view_state = xr.ViewLocateInfo(STEREO), xr.ViewState()
        self._locate_space = _field(self._locate, xr.ViewLocateInfo.space)
        self._count, self._views = ctypes.c_uint32(), (xr.View * 2)(xr.View(), xr.View())
        self._buffer = memoryview(self._views).cast("B")
        seen = [
            xr.CompositionLayerProjectionView(
                sub_image=xr.SwapchainSubImage(chain.created, xr.Rect2Di(xr.Offset2Di(0, 0), xr.Extent2Di(*chain.size)))
            )
            for chain in self.chains
        ]
        self._shown = (xr.CompositionLayerProjectionView * 2)(*seen)
        self._layer = xr.CompositionLayerProjection(views=self._shown)
        self._layer_space = _field(self._layer, xr.CompositionLayerProjection.space)
        self._layers = (ctypes.c_void_p * 1)(ctypes.addressof(self._layer))
        _field(self._ended, xr.FrameEndInfo._layers).value = ctypes.addressof(self._layers)


def _field(structure: Any, field: Any) -> ctypes.c_void_p:
    """A field that holds a handle or a pointer, as a number that can be set without an object."""
    return ctypes.c_void_p.from_address(ctypes.addressof(structure) + field.offset)
