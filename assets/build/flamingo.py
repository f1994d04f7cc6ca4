"""The companions at the pond: a flamingo by day, a moonbird at dusk; long-legged birds that can stand on one leg."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.build.evening import glowing
from assets.build.kit import Array, Mesh, ball, felt, join, noise, ramp, sheet, smooth_path, tube
from assets.build.land import smoothstep
from assets.build.studio import Model, melted

NECK_M, SHOULDER_M, HIP_M = (0.0, 0.935, 0.150), (0.112, 0.930, 0.060), (0.058, 0.775, -0.010)


@dataclass(frozen=True)
class Plumage:
    """The colours of a bird: feathers from shade to light, wing tips, bill and its tip, legs, iris, and a crest."""

    feathers: tuple[str, str, str, str]
    tips: tuple[str, str]
    bill: tuple[str, str]
    leg: tuple[str, str]
    iris: str
    crest: tuple[str, str] | None = None


ROSE = Plumage(
    feathers=("#d9506e", "#ee7488", "#f79aa0", "#ffc8c0"),
    tips=("#c94f6c", "#e87488"),
    bill=("#f9e4c6", "#43303a"),
    leg=("#d97a8a", "#f0a0a6"),
    iris="#f6c050",
)
MOON = Plumage(
    feathers=("#5a68b8", "#8494d4", "#b4c2ee", "#eaecfc"),
    tips=("#4a4a9c", "#6f74c4"),
    bill=("#ffca70", "#8a5a8c"),
    leg=("#7f70c0", "#a99ae0"),
    iris="#ffd86a",
    crest=("#ffd98a", "#ff9fb4"),
)


def bird(plumage: Plumage) -> dict[str, Mesh]:
    """A bird 1.43 m high that stands on y = 0, its face to +z, so its left is +x; each node about its own joint."""
    wing, leg = _wing(plumage), _leg(plumage)
    return {
        "body": _body(plumage),
        "head": _head(plumage).moved(*(-x for x in NECK_M)),
        "arm_left": wing,
        "arm_right": wing.scaled(-1, 1, 1),
        "leg_left": leg,
        "leg_right": leg.scaled(-1, 1, 1),
    }


JOINTS = {
    "head": NECK_M,
    "arm_left": SHOULDER_M,
    "arm_right": (-SHOULDER_M[0], *SHOULDER_M[1:]),
    "leg_left": HIP_M,
    "leg_right": (-HIP_M[0], *HIP_M[1:]),
}


def still_bird(plumage: Plumage, *, one_leg: bool) -> Mesh:
    """One in one piece and few faces for the distance, which may have drawn its right leg up."""
    nodes = bird(plumage)
    if one_leg:
        nodes["leg_right"] = nodes["leg_right"].scaled(1, 0.2, 1)
    whole = join(mesh.moved(*JOINTS.get(name, (0.0, 0.0, 0.0))) for name, mesh in nodes.items())
    return melted(whole, 0.012, 1, 1300)


def _body(plumage: Plumage) -> Mesh:
    """An egg of feathers with a small tail, and a breast where the neck begins."""
    shapes = [
        ball(1, 3).scaled(0.132, 0.138, 0.205).turned("x", -14).moved(0, 0.868, -0.030),
        ball(1, 3).scaled(0.088, 0.090, 0.085).moved(0, 0.915, 0.120),
        tube([(0, 0.85, -0.17, 0.075), (0, 0.825, -0.27, 0.050), (0, 0.80, -0.345, 0.014)], sides=12),
        *(ball(1, 3).scaled(0.058, 0.082, 0.066).moved(side * HIP_M[0], 0.762, -0.010) for side in (-1, 1)),
    ]
    skin = melted(join(shapes), 0.012, 4, 1100)
    return skin.painted(lambda p: _plumed(plumage, p, 0.52 + 1.6 * (p[:, 1] - 0.87) + 0.7 * p[:, 2]))


def _plumed(plumage: Plumage, points: Array, light: Array) -> Array:
    """Soft rows of feathers, each row a little lighter at its edge."""
    rows = 0.10 * np.sin(95.0 * (points[:, 1] - 0.55 * points[:, 2]) + 2.2 * np.sin(40.0 * points[:, 0]))
    return ramp(plumage.feathers, np.clip(light + rows + 0.20 * (noise(points, 0.08, 3) - 0.5), 0, 1))


def _head(plumage: Plumage) -> Mesh:
    """The neck, a long S, and at its end the head with its bent bill and two friendly eyes."""
    neck = tube(
        [(0, 0.900, 0.120, 0.062), (0, 0.960, 0.225, 0.046), (0, 1.060, 0.255, 0.036), (0, 1.160, 0.195, 0.032),
         (0, 1.250, 0.140, 0.031), (0, 1.320, 0.135, 0.036), (0, 1.360, 0.165, 0.045)],
        sides=14,
    )  # fmt: skip
    skull = ball(1, 3).scaled(0.078, 0.076, 0.080).moved(0, 1.376, 0.190)
    flesh = melted(join([neck, skull]), 0.0095, 3, 1150)
    skin = flesh.painted(lambda p: _plumed(plumage, p, 0.36 + 0.9 * (p[:, 1] - 1.1) + 0.5 * p[:, 2]))
    parts = [skin, _bill(plumage), *(_eye(plumage, side) for side in (-1.0, 1.0))]
    return join(parts if plumage.crest is None else [*parts, *_crest(plumage.crest)])


def _bill(plumage: Plumage) -> Mesh:
    """It goes ahead and then bends down; its tip is dark."""
    knots = [(0, 1.356, 0.252, 0.037), (0, 1.345, 0.290, 0.033), (0, 1.318, 0.318, 0.027), (0, 1.284, 0.326, 0.017)]
    bill = tube([*knots, (0, 1.262, 0.320, 0.005)], sides=12, steps=3)
    dark = smoothstep(0.0, 1.0, (1.312 - bill.points[:, 1]) / 0.008)[:, None]
    return bill.painted(ramp((plumage.bill[0],), dark[:, 0]) * (1 - dark) + ramp((plumage.bill[1],), dark[:, 0]) * dark)


def _eye(plumage: Plumage, side: float) -> Mesh:
    """A large eye with a golden rim and two glints, turned a little outwards."""
    rim = ball(1, 2, plumage.iris).scaled(0.0280, 0.0300, 0.0130)
    pupil = ball(1, 2, "#2a1c24").scaled(0.0205, 0.0230, 0.0110).moved(0, 0, 0.0060)
    glints = [
        ball(0.0068, 1, "#ffffff").moved(-0.006, 0.009, 0.0150),
        ball(0.0036, 0, "#ffffff").moved(0.007, -0.007, 0.0155),
    ]
    return join([rim, pupil, *glints]).turned("y", side * 40).moved(side * 0.0525, 1.394, 0.238)


def _crest(colours: tuple[str, str]) -> list[Mesh]:
    """Three feathers that lie back from the crown, each with a bead of light."""
    feathers = []
    for lift, turn in ((0.0, 0.0), (-0.02, 26.0), (-0.02, -26.0)):
        knots = [(0, 1.440, 0.180, 0.012), (0, 1.490 + lift, 0.130, 0.009), (0, 1.508 + lift, 0.050, 0.005)]
        plume = tube(knots, lambda p: ramp(colours[::-1], np.clip(12 * (0.18 - p[:, 2]) / 2, 0, 1)), 7, 3)
        bead = ball(0.015, 1, glowing(colours[0], 1.6)).moved(0, 1.510 + lift, 0.043)
        feathers.append(join([plume, bead]).moved(0, 0, -0.18).turned("y", turn).moved(0, 0, 0.18))
    star = ball(0.013, 1, glowing(colours[0], 1.6)).scaled(1, 1.3, 0.6).moved(0, 1.436, 0.252)
    return [*feathers, star]


def _wing(plumage: Plumage) -> Mesh:
    """The left wing hanging from its shoulder at the origin: a shoulder of down, and long feathers over one another."""
    shoulder = ball(1, 2).scaled(0.034, 0.110, 0.085).moved(0.006, -0.080, -0.030)
    down = shoulder.painted(lambda p: _plumed(plumage, p, 0.60 + 2.2 * (p[:, 1] + 0.07)))
    rows: list[Mesh] = []
    for start, long_m, count, paints, out in (
        (-0.10, 0.215, 5, plumage.tips, 0.000), (-0.06, 0.160, 5, plumage.feathers[:2], 0.012),
        (-0.03, 0.105, 4, plumage.feathers[1:3], 0.022),
    ):  # fmt: skip
        for k, z in enumerate(np.linspace(0.035, -0.100, count)):
            reach = long_m * (1.0 + 0.12 * np.sin(np.pi * k / (count - 1)))
            feather = _feather(reach, paints).turned("x", 10.0 + 8.0 * k)
            rows.append(feather.moved(0.012 + out - 0.0025 * k, start, z))
    return join([down, *rows])


def _feather(long_m: float, paints: Sequence[str]) -> Mesh:
    """A feather that hangs from the origin, flat in x, with a rounded tip."""
    knots = [(0, 0, 0.016), (0.010, -0.45, 0.026), (0.008, -0.85, 0.024), (0.004, -1.0, 0.008)]
    vane = tube([(x, long_m * y, 0, r) for x, y, r in knots], sides=7, steps=2)
    tone = np.clip(-vane.points[:, 1] / long_m, 0, 1)
    return vane.scaled(0.32, 1, 1).painted(ramp(tuple(paints)[::-1], tone))


def _leg(plumage: Plumage) -> Mesh:
    """The left leg from its hip at the origin: a feathered thigh, a knob that bends backwards, and a webbed foot."""
    low = -HIP_M[1]
    thigh = tube([(0, 0.02, 0, 0.046), (0, -0.075, 0.006, 0.033), (0, -0.125, 0.006, 0.017)], sides=12)
    shade = thigh.painted(lambda p: _plumed(plumage, p, 0.55 + 2.0 * (p[:, 1] + 0.06)))
    bone = tube(
        [(0, -0.10, 0.006, 0.0150), (0, -0.36, -0.020, 0.0135), (0, -0.390, -0.024, 0.0200), (0, -0.42, -0.022, 0.0140),
         (0, low + 0.06, 0.002, 0.0125), (0, low + 0.018, 0.006, 0.0150)],
        lambda p: ramp(plumage.leg, np.clip(0.6 + 0.5 * np.sin(60 * p[:, 1]), 0, 1)), 9, 4,
    )  # fmt: skip
    toes = [(0.052, 0.088), (0.0, 0.112), (-0.046, 0.090)]
    bones = [
        tube(
            [(0, low + 0.020, 0, 0.012), (0.6 * x, low + 0.014, 0.6 * z, 0.010), (x, low + 0.008, z, 0.007)],
            plumage.leg[0],
            7,
            3,
        )
        for x, z in toes
    ]
    edge = smooth_path([(x, low + 0.006, 0.97 * z) for x, z in toes], 5)
    web = felt(sheet(np.array([0.0 * edge + np.array((0, low + 0.012, 0.01)), edge]), plumage.leg[1]), 0.005)
    heel = tube([(0, low + 0.016, 0, 0.010), (0, low + 0.010, -0.040, 0.006)], plumage.leg[0], 6, 1)
    return join([shade, bone, *bones, web, heel])


MODELS = {
    "flamingo": Model(lambda: bird(ROSE), joints=JOINTS),
    "moonbird_dusk": Model(lambda: bird(MOON), joints=JOINTS),
}
