"""Who may use an address: anyone, a therapist who is logged in, or a device whose request is whole and signed."""

from base64 import b64decode
from collections.abc import AsyncGenerator
from typing import Any

import anyio
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from server_sync import wire
from server_sync.clinic.accounts import Who
from server_sync.clinic.devices import KnownDevice
from server_sync.clinic.service import Service
from server_sync.clinic.version import SOFTWARE
from server_sync.web.rates import Rates

COOKIE = "steadyreach"
ANYONE, THERAPIST, DEVICE = "anyone", "therapist", "device"
BY_DEVICE = {"who": DEVICE, "exclude_from_csrf": True}
UPLOADING = {**BY_DEVICE, "rate": "uploads"}
MOST_QUESTIONS, MOST_PIECES, WITHIN_S = 120, 2400, 60.0
"""Requests of one device a minute: a month's sessions come in two, a recording in pieces of up to a megabyte."""

Visitor = Request[Who, Any, State]
DeviceRequest = Request[KnownDevice, Any, State]
Connection = ASGIConnection[Any, Any, Any, Any]


_NOTHING = wire.content_digest(b"")


def new_rates() -> dict[str, Rates]:
    """Full buckets for each kind of request of a device."""
    return {"questions": Rates(MOST_QUESTIONS, WITHIN_S), "uploads": Rates(MOST_PIECES, WITHIN_S)}


class NotLoggedIn(Exception):
    """Nobody is logged in, or no longer."""


class Damaged(ValueError):
    """A request was cut or changed on the way, or is not signed by the device that it names; sent again it may work."""


class NotUnderstood(Exception):
    """Device and server are too many versions apart; the message says which one is older."""


async def admit(connection: Connection, handler: BaseRouteHandler) -> None:
    """Refuse who may not use an address; one that declares nobody is for nobody."""
    who = handler.opt.get("who")
    if who == THERAPIST:
        await _admit_therapist(connection)
    elif who == DEVICE:
        await _admit_device(connection, handler.opt.get("rate", "questions"))
    elif who != ANYONE:
        raise HTTPException(status_code=403, detail="nobody may use this address")


async def whole_body(request: Request[Any, Any, Any]) -> AsyncGenerator[bytes, None]:
    """The body of a request, as the digest in its headers names it; raises Damaged.

    Only a few at once go on from here, so that pages never wait behind a hundred devices for a thread.
    """
    body = await request.body()
    if request.headers.get(wire.DIGEST) != wire.content_digest(body):
        raise Damaged("the body is not the one that Content-Digest names: it was cut or changed on the way")
    async with request.app.state.deliveries:
        yield body


async def _admit_therapist(connection: Connection) -> None:
    service: Service = connection.app.state.service
    account = await anyio.to_thread.run_sync(service.accounts.who, connection.cookies.get(COOKIE, ""))
    if account is None:
        raise NotLoggedIn
    connection.scope["user"] = account


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
    if scope["method"] in ("GET", "HEAD", "DELETE") and headers.get(wire.DIGEST) != _NOTHING:
        raise Damaged("a request without a body must name the digest of nothing")


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
