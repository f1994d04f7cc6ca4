"""How one preset differs from another in what it asks of a patient, in sentences that a therapist reads."""

import math
from collections.abc import Callable, Iterator, Sequence
from statistics import mean, stdev

from calibration.rehearsal import Rehearsal
from engine.previewed import Course, SessionPreview

SMALL_ANGLE_DEG = 15.0  # leans of 7.1° and of 6.8° are not the same
CERTAIN = 2.0  # standard errors
NONE = "No difference that shows."


def quantity(value: float, unit: str) -> str:
    """A number with its unit and no more digits than it deserves."""
    if unit == "deg":
        return f"{value:.{1 if abs(value) < SMALL_ANGLE_DEG else 0}f}°"
    return f"{100 * value:.0f} cm" if unit == "m" else f"{value:.0f} {unit}".rstrip()


def percent(share: float) -> str:
    """A share as people read it."""
    return f"{100 * share:.0f} %"


def duration(seconds: float) -> str:
    """A time to five seconds: nobody can tell it better beforehand."""
    minutes, rest = divmod(_to_five_s(seconds), 60)
    return " ".join(filter(None, (f"{minutes} min" if minutes else "", f"{rest} s" if rest or not minutes else "")))


def clock(seconds: float) -> str:
    """A time to five seconds, as on a clock: minutes and seconds."""
    minutes, rest = divmod(_to_five_s(seconds), 60)
    return f"{minutes}:{rest:02d}"


def differences(
    new: SessionPreview, old: SessionPreview, lived: Sequence[Rehearsal], before: Sequence[Rehearsal]
) -> tuple[str, ...]:
    """What is different about the new one: only what is beyond chance, session by session, and shows when rounded."""
    said = [*_of_movements(new, old, lived, before)]
    if new.success and old.success and _beyond_chance(_success, lived, before):
        said += _unless_same("{} will be reached (was {}).", percent(new.success.median), percent(old.success.median))
    said += _longer(_to_five_s(new.seconds.median) - _to_five_s(old.seconds.median))
    said += _unless_same("Repetitions: {} (was {}).", *(f"{each.trials.median:.0f}" for each in (new, old)))
    said += _unless_same("Rests: {} (was {}).", str(new.rests), str(old.rests))
    said += [f"Not asked: {why}." for why in new.not_asked if why not in old.not_asked]
    said += [f"No longer so: {why}." for why in old.not_asked if why not in new.not_asked]
    return tuple(said) or (NONE,)


def _of_movements(
    new: SessionPreview, old: SessionPreview, lived: Sequence[Rehearsal], before: Sequence[Rehearsal]
) -> Iterator[str]:
    """A sentence for each movement; those of which the same is to be said share one."""
    news, olds = ({course.movement: course for course in each.movements} for each in (new, old))
    titles: dict[str, list[str]] = {}
    for movement, course in {**olds, **news}.items():
        if movement not in olds:
            said = f"asked for now, up to {quantity(course.highest.median, course.unit)}."
        elif movement not in news:
            said = "not asked for any more."
        else:
            said = _targets(course, olds[movement], lived, before)
        titles.setdefault(said, []).append(course.title)
    for said, of in titles.items():
        if said:
            yield f"{_joined(of)}: {said}"


def _targets(new: Course, old: Course, lived: Sequence[Rehearsal], before: Sequence[Rehearsal]) -> str:
    def highest(session: Rehearsal) -> float:
        return max((o.request.amplitude for o in session.tried if o.request.movement == new.movement), default=0.0)

    first, was_first, last, was_last = (
        quantity(spread.median, new.unit) for spread in (new.first, old.first, new.highest, old.highest)
    )
    said = _unless_same("start at {} instead of {}", first, was_first)
    if _beyond_chance(highest, lived, before):
        said += _unless_same("stay there (were up to {1})" if first == last else "rise to {} (was {})", last, was_last)
    return f"targets {' and '.join(said)}." if said else ""


def _beyond_chance(of: Callable[[Rehearsal], float], lived: Sequence[Rehearsal], before: Sequence[Rehearsal]) -> bool:
    """Whether a number of a session differs by more than the luck of these sessions explains, person by person."""
    changes = [of(one) - of(other) for one, other in zip(lived, before, strict=True)]
    return abs(mean(changes)) > CERTAIN * stdev(changes) / math.sqrt(len(changes))


def _success(session: Rehearsal) -> float:
    return mean(one.chance for one in session.tried) if session.tried else 0.0


def _unless_same(sentence: str, new: str, old: str) -> list[str]:
    return [sentence.format(new, old)] if new != old else []


def _to_five_s(seconds: float) -> int:
    return 5 * round(seconds / 5)


def _longer(seconds: int) -> list[str]:
    return [f"{duration(abs(seconds))} {'longer' if seconds > 0 else 'shorter'}."] if seconds else []


def _joined(titles: Sequence[str]) -> str:
    words = " and ".join(filter(None, (", ".join(titles[:-1]), titles[-1])))
    return words[0].upper() + words[1:]
