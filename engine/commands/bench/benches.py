"""Benches: what it costs, beside what one would use instead, measured in the same run."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from engine.commands.bench.loop import best, body, loop, record
from engine.commands.bench.rows import Row, row
from engine.commands.simulating import simulate
from engine.parameters import ParameterError


def run(chosen: list[str]) -> list[Row]:
    """The rows of the benches asked for, or of all that run anywhere; raises ParameterError for an unknown one.

    `xr` needs a runtime and `games` OpenGL, and they raise HeadsetUnavailable where there is none.
    """
    for name in chosen:
        if name not in BENCHES:
            raise ParameterError(f"there is no bench {name!r}; the benches are {', '.join(BENCHES)}")
    return [found for name in chosen or ANYWHERE for found in BENCHES[name]()]


def _xr() -> list[Row]:
    from engine.commands.bench import xr  # it draws, which the others do without

    return xr.run()


def _measures() -> list[Row]:
    from engine.commands.bench import measures  # its peers take seconds to import

    return measures.run()


def _adaptation() -> list[Row]:
    from engine.commands.bench import adaptation  # two minutes of simulated people

    return adaptation.run()


def _preview() -> list[Row]:
    from engine.commands import previewing

    with tempfile.TemporaryDirectory() as folder:
        simulate(1, 1, Path(folder))
        record = previewing.record_in(Path(folder) / "simulated-1")
    both_s, _ = best(lambda: float(previewing.previewed(record, "push", "standard").sessions))
    return [row("preview of two presets", 1000 * both_s, "ms", "a slider that is followed", at_most=150.0)]


def _games() -> list[Row]:
    from engine.commands.bench import games  # it draws, which the others do without

    return games.run()


def _lives() -> list[Row]:
    from engine.commands.bench import lives  # ten minutes of simulated people

    return lives.run()


def _programmes() -> list[Row]:
    from engine.commands.bench import programmes  # half an hour of simulated people

    return programmes.run()


def _archive() -> list[Row]:
    from engine.commands.bench import archive  # it measures for half a minute

    return archive.run()


def _chaos() -> list[Row]:
    from engine.commands.bench import chaos  # a quarter of an hour of killing

    return chaos.run()


def _sync() -> list[Row]:
    from engine.commands.bench import sync  # ten minutes of delivery

    return sync.run()


def _page() -> list[Row]:
    from engine.commands.bench import page  # a large clinic takes most of an hour to make

    return page.run()


BENCHES: dict[str, Callable[[], list[Row]]] = {
    "loop": loop,
    "recording": record,
    "body": body,
    "measures": _measures,
    "adaptation": _adaptation,
    "preview": _preview,
    "games": _games,
    "lives": _lives,
    "programmes": _programmes,
    "xr": _xr,
    "archive": _archive,
    "sync": _sync,
    "chaos": _chaos,
    "page": _page,
}
ANYWHERE = ("loop", "recording", "body", "measures", "adaptation", "preview")
