"""The harbour: the bow of a rowing boat that never moves, a pier, houses, a lighthouse, calm water."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.build import dusk
from assets.build.boat import boat, outline
from assets.build.evening import moon, stars
from assets.build.kit import Mesh, join
from assets.build.land import clouds, hill, smoothstep
from assets.build.lighthouse import lighthouse
from assets.build.lighthouse import shores as rock_shores
from assets.build.looks import DAY, EVENING, Look
from assets.build.night_harbour import lantern_shores, paper_lanterns
from assets.build.palette import CORAL, TEAL
from assets.build.pier import pier
from assets.build.pier import shores as pier_shores
from assets.build.plants import far_tree, small_trees
from assets.build.sea import WATER_M, water
from assets.build.small_boats import moored
from assets.build.small_boats import shores as boat_shores
from assets.build.studio import Light, Model
from assets.build.town import cottage, town
from assets.build.town import shores as quay_shores

DAYLIGHT = Light(
    to_sun=(-0.62, 0.60, 0.50),
    sun_strength=3.5,
    sun="#ffe9cb",
    zenith="#9fcdec",
    horizon="#ffefd8",
    sky_strength=0.64,
    gain=0.90,
)


BY_DAY = replace(DAY, light=DAYLIGHT, hills=(("#98c688", "#7fb583"), ("#7fb592", "#6ea890"), ("#74a9a4", "#6a9fa8")))
BY_NIGHT = replace(
    EVENING,
    light=replace(dusk.LIGHT, to_sun=(-0.70, 0.42, 0.40), zenith="#948fd6"),
    made=lambda mesh: dusk.dipped(mesh, ("#43407c", "#6f5fa0", "#b294c4", "#f6d6d8"), 0.36),
)


def day() -> dict[str, Mesh]:
    """The place by layers; the stage fogs each its own way, and the water has its own shader."""
    shapes = small_trees(31, 170)
    shores = [outline(WATER_M, 0.015), *pier_shores(), *rock_shores(), *boat_shores(), *quay_shores()]
    return {
        "near": boat(),
        "mid": join([pier(), *town(shapes), lighthouse(), *moored()]),
        "far": join(far_land(BY_DAY, shapes)),
        "clouds": clouds(11, 9.0),
        "water": water(shores),
    }


def evening() -> dict[str, Mesh]:
    """The same harbour at lilac dusk: lit windows, and paper lanterns on the water."""
    look, shapes = BY_NIGHT, small_trees(31, 60)
    shores = [outline(WATER_M, 0.015), *pier_shores(), *rock_shores(), *boat_shores(sailing=False), *quay_shores()]
    made = [pier(), *town(shapes), lighthouse(), *moored(sailing=False)]
    sky = [clouds(11, 9.0).painted(look.cloud), stars(60, 6), moon(-2.0, 20.0, 150.0, 8.0)]
    return {
        "near": look.made(boat()),
        "mid": join([look.made(join(made)), *paper_lanterns()]),
        "far": join(far_land(look, shapes)),
        "clouds": join(sky),
        "water": water([*shores, *lantern_shores()]),
    }


def far_land(look: Look, shapes: list[tuple[Mesh, Mesh]]) -> list[Mesh]:
    """Hills that fall to open sea on the right, with little trees."""
    sizes = ((62, 13, 30, 41), (95, 24, 45, 42), (150, 40, 60, 43))
    layers = [hill(*row[:3], *paints, row[3]) for row, paints in zip(sizes, look.hills, strict=False)]
    lowered = [opened(layer, at) for layer, at in zip(layers, (4.0, 14.0, 34.0), strict=True)]
    random = np.random.default_rng(3)
    slope = lowered[0].points
    spots = random.permutation(slope[(slope[:, 1] > 0.8) & (slope[:, 2] < 60)])[:52]
    trees = [
        far_tree(shapes[k % 4], look.foliage["sage" if k % 2 else "lime"], k, look.trunk)
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
    return [*lowered, *trees, *(look.made(home) for home in homes)]


def opened(layer: Mesh, edge_deg: float) -> Mesh:
    """Hills that fall below the water to the right of a direction, 0 ahead, and rise again behind."""
    azimuth = np.degrees(np.arctan2(layer.points[:, 0], -layer.points[:, 2]))
    share = 1 - smoothstep(edge_deg - 16, edge_deg + 10, azimuth) * (1 - smoothstep(95, 130, azimuth)) * 1.15
    points = layer.points * np.stack([np.ones_like(share), share, np.ones_like(share)], -1)
    return Mesh(points - (0, 0.4, 0), layer.faces, layer.colours)


MODELS = {"harbour": Model(day, BY_DAY.light), "harbour_dusk": Model(evening, BY_NIGHT.light)}
