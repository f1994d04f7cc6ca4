"""The harbour: the bow of a rowing boat that never moves, a pier, houses, a lighthouse, calm water."""

from __future__ import annotations

import numpy as np

from assets.build.boat import boat, outline
from assets.build.kit import Mesh, join
from assets.build.land import clouds, hill, smoothstep
from assets.build.lighthouse import lighthouse
from assets.build.lighthouse import shores as rock_shores
from assets.build.palette import CORAL, TEAL
from assets.build.pier import pier
from assets.build.pier import shores as pier_shores
from assets.build.plants import FOLIAGE, far_tree, small_trees
from assets.build.sea import WATER_M, water
from assets.build.small_boats import moored
from assets.build.small_boats import shores as boat_shores
from assets.build.studio import Light
from assets.build.town import cottage, town
from assets.build.town import shores as quay_shores

LIGHT = Light(
    to_sun=(-0.62, 0.60, 0.50),
    sun_strength=3.5,
    sun="#ffe9cb",
    zenith="#9fcdec",
    horizon="#ffefd8",
    sky_strength=0.64,
    gain=0.90,
)


def build() -> dict[str, Mesh]:
    """The place by layers; the stage fogs each its own way, and the water has its own shader."""
    shapes = small_trees(31, 170)
    shores = [outline(WATER_M, 0.015), *pier_shores(), *rock_shores(), *boat_shores(), *quay_shores()]
    return {
        "near": boat(),
        "mid": join([pier(), *town(shapes), lighthouse(), *moored()]),
        "far": join(far_land(shapes)),
        "clouds": clouds(11, 9.0),
        "water": water(shores),
    }


def far_land(shapes: list[tuple[Mesh, Mesh]]) -> list[Mesh]:
    """Hills that fall to open sea on the right, with little trees."""
    layers = [
        hill(62, 13, 30, "#98c688", "#7fb583", 41),
        hill(95, 24, 45, "#7fb592", "#6ea890", 42),
        hill(150, 40, 60, "#74a9a4", "#6a9fa8", 43),
    ]
    lowered = [_opened(layer, at) for layer, at in zip(layers, (4.0, 14.0, 34.0), strict=True)]
    random = np.random.default_rng(3)
    slope = lowered[0].points
    spots = random.permutation(slope[(slope[:, 1] > 0.8) & (slope[:, 2] < 60)])[:52]
    trees = [
        far_tree(shapes[k % 4], FOLIAGE["sage" if k % 2 else "lime"], k)
        .moved(0, -0.75, 0)
        .scaled(random.uniform(1.0, 1.7))
        .moved(*spot)
        for k, spot in enumerate(spots)
    ]
    ahead = slope[(slope[:, 1] > 1.5) & (slope[:, 1] < 5.5) & (slope[:, 2] < -30) & (slope[:, 0] < 5)]
    walls = ("#fbe6b8", "#f6c9a8", "#fff1dc", "#bfe0d6")
    homes = [
        cottage(walls[k % 4], (CORAL, TEAL)[k % 2]).turned("y", -np.degrees(np.arctan2(spot[0], -spot[2]))).moved(*spot)
        for k, spot in enumerate(random.permutation(ahead)[:9])
    ]
    return [*lowered, *trees, *homes]


def _opened(layer: Mesh, edge_deg: float) -> Mesh:
    azimuth = np.degrees(np.arctan2(layer.points[:, 0], -layer.points[:, 2]))
    share = 1 - smoothstep(edge_deg - 16, edge_deg + 10, azimuth) * (1 - smoothstep(95, 130, azimuth)) * 1.15
    points = layer.points * np.stack([np.ones_like(share), share, np.ones_like(share)], -1)
    return Mesh(points - (0, 0.4, 0), layer.faces, layer.colours)
