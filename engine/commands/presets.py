"""The command that lists presets, and says in plain words what one of them does."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from engine import preset_words, presets
from engine.adaptation import FIRST, Adaptation
from engine.bounds import describe_bounds
from engine.commands.answer import tell
from engine.commands.visits import resolved, tasks
from engine.parameters import describe

app = typer.Typer()


@app.command("presets")
def presets_command(
    name: Annotated[str, typer.Argument(help="a preset's name, or a path to a .toml; all of them otherwise")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="what the therapist changes now")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="all of them as a page")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for programs")] = False,
) -> None:
    """List the presets, or say what one of them does, and from where each of its values comes."""
    if name:
        holds = resolved(name, set_ or ())
        tell(_values(holds), as_json, preset_words.explain(holds))
    elif markdown:
        tell(presets.names(), as_json, preset_words.overview(tasks()))
    else:
        tell(presets.names(), as_json, "\n".join(_listed()))


def _listed() -> Iterator[str]:
    for name in presets.names():
        preset = resolved(name).preset
        yield f"{name:22} {preset.title}: {preset.about}"


def _values(holds: presets.Resolved) -> dict[str, Any]:
    return {
        "name": holds.name,
        "title": holds.title,
        "about": holds.preset.about,
        "caution": holds.preset.caution,
        "adaptation": msgspec.to_builtins(holds.adaptation),
        "floors": holds.floors,
        "ceilings": holds.ceilings,
        "reasons": holds.reasons,
        "games": msgspec.to_builtins(holds.games),
        "sources": holds.sources,
        "form": {
            "first": FIRST,
            "adaptation": describe(Adaptation),
            "limits": {movement: describe_bounds(movement) for movement in holds.limits},
            "games": {name: describe(task.Parameters) for name, task in holds.tasks.items()},
        },
    }
