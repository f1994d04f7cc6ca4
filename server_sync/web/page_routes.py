"""What therapists see: patients, sessions and reports; and the files that a page needs."""

from pathlib import Path
from urllib.parse import quote

from litestar import Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery
from litestar.response import File

from server_sync.clinic.export_choice import KINDS
from server_sync.clinic.roles import Permission
from server_sync.page.render import FONTS, STATIC, STYLE, style_sheet
from server_sync.page.report import report
from server_sync.page.sheet import sheet
from server_sync.page.trust import clock_doubts
from server_sync.web import audited
from server_sync.web.access import ANYONE, Visitor
from server_sync.web.letter_routes import told_of
from server_sync.web.pages import page

KINDS_OF_FILES = {".svg": "image/svg+xml", ".js": "text/javascript"}
READING = {"may": Permission.READ_PATIENTS}


@get("/static/{name:str}", opt={"may": ANYONE}, sync_to_thread=True)
def static(name: FromPath[str]) -> Response[str] | File:
    """The style sheet, the mark, our own scripts and the two fonts; nothing else is a file."""
    if name == STYLE:
        return Response(style_sheet(), media_type="text/css")
    if name in FONTS:
        return _file(FONTS[name], "font/ttf")
    if name in {path.name for path in STATIC.iterdir() if path.is_file()}:
        return _file(STATIC / name, KINDS_OF_FILES[Path(name).suffix])
    raise HTTPException(status_code=404, detail=f"there is no file {name!r} here")


@get("/patients", opt=READING, sync_to_thread=True)
def patients(request: Visitor, state: State) -> Response[str]:
    """Everyone: who played last first, then who never did."""
    audited.read(request, "list patients")
    return page(request, "patients.html", patients=state.service.archive.patients())


@get("/patients/{patient_id:str}", opt=READING, sync_to_thread=True)
def patient(request: Visitor, state: State, patient_id: FromPath[str]) -> Response[str]:
    """One patient and their sessions."""
    archive = state.service.archive
    shown, sessions = archive.patient(patient_id), archive.sessions(patient_id)
    letters = told_of(state.service, patient_id)
    audited.read(request, "read a patient", patient_id)
    return page(request, "patient.html", patient=shown, sessions=sessions, letters=letters, kinds=KINDS)


@get("/sessions/{session_id:str}", opt=READING, sync_to_thread=True)
def session(
    request: Visitor,
    state: State,
    session_id: FromPath[str],
    block: FromQuery[int | None] = None,
    trial: FromQuery[int | None] = None,
) -> Response[str]:
    """One session; `block` and `trial` choose the trial to look at closely."""
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
        kinds=KINDS,
    )


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


ROUTES = [static, patients, patient, session, session_report]


def _file(path: Path, kind: str) -> File:
    return File(path, media_type=kind, content_disposition_type="inline")
