"""What a visit measures before its games: which assessments are due, and what of them."""

from collections.abc import Mapping, Sequence
from datetime import date

from calibration.crossing import OpenCross
from calibration.due import CHECK, FULL, NOTHING, due, unusual_due
from calibration.due import USUAL as USUAL_MOVEMENTS
from calibration.forms import Form, cross_form, form_of, gaze_form, lift_form
from calibration.gazing import OpenGaze
from calibration.leaning import OpenLean
from calibration.lifting import OpenLift
from calibration.reaching import OpenReach
from calibration.standing import Standing
from calibration.story import PLAIN
from engine import leg
from engine.adaptation import Adaptation
from engine.clinical import ClinicalTest
from engine.movements import CROSSES, GAZES, LIFTS, MOVEMENTS, UNUSUAL
from engine.patient import PatientRecord
from engine.presets import Resolved
from engine.records import Answer
from engine.task import Task

ASSESSMENTS: Mapping[str, type[Task]] = {
    "standing": Standing,
    "open_reach": OpenReach,
    "open_lean": OpenLean,
    "open_gaze": OpenGaze,
    "open_lift": OpenLift,
    "open_cross": OpenCross,
}
OF_FEW = ("open_gaze", "open_lift", "open_cross")
"""What is measured only of who will be asked for it."""
USUAL, AUTO = "usual", "auto"
NAMED = {"ways", "exercise", "sides", "strapped"}
"""What of the form of a few says which movements are measured, and not how often."""


def form_for(
    measuring: str,
    holds: Resolved,
    record: PatientRecord | None,
    posture: str,
    today: date | None,
    answers: Sequence[Answer],
    wished: Sequence[Task],
) -> tuple[Form, str]:
    """The assessments of a visit of these tasks, with what each changes of its parameters; and why they are due.

    Clinical tests by themselves need nothing but how somebody stands.
    """
    if wished and all(isinstance(task, ClinicalTest) for task in wished):
        return ({} if measuring == NOTHING else {"standing": {}}), ""
    story = str(holds.games["open_reach"]["story"])
    limits, moved = _limits(wished), {part for task in wished for part in task.moves_parts}
    strapped = next((str(task.p.strapped) for task in wished if hasattr(task.p, "strapped")), leg.EACH)
    if measuring == USUAL:
        few = _of_few(dict.fromkeys(OF_FEW, FULL), holds.adaptation, limits, strapped)
        chosen = {name: {key: form[key] for key in form.keys() & NAMED} for name, form in few.items()}
        return {**{name: {} for name in ASSESSMENTS if name not in OF_FEW}, **chosen}, ""
    few_forms, why = dict.fromkeys(OF_FEW, measuring), dict[str, None]()
    if measuring == AUTO:
        record = record or PatientRecord(patient="")
        day = (today or date.today()).isoformat()
        concerned = tuple(name for name in USUAL_MOVEMENTS if MOVEMENTS[name].part in moved) or USUAL_MOVEMENTS
        measuring, first = due(record, holds.adaptation, day, answers, movements=concerned, posture=posture)
        why = dict.fromkeys(first)
        for name, of in zip(OF_FEW, (GAZES, LIFTS, CROSSES), strict=True):
            asked = tuple(movement for movement in of if movement in limits)
            few_forms[name], then = unusual_due(record, holds.adaptation, day, answers, movements=asked)
            why |= dict.fromkeys(then)
    form = form_of(measuring, holds.adaptation, record.calibration if record else None, story)
    if why and measuring == CHECK and wished:
        form = {name: of for name, of in form.items() if name == "standing" or moved & {*ASSESSMENTS[name].moves_parts}}
    return {**form, **_of_few(few_forms, holds.adaptation, limits, strapped, story)}, "; ".join(why)


def _of_few(
    forms: Mapping[str, str], adaptation: Adaptation, limits: Sequence[str], strapped: str, story: str = PLAIN
) -> Form:
    """The assessments of a neck, of legs and across the body in their forms, for the limits that games ask for."""
    gazes, lifts, crosses = ([name for name in limits if name in of] for of in (GAZES, LIFTS, CROSSES))
    return {
        **gaze_form(forms["open_gaze"], adaptation, gazes, story),
        **lift_form(forms["open_lift"], adaptation, lifts, strapped),
        **cross_form(forms["open_cross"], adaptation, crosses),
    }


def _limits(wished: Sequence[Task]) -> tuple[str, ...]:
    """The movements of UNUSUAL that games may ask for, as the preset has them."""
    asked = {movement for game in wished for movement in game.limits}
    return tuple(movement for movement in UNUSUAL if movement in asked)
