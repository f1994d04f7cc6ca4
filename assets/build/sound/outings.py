"""The air and the music of the hill, the café and the lake."""

from __future__ import annotations

import numpy as np

from assets.build.sound import ambience, music
from assets.build.sound.ambience import bubbles, gulls, laps, sing, wind
from assets.build.sound.earcons import clinked
from assets.build.sound.instruments import (
    RATE_HZ,
    Canvas,
    Random,
    bell,
    harp,
    marimba,
    noise,
    pluck,
    slow_change,
    swell,
)
from assets.build.sound.music import MAJOR, Band, box, chords, play, string, thumb, wood
from assets.build.sound.music import wind as flute


def hill_air(random: Random, dusk: bool = False) -> Canvas:
    """40 s on a hill: a wind that comes in long waves, cloth that flaps in it, a lark, and a bell far below."""
    canvas = Canvas(40, loop=True)
    wind(canvas, random, 0.30, 0.012)
    flap = slow_change(random, 40.0, (2, 3, 5))
    for start_s in random.uniform(0, 39, 60):
        if random.uniform() < flap[int(start_s * RATE_HZ)]:
            count = round(0.12 * RATE_HZ)
            cloth = noise(random, count, 120, 800) * np.hanning(count)
            canvas.add(cloth, start_s, 0.030 * random.uniform(0.4, 1), random.choice((-0.5, 0.5)))
    for start_s in (11.0, 12.4, 13.8):
        canvas.add(bell(329.6), start_s, 0.014, -0.6)
    sing(canvas, random, dusk, 0.05, 5.0, (2200, 2900), 0.09)
    canvas.reverberate(random, 0.3, decay_s=2.0)
    return canvas


def cafe_air(random: Random, dusk: bool = False) -> Canvas:
    """38 s in a café: a fountain on the square, china now and then, sparrows; crickets at dusk."""
    canvas = Canvas(38, loop=True)
    wind(canvas, random, 0.08, 0.006)
    bubbles(canvas, random, 1300, (550, 1500), 0.030)
    for start_s in (3.2, 9.7, 10.3, 17.5, 24.1, 29.8, 30.2, 34.9):
        canvas.add(
            clinked(random.uniform(0.9, 1.15)), start_s, 0.035 * random.uniform(0.5, 1), random.uniform(-0.8, 0.8)
        )
    sing(canvas, random, dusk, 0.03, 3.6, (2300, 2900), 0.07)
    canvas.reverberate(random, 0.35, decay_s=1.6)
    return canvas


def lake_air(random: Random, dusk: bool = False) -> Canvas:
    """36 s on a raft: water that laps at logs, reeds in a light wind, and a bird or crickets in the reeds."""
    canvas = Canvas(36, loop=True)
    wind(canvas, random, 0.08, 0.016)
    bubbles(canvas, random, 800, (380, 1300), 0.10)
    laps(canvas, random, (5, 6, 8, 11), (140, 700), 0.1, 3, 0.08)
    sing(canvas, random, dusk, 0.04, 6.0, (1700, 2400), 0.08)
    if not dusk:
        gulls(canvas, random, (14.0, 27.5))
    canvas.reverberate(random, 0.35, decay_s=2.2)
    return canvas


def hill(band: Band, random: Random) -> Canvas:
    """50.4 s in the wind: broken chords that run up a slope, and a tune that is let go and drawn in again."""
    canvas, key, beat_s = Canvas(50.4, loop=True), band.key(392.0 / 2, MAJOR), 0.7
    progression = ((0, 7, 12, 16), (5, 12, 16, 21), (-3, 4, 9, 16), (-5, 2, 11, 14))
    chords(canvas, key, (*progression, *progression), 6.3, 0.38)
    for bar in range(24):  # three beats each
        up = progression[bar // 3 % 4]
        for number, tone in enumerate((0, 1, 2)):
            pitch_hz = key.chord([up[tone]])[0]
            canvas.add(
                harp(pitch_hz, 2.0), 2.1 * bar + beat_s * number, 0.16 * random.uniform(0.8, 1), -0.3 + 0.2 * tone
            )
    goes, drawn = ((0, 9), (1, 10), (2, 12), (3, 13), (6, 12)), ((0, 12), (1.5, 10), (3, 9), (4, 8), (6, 7))
    for start_s, tune, player in (
        (0, goes, band.lead), (12.6, drawn, band.lead), (25.2, goes, band.answer), (37.8, drawn, band.lead),
    ):  # fmt: skip
        play(canvas, random, tune, key, player, start_s, beat_s, 0.21, 0.25)
    canvas.reverberate(random, 0.32, decay_s=2.4)
    return canvas


def cafe(band: Band, random: Random) -> Canvas:
    """43.2 s of a slow waltz at the next table: a bass, two light steps, and a tune that takes its time."""
    canvas, key, beat_s = Canvas(43.2, loop=True), band.key(349.23 / 2, MAJOR), 0.6
    progression = (
        (0, 16, 19),
        (-3, 12, 16),
        (2, 14, 17),
        (-5, 14, 19),
        (0, 16, 21),
        (5, 17, 21),
        (-5, 11, 17),
        (0, 12, 16),
    )
    for bar in range(24):
        root, low, high = progression[bar // 3]
        canvas.add(pluck(key.chord([root - (0 if bar % 2 else 12)])[0], random, 2.0), 1.8 * bar, 0.34, -0.1)
        for beat in (1, 2):
            for up in (low, high):
                canvas.add(
                    marimba(key.chord([up])[0], random, 0.9),
                    1.8 * bar + beat * beat_s,
                    0.060 * random.uniform(0.8, 1),
                    0.35,
                )
    chords(canvas, key, [row[:2] for row in progression], 5.4, 0.16)
    asks, tells = ((0, 10), (2, 12), (3, 11), (5, 10), (6, 9)), ((0, 8), (2, 9), (3, 10), (6, 7))
    for start_s, tune, player in (
        (0, asks, band.lead), (10.8, tells, band.lead), (21.6, asks, band.answer), (32.4, tells, band.lead),
    ):  # fmt: skip
        play(canvas, random, tune, key, player, start_s, beat_s, 0.20, -0.25)
    canvas.reverberate(random, 0.28, decay_s=1.8)
    return canvas


def lake(band: Band, random: Random) -> Canvas:
    """56 s of slow strokes: a chord that is pulled and glides, plucked strings that fall like drops from a blade."""
    canvas, key = Canvas(56, loop=True), band.key(293.66 / 2, MAJOR)
    progression = ((0, 7, 14), (-3, 4, 12), (5, 12, 14), (-5, 7, 9), (0, 7, 16), (2, 9, 14), (-3, 4, 9))
    for number, semitones in enumerate((*progression, *progression)):
        canvas.add(swell(key.chord(semitones), 1.4, 3.4), 4.0 * number, 0.40, 0.2 * (-1) ** number)
        canvas.add(pluck(key.chord([semitones[0] - 12])[0], random, 2.6), 4.0 * number, 0.36)
    drops = (
        ((0, 13), (0.5, 12), (1, 10), (2, 9)),
        ((0, 10), (0.5, 12), (1.5, 8)),
        ((0, 12), (1, 10), (1.5, 9), (3, 7)),
    )
    for number, start_s in enumerate((2, 10, 18, 30, 38, 46)):
        play(
            canvas,
            random,
            drops[number % 3],
            key,
            (band.lead, band.answer)[number % 2],
            start_s,
            1.0,
            0.22,
            0.35 * (-1) ** number,
        )
    canvas.reverberate(random, 0.4, decay_s=2.8)
    return canvas


AIRS = {"hill": (hill_air, -32.0), "cafe": (cafe_air, -33.0), "lake": (lake_air, -31.0)}
PIECES = {
    "hill": (hill, Band(flute, thumb), Band(box, thumb, -2)),
    "cafe": (cafe, Band(thumb, wood), Band(box, thumb, -1)),
    "lake": (lake, Band(string, thumb), Band(box, string, 2)),
}
RECIPES = {**ambience.recipes(AIRS), **music.recipes(PIECES)}
