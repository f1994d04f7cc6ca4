"""The terrace of the lobby: deck, low rail with a gate, posts and beams, climbing roses, flower pots, lanterns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build import dusk
from assets.build.evening import glowing
from assets.build.kit import Mesh, ball, box, grain, join, lathe, lumpy, noise, ramp, tube
from assets.build.looks import Look
from assets.build.palette import CORAL
from assets.build.plants import flower, leafy

DEPTH_M, HALF_M = (-2.85, 2.55), 2.55
GATE_M = 0.62
POST_M, BEAM_M = (2.42, 2.68), 2.72
TIMBER = (("#b07f52", "#c99a68", "#ddb785"), dusk.TIMBER)


def terrace(look: Look, time: int) -> list[Mesh]:
    """Deck, rail with a gate, four posts with beams, and roses on two of them; the deck is y = 0."""
    wood = TIMBER[time]
    parts = [*_deck(wood), *_rail(wood), *_pergola(wood), *_steps(wood)]
    return [*parts, *_climbers(look)]


def _deck(wood: Sequence[str]) -> list[Mesh]:
    wide, long_m = 0.17, DEPTH_M[1] - DEPTH_M[0]
    boards = []
    for k in range(31):
        paint = grain(wood, (5, 1, 0.6), 0.5, k)
        board = box(wide - 0.012, 0.04, long_m, paint, 0, 0.62)
        boards.append(board.moved((k - 15) * wide, -0.02, sum(DEPTH_M) / 2))
    skirt = box(2 * HALF_M + 0.1, 0.7, long_m - 0.05, wood[0], 0, 0.7).moved(0, -0.40, sum(DEPTH_M) / 2)
    return [*boards, skirt]


def _rail(wood: Sequence[str]) -> list[Mesh]:
    """A low rail around the deck, open at the gate ahead."""
    x, front, back = HALF_M - 0.08, DEPTH_M[0] + 0.08, DEPTH_M[1] - 0.08
    runs = [((-x, front), (-GATE_M, front)), ((GATE_M, front), (x, front))]
    runs += [((-x, front), (-x, back)), ((x, front), (x, back)), ((-x, back), (x, back))]
    parts = []
    for start, end in runs:
        a, b = np.array(start), np.array(end)
        length = float(np.linalg.norm(b - a))
        turn = np.degrees(np.arctan2(-(b - a)[1], (b - a)[0]))
        pieces = [box(length + 0.08, 0.055, 0.10, grain(wood, (0.6, 1, 3), 0.4, 3), 0.012, 0.4).moved(0, 0.80, 0)]
        pieces += [box(length, 0.05, 0.05, wood[1], 0, 0.5).moved(0, y, 0) for y in (0.14, 0.66)]
        count = max(2, round(length / 0.24))
        for at in (np.arange(count) + 0.5) / count - 0.5:
            pieces.append(box(0.034, 0.46, 0.034, wood[2], 0, 0.16).moved(at * length, 0.40, 0))
        middle = (a + b) / 2
        parts.append(join(pieces).turned("y", turn).moved(middle[0], 0, middle[1]))
    for side in (-1, 1):
        post = box(0.10, 0.92, 0.10, wood[1], 0.014, 0.4).moved(side * GATE_M, 0.46, front)
        parts += [post, ball(0.066, 2, CORAL if wood is TIMBER[0] else "#ffb86a").moved(side * GATE_M, 0.975, front)]
    return parts


def _pergola(wood: Sequence[str]) -> list[Mesh]:
    """Posts in the corners, beams on them and rafters across, all above the reach of an arm."""
    x, z = POST_M
    parts = []
    for side in (-1.0, 1.0):
        for end in (-1.0, 1.0):
            post = box(0.17, BEAM_M + 0.02, 0.17, grain(wood, (3, 0.5, 3), 0.4, 8), 0.02, 0.3)
            foot = box(0.25, 0.16, 0.25, wood[0], 0.02, 0.3).moved(0, 0.08, 0)
            head = box(0.25, 0.10, 0.25, wood[2], 0.02, 0.3).moved(0, BEAM_M - 0.06, 0)
            parts.append(join([post.moved(0, BEAM_M / 2, 0), foot, head]).moved(side * x, 0, end * z - 0.12))
            brace = tube([(0, BEAM_M - 0.62, 0, 0.05), (-side * 0.62, BEAM_M + 0.16, 0, 0.05)], wood[1], 8, 2)
            parts.append(brace.moved(side * x, 0, end * z - 0.12))
        parts.append(
            box(0.15, 0.18, 2 * z + 0.8, grain(wood, (3, 3, 0.5), 0.4, 9), 0.02, 0.4).moved(
                side * x, BEAM_M + 0.08, -0.12
            )
        )
    for end in np.linspace(-z, z, 7):
        rafter = box(2 * x + 1.0, 0.16, 0.11, grain(wood, (0.5, 3, 3), 0.4, 7), 0.015, 0.4)
        parts.append(rafter.moved(0, BEAM_M + 0.24, end - 0.12))
    return parts


def _steps(wood: Sequence[str]) -> list[Mesh]:
    return [
        box(2 * GATE_M + 0.25, 0.14, 0.36, wood[1 + k % 2], 0.015, 0.4).moved(
            0, -0.16 - 0.17 * k, DEPTH_M[0] - 0.16 - 0.30 * k
        )
        for k in range(4)
    ]


def _climbers(look: Look) -> list[Mesh]:
    """A climbing rose up the front posts and along the front beam, thin in the middle."""
    x, z = POST_M[0], -POST_M[1] - 0.12
    top = BEAM_M + 0.25
    lines = (
        [(-x, 0.2, z, 0.07), (-x - 0.05, 0.9, z + 0.09, 0.09), (-x + 0.06, 1.6, z + 0.07, 0.10),
         (-x - 0.03, 2.2, z + 0.08, 0.14), (-x + 0.30, top - 0.05, z + 0.04, 0.19), (-x + 1.0, top + 0.02, z, 0.12),
         (-x + 1.7, top + 0.03, z + 0.02, 0.05)],
        [(x, 1.9, z, 0.05), (x - 0.02, 2.35, z + 0.06, 0.12), (x - 0.35, top - 0.03, z, 0.18),
         (x - 1.1, top + 0.03, z, 0.08)],
        [(-x, 2.5, z, 0.10), (-x, top, z + 0.7, 0.17), (-x, top + 0.03, z + 1.7, 0.12), (-x, top, z + 2.6, 0.05)],
        [(x, 2.5, z, 0.10), (x, top, z + 0.7, 0.15), (x, top + 0.03, z + 1.6, 0.06)],
    )  # fmt: skip
    grown: list[Mesh] = []
    eye = np.array([0.0, 1.6, 0.0])
    random = np.random.default_rng(21)
    for k, line in enumerate(lines):
        core = tube(line, sides=8, steps=4)
        grown += [core.painted(ramp(look.core, noise(core.points, 0.3, k))).swaying(0.03)]
        grown.append(leafy(core, (430, 260, 190, 130)[k], 0.15, look.foliage["sage"], 70 + k, eye))
        picks = core.points[random.integers(0, len(core.points), (30, 18, 12, 9)[k])]
        for place in picks:
            petals, heart, count = look.blooms[(1, 0)[int(random.integers(2))]]
            head = flower(petals, heart, count).scaled(random.uniform(0.075, 0.105)).turned("x", random.uniform(40, 90))
            spot = place + (eye - place) / np.linalg.norm(eye - place) * 0.10
            grown.append(head.turned("y", np.degrees(np.arctan2(-place[0], -place[2]))).moved(*spot))
    return grown


def pots(look: Look) -> list[Mesh]:
    """Flower pots at the gate."""
    pot = lathe(
        [(0.0, 0.0), (0.12, 0.0), (0.155, 0.22), (0.175, 0.23), (0.175, 0.27), (0.14, 0.27), (0.13, 0.23), (0.0, 0.22)],
        "#d9785a",
        18,
    )
    made = []
    for k, (x, z, size) in enumerate(((-0.98, -2.55, 1.0), (1.0, -2.55, 1.0), (1.4, -2.5, 0.75), (-1.9, -2.4, 1.15))):
        bush = lumpy(ball(0.21, 2), 0.2, 0.15, k).scaled(1, 0.8, 1).moved(0, 0.40, 0)
        parts = [look.made(pot), bush.painted(ramp(look.core, noise(bush.points, 0.2, k)))]
        parts.append(leafy(bush, 110, 0.085, look.foliage["sage"], 90 + k, np.array([-x, 1.6, -z])))
        random = np.random.default_rng(k)
        for _ in range(11):
            turn, lift = random.uniform(0, 2 * np.pi), random.uniform(0.35, 1.3)
            out = np.array([np.cos(lift) * np.sin(turn), np.sin(lift), np.cos(lift) * np.cos(turn)])
            petals, heart, count = look.blooms[(1, 2, 3, 1)[k]]
            head = (
                flower(petals, heart, count)
                .scaled(0.085)
                .turned("x", 90 - np.degrees(lift))
                .turned("y", np.degrees(turn))
            )
            parts.append(head.moved(*(out * (0.265, 0.225, 0.265) + (0, 0.41, 0))))
        made.append(join(parts).scaled(size).moved(x, 0, z))
    return made


def lantern_row() -> list[Mesh]:
    """Paper lanterns on a cord along the front beam, lowest where nobody looks, and a pool of light on each post."""
    hung = []
    paints = tuple(glowing(p, 2.3) for p in ("#ffd98a", "#ffb3a0", "#a8e6dc", "#ffd98a"))
    for k, x in enumerate((-1.95, -1.45, 1.05, 1.5, 1.95)):
        drop, z = (0.30, 0.44, 0.24, 0.42, 0.30)[k], -POST_M[1] - 0.12
        body = lathe(
            [(0.05, -0.13), (0.10, -0.105), (0.127, -0.05), (0.135, 0.0), (0.127, 0.05), (0.10, 0.105), (0.05, 0.13)]
        ).painted(paints[k % 4])
        rim = [lathe([(0.055, y - 0.012), (0.06, y), (0.0, y + 0.012)], "#7a4a78", 10) for y in (-0.13, 0.14)]
        cord = tube([(0, 0.14, 0, 0.005), (0, drop, 0, 0.005)], "#7a4a78", 4, 1)
        hung.append(join([body, *rim, cord]).moved(x, BEAM_M + 0.10 - drop, z))
    return hung
