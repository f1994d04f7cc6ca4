"""The list of patients, and the files that a page needs."""

import gzip
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from server_sync.clinic.roles import Permission
from server_sync.page.finding import found
from server_sync.page.render import FONTS, LARGER, STATIC, style_name, style_sheet
from server_sync.web import audited
from server_sync.web.access import ANYONE, Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

KINDS_OF_FILES = {".svg": "image/svg+xml", ".js": "text/javascript"}
PACKED_OR_NOT = {"Vary": "Accept-Encoding"}
AT_ONCE = 60
"""How many patients a page holds."""
STYLES = {style_name(letters): letters for letters in LARGER}
READING = {"may": Permission.READ_PATIENTS}


@get("/static/{name:str}", opt={"may": ANYONE}, sync_to_thread=True)
def static(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """The style sheet, the mark, our own scripts and the two fonts; nothing else is a file.

    They are packed, as pages are not: how small a page becomes would tell of what is secret in it.
    """
    content, kind = _file(name)
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return Response(content, media_type=kind, headers=PACKED_OR_NOT)
    return Response(gzip.compress(content), media_type=kind, headers={**PACKED_OR_NOT, "Content-Encoding": "gzip"})


@get("/patients", opt=READING, sync_to_thread=True)
def patients(request: Visitor, state: State, after: FromQuery[int] = 0) -> Response[str]:
    """Everyone: who played last first, then who never did; a page of them after so many."""
    audited.read(request, "list patients")
    everybody = state.service.archive.patients()
    until = max(0, after) + AT_ONCE
    more = until if until < len(everybody) else 0
    shown = everybody[max(0, after) : until]
    return page(request, "patients.html", patients=shown, count=len(everybody), more=more, wanted="")


@post("/patients", opt=READING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def find_patients(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Those whose name, condition or pseudonym begins so. It is a form, since names stay out of addresses."""
    audited.read(request, "list patients")
    wanted = " ".join(data.get("wanted", "").split())
    if not wanted:
        return Redirect("/patients", status_code=303)
    matching = found(state.service.archive.patients(), wanted)
    return page(request, "patients.html", patients=matching[:AT_ONCE], count=len(matching), more=0, wanted=wanted)


ROUTES = [Router("/", route_handlers=[static, patients, find_patients])]


def _file(name: str) -> tuple[bytes, str]:
    """What is in a file, and of what kind it is."""
    if name in STYLES:
        return style_sheet(STYLES[name]).encode(), "text/css"
    if name in FONTS:
        return FONTS[name].read_bytes(), "font/ttf"
    if name in {path.name for path in STATIC.iterdir() if path.is_file()}:
        return (STATIC / name).read_bytes(), KINDS_OF_FILES[Path(name).suffix]
    raise HTTPException(status_code=404, detail=f"there is no file {name!r} here")
