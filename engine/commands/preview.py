"""The command that shows what a preset will ask of a patient, before anybody plays it."""

import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from engine.commands.answer import fail, tell

if TYPE_CHECKING:
    from engine.previewed import Preview, SessionPreview

app = typer.Typer()


@app.command()
def preview(
    preset: Annotated[str, typer.Argument(help="a preset's name, or a path to a .toml")],
    patient: Annotated[Path, typer.Option(help="the patient's record, or a finished session of theirs")],
    replaces: Annotated[
        str, typer.Option(help="the preset that it takes the place of; the record's own otherwise")
    ] = "",
    games: Annotated[str, typer.Option(help="games in order, with commas; all of them otherwise")] = "",
    picture: Annotated[Path | None, typer.Option(help="draw it into this .svg")] = None,
    width: Annotated[int, typer.Option(min=280, max=2000, help="of the picture, in pixels")] = 846,
    set_: Annotated[list[str] | None, typer.Option("--set", help="said now: as of play, as often as needed")] = None,
    posture: Annotated[str, typer.Option(help="standing, seated or lying")] = "standing",
    seed: Annotated[int, typer.Option(help="fixes all that is drawn by lot")] = 0,
    sessions: Annotated[int, typer.Option(min=0, max=500, help="to rehearse; 0 for as many as follow a slider")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for programs")] = False,
) -> None:
    """Show what a preset will ask of a patient over a session: how far, how often, how long, what is different."""
    import games as registry
    from engine.commands import preview_picture as drawing
    from engine.commands import previewing

    chosen = games.split(",") if games else ()
    record = previewing.record_in(patient)
    for name in chosen or registry.names():
        registry.load(name)  # that it is imported takes no part in the time
    before = time.perf_counter()
    found = previewing.previewed(record, preset, replaces, chosen, set_ or (), posture, seed, date.today(), sessions)
    milliseconds = round(1e3 * (time.perf_counter() - before), 1)
    if picture is not None:
        try:
            picture.write_text(drawing.picture(found, width), encoding="utf-8")
        except OSError as reason:
            fail(f"{picture} cannot be written: {reason.strerror}")
    tell({"milliseconds": milliseconds, **msgspec.to_builtins(found)}, as_json, "\n".join(lines(found)))


def lines(found: "Preview") -> Iterator[str]:
    """A preview for people to read: the session in one line, each movement, what is different, what to look at."""
    from calibration.differences import percent, quantity

    yield f"{found.new.title} for {found.patient}: {_in_short(found.new)}"
    for course in found.new.movements:
        first, highest, limit, most = (
            quantity(value, course.unit)
            for value in (course.first.median, course.highest.median, course.limit.value, course.at_most)
        )
        yield f"  {course.title}: {first} to {highest}; limit about {limit}, at most {most} ({course.why})"
        yield (
            f"    {percent(course.success.median)} reached ({percent(course.success.low)} to"
            f" {percent(course.success.high)}); missed {course.misses_in_a_row.high:.0f} in a row at worst;"
            f" {percent(course.beyond_limit)} beyond the limit measured last"
        )
    yield from (f"  not asked: {why}" for why in found.new.not_asked)
    if found.old is not None:
        yield f"instead of {found.old.title}: {_in_short(found.old)}"
        yield from (f"  {difference}" for difference in found.differences)
    yield from (f"before play: {warning}" for warning in found.warnings)


def _in_short(of: "SessionPreview") -> str:
    from calibration.differences import duration, percent

    reached = f"; {percent(of.success.median)} will be reached" if of.success else ""
    held = f"{duration(of.holding_s.median)} of holding"
    return f"{duration(of.seconds.median)}, {of.trials.median:.0f} targets, {held}{reached}"
