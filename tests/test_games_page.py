"""The page of the games: it says what the code says, and its pictures are there and small enough."""

import re
from pathlib import Path
from typing import Any

import pytest

import games
from engine.commands.animations import MOMENTS, MOST_BYTES
from engine.parameters import describe

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "games.md").read_text(encoding="utf-8")
SECTIONS = dict(section.split("\n", 1) for section in PAGE.split("\n## ")[1:])
UNITS = {"deg": "°", "of limit": " of the limit", "of reach": " of reach"}


def said(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:g}".replace("-", "−")


def row(parameter: dict[str, Any]) -> str:
    """The row of a table that tells a parameter."""
    unit = UNITS.get(parameter["unit"], f" {parameter['unit']}") if parameter.get("unit") else ""
    if parameter.get("options"):
        values = f"{parameter['default']} | {', '.join(parameter['options'])} "
    else:
        low, high = said(parameter["low"]), said(parameter["high"])
        values = f"{said(parameter['default'])}{unit} | {low} to {high}{unit} "
    knob = f"{parameter['knob']}, {said(parameter['harder'])}{unit} " if parameter.get("knob") else ""
    return f"| {parameter['help']} (`{parameter['name']}`) | {values}| {knob}|"


@pytest.mark.parametrize("name", games.names())
def test_every_parameter_of_a_game_is_told_as_it_is(name: str) -> None:
    game = games.load(name)
    rows = [line for line in SECTIONS[game.title].split("\n") if "(`" in line and line.startswith("|")]
    assert rows == [row(parameter) for parameter in describe(game.Parameters)]


@pytest.mark.parametrize("name", games.names())
def test_a_section_says_what_a_therapist_asks(name: str) -> None:
    section = SECTIONS[games.load(name).title]
    told = ["How it is played", "Measures", "Precautions", "Seated", "Evidence"]
    assert [heading for heading in told if f"**{heading}" not in section] == []


@pytest.mark.parametrize("name", MOMENTS)
def test_every_moment_has_its_pictures_on_the_page(name: str) -> None:
    pictures = [f"games/{name}.webp", f"games/{name}-play.webp"]
    assert [picture for picture in pictures if f'src="{picture}"' not in PAGE] == []
    assert all(0 < (DOCS / picture).stat().st_size <= MOST_BYTES for picture in pictures)


def test_every_link_of_the_page_leads_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", PAGE)
    assert [target for pair in links for target in pair if target and not (DOCS / target).exists()] == []
