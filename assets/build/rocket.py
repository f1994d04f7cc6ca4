"""The toy rocket, its flame, and the fuel lamps on its tower."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.build.kit import Array, Mesh, ball, banded, join, lathe, ramp, sheet, smooth_path, solid, tube
from assets.build.studio import Model, prop

FOOT_M = 0.42
"""How far the rocket's feet are below its nozzle, which is the origin of rocket and flame."""


@dataclass(frozen=True)
class Livery:
    """The colours of a rocket, and whether it has a face."""

    body: str
    trim: str
    fin: tuple[str, str]
    nose: str
    rim: str
    glass: tuple[str, str]
    face: bool = False


MORNING = Livery(
    body="#fff1dc",
    trim="#3f97a6",
    fin=("#d9583f", "#ef7f62"),
    nose="#e8694a",
    rim="#3f97a6",
    glass=("#2b7f96", "#a9e2e0"),
)
DUSK = Livery(
    body="#efe4ff",
    trim="#58b9b4",
    fin=("#e2707f", "#ffac94"),
    nose="#ff9a7c",
    rim="#ffc46b",
    glass=("#ffb956", "#fff3c4"),
    face=True,
)

# Half widths (m) of the hull by height above the nozzle.
HULL = smooth_path(
    ((0.29, 0.14), (0.40, 0.36), (0.475, 0.70), (0.51, 1.05), (0.505, 1.40), (0.455, 1.76), (0.37, 2.08)), 4
)
NOSE = ((0.385, 2.08), (0.37, 2.18), (0.28, 2.40), (0.16, 2.58), (0.07, 2.67), (0.0, 2.69))
FIN = (
    (0.38, 0.84), (0.62, 0.66), (0.86, 0.30), (0.98, -0.08), (1.0, -0.38),
    (0.80, -0.38), (0.72, -0.14), (0.56, 0.06), (0.30, 0.20),
)  # fmt: skip
SECTION = ((0.03, -0.05), (0.45, -0.05), (0.80, -0.05), (0.96, -0.034), (1.0, 0.0))
SECTION += tuple((share, -side) for share, side in SECTION[3::-1])


def rocket(livery: Livery) -> Mesh:
    """A rocket 3.2 m high about its nozzle at the origin: feet at y = -0.42, window or face towards +z."""
    split = int(np.searchsorted(HULL[:, 1], 0.52))
    hull = banded(
        [
            ([(0.0, 0.14), *HULL[: split + 1]], livery.trim),
            (HULL[split:], livery.body),
            (smooth_path(NOSE, 1), livery.nose),
        ],
        22,
    )
    nozzle = [(0.0, 0.10), (0.15, 0.06), (0.235, 0.0), (0.26, 0.015), (0.215, 0.10), (0.20, 0.2)]
    tip = [lathe([(0.03, 2.66), (0.022, 2.74)], livery.rim, 10), ball(0.045, 1, livery.rim).moved(0, 2.76, 0)]
    bands = [_band(float(HULL[split, 1]), livery.rim), _band(2.08, livery.rim)]
    fins = [_fin(livery).turned("y", angle) for angle in (-28.0, 90.0, 208.0)]
    front = _face(livery) if livery.face else [_window(livery, 0.24, 1.42), _window(livery, 0.11, 0.86)]
    return join([hull, lathe(nozzle, "#8d8792", 28), *tip, *bands, *fins, *front])


def _hull_m(height_m: float) -> float:
    return float(np.interp(height_m, HULL[:, 1], HULL[:, 0]))


def _band(height_m: float, paint: str) -> Mesh:
    out = _hull_m(height_m)
    return tube(
        [(out * np.cos(t), height_m, out * np.sin(t), 0.02) for t in np.linspace(0, 2 * np.pi, 29)], paint, 5, 1
    )


def _fin(livery: Livery) -> Mesh:
    """A thick rounded fin along +x with a foot under it."""
    outline = smooth_path((*FIN, FIN[0]), 2)[:-1]
    middle = np.array([0.72, 0.20])
    rows = []
    for share, side in SECTION:
        flat = middle + (outline - middle) * share
        rows.append(np.column_stack([flat, np.full(len(flat), side)]))
    fin = solid(sheet(np.array(rows), wrap=True))
    foot = lathe([(0.0, -0.42), (0.13, -0.42), (0.14, -0.38), (0.10, -0.345), (0.0, -0.34)], livery.trim, 10)
    painted = fin.painted(lambda p: ramp(livery.fin, np.clip(0.4 + p[:, 1], 0, 1)))
    return join([painted, foot.moved(0.89, 0, 0)])


def _window(livery: Livery, radius_m: float, height_m: float) -> Mesh:
    """A round window in a rim, a band of sky mirrored in its glass."""
    r = radius_m
    rim = lathe(
        [(r * 1.08, -0.1), (r * 1.04, 0.03), (r * 0.9, 0.05), (r * 0.8, 0.03), (r * 0.8, -0.08)], livery.rim, 24
    )
    glass = ball(1, 1).scaled(r * 0.85, r * 0.14, r * 0.85)
    window = join([rim, glass.painted(lambda p: _mirrored(p / r, livery))]).turned("x", 90)
    return window.moved(0, height_m, _hull_m(height_m) - 0.012)


def _mirrored(points: Array, livery: Livery) -> Array:
    slant = points[:, 0] * 0.6 - points[:, 2] * 0.8
    return ramp(
        (livery.glass[0], livery.glass[0], livery.glass[1], livery.glass[0]), np.clip(0.62 + 0.55 * slant, 0, 1)
    )


def _face(livery: Livery) -> list[Mesh]:
    """Two big eyes, a smile, rosy cheeks, and a lit window below."""
    parts = [_window(livery, 0.17, 0.86)]
    for side in (-1.0, 1.0):
        eye = ball(1, 2, "#3a2858").scaled(0.085, 0.115, 0.045)
        glints = [
            ball(0.030, 1, "#ffffff").moved(-0.028, 0.045, 0.036),
            ball(0.015, 0, "#ffffff").moved(0.03, -0.03, 0.036),
        ]
        parts.append(_on_hull(join([eye, *glints]), side * 0.185, 1.52))
        parts.append(_on_hull(ball(1, 1, "#ffb3b0").scaled(0.065, 0.045, 0.02), side * 0.30, 1.335))
    curve = [(x, 1.305 + 1.9 * x * x) for x in np.linspace(-0.115, 0.115, 7)]
    parts.append(tube([(x, y, _depth_m(x, y) + 0.004, 0.016) for x, y in curve], "#3a2858", 6, 2))
    return parts


def _depth_m(x: float, y: float) -> float:
    return float(np.sqrt(_hull_m(y) ** 2 - x * x))


def _on_hull(mesh: Mesh, x: float, y: float) -> Mesh:
    """Something that faces +z laid on the hull."""
    depth_m = _depth_m(x, y)
    return mesh.turned("y", float(np.degrees(np.arctan2(x, depth_m)))).moved(x, y, depth_m)


def flame() -> Mesh:
    """A soft flame 0.95 m long that hangs from the nozzle at the origin, of one big and six small tongues."""
    profile = smooth_path(((0.0, 0.05), (0.15, 0.03), (0.215, -0.14), (0.19, -0.40), (0.11, -0.68), (0.0, -0.95)), 3)
    tongue, little = solid(lathe(profile, sides=16)), solid(lathe(profile[::2], sides=8))
    small = [little.scaled(0.42, 0.62, 0.42).turned("z", 9).moved(0.13, 0, 0).turned("y", 60.0 * k) for k in range(6)]
    heat = ("#f2703c", "#ff9c41", "#ffcd5e", "#fff3c2")
    return join([tongue, *small]).painted(lambda p: ramp(heat, np.clip(1.05 + 1.15 * p[:, 1], 0, 1)))


def fuel_lamp() -> Mesh:
    """A round lamp that looks towards +z from the wall behind its origin, 0.24 m across."""
    collar = lathe([(0.125, 0.0), (0.125, 0.035), (0.105, 0.05)], "#fff3dd", 20)
    glass = lathe([(0.105, 0.04), (0.095, 0.075), (0.065, 0.105), (0.0, 0.12)], "#ffb938", 20)
    return join([collar, glass]).turned("x", 90)


def fuel_star() -> Mesh:
    """A puffy star that looks towards +z from the wall behind its origin, 0.30 m across."""
    turns = np.arange(10) * np.pi / 5
    reach = np.where(np.arange(10) % 2, 0.078, 0.15)
    outline = smooth_path(np.stack([reach * np.sin(turns), reach * np.cos(turns)], -1)[[*range(10), 0]], 2)[:-1]
    rows = []
    for share, front in ((0.02, 0.0), (0.9, 0.0), (1.0, 0.03), (0.86, 0.06), (0.45, 0.09), (0.02, 0.10)):
        rows.append(np.column_stack([outline * share, np.full(len(outline), front)]))
    star = solid(sheet(np.array(rows), wrap=True))
    return star.painted(lambda p: ramp(("#ffb03d", "#ffd877", "#fff0b8"), np.clip(p[:, 2] / 0.1, 0, 1)))


MODELS = {
    "rocket": Model(lambda: {"rocket": rocket(MORNING), "flame": flame()}),
    "rocket_dusk": Model(lambda: {"rocket": rocket(DUSK), "flame": flame()}),
    "fuel_lamp": prop("fuel_lamp", fuel_lamp),
    "fuel_star": prop("fuel_star", fuel_star),
}
