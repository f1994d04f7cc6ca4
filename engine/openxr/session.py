"""An OpenXR session: its states and events, and the strict order of a frame's calls."""

import ctypes
import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack

import xr

from engine.headset import HeadsetUnavailable
from engine.openxr import events
from engine.openxr.binding import Context, binding
from engine.openxr.calls import EVENT_UNAVAILABLE, Calls, address, field, handle
from engine.openxr.events import Event, StateChanged
from engine.openxr.life import IDLE, life
from engine.openxr.runtime import RATES, STEREO, Runtime

GONE, FAILED = (xr.SessionLostError, xr.InstanceLostError), xr.ErrorResult
LOSSES = (*GONE, xr.RuntimeFailureError)  # what a frame's calls fail with when there is no going on
_EXIT_S = 5.0
_MOST_LAYERS = 16  # what every runtime takes
_VALID = 0b0011  # orientation and position of XrViewStateFlags

_log = logging.getLogger("steadyreach.openxr")


class Session:
    """A running session. `begin`, perhaps `locate`, `end`: once each for every `wait`, in this order.

    `created` is its handle for pyopenxr. `views` (two xr.View) and `view_buffer`, the same as bytes, hold what `locate`
    found last.
    """

    def __init__(self, runtime: Runtime, calls: Calls, closing: ExitStack) -> None:
        """Create the session on the current OpenGL context.

        Raises HeadsetUnavailable when the runtime refuses it.
        """
        self._calls, self._instance = calls, handle(runtime.instance)
        self.context = Context(restore="restore context" in runtime.cures)
        request = xr.SessionCreateInfo(system_id=runtime.system, next=binding(runtime))
        try:
            self.created = xr.create_session(runtime.instance, request)
        except xr.ErrorResult as reason:
            raise HeadsetUnavailable(f"the OpenXR runtime refused this graphics driver: {reason}") from None
        self.context.hold()
        closing.callback(xr.destroy_session, self.created)
        self._handle = handle(self.created)
        self.life, self._begun = life(IDLE), False
        self._events: list[Event] = []
        self._event, self._frame = xr.EventDataBuffer(), xr.FrameState()
        self._ended = xr.FrameEndInfo()
        self._usual_mode, self._see_through_mode = runtime.blend_mode, runtime.see_through or runtime.blend_mode
        self._layers = (ctypes.c_void_p * _MOST_LAYERS)()
        field(self._ended, xr.FrameEndInfo._layers).value = ctypes.addressof(self._layers)
        self._prepare_views()

    @property
    def display_ns(self) -> int:
        """The predicted display time of the frame that was waited for, in the runtime's time."""
        moment: int = self._frame.predicted_display_time
        return moment

    def happened(self) -> list[Event]:
        """What was heard since the last time, but for the states, which are in `life`."""
        if not self._events:
            return self._events
        heard, self._events = self._events, []
        return heard

    def wait(self) -> int:
        """Wait until the next frame should be made; gives its predicted display time in nanoseconds.

        Events are heard before and after the wait. 0 says that the session has no frames now.
        """
        self._poll()
        if self.life.end and self._begun:
            self._begun = False
            xr.end_session(self.created)
        if not self.life.running:
            return 0
        self._calls.wait_frame(self._handle, None, address(self._frame))
        self._poll()
        return self.display_ns

    def begin(self) -> bool:
        """Begin the frame that was waited for; says whether anything of it would be seen."""
        self._calls.begin_frame(self._handle, None)
        return bool(self._frame.should_render)

    def locate(self, space: int) -> bool:
        """Find the two eyes in a space at the frame's display time; false while the runtime does not know.

        May be called again within a frame. What it found last is what has to be submitted.
        """
        self._locate.display_time = self._frame.predicted_display_time
        self._locate_space.value = space
        self._calls.locate_views(
            self._handle, self._locate_at, self._view_state_at, 2, self._count_at, self._views_at
        )  # fmt: skip
        return bool(self._view_state._view_state_flags & _VALID == _VALID)

    def end(self, layers: Sequence[int], *, see_through: bool = False) -> None:
        """End the frame, showing the layers at these addresses, the last one in front, and perhaps the room behind."""
        self._ended._environment_blend_mode = self._see_through_mode if see_through else self._usual_mode
        self._ended.display_time = self._frame.predicted_display_time
        count = min(len(layers), _MOST_LAYERS)
        for number in range(count):
            self._layers[number] = layers[number - len(layers)]
        self._ended.layer_count = count
        self._calls.end_frame(self._handle, address(self._ended))

    def choose_rate(self, runtime: Runtime, most_hz: float) -> None:
        """Ask for the highest refresh rate that is not above `most_hz`, or the lowest that there is."""
        if RATES not in runtime.extensions:
            return
        try:
            rates = [
                float(getattr(rate, "value", rate)) for rate in xr.enumerate_display_refresh_rates_fb(self.created)
            ]
            if rates:
                chosen_hz = max((rate for rate in rates if rate <= most_hz + 0.5), default=min(rates))
                xr.request_display_refresh_rate_fb(self.created, chosen_hz)
        except xr.ErrorResult as reason:
            _log.warning("the headset keeps its own refresh rate: %s", reason)

    def leave(self) -> None:
        """Walk out as the specification asks: request the exit, make frames until it is granted."""
        if self.life.over or not self.life.running:
            return
        xr.request_exit_session(self.created)
        latest = time.monotonic() + _EXIT_S
        while not (self.life.over or self.life.lost) and time.monotonic() < latest:
            if self.wait():
                self.begin()
                self.end(())

    def _poll(self) -> None:
        """Take in what happened."""
        while True:
            self._event._type = events.KIND.EVENT_DATA_BUFFER.value
            if self._calls.poll_event(self._instance, address(self._event)) == EVENT_UNAVAILABLE:
                return
            event = events.read(self._event, self._handle)
            if isinstance(event, StateChanged):
                self._enter(event.state)
            elif isinstance(event, events.InstanceLeaving):
                self.life = self.life._replace(lost=True)
            elif event is not None:
                self._events.append(event)

    def _enter(self, state: int) -> None:
        """Begin the session where its state asks; it is ended in `wait`, when no frame is under way."""
        self.life = life(state)
        if self.life.begin:
            xr.begin_session(self.created, xr.SessionBeginInfo(STEREO))
            self._begun = True

    def _prepare_views(self) -> None:
        """Make every structure of a frame once, and keep what they point to."""
        self._locate, self._view_state = xr.ViewLocateInfo(STEREO), xr.ViewState()
        self._locate_space = field(self._locate, xr.ViewLocateInfo.space)
        self._count, self.views = ctypes.c_uint32(), (xr.View * 2)(xr.View(), xr.View())
        self.view_buffer = memoryview(self.views).cast("B")
        self._locate_at, self._view_state_at = address(self._locate), address(self._view_state)
        self._count_at, self._views_at = address(self._count), address(self.views)
