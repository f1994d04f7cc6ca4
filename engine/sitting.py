"""Sitting on a chair and standing up from it: how a seat is found, and rises one after another."""

import math
from collections import deque
from collections.abc import Callable, Generator, Sequence
from statistics import median

from engine import moves
from engine.body import EYE_HEIGHT_OF_STATURE, SEATED_EYES_OF_STATURE, Body
from engine.envelope import Envelope
from engine.limits import OutsideEnvelope
from engine.metrics.standing import LEAST_RISE_M
from engine.precautions import LEAST_OVER_TOES_DEG
from engine.scene import Item, Rise
from engine.task import NOT_YET, REACHED, Move

QUIET_S, QUIET_M = 1.0, 0.02  # a head that stays within 2 cm for a second sits still
COUNTS, SITS = 0.7, 0.2  # of the way up: from there on a rise counts, and below it somebody sits again
TURNS = 0.1  # of the way: who comes down by so much does not rise any further
ASKED_ANEW_S = 6.0


def stand_up(envelope: Envelope) -> Rise:
    """From a seat as high as anybody's until it is measured, up to how the person stands.

    A stance that was taken on the chair is no standing height; then body proportions say it.
    """
    known, stature_m = envelope.calibration.seated_m, envelope.calibration.stature_m.value
    seat_m = known.value if known else SEATED_EYES_OF_STATURE * stature_m
    standing_m = envelope.stance.head_m[1]
    if standing_m < seat_m + LEAST_RISE_M:
        standing_m = max(EYE_HEIGHT_OF_STATURE * stature_m, seat_m + LEAST_RISE_M)
    return Rise("rise", seat_m, standing_m, "up")


def lean_over_toes(envelope: Envelope, lean_deg: float) -> Rise:
    """A lean over the toes as far as it may go; raises OutsideEnvelope, saying why not, when hardly any may."""
    lean_deg = envelope.stop_line("lean_forward", lean_deg)
    if lean_deg < LEAST_OVER_TOES_DEG:
        raise OutsideEnvelope(envelope.refuses_lean(0.0, LEAST_OVER_TOES_DEG, open_ended=True))
    height_m = envelope.stance.head_m[1]
    return Rise("rise", height_m, height_m, "up", lean_deg=lean_deg)


def settle(sit: Rise, shown: tuple[Item, ...], most_s: float) -> Generator[tuple[Item, ...], Body, float]:
    """Wait for a quiet second on the chair: the median height of the head in it, nan when there was none in time."""
    gone_s, share = 0.0, 1.0
    seen: deque[tuple[float, float]] = deque()
    while gone_s < most_s:
        body = yield (sit._replace(share=share), *shown)
        gone_s += body.dt_s
        share = min(1.0, max(0.0, moves.risen(sit, body)))
        seen.append((gone_s, body.head_m[1]))
        while len(seen) > 1 and seen[1][0] <= gone_s - QUIET_S:
            seen.popleft()
        heights_m = [height_m for _, height_m in seen]
        if gone_s - seen[0][0] >= QUIET_S and sits(heights_m, sit.high_m):
            return median(heights_m)
    return math.nan


def sits(heights_m: Sequence[float], standing_m: float) -> bool:
    """Whether a head sat still, so much lower than standing that it can be on a chair."""
    highest_m = max(heights_m)
    return highest_m - min(heights_m) < QUIET_M and highest_m < standing_m - LEAST_RISE_M


def stands(rise: Rise, most: float, most_s: float, around: Callable[[int], tuple[Item, ...]]) -> Move:
    """Stand up and sit down, again and again, so often or for so long; `around` is what else is seen after so many.

    Who stays where they are is asked anew.
    """
    gone_s, asked_s, share, top, done, up = 0.0, 0.0, 0.0, 0.0, 0, True
    while gone_s < most_s and (done < most or not up):
        key = f"{rise.key} {done + up} {'up' if up else 'down'} {asked_s // ASKED_ANEW_S:.0f}"
        shown = rise._replace(key=key, goal="up" if up else "down", share=min(1.0, max(0.0, share)))
        body = yield (shown, *around(done))
        gone_s, asked_s = gone_s + body.dt_s, asked_s + body.dt_s
        share = moves.risen(rise, body)
        top = max(top, share) if up else 0.0
        if up and (share > moves.UP or (top > COUNTS and share < top - TURNS)):
            done, up, asked_s = done + 1, False, 0.0
        elif not up and share < SITS:
            up, asked_s = True, 0.0
    return REACHED if done >= most or math.isinf(most) else NOT_YET
