"""Research: sessions and recordings under other names and dates, with nothing in them that somebody wrote.

Nothing stays that is not named here: numbers, the names of measures and parameters, and words from lists of the
software's own.
"""

import hmac
import re
from collections.abc import Container, Mapping
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from engine import presets
from engine.frame import SIDES
from engine.movements import MOVEMENTS
from engine.plan import POSTURES
from engine.recording import Recorded
from engine.records import BlockRecord, Event, Limit, Measured, Request, Session, TrialRecord
from engine.task import NOT_YET, REACHED, STOPPED
from engine.vrec.contents import about_in
from server_sync.clinic.consents import last_birthday
from server_sync.clinic.patients import Person
from server_sync.clinic.trial_table import MEASURE, PARAMETER, Word, Words

STUDY = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""What a study is called: it is named in the audit, and its key among the clinic's secrets."""
OTHER = "other"
"""In place of a word that is not known here."""
BANDS = (0, 5, 8, 13, 18, 30, 40, 50, 60, 70, 80, 90)
"""The ages at which a band begins: those of the presets for children, then by ten years."""
MOST_WEEKS = 104
_CODE_DIGITS = 12
_EVENTS = ("paused", "resumed", "stopped", "recentre asked", "recentred", "rest")
_HEADSETS = ("desk", "openxr", "replay", "simulated")
_KINDS = ("calibrate", "assess", "warm up", "play", "rest", "end")
_UNITS = frozenset(movement.unit for movement in MOVEMENTS.values()) | {"", "m", "s"}
_NAME, _CODE = re.compile(r"[a-z][a-z0-9_]{0,63}"), re.compile(r"[A-Z][A-Z_]{1,23}")


class Study:
    """The names of one study: the same each time, and others than in any other study."""

    def __init__(self, key: bytes, words: Words) -> None:
        """Make names with this key; `words` say which of those in a record are the software's own."""
        self._key, self._words, self._presets = key, words, presets.names()

    def participant(self, patient_id: str) -> str:
        """What a patient is called; in order of these, nobody is first for a reason."""
        return self._code(f"patient {patient_id}")

    def session(self, session_id: str) -> str:
        """What a session is called."""
        return self._code(f"session {session_id}")

    def earlier(self, patient_id: str) -> timedelta:
        """By how much all of a patient's dates are set back: whole weeks, so that weekdays and intervals stay."""
        drawn = hmac.digest(self._key, f"dates {patient_id}".encode(), "sha256")
        return timedelta(weeks=1 + int.from_bytes(drawn[:8]) % MOST_WEEKS)

    def disguised(self, session: Session, patient_id: str, trials: bool) -> Session:
        """A session as the study may have it, with its trials or without."""
        day = datetime.fromisoformat(session.started_at).date() - self.earlier(patient_id)
        return Session(
            id=self.session(session.id),
            patient=self.participant(patient_id),
            started_at=day.isoformat(),
            seconds=session.seconds,
            headset=_known(session.headset, _HEADSETS),
            headset_description="n/a",
            software="n/a",
            seed=0,
            preset=self._preset(session.preset),
            ended_by="",
            calibration=None,
            blocks=tuple(map(self._block, session.blocks)) if trials else (),
            events=tuple(Event(event.at_s, event.name) for event in session.events if event.name in _EVENTS),
            posture=_known(session.posture, POSTURES),
        )

    def recorded(self, found: Recorded, session: Session) -> Recorded:
        """A recording as the study may have it: its clock begins with it, and its header names `session` alone."""
        rows = found.rows.copy()
        rows["time_ns"] -= rows["time_ns"][:1]
        of_format = {name: value for name, value in found.header.items() if name not in about_in(found.header)}
        return Recorded({**of_format, "session": session.id}, rows, found.devices, found.joints, found.note)

    def _code(self, of: str) -> str:
        return hmac.digest(self._key, of.encode(), "sha256").hex()[:_CODE_DIGITS]

    def _preset(self, name: str) -> str:
        """A preset that comes with the software; a clinic may have named its own after anybody."""
        return name if name in self._presets else ""

    def _block(self, block: BlockRecord) -> BlockRecord:
        told = self._words(block.task, block.version)
        known = told or {}
        return BlockRecord(
            task=OTHER if told is None else block.task,
            title="",
            version=block.version,
            kind=_known(block.kind, _KINDS),
            start_s=block.start_s,
            end_s=block.end_s,
            parameters=_parameters(block, known),
            preset=self._preset(block.preset),
            trials=tuple(_trial(trial, known) for trial in block.trials),
        )


def age_band(person: Person, on: date) -> str:
    """How old somebody was on a day, as a band of ages such as 30-39; "" where nobody knows when they were born."""
    born = last_birthday(person)
    if born is None or born > on:
        return ""
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    first = max(band for band in BANDS if band <= age)
    after = next((band for band in BANDS if band > age), None)
    return f"{first}-{after - 1}" if after else f"{first}+"


def _trial(trial: TrialRecord, known: Mapping[str, Word]) -> TrialRecord:
    return TrialRecord(
        number=trial.number,
        side=_known(trial.side, ("", "both", *SIDES)),
        start_s=trial.start_s,
        end_s=trial.end_s,
        outcome=_known(trial.outcome, (REACHED, NOT_YET, STOPPED)),
        request=_request(trial.request) if trial.request else None,
        achieved=trial.achieved,
        limit_after=_limit(trial.limit_after) if trial.limit_after else None,
        measures={
            name: _measured(one, known.get(f"{MEASURE}{name}"))
            for name, one in trial.measures.items()
            if _NAME.fullmatch(name)
        },
        practice=trial.practice,
    )


def _request(request: Request) -> Request:
    unit = _known(request.unit, _UNITS)
    code = request.code if _CODE.fullmatch(request.code) else OTHER
    return Request(_known(request.movement, MOVEMENTS), request.amplitude, unit, code, "")


def _limit(limit: Limit) -> Limit:
    return Limit(limit.value, limit.low, limit.high, _known(limit.unit, _UNITS), limit.n, "")


def _measured(one: Measured, word: Word | None) -> Measured:
    return replace(one, unit=_known(one.unit, (word.unit,) if word else _UNITS), note="")


def _parameters(block: BlockRecord, known: Mapping[str, Word]) -> dict[str, float | int | str | bool]:
    """The numbers, and the words that are one of several that the game itself offers."""
    return {
        name: value
        for name, value in block.parameters.items()
        if _NAME.fullmatch(name)
        and (isinstance(value, bool | int | float) or value in _options(known.get(f"{PARAMETER}{name}")))
    }


def _options(word: Word | None) -> tuple[str, ...]:
    return word.options if word else ()


def _known(value: str, known: Container[str]) -> str:
    return value if value in known else OTHER
