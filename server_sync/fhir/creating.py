"""Resources on a server that chooses ids itself: in transactions, each on the condition that it is not there yet.

Servers are known to keep that condition badly when two ask at once, so what was made is counted afterwards: one is
right, more are for somebody to look at.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from server_sync.client.patience import Later
from server_sync.fhir.bundles import Bundle, Entry, Request
from server_sync.fhir.datatypes import encoded, plain, to_json
from server_sync.fhir.naming import criterion
from server_sync.fhir.pushing import FAULT_OF_ONE, Pushing
from server_sync.fhir.remote import FEW_TRIES, Answer
from server_sync.fhir.resources import Resource

MOST_IN_A_TRANSACTION = 8
"""As many entries as a transaction with conditions may have on Medplum (its fhir-router 4.5.2)."""
_MOST_FOUND = 100
_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$")


class _Named(msgspec.Struct, frozen=True):
    value: str = ""
    code: str = ""


class _Meta(msgspec.Struct, frozen=True):
    tag: tuple[_Named, ...] = ()


class _There(msgspec.Struct, frozen=True):
    """A resource on the server, as far as it says which of ours it is."""

    identifier: tuple[_Named, ...] | _Named = ()
    meta: _Meta = _Meta()

    @property
    def ours(self) -> set[str]:
        """The ids that we know it by."""
        many = (self.identifier,) if isinstance(self.identifier, _Named) else self.identifier
        return {one.value for one in many} | {one.code for one in self.meta.tag}


class _Response(msgspec.Struct, frozen=True):
    status: str = ""
    location: str = ""


class _Entry(msgspec.Struct, frozen=True):
    resource: _There = _There()
    response: _Response = _Response()


class _Bundle(msgspec.Struct, frozen=True):
    entry: tuple[_Entry, ...] = ()


class _Made(NamedTuple):
    """Where a resource is, and whether it was there before."""

    remote: str
    before: bool


def send(pushing: Pushing, resources: Sequence[Resource]) -> None:
    """Bring resources that are wanted: what is known to be there is changed in its place, the rest is made."""
    some: list[Resource] = []
    for resource in resources:
        noted = pushing.ledger.known(resource.path)
        if noted is not None and noted.remote:
            _make(pushing, some)  # it may refer to these
            some = []
            if pushing.can_go(resource):
                _change(pushing, resource, noted.remote)
        else:
            some.append(resource)
        if len(some) == MOST_IN_A_TRANSACTION:
            _make(pushing, some)
            some = []
    _make(pushing, some)


def _make(pushing: Pushing, resources: Sequence[Resource]) -> None:
    going = [resource for resource in resources if pushing.can_go(resource)]
    if not going:
        return
    try:
        answer = pushing.server.ask("POST", "", to_json(_transaction(pushing, going)))
    except Later as reason:
        if len(going) == 1:
            pushing.stumbled(going[0], reason)
        elif reason.status not in FAULT_OF_ONE:
            raise
        else:
            _one_by_one(pushing, going)
        return
    if answer.status in (200, 201):
        _counted(pushing, going, _made(pushing, answer, going))
    elif len(going) == 1:
        pushing.refused(going[0], answer)
    else:
        _one_by_one(pushing, going)


def _one_by_one(pushing: Pushing, resources: Sequence[Resource]) -> None:
    """A transaction fails as a whole, and may for one of its resources: which one shows when each goes alone."""
    for resource in resources:
        _make(pushing, [resource])


def _counted(pushing: Pushing, resources: Sequence[Resource], made: Sequence[_Made]) -> None:
    """Take what is there once as arrived; what was there before may be older, and is written once more."""
    counts = _counts(pushing, resources)
    for resource, one in zip(resources, made, strict=True):
        times = counts[str(resource.id)]
        if times > 1:
            pushing.quarantine(resource, f"it is there {times} times, which nobody can mend from here")
        elif times == 0:
            pushing.failed(resource, "it is not found where it was written")
        elif one.before:
            _change(pushing, resource, one.remote)
        else:
            pushing.arrived(resource, one.remote)


def _counts(pushing: Pushing, resources: Sequence[Resource]) -> Counter[str]:
    """How often each is there, by our id, as the server's own search says."""
    by_type: dict[str, list[str]] = {}
    for resource in resources:
        by, _, value = criterion(plain(resource)).partition("=")
        by_type.setdefault(f"{type(resource).__name__}?_count={_MOST_FOUND}&{by}", []).append(value)
    found: Counter[str] = Counter()
    for search, values in by_type.items():
        answer = pushing.server.ask("GET", f"{search}={quote(','.join(values), safe=',')}")
        if answer.status != 200:
            raise Later(f"{pushing.server.base} does not say what it has ({answer.why})", tries=FEW_TRIES)
        for entry in answer.read(_Bundle).entry:
            found.update(entry.resource.ours)
    return found


def _change(pushing: Pushing, resource: Resource, remote: str) -> None:
    content = _referring(pushing, plain(resource), {})
    pushing.put(resource, encoded({**content, "id": remote.partition("/")[2]}), remote)


def _transaction(pushing: Pushing, resources: Sequence[Resource]) -> Bundle:
    here = {one.path: f"urn:uuid:{one.id}" for one in resources}
    entries = []
    for one in resources:
        content = plain(one)
        request = Request(method="POST", url=type(one).__name__, if_none_exist=criterion(content))
        chosen = {name: value for name, value in _referring(pushing, content, here).items() if name != "id"}
        entries.append(Entry(full_url=here[one.path], resource=chosen, request=request))
    return Bundle(type="transaction", entry=tuple(entries))


def _referring(pushing: Pushing, value: Any, here: Mapping[str, str]) -> Any:
    """A resource as it refers to others on the server: by where they are there, or to those of the same transaction."""
    if isinstance(value, list):
        return [_referring(pushing, part, here) for part in value]
    if not isinstance(value, dict):
        return value
    parts = {name: _referring(pushing, part, here) for name, part in value.items()}
    if isinstance(path := value.get("reference"), str):
        noted = pushing.ledger.known(path)
        parts["reference"] = here.get(path) or (noted.remote if noted and noted.remote else path)
    return parts


def _made(pushing: Pushing, answer: Answer, resources: Sequence[Resource]) -> list[_Made]:
    """Where each resource of a transaction is, as the answer to it says; raises Later where it does not."""
    said = [entry.response for entry in answer.read(_Bundle).entry]
    places = [_LOCATION.search(one.location) for one in said]
    kinds = [type(one).__name__ for one in resources]
    if [place and place[1].partition("/")[0] for place in places] != kinds:
        raise Later(f"{pushing.server.base} does not say where it put things ({answer.why})", tries=FEW_TRIES)
    return [_Made(place[1], one.status.startswith("200")) for place, one in zip(places, said, strict=True) if place]
