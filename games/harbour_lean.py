"""Harbour Lean: stand in the bow of a boat and lean towards the buoy whose lamp is lit, then come back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import moves
from engine.envelope import LEANS, Envelope
from engine.metrics.range_of_motion import LEAN_ERROR_DEG, lean_track_deg
from engine.motion import Array, Motion
from engine.parameters import choice, number
from engine.places import lean_along
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Lean, Panel, Sound
from engine.task import REACHED, Measure, Move, Result, Task, Trial
from engine.trace import thinned

FLOURISH_S = 0.7
LEAST_FRAMES = 20
MIDDLE_S = 1.0
ONSET_DEG = 0.5
WAYS: Mapping[str, tuple[str, ...]] = {
    "all four": tuple(LEANS),
    "sideways": ("lean_left", "lean_right"),
    "forward and back": ("lean_forward", "lean_back"),
}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(8, 1, 40, "", "buoys in a round")
    ways: str = choice("all four", tuple(WAYS), "which ways to lean")
    tolerance_deg: float = number(0.8, 0.3, 3.0, "deg", "how near to the buoy counts")
    hold_s: float = number(1.0, 0.0, 5.0, "s", "time to stay at the buoy")
    limit_s: float = number(8.0, 4.0, 30.0, "s", "time before coming back")
    middle_deg: float = number(1.5, 0.8, 4.0, "deg", "how near the middle counts as upright")


class Game(Task):
    """Leans in turn to the sides, ahead and back; how far follows what was held before."""

    title = "Harbour Lean"
    trains = ("limits of stability", "weight shift", "ankle strategy")
    version = 1
    place = "harbour"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "excursion_deg": Measure(
            "Leant to",
            "deg",
            "Furthest head lean along the direction; bending at the hips looks the same.",
            "limits of stability, maximum excursion, from the head",
        ),
        "reaction_s": Measure("Time to start", "s", "From the lamp to a lean of half a degree from where it was."),
        "lean_velocity_dps": Measure("Lean velocity", "deg/s", "Mean from 5 to 95 % of the excursion."),
        "directional_control_percent": Measure(
            "Directional control",
            "%",
            "On-axis less off-axis way, over the on-axis way, up to the furthest point: our definition.",
        ),
        "hold_sway_deg": Measure("Sway while leaning", "deg", "Standard deviation of the lean after it arrived."),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each way once in a shuffled order, then again."""
        for number_ in range(self.p.targets):
            if number_ % len(WAYS[self.p.ways]) == 0:
                order = random.sample(WAYS[self.p.ways], len(WAYS[self.p.ways]))
            movement = order[number_ % len(order)]
            request, centre_deg = envelope.centred(envelope.request(movement), self.p.tolerance_deg)
            goal = Lean(f"buoy {number_}", LEANS[movement], centre_deg, self.p.tolerance_deg)
            yield Trial("", request, {"goal": goal, "number": number_, "stance": envelope.stance})

    def play(self, trial: Trial) -> Move:
        """Come to the middle, lean to the buoy, hold."""
        goal, count = trial.values["goal"], trial.values["number"]
        panel = Panel(
            "harbour_lean",
            "harbour_lean.lean",
            ("harbour_lean.feet", "harbour_lean.back"),
            count,
            self.p.targets,
        )
        back = panel._replace(title="harbour_lean.back", text=("harbour_lean.feet",))
        middle = moves.within(self.p.limit_s, moves.upright("middle", self.p.middle_deg, MIDDLE_S))
        yield from moves.alongside((back,), middle)
        lean = moves.within(self.p.limit_s, moves.lean(goal, self.p.hold_s))
        outcome = yield from moves.alongside((panel, Sound(f"{goal.key} lit", "appear")), lean)
        reached = outcome == REACHED
        words = "harbour_lean.reached" if reached else "harbour_lean.not_yet"
        after = panel._replace(title=words, text=(), done=count + reached)
        yield from moves.show((after, Sound(f"{goal.key} after", "reached" if reached else "not_yet")), FLOURISH_S)
        return outcome

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the lean from its start in the middle to its furthest point."""
        direction = trial.values["goal"].direction_deg
        leans = lean_track_deg(motion, trial.values["stance"])
        if len(leans) < LEAST_FRAMES:
            why = "ended before the body could lean"
            return Result(None, {name: Measured(None, m.unit, None, why) for name, m in self.measures.items()})
        along, across = np.array([lean_along((a, r), direction) for a, r in leans.tolist()]).T
        top = int(np.argmax(along))
        achieved = round(float(along[top]), 2)
        measures = {"excursion_deg": Measured(achieved, "deg", LEAN_ERROR_DEG)}
        measures |= _of_the_lean(motion.time_s, along, across, top)
        time_s = motion.time_s - motion.time_s[0]
        traces = (
            Trace("Lean along the direction", "deg", *thinned(time_s, along)),
            Trace("Lean across it", "deg", *thinned(time_s, across)),
        )
        return Result(achieved, measures, traces)


def _of_the_lean(time_s: Array, along: Array, across: Array, top: int) -> dict[str, Measured]:
    """Reaction, velocity, control and sway of one lean; None with the reason where there was none."""
    middle = int(np.searchsorted(time_s, time_s[0] + MIDDLE_S))
    rise = along[top] - along[min(middle, top)]
    if top <= middle or rise < 2 * ONSET_DEG:
        why = "no lean to speak of"
        units = {
            "reaction_s": "s",
            "lean_velocity_dps": "deg/s",
            "directional_control_percent": "%",
            "hold_sway_deg": "deg",
        }
        return {name: Measured(None, unit, None, why) for name, unit in units.items()}
    out, aside = along[middle : top + 1], across[middle : top + 1]
    onset = int(np.argmax(out > out[0] + ONSET_DEG))
    five, most = (int(np.argmax(out >= out[0] + share * rise)) for share in (0.05, 0.95))
    lasted_s = time_s[middle + most] - time_s[middle + five]
    on_axis, off_axis = (float(np.abs(np.diff(way)).sum()) for way in (out, aside))
    held = along[middle + most :][along[middle + most :] > out[0] + 0.8 * rise]
    return {
        "reaction_s": Measured(round(float(time_s[middle + onset] - time_s[middle]), 3), "s", 0.02),
        "lean_velocity_dps": Measured(round(float(0.9 * rise / lasted_s), 3) if lasted_s > 0 else None, "deg/s", None),
        "directional_control_percent": Measured(round(100 * (on_axis - off_axis) / on_axis, 1), "%", None),
        "hold_sway_deg": Measured(round(float(held.std()), 3), "deg", 0.05),
    }
