"""Take the pictures of docs/page.md anew from a demo clinic: python docs/pages.py ADDRESS PASSWORD.

`steadyreach serve --demo` serves one and says both. The pictures are of whatever day it is.
"""

import io
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

PICTURES = Path(__file__).resolve().parent / "page"
QUALITY = 82
GAP, GROUND = 24, (255, 255, 255, 0)


def nothing(_page: Any) -> None:
    """Leave a page as it opens."""


def easier(page: Any) -> None:
    """Move a slider of Tune, and wait for what that asks of the patient."""
    with page.expect_response(lambda answer: "preview" in answer.url):
        page.locator("input[type=range]").first.press("End")
    page.wait_for_timeout(500)


def replayed(page: Any) -> None:
    """Open a session, and bring a trial's figures to where the hand has come."""
    page.locator(".visits .what a").nth(1).click()
    page.locator("input[type=range]").first.evaluate(
        "slider => { slider.value = slider.max / 2; slider.dispatchEvent(new Event('input')) }"
    )
    page.locator(".skeleton").first.wait_for()


class Shot(NamedTuple):
    """A picture: of what, who is logged in, whose pages ("" for none), where, how large, and what is done first."""

    name: str
    login: str
    patient: str
    address: str
    size: tuple[int, int] = (1440, 900)
    scheme: str = "light"
    do: Callable[[Any], None] = nothing


SHOTS = (
    Shot("today", "maja", "", "/today"),
    Shot("overview", "maja", "Rosa Lindqvist", "", (1440, 1180)),
    Shot("tune", "maja", "Milo Adeyemi-Brandt", "/tune", (1440, 1000), do=easier),
    Shot("tune-dark", "maja", "Milo Adeyemi-Brandt", "/tune", (1440, 1000), "dark", easier),
    Shot("plan", "maja", "Rosa Lindqvist", "/plan", (1440, 1000)),
    Shot("session", "maja", "Rosa Lindqvist", "/sessions", (1440, 1000), do=replayed),
    Shot("messages", "maja", "Rosa Lindqvist", "/messages"),
    Shot("report", "maja", "Rosa Lindqvist", "/report", (1440, 1000)),
    Shot("beside", "maja", "Tomasz Wiśniewski", "/beside", (1280, 800)),
    Shot("clinic", "ana", "", "/clinic"),
)
PHONE = tuple(Shot("phone", "rosa", "", address, (390, 844)) for address in ("/me", "progress", "messages"))


def main(url: str, password: str) -> None:
    """Take them all."""
    PICTURES.mkdir(exist_ok=True)
    with _browser() as browser:
        for shot in SHOTS:
            _save(shot.name, [_taken(browser, url, password, shot)])
        _save("phone", [_taken(browser, url, password, shot) for shot in PHONE])


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


def _taken(browser: Any, url: str, password: str, shot: Shot) -> Image.Image:
    width, height = shot.size
    context = browser.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        color_scheme=shot.scheme,
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Login").fill(shot.login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    _go(page, shot)
    shot.do(page)
    taken = page.screenshot()
    context.close()
    return Image.open(io.BytesIO(taken))


def _go(page: Any, shot: Shot) -> None:
    if shot.patient:
        page.goto("/patients")
        whose = page.get_by_role("link", name=shot.patient).get_attribute("href")
        page.goto(whose + shot.address)
    elif shot.address.startswith("/"):
        page.goto(shot.address)
    else:  # a place of the family's page
        page.goto("/me")
        page.locator(f"nav a[href$='{shot.address}']").click()


def _save(name: str, taken: Sequence[Image.Image]) -> None:
    """Beside each other as one picture."""
    whole = Image.new(
        "RGBA", (sum(each.width + GAP for each in taken) - GAP, max(each.height for each in taken)), GROUND
    )
    left = 0
    for each in taken:
        whole.paste(each, (left, 0))
        left += each.width + GAP
    whole.save(PICTURES / f"{name}.webp", quality=QUALITY, method=6)


if __name__ == "__main__":
    main(*sys.argv[1:])
