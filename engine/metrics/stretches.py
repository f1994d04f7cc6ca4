"""The stretches of a movement that a gap does not touch: one gap shall not take what is on both sides of it."""

from itertools import pairwise

import numpy as np

from engine.motion import Motion, pieces


def stretches(motion: Motion, *sides: str) -> tuple[Motion, ...]:
    """The stretches without a gap of more than 0.25 s in which the hands of these sides were seen in every frame."""
    found = []
    for piece in pieces(motion):
        seen = np.ones(len(piece.time_s), bool)
        for side in sides:
            seen &= np.isfinite(piece.hand_m(side)[:, 0])
        borders = [0, *(np.flatnonzero(np.diff(seen)) + 1).tolist(), len(seen)]
        found += [piece.cut(first, last) for first, last in pairwise(borders) if seen[first]]
    return tuple(found)


def longest(motion: Motion, *sides: str) -> Motion:
    """The longest of the stretches; the motion itself where there is none."""
    return max(stretches(motion, *sides), key=seconds, default=motion)


def seconds(motion: Motion) -> float:
    """How long a movement lasts."""
    return float(motion.time_s[-1] - motion.time_s[0]) if len(motion.time_s) else 0.0
