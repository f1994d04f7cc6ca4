"""Timed up and go: stand up, walk 3 m, turn, come back and sit down, headset off and a controller at the belt."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import choosing, moves
from engine.clinical import PRACTICE, Band, ClinicalTest, Norm, counted, mean_of
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.going import WAY_M, comes_back, sits_still
from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.walking import UpAndGo, up_and_go
from engine.motion import Motion
from engine.noted import Noted, since_call_s, timed
from engine.parameters import choice, number
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Panel, Sound, Walk
from engine.task import NOT_YET, Finished, Measure, Move, Result, Trial, as_defined, none_of
from engine.trace import thinned

TEST = "test"
COUNTDOWN, THANKS_S = 3, 3.0
SETTLES_S, GOES_S = 4.5, 11.0  # of simulated people
LEAST_WAY_M, MOST_WAY_M = WAY_M - 0.5, WAY_M + 0.7
LEAST_SEEN_PERCENT = 95.0
LEAST_FRAMES, BY_HAND_ERROR_S = 25, 0.3  # a hand reacts to a sound and to a sight alike
BY_HAND = "stopped by hand"


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    side: str = choice("right", SIDES, "which controller is at the belt")
    repetitions: int = number(1, 1, 3, "", "times that count; the result is their mean")
    practice: int = number(1, 0, 2, "", "times before them, not counted")
    ready_s: float = number(60.0, 10.0, 180.0, "s", "how long to wait for a quiet belt on the chair")
    most_s: float = number(60.0, 20.0, 180.0, "s", "the longest time to come back")


class Test(ClinicalTest):
    """Nobody walks with a headset on here: it lies on a table, says when to go, and follows the belt."""

    title = "Timed up and go"
    trains = ("getting up", "walking", "turning")
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("rise", "walk")
    postures = ("standing",)
    worn = False
    not_at_desk = "it follows a controller at the belt of somebody who walks"
    version = 1
    place = "lobby"
    Parameters = Parameters
    equipment = (
        "A firm chair with arms, seat 46 cm high, and a line on the floor 3 m ahead of it; shoes and aid as usual.",
        "A controller in a pouch at the front of the belt, tracked 4 m away: by base stations, or by itself. "
        "A headset that follows it with its cameras loses it behind a body: then stop the clock by hand.",
        "A table for the headset, so that it looks along the way; its sleep when it is taken off is switched off.",
    )
    protocol = (
        "With the headset on, the person reads what comes and presses the trigger; then they take it off, and it goes "
        "onto the table.",
        "They sit down, back against the chair, the controller at the belt. When it was quiet for two seconds, three "
        "sounds count down and a fourth calls.",
        "Say before: when it calls, stand up, walk to the line at your usual pace, turn, come back and sit down.",
        "Walk beside who needs it. The clock runs from the call until they are seated again.",
        "Where the controller is lost: keep the trigger of the other one pressed for two seconds to begin, and press "
        "it again when they are seated. It is a stopwatch then.",
    )
    practice = "once"
    validity = (
        f"A way of less than {LEAST_WAY_M:g} m or more than {MOST_WAY_M:g} m from the chair: no result.",
        "More than 5 % of the frames without the controller: no result, unless a hand stopped the clock.",
        "Nobody back on the chair in time: no result.",
    )
    measures: ClassVar[Mapping[str, Measure]] = as_defined(
        UpAndGo, "total_s", "rise_s", "out_s", "turn_s", "back_s", "sit_s", "furthest_m"
    )
    results: ClassVar[Mapping[str, Measure]] = {
        "up_and_go_s": Measure(
            "Timed up and go", "s", "Mean of the times that count.", "Podsiadlo 1991, J Am Geriatr Soc 39:142"
        ),
        "up_and_go_turn_s": Measure("Timed up and go: turning", "s", "Mean of the turns at the far end."),
    }
    better: ClassVar[Mapping[str, int]] = {"up_and_go_s": -1, "up_and_go_turn_s": -1}
    norms = (
        Norm(
            "up_and_go_s",
            "mean of healthy people",
            (Band(60, 69, 8.1), Band(70, 79, 9.2), Band(80, 99, 11.3)),
            "Bohannon 2006, J Geriatr Phys Ther 29:64 (meta-analysis of 21 studies)",
            "Slower than 9.0, 10.2 and 12.7 s is slower than average there. "
            "Children of 5 to 13 years at their own pace: means from 6.20 to 7.12 s (Itzkowitz 2016, Pediatr Phys Ther "
            "28:239). The way it is run changes the time.",
        ),
    )

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """For practice, then what counts."""
        kinds = [PRACTICE] * self.p.practice + [TEST] * self.p.repetitions
        for number_, kind in enumerate(kinds):
            yield Trial(values={"kind": kind, "first": number_ == 0, "noted": Noted(), "number": number_})

    def play(self, trial: Trial) -> Move:
        """Read, take the headset off, sit, hear the call, and come back."""
        values, noted, title = trial.values, trial.values["noted"], "timed_up_and_go.title"
        wait = Walk(f"{values['kind']} {values['number']} sit", self.p.side, WAY_M, "sit")
        if values["first"]:
            text = ("timed_up_and_go.way", "timed_up_and_go.take_off", "session.confirm")
            panel = Panel("up and go", title, text, confirm=True)
            yield from timed(choosing.confirm((panel,), self.p.ready_s), noted)
        practice = ("functional_reach.practice",) if values["kind"] == PRACTICE else ()
        panel = Panel("up and go", title, ("timed_up_and_go.take_off", "timed_up_and_go.sit", *practice))
        if (yield from timed(sits_still(wait, (panel,), self.p.ready_s), noted)) == NOT_YET:
            return NOT_YET
        for left in range(COUNTDOWN, 0, -1):
            sound = Sound(f"{wait.key} in {left}", "appear")
            yield from timed(moves.show((panel, wait, sound), 1.0), noted)
        noted.call()
        go = wait._replace(key=f"{values['kind']} {values['number']} go", state="go")
        shown = (Panel("up and go", title, ("timed_up_and_go.go",)), Sound(f"{go.key} call", "call"))
        outcome = yield from timed(comes_back(go, shown, self.p.most_s, noted), noted)
        done = wait._replace(key=f"{go.key} done")
        last = (Panel("up and go", title, ("timed_up_and_go.done",)), done, Sound(f"{go.key} done", "finish"))
        yield from moves.show(last, THANKS_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """Sitting down, the countdown, the way and a word after it."""
        return SETTLES_S + COUNTDOWN + GOES_S + THANKS_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """The phases after the call; raises NotMeasurable where neither the belt nor a hand says how long it took."""
        noted, since_s = trial.values["noted"], since_call_s(motion, trial.values["noted"])
        called = since_s >= 0
        belt_m, time_s = motion.hand_m(self.p.side)[called], since_s[called]
        seen = np.isfinite(belt_m[:, 0])
        if len(time_s) < LEAST_FRAMES:
            raise NotMeasurable("ended before anybody could go")
        by_hand_s = noted.stopped_s - noted.called_s
        if 100 * float(seen.mean()) >= LEAST_SEEN_PERCENT:
            found = measured(up_and_go(time_s[seen], belt_m[seen]))
            way_m = found["furthest_m"].value or 0.0
            if not LEAST_WAY_M <= way_m <= MOST_WAY_M:
                raise NotMeasurable(f"walked {way_m:.1f} m from the chair, and not {WAY_M:g} m")
            height = Trace("Height of the belt", "m", *thinned(time_s, belt_m[:, 1]))
            return Result(None, {name: _rounded(one) for name, one in found.items()}, (height,))
        if math.isnan(by_hand_s):
            raise NotMeasurable(f"the controller was seen in {100 * float(seen.mean()):.0f} % of frames")
        none = none_of(self.measures, "the controller was lost")
        return Result(None, {**none, "total_s": Measured(round(by_hand_s, 2), "s", BY_HAND_ERROR_S, BY_HAND)})

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The mean of the times that count."""
        test = counted(finished, TEST)
        return {
            "up_and_go_s": mean_of(test, "total_s", "s", self.p.repetitions),
            "up_and_go_turn_s": mean_of(test, "turn_s", "s", self.p.repetitions),
        }


def _rounded(found: Measured) -> Measured:
    return Measured(found.value and round(found.value, 2), found.unit, found.error, found.note)
