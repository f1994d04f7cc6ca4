"""What a patient reads is kind, is there for every key that the code uses, and says the same in every language."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from engine import words
from engine.words import CONTROLS, Words, WordsError, load

ROOT = Path(__file__).parents[1]
LANGUAGES = words.languages()
UNKIND = {
    "en": r"fail\w*|wrong\w*|bad\w*|lose\w*|losing|lost|error\w*|miss(ed|es)?|mistake\w*|poor\w*|weak\w*|"
    r"incorrect|slow\w*|too|must|never|cannot|can't|faster|harder",
    "de": r"falsch\w*|fehl\w*|versag\w*|verl(ier|or)\w*|schlecht\w*|schwach\w*|schwäch\w*|langsam\w*|schneller|"
    r"muss\w*|müss\w*|nie|niemals|leider|zu (spät|kurz|weit|wenig|tief|hoch|leicht)",
    "es": r"fall(o|os|a|as|ar|aste|ado|ó)|fracas\w*|error\w*|mal|mal[oa]s?|perd\w+|pierd\w+|incorrect\w*|débil\w*|"
    r"lent\w*|demasiad\w*|nunca|debe\w*|tienes? que|no (se )?pued\w+|más rápid\w*|peor\w*|torpe\w*",
    "fr": r"échou\w*|échec\w*|erreur\w*|faute\w*|mauvais\w*|perd\w*|raté\w*|manqu\w*|incorrect\w*|faible\w*|lent\w*|"
    r"trop|jamais|doi[st]|dev(ez|oir)|plus vite|pires?|impossible\w*|faut",
}


def words_of(language: str) -> dict[str, str]:
    """The words of a language by their full key, such as `reach.title`."""
    tables = tomllib.loads((ROOT / "assets" / "words" / f"{language}.toml").read_text(encoding="utf-8"))
    return {
        f"{table}.{key}": text for table, texts in tables.items() if table != "language" for key, text in texts.items()
    }


def unkind(language: str, text: str) -> bool:
    return re.search(rf"\b({UNKIND[language]})\b", text, re.IGNORECASE) is not None


def blanks(text: str) -> list[str]:
    return [field for _, field, _, _ in Formatter().parse(text) if field is not None]


def keys_in_code(tables: set[str]) -> Iterator[str]:
    """Every string in games, assessments and session that looks like the key of a word."""
    key = re.compile(rf"({'|'.join(sorted(tables))})\.(?!json|toml)[a-z_]+")
    folders = (ROOT / "games", ROOT / "calibration", ROOT / "engine")
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and key.fullmatch(node.value):
                yield node.value


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_ever_says_that_somebody_did_not_do_well(language: str) -> None:
    assert [text for text in words_of(language).values() if unkind(language, text)] == []


@pytest.mark.parametrize(
    ("language", "hard", "warm"),
    [
        ("en", "You failed, too slow", "Not yet. It will wait for you."),
        ("de", "Das war zu kurz, leider", "Noch nicht. Die Boje wartet."),
        ("es", "Más rápido, eso fue un fallo", "Todavía no. La boya espera."),
        ("fr", "C'est raté, il faut aller plus vite", "Pas encore. La bouée attend."),
    ],
)
def test_the_kindness_check_knows_an_unkind_line(language: str, hard: str, warm: str) -> None:
    assert unkind(language, hard)
    assert not unkind(language, warm)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things_with_the_same_blanks(language: str) -> None:
    assert {key: sorted(blanks(text)) for key, text in words_of(language).items()} == {
        key: sorted(blanks(text)) for key, text in words_of("en").items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_blanks_are_numbered_from_zero_and_no_line_is_empty(language: str) -> None:
    for key, text in words_of(language).items():
        numbers = [blank for blank in blanks(text) if blank not in CONTROLS]
        assert sorted(numbers) == [str(number) for number in range(len(numbers))], key
        assert re.fullmatch(r"\S|\S.*\S", text), key


def test_french_never_breaks_a_row_before_a_question_mark() -> None:
    assert [text for text in words_of("fr").values() if re.search(r" [?!:;]", text)] == []


def test_every_key_used_in_code_has_words() -> None:
    english = words_of("en")
    used = set(keys_in_code({key.split(".")[0] for key in english}))
    beginnings = {key for key in used if key.endswith("_")}  # completed by a side or a direction
    assert used - beginnings - english.keys() == set()
    assert [start for start in beginnings if not any(key.startswith(start) for key in english)] == []


def test_a_sentence_names_what_is_in_hand() -> None:
    english = load()
    assert english.say("session.confirm") == "Press the trigger to go on"
    english.controls = {"confirm": "controls.pinch"}
    assert english.say("session.confirm") == "Pinch to go on"


def test_what_is_in_hand_may_have_no_name_for_something() -> None:
    said = Words({"a": "{stop} or {confirm}, {0}", "controls.trigger": "pull"}, "test")
    said.controls = {"stop": "controls.pedal"}
    assert said.say("a", ("now",)) == "controls.pedal or pull, now"


def test_a_value_that_is_a_key_is_said_in_words() -> None:
    assert load("de").say("lobby.next", ("owl_watch.title",)) == "Danach: Eulenblick"


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_words_for_every_control_that_is_said_without_being_told(language: str) -> None:
    load(language).require(CONTROLS.values())


def test_every_language_is_called_what_its_speakers_call_it() -> None:
    assert {code: load(code).name for code in LANGUAGES} == {
        "de": "Deutsch", "en": "English", "es": "Español", "fr": "Français",
    }  # fmt: skip


def test_a_file_of_words_says_which_way_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "words" / "he.toml"
    file.parent.mkdir()
    file.write_text('[language]\nname = "Hebrew"\ndirection = "right to left"\n[a]\nb = "c"', encoding="utf-8")
    hebrew = load("he", tmp_path)
    assert (hebrew.right_to_left, list(hebrew)) == (True, ["a.b"])
    file.write_text('[language]\ndirection = "down"', encoding="utf-8")
    with pytest.raises(WordsError, match=r"he\.toml: \[language\] does not fit.*direction"):
        load("he", tmp_path)
