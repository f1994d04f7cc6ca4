"""Whole sessions of simulated patients, as fast as this computer can."""

import time
from pathlib import Path
from typing import Any

from engine.commands import visits
from engine.commands.answer import summary
from engine.plan import About
from engine.sealing import recipients_in
from engine.simulated import SimulatedHeadset

STARTED_AT = "2026-01-05T09:00:00+00:00"


def simulate(sessions: int, seed: int, folder: Path, preset: str = "standard", patient: str = "") -> dict[str, Any]:
    """Play whole sessions with simulated patients, closed loop and recorded; what came of them, and how fast.

    All are sessions of one `patient`, or each of a simulated patient of its own. On a computer that belongs to a clinic
    their ids are its own: the same seeds on two computers are other sessions.
    """
    device = "".join(f"-{recipient.key[:8]}" for recipient in recipients_in(folder)[:1])
    steps_of = ["fruit_ladder", "harbour_lean"]
    frames, started, done = 0, time.perf_counter(), []
    for number in range(sessions):
        holds = visits.resolved(preset)
        plan = visits.plan(
            patient or f"simulated-{seed + number}", visits.steps_for(steps_of, holds), holds, seed + number
        )
        headset = SimulatedHeadset(seed=seed + number)
        about = About(f"simulated-{seed + number}{device}", STARTED_AT, visits.SOFTWARE)
        session, where = visits.play(plan, headset, folder, about)
        done.append(summary(session, where))
        frames += done[-1]["frames"]  # type: ignore[operator] # a count
    seconds = time.perf_counter() - started
    return {"sessions": done, "frames": frames, "seconds": round(seconds, 3), "frames_per_second": frames / seconds}
