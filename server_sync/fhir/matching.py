"""The other system's own patient: found by what it calls a person, referred to, and never written."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from server_sync.client.patience import Refused
from server_sync.fhir.datatypes import Identifier, plain
from server_sync.fhir.naming import IDS, called_by_others, written
from server_sync.fhir.people import Patient
from server_sync.fhir.pushing import Noted, Pushing, digest

FORM = "application/x-www-form-urlencoded"


class _Name(msgspec.Struct, frozen=True):
    system: str = ""
    value: str = ""


class _Patient(msgspec.Struct, frozen=True, rename="camel"):
    resource_type: str = ""
    id: str = ""
    identifier: tuple[_Name, ...] = ()
    birth_date: str = ""
    active: bool = True

    @property
    def path(self) -> str:
        """Where it is on the server."""
        return f"Patient/{self.id}"

    def is_called(self, by: Identifier) -> bool:
        """Whether it has an identifier; a server that does not know a parameter answers with everybody."""
        return any((one.system, one.value) == (by.system, by.value) for one in self.identifier)


class _Entry(msgspec.Struct, frozen=True):
    resource: _Patient = _Patient()


class _Found(msgspec.Struct, frozen=True):
    entry: tuple[_Entry, ...] = ()


def is_theirs(pushing: Pushing, patient: Patient, chosen: bool) -> bool:
    """Whether a patient is not to be written: the server has its own, or it cannot be said who is meant.

    Where ids are `chosen` by us, ours is known by its id; elsewhere by our identifier, which theirs may have, too.
    Raises Later or Refused.
    """
    called, known = called_by_others(patient.identifier), pushing.known(patient.path) or Noted("")
    if known.quarantined and known.sha256 == digest(patient):
        return True  # it is told already, and nobody has looked yet
    if called is None and not known.theirs:
        return False
    found, before = _search(pushing, called) if called else [], known.remote
    theirs = [one for one in found if (known.theirs and one.path == before) or not _is_ours(one, patient, chosen)]
    if not theirs and not known.theirs:
        return False
    if len(found) != 1 or not theirs:
        pushing.quarantine(patient, f"{len(found)} patients there have the identifier of this one: one must have it")
    elif before not in ("", theirs[0].path):
        pushing.quarantine(patient, "its identifier means another patient there than the one that has what was sent")
    elif _born_apart(plain(patient), theirs[0]):
        pushing.quarantine(patient, "the patient there with its identifier was born on another day")
    else:
        pushing.is_theirs(patient, theirs[0].path)
    return True


def _is_ours(there: _Patient, patient: Patient, chosen: bool) -> bool:
    return there.path == patient.path if chosen else _Name(IDS, str(patient.id)) in there.identifier


def _search(pushing: Pushing, called: Identifier) -> list[_Patient]:
    """The patients there that have an identifier; it is asked for by a form, because logs and relays see addresses."""
    form = urlencode({"identifier": f"{written(called.system)}|{written(called.value)}"}).encode()
    answer = pushing.ask("POST", "Patient/_search", form, kind=FORM)
    if answer.status != 200:
        base = pushing.server.base
        raise Refused(f"{base} does not say who has an identifier (POST Patient/_search: {answer.why}): it must")
    found = [entry.resource for entry in answer.read(_Found).entry]
    return [one for one in found if one.resource_type == "Patient" and one.active and one.is_called(called)]


def _born_apart(ours: Mapping[str, Any], theirs: _Patient) -> bool:
    """Whether two dates of birth, each as far as it is known, are of two people."""
    here, there = str(ours.get("birthDate", "")), theirs.birth_date
    return not (here.startswith(there) or there.startswith(here))
