"""The commands for files: measure them, draw them, export them, and tell what the numbers mean."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.answer import fail, tell

if TYPE_CHECKING:
    from engine.commands.measure import Measures
    from engine.records import Measured, Quality

MEASURES = ("sway", "rom", "reach")
LARGEST_UNITS: Mapping[str, tuple[tuple[float, str, float], ...]] = {
    # unit: (from this value on, the unit in which people read it, how many of them), the largest first
    "m": ((1.0, "m", 1.0), (0.0, "mm", 1e3)),
    "m²": ((0.1, "m²", 1.0), (0.01, "cm²", 1e4), (0.0, "mm²", 1e6)),
    "m³": ((0.001, "l", 1e3), (0.0, "cm³", 1e6)),
    "m/s": ((0.1, "m/s", 1.0), (0.0, "mm/s", 1e3)),
    "m²/s": ((0.0, "mm²/s", 1e6),),
    "deg": ((0.0, "°", 1.0),),
    "deg/s": ((0.0, "°/s", 1.0),),
    "deg²": ((0.0, "°²", 1.0),),
}
AXES = {"ml": "sideways", "ap": "ahead"}
ENDINGS = {"m", "m2", "m3", "mps", "m2ps", "deg", "deg2", "dps", "hz", "s"}

app = typer.Typer()
File = Annotated[Path, typer.Argument(help="a recording, a session's folder, or a table such as a .csv or .c3d")]
OneKind = Annotated[str, typer.Option("--kind", help="sway, rom or reach; all that the file holds otherwise")]
Axes = Annotated[str, typer.Option(help="of other people's files: openxr, unity or z-up")]
Unit = Annotated[str, typer.Option(help="of places whose columns name none: m, cm or mm")]
Stature = Annotated[float | None, typer.Option(min=0.5, max=2.5, help="the person's height in metres, where known")]
Rate = Annotated[float | None, typer.Option(min=0.001, help="samples a second, where no column is time")]
Json = Annotated[bool, typer.Option("--json", help="print JSON for programs")]


@app.command("measure")
def measure_command(
    file: File,
    kind: OneKind = "",
    target: Annotated[str, typer.Option(help="of one reach: where the target was, X,Y,Z in metres")] = "",
    cue: Annotated[float | None, typer.Option(help="of one reach: when the target was shown, in seconds")] = None,
    axes: Axes = "openxr",
    unit: Unit = "m",
    rate: Rate = None,
    stature: Stature = None,
    as_json: Json = False,
) -> None:
    """Measure sway, range of motion and reaches in a recording, a session or a table of numbers."""
    from engine.commands import measure as measuring
    from engine.commands.person import load

    kinds = _kinds(kind)
    aim = measuring.Aim(_place(target) if target else None, cue) if target or cue is not None else None
    source = load(file, stature_m=stature, axes=axes, unit=unit, rate_hz=rate)
    found = measuring.measure(file, source, kinds, aim)
    tell(found, as_json, "\n".join(lines(found)))


@app.command()
def plot(
    file: File,
    kind: OneKind = "",
    folder: Annotated[Path, typer.Option(help="where the pictures go")] = Path("pictures"),
    format_: Annotated[str, typer.Option("--format", help="png, svg or pdf")] = "png",
    axes: Axes = "openxr",
    unit: Unit = "m",
    rate: Rate = None,
    stature: Stature = None,
) -> None:
    """Draw what `measure` finds: sway ellipse, arcs of range, reach star and speed profiles."""
    from engine.commands import plot as plotting

    kinds, how = _kinds(kind), {"stature_m": stature, "axes": axes, "unit": unit, "rate_hz": rate}
    if format_ not in plotting.FORMATS:
        fail(f"--format {format_!r} must be one of {', '.join(plotting.FORMATS)}")
    try:
        pictures = plotting.plot(file, folder, kinds, format_, **how)
    except OSError as reason:
        fail(f"{folder} cannot hold pictures: {reason.strerror}")
    typer.echo("\n".join(map(str, pictures)))


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(help="a recording, or a finished session folder; at the clinic, where it goes")
    ] = None,
    target: Annotated[
        Path | None, typer.Argument(help="a .csv, .parquet, .c3d, .mcap, a .vrec as archive, or a folder: Motion-BIDS")
    ] = None,
    axes: Axes = "openxr",
    server_folder: Annotated[Path | None, typer.Option(help="at the clinic: of what its server holds")] = None,
    database: Annotated[str, typer.Option(help="of the clinic, as a SQLAlchemy URL")] = "",
    recordings: Annotated[str, typer.Option(help="of the clinic, as s3://bucket/prefix")] = "",
    keys: Annotated[str, typer.Option(help="of the clinic, as a SQLAlchemy URL")] = "",
    patient: Annotated[str, typer.Option(help="at the clinic: one patient's sessions, by the pseudonym")] = "",
    session: Annotated[list[str] | None, typer.Option(help="at the clinic: a session; several are allowed")] = None,
    cohort: Annotated[bool, typer.Option("--cohort", help="at the clinic: everybody's sessions")] = False,
    since: Annotated[str, typer.Option("--from", help="only those from this day on, as 2026-11-20")] = "",
    until: Annotated[str, typer.Option("--to", help="only those up to this day, with it")] = "",
    game: Annotated[list[str] | None, typer.Option(help="only those with this game; several are allowed")] = None,
    least_sessions: Annotated[int, typer.Option(min=1, help="only of patients who have so many of them")] = 1,
    kind: Annotated[str, typer.Option(help="trials, motion-bids, mcap, c3d, csv or parquet")] = "trials",
    research: Annotated[
        str | None, typer.Option(metavar="STUDY", help="other names, for research with consent")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a recording or a session for other programs; at the clinic, some of all that is held, or list it."""
    if server_folder is not None:
        from engine.commands.archive import Where
        from engine.commands.cohort import Asked, run

        asked = Asked(session or (), patient, cohort, since, until, game or (), least_sessions, kind, research)
        if file is None and asked == Asked():
            _list_held(server_folder, database, as_json)
        else:
            run(Where(server_folder, database, recordings, keys), asked, file, as_json)
        return
    if file is None or target is None:
        fail("export needs FILE and TARGET, or --server-folder at the clinic")
    from engine.commands import export as exporting

    try:
        written = exporting.export(file, target, axes=axes)
    except exporting.NotExported as reason:
        fail(str(reason))
    tell([str(path) for path in written], as_json, "\n".join(map(str, written)))


@app.command()
def definitions(as_json: Json = False) -> None:
    """Tell each measure: what it means, formula, unit, source, error, and when not to trust it."""
    from engine.commands.manual import described, manual

    tell(described(), as_json, manual())


def lines(found: "Measures") -> Iterator[str]:
    """Measures for people to read, a line each, in units of a handy size."""
    if found.quality:
        yield _seen(found.quality)
    yield from (f"note: {note}" for note in (*found.notes, *(found.quality.notes if found.quality else ())))
    yield from (f"{kind} not measured: {reason}" for kind, reason in found.not_measured.items())
    for part in (*found.sway.values(), *found.rom.values(), *found.reach.values()):
        yield f"\n{part.about}"
        yield from (f"  ({note})" for note in part.notes)
        yield from (f"  {_named(name):30} {said(one)}".rstrip() for name, one in part.measures.items())


def said(one: "Measured") -> str:
    """A number with as many digits as its error has meaning, three where nobody knows it, and what to keep in mind."""
    if one.value is None:
        return f"–  {one.note}"
    sizes = LARGEST_UNITS.get(one.unit, ((0.0, one.unit, 1.0),))
    _, unit, factor = next(size for size in sizes if abs(one.value) >= size[0])
    value, error = one.value * factor, (one.error or 0.0) * factor
    if error:
        decimals = max(0, 1 - math.floor(math.log10(error)))
        number = f"{value:.{decimals}f} ± {error:.{decimals}f}"
    else:
        number = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    written = f"{number}{unit}" if unit.startswith("°") else f"{number} {unit}".rstrip()
    return f"{written}  {one.note}".rstrip()


def _list_held(server_folder: Path, database: str, as_json: bool) -> None:
    from engine.commands.clinic import held

    sessions = held(server_folder, database)
    told = [f"{each['sha256']}  {each['id']}" for each in sessions]
    tell(sessions, as_json, "\n".join(told) or f"{server_folder} holds no session")


def _named(name: str) -> str:
    words = name.split("_")
    return " ".join(AXES.get(word, word) for word in (words[:-1] if words[-1] in ENDINGS else words))


def _seen(quality: "Quality") -> str:
    dropped = "".join(f"; {count} dropped: {why}" for why, count in quality.dropped.items())
    seconds, rate_hz = f"{quality.seconds:.0f} s", f"{quality.rate_hz:.0f} Hz"
    return f"{quality.frames} frames, {seconds} at {rate_hz}, head seen in {quality.head_seen_percent:.1f} %{dropped}"


def _kinds(kind: str) -> tuple[str, ...]:
    if kind and kind not in MEASURES:
        fail(f"--kind {kind!r} must be one of {', '.join(MEASURES)}")
    return (kind,) if kind else MEASURES


def _place(written: str) -> tuple[float, float, float]:
    try:
        x, y, z = (float(part) for part in written.split(","))
    except ValueError:
        fail(f"--target {written!r} must be three numbers, as in 0.2,1.1,-0.5")
    return x, y, z
