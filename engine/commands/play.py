"""Playing and measuring: a visit of a patient, from the command line to the folder it is kept in."""

import dataclasses
import signal
import sys
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from msgspec.structs import replace

from calibration import imported
from calibration.due import NOTHING
from engine import replay, words
from engine import theme as themes
from engine.answers import AnswerUnusable, check_answer
from engine.commands import following, outgoing, patients, visits
from engine.commands.answer import fail, tell
from engine.commands.doors import ANYBODY, AtDesk, open_headset, open_sound
from engine.commands.following import Prepared
from engine.commands.recovery import recover
from engine.headset import Choice, Watched
from engine.openxr.options import options
from engine.patient import PatientRecord
from engine.plan import FOR_THE_ADULT, POSTURES, START, About, AnyStep, Interlude
from engine.presets import Resolved
from engine.profile import Profile, profile_of
from engine.records import Answer, Calibration, Session
from engine.session import UNWRITTEN
from engine.settings import Settings
from engine.task import NotMeasured

app = typer.Typer()
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
Sessions = Annotated[Path, typer.Option("--folder", help="where session folders are kept")]
Preset = Annotated[str, typer.Option(help="a preset's name, or a path to a .toml; else the patient's, or standard")]
Records = Annotated[Path, typer.Option(help="where the records of patients are kept")]
Set = Annotated[list[str] | None, typer.Option("--set", help="fruit_ladder.targets=5, adaptation.speed=slow, ...")]
Seed = Annotated[int, typer.Option(help="fixes every choice of the games and of the simulated patient")]
Kind = Annotated[str, typer.Option("--headset", help="auto, openxr, desk, simulated or replay:FILE")]
Posture = Annotated[str, typer.Option(help=", ".join(POSTURES))]
Mirror = Annotated[bool, typer.Option("--mirror", help="show in a window what the person with the headset sees")]
Stature = Annotated[float | None, typer.Option(min=0.5, max=2.5, help="the person's height in metres, where known")]
Board = Annotated[str, typer.Option(help="at a desk: part of the name of the balance board to stand on")]
Xr = Annotated[list[str] | None, typer.Option("--xr", help="NAME=VALUE for the headset, such as scale=0.8")]


def about(id: str = "") -> About:
    """A new session's name and the present time."""
    return About(id or str(uuid.uuid4()), datetime.now().astimezone().isoformat(timespec="seconds"), visits.SOFTWARE)


class Wish(NamedTuple):
    """What to play: which games, with which values, what to measure, all around them or not, and for how long."""

    games: Sequence[str]
    assigned: Sequence[str]
    measuring: str
    whole: bool
    minutes: float | None = None


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


def wish_of(wish: Wish, ready: Prepared | None, today: date) -> Wish:
    """What comes of a wish; without games those that are prescribed for a day, none where that is nothing.

    Where precautions may be missing it is calm breathing alone, or the command ends with a sentence.
    """
    if ready is not None and ready.calm_only:
        if list(wish.games) != [visits.CALM]:
            fail(ready.calm_only)
        breathing = (f"{visits.CALM}.{name}={value}" for name, value in visits.CALM_END.items())
        return wish._replace(assigned=(*wish.assigned, *breathing), measuring=NOTHING, whole=False)
    if wish.games:
        return wish
    if ready is None or ready.prescription is None:
        fail("nothing is prescribed here: name the games to play (steadyreach games lists them)")
    games, minutes = following.today_of(ready, today)
    return wish._replace(games=games, minutes=minutes)


def steps_of(
    wish: Wish,
    holds: Resolved,
    record: PatientRecord | None,
    profile: Profile,
    posture: str,
    today: date,
    told: Sequence[Answer],
) -> tuple[AnyStep, ...]:
    """The steps of a visit, with all around the games where it is wished."""
    steps = visits.steps_for(
        wish.games, holds, record=record, measuring=wish.measuring, posture=posture, today=today, answers=told
    )
    return visits.around(steps, holds, profile, posture, stickers_of(record)) if wish.whole else steps


def usual_preset(ready: Prepared | None, profile: Profile) -> str:
    """The preset of a patient for whom nobody says another: prescribed, theirs, or that of their age."""
    if ready is None:
        return profile.preset
    theirs = ready.prescription is not None or ready.record.sessions or ready.record.preset != "standard"
    return ready.record.preset if theirs else profile.preset


def wanted(record: PatientRecord | None, profile: Profile, said: Mapping[str, Any]) -> Settings:
    """How somebody wants to see and hear: as they did, as their age suggests at first, and as is said now.

    Raises engine.theme.ThemeError and engine.words.WordsError for a theme or a language that there is not.
    """
    before = record.settings if record and record.sessions else Settings(theme=profile.theme)
    now = replace(before, **{name: value for name, value in said.items() if value not in ("", None)})
    themes.load(now.theme)
    words.load(now.language)
    return now


@app.command()
def play(
    chosen: Annotated[
        list[str] | None, typer.Argument(metavar="GAME...", help="games, in order; else those prescribed for today")
    ] = None,
    headset: Kind = "auto",
    folder: Sessions = visits.HOME / "sessions",
    preset: Preset = "",
    set_: Set = None,
    seed: Seed = 0,
    patient: Annotated[str, typer.Option(help="the patient's pseudonym; what is known of them is kept")] = "",
    records: Records = patients.FOLDER,
    measure: Annotated[str, typer.Option(help="auto, full, check, usual or nothing: what to measure first")] = "",
    answer: Annotated[list[str] | None, typer.Option(help="pain=3, fatigue=2, dizziness=0: said before play")] = None,
    posture: Posture = POSTURES[0],
    mirror: Mirror = False,
    xr: Xr = None,
    stature: Stature = None,
    board: Board = "",
    whole: Annotated[
        bool | None, typer.Option("--whole/--brief", help="with all around the games, as with --patient, or without")
    ] = None,
    age: Annotated[int | None, typer.Option(min=1, max=120, help="years; leads the visit, and is kept")] = None,
    theme: Annotated[str, typer.Option(help=f"the world: {', '.join(themes.names())}")] = "",
    language: Annotated[str, typer.Option(help=f"{', '.join(words.languages())}")] = "",
    text_size: Annotated[float | None, typer.Option(min=1.0, max=1.6, help="of all letters")] = None,
    voice: Annotated[bool | None, typer.Option("--voice/--no-voice", help="whether words are said, too")] = None,
    captions: Annotated[
        bool | None, typer.Option("--captions/--no-captions", help="whether sounds are written, too")
    ] = None,
    mono: Annotated[bool | None, typer.Option("--mono/--stereo", help="the same sound in both ears")] = None,
    as_json: Json = False,
) -> None:
    """Play games on a headset, a window, a simulated patient or a recording, and keep the session."""
    _make_ready(folder)
    replayed, now = headset.startswith("replay:"), about()
    today = date.fromisoformat(now.started_at[:10])
    ready = known_of(patient, records, folder, today, age)
    record = ready.record if ready else None
    measuring = NOTHING if replayed else measure or (visits.AUTO if record else visits.USUAL)
    wish = Wish(chosen or (), set_ or (), measuring, (record is not None if whole is None else whole) and not replayed)
    wish = wish if replayed and wish.games else wish_of(wish, ready, today)
    if ready is not None and not wish.games:
        tell({"patient": patient, "games": [], "says": (says := following.free(ready, today))}, as_json, says)
        return
    profile = following.shortened(profile_of(record.age_years if record else age), wish.minutes)
    chosen_settings = {"theme": theme, "language": language, "text_scale": text_size, "voice": voice,
                       "captions": captions, "mono": mono}  # fmt: skip
    settings = wanted(record, profile, chosen_settings)
    usual = usual_preset(ready, profile)
    holds = visits.resolved(preset or usual, wish.assigned, record)
    following.refuse_looser(ready, preset, holds)
    told = answers_from(answer or ())
    steps = steps_of(wish, holds, record, profile, posture, today, told)
    ends_as_by_ctrl_c()
    desk = AtDesk(stature or stature_of(record), posture == "seated", board)
    started, known = open_headset(headset, seed, options(posture, mirror, xr or ()), settings, desk), None
    if isinstance(started.headset, replay.ReplayHeadset):
        known = imported.measure(started.headset.rows, now.started_at)
        steps = steps[1:]  # nobody waits behind a recording to be welcomed
    else:
        steps = following.with_news(steps, ready)
    if started.headset.kind == "desk":
        steps = without_headset(steps)
    _tell_what_started(started)
    kept = replace(record, settings=settings) if record is not None and not replayed else None
    plan = visits.plan(
        patient or "patient", steps, holds, seed, known, record=record, keep_stance=replayed, posture=posture,
        answers=told, today=today, profile=profile, prescribed=None if replayed or ready is None else ready.used,
    )  # fmt: skip
    plan = plan if replayed else dataclasses.replace(plan, delivery=outgoing.lobby_line(folder))
    with ExitStack() as closing:
        heard = open_sound(closing, settings) if started.headset.kind in ("desk", "openxr") else ()
        done, where = visits.play(
            plan, Watched(started.headset, *heard), folder, now,
            patients.afterwards(kept, records, preset or usual, wish.assigned),
            lambda done: kept and patients.save(
                following.noted(patients.after(kept, holds, plan, done), ready, done), records, folder
            ),
        )  # fmt: skip
    if not replayed:
        outgoing.send(folder)
    _tell_what_came(done, where, as_json)


@app.command()
def calibrate(
    headset: Kind = "auto",
    recording: Annotated[Path | None, typer.Option(help="measure from a recording instead (.vrec or .bsor)")] = None,
    stature: Stature = None,
    form: Annotated[str, typer.Option(help="usual, check (three minutes) or full (ten)")] = visits.USUAL,
    preset: Preset = "",
    folder: Sessions = visits.HOME / "sessions",
    seed: Seed = 0,
    posture: Posture = POSTURES[0],
    mirror: Mirror = False,
    xr: Xr = None,
    board: Board = "",
    as_json: Json = False,
) -> None:
    """Measure standing, reach and lean, or what a recording shows of them."""
    if recording is not None:
        rows, note = replay.read_rows(recording)
        found: Calibration | None = imported.measure(rows, _now(), stature)
        print(note, file=sys.stderr) if note else None
    else:
        holds = visits.resolved(preset or "standard")
        steps = visits.steps_for([], holds, measuring=form, posture=posture)
        ends_as_by_ctrl_c()
        desk = AtDesk(stature or ANYBODY.stature_m, posture == "seated", board)
        started = open_headset(headset, seed, options(posture, mirror, xr or ()), Settings(), desk)
        plan = visits.plan("patient", steps, holds, seed, posture=posture)
        done, _ = visits.play(plan, started.headset, folder, about())
        found = done.calibration
    if found is None:
        raise NotMeasured("nothing was measured: the headset gave no frame")
    tell(found, as_json, measured_lines(found))


def measured_lines(found: Calibration) -> str:
    """A calibration in words."""
    lines = [f"stature {found.stature_m.value:.2f} m ({found.stature_m.low:.2f}–{found.stature_m.high:.2f})"]
    lines += [f"{side} arm {arm.value:.2f} m" for side, arm in found.arm_m.items()]
    lines += [f"{side} shoulder by {s.method}, ± {100 * s.error_m:.0f} cm" for side, s in found.shoulders.items()]
    for name, limit in found.limits.items():
        interval = f" ({limit.low:.1f}–{limit.high:.1f})" if limit.n else ""
        lines.append(f"{name.replace('_', ' ')} {limit.value:.1f}°{interval}, {limit.method}")
    unknown = dict.fromkeys(sway.note for sway in found.sway.values() if sway.value is None)
    lines += [f"head sway: {why}" for why in unknown]
    for name, sway in found.sway.items():
        if sway.value is not None:
            lines.append(f"{name.replace('_', ' ')}: {sway.value:.1f} {sway.unit}, {sway.note}")
    if found.quality:
        lines.append(
            f"{found.quality.frames} frames, {found.quality.seconds:.0f} s at {found.quality.rate_hz:.0f} Hz, "
            + (", ".join(f"{n} dropped: {why}" for why, n in found.quality.dropped.items()) or "none dropped")
        )
    return "\n".join(lines)


def stickers_of(record: PatientRecord | None) -> int | None:
    """How many stickers somebody has by now, None before the first visit."""
    return len(record.stickers) if record and record.sessions else None


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


def ends_as_by_ctrl_c() -> None:
    """Let a session end whole, as by Ctrl-C, when its terminal is closed, or the computer is shut down."""
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)


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


def _make_ready(folder: Path) -> None:
    """Finish what had stopped in the middle, and have it sent; refuse where nothing more can be recorded."""
    for finished in recover(folder):
        print(f"a session that had stopped in the middle is kept in {finished}", file=sys.stderr)
    outgoing.send(folder)
    if why_not := outgoing.no_room(folder):
        fail(why_not)


def _tell_what_started(started: Choice) -> None:
    for refused, reason in started.refusals.items():
        print(f"not {refused}: {reason}", file=sys.stderr)
    print(f"playing on {started.headset.description}", file=sys.stderr)


def _tell_what_came(done: Session, where: Path, as_json: bool) -> None:
    used = done.prescribed or None
    tell({**visits.summary(done, where), "prescription": used}, as_json, _said(done, where))
    if done.ended_by == "error" or done.ended_by.startswith(UNWRITTEN):
        fail(f"the session ended early ({done.ended_by}); what was done is in {where}")


def _said(done: Session, where: Path) -> str:
    answer: dict[str, Any] = visits.summary(done, where)
    notes = "".join(f"\n  {note}" for note in answer["notes"])
    by = f", by prescription version {done.prescribed.version} ({done.prescribed.state})" if done.prescribed else ""
    return f"{answer['reached']} of {answer['trials']} reached, {done.ended_by}{by}: {where}{notes}"


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
