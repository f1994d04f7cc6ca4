"""Small things that fly: a dragonfly by day, a moth and a firefly at dusk. Heads look along -z."""

from __future__ import annotations

import numpy as np

from assets.build.evening import glowing
from assets.build.kit import Mesh, ball, felt, join, ramp, sheet, tube
from assets.build.studio import Model, prop


def dragonfly_body() -> Mesh:
    """A slim body 9 cm long with a round head and big eyes."""
    tail = [(0, 0, 0.062, 0.002), (0, 0.001, 0.035, 0.0026), (0, 0.001, 0.006, 0.003)]
    chest = [(0, 0.001, 0.006, 0.004), (0, 0.001, -0.008, 0.0062), (0, 0.001, -0.018, 0.0045)]
    blues = ("#2f7f92", "#4fb0b4", "#8fd8cc")
    body = join([tube(tail, sides=8, steps=5), tube(chest, sides=10, steps=4)])
    eyes = [ball(0.0042, 1, "#e2694a").moved(side * 0.0042, 0.003, -0.0235) for side in (-1.0, 1.0)]
    head = ball(0.0042, 1, blues[1]).moved(0, 0.001, -0.0215)
    return join([body.painted(lambda p: ramp(blues, 0.5 + 0.5 * np.sin(p[:, 2] * 420))), head, *eyes])


def dragonfly_wing() -> Mesh:
    """The right two wings, long and narrow, hinged along the z axis, 6 cm wide."""
    fore = _wing(0.062, 0.0085, 12.0, ("#9fd6dc", "#d9f2ee", "#f4fbf4")).moved(0, 0, -0.010)
    hind = _wing(0.056, 0.0100, -10.0, ("#9fd6dc", "#d9f2ee", "#f4fbf4")).moved(0, 0, 0.003)
    return felt(join([fore, hind]), 0.0008)


def moth_body() -> Mesh:
    """A soft plump body with feathered feelers."""
    knots = [(0, 0, 0.024, 0.002), (0, 0.001, 0.010, 0.0052), (0, 0.001, -0.004, 0.0056), (0, 0.002, -0.015, 0.0038)]
    body = tube(knots, sides=9, steps=4).painted(
        lambda p: ramp(("#b894d0", "#f2dcef"), 0.5 + 0.5 * np.sin(p[:, 2] * 500))
    )
    head = ball(0.0046, 1, "#f2dcef").moved(0, 0.003, -0.018)
    feelers = []
    for side in (-1.0, 1.0):
        knots = [
            (0, 0.005, -0.020, 0.001),
            (side * 0.007, 0.010, -0.030, 0.0016),
            (side * 0.013, 0.011, -0.035, 0.0006),
        ]
        feelers.append(tube(knots, "#ffd9a0", 5, 3))
    return join([body, head, *feelers])


def moth_wing() -> Mesh:
    """The right two wings, broad and pale with a warm edge, hinged along the z axis, 4.5 cm wide."""
    fore = _wing(0.046, 0.018, 22.0, ("#fff0e2", "#e8c8ee", "#ffb99a")).moved(0, 0, -0.006)
    hind = _wing(0.036, 0.017, -30.0, ("#fff0e2", "#dcbcf0", "#b894e0")).moved(0, -0.001, 0.008)
    return felt(join([fore, hind]), 0.0012)


def firefly() -> dict[str, Mesh]:
    """A firefly 3 cm long that carries a warm light, which is a node of its own about its middle."""
    light = ball(1, 2, glowing("#ffe9a0")).scaled(0.009, 0.009, 0.012)
    body = ball(1, 1, "#6a5590").scaled(0.005, 0.005, 0.010).moved(0, 0.002, -0.007)
    wings = [ball(1, 1, "#cdbdf0").scaled(0.010, 0.0012, 0.005).moved(s * 0.010, 0.006, -0.004) for s in (-1.0, 1.0)]
    return {"firefly": join([body, *wings]), "light": light}


def _wing(long_m: float, wide_m: float, sweep_deg: float, palette: tuple[str, str, str]) -> Mesh:
    """A flat rounded wing from the hinge along +x, swept towards -z."""
    along = np.linspace(0, 1, 9)
    half = wide_m * np.sin(np.pi * np.clip(0.08 + 0.92 * along, 0, 1) ** 0.8) ** 0.7 + 0.0006
    rows = [np.stack([along * long_m, 0.002 * along, v * half], -1) for v in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    return sheet(np.array(rows)).painted(ramp(palette, np.tile(along, 5))).turned("y", sweep_deg)


MODELS = {
    "dragonfly_body": prop("dragonfly_body", dragonfly_body),
    "dragonfly_wing": prop("dragonfly_wing", dragonfly_wing),
    "moth_body": prop("moth_body", moth_body),
    "moth_wing": prop("moth_wing", moth_wing),
    "firefly": Model(firefly, joints={"light": (0.0, 0.0, 0.008)}),
}
