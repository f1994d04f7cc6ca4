"""The therapist's page in a real browser, and the contrast of its colours."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from browsers import a_browser
from server_fixtures import (
    Clinic,
    SignedDevice,
    a_clinic,
    a_service,
    a_session,
    an_item,
    name_person,
    recorded,
)

from server_sync import wire
from server_sync.page.render import style_sheet
from server_sync.page.trust import clock_doubts

LONG = "Wilhelmina-Konstantina Papadopoulou-Featherstonehaugh van der Meulen"
PAGES = (
    *("/", "/patients/{milo}", "/patients/{long}", "/patients/{milo}/sessions"),
    *("/sessions/s-1", "/sessions/none"),
)

# Foreground, ground, and the least ratio (WCAG 2.2: 4.5 for text, 3 for marks and the edges of controls).
TEXT, MARK = 4.5, 3.0
CONTRASTS = [
    *((ink, ground, TEXT) for ink in ("ink", "ink-2") for ground in ("ground", "surface", "sunken", "raised")),
    *(("ink-3", ground, TEXT) for ground in ("ground", "surface", "sunken")),
    *(
        (role, ground, TEXT)
        for role in ("measured", "asked", "allowed", "barred")
        for ground in ("ground", "surface", f"{role}-soft")
    ),
    ("asked", "allowed-soft", MARK),
    ("asked", "measured-soft", MARK),
    ("allowed", "measured-soft", MARK),
    ("measured", "allowed-soft", MARK),
    *(("action", ground, TEXT) for ground in ("surface", "ground", "action-soft", "sunken")),
    ("on-action", "action", TEXT),
    ("on-action", "action-hover", TEXT),
    ("warn", "surface", TEXT),
    ("warn", "warn-soft", TEXT),
    *(("line-control", ground, MARK) for ground in ("surface", "ground", "sunken")),
]


def colours(theme: int) -> dict[str, str]:
    """The tokens of the style sheet, of the light (0) or the dark (1) theme."""
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", style_sheet())
    return {name: pair[theme] for name, *pair in found}


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), CONTRASTS)
def test_every_pair_of_colours_has_its_contrast(ink: str, ground: str, least: float, theme: int) -> None:
    known = colours(theme)
    assert contrast(known[ink], known[ground]) >= least


def test_the_contrast_formula_gives_known_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A server with two patients, one of them with a long name, and an account: maja, with the password below."""
    folder, frames = tmp_path_factory.mktemp("clinic"), b"VREC" + bytes(600_000)
    sessions = recorded(a_session(), frames), recorded(a_session("s-2", patient="p-long", seed=2), frames)
    with a_clinic(folder) as running:
        with a_service(folder) as service, httpx.Client(base_url=running.url) as client:
            device = SignedDevice(client).enrol(service)
            device.upload(frames)
            clock = wire.Clock(offset_s=86_400.0, within_s=0.1, measured_at="2026-11-20T16:42:00+01:00")
            device.deliver(*(an_item(each, number) for number, each in enumerate(sessions, 1)), clock=clock)
            name_person(service, "p-milo", "Milo Adeyemi-Brandt", "9 · left hemiplegia")
            name_person(service, "p-long", LONG)
        yield running


@pytest.fixture(scope="module")
def patients(clinic: Clinic) -> dict[str, str]:
    """The ids of the two, for their addresses."""
    with a_service(clinic.folder) as service:
        return {name: service.patients.id_of(f"p-{name}") for name in ("milo", "long")}


@pytest.fixture(scope="module")
def password(clinic: Clinic) -> str:
    with a_service(clinic.folder) as service:
        return service.accounts.add("maja", "Maja Bergström")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless browser; skips where there is none."""
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def logged_in(chromium: Any, clinic: Clinic, password: str) -> Any:
    """What a browser remembers after the login form."""
    page = chromium.new_page()
    page.goto(clinic.url)
    page.get_by_label("Name").fill("maja")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="2 patients").wait_for()
    return page.context.storage_state()


@pytest.fixture(scope="module")
def context(chromium: Any, logged_in: Any) -> Any:
    """A browser in which somebody has logged in."""
    return chromium.new_context(storage_state=logged_in, reduced_motion="reduce")


@pytest.fixture
def page(context: Any) -> Iterator[Any]:
    opened = context.new_page()
    yield opened
    opened.close()


def test_a_therapist_comes_from_the_patients_to_a_session_and_one_of_its_trials(clinic: Clinic, page: Any) -> None:
    page.goto(clinic.url)
    page.get_by_role("link", name="Milo Adeyemi-Brandt").click()
    page.get_by_role("link", name="Fruit Ladder, Harbour Lean").click()
    assert "Friday 20 November 2026, 16:42" in page.get_by_role("heading", level=2).first.inner_text()
    page.locator("#trials-1").get_by_role("link", name="7", exact=True).click()
    assert "Fruit Ladder, trial 7" in page.locator("#trial-1").inner_text()


def test_the_session_page_says_what_was_played_and_how_far_to_trust_it(clinic: Clinic, page: Any) -> None:
    page.goto(f"{clinic.url}/sessions/s-1")
    text = page.locator("main").inner_text()
    assert "Left arm raised at most 100° until 15 Jan 2027 (cuff repair, week 9, Dr Okafor)" in text
    assert "93.4 % of 72 Hz frames" in text
    assert "not measured" in text
    assert page.locator("#trials-1 tbody tr").count() == 22
    assert page.locator("svg.chart").count() >= 7


def test_every_drawing_has_a_name_and_some_size(clinic: Clinic, page: Any) -> None:
    page.goto(f"{clinic.url}/sessions/s-1")
    drawings = page.locator("main svg[role=img]").all()
    boxes = [drawing.bounding_box() for drawing in drawings]
    assert all(drawing.get_attribute("aria-label") for drawing in drawings)
    assert all(box["width"] > 60 and box["height"] > 60 for box in boxes)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_the_window(clinic: Clinic, patients: dict[str, str], page: Any, path: str) -> None:
    page.goto(clinic.url + path.format(**patients))
    for width in (320, 390, 1440):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_clock_that_was_a_day_off_is_said_on_the_session(clinic: Clinic, page: Any) -> None:
    page.goto(f"{clinic.url}/sessions/s-1")
    assert "The device's clock was behind the clinic's" in page.content()


@pytest.mark.parametrize(("offset_s", "words"), [(None, ""), (120.0, ""), (-121.0, "ahead of"), (121.0, "behind")])
def test_a_clock_is_doubted_from_two_minutes_on(offset_s: float | None, words: str) -> None:
    assert words in "".join(doubt.words for doubt in clock_doubts(offset_s, 0.2))
    assert bool(clock_doubts(offset_s, 0.2)) == bool(words)


def test_text_in_a_chart_is_never_scaled(clinic: Clinic, page: Any) -> None:
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto(f"{clinic.url}/sessions/s-1")
    heights = page.eval_on_selector_all("svg.chart text", "all => all.map(one => one.getBoundingClientRect().height)")
    assert min(heights) >= 12


def test_pages_ask_nothing_of_anybody_else_and_run_no_script_but_our_own(
    clinic: Clinic, patients: dict[str, str], page: Any
) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    for path in PAGES[:-1]:
        page.goto(clinic.url + path.format(**patients))
    assert asked
    assert all(url.startswith(clinic.url) for url in asked)
    scripts = page.eval_on_selector_all("script", "all => all.map(one => one.getAttribute('src'))")
    assert (scripts, complaints) == (["/static/replay.js"], [])


def test_the_fonts_and_the_style_arrive(clinic: Clinic, page: Any) -> None:
    page.goto(clinic.url)
    page.evaluate("document.fonts.ready")
    assert page.evaluate("document.fonts.check('16px \"Atkinson Hyperlegible\"')")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(243, 245, 244)"


def test_the_dark_theme_follows_the_system(clinic: Clinic, page: Any) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(clinic.url)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 20, 19)"


def test_the_report_is_a_file_to_keep(clinic: Clinic, page: Any, tmp_path: Path) -> None:
    page.goto(f"{clinic.url}/sessions/s-1")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Save as a file").click()
    waiting.value.save_as(tmp_path / "report.html")
    assert "Milo Adeyemi-Brandt" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_wrong_password_is_said_beside_the_form(chromium: Any, clinic: Clinic) -> None:
    page = chromium.new_page()
    page.goto(clinic.url)
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("nothing")
    page.get_by_role("button", name="Log in").click()
    assert page.get_by_role("alert").inner_text().strip() == "This name and password do not fit together."
    page.close()
