"""The list of patients, and the files that a page needs."""

from pathlib import Path

from litestar import Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import File

from server_sync.clinic.roles import Permission
from server_sync.page.render import FONTS, STATIC, STYLE, style_sheet
from server_sync.web import audited
from server_sync.web.access import ANYONE, Visitor
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


ROUTES = [static, patients]


def _file(path: Path, kind: str) -> File:
    return File(path, media_type=kind, content_disposition_type="inline")
