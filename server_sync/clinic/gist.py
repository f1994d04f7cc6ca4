"""The gist of a session: the facts that are followed over time, small enough to read hundreds of at once."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from itertools import groupby
from statistics import fmean, median

import msgspec

from engine.clinical import ClinicalTest
from engine.movements import MOVEMENTS
from engine.plan import ASSESS
from engine.records import BlockRecord, Calibration, Limit, Measured, Record, Session, TrialRecord
from engine.task import STOPPED, tried
from server_sync.clinic.ceilings import Ceiling, ceilings
from server_sync.clinic.known_tasks import side_of_results, tasks

VERSION = 5
"""It changes when another gist is made of the same session: those of before are made anew."""
FOLLOWED: Mapping[str, int] = {
    **dict.fromkeys(("smoothness_sparc", "directional_control_percent", "in_band_percent", "match_percent"), 1),
    **dict.fromkeys(("path_ratio", "trunk_shift_m", "hold_sway_deg", "steadiness_deg", "rise_s", "five_stands_s"), -1),
    **dict.fromkeys(("sway_velocity", "sway_area"), -1),
    **dict.fromkeys(("movement_s", "lag_s"), 0),
}
"""Measures worth following: 1 where more is better, -1 where less is, 0 where neither is."""


@cache
def followed() -> Mapping[str, int]:
    """All measures worth following, results of clinical tests too."""
    tests = (task for task in tasks().values() if issubclass(task, ClinicalTest))
    return {**FOLLOWED, **{name: better for test in tests for name, better in test.better.items()}}


QUIET_STANDING = "standing"
ENDED = "finished"
_PRECAUTION = "precaution"
_STOPS = ("paused", "stopped")
_OF_MEDIAN = 1.2533  # the standard error of a median over that of a mean, of a normal distribution
_Z = 1.96


class Left(Record, frozen=True):
    """A limit as a session left it, with its 95 % interval; `task` "" and version 0 where it was measured by itself.

    One that is `at_least` so far may well lie further out.
    """

    movement: str
    value: float
    low: float
    high: float
    unit: str
    n: int
    method: str
    task: str = ""
    title: str = ""
    version: int = 0
    at_least: bool = False


class Aim(Record, frozen=True):
    """What a session asked of one movement, and how much of it was reached; `codes` counts why, by code."""

    trials: int
    reached: int
    lowest: float
    highest: float
    unit: str
    codes: Mapping[str, int] = {}


class Told(Record, frozen=True):
    """What somebody said of themselves, 0 to 10: before the session (None for not asked), and the highest."""

    before: float | None
    highest: float


class Middle(Record, frozen=True):
    """The middle value of a measure over a block's trials of one side; `error` is half of its 95 % interval."""

    name: str
    value: float
    unit: str
    error: float | None
    n: int
    side: str
    task: str
    title: str
    version: int


class Moved(Record, frozen=True):
    """What became harder or easier before a block, and why, in words."""

    title: str
    words: str


class Seen(Record, frozen=True):
    """How much of a recording was seen, in percent; coverage is None where it was not measured."""

    head_percent: float
    left_percent: float
    right_percent: float
    coverage_percent: float | None


class Gist(Record, frozen=True, kw_only=True):
    """What is followed of one session. `started_at` is the patient's own time, ISO 8601.

    `play_s` is how long games and clinical tests were done; `trials` are those of games alone. `aims` are by movement,
    `told` by kind; `barred` are sentences of what a precaution kept from being played.
    """

    started_at: str
    play_s: float
    ended_by: str
    headset: str
    prescription: int
    trials: int
    reached: int
    aims: Mapping[str, Aim] = {}
    limits: tuple[Left, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    measures: tuple[Middle, ...] = ()
    told: Mapping[str, Told] = {}
    moved: tuple[Moved, ...] = ()
    barred: tuple[str, ...] = ()
    calibrated_at: str = ""
    doubts: Mapping[str, tuple[str, ...]] = {}
    seen: Seen | None = None
    version: int = VERSION

    @property
    def at(self) -> datetime:
        """When it began, with the patient's own zone."""
        return datetime.fromisoformat(self.started_at)


def gist_of(session: Session) -> Gist:
    """The gist of a session."""
    done = [block for block in session.blocks if block.kind in ("play", ASSESS)]
    played = [block for block in done if block.kind == "play"]
    trials = [trial for block in played for trial in block.trials if trial.outcome != STOPPED]
    return Gist(
        started_at=session.started_at,
        play_s=sum(max(0.0, block.end_s - block.start_s) for block in done if block.trials),
        ended_by=session.ended_by,
        headset=session.headset,
        prescription=session.prescribed.version if session.prescribed else 0,
        trials=len(trials),
        reached=sum(trial.outcome == "reached" for trial in trials),
        aims=_aims(tried(trials)),
        limits=(*_left_by_play(played), *_measured_now(session)),
        ceilings=ceilings(session),
        measures=(*(middle for block in session.blocks for middle in _middles(block)), *_sway(session)),
        told=_told(session),
        moved=tuple(Moved(block.title, block.change) for block in played if block.change),
        barred=_barred(session),
        calibrated_at=session.calibration.measured_at if session.calibration else "",
        doubts=_doubts(session.calibration),
        seen=_seen(session),
    )


def packed(gist: Gist) -> bytes:
    """As bytes, to be sealed."""
    return msgspec.msgpack.encode(gist)


def unpacked(content: bytes) -> Gist | None:
    """From bytes; None where another version made them."""
    try:
        gist = msgspec.msgpack.decode(content, type=Gist)
    except msgspec.DecodeError:
        return None
    return gist if gist.version == VERSION else None


def _aims(asked: Iterable[TrialRecord]) -> dict[str, Aim]:
    by_movement: dict[str, list[TrialRecord]] = {}
    for trial in asked:
        if trial.request:
            by_movement.setdefault(trial.request.movement, []).append(trial)
    return {movement: _aim(trials) for movement, trials in by_movement.items()}


def _aim(trials: list[TrialRecord]) -> Aim:
    requests = [trial.request for trial in trials if trial.request]
    amplitudes = [request.amplitude for request in requests]
    return Aim(
        trials=len(trials),
        reached=sum(trial.outcome == "reached" for trial in trials),
        lowest=min(amplitudes),
        highest=max(amplitudes),
        unit=requests[0].unit,
        codes=Counter(request.code for request in requests),
    )


def _left_by_play(played: Iterable[BlockRecord]) -> tuple[Left, ...]:
    """The running estimate of each movement as the last trial of a game left it."""
    last = {
        (trial.request.movement, block.task, block.version): (block, trial.limit_after)
        for block in played
        for trial in block.trials
        if trial.request and trial.limit_after
    }
    return tuple(
        _left(movement, limit, block.task, block.title, block.version)
        for (movement, _task, _version), (block, limit) in last.items()
    )


def _measured_now(session: Session) -> tuple[Left, ...]:
    """The limits that this session measured or checked: those that it did not begin with."""
    known = session.known.limits if session.known else {}
    found = session.calibration.limits if session.calibration else {}
    return tuple(
        _left(movement, limit)
        for movement, limit in found.items()
        if movement in MOVEMENTS and (movement not in known or _when(limit) != _when(known[movement]))
    )


def _when(limit: Limit) -> tuple[float, int, str, str]:
    return limit.value, limit.n, limit.measured_at, limit.checked_at


def _left(movement: str, limit: Limit, task: str = "", title: str = "", version: int = 0) -> Left:
    found = (movement, limit.value, limit.low, limit.high, limit.unit, limit.n, limit.method)
    return Left(*found, task, title, version, limit.at_least)


def _middles(block: BlockRecord) -> Iterator[Middle]:
    """Those of a block that was played; of a clinical test its results."""
    counts = followed()
    trials = block.trials if block.kind == "play" else ()
    found = [
        (name, trial.side, number) for trial in trials for name, number in trial.measures.items() if name in FOLLOWED
    ]
    if block.kind in ("play", ASSESS):
        side = side_of_results(block)
        found += [(name, side, number) for name, number in block.measures.items() if name in counts]
    ordered = sorted(found, key=lambda each: each[:2])
    for (name, side), numbers in groupby(ordered, key=lambda each: each[:2]):
        middle = _middle([number for *_, number in numbers])
        if middle is not None:
            yield Middle(name, *middle, side, block.task, block.title, block.version)


def _middle(numbers: list[Measured]) -> tuple[float, str, float | None, int] | None:
    """The median, its unit, half of its 95 % interval and the number of values; None without any."""
    values = [number.value for number in numbers if number.value is not None]
    if not values:
        return None
    error = numbers[0].error if len(numbers) == 1 else None
    if len(values) > 2:
        error = _Z * _OF_MEDIAN * _spread(values) / math.sqrt(len(values))
    return median(values), numbers[0].unit, error, len(values)


def _spread(values: list[float]) -> float:
    """The standard deviation; infinite where numbers are too large for it."""
    middle = fmean(values)
    return math.sqrt(sum((value - middle) * (value - middle) for value in values) / (len(values) - 1))


def _sway(session: Session) -> tuple[Middle, ...]:
    """The sway of quiet standing, where this session measured it."""
    before = session.known.sway if session.known else {}
    found = session.calibration.sway if session.calibration else {}
    return tuple(
        Middle(name, number.value, number.unit, number.error, 1, "", QUIET_STANDING, "", 0)
        for name, number in found.items()
        if name in FOLLOWED and number.value is not None and number != before.get(name)
    )


def _told(session: Session) -> dict[str, Told]:
    kinds = dict.fromkeys(answer.kind for answer in session.told if answer.kind != "stop")
    return {kind: _told_of(session, kind) for kind in kinds}


def _told_of(session: Session, kind: str) -> Told:
    answers = [answer for answer in session.told if answer.kind == kind]
    before = next((answer.value for answer in answers if answer.at_s is None), None)
    return Told(before, max(answer.value for answer in answers))


def _barred(session: Session) -> tuple[str, ...]:
    """What a precaution kept from being played, and what it stopped, in words."""
    notes = [f"{block.title}: {note}" for block in session.blocks if not block.trials for note in block.notes]
    stops = [event.detail for event in session.events if event.name in _STOPS]
    return tuple(dict.fromkeys(said for said in (*notes, *stops) if _PRECAUTION in said))


def _doubts(calibration: Calibration | None) -> dict[str, tuple[str, ...]]:
    limits = calibration.limits if calibration else {}
    return {movement: limit.doubts for movement, limit in limits.items() if limit.doubts}


def _seen(session: Session) -> Seen | None:
    found = session.quality
    if found is None:
        return None
    return Seen(found.head_seen_percent, found.left_seen_percent, found.right_seen_percent, found.coverage_percent)
