"""Choosing at a desk: while something is offered the face looks to where the pointer is, and the picture stays.

A hand held before the eyes would hide what it chooses, and a face that only looks ahead would choose what hangs there.
"""

import math
from collections.abc import Sequence

from engine.frame import Pose, Vector, inverse, rotate
from engine.inputs import Held, Pair
from engine.panda.pointer import FOV_DEG, POINT_PER_S, ray
from engine.questions import TITLE_ABOVE_DEG
from engine.scene import Item, Option

NEAR = 1.5  # of an option's radius: further away the face does not look along with the pointer
TURN_DEG_PER_S = 240.0
MOVED = 0.03  # of half a window: a hand that rests on a mouse moves it less
AHEAD = (0.0, 0.0, -1.0)
PUSHED, LET_GO = 0.5, 0.25  # how far a key or stick is pushed that goes to the next option, and comes back
ASIDE = 2.0  # an option that lies off to the side of a push counts as that many times as far


class Chooser:
    """The pointer and the face of somebody at a desk to whom options are shown; a mouse leads it, or pushes do.

    `face_deg` (right, up) is where the face looks, from the middle of the picture. Where the pointer was when something
    else was offered it chooses nothing: a mouse has to move, or to be clicked.
    """

    def __init__(self) -> None:
        """Nothing is offered, and nothing points."""
        self.place: Pair | None = None
        self.face_deg = (0.0, 0.0)
        self._options: tuple[Option, ...] = ()
        self._mouse: Pair | None = None
        self._led = self._pushed = False

    @property
    def offers(self) -> bool:
        """Whether anything can be chosen now."""
        return bool(self._options)

    def see(self, items: Sequence[Item]) -> bool:
        """Take in what is offered; whether that is anything new, for which the head should be straight."""
        before = {option.key for option in self._options}
        self._options = tuple(item for item in items if isinstance(item, Option))
        anew = bool(self._options) and before != {option.key for option in self._options}
        if anew:
            self.place, self._mouse, self._led = None, None, False
            self._pushed = True  # nor does a key that is still held
        return anew

    def follow(self, mouse: Pair | None, held: Held, steps: int, head: Pose, aspect: float, dt_s: float) -> None:
        """Lead the pointer: the mouse where it goes, `held.point` bit by bit, a push of `held.lean` to the next option.

        `steps` go from one option to the next, in their order.
        """
        self._come(mouse, held.trigger > 0)
        if held.point != (0.0, 0.0):
            right, up = (
                max(-1.0, min(1.0, at + push * POINT_PER_S * dt_s))
                for at, push in zip(self.place or (0.0, 0.0), held.point, strict=True)
            )
            self.place = (right, up)
        self._push(held.lean, head, aspect)
        for _ in range(steps):
            self._step(head, aspect)
        self._turn(self._goal_deg(head, aspect), 360.0 if held.trigger else TURN_DEG_PER_S * dt_s)

    def relax(self, dt_s: float) -> None:
        """Look ahead again: nothing is offered."""
        self._turn((0.0, 0.0), TURN_DEG_PER_S * dt_s)

    def _come(self, mouse: Pair | None, clicks: bool) -> None:
        """Go to a mouse that was moved or clicked, but not to one that lies still while a key leads."""
        if mouse is None:
            if self._led:
                self.place, self._led = None, False
            self._mouse = None
            return
        self._mouse = self._mouse or mouse
        if math.dist(mouse, self._mouse) > (0.0 if self._led else MOVED):
            self._mouse, self.place, self._led = mouse, mouse, True
        elif clicks and self.place is None:
            self.place = mouse

    def _push(self, lean: Pair, head: Pose, aspect: float) -> None:
        """Go to the next option once for each push."""
        ahead, right = lean
        push = math.hypot(ahead, right)
        if push > PUSHED and not self._pushed:
            self._jump((right / push, ahead / push), head, aspect)
        self._pushed = push > (LET_GO if self._pushed else PUSHED)

    def _goal_deg(self, head: Pose, aspect: float) -> Pair:
        """Where to look: at what is pointed at; else ahead, or at the title where an option hangs ahead."""
        if self.place is not None:
            pointed = ray(self.place, aspect)
            if any(_covers(option, head, pointed) for option in self._options):
                return _angles_deg(pointed)
        return (0.0, TITLE_ABOVE_DEG if any(_covers(option, head, AHEAD) for option in self._options) else 0.0)

    def _turn(self, goal_deg: Pair, most_deg: float) -> None:
        yaw, pitch = (
            now + max(-most_deg, min(most_deg, to - now)) for now, to in zip(self.face_deg, goal_deg, strict=True)
        )
        self.face_deg = (yaw, pitch)

    def _jump(self, push: Pair, head: Pose, aspect: float) -> None:
        """Go to the option that lies nearest in the direction of a push; to the first one from nowhere."""
        places = [_in_window(_way(option, head), aspect) for option in self._options]
        if self.place is None:
            self.place = places[0]
            return
        found: list[tuple[float, Pair]] = []
        for place in places:
            right, up = (place[0] - self.place[0]) * aspect, place[1] - self.place[1]
            along, aside = right * push[0] + up * push[1], abs(right * push[1] - up * push[0])
            if along > max(1e-3, 0.5 * aside):
                found.append((along + ASIDE * aside, place))
        if found:
            self.place = min(found)[1]

    def _step(self, head: Pose, aspect: float) -> None:
        places = [_in_window(_way(option, head), aspect) for option in self._options]
        here = [number for number, place in enumerate(places) if self.place and math.dist(place, self.place) < 1e-3]
        self.place = places[(here[0] + 1) % len(places) if here else 0]


def _way(option: Option, head: Pose) -> Vector:
    """Where an option is, from the eyes in their own axes."""
    x, y, z = (a - b for a, b in zip(option.place_m, head.position_m, strict=True))
    return rotate(inverse(head.orientation), (x, y, z))


def _covers(option: Option, head: Pose, way: Vector) -> bool:
    """Whether a unit vector from the eyes, in their own axes, points at an option, or close by."""
    place = _way(option, head)
    away_m = math.hypot(*place)
    cosine = sum(a * b for a, b in zip(place, way, strict=True)) / (away_m or 1.0)
    return math.acos(max(-1.0, min(1.0, cosine))) < NEAR * math.atan2(option.radius_m, away_m)


def _in_window(place: Vector, aspect: float) -> Pair:
    """The place of the window at which something is seen: the other way round than `ray`."""
    half = math.tan(math.radians(FOV_DEG / 2)) * max(1e-3, -place[2])
    right, up = place[0] / half / max(1.0, aspect), place[1] / half / max(1.0, 1 / aspect)
    return (max(-1.0, min(1.0, right)), max(-1.0, min(1.0, up)))


def _angles_deg(way: Vector) -> Pair:
    """A direction as angles to the right and up."""
    x, y, z = way
    return (math.degrees(math.atan2(x, -z)), math.degrees(math.asin(max(-1.0, min(1.0, y)))))
