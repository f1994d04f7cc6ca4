"""What a person says of themselves, before play or by a button, and what follows from it at once."""

from collections.abc import Sequence
from typing import NamedTuple

from engine.adaptation import Adaptation
from engine.frame import Button
from engine.guard import Verdict
from engine.records import Answer

LESS, LESS_LEAN = 0.90, 0.75
DIZZY_HOLD, DIZZY_STOP = 3.5, 5.0  # of 10: 7 and 10 on the Fast Motion Sickness scale of 20 (Keshavarz & Hecht 2011)
PAINS, DIZZINESSES = 3, 2  # so many presses end a session
HURTS, IS_DIZZY = "the person said that it hurts", "the person said that they are dizzy"
DIZZY = "the person is dizzy, and says when to go on"
_BUTTONS = ((Button.STOP, "stop"), (Button.PAIN, "pain"), (Button.DIZZY, "dizziness"), (Button.TIRED, "fatigue"))
HARMS = ("expected_harm", "felt_harm")  # what a person thinks of a movement changes nothing that is planned
_ANY = int(Button.STOP | Button.PAIN | Button.DIZZY | Button.TIRED)  # a number, because every frame asks


class AnswerUnusable(ValueError):
    """An answer that says nothing; the message names it and what it may be."""


def check_answer(answer: Answer) -> None:
    """Raise AnswerUnusable for an answer of a kind that there is not, or that is no number from 0 to 10."""
    kinds = [*(kind for _, kind in _BUTTONS), *HARMS]
    if answer.kind not in kinds:
        raise AnswerUnusable(f"there is no answer {answer.kind!r}; the answers are {', '.join(kinds)}")
    if not 0 <= answer.value <= 10:
        raise AnswerUnusable(f"{answer.kind} = {answer.value} must be from 0 to 10")


class Easing(NamedTuple):
    """Movements whose name begins with one of `of` are asked for `share` of what they were."""

    share: float
    why: str
    of: tuple[str, ...] = ("",)


class Answers:
    """Everything that was said in one session, in order, and what follows from it.

    `ends` says why the session ends, "" while it does not; `rest_asked` is set until somebody rests. Once play is
    `over`, how somebody feels ends nothing any more: `unwell` says then what it would have ended for.
    """

    def __init__(self, adaptation: Adaptation) -> None:
        self.told: list[Answer] = []
        self.ends = self.unwell = ""
        self.rest_asked = self.over = False
        self._adaptation = adaptation
        self._held = 0
        self._dizzy = self._let_go = False

    def pressed(self, buttons: int, at_s: float) -> Sequence[Answer]:
        """The answers that begin in a frame: a button that is held is one."""
        began, self._held = buttons & ~self._held & _ANY, buttons & _ANY
        if not began:
            return ()
        values = {
            "stop": 1.0,
            "pain": float(self._adaptation.pain_hold_nrs),
            "dizziness": DIZZY_HOLD,
            "fatigue": float(self._adaptation.fatigue_rest_omni),
        }
        return [Answer(kind, values[kind], round(at_s, 6)) for button, kind in _BUTTONS if began & button]

    def take(self, answer: Answer) -> Easing | None:
        """Keep an answer; returns what has to be eased.

        One that is no number from 0 to 10 is taken as the worst, and one of no known kind as a stop.
        """
        self.told.append(answer)
        value, before = (answer.value if 0 <= answer.value <= 10 else 10.0), answer.at_s is None
        if answer.kind == "fatigue":
            tired = value >= self._adaptation.fatigue_rest_omni
            self.rest_asked = self.rest_asked or tired
            return Easing(LESS, "because the person was tired") if tired else None
        if answer.kind == "pain":
            hold, stop = self._adaptation.pain_hold_nrs, self._adaptation.pain_stop_nrs
            self._end_from(HURTS, value, stop, before, self._often("pain", hold) >= PAINS)
            return Easing(LESS, "because it hurt") if value >= hold else None
        if answer.kind == "dizziness":
            self._end_from(IS_DIZZY, value, DIZZY_STOP, before, self._often("dizziness", DIZZY_HOLD) >= DIZZINESSES)
            self._dizzy, self._let_go = self._dizzy or (value >= DIZZY_HOLD and not before), False
            return Easing(LESS_LEAN, "because the person was dizzy", ("lean", "neck")) if value >= DIZZY_HOLD else None
        if answer.kind not in HARMS:
            self.ends = self.ends or ("the person said stop" if value else "")
        return None

    def judge(self, verdict: Verdict, confirm: bool) -> Verdict:
        """What the guard says of a frame, and what the person said: who is dizzy presses the trigger to go on."""
        if self.ends and verdict.act != "stop":
            return Verdict("stop", self.ends)
        if verdict.act != "go" or not self._dizzy:
            return verdict
        self._dizzy = not (confirm and self._let_go)
        self._let_go = self._let_go or not confirm
        return Verdict("pause", DIZZY) if self._dizzy else verdict

    def _end_from(self, what: str, value: float, stop: float, before: bool, often: bool) -> None:
        if value >= stop or often:
            told = f": {value:g} of 10 before it began, and from {stop:g} on nothing is played" if before else ""
            self.unwell = self.unwell or what + told
            self.ends = self.ends or ("" if self.over else self.unwell)

    def _often(self, kind: str, least: float) -> int:
        """How often in the session something was said that matters."""
        return sum(answer.kind == kind and answer.at_s is not None and answer.value >= least for answer in self.told)
