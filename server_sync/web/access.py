"""Who may use an address: what each route declares, and nobody else.

`opt={"may": X}` names ANYONE, a DEVICE whose request is whole and signed, another SYSTEM with what its token has to be
for (`scope`), or the Permission that the role of who is logged in has to have.
"""

from base64 import b64decode
from collections.abc import AsyncGenerator
from typing import Any

import anyio
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie, State
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from server_sync import wire
from server_sync.clinic.devices import KnownDevice
from server_sync.clinic.roles import STAFF, Permission, may
from server_sync.clinic.service import Service
from server_sync.clinic.version import SOFTWARE
from server_sync.clinic.visits import Who
from server_sync.fhir.search import SEARCHES
from server_sync.page.language import speak
from server_sync.web.kept import NOTHING, Kept
from server_sync.web.rates import Rates

COOKIE = "steadyreach"
ANYONE, DEVICE, SYSTEM = "anyone", "device", "system"
BEFORE_SECOND_FACTOR = "before_second_factor"
"""In `opt`: staff who must have a second factor may use this address before they have set it up."""
BY_DEVICE = {"may": DEVICE, "exclude_from_csrf": True}
KEEPS_TEXT = "keeps_text"
"""In `opt`: where the login of who sends this form has ended, its text is not lost."""
UPLOADING = {**BY_DEVICE, "rate": "uploads"}
MOST_QUESTIONS, MOST_PIECES, WITHIN_S = 120, 2400, 60.0
"""Requests of one device a minute: a month's sessions come in two, a recording in pieces of up to a megabyte."""
MOST_SEARCHES, WRONG_ASSERTIONS = 600, 30
"""Requests of another system a minute, and proofs of who it is that did not hold, from one address."""

Visitor = Request[Who, Any, State]
DeviceRequest = Request[KnownDevice, Any, State]
Connection = ASGIConnection[Any, Any, Any, Any]

_NOTHING = wire.content_digest(b"")


def new_rates() -> dict[str, Rates]:
    """Full buckets for each kind of request of a device, or of another system."""
    most = {"questions": MOST_QUESTIONS, "uploads": MOST_PIECES, "systems": MOST_SEARCHES}
    most["assertions"] = WRONG_ASSERTIONS
    return {kind: Rates(each, WITHIN_S) for kind, each in most.items()}


class NotLoggedIn(Exception):
    """Nobody is logged in, or no longer, or not wholly; `to` is the address at which that goes on.

    `kept` is what they wrote and could not send.
    """

    def __init__(self, to: str = "/login", kept: Kept = NOTHING) -> None:
        """Keep where to go."""
        super().__init__(to)
        self.to, self.kept = to, kept


class Damaged(ValueError):
    """A request was cut or changed on the way, or is not signed by the device that it names; sent again it may work."""


class NotUnderstood(Exception):
    """Device and server are too many versions apart; the message says which one is older."""


async def admit(connection: Connection, handler: BaseRouteHandler) -> None:
    """Refuse who may not use an address; one that declares nobody is for nobody."""
    declared = handler.opt.get("may")
    if isinstance(declared, Permission):
        try:
            await _admit_account(connection, declared, handler.opt.get(BEFORE_SECOND_FACTOR, False))
        except NotLoggedIn as reason:
            if handler.opt.get(KEEPS_TEXT) and isinstance(connection, Request):
                text = (await connection.form()).get("text", "")
                if isinstance(text, str):  # and not a file
                    raise NotLoggedIn(reason.to, Kept(connection.path_params["patient_id"], text)) from None
            raise
    elif declared == DEVICE:
        await _admit_device(connection, handler.opt.get("rate", "questions"))
    elif declared == SYSTEM:
        await _admit_system(connection, handler.opt["scope"])
    elif declared != ANYONE:
        raise HTTPException(status_code=403, detail="nobody may use this address")


def cookie_name(state: State) -> str:
    """What the cookie of a login is called; over TLS a browser takes a `__Host-` cookie from nobody but this server."""
    return f"__Host-{COOKIE}" if state.https else COOKIE


def login_cookie(state: State, token: str) -> Cookie:
    """The cookie of a login, which no script and no other site's form can read; an empty token takes it away."""
    age = None if token else 0
    name, secure = cookie_name(state), bool(state.https)
    return Cookie(key=name, value=token, max_age=age, httponly=True, samesite="lax", secure=secure, path="/")


def shown_token(connection: Connection) -> str:
    """The secret of the login that a browser shows, "" for none."""
    return connection.cookies.get(cookie_name(connection.app.state), "")


async def whole_body(request: Request[Any, Any, Any]) -> AsyncGenerator[bytes, None]:
    """The body of a request, as the digest in its headers names it; raises Damaged.

    Only a few at once go on from here, so that pages never wait behind a hundred devices for a thread.
    """
    body = await request.body()
    if request.headers.get(wire.DIGEST) != wire.content_digest(body):
        raise Damaged("the body is not the one that Content-Digest names: it was cut or changed on the way")
    async with request.app.state.deliveries:
        yield body


async def _admit_account(connection: Connection, permission: Permission, before_second_factor: bool) -> None:
    state = connection.app.state
    who = await anyio.to_thread.run_sync(state.service.visits.who, shown_token(connection))
    if who is None:
        raise NotLoggedIn
    if who.password_alone:
        raise NotLoggedIn("/login/code")
    connection.scope["user"] = who
    speak(who.preferred.language)
    if state.second_factor_required and who.role in STAFF and not who.second_factor and not before_second_factor:
        raise NotLoggedIn("/account/second-factor")
    if not may(who.role, permission):
        raise HTTPException(status_code=403, detail=f"you may not {permission}")


async def _admit_device(connection: Connection, rate: str) -> None:
    service: Service = connection.app.state.service
    headers = connection.headers
    check_version(headers.get(wire.VERSION, "1"))
    _, _, token = headers.get("Authorization", "").partition("Bearer ")
    async with connection.app.state.deliveries:
        device = await anyio.to_thread.run_sync(service.devices.who, token)
    if device is None or not device.signing_key:
        raise HTTPException(
            status_code=401,
            detail="the clinic does not know this device's token; enrol the device again (steadyreach enrol)",
        )
    connection.scope["user"] = device
    connection.app.state.rates[rate].spend(device.id)
    scope: Any = connection.scope
    path, query = scope["raw_path"], scope["query_string"]
    address = (path + b"?" + query if query else path).decode("ascii", "replace")
    _check_signature(device, wire.to_sign(scope["method"], address, headers), headers)
    if device.token_is_new:
        await anyio.to_thread.run_sync(service.devices.settle, token)
    if scope["method"] in ("GET", "HEAD", "DELETE") and headers.get(wire.DIGEST) != _NOTHING:
        raise Damaged("a request without a body must name the digest of nothing")


async def _admit_system(connection: Connection, letter: str) -> None:
    """Let in a system whose token says that it may do this with the type of resource that the address names."""
    service: Service = connection.app.state.service
    scheme, _, token = connection.headers.get("Authorization", "").partition(" ")
    token = token if scheme.lower() == "bearer" else ""
    system = await anyio.to_thread.run_sync(service.systems.who, token)
    if system is None:
        known = {"WWW-Authenticate": 'Bearer realm="fhir"'}
        raise HTTPException(status_code=401, detail="show an access token that holds", headers=known)
    connection.scope["user"] = system
    connection.app.state.rates["systems"].spend(system.id)
    kind = connection.path_params["kind"]
    if kind not in SEARCHES:
        raise HTTPException(status_code=404, detail="resources of this type are not served here")
    if (kind, letter) not in system.scopes:
        raise HTTPException(status_code=403, detail=f"system/{kind}.{letter} is not in the scope of this token")


def check_version(said: str) -> None:
    """Whether the other side's version of the protocol is near enough; raises NotUnderstood, or Damaged."""
    if not (said.isascii() and said.isdigit() and len(said) < 5):
        raise Damaged(f"{wire.VERSION} must be a number, and is {said[:20]!r}")
    if not wire.understood(int(said)):
        older, newer = ("device", "clinic's server") if int(said) < wire.PROTOCOL else ("clinic's server", "device")
        raise NotUnderstood(
            f"the {older} is too old for the {newer}: update the {older} (the device speaks version {said} of the "
            f"protocol, the server {wire.PROTOCOL}, {SOFTWARE}); nothing is lost"
        )


def _check_signature(device: KnownDevice, signed: bytes, headers: Any) -> None:
    try:
        signature = b64decode(headers.get(wire.SIGNATURE, ""), validate=True)
    except ValueError:
        signature = b""
    if not device.has_signed(signed, signature):
        raise Damaged("the request was damaged on the way, or is not signed with the key of this device")
