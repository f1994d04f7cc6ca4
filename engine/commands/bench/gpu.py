"""A clock of the graphics card: how long it worked on what was drawn (OpenGL 3.3, ARB_timer_query)."""

import ctypes
from typing import Any

_TIME_ELAPSED, _RESULT = 0x88BF, 0x8866


class Timer:
    """Measures what is drawn within `with`, in the context that is current; Linux alone."""

    def __init__(self) -> None:
        try:
            self._gl: Any = ctypes.CDLL("libGL.so.1")
        except OSError:  # without X
            self._gl = ctypes.CDLL("libOpenGL.so.0")
        self._query = ctypes.c_uint()
        self._gl.glGenQueries(1, ctypes.byref(self._query))

    def __enter__(self) -> None:
        self._gl.glFinish()
        self._gl.glBeginQuery(_TIME_ELAPSED, self._query)

    def __exit__(self, *_: object) -> None:
        self._gl.glEndQuery(_TIME_ELAPSED)

    def milliseconds(self) -> float:
        """How long the last took; waits until it is done."""
        found = ctypes.c_uint64()
        self._gl.glGetQueryObjectui64v(self._query, _RESULT, ctypes.byref(found))
        return found.value / 1e6
