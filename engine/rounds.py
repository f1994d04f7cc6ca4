"""What stands around the trials of a round: how far it has come, a companion, and the answer to each trial."""

from engine import feedback
from engine.frame import Vector
from engine.scene import Friend, Item, Panel, Progress, Sound


def around(share: float, mood: str = "calm", companion: bool = True) -> tuple[Item, ...]:
    """What the world shows of a round of which a share is over, and a companion in a mood."""
    progress = Progress("progress", share)
    return (progress, Friend("friend", mood)) if companion else (progress,)


def answer(
    panel: Panel,
    key: str,
    reached: bool,
    *,
    text: tuple[str, ...] = (),
    sound: str = "reached",
    place_m: Vector | None = None,
    hand: str = "either",
    companion: bool = True,
) -> tuple[Item, ...]:
    """What is shown, heard and felt of a trial that is over, by the panel that asked for it.

    What was reached counts, sounds from its place and pulses in its hand; what was not yet is no less of a trial.
    """
    title = f"{panel.key}.{'reached' if reached else 'not_yet'}"
    after = panel._replace(title=title, text=text, done=panel.done + reached)
    heard = Sound(f"{key} ends", sound, place_m) if reached else Sound(f"{key} ends", "not_yet")
    felt = (feedback.arrival(key, hand),) if reached else ()
    mood = "cheers" if reached else "calm"
    return (after, heard, *felt, *around((panel.done + 1) / panel.total, mood, companion))
