"""What every way of bringing resources to a server shares: the ledger, what came of it, and what stops whom."""

import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from server_sync.client.patience import Later
from server_sync.fhir.datatypes import encoded, plain, to_json
from server_sync.fhir.remote import Answer, Remote
from server_sync.fhir.resources import Resource

FAULT_OF_ONE = frozenset({409, 500})
CHANGED = 412
"""What a server answers that has another version than If-Match names."""
JSON = "application/fhir+json"


class Noted(NamedTuple):
    """What a ledger knows of a resource: the hash of what was sent, and where it is on the server.

    `quarantined` says why it must not be sent again as it is before somebody has looked; "" for nothing. `etag` names
    the version that we wrote there, "" where the server gave none; what is `theirs` is the server's own, not written.
    """

    sha256: str
    remote: str = ""
    quarantined: str = ""
    etag: str = ""
    theirs: bool = False


class Withdrawn(Exception):
    """Nothing more may be sent of this patient."""


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

    def __init__(
        self, server: Remote, ledger: Ledger, types: Mapping[str, bool], may: Callable[[], bool] = lambda: True
    ) -> None:
        """Bring resources of `types` to a server, of any where it does not say which it takes, while we `may`."""
        self.server, self._ledger, self._types, self._may = server, ledger, types, may
        self._known = dict[str, Noted | None]()
        self._written = 0
        self._missing: set[str] = set()
        self._quarantined: list[Trouble] = []
        self._held: list[Trouble] = []
        self._failed: list[Trouble] = []

    def came_of(self, mode: str, resources: int) -> Pushed:
        """What came of it, of so many resources: each was written, is in trouble, or is there as it should be."""
        troubles = tuple(self._quarantined), tuple(self._held), tuple(self._failed)
        return Pushed(mode, self._written, resources - self._written - sum(map(len, troubles)), *troubles)

    def wanted(self, resource: Resource) -> bool:
        """Whether a resource is not there yet as it is now."""
        noted = self.known(resource.path)
        if noted is None or noted.sha256 != digest(resource):
            return True
        if noted.quarantined:
            self._in_doubt(resource, noted)
        return False

    def known(self, path: str) -> Noted | None:
        """What the ledger knows of a resource."""
        if path not in self._known:
            self._known[path] = self._ledger.known(path)
        return self._known[path]

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = JSON, if_match: str = "") -> Answer:
        """Ask the server as `Remote` does, and nothing any more once we may not; raises Withdrawn, too."""
        return self.server.ask(method, path, body, kind, if_match, self._check)

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

    def put(self, resource: Resource, said: Mapping[str, Any], remote: str) -> None:
        """Write a resource to where it is on the server, over nothing but what we wrote there before."""
        noted = self.known(resource.path)
        ours = noted.etag if noted else ""
        content = encoded(said)
        try:
            answer = self.ask("PUT", remote, content, if_match=ours)
            there = self.ask("GET", remote) if answer.status == CHANGED and ours else None
        except Later as reason:
            self.stumbled(resource, reason)
            return
        if answer.status in (200, 201):
            self.arrived(resource, remote, answer.etag)
        elif there is None:
            self.refused(resource, answer)
        elif _same(there.body, said):  # we wrote it, and the answer to that was lost
            self.arrived(resource, remote, there.etag)
        else:
            self.quarantine(resource, f"it was changed there since, and is not written over ({answer.why})")

    def arrived(self, resource: Resource, remote: str, etag: str) -> None:
        """A resource is there, in the version that `etag` names."""
        self._note(resource, Noted(digest(resource), remote, "", etag))
        self._written += 1

    def is_theirs(self, resource: Resource, remote: str) -> None:
        """The server has what a resource of ours means: others refer to that, and ours is not sent."""
        self._note(resource, Noted(digest(resource), remote, theirs=True))

    def refused(self, resource: Resource, answer: Answer) -> None:
        """However often it is asked, the server will not take a resource as it is."""
        self.quarantine(resource, f"the server will not take it ({answer.why})")

    def quarantine(self, resource: Resource, why: str) -> None:
        """Somebody has to look before a resource is sent again as it is; what is there already is left as it is."""
        noted = (self.known(resource.path) or Noted(""))._replace(sha256=digest(resource), quarantined=why)
        self._note(resource, noted)
        self._in_doubt(resource, noted)

    def failed(self, resource: Resource, why: str) -> None:
        """A resource may arrive the next time."""
        self._trouble(self._failed, resource, why)

    def stumbled(self, resource: Resource, reason: Later) -> None:
        """What is the fault of one resource does not stop the others; what stops all of them is raised."""
        if reason.status not in FAULT_OF_ONE:
            raise reason
        self.failed(resource, str(reason))

    def referring(self, value: Any, here: Mapping[str, str]) -> Any:
        """A resource as it refers to others on the server: by where they are, or to those of the same transaction."""
        if isinstance(value, list):
            return [self.referring(part, here) for part in value]
        if not isinstance(value, dict):
            return value
        parts = {name: self.referring(part, here) for name, part in value.items()}
        if isinstance(path := value.get("reference"), str):
            noted = self.known(path)
            parts["reference"] = here.get(path) or (noted.remote if noted and noted.remote else path)
        return parts

    def _check(self) -> None:
        if not self._may():
            raise Withdrawn

    def _note(self, resource: Resource, noted: Noted) -> None:
        self._ledger.note(resource.path, noted)
        self._known[resource.path] = noted

    def _in_doubt(self, resource: Resource, noted: Noted) -> None:
        """Others may refer to what we wrote there, and not to what is theirs: it may mean somebody else."""
        self._trouble(self._quarantined, resource, noted.quarantined, is_there=bool(noted.remote) and not noted.theirs)

    def _trouble(self, kind: list[Trouble], resource: Resource, why: str, is_there: bool = False) -> None:
        kind.append(Trouble(resource.path, why))
        if not is_there:
            self._missing.add(resource.path)


def digest(resource: Resource) -> str:
    """The SHA-256 of a resource as we write it."""
    return hashlib.sha256(to_json(resource)).hexdigest()


def _same(there: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Whether a server has what we said, whatever it says of its own beside."""
    return all(there.get(name) == value for name, value in said.items() if name != "meta")


def references(value: Any) -> set[str]:
    """What a resource refers to, as `Type/id`, anywhere in it."""
    if isinstance(value, Mapping):
        own = {value["reference"]} if isinstance(value.get("reference"), str) else set()
        return own.union(*map(references, value.values()))
    return set[str]().union(*map(references, value)) if isinstance(value, list) else set()
