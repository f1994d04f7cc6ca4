"""Preferences of an account: kept with it, and applied to every page on the server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsers import a_browser
from routes import Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import a_clinic, a_service, name_person

from server_sync.clinic.account_rules import SELF
from server_sync.clinic.preferences import Preferred
from server_sync.clinic.roles import ROLES, STAFF
from server_sync.clinic.service import Service
from server_sync.page.language import PSEUDO
from server_sync.page.render import style_sheet
from server_sync.web import access


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path / "clinic") as opened:
        name_person(opened, "p-milo", "Milo")
        yield opened


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with a_web(service) as opened:
        yield opened


def be(client: Client, service: Service, role: str) -> int:
    wards = {} if role in STAFF else {service.patients.id_of("p-milo"): SELF if role == "patient" else "mother"}
    account_id = service.accounts.make(f"a-{role}", "Maja Bergström", role, wards=wards)
    show_cookie(client, begin_visit(service, account_id))
    return account_id


@pytest.mark.parametrize("role", ROLES)
def test_everybody_keeps_how_their_pages_look(client: Client, service: Service, role: str) -> None:
    be(client, service, role)
    wished = {"language": "en", "look": "dark", "letters": "largest", "_csrf_token": form_token(client)}
    assert client.post("/account/preferences", data=wished, follow_redirects=False).status_code == 303
    page = client.get("/account", headers={"Accept-Language": PSEUDO}).text
    assert '<html lang="en" data-theme="dark">' in page
    assert 'href="/static/style-largest.css"' in page
    for chosen in ('value="en" selected', 'value="dark" selected', 'value="largest" selected'):
        assert chosen in page
    assert "localStorage" not in page


def test_who_wishes_nothing_has_it_as_the_browser_does(client: Client, service: Service) -> None:
    be(client, service, "therapist")
    page = client.get("/account", headers={"Accept-Language": PSEUDO}).text
    assert f'<html lang="{PSEUDO}">' in page
    assert 'href="/static/style.css"' in page


def test_what_cannot_be_chosen_is_refused_and_changes_nothing(client: Client, service: Service) -> None:
    account_id = be(client, service, "therapist")
    for wrong in ({"look": "neon"}, {"letters": "2"}, {"language": "xx"}):
        answer = client.post("/account/preferences", data={**wrong, "_csrf_token": form_token(client)})
        assert answer.status_code == 422
    who = service.visits.who(begin_visit(service, account_id))
    assert who is not None
    assert who.preferred == Preferred()
    with pytest.raises(ValueError, match="neon"):
        service.preferences.keep(account_id, Preferred(look="neon"))


def test_larger_letters_need_a_wider_page_for_the_same_parts() -> None:
    usual, largest = style_sheet(), style_sheet("largest")
    assert "@media (width < 47.5em)" in usual
    assert "@media (width < 71.25em)" in largest
    assert "@media (width < 47.5em)" not in largest
    assert "--letters: 1.5;" in largest


def test_a_browser_shows_it_whatever_its_system_wishes(tmp_path: Path) -> None:
    with a_clinic(tmp_path) as running, a_browser() as browser, a_service(running.folder) as service:
        account_id = service.accounts.make("maja", "Maja Bergström", "therapist")
        context = browser.new_context(reduced_motion="reduce", color_scheme="light")
        context.add_cookies([{"name": access.COOKIE, "value": begin_visit(service, account_id), "url": running.url}])
        page = context.new_page()
        page.goto(f"{running.url}/account")
        before = page.evaluate(SEEN)
        page.get_by_label("Look").select_option("dark")
        page.get_by_label("Letters").select_option("large")
        page.get_by_role("button", name="Keep").click()
        page.get_by_text("Your pages are as you wish.").wait_for()
        colour, size = page.evaluate(SEEN)
        assert (before, size) == (["rgb(243, 245, 244)", 16], 20)
        assert colour == "rgb(14, 20, 19)"


SEEN = "[getComputedStyle(document.body).backgroundColor, parseFloat(getComputedStyle(document.body).fontSize)]"
