"""The sand of the shore: where the water ends, how the beach rises, the shallows, a bathing hut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assets.build.kit import (
    Array,
    Mesh,
    box,
    facing_up,
    felt,
    flipped,
    grain,
    join,
    noise,
    ramp,
    sheet,
    smooth_path,
    unit,
)
from assets.build.land import azimuths, polar, smoothstep

# The water's edge from the left to the right: an inlet that comes almost to the feet, between two arms of sand.
EDGE = [
    (-60.0, -30.0),
    (-36.0, -25.0),
    (-22.0, -20.0),
    (-13.0, -15.0),
    (-7.6, -10.2),
    (-4.6, -6.9),
    (-2.9, -4.5),
    (-1.75, -2.7),
]
EDGE += [(-0.8, -1.75), (0.2, -1.5), (1.1, -1.9), (1.9, -3.1), (2.8, -4.6), (4.3, -6.3), (7.0, -7.8), (12.0, -9.2)]
EDGE += [(20.0, -10.5), (34.0, -11.5), (60.0, -12.0)]

# Rows of the foam strip from the sand outwards: how far (m), how white, and whether it follows the second, broken wave.
FOAM = (
    (-0.20, 0.6, False), (-0.02, 1.0, False), (0.06, 0.95, False), (0.13, 0.0, False), (0.44, 0.0, True),
    (0.56, 0.55, True), (0.62, 0.9, True), (0.66, 0.9, True), (0.72, 0.0, True),
)  # fmt: skip


@dataclass(frozen=True)
class Sand:
    """Dry sand from shade to light, wet sand, and the scrub on the dunes."""

    dry: tuple[str, ...]
    wet: tuple[str, ...]
    scrub: tuple[str, ...]


def waterline() -> Array:
    """The water's edge as a curve (n, 2) of x and z."""
    return smooth_path(EDGE, 14)


def inland_m(places: Array) -> Array:
    """How far places (n, 2) are from the water's edge: positive on land, negative in the water."""
    line = waterline()
    edge_z = np.interp(places[:, 0], line[:, 0], line[:, 1])
    away = np.full(len(places), np.inf)
    for part in np.array_split(line, 8):
        away = np.minimum(away, np.linalg.norm(places[:, None] - part[None], axis=2).min(axis=1))
    return np.where(places[:, 1] > edge_z, away, -away)


def ground_m(places: Array) -> Array:
    """The height of sand and sea bed: flat about the patient, dunes further inland."""
    inland = inland_m(places)
    beach = -0.10 + 0.10 * smoothstep(0.0, 0.9, inland) - 0.9 * smoothstep(0.0, 9.0, -inland)
    away = np.hypot(places[:, 0], places[:, 1])
    dunes = 1.5 * smoothstep(2.5, 11, inland) * smoothstep(3.0, 9.0, away) * (0.25 + 1.1 * noise(places, 6.5, 24))
    ripples = 0.05 * (noise(places, 1.1, 25) - 0.5) * smoothstep(0.3, 1.2, inland) * smoothstep(1.0, 2.0, away)
    rise = 5.0 * smoothstep(16, 60, inland) * (0.4 + noise(places, 30.0, 26))
    return beach + dunes + ripples + rise


def ground(sand: Sand) -> Mesh:
    """Sand and sea bed from under the feet to 90 m."""
    radii = np.concatenate([[0.02, 0.4], np.geomspace(0.75, 90, 50)])
    grid = polar(radii, azimuths(91, 26))
    flat = grid.reshape(-1, 2)
    points = np.stack([flat[:, 0], ground_m(flat), flat[:, 1]], -1).reshape(*grid.shape[:2], 3)

    def paint(at: Array) -> Array:
        places = at[:, [0, 2]]
        inland = inland_m(places) + 0.25 * (noise(places, 0.9, 27) - 0.5)
        tone = 0.30 + 0.55 * noise(places, 3.2, 28) + 0.30 * (noise(places * (0.6, 1.6), 0.5, 29) - 0.5)
        dry, wet = ramp(sand.dry, np.clip(tone, 0, 1)), ramp(sand.wet, noise(places, 1.5, 30))
        damp = (1 - smoothstep(0.15, 0.75, inland))[:, None]
        green = (smoothstep(4.0, 9.0, inland) * smoothstep(0.40, 0.62, noise(places, 3.4, 33)) * 0.85)[:, None]
        bare = dry * (1 - damp) + wet * damp
        return bare * (1 - green) + ramp(sand.scrub, noise(places, 1.6, 32)) * green

    return facing_up(sheet(points, wrap=True)).painted(paint)


def sea(water_m: float) -> Mesh:
    """The water, pale where it is shallow, with two lines of foam along its edge."""
    grid = polar(np.concatenate([[0.4], np.geomspace(0.9, 260, 58)]), azimuths(91, 26))
    points = np.stack([grid[..., 0], np.full(grid.shape[:2], water_m), grid[..., 1]], -1)
    open_sea = facing_up(sheet(points, wrap=True))
    return join([open_sea.swaying(_pale(open_sea.points[:, [0, 2]])), _foam(water_m + 0.012)])


def _pale(places: Array) -> Array:
    """How pale the water is at places (n, 2): sand shines through it near the edge."""
    out = -inland_m(places)
    share: Array = (0.44 - 0.20 * smoothstep(0.0, 1.3, out) - 0.24 * smoothstep(0.8, 5.0, out)) * (out > -0.6)
    return share


def _foam(height_m: float) -> Mesh:
    """A strip along the edge of the water: its wash, and a broken line of foam further out."""
    line = waterline()
    line = line[np.abs(line[:, 0]) < 26]
    along = unit(np.gradient(line, axis=0))
    out = np.stack([along[:, 1], -along[:, 0]], -1)
    # Where the inlet ends its edge is curved, and a wide strip would fold over itself.
    wide = (0.45 + 0.55 * smoothstep(1.0, 3.5, np.abs(line[:, 0] - 0.1))) * (1 + 0.03 * np.hypot(*line.T))
    wave = 0.75 + 0.6 * noise(line, 1.3, 35)
    broken = 0.25 + 0.9 * noise(line, 0.9, 36)
    rows, foam = [], []
    for at, white, moving in FOAM:
        flat = line + out * (at * wide * (wave if moving else 1.0))[:, None]
        rows.append(np.stack([flat[:, 0], height_m + 0.002 * np.hypot(*flat.T), flat[:, 1]], -1))
        foam.append(np.clip(np.maximum(white * (broken if moving else 1.0), _pale(flat)), 0, 1))
    return facing_up(sheet(np.array(rows))).swaying(np.concatenate(foam))


def hut(walls: tuple[str, str, str]) -> Mesh:
    """A striped bathing hut 2.6 m high that looks towards -z."""
    boards = [box(0.24, 1.7, 0.05, walls[k % 2], 0.0, 0.4).moved(-0.96 + 0.24 * k, 1.15, -0.95) for k in range(9)]
    sides = [box(0.05, 1.7, 1.9, walls[0], 0.0, 0.4).moved(x, 1.15, 0) for x in (-1.08, 1.08)]
    back = box(2.16, 1.7, 0.05, walls[0], 0.0, 0.4).moved(0, 1.15, 0.95)
    slope = np.array([[(x * side, y, 0.0) for side in (-1, 0, 1)] for x, y in ((1.08, 2.0), (0.02, 2.62))])
    gable = felt(flipped(sheet(slope)), 0.04).moved(0, 0, -0.95).painted(walls[0])
    roof = [box(1.42, 0.07, 2.3, walls[2], 0.0, 0.35).turned("z", -s * 30).moved(s * 0.58, 2.30, 0) for s in (-1, 1)]
    door = box(0.62, 1.35, 0.06, walls[2], 0.0, 0.3).moved(0, 0.98, -0.98)
    deck = box(2.5, 0.10, 2.6, grain(("#a5784f", "#c69a6a"), (1, 1, 4), 0.4, 2), 0.0, 0.4).moved(0, 0.26, -0.2)
    legs = [box(0.12, 0.9, 0.12, "#a5784f").moved(x, -0.1, z) for x in (-1.0, 1.0) for z in (-1.1, 0.9)]
    return join([*boards, *sides, back, gable, *roof, door, deck, *legs])
