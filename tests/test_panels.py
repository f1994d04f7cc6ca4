"""Panels, options and captions: whatever is said fits, is large enough, and has a letter for every letter."""

import itertools
import math
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from panda3d.core import NodePath, TextNode

import games
from engine import talking, theme, words
from engine.commands.following import MOST_BESIDE
from engine.frame import LOST, Frame, Hand, Pose, from_yaw_pitch
from engine.panda import berth, board, caption, faces, option
from engine.panda.berth import Watch
from engine.panda.board import Board, lay
from engine.panda.caption import Captions
from engine.panda.fonts import Fonts, Setting, lacks
from engine.panda.kit import Kit
from engine.panda.look import Look
from engine.panda.models import Models
from engine.panda.option import OptionCard
from engine.plan import programme
from engine.questions import GATES, RATINGS, Reply, gate, headline, hung, question_of
from engine.scene import Line, Option, Panel, Scene, Sound
from engine.settings import Settings
from engine.words import CONTROLS, Language, Words

EYE_M = (0.0, 1.6, 0.0)
FONTS = Fonts()
DAY = theme.load()
MODELS = Models(DAY.models, None)
ACCENTED = str.maketrans("aceghilmnorstuyzACEGILNORSTUZ", "áçéğħíľmñöřšţúýžÁÇÉĞÍĽÑÖŘŠŢÚŽ")
CAPITAL_OF_EM = 0.70  # of both fonts, from their OS/2 tables
MOST_LINES = 3


def pseudo(direction: str = "left to right") -> Words:
    """English with an accent and 40 % longer, as no language is: what it shows badly is laid out badly."""
    english = words.load()
    return Words(
        {key: strange(english._entries[key]) for key in english}, "pseudo", "qps", Language(direction=direction)
    )


def strange(text: str) -> str:
    parts = re.split(r"(\{\w+\})", text)
    said = "".join(part if part.startswith("{") else part.translate(ACCENTED) for part in parts)
    return f"[{said}{' ~~~~' * math.ceil(0.4 * len(text) / 5)}]"


SPOKEN = {**{code: words.load(code) for code in words.languages()}, "pseudo": pseudo()}


def kit_with(said: Words, scale: float = 1.0, captions: bool = True) -> Kit:
    root = NodePath("root")
    settings = Settings(text_scale=scale, captions=captions)
    return Kit(root, Look(root), MODELS, FONTS, said, DAY.places["orchard"], DAY, settings)


def seen_from(yaw_deg: float = 0.0, time_s: float = 1.0) -> Frame:
    head = Pose(EYE_M, from_yaw_pitch(math.radians(yaw_deg), 0.0))
    return Frame(round(time_s * 1e9), head, Hand(LOST), Hand(LOST))


def values_of(said: Words, key: str) -> tuple[str, ...]:
    """The longest that fills the blanks of a line: the name of a game, or a number of two digits."""
    if not re.match(r"lobby\.(first|next|last|chosen)|session\.play_next", key):
        return ("88", "88")
    return (max((key for key in said if re.fullmatch(r"\w+_\w+\.title", key)), key=lambda name: len(said.say(name))),)


def panels(said: Words) -> Iterator[Panel]:
    """For every table of words, the panels that its longest titles and lines make, said with each thing in hand."""
    for name, keys in itertools.groupby(said, key=lambda key: key.split(".")[0]):
        table = sorted(keys, key=lambda key: -len(said.say(key, values_of(said, key))))
        lines = [Line(key, values_of(said, key)) for key in table if not key.endswith("title") and name != "captions"]
        titles = [key for key in table if key.endswith("title")] or table[:1]
        for title in titles[:3]:
            yield Panel(name, title, tuple(lines[:MOST_LINES]), 1, 12, values=values_of(said, title))
        for first in range(0, len(lines), MOST_LINES):
            yield Panel(name, titles[0], tuple(lines[first : first + MOST_LINES]), 1, 12)


def controls(said: Words) -> str:
    """The key of the longest words for doing something."""
    return max((key for key in said if key.startswith("controls.")), key=lambda key: len(said.say(key)))


@pytest.mark.parametrize("scale", [1.0, 1.6])
@pytest.mark.parametrize("language", SPOKEN)
def test_every_panel_is_of_an_agreeable_size(language: str, scale: float) -> None:
    said = SPOKEN[language]
    said.controls = dict.fromkeys(CONTROLS, controls(said))
    kit = kit_with(said, scale)
    sizes = {(panel.title, panel.text): lay(kit, panel) for panel in panels(said)}
    assert {key: laid for key, laid in sizes.items() if not laid.fits or max(laid.wide_m, laid.tall_m) > 0.95} == {}


@pytest.mark.parametrize("scale", [1.0, 1.6])
@pytest.mark.parametrize("language", words.languages())
def test_four_games_and_a_line_of_the_clinic_fit_a_card(language: str, scale: float) -> None:
    longest = sorted(games.names(), key=lambda name: len(SPOKEN[language].say(f"{name}.title")))[-4:]
    laid = lay(kit_with(SPOKEN[language], scale), programme(longest, ("scar massage " * 9)[:MOST_BESIDE]).panel)
    assert laid.fits
    assert max(laid.wide_m, laid.tall_m) <= 0.95


@pytest.mark.parametrize("language", words.languages())
def test_larger_letters_are_larger_on_every_panel(language: str) -> None:
    kit = kit_with(SPOKEN[language], 1.6)
    assert min(lay(kit, panel).scale for panel in panels(SPOKEN[language])) >= 1.1


@pytest.mark.parametrize("language", SPOKEN)
def test_every_letter_of_every_line_can_be_drawn(language: str) -> None:
    said = SPOKEN[language]
    sentences = [said.say(key, ("0123456789",) * 2) for key in said]
    assert lacks(FONTS.body, "".join(sentences)) == ""
    assert "".join(lacks(FONTS.title_of(text), text) for text in sentences) == ""


@pytest.mark.parametrize("language", words.languages())
def test_every_title_can_be_set_in_the_font_of_titles(language: str) -> None:
    said = SPOKEN[language]
    assert lacks(FONTS.title, "".join(said.say(key) for key in said if key.endswith("title"))) == ""


def test_a_letter_that_no_font_has_is_found() -> None:
    assert lacks(FONTS.body, "Reach ☺ for א") == "א☺"
    assert FONTS.title_of("Žluťoučký kůň") is FONTS.body


@pytest.mark.parametrize("font", [FONTS.title, FONTS.body])
def test_letters_are_at_least_1_3_degrees_high(font) -> None:
    capital = Setting(font, 1.0, "#000000").lay("H", 10.0)
    low, high = NodePath(capital.generate()).get_tight_bounds()
    assert high.z - low.z >= CAPITAL_OF_EM - 0.01
    for em_m, away_m in (
        (board.BODY_EM_M, berth.DISTANCE_M),
        (board.TITLE_EM_M, berth.DISTANCE_M),
        (board.BODY_EM_M * caption.AWAY_M / berth.DISTANCE_M, caption.AWAY_M),
    ):
        assert math.degrees(math.atan2(CAPITAL_OF_EM * em_m, away_m)) >= 1.3


def test_a_panel_that_is_further_away_has_larger_letters() -> None:
    kit, panel = kit_with(SPOKEN["en"]), Panel("a", "reach.title", ("reach.comfortable",))
    near, far = lay(kit, panel), lay(kit, panel, 2 * berth.DISTANCE_M)
    ratios = [b.get_text_scale() / a.get_text_scale() for a, b in zip(near.texts, far.texts, strict=True)]
    assert ratios == pytest.approx([2.0, 2.0])
    assert far.wide_m > near.wide_m


def test_rows_are_of_even_length_and_never_too_wide() -> None:
    text = Setting(FONTS.body, 0.05, "#000000").lay("Turn your head as far as feels comfortable to you today", 0.6)
    rows = text.get_text().split("\n")
    widths = [text.calc_width(row) for row in rows]
    assert len(rows) == 3
    assert min(widths) > 0.5 * max(widths)
    assert max(widths) <= 0.6


def test_a_hard_space_holds_words_together() -> None:
    setting = Setting(FONTS.body, 0.05, "#000000")
    assert setting.lay("Prêt\u00a0? Oui", 0.15).get_text() == "Prêt ?\nOui"


def text_nodes(node: NodePath) -> list[tuple[float, float]]:
    """The left and right end of each line of letters below a node."""
    bounds = [letters.get_tight_bounds(node) for letters in node.find_all_matches("**/letters")]
    return [(low.x, high.x) for low, high in bounds]


def test_a_language_from_right_to_left_mirrors_its_panels() -> None:
    panel = Panel("a", "reach.title", ("reach.comfortable", "reach.comfortable"), 2, 5)
    left, right = (Board(kit_with(pseudo(way)), panel, seen_from()) for way in ("left to right", "right to left"))
    starts, ends = [low for low, _ in text_nodes(left.node)], [high for _, high in text_nodes(right.node)]
    assert max(starts) - min(starts) < 0.01
    assert max(ends) - min(ends) < 0.01
    assert left.node.find("board").get_sx() == -right.node.find("board").get_sx() == 1


def test_a_panel_grows_to_the_left_away_from_what_is_reached_for() -> None:
    rights = []
    for scale in (1.0, 1.6):
        drawn = Board(kit_with(SPOKEN["de"], scale), Panel("a", "reach.title", ("reach.text_ahead",)), seen_from())
        low, high = drawn.node.get_tight_bounds(drawn.node.get_parent())
        rights.append(math.degrees(math.atan2(high.x - board.SHADOW_M, high.y)))
        assert low.x < high.x < 0
    assert rights[0] == pytest.approx(rights[1], abs=1.5)


ANSWER = Option("a", (0.0, 1.6, -1.5), 0.14, "pain.level_2", picture="face 2")


def test_the_edge_of_an_option_fills_and_a_tick_marks_it() -> None:
    card = OptionCard(kit_with(SPOKEN["en"]), ANSWER, seen_from())
    tick = card.node.find("**/tick")
    assert tick.is_hidden()
    card.update(ANSWER._replace(fill=1.0, picked=True))
    assert not tick.is_hidden()
    assert card.node.get_scale().x > 1


def test_filling_an_option_lays_nothing_out_anew() -> None:
    card = OptionCard(kit_with(SPOKEN["en"]), ANSWER, seen_from())
    before = card.node.get_child(0)
    card.update(ANSWER._replace(fill=0.5))
    assert card.node.get_child(0) == before


def test_words_of_an_option_are_never_smaller_than_1_3_degrees() -> None:
    for away_m, scale in itertools.product((1.2, 1.5, 2.5), (1.0, 1.6)):
        item = ANSWER._replace(place_m=(0.0, 1.6, -away_m), words="screening.support_yes")
        kit = kit_with(SPOKEN["de"], scale)
        em_m = option.lay(kit, item, away_m, option.alike(kit, (item,), EYE_M).scale).get_text_scale()
        assert math.degrees(math.atan2(CAPITAL_OF_EM * em_m, away_m)) >= 1.3


GAMES = tuple(Reply(f"{name}.title", 0.0, name) for name in games.names())
ASKED = {
    "menu": [reply for _, reply in talking.MENU],
    **{f"{kind} in {scale}": question_of(kind, scale).replies for kind in RATINGS for scale in ("words", "faces")},
    **{kind: gate(kind).replies for kind in GATES},
    **{f"{one.picture} or {other.picture}": (one, other) for one, other in itertools.combinations(GAMES, 2)},
    "three stickers": [Reply(f"sticker.{name}", 0.0, name) for name in ("rainbow", "butterfly", "mushroom")],
}

IN_THEIR_WORDS = {
    "a message": [reply for _, reply in talking.offered(("Unverändert", "Sehr müde", "Wie gestern auch"))]
}


def hang_up(kit: Kit, replies: Sequence[Reply]) -> list[OptionCard]:
    """The cards of some replies, as they hang before the eyes."""
    options = hung([(str(number), reply) for number, reply in enumerate(replies)], EYE_M, 0.0)
    cards = [OptionCard(kit, item, seen_from()) for item in options]
    for card in cards:
        card.join(options)
    return cards


def box_deg(card: NodePath, part: str = "**/board") -> tuple[float, float, float, float]:
    """The left, right, low and high end of a card, without its shadow, as the eyes see it."""
    low, high = card.find(part).get_tight_bounds(card)
    edge_m = board.SHADOW_M if part.endswith("board") else 0.0
    ways = [card.get_parent().get_relative_point(card, (x, 0, z)) for x, z in
            ((low.x + edge_m, 0), (high.x - edge_m, 0), (0, low.z + edge_m), (0, high.z - edge_m))]  # fmt: skip
    left, right, *ends = ways
    ups = [math.degrees(math.atan2(way.z - EYE_M[1], math.hypot(way.x, way.y))) for way in ends]
    return math.degrees(math.atan2(left.x, left.y)), math.degrees(math.atan2(right.x, right.y)), ups[0], ups[1]


@pytest.mark.long_table
@pytest.mark.parametrize("scale", [1.0, 1.6])
@pytest.mark.parametrize("language", SPOKEN)
def test_cards_that_hang_together_are_of_one_size_and_apart(language: str, scale: float) -> None:
    kit = kit_with(SPOKEN[language], scale)
    for name, replies in {**ASKED, **IN_THEIR_WORDS}.items():
        cards = hang_up(kit, replies)
        sizes = {tuple(card.node.find("**/board").get_tight_bounds(card.node)[1]) for card in cards}
        assert len({tuple(round(side, 4) for side in size) for size in sizes}) == 1, name
        boxes = [box_deg(card.node) for card in cards]
        for a, b in itertools.combinations(boxes, 2):
            assert a[1] < b[0] or b[1] < a[0] or a[2] > b[3] or b[2] > a[3], (name, a, b)


@pytest.mark.parametrize("scale", [1.0, 1.6])
@pytest.mark.parametrize("language", words.languages())
def test_what_is_asked_never_hangs_over_the_answers(language: str, scale: float) -> None:
    kit = kit_with(SPOKEN[language], scale)
    for kind, how in itertools.product((*RATINGS, *GATES), ("words", "faces")):
        question = question_of(kind, how)
        cards = hang_up(kit, question.replies)
        asked = Board(kit, headline("asked", question.title, question.text, EYE_M, 0.0), seen_from())
        options = tuple(card._item for card in cards)
        asked.clear(Watch().see(Scene("lobby", options), DAY.places["lobby"], EYE_M))
        low_deg = box_deg(asked.node, "board")[2]
        assert low_deg > max(box_deg(card.node)[3] for card in cards) + 0.5, (kind, how)


@pytest.mark.parametrize("language", words.languages())
def test_the_answers_to_a_question_keep_to_their_cards(language: str) -> None:
    for name, replies in ASKED.items():
        (card, *_) = hang_up(kit_with(SPOKEN[language]), replies)
        assert card._likeness.half_m == card._item.radius_m, name
        assert card._likeness.rows <= 2, name


def test_a_boat_on_a_card_shows_its_side() -> None:
    card = OptionCard(kit_with(SPOKEN["en"]), ANSWER._replace(picture="boat"), seen_from())
    low, high = card.node.find("**/relief").get_tight_bounds(card.node)
    assert high.x - low.x > 0.4 * (high.z - low.z)


def test_a_model_on_a_card_fills_its_picture() -> None:
    pictured = DAY.__class__(**{**vars(DAY), "pictures": {"apple": "apple_gold.glb"}})
    kit = kit_with(SPOKEN["en"])._replace(theme=pictured)
    card = OptionCard(kit, ANSWER._replace(picture="apple"), seen_from())
    low, high = card.node.find("**/relief").get_tight_bounds(card.node)
    assert max(high.x - low.x, high.z - low.z) == pytest.approx(2 * 0.14 * option.PICTURE_SHARE, rel=0.2)
    assert high.y < 0


def test_a_game_without_a_picture_is_a_card_of_words() -> None:
    card = OptionCard(kit_with(SPOKEN["en"]), ANSWER._replace(picture="still_hand"), seen_from())
    assert card.node.find("**/picture").is_empty()
    assert not card.node.find("**/+GeomNode").is_empty()


def test_a_face_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match=r"no face 3; the faces are 0, 2, 4, 6, 8, 10"):
        OptionCard(kit_with(SPOKEN["en"]), ANSWER._replace(picture="face 3"), seen_from())


def drawn_lines(level: int) -> np.ndarray:
    """Where the dark lines of a face are."""
    line = next(layer.field for layer in faces.layers(level) if layer.colour == faces.LINE)
    return np.frombuffer(line.get_ram_image().get_data(), np.uint8) > 127


def test_faces_differ_in_their_lines_and_not_only_in_colour() -> None:
    lines = {level: drawn_lines(level) for level in faces.LEVELS}
    for one, other in itertools.combinations(faces.LEVELS, 2):
        assert np.mean(lines[one] != lines[other]) > 0.012, (one, other)
    assert {layer.colour for layer in faces.layers(4)} <= {layer.colour for layer in faces.layers(6)}


def shown(captions: Captions) -> list[NodePath]:
    return list(captions.node.get_children())


def test_a_caption_comes_with_its_sound_and_goes_when_it_was_read() -> None:
    kit = kit_with(SPOKEN["en"])
    captions = Captions(kit.parent)
    captions.show(kit, (Sound("s", "call", (-2.0, 1.6, -2.0)),), seen_from(time_s=1.0))
    assert len(shown(captions)) == 1
    captions.show(kit, (), seen_from(time_s=1.0 + caption.SHOWN_S - 0.1))
    assert len(shown(captions)) == 1
    captions.show(kit, (), seen_from(time_s=1.0 + caption.SHOWN_S + 0.1))
    assert shown(captions) == []


@pytest.mark.parametrize(
    ("place_m", "side"), [((-2.0, 1.6, -2.0), -1), ((2.0, 1.6, -2.0), 1), ((0.1, 1.6, -2.0), 0), (None, 0)]
)
def test_an_arrow_says_where_a_sound_came_from(place_m, side: int) -> None:
    kit = kit_with(SPOKEN["en"])
    captions = Captions(kit.parent)
    captions.show(kit, (Sound("s", "call", place_m),), seen_from())
    arrow = captions.node.find("**/arrow")
    assert (0 if arrow.is_empty() else math.copysign(1, arrow.get_x())) == side


def test_a_caption_hangs_low_ahead_and_stays_while_the_head_looks_about() -> None:
    kit = kit_with(SPOKEN["en"])
    captions = Captions(kit.parent)
    captions.show(kit, (Sound("a", "reached"),), seen_from(-60.0, 1.0))
    place = captions.node.get_pos()
    away = place - kit.parent.get_relative_point(kit.parent, (0, 0, EYE_M[1]))
    assert math.degrees(math.asin(away.z / away.length())) == pytest.approx(-caption.BELOW_DEG)
    assert math.degrees(math.atan2(away.x, away.y)) == pytest.approx(-60.0, abs=0.01)
    captions.show(kit, (Sound("b", "hold"),), seen_from(-40.0, 1.2))
    assert captions.node.get_pos() == place


def test_no_more_captions_than_can_be_read_and_none_where_they_are_off() -> None:
    many = tuple(Sound(str(number), "reached") for number in range(5))
    for wanted, most in ((True, caption.MOST), (False, 0)):
        kit = kit_with(SPOKEN["en"], captions=wanted)
        captions = Captions(kit.parent)
        captions.show(kit, many, seen_from())
        assert len(shown(captions)) == most


def test_every_sound_has_a_caption() -> None:
    words.load().require(f"captions.{role}" for role in theme.SOUND_ROLES)


def test_text_of_panels_is_laid_where_its_align_says() -> None:
    for align, ends in ((0, (0.0, 1.0)), (1, (-1.0, 0.0)), (2, (-0.5, 0.5))):
        text = Setting(FONTS.body, 0.05, "#000000").lay("Even rows", 5.0, align)
        low, high = NodePath(text.generate()).get_tight_bounds()
        width = text.get_width()
        assert (low.x / width, high.x / width) == pytest.approx(ends, abs=0.08)
    assert TextNode.A_center == 2
