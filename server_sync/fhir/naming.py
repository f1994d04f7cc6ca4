"""Which resource is which: ids that are the same whenever the same thing is written, and nobody can guess."""

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from server_sync.fhir.datatypes import Coding, Identifier, Meta, Reference

OURS = "urn:oid:2.25.54228871737448548563649053332191977305"
"""What all systems of ours begin with: an OID that is a UUID (ITU-T X.667), so that nobody else's can be the same."""
CODES, IDS, QUESTIONNAIRE = f"{OURS}.1", f"{OURS}.2", f"{OURS}.3"
"""Our codes, our ids and our questionnaire, the same at every clinic.

No `urn:uuid:`, since in a transaction a server rewrites those that it knows.
"""


class Naming(NamedTuple):
    """What one clinic calls its resources: `clinic` is its own random UUID, which no other has and nobody is told.

    An id is a UUID of version 8 (RFC 9562) in two halves: the first says of whom it is and of which of their sessions,
    for who has `clinic`, so that a resource is found by its id alone; the second is what it is.
    """

    clinic: UUID

    def id(self, kind: str, whose: str = "", *parts: str | int, session: str = "") -> str:
        """The id of the resource that these parts name; others give another."""
        first, second = self._half(whose, session), self._half(whose, session, kind, *parts)
        high = first & ~0xF000 | 0x8000
        return str(UUID(int=high << 64 | second >> 2 | 0x8000_0000_0000_0000))

    def patient(self, patient_id: str) -> str:
        """The id of a patient's resource, from ours."""
        return self.id("patient", patient_id)

    def place(self, whose: str, session: str = "") -> str:
        """What the ids of all that is of somebody begin with, or of one session of theirs."""
        return self.id("", whose, session=session)[:18]

    def _half(self, *parts: str | int) -> int:
        return int.from_bytes(hmac.digest(self.clinic.bytes, msgspec.json.encode(parts), "sha256")[:8])


def identifier(id: str) -> Identifier:
    """What a resource is known by on a server that chooses ids itself."""
    return Identifier(system=IDS, value=id)


def called_by_others(identifiers: Sequence[Identifier]) -> Identifier | None:
    """What another system calls whom these name, None for nothing: not our own id, and not what the clinic calls them.

    A number without a system is a guess anywhere else.
    """
    found = (one for one in identifiers if one.system not in ("", IDS) and one.use != "secondary")
    return next(found, None)


def written(value: str) -> str:
    """A value as a search has it (R4, Search, 3.1.1.4.0.1)."""
    return re.sub(r"([\\,|$])", r"\\\1", value)


def refer(kind: str, id: str) -> Reference:
    """A reference to a resource of ours."""
    return Reference(reference=f"{kind}/{id}")


def criterion(resource: Mapping[str, Any]) -> str:
    """What finds a resource of ours, as `plain` has it, on a server that chose its id: a search that names nobody."""
    return f"{'identifier' if 'identifier' in resource else '_tag'}={IDS}|{resource['id']}"


def tagged(id: str) -> Meta:
    """What a resource is known by whose type has no identifier."""
    return Meta(tag=(Coding(system=IDS, code=id),))
