"""What an export would take of a clinic's sessions: whose, which, in which order, and what is left out and why."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select

from engine.recording import Recorded
from engine.records import Session
from server_sync.clinic.archive import SessionLine
from server_sync.clinic.consents import MEASURES, MOTION
from server_sync.clinic.keys import KeyMissing, Shredded
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.research import STUDY, Study, age_band
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Delivered
from server_sync.clinic.trial_table import Words

TRIALS, MOTION_BIDS = "trials", "motion-bids"
KINDS: Mapping[str, str] = {
    TRIALS: "trials as a table",
    MOTION_BIDS: "recordings as Motion-BIDS",
    "mcap": "recordings as MCAP",
    "c3d": "recordings as C3D",
    "csv": "recordings as CSV",
    "parquet": "recordings as Parquet",
}
NO_RECORDING, LET_GO, LOST = "no recording came with it", "its recording was not kept longer", "its recording is lost"
UNREAD = "its record cannot be read"
FEWEST_OF_AN_AGE = 5
"""So many of a study's export must share a band of ages for it to be told."""


class NotExported(ValueError):
    """Nothing was exported, and nothing is there; the message says why."""


class NotWritten(ValueError):
    """One recording cannot be written in a format; the message says why."""


class Writing(NamedTuple):
    """How recordings become files, and what measures mean: functions of modules, which other processes find by name.

    `recording` adds a recording to a folder as one of KINDS, and gives its files; it may raise NotWritten.
    """

    recording: Callable[[Path, str, Recorded, Session], list[Path]]
    words: Words


def _no_format(folder: Path, kind: str, recorded: Recorded, session: Session) -> list[Path]:  # noqa: ARG001
    raise NotWritten("this server was started without the writers of formats")


def _no_words(task: str, version: int) -> None:  # noqa: ARG001
    return None


NO_FORMATS = Writing(_no_format, _no_words)
"""Tables of trials without words for their columns, and no recordings."""


class Which(NamedTuple):
    """Which sessions: those of these ids, one patient's (their id), or everybody's where neither is named.

    Of these, those that began on certain days where the patient was, and in which one of some games was played; and
    only of patients who have so many of them.
    """

    sessions: tuple[str, ...] = ()
    patient: str = ""
    since: date | None = None
    until: date | None = None
    games: tuple[str, ...] = ()
    least_sessions: int = 1


class Chosen(NamedTuple):
    """One patient of an export: what they are called in it, and their sessions, each with its recording's SHA-256."""

    patient_id: str
    participant: str
    age_band: str
    sessions: Mapping[str, str]


class Left(NamedTuple):
    """What is left out and why: a session, or all of a participant ("")."""

    participant: str
    session: str
    why: str
    detail: str = ""


class Choice(NamedTuple):
    """What an export would take, in order, and what it leaves out; `study` is "" for the clinic's own use."""

    kind: str
    study: str
    persons: tuple[Chosen, ...]
    left_out: tuple[Left, ...]

    @property
    def sessions(self) -> int:
        """How many sessions there are."""
        return sum(len(person.sessions) for person in self.persons)


class Exported(NamedTuple):
    """What is in an export: participants, sessions, trials or recordings; and how many were left out, by the reason."""

    kind: str
    participants: int
    sessions: int
    rows: int
    left_out: Mapping[str, int]


class Choosing:
    """Choosing among the sessions of one clinic."""

    def __init__(self, service: Service, writing: Writing) -> None:
        """Choose there; what research calls things is told by the words of `writing`."""
        self._service, self._writing = service, writing

    def choose(self, which: Which, kind: str, study: str = "") -> Choice:
        """What there is to export; for research if a study is named. Raises Unknown, and NotExported for no such kind.

        The order is always the same.
        """
        if kind not in KINDS:
            raise NotExported(f"there is no kind {kind[:40]!r}: there are {', '.join(KINDS)}")
        names, persons, left = self.study(study), list[Chosen](), list[Left]()
        for patient_id, person in self._people(which):
            participant = names.participant(patient_id) if names else person.pseudonym
            lines, unread = self._lines(which, patient_id)
            if names and (lines or unread) and not self.agreed(patient_id, needed(kind)):
                left.append(Left(participant, "", no_consent(kind)))
                continue
            left += (Left(participant, each, UNREAD) for each in unread)
            sessions = self._recordings(patient_id, lines)
            if kind != TRIALS:
                left += self._without(participant, sessions)
            if sessions and len(sessions) >= which.least_sessions:
                born = age_band(person, lines[0].started_at.date())
                persons.append(Chosen(patient_id, participant, born, sessions))
        persons = _not_alone(persons) if names else persons
        return Choice(kind, study, tuple(sorted(persons, key=lambda each: each.participant)), tuple(sorted(left)))

    def study(self, name: str) -> Study | None:
        """The names of a study, made when it is named first; None for no study. Raises NotExported."""
        if not name:
            return None
        if not STUDY.fullmatch(name):
            raise NotExported(f"a study is called by 1 to 40 small letters, digits and dashes, not {name[:60]!r}")
        return Study(self._service.keychain.clinic_key(f"study {name}"), self._writing.words)

    def agreed(self, patient_id: str, consent: str) -> bool:
        """Whether a patient agrees to something at this moment."""
        return self._service.consents.holds(patient_id, consent)

    def _people(self, which: Which) -> Iterable[tuple[str, Person]]:
        people = self._service.patients.people()
        if which.sessions:
            query = select(Delivered.id, Delivered.patient_id).where(Delivered.id.in_(which.sessions))
            found = {row.id: row.patient_id for row in self._service.store.look(query)}
            for session in which.sessions:
                if found.get(session) not in people:
                    raise Unknown(f"there is no session {session!r} here")
            people = {each: people[each] for each in found.values()}
        if which.patient:
            self._service.patients.person(which.patient)  # raises Unknown
            people = {each: person for each, person in people.items() if each == which.patient}
        return people.items()

    def _lines(self, which: Which, patient_id: str) -> tuple[list[SessionLine], list[str]]:
        """The sessions of a patient that are asked for, in order of time, and the ids of those that cannot be read.

        The id is "" where that is all of them.
        """
        try:
            lines = self._service.archive.sessions(patient_id)
        except (Unknown, Shredded, KeyMissing, ValueError):
            return [], [""]
        found, unread = list[SessionLine](), list[str]()
        for line in lines:
            if not _within(which, line.started_at) or (which.sessions and line.id not in which.sessions):
                continue
            try:
                if not which.games or self._played(line.id) & set(which.games):
                    found.append(line)
            except (Unknown, Shredded, KeyMissing, ValueError):
                unread.append(line.id)
        return sorted(found, key=lambda line: (line.started_at, line.id)), unread

    def _played(self, session_id: str) -> set[str]:
        return {block.task for block in self._service.archive.session(session_id).blocks}

    def _recordings(self, patient_id: str, lines: Iterable[SessionLine]) -> dict[str, str]:
        columns = Delivered.id, Delivered.recording_sha256
        rows = self._service.store.look(select(*columns).where(Delivered.patient_id == patient_id))
        named = {row.id: row.recording_sha256 for row in rows}
        return {line.id: named[line.id] for line in lines if line.id in named}

    def _without(self, participant: str, sessions: dict[str, str]) -> Iterator[Left]:
        """Take out the sessions that have no recording any more, and say why."""
        for session, sha256 in list(sessions.items()):
            size = self._service.vault.size(sha256) if sha256 else None
            if not size:
                del sessions[session]
                yield Left(participant, session, NO_RECORDING if not sha256 else LET_GO if size == 0 else LOST)


def needed(kind: str) -> str:
    """What research needs consent to, for a kind of export."""
    return MEASURES if kind == TRIALS else MOTION


def no_consent(kind: str) -> str:
    """Why somebody is left out who did not agree."""
    return f"no consent to {needed(kind)}"


def counted(left_out: Iterable[Left]) -> dict[str, int]:
    """How many were left out, by the reason."""
    return dict(sorted(Counter(each.why for each in left_out).items()))


def _not_alone(persons: list[Chosen]) -> list[Chosen]:
    """The participants without the band of ages where few share it, who might be known by it."""
    share = Counter(person.age_band for person in persons)
    return [
        person if share[person.age_band] >= FEWEST_OF_AN_AGE else person._replace(age_band="") for person in persons
    ]


def _within(which: Which, began: datetime) -> bool:
    day = began.date()
    return (which.since is None or which.since <= day) and (which.until is None or day <= which.until)
