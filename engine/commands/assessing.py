"""What a visit measures before its games: which assessments are due, and what of them."""

from collections.abc import Mapping, Sequence
from datetime import date

from calibration.due import BUT_THE_NECK, CHECK, FULL, NOTHING, due, neck_due
from calibration.forms import Form, form_of, gaze_form
from calibration.gazing import OpenGaze
from calibration.leaning import OpenLean
from calibration.reaching import OpenReach
from calibration.standing import Standing
from engine import looking
from engine.clinical import ClinicalTest
from engine.movements import GAZES, MOVEMENTS
from engine.patient import PatientRecord
from engine.presets import Resolved
from engine.records import Answer
from engine.task import Task

ASSESSMENTS: Mapping[str, type[Task]] = {
    "standing": Standing,
    "open_reach": OpenReach,
    "open_lean": OpenLean,
    "open_gaze": OpenGaze,
}
USUAL, AUTO = "usual", "auto"


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
    gazes, moved = _gazes(wished), {part for task in wished for part in task.moves_parts}
    story = str(holds.games["open_reach"]["story"])
    if measuring == USUAL:
        ways = {name: {"ways": form["ways"]} for name, form in gaze_form(FULL, holds.adaptation, gazes).items()}
        return {**{name: {} for name in ASSESSMENTS if name != "open_gaze"}, **ways}, ""
    neck, why = measuring, dict[str, None]()
    if measuring == AUTO:
        record = record or PatientRecord(patient="")
        day = (today or date.today()).isoformat()
        concerned = tuple(name for name in BUT_THE_NECK if MOVEMENTS[name].part in moved) or BUT_THE_NECK
        measuring, first = due(record, holds.adaptation, day, answers, movements=concerned, posture=posture)
        neck, then = neck_due(record, holds.adaptation, day, answers, gazes=gazes)
        why = dict.fromkeys((*first, *then))
    form = form_of(measuring, holds.adaptation, record.calibration if record else None, story)
    if why and measuring == CHECK and wished:
        form = {name: of for name, of in form.items() if name == "standing" or moved & {*ASSESSMENTS[name].moves_parts}}
    return {**form, **gaze_form(neck, holds.adaptation, gazes, story)}, "; ".join(why)


def _gazes(wished: Sequence[Task]) -> tuple[str, ...]:
    """The movements of the neck that games may ask for, as the preset has them."""
    asked = {movement for game in wished if isinstance(game, looking.TurnsHead) for movement in game.gazes}
    return tuple(movement for movement in GAZES if movement in asked)
