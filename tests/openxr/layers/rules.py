"""The rules of OpenXR that nothing else checks on Linux, watched over a whole process."""

import ctypes
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import xr

from tests.openxr.layers.handles import Handles, handles
from tests.openxr.layers.layer import Layer, Onward
from tests.openxr.layers.shown import Shown, ShownLayer, packed, read_shown

RULES = {
    "begin in ready": "xrBeginSession comes in the state READY alone",
    "end in stopping": "xrEndSession comes in the state STOPPING alone",
    "frames while running": "frames are made between xrBeginSession and xrEndSession alone",
    "events every frame": "events are heard between one xrWaitFrame and the next",
    "begin after wait": "xrWaitFrame, then xrBeginFrame, in turns",
    "end after begin": "xrBeginFrame, then xrEndFrame, in turns",
    "one in flight": "xrWaitFrame comes when the frame before has ended",
    "time as waited": "xrEndFrame names the display time that xrWaitFrame gave",
    "times rise": "no display time comes twice or goes back",
    "no retry": "xrEndFrame that has failed is not called for the same time again",
    "one sync": "xrSyncActions comes once a frame at most",
    "sync in its place": "xrSyncActions comes after xrWaitFrame and before xrBeginFrame",
    "located after wait": "nothing is located before the first xrWaitFrame, which is where times come from",
    "located for the frame": "eyes are located for the display time of the frame",
    "eyes as located": "pose and fov of each eye are shown bit for bit as located last",
    "space as located": "eyes are shown in the space that they were located in last",
    "images in turn": "a swapchain image is acquired, waited for, drawn and released, in turns",
    "no image held": "no image is held across xrEndFrame",
    "images drawn": "what a layer shows was released at least once",
    "nothing unseen": "no layer is handed over when should_render is false",
    "alpha on demand": "blending with the room comes with the flag that says whose alpha counts",
    "attached once": "xrAttachSessionActionSets comes once for a session",
    "graphics asked": "xrGetOpenGLGraphicsRequirementsKHR comes before xrCreateSession",
    "lost is left": "nothing but xrDestroy is called on what has been lost",
    "gone is gone": "nothing is called on what was destroyed",
}
_KIND = xr.StructureType
_SESSION_LOST, _INSTANCE_LOST = xr.Result.ERROR_SESSION_LOST.value, xr.Result.ERROR_INSTANCE_LOST.value
_LOST = (_SESSION_LOST, _INSTANCE_LOST)
_OUT_OF_ORDER: int = xr.Result.ERROR_CALL_ORDER_INVALID.value
_INVALID: int = xr.Result.ERROR_HANDLE_INVALID.value
_STATE_CHANGED = _KIND.EVENT_DATA_SESSION_STATE_CHANGED.value
_ALPHA_BLEND = xr.EnvironmentBlendMode.ALPHA_BLEND.value
_SOURCE_ALPHA = xr.CompositionLayerFlags.BLEND_TEXTURE_SOURCE_ALPHA_BIT.value


@dataclass
class _Session:
    state: int = 0
    running: bool = False
    attached: bool = False
    heard: bool = True
    time_ns: int = 0  # of the frame that was waited for last
    phase: str = "ended"
    seen: bool = False
    synced: bool = False
    last_ns: int = 0  # of the frame that was ended last
    failed_ns: int = 0
    located: list[bytes] = field(default_factory=list)
    space: int = 0


@dataclass
class _Images:
    phase: str = "released"
    drawn: bool = False


class Rules(Layer):
    """Watches every call. `broken` tells each break, as a name in RULES and what happened; `shown` the last frames.

    Calls go on to the runtime as they are, but for those that would hang or crash it.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, monkeypatch)
        self.broken: list[tuple[str, str]] = []
        self.shown: deque[Shown] = deque(maxlen=2000)
        self._handles = Handles()
        self._sessions: defaultdict[int, _Session] = defaultdict(_Session)
        self._images: defaultdict[int, _Images] = defaultdict(_Images)
        self._asked: set[int] = set()
        self._before: dict[str, Callable[..., bool | None]] = {
            "xrCreateSession": self._create_session,
            "xrBeginSession": self._begin_session,
            "xrEndSession": self._end_session,
            "xrAttachSessionActionSets": self._attach,
            "xrWaitFrame": self._wait,
            "xrSyncActions": self._sync,
            "xrBeginFrame": self._begin,
            "xrEndFrame": self._end,
            "xrLocateSpace": self._locate,
            "xrAcquireSwapchainImage": self._acquire,
            "xrWaitSwapchainImage": self._wait_image,
            "xrReleaseSwapchainImage": self._release,
            "xrLocateViews": self._locate,
            "xrLocateHandJointsEXT": self._locate,
        }
        self._after: dict[str, Callable[..., None]] = {
            "xrPollEvent": self._heard,
            "xrGetOpenGLGraphicsRequirementsKHR": self._graphics_asked,
            "xrBeginSession": self._session_begun,
            "xrEndSession": self._session_ended,
            "xrWaitFrame": self._waited,
            "xrBeginFrame": self._begun,
            "xrEndFrame": self._ended,
            "xrLocateViews": self._eyes_located,
        }

    def complaints(self) -> list[str]:
        """Every break of a rule as a sentence, and what went wrong in the watching."""
        broken = [f"{RULES[name]}: {what}" for name, what in self.broken]
        return broken + [repr(fault) for fault in self.faults]

    def ask_eyes(self, time_ns: int) -> list[bytes]:
        """Pose and fov of each eye at any time in the space shown last, as the runtime itself says now, packed."""
        latest = self._handles.latest
        wanted = xr.ViewLocateInfo(xr.ViewConfigurationType.PRIMARY_STEREO, time_ns)
        ctypes.c_void_p.from_buffer(wanted, xr.ViewLocateInfo.space.offset).value = self.shown[-1].layers[-1].space
        state, count, views = xr.ViewState(), ctypes.c_uint32(), (xr.View * 2)(xr.View(), xr.View())
        ask = self.find(latest("xrCreateInstance"), "xrLocateViews")
        places = [ctypes.addressof(each) for each in (wanted, state, count, views)]
        assert ask(latest("xrCreateSession"), *places[:2], 2, *places[2:]) == 0
        return packed(places[3], xr.View, 2)

    def called(self, name: str, onward: Onward, *arguments: int) -> int:
        """Hold a call against the rules."""
        if not self._may(name, arguments):
            return _INVALID
        if name in self._before and self._before[name](*arguments) is False:
            return _OUT_OF_ORDER
        result = onward(*arguments)
        if name in self._after:
            self._after[name](result, *arguments)
        self._follow(name, result, arguments)
        return result

    def _break(self, name: str, what: str = "") -> None:
        assert name in RULES
        self.broken.append((name, what))

    def _may(self, name: str, arguments: tuple[int, ...]) -> bool:
        """Whether a call is of things that still are; what is gone would crash the runtime."""
        fates = {self._handles.fate(handle) for handle in handles(name, arguments)}
        if "gone" in fates:
            self._break("gone is gone", name)
        elif "lost" in fates and not name.startswith("xrDestroy"):
            self._break("lost is left", name)
        return "gone" not in fates

    def _follow(self, name: str, result: int, arguments: tuple[int, ...]) -> None:
        if result in _LOST:
            self._handles.lose(arguments[0], whole=result == _INSTANCE_LOST)
        elif result == 0 and (made := self._handles.follow(name, arguments)):
            self._sessions.pop(made, None)
            self._images.pop(made, None)
            self._asked.discard(made)

    # What the session may do, by its states.

    def _heard(self, result: int, instance: int, buffer: int) -> None:
        for handle, session in self._sessions.items():
            if self._handles.has(instance, handle):
                session.heard = True
        if result == 0 and xr.BaseInStructure.from_address(buffer)._type == _STATE_CHANGED:
            event = xr.EventDataSessionStateChanged.from_address(buffer)
            self._sessions[ctypes.cast(event.session, ctypes.c_void_p).value or 0].state = event._state

    def _graphics_asked(self, result: int, instance: int, *_: int) -> None:
        if result == 0:
            self._asked.add(instance)

    def _create_session(self, instance: int, *_: int) -> None:
        if instance not in self._asked:
            self._break("graphics asked")

    def _begin_session(self, handle: int, *_: int) -> None:
        if self._sessions[handle].state != xr.SessionState.READY.value:
            self._break("begin in ready", f"in state {self._sessions[handle].state}")

    def _session_begun(self, result: int, handle: int, *_: int) -> None:
        self._sessions[handle].running |= result >= 0

    def _end_session(self, handle: int) -> None:
        if self._sessions[handle].state != xr.SessionState.STOPPING.value:
            self._break("end in stopping", f"in state {self._sessions[handle].state}")

    def _session_ended(self, result: int, handle: int) -> None:
        self._sessions[handle].running &= result < 0

    def _attach(self, handle: int, *_: int) -> None:
        if self._sessions[handle].attached:
            self._break("attached once")
        self._sessions[handle].attached = True

    # The order of a frame.

    def _wait(self, handle: int, *_: int) -> bool:
        session = self._sessions[handle]
        if not session.running:
            self._break("frames while running", "xrWaitFrame")
        if not session.heard:
            self._break("events every frame")
        if session.phase == "begun":
            self._break("one in flight")
        if session.phase == "waited":
            self._break("begin after wait", "two xrWaitFrame in a row, which would hang")
        session.heard = False
        return session.phase != "waited"

    def _waited(self, result: int, handle: int, _: int, state: int) -> None:
        if result >= 0:
            session, frame = self._sessions[handle], xr.FrameState.from_address(state)
            session.phase, session.synced, session.located = "waited", False, []
            session.time_ns, session.seen = frame.predicted_display_time, bool(frame.should_render)

    def _sync(self, handle: int, *_: int) -> None:
        session = self._sessions[handle]
        if session.phase != "waited":
            self._break("sync in its place", f"the frame is {session.phase}")
        elif session.synced:
            self._break("one sync")
        session.synced = True

    def _begin(self, handle: int, *_: int) -> None:
        if self._sessions[handle].phase != "waited":
            self._break("begin after wait", f"the frame is {self._sessions[handle].phase}")

    def _begun(self, result: int, handle: int, *_: int) -> None:
        if result >= 0:
            self._sessions[handle].phase = "begun"

    def _end(self, handle: int, request: int) -> None:
        session, told = self._sessions[handle], xr.FrameEndInfo.from_address(request)
        if told.display_time == session.failed_ns:
            self._break("no retry")
        elif session.phase != "begun":
            self._break("end after begin", f"the frame is {session.phase}")
        elif told.display_time != session.time_ns:
            self._break("time as waited", f"{told.display_time} for {session.time_ns}")
        if told.display_time <= session.last_ns != session.failed_ns:
            self._break("times rise", f"{told.display_time} after {session.last_ns}")
        session.last_ns = told.display_time
        self._show(handle, session, read_shown(request))

    def _ended(self, result: int, handle: int, request: int) -> None:
        session, time_ns = self._sessions[handle], xr.FrameEndInfo.from_address(request).display_time
        session.phase, session.failed_ns = "ended", time_ns if result < 0 else 0

    # What is located, and what is shown of it.

    def _locate(self, handle: int, *_: int) -> None:
        if not self._sessions[self._handles.line(handle)[-2]].time_ns:
            self._break("located after wait")

    def _eyes_located(self, result: int, handle: int, request: int, *rest: int) -> None:
        session, told = self._sessions[handle], xr.ViewLocateInfo.from_address(request)
        if told.display_time != session.time_ns:
            self._break("located for the frame", f"{told.display_time} for {session.time_ns}")
        if result >= 0 and rest[1]:
            session.space = ctypes.cast(told.space, ctypes.c_void_p).value or 0
            session.located = packed(rest[3], xr.View, 2)

    def _show(self, handle: int, session: _Session, shown: Shown) -> None:
        if shown.layers and not session.seen:
            self._break("nothing unseen", f"{len(shown.layers)} layers")
        for layer in shown.layers:
            if not all(self._images[number].drawn for number in layer.swapchains):
                self._break("images drawn", layer.kind)
            if layer.kind == "projection":
                self._show_eyes(session, layer, shown.blend)
        for number, images in self._images.items():
            if images.phase != "released" and self._handles.has(handle, number):
                self._break("no image held", images.phase)
        self.shown.append(shown)

    def _show_eyes(self, session: _Session, layer: ShownLayer, blend: int) -> None:
        if layer.eyes != session.located:
            self._break("eyes as located")
        if layer.space != session.space:
            self._break("space as located")
        if blend == _ALPHA_BLEND and not layer.flags & _SOURCE_ALPHA:
            self._break("alpha on demand")

    # Images.

    def _turn(self, handle: int, before: str, after: str, name: str) -> None:
        images = self._images[handle]
        if images.phase != before:
            self._break("images in turn", f"{name} when {images.phase}")
        images.phase = after

    def _acquire(self, handle: int, *_: int) -> None:
        self._turn(handle, "released", "acquired", "acquire")

    def _wait_image(self, handle: int, *_: int) -> None:
        self._turn(handle, "acquired", "ready", "wait")

    def _release(self, handle: int, *_: int) -> None:
        self._turn(handle, "ready", "released", "release")
        self._images[handle].drawn = True
