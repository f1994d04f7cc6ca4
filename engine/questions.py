"""What is asked of a person in the headset, in words or faces, and where the replies hang."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.frame import Vector
from engine.scene import Option, Panel

AWAY_M = 1.5
RADIUS_M, APART_DEG = 0.17, 14.5  # from card to card: the cards are 12.9 degrees wide
FEW, FEW_RADIUS_M, FEW_APART_DEG = 3, 0.21, 18.0
"""As many pictures, or fewer, are larger."""
MOST_IN_A_ROW = 4
ROW_DEG, FIRST_DEG = 12.5, 3.0
PICTURE_ROW_DEG, FIRST_PICTURE_DEG = 17.8, -3.0
"""From row to row and where the first is: cards of words are half as tall as those with pictures."""
TITLE_ABOVE_DEG = 17.0
LEVELS = (0, 2, 4, 6, 8, 10)
"""A verbal rating scale of six steps, each worth its number on a scale from 0 to 10."""


@dataclass(frozen=True)
class Reply:
    """One reply: a key of words with what fills it, a picture (see engine.scene.Option), and what it is worth."""

    words: str
    value: float
    picture: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """Something to ask, and for how long; who does not reply has not answered, and all goes on.

    `kind` is that of an engine.records.Answer (pain, fatigue, dizziness), whose value the reply gives, or one of GATES:
    then only 1 lets the visit go on, any other reply shows `wait` for a while and asks again, and after the third the
    visit ends. `scale` is what it was asked with: words or faces.
    """

    kind: str
    title: str
    text: tuple[str, ...]
    replies: tuple[Reply, ...]
    seconds: float = 20.0
    scale: str = "words"
    wait: tuple[str, ...] = ()
    place: str = "lobby"


def rating(kind: str, table: str, title: str, text: str, scale: str) -> Question:
    """A question with six replies from `table`.level_0 to level_10, with a face on each where the scale is faces."""
    pictures = [f"face {level}" if scale == "faces" else "" for level in LEVELS]
    replies = tuple(
        Reply(f"{table}.level_{level}", float(level), picture) for level, picture in zip(LEVELS, pictures, strict=True)
    )
    return Question(kind, title, (text,), replies, scale=scale)


def pain(scale: str = "words") -> Question:
    """How much it hurts, now."""
    return rating("pain", "pain", "question.title", "question.pain", scale)


def effort(scale: str = "words") -> Question:
    """How much work it was."""
    return rating("fatigue", "effort", "question.title_after", "question.effort", scale)


def sickness(scale: str = "words") -> Question:
    """Whether the person is dizzy or queasy: a child is asked for the tummy."""
    text = "question.sickness" if scale == "faces" else "question.sickness_adult"
    return rating("dizziness", "sickness", "question.title", text, scale)


def expected_harm(scale: str = "words") -> Question:
    """How much harm somebody expects of bending, before they do."""
    return rating("expected_harm", "harm", "question.title_before", "question.expected_harm", scale)


def felt_harm(scale: str = "words") -> Question:
    """How much harm it did, as they feel, after."""
    return rating("felt_harm", "harm", "question.title_after", "question.felt_harm", scale)


def gate(kind: str) -> Question:
    """Whether something holds without which nothing is played: `support` within reach, or an `adult` in the room."""
    yes, no = Reply(f"screening.{kind}_yes", 1.0), Reply(f"screening.{kind}_no", 0.0)
    wait = (f"screening.{kind}_wait",)
    return Question(kind, f"screening.{kind}_title", (f"screening.{kind}",), (yes, no), 30.0, wait=wait)


GATES = ("support", "adult")
RATINGS: Mapping[str, Callable[[str], Question]] = {
    "pain": pain, "fatigue": effort, "dizziness": sickness, "expected_harm": expected_harm, "felt_harm": felt_harm,
}  # fmt: skip


def question_of(kind: str, scale: str) -> Question:
    """The question of a kind, for a record that names it; raises KeyError for one that there is not."""
    return gate(kind) if kind in GATES else RATINGS[kind](scale)


def hung(named: Sequence[tuple[str, Reply]], eye_m: Vector, facing_deg: float) -> tuple[Option, ...]:
    """Options by their keys, in rows before the eyes that are short, so that no neck has to turn far; first on top."""
    rows = math.ceil(len(named) / MOST_IN_A_ROW)
    width = math.ceil(len(named) / rows) if rows else 0
    pictured = any(reply.picture for _, reply in named)
    few = pictured and len(named) <= FEW
    radius_m, apart_deg = (FEW_RADIUS_M, FEW_APART_DEG) if few else (RADIUS_M, APART_DEG)
    first_deg, row_deg = (FIRST_PICTURE_DEG, PICTURE_ROW_DEG) if pictured else (FIRST_DEG, ROW_DEG)
    options = []
    for index, (key, reply) in enumerate(named):
        row, column = divmod(index, width)
        beside = min(width, len(named) - row * width)
        azimuth = apart_deg * (column - (beside - 1) / 2)
        place_m = before(eye_m, facing_deg + azimuth, first_deg - row_deg * row)
        options.append(Option(key, place_m, radius_m, reply.words, reply.values, reply.picture))
    return tuple(options)


def headline(key: str, title: str, text: tuple[str, ...], eye_m: Vector, facing_deg: float) -> Panel:
    """A panel above the replies."""
    return Panel(key, title, text, place_m=before(eye_m, facing_deg, TITLE_ABOVE_DEG))


def before(eye_m: Vector, heading_deg: float, up_deg: float, away_m: float = AWAY_M) -> Vector:
    """A place in a direction from the eyes: a heading to the right of -z and a height, both in degrees."""
    heading, up = math.radians(heading_deg), math.radians(up_deg)
    x, y, z = eye_m
    return (
        x + away_m * math.cos(up) * math.sin(heading),
        y + away_m * math.sin(up),
        z - away_m * math.cos(up) * math.cos(heading),
    )
