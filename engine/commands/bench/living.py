"""Simulated people who live through whole visits: every kind of them at every preset, and what came of it."""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import games
from engine import presets
from engine.commands import visits
from engine.commands.bench.outside import Onlooker, beyond, directions
from engine.commands.bench.population import KINDS, Kind, headset
from engine.frame import Frame
from engine.headset import Watched
from engine.patient import PatientRecord
from engine.plan import About, Plan, PostureRefused
from engine.profile import profile_of
from engine.records import BlockRecord, Event, Session, TrialRecord
from engine.scene import Scene

SEED, RATE_HZ = 20261122, 45.0
LONGEST_S = 3600.0
STARTED_AT = "2026-01-05T09:00:00+00:00"
FAULTS = ("error", "target outside the envelope", "not followed", "not learnt", "precaution unclear")
PLAYED = ("warm up", "play")
TASKS = ("calibrate", *PLAYED, "calm", "recheck")
IN_A_ROW = 3


@dataclass(frozen=True)
class Life:
    """One person at one preset, and what came of it: what went wrong, what was asked and where the time went.

    `beyond` are requests beyond the envelope, of `items` things that were asked. `tries` has for each game, in order,
    the code, movement and amplitude of each request of warm-up and play and whether it was reached; `trials` counts
    those without a request, too. `spent_s` has seconds by game, and by kind of block for all else; `left_out` says why
    a game was not played, or not to its end. `directions` counts those that were asked for.
    """

    kind: str
    preset: str
    seed: int
    target_success: float
    ended_by: str
    seconds: float
    on_task_s: float
    faults: tuple[str, ...]
    pauses: tuple[str, ...]
    beyond: tuple[str, ...]
    items: int
    directions: int
    tries: Mapping[str, tuple[tuple[str, str, float, bool], ...]]
    trials: Mapping[str, int]
    spent_s: Mapping[str, float]
    left_out: Mapping[str, str]

    @property
    def requests(self) -> list[tuple[str, bool]]:
        """The code of every request, and whether it was reached."""
        return [(code, reached) for tries in self.tries.values() for code, _, _, reached in tries]

    @property
    def variety(self) -> int:
        """How many different requests there were: a movement and a whole number of degrees."""
        return len({(movement, round(far)) for tries in self.tries.values() for _, movement, far, _ in tries})

    @property
    def lost_heart(self) -> bool:
        """Whether some game was missed three times in a row."""
        return any(
            not any(reached for *_, reached in tries[at : at + IN_A_ROW])
            for tries in self.tries.values()
            for at in range(len(tries) - IN_A_ROW + 1)
        )


class LastsForEver(RuntimeError):
    """A session that does not come to its end; the message says where it is."""


class Clock:
    """An onlooker that ends what would last for ever."""

    def see(self, frame: Frame, scene: Scene) -> None:
        """Look at the time."""
        if frame.time_ns * 1e-9 > LONGEST_S:
            raise LastsForEver(f"no end after {LONGEST_S:g} s, {scene.place}: {[item.key for item in scene.items]}")


def matrix(kinds: Sequence[str] = (), chosen: Sequence[str] = (), workers: int = 0, seed: int = SEED) -> list[Life]:
    """Every kind of people (or those named) at every preset that plays (or those chosen), in `workers` processes."""
    named, kinds = chosen or presets.names(), kinds or list(KINDS)
    playing = [name for name in named if not visits.resolved(name).adaptation.only_assess]
    people = [(kind, preset, seed) for kind in kinds for preset in playing]
    with ProcessPoolExecutor(workers or os.cpu_count(), get_context("spawn")) as pool:
        return [life for life in pool.map(at, *zip(*people, strict=True)) if life is not None]


def at(kind: str, preset: str, seed: int) -> Life | None:
    """The life of somebody of a kind at a preset, None where both do not allow one posture.

    Each has a seed of their own, and the games begin with another one.
    """
    number = list(KINDS).index(kind) * len(presets.names()) + presets.names().index(preset)
    names = games.names()
    turn = number % len(names)
    try:
        return live(KINDS[kind], preset, seed + number, (*names[turn:], *names[:turn]))
    except PostureRefused:
        return None


def live(kind: Kind, preset: str, seed: int, chosen: Sequence[str], rate_hz: float = RATE_HZ) -> Life:
    """Let somebody live through a session of these games; raises PostureRefused where nothing may be played."""
    plan, onlooker = _plan(kind, preset, seed, chosen), Onlooker()
    watched = Watched(headset(kind, seed, rate_hz), onlooker, Clock())
    with tempfile.TemporaryDirectory() as folder:
        done, _ = visits.play(plan, watched, Path(folder), About("life", STARTED_AT, visits.SOFTWARE))
    played = [block for block in done.blocks if block.kind in PLAYED]
    return Life(
        kind=kind.title,
        preset=preset,
        seed=seed,
        target_success=plan.adaptation.target_success,
        ended_by=done.ended_by,
        seconds=done.seconds,
        on_task_s=sum(block.end_s - block.start_s for block in done.blocks if block.kind in TASKS),
        faults=_told(done, *FAULTS),
        pauses=_told(done, "paused"),
        beyond=tuple(beyond(done, plan, onlooker)),
        items=len(onlooker.asked),
        directions=len(directions(done, onlooker)),
        tries={name: _tries(trials) for name, trials in _by_game(played).items()},
        trials={name: len(trials) for name, trials in _by_game(played).items()},
        spent_s=_spent_s(done.blocks),
        left_out={block.task: "; ".join(block.notes) for block in played if block.notes},
    )


def _plan(kind: Kind, preset: str, seed: int, chosen: Sequence[str]) -> Plan:
    holds, profile = visits.resolved(preset), profile_of(kind.age_years)
    fit = [name for name in chosen if kind.posture in games.load(name).postures]
    record = PatientRecord(patient="life", precautions=kind.precautions)
    steps = visits.steps_for(fit, holds, record=record, posture=kind.posture)
    whole = visits.around(steps, holds, profile, kind.posture)
    return visits.plan("life", whole, holds, seed, record=record, posture=kind.posture, profile=profile)


def _told(done: Session, *names: str) -> tuple[str, ...]:
    def words(event: Event) -> str:
        return f"{event.name}: {event.detail}"

    return tuple(words(event) for event in done.events if event.name in names)


def _by_game(blocks: Iterable[BlockRecord]) -> dict[str, list[TrialRecord]]:
    found: dict[str, list[TrialRecord]] = {}
    for block in blocks:
        found.setdefault(block.task, []).extend(block.trials)
    return found


def _tries(trials: Iterable[TrialRecord]) -> tuple[tuple[str, str, float, bool], ...]:
    return tuple(
        (trial.request.code, trial.request.movement, trial.request.amplitude, trial.outcome == "reached")
        for trial in trials
        if trial.request is not None
    )


def _spent_s(blocks: Iterable[BlockRecord]) -> dict[str, float]:
    spent: dict[str, float] = {}
    for block in blocks:
        name = block.task if block.kind in (*PLAYED, "calm") else block.kind
        spent[name] = spent.get(name, 0.0) + block.end_s - block.start_s
    return spent
