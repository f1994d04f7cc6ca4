"""The bench of the OpenXR layer: against C, against pyopenxr, against panda3d-openxr, and against time.

It starts a Monado of its own, without a screen. Each measurement has a process to itself.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple, TypeVar

from engine.commands.bench.rows import Row, row
from engine.openxr.bench import monado
from engine.parameters import ParameterError

_Result = TypeVar("_Result")


class Amount(NamedTuple):
    """How much of each is done; what is small is quick and says little."""

    tries: int = 15
    repeats: int = 200
    frames: int = 60
    rounds: int = 5
    steady_frames: int = 500
    soak_s: float = 20.0
    kills: int = 20
    idle_s: float = 5.0


def run(amount: Amount | None = None, groups: Iterable[str] = ()) -> list[Row]:
    """The rows of some groups, or of all.

    $STEADYREACH_SOAK_S says how many seconds to play for the longest pause. Raises HeadsetUnavailable, in one
    sentence, where Monado or a peer is missing, and ParameterError for seconds that are no number.
    """
    amount = amount or Amount(soak_s=_soak_s())
    monado.find()
    return [found for name in groups or GROUPS for found in GROUPS[name](amount)]


def _soak_s() -> float:
    said = os.environ.get("STEADYREACH_SOAK_S", str(Amount().soak_s))
    try:
        return float(said)
    except ValueError:
        raise ParameterError(f"STEADYREACH_SOAK_S={said} must be a number of seconds, such as 600") from None


def _calls(amount: Amount) -> list[Row]:
    from engine.openxr.bench import calling

    cost = _apart(calling.costs, amount.tries, amount.repeats)
    wait = _apart(calling.waits, amount.rounds, amount.frames)
    count, wrappers = len(cost.calls), "pyopenxr's wrappers"
    least_us = cost.c_us + cost.empty_us
    return [
        row("OpenXR calls of a frame", cost.ours_us / cost.c_us, "of the peer", f"the same {count} in C", at_most=1.4),
        row("the same calls", cost.ours_us / cost.wrappers_us, "of the peer", wrappers, at_most=0.55),
        row("the same in C, and as many empty calls", least_us / cost.wrappers_us, "of the peer", wrappers),
        row(
            "the same, made into a Frame", cost.read_us / cost.c_us, "of the peer", "the calls alone in C", at_most=1.8
        ),
        row(
            "a call beside a busy thread, p99", wait.ours_ms, "ms", f"{wait.released_ms:.1f} ms with CDLL", at_most=0.5
        ),
    ]


def _frames(amount: Amount) -> list[Row]:
    from engine.openxr.bench import frames

    ways = (
        (frames.ours_s, amount.frames),
        (frames.ours_s, amount.frames, False),
        (frames.one_eye_s, amount.frames),
        (frames.peer_s, amount.frames),
    )
    rounds = [[_quick(_apart(*way)) for way in ways] for _ in range(amount.rounds)]
    ours_s, two_draws_s, one_eye_s, peer_s = (min(spent_s) for spent_s in zip(*rounds, strict=True))
    peer = f"panda3d-openxr, {peer_s * 1000:.1f} ms"
    return [
        row("main thread, 300 nodes", ours_s / peer_s, "of the peer", peer, at_most=0.85),
        row("the same, each eye by draws of its own", two_draws_s / peer_s, "of the peer", peer),
        row("one eye of them, Panda3D alone", one_eye_s / peer_s, "of the peer", peer),
    ]


def _quick(spent_s: list[float]) -> float:
    """The tenth percentile: slower frames tell of what else this computer did."""
    return sorted(spent_s)[len(spent_s) // 10]


def _lasting(amount: Amount) -> list[Row]:
    from engine.openxr.bench import endurance

    count = amount.steady_frames
    left = _apart(endurance.left_behind, count)
    pause_ms = _apart(endurance.longest_pause_ms, amount.soak_s)
    played = f"{amount.soak_s:g} s of play"
    return [
        row("garbage in cycles", left.objects / count, "objects/frame", f"{count} frames", at_most=0.0),
        row("transforms kept", left.transforms / count, "a frame", f"{count} frames", at_most=0.1),
        row("longest collection in a frame", pause_ms, "ms", played, at_most=1.0),
    ]


def _recovery(amount: Amount) -> list[Row]:
    from engine.openxr.bench import endurance

    found = _apart(endurance.recovery, amount.kills)
    killed = f"{amount.kills} kills of the runtime"
    return [
        row("back to focused", found.longest_s, "s", killed, at_most=3.0),
        row("growth of memory", found.memory_mib, "MiB", killed, at_most=5.0),
        row("growth of open files", found.files, "files", killed, at_most=0.0),
        row("growth of textures", found.textures, "textures", killed, at_most=0.0),
    ]


def _idle(amount: Amount) -> list[Row]:
    from engine.openxr.bench import endurance

    share = _apart(endurance.idle_share, amount.idle_s)
    return [row("idle", 100 * share, "% of a core", "no runtime", at_most=3.0)]


def _start(amount: Amount) -> list[Row]:
    from engine.openxr.bench import start

    took_s = _apart(start.start_s, amount.rounds)
    return [row("play to first picture", took_s, "s", "the runtime is there", at_most=4.0)]


def _apart(work: Callable[..., _Result], *arguments: object) -> _Result:
    """Do it in a process of its own, which begins as a program does."""
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_hush) as pool:
        return pool.submit(work, *arguments).result()


def _hush() -> None:
    """Let nothing be said of runtimes that are killed, neither by us nor by Monado's own library."""
    logging.disable(logging.WARNING)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())


GROUPS: dict[str, Callable[[Amount], list[Row]]] = {
    "calls": _calls,
    "frames": _frames,
    "lasting": _lasting,
    "recovery": _recovery,
    "idle": _idle,
    "start": _start,
}
