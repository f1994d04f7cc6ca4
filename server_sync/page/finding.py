"""Finding a patient by a few letters of what the clinic knows of them."""

import unicodedata
from collections.abc import Iterable

from server_sync.clinic.archive import PatientLine

# Letters that no accent makes of a plain one.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def found(patients: Iterable[PatientLine], wanted: str) -> list[PatientLine]:
    """Those of whom every word that is wanted begins a word; accents and capital letters make no difference."""
    parts = _words(wanted)
    return [patient for patient in patients if _has(patient, parts)]


def _has(patient: PatientLine, parts: list[str]) -> bool:
    known = _words(f"{patient.name} {patient.pseudonym} {patient.condition} {patient.about}")
    return all(any(word.startswith(part) for word in known) for part in parts)


def _words(text: str) -> list[str]:
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return "".join(letter if letter.isalnum() else " " for letter in plain).split()
