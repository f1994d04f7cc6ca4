"""Moments of a session that make good pictures: which state each shows, how well, and where eyes look in it."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from engine.frame import Frame, Pose, Vector, from_yaw_pitch
from engine.scene import (
    Bend,
    Breath,
    Follow,
    Footing,
    Friend,
    Gaze,
    Item,
    Lean,
    Lift,
    Panel,
    Progress,
    Reach,
    Rise,
    Scene,
    Steady,
    Stone,
    Surround,
    Target,
)

PLAY, REST, PAUSE, STOP, ERROR, SUMMARY = STATES = ("play", "rest", "pause", "stop", "error", "summary")
"""The states of a session that a moment can be of."""
_STATE_OF_PANEL = {"rest": REST, "summary": SUMMARY, "stopped": STOP, "error": ERROR, "paused": PAUSE}
_BEST_FILL, _BEST_DONE, _BEST_YAW_DEG, _BEST_LEAN_DEG, _BEST_PITCH_DEG, _BEST_NEAR_M = 0.55, 0.4, 18.0, 60.0, 30.0, 0.12
_WORDS_ALONE = -20.0
_TO_THE_FEET_RAD = math.radians(68.0)
_TABLE_RAD, _OF_TABLE, _OF_SHELF = math.radians(30.0), 0.7, 0.75

Moment = tuple[Scene, Frame]


class Moments:
    """An onlooker that keeps, of each state of a session, the moment that makes the best picture."""

    def __init__(self) -> None:
        self.kept: dict[str, Moment] = {}
        self._worth: dict[str, float] = {}

    def see(self, frame: Frame, scene: Scene) -> None:
        """Keep this moment if there was none better."""
        state, worth = _state_of(scene, frame)
        if state and worth >= self._worth.get(state, -math.inf):
            self.kept[state], self._worth[state] = (scene, frame), worth


def eyes(scene: Scene, head: Pose) -> Pose:
    """Eyes that see both the panel and what is asked for: turned part of the way to an owl or a table, or less."""
    from engine.panda.pictures import looking_ahead

    gaze = next((item for item in scene.items if isinstance(item, Gaze) and item.state == "wanted"), None)
    low = next((item for item in scene.items if isinstance(item, Target | Bend) and item.state == "wanted"), None)
    if gaze is None and low is not None and (down := _down_rad(head, low.place_m)) > _TABLE_RAD:
        share = _OF_SHELF if isinstance(low, Bend) else _OF_TABLE
        return Pose(head.position_m, from_yaw_pitch(0.0, -share * down))
    if gaze is None and any(isinstance(item, Stone) for item in scene.items):
        return Pose(head.position_m, from_yaw_pitch(0.0, -_TO_THE_FEET_RAD))
    if gaze is None:
        return looking_ahead(head)
    half = from_yaw_pitch(math.radians(gaze.yaw_deg / 2), math.radians(gaze.pitch_deg / 2))
    return Pose(head.position_m, half)


def _state_of(scene: Scene, frame: Frame) -> tuple[str, float]:
    """Which state a scene is, "" for none of them, and how good a picture it makes."""
    for item in scene.items:
        if isinstance(item, Panel) and item.key in _STATE_OF_PANEL:
            return _STATE_OF_PANEL[item.key], 0.0
    if not scene.trial or scene.dim or any(isinstance(item, Surround) for item in scene.items):
        return "", 0.0
    done = max((_done(item) for item in scene.items), default=0.0)
    worth = max((_worth(item, frame) for item in scene.items), default=-math.inf)
    return (PLAY, worth - abs(done - _BEST_DONE)) if worth > -math.inf else ("", 0.0)


def _done(item: Item) -> float:
    return item.share if isinstance(item, Progress) else 0.0


def _worth(item: Item, frame: Frame) -> float:
    """How well an item shows what its game asks for: half full, or a hand just before it, and clear of the panel."""
    if isinstance(item, Target):
        return _near(item, frame)
    shows = _WORTH.get(type(item))
    return -math.inf if shows is None or getattr(item, "state", "wanted") != "wanted" else shows(item)


def _near(item: Target, frame: Frame) -> float:
    if item.state != "wanted":
        return -math.inf
    x, _, z = (place - head for place, head in zip(item.place_m, frame.head.position_m, strict=True))
    hands = [hand.grip.position_m for hand in (frame.left, frame.right) if hand.grip.valid]
    near_m = min((math.dist(hand, item.place_m) for hand in hands), default=math.inf)
    aside_deg = abs(math.degrees(math.atan2(x, -z)) - _BEST_YAW_DEG)
    return -4 * abs(near_m - _BEST_NEAR_M) - aside_deg / 90


def _leant(item: Lean) -> float:
    return _settled(item.fill) + math.cos(math.radians(item.direction_deg - _BEST_LEAN_DEG))


def _looked(item: Gaze) -> float:
    return _settled(item.fill) - math.hypot(item.yaw_deg, item.pitch_deg - _BEST_PITCH_DEG) / 45


def _shown(item: Friend) -> float:
    raised_deg = max(abs(item.arms.left_deg[1]), abs(item.arms.right_deg[1]))
    return raised_deg / 180 if item.mood == "shows" else -math.inf


def _down_rad(head: Pose, place_m: Vector) -> float:
    x, y, z = (a - b for a, b in zip(place_m, head.position_m, strict=True))
    return math.atan2(-y, math.hypot(x, z))


def _settled(fill: float) -> float:
    return -abs(fill - _BEST_FILL)


_WORTH: Mapping[type, Callable[[Any], float]] = {
    Follow: lambda item: _settled(item.reached) + (item.fill > 0),
    Reach: lambda item: _settled(item.reached),
    Lean: _leant,
    Gaze: _looked,
    Stone: lambda item: _settled(item.fill) + math.cos(math.radians(item.direction_deg)),
    Bend: lambda item: _settled(item.fill) - 0.3 * item.share,
    Lift: lambda item: _settled(item.fill) + item.now_deg / item.angle_deg,
    Rise: lambda item: _settled(item.fill) + item.share if item.goal == "up" else -math.inf,
    Footing: lambda item: _settled(item.fill),
    Steady: lambda item: _settled(item.fill) + item.steadiness,
    Friend: _shown,
    Breath: lambda item: item.full,
    Panel: lambda _: _WORDS_ALONE,
}
"""What makes a good picture of what a game asks for, by the kind of item."""
