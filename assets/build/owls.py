"""Owls on a hanging perch, to be looked at wherever in the air they are, and owlets that gather on a branch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.build.kit import Array, Mesh, ball, felt, join, lathe, lumpy, noise, ramp, smooth_path, tube, unit
from assets.build.plants import leaves
from assets.build.studio import Model, melted, prop

FEET_M = -0.195
"""Where the owl's feet are below its neck, which is the origin of all its nodes."""
VINES_M = 5.2


@dataclass(frozen=True)
class Plumage:
    """The colours of an owl and of what it sits on."""

    back: tuple[str, str, str]
    breast: tuple[str, str]
    face: str
    iris: tuple[str, str]
    beak: str
    perch: tuple[str, str]
    leaf: tuple[str, str, str]
    tufts_m: float


TAWNY = Plumage(
    back=("#8a4f2e", "#b56d3c", "#d89656"),
    breast=("#f2d9ae", "#fff1d6"),
    face="#fff0d2",
    iris=("#ffb52e", "#f08a1f"),
    beak="#f2b04a",
    perch=("#8a6a4a", "#b8946a"),
    leaf=("#7fae4a", "#a4c95c", "#cfe27a"),
    tufts_m=0.05,
)
DUSK = Plumage(
    back=("#6a4a9c", "#8e68bc", "#b894da"),
    breast=("#f4cfd8", "#ffe9e4"),
    face="#fff0ea",
    iris=("#ffd45c", "#ff9f4a"),
    beak="#ffb45c",
    perch=("#6a4a70", "#9a72a0"),
    leaf=("#4f94a4", "#6cb8b8", "#a4dccc"),
    tufts_m=0.075,
)

JOINTS = {"owl_head": (0.0, 0.0, 0.0)}
"""The head turns about the common origin, and lids are not always shut: no part shades another."""


def owl(plumage: Plumage) -> dict[str, Mesh]:
    """An owl 0.36 m tall that looks towards +z, by nodes which all have their origin at its neck."""
    return {
        "owl": body(plumage),
        "owl_head": head(plumage),
        "owl_lids": join([_lid(plumage, side) for side in (-1.0, 1.0)]),
        "perch": perch(plumage),
        "vines": vines(plumage),
    }


def body(plumage: Plumage) -> Mesh:
    """A plump body with folded wings, a tail and toes over the perch."""
    shapes = [
        ball(1, 3).scaled(0.118, 0.135, 0.108).moved(0, -0.088, 0),
        ball(1, 3).scaled(0.095, 0.085, 0.090).moved(0, -0.005, 0.0),
    ]
    trunk = melted(join(shapes), 0.011, 4, 900).painted(lambda p: _plumed(p, plumage))
    wings = []
    for side in (-1.0, 1.0):
        wing = lumpy(ball(1, 2), 0.05, 0.7, 3).scaled(0.036, 0.125, 0.078).turned("x", 14).turned("z", side * -7)
        shade = wing.painted(
            lambda p: ramp(plumage.back, np.clip(0.55 + 3.2 * p[:, 1] + 0.4 * (noise(p, 0.05, 8) - 0.5), 0, 1))
        )
        wings.append(shade.moved(side * 0.108, -0.085, -0.018))
    tail = ball(1, 1, plumage.back[0]).scaled(0.055, 0.10, 0.02).turned("x", 22).moved(0, -0.20, -0.095)
    toes = []
    for x in (-0.080, -0.056, -0.032, 0.032, 0.056, 0.080):
        knots = [
            (x, FEET_M + 0.025, 0.035, 0.012),
            (x, FEET_M + 0.012, 0.062, 0.013),
            (x, FEET_M - 0.022, 0.066, 0.008),
        ]
        toes.append(tube(knots, plumage.beak, 6, 2))
    return join([trunk, *wings, tail, *toes])


def _plumed(points: Array, plumage: Plumage) -> Array:
    """Pale and speckled in front, brown behind."""
    around = np.arctan2(np.abs(points[:, 0]), points[:, 2])
    front = 1 / (1 + np.exp(9 * (around - 0.95)))
    rows = np.sin(points[:, 1] * 150.0) * np.cos(9.0 * around + 1.5 * np.round(points[:, 1] * 150.0 / np.pi))
    speckles = np.clip(2.2 * rows - 0.9, 0, 1) * np.clip((-0.02 - points[:, 1]) / 0.04, 0, 1) * 0.55
    pale = ramp(plumage.breast, np.clip(0.5 + 4 * points[:, 1], 0, 1))
    brown = ramp(plumage.back, np.clip(0.5 + 2.5 * points[:, 1] + 0.5 * (noise(points, 0.05, 5) - 0.5), 0, 1))
    chest = pale * (1 - speckles[:, None]) + ramp((plumage.back[1],), speckles) * speckles[:, None]
    return chest * front[:, None] + brown * (1 - front[:, None])


def head(plumage: Plumage) -> Mesh:
    """A round head with a heart-shaped face, two very big eyes, a small beak and tufts for ears."""
    skull = ball(1, 3).scaled(0.125, 0.108, 0.108).moved(0, 0.068, 0.006)
    tufts = []
    for s in (-1.0, 1.0):
        tip_m = 0.165 + plumage.tufts_m
        knots = [(s * 0.06, 0.135, 0.01, 0.036), (s * 0.092, 0.165, 0.005, 0.020), (s * 0.108, tip_m, 0.0, 0.004)]
        tufts.append(tube(knots, sides=9, steps=3))
    crown = melted(join([skull, *tufts]), 0.009, 3, 1000).painted(lambda p: _masked(p, plumage))
    beak = lathe([(0.0, -0.030), (0.010, -0.018), (0.017, 0.0), (0.012, 0.016), (0.0, 0.024)], plumage.beak, 10)
    beak = beak.scaled(1, 1, 1.25).turned("x", -14).moved(0, 0.042, 0.118)
    return join([crown, beak, *(_eye(plumage, side) for side in (-1.0, 1.0))])


def _masked(points: Array, plumage: Plumage) -> Array:
    x, y = np.abs(points[:, 0]), points[:, 1] - 0.066
    disc = np.hypot((x - 0.050) / 0.066, y / 0.072)
    ahead = np.clip((points[:, 2] - 0.015) / 0.03, 0, 1)
    mask = ahead / (1 + np.exp(14 * (disc - 1)))
    rim = ahead * np.exp(-(((disc - 1.08) / 0.14) ** 2)) * 0.6
    brown = ramp(plumage.back, np.clip(0.35 + 4.5 * y + 0.4 * (noise(points, 0.05, 6) - 0.5), 0, 1))
    dark = ramp((plumage.back[0],), x)
    face = ramp((plumage.face,), x)
    return (brown * (1 - rim[:, None]) + dark * rim[:, None]) * (1 - mask[:, None]) + face * mask[:, None]


def _eye(plumage: Plumage, side: float) -> Mesh:
    """An eye that looks towards +z: iris, pupil and two glints, a little turned outwards."""
    iris = (
        ball(1, 2)
        .painted(lambda p: ramp(plumage.iris[::-1], np.clip(0.5 - 0.7 * p[:, 1], 0, 1)))
        .scaled(0.042, 0.042, 0.020)
    )
    pupil = ball(1, 2, "#2a1c24").scaled(0.027, 0.028, 0.012).moved(0, 0, 0.0125)
    glints = [
        ball(0.0085, 1, "#ffffff").moved(-0.009, 0.012, 0.0225),
        ball(0.0045, 1, "#ffffff").moved(0.010, -0.009, 0.0230),
    ]
    return join([iris, pupil, *glints]).turned("y", side * 13).moved(side * 0.050, 0.070, 0.103)


def _lid(plumage: Plumage, side: float) -> Mesh:
    """What covers an eye in sleep: a soft lid with a curved row of lashes."""
    lid = ball(1, 2).painted(lambda p: ramp(plumage.back[1:], np.clip(0.5 - 0.5 * p[:, 1], 0, 1)))
    lash = [(x, 0.006 - 0.024 * (1 - (x / 0.034) ** 2), 0.0315 - 9.0 * x * x) for x in np.linspace(-0.034, 0.034, 7)]
    line = tube([(*place, 0.0032) for place in lash], "#2a1c24", 6, 2)
    return join([lid.scaled(0.0450, 0.0450, 0.0345), line]).turned("y", side * 13).moved(side * 0.050, 0.070, 0.103)


def perch(plumage: Plumage) -> Mesh:
    """A short rough branch along x under the feet, with a few leaves at its ends."""
    y = FEET_M - 0.018
    knots = [
        (-0.27, y + 0.012, 0, 0.014),
        (-0.20, y, 0, 0.019),
        (0.0, y - 0.006, 0, 0.021),
        (0.20, y, 0, 0.018),
        (0.28, y + 0.02, 0.01, 0.011),
    ]
    bar = tube(knots, sides=9, steps=4).painted(
        lambda p: ramp(plumage.perch, noise(p * np.array([0.3, 1, 1]), 0.03, 3))
    )
    random = np.random.default_rng(6)
    anchors = np.array([(s * (0.235 + 0.01 * k), y + 0.01, 0.0) for s in (-1, 1) for k in range(4)])
    ways = np.stack(
        [
            np.sign(anchors[:, 0]) * random.uniform(0.4, 1, 8),
            random.uniform(-0.9, 0.4, 8),
            random.uniform(-0.5, 0.9, 8),
        ],
        -1,
    )
    return join([bar, _foliage(anchors, ways, random.uniform(0.07, 0.11, 8), plumage, 4)])


def _foliage(anchors: Array, ways: Array, lengths: Array, plumage: Plumage, seed: int) -> Mesh:
    random = np.random.default_rng(seed)
    tint = ramp(plumage.leaf, random.random(len(anchors)))
    faces = np.tile((0.0, 0.5, 1.0), (len(anchors), 1))
    return felt(leaves(anchors, unit(ways), faces, lengths, tint, sway=0.4), 0.002)


def vines(plumage: Plumage) -> Mesh:
    """Two vines from the perch's ends, 5.2 m up, so that they come out of the leaves overhead, with leaves in pairs."""
    random, parts, anchors = np.random.default_rng(9), [], []
    for side in (-1.0, 1.0):
        heights = np.linspace(FEET_M - 0.02, VINES_M, 15)
        away = side * (0.215 + 0.02 * np.sin(heights * 2.1 + side))
        knots = np.stack([away, heights, 0.03 * np.sin(heights * 1.4 + 2 * side), np.full(15, 0.0075)], -1)
        parts.append(tube(knots, plumage.perch[1], sides=5, steps=1))
        line = smooth_path(knots[:, :3], 6)
        anchors += [line[k] for k in range(4, len(line) - 1, 4)]
    places = np.array(anchors)
    count = len(places)
    ways = np.stack(
        [random.uniform(-1, 1, count), random.uniform(-0.9, -0.1, count), random.uniform(-0.4, 1, count)], -1
    )
    return join([*parts, _foliage(places, ways, random.uniform(0.07, 0.12, count), plumage, 5)])


def owlet(plumage: Plumage) -> Mesh:
    """A small round owlet 0.26 m tall, its feet on a branch at y = 0, looking 26 degrees right of ahead."""
    shapes = [
        ball(1, 3).scaled(0.10, 0.105, 0.092).moved(0, 0.10, 0),
        ball(1, 3).scaled(0.092, 0.078, 0.082).moved(0, 0.185, 0.004),
    ]
    tufts = [tube([(s * 0.04, 0.235, 0, 0.024), (s * 0.070, 0.268, 0, 0.004)], sides=7, steps=2) for s in (-1.0, 1.0)]
    fluff = melted(join([*shapes, *tufts]), 0.010, 3, 620)
    fluff = fluff.painted(lambda p: _plumed(p - np.array([0.0, 0.19, 0.0]), plumage))
    eyes = [_eye(plumage, s).scaled(0.86).moved(s * -0.005, 0.128, -0.013) for s in (-1.0, 1.0)]
    beak = ball(1, 1, plumage.beak).scaled(0.012, 0.018, 0.012).moved(0, 0.165, 0.092)
    feet = [ball(1, 1, plumage.beak).scaled(0.022, 0.012, 0.03).moved(s * 0.04, 0.006, 0.055) for s in (-1.0, 1.0)]
    return join([fluff, beak, *eyes, *feet]).turned("y", -26)


MODELS = {
    "owl": Model(lambda: owl(TAWNY), joints=JOINTS),
    "owl_dusk": Model(lambda: owl(DUSK), joints=JOINTS),
    "owlet": prop("owlet", lambda: owlet(TAWNY)),
    "owlet_dusk": prop("owlet_dusk", lambda: owlet(DUSK)),
}
