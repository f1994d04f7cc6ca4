"""Small visits for tests: games on a simulated patient with known limits, in no time."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import games
from calibration.adaptation import Followers
from engine import session
from engine.body import EYE_HEIGHT_OF_STATURE
from engine.frame import SIDES, Frame
from engine.movements import CROSSES, GAZES, LEANS, LIFTS
from engine.parameters import Layer, fill
from engine.plan import About, Plan, Step
from engine.recording import Writer
from engine.records import Calibration, Limit, ReachCell, Session, Stance
from engine.scene import Scene
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import Patient
from engine.task import Task

EYE_M = 1.6
RATE_HZ = 45.0
LEG_DEG = {"knee_extension": 70.0, "thigh_raise": 25.0, "ankle_dorsiflexion": 17.0}
NECK_DEG = {"neck_rotation": 60.0, "neck_extension": 50.0, "neck_flexion": 45.0, "neck_lateral": 35.0}
ABOUT = About("test-session", "2026-01-05T09:00:00+00:00", "steadyreach test")


def limit(value: float, unit: str = "deg") -> Limit:
    return Limit(value, 0.95 * value, 1.05 * value, unit, 3, "given by a test", best=value)


def calibration(
    elevation_deg: float = 110.0, lean_deg: float = 5.0, arm_m: float = 0.62, of_neck: float = 1.0
) -> Calibration:
    """Somebody whose arms reach everywhere in front; `of_neck` is the share of the usual range of neck and legs."""
    cells = tuple(
        ReachCell(float(azimuth), float(elevation), arm_m, 100)
        for azimuth in range(-90, 91, 15)
        for elevation in range(0, 181, 15)
    )
    limits = {f"shoulder_elevation_{side}": limit(elevation_deg) for side in SIDES}
    limits |= {name: limit(lean_deg) for name in LEANS}
    limits |= {name: limit(of_neck * deg) for name in GAZES for stem, deg in NECK_DEG.items() if name.startswith(stem)}
    limits |= {name: limit(60.0) for name in CROSSES}
    limits |= {name: limit(of_neck * LEG_DEG[name.rpartition("_")[0]]) for name in LIFTS}
    return Calibration(
        "2026-01-05",
        Stance((0.0, EYE_M, 0.0), 0.0),
        limit(EYE_M / EYE_HEIGHT_OF_STATURE, "m"),
        {side: limit(arm_m, "m") for side in SIDES},
        limits,
        dict.fromkeys(SIDES, cells),
    )


def patient(known: Calibration, **more: Any) -> Patient:
    limits = {name: found.value for name, found in known.limits.items()}
    return Patient(EYE_M, {side: known.arm_m[side].value for side in SIDES}, limits_deg=limits, **more)


class Kept:
    """A headset that keeps every frame given and every scene shown."""

    def __init__(self, headset: Any) -> None:
        self._headset = headset
        self.kind, self.description = headset.kind, headset.description
        self.frames_given: list[Frame] = []
        self.scenes: list[Scene] = []

    def frames(self) -> Iterator[Frame]:
        for frame in self._headset.frames():
            self.frames_given.append(frame)
            yield frame

    def show(self, scene: Scene) -> None:
        self.scenes.append(scene)
        self._headset.show(scene)

    def close(self) -> None:
        self._headset.close()


def play(
    task: Task, folder: Path, known: Calibration | None = None, headset: Any = None, seed: int = 0, **more: Any
) -> tuple[Session, Kept]:
    """Play one task; the session and the headset with what it saw."""
    known = known or calibration()
    kept = Kept(headset or SimulatedHeadset(patient(known), seed, RATE_HZ))
    more = {"posture": "seated" if task.on_chair else "standing", **more}
    plan = Plan("test", (Step("test", task, "play"),), Followers(), seed, calibration=known, **more)
    with Writer(folder / f"{seed}.vrec", {}) as writer:
        return session.run(plan, kept, writer, ABOUT), kept


def game(name: str, values: Mapping[str, object] | None = None) -> Task:
    kind = games.load(name)
    return kind(fill(kind.Parameters, Layer("test", values or {})))
