"""Video files, written picture by picture with PyAV, which brings FFmpeg along; a file appears whole or not at all."""

import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_CODECS: Mapping[str, tuple[str, ...]] = {
    ".mp4": ("libx264", "libvpx-vp9"),
    ".webm": ("libvpx-vp9",),
    ".webp": ("libwebp_anim",),
}
"""By how a file's name ends: the encoder to use, and what to use where FFmpeg was built without it."""
_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "libx264": {"crf": "21", "preset": "fast"},
    "libvpx-vp9": {"crf": "33", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"},
    "libwebp_anim": {"compression_level": "6", "quality": "72"},
}
_BT_709 = 1  # as ITU-T H.273 numbers it; a player takes a file that does not say for BT.709 if it is large
_FOREVER: Mapping[str, Mapping[str, str]] = {".webp": {"loop": "0"}}


class VideoRefused(Exception):
    """A video that cannot be written; the message says why and what would help, in one sentence."""


class Video:
    """A video file of `size` pixels (both even), to be used in a `with` statement, which finishes it.

    Its name ends in .mp4, .webm or .webp. Raises VideoRefused, and leaves no file where the statement is left by an
    exception.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate_hz: float, quality: int | None = None) -> None:
        """Begin the file; `quality` (0 to 100) is that of .webp."""
        self.codec = _codec(path)
        if any(side < 2 or side % 2 for side in size):
            raise VideoRefused(f"a video of {size[0]}x{size[1]} cannot be written: width and height must be even")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._part = path, path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
        options = dict(_OPTIONS[self.codec]) | ({} if quality is None else {"quality": str(quality)})
        self._file: Any = _av().open(str(self._part), "w", container_options=dict(_FOREVER.get(path.suffix, {})))
        self._stream = self._file.add_stream(self.codec, rate=Fraction(rate_hz).limit_denominator(1001))
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt, self._stream.options = "yuv420p", options
        self._colours: dict[str, Any] = {}
        if path.suffix != ".webp":  # which is BT.601 by its definition
            self._colours = {"dst_colorspace": "ITU709"}
            self._stream.codec_context.colorspace = _BT_709

    def __enter__(self) -> Self:
        return self

    def write(self, pixels: Pixels, times: int = 1) -> None:
        """Add a picture (height x width x 3, top row first), which is shown for so many times as long as one is."""
        picture = _av().VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
        picture = picture.reformat(format="yuv420p", **self._colours)
        for _ in range(times):
            picture.pts = None
            self._file.mux(self._stream.encode(picture))

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is None:
                self._file.mux(self._stream.encode())
            self._file.close()
            if kind is None:
                self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)


def _codec(path: Path) -> str:
    if path.suffix not in _CODECS:
        raise VideoRefused(f"the name of the video {path} must end in {', '.join(_CODECS)}")
    there = _av().codecs_available
    for codec in _CODECS[path.suffix]:
        if codec in there:
            return codec
    raise VideoRefused(f"FFmpeg here has no encoder for {path.suffix}: try another of {', '.join(_CODECS)}")


def _av() -> Any:
    try:
        import av
    except ImportError:
        raise VideoRefused("videos need PyAV, which is not installed: run pip install steadyreach[video]") from None
    return av
