"""Standing steadily: a light that is as strong as somebody is still, and a world that says less or something wrong."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.body import Body
from engine.facing import apart_deg, facing_deg
from engine.metrics.definition import NotMeasurable
from engine.motion import Motion
from engine.scene import Item, Steady, Surround
from engine.task import REACHED, Move

SETTLES_S = 2.0  # to find the middle, and for the world to become what it shall be
FOLLOWS_S = 5.0  # how slowly the middle goes along with somebody who comes to stand otherwise
SMOOTH_S = 0.4
ASKED_S = 3.6  # to say how one feels after a world that went along with the head, of simulated people
AHEAD_DEG = 35.0  # who looks further away than that has the world as always
MOST_AWAY_S = 1.0  # a glance; who sees the world for longer stands neither in the dark nor in what is stuck
AWAY = "More than 1 s of a dark or wrong world with the face 35° down or aside, where all is seen: no result."
LOOKED_AWAY = "looked down or aside, where all is seen"


class Condition(NamedTuple):
    """What a surround is called, and how it is: see `engine.scene.Surround`."""

    name: str
    light: float = 1.0
    held: str = "room"

    @property
    def surround(self) -> tuple[Surround, ...]:
        """The item for it; none where the world is as always."""
        return () if self.light == 1 and self.held == "room" else (Surround(self.name, self.light, self.held),)

    @property
    def asked_s(self) -> float:
        """How long it takes to say how one feels after it: that is asked of a world that went along with the head."""
        return 0.0 if self.held == "room" else ASKED_S


LIGHT, DARK, STUCK = Condition("light"), Condition("dark", light=0.0), Condition("stuck", held="head")
"""Eyes open, eyes as good as closed, and the dome of the sensory test: conditions 1 and 4, 2 and 5, 3 and 6 of it."""


@dataclass
class Span:
    """The part of a trial that counts, in seconds of play from its first frame; `now_s` is nan before that.

    `held_s` is how much of it somebody was where they should be, `away_s` how much of it they looked away from what
    surrounds them, and saw the world as always.
    """

    now_s: float = math.nan
    begins_s: float = math.inf
    ends_s: float = 0.0
    held_s: float = 0.0
    away_s: float = 0.0

    def count(self) -> None:
        """Let this frame count, and all from the first that did."""
        self.begins_s = min(self.begins_s, self.now_s)
        self.ends_s = self.now_s

    def refuse_looks_away(self) -> None:
        """Raise NotMeasurable where somebody saw the world for longer than at a glance."""
        if self.away_s > MOST_AWAY_S:
            raise NotMeasurable(LOOKED_AWAY)

    def cut(self, motion: Motion) -> Motion:
        """The motion within it; empty where it never began."""
        time_s = motion.time_s - motion.time_s[0] if len(motion.time_s) else motion.time_s
        first, last = np.searchsorted(time_s, (self.begins_s - 1e-6, self.ends_s + 1e-6))
        return motion.cut(int(first), max(int(first), int(last)))


class Middle:
    """Where somebody stands when they do not sway, as a lean: it follows slowly."""

    def __init__(self) -> None:
        self._at: tuple[float, float] | None = None
        self._known_s = 0.0

    def away_deg(self, body: Body) -> float:
        """How far from it a body leans, nan while the head is not seen."""
        if not math.isfinite(sum(body.lean_deg)):
            return math.nan
        ahead, right = self._at or body.lean_deg
        self._known_s = min(self._known_s + body.dt_s, FOLLOWS_S)
        share = min(1.0, body.dt_s / max(self._known_s, body.dt_s, 1e-9))
        ahead, right = ahead + share * (body.lean_deg[0] - ahead), right + share * (body.lean_deg[1] - right)
        self._at = (ahead, right)
        return math.hypot(body.lean_deg[0] - ahead, body.lean_deg[1] - right)


def steady(key: str, within_deg: float, seconds: float, span: Span) -> Move:
    """Stay within a lean of one's own middle for a time, all at once or bit by bit: none of it is taken away.

    A moment to settle counts nothing, nor does time in which the face looks elsewhere. `span` is that of the trial (see
    `clocked`), and notes what counts.
    """
    middle, gone_s, steadiness = Middle(), 0.0, 0.0
    while span.held_s < seconds:
        body = yield (Steady(key, steadiness, span.held_s / seconds),)
        gone_s += body.dt_s
        away_deg = middle.away_deg(body)
        still = max(0.0, 1 - away_deg / within_deg) ** 0.5 if math.isfinite(away_deg) else 0.0
        steadiness += min(1.0, body.dt_s / SMOOTH_S) * (still - steadiness)
        if gone_s > SETTLES_S:
            span.count()
            span.held_s += body.dt_s if away_deg < within_deg and looks_ahead(body) else 0.0
    return REACHED


def surrounded(condition: Condition, move: Move, span: Span) -> Move:
    """Play a move in a world under a condition; whoever looks away has the world as always for so long.

    `span` notes how long that was, once it has begun.
    """
    own, ahead = next(move), True
    while True:
        around: tuple[Item, ...] = condition.surround if ahead else ()
        body = yield own + around
        ahead = looks_ahead(body)
        if condition.surround and not ahead and span.begins_s <= span.now_s:
            span.away_s += body.dt_s
        try:
            own = move.send(body)
        except StopIteration as end:
            return str(end.value)


def clocked(span: Span, move: Move) -> Move:
    """Play a whole trial, and keep the time of it."""
    own = next(move)
    while True:
        body = yield own
        span.now_s = 0.0 if math.isnan(span.now_s) else span.now_s + body.dt_s
        try:
            own = move.send(body)
        except StopIteration as end:
            return str(end.value)


def watched(move: Move, held: set[str]) -> Move:
    """Play a move, and add to `held` what the world of its surrounds was held by: the room, or the head."""
    own = next(move)
    while True:
        held.update(item.held for item in own if isinstance(item, Surround))
        body = yield own
        try:
            own = move.send(body)
        except StopIteration as end:
            return str(end.value)


def looks_ahead(body: Body) -> bool:
    """Whether a face looks about where it does when nothing is asked."""
    yaw, pitch, _ = facing_deg(body)
    return apart_deg((0.0, 0.0), (yaw, pitch)) < AHEAD_DEG
