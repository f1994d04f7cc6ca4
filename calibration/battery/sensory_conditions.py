"""Quiet stance in the sensory conditions: firm and foam, in light, in the dark, and with a visual conflict."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from calibration.standing import stance_of
from engine import choosing, moves
from engine.clinical import RATE, ClinicalTest, counted, mean_of
from engine.envelope import Envelope
from engine.metrics.definition import NotMeasurable
from engine.metrics.head_sway import head_sway
from engine.motion import Motion
from engine.parameters import choice, number, switch
from engine.records import Measured, TrialRecord
from engine.scene import Panel
from engine.steadiness import AWAY, DARK, LIGHT, SETTLES_S, STUCK, Condition, Span, clocked, surrounded
from engine.task import Finished, Measure, Move, Result, Trial

SURFACES: Mapping[str, tuple[str, ...]] = {"firm and foam": ("firm", "foam"), "firm": ("firm",), "foam": ("foam",)}
CONDITIONS: Mapping[str, Condition] = {"light": LIGHT, "dark": DARK, "stuck": STUCK}
WORDS = {
    "light": "sensory_conditions.light",
    "dark": "sensory_conditions.dark",
    "stuck": "sensory_conditions.stuck",
}
NUMBERS: Mapping[str, int] = {
    "firm light": 1, "firm dark": 2, "firm stuck": 3, "foam light": 4, "foam dark": 5, "foam stuck": 6,
}  # fmt: skip
KEPT_AS = {
    "sway_mmps": "sway_velocity",
    "sway_area_mm2": "sway_area",
    "sway_sideways_mm": "sway_rms_ml",
    "sway_ahead_mm": "sway_rms_ap",
}
FOAM_S = 1.5  # to press the trigger, of who stands there already
NOT_DONE = "this condition was not stood in"
GETS_THERE_S, BREATHES_S, SPARE_S = 3.0, 2.0, 0.1


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    seconds: float = number(30.0, 20.0, 60.0, "s", "how long to stand quietly in each condition")
    repetitions: int = number(1, 1, 3, "", "times in each condition; a result is their mean")
    surfaces: str = choice("firm and foam", tuple(SURFACES), "what is stood on")
    conflict: bool = switch(True, "whether a world that goes with the head is shown, too")
    wait_s: float = number(60.0, 5.0, 180.0, "s", "how long to wait for a trigger press on the foam")


class Test(ClinicalTest):
    """The four conditions of the modified clinical test of sensory interaction, and the two with a visual conflict."""

    title = "Stance in the sensory conditions"
    trains = ("quiet standing", "use of the senses for balance")
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("stand", "surround")
    postures = ("standing",)
    version = 1
    place = "meadow"
    Parameters = Parameters
    equipment = (
        "A pad of dense foam, and a wall or rail within reach of both hands.",
        "Somebody close behind who could catch; no shoes that grip.",
    )
    protocol = (
        "Feet together as far as is safe and always alike, arms hanging; write down how they stand.",
        "Say: stand as still as you can and look ahead, until the words come back.",
        "Conditions: 1 firm, light; 2 firm, dark, as with closed eyes; 3 firm, a world that goes with the head; "
        "4 to 6 the same on foam. Help the person onto the foam, and press the trigger there.",
        "A step, or a grip on the rail, ends the trial: pause with the menu, and go on with the next.",
        "After a world that goes with the head the headset asks whether they are queasy or dizzy. At the first word of "
        "it, or where they do not say, nothing that goes with the head is shown any more.",
        "One time in each condition tells much from little; three are needed for a number to compare later ones with.",
    )
    validity = (
        "A trial that was not stood through, with a gap of more than 0.25 s, or under 98 % well seen: no result.",
        AWAY,
        "More than 5 % of the frames without the head: no result.",
        RATE,
    )
    not_at_desk = "the body there does not sway"
    measures: ClassVar[Mapping[str, Measure]] = {
        "condition": Measure("Condition", "", "Which of the six: 1 to 3 firm, 4 to 6 foam; light, dark, conflict."),
        "sway_mmps": Measure("Head sway, mean speed", "mm/s", "How fast the head goes to and fro.", "Prieto 1996"),
        "sway_area_mm2": Measure("Head sway, area", "mm²", "Ellipse that 95 % of the sway lies in.", "Schubert 2014"),
        "sway_sideways_mm": Measure("Head sway, sideways", "mm", "Root mean square to the sides."),
        "sway_ahead_mm": Measure("Head sway, ahead and back", "mm", "Root mean square ahead and back."),
    }
    results: ClassVar[Mapping[str, Measure]] = {
        **{
            f"sway_{surface}_{condition}_mmps": Measure(
                f"Condition {NUMBERS[f'{surface} {condition}']}: sway, {surface}, {said}",
                "mm/s",
                "Mean speed of the head.",
            )
            for surface in ("firm", "foam")
            for condition, said in (("light", "light"), ("dark", "dark"), ("stuck", "visual conflict"))
        },
        "sway_dark_ratio": Measure("Dark over light", "", "Speed of sway on firm ground: how much eyes are leant on."),
        "sway_foam_ratio": Measure("Foam over firm", "", "Speed of sway in the light: how much feet are leant on."),
        "sway_conflict_ratio": Measure(
            "Conflict over dark",
            "",
            "Speed of sway on firm ground: above 1, eyes that tell something wrong are believed.",
        ),
    }
    better: ClassVar[Mapping[str, int]] = {
        **dict.fromkeys((f"sway_{name.replace(' ', '_')}_mmps" for name in NUMBERS), -1),
        "sway_dark_ratio": 0,
    }
    not_compared = (
        "Norms are of force plates, and a head sways otherwise; scores of tests with a moving plate are not "
        "these. Head sway of one trial repeats poorly (ICC 0.29 to 0.64, Sylcott 2021): compare with the same "
        "person's own."
    )

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Each surface, and on it each condition in turn; none in conflict where that is forbidden, or was felt."""
        for surface in SURFACES[self.p.surfaces]:
            fresh = surface == "foam"
            for name, condition in CONDITIONS.items():
                for _ in range(self.p.repetitions):
                    if condition.held == "head" and (not self.p.conflict or envelope.refuses_conflict):
                        break
                    values = {
                        "kind": "test",
                        "name": f"{surface} {name}",
                        "surface": surface,
                        "condition": name,
                        "fresh": fresh,
                        "span": Span(),
                    }
                    yield Trial(values=values)
                    fresh = False

    def play(self, trial: Trial) -> Move:
        """Step onto the foam where it is new, hear what comes, and stand."""
        return clocked(trial.values["span"], self._stand(trial))

    def _stand(self, trial: Trial) -> Move:
        values, title = trial.values, "sensory_conditions.title"
        if values["fresh"]:
            panel = Panel("stand", title, ("sensory_conditions.foam", "session.confirm"), confirm=True)
            yield from choosing.confirm((panel,), self.p.wait_s)
        ready = Panel("stand", title, (WORDS[values["condition"]], "sensory_conditions.still"))
        yield from moves.alongside((ready,), moves.stand("stand here", GETS_THERE_S))
        quiet = moves.stand("stand here", SETTLES_S + self.p.seconds + SPARE_S)
        counted_ = _counted(quiet, values["span"], SETTLES_S)
        outcome = yield from surrounded(CONDITIONS[values["condition"]], counted_, values["span"])
        thanks = Panel("stand", title, ("stand.breathe",))
        yield from moves.alongside((thanks,), moves.stand("stand here", BREATHES_S))
        return outcome

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """Words, settling and standing, and what is asked after it."""
        seconds: float = self.p.seconds
        stands_s = GETS_THERE_S + SETTLES_S + seconds + BREATHES_S + CONDITIONS[trial.values["condition"]].asked_s
        return stands_s + (FOAM_S if trial.values["fresh"] else 0.0)

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Head sway of the stretch that counts; raises NotMeasurable where it is too short."""
        span: Span = trial.values["span"]
        span.refuse_looks_away()
        quiet = span.cut(motion)
        seconds = float(quiet.time_s[-1] - quiet.time_s[0]) if len(quiet.time_s) > 1 else 0.0
        if seconds < self.p.seconds - 0.5:
            raise NotMeasurable(f"stood for {seconds:.0f} of {self.p.seconds:.0f} s")
        found = head_sway(quiet, stance_of(quiet))
        number_ = NUMBERS[trial.values["name"]]
        sway = {name: found[kept] for name, kept in KEPT_AS.items()}
        return Result(None, {"condition": Measured(float(number_), ""), **sway})

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The mean speed in each condition, and what the conditions are to each other."""
        results: dict[str, Measured] = {}
        for name in NUMBERS:
            surface, condition = name.split()
            done = counted(finished, "test")
            mine = [one for one in done if one.trial.values["name"] == name]
            found = mean_of(mine, "sway_mmps", "mm/s", len(mine)) if mine else Measured(None, "mm/s", None, NOT_DONE)
            results[f"sway_{surface}_{condition}_mmps"] = found
        return results | {
            "sway_dark_ratio": _ratio(results, "firm_dark", "firm_light"),
            "sway_foam_ratio": _ratio(results, "foam_light", "firm_light"),
            "sway_conflict_ratio": _ratio(results, "firm_stuck", "firm_dark"),
        }


def _counted(move: Move, span: Span, settles_s: float) -> Move:
    """Play a move; what comes after a moment to settle counts."""
    own, gone_s = next(move), 0.0
    while True:
        body = yield own
        gone_s += body.dt_s
        if gone_s > settles_s:
            span.count()
        try:
            own = move.send(body)
        except StopIteration as end:
            return str(end.value)


def _ratio(results: Mapping[str, Measured], over: str, under: str) -> Measured:
    above, below = (results[f"sway_{name}_mmps"] for name in (over, under))
    if above.value is None or not below.value:
        return Measured(None, "", None, above.note if above.value is None else below.note)
    return Measured(round(above.value / below.value, 2), "")
