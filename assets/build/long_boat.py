"""A dragon boat with small paddlers that travels across the lake, and the dragon's head at a prow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.build.dragon import head
from assets.build.kit import Array, Mesh, ball, facing_up, flipped, join, lathe, ramp, sheet, tube
from assets.build.plush import duck, hedgehog, lamb, rabbit
from assets.build.studio import Model, prop

BOW_M, STERN_M = -2.1, 2.1


@dataclass(frozen=True)
class Paints:
    """The colours of a boat: its hull from keel to rim, scales along it, inside, paddles, drum, and its crew."""

    hull: tuple[str, str, str]
    scale: str
    inside: str
    paddle: tuple[str, str]
    drum: tuple[str, str]
    horn: str
    crew: tuple[Mesh, ...]


DAY = Paints(
    ("#b8452f", "#e2694a", "#f4b942"), "#fbeedb", "#c98f5a", ("#c69a6a", "#3f9aa4"), ("#e2694a", "#fff1d9"), "#f4b942",
    (rabbit("#f3e2cb", "#f2b8a4"), duck("#f8d765", "#f0923c"), hedgehog("#8a6248", "#f0d2a8"),
     lamb("#fff4e2", "#7a6258")),
)  # fmt: skip
DUSK = Paints(
    ("#5a4a9c", "#8a6ac0", "#ffb88c"), "#ffe3c8", "#7a5a8c", ("#966a8c", "#5fc4bc"), ("#ff9c6c", "#fff0d8"), "#ffd27a",
    (rabbit("#f0dcec", "#ffb0b8"), duck("#ffdf8a", "#ff9c5c"), hedgehog("#6a5090", "#f0cfd8"),
     lamb("#fbeaf4", "#7a5a8c")),
)  # fmt: skip


def half_beam_m(z: Array) -> Array:
    """Half the width of the boat at its rim."""
    share = np.clip(1 - (z / STERN_M) ** 2, 0, 1)
    beam: Array = 0.02 + 0.36 * share**0.62
    return beam


def rim_m(z: Array) -> Array:
    """The height of the rim above the water, rising to both ends."""
    high: Array = 0.34 + 0.34 * np.abs(z / STERN_M) ** 2.6
    return high


def long_boat(paints: Paints) -> Mesh:
    """A boat 4.2 m long with four paddlers and a drum, its water line at y = 0, bow at -z."""
    crew = [
        toy.turned("y", 180).scaled(1.45).moved(0.08 * (-1) ** k, 0.24, -1.0 + 0.62 * k)
        for k, toy in enumerate(paints.crew)
    ]
    paddles = [_paddle(paints, (-1) ** k).moved(0, 0, -1.12 + 0.62 * k) for k in range(4)]
    drum = lathe([(0.0, 0.16), (0.12, 0.16), (0.15, 0.26), (0.12, 0.36), (0.0, 0.37)], sides=14)
    drum = drum.painted(lambda p: ramp(paints.drum, (p[:, 1] > 0.345).astype(float))).moved(0, 0, -1.55)
    return join([*_hull(paints), *crew, *paddles, drum, *_prow(), *_tail(paints)])


def _hull(paints: Paints) -> list[Mesh]:
    z = np.linspace(BOW_M, STERN_M, 21)
    turns = np.linspace(-1, 1, 11)
    bulge, rise = np.sin(turns * np.pi / 2), 1 - np.cos(turns * np.pi / 2) ** 0.9
    half, top = half_beam_m(z), rim_m(z)
    rows = [np.stack([half * b, -0.16 + (top + 0.16) * r, z], -1) for b, r in zip(bulge, rise, strict=True)]
    skin = flipped(facing_up(sheet(np.array(rows))))
    skin = skin.painted(ramp(paints.hull, np.repeat(np.clip(np.abs(turns) * 1.6 - 0.6, 0, 1), len(z))))
    lining = flipped(skin).scaled(0.93, 1, 0.98).moved(0, 0.03, 0).painted(paints.inside)
    rails = [
        tube([(s * x, y, w, 0.032) for x, y, w in zip(half, top, z, strict=True)], paints.hull[2], 6, 1)
        for s in (-1, 1)
    ]
    scales = [_scale(paints, s, at) for s in (-1, 1) for at in np.linspace(-1.5, 1.5, 11)]
    return [skin, lining, *rails, *scales]


def _scale(paints: Paints, side: int, z: float) -> Mesh:
    """A round scale on the outside of the hull."""
    at = np.array([z])
    disc = ball(1, 0, paints.scale).scaled(0.022, 0.085, 0.115)
    return disc.turned("z", -side * 14).moved(side * (float(half_beam_m(at)[0]) * 0.955), float(rim_m(at)[0]) * 0.56, z)


def _paddle(paints: Paints, side: int) -> Mesh:
    """A paddle held over the side, its blade in the water."""
    shaft = tube([(side * 0.12, 0.62, 0.0, 0.018), (side * 0.46, 0.10, -0.05, 0.016)], paints.paddle[0], 6, 1)
    blade = tube([(0, 0.16, 0, 0.02), (0, 0.0, 0, 0.07), (0, -0.16, 0, 0.06)], paints.paddle[1], 8, 3, squash=0.25)
    return join([shaft, blade.turned("z", -side * 33 + 66 * side).moved(side * 0.49, 0.05, -0.05)])


def _prow() -> list[Mesh]:
    """A dragon's neck and head that looks where the boat goes."""
    neck = [(0, 0.35, -1.85, 0.15), (0, 0.62, -2.10, 0.125), (0, 0.88, -2.18, 0.105), (0, 1.0, -2.20, 0.10)]
    skin = tube(neck, sides=12, steps=4)
    skin = skin.painted(ramp(("#2f9aa0", "#63cdb9"), np.clip(skin.points[:, 1], 0, 1)))
    return [skin, head(420).turned("y", 180).scaled(1.05).moved(0, 0.96, -2.20)]


def _tail(paints: Paints) -> list[Mesh]:
    knots = [(0, 0.35, 1.85, 0.14), (0, 0.70, 2.15, 0.11), (0, 1.05, 2.22, 0.075), (0, 1.30, 2.05, 0.03)]
    skin = tube(knots, sides=10, steps=4).painted("#43b8ae")
    return [skin, ball(1, 1, paints.horn).scaled(0.04, 0.14, 0.11).moved(0, 1.40, 2.0)]


def carved_prow(wood: Sequence[str], eye: str, band: str) -> Mesh:
    """A dragon's neck and head carved from wood with a wreath; its neck rises from the origin and it looks to -z."""
    neck = [(0, -0.1, 0.12, 0.12), (0, 0.10, 0.0, 0.105), (0, 0.26, -0.04, 0.085), (0, 0.34, -0.06, 0.08)]
    face = head(1100).turned("y", 180).moved(0, 0.33, -0.06)
    bright = np.clip(face.colours[:, :3] @ (0.3, 0.6, 0.1), 0, 1) ** 0.5
    dark = bright < 0.25
    tone = ramp(wood, np.clip(0.25 + 0.75 * bright, 0, 1))
    face = face.painted(np.where(dark[:, None], ramp((eye,), bright), tone))
    neck_skin = tube(neck, sides=16, steps=5)
    wreath = tube(
        [(0.115 * np.cos(t), 0.13, -0.005 + 0.115 * np.sin(t), 0.022) for t in np.linspace(0, 2 * np.pi, 17)],
        band,
        8,
        2,
    )
    return join([neck_skin.painted(ramp(wood, np.clip(0.3 + neck_skin.points[:, 1], 0, 1))), face, wreath])


MODELS: dict[str, Model] = {
    "long_boat": prop("long_boat", lambda: long_boat(DAY)),
    "long_boat_dusk": prop("long_boat_dusk", lambda: long_boat(DUSK)),
}
