"""Chair Rocket: each clean stand from a chair fuels a rocket; who does not stand leans over the toes and sits tall."""

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median
from typing import ClassVar

import numpy as np

from engine import feedback, moves, sitting
from engine.body import SEATED_EYES_OF_STATURE, Body
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.limits import OutsideEnvelope
from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ
from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.range_of_motion import LEAN_ERROR_DEG, lean_track_deg
from engine.metrics.signals import low_passed, uniform
from engine.metrics.standing import SitToStand, sit_to_stand
from engine.motion import Array, Motion
from engine.parameters import choice, number
from engine.precautions import LEAST_OVER_TOES_DEG, SEATED_HIPS_OF_STATURE
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Friend, Item, Panel, Progress, Rise, Sound
from engine.task import NOT_YET, REACHED, Measure, Move, Result, Task, Trial, as_defined
from engine.trace import thinned

SIT_LIMIT_S = 15.0  # to find the chair; coming down from a stand takes no longer
FLOURISH_S, LAUNCH_S = 0.7, 3.0
WIDER, MOST_LIMIT_S = 1.5, 30.0
LESS = 0.9  # of the lean, each time that the person says that it hurts, or that they are dizzy or tired
HASTY_MPS = 1.0  # between sitting down in a second, 0.7 m/s, and what engine.guard takes for a fall, 1.3 m/s
LEAST_FRAMES = 20
ON_THE_SEAT = 0.3  # of the way up: until then the trunk comes forward, and the seat is only just left
FIVE = 5
FRAME_S = 0.02
SPEED_ERROR_MPS = 0.02  # 0.011 in 95 % of 2,000 simulated rises of 0.6 to 3 s, and as much again for a real head
HEIGHT_ERROR_M = 0.01
REACTION_S, RISE_MPS, LEAN_DPS = 0.35, 0.7, 24.0  # as a simulated patient moves who is not said to move otherwise
ARRIVES = 0.75  # of the time of a minimum jerk movement: then 92 % of the way is made
SEATED_NOTE = "played seated: nobody stood up"


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
            rise = sitting.stand_up(envelope) if stands else _lean_forward(envelope, lean_deg)
            yield Trial("", None, {
                "rise": rise,
                "stands": stands,
                "seat_m": _last(done, "seat_m") if stands else rise.low_m,
                "number": number_,
                "fuelled": sum(record.outcome == REACHED for record in done),
                "limit_s": min(MOST_LIMIT_S, self.p.limit_s * WIDER ** (_eases(done) + envelope.easings)),
                "hasty": (_last(done[-1:], "peak_descent_mps") or 0.0) > HASTY_MPS,
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
            fire = (Sound("launch", "launch"), feedback.arrival("launch"), *self._around(1.0, "cheers"))
            yield from moves.show((panel, seated, *fire), LAUNCH_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds, settling at its beginning and lift-off included."""
        p: Parameters = self.p
        rise: Rise = trial.values["rise"]
        values = trial.values
        way_s = 1.875 * (rise.high_m - rise.low_m) / RISE_MPS if values["stands"] else 1.875 * rise.lean_deg / LEAN_DPS
        way_s = REACTION_S + ARRIVES * (way_s + 0.15)
        sit_s = p.pause_s if values["seat_m"] else way_s + sitting.QUIET_S
        up_s = (way_s if reached else float(values["limit_s"])) + p.hold_s
        down_s = way_s if reached else way_s + FLOURISH_S
        launch_s = LAUNCH_S if values["number"] == p.targets - 1 else 0.0
        return sit_s + up_s + down_s + launch_s

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure the stand from its call on."""
        if len(motion.time_s) < LEAST_FRAMES:
            raise NotMeasurable("ended before anybody could rise")
        time_s, height_m = motion.time_s - motion.time_s[0], motion.head_m[:, 1]
        leans = lean_track_deg(motion, trial.values["stance"])
        found = _called(time_s, height_m, leans, trial, self.p.pause_s)
        if found is None:
            raise NotMeasurable("nobody sat down on the chair")
        called, rise = found
        trace = Trace("Height of the head", "m", *thinned(time_s, height_m))
        if called > len(time_s) - LEAST_FRAMES:
            raise NotMeasurable("ended before anybody could rise")
        share = _share(rise, height_m, leans)
        measures = {
            **_times(time_s[called:], share[called:], trial),
            **_of_the_rise(time_s[called:], height_m[called:], rise),
            **_of_the_lean(motion, leans, share, called, rise, trial.values["stature_m"]),
            "pause_s": Measured(round(float(time_s[called]), 3), "s", FRAME_S),
            "seat_m": Measured(round(rise.low_m, 3), "m", HEIGHT_ERROR_M),
            "allowed_s": Measured(round(trial.values["limit_s"], 3), "s"),
        }
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
        shown = (self._panel(trial, title, text), *self._around(self._fuel(trial)))
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
        shown = (panel, Sound(f"{up.key} call", "appear"), *self._around(self._fuel(trial)))
        heard = feedback.followed(move, lambda body: moves.risen(up, body))
        reached = (yield from moves.alongside(shown, heard)) == REACHED
        down = rise._replace(key=f"down {number_}", goal="down", share=1.0)
        back = moves.within(SIT_LIMIT_S, moves.rise(down, 0.0 if reached else FLOURISH_S))
        sat = yield from moves.alongside(self._after(trial, up.key, reached), back)
        return REACHED if reached and sat == REACHED else NOT_YET

    def _after(self, trial: Trial, key: str, reached: bool) -> tuple[Item, ...]:
        """What is shown and heard while somebody comes down again."""
        if not reached:
            panel = self._panel(trial, "chair_rocket.not_yet", ())
            return (panel, Sound(f"{key} not yet", "not_yet"), *self._around(self._fuel(trial)))
        title = "chair_rocket.sit_down" if trial.values["stands"] else "chair_rocket.sit_up"
        panel = self._panel(trial, title, ("chair_rocket.reached", "chair_rocket.sit_gently"))._replace(
            done=trial.values["fuelled"] + 1
        )
        around = self._around(self._fuel(trial, 1), "cheers")
        return (panel, Sound(f"{key} reached", "reached"), feedback.arrival(key), *around)

    def _panel(self, trial: Trial, title: str, text: tuple[str, ...]) -> Panel:
        return Panel("chair_rocket", title, text, trial.values["fuelled"], self.p.targets)

    def _fuel(self, trial: Trial, more: int = 0) -> float:
        return float((trial.values["fuelled"] + more) / self.p.targets)

    def _around(self, share: float, mood: str = "calm") -> tuple[Item, ...]:
        return Progress("progress", share), Friend("friend", mood)


def _lean_forward(envelope: Envelope, lean_deg: float) -> Rise:
    """A lean over the toes as far as it may go; raises OutsideEnvelope, saying why not, when hardly any may."""
    lean_deg = envelope.stop_line("lean_forward", lean_deg)
    if lean_deg < LEAST_OVER_TOES_DEG:
        raise OutsideEnvelope(envelope.refuses_lean(0.0, LEAST_OVER_TOES_DEG, open_ended=True))
    height_m = envelope.stance.head_m[1]
    return Rise("rise", height_m, height_m, "up", lean_deg=lean_deg)


def _called(time_s: Array, height_m: Array, leans: Array, trial: Trial, pause_s: float) -> tuple[int, Rise] | None:
    """The sample at which somebody was called to rise, as `play` does it, and the rise from where they sat."""
    rise: Rise = trial.values["rise"]
    seat_m = trial.values["seat_m"]
    if not seat_m:
        for last, now_s in enumerate(time_s.tolist()):
            first = int(np.searchsorted(time_s, now_s - sitting.QUIET_S, "right")) - 1
            if first >= 0 and sitting.sits(window := height_m[first : last + 1].tolist(), rise.high_m):
                return last, rise._replace(low_m=median(window))
        return None
    rise = rise._replace(low_m=seat_m)
    away_s = np.maximum.accumulate(np.where(_share(rise, height_m, leans) >= moves.DOWN, time_s, 0.0))
    seated = np.flatnonzero((time_s - away_s >= pause_s) & (_share(rise, height_m, leans) < moves.DOWN))
    return (int(seated[0]), rise) if len(seated) else None


def _share(rise: Rise, height_m: Array, leans: Array) -> Array:
    """How much of the way was made, up or forward, (n,)."""
    share: Array = (
        (height_m - rise.low_m) / (rise.high_m - rise.low_m)
        if rise.high_m > rise.low_m
        else leans[:, 0] / rise.lean_deg
    )
    return share


def _times(time_s: Array, share: Array, trial: Trial) -> dict[str, Measured]:
    """How far somebody came, and how long it took from the first sample, at which they were called."""
    up = np.flatnonzero(share > moves.UP)
    before_s, fifth = trial.values["before_fifth_s"], trial.values["number"] == FIVE - 1
    why = "not five clean stands without a rest" if fifth else f"told of stand number {FIVE}"
    why = why if trial.values["stands"] else SEATED_NOTE
    five = Measured(None, "s", None, why)
    stand = Measured(None, "s", None, "not all the way up")
    if len(up):
        up_s = float(time_s[up[0]])
        stand = Measured(round(up_s - float(time_s[0]), 3), "s", FRAME_S)
        if before_s is not None and trial.values["stands"]:
            five = Measured(
                round(before_s + up_s, 2), "s", FIVE * FRAME_S, "like 5xSTS: chair, arms and pace unchecked"
            )
    way_m = trial.values["rise"].high_m - trial.values["rise"].low_m
    error = 100 * HEIGHT_ERROR_M / way_m if way_m > 0 else 100 * LEAN_ERROR_DEG / trial.values["rise"].lean_deg
    risen = Measured(round(100 * float(share.max()), 1), "%", round(error, 1))
    return {"stand_s": stand, "five_stands_s": five, "risen_percent": risen}


def _of_the_rise(time_s: Array, height_m: Array, rise: Rise) -> dict[str, Measured]:
    """What the height of the head shows of a rise and the descent after it."""
    if rise.high_m <= rise.low_m:
        missing = {"rise_s": "s", "descent_s": "s", "peak_rise_mps": "m/s", "peak_descent_mps": "m/s"}
        return {name: Measured(None, unit, None, SEATED_NOTE) for name, unit in missing.items()}
    found = measured(sit_to_stand(time_s, height_m, rise.low_m, rise.high_m))
    smooth = low_passed(uniform(time_s, height_m[:, None], RATE_HZ)[1], RATE_HZ, HEAD_SWAY_CUT_OFF_HZ)[:, 0]
    upward_mps = np.gradient(smooth, 1 / RATE_HZ)
    times = {name: found[name] for name in ("rise_s", "descent_s")}
    return times | {
        "peak_rise_mps": _peak(float(upward_mps.max()), times["rise_s"]),
        "peak_descent_mps": _peak(float(-upward_mps.min()), times["descent_s"]),
    }


def _peak(speed_mps: float, of: Measured) -> Measured:
    if of.value is None:
        return Measured(None, "m/s", None, of.note)
    return Measured(round(speed_mps, 3), "m/s", SPEED_ERROR_MPS)


def _of_the_lean(
    motion: Motion, leans: Array, share: Array, called: int, rise: Rise, stature_m: float
) -> dict[str, Measured]:
    """How far the head went aside while rising, and forward over the hips before, from where it was when called."""
    time_s, height_m = motion.time_s, motion.head_m[:, 1]
    quiet = slice(int(np.searchsorted(time_s, time_s[called] - sitting.QUIET_S)), called + 1)
    top = called + int(np.argmax(share[called:]))
    rising = called + np.flatnonzero((share[called:top] > 0.2) & (share[called:top] < 0.8))
    aside = Measured(None, "deg", None, "nobody rose")
    if len(rising):
        right_deg = float(leans[rising, 1].mean() - np.median(leans[quiet, 1]))
        aside = Measured(round(right_deg, 2), "deg", LEAN_ERROR_DEG)
    ahead_m = np.tan(np.radians(leans[:, 0])) * height_m
    ahead_m = ahead_m - np.median(ahead_m[quiet])
    over_hips_m = (SEATED_EYES_OF_STATURE - SEATED_HIPS_OF_STATURE) * stature_m + height_m - rise.low_m
    left = np.flatnonzero(share[called:] > ON_THE_SEAT) if rise.high_m > rise.low_m else np.empty(0, int)
    before = slice(called, called + int(left[0]) + 1 if len(left) else len(share))
    forward_deg = float(np.degrees(np.arctan2(ahead_m[before], over_hips_m[before])).max())
    return {"lean_side_deg": aside, "lean_forward_deg": Measured(round(forward_deg, 1), "deg")}


def _last(done: Sequence[TrialRecord], name: str) -> float | None:
    """The last value of a measure, None where there is none."""
    values = [found.value for record in done if (found := record.measures.get(name)) and found.value is not None]
    return values[-1] if values else None


def _eases(done: Sequence[TrialRecord]) -> int:
    """How often two stands in a row were missed."""
    eases = misses = 0
    for record in done:
        misses = misses + 1 if record.outcome == NOT_YET else 0
        if misses == 2:
            eases, misses = eases + 1, 0
    return eases


def _before_fifth_s(done: Sequence[TrialRecord]) -> float | None:
    """From the first call to the end of the fourth stand; None where these were not clean, or somebody rested."""
    waited_s = _last(done[:1], "pause_s")
    if len(done) != FIVE - 1 or waited_s is None or any(record.outcome != REACHED for record in done):
        return None
    seconds = done[-1].end_s - done[0].start_s
    rested_s = seconds - sum(record.end_s - record.start_s for record in done)
    return seconds - waited_s if rested_s < sitting.QUIET_S else None
