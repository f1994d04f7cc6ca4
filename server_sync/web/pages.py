"""How a page is shown to whoever is logged in: with the places they may go to, and the token that its forms send."""

from collections.abc import Mapping
from datetime import UTC
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any, NamedTuple

from litestar import Request, Response
from litestar.params import URLEncodedBody
from litestar.template.base import csrf_token
from sqlalchemy.exc import SQLAlchemyError

from server_sync.clinic.brakes import NotProved
from server_sync.clinic.passwords import WeakPassword
from server_sync.clinic.roles import Permission, may
from server_sync.page.language import N_
from server_sync.page.render import render
from server_sync.web.access import Visitor

Form = URLEncodedBody[dict[str, str]]
LARGEST_FORM_BYTES = 64 * 1024
OWNED_BITS = 64


class Place(NamedTuple):
    """A page that the rail leads to, for who has a permission."""

    permission: Permission
    address: str
    title: str
    icon: str


PLACES = (
    Place(Permission.READ_PATIENTS, "/today", N_("Today"), "day"),
    Place(Permission.READ_PATIENTS, "/patients", N_("Patients"), "people"),
    Place(Permission.READ_LETTERS, "/messages", N_("Messages"), "letter"),
    Place(Permission.PRESCRIBE, "/presets", N_("Presets"), "sliders"),
    Place(Permission.READ_OWN, "/me", N_("My plan"), "plan"),
    Place(Permission.MANAGE_ACCOUNTS, "/accounts", N_("Accounts"), "key"),
    Place(Permission.READ_AUDIT, "/audit", N_("Audit"), "list"),
    Place(Permission.EXPORT_RESEARCH, "/research", N_("Research"), "list"),
    Place(Permission.SEE_CLINIC, "/clinic", N_("Clinic"), "house"),
)
WITHIN = {"/sessions": "/patients", "/drafts": "/today"}
"""Pages that belong to a place whose address does not begin theirs."""


def home(role: str) -> str:
    """The address of the page on which somebody in this role begins."""
    return next((place.address for place in _places(role)), "/account")


def page(request: Request[Any, Any, Any], template: str, status: int = 200, **values: Any) -> Response[str]:
    """A page with who is logged in, the clinic's time zone, and the token that its forms send back."""
    who = request.scope.get("user")
    role = getattr(who, "role", "")
    content = render(
        template,
        account=who if role else None,
        places=_places(role),
        waiting=_waiting(request, role),
        here=_place_of(request.url.path),
        zone=request.app.state.service.contacts.zone() if role else UTC,
        form_token=csrf_token({"request": request}),
        **values,
    )
    return Response(content, media_type="text/html", status_code=status)


def not_proved(request: Visitor, template: str, reason: NotProved, **values: Any) -> Response[str]:
    """A page whose form was refused, because what was shown did not fit, or was tried too often."""
    response = page(request, template, status=429 if reason.wait_s else 422, problem=str(reason), **values)
    if reason.wait_s:
        response.headers["Retry-After"] = str(reason.wait_s)
    return response


def chosen(data: Mapping[str, str]) -> str:
    """The new password of a form, typed twice; raises WeakPassword where it is not the same."""
    new = data.get("new", "")
    if new != data.get("again", ""):
        raise WeakPassword("the two passwords are not the same")
    return new


def address_of(request: Request[Any, Any, Any]) -> str:
    """Where a request comes from; of IPv6 the network of a connection (/64), in which its owner has all addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, OWNED_BITS), strict=False))


def _waiting(request: Request[Any, Any, Any], role: str) -> Mapping[str, int]:
    """How much waits to be looked at, by the address of its place."""
    if not may(role, Permission.READ_LETTERS):
        return {}
    try:
        return {"/messages": request.app.state.service.conversations.count_waiting()}
    except SQLAlchemyError:  # a page that says so must not fail for it
        return {}


def _place_of(path: str) -> str:
    """The address of the place that a page belongs to."""
    first = f"/{path.split('/')[1]}"
    return WITHIN.get(first, first)


def _places(role: str) -> tuple[Place, ...]:
    return tuple(place for place in PLACES if may(role, place.permission))
