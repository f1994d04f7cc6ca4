"""What tests of sound share: tones to play, frames to play them at, and what would be heard of it.

SDL's disk driver writes to a file what would be heard, as fast as it would be played.
"""

import math
import struct
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pygame
import pytest
from numpy.typing import NDArray

from engine.frame import UPRIGHT, Frame, Hand, Pose, from_yaw_pitch
from engine.scene import Scene
from engine.sound.device import BEDS, RATE_HZ
from engine.sound.speaker import Speaker

STEP_NS = 20_000_000
HEARD = NDArray[np.float64]
Listen = Callable[[Speaker, Sequence[tuple[Frame, Scene]], float], HEARD]


def tone(path: Path, seconds: float, hz: float) -> Path:
    """Write a stereo tone of amplitude 0.5."""
    steps = range(round(seconds * RATE_HZ))
    samples = [round(16384 * math.sin(2 * math.pi * hz * step / RATE_HZ)) for step in steps]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(b"".join(struct.pack("<hh", sample, sample) for sample in samples))
    return path


def frame(number: int = 0, yaw_right_rad: float = 0.0) -> Frame:
    """Somebody who stands; frames are STEP_NS apart."""
    hand = Hand(Pose((0.0, 1.0, -0.3)))
    turned = from_yaw_pitch(yaw_right_rad, 0.0) if yaw_right_rad else UPRIGHT
    return Frame(number * STEP_NS, Pose((0.0, 1.6, 0.0), turned), hand, hand)


def level(heard: HEARD) -> float:
    """RMS."""
    return float(np.sqrt(np.mean(heard**2)))


def strength(heard: HEARD, hz: float) -> float:
    """How much of one frequency is heard, in amplitude."""
    turn = 2j * np.pi * hz * np.arange(len(heard)) / RATE_HZ
    return float(2 * np.abs(np.mean(heard.mean(axis=1) * np.exp(-turn))))


def settle(speaker: Speaker, scene: Scene, loops: int) -> None:
    """Wait until as many loops play as a scene has, and let them fade in."""
    until = time.monotonic() + 30
    while sum(pygame.mixer.Channel(number).get_busy() for number in BEDS) < loops and time.monotonic() < until:
        speaker.see(frame(), scene)
        time.sleep(0.01)
    for number in range(101):
        speaker.see(frame(5 * number), scene)


def listener(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Listen:
    """Show frames at a steady pace, then go on with the last scene until enough was heard.

    Gives samples by (left, right), or by the one channel of a mono speaker.
    """
    captured = folder / "heard.raw"
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(captured))

    def play(speaker: Speaker, shown: Sequence[tuple[Frame, Scene]], seconds: float) -> HEARD:
        begun, ears = captured.stat().st_size, pygame.mixer.get_init()[2]
        for now, scene in shown:
            speaker.see(now, scene)
            time.sleep(STEP_NS / 1e9)
        now, scene = shown[-1]
        while captured.stat().st_size - begun < seconds * RATE_HZ * 2 * ears:
            now = now._replace(time_ns=now.time_ns + STEP_NS)
            speaker.see(now, scene)
            time.sleep(STEP_NS / 1e9)
        speaker.close()
        samples = np.frombuffer(captured.read_bytes()[begun:], "<i2")
        return samples[: len(samples) // ears * ears].reshape(-1, ears) / 32768

    return play
