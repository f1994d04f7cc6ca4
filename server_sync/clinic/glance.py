"""A patient at a glance: what a list of all patients needs of each, made of their sessions and what is prescribed."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import Connection, bindparam, delete

from engine.metrics.course import Verdict
from engine.prescription import Draft, Prescription
from engine.records import Record
from server_sync.clinic.gist import ENDED, Gist
from server_sync.clinic.gist import VERSION as GISTS
from server_sync.clinic.gists import Followed
from server_sync.clinic.series import RECENT, Series, current, lately, main_of, series_of
from server_sync.clinic.tables import Glance as Kept

VERSION = 1000 * GISTS + 5
"""It changes when another glance is made of the same gists, and with theirs."""
_FORGET = delete(Kept.__table__).where(Kept.patient_id == bindparam("patient"))  # type: ignore[arg-type]
WEEK = timedelta(days=7)
_AHEAD = timedelta(days=1)


class Played(Record, frozen=True):
    """One session: when (the patient's own time, ISO 8601), minutes of play, why it ended early ("" for it did not).

    Pain, dizziness and fatigue are the highest that was told, 0 to 10, None where nobody said.
    """

    session_id: str
    started_at: str
    minutes: float
    ended_early: str
    pain: float | None
    dizziness: float | None
    fatigue: float | None
    trials: int = 0
    reached: int = 0

    @property
    def day(self) -> date:
        """The patient's own day."""
        return datetime.fromisoformat(self.started_at).date()


class Trend(Record, frozen=True):
    """What became of a movement's limit, in its unit; `change`, `noise` and `larger` are `Verdict`'s."""

    movement: str
    unit: str
    value: float
    low: float
    high: float
    change: float
    noise: float | None
    step: float
    larger: bool | None
    worse: bool | None
    visits: int
    since: date | None


class Ordered(Record, frozen=True):
    """What is prescribed: which version, by whom and when (ISO 8601); `plan` has what days need, not how to play.

    `since` is when these days were prescribed first (ISO 8601), "" for longer ago than anybody asks.
    """

    version: int
    author: str
    written_at: str
    plan: Draft
    since: str = ""


class Glance(Record, frozen=True, kw_only=True):
    """One patient. It changes when a session arrives or something is prescribed, and not by time going by.

    `played` are the sessions of the last four weeks of play, the earliest first; `main` is the limit of the movement
    practised most, against the first visit; `dropped` are limits that fell beyond the noise since the best of four
    weeks. `barred` is what a precaution kept from being played in the last session, `doubts` why limits should be
    measured again, by movement, and `calibrated_at` when they were measured last (ISO 8601).
    """

    played: tuple[Played, ...] = ()
    sessions: int = 0
    main: Trend | None = None
    dropped: tuple[Trend, ...] = ()
    calibrated_at: str = ""
    doubts: Mapping[str, tuple[str, ...]] = {}
    barred: tuple[str, ...] = ()
    ordered: Ordered | None = None
    made_by: int = VERSION

    def minutes(self, today: date) -> float:
        """Minutes of play in the seven days up to one."""
        return sum(each.minutes for each in self.played if today - WEEK < each.day <= today)

    def last(self) -> Played | None:
        """The last session."""
        return self.played[-1] if self.played else None


def glance_of(
    followed: Sequence[Followed], prescription: Prescription | None, now: datetime, since: str = ""
) -> Glance:
    """A patient at a glance, from their sessions in order and what is prescribed now; `since` is `Ordered`'s.

    A session of a clock that is days ahead is left out where there are others, so that it hides none of them.
    """
    followed = [each for each in followed if each.gist.at <= now + _AHEAD] or followed
    gists = [each.gist for each in followed]
    series = series_of(gists)
    main = main_of(series, gists)
    last = gists[-1] if gists else None
    return Glance(
        played=tuple(_played(each) for each in followed if last and last.at - each.gist.at <= RECENT),
        sessions=len(followed),
        main=_trend(main, main.verdict) if main else None,
        dropped=_dropped(series),
        calibrated_at=last.calibrated_at if last else "",
        doubts=dict(last.doubts) if last else {},
        barred=last.barred if last else (),
        ordered=_ordered(prescription, since) if prescription else None,
    )


def packed(glance: Glance) -> bytes:
    """As bytes, to be sealed."""
    return msgspec.msgpack.encode(glance)


def unpacked(content: bytes) -> Glance | None:
    """From bytes; None where another version made them."""
    try:
        glance = msgspec.msgpack.decode(content, type=Glance)
    except msgspec.DecodeError:
        return None
    return glance if glance.made_by == VERSION else None


def forget(db: Connection, patient_ids: Collection[str]) -> None:
    """Remove what is kept of patients, in the transaction that makes it untrue; in order, so that two never wait."""
    if patient_ids:
        db.execute(_FORGET, [{"patient": patient_id} for patient_id in sorted(patient_ids)])


def _played(each: Followed) -> Played:
    gist = each.gist
    early = "" if gist.ended_by == ENDED else gist.ended_by
    return Played(
        session_id=each.session_id,
        started_at=gist.started_at,
        minutes=gist.play_s / 60,
        ended_early=early,
        pain=_highest(gist, "pain"),
        dizziness=_highest(gist, "dizziness"),
        fatigue=_highest(gist, "fatigue"),
        trials=gist.trials,
        reached=gist.reached,
    )


def _highest(gist: Gist, kind: str) -> float | None:
    told = gist.told.get(kind)
    return told.highest if told else None


def _dropped(series: Sequence[Series]) -> tuple[Trend, ...]:
    said = [(each, lately(each)) for each in current(series) if each.kind.movement]
    return tuple(_trend(each, since_best) for each, since_best in said if since_best.larger and since_best.worse)


def _trend(series: Series, said: Verdict) -> Trend:
    last = series.points[-1]
    return Trend(
        movement=series.kind.movement,
        unit=series.unit,
        value=said.latest,
        low=last.low,
        high=last.high,
        change=said.change,
        noise=said.noise,
        step=said.step,
        larger=said.larger,
        worse=said.worse,
        visits=said.n,
        since=said.since,
    )


def _ordered(prescription: Prescription, since: str) -> Ordered:
    plan = Draft(
        valid_until=prescription.valid_until,
        precautions=prescription.precautions,
        programme=prescription.programme,
        starts_on=prescription.starts_on,
        pauses=prescription.pauses,
        hands_on=prescription.hands_on,
        goal_weeks=prescription.goal_weeks,
    )
    return Ordered(prescription.version, prescription.author, prescription.written_at, plan, since)
