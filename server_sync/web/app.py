"""The clinic server's web: addresses, who may use them, and what is said when something is refused.

Every route says who `may` use it, and a request to one that does not is refused. Handlers are thin: they turn
a request into a call of the service, and its answer or refusal into a response.
"""

import asyncio
from collections.abc import Sequence
from threading import Lock
from typing import Any, cast

from litestar import Litestar, Request, Response
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import Headers, State
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.response import Redirect
from litestar.types import (
    BeforeMessageSendHookHandler,
    ControllerRouterHandler,
    LifeSpanReceive,
    LifeSpanScope,
    Message,
    Receive,
    Scope,
)
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from engine.parameters import ParameterError
from server_sync import wire
from server_sync.clinic.accounts import UnknownAccount
from server_sync.clinic.archive import SessionDamaged
from server_sync.clinic.devices import CodeRefused, KeyRefused
from server_sync.clinic.export_choice import NO_FORMATS, Writing
from server_sync.clinic.exports import Exports
from server_sync.clinic.keys import Shredded
from server_sync.clinic.packing import NotUnpacked
from server_sync.clinic.patients import Unknown
from server_sync.clinic.previewing import Previewing, no_preview
from server_sync.clinic.service import Service
from server_sync.clinic.uploads import (
    LengthDiffers,
    RecordingDamaged,
    TooManyUploads,
    UploadComplete,
    UploadUnknown,
    WrongOffset,
)
from server_sync.page.language import preferred, speaking
from server_sync.web import (
    account_routes,
    audit_pages,
    beside_routes,
    clinic_routes,
    device_routes,
    draft_routes,
    entry_routes,
    export_routes,
    fhir_routes,
    message_routes,
    own_routes,
    page_routes,
    people_routes,
    person_routes,
    plan_routes,
    prescriptions,
    preset_routes,
    report_routes,
    today_routes,
    tune_routes,
    watch_routes,
    watching,
)
from server_sync.web.access import (
    COOKIE,
    Damaged,
    NotLoggedIn,
    NotUnderstood,
    admit,
    new_rates,
)
from server_sync.web.device_routes import NotAMessage, answer, upload_headers
from server_sync.web.exchange import Exchange
from server_sync.web.hosts import KnownHosts, OnlyHttps
from server_sync.web.pages import LARGEST_FORM_BYTES, page
from server_sync.web.rates import TooMany

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in ("camera", "display-capture", "geolocation", "microphone", "midi", "payment", "usb")
    ),
}
OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}
# What the service and the web may refuse: status, and a code for programs.
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    Damaged: (400, "damaged"),
    RecordingDamaged: (400, "damaged"),
    NotAMessage: (422, "not a message"),
    NotUnpacked: (422, "not a message"),
    NotUnderstood: (426, "version"),
    TooMany: (429, "too many"),
    CodeRefused: (403, "code refused"),
    KeyRefused: (422, "bad key"),
    Unknown: (404, "unknown"),
    Shredded: (404, "unknown"),
    UnknownAccount: (404, "unknown"),
    SessionDamaged: (500, "damaged session"),
    UploadUnknown: (404, "unknown upload"),
    LengthDiffers: (400, "inconsistent-upload-length"),
    WrongOffset: (409, "mismatching-upload-offset"),
    UploadComplete: (400, "completed-upload"),
    TooManyUploads: (429, "too many uploads"),
}
DELIVERIES_AT_ONCE = 4
ROUTES: Sequence[ControllerRouterHandler] = [
    *watching.ROUTES,
    *entry_routes.ROUTES,
    *today_routes.ROUTES,
    *page_routes.ROUTES,
    *watch_routes.ROUTES,
    *account_routes.ROUTES,
    *own_routes.ROUTES,
    *message_routes.ROUTES,
    *audit_pages.ROUTES,
    *clinic_routes.ROUTES,
    *report_routes.ROUTES,
    *people_routes.ROUTES,
    *device_routes.ROUTES,
    *prescriptions.ROUTES,
    *tune_routes.ROUTES,
    *beside_routes.ROUTES,
    *preset_routes.ROUTES,
    *export_routes.ROUTES,
    *draft_routes.ROUTES,
    *plan_routes.ROUTES,
    *person_routes.ROUTES,
    *fhir_routes.ROUTES,
]


class Web(Litestar):
    """The web of a service: what devices hear is digested, and each request is one line of the log.

    Pages are written in the language that a browser wishes most.
    """

    async def __call__(self, scope: Scope | LifeSpanScope, receive: Receive | LifeSpanReceive, send: Any) -> None:
        """Answer a request."""
        if scope["type"] != ScopeType.HTTP:
            await super().__call__(scope, receive, send)
            return
        exchange = Exchange(scope, send)
        wished = Headers.from_scope(cast(Scope, scope)).get("accept-language", "")
        with speaking(preferred(wished)):
            await super().__call__(scope, receive, exchange.send)
        watching.note(scope, exchange, self.state.metrics)


def make_app(
    service: Service,
    hosts: tuple[str, ...] = (),
    https: bool = False,
    second_factor_required: bool = False,
    writing: Writing = NO_FORMATS,
    previewing: Previewing = no_preview,
) -> Litestar:
    """The web of a service; `hosts` are the names it may be called by, any when empty.

    `https` says that it is reached over TLS alone, and `second_factor_required` that who works at the clinic must have
    one. `writing` is how exports are written, `previewing` what tells what a plan will ask.
    """
    return Web(
        route_handlers=ROUTES,
        guards=[admit],
        state=new_state(service, https, second_factor_required, writing, previewing),
        csrf_config=CSRFConfig(
            secret=service.form_key(),
            cookie_name=f"__Host-{COOKIE}-form" if https else f"{COOKIE}-form",
            cookie_secure=https,
            cookie_httponly=True,
            cookie_samesite="lax",
        ),
        middleware=[*([KnownHosts(hosts)] if hosts else []), *([OnlyHttps()] if https else [])],
        before_send=[_adding(HEADERS | OVER_TLS if https else HEADERS)],
        exception_handlers={
            NotLoggedIn: _to_login,
            HTTPException: _refused_by_web,
            OSError: _disk_trouble,
            ParameterError: _unknown_here,
            **dict.fromkeys((OperationalError, InterfaceError, NoConnection), _database_trouble),
            Exception: _mistake,
            **dict.fromkeys(REFUSALS, _refused_by_service),
        },
        # Litestar would show it below /schema as well, to nobody: those routes do not say who may use them.
        openapi_config=OpenAPIConfig(title="Steadyreach clinic server", version=str(wire.PROTOCOL)),
        logging_config=None,
        request_max_body_size=LARGEST_FORM_BYTES,  # where a route says nothing else
    )


def new_state(
    service: Service,
    https: bool = False,
    second_factor_required: bool = False,
    writing: Writing = NO_FORMATS,
    previewing: Previewing = no_preview,
) -> State:
    """What the addresses of a web know, as of `make_app`."""
    return State(
        {
            "service": service,
            "https": https,
            "second_factor_required": second_factor_required,
            "metrics": watching.Metrics(),
            "rates": new_rates(),
            "deliveries": asyncio.Semaphore(DELIVERIES_AT_ONCE),
            "exports": Exports(service, writing),
            "exporting": Lock(),
            "previewing": previewing,
            "facade": fhir_routes.new_facade(service),
        }
    )


def _adding(always: dict[str, str]) -> BeforeMessageSendHookHandler:
    """What adds headers to each answer."""

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] == "http.response.start":
            caching = "max-age=3600" if scope["path"].startswith("/static/") else "no-store"
            headers = always | {"Cache-Control": caching}
            message["headers"] = [
                *message["headers"],
                *((name.lower().encode(), value.encode()) for name, value in headers.items()),
            ]

    return add


def _to_login(request: Request[Any, Any, Any], reason: NotLoggedIn) -> Response[Any]:
    """To the login; what somebody wrote goes with them, in the form."""
    if not reason.kept.text:
        return Redirect(reason.to, status_code=303)
    problem = "Your login has ended and your letter is not sent yet. It is here again when you have logged in."
    return page(request, "login.html", 403, problem=problem, notice="", login="", kept=reason.kept)


def _refused_by_service(request: Request[Any, Any, Any], reason: Exception) -> Response[Any]:
    status, code = next(known for kind, known in REFUSALS.items() if isinstance(reason, kind))
    if status >= 500:
        watching.note_trouble(request.scope, reason)
    refusal = _refusal(request, status, code, str(reason))
    if isinstance(reason, WrongOffset | UploadComplete):
        refusal.headers.update(upload_headers(reason.progress))
    if isinstance(reason, TooMany):
        refusal.headers["Retry-After"] = str(reason.wait_s)
    return refusal


def _refused_by_web(request: Request[Any, Any, Any], reason: HTTPException) -> Response[Any]:
    if reason.status_code >= 500:
        return _mistake(request, reason)
    detail = reason.detail
    if detail.startswith("CSRF"):
        detail = "this form is out of date or from another page; go back, load the page again and repeat"
    refusal = _refusal(request, reason.status_code, "refused", detail)
    refusal.headers.update(reason.headers or {})
    return refusal


def _disk_trouble(request: Request[Any, Any, Any], reason: OSError) -> Response[Any]:
    watching.note_trouble(request.scope, reason)
    detail = f"the clinic's server cannot write ({reason.strerror}); nothing is lost, try again later"
    return _refusal(request, 507, "cannot write", detail)


def _database_trouble(request: Request[Any, Any, Any], reason: Exception) -> Response[Any]:
    watching.note_trouble(request.scope, reason)
    detail = "the clinic's database cannot be used now; nothing is lost, try again later"
    return _refusal(request, 503, "database", detail)


def _unknown_here(request: Request[Any, Any, Any], reason: ParameterError) -> Response[Any]:
    """What holds names a preset or a value that an update took away: forms refuse theirs beside the field."""
    watching.note_trouble(request.scope, reason)
    detail = f"this software does not know all that is prescribed ({reason})"
    return _refusal(request, 409, "not known", f"{detail}; prescribe anew at the server: steadyreach prescribe")


def _mistake(request: Request[Any, Any, Any], reason: Exception) -> Response[Any]:
    watching.note_trouble(request.scope, reason)
    return _refusal(request, 500, "mistake", "the server made a mistake, which is written in its log; nothing is lost")


def _refusal(request: Request[Any, Any, Any], status: int, code: str, detail: str) -> Response[Any]:
    if request.url.path.startswith("/device/"):
        return answer(wire.Problem(code=code, detail=detail), status)
    if fhir_routes.is_facade(request.url.path):
        return fhir_routes.refused(status, detail)
    return page(request, "problem.html", status=status, missing=status == 404, detail=detail)
