"""The sway that a file holds: a force plate's, or that of the head where somebody stood quietly."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from calibration import imported
from calibration.height import SEATED
from calibration.standing import SEATED_SWAY
from engine.commands.person import Person, head_mm_s
from engine.formats.tables import Table
from engine.measuring import ADVISED_SWAY_S, LEAST_RATE_HZ, LEAST_SWAY_S, advice, refusal
from engine.metrics import signals
from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ
from engine.metrics.definition import NotMeasurable
from engine.metrics.head_sway import across_and_ahead_m, bent
from engine.metrics.stretches import longest, seconds
from engine.motion import SPLIT_S, Array, Motion

LEAST_SAMPLES, WIDEST_M = 3, 1.0
STEADY = 0.05  # of a step: a table whose steps differ by no more is evenly sampled
AS_GIVEN = "not filtered; the error of what measured it is not known"


@dataclass(frozen=True)
class Track:
    """Sway, evenly sampled, and what it is the sway of."""

    ml_m: Array
    ap_m: Array
    rate_hz: float
    about: str
    notes: tuple[str, ...] = ()


def sway_track(source: Person | Table) -> Track:
    """The sway in a file: the two axes of a force plate's table, or the head in its quiet stretch, low-passed at 5 Hz.

    Of what has gaps it is the longest stretch between them. Raises NotMeasurable when there is none, or it is too
    short.
    """
    return _track_of_table(source) if isinstance(source, Table) else _track_of_head(source)


def _track_of_head(person: Person) -> Track:
    if person.height.posture == SEATED:
        raise NotMeasurable("; ".join(filter(None, (SEATED_SWAY, person.height.why))))
    quiet, note = quiet_part(person)
    if refused := refusal(quiet, "sway"):
        raise NotMeasurable(refused)
    went_mm_s = head_mm_s(quiet)
    if person.quiet is not person.motion and went_mm_s > imported.QUIET_MM_S:
        raise NotMeasurable(
            f"no quiet stretch: in the quietest the head moved at {went_mm_s:.0f} mm/s,"
            f" quiet is under {imported.QUIET_MM_S:.0f} mm/s"
        )
    _, steady = signals.uniform(quiet.time_s, across_and_ahead_m(quiet.head_m, person.stance), RATE_HZ)
    ml_m, ap_m = signals.low_passed(steady, RATE_HZ, HEAD_SWAY_CUT_OFF_HZ).T
    about = f"Head sway, {len(ml_m) / RATE_HZ:.0f} s, {person.quiet_when}"
    usual = f"low-passed at {HEAD_SWAY_CUT_OFF_HZ:g} Hz; the head, not the centre of pressure"
    notes = tuple(filter(None, (usual, note, advice(quiet, "sway"), bent(quiet, person.stance))))
    return Track(ml_m, ap_m, RATE_HZ, about, notes)


def quiet_part(person: Person) -> tuple[Motion, str]:
    """When somebody was quiet, of what has gaps the longest stretch between them; and that it is so, in words."""
    part = longest(person.quiet)
    if not refusal(person.quiet, "sway") or refusal(part, "sway"):
        return person.quiet, ""
    return part, _of_all(seconds(part), seconds(person.quiet))


def _track_of_table(table: Table) -> Track:
    if not {"ml_m", "ap_m"} <= table.columns.keys():
        raise NotMeasurable("there is no sway: name the columns of sway ml and ap (sideways and ahead), as ml_mm")
    time_s, places_m, part = _between_gaps(*_seen(table))
    lasts_s = float(time_s[-1] - time_s[0])
    seen_hz = rate_hz = (len(time_s) - 1) / lasts_s
    note = AS_GIVEN
    if not _even(time_s):
        places_m, rate_hz = signals.uniform(time_s, places_m, RATE_HZ)[1], RATE_HZ
        note = f"resampled at {RATE_HZ:.0f} Hz by straight lines, because it was not even in time; {AS_GIVEN}"
    doubts = _doubts(seen_hz, lasts_s, float(np.ptp(places_m, axis=0).max()))
    about = f"Sway, {len(places_m) / rate_hz:.3g} s"
    return Track(places_m[:, 0], places_m[:, 1], rate_hz, about, (note, *filter(None, (part,)), *doubts))


def _seen(table: Table) -> tuple[Array, Array]:
    """The times at which both axes were seen, each once (k,), and the places (k, 2); raises NotMeasurable for none."""
    both = np.stack([table.columns["ml_m"], table.columns["ap_m"]], axis=1)
    seen = np.flatnonzero(np.isfinite(both).all(axis=1))
    steps_s = np.diff(table.time_s[seen])
    if np.any(steps_s < 0):
        raise NotMeasurable("the times of the sway fall: put its lines in the order of time")
    rising = seen[np.append(True, steps_s > 0)[: len(seen)]]
    if len(rising) < LEAST_SAMPLES:
        raise NotMeasurable(f"{len(rising)} samples of sway are too few: {LEAST_SAMPLES} at different times are needed")
    return table.time_s[rising], both[rising]


def _between_gaps(time_s: Array, places_m: Array) -> tuple[Array, Array, str]:
    """The same, or the longest stretch between gaps; and that it is so, in words.

    Raises NotMeasurable where that is shorter than 5 s. What comes evenly has no gaps, however slowly it comes.
    """
    gap_s = float(np.diff(time_s).max())
    if gap_s <= SPLIT_S or _even(time_s):
        return time_s, places_m, ""
    borders = np.concatenate(([0], np.flatnonzero(np.diff(time_s) > SPLIT_S) + 1, [len(time_s)]))
    lasting_s = time_s[borders[1:] - 1] - time_s[borders[:-1]]
    best = int(np.argmax(lasting_s))
    if lasting_s[best] < LEAST_SWAY_S:
        raise NotMeasurable(f"the sway has a gap of {gap_s:.2f} s: {SPLIT_S} s are the most")
    part = slice(borders[best], borders[best + 1])
    return time_s[part], places_m[part], _of_all(float(lasting_s[best]), float(time_s[-1] - time_s[0]))


def _even(time_s: Array) -> bool:
    steps_s = np.diff(time_s)
    return bool(np.all(np.abs(steps_s / steps_s.mean() - 1) < STEADY))


def _of_all(part_s: float, all_s: float) -> str:
    return f"the longest stretch without a gap, {part_s:.3g} of {all_s:.3g} s"


def _doubts(rate_hz: float, lasts_s: float, range_m: float) -> Iterator[str]:
    """What speaks against a table of sway, as far as its numbers show it."""
    if rate_hz < LEAST_RATE_HZ:
        yield f"{rate_hz:.3g} samples a second, {LEAST_RATE_HZ:.0f} are needed for way and velocity"
    if lasts_s < ADVISED_SWAY_S - 1 / rate_hz:
        yield f"{lasts_s:.3g} s, {ADVISED_SWAY_S:.0f} s are advised"
    if range_m > WIDEST_M:
        yield f"it goes over {range_m:.3g} m, and nobody sways so far: is the unit right?"
