"""What a preview says, as records: numbers with how far they differ from session to session, and sentences."""

from collections.abc import Mapping

from engine.records import Limit, Record


class Spread(Record, frozen=True):
    """One number over the rehearsed sessions: half of them lie below the median, nine in ten from `low` to `high`."""

    median: float
    low: float
    high: float


class Course(Record, frozen=True, kw_only=True):
    """What is asked of one movement in a session, in its `unit`.

    `limit` is what is believed before the first trial, and `at_most` what may be asked, because of `why`. `requests`
    go by trial number, as far as at least half of the sessions with any come. `success` is the share that is reached:
    the mean, and what one session in twenty stays below or goes beyond. `misses_in_a_row` is the longest run.
    `beyond_limit` is the share of requests further than the limit was when it was measured last; `codes` the share by
    their reason.
    """

    movement: str
    title: str
    unit: str
    limit: Limit
    at_most: float
    why: str
    requests: tuple[Spread, ...]
    first: Spread
    highest: Spread
    trials: Spread
    success: Spread
    misses_in_a_row: Spread
    beyond_limit: float
    codes: Mapping[str, float]


class BlockPreview(Record, frozen=True, kw_only=True):
    """One block: trials, seconds, and seconds of holding; `barred` says why nothing, or nothing more, is asked."""

    task: str
    title: str
    kind: str
    trials: Spread
    seconds: Spread
    holding_s: Spread
    success: Spread | None
    barred: str = ""


class SessionPreview(Record, frozen=True, kw_only=True):
    """What one plan asks in one session. `codes` is the share of all requests by their reason."""

    preset: str
    title: str
    seconds: Spread
    trials: Spread
    holding_s: Spread
    rests: int
    success: Spread | None
    codes: Mapping[str, float]
    movements: tuple[Course, ...]
    blocks: tuple[BlockPreview, ...]

    @property
    def not_asked(self) -> tuple[str, ...]:
        """What is barred and why, a sentence for each task."""
        barred = {block.title: block.barred for block in self.blocks if block.barred}
        return tuple(why if why.startswith(title) else f"{title}: {why}" for title, why in barred.items())


class Preview(Record, frozen=True, kw_only=True):
    """What a preset will ask of a patient, and how that differs from the one that it replaces, in sentences."""

    patient: str
    seed: int
    sessions: int
    new: SessionPreview
    old: SessionPreview | None = None
    differences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
