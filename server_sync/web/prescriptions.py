"""Prescriptions over the web: a device fetches what holds for its patients, a therapist writes the next version.

The ETag of a version is its hash. Who writes shows the one they saw, so that nobody writes over what they never read.
A device asks by a pseudonym, which is in what it sends: addresses are logged by whatever lies between.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, RawBody

from engine.prescription import Message, Sent, draft_for
from engine.records import RecordUnreadable, from_json
from server_sync import wire
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.prescriptions import Changed, NothingPrescribed, Prescriptions, Version
from server_sync.clinic.roles import Permission
from server_sync.web import audited
from server_sync.web.access import BY_DEVICE, DeviceRequest, Visitor, whole_body
from server_sync.web.device_routes import answer, decoded

READING, PRESCRIBING = {"may": Permission.READ_PATIENTS}, {"may": Permission.PRESCRIBE}
LARGEST_BYTES = 1024 * 1024
OF_PATIENT = "/patients/{patient_id:str}/prescription"


@get(wire.PRESCRIPTIONS, opt=BY_DEVICE, sync_to_thread=True)
def listed(
    request: DeviceRequest,
    state: State,
    content: NamedDependency[bytes],  # noqa: ARG001 (its turn)
) -> Response[bytes]:
    """Which version holds for each patient of a device."""
    device = request.user
    return answer(wire.Prescriptions(current=_prescriptions(state).of_device(device.id, device.patients)))


@post(wire.PRESCRIPTIONS, opt=BY_DEVICE, sync_to_thread=True, status_code=200)
def for_device(request: DeviceRequest, state: State, content: NamedDependency[bytes]) -> Response[bytes]:
    """What holds for one of a device's patients."""
    device, asked = request.user, decoded(content, wire.Whose)
    found = _prescriptions(state).for_device(device.id, device.patients, asked.patient)
    _note_read(request, state, found)
    return Response(found.shared, media_type="application/json", headers=_tag(found))


@get(OF_PATIENT, opt=READING, sync_to_thread=True)
def current(request: Visitor, state: State, patient_id: FromPath[str]) -> Response[bytes]:
    """What holds for a patient."""
    found = _prescriptions(state).current(_pseudonym(state, patient_id))
    _note_read(request, state, found)
    return _told(request, found)


@get(OF_PATIENT + "/{number:int}", opt=READING, sync_to_thread=True)
def one_version(request: Visitor, state: State, patient_id: FromPath[str], number: FromPath[int]) -> Response[bytes]:
    """One version of it."""
    found = _prescriptions(state).version(_pseudonym(state, patient_id), number)
    _note_read(request, state, found)
    return _told(request, found)


@put(OF_PATIENT, opt=PRESCRIBING, sync_to_thread=True, status_code=201, request_max_body_size=LARGEST_BYTES)
def save(request: Visitor, state: State, patient_id: FromPath[str], body: RawBody) -> Response[bytes]:
    """Write the next version, on top of the one that If-Match names; the first needs none."""
    pseudonym = _pseudonym(state, patient_id)
    draft = draft_for(pseudonym, from_json(body, Sent, "the prescription"))
    seen = request.headers.get("If-Match")
    if seen is None and (there := _now(state, pseudonym)) is not None:
        detail = "If-Match must name the ETag of the prescription that you saw, so that no other is written over"
        return _problem(428, "which one", detail, _tag(there))
    author, by = request.user.name, audited.actor(request)
    try:
        saved = _prescriptions(state).save(pseudonym, draft, author, _hashes(seen or "")[0], by)
    except Changed as reason:
        if reason.current:  # which is shown with what differs
            _note_read(request, state, reason.current)
        raise
    return Response(saved.content, status_code=201, media_type="application/json", headers=_tag(saved))


@post(OF_PATIENT + "/messages", opt=PRESCRIBING, sync_to_thread=True, status_code=201)
def tell(request: Visitor, state: State, patient_id: FromPath[str], body: RawBody) -> Response[bytes]:
    """Add a message to what holds, whatever it is."""
    pseudonym = _pseudonym(state, patient_id)
    message = from_json(body, Message, "the message")
    saved = _prescriptions(state).tell(pseudonym, message, request.user.name, audited.actor(request))
    return Response(saved.content, status_code=201, media_type="application/json", headers=_tag(saved))


def _prescriptions(state: State) -> Prescriptions:
    found: Prescriptions = state.service.prescriptions
    return found


def _pseudonym(state: State, patient_id: str) -> str:
    """What a patient is called in prescriptions; raises Unknown."""
    person: Person = state.service.patients.person(patient_id)
    return person.pseudonym


def _note_read(request: Request[Any, Any, State], state: State, version: Version) -> None:
    whose, number = version.prescription.patient, version.prescription.version
    audited.read(request, "read a prescription", state.service.patients.id_of(whose), f"version {number}")


def _now(state: State, pseudonym: str) -> Version | None:
    try:
        return _prescriptions(state).current(pseudonym)
    except NothingPrescribed:
        return None


def _told(request: Request[Any, Any, State], version: Version) -> Response[bytes]:
    """A version, or that it is the one that is known."""
    if version.sha256 in _hashes(request.headers.get("If-None-Match", "")):
        return Response(b"", status_code=304, headers=_tag(version))
    return Response(version.content, media_type="application/json", headers=_tag(version))


def _hashes(tags: str) -> list[str]:
    """The hashes of a list of ETags (RFC 9110, 8.8.3), one that is empty where there are none."""
    return [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]


def _tag(version: Version) -> dict[str, str]:
    return {"ETag": f'"{version.sha256}"'}


def _problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: object
) -> Response[bytes]:
    content = msgspec.json.encode({"code": code, "detail": detail, **more})
    return Response(content, status_code=status, media_type="application/json", headers=dict(headers or {}))


def _changed(_: Request[Any, Any, Any], reason: Changed) -> Response[bytes]:
    there = reason.current
    return _problem(
        412, "changed", str(reason), _tag(there) if there else {}, differences=reason.differences,
        current=there.prescription if there else None,
    )  # fmt: skip


def _unreadable(_: Request[Any, Any, Any], reason: Exception) -> Response[bytes]:
    return _problem(422, "not a prescription", str(reason))


def _nothing(request: Request[Any, Any, Any], reason: Exception) -> Response[bytes]:
    if request.url.path.startswith("/device/"):
        return answer(wire.Problem(code="nothing prescribed", detail=str(reason)), 404)
    return _problem(404, "nothing prescribed", str(reason))


def _nobody(_: Request[Any, Any, Any], reason: Exception) -> Response[bytes]:
    return _problem(404, "unknown", str(reason))


ROUTES = [
    Router(
        "/",
        exception_handlers={
            Changed: _changed,
            RecordUnreadable: _unreadable,
            NothingPrescribed: _nothing,
            Unknown: _nobody,
        },
        dependencies={"content": Provide(whole_body)},
        route_handlers=[listed, for_device, current, one_version, save, tell],
    )
]
