"""Exports on the web, each a ZIP: of a patient or a session for therapists, of who agreed to it for researchers."""

import os
from collections.abc import Iterator, Mapping
from threading import Lock
from typing import IO, Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Stream

from server_sync.clinic.consents import MEASURES, MOTION
from server_sync.clinic.export_choice import KINDS, TRIALS, Choice, NotExported, Which
from server_sync.clinic.exports import Exports
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page
from server_sync.web.rates import TooMany

READING, RESEARCHING = {"may": Permission.READ_PATIENTS}, {"may": Permission.EXPORT_RESEARCH}
MOST_SESSIONS, MOST_RECORDINGS = 10_000, 100
"""More take longer than a browser waits."""
ANOTHER_TAKES_S = 60.0
NO_VALUES = {"study": "", "kind": TRIALS, "games": "", "least_sessions": "1"}
"""There are no days: who could choose by true ones would find out by how much dates are set back."""
_PIECE_BYTES = 1 << 18


@get("/patients/{patient_id:str}/export/{kind:str}", opt=READING, sync_to_thread=True)
def export_patient(request: Visitor, state: State, patient_id: FromPath[str], kind: FromPath[str]) -> Stream:
    """All sessions of a patient."""
    return _for_clinic(request, state, Which(patient=patient_id), kind)


@get("/sessions/{session_id:str}/export/{kind:str}", opt=READING, sync_to_thread=True)
def export_session(request: Visitor, state: State, session_id: FromPath[str], kind: FromPath[str]) -> Stream:
    """One session."""
    return _for_clinic(request, state, Which(sessions=(session_id,)), kind)


@get("/research", opt=RESEARCHING, sync_to_thread=True)
def research(request: Visitor, state: State) -> Response[str]:
    """How many agreed to what, and a form for an export."""
    audited.read(request, "count consents to research")
    return _research(request, state)


@post("/research/export", opt=RESEARCHING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def export_for_research(request: Visitor, state: State, data: Form) -> Response[Any] | Stream:
    """What a study is given."""
    given = {name: data.get(name, usual).strip() for name, usual in NO_VALUES.items()}
    try:
        which = Which(games=tuple(given["games"].split()), least_sessions=_number(given["least_sessions"]))
        if not given["study"]:
            raise NotExported("a study needs a name: its codes go with it")
        exports: Exports = state.exports
        return _sent(request, state, exports.choose(which, given["kind"], given["study"]))
    except NotExported as reason:
        return _research(request, state, status=422, problem=str(reason), given=given)


ROUTES = [export_patient, export_session, research, export_for_research]


def _research(
    request: Visitor, state: State, status: int = 200, problem: str = "", given: Mapping[str, str] = NO_VALUES
) -> Response[str]:
    service: Service = state.service
    agreed = {kind: len(service.consents.who(kind)) for kind in (MEASURES, MOTION)}
    return page(request, "research.html", status, agreed=agreed, kinds=KINDS, problem=problem, given=given)


def _for_clinic(request: Visitor, state: State, which: Which, kind: str) -> Stream:
    if kind not in KINDS:
        raise HTTPException(status_code=404, detail=f"there is no export {kind[:40]!r}")
    exports: Exports = state.exports
    try:
        return _sent(request, state, exports.choose(which, kind))
    except NotExported as reason:
        raise HTTPException(status_code=422, detail=str(reason)) from None


def _sent(request: Visitor, state: State, choice: Choice) -> Stream:
    """An export as a ZIP, made whole before the first byte is sent; each process makes one at a time."""
    most = MOST_SESSIONS if choice.kind == TRIALS else MOST_RECORDINGS
    if choice.sessions > most:
        raise NotExported(f"{choice.sessions} sessions are more than {most}: use steadyreach export at the clinic")
    exporting: Lock = state.exporting
    if not exporting.acquire(blocking=False):
        raise TooMany(ANOTHER_TAKES_S)
    try:
        file = state.exports.zipped(choice, audited.actor(request))
    finally:
        exporting.release()
    name = f"steadyreach-{choice.study or 'export'}-{choice.kind}.zip"
    size = os.fstat(file.fileno()).st_size
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return Stream(_pieces(file), status_code=200, media_type="application/zip", headers=headers)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE_BYTES):
            yield piece


def _number(said: str) -> int:
    if not (said.isascii() and said.isdigit() and len(said) < 6 and int(said) > 0):
        raise NotExported(f"the least number of sessions must be 1 to 99999, not {said[:20]!r}")
    return int(said)
