"""Opens OpenGL through Panda3D, with or without a screen, and makes buffers to draw into."""

import os
import sys

from panda3d.core import (
    FrameBufferProperties,
    GraphicsEngine,
    GraphicsOutput,
    GraphicsPipe,
    GraphicsPipeSelection,
    WindowProperties,
    load_prc_file_data,
)

from engine.headset import HeadsetUnavailable

# The context stays current on the main thread (OpenXR needs it there) and nothing waits for a monitor. States go when
# nobody holds them: without ShowBase nobody would collect them, and each thing that moves leaves one a frame.
_CONFIGURATION = """
gl-version 3 2
threading-model
sync-video 0
garbage-collect-states 0
framebuffer-srgb 0
audio-library-name null
textures-power-2 none
text-minfilter linear
text-magfilter linear
notify-level-egldisplay fatal
notify-level-display error
notify-level-gltf error
"""
_LEAST_GLSL = 150
_TOO_LARGE = "the graphics driver refused a buffer of {} x {} pixels"


class NoGraphics(HeadsetUnavailable):
    """OpenGL cannot be had here; the message says why and which package would help."""


class Graphics:
    """An open OpenGL context: `engine`, `pipe`, `host` (the output that owns the context) and `gsg`.

    Make one with `offscreen` or `window`; `close` gives everything back and may be called twice.
    """

    def __init__(self, module: str, size: tuple[int, int], title: str | None) -> None:
        """Open a context in a Panda3D display module; with no title there is no window."""
        load_prc_file_data("steadyreach", _CONFIGURATION)
        pipe = GraphicsPipeSelection.get_global_ptr().make_module_pipe(module)
        if pipe is None or not pipe.is_valid():
            raise NoGraphics(f"Panda3D's display module {module} found no display")
        self.pipe: GraphicsPipe = pipe
        self.engine = GraphicsEngine()
        self._open = True
        self.host = self._open_host(size, title, module)
        self.gsg = self.host.gsg
        major, minor = self.gsg.driver_shader_version_major, self.gsg.driver_shader_version_minor
        if major * 100 + minor < _LEAST_GLSL:
            self.close()
            raise NoGraphics(f"OpenGL here speaks GLSL {major}.{minor}, and 1.50 (OpenGL 3.2) is the least")

    @classmethod
    def offscreen(cls) -> "Graphics":
        """Open without a screen: through EGL on Linux, else whatever the system has.

        Raises NoGraphics, naming what was tried and what to install, when there is none.
        """
        modules = ["p3headlessgl"] if sys.platform.startswith("linux") else ["pandagl"]
        if "pandagl" not in modules and os.environ.get("DISPLAY"):
            modules.append("pandagl")
        refusals = []
        for module in modules:
            try:
                return cls(module, (8, 8), None)
            except NoGraphics as reason:
                refusals.append(str(reason))
        raise NoGraphics(
            f"pictures need OpenGL 3.2, and none could be opened ({'; '.join(refusals)}); "
            "on Debian or Ubuntu install libegl1 and libgl1-mesa-dri, elsewhere a current graphics driver"
        )

    @classmethod
    def window(cls, size: tuple[int, int], title: str) -> "Graphics":
        """Open a window; raises NoGraphics when there is no screen to open it on."""
        if sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            raise NoGraphics("a window needs a screen, and DISPLAY is not set; start it from a desktop")
        try:
            return cls("pandagl", size, title)
        except NoGraphics as reason:
            raise NoGraphics(f"a window could not be opened ({reason}); check the graphics driver") from None

    def describe(self) -> str:
        """What draws here: the renderer and its version, as the driver names them."""
        return f"{self.gsg.driver_renderer}, OpenGL {self.gsg.driver_version}"

    def buffer(self, name: str, size: tuple[int, int], samples: int = 0) -> GraphicsOutput:
        """Make an output off screen of this size in pixels that shares the context; `samples` is for MSAA.

        It has alpha and a stencil, each of 8 bits. Raises NoGraphics when the driver refuses the size.
        """
        if max(size) > self.gsg.max_texture_dimension:  # Panda3D would give one that stays black
            raise NoGraphics(f"{_TOO_LARGE.format(*size)}; it has at most {self.gsg.max_texture_dimension} a side")
        properties = _frame_buffer(samples)
        properties.set_alpha_bits(8)
        properties.set_stencil_bits(8)
        output = self.engine.make_output(
            self.pipe, name, 0, properties, _sized(size),
            GraphicsPipe.BF_refuse_window, self.gsg, self.host,
        )  # fmt: skip
        self.engine.open_windows()
        if output is None or not output.is_valid():
            raise NoGraphics(_TOO_LARGE.format(*size))
        return output

    def close(self) -> None:
        """Close every output, the context and the connection to the screen."""
        if self._open:
            self._open = False
            self.engine.remove_all_windows()
            # The connection ends with the last reference to its pipe.
            del self.engine, self.host, self.gsg, self.pipe

    def _open_host(self, size: tuple[int, int], title: str | None, module: str) -> GraphicsOutput:
        properties, kind, flags = _sized(size), _frame_buffer(0), GraphicsPipe.BF_refuse_window
        if title is not None:
            properties.set_title(title)
            kind, flags = _frame_buffer(4), GraphicsPipe.BF_require_window
        if module == "pandagl":
            # Without a back buffer a window stays black, and one beside it would have a context of its own.
            kind.set_back_buffers(1)
        host = self.engine.make_output(self.pipe, "steadyreach", 0, kind, properties, flags)
        self.engine.open_windows()
        if host is None or not host.is_valid() or host.gsg is None:
            self.engine.remove_all_windows()
            raise NoGraphics(f"Panda3D's display module {module} could not open OpenGL 3.2")
        return host


def _frame_buffer(samples: int) -> FrameBufferProperties:
    properties = FrameBufferProperties()
    properties.set_rgba_bits(8, 8, 8, 0)
    properties.set_depth_bits(24)
    properties.set_multisamples(samples)
    return properties


def _sized(size: tuple[int, int]) -> WindowProperties:
    properties = WindowProperties()
    properties.set_size(*size)
    return properties
