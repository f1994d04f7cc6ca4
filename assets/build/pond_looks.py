"""How the pond looks: on a clear morning, and at dusk for children."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assets.build import dusk
from assets.build.flamingo import MOON, ROSE, Plumage
from assets.build.looks import DAY, EVENING
from assets.build.looks import Look as Times
from assets.build.studio import Light


@dataclass(frozen=True)
class Look:
    """The colours of one version of the pond; palettes run from shade to light. `times` is what all places share."""

    times: Times
    boards: tuple[str, str, str]
    rope: str
    mud: tuple[str, str, str]
    stone: tuple[str, str, str, str]
    reed: tuple[str, ...]
    rush: tuple[str, str]
    willow: tuple[str, ...]
    pad: tuple[str, str, str]
    petals: tuple[str, str, str]
    birds: Plumage
    lamp: str
    dusk: bool = False


MORNING = Look(
    times=replace(
        DAY,
        light=Light(
            to_sun=(0.72, 0.52, -0.46),
            sun_strength=3.4,
            sun="#ffe4bc",
            zenith="#a9cdec",
            horizon="#fff0d8",
            sky_strength=0.74,
            gain=0.90,
        ),
        grass=("#5f8f52", "#739f5c", "#8bb068", "#a6c078", "#c0cf8a"),
        hills=(("#9cc08a", "#86b080"), ("#90b89a", "#7fa98c"), ("#8cb2ac", "#7ea6a2")),
    ),
    boards=("#a8794f", "#c89a69", "#dfbd8d"),
    rope="#efe0bd",
    mud=("#8a7a56", "#a49468", "#bcae80"),
    stone=("#8d8676", "#aaa38f", "#c6bfa8", "#e0d9c2"),
    reed=("#6f8f48", "#8aa654", "#a8bc68", "#c8d084"),
    rush=("#7a4a30", "#a06a44"),
    willow=("#6f9650", "#86aa58", "#a2be68", "#c2d280", "#dce2a0"),
    pad=("#4f8a58", "#6aa568", "#96c080"),
    petals=("#ea6a92", "#f79ab2", "#ffdce0"),
    birds=ROSE,
    lamp="#fff0c4",
)
DUSK = Look(
    times=replace(
        EVENING,
        light=replace(dusk.LIGHT, to_sun=(0.72, 0.46, -0.46), sun_strength=2.3),
        hills=(("#8a74b4", "#7a66a8"), ("#967fbc", "#8672b2"), ("#a48cc6", "#967ebc")),
    ),
    boards=dusk.TIMBER[1:],
    rope="#e0c0cc",
    mud=("#574a86", "#6a5a96", "#8270a8"),
    stone=("#5f5494", "#7d70ac", "#a294c4", "#cabcdc"),
    reed=("#4f6a9a", "#6284a8", "#82a4b8", "#b0c4c8"),
    rush=("#7a4478", "#a8648e"),
    willow=("#46639e", "#5878b4", "#7290c4", "#96a8d4", "#c0bce0"),
    pad=("#3f7a8c", "#579a9c", "#8cc0b4"),
    petals=("#d070c8", "#f49ace", "#ffe2d8"),
    birds=MOON,
    lamp="#ffd28a",
    dusk=True,
)
CLEAR = replace(MORNING, stone=("#101010", "#ffffff", "#ffffff", "#ffffff"), reed=("#ffffff",) * 4)
"""Of a stone to be painted over: the ring that is cut into it is dark and stays so."""
