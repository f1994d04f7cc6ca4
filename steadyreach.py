"""The command line: each command wires parts together, says what came of it, and refuses in one sentence."""

import json
import sys
import uuid
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

import games
import steadyreach_files as files
import steadyreach_patients as patients
import steadyreach_presets
import steadyreach_preview
import steadyreach_visits as visits
from calibration import imported
from calibration.preview import PreviewRefused
from engine import machine, parameters, replay, words
from engine import theme as themes
from engine.answers import AnswerUnusable, check_answer
from engine.headset import Choice, Headset, HeadsetUnavailable, Watched, Watcher, choose
from engine.metrics.definition import NotMeasurable
from engine.movements import UnknownBound
from engine.openxr.options import Options, options
from engine.patient import PatientRecord
from engine.plan import POSTURES, About, PostureRefused
from engine.recording import RecordingUnreadable
from engine.records import Answer, Calibration, RecordUnreadable, Session
from engine.session import UNWRITTEN
from engine.session_folder import FolderUnusable, read_session
from engine.simulated import SimulatedHeadset
from engine.task import NotMeasured
from engine.theme import ThemeError
from engine.words import WordsError
from steadyreach_answer import fail, tell

REFUSALS = (
    AnswerUnusable,
    FolderUnusable,
    games.UnknownGame,
    HeadsetUnavailable,
    NotMeasurable,
    NotMeasured,
    parameters.ParameterError,
    PostureRefused,
    PreviewRefused,
    RecordUnreadable,
    RecordingUnreadable,
    ThemeError,
    UnknownBound,
    WordsError,
)
HOME = visits.HOME
DEVICE = HOME / "device.json"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for more in (files.app, steadyreach_presets.app, steadyreach_preview.app):
    app.add_typer(more)
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]
Sessions = Annotated[Path, typer.Option("--folder", help="where session folders are kept")]
Preset = Annotated[str, typer.Option(help="a preset's name, or a path to a .toml; else the patient's, or standard")]
Records = Annotated[Path, typer.Option(help="where the records of patients are kept")]
Set = Annotated[list[str] | None, typer.Option("--set", help="fruit_ladder.targets=5, adaptation.speed=slow, ...")]
Seed = Annotated[int, typer.Option(help="fixes every choice of the games and of the simulated patient")]
Patience = Annotated[float, typer.Option(min=0, help="seconds to keep trying")]
DatabaseUrl = Annotated[str, typer.Option(help="at the clinic: another database, as a SQLAlchemy URL")]
Kind = Annotated[str, typer.Option("--headset", help="auto, openxr, desk, simulated or replay:FILE")]
Posture = Annotated[str, typer.Option(help=", ".join(POSTURES))]
Mirror = Annotated[bool, typer.Option("--mirror", help="show in a window what the person with the headset sees")]
Stature = Annotated[float | None, typer.Option(min=0.5, max=2.5, help="the person's height in metres, where known")]
Xr = Annotated[list[str] | None, typer.Option("--xr", help="NAME=VALUE for the headset, such as scale=0.8")]


def main() -> None:
    """Run a command; a refusal is one sentence on standard error and exit code 1."""
    try:
        app()
    except REFUSALS as reason:
        fail(str(reason))
    except ModuleNotFoundError as missing:
        fail(f"this needs {missing.name}, which is not installed: run pip install steadyreach[all]")


def about(id: str = "") -> About:
    """A new session's name and the present time."""
    return About(id or str(uuid.uuid4()), datetime.now().astimezone().isoformat(timespec="seconds"), visits.SOFTWARE)


def open_headset(kind: str, seed: int, xr: Options) -> Choice:
    """Start the headset asked for, or the first that starts; raises HeadsetUnavailable."""
    kinds: dict[str, Callable[[], Headset]] = {
        "openxr": lambda: _openxr(xr),
        "desk": _desk,
        "simulated": lambda: SimulatedHeadset(seed=seed),
    }
    if kind.startswith("replay:"):
        return choose([("replay", lambda: replay.open_replay(Path(kind.removeprefix("replay:"))))])
    if kind != "auto" and kind not in kinds:
        raise HeadsetUnavailable(f"--headset {kind!r} must be auto, {', '.join(kinds)} or replay:FILE")
    return choose(list(kinds.items()) if kind == "auto" else [(kind, kinds[kind])])


def known_of(patient: str, records: Path) -> PatientRecord | None:
    """What is known of a patient; nobody's where none is named, and told to be new where nothing is kept."""
    if not patient:
        return None
    if not patients.path_of(patient, records).exists():
        print(f"{patient} is new in {records}: nothing is known, no precautions hold", file=sys.stderr)
    return patients.load(patient, records)


@app.command()
def play(
    chosen: Annotated[list[str], typer.Argument(metavar="GAME...", help="games, in order")],
    headset: Kind = "auto",
    folder: Sessions = HOME / "sessions",
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
    as_json: Json = False,
) -> None:
    """Play games on a headset, a window, a simulated patient or a recording, and keep the session."""
    replayed, now = headset.startswith("replay:"), about()
    today, record = date.fromisoformat(now.started_at[:10]), known_of(patient, records)
    holds = visits.resolved(preset or (record.preset if record else "standard"), set_ or (), record)
    told = answers_from(answer or ())
    measuring = "nothing" if replayed else measure or (visits.AUTO if record else visits.USUAL)
    steps = visits.steps_for(
        chosen, holds, record=record, measuring=measuring, posture=posture, today=today, answers=told
    )
    started, known = open_headset(headset, seed, options(posture, mirror, xr or ())), None
    if isinstance(started.headset, replay.ReplayHeadset):
        known = imported.measure(started.headset.rows, now.started_at)
        steps = steps[1:]  # nobody waits behind a recording to be welcomed
    for refused, reason in started.refusals.items():
        print(f"not {refused}: {reason}", file=sys.stderr)
    print(f"playing on {started.headset.description}", file=sys.stderr)
    plan = visits.plan(
        patient or "patient", steps, holds, seed, known, record=record, keep_stance=replayed, posture=posture,
        answers=told, today=today,
    )  # fmt: skip
    with ExitStack() as closing:
        heard = _sound(closing) if started.headset.kind in ("desk", "openxr") else ()
        done, where = visits.play(plan, Watched(started.headset, *heard), folder, now)
    tell(visits.summary(done, where), as_json, _said(done, where))
    if record is not None and not replayed:
        patients.save(patients.after(record, holds, plan, done), records)
    if done.ended_by == "error" or done.ended_by.startswith(UNWRITTEN):
        fail(f"the session ended early ({done.ended_by}); what was done is in {where}")


@app.command()
def calibrate(
    headset: Kind = "auto",
    recording: Annotated[Path | None, typer.Option(help="measure from a recording instead (.vrec or .bsor)")] = None,
    stature: Stature = None,
    form: Annotated[str, typer.Option(help="usual, check (three minutes) or full (ten)")] = visits.USUAL,
    preset: Preset = "",
    folder: Sessions = HOME / "sessions",
    seed: Seed = 0,
    posture: Posture = POSTURES[0],
    mirror: Mirror = False,
    xr: Xr = None,
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
        started = open_headset(headset, seed, options(posture, mirror, xr or ()))
        plan = visits.plan("patient", steps, holds, seed, posture=posture)
        done, _ = visits.play(plan, started.headset, folder, about())
        found = done.calibration
    if found is None:
        raise NotMeasured("nothing was measured: the headset gave no frame")
    tell(found, as_json, measured_lines(found))


@app.command()
def simulate(
    sessions: Annotated[int, typer.Option(min=1, help="how many sessions")] = 1,
    seed: Seed = 0,
    folder: Sessions = Path("sessions"),
    preset: Preset = "standard",
    as_json: Json = False,
) -> None:
    """Let simulated patients live through whole sessions, as fast as this computer can."""
    import steadyreach_bench

    result = steadyreach_bench.simulate(sessions, seed, folder, preset)
    rate = result["frames_per_second"]
    tell(result, as_json, f"{sessions} sessions in {folder}, {rate:,.0f} frames a second")


@app.command("replay")
def replay_command(
    session: Annotated[Path, typer.Argument(help="a finished session folder")],
    folder: Annotated[Path, typer.Option(help="where the session comes out again")] = Path("replayed"),
    as_json: Json = False,
) -> None:
    """Play a session again from its own recording and compare, byte for byte."""
    same, again = visits.play_again(session, folder)
    verdict = "the same, byte for byte" if same else "different"
    tell({"same": same, "folder": str(again)}, as_json, f"{verdict}: {again}")
    if not same:
        fail(f"{again} is not the session in {session}: it was recorded by another version, or files were changed")


@app.command()
def report(
    session: Annotated[Path, typer.Argument(help="a finished session folder")],
    out: Annotated[Path, typer.Option(help="the file to write")] = Path("report.html"),
) -> None:
    """Write a session as one HTML file that needs nothing else."""
    from server_sync.report import write_report

    write_report(read_session(session), out)
    print(out)


@app.command()
def serve(
    folder: Annotated[Path, typer.Option(help="where the clinic's database and recordings lie")],
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="the port; 0 takes a free one")] = 8765,
    database_url: DatabaseUrl = "",
) -> None:
    """Serve a clinic until interrupted; with no account yet, make the first and print its password once."""
    from server_sync.service import Service
    from server_sync.serving import CannotServe
    from server_sync.serving import serve as run_server

    def ready(url: str) -> None:
        service = Service(folder, database_url)
        if not service.accounts.any():
            password = service.accounts.add("therapist", "Therapist")
            print(f"First account: therapist, password {password} (shown once)", flush=True)
        service.close()
        print(f"Serving at {url}", flush=True)

    try:
        run_server(folder, host, port, database_url, ready=ready)
    except CannotServe as reason:
        fail(str(reason))


@app.command()
def account(
    login: Annotated[str, typer.Argument(help="what the therapist types to log in")],
    name: Annotated[str, typer.Argument(help="what others read")],
    folder: Annotated[Path, typer.Option(help="the server's folder")],
    database_url: DatabaseUrl = "",
) -> None:
    """At the clinic, make another therapist's account and print its password, once."""
    from server_sync.accounts import AccountExists
    from server_sync.service import Service

    try:
        print(Service(folder, database_url).accounts.add(login, name))
    except AccountExists as reason:
        fail(str(reason))


@app.command()
def enrol(
    folder: Annotated[Path | None, typer.Option(help="at the clinic: the server's folder, to make a code")] = None,
    server: Annotated[str, typer.Option(help="on the patient's computer: the clinic server's address")] = "",
    code: Annotated[str, typer.Option(help="the one-time code from the clinic")] = "",
    name: Annotated[str, typer.Option(help="what the clinic shall call this device")] = "headset",
    patience: Patience = 10.0,
    database_url: DatabaseUrl = "",
) -> None:
    """At the clinic, make a one-time code; on the patient's computer, exchange it for this device's token."""
    from server_sync import client
    from server_sync.service import Service

    if folder is not None:
        print(Service(folder, database_url).devices.new_code())
        return
    if not (server and code):
        fail("enrol needs --folder at the clinic, or --server and --code on the patient's computer")
    try:
        token = client.enrol(server, code, name, client.Patience(patience))
    except (client.Later, client.Refused) as reason:
        fail(str(reason))
    HOME.mkdir(parents=True, exist_ok=True)
    DEVICE.touch(mode=0o600)
    DEVICE.write_text(json.dumps({"server": server, "token": token}))
    print(f"enrolled at {server}; the token is in {DEVICE}")


@app.command()
def sync(
    folder: Sessions = HOME / "sessions",
    server: Annotated[str, typer.Option(help="the clinic server's address; the enrolled one otherwise")] = "",
    token: Annotated[str, typer.Option(help="this device's token; the enrolled one otherwise")] = "",
    patience: Patience = 30.0,
    as_json: Json = False,
) -> None:
    """Deliver finished sessions to the clinic server; safe to repeat."""
    from server_sync import client

    known: dict[str, str] = json.loads(DEVICE.read_text()) if DEVICE.is_file() else {}
    server, token = server or known.get("server", ""), token or known.get("token", "")
    if not (server and token):
        fail("this device is not enrolled: run steadyreach enrol --server URL --code CODE first")
    result = client.deliver(folder, server, token, client.Patience(patience))
    sentence = (
        f"{len(result.delivered)} delivered, {len(result.already_there)} were there, {len(result.waiting)} waiting"
    )
    tell(result, as_json, sentence)
    for session, reason in result.set_aside.items():
        print(f"{session} was set aside: {reason}", file=sys.stderr)
    if not result.complete:
        fail(result.problem or f"{len(result.set_aside)} sessions need a person")


@app.command("games")
def games_command(as_json: Json = False) -> None:
    """List the games: what they train, their parameters and measures."""
    listed = [_described(name) for name in games.names()]
    lines = [f"{g['name']:14} {g['title']}: {', '.join(g['trains'])}" for g in listed]
    tell(listed, as_json, "\n".join(lines))


@app.command()
def doctor(
    folder: Sessions = HOME / "sessions",
    server: Annotated[str, typer.Option(help="a clinic server to ask")] = "",
    as_json: Json = False,
) -> None:
    """Say what this computer can do, and what to do about what it cannot."""
    findings = machine.examine(folder, server)
    lines = [f"{'yes' if f.ok else 'no':4} {f.name}: {f.says}" + (f"\n     {f.do}" if f.do else "") for f in findings]
    tell(findings, as_json, "\n".join(lines))


@app.command()
def bench(
    chosen: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="some of the benches")] = None,
    as_json: Json = False,
) -> None:
    """Measure speed against what one would use instead, in one run."""
    import steadyreach_bench

    rows = steadyreach_bench.run(chosen or [])
    lines = [steadyreach_bench.line(row) for row in rows]
    tell(rows, as_json, "\n".join(lines))
    if not all(row["holds"] for row in rows):
        fail("a bench does not hold its bound")


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="where everything of the demo goes")] = Path("demo"),
    recording: Annotated[Path | None, typer.Option(help="a person's recording (.bsor or .vrec)")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="leave the server running until interrupted")] = False,
    as_json: Json = False,
) -> None:
    """One whole session, from a person's movement to the therapist's page."""
    import steadyreach_demo

    try:
        steadyreach_demo.run(folder, recording, keep, (lambda answer: tell(answer, True, "")) if as_json else None)
    except steadyreach_demo.DemoStopped as reason:
        fail(str(reason))


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


def _said(done: Session, where: Path) -> str:
    answer: dict[str, Any] = visits.summary(done, where)
    notes = "".join(f"\n  {note}" for note in answer["notes"])
    return f"{answer['reached']} of {answer['trials']} reached, {done.ended_by}: {where}{notes}"


def _described(name: str) -> dict[str, Any]:
    game = games.load(name)
    return {
        "name": name,
        "title": game.title,
        "trains": game.trains,
        "version": game.version,
        "place": game.place,
        "parameters": parameters.describe(game.Parameters),
        "measures": {
            key: {"title": m.title, "unit": m.unit, "help": m.help, "source": m.source}
            for key, m in game.measures.items()
        },
    }


def _openxr(xr: Options) -> Headset:
    from engine.openxr.headset import OpenXRHeadset

    def stage(graphics: Any) -> Any:
        from engine.panda.stage import Stage

        drawn = Stage(graphics, themes.load(), words.load(), visits.CACHE)
        drawn.prepare(tuple(themes.load().places))
        return drawn

    return OpenXRHeadset(stage, xr)


def _desk() -> Headset:
    try:
        from engine.panda.desk import Desk
    except ImportError as reason:
        raise HeadsetUnavailable(f"{reason}: install it with pip install steadyreach[panda]") from None
    return Desk(themes.load(), words.load(), visits.CACHE)


def _sound(closing: ExitStack) -> tuple[Watcher, ...]:
    try:
        from engine.sound.speaker import Speaker
    except ImportError:
        print("no sound: install it with pip install steadyreach[sound]", file=sys.stderr)
        return ()
    theme = themes.load()
    speaker = Speaker(theme.sounds, theme.ambience, theme.music)
    closing.callback(speaker.close)
    if speaker.note:
        print(speaker.note, file=sys.stderr)
    return (speaker,)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")


if __name__ == "__main__":
    main()
