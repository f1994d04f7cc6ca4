"""What therapists see: the pages, the way in, and the files that a page needs."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.datastructures import Cookie, State
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery, URLEncodedBody
from litestar.response import File, Redirect
from litestar.template.base import csrf_token

from server_sync.clinic.accounts import LoginRefused
from server_sync.page.render import FONTS, MARK, STYLE, render
from server_sync.page.report import report
from server_sync.page.sheet import sheet
from server_sync.page.trust import clock_doubts
from server_sync.web.access import ANYONE, COOKIE, THERAPIST, Visitor

Form = URLEncodedBody[dict[str, str]]


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
    return page(request, "login.html", problem="", login="")


@post("/login", opt={"who": ANYONE}, sync_to_thread=True)
def log_in(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Check name and password; then a cookie that no script can read."""
    login = data.get("login", "").strip()
    address = request.client.host if request.client else ""
    try:
        token = state.service.accounts.log_in(login, data.get("password", ""), address)
    except LoginRefused as reason:
        response = page(request, "login.html", problem=str(reason), login=login)
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
    return page(request, "patients.html", patients=state.service.archive.patients())


@get("/patients/{pseudonym:str}", opt={"who": THERAPIST}, sync_to_thread=True)
def patient(request: Visitor, state: State, pseudonym: FromPath[str]) -> Response[str]:
    """One patient and their sessions."""
    archive = state.service.archive
    return page(request, "patient.html", patient=archive.patient(pseudonym), sessions=archive.sessions(pseudonym))


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
    record, arrival = archive.session(session_id), archive.arrival(session_id)
    shown = sheet(record, block, trial)
    doubts = clock_doubts(arrival.clock_offset_s, arrival.clock_within_s)
    return page(
        request,
        "session.html",
        sheet=shown._replace(trust=(*shown.trust, *doubts)),
        patient=archive.patient(record.patient),
        arrival=arrival,
    )


@get("/sessions/{session_id:str}/report", opt={"who": THERAPIST}, sync_to_thread=True)
def session_report(state: State, session_id: FromPath[str]) -> Response[str]:
    """The session as one file to keep."""
    record = state.service.archive.session(session_id)
    known = state.service.archive.patient(record.patient)
    disposition = f"attachment; filename*=UTF-8''{quote(f'steadyreach {session_id}.html')}"
    content = report(record, name=known.name, about=known.about)
    return Response(content, media_type="text/html", headers={"Content-Disposition": disposition})


ROUTES = [static, login_page, log_in, log_out, patients, patient, session, session_report]


def page(request: Visitor, template: str, **values: Any) -> Response[str]:
    """A page with who is logged in, and the token that its forms send back."""
    form_token = csrf_token({"request": request})
    content = render(template, account=request.scope.get("user"), form_token=form_token, **values)
    return Response(content, media_type="text/html")


def _file(path: Path, kind: str) -> File:
    return File(path, media_type=kind, content_disposition_type="inline")
