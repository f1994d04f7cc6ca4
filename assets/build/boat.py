"""The wooden rowing boat the patient stands in: clinker planks, ribs, floor boards, a small foredeck."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Array, Mesh, ball, box, facing_up, flipped, grain, join, noise, ramp, sheet, tube
from assets.build.palette import CORAL, CREAM, TEAL

BOW_M, STERN_M = -2.35, 2.55
KEEL_M = -0.30
STRAKES = 6
PLANK = ("#e3c493", "#efd9ae", "#f6e8cb")
RAIL, DARK = "#cf9a5f", "#a86f43"


def half_beam_m(z: Array) -> Array:
    """Half the width at the rail."""
    forward = np.clip((z - BOW_M) / 1.9, 0, 1)
    aft = np.clip((STERN_M - z) / 2.2, 0, 1)
    return 0.015 + 0.86 * np.sin(forward * np.pi / 2) ** 0.86 * (0.66 + 0.34 * np.sin(aft * np.pi / 2))


def rail_m(z: Array) -> Array:
    """The height of the rail: lowest amidships, sweeping up to the bow."""
    return 0.60 + 0.34 * np.clip(-z / 2.35, 0, 1) ** 1.9 + 0.10 * np.clip(z / 2.5, 0, 1) ** 2


def side(z: Array, share: Array) -> tuple[Array, Array]:
    """X and y of the hull's skin at a share of the way from the keel (0) to the rail (1)."""
    x = half_beam_m(z) * np.sin(np.clip(0.16 + 0.84 * share, 0, 1) * np.pi / 2) ** 0.8
    return x, KEEL_M + (rail_m(z) - KEEL_M) * share


def outline(height_m: float, extra_m: float = 0.0, count: int = 40) -> Array:
    """The hull's outline at a height, (2 * count, 2) of x and z around the boat, widened by `extra_m`."""
    z = np.linspace(BOW_M + 0.02, STERN_M, count)
    share = (height_m - KEEL_M) / (rail_m(z) - KEEL_M)
    x = side(z, share)[0] + extra_m
    right = np.stack([x, z], -1)
    right[0, 1] -= extra_m
    right[-1, 1] += extra_m
    return np.concatenate([right, (right * (-1, 1))[::-1]])


def boat() -> Mesh:
    """Everything of the boat, the deck at y = 0 under the patient."""
    half = [*_strakes(), *_ribs(), _rail()]
    return join([*half, *(part.scaled(-1, 1, 1) for part in half), *_floor(), *_foredeck(), *_stem(), *_aft()])


def _strakes() -> list[Mesh]:
    """Planks that overlap; inner and outer skin have rows between, since their edges are hidden and bake dark."""
    z = np.concatenate([np.linspace(BOW_M, -1.4, 14), np.linspace(-1.2, STERN_M, 14)])
    thin = np.clip((z - BOW_M) / 0.12, 0.15, 1)
    planks = []
    for k in range(STRAKES):
        low, high = k / STRAKES, min((k + 1) / STRAKES + 0.012, 1.0)
        corners = ((low, 0.024), (high, 0.004), (high, -0.018), (low, -0.002), (low, 0.024))
        skins = []
        for (a, out_a), (b, out_b), cuts in zip(corners, corners[1:], (5, 2, 5, 2), strict=False):
            rows = []
            for t in np.linspace(0, 1, cuts):
                x, y = side(z, np.full_like(z, a + (b - a) * t))
                rows.append(np.stack([x + (out_a + (out_b - out_a) * t) * thin, y, z], -1))
            skins.append(flipped(sheet(np.array(rows))))
        plank = join(skins)
        tint = PLANK[k % 3] if k < STRAKES - 1 else "#3d8f9d"
        grain = 0.90 + 0.16 * noise(plank.points * (3, 9, 0.7), 0.5, k)
        planks.append(plank.painted(ramp((tint,), grain) * grain[:, None]))
    return planks


def _ribs() -> list[Mesh]:
    ribs = []
    for z in (-1.62, -1.05, -0.48, 0.12, 0.72, 1.32, 1.92):
        share = np.linspace(0.28, 0.97, 7)
        x, y = side(np.full(7, z), share)
        ribs.append(tube([(a - 0.030, b, z, 0.024) for a, b in zip(x, y, strict=True)], DARK, 7, 2))
    return ribs


def _rail() -> Mesh:
    z = np.linspace(BOW_M + 0.03, STERN_M, 16)
    x, y = half_beam_m(z) + 0.004, rail_m(z) + 0.012
    return tube([(a, b, c, 0.046) for a, b, c in zip(x, y, z, strict=True)], RAIL, 10, 4)


def _floor() -> list[Mesh]:
    wide = 0.135
    boards = []
    for k in range(-4, 5):
        centre = k * wide
        z = np.linspace(BOW_M, STERN_M, 200)
        share = (0.02 - KEEL_M) / (rail_m(z) - KEEL_M)
        room = z[side(z, share)[0] > abs(centre) + wide / 2 + 0.01]
        length, middle = np.ptp(room) - 0.06, room.mean()
        board = box(
            wide - 0.010, 0.03, length, grain(("#b57f50", "#cf9c6a", "#dcb080"), (4, 1, 0.6), 0.5, k + 4), 0.004, 0.22
        )
        boards.append(board.moved(centre, -0.015, middle))
    half = outline(-0.04, -0.005, 30)[:30]
    rows = [np.stack([half[:, 0] * share, np.full(30, -0.04), half[:, 1]], -1) for share in np.linspace(-1, 1, 9)]
    bilge = sheet(np.array(rows)).painted("#8a5f42")
    return [*boards, facing_up(bilge)]


def _foredeck() -> list[Mesh]:
    planks = []
    count = 9
    for k in range(count):
        left, right = (2 * k / count - 1) * 0.985, (2 * (k + 1) / count - 1) * 0.985
        z = np.linspace(-1.36, BOW_M + 0.10, 9)
        rows = []
        for share, drop in ((left + 0.006, 0.006), (left + 0.012, 0), (right - 0.012, 0), (right - 0.006, 0.006)):
            x = half_beam_m(z) * share
            camber = 0.035 * (1 - share**2)
            rows.append(np.stack([x, rail_m(z) - 0.035 + camber - drop, z], -1))
        paint = grain(("#d9ab72", "#e6c08a", "#efd2a2"), (5, 1, 0.7), 0.5, k)
        planks.append(facing_up(sheet(np.array(rows), paint)))
    edge_m = np.array([-1.34])
    wide, high = half_beam_m(edge_m)[0], rail_m(edge_m)[0]
    across = np.linspace(-1, 1, 7)
    beam = [(wide * x, high - 0.005 - 0.045 * x**2, -1.34, 0.05) for x in across]
    return [*planks, tube(beam, RAIL, 10, 3), *_deck_things()]


def _deck_things() -> list[Mesh]:
    """A coil of rope and a life ring, to tell the size of the deck."""
    coil = []
    for k, (radius, y) in enumerate(((0.135, 0.02), (0.130, 0.055), (0.122, 0.09), (0.112, 0.122))):
        ring = [(radius * np.cos(t), y, radius * np.sin(t), 0.021) for t in np.linspace(0, 2 * np.pi, 17)]
        coil.append(tube(ring, ("#f0dfb8", "#e6d0a0")[k % 2], 8, 2))
    tail = tube(
        [(0.112, 0.12, 0, 0.02), (0.16, 0.10, 0.08, 0.02), (0.19, 0.02, 0.14, 0.02), (0.27, 0.015, 0.17, 0.018)],
        "#f0dfb8",
        8,
        4,
    )
    circle = [(0.165 * np.cos(t), 0.0, 0.165 * np.sin(t), 0.052) for t in np.linspace(0, 2 * np.pi, 25)]
    life_ring = tube(circle, _quarters, 10, 2, squash=0.8)
    return [
        join([*coil, tail]).moved(-0.29, 0.73, -1.60),
        life_ring.turned("x", -7).turned("z", -3).moved(0.27, 0.80, -1.62),
    ]


def _quarters(points: Array) -> Array:
    around = np.arctan2(points[:, 2], points[:, 0])
    return ramp((CREAM, CORAL), (np.cos(4 * around) > 0.35).astype(float))


def _stem() -> list[Mesh]:
    top = float(rail_m(np.array([BOW_M]))[0])
    post = tube(
        [
            (0, KEEL_M, BOW_M + 0.06, 0.05),
            (0, 0.3, BOW_M - 0.02, 0.055),
            (0, top + 0.02, BOW_M - 0.03, 0.058),
            (0, top + 0.13, BOW_M - 0.05, 0.05),
        ],
        RAIL,
        12,
        5,
    )
    return [post, ball(0.066, 2, CORAL).moved(0, top + 0.17, BOW_M - 0.05)]


def _aft() -> list[Mesh]:
    """Two seats, the transom and the oars, behind the patient."""
    seats = [
        box(2 * float(half_beam_m(np.array([z]))[0]) - 0.10, 0.045, deep, RAIL, 0.01, 0.25).moved(0, 0.36, z)
        for z, deep in ((0.95, 0.28), (2.15, 0.5))
    ]
    share = np.linspace(0, 1, 6)
    x, y = side(np.full(6, STERN_M), share)
    grid = np.stack([np.stack([s * x, y, np.full(6, STERN_M)], -1) for s in (-1, -0.5, 0, 0.5, 1)])
    panel = sheet(grid).painted(PLANK[1])
    oars = []
    for sign in (-1.0, 1.0):
        shaft = tube([(sign * 0.50, 0.42, 0.35, 0.022), (sign * 0.42, 0.50, 2.9, 0.02)], "#e6c08a", 8, 3)
        blade = tube(
            [(sign * 0.42, 0.50, 2.85, 0.02), (sign * 0.415, 0.51, 3.1, 0.085), (sign * 0.41, 0.515, 3.45, 0.08)],
            TEAL,
            10,
            4,
            squash=0.2,
        )
        oars += [shaft, blade]
    return [*seats, panel, *oars]
