"""Standing: where the person stands, how tall they are, and how quietly they stand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar

import msgspec
import numpy as np

from calibration.height import NO_FLOOR, SEATED, posture_of, seated_of, stature_of
from calibration.limits import from_one
from engine import choosing, moves
from engine.envelope import Envelope
from engine.metrics.head_sway import head_sway
from engine.motion import Array, Motion
from engine.parameters import number
from engine.records import Calibration, Limit, Measured, Stance, TrialRecord
from engine.scene import Panel
from engine.task import Assessment, Finished, Measure, Move, NotMeasured, Result, Trial, none_of

TOLD_SD_M = 0.01
READY, QUIET, BREATHE = "get ready", "stand quietly", "breathe"
BREATHE_S, READY_S = 5.0, 2.0
SEATED_SWAY = "seated: head sway is that of standing"


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    quiet_s: float = number(20.0, 10.0, 60.0, "s", "how long to stand quietly")
    repetitions: int = number(1, 1, 5, "", "how often to stand quietly; sway is their mean, and three are advised")
    wait_s: float = number(20.0, 5.0, 60.0, "s", "how long to wait for a trigger press before beginning anyway")
    stature_m: float = number(0.0, 0.0, 2.3, "m", "stature without shoes, where it is known; 0 where it is not")


class Standing(Assessment):
    """Stand tall and look ahead: floor, height and facing at the first trigger press, then head sway.

    Somebody who sits instead is recognised where the stature is known, told or from before.
    """

    title = "Standing"
    trains = ("quiet standing",)
    postures = ("standing",)
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("stand",)
    version = 1
    place = "orchard"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {}

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """One to get ready, one to stand; each further one begins after a breath."""
        yield Trial(values={"do": READY})
        yield Trial(values={"do": QUIET})
        for _ in range(1, self.p.repetitions):
            yield Trial(values={"do": BREATHE})
            yield Trial(values={"do": QUIET})

    def play(self, trial: Trial) -> Move:
        """Wait for a press, stand quietly, or breathe."""
        if trial.values["do"] == QUIET:
            panel = Panel("stand", "stand.title", ("stand.hold",))
            return moves.alongside((panel,), moves.stand("stand here", self.p.quiet_s))
        if trial.values["do"] == BREATHE:
            return moves.show((Panel("breathe", "stand.title", ("stand.breathe", "stand.again")),), BREATHE_S)
        panel = Panel("stand", "stand.title", ("stand.text", "session.confirm"), confirm=True)
        return choosing.confirm((panel,), self.p.wait_s)

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """Quiet standing lasts as long as it is told to; getting ready is reading two lines."""
        lasts_s: dict[str, float] = {QUIET: self.p.quiet_s, BREATHE: BREATHE_S, READY: READY_S}
        return lasts_s[trial.values["do"]]

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """Nothing of a single trial: standing is measured as a whole."""
        return Result(None, {})

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """Stance and stature from the last quiet stretch, sway from all of them."""
        stretches = [f.motion for f in finished if f.trial.values["do"] == QUIET]
        motion = stretches[-1]
        if len(motion.time_s) < 2:
            raise NotMeasured("standing was not measured: the head was not tracked; stand in view and start again")
        stance = stance_of(motion)
        headset_m, before = stance.head_m[1], self._stature(calibration)
        height = posture_of(headset_m, before.value if before else None, asked_to_stand=True)
        if height.posture == NO_FLOOR:
            raise NotMeasured(f"standing was not measured: {height.why}")
        stature = self._told() or stature_of(height, headset_m, before, "headset height")
        sway = mean_sway([head_sway(m, stance_of(m)) for m in stretches if len(m.time_s) > 1])
        if height.posture == SEATED:
            sway = none_of(sway, SEATED_SWAY)
        return msgspec.structs.replace(
            calibration or Calibration("", stance, stature, {}),
            stance=stance,
            stature_m=stature,
            sway=sway,
            quality=motion.quality,
            seated_m=seated_of(height, headset_m, "mean headset height"),
        )

    def _told(self) -> Limit | None:
        return from_one(self.p.stature_m, "m", "told", TOLD_SD_M) if self.p.stature_m else None

    def _stature(self, calibration: Calibration | None) -> Limit | None:
        measured = calibration.stature_m if calibration is not None and calibration.stature_m.n else None
        return self._told() or measured


def mean_sway(stretches: Sequence[Mapping[str, Measured]]) -> Mapping[str, Measured]:
    """Sway over several quiet stretches: the mean of each measure; one that a stretch could not give says why.

    The error stays that of one stretch: how a person differs from day to day does not shrink with repetitions.
    """
    first = stretches[0]
    if len(stretches) == 1:
        return first
    means = {}
    for name, measured in first.items():
        values = [value for sway in stretches if (value := sway[name].value) is not None]
        if len(values) < len(stretches):
            why = next(sway[name].note for sway in stretches if sway[name].value is None)
            means[name] = Measured(None, measured.unit, None, f"of {len(stretches)} stretches, in one {why}")
            continue
        errors = [error for sway in stretches if (error := sway[name].error) is not None]
        note = f"mean of {len(values)} stretches of {measured.note}"
        error = round(float(np.mean(errors)), 3) if errors else None
        means[name] = Measured(round(float(np.mean(values)), 3), measured.unit, error, note)
    return means


def stance_of(motion: Motion) -> Stance:
    """The mean head and mean facing of a quiet stretch."""
    x, y, z = (float(round(v, 4)) for v in motion.head_m.mean(axis=0))
    return Stance((x, y, z), round(mean_facing_deg(motion.head_q), 2))


def mean_facing_deg(head_q: Array) -> float:
    """The mean heading of orientations (n, 4), to the right of -z, by the mean of unit vectors."""
    x, y, z, w = head_q.T
    right, ahead = -2 * (x * z + w * y), 1 - 2 * (x * x + y * y)
    return float(np.degrees(np.arctan2(right.mean(), ahead.mean())))
