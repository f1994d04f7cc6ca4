"""All measures there are, by what they answer, and the manual that is made of their definitions."""

import inspect
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from calibration.arm import ShoulderFit
from engine.metrics.aiming import EndpointSpread
from engine.metrics.arm_angles import Elbow, Shoulder
from engine.metrics.bimanual import Bimanual
from engine.metrics.boundary import TimeToBoundary
from engine.metrics.definition import Definition, definitions
from engine.metrics.dose import Dose
from engine.metrics.grip_angles import ShoulderRotation, Wrist
from engine.metrics.hand_joints import Finger, Thumb
from engine.metrics.position_sense import PositionSense
from engine.metrics.progress import Asymmetry, Change, Repetitions
from engine.metrics.range_of_motion import Neck, Trunk
from engine.metrics.reach_measures import Reach
from engine.metrics.reach_space import ReachSpace, TrunkShift
from engine.metrics.stability import StabilityArea, StabilityLimit
from engine.metrics.standing import SitToStand, StanceTime
from engine.metrics.sway_dynamics import AxisDynamics, PlaneDynamics
from engine.metrics.sway_measures import LeanSway, Romberg, Sway
from engine.metrics.walking import UpAndGo


class Chapter(NamedTuple):
    """One clinical question and the results that answer it."""

    title: str
    kinds: tuple[type, ...]


CHAPTERS: tuple[Chapter, ...] = (
    Chapter(
        "Balance",
        (Sway, LeanSway, Romberg, StabilityLimit, StabilityArea, TimeToBoundary, StanceTime, SitToStand, UpAndGo),
    ),
    Chapter("Range of motion", (Neck, Trunk, Shoulder, Elbow, Wrist, ShoulderRotation, Finger, Thumb)),
    Chapter("Position sense", (PositionSense,)),
    Chapter("Reaching", (Reach, EndpointSpread, Bimanual, TrunkShift, ReachSpace)),
    Chapter("Progress", (Repetitions, Change, Asymmetry, Dose)),
    Chapter("Calibration of the person", (ShoulderFit,)),
    Chapter("Sway, for research", (AxisDynamics, PlaneDynamics)),
)

HEAD = """# What is measured

Made by `steadyreach definitions` from what stands beside each number in the code; a test holds this file against it.

Conventions: positions are OpenXR's (x right, y up, −z forward, metres); *mediolateral* (ML) is to the person's right,
*anteroposterior* (AP) ahead, by the facing measured in quiet standing. T is n / rate. *ddof* says what a variance is
divided by: n − ddof. The **error** of a measure is the half width of a 95 % interval of the error of measurement, where
a number for it is known; it says nothing of how much a person varies from try to try, which `progress` does.
What could not be measured is `null` with its reason, never a number.
"""


def described() -> Mapping[str, Mapping[str, Definition]]:
    """The definitions of all measures, by the result's name and the measure's."""
    return {kind.__name__: definitions(kind) for chapter in CHAPTERS for kind in chapter.kinds}


def manual() -> str:
    """The manual of all measures, in Markdown."""
    return "\n".join([HEAD, *(line for chapter in CHAPTERS for line in _chapter(chapter))])


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield f"## {chapter.title}\n"
    for kind in chapter.kinds:
        yield f"### {kind.__name__}\n"
        yield f"`{kind.__module__}.{kind.__name__}`\n"
        yield (inspect.getdoc(kind) or "") + "\n"
        for shared, measures in groupby(definitions(kind).items(), key=lambda item: _shared(item[1])):
            for name, definition in measures:
                unit = f" ({definition.unit})" if definition.unit else ""
                yield f"**{definition.title}** · `{name}`{unit}: {definition.meaning}\n"
            yield from shared
            yield ""


def _shared(definition: Definition) -> tuple[str, ...]:
    """What neighbours may have in common, so that it is read once."""
    return (
        f"* Formula: {definition.formula}",
        f"* Source: {definition.source}",
        f"* Error: {_error(definition)}",
        f"* When not to trust it: {definition.doubt}",
    )


def _error(definition: Definition) -> str:
    unit = f" {definition.unit}" if definition.unit else ""
    parts = [f"{definition.plus_minus:g}{unit}"] if definition.plus_minus is not None else []
    parts += [f"{100 * definition.share:g} % of the value"] if definition.share is not None else []
    return f"± {' and '.join(parts)}. {definition.error}" if parts else definition.error
