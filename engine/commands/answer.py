"""How the command line answers: JSON for programs, a sentence for people, and a sentence when it cannot."""

import json
from typing import NoReturn

import msgspec
import typer


def fail(sentence: str) -> NoReturn:
    """Say why not, and leave."""
    typer.echo(f"steadyreach: {sentence}", err=True)
    raise SystemExit(1)


def tell(answer: object, as_json: bool, sentence: str) -> None:
    """Print the answer for programs or the sentence for people, at once: whoever reads it may wait for it."""
    typer.echo(json.dumps(msgspec.to_builtins(answer), indent=1, ensure_ascii=False) if as_json else sentence)
