"""What a person hears of a scene: signals that come from where things are, a voice, and the place around them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pygame

from engine.frame import Frame, Pose, Vector, rotate
from engine.scene import Scene, Sound, Tone
from engine.settings import Settings
from engine.sound.beds import Beds
from engine.sound.device import NO_DEVICE, RATE_HZ, SoundUnreadable, driver, ears, load, open_mixer, toward
from engine.sound.tone import Tones
from engine.sound.voice import Voice

__all__ = ["NO_DEVICE", "RATE_HZ", "SoundUnreadable", "Speaker", "driver"]

PAN_STEP = 0.05  # the most that pan (-1 to 1) moves in a frame; larger steps can be heard as clicks
LONGEST_STEP_S = 0.1  # a pause shows as a long step between frames: nothing may jump after it
USUAL = Settings(music_volume=1.0)


@dataclass
class _Signal:
    channel: pygame.mixer.Channel
    place_m: Vector | None
    pan: float


class Speaker:
    """Plays what scenes say. `sounds` maps roles to files; `ambience` and `music` map places to loops.

    Signals are loaded at once, and loops and the clips of a `voice` when they are wanted, beside the game; raises
    SoundUnreadable. The `settings` say how loud each is, whether anybody speaks, and whether both ears hear the same.
    Without a sound device all works in silence, and `note` says so in one sentence; it is empty when all is well.
    """

    def __init__(
        self,
        sounds: Mapping[str, Path],
        ambience: Mapping[str, Path],
        music: Mapping[str, Path] | None = None,
        settings: Settings = USUAL,
        voice: Voice | None = None,
    ) -> None:
        """Open the sound device and load what must be there at once, before the session starts."""
        self.note = open_mixer(settings.mono)
        self._sounds = {role: load(path) for role, path in sounds.items()}
        self._beds = Beds(ambience, music or {}, (settings.sound_volume, settings.music_volume))
        self._tones = Tones(settings.sound_volume)
        self._voice = voice if settings.voice else None
        if self._voice is not None:
            self._voice.volume = settings.voice_volume
            self.note = self.note or self._voice.note
        self._volume = settings.sound_volume
        self._heard: frozenset[str] = frozenset()
        self._signals: list[_Signal] = []
        self._time_ns: int | None = None

    def see(self, frame: Frame, scene: Scene) -> None:
        """Play what is new in a scene; called once a frame, and never raises.

        A key is new when the scene before did not hold it.
        """
        if not pygame.mixer.get_init():
            return
        elapsed_s = min(LONGEST_STEP_S, max(0.0, (frame.time_ns - (self._time_ns or frame.time_ns)) / 1e9))
        self._time_ns = frame.time_ns
        try:
            self._start_new(frame, [item for item in scene.items if isinstance(item, Sound)])
            self._turn_signals(frame.head)
            self._tones.see([item for item in scene.items if isinstance(item, Tone)])
            if self._voice is not None:
                self._voice.see(scene, elapsed_s)
            self._beds.see(scene, elapsed_s, self._voice is not None and self._voice.speaking)
        except (pygame.error, SoundUnreadable) as reason:
            self.note = f"Sound stopped: {reason}; the game goes on without it."
            self.close()

    def close(self) -> None:
        """Fall silent and give the device back; may be called twice."""
        self._beds.close()  # what decodes in a thread needs the device
        if self._voice is not None:
            self._voice.close()
        pygame.mixer.quit()

    def _start_new(self, frame: Frame, items: list[Sound]) -> None:
        for item in items:
            if item.key in self._heard:
                continue
            if item.name not in self._sounds:
                self.note = f"There is no sound for {item.name!r}; add it under [sounds] of the theme."
                continue
            channel = self._sounds[item.name].play()
            if channel is not None:  # more at once than anybody could tell apart
                signal = _Signal(channel, item.place_m, _pan(frame.head, item.place_m))
                self._place(signal)
                self._signals.append(signal)
        self._heard = frozenset(item.key for item in items)

    def _turn_signals(self, head: Pose) -> None:
        self._signals = [signal for signal in self._signals if signal.channel.get_busy()]
        for signal in self._signals:
            signal.pan = toward(signal.pan, _pan(head, signal.place_m), PAN_STEP)
            self._place(signal)

    def _place(self, signal: _Signal) -> None:
        left, right = _gains(signal.pan)
        if ears() == 1:
            signal.channel.set_volume(self._volume * math.sqrt(0.5))  # as loud as straight ahead is with two
        else:
            signal.channel.set_volume(self._volume * left, self._volume * right)


def _pan(head: Pose, place_m: Vector | None) -> float:
    """Where a place is heard, from -1 (left) to 1 (right): the sine of its direction from the head."""
    if place_m is None or not head.valid:
        return 0.0
    away = tuple(there - here for there, here in zip(place_m, head.position_m, strict=True))
    x, y, z, w = head.orientation
    right, _, back = rotate((-x, -y, -z, w), (away[0], away[1], away[2]))
    across = math.hypot(right, back)
    return right / across if across > 0.05 else 0.0


def _gains(pan: float) -> tuple[float, float]:
    """Left and right at equal power: a signal straight ahead is 3 dB down in each ear."""
    angle = (pan + 1) * math.pi / 4
    return math.cos(angle), math.sin(angle)
