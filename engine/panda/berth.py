"""Where a panel stands: near the front, and beside all that is reached for, looked at, leant to or chosen."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.frame import Vector
from engine.panda.fruit import TWIG_M
from engine.panda.lamps import DIRECTIONS_DEG, stands_m
from engine.questions import before
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
    Middle,
    Option,
    Prop,
    Reach,
    Rise,
    Scene,
    Steady,
    Stone,
    Target,
)
from engine.theme import Place

MARGIN_DEG = 1.5
"""What is left free between a panel and the ring or card of what is asked for."""
FRONT_DEG, ABOVE_DEG = 13.0, 3.8
"""The usual berth, to the left: how far from the front the nearer edge of a panel is, and its middle above the eyes."""
_EDGES_DEG = (FRONT_DEG, 18.0, 23.0, 8.0)
_ASIDE_DEG = 24.0  # where the middle of a usual panel is, and that of a wider one shall be
_ABOVE_DEG = (ABOVE_DEG, 8.0, 12.0, 16.0, 20.0, 24.0, *(-4.0 * step for step in range(12)))
SEEN_WITH_DEG, SHOWN_UP_DEG = 36.0, 46.0
"""How far above the lowest thing that was asked for the upper edge of a panel is best, and how far at most: eyes that
look down at a table, a shelf or the feet read it with a glance, and a headset shows all of it."""
WINDOW_LOW_DEG = -30.0
"""Where the lower edge of a panel is best no lower, if it is then still seen with what is looked down at: a window
shows nothing further down to eyes that look ahead."""
_BEYOND, _UNSEEN = 3.0, 8.0  # what a degree is worth that is out of sight of who looks ahead, and of who looks down
_OFF_DEG = 4.0  # a panel that is no further than that from where it would be best stays
_FEET_DEG = -76.0  # where somebody looks who steps
_OVER_FLOOR_M = 0.06
_AT_CHEST_M = 0.3  # a hand that comes nearer is felt and not looked at
_MOST_RAISED_DEG = 12
_TOP_DEG, _OUTER_DEG = 24.0, 43.0  # beyond it a panel is seen neither in a window nor without moving the head
_CHANGE_OF_SIDE_DEG = 12.0  # what it is worth to stay on the usual side
DISTANCE_M = 1.5
"""How far away panels are that stand in a berth."""
_EVERY, _KITE_M = 5, 0.13  # points of a way that are so near each other; what is led along it, and above it
_HAND_M, _RING_M = 0.07, 0.095  # the ring around a fruit is no smaller: engine.panda.fruit
_HIP_M = (0.22, -0.65, 0.15)  # beside, below and before the eyes: where a hand comes from
_WAY = (0.45, 0.65, 0.85)  # where on its way a hand is looked for
_STEM_UP_M, _TWIG_M, _VINE_M = (0.12, 0.24, 0.35, 0.46, 0.58), 0.07, 0.03
_LAMP_M, _BREATH_M, _FRIEND_M, _FRIEND_UP_M, _SCALE_M, _PROGRESS_M = 0.40, 0.40, 0.55, 0.75, 0.35, 0.25
_BEACON_M = 0.8
_BELL_M, _ROOF_M = 0.62, ((0.78, 0.22), 0.22)  # how far the ends of its roof are aside and up, and their radius
_CHEST_M = 0.16
_PICTURED = 1.2  # how much taller than wide the card of an option with a picture is
_REMEMBERED = 36


Array = NDArray[np.float64]


class Berth(NamedTuple):
    """Where the edge of a panel that is nearer to the front stands, to the right of it, and how far up its middle."""

    edge_deg: float
    up_deg: float


class Spot(NamedTuple):
    """Something round to be kept in sight, where it is in the space of the frames."""

    place_m: Vector
    radius_m: float


class Wanted(NamedTuple):
    """What a scene asks for, the ways of the hands to it with what it hangs from, and what else there is to see.

    `before` is what was or may be asked for in the same place, `besides` what shows how far a round has come. `low_deg`
    is how far up (below 0: down) from the eyes the lowest place was that a hand or a foot was asked for since then, and
    of two at once the higher.
    """

    spots: tuple[Spot, ...] = ()
    ways: tuple[Spot, ...] = ()
    before: tuple[Spot, ...] = ()
    besides: tuple[Spot, ...] = ()
    low_deg: float = 90.0


class Watch:
    """Follows what is asked for; what it gives stays the same object until something else is."""

    def __init__(self) -> None:
        self._marks: tuple[object, ...] = ()
        self._where: object = None
        self.wanted = Wanted()

    def see(self, scene: Scene, place: Place, eye_m: Vector) -> Wanted:
        """What is asked for now, seen by somebody whose eyes are there."""
        items = scene.items if scene.menu is None else (*scene.items, scene.menu)
        marks = tuple(mark for item in items if (mark := _mark(item)) is not None)
        if (scene.place, scene.middle) != self._where:
            self._where, self._marks = (scene.place, scene.middle), ()
            self.wanted = Wanted(before=_lamps(place, scene.middle), besides=_progress(place, scene.middle))
        if marks != self._marks:
            self._marks = marks
            spots = tuple(spot for item in items for spot in _spots(item, place, scene.middle, eye_m))
            ways = tuple(spot for item in items for spot in (*_ways(item, scene.middle, eye_m), *_stem(item, place)))
            gone = (*self.wanted.before, *self.wanted.spots, *self.wanted.ways)
            remembered = tuple(dict.fromkeys(gone))[-_REMEMBERED:]
            lows_deg = [low_deg for item in items if (low_deg := _low_deg(item, eye_m)) is not None]
            low_deg = min(self.wanted.low_deg, max(lows_deg, default=90.0))
            self.wanted = self.wanted._replace(spots=spots, ways=ways, before=remembered, low_deg=low_deg)
        return self.wanted


Way = tuple[float, float]
"""Where the middle of a panel is as the eyes see it: to the right of -z and up, in degrees."""


def way_deg(berth: Berth, half: float, facing_deg: float) -> Way:
    """The way to a panel in a berth; `half` is half its width at 1 m away, the front `facing_deg` right of -z."""
    beside_deg = math.copysign(math.degrees(math.atan(half)), berth.edge_deg)
    return (facing_deg + berth.edge_deg + beside_deg, berth.up_deg)


def covered_deg(ways: Sequence[Way], half: tuple[float, float], spots: Sequence[Spot], eye_m: Vector) -> Array:
    """How far a panel on each of some ways lies over spots and the margin around them, in all; (n,), 0 for clear.

    `half` is half of how wide and tall the panel is at 1 m away.
    """
    if not spots:
        return np.zeros(len(ways))
    boxes = [_axes(*way) for way in ways]
    towards = np.array([spot.place_m for spot in spots]) - np.array(eye_m)
    away_m = np.maximum(np.linalg.norm(towards, axis=1), 1e-6)
    right, up, out = np.einsum("bij,sj->ibs", np.array(boxes), towards / away_m[:, None])
    # The nearest point of a panel as the eyes see it; what is behind them is a quarter turn off at least.
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = np.clip(right / out, -half[0], half[0]), np.clip(up / out, -half[1], half[1])
    cosine = np.where(out > 0, (out + x * right + y * up) / np.sqrt(1 + x * x + y * y), 0.0)
    apart_deg = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    radius_deg = np.degrees(np.arctan2([spot.radius_m for spot in spots], away_m))
    covered: Array = np.maximum(MARGIN_DEG + radius_deg - apart_deg, 0.0).sum(axis=1)
    return covered


def choose(half: tuple[float, float], facing_deg: float, eye_m: Vector, wanted: Wanted, now: Berth | None) -> Berth:
    """The berth where a panel is now if it is in nobody's way there, or else the best.

    What is asked for comes first; then the less effort it is to read, and the less of the rest is lost, the better.
    """
    asked, best_deg = (*wanted.spots, *wanted.ways), _best_deg(half, eye_m, wanted)
    near = now is not None and (best_deg == ABOVE_DEG or abs(now.up_deg - best_deg) <= _OFF_DEG)
    if now is not None and near and not covered_deg((way_deg(now, half[0], facing_deg),), half, asked, eye_m)[0]:
        return now
    ways = [way_deg(berth, half[0], facing_deg) for berth in BERTHS]
    worth = zip(_WORTH, (wanted.ways, wanted.before, wanted.besides), strict=True)
    effort_deg = _effort_deg(half, [abs(right_deg - facing_deg) for right_deg, _ in ways], best_deg, wanted.low_deg)
    lost_deg = sum((share * covered_deg(ways, half, spots, eye_m) for share, spots in worth), effort_deg)
    return BERTHS[int(np.lexsort((lost_deg, covered_deg(ways, half, wanted.spots, eye_m)))[0])]


def _effort_deg(half: tuple[float, float], asides_deg: Sequence[float], best_deg: float, low_deg: float) -> Array:
    """How much effort it is to read a panel in each berth, whose middle is so far aside there; (n,)."""
    wide_deg, tall_deg = (math.degrees(math.atan(length)) for length in half)
    aside_deg, tops_deg = np.array(asides_deg), _UPS_DEG + tall_deg
    above_deg, outside_deg = np.maximum(tops_deg - _TOP_DEG, 0.0), np.maximum(aside_deg + wide_deg - _OUTER_DEG, 0.0)
    below_deg = np.maximum(min(WINDOW_LOW_DEG, best_deg - tall_deg) - (_UPS_DEG - tall_deg), 0.0)
    unseen_deg = np.maximum(tops_deg - low_deg - SHOWN_UP_DEG, 0.0)
    near: Array = _SIDES_DEG + np.abs(_UPS_DEG - best_deg) + np.abs(aside_deg - _ASIDE_DEG)
    return near + _BEYOND * (above_deg + outside_deg + below_deg) + _UNSEEN * unseen_deg


def _best_deg(half: tuple[float, float], eye_m: Vector, wanted: Wanted) -> float:
    """How far up a panel is best read: as usual, or lower with what is looked down at, but over the floor."""
    floor_deg = -math.degrees(math.asin(min(1.0, max(0.0, eye_m[1] - _OVER_FLOOR_M) / DISTANCE_M)))
    half_deg = math.degrees(math.atan(half[1]))
    with_deg, ahead_deg = wanted.low_deg + SEEN_WITH_DEG - half_deg, WINDOW_LOW_DEG + half_deg
    shown_ahead = ahead_deg + half_deg <= wanted.low_deg + SHOWN_UP_DEG
    return min(ABOVE_DEG, max(with_deg, ahead_deg if shown_ahead else with_deg, floor_deg + half_deg))


def raised(way: Way, half: tuple[float, float], eye_m: Vector, wanted: Wanted) -> Way:
    """The same way as far further up as it takes for a panel to be clear of what is asked for below it."""
    ways = [(way[0], way[1] + up_deg) for up_deg in range(_MOST_RAISED_DEG + 1)]
    return ways[int(np.argmin(covered_deg(ways, half, wanted.spots, eye_m)))]


def _axes(right_deg: float, up_deg: float) -> tuple[Vector, Vector, Vector]:
    """The right and up of a panel that faces the eyes, and the way to its middle."""
    ways = ((right_deg + 90.0, 0.0), (right_deg, up_deg + 90.0), (right_deg, up_deg))
    right, up, ahead = (before((0.0, 0.0, 0.0), *way, 1.0) for way in ways)
    return right, up, ahead


BERTHS = tuple(Berth(side * edge, up) for side in (-1, 1) for edge in _EDGES_DEG for up in _ABOVE_DEG)
"""All berths, the usual one first."""
_WORTH = (3.0, 3.0, 1.0)  # of seeing a degree of a way, of what may be asked for, of the rest, in degrees of effort
_SIDES_DEG = np.array([_CHANGE_OF_SIDE_DEG * (edge_deg > 0) for edge_deg, _ in BERTHS])
_UPS_DEG = np.array([up_deg for _, up_deg in BERTHS])


def _mark(item: Item) -> object:
    """What has to be the same for an item to be where it was; None for what is in nobody's way."""
    if isinstance(item, Target | Bend):
        return (item.key, item.place_m) if item.state != "done" else None
    if isinstance(item, Follow):
        return (item.key, item.points_m) if item.state != "done" else None
    if isinstance(item, Gaze):
        return (item.key, item.yaw_deg, item.pitch_deg) if item.state != "done" else None
    if isinstance(item, Friend):
        return item.key if item.mood == "shows" else None
    if isinstance(item, Prop):
        return (item.key, item.place_m) if item.role == "treasure" else None
    if isinstance(item, Lean):
        return (item.key, item.direction_deg)
    if isinstance(item, Reach):
        return (item.key, item.start_m, item.stop_m)
    if isinstance(item, Option):
        return (item.key, item.place_m)
    return item.key if isinstance(item, Rise | Lift | Breath | Footing | Steady | Stone) else None


def _spots(item: Item, place: Place, middle: Middle, eye_m: Vector) -> Iterator[Spot]:
    """What of an item shall be seen."""
    if _mark(item) is None:
        return
    if isinstance(item, Target | Bend):
        yield Spot(item.place_m, max(_RING_M, item.radius_m))
    elif isinstance(item, Reach):
        yield from (Spot(_between(item.start_m, item.stop_m, share), _HAND_M) for share in (0.5, 0.75, 1.0))
    elif isinstance(item, Follow):
        yield from (Spot((x, y + _KITE_M / 2, z), _KITE_M) for x, y, z in item.points_m[::_EVERY])
    elif isinstance(item, Prop):
        x, y, z = item.place_m
        yield Spot((x, y + 0.75 * _CHEST_M * item.scale, z), _CHEST_M * item.scale)
    elif isinstance(item, Option):
        yield Spot(item.place_m, item.radius_m * (_PICTURED if item.picture else 1.0))
    else:
        yield from (spot._replace(place_m=_of_room(middle, spot.place_m)) for spot in _in_room(item, place, eye_m[1]))


def _low_deg(item: Item, eye_m: Vector) -> float | None:
    """How far up from the eyes a hand or a foot is asked to go, to be looked at; None where none is."""
    if isinstance(item, Stone):
        return _FEET_DEG
    if not isinstance(item, Target | Bend | Follow) or item.state == "done":
        return None
    ways = item.points_m if isinstance(item, Follow) else (item.place_m,)
    highest_m: Vector = max(ways, key=lambda place_m: place_m[1])  # of a way all of it shall be seen
    x, y, z = (there - here for there, here in zip(highest_m, eye_m, strict=True))
    level_m = math.hypot(x, z)
    return None if isinstance(item, Target) and level_m < _AT_CHEST_M else math.degrees(math.atan2(y, level_m))


def _in_room(item: Item, place: Place, eye_m: float) -> Iterator[Spot]:
    """The same of what stands by the middle of a room, before it is turned and moved with it."""
    if isinstance(item, Gaze):
        for share in (0.5, 0.75, 1.0) if item.open_ended else (1.0,):
            yaw, pitch = math.radians(share * item.yaw_deg), math.radians(share * item.pitch_deg)
            level_m, up_m = place.look_m * math.cos(pitch), place.look_m * math.sin(pitch)
            radius_m = place.look_m * math.tan(math.radians(item.radius_deg))
            yield Spot((level_m * math.sin(yaw), eye_m + up_m, -level_m * math.cos(yaw)), radius_m)
    elif isinstance(item, Lean) and place.roles.lamp:
        yield _lamp(place, item.direction_deg)
    elif isinstance(item, Lean):
        yield Spot(place.lean_from_m, _LAMP_M)
    elif isinstance(item, Friend | Footing):
        x, y, z = place.companion_m
        yield Spot((x, y + _FRIEND_UP_M * place.companion_scale, z), _FRIEND_M * place.companion_scale)
    elif isinstance(item, Breath):
        yield Spot(place.breath_m, _BREATH_M * place.breath_scale)
    elif isinstance(item, Steady):
        yield Spot(place.beacon_m, _BEACON_M * place.beacon_scale)
    elif isinstance(item, Lift):
        (x, y, z), ((aside_m, up_m), radius_m), scale = place.bell_m, _ROOF_M, place.bell_scale
        yield Spot(place.bell_m, _BELL_M * scale)
        yield from (Spot((x + side * aside_m * scale, y + up_m * scale, z), radius_m * scale) for side in (-1, 1))
    elif isinstance(item, Rise):
        x, y, z = place.vehicle_m
        yield from (Spot((x, y + up_m, z), _SCALE_M * place.vehicle_scale) for up_m in (1.0, 2.0, 3.0))


def _progress(place: Place, middle: Middle) -> tuple[Spot, ...]:
    """Where a place shows how far a round has come."""
    if place.progress is None:
        return ()
    places_m = place.progress.places_m
    shown = dict.fromkeys((places_m[0], places_m[len(places_m) // 2], places_m[-1]))
    return tuple(Spot(_of_room(middle, place_m), _PROGRESS_M) for place_m in shown)


def _lamps(place: Place, middle: Middle) -> tuple[Spot, ...]:
    """All that may be leant to in a place."""
    lamps = [_lamp(place, way_deg) for way_deg in DIRECTIONS_DEG] if place.roles.lamp else []
    return tuple(lamp._replace(place_m=_of_room(middle, lamp.place_m)) for lamp in lamps)


def _lamp(place: Place, direction_deg: float) -> Spot:
    x, y, z = stands_m(place, direction_deg)
    return Spot((x, y + place.lamp_scale, z), _LAMP_M * place.lamp_scale)


def _ways(item: Item, middle: Middle, eye_m: Vector) -> Iterator[Spot]:
    """Where the hand passes that goes to an item."""
    if not isinstance(item, Target | Reach) or _mark(item) is None or item.hand not in ("left", "right"):
        return
    aside_m, up_m, ahead_m = _HIP_M
    hip = _of_room(middle._replace(x_m=0.0, z_m=0.0), (aside_m if item.hand == "right" else -aside_m, up_m, -ahead_m))
    start_m = (eye_m[0] + hip[0], eye_m[1] + hip[1], eye_m[2] + hip[2])
    stop_m = item.place_m if isinstance(item, Target) else item.stop_m
    yield from (Spot(_between(start_m, stop_m, share), _HAND_M) for share in _WAY)


def _stem(item: Item, place: Place) -> Iterator[Spot]:
    """What a target hangs from, which is drawn before a panel that stands further away."""
    if isinstance(item, Target) and item.role == "wanted" and (place.roles.hang or place.roles.stem):
        x, y, z = item.place_m
        for up_m in _STEM_UP_M if place.roles.stem else _STEM_UP_M[:2]:
            if y + up_m < place.hang_from_m:
                yield Spot((x, y + up_m, z), _TWIG_M if up_m < TWIG_M else _VINE_M)


def _of_room(middle: Middle, place_m: Vector) -> Vector:
    """A place by the middle of a room, in the space of the frames."""
    turn = math.radians(middle.facing_deg)
    x, y, z = place_m
    sine, cosine = math.sin(turn), math.cos(turn)
    return (middle.x_m + x * cosine - z * sine, y, middle.z_m + x * sine + z * cosine)


def _between(start_m: Vector, stop_m: Vector, share: float) -> Vector:
    x, y, z = (a + share * (b - a) for a, b in zip(start_m, stop_m, strict=True))
    return (x, y, z)
