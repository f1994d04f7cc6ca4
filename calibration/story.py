"""A story around open efforts, for children: the further they go, the more a dragon wakes; the measurement is the same.

Words and dots on the panel, a sound for each dot, and a greeting at the end, however far the effort went.
"""

from engine.places import lean_along
from engine.scene import Gaze, Item, Lean, Panel, Reach, Sound
from engine.task import Move

PLAIN, DRAGON = "plain", "dragon"
STORIES = (PLAIN, DRAGON)
DOTS = 5
AWAKE_S = 2.0


def waking(key: str, panel: Panel, move: Move) -> Move:
    """Play an open effort beside a panel that fills with dots as it goes on; `key` is that of the effort."""
    own, dots = next(move), 0
    while True:
        dots = max(dots, *(_dots(item) for item in own))
        sound = (Sound(f"{key} dot {dots}", "appear"),) if dots else ()
        body = yield (*own, panel._replace(done=dots, total=DOTS), *sound)
        try:
            own = move.send(body)
        except StopIteration as end:
            return str(end.value)


def awake(key: str, title: str) -> tuple[Item, ...]:
    """What is shown after an effort: what the dragon did, and that it is glad."""
    panel = Panel("dragon", title, ("dragon.thanks",), DOTS, DOTS)
    return (panel, Sound(f"{key} awake", "reached"))


def _dots(item: Item) -> int:
    """How much of the way to the stop line an effort has come."""
    share = 0.0
    if isinstance(item, Reach):
        share = item.reached
    elif isinstance(item, Lean) and item.angle_deg > 0:
        share = lean_along(item.now_deg, item.direction_deg)[0] / item.angle_deg
    elif isinstance(item, Gaze):
        share = item.fill
    return max(0, min(DOTS, int(DOTS * share)))
