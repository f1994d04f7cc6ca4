"""What every drawing on the stage is made from."""

from typing import NamedTuple

from panda3d.core import NodePath

from engine.panda.fonts import Fonts
from engine.panda.look import Look
from engine.panda.models import Models
from engine.panda.roles import dressed
from engine.settings import Settings
from engine.theme import Place, Theme
from engine.words import Words


class Kit(NamedTuple):
    """Where a drawing hangs, how it is lit, and the models, letters and words of the place it is in.

    `settings` are the person's; `facing_deg` is where the front of the room is.
    """

    parent: NodePath
    look: Look
    models: Models
    fonts: Fonts
    words: Words
    place: Place
    theme: Theme
    settings: Settings = Settings()
    facing_deg: float = 0.0

    def role(self, role: str, parent: NodePath) -> NodePath:
        """A new node under a parent of what stands for a role here."""
        return dressed(role, self.place, self.models, self.look, parent)
