"""A spoken clip: silence cut off, sentences joined, brought to one loudness, and written as Opus."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyloudnorm  # type: ignore[import-untyped]  # ships no types
import soundfile  # type: ignore[import-untyped]  # ships no types

from assets.build.sound.instruments import Audio

QUIET = 10 ** (-42 / 20)  # of the loudest 10 ms: what lies below at either end is silence
BEFORE_S, AFTER_S = 0.03, 0.08
MOST = 0.84  # of full scale; louder peaks are rounded off


def finished(sentences: Sequence[tuple[Audio, int]], between_s: float, loudness_lufs: float) -> tuple[Audio, int]:
    """Sentences as one clip, and its rate; raises ValueError when nothing is heard."""
    rate_hz = sentences[0][1]
    silence = np.zeros(round(between_s * rate_hz))
    joined: list[Audio] = []
    for samples, _ in sentences:
        joined += [trimmed(samples, rate_hz), silence]
    clip = np.concatenate(joined[:-1])
    clip = clip * 10 ** ((loudness_lufs - loudness(clip, rate_hz)) / 20)
    return MOST * np.tanh(clip / MOST), rate_hz


def trimmed(samples: Audio, rate_hz: int) -> Audio:
    """Without the silence before and after, but for a breath; begins and ends at zero."""
    step = rate_hz // 100
    level = np.sqrt(np.mean(samples[: len(samples) // step * step].reshape(-1, step) ** 2, axis=1))
    heard = np.flatnonzero(level > QUIET * level.max()) if level.size else []
    if len(heard) == 0:
        raise ValueError("nothing is heard")
    first = max(0, heard[0] * step - round(BEFORE_S * rate_hz))
    part = samples[first : (heard[-1] + 1) * step + round(AFTER_S * rate_hz)].copy()
    edge = np.sin(np.linspace(0, np.pi / 2, rate_hz // 100)) ** 2
    part[: len(edge)] *= edge
    part[-len(edge) :] *= edge[::-1]
    return part


def loudness(samples: Audio, rate_hz: int) -> float:
    """Integrated loudness after ITU-R BS.1770, padded to the length that the measure needs."""
    padding = np.zeros(max(0, rate_hz // 2 - len(samples)))
    return float(pyloudnorm.Meter(rate_hz).integrated_loudness(np.concatenate([samples, padding])))


def write(path: Path, samples: Audio, rate_hz: int, small: float) -> None:
    """Write Opus in blocks of a second, whole or not at all; `small` from 0 to 1 is how hard it is pressed."""
    unfinished = path.with_suffix(".part")
    with soundfile.SoundFile(
        unfinished, "w", rate_hz, 1, format="OGG", subtype="OPUS", compression_level=small
    ) as file:
        for start in range(0, len(samples), rate_hz):
            file.write(samples[start : start + rate_hz])
    unfinished.replace(path)
