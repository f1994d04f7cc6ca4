"""How a simulated person finds what is hidden: by a note that gets warmer."""

from engine.relaying import WARMTH
from engine.scene import Scene, Tone

WARM = 0.83
"""From there on the hand has hardly anywhere warmer to go."""


def finds(scene: Scene) -> bool:
    """Whether a note says that the hand is there."""
    return any(isinstance(item, Tone) and item.key == WARMTH and item.height > WARM for item in scene.items)
