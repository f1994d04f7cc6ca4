"""Breathing along with something that swells and sinks: told and heard, breath by breath."""

from engine.scene import Breath, Item, Panel, Sound
from engine.task import Move


def told(breaths: Move, panel: Panel, key: str) -> Move:
    """Play breaths, with the words and a sound of each breath in and out."""
    own, turns, rising = next(breaths), 0, False
    while True:
        breath = own[0]
        if isinstance(breath, Breath) and (breath.rising != rising or not turns):
            turns, rising = turns + 1, breath.rising
        phase = "breathe_in" if rising else "breathe_out"
        words: tuple[Item, ...] = (panel._replace(title=f"{panel.key}.{phase}"), Sound(f"{key} {turns}", phase))
        body = yield own + words
        try:
            own = breaths.send(body)
        except StopIteration as end:
            return str(end.value)
