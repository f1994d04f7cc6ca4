"""Chair Rocket: each clean stand from a chair fuels a rocket; who does not stand leans over the toes and sits tall."""

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from engine import feedback, moves, pace, rounds, sitting, so_far
from engine.body import Body
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.metrics.definition import known
from engine.metrics.one_rise import FRAME_S, HEIGHT_ERROR_M, SEATED_NOTE, one_rise
from engine.metrics.standing import SitToStand
from engine.motion import Motion
from engine.parameters import choice, number
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Item, Panel, Rise, Sound
from engine.task import NOT_YET, REACHED, Measure, Move, Result, Task, Trial, as_defined
from engine.trace import thinned

SIT_LIMIT_S = 15.0  # to find the chair; coming down from a stand takes no longer
FLOURISH_S, LAUNCH_S = 0.7, 3.0
WIDER, MOST_LIMIT_S = 1.5, 30.0
LESS = 0.9  # of the lean, each time that the person says that it hurts, or that they are dizzy or tired
HASTY_MPS = 1.0  # between sitting down in a second, 0.7 m/s, and what engine.guard takes for a fall, 1.3 m/s
FIVE = 5
RISE_MPS, LEAN_DPS = 0.7, 24.0  # as a simulated patient moves who is not said to move otherwise
ARRIVES = 0.75  # of the time of a minimum jerk movement: then 92 % of the way is made


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(8, 1, 30, "", "stands in a round")
    hold_s: float = number(0.5, 0.0, 5.0, "s", "time to stay up")
    limit_s: float = number(4.0, 1.2, 30.0, "s", "time to come all the way up", "time", -0.5)
    pause_s: float = number(1.5, 0.0, 30.0, "s", "time to sit between stands")
    arms: str = choice("crossed", ("crossed", "push"), "whether the arms are crossed or may push off")
    lean_deg: float = number(15.0, 4.0, 20.0, "deg", "how far to lean over the toes, of who plays seated")


class Game(Task):
    """Stands from a chair, one after the other; seated it is the first part of a stand, the lean over the toes."""

    title = "Chair Rocket"
    trains = ("sit to stand", "leg strength", "control of sitting down")
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("rise",)
    version = 1
    place = "launch"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        **as_defined(SitToStand, "rise_s", "descent_s"),
        "stand_s": Measure("Time to stand up", "s", "From the call until 92 % of the way is made, up or forward."),
        "peak_rise_mps": Measure(
            "Fastest on the way up", "m/s", "Peak upward speed of the head, which goes with strength of the legs."
        ),
        "peak_descent_mps": Measure(
            "Fastest on the way down", "m/s", "Peak downward speed of the head; fast is letting oneself drop."
        ),
        "risen_percent": Measure(
            "Came up to", "%", "Highest head, of the way from sitting to standing; seated, furthest lean of that asked."
        ),
        "lean_side_deg": Measure(
            "Leant to the right while rising",
            "deg",
            "Mean lean of the head from where it was seated, negative to the left: who spares a leg leans off it.",
            "ours; a proxy: no headset measures weight",
        ),
        "lean_forward_deg": Measure(
            "Trunk forward before rising",
            "deg",
            "Furthest forward of the head over the hips, while still on the seat; a bent neck looks the same.",
            "ours, with sitting height by body proportions",
        ),
        "pause_s": Measure("Sat before it", "s", "From the start of the trial, settling included, until the call."),
        "seat_m": Measure("Head height seated", "m", "Median of a quiet second on the chair."),
        "allowed_s": Measure("Time allowed", "s", "To come up; the game widens it after two misses in a row."),
        "five_stands_s": Measure(
            "Five stands",
            "s",
            "From the first call until up for the fifth time, of five clean stands without a rest. Like the five times "
            "sit to stand test, and not that test: nobody checked the chair, the arms or the pace.",
            "after Guralnik 1994, J Gerontol 49:M85",
        ),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One stand after another; who missed two in a row has more time from then on."""
        for number_ in range(self.p.targets):
            stands = envelope.posture != "seated"
            lean_deg = self.p.lean_deg * LESS**envelope.easings
            rise = sitting.stand_up(envelope) if stands else sitting.lean_over_toes(envelope, lean_deg)
            yield Trial("", None, {
                "rise": rise,
                "stands": stands,
                "seat_m": so_far.last(done, "seat_m") if stands else rise.low_m,
                "number": number_,
                "fuelled": sum(record.outcome == REACHED for record in done),
                "limit_s": min(MOST_LIMIT_S, self.p.limit_s * WIDER ** (so_far.twice_missed(done) + envelope.easings)),
                "hasty": (so_far.last(done[-1:], "peak_descent_mps") or 0.0) > HASTY_MPS,
                "push": self.p.arms == "push" and all(envelope.may_use(side) for side in SIDES),
                "before_fifth_s": _before_fifth_s(done),
                "stance": envelope.stance,
                "stature_m": envelope.calibration.stature_m.value,
            })  # fmt: skip

    def play(self, trial: Trial) -> Move:
        """Sit, come up, stay, and come down again; the last one sends the rocket off."""
        rise, outcome = trial.values["rise"], NOT_YET
        seat_m = yield from self._sit(trial)
        if not math.isnan(seat_m):
            rise = rise._replace(low_m=seat_m)
            outcome = yield from self._rise(trial, rise)
        if trial.values["number"] == self.p.targets - 1:
            panel = Panel("chair_rocket", "chair_rocket.launch_title", ("chair_rocket.launch",))
            seated = rise._replace(key="seated", goal="down")
            fire = (Sound("launch", "launch"), feedback.arrival("launch"), *rounds.around(1.0, "cheers"))
            yield from moves.show((panel, seated, *fire), LAUNCH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds, settling at its beginning and lift-off included."""
        p: Parameters = self.p
        rise: Rise = trial.values["rise"]
        values = trial.values
        height_m = rise.high_m - rise.low_m
        way_s = pace.way_s(height_m, RISE_MPS) if values["stands"] else pace.way_s(rise.lean_deg, LEAN_DPS)
        way_s = pace.REACTION_S + ARRIVES * way_s
        sit_s = p.pause_s if values["seat_m"] else way_s + sitting.QUIET_S
        up_s = (way_s if reached else float(values["limit_s"])) + p.hold_s
        down_s = way_s if reached else way_s + FLOURISH_S
        launch_s = LAUNCH_S if values["number"] == p.targets - 1 else 0.0
        return sit_s + up_s + down_s + launch_s

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the stand from its call on."""
        values = trial.values
        rise = one_rise(motion, values["stance"], values["rise"], values["seat_m"], self.p.pause_s)
        measures = {
            **rise.far(),
            **rise.fast(),
            **rise.straight(values["stature_m"]),
            "five_stands_s": _five_stands(trial, rise.up_s),
            "pause_s": Measured(round(rise.called_s, 3), "s", FRAME_S),
            "seat_m": Measured(round(rise.rise.low_m, 3), "m", HEIGHT_ERROR_M),
            "allowed_s": Measured(round(values["limit_s"], 3), "s"),
        }
        trace = Trace("Height of the head", "m", *thinned(rise.time_s, rise.height_m))
        return Result(None, measures, (trace,))

    def _sit(self, trial: Trial) -> Generator[tuple[Item, ...], Body, float]:
        """Wait until somebody sits: the height of their head, nan when nobody does in time."""
        values, title = trial.values, "chair_rocket.ready"
        sit = values["rise"]._replace(key=f"sit {values['number']}", goal="down")
        arms = ("chair_rocket.hands" if values["push"] else "chair_rocket.arms") if values["stands"] else ""
        text: tuple[str, ...] = ("chair_rocket.sit_gently" if values["hasty"] else "chair_rocket.next",)
        if values["number"] == 0 or not values["seat_m"]:
            title = "chair_rocket.sit_down" if values["stands"] else "chair_rocket.sit_up"
            text = ("chair_rocket.sit", arms) if arms else ("chair_rocket.sit",)
        shown = _with_fuel(self._panel(trial, title, text))
        if not values["seat_m"]:
            return (yield from sitting.settle(sit._replace(share=1.0), shown, SIT_LIMIT_S))
        sit = sit._replace(low_m=values["seat_m"])
        seated = moves.within(SIT_LIMIT_S, moves.rise(sit, self.p.pause_s))
        outcome = yield from moves.alongside(shown, seated)
        return sit.low_m if outcome == REACHED else math.nan

    def _rise(self, trial: Trial, rise: Rise) -> Move:
        """Come up and stay, then down again whatever came of it."""
        values, number_, stands = trial.values, trial.values["number"], trial.values["stands"]
        up = rise._replace(key=f"stand {number_}", goal="up")
        title, text = ("stand_up", ("stand_tall", "hold")) if stands else ("lean_forward", ("lean_forward_hold",))
        panel = self._panel(trial, f"chair_rocket.{title}", tuple(f"chair_rocket.{line}" for line in text))
        move = moves.within(values["limit_s"] + self.p.hold_s, feedback.felt(moves.rise(up, self.p.hold_s)))
        shown = (*_with_fuel(panel), Sound(f"{up.key} call", "appear"))
        heard = feedback.followed(move, lambda body: moves.risen(up, body))
        reached = (yield from moves.alongside(shown, heard)) == REACHED
        down = rise._replace(key=f"down {number_}", goal="down", share=1.0)
        back = moves.within(SIT_LIMIT_S, moves.rise(down, 0.0 if reached else FLOURISH_S))
        sat = yield from moves.alongside(self._after(trial, up.key, reached), back)
        return REACHED if reached and sat == REACHED else NOT_YET

    def _after(self, trial: Trial, key: str, reached: bool) -> tuple[Item, ...]:
        """What is shown and heard while somebody comes down again."""
        panel = self._panel(trial, "chair_rocket.not_yet", ())
        if not reached:
            return (*_with_fuel(panel), Sound(f"{key} not yet", "not_yet"))
        title = "chair_rocket.sit_down" if trial.values["stands"] else "chair_rocket.sit_up"
        text = ("chair_rocket.reached", "chair_rocket.sit_gently")
        cheered = _with_fuel(panel._replace(title=title, text=text, done=panel.done + 1), "cheers")
        return (*cheered, Sound(f"{key} reached", "reached"), feedback.arrival(key))

    def _panel(self, trial: Trial, title: str, text: tuple[str, ...]) -> Panel:
        return Panel("chair_rocket", title, text, trial.values["fuelled"], self.p.targets)


def _with_fuel(panel: Panel, mood: str = "calm") -> tuple[Item, ...]:
    """A panel, and a rocket that is as full as it says."""
    return (panel, *rounds.around(panel.done / panel.total, mood))


def _before_fifth_s(done: Sequence[TrialRecord]) -> float | None:
    """From the first call to the end of the fourth stand; None where these were not clean, or somebody rested."""
    waited_s, seconds = so_far.last(done[:1], "pause_s"), so_far.unbroken_s(done, sitting.QUIET_S)
    return None if len(done) != FIVE - 1 or waited_s is None or seconds is None else seconds - waited_s


def _five_stands(trial: Trial, up_s: float | None) -> Measured:
    """The time of five stands, at the fifth of them, of which this one was up at a time in its trial."""
    if not trial.values["stands"]:
        return Measured(None, "s", None, SEATED_NOTE)
    before_s, fifth = trial.values["before_fifth_s"], trial.values["number"] == FIVE - 1
    why = "not five clean stands without a rest" if fifth else f"told of stand number {FIVE}"
    seconds = None if up_s is None or before_s is None else before_s + up_s
    return known(seconds, "s", 2, why, FIVE * FRAME_S, "like 5xSTS: chair, arms and pace unchecked")
