"""The clinic server's web: which address does what, and who may use it.

Every route says `who` may use it, and a request to one that does not is refused. Handlers are thin: they turn
a request into a call of the service, and its answer or refusal into a response.
"""

import logging
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import msgspec
from litestar import Litestar, Request, Response, get, patch, post, put
from litestar.config.allowed_hosts import AllowedHostsConfig
from litestar.config.csrf import CSRFConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, State
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.params import FromPath, FromQuery, RawBody, URLEncodedBody
from litestar.response import File, Redirect
from litestar.template.base import csrf_token
from litestar.types import Message, Scope
from sqlalchemy.exc import OperationalError

from server_sync import wire
from server_sync.clinic.accounts import LoginRefused, Who
from server_sync.clinic.archive import NotASession, OtherBytes, RecordingMissing, Unknown
from server_sync.clinic.devices import CodeRefused, KnownDevice
from server_sync.clinic.recordings import RecordingDamaged
from server_sync.clinic.service import Service
from server_sync.page.render import FONTS, MARK, STYLE, render
from server_sync.page.report import report
from server_sync.page.sheet import sheet

_LOG = logging.getLogger(__name__)

COOKIE = "steadyreach"
ANYONE, THERAPIST, DEVICE = "anyone", "therapist", "device"
BY_DEVICE = {"who": DEVICE, "exclude_from_csrf": True}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# What the service may refuse: status, and a code for programs.
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    NotASession: (422, "not a session"),
    OtherBytes: (409, "other bytes"),
    RecordingMissing: (424, "recording missing"),
    RecordingDamaged: (400, "damaged"),
    CodeRefused: (403, "code refused"),
    Unknown: (404, "unknown"),
}

Visitor = Request[Who, Any, State]
DeviceRequest = Request[KnownDevice, Any, State]
Form = URLEncodedBody[dict[str, str]]


class NotLoggedIn(Exception):
    """Nobody is logged in, or no longer."""


def make_app(service: Service, hosts: tuple[str, ...] = ()) -> Litestar:
    """The web of a service; `hosts` are the names it may be called by, any when empty."""
    return Litestar(
        route_handlers=ROUTES,
        guards=[_admit],
        state=State({"service": service}),
        csrf_config=CSRFConfig(
            secret=service.form_key(),
            cookie_name=f"{COOKIE}-form",
            cookie_httponly=True,
            cookie_samesite="lax",
        ),
        allowed_hosts=AllowedHostsConfig(allowed_hosts=list(hosts)) if hosts else None,
        before_send=[_add_headers],
        exception_handlers={
            NotLoggedIn: lambda *_: Redirect("/login", status_code=303),
            HTTPException: _refused_by_web,
            OSError: _disk_trouble,
            OperationalError: _database_trouble,
            Exception: _mistake,
            **dict.fromkeys(REFUSALS, _refused_by_service),
        },
        openapi_config=None,
        logging_config=None,
        request_max_body_size=wire.LARGEST_SESSION_BYTES,
    )


async def _admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    who = handler.opt.get("who")
    if who == ANYONE:
        return
    service: Service = connection.app.state.service
    if who == THERAPIST:
        account = await anyio.to_thread.run_sync(service.accounts.who, connection.cookies.get(COOKIE, ""))
        if account is None:
            raise NotLoggedIn
        connection.scope["user"] = account
    elif who == DEVICE:
        _, _, token = connection.headers.get("Authorization", "").partition("Bearer ")
        device = await anyio.to_thread.run_sync(service.devices.who, token)
        if device is None:
            raise HTTPException(
                status_code=401,
                detail="the clinic does not know this device's token; enrol the device again (steadyreach enrol)",
            )
        connection.scope["user"] = device
    else:
        raise HTTPException(status_code=403, detail="nobody may use this address")


async def _add_headers(message: Message, scope: Scope) -> None:
    if message["type"] == "http.response.start":
        static = scope["path"].startswith("/static/")
        caching = "max-age=3600" if static else "no-store"
        headers = HEADERS | {"Cache-Control": caching}
        message["headers"] = [
            *message["headers"],
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ]


@get("/health", opt={"who": ANYONE}, sync_to_thread=True)
def health(state: State) -> dict[str, str]:
    """Whether the server can work."""
    return {"status": "ok" if state.service.healthy() else "ill"}


@get("/static/{name:str}", opt={"who": ANYONE}, sync_to_thread=True)
def static(name: FromPath[str]) -> File:
    """The style sheet, the mark and the two fonts; nothing else is a file."""
    if name == STYLE.name:
        return _file(STYLE, "text/css")
    if name == MARK.name:
        return _file(MARK, "image/svg+xml")
    if name in FONTS:
        return _file(FONTS[name], "font/ttf")
    raise HTTPException(status_code=404, detail=f"there is no file {name!r} here")


@get("/login", opt={"who": ANYONE}, sync_to_thread=False)
def login_page(request: Visitor) -> Response[str]:
    """The form."""
    return _page(request, "login.html", problem="", login="")


@post("/login", opt={"who": ANYONE}, sync_to_thread=True)
def log_in(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Check name and password; then a cookie that no script can read."""
    login = data.get("login", "").strip()
    address = request.client.host if request.client else ""
    try:
        token = state.service.accounts.log_in(login, data.get("password", ""), address)
    except LoginRefused as reason:
        response = _page(request, "login.html", problem=str(reason), login=login)
        response.status_code = 429 if reason.wait_s else 403
        if reason.wait_s:
            response.headers["Retry-After"] = str(reason.wait_s)
        return response
    secure = request.url.scheme == "https"
    cookie = Cookie(key=COOKIE, value=token, httponly=True, samesite="lax", secure=secure, path="/")
    return Redirect("/", status_code=303, cookies=[cookie])


@post("/logout", opt={"who": THERAPIST}, sync_to_thread=True)
def log_out(request: Visitor, state: State) -> Redirect:
    """End the login here and on the server."""
    state.service.accounts.log_out(request.cookies.get(COOKIE, ""))
    return Redirect("/login", status_code=303, cookies=[Cookie(key=COOKIE, value="", max_age=0)])


@get("/", opt={"who": THERAPIST}, sync_to_thread=True)
def patients(request: Visitor, state: State) -> Response[str]:
    """Everyone who has played."""
    return _page(request, "patients.html", patients=state.service.archive.patients())


@get("/patients/{pseudonym:str}", opt={"who": THERAPIST}, sync_to_thread=True)
def patient(request: Visitor, state: State, pseudonym: FromPath[str]) -> Response[str]:
    """One patient and their sessions."""
    archive = state.service.archive
    return _page(request, "patient.html", patient=archive.patient(pseudonym), sessions=archive.sessions(pseudonym))


@get("/sessions/{session_id:str}", opt={"who": THERAPIST}, sync_to_thread=True)
def session(
    request: Visitor,
    state: State,
    session_id: FromPath[str],
    block: FromQuery[int | None] = None,
    trial: FromQuery[int | None] = None,
) -> Response[str]:
    """One session; `block` and `trial` choose the trial to look at closely."""
    archive = state.service.archive
    record = archive.session(session_id)
    return _page(
        request,
        "session.html",
        sheet=sheet(record, block, trial),
        patient=archive.patient(record.patient),
        arrival=archive.arrival(session_id),
    )


@get("/sessions/{session_id:str}/report", opt={"who": THERAPIST}, sync_to_thread=True)
def session_report(state: State, session_id: FromPath[str]) -> Response[str]:
    """The session as one file to keep."""
    record = state.service.archive.session(session_id)
    known = state.service.archive.patient(record.patient)
    disposition = f"attachment; filename*=UTF-8''{quote(f'steadyreach {session_id}.html')}"
    content = report(record, name=known.name, about=known.about)
    return Response(content, media_type="text/html", headers={"Content-Disposition": disposition})


@post(wire.ENROL, opt={"who": ANYONE, "exclude_from_csrf": True}, sync_to_thread=True, status_code=200)
def enrol(state: State, body: RawBody) -> wire.Token:
    """Exchange a one-time code for a device's token."""
    try:
        asked = msgspec.json.decode(body, type=wire.Enrolment)
    except msgspec.DecodeError as reason:
        raise HTTPException(status_code=422, detail=f"not an enrolment: {reason}") from None
    return wire.Token(state.service.devices.enrol(asked.code, asked.device))


@get(wire.RECORDINGS + "/{sha256:str}", opt=BY_DEVICE, sync_to_thread=True)
def recording_progress(request: DeviceRequest, state: State, sha256: FromPath[str]) -> wire.Progress:
    """How much of a recording is here."""
    progress: wire.Progress = state.service.recordings.progress(request.user.id, _hash(sha256))
    return progress


@patch(wire.RECORDINGS + "/{sha256:str}", opt=BY_DEVICE, sync_to_thread=True)
def recording_piece(request: DeviceRequest, state: State, sha256: FromPath[str], body: RawBody) -> wire.Progress:
    """A piece of a recording, taken only where the last one ended; the answer says where that is."""
    _check_digest(request, body)
    offset, length = (_whole_number(request, name) for name in ("Upload-Offset", "Upload-Length"))
    if length > wire.LARGEST_RECORDING_BYTES or offset + len(body) > length:
        raise HTTPException(
            status_code=413,
            detail=f"{len(body)} bytes at {offset} of {length} do not fit; "
            f"a recording has at most {wire.LARGEST_RECORDING_BYTES} bytes",
        )
    progress: wire.Progress = state.service.recordings.append(request.user.id, _hash(sha256), offset, length, body)
    return progress


@put(wire.SESSIONS + "/{session_id:str}", opt=BY_DEVICE, sync_to_thread=True)
def take_session(request: DeviceRequest, state: State, session_id: FromPath[str], body: RawBody) -> wire.Receipt:
    """A session, taken once however often it comes."""
    _check_digest(request, body)
    receipt: wire.Receipt = state.service.archive.take(request.user.id, session_id, body)
    return receipt


ROUTES = [
    health,
    static,
    login_page,
    log_in,
    log_out,
    patients,
    patient,
    session,
    session_report,
    enrol,
    recording_progress,
    recording_piece,
    take_session,
]


def _page(request: Visitor, template: str, **values: Any) -> Response[str]:
    form_token = csrf_token({"request": request})
    content = render(template, account=request.scope.get("user"), form_token=form_token, **values)
    return Response(content, media_type="text/html")


def _file(path: Path, kind: str) -> File:
    return File(path, media_type=kind, content_disposition_type="inline")


def _hash(sha256: str) -> str:
    if len(sha256) != 64 or set(sha256) - set("0123456789abcdef"):
        raise HTTPException(status_code=422, detail="a recording is named by its SHA-256, 64 hexadecimal digits")
    return sha256


def _whole_number(request: DeviceRequest, header: str) -> int:
    value = request.headers.get(header, "")
    if not value.isdigit():
        raise HTTPException(status_code=422, detail=f"{header}: {value!r} must be a whole number of bytes")
    return int(value)


def _check_digest(request: DeviceRequest, body: bytes) -> None:
    if request.headers.get("Content-Digest") != wire.content_digest(body):
        raise HTTPException(
            status_code=400,
            detail="the body is not the one that Content-Digest names: it was cut or changed on the way",
        )


def _refused_by_service(request: Request[Any, Any, Any], reason: Exception) -> Response[Any]:
    status, code = next(known for kind, known in REFUSALS.items() if isinstance(reason, kind))
    return _refusal(request, status, code, str(reason))


def _refused_by_web(request: Request[Any, Any, Any], reason: HTTPException) -> Response[Any]:
    detail = reason.detail
    if detail.startswith("CSRF"):
        detail = "this form is out of date or from another page; go back, load the page again and repeat"
    return _refusal(request, reason.status_code, "refused", detail)


def _disk_trouble(request: Request[Any, Any, Any], reason: OSError) -> Response[Any]:
    detail = f"the clinic's server cannot write ({reason.strerror}); nothing is lost, try again later"
    return _refusal(request, 507, "cannot write", detail)


def _database_trouble(request: Request[Any, Any, Any], reason: OperationalError) -> Response[Any]:
    _LOG.error("%s %s: %s", request.method, request.url.path, reason.orig)
    detail = "the clinic's database cannot be used now; nothing is lost, try again later"
    return _refusal(request, 503, "database", detail)


def _mistake(request: Request[Any, Any, Any], reason: Exception) -> Response[Any]:
    _LOG.error("%s %s", request.method, request.url.path, exc_info=reason)
    return _refusal(request, 500, "mistake", "the server made a mistake, which is written in its log; nothing is lost")


def _refusal(request: Request[Any, Any, Any], status: int, code: str, detail: str) -> Response[Any]:
    if request.url.path.startswith("/device/"):
        return Response(wire.Problem(code, detail), status_code=status)
    page = _page(request, "problem.html", status=status, detail=detail)
    page.status_code = status
    return page
