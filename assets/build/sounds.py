"""Make every sound from nothing: `python assets/build/sounds.py [NAME ...]` writes `assets/sounds/NAME.ogg`.

Needs numpy, scipy, soundfile and pyloudnorm. Each sound has a seed of its own, so one can be made again without the
others; what they are is said in `sound`. Loops are periodic by construction: whatever rings past the end is heard at
the beginning.
"""

import sys
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyloudnorm  # type: ignore[import-untyped]  # ships no types
import soundfile  # type: ignore[import-untyped]  # ships no types

sys.path.insert(0, str(Path(__file__).parents[2]))

from assets.build.sound import ambience, earcons, music, outings
from assets.build.sound.instruments import RATE_HZ, Audio, Recipe

FOLDER = Path(__file__).parents[1] / "sounds"
SEAM_LIMIT = 0.003  # of full scale: how far a loop may bend where it closes, about what it does within
PEAK_LIMIT_DBFS = -1.0
OVERTONE_LIMIT_HZ = 3_000  # 95 % of the energy lies below: warm, and clear to ears that are weak above 4 kHz
LARGEST_KB = 460
QUIET_S = (0.01, 0.002, 0.04)  # windows to look for a quiet moment in, one after the other
RECIPES = {**earcons.RECIPES, **ambience.RECIPES, **music.RECIPES, **outings.RECIPES}


def quiet_start(samples: Audio, within_s: float) -> Audio:
    """Turn a loop so that it begins in its quietest few milliseconds: that is where Vorbis may leave a step."""
    window = np.ones(round(within_s * RATE_HZ))
    power = np.convolve(np.sum(samples**2, axis=1), window, mode="valid")
    return np.roll(samples, -int(np.argmin(power)) - len(window) // 2, axis=0)


def loudness_lufs(samples: Audio) -> float:
    """Integrated loudness after ITU-R BS.1770, padded to the length that the measure needs."""
    padding = np.zeros((max(0, RATE_HZ // 2 - len(samples)), 2))
    return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(np.concatenate([samples, padding])))


def write(path: Path, samples: Audio, level: float) -> None:
    """Write Vorbis in blocks of a second: libsndfile is known to crash on one long call."""
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, format="OGG", subtype="VORBIS", compression_level=level) as file:
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
        f"{path.stat().st_size / 1000:.0f} kB, at most {LARGEST_KB}": path.stat().st_size > 1000 * LARGEST_KB,
        f"seam {seam:.4f}, at most {SEAM_LIMIT}": recipe.loop and seam > SEAM_LIMIT,
    }
    if any(faults.values()):
        raise ValueError(f"{name}: " + "; ".join(fault for fault, found in faults.items() if found))
    return (
        f"{name:22} {len(samples) / RATE_HZ:5.1f} s {path.stat().st_size / 1000:6.0f} kB {loud:6.1f} LUFS"
        f" peak {peak:6.1f} dBFS  50/95 % {half_hz:5.0f}/{most_hz:5.0f} Hz  seam {seam:.4f}"
    )


def made(name: str, recipe: Recipe, unchecked: Path) -> str:
    """Make a sound and check it; a loop may begin at another of its quiet moments when the first leaves a seam."""
    samples = recipe.make(np.random.default_rng(zlib.crc32(name.encode()))).samples
    samples *= 10 ** ((recipe.loudness_lufs - loudness_lufs(samples)) / 20)
    if not recipe.loop:
        write(unchecked, samples, 0.6)
        return check(name, recipe, unchecked)
    for within_s in QUIET_S[:-1]:
        write(unchecked, quiet_start(samples, within_s), 0.8)
        with suppress(ValueError):
            return check(name, recipe, unchecked)
    write(unchecked, quiet_start(samples, QUIET_S[-1]), 0.8)
    return check(name, recipe, unchecked)


def main(names: Sequence[str]) -> None:
    """Make the named sounds, or all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name in names or RECIPES:
        unchecked = FOLDER / f"{name}.part"
        print(made(name, RECIPES[name], unchecked), flush=True)
        unchecked.replace(FOLDER / f"{name}.ogg")


if __name__ == "__main__":
    main(sys.argv[1:])
