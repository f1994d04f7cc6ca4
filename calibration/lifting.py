"""Open lifts: lift one leg after the other, seated, as far as is comfortable, and let it down again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import msgspec
import numpy as np

from calibration.checks import in_doubt, poor_quality, taken_in
from calibration.limits import LIFT_SD_DEG, effort_note, ended_by_line, from_efforts
from engine import leg, moves
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.motion import Motion
from engine.movements import ANYBODYS_LIFT_DEG, ON_SIDES
from engine.parameters import choice, number, switch
from engine.precautions import LEAST_LIFT_DEG
from engine.records import Calibration, Limit, Measured, TrialRecord
from engine.scene import Lift, Panel
from engine.task import NOT_YET, REACHED, STOPPED, Assessment, Finished, Measure, Move, NotMeasured, Result, Trial

STRAP_S, STRAP_LIMIT_S, REST_S = 3.0, 60.0, 1.0
LIFT_S = 4.0
METHOD = "open lifts of a leg, seated"


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    exercise: str = choice("kick", tuple(leg.LIFTED), "what is lifted: the shank, the front of the foot, or the thigh")
    sides: str = choice("both", ON_SIDES, "which leg is lifted")
    strapped: str = choice(leg.EACH, leg.STRAPPED, "which controller is strapped on; none with trackers on the feet")
    repetitions: int = number(2, 1, 5, "", "lifts of each leg")
    practice: int = number(0, 0, 2, "", "lifts of each leg before them, not counted")
    more: int = number(0, 0, 3, "", "further lifts of a leg whose lifts would leave its limit in doubt")
    most_s: float = number(8.0, 4.0, 20.0, "s", "the longest time for one lift")
    check: bool = switch(False, "whether this checks what is known of a leg, rather than measure it anew")


class OpenLift(Assessment):
    """Lift a leg as far as is comfortable, actively and without a hold, to a stop line at the end of usual range.

    What is measured is the inclination of the part that is lifted since it rested: a knee that did not rest at a right
    angle is straight before the inclination is 90 degrees.
    """

    title = "Open lift"
    trains = ("range of motion of knee, ankle and hip",)
    moves_parts = ("left leg", "right leg")
    asks = ("lift",)
    on_chair = True
    version = 1
    place = "hill"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "lifted_deg": Measure(
            "Leg lifted to", "deg", "Furthest inclination of what was lifted, from how it rested.", "rotation vector"
        ),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One leg after the other, so that a controller is strapped on once; none that may hardly be lifted.

        Each has practice, then what counts, then more where it is in doubt.
        """
        asked: list[Trial] = []
        for movement in self._movements():
            worn = leg.worn(movement.rpartition("_")[2], self.p.strapped, self.p.exercise)
            stop_deg = envelope.stop_line(movement, ANYBODYS_LIFT_DEG[leg.LIFTED[self.p.exercise]])
            if stop_deg < LEAST_LIFT_DEG:
                continue
            for turn in range(self.p.practice + self.p.repetitions + self.p.more):
                played = list(zip(asked, done, strict=False))
                counted = turn - self.p.practice
                if counted >= self.p.repetitions and not in_doubt(
                    envelope.calibration, {movement: _limit(played, movement)}, self.p.check
                ):
                    break
                goal = Lift(f"{movement} {turn}", movement, stop_deg, worn.device, open_ended=True)
                values = {"goal": goal, "worn": worn, "noted": leg.Noted(), "stance": envelope.stance}
                trial = Trial("", values={**values, "counts": counted >= 0, "first": turn == 0})
                yield trial
                if len(done) > len(asked):  # else it was given up for a new stance
                    asked.append(trial)

    def play(self, trial: Trial) -> Move:
        """Let the leg rest, then lift it out and let it down."""
        goal, worn, first = trial.values["goal"], trial.values["worn"], trial.values["first"]
        strap = (leg.words_of_strap(self.p.exercise, worn.side, self.p.strapped),) if first else ()
        rest = Panel("leg", "leg.rest", (*strap, "leg.still"))
        for_s, most_s = (STRAP_S, STRAP_LIMIT_S) if first else (REST_S, self.p.most_s)
        resting = moves.within(most_s, leg.rest(goal, worn, trial.values["noted"], for_s))
        if (yield from moves.alongside((rest,), resting)) != REACHED:
            return NOT_YET
        comfortable = "leg.comfortable" if trial.values["counts"] else "neck.practice"
        panel = Panel("leg", "leg.title", (leg.words(self.p.exercise, worn.side), comfortable))
        return (yield from moves.alongside((panel,), leg.lift_out(goal, worn, self.p.most_s)))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """A lift with the rest before it, as simulated people need who lift a shank by 70 degrees."""
        return LIFT_S + (STRAP_S - REST_S if trial.values["first"] else 0.0)

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The furthest lift since the leg was called."""
        lifted = leg.lifted_track_deg(motion, trial.values["worn"], trial.values["stance"])
        since = motion.time_s >= motion.time_s[0] + trial.values["noted"].called_s
        furthest = max(0.0, round(float(np.nanmax(lifted[since], initial=0.0)), 2))
        ended = effort_note(ended_by_line(furthest, trial.values["goal"].angle_deg), trial.values["counts"])
        note = "; ".join(filter(None, (leg.UNPROVEN, ended)))
        return Result(furthest, {"lifted_deg": Measured(furthest, "deg", None, note)})

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """The limit of each leg that was asked for."""
        if calibration is None:
            raise NotMeasured("open lifts need a stance: put Standing before them")
        played = [(f.trial, f.record) for f in finished]
        taken = {movement: _limit(played, movement) for movement in self._movements()}
        fresh = {movement: limit for movement, limit in taken.items() if limit is not None}
        poor = {
            movement: poor_quality([f.motion.quality for f in finished if _asks(f.trial, movement)])
            for movement in fresh
        }
        return msgspec.structs.replace(calibration, limits=taken_in(calibration, fresh, self.p.check, poor))

    def _movements(self) -> tuple[str, ...]:
        stem = leg.LIFTED[self.p.exercise]
        return tuple(f"{stem}_{side}" for side in SIDES if self.p.sides in ("both", side))


def _asks(trial: Trial, movement: str) -> bool:
    return bool(trial.values["goal"].movement == movement and trial.values["counts"])


def _limit(played: Sequence[tuple[Trial, TrialRecord]], movement: str) -> Limit | None:
    """The limit that the lifts of a leg show; None where there was none."""
    whole = [(trial, record) for trial, record in played if record.outcome != STOPPED]
    mine = [(trial.values["goal"].angle_deg, record.achieved) for trial, record in whole if _asks(trial, movement)]
    known = [(achieved, stop_deg) for stop_deg, achieved in mine if achieved is not None and achieved > 0]
    efforts = [ended_by_line(deg, stop_deg) for deg, stop_deg in known]
    return from_efforts(efforts, METHOD, LIFT_SD_DEG[movement.rpartition("_")[0]]) if efforts else None
