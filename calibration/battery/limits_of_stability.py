"""Limits of stability: lean fast and straight in eight directions, as far as is steady, and stay there for 8 s."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from calibration.leaning import MIDDLE_DEG, MIDDLE_S
from engine import moves
from engine.clinical import PRACTICE, RATE, SEEN, ClinicalTest, counted, mean_of
from engine.envelope import Envelope
from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.range_of_motion import lean_track_deg
from engine.metrics.stability import LEAST_LEAN_DEG, StabilityLimit, limits_of_stability, stability_area
from engine.motion import Motion
from engine.movements import LEANS, THEORETICAL_LEAN_DEG, along_ellipse
from engine.noted import Noted, timed
from engine.parameters import number
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Lean, Panel, Sound
from engine.task import REACHED, Finished, Measure, Move, Result, Trial, as_defined
from engine.trace import thinned

HOLD_S = 8.0
TOLERANCE_DEG = 0.5
COMES_BACK_S = 1.0
FURTHEST = "maximum_excursion_percent"
TEST = "test"
_AREA_ERROR = 0.15  # of the area: 0.7 degrees of each of eight leans


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    practice: int = number(1, 0, 3, "", "rounds of leans before it, not counted: people learn for three")
    most_s: float = number(10.0, 4.0, 20.0, "s", "the longest time to come back to the middle")


class Test(ClinicalTest):
    """One lean in each of eight directions towards the theoretical limit: 8° forward and sideways, 4.5° back."""

    title = "Limits of stability"
    trains = ("limits of stability",)
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("lean", "stand")
    postures = ("standing",)
    version = 1
    place = "harbour"
    Parameters = Parameters
    equipment = ("Something firm within reach, and somebody close behind who could catch.",)
    protocol = (
        "Feet where they were when standing was measured, arms hanging; they stay where they are until the end.",
        "Say: when the line appears, lean towards its end as fast and as straight as you safely can, body straight, "
        "and stay as far out as you can, until it goes.",
        "Eight directions clockwise from ahead, 8 s each; back to the middle between.",
        "Hips that bend look the same as a lean from the ankles: watch for it, and write it down.",
    )
    practice = "one round; older adults learn for three (Jbabdi 2008, BMC Geriatrics 8:8), so compare like with like"
    validity = (
        "A direction that a precaution or ceiling leaves less than 1° of is not asked for: no result.",
        "A target that a precaution or ceiling puts nearer says so; results are of the theoretical limit still.",
        SEEN,
        RATE,
    )
    measures: ClassVar[Mapping[str, Measure]] = as_defined(
        StabilityLimit,
        "reaction_s",
        "movement_velocity_dps",
        "endpoint_excursion_percent",
        "maximum_excursion_percent",
        "directional_control_percent",
    )
    results: ClassVar[Mapping[str, Measure]] = {
        **{
            f"stability_{name}": Measure(measure.title, measure.unit, "Mean of eight directions.", measure.source)
            for name, measure in measures.items()
        },
        "stability_area_deg2": Measure("Area of stability", "deg²", "Of the polygon through the furthest leans."),
    }
    better: ClassVar[Mapping[str, int]] = {
        f"stability_{FURTHEST}": 1,
        "stability_area_deg2": 1,
        "stability_directional_control_percent": 1,
    }
    not_compared = "Norms are of the centre of pressure on a force plate; this is the lean of the head."

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Rounds for practice, then the one that counts."""
        rounds = [PRACTICE] * self.p.practice + [TEST]
        for turn, kind in enumerate(rounds):
            for movement, direction_deg in LEANS.items():
                theoretical_deg = along_ellipse(direction_deg, THEORETICAL_LEAN_DEG)
                stop_deg = envelope.stop_line(movement, theoretical_deg)
                if stop_deg < LEAST_LEAN_DEG:
                    continue
                goal = Lean(f"{kind} {movement} {turn}", direction_deg, stop_deg, TOLERANCE_DEG, open_ended=True)
                yield Trial(
                    values={
                        "kind": kind,
                        "movement": movement,
                        "goal": goal,
                        "limit_deg": theoretical_deg,
                        "stance": envelope.stance,
                        "noted": Noted(),
                    }
                )

    def play(self, trial: Trial) -> Move:
        """Come to the middle, then lean out and stay for 8 s."""
        values, goal = trial.values, trial.values["goal"]
        back = Panel("lean", "limits_of_stability.title", ("lean.come_back",))
        middle = moves.within(self.p.most_s, moves.upright("middle", MIDDLE_DEG, MIDDLE_S))
        yield from timed(moves.alongside((back,), middle), values["noted"])
        values["noted"].call()
        practice = values["kind"] == PRACTICE
        words = (
            values["movement"].replace("lean_", "lean.text_"),
            "functional_reach.practice" if practice else "limits_of_stability.stay",
        )
        panel = Panel("lean", "limits_of_stability.title", words)
        return (yield from moves.alongside((panel, Sound(f"{goal.key} call", "call")), _lean_for(goal, HOLD_S)))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The way back to the middle, and the lean."""
        return COMES_BACK_S + HOLD_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The lean from its call on; raises NotMeasurable where nobody was called."""
        values, time_s = trial.values, motion.time_s - motion.time_s[0]
        goal, called_s = values["goal"], values["noted"].called_s
        if not called_s <= time_s[-1] - 1.0:
            raise NotMeasurable("ended before anybody could lean")
        leans = lean_track_deg(motion, values["stance"])
        found = measured(limits_of_stability(time_s, leans, goal.direction_deg, called_s, values["limit_deg"]))
        share = goal.angle_deg / values["limit_deg"]
        near = f"the target was at {100 * share:.0f} % of the limit, as precautions or ceilings have it"
        measures = {name: _kept(found[name], "" if share > 0.99 else near) for name in self.measures}
        furthest = measures[FURTHEST].value
        achieved = None if furthest is None else round(furthest / 100 * values["limit_deg"], 2)
        traces = (
            Trace("Lean forward", "deg", *thinned(time_s, leans[:, 0])),
            Trace("Lean to the right", "deg", *thinned(time_s, leans[:, 1])),
        )
        return Result(achieved, measures, traces)

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """Means of the eight directions, and the area within."""
        test = counted(finished, TEST)
        if len(test) < len(LEANS):
            return self.none(f"{len(test)} of {len(LEANS)} directions were leant in")
        means = {
            f"stability_{name}": mean_of(test, name, measure.unit, len(LEANS) if name == FURTHEST else 1)
            for name, measure in self.measures.items()
        }
        reached = [one.record.achieved for one in test]
        if means[f"stability_{FURTHEST}"].value is None or None in reached:
            return {**means, "stability_area_deg2": Measured(None, "deg²", None, means[f"stability_{FURTHEST}"].note)}
        directions = [one.trial.values["goal"].direction_deg for one in test]
        area = stability_area(directions, [max(0.0, deg or 0.0) for deg in reached]).area_deg2
        return {**means, "stability_area_deg2": Measured(round(area, 1), "deg²", round(_AREA_ERROR * area, 1))}


def _lean_for(goal: Lean, seconds: float) -> Move:
    """Follow a lean for a time, however far it goes."""
    gone_s, now_deg = 0.0, (0.0, 0.0)
    while gone_s < seconds:
        body = yield (goal._replace(now_deg=now_deg),)
        gone_s += body.dt_s
        now_deg = body.lean_deg
    return REACHED


def _kept(found: Measured, note: str) -> Measured:
    value, error = found.value, found.error
    notes = "; ".join(filter(None, (found.note, note)))
    return Measured(None if value is None else round(value, 3), found.unit, error and round(error, 3), notes)
