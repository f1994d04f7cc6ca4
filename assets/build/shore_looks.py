"""How the shore looks: in late daylight, and at dusk for children."""

from __future__ import annotations

from dataclasses import dataclass, replace

from assets.build.beach import Sand
from assets.build.studio import Light


@dataclass(frozen=True)
class Look:
    """The colours and the light of one version of the shore; palettes run from shade to light."""

    light: Light
    sand: Sand
    rock: tuple[str, ...]
    turf: tuple[str, ...]
    pine: tuple[str, ...]
    wood: tuple[str, ...]
    blades: tuple[str, ...]
    log: tuple[str, ...]
    shells: tuple[tuple[str, str], ...]
    hills: tuple[tuple[str, str], ...]
    cloud: tuple[float, float, float]
    hull: tuple[str, str, str]
    walls: tuple[str, str, str]
    dusk: bool = False


DAY = Look(
    light=Light(
        to_sun=(0.80, 0.46, -0.38),
        sun_strength=3.5,
        sun="#ffdba6",
        zenith="#b4c8e6",
        horizon="#ffe6c4",
        sky_strength=0.78,
        gain=0.92,
    ),
    sand=Sand(("#dcb583", "#ecca98", "#f6dcae", "#fdeac6"), ("#b98f66", "#cba176"), ("#a5a862", "#bcb56e", "#d3c888")),
    rock=("#8f6a58", "#b98a6a", "#d9ac84", "#f2d0a4"),
    turf=("#7f9a58", "#9db066", "#bcc47a", "#d6d48e"),
    pine=("#54804f", "#688f55", "#80a45f", "#9fb96c", "#bfcd7e"),
    wood=("#7d4c3c", "#9f6549", "#c08660", "#d8a67c"),
    blades=("#8f9f5a", "#acb068", "#c8c27c", "#e2d798"),
    log=("#a58c78", "#cdb79c", "#e8d8bc", "#f6ead2"),
    shells=(("#fff4e4", "#f0a08c"), ("#fbe3c8", "#d98a6a"), ("#f6a07c", "#e2694a"), ("#f7c65a", "#ea9640")),
    hills=(("#94ac78", "#84a072"), ("#86a890", "#7a9e90"), ("#84a8a8", "#7aa0a8")),
    cloud=(1.36, 1.20, 1.02),
    hull=("#f6ead2", "#e2694a", "#d9b98a"),
    walls=("#fdf0da", "#7fb0ae", "#e2694a"),
)

DUSK = replace(
    DAY,
    light=Light(
        to_sun=(0.80, 0.42, -0.42),
        sun_strength=2.2,
        sun="#ffb89a",
        zenith="#8a7cd4",
        horizon="#ffbcb8",
        sky_strength=0.76,
        gain=0.95,
    ),
    sand=Sand(("#8f78b0", "#a88cbc", "#c2a2c6", "#dcbcd2"), ("#665a9c", "#766aaa"), ("#5f6aa8", "#7a78b8", "#9a88c0")),
    rock=("#564080", "#705498", "#9070ac", "#b894bc"),
    turf=("#505a9c", "#5f70ac", "#7a8cbc", "#a0a4c8"),
    pine=("#44508c", "#54629c", "#6a7cb0", "#8a98c4", "#b0b4d4"),
    wood=("#54386a", "#70507e", "#946c94", "#b48ca8"),
    blades=("#5a62a4", "#7478b4", "#9a8cbe", "#c4a4c4"),
    log=("#7a6494", "#9c84ac", "#c0a8c4", "#dcc8d8"),
    shells=(("#fff0d0", "#ff9fb4"), ("#c8fff0", "#4fc8c4"), ("#ffb0c4", "#e070b0"), ("#ffe08a", "#ff9c5c")),
    hills=(("#6a64a8", "#5f589e"), ("#7c6eb2", "#7064a8"), ("#9080bc", "#8274b2")),
    cloud=(1.30, 0.90, 1.0),
    hull=("#e8d4e4", "#ff8f6c", "#a88ab4"),
    walls=("#e4d0e4", "#6a7ac0", "#ff8f7c"),
    dusk=True,
)
