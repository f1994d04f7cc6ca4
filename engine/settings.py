"""How somebody wants to see and hear: their theme, language, size of letters, voice and sounds."""

from typing import Annotated

from msgspec import Meta

from engine.records import Record

Volume = Annotated[float, Meta(ge=0, le=1)]
TextScale = Annotated[float, Meta(ge=1, le=1.6)]


class Settings(Record, frozen=True, kw_only=True):
    """What stays the same from game to game; `text_scale` makes letters larger than the 1.3 degrees that they have."""

    theme: str = "day"
    language: str = "en"
    text_scale: TextScale = 1.0
    captions: bool = False
    voice: bool = True
    mono: bool = False
    voice_volume: Volume = 1.0
    sound_volume: Volume = 1.0
    music_volume: Volume = 0.7


USUAL = Settings()
"""How everybody sees and hears who says nothing else."""
