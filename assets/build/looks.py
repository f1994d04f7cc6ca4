"""The two times of day that orchard, harbour and lobby are built in, from the same shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from assets.build import dusk
from assets.build.apple_tree import CORE
from assets.build.kit import Array, Mesh, Paint
from assets.build.land import CLOUD
from assets.build.plants import BARK, FOLIAGE, bark
from assets.build.studio import Light

DAYLIGHT = Light(
    to_sun=(-0.83, 0.60, 0.18),
    sun_strength=3.6,
    sun="#ffe7c2",
    zenith="#a3c8ee",
    horizon="#ffedcf",
    sky_strength=0.64,
    gain=0.90,
)


@dataclass(frozen=True)
class Look:
    """What makes a time of day of the same place. `plenty` is the share of leaves, grass and flowers."""

    light: Light
    grass: Sequence[str]
    blades: Sequence[str]
    foliage: Mapping[str, Sequence[str]]
    core: Sequence[str]
    bark: Paint
    trunk: str
    sand: tuple[str, str]
    verge: str
    stones: Sequence[str]
    fruit: Sequence[str]
    blooms: Sequence[tuple[str, str, int]]
    stem: str
    hills: Sequence[tuple[str, str]]
    made: Callable[[Mesh], Mesh]
    cloud: Array
    plenty: float = 1.0


DAY = Look(
    light=DAYLIGHT,
    grass=("#648f47", "#789f53", "#8dae60", "#a4bc6e", "#b9ca7c"),
    blades=("#84ad58", "#97bd66", "#aecb78", "#c9d98e"),
    foliage=FOLIAGE,
    core=CORE,
    bark=bark,
    trunk=BARK[1],
    sand=("#ecd19c", "#dcb983"),
    verge="#a9bf72",
    stones=("#d8cfbd", "#efe6d2", "#f4ecdc"),
    fruit=("#d9503a", "#e88a3f", "#cf4436"),
    blooms=(
        ("#fff6e6", "#f2b441", 6), ("#f08a76", "#ffd98a", 5), ("#f6c64f", "#e8923c", 5), ("#a9a6e0", "#ffe9a8", 6)
    ),
    stem="#6d9f55",
    hills=(("#9abf68", "#7fa95a"), ("#86b070", "#6f9f66"), ("#74a47c", "#649678"), ("#6c9c98", "#5f9098")),
    made=lambda mesh: mesh,
    cloud=CLOUD,
)  # fmt: skip
EVENING = Look(
    light=dusk.LIGHT,
    grass=dusk.GROUND,
    blades=dusk.BLADES,
    foliage=dusk.FOLIAGE,
    core=("#5a3474", "#6f3f86", "#8a4a92", "#a8588f"),
    bark=dusk.bark,
    trunk=dusk.BARK[1],
    sand=("#f0c4cc", "#d3a0bc"),
    verge="#9a72ac",
    stones=("#a795d0", "#c6b4e0", "#e0d0ee"),
    fruit=("#ffc27a", "#8fe0d0", "#ffb08c"),
    blooms=(
        ("#ffe9f0", "#ffd27a", 6), ("#ff9cae", "#ffe0a0", 5), ("#ffcf7a", "#ff9c5c", 5), ("#9fe6e0", "#fff0c0", 6)
    ),
    stem="#7a5aa0",
    hills=dusk.HILLS,
    made=dusk.dipped,
    cloud=dusk.CLOUD,
    plenty=0.45,
)  # fmt: skip
