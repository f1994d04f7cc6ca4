"""Finds the OpenXR runtime, opens an instance on it, and finds its headset."""

import os
from contextlib import ExitStack

os.environ.setdefault("XR_LOADER_DEBUG", "none")  # its complaints come back as exceptions; read at import

import xr

from engine.headset import HeadsetUnavailable

EGL = "XR_MNDX_egl_enable"
FLOOR = "XR_EXT_local_floor"
_CONTROLLERS = {
    "XR_BD_controller_interaction",
    "XR_EXT_hp_mixed_reality_controller",
    "XR_FB_touch_controller_pro",
    "XR_HTC_vive_cosmos_controller_interaction",
    "XR_HTC_vive_focus3_controller_interaction",
    "XR_META_touch_controller_plus",
}
_OPENGL = "XR_KHR_opengl_enable"
_NEW, _OLD = xr.Version(1, 1, 0), xr.Version(1, 0, 0)
STEREO = xr.ViewConfigurationType.PRIMARY_STEREO


class Runtime:
    """An OpenXR instance and the head-mounted display it drives.

    `extensions` are the enabled ones, `new` says whether the instance speaks OpenXR 1.1, `sizes` are the
    recommended width and height in pixels of each eye.
    """

    def __init__(self, closing: ExitStack) -> None:
        """Open the active runtime; `closing` gets what has to be given back.

        Raises HeadsetUnavailable when there is no runtime, no OpenGL in it, or no headset on it.
        """
        self.extensions = _offered() & ({EGL, FLOOR, _OPENGL} | _CONTROLLERS)
        if _OPENGL not in self.extensions:
            raise HeadsetUnavailable(
                f"the OpenXR runtime has no {_OPENGL}: choose one that draws with OpenGL, such as "
                "SteamVR, Meta Link, Varjo or Monado, as the active runtime"
            )
        self.instance, self.new = self._create()
        closing.callback(xr.destroy_instance, self.instance)
        properties = xr.get_instance_properties(self.instance)
        name = properties.runtime_name.decode("utf-8", "replace")
        try:
            self.system = xr.get_system(self.instance, xr.SystemGetInfo())
        except xr.FormFactorUnavailableError:
            raise HeadsetUnavailable(f"{name} finds no headset: connect it and switch it on") from None
        except xr.ErrorResult as reason:
            raise HeadsetUnavailable(f"{name} offers no headset with two eyes: {reason}") from None
        system = xr.get_system_properties(self.instance, self.system).system_name.decode("utf-8", "replace")
        self.description = f"{system} on {name} {xr.Version(properties.runtime_version)}"
        views = xr.enumerate_view_configuration_views(self.instance, self.system, STEREO)
        self.sizes = [(view.recommended_image_rect_width, view.recommended_image_rect_height) for view in views]

    def _create(self) -> tuple[xr.Instance, bool]:
        for version in (_NEW, _OLD):
            application = xr.ApplicationInfo(
                application_name="Steadyreach",
                engine_name="Steadyreach",
                engine_version=1,
                api_version=version,
            )
            request = xr.InstanceCreateInfo(
                application_info=application, enabled_extension_names=sorted(self.extensions)
            )
            try:
                return xr.create_instance(request), version == _NEW
            except xr.ApiVersionUnsupportedError:
                continue
            except xr.ErrorResult:
                raise HeadsetUnavailable(
                    "the OpenXR runtime does not answer: start SteamVR, the headset's own software or "
                    "monado-service, then try again"
                ) from None
        raise HeadsetUnavailable("the OpenXR runtime speaks neither OpenXR 1.1 nor 1.0: update it")


def _offered() -> set[str]:
    try:
        found = xr.enumerate_instance_extension_properties()
    except xr.ErrorResult:
        raise HeadsetUnavailable(
            "no OpenXR runtime is active on this computer: install SteamVR, the headset's own software or "
            "Monado, and make it the active OpenXR runtime"
        ) from None
    return {extension.extension_name.decode("ascii", "replace") for extension in found}
