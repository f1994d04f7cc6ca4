"""The air of each place: wind, leaves, water, birds by day and crickets at dusk, as loops without a seam."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from assets.build.sound.instruments import RATE_HZ, Canvas, Random, Recipe, bell, glide, kalimba, noise, slow_change

GUSTS = (1, 2, 3, 5, 8)
TIDE_S = 10.0  # six waves a minute: the pace at which most people breathe when they are calm


def wind(canvas: Canvas, random: Random, air: float, leaves: float) -> None:
    """Wind that comes and goes, and leaves that answer it; how loud each is."""
    count = len(canvas.samples)
    gust = slow_change(random, count / RATE_HZ, GUSTS)
    for pan in (-0.7, 0.7):
        canvas.add(noise(random, count, 80, 600) * (0.35 + 0.65 * gust), gain=air, pan=pan)
        canvas.add(noise(random, count, 900, 2600) * gust**2, gain=leaves, pan=pan)


def birds(canvas: Canvas, random: Random, apart_s: float, hz: tuple[float, float], gain: float) -> None:
    """Small birds near and far that sing a few notes, one after the other."""
    length_s = len(canvas.samples) / RATE_HZ
    for start_s in np.arange(1.0, length_s - 1.5, apart_s):
        base_hz, pan = random.uniform(*hz), random.uniform(-0.9, 0.9)
        near, at_s = gain * random.uniform(0.3, 1.0), start_s + random.uniform(0, 0.6 * apart_s)
        for number in range(int(random.integers(2, 6))):
            bend = random.uniform(0.86, 1.16)
            song = glide([(0.0, base_hz), (0.05, base_hz * bend), (0.13, base_hz * bend**0.3)], (1.0, 0.06))
            canvas.add(song, at_s + 0.19 * number, near * random.uniform(0.6, 1), pan)


def crickets(canvas: Canvas, random: Random, gain: float) -> None:
    """Crickets at both sides: soft trills that begin and rest in their own time."""
    length_s = len(canvas.samples) / RATE_HZ
    for pan in (-0.8, -0.3, 0.4, 0.85):
        hz, start_s = random.uniform(2150, 2650), random.uniform(0, 2)
        while start_s < length_s - 1.0:
            for number in range(int(random.integers(3, 8))):
                chirp = glide([(0.0, hz), (0.045, 1.01 * hz)], (1.0,))
                canvas.add(chirp, start_s + 0.07 * number, gain * random.uniform(0.7, 1), pan)
            start_s += random.uniform(0.9, 2.2)


def sing(
    canvas: Canvas, random: Random, dusk: bool, chirps: float, apart_s: float, hz: tuple[float, float], gain: float
) -> None:
    """Birds by day, and at dusk crickets as loud as `chirps`."""
    if dusk:
        crickets(canvas, random, chirps)
    else:
        birds(canvas, random, apart_s, hz, gain)


def bubbles(canvas: Canvas, random: Random, count: int, hz: tuple[float, float], gain: float) -> None:
    """Water that runs over stones or laps at planks: many small drops, more of them at some times."""
    length_s = len(canvas.samples) / RATE_HZ
    busy = slow_change(random, length_s, (6, 8, 11))
    for start_s in random.uniform(0, length_s, count):
        if random.uniform() < busy[int(start_s * RATE_HZ)]:
            pitch_hz, bubble_s = random.uniform(*hz), random.uniform(0.02, 0.08)
            drop = glide([(0.0, pitch_hz), (bubble_s, pitch_hz * random.uniform(1.1, 1.5))], (1.0,))
            canvas.add(drop, start_s, gain * random.uniform(0.2, 1.0), random.uniform(-0.8, 0.8))


def laps(
    canvas: Canvas,
    random: Random,
    cycles: tuple[int, ...],
    hz: tuple[float, float],
    still: float,
    sharp: int,
    gain: float,
) -> None:
    """Water that laps at wood on both sides, in waves: how much of it in between them, and how sharp they are."""
    count = len(canvas.samples)
    wave = slow_change(random, count / RATE_HZ, cycles)
    for pan in (-0.6, 0.6):
        canvas.add(noise(random, count, *hz) * (still + wave**sharp), gain=gain, pan=pan)


def gulls(canvas: Canvas, random: Random, at_s: tuple[float, ...]) -> None:
    """Gulls a long way off."""
    for start_s in at_s:
        high_hz, pan = random.uniform(1150, 1350), random.uniform(-0.8, 0.8)
        cry = glide([(0.0, 0.65 * high_hz), (0.12, high_hz), (0.55, 0.72 * high_hz)], (1.0, 0.5, 0.2))
        canvas.add(cry, start_s, 0.05, pan)


def orchard(random: Random, dusk: bool = False) -> Canvas:
    """40 s under fruit trees: wind, leaves, and birds; crickets at dusk."""
    canvas = Canvas(40, loop=True)
    wind(canvas, random, 0.20, 0.018)
    sing(canvas, random, dusk, 0.055, 2.6, (2000, 2900), 0.16)
    canvas.reverberate(random, 0.3, decay_s=1.8)
    return canvas


def harbour(random: Random, dusk: bool = False) -> Canvas:
    """30 s in a boat: swell, water that laps at the planks, and a few gulls, or crickets on land, a long way off."""
    canvas = Canvas(30, loop=True)
    laps(canvas, random, (4, 5, 7, 9), (150, 900), 0.15, 2, 0.11)
    bubbles(canvas, random, 900, (450, 1500), 0.10)
    if dusk:
        crickets(canvas, random, 0.02)
    else:
        gulls(canvas, random, (4.0, 5.1, 13.5, 20.8, 21.7, 22.5))
    canvas.reverberate(random, 0.35, decay_s=2.0)
    return canvas


def launch(random: Random, dusk: bool = False) -> Canvas:
    """36 s on an open field: a steady breeze, a lark high up or crickets, and a halyard that taps its mast."""
    canvas = Canvas(36, loop=True)
    wind(canvas, random, 0.22, 0.008)
    sing(canvas, random, dusk, 0.045, 6.5, (2300, 2900), 0.07)
    for start_s in (5.0, 5.6, 14.2, 22.8, 23.3, 24.0, 31.0):
        canvas.add(kalimba(random.uniform(780, 860), 0.8, bright=0.3), start_s, 0.03, 0.6)
    canvas.reverberate(random, 0.25, decay_s=1.6)
    return canvas


def wood(random: Random, dusk: bool = False) -> Canvas:
    """44 s among old trees: leaves high above, a brook somewhere, drops, and now and then a bird that asks."""
    canvas = Canvas(44, loop=True)
    wind(canvas, random, 0.15, 0.030)
    bubbles(canvas, random, 500, (500, 1300), 0.03)
    sing(canvas, random, dusk, 0.04, 7.0, (1500, 2200), 0.10)
    if not dusk:
        for start_s, pan in ((9.0, -0.7), (27.0, 0.8)):  # a woodpecker, far away
            for number in range(7):
                tap = noise(random, RATE_HZ // 25, 500, 1100) * np.exp(-np.arange(RATE_HZ // 25) / RATE_HZ / 0.006)
                canvas.add(tap, start_s + 0.085 * number, 0.022, pan)
    canvas.reverberate(random, 0.45, decay_s=2.4)
    return canvas


def meadow(random: Random, dusk: bool = False) -> Canvas:
    """38 s in the grass: a light wind, larks, and a bumblebee that passes twice; crickets at dusk."""
    canvas = Canvas(38, loop=True)
    wind(canvas, random, 0.15, 0.012)
    sing(canvas, random, dusk, 0.06, 3.4, (2100, 2900), 0.14)
    if not dusk:
        for start_s, way in ((6.0, 1), (24.0, -1)):
            buzz = glide([(0.0, 190.0), (1.6, 205.0), (4.0, 182.0)], (1.0, 0.5, 0.3, 0.15))
            for part in range(8):
                some = buzz[part * len(buzz) // 8 : (part + 1) * len(buzz) // 8]
                edge = np.minimum(1, np.minimum(np.arange(len(some)), np.arange(len(some))[::-1]) / 900)
                canvas.add(some * edge, start_s + 4.0 * part / 8, 0.045, way * (part / 4 - 0.9))
    canvas.reverberate(random, 0.2, decay_s=1.4)
    return canvas


def shore(random: Random, dusk: bool = False) -> Canvas:
    """40 s of a calm tide: a wave every ten seconds that comes in for four and runs back for six."""
    canvas = Canvas(40, loop=True)
    count, turn = len(canvas.samples), np.arange(round(TIDE_S * RATE_HZ)) / RATE_HZ
    comes = np.interp(turn, (0, 4.0, TIDE_S), (0, 1, 0))
    runs = np.interp(turn, (3.4, 4.4, TIDE_S), (0, 1, 0))
    for number in range(4):
        near, start_s = random.uniform(0.8, 1.0), TIDE_S * number
        for pan in (-0.5, 0.5):
            canvas.add(noise(random, len(turn), 120, 700) * comes**2, start_s, 0.22 * near, pan)
            canvas.add(noise(random, len(turn), 700, 2100) * runs**2, start_s, 0.05 * near, pan)
    for pan in (-0.8, 0.8):
        canvas.add(noise(random, count, 90, 400), gain=0.05, pan=pan)
    if dusk:
        crickets(canvas, random, 0.015)
    else:
        gulls(canvas, random, (17.0, 18.2, 36.0))
    canvas.reverberate(random, 0.3, decay_s=2.2)
    return canvas


def lobby(random: Random, dusk: bool = False) -> Canvas:
    """34 s in a garden by the door: hardly any wind, a small fountain, and a bird or two; crickets at dusk."""
    canvas = Canvas(34, loop=True)
    wind(canvas, random, 0.11, 0.008)
    bubbles(canvas, random, 1100, (600, 1500), 0.035)
    sing(canvas, random, dusk, 0.03, 5.0, (2000, 2800), 0.09)
    canvas.reverberate(random, 0.3, decay_s=1.6)
    return canvas


def bell_buoy(canvas: Canvas, random: Random, at_s: tuple[float, ...]) -> None:
    """A buoy far out whose bell the swell rings now and then."""
    for start_s in at_s:
        canvas.add(bell(random.uniform(325, 335), 4.0), start_s, 0.035, 0.5)


def lighthouse(random: Random, dusk: bool = False) -> Canvas:
    """42 s above the sea at night: a slow swell, water among rocks, a bell buoy far out; crickets behind, at dusk."""
    canvas = Canvas(42, loop=True)
    count, turn = len(canvas.samples), np.arange(round(7.0 * RATE_HZ)) / RATE_HZ
    comes = np.interp(turn, (0, 2.6, 7.0), (0, 1, 0))
    for number in range(6):
        near = random.uniform(0.6, 1.0)
        for pan in (-0.6, 0.6):
            canvas.add(noise(random, len(turn), 100, 520) * comes**2, 7.0 * number, 0.16 * near, pan)
    for pan in (-0.8, 0.8):
        canvas.add(noise(random, count, 80, 420), gain=0.06, pan=pan)
    bubbles(canvas, random, 420, (420, 1200), 0.05)
    bell_buoy(canvas, random, (6.0, 8.4, 23.0, 34.5, 36.6))
    if dusk:
        crickets(canvas, random, 0.022)
    canvas.reverberate(random, 0.35, decay_s=2.4)
    return canvas


def pond(random: Random, dusk: bool = False) -> Canvas:
    """38 s at a pond: reeds, rings on the water, a frog who thinks about it; a morning's birds, or crickets at dusk."""
    canvas = Canvas(38, loop=True)
    wind(canvas, random, 0.12, 0.016)
    bubbles(canvas, random, 420, (520, 1300), 0.045)
    for start_s in (7.5, 8.1, 19.0, 30.2, 30.7, 31.3):
        pitch_hz = random.uniform(190, 215)
        croak = glide([(0.0, 0.9 * pitch_hz), (0.10, 1.15 * pitch_hz), (0.26, 0.95 * pitch_hz)], (1.0, 0.7, 0.5, 0.25))
        rattle = 0.6 + 0.4 * np.sin(2 * np.pi * 31 * np.arange(len(croak)) / RATE_HZ)
        canvas.add(croak * rattle, start_s, 0.05 if dusk else 0.03, -0.55)
    sing(canvas, random, dusk, 0.05, 3.0, (1900, 2800), 0.13)
    canvas.reverberate(random, 0.3, decay_s=1.8)
    return canvas


PLACES = {
    "orchard": (orchard, -31), "harbour": (harbour, -30), "launch": (launch, -33), "wood": (wood, -32),
    "meadow": (meadow, -32), "shore": (shore, -29), "lobby": (lobby, -33), "lighthouse": (lighthouse, -31),
    "pond": (pond, -32),
}  # fmt: skip


def recipes(places: Mapping[str, tuple[Callable[..., Canvas], float]]) -> dict[str, Recipe]:
    """The air of places by day and at dusk, each as loud as it is to be, in LUFS."""
    return {
        f"ambience_{place}{'_dusk' if dusk else ''}": Recipe(partial(make, dusk=dusk), loudness_lufs, loop=True)
        for place, (make, loudness_lufs) in places.items()
        for dusk in (False, True)
    }


RECIPES = recipes(PLACES)
