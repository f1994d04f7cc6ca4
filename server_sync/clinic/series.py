"""What is followed of a patient, as series of visits that may be compared: one movement or measure, side and version.

Results of another version of a game are another series, and so are limits found by another method.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import NamedTuple

from engine.clinical import ClinicalTest
from engine.frame import SIDES
from engine.metrics.course import VISIT_NOISE_DEG, Point, Verdict, verdict
from engine.movements import LEANS
from server_sync.clinic.gist import Gist, Left, Middle, followed
from server_sync.clinic.known_tasks import tasks

ENOUGH_SEEN_PERCENT = 95.0
"""Of the frames: where a hand was seen less, what it did is not measured well."""
RECENT = timedelta(days=28)


class Kind(NamedTuple):
    """What a series is of: a limit of a movement, or a measure (`movement` "") of one side.

    `task` and `version` are of the game that measured it, "" and 0 for what was measured by itself, by `method`.
    """

    movement: str
    measure: str
    side: str
    task: str
    version: int
    method: str


class Series(NamedTuple):
    """One series: its unit and game, the visits that measured it well, the days of others, and what they say.

    `hidden` are the visits in which too little was seen, with the share that was seen in percent. A series has one
    point at least.
    """

    kind: Kind
    title: str
    unit: str
    points: tuple[Point, ...]
    hidden: tuple[tuple[Point, float], ...]
    verdict: Verdict

    @property
    def better(self) -> int:
        """1 where more is better, -1 where less is, 0 where neither is."""
        return 1 if self.kind.movement else followed()[self.kind.measure]


def series_of(gists: Sequence[Gist]) -> tuple[Series, ...]:
    """All series of a patient's sessions, which come in order; the limits first."""
    titles: dict[Kind, tuple[str, str]] = {}
    points: dict[Kind, list[Point]] = {}
    hidden: dict[Kind, list[tuple[Point, float]]] = {}
    for gist in gists:
        for kind, title, unit, point in _points(gist):
            titles[kind] = title, unit
            seen = seen_percent(gist, kind.side)
            if seen < ENOUGH_SEEN_PERCENT:
                hidden.setdefault(kind, []).append((point, seen))
            else:
                points.setdefault(kind, []).append(point)
    found = [_series(kind, *titles[kind], known, hidden.get(kind, [])) for kind, known in points.items()]
    return tuple(sorted(found, key=lambda series: not series.kind.movement))


def seen_percent(gist: Gist, side: str) -> float:
    """How much was seen of what moves: of a hand, or of the head."""
    if gist.seen is None:
        return 100.0
    return {"left": gist.seen.left_percent, "right": gist.seen.right_percent}.get(side, gist.seen.head_percent)


def side_of(movement: str) -> str:
    """The arm or leg that does a movement, "" for trunk and neck."""
    side = movement.rpartition("_")[2]
    return side if side in SIDES and movement not in LEANS and not movement.startswith("neck") else ""


def current(series: Iterable[Series]) -> tuple[Series, ...]:
    """Of each movement or measure the series that a visit added to last; a game's before one measured by itself."""
    last: dict[tuple[str, str, str], Series] = {}
    for each in series:
        key = each.kind.movement, each.kind.measure, each.kind.side
        if key not in last or _rank(each) > _rank(last[key]):
            last[key] = each
    return tuple(last.values())


def main_of(series: Iterable[Series], gists: Sequence[Gist]) -> Series | None:
    """The limit of the movement that was practised most in the last four weeks of play; None where none was."""
    practised: dict[str, int] = {}
    for gist in gists:
        if gists[-1].at - gist.at <= RECENT:
            for movement, aim in gist.aims.items():
                practised[movement] = practised.get(movement, 0) + aim.trials
    limits = [each for each in current(series) if each.kind.movement]
    return max(limits, key=lambda each: practised.get(each.kind.movement, 0), default=None)


def lately(series: Series) -> Verdict:
    """What became of a series since the best of its last four weeks: three visits on end, by their middle value."""
    last = series.points[-1].at
    points = [point for point in series.points if last - point.at <= RECENT]
    threes = [sorted(points[at - 1 : at + 2], key=lambda point: point.value)[1] for at in range(1, len(points) - 2)]
    if threes:
        best = max(range(len(threes)), key=lambda at: series.better * threes[at].value)
        points = [threes[best], *points[best + 2 :]]
    return verdict(points, series.unit, _least_noise(series.kind, series.unit), series.better)


def _rank(series: Series) -> tuple[bool, str, int]:
    """A game's limit, unless it is of an older version that is not played any more."""
    return bool(series.kind.task), series.points[-1].at.isoformat(), len(series.points)


def _series(
    kind: Kind, title: str, unit: str, points: Sequence[Point], hidden: Sequence[tuple[Point, float]]
) -> Series:
    better = 1 if kind.movement else followed()[kind.measure]
    said = verdict(points, unit, _least_noise(kind, unit), better)
    return Series(kind, title, unit, tuple(points), tuple(hidden), said)


def _least_noise(kind: Kind, unit: str) -> float:
    """What repetitions of a joint's angle differ by within one visit; a lean of the whole body is steadier.

    Of a clinical test, what others found to be noise.
    """
    test = tasks().get(kind.task)
    if test is not None and issubclass(test, ClinicalTest):
        return next((noise.least_change for noise in test.noise if noise.result == kind.measure), 0.0)
    return VISIT_NOISE_DEG if unit == "deg" and kind.movement and kind.movement not in LEANS else 0.0


def _points(gist: Gist) -> Iterable[tuple[Kind, str, str, Point]]:
    for left in gist.limits:
        yield _of_limit(left), left.title, left.unit, Point(gist.at, left.value, left.low, left.high, left.at_least)
    for middle in gist.measures:
        error = middle.error or 0.0
        point = Point(gist.at, middle.value, middle.value - error, middle.value + error)
        yield _of_measure(middle), middle.title, middle.unit, point


def _of_limit(left: Left) -> Kind:
    method = "" if left.task else left.method
    return Kind(left.movement, "", side_of(left.movement), left.task, left.version, method)


def _of_measure(middle: Middle) -> Kind:
    return Kind("", middle.name, middle.side, middle.task, middle.version, "")
