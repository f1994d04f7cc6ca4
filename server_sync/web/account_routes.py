"""Accounts on the web: everybody's own (password, second factor, logins), and all of them for who manages them."""

from io import BytesIO
from typing import Any

import segno
from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from server_sync.clinic.account_rules import SELF, AccountRefused, related
from server_sync.clinic.accounts import Accounts
from server_sync.clinic.audit import by_account
from server_sync.clinic.brakes import NotProved
from server_sync.clinic.passwords import LEAST, LEAST_WITH_SECOND_FACTOR, WeakPassword
from server_sync.clinic.patients import Unknown
from server_sync.clinic.preferences import LETTERS, LOOKS, Preferred
from server_sync.clinic.roles import ROLES, STAFF, Permission
from server_sync.clinic.second_factor import HasSecondFactor
from server_sync.page.language import _, languages, own_name
from server_sync.web import audited
from server_sync.web.access import BEFORE_SECOND_FACTOR, Visitor, login_cookie, shown_token
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, chosen, not_proved, page

OWN = {"may": Permission.OWN_ACCOUNT}
SETTING_UP = {**OWN, BEFORE_SECOND_FACTOR: True}
MANAGING = {"may": Permission.MANAGE_ACCOUNTS}
DONE = {
    "password": "Your password is changed. All other logins have ended.",
    "logins": "All other logins have ended.",
    "preferences": "Your pages are as you wish.",
    "removed": "The second factor is removed. All other logins have ended.",
}
NO_VALUES = {"login": "", "name": "", "role": "therapist", "patients": "", "relation": ""}


@get("/account", opt=OWN, sync_to_thread=True)
def own_account(request: Visitor, state: State, done: FromQuery[str] = "") -> Response[str]:
    """One's own account."""
    return _own(request, state, notice=DONE.get(done, ""))


@post("/account/password", opt=OWN, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def change_password(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Change one's own password; all other logins end."""
    try:
        token = state.service.accounts.change_password(request.user.id, data.get("old", ""), chosen(data))
    except NotProved as reason:
        return not_proved(request, "account.html", reason, **_about(request, state))
    except WeakPassword as reason:
        return _own(request, state, status=422, problem=str(reason))
    return _afresh(state, token, "password")


@post("/account/preferences", opt=OWN, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def prefer(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Keep how one's own pages shall be."""
    wished = Preferred(*(data.get(name, "") for name in Preferred._fields))
    if wished.language not in ("", *languages()) or wished.look not in LOOKS or wished.letters not in LETTERS:
        return _own(request, state, status=422, problem=_("This is not among what can be chosen."))
    state.service.preferences.keep(request.user.id, wished)
    return Redirect("/account?done=preferences", status_code=303)


@post("/account/logins", opt=OWN, sync_to_thread=True)
def end_other_logins(request: Visitor, state: State) -> Redirect:
    """End all other logins of one's account."""
    return _afresh(state, state.service.accounts.log_out_elsewhere(request.user.id), "logins")


@get("/account/second-factor", opt=SETTING_UP, sync_to_thread=True)
def second_factor(request: Visitor, state: State) -> Response[str]:
    """One's own second factor: what it is, its set-up, or how to remove it."""
    return _second_factor(request, state)


@post("/account/second-factor", opt=SETTING_UP, sync_to_thread=True)
def begin_second_factor(request: Visitor, state: State) -> Response[Any]:
    """Make a secret to show to an app."""
    try:
        state.service.second_factors.begin(request.user.id, shown_token(request))
    except HasSecondFactor as reason:
        return _second_factor(request, state, status=422, problem=str(reason))
    return Redirect("/account/second-factor", status_code=303)


@get("/account/second-factor/picture.svg", opt=SETTING_UP, sync_to_thread=True)
def second_factor_picture(request: Visitor, state: State) -> Response[bytes]:
    """The secret that waits for its first code, as a picture for an app."""
    uri = state.service.second_factors.uri(request.user.id, shown_token(request))
    if not uri:
        raise Unknown("there is no second factor to set up; begin anew")
    drawn = BytesIO()
    segno.make(uri, error="m").save(drawn, kind="svg", scale=5, dark="#000", light="#fff")
    return Response(drawn.getvalue(), media_type="image/svg+xml")


@post("/account/second-factor/code", opt=SETTING_UP, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def confirm_second_factor(request: Visitor, state: State, data: Form) -> Response[str]:
    """Put it in force by its first code, and show the recovery codes, once."""
    shown = shown_token(request), data.get("password", ""), data.get("code", "")
    try:
        token, codes = state.service.second_factors.confirm(request.user.id, *shown)
    except NotProved as reason:
        return not_proved(request, "second_factor.html", reason, **_about_second_factor(request, state))
    response = page(request, "recovery_codes.html", codes=codes)
    response.set_cookie(login_cookie(state, token))
    return response


@post("/account/second-factor/removed", opt=OWN, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def remove_second_factor(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Remove one's own, shown once more."""
    shown = data.get("password", ""), data.get("code", "")
    try:
        token = state.service.second_factors.remove(request.user.id, *shown)
    except NotProved as reason:
        return not_proved(request, "second_factor.html", reason, **_about_second_factor(request, state))
    except WeakPassword as reason:
        detail = f"{reason}; change it before you remove the second factor"
        return _second_factor(request, state, status=422, problem=detail)
    return _afresh(state, token, "removed")


@get("/accounts", opt=MANAGING, sync_to_thread=True)
def accounts(request: Visitor, state: State) -> Response[str]:
    """All accounts, and a form for another one."""
    audited.read(request, "list accounts")
    return _accounts(request, state)


@post("/accounts", opt=MANAGING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def add_account(request: Visitor, state: State, data: Form) -> Response[str]:
    """Make an account, and show the code of its invitation, once."""
    given = {name: data.get(name, "").strip() for name in NO_VALUES}
    try:
        wards = related(state.service.patients, given["patients"].split(), given["role"], given["relation"])
        account_id, code = state.service.invitations.new(
            given["login"], given["name"], given["role"], wards, by=request.user.actor
        )
    except (AccountRefused, Unknown) as reason:
        return _accounts(request, state, status=422, problem=str(reason), given=given)
    return _account(request, state, account_id, code=code)


@get("/accounts/{account_id:int}", opt=MANAGING, sync_to_thread=True)
def account(request: Visitor, state: State, account_id: FromPath[int]) -> Response[str]:
    """One account."""
    audited.read(request, "read an account", thing=by_account(account_id))
    return _account(request, state, account_id)


@post("/accounts/{account_id:int}/invitation", opt=MANAGING, sync_to_thread=True)
def invite(request: Visitor, state: State, account_id: FromPath[int]) -> Response[str]:
    """Take somebody's password away, and show the code with which they choose another, once."""
    code = state.service.invitations.invite(account_id, by=request.user.actor)
    return _account(request, state, account_id, code=code)


@post("/accounts/{account_id:int}/second-factor", opt=MANAGING, sync_to_thread=True)
def reset_second_factor(request: Visitor, state: State, account_id: FromPath[int]) -> Response[str]:
    """Take somebody's second factor and password away, and show the code of an invitation, once."""
    code = state.service.second_factors.reset(account_id, by=request.user.actor)
    return _account(request, state, account_id, code=code)


@post("/accounts/{account_id:int}/disabled", opt=MANAGING, sync_to_thread=True)
def disable(request: Visitor, state: State, account_id: FromPath[int]) -> Response[Any]:
    """Let somebody in no more; their logins end at once."""
    if account_id == request.user.id:
        problem = "you cannot disable your own account; somebody else who manages accounts can"
        return _account(request, state, account_id, status=422, problem=problem)
    state.service.accounts.disable(account_id, by=request.user.actor)
    return Redirect(f"/accounts/{account_id}", status_code=303)


@post("/accounts/{account_id:int}/enabled", opt=MANAGING, sync_to_thread=True)
def enable(request: Visitor, state: State, account_id: FromPath[int]) -> Redirect:
    """Let somebody in again."""
    state.service.accounts.enable(account_id, by=request.user.actor)
    return Redirect(f"/accounts/{account_id}", status_code=303)


@post("/accounts/{account_id:int}/role", opt=MANAGING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def change_role(request: Visitor, state: State, account_id: FromPath[int], data: Form) -> Response[Any]:
    """Give who works here another role; their logins end."""
    if account_id == request.user.id:
        problem = "you cannot change your own role; somebody else who manages accounts can"
        return _account(request, state, account_id, status=422, problem=problem)
    try:
        state.service.accounts.change_role(account_id, data.get("role", ""), by=request.user.actor)
    except AccountRefused as reason:
        return _account(request, state, account_id, status=422, problem=str(reason))
    return Redirect(f"/accounts/{account_id}", status_code=303)


@post("/accounts/{account_id:int}/wards", opt=MANAGING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def add_ward(request: Visitor, state: State, account_id: FromPath[int], data: Form) -> Response[Any]:
    """Let a guardian see one more patient's record."""
    service = state.service
    try:
        patient_id = service.patients.id_of(data.get("patient", "").strip())
        service.accounts.add_ward(account_id, patient_id, data.get("relation", "").strip(), by=request.user.actor)
    except (AccountRefused, Unknown) as reason:
        return _account(request, state, account_id, status=422, problem=str(reason))
    return Redirect(f"/accounts/{account_id}", status_code=303)


@post("/accounts/{account_id:int}/wards/{patient_id:str}/ended", opt=MANAGING, sync_to_thread=True)
def end_ward(request: Visitor, state: State, account_id: FromPath[int], patient_id: FromPath[str]) -> Response[Any]:
    """Let a guardian see a patient's record no more, at once."""
    try:
        state.service.accounts.end_ward(account_id, patient_id, by=request.user.actor)
    except AccountRefused as reason:
        return _account(request, state, account_id, status=422, problem=str(reason))
    return Redirect(f"/accounts/{account_id}", status_code=303)


# One router: handlers of the same address that Litestar gets one by one are prepared twice, and then fail.
ROUTES = [
    Router(
        "/",
        route_handlers=[
            *(own_account, change_password, prefer, end_other_logins),
            *(second_factor, begin_second_factor, second_factor_picture, confirm_second_factor, remove_second_factor),
            *(accounts, add_account, account, invite, reset_second_factor, disable, enable, change_role),
            *(add_ward, end_ward),
        ],
    )
]


def _own(request: Visitor, state: State, status: int = 200, problem: str = "", notice: str = "") -> Response[str]:
    about = _about(request, state) | {"notice": notice}
    return page(request, "account.html", status, problem=problem, **about)


def _about(request: Visitor, state: State) -> dict[str, Any]:
    account, accounts = state.service.accounts.of(request.user.id), state.service.accounts
    resets = [(each.action, each.at, _by(accounts, each.actor)) for each in accounts.resets(request.user.id)]
    return {
        "notice": "",
        "own": account,
        "languages": [(each, own_name(each)) for each in languages()],
        "resets": resets,
        "least": LEAST_WITH_SECOND_FACTOR if account.second_factor else LEAST,
    }


def _by(accounts: Accounts, actor: str) -> str:
    """Whom the audit means, by name; somebody at the server otherwise."""
    names = {by_account(each.id): each.name for each in accounts.listed()}
    return names.get(actor, "somebody at the server")


def _second_factor(request: Visitor, state: State, status: int = 200, problem: str = "") -> Response[str]:
    return page(request, "second_factor.html", status, problem=problem, **_about_second_factor(request, state))


def _about_second_factor(request: Visitor, state: State) -> dict[str, Any]:
    factors, who = state.service.second_factors, request.user
    secret = factors.begun(who.id, shown_token(request))
    return {
        "own": who,
        "required": state.second_factor_required,
        "secret": " ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        "codes_left": factors.codes_left(who.id),
    }


def _accounts(
    request: Visitor, state: State, status: int = 200, problem: str = "", given: dict[str, str] | None = None
) -> Response[str]:
    listed = state.service.accounts.listed()
    values = {"accounts": listed, "roles": list(ROLES), "given": given or NO_VALUES}
    return page(request, "accounts.html", status, problem=problem, **values)


def _account(
    request: Visitor, state: State, account_id: int, status: int = 200, problem: str = "", code: str = ""
) -> Response[str]:
    service = state.service
    shown = service.accounts.of(account_id)
    wards = [
        (patient_id, service.patients.person(patient_id), relation)
        for patient_id, relation in service.accounts.wards(account_id).items()
        if patient_id in service.patients.kept()
    ]
    of_age = {
        patient_id for patient_id, person, relation in wards if relation != SELF and service.consents.is_of_age(person)
    }
    values = {"wards": wards, "of_age": of_age, "age": service.consents.age(), "staff": STAFF}
    return page(request, "account_of.html", status, problem=problem, shown=shown, code=code, **values)


def _afresh(state: State, token: str, done: str) -> Redirect:
    """Back to one's own account, with another cookie."""
    return Redirect(f"/account?done={done}", status_code=303, cookies=[login_cookie(state, token)])
