"""A small OpenXR program that keeps every rule, in steps that a test can leave out, repeat or spoil."""

import ctypes
import time
from typing import Any

import xr

from engine.openxr.binding import binding

OPENGL, EGL = "XR_KHR_opengl_enable", "XR_MNDX_egl_enable"
_STEREO = xr.ViewConfigurationType.PRIMARY_STEREO
_SIZE = 64


class Program:
    """A session with two empty images, made with pyopenxr's own functions; `frame` makes a whole frame."""

    extensions = (OPENGL, EGL)

    def __init__(self) -> None:
        self.open()

    def open(self, bound: Any = None) -> None:
        """Create the session on the current context; with a `bound` one the runtime is not asked what it needs."""
        self.instance = xr.create_instance(xr.InstanceCreateInfo(enabled_extension_names=[*self.extensions]))
        self.system = xr.get_system(self.instance, xr.SystemGetInfo())
        self.bound = bound or binding(self)  # type: ignore[arg-type]  # it is as much of a Runtime as is looked at
        self.session = xr.create_session(self.instance, xr.SessionCreateInfo(system_id=self.system, next=self.bound))
        self.space, self.other = (
            xr.create_reference_space(self.session, xr.ReferenceSpaceCreateInfo(kind))
            for kind in (xr.ReferenceSpaceType.LOCAL, xr.ReferenceSpaceType.STAGE)
        )
        self.chains = [self._chain() for _ in range(2)]
        self._set = xr.create_action_set(self.instance, xr.ActionSetCreateInfo("set", "Set", priority=0))
        self.attach()
        self.state, self.time_ns = 0, 0

    def attach(self) -> None:
        """Attach the actions, of which there are none."""
        xr.attach_session_action_sets(self.session, xr.SessionActionSetsAttachInfo(action_sets=[self._set]))

    def poll(self) -> None:
        """Hear all events."""
        while True:
            try:
                event = xr.poll_event(self.instance)
            except xr.EventUnavailable:
                return
            if event.type == xr.StructureType.EVENT_DATA_SESSION_STATE_CHANGED:
                self.state = xr.EventDataSessionStateChanged.from_buffer(event).state

    def start(self) -> "Program":
        """Begin the session when it is ready."""
        while self.state != xr.SessionState.READY:
            self.poll()
            time.sleep(0.005)
        xr.begin_session(self.session, xr.SessionBeginInfo(_STEREO))
        return self

    def run(self) -> "Program":
        """Begin, and go on until the session is seen."""
        self.start()
        while self.state != xr.SessionState.FOCUSED:
            self.poll()
            self.wait()
            self.begin()
            self.end(layers=False)
        self.poll()
        return self

    def frame(self) -> None:
        """A whole frame, as the rules want it."""
        self.poll()
        self.wait()
        self.sync()
        self.begin()
        self.draw()
        self.locate()
        self.end()

    def wait(self) -> None:
        """Wait for a frame."""
        self.time_ns = xr.wait_frame(self.session, xr.FrameWaitInfo()).predicted_display_time

    def sync(self) -> None:
        """Ask for the input."""
        wanted = [xr.ActiveActionSet(self._set, xr.NULL_PATH)]
        xr.sync_actions(self.session, xr.ActionsSyncInfo(active_action_sets=wanted))

    def begin(self) -> None:
        """Begin the frame."""
        xr.begin_frame(self.session, xr.FrameBeginInfo())

    def locate(self, later_ns: int = 0) -> None:
        """Find the eyes."""
        request = xr.ViewLocateInfo(_STEREO, self.time_ns + later_ns, self.space)
        _, self.views = xr.locate_views(self.session, request)

    def draw(self) -> None:
        """Draw nothing into both images."""
        for chain in self.chains:
            xr.acquire_swapchain_image(chain, xr.SwapchainImageAcquireInfo())
            xr.wait_swapchain_image(chain, xr.SwapchainImageWaitInfo(xr.INFINITE_DURATION))
            xr.release_swapchain_image(chain, xr.SwapchainImageReleaseInfo())

    def end(self, time_ns: int = 0, *, layers: bool = True, space: Any = None, blend: str = "OPAQUE") -> None:
        """End the frame, with both eyes or nothing."""
        request = xr.FrameEndInfo(time_ns or self.time_ns, xr.EnvironmentBlendMode[blend])
        if layers:
            rectangle = xr.Rect2Di(xr.Offset2Di(0, 0), xr.Extent2Di(_SIZE, _SIZE))
            eyes = [
                xr.CompositionLayerProjectionView(view.pose, view.fov, xr.SwapchainSubImage(chain, rectangle))
                for view, chain in zip(self.views, self.chains, strict=True)
            ]
            shown = xr.CompositionLayerProjection(space=space or self.space, views=eyes)
            request.layers = [ctypes.byref(shown)]
        xr.end_frame(self.session, request)

    def close(self) -> None:
        """Give everything back."""
        xr.destroy_instance(self.instance)

    def _chain(self) -> Any:
        use = xr.SwapchainUsageFlags.COLOR_ATTACHMENT_BIT
        request = xr.SwapchainCreateInfo(
            usage_flags=use, format=0x8C43, sample_count=1, width=_SIZE, height=_SIZE,
            face_count=1, array_size=1, mip_count=1,
        )  # fmt: skip
        return xr.create_swapchain(self.session, request)
