"""Bring one patient's resources to another system, so that each is there once, however often it is interrupted.

Where the server lets clients choose ids, each resource is put where its own id says: the same again changes nothing,
and no two can be made. Elsewhere see `creating`. What is there is written in a ledger; the next time goes on from it.
"""

from collections.abc import Callable, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

import msgspec

from server_sync.client.patience import Refused
from server_sync.fhir import creating
from server_sync.fhir.bundles import R4
from server_sync.fhir.datatypes import plain
from server_sync.fhir.matching import is_theirs
from server_sync.fhir.people import Patient
from server_sync.fhir.pushing import Ledger, Pushed, Pushing, references
from server_sync.fhir.remote import Remote
from server_sync.fhir.resources import Resource


class _Kind(msgspec.Struct, frozen=True, rename="camel"):
    type: str
    update_create: bool = False


class _Rest(msgspec.Struct, frozen=True):
    mode: str
    resource: tuple[_Kind, ...] = ()


class _Statement(msgspec.Struct, frozen=True, rename="camel"):
    fhir_version: str
    rest: tuple[_Rest, ...] = ()


def push(
    server: Remote, ledger: Ledger, resources: Sequence[Resource], may: Callable[[], bool] = lambda: True
) -> Pushed:
    """Bring resources of one patient to a server: all that they refer to must be among them, or there already.

    Raises Later where the server cannot be reached or takes nothing now, Refused where it never will, and Withdrawn as
    soon as we do not `may` any more; what is there by then is noted.
    """
    with ledger.alone():
        types = abilities(server)
        pushing = Pushing(server, ledger, types, may)
        chosen = bool(types) and all(types.get(type(one).__name__, True) for one in resources)
        wanted = [one for one in in_order(resources) if pushing.wanted(one)]
        if wanted:  # also of whom there is nothing new: patients are corrected, merged and taken away there
            theirs = [one for one in resources if isinstance(one, Patient) and is_theirs(pushing, one, chosen)]
            wanted = [one for one in wanted if one not in theirs]
        if chosen:
            _put_each(pushing, wanted)
        else:
            creating.send(pushing, wanted)
        return pushing.came_of("put" if chosen else "create", len(resources))


def abilities(server: Remote) -> dict[str, bool]:
    """The types of resources that a server takes, and whether clients choose their ids; raises Later or Refused."""
    answer = server.ask("GET", "metadata")
    if answer.status != 200 or answer.body.get("resourceType") != "CapabilityStatement":
        raise Refused(f"{server.base} does not say what it can do ({answer.why}): is it the address of a FHIR server?")
    said = answer.read(_Statement)
    if said.fhir_version.split(".")[:2] != R4.split(".")[:2]:
        raise Refused(f"{server.base} speaks FHIR {said.fhir_version}, and we speak {R4}")
    return {kind.type: kind.update_create for rest in said.rest if rest.mode == "server" for kind in rest.resource}


def in_order(resources: Iterable[Resource]) -> tuple[Resource, ...]:
    """Resources so that each comes after those that it refers to; raises ValueError where two refer to each other."""
    by_path = {one.path: one for one in resources}
    graph = {
        path: sorted(other for other in references(plain(one)) if other in by_path and other != path)
        for path, one in by_path.items()
    }
    try:
        return tuple(by_path[path] for path in TopologicalSorter(graph).static_order())
    except CycleError as reason:
        raise ValueError(f"these refer to each other: {', '.join(reason.args[1])}") from None


def _put_each(pushing: Pushing, resources: Sequence[Resource]) -> None:
    for resource in resources:
        if pushing.can_go(resource):
            pushing.put(resource, pushing.referring(plain(resource), {}), resource.path)
