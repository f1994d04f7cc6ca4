"""Resources on a server that chooses ids itself: in transactions, each on the condition that it is not there yet.

Servers are known to keep that condition badly when two ask at once, so what was made is counted afterwards: one is
right, more are for somebody to look at.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from server_sync.client.patience import Later
from server_sync.fhir.bundles import Bundle, Entry, Request
from server_sync.fhir.datatypes import plain, to_json
from server_sync.fhir.naming import criterion
from server_sync.fhir.pushing import FAULT_OF_ONE, Pushing
from server_sync.fhir.remote import FEW_TRIES, Answer, etag_of
from server_sync.fhir.resources import Resource

MOST_IN_A_TRANSACTION = 8
"""As many entries as a transaction with conditions may have on Medplum (its fhir-router 4.5.2)."""
_MOST_FOUND = 100
_LOCATION = re.compile(r"(?:^|/)([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})(?:/_history/[^/]+)?$")


class _Named(msgspec.Struct, frozen=True):
    value: str = ""
    code: str = ""


class _Meta(msgspec.Struct, frozen=True, rename="camel"):
    tag: tuple[_Named, ...] = ()
    version_id: str = ""


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
    etag: str = ""


class _Entry(msgspec.Struct, frozen=True):
    resource: _There = _There()
    response: _Response = _Response()


class _Bundle(msgspec.Struct, frozen=True):
    entry: tuple[_Entry, ...] = ()


class _Made(NamedTuple):
    """Where a resource is, whether it was there before, and what names its version."""

    remote: str
    before: bool
    etag: str


def send(pushing: Pushing, resources: Sequence[Resource]) -> None:
    """Bring resources that are wanted: what is known to be there is changed in its place, the rest is made."""
    some: list[Resource] = []
    for resource in resources:
        noted = pushing.known(resource.path)
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
        answer = pushing.ask("POST", "", to_json(_transaction(pushing, going)))
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
    versions = _versions(pushing, resources)
    for resource, one in zip(resources, made, strict=True):
        there = versions.get(str(resource.id), [])
        times = len(there)
        if times > 1:
            pushing.quarantine(resource, f"it is there {times} times, which nobody can mend from here")
        elif times == 0:
            pushing.failed(resource, "it is not found where it was written")
        elif one.before:
            _change(pushing, resource, one.remote)
        else:
            pushing.arrived(resource, one.remote, one.etag or etag_of(there[0]))


def _versions(pushing: Pushing, resources: Sequence[Resource]) -> Mapping[str, Sequence[str]]:
    """In which version each is there, for each time that it is, by our id, as the server's own search says."""
    by_type: dict[str, list[str]] = {}
    for resource in resources:
        by, _, value = criterion(plain(resource)).partition("=")
        by_type.setdefault(f"{type(resource).__name__}?_count={_MOST_FOUND}&{by}", []).append(value)
    found = defaultdict[str, list[str]](list)
    for search, values in by_type.items():
        answer = pushing.ask("GET", f"{search}={quote(','.join(values), safe=',')}")
        if answer.status != 200:
            raise Later(f"{pushing.server.base} does not say what it has ({answer.why})", tries=FEW_TRIES)
        for entry in answer.read(_Bundle).entry:
            for ours in entry.resource.ours:
                found[ours].append(entry.resource.meta.version_id)
    return found


def _change(pushing: Pushing, resource: Resource, remote: str) -> None:
    content = pushing.referring(plain(resource), {})
    pushing.put(resource, {**content, "id": remote.partition("/")[2]}, remote)


def _transaction(pushing: Pushing, resources: Sequence[Resource]) -> Bundle:
    here = {one.path: f"urn:uuid:{one.id}" for one in resources}
    entries = []
    for one in resources:
        content = plain(one)
        request = Request(method="POST", url=type(one).__name__, if_none_exist=criterion(content))
        chosen = {name: value for name, value in pushing.referring(content, here).items() if name != "id"}
        entries.append(Entry(full_url=here[one.path], resource=chosen, request=request))
    return Bundle(type="transaction", entry=tuple(entries))


def _made(pushing: Pushing, answer: Answer, resources: Sequence[Resource]) -> list[_Made]:
    """Where each resource of a transaction is, as the answer to it says; raises Later where it does not."""
    said = [entry.response for entry in answer.read(_Bundle).entry]
    places = [_LOCATION.search(one.location) for one in said]
    kinds = [type(one).__name__ for one in resources]
    if [place and place[1].partition("/")[0] for place in places] != kinds:
        raise Later(f"{pushing.server.base} does not say where it put things ({answer.why})", tries=FEW_TRIES)
    return [
        _Made(place[1], one.status.startswith("200"), one.etag)
        for place, one in zip(places, said, strict=True)
        if place
    ]
