"""A real browser for the tests of pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from server_fixtures import missing

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def a_browser() -> Iterator[Any]:
    """A headless Chromium; skips where there is none, fails where one is required."""
    program = shutil.which("chromium")
    if program is None or find_spec("playwright") is None:
        missing("browser", "there is no chromium, or no playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def log_in(page: Any, url: str, login: str, password: str) -> None:
    """Log in through the form; the first page of who that is stands there then."""
    page.goto(f"{url}/login")
    page.locator("#login").fill(login)
    page.locator("#password").fill(password)
    page.locator("form:has(#password) button").click()
    page.wait_for_url(lambda address: "/login" not in address)
