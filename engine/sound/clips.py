"""What the clips of a voice say: the list beside them, and how a sentence is cut where its blanks are."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.records import Record
from engine.theme import read_toml

_BLANK = re.compile(r"\{(\d+)\}")


class ClipsUnusable(ValueError):
    """A list of clips that does not hold; the message names the file and what is wrong."""


class Clips(Record, frozen=True, kw_only=True):
    """What `clips.toml` beside the clips of a voice tells: who speaks, and what each clip, by its name, says."""

    engine: str
    says: Mapping[str, str]


def read_clips(folder: Path) -> Mapping[str, Path]:
    """Which file says a sentence; raises ClipsUnusable."""
    clips = read_toml(folder / "clips.toml", Clips, ClipsUnusable)
    there = {file.name for file in folder.iterdir()}
    for name in clips.says:
        if f"{name}.ogg" not in there:
            raise ClipsUnusable(f"{folder / 'clips.toml'} names {name}, and there is no {name}.ogg beside it")
    return {sentence: folder / f"{name}.ogg" for name, sentence in clips.says.items()}


def pieces(sentence: str, values: Sequence[str] = ()) -> list[str]:
    """A sentence cut where its blanks {0} are, which are filled or left out; a piece has a letter or a digit."""
    cut = _BLANK.split(sentence)  # text, number of a blank, text, ...
    filled = [
        text if place % 2 == 0 else values[int(text)] if int(text) < len(values) else ""
        for place, text in enumerate(cut)
    ]
    return [piece.strip() for piece in filled if any(sign.isalnum() for sign in piece)]
