"""What a gamepad says to the body at a desk: which stick and button does what."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from engine.frame import Button
from engine.inputs import AHEAD, BOTH, RISE, SWAP, Heard, Held, Pair

DEAD_ZONE, FULL = 0.2, 0.95
"""Shares of a stick's way: a worn stick rests up to 0.2 off its middle, and many never come to their end."""
PRESSED = 0.5
LABELS: Mapping[str, Mapping[str, str]] = {
    "playstation": {"A": "×", "B": "O", "X": "[ ]", "Y": "∆", "LB": "L1", "RB": "R1", "Start": "Options"},
    "nintendo": {"LB": "L", "RB": "R", "Start": "+"},
}
"""What stands on the buttons of a maker's pads, by what stands there on an Xbox pad, where that is another.

Cross, circle, square and triangle are written with letters that the fonts have. SDL takes a Nintendo pad's A for A,
wherever it is.
"""
_MAKERS = (("playstation", ("playstation", "ps3", "ps4", "ps5", "dualshock", "dualsense", "sony")),
           ("nintendo", ("nintendo", "switch", "joy-con")))  # fmt: skip
_BUTTONS = {"b": Button.STOP, "y": Button.RECENTRE, "start": Button.MENU}
_ACTS = {"x": RISE, "right shoulder": SWAP, "right stick": BOTH, "left stick": AHEAD}


class Pad(NamedTuple):
    """How a gamepad is now: sticks (right, up) from -1 to 1, triggers (left, right) from 0 to 1, and what is down.

    What is down: a, b, x, y, back, start, left and right shoulder, left and right stick, and the cross: up, down, left
    and right.
    """

    left: Pair = (0.0, 0.0)
    right: Pair = (0.0, 0.0)
    triggers: Pair = (0.0, 0.0)
    down: frozenset[str] = frozenset()


def said(before: Pad, now: Pad) -> Heard:
    """What a gamepad says that was as `before` in the last image."""
    new = now.down - before.down
    looks = "left shoulder" in now.down
    right, up = beyond_dead_zone(now.left)
    stick = beyond_dead_zone(now.right)
    held = Held(
        lean=(up, right),
        point=(0.0, 0.0) if looks else stick,
        face=stick if looks else None,
        tilt=_axis(now, "right", "left"),
        deepen=_axis(now, "up", "down"),
        trigger=max(now.triggers[1], float("a" in now.down)),
        squeeze=now.triggers[0],
    )
    buttons = Button.NONE
    for name in new & _BUTTONS.keys():
        buttons |= _BUTTONS[name]
    return Heard(held, buttons, tuple(act for name, act in _ACTS.items() if name in new))


def labels_of(name: str) -> Mapping[str, str]:
    """What stands on the buttons of a pad of this name, where that is not what stands on an Xbox pad."""
    for maker, parts in _MAKERS:
        if any(part in name.lower() for part in parts):
            return LABELS[maker]
    return {}


def beyond_dead_zone(stick: Pair) -> Pair:
    """Where a stick is pushed to, without its dead zone: that is round, so that no direction is preferred."""
    push = math.hypot(*stick)
    if push <= DEAD_ZONE:
        return (0.0, 0.0)
    share = min(1.0, (push - DEAD_ZONE) / (FULL - DEAD_ZONE)) / push
    return (stick[0] * share, stick[1] * share)


def _axis(pad: Pad, more: str, less: str) -> float:
    return float(more in pad.down) - float(less in pad.down)
