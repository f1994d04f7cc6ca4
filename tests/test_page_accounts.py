"""The pages of accounts and of one's own record in a real browser: by hand from end to end, on each width, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pyotp
import pytest
from browsers import a_browser
from other_systems import HOSPITAL, an_order, let_in, share
from prescribed import ARM, a_draft
from routes import begin_visit
from server_fixtures import Clinic, SignedDevice, a_clinic, a_service, a_session, an_item, name_person

from engine.prescription import Message
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.roles import ADMIN, AUDITOR, GUARDIAN, PATIENT, RESEARCHER, THERAPIST
from server_sync.web.access import COOKIE

LONG = "Wilhelmina-Konstantina Papadopoulou-Featherstonehaugh van der Meulen"
WIDTHS = (320, 390, 1280)
GOOD = "seven rivers run uphill"
PAGES = (
    *((role, path) for role in (THERAPIST, ADMIN, AUDITOR, RESEARCHER) for path in ("/", "/account")),
    *((role, path) for role in (PATIENT, GUARDIAN) for path in ("/", "/account", "/account/second-factor")),
    *((THERAPIST, path) for path in ("/account/second-factor", "/messages", "/patients", "/drafts")),
    *((ADMIN, path) for path in ("/accounts/1", "/accounts/5", "/accounts/6", "/accounts/999")),
    (THERAPIST, "/accounts"),
    *(("", path) for path in ("/login", "/invitation")),
)
UNNAMED = """
    [...document.querySelectorAll('input, select, textarea, button, a, img')].filter(each =>
        each.type !== 'hidden' && each.getAttribute('aria-hidden') !== 'true' && !(
            each.labels?.length || each.innerText?.trim() || each.alt || each.getAttribute('aria-label')
        )).map(each => each.outerHTML)
"""
SMALL = """
    [...document.querySelectorAll('button, select, textarea, input:not([type=hidden]):not([aria-hidden]), nav a')]
        .filter(each => each.checkVisibility())
        .map(each => each.getBoundingClientRect()).filter(box => box.width < 24 || box.height < 24).length
"""
DESCRIBED = """
    [...document.querySelectorAll('[aria-describedby]')]
        .filter(each => !document.getElementById(each.getAttribute('aria-describedby'))).length
"""
TWICE = """
    (ids => ids.filter((id, place) => ids.indexOf(id) !== place))([...document.querySelectorAll('[id]')].map(e => e.id))
"""


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """A server with an account in each role, and two patients with all that their page can show."""
    folder = tmp_path_factory.mktemp("clinic")
    with a_clinic(folder) as running:
        with a_service(folder) as service, httpx.Client(base_url=running.url) as client:
            device = SignedDevice(client).enrol(service)
            device.deliver(*(an_item(a_session(f"s-{number}"), number) for number in (1, 2)))
            for pseudonym, name in (("p-milo", LONG), ("p-nora", "Nora")):
                name_person(service, pseudonym, name, f"81 years, {'w' * 80}")
            messages = (Message(text="Well done this week."), Message(text="x" * 240))
            service.prescriptions.save("p-milo", a_draft(precautions=(ARM,), messages=messages), "Maja")
            milo, nora = (service.patients.id_of(pseudonym) for pseudonym in ("p-milo", "p-nora"))
            wards = {PATIENT: {milo: SELF}, GUARDIAN: {milo: "parent", nora: "parent"}}
            for role in (ADMIN, AUDITOR, RESEARCHER, PATIENT, GUARDIAN):
                service.accounts.make(role, f"{LONG} {role}", role, wards=wards.get(role))
            let_in(service)
            share(service, "p-nora", identifier="p-nora", name="Nora")
            for note in ("x" * 80, "y" * 80):
                order = an_order("|p-nora", note=[{"text": note}], reasonCode=[{"text": note}])
                service.drafts.receive(HOSPITAL.client_id, order)
            service.letters.write(milo, service.accounts.named(PATIENT).id, "Can I skip Friday?\n" + "y" * 300)
        yield running


@pytest.fixture(scope="module")
def cookies(clinic: Clinic) -> Mapping[str, str]:
    """What the browser of somebody in each role shows."""
    with a_service(clinic.folder) as service:
        roles = {account.role: account.id for account in service.accounts.listed()}
        return {role: begin_visit(service, account_id) for role, account_id in roles.items()} | {"": ""}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless browser; skips where there is none."""
    with a_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def window(chromium: Any, clinic: Clinic) -> Any:
    """One window, in which everybody looks one after the other."""
    return chromium.new_context(reduced_motion="reduce", base_url=clinic.url).new_page()


@pytest.fixture
def page(window: Any) -> Any:
    """The window, in which nobody is logged in."""
    window.context.clear_cookies()
    window.set_viewport_size({"width": 1280, "height": 800})
    window.emulate_media(color_scheme="light")
    return window


def be(page: Any, clinic: Clinic, cookie: str) -> None:
    if cookie:
        page.context.add_cookies([{"name": COOKIE, "value": cookie, "url": clinic.url}])


def fits(page: Any) -> None:
    """Nothing is wider than a window, too small to be hit, or without a name."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(SMALL) == 0
    assert (page.evaluate(UNNAMED), page.evaluate(TWICE), page.locator("h1").count()) == ([], [], 1)


@pytest.mark.parametrize(("role", "path"), PAGES)
def test_a_page_fits_every_width_and_names_all_that_is_on_it(
    clinic: Clinic, page: Any, cookies: Mapping[str, str], role: str, path: str
) -> None:
    complaints: list[str] = []

    def complain(message: Any) -> None:
        complaints.append(message.text)

    page.on("console", complain)
    be(page, clinic, cookies[role])
    page.goto(path)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(SMALL) == 0
    assert page.evaluate(UNNAMED) == []
    assert (page.evaluate(DESCRIBED), page.evaluate(TWICE), page.locator("h1").count()) == (0, [], 1)
    assert page.locator("script, style, [style], [onclick]").count() == 0
    page.remove_listener("console", complain)
    assert [line for line in complaints if "Failed to load resource" not in line] == []


def test_somebody_new_comes_in_by_keyboard_alone_and_sets_up_a_second_factor(
    clinic: Clinic, page: Any, cookies: Mapping[str, str]
) -> None:
    keys = page.keyboard
    be(page, clinic, cookies[ADMIN])
    page.goto("/accounts")
    page.get_by_label("Name", exact=True).focus()
    for typed in ("Olu", "olu", "ther", "", ""):
        keys.type(typed)
        keys.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    keys.press("Enter")
    code = page.locator(".code.large").inner_text()
    page.context.clear_cookies()
    page.goto("/login")
    page.get_by_role("link", name="I have an invitation code").focus()
    keys.press("Enter")
    page.get_by_role("heading", name="Welcome").wait_for()
    for typed in (code, GOOD, GOOD):  # the first field has the focus
        keys.type(typed)
        keys.press("Tab")
    keys.press("Enter")
    page.get_by_role("status").wait_for()
    page.get_by_label("Password").focus()
    keys.type(GOOD)
    keys.press("Enter")
    page.get_by_role("link", name="My account").focus()
    keys.press("Enter")
    page.get_by_role("link", name="Set it up").focus()
    keys.press("Enter")
    page.get_by_role("button", name="Begin").focus()
    keys.press("Enter")
    page.locator(".qr").wait_for()
    assert page.evaluate("document.querySelector('.qr').naturalWidth") > 100
    phone = pyotp.TOTP(page.locator("p.code").inner_text().replace(" ", ""))
    keys.type(phone.now())
    keys.press("Tab")
    keys.type(GOOD)
    keys.press("Enter")
    page.get_by_role("heading", name="Keep these codes").wait_for()
    recovery = page.locator("li.code").first.inner_text()
    page.get_by_role("button", name="Log out").focus()
    keys.press("Enter")
    page.get_by_label("Name").wait_for()
    keys.type("olu")
    keys.press("Tab")
    keys.type(GOOD)
    keys.press("Enter")
    page.get_by_role("heading", name="One more step").wait_for()
    keys.type(recovery)
    keys.press("Enter")
    page.get_by_role("heading", name="2 patients").wait_for()


def test_a_patient_writes_a_letter_and_reads_it_again(clinic: Clinic, page: Any, cookies: Mapping[str, str]) -> None:
    be(page, clinic, cookies[PATIENT])
    page.goto("/me")
    assert "Left arm raised at most 90°" in page.locator("main").inner_text()
    page.get_by_role("link", name="Messages").click()
    page.get_by_label("Your letter").fill("My shoulder is better.\nThank you!")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("status").wait_for()
    assert "My shoulder is better.\nThank you!" in page.locator("article", has_text="My shoulder").inner_text()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_therapist_asks_and_a_family_answers_with_one_tap_on_a_telephone(
    clinic: Clinic, page: Any, cookies: Mapping[str, str]
) -> None:
    be(page, clinic, cookies[THERAPIST])
    page.goto("/messages")
    page.get_by_role("link", name="Answer").first.click()
    address = page.url
    page.get_by_label("Message", exact=True).fill("How was Friday?")
    page.get_by_label("All fine · Still tired").check()
    page.get_by_role("button", name="Send").click()
    assert "Sent." in page.get_by_role("status").inner_text()
    fits(page)
    page.context.clear_cookies()
    be(page, clinic, cookies[PATIENT])
    page.goto("/me")
    fits(page)
    page.get_by_role("button", name="Still tired").click()
    page.get_by_role("status").wait_for()
    fits(page)
    page.get_by_role("link", name="Progress").click()
    fits(page)
    page.context.clear_cookies()
    be(page, clinic, cookies[THERAPIST])
    page.goto(address)
    said = page.locator("article", has_text="Still tired").last.inner_text()
    assert "How was Friday?" in said
    assert "not read yet" in said


def test_the_contrast_of_what_is_on_these_pages_is_enough_in_both_themes(
    clinic: Clinic, page: Any, cookies: Mapping[str, str]
) -> None:
    be(page, clinic, cookies[ADMIN])
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for path in ("/accounts", "/account"):
            page.goto(path)
            pairs = page.evaluate(PAIRS)
            assert pairs
            for words, ink, ground in pairs:
                assert ratio(ink, ground) >= 4.5, (theme, path, words, ink, ground)


PAIRS = """
    [...document.querySelectorAll('main *')].filter(each => each.childNodes.length && [...each.childNodes].some(
        node => node.nodeType === 3 && node.textContent.trim())).map(each => {
            let ground = each
            while (getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement
            const numbers = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
            return [each.textContent.trim().slice(0, 30), numbers(getComputedStyle(each).color),
                numbers(getComputedStyle(ground).backgroundColor)]
        })
"""


def ratio(one: list[float], other: list[float]) -> float:
    """WCAG 2.2, contrast ratio of two colours of 0 to 255."""

    def luminance(colour: list[float]) -> float:
        parts = (part / 255 for part in colour)
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
