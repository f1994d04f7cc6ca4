"""What devices ask: enrolment, recordings in pieces (draft-ietf-httpbis-resumable-upload), sessions in batches."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, Router, delete, get, head, patch, post, route
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from server_sync import wire
from server_sync.clinic.brakes import Limit, NotProved
from server_sync.clinic.packing import unpacked
from server_sync.clinic.uploads import LengthDiffers, Progress, Uploads
from server_sync.web.access import (
    ANYONE,
    BY_DEVICE,
    UPLOADING,
    DeviceRequest,
    check_version,
    whole_body,
)
from server_sync.web.pages import address_of
from server_sync.web.rates import TooMany

BY_STRANGER = {"may": ANYONE, "exclude_from_csrf": True}
UPLOAD_LIMIT = {"Upload-Limit": f"max-size={wire.LARGEST_RECORDING_BYTES}"}
LARGEST_UNPACKED_BATCH_BYTES = 2 * wire.LARGEST_SESSION_BYTES
PIECE = wire.LARGEST_PIECE_BYTES
YES, NO = "?1", "?0"
WRONG_CODES, WRONG_CODES_WITHIN = 10, timedelta(hours=1)
"""Codes that one address may try in vain: a code is guessed with 1 in 33 million in an hour of five tries."""

Content = NamedDependency[bytes]
M = TypeVar("M", bound=wire.Message)


class NotAMessage(ValueError):
    """A body or a header is not what belongs here; the reason names the place."""


@post(wire.ENROL, opt=BY_STRANGER, sync_to_thread=True, status_code=200)
def enrol(request: Request[Any, Any, State], state: State, content: Content) -> Response[bytes]:
    """Exchange a one-time code for a device's token."""
    check_version(request.headers.get(wire.VERSION, "1"))
    asked, service = decoded(content, wire.Enrolment), state.service
    try:
        tries = service.brakes.count(Limit(f"code from {address_of(request)}", WRONG_CODES, WRONG_CODES_WITHIN))
    except NotProved as reason:
        raise TooMany(reason.wait_s) from None
    enrolled = service.devices.enrol(asked)
    service.brakes.forgive(tries)
    return answer(enrolled)


@post(wire.TOKEN, opt=BY_DEVICE, sync_to_thread=True, status_code=200)
def new_token(request: DeviceRequest, state: State, content: Content) -> Response[bytes]:  # noqa: ARG001
    """Another token; the one before works until this one is shown."""
    return answer(wire.Token(token=state.service.devices.rotate(request.user.id)))


@get(wire.STATE, opt=BY_DEVICE, sync_to_thread=True)
def device_state(request: DeviceRequest, state: State) -> Response[bytes]:
    """Which of a device's sessions are accounted for."""
    return answer(state.service.archive.state(request.user.id))


@post(
    wire.SESSIONS,
    opt=BY_DEVICE,
    sync_to_thread=True,
    status_code=200,
    request_max_body_size=wire.LARGEST_SESSION_BYTES,
)
def take_sessions(request: DeviceRequest, state: State, content: Content) -> Response[bytes]:
    """Sessions, each taken once however often it comes."""
    packing = request.headers.get("Content-Encoding", "")
    if packing not in ("", "identity", "zstd"):
        raise NotAMessage(f"Content-Encoding {packing[:20]!r} must be zstd, or none")
    batch = decoded(unpacked(content, LARGEST_UNPACKED_BATCH_BYTES) if packing == "zstd" else content, wire.Batch)
    if max(len(batch.items), len(batch.lost)) > wire.MOST_ITEMS:
        raise NotAMessage(f"a batch holds at most {wire.MOST_ITEMS} sessions, not {len(batch.items)}")
    taken = answer(state.service.archive.take(request.user.id, batch))
    taken.background = BackgroundTask(state.service.glances.renew)
    return taken


@post(wire.UPLOADS, opt=UPLOADING, sync_to_thread=True, status_code=201, request_max_body_size=PIECE)
def begin_upload(request: DeviceRequest, state: State, content: Content) -> Response[bytes]:
    """Announce a recording by its hash and length; its first piece may come along."""
    uploads: Uploads = state.service.uploads
    sha256 = _announced_hash(request)
    progress = uploads.begin(request.user.id, sha256, _whole_number(request, wire.UPLOAD_LENGTH))
    if content and not progress.complete and progress.offset == 0:
        progress = uploads.append(request.user.id, sha256, 0, content)
    return Response(b"", status_code=201, headers={"Location": f"{wire.UPLOADS}/{sha256}", **upload_headers(progress)})


@head(wire.UPLOADS + "/{sha256:str}", opt=UPLOADING, sync_to_thread=True, status_code=204)
def upload_progress(request: DeviceRequest, state: State, sha256: FromPath[str]) -> Response[None]:
    """How much of a recording is here."""
    return Response(None, headers=upload_headers(state.service.uploads.progress(request.user.id, _hash(sha256))))


@patch(
    wire.UPLOADS + "/{sha256:str}",
    opt=UPLOADING,
    sync_to_thread=True,
    status_code=204,
    request_max_body_size=PIECE,
)
def add_piece(request: DeviceRequest, state: State, sha256: FromPath[str], content: Content) -> Response[None]:
    """A piece of a recording, taken only where the last one ended."""
    if request.headers.get("Content-Type") != wire.PARTIAL_UPLOAD:
        raise HTTPException(status_code=415, detail=f"a piece is of type {wire.PARTIAL_UPLOAD}")
    uploads: Uploads = state.service.uploads
    offset, last = _whole_number(request, wire.UPLOAD_OFFSET), request.headers.get(wire.UPLOAD_COMPLETE) == YES
    progress = uploads.append(request.user.id, _hash(sha256), offset, content)
    if last and not progress.complete:
        raise LengthDiffers(f"this was to be the last piece, and {progress.length - progress.offset} bytes are missing")
    return Response(None, headers=upload_headers(progress))


@delete(wire.UPLOADS + "/{sha256:str}", opt=UPLOADING, sync_to_thread=True, status_code=204)
def cancel_upload(request: DeviceRequest, state: State, sha256: FromPath[str]) -> None:
    """Drop what came of a recording that is not whole."""
    state.service.uploads.cancel(request.user.id, _hash(sha256))


@route(
    ["/device/recordings/{rest:path}", "/device/sessions/{rest:path}"],
    http_method=["GET", "PATCH", "PUT"],
    opt=BY_STRANGER,
    sync_to_thread=False,
)
def before_there_were_keys(rest: FromPath[str]) -> Response[Any]:  # noqa: ARG001 - whatever it is
    """What devices with version 0.1 ask: they have no key, and understand JSON."""
    detail = "this device's software is too old for the clinic's server: update it, then enrol the device again"
    return Response({"code": "refused", "detail": f"{detail}; nothing is lost"}, status_code=401)


ROUTES = [
    Router(
        "/",
        dependencies={"content": Provide(whole_body)},
        route_handlers=[
            *(enrol, new_token, device_state, take_sessions),
            *(begin_upload, upload_progress, add_piece, cancel_upload, before_there_were_keys),
        ],
    )
]


def answer(message: wire.Message, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """A message to a device."""
    content = msgspec.msgpack.encode(message)
    return Response(content, status_code=status, media_type=wire.MSGPACK, headers=dict(headers or {}))


def upload_headers(progress: Progress) -> dict[str, str]:
    """Where an upload stands, with every answer that is about one."""
    return {
        wire.UPLOAD_OFFSET: str(progress.offset),
        wire.UPLOAD_LENGTH: str(progress.length),
        wire.UPLOAD_COMPLETE: YES if progress.complete else NO,
        **UPLOAD_LIMIT,
    }


def decoded(content: bytes, kind: type[M]) -> M:
    """A message of a device; raises NotAMessage, and where its protocol is too far from this one."""
    try:
        message = msgspec.msgpack.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise NotAMessage(f"not a {kind.__name__}: {reason}") from None
    check_version(str(message.v))
    return message


def _hash(sha256: str) -> str:
    if not wire.SHA256.fullmatch(sha256):
        raise NotAMessage("a recording is named by its SHA-256, 64 hexadecimal digits")
    return sha256


def _announced_hash(request: DeviceRequest) -> str:
    said = request.headers.get(wire.REPR_DIGEST, "")
    try:
        digest = b64decode(said.removeprefix("sha-256=:").removesuffix(":"), validate=True)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise NotAMessage("Repr-Digest must be the recording's hash, as sha-256=:base64 of its 32 bytes:")
    return digest.hex()


def _whole_number(request: DeviceRequest, header: str) -> int:
    value = request.headers.get(header, "")
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise NotAMessage(f"{header}: {value[:20]!r} must be a whole number of bytes")
    return int(value)
