"""What every way of bringing resources to a server shares: the ledger, what came of it, and what stops whom."""

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from server_sync.client.patience import Later
from server_sync.fhir.datatypes import plain, to_json
from server_sync.fhir.remote import Answer, Remote
from server_sync.fhir.resources import Resource

FAULT_OF_ONE = frozenset({409, 500})


class Noted(NamedTuple):
    """What a ledger knows of a resource: the hash of what was sent, and where it is on the server.

    `quarantined` says why it must not be sent again as it is before somebody has looked; "" for nothing.
    """

    sha256: str
    remote: str = ""
    quarantined: str = ""


class Ledger(Protocol):
    """What was brought of one patient to one server; what is noted is there after a crash."""

    def known(self, path: str) -> Noted | None:
        """What is known of a resource, `Type/id` as we call it; None for nothing."""

    def note(self, path: str, noted: Noted) -> None:
        """Write it down."""

    def alone(self) -> AbstractContextManager[object]:
        """Nobody else brings this patient's resources to this server meanwhile."""


class Trouble(NamedTuple):
    """A resource that is not there, and why."""

    path: str
    why: str


class Pushed(NamedTuple):
    """What came of it. `quarantined` needs somebody to look; `held` and `failed` are tried again the next time."""

    mode: str
    written: int
    unchanged: int
    quarantined: tuple[Trouble, ...]
    held: tuple[Trouble, ...]
    failed: tuple[Trouble, ...]


class Pushing:
    """One run: what is to be brought, what has arrived, and what has not."""

    def __init__(self, server: Remote, ledger: Ledger, types: Mapping[str, bool]) -> None:
        """Bring resources of `types` to a server; of none where it does not say which it takes."""
        self.server, self.ledger = server, ledger
        self._types = types
        self._written = self._unchanged = 0
        self._missing: set[str] = set()
        self._quarantined: list[Trouble] = []
        self._held: list[Trouble] = []
        self._failed: list[Trouble] = []

    def came_of(self, mode: str) -> Pushed:
        """What came of it."""
        troubles = tuple(self._quarantined), tuple(self._held), tuple(self._failed)
        return Pushed(mode, self._written, self._unchanged, *troubles)

    def wanted(self, resource: Resource) -> bool:
        """Whether a resource is not there yet as it is now."""
        noted = self.ledger.known(resource.path)
        if noted is None or noted.sha256 != digest(resource):
            return True
        if noted.quarantined:
            self._trouble(self._quarantined, resource, noted.quarantined)
        else:
            self._unchanged += 1
        return False

    def can_go(self, resource: Resource) -> bool:
        """Whether its type is taken, and nothing that it refers to is missing; who cannot go is held."""
        kind, away = type(resource).__name__, sorted(references(plain(resource)) & self._missing)
        if self._types and kind not in self._types:
            self._trouble(self._held, resource, f"the server takes no {kind}")
        elif away:
            self._trouble(self._held, resource, f"it refers to {away[0]}, which is not there")
        else:
            return True
        return False

    def put(self, resource: Resource, content: bytes, remote: str) -> None:
        """Write a resource to where it is on the server."""
        try:
            answer = self.server.ask("PUT", remote, content)
        except Later as reason:
            self.stumbled(resource, reason)
            return
        if answer.status in (200, 201):
            self.arrived(resource, remote)
        else:
            self.refused(resource, answer)

    def arrived(self, resource: Resource, remote: str) -> None:
        """A resource is there."""
        self.ledger.note(resource.path, Noted(digest(resource), remote))
        self._written += 1

    def refused(self, resource: Resource, answer: Answer) -> None:
        """However often it is asked, the server will not take a resource as it is."""
        self.quarantine(resource, f"the server will not take it ({answer.why})")

    def quarantine(self, resource: Resource, why: str) -> None:
        """Somebody has to look before a resource is sent again as it is."""
        self.ledger.note(resource.path, Noted(digest(resource), "", why))
        self._trouble(self._quarantined, resource, why)

    def failed(self, resource: Resource, why: str) -> None:
        """A resource may arrive the next time."""
        self._trouble(self._failed, resource, why)

    def stumbled(self, resource: Resource, reason: Later) -> None:
        """What is the fault of one resource does not stop the others; what stops all of them is raised."""
        if reason.status not in FAULT_OF_ONE:
            raise reason
        self.failed(resource, str(reason))

    def _trouble(self, kind: list[Trouble], resource: Resource, why: str) -> None:
        kind.append(Trouble(resource.path, why))
        self._missing.add(resource.path)


def digest(resource: Resource) -> str:
    """The SHA-256 of a resource as we write it."""
    return hashlib.sha256(to_json(resource)).hexdigest()


def references(value: Any) -> set[str]:
    """What a resource refers to, as `Type/id`, anywhere in it."""
    if isinstance(value, Mapping):
        own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
        return own.union(*map(references, value.values()))
    return set[str]().union(*map(references, value)) if isinstance(value, list) else set()
