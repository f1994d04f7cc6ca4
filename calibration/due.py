"""What is carried from visit to visit, and what has to be measured before anybody plays."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import msgspec

from calibration.checks import dated, day_of, said_day
from engine.adaptation import Adaptation
from engine.movements import LEANS, MOVEMENTS, UNUSUAL
from engine.patient import PatientRecord
from engine.records import Answer, Calibration, Limit

PAIN_CHANGE = 4
OTHER_ZONE_DAYS = 1  # a day ahead is another time zone
NOTHING, CHECK, FULL = "nothing", "check", "full"
USUAL = tuple(name for name in MOVEMENTS if name not in UNUSUAL)
"""What every visit measures; a neck and legs are only measured of who will be asked for them."""


class Due(NamedTuple):
    """What to measure before play: NOTHING, CHECK (each limit once more) or FULL, and every reason in words."""

    form: str
    why: tuple[str, ...] = ()


def carried_over(before: Calibration | None, today: Calibration | None) -> Calibration | None:
    """What is known of a person after a visit: what it measured, and the rest as it was, with its own date.

    A visit that measured nothing changes nothing; one that is older than what is known adds what was not known.
    """
    if today is None or not today.measured_at or before is None:
        return before if before is not None or today is None or not today.measured_at else today
    day, day_before = day_of(today.measured_at), day_of(before.measured_at)
    if day is None or (day_before is not None and day < day_before):
        before, today = today, before
    old = {name: dated(limit, before) for name, limit in before.limits.items()}
    new = {name: old[name] if before.limits.get(name) == limit else limit for name, limit in today.limits.items()}
    return msgspec.structs.replace(
        today,
        limits=old | new,
        arm_m={**before.arm_m, **today.arm_m},
        reach={**before.reach, **today.reach},
        shoulders={**before.shoulders, **today.shoulders},
        sway=today.sway or before.sway,
    )


def due(
    record: PatientRecord,
    adaptation: Adaptation,
    today: str,
    answers: Sequence[Answer] = (),
    asked: str = "",
    movements: Collection[str] = tuple(MOVEMENTS),
    posture: str = "",
) -> Due:
    """What has to be measured before play on a day (ISO 8601), of the movements that play asks for.

    `answers` are those given today before play; `asked` is a clinician's reason to measure everything again; leans have
    to be measured in the `posture` of play ("" for any). Where a clock cannot be believed, limits are checked; where
    nobody knows how old one is, everything is measured again.
    """
    known, now = record.calibration, datetime.fromisoformat(today).date()
    limits = _in_use(known, movements)
    elsewhere = [n for n, limit in limits.items() if n in LEANS and posture and limit.posture not in ("", posture)]
    if known is None or not limits:
        return Due(FULL, ("nothing was measured yet",))
    ages = {name: _ages(limit, now) for name, limit in limits.items()}
    full = [f"the clinician asked: {asked}"] if asked else []
    full += ["the preset only assesses"] if adaptation.only_assess else []
    full += [f"nobody knows when {MOVEMENTS[name].title} was measured" for name, age in ages.items() if age is None]
    oldest = max((age.whole_days for age in ages.values() if age is not None), default=0)
    if oldest > adaptation.full_after_days:
        full.append(f"measured whole {oldest} days ago, {adaptation.full_after_days} are the most")
    if full:
        return Due(FULL, tuple(full))
    postures = dict.fromkeys(limits[name].posture for name in elsewhere)
    why = [f"leans were measured {was}, not {posture}" for was in postures]
    days = [age.checked_days for age in ages.values() if age is not None]
    why += [*_expired(days, adaptation), *_changed(record, known, answers), *_unlikely_clock(record, now)]
    why += [f"{MOVEMENTS[name].title}: {doubt}" for name, limit in limits.items() for doubt in limit.doubts]
    if not why and max(days) > 0 and adaptation.check_reaches:
        why.append(f"a new day: open efforts of each limit, {adaptation.check_reaches} of each")
    return Due(CHECK if why else NOTHING, tuple(why))


def unusual_due(
    record: PatientRecord,
    adaptation: Adaptation,
    today: str,
    answers: Sequence[Answer] = (),
    asked: str = "",
    movements: Collection[str] = (),
) -> Due:
    """As `due` for movements of UNUSUAL that play asks for: those that nobody measured yet have to be."""
    known = _in_use(record.calibration, movements)
    missing = [MOVEMENTS[name].title for name in movements if name not in known]
    if missing:
        return Due(FULL, (f"not measured yet: {', '.join(missing)}",))
    return due(record, adaptation, today, answers, asked, movements) if movements else Due(NOTHING)


class _Ages(NamedTuple):
    """The days since a limit was measured whole, and since it was measured or checked; negative in the future."""

    whole_days: int
    checked_days: int


def _in_use(known: Calibration | None, movements: Collection[str]) -> Mapping[str, Limit]:
    if known is None:
        return {}
    return {name: dated(limit, known) for name, limit in known.limits.items() if limit.n and name in movements}


def _ages(limit: Limit, now: date) -> _Ages | None:
    whole, checked = day_of(limit.measured_at), day_of(limit.checked_at or limit.measured_at)
    return None if whole is None or checked is None else _Ages((now - whole).days, (now - checked).days)


def _expired(checked_days: Sequence[int], adaptation: Adaptation) -> Iterator[str]:
    oldest, newest = max(checked_days), min(checked_days)
    if oldest > adaptation.expires_after_days:
        yield f"measured {oldest} days ago, {adaptation.expires_after_days} are the most"
    if newest < -OTHER_ZONE_DAYS:
        yield f"measured {-newest} days from now: set the clock"


def _unlikely_clock(record: PatientRecord, now: date) -> Iterator[str]:
    last = day_of(record.last_at)
    if last is not None and (last - now).days > OTHER_ZONE_DAYS:
        yield f"the last visit, on {said_day(last)}, is still to come: set the clock"


def _changed(record: PatientRecord, known: Calibration, answers: Sequence[Answer]) -> Iterator[str]:
    pain = [answer.value for answer in (*record.answers, *answers) if answer.kind == "pain"]
    if pain and max(pain) - min(pain) >= PAIN_CHANGE:
        yield f"pain changed by {max(pain) - min(pain):.0f}, {PAIN_CHANGE} or more count"
    if known.measured_under is None:
        return
    before = {(held.movement, held.at_most) for held in known.measured_under}
    for new in record.precautions:
        if (new.movement, new.at_most) not in before:
            yield f"a new precaution of {new.by} since: {new.reason}"
