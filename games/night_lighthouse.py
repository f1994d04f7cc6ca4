"""Night Lighthouse: stand as still as may be, and a light shines, whether eyes see all, nothing or something wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np

from engine import moves, rounds, steadiness
from engine.envelope import Envelope
from engine.metrics.head_sway import KEPT, head_sway
from engine.metrics.sway_measures import PRIETO, SCHUBERT
from engine.motion import Motion
from engine.parameters import choice, number
from engine.records import Measured, TrialRecord
from engine.scene import Panel, Sound, Steady
from engine.steadiness import DARK, LIGHT, SETTLES_S, STUCK, Condition, Span
from engine.task import REACHED, Measure, Move, Result, Task, Trial, none_of

READY_S, DONE_S = 6.0, 2.0
ADVISED = 3
CONDITIONS: Mapping[str, tuple[Condition, ...]] = {
    "light": (LIGHT,),
    "light and dark": (LIGHT, DARK),
    "light and stuck": (LIGHT, STUCK),
    "light, dark and stuck": (LIGHT, DARK, STUCK),
}
TOLD: Mapping[Condition, tuple[str, ...]] = {
    LIGHT: ("night_lighthouse.look",),
    DARK: ("night_lighthouse.dark", "night_lighthouse.away"),
    STUCK: ("night_lighthouse.stuck", "night_lighthouse.away"),
}
NAMED: Mapping[Condition, str] = {LIGHT: "in the light", DARK: "in the dark", STUCK: "in a stuck world"}
FEET: Mapping[str, str] = {
    "apart": "night_lighthouse.feet_apart",
    "together": "night_lighthouse.feet_together",
    "one ahead": "night_lighthouse.feet_one_ahead",
}
OTHER = "this time the world was otherwise"
ALONE = "no time in the light to compare with yet"
STILL = "nothing moved in the light"
REPEATS = "One time repeats only fairly (ICC 0.29 to 0.64, Sylcott 2021): three are advised. It tells no risk of falls."
SWAY: Mapping[str, tuple[str, str, str]] = {
    "velocity_mmps": ("sway_velocity", "Speed of sway", PRIETO),
    "ap_mm": ("sway_rms_ap", "Sway ahead and back", PRIETO),
    "ml_mm": ("sway_rms_ml", "Sway sideways", PRIETO),
    "area_mm2": ("sway_area", "Area of sway", SCHUBERT),
}
"""What is told of each time: its name, that of head sway, and words."""


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(6, 1, 20, "", "times to stand in a round")
    conditions: str = choice("light and dark", tuple(CONDITIONS), "what is seen, in turn")
    surface: str = choice("firm", ("firm", "foam"), "what is stood on for the whole round; seated it means nothing")
    stance: str = choice("apart", tuple(FEET), "how the feet stand; seated it means nothing")
    within_deg: float = number(1.5, 0.4, 4.0, "deg", "how far the head may sway and still count", "size", -0.2)
    hold_s: float = number(20.0, 3.0, 60.0, "s", "time to stand still, all together", "hold", 5.0)
    limit_s: float = number(10.0, 5.0, 60.0, "s", "time beyond that, for swaying", "time", -1.0)
    count_by: int = number(0, 0, 7, "", "count backwards aloud by so many; 0 for not at all", "dual task", 1.0)


def _measures() -> Iterator[tuple[str, Measure]]:
    yield (
        "still_percent",
        Measure("Time kept still", "%", "Share of the time with the head near its middle."),
    )
    for condition, named in NAMED.items():
        for name, (sway, said, source) in SWAY.items():
            help_ = f"Of the head from where it stays: a proxy, because hips move a head. {REPEATS}"
            yield f"{condition.name}_{name}", Measure(f"{said}, {named}", KEPT[sway].unit, help_, source)
    for condition in (DARK, STUCK):
        yield (
            f"{condition.name}_ratio",
            Measure(
                f"Speed of sway, {condition.name} over light",
                "",
                "Mean of these times so far over that in the light, in the same round: above 1 eyes were missed.",
                "as the ratios of the sensory organisation test, of head velocity: our definition",
            ),
        )


class Game(Task):
    """Standing in turn with a world that is seen, one that is dark, and one that goes along with the head."""

    title = "Night Lighthouse"
    trains = ("quiet standing", "sensory reweighting", "trust in feet and ears")
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("stand", "surround")
    version = 1
    place = "lighthouse"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = dict(_measures())

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One condition after the other, then again; none that nobody may be shown any more."""
        told: list[Condition] = []
        for number_ in range(self.p.targets):
            wished = CONDITIONS[self.p.conditions][number_ % len(CONDITIONS[self.p.conditions])]
            condition = LIGHT if wished.held == "head" and envelope.refuses_conflict else wished
            values = {
                "condition": condition,
                "number": number_,
                "stance": envelope.stance,
                "seated": envelope.posture == "seated",
                "span": Span(),
                "before": {of.name: _speeds(told, done, of) for of in NAMED},
            }
            told.append(condition)
            yield Trial("", None, values)

    def play(self, trial: Trial) -> Move:
        """Read what comes, stand still, and see how the light shone."""
        return steadiness.clocked(trial.values["span"], self._played(trial))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The time that such a trial takes, in seconds: reading, settling, standing, and what is asked after it."""
        still_s: float = self.p.hold_s if reached else self.p.hold_s + self.p.limit_s
        condition: Condition = trial.values["condition"]
        return READY_S + SETTLES_S + still_s + DONE_S + condition.asked_s

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Measure head sway from when somebody had settled until they were done."""
        span, condition = trial.values["span"], trial.values["condition"]
        span.refuse_looks_away()
        stood = span.cut(motion)
        sway = head_sway(stood, trial.values["stance"])
        known = {f"{condition.name}_{name}": sway[kept] for name, (kept, *_) in SWAY.items()}
        known["still_percent"] = _still(span)
        if condition is not LIGHT:
            known[f"{condition.name}_ratio"] = _ratio(condition, sway["sway_velocity"], trial.values["before"])
        return Result(None, {**none_of(self.measures, OTHER), **known})

    def _played(self, trial: Trial) -> Move:
        condition, count, seated = (trial.values[name] for name in ("condition", "number", "seated"))
        span: Span = trial.values["span"]
        key, title = f"light {count}", "night_lighthouse.sit" if seated else "night_lighthouse.stand"
        panel = Panel("night_lighthouse", title, done=count, total=self.p.targets)
        ready = panel._replace(text=(*TOLD[condition], *self._how(condition, seated)), values=(str(self.p.count_by),))
        around = rounds.around(count / self.p.targets)
        yield from moves.show((ready, Steady(key), *around), READY_S)
        still = steadiness.steady(key, self.p.within_deg, self.p.hold_s, span)
        stood = moves.within(SETTLES_S + self.p.hold_s + self.p.limit_s, steadiness.surrounded(condition, still, span))
        outcome = yield from moves.alongside((ready, Sound(f"{key} begins", "appear"), *around), stood)
        reached = outcome == REACHED
        done = (Steady(key, fill=1.0, state="done"),) if reached else ()
        yield from moves.show((*rounds.answer(panel, key, reached), *done), DONE_S)
        return outcome

    def _how(self, condition: Condition, seated: bool) -> tuple[str, ...]:
        """How to stand, as far as there is room for it beside what comes."""
        feet = "night_lighthouse.foam" if self.p.surface == "foam" else FEET[self.p.stance]
        counts = ("night_lighthouse.count",) if self.p.count_by else ()
        return (() if seated or condition is not LIGHT else (feet,)) + counts


def _speeds(told: Sequence[Condition], done: Sequence[TrialRecord], of: Condition) -> tuple[float, ...]:
    """How fast the head swayed in the times under a condition that are done."""
    name = f"{of.name}_velocity_mmps"
    found = [record.measures.get(name) for was, record in zip(told, done, strict=False) if was is of]
    return tuple(each.value for each in found if each is not None and each.value is not None)


def _still(span: Span) -> Measured:
    lasted_s = span.ends_s - span.begins_s
    if lasted_s <= 0:
        return Measured(None, "%", None, "ended before anybody had settled")
    return Measured(round(min(100.0, 100 * span.held_s / lasted_s), 1), "%")


def _ratio(condition: Condition, now: Measured, before: Mapping[str, tuple[float, ...]]) -> Measured:
    """How many times as fast the head sways under a condition as in the light, by the means of a round so far."""
    light, times = before[LIGHT.name], before[condition.name]
    if now.value is None:
        return Measured(None, "", None, now.note)
    if not light or not sum(light):
        return Measured(None, "", None, STILL if light else ALONE)
    ratio = float(np.mean((*times, now.value)) / np.mean(light))
    note = f"mean of {len(times) + 1} over that of {len(light)}"
    advice = f"; {ADVISED} of each are advised" if min(len(times) + 1, len(light)) < ADVISED else ""
    return Measured(round(ratio, 2), "", None, note + advice)
