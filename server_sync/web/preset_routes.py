"""Presets as a therapist reads them, before they prescribe one."""

from litestar import Response, get
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery

from server_sync.clinic.roles import Permission
from server_sync.page.preset_sheet import beside, chapters
from server_sync.web.access import Visitor
from server_sync.web.pages import page

PRESCRIBING = {"may": Permission.PRESCRIBE}


@get("/presets", opt=PRESCRIBING, sync_to_thread=True)
def presets(request: Visitor) -> Response[str]:
    """All of them."""
    return page(request, "presets.html", chapters=chapters())


@get("/presets/{preset:str}", opt=PRESCRIBING, sync_to_thread=True)
def one(request: Visitor, preset: FromPath[str], other: FromQuery[str] = "") -> Response[str]:
    """One of them, beside another."""
    try:
        shown = beside(preset, other)
    except LookupError as reason:
        raise HTTPException(status_code=404, detail=str(reason)) from None
    return page(request, "preset.html", shown=shown)


ROUTES = [presets, one]
