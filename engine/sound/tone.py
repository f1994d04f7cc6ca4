"""A note whose pitch follows a movement: short grains, each queued behind the one that is playing.

Every grain is a whole number of waves long, so it begins and ends at zero whatever its pitch: grains join without a
click, and so does the silence after the last one when a frame is late.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pygame
from numpy.typing import NDArray

from engine.scene import Tone
from engine.sound.device import RATE_HZ, TONES, ears, toward

LOW_HZ, OCTAVES = 261.6, 1.5  # middle C to the F sharp above the next: clear to ears that are weak above 4 kHz
GRAIN_S = 0.05
FADE_S = 0.08  # of attack and release
LOUD = 0.075  # of full scale, about -26 LUFS: beside the voice, not over it
AT_REST, AWAKE = 0.3, 0.25  # how loud a height of 0 is, which may stay for long, and the height of a full voice
PARTIALS = (1.0, 0.22, 0.06)


@dataclass
class _Note:
    number: int
    channel: pygame.mixer.Channel
    hz: float
    level: float = 0.0


class Tones:
    """Sounds the tones of a scene, as many at once as there are channels for them; `volume` runs from 0 to 1."""

    def __init__(self, volume: float = 1.0) -> None:
        self._volume = volume
        self._notes: dict[str, _Note] = {}

    def see(self, tones: Sequence[Tone]) -> None:
        """Follow the tones of a scene, and let those end that are no longer there; called once a frame."""
        wanted = {tone.key: _height(tone) for tone in tones}
        for key in wanted.keys() - self._notes.keys():
            self._begin(key, wanted[key])
        for key, note in list(self._notes.items()):
            busy = note.channel.get_busy()
            if note.level == 0.0 and key not in wanted:
                if not busy:
                    del self._notes[key]
            elif note.channel.get_queue() is None:
                if not busy:
                    note.level = 0.0  # a late frame let it fall silent: begin gently again
                self._go_on(note, wanted.get(key))

    def _begin(self, key: str, height: float) -> None:
        taken = {note.number for note in self._notes.values()}
        free = [number for number in TONES if number not in taken]
        if free:
            self._notes[key] = _Note(free[0], pygame.mixer.Channel(free[0]), pitch_hz(height))

    def _go_on(self, note: _Note, height: float | None) -> None:
        ends_hz = note.hz if height is None else pitch_hz(height)
        goal = 0.0 if height is None else AT_REST + (1 - AT_REST) * min(1.0, height / AWAKE)
        level = toward(note.level, goal, GRAIN_S / FADE_S)
        samples = LOUD * self._volume * grain(note.hz, ends_hz, note.level, level)
        heard = np.repeat(np.round(32767 * samples).astype("<i2"), ears())
        note.channel.queue(pygame.mixer.Sound(buffer=heard.tobytes()))
        note.hz, note.level = ends_hz, level


def _height(tone: Tone) -> float:
    return min(1.0, max(0.0, tone.height)) if tone.height == tone.height else 0.0


def pitch_hz(height: float) -> float:
    """The pitch of a height from 0 to 1."""
    return float(LOW_HZ * 2 ** (OCTAVES * height))


def grain(from_hz: float, to_hz: float, from_level: float, to_level: float) -> NDArray[np.float64]:
    """About GRAIN_S of a note that glides from one pitch and level to others, in whole waves; 1 is the loudest."""
    mean_hz = (from_hz + to_hz) / 2
    waves = max(1, round(mean_hz * GRAIN_S))
    count = round(waves / mean_hz * RATE_HZ)
    share = np.arange(count) / count
    turn = 2 * np.pi * waves / mean_hz * (from_hz * share + (to_hz - from_hz) * share**2 / 2)
    wave = sum(weight * np.sin(number * turn) for number, weight in enumerate(PARTIALS, 1))
    return np.asarray(wave * (from_level + (to_level - from_level) * share) / sum(PARTIALS))
