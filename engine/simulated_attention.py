"""What a simulated person has attention and memory for: they sway, and miss a place, by more while they count."""

from engine.scene import Panel, Scene

SWAYS_COUNTING = 1.25
"""Sway is larger while somebody counts backwards (Pellecchia 2003, Gait & Posture 18:29); how much larger is ours."""
SPREADS_COUNTING, FRESH_S, FADES_PER_S = 1.6, 5.0, 0.1
"""A place is remembered less truly while somebody counts, and less after a few seconds; how much less is ours."""


def counts(scene: Scene) -> bool:
    """Whether somebody is told to count, too."""
    return any(
        isinstance(item, Panel) and any(str(key).endswith(".count") for key in item.text) for item in scene.items
    )


def remembered(spread: float, counting: bool, seconds: float) -> float:
    """The spread of a place that was remembered for so long."""
    return spread * (SPREADS_COUNTING if counting else 1.0) * (1 + FADES_PER_S * max(0.0, seconds - FRESH_S))
