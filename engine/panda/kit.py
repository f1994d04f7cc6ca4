"""What every drawing on the stage is made from."""

from typing import NamedTuple

from panda3d.core import NodePath

from engine.panda.fonts import Fonts
from engine.panda.look import Look
from engine.panda.models import Models
from engine.theme import Place
from engine.words import Words


class Kit(NamedTuple):
    """Where a drawing hangs, how it is lit, and the models, letters and words of the place it is in.

    `facing_deg` is where the front of the room is.
    """

    parent: NodePath
    look: Look
    models: Models
    fonts: Fonts
    words: Words
    place: Place
    facing_deg: float = 0.0
