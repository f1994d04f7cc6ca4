"""What tests of standing on narrow feet or one leg share: getting ready, standing until a foot comes down, and rest."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from engine import footing, leg, moves, steadiness
from engine.clinical import RATE, SEEN, ClinicalTest, best_of, counted
from engine.footing import ENDED_BY, NEVER, ONE_LEG, PAUSE, Held
from engine.metrics.definition import NotMeasurable
from engine.motion import Motion
from engine.records import Measured
from engine.scene import Footing, Friend, Panel, Sound
from engine.steadiness import DARK, LIGHT, Span, surrounded
from engine.task import NOT_YET, Finished, Measure, Move, Result, Trial

TEST = "test"
EYES = {"light": LIGHT, "dark": DARK}
LONG: Mapping[str, str] = {"light": "stances.light", "dark": "stances.dark"}
READY_S: Mapping[str, float] = {"light": 3.0, "dark": 5.0}  # there is more to read before the dark
LIFTS_S, REST_S, GIVES_UP_S = 1.5, 5.0, 15.0
HELD_ERROR_S = 0.5  # of a foot that only the head shows
NOT_DARK = "not done in the dark"
MEASURES: Mapping[str, Measure] = {
    "held_s": Measure("Stood so for", "s", "Until a foot came down; the note says what showed it."),
}


class Stance(ClinicalTest):
    """Tries of so long at most (`most_s`), with light and in the dark; `words` say how to stand, by the side."""

    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("stand", "surround")
    postures = ("standing",)
    place = "meadow"
    equipment = (
        "A rail or wall within reach of both hands.",
        "Somebody close beside who could catch, also in the dark.",
    )
    validity = (
        "Seen by the head alone, a foot that is put down softly is not seen: whoever stands by presses the trigger "
        "then.",
        "A pause within a trial, or a foot that was not lifted: that trial does not count.",
        steadiness.AWAY,
        SEEN,
        RATE,
    )
    not_at_desk = "the body there stands on any foot for ever, and no foot of it comes down"
    measures = MEASURES
    most_s: ClassVar[float]
    said: ClassVar[str]
    words: ClassVar[Mapping[str, str]]

    @property
    def eyes(self) -> tuple[str, ...]:
        """With light, and in the dark where a therapist wants it."""
        return ("light", "dark") if self.p.dark else ("light",)

    def trial(self, feet: str, on: str, eyes: str, turn: int, strapped: str = leg.NONE) -> Trial:
        """One try."""
        worn = footing.lifted_side(on) if strapped == leg.EACH else ""
        goal = Footing(f"{eyes} {on or 'feet'} {turn}", feet, on, device=worn)
        return Trial(on, None, {"kind": TEST, "goal": goal, "eyes": eyes, "held": Held(), "span": Span()})

    def play(self, trial: Trial) -> Move:
        """Come to stand so at the rail, stay, and rest."""
        return steadiness.clocked(trial.values["span"], self._stood(trial))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """Words, the stance and rest; who does not stay until the end does for half the time, about."""
        lifts_s = LIFTS_S if trial.values["goal"].feet == ONE_LEG else 0.0
        return READY_S[trial.values["eyes"]] + lifts_s + (self.most_s if reached else self.most_s / 2) + REST_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """How long it was, and what ended it; raises NotMeasurable for a try that does not count."""
        held = trial.values["held"]
        if held.ended_by in ("", NEVER, PAUSE):
            raise NotMeasurable(ENDED_BY.get(held.ended_by, "ended while the feet stood so"))
        trial.values["span"].refuse_looks_away()
        error = HELD_ERROR_S if held.ended_by == footing.HEAD else None
        return Result(None, {"held_s": Measured(round(held.seconds, 2), "s", error, ENDED_BY[held.ended_by])})

    def in_the_dark(self, found: Measured) -> Measured:
        """A number of the tries in the dark, or that it was not done."""
        return found if self.p.dark else Measured(None, "s", None, NOT_DARK)

    def _stood(self, trial: Trial) -> Move:
        values, goal, how = trial.values, trial.values["goal"], self.words[trial.side]
        held, span, eyes = values["held"], values["span"], values["eyes"]
        long = LONG[eyes]
        panel = Panel("stance", self.said, (how, long, "stances.rail") if eyes == "dark" else (how, "stances.rail"))
        friend = Friend("friend")
        yield from moves.alongside((panel, friend), footing.get_ready(goal, READY_S[eyes], held))
        shown = (Panel("stance", self.said, (how, long)), Sound(f"{goal.key} begins", "appear"), friend)
        outcome = NOT_YET
        if (
            goal.feet != ONE_LEG
            or (yield from moves.alongside(shown, footing.lifted(goal, GIVES_UP_S, LIFTS_S, held))) != NOT_YET
        ):
            span.begins_s = span.now_s
            stays = footing.stay(goal, self.most_s, held)
            outcome = yield from moves.alongside(shown, surrounded(EYES[eyes], stays, span))
            span.ends_s = span.now_s
        else:
            held.ended_by = NEVER
        rest = Panel("stance", self.said, ("stances.rest",))
        yield from moves.show((rest, Sound(f"{goal.key} ends", "reached"), friend), REST_S)
        return outcome


def of(finished: Sequence[Finished], eyes: str, on: str = "") -> list[Finished]:
    """The tries with eyes that see or not, on a leg."""
    return [one for one in counted(finished, TEST) if (one.trial.values["eyes"], one.trial.side) == (eyes, on)]


def best(finished: Sequence[Finished], eyes: str, on: str = "") -> Measured:
    """The longest of some tries."""
    return best_of(of(finished, eyes, on), "held_s", "s", 1)
