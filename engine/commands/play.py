"""Playing and measuring: a visit of a patient, from the command line to the folder it is kept in."""

import signal
import sys
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from calibration import battery, imported
from engine import replay, words
from engine import theme as themes
from engine.clinical import ClinicalTest
from engine.clinical_words import results
from engine.commands import following, outgoing, patients, visits
from engine.commands.answer import fail, summary, tell, unplayed
from engine.commands.assessing import USUAL
from engine.commands.doors import ANYBODY, AtDesk, open_headset, open_sound
from engine.commands.recovery import recover
from engine.commands.wishes import Visit, Wish, completed, known_of, plan_on, stature_of, visit_of
from engine.headset import Choice, Headset, Watched, why_not_worn
from engine.openxr.options import options
from engine.plan import POSTURES, About, Plan
from engine.records import Calibration, Session
from engine.session import UNWRITTEN
from engine.settings import Settings
from engine.task import NotMeasured

app = typer.Typer()
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
Sessions = Annotated[
    Path, typer.Option("--folder", help="where session folders are kept", callback=outgoing.sessions_of)
]
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
Games = Annotated[
    list[str] | None, typer.Argument(metavar="GAME...", help="games, in order; else those prescribed for today")
]
Answers = Annotated[list[str] | None, typer.Option("--answer", help="pain=3, fatigue=2, dizziness=0: said before play")]
Whole = Annotated[
    bool | None, typer.Option("--whole/--brief", help="with all around the games, as with --patient, or without")
]
Captions = Annotated[bool | None, typer.Option("--captions/--no-captions", help="whether sounds are written, too")]


def about(id: str = "") -> About:
    """A new session's name and the present time."""
    return About(id or str(uuid.uuid4()), datetime.now().astimezone().isoformat(timespec="seconds"), visits.SOFTWARE)


@app.command()
def play(
    chosen: Games = None,
    headset: Kind = "auto",
    folder: Sessions = visits.HOME / "sessions",
    preset: Preset = "",
    set_: Set = None,
    seed: Seed = 0,
    patient: Annotated[str, typer.Option(help="the patient's pseudonym; what is known of them is kept")] = "",
    records: Records = patients.FOLDER,
    measure: Annotated[str, typer.Option(help="auto, full, check, usual or nothing: what to measure first")] = "",
    answer: Answers = None,
    posture: Posture = POSTURES[0],
    mirror: Mirror = False,
    xr: Xr = None,
    stature: Stature = None,
    board: Board = "",
    whole: Whole = None,
    age: Annotated[int | None, typer.Option(min=1, max=120, help="years; leads the visit, and is kept")] = None,
    theme: Annotated[str, typer.Option(help=f"the world: {', '.join(themes.names())}")] = "",
    language: Annotated[str, typer.Option(help=f"{', '.join(words.languages())}")] = "",
    text_size: Annotated[float | None, typer.Option(min=1.0, max=1.6, help="of all letters")] = None,
    voice: Annotated[bool | None, typer.Option("--voice/--no-voice", help="whether words are said, too")] = None,
    captions: Captions = None,
    mono: Annotated[bool | None, typer.Option("--mono/--stereo", help="the same sound in both ears")] = None,
    as_json: Json = False,
) -> None:
    """Play games on a headset, a window, a simulated patient or a recording, and keep the session."""
    _make_ready(folder)
    now = about()
    today = date.fromisoformat(now.started_at[:10])
    ready = known_of(patient, records, folder, today, age)
    looks = {"theme": theme, "language": language, "text_scale": text_size, "voice": voice,
             "captions": captions, "mono": mono}  # fmt: skip
    said = Wish(
        chosen or (), set_ or (), preset, measure, whole, posture, answer or (), looks, headset.startswith("replay:")
    )
    wish = completed(said, ready, today)
    if ready is not None and not wish.games:
        tell({"patient": patient, "games": [], "says": (says := following.free(ready, today))}, as_json, says)
        return
    visit = visit_of(wish, ready, today, age)
    ends_as_by_ctrl_c()
    desk = AtDesk(stature or stature_of(visit.record), posture == "seated", board)
    started = open_headset(headset, seed, options(posture, mirror, xr or ()), visit.settings, desk)
    _tell_what_started(started)
    _refuse_on(started.headset, visit.wish.games)
    plan = plan_on(started.headset, visit, patient, seed, now.started_at)
    plan = plan if wish.replayed else replace(plan, delivery=outgoing.lobby_line(folder))
    done, where = lived(visit, plan, started.headset, folder, records, now)
    if not wish.replayed:
        outgoing.send(folder)
    _tell_what_came(done, where, as_json)


@app.command()
def calibrate(
    headset: Kind = "auto",
    recording: Annotated[Path | None, typer.Option(help="measure from a recording instead (.vrec or .bsor)")] = None,
    stature: Stature = None,
    form: Annotated[str, typer.Option(help="usual, check (three minutes) or full (ten)")] = USUAL,
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
        interval = f" ({limit.low:.1f}–{limit.high:.1f})" if limit.n and not limit.at_least else ""
        value = f"{'at least ' if limit.at_least else ''}{limit.value:.1f}°"
        lines.append(f"{name.replace('_', ' ')} {value}{interval}, {limit.method}")
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


def ends_as_by_ctrl_c() -> None:
    """Let a session end whole, as by Ctrl-C, when its terminal is closed, or the computer is shut down."""
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)


def _make_ready(folder: Path) -> None:
    """Finish what had stopped in the middle, and have it sent; refuse where nothing more can be recorded."""
    for finished in recover(folder):
        print(f"a session that had stopped in the middle is kept in {finished}", file=sys.stderr)
    outgoing.send(folder)
    if why_not := outgoing.no_room(folder):
        fail(why_not)


def lived(visit: Visit, plan: Plan, headset: Headset, folder: Path, records: Path, now: About) -> tuple[Session, Path]:
    """Live through a visit, with sound where somebody hears it, and bring what is known of the patient up to date."""
    kept = visit.kept

    def then(done: Session) -> None:
        if kept is not None:
            after = patients.after(kept, visit.holds, plan, done)
            patients.save(following.noted(after, visit.ready, done), records, folder)

    afterwards = patients.afterwards(kept, records, visit.preset, visit.wish.assigned)
    with ExitStack() as closing:
        heard = open_sound(closing, visit.settings) if headset.kind in ("desk", "openxr") else ()
        return visits.play(plan, Watched(headset, *heard), folder, now, afterwards, then)


def _refuse_on(headset: Headset, chosen: Sequence[str]) -> None:
    """Refuse a visit all of which cannot be done on a kind of headset, which is closed."""
    kinds = [visits.task_kind(name) for name in chosen]
    whys = [kind.why_not_on(headset.kind) if issubclass(kind, ClinicalTest) else "" for kind in kinds]
    if whys and all(whys):
        headset.close()
        fail("; ".join(whys))


def _tell_what_started(started: Choice) -> None:
    for refused, reason in started.refusals.items():
        print(f"not {refused}: {reason}", file=sys.stderr)
    print(f"playing on {started.headset.description}", file=sys.stderr)


def _tell_what_came(done: Session, where: Path, as_json: bool) -> None:
    used = done.prescribed or None
    tell({**summary(done, where), "prescription": used}, as_json, said_of(done, where))
    if done.ended_by == "error" or done.ended_by.startswith(UNWRITTEN):
        fail(f"the session ended early ({done.ended_by}); what was done is in {where}")


def said_of(done: Session, where: Path) -> str:
    """What came of a session, for whoever started it: how much was reached, and the results of tests."""
    answer: dict[str, Any] = summary(done, where)
    notes = "".join(f"\n  {note}" for note in answer["notes"])
    by = f", by prescription version {done.prescribed.version} ({done.prescribed.state})" if done.prescribed else ""
    asked = [f"{answer['reached']} of {answer['trials']} reached"] if answer["trials"] else []
    came = ["no game was played"] if unplayed(done) else asked
    ended = [] if unplayed(done) and done.ended_by == "finished" else [done.ended_by]
    tests = [f"\n{results(name, battery.load(name), found)}" for name, found in answer["results"].items()]
    tests += [f"\nnothing of this is about a person: {why}"] if tests and (why := why_not_worn(done.headset)) else []
    return f"{', '.join([*came, *ended])}{by}: {where}{notes}{''.join(tests)}"


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
