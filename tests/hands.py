"""Somebody at the pages of the demo clinic: with a mouse or by keys alone, on some screen and in some language."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from browsers import a_browser, log_in
from commands import begun
from demo_clinics import PASSWORD
from server_fixtures import ROOT, a_service, answering

from server_sync.clinic.patients import Person
from server_sync.page.language import gettext, speaking

LONG = "Wilhelmina-Konstantina Papadopoulou-Featherstonehaugh van der Meulen"
MOST_TABS = 150
FOCUSED = "element => element === document.activeElement"
SEEN = """element => {
    const ringed = [element, element.nextElementSibling, ...element.children].some((each) => {
        const style = each && getComputedStyle(each);
        return style && ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) ||
            parseFloat(style.strokeWidth) >= 4);
    });
    const box = element.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)];
    const there = document.elementFromPoint(x, y);
    const label = element.closest("label");
    const open = there && (element.contains(there) || there.contains(element) || label?.contains(there));
    const over = open ? "" : `it lies under ${there?.outerHTML.slice(0, 80)}`;
    return (ringed ? "" : "nothing shows that it is focused; ") + over;
}"""
"""What is wrong with how an element that has the focus is seen; empty where nothing is."""

STOP = f"""() => {{
    const element = document.activeElement;
    if (!element || element.matches("html, body, .skip")) return null;
    const wrong = ({SEEN})(element);
    return wrong && element.outerHTML.slice(0, 100) + ": " + wrong;
}}"""
"""The same of what has the focus; null where the page ends."""


def expect(what: Any) -> Any:
    """What Playwright says of an element, and waits for."""
    from playwright.sync_api import expect as of

    return of(what)


class Way(NamedTuple):
    """How somebody looks at pages: by keys alone or not, the width in pixels, the theme, the language, and the zoom."""

    keys: bool = False
    width: int = 1280
    theme: str = "light"
    language: str = "en"
    zoom: int = 1
    scripts: bool = True

    def __str__(self) -> str:
        hands = "keys" if self.keys else "mouse"
        return f"{hands}-{self.width}-{self.theme}-{self.language}" + (f"-zoom{self.zoom}" if self.zoom > 1 else "")


PLAIN = Way()


class Hands:
    """Somebody at one page."""

    def __init__(self, page: Any, way: Way) -> None:
        """Begin at a page; `done` counts what they do there: what they use, and fields that they fill in."""
        self.page, self.way, self.done = page, way, 0

    def said(self, words: str, **values: object) -> str:
        """A sentence as the page says it."""
        with speaking(self.way.language):
            return gettext(words, **values)

    def reach(self, what: Any) -> Any:
        """Have the focus on an element by the tab key, past the navigation at once; it must be seen there."""
        what.wait_for(state="attached")
        at_first = self.page.evaluate("document.activeElement === document.body && !location.hash")
        if at_first and what.locator("xpath=ancestor::main").count():
            self.page.keyboard.press("Tab")
            self.page.keyboard.press("Enter")
        for _ in range(MOST_TABS):
            if what.evaluate(FOCUSED):
                wrong = what.evaluate(SEEN)
                assert not wrong, f"{what}: {wrong}"
                return what
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the tab key does not lead to {what}")

    def stops(self) -> Iterator[str]:
        """Press the tab key until the page ends: what is wrong with how each stop is seen, "" where nothing is."""
        self.page.keyboard.press("Tab")
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            stop = self.page.evaluate(STOP)
            if stop is None:
                return
            yield stop
        raise AssertionError(f"{MOST_TABS} stops, and {self.page.url} has no end")

    def go(self, what: Any) -> None:
        """Use a link, a button, a box, a choice of several, or what unfolds."""
        self.done += 1
        if not self.way.keys:
            what.click()
        elif what.evaluate("element => element.type === 'radio'"):
            self.reach(what.page.locator(f"input[name='{what.get_attribute('name')}']:checked"))
            while not what.is_checked():
                self.page.keyboard.press("ArrowDown")
        else:
            self.reach(what)
            self.page.keyboard.press("Space" if what.evaluate("element => element.type === 'checkbox'") else "Enter")

    def write(self, what: Any, text: str) -> None:
        """Type into a field, in place of what is there."""
        self.done += 1
        if self.way.keys:
            self.reach(what)
        else:
            what.click(position={"x": 16, "y": 16})
        if what.get_attribute("type") != "date":
            self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def pick(self, what: Any, number: int) -> None:
        """Choose one of a list, by its number."""
        self.done += 1
        if not self.way.keys:
            what.select_option(index=number)
            return
        self.reach(what)
        self.page.keyboard.press("Home")
        for _ in range(number):
            self.page.keyboard.press("ArrowDown")
        assert what.evaluate("element => element.selectedIndex") == number


class Site(NamedTuple):
    """A server, a browser to look at it, the ids of its patients by name, and who has logged in."""

    url: str
    browser: Any
    patients: dict[str, str]
    states: dict[str, Any]

    def at(self, path: str, login: str = "", way: Way = PLAIN) -> Hands:
        """Somebody who is logged in, or nobody, at an address."""
        if login and login not in self.states:
            page = self.browser.new_page()
            log_in(page, self.url, login, PASSWORD)
            self.states[login] = page.context.storage_state()
            page.close()
        context = self.browser.new_context(
            storage_state=self.states.get(login), locale="en-GB" if way.language == "en" else way.language,
            viewport={"width": way.width, "height": 900 // way.zoom}, device_scale_factor=way.zoom,
            color_scheme=way.theme, java_script_enabled=way.scripts, reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto(self.url + path)
        return Hands(page, way)


@contextmanager
def a_site(demo: Path, folder: Path) -> Iterator[Site]:
    """A copy of the demo clinic in a folder, with somebody of a long name of whom nothing is known, served."""
    shutil.copytree(demo, folder, dirs_exist_ok=True)
    with a_service(folder / "clinic") as service:
        service.patients.add(Person(pseudonym="p-long", name=LONG))
        patients = {person.name: patient_id for patient_id, person in service.patients.people().items()}
    with (
        answering(begun(["serve", "--demo", "--folder", folder, "--port", 0], ROOT), folder / "clinic") as clinic,
        a_browser() as browser,
    ):
        yield Site(clinic.url, browser, patients, {})
