"""Themes and words: what is wrong in them is found when they are read, and said in one sentence."""

import itertools
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from engine import theme, words
from engine.theme import ASSETS, PLACES, SOUND_ROLES, ThemeError
from engine.words import WordsError


def changed(tmp_path: Path, file: str, old: str, new: str) -> Path:
    """Assets whose day theme has one text of one file replaced, everything else as it comes with the program."""
    shutil.copytree(ASSETS / "themes" / "day", tmp_path / "themes" / "day")
    path = tmp_path / "themes" / "day" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    for folder in ("models", "sounds"):
        (tmp_path / folder).mkdir()
        for asset in (ASSETS / folder).iterdir():
            (tmp_path / folder / asset.name).touch()
    (tmp_path / "voice" / "calm").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("name", theme.names())
def test_every_theme_has_every_sound_and_every_place(name):
    found = theme.load(name)
    assert set(SOUND_ROLES) <= set(found.sounds)
    assert set(PLACES) <= set(found.places)


@pytest.mark.parametrize("name", theme.names())
def test_every_theme_shows_the_pictures_of_the_others(name):
    shown = {other: set(theme.load(other).pictures) for other in theme.names()}
    assert shown[name] == set.union(*shown.values())


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("orchard.toml", 'horizon = "#', 'horizon = "cream', r"orchard\.toml does not fit.*sky\.horizon"),
        ("orchard.toml", "hang_from_m = ", "hang_from_m = -", r"> 0.*hang_from_m"),
        ("orchard.toml", "hang_from_m = ", "hang_from_cm = ", "hang_from_cm"),
        ("orchard.toml", 'wanted = "', 'wanted = "pear', r"orchard\.toml names pear.*no such file"),
        ("orchard.toml", "[light]", "[light", "is not a TOML file"),
        ("theme.toml", "\nrest = ", "\nrests = ", "no sound for 'rest'"),
        ("theme.toml", '\nrest = "', '\nrest = "no', r"theme\.toml names no.*no such file"),
        ("theme.toml", "\nmoon = ", "\nmoons = ", r"theme\.toml has no picture of the sticker 'moon'"),
        ("theme.toml", "\n[sounds]", 'voice = "loud"\n[sounds]', r"names the voice 'loud', and there is no folder"),
    ],
)
def test_a_broken_theme_is_refused_in_one_sentence(tmp_path, file, old, new, says):
    with pytest.raises(ThemeError, match=says) as refusal:
        theme.load(assets=changed(tmp_path, file, old, new))
    assert "\n" not in str(refusal.value)


def test_a_theme_without_a_place_is_refused(tmp_path):
    assets = changed(tmp_path, "shore.toml", "", "")
    (assets / "themes" / "day" / "shore.toml").unlink()
    with pytest.raises(ThemeError, match=r"no place 'shore'; write shore\.toml beside theme\.toml"):
        theme.load(assets=assets)


def test_a_theme_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ThemeError, match=r"there is no theme 'night' in .*; there are $"):
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


SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# Complete dichromacy, on linear sRGB: Machado, Oliveira & Fernandes 2009, doi 10.1109/TVCG.2009.113.
SEEN_BY = {
    "everybody": np.eye(3),
    "protanopes": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopes": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopes": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
    "who sees no colours": np.array([SRGB_TO_XYZ[1]] * 3),
}


def linear(code: str) -> np.ndarray:
    """A colour such as `#fff8e8` as linear sRGB."""
    shown = np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((float(SRGB_TO_XYZ[1] @ linear(code)) for code in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(code: str, eyes: np.ndarray) -> np.ndarray:
    """A colour in CIE L*a*b* as somebody sees it."""
    white = SRGB_TO_XYZ @ np.ones(3)
    share = SRGB_TO_XYZ @ np.clip(eyes @ linear(code), 0, 1) / white
    f = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("name", theme.names())
def test_words_stand_out_from_their_paper(name):
    inks = {place: read.ink for place, read in theme.load(name).places.items()}
    ratios = {
        (place, part): round(contrast(getattr(ink, part), ink.paper), 1)
        for place, ink in inks.items()
        for part in ("title", "text")
    }
    assert {key: ratio for key, ratio in ratios.items() if ratio < (12 if name == "contrast" else 7)} == {}


def test_the_contrast_of_black_on_white_is_21():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_clear_shapes_are_told_apart_whatever_colours_somebody_sees(eyes):
    for place in theme.load("contrast").places.values():
        paint = place.paint
        colours = [paint["wanted"], paint["later"], paint["hand_open"], place.ground]
        seen = [lab(code, SEEN_BY[eyes]) for code in colours]
        assert min(math.dist(one, other) for one, other in itertools.combinations(seen, 2)) > 20


def test_clear_shapes_differ_in_how_light_they_are():
    place = theme.load("contrast").places["orchard"]
    colours = [place.paint["hand_open"], place.paint["wanted"], place.paint["later"], place.ground]
    assert min(contrast(one, other) for one, other in itertools.pairwise(colours)) > 1.6


def test_clear_shapes_leave_out_what_only_decorates():
    for name, place in theme.load("contrast").places.items():
        assert (place.model, place.flyers) == (f"clear_{name}.glb", ())
        shown = {role for role in place.roles.__struct_fields__ if getattr(place.roles, role)}
        assert shown <= set(place.paint)
