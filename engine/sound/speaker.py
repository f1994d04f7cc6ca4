"""What a person hears of a scene: signals that come from where things are, and the place around them."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.frame import Frame, Pose, Vector, rotate
from engine.scene import Scene, Sound

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
import pygame  # greets on standard output, where a program may read, unless told before

RATE_HZ = 48_000  # what headsets play; pygame would take 44100
BUFFER = 512  # samples, 10.7 ms
CHANNELS = 32
BEDS = 6  # channels kept for what sounds all the time: ambience and music of two places, and room to spare
CROSS_FADE_S = 2.0
DIMMED_AWAY = 0.8  # share of the fade that a dark room takes from the ambience: 10 dB
PAN_STEP = 0.05  # the most that pan (-1 to 1) moves in a frame; larger steps can be heard as clicks
NO_DEVICE = "No sound device was found, so the game runs without sound."


class SoundUnreadable(ValueError):
    """A sound file that cannot be played; the message names the file and the reason."""


@dataclass
class _Signal:
    channel: pygame.mixer.Channel
    place_m: Vector | None
    pan: float


@dataclass
class _Bed:
    number: int
    channel: pygame.mixer.Channel
    fade: float = 0.0


class Speaker:
    """Plays what scenes say. `sounds` maps roles to files; `ambience` and `music` map places to loops.

    Everything is loaded at once; raises SoundUnreadable. Without a sound device all works in silence, and
    `note` says so in one sentence; it is empty when all is well.
    """

    def __init__(
        self,
        sounds: Mapping[str, Path],
        ambience: Mapping[str, Path],
        music: Mapping[str, Path] | None = None,
    ) -> None:
        """Open the sound device and load every file, before the session starts."""
        self.note = _open_mixer()
        self._sounds = {role: _load(path) for role, path in sounds.items()}
        self._places = (ambience, music or {})
        self._loops = {path: _load(path) for places in self._places for path in places.values()}
        self._heard: frozenset[str] = frozenset()
        self._signals: list[_Signal] = []
        self._beds: dict[Path, _Bed] = {}
        self._time_ns: int | None = None

    def see(self, frame: Frame, scene: Scene) -> None:
        """Play what is new in a scene; called once a frame, and never raises.

        A key is new when the scene before did not hold it.
        """
        if not pygame.mixer.get_init():
            return
        try:
            self._start_new(frame, [item for item in scene.items if isinstance(item, Sound)])
            self._turn_signals(frame.head)
            self._fade_beds(frame, scene)
        except pygame.error as reason:
            self.note = f"Sound stopped: {reason}; the game goes on without it."
            self.close()

    def close(self) -> None:
        """Fall silent and give the device back; may be called twice."""
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
                pan = _pan(frame.head, item.place_m)
                channel.set_volume(*_gains(pan))
                self._signals.append(_Signal(channel, item.place_m, pan))
        self._heard = frozenset(item.key for item in items)

    def _turn_signals(self, head: Pose) -> None:
        self._signals = [signal for signal in self._signals if signal.channel.get_busy()]
        for signal in self._signals:
            signal.pan = _toward(signal.pan, _pan(head, signal.place_m), PAN_STEP)
            signal.channel.set_volume(*_gains(signal.pan))

    def _fade_beds(self, frame: Frame, scene: Scene) -> None:
        wanted = {places[scene.place] for places in self._places if scene.place in places}
        for path in wanted - self._beds.keys():
            self._start_bed(path)
        # A pause shows as a long step between frames: nothing may jump after it.
        elapsed_s = min(0.1, (frame.time_ns - (self._time_ns or frame.time_ns)) / 1e9)
        self._time_ns = frame.time_ns
        for path, bed in list(self._beds.items()):
            goal = 1 - DIMMED_AWAY * scene.dim if path in wanted else 0.0
            bed.fade = _toward(bed.fade, goal, max(0.0, elapsed_s) / CROSS_FADE_S)
            bed.channel.set_volume(math.sin(bed.fade * math.pi / 2))
            if goal == bed.fade == 0.0:
                bed.channel.stop()
                del self._beds[path]

    def _start_bed(self, path: Path) -> None:
        taken = {bed.number for bed in self._beds.values()}
        free = [number for number in range(BEDS) if number not in taken]
        if free:
            bed = _Bed(free[0], pygame.mixer.Channel(free[0]))
            bed.channel.play(self._loops[path], loops=-1)
            bed.channel.set_volume(0.0)
            self._beds[path] = bed


def driver() -> str:
    """What the open device is driven by, such as `pulseaudio` or `wasapi`; `dummy` is heard by nobody."""
    return str(pygame.mixer.get_driver())


def _open_mixer() -> str:
    """Open the device, or one that swallows everything; returns a sentence when it had to."""
    note = ""
    try:
        pygame.mixer.init(RATE_HZ, -16, 2, BUFFER, allowedchanges=0)
    except pygame.error:
        os.environ["SDL_AUDIODRIVER"] = "dummy"
        pygame.mixer.init(RATE_HZ, -16, 2, BUFFER, allowedchanges=0)
        note = NO_DEVICE
    pygame.mixer.set_num_channels(CHANNELS)
    pygame.mixer.set_reserved(BEDS)
    return note


def _load(path: Path) -> pygame.mixer.Sound:
    try:
        return pygame.mixer.Sound(path)
    except (pygame.error, FileNotFoundError) as reason:
        raise SoundUnreadable(f"{path} cannot be played: {reason}") from None


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


def _toward(value: float, goal: float, step: float) -> float:
    return value + max(-step, min(step, goal - value))
