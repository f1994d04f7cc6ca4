"""Whole visits for tests, lived through by simulated people who choose what they want."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from visits import ABOUT, calibration, patient

from engine.commands import visits
from engine.frame import Button, Frame
from engine.plan import Fork, Plan
from engine.profile import ADULT, Profile
from engine.records import Calibration, Session
from engine.scene import Scene
from engine.simulated import SimulatedHeadset

RATE_HZ = 30.0
MID_GAME = 730  # a frame in which fruit hangs
SHORT = ["fruit_ladder.targets=3", "harbour_lean.targets=3", "low_shelf_cafe.targets=2", "calm_tide.targets=1"]


class Person(SimulatedHeadset):
    """A simulated person who chooses what they want, and whose frames may be changed; keeps what was shown."""

    def __init__(self, *picks: str, change: Callable[[int, Frame], Frame] = lambda _, frame: frame) -> None:
        super().__init__(replace(patient(calibration()), picks=frozenset(picks), lapse=0.0), 1, RATE_HZ)
        self.scenes: list[Scene] = []
        self._change = change

    def frames(self) -> Iterator[Frame]:
        for index, frame in enumerate(super().frames()):
            yield self._change(index, frame)

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)
        super().show(scene)

    def first_s(self, kind: type) -> float:
        """When something of a kind was first shown."""
        return next(i for i, scene in enumerate(self.scenes) if any(isinstance(x, kind) for x in scene.items)) / RATE_HZ


def plan_for(
    *games: str,
    profile: Profile = ADULT,
    measuring: str = visits.NOTHING,
    known: Calibration | None = None,
) -> Plan:
    """A short whole visit of somebody who was measured before."""
    holds = visits.resolved("standard", [text for text in SHORT if text.split(".")[0] in (*games, visits.CALM)])
    steps = visits.steps_for(list(games), holds, measuring=measuring)
    return visits.plan("anna", visits.around(steps, holds, profile), holds, 1, known or calibration(), profile=profile)


def lived(plan: Plan, person: Person, folder: Path) -> tuple[Session, Path]:
    return visits.play(plan, person, folder, ABOUT)


def kinds(plan: Plan) -> list[str]:
    return [step.kind if not isinstance(step, Fork) else "fork" for step in plan.steps]


def pressing(button: Button, at: int) -> Callable[[int, Frame], Frame]:
    return lambda index, frame: frame._replace(buttons=int(button)) if index == at else frame
