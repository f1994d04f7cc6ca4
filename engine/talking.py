"""Talking with a person in the headset: questions, a choice of games, and the menu that is never out of reach.

Each is a Move that stands before the eyes of the first body it receives, whatever their height, and is answered by
looking, pointing or pressing (engine.choosing).
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from engine import choosing, moves
from engine.body import Body
from engine.choosing import front_deg
from engine.facing import apart_deg
from engine.frame import Quaternion, Vector, rotate
from engine.questions import TITLE_ABOVE_DEG, Question, Reply, before, headline, hung
from engine.records import Stance
from engine.scene import Bend, Follow, Gaze, Item, Option, Panel, Prop, Reach, Surround, Target, Walk
from engine.task import NOT_YET, Move
from engine.workspace import look_deg

SPOT = "menu"
SPOT_DEG = (-24.0, -24.0)  # to the right of the front and up: below the panel, where nothing is reached for
SPOT_RADIUS_M = 0.06
SPOT_DWELL_S = 2.0
HEADS_SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # what share of a look heads make (Stahl 1999, as EYES_DEG)
CLEAR_DEG, EDGE_DEG = 15.0, 6.0  # the spot goes where somebody shall look that near to it, or to its edge
MENU_S = 60.0  # then the menu closes by itself
TURNED, TURNED_DEG, MOVED_M, TURNED_S = "turned", 25.0, 0.25, 1.0
LOOK_S = 2.5  # how long somebody looks where the front shall be
GO_ON, RECENTRE, REST, HURTS, DIZZY, TIRED, STOP = "go on", "recentre", "rest", "pain", "dizziness", "fatigue", "stop"
MENU = (
    (GO_ON, Reply("menu.go_on", 0.0)),
    (REST, Reply("menu.rest", 0.0)),
    (TIRED, Reply("menu.tired", 0.0)),
    (RECENTRE, Reply("menu.recentre", 0.0)),
    (HURTS, Reply("menu.hurts", 0.0)),
    (DIZZY, Reply("menu.dizzy", 0.0)),
    (STOP, Reply("menu.stop", 0.0)),
)
_WITHOUT_SPOT, _PLACED = Surround | Walk, Target | Bend  # made once: every frame asks for them


class Spot:
    """The spot to look at for the menu; it stands by the middle of the room, under the height of the eyes there."""

    def __init__(self, stance: Stance, neutral: Quaternion) -> None:
        """Stand beside a stance, whose head is turned as `neutral` when nothing is asked."""
        self.stance, self._neutral = stance, neutral
        right_deg, up_deg = SPOT_DEG
        place_m = before(stance.head_m, stance.facing_deg + right_deg, up_deg)
        spot = Option(SPOT, place_m, SPOT_RADIUS_M, "menu.title")
        self._spot, self._was_shown = spot, False
        self._watch = self._watching()

    def step(self, body: Body, shown: bool) -> bool:
        """Whether the menu is asked for with this frame; a trigger says nothing, because it belongs to the game.

        While the spot is not shown nobody can mean it, nor where it appears under a look that was there before.
        """
        if shown != self._was_shown:
            self._watch = self._watching()
        self._was_shown = shown
        if not shown:
            return False
        try:
            self._shown = _only(self._watch.send(body._replace(confirm=False) if body.confirm else body))
        except StopIteration:
            return True
        return False

    def beside(self, items: tuple[Item, ...]) -> Option | None:
        """The spot, to be shown with these items: none where somebody shall look, point or reach right past it.

        Nor is there one behind a chest that opens where a hand was, where nothing is seen, where it would not stand
        still, or where nobody wears the headset.
        """
        for item in items:
            if isinstance(item, _WITHOUT_SPOT):
                return None
            if isinstance(item, Option) and self._covers(item.place_m, item.radius_m, 0.0):
                return None
            if isinstance(item, Prop) and item.role == "treasure" and self._covers(item.place_m):
                return None
            if isinstance(item, Gaze) and self._faced(item):
                return None
            if isinstance(item, _PLACED) and self._hides(item.place_m, item.radius_m):
                return None
            if isinstance(item, Reach) and (self._covers(item.start_m) or self._covers(item.stop_m)):
                return None
            if isinstance(item, Follow) and any(self._hides(place_m) for place_m in item.points_m):
                return None
        return self._shown

    def _watching(self) -> Move:
        watch = choosing.choose((self._spot,), math.inf, SPOT_DWELL_S)
        self._shown = _only(next(watch))
        return watch

    def _hides(self, place_m: Vector, radius_m: float = 0.0) -> bool:
        """Whether a place covers the spot, or a face that turns but part of the way there could look at it."""
        head_m, facing_deg = self.stance.head_m, self.stance.facing_deg
        return self._covers(place_m, radius_m) or _half_way(head_m, facing_deg, place_m)

    def _covers(self, place_m: Vector, radius_m: float = 0.0, clear_deg: float = CLEAR_DEG) -> bool:
        return _covers(self.stance.head_m, self.stance.facing_deg, place_m, radius_m, clear_deg)

    def _faced(self, item: Gaze) -> bool:
        """Whether a face that is where it is asked to be could be taken for one that looks at the spot."""
        yaw, pitch = math.radians(item.yaw_deg), math.radians(item.pitch_deg)
        level = math.cos(pitch)
        way = rotate(self._neutral, (level * math.sin(yaw), math.sin(pitch), -level * math.cos(yaw)))
        ahead = self.stance.head_m[0] + way[0], self.stance.head_m[1] + way[1], self.stance.head_m[2] + way[2]
        at_deg = look_deg(self.stance.head_m, self.stance.facing_deg, ahead)
        return apart_deg(at_deg, SPOT_DEG) < max(CLEAR_DEG, EDGE_DEG + item.radius_deg)


@lru_cache(maxsize=256)  # as below
def _half_way(head_m: Vector, facing_deg: float, place_m: Vector) -> bool:
    """Whether a face on its way to a place looks at the spot: a head makes part of a look, and eyes do the rest."""
    right_deg, up_deg = look_deg(head_m, facing_deg, place_m)
    return any(apart_deg((share * right_deg, share * up_deg), SPOT_DEG) < EDGE_DEG for share in HEADS_SHARES)


@lru_cache(maxsize=256)  # a way of many places is shown in every frame, and stays where it is
def _covers(head_m: Vector, facing_deg: float, place_m: Vector, radius_m: float, clear_deg: float) -> bool:
    """Whether a hand at a place, or a look there, could be taken for one that points at the spot."""
    at_deg = look_deg(head_m, facing_deg, place_m)
    radius_deg = math.degrees(math.atan2(radius_m, math.dist(head_m, place_m)))
    return apart_deg(at_deg, SPOT_DEG) < max(clear_deg, EDGE_DEG + radius_deg)


def put_on(panel: Panel, seconds: float) -> Move:
    """Show a panel to somebody who puts the headset on, until they look at the option to go on or press a trigger.

    The outcome is TURNED when they look elsewhere for a while: the front has to come to them.
    """
    body = yield ()
    ahead_deg, away_s = front_deg(body), 0.0
    here_m = body.head_m
    wait = choosing.confirm((panel._replace(place_m=before(here_m, ahead_deg, TITLE_ABOVE_DEG)),), seconds)
    items = next(wait)
    while True:
        body = yield items
        looks_deg = math.degrees(math.atan2(body.look[0], -body.look[2]))
        turned = abs((looks_deg - ahead_deg + 180) % 360 - 180) > TURNED_DEG
        away = turned or math.dist(body.head_m, here_m) > MOVED_M
        away_s = away_s + body.dt_s if away else 0.0
        if away_s >= TURNED_S:
            return TURNED
        try:
            items = wait.send(body)
        except StopIteration as end:
            return str(end.value)


def menu() -> Move:
    """Show the menu; the outcome is what was chosen, GO_ON where nothing was for a while."""
    chosen = yield from _offer("menu", "menu.title", ("menu.text",), MENU, MENU_S)
    return GO_ON if chosen == NOT_YET else chosen


def ask(question: Question) -> Move:
    """Ask something; the outcome is the number of the reply as a word, or `not yet` where nobody replied."""
    named = [(f"{question.kind} {index}", reply) for index, reply in enumerate(question.replies)]
    chosen = yield from _offer(question.kind, question.title, question.text, named, question.seconds)
    return chosen.removeprefix(f"{question.kind} ")


def choose_game(names: Sequence[str], first: bool, seconds: float) -> Move:
    """Let the person choose one of some games by name; the first of them where they do not."""
    title, text = ("children.first_title", "children.first") if first else ("children.next_title", "children.next")
    named = [(f"game {name}", Reply(f"{name}.title", 0.0, name)) for name in names]
    chosen = yield from _offer("choice", title, (text,), named, seconds)
    return names[0] if chosen == NOT_YET else chosen.removeprefix("game ")


def pick(kind: str, title: str, text: str, names: Sequence[str], seconds: float) -> Move:
    """Let the person choose one of some names, which are keys of `kind` and pictures; the first where they do not."""
    named = [(f"{kind} {name}", Reply(f"{kind}.{name}", 0.0, name)) for name in names]
    chosen = yield from _offer(kind, title, (text,), named, seconds)
    return names[0] if chosen == NOT_YET else chosen.removeprefix(f"{kind} ")


def answer(answers: Sequence[str], seconds: float) -> Move:
    """Let the person answer in one of some words as they are, or go on; the outcome is the answer, "" for none."""
    chosen = yield from _offer("answer", "clinic.message", ("menu.text",), offered(answers), seconds)
    return "" if chosen in (NOT_YET, GO_ON) else answers[int(chosen.removeprefix("answer "))]


def offered(answers: Sequence[str]) -> list[tuple[str, Reply]]:
    """Answers in words as they are, by their keys, and to go on without one."""
    named = [(f"answer {index}", Reply("{0}", 0.0, values=(text,))) for index, text in enumerate(answers)]
    return [*named, (GO_ON, Reply("lobby.go_on", 0.0))]


def look_ahead() -> Move:
    """Let the person look where the front shall be for a while."""
    body = yield ()
    facing_deg = front_deg(body)
    panel = headline("look ahead", "start.look_title", ("start.look_still",), body.head_m, facing_deg)
    return (yield from moves.show((panel,), LOOK_S))


def _offer(key: str, title: str, text: tuple[str, ...], named: Sequence[tuple[str, Reply]], seconds: float) -> Move:
    body = yield ()
    facing_deg = front_deg(body)
    panel = headline(f"{key} panel", title, text, body.head_m, facing_deg)
    options = hung(named, body.head_m, facing_deg)
    return (yield from moves.alongside((panel,), choosing.choose(options, seconds)))


def _only(items: tuple[Item, ...]) -> Option:
    return next(item for item in items if isinstance(item, Option))
