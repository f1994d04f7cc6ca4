"""The command line: each command wires parts together, says what came of it, and refuses in one sentence."""

from pathlib import Path
from typing import Annotated, Any

import typer

import games
from calibration.preview import PreviewRefused
from engine import machine, parameters
from engine.answers import AnswerUnusable
from engine.commands import (
    animations,
    archive,
    auditing,
    backup,
    battery,
    clinic,
    delivery,
    fhir,
    files,
    gallery,
    monitoring,
    patients,
    persons,
    play,
    prescribing,
    presets,
    preview,
    systems,
    visits,
)
from engine.commands.answer import fail, tell
from engine.commands.play import Json, Preset, Seed, Sessions
from engine.headset import HeadsetUnavailable
from engine.metrics.definition import NotMeasurable
from engine.movements import UnknownBound
from engine.plan import PostureRefused
from engine.profile import AgeRefused
from engine.recording import RecordingUnreadable
from engine.records import RecordUnreadable
from engine.session_folder import FolderUnusable, read_session
from engine.task import NotMeasured
from engine.theme import ThemeError
from engine.words import WordsError

REFUSALS = (
    AgeRefused,
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

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
MORE = (
    *(play, files, gallery, animations, presets, preview, battery),
    *(clinic, delivery, prescribing, monitoring, archive, backup, auditing, persons, systems, fhir),
)
for more in MORE:
    app.add_typer(more.app)


def main() -> None:
    """Run a command; a refusal is one sentence on standard error and exit code 1."""
    try:
        app()
    except REFUSALS as reason:
        fail(str(reason))
    except ModuleNotFoundError as missing:
        fail(f"this needs {missing.name}, which is not installed: run pip install steadyreach[all]")


@app.command()
def simulate(
    sessions: Annotated[int, typer.Option(min=1, help="how many sessions")] = 1,
    seed: Seed = 0,
    folder: Sessions = Path("sessions"),
    preset: Preset = "standard",
    patient: Annotated[str, typer.Option(help="whose sessions they are; else each is of a simulated patient")] = "",
    as_json: Json = False,
) -> None:
    """Let simulated patients live through whole sessions, as fast as this computer can."""
    from engine.commands import simulating

    if patient:
        patients.path_of(patient)
    result = simulating.simulate(sessions, seed, folder, preset, patient)
    rate = result["frames_per_second"]
    tell(result, as_json, f"{sessions} sessions in {folder}, {rate:,.0f} frames a second")


@app.command("replay")
def replay_command(
    session: Annotated[Path, typer.Argument(help="a finished session folder")],
    folder: Annotated[Path, typer.Option(help="where the session comes out again")] = Path("replayed"),
    video: Annotated[Path | None, typer.Option(help="film it instead: .mp4, .webm or .webp, without sound")] = None,
    view: Annotated[str, typer.Option(help="of the film: both, eyes or side")] = "both",
    from_s: Annotated[float, typer.Option("--from", min=0, help="the second that the film begins with")] = 0.0,
    until_s: Annotated[float, typer.Option("--until", min=0, help="the second that it ends with")] = float("inf"),
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="seconds of the session in a second of film")] = 1.0,
    rate: Annotated[float, typer.Option(min=1, max=120, help="pictures a second")] = 30.0,
    size: Annotated[str, typer.Option(help="of the film in pixels")] = "1280x720",
    theme: Annotated[str, typer.Option(help="the world of the film")] = "day",
    language: Annotated[str, typer.Option(help="the language of the film")] = "en",
    as_json: Json = False,
) -> None:
    """Play a session again from its own recording and compare, byte for byte, or film it."""
    if video is not None:
        from engine.commands.film import Cut, film_command

        cut = Cut(from_s, until_s, speed, rate)
        film_command(session, video, cut, view, size, theme, language, as_json)
        return
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
    from server_sync.page.report import write_report

    write_report(read_session(session), out)
    print(out)


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
    from engine.commands.bench.benches import run
    from engine.commands.bench.rows import line

    rows = run(chosen or [])
    lines = [line(row) for row in rows]
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
    from engine.commands import demo as demonstration

    try:
        demonstration.run(folder, recording, keep, (lambda answer: tell(answer, True, "")) if as_json else None)
    except demonstration.DemoStopped as reason:
        fail(str(reason))


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


if __name__ == "__main__":
    main()
