"""What holds other resources, or speaks of a server: Bundle, OperationOutcome and CapabilityStatement."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server_sync.fhir.datatypes import CodeableConcept, Coding, Element, plain, redirected
from server_sync.fhir.resources import Resource

R4, JSON = "4.0.1", "application/fhir+json"
_SMART = Coding(system="http://terminology.hl7.org/CodeSystem/restful-security-service", code="SMART-on-FHIR")


class Request(Element, frozen=True, kw_only=True):
    """What a server is asked to do with a resource."""

    method: str
    url: str
    if_none_exist: str = ""


class Why(Element, frozen=True, kw_only=True):
    """Why a resource is on a page: as a `match`, or as the `outcome` that says more about the search."""

    mode: str


class Entry(Element, frozen=True, kw_only=True):
    """One resource of a bundle, as `plain` has it."""

    full_url: str = ""
    resource: Mapping[str, Any]
    search: Why | None = None
    request: Request | None = None


class Link(Element, frozen=True, kw_only=True):
    """Where a page is (`self`), and the one after it (`next`)."""

    relation: str
    url: str


class Bundle(Resource, frozen=True, kw_only=True):
    """Resources together."""

    type: str
    timestamp: str = ""
    total: int | None = None
    link: tuple[Link, ...] = ()
    entry: tuple[Entry, ...] = ()


class Issue(Element, frozen=True, kw_only=True):
    """What went wrong."""

    severity: str
    code: str
    diagnostics: str


class OperationOutcome(Resource, frozen=True, kw_only=True):
    """Why something was not done."""

    issue: tuple[Issue, ...]


class Software(Element, frozen=True, kw_only=True):
    """What a server runs."""

    name: str
    version: str


class Implementation(Element, frozen=True, kw_only=True):
    """Which server it is."""

    description: str
    url: str


class Interaction(Element, frozen=True, kw_only=True):
    """Something that can be done with a type of resource."""

    code: str


class SearchParameter(Element, frozen=True, kw_only=True):
    """Something that resources can be found by."""

    name: str
    type: str


class Served(Element, frozen=True, kw_only=True):
    """A type of resource, and what can be done with it."""

    type: str
    interaction: tuple[Interaction, ...]
    conditional_create: bool | None = None
    search_param: tuple[SearchParameter, ...] = ()


class Security(Element, frozen=True, kw_only=True):
    """How whoever asks is known."""

    service: tuple[CodeableConcept, ...]


class Rest(Element, frozen=True, kw_only=True):
    """What can be asked over HTTP."""

    mode: str
    security: Security
    resource: tuple[Served, ...]


class CapabilityStatement(Resource, frozen=True, kw_only=True):
    """What a server can do."""

    status: str
    date: str
    kind: str
    software: Software
    implementation: Implementation
    fhir_version: str
    format: tuple[str, ...]
    rest: tuple[Rest, ...]


def collection(resources: Iterable[Resource], at: str) -> Bundle:
    """Resources in one file, which belong together; `at` is when that was put together (ISO 8601).

    They refer to each other by the full URLs of that file: on which server one might be, it cannot say.
    """
    contents = {one.path: plain(one) for one in resources}
    here = {path: f"urn:uuid:{content['id']}" for path, content in contents.items()}
    entries = tuple(
        Entry(full_url=here[path], resource=redirected(content, lambda other: here.get(other, other)))
        for path, content in contents.items()
    )
    return Bundle(type="collection", timestamp=at, entry=entries)


def found(
    matches: Iterable[Mapping[str, Any]], base: str, links: Mapping[str, str], note: str = "", total: int | None = None
) -> Bundle:
    """One page of what a search on the server at `base` found, as `plain` has it; `links` are addresses by relation.

    How many there are in all (`total`) is said to who asks for no more: resources are made when they are asked for.
    """
    entries = [
        Entry(full_url=f"{base}/{one['resourceType']}/{one['id']}", resource=one, search=Why(mode="match"))
        for one in matches
    ]
    if note:
        said = OperationOutcome(issue=(Issue(severity="warning", code="not-supported", diagnostics=note),))
        entries.append(Entry(resource=plain(said), search=Why(mode="outcome")))
    named = tuple(Link(relation=relation, url=url) for relation, url in links.items())
    return Bundle(type="searchset", total=total, link=named, entry=tuple(entries))


def refusal(code: str, why: str) -> OperationOutcome:
    """Why something was not done: `code` is of FHIR's issue types, such as `invalid`, `not-found` or `forbidden`."""
    return OperationOutcome(issue=(Issue(severity="error", code=code, diagnostics=why),))


def capability(
    url: str,
    version: str,
    date: str,
    interactions: Mapping[str, Sequence[str]],
    searches: Mapping[str, Mapping[str, str]],
) -> CapabilityStatement:
    """What a server at `url` can do: interactions, and parameters of searches with their types, by type of resource.

    `version` is that of the software, `date` when what it can do changed last. What is created is so on the condition
    that it is not there yet, where somebody asks for that.
    """
    served = tuple(
        Served(
            type=kind,
            interaction=tuple(Interaction(code=code) for code in interactions[kind]),
            conditional_create="create" in interactions[kind] or None,
            search_param=tuple(SearchParameter(name=name, type=of) for name, of in searches.get(kind, {}).items()),
        )
        for kind in sorted(interactions)
    )
    return CapabilityStatement(
        status="active",
        date=date,
        kind="instance",
        software=Software(name="steadyreach", version=version),
        implementation=Implementation(description="Steadyreach clinic server", url=url),
        fhir_version=R4,
        format=(JSON,),
        rest=(Rest(mode="server", security=Security(service=(CodeableConcept(coding=(_SMART,)),)), resource=served),),
    )
