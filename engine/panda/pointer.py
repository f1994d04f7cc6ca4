"""Where on the window the hand is led to, and what of the scene that means: how the face goes along, what is meant.

Who plays at a desk sees no depth and has one pointer for two hands. So the hand that is asked for comes to what the
pointer is on, as far away as that is; and the face turns along when the pointer goes to an edge, as it does with a
hand that reaches high.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from engine.frame import Pose, Vector, inverse, rotate
from engine.inputs import Pair
from engine.panda.puppet import NECK_DEG, Puppet, other
from engine.scene import Bend, Follow, Item, Option, Reach, Scene, Target

FOV_DEG = 62.0
EDGE, ALONG_DEG = 0.6, (50.0, 35.0)
"""From this share of the way to an edge the face goes along, and how far (right, up) at the edge."""
POINT_PER_S = 1.3  # how fast a stick leads the pointer, in half windows
NEAR_M = 0.07  # beside something still means it
MOST_BESIDE_DEG = 9.0
SOON = 4  # points further along a path


class Meant(NamedTuple):
    """Something to bring a hand to: a place, or anywhere along a line; `hand` is left, right or either."""

    start_m: Vector
    stop_m: Vector
    radius_m: float
    hand: str


def to_reach(items: Iterable[Item]) -> tuple[Meant, ...]:
    """What of a scene a hand can be brought to now."""
    meant = []
    for item in items:
        if isinstance(item, Target | Bend) and item.state == "wanted" and getattr(item, "goal", "down") == "down":
            meant.append(Meant(item.place_m, item.place_m, item.radius_m, item.hand))
        elif isinstance(item, Reach):
            meant.append(Meant(item.start_m, item.stop_m, NEAR_M, item.helper or item.hand))
        elif isinstance(item, Follow) and item.state == "wanted":
            here_m, next_m = led(item)
            meant.append(Meant(here_m, next_m, item.radius_m, item.hand))
    return tuple(meant)


def led(item: Follow) -> tuple[Vector, Vector]:
    """Where on a path a hand shall be now, and where it shall be soon."""
    last = len(item.points_m) - 1
    at = round(item.reached * last)
    return item.points_m[at], item.points_m[min(last, at + SOON)]


def ray(place: Pair, aspect: float) -> Vector:
    """The unit vector from the eyes, in their own axes, to a place of the window: -1 to 1, right and up."""
    half = math.tan(math.radians(FOV_DEG / 2))
    right, up = place[0] * half * max(1.0, aspect), place[1] * half * max(1.0, 1 / aspect)
    long = math.hypot(right, up, 1.0)
    return (right / long, up / long, -1 / long)


def along(place: Pair) -> Pair:
    """How far the face goes along with a pointer, as a share of what a neck can."""
    right, up = (
        math.copysign(max(0.0, abs(at) - EDGE) / (1 - EDGE) * most / neck, at)
        for at, most, neck in zip(place, ALONG_DEG, NECK_DEG[:2], strict=True)
    )
    return (right, up)


class Pointer:
    """Where a mouse or a stick leads the hand; None before anything did, and while the mouse is elsewhere.

    When nothing is to be reached any more it leads nowhere until it is moved: left high up, it would turn the face away
    from the words, and reach for what comes next before they are read.
    """

    def __init__(self) -> None:
        self.place: Pair | None = None
        self._mouse: Pair | None = None
        self._meant: Meant | None = None
        self._offered: tuple[Meant, ...] = ()
        self._menu: tuple[Meant, ...] = ()
        self._busy = False

    def follow(self, mouse: Pair | None, push: Pair, dt_s: float) -> None:
        """Go where the mouse has gone, or where a stick pushes."""
        if mouse != self._mouse:
            self._mouse = self.place = mouse
        if push != (0.0, 0.0):
            right, up = (
                max(-1.0, min(1.0, at + share * POINT_PER_S * dt_s))
                for at, share in zip(self.place or (0.0, 0.0), push, strict=True)
            )
            self.place = (right, up)

    def see(self, scene: Scene, puppet: Puppet) -> None:
        """Take in what a hand can do now; one that has nothing to do hangs, so that it hides and chooses nothing."""
        offered, chooses = to_reach(scene.items), any(isinstance(item, Option) for item in scene.items)
        if self._offered and not offered:
            self.place = None
        self._offered, self._busy = offered, chooses or bool(offered)
        self._menu = to_reach(() if scene.menu is None else (_as_target(scene.menu),))
        if self._meant not in self._offered:
            self._meant = None
        if not self._busy:
            puppet.rest(puppet.active)
        if not self._busy or chooses:
            puppet.rest(other(puppet.active))

    @property
    def means(self) -> bool:
        """Whether it is on something to reach."""
        return self._meant is not None

    def faces(self) -> Pair | None:
        """How far the face goes along, as a share of what a neck can; None where nothing is to be reached."""
        return along(self.place) if self._offered and self.place is not None else None

    def lead(self, puppet: Puppet, way: Vector) -> tuple[Vector | None, float | None]:
        """What the puppet shall reach for: a ray from the eyes, None to stay; and how far away, where that is known.

        The hand that is meant comes, or that alone is asked for. Where each hand has something to hold, one stays there
        until the other's is meant.
        """
        head = puppet.head()
        if not self._busy:
            return (way if _nearest(head, way, self._menu) else None), None
        asked = {meant.hand for meant in self._offered}
        both = not puppet.both and {"left", "right"} <= asked
        found = _nearest(head, way, self._offered)
        hand = found[0].hand if found else asked.pop() if len(asked) == 1 else ""
        if hand == other(puppet.active) and not puppet.both:
            puppet.swap()
            if not both:
                puppet.rest(other(puppet.active))
        if found is None:
            return (None if both and self._meant is not None else way), None
        self._meant, place = found
        away_m = math.hypot(*place)
        return (_times(place, 1 / away_m) if both else way), away_m


def _as_target(option: Option) -> Target:
    return Target(option.key, option.place_m, option.radius_m)


def _nearest(head: Pose, way: Vector, offered: tuple[Meant, ...]) -> tuple[Meant, Vector] | None:
    """What a pointer is on, and the place of it, from the eyes in their own axes."""
    best, found = 1.0, None
    for meant in offered:
        place = _closest(head, way, meant)
        away_m = math.hypot(*place)
        beside_deg = math.degrees(math.acos(max(-1.0, min(1.0, sum(map(_product, place, way)) / (away_m or 1.0)))))
        within_deg = min(MOST_BESIDE_DEG, math.degrees(math.atan2(meant.radius_m + NEAR_M, away_m)))
        if beside_deg < best * within_deg:
            best, found = beside_deg / within_deg, (meant, place)
    return found


def _closest(head: Pose, way: Vector, meant: Meant) -> Vector:
    """The place of a line, in the axes of the eyes, that a ray from them comes nearest to."""
    turn = inverse(head.orientation)
    start, stop = (rotate(turn, _less(place, head.position_m)) for place in (meant.start_m, meant.stop_m))
    along_m = _less(stop, start)
    # Beside the ray, what counts is the part of both that is square to it.
    flat, flat_start = (_less(one, _times(way, sum(map(_product, one, way)))) for one in (along_m, start))
    long = sum(map(_product, flat, flat))
    share = max(0.0, min(1.0, -sum(map(_product, flat, flat_start)) / long)) if long > 0 else 0.0
    return (start[0] + share * along_m[0], start[1] + share * along_m[1], start[2] + share * along_m[2])


def _less(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _times(a: Vector, share: float) -> Vector:
    return (a[0] * share, a[1] * share, a[2] * share)


def _product(a: float, b: float) -> float:
    return a * b
