"""Prescriptions on a patient's computer: fetched in every sync, each version kept for good in a file of its own.

Versions never go back here, and what cannot be read is never taken for nothing: then the one before holds. Each clinic
has a folder of its own, and nothing in it says in the open for whom it is.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from engine.keys import Keys
from engine.prescription import PSEUDONYM, Prescription, load
from engine.records import Precaution, RecordUnreadable
from engine.sealing import RECIPIENTS, RecipientsUnreadable, Unopened, opened, recipients_in, sealed
from engine.task import Task
from server_sync import wire
from server_sync.client.home import DEVICE, Home, device_of, keep

if TYPE_CHECKING:
    from server_sync.client.exchange import Exchange

FOLDER, LIST, PATIENT = "prescriptions", "list.json", "patient.json"
NOT_FOUND = 404
_FILE = re.compile(r"(\d{8})-([0-9a-f]{16})\.json")


class Kept(NamedTuple):
    """The newest version that can be read, and its hash.

    `also` are the precautions of `others`, which may be the last word of a clinic that was set back: those with the
    same number, and an older one that it lists. `later` says that this one may not be the last: there is a later one,
    which is damaged or was not fetched yet, or the clinic lists an older one.
    """

    prescription: Prescription
    sha256: str
    also: tuple[Precaution, ...] = ()
    later: bool = False
    others: tuple[Prescription, ...] = ()


class Pulled(NamedTuple):
    """What came of asking: the newest version here by patient, and what somebody should know, in words."""

    versions: Mapping[str, int]
    notes: tuple[str, ...] = ()


class _Listed(msgspec.Struct, frozen=True):
    """What a clinic's server said last: version and hash by patient, and whom this computer is for."""

    current: Mapping[str, tuple[int, str]]
    patients: tuple[str, ...]


class _File(NamedTuple):
    version: int
    hash_begins: str
    path: Path


class Shelf:
    """The versions of prescriptions that a computer keeps: all sealed, in a folder for each patient of each clinic.

    Its methods raise server_sync.client.home.NotEnrolled where it is not known any more which clinic that is.
    """

    def __init__(self, home: Home, keys: Keys | None = None) -> None:
        """Those of a home; `keys` open what is sealed, this computer's unless others are given."""
        self._home, self._keys = home, keys

    @property
    def enrolled(self) -> bool:
        """Whether a clinic has a say here."""
        return any((self._home.client / mark).exists() for mark in (RECIPIENTS, self._home.clinic / DEVICE))

    def concerns(self, patient: str) -> bool:
        """Whether the clinic may have prescribed something for a patient, as far as it is known here."""
        listed = self._listed()
        return (
            listed is None
            or patient in listed.current
            or patient in listed.patients
            or self._folder_of(patient).is_dir()
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
        number, listed = whole[0][0].version, self._listed()
        told, hash_told = listed.current.get(patient, (number, "")) if listed else (number, "")
        counted = [
            (load(content, tasks or {}, str(file.path)), wire.sha256(content))
            for file, content in whole
            if file.version == number or (file.version, file.hash_begins) == (told, hash_told[:16])
        ]
        order = sorted(counted, key=lambda each: (each[0].version, each[0].written_at), reverse=True)
        (last, sha256), *others = order
        also = tuple(held for other, _ in others for held in other.precautions if held not in last.precautions)
        return Kept(last, sha256, also, {told, files[0].version} != {number}, tuple(other for other, _ in others))

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
        name = f"{prescription.version:08d}-{wire.sha256(content)[:16]}.json"
        self._keep(self.expect(patient) / name, content)
        return prescription

    def expect(self, patient: str) -> Path:
        """Make the folder of a patient: the next sync asks for what is prescribed for them. Raises OSError."""
        folder = self._folder_of(patient)
        if self._patient_of(folder) != patient:
            self._keep(folder / PATIENT, msgspec.json.encode(patient))
        return folder

    def expected(self) -> list[str]:
        """Patients for whom something is or should be here."""
        folder = self._folder
        if not folder.is_dir():
            return []
        return sorted(name for each in folder.iterdir() if each.is_dir() and (name := self._patient_of(each)))

    def take_note(self, current: Mapping[str, tuple[int, str]], patients: Sequence[str]) -> None:
        """Remember what the clinic's server said; raises OSError."""
        self._keep(self._folder / LIST, msgspec.json.encode(_Listed(current, tuple(patients))))

    @property
    def _folder(self) -> Path:
        """A clinic's own: another one counts its versions anew, and back at the first they count again."""
        return self._home.clinic / FOLDER / device_of(self._home).clinic_key

    def _folder_of(self, patient: str) -> Path:
        return self._folder / wire.sha256(patient.encode())[:16]

    def _patient_of(self, folder: Path) -> str:
        """Whose folder it is, "" where that cannot be read."""
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(self._opened(folder / PATIENT) or b"", type=str)
        return ""

    def _files(self, patient: str) -> list[_File]:
        """The files of a patient, the newest version first."""
        folder = self._folder_of(patient)
        if not folder.is_dir():
            return []
        named = [(path, _FILE.fullmatch(path.name)) for path in folder.iterdir()]
        return sorted((_File(int(name[1]), name[2], path) for path, name in named if name), reverse=True)

    def _content(self, file: _File) -> bytes | None:
        """What a file holds, None where that is not what was put into it, or cannot be opened."""
        content = self._opened(file.path)
        return content if content and wire.sha256(content).startswith(file.hash_begins) else None

    def _listed(self) -> _Listed | None:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.json.decode(self._opened(self._folder / LIST) or b"", type=_Listed)
        return None

    def _keep(self, path: Path, content: bytes) -> None:
        """Write a file sealed; raises RecipientsUnreadable where it is not known for whom, and OSError."""
        recipients = recipients_in(self._home.client)
        if not recipients:
            raise RecipientsUnreadable(
                f"{self._home.client / RECIPIENTS} is gone, which says for whom to seal: enrol this computer once more"
            )
        keep(path, sealed(content, recipients))

    def _opened(self, path: Path) -> bytes | None:
        """What was sealed in a file; None where it cannot be opened, as what was put here unsealed."""
        try:
            return opened(path.read_bytes(), self._keys or Keys())
        except (OSError, Unopened):
            return None


def pull(exchange: "Exchange", home: Home, patients: Sequence[str] = (), keys: Keys | None = None) -> Pulled:
    """Fetch what is prescribed now for the patients of a computer that is enrolled, and is not here yet.

    `patients` are those that it is for, as the server's state says. What cannot be kept is said, and the version before
    holds. Raises server_sync.client.patience.Later and Refused.
    """
    shelf, notes = Shelf(home, keys), list[str]()
    listed = exchange.ask("GET", wire.PRESCRIPTIONS, wire.Prescriptions).current
    notes += _noted(shelf, listed, patients)
    now = dict(listed)
    for patient in dict.fromkeys([*listed, *(name for name in shelf.expected() if not shelf.version(name))]):
        try:
            notes += _fetch(exchange, shelf, patient, now)
        except (RecordUnreadable, RecipientsUnreadable) as reason:
            notes.append(f"{reason}; what was here before holds")
        except OSError as reason:
            notes.append(f"the prescription of {patient} cannot be kept ({reason.strerror}); the one before holds")
    if now != listed:  # a version was written while we asked, or came for somebody who was not listed
        notes += _noted(shelf, now, patients)
    versions = {name: version for name in shelf.expected() if (version := shelf.version(name))}
    return Pulled(versions, tuple(notes))


def _noted(shelf: Shelf, current: Mapping[str, tuple[int, str]], patients: Sequence[str]) -> Iterator[str]:
    """Remember what the server said; why not, in words."""
    try:
        shelf.take_note(current, patients)
    except OSError as reason:
        yield f"what is prescribed now cannot be noted here ({reason.strerror})"
    except RecipientsUnreadable as reason:
        yield str(reason)


def _fetch(exchange: "Exchange", shelf: Shelf, patient: str, now: dict[str, tuple[int, str]]) -> Iterator[str]:
    """Fetch one patient's prescription where it is not here, and say in `now` what came; what somebody should know."""
    if not PSEUDONYM.fullmatch(patient):
        yield f"{patient!r} cannot be a pseudonym on this computer: what is prescribed for them is not used"
        return
    listed, here = now.get(patient), shelf.version(patient)
    if listed and listed[0] < here:
        yield (
            f"the clinic's server has version {listed[0]} of the prescription of {patient}, and version {here} is "
            "here: it was set back, and until it prescribes anew the precautions of both hold"
        )
    if listed and shelf.holds(patient, *listed):
        return
    asked = msgspec.msgpack.encode(wire.Whose(patient=patient))
    answer = exchange.send("POST", wire.PRESCRIPTIONS, asked, expected=frozenset({200, NOT_FOUND}))
    if answer.status == NOT_FOUND:
        yield f"nothing is prescribed for {patient}, or this computer is not for them: ask the clinic"
        return
    now[patient] = (shelf.add(patient, answer.body).version, wire.sha256(answer.body))
