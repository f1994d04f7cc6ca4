"""Every preset fits every game, and bad presets are refused when they are read."""

from pathlib import Path

import pytest

import games
import steadyreach_visits as visits
from engine import presets
from engine.envelope import UnknownBound
from engine.parameters import ParameterError, fill


@pytest.mark.parametrize("name", presets.names())
@pytest.mark.parametrize("game", games.names())
def test_it_fits_the_game(name: str, game: str) -> None:
    preset = presets.load(name, games.names())
    assert fill(games.load(game).Parameters, preset.layer(game, name))


@pytest.mark.parametrize("name", presets.names())
def test_it_says_what_it_is_for_and_where_it_comes_from(name: str) -> None:
    preset = presets.load(name, games.names())
    assert preset.title
    assert preset.about
    assert preset.source


@pytest.mark.parametrize("name", presets.names())
def test_it_makes_a_whole_visit(name: str) -> None:
    kinds = [step.kind for step in visits.steps_for(games.names(), name)]
    assert kinds[:5] == ["welcome", "calibrate", "calibrate", "calibrate", "warm up"]
    assert kinds[5:] == ["play", "rest", "play", "end"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[games.golf]\nholes = 18", "there is no game 'golf'"),
        ("[games.fruit_ladder]\ntargets = 900", r"targets = 900 must be a whole number from 1 to 60"),
        ("[games.fruit_ladder]\nfruits = 9", "there is no parameter 'fruits'"),
        ("[caps]\nlean_forward = -3", "must be above 0"),
        ("[caps]\nlean_foward = 3", "no movement 'lean_foward'"),
        ("colour = 'red'", "does not fit"),
        ("title =", "is not a TOML file"),
    ],
)
def test_a_bad_one_is_refused_in_words(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    head = "" if "title" in content else 'title = "a"\nabout = "b"\nsource = "c"\n'
    path.write_text(head + content)
    with pytest.raises((ParameterError, UnknownBound), match=message):
        visits.steps_for(["fruit_ladder"], str(path))


def test_an_unknown_one_is_refused_with_the_list() -> None:
    with pytest.raises(ParameterError, match="no preset 'strong'; the presets are child, gentle, standard"):
        presets.load("strong", games.names())
