"""How the wood looks: in the light of a morning, and at dusk for children."""

from __future__ import annotations

from dataclasses import dataclass

from assets.build.evening import glowing
from assets.build.kit import Array
from assets.build.studio import Light

Palette = tuple[str, ...]


@dataclass(frozen=True)
class Look:
    """What makes the same wood a morning or an evening."""

    light: Light
    bark: Palette
    moss: str
    leaves: tuple[Palette, Palette]
    floor: Palette
    sunny: Palette
    sand: tuple[str, str]
    verge: str
    stone: Palette
    timber: tuple[str, str, str]
    fern: Palette
    blades: Palette
    petals: tuple[tuple[str, str], ...]
    hills: tuple[tuple[str, str], ...]
    lantern: str | Array
    roof: str
    leafiness: float = 1.0
    evening: bool = False


MORNING = Look(
    light=Light(
        to_sun=(-0.62, 0.64, -0.30),
        sun_strength=4.0,
        sun="#fff0c8",
        zenith="#cfe6c8",
        horizon="#fff3cf",
        sky_strength=0.74,
        gain=0.95,
    ),
    bark=("#94705a", "#b58c6e", "#d0aa88", "#e8caa6"),
    moss="#93ab55",
    leaves=(
        ("#5f9a4a", "#78b04e", "#98c458", "#bcd868", "#e2ec8a"),
        ("#8aae48", "#a9c44e", "#c8d45c", "#e4e074", "#f6ee9c"),
    ),
    floor=("#4f8044", "#64934a", "#82aa54", "#a6bc64", "#cfc884"),
    sunny=("#bfd46a", "#e2e68e"),
    sand=("#e9d4a4", "#d8bc86"),
    verge="#a9b45e",
    stone=("#b3aa96", "#cfc7b0", "#e4dcc6"),
    timber=("#9a7048", "#bd8f5f", "#d4ad7c"),
    fern=("#5f9440", "#78ab48", "#97c158", "#b8d46e"),
    blades=("#84a848", "#9cbb54", "#b8cf68", "#d2dc84"),
    petals=(("#fffaf0", "#f2c441"), ("#b9c2f2", "#fff0b8"), ("#fff2c8", "#f0b040"), ("#d8c0ee", "#ffe9a8")),
    hills=(("#a9c873", "#8fb868"), ("#9cc08a", "#86b088"), ("#90b89c", "#84ac9c")),
    lantern="#ffe7a6",
    roof="#c98048",
)

DUSK = Look(
    light=Light(
        to_sun=(-0.62, 0.56, -0.30),
        sun_strength=2.9,
        sun="#ffb9a4",
        zenith="#8a7cd0",
        horizon="#ffb4c0",
        sky_strength=0.84,
        gain=0.95,
    ),
    bark=("#594070", "#775488", "#9a72a4", "#c096c0"),
    moss="#4f8f9a",
    leaves=(
        ("#6a4a94", "#8457a6", "#a56cb4", "#c888bc", "#eaa8c0"),
        ("#4a5aa0", "#5a70b0", "#7090c0", "#90b4cc", "#b4d4d8"),
    ),
    floor=("#463f80", "#55498f", "#6a58a0", "#846cae", "#a084ba"),
    sunny=("#a888c2", "#d8a6c4"),
    sand=("#d9b0cc", "#c498c4"),
    verge="#7f6cac",
    stone=("#7a70a8", "#9a8ec4", "#bcb0dc"),
    timber=("#6f5080", "#94709a", "#ba94b4"),
    fern=("#3f7a94", "#4f94a4", "#6cb4b4", "#98d4c8"),
    blades=("#5a5aa2", "#6e6ab0", "#8a7fbe", "#b094cc"),
    petals=(("#ffe3f0", "#ffd27a"), ("#9fe0e0", "#fff0c0"), ("#ffd0b0", "#ffe9a8"), ("#d0b8f8", "#ffe0a0")),
    hills=(("#7a68b0", "#6a5ca8"), ("#9078ba", "#8070b4"), ("#a88cc4", "#9880bc")),
    lantern=glowing("#ffd98a", 4.0),
    roof="#5f6fc0",
    leafiness=0.76,
    evening=True,
)
