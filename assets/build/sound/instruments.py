"""What sounds are made of: samples to lay notes on, instruments, noise and a room."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Audio = NDArray[np.float64]  # samples, or samples by (left, right)
Random = np.random.Generator

RATE_HZ = 48_000  # what headsets play, so nothing is resampled
A4_HZ = 440.0
C4, D4, E4, G4, A4 = 261.63, 293.66, 329.63, 392.0, 440.0
C5, D5, E5, G5 = 2 * C4, 2 * D4, 2 * E4, 2 * G4


class Recipe(NamedTuple):
    """How one sound is made, how loud it must be, and whether it must loop without a seam."""

    make: Callable[[Random], "Canvas"]
    loudness_lufs: float
    loop: bool = False


class Canvas:
    """Stereo samples that sounds are laid on; with `loop`, what runs past the end comes in at the start."""

    def __init__(self, seconds: float, loop: bool = False) -> None:
        self.samples = np.zeros((round(seconds * RATE_HZ), 2))
        self.loop = loop

    def add(self, sound: Audio, at_s: float = 0.0, gain: float = 1.0, pan: float = 0.0) -> None:
        """Lay a mono sound from a moment on; `pan` runs from -1 (left) to 1 (right), at equal power."""
        angle = (pan + 1) * np.pi / 4
        stereo = gain * sound[:, None] * np.array([np.cos(angle), np.sin(angle)])
        start = round(at_s * RATE_HZ)
        while len(stereo):
            start = start % len(self.samples) if self.loop else start
            room = max(0, len(self.samples) - start)
            part = stereo[:room]
            self.samples[start : start + len(part)] += part
            stereo, start = stereo[room:] if self.loop else stereo[:0], start + room

    def reverberate(self, random: Random, share: float, decay_s: float = 1.4) -> None:
        """Put everything in a room: decaying noise from 250 to 6000 Hz, different in each ear."""
        time_s = np.arange(round(decay_s * RATE_HZ)) / RATE_HZ
        length = len(self.samples) if self.loop else len(self.samples) + len(time_s)
        for ear in (0, 1):
            room = noise(random, len(time_s), 250, 6000) * np.exp(-6.9 * time_s / decay_s)
            room /= np.sqrt(np.sum(room**2))
            dry = self.samples[:, ear]
            wet = np.fft.irfft(np.fft.rfft(dry, length) * np.fft.rfft(room, length), length)[: len(dry)]
            self.samples[:, ear] = (1 - share) * dry + share * wet


def seconds(length_s: float) -> Audio:
    """The time of each sample."""
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def noise(random: Random, length: int, low_hz: float, high_hz: float) -> Audio:
    """Noise between two frequencies with soft edges, RMS 1, periodic over its length."""
    hz = np.fft.rfftfreq(length, 1 / RATE_HZ)
    shape = (hz / low_hz) ** 2 / (1 + (hz / low_hz) ** 2) / (1 + (hz / high_hz) ** 4)
    phase = random.uniform(0, 2 * np.pi, len(hz))
    made = np.fft.irfft(shape * np.exp(1j * phase), length)
    return np.asarray(made / np.sqrt(np.mean(made**2)))


def slow_change(random: Random, length_s: float, cycles: Sequence[int]) -> Audio:
    """A wandering value from 0 to 1 that is periodic over its length: whole cycles of slow sines."""
    turn = 2 * np.pi * seconds(length_s) / length_s
    value = np.zeros(len(turn))
    for count in cycles:
        value += np.sin(count * turn + random.uniform(0, 2 * np.pi)) / len(cycles) ** 0.5
    return np.asarray(1 / (1 + np.exp(-2 * value)))


def marimba(pitch_hz: float, random: Random, length_s: float = 1.6) -> Audio:
    """A wooden bar (partials 1 : 3.93 : 9.24) struck by a soft mallet."""
    time_s = seconds(length_s)
    decay = (pitch_hz / C5) ** 0.5
    bar = np.zeros(len(time_s))
    for ratio, weight, per_s in ((1, 1.0, 3.2), (3.93, 0.16, 9), (9.24, 0.03, 22)):
        bar += weight * np.exp(-per_s * decay * time_s) * np.sin(2 * np.pi * ratio * pitch_hz * time_s)
    mallet = 0.05 * noise(random, len(time_s), 300, 1500) * np.exp(-time_s / 0.012)
    return soften(bar + mallet, 0.004)


def kalimba(pitch_hz: float, length_s: float = 1.8, bright: float = 0.7) -> Audio:
    """A plucked tongue of metal: a bell-like start that turns into a pure tone within a tenth of a second."""
    time_s = seconds(length_s)
    index = bright * np.exp(-time_s / 0.07)
    phase = 2 * np.pi * pitch_hz * time_s
    tone = np.sin(phase + index * np.sin(5.4 * phase)) + 0.25 * np.sin(2 * phase) * np.exp(-time_s * 6)
    return soften(tone * np.exp(-2.6 * time_s), 0.005)


def pluck(pitch_hz: float, random: Random, length_s: float = 4.0) -> Audio:
    """A soft low string, after Karplus and Strong."""
    period = round(RATE_HZ / pitch_hz)
    burst = np.zeros(round(length_s * RATE_HZ))
    burst[:period] = noise(random, period, 60, 700) * np.hanning(period)  # without a window it would click
    string = lfilter([1.0], [1.0] + [0.0] * (period - 1) + [-0.4982, -0.4982], burst)
    return soften(np.asarray(string) / 2.5, 0.008)


def pad(pitches_hz: Sequence[float], length_s: float, attack_s: float = 1.2) -> Audio:
    """A quiet choir: six partials a note, each three times and slightly apart."""
    time_s = seconds(length_s)
    choir = np.zeros(len(time_s))
    for number, pitch_hz in enumerate(pitches_hz):
        for partial in range(1, 7):
            for cents in (-4, 0, 5):
                turn = 2 * np.pi * pitch_hz * partial * 2 ** (cents / 1200) * time_s
                choir += np.sin(turn + 1.7 * number + partial + cents) / partial**2.2 / 3
    rise = np.clip(time_s / attack_s, 0, 1) * np.clip((length_s - time_s) / attack_s, 0, 1)
    return np.asarray(choir * np.sin(np.pi / 2 * rise) ** 2 / len(pitches_hz))


def soften(sound: Audio, attack_s: float) -> Audio:
    """Begin gently and end at zero: nothing here starts with a click."""
    time_s = np.arange(len(sound)) / RATE_HZ
    rise = np.clip(time_s / attack_s, 0, 1)
    fall = np.clip((time_s[-1] - time_s) / 0.15, 0, 1)
    return np.asarray(sound * np.sin(np.pi / 2 * rise) ** 2 * fall)


def glide(points: Sequence[tuple[float, float]], partials: Sequence[float]) -> Audio:
    """A call: a voice that slides through (second, pitch in Hz) points, with the given partials."""
    at_s, pitch_hz = zip(*points, strict=True)
    time_s = seconds(at_s[-1])
    turn = 2 * np.pi * np.cumsum(np.interp(time_s, at_s, pitch_hz)) / RATE_HZ
    voice = sum(weight * np.sin(number * turn) for number, weight in enumerate(partials, 1))
    return np.asarray(voice * np.abs(np.sin(np.pi * time_s / time_s[-1])) ** 0.8)


def earcon(length_s: float, notes: Sequence[tuple[float, float, Audio]], room: float) -> Callable[[Random], Canvas]:
    """A short signal of (second, gain, sound) notes in a room; `room` is the share of it that echoes."""

    def make(random: Random) -> Canvas:
        canvas = Canvas(length_s)
        for at_s, gain, sound in notes:
            canvas.add(sound, at_s, gain)
        canvas.reverberate(random, room, decay_s=1.1)
        canvas.samples *= np.clip((length_s - seconds(length_s)) / 0.25, 0, 1)[:, None]
        return canvas

    return make


def bars(pitches_hz: Sequence[float], apart_s: float) -> list[tuple[float, float, Audio]]:
    """Marimba notes one after the other, the last a little louder."""
    random = np.random.default_rng(5)
    return [
        (apart_s * number, 0.85 if number < len(pitches_hz) - 1 else 1.0, marimba(pitch_hz, random))
        for number, pitch_hz in enumerate(pitches_hz)
    ]


def tongues(pitches_hz: Sequence[float], apart_s: float) -> list[tuple[float, float, Audio]]:
    """Kalimba notes one after the other."""
    return [(apart_s * number, 1.0, kalimba(pitch_hz)) for number, pitch_hz in enumerate(pitches_hz)]


def harp(pitch_hz: float, length_s: float = 3.2) -> Audio:
    """A plucked string with a round tone: eight partials, the higher ones gone sooner."""
    time_s = seconds(length_s)
    string = np.zeros(len(time_s))
    for partial in range(1, 9):
        if partial * pitch_hz < 3000:
            turn = 2 * np.pi * partial * pitch_hz * time_s
            string += np.sin(turn) * np.exp(-(0.9 + 0.8 * partial) * time_s) / partial**1.5
    return soften(string, 0.005)


def celesta(pitch_hz: float, length_s: float = 2.6) -> Audio:
    """A music box: a steel plate with a bell above it that is soon gone."""
    time_s = seconds(length_s)
    plate = np.exp(-2.1 * time_s) * np.sin(2 * np.pi * pitch_hz * time_s)
    for ratio, weight, per_s in ((2.0, 0.18, 4.5), (3.0, 0.12, 8.0), (4.2, 0.05, 16.0)):
        plate += weight * np.exp(-per_s * time_s) * np.sin(2 * np.pi * ratio * pitch_hz * time_s)
    return soften(plate, 0.004)


def bell(pitch_hz: float, length_s: float = 3.4) -> Audio:
    """A ship's bell of brass: hum, prime, a minor third above it and an octave, which beat a little as they fade."""
    time_s = seconds(length_s)
    body = np.zeros(len(time_s))
    for ratio, weight, per_s in (
        (1.0, 0.7, 0.8),
        (2.0, 1.0, 1.3),
        (2.005, 0.4, 1.4),
        (2.4, 0.45, 2.0),
        (4.0, 0.16, 4.5),
    ):
        body += weight * np.exp(-per_s * time_s) * np.sin(2 * np.pi * ratio * pitch_hz * time_s)
    return soften(body / 2, 0.004)


def flute(pitch_hz: float, random: Random, length_s: float) -> Audio:
    """A wooden flute: few partials, a breath around the note, and a vibrato that comes late."""
    time_s = seconds(length_s)
    late = np.clip((time_s - 0.4) / 0.8, 0, 1)
    turn = 2 * np.pi * np.cumsum(pitch_hz * (1 + 0.004 * late * np.sin(2 * np.pi * 4.6 * time_s))) / RATE_HZ
    tone = np.sin(turn) + 0.22 * np.sin(2 * turn) + 0.07 * np.sin(3 * turn)
    breath = 0.03 * noise(random, len(time_s), 0.8 * pitch_hz, 1.6 * pitch_hz)
    attack_s = min(0.22, length_s / 3)
    rise = np.clip(time_s / attack_s, 0, 1) * np.clip((length_s - time_s) / (2 * attack_s), 0, 1)
    return np.asarray((tone + breath) * np.sin(np.pi / 2 * rise) ** 2)


def swell(pitches_hz: Sequence[float], rise_s: float, fall_s: float) -> Audio:
    """A choir that breathes: louder for one time, softer for another, from nothing to nothing."""
    length_s = rise_s + fall_s
    time_s = seconds(length_s)
    shape = np.interp(time_s, (0, rise_s, length_s), (0, 1, 0))
    return np.asarray(pad(pitches_hz, length_s, attack_s=0.3) * np.sin(np.pi / 2 * shape) ** 2)


def whoosh(random: Random, points: Sequence[tuple[float, float, float]]) -> Audio:
    """Air that sweeps through (second, middle in Hz, loudness) points: noise in bands half an octave apart."""
    at_s, middle_hz, loud = zip(*points, strict=True)
    time_s = seconds(at_s[-1])
    middle = np.log2(np.interp(time_s, at_s, middle_hz))
    air = np.zeros(len(time_s))
    for band_hz in 150 * 2 ** np.arange(0, 4.6, 0.5):
        near = np.exp(-(((middle - np.log2(band_hz)) / 0.5) ** 2))
        air += noise(random, len(time_s), 0.8 * band_hz, 1.2 * band_hz) * near
    return np.asarray(air * np.interp(time_s, at_s, loud))
