"""Prescriptions on a patient's computer: fetched in every sync, each version kept for good in a file of its own.

Versions never go back here, and what cannot be read is never taken for nothing: then the one before holds.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from engine import sealing
from engine.keys import Keys
from engine.prescription import PSEUDONYM, Prescription, load
from engine.records import Precaution, RecordUnreadable, plain
from engine.task import Task
from server_sync import wire
from server_sync.client.home import DEVICE, Home, device_of, keep

if TYPE_CHECKING:
    from server_sync.client.exchange import Exchange

FOLDER, LIST = "prescriptions", "list.json"
NOT_FOUND = 404
_FILE = re.compile(r"(\d{8})-([0-9a-f]{16})\.json")


class Kept(NamedTuple):
    """The newest version that can be read, and its hash.

    `also` are the precautions of others with the same number, which a clinic that was set back may have written.
    `later` says that there is a later one, which is damaged or was not fetched yet.
    """

    prescription: Prescription
    sha256: str
    also: tuple[Precaution, ...] = ()
    later: bool = False


class Pulled(NamedTuple):
    """What came of asking: the newest version here by patient, and what somebody should know, in words."""

    versions: Mapping[str, int]
    notes: tuple[str, ...] = ()


class _Listed(msgspec.Struct, frozen=True):
    """What a clinic's server said last: version and hash by patient, whom this computer is for, and which clinic."""

    current: Mapping[str, tuple[int, str]]
    patients: tuple[str, ...]
    clinic: str = ""


class _File(NamedTuple):
    version: int
    hash_begins: str
    path: Path


class Shelf:
    """The versions of prescriptions that a computer keeps, in a folder for each patient."""

    def __init__(self, home: Home, keys: Keys | None = None) -> None:
        """Those of a home; `keys` open what is sealed, this computer's unless others are given."""
        self._home, self._keys = home, keys
        self._folder = home.clinic / FOLDER

    @property
    def enrolled(self) -> bool:
        """Whether a clinic has a say here."""
        return any((self._home.client / mark).exists() for mark in (sealing.RECIPIENTS, self._home.clinic / DEVICE))

    def concerns(self, patient: str) -> bool:
        """Whether the clinic may have prescribed something for a patient, as far as it is known here."""
        listed = self._listed()
        return (
            listed is None
            or patient in listed.current
            or patient in listed.patients
            or (self._folder / patient).is_dir()
        )

    def newest(self, patient: str, tasks: Mapping[str, type[Task]] | None = None) -> Kept | None:
        """The newest version for a patient that can be read, None where there is none.

        `tasks` are all that can be played here. Raises RecordUnreadable where that version is whole, but says what
        cannot be played.
        """
        files = self._files(patient)
        whole = [(file, content) for file in files if (content := self._content(file)) is not None]
        if not whole:
            return None
        number = whole[0][0].version
        same = [
            (load(content, tasks or {}, str(file.path)), wire.sha256(content))
            for file, content in whole
            if file.version == number
        ]
        (last, sha256), *others = sorted(same, key=lambda each: each[0].written_at, reverse=True)
        listed = self._listed()
        told = listed.current.get(patient, (0, ""))[0] if listed else 0
        also = tuple(held for other, _ in others for held in other.precautions if held not in last.precautions)
        return Kept(last, sha256, also, max(told, files[0].version) > number)

    def version(self, patient: str) -> int:
        """The number of the newest version that is whole, 0 where there is none."""
        return next((file.version for file in self._files(patient) if self._content(file) is not None), 0)

    def holds(self, patient: str, version: int, sha256: str) -> bool:
        """Whether a version is here, whole."""
        return any(
            (file.version, file.hash_begins) == (version, sha256[:16]) and self._content(file) is not None
            for file in self._files(patient)
        )

    def add(self, patient: str, content: bytes) -> Prescription:
        """Keep a version as it came; raises RecordUnreadable where it is none of this patient's, and OSError."""
        prescription = load(content, {}, f"the prescription of {patient}")
        if prescription.patient != patient:
            raise RecordUnreadable(f"the prescription of {patient} is that of {prescription.patient!r}")
        folder = self.expect(patient)
        name = f"{prescription.version:08d}-{wire.sha256(content)[:16]}.json"
        sealing.write(folder / name, content, sealing.recipients_in(self._home.client))
        return prescription

    def expect(self, patient: str) -> Path:
        """Make the folder of a patient: the next sync asks for what is prescribed for them. Raises OSError."""
        folder = self._folder / patient
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def expected(self) -> list[str]:
        """Patients for whom something is or should be here."""
        if not self._folder.is_dir():
            return []
        return sorted(each.name for each in self._folder.iterdir() if each.is_dir() and PSEUDONYM.fullmatch(each.name))

    def take_note(self, current: Mapping[str, tuple[int, str]], patients: Sequence[str]) -> None:
        """Remember what the clinic's server said; raises OSError.

        Another clinic counts its versions anew: those of the one before are laid aside.
        """
        clinic, before = device_of(self._home).clinic_key, self._listed()
        if before is not None and before.clinic != clinic:
            self._folder.rename(self._folder.with_name(f"{FOLDER}-{before.clinic}"))
        keep(self._folder / LIST, msgspec.json.encode(_Listed(current, tuple(patients), clinic)))

    def _files(self, patient: str) -> list[_File]:
        """The files of a patient, the newest version first."""
        folder = self._folder / patient
        if not PSEUDONYM.fullmatch(patient) or not folder.is_dir():
            return []
        named = [(path, _FILE.fullmatch(path.name)) for path in folder.iterdir()]
        return sorted((_File(int(name[1]), name[2], path) for path, name in named if name), reverse=True)

    def _content(self, file: _File) -> bytes | None:
        """What a file holds, None where that is not what was put into it, or cannot be opened."""
        try:
            content = plain(file.path, self._keys)
        except RecordUnreadable:
            return None
        return content if wire.sha256(content).startswith(file.hash_begins) else None

    def _listed(self) -> _Listed | None:
        try:
            return msgspec.json.decode((self._folder / LIST).read_bytes(), type=_Listed)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None


def pull(exchange: "Exchange", home: Home, patients: Sequence[str] = (), keys: Keys | None = None) -> Pulled:
    """Fetch what is prescribed now for the patients of a computer that is enrolled, and is not here yet.

    `patients` are those that it is for, as the server's state says. What cannot be kept is said, and the version before
    holds. Raises server_sync.client.patience.Later and Refused.
    """
    shelf, notes = Shelf(home, keys), list[str]()
    current = exchange.ask("GET", wire.PRESCRIPTIONS, wire.Prescriptions).current
    try:
        shelf.take_note(current, patients)
    except OSError as reason:
        notes.append(f"what is prescribed now cannot be noted here ({reason.strerror})")
    for patient in dict.fromkeys([*current, *(name for name in shelf.expected() if not shelf.version(name))]):
        try:
            notes += _fetch(exchange, shelf, patient, current.get(patient))
        except (RecordUnreadable, sealing.RecipientsUnreadable) as reason:
            notes.append(f"{reason}; what was here before holds")
        except OSError as reason:
            notes.append(f"the prescription of {patient} cannot be kept ({reason.strerror}); the one before holds")
    versions = {name: version for name in shelf.expected() if (version := shelf.version(name))}
    return Pulled(versions, tuple(notes))


def _fetch(exchange: "Exchange", shelf: Shelf, patient: str, listed: tuple[int, str] | None) -> Iterator[str]:
    """Fetch one patient's prescription where it is not here; what somebody should know of it."""
    if not PSEUDONYM.fullmatch(patient):
        yield f"{patient!r} cannot be a pseudonym on this computer: what is prescribed for them is not used"
        return
    here = shelf.version(patient)
    if listed and listed[0] < here:
        yield (
            f"the clinic's server has version {listed[0]} of the prescription of {patient}, and version {here} is "
            "here: it was set back, and the later one holds"
        )
        return
    if listed and shelf.holds(patient, *listed):
        return
    answer = exchange.send("GET", f"{wire.PRESCRIPTIONS}/{patient}", expected=frozenset({200, NOT_FOUND}))
    if answer.status == NOT_FOUND:
        yield f"nothing is prescribed for {patient}, or this computer is not for them: ask the clinic"
        return
    shelf.add(patient, answer.body)
