"""Every page of every role, found by its links, in long words: it fits, all can use it, and it talks to nobody else."""

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hands import LONG, Site, Way, a_site
from server_fixtures import missing

from server_sync.page.language import PSEUDO

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (320, 640, 2560, 1280)
NO_PAGE = re.compile(r"/export/|/fhir|/static/|/sessions/[^/]+/report")
"""Addresses of files."""
ONE_OF_MANY = re.compile(r"(?<=/sessions/)[^/?]+|(?<=/accounts/)\d+|(?<=/presets/)[\w-]+|[0-9a-f]{16}|(?<==)[^&]*")
"""What stands in an address for one of many that look alike."""
ROLES = {"maja": 30, "ana": 8, "tove": 3, "kofi": 3, "rosa": 5, "funmi": 5, "": 2}
"""Whom the pages are looked at as, and how many there are at least: staff of each role, a patient, a mother, nobody."""
SHORTEN = """document.querySelectorAll("tbody, ul, ol, select").forEach(
    list => [...list.children].slice(6).forEach(one => one.remove()))"""
"""Leave six of each list, whose parts look alike: axe takes seconds for hundreds."""
TOO_WIDE = """document.documentElement.scrollWidth > innerWidth ||
    [...document.querySelectorAll(".rail *")].some(each => each.getBoundingClientRect().right > innerWidth + 1)"""
KEPT = """async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
    (await caches.keys()).length]"""


@pytest.fixture(scope="module")
def site(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with a_site(demo, tmp_path_factory.mktemp("demo")) as running:
        yield running


def every_page(site: Site, page: Any) -> Iterator[str]:
    """Open all that links lead to, one of each kind, and those of the unknown person; gives the address of each."""
    seen, shown, waiting = set[str](), set[str](), ["/"]
    while waiting:
        path = waiting.pop(0).partition("#")[0]
        if NO_PAGE.search(path) or (kind := kind_of(path, site)) in seen:
            continue
        seen.add(kind)
        assert page.goto(site.url + path).ok, path
        if (kind := kind_of(page.url.removeprefix(site.url), site)) not in shown:
            shown.add(kind)
            waiting += page.eval_on_selector_all("a[href]", "all => all.map(a => a.pathname + a.search)")
            yield path


def kind_of(path: str, site: Site) -> str:
    """An address without what stands for one of many; the unknown person's are of their own kind."""
    return ONE_OF_MANY.sub("*", path.replace(site.patients[LONG], "unknown"))


def violations(page: Any) -> list[str]:
    """What axe finds: the rule, and the first element against it."""
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], selectors: false})", RULES
    )
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found["violations"]]


def axe() -> str:
    """axe-core, as the package brings it; skips where there is none."""
    if find_spec("axe_playwright_python") is None:
        missing("browser", "there is no axe: pip install axe-playwright-python")
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def too_wide(page: Any) -> list[str]:
    """The widths at which something goes beyond the window, and whether it does in letters twice as large."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate(TOO_WIDE):
            found.append(f"too wide at {width}")
    letters = page.context.new_cdp_session(page)
    letters.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    if page.evaluate(TOO_WIDE):
        found.append("too wide in large letters")
    letters.send("Page.setFontSizes", {"fontSizes": {"standard": 16}})
    letters.detach()
    return found


@pytest.mark.parametrize("login", ROLES)
def test_every_page_can_be_used_by_everybody_and_talks_to_nobody_else(site: Site, login: str) -> None:
    page = site.at("/login", login, Way(language=PSEUDO)).page
    page.add_init_script(axe())
    asked, complaints, found, pages = list[str](), list[str](), list[str](), 0
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    for path in every_page(site, page):
        wrong = too_wide(page)
        small = bool(pages % 2)
        page.set_viewport_size({"width": 320 if small else 1280, "height": 900})
        page.emulate_media(color_scheme="dark" if small else "light")
        page.evaluate(SHORTEN)
        wrong += violations(page)
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
