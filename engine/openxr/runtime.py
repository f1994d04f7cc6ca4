"""Finds the OpenXR runtime, opens an instance on it, and finds its headset."""

import ctypes
import logging
import os
from contextlib import ExitStack
from typing import Any

os.environ.setdefault("XR_LOADER_DEBUG", "none")  # its complaints come back as exceptions; read at import

import xr

from engine.headset import HeadsetUnavailable
from engine.openxr.bindings import EXTENSIONS
from engine.openxr.quirks import cures

OPENGL = "XR_KHR_opengl_enable"
EGL = "XR_MNDX_egl_enable"
FLOOR = "XR_EXT_local_floor"
DEPTH = "XR_KHR_composition_layer_depth"
MASK = "XR_KHR_visibility_mask"
RATES = "XR_FB_display_refresh_rate"
PRESENCE = "XR_EXT_user_presence"
HANDS = "XR_EXT_hand_tracking"
HAND_SOURCE = "XR_EXT_hand_tracking_data_source"
TRACKERS = "XR_HTCX_vive_tracker_interaction"
_WANTED = {EGL, FLOOR, DEPTH, MASK, RATES, PRESENCE, HANDS, HAND_SOURCE, TRACKERS} | EXTENSIONS
_NEW, _OLD = xr.Version(1, 1, 0), xr.Version(1, 0, 0)
_OPAQUE = xr.EnvironmentBlendMode.OPAQUE.value
_SEE_THROUGH = (xr.EnvironmentBlendMode.ALPHA_BLEND.value, xr.EnvironmentBlendMode.ADDITIVE.value)
STEREO = xr.ViewConfigurationType.PRIMARY_STEREO

_log = logging.getLogger("steadyreach.openxr")


class Runtime:
    """An OpenXR instance and the head-mounted display it drives.

    `extensions` are the enabled ones, `new` says whether the instance speaks OpenXR 1.1, `cures` what has to be done
    about this runtime's faults. `sizes` are the recommended width and height in pixels of each eye, `largest` the
    greatest that it takes. `blend_mode` is how frames are shown, `see_through` how those are that show the room behind,
    0 where the runtime has no way. `hands` and `presence` say whether this very headset sees hands, and whether it is
    worn.
    """

    def __init__(self, closing: ExitStack) -> None:
        """Open the active runtime; `closing` gets what has to be given back.

        Raises HeadsetUnavailable when there is no runtime, no OpenGL in it, or no headset on it.
        """
        offered = _offered()
        if OPENGL not in offered:
            raise HeadsetUnavailable(
                f"the OpenXR runtime has no {OPENGL}: choose one that draws with OpenGL, such as "
                "SteamVR, Meta Link, Varjo or Monado, as the active runtime"
            )
        self.extensions = offered & (_WANTED | {OPENGL})
        self.instance, self.new = self._open()
        with ExitStack() as held:
            held.callback(xr.destroy_instance, self.instance)
            try:
                self._examine()
            except xr.ErrorResult as reason:
                raise HeadsetUnavailable(f"the OpenXR runtime does not say what it has: {reason}; restart it") from None
            kept = held.pop_all()
        if "keep instance" not in self.cures:
            closing.push(kept)

    def _open(self) -> tuple[xr.Instance, bool]:
        """Create the instance, without those extensions that the runtime lists and then refuses."""
        try:
            return _create(self.extensions)
        except xr.ExtensionNotPresentError:
            kept = {OPENGL}
            for extension in sorted(self.extensions - kept):
                try:
                    xr.destroy_instance(_create(kept | {extension})[0])
                except xr.ExtensionNotPresentError:
                    _log.warning("the OpenXR runtime lists %s and refuses it; going on without", extension)
                else:
                    kept.add(extension)
            self.extensions = kept
        try:
            return _create(self.extensions)
        except xr.ExtensionNotPresentError:
            raise HeadsetUnavailable(f"the OpenXR runtime lists {OPENGL} and refuses it: update it") from None

    def _examine(self) -> None:
        """Ask what this runtime is and what its headset can do."""
        properties = xr.get_instance_properties(self.instance)
        self.name = properties.runtime_name.decode("utf-8", "replace")
        version = xr.Version(properties.runtime_version)
        self.cures = cures(self.name, (version.major, version.minor, version.patch))
        self.system = self._find_system()
        self.description = f"{self._find_abilities()} on {self.name} {version}"
        self.sizes, self.largest = self._find_views()
        modes = [int(mode) for mode in xr.enumerate_environment_blend_modes(self.instance, self.system, STEREO)]
        self.blend_mode = _OPAQUE if _OPAQUE in modes or not modes else modes[0]
        self.see_through = next((mode for mode in _SEE_THROUGH if mode in modes), 0)

    def _find_system(self) -> int:
        try:
            system: int = xr.get_system(self.instance, xr.SystemGetInfo())
        except xr.FormFactorUnavailableError:
            raise HeadsetUnavailable(f"{self.name} finds no headset: connect it and switch it on") from None
        except xr.ErrorResult as reason:
            raise HeadsetUnavailable(f"{self.name} offers no headset with two eyes: {reason}") from None
        return system

    def _find_abilities(self) -> str:
        """Ask what this headset can do beyond the runtime, in one chain of structures; gives its name."""
        presence, hands = xr.SystemUserPresencePropertiesEXT(), xr.SystemHandTrackingPropertiesEXT()
        properties = xr.SystemProperties()
        asked = [(PRESENCE, presence), (HANDS, hands)]
        chain: Any = properties
        for extension, more in asked:
            if extension in self.extensions:
                chain._next = ctypes.cast(ctypes.pointer(more), ctypes.c_void_p)
                chain = more
        ask = xr.raw_functions.xrGetSystemProperties
        ask(self.instance, self.system, ctypes.byref(properties))
        self.presence, self.hands = bool(presence.supports_user_presence), bool(hands.supports_hand_tracking)
        self.most_layers = int(properties.graphics_properties.max_layer_count)
        name: str = properties.system_name.decode("utf-8", "replace")
        return name

    def _find_views(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        views = xr.enumerate_view_configuration_views(self.instance, self.system, STEREO)
        sizes = [(view.recommended_image_rect_width, view.recommended_image_rect_height) for view in views]
        if len(sizes) != 2 or not all(width and height for width, height in sizes):
            said = " and ".join(f"{width} x {height}" for width, height in sizes) or "none"
            raise HeadsetUnavailable(f"{self.name} asks for images of {said} pixels: restart it, or its headset")
        return sizes, [(view.max_image_rect_width, view.max_image_rect_height) for view in views]


def _create(extensions: set[str]) -> tuple[xr.Instance, bool]:
    """An instance, and whether it speaks OpenXR 1.1."""
    for version in (_NEW, _OLD):
        application = xr.ApplicationInfo(
            application_name="Steadyreach",
            engine_name="Steadyreach",
            engine_version=1,
            api_version=version,
        )
        request = xr.InstanceCreateInfo(application_info=application, enabled_extension_names=sorted(extensions))
        try:
            return xr.create_instance(request), version == _NEW
        except xr.ApiVersionUnsupportedError:
            continue
        except xr.ExtensionNotPresentError:
            raise
        except xr.ErrorResult as reason:
            raise HeadsetUnavailable(
                "the OpenXR runtime does not answer: start SteamVR, the headset's own software or "
                f"monado-service, then try again ({reason})"
            ) from None
    raise HeadsetUnavailable("the OpenXR runtime speaks neither OpenXR 1.1 nor 1.0: update it")


def _offered() -> set[str]:
    try:
        found = xr.enumerate_instance_extension_properties()
    except xr.ErrorResult as reason:
        raise HeadsetUnavailable(
            "no OpenXR runtime is active on this computer: install SteamVR, the headset's own software or "
            f"Monado, and make it the active OpenXR runtime ({reason})"
        ) from None
    return {extension.extension_name.decode("ascii", "replace") for extension in found}
