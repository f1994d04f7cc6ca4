"""What somebody asks for when they play, and the visit that comes of it: what is prescribed and known has its say."""

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from calibration import imported
from calibration.due import NOTHING
from engine import theme as themes
from engine import words
from engine.answers import AnswerUnusable, check_answer
from engine.commands import following, patients, visits
from engine.commands.answer import fail
from engine.commands.assessing import AUTO, USUAL
from engine.commands.doors import ANYBODY
from engine.commands.following import Prepared
from engine.headset import DESK, Headset
from engine.patient import PatientRecord
from engine.plan import FOR_THE_ADULT, START, AnyStep, Interlude, Plan
from engine.presets import Resolved
from engine.profile import Profile, profile_of
from engine.records import Answer
from engine.replay import ReplayHeadset
from engine.settings import Settings


@dataclass(frozen=True)
class Wish:
    """What is asked for: "", None or nothing where nothing is said.

    `whole` is whether all around the games is wished, too, `minutes` how long play may last, `settings` what was said
    of seeing and hearing. Of a recording that is `replayed` nothing is measured first, and nothing is around it.
    """

    games: Sequence[str] = ()
    assigned: Sequence[str] = ()
    preset: str = ""
    measuring: str = ""
    whole: bool | None = None
    posture: str = "standing"
    answers: Sequence[str] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    replayed: bool = False
    minutes: float | None = None


@dataclass(frozen=True)
class Visit:
    """A visit that is put together for somebody, before there is a headset; `preset` is the name of what holds."""

    wish: Wish
    ready: Prepared | None
    today: date
    steps: tuple[AnyStep, ...]
    holds: Resolved
    preset: str
    profile: Profile
    settings: Settings
    answers: tuple[Answer, ...]

    @property
    def record(self) -> PatientRecord | None:
        """What is known of the patient."""
        return self.ready.record if self.ready else None

    @property
    def kept(self) -> PatientRecord | None:
        """The record as the visit begins, to be brought up to date after it; None where nothing is kept of it."""
        known = None if self.wish.replayed else self.record
        return known and replace(known, settings=self.settings)


def known_of(patient: str, records: Path, sessions: Path, today: date, age_years: int | None = None) -> Prepared | None:
    """What is known of a patient and prescribed for them; None where nobody is named.

    An age that is said now is theirs. What is prescribed is kept in their record: its precautions hold whatever becomes
    of it.
    """
    if not patient:
        return None
    there, own = patients.path_of(patient, records).exists(), patients.load(patient, records)
    own = own if age_years is None else replace(own, age_years=age_years)
    ready = following.prepared(own, there, sessions, today)
    if not there and ready.used is None:
        print(f"{patient} is new in {records}: nothing is known, no precautions hold", file=sys.stderr)
    for note in ready.notes:
        print(note, file=sys.stderr)
    if ready.record != own:
        patients.save(ready.record, records, sessions)
    return ready


def completed(wish: Wish, ready: Prepared | None, today: date) -> Wish:
    """A wish with what was not said; without games those that are prescribed for a day, none where that is nothing.

    Where precautions may be missing it is calm breathing alone, or the command ends with a sentence.
    """
    if wish.replayed:
        wish = dataclasses.replace(wish, measuring=NOTHING, whole=False)
        if wish.games:
            return wish
    known = ready is not None
    whole = known if wish.whole is None else wish.whole
    wish = dataclasses.replace(wish, measuring=wish.measuring or (AUTO if known else USUAL), whole=whole)
    if ready is not None and ready.calm_only:
        if list(wish.games) != [visits.CALM]:
            fail(ready.calm_only)
        breathing = (f"{visits.CALM}.{name}={value}" for name, value in visits.CALM_END.items())
        return dataclasses.replace(wish, assigned=(*wish.assigned, *breathing), measuring=NOTHING, whole=False)
    if wish.games:
        return wish
    if ready is None or ready.prescription is None:
        fail("nothing is prescribed here: name the games to play (steadyreach games lists them)")
    games, minutes = following.today_of(ready, today)
    return dataclasses.replace(wish, games=games, minutes=minutes)


def visit_of(wish: Wish, ready: Prepared | None, today: date, age_years: int | None = None) -> Visit:
    """The visit of a wish that is complete; `age_years` is that of somebody of whom nothing is known.

    Raises what `engine.commands.visits.steps_for` does, AnswerUnusable, and engine.theme.ThemeError or
    engine.words.WordsError for a theme or a language that there is not.
    """
    record = ready.record if ready else None
    profile = profile_of(record.age_years if record else age_years)
    settings = _settings(record, profile, wish.settings)
    preset = wish.preset or _usual_preset(ready, profile)
    holds = visits.resolved(preset, wish.assigned, record)
    following.refuse_looser(ready, wish.preset, holds)
    answers = answers_from(wish.answers)
    steps: tuple[AnyStep, ...] = visits.steps_for(
        wish.games, holds, record=record, measuring=wish.measuring, posture=wish.posture, today=today, answers=answers
    )
    if wish.whole:
        stickers = len(record.stickers) if record and record.sessions else None  # None before the first visit
        steps = visits.around(steps, holds, profile, wish.posture, stickers)
    return Visit(wish, ready, today, steps, holds, preset, profile, settings, answers)


def plan_on(headset: Headset, visit: Visit, patient: str, seed: int, started_at: str) -> Plan:
    """The plan of a visit as it is lived through on a headset."""
    steps, known = visit.steps, None
    if isinstance(headset, ReplayHeadset):
        known = imported.measure(headset.rows, started_at)
        steps = steps[1:]  # nobody waits behind a recording to be welcomed
    else:
        steps = following.with_news(steps, visit.ready, visit.today)
    if headset.kind == DESK:
        steps = without_headset(steps)
    replayed, ready = visit.wish.replayed, visit.ready
    return visits.plan(
        patient or "patient", steps, visit.holds, seed, known, record=visit.record, keep_stance=replayed,
        posture=visit.wish.posture, answers=visit.answers, today=visit.today, profile=visit.profile,
        prescribed=None if replayed or ready is None else ready.used, play_minutes=visit.wish.minutes,
    )  # fmt: skip


def answers_from(texts: Sequence[str]) -> tuple[Answer, ...]:
    """Answers such as pain=3, given before play; raises AnswerUnusable."""
    answers = []
    for text in texts:
        kind, _, value = text.partition("=")
        try:
            answers.append(Answer(kind.strip(), float(value)))
        except ValueError:
            raise AnswerUnusable(f"--answer {text!r} must look like pain=3") from None
        check_answer(answers[-1])
    return tuple(answers)


def stature_of(record: PatientRecord | None) -> float:
    """How tall somebody is, in metres, as was measured of them; as tall as people are where nothing was."""
    known = record.calibration if record else None
    return known.stature_m.value if known else ANYBODY.stature_m


def without_headset(steps: Sequence[AnyStep]) -> tuple[AnyStep, ...]:
    """The same visit for who has no headset to put on, nor to be told about."""
    kept = (step for step in steps if not (isinstance(step, Interlude) and step.kind == FOR_THE_ADULT.kind))
    hello = START.panel._replace(text=("session.welcome_text", "session.confirm"))
    return tuple(
        dataclasses.replace(step, panel=hello) if isinstance(step, Interlude) and step.kind == START.kind else step
        for step in kept
    )


def _usual_preset(ready: Prepared | None, profile: Profile) -> str:
    """The preset of a patient for whom nobody says another: prescribed, theirs, or that of their age."""
    if ready is None:
        return profile.preset
    theirs = ready.prescription is not None or ready.record.sessions or ready.record.preset != "standard"
    return ready.record.preset if theirs else profile.preset


def _settings(record: PatientRecord | None, profile: Profile, said: Mapping[str, Any]) -> Settings:
    """How somebody wants to see and hear: as they did, as their age suggests at first, and as is said now."""
    before = record.settings if record and record.sessions else Settings(theme=profile.theme)
    now = replace(before, **{name: value for name, value in said.items() if value not in ("", None)})
    themes.load(now.theme)
    words.load(now.language)
    return now
