"""What sounds all the time: ambience and music that fade with places, with the light and under a voice."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pygame

from engine.scene import Scene
from engine.sound.device import BEDS, Loader, check, toward

CROSS_FADE_S = 2.0
DIMMED_AWAY = 0.8  # share of the fade that a dark room takes: 10 dB
DUCK_DB = 8.0  # how far music goes down while somebody speaks
DUCK_S, RISE_S = 0.15, 0.6


@dataclass
class _Bed:
    number: int
    channel: pygame.mixer.Channel
    volume: float
    ducks: bool
    fade: float = 0.0


class Beds:
    """The loops of places: `ambience` and `music` map places to files, and both kinds have a volume.

    A loop that two places share goes on from one to the other. Raises SoundUnreadable for a file that is not a sound.
    """

    def __init__(
        self, ambience: Mapping[str, Path], music: Mapping[str, Path], volumes: tuple[float, float] = (1.0, 1.0)
    ) -> None:
        self._kinds = tuple(zip((ambience, music), volumes, (False, True), strict=True))
        for places in (ambience, music):
            for path in places.values():
                check(path)
        self._loader = Loader(most=4)
        self._beds: dict[Path, _Bed] = {}
        self._ducked_db = 0.0

    def see(self, scene: Scene, elapsed_s: float, speaking: bool) -> None:
        """Fade towards what a scene's place sounds like; raises SoundUnreadable for a file that turns out broken."""
        wanted = self._start_wanted(scene.place)
        way_db = DUCK_DB * elapsed_s / (DUCK_S if speaking else RISE_S)
        self._ducked_db = toward(self._ducked_db, DUCK_DB if speaking else 0.0, way_db)
        under_voice = 10 ** (-self._ducked_db / 20)
        for path, bed in list(self._beds.items()):
            goal = 1 - DIMMED_AWAY * scene.dim if path in wanted else 0.0
            bed.fade = toward(bed.fade, goal, elapsed_s / CROSS_FADE_S)
            loudness = bed.volume * (under_voice if bed.ducks else 1.0)
            bed.channel.set_volume(loudness * math.sin(bed.fade * math.pi / 2))
            if goal == bed.fade == 0.0:
                bed.channel.stop()
                del self._beds[path]

    def close(self) -> None:
        """Stop decoding; may be called twice."""
        self._loader.close()
        self._beds.clear()

    def _start_wanted(self, place: str) -> set[Path]:
        wanted = set()
        for places, volume, ducks in self._kinds:
            path = places.get(place)
            if path is None or volume == 0.0:
                continue
            wanted.add(path)
            if path not in self._beds:
                self._start(path, volume, ducks)
        return wanted

    def _start(self, path: Path, volume: float, ducks: bool) -> None:
        taken = {bed.number for bed in self._beds.values()}
        free = [number for number in BEDS if number not in taken]
        sound = self._loader.sound(path) if free else None
        if sound is not None:
            bed = _Bed(free[0], pygame.mixer.Channel(free[0]), volume, ducks)
            bed.channel.play(sound, loops=-1)
            bed.channel.set_volume(0.0)
            self._beds[path] = bed
