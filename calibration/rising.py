"""What tests of standing up from a chair share: sitting down, a countdown, stands, and when each was up and down."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar, NamedTuple

import numpy as np

from engine import feedback, moves, sitting
from engine.clinical import PRACTICE, ClinicalTest
from engine.envelope import Envelope
from engine.metrics.definition import NotMeasurable
from engine.metrics.standing import rises_and_descents
from engine.motion import Array, Motion
from engine.noted import Noted, since_call_s, timed
from engine.parameters import number
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Friend, Item, Panel, Progress, Sound
from engine.sitting import COUNTS, SITS
from engine.task import NOT_YET, Finished, Measure, Move, Result, Trial
from engine.trace import thinned

TEST = "test"
SIT_S, THANKS_S = 30.0, 2.0
COUNTDOWN = 3  # seconds, each with a sound
SETTLES_S, STAND_S = 2.2, 2.05  # to sit down, and up and down again, of simulated people
LEAST_FRAMES = 50
STANDS_TO_THE_STARS = 20  # as many as lift the world all the way up where nobody says how many there will be
HEIGHT_ERROR_M = 0.01
NOBODY_SAT = "nobody sat still on a chair"
VALIDITY = ("Nobody sits still on a chair within 30 s, with the head 15 cm or more below standing: no result.",)
MEASURES: Mapping[str, Measure] = {
    "stands": Measure(
        "Stands", "", "How often the head came from the chair to 70 % of the way up, and down to 20 % between."
    ),
    "lowest_stand_percent": Measure(
        "Least straight stand", "%", "How far up the lowest of these stands came, of the way from sitting to standing."
    ),
    "seat_m": Measure("Head height seated", "m", "Median of a quiet second on the chair."),
}


class Stands(NamedTuple):
    """The stands of a trial, in seconds from the call: when each was up, when each was over, and the shares between."""

    up_s: Array
    seated_s: Array
    time_s: Array
    share: Array


@dataclass(frozen=True)
class Practised:
    """What a therapist may tune of each of them."""

    practice: int = number(1, 0, 2, "", "stands before it, not counted")


class ChairStands(ClinicalTest):
    """Stands to try, and the trial that counts: `says` are its title and what to do, `most` how many stands it has."""

    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("rise",)
    postures = ("standing",)
    place = "launch"
    equipment = ("A firm chair without arms, seat 43 cm high, its back against a wall.", "Somebody who stands by.")
    practice = "one stand"
    measures = MEASURES
    says: ClassVar[tuple[str, str]]
    most: ClassVar[float]

    @property
    def most_s(self) -> float:
        """The longest that a trial may take."""
        raise NotImplementedError

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """To sit down and try it, then what counts."""
        stands = {PRACTICE: self.p.practice, TEST: self.most}
        for kind in (PRACTICE, TEST) if self.p.practice else (TEST,):
            rise = sitting.stand_up(envelope)._replace(key=kind)
            yield Trial(values={"kind": kind, "rise": rise, "most": stands[kind], "noted": Noted()})

    def play(self, trial: Trial) -> Move:
        """Sit down, hear the countdown, stand up and sit down again; it is said while there is time to read it."""
        values, noted, (title, text) = trial.values, trial.values["noted"], self.says
        text = "rising.try_it" if values["kind"] == PRACTICE else text
        panel = Panel("rising", title, (text, "rising.arms", "rising.sit"))
        sit = values["rise"]._replace(key=f"{values['kind']} sit", goal="down")
        noted.seat_m = yield from timed(sitting.settle(sit, (panel,), SIT_S), noted)
        if math.isnan(noted.seat_m):
            return NOT_YET
        rise = values["rise"]._replace(low_m=noted.seat_m)
        ready = rise._replace(key=f"{values['kind']} ready", goal="down")
        for left in range(COUNTDOWN, 0, -1):
            count = Panel("rising", title, (text, "rising.ready"))
            sound = Sound(f"{rise.key} in {left}", "appear")
            yield from timed(moves.show((count, ready, sound), 1.0), noted)
        noted.call()
        outcome = yield from sitting.stands(rise, values["most"], self.most_s, _around(trial, title))
        thanks = Panel("rising", title, ("rising.done",))
        yield from moves.show((thanks, rise._replace(key=f"{rise.key} seated", goal="down")), THANKS_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """Sitting down, the countdown, the stands and a word after them."""
        stands_s: float = min(self.most_s, trial.values["most"] * STAND_S)
        return SETTLES_S + COUNTDOWN + stands_s + THANKS_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """How often somebody stood, how straight, and from where; raises NotMeasurable where nobody could."""
        found = stands_of(trial, motion)
        ends_s = [*found.up_s[1:], math.inf]
        tops = [
            float(found.share[(found.time_s >= begin_s) & (found.time_s < end_s)].max())
            for begin_s, end_s in zip(found.up_s, ends_s, strict=False)
        ]
        seat_m = trial.values["noted"].seat_m
        way_m = trial.values["rise"].high_m - seat_m
        straight = Measured(None, "%", None, "nobody stood up")
        if tops:
            straight = Measured(round(100 * min(tops), 1), "%", round(100 * HEIGHT_ERROR_M / way_m, 1))
        measures = {
            "stands": Measured(float(len(found.up_s)), ""),
            "lowest_stand_percent": straight,
            "seat_m": Measured(round(seat_m, 3), "m", HEIGHT_ERROR_M),
        }
        time_s = motion.time_s - motion.time_s[0]
        return Result(None, measures, (Trace("Height of the head", "m", *thinned(time_s, motion.head_m[:, 1])),))


def stands_of(trial: Trial, motion: Motion) -> Stands:
    """The stands after the call; raises NotMeasurable where nobody was called, or nothing was recorded after it."""
    noted, rise = trial.values["noted"], trial.values["rise"]
    if math.isnan(noted.called_s):
        raise NotMeasurable(NOBODY_SAT)
    since_s = since_call_s(motion, noted)
    after = since_s >= 0
    if np.count_nonzero(after) < LEAST_FRAMES:
        raise NotMeasurable("ended before anybody could rise")
    time_s, height_m = since_s[after], motion.head_m[after, 1]
    rises, descents = rises_and_descents(time_s, height_m, noted.seat_m, rise.high_m, COUNTS, SITS)
    share = (height_m - noted.seat_m) / (rise.high_m - noted.seat_m)
    return Stands(rises[:, 1], descents[:, 1], time_s, share)


def straight_s(found: Stands, number: int) -> float:
    """When the stand of a number (from 0) was straight, or as straight as it came to be, in seconds from the call."""
    after = found.seated_s[found.seated_s > found.up_s[number]]
    during = (found.time_s >= found.up_s[number]) & (found.time_s <= (after[0] if len(after) else math.inf))
    time_s, share = found.time_s[during], found.share[during]
    straight = np.flatnonzero(share > moves.UP)
    return float(time_s[straight[0] if len(straight) else np.argmax(share)])


def stands_in(finished: Sequence[Finished]) -> tuple[Stands | None, str]:
    """The stands of the last of some trials, or why there are none."""
    if not finished:
        return None, "the test was not finished"
    last = finished[-1]
    refused = last.record.measures["stands"]
    if refused.value is None:
        return None, refused.note
    return stands_of(last.trial, last.motion), ""


def _around(trial: Trial, title: str) -> Callable[[int], tuple[Item, ...]]:
    """What is seen and heard beside the person after so many stands: the call, the count, the world that goes along."""
    most, kind = trial.values["most"], trial.values["kind"]
    total = 0 if math.isinf(most) else int(most)

    def after(done: int) -> tuple[Item, ...]:
        text = "rising.now" if total else "rising.now_on"
        panel = Panel("rising", title, (text,), done if total else 0, total)
        heard = (Sound(f"{kind} {done}", "reached"), feedback.arrival(f"{kind} {done}")) if done else ()
        share = done / (total or STANDS_TO_THE_STARS)
        return (panel, Sound(f"{kind} go", "call"), *heard, Progress("progress", min(1.0, share)), Friend("friend"))

    return after
