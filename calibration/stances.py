"""What tests of standing on narrow feet or one leg share: getting ready, standing until a foot comes down, and rest."""

from collections.abc import Mapping, Sequence

from engine import footing, moves, steadiness
from engine.clinical import best_of, counted
from engine.footing import ENDED_BY, NEVER, ONE_LEG, PAUSE, Held
from engine.metrics.definition import NotMeasurable
from engine.motion import Motion
from engine.records import Measured
from engine.scene import Footing, Panel, Sound
from engine.steadiness import DARK, LIGHT, Span, surrounded
from engine.task import NOT_YET, Finished, Measure, Move, Result, Trial

TEST = "test"
EYES = {"light": LIGHT, "dark": DARK}
READY_S, LIFTS_S, REST_S, GIVES_UP_S = 3.0, 1.5, 5.0, 15.0
HELD_ERROR_S = 0.5  # of a foot that only the head shows
NOT_DARK = "not done in the dark"
STRAPS = ("none", "left", "right")
MEASURES: Mapping[str, Measure] = {
    "held_s": Measure("Stood so for", "s", "Until a foot came down; the note says what showed it."),
}
VALIDITY = (
    "Seen by the head alone, a foot that is put down softly is not seen: whoever stands by presses the trigger then.",
    "A pause within a trial, or a foot that was not lifted: that trial does not count.",
)


def trial(feet: str, on: str, eyes: str, turn: int, most_s: float, strap: str = "none") -> Trial:
    """One try, of so long at most."""
    goal = Footing(f"{eyes} {on or 'feet'} {turn}", feet, on, device="" if strap == "none" else strap)
    values = {"kind": TEST, "goal": goal, "eyes": eyes, "most_s": most_s, "held": Held(), "span": Span()}
    return Trial(on, None, values)


def play(trial: Trial, title: str, how: str) -> Move:
    """Come to stand so at the rail, stay, and rest; `how` are the words for the stance."""
    return steadiness.clocked(trial.values["span"], _stood(trial, title, how))


def trial_s(trial: Trial, reached: bool) -> float:
    """Words, the stance and rest; who does not stay until the end does for half the time, about."""
    lifts_s = LIFTS_S if trial.values["goal"].feet == ONE_LEG else 0.0
    most_s: float = trial.values["most_s"]
    return READY_S + lifts_s + (most_s if reached else most_s / 2) + REST_S


def measure(trial: Trial, _: Motion) -> Result:
    """How long it was, and what ended it; raises NotMeasurable for a try that does not count."""
    held = trial.values["held"]
    if held.ended_by in ("", NEVER, PAUSE):
        raise NotMeasurable(ENDED_BY.get(held.ended_by, "ended while the feet stood so"))
    error = HELD_ERROR_S if held.ended_by == footing.HEAD else None
    return Result(None, {"held_s": Measured(round(held.seconds, 2), "s", error, ENDED_BY[held.ended_by])})


def of(finished: Sequence[Finished], eyes: str, on: str = "") -> list[Finished]:
    """The tries with eyes that see or not, on a leg."""
    return [one for one in counted(finished, TEST) if (one.trial.values["eyes"], one.trial.side) == (eyes, on)]


def best(finished: Sequence[Finished], eyes: str, on: str = "") -> Measured:
    """The longest of some tries."""
    return best_of(of(finished, eyes, on), "held_s", "s", 1)


def _stood(trial: Trial, title: str, how: str) -> Move:
    values, goal = trial.values, trial.values["goal"]
    held, span, eyes = values["held"], values["span"], values["eyes"]
    words = "stances.dark" if eyes == "dark" else "stances.light"
    panel = Panel("stance", title, (how, "stances.rail"))
    yield from moves.alongside((panel,), footing.get_ready(goal, READY_S, held))
    shown = (Panel("stance", title, (how, words)), Sound(f"{goal.key} begins", "appear"))
    outcome = NOT_YET
    if (
        goal.feet != ONE_LEG
        or (yield from moves.alongside(shown, footing.lifted(goal, GIVES_UP_S, LIFTS_S, held))) != NOT_YET
    ):
        span.begins_s = span.now_s
        outcome = yield from moves.alongside(shown, surrounded(EYES[eyes], footing.stay(goal, values["most_s"], held)))
        span.ends_s = span.now_s
    else:
        held.ended_by = NEVER
    rest = Panel("stance", title, ("stances.rest",))
    yield from moves.show((rest, Sound(f"{goal.key} ends", "reached")), REST_S)
    return outcome
