"""How the meadow looks: by day, and at dusk for children."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assets.build.birches import BIRCH
from assets.build.kit import Mesh
from assets.build.land import CLOUD
from assets.build.open_air import Paints
from assets.build.plush import duck, hedgehog, lamb, rabbit
from assets.build.studio import Light


@dataclass(frozen=True)
class Look:
    """The colours and the light of one version of the meadow.

    Palettes run from shade to light; `petals` are pairs of petal and heart, `groves` those of the far trees.
    """

    light: Light
    ground: tuple[str, ...]
    sand: tuple[str, str]
    verge: str
    blades: tuple[str, ...]
    petals: tuple[tuple[str, str], ...]
    birch: tuple[str, ...]
    bark: tuple[str, ...]
    groves: tuple[tuple[str, ...], ...]
    hills: tuple[tuple[str, str], ...]
    cloud: tuple[float, float, float]
    paints: Paints
    balloon: tuple[str, ...]
    toys: tuple[Mesh, ...]
    dusk: bool = False


DAY = Look(
    light=Light(
        to_sun=(-0.70, 0.62, 0.36),
        sun_strength=3.6,
        sun="#ffe9c8",
        zenith="#a9ccee",
        horizon="#fff0d6",
        sky_strength=0.66,
        gain=0.90,
    ),
    ground=("#6a9e46", "#80b050", "#97c060", "#b1cf70", "#cbdd86"),
    sand=("#eed7a6", "#dfbf8c"),
    verge="#a2c068",
    blades=("#7cae50", "#92be5e", "#aacc72", "#c8dc8a"),
    petals=(
        ("#fff6e6", "#f2b441"), ("#f0705c", "#6a4a4a"), ("#f6c64f", "#e8923c"), ("#8f9fe6", "#ffe9a8"),
        ("#f29ab0", "#ffe9a8"),
    ),
    birch=("#7fae50", "#96c15c", "#b2d26c", "#cfe183", "#e0ea9e"),
    bark=BIRCH,
    groves=(
        ("#5f8f4c", "#6d9f55", "#7fae57", "#98c163", "#b3cf6b"),
        ("#7c9f45", "#98b84f", "#b3cf6b", "#cfdc7c", "#dce592"),
        ("#d99aa0", "#e6aeb0", "#f0c4c0", "#f7d8d0", "#fbe9e0"),
    ),
    hills=(("#9cc462", "#80ae56"), ("#84b26c", "#6ea064"), ("#78a894", "#689a94")),
    cloud=tuple(CLOUD),
    paints=Paints(
        deck=("#b9885a", "#d0a06f", "#e2bb8a"),
        rim="#a8754a",
        post=("#a5784f", "#c69a6a", "#dbb98a"),
        cloth=("#e2694a", "#fff1d9", "#5fa9a4", "#f2b950", "#f08e78"),
        cord="#8a6a50",
        paper="#efe2c8",
        straw=("#d9a94e", "#ecc66c", "#f6dc96"),
        strap="#e2694a",
        leaf=("#5f9448", "#79ab54", "#98c163", "#b9d67c"),
        bloom=("#f08a76", "#fff1dc", "#f6c64f", "#f2a0b0", "#e2694a"),
    ),
    balloon=("#e2694a", "#fbeedb", "#5fa9a4", "#fbeedb"),
    toys=(
        rabbit("#f3e2cb", "#f2b8a4"), duck("#f8d765", "#f0923c"), lamb("#fff4e2", "#7a6258"),
        hedgehog("#8a6248", "#f0d2a8"), rabbit("#b98d6c", "#f2c4ae"), duck("#fdf2dd", "#f0a23c"),
    ),
)  # fmt: skip

DUSK = replace(
    DAY,
    light=Light(
        to_sun=(-0.83, 0.50, -0.10),
        sun_strength=2.3,
        sun="#ffc79a",
        zenith="#8f7fd0",
        horizon="#ffc0b4",
        sky_strength=0.70,
        gain=0.94,
    ),
    ground=("#4f4a86", "#5d5796", "#6f64a4", "#8a74b0", "#a584b4"),
    sand=("#e3b6c8", "#c99ac0"),
    verge="#8a74b0",
    blades=("#5f6aa8", "#7a78b8", "#a07fb8", "#c48fb4"),
    petals=(
        ("#ffe3f0", "#ffd46b"), ("#ff9fb0", "#ffe08a"), ("#ffd08a", "#ff9c5c"), ("#9fd8e6", "#fff0b8"),
        ("#d9a8f0", "#fff0b8"),
    ),
    birch=("#8f5296", "#ab629c", "#c87aaa", "#e49cb4", "#f6bcbc"),
    bark=("#5a4668", "#b59cc0", "#e0cade", "#f2e0ea"),
    groves=(
        ("#6a4a94", "#7d55a0", "#966aae", "#b482b8", "#cf9ac0"),
        ("#8a4a8c", "#a8558f", "#c46a9c", "#e08aa6", "#f0a6ae"),
        ("#44649c", "#5078ac", "#6a94b8", "#8ab4c8", "#a8d0d4"),
    ),
    hills=(("#6f62a6", "#5f5496"), ("#7a66ae", "#6a58a0"), ("#947ab8", "#846cb0")),
    cloud=(1.25, 0.92, 1.02),
    paints=Paints(
        deck=("#8a5f7c", "#a87a90", "#c496a4"),
        rim="#7a4f78",
        post=("#7a5478", "#966a8c", "#b486a0"),
        cloth=("#ff9c6c", "#ffe3c8", "#5fc4bc", "#ffd27a", "#e884a8"),
        cord="#5f4470",
        paper="#c8b2d0",
        straw=("#9a6c9c", "#b884ac", "#d4a0bc"),
        strap="#5fc4bc",
        leaf=("#4f7a9c", "#5f9cac", "#7cbcb8", "#a4d8c8"),
        bloom=("#ff9fb0", "#fff0d8", "#ffd06b", "#d9a8f0", "#ff8f6c"),
    ),
    balloon=("#f28a6c", "#ffe3c8", "#8a6ac0", "#ffe3c8"),
    toys=(
        rabbit("#f0dcec", "#ffb0b8"), duck("#ffdf8a", "#ff9c5c"), lamb("#fbeaf4", "#7a5a8c"),
        hedgehog("#6a5090", "#f0cfd8"), rabbit("#a88ac8", "#ffc0c0"), duck("#bfe6e0", "#ffb06b"),
    ),
    dusk=True,
)  # fmt: skip
