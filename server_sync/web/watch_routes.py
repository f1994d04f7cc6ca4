"""What a therapist watches: what became of a patient's measures, their sessions, and one of them closely."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery

from engine.prescription import Prescription
from engine.records import Session, TrialRecord
from server_sync.clinic.archive import SessionLine
from server_sync.clinic.ceilings import ceilings
from server_sync.clinic.export_choice import KINDS
from server_sync.clinic.prescriptions import written_in
from server_sync.clinic.replaying import GONE, NothingToReplay, replay_of
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.page.compare import side_by_side
from server_sync.page.language import _
from server_sync.page.overview import MOVES_SHOWN, chips, overview
from server_sync.page.report import report
from server_sync.page.sessions import AT_ONCE, rows
from server_sync.page.sheet import sheet
from server_sync.page.skeleton import WHY, Aim, aim_of, motion, skeleton
from server_sync.page.trust import clock_doubts
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import page

READING = {"may": Permission.READ_PATIENTS}


@get("/patients/{patient_id:str}", opt=READING, sync_to_thread=True)
def patient_overview(
    request: Visitor, state: State, patient_id: FromPath[str], of: FromQuery[str] = ""
) -> Response[str]:
    """What became of a patient; `of` is the measure to look at closely."""
    service: Service = state.service
    patient = service.archive.patient(patient_id)
    history = _history(service, patient.pseudonym)
    followed = service.gists.of(patient_id)
    shown = overview(followed, history, service.now().astimezone(service.contacts.zone()).date(), of)
    audited.read(request, "read a patient", patient_id)
    return page(
        request,
        "overview.html",
        patient=patient,
        shown=shown,
        moves_shown=MOVES_SHOWN,
        chips=chips(history, followed[-1].gist if followed else None),
        sessions=service.archive.sessions(patient_id),
    )


@get("/patients/{patient_id:str}/sessions", opt=READING, sync_to_thread=True)
def patient_sessions(
    request: Visitor, state: State, patient_id: FromPath[str], after: FromQuery[int] = 0
) -> Response[str]:
    """The sessions of a patient, the latest first, a page at a time: those after so many."""
    audited.read(request, "list a patient's sessions", patient_id)
    return _sessions(request, state.service, patient_id, after)


@get("/sessions/{session_id:str}", opt=READING, sync_to_thread=True)
def session(
    request: Visitor,
    state: State,
    session_id: FromPath[str],
    block: FromQuery[int | None] = None,
    trial: FromQuery[int | None] = None,
    t: FromQuery[float | None] = None,
) -> Response[str]:
    """One session; `block` and `trial` choose the trial to look at closely, and `t` a moment of it, in seconds."""
    archive = state.service.archive
    record, arrival = archive.session(session_id), archive.arrival(session_id)
    shown = sheet(record, block, trial)
    doubts = clock_doubts(arrival.clock_offset_s, arrival.clock_within_s)
    patient_id = state.service.patients.id_of(record.patient)
    audited.read(request, "read a session", patient_id, session_id)
    return page(
        request,
        "session.html",
        sheet=shown._replace(trust=(*shown.trust, *doubts)),
        patient=archive.patient(patient_id),
        arrival=arrival,
        around=_around(archive.sessions(patient_id), session_id),
        moment=None if t is None else _moment(state.service, record, block, trial, t),
        kinds=KINDS,
    )


@get("/patients/{patient_id:str}/compare", opt=READING, sync_to_thread=True)
def compare_sessions(
    request: Visitor, state: State, patient_id: FromPath[str], s: FromQuery[list[str] | None] = None
) -> Response[str]:
    """Two sessions of a patient side by side: the first two of `s`, the earlier one first."""
    service: Service = state.service
    patient = service.archive.patient(patient_id)
    found = [each for each in service.gists.of(patient_id) if each.session_id in (s or [])[:2]]
    audited.read(request, "compare sessions", patient_id, " ".join(each.session_id for each in found))
    if len(found) < 2:
        problem = _("Choose two sessions to look at them side by side.")
        return _sessions(request, service, patient_id, 0, problem)
    sheets = [sheet(service.archive.session(each.session_id)) for each in found]
    return page(request, "compare.html", patient=patient, sheets=sheets, shown=side_by_side(*found))


@get("/sessions/{session_id:str}/motion", opt=READING, sync_to_thread=True)
def trial_motion(
    request: Visitor, state: State, session_id: FromPath[str], block: FromQuery[int] = 0, trial: FromQuery[int] = 0
) -> Response[dict[str, Any]]:
    """The movement of one trial, for the script that plays it; or why there is none, in words."""
    record = state.service.archive.session(session_id)
    audited.read(request, "replay a trial", state.service.patients.id_of(record.patient), session_id)
    try:
        played = _trial(record, block, trial)
        return Response(motion(replay_of(state.service, record, played), _aim(record, played)))
    except NothingToReplay as reason:
        return Response({"why": _(WHY[str(reason)])}, status_code=409)


@get("/sessions/{session_id:str}/report", opt=READING, sync_to_thread=True)
def session_report(request: Visitor, state: State, session_id: FromPath[str]) -> Response[str]:
    """The session as one file to keep."""
    record = state.service.archive.session(session_id)
    patient_id = state.service.patients.id_of(record.patient)
    known = state.service.archive.patient(patient_id)
    disposition = f"attachment; filename*=UTF-8''{quote(f'steadyreach {session_id}.html')}"
    content = report(record, name=known.name, about=known.about)
    audited.read(request, "save a report", patient_id, session_id)
    return Response(content, media_type="text/html", headers={"Content-Disposition": disposition})


ROUTES = [patient_overview, patient_sessions, compare_sessions, session, trial_motion, session_report]


def _sessions(request: Visitor, service: Service, patient_id: str, after: int, problem: str = "") -> Response[str]:
    lines, gists = service.archive.sessions(patient_id), dict(service.gists.of(patient_id))
    until = max(0, after) + AT_ONCE
    return page(
        request,
        "sessions.html",
        422 if problem else 200,
        patient=service.archive.patient(patient_id),
        count=len(lines),
        rows=rows(lines[max(0, after) : until], gists),
        earlier=until if until < len(lines) else 0,
        problem=problem,
    )


class Moment(NamedTuple):
    """A moment of a trial: which, the figures (or why there are none)."""

    block: int
    trial: int
    t_s: float
    figures: str
    why: str


def _moment(service: Service, record: Session, block: int | None, trial: int | None, t_s: float) -> Moment:
    """What a body did at a moment."""
    place = block or 0, trial or 0, t_s
    try:
        played = _trial(record, *place[:2])
        return Moment(*place, skeleton(replay_of(service, record, played), t_s, _aim(record, played)), "")
    except NothingToReplay as reason:
        return Moment(*place, "", _(WHY[str(reason)]))


def _trial(record: Session, block: int, trial: int) -> TrialRecord:
    """A trial of a session; raises NothingToReplay where there is none."""
    trials = record.blocks[block].trials if 0 <= block < len(record.blocks) else ()
    found = next((each for each in trials if each.number == trial), None)
    if found is None:
        raise NothingToReplay(GONE)
    return found


def _aim(record: Session, trial: TrialRecord) -> Aim:
    movement = trial.request.movement if trial.request else ""
    held = [each.at_most for each in ceilings(record) if each.movement == movement]
    return aim_of(trial, min(held, default=None))


def _around(sessions: Sequence[SessionLine], session_id: str) -> tuple[str | None, str | None]:
    """The ids of the sessions before and after one, of those that come the latest first."""
    at = next(number for number, line in enumerate(sessions) if line.id == session_id)
    before = sessions[at + 1].id if at + 1 < len(sessions) else None
    return before, sessions[at - 1].id if at else None


def _history(service: Service, pseudonym: str) -> list[Prescription]:
    """What was prescribed, by the clinic's time."""
    versions = written_in(service.contacts.zone(), service.prescriptions.history(pseudonym))
    return [version.prescription for version in versions]
