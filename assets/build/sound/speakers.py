"""Who speaks: synthesisers that run when the voice is made, and never on a patient's computer.

Each is imported only when it is asked to speak. All of them run without a network: what they need comes in packages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.signal import butter, sosfilt

from assets.build.sound.instruments import Audio

Say = Callable[[str], tuple[Audio, int]]  # a sentence to samples, and how many of them a second


class Speaker(NamedTuple):
    """A voice in a language: `name` is written beside its clips, which are made anew when it changes."""

    name: str
    open: Callable[[], Say]


def hibari() -> Say:
    """English: `hibari-tts` (Apache-2.0) with its voice `heart`, distilled from Kokoro-82M's af_heart."""
    from hibari import Hibari  # type: ignore[import-not-found]  # a build tool

    voice = Hibari()
    return lambda text: (np.asarray(voice(text, speed=0.8, seed=0), float), 24_000)


def pico(voice: str, speed: float) -> Callable[[], Say]:
    """SVOX Pico (Apache-2.0) through `py-nanotts`, which carries its voices; its dull top is lifted a little."""

    def open_voice() -> Say:
        from py_nanotts import NanoTTS  # type: ignore[import-not-found]  # a build tool

        def say(text: str) -> tuple[Audio, int]:
            raw = NanoTTS().speak(text, voice=voice, speed=speed, pitch=1.0)
            return shelf(np.frombuffer(raw, "<i2") / 32768, 16_000), 16_000

        return say

    return open_voice


def shelf(samples: Audio, rate_hz: int) -> Audio:
    """Lift what lies above 2 kHz by 5 dB, gently."""
    above = sosfilt(butter(1, 2000, "high", fs=rate_hz, output="sos"), samples)
    return np.asarray(samples + 0.78 * above)


# Nobody is hurried: each speaks at about 15 letters a second, slower than they would by themselves.
SPEAKERS = {
    "en": Speaker("hibari-tts 0.2.1 heart at 0.8", hibari),
    "de": Speaker("SVOX Pico de-DE at 0.9", pico("de-DE", 0.9)),
    "es": Speaker("SVOX Pico es-ES at 0.9", pico("es-ES", 0.9)),
    "fr": Speaker("SVOX Pico fr-FR at 0.8", pico("fr-FR", 0.8)),
}
