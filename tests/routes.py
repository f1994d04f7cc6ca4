"""Every address of the clinic's web, and somebody who is logged in there."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from server_sync.clinic.service import Service
from server_sync.web import access, app

Client = TestClient[Litestar]
ADDRESS = "http://127.0.0.1"
_IDLE: defaultdict[bool, list[Litestar]] = defaultdict(list)


class Route(NamedTuple):
    """One address as it is declared, and who may use it."""

    path: str
    method: str
    may: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@contextmanager
def a_web(
    service: Service, address: str = ADDRESS, *, https: bool = False, raises: bool = True, **settings: Any
) -> Iterator[Client]:
    """The web of a service, and who asks it; mistakes of the server are raised, or answered as a server does.

    Addresses are registered once for many: a web that nobody asks any more is given to the next service.
    """
    web = _IDLE[https].pop() if _IDLE[https] else app.make_app(service, https=https)
    web.state = app.new_state(service, https, **settings)
    web.csrf_config.secret = service.form_key()  # type: ignore[union-attr]
    with TestClient(web, base_url=address, raise_server_exceptions=raises) as client:
        yield client
    _IDLE[https].append(web)


@cache
def routes() -> list[Route]:
    """Everything the server answers, in order: Litestar's own is another each time."""
    answered = [
        Route(route.path, str(method), handler.opt.get("may"))
        for route in Litestar(app.ROUTES, openapi_config=None).routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    ]
    return sorted(answered, key=lambda each: each[:2])


def filled(path: str, values: Mapping[str, object]) -> str:
    """An address with a value for each of its parameters, which are named in the test where one is missing."""
    parts = []
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}").partition(":")[0]
            assert name in values, f"{path} has a parameter {name!r} of which the test knows no value: give it one"
            part = str(values[name])
        parts.append(part)
    return "/".join(parts)


def form_token(client: Client) -> str:
    """What the forms of a page send back."""
    page = client.get("/login").text
    return page.split('name="_csrf_token" value="')[1].split('"')[0]


def log_in(client: Client, service: Service, login: str = "maja", role: str = "therapist") -> Any:
    """Log in through the form with a new account."""
    password = service.accounts.add(login, "Maja Bergström", role)
    return show_password(client, login, password)


def show_password(client: Client, login: str, password: str) -> Any:
    """Send the form of the login."""
    form = {"login": login, "password": password, "_csrf_token": form_token(client)}
    return client.post("/login", data=form, follow_redirects=False)


def begin_visit(service: Service, account_id: int, password_alone: bool = False) -> str:
    """A login as it is after the password was shown, without the time that takes."""
    with service.store.writing() as db:
        return service.visits.begin(db, account_id, password_alone)


def show_cookie(client: Client, token: str) -> None:
    """Have a client show the secret of a login."""
    client.cookies.set(access.cookie_name(client.app.state), token, domain="127.0.0.1")
