"""Calm Tide: breathe with the tide, and between the breaths hold a gentle stretch; the quiet end of a session."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

import numpy as np

from engine import breathing, feedback, held_stretch, looking, moves, rounds
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.held_stretch import ASIDE, HEAD, UP, Laid, Stretch
from engine.limits import OutsideEnvelope
from engine.metrics.in_band import furthest, in_band, until_collected
from engine.motion import Motion
from engine.movements import ON_SIDES, on_sides
from engine.parameters import choice, number
from engine.raising import BENT
from engine.records import Measured, Trace, TrialRecord
from engine.scene import Friend, Panel, Progress, Sound, Target
from engine.task import REACHED, Measure, Move, Result, Task, Trial, none_of
from engine.trace import thinned

SETTLE_S, LET_GO_S, DONE_S = 3.0, 2.5, 3.0
LEAST_FRAMES = 20
NO_ANGLE = "breathing asks for no angle"
ASKS: tuple[str, ...] = ("hand", "gaze")
PARTS: tuple[str, ...] = ("neck", "left arm", "right arm")
STRETCHES: Mapping[str, tuple[str, ...]] = {
    "breathing only": (),
    "arms up": (UP,),
    "arms to the side": (ASIDE,),
    "head to the side": (HEAD,),
    "all": (UP, ASIDE, HEAD),
}
WORDS: Mapping[tuple[str, str], str] = {
    (UP, "left"): "calm_tide.stretch_left",
    (UP, "right"): "calm_tide.stretch_right",
    (ASIDE, "left"): "calm_tide.aside_left",
    (ASIDE, "right"): "calm_tide.aside_right",
    (HEAD, "left"): "calm_tide.neck_left",
    (HEAD, "right"): "calm_tide.neck_right",
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


class Game(Task):
    """Breathing and stretches in turn; a stretch collects time in a band, and none of it is ever lost."""

    title = "Calm Tide"
    trains = ("breathing", "stretching", "coming to rest")
    moves_parts = PARTS
    asks = ASKS
    version = 2
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
        p: Parameters = self.p
        sides = [side for side in random.sample(SIDES, 2) if p.sides in ("both", side)]
        wished = [Stretch(kind, side, p.share, p.band_deg) for kind in STRETCHES[p.stretch] for side in sides]
        refusals = {stretch: held_stretch.refuses(envelope, stretch) for stretch in wished}
        able = [stretch for stretch in wished if not refusals[stretch]]
        note = NO_ANGLE if able or not wished else _unstretched(dict.fromkeys(refusals.values()))
        for number_ in range(p.targets):
            values = {"number": number_, "stance": envelope.stance, "noted": looking.Noted(), "stretch": None}
            breathing = Trial("", None, {**values, "note": note})
            turn = able[number_ // 2 % len(able)] if able and number_ % 2 else None
            yield breathing if turn is None else _stretch(envelope, turn, breathing)

    def play(self, trial: Trial) -> Move:
        """Breathe for a while, or stretch; after the last part the sea is calm."""
        part = self._breathing if trial.values["stretch"] is None else self._stretching
        outcome = yield from part(trial)
        if trial.values["number"] + 1 == self.p.targets:
            panel = Panel("calm_tide", "calm_tide.done_title", ("calm_tide.done",), self.p.targets, self.p.targets)
            yield from moves.show((panel, *rounds.around(1.0)), DONE_S)
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The mean time that such a trial takes, in seconds."""
        p: Parameters = self.p
        done_s = DONE_S if trial.values["number"] + 1 == p.targets else 0.0
        laid: Laid | None = trial.values["stretch"]
        if laid is None:
            return p.breaths * (p.in_s + p.out_s) + done_s
        return SETTLE_S + (laid.way_s if reached else p.limit_s) + p.hold_s + LET_GO_S + done_s

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """What was held of a stretch; of breathing, how long it lasted."""
        p: Parameters = self.p
        laid, noted, time_s = trial.values["stretch"], trial.values["noted"], motion.time_s - motion.time_s[0]
        if laid is None:
            lasted_s = min(float(time_s[-1]), p.breaths * (p.in_s + p.out_s))
            return Result(None, self._with_breaths({}, trial.values["note"], lasted_s))
        time_s = time_s - noted.ahead_s
        angle, inside, error = held_stretch.track(laid, motion, trial.values["stance"], noted)
        until = until_collected(time_s, inside, p.hold_s, p.limit_s + p.hold_s)
        asked = slice(int(np.searchsorted(time_s, 0.0)), until)
        time_s, angle, inside = time_s[asked], angle[asked], inside[asked]
        if len(time_s) < LEAST_FRAMES:
            return Result(None, self._with_breaths({}, "ended before the stretch began", 0.0))
        held = in_band(time_s, angle, inside, error, BENT)
        achieved = held["held_deg"].value if held else furthest(angle)
        trace = Trace("Angle of the stretch", "deg", *thinned(time_s, angle))
        why = "the band of the stretch was not reached"
        return Result(achieved, self._with_breaths(held, why, float(time_s[-1])), (trace,))

    def _breathing(self, trial: Trial) -> Move:
        count = trial.values["number"]
        panel = Panel("calm_tide", "calm_tide.breathe_in", ("calm_tide.soft",), count, self.p.targets)
        breaths, around = self._breaths(self.p.breaths), rounds.around(count / self.p.targets)
        return (yield from moves.alongside(around, breathing.told(breaths, panel, f"part {count}")))

    def _breaths(self, count: int) -> Move:
        return moves.breathe("breath", self.p.in_s, self.p.out_s, count)

    def _stretching(self, trial: Trial) -> Move:
        """Settle into a stretch, collect the time in it while the tide goes on, and let go."""
        laid, count = trial.values["stretch"], trial.values["number"]
        goal, words = laid.goal, (WORDS[laid.stretch.kind, laid.stretch.side],)
        asked = ("calm_tide.stretch_title", (*words, "calm_tide.comfortable"))
        panel = Panel("calm_tide", *asked, count, self.p.targets)
        shown = (Progress("progress", count / self.p.targets), Friend("friend", "shows", *laid.shown))
        yield from moves.alongside((panel, *shown), held_stretch.settle(laid, trial.values["noted"], SETTLE_S))
        most_s = self.p.limit_s + self.p.hold_s
        held = moves.within(most_s, feedback.felt(held_stretch.collect(laid, self.p.hold_s)))
        tide = self._breaths(math.ceil(most_s / (self.p.in_s + self.p.out_s)) + 1)
        stay = panel._replace(title="calm_tide.hold", text=(*words, "calm_tide.stay"))
        begins = Sound(f"{goal.key} begins", "appear", goal.place_m if isinstance(goal, Target) else None)
        outcome = yield from moves.alongside((stay, begins, *shown), moves.beside(held, tide))
        reached = outcome == REACHED
        said = "calm_tide.reached" if reached else "calm_tide.not_yet"
        after = panel._replace(title="calm_tide.let_go", text=(said,), done=count + 1)
        rung = Sound(f"{goal.key} ends", "reached" if reached else "not_yet")
        loose = (goal._replace(state="done", fill=1.0),) if reached else ()
        yield from moves.show((after, rung, *loose, *rounds.around((count + 1) / self.p.targets)), LET_GO_S)
        return outcome

    def _with_breaths(self, held: Mapping[str, Measured], why: str, on_task_s: float) -> dict[str, Measured]:
        """Every measure; those of a hold that there was not say why."""
        breaths = math.floor(on_task_s / (self.p.in_s + self.p.out_s) + 0.01)
        known = {"on_task_s": Measured(round(on_task_s, 2), "s"), "breaths": Measured(float(breaths), "")}
        return {**none_of(self.measures, why), **held, **known}


def _unstretched(reasons: Iterable[str]) -> str:
    return f"breathing alone, because no stretch may be asked for: {'; '.join(reasons)}"


def _stretch(envelope: Envelope, stretch: Stretch, breathing: Trial) -> Trial:
    """A stretch; or breathing, where something said meanwhile left no room for it."""
    try:
        laid = held_stretch.lay(envelope, stretch, f"stretch {breathing.values['number']}")
    except OutsideEnvelope as reason:
        return Trial("", None, {**breathing.values, "note": _unstretched([str(reason)])})
    side = "" if stretch.kind == HEAD else stretch.side
    return Trial(side, laid.request, {**breathing.values, "stretch": laid})
