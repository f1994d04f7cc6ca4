"""Calm Tide: breathe with the tide, and between the breaths hold a gentle stretch; the quiet end of a session."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar, NamedTuple

import numpy as np

from engine import feedback, looking, moves, pace
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.hanging import Hung, hang, refuses_arm
from engine.limits import OutsideEnvelope
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, NECK_ERROR_DEG, STRAIGHT_ARM
from engine.motion import Array, Mask, Motion
from engine.movements import ON_SIDES, on_sides
from engine.parameters import choice, number
from engine.raising import BENT, STRETCHED, raised
from engine.records import Measured, Request, Trace, TrialRecord
from engine.scene import Arms, Breath, Friend, Gaze, Item, Panel, Progress, Sound, Target
from engine.task import REACHED, Measure, Move, Result, Task, Trial
from engine.trace import thinned

SETTLE_S, LET_GO_S, DONE_S = 3.0, 2.5, 3.0
HANGING_DEG = 25.0
LEAST_DEG = 15.0
STRETCH = 0.95  # of the reach: an arm that is nearly straight
LEAST_FRAMES = 20
NO_ANGLE = "breathing asks for no angle"
UP, ASIDE, HEAD = "up", "aside", "head"
ASKS: tuple[str, ...] = ("hand", "gaze")
PARTS: tuple[str, ...] = ("neck", "left arm", "right arm")
STRETCHES: Mapping[str, tuple[str, ...]] = {
    "breathing only": (),
    "arms up": (UP,),
    "arms to the side": (ASIDE,),
    "head to the side": (HEAD,),
    "all": (UP, ASIDE, HEAD),
}
OUTWARD_DEG: Mapping[str, tuple[float, ...]] = {UP: (15.0, 0.0, 30.0, 45.0), ASIDE: (75.0, 60.0, 90.0, 45.0)}
WORDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    (UP, "left"): ("calm_tide.stretch_left",),
    (UP, "right"): ("calm_tide.stretch_right",),
    (ASIDE, "left"): ("calm_tide.aside_left",),
    (ASIDE, "right"): ("calm_tide.aside_right",),
    (HEAD, "left"): ("calm_tide.neck_left",),
    (HEAD, "right"): ("calm_tide.neck_right",),
}


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(5, 1, 15, "", "parts of a round: breathing, then a stretch, then breathing again")
    stretch: str = choice("arms up", tuple(STRETCHES), "what is stretched between the breaths")
    sides: str = choice("both", ON_SIDES, "which side is stretched; both in turn")
    breaths: int = number(3, 1, 12, "", "breaths in a part")
    in_s: float = number(4.0, 2.0, 8.0, "s", "time to breathe in")
    out_s: float = number(6.0, 2.0, 12.0, "s", "time to breathe out; with 4 in and 6 out 6 breaths a minute")
    hold_s: float = number(20.0, 3.0, 60.0, "s", "time to collect in a stretch", "hold", 5.0)
    limit_s: float = number(15.0, 5.0, 60.0, "s", "time to get into a stretch, before collecting", "time", -1.0)
    share: float = number(0.85, 0.5, 1.0, "of limit", "how far a stretch goes")
    band_deg: float = number(6.0, 4.0, 15.0, "deg", "how far from it still counts")


class _Stretch(NamedTuple):
    """One stretch of one side: its movement, and an arm to use or not."""

    kind: str
    side: str

    @property
    def movement(self) -> str:
        return f"neck_lateral_{self.side}" if self.kind == HEAD else f"shoulder_elevation_{self.side}"


class Game(Task):
    """Breathing and stretches in turn; a stretch collects time in a band, and none of it is ever lost."""

    title = "Calm Tide"
    trains = ("breathing", "stretching", "coming to rest")
    moves_parts = PARTS
    asks = ASKS
    version = 1
    place = "shore"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "in_band_s": Measure("Time in the band", "s", "Seconds within the band of the stretch, all together."),
        "on_task_s": Measure("Time on task", "s", "From the moment it was asked for until it ended."),
        "in_band_percent": Measure(
            "Stayed in the band", "%", "Share of the time in the band since it was first entered."
        ),
        "held_deg": Measure(
            "Angle held",
            "deg",
            "Mean angle while in the band: of the arm from hanging, or of the head from upright.",
            "arm: Wu 2005, doi 10.1016/j.jbiomech.2004.05.042; head: Sensors 2023, 23:9864",
        ),
        "steadiness_deg": Measure(
            "Steadiness", "deg", "Standard deviation of the angle while in the band; less is steadier."
        ),
        "breaths": Measure("Breaths guided", "", "Whole breaths that were shown, whether or not one breathed along."),
    }

    def __init__(self, parameters: Any = None) -> None:
        """Ask for no more than its stretches do, so that what is forbidden to an arm bars no breathing."""
        super().__init__(parameters)
        kinds = STRETCHES[self.p.stretch]
        needs = {"hand": bool({UP, ASIDE} & set(kinds)), "gaze": HEAD in kinds}
        self.asks = tuple(ask for ask in ASKS if needs[ask])  # type: ignore[misc] # of this one, not of all
        self.moves_parts = PARTS if needs["hand"] else PARTS[: len(kinds)]  # type: ignore[misc]

    @property
    def limits(self) -> tuple[str, ...]:
        """The movements of the neck that it may ask for."""
        return on_sides(looking.TILTS, self.p.sides) if HEAD in STRETCHES[self.p.stretch] else ()

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Breathing and a stretch in turn; which side begins is drawn.

        Breathing alone where no stretch is wished for, or none may be asked for: then its measures say why.
        """
        sides = [side for side in random.sample(SIDES, 2) if self.p.sides in ("both", side)]
        wished = [_Stretch(kind, side) for kind in STRETCHES[self.p.stretch] for side in sides]
        refusals = {stretch: self._refuses(envelope, stretch) for stretch in wished}
        able = [stretch for stretch in wished if not refusals[stretch]]
        note = NO_ANGLE if able or not wished else _unstretched(dict.fromkeys(refusals.values()))
        for number_ in range(self.p.targets):
            values = {"number": number_, "stance": envelope.stance, "noted": looking.Noted(), "stretch": None}
            breathing = Trial("", None, {**values, "note": note})
            turn = able[number_ // 2 % len(able)] if able and number_ % 2 else None
            yield breathing if turn is None else self._stretch(envelope, turn, breathing)

    def play(self, trial: Trial) -> Move:
        """Breathe for a while, or stretch; after the last part the sea is calm."""
        part = self._breathing if trial.values["stretch"] is None else self._stretching
        outcome = yield from part(trial)
        if trial.values["number"] + 1 == self.p.targets:
            panel = Panel("calm_tide", "calm_tide.done_title", ("calm_tide.done",), self.p.targets, self.p.targets)
            yield from moves.show((panel, *self._around(self.p.targets)), DONE_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds."""
        p: Parameters = self.p
        done_s = DONE_S if trial.values["number"] + 1 == p.targets else 0.0
        if trial.request is None:
            return p.breaths * (p.in_s + p.out_s) + done_s
        way_s = _way_s(trial, trial.request.amplitude) if reached else p.limit_s
        return SETTLE_S + way_s + p.hold_s + LET_GO_S + done_s

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """What was held of a stretch; of breathing, how long it lasted."""
        asked_s = trial.values["noted"].ahead_s if trial.values["stretch"] else 0.0
        time_s = motion.time_s - motion.time_s[0] - asked_s
        if trial.values["stretch"] is None:
            lasted_s = min(float(time_s[-1]), self.p.breaths * (self.p.in_s + self.p.out_s))
            return Result(None, self._with_breaths({}, trial.values["note"], lasted_s))
        angle, inside, error = _band(trial, motion)
        asked = slice(int(np.searchsorted(time_s, 0.0)), self._ended(time_s, inside))
        time_s, angle, inside = time_s[asked], angle[asked], inside[asked]
        if len(time_s) < LEAST_FRAMES:
            return Result(None, self._with_breaths({}, "ended before the stretch began", 0.0))
        trace = Trace("Angle of the stretch", "deg", *thinned(time_s, angle))
        achieved, held = _of_the_hold(time_s, angle, inside, error)
        why = "the band of the stretch was not reached"
        return Result(achieved, self._with_breaths(held, why, float(time_s[-1])), (trace,))

    def _around(self, tried: int) -> tuple[Item, ...]:
        return Progress("progress", tried / self.p.targets), Friend("friend")

    def _breathing(self, trial: Trial) -> Move:
        count = trial.values["number"]
        panel = Panel("calm_tide", "calm_tide.breathe_in", ("calm_tide.soft",), count, self.p.targets)
        breaths = moves.breathe("breath", self.p.in_s, self.p.out_s, self.p.breaths)
        return (yield from moves.alongside(self._around(count), _heard(f"part {count}", panel, breaths)))

    def _stretching(self, trial: Trial) -> Move:
        """Settle into a stretch, collect the time in it while the tide goes on, and let go."""
        goal, count, words = trial.values["goal"], trial.values["number"], WORDS[trial.values["stretch"]]
        asked = ("calm_tide.stretch_title", (*words, "calm_tide.comfortable"))
        panel = Panel("calm_tide", *asked, count, self.p.targets)
        shown = (Progress("progress", count / self.p.targets), Friend("friend", "shows", *trial.values["shown"]))
        yield from moves.alongside((panel, *shown), self._settle(trial))
        held = moves.within(self.p.limit_s + self.p.hold_s, feedback.felt(_collect(goal, self.p.hold_s)))
        stay = panel._replace(title="calm_tide.hold", text=(*words, "calm_tide.stay"))
        begins = Sound(f"{goal.key} begins", "appear", goal.place_m if isinstance(goal, Target) else None)
        outcome = yield from moves.alongside((stay, begins, *shown), self._with_tide(held))
        reached = outcome == REACHED
        said = "calm_tide.reached" if reached else "calm_tide.not_yet"
        after = panel._replace(title="calm_tide.let_go", text=(said,), done=count + 1)
        rung = Sound(f"{goal.key} ends", "reached" if reached else "not_yet")
        loose = (goal._replace(state="done", fill=1.0),) if reached else ()
        yield from moves.show((after, rung, *loose, *self._around(count + 1)), LET_GO_S)
        return outcome

    def _stretch(self, envelope: Envelope, stretch: _Stretch, breathing: Trial) -> Trial:
        """A stretch; or breathing, where something said meanwhile left no room for it."""
        try:
            request, more = self._goal(envelope, stretch, breathing.values["number"])
        except OutsideEnvelope as reason:
            return Trial("", None, {**breathing.values, "note": _unstretched([str(reason)])})
        side = "" if stretch.kind == HEAD else stretch.side
        return Trial(side, request, {**breathing.values, "stretch": stretch, **more})

    def _refuses(self, envelope: Envelope, stretch: _Stretch) -> str:
        if stretch.kind == HEAD:
            return looking.refuses(envelope, stretch.movement, self.p.band_deg)
        why = refuses_arm(envelope, stretch.side)
        if not why:
            try:
                self._hang(envelope, stretch)
            except OutsideEnvelope as reason:
                return str(reason)
        return why

    def _wish(self, envelope: Envelope, movement: str) -> Request:
        """Where a stretch begins to count: its middle is a share of the limit, or nearer where less is asked for."""
        asked, limit = envelope.request(movement), envelope.calibration.limits[movement]
        gentle = max(LEAST_DEG, self.p.share * limit.value - self.p.band_deg)
        if asked.amplitude <= gentle:
            return asked
        why = f"{gentle:.0f}° to {gentle + 2 * self.p.band_deg:.0f}°: a stretch around {100 * self.p.share:.0f} %"
        return Request(movement, round(gentle, 3), asked.unit, "CEILING", f"{why} of the limit")

    def _hang(self, envelope: Envelope, stretch: _Stretch) -> tuple[Hung, float]:
        """Where the hand is held, and how far around that counts."""
        sign = 1 if stretch.side == "right" else -1
        radius_m = STRETCH * envelope.arm_m(stretch.side) * math.radians(self.p.band_deg)
        azimuths_deg = [sign * outward for outward in OUTWARD_DEG[stretch.kind]]
        wish = self._wish(envelope, stretch.movement)
        return hang(envelope, stretch.side, wish, azimuths_deg, radius_m, STRETCH), radius_m

    def _goal(self, envelope: Envelope, stretch: _Stretch, number_: int) -> tuple[Request, dict[str, object]]:
        """What is asked for in a stretch, and the values of its trial."""
        key = f"stretch {number_}"
        if stretch.kind == HEAD:
            request, centre = envelope.centred(self._wish(envelope, stretch.movement), self.p.band_deg)
            _, _, tilt = looking.goal_deg(stretch.movement, centre)
            goal = Gaze(key, 0.0, 0.0, self.p.band_deg, tilt)
            return request, {"goal": goal, "shown": (Arms(), tilt)}
        hung, radius_m = self._hang(envelope, stretch)
        way = (abs(hung.azimuth_deg), hung.elevation_deg)
        arms = Arms(left_deg=way) if stretch.side == "left" else Arms(right_deg=way)
        shoulder_m = envelope.shoulder(stretch.side)
        return hung.request, {
            "goal": Target(key, hung.place_m, radius_m, stretch.side),
            "shown": (arms, 0.0),
            "shoulder_m": shoulder_m,
            "arm_m": envelope.arm_m(stretch.side),
            "distance_m": math.dist(shoulder_m, hung.place_m),
        }

    def _settle(self, trial: Trial) -> Move:
        """A moment to read what comes; `noted` keeps from which neutral head, and until when."""
        goal, noted = trial.values["goal"], trial.values["noted"]
        if isinstance(goal, Gaze):
            return (yield from moves.within(SETTLE_S, looking.ahead(looking.AHEAD_DEG, SETTLE_S, noted)))
        noted.ahead_s = SETTLE_S
        return (yield from moves.show((goal._replace(state="later"),), SETTLE_S))

    def _with_tide(self, move: Move) -> Move:
        """Play a move while the tide goes on."""
        most_s = self.p.limit_s + self.p.hold_s
        tide = moves.breathe("breath", self.p.in_s, self.p.out_s, math.ceil(most_s / (self.p.in_s + self.p.out_s)) + 1)
        own, breath = next(move), next(tide)
        while True:
            body = yield (*own, *breath)
            breath = tide.send(body)
            try:
                own = move.send(body)
            except StopIteration as end:
                return str(end.value)

    def _ended(self, time_s: Array, inside: Mask) -> int:
        """How many samples there are until the time of a stretch was collected, or up, as `play` asks."""
        collected_s = np.cumsum(np.where(inside & (time_s >= 0), np.diff(time_s, prepend=time_s[0]), 0.0))
        over = (collected_s >= self.p.hold_s) | (time_s >= self.p.limit_s + self.p.hold_s)
        return int(np.argmax(over)) + 1 if over.any() else len(over)

    def _with_breaths(self, held: Mapping[str, Measured], why: str, on_task_s: float) -> dict[str, Measured]:
        """Every measure; those of a hold that there was not say why."""
        breaths = math.floor(on_task_s / (self.p.in_s + self.p.out_s) + 0.01)
        known = {**held, "on_task_s": Measured(round(on_task_s, 2), "s"), "breaths": Measured(float(breaths), "")}
        return {name: known.get(name) or Measured(None, m.unit, None, why) for name, m in self.measures.items()}


def _unstretched(reasons: Iterable[str]) -> str:
    return f"breathing alone, because no stretch may be asked for: {'; '.join(reasons)}"


def _way_s(trial: Trial, amplitude_deg: float) -> float:
    """How long it takes to get to the edge of the band of a stretch."""
    if trial.values["stretch"].kind == HEAD:
        return pace.REACTION_S + pace.way_s(amplitude_deg, pace.HEAD_DPS, 0.0)
    way_deg = max(0.0, amplitude_deg - HANGING_DEG)
    way_m: float = 2 * trial.values["distance_m"] * math.sin(math.radians(way_deg / 2))
    return pace.REACTION_S + pace.way_s(way_m, pace.HAND_MPS, 0.0)


def _collect(goal: Target | Gaze, seconds: float) -> Move:
    return moves.gather(goal, seconds) if isinstance(goal, Target) else looking.gather(goal, seconds)


def _heard(key: str, panel: Panel, breathing: Move) -> Move:
    """Play breaths with words and a sound for each one in and out."""
    own, turns, rising = next(breathing), 0, False
    while True:
        breath = own[0]
        if isinstance(breath, Breath) and (breath.rising != rising or not turns):
            turns, rising = turns + 1, breath.rising
        phase = "breathe_in" if rising else "breathe_out"
        words: tuple[Item, ...] = (panel._replace(title=f"calm_tide.{phase}"), Sound(f"{key} {turns}", phase))
        body = yield own + words
        try:
            own = breathing.send(body)
        except StopIteration as end:
            return str(end.value)


def _band(trial: Trial, motion: Motion) -> tuple[Array, Mask, float | None]:
    """The angle of a stretch over time (n,), when it was in the band (n,) as play counts it, and the angle's error."""
    goal, values = trial.values["goal"], trial.values
    if isinstance(goal, Gaze):
        sign = math.copysign(1.0, goal.tilt_deg)
        tilt = looking.turned_deg(motion, values["noted"], (0.0, 0.0, sign))
        return tilt, np.abs(tilt - abs(goal.tilt_deg)) < goal.radius_deg, NECK_ERROR_DEG
    _, elevation, radius = raised(motion, values["stance"], trial.side, values["shoulder_m"])
    away_m = np.linalg.norm(motion.hand_m(trial.side) - np.asarray(goal.place_m), axis=1)
    near: Mask = away_m < goal.radius_m
    inside = near.copy()
    for index in np.flatnonzero(~near & (away_m < moves.HELD * goal.radius_m)):
        inside[index] = index > 0 and inside[index - 1]
    elevation = np.where(radius >= STRETCHED * values["distance_m"], elevation, np.nan)
    inside &= np.isfinite(elevation)
    straight = inside.any() and np.median(radius[inside]) >= STRAIGHT_ARM * values["arm_m"]
    return elevation, inside, ELEVATION_ERROR_DEG if straight else None


def _of_the_hold(
    time_s: Array, angle: Array, inside: Mask, error: float | None
) -> tuple[float | None, dict[str, Measured]]:
    """How far a stretch came, and what was held of it; nothing where the band was never entered."""
    seen = angle[np.isfinite(angle)]
    if not inside.any():
        return (max(0.0, round(float(seen.max()), 2)) if len(seen) else None), {}
    steps_s = np.diff(time_s, prepend=time_s[0])
    since = int(np.argmax(inside))
    in_band_s = float(steps_s[inside].sum())
    until = len(inside) - int(np.argmax(inside[::-1]))
    whole_s = float(time_s[until - 1] - time_s[since]) + float(steps_s[since])
    held = angle[inside]
    mean, spread = round(float(held.mean()), 2), round(float(held.std()), 2)
    note = "" if error is not None else BENT
    return mean, {
        "in_band_s": Measured(round(in_band_s, 2), "s"),
        "in_band_percent": Measured(round(100 * in_band_s / whole_s, 1), "%"),
        "held_deg": Measured(mean, "deg", error, note),
        "steadiness_deg": Measured(spread, "deg"),
    }
