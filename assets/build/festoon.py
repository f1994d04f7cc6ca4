"""What is hung up for a feast: lines of little flags, lantern posts, and a round terrace to see it from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.kit import Array, Mesh, ball, box, grain, join, lathe, make, noise, ramp, sheet, solid, tube, unit

Spot = tuple[float, float, float]


def bunting(start: Spot, end: Spot, sag_m: float, colours: Sequence[str], cord: str, pace_m: float = 0.30) -> Mesh:
    """Flags in turn on a cord that hangs from `start` to `end`; seen from both sides."""
    a, b = np.array(start), np.array(end)
    count = max(3, round(float(np.linalg.norm(b - a)) / pace_m))
    share = np.linspace(0, 1, 2 * count + 1)
    line = a + (b - a) * share[:, None]
    line[:, 1] -= sag_m * 4 * share * (1 - share)
    along = unit((b - a) * np.array([1.0, 0.0, 1.0]))
    flags = []
    for k, place in enumerate(line[1::2]):
        half = 0.36 * pace_m
        points = np.array([place - along * half, place + along * half, place - (0, 1.0 * pace_m, 0)])
        flags.append(make(points, np.array([[0, 2, 1]]), colours[k % len(colours)]).swaying(np.array([0.0, 0.0, 0.5])))
    rope = tube([(*place, 0.010) for place in line[::2]], cord, 4, 1)
    return join([rope, *flags])


def lantern_post(high_m: float, wood: str, metal: str, glass: str | Array) -> Mesh:
    """A round paper lantern under a little roof on a post, its foot at y = 0 and its light at `high_m`."""
    pole = lathe([(0.042, -0.3), (0.038, 0.0), (0.028, high_m - 0.16), (0.0, high_m - 0.15)], wood, 9)
    seat = lathe([(0.0, high_m - 0.16), (0.07, high_m - 0.15), (0.07, high_m - 0.12), (0.0, high_m - 0.11)], metal, 12)
    light = ball(1, 1, glass).scaled(0.095, 0.115, 0.095).moved(0, high_m, 0)
    hat = [(0.0, high_m + 0.09), (0.125, high_m + 0.07), (0.115, high_m + 0.11), (0.04, high_m + 0.165)]
    knob = ball(0.028, 0, metal).moved(0, high_m + 0.18, 0)
    return join([pole, seat, light, lathe([*hat, (0.0, high_m + 0.18)], metal, 12), knob])


def hanging_lantern(cord_m: float, metal: str, glass: str | Array) -> Mesh:
    """A round paper lantern about the origin, on a cord that goes up from it."""
    cord = tube([(0, 0.13, 0, 0.008), (0, cord_m, 0, 0.008)], metal, 4, 3)
    light = ball(1, 1, glass).scaled(0.13, 0.15, 0.13)
    caps = [lathe([(0.075, 0.0), (0.07, 0.035), (0.0, 0.04)], metal, 10).moved(0, 0.13, 0)]
    caps.append(lathe([(0.0, -0.04), (0.06, -0.03), (0.07, 0.0)], metal, 10).moved(0, -0.125, 0))
    return join([cord, light, *caps])


def terrace(radius_m: float, boards: tuple[str, str, str], edge: str) -> Mesh:
    """A round floor of boards, its top at y = 0, about the origin."""
    wide, random = 0.21, np.random.default_rng(12)
    wood, parts = grain(boards, (0.5, 1.0, 1.0), 0.3, 14), []
    for z in np.arange(-radius_m + wide / 2, radius_m, wide):
        half = np.sqrt(max(radius_m**2 - (abs(z) + wide / 4) ** 2, 0.05))
        plank = box(2 * half, 0.05, wide - 0.008, wood, 0.0, 0.45).moved(random.uniform(-0.01, 0.01), -0.025, z)
        parts.append(plank.painted(np.clip(plank.colours[:, :3] * random.uniform(0.88, 1.08), 0, 1)))
    turns = np.linspace(0, 2 * np.pi, 49)
    rim = [(0.0, -0.26), (0.035, -0.26), (0.035, -0.005), (0.02, 0.012), (-0.03, 0.012), (-0.03, -0.03)]
    around = [[((radius_m + out) * np.cos(t), y, (radius_m + out) * np.sin(t)) for t in turns] for out, y in rim]
    return join([*parts, _wound_out(np.array(around), edge)])


def _wound_out(rows: Array, paint: str) -> Mesh:
    return solid(sheet(rows)).painted(lambda p: ramp((paint,), p[:, 0]) * (0.9 + 0.2 * noise(p, 0.3, 3)[:, None]))
