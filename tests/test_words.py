"""What a patient reads fits its panel, is kind, and is there for every key that the code uses."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from engine.words import CONTROLS, Words, load

ROOT = Path(__file__).parents[1]
LANGUAGES = sorted((ROOT / "assets" / "words").glob("*.toml"))
UNKIND = re.compile(
    r"\b(fail\w*|wrong\w*|bad\w*|lose\w*|losing|lost|error\w*|miss(ed|es)?|mistake\w*|poor\w*|weak\w*|"
    r"incorrect|slow\w*|too|must|never|cannot|can't|faster|harder)\b",
    re.IGNORECASE,
)


def words_of(path: Path) -> dict[str, str]:
    """The words of a language by their full key, such as `reach.title`."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {f"{table}.{key}": text for table, texts in tables.items() for key, text in texts.items()}


def keys_in_code(tables: set[str]) -> Iterator[str]:
    """Every string in games, assessments and session that looks like the key of a word."""
    key = re.compile(rf"({'|'.join(sorted(tables))})\.(?!json|toml)[a-z_]+")
    folders = (ROOT / "games", ROOT / "calibration", ROOT / "engine")
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and key.fullmatch(node.value):
                yield node.value


def said_with_anything(words: dict[str, str], text: str) -> list[str]:
    """A sentence as it is said with each thing that a person may have in hand."""
    called = [said for key, said in words.items() if key.startswith("controls.")]
    return [re.sub(r"\{[a-z]+\}", said, text) for said in called]


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_every_line_fits_its_panel(path: Path) -> None:
    words = words_of(path)
    too_long = {
        key: len(said)
        for key, text in words.items()
        for said in said_with_anything(words, text)
        if len(said) > (20 if key.endswith("title") else 34) or "\n" in said or not said.strip()
    }
    assert too_long == {}


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_nothing_ever_says_that_somebody_did_not_do_well(path: Path) -> None:
    assert [text for text in words_of(path).values() if UNKIND.search(text)] == []


def test_the_kindness_check_knows_an_unkind_line() -> None:
    assert UNKIND.search("You failed, too slow")
    assert not UNKIND.search("Not yet. It will wait for you.")


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_placeholders_are_numbered_from_zero(path: Path) -> None:
    for text in words_of(path).values():
        named = [field for _, field, _, _ in Formatter().parse(text) if field is not None]
        fields = [field for field in named if field not in CONTROLS]
        assert sorted(fields) == [str(number) for number in range(len(fields))], text


@pytest.mark.parametrize("path", LANGUAGES, ids=lambda path: path.stem)
def test_every_language_says_the_same_things(path: Path) -> None:
    assert words_of(path).keys() == words_of(ROOT / "assets" / "words" / "en.toml").keys()


def test_every_key_used_in_code_has_words() -> None:
    words = words_of(ROOT / "assets" / "words" / "en.toml")
    used = set(keys_in_code({key.split(".")[0] for key in words}))
    beginnings = {key for key in used if key.endswith("_")}  # completed by a side or a direction
    assert used - beginnings - words.keys() == set()
    assert [start for start in beginnings if not any(key.startswith(start) for key in words)] == []


def test_a_sentence_names_what_is_in_hand() -> None:
    english = load()
    assert english.say("session.confirm") == "Press the trigger to go on"
    english.controls = {"confirm": "controls.pinch"}
    assert english.say("session.confirm") == "Pinch to go on"


def test_what_is_in_hand_may_have_no_name_for_something() -> None:
    words = Words({"a": "{stop} or {confirm}, {0}", "controls.trigger": "pull"}, "test")
    words.controls = {"stop": "controls.pedal"}
    assert words.say("a", ("now",)) == "controls.pedal or pull, now"


def test_there_are_words_for_every_control_that_is_said_without_being_told() -> None:
    load().require(CONTROLS.values())
