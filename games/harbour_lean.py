"""Harbour Lean: stand in the bow of a boat and lean towards the buoy whose lamp is lit, then come back."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import feedback, moves, rounds
from engine.body import Body
from engine.envelope import Envelope
from engine.limits import OutsideEnvelope
from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.range_of_motion import LEAN_ERROR_DEG, lean_track_deg
from engine.metrics.stability import LEAST_LEAN_DEG, limits_of_stability, theoretical_limit_deg
from engine.motion import Array, Motion
from engine.movements import LEANS, MAIN_LEANS, ON_SIDES, on_sides
from engine.parameters import choice, number
from engine.places import lean_along
from engine.records import Measured, Request, Trace, TrialRecord
from engine.scene import Lean, Panel, Sound
from engine.task import REACHED, Measure, Move, Result, Task, Trial
from engine.trace import thinned
from engine.turns import open_of, shuffled

FLOURISH_S = 0.7
LEAST_FRAMES = 20
MIDDLE_S = 1.0
HOLD_ERROR_DEG = 0.05
REACTION_S, LEAN_DPS = 0.35, 3.0  # as a simulated patient moves who is not said to move otherwise
ARRIVES = 0.7  # of the time of a minimum jerk movement: then it is near enough to count
WAYS: Mapping[str, tuple[str, ...]] = {
    "all four": MAIN_LEANS,
    "all eight": tuple(LEANS),
    "sideways": ("lean_left", "lean_right"),
    "forward and back": ("lean_forward", "lean_back"),
}
APART = "apart"
SIDEWAYS_SHARE: Mapping[str, float] = {APART: 1.0, "together": 0.65, "one ahead": 0.5}
"""What a stance leaves of a lean to the side, about as its base is narrower than that of the stance in which limits are
measured; leans ahead and back stay as they are. Design values."""
WORDS_OF_FEET: Mapping[str, str] = {
    "together": "harbour_lean.feet_together",
    "one ahead": "harbour_lean.feet_one_ahead",
}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(8, 1, 40, "", "buoys in a round")
    ways: str = choice("all four", tuple(WAYS), "which ways to lean")
    sides: str = choice("both", ON_SIDES, "to which side; ahead and back belong to both")
    tolerance_deg: float = number(0.8, 0.3, 3.0, "deg", "how near to the buoy counts", "size", -0.1)
    hold_s: float = number(1.0, 0.0, 5.0, "s", "time to stay at the buoy", "hold", 0.5)
    limit_s: float = number(8.0, 4.0, 30.0, "s", "time to get to the buoy, before staying there", "time", -1.0)
    middle_deg: float = number(1.5, 0.8, 4.0, "deg", "how near the middle counts as upright")
    stance: str = choice(APART, tuple(SIDEWAYS_SHARE), "how the feet stand; seated it means nothing")


class Game(Task):
    """Leans in turn to the sides, ahead and back; how far follows what was held before."""

    title = "Harbour Lean"
    trains = ("limits of stability", "weight shift", "ankle strategy")
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("lean", "stand")
    version = 3
    place = "harbour"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "excursion_deg": Measure(
            "Leant to",
            "deg",
            "Furthest head lean along the direction; bending at the hips looks the same.",
            "limits of stability, maximum excursion, from the head",
        ),
        "reaction_s": Measure("Time to start", "s", "From the lamp until the lean begins.", "limits of stability"),
        "lean_velocity_dps": Measure(
            "Lean velocity", "deg/s", "Mean from 5 to 95 % of the first movement.", "limits of stability"
        ),
        "directional_control_percent": Measure(
            "Directional control",
            "%",
            "On-axis less off-axis way, over the on-axis way, until nearly the furthest point: our definition.",
        ),
        "hold_sway_deg": Measure("Sway while leaning", "deg", "Standard deviation of the lean after it arrived."),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each way that may be leant once in a shuffled order, then again."""
        wished = on_sides(WAYS[self.p.ways], self.p.sides)
        ways = shuffled(random, open_of({way: _refuses_way(envelope, way, self.p.tolerance_deg) for way in wished}))
        stance = APART if envelope.posture == "seated" else self.p.stance
        for number_ in range(self.p.targets):
            movement = next(ways)
            wish = _narrowed(envelope.request(movement), stance)
            request, centre_deg = envelope.centred(wish, self.p.tolerance_deg)
            goal = Lean(f"buoy {number_}", LEANS[movement], centre_deg, self.p.tolerance_deg)
            feet = WORDS_OF_FEET.get(stance, "harbour_lean.feet")
            yield Trial("", request, {"goal": goal, "number": number_, "stance": envelope.stance, "feet": feet})

    def play(self, trial: Trial) -> Move:
        """Come to the middle, lean to the buoy, hold."""
        goal, count, feet = trial.values["goal"], trial.values["number"], trial.values["feet"]
        panel = Panel("harbour_lean", "harbour_lean.lean", (feet, "harbour_lean.hold"), count, self.p.targets)
        back = panel._replace(title="harbour_lean.back", text=(feet,))
        around = rounds.around(count / self.p.targets)
        middle = moves.within(self.p.limit_s, moves.upright("middle", self.p.middle_deg, MIDDLE_S))
        yield from moves.alongside((back, *around), middle)
        lean = moves.within(self.p.limit_s + self.p.hold_s, feedback.felt(moves.lean(goal, self.p.hold_s)))
        shown = (panel, Sound(f"{goal.key} lit", "appear"), *around)
        outcome = yield from moves.alongside(shown, feedback.followed(lean, _leant(goal)))
        yield from moves.show(rounds.answer(panel, goal.key, outcome == REACHED), FLOURISH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds: coming back to the middle, leaning out, staying there."""
        p: Parameters = self.p
        goal: Lean = trial.values["goal"]
        back_s = max(0.0, _way_s(goal.angle_deg - p.middle_deg) - FLOURISH_S)
        lean_s = _way_s(goal.angle_deg) if reached else p.limit_s
        return back_s + MIDDLE_S + lean_s + p.hold_s + FLOURISH_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the lean from the moment its buoy was lit."""
        direction = trial.values["goal"].direction_deg
        leans = lean_track_deg(motion, trial.values["stance"])
        limit_deg = theoretical_limit_deg(direction)
        if len(leans) < LEAST_FRAMES:
            raise NotMeasurable("ended before the body could lean")
        time_s = motion.time_s - motion.time_s[0]
        cue_s = _lit_at_s(time_s, leans, self.p.middle_deg, self.p.limit_s)
        found = limits_of_stability(time_s, leans, direction, cue_s, limit_deg)
        along, across = np.array([lean_along((a, r), direction) for a, r in leans.tolist()]).T
        limits = measured(found)
        achieved = max(0.0, round(found.maximum_excursion_percent * limit_deg / 100, 2))  # to sway away is no lean
        measures = {
            "excursion_deg": Measured(achieved, "deg", LEAN_ERROR_DEG),
            "reaction_s": limits["reaction_s"],
            "lean_velocity_dps": limits["movement_velocity_dps"],
            "directional_control_percent": limits["directional_control_percent"],
            "hold_sway_deg": _hold_sway(along[time_s >= cue_s]),
        }
        traces = (
            Trace("Lean along the direction", "deg", *thinned(time_s, along)),
            Trace("Lean across it", "deg", *thinned(time_s, across)),
        )
        return Result(achieved, measures, traces)


def _refuses_way(envelope: Envelope, movement: str, tolerance_deg: float) -> str:
    try:
        cap = envelope.at_most(movement)
    except OutsideEnvelope as reason:
        return str(reason)
    if envelope.may_ask(movement) and cap.value > tolerance_deg:
        return ""
    return f"{movement} may be {cap.value:.1f}° at most, {cap.why}: too little for a buoy {tolerance_deg:g}° wide"


def _narrowed(wish: Request, stance: str) -> Request:
    """What to ask of a narrow stance, which leaves less of a lean to the side."""
    sideways = abs(math.sin(math.radians(LEANS[wish.movement])))
    share = 1 - (1 - SIDEWAYS_SHARE[stance]) * sideways
    if share == 1:
        return wish
    amplitude = round(share * wish.amplitude, 3)
    why = f"{amplitude:.1f}°: {100 * share:.0f} % of what feet apart would be asked"
    return Request(wish.movement, amplitude, wish.unit, "STANCE", why)


def _leant(goal: Lean) -> Callable[[Body], float]:
    """How much of the way to a goal a body leans."""
    return lambda body: lean_along(body.lean_deg, goal.direction_deg)[0] / goal.angle_deg


def _way_s(angle_deg: float) -> float:
    return REACTION_S + ARRIVES * 1.875 * angle_deg / LEAN_DPS


def _lit_at_s(time_s: Array, leans: Array, middle_deg: float, limit_s: float) -> float:
    """When the buoy was lit: after a second in the middle, as `play` asks, or when the time for coming there was up."""
    away_s = np.maximum.accumulate(np.where(np.hypot(*leans.T) >= middle_deg, time_s, 0.0))
    lit = np.flatnonzero((time_s - away_s >= MIDDLE_S) | (time_s >= limit_s))
    return float(time_s[lit[0] if len(lit) else -1])


def _hold_sway(along: Array) -> Measured:
    """The standard deviation of the lean after it arrived: above 80 % of the way, from 95 % of it on."""
    rise = along.max() - along[0]
    if rise < LEAST_LEAN_DEG:
        return Measured(None, "deg", None, "no lean to speak of")
    arrived = along[int(np.argmax(along >= along[0] + 0.95 * rise)) :]
    return Measured(round(float(arrived[arrived > along[0] + 0.8 * rise].std()), 3), "deg", HOLD_ERROR_DEG)
