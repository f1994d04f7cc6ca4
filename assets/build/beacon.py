"""Lights of the point: the lamp and beam of the lighthouse, a ship's lantern, boats that come home with a light."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assets.build.evening import glowing
from assets.build.kit import Array, Mesh, ball, banded, box, join, lathe, ramp, sheet, smooth_path, tube
from assets.build.lighthouse import tower
from assets.build.small_boats import small_boat
from assets.build.studio import Model, prop

BEAM_M, BEAM_WIDE_M = 14.0, 1.7
BALLOON_M = 0.60
"""Where the rope of a lantern ends and the balloon that carries it begins."""


@dataclass(frozen=True)
class Metal:
    """The colours of a lantern: its metal from shade to light, its glass from rim to heart, rope and balloon."""

    frame: tuple[str, str, str]
    glass: tuple[str, str, str]
    rope: str
    cloth: tuple[str, str]


BRASS = Metal(("#8a5a2c", "#c98f45", "#f6d088"), ("#f09a34", "#ffc860", "#ffedb8"), "#d8c29a", ("#d9644a", "#f4ead8"))
OPAL = Metal(("#5a3f8c", "#9a72c4", "#e2bcec"), ("#ff9a5c", "#ffc688", "#ffeed0"), "#c8aed8", ("#8a5cb8", "#ffd9c0"))


def beacon(metal: Metal) -> dict[str, Mesh]:
    """The lamp about its middle, 0.33 m high, and two beams from it along x, each 6.3 m long, which end in nothing."""
    return {"lamp": _lens(metal).scaled(0.45), "beam": _beams().scaled(0.45)}


def _lens(metal: Metal) -> Mesh:
    """A lens of rings of glass that bulge about the light, as Fresnel built them."""
    rings = []
    for y in np.linspace(-0.28, 0.28, 9):
        out = 0.30 * np.cos(1.1 * y / 0.30 * 0.9) + 0.02
        rings += [(0.93 * out, y - 0.032), (out, y - 0.010), (out, y + 0.010), (0.93 * out, y + 0.032)]
    glass = lathe([(0.0, -0.31), *rings, (0.0, 0.31)], sides=24)
    bright = glass.painted(lambda p: ramp(metal.glass, np.clip(1.05 - np.abs(p[:, 1]) / 0.34, 0, 1)) * 1.25)
    cap = [(0.0, 0.29), (0.22, 0.30), (0.23, 0.34), (0.0, 0.37)]
    frame = [lathe(cap, metal.frame[1], 20), lathe([(r, -y) for r, y in cap[::-1]], metal.frame[0], 20)]
    bar = tube([(0.25, -0.32, 0, 0.012), (0.335, 0, 0, 0.012), (0.25, 0.32, 0, 0.012)], metal.frame[1], 5, 3)
    return join([bright, *frame, *(bar.turned("y", 45.0 * k) for k in range(8))])


def _beams() -> Mesh:
    """Two cones that widen from the lamp; their alpha is how much of the light there is."""
    along = np.linspace(0.0, 1.0, 15)
    around = np.arange(18) * 2 * np.pi / 18
    half_m = 0.16 + (0.5 * BEAM_WIDE_M - 0.16) * along
    rows = [
        np.stack([np.full(18, 0.30 + (BEAM_M - 0.30) * a), r * np.cos(around), r * np.sin(around)], -1)
        for a, r in zip(along, half_m, strict=True)
    ]
    cone = sheet(np.array(rows), wrap=True).painted(np.array((1.0, 0.93, 0.70)))
    lit = cone.swaying(1 - 0.55 * (1 - cone.points[:, 0] / BEAM_M) ** 1.5)
    return join([lit, lit.turned("y", 180)])


def ship_lantern(metal: Metal) -> dict[str, Mesh]:
    """A ship's lantern 0.42 m high about the middle of its glass, on a hook, carried by a balloon."""
    return {"owl": _lantern(metal), "light": _glass(metal), "perch": _hook(metal), "vines": _balloon(metal)}


def _glass(metal: Metal) -> Mesh:
    """The globe that the light is in, brightest in its middle."""
    globe = [(0.0, -0.105), (0.075, -0.105), (0.103, -0.06), (0.112, 0.0), (0.103, 0.06), (0.075, 0.105), (0.0, 0.105)]
    line = smooth_path(globe, 3)
    return lathe(line, sides=24).painted(lambda p: ramp(metal.glass, np.clip(1.05 - np.abs(p[:, 1]) / 0.10, 0, 1)))


def _lantern(metal: Metal) -> Mesh:
    dark, mid, light = metal.frame
    foot = banded(
        [
            ([(0.0, -0.172), (0.118, -0.170), (0.128, -0.150)], dark),
            ([(0.128, -0.150), (0.120, -0.128), (0.086, -0.112), (0.0, -0.104)], mid),
        ],
        24,
    )
    roof = [
        (0.0, 0.100),
        (0.118, 0.104),
        (0.140, 0.116),
        (0.132, 0.132),
        (0.092, 0.160),
        (0.060, 0.178),
        (0.060, 0.200),
    ]
    lid = banded(
        [(roof, mid), ([(0.060, 0.200), (0.072, 0.206), (0.062, 0.222), (0.030, 0.232), (0.0, 0.234)], light)], 24
    )
    knots = [(0.098, -0.125, 0, 0.008), (0.128, -0.05, 0, 0.008), (0.128, 0.05, 0, 0.008), (0.108, 0.112, 0, 0.008)]
    bars = [tube(knots, light, 7, 4).turned("y", 30 + 60.0 * k) for k in range(6)]
    hoops = [_hoop(0.130, y, 0.0075, light) for y in (-0.045, 0.045)]
    return join([foot, lid, *bars, *hoops])


def _hoop(radius_m: float, y: float, thick_m: float, paint: str) -> Mesh:
    turns = np.linspace(0, 2 * np.pi, 25)
    return tube([(radius_m * np.cos(t), y, radius_m * np.sin(t), thick_m) for t in turns], paint, 6, 1)


def _hook(metal: Metal) -> Mesh:
    """The bail over the lantern's lid and the ring that the rope goes through."""
    turns = np.linspace(-0.05, np.pi + 0.05, 15)
    bail = tube([(0.122 * np.cos(t), 0.125 + 0.175 * np.sin(t), 0, 0.009) for t in turns], metal.frame[1], 7, 2)
    ring = [(0.0, 0.325 + 0.030 * np.cos(t), 0.030 * np.sin(t), 0.007) for t in np.linspace(0, 2 * np.pi, 17)]
    return join([bail, tube(ring, metal.frame[2], 6, 1)])


def _rope(metal: Metal) -> Mesh:
    """A twisted rope from the ring to the balloon, with a knot."""

    def twist(points: Array) -> Array:
        around = np.arctan2(points[:, 2], points[:, 0]) - 46.0 * points[:, 1]
        return ramp((metal.rope,), around) * (0.82 + 0.18 * np.sin(2 * around))[:, None]

    line = tube([(0, y, 0, 0.0105) for y in np.linspace(0.345, BALLOON_M, 5)], sides=7, steps=5).painted(twist)
    return join([line, ball(1, 2, metal.rope).scaled(0.024, 0.034, 0.024).moved(0, 0.372, 0)])


def _balloon(metal: Metal) -> Mesh:
    """A balloon in two colours, 0.42 m high, over its rope."""
    half = [(0.026, 0.0), (0.052, 0.03), (0.115, 0.11), (0.160, 0.20), (0.172, 0.27)]
    half += [(0.158, 0.34), (0.105, 0.395), (0.040, 0.418), (0.0, 0.42)]
    line = [tuple(at) for at in smooth_path(half, 4)]
    ends = (0, 10, 17, 22, len(line) - 1)
    bands = [(line[a : b + 1], metal.cloth[k % 2]) for k, (a, b) in enumerate(pairwise(ends))]
    mouth = lathe([(0.0, 0.0), (0.030, -0.012), (0.034, 0.0), (0.026, 0.006)], metal.frame[0], 16)
    return join([_rope(metal), join([banded(bands, 28), mouth]).moved(0, BALLOON_M, 0)])


def lantern_boat(hull: str, rim: str, sail: str, metal: Metal) -> Mesh:
    """A small boat with a rolled sail and a light at its mast, 3 m long, bow to the left, its water line at y = 0."""
    boat = small_boat(hull, rim, "#d8b88c")
    mast = tube([(0, 0.1, -0.35, 0.045), (0, 2.55, -0.30, 0.026)], "#a97e58", 7, 2)
    boom = tube([(0, 0.82, -0.32, 0.03), (0, 0.90, 1.25, 0.026)], "#a97e58", 6, 1)
    knots = [(0, 0.96, z, 0.085 + 0.022 * np.sin(9 * z)) for z in np.linspace(-0.22, 1.15, 9)]
    rolled = tube(knots, sail, 9, 3)
    ties = [_hoop(0.105, 0, 0.012, rim).turned("x", 90).moved(0, 0.96, z) for z in (0.1, 0.5, 0.9)]
    light = ball(1, 2, glowing(metal.glass[0], 1.5)).scaled(0.15, 0.19, 0.15).moved(0, 2.72, -0.30)
    caps = [
        lathe([(0.0, -0.02), (0.15, -0.01), (0.0, 0.10)], metal.frame[1], 12).moved(0, 2.89, -0.30),
        ball(0.09, 1, metal.frame[0]).moved(0, 2.54, -0.30),
    ]
    chest = box(0.44, 0.26, 0.34, rim, 0.03, 0.3).moved(0, 0.30, 0.95)
    return join([boat, mast, boom, rolled, *ties, light, *caps, chest]).turned("y", 58)


def little_lighthouse() -> Mesh:
    """The lighthouse as a toy 0.26 m high about its middle, on a bit of rock."""
    stone = (
        ball(1, 3)
        .scaled(1.9, 0.62, 1.9)
        .painted(lambda p: ramp(("#8fa06c", "#d8c6a4"), np.clip(1.6 - 1.6 * p[:, 1], 0, 1)))
    )
    return join([tower(), stone]).moved(0, -4.4, 0).scaled(0.026)


# Glass is not shaded by what it shines on.
ALONE = {"light": (0.0, 0.0, 0.0)}

MODELS = {
    "beacon": Model(lambda: beacon(BRASS)),
    "beacon_dusk": Model(lambda: beacon(OPAL)),
    "ship_lantern": Model(lambda: ship_lantern(BRASS), joints=ALONE),
    "ship_lantern_dusk": Model(lambda: ship_lantern(OPAL), joints=ALONE),
    "lantern_boat": prop("lantern_boat", lambda: lantern_boat("#f2e2c4", "#d9644a", "#f4ead8", BRASS)),
    "lantern_boat_dusk": prop("lantern_boat_dusk", lambda: lantern_boat("#6fc2c0", "#8a5cb8", "#ffd9c0", OPAL)),
    "little_lighthouse": prop("little_lighthouse", little_lighthouse),
}
