"""Every page of every role, found by its links: it fits, can be used by everybody, and talks to nobody else."""

import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from browsers import a_browser, log_in
from commands import begun
from demo_clinics import PASSWORD
from server_fixtures import ROOT, a_service, answering, missing

from server_sync.clinic.patients import Person
from server_sync.page.language import PSEUDO

LONG = "Wilhelmina-Konstantina Papadopoulou-Featherstonehaugh van der Meulen"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SMALL_AND_DARK = ["color-contrast", "target-size", "scrollable-region-focusable"]
"""What of these may differ by the width and the theme."""
WIDTHS = (320, 640, 1280, 2560)
NO_PAGE = re.compile(r"/export/|/fhir|/static/|/sessions/[^/]+/report")
"""Addresses of files."""
ONE_OF_MANY = re.compile(r"(?<=/sessions/)[^/?]+|(?<=/accounts/)\d+|(?<=/presets/)[\w-]+|[0-9a-f]{16}|(?<==)[^&]*")
"""What stands in an address for one of many that look alike."""
ROLES = {"maja": 30, "ana": 8, "tove": 3, "kofi": 3, "rosa": 5, "funmi": 5, "": 2}
"""Whom the pages are looked at as, and how many there are at least: staff of each role, a patient, a mother, nobody."""
KEPT = """async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
    (await caches.keys()).length]"""


class Site(NamedTuple):
    """A server's address, a browser to look at it, and the id of somebody of whom nothing is known yet."""

    url: str
    browser: Any
    unknown: str


@pytest.fixture(scope="module")
def site(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo clinic, with somebody of a long name."""
    folder = shutil.copytree(demo, tmp_path_factory.mktemp("demo"), dirs_exist_ok=True)
    with a_service(folder / "clinic") as service:
        unknown = service.patients.add(Person(pseudonym="p-long", name=LONG))
    with (
        answering(begun(["serve", "--demo", "--folder", folder, "--port", 0], ROOT), folder / "clinic") as clinic,
        a_browser() as browser,
    ):
        yield Site(clinic.url, browser, unknown)


def opened(site: Site, login: str, **more: Any) -> Any:
    """A page of somebody who has just logged in, or of nobody."""
    page = site.browser.new_context(reduced_motion="reduce", **{"locale": "en-GB", **more}).new_page()
    if login:
        log_in(page, site.url, login, PASSWORD)
    return page


def every_page(site: Site, page: Any) -> Iterator[str]:
    """Open all that links lead to, one of each kind, and those of the unknown person; gives the address of each."""
    seen, waiting = set[str](), ["/", "/login", "/invitation"]
    while waiting:
        path = waiting.pop(0).partition("#")[0]
        kind = ONE_OF_MANY.sub("*", path.replace(site.unknown, "unknown"))
        if kind in seen or NO_PAGE.search(path):
            continue
        seen.add(kind)
        assert page.goto(site.url + path).ok, path
        waiting += page.eval_on_selector_all("a[href]", "all => all.map(a => a.pathname + a.search)")
        yield path


def violations(page: Any, rules: list[str], kind: str) -> list[str]:
    """What axe finds: the rule, and the first element against it."""
    page.evaluate(axe())
    found = page.evaluate("only => axe.run(document, {runOnly: only})", {"type": kind, "values": rules})
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]


def axe() -> str:
    """axe-core, as the package brings it; skips where there is none."""
    if find_spec("axe_playwright_python") is None:
        missing("browser", "there is no axe: pip install axe-playwright-python")
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def too_wide(page: Any) -> list[str]:
    """The widths at which something goes beyond the window."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"too wide at {width}")
    return found


@pytest.mark.parametrize("login", ROLES)
def test_every_page_can_be_used_by_everybody_and_talks_to_nobody_else(site: Site, login: str) -> None:
    page = opened(site, login)
    asked, complaints, found, pages = list[str](), list[str](), list[str](), 0
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    for path in every_page(site, page):
        page.set_viewport_size({"width": 1280, "height": 900})
        wrong = violations(page, RULES, "tag")
        page.emulate_media(color_scheme="dark")
        wrong += too_wide(page)
        page.set_viewport_size({"width": 320, "height": 900})
        wrong += violations(page, SMALL_AND_DARK, "rule")
        page.emulate_media(color_scheme="light")
        if any(page.evaluate(KEPT)):
            wrong.append("keeps something in the browser")
        found += [f"{path}: {each}" for each in wrong]
        pages += 1
    assert not found, "\n".join(found)
    assert {url for url in asked if not url.startswith(site.url)} == set()
    assert complaints == []
    assert {cookie["name"] for cookie in page.context.cookies()} <= {"steadyreach", "steadyreach-form"}
    assert pages >= ROLES[login]
    page.context.close()


@pytest.mark.parametrize("login", ROLES)
def test_every_page_has_room_for_long_words_and_large_letters(site: Site, login: str) -> None:
    page = opened(site, login, locale=PSEUDO)
    letters = page.context.new_cdp_session(page)
    found = []
    for path in every_page(site, page):
        found += [f"{path}: {each}" for each in too_wide(page)]
        page.set_viewport_size({"width": 1280, "height": 900})
        letters.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path}: too wide in large letters")
        letters.send("Page.setFontSizes", {"fontSizes": {"standard": 16}})
    assert not found, "\n".join(found)
    page.context.close()
