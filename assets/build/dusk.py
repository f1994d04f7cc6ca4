"""The evening of the dragon theme: its light, its colours, and how things of the day are dipped in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.evening import glowing
from assets.build.kit import Array, Mesh, colour, noise, ramp
from assets.build.palette import GLASS, PANE
from assets.build.studio import Light

LIGHT = Light(
    to_sun=(-0.83, 0.50, -0.10),
    sun_strength=2.5,
    sun="#ffc9b4",
    zenith="#9c8fd4",
    horizon="#ffc6c6",
    sky_strength=0.66,
    gain=0.95,
)
GROUND = ("#4f4483", "#5d4f95", "#705da2", "#8a6cac", "#a882b6")
BLADES = ("#6a5aa6", "#8466b0", "#a877b4", "#cf93b8")
FOLIAGE = {
    "sage": ("#6f3f86", "#8a4a92", "#a8588f", "#c8709f", "#e596ab"),
    "lime": ("#7d4a9a", "#9a5aa6", "#bd6fa6", "#dc8fae", "#f2b0b4"),
    "autumn": ("#4f5a9c", "#6470ae", "#7f8cc0", "#a0aad0", "#c4c6e0"),
    "blossom": ("#b8608f", "#cf7c9e", "#e398aa", "#f1b6b8", "#fbd2cb"),
}
BARK = ("#55385f", "#6d4872", "#8f6488", "#b18aa0")
TIMBER = ("#5f4470", "#8a6488", "#b98aa0", "#e0b4b0")
HILLS = (("#8a78b8", "#7c68ac"), ("#8c80c0", "#7d72b6"), ("#9a8cc8", "#8c80c0"), ("#a898cc", "#9c90c8"))
CLOUD = np.array([1.50, 1.16, 1.32])
GLOW = "#ffdc96"
GLASSES = (GLASS, PANE)
PANE_LIT = glowing("#ffd68a", 3.0)


def bark(points: Array, scale_m: float = 0.16) -> Array:
    """Violet bark, streaked as by day."""
    streaks = noise(points * np.array([1.0, 0.16, 1.0]), scale_m, 11)
    patches = noise(points, scale_m * 5, 12)
    return ramp(BARK, np.clip(0.15 + 0.55 * streaks + 0.35 * (patches - 0.3), 0, 1))


def dipped(mesh: Mesh, palette: Sequence[str] = TIMBER, kept: float = 0.28, pane: Array = PANE_LIT) -> Mesh:
    """A thing of the day in evening colours: its brightness picks from a palette, a share of its own hue is kept.

    What is made of glass, by its colour, has a light behind it and becomes `pane`.
    """
    rgb = mesh.colours[:, :3]
    bright = np.clip(rgb @ (0.25, 0.6, 0.15), 0, 1) ** 0.45
    veil = ramp(palette, np.clip((bright - 0.25) / 0.72, 0, 1))
    rest = veil * (1 - kept) + rgb * kept * np.array([1.0, 0.86, 1.08])
    panes = [np.abs(rgb - colour(glass)).max(axis=1) < 1e-6 for glass in GLASSES]
    return mesh.painted(np.where(np.any(panes, axis=0)[:, None], pane, rest))
