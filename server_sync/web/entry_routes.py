"""The way in and out: password, code of the second factor, invitation, and the first page of who is in."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.response import Redirect

from server_sync.clinic.brakes import NotProved
from server_sync.clinic.letters import LONGEST
from server_sync.clinic.passwords import LEAST, WeakPassword
from server_sync.clinic.roles import Permission
from server_sync.web.access import ANYONE, Visitor, login_cookie, shown_token
from server_sync.web.kept import NOTHING, Kept, kept_in
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, address_of, chosen, home, not_proved, page

KNOCKING = {"may": ANYONE}


@get("/", opt={"may": Permission.OWN_ACCOUNT}, sync_to_thread=True)
def first_page(request: Visitor, state: State) -> Redirect:
    """Where somebody begins, by their role; at their account, for a while, where others took a secret of theirs."""
    to = "/account" if state.service.accounts.resets(request.user.id) else home(request.user.role)
    return Redirect(to, status_code=303)


@get("/login", opt=KNOCKING, sync_to_thread=True)
def login_page(request: Visitor, state: State) -> Response[str]:
    """The form; who shows the cookie of a login that is over reads why they are here."""
    token = shown_token(request)
    notice = "Your login has ended. Please log in again." if token and state.service.visits.who(token) is None else ""
    return page(request, "login.html", problem="", notice=notice, login="", kept=NOTHING)


@post("/login", opt=KNOCKING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def log_in(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Check name and password; then a cookie that no script can read. A login before it ends."""
    login, kept = data.get("login", "").strip(), kept_in(data)
    try:
        token = state.service.accounts.log_in(login, data.get("password", ""), address_of(request))
    except NotProved as reason:
        return not_proved(request, "login.html", reason, notice="", login=login, kept=kept)
    state.service.accounts.log_out(shown_token(request))
    if not state.service.visits.who(token).password_alone:
        return _let_in(request, state, token, kept)
    if not kept.text:
        return Redirect("/login/code", status_code=303, cookies=[login_cookie(state, token)])
    return _with_cookie(page(request, "login_code.html", problem="", kept=kept), state, token)


@get("/login/code", opt=KNOCKING, sync_to_thread=True)
def code_page(request: Visitor, state: State) -> Response[Any]:
    """The form for the code of the second factor, for who has shown their password."""
    who = state.service.visits.who(shown_token(request))
    if who is None or not who.password_alone:
        return Redirect("/", status_code=303)
    return page(request, "login_code.html", problem="", kept=NOTHING)


@post("/login/code", opt=KNOCKING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def show_code(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Check the code; then another cookie, with which the login is whole."""
    try:
        token = state.service.second_factors.show(shown_token(request), data.get("code", ""))
    except NotProved as reason:
        return not_proved(request, "login_code.html", reason, kept=kept_in(data))
    return _let_in(request, state, token, kept_in(data))


@post("/logout", opt=KNOCKING, sync_to_thread=True)
def log_out(request: Visitor, state: State) -> Redirect:
    """End the login here and on the server, also one that is not whole."""
    state.service.accounts.log_out(shown_token(request))
    return Redirect("/login", status_code=303, cookies=[login_cookie(state, "")])


@get("/invitation", opt=KNOCKING, sync_to_thread=False)
def invitation_page(request: Visitor) -> Response[str]:
    """The form for who was invited."""
    return page(request, "invitation.html", problem="", code="", least=LEAST)


@post("/invitation", opt=KNOCKING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def accept(request: Visitor, state: State, data: Form) -> Response[str]:
    """Choose a password, and go on to the login."""
    code = data.get("code", "")
    try:
        account = state.service.invitations.accept(code, chosen(data), address_of(request))
    except NotProved as reason:
        return not_proved(request, "invitation.html", reason, code=code, least=LEAST)
    except WeakPassword as reason:
        return page(request, "invitation.html", status=422, problem=str(reason), code=code, least=LEAST)
    notice = f"Your password is set. From now on you log in as {account.login}."
    return page(request, "login.html", problem="", notice=notice, login=account.login, kept=NOTHING)


ROUTES = [
    Router(
        "/",
        route_handlers=[first_page, login_page, log_in, code_page, show_code, log_out, invitation_page, accept],
    )
]


def _let_in(request: Visitor, state: State, token: str, kept: Kept) -> Response[Any]:
    """Where a login leads that is whole: to the letter that could not be sent, where there is one."""
    if not kept.text:
        return Redirect("/", status_code=303, cookies=[login_cookie(state, token)])
    return _with_cookie(page(request, "kept.html", kept=kept, longest=LONGEST), state, token)


def _with_cookie(response: Response[str], state: State, token: str) -> Response[str]:
    response.set_cookie(login_cookie(state, token))
    return response
