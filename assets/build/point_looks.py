"""How the point with the lighthouse looks: in a clear blue night, and in the dragon's violet one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from assets.build import dusk
from assets.build.evening import glowing
from assets.build.looks import DAY, EVENING
from assets.build.looks import Look as Times
from assets.build.studio import Light

NIGHT_WOOD = ("#1f3558", "#44608a", "#8aa0bc", "#d0d8e0")
EVENING_WOOD = ("#3b3572", "#675a9c", "#a78fc4", "#ecd4de")


@dataclass(frozen=True)
class Look:
    """The colours of one night; palettes run from shade to light. `times` is what all places share.

    `moon` is how much brighter than by dusk the moon is, `pool` how much light the lamps throw.
    """

    times: Times
    rock: tuple[str, ...]
    flags: tuple[str, ...]
    wall: tuple[str, ...]
    rose: tuple[str, str, str]
    needles: tuple[str, ...]
    trunk: tuple[str, ...]
    wood: tuple[str, str, str]
    metal: str
    lamp: str
    stars: int
    moon: float
    pool: float


NIGHT = Look(
    times=replace(
        DAY,
        light=Light(
            to_sun=(-0.78, 0.56, 0.10),
            sun_strength=1.55,
            sun="#c3d6ff",
            zenith="#5f86d8",
            horizon="#9db8e0",
            sky_strength=0.46,
            gain=0.95,
        ),
        grass=("#2c5a62", "#36686a", "#457a72", "#5a8f7c", "#74a48a"),
        blades=("#3f7472", "#528a7c", "#6aa088", "#93bf9c"),
        foliage={
            "sage": ("#23504f", "#2f6460", "#3f7a70", "#568f80", "#78aa94"),
            "lime": ("#2c5c5a", "#3c746a", "#528a76", "#70a288", "#96bf9c"),
            "autumn": ("#3c4c70", "#4e6088", "#687aa0", "#8a98b8", "#aab6d0"),
            "blossom": ("#6a5a88", "#84709c", "#a08ab0", "#bca6c4", "#d8c6d8"),
        },
        core=("#1f4648", "#2c5a58", "#3d706a", "#54887c"),
        bark=lambda points: dusk.bark(points) * (0.55, 0.8, 1.1),
        trunk="#3a4a68",
        stem="#3f7472",
        blooms=(
            ("#f6ecff", "#ffd98a", 6), ("#f5a6b4", "#ffe0a8", 5), ("#ffdf9c", "#e8a25c", 5), ("#b4b8f0", "#ffefc0", 6)
        ),
        hills=(("#3d6c8c", "#34607f"), ("#4a7a9c", "#40708f"), ("#5a8aac", "#507fa2")),
        made=lambda mesh: dusk.dipped(mesh, NIGHT_WOOD, 0.42, glowing("#ffb13c", 12.0)),
        cloud=np.array([0.62, 0.80, 1.16]),
    ),
    rock=("#3c4c66", "#566a84", "#7c90a4", "#aabac4"),
    flags=("#577088", "#728b9f", "#93a9b6", "#b9c9cc"),
    wall=("#48607c", "#668098", "#8aa2b2", "#b4c4c8"),
    rose=("#f0e2c0", "#8f9fc0", "#f08a6a"),
    needles=("#1f4a54", "#2b5c60", "#3a7070", "#528a80", "#78a890"),
    trunk=("#33415f", "#475a7a", "#627698", "#8496b4"),
    wood=("#5a6484", "#7c84a0", "#a4a6b8"),
    metal="#26405f",
    lamp="#ffce7a",
    stars=170,
    moon=2.6,
    pool=0.9,
)  # fmt: skip

DUSK = Look(
    times=replace(
        EVENING,
        light=replace(dusk.LIGHT, to_sun=(-0.78, 0.52, 0.10), sun_strength=2.1, zenith="#7d74cc", horizon="#e8a8c4"),
        hills=(("#7a68b0", "#6a5aa4"), ("#8672b8", "#7866ac"), ("#9680c2", "#8874b8")),
        made=lambda mesh: dusk.dipped(mesh, EVENING_WOOD, 0.38, glowing("#ffbe58", 6.0)),
        cloud=np.array([1.10, 0.84, 1.18]),
    ),
    rock=("#453a80", "#5f529a", "#8472b4", "#b09ccc"),
    flags=("#7a68a8", "#9682bc", "#b49ecc", "#d6c2de"),
    wall=("#5f5296", "#7d6cac", "#a08ac2", "#c8b2d6"),
    rose=("#ffe6c0", "#9a84c0", "#ff9fb0"),
    needles=("#3f3a84", "#4e4a94", "#625eaa", "#807cc0", "#a8a2d2"),
    trunk=("#4a3468", "#644a7e", "#866a9a", "#ae92b8"),
    wood=("#6a4c80", "#8e6c98", "#bc98b4"),
    metal="#5a3f86",
    lamp="#ffd28a",
    stars=120,
    moon=1.3,
    pool=0.35,
)
