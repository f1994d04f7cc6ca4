"""How difficulty follows a person: the values that a therapist may tune, for any game, with bounds, units and help."""

from dataclasses import dataclass

from engine.parameters import choice, number, order, switch

KNOBS = ("distance", "size", "time", "speed", "hold", "stance", "dual task")
"""What can make a game harder; a game says which of its parameters is which."""
EFFORTS = ("full", "self paced")
SPEEDS = ("slow", "normal", "fast")


@dataclass(frozen=True)
class Adaptation:
    """What a preset says of difficulty, apart from the games' own parameters and the limits of movements."""

    target_success: float = number(0.75, 0.60, 0.90, "", "share of targets that shall be reached")
    success_low: float = number(0.60, 0.30, 0.85, "", "a block with a smaller share of targets reached was too hard")
    success_high: float = number(0.85, 0.65, 1.0, "", "a block with a larger share of targets reached was too easy")
    open_reaches: int = number(3, 1, 6, "", "open efforts that begin a limit of which nothing is known")
    effort: str = choice(
        "full", EFFORTS, "whether an open effort is all that the person can do, or as much as they like"
    )
    first_at_most_percent: float = number(
        100.0, 20.0, 100.0, "%", "of the limit, the most for a session's first target"
    )
    warm_up_trials: int = number(2, 0, 10, "", "easier targets at the beginning, then as many that lead over")
    warm_up_success: float = number(0.92, 0.65, 0.98, "", "share of warm-up targets that shall be reached")
    speed: str = choice("normal", SPEEDS, "how quickly the limit is thought to change")
    step_over_best_percent: float = number(
        15.0, 2.0, 30.0, "%", "at most so far beyond the best of the last 20 targets"
    )
    rise_per_session_percent: float = number(10.0, 0.0, 30.0, "%", "at most so far beyond the session before")
    misses_before_easier: int = number(2, 1, 4, "", "misses in a row before an easy target")
    easier_success: float = number(0.95, 0.65, 0.99, "", "share of the easy targets after misses that shall be reached")
    over_limit_risk: float = number(0.10, 0.005, 0.30, "", "accepted probability that a target lies beyond the limit")
    bonus_zone_percent: float = number(0.0, 0.0, 40.0, "%", "how far beyond a target a bonus may invite")
    least_of_limit_percent: float = number(50.0, 10.0, 80.0, "%", "of the limit, the least that is asked")
    pain_hold_nrs: int = number(4, 1, 8, "", "pain (0 to 10) from which targets come nearer and nothing gets harder")
    pain_stop_nrs: int = number(6, 2, 9, "", "pain (0 to 10) from which the session ends")
    fatigue_rest_omni: int = number(
        7, 3, 10, "", "effort (OMNI, 0 to 10) from which there is a rest, then less is asked"
    )
    rest_after_trials: int = number(0, 0, 60, "", "targets before a rest within a block; 0 for none")
    check_reaches: int = number(1, 0, 3, "", "open efforts that begin each further session")
    full_after_days: int = number(28, 1, 180, "d", "age from which everything is measured again")
    expires_after_days: int = number(14, 1, 180, "d", "age from which a limit does not count without a check")
    surprise_z: float = number(2.0, 1.0, 4.0, "", "standard deviations from which a check is a surprise")
    share_sides: float = number(
        0.6, 0.0, 0.95, "", "correlation thought of between left and right; low for a one-sided loss"
    )
    share_directions: float = number(0.9, 0.0, 0.95, "", "correlation thought of between neighbouring directions")
    lapse: float = number(0.04, 0.0, 0.2, "", "share of targets that are missed for lack of attention")
    day_percent: float = number(5.0, 0.0, 20.0, "%", "of the limit, by how much it differs from day to day (SD)")
    blocks_in_band: int = number(1, 1, 5, "", "blocks that have to go well before something gets harder")
    only_assess: bool = switch(False, "measure, and adapt nothing")
    knobs: tuple[str, ...] = order(("distance", "size", "time", "hold"), KNOBS, "what gets harder, one after the other")


FIRST = (
    *("target_success", "speed", "knobs", "warm_up_trials", "misses_before_easier"),
    *("bonus_zone_percent", "rest_after_trials", "pain_stop_nrs"),
)
"""The eight that a form shows at once; the others go under "more"."""

ASCENDING = (
    ("success_low", "target_success"),
    ("target_success", "success_high"),
    ("target_success", "warm_up_success"),
    ("target_success", "easier_success"),
    ("least_of_limit_percent", "first_at_most_percent"),
    ("pain_hold_nrs", "pain_stop_nrs"),
)
"""Pairs of which the first has to be below the second, or the values contradict each other."""
