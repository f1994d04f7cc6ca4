"""A second task beside a first: when it is done, and what it costs, as the dual-task effect of Plummer & Eskes 2015."""

from collections.abc import Mapping, Sequence

import numpy as np

from engine.records import Measured, TrialRecord
from engine.task import Measure

SOURCE = "Plummer & Eskes 2015, Front Hum Neurosci 9:225"
RUN, LEAST_OF_EACH = 4, 3  # trials in a row without and with a second task; and of each, to compare them
EFFECT = "How much faster than without counting, in the same round so far: below 0 it cost time. Who listens checks it."
Kept = Mapping[str, tuple[list[float], list[float]]]
"""What was measured before, by name: without a second task, and with it."""


def counts(number: int, count_by: int) -> bool:
    """Whether somebody counts in a trial (from 0): every other run of trials, where it is asked for."""
    return bool(count_by) and number // RUN % 2 == 1


def measures(titles: Mapping[str, str]) -> dict[str, Measure]:
    """The effect on each measure, by its name and what the effect on it is called."""
    return {_effect(name): Measure(title, "%", EFFECT, SOURCE) for name, title in titles.items()}


def kept(done: Sequence[TrialRecord], names: Sequence[str], count_by: int) -> Kept:
    """What was measured so far in a round that goes on."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in names}
    for number, record in enumerate(done):
        for name, (without, counting) in found.items():
            measured = record.measures.get(name)
            if measured is not None and measured.value is not None:
                (counting if counts(number, count_by) else without).append(measured.value)
    return found


def effects(now: Mapping[str, Measured], before: Kept, *, counted: bool) -> dict[str, Measured]:
    """The effects up to and with a trial: (without - with) / without, of the means; what takes less time is better."""
    found = {}
    for name, (without, counting) in before.items():
        value = now[name].value
        counting = counting if value is None else [*counting, value]
        if not counted:
            found[_effect(name)] = Measured(None, "%", None, "nothing was counted")
        elif min(len(without), len(counting)) < LEAST_OF_EACH:
            why = f"needs {LEAST_OF_EACH} steps with counting and without"
            found[_effect(name)] = Measured(None, "%", None, why)
        else:
            effect = 100 * (1 - float(np.mean(counting)) / float(np.mean(without)))
            note = f"mean of {len(counting)} against {len(without)}"
            found[_effect(name)] = Measured(round(effect, 1), "%", None, note)
    return found


def _effect(name: str) -> str:
    """What the effect on a measure of time is named."""
    return f"{name.removesuffix('_s')}_effect_percent"
