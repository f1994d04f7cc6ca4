"""Whether a measured limit can be relied on: what is in doubt of it, and what holds meanwhile."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

import msgspec

from calibration.height import NO_FLOOR, posture_of
from calibration.limits import from_repetitions, in_degrees, usual_sd_deg
from engine.frame import SIDES
from engine.metrics.norms import NORMS
from engine.movements import (
    ANYBODYS_LIFT_DEG,
    ANYBODYS_NECK_DEG,
    GAZES,
    LEANS,
    LIFTS,
    MOVEMENTS,
    THEORETICAL_LEAN_DEG,
    along_ellipse,
)
from engine.records import Calibration, Limit, Quality

MOST_OF_USUAL, MOST_CHANGE, SWAP_CHANGE, WIDE = 1.30, 0.25, 0.15, 0.20
SURPRISE_Z = 2.0
DAY_SHARE = 0.05  # as `engine.adaptation.Adaptation.day_percent`: a child with cerebral palsy varies more (Darrah 2014)
LEAST_COVERAGE_PERCENT = 95.0
AGAIN = "measure again"
SWAPPED = "left and right look swapped"

USUAL_DEG: Mapping[str, float] = {
    **{name: along_ellipse(direction, THEORETICAL_LEAN_DEG) for name, direction in LEANS.items()},
    **{f"shoulder_elevation_{side}": NORMS["shoulder_flexion"].normal_deg for side in SIDES},
    **{f"shoulder_external_rotation_{side}": NORMS["shoulder_external_rotation"].normal_deg for side in SIDES},
    **{name: most / 1.1 for name in GAZES for stem, most in ANYBODYS_NECK_DEG.items() if name.startswith(stem)},
    **{name: ANYBODYS_LIFT_DEG[name.rpartition("_")[0]] for name in LIFTS},
}
"""How far healthy adults go, necks those of the young, of which the common norms of 45 and 60 degrees fall short.

No more than 1.3 times as far is believed without being measured again.
"""


def taken_in(
    known: Calibration, fresh: Mapping[str, Limit], check: bool = False, poor: Mapping[str, str] | None = None
) -> dict[str, Limit]:
    """The limits that are known once some were measured: each with its doubts.

    Of a limit in doubt the smaller of this one and the last holds, whose doubts say so, until it is measured again or
    confirmed. One that was only checked, and agrees with the last, is the mean of both, each as it is worth. `poor`
    says by movement why what was recorded of it is poor.
    """
    limits = dict(known.limits)
    posture = posture_in(known)
    swapped = _swapped(known.limits, fresh)
    for movement, taken in fresh.items():
        last = _last(known, movement, taken)
        whole_at = last.measured_at if check and last is not None else ""
        limit = msgspec.structs.replace(taken, posture=posture, measured_at=whole_at)
        doubts = [*_doubts(movement, limit, last, check), *([SWAPPED] if movement in swapped else [])]
        doubts += [why] if (why := (poor or {}).get(movement, "")) else []
        if doubts:
            limits[movement] = _safe(movement, limit, last, doubts)
        else:
            limits[movement] = combined(last, limit) if check and last is not None else limit
    return limits


def in_doubt(known: Calibration, taken: Mapping[str, Limit | None], check: bool) -> list[str]:
    """The movements whose efforts so far would leave a limit in doubt, so that one more may settle it; None is none."""
    return [
        movement
        for movement, limit in taken.items()
        if limit is None or any(_doubts(movement, limit, _last(known, movement, limit), check))
    ]


def combined(last: Limit, today: Limit) -> Limit:
    """A limit from the last one and today's check, weighed by their intervals; people differ by 5 % from day to day.

    The best of last time still counts as far as the new interval goes. `efforts` and `n` are today's. Of two of which
    the smaller one is a lower bound, the other one holds.
    """
    if min(last, today, key=_value).at_least:
        further = max(last, today, key=_value)
        return msgspec.structs.replace(
            today, value=further.value, low=further.low, high=further.high, best=_best(further)
        )
    before, now = math.hypot(_sd(last), DAY_SHARE * last.value), _sd(today)
    share = before**2 / (before**2 + now**2) if before else 0.0
    value, half = last.value + share * (today.value - last.value), 1.96 * math.sqrt(share) * now
    best = max(_best(today), min(_best(last), value + half))
    return msgspec.structs.replace(
        today,
        value=round(value, 4),
        low=round(value - half, 4),
        high=round(value + half, 4),
        best=round(best, 4),
        method=f"{today.method}, with what was known",
    )


def confirm(movement: str, limit: Limit) -> Limit:
    """A limit as its efforts have it, because a therapist confirms them; nothing is in doubt any more."""
    if not limit.doubts or not limit.efforts:
        return msgspec.structs.replace(limit, doubts=())
    sd_deg = usual_sd_deg(movement)
    measured = from_repetitions(limit.efforts, limit.unit, limit.method, sd_deg, limit.note)
    return msgspec.structs.replace(
        limit, value=measured.value, low=measured.low, high=measured.high, best=measured.best, doubts=()
    )


def poor_quality(qualities: Sequence[Quality | None]) -> str:
    """Why recordings are too poor to measure from ("" when they are not): more than 5 % of the time is missing."""
    known = [quality for quality in qualities if quality is not None]
    shares = [min(q.head_seen_percent, 100.0 if q.coverage_percent is None else q.coverage_percent) for q in known]
    least = min(shares, default=100.0)
    if least >= LEAST_COVERAGE_PERCENT:
        return ""
    return f"only {least:.0f} % of the time was recorded well, {LEAST_COVERAGE_PERCENT:.0f} % are needed"


def problems(known: Calibration) -> tuple[str, ...]:
    """What cannot be true of a calibration that is read from a file, in words; empty where nothing is wrong."""
    return tuple(problem for movement, limit in known.limits.items() for problem in _problems(movement, limit))


def dated(limit: Limit, known: Calibration) -> Limit:
    """A limit with the day of its calibration, where it has none of its own."""
    return limit if limit.measured_at else msgspec.structs.replace(limit, measured_at=known.measured_at)


def day_of(at: str) -> date | None:
    """The day of a time or date (ISO 8601); None where it is none."""
    try:
        return datetime.fromisoformat(at).date()
    except ValueError:
        return None


def said_day(day: date) -> str:
    """A day in words, such as 3 March."""
    return f"{day.day} {day:%B}"


def _problems(movement: str, limit: Limit) -> Iterator[str]:
    if movement not in MOVEMENTS:
        yield f"there is no movement {movement!r}; the movements are {', '.join(MOVEMENTS)}"
        return
    title, _, unit, largest = MOVEMENTS[movement]
    if limit.unit != unit:
        yield f"{title} is in {limit.unit or 'no unit'}, it has to be in {unit or 'no unit'}"
    for name, value in (("value", limit.value), ("best", _best(limit))):
        if not 0 <= value <= largest:
            yield f"{title}: {name} {value} has to be from 0 to {largest:g} {unit}"
    if not limit.low <= limit.value <= limit.high:
        yield f"{title}: {limit.value} does not lie between {limit.low} and {limit.high}"
    for at in (limit.measured_at, limit.checked_at):
        if at and day_of(at) is None:
            yield f"{title}: {at!r} is no day; write it as 2026-03-02"


def posture_in(known: Calibration) -> str:
    """How somebody is, by the height of the headset; "" where that is neither standing nor seated."""
    posture = posture_of(known.stance.head_m[1], known.stature_m.value).posture
    return "" if posture == NO_FLOOR else posture


def _last(known: Calibration, movement: str, limit: Limit) -> Limit | None:
    """What was known of a limit before; None where that was nothing, no number, or a lean in another posture.

    Of one in doubt the efforts count that agree with today's: it was measured again. That does not settle which side
    is which.
    """
    last = known.limits.get(movement)
    if last is None or not last.n or not last.value > 0:
        return None
    if movement in LEANS and last.posture not in ("", posture_in(known)):
        return None
    last = dated(last, known)
    if last.doubts and not _looked_swapped(last):
        again = confirm(movement, last)
        if abs(limit.value - again.value) <= MOST_CHANGE * again.value:
            return again
    return last


def _looked_swapped(last: Limit) -> bool:
    return any(doubt.startswith(SWAPPED) for doubt in last.doubts)


def _doubts(movement: str, limit: Limit, last: Limit | None, check: bool) -> Iterator[str]:
    most = _most_deg(movement)
    if limit.value > most:
        yield f"{in_degrees(limit.value)} is more than {in_degrees(most)}, the most that is believed"
    if last is not None:
        yield from _change(limit, last, check)
    if limit.n < 2 and last is None:
        yield "only one effort"
    efforts, half = limit.efforts or (limit.value,), (limit.high - limit.low) / 2
    if half > WIDE * limit.value and max(efforts) - min(efforts) > WIDE * limit.value:
        between = f"efforts from {in_degrees(min(efforts))} to {in_degrees(max(efforts))}"
        yield f"{between} leave ±{100 * half / limit.value:.0f} % open"


def _change(limit: Limit, last: Limit, check: bool) -> Iterator[str]:
    if min(limit, last, key=_value).at_least:
        return  # nobody knew, or knows now, how much further it goes
    change, day = limit.value / last.value - 1, day_of(last.measured_at)
    more = f"{'more' if change > 0 else 'less'} than {'last time' if day is None else 'on ' + said_day(day)}"
    chance = math.hypot(_sd(last), _sd(limit), DAY_SHARE * last.value)
    if abs(change) > MOST_CHANGE:
        yield f"{in_degrees(limit.value)} is {100 * abs(change):.0f} % {more}"
    elif check and abs(limit.value - last.value) > SURPRISE_Z * chance:
        yield f"{in_degrees(limit.value)} is {more} by more than chance explains"


def _swapped(before: Mapping[str, Limit], fresh: Mapping[str, Limit]) -> set[str]:
    """Both arms in a movement, where each is more than 15 % off and fits the other one's last value far better.

    Where they looked so before, and nobody confirmed it, they still do.
    """
    found = set()
    for left in (name for name in fresh if MOVEMENTS[name].part == "left arm"):  # controllers may change hands
        right = left.removesuffix("left") + "right"
        if right not in fresh or left not in before or right not in before:
            continue
        pairs = ((fresh[left], before[left], before[right]), (fresh[right], before[right], before[left]))
        if any(_looked_swapped(before[name]) for name in (left, right)) or all(_fits_other(*pair) for pair in pairs):
            found |= {left, right}
    return found


def _fits_other(limit: Limit, own: Limit, other: Limit) -> bool:
    off = abs(limit.value - own.value)
    return off > SWAP_CHANGE * own.value and abs(limit.value - other.value) < off / 3


def _safe(movement: str, limit: Limit, last: Limit | None, doubts: Sequence[str]) -> Limit:
    """What holds of a limit in doubt: no more than the last one, and no more than is usual."""
    most = min(_most_deg(movement), limit.value if last is None else last.value)
    if limit.value <= most:
        return msgspec.structs.replace(limit, doubts=tuple(f"{doubt}: {AGAIN}" for doubt in doubts))
    low, high, best = (last.low, last.high, _best(last)) if last is not None else (limit.low, most, most)
    held = tuple(f"{doubt}: {in_degrees(most)} holds until you {AGAIN}" for doubt in doubts)
    return msgspec.structs.replace(limit, value=most, low=min(low, most), high=high, best=best, doubts=held)


def _most_deg(movement: str) -> float:
    largest = MOVEMENTS[movement].largest
    return min(MOST_OF_USUAL * USUAL_DEG.get(movement, largest), largest)


def _sd(limit: Limit) -> float:
    return (limit.high - limit.low) / 3.92


def _value(limit: Limit) -> float:
    return limit.value


def _best(limit: Limit) -> float:
    return limit.value if limit.best is None else limit.best
