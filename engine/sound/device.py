"""The sound device, which of its channels are kept for what, and the files that it plays."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pygame

RATE_HZ = 48_000  # what headsets play; pygame would take 44100
BUFFER = 512  # samples, 10.7 ms
CHANNELS = 32
BEDS = range(6)  # ambience and music of two places, and room to spare
VOICE = 6
TONES = range(7, 10)
NO_DEVICE = "No sound device was found, so the game runs without sound."
_BEGINNINGS = (b"OggS", b"RIFF")


class SoundUnreadable(ValueError):
    """A sound file that cannot be played; the message names the file and the reason."""


def open_mixer(mono: bool = False) -> str:
    """Open the device, or one that swallows everything; returns a sentence when it had to.

    In `mono` everything is mixed into one channel, which both ears hear alike.
    """
    note, heard = "", 1 if mono else 2
    try:
        pygame.mixer.init(RATE_HZ, -16, heard, BUFFER, allowedchanges=0)
    except pygame.error:
        os.environ["SDL_AUDIODRIVER"] = "dummy"
        pygame.mixer.init(RATE_HZ, -16, heard, BUFFER, allowedchanges=0)
        note = NO_DEVICE
    pygame.mixer.set_num_channels(CHANNELS)
    pygame.mixer.set_reserved(TONES.stop)
    return note


def driver() -> str:
    """What the open device is driven by, such as `pulseaudio` or `wasapi`; `dummy` is heard by nobody."""
    return str(pygame.mixer.get_driver())


def ears() -> int:
    """How many channels are heard: 2, or 1 in mono."""
    return (pygame.mixer.get_init() or (RATE_HZ, -16, 2))[2]


def load(path: Path) -> pygame.mixer.Sound:
    """Decode a whole file, about 3 ms for each second of it; raises SoundUnreadable."""
    try:
        return pygame.mixer.Sound(path)
    except (pygame.error, FileNotFoundError) as reason:
        raise SoundUnreadable(f"{path} cannot be played: {reason}") from None


def check(path: Path) -> None:
    """Raise SoundUnreadable for a file that is not there or that does not begin like a sound."""
    try:
        with path.open("rb") as file:
            begins = file.read(4)
    except OSError as reason:
        raise SoundUnreadable(f"{path} cannot be played: {reason.strerror}") from None
    if begins not in _BEGINNINGS:
        raise SoundUnreadable(f"{path} cannot be played: it is neither an Ogg nor a WAV file")


def toward(value: float, goal: float, step: float) -> float:
    """A value that comes nearer to its goal by no more than a step."""
    return value + max(-step, min(step, goal - value))


class Loader:
    """Decodes files in a thread of its own, so that no frame waits, and keeps the `most` that were asked for last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._thread = ThreadPoolExecutor(1, "sound")
        self._files: dict[Path, Future[pygame.mixer.Sound]] = {}

    def sound(self, path: Path) -> pygame.mixer.Sound | None:
        """A file, or None while it is being decoded; raises SoundUnreadable."""
        file = self._files.pop(path, None) or self._thread.submit(load, path)
        self._files[path] = file
        while len(self._files) > self._most:
            self._files.pop(next(iter(self._files))).cancel()
        return file.result() if file.done() else None

    def close(self) -> None:
        """Wait for the file that is being decoded, and forget all: only then may the device be given back."""
        self._thread.shutdown(cancel_futures=True)
        self._files.clear()
