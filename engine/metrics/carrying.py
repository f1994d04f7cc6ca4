"""The way of a hand that takes something, carries it over a fence and puts it down: times, length and crossings."""

from engine import tabletop
from engine.metrics.definition import known
from engine.motion import Array
from engine.records import Measured, Stance
from engine.tabletop import Table

FRAME_S = 0.02
NOT_OVER = "the block did not come over"


def carried(
    time_s: Array, hand_m: Array, stance: Stance, table: Table, near_m: float, put_near_m: float
) -> dict[str, Measured]:
    """The way of a hand (n, 3) from a call at the first of its times (n,) on; so near to a place it has come there."""
    take = tabletop.arrival(hand_m, table.take_m, near_m, 0)
    over = tabletop.arrival(hand_m, table.over_m, near_m, take) if take >= 0 else -1
    put = tabletop.arrival(hand_m, table.put_m, put_near_m, over) if over >= 0 else -1
    reach_s = float(time_s[take] - time_s[0]) if take >= 0 else None
    carry_s = float(time_s[put] - time_s[take]) if put >= 0 else None
    ratio = tabletop.path_m(hand_m[take : put + 1]) / table.way_m if put >= 0 else None
    until = put + 1 if put >= 0 else len(hand_m)
    crossed = tabletop.crossings(tabletop.across_m(stance, hand_m[:until]))
    return {
        "reach_s": known(reach_s, "s", 3, "the hand did not come to the block", FRAME_S),
        "carry_s": known(carry_s, "s", 3, NOT_OVER, FRAME_S),
        "path_ratio": known(ratio, "", 3, NOT_OVER),
        "midline_crossings": Measured(float(crossed), "", None, table.beside),
    }
