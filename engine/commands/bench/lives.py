"""The bench of lives: simulated people live through whole sessions of all games, at every preset.

A life is a visit as a patient lives through it: start, questions, measuring, games with rests, calm end, summary. Each
is looked at from outside (`engine.commands.bench.outside`), and three misses in a row are held against what a staircase
makes of as many trials. It takes some twenty minutes of one core.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

import games
from engine.commands.bench.living import SEED, Life, matrix
from engine.commands.bench.people import Staircase, course, people
from engine.commands.bench.rows import Row, row

PEERS = 200
AIMED = "TARGET_SUCCESS"
CEILINGS = ("CEILING", "ENVELOPE")
STAIRCASE = "40 trials on a staircase"


def run(lives: Sequence[Life] = ()) -> list[Row]:
    """All rows, of these lives or of the whole matrix.

    $STEADYREACH_LIVES names a picture (.svg or .png) to draw of them.
    """
    lives = lives or matrix()
    if picture := os.environ.get("STEADYREACH_LIVES"):
        from engine.commands.bench.lives_picture import draw

        draw(lives, Path(picture))
    return [*_sound(lives), *_fair(lives), *_held_nearer(lives), *_full(lives)]


def _sound(lives: Sequence[Life]) -> list[Row]:
    """That nobody was asked for too much, nothing broke, and every session came to its end.

    Nobody falls, and a pause is still no fault: where a ceiling ends a lean back at 2.5 degrees, the guard lets a body
    go to 3, and one that sways by more than the half degree between is paused for a moment.
    """
    of = f"of {len(lives)} sessions"
    items = sum(life.items for life in lives)
    return [
        row("sessions that ended otherwise", sum(life.ended_by != "finished" for life in lives), of, "", at_most=0.0),
        row("faults", sum(len(life.faults) for life in lives), of, "", at_most=0.0),
        row("pauses for safety", sum(len(life.pauses) for life in lives), of, "nobody falls",
            at_most=0.01 * len(lives)),
        row("asked beyond the envelope", sum(len(life.beyond) for life in lives), f"of {items}", "", at_most=0.0),
    ]  # fmt: skip


def _fair(lives: Sequence[Life]) -> list[Row]:
    """That success is near its target, and three misses in a row are rare.

    Of one kind it may be further off: somebody frail loses attention half again as often, and tires twice as fast, as
    the trackers take for usual, and their limits are nearer to what each of their tries differs by.
    """
    off = [_success(group) - group[0].target_success for group in _grouped(lives, "preset").values()]
    targets = float(np.mean([life.target_success for life in lives for code, _ in life.requests if code == AIMED]))
    by_kind = {kind: _off_aim(some) for kind, some in _grouped(lives, "kind").items()}
    furthest = max(by_kind, key=lambda kind: abs(by_kind[kind]))
    stairs = float(np.mean(course(Staircase, people(PEERS, SEED)).three_missed))
    lost = float(np.mean([life.lost_heart for life in lives]))
    return [
        row("success off what is aimed at", abs(_off_aim(lives)), "", f"{targets:.2f}", at_most=0.07),
        row("the same, of one kind", abs(by_kind[furthest]), "", furthest, at_most=0.15),
        row("success below its target", min(off), "worst preset", "warm-ups and all", at_least=-0.07),
        row("success above its target", max(off), "best preset", "warm-ups and all", at_most=0.2),
        row("three misses in a row", lost / stairs, "of the peer", f"{STAIRCASE}: {stairs:.2f} of people",
            at_most=0.25),
    ]  # fmt: skip


def _held_nearer(lives: Sequence[Life]) -> list[Row]:
    """How much of each game difficulty does not decide, because a ceiling or the furthest that was measured is nearer.

    The middle of a target stays within both, and it begins to count half its width before.
    """
    rows = []
    for name in games.names():
        tries = [one for life in lives for one in life.tries.get(name, ())]
        held = [reached for code, *_, reached in tries if code in CEILINGS]
        if held:
            reached = f"{games.load(name).title}: {np.mean(held):.2f} reached"
            rows.append(row("requests that a ceiling holds nearer", len(held) / len(tries), "of a game", reached))
    return rows


def _full(lives: Sequence[Life]) -> list[Row]:
    """How much of a session is play, and how much of it is always the same."""
    shares = [life.on_task_s / life.seconds for life in lives]
    largest = [max(_by_play(life).values()) / sum(_by_play(life).values()) for life in lives]
    return [
        row("time on task, least", min(shares), "of a session", "measuring and play", at_least=0.6),
        row("minutes, median", float(np.median([life.seconds for life in lives])) / 60, "min", ""),
        row("minutes, longest", max(life.seconds for life in lives) / 60, "min", "", at_most=35.0),
        row("one game's share of play, median", float(np.median(largest)), "of play", "", at_most=0.5),
        row("different requests, median", float(np.median([life.variety for life in lives])), "a session", "",
            at_least=15.0),
        row("directions, median", float(np.median([life.directions for life in lives])), "a session", "",
            at_least=15.0),
    ]  # fmt: skip


def _by_play(life: Life) -> dict[str, float]:
    return {name: seconds for name, seconds in life.spent_s.items() if name in games.names()}


def _grouped(lives: Iterable[Life], what: str) -> dict[str, list[Life]]:
    """Lives by their `preset` or their `kind`."""
    found: dict[str, list[Life]] = {}
    for life in lives:
        found.setdefault(str(getattr(life, what)), []).append(life)
    return found


def _off_aim(lives: Iterable[Life]) -> float:
    """How much more of the requests that aim at a success was reached than they aim at; 0 where none does."""
    aimed = [reached - life.target_success for life in lives for code, reached in life.requests if code == AIMED]
    return float(np.mean(aimed)) if aimed else 0.0


def _success(lives: Iterable[Life]) -> float:
    return float(np.mean([reached for life in lives for _, reached in life.requests]))
