"""The FHIR facade: what another system reads of the patients who agreed to that, and the orders that it sends."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from litestar import HttpMethod, Request, Response, Router, post, route
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath, RawBody

from server_sync.clinic.audit import Note
from server_sync.clinic.drafts import NotTaken
from server_sync.clinic.fhir_pages import FhirPages
from server_sync.clinic.fhir_records import FhirRecords
from server_sync.clinic.service import Service
from server_sync.clinic.systems import TOKEN, KnownSystem, NoScope
from server_sync.clinic.version import SOFTWARE
from server_sync.fhir.bundles import JSON, capability, found, refusal
from server_sync.fhir.datatypes import encoded, to_json
from server_sync.fhir.inbound import LARGEST_BYTES, OrderRefused, of_draft
from server_sync.fhir.scopes import CREATE, OFFERED, READ, SEARCH, written
from server_sync.fhir.search import AFTER, COUNT, FORMAT, JSON_FORMATS, SEARCHES, SUMMARY, SearchRefused, search
from server_sync.fhir.smart import JWT_BEARER, AssertionRefused
from server_sync.web.access import ANYONE, SYSTEM
from server_sync.web.pages import address_of
from server_sync.web.rates import TooMany

BASE = "/fhir"
CHANGED = "2026-11-22"
"""When what the facade can do changed last."""
LARGEST_FORM_BYTES, MOST_FIELDS = 64 * 1024, 100
FORM = "application/x-www-form-urlencoded"
LOOKING = [HttpMethod.GET, HttpMethod.HEAD]
"""A HEAD is answered as a GET is, but for the content, which the server that speaks HTTP leaves out."""
KNOCKING = {"may": ANYONE, "exclude_from_csrf": True}
_INTERACTIONS = {READ: "read", SEARCH: "search-type", CREATE: "create"}
_ISSUES = {400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 409: "conflict", 413: "too-long"}
_ISSUES |= {405: "not-supported", 406: "not-supported", 415: "not-supported", 422: "processing", 429: "throttled"}
"""What FHIR calls what is the matter, by status; any other is an exception."""

BySystem = Request[KnownSystem, Any, State]


def _by_system(letter: str) -> dict[str, Any]:
    """For a system whose token says that it may do this with the type of resource in the address."""
    return {"may": SYSTEM, "scope": letter, "exclude_from_csrf": True}


class Facade(NamedTuple):
    """What answers the facade's questions."""

    records: FhirRecords
    pages: FhirPages


def new_facade(service: Service) -> Facade:
    """The facade of a clinic."""
    records = FhirRecords(service)
    return Facade(records, FhirPages(records, service.links))


@route(f"{BASE}/metadata", http_method=LOOKING, opt=KNOCKING, sync_to_thread=False)
def metadata(request: Request[Any, Any, State]) -> Response[bytes]:
    """What this server can do, for anybody who asks."""
    _check_accept(request, _query(request))
    kinds = {
        kind: [_INTERACTIONS[letter] for letter in _INTERACTIONS if (kind, letter) in OFFERED] for kind in SEARCHES
    }
    params = {kind: {name: one.type for name, one in known.items()} for kind, known in SEARCHES.items()}
    return _said(to_json(capability(_here(request), SOFTWARE.partition(" ")[2], CHANGED, kinds, params)))


@route(f"{BASE}/.well-known/smart-configuration", http_method=LOOKING, opt=KNOCKING, sync_to_thread=False)
def smart_configuration(request: Request[Any, Any, State]) -> Response[bytes]:
    """Where tokens are given out and for what."""
    told = {
        "token_endpoint": f"{_here(request)}/{TOKEN}",
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
        "grant_types_supported": ["client_credentials"],
        "code_challenge_methods_supported": ["S256"],  # SMART wants it of all, also of who gives out no codes
        "scopes_supported": written(OFFERED).split(),
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
    }
    return Response(encoded(told), media_type="application/json")


@post(f"{BASE}/{TOKEN}", opt=KNOCKING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def token(request: Request[Any, Any, State], state: State, body: RawBody) -> Response[bytes]:
    """A token for a system that proves who it is; wrong proofs are braked by where they come from."""
    address, rates = address_of(request), state.rates["assertions"]
    try:
        rates.check(address)
    except TooMany as reason:
        return _no_token(429, "temporarily_unavailable", str(reason), {"Retry-After": str(reason.wait_s)})
    if _type_of(request) != FORM:
        return _no_token(415, "invalid_request", f"Content-Type must be {FORM}")
    try:
        form = dict(_form(request, body))
    except SearchRefused as reason:
        return _no_token(400, "invalid_request", str(reason))
    if form.get("grant_type") != "client_credentials":
        return _no_token(400, "unsupported_grant_type", "grant_type must be client_credentials")
    if form.get("client_assertion_type") != JWT_BEARER:
        return _no_token(400, "invalid_request", f"client_assertion_type must be {JWT_BEARER}")
    try:
        given = state.service.systems.token(form.get("client_assertion", ""), form.get("scope", ""))
    except AssertionRefused as reason:
        rates.spend(address)
        return _no_token(401, "invalid_client", str(reason))
    except NoScope as reason:
        return _no_token(400, "invalid_scope", str(reason))
    told = {"access_token": given.token, "token_type": "bearer", "expires_in": given.seconds, "scope": given.scopes}
    return Response(encoded(told), status_code=200, media_type="application/json")


@route(f"{BASE}/{{kind:str}}", http_method=LOOKING, opt=_by_system(SEARCH), sync_to_thread=True)
def search_type(request: BySystem, state: State, kind: FromPath[str]) -> Response[bytes]:
    """What a search finds."""
    return _found(request, state, kind, _query(request))


@post(
    f"{BASE}/{{kind:str}}/_search",
    opt=_by_system(SEARCH),
    sync_to_thread=True,
    status_code=200,
    request_max_body_size=LARGEST_FORM_BYTES,
)
def search_by_form(request: BySystem, state: State, kind: FromPath[str], body: RawBody) -> Response[bytes]:
    """The same, with what is searched for out of the address, which logs and relays see."""
    return _found(request, state, kind, _query(request), _form(request, body))


@route(f"{BASE}/{{kind:str}}/{{resource_id:str}}", http_method=LOOKING, opt=_by_system(READ), sync_to_thread=True)
def read(request: BySystem, state: State, kind: FromPath[str], resource_id: FromPath[str]) -> Response[bytes]:
    """One resource."""
    _check_accept(request, _query(request))
    system = request.user
    one = state.facade.records.one(kind, resource_id, system.id)
    patient_id, resource = one or ("", None)
    _note(state.service, system, "read over FHIR", [patient_id], resource.path if resource else kind)
    if resource is None:
        raise HTTPException(status_code=404, detail=f"there is no such {kind} here")
    return _said(to_json(resource))


@post(f"{BASE}/{{kind:str}}", opt=_by_system(CREATE), sync_to_thread=True, request_max_body_size=LARGEST_BYTES)
def create(request: BySystem, state: State, body: RawBody) -> Response[bytes]:
    """An order, which a therapist has to look at before anything comes of it; the same again is the one here.

    Another one under the same identifier changes or ends it.
    """
    _check_accept(request, _query(request))
    if _type_of(request) not in (JSON, "application/json"):
        raise HTTPException(status_code=415, detail=f"Content-Type must be {JSON}")
    service, system = state.service, request.user
    there = service.drafts.known(system.id, order) if (order := _if_none_exist(request)) else None
    try:
        draft, new = (there, False) if there else service.drafts.receive(system.id, body, system.base)
    except (OrderRefused, NotTaken):
        _note(service, system, "be refused an order", [""], "ServiceRequest")
        raise
    at, status = draft.at.isoformat(), service.drafts.status(draft)
    made = of_draft(service.links.naming, draft.patient_id, draft.id, draft.asked, status, at)
    if not new:
        _note(service, system, "read over FHIR", [draft.patient_id], made.path)
    headers = {"Location": f"{system.base}/{made.path}"}
    return _said(to_json(made), 201 if new else 200, headers)


ROUTES = [
    Router(
        "/",
        exception_handlers={
            OrderRefused: lambda _, reason: _order_refused(reason),
            SearchRefused: lambda _, reason: refused(400, str(reason), reason.code),
            NotTaken: lambda _, reason: refused(409, str(reason), "duplicate"),
        },
        route_handlers=[metadata, smart_configuration, token, search_type, search_by_form, read, create],
    )
]


def is_facade(path: str) -> bool:
    """Whether an address is one of the facade."""
    return path == BASE or path.startswith(f"{BASE}/")


def refused(status: int, why: str, code: str = "") -> Response[bytes]:
    """A refusal as FHIR has it."""
    return _said(to_json(refusal(code or _ISSUES.get(status, "exception"), why)), status)


def _found(
    request: BySystem,
    state: State,
    kind: str,
    query: Sequence[tuple[str, str]],
    form: Sequence[tuple[str, str]] = (),
) -> Response[bytes]:
    """A page. What came in a form is kept out of addresses, also those of links: they name no identifier then."""
    _check_accept(request, [*query, *form])
    system = request.user
    strict = "handling=strict" in request.headers.get("Prefer", "")
    wanted = search(kind, [*query, *form], strict, system.base)
    page = state.facade.pages.page(system.id, wanted)
    said = [one for one in wanted.criteria if not form or one.name != "identifier"]
    asked = [(one.name, ",".join(one.values)) for one in said]
    asked.append((SUMMARY, COUNT) if wanted.counted else ("_count", str(wanted.most)))
    links = {"self": [*asked, (AFTER, wanted.after)] if wanted.after else asked}
    if page.after:
        links["next"] = [*asked, (AFTER, page.after)]
    note = f"not known here, and left out: {', '.join(wanted.ignored)}" if wanted.ignored else ""
    _note(state.service, system, "search over FHIR", page.patients, kind)
    named = {relation: f"{system.base}/{kind}?{urlencode(given)}" for relation, given in links.items()}
    return _said(to_json(found(page.matches, system.base, named, note, page.total)))


def _note(service: Service, system: KnownSystem, action: str, patients: Sequence[str], thing: str) -> None:
    """Write down who looked at whose data, also where nothing was found; only then it may be sent."""
    with service.store.writing() as db:
        service.audit.extend(db, [Note(system.actor, action, each, thing) for each in patients or ("",)])


def _order_refused(reason: OrderRefused) -> Response[bytes]:
    return refused({"structure": 400, "too-long": 413}.get(reason.code, 422), str(reason), reason.code)


def _no_token(status: int, error: str, why: str, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """A refusal as OAuth has it (RFC 6749, 5.2)."""
    content = encoded({"error": error, "error_description": why})
    return Response(content, status_code=status, media_type="application/json", headers=dict(headers or {}))


def _said(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    return Response(content, status_code=status, media_type=JSON, headers=dict(headers or {}))


def _here(request: Request[Any, Any, State]) -> str:
    """The facade's address as whoever asks has reached it; it is told to nobody else."""
    return f"{str(request.base_url).rstrip('/')}{BASE}"


def _type_of(request: Request[Any, Any, State]) -> str:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _form(request: Request[Any, Any, State], body: bytes) -> list[tuple[str, str]]:
    if _type_of(request) != FORM:
        raise HTTPException(status_code=415, detail=f"Content-Type must be {FORM}")
    return _pairs(body.decode("utf-8", "replace"))


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise SearchRefused("too-costly", f"{MOST_FIELDS} parameters are the most") from None


def _query(request: Request[Any, Any, State]) -> list[tuple[str, str]]:
    return _pairs(request.scope["query_string"].decode("ascii", "replace"))


def _check_accept(request: Request[Any, Any, State], given: Sequence[tuple[str, str]]) -> None:
    """Refuse to tell in another format, as a parameter wishes for it, or the header where none does."""
    formats = [value.replace(" ", "+") for name, value in given if name == FORMAT and value]
    wanted = request.headers.get("Accept", "*/*").lower()
    accepted = any(each in wanted for each in ("json", "*/*", "application/*"))
    if not (all(each in JSON_FORMATS for each in formats) if formats else accepted):
        raise HTTPException(status_code=406, detail=f"there is nothing but {JSON} here")


def _if_none_exist(request: BySystem) -> str:
    """The order that must not be here yet, "" where nothing is said; raises SearchRefused for other conditions."""
    condition = request.headers.get("If-None-Exist", "")
    given = dict(_pairs(condition.rpartition("?")[2]))
    if condition and list(given) != ["identifier"]:
        raise SearchRefused("not-supported", "If-None-Exist must be identifier=SYSTEM|VALUE")
    return given.get("identifier", "")
