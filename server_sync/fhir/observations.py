"""What was measured at a visit and what the person said, as Observations: one for each number.

An error is a component: the ends of a limit's 95 % interval, or the half width of that of one value. Of several trials
the middle one is the value, the lowest, the highest and their number are components. A number that is missing has a
reason instead of a value.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

import msgspec

from engine.plan import ASSESS
from engine.records import Answer, BlockRecord, Calibration, Limit, Measured, Session, TrialRecord
from engine.task import tried
from server_sync.clinic.known_tasks import side_of_results
from server_sync.fhir import codes
from server_sync.fhir.datatypes import Annotation, CodeableConcept, Period, Reference, moment
from server_sync.fhir.naming import Naming, identifier, refer
from server_sync.fhir.resources import Component, Observation

PLAYED = ("warm up", "play", "calm")
DONE = (*PLAYED, ASSESS)
RATED = ("pain", "fatigue", "dizziness", "expected_harm", "felt_harm")
"""What a person is asked on a scale from 0 to 10."""
_ASKED: Mapping[str, str] = {
    "number": "a number from 0 to 10",
    "words": "one of six steps in words, each worth its number from 0 to 10",
    "faces": "one of six faces, each worth its number from 0 to 10",
    "pressed": "a button or the menu, which counts as this number",
}


class Visit(NamedTuple):
    """A session, and what all observations of it share."""

    naming: Naming
    session: Session
    patient_id: str
    device: Reference
    part_of: Reference
    encounter: Reference | None = None
    recording: Reference | None = None

    def id(self, kind: str, *parts: str | int) -> str:
        """The id of a resource of this visit."""
        return self.naming.id(kind, self.patient_id, *parts, session=self.session.id)

    @property
    def subject(self) -> Reference:
        """Whose visit it was."""
        return refer("Patient", self.naming.patient(self.patient_id))

    def at(self, at_s: float | None) -> str:
        """A moment of the visit; its beginning where nobody says when."""
        return moment(self.session.started_at, at_s or 0.0)

    def lasting(self, part: Session | BlockRecord) -> Period:
        """From when until when the visit lasted, or a block of it."""
        begin_s, end_s = (part.start_s, part.end_s) if isinstance(part, BlockRecord) else (0.0, part.seconds)
        return Period(start=self.at(begin_s), end=self.at(end_s))

    def observation(self, key: tuple[str | int, ...], category: str, code: CodeableConcept, **more: Any) -> Observation:
        """An observation of this visit; `category` is one of the table's, `as_exam` or another."""
        own_id = self.id("observation", *key)
        return Observation(
            id=own_id,
            identifier=(identifier(own_id),),
            category=(CodeableConcept(coding=(codes.other(category),)),),
            code=code,
            subject=self.subject,
            encounter=self.encounter,
            part_of=(self.part_of,),
            **more,
        )

    def of_motion(self, key: tuple[str | int, ...], category: str, code: CodeableConcept, **more: Any) -> Observation:
        """An observation that the headset's poses gave."""
        sources = (self.recording,) if self.recording else ()
        return self.observation(key, category, code, device=self.device, derived_from=sources, **more)


def of_calibration(visit: Visit) -> Iterator[Observation]:
    """What was measured anew of the person at this visit, and a group of it; nothing where nothing was."""
    found, known = visit.session.calibration, visit.session.known
    if found is None:
        return
    new = [*_limits(visit, found, known), *_sway(visit, found, known)]
    if new:
        yield from new
        group = codes.concept("parts.measured")
        members, at = tuple(refer("Observation", str(one.id)) for one in new), moment(found.measured_at)
        yield visit.of_motion(("measured",), "as_exam", group, effective_date_time=at, has_member=members)


def of_blocks(visit: Visit) -> Iterator[Observation]:
    """The games and tests that were done: their numbers, a group for each, and how long all games took."""
    seconds = 0.0
    for number, block in enumerate(visit.session.blocks):
        if block.kind in DONE and block.trials:
            seconds += block.end_s - block.start_s if block.kind in PLAYED else 0.0
            yield from _block(visit, number, block)
    if seconds:
        path, minutes = "parts.minutes", round(seconds / 60, 2)
        yield visit.observation(
            ("minutes",), "as_activity", codes.concept(path), device=visit.device,
            effective_period=visit.lasting(visit.session), value_quantity=codes.quantity(minutes, "min", path),
        )  # fmt: skip


def of_answers(visit: Visit, response: Reference) -> Iterator[Observation]:
    """What the person said on a scale; `response` is the QuestionnaireResponse that has all of it."""
    for number, answer in enumerate(visit.session.told):
        if answer.kind in RATED:
            path, asked = f"answers.{answer.kind}", how_asked(visit.session, answer)
            # What is no number that somebody said is no such rating as others have a code for.
            code = codes.concept(path) if asked == "number" else codes.only_ours(path)
            how = CodeableConcept(text=_ASKED[asked])
            yield visit.observation(
                ("told", number), "as_survey", code, method=how, derived_from=(response,),
                effective_date_time=visit.at(answer.at_s), value_quantity=codes.quantity(answer.value, "", path),
            )  # fmt: skip


def how_asked(session: Session, answer: Answer) -> str:
    """How somebody came to say something: as a `number`, in `words`, by `faces`, or by what they `pressed`."""
    if answer.at_s is None:
        return "number"
    for block in session.blocks:
        if block.kind == "question" and block.task == answer.kind and block.start_s <= answer.at_s <= block.end_s:
            return "faces" if block.parameters.get("scale") == "faces" else "words"
    return "pressed"


def _limits(visit: Visit, found: Calibration, known: Calibration | None) -> Iterator[Observation]:
    lengths = {"lengths.stature_m": found.stature_m, "lengths.seated_m": found.seated_m}
    lengths |= {f"lengths.arm_{side}_m": length for side, length in found.arm_m.items()}
    before: dict[str, Limit | None] = {}
    if known is not None:
        before = {"lengths.stature_m": known.stature_m, "lengths.seated_m": known.seated_m}
        before |= {f"lengths.arm_{side}_m": length for side, length in known.arm_m.items()}
        before |= {f"movements.{name}": limit for name, limit in known.limits.items()}
    for path, limit in [*lengths.items(), *((f"movements.{name}", one) for name, one in found.limits.items())]:
        # A limit that only agreed with new efforts is the old one.
        if limit is not None and limit.n and _as_measured(limit) != _as_measured(before.get(path)):
            yield _limit(visit, path, limit, limit.measured_at or found.measured_at)


def _as_measured(limit: Limit | None) -> Limit | None:
    return limit and msgspec.structs.replace(limit, checked_at="")


def _limit(visit: Visit, path: str, limit: Limit, measured_at: str) -> Observation:
    ends = {"low_95": limit.low, "high_95": None if limit.at_least else limit.high, "furthest": limit.best}
    parts = [_part(name, value, limit.unit) for name, value in ends.items() if value is not None]
    effort = codes.effort(path.rpartition(".")[2])
    efforts = limit.efforts if effort and len(limit.efforts) > 1 else ()
    parts += [
        Component(code=codes.concept(effort), value_quantity=codes.quantity(one, limit.unit, effort)) for one in efforts
    ]
    found = _value(path, limit.value, limit.unit, [limit.note])
    if limit.at_least and "value_quantity" in found:
        found["value_quantity"] = msgspec.structs.replace(found["value_quantity"], comparator=">=")
    notes = [limit.note, limit.posture and f"posture: {limit.posture}", *limit.doubts]
    return visit.of_motion(
        (path,), "as_exam", codes.concept(path), body_site=codes.site(path),
        **found,
        status="preliminary" if limit.doubts else "final", effective_date_time=moment(measured_at),
        method=CodeableConcept(text=f"{limit.method}, from {limit.n}"), component=tuple(parts), note=_notes(notes),
    )  # fmt: skip


def _sway(visit: Visit, found: Calibration, known: Calibration | None) -> Iterator[Observation]:
    if known is not None and known.sway == found.sway:
        return
    for name, number in found.sway.items():
        path = f"sway.{name}"
        yield visit.of_motion(
            (path,), "as_exam", codes.concept(path), **_value(path, number.value, number.unit, [number.note]),
            effective_date_time=moment(found.measured_at), component=_error([number]), note=_notes([number.note]),
        )  # fmt: skip


def _block(visit: Visit, number: int, block: BlockRecord) -> Iterator[Observation]:
    members = list(_spreads(visit, number, block))
    yield from members
    counted = tried(block.trials)
    counts = {"asked": len(counted), "reached": sum(trial.outcome == "reached" for trial in counted)} if counted else {}
    tested = block.kind == ASSESS
    game = codes.concept(f"{'tests' if tested else 'games'}.{block.task}")
    yield visit.of_motion(
        ("block", number), _category(block), codes.concept("parts.tested" if tested else "parts.played"),
        effective_period=visit.lasting(block),
        value_codeable_concept=game if game.coding else CodeableConcept(text=block.title),
        component=tuple(_part(name, count, "") for name, count in counts.items()),
        note=_notes([f"version {block.version} of the {'test' if tested else 'game'}", block.change, *block.notes]),
        has_member=tuple(refer("Observation", str(one.id)) for one in members),
    )  # fmt: skip


def _spreads(visit: Visit, number: int, block: BlockRecord) -> Iterator[Observation]:
    """Each measure of a block, apart for each movement and side: one of another movement is another number.

    Of a clinical test, whose trials are partly for practice, its results alone.
    """
    apart: dict[tuple[str, str], list[TrialRecord]] = {}
    for trial in () if block.kind == ASSESS else block.trials:
        apart.setdefault((trial.request.movement if trial.request else "", trial.side), []).append(trial)
    for (movement, side), trials in apart.items():
        for name in dict.fromkeys(name for trial in trials for name in trial.measures):
            found = [trial.measures[name] for trial in trials if name in trial.measures]
            yield _spread(visit, (number, movement, side, name), block, found, side)
    for name, one in block.measures.items():
        yield _spread(visit, (number, "", "", name), block, [one], side_of_results(block))


def _spread(
    visit: Visit, key: tuple[int, str, str, str], block: BlockRecord, found: Sequence[Measured], side: str
) -> Observation:
    """One measure, of a side; the `key` of a result names none, so that it has one id whichever arm it is of."""
    _, movement, _, name = key
    path = f"measures.{block.task}.{name}"
    values = [one.value for one in found if one.value is not None and math.isfinite(one.value)]
    whys = [one.note for one in found]
    parts: list[Component] = []
    if movement:
        parts.append(
            Component(
                code=codes.concept("parts.movement"), value_codeable_concept=codes.only_ours(f"movements.{movement}")
            )
        )
    if len(found) > 1 and values:
        parts += [_part("lowest", min(values), found[0].unit), _part("highest", max(values), found[0].unit)]
        parts.append(_part("number", len(values), ""))
    middle = CodeableConcept(text=f"middle of {len(values)} of {len(found)} trials") if len(found) > 1 else None
    return visit.of_motion(
        ("block", *key), _category(block), codes.concept(path),
        **_value(path, median(values) if values else None, found[0].unit, whys),
        effective_period=visit.lasting(block), body_site=codes.site(path, side), method=middle,
        component=(*parts, *_error(found)), note=_notes([f"{side} side" if side else "", *whys]),
    )  # fmt: skip


def _category(block: BlockRecord) -> str:
    return "as_exam" if block.kind == ASSESS else "as_activity"


def _value(path: str, value: float | None, unit: str, whys: Sequence[str]) -> dict[str, Any]:
    """A number, or why there is none."""
    if value is not None and math.isfinite(value):
        return {"value_quantity": codes.quantity(value, unit, path)}
    said = [why for why in whys if why]
    return {"data_absent_reason": CodeableConcept(coding=(codes.why_absent(said),), text=next(iter(said), ""))}


def _part(name: str, value: float, unit: str) -> Component:
    path = f"parts.{name}"
    return Component(code=codes.concept(path), value_quantity=codes.quantity(value, unit, path))


def _error(found: Sequence[Measured]) -> tuple[Component, ...]:
    """The error of one value, the largest where there are several."""
    errors = [one.error for one in found if one.error is not None and math.isfinite(one.error)]
    return (_part("error_95", max(errors), found[0].unit),) if errors else ()


def _notes(texts: Sequence[str]) -> tuple[Annotation, ...]:
    return tuple(Annotation(text=text) for text in dict.fromkeys(texts) if text)
