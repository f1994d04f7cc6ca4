"""How the launch site looks: on a clear morning, and at dusk for children."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.build.evening import glowing
from assets.build.kit import Array
from assets.build.launch_site import Paints
from assets.build.plants import BARK, FOLIAGE
from assets.build.studio import Light

Palette = tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """What makes the same valley a morning or an evening."""

    light: Light
    paints: Paints
    grass: Palette
    sand: tuple[str, str]
    verge: str
    bark: Palette
    trees: tuple[Palette, Palette, Palette]
    blades: Palette
    petals: tuple[tuple[str, str], ...]
    hills: tuple[tuple[str, str], ...]
    flags: Palette
    socks: tuple[str, str]
    cloud: Array | None = None
    leafiness: float = 1.0
    evening: bool = False


MORNING = Look(
    light=Light(
        to_sun=(-0.66, 0.60, 0.45),
        sun_strength=3.5,
        sun="#ffebcd",
        zenith="#a6cdf0",
        horizon="#ffefd8",
        sky_strength=0.64,
        gain=0.90,
    ),
    paints=Paints(
        stone=("#bdb2a4", "#d9cfbf", "#efe7d8"),
        ring="#e8795c",
        frame="#3d8c9c",
        brace="#fbeedb",
        wall="#fdf1df",
        roof="#4f9fae",
        timber=("#a97a52", "#cfa470", "#e2c193"),
        glass="#ffe7a6",
        socket="#4d6a74",
        hose="#e3b35b",
    ),
    grass=("#6fa256", "#84b25f", "#9cc26c", "#b4d07b", "#cadd8c"),
    sand=("#efd8ab", "#e2c390"),
    verge="#a7c371",
    bark=BARK,
    trees=(FOLIAGE["sage"], FOLIAGE["lime"], FOLIAGE["sage"]),
    blades=("#84ad58", "#97bd66", "#aecb78", "#c9d98e"),
    petals=(("#fff6e6", "#f2b441"), ("#a9c4ee", "#ffe9a8"), ("#f6c64f", "#e8923c"), ("#f3a08c", "#ffe0a0")),
    hills=(("#98c070", "#7fae66"), ("#86b586", "#70a582"), ("#74a69a", "#66a0a0"), ("#6c9fb0", "#5f97b0")),
    flags=("#e8694a", "#fff3df", "#4fa3ad", "#f2c25a"),
    socks=("#e8694a", "#fff3df"),
)

DUSK = Look(
    light=Light(
        to_sun=(-0.66, 0.50, 0.45),
        sun_strength=2.5,
        sun="#ffc2a0",
        zenith="#7a70c8",
        horizon="#ffb8b4",
        sky_strength=0.66,
        gain=0.92,
    ),
    paints=Paints(
        stone=("#7f74a8", "#a096c8", "#c3b6e0"),
        ring="#ff9a7c",
        frame="#4a6aa8",
        brace="#d8c6f0",
        wall="#e2d3f4",
        roof="#5f8fc0",
        timber=("#7a5a80", "#a07a9c", "#c49ab4"),
        glass=glowing("#ffd98a"),
        socket="#453a70",
        hose="#f2b070",
    ),
    grass=("#4a4d92", "#575a9e", "#6a66aa", "#7f74b4", "#978ac0"),
    sand=("#d9b6d0", "#c79cc4"),
    verge="#7f74b4",
    bark=("#4b3860", "#66486f", "#8a6290", "#a87ba4"),
    trees=(
        ("#4b4a94", "#5b58a6", "#7169b6", "#8a7cc4", "#a894d2"),
        ("#7a4a94", "#8f58a2", "#a96aae", "#c482b8", "#dba0c4"),
        ("#3d6a94", "#4a7ea4", "#5c96b2", "#78aec0", "#9cc8ce"),
    ),
    blades=("#5a5aa2", "#6e6ab0", "#8a7fbe", "#a894cc"),
    petals=(("#ffe3f0", "#ffd27a"), ("#9fe0e0", "#fff0c0"), ("#ffb9a0", "#ffe9a8"), ("#c9b0f0", "#ffe0a0")),
    hills=(("#5d5fa6", "#5153a0"), ("#6a66ae", "#5d5ca8"), ("#7f74b6", "#7069b2"), ("#9a86be", "#8578b8")),
    flags=("#ff9a7c", "#ffe2c2", "#5fc0b8", "#ffc46b"),
    socks=("#ff9a7c", "#ffe9d8"),
    cloud=np.array([1.30, 0.92, 1.12]),
    leafiness=0.4,
    evening=True,
)
