"""The manual of measures: made from the definitions, complete, and in words."""

import importlib
import pkgutil
from dataclasses import is_dataclass
from pathlib import Path

import pytest

import calibration.arm
import engine.metrics
from engine.commands import manual
from engine.metrics.definition import Definition, definitions

ROOT = Path(__file__).resolve().parent.parent
TOLD = {kind for chapter in manual.CHAPTERS for kind in chapter.kinds}
ALL = [
    pytest.param(definition, id=f"{kind.__name__}.{name}")
    for kind in sorted(TOLD, key=lambda kind: kind.__name__)
    for name, definition in definitions(kind).items()
]


def test_the_manual_is_what_the_definitions_say() -> None:
    written = (ROOT / "docs" / "measures.md").read_text(encoding="utf-8")
    assert written == manual.manual() + "\n", "run: steadyreach definitions > docs/measures.md"


def test_every_result_with_a_definition_is_in_the_manual() -> None:
    modules = [
        importlib.import_module(f"engine.metrics.{found.name}")
        for found in pkgutil.iter_modules(engine.metrics.__path__)
    ]
    defined = {
        kind
        for module in [*modules, calibration.arm]
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind) and definitions(kind)
    }
    assert defined == TOLD
    assert len(defined) >= 20


@pytest.mark.parametrize("definition", ALL)
def test_a_definition_tells_all_in_words(definition: Definition) -> None:
    told = (
        definition.title,
        definition.meaning,
        definition.formula,
        definition.source,
        definition.error,
        definition.doubt,
    )
    assert all(len(words) > 2 and words == words.strip() for words in told)
    assert definition.meaning.endswith(".")
    assert definition.meaning.count(". ") == 0, "one sentence"


@pytest.mark.parametrize("definition", [found for found in ALL if found.values[0].plus_minus is not None])
def test_an_error_is_a_width_and_its_origin_is_told(definition: Definition) -> None:
    assert definition.plus_minus > 0
    assert any(character.isdigit() for character in definition.error), "where the number comes from"
