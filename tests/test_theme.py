"""Themes and words: what is wrong in them is found when they are read, and said in one sentence."""

from pathlib import Path

import pytest

from engine import theme, words
from engine.theme import ASSETS, SOUND_ROLES, ThemeError
from engine.words import WordsError


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """Assets whose day theme has one text replaced, everything else as it comes with the program."""
    text = (ASSETS / "themes" / "day.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "day.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    for folder in ("models", "sounds"):
        (tmp_path / folder).mkdir()
        for file in (ASSETS / folder).iterdir():
            (tmp_path / folder / file.name).touch()
    return tmp_path


def test_the_day_theme_has_every_sound_and_the_places_of_the_games():
    day = theme.load()
    assert set(SOUND_ROLES) <= set(day.sounds)
    assert {"orchard", "harbour", "still"} <= set(day.places)
    assert set(day.ambience) == {"orchard", "harbour"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('horizon = "#fdebc8"', 'horizon = "cream"', r"day\.toml does not fit.*places.*sky\.horizon"),
        ("hang_from_m = 2.55", "hang_from_m = -1.0", r"> 0.*hang_from_m"),
        ("hang_from_m = 2.55", "hang_from_cm = 242.0", "hang_from_cm"),
        ('wanted = "apple_gold.glb"', 'wanted = "pear.glb"', r"names pear\.glb.*no such file"),
        ('rest = "rest.ogg"\n', "", "no sound for 'rest'"),
        ("[places.orchard]", "[places.orchard", "is not a TOML file"),
    ],
)
def test_a_broken_theme_is_refused_in_one_sentence(tmp_path, old, new, says):
    with pytest.raises(ThemeError, match=says) as refusal:
        theme.load(assets=changed(tmp_path, old, new))
    assert "\n" not in str(refusal.value)


def test_a_theme_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ThemeError, match=r"night\.toml cannot be read"):
        theme.load("night", tmp_path)


def written(tmp_path: Path, content: str) -> Path:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "en.toml").write_text(content, encoding="utf-8")
    return tmp_path


def test_words_fill_their_blanks(tmp_path):
    english = words.load(assets=written(tmp_path, '[a]\nb = "{1} of {0}"'))
    assert english.say("a.b", ("ten", "three")) == "three of ten"


def test_an_unknown_key_shows_as_itself_and_a_missing_value_as_its_blank(tmp_path):
    english = words.load(assets=written(tmp_path, '[a]\nb = "{0} to go"'))
    assert english.say("a.c") == "a.c"
    assert english.say("a.b") == "{0} to go"


def test_keys_that_are_needed_can_be_checked_before_a_session(tmp_path):
    english = words.load(assets=written(tmp_path, '[a]\nb = "yes"'))
    english.require(["a.b"])
    with pytest.raises(WordsError, match=r"en\.toml has no words for a\.c, z$"):
        english.require(["z", "a.b", "a.c"])


@pytest.mark.parametrize(("content", "says"), [("[a]\nb = 3", "a.b = 3"), ('[a]\nb = "{x}"', "a.b has a brace")])
def test_words_that_are_not_sentences_are_refused(tmp_path, content, says):
    with pytest.raises(WordsError, match=says):
        words.load(assets=written(tmp_path, content))


def test_the_english_words_can_be_read():
    assert words.load().say("fruit_ladder.title") == "Fruit Ladder"
