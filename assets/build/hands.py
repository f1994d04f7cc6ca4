"""The gloved right hand, open and grabbing, in two colourings; the stage mirrors it for the left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.build.kit import Array, Mesh, ball, join, noise, ramp, sheet, tube, turn
from assets.build.studio import melted, prop

# Sculpted with the back towards +z, fingers along +y, thumb on the -x side; `_to_grip` lays it into OpenXR's
# grip axes. A rod held in a fist crosses the palm at a slant, which is this angle.
ROD_SLANT_DEG = 45.0

# Base (x, y), splay, length of the first bone and radius, from the index to the little finger.
FINGERS = (
    (-0.0310, 0.043, -8.0, 0.035, 0.0124),
    (-0.0100, 0.050, -2.0, 0.038, 0.0128),
    (0.0115, 0.047, 4.0, 0.036, 0.0124),
    (0.0320, 0.037, 12.0, 0.029, 0.0112),
)
OPEN_DEG = (9.0, 13.0, 10.0)
GRAB_DEG = (30.0, 44.0, 34.0)
OPEN_THUMB = ((-0.026, -0.034, 0.016), (-0.049, -0.008, 0.010), (-0.066, 0.020, 0.004), (-0.073, 0.041, -0.002))
GRAB_THUMB = ((-0.026, -0.034, 0.016), (-0.052, -0.012, -0.004), (-0.058, 0.012, -0.030), (-0.046, 0.032, -0.052))


@dataclass(frozen=True)
class Outfit:
    """What the hand wears."""

    glove: str
    shade: str
    badge: str
    cuff: str
    rib: str
    sleeve: str
    sleeve_end: str


WARM = Outfit("#f5dfbf", "#e6bb94", "#e9785a", "#e2694a", "#f29a7c", "#f08765", "#e06f50")
SEA = Outfit("#f5e3c6", "#e4c19c", "#2f7f92", "#e8b04a", "#f7cf78", "#3a90a3", "#2c7690")
CHILD = Outfit("#a4dcc8", "#6fbcae", "#ffcf6b", "#f0a94e", "#ffcf6b", "#f3b460", "#e2974a")


def hand(*, grab: bool, outfit: Outfit) -> Mesh:
    """A right hand in grip axes: +x out of its back, -z the way the thumb end of a held rod points."""
    skin = melted(_flesh(grab=grab, outfit=outfit), 0.0032, smooth=5, triangles=2300)
    skin = skin.painted(lambda points: _glove_paint(points, outfit))
    badge = ball(1.0, 2, outfit.badge).scaled(0.0105, 0.0125, 0.0045).moved(-0.001, 0.004, 0.0385)
    parts = [skin, badge, *_darts(outfit), _cuff(outfit), _sleeve(outfit)]
    return _to_grip(join(parts))


def _flesh(*, grab: bool, outfit: Outfit) -> Mesh:
    bends = GRAB_DEG if grab else OPEN_DEG
    parts = [
        ball(1, 3).scaled(0.041, 0.046, 0.0165).moved(0.001, 0.004, 0.020),
        ball(1, 3).scaled(0.031, 0.034, 0.0175).moved(0.001, -0.030, 0.019),
        ball(1, 3).scaled(0.017, 0.030, 0.0165).turned("z", 28).moved(-0.026, -0.020, 0.012),
        ball(1, 3).scaled(0.014, 0.032, 0.0145).moved(0.028, -0.012, 0.013),
        tube([(0, -0.085, 0.018, 0.025), (0, -0.050, 0.018, 0.025), (0, -0.020, 0.019, 0.020)], squash=0.82),
    ]
    parts += [_finger(*row, bends) for row in FINGERS]
    thumb = GRAB_THUMB if grab else OPEN_THUMB
    parts.append(tube([(*p, r) for p, r in zip(thumb, (0.0150, 0.0140, 0.0128, 0.0118), strict=True)], sides=12))
    parts.append(ball(0.0118, 2).moved(*thumb[-1]))
    return join(parts).painted(outfit.glove)


def _finger(x: float, y: float, splay_deg: float, bone_m: float, radius: float, bends_deg: Sequence[float]) -> Mesh:
    place = np.array([x * 0.8, y - 0.022, 0.021])
    knots = [(*place, radius * 1.0)]
    place = np.array([x, y, 0.022])
    knots.append((*place, radius * 1.06))
    pitch = 0.0
    for bend, length, thick in zip(bends_deg, (bone_m, bone_m * 0.66, bone_m * 0.52), (1.0, 0.97, 0.93), strict=True):
        pitch += bend
        place = place + turn("z", -splay_deg) @ turn("x", -pitch) @ np.array([0.0, length, 0.0])
        knots.append((*place, radius * thick))
    return join([tube(knots, sides=12), ball(radius * 0.93, 2).moved(*place)])


def _darts(outfit: Outfit) -> list[Mesh]:
    """Three seams on the back of the glove."""
    lines = [((x * 0.5, 0.018), (x, 0.040)) for x in (-0.021, 0.0005, 0.022)]
    return [
        tube(
            [
                (a[0], a[1], 0.0338, 0.0006),
                ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, 0.0348, 0.0019),
                (*b, 0.0328, 0.0006),
            ],
            outfit.shade,
            sides=6,
            steps=3,
        )
        for a, b in lines
    ]


def _glove_paint(points: Array, outfit: Outfit) -> Array:
    away = np.clip((points[:, 1] - 0.03) / 0.11, 0, 1) * 0.55 + np.clip(-points[:, 2] / 0.05, 0, 1) * 0.35
    return ramp((outfit.glove, outfit.shade), np.clip(away + 0.12 * (noise(points, 0.03) - 0.5), 0, 1))


def _ring_of_cloth(rows: Sequence[tuple[float, float]], ribs: int, depth: float, sides: int) -> Array:
    """Points (rows, sides, 3) of a cloth ring about y from (height, radius), flattened, with ribs."""
    angles = np.arange(sides) * 2 * np.pi / sides
    wave = depth * np.sign(np.cos(angles * ribs)) if ribs else np.zeros(sides)
    grid = [
        np.stack([(r + wave) * np.cos(angles), np.full(sides, y), -(r + wave) * 0.86 * np.sin(angles) + 0.018], -1)
        for y, r in rows
    ]
    return np.array(grid)


def _cuff(outfit: Outfit) -> Mesh:
    rows = (
        (-0.052, 0.0270),
        (-0.0535, 0.0335),
        (-0.0600, 0.0370),
        (-0.0740, 0.0375),
        (-0.0810, 0.0350),
        (-0.0825, 0.0280),
    )
    sides = 72
    band = sheet(_ring_of_cloth(rows[::-1], 18, 0.0011, sides), wrap=True)
    stripe = np.tile((np.cos(np.arange(sides) * 2 * np.pi / sides * 18) > 0).astype(float), len(rows))
    return band.painted(ramp((outfit.cuff, outfit.rib), stripe))


def _sleeve(outfit: Outfit) -> Mesh:
    # As long as a forearm: shorter, its end floats in the air where an arm is stretched out.
    rows = (
        *((-0.385, 0.0010), (-0.3845, 0.0400), (-0.376, 0.0545), (-0.330, 0.0545), (-0.260, 0.0510)),
        *((-0.190, 0.0465), (-0.120, 0.0405), (-0.078, 0.0345)),
    )
    cloth = sheet(_ring_of_cloth(rows, 0, 0.0, 28), wrap=True)
    return cloth.painted(lambda p: ramp((outfit.sleeve_end, outfit.sleeve), np.clip((p[:, 1] + 0.38) / 0.2, 0, 1)))


def _to_grip(mesh: Mesh) -> Mesh:
    """The grip's x is the back of the hand; fingers point along -y, tipped towards -z by the rod's slant."""
    c, s = np.cos(np.radians(ROD_SLANT_DEG)), np.sin(np.radians(ROD_SLANT_DEG))
    return mesh.framed(x=(0.0, -s, c), y=(0.0, -c, -s), z=(1.0, 0.0, 0.0))


MODELS = {
    "hand_open": prop("hand_open", lambda: hand(grab=False, outfit=WARM)),
    "hand_grab": prop("hand_grab", lambda: hand(grab=True, outfit=WARM)),
    "hand_open_sea": prop("hand_open_sea", lambda: hand(grab=False, outfit=SEA)),
    "hand_grab_sea": prop("hand_grab_sea", lambda: hand(grab=True, outfit=SEA)),
    "hand_open_child": prop("hand_open_child", lambda: hand(grab=False, outfit=CHILD)),
    "hand_grab_child": prop("hand_grab_child", lambda: hand(grab=True, outfit=CHILD)),
}
