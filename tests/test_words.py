"""What a patient reads is kind, is there for just the keys that code asks for, and says the same in every language."""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import games
from calibration import battery
from engine import leg, theme, words
from engine.commands.flow import STICKERS
from engine.frame import SIDES
from engine.movements import LEANS
from engine.openxr.bindings import PROFILES, controls
from engine.plan import INTERLUDES
from engine.praise import DONE_OF_TASK
from engine.questions import GATES, RATINGS, question_of
from engine.words import CONTROLS, THEMES, Words, WordsError, load
from games.mirror_friends import POSES

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

BETTER = ("summary.reached_higher", "summary.leaned_further", "summary.turned_further", "summary.lifted_further")


def words_of(language: str) -> dict[str, str]:
    """The words of a language by their full key, such as `reach.title` and `themes.dragon.reach.title`."""
    tables = tomllib.loads((ROOT / "assets" / "words" / f"{language}.toml").read_text(encoding="utf-8"))
    del tables["language"]
    return dict(flat(tables, ""))


def flat(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        yield from flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]


def in_every_theme(language: str) -> dict[str, str]:
    return {key: text for key, text in words_of(language).items() if not key.startswith(THEMES)}


def otherwise(language: str) -> dict[tuple[str, ...], str]:
    """What themes say otherwise, by theme and key."""
    return {tuple(key.split(".", 2)[1:]): text for key, text in words_of(language).items() if key.startswith(THEMES)}


def unkind(language: str, text: str) -> bool:
    return re.search(rf"\b({UNKIND[language]})\b", text, re.IGNORECASE) is not None


def blanks(text: str) -> list[str]:
    return [field for _, field, _, _ in Formatter().parse(text) if field is not None]


def strings_in_code() -> Iterator[str]:
    """Every string in games, assessments and engine."""
    folders = (ROOT / "games", ROOT / "calibration", ROOT / "engine")
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def keys_in_code(tables: set[str]) -> Iterator[str]:
    """Every string in the code that looks like the key of a word."""
    key = re.compile(rf"({'|'.join(sorted(tables))})\.(?!json|toml|db$)[a-z_]+")
    return (string for string in strings_in_code() if key.fullmatch(string))


def answering() -> Iterator[str]:
    """The games that answer a trial by its words: see `engine.rounds.answer`."""
    for name in games.names():
        if "rounds.answer(" in Path(inspect.getfile(games.load(name))).read_text("utf-8"):
            yield name


def put_together() -> set[str]:
    """Every key that code puts together of parts, from the closed lists that it takes the parts from."""
    questions = [question_of(kind, scale) for kind in (*GATES, *RATINGS) for scale in ("words", "faces")]
    panels = [step.panel for step in INTERLUDES.values()]
    poses = {pose.words for pose in POSES} | {f"{side}_arm" for side in SIDES} | {"lean", "tilt"}
    rises = ("stand_up", "stand_tall", "hold", "lean_forward", "lean_forward_hold")
    return {
        *(f"{name}.title" for name in (*games.names(), *battery.names())),
        *(f"{name}.{answer}" for name in answering() for answer in ("reached", "not_yet")),
        *(f"captions.{role}" for role in theme.SOUND_ROLES),
        *(f"sticker.{name}" for name in STICKERS),
        *(movement.replace("lean_", "lean.text_") for movement in LEANS),
        *(key for asked in questions for key in (asked.title, *asked.text, *asked.wait)),
        *(reply.words for asked in questions for reply in asked.replies),
        *(key for panel in panels for key in (panel.title, *panel.text) if isinstance(key, str)),
        *(f"{key}_one" for key in (*DONE_OF_TASK.values(), "summary.reached", "summary.minutes", *BETTER)),
        *(f"stepping_stones.foot_{side}" for side in SIDES),
        *(f"{game}.hand_{side}" for game in ("fruit_ladder", "low_shelf_cafe") for side in SIDES),
        *(f"mirror_friends.{pose}" for pose in poses),
        *(f"chair_rocket.{line}" for line in rises),
        *(f"calm_tide.{phase}" for phase in ("breathe_in", "breathe_out")),
        *(leg.words(exercise, side) for exercise in leg.LIFTED for side in SIDES),
        *(leg.words_of_strap(exercise, side, by) for exercise in leg.LIFTED for side in SIDES for by in leg.STRAPPED),
        *CONTROLS.values(),
        *(called for profile in PROFILES for side in SIDES for called in controls(profile, side).values()),
    }


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
    assert {key: sorted(blanks(text)) for key, text in in_every_theme(language).items()} == {
        key: sorted(blanks(text)) for key, text in in_every_theme("en").items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_blanks_are_numbered_from_zero_and_no_line_is_empty(language: str) -> None:
    for key, text in words_of(language).items():
        numbers = [blank for blank in blanks(text) if blank not in CONTROLS]
        assert sorted(numbers) == [str(number) for number in range(len(numbers))], key
        assert re.fullmatch(r"\S|\S.*\S", text), key


def test_french_never_breaks_a_row_before_a_question_mark() -> None:
    assert [text for text in words_of("fr").values() if re.search(r" [?!:;]", text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_quotes_are_those_of_print(language: str) -> None:
    assert [text for text in words_of(language).values() if re.search("[\"'`´]", text)] == []


def test_every_key_used_in_code_has_words() -> None:
    english = in_every_theme("en")
    used = set(keys_in_code({key.split(".")[0] for key in english}))
    beginnings = {key for key in used if key.endswith("_")}  # completed by a side or a direction
    assert used - beginnings - english.keys() == set()
    assert [start for start in beginnings if not any(key.startswith(start) for key in english)] == []


def test_nothing_is_written_that_nobody_can_ask_for() -> None:
    assert in_every_theme("en").keys() - set(strings_in_code()) - put_together() == set()


def test_every_key_that_is_put_together_has_words() -> None:
    assert put_together() - in_every_theme("en").keys() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_theme_says_otherwise_has_the_blanks_of_what_it_replaces(language: str) -> None:
    usual = in_every_theme(language)
    assert [key for (_, key), text in otherwise(language).items() if blanks(text) != blanks(usual[key])] == []
    assert {name for name, _ in otherwise(language)} <= set(theme.names())


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_theme_says_otherwise_is_not_what_is_said_anyway(language: str) -> None:
    usual = in_every_theme(language)
    assert [key for (_, key), text in otherwise(language).items() if text == usual[key]] == []


def test_where_eggs_hang_nobody_is_asked_for_fruit() -> None:
    assert load().say("fruit_ladder.reach") == "Reach for the golden fruit"
    assert load(theme="contrast").say("fruit_ladder.reach") == "Reach for the golden fruit"
    assert load(theme="dragon").say("fruit_ladder.reach") == "Reach for the golden egg"


def test_a_theme_that_says_otherwise_what_is_said_nowhere_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "words" / "en.toml"
    file.parent.mkdir()
    file.write_text('[a]\nb = "c"\n[themes.dragon.a]\nx = "d"', encoding="utf-8")
    with pytest.raises(WordsError, match=r"en\.toml: themes\.dragon\.a\.x says otherwise .* there is no a\.x"):
        load("en", tmp_path, "day")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_replies_to_a_question_are_the_same(language: str) -> None:
    said = load(language)
    for kind in (*GATES, *RATINGS):
        replies = [said.say(reply.words) for reply in question_of(kind, "words").replies]
        assert len(set(replies)) == len(replies), kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_shall_look_at_an_option_is_told_what_stands_on_it(language: str) -> None:
    said = load(language)
    assert re.search(rf"[“„«]\s?{said.say('lobby.go_on')}\s?[”“»]", said.say("session.dwell"))


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
