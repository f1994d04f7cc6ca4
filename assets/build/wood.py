"""The wood: a knoll above a hollow with a brook, tall beeches all around, and a path over a bridge into the light."""

from __future__ import annotations

import numpy as np

from assets.build.beech import beech, hollow, shared_crowns, slim_beech
from assets.build.evening import lamplit, toadstools
from assets.build.festoon import hanging_lantern, lantern_post
from assets.build.footbridge import footbridge
from assets.build.kit import Array, Mesh, join, noise, ramp, smooth_path, tube
from assets.build.land import hill, smoothstep, strip
from assets.build.plants import crown_paint, leaves
from assets.build.studio import Model
from assets.build.wood_growth import stones, undergrowth
from assets.build.wood_land import (
    BRANCH,
    BRIDGE,
    FLOOR_M,
    NEAR,
    PATH,
    brook,
    ground,
    ground_at,
    ground_m,
    off_m,
)
from assets.build.wood_looks import DUSK, MORNING, Look


def build(look: Look) -> dict[str, Mesh]:
    """The place by layers; the stage fogs each its own way, and the brook is water."""
    near = [*undergrowth(look), *stones(look), *lanterns(look)]
    mid = [ground(lambda p: _floor(p, look)), path(look), *near_trees(look), branch(look)]
    mid.append(footbridge(look.timber).turned("y", BRIDGE[2]).moved(BRIDGE[0], FLOOR_M - 0.06, BRIDGE[1]))
    if look.evening:
        near += toadstools(TOADSTOOLS, CAPS, ground_at)
        mid = [_in_lamplight(join(mid))]
    return {"near": join(near), "mid": join(mid), "far": join(depth(look)), "water": brook()}


def _in_lamplight(layer: Mesh) -> Mesh:
    shrooms = [(x, ground_at(x, z) + 0.2 * size, z) for x, z, size, _ in TOADSTOOLS]
    lights = [*LANTERNS, *((x, ground_at(x, z) + 0.8, z) for x, z in POSTS)]
    return lamplit(lamplit(layer, shrooms, "#ff9f9a", 0.7, 0.6, 0.12), lights, "#ffc890", 1.3, 0.9, 0.05)


def _floor(points: Array, look: Look) -> Array:
    places = points[:, [0, 2]]
    away = np.hypot(*places.T)
    tone = 0.05 + 0.60 * noise(places, 4.0, 1) + 0.45 * (noise(places, 0.9, 2) - 0.5) + 0.2 * smoothstep(7, 25, away)
    worn = 0.35 * np.exp(-((off_m(PATH, places) / 0.8) ** 2))
    paint = ramp(look.floor, np.clip(tone + worn, 0, 1))
    # Further off the ground is too coarse for dapples, which would smear.
    near = smoothstep(2.5, 5, away) * (1 - smoothstep(8, 13, away))
    dapples = smoothstep(0.56, 0.74, noise(places, 1.2, 7)) * near * 0.5
    light = np.exp(-((places[:, 0] - 0.3) ** 2 + (places[:, 1] + 17.0) ** 2) / 45.0)[:, None] * 0.8
    light = np.maximum(light, dapples[:, None])
    return paint * (1 - light) + ramp(look.sunny, noise(places, 1.5, 3)) * light


def path(look: Look) -> Mesh:
    """A narrow path from behind the patient down to the bridge and on into the light."""
    return strip(PATH, ground_m, 0.38, lift_m=0.022, inner=look.sand, edge=look.verge)


def near_trees(look: Look) -> list[Mesh]:
    """The beeches about the clearing, three of them with a hollow."""
    parts = []
    for k, (x, z, radius_m, kind) in enumerate(NEAR):
        leaf_count = int((430 if np.hypot(x, z) < 8 else 230) * look.leafiness)
        foot_m = ground_at(x, z) - 0.05
        parts += beech((x, foot_m, z), radius_m, 30 + k, look.bark, look.moss, look.leaves[kind], leaf_count)
    for k, y in ((0, 2.5), (1, 1.0), (2, 3.2)):
        x, z, radius_m, _ = NEAR[k]
        facing = np.degrees(np.arctan2(-x, -z))
        parts.append(hollow(radius_m * 0.86).turned("y", facing).moved(x, y, z))
    return parts


def branch(look: Look) -> Mesh:
    """The long branch ahead to the right, with twigs and a few leaves."""
    random = np.random.default_rng(7)
    wood = [tube(BRANCH, sides=9, steps=5)]
    line = smooth_path(np.array(BRANCH)[:, :3], 5)
    tips = []
    for k in range(7):
        at = line[6 + 3 * k]
        tip = at + np.array([random.uniform(-0.3, 0.1), -random.uniform(0.15, 0.35), random.uniform(-0.35, 0.25)])
        wood.append(tube([(*at, 0.03), (*((at + tip) / 2 + (0, 0.03, 0)), 0.02), (*tip, 0.008)], sides=5, steps=2))
        tips.append(tip)
    tips.append(line[-1])
    count = 7 * len(tips)
    spots = np.repeat(np.array(tips), 7, axis=0) + random.normal(size=(count, 3)) * 0.05
    ways = random.normal(size=spots.shape) * 0.6 + (0, -0.7, 0.15)
    tint = ramp(look.leaves[1], np.clip(random.normal(0.55, 0.25, count), 0, 1))
    foliage = leaves(
        spots, ways, np.tile((0.0, 0.4, 1.0), (len(spots), 1)), random.uniform(0.12, 0.19, len(spots)), tint
    )
    return join([join(wood).painted(lambda p: ramp(look.bark, noise(p, 0.3, 4))), foliage])


LANTERNS = ((-4.4, 2.55, -3.9), (-2.7, 1.9, -6.9), (4.9, 2.9, -4.5), (6.6, 2.3, -6.0), (2.6, 1.7, -10.2))
"""Where lanterns hang (x, y, z), and where some stand on posts (x, z)."""
POSTS = ((0.05, -6.55), (1.55, -6.5), (-0.15, -10.6))
TOADSTOOLS = (
    (-2.5, -3.6, 0.55, 0), (-2.9, -3.2, 0.36, 1), (2.0, -4.6, 0.45, 2), (1.7, -4.9, 0.28, 0), (-1.9, -5.7, 0.5, 2),
    (4.2, -4.6, 0.7, 1), (-4.6, -5.0, 0.8, 0), (2.6, -7.2, 0.55, 0), (-1.2, -9.6, 0.6, 1),
)  # fmt: skip
CAPS = (
    (("#f0607c", "#ff7f8f", "#ffb39a"), "#ffe9d0"),
    (("#6a5ae0", "#7f6ff0", "#b79cf8"), "#d8fff0"),
    (("#3aa8b0", "#4fc4c0", "#a8f0dc"), "#fff0c8"),
)


def lanterns(look: Look) -> list[Mesh]:
    """A few paper lanterns on cords from the boughs."""
    hung = [hanging_lantern(5.5 - place[1], look.roof, look.lantern).moved(*place) for place in LANTERNS]
    post = lantern_post(0.95, look.timber[1], look.roof, look.lantern)
    return [*hung, *(post.moved(x, ground_at(x, z), z) for x, z in POSTS)]


def depth(look: Look) -> list[Mesh]:
    """Slim beeches into the distance, open ahead where the path leads into the light, and soft hills behind."""
    random, crowns, parts = np.random.default_rng(19), shared_crowns(40, 560), []
    while len(parts) < 60:
        ahead = random.random() < 0.70
        azimuth = random.uniform(-85, 85) if ahead else random.uniform(85, 275)
        away = 9.5 + 28 * random.random() ** 1.3 if ahead else 6.0 + 16 * random.random()
        if abs(azimuth - 2) < 2.5 + 50 / away or abs(azimuth - 176) < 9:
            continue
        x, z = float(away * np.sin(np.radians(azimuth))), float(-away * np.cos(np.radians(azimuth)))
        if min(np.hypot(x - tree[0], z - tree[1]) for tree in NEAR) < 2.0:
            continue
        k = len(parts)
        leaf_count = int(36 * look.leafiness) if away < 17 and z < 0 else 0
        at = (x, ground_at(x, z), z)
        parts.append(slim_beech(at, crowns[k % 3], k, look.bark, look.leaves[k % 2], leaf_count))
    hills = [
        hill(70 + 30 * k, high, wide, *look.hills[k], 71 + k)
        for k, (high, wide) in enumerate(((7.0, 30), (13.0, 44), (22.0, 60)))
    ]
    return [*parts, *_shrubs(look, crowns), *hills]


def _shrubs(look: Look, crowns: list[Mesh]) -> list[Mesh]:
    """Low bushes between the stems, so that the slopes behind the brook have a middle distance."""
    random, made = np.random.default_rng(8), []
    for k in range(34):
        azimuth, away = np.radians(random.uniform(-62, 62)), 10.5 + 17 * random.random()
        x, z, size = away * np.sin(azimuth), -away * np.cos(azimuth), random.uniform(0.20, 0.38)
        if off_m(PATH, np.array([[x, z]]))[0] < 1.6:
            continue
        leaf = look.leaves[k % 2]
        bush = crowns[k % 3].painted(crown_paint((leaf[0], leaf[1], leaf[2], leaf[3]), k)).moved(0, -4.9, 0)
        made.append(bush.scaled(1.3 * size, size, 1.3 * size).turned("y", 50.0 * k).moved(x, ground_at(x, z), z))
    return made


MODELS = {
    "wood": Model(lambda: build(MORNING), MORNING.light),
    "wood_dusk": Model(lambda: build(DUSK), DUSK.light),
}
