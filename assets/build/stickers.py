"""Little things for a child's book of stickers that no place has of its own."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Mesh, ball, felt, flipped, join, lathe, noise, ramp, sheet, smooth_path, tube
from assets.build.palette import CREAM
from assets.build.props import butterfly_body, butterfly_wing
from assets.build.studio import prop


def rainbow() -> Mesh:
    """A rainbow on two clouds, 24 cm wide, about its middle."""
    bands = ("#e8594a", "#f59a4e", "#ffd46b", "#8fbf5a", "#4fb0b8", "#8a6ac0")
    turns = np.linspace(0, np.pi, 15)
    bows = []
    for k, paint in enumerate(bands):
        radius = 0.100 - 0.0095 * k
        bows.append(tube([(radius * np.cos(t), radius * np.sin(t), 0, 0.0052) for t in turns], paint, 6, 1))
    puffs = [
        ball(r, 1, "#fffaf0").moved(side * 0.078 + x, -0.004 + y, 0.006)
        for side in (-1, 1)
        for x, y, r in ((-0.026, -0.004, 0.022), (0.0, 0.008, 0.028), (0.027, -0.004, 0.021))
    ]
    return join([*bows, *puffs]).moved(0, -0.045, 0)


def balloon() -> Mesh:
    """A hot-air balloon 24 cm high, about its middle."""
    profile = [
        (0.022, 0.0),
        (0.050, 0.030),
        (0.078, 0.080),
        (0.084, 0.115),
        (0.070, 0.155),
        (0.036, 0.180),
        (0.0, 0.187),
    ]
    skin = lathe(profile, sides=24).painted(
        lambda p: ramp(("#e8694a", CREAM), (np.cos(6 * np.arctan2(p[:, 2], p[:, 0])) > 0).astype(float))
    )
    basket = lathe([(0.0, -0.062), (0.020, -0.060), (0.024, -0.030), (0.019, -0.030), (0.0, -0.040)], "#b98345", 12)
    ropes = [
        tube([(0.021, -0.031, 0, 0.0012), (0.023, 0.004, 0, 0.0012)], "#8a5a3c", 4, 1).turned("y", 90 * k)
        for k in range(4)
    ]
    return join([skin, basket, *ropes]).moved(0, -0.060, 0)


def sun() -> Mesh:
    """A smiling sun 20 cm across, about its middle, its face to +z."""
    disc = (
        ball(0.062, 3)
        .scaled(1, 1, 0.5)
        .painted(lambda p: ramp(("#f7b43a", "#ffd968"), np.clip(0.5 + 8 * p[:, 1], 0, 1)))
    )
    ray = lathe([(0.013, 0.070), (0.011, 0.082), (0.0, 0.102)], "#f7a93a", 8)
    rays = [ray.turned("z", 30 * k).scaled(1, 1, 0.8) for k in range(12)]
    eyes = [ball(1, 1, "#5a4034").scaled(0.0065, 0.009, 0.004).moved(x, 0.012, 0.0295) for x in (-0.021, 0.021)]
    blush = [ball(1, 1, "#f58f56").scaled(0.010, 0.006, 0.003).moved(x, -0.008, 0.0255) for x in (-0.035, 0.035)]
    smile = [
        (x, -0.022 + 0.010 * (x / 0.02) ** 2, 0.0290 - 0.002 * (x / 0.02) ** 2, 0.0024)
        for x in np.linspace(-0.02, 0.02, 7)
    ]
    return join([disc, *rays, *eyes, *blush, tube(smile, "#5a4034", 6, 1)])


def crescent() -> Mesh:
    """A sleepy crescent moon 20 cm high, about its middle."""
    turns = np.linspace(np.radians(52), np.radians(308), 17)
    knots = [
        (
            0.075 * np.cos(t),
            0.085 * np.sin(t),
            0.0,
            0.034 * np.sin((t - turns[0]) / np.ptp(turns) * np.pi) ** 0.8 + 0.002,
        )
        for t in turns
    ]
    body = tube(knots, sides=16, steps=2, squash=0.7)
    return body.painted(lambda p: ramp(("#ea9f35", "#ffd76e"), noise(p, 0.08, 2))).moved(0.02, 0, 0)


def butterfly() -> Mesh:
    """A butterfly with open wings, seen from above along z, 10 cm across."""
    wing = butterfly_wing().turned("z", 18)
    return join([butterfly_body(), wing, wing.scaled(-1, 1, 1)]).turned("x", 72).scaled(1.8)


def shell() -> Mesh:
    """A scallop 18 cm wide, about its middle, its ribbed back to +z."""
    turns = np.linspace(np.radians(12), np.radians(168), 46)
    rows = []
    for share in np.linspace(0.04, 1, 8):
        rib = 0.5 + 0.5 * np.cos(turns * 9)
        reach = 0.092 * share * (1 + 0.05 * rib * share)
        high = 0.042 * np.sin(np.pi * (0.10 + 0.90 * share)) ** 0.7 * np.sin(np.clip(turns, 0.05, 3.09)) ** 0.3
        high = high + 0.006 * rib * share
        rows.append(np.stack([reach * np.cos(turns), reach * np.sin(turns) * 1.25, high], -1))
    back = sheet(np.array(rows))
    far = np.hypot(back.points[:, 0], back.points[:, 1] / 1.25) / 0.096
    back = back.painted(ramp(("#fff0e0", "#f7b59c", "#f3907f", "#fbd3bd"), np.clip(far, 0, 1)))
    hinge = ball(1, 2, "#f7c0a4").scaled(0.036, 0.014, 0.013).moved(0, -0.008, 0.008)
    return join([felt(flipped(back), 0.004), hinge]).moved(0, -0.055, 0)


def toadstool() -> Mesh:
    """A stout mushroom with a dotted cap, 16 cm high, standing on y = 0."""
    stem = lathe([(0.0, 0.0), (0.042, 0.002), (0.046, 0.02), (0.034, 0.06), (0.036, 0.085), (0.0, 0.09)], "#fff0dc", 18)
    gills = lathe([(0.09, 0.082), (0.06, 0.088), (0.03, 0.080)], "#f6d6c0", 24)
    dome = [(0.090, 0.082), (0.096, 0.090), (0.090, 0.112), (0.070, 0.138), (0.038, 0.156), (0.0, 0.161)]
    cap = lathe(smooth_path(dome, 2), sides=26).painted(
        lambda p: ramp(("#c9508c", "#f08fa8"), np.clip((p[:, 1] - 0.08) / 0.08, 0, 1))
    )
    dots = []
    for k, (turn_deg, lift_deg, size) in enumerate(
        (
            (80, 38, 0.017),
            (20, 22, 0.013),
            (140, 24, 0.012),
            (50, 66, 0.011),
            (200, 55, 0.014),
            (270, 30, 0.016),
            (330, 48, 0.013),
        )
    ):
        lift = np.radians(lift_deg)
        dot = ball(1, 1, "#fff6e6").scaled(size, 0.003, size).turned("x", 90 - lift_deg).turned("y", 90 - turn_deg + k)
        turn = np.radians(90 - turn_deg + k)
        out = (0.097 * np.cos(lift) * np.sin(turn), 0.084 + 0.082 * np.sin(lift), 0.097 * np.cos(lift) * np.cos(turn))
        dots.append(dot.moved(*out))
    return join([stem, gills, cap, *dots])


MODELS = {
    "sticker_rainbow": prop("sticker_rainbow", rainbow),
    "sticker_balloon": prop("sticker_balloon", balloon),
    "sticker_sun": prop("sticker_sun", sun),
    "sticker_moon": prop("sticker_moon", crescent),
    "sticker_butterfly": prop("sticker_butterfly", butterfly),
    "sticker_shell": prop("sticker_shell", shell),
    "mushroom": prop("mushroom", toadstool),
}
