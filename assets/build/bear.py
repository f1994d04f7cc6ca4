"""The companion of the day theme: a bear that stands upright, to be turned at its neck and shoulders."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Array, Mesh, ball, join, noise, ramp, sheet, smooth_path, solid, tube
from assets.build.land import smoothstep
from assets.build.studio import Model, melted

FUR = ("#7d4a30", "#a5693f", "#bf8350", "#d9a36c")
CREAM = ("#f3d6a8", "#fbe8c6")
DARK, SCARF, KNIT = "#3c2b2b", "#e2694a", "#f2937a"
NECK_M = (0.0, 0.845, 0.0)
SHOULDER_M = (0.256, 0.712, 0.0)


def bear() -> dict[str, Mesh]:
    """The bear, 1.25 m high, its face to +z, so its left is +x; each node about the point that it turns about."""
    arm = _arm()
    return {
        "body": join([_trunk(_LEGS), *_toes()]),
        "scarf": join(_scarf()),
        "head": _head(),
        "arm_left": arm,
        "arm_right": arm.scaled(-1, 1, 1),
    }


def seated_bear() -> Mesh:
    """One that rests in one piece, its paws in its lap and its feet ahead, on a seat at y = 0.17."""
    arm = _arm().turned("z", 16).turned("x", -38).moved(*SHOULDER_M)
    head = _head().turned("x", 7).turned("z", 7).moved(*NECK_M)
    return join([_trunk(_LEGS_AHEAD), *_scarf(), head, arm, arm.scaled(-1, 1, 1)])


JOINTS = {"head": NECK_M, "arm_left": SHOULDER_M, "arm_right": (-SHOULDER_M[0], *SHOULDER_M[1:])}
"""The origins of the nodes that turn, from that of the body, which is on the floor between the feet."""


# The left leg and its foot.
_LEGS = (
    tube([(0.120, 0.38, 0.0, 0.12), (0.136, 0.20, 0.01, 0.110), (0.138, 0.07, 0.012, 0.098)], sides=14),
    ball(1, 3).scaled(0.100, 0.062, 0.135).moved(0.140, 0.058, 0.048),
)
_LEGS_AHEAD = (
    tube([(0.110, 0.29, 0.04, 0.12), (0.140, 0.265, 0.20, 0.105), (0.155, 0.25, 0.34, 0.095)], sides=14),
    ball(1, 3).scaled(0.092, 0.125, 0.062).moved(0.160, 0.285, 0.40),
)


def _head() -> Mesh:
    return join([_skull(), *_tuft(), *_face()]).moved(*(-x for x in NECK_M))


def _trunk(legs: tuple[Mesh, ...]) -> Mesh:
    half = [*legs, ball(0.100, 3).moved(0.166, 0.688, -0.002)]
    flesh = [
        ball(1, 3).scaled(0.256, 0.250, 0.212).moved(0, 0.415, 0.008),
        ball(1, 3).scaled(0.226, 0.215, 0.170).moved(0, 0.620, 0.0),
        ball(1, 3).scaled(0.130, 0.10, 0.10).moved(0, 0.82, 0.0),
        ball(0.062, 2).moved(0, 0.33, -0.215),
    ]
    skin = melted(join([*flesh, *half, *(part.scaled(-1, 1, 1) for part in half)]), 0.014, 5, 1060)
    return skin.painted(_trunk_paint)


def _trunk_paint(points: Array) -> Array:
    x, y, z = points.T
    belly = (x / 0.178) ** 2 + ((y - 0.430) / 0.220) ** 2
    return _patched(_fur(points), points, (1 - smoothstep(0.72, 1.08, belly)) * (z > 0.02))


def _fur(points: Array) -> Array:
    """Fur is darker on the back and below, and lighter in streaks."""
    streaks = noise(points * (1.0, 0.45, 1.0), 0.06, 3) - 0.5
    return ramp(FUR, np.clip(0.52 + 0.9 * points[:, 2] + 0.30 * streaks, 0, 1))


def _patched(under: Array, points: Array, share: Array) -> Array:
    light = ramp(CREAM, noise(points, 0.08, 5))
    return under + (light - under) * share[:, None]


def _toes() -> list[Mesh]:
    """The toes of both feet."""
    toes = [
        ball(1, 0, "#5f3a2c").scaled(0.022, 0.019, 0.018).moved(0.140 + x, 0.048, z + 0.010)
        for x, z in ((-0.048, 0.150), (0.0, 0.168), (0.048, 0.150))
    ]
    return [*toes, *(toe.scaled(-1, 1, 1) for toe in toes)]


def _skull() -> Mesh:
    half = [
        ball(1, 3).scaled(0.105, 0.088, 0.10).moved(0.098, 0.972, 0.055),
        ball(1, 3).scaled(0.070, 0.072, 0.042).moved(0.150, 1.172, -0.012),
    ]
    flesh = [
        ball(1, 3).scaled(0.200, 0.176, 0.176).moved(0, 1.028, 0.008),
        ball(1, 3).scaled(0.090, 0.068, 0.085).moved(0, 0.972, 0.155),
        ball(1, 3).scaled(0.105, 0.07, 0.095).moved(0, 0.885, 0.0),
    ]
    skin = melted(join([*flesh, *half, *(part.scaled(-1, 1, 1) for part in half)]), 0.011, 4, 1000)
    return skin.painted(_skull_paint)


def _skull_paint(points: Array) -> Array:
    x, y, z = points.T
    muzzle = (x / 0.094) ** 2 + ((y - 0.960) / 0.072) ** 2
    inner_ear = ((np.abs(x) - 0.150) / 0.045) ** 2 + ((y - 1.176) / 0.046) ** 2
    light = (1 - smoothstep(0.80, 1.15, muzzle)) * (z > 0.10)
    ear = (1 - smoothstep(0.55, 1.1, inner_ear)) * (z > 0.006)
    furry = _fur(points)
    furry += (ramp(("#e59a80",), z) - furry) * (0.55 * _blush(points))[:, None]
    return _patched(furry, points, np.maximum(light, 0.75 * ear))


def _blush(points: Array) -> Array:
    x, y, z = points.T
    near = ((np.abs(x) - 0.135) / 0.042) ** 2 + ((y - 0.975) / 0.032) ** 2
    share: Array = np.exp(-near) * (z > 0.08)
    return share


def _tuft() -> list[Mesh]:
    """A tuft of hair between the ears."""
    return [
        tube([(x, 1.185, 0.03, 0.016), (1.4 * x, 1.215, 0.045, 0.011), (2.0 * x, 1.226, 0.068, 0.002)], FUR[2], 6, 2)
        for x in (-0.022, 0.0, 0.022)
    ]


def _face() -> list[Mesh]:
    half = [ball(1, 2, DARK).scaled(0.0305, 0.0395, 0.018).moved(0.078, 1.038, 0.170)]
    half.append(
        tube([(0.050, 1.092, 0.174, 0.006), (0.078, 1.104, 0.168, 0.009), (0.108, 1.092, 0.154, 0.005)], FUR[0], 6, 3)
    )
    half.append(
        tube([(0.0, 0.944, 0.2400, 0.005), (0.020, 0.934, 0.2340, 0.0055), (0.040, 0.944, 0.2190, 0.004)], DARK, 6, 3)
    )
    both = [*half, *(part.scaled(-1, 1, 1) for part in half)]
    for side in (-1, 1):
        both.append(ball(0.0105, 0, "#ffffff").moved(side * 0.077 + 0.008, 1.054, 0.1835))
        both.append(ball(0.0055, 0, "#ffffff").moved(side * 0.077 - 0.009, 1.025, 0.1845))
    nose = ball(1, 2, DARK).scaled(0.034, 0.024, 0.020).moved(0, 0.998, 0.236)
    shine = ball(1, 1, "#a98a86").scaled(0.011, 0.005, 0.005).moved(-0.006, 1.013, 0.247)
    groove = tube([(0, 0.985, 0.243, 0.0045), (0, 0.962, 0.2425, 0.0045), (0, 0.944, 0.240, 0.0045)], DARK, 5, 1)
    return [*both, nose, shine, groove]


def _scarf() -> list[Mesh]:
    """A knitted scarf around the neck, which hides where the head turns; its ends hang on the chest."""
    turns = np.linspace(0, 2 * np.pi, 29)
    ring = [
        (0.138 * np.sin(t), 0.832 - 0.020 * np.cos(t) + 0.008 * np.sin(3 * t), 0.126 * np.cos(t), 0.044) for t in turns
    ]
    collar = tube(ring, _knit, 10, 1)
    knot = ball(1, 1, SCARF).scaled(0.045, 0.042, 0.036).moved(0.066, 0.782, 0.158)
    long = _end([(0.070, 0.775, 0.170), (0.090, 0.66, 0.206), (0.100, 0.55, 0.228), (0.106, 0.475, 0.232)])
    short = _end([(0.052, 0.775, 0.172), (0.030, 0.70, 0.198), (0.018, 0.625, 0.222)])
    return [collar, knot, long, short]


def _knit(points: Array) -> Array:
    around = np.arctan2(points[:, 0], points[:, 2])
    return ramp((SCARF, KNIT), 0.5 + 0.5 * np.sin(36 * around))


def _end(knots: list[tuple[float, float, float]]) -> Mesh:
    """A flat, closed band along knots, with pale stripes and a fringe at its lower end."""
    line = smooth_path(knots, 4)
    wide = np.linspace(0.026, 0.046, len(line))
    section = [(np.cos(t), np.sin(t)) for t in np.arange(6) * np.pi / 3]
    rows = [
        [place + np.array([w * c, 0.0, 0.009 * s]) for c, s in section] for place, w in zip(line, wide, strict=True)
    ]
    rows = [[line[0]] * 6, *rows, [line[-1]] * 6]
    along = np.repeat(np.linspace(0, 1, len(rows)), 6)
    stripe = ((along > 0.62) & (along < 0.70)) | ((along > 0.78) & (along < 0.86))
    band = solid(sheet(np.array(rows), wrap=True)).painted(ramp((SCARF, "#fbe3c4"), stripe.astype(float)))
    foot = line[-1]
    fringe = [
        tube(
            [(foot[0] + x, foot[1] + 0.004, foot[2], 0.006), (foot[0] + 1.1 * x, foot[1] - 0.035, foot[2], 0.004)],
            KNIT,
            5,
            1,
        )
        for x in np.linspace(-0.034, 0.034, 5)
    ]
    return join([band, *fringe])


def _arm() -> Mesh:
    """The left arm hanging from its shoulder at the origin, its palm to the body and its thumb ahead."""
    flesh = [
        tube(
            [
                (0, 0.0, 0, 0.070),
                (0.004, -0.14, 0.004, 0.076),
                (0.010, -0.28, 0.008, 0.070),
                (0.010, -0.39, 0.010, 0.070),
            ],
            sides=14,
        ),
        ball(0.078, 3).moved(-0.016, -0.010, 0),
        ball(1, 3).scaled(0.064, 0.074, 0.078).moved(0.010, -0.418, 0.012),
        tube([(0.004, -0.385, 0.05, 0.028), (-0.002, -0.415, 0.080, 0.026), (-0.004, -0.440, 0.092, 0.022)], sides=10),
    ]
    flesh += [
        tube([(0.010, -0.43, z, 0.027), (0.008, -0.470, 1.12 * z, 0.026), (0.005, -0.484, 1.15 * z, 0.022)], sides=10)
        for z in (-0.030, 0.010, 0.048)
    ]
    skin = melted(join(flesh), 0.0095, 4, 420).painted(_arm_paint)
    pad = ball(1, 1, CREAM[0]).scaled(0.016, 0.036, 0.040).moved(-0.047, -0.422, 0.012)
    return join([skin, pad])


def _arm_paint(points: Array) -> Array:
    streaks = noise(points * (1.0, 0.45, 1.0), 0.06, 3) - 0.5
    paw = smoothstep(0.33, 0.40, -points[:, 1])
    return ramp(FUR, np.clip(0.58 + 0.30 * streaks - 0.42 * paw, 0, 1))


MODELS = {"bear": Model(bear, joints=JOINTS)}
