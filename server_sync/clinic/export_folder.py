"""The folder of an export: its table or its recordings, a manifest with the hash of each file, and words about it."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from engine import recording
from engine.recording import Recorded, RecordingUnreadable
from engine.records import Session
from server_sync.clinic import tiers, trial_table
from server_sync.clinic.consents import MEASURES
from server_sync.clinic.export_choice import (
    FEWEST_OF_AN_AGE,
    KINDS,
    LOST,
    MOTION_BIDS,
    TRIALS,
    UNREAD,
    Choice,
    Choosing,
    Chosen,
    Left,
    NotWritten,
    Writing,
    counted,
    needed,
    no_consent,
)
from server_sync.clinic.keys import KeyMissing, Shredded
from server_sync.clinic.patients import Unknown
from server_sync.clinic.service import Service
from server_sync.clinic.version import SOFTWARE
from server_sync.wire import file_sha256

FORMAT = "steadyreach export 1"
MANIFEST, RECORDINGS, ABOUT = "manifest.json", "recordings.csv", "README.txt"
DAMAGED, NOT_WRITTEN = "its recording is damaged", "its recording cannot be written in this format"

Told = Callable[[int, int], None]
"""Is called with how many sessions are done, of how many."""

_NAME = "the recording"
_BIDS_ABOUT, _BIDS_IGNORED = "README", ".bidsignore"
_RESEARCH_ABOUT = """Exercises in virtual reality, for the research study {study}

What: {what}.
{participants} participants, {sessions} sessions.

Participants and sessions have codes of this study. All dates of a participant are set back by the same whole weeks:
weekdays and intervals are true. Ages are in bands; one that fewer than {fewest} participants share is left empty.
Names, pseudonyms, times of day, names of devices and whatever somebody wrote are not in it.

It is not anonymous. How a person moves identifies that person: of 55,541 people, 94 % were told from all others by 100
seconds of how their head and hands moved (Nair et al. 2023). Numbers that were measured of somebody are about somebody
still. Who has the exports of two studies can tell who is in both: the codes differ and the numbers do not. So can who
has one from before in which fewer were chosen. Keep it as you keep what has names, try to find out nobody's name, put
it together with nothing else, and give it to nobody else.

Left out, persons or sessions, and why:
{left}

Terms: as agreed with the clinic.
"""


class Exported(NamedTuple):
    """What is in an export: participants, sessions, rows (trials or recordings); how many are not, by the reason."""

    kind: str
    participants: int
    sessions: int
    rows: int
    left_out: Mapping[str, int]


class Line(NamedTuple):
    """One recording in RECORDINGS; `tier` is "archive" where it was thinned, `note` says what did not come back."""

    files: str
    participant: str
    age_band: str
    session: str
    date: str
    time: str
    frames: int
    seconds: float
    tier: str
    note: str


class Filling:
    """Filling a folder with one export; `left` is what is left out, by participant and session."""

    def __init__(self, service: Service, writing: Writing, choosing: Choosing, choice: Choice, folder: Path) -> None:
        """Write what was chosen there."""
        self._service, self._writing, self._choosing = service, writing, choosing
        self._choice, self._folder = choice, folder
        self._study = choosing.study(choice.study)
        self._written = set[tuple[str, str]]()
        self.left = {each[:2]: each for each in choice.left_out}

    def fill(self, told: Told) -> Exported:
        """Write everything; raises OSError."""
        rows = self._trials(told) if self._choice.kind == TRIALS else self._recordings(told)
        participants = len({participant for participant, _ in self._written})
        left = counted(self.left.values())
        done = Exported(self._choice.kind, participants, len(self._written), rows, left)
        if self._study:
            bids = self._choice.kind == MOTION_BIDS
            name = _BIDS_ABOUT if bids else ABOUT
            (self._folder / name).write_text(self._about(done), encoding="utf-8", newline="\n")
        if self._choice.kind == MOTION_BIDS:
            ignored = f"{MANIFEST}\n{RECORDINGS}\n"
            (self._folder / _BIDS_IGNORED).write_text(ignored, encoding="utf-8", newline="\n")
        self._write_manifest(done)
        return done

    def _trials(self, told: Told) -> int:
        total, layout = 2 * self._choice.sessions, trial_table.Layout(self._writing.words)
        for number, (_, session, _) in enumerate(self._sessions(), 1):
            layout.look(session)
            told(number, total)

        def rows() -> Iterator[trial_table.Row]:
            for number, (person, session, _) in enumerate(self._sessions(), total // 2 + 1):
                self._written.add((person.participant, session.id))
                yield from trial_table.rows(session, person.age_band)
                told(number, total)

        return trial_table.write(self._folder, layout, rows())

    def _recordings(self, told: Told) -> int:
        lines = list[Line]()
        for number, (person, session, sha256) in enumerate(self._sessions(), 1):
            line = self._recording(person, session, sha256)
            if line is not None:
                self._written.add((person.participant, session.id))
                lines.append(line)
            told(number, self._choice.sessions)
        trial_table.write_csv(self._folder / RECORDINGS, Line._fields, lines)
        return len(lines)

    def _sessions(self) -> Iterator[tuple[Chosen, Session, str]]:
        """What was chosen, as the export may have it, with the recording; what cannot be read is left out."""
        for person in self._choice.persons:
            if self._study and not self._choosing.agreed(person.patient_id, needed(self._choice.kind)):
                self._leave(person.participant, "", no_consent(self._choice.kind))  # withdrawn meanwhile
                continue
            trials = not self._study or self._choosing.agreed(person.patient_id, MEASURES)
            for session_id, sha256 in person.sessions.items():
                name = self._study.session(session_id) if self._study else session_id
                try:
                    session = self._service.archive.session(session_id)
                except (Unknown, Shredded, KeyMissing, ValueError) as reason:
                    self._leave(person.participant, name, UNREAD, str(reason))
                    continue
                if self._study:
                    session = self._study.disguised(session, person.patient_id, trials)
                yield person, session, sha256

    def _recording(self, person: Chosen, session: Session, sha256: str) -> Line | None:
        """Write one recording; None where that cannot be."""
        try:
            found = tiers.kept(self._service.vault.read, sha256)
            recorded = recording.recorded(found.content, _NAME, self._service.keys())
        except (FileNotFoundError, Shredded, KeyMissing) as reason:
            self._leave(person.participant, session.id, LOST, str(reason))
            return None
        except (tiers.RecordingDamaged, RecordingUnreadable) as reason:
            self._leave(person.participant, session.id, DAMAGED, str(reason))
            return None
        try:
            files = self._written_files(recorded, session)
        except NotWritten as reason:
            self._leave(person.participant, session.id, NOT_WRITTEN, str(reason))
            return None
        named = " ".join(path.relative_to(self._folder).as_posix() for path in files)
        day, _, time = session.started_at.partition("T")
        time_ns = recorded.rows["time_ns"]
        seconds = round(int(time_ns.max() - time_ns.min()) * 1e-9, 3)
        about = named, session.patient, person.age_band, session.id, day, time
        return Line(*about, len(recorded.rows), seconds, found.tier, recorded.note)

    def _written_files(self, recorded: Recorded, session: Session) -> list[Path]:
        if not len(recorded.rows):
            raise NotWritten("it holds no whole block of frames")
        if self._study:
            recorded = self._study.recorded(recorded, session)
        return self._writing.recording(self._folder, self._choice.kind, recorded, session)

    def _leave(self, participant: str, session: str, why: str, detail: str = "") -> None:
        self.left[participant, session] = Left(participant, session, why, detail)

    def _about(self, done: Exported) -> str:
        """What a research export says of itself."""
        left = "\n".join(f"    {number} × {why}" for why, number in done.left_out.items()) or "    nothing"
        about = {"study": self._choice.study, "what": KINDS[done.kind], "left": left}
        numbers = {"participants": done.participants, "sessions": done.sessions, "fewest": FEWEST_OF_AN_AGE}
        return _RESEARCH_ABOUT.format(**numbers, **about)

    def _write_manifest(self, done: Exported) -> None:
        """Say what is in the folder; of what is left out, research is told the number."""
        files = sorted(path for path in self._folder.rglob("*") if path.is_file())
        left: Any = [each._asdict() for each in sorted(self.left.values())]
        said = {
            "format": FORMAT,
            "software": SOFTWARE,
            "for": f"the research study {self._choice.study}" if self._study else "the clinic's own use",
            **done._asdict(),
            **({} if self._study else {"left_out": left}),
            "files": {path.relative_to(self._folder).as_posix(): file_sha256(path) for path in files},
        }
        content = msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n"
        (self._folder / MANIFEST).write_bytes(content)
