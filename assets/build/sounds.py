"""Make every sound from nothing: `python assets/build/sounds.py [NAME ...]` writes `assets/sounds/NAME.ogg`.

Needs numpy, scipy, soundfile and pyloudnorm. Each sound has a seed of its own, so one can be made again
without the others. Loops are periodic by construction: whatever rings past the end is heard at the beginning.
"""

import sys
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyloudnorm  # type: ignore[import-untyped]  # ships no types
import soundfile  # type: ignore[import-untyped]  # ships no types
from numpy.typing import NDArray
from scipy.signal import lfilter

Audio = NDArray[np.float64]  # samples, or samples by (left, right)
Random = np.random.Generator

RATE_HZ = 48_000  # what headsets play, so nothing is resampled
FOLDER = Path(__file__).parents[1] / "sounds"
SEAM_LIMIT = 0.003  # of full scale: how far a loop may bend where it closes, about what it does within
PEAK_LIMIT_DBFS = -1.0
OVERTONE_LIMIT_HZ = 3_000  # 95 % of the energy lies below: warm, and clear to ears that are weak above 4 kHz

C4, D4, E4, G4, A4 = 261.63, 293.66, 329.63, 392.0, 440.0
C5, D5, E5, G5 = 2 * C4, 2 * D4, 2 * E4, 2 * G4
PENTATONIC_HZ = (G4 / 2, A4 / 2, C4, D4, E4, G4, A4, C5, D5, E5, G5)


class Canvas:
    """Stereo samples that sounds are laid on; with `loop`, what runs past the end comes in at the start."""

    def __init__(self, seconds: float, loop: bool = False) -> None:
        self.samples = np.zeros((round(seconds * RATE_HZ), 2))
        self.loop = loop

    def add(self, sound: Audio, at_s: float = 0.0, gain: float = 1.0, pan: float = 0.0) -> None:
        """Lay a mono sound from a moment on; `pan` runs from -1 (left) to 1 (right), at equal power."""
        angle = (pan + 1) * np.pi / 4
        stereo = gain * sound[:, None] * np.array([np.cos(angle), np.sin(angle)])
        places = round(at_s * RATE_HZ) + np.arange(len(sound))
        if self.loop:
            np.add.at(self.samples, places % len(self.samples), stereo)
        else:
            inside = places < len(self.samples)
            self.samples[places[inside]] += stereo[inside]

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


def calm_music(random: Random) -> Canvas:
    """48 s at 60 beats a minute: four wide chords twice, a bass, and a tune that walks and breathes."""
    canvas = Canvas(48, loop=True)
    chords = ((C4, E4, G4, D5), (A4 / 2, C4, E4, D5), (174.61, A4 / 2, E4, G4), (G4 / 2, C4, D4, A4))
    roots_hz = (C4 / 2, A4 / 4, 174.61 / 2, G4 / 4)
    for number in range(8):
        start_s = 6.0 * number
        canvas.add(pad(chords[number % 4], 8.0, attack_s=2.0), start_s, 0.55, pan=0.2 * (-1) ** number)
        canvas.add(pluck(roots_hz[number % 4], random), start_s, 0.5)
        canvas.add(pluck(1.5 * roots_hz[number % 4], random), start_s + 3, 0.3)
    step = 5
    for beat in range(0, 48, 2):
        for half_s in sorted(random.choice((0.0, 1.0, 1.5), size=random.integers(1, 3), replace=False)):
            if beat % 12 == 10:
                continue  # a breath at the end of each line of the tune
            step = int(np.clip(step + random.integers(-2, 3), 2, len(PENTATONIC_HZ) - 1))
            pitch_hz, gain = PENTATONIC_HZ[step], random.uniform(0.16, 0.26)
            wooden = (beat // 12) % 2 == 1
            note = marimba(pitch_hz, random) if wooden else kalimba(pitch_hz, 2.6, bright=0.35)
            canvas.add(note, beat + half_s, gain, pan=random.uniform(-0.35, 0.35))
    canvas.reverberate(random, 0.3, decay_s=2.2)
    return canvas


def orchard(random: Random) -> Canvas:
    """40 s of a meadow: wind that comes and goes, leaves that answer it, and birds near and far."""
    length_s, canvas = 40.0, Canvas(40, loop=True)
    count = len(canvas.samples)
    gust = slow_change(random, length_s, (1, 2, 3, 5, 8))
    for pan in (-0.7, 0.7):
        canvas.add(noise(random, count, 80, 600) * (0.35 + 0.65 * gust), gain=0.20, pan=pan)
        canvas.add(noise(random, count, 900, 2600) * gust**2, gain=0.018, pan=pan)
    for start_s in np.arange(1.5, 39, 2.6) + random.uniform(-0.9, 0.9, 15):
        base_hz, pan, gain = random.uniform(2000, 2900), random.uniform(-0.9, 0.9), random.uniform(0.05, 0.16)
        for number in range(int(random.integers(2, 6))):
            bend = random.uniform(0.86, 1.16)
            song = glide([(0.0, base_hz), (0.05, base_hz * bend), (0.13, base_hz * bend**0.3)], (1.0, 0.06))
            canvas.add(song, start_s + 0.19 * number, gain * random.uniform(0.6, 1), pan)
    canvas.reverberate(random, 0.3, decay_s=1.8)
    return canvas


def harbour(random: Random) -> Canvas:
    """30 s in a boat: swell, water that laps at the planks, and a few gulls a long way off."""
    length_s, canvas = 30.0, Canvas(30, loop=True)
    count = len(canvas.samples)
    for pan in (-0.6, 0.6):
        swell = slow_change(random, length_s, (4, 5, 7, 9))
        canvas.add(noise(random, count, 150, 900) * (0.15 + swell**2), gain=0.11, pan=pan)
    waves = slow_change(random, length_s, (6, 8, 11))
    for start_s in random.uniform(0, length_s, 900):
        if random.uniform() < waves[int(start_s * RATE_HZ)]:
            pitch_hz, bubble_s = random.uniform(450, 1500), random.uniform(0.02, 0.08)
            drop = glide([(0.0, pitch_hz), (bubble_s, pitch_hz * random.uniform(1.1, 1.5))], (1.0,))
            canvas.add(drop, start_s, random.uniform(0.02, 0.10), random.uniform(-0.8, 0.8))
    for start_s in (4.0, 5.1, 13.5, 20.8, 21.7, 22.5):
        high_hz, pan = random.uniform(1150, 1350), random.uniform(-0.8, 0.8)
        cry = glide([(0.0, 0.65 * high_hz), (0.12, high_hz), (0.55, 0.72 * high_hz)], (1.0, 0.5, 0.2))
        canvas.add(cry, start_s, 0.05, pan)
    canvas.reverberate(random, 0.35, decay_s=2.0)
    return canvas


class Recipe(NamedTuple):
    """How one sound is made, how loud it must be, and whether it must loop without a seam."""

    make: Callable[[Random], Canvas]
    loudness_lufs: float
    loop: bool = False


# The speaker plays a signal at equal power, so straight ahead it is heard 3 dB below these.
RECIPES = {
    "appear": Recipe(earcon(1.6, [(0, 0.6, kalimba(D5, 1.0)), (0.09, 0.8, kalimba(G5, 1.4))], 0.35), -21),
    "hold": Recipe(earcon(1.6, [(0, 1, kalimba(G4, 1.5)), (0.12, 0.5, kalimba(D5, 1.2))], 0.25), -20),
    "reached": Recipe(earcon(2.6, bars((C5, E5, G5), 0.11), 0.3), -18),
    "not_yet": Recipe(earcon(2.0, [(0, 1, kalimba(E4, 1.8, 0.2)), (0.02, 0.4, kalimba(A4))], 0.35), -20),
    "confirm": Recipe(earcon(1.6, tongues((C5, G5), 0.10), 0.25), -18),
    "rest": Recipe(earcon(5.0, [(0, 1.2, pad((C4, G4, E5), 4.6)), *bars((G4, E4, C4), 0.5)], 0.35), -20),
    "finish": Recipe(
        earcon(5.0, [(0, 0.9, pad((C4, G4, E5), 4.6, 0.8)), *bars((C4, E4, G4, C5, E5, G5), 0.14)], 0.35), -18
    ),
    "pause": Recipe(earcon(2.4, [(0, 1, kalimba(A4, 1.6, 0.3)), (0.28, 0.9, kalimba(E4))], 0.35), -20),
    "ambience_orchard": Recipe(orchard, -31, loop=True),
    "ambience_harbour": Recipe(harbour, -30, loop=True),
    "music_calm": Recipe(calm_music, -24, loop=True),
}


def quiet_start(samples: Audio) -> Audio:
    """Turn a loop so that it begins in its quietest 2 ms: that is where Vorbis may leave a step."""
    window = np.ones(RATE_HZ // 500)
    power = np.convolve(np.sum(samples**2, axis=1), window, mode="valid")
    return np.roll(samples, -int(np.argmin(power)) - len(window) // 2, axis=0)


def loudness_lufs(samples: Audio) -> float:
    """Integrated loudness after ITU-R BS.1770, padded to the length that the measure needs."""
    padding = np.zeros((max(0, RATE_HZ // 2 - len(samples)), 2))
    return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(np.concatenate([samples, padding])))


def write(path: Path, samples: Audio) -> None:
    """Write Vorbis in blocks of a second: libsndfile is known to crash on one long call."""
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, format="OGG", subtype="VORBIS", compression_level=0.6) as file:
        for start in range(0, len(samples), RATE_HZ):
            file.write(samples[start : start + RATE_HZ])


def check(name: str, recipe: Recipe, path: Path) -> str:
    """Hold a file to its level, its warmth and its seam; raises ValueError naming what is off."""
    samples, _ = soundfile.read(path)
    loud, peak = loudness_lufs(samples), 20 * np.log10(np.abs(samples).max())
    power = np.sum(np.abs(np.fft.rfft(samples, axis=0)) ** 2, axis=1)
    half_hz, most_hz = np.searchsorted(np.cumsum(power) / power.sum(), (0.5, 0.95)) * RATE_HZ / len(samples)
    seam = np.abs(samples[0] - 2 * samples[-1] + samples[-2]).max()
    faults = {
        f"loudness {loud:.1f} LUFS, wanted {recipe.loudness_lufs}": abs(loud - recipe.loudness_lufs) > 0.5,
        f"peak {peak:.1f} dBFS, at most {PEAK_LIMIT_DBFS}": peak > PEAK_LIMIT_DBFS,
        f"95 % below {most_hz:.0f} Hz, at most {OVERTONE_LIMIT_HZ}": most_hz > OVERTONE_LIMIT_HZ,
        f"seam {seam:.4f}, at most {SEAM_LIMIT}": recipe.loop and seam > SEAM_LIMIT,
    }
    if any(faults.values()):
        raise ValueError(f"{name}: " + "; ".join(fault for fault, found in faults.items() if found))
    return (
        f"{name:17} {len(samples) / RATE_HZ:5.1f} s {path.stat().st_size / 1000:6.0f} kB {loud:6.1f} LUFS"
        f" peak {peak:6.1f} dBFS  50/95 % {half_hz:5.0f}/{most_hz:5.0f} Hz  seam {seam:.4f}"
    )


def main(names: Sequence[str]) -> None:
    """Make the named sounds, or all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or RECIPES:
        recipe = RECIPES[name]
        samples = recipe.make(np.random.default_rng(zlib.crc32(name.encode()))).samples
        if recipe.loop:
            samples = quiet_start(samples)
        samples *= 10 ** ((recipe.loudness_lufs - loudness_lufs(samples)) / 20)
        unchecked = FOLDER / f"{name}.part"
        write(unchecked, samples)
        print(check(name, recipe, unchecked))
        unchecked.replace(FOLDER / f"{name}.ogg")


if __name__ == "__main__":
    main(sys.argv[1:])
