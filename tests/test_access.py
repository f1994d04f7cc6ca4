"""The way in over the web, one's own account and record, and accounts for who manages them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pyotp
import pytest
from prescribed import ARM, a_draft
from routes import Client, a_web, begin_visit, form_token, log_in, routes, show_cookie, show_password
from server_fixtures import Clock, SignedDevice, a_session, an_item, name_person

from engine.prescription import Message, Practice
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.accounts import FAILURES
from server_sync.clinic.letters import MOST_A_DAY
from server_sync.clinic.patients import Person
from server_sync.clinic.roles import GUARDIAN, PATIENT, ROLES, THERAPIST
from server_sync.clinic.service import Service
from server_sync.page.own import today_of
from server_sync.web import access, app
from server_sync.web.pages import PLACES, home

GOOD = "seven rivers run uphill"
SCRIPT = "<script>alert('canary')</script>"
HTTPS = "https://127.0.0.1"


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with a_web(service) as opened:
        yield opened


@contextmanager
def over_tls(service: Service, **settings: Any) -> Iterator[Client]:
    with a_web(service, HTTPS, https=True, **settings) as opened:
        yield opened


def send(client: Client, path: str, **form: str) -> Any:
    """Send a form with its token."""
    return client.post(path, data={**form, "_csrf_token": form_token(client)}, follow_redirects=False)


def be(client: Client, service: Service, role: str, login: str = "", **values: Any) -> int:
    """Have a client be logged in with a new account in a role; gives its id."""
    account_id = service.accounts.make(login or role, f"A {role}", role, **values)
    show_cookie(client, begin_visit(service, account_id))
    return account_id


def with_second_factor(service: Service, clock: Clock, **values: Any) -> tuple[str, pyotp.TOTP]:
    """An account, maja, whose second factor is in force: its password and app."""
    password = service.accounts.add("maja", "Maja", **values)
    service.second_factors.begin(1, "a login")
    app_of_phone = pyotp.TOTP(service.second_factors.begun(1, "a login"))
    service.second_factors.confirm(1, "a login", password, app_of_phone.at(clock()))
    clock.move(minutes=1)
    return password, app_of_phone


# The way in


def test_a_code_follows_the_password_where_there_is_a_second_factor(
    client: Client, service: Service, clock: Clock
) -> None:
    password, phone = with_second_factor(service, clock)
    assert show_password(client, "maja", password).headers["location"] == "/login/code"
    half = client.cookies[access.COOKIE]
    assert client.get("/patients", follow_redirects=False).headers["location"] == "/login/code"
    assert "Code from your app" in client.get("/login/code").text
    wrong = send(client, "/login/code", code="000000x")
    assert (wrong.status_code, "This code does not fit" in wrong.text) == (422, True)
    assert send(client, "/login/code", code=phone.at(clock())).headers["location"] == "/"
    assert client.cookies[access.COOKIE] != half
    assert "No patient yet" in client.get("/").text
    show_cookie(client, half)
    assert client.get("/patients", follow_redirects=False).headers["location"] == "/login"


def test_a_cookie_that_was_planted_before_the_login_is_worthless_after_it(client: Client, service: Service) -> None:
    mallory = service.accounts.log_in("mallory", service.accounts.add("mallory", "Mallory"), "10.0.0.1")
    for planted in ("planted-by-somebody", mallory):
        show_cookie(client, planted)
        login = f"maja{len(service.accounts.listed())}"
        log_in(client, service, login)
        fresh = client.cookies[access.COOKIE]
        assert fresh != planted
        assert service.visits.who(planted) is None
        who = service.visits.who(fresh)
        assert who is not None
        assert who.login == login


def test_a_logged_out_cookie_opens_nothing_ever_again(client: Client, service: Service) -> None:
    log_in(client, service)
    cookie = client.cookies[access.COOKIE]
    left = send(client, "/logout")
    assert "max-age=0" in left.headers["set-cookie"].lower()
    show_cookie(client, cookie)
    assert client.get("/patients", follow_redirects=False).headers["location"] == "/login"


def test_guessing_at_the_form_has_to_wait(client: Client, service: Service) -> None:
    service.accounts.add("maja", "Maja")
    answers = [show_password(client, "maja", "guess") for _ in range(FAILURES + 1)]
    assert [answer.status_code for answer in answers] == [422] * FAILURES + [429]
    assert answers[-1].headers["retry-after"] == "900"
    assert "5 tries did not fit" in answers[-1].text


def test_the_form_says_nothing_of_which_logins_there_are(client: Client, service: Service) -> None:
    service.accounts.add("maja", "Maja")
    said = []
    for login in ("maja", "nobody", "m%", "maja\0"):
        answer = show_password(client, login, "guess")
        shown = re.sub(r'name="(login|_csrf_token)" value="[^"]*"', "", answer.text).replace(" autofocus", "")
        said.append((answer.status_code, shown))
    assert len(set(said)) == 1


def test_a_form_that_is_too_large_is_not_read(client: Client) -> None:
    for path in ("/login", "/login/code", "/invitation"):
        assert send(client, path, login="maja", password="x" * 100_000).status_code == 413


def test_each_role_begins_on_a_page_of_its_own(client: Client, service: Service) -> None:
    declared = {route.path: route.may for route in routes() if route.method == "GET"}
    assert all(declared[place.address] == place.permission for place in PLACES)
    milo = service.patients.id_of(named(service, "p-milo"))
    wards = {PATIENT: {milo: SELF}, GUARDIAN: {milo: "parent"}}
    for role in ROLES:
        be(client, service, role, wards=wards.get(role))
        first = client.get("/")
        assert (first.status_code, first.url.path) == (200, home(role))
        place = f"/me/{milo}" if role in wards else home(role)
        assert f'href="{place}" aria-current="page"' in first.text


def test_a_role_that_may_not_is_told_so_and_not_whether_the_thing_is_there(client: Client, service: Service) -> None:
    account_id = be(client, service, "therapist")
    answers = [client.get(f"/accounts/{number}") for number in (account_id, 999)]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].text == answers[1].text
    assert "You may not manage accounts." in answers[0].text


# Cookies and headers


def test_over_tls_cookies_are_the_servers_alone(service: Service) -> None:
    with over_tls(service) as client:
        told = client.get("/login").headers["set-cookie"].lower()
        assert told.startswith("__host-steadyreach-form=")
        assert all(words in told for words in ("secure", "httponly", "samesite=lax", "path=/"))
        assert "domain" not in told
        cookie = log_in(client, service).headers["set-cookie"].lower()
        assert cookie.startswith("__host-steadyreach=")
        assert all(words in cookie for words in ("secure", "httponly", "samesite=lax", "path=/"))
        assert "domain" not in cookie
        assert client.get("/patients").status_code == 200
        # A page without TLS could have set this one.
        client.cookies.clear()
        client.cookies.set(access.COOKIE, begin_visit(service, 1))
        assert client.get("/patients", follow_redirects=False).headers["location"] == "/login"


def test_a_server_behind_tls_hears_nothing_in_the_clear(service: Service) -> None:
    with a_web(service, https=True) as client:
        answer = client.get("/login")
    assert (answer.status_code, answer.text) == (400, "this server is reached over https alone")


def test_every_answer_forbids_what_pages_do_not_need(client: Client, service: Service) -> None:
    with over_tls(service) as protected:
        strict = protected.get("/login").headers
    plain = client.get("/login").headers
    for headers in (plain, strict):
        forbidden = ("default-src", "frame-ancestors", "base-uri")
        assert all(f"{what} 'none'" in headers["content-security-policy"] for what in forbidden)
        assert "unsafe" not in headers["content-security-policy"]
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
    assert strict["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in plain


# One's own account


def test_one_changes_ones_own_password(client: Client, service: Service) -> None:
    old = service.accounts.add("maja", "Maja")
    other = service.accounts.log_in("maja", old, "10.0.0.9")
    show_password(client, "maja", old)
    for form, words in (
        ({"old": "guess", "new": GOOD, "again": GOOD}, "This is not your password."),
        ({"old": old, "new": GOOD, "again": GOOD + "x"}, "The two passwords are not the same."),
        ({"old": old, "new": "short", "again": "short"}, "A password of 5 characters is too short"),
        ({}, "This is not your password."),
    ):
        refused = send(client, "/account/password", **form)
        assert (refused.status_code, words in refused.text) == (422, True), form
    done = send(client, "/account/password", old=old, new=GOOD, again=GOOD)
    assert "Your password is changed" in client.get(done.headers["location"]).text
    assert service.visits.who(other) is None


def test_one_ends_ones_other_logins(client: Client, service: Service) -> None:
    password = service.accounts.add("maja", "Maja")
    other = service.accounts.log_in("maja", password, "10.0.0.9")
    show_password(client, "maja", password)
    done = send(client, "/account/logins")
    assert "All other logins have ended." in client.get(done.headers["location"]).text
    assert service.visits.who(other) is None


def test_a_second_factor_is_set_up_and_removed_on_its_page(client: Client, service: Service, clock: Clock) -> None:
    password = service.accounts.add("maja", "Maja")
    show_password(client, "maja", password)
    before = client.cookies[access.COOKIE]
    send(client, "/account/second-factor")
    page = client.get("/account/second-factor").text
    secret = re.findall(r'<p class="code">([A-Z2-7 ]+)</p>', page)[0].replace(" ", "")
    picture = client.get("/account/second-factor/picture.svg")
    assert (picture.headers["content-type"], picture.headers["cache-control"]) == ("image/svg+xml", "no-store")
    assert secret not in picture.text
    phone = pyotp.TOTP(secret)
    wrong = send(client, "/account/second-factor/code", password=password, code="12345")
    assert (wrong.status_code, "This code does not fit" in wrong.text) == (422, True)
    done = send(client, "/account/second-factor/code", password=password, code=phone.at(clock()))
    codes = re.findall(r'<li class="code">([0-9A-Z-]{11})</li>', done.text)
    assert len(codes) == 10
    assert client.cookies[access.COOKIE] != before
    shown_again = client.get("/account/second-factor").text
    assert not [code for code in codes if code in shown_again]
    assert secret not in shown_again.replace(" ", "")
    assert client.get("/account/second-factor/picture.svg").status_code == 404
    refused = send(client, "/account/second-factor")
    assert (refused.status_code, "remove it before" in refused.text) == (422, True)
    send(client, "/account/second-factor/removed", password=password, code=codes[0])
    assert "It is not on" not in client.get("/account").text
    who = service.visits.who(client.cookies[access.COOKIE])
    assert who is not None
    assert not who.second_factor


def test_staff_set_up_a_second_factor_before_anything_else_where_it_is_required(service: Service, clock: Clock) -> None:
    password = service.accounts.add("maja", "Maja")
    with over_tls(service, second_factor_required=True) as client:
        show_password(client, "maja", password)
        page = client.get("/")
        assert page.url.path == "/account/second-factor"
        assert "everybody who works at the clinic sets up a second factor" in page.text
        send(client, "/account/second-factor")
        phone = pyotp.TOTP(service.second_factors.begun(1, client.cookies[access.cookie_name(client.app.state)]))
        send(client, "/account/second-factor/code", password=password, code=phone.at(clock()))
        assert client.get("/").url.path == "/today"


# Accounts for who manages them


def code_on(page: str) -> str:
    return re.findall(r'<p class="code large">([0-9A-Z-]{11})</p>', page)[0]


def test_an_account_is_made_and_its_invitation_taken_up(client: Client, service: Service) -> None:
    be(client, service, "admin")
    made = send(client, "/accounts", login="maja", name="Maja", role="therapist")
    code = code_on(made.text)
    account_id = service.accounts.named("maja").id
    assert code not in client.get(f"/accounts/{account_id}").text
    assert "invited" in client.get("/accounts").text
    client.cookies.clear()
    for form, words in (
        ({"code": "00000-00000", "new": GOOD, "again": GOOD}, "This code is not valid (any more)"),
        ({"code": code, "new": GOOD, "again": "x"}, "The two passwords are not the same."),
        ({"code": code, "new": "maja maja maja maja", "again": "maja maja maja maja"}, "guessed soon"),
    ):
        refused = send(client, "/invitation", **form)
        assert (refused.status_code, words in refused.text) == (422, True), form
    done = send(client, "/invitation", code=code, new=GOOD, again=GOOD)
    assert "From now on you log in as maja." in done.text
    again = send(client, "/invitation", code=code, new=GOOD, again=GOOD)
    assert again.status_code == 422
    assert show_password(client, "maja", GOOD).headers["location"] == "/"


def test_an_account_that_cannot_be_is_said_beside_the_form_which_keeps_what_was_typed(
    client: Client, service: Service
) -> None:
    be(client, service, "admin")
    for form, words in (
        ({"login": "ma ja", "name": "Maja", "role": "therapist"}, "must be 1 to 64 letters"),
        ({"login": "admin", "name": "Maja", "role": "therapist"}, "there is an account &#39;admin&#39; already"),
        ({"login": "milo", "name": "Milo", "role": "patient", "patients": "p-none"}, "no patient &#39;p-none&#39;"),
        ({"login": "milo", "name": "Milo", "role": "boss"}, "must be one of therapist"),
    ):
        refused = send(client, "/accounts", **form)
        assert (refused.status_code, words.lower() in refused.text.lower()) == (422, True), form
        assert f'value="{form["name"]}"' in refused.text


def test_who_manages_accounts_disables_enables_and_resets_but_not_themselves(
    client: Client, service: Service, clock: Clock
) -> None:
    password, _ = with_second_factor(service, clock)
    me = be(client, service, "admin")
    other = begin_visit(service, 1)
    send(client, "/accounts/1/disabled")
    assert service.visits.who(other) is None
    assert "Enable" in client.get("/accounts/1").text
    send(client, "/accounts/1/enabled")
    code = code_on(send(client, "/accounts/1/second-factor").text)
    assert not service.accounts.of(1).second_factor
    assert code != code_on(send(client, "/accounts/1/invitation").text)
    assert show_password(client, "maja", password).status_code == 422
    show_cookie(client, begin_visit(service, me))
    refused = send(client, f"/accounts/{me}/disabled")
    assert (refused.status_code, "You cannot disable your own account" in refused.text) == (422, True)


def test_a_guardians_children_are_added_and_ended(client: Client, service: Service) -> None:
    milo, nora = (service.patients.id_of(named(service, name)) for name in ("p-milo", "p-nora"))
    be(client, service, "admin")
    send(client, "/accounts", login="ida", name="Ida", role=GUARDIAN, patients="p-milo", relation="parent")
    account_id = service.accounts.named("ida").id
    send(client, f"/accounts/{account_id}/wards", patient="p-nora", relation="aunt")
    page = client.get(f"/accounts/{account_id}").text
    assert "p-milo" in page
    assert "aunt" in page
    refused = send(client, f"/accounts/{account_id}/wards", patient="p-none", relation="aunt")
    assert (refused.status_code, "There is no patient" in refused.text) == (422, True)
    send(client, f"/accounts/{account_id}/wards/{milo}/ended")
    assert service.accounts.wards(account_id) == {nora: "aunt"}
    own = service.accounts.make("milo", "Milo", PATIENT, wards={milo: SELF})
    assert "/ended" not in client.get(f"/accounts/{own}").text
    assert send(client, f"/accounts/{own}/wards/{milo}/ended").status_code == 422


# One's own record


def named(service: Service, pseudonym: str, name: str = "") -> str:
    """A patient of the clinic; gives the pseudonym back."""
    name_person(service, pseudonym, name or f"Named {pseudonym}")
    return pseudonym


def play(service: Service, pseudonym: str, number: int = 1, **changes: object) -> None:
    """Have a session of a patient at the clinic."""
    device = SignedDevice(None).enrol(service)
    item = an_item(a_session(f"s-{pseudonym}-{number}", patient=pseudonym, **changes), number)
    service.archive.take(device.id, app.wire.Batch(items=(item,)))


def prescribe(service: Service, pseudonym: str, **changes: Any) -> None:
    practices = (
        Practice(games=("fruit_ladder", "a_new_game"), days=("mon", "wed", "fri"), minutes=10),
        Practice(games=("harbour_lean",), times_a_day=2),
    )
    values = {"programme": practices, "precautions": (ARM,), "messages": (Message(text="Well done."),), **changes}
    service.prescriptions.save(pseudonym, a_draft(**values), "Maja")


def test_a_patient_reads_their_programme_and_writes_to_the_clinic(client: Client, service: Service) -> None:
    milo = service.patients.id_of(named(service, "p-milo", "Milo"))
    be(client, service, PATIENT, wards={milo: SELF})
    assert "has not made a plan yet" in client.get("/me").text
    play(service, "p-milo")
    prescribe(service, "p-milo")
    page = client.get("/me").text
    for words in (
        "Harbour Lean",
        "2 times today",
        "Left arm raised at most 90° (cuff repair, Dr Okafor)",
        "to stand at the sink",
        "Well done.",
    ):
        assert words in page, words
    progress = client.get(f"/me/{milo}/progress").text
    assert "1 session" in progress
    assert "of 34</b> reached" in progress
    assert "p-milo" not in page + progress
    sent = send(client, f"/me/{milo}/letters", text="Can I skip Friday?")
    assert "Your letter is at the clinic." in client.get(sent.headers["location"]).text
    refused = send(client, f"/me/{milo}/letters", text=" ")
    assert (refused.status_code, "A letter has 1 to 2000 characters" in refused.text) == (422, True)


LETTER = 'My shoulder "clicks".\r\nIs that <b>bad</b>?'


def kept(page: str) -> dict[str, str]:
    """What the form of a login holds of a letter."""
    return {name: unescape(text) for name, text in re.findall(r'name="(kept_\w+)" value="([^"]*)"', page)}


@pytest.mark.parametrize("factors", [1, 2])
def test_a_letter_goes_through_the_login_that_follows_one_that_had_ended(
    client: Client, service: Service, clock: Clock, factors: int
) -> None:
    milo = service.patients.id_of(named(service, "p-milo", "Milo"))
    values = {"role": PATIENT, "wards": {milo: SELF}}
    if factors == 1:
        password, phone = service.accounts.add("maja", "Maja", **values), None
    else:
        password, phone = with_second_factor(service, clock, **values)
    show_cookie(client, begin_visit(service, 1))
    token = form_token(client)
    clock.move(minutes=16)
    ended = client.post(f"/me/{milo}/letters", data={"text": LETTER, "_csrf_token": token}, follow_redirects=False)
    assert (ended.status_code, "your letter is not sent yet" in ended.text) == (403, True)
    answer = send(client, "/login", login="maja", password="wrong", **kept(ended.text))
    answer = send(client, "/login", login="maja", password=password, **kept(answer.text))
    if phone:
        assert "Code from your app" in answer.text
        answer = send(client, "/login/code", code="wrong", **kept(answer.text))
        answer = send(client, "/login/code", code=phone.at(clock()), **kept(answer.text))
    assert answer.status_code == 200
    assert "in an emergency, call the emergency number" in answer.text
    (written,) = map(unescape, re.findall(r"<textarea[^>]*>(.*)</textarea>", answer.text, re.DOTALL))
    (address,) = re.findall(r'action="([^"]*)"', answer.text)
    assert (written, address, service.letters.of(milo)) == (LETTER, f"/me/{milo}/letters", [])
    assert send(client, address, text=written).status_code == 303
    assert [letter.text for letter in service.letters.of(milo)] == [LETTER.replace("\r", "")]


def test_more_letters_than_a_clinic_can_read_are_refused_and_what_was_written_stays(
    client: Client, service: Service, clock: Clock
) -> None:
    milo = service.patients.id_of(named(service, "p-milo", "Milo"))
    account_id = be(client, service, PATIENT, wards={milo: SELF})
    for number in range(MOST_A_DAY):
        service.letters.write(milo, account_id, f"letter {number}")
    refused = send(client, f"/me/{milo}/letters", text="one more")
    assert (refused.status_code, "20 letters a day are the most" in refused.text) == (422, True)
    assert ">one more</textarea>" in refused.text
    clock.move(days=1, minutes=1)
    service.letters.write(milo, account_id, "one more")


def test_a_login_that_has_ended_is_said_to_have(client: Client, service: Service, clock: Clock) -> None:
    be(client, service, THERAPIST)
    assert "has ended" not in client.get("/login").text
    clock.move(minutes=16)
    assert "Your login has ended." in client.get("/patients").text
    show_cookie(client, "")
    assert "has ended" not in client.get("/login").text


def test_a_visit_without_a_game_is_none_that_was_played(client: Client, service: Service) -> None:
    milo = service.patients.id_of(named(service, "p-milo", "Milo"))
    play(service, "p-milo")
    play(service, "p-milo", 2, blocks=(), started_at="2026-11-21T10:00:00+01:00")
    today = today_of(None, service.archive.sessions(milo), datetime(2026, 11, 22, tzinfo=UTC))
    assert today.lead == "Played on 1 day of the last 7."
    for path, role, wards in ((f"/me/{milo}/progress", PATIENT, {milo: SELF}), (f"/patients/{milo}", THERAPIST, {})):
        be(client, service, role, wards=wards)
        page = client.get(path).text
        assert ("No game was played" in page, "0 of 0" in page) == (True, False), path


def test_a_programme_that_has_ended_is_said_to_have(client: Client, service: Service) -> None:
    milo = service.patients.id_of(named(service, "p-milo"))
    be(client, service, PATIENT, wards={milo: SELF})
    prescribe(service, "p-milo", valid_until="2020-01-01", programme=(), messages=())
    page = client.get("/me").text
    assert "This plan has ended." in page
    assert "Play what you like" in page
    assert "Nothing was said yet." in client.get(f"/me/{milo}/messages").text


def test_a_guardian_chooses_between_children_and_sees_nobody_else(client: Client, service: Service) -> None:
    milo, nora, other = (
        service.patients.id_of(named(service, f"p-{name}", name)) for name in ("Milo", "Nora", "Other")
    )
    account_id = be(client, service, GUARDIAN, wards={milo: "parent", nora: "parent"})
    page = client.get("/me").text
    assert (f"/me/{milo}" in page, f"/me/{nora}" in page, "Other" in page) == (True, True, False)
    assert "Nora" in client.get(f"/me/{nora}").text
    for path in (f"/me/{other}", "/me/p-Other", "/me/none"):
        assert client.get(path).status_code == 404
    assert send(client, f"/me/{other}/letters", text="Hello").status_code == 404
    service.erasing.erase("command", "p-Milo")
    assert client.get(f"/me/{milo}").status_code == 404
    assert "Nora" in client.get("/me").text
    service.accounts.end_ward(account_id, nora, by="account 9")
    assert client.get(f"/me/{nora}").status_code == 404
    assert "nobody's record at the moment" in client.get("/me").text


def test_a_script_in_a_name_is_shown_as_the_letters_it_has(client: Client, service: Service) -> None:
    milo = service.patients.id_of(named(service, "p-milo", SCRIPT))
    play(service, "p-milo")
    prescribe(service, "p-milo", messages=(Message(text=SCRIPT),), goal=SCRIPT)
    wards = {PATIENT: {milo: SELF}, GUARDIAN: {milo: SCRIPT}}
    for role in ROLES:
        account_id = service.accounts.make(f"{role}", f"{SCRIPT}{role}", role, wards=wards.get(role))
        show_cookie(client, begin_visit(service, account_id))
        if role == PATIENT:
            send(client, f"/me/{milo}/letters", text=SCRIPT)
        for path in ("/", "/account", f"/patients/{milo}", f"/accounts/{account_id}", "/accounts"):
            page = client.get(path).text
            assert SCRIPT not in page, path
            assert "alert(&#39;canary&#39;)" in page, path
    client.cookies.clear()
    for path, form in (("/login", {"login": f'"><{SCRIPT}'}), ("/invitation", {"code": f'"><{SCRIPT}'})):
        assert SCRIPT not in send(client, path, **form).text


def test_a_guardian_reads_the_letters_that_they_wrote_and_no_others(client: Client, service: Service) -> None:
    milo = service.patients.id_of(named(service, "p-milo", "Milo"))
    child = service.accounts.make("milo", "Milo", PATIENT, wards={milo: SELF})
    service.letters.write(milo, child, "Only for the clinic")
    be(client, service, GUARDIAN, wards={milo: "parent"})
    send(client, f"/me/{milo}/letters", text="From a parent")
    page = client.get(f"/me/{milo}/messages").text
    assert ("From a parent" in page, "Only for the clinic" in page) == (True, False)
    show_cookie(client, begin_visit(service, child))
    page = client.get(f"/me/{milo}/messages").text
    assert ("From a parent" in page, "Only for the clinic" in page) == (False, True)


@pytest.mark.parametrize(("born", "told"), [("2001", True), ("2020-05", False), ("", False)])
def test_an_account_says_which_of_a_guardians_children_is_of_age(
    client: Client, service: Service, born: str, told: bool
) -> None:
    milo = service.patients.add(Person(pseudonym="p-milo", born=born))
    guardian = service.accounts.make("ida", "Ida", GUARDIAN, wards={milo: "parent"})
    be(client, service, "admin")
    assert ("of age (16 or older)" in client.get(f"/accounts/{guardian}").text) == told


def test_who_logs_in_after_a_reset_reads_by_whom(client: Client, service: Service, clock: Clock) -> None:
    password = service.accounts.add("maja", "Maja")
    be(client, service, "admin")
    code = code_on(send(client, "/accounts/1/invitation").text)
    client.cookies.clear()
    send(client, "/invitation", code=code, new=GOOD, again=GOOD)
    assert password != GOOD
    show_password(client, "maja", GOOD)
    page = client.get("/")
    assert page.url.path == "/account"
    assert re.search(r"Your password was voided on [^.]* by A admin\.", page.text)
    clock.move(days=15)
    show_password(client, "maja", GOOD)
    assert client.get("/").url.path == "/today"
